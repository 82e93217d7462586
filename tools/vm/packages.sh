#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Install the Debian packages that are missing, saying which and why.
#
#   packages.sh [build|bench|check|libvirt|modules|root]
#
# build: what it takes to build the kernels and to run them
# bench: what `make bench` takes on top of that; libdpdk-dev and pkg-config are
#        used if they are there
# check: what `make check` takes on top of build
# libvirt: what it takes to start guests by libvirt, on top of build
# modules: what it takes to build bpfnic for a kernel whose headers are there
# root: what it takes to make roots of other releases
set -euo pipefail
# shellcheck source=tools/vm/lib.sh
. "$(dirname "$0")/lib.sh"

build="
	bc		the kernel's build
	bison		the kernel's build (Kconfig)
	bpftool		the tests
	build-essential	the compiler
	busybox-static	the guest's first user space
	ccache		a second build in a fraction of the time
	clang		BPF programs of the tests
	cpio		the initramfs
	dwarves		BTF, the kernel's type information
	ethtool		the tests
	flex		the kernel's build (Kconfig)
	gcc-multilib	32-bit test programs
	git		the series
	iproute2	the tests
	kmod		installing and loading modules
	libbpf-dev	BPF programs of the tests, vnetctl
	libelf-dev	the kernel's build (objtool); a demo's program
	libmnl-dev	vnetctl
	libseccomp-dev	vnetctl
	libssl-dev	the kernel's build
	libxml2-utils	xmllint, for the hook of libvirt
	python3		the kernel's build (bpf_helper_defs.h)
	qemu-system-x86	the virtual machines
	rsync		the patched tree
	xz-utils	unpacking the kernel source
	zlib1g-dev	the kernel's build (objtool)
	zstd		modules of the stock kernel
"
bench="
	jq		the results
"
check="
	codespell	spelling
	lld		the LLVM build's linker
	llvm		the LLVM build's other tools
	mandoc		the manual pages' syntax
	python3-git	checkpatch's spdxcheck
	python3-ply	checkpatch's spdxcheck
	python3-sphinx	the documentation's build
	shellcheck	shell scripts
	sparse		the kernel's semantic checker
"

libvirt="
	libvirt-clients			virsh
	libvirt-daemon			libvirtd
	libvirt-daemon-driver-qemu	its way to QEMU
"

root="
	debootstrap	a root
	git		a clone of the checkout
	util-linux	unshare
"

modules="
	build-essential	the compiler
	dwarves		BTF, the module's type information
	kmod		installing the module
	rsync		a copy of its sources
"

case "$#${1:-build}" in
0build | 1build)
	wanted=$build
	if [ -z "${KERNEL_SRC:-}" ]; then
		wanted+="	$(base_says source)	the kernel source (or name yours: KERNEL_SRC=DIR)"
	fi
	;;
1bench) wanted=$bench ;;
1check) wanted=$check ;;
1libvirt) wanted=$libvirt ;;
1modules) wanted=$modules ;;
1root) wanted=$root ;;
*) usage "packages.sh [build|bench|check|libvirt|modules|root]" ;;
esac

# try WHAT TEXT COMMAND...: COMMAND, a compiler, has to make WHAT of TEXT
try()
{
	local what=$1 text=$2 said
	shift 2
	said=$("$@" 2>&1 <<<"$text") ||
		die "the builds would fail here, as this machine cannot make $what. It said:"$'\n'"$said"
}

# ready: end well, if what comes can be built: better said now than after the kernel
ready()
{
	local main='int main(void) { return 0; }' headers
	[ "${1:-build}" = build ] || exit 0
	headers=$(printf '#include <%s>\n' bpf/libbpf.h gelf.h libmnl/libmnl.h openssl/evp.h \
		seccomp.h zlib.h)
	try "a program with libbpf, libelf, libmnl, libseccomp, libssl and zlib" \
		"$headers"$'\n'"$main" gcc -o /dev/null -x c - -lbpf -lelf -lmnl -lseccomp -lcrypto -lz
	try "a static program" "$main" gcc -static -o /dev/null -x c -
	try "a 32-bit program" "$main" gcc -m32 -o /dev/null -x c -
	try "a BPF program" "#include <linux/bpf.h>"$'\n'"#include <bpf/bpf_helpers.h>" \
		clang -target bpf -c -o /dev/null "-I/usr/include/$(gcc -print-multiarch)" -x c -
	exit 0
}

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
	[ -z "${VNET_NO_PACKAGES:-}" ] || ready "$@"
	printf 'This is no Debian system. Please install these yourself:\n%s\n' "$wanted" >&2
	printf 'and name a kernel source: make KERNEL_SRC=DIR ...\n' >&2
	printf 'Then run again with VNET_NO_PACKAGES=1 in the environment.\n' >&2
	exit 1
fi

declare -A installed
# shellcheck disable=SC2016	# dpkg-query's own variables
while read -r status name; do
	case $status in
	?i*) installed[$name]=1 ;;
	esac
done < <(awk '{ print $1 }' <<<"$wanted" |
	 xargs dpkg-query -W -f='${db:Status-Abbrev} ${Package}\n' 2>/dev/null)

missing=()
while read -r name why; do
	if [ "$name" ] && [ -z "${installed[$name]:-}" ]; then
		missing+=("$name")
		printf 'missing: %-18s %s\n' "$name" "$why" >&2
	fi
done <<<"$wanted"
[ ${#missing[@]} -gt 0 ] || ready "$@"

sudo=()
if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo >/dev/null; then
		die "this is not root and there is no sudo; have root run:"$'\n'"apt-get install --no-install-recommends ${missing[*]}"
	fi
	sudo=(sudo)
fi
say "installing ${#missing[@]} packages"
"${sudo[@]}" apt-get -q update >&2 ||
	die "apt-get update failed: see above"
"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
	apt-get -q -y --no-install-recommends install "${missing[@]}" >&2 ||
	die "apt-get could not install them all: see above ($(base_says source) is in Debian 13, and in Debian 12 with its security updates; elsewhere name a kernel source in KERNEL_SRC=)"
ready "$@"
