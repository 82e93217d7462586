#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the guest: count instructions, and print for each row
# "@ARRAY NAME FAMILY QUEUES TABLE SIZE INSTRUCTIONS".
#
#   bench-guest.sh patched|base|before|again|nic FOLDER RSS_OBJECT MODULE
#
# MODULE: virtio_net_fake.ko of this kernel, or its bpfnic.ko for nic
#
# patched: every row, and how the cost grows with queues, table, frame, and extension
#          headers of IPv6
# base:    what the pristine kernel has, under the name "stock"
# before:  what the kernel without hints has, under the name "before"
# again:   the results of the patched kernel once more, to see whether they are
#          the same
# nic:     bpfnic's packets and maps, beside the host's
set -euo pipefail

what=$1 folder=$2 object=$3 module=$4
failed=0
cd "$folder"
if [ "$what" = nic ]; then
	insmod "$module" hash_seed=1	# each time the same chains
else
	insmod "$module"
fi

# rows ARRAY PREFIX OPTION...: as vnet_bench prints them.
rows()
{
	local array=$1 prefix=$2
	shift 2
	./vnet_bench -o "$object" "$@" |
		sed -u "s/^/@$array $prefix/" || failed=1
}

# hints PREFIX NAME...: the same of vnet_bench_xdp
hints()
{
	local prefix=$1
	shift
	./vnet_bench_xdp "$@" | sed -u "s/^/@hints $prefix/" || failed=1
}

redirects=(to_{cpu,tap}{,_known})
results=({tun,tap,xdp,vhost}.{one_queue,automq,rss,report,rss_report} bulk.{one_queue,automq,rss,rss_report}
	tun.ebpf_{rss,vnet_hash,kfunc})
case $what in
patched)
	rows results "" "${results[@]}"
	hints "" pass pass_bound hash hash_csum "${redirects[@]}"
	for queues in 1 2 4 8 16 32 64 128 256; do
		rows queues "" -q $queues -t 256 tun.{automq,rss,rss_report}
	done
	for table in 1 4 16 64 256 1024; do
		rows table "" -t $table tun.rss_report
	done
	for size in 86 114 256 512 1024 1514; do
		rows size "" -s $size tun.{one_queue,rss_report}
	done
	for headers in 1 4 16; do
		rows headers "x$headers." -s 512 -x $headers tun.{one_queue,rss,rss_report}
	done
	;;
base)
	rows results stock. {tun,tap,xdp,bulk,vhost}.{one_queue,automq}
	hints stock. pass to_{cpu,tap}
	;;
before)
	hints before. to_{cpu,tap}
	;;
nic)
	for row in send {drop,pass,tx}.{hw,native,veth} {map,host}.{1000,1000000}; do
		./vnet_bench_nic "$row" | sed -u "s/^/@nic /" || failed=1
	done
	;;
again)
	rows again "" "${results[@]}"
	;;
esac
exit $failed
