# SPDX-License-Identifier: GPL-2.0
# The figures of build/bench.json that texts quote, for figures.awk: lines of
# TABLE, ROW and, behind each other, the figures; by tabs.

def signed: round | if . > 0 then "+\(.)" else tostring end;

# By table: the name that its rows have in bench.json before the mode.
def ways: {tun: "tun.", tap: "tap.", xdp: "xdp.", bulk: "bulk."};

# By row: the mode, behind "stock" that of the kernel without the series.
def modes: {
	"one queue, without the series": "stock one_queue",
	"four queues, automatic, without the series": "stock automq",
	"one queue, feature off": "one_queue",
	"one queue, no program": "one_queue",
	"four queues, automatic": "automq",
	"four queues, automatic, feature off": "automq",
	"one queue, report": "report",
	"four queues, RSS": "rss",
	"four queues, RSS and report": "rss_report",
	"RSS and report, TUNSETVNETHASH": "rss_report",
	"four queues, RSS by a steering program in eBPF": "ebpf_rss",
	"RSS, a socket filter, no report": "ebpf_rss",
	"the same with report, BPF_PROG_TYPE_VNET_HASH": "ebpf_vnet_hash",
	"RSS and report, a program's tables": "ebpf_vnet_hash",
	"the same by the kernel's hash (kfunc), with report": "ebpf_kfunc",
	"RSS and report, by the kfuncs": "ebpf_kfunc"
};

def name($way; $mode):
	if $mode | startswith("stock ") then
		"stock." + (if $way == "tun." then "" else $way end) + $mode[6:]
	else $way + $mode end;

def insn($name; $family):
	[.results[] | select(.name == $name and .family == $family) | .insn_per_packet][0];

# IPv4 and IPv6; with both, how many more than one queue with the feature off.
def packets:
	. as $all | (ways | to_entries[]) as $way | (modes | to_entries[]) as $mode |
	name($way.value; $mode.value) as $name |
	insn($name; "ipv4") as $v4 | insn($name; "ipv6") as $v6 |
	insn($way.value + "one_queue"; "ipv4") as $one4 |
	insn($way.value + "one_queue"; "ipv6") as $one6 |
	select($v4 and $v6) |
	[$way.key, $mode.key, ($v4 | round), ($v6 | round)],
	(select($one4 and $one6) |
	 [$way.key, $mode.key, ($v4 | round), ($v4 - $one4 | signed),
	  ($v6 | round), ($v6 - $one6 | signed)]);

def nic($name): [.bpfnic[] | select(.name == "bpfnic.\($name)") | .insn_per_packet][0];

# What of a frame is not the sender's
def frames:
	nic("send") as $send | select($send) |
	(("hw", "native", "veth") as $where |
	 {hw: "offloaded to bpfnic", native: "native on bpfnic", veth: "native on veth"} as $row |
	 ["nic", $row[$where]] + [("drop", "pass", "tx") as $what |
		nic("\($what).\($where)") - $send | round]);

def maps:
	. as $all | ("map", "host") as $whose | (1000, 1000000) as $n |
	{map: "bpfnic's", host: "the host's"} as $row |
	["map", "\($row[$whose]), \($n) entries"] +
	[("update", "lookup", "next", "delete", "insert") as $call |
	 $all.bpfnic[] | select(.name == "bpfnic.\($call).\($whose)" and .table == $n) |
	 .insn_per_packet | round] | select(length > 2);

# Of 12 and of 36 bytes: with one key, with 64, with the key in no cache
def toeplitz:
	. as $all |
	{kernel: "by byte (this)", nibbles: "by nibble", rte_softrss_be: "rte_softrss_be",
	 rte_thash_gfni: "rte_thash_gfni"} as $row | ($row | keys[]) as $name |
	["toeplitz", $row[$name]] +
	[("warm_ns", "keys64_ns", "cold_ns") as $what | (12, 36) as $bytes |
	 $all.native[] | select(.name == $name and .bytes == $bytes) | .[$what]] |
	select(length > 2);

(packets, frames, maps, toeplitz) | map(tostring) | join("\t")
