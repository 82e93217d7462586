#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The quick start in README.md, as typed, and that it does what is said there.
#
# The indented lines of its section on bpfnic are run one by one, but for `make',
# which the caller has done: VNET_BPFNIC_KO is what it makes.
set -euo pipefail

# shellcheck source=/dev/null
. "$(dirname "$0")/../../../kselftest/ktap_helpers.sh"

readonly WAIT=3

skip_all()
{
	ktap_print_header
	ktap_skip_all "$*"
	exit "$KSFT_SKIP"
}

[[ -n ${VNETCTL:-} && -f ${VNET_BPFNIC_KO:-} ]] ||
	skip_all "needs VNETCTL and VNET_BPFNIC_KO, to find the checkout and the module"
readonly TOP=${VNETCTL%/build/vnetctl/vnetctl}
for tool in bpftool clang ethtool ip; do
	type -P "$tool" >/dev/null || skip_all "needs $tool"
done
cd "$TOP"

run()
{
	local name=$1
	shift
	if "$@"; then
		ktap_test_pass "$name"
	else
		ktap_test_fail "$name"
	fi
}

typed()
{
	bash -c "$1" 2>&1 | sed 's/^/# /'
	[[ ${PIPESTATUS[0]} -eq 0 ]]
}

# stat NAME WHAT: a counter of a netdev
stat()
{
	cat "/sys/class/net/$1/statistics/$2"
}

# dumped: "KEY COUNT" of each element of the map frames, KEY as on the wire
dumped()
{
	bpftool map dump name frames | while read -r word one two _ bytes; do
		[[ $word = key: ]] || continue
		n=
		for byte in $bytes; do
			n=$byte$n
		done
		echo "$one$two $((16#$n))"
	done
}

# sent_more THAN: wait until nic0_wire has sent more frames, and IPv6 the first of its words
sent_more()
{
	local i
	for ((i = 0; i < 600; i++)); do
		[[ $(stat nic0_wire tx_packets) -le $1 ]] || break
		sleep 0.1
	done
	sleep "$WAIT"
}

# The wire's end counts what it sent, and nothing of that is lost.
counted()
{
	local sent key n sum=0 ipv6=0
	sent=$(stat nic0_wire tx_packets)
	while read -r key n; do
		sum=$((sum + n))
		[[ $key != 86dd ]] || ipv6=$n
	done < <(dumped)
	echo "# nic0_wire sent $sent frames, $sum were counted, $ipv6 of them IPv6"
	[[ $sum -eq $sent && $ipv6 -gt 0 ]]
}

# IPv6 is blocked: frames are sent and counted, and none comes to the host.
blocked()
{
	local host sent
	host=$(stat nic0 rx_packets) sent=$(stat nic0_wire tx_packets)
	ip link set nic0_wire up
	sent_more "$sent"
	ip link set nic0_wire down
	host=$(($(stat nic0 rx_packets) - host))
	sent=$(($(stat nic0_wire tx_packets) - sent))
	echo "# nic0_wire sent $sent frames, the host got $host"
	[[ $sent -gt 0 && $host -eq 0 ]] && counted
}

# The documentation shows the same commands, with their output.
documented()
{
	diff <(printf '%s\n' "${COMMANDS[@]}") \
		<(sed -n 's/^  # //p' Documentation/networking/device_drivers/bpfnic.rst |
			head -n ${#COMMANDS[@]}) | sed 's/^/# /'
	[[ ${PIPESTATUS[0]} -eq 0 ]]
}

mapfile -t COMMANDS < <(awk '
	/^## / { ours = $0 == "## bpfnic" }
	ours && /^    [^ ]/ && !/^    make / { print substr($0, 5) }
' README.md)

ktap_print_header
ktap_set_plan $((${#COMMANDS[@]} + 3))
rmmod bpfnic
mkdir -p build/bpfnic
[[ $VNET_BPFNIC_KO -ef build/bpfnic/bpfnic.ko ]] ||
	cp "$VNET_BPFNIC_KO" build/bpfnic/bpfnic.ko
i=0
for command in "${COMMANDS[@]}"; do
	i=$((i + 1))
	echo "# $command"
	run "command.$i" typed "$command"
	sleep "$WAIT"
	[[ $command != *"nic0_wire up"* ]] || sent_more 0
done
ip link set nic0_wire down
run counted counted
run blocked blocked
run documented documented
rmmod bpfnic
ktap_finished
