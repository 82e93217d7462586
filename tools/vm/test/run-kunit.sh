#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Run a KUnit module on a kernel of ours.
#
#   run-kunit.sh KERNEL MODULE
#
# To build/test/KERNEL/kunit: MODULE.tap, its results; MODULE.tap.status and
# MODULE.errors, the machine's.
set -euo pipefail
# shellcheck source=tools/vm/test/lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -eq 2 ] || usage "run-kunit.sh KERNEL MODULE"
out=$results/$1/kunit
mkdir -p "$out"
rm -f "$out/$2".*
seconds=120 limit=1800
if is_slow "$1"; then seconds=720 limit=7200; fi
status=0
# shellcheck disable=SC2016	# for the guest's shell
"$vm_dir/run.sh" --kernel "$1" --timeout "$seconds" --limit "$limit" \
	--tcg-threads single --log "$out/$2.log" -- \
	/bin/sh -c 'modprobe "$1" && cat /sys/kernel/debug/kunit/*/results' sh "$2" \
	>"$out/$2.tap" 2>"$out/$2.errors" || status=$?
echo "$status" >"$out/$2.tap.status"
