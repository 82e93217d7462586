#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Pack the initramfs of the demo's guest: busybox, vnet_rx with its libraries, an init.
#
#   demo-guest.sh VNET_RX IMAGE
set -euo pipefail
# shellcheck source=tools/vm/lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -eq 2 ] || usage "demo-guest.sh VNET_RX IMAGE"
busybox=$(command -v busybox) || die "no busybox: run tools/vm/packages.sh"

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir "$root"/{bin,dev,proc,sys}
cp "$busybox" "$root/bin/busybox"
cp "$1" "$root/vnet_rx"
for file in $(ldd "$1" | grep -o '[[:space:]]/[^ ]*'); do
	mkdir -p "$root$(dirname "$file")"
	cp -L "$file" "$root$file"
done
cp "$vm_dir/demo-guest-init.sh" "$root/init"
chmod 755 "$root/init"
(cd "$root" && find . | sort | cpio --quiet -o -H newc -R 0:0) >"$2.new"
mv "$2.new" "$2"
