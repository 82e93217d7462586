#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Gather what test programs of a folder came to, on one kernel.
#
#   collect.sh KERNEL FOLDER PROGRAM...
#
# Reads what run-folder.sh or run-kunit.sh left in build/test, and prints lines of fields
# with tabs between:
#   case KERNEL PROGRAM RESULT NAME TEXT     RESULT: ok, not ok or skip; TEXT: its line
#   died KERNEL PROGRAM COMPLAINT            its machine died, as marks want it
#   fault KERNEL NAME DETAIL                 a failure of a program that is no case
#   machine KERNEL NAME DETAIL               a failure of the machine
set -euo pipefail
# shellcheck source=tools/vm/test/lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -ge 3 ] || usage "collect.sh KERNEL FOLDER PROGRAM..."
kernel=$1 folder=$2
shift 2
out=$results/$kernel/$folder

line()
{
	local IFS=$'\t'
	printf '%s\n' "$*"
}

# of_program PROGRAM: its cases, and whether it ended as it should
of_program()
{
	local program=$1 file=$out/$1.tap status=none
	local result name text plan='' count=0 seen=0 bad=0 allskip=''
	declare -A had=()
	[ ! -f "$file.status" ] || status=$(cat "$file.status")
	[ -f "$file" ] || file=/dev/null
	while IFS=$'\t' read -r result name text; do
		case $result in
		plan) plan=$name; continue ;;
		done) count=$name; continue ;;
		allskip) allskip=$name; continue ;;
		'not ok') bad=1 ;;
		xfail) result=ok ;;
		esac
		seen=$((seen + 1))
		[ -z "${had["$name"]:-}" ] || line fault "$kernel" "$program $name" "reported twice"
		had["$name"]=1
		line case "$kernel" "$program" "$result" "$name" "$text"
	done < <(awk -f "$vm_dir/test/tap.awk" "$file")
	if [ "$folder" = kunit ]; then	# which announces a plan for each suite
		if [ "$status" != 0 ]; then
			line machine "$kernel" "$program" "run.sh ended with $status"
			cat "$out/$program.errors" >&2 2>/dev/null || true
		elif [ "$seen" -eq 0 ]; then
			line fault "$kernel" "$program" "no results"
		fi
	elif [ "$allskip" ] || { [ "$status" = 4 ] && [ "$seen" -eq 0 ]; }; then
		line case "$kernel" "$program" skip "(all)" "${allskip:-exit status 4}"
	elif [ "$status" = none ]; then
		line fault "$kernel" "$program" "did not end; $count cases came"
	elif [ "$status" = 124 ] || [ "$status" = 137 ]; then
		line fault "$kernel" "$program" "was ended, $count cases came; its last words: $(grep . "$file" | tail -n 2 | paste -sd ' ')"
	elif [ -z "$plan" ]; then
		line fault "$kernel" "$program" "announced no plan (1..N); exit status $status"
	elif [ "$plan" -ne "$count" ]; then
		line fault "$kernel" "$program" "announced $plan cases, $count came; exit status $status"
	elif [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
		line fault "$kernel" "$program" "exit status $status although no case failed"
	elif [ "$plan" -eq 0 ]; then
		line fault "$kernel" "$program" "has no case"
	fi
}

# of_vm DIR [PROGRAM REGEX]: how a machine ended
of_vm()
{
	local status complaint
	status=$(cat "$1/status" 2>/dev/null || echo 1)
	if [ "$status" = 98 ] && [ "${3:-}" ] &&
	   complaint=$(grep -m 1 -aE -- "$3" "$1/console.log"); then
		line died "$kernel" "$2" "$complaint"
		return
	fi
	case $status in
	0) return ;;
	99)
		line machine "$kernel" "kernel splat" "on the $kernel kernel: $(grep -m 1 -aE 'WARNING|BUG|Oops|panic|ODEBUG|UBSAN|refcount|kmemleak|INFO' "$1/errors" || true)"
		;;
	*) line machine "$kernel" "virtual machine" "on the $kernel kernel: run.sh did not end well, see ${1#"$top"/}/errors" ;;
	esac
	cat "$1/errors" >&2 2>/dev/null || true
}

together=
for program; do
	of_program "$program"
	[ "$folder" != kunit ] || continue
	complaint=$(splat_of "$kernel" "$folder" "$program")
	if [ "$complaint" ]; then
		of_vm "$out/$program.vm" "$program" "$complaint"
	else
		together=1
	fi
done
[ -z "$together" ] || of_vm "$out"
