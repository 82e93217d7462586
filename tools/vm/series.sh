#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Write each topic as a mail series that `git am` takes, in build/series/.
#
# Patches and new files stand apart in the checkout; here each patch becomes
# one commit with the new files that enter with it.  The commits are made in a
# passing repository that holds only the files that the series touch.
set -euo pipefail
# shellcheck source=tools/vm/lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -eq 0 ] || usage "series.sh"
# Also proves that the series is whole: every patch applies, no file missing.
"$vm_dir/tree.sh" >/dev/null
pristine=$("$vm_dir/fetch.sh" source)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
repo=$work/repo
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
export GIT_COMMITTER_NAME=base GIT_COMMITTER_EMAIL=base@localhost
export GIT_COMMITTER_DATE='2000-01-01 00:00:00 +0000'
git init -q -b base "$repo"
cd "$repo"
git config commit.gpgSign false

mapfile -t all < <(topics)
for topic in "${all[@]}"; do
	for patch in $(patches_of "$topic"); do
		touched_by "$patches/$topic/$patch"
	done
done | sort -u | while read -r file; do
	mkdir -p "./$(dirname "$file")"
	cp "$pristine/$file" "./$file"
done
git add -A
git -c user.name=base -c user.email=base@localhost \
	commit -q --allow-empty --author='base <base@localhost>' -m "The kernel's files"

for topic in "${all[@]}"; do
	[ "$(patches_of "$topic")" ] || die "patches/$base/$topic/series lists no patch"
	cover=$patches/$topic/0000-cover-letter.txt
	[ -f "$cover" ] || die "patches/$base/$topic has no 0000-cover-letter.txt (first line the subject, then the text)"
	start=$(git rev-parse HEAD)
	git checkout -q -b "$topic"
	while read -r patch new; do
		# The mail's author also commits: the cover letter is from him.
		mail=$patches/$topic/$patch
		GIT_COMMITTER_NAME=$(git mailinfo /dev/null /dev/null <"$mail" | sed -n 's/^Author: //p')
		GIT_COMMITTER_EMAIL=$(git mailinfo /dev/null /dev/null <"$mail" | sed -n 's/^Email: //p')
		git am -q --keep-cr --empty=keep "$mail" >"$work/am" 2>&1 || {
			cat "$work/am" >&2
			die "git am does not take patches/$base/$topic/$patch"
		}
		for file in $new; do
			mkdir -p "./$(dirname "$file")"
			cp "$top/$file" "./$file"
			git add -f "./$file"
		done
		[ -z "$new" ] || git commit -q --amend --no-edit --allow-empty
	done < <(series_of "$topic")

	git config "branch.$topic.description" "$(cat "$cover")"
	out=$top/build/series/$topic
	rm -rf "$out"
	mkdir -p "$out"
	git format-patch -q -v1 --cover-letter --cover-from-description=subject \
		--no-signature --no-renames --stat=72 -o "$out" "$start"
	say "build/series/$topic: $(patches_of "$topic" | wc -l) patches and a cover letter"
done
