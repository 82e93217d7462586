/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Packets through the receive hash of a device of any kind: queue, value and
 * type of each, compared with an implementation of its own (vnet_hash_ref.c).
 *
 * For inclusion by a program that defines the variable "device", the enum
 * vnet_kind that it tests, and adds variants of the fixture "traffic" and what
 * holds for that kind alone.
 */
#ifndef VNET_TRAFFIC_TESTS_H
#define VNET_TRAFFIC_TESTS_H

#include "vnet_traffic.h"

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
	ASSERT_EQ(0, create(&self->tap, "tap0", IFF_TAP, 1, variant->size));
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

FIXTURE_SETUP(traffic)
{
	ASSERT_EQ(0, vnet_new_netns());
	ASSERT_EQ(0, create(&self->tap, "tap0", variant->type, variant->queues,
			    HASH_HDR));
	vnet_conf_init(&self->conf, BOTH, variant->queues);
}

FIXTURE_TEARDOWN(traffic)
{
	vnet_tap_close(&self->tap);
}

/* Every flow of the demo with every set of types: each priority rule. */
TEST_F(traffic, every_set_of_types)
{
	unsigned int bad = 0, seen = 0, step = every(5);
	__u32 types;
	size_t i;

	for (types = 0; types <= VNET_ALL_TYPES && bad < 5; types++) {
		self->conf.arg.hash_types = types;
		ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH,
				   &self->conf.arg));
		/* Not every flow with each set: a few, others each time. */
		for (i = types % step; i < vnet_flows_count && bad < 5;
		     i += step) {
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

TEST_F(traffic, random_packets)
{
	unsigned int bad = 0, n, step = every(1);
	uint64_t seed = 20261120;

	for (n = 0; n < RANDOM_PACKETS && bad < 5; n += step) {
		if (n % 100 == 0) {
			self->conf.key[n / 100 % VNET_KEY_SIZE] ^= 0x5a;
			self->conf.arg.hash_types = n % 1000 ? VNET_ALL_TYPES :
						    n * 7919 & VNET_ALL_TYPES;
			ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH,
					   &self->conf.arg));
		}
		self->len = random_frame(&self->tap, &seed, n, self->frame);
		if (self->len)
			bad += !check_one(_metadata, &self->tap, &self->conf,
					  self->frame, self->len, &self->pkt);
	}
	EXPECT_EQ(0, bad);
}

/* Cut at each length: what is out of reach is not hashed. */
static inline void check_truncated(struct __test_metadata *_metadata,
				   FIXTURE_DATA(traffic) *self)
{
	unsigned int bad = 0, step = every(3);
	size_t i, len, least;

	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	for (i = 0; i < vnet_flows_count && bad < 5; i += step) {
		self->len = frame_for(&self->tap, &vnet_flows[i], self->frame);
		least = self->tap.flags & IFF_TAP ? ETH_HLEN : 1;
		/* On receive, a tag that is not whole is the packet's end. */
		if (device != VNET_TUN && vnet_flows[i].vlan[0])
			least = ETH_HLEN + 6;
		for (len = least; len < self->len && len < 160 && bad < 5; len++)
			bad += !check_one(_metadata, &self->tap, &self->conf,
					  self->frame, len, &self->pkt);
	}
	EXPECT_EQ(0, bad);
}

/* Entries beyond the attached queues are taken modulo. */
TEST_F(traffic, entries_modulo_queues)
{
	size_t i;

	for (i = 0; i < 128; i++)
		self->conf.table[i] = 255 - i;
	self->conf.arg.unclassified_queue = 254;
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	check_flows(_metadata, &self->tap, &self->conf, self->frame, &self->pkt);
}

/* RSS without a report: the queue is right, the header says nothing. */
TEST_F(traffic, rss_only)
{
	self->conf.arg.flags = TUN_VNET_HASH_RSS;
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	check_flows(_metadata, &self->tap, &self->conf, self->frame, &self->pkt);
}

/* A report without RSS: queueing is automatic. */
TEST_F(traffic, report_only)
{
	self->conf.arg.flags = TUN_VNET_HASH_REPORT;
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	check_flows(_metadata, &self->tap, &self->conf, self->frame, &self->pkt);
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
	ASSERT_EQ(0, vnet_new_netns());
	ASSERT_EQ(0, create(&self->tap, "tap0", IFF_TAP, 4, HASH_HDR));
	vnet_conf_init(&self->conf, BOTH, 4);
	vnet_conf_init_other(&self->conf2, &self->conf);

	self->len = tcp_frame(self->frame);
	self->e = vnet_conf_expect(&self->conf, self->frame, self->len, true);
	self->other.packet = -1;
}

FIXTURE_TEARDOWN(path)
{
	vnet_tap_close(&self->tap);
	vnet_tap_close(&self->other);
}

/* A packet that waits in the ring was hashed, or not, when it got there. */
TEST_F(path, on_while_in_ring)
{
	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(1, vnet_tap_wait(&self->tap, TIMEOUT));
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	EXPECT_TRUE(zeroes(self->pkt.hdr + 12, 8));
}

TEST_F(path, changed_while_in_ring)
{
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(1, vnet_tap_wait(&self->tap, TIMEOUT));
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf2.arg));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	EXPECT_HASH(self->e, &self->pkt);
	EXPECT_EQ(self->e.queue, self->pkt.queue);
}

/* When no device is on any more, that may be forgotten, but not in part. */
TEST_F(path, off_while_in_ring)
{
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(1, vnet_tap_wait(&self->tap, TIMEOUT));
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &zero_arg));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	EXPECT_EQ(self->e.queue, self->pkt.queue);
	if (!zeroes(self->pkt.hdr + 12, 8)) {
		EXPECT_HASH(self->e, &self->pkt);
	}
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
		self->len = frame_for(&self->tap, &vnet_flows[i], self->frame);
		if (!self->len)
			continue;
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

/* Somebody listens: the packet that is hashed has a clone. */
TEST_F(path, cloned)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = if_nametoindex("tap0"),
	};
	unsigned char heard[VNET_FLOW_MAX_FRAME];
	ssize_t len;
	int fd;

	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, bind(fd, (struct sockaddr *)&addr, sizeof(addr)));

	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	EXPECT_HASH(self->e, &self->pkt);
	EXPECT_EQ(self->e.queue, self->pkt.queue);
	/* The host may have spoken, too. */
	do {
		len = recv(fd, heard, sizeof(heard), 0);
	} while (len > 0 && (len != (ssize_t)self->len ||
			     memcmp(self->frame, heard, len)));
	EXPECT_EQ(self->len, len);
	close(fd);
}

/*
 * Frames so long that a packet socket leaves all but the link layer header in
 * pages: what is hashed lies outside of the linear part.
 */
TEST_F(path, paged)
{
	const struct virtio_net_hdr hdr = {};
	unsigned char frame[JUMBO + 200];
	struct vnet_flow flow;
	struct vnet_expect e;
	unsigned int bad = 0;
	size_t i, len;

	ASSERT_EQ(0, vnet_tap_mtu(&self->tap, sizeof(frame)));
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	for (i = 0; i < vnet_flows_count && bad < 5; i++) {
		flow = vnet_flows[i];
		if (!frame_for(&self->tap, &flow, self->frame))
			continue;
		flow.payload = JUMBO - 400;
		len = vnet_flow_build(&flow, frame, sizeof(frame));
		ASSERT_LT(JUMBO - 400, len);
		e = vnet_conf_expect(&self->conf, frame, len, true);
		ASSERT_TRUE(send_vnet(&self->tap, &hdr, frame, len));
		ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
		bad += len != self->pkt.len ||
		       memcmp(frame, self->pkt.data, len) ||
		       e.value != vnet_hdr_value(&self->pkt) ||
		       e.report != vnet_hdr_report(&self->pkt) ||
		       e.queue != self->pkt.queue;
	}
	EXPECT_EQ(0, bad);
}

/* Packets of more than one segment */

FIXTURE(gso)
{
	struct vnet_tap tap;
	struct vnet_conf conf;
	struct vnet_packet pkt;
	struct vnet_expect e;
	struct vnet_flow flow;
	struct virtio_net_hdr hdr;
	unsigned char frame[UINT16_MAX];
	size_t len;
};

FIXTURE_VARIANT(gso)
{
	enum vnet_l3 l3;
	enum vnet_l4 l4;
	__u8 type;
};

FIXTURE_VARIANT_ADD(gso, tcpv4)
{
	.l3 = VNET_L3_IPV4,
	.l4 = VNET_L4_TCP,
	.type = VIRTIO_NET_HDR_GSO_TCPV4,
};

FIXTURE_VARIANT_ADD(gso, tcpv6)
{
	.l3 = VNET_L3_IPV6,
	.l4 = VNET_L4_TCP,
	.type = VIRTIO_NET_HDR_GSO_TCPV6,
};

FIXTURE_VARIANT_ADD(gso, udpv4)
{
	.l3 = VNET_L3_IPV4,
	.l4 = VNET_L4_UDP,
	.type = VIRTIO_NET_HDR_GSO_UDP_L4,
};

FIXTURE_VARIANT_ADD(gso, udpv6)
{
	.l3 = VNET_L3_IPV6,
	.l4 = VNET_L4_UDP,
	.type = VIRTIO_NET_HDR_GSO_UDP_L4,
};

FIXTURE_SETUP(gso)
{
	bool ipv4 = variant->l3 == VNET_L3_IPV4;
	bool tcp = variant->l4 == VNET_L4_TCP;
	unsigned int l4 = ETH_HLEN + (ipv4 ? 20 : 40);

	ASSERT_EQ(0, vnet_new_netns());
	ASSERT_EQ(0, create(&self->tap, "tap0", IFF_TAP, 4, HASH_HDR));
	vnet_conf_init(&self->conf, BOTH, 4);
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));

	self->flow = ipv4 ? (struct vnet_flow) {
		.src = { 192, 0, 2, 1 }, .dst = VNET_FLOW_DST4,
	} : (struct vnet_flow) {
		.src = { 0x20, 1, [15] = 9 }, .dst = VNET_FLOW_DST6,
	};
	self->flow.id = 1;
	self->flow.l3 = variant->l3;
	self->flow.l4 = variant->l4;
	self->flow.sport = 1234;
	self->flow.dport = 80;

	self->hdr.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	self->hdr.gso_type = variant->type;
	self->hdr.hdr_len = l4 + (tcp ? 20 : 8);
	self->hdr.csum_start = l4;
	self->hdr.csum_offset = tcp ? 16 : 6;
}

FIXTURE_TEARDOWN(gso)
{
	vnet_tap_close(&self->tap);
}

/* A packet of @segments times @size bytes */
static void send_gso(struct __test_metadata *_metadata, FIXTURE_DATA(gso) *self,
		     unsigned int segments, unsigned int size)
{
	self->flow.payload = segments * size - VNET_FLOW_TRAILER;
	self->len = vnet_flow_build(&self->flow, self->frame,
				    sizeof(self->frame));
	ASSERT_LT(segments * size, self->len);
	self->e = vnet_conf_expect(&self->conf, self->frame, self->len, true);
	self->hdr.gso_size = size;
	ASSERT_TRUE(send_vnet(&self->tap, &self->hdr, self->frame, self->len));
}

/* Segmentation comes between the choice of a queue and the ring. */
static void check_segments(struct __test_metadata *_metadata,
			   FIXTURE_DATA(gso) *self, unsigned int segments,
			   unsigned int size)
{
	unsigned int n;

	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETOFFLOAD, 0));
	send_gso(_metadata, self, segments, size);
	for (n = 0; vnet_tap_recv(&self->tap, &self->pkt,
				  n < segments ? TIMEOUT : QUIET) == 1; n++) {
		EXPECT_HASH(self->e, &self->pkt);
		EXPECT_EQ(self->e.queue, self->pkt.queue);
		EXPECT_EQ(self->hdr.hdr_len + size, self->pkt.len);
	}
	EXPECT_EQ(segments, n);
}

TEST_F(gso, segments)
{
	check_segments(_metadata, self, 4, 300);
}

TEST_F(gso, segments_of_64k)
{
	check_segments(_metadata, self, 45, 1400);
}

/* Whoever reads takes it as it is. */
static void check_whole(struct __test_metadata *_metadata,
			FIXTURE_DATA(gso) *self, unsigned int segments,
			unsigned int size)
{
	struct virtio_net_hdr hdr;

	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETOFFLOAD, TUN_F_CSUM |
			   TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_USO4 | TUN_F_USO6));
	send_gso(_metadata, self, segments, size);
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	EXPECT_HASH(self->e, &self->pkt);
	EXPECT_EQ(self->e.queue, self->pkt.queue);
	EXPECT_EQ(self->len, self->pkt.len);
	memcpy(&hdr, self->pkt.hdr, sizeof(hdr));
	EXPECT_EQ(self->hdr.gso_type, hdr.gso_type);
	EXPECT_EQ(size, hdr.gso_size);
	EXPECT_EQ(0, vnet_tap_recv(&self->tap, &self->pkt, QUIET));
}

TEST_F(gso, whole)
{
	check_whole(_metadata, self, 4, 300);
}

TEST_F(gso, whole_of_64k)
{
	check_whole(_metadata, self, 45, 1400);
}

FIXTURE(big_tcp)
{
	struct vnet_tap tap;
	struct vnet_conf conf;
	struct vnet_packet pkt;
};

FIXTURE_SETUP(big_tcp)
{
	ASSERT_EQ(0, vnet_new_netns());
	ASSERT_EQ(0, create(&self->tap, "tap0", IFF_TAP, 4, HASH_HDR));
	vnet_conf_init(&self->conf, BOTH, 4);
}

FIXTURE_TEARDOWN(big_tcp)
{
	vnet_tap_close(&self->tap);
}

/* With types by which an extension header would lead to another queue */
TEST_F(big_tcp, queue)
{
	self->conf.arg.hash_types = VIRTIO_NET_RSS_HASH_TYPE_TCPv6 |
				    VIRTIO_NET_RSS_HASH_TYPE_IP_EX;
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	check_big_tcp(_metadata, &self->tap, &self->conf, &self->pkt);
}

/* With all types, where it would be another report */
TEST_F(big_tcp, report)
{
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	check_big_tcp(_metadata, &self->tap, &self->conf, &self->pkt);
}

/* What others do while packets flow */

#define LOAD_SECONDS	3
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
	static const unsigned char dst4[16] = VNET_FLOW_DST4;
	static const unsigned char dst6[16] = VNET_FLOW_DST6;
	unsigned int i;

	memset(load, 0, sizeof(*load));
	load->tap = tap;
	/* What nobody reads any more must not make the sender wait. */
	fcntl(tap->packet, F_SETFL, O_NONBLOCK);
	load->confs[0] = a;
	load->confs[1] = b;
	for (i = 0; i < LOAD_FLOWS; i++) {
		struct vnet_flow flow = {
			.id = i, .l3 = i % 2 ? VNET_L3_IPV4 : VNET_L3_IPV6,
			.l4 = i % 3 ? VNET_L4_TCP : VNET_L4_UDP,
			.src = { 192, 0, 2, i, i, 7 },
			.sport = 1000 + i, .dport = 80, .payload = 40,
		};

		memcpy(flow.dst, flow.l3 == VNET_L3_IPV4 ? dst4 : dst6, 16);

		load->lens[i] = vnet_flow_build(&flow, load->frames[i],
						VNET_FLOW_MAX_FRAME);
		load->expect[0][i] = vnet_conf_expect(a, load->frames[i],
						      load->lens[i], true);
		load->expect[1][i] = vnet_conf_expect(b, load->frames[i],
						      load->lens[i], true);
	}
}

/* Which queue a packet may be on */
enum load_queue {
	LOAD_QUEUE_SAME,	/* the one by the configuration of its hash */
	LOAD_QUEUE_EITHER,	/* or the one by the other */
	LOAD_QUEUE_ANY,
};

/* Which configuration a packet is of: 0, 1, 2 for none, -1 for a mixture. */
static int load_match(const struct load *load, const struct vnet_packet *pkt,
		      enum load_queue queue)
{
	unsigned int i;
	uint32_t id;

	if (!vnet_flow_trailer(pkt->data, pkt->len, &id) || id >= LOAD_FLOWS)
		return -1;

	for (i = 0; i < 2; i++) {
		const struct vnet_expect *e = &load->expect[i][id];
		const struct vnet_expect *other = &load->expect[!i][id];

		if (vnet_hdr_value(pkt) == e->value &&
		    vnet_hdr_report(pkt) == e->report &&
		    (queue == LOAD_QUEUE_ANY || pkt->queue == e->queue ||
		     (queue == LOAD_QUEUE_EITHER &&
		      pkt->queue == other->queue)))
			return i;
	}
	return load->with_off && zeroes(pkt->hdr + 12, 8) ? 2 : -1;
}

/* Have there been enough packets of each configuration? */
static bool load_enough(const struct load *load)
{
	return load->sets > 100 && load->matched[0] > 100 &&
	       load->matched[1] > 100 &&
	       (!load->with_off || load->matched[2] > 100);
}

/*
 * Value and type are always of one configuration.  On a tun device the queue is
 * chosen earlier, so by the same configuration or by the one before, or not by
 * any.  On a macvtap all comes from one.
 */
static void set_under_traffic(struct __test_metadata *_metadata,
			      FIXTURE_DATA(path) *self, bool with_off)
{
	enum load_queue queue = LOAD_QUEUE_SAME;
	pthread_t sender, setter;
	unsigned int bad = 0;
	struct load *load;
	double end;
	int match;

	load = malloc(sizeof(*load));
	ASSERT_NE(NULL, load);
	load_init(load, &self->tap, &self->conf, &self->conf2);
	load->with_off = with_off;
	if (device == VNET_TUN)
		queue = with_off ? LOAD_QUEUE_ANY : LOAD_QUEUE_EITHER;
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));

	ASSERT_EQ(0, pthread_create(&sender, NULL, load_send, load));
	ASSERT_EQ(0, pthread_create(&setter, NULL, load_set, load));
	end = now() + LOAD_SECONDS;
	/* A slow machine takes longer, but not for ever. */
	while (now() < end ||
	       (!load_enough(load) && now() < end + 10 * LOAD_SECONDS)) {
		if (vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT) != 1)
			continue;
		match = load_match(load, &self->pkt, queue);
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
	EXPECT_TRUE(load_enough(load));
	free(load);
}

TEST_F(path, set_under_traffic)
{
	set_under_traffic(_metadata, self, false);
}

TEST_F(path, off_and_on_under_traffic)
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
TEST_F(path, queues_change_under_traffic)
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
	end = now() + LOAD_SECONDS;
	while (now() < end ||
	       ((load->received <= 100 || load->sets <= 10) &&
		now() < end + 10 * LOAD_SECONDS)) {
		if (vnet_tap_recv(&self->tap, &self->pkt, 10) != 1)
			continue;
		load->received++;
		bad += load_match(load, &self->pkt, LOAD_QUEUE_ANY) < 0;
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
TEST_F(path, deleted_under_traffic)
{
	struct vnet_conf *confs[] = { &self->conf, &self->conf2 };
	unsigned int round, i;
	char name[IFNAMSIZ];
	pid_t pid;

	for (round = 0; round < 5; round++) {
		snprintf(name, sizeof(name), "tap%u", round);
		if (round) {
			vnet_tap_close(&self->tap);
			ASSERT_EQ(0, create(&self->tap, name, IFF_TAP, 4,
					    HASH_HDR));
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
				ASSERT_EQ(0, vnet_run("ip link del %s", name));
			}
			EXPECT_EQ(i < 100 ? 0 : -1,
				  ioctl(self->tap.fds[0], TUNSETVNETHASH,
					&confs[i % 2]->arg));
			if (i >= 100) {
				EXPECT_EQ(UNATTACHED, errno);
			} else {
				vnet_tap_recv(&self->tap, &self->pkt, 0);
			}
		}
		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	}
}

#endif /* VNET_TRAFFIC_TESTS_H */
