// SPDX-License-Identifier: GPL-2.0
/*
 * XDP frames through tun's receive hash: those that are redirected into a tap,
 * and those that its own program sends back.
 *
 * The kernel makes the frames of a burst itself (BPF_F_TEST_XDP_LIVE_FRAMES), so
 * that it is known which come to the tap together.
 */

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>

#include "harness.h"
#include "vnet_flow.h"
#include "vnet_hash_ref.h"
#include "vnet_tap.h"
#include "vnet_xdp.h"

#define BOTH	(TUN_VNET_HASH_REPORT | TUN_VNET_HASH_RSS)
#define HASH_HDR	((int)sizeof(struct virtio_net_hdr_v1_hash))
#define TIMEOUT	10000	/* milliseconds, for a frame that must come */
#define QUIET	100	/* milliseconds, for one that must not */
#define BURST	64	/* frames that the kernel makes before it sends them */
#define BULK	16	/* of those, how many go to the device at once */

static const struct tun_vnet_hash zero_arg;

/* A tap with four queues, the programs, and the frames that they send */
FIXTURE(xdp)
{
	struct vnet_tap tap;
	struct vnet_conf conf, conf2;
	struct vnet_packet pkt;
	struct bpf_object *object;
	struct vnet_xdp_state state;
	struct vnet_xdp_frame frames[VNET_XDP_FRAMES];
	struct vnet_expect expect[VNET_XDP_FRAMES], expect2[VNET_XDP_FRAMES];
};

FIXTURE_SETUP(xdp)
{
	ASSERT_EQ(0, vnet_new_netns());
	ASSERT_EQ(0, vnet_tap_create(&self->tap, "tap0",
				     IFF_TAP | IFF_VNET_HDR, 4));
	ASSERT_EQ(0, vnet_tap_hdr_size(&self->tap, HASH_HDR));
	ASSERT_EQ(0, vnet_tap_up(&self->tap));
	vnet_conf_init(&self->conf, BOTH, 4);
	vnet_conf_init_other(&self->conf2, &self->conf);

	self->object = bpf_object__open_file("vnet_xdp.bpf.o", NULL);
	ASSERT_NE(NULL, self->object);
	ASSERT_EQ(0, bpf_object__load(self->object));
	self->state.ifindex = if_nametoindex("tap0");
}

FIXTURE_TEARDOWN(xdp)
{
	bpf_object__close(self->object);
	vnet_tap_close(&self->tap);
}

static int program(const FIXTURE_DATA(xdp) *self, const char *name)
{
	return bpf_program__fd(bpf_object__find_program_by_name(self->object,
								 name));
}

static int map_set(const FIXTURE_DATA(xdp) *self, const char *name, __u32 key,
		   const void *value)
{
	int fd = bpf_object__find_map_fd_by_name(self->object, name);

	return bpf_map_update_elem(fd, &key, value, BPF_ANY);
}

/* What is owed to the frames, by what the device is configured to */
static void expect_frames(FIXTURE_DATA(xdp) *self)
{
	unsigned int i;

	for (i = 0; i < self->state.count; i++) {
		self->expect[i] = vnet_conf_expect(&self->conf,
						   self->frames[i].data,
						   self->frames[i].len, true);
		self->expect2[i] = vnet_conf_expect(&self->conf2,
						    self->frames[i].data,
						    self->frames[i].len, true);
	}
}

/* One more frame, unless it is too long; the trailer says its number. */
static void add_flow(FIXTURE_DATA(xdp) *self, const struct vnet_flow *flow)
{
	struct vnet_xdp_frame *frame = &self->frames[self->state.count];
	struct vnet_flow numbered = *flow;

	numbered.id = self->state.count;
	frame->len = vnet_flow_build(&numbered, frame->data, VNET_XDP_LEN);
	if (frame->len)
		self->state.count++;
}

static void add_table(FIXTURE_DATA(xdp) *self)
{
	size_t i;

	for (i = 0; i < vnet_flows_count; i++)
		add_flow(self, &vnet_flows[i]);
}

/* Tell the programs. */
static int load_frames(FIXTURE_DATA(xdp) *self)
{
	unsigned int i;

	expect_frames(self);
	for (i = 0; i < self->state.count; i++)
		if (map_set(self, "frames", i, &self->frames[i]))
			return -1;
	self->state.next = 0;
	return map_set(self, "states", 0, &self->state);
}

/* Send the next @n frames. */
static int inject(const FIXTURE_DATA(xdp) *self, unsigned int n)
{
	static unsigned char data[VNET_XDP_LEN];
	struct bpf_test_run_opts opts = {
		.sz = sizeof(opts),
		.data_in = data,
		.data_size_in = sizeof(data),
		.flags = BPF_F_TEST_XDP_LIVE_FRAMES,
		.repeat = n,
		.batch_size = BURST,
	};

	return bpf_prog_test_run_opts(program(self, "inject"), &opts);
}

/* The number of the frame that came, or -1 if it is not as it was sent. */
static int which(const FIXTURE_DATA(xdp) *self)
{
	const struct vnet_packet *pkt = &self->pkt;
	uint32_t id;

	if (!vnet_flow_trailer(pkt->data, pkt->len, &id) ||
	    id >= self->state.count || pkt->len != self->frames[id].len ||
	    memcmp(pkt->data, self->frames[id].data, pkt->len))
		return -1;
	return id;
}

/*
 * Receive frames until no more come, and compare each.  Returns how many came;
 * in @seen, if there is one, how often each.
 */
static unsigned int check_frames(struct __test_metadata *_metadata,
				 FIXTURE_DATA(xdp) *self, unsigned int wanted,
				 unsigned int *seen)
{
	bool report = self->conf.arg.flags & TUN_VNET_HASH_REPORT;
	bool rss = self->conf.arg.flags & TUN_VNET_HASH_RSS;
	unsigned int n = 0, bad = 0;
	struct vnet_expect e;
	int id;

	while (vnet_tap_recv(&self->tap, &self->pkt,
			     n < wanted ? TIMEOUT : QUIET) == 1) {
		n++;
		id = which(self);
		if (id < 0) {
			bad++;
			TH_LOG("a frame of %zu bytes that nobody sent",
			       self->pkt.len);
			continue;
		}
		if (seen)
			seen[id]++;
		e = self->expect[id];
		if (!report)
			e = (struct vnet_expect) { .queue = e.queue };
		if (vnet_hdr_value(&self->pkt) == e.value &&
		    vnet_hdr_report(&self->pkt) == e.report &&
		    (!rss || self->pkt.queue == e.queue % self->tap.queues))
			continue;
		if (bad++ < 5) {
			TH_LOG("frame %d: expected queue %u, hash %08x, report %u; got queue %u, hash %08x, report %u",
			       id, e.queue % self->tap.queues, e.value,
			       e.report, self->pkt.queue,
			       vnet_hdr_value(&self->pkt),
			       vnet_hdr_report(&self->pkt));
		}
	}
	EXPECT_EQ(0, bad);
	return n;
}

static void set_conf(struct __test_metadata *_metadata, FIXTURE_DATA(xdp) *self)
{
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
}

static void check_burst(struct __test_metadata *_metadata,
			FIXTURE_DATA(xdp) *self)
{
	unsigned int seen[VNET_XDP_FRAMES] = {}, i;

	ASSERT_EQ(0, load_frames(self));
	ASSERT_EQ(0, inject(self, self->state.count));
	EXPECT_EQ(self->state.count,
		  check_frames(_metadata, self, self->state.count, seen));
	for (i = 0; i < self->state.count; i++)
		EXPECT_EQ(1, seen[i]);
}

/* Without a configuration a frame is put in the queue by CPU, and not reported. */
TEST_F(xdp, off)
{
	self->conf.arg.flags = 0;
	add_table(self);
	check_burst(_metadata, self);
}

/* Every flow of the demo, redirected by interface index */
TEST_F(xdp, redirect)
{
	add_table(self);
	set_conf(_metadata, self);
	check_burst(_metadata, self);
}

/* The same by a map of devices */
TEST_F(xdp, redirect_map)
{
	__u32 ifindex = self->state.ifindex;

	self->state.ifindex = 0;
	ASSERT_EQ(0, map_set(self, "ports", 0, &ifindex));
	add_table(self);
	set_conf(_metadata, self);
	check_burst(_metadata, self);
}

/* The same from the receive path of another device */
TEST_F(xdp, redirect_from_veth)
{
	struct vnet_packet *pkt = &self->pkt;
	unsigned int i;
	int fd;

	ASSERT_EQ(0, vnet_run("ip link add veth0 mtu 3000 type veth peer name veth1 mtu 3000"));
	ASSERT_EQ(0, vnet_run("ip link set veth0 up && ip link set veth1 up"));
	ASSERT_EQ(0, bpf_xdp_attach(if_nametoindex("veth0"),
				    program(self, "forward"),
				    XDP_FLAGS_DRV_MODE, NULL));
	fd = vnet_packet_socket("veth1");
	ASSERT_LE(0, fd);

	add_table(self);
	ASSERT_EQ(0, load_frames(self));
	set_conf(_metadata, self);
	for (i = 0; i < self->state.count; i++) {
		ASSERT_EQ(self->frames[i].len, send(fd, self->frames[i].data,
						    self->frames[i].len, 0));
		ASSERT_EQ(1, vnet_tap_recv(&self->tap, pkt, TIMEOUT));
		EXPECT_EQ(i, which(self));
		EXPECT_EQ(self->expect[i].queue, pkt->queue);
		EXPECT_EQ(self->expect[i].value, vnet_hdr_value(pkt));
		EXPECT_EQ(self->expect[i].report, vnet_hdr_report(pkt));
	}
	close(fd);
}

/* Some damaged, with keys and types that change */
TEST_F(xdp, random)
{
	unsigned int round, i, bytes;
	struct vnet_flow flow;
	uint64_t seed = 20261121;

	for (round = 0; round < 20; round++) {
		self->conf.key[round] ^= 0x5a;
		self->conf.arg.hash_types = round % 4 ? VNET_ALL_TYPES :
					    round * 7919 & VNET_ALL_TYPES;
		set_conf(_metadata, self);
		self->state.count = 0;
		while (self->state.count < 100) {
			i = self->state.count;
			vnet_flow_random(&seed, &flow);
			add_flow(self, &flow);
			/* Neither what names the protocol nor the trailer */
			bytes = self->frames[i].len - VNET_FLOW_TRAILER -
				vnet_flow_l3_offset(&flow) - 1;
			if (self->state.count > i && i % 4 == 0)
				self->frames[i].data[vnet_flow_l3_offset(&flow) +
						     1 + seed % bytes] ^=
					1 << round % 8;
		}
		check_burst(_metadata, self);
	}
}

/* One queue, and more entries than queues */
TEST_F(xdp, entries_modulo_queues)
{
	unsigned int i, queues;

	add_table(self);
	for (i = 0; i < 128; i++)
		self->conf.table[i] = 255 - i;
	self->conf.arg.unclassified_queue = 254;
	set_conf(_metadata, self);
	for (queues = 4; queues; queues--) {
		self->tap.queues = queues;
		check_burst(_metadata, self);
		close(self->tap.fds[queues - 1]);
	}
	self->tap.queues = 0;
}

TEST_F(xdp, rss_only)
{
	self->conf.arg.flags = TUN_VNET_HASH_RSS;
	add_table(self);
	set_conf(_metadata, self);
	check_burst(_metadata, self);
}

/* Without RSS the queue is by CPU. */
TEST_F(xdp, report_only)
{
	unsigned int cpu, cpus = 0, i;
	cpu_set_t allowed, one;

	self->conf.arg.flags = TUN_VNET_HASH_REPORT;
	add_table(self);
	ASSERT_EQ(0, load_frames(self));
	set_conf(_metadata, self);
	ASSERT_EQ(0, sched_getaffinity(0, sizeof(allowed), &allowed));
	for (cpu = 0; cpu < CPU_SETSIZE && cpus < 8; cpu++) {
		if (!CPU_ISSET(cpu, &allowed))
			continue;
		cpus++;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		ASSERT_EQ(0, sched_setaffinity(0, sizeof(one), &one));
		ASSERT_EQ(0, inject(self, self->state.count));
		for (i = 0; i < self->state.count; i++) {
			ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt,
						   TIMEOUT));
			ASSERT_EQ(i, which(self));
			EXPECT_EQ(cpu % 4, self->pkt.queue);
			EXPECT_EQ(self->expect[i].value,
				  vnet_hdr_value(&self->pkt));
			EXPECT_EQ(self->expect[i].report,
				  vnet_hdr_report(&self->pkt));
		}
	}
}

/* Headers that have room for the hash and that have not */
static void check_header(struct __test_metadata *_metadata,
			 FIXTURE_DATA(xdp) *self, int size)
{
	static const unsigned char zeroes[VNET_MAX_HDR];
	unsigned int i;

	ASSERT_EQ(0, vnet_tap_hdr_size(&self->tap, size));
	add_table(self);
	ASSERT_EQ(0, load_frames(self));
	set_conf(_metadata, self);
	for (i = 0; i < self->state.count; i++) {
		ASSERT_EQ(0, inject(self, 1));
		ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
		ASSERT_EQ(i, which(self));
		EXPECT_EQ(self->expect[i].queue, self->pkt.queue);
		EXPECT_EQ(0, memcmp(self->pkt.hdr, zeroes, 10));
		if (size >= 12) {
			EXPECT_EQ(1, vnet_hdr_num_buffers(&self->pkt));
		}
		if (size >= HASH_HDR) {
			EXPECT_EQ(self->expect[i].value,
				  vnet_hdr_value(&self->pkt));
			EXPECT_EQ(self->expect[i].report,
				  vnet_hdr_report(&self->pkt));
			EXPECT_EQ(0, memcmp(self->pkt.hdr + 18, zeroes,
					    size - 18));
		} else if (size > 12) {
			EXPECT_EQ(0, memcmp(self->pkt.hdr + 12, zeroes,
					    size - 12));
		}
	}
}

TEST_F(xdp, header_10)
{
	check_header(_metadata, self, 10);
}

TEST_F(xdp, header_12)
{
	check_header(_metadata, self, 12);
}

TEST_F(xdp, header_16)
{
	check_header(_metadata, self, 16);
}

TEST_F(xdp, header_20)
{
	check_header(_metadata, self, 20);
}

TEST_F(xdp, header_64)
{
	check_header(_metadata, self, 64);
}

/* UDP from a port that leads to @queue by the first configuration */
static void add_frame_for_queue(FIXTURE_DATA(xdp) *self, unsigned int queue)
{
	static unsigned int port = 1024;
	struct vnet_flow flow = {
		.l3 = VNET_L3_IPV4, .l4 = VNET_L4_UDP,
		.src = { 192, 0, 2, 1 }, .dst = VNET_FLOW_DST4,
		.dport = 53, .payload = 50,
	};
	unsigned int i = self->state.count;

	do {
		flow.sport = port++;
		self->state.count = i;
		add_flow(self, &flow);
		expect_frames(self);
	} while (self->expect[i].queue != queue);
}

/* In one burst, by turns and in runs; in each queue frames keep their order. */
TEST_F(xdp, burst_mixes_queues)
{
	unsigned int i, q, n, came = 0;
	int last;

	for (i = 0; i < BURST; i++)
		add_frame_for_queue(self, i < BURST / 2 ? i % 4 : i / 5 % 4);
	set_conf(_metadata, self);
	ASSERT_EQ(0, load_frames(self));
	ASSERT_EQ(0, inject(self, BURST));

	for (q = 0; q < 4; q++) {
		struct vnet_tap one = { .fds = { self->tap.fds[q] },
					.queues = 1, .hdr_size = HASH_HDR };

		last = -1;
		for (n = 0; vnet_tap_recv(&one, &self->pkt, QUIET) == 1; n++) {
			int id = which(self);

			EXPECT_LT(last, id);
			last = id;
			EXPECT_EQ(q, self->expect[id].queue);
			EXPECT_EQ(self->expect[id].value,
				  vnet_hdr_value(&self->pkt));
			EXPECT_EQ(self->expect[id].report,
				  vnet_hdr_report(&self->pkt));
		}
		EXPECT_LE(BURST / 8, n);
		came += n;
	}
	EXPECT_EQ(BURST, came);
}

#define RING	32	/* frames that a queue holds, when it is to be full */

/* Let queue 0 be full, of frame 0. */
static void fill_queue(struct __test_metadata *_metadata,
		       FIXTURE_DATA(xdp) *self)
{
	set_conf(_metadata, self);
	self->state.count = 0;
	add_frame_for_queue(self, 0);
	ASSERT_EQ(0, load_frames(self));
	ASSERT_EQ(0, inject(self, 2 * BURST));
}

/* What the device has counted as dropped */
static long tx_dropped(void)
{
	const struct rtnl_link_stats *stats;
	struct ifaddrs *all, *ifa;
	long dropped = -1;

	if (getifaddrs(&all))
		return -1;
	for (ifa = all; ifa; ifa = ifa->ifa_next) {
		stats = ifa->ifa_data;
		if (ifa->ifa_addr && ifa->ifa_addr->sa_family == AF_PACKET &&
		    stats && !strcmp(ifa->ifa_name, "tap0"))
			dropped = stats->tx_dropped;
	}
	freeifaddrs(all);
	return dropped;
}

/* Read a queue until it is empty: how many came of each frame, and in order? */
static unsigned int read_queue(struct __test_metadata *_metadata,
			       FIXTURE_DATA(xdp) *self, unsigned int queue,
			       unsigned int *seen)
{
	struct vnet_tap one = { .fds = { self->tap.fds[queue] },
				.queues = 1, .hdr_size = HASH_HDR };
	unsigned int n;
	int id, last = -1;

	for (n = 0; vnet_tap_recv(&one, &self->pkt, 0) == 1; n++) {
		id = which(self);
		ASSERT_LE(0, id);
		EXPECT_LE(last, id);
		EXPECT_EQ(queue, self->expect[id].queue);
		last = id;
		seen[id]++;
	}
	return n;
}

/*
 * A full queue refuses its own frames and no others: of a bulk with one frame for
 * it, wherever that stands, all the others come.
 */
TEST_F(xdp, one_queue_full)
{
	unsigned int seen[VNET_XDP_FRAMES], full, i, q;
	long dropped;

	ASSERT_EQ(0, vnet_run("ip link set tap0 txqueuelen %u", RING));
	for (full = 0; full < BULK; full++) {
		fill_queue(_metadata, self);
		self->state.count = 0;
		for (i = 0; i < BULK; i++)
			add_frame_for_queue(self, i == full ? 0 : 1 + i % 3);
		ASSERT_EQ(0, load_frames(self));
		dropped = tx_dropped();
		ASSERT_EQ(0, inject(self, BULK));
		EXPECT_EQ(dropped + 1, tx_dropped());

		memset(seen, 0, sizeof(seen));
		for (q = 1; q < 4; q++)
			read_queue(_metadata, self, q, seen);
		for (i = 0; i < BULK; i++) {
			EXPECT_EQ(i != full, seen[i]) {
				TH_LOG("frame %u, with frame %u for the full queue",
				       i, full);
			}
		}
		/* The full queue has what it had. */
		for (i = 0; vnet_tap_recv(&self->tap, &self->pkt, 0) == 1; i++)
			EXPECT_EQ(0, self->pkt.queue);
		EXPECT_EQ(RING, i);
	}

	/* Nothing is wrong afterwards. */
	self->state.count = 0;
	self->conf.arg.flags = BOTH;
	add_table(self);
	ASSERT_EQ(0, vnet_run("ip link set tap0 txqueuelen 1000"));
	check_burst(_metadata, self);
}

/* The reader of one queue stands still: the others miss no frame, for ever. */
TEST_F(xdp, stalled_queue)
{
	unsigned int seen[VNET_XDP_FRAMES] = {}, round, i, q;
	long dropped;

	ASSERT_EQ(0, vnet_run("ip link set tap0 txqueuelen %u", RING));
	fill_queue(_metadata, self);
	self->state.count = 0;
	for (i = 0; i < BURST; i++)
		add_frame_for_queue(self, i % 2 ? 1 + i / 2 % 3 : 0);
	ASSERT_EQ(0, load_frames(self));
	dropped = tx_dropped();
	for (round = 1; round <= 20; round++) {
		ASSERT_EQ(0, inject(self, BURST));
		for (q = 1; q < 4; q++)
			read_queue(_metadata, self, q, seen);
		for (i = 0; i < BURST; i++) {
			ASSERT_EQ(i % 2 ? round : 0, seen[i]) {
				TH_LOG("frame %u for queue %u came %u times in %u rounds",
				       i, self->expect[i].queue, seen[i], round);
			}
		}
		/* Half of them were for the full queue. */
		EXPECT_EQ(dropped + round * BURST / 2, tx_dropped());
	}
}

/* Of this size the kernel gives a place back as soon as the frame is read. */
#define SMALL_RING	16

/* A queue with room for some takes the first ones, in their order. */
TEST_F(xdp, queue_with_little_room)
{
	unsigned int seen[VNET_XDP_FRAMES] = {}, room, i, n, q;
	struct vnet_tap first = { .fds = { self->tap.fds[0] },
				  .queues = 1, .hdr_size = HASH_HDR };
	long dropped;

	ASSERT_EQ(0, vnet_run("ip link set tap0 txqueuelen %u", SMALL_RING));
	for (room = 0; room <= BULK / 2; room++) {
		fill_queue(_metadata, self);
		for (i = 0; i < room; i++)
			ASSERT_EQ(1, vnet_tap_recv(&first, &self->pkt, 0));
		self->state.count = 0;
		for (i = 0; i < BULK; i++)
			add_frame_for_queue(self, i % 2 ? 1 + i % 3 : 0);
		ASSERT_EQ(0, load_frames(self));
		dropped = tx_dropped();
		ASSERT_EQ(0, inject(self, BULK));
		EXPECT_EQ(dropped + BULK / 2 - room, tx_dropped());

		for (n = room; n < SMALL_RING; n++)
			ASSERT_EQ(1, vnet_tap_recv(&first, &self->pkt, 0));
		memset(seen, 0, sizeof(seen));
		for (q = 0; q < 4; q++)
			read_queue(_metadata, self, q, seen);
		for (i = 0; i < BULK; i++) {
			EXPECT_EQ(i % 2 || i / 2 < room, seen[i]) {
				TH_LOG("frame %u for queue %u, of which queue 0 had room for %u",
				       i, self->expect[i].queue, room);
			}
		}
	}
}

/*
 * The readers of all queues are woken, though the last bulk of a burst, with which
 * the sender says that no more come for now, has a frame for one of them only.
 * Unlike poll(), epoll tells of a queue only if it was woken for it.
 */
TEST_F(xdp, each_reader_is_woken)
{
	struct epoll_event event = { .events = EPOLLIN }, events[4];
	unsigned int i, q, woken = 0;
	int epoll, n;

	for (i = 0; i < BULK; i++)
		add_frame_for_queue(self, i % 4);
	add_frame_for_queue(self, 0);
	set_conf(_metadata, self);
	ASSERT_EQ(0, load_frames(self));
	epoll = epoll_create1(0);
	ASSERT_LE(0, epoll);
	for (q = 0; q < 4; q++) {
		event.data.u32 = q;
		ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, self->tap.fds[q],
				       &event));
	}
	ASSERT_EQ(0, epoll_wait(epoll, events, 4, 0));

	ASSERT_EQ(0, inject(self, BULK + 1));
	n = epoll_wait(epoll, events, 4, TIMEOUT);
	for (i = 0; n > 0 && i < n; i++)
		woken |= 1U << events[i].data.u32;
	EXPECT_EQ(0xf, woken);
	close(epoll);
}

static long available_kib(void)
{
	char line[128];
	long kib = -1;
	FILE *file;

	file = fopen("/proc/meminfo", "re");
	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "MemAvailable: %ld", &kib) == 1)
			break;
	fclose(file);
	return kib;
}

/* What is dropped is freed: 160 MB would be missing otherwise. */
TEST_F(xdp, dropped_frames_are_freed)
{
	unsigned int i;
	long before;

	ASSERT_EQ(0, vnet_run("ip link set tap0 txqueuelen %u", RING));
	fill_queue(_metadata, self);
	for (i = 1; i < BULK; i++)
		add_frame_for_queue(self, i % 2 ? 0 : 1 + i % 3);
	ASSERT_EQ(0, load_frames(self));
	before = available_kib();
	ASSERT_LT(0, before);
	ASSERT_EQ(0, inject(self, 40000));
	EXPECT_LT(before - 50000, available_kib());
}

/* What nobody read is freed with its queue. */
TEST_F(xdp, closed_with_frames)
{
	add_table(self);
	set_conf(_metadata, self);
	ASSERT_EQ(0, load_frames(self));
	ASSERT_EQ(0, inject(self, 4 * self->state.count));
}

/*
 * The tap's own program sends back what userspace writes: it comes out of the
 * queue of the table, whichever it was written to.
 */
TEST_F(xdp, transmit)
{
	unsigned char out[HASH_HDR + VNET_XDP_LEN] = {};
	unsigned int i;

	ASSERT_EQ(0, bpf_xdp_attach(if_nametoindex("tap0"),
				    program(self, "transmit"),
				    XDP_FLAGS_DRV_MODE, NULL));
	add_table(self);
	expect_frames(self);
	set_conf(_metadata, self);
	for (i = 0; i < self->state.count; i++) {
		size_t len = HASH_HDR + self->frames[i].len;

		memcpy(out + HASH_HDR, self->frames[i].data,
		       self->frames[i].len);
		ASSERT_EQ(len, write(self->tap.fds[i % 4], out, len));
		ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
		ASSERT_EQ(i, which(self));
		EXPECT_EQ(self->expect[i].queue, self->pkt.queue);
		EXPECT_EQ(self->expect[i].value, vnet_hdr_value(&self->pkt));
		EXPECT_EQ(self->expect[i].report, vnet_hdr_report(&self->pkt));
	}
}

/* What others do while frames flow */

#define LOAD_SECONDS	3
#define LOAD_FRAMES	(8 * BURST)

struct load {
	const FIXTURE_DATA(xdp) *self;
	atomic_bool stop;
	unsigned long sent, changes;
	bool with_off;
};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void *load_inject(void *arg)
{
	struct load *load = arg;

	while (!load->stop) {
		if (inject(load->self, LOAD_FRAMES))
			abort();
		load->sent += LOAD_FRAMES;
	}
	return NULL;
}

static void *load_set(void *arg)
{
	struct load *load = arg;
	const void *args[] = { &load->self->conf.arg, &load->self->conf2.arg,
			       &zero_arg };

	while (!load->stop)
		if (ioctl(load->self->tap.fds[0], TUNSETVNETHASH,
			  args[load->changes++ % (load->with_off ? 3 : 2)]))
			abort();
	return NULL;
}

static void *load_queues(void *arg)
{
	struct ifreq detach = { .ifr_flags = IFF_DETACH_QUEUE };
	struct ifreq attach = { .ifr_flags = IFF_ATTACH_QUEUE };
	struct load *load = arg;

	while (!load->stop) {
		unsigned int q = 1 + load->changes++ % 3;

		if (ioctl(load->self->tap.fds[q], TUNSETQUEUE, &detach) ||
		    ioctl(load->self->tap.fds[q], TUNSETQUEUE, &attach))
			abort();
	}
	return NULL;
}

static bool hash_is(const struct vnet_packet *pkt, const struct vnet_expect *e)
{
	return vnet_hdr_value(pkt) == e->value &&
	       vnet_hdr_report(pkt) == e->report;
}

/* Have there been enough changes, and frames of each configuration? */
static bool load_enough(const struct load *load, const unsigned long *matched, bool sets)
{
	return load->changes > 10 && matched[0] > 100 && (!sets || matched[1] > 100) &&
	       (!load->with_off || matched[2] > 100);
}

/* Value and type are of one configuration, the queue of either or none. */
static void under_traffic(struct __test_metadata *_metadata,
			  FIXTURE_DATA(xdp) *self, void *(*change)(void *),
			  bool with_off)
{
	unsigned long received = 0, matched[3] = {}, bad = 0;
	struct load load = { .self = self, .with_off = with_off };
	const struct vnet_expect *a, *b, none = {};
	bool sets = change == load_set;
	pthread_t sender, changer;
	double end;
	int id, m;

	add_table(self);
	ASSERT_EQ(0, load_frames(self));
	set_conf(_metadata, self);
	ASSERT_EQ(0, pthread_create(&sender, NULL, load_inject, &load));
	ASSERT_EQ(0, pthread_create(&changer, NULL, change, &load));
	end = now() + LOAD_SECONDS;
	/* A slow machine takes longer, but not for ever. */
	while (now() < end ||
	       (!load_enough(&load, matched, sets) && now() < end + 10 * LOAD_SECONDS)) {
		if (vnet_tap_recv(&self->tap, &self->pkt, 10) != 1)
			continue;
		received++;
		id = which(self);
		a = &self->expect[id < 0 ? 0 : id];
		b = &self->expect2[id < 0 ? 0 : id];
		/* What has no hash looks the same by all. */
		if (id >= 0 && !a->report && hash_is(&self->pkt, &none))
			continue;
		m = hash_is(&self->pkt, a) ? 0 : hash_is(&self->pkt, b) ? 1 : 2;
		if (id < 0 ||
		    (m == 1 && !sets) ||
		    (m == 2 && !(with_off && hash_is(&self->pkt, &none))) ||
		    (sets && !with_off && self->pkt.queue != a->queue &&
		     self->pkt.queue != b->queue)) {
			if (bad++ < 5) {
				TH_LOG("frame %d: queue %u, hash %08x, report %u is of no configuration",
				       id, self->pkt.queue,
				       vnet_hdr_value(&self->pkt),
				       vnet_hdr_report(&self->pkt));
			}
			continue;
		}
		matched[m]++;
	}
	load.stop = true;
	pthread_join(sender, NULL);
	pthread_join(changer, NULL);
	TH_LOG("%lu sent, %lu received, %lu changes; %lu by the first, %lu by the second, %lu by none",
	       load.sent, received, load.changes, matched[0], matched[1],
	       matched[2]);
	EXPECT_EQ(0, bad);
	EXPECT_TRUE(load_enough(&load, matched, sets));
}

TEST_F(xdp, set_under_traffic)
{
	under_traffic(_metadata, self, load_set, false);
}

TEST_F(xdp, off_and_on_under_traffic)
{
	under_traffic(_metadata, self, load_set, true);
}

TEST_F(xdp, queues_change_under_traffic)
{
	under_traffic(_metadata, self, load_queues, false);
}

/* The device goes away while frames come. */
TEST_F(xdp, deleted_under_traffic)
{
	unsigned int i;
	pid_t pid;

	add_table(self);
	ASSERT_EQ(0, load_frames(self));
	set_conf(_metadata, self);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		for (;;)
			inject(self, LOAD_FRAMES);
	}
	for (i = 0; i < 200; i++)
		vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT);
	EXPECT_EQ(0, vnet_run("ip link del tap0"));
	EXPECT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(pid, waitpid(pid, NULL, 0));
}

TEST_HARNESS_MAIN
