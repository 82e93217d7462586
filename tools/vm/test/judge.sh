#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Judge the cases of a folder by its marks.
#
#   judge.sh [--cases PATTERN] [--all] FOLDER KERNEL... <COLLECTED
#
# COLLECTED: what collect.sh printed, for each KERNEL.  The cases are those of the first
# KERNEL; the others are there to compare with.
# --cases: only cases for which PATTERN matches "FOLDER PROGRAM CASE"
# --all:   every program ran, so each line of the marks must be about some case
#
# A folder's `marks' say what each case is good for; the first line that matches counts:
#   bites|guards|ours  PATCH|-  GLOB over "PROGRAM CASE"
# bites:  evidence for PATCH; it must fail where tools/vm/kernels says so
# guards: must pass everywhere
# ours:   cannot exist on the kernels to compare with, whose result does not matter
# And what a kernel on which it bites does not survive, or complains of:
#   splat  PROGRAM REGEX
# There, PROGRAM gets a virtual machine of its own, which has to complain with REGEX.
# A case that did not come to an end before the machine died has failed.
#
# Prints lines of fields with tabs between, one for each verdict:
#   pass|FAIL|skip  PATCH  WHAT  KIND  MESSAGE  LINE...    LINE: what each KERNEL said
# and behind a FAIL what the program said before it, as lines "detail TEXT".
set -euo pipefail
# shellcheck source=tools/vm/test/lib.sh
. "$(dirname "$0")/lib.sh"

pattern='' all=
while [[ ${1:-} == --* ]]; do
	case $1 in
	--cases) pattern=$2; shift 2 ;;
	--all) all=1; shift ;;
	*) usage "judge.sh [--cases PATTERN] [--all] FOLDER KERNEL..." ;;
	esac
done
[ $# -ge 2 ] || usage "judge.sh [--cases PATTERN] [--all] FOLDER KERNEL..."
folder=$1 first=$2
shift
kernels=("$@")
marks=$(marks_of "$folder")

declare -A bites=()	# by kernel: what a biting test has to do there
for kernel in "${kernels[@]}"; do
	read_kernel "$kernel"
	bites[$kernel]=$kernel_bites
done

# The marks: kinds[], stems[] and globs[] in order.
kinds=() stems=() globs=() hits=()
if [ -f "$marks" ]; then
	while read -r kind stem glob; do
		case $kind in
		'' | \#* | splat) continue ;;
		bites | guards | ours) ;;
		*) die "$folder/marks: '$kind' is not bites, guards or ours" ;;
		esac
		[ "$glob" ] || die "$folder/marks: no pattern after '$kind $stem'"
		if [ "$stem" != - ] && ! compgen -G "$patches/*/$stem.patch" >/dev/null; then
			die "$folder/marks: no patch $stem"
		fi
		kinds+=("$kind") stems+=("$stem") globs+=("$glob") hits+=(0)
	done <"$marks"
fi

declare -A got=() said=()	# by "kernel|program case"
declare -A died=()		# by "kernel|program": the complaint of its machine
keys=()				# "program case", as the first kernel reports them
faults=()			# "name TAB detail": failures that are no case
while IFS=$'\t' read -r what kernel name result rest text; do
	case $what in
	case)
		key="$name $rest"
		if [ "$kernel" = "$first" ] && [ -z "${got["$kernel|$key"]:-}" ]; then
			keys+=("$key")
		fi
		got["$kernel|$key"]=$result
		said["$kernel|$key"]=$text
		;;
	died) died["$kernel|$name"]=$result ;;
	machine) faults+=("$name"$'\t'"$result") ;;
	fault)
		# Where tests have to fail, how they do is their own affair.
		[ "${bites[$kernel]}" = fail ] || faults+=("$name"$'\t'"$result")
		;;
	*) die "what collect.sh never prints: $what" ;;
	esac
done

# verdict VERDICT PATCH WHAT KIND MESSAGE LINE...
verdict()
{
	local IFS=$'\t'
	printf '%s\n' "$*"
}

# lines KEY: what each kernel said of it, to said_by
lines()
{
	local kernel
	said_by=()
	for kernel in "${kernels[@]}"; do
		said_by+=("${said["$kernel|$1"]:-–}")
	done
}

# wrong KEY KIND: what is wrong with a case that the first kernel passed, if anything is
wrong()
{
	local kernel result program=${1%% *} expect
	[ "$2" ] || { echo "no line of marks names it"; return; }
	for kernel in "${kernels[@]:1}"; do
		result=${got["$kernel|$1"]:-}
		if [ -z "$result" ] && [ "${died["$kernel|$program"]:-}" ]; then
			result='not ok'
		fi
		case $2 in
		ours) continue ;;
		guards) expect=ok ;;
		bites)
			expect=ok
			[ "${bites[$kernel]}" = pass ] || expect='not ok'
			;;
		esac
		[ "$result" != "$expect" ] || continue
		if [ -z "$result" ]; then
			echo "$2, but gave no result on the $kernel kernel"
		else
			echo "$2, but is '$result' on the $kernel kernel"
		fi
		return
	done
}

# details KEY: what its program said before it failed
details()
{
	awk -v want="${said["$first|$1"]}" '
		$0 == want { printf "%s", said; exit }
		/^(not )?ok / { said = ""; next }
		{ said = said "detail\t" $0 "\n" }
	' "$results/$first/$folder/${1%% *}.tap" | tail -n 12
}

for key in "${keys[@]}"; do
	[ -z "$pattern" ] || [[ "$folder $key" =~ $pattern ]] || continue
	kind='' stem=-
	for i in "${!globs[@]}"; do
		# shellcheck disable=SC2053	# a glob, on purpose
		if [[ $key == ${globs[i]} ]]; then
			kind=${kinds[i]} stem=${stems[i]}
			hits[i]=1
			break
		fi
	done
	for kernel in "${kernels[@]:1}"; do
		if [ -z "${got["$kernel|$key"]:-}" ] &&
		   [ "${died["$kernel|${key%% *}"]:-}" ]; then
			said["$kernel|$key"]=${died["$kernel|${key%% *}"]}
		fi
	done
	lines "$key"
	case ${got["$first|$key"]} in
	skip)
		verdict skip "$stem" "$folder: $key" "${kind:-unmarked}" \
			"$folder: $key: ${said["$first|$key"]}" "${said_by[@]}"
		;;
	ok)
		note=$(wrong "$key" "$kind")
		if [ "$note" ]; then
			verdict FAIL "$stem" "$folder: $key" "${kind:-unmarked}" \
				"$folder: $key: $note" "${said_by[@]}"
		else
			verdict pass "$stem" "$folder: $key" "$kind" \
				"$folder: $key ($kind)" "${said_by[@]}"
		fi
		;;
	*)
		verdict FAIL "$stem" "$folder: $key" "${kind:-unmarked}" \
			"$folder: $key: ${said["$first|$key"]}" "${said_by[@]}"
		details "$key" 2>/dev/null || true
		;;
	esac
done

# A mark that names nothing hides a test that went away.
if [ "$all" ]; then
	for i in "${!globs[@]}"; do
		[ "${hits[i]}" -eq 1 ] ||
			faults+=("marks"$'\t'"no case for: ${kinds[i]} ${stems[i]} ${globs[i]}")
	done
fi
for fault in "${faults[@]}"; do
	verdict FAIL - "$folder: ${fault%%$'\t'*}" – \
		"$folder: ${fault%%$'\t'*}: ${fault#*$'\t'}" "${fault#*$'\t'}"
done
