// SPDX-License-Identifier: GPL-2.0
/*
 * Packets through tun's receive hash: queue, value and type of each, compared
 * with an implementation of its own (vnet_hash_ref.c).
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include "../../../kselftest_harness.h"
#include "vnet_flow.h"
#include "vnet_hash_ref.h"
#include "vnet_tap.h"

#define BOTH	(TUN_VNET_HASH_REPORT | TUN_VNET_HASH_RSS)
#define HASH_HDR	((int)sizeof(struct virtio_net_hdr_v1_hash))
#define TIMEOUT	2000	/* milliseconds, for a packet that must come */
#define QUIET	100	/* milliseconds, for one that must not */

static const struct tun_vnet_hash zero_arg;

/* Frame number @i of the demo's flows. */
static size_t flow_frame(size_t i, unsigned char *frame)
{
	return vnet_flow_build(&vnet_flows[i % vnet_flows_count], frame,
			       VNET_FLOW_MAX_FRAME);
}

/* One that each header, type and queue is there for. */
static size_t tcp_frame(unsigned char *frame)
{
	struct vnet_flow flow = {
		.id = 1, .l3 = VNET_L3_IPV4, .l4 = VNET_L4_TCP,
		.src = { 192, 0, 2, 1 }, .dst = { 198, 51, 100, 2 },
		.sport = 1234, .dport = 80, .payload = 100,
	};

	return vnet_flow_build(&flow, frame, VNET_FLOW_MAX_FRAME);
}

static bool zeroes(const unsigned char *p, size_t len)
{
	while (len--)
		if (*p++)
			return false;
	return true;
}

/* The header: each field whole or not at all, zeroes where nothing is told */

FIXTURE(hdr)
{
	struct vnet_tap tap;
	struct vnet_packet pkt;
	unsigned char frame[VNET_FLOW_MAX_FRAME];
	size_t len;
};

FIXTURE_VARIANT(hdr)
{
	int size;
};

FIXTURE_VARIANT_ADD(hdr, 10) { .size = 10 };
FIXTURE_VARIANT_ADD(hdr, 11) { .size = 11 };
FIXTURE_VARIANT_ADD(hdr, 12) { .size = 12 };
FIXTURE_VARIANT_ADD(hdr, 16) { .size = 16 };
FIXTURE_VARIANT_ADD(hdr, 20) { .size = 20 };
FIXTURE_VARIANT_ADD(hdr, 24) { .size = 24 };
FIXTURE_VARIANT_ADD(hdr, 64) { .size = 64 };

FIXTURE_SETUP(hdr)
{
	ASSERT_EQ(0, vnet_new_netns());
	ASSERT_EQ(0, vnet_tap_create(&self->tap, "tap0",
				     IFF_TAP | IFF_VNET_HDR, 1));
	ASSERT_EQ(0, vnet_tap_hdr_size(&self->tap, variant->size));
	ASSERT_EQ(0, vnet_tap_up(&self->tap));
	self->len = tcp_frame(self->frame);
}

FIXTURE_TEARDOWN(hdr)
{
	vnet_tap_close(&self->tap);
}

TEST_F(hdr, packet_follows)
{
	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	ASSERT_EQ(self->len, self->pkt.len);
	EXPECT_EQ(0, memcmp(self->frame, self->pkt.data, self->len));
	EXPECT_TRUE(zeroes(self->pkt.hdr, 10));
}

TEST_F(hdr, rest_is_zero)
{
	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	if (variant->size < 12) {
		EXPECT_TRUE(zeroes(self->pkt.hdr, variant->size));
	} else {
		EXPECT_TRUE(zeroes(self->pkt.hdr + 12, variant->size - 12));
	}
}

TEST_F(hdr, num_buffers)
{
	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	if (variant->size >= 12) {
		EXPECT_EQ(1, vnet_hdr_num_buffers(&self->pkt));
	} else {
		EXPECT_TRUE(zeroes(self->pkt.hdr, variant->size));
	}
}

TEST_F(hdr, report)
{
	struct vnet_expect e;
	struct vnet_conf conf;

	vnet_conf_init(&conf, TUN_VNET_HASH_REPORT, 1);
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &conf.arg));
	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));

	e = vnet_conf_expect(&conf, self->frame, self->len, true);
	ASSERT_EQ(VIRTIO_NET_HASH_REPORT_TCPv4, e.report);
	if (variant->size >= HASH_HDR) {
		EXPECT_EQ(e.value, vnet_hdr_value(&self->pkt));
		EXPECT_EQ(e.report, vnet_hdr_report(&self->pkt));
		EXPECT_TRUE(zeroes(self->pkt.hdr + 18, variant->size - 18));
	} else if (variant->size > 12) {
		EXPECT_TRUE(zeroes(self->pkt.hdr + 12, variant->size - 12));
	}
}

/* The same of a macvtap, which has no hash yet */

FIXTURE(macvtap)
{
	struct vnet_tap tap;
	struct vnet_packet pkt;
	unsigned char frame[VNET_FLOW_MAX_FRAME];
	size_t len;
};

FIXTURE_VARIANT(macvtap)
{
	int size;
};

FIXTURE_VARIANT_ADD(macvtap, 10) { .size = 10 };
FIXTURE_VARIANT_ADD(macvtap, 12) { .size = 12 };
FIXTURE_VARIANT_ADD(macvtap, 20) { .size = 20 };
FIXTURE_VARIANT_ADD(macvtap, 64) { .size = 64 };

FIXTURE_SETUP(macvtap)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	static const char * const links[] = { "vnet_a", "vnet_b", "vnet_m" };
	unsigned int i;
	char path[32];

	/*
	 * Its node appears in /dev by its interface index, so this runs in the
	 * namespace that /dev is of.
	 */
	ASSERT_EQ(0, vnet_run("ip link add vnet_a type veth peer name vnet_b"));
	ASSERT_EQ(0, vnet_run("ip link add link vnet_a name vnet_m type macvtap mode bridge"));
	ASSERT_EQ(0, vnet_run("ip link set vnet_m address 52:54:00:12:34:56"));
	for (i = 0; i < ARRAY_SIZE(links); i++) {
		ASSERT_EQ(0, vnet_run("ip link set %s addrgenmode none mtu 4000 up",
				      links[i]));
	}

	snprintf(path, sizeof(path), "/dev/tap%u", if_nametoindex("vnet_m"));
	memset(&self->tap, 0, sizeof(self->tap));
	self->tap.flags = IFF_TAP;
	self->tap.fds[0] = open(path, O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, self->tap.fds[0]);
	self->tap.queues = 1;
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETIFF, &ifr));
	ASSERT_EQ(0, vnet_tap_hdr_size(&self->tap, variant->size));
	self->tap.packet = vnet_packet_socket("vnet_b");
	ASSERT_LE(0, self->tap.packet);
	self->len = tcp_frame(self->frame);
}

FIXTURE_TEARDOWN(macvtap)
{
	vnet_tap_close(&self->tap);
	vnet_run("ip link del vnet_m; ip link del vnet_a");
}

/* What the stack sends on its own account is passed over. */
static void macvtap_packet(struct __test_metadata *_metadata,
			   FIXTURE_DATA(macvtap) *self)
{
	uint32_t id;

	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	do {
		ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	} while (!vnet_flow_trailer(self->pkt.data, self->pkt.len, &id));
	ASSERT_EQ(self->len, self->pkt.len);
	EXPECT_EQ(0, memcmp(self->frame, self->pkt.data, self->len));
}

TEST_F(macvtap, rest_is_zero)
{
	macvtap_packet(_metadata, self);
	EXPECT_TRUE(zeroes(self->pkt.hdr, 10));
	if (variant->size > 12) {
		EXPECT_TRUE(zeroes(self->pkt.hdr + 12, variant->size - 12));
	}
}

TEST_F(macvtap, num_buffers)
{
	macvtap_packet(_metadata, self);
	if (variant->size >= 12) {
		EXPECT_EQ(1, vnet_hdr_num_buffers(&self->pkt));
	}
}

/* A device per number of queues, to send any packet through */

FIXTURE(traffic)
{
	struct vnet_tap tap;
	struct vnet_conf conf;
	struct vnet_packet pkt;
	unsigned char frame[VNET_FLOW_MAX_FRAME];
	size_t len;
};

FIXTURE_VARIANT(traffic)
{
	short type;
	unsigned int queues;
};

FIXTURE_VARIANT_ADD(traffic, tap_1) { .type = IFF_TAP, .queues = 1 };
FIXTURE_VARIANT_ADD(traffic, tap_4) { .type = IFF_TAP, .queues = 4 };
FIXTURE_VARIANT_ADD(traffic, tap_7) { .type = IFF_TAP, .queues = 7 };
FIXTURE_VARIANT_ADD(traffic, tun_1) { .type = IFF_TUN, .queues = 1 };
FIXTURE_VARIANT_ADD(traffic, tun_4) { .type = IFF_TUN, .queues = 4 };

FIXTURE_SETUP(traffic)
{
	ASSERT_EQ(0, vnet_new_netns());
	ASSERT_EQ(0, vnet_tap_create(&self->tap, "tap0",
				     variant->type | IFF_VNET_HDR,
				     variant->queues));
	ASSERT_EQ(0, vnet_tap_hdr_size(&self->tap, HASH_HDR));
	ASSERT_EQ(0, vnet_tap_up(&self->tap));
	vnet_conf_init(&self->conf, BOTH, variant->queues);
}

FIXTURE_TEARDOWN(traffic)
{
	vnet_tap_close(&self->tap);
}

/*
 * Send one frame and compare.  Returns whether all was right, and tells what
 * was not.
 */
static bool check_one(struct __test_metadata *_metadata, struct vnet_tap *tap,
		      const struct vnet_conf *conf, const unsigned char *frame,
		      size_t len, struct vnet_packet *pkt)
{
	bool ethernet = tap->flags & IFF_TAP;
	struct vnet_expect e = vnet_conf_expect(conf, frame, len, ethernet);
	unsigned int i;

	if (!(conf->arg.flags & TUN_VNET_HASH_REPORT)) {
		e.value = 0;
		e.report = VIRTIO_NET_HASH_REPORT_NONE;
	}

	if (vnet_tap_send(tap, frame, len)) {
		TH_LOG("cannot send %zu bytes: %s", len, strerror(errno));
		return false;
	}
	if (vnet_tap_recv(tap, pkt, TIMEOUT) != 1) {
		TH_LOG("no packet came");
		return false;
	}
	if (pkt->len == len && !memcmp(frame, pkt->data, len) &&
	    vnet_hdr_value(pkt) == e.value && vnet_hdr_report(pkt) == e.report &&
	    (!(conf->arg.flags & TUN_VNET_HASH_RSS) ||
	     pkt->queue == e.queue % tap->queues))
		return true;

	TH_LOG("expected %zu bytes, queue %u, hash %08x, report %u; got %zu bytes, queue %u, hash %08x, report %u; types %03x",
	       len, e.queue % tap->queues, e.value, e.report, pkt->len,
	       pkt->queue, vnet_hdr_value(pkt), vnet_hdr_report(pkt),
	       conf->arg.hash_types);
	fprintf(stderr, "# frame:");
	for (i = 0; i < len && i < 128; i++)
		fprintf(stderr, " %02x", frame[i]);
	fprintf(stderr, "\n");
	return false;
}

/* @frame as the device wants it: without Ethernet on a tun device. */
static size_t frame_for(const struct vnet_tap *tap, const struct vnet_flow *flow,
			unsigned char *frame)
{
	size_t len = vnet_flow_build(flow, frame, VNET_FLOW_MAX_FRAME);
	size_t l3 = vnet_flow_l3_offset(flow);

	if (tap->flags & IFF_TAP)
		return len;
	if (flow->l3 == VNET_L3_ARP)
		return 0;	/* a tun device carries none */
	memmove(frame, frame + l3, len - l3);
	return len - l3;
}

/* Every flow of the demo with every set of types: each priority rule. */
TEST_F_TIMEOUT(traffic, every_set_of_types, 300)
{
	unsigned int bad = 0, seen = 0;
	__u32 types;
	size_t i;

	for (types = 0; types <= VNET_ALL_TYPES && bad < 5; types++) {
		self->conf.arg.hash_types = types;
		ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH,
				   &self->conf.arg));
		/* Not every flow with each set: a few, others each time. */
		for (i = types % 5; i < vnet_flows_count && bad < 5; i += 5) {
			self->len = frame_for(&self->tap, &vnet_flows[i],
					      self->frame);
			if (!self->len)
				continue;
			bad += !check_one(_metadata, &self->tap, &self->conf,
					  self->frame, self->len, &self->pkt);
			seen |= 1 << vnet_hdr_report(&self->pkt);
		}
	}
	EXPECT_EQ(0, bad);
	/* Each report type, and none, has come. */
	EXPECT_EQ((1 << (VIRTIO_NET_HASH_REPORT_UDPv6_EX + 1)) - 1, seen);
}

TEST_F_TIMEOUT(traffic, random_packets, 300)
{
	unsigned int bad = 0, n;
	struct vnet_flow flow;
	uint64_t seed = 20261120;

	for (n = 0; n < 4000 && bad < 5; n++) {
		if (n % 100 == 0) {
			self->conf.key[n / 100] ^= 0x5a;
			self->conf.arg.hash_types = n % 1000 ? VNET_ALL_TYPES :
						    n * 7919 & VNET_ALL_TYPES;
			ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH,
					   &self->conf.arg));
		}
		vnet_flow_random(&seed, &flow);
		self->len = frame_for(&self->tap, &flow, self->frame);
		if (!self->len)
			continue;
		/* Some are damaged, behind what names the protocol. */
		if (n % 4 == 0) {
			size_t l3 = self->tap.flags & IFF_TAP ?
				    vnet_flow_l3_offset(&flow) : 0;

			self->frame[l3 + 1 + n % (self->len - l3 - 1)] ^=
				1 << n / 4 % 8;
		}
		bad += !check_one(_metadata, &self->tap, &self->conf,
				  self->frame, self->len, &self->pkt);
	}
	EXPECT_EQ(0, bad);
}

/* Cut at each length: what is out of reach is not hashed. */
TEST_F_TIMEOUT(traffic, truncated_packets, 300)
{
	size_t i, len, least = variant->type == IFF_TAP ? 14 : 1;
	unsigned int bad = 0;

	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	for (i = 0; i < vnet_flows_count && bad < 5; i += 3) {
		self->len = frame_for(&self->tap, &vnet_flows[i], self->frame);
		for (len = least; len < self->len && len < 160 && bad < 5; len++)
			bad += !check_one(_metadata, &self->tap, &self->conf,
					  self->frame, len, &self->pkt);
	}
	EXPECT_EQ(0, bad);
}

/* Entries beyond the attached queues are taken modulo. */
TEST_F(traffic, entries_modulo_queues)
{
	unsigned int bad = 0;
	size_t i;

	for (i = 0; i < 128; i++)
		self->conf.table[i] = 255 - i;
	self->conf.arg.unclassified_queue = 254;
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	for (i = 0; i < vnet_flows_count && bad < 5; i++) {
		self->len = frame_for(&self->tap, &vnet_flows[i], self->frame);
		if (self->len)
			bad += !check_one(_metadata, &self->tap, &self->conf,
					  self->frame, self->len, &self->pkt);
	}
	EXPECT_EQ(0, bad);
}

/* RSS without a report: the queue is right, the header says nothing. */
TEST_F(traffic, rss_only)
{
	unsigned int bad = 0;
	size_t i;

	self->conf.arg.flags = TUN_VNET_HASH_RSS;
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	for (i = 0; i < vnet_flows_count && bad < 5; i++) {
		self->len = frame_for(&self->tap, &vnet_flows[i], self->frame);
		if (self->len)
			bad += !check_one(_metadata, &self->tap, &self->conf,
					  self->frame, self->len, &self->pkt);
	}
	EXPECT_EQ(0, bad);
}

/* A report without RSS, with automatic queueing or a steering program. */
TEST_F(traffic, report_only)
{
	int prog = vnet_steering_prog(2);
	unsigned int bad = 0;
	size_t i;

	ASSERT_LE(0, prog);
	self->conf.arg.flags = TUN_VNET_HASH_REPORT;
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	for (i = 0; i < 2 * vnet_flows_count && bad < 5; i++) {
		if (i == vnet_flows_count) {
			ASSERT_EQ(0, ioctl(self->tap.fds[0],
					   TUNSETSTEERINGEBPF, &prog));
		}
		self->len = frame_for(&self->tap,
				      &vnet_flows[i % vnet_flows_count],
				      self->frame);
		if (!self->len)
			continue;
		bad += !check_one(_metadata, &self->tap, &self->conf,
				  self->frame, self->len, &self->pkt);
		if (i >= vnet_flows_count) {
			EXPECT_EQ(2 % variant->queues, self->pkt.queue);
		}
	}
	EXPECT_EQ(0, bad);
}

/* Off again: nothing is reported, and queueing is automatic. */
TEST_F(traffic, off)
{
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &zero_arg));
	self->conf.arg.flags = 0;
	self->len = frame_for(&self->tap, &vnet_flows[0], self->frame);
	EXPECT_TRUE(check_one(_metadata, &self->tap, &self->conf, self->frame,
			      self->len, &self->pkt));
}

/*
 * Userspace answers a flow on a queue of its own choice.  Automatic queueing
 * would follow it there.  The table does not, and what is sent while it is in
 * force is not learned for the time after it either.
 */
TEST_F(traffic, table_does_not_learn)
{
	unsigned char out[HASH_HDR + VNET_FLOW_MAX_FRAME] = {};
	unsigned int q, unlearned;

	self->len = tcp_frame(self->frame);
	if (variant->type == IFF_TUN) {
		self->len -= ETH_HLEN;
		memmove(self->frame, self->frame + ETH_HLEN, self->len);
	}
	memcpy(out + HASH_HDR, self->frame, self->len);

	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	unlearned = self->pkt.queue;

	for (q = 0; q < variant->queues; q++) {
		ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH,
				   &self->conf.arg));
		ASSERT_EQ(HASH_HDR + self->len,
			  write(self->tap.fds[q], out, HASH_HDR + self->len));
		EXPECT_TRUE(check_one(_metadata, &self->tap, &self->conf,
				      self->frame, self->len, &self->pkt));

		ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &zero_arg));
		ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
		ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
		EXPECT_EQ(unlearned, self->pkt.queue);
	}
}

/* One device with four queues, and a second one, for all the rest */

FIXTURE(path)
{
	struct vnet_tap tap;
	struct vnet_tap other;
	struct vnet_conf conf;
	struct vnet_conf conf2;
	struct vnet_packet pkt;
	struct vnet_expect e;
	unsigned char frame[VNET_FLOW_MAX_FRAME];
	size_t len;
};

FIXTURE_SETUP(path)
{
	unsigned int i;

	ASSERT_EQ(0, vnet_new_netns());
	ASSERT_EQ(0, vnet_tap_create(&self->tap, "tap0",
				     IFF_TAP | IFF_VNET_HDR, 4));
	ASSERT_EQ(0, vnet_tap_hdr_size(&self->tap, HASH_HDR));
	ASSERT_EQ(0, vnet_tap_up(&self->tap));
	vnet_conf_init(&self->conf, BOTH, 4);

	/* Another key, and each queue another one */
	self->conf2 = self->conf;
	vnet_conf_point(&self->conf2);
	for (i = 0; i < VNET_KEY_SIZE; i++)
		self->conf2.key[i] ^= 0x5a + i;
	for (i = 0; i < 128; i++)
		self->conf2.table[i] = (i / 3 + 1) % 4;

	self->len = tcp_frame(self->frame);
	self->e = vnet_conf_expect(&self->conf, self->frame, self->len, true);
	self->other.packet = -1;
}

FIXTURE_TEARDOWN(path)
{
	vnet_tap_close(&self->tap);
	vnet_tap_close(&self->other);
}

#define EXPECT_HASH(expected, packet) do {				\
	EXPECT_EQ((expected).report, vnet_hdr_report(packet));		\
	EXPECT_EQ((expected).value, vnet_hdr_value(packet));		\
} while (0)

/* tc sets the queue: the hash is reported all the same. */
TEST_F(path, preset_queue)
{
	unsigned int q;

	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	ASSERT_EQ(0, vnet_run("tc qdisc add dev tap0 clsact"));
	for (q = 0; q < 4; q++) {
		ASSERT_EQ(0, vnet_run("tc filter add dev tap0 egress prio 1 matchall action skbedit queue_mapping %u",
				      q));
		ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
		ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
		EXPECT_EQ(q, self->pkt.queue);
		EXPECT_HASH(self->e, &self->pkt);
		ASSERT_EQ(0, vnet_run("tc filter del dev tap0 egress prio 1"));
	}
}

/* The tag of a VLAN device travels beside the packet until it is read. */
TEST_F(path, vlan_device)
{
	unsigned char tagged[VNET_FLOW_MAX_FRAME];
	struct vnet_expect e;
	int vlan;
	size_t i;

	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	ASSERT_EQ(0, vnet_run("ip link add link tap0 name v type vlan proto 802.1ad id 5"));
	ASSERT_EQ(0, vnet_run("ip link set v up"));
	vlan = vnet_packet_socket("v");
	ASSERT_LE(0, vlan);

	for (i = 0; i < vnet_flows_count; i++) {
		self->len = flow_frame(i, self->frame);
		memcpy(tagged, self->frame, 12);
		memcpy(tagged + 12, "\x88\xa8\x00\x05", 4);
		memcpy(tagged + 16, self->frame + 12, self->len - 12);
		e = vnet_conf_expect(&self->conf, tagged, self->len + 4, true);

		ASSERT_EQ(self->len, send(vlan, self->frame, self->len, 0));
		ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
		ASSERT_EQ(self->len + 4, self->pkt.len);
		EXPECT_EQ(0, memcmp(tagged, self->pkt.data, self->len + 4));
		EXPECT_EQ(e.queue, self->pkt.queue);
		EXPECT_HASH(e, &self->pkt);
	}
	close(vlan);
}

/*
 * tc moves the packet to another tap, before or after the first chose a queue.
 * The hash, if any, is made with the other's key.
 */
static void check_redirect(struct __test_metadata *_metadata,
			   FIXTURE_DATA(path) *self, unsigned int queues,
			   const char *hook, bool configured)
{
	struct vnet_expect e = {};

	ASSERT_EQ(0, vnet_tap_create(&self->other, "tap1",
				     IFF_TAP | IFF_VNET_HDR, queues));
	ASSERT_EQ(0, vnet_tap_hdr_size(&self->other, HASH_HDR));
	ASSERT_EQ(0, vnet_tap_up(&self->other));
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	if (configured) {
		ASSERT_EQ(0, ioctl(self->other.fds[0], TUNSETVNETHASH,
				   &self->conf2.arg));
		e = vnet_conf_expect(&self->conf2, self->frame, self->len,
				     true);
	}
	ASSERT_EQ(0, vnet_run("tc qdisc add dev tap0 %s", hook[0] == 'e' ?
			      "clsact" : "root handle 1: prio"));
	ASSERT_EQ(0, vnet_run("tc filter add dev tap0 %s matchall action mirred egress redirect dev tap1",
			      hook));

	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(1, vnet_tap_recv(&self->other, &self->pkt, TIMEOUT));
	EXPECT_HASH(e, &self->pkt);
	if (configured) {
		EXPECT_EQ(e.queue % queues, self->pkt.queue);
	}
	EXPECT_EQ(0, vnet_tap_recv(&self->tap, &self->pkt, QUIET));
}

#define BEFORE_QUEUE	"egress"
#define AFTER_QUEUE	"parent 1:"

TEST_F(path, redirect_before_to_one_queue)
{
	check_redirect(_metadata, self, 1, BEFORE_QUEUE, true);
}

TEST_F(path, redirect_after_to_one_queue)
{
	check_redirect(_metadata, self, 1, AFTER_QUEUE, true);
}

TEST_F(path, redirect_after_to_four_queues)
{
	check_redirect(_metadata, self, 4, AFTER_QUEUE, true);
}

TEST_F(path, redirect_after_to_one_queue_off)
{
	check_redirect(_metadata, self, 1, AFTER_QUEUE, false);
}

TEST_F(path, redirect_after_to_four_queues_off)
{
	check_redirect(_metadata, self, 4, AFTER_QUEUE, false);
}

/* A copy for each: both hashes are right. */
TEST_F(path, mirror)
{
	struct vnet_expect e;

	ASSERT_EQ(0, vnet_tap_create(&self->other, "tap1",
				     IFF_TAP | IFF_VNET_HDR, 1));
	ASSERT_EQ(0, vnet_tap_hdr_size(&self->other, HASH_HDR));
	ASSERT_EQ(0, vnet_tap_up(&self->other));
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	ASSERT_EQ(0, ioctl(self->other.fds[0], TUNSETVNETHASH,
			   &self->conf2.arg));
	ASSERT_EQ(0, vnet_run("tc qdisc add dev tap0 root handle 1: prio"));
	ASSERT_EQ(0, vnet_run("tc filter add dev tap0 parent 1: matchall action mirred %s",
			      "egress mirror dev tap1"));

	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	EXPECT_HASH(self->e, &self->pkt);
	EXPECT_EQ(self->e.queue, self->pkt.queue);
	ASSERT_EQ(1, vnet_tap_recv(&self->other, &self->pkt, TIMEOUT));
	e = vnet_conf_expect(&self->conf2, self->frame, self->len, true);
	EXPECT_HASH(e, &self->pkt);
}

/*
 * A packet waits in a qdisc while the configuration changes.  Hash and queue
 * stay those of the configuration that chose the queue, unless nothing is to be
 * reported any more.
 */
static void change_while_waiting(struct __test_metadata *_metadata,
				 FIXTURE_DATA(path) *self,
				 const struct tun_vnet_hash *then)
{
	struct vnet_expect e = {};

	if (then->flags & TUN_VNET_HASH_REPORT)
		e = self->e;
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	/* The bucket is good for one packet, the next waits for 0.5 s. */
	ASSERT_EQ(0, vnet_run("tc qdisc add dev tap0 root tbf rate 3kbit burst 200 latency 20s"));
	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	EXPECT_HASH(self->e, &self->pkt);

	ASSERT_EQ(0, vnet_tap_recv(&self->tap, &self->pkt, QUIET));
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, then));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, 10 * TIMEOUT));
	EXPECT_HASH(e, &self->pkt);
	EXPECT_EQ(self->e.queue, self->pkt.queue);
}

TEST_F(path, key_changes_while_waiting)
{
	change_while_waiting(_metadata, self, &self->conf2.arg);
}

TEST_F(path, off_while_waiting)
{
	change_while_waiting(_metadata, self, &zero_arg);
}

/* That another device is on makes no difference. */
TEST_F(path, off_while_waiting_other_on)
{
	ASSERT_EQ(0, vnet_tap_create(&self->other, "tap1",
				     IFF_TAP | IFF_VNET_HDR, 1));
	ASSERT_EQ(0, ioctl(self->other.fds[0], TUNSETVNETHASH,
			   &self->conf2.arg));
	change_while_waiting(_metadata, self, &zero_arg);
}

TEST_F(path, report_off_while_waiting)
{
	self->conf2.arg.flags = TUN_VNET_HASH_RSS;
	change_while_waiting(_metadata, self, &self->conf2.arg);
}

/* A packet that waits in the ring was hashed, or not, when it got there. */
TEST_F(path, on_while_in_ring)
{
	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	EXPECT_TRUE(zeroes(self->pkt.hdr + 12, 8));
}

TEST_F(path, changed_while_in_ring)
{
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &zero_arg));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	EXPECT_HASH(self->e, &self->pkt);
	EXPECT_EQ(self->e.queue, self->pkt.queue);
}

/* The last queue moves into the hole that a detached one leaves. */
TEST_F(path, detach_fills_the_hole)
{
	struct ifreq detach = { .ifr_flags = IFF_DETACH_QUEUE };
	struct ifreq attach = { .ifr_flags = IFF_ATTACH_QUEUE };
	/* Queues by position in the device, after 1 has gone */
	static const unsigned int left[] = { 0, 3, 2 };
	struct vnet_expect e = self->e;
	size_t i;

	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	ASSERT_EQ(0, ioctl(self->tap.fds[1], TUNSETQUEUE, &detach));
	for (i = 0; i < vnet_flows_count; i++) {
		self->len = flow_frame(i, self->frame);
		e = vnet_conf_expect(&self->conf, self->frame, self->len, true);
		ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
		ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
		EXPECT_EQ(left[e.queue % 3], self->pkt.queue);
		EXPECT_HASH(e, &self->pkt);
	}
	ASSERT_EQ(0, ioctl(self->tap.fds[1], TUNSETQUEUE, &attach));
	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	EXPECT_HASH(e, &self->pkt);
}

/* Segmentation comes between the choice of a queue and the ring. */
TEST_F(path, gso_segments)
{
	static const struct {
		enum vnet_l3 l3;
		enum vnet_l4 l4;
		__u8 type;
	} cases[] = {
		{ VNET_L3_IPV4, VNET_L4_TCP, VIRTIO_NET_HDR_GSO_TCPV4 },
		{ VNET_L3_IPV6, VNET_L4_TCP, VIRTIO_NET_HDR_GSO_TCPV6 },
		{ VNET_L3_IPV4, VNET_L4_UDP, VIRTIO_NET_HDR_GSO_UDP_L4 },
		{ VNET_L3_IPV6, VNET_L4_UDP, VIRTIO_NET_HDR_GSO_UDP_L4 },
	};
	unsigned char buf[sizeof(struct virtio_net_hdr) + VNET_FLOW_MAX_FRAME];
	struct virtio_net_hdr *hdr = (struct virtio_net_hdr *)buf;
	unsigned int i, l4, l4_len, segments;
	int on = 1;

	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	ASSERT_EQ(0, setsockopt(self->tap.packet, SOL_PACKET, PACKET_VNET_HDR,
				&on, sizeof(on)));

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vnet_flow flow = {
			.id = 1, .l3 = cases[i].l3, .l4 = cases[i].l4,
			.src = { 192, 0, 2, 1, 5 }, .dst = { 198, 51, 100, 2 },
			.sport = 1234, .dport = 80, .payload = 1192,
		};
		bool tcp = flow.l4 == VNET_L4_TCP;

		self->len = vnet_flow_build(&flow, self->frame,
					    sizeof(self->frame));
		self->e = vnet_conf_expect(&self->conf, self->frame, self->len,
					   true);
		l4 = flow.l3 == VNET_L3_IPV4 ? 34 : 54;
		l4_len = tcp ? 20 : 8;
		memset(hdr, 0, sizeof(*hdr));
		hdr->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		hdr->gso_type = cases[i].type;
		hdr->gso_size = 300;
		hdr->hdr_len = l4 + l4_len;
		hdr->csum_start = l4;
		hdr->csum_offset = tcp ? 16 : 6;
		memcpy(buf + sizeof(*hdr), self->frame, self->len);
		ASSERT_EQ(sizeof(*hdr) + self->len,
			  send(self->tap.packet, buf, sizeof(*hdr) + self->len,
			       0));

		for (segments = 0;
		     vnet_tap_recv(&self->tap, &self->pkt,
				   segments < 4 ? TIMEOUT : QUIET) == 1;
		     segments++) {
			EXPECT_HASH(self->e, &self->pkt);
			EXPECT_EQ(self->e.queue, self->pkt.queue);
			EXPECT_GT(self->len, self->pkt.len);
		}
		EXPECT_EQ(4, segments);
	}
}

/* The device goes to another namespace and takes its configuration along. */
TEST_F(path, other_namespace)
{
	struct vnet_conf got;
	int ready[2], go[2], status;
	pid_t pid;
	char c;

	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, pipe(go));

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (vnet_new_netns() || write(ready[1], "", 1) != 1 ||
		    read(go[0], &c, 1) != 1 || vnet_tap_up(&self->tap) ||
		    vnet_tap_send(&self->tap, self->frame, self->len))
			_exit(1);
		_exit(0);
	}
	ASSERT_EQ(1, read(ready[0], &c, 1));
	ASSERT_EQ(0, vnet_run("ip link set dev tap0 netns %d", pid));
	ASSERT_EQ(1, write(go[1], "", 1));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	EXPECT_HASH(self->e, &self->pkt);
	EXPECT_EQ(self->e.queue, self->pkt.queue);
	ASSERT_EQ(0, vnet_conf_get(self->tap.fds[0], &got));
	EXPECT_TRUE(vnet_conf_equal(&self->conf, &got));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* What others do while packets flow */

#define LOAD_SECONDS	10
#define LOAD_FLOWS	32

struct load {
	struct vnet_tap *tap;
	struct vnet_conf *confs[2];
	atomic_bool stop;
	unsigned long sent, received, sets, matched[3];
	unsigned char frames[LOAD_FLOWS][VNET_FLOW_MAX_FRAME];
	size_t lens[LOAD_FLOWS];
	struct vnet_expect expect[2][LOAD_FLOWS];
	bool with_off;
};

static void *load_send(void *arg)
{
	struct load *load = arg;

	while (!load->stop) {
		unsigned int i = load->sent % LOAD_FLOWS;

		/* A full ring is no error. */
		if (!vnet_tap_send(load->tap, load->frames[i], load->lens[i]))
			load->sent++;
		else
			sched_yield();
	}
	return NULL;
}

static void *load_set(void *arg)
{
	struct load *load = arg;
	unsigned int n = load->with_off ? 3 : 2;

	while (!load->stop) {
		unsigned int i = load->sets % n;

		if (ioctl(load->tap->fds[0], TUNSETVNETHASH,
			  i == 2 ? &zero_arg : &load->confs[i]->arg))
			abort();
		load->sets++;
	}
	return NULL;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void load_init(struct load *load, struct vnet_tap *tap,
		      struct vnet_conf *a, struct vnet_conf *b)
{
	unsigned int i;

	memset(load, 0, sizeof(*load));
	load->tap = tap;
	load->confs[0] = a;
	load->confs[1] = b;
	for (i = 0; i < LOAD_FLOWS; i++) {
		struct vnet_flow flow = {
			.id = i, .l3 = i % 2 ? VNET_L3_IPV4 : VNET_L3_IPV6,
			.l4 = i % 3 ? VNET_L4_TCP : VNET_L4_UDP,
			.src = { 192, 0, 2, i, i, 7 },
			.dst = { 198, 51, 100, 7 * i },
			.sport = 1000 + i, .dport = 80, .payload = 40,
		};

		load->lens[i] = vnet_flow_build(&flow, load->frames[i],
						VNET_FLOW_MAX_FRAME);
		load->expect[0][i] = vnet_conf_expect(a, load->frames[i],
						      load->lens[i], true);
		load->expect[1][i] = vnet_conf_expect(b, load->frames[i],
						      load->lens[i], true);
	}
}

/*
 * Which configuration a packet is of: 0, 1, 2 for none, -1 for a mixture.  The
 * queue of a packet that waited while hashing was turned on or off was chosen
 * otherwise, so it is compared only when hashing stays on.
 */
static int load_match(const struct load *load, const struct vnet_packet *pkt,
		      bool check_queue)
{
	unsigned int i;
	uint32_t id;

	if (!vnet_flow_trailer(pkt->data, pkt->len, &id) || id >= LOAD_FLOWS)
		return -1;

	for (i = 0; i < 2; i++) {
		const struct vnet_expect *e = &load->expect[i][id];

		if (vnet_hdr_value(pkt) == e->value &&
		    vnet_hdr_report(pkt) == e->report &&
		    (!check_queue || pkt->queue == e->queue))
			return i;
	}
	return load->with_off && zeroes(pkt->hdr + 12, 8) ? 2 : -1;
}

static void set_under_traffic(struct __test_metadata *_metadata,
			      FIXTURE_DATA(path) *self, bool with_off)
{
	pthread_t sender, setter;
	unsigned int bad = 0;
	struct load *load;
	double end;
	int match;

	load = malloc(sizeof(*load));
	ASSERT_NE(NULL, load);
	load_init(load, &self->tap, &self->conf, &self->conf2);
	load->with_off = with_off;
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));

	ASSERT_EQ(0, pthread_create(&sender, NULL, load_send, load));
	ASSERT_EQ(0, pthread_create(&setter, NULL, load_set, load));
	for (end = now() + LOAD_SECONDS; now() < end;) {
		if (vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT) != 1)
			continue;
		match = load_match(load, &self->pkt, !with_off);
		load->received++;
		if (match >= 0) {
			load->matched[match]++;
		} else if (bad++ < 5) {
			TH_LOG("queue %u, hash %08x, report %u is of no configuration",
			       self->pkt.queue, vnet_hdr_value(&self->pkt),
			       vnet_hdr_report(&self->pkt));
		}
	}
	load->stop = true;
	pthread_join(sender, NULL);
	pthread_join(setter, NULL);

	TH_LOG("%lu sent, %lu received, %lu configurations set; %lu by the first, %lu by the second, %lu by none",
	       load->sent, load->received, load->sets, load->matched[0],
	       load->matched[1], load->matched[2]);
	EXPECT_EQ(0, bad);
	EXPECT_LT(100, load->sets);
	EXPECT_LT(100, load->matched[0]);
	EXPECT_LT(100, load->matched[1]);
	if (with_off) {
		EXPECT_LT(100, load->matched[2]);
	}
	free(load);
}

TEST_F_TIMEOUT(path, set_under_traffic, 120)
{
	set_under_traffic(_metadata, self, false);
}

TEST_F_TIMEOUT(path, off_and_on_under_traffic, 120)
{
	set_under_traffic(_metadata, self, true);
}

static void *load_queues(void *arg)
{
	struct ifreq detach = { .ifr_flags = IFF_DETACH_QUEUE };
	struct ifreq attach = { .ifr_flags = IFF_ATTACH_QUEUE };
	struct load *load = arg;

	while (!load->stop) {
		unsigned int q = 1 + load->sets % 3;

		if (ioctl(load->tap->fds[q], TUNSETQUEUE, &detach) ||
		    ioctl(load->tap->fds[q], TUNSETQUEUE, &attach))
			abort();
		load->sets++;
	}
	return NULL;
}

/* Queues come and go: the queue is one of those left, the hash stays right. */
TEST_F_TIMEOUT(path, queues_change_under_traffic, 120)
{
	pthread_t sender, changer;
	unsigned int bad = 0;
	struct load *load;
	double end;

	load = malloc(sizeof(*load));
	ASSERT_NE(NULL, load);
	load_init(load, &self->tap, &self->conf, &self->conf);
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));

	ASSERT_EQ(0, pthread_create(&sender, NULL, load_send, load));
	ASSERT_EQ(0, pthread_create(&changer, NULL, load_queues, load));
	for (end = now() + LOAD_SECONDS; now() < end;) {
		if (vnet_tap_recv(&self->tap, &self->pkt, 10) != 1)
			continue;
		load->received++;
		bad += load_match(load, &self->pkt, false) < 0;
	}
	load->stop = true;
	pthread_join(sender, NULL);
	pthread_join(changer, NULL);
	TH_LOG("%lu sent, %lu received, %lu times a queue went and came",
	       load->sent, load->received, load->sets);
	EXPECT_EQ(0, bad);
	EXPECT_LT(100, load->received);
	EXPECT_LT(10, load->sets);
	free(load);
}

/* The device goes away while it is configured and packets flow. */
TEST_F_TIMEOUT(path, deleted_under_traffic, 120)
{
	struct vnet_conf *confs[] = { &self->conf, &self->conf2 };
	unsigned int round, i;
	pid_t pid;

	for (round = 0; round < 5; round++) {
		if (round) {
			vnet_tap_close(&self->tap);
			ASSERT_EQ(0, vnet_tap_create(&self->tap, "tap0",
						     IFF_TAP | IFF_VNET_HDR, 4));
			ASSERT_EQ(0, vnet_tap_hdr_size(&self->tap, HASH_HDR));
			ASSERT_EQ(0, vnet_tap_up(&self->tap));
		}
		ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH,
				   &self->conf.arg));
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			for (;;)
				vnet_tap_send(&self->tap, self->frame,
					      self->len);
		}
		for (i = 0; i < 200; i++) {
			if (i == 100) {
				ASSERT_EQ(0, vnet_run("ip link del tap0"));
			}
			EXPECT_EQ(i < 100 ? 0 : -1,
				  ioctl(self->tap.fds[0], TUNSETVNETHASH,
					&confs[i % 2]->arg));
			if (i >= 100) {
				EXPECT_EQ(EBADFD, errno);
			} else {
				vnet_tap_recv(&self->tap, &self->pkt, 0);
			}
		}
		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	}
}

TEST_HARNESS_MAIN
