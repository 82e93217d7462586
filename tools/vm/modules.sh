#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Build bpfnic, the loadable module, in the cache: 6.12's Kbuild writes beside the
# sources.
#
#   modules.sh build           to build/bpfnic/bpfnic.ko
#   modules.sh install         and install it for modprobe (INSTALL_MOD_PATH=DIR:
#                              below DIR)
#   modules.sh for KDIR [MAKEARG...]
#                              for the kernel built in KDIR, and print where it is
#
# `build' and `install' take the headers of the running kernel, or KDIR=DIR.  Where
# there are none, `build' takes those of Debian's stock kernel, on which the tests
# run.
set -euo pipefail
# shellcheck source=tools/vm/lib.sh
. "$(dirname "$0")/lib.sh"

synopsis="modules.sh build|install|for KDIR [MAKEARG...]"
running=/lib/modules/$(uname -r)/build

# release_of KDIR: the release of the kernel that was built there.
release_of()
{
	cat "$1/include/config/kernel.release" 2>/dev/null ||
		make -s -C "$1" kernelrelease 2>/dev/null ||
		die "$1 holds no headers that modules can be built with"
}

# copy_for KDIR: where the sources are built for that kernel
copy_for()
{
	echo "$cache/build/bpfnic/$(printf %s "$(realpath "$1")" | sha256sum | cut -c1-12)"
}

# build_for KDIR [MAKEARG...]: say where the module is
build_for()
{
	local kdir=$1 dir log release
	shift
	release=$(release_of "$kdir")
	printf '6.12\n%s\n' "$release" | sort -V -C ||
		die "bpfnic needs Linux 6.12 or later, and $kdir is of $release"
	dir=$(copy_for "$kdir")
	log=$log_dir/bpfnic-${dir##*/}.log
	mkdir -p "$dir" "$log_dir"
	locked "$dir.lock"
	# Another checkout's sources may be older than what was built last.
	rsync -rcR --delete --include='*/' --include='*.[ch]' --include=Makefile \
		--include=Kbuild --exclude='*' \
		"$top/./Kbuild" "$top/./drivers/net/bpfnic" "$dir/"
	# Its BTF is on top of the kernel's, which make does not know of.
	rm -f "$dir/drivers/net/bpfnic/bpfnic.ko"
	make -C "$kdir" M="$dir" "$@" modules >"$log" 2>&1 || {
		tail -n 30 "$log" >&2
		die "bpfnic does not build for $kdir; the whole log: $log"
	}
	echo "$dir/drivers/net/bpfnic/bpfnic.ko"
}

# headers: of the kernel to build for
headers()
{
	if [ "${KDIR:-}" ]; then
		[ -f "$KDIR/Makefile" ] || die "KDIR=$KDIR holds no headers of a kernel"
		realpath "$KDIR"
	elif [ -f "$running/Makefile" ]; then
		echo "$running"
	else
		return 1
	fi
}

case $#${1:-} in
1build)
	kdir=$(headers) || {
		[ -z "${KDIR:-}" ] || exit 1
		"$vm_dir/packages.sh"
		kdir=$("$vm_dir/fetch.sh" package)/build
		say "no headers of the running kernel in $running: building for Debian's $(release_of "$kdir")"
	}
	ko=$(build_for "$kdir")
	mkdir -p "$top/build/bpfnic"
	cp "$ko" "$top/build/bpfnic/bpfnic.ko"
	say "build/bpfnic/bpfnic.ko is for $(release_of "$kdir")"
	;;
1install)
	kdir=$(headers) || {
		[ -z "${KDIR:-}" ] || exit 1
		die "no headers of the running kernel in $running: install linux-headers-$(uname -r), or name those of the kernel to install for (KDIR=DIR)"
	}
	release=$(release_of "$kdir")
	root=${INSTALL_MOD_PATH:-}
	into=$root/lib/modules/$release
	[ -d "$into" ] ||
		die "no $into: the kernel $release is not installed there (INSTALL_MOD_PATH=DIR: another root)"
	[ -w "$into" ] || die "cannot write to $into: run this as root"
	build_for "$kdir" >/dev/null
	log=$log_dir/bpfnic-install.log
	make -C "$kdir" M="$(copy_for "$kdir")" DEPMOD=: \
		${root:+INSTALL_MOD_PATH="$(realpath "$root")"} \
		modules_install >"$log" 2>&1 || {
		tail -n 30 "$log" >&2
		die "bpfnic cannot be installed; the whole log: $log"
	}
	depmod ${root:+-b "$root"} "$release"
	say "installed for $release: $(modinfo ${root:+-b "$root"} -k "$release" -n bpfnic)"
	;;
*)
	if [ $# -lt 2 ] || [ "$1" != for ]; then usage "$synopsis"; fi
	shift
	build_for "$@"
	;;
esac
