#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Programs and maps of bpfnic by bpftool, ip and tc: loading, where they are said to be,
# maps' entries, ports that share them.
set -euo pipefail

# shellcheck source=tools/testing/selftests/drivers/net/bpfnic/link/bpfnic_shell.sh
. "$(dirname "$0")/bpfnic_shell.sh"
own_netns bpftool tc

readonly BPF=/sys/fs/bpf

# load DEV NAME [OBJECT [WORD...]]: pin the program as NAME
load()
{
	given bpftool prog load "$HERE/bpfnic_${3:-pass}.bpf.o" "$BPF/$2" type xdp dev "$1" "${@:4}"
}

# field WHAT NAME: of the JSON in OUT, a number or a word
field()
{
	local value="\"$1\": *\"?([^],\"}]*)"
	[[ $OUT =~ $value ]] || true
	echo "${BASH_REMATCH[1]:-}"
}

# map_ids NAME: of a pinned program, those of its array and of its hash
map_ids()
{
	given bpftool -j prog show pinned "$BPF/$1"
	[[ $OUT =~ \"map_ids\":\[([0-9]+),([0-9]+)\] ]] || true
	ARRAY=${BASH_REMATCH[1]:-} HASH=${BASH_REMATCH[2]:-}
	given bpftool -j map show id "$ARRAY"
	if [[ $(field type) == hash ]]; then
		local t=$ARRAY
		ARRAY=$HASH HASH=$t
	fi
}

# --- loading ------------------------------------------------------------------------

t_load_refused()
{
	given ip link add nic0 type bpfnic
	refused "[bpfnic] insn 2: unknown func bpf_redirect#23: the device does not have" \
		bpftool prog load "$HERE/bpfnic_refused.bpf.o" $BPF/prog type xdp dev nic0
	[[ ! -e $BPF/prog ]] || differs "$BPF/prog" "not there" "there"
	expect_objects 1 0 0
}

# The helpers that bpftool finds are those of the documentation.
t_feature_probe()
{
	given ip link add nic0 type bpfnic
	given bpftool feature probe dev nic0 full
	expect_same "helpers" "csum_diff get_prandom_u32 get_smp_processor_id ktime_get_boot_ns ktime_get_ns map_delete_elem map_lookup_elem map_update_elem perf_event_output xdp_adjust_head xdp_adjust_meta xdp_adjust_tail" \
		"$(sed -n '/program type xdp:/,/program type/s/^\t- bpf_//p' <<<"$OUT" |
			sort | paste -sd ' ')"
	expect_objects 1 0 0
}

t_load_and_attach()
{
	given ip link add nic0 type bpfnic
	load nic0 prog maps
	expect_objects 1 2 1
	given ip link set nic0 xdpoffload pinned $BPF/prog
	given bpftool -j prog show pinned $BPF/prog
	local id tag
	id=$(field id)
	tag=$(field tag)
	given ip -j -d link show nic0
	expect_has "the program's number" "\"id\":$id,\"name\":\"read_maps\",\"tag\":\"$tag\"" "$OUT"
	expect_same "programs" "id $id name read_maps" \
		"$(awk '{ print $1, $2, $3, $4 }' "$DEBUGFS"/*/programs)"
	rm $BPF/prog
	# The link has the program, which has its maps.
	given bpftool prog show id "$id"
	expect_objects 1 2 1
	given ip link set nic0 xdpoffload off
	expect_objects 1 0 0
	refused "" bpftool prog show id "$id"
}

t_map_refused()
{
	given ip link add nic0 type bpfnic
	local file=/sys/module/bpfnic/parameters/max_entries max
	max=$(<$file)
	echo 1 >$file
	try bpftool prog load "$HERE/bpfnic_maps.bpf.o" $BPF/prog type xdp dev nic0
	echo "$max" >$file
	[[ $RC -ne 0 ]] || differs "a program with maps that are too large" "refused" "loaded"
	expect_objects 1 0 0
	load nic0 prog maps
}

# An offloaded program is no classifier.
t_wrong_type()
{
	given ip link add nic0 type bpfnic
	load nic0 prog
	given tc qdisc add dev nic0 clsact
	refused "" tc filter add dev nic0 ingress bpf da object-pinned $BPF/prog
	refused "" tc filter add dev nic0 ingress bpf da skip_sw object-pinned $BPF/prog
	given tc filter show dev nic0 ingress
	expect_same "filters" "" "$OUT"
}

t_statistics()
{
	given ip link add nic0 type bpfnic
	load nic0 prog
	ips "link set nic0 xdpoffload pinned $BPF/prog" "link set nic0 up" \
	    "address add 10.0.0.1/24 dev nic0_wire" "link set nic0_wire up" \
	    "neighbour add 10.0.0.2 lladdr 02:00:00:00:00:02 dev nic0_wire"
	echo 1 >/proc/sys/kernel/bpf_stats_enabled
	local i
	for i in {1..600}; do
		[[ $(net nic0_wire operstate) != up ]] || break
		sleep 0.1
	done
	for i in {1..10}; do
		echo "$i" >/dev/udp/10.0.0.2/9
	done
	for i in {1..600}; do
		given bpftool -j prog show pinned $BPF/prog
		[[ $(field run_cnt) -lt 10 ]] || break
		sleep 0.1
	done
	echo 0 >/proc/sys/kernel/bpf_stats_enabled
	[[ $(field run_cnt) -ge 10 ]] || differs "run_cnt" "at least 10" "$OUT"
	[[ $(field run_time_ns) -gt 0 ]] || differs "run_time_ns" "a number" "$OUT"
}

# --- where they are -----------------------------------------------------------------

# bound WHAT NAMESPACE: what bpftool says there of the device that the pinned $WHAT is on
bound()
{
	given nsenter --net="$2" bpftool -j "$1" show pinned $BPF/"$1"
	[[ $OUT =~ \"dev\":\{([^}]*)\} ]] || differs "$1 in $2" "with a device" "$OUT"
	DEV=${BASH_REMATCH[1]:-}
}

# expect_bound NAMESPACE NAME: both are said to be on one device, with that name or without
expect_bound()
{
	local prog ns
	bound prog "$1"
	prog=$DEV
	bound map "$1"
	expect_same "the map's device" "$prog" "$DEV"
	if [[ $2 ]]; then
		expect_has "name of the device" "\"ifname\":\"$2\"" "$DEV"
	else
		expect_has_not "name of the device" ifname "$DEV"
	fi
	ns=$(stat -L -c %i "$NIC_NS")
	expect_has "namespace of the device" "\"ns_inode\":$ns" "$DEV"
}

t_bound_info()
{
	local here=/proc/$$/ns/net a=bpfnic-a-$$
	given ip link add nic0 type bpfnic
	load nic0 prog maps
	given ip link set nic0 xdpoffload pinned $BPF/prog
	map_ids prog
	given bpftool map pin id "$HASH" $BPF/map
	# One's own namespace
	NIC_NS=$here
	expect_bound "$here" nic0
	# Another, seen from here, and from there
	given ip netns add "$a"
	given ip link set nic0 netns "$a"
	NIC_NS=/run/netns/$a
	expect_bound "$here" ""
	expect_bound "/run/netns/$a" nic0
	# And back
	given ip -n "$a" link set nic0 netns $$
	NIC_NS=$here
	expect_bound "$here" nic0
	# Nowhere
	given ip link del nic0
	refused "No such device" bpftool map show pinned $BPF/map
	try bpftool prog show pinned $BPF/prog
	[[ $ERR == *"No such device"* || $OUT == *orphaned* || $OUT == *xdp* ]] ||
		differs "the program" "without a device" "$OUT$ERR"
	expect_has_not "the program" "offloaded_to" "$OUT"
	expect_objects 0 0 0
}

# --- entries of maps ----------------------------------------------------------------

# Entry I has the value 3 * I.
t_map_entries()
{
	local id i flags
	given ip link add nic0 type bpfnic
	load nic0 prog maps
	map_ids prog
	for id in $ARRAY $HASH; do
		# The second time the entries are there.
		for flags in any exist; do
			for i in 0 1; do
				echo "map update id $id key $i 0 0 0 value $((3 * i)) 0 0 0 0 0 0 0 $flags"
			done
		done >"$WORK/batch"
		given bpftool batch file "$WORK/batch"
		refused "Argument list too long" \
			bpftool map update id "$id" key 3 0 0 0 value 9 0 0 0 0 0 0 0
		refused "File exists" \
			bpftool map update id "$id" key 1 0 0 0 value 7 0 0 0 0 0 0 0 noexist
		given bpftool -j map dump id "$id"
		expect_same "dump" '0:0 1:3' "$(dumped)"
		given bpftool -j map getnext id "$id"
		expect_has "first key" '["0x00","0x00","0x00","0x00"]' "$OUT"
		given bpftool -j map getnext id "$id" key 0 0 0 0
		expect_has "next key" '"next_key":["0x01","0x00","0x00","0x00"]' "$OUT"
		refused "No such file or directory" bpftool map getnext id "$id" key 1 0 0 0
	done
	refused "No such file or directory" \
		bpftool map update id "$HASH" key 3 0 0 0 value 9 0 0 0 0 0 0 0 exist
	refused "Argument list too long" \
		bpftool map update id "$ARRAY" key 3 0 0 0 value 9 0 0 0 0 0 0 0 exist
	given bpftool map delete id "$HASH" key 0 0 0 0
	refused "No such file or directory" bpftool map delete id "$HASH" key 0 0 0 0
	refused "Invalid argument" bpftool map delete id "$ARRAY" key 0 0 0 0
	given bpftool -j map dump id "$HASH"
	expect_same "dump" '1:3' "$(dumped)"
}

# The keys and values of a dump in OUT, first bytes
dumped()
{
	grep -oE '"(key|value)":\["0x[0-9a-f]{2}' <<<"$OUT" |
		sed -E 's/"key":\["0x0?(.*)/\1/; s/"value":\["0x0?(.*)/\1/' |
		awk 'NR % 2 { key = $0; next } { printf "%s%s:%s", s, key, $0; s = " " }'
}

# --- ports ---------------------------------------------------------------------------

t_ports_share()
{
	ips "link add nica type bpfnic" "link add nicb0 type bpfnic" \
	    "link add link nicb0 name nicb1 type bpfnic"
	load nica a maps
	load nicb0 b maps
	given ip link set nica xdpoffload pinned $BPF/a
	given ip link set nicb0 xdpoffload pinned $BPF/b
	given ip link set nicb1 xdpoffload pinned $BPF/b
	refused "Error: Program bound to different device" \
		ip -force link set nica xdpoffload pinned $BPF/b
	refused "Error: Program bound to different device" \
		ip -force link set nicb1 xdpoffload pinned $BPF/a
	map_ids b
	load nicb1 c maps map name nic_array id "$ARRAY" map name nic_hash id "$HASH"
	refused "offload device mismatch between prog and map" \
		bpftool prog load "$HERE/bpfnic_maps.bpf.o" $BPF/d type xdp dev nica \
		map name nic_array id "$ARRAY"
	# The first port goes, and what was made on it is on the other one.
	given ip link del nicb0
	given bpftool -j prog show pinned $BPF/b
	expect_has "device" '"ifname":"nicb1"' "$OUT"
	given bpftool map dump id "$HASH"
	given ip link del nica
	given ip link del nicb1
	refused "" bpftool map dump id "$HASH"
	expect_objects 0 0 0
}

TESTS=(
	load_refused feature_probe load_and_attach map_refused wrong_type statistics bound_info
	map_entries ports_share
)
run_tests
