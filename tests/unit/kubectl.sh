#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# kubectl.sh KUBECTL-PKTWHO: what it asks a cluster, and where it captures; and
# whether Kubernetes has the fields of the manifest beside it.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
plugin=$(realpath "$1")
cd "$dir"

fail() {
	echo "$*" >&2
	exit 1
}

# Without a cluster kubectl drops the fields that it does not know.
if command -v kubectl >/dev/null; then
	sed '1,/^---$/d' "$(dirname "$plugin")/daemonset.yaml" >manifest
	kubectl set env --local -f manifest A=b -o json >known ||
		fail 'kubectl does not take the manifest'
	sed 's/ #.*//' manifest | grep -oE '[a-zA-Z]+:( |$)' | tr -d ': ' |
		sort -u >fields
	[ "$(wc -l <fields)" -ge 30 ] || fail "too few fields: $(cat fields)"
	while read -r field; do
		grep -q "\"$field\":" known || fail "Kubernetes has no $field"
	done <fields
fi

# A cluster of one pod, on node-7, where agent-x is.
cat >kubectl <<'END'
#!/bin/sh
printf '%s\n' "$*" >>asked
[ "$1" != --context=other ] || shift
case "$*" in
'get pod -n fruit shop -o jsonpath={.spec.nodeName}') printf node-7 ;;
'get pod -n fruit shop -o jsonpath={.metadata.namespace}') printf fruit ;;
'get pod -n pktwho -l app=pktwho --field-selector spec.nodeName=node-7,'*)
	printf agent-x ;;
'get pod late '*) ;;
'exec '*) printf packets ;;
*) echo "kubectl: $*?" >&2; exit 1 ;;
esac
END
chmod +x kubectl
PATH=$dir:$PATH

[ "$("$plugin" -n fruit shop -f 'tcp port 80')" = packets ] ||
	fail 'no packets'
tail -n 1 asked >last
[ "$(cat last)" = 'exec -i -n pktwho agent-x -- /pktwho -q -i any --pod fruit/shop -f tcp port 80 -w -' ] ||
	fail "asked: $(cat last)"

# As kubectl's own commands take them.
for words in 'shop -n fruit' '--namespace=fruit shop' 'shop --namespace fruit'; do
	# shellcheck disable=SC2086 # they are several
	[ "$("$plugin" $words -f 'tcp port 80')" = packets ] || fail "not $words"
	tail -n 1 asked | cmp -s - last || fail "asked: $(tail -n 1 asked)"
done
[ "$("$plugin" --context other -n fruit shop -c 1)" = packets ] ||
	fail 'no packets of another cluster'
[ "$(grep -c '^--context=other' asked)" = 4 ] || fail "asked: $(cat asked)"

! "$plugin" late 2>said || fail 'a pod without a node'
grep -q 'is on no node yet' said || fail "said: $(cat said)"
"$plugin" --help >help || fail 'no help'
grep -q '^Usage: ' help || fail "help: $(cat help)"
for wrong in '' '-n' '--nosuch' '-n -f' 'shop -n' '--context'; do
	# shellcheck disable=SC2086 # no word at all, too
	! "$plugin" $wrong 2>said || fail "it takes '$wrong'"
	grep -q '^usage: ' said || fail "said: $(cat said)"
done
