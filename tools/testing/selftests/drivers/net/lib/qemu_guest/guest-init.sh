#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# First process of the tests' guest: has the lines that come on the second serial
# port run, one after the other.  After the output of each comes a line "@done STATUS".

/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox --install -s /bin
export PATH=/bin:/sbin:/usr/bin:/usr/sbin
exec >/dev/console 2>&1
mount -t proc proc /proc
mount -t sysfs sys /sys
if [ -f /modules/order ]; then
	while read -r module; do
		insmod "/modules/$module"
	done </modules/order
fi
ip link set lo up
/vnet_echo serve &

# Not by this process: what ends as its child would cut its reading short.
serve()
{
	stty -F /dev/ttyS1 raw -echo
	exec 3<>/dev/ttyS1
	echo "@ready" >&3
	while read -r line <&3; do
		status=0
		(eval "$line") >&3 2>&1 </dev/null || status=$?
		echo "@done $status" >&3
	done
}
serve &
wait $!
poweroff -f
