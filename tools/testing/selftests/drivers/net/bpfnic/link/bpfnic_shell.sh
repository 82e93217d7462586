#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# For the tests of bpfnic by the usual tools: a test is a function t_NAME of the caller,
# which names them all in TESTS and calls run_tests.
#
# shellcheck disable=SC2034	# what the caller reads

HERE=$(cd "$(dirname "$0")" && pwd)
readonly HERE DEBUGFS=/sys/kernel/debug/bpfnic
# shellcheck source=/dev/null
. "$HERE/../../../../kselftest/ktap_helpers.sh"

skip_all()
{
	ktap_print_header
	ktap_skip_all "$*"
	exit "$KSFT_SKIP"
}

# own_netns TOOL...: start the caller again in a network namespace, if there are the tools
own_netns()
{
	local tool
	if [[ -z ${BPFNIC_TEST_NETNS:-} ]]; then
		[[ $EUID -eq 0 ]] || skip_all "needs root"
		for tool in ip unshare "$@"; do
			type -P "$tool" >/dev/null || skip_all "needs $tool"
		done
		[[ -d /sys/module/bpfnic ]] || modprobe -q bpfnic ||
			skip_all "needs the module bpfnic"
		BPFNIC_TEST_NETNS=1 exec unshare --net --mount -- "$0"
	fi
	# The links of this namespace, and what belongs to none
	mount -t sysfs sysfs /sys
	mount -t debugfs debugfs /sys/kernel/debug
	mount -t bpf bpf /sys/fs/bpf
	WORK=$(mktemp -d)
	trap 'clean; rm -rf "$WORK"' EXIT
}

# --- what a test is made of ---------------------------------------------------

FAILED=0	# expectations of the current test that did not come true
RC=0 OUT='' ERR=''

# Runs a command and keeps its exit code and what it printed.
try()
{
	RC=0
	"$@" >"$WORK/out" 2>"$WORK/err" || RC=$?
	OUT=$(<"$WORK/out")
	ERR=$(<"$WORK/err")
}

differs()
{
	FAILED=$((FAILED + 1))
	# every line of a diagnostic starts with #
	echo "# $1: expected: ${2//$'\n'/$'\n'#   }"
	echo "# $1: got: ${3//$'\n'/$'\n'#   }"
}

expect_same()
{
	[[ $2 == "$3" ]] || differs "$1" "$2" "$3"
}

# expect_has WHAT PART WHOLE
expect_has()
{
	[[ $3 == *"$2"* ]] || differs "$1" "...$2..." "$3"
}

expect_has_not()
{
	[[ $3 != *"$2"* ]] || differs "$1" "no $2" "$3"
}

# What a test starts from, or what is to work
given()
{
	try "$@"
	[[ $RC -eq 0 ]] || differs "$*" "success" "$RC, $ERR"
}

# refused MESSAGE COMMAND...: fails, with a message that has this in it
refused()
{
	local message=$1
	shift
	try "$@"
	[[ $RC -ne 0 ]] || differs "$*" "failure" "success"
	expect_has "$*" "$message" "$ERR"
}

# ips LINE...: several commands of ip, which are to work
ips()
{
	printf '%s\n' "$@" >"$WORK/batch"
	given ip -batch "$WORK/batch"
}

exists()
{
	[[ -e /sys/class/net/$1 ]]
}

expect_links()
{
	local name
	for name; do
		exists "$name" || differs "link $name" "there" "not there"
	done
}

expect_no_links()
{
	local name
	for name; do
		! exists "$name" || differs "link $name" "not there" "there"
	done
}

# net NAME FILE: what sysfs says of a link
net()
{
	echo "$(<"/sys/class/net/$1/$2")"
}

# objects FILE: COUNT is the number of lines in all devices' files in debugfs
objects()
{
	local file line
	COUNT=0
	for file in "$DEBUGFS"/*/"$1"; do
		[[ -e $file ]] || continue
		while read -r line; do
			[[ -z $line ]] || COUNT=$((COUNT + 1))
		done <"$file"
	done
}

# expect_objects PORTS MAPS PROGRAMS: now, or soon
expect_objects()
{
	local i got
	for ((i = 0; i < 1200; i++)); do
		objects ports
		got="$COUNT ports"
		objects maps
		got+=", $COUNT maps"
		objects programs
		got+=", $COUNT programs"
		[[ $got != "$1 ports, $2 maps, $3 programs" ]] || return 0
		sleep 0.05
	done
	differs "the module's objects" "$1 ports, $2 maps, $3 programs" "$got"
}

# Nothing is left of a test.
clean()
{
	local path lines=()
	for path in /run/netns/bpfnic-*; do
		[[ ! -e $path ]] || lines+=("netns del ${path##*/}")
	done
	for path in /sys/class/net/*; do
		[[ ${path##*/} == lo ]] || lines+=("link del ${path##*/}")
	done
	if [[ ${#lines[@]} -gt 0 ]]; then
		printf '%s\n' "${lines[@]}" >"$WORK/batch"
		# With one end of a pair, the other goes.
		ip -force -batch "$WORK/batch" 2>/dev/null || true
	fi
	for path in /sys/fs/bpf/*; do
		[[ ! -e $path ]] || rm -rf "$path"
	done
}

run_test()
(
	set -eE
	trap 'echo "# line $LINENO: $BASH_COMMAND: failed"' ERR
	"t_$1"
	clean
	expect_objects 0 0 0
	trap - ERR
	[[ $FAILED -eq 0 ]]
)

run_tests()
{
	local name result
	ktap_print_header
	ktap_set_plan "${#TESTS[@]}"
	for name in "${TESTS[@]}"; do
		set +e
		run_test "$name"
		result=$?
		set -e
		if [[ $result -eq 0 ]]; then
			ktap_test_pass "$name"
		else
			ktap_test_fail "$name"
			clean
		fi
	done
	ktap_finished
}
