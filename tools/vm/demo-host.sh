#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The demo's part inside the host VM: a guest behind an RSS-hashing tap, and
# the flows sent to it. demo.sh runs it.
#
#   demo-host.sh BIN_DIR VMLINUZ tap|macvtap
#
# Nothing written here outlives the VM, so at the end its files go to standard
# output, "@FILE " before each line; other lines are for people.
set -euo pipefail
# shellcheck source=tools/testing/selftests/drivers/net/lib/qemu_guest/watch.sh
. "$(dirname "$0")/../testing/selftests/drivers/net/lib/qemu_guest/watch.sh"

# The guest boots under emulation within emulation.
quiet_seconds=300
receive_seconds=120
queues=4
mtu=1450
guest_mac=52:54:00:12:34:56
libvirt_log=/var/log/libvirt/qemu/demo.log

[ $# -eq 3 ] ||
	{ echo "usage: demo-host.sh BIN_DIR VMLINUZ tap|macvtap" >&2; exit 2; }
bin=$1
vmlinuz=$2
kind=$3
: "${DEMO_COUNT:=3}" "${DEMO_STEERING:=0}" "${DEMO_VMM:=qemu}"
: "${DEMO_STEP_BOOT:=}" "${DEMO_STEP_SEND:=}"
work=$(mktemp -d)
vmm=

finish()
{
	status=$?
	trap - EXIT
	if [ "$vmm" ]; then kill "$vmm" 2>/dev/null || true; fi
	[ ! -f "$libvirt_log" ] || cat "$libvirt_log" >>"$work/vmm.log"
	for file in vmm.log guest-console.log results.txt host.txt; do
		[ ! -f "$work/$file" ] || tr -d '\r\0' <"$work/$file" | sed "s/^/@$file /"
	done
	exit "$status"
}
trap finish EXIT

die()
{
	echo "demo: $*"
	exit 1
}

# A veth that leads to the guest's device, tap0: a tap behind a bridge, or a
# macvtap on top of the veth. Nobody else speaks.
make_network()
{
	echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6
	ip link add send0 type veth peer name send1
	case $kind in
	tap)
		ip link add br0 type bridge mcast_snooping 0
		ip link set send1 master br0
		ip link set br0 up
		attach=(--bridge br0)
		;;
	macvtap)
		ip link add link send1 name tap0 address "$guest_mac" \
			type macvtap mode bridge
		attach=()
		;;
	*)
		die "no device of kind '$kind', only tap and macvtap"
		;;
	esac
	ip link set send0 up
	ip link set send1 up
}

# Without a tap yet: libvirtd makes it, and the hook has it hash.  Or it takes the one
# that is there, which hashes already.
libvirt_guest()
{
	local hook='' managed='' type=bridge
	PATH=$PATH:$bin
	case $DEMO_VMM in
	libvirt)
		install -D "$(dirname "$0")/../net/vnetctl/libvirt/vnetctl" \
			/etc/libvirt/hooks/qemu.d/vnetctl
		hook="<metadata><vnetctl:interfaces xmlns:vnetctl='urn:vnetctl'>
			<vnetctl:interface mac='${guest_mac^^}' report='yes'
				table='equal:$queues' types='all' key='default'/>
			</vnetctl:interfaces></metadata>"
		;;
	libvirt-unmanaged)
		type=ethernet managed="managed='no'"
		ip tuntap add dev tap0 mode tap multi_queue vnet_hdr
		ip link set tap0 mtu "$mtu" master br0 up
		vnetctl set tap0 "${hashing[@]}" --types all --key default --report --quiet
		;;
	esac
	# Whatever keeps guests apart from their host is not what this is about.
	cat >/etc/libvirt/qemu.conf <<-'END'
		user = "root"
		group = "root"
		security_driver = "none"
		namespaces = []
		seccomp_sandbox = 0
		stdio_handler = "file"
	END
	# libvirt gives vhost_net to guests of KVM only, which are not to be had here.
	cat >"$work/qemu" <<-'END'
		#!/bin/bash
		exec qemu-system-x86_64 "${@/\"type\":\"tap\"/\"type\":\"tap\",\"vhost\":true}"
	END
	chmod +x "$work/qemu"
	cat >"$work/domain.xml" <<-END
		<domain type='qemu'>
		<name>demo</name>
		$hook
		<memory unit='MiB'>512</memory>
		<vcpu>4</vcpu>
		<os>
			<type arch='x86_64' machine='q35'>hvm</type>
			<kernel>$vmlinuz</kernel>
			<initrd>$bin/guest.cpio</initrd>
			<cmdline>$1</cmdline>
		</os>
		<features><acpi/><apic/></features>
		<cpu mode='maximum'><feature policy='disable' name='cx16'/></cpu>
		<on_reboot>destroy</on_reboot>
		<devices>
			<emulator>$work/qemu</emulator>
			<interface type='$type'>
				<mac address='$guest_mac'/>
				$([ "$type" = ethernet ] || echo "<source bridge='br0'/>")
				<target dev='tap0' $managed/>
				<model type='virtio'/>
				<mtu size='$mtu'/>
				<driver name='vhost' queues='$queues' rss_hash_report='on'/>
				<rom enabled='no'/>
			</interface>
			<serial type='file'><source path='$work/guest-console.log'/></serial>
			<serial type='file'><source path='$work/results.txt'/></serial>
			<memballoon model='none'/>
		</devices>
		</domain>
	END
	# What the package of libvirt's service would have made: only its programs are there.
	mkdir -p /var/log/libvirt
	getent passwd libvirt-qemu || useradd --system --user-group libvirt-qemu
	libvirtd --daemon
	virsh --connect qemu:///system create --file "$work/domain.xml"
	# virsh ends when the guest has been started: it stands for the guest from here on.
	exec tail --pid="$(cat /run/libvirt/qemu/demo.pid)" -f /dev/null
}

# The VMM is stock QEMU; it gets the queues' descriptors and the tap's MTU.
start_guest()
{
	local packets=$1 append
	append="console=ttyS0 panic=-1 no_timer_check mitigations=off"
	append+=" rcupdate.rcu_cpu_stall_timeout=120"
	append+=" demo_seconds=$receive_seconds demo_packets=$packets"
	if [ "$DEMO_VMM" != qemu ]; then
		libvirt_guest "$append" >"$work/vmm.log" 2>&1 </dev/null &
		vmm=$!
		return
	fi
	"$bin/vnetctl" run --dev tap0 --queues "$queues" --types all \
		--key default "${hashing[@]}" --report \
		--mtu "$mtu" "${attach[@]}" --up --verbose -- \
	qemu-system-x86_64 -M q35 -nodefaults -no-user-config -no-reboot \
		-display none -accel tcg -cpu "$EMULATED_CPU" -smp 4 -m 512 \
		-kernel "$vmlinuz" -initrd "$bin/guest.cpio" \
		-append "$append" \
		-netdev 'tap,id=n0,fds={fds},vhost=on' \
		-device "virtio-net-pci,netdev=n0,mac=$guest_mac,mq=on,vectors={vectors},hash=on,host_mtu={mtu},romfile=" \
		-serial "file:$work/guest-console.log" \
		-serial "file:$work/results.txt" \
		>"$work/vmm.log" 2>&1 </dev/null &
	vmm=$!
}

last_words()
{
	tail -n 5 "$work/vmm.log" "$work/guest-console.log" 2>/dev/null || true
}

# wait_for WORD: until a line of the guest's report starts with it.
wait_for()
{
	watch_start "$vmm" "$quiet_seconds" "$work"/{guest-console.log,results.txt}
	until grep -qs "^$1\>" "$work/results.txt"; do
		if ! kill -0 "$vmm" 2>/dev/null; then
			last_words
			die "the guest ended without reporting '$1'"
		fi
		if watch_over; then
			last_words
			die "the guest has not reported '$1': $WATCH_WHY"
		fi
		sleep 0.5
	done
}

if [ "$DEMO_STEERING" = 1 ]; then
	hashing=(--steering-prog "$bin/vnet_inner.bpf.o")
	tunnel=(--tunnel)
else
	hashing=(--table "equal:$queues")
	tunnel=()
fi
make_network
flows=$("$bin/vnet_send" --list | wc -l)
echo "[$DEMO_STEP_BOOT] booting a guest behind a $kind: $queues queues, MTU $mtu"
start_guest $((flows * DEMO_COUNT))
wait_for ready
echo "mtu=$(cat /sys/class/net/tap0/mtu) queues=$queues" >"$work/host.txt"
echo "[$DEMO_STEP_SEND] sending $flows flows, $DEMO_COUNT packets each"
"$bin/vnet_send" --dev send0 --count "$DEMO_COUNT" "${tunnel[@]}"
wait_for end
