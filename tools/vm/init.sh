#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# The guest's first process.  Puts the host's root, read-only over 9p, under a
# scratch overlay, runs the job that run.sh packed beside it, reports the
# status on the kernel console, and switches the machine off.

export PATH=/bin
/bin/busybox --install -s /bin
mkdir -p /dev /proc /sys /host /scratch /under /root
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys

# The job: nonce, cwd, modules_dir, modules, shell, binds and `set -- COMMAND`.
# shellcheck source=/dev/null
. /job

report()
{
	# shellcheck disable=SC2154	# from the job
	echo "<1>vnet-run $nonce $*" >/dev/kmsg
}

off()
{
	# Waits until all output has left the serial port.
	stty -F /dev/ttyS1 raw -echo
	report "$@"
	poweroff -f
	sleep 60
}

must()
{
	"$@" || off "error '$*' failed in the guest's init"
}

if [ -f /modules/order ]; then
	while read -r module; do
		must insmod "/modules/$module"
	done </modules/order
fi

must mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=512000,cache=loose host /host
must mount -t tmpfs -o mode=755 scratch /scratch
mkdir /scratch/upper /scratch/work
must mount -t overlay -o lowerdir=/host,upperdir=/scratch/upper,workdir=/scratch/work overlay /root
must mount --bind /root /under

must mount -t devtmpfs dev /root/dev
must mount -t proc proc /root/proc
must mount -t sysfs sys /root/sys
mkdir -p /root/dev/pts /root/dev/shm
must mount -t devpts -o mode=620,ptmxmode=666 devpts /root/dev/pts
for dir in tmp run dev/shm; do
	must mount -t tmpfs -o mode=1777 "${dir##*/}" "/root/$dir"
done
chmod 755 /root/run
# How much time the host gave this machine, where it says so.
mkdir /root/run/watch
mount -t 9p -o ro,trans=virtio,version=9p2000.L,cache=none watch /root/run/watch 2>/dev/null ||
	rmdir /root/run/watch
must mount -t debugfs debugfs /root/sys/kernel/debug
must mount -t bpf bpf /root/sys/fs/bpf
[ ! -d /root/sys/fs/cgroup ] || must mount -t cgroup2 cgroup2 /root/sys/fs/cgroup
ln -sf /proc/self/fd /root/dev/fd
ln -sf /proc/self/fd/0 /root/dev/stdin
ln -sf /proc/self/fd/1 /root/dev/stdout
ln -sf /proc/self/fd/2 /root/dev/stderr

# What the tmpfs on /tmp and /run would hide, but the job needs.
# shellcheck disable=SC2154	# from the job
for dir in $binds; do
	mkdir -p "/root$dir"
	must mount --bind "/under$dir" "/root$dir"
done
# shellcheck disable=SC2154	# from the job
if [ "$modules_dir" ]; then
	mkdir -p /root/lib/modules
	must mount --bind "/under$modules_dir" /root/lib/modules
fi

must stty -F /dev/ttyS1 raw -echo
hostname vnet
must ifconfig lo up
# shellcheck disable=SC2154	# from the job
# shellcheck disable=SC2086	# a list of names
[ ! "$modules" ] || must chroot /root /sbin/modprobe -a $modules

# What leaks at boot is not the job's.
leaks=/root/sys/kernel/debug/kmemleak
[ ! -f $leaks ] || echo clear >$leaks

inside()
{
	# shellcheck disable=SC2016,SC2154
	env -i HOME=/tmp USER=root LOGNAME=root SHELL=/bin/bash TERM="$term" \
		LC_ALL=C.UTF-8 \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		setsid ${shell:+-c} \
		chroot /root /bin/sh -c 'cd "$1" && shift && exec "$@"' sh "$cwd" "$@"
}

# shellcheck disable=SC2154	# from the job
if [ "$shell" ]; then
	stty -F /dev/ttyS1 sane rows "$rows" cols "$cols"
	inside "$@" <>/dev/ttyS1 >&0 2>&1
else
	inside "$@" </dev/null >/dev/ttyS1 2>&1
fi
status=$?

if [ -f $leaks ]; then
	# An object must be some seconds old, and be missed twice.
	sleep 6
	echo scan >$leaks
	echo scan >$leaks
	sed 's/^/<1>/' $leaks | while read -r line; do
		echo "$line" >/dev/kmsg
	done
fi
off "status $status"
