#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Choose by a pattern what of the tests to run.
#
#   choose.sh PATTERN <LIST
#
# LIST has a line "FOLDER PROGRAM" for each program, "kunit MODULE" and "e2e NAME" for
# the others.  PATTERN is an extended regular expression, or empty for all.  Printed are
# the lines that match it.  If none does, it is taken to be about cases: these come out
# only when their programs ran, so each that has some is printed, behind a line "# cases".
set -euo pipefail
# shellcheck source=tools/vm/test/lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -eq 1 ] || usage "choose.sh PATTERN <LIST"
list=$(cat)
status=0
chosen=$(grep -E -- "$1" <<<"$list") || status=$?
case $status in
0) echo "$chosen" ;;
1)
	echo "# cases"
	grep -v '^e2e ' <<<"$list" || true
	;;
*) die "T='$1' is no extended regular expression" ;;
esac
