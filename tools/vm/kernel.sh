#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Configure and build a kernel in the cache, and print the build folder.
#
#   kernel.sh NAME
#
# NAME: of those that tools/vm/kernels says are patched or pristine
set -euo pipefail
# shellcheck source=tools/vm/lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -eq 1 ] || usage "kernel.sh NAME (one of $(kernel_names all | paste -sd ' '))"
flavour=$1
read_kernel "$flavour"
case $kernel_from in
package*) die "the $flavour kernel is Debian's: it is fetched, not built" ;;
patched-*) export VNET_WITHOUT=${kernel_from#patched-} VNET_UNLISTED=1 ;;
patched | pristine) ;;
*) die "tools/vm/kernels has the $flavour kernel from '$kernel_from', which nobody knows" ;;
esac
fragments=()
for name in ${kernel_config//+/ }; do
	fragments+=("$vm_dir/config/$name.config")
	[ -f "${fragments[-1]}" ] ||
		die "tools/vm/kernels names the configuration '$name', but there is no ${fragments[-1]#"$top"/}"
done

out=$cache/build/$flavour
log=$log_dir/kernel-$flavour.log
mkdir -p "$log_dir" "$out"
locked "$cache/build/$flavour.lock"

case $kernel_from in
pristine)
	src=$("$vm_dir/fetch.sh" source)
	content=$src
	;;
*)
	# Nobody may change the tree while it is being compiled.
	state=
	until [ "$state" ] && [ "$state" = "$(cat "$src.state")" ]; do
		exec 8>&-
		src=$("$vm_dir/tree.sh")
		state=$(cat "$src.state")
		exec 8>>"$cache/tree/.lock"
		flock -s 8
	done
	content=$(cat "$src.built")
	;;
esac
version=$("$vm_dir/fetch.sh" version)

stamp=$({
	echo "2 $src $content"
	cat "${fragments[@]}" "$0"
	gcc --version
	ld --version
	pahole --version
} 2>&1 | sha256sum | cut -d' ' -f1)
if [ -f "$out/vnet-stamp" ] && [ "$(cat "$out/vnet-stamp")" = "$stamp" ]; then
	say "kernel $version ($flavour) is up to date"
	echo "$stamp" >"$log_dir/kernel-$flavour.stamp"
	echo "$out"
	exit
fi
rm -f "$out/vnet-stamp"

make=(make -C "$src" O="$out" CC="ccache gcc" HOSTCC="ccache gcc"
	-j"${JOBS:-$(nproc)}")

# fail_log: the end of the log, and where the rest is.
fail_log()
{
	printf '\n' >&2
	grep -nE '(error|Error |undefined reference|FAILED)' "$log" | tail -n 10 >&2 || true
	echo ... >&2
	tail -n 30 "$log" >&2
	die "$1; the whole log: $log"
}

# watched NAME ARGS...: run make in the background and say where it is, of $files.
watched()
{
	local name=$1 began=$SECONDS last=0 pid line
	shift
	# In a group of its own, so that all of it ends when we do.
	setsid "${make[@]}" "$@" >>"$log" 2>&1 8>&- 9>&- &
	pid=$!
	# shellcheck disable=SC2064
	trap "kill -- -$pid 2>/dev/null || true" EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	while kill -0 "$pid" 2>/dev/null; do
		line=$(printf '%s%s … %d%s files, %d:%02d' "${STEP:+[$STEP] }" "$name" \
			"$(grep -cE '^  (HOST)?(CC|AS|LD|AR)' "$log" || true)" \
			"${files:+ of about $files}" \
			$(((SECONDS - began) / 60)) $(((SECONDS - began) % 60)))
		if [ -t 2 ]; then
			printf '\r%s\033[K' "$line" >&2
		elif [ $((SECONDS - last)) -ge 20 ]; then
			last=$SECONDS
			printf '%s\n' "$line" >&2
		fi
		sleep 0.5
	done
	trap - EXIT INT TERM
	wait "$pid" || fail_log "$name failed"
	[ ! -t 2 ] || printf '\r%s\033[K\n' "$line" >&2
}

: >"$log"
say "configuring kernel $version ($flavour)"
(
	"${make[@]}" tinyconfig
	cd "$out"
	"$src/scripts/kconfig/merge_config.sh" -m -O "$out" "$out/.config" \
		"${fragments[@]}"
	"${make[@]}" olddefconfig
) >>"$log" 2>&1 || fail_log "configuring failed"

# Each symbol as asked for, the last word winning.
lost=$(cat "${fragments[@]}" |
	awk '
		/^CONFIG_[A-Za-z0-9_]+=/ { split($0, a, "="); want[a[1]] = $0 }
		/^# CONFIG_[A-Za-z0-9_]+ is not set/ { want[$2] = $0 }
		END { for (s in want) print s "\t" want[s] }' |
	while IFS=$'\t' read -r symbol line; do
		case $line in
		\#*) ! grep -q "^$symbol=" "$out/.config" || echo "$line" ;;
		*) grep -qxF "$line" "$out/.config" || echo "$line" ;;
		esac
	done)
[ -z "$lost" ] ||
	die "Kconfig did not take these from ${fragments[*]##*/} (a missing dependency or patch?):"$'\n'"$lost"

# How many files a first build takes, about; none knows it of a later one.
files=2040
[ ! -e "$out/vmlinux" ] || files=
watched "building kernel $version ($flavour)" vmlinux modules
files=
# Without ccache, which in depend mode does not see that the image includes the
# kernel as a file: it gave out another kernel whose compressed size was the same.
CCACHE_DISABLE=1 watched "packing kernel $version ($flavour)" bzImage
rm -rf "$out/root.new" "$out/headers.new"
"${make[@]}" modules_install INSTALL_MOD_PATH="$out/root.new" >>"$log" 2>&1 ||
	fail_log "installing the modules failed"
"${make[@]}" headers_install INSTALL_HDR_PATH="$out/headers.new" >>"$log" 2>&1 ||
	fail_log "installing the headers failed"
rm -rf "$out/root" "$out/headers"
mv "$out/root.new" "$out/root"
mv "$out/headers.new" "$out/headers"

ln -sf arch/x86/boot/bzImage "$out/vmlinuz"
echo "$stamp" >"$out/vnet-stamp"
echo "$stamp" >"$log_dir/kernel-$flavour.stamp"
say "kernel $version ($flavour): $out/vmlinuz"
echo "$out"
