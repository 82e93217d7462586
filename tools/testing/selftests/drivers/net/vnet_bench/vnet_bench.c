// SPDX-License-Identifier: GPL-2.0
/*
 * What a packet costs on its way through a tap to its reader, in instructions.
 *
 * To be run where the time stamp counter counts instructions: in QEMU with
 * -icount shift=0, on one CPU.  The frames of 256 flows are sent and read one
 * by one, but where XDP sends them in bulks.  The reader knows where each will be:
 * polling is not in the figure.
 */

#include <endian.h>
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>

#include "vnet_bench_count.h"
#include "vnet_bench_load.h"
#include "vnet_bench_vhost.h"
#include "vnet_flow.h"
#include "vnet_tap.h"

#define FLOWS		256
#define ROUNDS		15	/* odd, for the median */
#define MAX_SIZE	1514

struct frames {
	unsigned char data[FLOWS][MAX_SIZE];
	size_t size;
};

/* Where a packet is read to, behind its header. */
static unsigned char packet[VNET_MAX_HDR + MAX_SIZE];

/* What polls as readable when a queue has a packet. */
static int ready[VNET_MAX_QUEUES];

/* What the device does to find a packet's queue and to report its hash. */
static const struct mode {
	const char *name;
	__u32 flags;		/* TUN_VNET_HASH_* */
	bool multiqueue;
	bool ebpf;		/* RSS by a steering program */
	const char *steering;	/* the same, of BPF_PROG_TYPE_VNET_HASH */
} modes[] = {
	{ .name = "one_queue" },
	{ .name = "automq", .multiqueue = true },
	{ .name = "rss", .multiqueue = true, .flags = TUN_VNET_HASH_RSS },
	{ .name = "report", .flags = TUN_VNET_HASH_REPORT },
	{ .name = "rss_report", .multiqueue = true,
	  .flags = TUN_VNET_HASH_RSS | TUN_VNET_HASH_REPORT },
	{ .name = "ebpf_rss", .multiqueue = true, .ebpf = true },
	{ .name = "ebpf_vnet_hash", .multiqueue = true,
	  .flags = TUN_VNET_HASH_REPORT, .steering = "vnet_rss.bpf.o" },
	{ .name = "ebpf_kfunc", .multiqueue = true,
	  .flags = TUN_VNET_HASH_REPORT, .steering = "vnet_kfunc.bpf.o" },
};

static const struct family {
	const char *name;
	enum vnet_l3 l3;
	unsigned int headers;	/* bytes of a frame that are no payload */
} families[] = {
	{ "ipv4", VNET_L3_IPV4, 14 + 20 + 20 + VNET_FLOW_TRAILER },
	{ "ipv6", VNET_L3_IPV6, 14 + 40 + 20 + VNET_FLOW_TRAILER },
};

/* The ways of a packet */

static void open_device(struct vnet_tap *tap, enum vnet_kind kind,
			unsigned int queues, int hdr_size)
{
	if (vnet_tap_create_kind(tap, kind, "bench", IFF_TAP | IFF_VNET_HDR,
				 queues))
		err(1, "cannot open %u queues of a new device", queues);
	if (vnet_tap_hdr_size(tap, hdr_size))
		err(1, "TUNSETVNETHDRSZ %d", hdr_size);
	if (vnet_tap_up(tap))
		errx(1, "cannot bring the device up");
	memcpy(ready, tap->fds, sizeof(ready));
}

/* Sent on the tap itself. */
static void open_tun(struct vnet_tap *tap, unsigned int queues, int hdr_size)
{
	open_device(tap, VNET_TUN, queues, hdr_size);
}

/* Received by a veth that has a macvtap, sent on its peer. */
static void open_tap(struct vnet_tap *tap, unsigned int queues, int hdr_size)
{
	open_device(tap, VNET_MACVTAP, queues, hdr_size);
}

/* Received by a veth whose XDP program redirects to the tap, sent on its peer. */
static void open_xdp(struct vnet_tap *tap, unsigned int queues, int hdr_size)
{
	open_device(tap, VNET_TUN, queues, hdr_size);
	close(tap->packet);
	if (vnet_run("ip link add veth0 type veth peer name veth1") ||
	    vnet_run("ip link set veth0 up") ||
	    vnet_run("ip link set veth1 up"))
		errx(1, "cannot make a veth pair");
	bench_load_redirect("veth0", tap->name);
	tap->packet = vnet_packet_socket("veth1");
	if (tap->packet < 0)
		err(1, "no packet socket");
}

/* Redirected to the tap by XDP, in bulks of 16, that the kernel makes itself. */
static void open_bulk(struct vnet_tap *tap, unsigned int queues, int hdr_size)
{
	open_device(tap, VNET_TUN, queues, hdr_size);
	bench_load_bulk(tap->name);
}

static ssize_t take_read(unsigned int queue)
{
	return read(ready[queue], packet, sizeof(packet));
}

/* Read by vhost_net, for a guest that waits for its interrupt. */
static void open_vhost(struct vnet_tap *tap, unsigned int queues, int hdr_size)
{
	unsigned int i;

	open_device(tap, VNET_TUN, queues, hdr_size);
	for (i = 0; i < queues; i++) {
		ready[i] = bench_vhost_open(tap, i, packet, sizeof(packet));
		if (ready[i] < 0)
			err(1, "vhost_net does not take this tap");
	}
}

static const struct way {
	const char *name;
	void (*open)(struct vnet_tap *tap, unsigned int queues, int hdr_size);
	ssize_t (*take)(unsigned int queue);	/* a packet, into packet[] */
	bool learns;		/* a flow's queue is that which sent it last */
	bool bulk;		/* the queues of the flows take turns */
} ways[] = {
	{ "tun", open_tun, take_read, .learns = true },
	{ "tap", open_tap, take_read, .learns = false },
	{ "xdp", open_xdp, take_read, .learns = false },
	{ "bulk", open_bulk, take_read, .bulk = true },
	{ "vhost", open_vhost, bench_vhost_take, .learns = true },
};

static const char *object = "vnet_bench_rss.bpf.o";
static unsigned int opt_queues = 4, opt_table = 128, opt_size = 114;
static unsigned int opt_headers;	/* extension headers of IPv6, of 8 bytes */

static void draw(unsigned char *p, size_t n)
{
	while (n--)
		*p++ = mrand48();
}

static void build_frames(const struct way *way, const struct family *family,
			 unsigned int size, const struct vnet_tap *tap,
			 const struct vnet_conf *conf, struct frames *frames)
{
	unsigned int extensions = family->l3 == VNET_L3_IPV6 ? opt_headers : 0;
	unsigned int headers = family->headers + 8 * extensions;
	struct vnet_flow flow;
	unsigned int i, e;

	if (size < headers || size > MAX_SIZE)
		errx(1, "frames of %u bytes: from %u to %u are possible", size,
		     headers, MAX_SIZE);

	srand48(1);
	for (i = 0; i < FLOWS; i++) {
		flow = (struct vnet_flow) {
			.id = i,
			.kind = "",
			.l3 = family->l3,
			.l4 = VNET_L4_TCP,
			.payload = size - headers,
		};
		for (e = 0; e < extensions; e++)
			flow.ext[e] = VNET_EXT_DEST_OPTS;
		draw(flow.src, sizeof(flow.src));
		draw(flow.dst, sizeof(flow.dst));
		do {
			flow.sport = mrand48();
			flow.dport = mrand48();
			frames->size = vnet_flow_build(&flow, frames->data[i],
						       MAX_SIZE);
			if (frames->size != size)
				errx(1, "a frame of %zu bytes, not %u",
				     frames->size, size);
		} while (way->bulk && tap->queues > 1 &&
			 vnet_conf_expect(conf, frames->data[i], size, true).queue !=
			 i % tap->queues);
		if (way->bulk)
			bench_fill_bulk(i, frames->data[i], size);
	}
}

static void set_up(const struct way *way, const struct mode *mode,
		   struct vnet_tap *tap, struct vnet_conf *conf)
{
	unsigned int queues = mode->multiqueue ? opt_queues : 1;
	int hdr_size = mode->flags & TUN_VNET_HASH_REPORT ?
		       sizeof(struct virtio_net_hdr_v1_hash) :
		       sizeof(struct virtio_net_hdr_v1);
	unsigned int i;

	way->open(tap, queues, hdr_size);

	/* The steering program does the same as the kernel. */
	vnet_conf_init(conf, mode->flags, queues);
	conf->arg.indirection_table_length = opt_table;
	for (i = 0; i < opt_table; i++)
		conf->table[i] = i % queues;

	if (mode->ebpf)
		bench_load_rss(object, tap->fds[0], conf);
	if (mode->flags && ioctl(tap->fds[0], TUNSETVNETHASH, &conf->arg))
		err(1, errno == EINVAL || errno == ENOTTY ?
		    "TUNSETVNETHASH (this kernel does not have it?)" :
		    "TUNSETVNETHASH");
	if (mode->steering)
		bench_load_steering(mode->steering, tap, conf);
}

/* Send a packet of each flow from a queue, so that the device learns it. */
static void teach(const struct vnet_tap *tap, const struct frames *frames)
{
	size_t len = tap->hdr_size + frames->size;
	unsigned int i;

	for (i = 0; i < FLOWS; i++) {
		memcpy(packet + tap->hdr_size, frames->data[i], frames->size);
		if (write(tap->fds[i % tap->queues], packet, len) !=
		    (ssize_t)len)
			err(1, "cannot send from queue %u", i % tap->queues);
	}
}

/* The queue that has a packet, -1 when none has one in time. */
static int find(const struct vnet_tap *tap, int timeout)
{
	struct pollfd pfd[VNET_MAX_QUEUES];
	unsigned int i;

	for (i = 0; i < tap->queues; i++)
		pfd[i] = (struct pollfd) { .fd = ready[i], .events = POLLIN };
	if (poll(pfd, tap->queues, timeout) != 1)
		return -1;
	for (i = 0; !pfd[i].revents; i++)
		;
	return i;
}

static void send_frame(const struct way *way, const struct vnet_tap *tap,
		       const struct frames *frames, unsigned int i)
{
	if (way->bulk)
		bench_send_bulk(i, 1);
	else if (send(tap->packet, frames->data[i], frames->size, 0) < 0 &&
		 errno != ENETDOWN)
		err(1, "cannot send");
}

/* A veth that has just come up drops packets until the kernel has noticed. */
static void wait_for_link(const struct way *way, const struct vnet_tap *tap,
			  const struct frames *frames)
{
	int tries, queue;

	for (tries = 0; tries < 100; tries++) {
		send_frame(way, tap, frames, 0);
		queue = find(tap, 50);
		if (queue >= 0) {
			way->take(queue);
			return;
		}
	}
	errx(1, "no packet comes through");
}

/* Find out where each flow comes, and that it is right. */
static void learn(const struct way *way, const struct mode *mode,
		  const struct vnet_tap *tap, const struct vnet_conf *conf,
		  const struct frames *frames, unsigned int *queues)
{
	bool rss = mode->flags & TUN_VNET_HASH_RSS || mode->ebpf ||
		   mode->steering;
	ssize_t len = tap->hdr_size + frames->size;
	unsigned int i, value, report;
	struct virtio_net_hdr_v1_hash hdr;
	struct vnet_expect e;
	int queue;

	for (i = 0; i < FLOWS; i++) {
		send_frame(way, tap, frames, i);
		queue = find(tap, 1000);
		if (queue < 0)
			errx(1, "flow %u did not come", i);
		if (way->take(queue) != len ||
		    memcmp(packet + tap->hdr_size, frames->data[i],
			   frames->size))
			errx(1, "another packet than that of flow %u came", i);
		queues[i] = queue;

		e = vnet_conf_expect(conf, frames->data[i], frames->size, true);
		if (rss && queue != (int)e.queue)
			errx(1, "flow %u came on queue %d, not %u", i, queue,
			     e.queue);
		if (!(mode->flags & TUN_VNET_HASH_REPORT))
			continue;
		memcpy(&hdr, packet, sizeof(hdr));
		value = le32toh(hdr.hash_value);
		report = le16toh(hdr.hash_report);
		if (value != e.value || report != e.report)
			errx(1, "flow %u was reported as %#x of type %u, not %#x of type %u",
			     i, value, report, e.value, e.report);
	}
}

static void send_each(const struct way *way, const struct vnet_tap *tap,
		      const struct frames *frames, const unsigned int *queues)
{
	ssize_t size = frames->size, len = tap->hdr_size + size;
	unsigned int i;

	for (i = 0; i < FLOWS; i++)
		if (send(tap->packet, frames->data[i], size, 0) != size ||
		    way->take(queues[i]) != len)
			err(1, "flow %u did not come again", i);
}

static void send_bulk(const struct way *way, const struct vnet_tap *tap,
		      const struct frames *frames, const unsigned int *queues)
{
	ssize_t len = tap->hdr_size + frames->size;
	unsigned int i;

	bench_send_bulk(0, FLOWS);
	for (i = 0; i < FLOWS; i++)
		if (way->take(queues[i]) != len)
			err(1, "flow %u did not come again", i);
}

/* Instructions per packet: the median of the rounds. */
static double measure(const struct way *way, const struct vnet_tap *tap,
		      const struct frames *frames,
		      const unsigned int *queues)
{
	uint64_t taken[ROUNDS], before;
	unsigned int round;

	for (round = 0; round < ROUNDS; round++) {
		before = __rdtsc();
		if (way->bulk)
			send_bulk(way, tap, frames, queues);
		else
			send_each(way, tap, frames, queues);
		taken[round] = __rdtsc() - before;
	}

	return bench_median(taken, ROUNDS) / FLOWS;
}

/* Measure one row and print it. */
static void bench(const struct way *way, const struct mode *mode,
		  const struct family *family)
{
	const struct sched_param first = { .sched_priority = 1 };
	static struct frames frames;
	unsigned int queues[FLOWS];
	struct vnet_conf conf;
	struct vnet_tap tap;

	/*
	 * Nothing comes between, and the workers of vhost_net, which inherit
	 * this, take their turn when we wait for them: always the same order.
	 */
	if (sched_setscheduler(0, SCHED_FIFO, &first))
		err(1, "sched_setscheduler");
	if (vnet_new_netns())
		err(1, "no network namespace");
	set_up(way, mode, &tap, &conf);
	build_frames(way, family, opt_size, &tap, &conf, &frames);
	wait_for_link(way, &tap, &frames);
	if (way->learns && tap.queues > 1 && !mode->flags && !mode->ebpf)
		teach(&tap, &frames);
	learn(way, mode, &tap, &conf, &frames, queues);
	/* What the first packets have the kernel do later, it does now. */
	usleep(100000);

	printf("%s.%s %s %u %u %u %.1f\n", way->name, mode->name, family->name,
	       tap.queues, mode->flags & TUN_VNET_HASH_RSS ? opt_table : 0,
	       opt_size, measure(way, &tap, &frames, queues));
	fflush(stdout);
}

/* In a process of its own: its devices go with it. */
static int bench_row(const struct way *way, const struct mode *mode,
		     const struct family *family)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		err(1, "cannot fork");
	if (!pid) {
		bench(way, mode, family);
		exit(0);
	}
	if (waitpid(pid, &status, 0) != pid)
		err(1, "waitpid");
	/* Let the kernel clean up. */
	usleep(100000);

	if (!status)
		return 0;
	warnx("%s.%s %s: no figure", way->name, mode->name, family->name);
	return 1;
}

static int run(const char *name)
{
	unsigned int w, m, f, found = 0, failed = 0;
	char buf[64];

	for (w = 0; w < ARRAY_SIZE(ways); w++) {
		for (m = 0; m < ARRAY_SIZE(modes); m++) {
			snprintf(buf, sizeof(buf), "%s.%s", ways[w].name,
				 modes[m].name);
			if (strcmp(buf, name))
				continue;
			found++;
			for (f = 0; f < ARRAY_SIZE(families); f++)
				failed += bench_row(&ways[w], &modes[m],
						    &families[f]);
		}
	}
	if (!found)
		errx(2, "there is no '%s' to measure", name);
	return failed;
}

static unsigned int parse_number(char option, const char *text, unsigned int max)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (end == text || *end || !n || n > max)
		errx(2, "-%c takes a number from 1 to %u", option, max);
	return n;
}

static void print_usage(void)
{
	fprintf(stderr,
		"usage: vnet_bench [-q QUEUES] [-t TABLE] [-s SIZE] [-x HEADERS] [-o BPF_OBJECT] NAME...\n"
		"prints for each name, as tun.rss_report, and address family:\n"
		"name, family, queues, table length, frame size, instructions per packet\n");
	exit(2);
}

int main(int argc, char **argv)
{
	unsigned int failed = 0;
	int c;

	while ((c = getopt(argc, argv, "q:t:s:x:o:")) != -1) {
		switch (c) {
		case 'q':
			opt_queues = parse_number(c, optarg, VNET_MAX_QUEUES);
			break;
		case 't':
			opt_table = parse_number(c, optarg, VNET_MAX_TABLE);
			break;
		case 's':
			opt_size = parse_number(c, optarg, MAX_SIZE);
			break;
		case 'x':
			opt_headers = parse_number(c, optarg, VNET_FLOW_MAX_EXT);
			break;
		case 'o':
			object = optarg;
			break;
		default:
			print_usage();
		}
	}
	if (optind == argc)
		print_usage();

	bench_check_clock();
	for (; optind < argc; optind++)
		failed += run(argv[optind]);
	return failed ? 1 : 0;
}
