#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A new machine: a minimal root of a Debian release, where nothing is but make and git.
#
#   root.sh RELEASE                    make it in the cache, and print where it is
#   root.sh RELEASE COMMAND [ARG...]   run that in a clone of this checkout there
#
# RELEASE: bookworm or trixie.  Each command begins on a new machine with an empty cache.
# The mirror is the one that apt uses here.  Needs root.
set -euo pipefail
# shellcheck source=tools/vm/lib.sh
. "$(dirname "$0")/lib.sh"

synopsis="root.sh bookworm|trixie [COMMAND [ARG...]]"
[ $# -ge 1 ] || usage "$synopsis"
release=$1
shift
case $release in
bookworm | trixie) ;;
*) usage "$synopsis" ;;
esac
[ "$(id -u)" -eq 0 ] || die "making a root and running in it takes root: run it by sudo"
command -v debootstrap >/dev/null || die "no debootstrap: run tools/vm/packages.sh root"

root=$cache/root/$release
make_root()
{
	local main security
	main=$(mirror "")
	security=$(mirror -security)
	[ "$main" ] || die "apt does not say where this machine's Debian is from: see /etc/apt"
	say "making a root of $release (some minutes)"
	mkdir -p "$cache/root" "$log_dir"
	rm -rf "$root.new"
	debootstrap --variant=minbase --include=ca-certificates,git,make \
		"$release" "$root.new" "$main" >"$log_dir/root-$release.log" 2>&1 || {
		tail -n 20 "$log_dir/root-$release.log" >&2
		die "debootstrap failed; the whole log: $log_dir/root-$release.log"
	}
	{
		echo "deb $main $release main"
		echo "deb $main $release-updates main"
		[ -z "$security" ] || echo "deb $security $release-security main"
	} >"$root.new/etc/apt/sources.list"
	# What apt has to do here to reach the mirror, it has to do there.
	apt-config dump | grep -iE '^Acquire::(https?::|[a-z]+::proxy)' \
		>"$root.new/etc/apt/apt.conf.d/90mirror" || true
	# No service starts in there.
	printf '#!/bin/sh\nexit 101\n' >"$root.new/usr/sbin/policy-rc.d"
	chmod 755 "$root.new/usr/sbin/policy-rc.d"
	mv "$root.new" "$root"
}

locked "$cache/root/$release.lock"
[ -d "$root" ] || make_root
if [ $# -eq 0 ]; then
	echo "$root"
	exit
fi

# A machine that is new each time: what is written goes on top, and away.
run=$(mktemp -d "$cache/root/run.XXXXXX")
trap 'rm -rf "$run"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
mkdir "$run"/{upper,work,machine}
# shellcheck disable=SC2016	# for the shell that is started
unshare --mount --pid --fork --kill-child bash -euc '
	machine=$1/machine top=$3
	mount --make-rprivate /
	mount -t overlay -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work" overlay "$machine"
	mount -t proc proc "$machine/proc"
	mount -t sysfs -o ro sysfs "$machine/sys"
	mount --rbind /dev "$machine/dev"
	mount -t tmpfs tmpfs "$machine/tmp"
	for file in /etc/resolv.conf /etc/hosts; do
		[ ! -f "$file" ] || cat "$file" >"$machine$file"
	done
	git clone -q "$top" "$machine/root/vnet-offload"
	shift 3
	exec env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		TERM="${TERM:-dumb}" chroot "$machine" \
		sh -c "cd /root/vnet-offload && exec \"\$@\"" sh "$@"
' root.sh "$run" "$root" "$top" "$@"
