#!/usr/bin/env zsh
# SPDX-License-Identifier: GPL-3.0-or-later
# completion.zsh COMPLETION PKTWHO: the specifications that _arguments gets.
emulate -R zsh
_arguments() { specs=("$@") }
. $1 || exit 1
failed=0

# has SPECIFICATION
has() {
	(( ${specs[(Ie)$1]} )) && return
	print -r -- "no $1"
	failed=1
}

has '*-i+[capture here; may be repeated (any)]:NAME:{compadd any /sys/class/net/*(:t)}'
has '*--log-level=[error, warning, info or debug (info)]:LEVEL:(error warning info debug)'
has '*--pod=[pod]:NS/NAME:{compadd $(command ls /var/log/pods 2>/dev/null | sed "s,_[^_]*\$,,; s,_,/,")}'
has '*--geo=[country database (mmdb); may be repeated]:FILE:_files'
has '*-p[only what is meant for this host]'
has '*--no-promiscuous-mode[only what is meant for this host]'
# Files stand where a command takes some, another program's words elsewhere.
_files() { print files }
_normal() { print program }
for command rest in cut files find files strip files '' program -i program; do
	[[ $(_pktwho_rest) == $rest ]] && continue
	print -r -- "after $command: $(_pktwho_rest)"
	failed=1
done
for word in ${(f)"$($2 --help | grep -oE -- '--[a-z][a-z0-9-]*' | sort -u)"}; do
	(( ${specs[(I)\*$word(=|)\[*]} )) && continue
	print -r -- "no $word"
	failed=1
done
exit $failed
