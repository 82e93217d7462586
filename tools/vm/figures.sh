#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Put the figures of `make bench` into README, documents, messages and cover letters.
#
#   figures.sh            those of build/bench.json; and build/bench.svg
#   figures.sh --check    only look: the same row has the same figures in all texts
set -euo pipefail
# shellcheck source=tools/vm/lib.sh
. "$(dirname "$0")/lib.sh"

cd "$top"
mapfile -t texts < <(ls README.md "${patches#"$top/"}"/*/*.{txt,patch} &&
	find Documentation -name "*.rst" -o -name "*.md" | sort)

# rows FILE: "TABLE<TAB>ROW<TAB>FIGURES..." of its tables
rows()
{
	awk -v CHECK=1 -f "$vm_dir/figures.awk" /dev/null "$1"
}

case $#${1:-} in
1--check)
	for text in "${texts[@]}"; do
		rows "$text" | sed "s|^|$text\t|"
	done | awk -F '\t' '
		{
			row = $2 ": " $3
			# Where there are four, each second one is a difference.
			figures = NF == 7 ? $4 " " $6 : $4 " " $5
			for (i = 6; NF != 7 && i <= NF; i++)
				figures = figures " " $i
			if (!(row in said)) {
				said[row] = figures
				where[row] = $1
			} else if (said[row] != figures) {
				print row ": " figures " in " $1 ", " said[row] " in " where[row]
				bad = 1
			}
		}
		END { exit bad }' || die "texts quote different figures (above): run tools/vm/figures.sh after make bench"
	exit
	;;
0) ;;
*) usage "figures.sh [--check]" ;;
esac

json=$top/build/bench.json
[ -f "$json" ] || die "there is no build/bench.json: run make bench"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
jq -r -f "$vm_dir/figures.jq" "$json" >"$work/figures"

missing=0
for text in "${texts[@]}"; do
	while IFS=$'\t' read -r table row _; do
		if ! cut -f1,2 "$work/figures" | grep -qxF "$table"$'\t'"$row"; then
			printf '%s: build/bench.json has nothing for "%s" (%s)\n' \
				"$text" "$row" "$table" >&2
			missing=1
		fi
	done < <(rows "$text")
done
[ "$missing" = 0 ] || die "nothing was changed"

for text in "${texts[@]}"; do
	awk -f "$vm_dir/figures.awk" "$work/figures" "$text" >"$work/text"
	if ! cmp -s "$work/text" "$text"; then
		cat "$work/text" >"$text"
		echo "$text"
	fi
done
cp build/bench.svg Documentation/networking/tun-vnet-hash.svg
