# SPDX-License-Identifier: GPL-3.0-or-later
# bash completion for pktwho(1)

_pktwho() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local i options='--interface --autostop --snapshot-length --buffer-size
		--no-promiscuous-mode --list-interfaces --list-data-link-types
		--proc --pid --user --container --unit --follow --hash --geo
		--no-comments --no-process-table --no-cmdline --log-level
		--remote --remote-port --remote-command --remote-sudo
		--remote-copy --exclude-connection --interval --help --version'

	# What follows "--" is another program's.
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} == -- ]] || continue
		if ((i + 1 == COMP_CWORD)); then
			mapfile -t COMPREPLY < <(compgen -c -- "$cur")
		else
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		fi
		return
	done

	case $prev in
	-i | --interface)
		mapfile -t COMPREPLY < <(compgen -W \
			"any $(ls /sys/class/net 2>/dev/null)" -- "$cur")
		;;
	--proc)
		mapfile -t COMPREPLY < <(compgen -W \
			"$(cat /proc/[0-9]*/comm 2>/dev/null)" -- "$cur")
		;;
	--pid)
		mapfile -t COMPREPLY < <(compgen -W \
			"$(cd /proc && echo [0-9]*)" -- "$cur")
		;;
	--user)
		mapfile -t COMPREPLY < <(compgen -u -- "$cur")
		;;
	--log-level)
		mapfile -t COMPREPLY < <(compgen -W \
			'error warning info debug' -- "$cur")
		;;
	-w | --geo)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		;;
	-a | --autostop)
		mapfile -t COMPREPLY < <(compgen -W 'duration: packets: eof' -- "$cur")
		;;
	*)
		((COMP_CWORD > 1)) || options+=' log doctor'
		[[ $cur != -* && $COMP_CWORD != 1 ]] ||
			mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
		;;
	esac
}
complete -o filenames -F _pktwho pktwho
