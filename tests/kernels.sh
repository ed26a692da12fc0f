#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# kernels.sh VERSION|PACKAGE.deb [PKTWHO]
#
# Boots the newest Debian kernel of that version (6.1, 6.12, ...) that apt has,
# or the one of that package, which may be another distribution's,
# under qemu, without KVM, with PKTWHO (build/capture/pktwho) in its initial RAM
# disk.  There it captures a ping and a TCP exchange, prints what it says of
# them and of the kernel, and fails if an owner is missing, or the programs for a
# capture without a loopback are refused (but for a hook, -3).  By hand: half a
# minute.  Needs qemu-system-x86 and cpio; with ARCH=arm64 qemu-system-arm and
# what PKTWHO was built with: docs/development.md.
#
#   ARCH     arm64 on another: PKTWHO is cross-built      (this machine's)
#   KERNELS  what is downloaded and made goes here        (/var/tmp/pktwho-kernels)
#   LIMIT    seconds until it is given up                 (300)
set -eu

[ $# -ge 1 ] || { sed -n '3,16s/^# \?//p' "$0"; exit 2; }
version=$(basename "$1" .deb)
pktwho=${2:-$(dirname "$0")/../build/capture/pktwho}
own_arch=$(dpkg --print-architecture)
arch=${ARCH:-$own_arch}
where=${KERNELS:-/var/tmp/pktwho-kernels}/$version-$arch
root=$where/root
case $arch in
arm64)
	qemu='qemu-system-aarch64 -machine virt -cpu cortex-a72'
	console=ttyAMA0
	loader='qemu-aarch64-static /lib/ld-linux-aarch64.so.1'
	;;
*)
	qemu='qemu-system-x86_64 -cpu max'
	console=ttyS0
	;;
esac

# get_kernel VERSION|PACKAGE.deb: and what runs beside it.
get_kernel() {
	(cd "$where" && apt-get download -q "busybox-static:$arch" &&
		dpkg -x ./busybox*.deb busybox)
	if [ -e "$1" ]; then
		dpkg -x "$1" "$where/kernel"
		return
	fi
	package=$(apt-cache search --names-only \
		"^linux-image-$version\\..*-cloud-$arch(-unsigned)?\$" |
		cut -d' ' -f1 | sort -V | tail -n 1)
	[ -n "$package" ] || { echo "apt has no kernel $version" >&2; exit 1; }
	(cd "$where" && apt-get download -q "$package:$arch" &&
		dpkg -x ./linux-image*.deb kernel)
}

# libraries_of PROGRAM: also of another architecture.
libraries_of() {
	if [ "$arch" = "$own_arch" ]; then
		ldd "$1"
	else
		$loader --list "$1"
	fi | grep -o '/[^ ]*'
}

# A program with its libraries.
put() {
	cp "$1" "$root/bin/"
	libraries_of "$1" | while read -r library; do
		mkdir -p "$root$(dirname "$library")"
		cp -L "$library" "$root$library"
	done
}

make_root() {
	rm -rf "$root"
	for directory in bin proc sys dev tmp etc root; do
		mkdir -p "$root/$directory"
	done
	cp "$where/busybox/bin/busybox" "$root/bin/"
	put "$pktwho"
	printf '%s\n' root:x:0:0::/root:/bin/sh nobody:x:65534:65534::/:/bin/sh \
		>"$root/etc/passwd"
	cat >"$root/init" <<'END'
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /tmp
mount -t cgroup2 cgroup2 /sys/fs/cgroup
ip link set lo up
uname -sr
pktwho doctor
pktwho -i lo -w /tmp/file -a duration:6 &
capture=$!
until [ -s /tmp/file ]; do sleep 0.1; done
ping -c 2 127.0.0.1 >/dev/null
nc -l -p 7000 -e /bin/cat &
sleep 0.3
echo hello | nc 127.0.0.1 7000 -w 1 >/dev/null
wait $capture
strings /tmp/file | grep '^src=' | cut -d' ' -f1-6 | sort | uniq -c
strings /tmp/file | grep -q '^src=ping\[.*dst.attr=kernel' &&
strings /tmp/file | grep -q '^src=nc\[.*dst=cat\[' &&
! strings /tmp/file | grep -q 'attr=unknown' &&
! pktwho --log-level debug -i none -w /tmp/none 2>&1 | grep 'to load: -[^3]' &&
echo all owners are known
poweroff -f
END
	chmod +x "$root/init"
	(cd "$root" && find . | cpio -o -H newc 2>/dev/null) | gzip >"$where/initrd"
}

mkdir -p "$where"
[ -e "$where/busybox" ] || get_kernel "$1"
make_root
# shellcheck disable=SC2086 # its words are options
timeout "${LIMIT:-300}" $qemu -m 1024 -nographic -no-reboot \
	-kernel "$(find "$where/kernel" -name 'vmlinuz*')" -initrd "$where/initrd" \
	-append "console=$console quiet panic=-1 random.trust_cpu=on" </dev/null | tr -d '\r' |
	sed -n '/Linux [0-9]/,$p' | tee "$where/log"
grep -q '^all owners are known' "$where/log"
