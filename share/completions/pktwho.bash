# SPDX-License-Identifier: GPL-3.0-or-later
# The build puts the options and the kinds of their arguments before this.
# shellcheck shell=bash disable=SC2154

_pktwho_words() {
	case $1 in
	INTERFACE) echo any; ls /sys/class/net ;;
	PROCESS) cat /proc/[0-9]*/comm ;;
	PID) cd /proc && echo [0-9]* ;;
	CONTAINER | POD | UNIT) _pktwho_list "$1" ;;
	*) echo "$1" ;;
	esac 2>/dev/null
}

_pktwho() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local i kind words=()

	# To bash "=" is a word of its own.
	if [[ $cur == = ]]; then
		cur=
	elif [[ $prev == = ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi

	# What follows "--" is another program's.
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} == -- ]] || continue
		words=(-f)
		((i + 1 < COMP_CWORD)) || words=(-c)
		mapfile -t COMPREPLY < <(compgen "${words[@]}" -- "$cur")
		return
	done

	kind=$(_pktwho_value "$prev")
	case $kind in
	FILE) words=(-f) ;;
	USER) words=(-u) ;;
	HOST) words=(-A hostname) ;;
	?*) words=(-W "$(_pktwho_words "$kind")") ;;
	*)
		words=(-W "$_pktwho_options")
		((COMP_CWORD > 1)) || words[1]+=" $_pktwho_commands"
		if [[ $cur != -* && $COMP_CWORD -gt 1 ]]; then
			[[ " $_pktwho_of_files " == *" ${COMP_WORDS[1]} "* ]] ||
				return 0
			words=(-f)
		fi
		;;
	esac
	mapfile -t COMPREPLY < <(compgen "${words[@]}" -- "$cur")
}
complete -o filenames -F _pktwho pktwho
