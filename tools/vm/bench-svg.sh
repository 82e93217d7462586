#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Draw bench.json: instructions per packet by way and mode, and by the number of
# queues.
#
#   bench-svg.sh BENCH.JSON >BENCH.SVG
set -euo pipefail

[ $# -eq 1 ] || {
	echo "usage: bench-svg.sh BENCH.JSON" >&2
	exit 2
}

# "head TEXT", "bar WAY ROW IPV4 IPV6", "point ROW QUEUES INSTRUCTIONS".
jq -r '
	"head\tLinux \(.kernel), frames of \(.results[0].size) bytes",
	(.results as $all | $all[] | select(.family == "ipv4") |
	 . as $row | (.name | split(".")) as $part |
	 (if $part[:-1] == ["stock"] then "tun" else $part[-2] end) as $way |
	 [$all[] | select(.family == "ipv6" and .name == $row.name)][0] as $ipv6 |
	 "bar\t\($way)\t\(.name)\t\(.insn_per_packet)\t\($ipv6.insn_per_packet // 0)"),
	(.by_queues[] | select(.family == "ipv4") |
	 "point\t\(.name)\t\(.queues)\t\(.insn_per_packet)")
' "$1" | awk -F '\t' '
	function text(x, y, s, more) {
		body = body sprintf("<text x=\"%d\" y=\"%d\"%s>%s</text>\n", x, y, more, s)
	}
	function line(x1, y1, x2, y2, color) {
		body = body sprintf("<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"%s\"/>\n", x1, y1, x2, y2, color)
	}
	function bar(y, value, color) {
		body = body sprintf("<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"7\" fill=\"%s\"/>\n", left, y, value * scale, color)
	}
	function log2(n) { return log(n) / log(2) }
	BEGIN {
		left = 160; width = 760; y = 60
		v4 = "#4878a8"; v6 = "#d9a05b"
		split("#777777 #4878a8 #a84848 #48a878", colors, " ")
		title["tun"] = "tun and tap"
		title["tap"] = "macvtap"
		title["xdp"] = "tap, frames redirected by XDP"
		title["vhost"] = "tap, read by vhost_net (with its wake-ups)"
	}
	$1 == "head" { head = $2 }
	$1 == "bar" {
		way[++bars] = $2; row[bars] = $3; ipv4[bars] = $4; ipv6[bars] = $5
		if ($4 > most) most = $4
		if ($5 > most) most = $5
	}
	$1 == "point" {
		if (!($2 in curve)) { curve[$2] = ++curves; name[curves] = $2 }
		n = curve[$2]
		x[n, ++points[n]] = $3; p[n, points[n]] = $4
		if ($4 > high) high = $4
		if (!low || $4 < low) low = $4
	}
	END {
		scale = (width - left - 110) / most
		text(20, 28, "Instructions per packet", " font-size=\"17\"")
		text(20, 46, head ": sent and read, " \
		     "<tspan fill=\"" v4 "\">IPv4</tspan> and " \
		     "<tspan fill=\"" v6 "\">IPv6</tspan>")
		for (i = 1; i <= bars; i++) {
			if (way[i] != way[i - 1]) {
				y += 22
				text(left, y - 4, title[way[i]], " font-weight=\"bold\"")
			}
			text(left - 8, y + 12, row[i], " text-anchor=\"end\"")
			bar(y, ipv4[i], v4)
			bar(y + 8, ipv6[i], v6)
			text(left + (ipv4[i] > ipv6[i] ? ipv4[i] : ipv6[i]) * scale + 6,
			     y + 12, sprintf("%.0f / %.0f", ipv4[i], ipv6[i]))
			y += 20
		}

		y += 40
		text(left, y - 8, "by number of queues, IPv4", " font-weight=\"bold\"")
		tall = 160
		low = int(low / 200) * 200; high = int(high / 200 + 1) * 200
		for (v = low; v <= high; v += 200) {
			at = y + tall - (v - low) / (high - low) * tall
			line(left, at, width - 110, at, "#dddddd")
			text(left - 8, at + 4, v, " text-anchor=\"end\"")
		}
		wide = (width - 110 - left) / 8
		for (n = 0; n <= 8; n++)
			text(left + n * wide, y + tall + 16, 2 ^ n, " text-anchor=\"middle\"")
		for (i = 1; i <= curves; i++) {
			path = ""
			for (k = 1; k <= points[i]; k++) {
				at = y + tall - (p[i, k] - low) / (high - low) * tall
				path = path sprintf("%d,%d ", left + log2(x[i, k]) * wide, at)
			}
			body = body sprintf("<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>\n", path, colors[i])
			text(width - 104, at + 4, name[i], " fill=\"" colors[i] "\"")
		}
		y += tall + 34

		print "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
		print "<!-- SPDX-License-Identifier: GPL-2.0 -->"
		printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">\n", width, y, width, y
		print "<title>Instructions per packet</title>"
		printf "<rect width=\"%d\" height=\"%d\" fill=\"white\"/>\n", width, y
		printf "%s</svg>\n", body
	}'
