// SPDX-License-Identifier: GPL-2.0
/* What the tests load, and what they load it for. */
#include "offload.h"

#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

/* More than a page of instructions when each division has got its check for 0, but
 * less before.
 */
#define DIVISIONS	480

/**
 * offload_run() - run a command
 * @fmt: as printf()'s
 *
 * Return: 0 if it succeeded.
 */
int offload_run(const char *fmt, ...)
{
	char command[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	return system(command);
}

/**
 * offload_module() - load a module that is beside the tests, if nobody has
 * @name: its name
 *
 * Return: 0 if it is there.
 */
int offload_module(const char *name)
{
	return offload_run("[ -d /sys/module/%s ] || insmod test_modules/%s.ko", name, name);
}

/**
 * offload_add() - add a network device, and set it up
 * @type: as of ip link
 * @name: its name
 *
 * Return: its index, or -1.
 */
int offload_add(const char *type, const char *name)
{
	if ((!strcmp(type, "offload_fake") && offload_module(type)) ||
	    offload_run("ip link add %s type %s", name, type) ||
	    offload_run("ip link set %s up", name))
		return -1;
	return if_nametoindex(name) ?: -1;
}

/**
 * offload_map() - create a map with one element of 8 bytes
 * @type: ARRAY or HASH
 * @ifindex: whose it is; 0: the host's
 *
 * Return: its descriptor, or a negative errno.
 */
int offload_map(enum bpf_map_type type, int ifindex)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_ifindex = ifindex);
	int fd = bpf_map_create(type, "offload", 4, 8, 1, &opts);

	return fd < 0 ? -errno : fd;
}

/**
 * offload_prog() - load a program
 * @type: its type
 * @ifindex: of its device; 0: none
 * @flags: BPF_F_XDP_DEV_BOUND_ONLY: the host runs it; 0: the device does
 * @insns: the program
 * @n: its number of instructions
 *
 * Return: its descriptor, or a negative errno.
 */
static int offload_prog(enum bpf_prog_type type, int ifindex, __u32 flags,
			const struct bpf_insn *insns, size_t n)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .prog_ifindex = ifindex, .prog_flags = flags);
	int fd = bpf_prog_load(type, "offload", "GPL", insns, n, &opts);

	return fd < 0 ? -errno : fd;
}

/**
 * offload_return() - load a program that returns something
 * @type: its type
 * @ifindex: of its device; 0: none
 * @flags: as of offload_prog()
 * @value: what it returns
 *
 * Return: its descriptor, or a negative errno.
 */
int offload_return(enum bpf_prog_type type, int ifindex, __u32 flags, int value)
{
	struct bpf_insn insns[] = { MOV(BPF_REG_0, value), EXIT };

	return offload_prog(type, ifindex, flags, insns, 2);
}

/**
 * offload_dividing() - load an XDP program that grows while it is loaded
 * @ifindex: of its device
 * @flags: as of offload_prog()
 *
 * Return: its descriptor, or a negative errno.
 */
int offload_dividing(int ifindex, __u32 flags)
{
	struct bpf_insn insns[DIVISIONS + 3];
	size_t n = 0, i;

	insns[n++] = MOV(BPF_REG_0, XDP_PASS);
	insns[n++] = MOV(BPF_REG_1, 1);
	for (i = 0; i < DIVISIONS; i++)
		insns[n++] = DIV_REG(BPF_REG_0, BPF_REG_1);
	insns[n++] = EXIT;
	return offload_prog(BPF_PROG_TYPE_XDP, ifindex, flags, insns, n);
}

/**
 * offload_looking() - load a program that looks up the key 0, and returns 0
 * @type: its type
 * @ifindex: of its device; 0: none
 * @flags: as of offload_prog()
 * @map: where it looks
 * @inner: the element is a map: look there, too
 *
 * Return: its descriptor, or a negative errno.
 */
int offload_looking(enum bpf_prog_type type, int ifindex, __u32 flags, int map, int inner)
{
	struct bpf_insn insns[16];
	size_t n = 0;

	insns[n++] = STORE(BPF_REG_10, -4, 0);
	insns[n++] = MOV_REG(BPF_REG_2, BPF_REG_10);
	insns[n++] = ADD(BPF_REG_2, -4);
	memcpy(&insns[n], (struct bpf_insn[]){ MAP(BPF_REG_1, map) }, 2 * sizeof(*insns));
	n += 2;
	insns[n++] = CALL(BPF_FUNC_map_lookup_elem);
	if (inner) {
		insns[n++] = JUMP_ZERO(BPF_REG_0, 4);
		insns[n++] = MOV_REG(BPF_REG_1, BPF_REG_0);
		insns[n++] = MOV_REG(BPF_REG_2, BPF_REG_10);
		insns[n++] = ADD(BPF_REG_2, -4);
		insns[n++] = CALL(BPF_FUNC_map_lookup_elem);
	}
	insns[n++] = MOV(BPF_REG_0, 0);
	insns[n++] = EXIT;
	return offload_prog(type, ifindex, flags, insns, n);
}

/**
 * offload_iterating() - load a program for the elements of a map
 *
 * Return: its descriptor, or a negative errno.
 */
int offload_iterating(void)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_TRACE_ITER);
	struct bpf_insn insns[] = { MOV(BPF_REG_0, 0), EXIT };
	int fd = libbpf_find_vmlinux_btf_id("bpf_map_elem", BPF_TRACE_ITER);

	if (fd < 0)
		return fd;
	opts.attach_btf_id = fd;
	fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "iterating", "GPL", insns, 2, &opts);
	return fd < 0 ? -errno : fd;
}

/**
 * offload_iterate() - attach such a program
 * @prog: the program
 * @map: the map
 *
 * Return: the descriptor of the link, or a negative errno.
 */
int offload_iterate(int prog, int map)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts);
	union bpf_iter_link_info info = {};
	int fd;

	info.map.map_fd = map;
	opts.iter_info = &info;
	opts.iter_info_len = sizeof(info);
	fd = bpf_link_create(prog, 0, BPF_TRACE_ITER, &opts);
	return fd < 0 ? -errno : fd;
}

/**
 * offload_prog_ifindex() - ask whose a program is
 * @fd: the program
 *
 * Return: the index of its device, 0, or a negative errno.
 */
int offload_prog_ifindex(int fd)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) ? -errno : (int)info.ifindex;
}

/**
 * offload_map_ifindex() - ask whose a map is
 * @fd: the map
 *
 * Return: the index of its device, 0, or a negative errno.
 */
int offload_map_ifindex(int fd)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) ? -errno : (int)info.ifindex;
}

/**
 * offload_send() - send a frame
 * @ifindex: by which device
 *
 * Return: 0, or a negative errno.
 */
int offload_send(int ifindex)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_ifindex = ifindex,
		.sll_halen = ETH_ALEN,
	};
	struct ethhdr frame[5] = {
		{ .h_dest = { 2, 0, 0, 0, 0, 1 }, .h_source = { 2, 0, 0, 0, 0, 2 },
		  .h_proto = htons(ETH_P_802_EX1) },
	};
	int fd, err = 0;

	fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd < 0)
		return -errno;
	if (sendto(fd, frame, sizeof(frame), 0, (struct sockaddr *)&addr, sizeof(addr)) !=
	    sizeof(frame))
		err = -errno;
	close(fd);
	return err;
}
