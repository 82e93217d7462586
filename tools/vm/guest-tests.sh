#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the guest, as a rule: run test programs one after the other, each between two marker
# lines by which test.sh takes the output apart.  The modules in MODULES, if there is
# such a folder, are loaded before; where bpfnic.ko is, VNET_BPFNIC_KO says.
#
# Where VNET_IN_VM is set, the kernel's console says of a program that runs into its
# time-out what its threads, and all others, were doing.
#
#   guest-tests.sh NONCE FOLDER MODULES SECONDS PROGRAM...
set -euo pipefail

nonce=$1 folder=$2 modules=$3 seconds=$4
shift 4
cd "$folder"
program_pid=
trap '[ -z "$program_pid" ] || kill "$program_pid"; exit 143' TERM
for module in "$modules"/*.ko; do
	if [ -f "$module" ]; then insmod "$module"; fi
done
[ ! -f "$modules/bpfnic.ko" ] || export VNET_BPFNIC_KO=$modules/bpfnic.ko
for program; do
	printf '\n%s begin %s\n' "$nonce" "$program"
	status=0 began=$SECONDS
	timeout --kill-after=5 "$seconds" "./$program" 2>&1 </dev/null &
	program_pid=$!
	[ -z "${VNET_IN_VM:-}" ] ||
		timeout $((seconds - 1)) tail --pid="$program_pid" -f /dev/null ||
		echo t >/proc/sysrq-trigger &
	wait "$program_pid" || status=$?
	printf '\n%s end %s %s %d s\n' "$nonce" "$status" "$program" $((SECONDS - began))
done
