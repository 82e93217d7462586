#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Show that a stock QEMU guest gets the right queue and the right hash from a
# hashing tap: build, boot, send, and compare with an independent calculation.
#
#   demo.sh
#
# DEMO_BREAK_KEY=1: another key in the comparison only, so the demo must fail.
# DEMO_COUNT=K: packets of each flow (3).
# DEMO_TAP=macvtap: a macvtap in place of a tap behind a bridge.
# DEMO_VMM=libvirt: libvirtd starts QEMU and makes the tap, a hook has it hash; or
# DEMO_VMM=libvirt-unmanaged: it takes a tap that vnetctl has made.
# DEMO_STEERING=1: each flow within VXLAN, and a steering program that hashes it
#	there, in place of RSS.
# DEMO_DIR=DIR: programs, logs and results go there (build/demo).
set -euo pipefail
# shellcheck source=tools/vm/lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -eq 0 ] || usage "demo.sh"

steps=6
demo=${DEMO_DIR:-$top/build/demo}
bin=$demo/bin
programs=$top/tools/testing/selftests/drivers/net/vnet_guest
count=${DEMO_COUNT:-3}
[[ $count =~ ^[1-9][0-9]{0,3}$ ]] || usage "DEMO_COUNT=1..9999 demo.sh"
kind=${DEMO_TAP:-tap}
[[ $kind =~ ^(tap|macvtap)$ ]] || usage "DEMO_TAP=tap|macvtap demo.sh"
steering=${DEMO_STEERING:-0}
[[ $steering =~ ^[01]$ ]] || usage "DEMO_STEERING=1 demo.sh"
vmm=${DEMO_VMM:-qemu}
[[ $vmm =~ ^(qemu|libvirt|libvirt-unmanaged)$ ]] ||
	usage "DEMO_VMM=qemu|libvirt|libvirt-unmanaged demo.sh"
[ "$vmm" = qemu ] || [ "$kind$steering" = tap0 ] ||
	die "DEMO_VMM=$vmm goes with a tap without a steering program only"
tunnel=()
[ "$steering" = 0 ] || tunnel=(--tunnel)
mkdir -p "$bin"

# quietly LOG COMMAND...: keep its output, show the end of it on failure.
quietly()
{
	local log=$demo/$1
	shift
	"$@" >"$log" 2>&1 && return
	tail -n 20 "$log" >&2
	die "'$1' failed; the whole log: $log"
}

# split_output: lines "@FILE text" go to FILE in $demo, others through.
split_output()
{
	awk -v dir="$demo/" '
		/^@[a-z.-]+ / {
			file = dir substr($1, 2)
			print substr($0, length($1) + 2) >file
			next
		}
		{ print; fflush() }'
}

STEP=1/$steps "$vm_dir/packages.sh"
[ "$vmm" = qemu ] || STEP=1/$steps "$vm_dir/packages.sh" libvirt
kernel=$(STEP=2/$steps "$vm_dir/kernel.sh" test)

STEP=3/$steps say "building vnetctl, the test programs and the guest's initramfs"
quietly vnetctl.log make -C "$top/tools/net/vnetctl" \
	O="$bin" KHDR="$kernel/headers/include"
quietly programs.log make -C "$programs" -f programs.mk OUTPUT="$bin"
"$vm_dir/demo-guest.sh" "$bin/vnet_rx" "$bin/guest.cpio"

rm -f "$demo"/{host,results}.txt "$demo"/{vmm,guest-console}.log
"$vm_dir/run.sh" --kernel test --cpus 2 --memory 2048 --timeout 600 \
	--log "$demo/host-console.log" -- \
	env DEMO_COUNT="$count" DEMO_STEERING="$steering" DEMO_VMM="$vmm" \
	DEMO_STEP_BOOT="4/$steps" \
	DEMO_STEP_SEND="5/$steps" \
	"$vm_dir/demo-host.sh" "$bin" "$kernel/vmlinuz" "$kind" |
	split_output ||
	die "the demo did not run to its end; logs: $demo"
if grep -aE "$splat" "$demo/guest-console.log" >&2; then
	die "the guest's kernel complained, see $demo/guest-console.log"
fi

STEP=6/$steps say "comparing with the independent calculation"
read -r mtu queues <"$demo/host.txt"
status=0
"$bin/vnet_check" --results "$demo/results.txt" --key default --types all \
	--table "equal:${queues#*=}" --queues "${queues#*=}" \
	--mtu "${mtu#*=}" --count "$count" "${tunnel[@]}" || status=$?
if [ "$status" -ne 0 ]; then
	echo "The guest did not get what the host's table and key promise: see the rows marked FAIL."
	exit "$status"
fi
echo "Every flow reached the guest on the queue of the host's table, with the hash of an independent implementation."
