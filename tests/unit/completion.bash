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
# What runs now, as if these were its control groups and logs.
# shellcheck disable=SC2317 # what is tested calls it
command() {
	case $1 in
	ls) printf '%s\n' shop_web-1_0b1c2d shop_web-2_3e4f ;;
	grep) builtin command grep "${@:2:2}" <<-END
		0::/system.slice/ssh.service
		0::/user.slice/user-0.slice/user@0.service/init.scope
		0::/system.slice/docker-$(printf '0123456789abcdef%.0s' {1..4}).scope
		END
		;;
	esac
}
expect "$(offers --unit s)" ssh.service
expect "$(offers --unit i)" init.scope
expect "$(offers --container '')" 0123456789ab
expect "$(offers --pod '')" $'shop/web-1\nshop/web-2'
unset -f command
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
