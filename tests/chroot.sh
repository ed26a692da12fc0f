#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# tests/chroot.sh bookworm|trixie|sid [COMMAND...]
#
# Runs COMMAND, by default `./quickstart test`, as root in a copy of this tree
# in that Debian; in the end its exit status is ours.  Needs root, git and
# debootstrap.
#
# The Debian is made once, in $PKTWHO_CHROOTS or /var/tmp/pktwho-chroot, and
# keeps what was installed and the copy's build/: a second run is fast.  With
# PKTWHO_FORGET=1 it keeps nothing of what is done in it.
set -eu

main() {
	case ${1-} in
	bookworm | trixie | sid) ;;
	*)
		echo 'usage: tests/chroot.sh bookworm|trixie|sid [COMMAND...]' >&2
		exit 2
		;;
	esac
	[ "$(id -u)" = 0 ] || die 'only root can make and enter a chroot'
	cd "$(dirname "$0")/.."
	# What we mount is only seen from in here, and gone when we are.
	[ -n "${PKTWHO_MOUNTS-}" ] ||
		PKTWHO_MOUNTS=ours exec unshare --mount tests/chroot.sh "$@"

	suite=$1
	shift
	[ $# -gt 0 ] || set -- ./quickstart test
	root=${PKTWHO_CHROOTS:-/var/tmp/pktwho-chroot}/$suite
	copy=/src$PWD	# one for each tree that is tested: builds do not mix

	mkdir -p "$(dirname "$root")"
	exec 9>"$root.lock"
	flock 9
	[ -d "$root" ] || make_debian
	mount_kernel
	configure
	copy_tree
	enter "$@"
}

die() {
	echo "chroot.sh: $*" >&2
	exit 1
}

make_debian() {
	echo "Making a Debian $suite in $root"
	rm -rf "$root.part"
	# shellcheck disable=SC2046 # nothing is debootstrap's default
	debootstrap --variant=minbase "$suite" "$root.part" $(mirror) \
		>"$root.log" 2>&1 || die "debootstrap failed, see $root.log"
	mv "$root.part" "$root"
}

# From where this machine, if it is a Debian, has its packages.
mirror() {
	# shellcheck disable=SC2016 # it is apt-get's
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
		'Origin: Debian' 'Label: Debian' | head -n 1
}

# pktwho needs to see processes, control groups and what tracefs describes.
mount_kernel() {
	if [ -n "${PKTWHO_FORGET-}" ]; then
		layers=$(mktemp -d)
		mount -t tmpfs tmpfs "$layers"
		mkdir "$layers/new" "$layers/work"
		mount -t overlay -o "lowerdir=$root,upperdir=$layers/new" \
			-o "workdir=$layers/work" overlay "$root"
		umount -l "$layers"
		rmdir "$layers"
	else
		mount --bind "$root" "$root"
	fi
	mount -t proc proc "$root/proc"
	mount --rbind /sys "$root/sys"
	mount --rbind /dev "$root/dev"
	mount -t tmpfs -o mode=755 tmpfs "$root/run"
}

# How to reach the network, as this machine does.
configure() {
	cat /etc/resolv.conf >"$root/etc/resolv.conf"
	cat /etc/hosts >"$root/etc/hosts"
	{
		apt-config dump | grep -i '^Acquire::.*proxy' || :
		# A mirror may be frozen at a date; sid's lists last a week.
		echo 'Acquire::Check-Valid-Until "false";'
	} >"$root/etc/apt/apt.conf.d/99pktwho"
}

# All that could be committed.  What is as it was last time keeps the time it
# had, the rest is new: an edit may be older than what was built without it.
copy_tree() {
	old=$root$copy
	new=$old.new
	rm -rf "$new"
	mkdir -p "$old" "$new"
	git ls-files --cached --others --exclude-standard |
		while read -r file; do
			[ ! -f "$file" ] || printf '%s\n' "$file"
		done | tar -cf - -T - | tar -xmf - --no-same-owner -C "$new"
	(cd "$new" && find . -type f) | while read -r file; do
		! cmp -s "$old/$file" "$new/$file" ||
			touch -r "$old/$file" "$new/$file"
	done
	for build in "$old"/build*; do
		[ ! -d "$build" ] || mv "$build" "$new"
	done
	rm -rf "$old"
	mv "$new" "$old"
}

# The kernel's name of a file is from the root of the mounts, which in a mere
# chroot is not ours; `ip netns`, too, wants / to be a mount.
enter() {
	cd "$root"
	pivot_root . mnt
	# shellcheck disable=SC2016 # it is the inner shell's
	exec chroot . /usr/bin/env -i HOME=/root LANG=C.UTF-8 \
		TERM="${TERM-dumb}" PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		sh -c 'umount -l /mnt && cd "$0" && exec "$@"' "$copy" "$@"
}

main "$@"
