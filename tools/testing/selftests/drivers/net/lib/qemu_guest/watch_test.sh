#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# That a wait by watch.sh ends when nothing moves any more, and not before.
set -euo pipefail

HERE=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
. "$HERE/../../../../kselftest/ktap_helpers.sh"
# shellcheck source=tools/testing/selftests/drivers/net/lib/qemu_guest/watch.sh
. "$HERE/watch.sh"

WORK=$(mktemp -d)
PIDS=()

finish()
{
	kill "${PIDS[@]}" 2>/dev/null || true
	rm -rf "$WORK"
}
trap finish EXIT

# begin COMMAND: to be watched, in the background; what it says goes to $WORK/said
begin()
{
	: >"$WORK/said"
	bash -c "$1" >"$WORK/said" &
	PIDS=("$!")
}

# gives_up SECONDS WHY: and not before SECONDS of its time
gives_up()
{
	local began=$SECONDS
	watch_start "${PIDS[0]}" "$1" "$WORK/said"
	if watch_process; then
		echo "# it ended by itself"
		return 1
	fi
	[[ $WATCH_WHY = "$2" && $((SECONDS - began)) -ge $(($1 - 1)) ]] && return 0
	echo "# after $((SECONDS - began)) s: $WATCH_WHY; wanted: $2"
	return 1
}

sleeps()
{
	begin "sleep 1000"
	gives_up 2 "nothing new came for 2 s"
}

loops()
{
	begin "while :; do :; done"
	gives_up 2 "nothing new came for 2 s"
}

# Much longer than it may say nothing
talks()
{
	begin "for i in {1..8}; do echo \$i; sleep 0.5; done"
	watch_start "${PIDS[0]}" 2 "$WORK/said"
	watch_process && return 0
	echo "# $WATCH_WHY after $(grep -c . "$WORK/said") lines"
	return 1
}

never_ends()
{
	local WATCH_LIMIT=3
	begin "while :; do echo; sleep 0.1; done"
	gives_up 2 "no end within 3 s"
}

# A file that is not there when the wait begins
new_file()
{
	begin "sleep 1.5; echo >$WORK/new; sleep 1.5"
	watch_start "${PIDS[0]}" 2 "$WORK/new"
	watch_process && return 0
	echo "# $WATCH_WHY"
	return 1
}

# It gets a small part of a CPU, so that a second of its time is many more.
waits_for_cpu()
{
	local began=$SECONDS cpu i
	cpu=$(taskset -pc $$ | sed 's/.*[ ,-]//')
	begin "while :; do :; done"
	for ((i = 0; i < 4; i++)); do
		bash -c "while :; do :; done" &
		PIDS+=("$!")
	done
	for i in "${PIDS[@]}"; do
		taskset -pc "$cpu" "$i" >/dev/null
	done
	watch_start "${PIDS[0]}" 1 "$WORK/said"
	! watch_process || return 1
	[[ $((SECONDS - began)) -ge 4 ]] && return 0
	echo "# given up after $((SECONDS - began)) s: $WATCH_WHY"
	return 1
}

# run NAME
run()
{
	if "$1"; then
		ktap_test_pass "$1"
	else
		ktap_test_fail "$1"
	fi
	kill "${PIDS[@]}" 2>/dev/null || true
	wait "${PIDS[@]}" 2>/dev/null || true
}

ktap_print_header
ktap_set_plan 6
run sleeps
run loops
run talks
run never_ends
run new_file
if [[ -r /proc/$$/schedstat ]] && type -P taskset >/dev/null; then
	run waits_for_cpu
else
	ktap_test_skip "waits_for_cpu: needs /proc/PID/schedstat and taskset"
fi
ktap_finished
