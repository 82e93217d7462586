# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# To wait for a process on a machine that may be busy: a wait ends when nothing moves any
# more, not when a clock says so.  To be sourced, by bash.
#
# What moves is what grows: consoles, the output of a program.  Time without that counts
# as far as the process had its turn: while its threads wait for a CPU, which
# /proc/PID/task/*/schedstat tells where the kernel has it, nothing is its fault.  What
# sleeps for ever and what loops without a word so come to an end, sooner or later.
# What never stops talking ends after WATCH_LIMIT seconds.
#
# A virtual machine does not know how much of the time it was not running.  Who watches it
# writes its own time, in hundredths of a second, to WATCH_TELL, and inside that file is
# the clock, as WATCH_CLOCK.

# The processor of a machine that QEMU emulates.  QEMU 7.2 gets the flags of CMPXCHG16B
# wrong (gen_cmpxchg16b() does not store cc_op; 8.0 does without the helper): where an
# interrupt comes right behind it, a pointer's bits may become flags, and the kernel dies
# in its allocator.  The busier the host, the more often.
# shellcheck disable=SC2034	# what the caller reads
EMULATED_CPU=max,cx16=off

: "${WATCH_LIMIT:=1800}" "${WATCH_TELL:=}" "${WATCH_CLOCK:=/run/watch/clock}"

# watch_start PID SECONDS [FILE...]: from now on watch_over is to tell when none of the
# FILEs, which need not be there yet, has grown for SECONDS.
watch_start()
{
	watch_pid=$1 watch_quiet=$2
	shift 2
	watch_files=("$@") watch_now=0
	until [[ $watch_now -gt 0 ]]; do watch_clock; done
	watch_end=$((watch_now + WATCH_LIMIT * 100))
	watch_delays=() watch_own=0 watch_told=0
	watch_moved
}

# watch_moved: what is waited for has moved, in a way that no file shows
watch_moved()
{
	watch_size=$(watch_sizes)
	watch_idle=0
}

# watch_over: it is to be given up; WATCH_WHY says why
watch_over()
{
	local then=$watch_now size task delay wait=0

	watch_clock
	for task in "/proc/$watch_pid/task/"*; do
		[[ ! -r $WATCH_CLOCK ]] || break	# which knows better
		read -r _ delay _ 2>/dev/null <"$task/schedstat" || continue
		delay=$((delay / 10000000))
		task=${task##*/}
		if [[ $((delay - ${watch_delays[task]:-delay})) -gt $wait ]]; then
			wait=$((delay - watch_delays[task]))
		fi
		watch_delays[task]=$delay
	done
	# What a thread waited for long is told when it is over.
	watch_own=$((watch_own + watch_now - then - wait))
	if [[ $WATCH_TELL && $watch_own -gt $watch_told ]]; then
		watch_told=$watch_own
		echo "$watch_told" >"$WATCH_TELL"
	fi
	size=$(watch_sizes)
	if [[ $size != "$watch_size" ]]; then
		watch_size=$size
		watch_idle=0
	else
		watch_idle=$((watch_idle + watch_now - then - wait))
	fi
	if [[ $watch_idle -ge $((watch_quiet * 100)) ]]; then
		WATCH_WHY="nothing new came for $watch_quiet s"
	elif [[ $watch_now -ge $watch_end ]]; then
		WATCH_WHY="no end within $WATCH_LIMIT s"
	else
		return 1
	fi
}

# watch_process: wait for its end; false if it is to be given up
watch_process()
{
	while kill -0 "$watch_pid" 2>/dev/null; do
		! watch_over || return 1
		sleep 1
	done
}

# watch_group COMMAND...: once the process is to be given up, say why, do COMMAND, and end
# its group.  To be run in the background, by whoever waits for the process.
watch_group()
{
	watch_process && return
	echo "$WATCH_WHY"
	"$@"
	kill -TERM -- "-$watch_pid" || true
	sleep 5
	kill -KILL -- "-$watch_pid" || true
}

# In hundredths of a second
watch_clock()
{
	local now='' from=/proc/uptime
	[[ ! -r $WATCH_CLOCK ]] || from=$WATCH_CLOCK
	read -r now _ 2>/dev/null <"$from" || true
	# It is empty while it is written.
	[[ ! $now ]] || watch_now=$((10#${now/./}))
}

watch_sizes()
{
	[[ ${#watch_files[@]} -eq 0 ]] ||
		stat -c %s -- "${watch_files[@]}" 2>/dev/null || true
}
