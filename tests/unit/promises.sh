#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# promises.sh SOURCE: each promise of docs/security.md, and each kind of
# docs/attribution.md, names tests, and those are there.
set -eu
cd "$1"
status=0

# The rows of the tables whose last column is headed by that word.
rows() {
	awk -F ' *[|] *' -v heading="$2" '
		!/^[|]/ { inside = 0; next }
		$(NF - 1) ~ "^" heading "$" { inside = 1; next }
		inside && !/^[|]-/ { print $(NF - 1) }' "$1"
}

is_there() {
	name=${1#*.}
	case $1 in
	unit.*) find tests/unit -name "test_$name.c" -o -name "$name.sh" ;;
	live.*) find tests/live -name "test_$name.py" ;;
	plugin.*) find tests/plugin -name "test_$name.py" ;;
	*/*) find "$1" -maxdepth 0 ;;
	test_*) grep -rhE "^ *def $1\(" tests ;;
	*) grep -rh "^static void $1(" tests/unit ;;
	esac 2>/dev/null | grep -q .
}

check() {
	file=$1
	count=0
	while read -r row; do
		count=$((count + 1))
		# What stands between backquotes, or a page of its own.
		words=$(printf '%s\n' "$row" | tr '`' '\n' | sed -n 'n;p')
		case $row in
		*attribution.md*) words="$words docs/attribution.md" ;;
		esac
		[ -n "$words" ] || echo "$file: no test: $row" >&2
		[ -n "$words" ] || status=1
		for word in $words; do
			is_there "$word" && continue
			echo "$file: there is no $word" >&2
			status=1
		done
	done
	[ "$count" -ge "$2" ] || {
		echo "$file: $count rows only" >&2
		status=1
	}
}

rows docs/security.md test >/tmp/promises.$$
check docs/security.md 12 </tmp/promises.$$
rows docs/attribution.md test >/tmp/promises.$$
check docs/attribution.md 18 </tmp/promises.$$
rm /tmp/promises.$$
exit $status
