#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Build `ip' of this machine's Debian release with our patches, and print where it is.
#
#   iproute2.sh
#
# The patches are those of patches/iproute2/RELEASE, if there are any (6.1 is Debian 12's
# release), then those in patches/iproute2.
set -euo pipefail
# shellcheck source=tools/vm/lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -eq 0 ] || usage "iproute2.sh"
# shellcheck disable=SC2016	# dpkg-query's own variables
read -r version release < <(
	dpkg-query -W -f='${source:Version} ${source:Upstream-Version}\n' iproute2) ||
	die "iproute2 is not installed as a Debian package: run tools/vm/packages.sh"
dir=$cache/src/iproute2-$version
mkdir -p "$log_dir"
locked "$cache/src/iproute2.lock"

# source_package: its source, from where apt has this machine's packages from
source_package()
{
	local apt suffix from keys=/usr/share/keyrings/debian-archive-keyring.gpg
	rm -rf "$dir.new"
	mkdir -p "$dir.new/lists/partial"
	for suffix in "" -updates -security; do
		from=$(mirror "$suffix")
		# shellcheck disable=SC1091,SC2154	# the system's
		[ -z "$from" ] ||
			echo "deb-src [signed-by=$keys] $from $(. /etc/os-release && echo "$VERSION_CODENAME")$suffix main"
	done >"$dir.new/sources.list"
	apt=(apt-get -q -o "Dir::Etc::SourceList=$dir.new/sources.list"
		-o "Dir::Etc::SourceParts=/dev/null" -o "Dir::State::Lists=$dir.new/lists"
		-o "Dir::Cache::pkgcache=" -o "Dir::Cache::srcpkgcache="
		-o "APT::Sandbox::User=$(id -un)")
	"${apt[@]}" update &&
		(cd "$dir.new" && "${apt[@]}" source "iproute2=$version") || return 1
	mv "$dir.new/iproute2-$release" "$dir"
	rm -rf "$dir.new"
}

log=$log_dir/iproute2.log
[ -d "$dir" ] || source_package >"$log" 2>&1 || {
	tail -n 20 "$log" >&2
	die "cannot get the source of iproute2 $version; the whole log: $log"
}

out=$cache/build/iproute2
rm -rf "$out"
cp -r "$dir" "$out"
for mail in "$top/patches/iproute2/${release%.*}"/*.patch "$top/patches/iproute2"/*.patch; do
	[ -f "$mail" ] || continue
	# Of a folder that is in no git repository
	(cd "$out" && GIT_DIR=/nonexistent git apply "$mail") ||
		die "${mail#"$top"/} does not apply to iproute2 $version"
done
{
	(cd "$out" && ./configure)
	make -C "$out" "-j$(nproc)" SUBDIRS="lib ip" CCOPTS="-O2 -Werror"
} >"$log" 2>&1 || {
	tail -n 20 "$log" >&2
	die "iproute2 $version does not build with the patches; the whole log: $log"
}
echo "$out/ip/ip"
