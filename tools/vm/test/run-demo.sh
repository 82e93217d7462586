#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Run a demonstration, end to end.
#
#   run-demo.sh NAME
#
# NAME: demo_tap, demo_macvtap, demo_steering, demo_libvirt, demo_libvirt_unmanaged, or
# demo_break_key: that it notices a wrong key.  To build/test/e2e/NAME.txt its output, to
# NAME.txt.status its exit status.
set -euo pipefail
# shellcheck source=tools/vm/test/lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -eq 1 ] || usage "run-demo.sh NAME"
out=$results/e2e
mkdir -p "$out"
rm -f "$out/$1.txt.status"
case $1 in
demo_steering) how=(DEMO_STEERING=1) ;;
demo_libvirt*) how=(DEMO_VMM="$(tr _ - <<<"${1#demo_}")") ;;
demo_break_key) how=(DEMO_BREAK_KEY=1) ;;
*) how=(DEMO_TAP="${1#demo_}") ;;
esac
status=0
env "${how[@]}" DEMO_DIR="$out/$1" "$vm_dir/demo.sh" >"$out/$1.txt" 2>&1 || status=$?
echo "$status" >"$out/$1.txt.status"
