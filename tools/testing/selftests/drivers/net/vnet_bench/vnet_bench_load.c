// SPDX-License-Identifier: GPL-2.0
/*
 * Loading the BPF programs of the bench.
 */

#include <endian.h>
#include <err.h>
#include <string.h>
#include <sys/ioctl.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/if_link.h>

#include "vnet_bench_bpf.h"
#include "steering.h"
#include "vnet_bench_load.h"
#include "vnet_xdp.h"

static void fill_map(const struct bpf_object *obj, const char *map, __u32 index,
		     const void *value, size_t size)
{
	struct bpf_map *m = bpf_object__find_map_by_name(obj, map);

	if (!m || bpf_map__value_size(m) != size ||
	    index >= bpf_map__max_entries(m))
		errx(1, "the RSS object has no map %s with value %u of %zu bytes",
		     map, index, size);
	if (bpf_map_update_elem(bpf_map__fd(m), &index, value, BPF_ANY))
		err(1, "cannot fill the map %s", map);
}

/**
 * bench_load_rss - have a steering program do RSS
 * @object: file; its maps as in vnet_bench_bpf.h, its first program is taken
 * @tap: a queue of the device
 * @conf: what it is to do
 */
void bench_load_rss(const char *object, int tap, const struct vnet_conf *conf)
{
	struct bench_rss_config config = {
		.redirect = 1,
		.hash_types = conf->arg.hash_types,
		.table_length = conf->arg.indirection_table_length,
		.unclassified_queue = conf->arg.unclassified_queue,
	};
	struct bench_rss_key key;
	struct bpf_program *prog;
	struct bpf_object *obj;
	__u32 i;
	int fd;

	obj = bpf_object__open_file(object, NULL);
	if (!obj)
		err(1, "cannot open %s", object);
	prog = bpf_object__next_program(obj, NULL);
	if (!prog)
		errx(1, "there is no program in %s", object);
	bpf_program__set_type(prog, BPF_PROG_TYPE_SOCKET_FILTER);
	if (bpf_object__load(obj))
		err(1, "the kernel refuses %s", object);

	memcpy(&key.first, conf->key, sizeof(key.first));
	key.first = be32toh(key.first);
	memcpy(key.rest, conf->key + sizeof(key.first), sizeof(key.rest));
	fill_map(obj, "tap_rss_map_configurations", 0, &config, sizeof(config));
	fill_map(obj, "tap_rss_map_toeplitz_key", 0, &key, sizeof(key));
	for (i = 0; i < conf->arg.indirection_table_length; i++)
		fill_map(obj, "tap_rss_map_indirection_table", i, &conf->table[i],
			 sizeof(conf->table[i]));

	fd = bpf_program__fd(prog);
	if (ioctl(tap, TUNSETSTEERINGEBPF, &fd))
		err(1, "TUNSETSTEERINGEBPF");
}

/**
 * bench_load_steering - have a program of BPF_PROG_TYPE_VNET_HASH do RSS
 * @object: file
 * @tap: the device
 * @conf: what it is to do
 */
void bench_load_steering(const char *object, const struct vnet_tap *tap,
			 const struct vnet_conf *conf)
{
	struct steering s;

	if (steering_load(&s, object) || steering_conf(&s, conf, tap))
		errx(1, "cannot load %s", object);
	if (ioctl(tap->fds[0], TUNSETSTEERINGEBPF, &s.prog))
		err(1, "TUNSETSTEERINGEBPF");
}

/**
 * bench_load_redirect - have XDP redirect what one device receives to another
 * @from: the receiver, which runs XDP programs in its driver
 * @to: the other
 */
void bench_load_redirect(const char *from, const char *to)
{
	int dev = if_nametoindex(to), map, prog;
	__u32 zero = 0;

	map = bpf_map_create(BPF_MAP_TYPE_DEVMAP, "to", sizeof(zero),
			     sizeof(dev), 1, NULL);
	if (map < 0 || bpf_map_update_elem(map, &zero, &dev, BPF_ANY))
		err(1, "cannot have a device map");

	/* return bpf_redirect_map(&map, 0, XDP_ABORTED); */
	const struct bpf_insn insns[] = {
		{
			.code = BPF_LD | BPF_DW | BPF_IMM,
			.dst_reg = BPF_REG_1,
			.src_reg = BPF_PSEUDO_MAP_FD,
			.imm = map,
		},
		{},
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect_map },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	prog = bpf_prog_load(BPF_PROG_TYPE_XDP, "redirect", "GPL", insns,
			     sizeof(insns) / sizeof(*insns), NULL);
	if (prog < 0)
		err(1, "the kernel refuses an XDP program that redirects");
	if (bpf_xdp_attach(if_nametoindex(from), prog, XDP_FLAGS_DRV_MODE,
			   NULL))
		err(1, "cannot attach an XDP program to %s", from);
}

static struct bpf_object *bulk;
static int bulk_prog, bulk_to;	/* descriptor, ifindex */

static void fill_bulk_map(const char *map, __u32 key, const void *value)
{
	if (bpf_map_update_elem(bpf_object__find_map_fd_by_name(bulk, map), &key,
				value, BPF_ANY))
		err(1, "cannot fill the map %s", map);
}

/**
 * bench_load_bulk - have an XDP program that makes frames for a tap
 * @to: the tap
 */
void bench_load_bulk(const char *to)
{
	bulk_to = if_nametoindex(to);
	bulk = bpf_object__open_file("vnet_xdp.bpf.o", NULL);
	if (!bulk || bpf_object__load(bulk))
		err(1, "the kernel refuses vnet_xdp.bpf.o");
	bulk_prog = bpf_program__fd(bpf_object__find_program_by_name(bulk, "inject"));
	/* Attached anywhere, or each run has the kernel patch code and wait for that. */
	if (bpf_xdp_attach(if_nametoindex("lo"), bulk_prog, XDP_FLAGS_SKB_MODE, NULL))
		err(1, "cannot attach an XDP program to lo");
}

/**
 * bench_fill_bulk - say what that program is to send
 * @i: number of the frame, less than VNET_XDP_FRAMES
 * @data: the frame
 * @len: bytes of it, VNET_XDP_LEN at most
 */
void bench_fill_bulk(unsigned int i, const void *data, size_t len)
{
	struct vnet_xdp_frame frame = { .len = len };

	if (len > VNET_XDP_LEN)
		errx(1, "frames of %zu bytes: %d are possible", len, VNET_XDP_LEN);
	memcpy(frame.data, data, len);
	fill_bulk_map("frames", i, &frame);
}

/**
 * bench_send_bulk - have that program send frames
 * @first: number of the first one
 * @n: how many, in the order of their numbers
 *
 * The kernel makes 64 before it sends them, and 16 at once enter the tap.
 */
void bench_send_bulk(unsigned int first, unsigned int n)
{
	static unsigned char data[VNET_XDP_LEN];
	struct vnet_xdp_state state = {
		.next = first,
		.count = VNET_XDP_FRAMES,
		.ifindex = bulk_to,
	};
	LIBBPF_OPTS(bpf_test_run_opts, opts,
		    .data_in = data,
		    .data_size_in = sizeof(data),
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES,
		    .repeat = n,
		    .batch_size = 64);

	fill_bulk_map("states", 0, &state);
	if (bpf_prog_test_run_opts(bulk_prog, &opts))
		err(1, "cannot send frames");
}
