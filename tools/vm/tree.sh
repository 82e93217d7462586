#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Make the patched kernel tree, and print where it is.
#
# The tree is a copy of the pristine source by hard links.  Every patch is
# applied, with no fuzz, to a staging area that holds just the files that the
# patches touch; the new files join it; and only when all of that is right does
# what differs move into the tree.  So a build sees whole changes or none, and
# rebuilds only what changed.
set -euo pipefail
# shellcheck source=tools/vm/lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -eq 0 ] || usage "tree.sh"

pristine=$("$vm_dir/fetch.sh" source)
if [ "${KERNEL_SRC:-}" ]; then
	tree=$cache/tree/$(basename "$pristine")-$(printf %s "$pristine" | sha256sum | cut -c1-8)
else
	tree=$cache/tree/$(basename "$pristine")
fi
tree+=${VNET_WITHOUT:+-without-$VNET_WITHOUT}
state=$tree.state	# a digest of all that went into the tree
placed=$tree.placed	# the files in it that are not the pristine ones
built=$tree.built	# the digests of those of them that a kernel is built from

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# "topic patch" and "file topic/patch" for every line of every series.
: >"$work/patches"
: >"$work/new"
for topic in $(topics); do
	series_of "$topic" | awk -v topic="$topic" -v new="$work/new" '
		$1 !~ /^[0-9][0-9][0-9][0-9]-.*\.patch$/ {
			print "!" $1
			next
		}
		{
			print topic "/" $1
			for (i = 2; i <= NF; i++)
				print $i, topic "/" $1 >>new
		}' >>"$work/patches"
	for file in "$patches/$topic"/[0-9]*.patch; do
		[ -f "$file" ] || continue
		grep -qxF "$topic/${file##*/}" "$work/patches" ||
			die "patches/$base/$topic/series does not list ${file##*/}"
	done
done
bad=$(sed -n '/^!/{s///p;q}' "$work/patches")
[ -z "$bad" ] || die "a series starts a line with '$bad', which is no NNNN-name.patch"
while read -r patch; do
	[ -f "$patches/$patch" ] || die "series lists patches/$base/$patch, which is missing"
done <"$work/patches"

# New files: each listed once, each there, none in the pristine kernel, and
# none in the checkout that no patch brings.
cut -d' ' -f1 "$work/new" | sort >"$work/listed"
bad=$(uniq -d "$work/listed" | sed -n 1p)
[ -z "$bad" ] || die "two patches bring $bad"
while read -r file patch; do
	[ -f "$top/$file" ] || die "$patch brings $file, which is missing in the checkout"
	[ ! -e "$pristine/$file" ] ||
		die "$patch brings $file, which the kernel already has: change it with a patch"
done <"$work/new"
if [ -e "$top/.git" ]; then
	our_git ls-files --cached --others --exclude-standard --deduplicate \
		-- "${kernel_dirs[@]}"
else
	for dir in "${kernel_dirs[@]}"; do
		[ ! -d "$top/$dir" ] || (cd "$top" && find "$dir" -type f)
	done
fi | sort >"$work/present"
bad=$({ grep -vE "$outside_series" "$work/present" || true; } |
	comm -13 "$work/listed" - | while read -r f; do
	if [ -e "$top/$f" ]; then echo "$f"; fi
done)
if [ "$bad" ] && [ "${VNET_UNLISTED:-}" ]; then
	say "note: no patch brings these, so the kernel does not have them:"$'\n'"$bad"
elif [ "$bad" ]; then
	die "no patch's series line brings"$'\n'"$bad"$'\n'"list each with the patch that it enters with, or remove it (while it is half written: VNET_UNLISTED=1)"
fi

# Tests that no series has are built in the tree, like the others.
{ grep -E "$outside_tests" "$work/present" || true; } | while read -r f; do
	if [ -e "$top/$f" ]; then echo "$f -"; fi
done >>"$work/new"
cut -d' ' -f1 "$work/new" | sort >"$work/listed"

# Anything to do?
digest=$({
	echo "1 $pristine"
	stat -c '%Y %s' "$pristine/Makefile"
	cat "$work/patches" "$work/new"
	sed "s|^|$patches/|" "$work/patches" | xargs -r cat
	sed "s|^|$top/|" "$work/listed" | xargs -r stat -c '%a %n' | sed "s|$top/||"
	sed "s|^|$top/|" "$work/listed" | xargs -r cat
} | sha256sum | cut -d' ' -f1)
if [ -f "$state" ] && [ -f "$built" ] && [ "$(cat "$state")" = "$digest" ]; then
	echo "$tree"
	exit
fi

# What the patches touch.
mkdir -p "$work/stage"
while read -r patch; do
	awk -v patch="$patch" '
		/^diff --git a\// { file = $3; sub(/^a\//, "", file); print file, patch }
		/^new file mode/ { print "!creates", file, patch }
		/^deleted file mode/ { print "!deletes", file, patch }
		/^(rename|copy) from/ { print "!renames or copies", file, patch }
		/^GIT binary patch/ { print "!holds a binary change of", file, patch }
	' "$patches/$patch"
done <"$work/patches" >"$work/touched"
bad=$(sed -n '/^!/{s///p;q}' "$work/touched")
[ -z "$bad" ] ||
	die "patches/$base/${bad##* } ${bad% *}: a patch only changes files that the kernel has (a new file stands in the checkout, and series lists it)"
while read -r file patch; do
	[ -f "$pristine/$file" ] ||
		die "patches/$base/$patch changes $file, which the kernel does not have"
	[ -f "$work/stage/$file" ] && continue
	mkdir -p "$work/stage/$(dirname "$file")"
	cp -p "$pristine/$file" "$work/stage/$file"
done <"$work/touched"

# Apply.
while read -r patch; do
	grep -q '^diff --git' "$patches/$patch" || continue
	if ! patch -p1 -F0 -f -s --no-backup-if-mismatch -d "$work/stage" \
		-r "$work/reject" <"$patches/$patch" >"$work/out" 2>&1; then
		cat "$work/out" >&2
		[ ! -f "$work/reject" ] || cat "$work/reject" >&2
		die "patches/$base/$patch does not apply to $pristine; the tree was left as it was"
	fi
done <"$work/patches"
while read -r file _; do
	mkdir -p "$work/stage/$(dirname "$file")"
	cp "$top/$file" "$work/stage/$file"
done <"$work/new"
(cd "$work/stage" && find . -type f -printf '%P\n') | sort >"$work/staged"

# Place.
locked "$cache/tree/.lock"
if [ ! -d "$tree" ]; then
	say "making $tree from $pristine"
	rm -f "$state" "$placed"
	rm -rf "$tree.new"
	# Another's files cannot be linked to, nor files on another file system.
	if [ "$(stat -c %d "$pristine")" = "$(stat -c %d "$cache/tree")" ] &&
	   [ -O "$pristine/Makefile" ]; then
		link=(--link-dest="$pristine")
	else
		link=()
		say "copying the source: it is on another file system, or another user's"
	fi
	rsync -a --exclude=/.git "${link[@]}" "$pristine/" "$tree.new/"
	mv "$tree.new" "$tree"
fi
touch "$placed"
sort -u "$placed" >"$work/before"
rm -f "$state"
sort -u "$work/before" "$work/staged" >"$placed"

# put FROM FILE: FILE in the tree becomes FROM, under a new inode: the old one
# may be the pristine file's.
put()
{
	mkdir -p "$tree/$(dirname "$2")"
	cp "$1" "$tree/$2.vnet-new"
	mv -f "$tree/$2.vnet-new" "$tree/$2"
}

while read -r file; do
	if [ -e "$pristine/$file" ]; then
		cmp -s "$pristine/$file" "$tree/$file" || put "$pristine/$file" "$file"
	else
		rm -f "$tree/$file"
		rmdir --ignore-fail-on-non-empty -p "$tree/$(dirname "$file")" 2>/dev/null || true
	fi
done < <(comm -23 "$work/before" "$work/staged")
while read -r file; do
	if ! cmp -s "$work/stage/$file" "$tree/$file"; then
		put "$work/stage/$file" "$file"
	elif [ "$(stat -c %a "$work/stage/$file")" != "$(stat -c %a "$tree/$file")" ]; then
		put "$tree/$file" "$file"
		chmod --reference="$work/stage/$file" "$tree/$file"
	fi
done <"$work/staged"
cp "$work/staged" "$placed"
{
	grep -vE '^(Documentation/|tools/testing/|MAINTAINERS$)' "$work/staged" || true
} | (cd "$work/stage" && xargs -r sha256sum) >"$built"
echo "$digest" >"$state"
echo "$tree"
