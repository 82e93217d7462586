#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Run test programs of a folder on a kernel.
#
#   run-folder.sh KERNEL FOLDER PROGRAM...
#
# In one virtual machine, or none where the folder's settings say vm=no; and a program
# that has to complain there, by `splat' in its marks, in one of its own.  To
# build/test/KERNEL/FOLDER:
#   PROGRAM.tap, PROGRAM.tap.status     its output, its exit status
#   status, errors, output, console.log the machine's
#   PROGRAM.vm/status, ...              those of one of its own
#
# VNET_SEED, VNET_COUNT: of the hostile inputs, see there.
set -euo pipefail
# shellcheck source=tools/vm/test/lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -ge 3 ] || usage "run-folder.sh KERNEL FOLDER PROGRAM..."
kernel=$1 folder=$2
shift 2
read_kernel "$kernel"
out=$results/$kernel/$folder
installed=$cache/build/selftests/install
image=$(kernel_dir "$kernel")/vmlinuz
modules=$(echo "$(modules_dir "$kernel")"/*)
nonce=@$(od -An -N6 -tx8 /dev/urandom | tr -d ' ')

patience=1 slow=no	# kselftest's word for a kernel that checks itself
program_limit=1800 vm_limit=2700	# seconds, whatever still moves
seed=${VNET_SEED:-} count=${VNET_COUNT:-}
if is_slow "$kernel"; then
	patience=6 slow=yes
	program_limit=7200 vm_limit=10800
	# Of each of three kinds of device, so more than 100,000 in all.
	seed=${VNET_SEED:-random} count=${VNET_COUNT:-35000}
fi
seconds=$(($(timeout_of "$folder") * patience))

# As many machines run at a time as there are CPUs: most of a test is waiting, and what is
# not uses one CPU.  A guest's two CPUs share a thread then.  With one each, they wait for
# each other's locks while neither is on a CPU.  Where `settings' say parallel=yes, a test
# is about what runs at the same time.
threads=single
[ "$(setting "$folder" parallel)" != yes ] || threads=multi

# run SPLAT PROGRAM...: with a SPLAT, the machine is to complain so
run()
{
	local expect=$1 vm=$out memory modules_of status=0 in_vm=()
	shift
	[ -z "$expect" ] || vm=$out/$1.vm
	memory=$(setting "$folder" memory)
	modules_of=$(setting "$folder" modules)	# of another folder
	mkdir -p "$vm"
	[ "$(setting "$folder" vm)" = no ] ||
		in_vm=("$vm_dir/run.sh" --kernel "$kernel"
		       --timeout $((seconds + 60 * patience)) --limit "$vm_limit"
		       --tcg-threads "$threads" ${memory:+--memory "$memory"}
		       ${expect:+--expect-splat "($expect)|Oops:|Kernel panic"}
		       --log "$vm/console.log" --)
	"${in_vm[@]}" \
		env VNETCTL="$top/build/vnetctl/vnetctl" VNET_SPLAT="$splat" \
		VNET_VMLINUZ="$image" VNET_MODULES="$modules" \
		KSFT_MACHINE_SLOW="$slow" VNET_SEED="$seed" VNET_COUNT="$count" \
		VNET_IN_VM="${in_vm:+yes}" WATCH_LIMIT="$program_limit" \
		"$vm_dir/test/in-guest.sh" "$nonce" "$installed/$folder" \
		"$installed/${modules_of:-$folder}/test_modules/$kernel" "$seconds" "$@" \
		>"$vm/output" 2>"$vm/errors" || status=$?
	awk -v nonce="$nonce" -v dir="$out" '
		$1 == nonce && $2 == "begin" { file = dir "/" $3 ".tap"; printf "" >file; next }
		$1 == nonce && $2 == "end" { print $3 >(file ".status"); close(file); file = ""; next }
		file { print >file }
	' "$vm/output"
	echo "$status" >"$vm/status"
}

rm -rf "$out"
mkdir -p "$out"
together=()
for program; do
	complaint=$(splat_of "$kernel" "$folder" "$program")
	if [ "$complaint" ]; then
		run "$complaint" "$program"
	else
		together+=("$program")
	fi
done
[ ${#together[@]} -eq 0 ] || run "" "${together[@]}"
