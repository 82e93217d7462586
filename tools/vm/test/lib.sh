# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the scripts of the tests share.  To be sourced, after `set -euo pipefail`.

# shellcheck source=tools/vm/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

# shellcheck disable=SC2034	# for who sources this
selftests=$top/tools/testing/selftests
# shellcheck disable=SC2034
results=${VNET_RESULTS:-$top/build/test}	# what the programs left, by kernel and folder

# test_folders: the folders of the tests, below tools/testing/selftests
test_folders()
{
	[ ! -d "$selftests" ] ||
		find "$selftests" -name Makefile ! -path '*/test_modules/*' -printf '%P\n' |
			sed 's|/Makefile$||' | sort
}

# setting FOLDER NAME: what the tests' `settings' say, if they do
setting()
{
	sed -n "s|^$2=\([0-9a-z/_]*\)\$|\1|p" "$selftests/$1/settings" 2>/dev/null || true
}

# timeout_of FOLDER: for how many seconds one of its programs may say nothing
timeout_of()
{
	local seconds
	seconds=$(setting "$1" timeout)
	seconds=${seconds:-45}
	[ "$seconds" -gt 0 ] || seconds=600
	echo "$seconds"
}

# marks_of FOLDER: the file that says what its cases are good for
marks_of()
{
	echo "${VNET_MARKS:-$selftests/$1/marks}"
}

# splat_of KERNEL FOLDER PROGRAM: what it is to complain with there, if marks say so
splat_of()
{
	read_kernel "$1"
	[ "$kernel_bites" = fail ] || return 0
	sed -n "s|^splat[[:space:]]\+$3[[:space:]]\+||p" "$(marks_of "$2")" 2>/dev/null || true
}
