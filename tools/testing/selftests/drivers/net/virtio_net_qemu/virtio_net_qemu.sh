#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# virtio_net on QEMU's devices, with real packets: the MTU that the host advises, RSS
# through changes of its configuration, and what is left of it all after a suspension
# (S3).
set -euo pipefail

HERE=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tools/testing/selftests/drivers/net/lib/qemu_guest/qemu_guest.sh
. "$HERE/../lib/qemu_guest/qemu_guest.sh"
own_netns "$@"

readonly UDP_LEN=1000 TCP_LEN=9000
readonly ETH_HLEN=14 IP_AND_UDP=28	# bytes
readonly FLOWS=200
readonly MEMORY=2048	# many devices with big buffers
# Device 0 has queues.  The next are for what is to survive a suspension: an XDP
# program, an offload, an address; and nothing.
readonly XDP=1 NO_GRO_HW=2 OTHER_MAC=3 PLAIN=4

ADVICE=()	# by I: "host_mtu buffers failover"
i=5
for failover in off on; do
	for buffers in mergeable big small; do
		for mtu in 67 68 1280 1400 1500 9000 65535; do
			ADVICE[i++]="$mtu $buffers $failover"
		done
	done
done

# tap_mtu ADVICE: the nearest that a tap can have
tap_mtu()
{
	if [[ $1 -lt 68 ]]; then
		echo 1500
	elif [[ $1 -gt 65521 ]]; then
		echo 65521
	else
		echo "$1"
	fi
}

make_taps()
{
	local i mtu
	echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6
	ip tuntap add dev tap0 mode tap multi_queue vnet_hdr
	ip link set tap0 up
	for i in $XDP $NO_GRO_HW $OTHER_MAC $PLAIN "${!ADVICE[@]}"; do
		mtu=1500
		[[ -z ${ADVICE[i]:-} ]] || mtu=$(tap_mtu "${ADVICE[i]%% *}")
		echo "tuntap add dev tap$i mode tap vnet_hdr"
		echo "link set tap$i mtu $mtu up"
		echo "address add 10.0.$i.1/24 dev tap$i"
	done >"$WORK/taps"
	ip -batch "$WORK/taps"
}

add_devices()
{
	local i mtu buffers failover properties
	add_device 0 mq=on,vectors=10,rss=on,hash=on queues=4
	for i in $XDP $NO_GRO_HW $OTHER_MAC $PLAIN; do
		add_device "$i" vectors=0 vhost=off
	done
	for i in "${!ADVICE[@]}"; do
		read -r mtu buffers failover <<<"${ADVICE[i]}"
		properties=vectors=0,host_mtu=$mtu,failover=$failover
		[[ $buffers = mergeable ]] || properties+=,mrg_rxbuf=off
		[[ $buffers != small ]] || properties+=,$no_guest_offloads
		add_device "$i" "$properties" vhost=off
	done
}

set_addresses()
{
	local i
	for i in "${!NAME[@]}"; do
		echo "link set ${NAME[i]} up"
		echo "address add 10.0.$i.2/24 dev ${NAME[i]}"
	done >"$WORK/batch"
	guest_batch "$WORK/batch"
}

# The device, and with failover the standby one below it, has the MTU, and packets as
# long pass both ways in one piece.
advice()
{
	local i=$1 dir mtu failover want
	dir=/sys/class/net/${NAME[i]:-none}
	read -r mtu _ failover <<<"${ADVICE[i]}"
	[[ $mtu -ge 68 ]] || mtu=1500
	want=$mtu
	guest "cat $dir/mtu $dir/lower_*/mtu 2>/dev/null; true" || return 1
	[[ $failover = off ]] || want+=$'\n'$mtu
	if [[ $REPLY != "$want" ]]; then
		echo "# MTU ${REPLY//$'\n'/ }, wanted ${want//$'\n'/ }"
		return 1
	fi
	mtu=$(tap_mtu "$mtu")
	ask "$i" udp $((mtu - IP_AND_UDP)) "10.0.$i.2" || return 1
	[[ $ANSWERS = *" longest=$((mtu + ETH_HLEN))" ]] && return 0
	echo "# $ANSWERS, wanted longest=$((mtu + ETH_HLEN))"
	return 1
}

# spread [VLAN]: the queues of flows are those of the table that the guest shows.
spread()
{
	local dev=$RSS${1:+.$1} key want
	guest "/vnet_dev $RSS key" || return 1
	key=$REPLY
	guest ": >/tmp/count; /vnet_count $dev $FLOWS >/tmp/count 2>&1 & until grep -q . /tmp/count; do sleep 0.1; done; cat /tmp/count; /vnet_dev $RSS show" ||
		return 1
	want=$("$HERE/vnet_spread" tap0 "$MAC:00" "$key" "${REPLY#ready?}" "$FLOWS" "${1:-0}") ||
		return 1
	guest "until grep -q '^[0-9]' /tmp/count; do sleep 0.1; done; tail -n 1 /tmp/count" ||
		return 1
	[[ $REPLY = "$want" ]] && return 0
	echo "# packets by queue: $REPLY; by hash and table: $want"
	return 1
}

rss_default()
{
	guest "/vnet_dev $RSS pairs 4" && spread
}

rss_channels()
{
	guest "/vnet_dev $RSS pairs 4 && /vnet_dev $RSS table 0,1,1,0,1" &&
	guest "/vnet_dev $RSS pairs 2" && spread &&
	guest "/vnet_dev $RSS pairs 3" && spread
}

rss_report_off()
{
	guest "/vnet_dev $RSS pairs 4 && /vnet_dev $RSS table 3,2,1,0" &&
	guest "/vnet_dev $RSS feature rx-hashing on" && spread &&
	guest "/vnet_dev $RSS feature rx-hashing off" && spread
}

# xdp I PROGRAM|off
xdp()
{
	local what="object /xdp.bpf.o program $2"
	[[ $2 != off ]] || what=off
	guest "/iproute2 link set dev ${NAME[$1]} xdp $what"
}

rss_xdp()
{
	guest "/vnet_dev $RSS pairs 4 && /vnet_dev $RSS table 2,0,0,1" &&
	xdp 0 pass && spread && xdp 0 off && spread
}

prepare()
{
	guest "/vnet_dev $RSS pairs 4 && /vnet_dev $RSS feature rx-hashing on" &&
	guest "/vnet_dev $RSS table 1,3,0,1" && spread &&
	guest "/iproute2 link add link $RSS name $RSS.5 up type vlan id 5" && spread 5 &&
	guest "/vnet_dev ${NAME[NO_GRO_HW]} feature rx-gro-hw off" && no_gro_hw &&
	guest "/iproute2 link set dev ${NAME[OTHER_MAC]} address ${MAC%:*}:03:00" &&
	other_mac && xdp "$XDP" drop && drops
}

# S3, from which the machine wakes up when its monitor says so
suspend()
{
	guest "echo 0 >/sys/power/pm_async; grep -c mem /sys/power/state" || return 1
	echo "echo mem >/sys/power/state" >&4
	watch_start "$VMM" "$QUIET_SECONDS" "$WORK/console"
	until grep -aq '(suspended)' "$WORK/monitor.log"; do
		if watch_over; then
			echo "# the guest is not suspended ($WATCH_WHY)"
			break
		fi
		echo "info status" >&6
		sleep 0.1
	done
	echo system_wakeup >&6
	until_line "@done" && [[ $LINE == "@done 0" ]]
}

no_gro_hw()
{
	[[ $(feature_of "tap$NO_GRO_HW" tx-tcp-segmentation) = off ]] && return 0
	echo "# the tap sends packets in one piece to a guest with rx-gro-hw off"
	return 1
}

other_mac()
{
	ip neighbour flush dev "tap$OTHER_MAC"
	ask "$OTHER_MAC" udp "$UDP_LEN" "10.0.$OTHER_MAC.2"
}

drops()
{
	! VNET_ECHO_SECONDS=5 ask "$XDP" udp "$UDP_LEN" "10.0.$XDP.2" >/dev/null && return 0
	echo "# a program that drops everything let packets pass"
	return 1
}

# And it is the program that does.
drops_until_detached()
{
	drops && xdp "$XDP" off && ask "$XDP" udp "$UDP_LEN" "10.0.$XDP.2"
}

start
RSS=${NAME[0]}
set_addresses
for i in "${!ADVICE[@]}"; do
	read -r mtu buffers failover <<<"${ADVICE[i]}"
	run "mtu_$mtu.$buffers.failover_$failover" advice "$i"
done
run rss.default rss_default
run rss.channels rss_channels
run rss.report_off rss_report_off
run rss.xdp rss_xdp
run suspend.prepared prepare
run suspend.resumed suspend
run suspend.rss spread
run suspend.vlan spread 5
run suspend.xdp drops_until_detached
run suspend.no_gro_hw no_gro_hw
run suspend.mac other_mac
run suspend.traffic ask "$PLAIN" tcp "$TCP_LEN" "10.0.$PLAIN.2"
run console no_splat
run_end
