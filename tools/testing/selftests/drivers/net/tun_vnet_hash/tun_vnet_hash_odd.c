// SPDX-License-Identifier: GPL-2.0
/*
 * Packets that are not plain flows through tun's receive hash: tunnels, which are
 * hashed by their outer headers, what has no IP header where one is looked for,
 * and packets on the stack's less usual ways to a device.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include "harness.h"
#include "vnet_flow.h"
#include "vnet_hash_ref.h"
#include "vnet_tap.h"

#define BOTH	(TUN_VNET_HASH_REPORT | TUN_VNET_HASH_RSS)
#define HASH_HDR	((int)sizeof(struct virtio_net_hdr_v1_hash))
#define TIMEOUT	10000	/* milliseconds, for a packet that must come */
#define QUIET	100	/* milliseconds, for one that must not */
#define REPORT(type)	VIRTIO_NET_HASH_REPORT_##type

/* The first byte of a frame behind its Ethernet header */
#define L3	ETH_HLEN

static const struct vnet_flow inner_flows[] = {
	{
		.id = 1, .l3 = VNET_L3_IPV4, .l4 = VNET_L4_TCP,
		.src = { 10, 0, 0, 1 }, .dst = { 10, 0, 0, 2 },
		.sport = 1000, .dport = 80, .payload = 60,
	}, {
		.id = 2, .l3 = VNET_L3_IPV4, .l4 = VNET_L4_UDP,
		.src = { 10, 9, 8, 7 }, .dst = { 10, 6, 5, 4 },
		.sport = 77, .dport = 53, .payload = 20,
	}, {
		.id = 3, .l3 = VNET_L3_IPV6, .l4 = VNET_L4_TCP,
		.src = { 0xfd, 1, [15] = 1 }, .dst = { 0xfd, 1, [15] = 2 },
		.sport = 1000, .dport = 80, .payload = 60,
	}, {
		.id = 4, .l3 = VNET_L3_IPV6, .l4 = VNET_L4_UDP,
		.src = { 0xfd, 9, [15] = 8 }, .dst = { 0xfd, 7, [15] = 6 },
		.sport = 77, .dport = 53, .payload = 20,
	},
};

FIXTURE(odd)
{
	struct vnet_tap tap;
	struct vnet_conf conf;
	struct vnet_packet pkt;
	unsigned char frame[VNET_FLOW_MAX_FRAME];
	size_t len;
	const char *what;
};

FIXTURE_SETUP(odd)
{
	ASSERT_EQ(0, vnet_new_netns());
	ASSERT_EQ(0, vnet_tap_create(&self->tap, "tap0",
				     IFF_TAP | IFF_VNET_HDR, 4));
	ASSERT_EQ(0, vnet_tap_hdr_size(&self->tap, HASH_HDR));
	ASSERT_EQ(0, vnet_tap_up(&self->tap));
	vnet_conf_init(&self->conf, BOTH, 4);
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
	self->len = vnet_flow_build(&inner_flows[0], self->frame,
				    sizeof(self->frame));
	self->what = "packet";
}

FIXTURE_TEARDOWN(odd)
{
	vnet_tap_close(&self->tap);
}

/* The packet that came has the report, and the queue, value and type are right. */
static void expect_packet(struct __test_metadata *_metadata,
			  FIXTURE_DATA(odd) *self, uint16_t report)
{
	struct vnet_packet *pkt = &self->pkt;
	struct vnet_expect e = vnet_conf_expect(&self->conf, pkt->data,
						pkt->len, true);

	ASSERT_EQ(report, e.report) {
		TH_LOG("%s, by the reference", self->what);
	}
	EXPECT_EQ(report, vnet_hdr_report(pkt)) {
		TH_LOG("%s", self->what);
	}
	EXPECT_EQ(e.value, vnet_hdr_value(pkt)) {
		TH_LOG("%s", self->what);
	}
	EXPECT_EQ(e.queue, pkt->queue) {
		TH_LOG("%s", self->what);
	}
}

static void pass(struct __test_metadata *_metadata, FIXTURE_DATA(odd) *self,
		 uint16_t report)
{
	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	ASSERT_EQ(self->len, self->pkt.len);
	ASSERT_EQ(0, memcmp(self->frame, self->pkt.data, self->len));
	expect_packet(_metadata, self, report);
}

/* Tunnels: whatever is inside, the outer headers are hashed */

static const struct tunnel {
	const char *name;
	enum vnet_l3 l3;	/* outside */
	uint16_t port;		/* UDP, to that port; or else */
	uint8_t protocol;	/* that of IP */
	unsigned char hdr[8];	/* between the outer headers and the inner ones */
	size_t hdr_len;
	bool ethernet;		/* inside is a whole frame */
	uint16_t report;
} tunnels[] = {
	{
		.name = "VXLAN over IPv4", .l3 = VNET_L3_IPV4, .port = 4789,
		.hdr = { 8, [6] = 7 }, .hdr_len = 8, .ethernet = true,
		.report = REPORT(UDPv4),
	}, {
		.name = "VXLAN over IPv6", .l3 = VNET_L3_IPV6, .port = 4789,
		.hdr = { 8, [6] = 7 }, .hdr_len = 8, .ethernet = true,
		.report = REPORT(UDPv6),
	}, {
		.name = "GENEVE over IPv4", .l3 = VNET_L3_IPV4, .port = 6081,
		.hdr = { 0, 0, 0x65, 0x58, [6] = 7 }, .hdr_len = 8,
		.ethernet = true, .report = REPORT(UDPv4),
	}, {
		.name = "GENEVE over IPv6", .l3 = VNET_L3_IPV6, .port = 6081,
		.hdr = { 0, 0, 0x65, 0x58, [6] = 7 }, .hdr_len = 8,
		.ethernet = true, .report = REPORT(UDPv6),
	}, {
		.name = "GRE over IPv4", .l3 = VNET_L3_IPV4,
		.protocol = IPPROTO_GRE, .hdr = { 0, 0, 0x65, 0x58 },
		.hdr_len = 4, .ethernet = true, .report = REPORT(IPv4),
	}, {
		.name = "GRE over IPv6", .l3 = VNET_L3_IPV6,
		.protocol = IPPROTO_GRE, .hdr = { 0, 0, 0x65, 0x58 },
		.hdr_len = 4, .ethernet = true, .report = REPORT(IPv6),
	}, {
		.name = "IPv4 in IPv4", .l3 = VNET_L3_IPV4,
		.protocol = IPPROTO_IPIP, .report = REPORT(IPv4),
	}, {
		.name = "IPv6 in IPv4", .l3 = VNET_L3_IPV4,
		.protocol = IPPROTO_IPV6, .report = REPORT(IPv4),
	}, {
		.name = "IPv4 in IPv6", .l3 = VNET_L3_IPV6,
		.protocol = IPPROTO_IPIP, .report = REPORT(IPv6),
	}, {
		.name = "IPv6 in IPv6", .l3 = VNET_L3_IPV6,
		.protocol = IPPROTO_IPV6, .report = REPORT(IPv6),
	},
};

/* What @flow looks like in the tunnel */
static void build_tunnel(FIXTURE_DATA(odd) *self, const struct tunnel *tunnel,
			 const struct vnet_flow *flow)
{
	bool ipv4 = tunnel->l3 == VNET_L3_IPV4;
	unsigned char inner[VNET_FLOW_MAX_FRAME];
	struct vnet_flow outer = ipv4 ? (struct vnet_flow) {
		.src = { 192, 0, 2, 1 }, .dst = VNET_FLOW_DST4,
	} : (struct vnet_flow) {
		.src = { 0x20, 1, [15] = 1 }, .dst = VNET_FLOW_DST6,
	};
	unsigned char *p = self->frame;
	size_t len, skip;

	len = vnet_flow_build(flow, inner, sizeof(inner));
	skip = tunnel->ethernet ? 0 : ETH_HLEN;
	len -= skip;

	/* Room for it, behind 8 bytes of UDP or, for the time being, ESP */
	outer.l3 = tunnel->l3;
	outer.l4 = tunnel->port ? VNET_L4_UDP : VNET_L4_ESP;
	outer.sport = 50000;
	outer.dport = tunnel->port;
	outer.payload = tunnel->hdr_len + len;
	self->len = vnet_flow_build(&outer, p, sizeof(self->frame));

	if (tunnel->protocol)
		p[L3 + (ipv4 ? 9 : 6)] = tunnel->protocol;
	p += L3 + (ipv4 ? 20 : 40);
	if (tunnel->port)
		p += 8;
	memcpy(p, tunnel->hdr, tunnel->hdr_len);
	memcpy(p + tunnel->hdr_len, inner + skip, len);
}

TEST_F(odd, tunnels)
{
	const struct tunnel *tunnel;
	const struct vnet_flow *flow;
	unsigned int n;
	uint32_t first;
	size_t t, i;

	for (t = 0; t < ARRAY_SIZE(tunnels); t++) {
		tunnel = &tunnels[t];
		self->what = tunnel->name;
		for (i = n = first = 0; i < ARRAY_SIZE(inner_flows); i++) {
			flow = &inner_flows[i];
			/* By the protocol it is another one. */
			if ((tunnel->protocol == IPPROTO_IPIP &&
			     flow->l3 != VNET_L3_IPV4) ||
			    (tunnel->protocol == IPPROTO_IPV6 &&
			     flow->l3 != VNET_L3_IPV6))
				continue;
			build_tunnel(self, tunnel, flow);
			pass(_metadata, self, tunnel->report);
			if (!n++)
				first = vnet_hdr_value(&self->pkt);
			EXPECT_EQ(first, vnet_hdr_value(&self->pkt));
		}
		EXPECT_LT(1, n);
	}
}

/* The same from devices that make tunnels, segmented on their way. */
static void segments_in_tunnel(struct __test_metadata *_metadata,
			       FIXTURE_DATA(odd) *self, const char *device,
			       uint16_t report)
{
	struct vnet_flow flow = inner_flows[0];
	struct virtio_net_hdr hdr = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
		.gso_size = 300,
		.hdr_len = L3 + 40,
		.csum_start = L3 + 20,
		.csum_offset = 16,
	};
	struct iovec iov[] = {
		{ .iov_base = &hdr, .iov_len = sizeof(hdr) },
		{ .iov_base = self->frame },
	};
	unsigned int n, queue = 0;
	uint32_t value = 0;
	int fd, on = 1;

	ASSERT_EQ(0, vnet_run("ip -batch - <<END\n"
			      "addr add 192.0.2.1/24 dev tap0\n"
			      "neigh add 192.0.2.2 lladdr 52:54:00:12:34:56 dev tap0\n"
			      "link add tunnel0 mtu 1400 type %s local 192.0.2.1 remote 192.0.2.2 dev tap0\n"
			      "link set tunnel0 up\n"
			      "END\n", device));
	fd = vnet_packet_socket("tunnel0");
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on,
				sizeof(on)));
	flow.payload = 4 * 300 - VNET_FLOW_TRAILER;
	iov[1].iov_len = vnet_flow_build(&flow, self->frame,
					 sizeof(self->frame));
	ASSERT_EQ(sizeof(hdr) + iov[1].iov_len, writev(fd, iov, 2));

	for (n = 0; vnet_tap_recv(&self->tap, &self->pkt,
				  n < 4 ? TIMEOUT : QUIET) == 1; n++) {
		expect_packet(_metadata, self, report);
		EXPECT_GT(600, self->pkt.len);
		if (!n) {
			value = vnet_hdr_value(&self->pkt);
			queue = self->pkt.queue;
		}
		EXPECT_EQ(value, vnet_hdr_value(&self->pkt));
		EXPECT_EQ(queue, self->pkt.queue);
	}
	EXPECT_EQ(4, n);
	close(fd);
}

TEST_F(odd, segments_in_vxlan)
{
	segments_in_tunnel(_metadata, self, "vxlan id 7 dstport 4789",
			   REPORT(UDPv4));
}

TEST_F(odd, segments_in_gretap)
{
	segments_in_tunnel(_metadata, self, "gretap", REPORT(IPv4));
}

/* No IP header behind an Ethernet header and at most two tags: unclassified */

#define FRAME(what, ...)						\
	{								\
		.name = what, .hdr = { __VA_ARGS__ },			\
		.hdr_len = sizeof((char[]) { __VA_ARGS__ }),		\
	}
#define CUT(what, ...)							\
	{								\
		.name = what, .hdr = { __VA_ARGS__ },			\
		.hdr_len = sizeof((char[]) { __VA_ARGS__ }),		\
		.cut = true,						\
	}

static const struct {
	const char *name;
	/*
	 * In the place of the type; an IPv4 header follows, but for the bytes of
	 * it that are given here behind the type.
	 */
	unsigned char hdr[24];
	size_t hdr_len;
	bool cut;	/* or nothing follows at all */
} unclassified[] = {
	FRAME("mpls", 0x88, 0x47, 0, 0x1, 0x1, 64),
	FRAME("mpls stack", 0x88, 0x47, 0, 0x1, 0x0, 64, 0, 0x2, 0x1, 64),
	FRAME("mpls in vlan", 0x81, 0, 0, 5, 0x88, 0x47, 0, 0x1, 0x1, 64),
	FRAME("pppoe session", 0x88, 0x64, 0x11, 0, 0, 7, 0, 62, 0, 0x21),
	FRAME("pppoe discovery", 0x88, 0x63, 0x11, 0x9, 0, 0, 0, 62),
	FRAME("length llc", 0, 100, 0x42, 0x42, 3),
	FRAME("length snap", 0, 100, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0),
	FRAME("length snap in vlan",
	      0x81, 0, 0, 5, 0, 100, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0),
	FRAME("arp", 0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 2),
	FRAME("rarp", 0x80, 0x35, 0, 1, 8, 0, 6, 4, 0, 4),
	FRAME("lldp", 0x88, 0xcc),
	FRAME("macsec", 0x88, 0xe5, 0x20, 0, 0, 0, 0, 1),
	FRAME("mac in mac", 0x88, 0xe7, 0, 0, 0, 1),
	FRAME("old qinq", 0x91, 0, 0, 5, 8, 0),
	FRAME("three tags",
	      0x88, 0xa8, 0, 5, 0x81, 0, 0, 6, 0x81, 0, 0, 7, 8, 0),
	FRAME("ipv6 with version 4", 0x86, 0xdd),
	FRAME("ipv4 with version 6", 0x08, 0x00, 0x65),
	FRAME("ipv4 without length", 0x08, 0x00, 0x44),
	CUT("ipv4 of no length", 0x08, 0x00),
	CUT("ipv6 of no length", 0x86, 0xdd),
	CUT("vlan of no length", 0x81, 0x00),
};

TEST_F(odd, unclassified)
{
	unsigned char plain[VNET_FLOW_MAX_FRAME];
	size_t len, from, i;
	__u16 q;

	len = vnet_flow_build(&inner_flows[0], plain, sizeof(plain));
	for (i = 0; i < ARRAY_SIZE(unclassified); i++) {
		self->what = unclassified[i].name;
		self->len = 12 + unclassified[i].hdr_len;
		memcpy(self->frame, plain, 12);
		memcpy(self->frame + 12, unclassified[i].hdr,
		       unclassified[i].hdr_len);
		if (!unclassified[i].cut) {
			/* An odd first byte of IPv4 replaces the right one. */
			from = L3 + (unclassified[i].hdr_len == 3);
			memcpy(self->frame + self->len, plain + from,
			       len - from);
			self->len += len - from;
		}

		for (q = 0; q < 4; q += 3) {
			self->conf.arg.unclassified_queue = q;
			ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH,
					   &self->conf.arg));
			pass(_metadata, self, REPORT(NONE));
			EXPECT_EQ(q, self->pkt.queue);
		}
	}
}

/* IPv6 extension headers, many and with many options */

/* An IPv6 packet without a payload, to which headers are put */
static void start_ipv6(FIXTURE_DATA(odd) *self, uint8_t nexthdr)
{
	static const unsigned char ip6[L3 + 40] = {
		0x52, 0x54, 0, 0x12, 0x34, 0x56, 0x52, 0x54, 0, 0x12, 0x34, 1,
		0x86, 0xdd, 0x60, [L3 + 7] = 64,
		[L3 + 8] = 0x20, 1, [L3 + 23] = 1, [L3 + 24] = 0x20, 1, [L3 + 39] = 2,
	};

	memcpy(self->frame, ip6, sizeof(ip6));
	self->frame[L3 + 6] = nexthdr;
	self->len = sizeof(ip6);
}

static void end_ipv6(FIXTURE_DATA(odd) *self)
{
	static const unsigned char tcp[20] = { 10, 20, 30, 40, [12] = 0x50 };
	size_t len;

	memcpy(self->frame + self->len, tcp, sizeof(tcp));
	self->len += sizeof(tcp);
	len = self->len - L3 - 40;
	self->frame[L3 + 4] = len >> 8;
	self->frame[L3 + 5] = len;
}

/*
 * Destination Options: @n of Pad1, or if there is none one PadN, and a Home Address,
 * if asked for
 */
static void put_options(FIXTURE_DATA(odd) *self, uint8_t nexthdr, unsigned int n,
			bool home)
{
	static const unsigned char option[18] = { 0xc9, 16, 0xfd, [17] = 7 };
	unsigned char *p = self->frame + self->len;
	size_t len = 2 + n + (home ? sizeof(option) : 0);

	len = (len + 7) / 8 * 8;
	memset(p, 0, len);
	p[0] = nexthdr;
	p[1] = len / 8 - 1;
	if (!n && !home) {
		p[2] = 1;
		p[3] = len - 4;
	}
	if (home)
		memcpy(p + 2 + n, option, sizeof(option));
	self->len += len;
}

/* The value over the home address, or else the packet's source */
static uint32_t value_by(const FIXTURE_DATA(odd) *self, bool home)
{
	unsigned char in[36] = { 0xfd, [15] = 7, [32] = 10, 20, 30, 40 };

	memcpy(in + 16, self->frame + L3 + 24, 16);
	if (!home)
		memcpy(in, self->frame + L3 + 8, 16);
	return vnet_hash_ref_toeplitz(in, sizeof(in), self->conf.key, VNET_KEY_SIZE);
}

/*
 * Up to 64 options are looked at.  With more, no *_EX type is reported, for nobody
 * knows which address it would be about; without these types nothing depends on it.
 */
TEST_F(odd, home_address_behind_options)
{
	static const unsigned int pads[] = { 0, 15, 16, 17, 30, 62, 63, 64, 65, 200 };
	static char what[64];
	unsigned int i;

	self->what = what;
	for (i = 0; i < ARRAY_SIZE(pads); i++) {
		snprintf(what, sizeof(what), "%u options before the address", pads[i]);
		self->conf.arg.hash_types = VNET_ALL_TYPES;
		ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
		start_ipv6(self, 60);
		put_options(self, 6, pads[i], true);
		end_ipv6(self);
		pass(_metadata, self, pads[i] < 64 ? REPORT(TCPv6_EX) : REPORT(NONE));
		EXPECT_EQ(pads[i] < 64 ? value_by(self, true) : 0,
			  vnet_hdr_value(&self->pkt));

		self->conf.arg.hash_types = VIRTIO_NET_RSS_HASH_TYPE_TCPv6;
		ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
		pass(_metadata, self, REPORT(TCPv6));
		EXPECT_EQ(value_by(self, false), vnet_hdr_value(&self->pkt));
	}
}

/* The same with the 16 extension headers that are followed */
TEST_F(odd, home_address_behind_headers)
{
	unsigned int headers, i;
	static char what[64];

	self->what = what;
	for (headers = 1; headers <= 20; headers++) {
		snprintf(what, sizeof(what), "%u extension headers", headers);
		self->conf.arg.hash_types = VNET_ALL_TYPES;
		ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
		start_ipv6(self, 60);
		for (i = 1; i < headers; i++)
			put_options(self, 60, 0, false);
		put_options(self, 6, 0, true);
		end_ipv6(self);
		if (headers > 16) {
			pass(_metadata, self, REPORT(NONE));
			EXPECT_EQ(0, vnet_hdr_value(&self->pkt));
		} else {
			pass(_metadata, self, REPORT(TCPv6_EX));
			EXPECT_EQ(value_by(self, true), vnet_hdr_value(&self->pkt));
		}

		self->conf.arg.hash_types = VIRTIO_NET_RSS_HASH_TYPE_TCPv6 |
					    VIRTIO_NET_RSS_HASH_TYPE_IPv6;
		ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
		pass(_metadata, self, headers > 16 ? REPORT(IPv6) : REPORT(TCPv6));
	}
}

/* Other ways through the stack */

/* A packet socket that asks for no qdisc lets the device choose all the same. */
TEST_F(odd, qdisc_bypass)
{
	static const uint16_t reports[ARRAY_SIZE(inner_flows)] = {
		REPORT(TCPv4), REPORT(UDPv4), REPORT(TCPv6), REPORT(UDPv6),
	};
	int on = 1;
	size_t i;

	ASSERT_EQ(0, setsockopt(self->tap.packet, SOL_PACKET,
				PACKET_QDISC_BYPASS, &on, sizeof(on)));
	for (i = 0; i < ARRAY_SIZE(inner_flows); i++) {
		self->len = vnet_flow_build(&inner_flows[i], self->frame,
					    sizeof(self->frame));
		pass(_metadata, self, reports[i]);
	}
}

/*
 * The host's own packets: a datagram that fits, and one that is fragmented, of
 * which each fragment, the first one too, has the hash of the addresses.
 */
TEST_F(odd, own_datagrams)
{
	static const char data[5000] = "datagram";
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(5353),
		.sin_addr = { htonl(0xc0000202) },
	};
	unsigned int n, queue = 0;
	int fd;

	ASSERT_EQ(0, vnet_run("ip -batch - <<END\n"
			      "link set tap0 mtu 1500\n"
			      "addr add 192.0.2.1/24 dev tap0\n"
			      "neigh add 192.0.2.2 lladdr 52:54:00:12:34:56 dev tap0\n"
			      "END\n"));
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	ASSERT_LE(0, fd);

	ASSERT_EQ(100, sendto(fd, data, 100, 0, (void *)&to, sizeof(to)));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	expect_packet(_metadata, self, REPORT(UDPv4));

	ASSERT_EQ(sizeof(data), sendto(fd, data, sizeof(data), 0, (void *)&to,
				       sizeof(to)));
	for (n = 0; vnet_tap_recv(&self->tap, &self->pkt,
				  n < 4 ? TIMEOUT : QUIET) == 1; n++) {
		expect_packet(_metadata, self, REPORT(IPv4));
		if (!n)
			queue = self->pkt.queue;
		EXPECT_EQ(queue, self->pkt.queue);
	}
	EXPECT_EQ(4, n);
	close(fd);
}

TEST_HARNESS_MAIN
