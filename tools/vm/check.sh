#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Every check that a reviewer would run first; one line each.
#
#   check.sh [PATTERN]   only the checks whose name matches
set -euo pipefail
# shellcheck source=tools/vm/lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -le 1 ] || usage "check.sh [PATTERN]"
pattern=${1:-}
mkdir -p "$log_dir"

tree=$("$vm_dir/tree.sh")
pristine=$("$vm_dir/fetch.sh" source)
version=$("$vm_dir/fetch.sh" version)
config=$vm_dir/config
locked "$cache/build/check.lock"
jobs=-j${JOBS:-$(nproc)}

# What is ours: the files of the series, and the checkout's own.
mapfile -t new < <(for t in $(topics); do new_files_of "$t"; done)
mapfile -t touched < <(
	for t in $(topics); do
		for p in $(patches_of "$t"); do
			touched_by "$patches/$t/$p"
		done
	done | sort -u)
if [ -e "$top/.git" ]; then
	mapfile -t files < <(our_git ls-files --cached --others --exclude-standard --deduplicate)
else
	mapfile -t files < <(cd "$top" && find . -path ./build -prune -o -type f -printf '%P\n')
fi

# sources FILE...: of these, the kernel's own C files.
sources()
{
	printf '%s\n' "$@" | grep -E '^(drivers|net|lib|kernel)/.*\.c$' || true
}
mapfile -t old_c < <(sources "${touched[@]}")
mapfile -t new_c < <(sources "${new[@]}")

failed=0 ran=0
check()
{
	local name=$1 log began=$SECONDS status=0
	[ -z "$pattern" ] || [[ "$name" =~ $pattern ]] || return 0
	ran=$((ran + 1))
	log=$log_dir/check-${name// /-}.log
	[ ! -t 2 ] || printf '....  %s' "$name" >&2
	# A subshell, whose set -e holds (it would not in a condition).
	set +e
	(set -e; "check_${name//[ -]/_}") >"$log" 2>&1
	status=$?
	set -e
	[ ! -t 2 ] || printf '\r\033[K' >&2
	if [ "$status" -eq 0 ]; then
		printf 'ok    %s (%d s)%s\n' "$name" $((SECONDS - began)) \
			"$(sed -n 's/^left out: /; left out: /p' "$log")"
		return
	fi
	failed=$((failed + 1))
	printf 'FAIL  %s: the end of %s:\n' "$name" "${log#"$top"/}"
	tail -n 25 "$log" | sed 's/^/      /'
}

# configured OUT SRC MAKEARGS...: OUT has the test configuration for SRC.
configured()
{
	local out=$1 src=$2
	shift 2
	mkdir -p "$out"
	make -C "$src" O="$out" "$@" tinyconfig
	(cd "$out" && "$src/scripts/kconfig/merge_config.sh" -m -O "$out" \
		.config "$config/test.config" "$config/series.config")
	make -C "$src" O="$out" "$@" olddefconfig
}

# compiled OUT SRC FILE... -- MAKEARGS...: compile FILEs anew, warnings shown.
compiled()
{
	local out=$1 src=$2 objects=()
	shift 2
	while [ "$1" != -- ]; do
		objects+=("${1%.c}.o")
		shift
	done
	shift
	[ ${#objects[@]} -gt 0 ] || return 0
	(cd "$out" && rm -f "${objects[@]}")
	make -C "$src" O="$out" "$jobs" "$@" "${objects[@]}"
}

# warnings LOG: each without its place in the file, sorted.
warnings()
{
	sed -nE "s#^.*(drivers|net|lib|kernel|include|arch|fs|mm|block|security|crypto|virt)/([^ :]*):[0-9]+(:[0-9]+)?: (warning|error): #\1/\2: #p" "$1" | sort
}

# kfuncs: a regular expression for their names.  Only BPF programs call them, so none is
# declared anywhere; the kernel's build does not have gcc warn of it, but sparse does.
kfuncs()
{
	(cd "$tree" && sed -nE 's/^__bpf_kfunc .*\b(\w+)\(.*/\1/p' \
		"${old_c[@]}" "${new_c[@]}") | paste -sd '|'
}

# no_new NAME MAKEARGS...: our objects give no warning that they did not give.
no_new()
{
	local name=$1 ours=$cache/build/$1 theirs=$cache/build/$1-base
	shift
	configured "$theirs" "$pristine" "$@"
	compiled "$theirs" "$pristine" "${old_c[@]}" -- "$@" >"$log_dir/$name-base.out" 2>&1 || {
		cat "$log_dir/$name-base.out"
		echo "the pristine kernel does not build so"
		return 1
	}
	configured "$ours" "$tree" "$@"
	compiled "$ours" "$tree" "${old_c[@]}" "${new_c[@]}" -- "$@" >"$log_dir/$name.out" 2>&1 || {
		cat "$log_dir/$name.out"
		return 1
	}
	comm -13 <(warnings "$log_dir/$name-base.out") <(warnings "$log_dir/$name.out") |
		{ grep -vE "symbol '($(kfuncs))' was not declared" || true; } \
		>"$log_dir/$name.new"
	[ -s "$log_dir/$name.new" ] || return 0
	cat "$log_dir/$name.out"
	echo
	echo "new warnings:"
	cat "$log_dir/$name.new"
	return 1
}

check_series()
{
	"$vm_dir/series.sh"
}

# What checkpatch is not asked: whether MAINTAINERS covers a new file, which no
# single patch can tell; the case of names, which the uapi headers chose; whether
# EXPORT_SYMBOL follows its variable, as it takes no DEFINE_ macro with two
# arguments for one; and whether a commit exists, as the source has no history.
not_asked=FILE_PATH_CHANGES,CAMELCASE,EXPORT_SYMBOL,UNKNOWN_COMMIT_ID
# Nor, of tests and tools: braces and blanks about and within the macros of the
# kselftest harness, and several of these in one of ours; the length of messages and
# commands, which are not split, but for the paragraphs of --help; attributes for which
# user space has no macro.
not_asked_tests=$not_asked,BRACES,SPACING,MACRO_ARG_REUSE,LONG_LINE_STRING
not_asked_tests+=,SPLIT_STRING,PREFER_DEFINED_ATTRIBUTE_MACRO,COMPLEX_MACRO
not_asked_tests+=,MULTISTATEMENT_MACRO_USE_DO_WHILE

check_checkpatch_series()
{
	local mail mails=()
	"$vm_dir/series.sh"	# what may be there can be of another day
	cd "$tree"
	for mail in "$top"/build/series/*/*.patch; do
		case $mail in
		*-0000-cover-letter.patch) ;;
		*) mails+=("$mail") ;;
		esac
	done
	scripts/checkpatch.pl --strict --quiet --ignore "$not_asked" \
		"$patches"/*/[0-9]*.patch
	scripts/checkpatch.pl --strict --quiet --ignore "$not_asked_tests" \
		"${mails[@]}"
}

check_checkpatch_files()
{
	local file list=() tests=()
	for file in "${files[@]}"; do
		[ -f "$top/$file" ] || continue
		case $file in
		tools/*.[ch]) tests+=("$top/$file") ;;
		*.[ch]) list+=("$top/$file") ;;
		esac
	done
	cd "$tree"
	scripts/checkpatch.pl --strict --quiet --ignore "$not_asked" \
		--file "${list[@]}"
	scripts/checkpatch.pl --strict --quiet --ignore "$not_asked_tests" \
		--file "${tests[@]}"
}

check_sparse_and_W1()
{
	no_new check-gcc CC="ccache gcc" C=2 W=1
}

check_clang()
{
	no_new check-clang LLVM=1 CC="ccache clang" W=1
}

# A kernel of 32 bits and one CPU that leaves out most of what the series use: no
# declaration comes along by chance.
check_small_config()
{
	local out=$cache/build/check-small symbol
	local dirs=(drivers/net/ drivers/vhost/ net/core/ net/ethtool/)
	local make=(make -C "$tree" O="$out" ARCH=i386 CC="ccache gcc")
	mkdir -p "$out"
	"${make[@]}" tinyconfig
	(cd "$out" && "$tree/scripts/kconfig/merge_config.sh" -m -O "$out" \
		.config "$config/small.config")
	"${make[@]}" olddefconfig
	while read -r symbol; do
		grep -qxF "$symbol" "$out/.config" ||
			{ echo "Kconfig did not take $symbol"; return 1; }
	done < <(grep '^CONFIG_' "$config/small.config")
	if grep -E '^CONFIG_(64BIT|SMP|JUMP_LABEL|BPF_SYSCALL)=' "$out/.config"; then
		echo "that is no small configuration"
		return 1
	fi
	"$tree/scripts/config" --file "$out/.config" -d TUN_VNET_HASH
	"${make[@]}" olddefconfig
	"${make[@]}" "$jobs" KCFLAGS=-Werror "${dirs[@]}"
	# As if it were linked
	if nm -u "$out"/drivers/net/{tun,tap,macvtap,vnet_steer}.o \
		"$out"/drivers/net/ipvlan/*.o |
		grep -E ' _*(tun_vnet_hash|virtio_net_hash|virtio_net_toeplitz)'; then
		echo "these are called, and are not there without TUN_VNET_HASH"
		return 1
	fi
	"$tree/scripts/config" --file "$out/.config" -e TUN_VNET_HASH
	"${make[@]}" olddefconfig
	grep -qx CONFIG_TUN_VNET_HASH=y "$out/.config" ||
		{ echo "Kconfig did not take TUN_VNET_HASH"; return 1; }
	"${make[@]}" "$jobs" KCFLAGS=-Werror "${dirs[@]}"
}

# module_warns NAME MAKEARGS...: the loadable module gives no warning, built anew with
# the kernel that the check NAME configures.
module_warns()
{
	local out=$cache/build/$1 dir=$cache/build/$1-bpfnic log=$log_dir/$1-bpfnic.out
	shift
	configured "$out" "$tree" "$@"
	make -C "$tree" O="$out" "$jobs" "$@" modules_prepare
	rm -rf "$dir"
	mkdir -p "$dir/drivers/net"
	cp "$top/Kbuild" "$dir/"
	cp -r "$top/drivers/net/bpfnic" "$dir/drivers/net/"
	# Without the symbols of a kernel, of which nothing else is built.
	make -C "$tree" O="$out" M="$dir" "$jobs" KBUILD_MODPOST_WARN=1 "$@" modules \
		>"$log" 2>&1 || {
		cat "$log"
		return 1
	}
	! grep -E 'drivers/net/bpfnic/[^ ]*: (warning|error): ' "$log"
}

# modprobe and ip find the module where it is installed.
module_installs()
{
	local stock release root=$cache/build/check-install
	stock=$("$vm_dir/fetch.sh" package)
	release=$(basename "$stock"/lib/modules/*)
	rm -rf "$root"
	mkdir -p "$root/lib/modules/$release"
	KDIR=$stock/build INSTALL_MOD_PATH=$root "$vm_dir/modules.sh" install
	modprobe -d "$root" -S "$release" --show-depends rtnl-link-bpfnic
}

check_bpfnic()
{
	module_warns check-gcc CC="ccache gcc" C=2 W=1
	module_warns check-clang LLVM=1 CC="ccache clang" W=1
	module_installs
}

# Of two runs that want the stock kernel at once, the second takes what the first has
# fetched, and does not fetch, nor delete, it again.
check_fetch_once()
{
	local work release=$version+once root headers pids=() pid i
	work=$(mktemp -d)
	# shellcheck disable=SC2064
	trap "rm -rf '$work'" EXIT
	root=$work/root
	headers=$root/usr/src/linux-headers-$release
	mkdir -p "$root"/{DEBIAN,boot} "$root/lib/modules/$release-amd64/kernel" \
		"$headers-common" "$headers-amd64/scripts/mod" "$work"/{bin,cache}
	touch "$root/boot/vmlinuz-$release-amd64" "$headers-common/Makefile" \
		"$headers-amd64/scripts/mod/modpost"
	printf '%s\n' "Package: once" "Version: 1" "Architecture: all" \
		"Maintainer: nobody <nobody@localhost>" "Description: a stock kernel" \
		>"$root/DEBIAN/control"
	dpkg-deb --root-owner-group -b "$root" "$work/once.deb" >/dev/null
	ln -s "$cache/src" "$work/cache/src"
	printf '#!/bin/sh\necho linux-image-%s-amd64 - a kernel\n' "$release" >"$work/bin/apt-cache"
	# It takes until the second run waits.
	cat >"$work/bin/apt-get" <<-END
		#!/bin/sh
		echo x >>$work/fetched
		for i in \$(seq 600); do
			! grep -q waiting $work/2.err || break
			sleep 0.1
		done
		cp $work/once.deb .
	END
	chmod +x "$work"/bin/*
	: >"$work/2.err"
	for i in 1 2; do
		PATH=$work/bin:$PATH VNET_CACHE=$work/cache "$vm_dir/fetch.sh" package \
			>"$work/$i.out" 2>"$work/$i.err" &
		pids+=("$!")
		until [ -s "$work/fetched" ] || ! kill -0 "${pids[0]}"; do sleep 0.1; done
	done
	for pid in "${pids[@]}"; do wait "$pid"; done
	cat "$work"/*.err
	echo "fetched $(wc -l <"$work/fetched") times: $(cat "$work"/?.out)"
	[ "$(wc -l <"$work/fetched")" -eq 1 ]
	cmp "$work"/{1,2}.out
}

# The texts agree on what was measured.
check_figures()
{
	"$vm_dir/figures.sh" --check
}

# The tests keep to the rules, and what judges them judges as it should.
check_tests()
{
	"$vm_dir/test/house.sh"
	"$vm_dir/test/selftest.sh"
}

check_shellcheck()
{
	local file shells=()
	cd "$top"
	for file in "${files[@]}"; do
		[ -f "$file" ] || continue
		if [[ $file == *.sh ]] || head -n 1 "$file" | grep -aqE '^#! ?/bin/(ba|da)?sh|busybox sh'; then
			shells+=("$file")
		fi
	done
	shellcheck -x "${shells[@]}"
}

check_codespell()
{
	local list=()
	cd "$top"
	for file in "${files[@]}"; do
		case $file in
		COPYING | *.patch) ;;
		*) [ ! -f "$file" ] || list+=("$file") ;;
		esac
	done
	# Of patches only what we wrote: the message and the added lines.
	for file in "${files[@]}"; do
		case $file in
		*.patch) grep -v '^[- @]' "$file" ;;
		esac
	done >"$log_dir/patches.txt"
	codespell --ignore-words-list=extraversion,nd,xdpf "${list[@]}" "$log_dir/patches.txt"
}

check_manual_pages()
{
	local file pages=()
	for file in "${files[@]}"; do
		case $file in
		tools/net/*.[18]) pages+=("$top/$file") ;;
		esac
	done
	if [ ${#pages[@]} -eq 0 ]; then
		echo "left out: there are no manual pages"
		return
	fi
	mandoc -T lint -W warning "${pages[@]}"
}

# Built with gcc's sanitizers, which find more at compile time, and installed
check_vnetctl()
{
	local out=$top/build/check-vnetctl khdr from=$tree/tools/testing/selftests
	khdr=$("$vm_dir/kernel.sh" test)/headers/include
	rm -rf "$out"
	make -C "$top/tools/net/vnetctl" "$jobs" O="$out" KHDR="$khdr" \
		SANITIZE=address,undefined all
	"$out/vnetctl" --version
	make -C "$top/tools/net/vnetctl" O="$out" install-built \
		DESTDIR="$out/root" prefix=/usr
	cd "$out/root/usr"
	diff -u - <(find . -type f | sort) <<-'END'
		./bin/vnetctl
		./lib/vnetctl/libvirt/vnetctl
		./lib/vnetctl/vnet_flowdir.bpf.o
		./lib/vnetctl/vnet_inner.bpf.o
		./lib/vnetctl/vnet_kfunc.bpf.o
		./lib/vnetctl/vnet_rss.bpf.o
		./share/bash-completion/completions/vnetctl
		./share/man/man8/vnetctl.8
	END
	# Its tests with that build.  One of them loads a library before ASan's.
	mkdir -p "$out/tests"
	make -C "$from/drivers/net/vnet_guest" "$jobs" KHDR_INCLUDES="-isystem $khdr" \
		OUTPUT="$out/tests" INSTALL_PATH="$out/install/drivers/net/vnet_guest" \
		TEST_GEN_MODS_DIR= all install
	install -D -m 644 "$from/kselftest/ktap_helpers.sh" \
		"$out/install/kselftest/ktap_helpers.sh"
	"$vm_dir/run.sh" --log "$log_dir/check-vnetctl-vm.log" -- \
		env -C "$out/install/drivers/net/vnet_guest" VNETCTL="$out/root/usr/bin/vnetctl" \
		ASAN_OPTIONS=verify_asan_link_order=0 UBSAN_OPTIONS=halt_on_error=1 ./vnetctl.sh
}

check_iproute2()
{
	local ip
	ip=$("$vm_dir/iproute2.sh")
	make -C "$top/tools/net/vnetctl" "$jobs" O="$top/build/check-iproute2" \
		KHDR="$("$vm_dir/kernel.sh" test)/headers/include" all
	"$vm_dir/run.sh" --log "$log_dir/check-iproute2-vm.log" -- \
		"$vm_dir/iproute2-guest.sh" "$ip" "$top/build/check-iproute2/vnetctl"
}

check_kernel_doc()
{
	local file list=()
	for file in "${new[@]}"; do
		case $file in
		tools/*) ;;
		*.c | *.h) list+=("$file") ;;
		esac
	done
	for file in "${files[@]}"; do
		case $file in
		drivers/net/bpfnic/*.[ch]) [ ! -f "$top/$file" ] || list+=("$top/$file") ;;
		esac
	done
	if [ ${#list[@]} -eq 0 ]; then
		echo "left out: there is no C file"
		return
	fi
	cd "$tree"
	scripts/kernel-doc -none -Wall -Werror "${list[@]}"
}

check_docs_build()
{
	local file out=$cache/build/docs bad=0
	if ! command -v sphinx-build >/dev/null; then
		echo "left out: python3-sphinx is not installed"
		return
	fi
	mkdir -p "$out"
	make -C "$tree" O="$out" htmldocs SPHINXDIRS=networking >"$log_dir/docs.out" 2>&1 ||
		{ cat "$log_dir/docs.out"; return 1; }
	for file in "${new[@]}"; do
		if grep -F "$file:" "$log_dir/docs.out"; then bad=1; fi
	done
	# The module's, which is not in the tree, by itself
	mkdir -p "$out/bpfnic"
	cp "$top/Documentation/networking/device_drivers/bpfnic.rst" "$out/bpfnic/"
	sphinx-build -q -C -E -W --keep-going -D root_doc=bpfnic "$out/bpfnic" \
		"$out/bpfnic/html" || bad=1
	return $bad
}

# A git repository of exactly the pristine source, made once.
pristine_git()
{
	local repo=$1
	[ ! -d "$repo" ] || return 0
	rm -rf "$repo.new"
	rsync -a --exclude=/.git "$pristine/" "$repo.new/"
	git -C "$repo.new" init -q -b base
	git -C "$repo.new" config gc.auto 0
	git -C "$repo.new" config core.looseCompression 1
	git -C "$repo.new" add -f -A
	git -C "$repo.new" commit -q -m "Linux $version"
	mv "$repo.new" "$repo"
}

check_every_prefix_builds()
{
	local repo out=$cache/build/prefix mail file objects bad=0
	repo=$cache/src/git-$(basename "$pristine")
	export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
	export GIT_AUTHOR_NAME=base GIT_AUTHOR_EMAIL=base@localhost
	export GIT_COMMITTER_NAME=base GIT_COMMITTER_EMAIL=base@localhost
	pristine_git "$repo"
	cd "$repo"
	git am --abort 2>/dev/null || true
	git checkout -q --detach -f base
	git clean -fdxq
	for t in $(topics); do
		for mail in "$top/build/series/$t"/*.patch; do
			case $mail in
			*-0000-cover-letter.patch) continue ;;
			esac
			echo "== $t: ${mail##*/}"
			git am -q --empty=keep "$mail"
			configured "$out" "$repo" CC="ccache gcc" >"$log_dir/prefix-config.out" 2>&1 || {
				cat "$log_dir/prefix-config.out"
				return 1
			}
			objects=()
			for file in "${old_c[@]}" "${new_c[@]}"; do
				[ ! -f "$file" ] || objects+=("${file%.c}.o")
			done
			make O="$out" CC="ccache gcc" "$jobs" "${objects[@]}" || {
				echo "at ${mail##*/} the kernel does not build"
				return 1
			}
		done
	done
	# The mails and the tree that we test are the same thing.
	for file in "${touched[@]}" "${new[@]}"; do
		cmp "$repo/$file" "$tree/$file" || bad=1
	done
	return $bad
}

check "series"
check "checkpatch series"
check "checkpatch files"
check "kernel doc"
check "sparse and W1"
check "clang"
check "small config"
check "bpfnic"
check "fetch once"
check "figures"
check "tests"
check "shellcheck"
check "codespell"
check "manual pages"
check "vnetctl"
check "iproute2"
check "docs build"
check "every prefix builds"

[ "$ran" -gt 0 ] || die "no check matches '$pattern'"
echo "$((ran - failed)) passed, $failed failed"
[ "$failed" -eq 0 ]
