# SPDX-License-Identifier: GPL-3.0-or-later
# bash completion for pktwho(1)

_pktwho() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local options='--interface --autostop --snapshot-length --buffer-size
		--no-promiscuous-mode --list-interfaces --list-data-link-types
		--proc --pid --user --container --unit --follow --hash --geo
		--no-comments --no-process-table --no-cmdline --log-level
		--remote --remote-port --remote-command --remote-sudo
		--remote-copy --exclude-connection --help --version'

	case $prev in
	-i | --interface)
		mapfile -t COMPREPLY < <(compgen -W \
			"any $(ls /sys/class/net 2>/dev/null)" -- "$cur")
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
		[[ $cur != -* ]] ||
			mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
		;;
	esac
}
complete -o filenames -F _pktwho pktwho
