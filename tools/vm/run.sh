#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Run a command as root in a virtual machine that has this machine's files.
#
# The guest sees the host's root read-only, under a scratch overlay.  The
# command's output comes through byte for byte, its status is ours.  Whatever
# the command says, the run fails with 99 when the kernel complained.
set -euo pipefail
# shellcheck source=tools/vm/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tools/testing/selftests/drivers/net/lib/qemu_guest/watch.sh
. "$watch_lib"

help()
{
	cat <<-'END'
	usage: run.sh [OPTION...] -- COMMAND [ARG...]
	       run.sh [OPTION...] --shell

	  --kernel NAME           which kernel of tools/vm/kernels (test)
	  --cpus N                CPUs of the guest (2)
	  --memory MIB            its memory (as tools/vm/kernels has it)
	  --timeout SECONDS       end the run when nothing came from it for that long
	                          (300; a shell: after that, by default never)
	  --limit SECONDS         and after that in any case (2700)
	  --expect-splat REGEX    the kernel must complain so, and only so
	  --log FILE              the kernel's console (build/log/vm-KERNEL.log)
	  --modules "A B..."      modules to load first (Debian's kernels: a default list)
	  --accel auto|kvm|tcg    the accelerator (auto: KVM if a probe shows it works)
	  --tcg-threads single|multi
	                          threads of the host for the guest's CPUs (multi):
	                          one is faster where other guests run beside it
	  --icount                the guest's clock counts instructions; one CPU
	  --append "ARGS"         more for the kernel's command line
	  --shell                 an interactive shell on this terminal

	Nothing came: neither output nor a line on the console.  The time in which the
	guest waits for a CPU of this machine does not count.

	exit status: the command's; 124 time-out; 98 the guest ended without a
	status; 99 the kernel complained, or did not although it should have
	END
}

bad_usage()
{
	printf 'run.sh: %s\n' "$1" >&2
	help >&2
	exit 2
}

stock_modules="failover net_failover virtio_net tun tap macvlan macvtap ipvlan ipvtap vhost_iotlb vhost vhost_net veth dummy bridge 8021q vxlan sch_ingress sch_prio sch_multiq sch_tbf cls_bpf cls_flower cls_matchall cls_u32 act_mirred act_pedit act_skbedit"

kernel=test cpus=2 memory='' timeout='' limit=2700 expect='' log='' modules=default
accel=auto threads=multi icount='' append='' shell=''
while [ $# -gt 0 ]; do
	case $1 in
	--kernel | --cpus | --memory | --timeout | --limit | --expect-splat | \
	--log | --modules | --accel | --tcg-threads | --append)
		[ $# -ge 2 ] || bad_usage "$1 wants a value"
		;;
	esac
	case $1 in
	--kernel)	kernel=$2; shift ;;
	--cpus)		cpus=$2; shift ;;
	--memory)	memory=$2; shift ;;
	--timeout)	timeout=$2; shift ;;
	--limit)	limit=$2; shift ;;
	--expect-splat)	expect=$2; shift ;;
	--log)		log=$2; shift ;;
	--modules)	modules=$2; shift ;;
	--accel)	accel=$2; shift ;;
	--tcg-threads)	threads=$2; shift ;;
	--append)	append=$2; shift ;;
	--icount)	icount=1 ;;
	--shell)	shell=1 ;;
	--help | -h)	help; exit 0 ;;
	--)		shift; break ;;
	*)		bad_usage "unknown option $1 (a command comes after --)" ;;
	esac
	shift
done
for n in "$cpus" "${memory:-1}" "${timeout:-1}" "$limit"; do
	[[ $n =~ ^[1-9][0-9]*$ ]] || bad_usage "'$n' is not a positive number"
done
case $accel in
auto | kvm | tcg) ;;
*) bad_usage "unknown accelerator $accel" ;;
esac
case $threads in
single | multi) ;;
*) bad_usage "--tcg-threads takes single or multi, not $threads" ;;
esac
if [ "$shell" ]; then
	[ $# -eq 0 ] || bad_usage "--shell takes no command"
	[ -t 0 ] || die "--shell needs a terminal"
	set -- /bin/bash -i
fi
[ $# -gt 0 ] || bad_usage "no command given"
[ -z "$icount" ] || [ "$accel" != kvm ] || bad_usage "--icount works only with tcg"

# The kernel and its modules.
read_kernel "$kernel"
dir=$(kernel_dir "$kernel")
case $kernel_from in
package*) preload=$stock_modules ;;
*)
	[ -f "$dir/vnet-stamp" ] ||
		die "there is no $kernel kernel in $cache: run tools/vm/kernel.sh $kernel"
	stamp=$log_dir/kernel-$kernel.stamp
	if [ -f "$stamp" ] && ! cmp -s "$stamp" "$dir/vnet-stamp"; then
		die "the $kernel kernel in $cache is another checkout's: run tools/vm/kernel.sh $kernel"
	fi
	preload=
	;;
esac
modules_dir=$(modules_dir "$kernel")
[ "$modules" != default ] || modules=$preload
memory=${memory:-$kernel_memory}
qemu=$(command -v qemu-system-x86_64) ||
	die "no qemu-system-x86_64: run tools/vm/packages.sh"
initramfs=$("$vm_dir/initramfs.sh" "$kernel")

# KVM only where a boot of this kernel has shown that it works.
if [ "$icount" ]; then
	accel=tcg
elif [ "$accel" = auto ] && [ ! -w /dev/kvm ]; then
	accel=tcg
elif [ "$accel" = auto ]; then
	here=$(uname -r -v; "$qemu" --version | sed -n 1p)
	probed=$cache/accel-$kernel
	if [ -f "$probed" ] && [ "$(tail -n +2 "$probed")" = "$here" ]; then
		accel=$(head -n 1 "$probed")
	else
		say "probing whether KVM runs the $kernel kernel (at most 60 s, once)"
		accel=tcg
		if "$0" --kernel "$kernel" --accel kvm --timeout 20 --limit 60 \
			--modules '' --log /dev/null -- /bin/true >/dev/null 2>&1; then
			accel=kvm
		fi
		say "using $accel"
		if ! printf '%s\n' "$accel" "$here" 2>/dev/null >"$probed"; then
			say "note: cannot write $probed, so this will be probed each time"
		fi
	fi
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/vnet-run.XXXXXX")
console=$work/console
qemu_pid='' watch_job=
# shellcheck disable=SC2317	# called by the trap
finish()
{
	trap - EXIT
	[ -z "$watch_job" ] || kill "$watch_job" 2>/dev/null || true
	if [ "$qemu_pid" ]; then
		kill -KILL -- "-$qemu_pid" 2>/dev/null || true
		wait "$qemu_pid" 2>/dev/null || true
	fi
	if [ -s "$console" ]; then
		if [ -z "$log" ] && mkdir -p "$log_dir" 2>/dev/null && [ -w "$log_dir" ]; then
			log=$log_dir/vm-$kernel.log
		fi
		[ -z "$log" ] || cat "$console" >"$log"
	fi
	rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# The job, appended to the initramfs.
quoted()
{
	local word
	for word; do
		printf " '%s'" "${word//\'/\'\\\'\'}"
	done
}

cwd=$(pwd -P)
binds=
for folder in "$top" "$cache" "$cwd"; do
	case $folder in
	*[[:space:]]*) die "cannot work in a folder with blanks in its name: $folder" ;;
	/tmp/* | /run/* | /dev/shm/*) binds+=" $folder" ;;
	esac
done
nonce=$(od -An -N8 -tx8 /dev/urandom | tr -d ' ')
mkdir "$work/job"
{
	printf 'nonce=%s\nshell=%s\n' "$nonce" "$shell"
	printf 'cwd=%s\n' "$(quoted "$cwd" | cut -c2-)"
	printf "binds='%s'\nmodules_dir='%s'\nmodules='%s'\n" "$binds" "$modules_dir" "$modules"
	if [ "$shell" ]; then
		read -r rows cols < <(stty size)
		printf 'rows=%s\ncols=%s\n' "$rows" "$cols"
	fi
	printf "term='%s'\n" "${TERM:-dumb}"
	printf 'set --%s\n' "$(quoted "$@")"
} >"$work/job/job"
{
	cat "$initramfs"
	(cd "$work/job" && echo job | cpio --quiet -o -H newc -R 0:0)
} >"$work/initrd"

cmdline="console=ttyS0 loglevel=7 panic=-1 oops=panic printk.devkmsg=on"
cmdline+=" rdinit=/init mitigations=off rcupdate.rcu_cpu_stall_timeout=60"
# Making and deleting devices is mostly waiting for grace periods.
[ "$icount" ] || cmdline+=" rcupdate.rcu_expedited=1"
# shellcheck disable=SC2054	# the commas are QEMU's
args=(-nodefaults -no-user-config -no-reboot -display none
	-machine q35 -m "$memory"
	-kernel "$dir/vmlinuz" -initrd "$work/initrd"
	-fsdev local,id=host,path=/,security_model=none,readonly=on,multidevs=remap
	-device virtio-9p-pci,fsdev=host,mount_tag=host
	-chardev "file,id=console,path=$console" -serial chardev:console
	-chardev stdio,id=output,signal=off -serial chardev:output)
mkdir "$work/watch"
if [ -z "$icount" ] && [ -z "$shell" ]; then
	# Where the guest finds how much time it really had.
	# shellcheck disable=SC2054	# the commas are QEMU's
	args+=(-fsdev "local,id=watch,path=$work/watch,security_model=none,readonly=on"
	       -device virtio-9p-pci,fsdev=watch,mount_tag=watch)
fi
if [ "$icount" ]; then
	# With all instructions, as those of a real machine are to be counted
	# shellcheck disable=SC2054
	args+=(-accel tcg,thread=single -cpu max -smp 1 -icount shift=0,sleep=off)
	cmdline+=" nokaslr no_timer_check"
elif [ "$accel" = kvm ]; then
	args+=(-accel kvm -cpu host -smp "$cpus")
else
	# shellcheck disable=SC2054
	args+=(-accel "tcg,thread=$threads" -cpu "$EMULATED_CPU" -smp "$cpus")
	# With 5-level paging KASAN misjudges addresses while a CPU is set up.
	cmdline+=" no5lvl no_timer_check"
fi
args+=(-append "$cmdline${append:+ $append}")

: >"$console"
status=0
if [ "$shell" ]; then
	shell_limit=()
	[ -z "$timeout" ] || shell_limit=(timeout --foreground --kill-after=5 "$timeout")
	"${shell_limit[@]}" "$qemu" "${args[@]}" 2>"$work/qemu" || status=$?
else
	# Through a pipe: QEMU would make our standard output non-blocking.
	mkfifo "$work/output"
	tee "$work/said" <"$work/output" &
	tee_pid=$!
	setsid "$qemu" "${args[@]}" </dev/null >"$work/output" 2>"$work/qemu" &
	qemu_pid=$!
	WATCH_LIMIT=$limit WATCH_TELL=$work/watch/clock WATCH_CLOCK=
	echo 1 >"$WATCH_TELL"
	watch_start "$qemu_pid" "${timeout:-300}" "$console" "$work/said"
	(trap - EXIT; watch_group true) </dev/null >"$work/given_up" 2>/dev/null &
	watch_job=$!
	wait "$qemu_pid" || status=$?
	kill "$watch_job" 2>/dev/null || true
	watch_job=
	wait "$tee_pid" || true
	qemu_pid=
fi

# What the kernel said.
text=$work/text
tr -d '\r\000' <"$console" >"$text"
grep -aEn "$splat" "$text" >"$work/splats" || true
if [ "$expect" ]; then
	grep -aEv -- "$expect" "$work/splats" >"$work/others" || true
	# What belongs to the declared one is not one more.
	grep -aEv 'Call Trace:|cut here' "$work/others" >"$work/splats" || true
fi
where=${log:-$log_dir/vm-$kernel.log}

excerpt()
{
	local first
	first=$(head -n 1 "$work/splats" | cut -d: -f1)
	printf 'run.sh: the %s kernel complained:\n' "$kernel" >&2
	sed -n "$((first > 2 ? first - 2 : 1)),$((first + 40))p" "$text" >&2
	printf 'run.sh: the whole console: %s\n' "$where" >&2
}

if [ -s "$work/given_up" ] || [ "$status" -eq 124 ]; then
	if [ -s "$work/splats" ]; then excerpt; fi
	printf 'run.sh: %s, the guest was stopped; its last words:\n' \
		"$(cat "$work/given_up" 2>/dev/null || echo "no end within $timeout s")" >&2
	tail -n 5 "$text" >&2
	if [ -s "$work/said" ]; then
		printf 'run.sh: and the last of its output:\n' >&2
		tail -n 5 "$work/said" >&2
	fi
	exit 124
fi
if [ -s "$work/splats" ]; then
	excerpt
	exit 99
fi
said=$(sed -n "s/.*vnet-run $nonce //p" "$text" | tail -n 1)
case $said in
status\ *) ;;
*)
	printf 'run.sh: the guest ended without a status%s\n' "${said:+: $said}" >&2
	cat "$work/qemu" >&2
	tail -n 15 "$text" >&2
	printf 'run.sh: the whole console: %s\n' "$where" >&2
	exit 98
	;;
esac
if [ "$expect" ] && ! grep -aEq -- "$expect" "$text"; then
	printf 'run.sh: the kernel should have complained with "%s", and did not\n' \
		"$expect" >&2
	exit 99
fi
exit "${said#status }"
