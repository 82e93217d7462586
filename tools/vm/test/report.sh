#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Write the report of the tests, patch by patch.
#
#   report.sh TITLE KERNEL... <VERDICTS
#
# VERDICTS: lines of judge.sh about these KERNELs.
set -euo pipefail
# shellcheck source=tools/vm/test/lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -ge 2 ] || usage "report.sh TITLE KERNEL..."
title=$1
shift
awk -F'\t' -v title="$title" -v kernels="$*" '
	NR == FNR { stems[++n] = $1; next }
	$1 == "detail" { next }
	{
		row = "| " cell($3) " | " cell($4) " |"
		for (i = kernel_count + 5; i > 5; i--)
			row = row " " cell($i == "" ? "–" : $i) " |"
		rows[$2] = rows[$2] row "\n"
	}
	function cell(text) { gsub(/\|/, "\\|", text); return text }
	function section(stem, name,	head, rule, i) {
		printf "\n## %s\n\n", name
		if (rows[stem] == "") {
			print "No test names this patch."
			return
		}
		head = "| test | mark |"
		rule = "| --- | --- |"
		for (i = kernel_count; i > 0; i--) {
			head = head " " kernel[i] " |"
			rule = rule " --- |"
		}
		printf "%s\n%s\n%s", head, rule, rows[stem]
	}
	BEGIN { kernel_count = split(kernels, kernel, " ") }
	END {
		print "# Tests by patch\n\n" title
		for (s = 1; s <= n; s++)
			section(stems[s], stems[s])
		if (rows["-"] != "")
			section("-", "No one patch")
	}' <(for topic in $(topics); do patches_of "$topic" | sed 's/\.patch$//'; done) -
