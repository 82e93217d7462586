#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the virtual machine: what `ip -d link show' of IP prints of what VNETCTL has set.
#
#   iproute2-guest.sh IP VNETCTL
set -euo pipefail

ip=$1 vnetctl=$2 failed=0
types_all='"ipv4","tcpv4","udpv4","ipv6","tcpv6","udpv6","ip_ex","tcp_ex","udp_ex"'

# shows DEVICE TEXT [JSON]: ip prints TEXT of it, and of "vnet_hash" JSON
shows()
{
	local text json
	text=$("$ip" -d link show "$1" | tr -s ' \n' ' ')
	json=$("$ip" -d -j link show "$1" | sed -nE 's/.*"vnet_hash":(\{[^}]*\}).*/\1/p')
	case $text in
	*"$2"*) ;;
	*)
		failed=1
		printf 'want: %s\ngot:  %s\n' "$2" "$text"
		;;
	esac
	if [ "$json" != "${3:-}" ]; then
		failed=1
		printf 'want: %s\ngot:  %s\n' "${3:-}" "$json"
	fi
}

set_hash()
{
	"$vnetctl" set "$@" >/dev/null
}

ip link add low0 type dummy
ip link add link low0 name macvtap0 type macvtap mode bridge
ip link add low1 type dummy
ip link add link low1 name ipvtap0 type ipvtap mode l2
ip link set macvtap0 up
ip link set ipvtap0 up
ip tuntap add tap0 mode tap vnet_hdr multi_queue

shows tap0 "multi_queue "
set_hash tap0 --report --types tcpv4,udpv4 --table equal:4
shows tap0 "vnet_hash flags <report,rss> types <tcpv4,udpv4> table equal:4/128 unclassified_queue 0 " \
	'{"flags":["report","rss"],"types":["tcpv4","udpv4"],"table_length":128,"table":['"$(
		printf '0,1,2,3,%.0s' {1..31})0,1,2,3"'],"unclassified_queue":0}'
"$vnetctl" clear tap0 >/dev/null
shows tap0 "multi_queue "

set_hash macvtap0 --types all --table 0,1,1,0 --unclassified 1
shows macvtap0 "> table 0,1,1,0 unclassified_queue 1 " \
	'{"flags":["rss"],"types":['"$types_all"'],"table_length":4,"table":[0,1,1,0],"unclassified_queue":1}'
set_hash ipvtap0 --report --types udpv6
shows ipvtap0 "vnet_hash flags <report> types <udpv6> " '{"flags":["report"],"types":["udpv6"]}'
exit $failed
