#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Write a topic's patches, series file and new files from a kernel git tree.
#
#   refresh.sh TREE BASE..HEAD TOPIC
#
# TREE has one commit per patch on top of BASE.  What a commit does to files
# that BASE has becomes a patch; what it adds is copied whole into the checkout
# and listed with the patch in `series`.
set -euo pipefail
# shellcheck source=tools/vm/lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -eq 3 ] || usage "refresh.sh TREE BASE..HEAD TOPIC"
tree=$1 range=$2 topic=$3
case $range in
*...*) usage "refresh.sh: the range is BASE..HEAD, not $range" ;;
?*..?*) ;;
*) usage "refresh.sh: the range is BASE..HEAD, not $range" ;;
esac
case $topic in
*/* | .*) usage "refresh.sh: a topic is a plain name, not $topic" ;;
esac

# The developer's settings must not change what we write.
g()
{
	git -C "$tree" -c diff.noprefix=false -c diff.mnemonicPrefix=false \
		-c diff.algorithm=myers -c diff.suppressBlankEmpty=false \
		-c format.signOff=false -c format.useAutoBase=false \
		-c format.notes=false -c format.from=false "$@"
}

base_commit=$(g rev-parse --verify --quiet "${range%%..*}^{commit}") ||
	die "$tree has no commit ${range%%..*}"
head_commit=$(g rev-parse --verify --quiet "${range##*..}^{commit}") ||
	die "$tree has no commit ${range##*..}"
mapfile -t commits < <(g rev-list --reverse "$base_commit..$head_commit")
[ ${#commits[@]} -gt 0 ] || die "$range holds no commit"
[ ${#commits[@]} -le 15 ] || die "$range holds ${#commits[@]} commits, a topic at most 15"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GIT_INDEX_FILE=$work/index

# Files that other topics bring: not ours to change.
for t in $(topics); do
	[ "$t" = "$topic" ] || new_files_of "$t"
done >"$work/foreign"

# A second line of commits that leaves the new files out; format-patch turns
# it into mails.
parent=$base_commit
declare -A entered=()
new_of=()
for c in "${commits[@]}"; do
	name=$(g log -1 --format='%h ("%s")' "$c")
	[ "$(g rev-list --parents -n 1 "$c" | wc -w)" -eq 2 ] ||
		die "$name is a merge; one commit per patch, please"
	g read-tree "$parent"
	new=
	while IFS=$'\t' read -r meta path; do
		read -r _ mode _ blob status <<<"$meta"
		if grep -qxF -- "$path" "$work/foreign"; then
			die "$name changes $path, which another topic brings: add a file of your own"
		fi
		if g cat-file -e "$base_commit:$path" 2>/dev/null; then
			[ "$status" = M ] ||
				die "$name deletes or retypes $path, which the base has: a patch only changes"
			g update-index --cacheinfo "$mode,$blob,$path"
			continue
		fi
		[ "$status" = A ] ||
			die "$name changes $path, which entered with ${entered[$path]}: a new file enters whole"
		case $path in
		*[[:space:]]*) die "$name adds '$path': no blanks in names, please" ;;
		esac
		entered[$path]=$name
		new+=" $path"
	done < <(g diff-tree -r --no-commit-id --no-renames "$c")
	new_of+=("$new")

	[ "$(g log -1 --format=%an "$c")" ] || die "$name has no author"
	parent=$(
		export GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_AUTHOR_DATE
		GIT_AUTHOR_NAME=$(g log -1 --format=%an "$c")
		GIT_AUTHOR_EMAIL=$(g log -1 --format=%ae "$c")
		GIT_AUTHOR_DATE=$(g log -1 --format=%ad --date=raw "$c")
		export GIT_COMMITTER_NAME=$GIT_AUTHOR_NAME
		export GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL
		export GIT_COMMITTER_DATE=$GIT_AUTHOR_DATE
		g log -1 --format=%B "$c" |
			g commit-tree -p "$parent" "$(g write-tree)"
	)
done

mkdir "$work/out"
g format-patch --quiet --always -N --stat=72 -p --no-signature --zero-commit \
	--abbrev=12 --no-renames -U3 --output-directory "$work/out" \
	"$base_commit..$parent"
mapfile -t mails < <(cd "$work/out" && printf '%s\n' *.patch | sort)
[ ${#mails[@]} -eq ${#commits[@]} ] ||
	die "format-patch made ${#mails[@]} mails of ${#commits[@]} commits"

{
	echo "# SPDX-License-Identifier: GPL-2.0"
	echo "# A patch, and the new files that enter whole with it."
	for i in "${!mails[@]}"; do
		echo "${mails[i]}${new_of[i]}"
	done
} >"$work/series"

# Everything is known to be right: now write.
out=$patches/$topic
mkdir -p "$out"
if [ -f "$out/series" ]; then
	new_files_of "$topic" | while read -r path; do
		[ -z "${entered[$path]:-}" ] || continue
		echo "gone from the series: $path"
		rm -f "${top:?}/$path"
	done
fi
rm -f "$out"/*.patch
cp "$work/out"/*.patch "$out/"
cp "$work/series" "$out/series"
for path in "${!entered[@]}"; do
	mode=$(g ls-tree "$head_commit" -- ":(top)$path" | cut -d' ' -f1)
	case $mode in
	100644 | 100755) ;;
	*) die "$path is neither a file nor there at ${range##*..} (mode '$mode')" ;;
	esac
	mkdir -p "$top/$(dirname "$path")"
	g cat-file blob "$head_commit:$path" >"$work/file"
	cmp -s "$work/file" "$top/$path" || cp "$work/file" "$top/$path"
	chmod "${mode#100}" "$top/$path"
done
echo "$topic: ${#mails[@]} patches, ${#entered[@]} new files"
