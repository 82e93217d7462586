#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# First process of the demo's guest: says on the second serial port with which
# hash and on which queue the flows arrive, then switches the machine off.

/bin/busybox mount -t devtmpfs dev /dev
exec >/dev/console 2>&1
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox stty -F /dev/ttyS1 raw

# From the kernel's command line.
# shellcheck disable=SC2154
/vnet_rx --dev eth0 --seconds "$demo_seconds" --packets "$demo_packets" >/dev/ttyS1
echo "vnet_rx ended with status $?"
/bin/busybox poweroff -f
