#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# An XDP program that is loaded once is told the right hash by QEMU's device, while
# ethtool changes whether there is one, its key, its types and the table.
set -euo pipefail

HERE=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tools/testing/selftests/drivers/net/lib/qemu_guest/qemu_guest.sh
. "$HERE/../lib/qemu_guest/qemu_guest.sh"
own_netns "$@"

readonly MEMORY=512

make_taps()
{
	echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6
	ip tuntap add dev tap0 mode tap multi_queue vnet_hdr
	ip link set tap0 up
}

add_devices()
{
	add_device 0 mq=on,vectors=18,rss=on,hash=on queues=8
}

live()
{
	local sender status=0
	guest "/iproute2 link set ${NAME[0]} up" || return 1
	guest ": >/tmp/hints; { /vnet_hints watch ${NAME[0]}; echo \"status \$?\"; } >>/tmp/hints 2>&1 & until grep -q . /tmp/hints; do sleep 0.1; done; grep ready /tmp/hints || { cat /tmp/hints; false; }" ||
		return 1
	"$GUEST_TOOLS/vnet_hints" send tap0 "$MAC:00" &
	sender=$!
	guest "until grep -q status /tmp/hints; do sleep 0.5; done; cat /tmp/hints" || status=1
	kill "$sender"
	wait "$sender" 2>/dev/null || true
	echo "# ${REPLY//$'\n'/$'\n'# }"
	[[ $status -eq 0 && $REPLY = *"status 0" ]]
}

start
run live live
run console no_splat
run_end
