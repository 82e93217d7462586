#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the guest, as a rule: run test programs one after the other, each between two marker
# lines by which run-folder.sh takes the output apart.  The modules in MODULES, if there is
# such a folder, are loaded before; where bpfnic.ko is, VNET_BPFNIC_KO says.
#
# A program that says nothing new for SECONDS is ended, with status 124.  Where VNET_IN_VM
# is set, the kernel's console says then what its threads, and all others, were doing.
#
#   in-guest.sh NONCE FOLDER MODULES SECONDS PROGRAM...
set -euo pipefail
# shellcheck source=tools/testing/selftests/drivers/net/lib/qemu_guest/watch.sh
. "$(dirname "$0")/../../testing/selftests/drivers/net/lib/qemu_guest/watch.sh"

nonce=$1 folder=$2 modules=$3 seconds=$4
shift 4
cd "$folder"
work=$(mktemp -d)
said=$work/said		# by the program
program_pid='' watch_job=
end_program()
{
	[ -z "$watch_job" ] || kill "$watch_job" 2>/dev/null || true
	[ -z "$program_pid" ] || kill "$1" -- "-$program_pid" 2>/dev/null || true
	watch_job='' program_pid=
}
trap 'rm -rf "$work"' EXIT
trap 'end_program -TERM; exit 143' TERM

say_where()
{
	[ -z "${VNET_IN_VM:-}" ] || echo t >/proc/sysrq-trigger
}

for module in "$modules"/*.ko; do
	if [ -f "$module" ]; then insmod "$module"; fi
done
[ ! -f "$modules/bpfnic.ko" ] || export VNET_BPFNIC_KO=$modules/bpfnic.ko
for program; do
	printf '\n%s begin %s\n' "$nonce" "$program"
	status=0 began=$SECONDS
	: >"$said"
	exec 3> >(exec tee "$said")
	tee_pid=$!
	setsid "./$program" >&3 2>&1 3>&- </dev/null &
	program_pid=$!
	exec 3>&-
	watch_start "$program_pid" "$seconds" "$said"
	(trap - EXIT TERM; watch_group say_where) </dev/null >"$work/given_up" 2>/dev/null &
	watch_job=$!
	wait "$program_pid" || status=$?
	end_program -KILL	# what it left behind would keep our output open
	wait "$tee_pid"
	if [ -s "$work/given_up" ]; then
		status=124
		printf '\n# %s: %s\n' "$program" "$(cat "$work/given_up")"
	fi
	printf '\n%s end %s %s %d s\n' "$nonce" "$status" "$program" $((SECONDS - began))
done
