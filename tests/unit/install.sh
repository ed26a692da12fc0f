#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# install.sh BUILD PLUGINS EXTCAP PROFILES: what is installed can be removed.
set -eu
build=$1
tmp=$(mktemp -d)
export DESTDIR="$tmp/root"

# The list of what was really installed from here is not ours to lose.
list=$build/install_manifest.txt
[ ! -f "$list" ] || mv "$list" "$tmp/list"
trap 'rm -f "$list"; [ ! -f "$tmp/list" ] || mv "$tmp/list" "$list"
	rm -rf "$tmp"' EXIT

fail() {
	echo "$*" >&2
	exit 1
}

mkdir -p "$DESTDIR$4/another"
(umask 077 && cmake --install "$build" >"$tmp/said" 2>&1)
! grep -q Warning "$tmp/said" || fail "said: $(cat "$tmp/said")"
left=$(find "$DESTDIR" ! -type l ! -perm -o=r)
[ -z "$left" ] || fail "not for everybody: $left"
for path in "$2/pktwho.so" "$3/pktwho" "$4/pktwho/preferences"; do
	[ -e "$DESTDIR$path" ] || [ -L "$DESTDIR$path" ] || fail "no $path"
done
for path in bin/pktwho libexec/pktwho/setup-group share/man/man1/pktwho.1 \
	share/pktwho/country.mmdb lib/systemd/system/pktwho-record.service \
	share/bash-completion/completions/pktwho; do
	[ -n "$(find "$DESTDIR" -path "*/$path")" ] || fail "no $path"
done
# Its man page names files that are there, whatever the prefix.
page=$(find "$DESTDIR" -path '*/man1/pktwho.1')
sed -n 's/^\.It Pa \(.*\/pktwho\/.*\)/\1/p' "$page" >"$tmp/named"
[ "$(wc -l <"$tmp/named")" = 3 ] || fail "the page names $(cat "$tmp/named")"
while read -r path; do
	[ -e "$DESTDIR$path" ] || fail "the man page names $path"
done <"$tmp/named"
# What runs with privileges must read nothing of whoever built it.
source=$(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' "$build/CMakeCache.txt")
! grep -rlF "$source/share" "$DESTDIR" || fail 'these know the source tree'

# What is a package's now is left to it.
mkdir "$tmp/bin"
# shellcheck disable=SC2016 # the other shell's
printf '#!/bin/sh\ncase $2 in */pktwho.so) ;; *) exit 1 ;; esac\n' \
	>"$tmp/bin/dpkg-query"
chmod +x "$tmp/bin/dpkg-query"
PATH=$tmp/bin:$PATH cmake --build "$build" --target uninstall >/dev/null
left=$(find "$DESTDIR" ! -type d)
[ "$left" = "$DESTDIR$2/pktwho.so" ] || fail "left: $left"

cmake --install "$build" >/dev/null
cmake --build "$build" --target uninstall >/dev/null
left=$(find "$DESTDIR" ! -type d)
[ -z "$left" ] || fail "left: $left"
left=$(find "$DESTDIR" -type d -name '*pktwho*')
[ -z "$left" ] || fail "left: $left"
[ -d "$DESTDIR$4/another" ] || fail "others' folders are gone"
! cmake --build "$build" --target uninstall >/dev/null 2>&1 ||
	fail 'what is not there was removed'

# Elsewhere than it was built for it would not find its files.
cmake --install "$build" --prefix /opt/elsewhere >"$tmp/said" 2>&1
grep -q 'CMAKE_INSTALL_PREFIX=/opt/elsewhere' "$tmp/said" ||
	fail "said: $(cat "$tmp/said")"
