#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# quickstart.sh QUICKSTART: its parts, with nothing built or installed.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
sed '$d' "$1" >"$dir/parts"		# without its call of main()
cd "$dir"

# part NAME: runs that function in a shell of its own.
part() {
	sh -euc ". ./parts; $1"
}

fail() {
	echo "$*" >&2
	exit 1
}

# A machine so busy that the server is slow to start.
mkdir bin
cat >bin/python3 <<'END'
#!/bin/sh
sleep 0.7
exec /usr/bin/python3 "$@"
END
chmod +x bin/python3
# shellcheck disable=SC2016 # the other shell's
PATH=$dir/bin:$PATH part 'start_server; echo $server $port' >started ||
	fail 'a slow server is not waited for'
read -r server port <started
[ "$port" -gt 0 ] || fail "no port: $port"
[ ! -e "/proc/$server" ] || fail 'the server was left running'

printf '#!/bin/sh\nexit 1\n' >bin/python3
# shellcheck disable=SC2016
! PATH=$dir/bin:$PATH part 'sleep() { :; }; echo $$ >pid; start_server' \
	2>said || fail 'a server that does not start is one'
grep -q 'the web server did not start' said || fail "said: $(cat said)"

# A copy of another folder is configured anew, this one is not.
mkdir -p build/CMakeFiles
touch build/build.ninja
echo 'CMAKE_HOME_DIRECTORY:INTERNAL=/nonexistent' >build/CMakeCache.txt
part forget_other_build
[ ! -e build/build.ninja ] || fail 'the build of another folder is kept'
touch build/build.ninja
echo "CMAKE_HOME_DIRECTORY:INTERNAL=$(pwd -P)" >build/CMakeCache.txt
part forget_other_build
[ -e build/build.ninja ] || fail 'the build of this folder is forgotten'
rm build/CMakeCache.txt
part forget_other_build

# A second run captures anew: -w overwrites nothing.
mkdir -p build/plugin build/quickstart share samples
touch build/plugin/pktwho.so build/quickstart/http.pcapng share/country.mmdb \
	samples/countries.pcapng
printf '#!/bin/sh\necho 4.0.17\n' >bin/pkg-config
chmod +x bin/pkg-config
PATH=$dir/bin:$PATH part 'id() { echo 1000; }; prepare'
[ -e build/quickstart/plugins/4.0/epan/pktwho.so ] || fail 'no plugin'
# Nor does it write into a plugin that somebody has loaded.
ln build/quickstart/plugins/4.0/epan/pktwho.so loaded
echo newer >build/plugin/pktwho.so
PATH=$dir/bin:$PATH part 'id() { echo 1000; }; prepare'
grep -q newer build/quickstart/plugins/4.0/epan/pktwho.so || fail 'no new plugin'
! grep -q newer loaded || fail 'a loaded plugin is overwritten'
[ ! -e build/quickstart/http.pcapng ] || fail 'the earlier file is kept'

# A long list is no long line.
ln -s /bin/true bin/dpkg-query
# shellcheck disable=SC2016
PATH=$dir/bin:$PATH part 'need_root() { :; }; quietly() { :; }
	install_missing "$(seq -f "a-package-of-a-long-name-%g" 40)"' >said
grep -q 'name-40 (' said || fail "said: $(cat said)"
! grep -q '.\{101\}' said || fail 'long lines'

# Nothing is named that is not there.
mkdir few
for tool in id sh cat sed; do
	ln -s "$(command -v $tool)" few/
done
PATH=$dir/few part 'out=o; whats_next' >said
! grep -Eq 'wireshark o/|man pktwho' said || fail "said: $(cat said)"
touch few/wireshark few/man
chmod +x few/wireshark few/man
PATH=$dir/few part 'out=o; whats_next' >said
grep -q 'wireshark o/http.pcapng' said || fail "said: $(cat said)"
grep -q 'man pktwho' said || fail "said: $(cat said)"
! grep -q '.\{101\}' said || fail 'long lines'

# Without root and sudo it says so before it builds.
printf '#!/bin/sh\necho 1000\n' >bin/id
chmod +x bin/id
for tool in dirname cat seq; do
	ln -s "$(command -v $tool)" bin/
done
# shellcheck disable=SC2016
! PATH=$dir/bin /bin/sh -euc '. ./parts; build() { echo built; }
	PATH=$PATH; set --; cd() { :; }; command() { return 1; }
	main' parts >out 2>said || fail 'no root, and it went on'
grep -q 'root is needed to capture packets' said || fail "said: $(cat said)"
! grep -q built out || fail 'it built before it said that root is needed'
