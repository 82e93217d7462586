#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# vnetctl(8) against the kernel's tun/tap receive hashing: results, messages,
# exit codes, and that a failed run leaves nothing behind.
#
# Needs root and a kernel with TUNSETVNETHASH (fails without); vnetctl is
# $VNETCTL or in PATH (skips without). Works in namespaces of its own.
#
#   vnetctl.sh [CASE...]

set -euo pipefail

# shellcheck source=/dev/null
. "$(dirname "$0")/../../../kselftest/ktap_helpers.sh"

readonly KEY=6d:5a:56:da:25:5b:0e:c2:41:67:25:3d:43:a3:8f:b0:d0:ca:2b:cb:ae:7b:30:b4:77:cb:2d:a3:80:30:f2:0c:6a:42:b7:3b:be:ac:01:fa
readonly ALL_TYPES="ipv4 tcpv4 udpv4 ipv6 tcpv6 udpv6 ip_ex tcp_ex udp_ex"

skip_all()
{
	ktap_print_header
	ktap_skip_all "$*"
	exit "$KSFT_SKIP"
}

VNETCTL=${VNETCTL:-$(type -P vnetctl || true)}
[[ -x $VNETCTL ]] || skip_all "vnetctl is neither \$VNETCTL nor in PATH"
[[ $EUID -eq 0 ]] || skip_all "needs root"
for tool in ip nsenter unshare setpriv xmllint; do
	type -P "$tool" > /dev/null || skip_all "needs $tool"
done

if [[ -z ${VNETCTL_TEST_NETNS:-} ]]; then
	export VNETCTL VNETCTL_TEST_NETNS=1
	exec unshare --net --mount -- "$0" "$@"
fi
# tun_flags and queue counts of this network namespace
mount -t sysfs sysfs /sys

# Installed with it, or in the checkout that it was built in
HOOK=${VNETCTL%/bin/*}/lib/vnetctl/libvirt/vnetctl
[[ -x $HOOK ]] || HOOK=${VNETCTL%/build/vnetctl/vnetctl}/tools/net/vnetctl/libvirt/vnetctl
readonly HOOK
readonly VMM=$PWD/vnetctl_vmm RACE=$PWD/vnetctl_race.so
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

# --- what a test is made of -------------------------------------------------

FAILED=0	# expectations of the current test that did not come true
RC=0
OUT=
ERR=

# Runs a command and keeps its exit code and what it printed.
try()
{
	RC=0
	"$@" > "$WORK/out" 2> "$WORK/err" || RC=$?
	OUT=$(< "$WORK/out")
	ERR=$(< "$WORK/err")
}

differs()
{
	local what=$1 expected=$2 got=$3

	FAILED=$((FAILED + 1))
	# every line of a diagnostic starts with #
	echo "# $what: expected: ${expected//$'\n'/$'\n'#   }"
	echo "# $what: got: ${got//$'\n'/$'\n'#   }"
}

expect_rc()
{
	[[ $RC -eq $1 ]] || differs "exit code" "$1" "$RC, stderr: $ERR"
}

expect_out()
{
	[[ $OUT == *"$1"* ]] || differs stdout "$1" "$OUT"
}

expect_err()
{
	[[ $ERR == *"$1"* ]] || differs stderr "$1" "$ERR"
}

expect_same()
{
	[[ $2 == "$3" ]] || differs "$1" "$2" "$3"
}

# What a test starts from.
given()
{
	try "$VNETCTL" "$@"
	expect_rc 0
}

# A command line that must be refused: exit code, message, arguments.
refused()
{
	local rc=$1 message=$2

	shift 2
	try "$VNETCTL" "$@"
	expect_rc "$rc"
	expect_err "$message"
	expect_same "stdout of a refusal" "" "$OUT"
}

exists()
{
	[[ -e /sys/class/net/$1 ]]
}

expect_no_device()
{
	if exists "$1"; then
		differs "device $1" "gone" "still there"
	fi
}

tap()
{
	ip tuntap add "$1" mode tap vnet_hdr "${@:2}" ||
		differs "ip tuntap add $1" "success" "failure"
}

tun_flags()
{
	cat "/sys/class/net/$1/tun_flags"
}

# Ends the current test without a verdict.
skip()
{
	echo "# $*"
	exit "$KSFT_SKIP"
}

# --- caps -------------------------------------------------------------------

t_caps()
{
	try "$VNETCTL" caps
	expect_rc 0
	expect_out "flags: report rss"
	expect_out "hash types: $ALL_TYPES"
	expect_out "max indirection table length: 1024"
	expect_out "max key size: 40"
}

t_caps_json()
{
	try "$VNETCTL" caps --json
	expect_rc 0
	expect_same "JSON" \
		"{\"flags\": [\"report\", \"rss\"], \"hash_types\": [\"${ALL_TYPES// /\", \"}\"], \"max_indirection_table_length\": 1024, \"max_key_size\": 40}" \
		"$OUT"
}

t_help_and_version()
{
	local command

	for command in "" caps show set clear run; do
		try "$VNETCTL" ${command:+"$command"} --help
		expect_rc 0
		expect_out "Usage: "
		try "$VNETCTL" ${command:+"$command"} -h
		expect_rc 0
		expect_out "Usage: "
		try "$VNETCTL" ${command:+"$command"} -V
		expect_rc 0
		expect_out "vnetctl "
	done
}

# --- set and clear ----------------------------------------------------------

t_set_multi_queue()
{
	tap sm0 multi_queue
	local before
	before=$(tun_flags sm0)

	try "$VNETCTL" set --dev sm0 --report --table equal:4/8 \
		--unclassified 3 --key "$KEY"
	expect_rc 0
	expect_out "flags: report rss"
	expect_out "hash types: $ALL_TYPES"
	expect_out "indirection table: equal:4/8"
	expect_out "unclassified queue: 3"
	expect_out "key: $KEY"
	expect_same "tun_flags afterwards" "$before" "$(tun_flags sm0)"
}

t_set_single_queue()
{
	tap ss0
	local before
	before=$(tun_flags ss0)

	try "$VNETCTL" set --dev ss0 --report --types ipv4,tcpv6
	expect_rc 0
	expect_out "flags: report"
	expect_out "hash types: ipv4 tcpv6"
	expect_same "tun_flags afterwards" "$before" "$(tun_flags ss0)"
}

t_set_tun()
{
	ip tuntap add st0 mode tun vnet_hdr
	local before
	before=$(tun_flags st0)

	try "$VNETCTL" set --dev st0 --report
	expect_rc 0
	expect_same "tun_flags afterwards" "$before" "$(tun_flags st0)"
}

t_set_json()
{
	tap sj0 multi_queue

	try "$VNETCTL" set --dev sj0 -j --report --table 0,1,1,0 \
		--types udpv4 --key "${KEY//:/}"
	expect_rc 0
	expect_same "JSON" \
		"{\"dev\": \"sj0\", \"flags\": [\"report\", \"rss\"], \"hash_types\": [\"udpv4\"], \"indirection_table_length\": 4, \"indirection_table\": [0, 1, 1, 0], \"unclassified_queue\": 0, \"key\": \"$KEY\"}" \
		"$OUT"
}

t_set_keys()
{
	local first

	tap sk0
	try "$VNETCTL" set --dev sk0 --report --key default
	expect_rc 0
	expect_out "key: $KEY"

	try "$VNETCTL" set --dev sk0 --report
	expect_rc 0
	first=${OUT##*key: }
	expect_same "characters of a random key" $((40 * 3 - 1)) ${#first}
	try "$VNETCTL" set --dev sk0 --report --key random
	expect_rc 0
	[[ ${OUT##*key: } != "$first" ]] ||
		differs "second random key" "another than the first" "$first"

	# the shortest one for IPv4 addresses without ports
	try "$VNETCTL" set --dev sk0 --report --types ipv4 --key "${KEY:0:35}"
	expect_rc 0
	expect_out "key: ${KEY:0:35}"
}

t_set_no_types()
{
	tap sn0 multi_queue
	try "$VNETCTL" set --dev sn0 -j --table equal:2/2 --types none \
		--unclassified 1
	expect_rc 0
	expect_out '"hash_types": []'
	expect_out '"unclassified_queue": 1, "key": ""'
}

t_set_tables()
{
	tap sw0 multi_queue
	try "$VNETCTL" set --dev sw0 -j --table weights:2,0,1,1/8
	expect_rc 0
	expect_out '"indirection_table_length": 8, "indirection_table": [0, 0, 0, 0, 2, 2, 3, 3]'

	try "$VNETCTL" set --dev sw0 --table equal:4
	expect_rc 0
	expect_out "indirection table: equal:4/128"

	try "$VNETCTL" set --dev sw0 --table equal:200
	expect_rc 0
	expect_out "indirection table: equal:200/256"

	try "$VNETCTL" set --dev sw0 --table equal:256/1024
	expect_rc 0
	expect_out "indirection table: equal:256/1024"

	try "$VNETCTL" set --dev sw0 --table 0,1,1,0
	expect_rc 0
	expect_out $'4 entries\n    0 1 1 0\n'
}

t_clear()
{
	tap cl0 multi_queue
	local before
	before=$(tun_flags cl0)

	try "$VNETCTL" set --dev cl0 --report --table equal:4
	expect_rc 0
	try "$VNETCTL" clear --dev cl0
	expect_rc 0
	expect_same "text" "cl0: hashing is off" "$OUT"
	try "$VNETCTL" clear --dev cl0 --json
	expect_rc 0
	expect_same "JSON" \
		'{"dev": "cl0", "flags": [], "hash_types": [], "indirection_table_length": 0, "indirection_table": [], "unclassified_queue": 0, "key": ""}' \
		"$OUT"
	expect_same "tun_flags afterwards" "$before" "$(tun_flags cl0)"
}

# --- show -------------------------------------------------------------------

readonly COUNTERS="report_none report_ipv4 report_tcpv4 report_udpv4 report_ipv6 report_tcpv6 report_udpv6 report_ipv6_ex report_tcpv6_ex report_udpv6_ex unclassified late"

# All counters of a device without traffic: lines, members of a JSON object.
zeroes()
{
	# shellcheck disable=SC2086 # one each
	printf '  vnet_hash_%s: 0\n' $COUNTERS
}

zeroes_json()
{
	local list

	# shellcheck disable=SC2086 # one each
	list=$(printf '"vnet_hash_%s": 0, ' $COUNTERS)
	echo "\"counters\": {${list%, }}"
}

t_show()
{
	tap sh0 multi_queue
	given set --dev sh0 --report --table equal:4/8 --unclassified 3 \
		--types tcpv4,udp_ex --key "$KEY"

	try "$VNETCTL" show sh0
	expect_rc 0
	expect_same "text" "sh0:
  flags: report rss
  hash types: tcpv4 udp_ex
  indirection table: equal:4/8
  unclassified queue: 3
$(zeroes)" "$OUT"
	expect_same "stderr" "" "$ERR"
}

t_show_json()
{
	tap sj1 multi_queue
	given set --dev sj1 --table 1,0 --unclassified 1 --types ipv6 \
		--key "$KEY"

	try "$VNETCTL" show -j sj1
	expect_rc 0
	expect_same "JSON" \
		"{\"dev\": \"sj1\", \"flags\": [\"rss\"], \"hash_types\": [\"ipv6\"], \"indirection_table_length\": 2, \"indirection_table\": [1, 0], \"unclassified_queue\": 1, $(zeroes_json)}" \
		"$OUT"
}

t_show_report_only()
{
	tap sr0
	given set --dev sr0 --report --types ipv4

	try "$VNETCTL" show sr0
	expect_rc 0
	expect_same "text" "sr0:
  flags: report
  hash types: ipv4
$(zeroes)" "$OUT"

	try "$VNETCTL" show --json sr0
	expect_out '"indirection_table_length": 0, "indirection_table": [], "unclassified_queue": 0, "counters"'
}

t_show_off()
{
	tap sf0
	try "$VNETCTL" show sf0
	expect_rc 0
	expect_same "before: text" "sf0: hashing is off" "$OUT"

	given set --dev sf0 --report
	given clear --dev sf0
	try "$VNETCTL" show sf0
	expect_rc 0
	expect_same "after: text" "sf0: hashing is off" "$OUT"
	try "$VNETCTL" show -j sf0
	expect_rc 0
	expect_same "after: JSON" \
		"{\"dev\": \"sf0\", \"flags\": [], \"hash_types\": [], \"indirection_table_length\": 0, \"indirection_table\": [], \"unclassified_queue\": 0, $(zeroes_json)}" \
		"$OUT"
}

t_show_tables()
{
	local table shown

	tap st1 multi_queue
	while read -r table shown; do
		given set --dev st1 --table "$table"
		try "$VNETCTL" show st1
		expect_out "indirection table: ${shown//|/$'\n'    }"$'\n'
	done <<- END
		equal:3			equal:3/128
		equal:128/128		equal:128/128
		equal:2/256		256 entries, too many to be shown
		0,1,2,3			equal:4/4
		0,0			equal:1/2
		0			equal:1/1
		3			1 entries|3
		0,1,1,0			4 entries|0 1 1 0
		1,2,0,1			4 entries|1 2 0 1
		0,1,2,0,1,2,0,3		8 entries|0 1 2 0 1 2 0 3
		weights:1,3/32		32 entries|0 0 0 0 0 0 0 0 1 1 1 1 1 1 1 1|1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1
	END
}

# The kernel shows no more of one than its length; set has all of it.
t_show_long_table()
{
	tap sl0 multi_queue
	try "$VNETCTL" set --dev sl0 -j --table weights:1,1/1024 --types udpv6 \
		--unclassified 1 --key "$KEY"
	expect_rc 0
	expect_out '"indirection_table_length": 1024, "indirection_table": [0, 0,'

	try "$VNETCTL" show sl0
	expect_rc 0
	expect_same "text" "sl0:
  flags: rss
  hash types: udpv6
  indirection table: 1024 entries, too many to be shown
  unclassified queue: 1
$(zeroes)" "$OUT"
	try "$VNETCTL" show -j sl0
	expect_rc 0
	expect_same "JSON" \
		"{\"dev\": \"sl0\", \"flags\": [\"rss\"], \"hash_types\": [\"udpv6\"], \"indirection_table_length\": 1024, \"unclassified_queue\": 1, $(zeroes_json)}" \
		"$OUT"
}

# In a network namespace of its own, for earlier tests leave devices behind.
t_show_all()
{
	local first second

	# shellcheck disable=SC2016 # the child's variables
	try unshare --net --mount bash -ec '
		mount -t sysfs sysfs /sys
		"$VNETCTL" show
		"$VNETCTL" show -j
		for dev in sa0 sa1 sa2; do
			ip tuntap add $dev mode tap vnet_hdr
		done
		"$VNETCTL" set --dev sa0 --report --types ipv4 > /dev/null
		"$VNETCTL" set --dev sa2 --report --types ipv6 > /dev/null
		"$VNETCTL" show
		"$VNETCTL" show -j'
	expect_rc 0
	first='{"dev": "sa0", "flags": ["report"], "hash_types": ["ipv4"], "indirection_table_length": 0, "indirection_table": [], "unclassified_queue": 0,'
	second=${first/sa0/sa2}
	expect_same "none; two as text and JSON" "[]
sa0:
  flags: report
  hash types: ipv4
$(zeroes)
sa2:
  flags: report
  hash types: ipv6
$(zeroes)
[$first $(zeroes_json)},
 ${second/ipv4/ipv6} $(zeroes_json)}]" "$OUT"
}

t_show_counts()
{
	# shellcheck disable=SC2016 # the child's variables
	try "$VNETCTL" run --dev sc0 --up --report --rss --types udpv4 -- bash -ec '
		ip addr add 192.0.2.1/24 dev sc0
		ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev sc0
		for i in 1 2 3; do
			echo $i > /dev/udp/192.0.2.2/9
		done
		"$VNETCTL" show sc0'
	expect_rc 0
	expect_out "vnet_hash_report_udpv4: 3"
	expect_out "vnet_hash_report_ipv4: 0"
	expect_out "vnet_hash_late: 0"
}

# Who may do nothing, and may not even read the tool's folder elsewhere.
nobody()
{
	setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps -all \
		--bounding-set -all "$WORK/vnetctl" "$@"
}

t_show_unprivileged()
{
	tap sp0
	cp "$VNETCTL" "$WORK/vnetctl"
	chmod 755 "$WORK" "$WORK/vnetctl"
	given set --dev sp0 --report --key "$KEY"

	try nobody clear --dev sp0
	expect_rc 1
	try nobody show sp0
	expect_rc 0
	expect_out "flags: report"
	expect_out "vnet_hash_late: 0"
	[[ $OUT != *key* && $OUT != *${KEY:0:8}* ]] ||
		differs "key in the text" "none" "$OUT"
	try nobody show -j sp0
	expect_rc 0
	expect_out '"flags": ["report"]'
	[[ $OUT != *key* && $OUT != *${KEY:0:8}* ]] ||
		differs "key in JSON" "none" "$OUT"
	try nobody show
	expect_rc 0
	expect_out "sp0:"
}

t_show_in_use()
{
	tap su0
	hold su0 --report --types ipv4
	try "$VNETCTL" show su0
	expect_rc 0
	expect_out "hash types: ipv4"
	release
}

t_show_refused()
{
	refused 1 "there is no device no0" show no0
	refused 1 "there is no device no0" show -j no0
	refused 1 "lo is not a tun, tap, macvtap or ipvtap device" show lo
	refused 2 "unrecognized option" show --rss
}

# --- macvtap and ipvtap -----------------------------------------------------

# Makes a link of type $2 in mode $3 on a tap, with its character device.
tap_link()
{
	local name=$1 index dev

	tap "${name}low"
	ip link add link "${name}low" name "$name" type "$2" mode "$3" \
		2> /dev/null || skip "no $2 in this kernel"
	index=$(< "/sys/class/net/$name/ifindex")
	# where devtmpfs does not make it
	if [[ ! -e /dev/tap$index ]]; then
		dev=$(< "/sys/class/net/$name/$2/tap$index/dev")
		# shellcheck disable=SC2064 # the index of now
		trap "rm -f /dev/tap$index" EXIT
		mknod "/dev/tap$index" c "${dev%:*}" "${dev#*:}"
	fi
}

# All commands on such a link.
configure_tap_link()
{
	local name=$1 index
	index=$(< "/sys/class/net/$name/ifindex")

	try "$VNETCTL" show "$name"
	expect_rc 0
	expect_same "at first" "$name: hashing is off" "$OUT"

	try "$VNETCTL" set --dev "$name" --report --table equal:2/8 \
		--unclassified 1 --types ipv4,tcpv6 --key "$KEY"
	expect_rc 0
	expect_out "indirection table: equal:2/8"
	expect_out "key: $KEY"
	try "$VNETCTL" show "$name"
	expect_rc 0
	expect_same "after set" "$name:
  flags: report rss
  hash types: ipv4 tcpv6
  indirection table: equal:2/8
  unclassified queue: 1
$(zeroes)" "$OUT"

	try "$VNETCTL" run --dev "$name" --queues 2 --rss --table 0,1,1,1 \
		--types udpv4 -- sh -c "readlink /proc/self/fd/{fd}
			'$VNETCTL' show -j {dev}"
	expect_rc 0
	expect_same "during run" "/dev/tap$index
{\"dev\": \"$name\", \"flags\": [\"rss\"], \"hash_types\": [\"udpv4\"], \"indirection_table_length\": 4, \"indirection_table\": [0, 1, 1, 1], \"unclassified_queue\": 0, $(zeroes_json)}" \
		"$OUT"

	# documented: it stays with the device, until another user or clear
	try "$VNETCTL" show "$name"
	expect_out "hash types: udpv4"
	try "$VNETCTL" run --dev "$name" -- "$VNETCTL" show "$name"
	expect_rc 0
	expect_same "run without hashing" "$name: hashing is off" "$OUT"

	try "$VNETCTL" set --dev "$name" --report
	expect_rc 0
	try "$VNETCTL" clear --dev "$name"
	expect_rc 0
	expect_same "clear" "$name: hashing is off" "$OUT"
	try "$VNETCTL" show "$name"
	expect_same "after clear" "$name: hashing is off" "$OUT"
}

t_macvtap()
{
	tap_link mv0 macvtap bridge
	configure_tap_link mv0
}

t_ipvtap()
{
	tap_link iv0 ipvtap l2
	configure_tap_link iv0
}

# The same driver without the queues.
t_macvlan_refused()
{
	tap ml0low
	ip link add link ml0low name ml0 type macvlan mode bridge \
		2> /dev/null || skip "no macvlan in this kernel"
	refused 1 "ml0 is not a tun, tap" show ml0
	refused 1 "ml0 is not a tun, tap" set --dev ml0 --report
}

# --- run --------------------------------------------------------------------

t_run_placeholders()
{
	try "$VNETCTL" run --dev rp0 --queues 4 --mtu 1400 --report \
		--table equal:4 -- \
		sh -c 'echo {fds} {fd} {queues} {vectors} {mtu} {dev}'
	expect_rc 0
	[[ $OUT =~ ^([0-9]+):[0-9]+:[0-9]+:[0-9]+\ ([0-9]+)\ 4\ 10\ 1400\ rp0$ ]] ||
		differs "expanded" "A:B:C:D A 4 10 1400 rp0" "$OUT"
	expect_same "{fd}" "${BASH_REMATCH[1]:-}" "${BASH_REMATCH[2]:-}"
	expect_no_device rp0
}

t_run_other_braces()
{
	local word

	# shellcheck disable=SC2016 # a shell in the command would expand it
	for word in '{"a":{"b":1}}' '{}' '{FD}' '{fd' 'fd}' '${dev}'; do
		try "$VNETCTL" run --dev rb0 -- echo "$word"
		expect_rc 0
		expect_same "argument" "$word" "$OUT"
	done
	try "$VNETCTL" run --dev rb0 -- echo '{"queues":{queues},"name":"{dev}"}'
	expect_rc 0
	expect_same "argument" '{"queues":1,"name":"rb0"}' "$OUT"
}

t_run_descriptors()
{
	# shellcheck disable=SC2016 # the child's variables
	try "$VNETCTL" run --dev rd0 --queues 3 --report --rss -- bash -c '
		for fd in $(tr : " " <<< {fds}); do
			readlink /proc/self/fd/$fd
			grep iff: /proc/self/fdinfo/$fd
		done'
	expect_rc 0
	expect_same "descriptors" \
		"$(for _ in 1 2 3; do printf '/dev/net/tun\niff:\trd0\n'; done)" \
		"$OUT"

	try "$VNETCTL" run --dev rd0 --queues 3 -- sh -c 'ls -l /proc/self/fd'
	expect_rc 0
	expect_same "tun descriptors in ls" 3 "$(grep -c /dev/net/tun <<< "$OUT")"
}

t_run_frame_passes()
{
	# an empty virtio-net header of 20 bytes, then a broadcast frame
	{
		head -c 20 /dev/zero
		printf '\377\377\377\377\377\377\002\0\0\0\0\001\210\265'
		head -c 46 /dev/zero
	} > "$WORK/frame"

	try "$VNETCTL" run --dev rf0 --up --report --hdr-size 20 -- bash -ec "
		dd if='$WORK/frame' bs=80 count=1 status=none >&{fd}
		cat /sys/class/net/{dev}/statistics/rx_packets \\
			/sys/class/net/{dev}/statistics/rx_bytes"
	expect_rc 0
	expect_same "rx_packets, rx_bytes" $'1\n60' "$OUT"
}

t_run_link()
{
	ip link add rlbr0 type bridge
	try "$VNETCTL" run --dev rl0 --queues 2 --mtu 9000 --bridge rlbr0 --up \
		-- sh -c 'ip -o link show {dev}; cat /sys/class/net/{dev}/tun_flags'
	expect_rc 0
	expect_out "mtu 9000"
	expect_out "master rlbr0"
	expect_out ",UP"
	# IFF_TAP | IFF_MULTI_QUEUE | IFF_NO_PI | IFF_VNET_HDR, not persistent
	expect_out "0x5102"
	expect_no_device rl0
}

t_run_one_queue_flags()
{
	try "$VNETCTL" run --dev ro0 -- cat /sys/class/net/ro0/tun_flags
	expect_rc 0
	expect_same "tun_flags" 0x5002 "$OUT"
}

t_run_existing()
{
	tap re0 multi_queue
	try "$VNETCTL" run --dev re0 --report --rss -v -- echo '{queues}'
	expect_rc 0
	expect_same "queues" 1 "$OUT"
	expect_err "descriptors: "
	expect_err "flags: report rss"
	exists re0 || differs "persistent device" "kept" "gone"

	# nothing asked: the earlier configuration goes
	try "$VNETCTL" run --dev re0 -v -- true
	expect_rc 0
	expect_err "re0: hashing is off"
}

t_run_status_of_command()
{
	try "$VNETCTL" run --dev rs0 --report -- sh -c 'exit 42'
	expect_rc 42
	try "$VNETCTL" run --dev rs0 --report -- no-such-command-here
	expect_rc 127
	expect_err "no-such-command-here: No such file or directory"
	expect_no_device rs0
	try "$VNETCTL" run --dev rs0 --report -- /dev/null
	expect_rc 126
	expect_err "/dev/null: Permission denied"
	expect_no_device rs0
}

# The program stays with the device, and the hash with it, until both go.
t_run_steering_prog()
{
	try "$VNETCTL" run --dev rg0 --queues 4 --report -v \
		--steering-prog vnet_inner.bpf.o -- \
		sh -c "'$VNETCTL' show {dev}; grep Seccomp: /proc/self/status"
	expect_rc 0
	expect_err "steering program: vnet_inner.bpf.o"
	expect_out "flags: report"
	expect_out "Seccomp:	2"
	expect_no_device rg0

	# A persistent device keeps it, and RSS has to wait.
	tap rg1 multi_queue
	try "$VNETCTL" run --dev rg1 --steering-prog vnet_inner.bpf.o -- true
	expect_rc 0
	refused 1 "rg1" set --dev rg1 --table equal:1
	try "$VNETCTL" set --dev rg1 --report
	expect_rc 0
}

# --- refusals ---------------------------------------------------------------

t_usage_refused()
{
	refused 2 "no command given: it must be caps, show, set, clear, run or help"
	refused 2 "unknown command 'sett'" sett
	refused 2 "unrecognized option" caps --bogus
	refused 2 "unexpected argument 'x'" caps x
	refused 2 "help: unknown command 'sett'" help sett
	refused 2 "run prints no JSON" -j run --dev ru0 -- true
	refused 2 "--dev is required" set --report
	refused 2 "--dev is required" clear
	refused 2 "--dev is required" run -- true
	refused 2 "no command to execute" run --dev ru0
	refused 2 "'a/b' is no device name" clear --dev a/b
	refused 2 "is no device name" run --dev sixteencharacter -- true
}

t_set_options_refused()
{
	tap so0 multi_queue
	local set=(set --dev so0)

	refused 2 "nothing to turn on" "${set[@]}"
	refused 2 "nothing to turn on" "${set[@]}" --types all
	refused 2 "--rss needs --table" "${set[@]}" --rss
	refused 2 "--unclassified needs --rss" "${set[@]}" --report --unclassified 1
	refused 2 "--unclassified '256': must be a number from 0 to 255" \
		"${set[@]}" --table equal:2 --unclassified 256
	refused 2 "hash type 'ipv5' is unknown; accepted: ipv4, tcpv4" \
		"${set[@]}" --report --types ipv4,ipv5
	refused 2 "hash type '' is unknown" "${set[@]}" --report --types ipv4,
}

t_key_refused()
{
	tap ky0
	local set=(set --dev ky0 --report)

	refused 2 "key has 12 bytes; type tcpv6 needs at least 40" \
		"${set[@]}" --types ipv4,tcpv6 --key "${KEY:0:35}"
	refused 2 "key has 11 bytes; type ipv4 needs at least 12" \
		"${set[@]}" --types ipv4 --key "${KEY:0:32}"
	refused 2 "key has 15 bytes; type udpv4 needs at least 16" \
		"${set[@]}" --types ipv4,udpv4 --key "${KEY:0:44}"
	refused 2 "key has 35 bytes; type ip_ex needs at least 36" \
		"${set[@]}" --types ip_ex --key "${KEY:0:104}"
	refused 2 "key has 41 bytes; it may have at most 40" \
		"${set[@]}" --key "$KEY:00"
	refused 2 "no pair of hex digits at character 4" "${set[@]}" --key 6d:5
	refused 2 "no pair of hex digits at character 1" "${set[@]}" --key xy
	refused 2 "key is empty" "${set[@]}" --key ""
	refused 2 "key has 1 byte; type tcpv6 needs" "${set[@]}" --key 00
}

t_table_refused()
{
	tap tb0 multi_queue
	local set=(set --dev tb0)

	refused 2 "table length 100 is not a power of two; it must be one, from 1 to 1024" \
		"${set[@]}" --table equal:4/100
	refused 2 "table length 3 is not a power of two" "${set[@]}" --table 0,1,2
	refused 2 "table length 2048: must be a power of two from 1 to 1024" \
		"${set[@]}" --table equal:4/2048
	refused 2 "table length 2 is too short for 4 queues" \
		"${set[@]}" --table equal:4/2
	refused 2 "table entry '256': must be a number from 0 to 255" \
		"${set[@]}" --table 0,256
	refused 2 "table entry '': must be" "${set[@]}" --table 0,
	refused 2 "table 'even:4': must be equal:N" \
		"${set[@]}" --table even:4
	refused 2 "number of queues in table '0': must be" \
		"${set[@]}" --table equal:0
	refused 2 "all weights are 0" "${set[@]}" --table weights:0,0
	refused 2 "weight 1 of queue 0 comes to no entry in a table of 2" \
		"${set[@]}" --table weights:1,1000/2
}

t_run_options_refused()
{
	local run=(run --dev rr0)

	refused 2 "--queues '0': must be a number from 1 to 256" \
		"${run[@]}" --queues 0 -- true
	refused 2 "--queues '257'" "${run[@]}" --queues 257 -- true
	refused 2 "--mtu '67': must be" "${run[@]}" --mtu 67 -- true
	refused 2 "--hdr-size 11: must be 10, 12 or 20" \
		"${run[@]}" --hdr-size 11 -- true
	refused 2 "--hdr-size 12 has no room for the hash; --report needs 20" \
		"${run[@]}" --hdr-size 12 --report -- true
	refused 2 "table entry 4 is not below --queues 4" \
		"${run[@]}" --queues 4 --table equal:8 -- true
	refused 2 "--unclassified 4 is not below --queues 4" \
		"${run[@]}" --queues 4 --rss --unclassified 4 -- true
	refused 2 "placeholder {fdz} is unknown; known: {fds} {fd} {queues} {vectors} {mtu} {dev} {fdlist} {mac}" \
		"${run[@]}" -- echo 'fds={fdz}'
	expect_no_device rr0
}

t_steering_prog_refused()
{
	local run=(run --dev sx0 --steering-prog)

	refused 2 "--steering-prog and --rss (or --table) both choose the queue" \
		"${run[@]}" vnet_inner.bpf.o --rss -- true
	refused 2 "--steering-prog and --rss (or --table) both choose the queue" \
		"${run[@]}" vnet_inner.bpf.o --table equal:1 -- true
	refused 1 "--steering-prog no-such-file: No such file or directory" \
		"${run[@]}" no-such-file -- true
	refused 1 "its program is of section 'tc'; a steering program must be of 'vnet_hash' or 'socket'" \
		"${run[@]}" vnet_rx.bpf.o -- true
	refused 1 "--steering-prog ../../../kselftest/ktap_helpers.sh: " \
		"${run[@]}" ../../../kselftest/ktap_helpers.sh -- true
	[[ $ERR != *Unknown* ]] || differs "message" "libbpf's" "$ERR"
	expect_no_device sx0
}

t_devices_refused()
{
	refused 1 "there is no device dv1" set --dev dv1 --report
	refused 1 "there is no device dv1" clear --dev dv1
	refused 1 "lo is not a tun, tap, macvtap or ipvtap device" \
		set --dev lo --report
	refused 1 "lo is not a tun, tap" run --dev lo -- true

	tap dv2
	refused 1 "dv2 was made for one queue: give --queues 1" \
		run --dev dv2 --queues 2 -- true
	ip tuntap add dv3 mode tun
	refused 1 "dv3 is a tun device" run --dev dv3 -- true
}

t_failed_run_leaves_nothing()
{
	refused 1 "there is no bridge nobr" run --dev rx0 --queues 2 --report \
		--rss --up --bridge nobr -- touch "$WORK/ran"
	expect_no_device rx0
	refused 1 "lo is not a bridge" run --dev rx0 --bridge lo -- \
		touch "$WORK/ran"
	expect_no_device rx0
	[[ ! -e $WORK/ran ]] || differs "command" "not executed" "executed"
}

# Starts a VMM's stand-in that holds two queues of $1 and says when it has.
hold()
{
	coproc HOLD { exec "$VNETCTL" run --dev "$1" "${@:2}" -- \
		sh -c 'echo holding; read -r _' 2> "$WORK/hold"; }
	read -r -t 20 -u "${HOLD[0]}" _ || {
		differs "holding $1" "success" "$(< "$WORK/hold")"
		return 1
	}
}

release()
{
	local pid=$HOLD_PID

	echo >&"${HOLD[1]}" || true
	wait "$pid" || true
}

t_in_use_refused()
{
	tap iu0
	hold iu0
	refused 1 "iu0 is in use: another process holds its only queue" \
		run --dev iu0 --report -- true
	release

	tap iu1 multi_queue
	hold iu1 --queues 2
	refused 1 "iu1 is in use: other processes hold 2 of its queues" \
		run --dev iu1 --queues 2 --report --rss -- true
	release
}

# Root without CAP_NET_ADMIN, who can open /dev/net/tun whatever its mode.
unprivileged()
{
	setpriv --bounding-set -net_admin --inh-caps -net_admin "$@"
}

t_unprivileged()
{
	tap up0 user 65534
	try unprivileged "$VNETCTL" set --dev up0 --report
	expect_rc 1
	expect_err "attaching to up0 is not permitted: it needs CAP_NET_ADMIN or the owner of the device"

	try unprivileged "$VNETCTL" run --dev up1 -- true
	expect_rc 1
	expect_err "creating up1 is not permitted: it needs CAP_NET_ADMIN"

	tap up2 user 0
	try unprivileged "$VNETCTL" set --dev up2 --report
	expect_rc 0
	try unprivileged "$VNETCTL" run --dev up2 --report -- echo ran
	expect_rc 0
	expect_same "stdout" ran "$OUT"
	try unprivileged "$VNETCTL" run --dev up2 --up -- echo ran
	expect_rc 1
	expect_err "up2: bringing the link up: Operation not permitted (it needs CAP_NET_ADMIN)"

	try unprivileged "$VNETCTL" caps
	expect_rc 0
}

# --- who else is there: VMMs, traffic, other namespaces ----------------------

# vmm NAME ARG...: starts a part of vnetctl_vmm, which goes on until end NAME.
vmm()
{
	local name=$1

	shift
	mkfifo "$WORK/$name.in" "$WORK/$name.out"
	"$VMM" "$@" < "$WORK/$name.in" > "$WORK/$name.out" 2> "$WORK/$name.err" &
	exec {IN}> "$WORK/$name.in" {SAID}< "$WORK/$name.out"
	declare -g "${name}_in=$IN" "${name}_out=$SAID" "${name}_pid=$!"
	read -r -t 60 -u "$SAID" _ || {
		differs "vnetctl_vmm $*" "starts" "$(< "$WORK/$name.err")"
		return 1
	}
}

# end NAME: prints what it counted.
end()
{
	local in="$1_in" out="$1_out" pid="$1_pid" count=

	echo >&"${!in}" || true
	read -r -t 60 -u "${!out}" count || true
	wait "${!pid}" || true
	exec {IN}>&"${!in}"-
	rm -f "$WORK/$1.in" "$WORK/$1.out"
	echo "$count"
}

# An address at tap $1 and one behind it, 192.0.$2.2
route()
{
	ip link set "$1" up
	ip addr add "192.0.$2.1/24" dev "$1"
	ip neigh add "192.0.$2.2" lladdr "${3:-02:00:00:00:00:02}" dev "$1"
}

# Ends both and compares.
expect_no_loss()
{
	local sent received

	end sender > "$WORK/sent"
	end holder > "$WORK/received"
	sent=$(< "$WORK/sent") received=$(< "$WORK/received")
	[[ ${sent:-0} -ge 100 ]] || differs "frames sent" "100 or more" "$sent"
	expect_same "frames received" "$sent" "$received"
}

# A network namespace, until the test's end
netns()
{
	ip netns add "$1"
	# shellcheck disable=SC2064 # the name of now
	trap "ip netns del $1" EXIT
}

rtnl_flags()
{
	ip "${@:2}" -d link show "$1" | grep -o 'tun type.*multi_queue'
}

# --- closed streams ----------------------------------------------------------

t_closed_streams()
{
	tap cs0 multi_queue
	ip link set cs0 up
	"$VNETCTL" set --dev cs0 --report --table equal:256/1024 -j >&- \
		2> "$WORK/err" || true
	expect_same "output that went as frames" 0 \
		"$(< /sys/class/net/cs0/statistics/rx_packets)"

	"$VNETCTL" run --dev cs1 --queues 2 -- sh -c \
		"is=\$(readlink /proc/\$\$/fd/1); echo \$is > $WORK/out" >&- || true
	expect_same "standard output of the command" /dev/null "$(< "$WORK/out")"

	try "$VNETCTL" run --dev cs2 --queues 2 -- \
		sh -c 'echo {fd}; readlink /proc/self/fd/0' <&-
	expect_rc 0
	expect_same "first descriptor, standard input" $'3\n/dev/null' "$OUT"
}

# --- other network namespaces -------------------------------------------------

# One interface index in two namespaces, and one /dev/tapN
t_foreign_node()
{
	local index=7701 mine theirs enter

	netns fn
	tap fnlow
	ip link add link fnlow name fna index $index type macvtap \
		2> /dev/null || skip "no macvtap in this kernel"
	ip -n fn link add fnlow type dummy 2> /dev/null ||
		ip -n fn tuntap add fnlow mode tap
	ip -n fn link add link fnlow name fnb index $index type macvtap
	mine=$(< /sys/class/net/fna/macvtap/tap$index/dev)
	theirs=$(ip netns exec fn cat /sys/class/net/fnb/macvtap/tap$index/dev)
	rm -f /dev/tap$index
	mknod /dev/tap$index c "${mine%:*}" "${mine#*:}"

	for enter in "ip netns exec fn" "nsenter --net=/run/netns/fn"; do
		# shellcheck disable=SC2086 # words
		try $enter "$VNETCTL" set --dev fnb --table equal:4
		expect_rc 1
		expect_err "mknod /dev/tap$index c ${theirs/:/ }"
		# shellcheck disable=SC2086 # words
		try $enter "$VNETCTL" run --dev fnb -- touch "$WORK/ran"
		expect_rc 1
	done
	[[ ! -e $WORK/ran ]] || differs "command" "not executed" "executed"
	try "$VNETCTL" show fna
	expect_same "the other tenant's" "fna: hashing is off" "$OUT"

	rm -f /dev/tap$index
	refused 1 "mknod /dev/tap$index c ${mine/:/ }" set --dev fna --report
	mknod /dev/tap$index c "${theirs%:*}" "${theirs#*:}"
	try nsenter --net=/run/netns/fn "$VNETCTL" set --dev fnb --report
	expect_rc 0
	rm -f /dev/tap$index
}

# /sys is of another namespace, which has a tap of that name and index.
t_foreign_sysfs()
{
	local before

	netns fs1
	ip netns add fs2
	trap "ip netns del fs1; ip netns del fs2" EXIT
	ip -n fs1 tuntap add fs0 mode tap multi_queue vnet_hdr
	ip -n fs2 tuntap add fs0 mode tap multi_queue pi
	expect_same "index there" "$(ip netns exec fs1 cat /sys/class/net/fs0/ifindex)" \
		"$(ip netns exec fs2 cat /sys/class/net/fs0/ifindex)"
	before=$(rtnl_flags fs0 -n fs2)

	try ip netns exec fs1 nsenter --net=/run/netns/fs2 \
		"$VNETCTL" set --dev fs0 --report
	expect_rc 0
	expect_same "flags afterwards" "$before" "$(rtnl_flags fs0 -n fs2)"
	try ip netns exec fs1 "$VNETCTL" show fs0
	expect_same "the other one's" "fs0: hashing is off" "$OUT"
}

# A VMM there has a tap of that name.
t_foreign_holder()
{
	netns fh
	tap fh0 multi_queue
	vmm holder hold fh0 2
	ip link set fh0 netns fh
	tap fh0 multi_queue

	try "$VNETCTL" set --dev fh0 --report
	expect_rc 0
	try "$VNETCTL" show fh0
	expect_out "flags: report"
	try ip netns exec fh "$VNETCTL" show fh0
	expect_same "the other one's" "fh0: hashing is off" "$OUT"
	# and from there, the VMM being here
	try ip netns exec fh "$VNETCTL" set --dev fh0 --table equal:2
	expect_rc 0
	try "$VNETCTL" show fh0
	expect_out "flags: report"$'\n'
	end holder > /dev/null
}

# --- devices that somebody holds ----------------------------------------------

t_refused_run_takes_nothing()
{
	tap rt0 multi_queue
	vmm holder hold rt0 4
	route rt0 11
	vmm sender send 192.0.11.2
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		refused 1 "rt0 is in use: other processes hold 4 of its queues" \
			run --dev rt0 --queues 4 --rss -- true
	done
	expect_no_loss
}

# Its queues are all detached, as QEMU's are until the guest wants more.
t_detached_is_in_use()
{
	tap di0 multi_queue
	vmm holder hold di0 4 detach
	refused 1 "di0 is in use: other processes hold 4 of its queues" \
		run --dev di0 --queues 4 --rss -- true
	given set --dev di0 --table equal:4
	try "$VNETCTL" show di0
	expect_out "indirection table: equal:4/128"
	end holder > /dev/null
}

# A macvtap on one end of a veth; the other end sends to it.
macvtap_with_peer()
{
	local name=$1 index dev

	ip link add "${name}p" type veth peer name "${name}low" 2> /dev/null ||
		skip "no veth in this kernel"
	ip link add link "${name}low" name "$name" type macvtap mode bridge \
		2> /dev/null || skip "no macvtap in this kernel"
	ip link set "${name}low" up
	ip link set "$name" up
	index=$(< "/sys/class/net/$name/ifindex")
	dev=$(< "/sys/class/net/$name/macvtap/tap$index/dev")
	rm -f "/dev/tap$index"
	mknod "/dev/tap$index" c "${dev%:*}" "${dev#*:}"
	# shellcheck disable=SC2064 # the index of now
	trap "rm -f /dev/tap$index" EXIT
	NODE=/dev/tap$index
	route "${name}p" "$2" "$(< "/sys/class/net/$name/address")"
}

t_usage_error_takes_nothing()
{
	local pid=holder_pid

	macvtap_with_peer ue0 12
	vmm holder hold "$NODE" 4
	vmm sender send 192.0.12.2
	for _ in {1..30}; do
		refused 2 "key has 1 byte" set --dev ue0 --report --key 00
	done
	refused 1 "ue0 is in use: process ${!pid} has it open" \
		run --dev ue0 -- true
	expect_no_loss
}

# One hundred changes each time, so that a thousand are not a thousand processes.
hundred_changes()
{
	local devs i

	mapfile -t devs < <(for ((i = 0; i < 50; i++)); do echo "$1"; done)
	given set -q "${devs[@]}" --report --table weights:1,2,3,4
	given set -q "${devs[@]}" --report --table equal:4
}

t_changes_lose_nothing()
{
	tap cn0 multi_queue
	vmm holder hold cn0 4
	route cn0 13
	vmm sender send 192.0.13.2
	for _ in {1..40}; do
		given set --dev cn0 --report --table equal:4
	done
	for _ in {1..10}; do
		hundred_changes cn0
	done
	given clear -q cn0
	expect_no_loss
	expect_same "what is left" "cn0: hashing is off" \
		"$("$VNETCTL" show cn0)"
}

t_macvtap_changes_lose_nothing()
{
	macvtap_with_peer mn0 14
	vmm holder hold "$NODE" 4
	vmm sender send 192.0.14.2
	hundred_changes mn0
	given clear mn0
	expect_no_loss
}

t_set_in_use()
{
	tap si0
	vmm holder hold si0 1 single
	given set --dev si0 --report --types tcpv4 --key "$KEY"
	try "$VNETCTL" show si0
	expect_out "hash types: tcpv4"
	try "$VNETCTL" show --key si0
	expect_rc 0
	expect_out "key: $KEY"
	given clear --dev si0
	expect_same "after clear" "si0: hashing is off" "$("$VNETCTL" show si0)"
	end holder > /dev/null
}

# Who may not copy the VMM's descriptor may not take its packets either.
t_set_in_use_unprivileged()
{
	tap sv0 multi_queue
	vmm holder hold sv0 2
	try setpriv --bounding-set -sys_ptrace --inh-caps -sys_ptrace \
		"$VNETCTL" set --dev sv0 --report
	expect_rc 1
	expect_err "sv0 is in use, by a process whose descriptor vnetctl may not copy: it needs CAP_SYS_PTRACE"
	try "$VNETCTL" show sv0
	expect_same "its hashing" "sv0: hashing is off" "$OUT"
	end holder > /dev/null
}

# A copy of the tool where anybody may execute it
nobody_can()
{
	cp "$VNETCTL" "$WORK/vnetctl"
	chmod 755 "$WORK" "$WORK/vnetctl"
	echo "$WORK/vnetctl"
}

# What the last VMM has set for itself is not the next one's.
t_leftovers()
{
	tap lo0 multi_queue
	vmm holder hold lo0 1 hdr=20 offload
	given set --dev lo0 --report
	end holder > /dev/null
	try "$VNETCTL" run --dev lo0 -- "$VMM" state '{fd}'
	expect_rc 0
	expect_same "run" "header 10, partial checksums 0" "$OUT"

	vmm holder hold lo0 1 hdr=20 offload
	given clear --dev lo0
	expect_same "clear leaves a VMM what it has" \
		"header 20, partial checksums 1" "$(peek lo0)"
	end holder > /dev/null
	given clear --dev lo0
	expect_same "clear" "header 10, partial checksums 0" "$(peek lo0)"
}

# The same without vnetctl, by a queue more
peek()
{
	bash -c 'exec 9<> /dev/net/tun; exec "$0" peek 9 "$1"' "$VMM" "$1"
}

# $VNETCTL_RACE deletes the device between the look at it and TUNSETIFF.
t_deleted_meanwhile()
{
	tap dm0 multi_queue
	RC=0
	ASAN_OPTIONS=verify_asan_link_order=0 \
		LD_PRELOAD=$RACE VNETCTL_RACE="ip link del dm0" \
		"$VNETCTL" set --dev dm0 --report \
		> "$WORK/out" 2> "$WORK/err" || RC=$?
	expect_rc 1
	expect_same "stdout" "" "$(< "$WORK/out")"
	ERR=$(< "$WORK/err")
	expect_err "dm0 was deleted at this very moment"
	expect_no_device dm0

	tap dm0 multi_queue
	RC=0
	ASAN_OPTIONS=verify_asan_link_order=0 \
		LD_PRELOAD=$RACE VNETCTL_RACE="ip link del dm0" \
		"$VNETCTL" run --dev dm0 -- touch "$WORK/ran" \
		2> "$WORK/err" || RC=$?
	expect_rc 1
	[[ ! -e $WORK/ran ]] || differs "command" "not executed" "executed"
}

# --- run on persistent devices ------------------------------------------------

t_run_twice()
{
	ip link add rwbr0 type bridge
	ip link add rwbr1 type bridge
	tap rw0 multi_queue
	for _ in 1 2; do
		try "$VNETCTL" run --dev rw0 --bridge rwbr0 --up -- \
			ip -o link show rw0
		expect_rc 0
		expect_out "master rwbr0"
	done
	given set --dev rw0 --report
	refused 1 "rw0 is a port of rwbr0 already" \
		run --dev rw0 --bridge rwbr1 -- true
	try "$VNETCTL" show rw0
	expect_out "flags: report"
}

t_failed_run_changes_nothing()
{
	local before

	tap fr0 multi_queue
	given set --dev fr0 --table equal:2 --report --key "$KEY"
	before=$("$VNETCTL" show fr0; ip link show fr0)

	refused 1 "there is no bridge nobr" \
		run --dev fr0 --mtu 1400 --bridge nobr -- true
	refused 1 "lo is not a bridge" \
		run --dev fr0 --mtu 1400 --bridge lo -- true
	refused 127 "/no/such/command: No such file or directory" \
		run --dev fr0 --mtu 1400 --up -- /no/such/command
	refused 127 "no-such-command: No such file or directory" \
		run --dev fr0 --mtu 1400 --up -- no-such-command
	refused 126 "/: Permission denied" run --dev fr0 --up -- /
	refused 1 "--mtu 65535: fr0 takes an MTU from 68 to 65521" \
		run --dev fr0 --mtu 65535 -- true
	refused 1 "--mtu 65535: fr1 takes an MTU from 68 to 65521" \
		run --dev fr1 --mtu 65535 -- true
	expect_same "the device" "$before" \
		"$("$VNETCTL" show fr0; ip link show fr0)"

	tap_link fr2 macvtap bridge
	refused 1 "--mtu 9000: fr2 takes an MTU from 68 to 1500" \
		run --dev fr2 --mtu 9000 -- true

	# what cannot be known before
	try unprivileged "$VNETCTL" run --dev fr0 --mtu 1400 -- true
	expect_rc 1
	ip link del fr0
	tap fr0 multi_queue user 0
	try unprivileged "$VNETCTL" run --dev fr0 --report --mtu 1400 -- true
	expect_rc 1
	expect_err "fr0 stays as changed before that: offloads, header size, steering, hashing"
}

# --- steering programs ----------------------------------------------------------

readonly PROGRAM=vnet_inner.bpf.o

# RSS can be turned on where there is no program.
expect_program()
{
	local rc=0

	"$VNETCTL" set --dev "$2" --table equal:1 > /dev/null 2>&1 || rc=$?
	[[ $rc -eq $1 ]] || differs "program on $2 ($3)" "$1" "$rc"
}

t_program_of_earlier_run()
{
	tap pe0 multi_queue
	given run --dev pe0 --report --steering-prog $PROGRAM -- true
	expect_program 1 pe0 "after run --steering-prog"
	given run --dev pe0 -- true
	expect_program 0 pe0 "after run without"

	given clear --dev pe0
	given run --dev pe0 --report --steering-prog $PROGRAM -- true
	given run --dev pe0 --rss -- true
	given clear --dev pe0
	given run --dev pe0 --report --steering-prog $PROGRAM -- true
	given run --dev pe0 --steering-prog none -- true
	expect_program 0 pe0 "after run --steering-prog none"

	given clear --dev pe0
	given run --dev pe0 --report --steering-prog $PROGRAM -- true
	given clear --dev pe0
	expect_program 0 pe0 "after clear"
}

t_set_program()
{
	tap sq0 multi_queue
	vmm holder hold sq0 2
	try "$VNETCTL" set --dev sq0 --report --types ipv4 --steering-prog $PROGRAM
	expect_rc 0
	expect_out "flags: report"
	expect_same "stderr" "" "$ERR"
	expect_program 1 sq0 "after set --steering-prog"
	refused 1 "\`vnetctl set sq0 --steering-prog none'" \
		set --dev sq0 --table equal:2
	try "$VNETCTL" set --dev sq0 --steering-prog none
	expect_rc 0
	expect_out "hash types: ipv4"
	expect_program 0 sq0 "after set --steering-prog none"
	refused 1 "sq0: RSS is on, and chooses the queue" \
		set --dev sq0 --steering-prog $PROGRAM
	# both at once, either way
	given set --dev sq0 --report --steering-prog $PROGRAM
	given set --dev sq0 --table equal:2 --steering-prog none
	refused 2 "both choose the queue" \
		set --dev sq0 --table equal:2 --steering-prog $PROGRAM
	try "$VNETCTL" show sq0
	expect_out "indirection table: equal:2/128"
	end holder > /dev/null
}

t_program_without_key()
{
	try "$VNETCTL" run --dev pk0 --queues 2 --steering-prog $PROGRAM -- true
	expect_rc 0
	expect_err "warning: without --report the device has no key"
	try "$VNETCTL" run --dev pk0 --steering-prog $PROGRAM --report -- true
	expect_rc 0
	expect_same "stderr" "" "$ERR"
}

# By no system call of another architecture either
t_program_is_kept()
{
	tap pt0 multi_queue
	mkfifo "$WORK/pt"
	"$VNETCTL" run --dev pt0 --report --steering-prog $PROGRAM -- \
		"$VMM" escape '{fd}' < "$WORK/pt" > "$WORK/ways" &
	exec {IN}> "$WORK/pt"
	until grep -q holding "$WORK/ways"; do
		kill -0 $!
		sleep 0.1
	done
	expect_program 1 pt0 "after all that: $(tr '\n' ' ' < "$WORK/ways")"
	# EBUSY: no RSS beside a program, as the kernel has it
	grep -qx "native: 0 -16" "$WORK/ways" ||
		differs "native calls" "native: 0 -16" "$(< "$WORK/ways")"
	try "$VNETCTL" show pt0
	expect_out "flags: report"
	exec {IN}>&-
	wait $!
}

t_program_unprivileged()
{
	tap pv0 multi_queue
	cp $PROGRAM "$WORK/program.o"
	chmod 644 "$WORK/program.o"
	try setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps -all \
		--bounding-set -all "$(nobody_can)" \
		run --dev pv0 --report --steering-prog "$WORK/program.o" -- true
	expect_rc 1
	expect_same "stderr" \
		"vnetctl: loading $WORK/program.o is not permitted: it needs CAP_BPF and CAP_NET_ADMIN" \
		"$ERR"
}

# --- what show says of the header ----------------------------------------------

t_show_header()
{
	tap hd0 multi_queue
	given set --dev hd0 --report
	vmm holder hold hd0 2
	try "$VNETCTL" show hd0
	expect_out "header: 10 bytes, no room for the report"
	try "$VNETCTL" show -j hd0
	expect_out '"header_size": 10'
	end holder > /dev/null
	vmm holder hold hd0 2 hdr=20
	try "$VNETCTL" show hd0
	expect_out $'header: 20 bytes\n'
	end holder > /dev/null
	vmm holder hold hd0 2 novnet
	try "$VNETCTL" show hd0
	expect_out "header: none, no room for the report"
	end holder > /dev/null
}

# --- keep, dry runs, names, lists -------------------------------------------------

t_keep()
{
	tap ke0 multi_queue
	refused 1 "ke0: hashing is off: there is no key to keep" \
		set --dev ke0 --report --key keep
	given set --dev ke0 --table weights:1,1 --types ipv4,tcpv4 --key "$KEY"
	try "$VNETCTL" set --dev ke0 --table weights:2,1 --key keep --types keep
	expect_rc 0
	expect_out "key: $KEY"
	expect_out "hash types: ipv4 tcpv4"
	try "$VNETCTL" set --dev ke0 --table equal:4 --key keep
	expect_out "key: $KEY"
	expect_out "hash types: $ALL_TYPES"

	given set --dev ke0 --report --types ipv4 --key "${KEY:0:35}"
	refused 2 "key has 12 bytes; type tcpv6 needs at least 40" \
		set --dev ke0 --report --key keep

	given set --dev ke0 --report --key "$KEY"
	try "$VNETCTL" run --dev ke0 --rss --key keep -v -- true
	expect_rc 0
	expect_err "key: $KEY"
	refused 1 "there is no key to keep" run --dev ke1 --rss --key keep -- true
}

t_key_file()
{
	tap kf0
	echo "$KEY" > "$WORK/key"
	try "$VNETCTL" set kf0 --report --key-file "$WORK/key"
	expect_rc 0
	expect_out "key: $KEY"
	try "$VNETCTL" set kf0 --report --key-file - <<< "${KEY//:/}"
	expect_rc 0
	expect_out "key: $KEY"
	refused 2 "--key and --key-file both give the key" \
		set kf0 --report --key default --key-file "$WORK/key"
	refused 1 "--key-file /no/such: No such file" \
		set kf0 --report --key-file /no/such
	refused 2 "--key-file /dev/zero is too long" \
		set kf0 --report --key-file /dev/zero
	refused 2 "key is empty" set kf0 --report --key-file /dev/null
}

t_dry_run()
{
	tap dr0 multi_queue
	try "$VNETCTL" set dr0 --dry-run --report --table equal:4 --key "$KEY"
	expect_rc 0
	expect_out "indirection table: equal:4/128"
	expect_out "key: $KEY"
	expect_same "the device" "dr0: hashing is off" "$("$VNETCTL" show dr0)"
	refused 2 "--dry-run prints hashing" set dr0 --dry-run \
		--steering-prog none
}

t_quiet()
{
	tap qu0
	try "$VNETCTL" set -q qu0 --report
	expect_rc 0
	expect_same "stdout" "" "$OUT"
	try "$VNETCTL" clear --quiet qu0
	expect_rc 0
	expect_same "stdout" "" "$OUT"
}

t_several_devices()
{
	local dev

	for dev in sd0 sd1; do
		tap $dev multi_queue
	done
	try "$VNETCTL" -j set sd0 --dev sd1 --report --types ipv4 --key "$KEY"
	expect_rc 0
	expect_same "JSON of set" 2 "$(grep -o '"dev": "sd[01]"' <<< "$OUT" | wc -l)"
	[[ $OUT == \[*\] ]] || differs "JSON of set" "an array" "$OUT"
	try "$VNETCTL" show sd0 --dev sd1
	expect_out "sd0:"
	expect_out "sd1:"
	# one that cannot be shown keeps the others from nothing
	try "$VNETCTL" -j show sd0 no1 sd1
	expect_rc 1
	expect_err "there is no device no1"
	expect_same "JSON of show" 2 "$(grep -o '"dev": "sd[01]"' <<< "$OUT" | wc -l)"
	[[ $OUT == \[*\] ]] || differs "JSON of show" "an array" "$OUT"
	# nothing is touched if one is missing
	refused 1 "there is no device no1" clear sd0 no1
	try "$VNETCTL" show sd0
	expect_out "flags: report"
	given clear sd0 sd1
}

t_altnames()
{
	local long=an-alternative-name-of-more-than-15

	tap al0 multi_queue
	ip link property add dev al0 altname al-alt altname $long
	for name in al-alt $long; do
		try "$VNETCTL" set --dev "$name" --report
		expect_rc 0
		expect_out "al0:"
		try "$VNETCTL" show "$name"
		expect_rc 0
		try "$VNETCTL" run --dev "$name" -- echo '{dev}'
		expect_same "run on $name" al0 "$OUT"
		given clear --dev "$name"
	done
}

t_command_line_as_elsewhere()
{
	tap cl1
	try "$VNETCTL" help
	expect_rc 0
	expect_out "Usage: vnetctl [OPTION...] COMMAND"
	try "$VNETCTL" help set
	expect_rc 0
	expect_out "Usage: vnetctl set"
	try "$VNETCTL" -j caps
	expect_out '"max_key_size": 40'
	try "$VNETCTL" -j show --dev cl1
	expect_rc 0
	expect_out '{"dev": "cl1"'
	try unshare --net "$VNETCTL" show
	expect_rc 0
	expect_same "stdout of nothing" "" "$OUT"
	expect_err "no device has hashing on"
}

t_run_more_placeholders()
{
	try "$VNETCTL" run --dev mp0 --queues 3 -- echo 'fd=[{fdlist}]'
	expect_rc 0
	[[ $OUT =~ ^fd=\[[0-9]+,[0-9]+,[0-9]+\]$ ]] ||
		differs "list" "fd=[A,B,C]" "$OUT"
	refused 1 "{mac} stands for that of a macvtap" \
		run --dev mp0 -- echo '{mac}'
	macvtap_with_peer mp1 15
	try "$VNETCTL" run --dev mp1 -- echo '{mac}'
	expect_same "address" "$(< /sys/class/net/mp1/address)" "$OUT"
}

t_descriptor_limit()
{
	RC=0
	(ulimit -n 40; exec "$VNETCTL" run --dev dl0 --queues 64 -- true) \
		2> "$WORK/err" || RC=$?
	ERR=$(< "$WORK/err")
	expect_rc 1
	expect_err "each queue needs a descriptor, and a process may have 40 (ulimit -n)"
	expect_no_device dl0
}

# With four queues a VMM would not start on it.
t_set_one_queue_refused()
{
	tap oq0
	refused 1 "oq0 was made for one queue, which is queue 0, and queue 3 is named" \
		set --dev oq0 --table equal:4
	given set --dev oq0 --table equal:1
}

# --- the hook of libvirt ------------------------------------------------------

# domain_xml METADATA INTERFACE...: as libvirt gives it to the hook; "MAC" or "MAC DEV"
domain_xml()
{
	local metadata=$1 mac dev
	shift
	echo "<domain type='kvm'><name>guest</name><metadata>"
	echo "<other:thing xmlns:other='urn:other'/>"
	[[ -z $metadata ]] ||
		echo "<v:interfaces xmlns:v='urn:vnetctl'>$metadata</v:interfaces>"
	echo "</metadata><devices>"
	while [[ $# -gt 0 ]]; do
		read -r mac dev <<<"$1"
		echo "<interface type='bridge'><mac address='$mac'/>"
		[[ -z $dev ]] || echo "<target dev='$dev'/>"
		echo "<model type='virtio'/></interface>"
		shift
	done
	echo "</devices></domain>"
}

# hook OPERATION METADATA INTERFACE...
hook()
{
	domain_xml "${@:2}" >"$WORK/domain"
	PATH=${VNETCTL%/*}:$PATH try "$HOOK" guest "$1" begin - <"$WORK/domain"
}

hook_refused()
{
	hook started "$2" "52:54:00:00:00:01 hr0" "52:54:00:00:00:02 hr1" 52:54:00:00:00:03
	expect_rc 1
	expect_err "vnetctl: domain guest: $1"
}

expect_off()
{
	local dev
	for dev; do
		given show -j "$dev"
		expect_out '"flags": []'
	done
}

t_libvirt_hook()
{
	tap hk0 multi_queue
	tap hk1 multi_queue
	tap hk2 multi_queue
	local one='<v:interface mac="52:54:00:00:00:AA" report="yes" table="equal:2/4" types="ipv4,tcpv4" key="default" unclassified="1"/>'
	local others='<v:interface rss="yes" table="1,0"/>'
	local interfaces=("52:54:00:00:00:aa hk0" "52:54:00:00:00:bb hk1" 52:54:00:00:00:cc)

	# Nothing is asked for, or it is not the time for it.
	hook started "" "${interfaces[@]}"
	expect_rc 0
	hook prepare "$one" "${interfaces[@]}"
	expect_rc 0
	expect_off hk0 hk1

	hook started "$one" "${interfaces[@]}"
	expect_rc 0
	expect_same "what the hook says" "" "$OUT$ERR"
	given show --key hk0
	expect_out "report"
	expect_out "equal:2/4"
	expect_out "ipv4 tcpv4"
	expect_out "$KEY"
	expect_off hk1

	# All others, and one that is no tap
	hook started "$others$one" "${interfaces[@]}" "52:54:00:00:00:dd hk2"
	expect_rc 0
	for dev in hk1 hk2; do
		given show -j $dev
		expect_out '"flags": ["rss"]'
		expect_out '"indirection_table": [1, 0]'
	done
	given show hk0
	expect_out "equal:2/4"
}

t_libvirt_hook_refused()
{
	tap hr0 multi_queue
	tap hr1
	local first='<v:interface mac="52:54:00:00:00:01" report="yes"/>'
	hook_refused "attribute tables is not known" '<v:interface tables="equal:2"/>'
	hook_refused 'report="on": only yes and no' '<v:interface report="on"/>'
	hook_refused "<device> is not known" '<v:device report="yes"/>'
	hook_refused 'mac="52:54:00:00:00:01" has two entries' "$first$first"
	hook_refused "two entries have no mac" '<v:interface rss="yes"/><v:interface rss="yes"/>'
	hook_refused 'no interface has mac="52:54:00:00:00:99"' \
		"$first<v:interface mac='52:54:00:00:00:99' report='yes'/>"
	expect_off hr0 hr1
	hook_refused "the interface 52:54:00:00:00:03 is no tap" \
		'<v:interface mac="52:54:00:00:00:03" report="yes"/>'
	# What vnetctl says, is said.
	hook started '<v:interface mac="52:54:00:00:00:02" table="equal:4"/>' "52:54:00:00:00:02 hr1"
	expect_rc 1
	expect_err "vnetctl: domain guest: hr1 did not get its hashing"
	expect_err "vnetctl: hr1"
	hook started '<v:interface key="default"/>' "52:54:00:00:00:01 hr0"
	expect_rc 1
	expect_err "nothing to turn on"
	expect_off hr0 hr1
}

# ----------------------------------------------------------------------------

TESTS=(
	caps caps_json help_and_version
	set_multi_queue set_single_queue set_tun set_json set_keys set_no_types
	set_tables clear
	show show_json show_report_only show_off show_tables show_long_table
	show_all show_counts show_unprivileged show_in_use show_refused
	macvtap ipvtap macvlan_refused
	run_placeholders run_other_braces run_descriptors run_frame_passes
	run_link run_one_queue_flags run_existing run_status_of_command
	run_steering_prog steering_prog_refused
	usage_refused set_options_refused key_refused table_refused
	run_options_refused devices_refused failed_run_leaves_nothing
	in_use_refused unprivileged
	closed_streams foreign_node foreign_sysfs foreign_holder
	refused_run_takes_nothing detached_is_in_use usage_error_takes_nothing
	changes_lose_nothing macvtap_changes_lose_nothing set_in_use
	set_in_use_unprivileged leftovers deleted_meanwhile
	run_twice failed_run_changes_nothing
	program_of_earlier_run set_program program_without_key program_is_kept
	program_unprivileged show_header
	keep key_file dry_run quiet several_devices altnames
	command_line_as_elsewhere run_more_placeholders descriptor_limit
	set_one_queue_refused
	libvirt_hook libvirt_hook_refused
)
[[ $# -eq 0 ]] || TESTS=("$@")

ktap_print_header
ktap_set_plan "${#TESTS[@]}"

# Each test in a subshell, so that one whose setup fails does not end the others.
run_test()
(
	set -eE
	trap 'echo "# line $LINENO: $BASH_COMMAND: failed"' ERR
	"t_$1"
	trap - ERR
	[[ $FAILED -eq 0 ]]
)

for name in "${TESTS[@]}"; do
	set +e
	run_test "$name"
	result=$?
	set -e
	case $result in
	0)
		ktap_test_pass "$name"
		;;
	"$KSFT_SKIP")
		ktap_test_skip "$name"
		;;
	*)
		ktap_test_fail "$name"
		;;
	esac
done
ktap_finished
