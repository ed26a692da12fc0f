#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# packaging.sh VERSION: what of packaging/ can go wrong unseen, without building.
set -eu
cd "$(dirname "$0")/../.."
debian=packaging/debian

fail() {
	echo "$*" >&2
	exit 1
}

head -n 1 $debian/changelog | grep -q "^pktwho ($1)" ||
	fail "changelog is not of version $1"

# What quickstart builds with, packages are built with.
words=$(sed -n "/^build_packages='/,/'$/p" quickstart |
	sed "s/.*='//; s/'$//")
for package in $words; do
	case $package in
	gcc | libc6-dev | libcmocka-dev) continue ;;	# a given; for tests
	esac
	sed -n '/^Build-Depends:/,/^Standards/p' $debian/control |
		grep -Eq "[ :]$package,?$" || fail "no $package in Build-Depends"
done

for script in $debian/pktwho.postinst $debian/pktwho.postrm \
	$debian/pktwho.config packaging/deb; do
	sh -n "$script" || fail "$script"
done

# The translators' template is that of the question.
sed -n 's/^_Description: //p' $debian/pktwho.templates | while read -r line; do
	grep -Fq "msgid \"$line\"" $debian/po/templates.pot ||
		fail 'run debconf-updatepo'
done

# Packages may be made within the tree, which does not become a part of itself.
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir -p "$dir/bin" "$dir/tree/packaging"
cp -r packaging/deb $debian "$dir/tree/packaging/"
printf '#!/bin/sh\nfind . >"%s"\n' "$dir/found" >"$dir/bin/dpkg-buildpackage"
chmod +x "$dir/bin/dpkg-buildpackage"
PATH=$dir/bin:$PATH "$dir/tree/packaging/deb" "$dir/tree/made" ||
	fail 'no packages within the tree'
grep -q '^./debian/control$' "$dir/found" || fail "$(cat "$dir/found")"
! grep -q '^./made/tree' "$dir/found" || fail "$(cat "$dir/found")"

# As debhelper installs the pages, they find each other.
doc=$dir/usr/share/doc/pktwho
mkdir -p "$doc/examples"
# shellcheck disable=SC2046 # lists of files
cp -r $(cat $debian/pktwho.docs) "$doc"
# shellcheck disable=SC2046
cp -r $(cat $debian/pktwho.examples) "$doc/examples"
while read -r what where; do
	case $where in
	usr/share/doc/*) mkdir -p "$dir/$where" && cp "$what" "$dir/$where" ;;
	esac
done <$debian/pktwho.install
while read -r what where; do
	ln -s "$dir/$what" "$dir/$where"
done <$debian/pktwho.links
tests/unit/page_links.sh "$doc" links || fail 'of the installed pages'
