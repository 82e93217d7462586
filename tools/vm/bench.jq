# SPDX-License-Identifier: GPL-2.0
# build/bench.json, from what vnet_bench and vnet_toeplitz print.

def table: split("\n") | map(select(. != "") | split(" "));

# The rows of one array.
def rows($array): $rows | table | map(select(.[0] == $array) | {
	name: (.[1] | sub("^stock\\.tun\\."; "stock.")),
	family: .[2],
	queues: (.[3] | tonumber),
	table: (.[4] | tonumber),
	size: (.[5] | tonumber),
	insn_per_packet: (.[6] | tonumber)
});

# By way and mode, the pristine kernel first.
def ordered: sort_by(
	(.name | split(".")) as $part |
	(if $part[:-1] == ["stock"] then "tun" else $part[-2] end) as $way |
	[(["tun", "tap", "xdp", "bulk", "vhost"] | index($way)),
	 (["one_queue", "automq", "rss", "report", "rss_report", "ebpf_rss",
	   "ebpf_vnet_hash", "ebpf_kfunc"] |
	  index($part[-1])),
	 $part[0] != "stock", .family]);

def insn($rows; $name; $family):
	$rows[] | select(.name == $name and .family == $family) | .insn_per_packet;

def round1: . * 10 | round / 10;
def round2: . * 100 | round / 100;
def round3: . * 1000 | round / 1000;

# What may cost how much: "at most" and "at least" are bounds, "stretch" is not.
def at_most($what; $measured; $limit; $stretch): {
	what: $what,
	wanted: "at most \($limit)",
	stretch: $stretch,
	measured: $measured,
	met: ($measured != null and $measured <= $limit)
};
def at_least($what; $measured; $limit): {
	what: $what,
	wanted: "at least \($limit)",
	stretch: null,
	measured: $measured,
	met: ($measured != null and $measured >= $limit)
};

# null where a row is missing.
def diff($rows; $a; $b; $family):
	[insn($rows; $a; $family)][0] as $x | [insn($rows; $b; $family)][0] as $y |
	if $x == null or $y == null then null else $x - $y | round1 end;

def hash_targets($rows):
	at_most("tun.rss_report - tun.one_queue, ipv4, instructions";
		diff($rows; "tun.rss_report"; "tun.one_queue"; "ipv4"); 450; 340),
	at_most("tun.rss_report - tun.one_queue, ipv6, instructions";
		diff($rows; "tun.rss_report"; "tun.one_queue"; "ipv6"); 550; 490);

# In a bulk of 16 for four queues, RSS may cost little more than its hash.
def bulk_targets($rows):
	(["ipv4", 250], ["ipv6", 320]) as [$family, $limit] |
	at_most("bulk.rss - bulk.automq, \($family), instructions";
		diff($rows; "bulk.rss"; "bulk.automq"; $family); $limit; null);

# Half of what QEMU's steering program costs, without a report: 3677 and 3750.
def steering_targets($rows):
	at_most("tun.ebpf_vnet_hash - tun.one_queue, ipv4, instructions";
		diff($rows; "tun.ebpf_vnet_hash"; "tun.one_queue"; "ipv4"); 1838; null),
	at_most("tun.ebpf_vnet_hash - tun.one_queue, ipv6, instructions";
		diff($rows; "tun.ebpf_vnet_hash"; "tun.one_queue"; "ipv6"); 1875; null),
	(("ipv4", "ipv6") as $family |
	 at_most("tun.ebpf_kfunc - tun.rss_report, \($family), instructions";
		diff($rows; "tun.ebpf_kfunc"; "tun.rss_report"; $family); 150; null));

# A hint, and what every redirected packet pays for it.
def hints_targets($rows):
	at_most("xdp_hints.hash - xdp_hints.pass_bound, instructions";
		diff($rows; "xdp_hints.hash"; "xdp_hints.pass_bound"; "-"); 25; null),
	at_most("xdp_hints.hash_csum - xdp_hints.hash, instructions";
		diff($rows; "xdp_hints.hash_csum"; "xdp_hints.hash"; "-"); 25; null),
	(("to_cpu", "to_tap") as $to |
	 at_most("carrying, unused: xdp_hints.\($to) - before.xdp_hints.\($to), instructions";
		diff($rows; "xdp_hints.\($to)"; "before.xdp_hints.\($to)"; "-"); 15; null));

# One of the rows with as many entries.
def entries($rows; $name; $n):
	[$rows[] | select(.name == $name and .table == $n) | .insn_per_packet][0];
def ratio($x; $y): if $x == null or $y == null then null else $x / $y | round3 end;

# A program on bpfnic is no dearer than on the host; its maps neither grow dearer with
# their size, nor are they dearer than the host's by more than 30 percent.
def nic_targets($rows):
	at_most("bpfnic.drop.hw - bpfnic.drop.veth, instructions";
		diff($rows; "bpfnic.drop.hw"; "bpfnic.drop.veth"; "-"); 0; null),
	(("update", "lookup", "next", "delete", "insert") as $call |
	 at_most("bpfnic.\($call).map: 1000000 entries dearer or cheaper than 1000, percent";
		ratio(entries($rows; "bpfnic.\($call).map"; 1000000);
		      entries($rows; "bpfnic.\($call).map"; 1000)) |
		if . then (. - 1) * 100 | fabs | round1 else . end; 20; null),
	 ((1000, 1000000) as $n |
	  at_most("bpfnic.\($call).map / bpfnic.\($call).host, \($n) entries";
		ratio(entries($rows; "bpfnic.\($call).map"; $n);
		      entries($rows; "bpfnic.\($call).host"; $n)); 1.3; null)));

# With XDP, 15 more: those of carrying hints.
def off_targets($rows):
	(["tun", "", 10], ["xdp", "xdp.", 25]) as [$ours, $stock, $limit] |
	("one_queue", "automq") as $mode | ("ipv4", "ipv6") as $family |
	at_most("feature off: \($ours).\($mode) - stock.\($stock)\($mode), \($family), instructions";
		diff($rows; "\($ours).\($mode)"; "stock.\($stock)\($mode)"; $family); $limit; null);

# How much two boots differ, at most, in percent.
def repeat_target($rows; $again):
	[$again[] as $a | insn($rows; $a.name; $a.family) as $first |
	 ($a.insn_per_packet - $first) / $first * 100 | fabs] as $all |
	at_most("a second boot differs by, percent";
		if $all == [] then null else $all | max | round2 end; 0.5; null);

def native_targets($native):
	("rte_softrss_be", "rte_thash_gfni") as $other | (12, 36) as $bytes |
	[$native[] | select(.bytes == $bytes)] as $n |
	($n[] | select(.name == "kernel") | .warm_ns) as $ours |
	($n[] | select(.name == $other) | .warm_ns) as $theirs |
	at_least("Toeplitz of \($bytes) bytes, warm, times as fast as \($other)";
		$theirs / $ours | round2;
		if $other == "rte_softrss_be" then 4 else 1 end);

(rows("results") | ordered) as $results |
($native | table | map({
	name: .[0],
	bytes: (.[1] | tonumber),
	key_bytes: (.[2] | tonumber),
	warm_ns: (.[3] | tonumber),
	flows256_ns: (.[4] | tonumber),
	keys64_ns: (.[5] | tonumber),
	cold_ns: (.[6] | tonumber)
})) as $native |
{
	kernel: $kernel,
	stock: $stock,
	gcc: $gcc,
	config_sha256: $config,
	qemu: $qemu,
	cpu: $cpu,
	dpdk: (if $dpdk == "" then null else $dpdk end),
	ebpf_rss: { object: $object, sha256: $sha256 },
	results: $results,
	hints: rows("hints"),
	bpfnic: rows("nic"),
	by_queues: rows("queues"),
	by_table: rows("table"),
	by_size: rows("size"),
	by_headers: rows("headers"),
	native: $native,
	targets: [
		hash_targets($results),
		steering_targets($results),
		off_targets($results),
		bulk_targets($results),
		hints_targets(rows("hints")),
		nic_targets(rows("nic")),
		repeat_target($results; rows("again")),
		native_targets($native)
	]
}
