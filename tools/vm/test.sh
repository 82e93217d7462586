#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Run the tests on the kernels that tools/vm/kernels names for a make target, and count.
#
#   test.sh test|test-debug [PATTERN]
#
# The steps are scripts of their own in test/: choose, build, run, collect, judge,
# report.  This one has as many of them run at a time as there are CPUs.
#
# PATTERN, an extended regular expression, is matched with "folder program"; if
# no program matches, with "folder program case".
set -euo pipefail
# shellcheck source=tools/vm/test/lib.sh
. "$(dirname "$0")/test/lib.sh"

synopsis="test.sh test|test-debug [PATTERN]"
if [ $# -lt 1 ] || [ $# -gt 2 ]; then usage "$synopsis"; fi
target=$1 pattern=${2:-}
mapfile -t kernels < <(kernel_names "$target")
[ ${#kernels[@]} -gt 0 ] || usage "$synopsis"
first=${kernels[0]}
kunit_modules=(virtio_net_hash_test virtio_net_hdr_test)
demos=(demo_tap demo_macvtap demo_steering demo_libvirt demo_libvirt_unmanaged
	demo_break_key)
report=$top/build/report${target#test}.md
run=$vm_dir/test

locked "$top/build/test.lock"
work=$(mktemp -d)
verdicts=$work/verdicts
: >"$verdicts"
pids=()		# of what runs in the background, each in a process group of its own
cleanup()
{
	local pid
	for pid in "${pids[@]}"; do
		kill -- "-$pid" 2>/dev/null || true
	done
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

step=0 steps='?'
begin()
{
	step=$((step + 1))
	printf '[%d/%s] %s\n' "$step" "$steps" "$*" >&2
}

# runs WHAT KERNEL: whether the table has it run there
runs()
{
	read_kernel "$2"
	[[ +$kernel_runs+ == *+$1+* ]]
}

# judged: verdicts on their way from judge.sh to the report, shown
judged()
{
	tee -a "$verdicts" | awk -F'\t' '
		$1 == "detail" { print "        " $2; next }
		{ printf "%-4s  %s\n", $1, $5; fflush() }'
}

# 1. The kernels, and the test programs.
begin "kernels"
for kernel in "${kernels[@]}"; do
	read_kernel "$kernel"
	case $kernel_from in
	package*) "$vm_dir/fetch.sh" "$kernel_from" >/dev/null ;;
	*) "$vm_dir/kernel.sh" "$kernel" >/dev/null ;;
	esac
done
begin "test programs"
{
	"$run/build.sh" "${kernels[@]}"
	! runs kunit "$first" || printf 'kunit %s\n' "${kunit_modules[@]}"
	! runs demos "$first" || printf 'e2e %s\n' "${demos[@]}"
} >"$work/programs"
"$run/choose.sh" "$pattern" <"$work/programs" >"$work/chosen"
how=()
[ "$pattern" ] || how=(--all)
[ "$(sed -n 1p "$work/chosen")" != "# cases" ] || how=(--cases "$pattern")

# 2. What is to be run: "FOLDER PROGRAM...".  What may take longest comes first, so that
# no CPU is idle at the end.
grep -vE '^(#|kunit |e2e )' "$work/chosen" >"$work/selftests" || true
mapfile -t folders < <(
	awk '{ list[$1] = list[$1] " " $2 } END { for (f in list) print f list[f] }' \
		"$work/selftests" | sort |
	while read -r folder list; do
		if [ "$(setting "$folder" "${target#test-}")" = no ]; then continue; fi
		echo "$(($(wc -w <<<"$list") * $(timeout_of "$folder"))) $folder $list"
	done | sort -k1,1nr -s | cut -d' ' -f2-)
mapfile -t kunit < <(sed -n 's/^kunit //p' "$work/chosen")
mapfile -t e2e < <(sed -n 's/^e2e //p' "$work/chosen")
mapfile -t on < <(for kernel in "${kernels[@]}"; do
	if runs selftests "$kernel"; then echo "$kernel"; fi
done)
todo=()	# "WHAT COMMAND...", in the order in which they begin
for folder in "${folders[@]}"; do
	for kernel in "${on[@]}"; do
		todo+=("${folder%% *} on the $kernel kernel|run-folder.sh $kernel $folder")
	done
done
for module in "${kunit[@]}"; do
	todo+=("$module on the $first kernel|run-kunit.sh $first $module")
done
for name in "${e2e[@]}"; do
	todo+=("$name on the $first kernel|run-demo.sh $name")
done
steps=$((2 + ${#todo[@]}))

# start: as many jobs as there are CPUs
started=0
start()
{
	while [ "$started" -lt ${#todo[@]} ] &&
	      [ "$(jobs -rp | wc -l)" -lt "$(nproc)" ]; do
		begin "${todo[started]%%|*}"
		set -m
		# shellcheck disable=SC2086	# a list of words
		"$run"/${todo[started]#*|} &
		set +m
		pids[started]=$!
		started=$((started + 1))
	done
}

# ended: wait for the next job in order, while others begin
done=0
ended()
{
	start
	while kill -0 "${pids[done]}" 2>/dev/null; do
		wait -n || true
		start
	done
	done=$((done + 1))
}

for folder in "${folders[@]}"; do
	read -r name list <<<"$folder"
	: >"$work/collected"
	for kernel in "${on[@]}"; do
		ended
		# shellcheck disable=SC2086	# a list of names
		"$run/collect.sh" "$kernel" "$name" $list >>"$work/collected"
	done
	"$run/judge.sh" "${how[@]}" "$name" "${on[@]}" <"$work/collected" | judged
done

# The patch that brings a KUnit module is what it is evidence for.
patch_with()
{
	local topic
	for topic in $(topics); do
		series_of "$topic"
	done | awk -v want="/$1" '{	# to the end: no SIGPIPE for what it reads
		for (i = 2; i <= NF; i++)
			if (!found && substr($i, length($i) - length(want) + 1) == want) {
				sub(/\.patch$/, "", $1)
				print $1
				found = 1
			}
	}'
}
for module in "${kunit[@]}"; do
	ended
	stem=$(patch_with "$module.c")
	echo "ours ${stem:--} *" >"$work/marks"
	"$run/collect.sh" "$first" kunit "$module" |
		VNET_MARKS=$work/marks "$run/judge.sh" "${how[@]}" kunit "$first" | judged
done

# End to end: the demonstration, and that it notices a wrong key.
for name in "${e2e[@]}"; do
	ended
	file=$results/e2e/$name.txt
	status=$(cat "$file.status" 2>/dev/null || echo none)
	wanted=0 note=
	[ "$name" != demo_break_key ] || wanted=1
	if [ "$status" != "$wanted" ]; then
		note="exit status $status, wanted $wanted"
	elif [ "$wanted" = 1 ] && ! grep -Eq 'FAIL|differs' "$file"; then
		note="no row of its table says FAIL or differs"
	fi
	if [ "$note" ]; then
		printf 'FAIL\t-\t%s\tours\t%s\t%s\n' "e2e.$name" "e2e.$name: $note" "$note"
		tail -n 30 "$file" | sed 's/^/detail\t/'
	else
		printf 'pass\t-\t%s\tours\t%s\t%s\n' "e2e.$name" "e2e.$name" "as wanted"
	fi | judged
done

if [ ! -s "$verdicts" ]; then
	printf 'FAIL\t-\t–\t–\t%s\t–\n' "nothing ran${pattern:+: no test matches $pattern}" | judged
fi
read -r passed failed skipped < <(awk -F'\t' '
	{ n[$1]++ } END { print n["pass"] + 0, n["FAIL"] + 0, n["skip"] + 0 }' "$verdicts")
"$run/report.sh" "Kernel $("$vm_dir/fetch.sh" version) ($first)${pattern:+, only what matches \`$pattern\`}: $passed passed, $failed failed, $skipped skipped." \
	"${kernels[@]}" <"$verdicts" >"$report"
printf 'report: %s\n' "${report#"$top"/}" >&2
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
