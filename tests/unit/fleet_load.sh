#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# fleet_load.sh LOAD PKTWHO CAPTURE: what it hands to clickhouse-client.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
load=$(realpath "$1")
capture=$(realpath "$3")
mkdir "$dir/bin"
pktwho=$(realpath "$2")
cd "$dir"
printf '#!/bin/sh\nexec "%s" "$@" --no-tshark\n' "$pktwho" >bin/pktwho
printf '#!/bin/sh\ncat >>rows\n' >bin/clickhouse-client
chmod +x bin/*
PATH=$dir/bin:$PATH

fail() {
	echo "$*" >&2
	exit 1
}

# rows ROWS FILE...: it hands over so many, without a word.
rows() {
	wanted=$1
	shift
	: >rows
	"$load" "$@" >said 2>&1 || fail "$*: $(cat said)"
	[ ! -s said ] || fail "$*: $(cat said)"
	count=$(wc -l <rows)
	[ "$count" = "$wanted" ] || fail "$*: $count rows, not $wanted"
}

pktwho log -r "$capture" |
	sed 's/"schema_version":1,/&"host":{"hostname":"web1"},/' >log.json
"$load" --host web1 "$capture"
all=$(wc -l <rows)
[ "$all" -ge 8 ] || fail "$all rows of four connections"
rows "$all" log.json
rows "$all" - <log.json
gzip -k log.json
rows "$all" log.json.gz
if command -v zstd >/dev/null; then
	zstd -q log.json
	rows "$all" log.json.zst
fi

# A file that is still being written ends anywhere.
: >none.json
rows 0 none.json
tail -n 1 log.json | grep -q '"action":"end"' || fail 'no end at the end'
head -n -1 log.json >most.json
"$load" most.json
most=$(wc -l <rows)
[ "$most" -gt 0 ] || fail "no rows"
[ "$most" -lt "$all" ] || fail "$most rows"
head -c -9 log.json >cut.json
rows "$most" cut.json
head -c -50 log.json.gz >cut.json.gz
"$load" cut.json.gz 2>said || fail "cut: $(cat said)"
[ ! -s said ] || fail "cut: $(cat said)"

# What cannot be loaded hides nothing else.
(echo '{"a":1}' && cat log.json && seq 9000) >bad.json
: >rows
! "$load" no-file bad.json log.json.gz 2>said || fail 'nothing is wrong'
grep -q "No such file or directory: 'no-file'" said || fail "$(cat said)"
grep -q 'bad.json: line 1 is none of pktwho log' said || fail "$(cat said)"
grep -q 'bad.json: nor are 9000 more' said || fail "$(cat said)"
[ "$(wc -l <rows)" = $((2 * all)) ] || fail 'the others are not loaded'
[ "$(wc -l <said)" = 3 ] || fail "$(cat said)"

# Captures of two hosts are not taken for one's.
: >rows
! "$load" "$capture" 2>said || fail 'nobody said where it was captured'
grep -q 'host must say where it was captured' said || fail "$(cat said)"
[ ! -s rows ] || fail 'rows of no host'

# A capture that says it needs nobody to; who has no process in it is of it, too.
sed 's/"host":{"hostname":"web1"},//' log.json >nameless.json
(head -n 1 log.json && cat nameless.json) >mixed.json
rows "$all" mixed.json
[ "$(grep -c '"host": "web1"' rows)" = "$all" ] || fail "$(cat rows)"
! "$load" nameless.json 2>said || fail 'a host came from nowhere'
(head -n 1 log.json && sed 's/web1/web2/' log.json && cat nameless.json) >two.json
rows $((2 * all)) two.json
[ "$(grep -c '"host": ""' rows)" = "$all" ] || fail "$(cat rows)"

# A server that is not there has been told of by its client.
printf '#!/bin/sh\nexit 9\n' >bin/clickhouse-client
status=0
"$load" log.json 2>said || status=$?
[ "$status" = 9 ] || fail "status $status: $(cat said)"
[ ! -s said ] || fail "$(cat said)"
