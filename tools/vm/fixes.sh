#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Print, of what `make test` has found, what each patch of a topic mends: a test
# that shows it, its result on the stock kernel and on ours.
#
#   fixes.sh TOPIC... >patches/6.12/virtio-net-fixes.md
set -euo pipefail
# shellcheck source=tools/vm/lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -gt 0 ] || usage "fixes.sh TOPIC..."
report=$top/build/report.md
[ -f "$report" ] || die "no build/report.md: run 'make test' first"

echo "# What the virtio_net series mend"
echo
echo "Written by tools/vm/fixes.sh from the report of \`make test\`, which has all tests;"
echo "here stands the first that fails on the stock kernel."
sed -n 's/^Kernel \(.*\) (test).*/Linux \1./p' "$report"
for topic; do
	printf '\n## %s\n\n' "$topic"
	echo "| patch | test | stock | ours |"
	echo "| --- | --- | --- | --- |"
	for patch in $(patches_of "$topic"); do
		subject=$(git mailinfo /dev/null /dev/null <"$patches/$topic/$patch" |
			sed -n 's/^Subject: //p')
		awk -F' \\| ' -v stem="${patch%.patch}" -v subject="$subject" \
			-v link="$topic/$patch" '
			/^## / { here = $0 == "## " stem }
			here && $2 == "bites" && !found {
				sub(/^\| [^:]*: /, "", $1)
				sub(/ \|$/, "", $4)
				found = "`" $1 "` | " $3 " | " $4
			}
			END {
				printf "| [%s](%s) | %s |\n", subject, link,
				       found ? found : "– | – | –"
			}' "$report"
	done
done
