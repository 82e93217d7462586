#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Test how the tests are chosen, gathered, judged and reported.
#
#   selftest.sh
#
# data/ holds what programs left, among it what is seldom: a machine that dies, a program
# without an end, names that come twice.  What is to come of it is in data/expected.
set -euo pipefail
# shellcheck source=tools/vm/test/lib.sh
. "$(dirname "$0")/lib.sh"

data=$vm_dir/test/data
run=$vm_dir/test
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export VNET_RESULTS=$data VNET_MARKS=$data/marks
programs=(plain dying endless stuck twice few planless empty skipping silent status gone)

{
	echo "== choose"
	list=$'drivers/x one\ndrivers/x two\nkunit suite\ne2e demo'
	for pattern in '' 'x two' 'suite|demo' 'global[.]bites'; do
		echo "-- $pattern"
		"$run/choose.sh" "$pattern" <<<"$list"
	done
	"$run/choose.sh" '(' <<<"$list" 2>&1 | grep -o 'no extended regular expression' || true

	for kernel in test stock; do
		"$run/collect.sh" "$kernel" drivers/x "${programs[@]}" 2>"$work/errors"
	done >"$work/collected"
	echo "== collect"
	cat "$work/collected"
	for how in --all '--cases global[.]b'; do
		echo "== judge $how"
		# shellcheck disable=SC2086	# words
		"$run/judge.sh" $how drivers/x test stock <"$work/collected" | tee "$work/verdicts"
		[ "$how" != --all ] || cp "$work/verdicts" "$work/all"
	done
	echo "== judge, one kernel"
	grep -P '^\w+\ttest\t' "$work/collected" | "$run/judge.sh" drivers/x test
	echo "== kunit"
	echo 'ours 0003-net-Add-the-receive-hash-of-virtio-net *' >"$work/marks"
	"$run/collect.sh" test kunit suite none |
		VNET_MARKS=$work/marks "$run/judge.sh" kunit test | tee -a "$work/all"
	echo "== report"
	"$run/report.sh" "Title." test stock <"$work/all" |
		grep . | sed '/^## /{N;/No test names/d}'
	echo "== bad marks"
	for line in 'bite - *' 'bites -' 'guards 0000-no-such-patch *'; do
		echo "$line" >"$work/marks"
		VNET_MARKS=$work/marks "$run/judge.sh" drivers/x test </dev/null 2>&1 || true
	done
} >"$work/came"
diff -u "$data/expected" "$work/came"
