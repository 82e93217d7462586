#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# virtio_net with any combination of checksum features, on QEMU's devices, with
# vhost_net and without: real packets pass intact, by the offloads that there are.
set -euo pipefail

HERE=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tools/testing/selftests/drivers/net/lib/qemu_guest/qemu_guest.sh
. "$HERE/../lib/qemu_guest/qemu_guest.sh"

readonly UDP_LEN=1000 TCP_LEN=9000
readonly MEMORY=512
readonly GUEST_APPEND=acpi=off	# half of a boot within another machine is ACPI

[[ -w /dev/vhost-net ]] || skip_all "needs /dev/vhost-net"
own_netns "$@"

CELL=()		# by I: "csum guest_csum vhost modern"
i=0
for modern in on off; do
	for vhost in on off; do
		for guest_csum in on off; do
			for csum in on off; do
				CELL[i++]="$csum $guest_csum $vhost $modern"
			done
		done
	done
done

# end NAME I NET HOST: what gives one end of a link its addresses
end()
{
	echo "address add 10.$3.$2.$4/24 dev $1"
	echo "address add fd0$3:$2::$4/64 dev $1 nodad"
	echo "link set $1 up"
}

# ends NAME I HOST: with no tag, one and two
ends()
{
	end "$1" "$2" 0 "$3"
	echo "link add link $1 name $1.5 type vlan id 5"
	end "$1.5" "$2" 1 "$3"
	echo "link add link $1 name $1.7 type vlan proto 802.1ad id 7"
	echo "link set $1.7 up"
	echo "link add link $1.7 name $1.75 type vlan id 5"
	end "$1.75" "$2" 2 "$3"
}

make_taps()
{
	local i
	for i in "${!CELL[@]}"; do
		echo "tuntap add dev tap$i mode tap vnet_hdr"
		ends "tap$i" "$i" 1
	done >"$WORK/taps"
	ip -batch "$WORK/taps"
}

add_devices()
{
	local i csum guest_csum vhost modern properties
	for i in "${!CELL[@]}"; do
		read -r csum guest_csum vhost modern <<<"${CELL[i]}"
		properties=disable-legacy=off,disable-modern=on
		[[ $modern = off ]] || properties=disable-legacy=on,disable-modern=off
		[[ $csum = on ]] || properties+=,$no_host_offloads
		[[ $guest_csum = on ]] || properties+=,$no_guest_offloads
		add_device "$i" "$properties" "vhost=$vhost"
	done
}

# A datagram and a stream, each way, by each protocol, with no tag, one and two
checksums()
{
	local i=$1 csum guest_csum bad=0 address partial protocol len
	read -r csum guest_csum _ <<<"${CELL[i]}"
	# What the guest takes is what QEMU has set on the tap.
	if [[ $(feature_of "tap$i" tx-checksum-ip-generic) != "$guest_csum" ]]; then
		echo "# the tap's checksum offload is not $guest_csum"
		bad=1
	fi
	for protocol in udp tcp; do
		len=$UDP_LEN
		[[ $protocol = udp ]] || len=$TCP_LEN
		ask "$i" "$protocol" "$len" "10.0.$i.2" "10.1.$i.2" "10.2.$i.2" \
			"fd00:$i::2" "fd01:$i::2" "fd02:$i::2" || bad=1
		while read -r address partial _; do
			if [[ $csum = on && $partial = partial=0 ]] ||
			   [[ $csum = off && $partial != partial=0 ]]; then
				echo "# csum=$csum, but $protocol from $address: $partial"
				bad=1
			fi
		done <<<"$ANSWERS"
	done
	return $bad
}

set_addresses()
{
	local i
	for i in "${!CELL[@]}"; do
		ends "${NAME[i]}" "$i" 2
	done >"$WORK/batch"
	guest_batch "$WORK/batch"
}

start
set_addresses
for i in "${!CELL[@]}"; do
	read -r csum guest_csum vhost modern <<<"${CELL[i]}"
	run "csum_$csum.guest_csum_$guest_csum.vhost_$vhost.modern_$modern" checksums "$i"
done
run console no_splat
run_end
