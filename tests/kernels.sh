#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# kernels.sh VERSION|PACKAGE.deb [PKTWHO]
# kernels.sh VERSION|PACKAGE.deb -- COMMAND [ARGUMENT...]
#
# Boots the newest Debian kernel of that version (6.1, 6.12, ...) that apt has,
# or the one of that package, which may be another distribution's,
# under qemu, without KVM.  By hand.
#
# With PKTWHO (build/capture/pktwho) in its initial RAM disk: there it captures a
# ping and a TCP exchange, prints what it says of them and of the kernel, and
# fails if an owner is missing, or the programs for a capture without a loopback
# are refused (but for a hook, -3).  Half a minute.
#
# With a COMMAND, which runs as root in this directory, on this machine's files;
# what it writes is forgotten.  Its exit status is ours.  It has two processors,
# about ten times as slow as here.
#
# Needs qemu-system-x86 and cpio; for a COMMAND root, kmod and virtiofsd (of
# Debian 12's qemu-system-common); with ARCH=arm64 qemu-system-arm and what
# PKTWHO was built with: docs/development.md.
#
#   ARCH     arm64 on another: PKTWHO is cross-built      (this machine's)
#   KERNELS  what is downloaded and made goes here        (/var/tmp/pktwho-kernels)
#   LIMIT    seconds until it is given up                 (300, a COMMAND 7200)
set -eu

[ $# -ge 1 ] || { sed -n '3,25s/^# \?//p' "$0"; exit 2; }
version=$(basename "$1" .deb)
own_arch=$(dpkg --print-architecture)
arch=${ARCH:-$own_arch}
where=$(realpath -m "${KERNELS:-/var/tmp/pktwho-kernels}")/$version-$arch
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

# An initial RAM disk that runs what is on the standard input.
make_root() {
	rm -rf "$root"
	for directory in bin proc sys dev tmp etc root; do
		mkdir -p "$root/$directory"
	done
	cp "$where/busybox/bin/busybox" "$root/bin/"
	{
		printf '#!/bin/busybox sh\n/bin/busybox --install -s /bin\n'
		cat
	} >"$root/init"
	chmod +x "$root/init"
}

# boot OPTION...: what it says from `uname -sr` on is in a log, too.
boot() {
	(cd "$root" && find . | cpio -o -H newc 2>/dev/null) | gzip >"$where/initrd"
	# shellcheck disable=SC2086 # its words are options
	timeout "$limit" $qemu "$@" -nographic -no-reboot \
		-kernel "$(find "$where/kernel" -name 'vmlinuz*')" -initrd "$where/initrd" \
		-append "console=$console quiet panic=-1 random.trust_cpu=on" \
		</dev/null |
		sed -u 's/\r$//; 0,/Linux [0-9]/{//!d}' | tee "$where/log"
}

# capture PKTWHO
capture() {
	make_root <<'END'
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
	put "$1"
	printf '%s\n' root:x:0:0::/root:/bin/sh nobody:x:65534:65534::/:/bin/sh \
		>"$root/etc/passwd"
	boot -m 1024
	grep -q '^all owners are known' "$where/log"
}

# put_modules NAME...: in the order in which they can be inserted.
put_modules() {
	kernel=$where/kernel
	release=$(ls "$kernel/lib/modules")
	[ -e "$kernel/lib/modules/$release/modules.dep" ] ||
		depmod -b "$kernel" "$release"
	number=100
	for module; do
		modprobe -d "$kernel" -S "$release" --show-depends "$module"
	done | sed -n 's/^insmod //p' | while read -r file; do
		cp "$file" "$root/$number.${file##*.ko}"
		number=$((number + 1))
	done
}

# run COMMAND...: on this machine's files, below a layer of RAM.
run() {
	make_root <<END
for module in /1*; do insmod \$module; done
mkdir /files /ram /whole
mount -t virtiofs -o ro files /files
mount -t tmpfs -o size=3g ram /ram
mkdir /ram/new /ram/work
mount -t overlay -o lowerdir=/files,upperdir=/ram/new,workdir=/ram/work \\
	all /whole
mkdir -p /whole/lib/modules
mount --bind "/whole$where/kernel/lib/modules" /whole/lib/modules
exec switch_root /whole /bin/sh "$where/command"
END
	put_modules virtio_pci virtiofs overlay
	{
		cat <<'END'
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /run
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tracefs tracefs /sys/kernel/tracing
mount -t bpf bpf /sys/fs/bpf
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/root TERM=dumb LANG=C.UTF-8
export PATIENCE=600	# of the live tests
ip link set lo up
uname -sr
END
		quote cd "$PWD"
		quote "$@"
		printf 'echo "exit status $?"\n'
		quote "$where/busybox/bin/busybox" poweroff -f
	} >"$where/command"
	share_files
	boot -m 4096 -smp 2 -nic none \
		-object memory-backend-memfd,id=ram,size=4096M,share=on \
		-numa node,memdev=ram \
		-chardev "socket,id=files,path=$where/files" \
		-device vhost-user-fs-pci,chardev=files,tag=files
	status=$(sed -n 's/^exit status //p' "$where/log" | tail -n 1)
	[ -n "$status" ] || { echo "the command did not end within $limit s" >&2; status=1; }
	exit "$status"
}

# quote WORD...: as a line that a shell reads as these words again.
quote() {
	for word; do
		printf "'%s' " "$(printf '%s\n' "$word" | sed "s/'/'\\\\''/g")"
	done
	echo
}

# All that is mounted here, for as long as the guest runs.
share_files() {
	virtiofsd=/usr/lib/qemu/virtiofsd
	[ -x $virtiofsd ] || virtiofsd=/usr/libexec/virtiofsd
	mkdir -p "$where/all"
	rm -f "$where/files"
	# shellcheck disable=SC2016 # they are the inner shell's
	unshare --mount sh -c 'mount --rbind / "$1/all" &&
		exec "$2" -f --socket-path="$1/files" -o source="$1/all" -o cache=always' \
		sh "$where" $virtiofsd >"$where/virtiofsd.log" 2>&1 &
	server=$!
	trap 'kill $server 2>/dev/null || :' EXIT
	until [ -S "$where/files" ]; do
		kill -0 $server 2>/dev/null || { cat "$where/virtiofsd.log" >&2; exit 1; }
		sleep 0.1
	done
}

mkdir -p "$where"
[ -e "$where/busybox" ] || get_kernel "$1"
if [ "${2-}" = -- ]; then
	shift 2
	limit=${LIMIT:-7200}
	run "$@"
else
	limit=${LIMIT:-300}
	capture "${2:-$(dirname "$0")/../build/capture/pktwho}"
fi
