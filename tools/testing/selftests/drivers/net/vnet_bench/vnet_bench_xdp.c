// SPDX-License-Identifier: GPL-2.0
/*
 * What hints for XDP programs cost, in instructions per packet.
 *
 *   vnet_bench_xdp NAME...
 *
 * A packet of virtio_net_fake.ko's device, which is given to the driver, through a
 * program to who reads it: a packet socket, behind a cpumap or not, or a tap's reader.
 * To be run as vnet_bench is.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <x86intrin.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>

#include "fake_dev.h"
#include "vnet_bench_count.h"

#define ROUNDS		8
#define PACKETS		2000	/* of a round */
#define FRAME_LEN	114

/* Two ways of a packet differ in what is called, or in what is known of the packet. */
static const struct row {
	const char *name;
	const char *program;
	bool bound;		/* to the device, for it asks for hints */
	bool known;		/* hash and checksum */
} rows[] = {
	{ "pass", "pass", false, true },
	{ "pass_bound", "pass", true, true },
	{ "hash", "hash", true, true },
	{ "hash_csum", "hash_csum", true, true },
	{ "to_cpu", "to_cpu", false, false },
	{ "to_cpu_known", "to_cpu", false, true },
	{ "to_tap", "to_tap", false, false },
	{ "to_tap_known", "to_tap", false, true },
};

static int open_tap(const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int fd, inet;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	fd = open("/dev/net/tun", O_RDWR);
	inet = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || inet < 0 || ioctl(fd, TUNSETIFF, &ifr))
		err(1, "cannot make a tap");
	ifr.ifr_flags = IFF_UP;
	if (ioctl(inet, SIOCSIFFLAGS, &ifr))
		err(1, "cannot bring the tap up");
	close(inet);
	return fd;
}

static struct bpf_object *open_program(const struct row *row, const struct fake_dev *dev)
{
	struct bpf_object *object = bpf_object__open_file("vnet_bench_xdp.bpf.o", NULL);
	struct bpf_program *prog;
	__u32 zero = 0, slots = 192;

	if (!object)
		err(1, "vnet_bench_xdp.bpf.o");
	bpf_object__for_each_program(prog, object)
		bpf_program__set_autoload(prog, !strcmp(bpf_program__name(prog), row->program));
	prog = bpf_object__find_program_by_name(object, row->program);
	if (row->bound) {
		bpf_program__set_ifindex(prog, dev->ifindex);
		bpf_program__set_flags(prog, BPF_F_XDP_DEV_BOUND_ONLY);
	}
	if (bpf_object__load(object))
		errx(1, "%s: this kernel cannot load it", row->program);
	if (!strcmp(row->program, "to_cpu") &&
	    bpf_map_update_elem(bpf_object__find_map_fd_by_name(object, "cpus"), &zero,
				&slots, 0))
		err(1, "cannot fill the cpumap");
	if (bpf_xdp_attach(dev->ifindex, bpf_program__fd(prog), XDP_FLAGS_DRV_MODE, NULL))
		err(1, "cannot attach %s", row->program);
	return object;
}

/* One round: the median of instructions of a packet */
static double measure(const struct row *row)
{
	static uint8_t frame[FRAME_LEN], out[64 + FRAME_LEN];
	struct virtio_net_hdr_v1_hash hdr = {};
	static uint64_t taken[PACKETS];
	struct bpf_object *object;
	struct fake_dev dev;
	__u32 zero = 0, tap;
	uint64_t before;
	int fd, i;

	/* Without GUEST_CSUM, with which a pristine driver refuses programs; it takes
	 * the flag nevertheless.
	 */
	if (fake_init(&dev, FAKE_VERSION_1 | FAKE_F(CTRL_VQ) | FAKE_F(MRG_RXBUF) |
		      FAKE_F(HASH_REPORT)) ||
	    fake_add(&dev) || fake_up(&dev, true))
		errx(1, "no virtio_net device (is virtio_net_fake.ko loaded?)");
	if (row->known) {
		if (fake_set_feature(&dev, "rx-hashing", true))
			errx(1, "cannot set rxhash");
		hdr.hdr.flags = VIRTIO_NET_HDR_F_DATA_VALID;
		hdr.hash_value = 0xf2821f11;
		hdr.hash_report = VIRTIO_NET_HASH_REPORT_TCPv4;
	}
	object = open_program(row, &dev);
	if (!strcmp(row->program, "to_tap")) {
		fd = open_tap("bench");
		tap = if_nametoindex("bench");
		if (bpf_map_update_elem(bpf_object__find_map_fd_by_name(object, "devs"),
					&zero, &tap, 0))
			err(1, "cannot fill the devmap");
	} else {
		fd = fake_listen(dev.name);
		if (fd < 0)
			err(1, "no packet socket");
	}

	fake_frame(frame, FRAME_LEN);
	for (i = -100; i < PACKETS; i++) {
		before = __rdtsc();
		if (fake_give(&dev, 0, &hdr, frame, FRAME_LEN) ||
		    read(fd, out, sizeof(out)) < FRAME_LEN)
			err(1, "packet %d did not come", i);
		if (i >= 0)
			taken[i] = __rdtsc() - before;
	}
	bpf_object__close(object);
	close(fd);
	fake_destroy(&dev);
	return bench_median(taken, PACKETS);
}

/* Where device and program come to lie makes a difference of four instructions or so: of
 * some rounds, each with new ones, the least is the row's.
 */
static void bench(const struct row *row)
{
	double least = measure(row), this;
	int i;

	for (i = 1; i < ROUNDS; i++) {
		this = measure(row);
		if (this < least)
			least = this;
	}
	printf("xdp_hints.%s - 1 0 %u %.1f\n", row->name, FRAME_LEN, least);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	const struct sched_param first = { .sched_priority = 1 };
	size_t i;

	if (sched_setscheduler(0, SCHED_FIFO, &first))
		err(1, "sched_setscheduler");
	/* Nobody else speaks. */
	if (system("echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6"))
		errx(1, "cannot turn IPv6 off");
	for (; argc > 1; argv++, argc--) {
		for (i = 0; i < ARRAY_SIZE(rows); i++)
			if (!strcmp(argv[1], rows[i].name))
				break;
		if (i == ARRAY_SIZE(rows))
			errx(2, "there is no '%s' to measure", argv[1]);
		bench(&rows[i]);
	}
	return 0;
}
