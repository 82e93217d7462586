#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Pack the initramfs that a kernel boots with, and print where it is.
#
#   initramfs.sh NAME
#
# NAME: one of tools/vm/kernels.  busybox and our init; for Debian's kernels also the
# modules that bring 9p and overlayfs up, in the order in which they load.
set -euo pipefail
# shellcheck source=tools/vm/lib.sh
. "$(dirname "$0")/lib.sh"

needed=(virtio_pci 9pnet_virtio 9p overlay)

busybox=$(command -v busybox) || die "no busybox: run tools/vm/packages.sh"
[ $# -eq 1 ] || usage "initramfs.sh NAME"
read_kernel "$1"
case $kernel_from in
package*)
	root=$("$vm_dir/fetch.sh" "$kernel_from")
	kernel=stock-${root##*/}
	release=${root##*/}-amd64
	;;
*) kernel=ours root='' release='' ;;
esac

digest=$({
	echo "1 ${needed[*]}"
	cat "$busybox" "$vm_dir/init.sh" "$0"
} | sha256sum | cut -c1-12)
image=$cache/initramfs/$kernel-$digest.cpio
if [ -f "$image" ]; then
	echo "$image"
	exit
fi
case $(LC_ALL=C file -L "$busybox" 2>/dev/null || echo static) in
*static*) ;;
*) die "$busybox is not the static one: run tools/vm/packages.sh (busybox-static)" ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/root/bin"
cp "$busybox" "$work/root/bin/busybox"
cp "$vm_dir/init.sh" "$work/root/init"
chmod 755 "$work/root/init"

if [ "$root" ]; then
	mkdir "$work/root/modules"
	for module in "${needed[@]}"; do
		modprobe -d "$root" -S "$release" --show-depends "$module" ||
			die "the $1 kernel has no module $module"
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' |
	while read -r file; do
		name=${file##*/}
		case $file in
		*.ko) cp "$file" "$work/root/modules/$name" ;;
		*.ko.xz) xz -dc "$file" >"$work/root/modules/${name%.xz}" ;;
		*.ko.zst) zstd -qdc "$file" >"$work/root/modules/${name%.zst}" ;;
		*) die "$file is compressed in a way that this does not know" ;;
		esac
		name=${name%.xz}
		echo "${name%.zst}" >>"$work/root/modules/order"
	done
	[ -s "$work/root/modules/order" ] || die "the $1 kernel has no modules for its root?"
fi

mkdir -p "$cache/initramfs"
(cd "$work/root" && find . | sort | cpio --quiet -o -H newc -R 0:0) >"$work/image"
cp "$work/image" "$image.$$"
mv "$image.$$" "$image"
find "$cache/initramfs" -name "$kernel-*.cpio" ! -path "$image" -delete
echo "$image"
