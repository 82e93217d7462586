#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Build and install the test programs, and the modules that they need.
#
#   build.sh KERNEL...
#
# KERNELs: names of tools/vm/kernels, the first one built by kernel.sh; its headers are
# the programs'.  To build/selftests/install in the cache:
#   FOLDER/                         the programs, as kselftest installs them
#   FOLDER/test_modules/KERNEL/     its modules, for that kernel
#   drivers/net/bpfnic/test_modules/KERNEL/bpfnic.ko
# and vnetctl to build/vnetctl of the checkout.  Prints a line "FOLDER PROGRAM" for each
# program that is a test.
set -euo pipefail
# shellcheck source=tools/vm/test/lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -ge 1 ] || usage "build.sh KERNEL..."
tree=$("$vm_dir/tree.sh")
in_tree=$tree/tools/testing/selftests
ours=$(built_in "$1")
build=$cache/build/selftests
mkdir -p "$log_dir" "$build"

# modules_of FOLDER KERNEL...: their BTF is on top of the kernel's, which make does not
# know of.
modules_of()
{
	local folder=$1 kernel source target
	shift
	[ -d "$in_tree/$folder/test_modules" ] || return 0
	for kernel; do
		source=$build/modules/$kernel/$folder
		target=$build/install/$folder/test_modules/$kernel
		mkdir -p "$source" "$target"
		rsync -a "$in_tree/$folder/test_modules/" "$source/" &&
			rm -f "$source"/*.ko &&
			make -j"$(nproc)" -C "$source" KDIR="$(built_in "$kernel")" &&
			cp "$source"/*.ko "$target" || return 1
	done
}

# What the tests in shell expect beside them, as all kselftests install it
install -D -m 644 "$in_tree/kselftest/ktap_helpers.sh" \
	"$build/install/kselftest/ktap_helpers.sh"
for folder in $(test_folders); do
	log=$log_dir/selftests-${folder//\//-}.log
	rm -rf "${build:?}/install/$folder"
	mkdir -p "$build/$folder" "$build/install/$folder"
	if ! make -j"$(nproc)" -C "$in_tree/$folder" \
		OUTPUT="$build/$folder" INSTALL_PATH="$build/install/$folder" \
		KHDR_INCLUDES="-isystem $ours/headers/include" \
		VMLINUX_BTF="$ours/vmlinux" TEST_GEN_MODS_DIR= \
		all install >"$log" 2>&1 ||
	   ! modules_of "$folder" "$@" >>"$log" 2>&1; then
		tail -n 30 "$log" >&2
		die "the tests in $folder do not build; the whole log: $log"
	fi
	make -s -C "$in_tree/$folder" OUTPUT="$build/$folder" COLLECTION=. emit_tests \
		2>>"$log" | sed "s|^\.:|$folder |"
done

# Where run.sh finds it for the folders whose settings say modules=drivers/net/bpfnic
for kernel; do
	target=$build/install/drivers/net/bpfnic/test_modules/$kernel
	ko=$("$vm_dir/modules.sh" for "$(built_in "$kernel")")
	mkdir -p "$target"
	cp "$ko" "$target/"
done
make -C "$top/tools/net/vnetctl" O="$top/build/vnetctl" \
	KHDR="$ours/headers/include" >"$log_dir/vnetctl.log" 2>&1 || {
	tail -n 30 "$log_dir/vnetctl.log" >&2
	die "vnetctl does not build; the whole log: $log_dir/vnetctl.log"
}
