#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# For the tests of virtio_net on QEMU's devices: taps in a network namespace of our
# own, and a guest of the kernel under test on them.  The caller sets MEMORY, of the guest
# in MiB, and defines make_taps and add_devices; it may set GUEST_APPEND, more for the
# guest's command line.
#
# VNET_VMLINUZ: the kernel's image
# VNET_MODULES: the folder of its modules, if virtio_net is one (lib/modules/RELEASE)
# VNET_SPLAT: a regular expression for lines of the kernel's log that are defects
#
# shellcheck disable=SC2034	# what the caller reads

GUEST_TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly GUEST_TOOLS
# shellcheck source=/dev/null
. "$GUEST_TOOLS/../../../../kselftest/ktap_helpers.sh"
# shellcheck source=tools/testing/selftests/drivers/net/lib/qemu_guest/watch.sh
. "$GUEST_TOOLS/watch.sh"

slow_by=1
[[ ${KSFT_MACHINE_SLOW:-no} != yes ]] || slow_by=6
readonly QUIET_SECONDS=$((180 * slow_by))	# until the guest is given up
readonly PORTS=8	# devices of a PCI slot
readonly MAC=52:54:00:00:02	# the device's number comes behind it

skip_all()
{
	ktap_print_header
	ktap_skip_all "$*"
	exit "$KSFT_SKIP"
}

# own_netns ARG...: start the caller again, in a network namespace
own_netns()
{
	local own=(unshare --net) tool
	[[ -z ${VIRTIO_NET_QEMU_NETNS:-} ]] || return 0
	[[ -f ${VNET_VMLINUZ:-} ]] || skip_all "VNET_VMLINUZ names no kernel's image"
	for tool in ip qemu-system-x86_64 busybox cpio; do
		type -P "$tool" >/dev/null || skip_all "needs $tool"
	done
	[[ -w /dev/net/tun ]] || skip_all "needs /dev/net/tun"
	[[ $EUID -eq 0 ]] || own+=(--user --map-root-user)
	"${own[@]}" true || skip_all "needs root, or user namespaces"
	VIRTIO_NET_QEMU_NETNS=1 exec "${own[@]}" -- "$0" "$@"
}

VMM=

finish()
{
	trap - EXIT
	[[ -z $VMM ]] || kill "$VMM" 2>/dev/null || true
	rm -rf "$WORK"
}

# --- the devices --------------------------------------------------------------
# Device I has tapI, and the MAC address $MAC:I.

no_host_offloads=csum=off,host_tso4=off,host_tso6=off,host_ecn=off,host_ufo=off
no_guest_offloads=guest_csum=off,guest_tso4=off,guest_tso6=off,guest_ecn=off,guest_ufo=off

# add_device I PROPERTIES OF-NETDEV
add_device()
{
	local i=$1 at
	at=$(printf '%x.%x' $((3 + i / PORTS)) $((i % PORTS)))
	ARGS+=(-netdev "tap,id=n$i,ifname=tap$i,script=no,downscript=no,$3"
	       -device "virtio-net-pci,id=d$i,netdev=n$i,mac=$MAC:$(printf %02x "$i"),romfile=,bus=pcie.0,addr=$at,multifunction=on,$2")
}

# --- the guest ----------------------------------------------------------------

make_initrd()
{
	local root=$WORK/root modules=${VNET_MODULES:-/lib/modules/$(uname -r)} file name
	mkdir -p "$root"/{bin,dev,proc,sys,tmp,modules}
	cp "$(type -P busybox)" "$root/bin/busybox"
	cp "$GUEST_TOOLS/guest-init.sh" "$root/init"
	cp "$GUEST_TOOLS"/{vnet_count,vnet_dev,vnet_echo,vnet_hints,xdp.bpf.o,xdp_hints.bpf.o} "$root/"
	chmod 755 "$root/init"
	# busybox's ip knows neither QinQ nor XDP.  By a name that it does not take for
	# its own.
	for file in "$(type -P ip)" \
		    $(ldd "$(type -P ip)" "$GUEST_TOOLS/vnet_hints" | grep -o '[[:space:]]/[^ ]*'); do
		mkdir -p "$root$(dirname "$file")"
		cp -L "$file" "$root$file"
	done
	ln -s "$(type -P ip)" "$root/iproute2"
	for name in virtio_pci virtio_net 8021q; do
		modprobe --dirname "${modules%/lib/modules/*}/" \
			--set-version "${modules##*/}" --show-depends "$name" 2>/dev/null || true
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' |
	while read -r file; do
		name=${file##*/}
		case $file in
		*.ko.xz) xz -dc "$file" >"$root/modules/${name%.xz}" ;;
		*.ko.zst) zstd -qdc "$file" >"$root/modules/${name%.zst}" ;;
		*.ko) cp "$file" "$root/modules/$name" ;;
		*)
			echo "# $file is compressed in a way that this does not know"
			exit 1
			;;
		esac
		name=${name%.xz}
		echo "${name%.zst}" >>"$root/modules/order"
	done
	(cd "$root" && find . | cpio --quiet -o -H newc -R 0:0) >"$WORK/initrd"
}

# A busy guest may take longer to say where an address is than the three seconds after
# which the kernel gives up.
ask_neighbours_longer()
{
	ip -oneline link | sed 's/^[0-9]*: //; s/[@:].*//' | while read -r name; do
		echo "ntable change name arp_cache dev $name mcast_probes 60"
		[[ ! -d /proc/sys/net/ipv6/conf/$name ]] ||
			echo "ntable change name ndisc_cache dev $name mcast_probes 60"
	done >"$WORK/probes"
	ip -batch "$WORK/probes"
}

start()
{
	WORK=$(mktemp -d)
	trap finish EXIT
	ip link set lo up
	make_taps
	ask_neighbours_longer
	make_initrd
	mkfifo "$WORK"/{agent,monitor}.{in,out}
	# shellcheck disable=SC2054	# the commas are QEMU's
	ARGS=(-M q35 -nodefaults -no-user-config -no-reboot -display none
	      -accel tcg,thread=single -cpu "$EMULATED_CPU" -smp 1 -m "$MEMORY"
	      -kernel "$VNET_VMLINUZ" -initrd "$WORK/initrd"
	      -append "console=ttyS0 panic=-1 no5lvl no_timer_check mitigations=off rcupdate.rcu_expedited=1 rcupdate.rcu_cpu_stall_timeout=120${GUEST_APPEND:+ $GUEST_APPEND}"
	      -serial "file:$WORK/console"
	      -chardev "pipe,id=agent,path=$WORK/agent" -serial chardev:agent
	      -chardev "pipe,id=monitor,path=$WORK/monitor"
	      -mon chardev=monitor,mode=readline)
	add_devices
	qemu-system-x86_64 "${ARGS[@]}" >"$WORK/vmm.log" 2>&1 </dev/null &
	VMM=$!
	exec 4>"$WORK/agent.in" 5<"$WORK/agent.out" 6>"$WORK/monitor.in"
	cat "$WORK/monitor.out" >"$WORK/monitor.log" &
	until_line "@ready"
	read_names
	ktap_print_header
}

told=$SECONDS

# Whoever watches this test sees that the guest's console moves, if it does.
tell_progress()
{
	[[ $watch_idle -eq 0 && $((SECONDS - told)) -ge 30 ]] || return 0
	told=$SECONDS
	echo "# the guest: $(tail -n 1 "$WORK/console" | tr -d '\r\000')"
}

# until_line WORD: what the guest says before it, in REPLY
until_line()
{
	local line='' part
	REPLY=
	WATCH_WHY="it has ended"
	watch_start "$VMM" "$QUIET_SECONDS" "$WORK/console"
	while :; do
		if IFS= read -r -t 1 -u 5 part; then
			read -r line <<<"$line${part%$'\r'}"
			if [[ $line == "$1"* ]]; then
				LINE=$line
				return 0
			fi
			REPLY+=$line$'\n'
			line=
			watch_moved
		elif [[ $? -gt 128 ]]; then	# no whole line yet
			line+=$part
			! watch_over || break
			tell_progress
		else
			break
		fi
	done
	echo "# the guest does not say $1 ($WATCH_WHY); its last words:"
	tail -n 40 "$WORK/vmm.log" "$WORK/console" | sed 's/^/# /' | tr -d '\r\000'
	return 1
}

# guest COMMAND: its output is REPLY, its status the result
guest()
{
	echo "$*" >&4
	until_line "@done" || return 1
	REPLY=${REPLY%$'\n'}
	[[ $LINE == "@done 0" ]] || { echo "# guest: $*: $REPLY"; return 1; }
}

NAME=()		# of device I in the guest; of two with failover, the upper one

read_names()
{
	local name mac
	# shellcheck disable=SC2016	# for the guest's shell
	guest 'cd /sys/class/net; for n in *; do [ -e $n/master ] || { read -r a <$n/address; echo $n $a; }; done'
	while read -r name mac; do
		[[ $mac != "$MAC":* ]] || NAME[0x${mac##*:}]=$name
	done <<<"$REPLY"
}

# guest_batch FILE: have its ip do what FILE says, some lines at a time
guest_batch()
{
	local part
	split -l 8 "$1" "$WORK/part."
	guest ": >/tmp/batch"
	for part in "$WORK"/part.*; do
		guest "printf '$(sed 's/$/\\n/' "$part" | tr -d '\n')' >>/tmp/batch"
	done
	rm "$WORK"/part.*
	guest "/iproute2 -batch /tmp/batch"
}

# --- tests --------------------------------------------------------------------

# run NAME FUNCTION ARG...: the caller says run_end after the last one
run()
{
	local name=$1
	shift
	if "$@"; then
		ktap_test_pass "$name"
	else
		ktap_test_fail "$name"
	fi
}

run_end()
{
	ktap_set_plan $((KTAP_TESTNO - 1))
	ktap_finished
}

# ask I PROTOCOL LEN ADDRESS...: what comes back is what was sent; ANSWERS says how
ask()
{
	local tap=tap$1
	shift
	ANSWERS=$("$GUEST_TOOLS/vnet_echo" ask "$tap" "$@" 2>&1) && return 0
	echo "# ${ANSWERS//$'\n'/$'\n'# }"
	return 1
}

# The kernel of the guest has not complained.
no_splat()
{
	local first
	first=$(grep -anE -m 1 "${VNET_SPLAT:-WARNING:|BUG:|Oops:|Call Trace:}" "$WORK/console" |
		cut -d: -f1) || return 0
	sed -n "$first,$((first + 40))s/^/# /p" "$WORK/console" | tr -d '\r\000'
	return 1
}

# feature_of TAP NAME: on or off
feature_of()
{
	"$GUEST_TOOLS/vnet_dev" "$1" feature "$2" show
}
