#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# page_links.sh SOURCE [links]: what the pages link to and which files they name
# is there; or only what they link to, as an installed page names more.
set -eu
cd "$1"

pages() {
	ls ./*.md
	find -L docs packaging samples share tests -name '*.md' 2>/dev/null || :
}

# PAGE TARGET of each link that is no other site's.
links() {
	pages | while read -r page; do
		grep -oE '\]\([^)# ]+' "$page" | cut -c3- | grep -v '^http' |
			sed "s|^|$page |" || :
	done
}

# PAGE FILE of each source in a folder that a page names; it may leave out where
# the folder is.
sources() {
	pages | while read -r page; do
		# shellcheck disable=SC2016 # these are no commands
		grep -oE '`[a-z_./]+/[a-z_.-]+\.(c|h|py|sh|md|sql)`' "$page" |
			tr -d '`' | sed "s|^|$page |" || :
	done
}

lists=$(mktemp -d)
trap 'rm -r "$lists"' EXIT
links >"$lists/links"
: >"$lists/sources"
[ "${2-}" = links ] || sources >"$lists/sources"
status=0
while read -r page target; do
	[ -e "$(dirname "$page")/$target" ] && continue
	echo "$page: there is no $target" >&2
	status=1
done <"$lists/links"
while read -r page file; do
	[ -e "$(dirname "$page")/$file" ] && continue
	find . -path ./build -prune -o -path "*/$file" -print | grep -q . &&
		continue
	echo "$page: there is no $file" >&2
	status=1
done <"$lists/sources"
for list in "${2:-sources}" links; do
	[ "$(wc -l <"$lists/$list")" -ge 20 ] && continue
	echo "too few $list: $(cat "$lists/$list")" >&2
	status=1
done
exit $status
