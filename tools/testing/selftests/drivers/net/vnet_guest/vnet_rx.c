// SPDX-License-Identifier: GPL-2.0
/*
 * Tells with which hash and on which queue the flows arrive at a device, one
 * line a packet. A single static executable: it is nearly all that the demo's
 * guest has, so its BPF object is part of it.
 */
#include <getopt.h>
#include <net/if.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "vnet_opt.h"
#include "vnet_rx.h"
#include "vnet_rx_dev.h"

/* The assembler looks for it in the folders given with -Wa,-I. */
__asm__(".pushsection .rodata\n"
	".balign 16\n"
	"vnet_rx_object:\n"
	".incbin \"vnet_rx.bpf.o\"\n"
	"vnet_rx_object_end:\n"
	".popsection\n");

struct config {
	const char *dev;
	unsigned long seconds;
	unsigned long packets;
};

static const struct option options[] = {
	{ "dev", required_argument, NULL, 'd' },
	{ "seconds", required_argument, NULL, 's' },
	{ "packets", required_argument, NULL, 'p' },
	{ "help", no_argument, NULL, 'h' },
	{ }
};

static void print_usage(FILE *to)
{
	fputs("usage: vnet_rx --dev IF [--seconds S] [--packets N]\n"
	      "Ends after N packets of ours, or when none has come for S (60) seconds.\n",
	      to);
}

static void parse_args(int argc, char **argv, struct config *c)
{
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'd':
			c->dev = optarg;
			break;
		case 's':
			c->seconds = vnet_opt_number("seconds", optarg, 1,
						     86400);
			break;
		case 'p':
			c->packets = vnet_opt_number("packets", optarg, 1,
						     1000000000);
			break;
		case 'h':
			print_usage(stdout);
			exit(0);
		default:
			print_usage(stderr);
			exit(VNET_EXIT_USAGE);
		}
	}
	if (!c->dev || optind != argc) {
		print_usage(stderr);
		exit(VNET_EXIT_USAGE);
	}
}

/* GRO would merge packets before the hook. */
static void prepare_device(const struct vnet_rx_dev *dev)
{
	unsigned int channels = vnet_rx_dev_all_channels(dev);

	vnet_rx_dev_request(dev, "rx-hashing", true);
	vnet_rx_dev_request(dev, "rx-gro", false);
	vnet_rx_dev_up(dev);
	printf("mtu=%d\n", vnet_rx_dev_mtu(dev));
	printf("features rx-hashing=%s rx-gro=%s\n",
	       vnet_rx_dev_feature(dev, "rx-hashing") ? "on" : "off",
	       vnet_rx_dev_feature(dev, "rx-gro") ? "on" : "off");
	printf("channels=%u\n", channels);
}

static struct bpf_object *load_object(void)
{
	size_t size = vnet_rx_object_end - vnet_rx_object;
	struct bpf_object *obj;

	obj = bpf_object__open_mem(vnet_rx_object, size, NULL);
	if (!obj)
		err(VNET_EXIT_FAIL, "opening the BPF object");
	if (bpf_object__load(obj))
		err(VNET_EXIT_FAIL, "loading the BPF program");
	return obj;
}

static void attach_program(struct bpf_object *obj, const char *dev)
{
	struct bpf_tc_hook hook = {
		.sz = sizeof(hook),
		.ifindex = if_nametoindex(dev),
		.attach_point = BPF_TC_INGRESS,
	};
	struct bpf_tc_opts opts = {
		.sz = sizeof(opts),
		.flags = BPF_TC_F_REPLACE,
		.handle = 1,
		.priority = 1,
	};
	struct bpf_program *prog;
	int ret;

	prog = bpf_object__find_program_by_name(obj, "vnet_rx");
	if (!prog)
		errx(VNET_EXIT_FAIL, "no program vnet_rx in the BPF object");
	opts.prog_fd = bpf_program__fd(prog);
	ret = bpf_tc_hook_create(&hook);
	if (ret && ret != -EEXIST)
		errx(VNET_EXIT_FAIL, "%s: adding clsact: %s", dev,
		     strerror(-ret));
	ret = bpf_tc_attach(&hook, &opts);
	if (ret)
		errx(VNET_EXIT_FAIL, "%s: attaching at ingress: %s", dev,
		     strerror(-ret));
}

static int print_record(void *packets, void *data, size_t size)
{
	const struct vnet_rx_record *rec = data;
	unsigned long *n = packets;

	if (size < sizeof(*rec))
		return 0;
	printf("flow=%u queue=%d hash=0x%08x vlan=0x%x\n", rec->flow,
	       (int)rec->queue - 1, rec->hash, rec->vlan);
	++*n;
	return 0;
}

static time_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

static unsigned long receive(struct bpf_object *obj, const struct config *c)
{
	int map = bpf_object__find_map_fd_by_name(obj, "records");
	unsigned long packets = 0, seen = 0;
	time_t end = now() + c->seconds;
	struct ring_buffer *ring;
	int ret;

	ring = ring_buffer__new(map, print_record, &packets, NULL);
	if (!ring)
		err(VNET_EXIT_FAIL, "ring buffer");
	puts("ready");
	while (now() < end && (!c->packets || packets < c->packets)) {
		ret = ring_buffer__poll(ring, 200);
		if (ret < 0 && ret != -EINTR)
			errx(VNET_EXIT_FAIL, "ring buffer: %s", strerror(-ret));
		if (packets > seen)
			end = now() + c->seconds;
		seen = packets;
	}
	ring_buffer__free(ring);
	return packets;
}

static void print_lost(struct bpf_object *obj)
{
	int map = bpf_object__find_map_fd_by_name(obj, ".bss");
	unsigned int zero = 0;
	__u64 lost = 0;

	if (map >= 0 && !bpf_map_lookup_elem(map, &zero, &lost) && lost)
		printf("lost=%llu\n", (unsigned long long)lost);
}

int main(int argc, char **argv)
{
	struct config c = { .seconds = 60 };
	struct bpf_object *obj;
	struct vnet_rx_dev dev;
	unsigned long packets;

	parse_args(argc, argv, &c);
	setvbuf(stdout, NULL, _IOLBF, 0);
	vnet_rx_dev_open(&dev, c.dev);
	obj = load_object();
	prepare_device(&dev);
	attach_program(obj, c.dev);
	packets = receive(obj, &c);
	print_lost(obj);
	printf("end packets=%lu\n", packets);
	bpf_object__close(obj);
	return 0;
}
