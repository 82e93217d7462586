#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Bring a kernel into the cache, and print where it is.
#
#   fetch.sh source           the pristine source: Debian's package, or KERNEL_SRC
#   fetch.sh version          print the version of that
#   fetch.sh package          Debian's kernel image of the same version, and what
#                             modules for it are built with, unpacked
#   fetch.sh package-oldest   the same of the oldest version of the base that apt has
set -euo pipefail
# shellcheck source=tools/vm/lib.sh
. "$(dirname "$0")/lib.sh"

source_package=$(base_says source)
tarball=/usr/src/$source_package.tar.xz

# kernel_version DIR: the version that DIR's Makefile states.
kernel_version()
{
	awk -F ' *= *' '
		$1 == "VERSION"      { v = $2 }
		$1 == "PATCHLEVEL"   { p = $2 }
		$1 == "SUBLEVEL"     { s = $2 }
		$1 == "EXTRAVERSION" { print v "." p "." s $2; exit }
	' "$1/Makefile"
}

source_from_user()
{
	local dir
	dir=$(cd "$KERNEL_SRC" 2>/dev/null && pwd -P) ||
		die "KERNEL_SRC=$KERNEL_SRC is no folder"
	if [ ! -f "$dir/Makefile" ] || [ ! -f "$dir/Kbuild" ]; then
		die "KERNEL_SRC=$dir is no kernel source"
	fi
	if [ -f "$dir/.config" ] || [ -d "$dir/include/config" ]; then
		die "KERNEL_SRC=$dir was built in: run 'make mrproper' there first"
	fi
	case $(kernel_version "$dir") in
	"$base" | "$base".*) ;;
	*) die "KERNEL_SRC=$dir is $(kernel_version "$dir"), the patches are for $base" ;;
	esac
	echo "$dir"
}

source_from_debian()
{
	local pkg dir tmp
	pkg=$(dpkg-query -W -f='${Version}' "$source_package" 2>/dev/null) ||
		die "$source_package is not installed: run tools/vm/packages.sh, or name a kernel source in KERNEL_SRC="
	[ -f "$tarball" ] || die "$tarball is missing: reinstall $source_package"
	dir=$cache/src/linux-${pkg%%[~+]*}
	if [ ! -d "$dir" ]; then
		locked "$cache/src/.lock"
	fi
	if [ ! -d "$dir" ]; then
		say "unpacking $source_package $pkg"
		rm -rf "$cache/src"/.unpack.*
		tmp=$(mktemp -d "$cache/src/.unpack.XXXXXX")
		tar -xJf "$tarball" --strip-components=1 -C "$tmp" ||
			die "cannot unpack $tarball into $cache/src"
		echo "$pkg" >"$tmp.package"
		chmod 755 "$tmp"
		mv "$tmp.package" "$dir.package"
		mv "$tmp" "$dir"
	fi
	echo "$dir"
}

# stock_names: the generic images that apt knows, oldest first.
stock_names()
{
	apt-cache search --names-only "^$(base_says stock)\$" |
		awk '{ print $1 }' | sort -V
}

# stock_of VERSION: where the cache has a stock kernel of that version
stock_of()
{
	local dir
	for dir in "$cache/stock/$1+"*; do
		if [ -e "$dir/build" ]; then
			echo "$dir"
			return
		fi
	done
	return 1
}

# stock WHICH: package or package-oldest
stock()
{
	local version='' dir name deb tmp release headers
	if [ "$1" = package-oldest ]; then
		:
	elif [ "${KERNEL_SRC:-}" ]; then
		version=$(kernel_version "$(source_from_user)")
	else
		version=$(kernel_version "$(source_from_debian)")
	fi

	if [ "$version" ] && stock_of "$version"; then return; fi

	command -v apt-get >/dev/null ||
		die "no apt-get: unpack the Debian packages linux-image-$version*-amd64 and linux-headers-$version*-amd64 into $cache/stock/$version+deb, and make \`build' and \`vmlinuz' there links to the headers and to the kernel"
	locked "$cache/stock/.lock"
	# Another run may have fetched it meanwhile, and have it in use.
	if [ "$version" ] && stock_of "$version"; then return; fi
	if [ -z "$(stock_names)" ]; then
		say "no linux-image-$base.*-amd64 in apt's lists: apt-get update"
		if [ "$(id -u)" -eq 0 ]; then
			apt-get -qq update >&2
		elif command -v sudo >/dev/null; then
			sudo apt-get -qq update >&2
		else
			die "apt's lists are empty and this is not root: have root run 'apt-get update'"
		fi
	fi
	if [ -z "$version" ]; then
		name=$(stock_names | sed -n 1p)
	else
		name=$(stock_names | grep -F "linux-image-$version+" | tail -n 1) ||
			name=$(stock_names | tail -n 1)
	fi
	[ "$name" ] || die "apt knows no linux-image-$base.*-amd64; see /etc/apt/sources.list"
	release=${name#linux-image-}
	release=${release%-amd64*}
	dir=$cache/stock/$release
	if [ "$version" ] && [[ $release != "$version"+* ]]; then
		say "note: the stock kernel is $release, ours $version (apt has no other)"
	fi
	if [ -e "$dir/build" ]; then
		echo "$dir"
		return
	fi

	say "downloading $name and the headers that modules are built with"
	tmp=$(mktemp -d "$cache/stock/.unpack.XXXXXX")
	# shellcheck disable=SC2064
	trap "rm -rf '$tmp'" EXIT
	# apt's sandbox user cannot write here; as root it would only warn.
	(cd "$tmp" && apt-get -q -o APT::Sandbox::User="$(id -un)" download "$name" \
		"linux-headers-$release-amd64" "linux-headers-$release-common" \
		"linux-kbuild-$release" >"$tmp/log" 2>&1) || {
		cat "$tmp/log" >&2
		die "cannot download $name and its headers: see above"
	}
	for deb in "$tmp"/*.deb; do
		dpkg -x "$deb" "$tmp/root"
	done
	# One layout, whether or not the package is of a merged-/usr Debian.
	if [ -d "$tmp/root/usr/lib/modules" ]; then
		mkdir -p "$tmp/root/lib"
		mv "$tmp/root/usr/lib/modules" "$tmp/root/lib/modules"
	fi
	headers=usr/src/linux-headers-$release
	if [ ! -f "$tmp/root/boot/vmlinuz-$release-amd64" ] ||
	   [ ! -d "$tmp/root/lib/modules/$release-amd64/kernel" ] ||
	   [ ! -f "$tmp/root/$headers-common/Makefile" ] ||
	   [ ! -f "$tmp/root/$headers-amd64/scripts/mod/modpost" ]; then
		die "$name does not hold a kernel, its modules and headers: a changed layout?"
	fi
	echo "include $dir/$headers-common/Makefile" >"$tmp/root/$headers-amd64/Makefile"
	depmod -b "$tmp/root" "$release-amd64"
	ln -s "boot/vmlinuz-$release-amd64" "$tmp/root/vmlinuz"
	ln -s "$headers-amd64" "$tmp/root/build"
	chmod 755 "$tmp/root"
	rm -rf "$dir"
	mv "$tmp/root" "$dir"
	echo "$dir"
}

case "$#${1:-}" in
1source)
	if [ "${KERNEL_SRC:-}" ]; then
		source_from_user
	else
		source_from_debian
	fi
	;;
1version)
	kernel_version "$("$0" source)"
	;;
1package | 1package-oldest)
	stock "$1"
	;;
*)
	usage "fetch.sh source|version|package|package-oldest"
	;;
esac
