# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What every script here shares: the places, and how to speak and to fail.
# To be sourced, after `set -euo pipefail`.

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH LC_ALL=C.UTF-8

# An outer make's flags and the caller's kernel settings are not for our builds.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES T O V
unset ARCH CROSS_COMPILE LLVM KBUILD_OUTPUT KCFLAGS KCPPFLAGS

vm_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
top=${vm_dir%/tools/vm}
# shellcheck disable=SC2034	# used by the scripts that source this
log_dir=$top/build/log

if [ -z "${VNET_CACHE:-}" ] && [ -z "${XDG_CACHE_HOME:-}" ] &&
   [ -z "${HOME:-}" ]; then
	echo "${0##*/}: HOME is not set: name the cache folder in VNET_CACHE" >&2
	exit 1
fi
cache=${VNET_CACHE:-${XDG_CACHE_HOME:-${HOME:-}/.cache}/vnet-offload}
case $cache in
/*) ;;
*)
	echo "${0##*/}: the cache folder must be an absolute path, not $cache" >&2
	exit 1
	;;
esac

# What a wait follows: it stands with the tests that boot guests by themselves.
# shellcheck disable=SC2034
watch_lib=$top/tools/testing/selftests/drivers/net/lib/qemu_guest/watch.sh

# The same input gives the same bytes: nothing of the day, user or machine.
export KBUILD_BUILD_TIMESTAMP='Thu Jan  1 00:00:00 UTC 1970'
export KBUILD_BUILD_USER=vnet KBUILD_BUILD_HOST=offload KBUILD_BUILD_VERSION=1

# In depend mode a miss costs one compilation, not a preprocessing run as well.
export CCACHE_DIR=$cache/ccache CCACHE_MAXSIZE=5G CCACHE_DEPEND=1

# shellcheck disable=SC2034
# The folders of the checkout that hold new kernel files, and what in them is
# not part of any series: the loadable module, the tests of what is no part of
# the kernel, and the marks that only our test runner reads.
kernel_dirs=(drivers net lib include kernel Documentation tools/testing/selftests)
# shellcheck disable=SC2034
outside_tests='^tools/testing/selftests/drivers/net/(bpfnic|lib/(bpfnic|qemu_guest)|virtio_net_(csum|qemu)|vnet_bench|vnet_guest)/'
# shellcheck disable=SC2034
outside_series="^drivers/net/bpfnic/|^Documentation/networking/device_drivers/bpfnic\.rst\$"
outside_series+="|^Documentation/costs\.md\$"
outside_series+="|$outside_tests|/marks\$"

die()
{
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

usage()
{
	printf 'usage: %s\n' "$*" >&2
	exit 2
}

# say MESSAGE: one line of progress, with the step that the caller counted.
say()
{
	printf '%s%s\n' "${STEP:+[$STEP] }" "$*" >&2
}

# The base: a folder below patches/ that says by its file `base' what it is.
base=${BASE:-6.12}
patches=$top/patches/$base
case $base in
*/* | .*) base_file= ;;
*) base_file=$patches/base ;;
esac
[ -f "$base_file" ] ||
	die "there is no base '$base': BASE= takes $(cd "$top/patches" && printf '%s\n' */base | sed 's|/base$||' | paste -sd ' ')"

# base_says WHAT: what its file says of WHAT
base_says()
{
	awk -v what="$1" '$1 == what { print $2 }' "$base_file"
}

# kernel_names TARGET|all: the kernels of this base that a make target runs, or all
kernel_names()
{
	awk -v base="$base" -v target="$1" \
		'!/^#/ && $2 == base && (target == "all" || $6 == target) { print $1 }' \
		"$vm_dir/kernels"
}

# read_kernel NAME: what the table says of it, to kernel_from, kernel_config,
# kernel_memory, kernel_runs and kernel_bites
read_kernel()
{
	# shellcheck disable=SC2034	# for who asked
	read -r _ _ kernel_from kernel_config kernel_memory _ kernel_runs kernel_bites < <(
		awk -v name="$1" -v base="$base" \
			'!/^#/ && $1 == name && $2 == base' "$vm_dir/kernels") ||
		die "there is no kernel '$1' of $base: tools/vm/kernels has $(kernel_names all | paste -sd ' ')"
}

# kernel_dir NAME: where the cache has it: vmlinuz, and what modules are built with
kernel_dir()
{
	read_kernel "$1"
	case $kernel_from in
	package*) "$vm_dir/fetch.sh" "$kernel_from" ;;
	*) echo "$cache/build/$1" ;;
	esac
}

# built_in NAME: the KDIR of modules for it
built_in()
{
	local dir
	dir=$(kernel_dir "$1")
	if [ -e "$dir/build" ]; then echo "$dir/build"; else echo "$dir"; fi
}

# modules_dir NAME: its lib/modules
modules_dir()
{
	local dir
	dir=$(kernel_dir "$1")
	if [ -d "$dir/root" ]; then echo "$dir/root/lib/modules"; else echo "$dir/lib/modules"; fi
}

# is_slow NAME: whether it checks itself, so that all takes longer
is_slow()
{
	read_kernel "$1"
	[[ +$kernel_config+ == *+debug+* ]]
}

# topics: the topics of this base, in order, but VNET_WITHOUT.
topics()
{
	[ -f "$patches/topics" ] ||
		die "no $patches/topics: it lists the topics, one a line"
	sed -e 's/#.*//' -e 's/[[:space:]]//g' -e '/^$/d' \
		${VNET_WITHOUT:+-e "/^$VNET_WITHOUT\$/d"} "$patches/topics"
}

# series_of TOPIC: its lines "patch [new file...]", comments stripped.
series_of()
{
	[ -d "$patches/$1" ] ||
		die "patches/$base/topics names $1, but there is no patches/$base/$1"
	[ -f "$patches/$1/series" ] || return 0
	sed -e 's/#.*//' -e 's/[[:space:]]*$//' -e '/^$/d' "$patches/$1/series"
}

# new_files_of TOPIC: the new files of all its patches, one a line.
new_files_of()
{
	series_of "$1" | awk '{ for (i = 2; i <= NF; i++) print $i }'
}

# patches_of TOPIC: its patches, in order.
patches_of()
{
	series_of "$1" | awk '{ print $1 }'
}

# touched_by PATCH...: the files that these mails change.
touched_by()
{
	awk '/^diff --git a\// { sub(/^a\//, "", $3); print $3 }' "$@" | sort -u
}

# locked FILE [MESSAGE]: hold FILE's lock until this process ends.
locked()
{
	mkdir -p "${1%/*}"
	exec 9>"$1"
	if ! flock -n 9; then
		say "waiting for another run that holds $1"
		flock 9
	fi
}

# mirror SUFFIX: where apt has this machine's own release with it from, if anywhere
mirror()
{
	local own
	# shellcheck disable=SC1091,SC2154	# the system's
	own=$(. /etc/os-release && echo "$VERSION_CODENAME")
	# shellcheck disable=SC2016	# apt's own variables
	apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Identifier: Packages' |
		awk -v want="$own$1" '$1 == want && !seen++ { print $2 }'
}

# our_git ARGS...: git on this checkout, whoever owns it.
our_git()
{
	git -c safe.directory="$top" -C "$top" "$@"
}

# What a kernel complains with: any such line fails a run.
# shellcheck disable=SC2034
splat='WARNING:|BUG:|kernel BUG at|Oops:|Kernel panic|general protection fault'
splat+='|invalid opcode|KASAN:|KCSAN:|UBSAN:|Bad page|Call Trace:|cut here'
splat+='|possible (circular|recursive|irq lock|deadlock)|inconsistent lock state'
splat+='|suspicious RCU usage|lock held when returning|INFO: task .* blocked for'
splat+='|rcu: INFO: .*stall|self-detected stall|soft lockup|hard LOCKUP'
splat+='|sleeping function called|scheduling while atomic|ODEBUG:'
splat+='|kmemleak: [0-9]+ new suspected|unreferenced object|refcount_t:'
splat+='|ref_tracker: .*(leaked|has)|unregister_netdevice: waiting'
splat+='|list_(add|del) corruption|(irq|IRQ) [0-9]+: nobody cared'
