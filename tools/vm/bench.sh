#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Measure what the hash and bpfnic cost, and compare with what they may cost.
#
#   bench.sh
#
# Instructions per packet, in a virtual machine whose clock counts them, on the
# patched kernel, on one built from the pristine source with the same
# configuration, and on one without the hints for XDP programs; instructions per
# packet and per system call of bpfnic on Debian's stock kernel; and nanoseconds
# per hash on this CPU.  The results go to build/bench.json, bench.md and
# bench.svg.
#
# EBPF_RSS_OBJ=FILE: another steering program for tun.ebpf_rss, such as QEMU's;
# maps as in vnet_bench_bpf.h.
set -euo pipefail
# shellcheck source=tools/vm/lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -eq 0 ] || usage "bench.sh"

steps=9
source=tools/testing/selftests/drivers/net/vnet_bench
bin=$cache/build/bench-programs
json=$top/build/bench.json
table=$top/build/bench.md
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$log_dir" "$bin"

patched=$(STEP=1/$steps "$vm_dir/kernel.sh" bench)
base_kernel=$(STEP=2/$steps "$vm_dir/kernel.sh" bench-base)
before=$(STEP=3/$steps "$vm_dir/kernel.sh" bench-before)
stock=$("$vm_dir/fetch.sh" package)
tree=$("$vm_dir/tree.sh")

STEP=4/$steps say "building the programs"
log=$log_dir/bench-programs.log
make -C "$tree/$source" OUTPUT="$bin" \
	KHDR_INCLUDES="-isystem $patched/headers/include" all >"$log" 2>&1 || {
	tail -n 30 "$log" >&2
	die "the programs do not build; the whole log: $log"
}
object=$(realpath "${EBPF_RSS_OBJ:-$bin/vnet_bench_rss.bpf.o}")
[ -r "$object" ] || die "cannot read $object"
# The guest may not see every folder of ours.
cp "$object" "$bin/rss.o"

# fake_module KERNEL BUILD: virtio_net_fake.ko for it
fake_module()
{
	local dir=$bin/modules/$1
	mkdir -p "$dir"
	rsync -a "$tree/tools/testing/selftests/drivers/net/lib/fake_dev/test_modules/" \
		"$dir/"
	rm -f "$dir"/*.ko	# its BTF is on top of the kernel's
	make -C "$dir" KDIR="$2" >>"$log" 2>&1 ||
		die "virtio_net_fake.ko does not build; the whole log: $log"
}
nic=$("$vm_dir/modules.sh" for "$stock/build")
fake_module bench "$patched"
fake_module bench-base "$base_kernel"
fake_module bench-before "$before"

# The two kernels differ in what the patches add, and in nothing else.
symbols()
{
	sed -nE 's/^# (CONFIG_\w+) is not set$/\1 n/p; s/^(CONFIG_\w+)=/\1 /p' \
		"$1/.config" | sort -k1,1
}
differ=$(join <(symbols "$patched") <(symbols "$base_kernel") -a 2 -o 0,1.2,2.2 \
	-e missing | awk '$2 != $3')
[ -z "$differ" ] || die "the kernels are not comparable, patched and pristine have:"$'\n'"$differ"

# count KERNEL WHAT MODULE [OPTION...]: rows "ARRAY NAME FAMILY ..." to $work/rows.
count()
{
	local kernel=$1 what=$2 module=$3 status=0
	shift 3
	"$vm_dir/run.sh" --kernel "$kernel" --icount --timeout 600 \
		--log "$log_dir/bench-$what.log" "$@" -- \
		"$vm_dir/bench-guest.sh" "$what" "$bin" "$bin/rss.o" "$module" \
		>"$work/out" || status=$?
	sed -n 's/^@//p' "$work/out" >>"$work/rows"
	grep -v '^@' "$work/out" >&2 || true
	[ "$status" -eq 0 ] || missed+=("some rows have no figure: see above")
}

missed=()
: >"$work/rows"
STEP=5/$steps say "counting on the patched kernel"
count bench patched "$bin/modules/bench/virtio_net_fake.ko"
count bench again "$bin/modules/bench/virtio_net_fake.ko"
STEP=6/$steps say "counting on the pristine kernel"
count bench-base base "$bin/modules/bench-base/virtio_net_fake.ko"
STEP=7/$steps say "counting redirections on the kernel without hints"
count bench-before before "$bin/modules/bench-before/virtio_net_fake.ko"
STEP=8/$steps say "counting bpfnic on the stock kernel"
count stock nic "$nic" --modules "veth dummy"

[ -s "$work/rows" ] || die "nothing could be counted: see above"

STEP=9/$steps say "timing Toeplitz on this CPU"
"$bin/vnet_toeplitz" >"$work/native"
grep -q '^rte_' "$work/native" ||
	say "note: without libdpdk-dev and pkg-config nothing is compared with DPDK's Toeplitz"

jq -n --rawfile rows "$work/rows" --rawfile native "$work/native" \
	--arg kernel "$("$vm_dir/fetch.sh" version)" \
	--arg stock "${stock##*/}" \
	--arg gcc "$(gcc --version | sed -n 1p)" \
	--arg config "$(sha256sum <"$patched/.config" | cut -d' ' -f1)" \
	--arg qemu "$(qemu-system-x86_64 --version | sed -n 1p)" \
	--arg cpu "$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | sed -n 1p)" \
	--arg dpdk "$(pkg-config --modversion libdpdk 2>/dev/null || true)" \
	--arg object "${object##*/}" \
	--arg sha256 "$(sha256sum <"$object" | cut -d' ' -f1)" \
	-f "$vm_dir/bench.jq" >"$json"
jq -r -f "$vm_dir/bench-md.jq" "$json" | tee "$table"
"$vm_dir/bench-svg.sh" "$json" >"$top/build/bench.svg"

say "results: build/bench.json, build/bench.md, build/bench.svg"
mapfile -t -O ${#missed[@]} missed < <(
	jq -r '.targets[] | select(.met | not) | "missed: \(.what): \(.measured), wanted \(.wanted)"' "$json")
[ ${#missed[@]} -eq 0 ] || die "$(printf '%s\n' "${missed[@]}")"
