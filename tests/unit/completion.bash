#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# completion.bash COMPLETION PKTWHO: what bash offers after some words.
set -u
# shellcheck source=/dev/null
. "$1"
failed=0

# offers WORD...: what is offered in place of the last, one a line.
offers() {
	COMP_WORDS=(pktwho "$@")
	COMP_CWORD=$#
	COMPREPLY=()
	_pktwho
	printf '%s\n' "${COMPREPLY[@]}"
}

expect() {
	[[ $1 == "$2" ]] && return
	printf 'expected: %s\n     got: %s\n' "${2@Q}" "${1@Q}"
	failed=1
}

expect "$(offers --log-level '')" $'error\nwarning\ninfo\ndebug'
expect "$(offers --log-level w)" warning
expect "$(offers -a pa)" packets:
expect "$(offers --autostop pa)" packets:
expect "$(offers --comments =)" $'changes\nall\nnone'
expect "$(offers --comments = a)" all
expect "$(offers --snap)" --snapshot-length
expect "$(offers -q --remote-p)" --remote-port
expect "$(offers doc)" doctor
expect "$(offers -q doc)" ''
expect "$(offers lo)" log
expect "$(offers log --interv)" --interval
expect "$(offers -i lo)" lo
expect "$(offers --interface an)" any
expect "$(offers --pid "$$")" "$(cd /proc && compgen -W "$(echo [0-9]*)" "$$")"
expect "$(offers --user roo)" root
expect "$(offers -w "$1")" "$1"
expect "$(offers cut "$1")" "$1"
expect "$(offers strip -w new.pcapng "$1")" "$1"
expect "$(offers log "$1")" ''
expect "$(offers -- "$1")" ''
expect "$(offers -- bash "$1")" "$1"
# All that the help names.
while read -r word; do
	expect "$(offers -q "$word" | grep -cx -- "$word")" 1
done < <("$2" --help | grep -oE -- '--[a-z][a-z0-9-]*' | sort -u)
exit $failed
