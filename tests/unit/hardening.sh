#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# hardening.sh PROGRAM: is it built as one with capabilities should be?
set -u

program=$1
status=0

command -v readelf >/dev/null || { echo 'SKIP: no readelf'; exit 77; }

# has WHAT PATTERN READELF-OPTION
has() {
	readelf -W "$3" "$program" | grep -Eq "$2" && return
	echo "$program: $1 is missing"
	status=1
}

has 'position independence' 'Type: +DYN' -h
has 'PIE' 'FLAGS_1.* PIE' -d
has 'immediate binding' 'FLAGS.*(BIND_NOW| NOW)' -d
has 'read-only relocation' 'GNU_RELRO' -l
has 'stack protector' '__stack_chk_fail' -s
has 'FORTIFY_SOURCE' '__[a-z]+_chk(@|$)' -s
# Not its note: that is lost where the C library was built without.
if readelf -h "$program" | grep -q 'X86-64' &&
   ! objdump -d "$program" | grep -q endbr64; then
	echo "$program: control flow protection is missing"
	status=1
fi
exit $status
