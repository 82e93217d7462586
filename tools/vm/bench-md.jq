# SPDX-License-Identifier: GPL-2.0
# build/bench.json as tables.

def number: if . == null then "–" else tostring end;
def line: "| " + join(" | ") + " |";
def header: line, (map("---") | line);

# Two columns of instructions, by the family.
def pairs: . as $rows | [.[] | select(.family == "ipv4")] | map(
	[.name, .queues, .table, .size] as $which |
	. + {
		ipv4: .insn_per_packet,
		ipv6: ([$rows[] | select(.family == "ipv6" and
			[.name, .queues, .table, .size] == $which) |
			.insn_per_packet][0])
	});

# What a row costs more than another of its kernel and way.
def more($all; $family):
	.name as $name | .[$family] as $n | (.name | sub("[^.]*$"; "one_queue")) as $plain |
	([$all[] | select(.name == $plain) | .[$family]][0]) as $m |
	if $name == $plain or $n == null or $m == null then "" else
	($n - $m | round | if . < 0 then tostring else "+\(.)" end) end;

# What a packet costs at bpfnic and at veth, and what of it is not the sender's.
def nic_packets:
	([.[] | select(.name == "bpfnic.send") | .insn_per_packet][0]) as $send |
	(["row", "instructions", "without sending"] | header),
	(.[] | select(.table == 0) |
	 ["`\(.name)`", (.insn_per_packet | number),
	  if $send then .insn_per_packet - $send | round else "" end] | line);

def nic_maps:
	. as $rows |
	(["entries", "call", "bpfnic", "host", "times as much"] | header),
	(.[] | select(.name | endswith(".map")) |
	 .table as $n | (.name | sub("\\.map$"; ".host")) as $host |
	 ([$rows[] | select(.name == $host and .table == $n) | .insn_per_packet][0]) as $theirs |
	 [$n, (.name | split("."))[1], .insn_per_packet, ($theirs | number),
	  if $theirs then .insn_per_packet / $theirs * 100 | round / 100 else "" end] | line);

def results:
	(["row", "queues", "IPv4", "", "IPv6", ""] | header),
	((.results | pairs) as $all | $all | .[] |
	 ["`\(.name)`", (.queues | number), (.ipv4 | number), more($all; "ipv4"),
	  (.ipv6 | number), more($all; "ipv6")] | line);

def curve($rows; $column):
	([$column, "row", "IPv4", "IPv6"] | header),
	($rows | pairs | sort_by(.name, .[$column])[] |
	 [(.[$column] | number), "`\(.name)`", (.ipv4 | number), (.ipv6 | number)] |
	 line);

"# What it costs",
"",
"Linux \(.kernel), \(.gcc), \(.qemu), configuration \(.config_sha256[0:12]).",
"",
"## Targets",
"",
(["", "wanted", "stretch", "measured", ""] | header),
(.targets[] | [.what, .wanted, (.stretch | number), (.measured | number),
	       if .met then "met" else "**missed**" end] | line),
"",
"## Instructions per packet",
"",
"To send a TCP frame of \(.results[0].size // 0) bytes and to read it, on one CPU; the second figure: how many more than with one queue.",
"`ebpf_rss` is \(.ebpf_rss.object), sha256 \(.ebpf_rss.sha256[0:12]).",
"",
results,
"",
"## Hints for XDP programs",
"",
"A frame of \(.hints[0].size // 0) bytes, given to virtio_net by virtio_net_fake.ko and read behind the program. Nothing is known of it in `to_cpu` and `to_tap`; `before` is the kernel without the series for hints, `stock` the one without any.",
"",
(["row", "instructions"] | header),
(.hints[] | ["`\(.name)`", (.insn_per_packet | number)] | line),
"",
"## bpfnic",
"",
"On Debian's kernel \(.stock). A frame of 64 bytes, sent at the other end of the device by a packet socket, until a program has decided on it: offloaded to bpfnic (`hw`), native on the host's side of bpfnic (`native`), native on veth. `send` is the same into a device that drops it. A frame that passes ends where the host finds nobody to take it; veth's `tx` includes the program without which its peer takes none.",
"",
(.bpfnic | nic_packets),
"",
"A system call on a hash map of 8 + 8 bytes that is full: a new value for a key, lookup, the next key, delete, a new key. The host's map is allocated beforehand, too. Counted are instructions, not cache misses.",
"",
(.bpfnic | nic_maps),
"",
"## By number of queues",
"",
curve(.by_queues; "queues"),
"",
"## By length of the table",
"",
curve(.by_table; "table"),
"",
"## By size of the frame",
"",
curve(.by_size; "size"),
"",
"## Nanoseconds per hash",
"",
"On \(.cpu)\(if .dpdk then ", DPDK \(.dpdk)" else "" end). Warm: one key, 16 flows; then 256 flows; then also 64 keys in turn; cold: the key in no cache.",
"",
(["Toeplitz", "bytes hashed", "bytes of a key's tables", "warm", "256 flows", "64 keys", "cold"] | header),
(.native[] | ["`\(.name)`", .bytes, .key_bytes, .warm_ns, .flows256_ns,
	      .keys64_ns, .cold_ns] | map(number) | line)
