#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Run the tests, on our kernel and on the stock one, and count.
#
#   test.sh [--kernel test|debug] [PATTERN]
#
# A kselftest directory's `marks` file says what each case is good for:
#   bites|guards|ours  PATCH|-  GLOB over "program case"
# bites:  evidence for PATCH; it must fail on the stock kernel
# guards: must pass on both
# ours:   cannot exist on the stock kernel, whose result does not matter
# And what the stock kernel does not survive, or complains of:
#   splat  PROGRAM REGEX
# There, PROGRAM gets a virtual machine of its own, which has to complain with REGEX.
# A case that did not come to an end before the machine died has failed.
#
# PATTERN, an extended regular expression, is matched with "folder program"; if
# no program matches, with "folder program case".
set -euo pipefail
# shellcheck source=tools/vm/lib.sh
. "$(dirname "$0")/lib.sh"

kernel="test"
if [ "${1:-}" = --kernel ]; then
	kernel=${2:-}
	shift 2 || usage "test.sh [--kernel test|debug] [PATTERN]"
fi
[ $# -le 1 ] || usage "test.sh [--kernel test|debug] [PATTERN]"
pattern=${1:-}
patience=1
program_limit=1800 vm_limit=2700	# seconds, whatever still moves
slow=no		# kselftest's word for a kernel that checks itself
seed=${VNET_SEED:-} count=${VNET_COUNT:-}	# of the hostile inputs
case $kernel in
test) kernels=(test stock) ;;
debug)
	kernels=(debug)
	patience=6 slow=yes
	program_limit=7200 vm_limit=10800
	# Of each of three kinds of device, so more than 100,000 in all.
	seed=${VNET_SEED:-random} count=${VNET_COUNT:-35000}
	;;
*) usage "test.sh [--kernel test|debug] [PATTERN]" ;;
esac

kunit_modules=(virtio_net_hash_test virtio_net_hdr_test)
demos=(demo_tap demo_macvtap demo_steering demo_libvirt demo_libvirt_unmanaged
	demo_break_key)
selftests=$top/tools/testing/selftests
results=$top/build/test
report=$top/build/report$([ "$kernel" = test ] || echo "-$kernel").md
passed=0 failed=0 skipped=0
report_rows=()

verdict()
{
	printf '%-4s  %s\n' "$1" "$2"
	case $1 in
	pass) passed=$((passed + 1)) ;;
	FAIL) failed=$((failed + 1)) ;;
	skip) skipped=$((skipped + 1)) ;;
	esac
}

wants()
{
	[ -z "$pattern" ] || [[ "$*" =~ $pattern ]]
}

locked "$top/build/test.lock"

step=0 steps='?'
begin()
{
	step=$((step + 1))
	printf '[%d/%s] %s\n' "$step" "$steps" "$*" >&2
}

work=$(mktemp -d)
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
nonce=@$(od -An -N6 -tx8 /dev/urandom | tr -d ' ')

mapfile -t folders < <(
	[ ! -d "$selftests" ] ||
		find "$selftests" -name Makefile ! -path '*/test_modules/*' -printf '%P\n' |
			sed 's|/Makefile$||' | sort)
if [ -z "$pattern" ]; then
	steps=$((2 + ${#folders[@]} * ${#kernels[@]} + ${#kunit_modules[@]}))
	if [ "$kernel" = test ]; then
		steps=$((steps + ${#demos[@]}))
	fi
fi

# 1. The kernels, and the test programs.
begin "kernels"
out=$("$vm_dir/kernel.sh" "$kernel")
tree=$("$vm_dir/tree.sh")
declare -A built_in=([$kernel]=$out)	# by kernel: what its modules are built with
# And what a guest of the tests boots, and loads
declare -A image=([$kernel]=$out/vmlinuz) modules=([$kernel]=$out/root/lib/modules)
if [ "$kernel" = test ]; then
	stock=$("$vm_dir/fetch.sh" package)
	built_in[stock]=$stock/build
	image[stock]=$stock/vmlinuz modules[stock]=$stock/lib/modules
fi

# build_modules FOLDER: its modules, for each kernel, to where guest-tests.sh
# looks for them.  Their BTF is on top of the kernel's, which make does not know of.
build_modules()
{
	local on source target
	[ -d "$tree/tools/testing/selftests/$1/test_modules" ] || return 0
	for on in "${kernels[@]}"; do
		source=$build/modules/$on/$1
		target=$build/install/$1/test_modules/$on
		mkdir -p "$source" "$target"
		rsync -a "$tree/tools/testing/selftests/$1/test_modules/" "$source/" &&
			rm -f "$source"/*.ko &&
			make -j"$(nproc)" -C "$source" KDIR="${built_in[$on]}" &&
			cp "$source"/*.ko "$target" || return 1
	done
}

begin "test programs"
build=$cache/build/selftests
mkdir -p "$log_dir" "$build"
# What the tests in shell expect beside them, as all kselftests install it
install -D -m 644 "$tree/tools/testing/selftests/kselftest/ktap_helpers.sh" \
	"$build/install/kselftest/ktap_helpers.sh"
declare -A programs=()
for folder in "${folders[@]}"; do
	log=$log_dir/selftests-${folder//\//-}.log
	rm -rf "${build:?}/install/$folder"
	mkdir -p "$build/$folder" "$build/install/$folder"
	if ! make -j"$(nproc)" -C "$tree/tools/testing/selftests/$folder" \
		OUTPUT="$build/$folder" INSTALL_PATH="$build/install/$folder" \
		KHDR_INCLUDES="-isystem $out/headers/include" \
		VMLINUX_BTF="$out/vmlinux" TEST_GEN_MODS_DIR= \
		all install >"$log" 2>&1 ||
	   ! build_modules "$folder" >>"$log" 2>&1; then
		tail -n 30 "$log" >&2
		die "the tests in $folder do not build; the whole log: $log"
	fi
	programs[$folder]=$(make -s -C "$tree/tools/testing/selftests/$folder" \
		OUTPUT="$build/$folder" COLLECTION=. emit_tests 2>>"$log" |
		sed 's/^\.://' | tr '\n' ' ')
done
# bpfnic.ko, for each kernel, where guest-tests.sh finds it for the folders whose
# settings say modules=drivers/net/bpfnic.
for on in "${kernels[@]}"; do
	target=$build/install/drivers/net/bpfnic/test_modules/$on
	ko=$("$vm_dir/modules.sh" for "${built_in[$on]}")
	mkdir -p "$target"
	cp "$ko" "$target/"
done
make -C "$top/tools/net/vnetctl" O="$top/build/vnetctl" \
	KHDR="$out/headers/include" >"$log_dir/vnetctl.log" 2>&1 || {
	tail -n 30 "$log_dir/vnetctl.log" >&2
	die "vnetctl does not build; the whole log: $log_dir/vnetctl.log"
}

# What PATTERN names: programs, or else cases.
filter_cases=
selected=0
for folder in "${folders[@]}"; do
	for program in ${programs[$folder]}; do
		if wants "$folder $program"; then selected=$((selected + 1)); fi
	done
done
for module in "${kunit_modules[@]}"; do
	if wants "kunit $module"; then selected=$((selected + 1)); fi
done
if [ "$kernel" = test ]; then
	for name in "${demos[@]}"; do
		if wants "e2e.$name"; then selected=$((selected + 1)); fi
	done
fi
[ "$selected" -gt 0 ] || filter_cases=1

chosen()
{
	[ "$filter_cases" ] || wants "$@"
}

# Marks, per folder: kinds[], stems[] and globs[] in order.
load_marks()
{
	local kind stem glob
	kinds=() stems=() globs=() hits=()
	[ -f "$selftests/$1/marks" ] || return 0
	while read -r kind stem glob; do
		case $kind in
		'' | \#* | splat) continue ;;
		bites | guards | ours) ;;
		*) die "$1/marks: '$kind' is not bites, guards or ours" ;;
		esac
		[ "$glob" ] || die "$1/marks: no pattern after '$kind $stem'"
		if [ "$stem" != - ] && ! compgen -G "$patches/*/$stem.patch" >/dev/null; then
			die "$1/marks: no patch $stem"
		fi
		kinds+=("$kind") stems+=("$stem") globs+=("$glob") hits+=(0)
	done <"$selftests/$1/marks"
}

# parse FILE: a program's TAP into $work/cases.
parse()
{
	awk -f "$vm_dir/tap.awk" "$1" >"$work/cases"
}

declare -A got=() line_of=()	# by "kernel|program case"
declare -A died=()		# by program: the complaint with which its machine died
order=()			# "program case", as our kernel reports them
complaints=()			# "name TAB detail": failures that are no case

# collect KERNEL FOLDER PROGRAM STATUS FILE: note the program's cases.
collect()
{
	local on=$1 program=$3 status=$4 file=$5
	local result name text plan='' count=0 seen=0 bad=0 allskip=''
	parse "$file"
	while IFS=$'\t' read -r result name text; do
		case $result in
		plan) plan=$name ;;
		done) count=$name ;;
		allskip) allskip=$name ;;
		*)
			seen=$((seen + 1))
			[ "$result" != 'not ok' ] || bad=1
			[ "$result" != xfail ] || result=ok
			if [ -n "${got["$on|$program $name"]:-}" ]; then
				complaints+=("$program $name"$'\t'"reported twice")
			fi
			got["$on|$program $name"]=$result
			line_of["$on|$program $name"]=$text
			if [ "$on" = "$kernel" ]; then order+=("$program $name"); fi
			;;
		esac
	done <"$work/cases"
	[ "$on" = "$kernel" ] || return 0
	if [ "$allskip" ] || { [ "$status" = 4 ] && [ "$seen" -eq 0 ]; }; then
		got["$on|$program (all)"]=skip
		line_of["$on|$program (all)"]=${allskip:-exit status 4}
		order+=("$program (all)")
	elif [ "$status" = none ]; then
		complaints+=("$program"$'\t'"did not end; $count cases came")
	elif [ "$status" = 124 ] || [ "$status" = 137 ]; then
		complaints+=("$program"$'\t'"was ended, $count cases came; its last words: $(grep . "$file" | tail -n 2 | paste -sd ' ')")
	elif [ -z "$plan" ]; then
		complaints+=("$program"$'\t'"announced no plan (1..N); exit status $status")
	elif [ "$plan" -ne "$count" ]; then
		complaints+=("$program"$'\t'"announced $plan cases, $count came; exit status $status")
	elif [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
		complaints+=("$program"$'\t'"exit status $status although no case failed")
	elif [ "$plan" -eq 0 ]; then
		complaints+=("$program"$'\t'"has no case")
	fi
}

# setting FOLDER NAME: its value, if it is set
setting()
{
	sed -n "s|^$2=\([0-9a-z/_]*\)\$|\1|p" "$selftests/$1/settings" 2>/dev/null || true
}

# splat_of KERNEL FOLDER PROGRAM: what it is to complain with, if marks say so
splat_of()
{
	[ "$1" = stock ] || return 0
	sed -n "s|^splat[[:space:]]\+$3[[:space:]]\+||p" "$selftests/$2/marks" 2>/dev/null || true
}

# timeout_of FOLDER: for how many seconds one program may say nothing
timeout_of()
{
	local seconds
	seconds=$(setting "$1" timeout)
	seconds=${seconds:-45}
	[ "$seconds" -gt 0 ] || seconds=600
	echo "$seconds"
}

# run_programs KERNEL FOLDER SPLAT PROGRAM...: one boot, or none where `settings` say
# vm=no.  Each program's output goes to build/test/ as PROGRAM.tap, its exit status beside
# it, and what is the machine's to a folder of its own where it has to complain.
run_programs()
{
	local on=$1 folder=$2 expect=$3 out=$results/$1/$2 vm seconds memory modules_of
	local status=0 in_vm=()
	shift 3
	vm=$out${expect:+/$1.vm}
	seconds=$(($(timeout_of "$folder") * patience))
	memory=$(setting "$folder" memory)
	modules_of=$(setting "$folder" modules)	# of another folder
	mkdir -p "$vm"
	[ "$(setting "$folder" vm)" = no ] ||
		in_vm=("$vm_dir/run.sh" --kernel "$on"
		       --timeout $((seconds + 60 * patience)) --limit "$vm_limit"
		       --tcg-threads "$(threads_for "$folder")"
		       ${memory:+--memory "$memory"}
		       ${expect:+--expect-splat "($expect)|Oops:|Kernel panic"}
		       --log "$vm/console.log" --)
	"${in_vm[@]}" \
		env VNETCTL="$top/build/vnetctl/vnetctl" VNET_SPLAT="$splat" \
		VNET_VMLINUZ="${image[$on]}" VNET_MODULES="$(echo "${modules[$on]}"/*)" \
		KSFT_MACHINE_SLOW="$slow" VNET_SEED="$seed" VNET_COUNT="$count" \
		VNET_IN_VM="${in_vm:+yes}" WATCH_LIMIT="$program_limit" \
		"$vm_dir/guest-tests.sh" "$nonce" "$build/install/$folder" \
		"$build/install/${modules_of:-$folder}/test_modules/$on" "$seconds" "$@" \
		>"$vm/output" 2>"$vm/errors" || status=$?
	awk -v nonce="$nonce" -v dir="$out" '
		$1 == nonce && $2 == "begin" { file = dir "/" $3 ".tap"; printf "" >file; next }
		$1 == nonce && $2 == "end" { print $3 >(file ".status"); close(file); file = ""; next }
		file { print >file }
	' "$vm/output"
	echo "$status" >"$vm/status"
}

# run_folder KERNEL FOLDER PROGRAM...: as few boots as will do
run_folder()
{
	local on=$1 folder=$2 out=$results/$1/$2 program expect together=()
	shift 2
	rm -rf "$out"
	mkdir -p "$out"
	for program; do
		expect=$(splat_of "$on" "$folder" "$program")
		if [ "$expect" ]; then
			run_programs "$on" "$folder" "$expect" "$program"
		else
			together+=("$program")
		fi
	done
	[ ${#together[@]} -eq 0 ] || run_programs "$on" "$folder" "" "${together[@]}"
}

# collect_vm KERNEL VM [PROGRAM REGEX]: note how a machine ended.
collect_vm()
{
	local on=$1 vm=$2 status line
	status=$(cat "$vm/status" 2>/dev/null || echo 1)
	if [ "$status" = 98 ] && [ "${4:-}" ] &&
	   line=$(grep -m 1 -aE -- "$4" "$vm/console.log"); then
		died[$3]=$line
		return
	fi
	case $status in
	0) ;;
	99)
		cat "$vm/errors" >&2
		complaints+=("kernel splat"$'\t'"on the $on kernel: $(grep -m 1 -aE 'WARNING|BUG|Oops|panic|ODEBUG|UBSAN|refcount|kmemleak|INFO' "$vm/errors" || true)")
		;;
	*)
		cat "$vm/errors" >&2
		complaints+=("virtual machine"$'\t'"on the $on kernel: run.sh did not end well, see $vm/errors")
		;;
	esac
}

# collect_folder KERNEL FOLDER PROGRAM...: note what run_folder left.
collect_folder()
{
	local on=$1 folder=$2 out=$results/$1/$2 program file expect others=''
	shift 2
	for program; do
		expect=$(splat_of "$on" "$folder" "$program")
		if [ "$expect" ]; then
			collect_vm "$on" "$out/$program.vm" "$program" "$expect"
		else
			others=1
		fi
		file=$out/$program.tap
		if [ ! -f "$file" ]; then
			: >"$file"
		fi
		if [ -f "$file.status" ]; then
			collect "$on" "$folder" "$program" "$(cat "$file.status")" "$file"
		else
			collect "$on" "$folder" "$program" none "$file"
		fi
	done
	[ -z "$others" ] || collect_vm "$on" "$out"
}

# details KERNEL FOLDER PROGRAM NAME: what the program said before it failed.
details()
{
	awk -v want="${line_of["$1|$3 $4"]}" '
		$0 == want { printf "%s", said; exit }
		/^(not )?ok / { said = ""; next }
		{ said = said "        " $0 "\n" }
	' "$results/$1/$2/$3.tap" | tail -n 12
}

# judge FOLDER: its cases by its marks.
judge()
{
	local folder=$1 key i kind stem ours stock note
	for key in "${order[@]}"; do
		chosen "$folder" "${key%% *}" || continue
		[ -z "$filter_cases" ] || wants "$folder $key" || continue
		kind='' stem=-
		for i in "${!globs[@]}"; do
			# shellcheck disable=SC2053	# a glob, on purpose
			if [[ $key == ${globs[i]} ]]; then
				kind=${kinds[i]} stem=${stems[i]}
				hits[i]=1
				break
			fi
		done
		ours=${got["$kernel|$key"]}
		stock=${got["stock|$key"]:-}
		if [ -z "$stock" ] && [ "${died[${key%% *}]:-}" ]; then
			stock='not ok'
			line_of["stock|$key"]=${died[${key%% *}]}
		fi
		note=
		case $ours in
		skip) verdict skip "$folder: $key: ${line_of["$kernel|$key"]}" ;;
		ok)
			if [ -z "$kind" ]; then
				note="no line of marks names it"
			elif [ "$kernel" = debug ]; then
				:
			elif [ "$kind" = bites ]; then
				case $stock in
				'not ok') ;;
				'') note="bites, but gave no result on the stock kernel" ;;
				*) note="bites, but is '$stock' on the stock kernel" ;;
				esac
			elif [ "$kind" = guards ] && [ "$stock" != ok ]; then
				note="guards, but is '${stock:-missing}' on the stock kernel"
			fi
			if [ "$note" ]; then
				verdict FAIL "$folder: $key: $note"
			else
				verdict pass "$folder: $key (${kind})"
			fi
			;;
		*)
			verdict FAIL "$folder: $key: ${line_of["$kernel|$key"]}"
			details "$kernel" "$folder" "${key%% *}" "${key#* }"
			;;
		esac
		report_rows+=("$stem"$'\t'"$folder: $key"$'\t'"${kind:-unmarked}"$'\t'"${line_of["stock|$key"]:-–}"$'\t'"${line_of["$kernel|$key"]}")
	done
	# A mark that names nothing hides a test that went away.
	if [ -z "$pattern" ]; then
		for i in "${!globs[@]}"; do
			[ "${hits[i]}" -eq 1 ] ||
				complaints+=("marks"$'\t'"no case for: ${kinds[i]} ${stems[i]} ${globs[i]}")
		done
	fi
	for key in "${complaints[@]}"; do
		verdict FAIL "$folder: ${key%%$'\t'*}: ${key#*$'\t'}"
		report_rows+=("-"$'\t'"$folder: ${key%%$'\t'*}"$'\t'"–"$'\t'"–"$'\t'"${key#*$'\t'}")
	done
}

# What may take longest comes first, so that no CPU is idle at the end.
mapfile -t runs < <(
	for folder in "${folders[@]}"; do
		if [ "$(setting "$folder" "$kernel")" = no ]; then continue; fi
		list=()
		for program in ${programs[$folder]}; do
			if chosen "$folder $program"; then list+=("$program"); fi
		done
		[ ${#list[@]} -eq 0 ] ||
			echo "$((${#list[@]} * $(timeout_of "$folder"))) $folder ${list[*]}"
	done | sort -k1,1nr -s | cut -d' ' -f2-)
kunit=()
for module in "${kunit_modules[@]}"; do
	if chosen "kunit $module"; then kunit+=("$module"); fi
done
e2e=()
if [ "$kernel" = test ]; then
	for name in "${demos[@]}"; do
		if wants "e2e.$name"; then e2e+=("$name"); fi
	done
fi
steps=$((2 + ${#runs[@]} * ${#kernels[@]} + ${#kunit[@]} + ${#e2e[@]}))

# 2. The selftests, as many boots at a time as there are CPUs: most of a test is
# waiting, and what is not uses one CPU.  A guest's two CPUs share a thread then.
# With one each, they wait for each other's locks while neither is on a CPU.
# Where `settings` say parallel=yes, a test is about what runs at the same time.
threads_for()
{
	if [ "$(setting "$1" parallel)" = yes ]; then
		echo multi
	else
		echo single
	fi
}

boots=()	# "KERNEL FOLDER PROGRAM..."
for run in "${runs[@]}"; do
	for on in "${kernels[@]}"; do
		boots+=("$on $run")
	done
done
started=0

start_boots()
{
	local on folder list
	while [ "$started" -lt ${#boots[@]} ] &&
	      [ "$(jobs -rp | wc -l)" -lt "$(nproc)" ]; do
		read -r on folder list <<<"${boots[started]}"
		begin "$folder on the $on kernel"
		set -m
		# shellcheck disable=SC2086	# a list of names
		run_folder "$on" "$folder" $list &
		set +m
		pids[started]=$!
		started=$((started + 1))
	done
}

done=0
for run in "${runs[@]}"; do
	read -r folder list <<<"$run"
	got=() line_of=() died=() order=() complaints=()
	load_marks "$folder"
	for on in "${kernels[@]}"; do
		start_boots
		while kill -0 "${pids[done]}" 2>/dev/null; do
			wait -n || true
			start_boots
		done
		# shellcheck disable=SC2086	# a list of names
		collect_folder "$on" "$folder" $list
		done=$((done + 1))
	done
	judge "$folder"
done

# 3. KUnit: only our kernel has it.
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

# run_kunit MODULE: its results go to build/test/, its status and what else came beside
# them.
run_kunit()
{
	local file=$results/$kernel/kunit-$1.tap status=0
	# shellcheck disable=SC2016	# for the guest's shell
	"$vm_dir/run.sh" --kernel "$kernel" --timeout $((120 * patience)) \
		--limit "$program_limit" --tcg-threads single --log "$file.log" -- \
		/bin/sh -c 'modprobe "$1" && cat /sys/kernel/debug/kunit/*/results' \
		sh "$1" >"$file" 2>"$file.errors" || status=$?
	echo "$status" >"$file.status"
}

# judge_kunit MODULE
judge_kunit()
{
	local file=$results/$kernel/kunit-$1.tap stem found=0 status result name text
	status=$(cat "$file.status" 2>/dev/null || echo none)
	parse "$file"
	stem=$(patch_with "$1.c")
	while IFS=$'\t' read -r result name text; do
		case $result in
		plan | done | allskip) continue ;;
		esac
		found=$((found + 1))
		[ -z "$filter_cases" ] || wants "kunit $1 $name" || continue
		case $result in
		ok | xfail) verdict pass "kunit: $name" ;;
		skip) verdict skip "kunit: $name" ;;
		*)
			verdict FAIL "kunit: $name: $text"
			sed -n 's/^ *# /        # /p' "$file" | sed -n 1,12p
			;;
		esac
		report_rows+=("${stem:--}"$'\t'"kunit: $name"$'\t'ours$'\t'–$'\t'"$text")
	done <"$work/cases"
	if [ "$status" != 0 ]; then
		cat "$file.errors" >&2
		verdict FAIL "kunit: $1: run.sh ended with $status"
	elif [ "$found" -eq 0 ]; then
		verdict FAIL "kunit: $1: no results"
	fi
}

# start FUNCTION NAME: in the background, as soon as there is a CPU for it
start()
{
	while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do
		wait -n || true
	done
	begin "$2 on the $kernel kernel"
	set -m
	"$@" &
	set +m
	pids+=("$!")
}

mkdir -p "$results/$kernel" "$results/e2e"
for module in "${kunit[@]}"; do
	rm -f "$results/$kernel/kunit-$module.tap".*
	start run_kunit "$module"
done

# 4. End to end: the demonstration, and that it notices a wrong key.
# run_demo NAME: its output goes to build/test/e2e/NAME.txt, its status beside it.
run_demo()
{
	local file=$results/e2e/$1.txt status=0 how=()
	case $1 in
	demo_steering) how=(DEMO_STEERING=1) ;;
	demo_libvirt*) how=(DEMO_VMM="$(tr _ - <<<"${1#demo_}")") ;;
	demo_break_key) how=(DEMO_BREAK_KEY=1) ;;
	*) how=(DEMO_TAP="${1#demo_}") ;;
	esac
	env "${how[@]}" DEMO_DIR="$results/e2e/$1" "$vm_dir/demo.sh" >"$file" 2>&1 ||
		status=$?
	echo "$status" >"$file.status"
}

for name in "${e2e[@]}"; do
	rm -f "$results/e2e/$name.txt.status"
	start run_demo "$name"
done
wait
for module in "${kunit[@]}"; do
	judge_kunit "$module"
done
for name in "${e2e[@]}"; do
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
		verdict FAIL "e2e.$name: $note"
		tail -n 30 "$file" | sed 's/^/        /'
	else
		verdict pass "e2e.$name"
	fi
	report_rows+=("-"$'\t'"e2e.$name"$'\t'ours$'\t'–$'\t'"${note:-as wanted}")
done

# 5. The report, patch by patch.
{
	echo "# Tests by patch"
	echo
	echo "Kernel $("$vm_dir/fetch.sh" version) ($kernel)${pattern:+, only what matches \`$pattern\`}: $passed passed, $failed failed, $skipped skipped."
	for topic in $(topics); do
		for patch in $(patches_of "$topic"); do
			echo "${patch%.patch}"
		done
	done | { cat; echo -; } | while read -r stem; do
		rows=$(printf '%s\n' "${report_rows[@]}" |
			awk -F'\t' -v stem="$stem" '$1 == stem {
				gsub(/\|/, "\\|")
				printf "| %s | %s | %s | %s |\n", $2, $3, $4, $5
			}')
		[ "$rows" ] || [ "$stem" != - ] || continue
		printf '\n## %s\n\n' "${stem/#-/No one patch}"
		if [ "$rows" ]; then
			printf '| test | mark | stock | ours |\n| --- | --- | --- | --- |\n%s\n' "$rows"
		else
			echo "No test names this patch."
		fi
	done
} >"$report"

if [ $((passed + failed + skipped)) -eq 0 ]; then
	verdict FAIL "nothing ran${pattern:+: no test matches $pattern}"
fi
printf 'report: %s\n' "${report#"$top"/}" >&2
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
