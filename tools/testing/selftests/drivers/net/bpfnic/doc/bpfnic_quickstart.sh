#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The quick start in README.md, as typed, and that it does what is said there.
#
# The indented lines of its section on bpfnic are run one by one, but for `make',
# which the caller has done: VNET_BPFNIC_KO is what it makes.
set -euo pipefail

# shellcheck source=/dev/null
. "$(dirname "$0")/../../../../kselftest/ktap_helpers.sh"

skip_all()
{
	ktap_print_header
	ktap_skip_all "$*"
	exit "$KSFT_SKIP"
}

[[ -n ${VNETCTL:-} && -f ${VNET_BPFNIC_KO:-} ]] ||
	skip_all "needs VNETCTL and VNET_BPFNIC_KO, to find the checkout and the module"
readonly TOP=${VNETCTL%/build/vnetctl/vnetctl}
for tool in bpftool clang ethtool gcc ip; do
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

# typed COMMAND: what it prints is in SHOWN, too
typed()
{
	local result=0
	SHOWN=$(bash -c "$1" 2>&1) || result=$?
	echo "# ${SHOWN//$'\n'/$'\n'# }"
	return $result
}

# shown PATTERN: what the last command printed, at once, has this
shown()
{
	[[ $SHOWN =~ $1 ]]
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

# The wire's end counts what it sent; nothing of that is lost, and ARP does not reach the host.
counted()
{
	local sent key n sum=0 arp=0 host dropped
	sent=$(stat nic0_wire tx_packets) host=$(stat nic0 rx_packets)
	dropped=$(ethtool -S nic0 | awk '/hw_xdp_drop/ { print $2 }')
	while read -r key n; do
		sum=$((sum + n))
		[[ $key != 0806 ]] || arp=$n
	done < <(dumped)
	echo "# nic0_wire sent $sent frames, $sum were counted, $arp of them ARP;" \
		"$dropped were dropped, the host got $host"
	[[ $sum -eq $sent && $arp -gt 1 && $dropped -ge 1 && $dropped -lt $arp &&
	   $((host + dropped)) -eq $sent ]]
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
	/^## / { ours = $0 == "## Use it: bpfnic" }
	ours && /^    [^ ]/ && !/^    make / { print substr($0, 5) }
' README.md)

ktap_print_header
ktap_set_plan $((${#COMMANDS[@]} + 4))
rmmod bpfnic
mkdir -p build/bpfnic
[[ $VNET_BPFNIC_KO -ef build/bpfnic/bpfnic.ko ]] ||
	cp "$VNET_BPFNIC_KO" build/bpfnic/bpfnic.ko
i=0
for command in "${COMMANDS[@]}"; do
	i=$((i + 1))
	echo "# $command"
	run "command.$i" typed "$command"
	case $command in
	*"map dump"*) run dump shown 'key: 08 06  value: 0[1-3] 00 ' ;;
	*"grep hw_xdp"*) run statistics shown 'hw_xdp_drop: [1-9]' ;;
	esac
done
ip link set nic0_wire down
run counted counted
run documented documented
rmmod bpfnic
ktap_finished
