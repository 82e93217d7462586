#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Check that the tests keep to the rules of the house.
#
#   house.sh
#
# - A folder of tests takes no file of another one: what two need stands in lib/.
# - What lib/ offers in a header is used by somebody.
# - Each program is named by its folder's marks, and each line of marks names a program.
# - Each folder that is part of the series is in the list of all kselftests.
set -euo pipefail
# shellcheck source=tools/vm/test/lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -eq 0 ] || usage "house.sh"
tree=$("$vm_dir/tree.sh")
net=$selftests/drivers/net
bad=0

# complain LINES WHAT: unless there are none
complain()
{
	[ "$1" ] || return 0
	printf '%s:\n%s\n' "$2" "$1"
	bad=1
}

cd "$net"
names=$(test_folders | grep -v '/lib/' | sed 's|.*/||' | paste -sd '|')
complain "$(grep -rnE "\.\./($names)(/|\$|[[:space:]])" \
	--include=Makefile --include='*.mk' --include='*.[ch]' --include='*.sh' . || true)" \
	"a folder of tests takes something out of another one; move it to lib/"

# prototypes HEADER: the functions that it declares
prototypes()
{
	grep -E '^[a-z][a-z_0-9 ]*[ *]\w+\(' "$1" | grep -vE '^static|__ksym' |
		sed -nE 's/^[^(]*\b(\w+)\(.*/\1/p'
}

unused=
for header in lib/*/*.h; do
	for name in $(prototypes "$header"); do
		definition=$(grep -lE "^[a-z].*\b$name\(" lib/*/*.c | sed -n 1p || true)
		grep -rlw --include='*.[ch]' -- "$name" . |
			grep -qvxF -e "./$header" -e "./$definition" ||
			unused+="$header: $name()"$'\n'
	done
done
complain "$unused" "nobody uses it: make it static, or delete it"

set -f	# what marks name are not files
unmarked='' unlisted='' targets=$tree/tools/testing/selftests/Makefile
for folder in $(test_folders); do
	programs=$(make -s -C "$tree/tools/testing/selftests/$folder" OUTPUT=. COLLECTION=. \
		emit_tests 2>/dev/null | sed 's/^\.://')
	marks=$(sed -nE 's/^(bites|guards|ours)[[:space:]]+[^[:space:]]+[[:space:]]+([^[:space:]]+).*/\2/p' \
		"$selftests/$folder/marks" 2>/dev/null || true)
	for program in $programs; do
		for glob in $marks; do
			# shellcheck disable=SC2053	# a glob, on purpose
			[[ $program != $glob ]] || continue 2
		done
		unmarked+="$folder: $program"$'\n'
	done
	for glob in $marks; do
		for program in $programs; do
			# shellcheck disable=SC2053	# a glob, on purpose
			[[ $program != $glob ]] || continue 2
		done
		unmarked+="$folder/marks: $glob"$'\n'
	done
	if ! grep -qE "$outside_tests" <<<"tools/testing/selftests/$folder/" &&
	   ! grep -qxF "TARGETS += $folder" "$targets"; then
		unlisted+="$folder"$'\n'
	fi
done
complain "$unmarked" "a program that no line of marks names, or a line that names none"
complain "$unlisted" "no line TARGETS in the kernel's tools/testing/selftests/Makefile"

exit $bad
