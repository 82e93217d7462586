#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the guest: run test programs one after the other, each between two marker
# lines by which test.sh takes the output apart.
#
#   guest-tests.sh NONCE FOLDER SECONDS PROGRAM...
set -euo pipefail

nonce=$1 folder=$2 seconds=$3
shift 3
cd "$folder"
for program; do
	printf '\n%s begin %s\n' "$nonce" "$program"
	status=0 began=$SECONDS
	timeout --kill-after=5 "$seconds" "./$program" 2>&1 </dev/null || status=$?
	printf '\n%s end %s %s %d s\n' "$nonce" "$status" "$program" $((SECONDS - began))
done
