#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Links of bpfnic by stock ip and ethtool: how they are made, what is refused and why,
# what is shown, and that they go.
set -euo pipefail

# shellcheck source=tools/testing/selftests/drivers/net/bpfnic/link/bpfnic_shell.sh
. "$(dirname "$0")/bpfnic_shell.sh"
own_netns ethtool

# --- making and deleting --------------------------------------------------------

t_pair()
{
	given ip link add nic0 type bpfnic
	expect_links nic0 nic0_wire
	given ip -d -o link show nic0
	expect_has "kind" " bpfnic " "$OUT"
	expect_has "other end" "nic0@nic0_wire" "$OUT"
	expect_has "type" "link/ether" "$OUT"
	expect_same "MTU" 1500 "$(net nic0 mtu)"
	expect_same "MTU of the wire" 1500 "$(net nic0_wire mtu)"
	[[ $(net nic0 address) != "$(net nic0_wire address)" ]] ||
		differs "addresses" "different ones" "$(net nic0 address)"
	given ip link add nic1 type bpfnic
	expect_links nic1 nic1_wire
	[[ $(net nic0 address) != "$(net nic1 address)" ]] ||
		differs "addresses" "different ones" "$(net nic0 address)"
	expect_objects 2 0 0
}

t_delete()
{
	given ip link add nic0 type bpfnic
	given ip link del nic0
	expect_no_links nic0 nic0_wire
	given ip link add nic0 type bpfnic
	given ip link del nic0_wire
	expect_no_links nic0 nic0_wire
}

t_long_name()
{
	given ip link add abcdefghij type bpfnic
	expect_links abcdefghij abcdefghij_wire
	refused "at most 10 characters" \
		ip link add abcdefghijk type bpfnic
	expect_no_links abcdefghijk
	# On a link, there is no wire to be named.
	ips "link add dev0 type dummy" "link add link dev0 name abcdefghijklmno type bpfnic"
	expect_links abcdefghijklmno
}

t_name_taken()
{
	given ip link add nic0_wire type dummy
	refused "Error: bpfnic: there is a nic0_wire already" ip link add nic0 type bpfnic
	expect_no_links nic0
	expect_objects 0 0 0
	given ip link add nic1 type bpfnic
	refused "File exists" ip link add nic1 type bpfnic
	expect_objects 1 0 0
}

# shown_rx WORDS: what ip or sysfs shows of receive queues, which kernels without RPS do not
shown_rx()
{
	[[ ! -e /sys/class/net/lo/queues/rx-0 ]] || echo "$1"
}

t_queues()
{
	local cpus
	cpus=$(nproc)
	[[ $cpus -le 16 ]] || cpus=16
	given ip link add nic0 type bpfnic
	given ethtool -l nic0
	expect_has "queues by default" "Combined:	$cpus" "$OUT"
	given ip link add nic1 numtxqueues 4 numrxqueues 4 type bpfnic
	given ip -d -o link show nic1
	expect_has "queues" "numtxqueues 4 $(shown_rx "numrxqueues 4 ")" "$OUT"
	given ethtool -l nic1
	expect_same "ethtool -l" "4 4" "$(awk '/Combined:/ { printf s $2; s = " " }' <<<"$OUT")"
	expect_has "ethtool -l" "RX:		n/a" "$OUT"
	given ip -d -o link show nic1_wire
	expect_has "queues of the wire" "numtxqueues 4 $(shown_rx "numrxqueues 1 ")" "$OUT"
	given ip link add nic2 numtxqueues 64 numrxqueues 64 type bpfnic
	refused "Error: bpfnic: at most 64 queues" \
		ip link add nic3 numtxqueues 65 numrxqueues 65 type bpfnic
	expect_no_links nic3 nic3_wire
}

t_mtu()
{
	ips "link add nic0 mtu 9000 type bpfnic" "link set nic0 mtu 68"
	expect_same "MTU" 68 "$(net nic0 mtu)"
	refused "Error: mtu less than device minimum" ip link set nic0 mtu 67
	refused "Error: mtu greater than device maximum" ip link set nic0 mtu 9001
}

t_unknown_words_refused()
{
	refused "" ip link add nic0 type bpfnic queues 4
	expect_no_links nic0 nic0_wire
}

# --- on another link ------------------------------------------------------------

promiscuity()
{
	given ip -d -o link show "$1"
	[[ $OUT =~ promiscuity\ ([0-9]+) ]] || true
	echo "${BASH_REMATCH[1]:-}"
}

t_on_a_link()
{
	given ip link add dev0 type dummy
	given ip link add link dev0 name nic0 type bpfnic
	expect_links nic0
	expect_no_links nic0_wire
	given ip -o link show nic0
	expect_has "other end" "nic0@dev0" "$OUT"
	expect_same "promiscuity of dev0" 1 "$(promiscuity dev0)"
	# It is free when nic0 is gone: for another one, and for a bridge.
	given ip link del nic0
	expect_links dev0
	expect_same "promiscuity of dev0" 0 "$(promiscuity dev0)"
	ips "link add link dev0 name nic1 type bpfnic" "link set nic1 up" "link set dev0 up"
	# And with it nic1 goes.
	given ip link del dev0
	expect_no_links nic1 dev0
}

t_busy()
{
	ips "link add br0 type bridge" "link add dev0 type dummy" "link set dev0 master br0"
	refused "Error: bpfnic: dev0 is in use" ip link add link dev0 name nic0 type bpfnic
	expect_no_links nic0
	ips "link set dev0 nomaster" "link add link dev0 name nic0 type bpfnic"
	# One NIC on a wire, and no bridge
	refused "Error: bpfnic: dev0 is in use" ip link add link dev0 name nic1 type bpfnic
	refused "Device or resource busy" ip link set dev0 master br0
	ips "link del nic0" "link set dev0 master br0"
}

t_no_ethernet()
{
	refused "Error: bpfnic: lo is no Ethernet device" ip link add link lo name nic0 type bpfnic
	ips "tuntap add tun0 mode tun"
	refused "Error: bpfnic: tun0 is no Ethernet device" \
		ip link add link tun0 name nic0 type bpfnic
	given ip link add nic1 type bpfnic
	refused "Error: bpfnic: nic1_wire is the wire of a port already" \
		ip link add link nic1_wire name nic0 type bpfnic
	expect_no_links nic0 nic0_wire
	expect_objects 1 0 0
}

# --- ports ------------------------------------------------------------------------

t_ports()
{
	ips "link add nic0 type bpfnic" "link add link nic0 name nic1 type bpfnic" \
	    "link add link nic1 name nic2 numtxqueues 3 numrxqueues 3 type bpfnic"
	expect_links nic1 nic1_wire nic2 nic2_wire
	expect_objects 3 0 0
	expect_same "devices" 1 "$(set -- "$DEBUGFS"/*; echo $#)"
	expect_same "ports" "nic0 nic1 nic2" "$(awk '{ printf s $1; s = " " }' "$DEBUGFS"/*/ports)"
	given ip link del nic1
	expect_no_links nic1 nic1_wire
	expect_links nic0 nic2
	expect_objects 2 0 0
	ips "link del nic2" "link del nic0_wire"
	expect_no_links nic0 nic2 nic2_wire
	expect_same "devices" "$DEBUGFS/*" "$(echo "$DEBUGFS"/*)"
}

# --- what ethtool shows --------------------------------------------------------------

t_ethtool_driver()
{
	given ip link add nic0 type bpfnic
	given ethtool -i nic0
	expect_has "driver" "driver: bpfnic" "$OUT"
	given ethtool -i nic0_wire
	expect_has "driver" "driver: bpfnic" "$OUT"
}

t_ethtool_channels()
{
	given ip link add nic0 numtxqueues 4 numrxqueues 4 type bpfnic
	given ethtool -L nic0 combined 2
	given ethtool -l nic0
	expect_same "ethtool -l" "4 2" "$(awk '/Combined:/ { printf s $2; s = " " }' <<<"$OUT")"
	refused "" ethtool -L nic0 combined 5
	refused "" ethtool -L nic0 combined 0
	refused "" ethtool -L nic0 rx 1
	given ethtool -l nic0
	expect_same "ethtool -l" "4 2" "$(awk '/Combined:/ { printf s $2; s = " " }' <<<"$OUT")"
	given ethtool -L nic0 combined 4
	expect_same "queues in sysfs" "$(shown_rx "rx-0 rx-1 rx-2 rx-3 ")tx-0 tx-1 tx-2 tx-3" \
		"$(cd /sys/class/net/nic0/queues && echo *)"
}

t_ethtool_ring()
{
	given ip link add nic0 type bpfnic
	given ethtool -g nic0
	[[ $OUT =~ Current.*RX:[[:blank:]]+([0-9]+) ]] || true
	[[ ${BASH_REMATCH[1]:-0} -gt 0 ]] || differs "ethtool -g" "a number" "$OUT"
	refused "" ethtool -G nic0 rx 64
}

t_ethtool_statistics()
{
	local want='' i
	for i in 0 1 2; do
		want+="rx${i}_packets rx${i}_bytes rx${i}_drops tx${i}_packets tx${i}_bytes "
	done
	want+="hw_xdp_pass hw_xdp_drop hw_xdp_tx hw_xdp_tx_errors hw_xdp_aborted "
	want+="hw_steered hw_steer_invalid xdp_pass xdp_drop xdp_tx xdp_tx_errors "
	want+="xdp_redirect xdp_redirect_errors xdp_aborted wire_drops"
	given ip link add nic0 numtxqueues 3 numrxqueues 3 type bpfnic
	given ethtool -S nic0
	expect_same "ethtool -S" "$want" \
		"$(awk -F'[: ]+' 'NF > 2 && $3 != "" { printf s $2; s = " " }' <<<"$OUT")"
	# However many are in use
	given ethtool -L nic0 combined 1
	given ethtool -S nic0
	expect_same "ethtool -S" "$want" \
		"$(awk -F'[: ]+' 'NF > 2 && $3 != "" { printf s $2; s = " " }' <<<"$OUT")"
}

# --- programs by ip -----------------------------------------------------------------

t_program()
{
	local object="obj $HERE/bpfnic_pass.bpf.o sec xdp"
	given ip link add nic0 type bpfnic
	# shellcheck disable=SC2086	# words
	given ip link set nic0 xdpoffload $object
	expect_objects 1 0 1
	given ip -d link show nic0
	expect_has "ip link show" "xdpoffload" "$OUT"
	# shellcheck disable=SC2086
	given ip link set nic0 xdpdrv $object
	given ip -d link show nic0
	expect_has "ip link show" "xdpmulti" "$OUT"
	expect_has "ip link show" "prog/xdpdrv id" "$OUT"
	expect_has "ip link show" "prog/xdpoffload id" "$OUT"
	given ip link set nic0 xdpoffload off
	given ip link set nic0 xdpdrv off
	given ip link show nic0
	expect_has_not "ip link show" xdp "$OUT"
	expect_objects 1 0 0
}

t_program_mtu()
{
	local object="obj $HERE/bpfnic_pass.bpf.o sec xdp"
	given ip link add nic0 mtu 9000 type bpfnic
	# shellcheck disable=SC2086	# words
	refused "Error: bpfnic: MTU too large for XDP: at most " \
		ip link set nic0 xdpoffload $object
	# shellcheck disable=SC2086
	refused "Error: bpfnic: MTU too large for XDP: at most " ip link set nic0 xdpdrv $object
	given ip link set nic0 mtu 1500
	# shellcheck disable=SC2086
	given ip link set nic0 xdpoffload $object
	refused "Error: mtu greater than device maximum" ip link set nic0 mtu 9000
}

# ip prints what the device says of the program.
t_program_refused()
{
	given ip link add nic0 type bpfnic
	refused "[bpfnic] insn 2: unknown func bpf_redirect#23" \
		ip link set nic0 xdpoffload obj "$HERE/bpfnic_refused.bpf.o" sec xdp
	expect_objects 1 0 0
	given ip link set nic0 xdpdrv obj "$HERE/bpfnic_refused.bpf.o" sec xdp
}

# --- namespaces by ip --------------------------------------------------------------

t_netns()
{
	local a=bpfnic-a-$$ b=bpfnic-b-$$
	given ip netns add "$a"
	given ip netns add "$b"
	ips "link add nic0 type bpfnic" "link set nic0 netns $a" "link set nic0_wire netns $b"
	given ip -n "$a" address add 10.0.0.1/24 dev nic0
	given ip -n "$b" address add 10.0.0.2/24 dev nic0_wire
	given ip -n "$a" link set nic0 up
	given ip -n "$b" link set nic0_wire up
	# shellcheck disable=SC2016	# for the other shell
	given ip netns exec "$a" bash -c 'for i in {1..600}; do read -r s </sys/class/net/nic0/operstate; [ "$s" != up ] || exit 0; sleep 0.1; done; exit 1'
	given ip -n "$a" -o link show nic0
	expect_has "ip link show" "link-netns $b" "$OUT"
	given ip netns del "$b"
	expect_objects 0 0 0
	try ip -n "$a" link show nic0
	expect_has "nic0" "does not exist" "$ERR"
	given ip netns del "$a"
}

# Made in one namespace on a link of another
t_netns_of_a_link()
{
	local a=bpfnic-a-$$
	given ip netns add "$a"
	ips "link add dev0 type dummy" "link add link dev0 name nic0 netns $a type bpfnic"
	expect_no_links nic0
	given ip -n "$a" -o link show nic0
	expect_has "ip link show" "link-netnsid" "$OUT"
	given ip link del dev0
	refused "does not exist" ip -n "$a" link show nic0
}

TESTS=(
	pair delete long_name name_taken queues mtu unknown_words_refused
	on_a_link busy no_ethernet ports
	ethtool_driver ethtool_channels ethtool_ring ethtool_statistics
	program program_mtu program_refused
	netns netns_of_a_link
)
run_tests
