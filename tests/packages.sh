#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# tests/packages.sh bookworm|trixie|sid
#
# Makes the Debian packages in that Debian and judges them by lintian; then, in
# another one that has never seen us, installs them, lets an ordinary user of
# the group run all that README and the cookbook show, upgrades, purges, and
# looks for what is left.  By hand and as root: it takes minutes, and packages
# from the network.
set -eu

main() {
	cd "$(dirname "$0")/.."
	case $#:${1-} in
	1:bookworm | 1:trixie | 1:sid) ;;
	2:inside) shift; inside "$1"; return ;;
	2:make) make "$2"; return ;;
	*)
		echo 'usage: tests/packages.sh bookworm|trixie|sid' >&2
		exit 2
		;;
	esac
	root=${PKTWHO_CHROOTS:-/var/tmp/pktwho-chroot}

	tests/chroot.sh "$1" tests/packages.sh make /var/tmp/pktwho-debs
	# The copy of the tree that another Debian gets has them in it.
	mkdir -p packaging/made
	trap 'rm -rf packaging/made' EXIT
	for package in pktwho pktwho-wireshark; do
		cp "$root/$1/var/tmp/pktwho-debs/${package}"_*.deb packaging/made/
	done
	PKTWHO_CHROOTS=$root/clean PKTWHO_FORGET=1 \
		tests/chroot.sh "$1" tests/packages.sh inside packaging/made
}

die() {
	echo "packages.sh: $*" >&2
	exit 1
}

step() {
	echo "== $*"
}

quietly() {
	"$@" >/var/tmp/said 2>&1 </dev/null && return
	tail -n 40 /var/tmp/said >&2
	die "failed: $*"
}

apt() {
	quietly env DEBIAN_FRONTEND=noninteractive apt-get -qy \
		--no-install-recommends "$@"
}

make() {
	step 'build'
	apt update
	apt install lintian dpkg-dev build-essential fakeroot
	rm -rf /var/tmp/source
	mkdir /var/tmp/source
	cp -r packaging/debian /var/tmp/source/
	apt build-dep /var/tmp/source
	quietly packaging/deb "$1"
	step 'lintian'
	lintian --allow-root --fail-on error,warning --info "$1"/*.changes
}

# All files, but for what dpkg, apt and the kernel keep for themselves.
files() {
	find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run \
		-o -path /tmp -o -path /src -o -path /var/tmp -o -path /var/log \
		-o -path /var/cache -o -path /var/lib/apt -o -path /var/lib/dpkg \
		\) -prune -o -printf '%p %y %m %u %g %l\n' | sort
	cat /etc/group /etc/passwd
}

as_alice() {
	setpriv --reuid=alice --regid=alice --init-groups env HOME=/home/alice \
		"$@"
}

# What README shows first, by somebody who is not root.
try() {
	cd /home/alice
	sample=/usr/share/doc/pktwho/examples/countries.pcapng
	as_alice pktwho doctor >said || die "doctor: $(cat said)"
	! grep -E '^FIX' said || die "doctor: $(cat said)"
	sends='import socket; socket.socket(2, 2).sendto(b"x", ("127.0.0.1", 9))'
	as_alice pktwho -q -i lo -w got.pcapng -- python3 -c "$sends"
	found=$(as_alice tshark -r got.pcapng -Y 'proc.name == "python3"' \
		-T fields -e proc.user) 2>said || die "tshark: $(cat said)"
	[ "$(echo "$found" | head -n 1)" = alice ] || die "no owner: $found"
	as_alice tshark -C pktwho -r got.pcapng >said 2>&1 ||
		die "profile: $(cat said)"
	as_alice tshark -D 2>/dev/null | grep -q 'pktwho:lo' ||
		die 'not in the list of interfaces'
	country=$(as_alice tshark -r "$sample" \
		-Y frame.number==1 -T fields -e geo.country)
	[ "$country" = GB ] || die "no country: $country"
	as_alice pktwho top --batch -r "$sample" >said 2>&1 ||
		die "top: $(cat said)"
	[ -e /usr/share/bash-completion/completions/pktwho ]
	zcat /usr/share/man/man1/pktwho.1.gz |
		sed -n 's/^\.It Pa \(.*\/pktwho\/.*\)/\1/p' |
		while read -r path; do
			[ -e "$path" ] || die "the man page names $path"
		done
	captures
	pages
	rm -rf ./*.pcapng index.html* said tls.* .cache .config/* .curlrc .local .ssh
	cd "$tree"
}

# What README shows without an output, and the cookbook in between.
captures() {
	cp -r /usr/share/doc/pktwho/samples/ samples
	unshare --net python3 "$tree/tests/readme.py" \
		/usr/share/doc/pktwho/README.md alice || die 'README'
	as_alice pktwho cut --proc python3 -w cut.pcapng got.pcapng >said 2>&1 ||
		die "cut: $(cat said)"
	as_alice pktwho strip -w plain.pcapng got.pcapng >said 2>&1 ||
		die "strip: $(cat said)"
}

# Every command that is shown with its output, on the samples installed with it.
pages() {
	mkdir work
	chown alice work
	mv samples work
	"$tree/tests/unit/page_links.sh" /usr/share/doc/pktwho links ||
		die 'a page links to what was not installed'
	(cd work && cat /usr/share/doc/pktwho/README.md \
		/usr/share/doc/pktwho/docs/cookbook.md >pages &&
		as_alice env TZ=UTC LC_ALL=C.UTF-8 python3 - <<-'END'
	import re, subprocess
	one = re.compile(r"^\$ ((?:.*(?:\\|\||; do)\n)*(?:(?:    .*\n)*  done|.*)\n)"
	                 r"((?:(?!```|\$ ).*\n)*)", re.M)
	shown = one.findall("".join(re.findall(
	    r"^```\n(\$ .*?)^```\n", open("pages").read(), re.M | re.S)))
	assert len(shown) >= 25, len(shown)
	for command, output in shown:
	    done = subprocess.run(command, shell=True, text=True,
	                          capture_output=True)
	    assert done.returncode == 0, (command, done.stderr)
	    assert done.stdout == output, (command, done.stdout)
	END
	) || die 'a page shows what is not so'
	rm -rf work
}

# The same packages of a later version.
later() {
	for deb; do
		dpkg-deb -R "$deb" /var/tmp/later
		sed -i 's/^\(Version: .*\)/\1+later/' /var/tmp/later/DEBIAN/control
		dpkg-deb -b /var/tmp/later "/var/tmp/later_${deb##*/}" >/dev/null
		rm -rf /var/tmp/later
	done
}

may_capture() {
	getcap /usr/libexec/pktwho/pktwho | grep -q cap_net_raw
}

inside() {
	tree=$PWD
	cp "$1"/*.deb /var/tmp/
	step 'what it depends on, without it'
	printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d	# no sshd by itself
	chmod +x /usr/sbin/policy-rc.d
	apt update
	# shellcheck disable=SC2046 # a list
	apt install tshark python3 python3-pyte debconf wget curl openssl \
		openssh-client openssh-server sudo iproute2 wireshark xvfb x11-utils \
		$(needed /var/tmp/pktwho*_*.deb)
	useradd --create-home --password '*' alice	# not locked: for ssh
	install -d -o alice /home/alice/.config
	echo 'alice ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/alice
	files >/var/tmp/before

	step 'install; nobody is given anything unasked'
	apt install /var/tmp/pktwho_*.deb /var/tmp/pktwho-wireshark_*.deb
	! may_capture || die 'the group may capture, and nobody said so'
	as_alice pktwho -i lo -c 1 -w /dev/null 2>/var/tmp/said &&
		die 'everybody may capture'
	grep -q 'sudo dpkg-reconfigure pktwho' /var/tmp/said ||
		die "$(cat /var/tmp/said)"

	step 'the group may capture'
	echo 'pktwho pktwho/group-may-capture boolean true' |
		debconf-set-selections
	quietly dpkg-reconfigure -f noninteractive pktwho
	may_capture || die 'the group may not capture'
	gpasswd -a alice wireshark >/dev/null
	try

	step 'upgrade'
	later /var/tmp/pktwho_*.deb /var/tmp/pktwho-wireshark_*.deb
	apt install /var/tmp/later_*.deb
	may_capture || die 'an upgrade took it away'
	try

	step 'a Wireshark of another minor version'
	plugin=$(dpkg -L pktwho-wireshark | grep 'pktwho\.so$')
	plugins=${plugin%/*/epan/pktwho.so}
	mkdir -p "$plugins/3.9/epan"
	mv "$plugin" "$plugins/3.9/epan/"
	! pktwho doctor >/var/tmp/said || die 'the doctor sees nothing'
	grep -q 'FIX .*is for Wireshark 3.9' /var/tmp/said ||
		die "doctor: $(cat /var/tmp/said)"
	mv "$plugins/3.9/epan/pktwho.so" "$plugin"
	rm -r "$plugins/3.9"
	dpkg-deb -f /var/tmp/pktwho-wireshark_*.deb Depends |
		grep -q 'wireshark-common (<< 4\.' || die 'depends on any Wireshark'

	grep -q 'stop.*pktwho-record.service' /var/lib/dpkg/info/pktwho.prerm ||
		die 'removing does not stop the service'

	step 'remove keeps the answer, purge keeps nothing'
	mkdir -p /var/lib/pktwho
	touch /var/lib/pktwho/pktwho.pcapng
	apt remove pktwho
	[ -e /var/lib/pktwho/pktwho.pcapng ] || die 'remove took the captures'
	quietly env DEBIAN_FRONTEND=noninteractive \
		/var/lib/dpkg/info/pktwho.postrm purge
	getent group wireshark >/dev/null || die 'the group of somebody is gone'
	gpasswd -d alice wireshark >/dev/null
	apt purge pktwho pktwho-wireshark
	files >/var/tmp/after
	diff /var/tmp/before /var/tmp/after || die 'left behind'
	step 'passed'
}

# What the packages need, without what they are.
needed() {
	for deb; do
		dpkg-deb -f "$deb" Depends
	done | tr ',' '\n' | sed 's/[(|].*//; s/ //g' | grep -v ^pktwho | sort -u
}

main "$@"
