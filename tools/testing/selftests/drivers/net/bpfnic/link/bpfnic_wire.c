// SPDX-License-Identifier: GPL-2.0
/*
 * What passes between a bpfnic and its wire: whole frames, with whole checksums, by the
 * queue that they belong to, and past programs.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/errqueue.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/net_tstamp.h>
#include <linux/udp.h>
#include <linux/virtio_net.h>

#include "harness.h"
#include "bpfnic_lib.h"
#include "bpfnic_net.h"

#define STREAM_LEN	(nic_slow() ? 128 << 10 : 512 << 10)
#define MTU		1500
#define MAX_FRAME	(MTU + ETH_HLEN)
#define JUMBO		9000
#define IP_AND_UDP	28	/* bytes */
#define IP6_AND_UDP	48
#define MS		(nic_slow() ? 60000 : 20000)
#define COUNTED		100	/* frames */
#define QUIET_MS	(nic_slow() ? 500 : 100)
#define NIC_IP		"10.0.0.1"
#define FAR_IP		"10.0.0.2"
#define NIC_IP6		"fd00::1"
#define FAR_IP6		"fd00::2"

/* What nic0's wire is */
enum wire {
	OWN,		/* its own */
	PORT,		/* its own, nic0 being the second port of a device */
	VETH,		/* a veth, at whose other end is a host with all offloads */
	VETH_PLAIN,	/* the same without */
};

FIXTURE(wire)
{
	struct ns nic;		/* where nic0 is */
	struct ns far;		/* where what is on its wire is */
	const char *far_name;	/* and its name */
	int prog;		/* offloaded */
	int native;
	int a;			/* socket at nic0 */
	int b;			/* socket at the far end */
};

FIXTURE_VARIANT(wire)
{
	enum wire wire;
};

FIXTURE_VARIANT_ADD(wire, own)
{
	.wire = OWN,
};

FIXTURE_VARIANT_ADD(wire, port)
{
	.wire = PORT,
};

FIXTURE_VARIANT_ADD(wire, veth)
{
	.wire = VETH,
};

FIXTURE_VARIANT_ADD(wire, veth_plain)
{
	.wire = VETH_PLAIN,
};

static int make_wire(struct ns *nic, struct ns *far, enum wire wire, unsigned int queues)
{
	struct link_new new = { .name = "nic0", .kind = "bpfnic", .queues = queues };
	int err;

	switch (wire) {
	case PORT:
		err = link_add_kind(nic, "first", "bpfnic", 0);
		if (err)
			return err;
		new.link = link_index(nic, "first");
		break;
	case VETH:
	case VETH_PLAIN:
		err = link_add_veth(nic, "dev0", "far0") ?: link_move(nic, "far0", far) ?:
		      link_up(nic, "dev0", true);
		if (!err && wire == VETH_PLAIN)
			err = link_offload(far, "far0", ETHTOOL_STXCSUM, false) ?:
			      link_offload(far, "far0", ETHTOOL_STSO, false) ?:
			      link_offload(far, "far0", ETHTOOL_SGSO, false);
		if (err)
			return err;
		new.link = link_index(nic, "dev0");
		return link_add(nic, &new);
	default:
		break;
	}
	return link_add(nic, &new) ?: link_move(nic, "nic0_wire", far);
}

FIXTURE_SETUP(wire)
{
	self->prog = -1;
	self->native = -1;
	self->a = -1;
	self->b = -1;
	ASSERT_EQ(0, nic_wait_objects("ports", 0, MS));
	ASSERT_EQ(0, ns_new(&self->nic));
	ASSERT_EQ(0, ns_new(&self->far));
	ASSERT_EQ(0, ns_enter(&self->nic));
	ASSERT_EQ(0, make_wire(&self->nic, &self->far, variant->wire, 4));
	self->far_name = variant->wire < VETH ? "nic0_wire" : "far0";
}

FIXTURE_TEARDOWN(wire)
{
	if (self->prog >= 0)
		close(self->prog);
	if (self->native >= 0)
		close(self->native);
	if (self->a >= 0)
		close(self->a);
	if (self->b >= 0)
		close(self->b);
	link_del(&self->nic, "nic0");
	link_del(&self->nic, "nic1");
	link_del(&self->nic, "first");
	link_del(&self->nic, "dev0");
	ns_close(&self->far);
	ns_close(&self->nic);
	EXPECT_EQ(0, nic_wait_objects("ports", 0, MS));
}

TEST_F(wire, streams)
{
	ASSERT_EQ(0, ends_address(&self->nic, "nic0", &self->far, self->far_name, 0));
	EXPECT_EQ(0, ends_stream(&self->nic, &self->far, 0, STREAM_LEN));
}

/* Past an offloaded program, a native one, both, and a generic one on top */
TEST_F(wire, streams_past_programs)
{
	ASSERT_EQ(0, ends_address(&self->nic, "nic0", &self->far, self->far_name, 0));
	self->prog = prog_return(XDP_PASS, link_index(&self->nic, "nic0"));
	ASSERT_LE(0, self->prog);
	self->native = prog_return(XDP_PASS, 0);
	ASSERT_LE(0, self->native);

	ASSERT_EQ(0, link_xdp(&self->nic, "nic0", self->prog, XDP_FLAGS_HW_MODE));
	EXPECT_EQ(0, ends_stream(&self->nic, &self->far, 0, STREAM_LEN / 4));
	EXPECT_LT(STREAM_LEN / 2 / MTU, nic_stat("nic0", "hw_xdp_pass"));
	EXPECT_EQ(0, nic_stat("nic0", "xdp_pass"));

	ASSERT_EQ(0, link_xdp(&self->nic, "nic0", self->native, XDP_FLAGS_DRV_MODE));
	EXPECT_EQ(0, ends_stream(&self->nic, &self->far, 0, STREAM_LEN / 4));
	EXPECT_LT(STREAM_LEN / 2 / MTU, nic_stat("nic0", "xdp_pass"));

	ASSERT_EQ(0, link_xdp(&self->nic, "nic0", -1, XDP_FLAGS_HW_MODE));
	EXPECT_EQ(0, ends_stream(&self->nic, &self->far, 0, STREAM_LEN / 4));

	ASSERT_EQ(0, link_xdp(&self->nic, "nic0", -1, XDP_FLAGS_DRV_MODE));
	ASSERT_EQ(0, link_xdp(&self->nic, "nic0", self->prog, XDP_FLAGS_HW_MODE));
	ASSERT_EQ(0, link_xdp(&self->nic, "nic0", self->native, XDP_FLAGS_SKB_MODE));
	EXPECT_EQ(0, ends_stream(&self->nic, &self->far, 0, STREAM_LEN / 4));
}

TEST_F(wire, datagrams)
{
	struct ns *nic = &self->nic, *far = &self->far;

	ASSERT_EQ(0, ends_address(nic, "nic0", far, self->far_name, 0));
	EXPECT_EQ(0, ns_ping(far, NIC_IP, 56));
	EXPECT_EQ(0, ns_ping(nic, FAR_IP, 56));
	EXPECT_EQ(0, ns_ping(far, NIC_IP, MTU - IP_AND_UDP));
	EXPECT_EQ(0, ns_ping(nic, FAR_IP, 20000));
	EXPECT_EQ(0, ns_datagrams(far, nic, NIC_IP, 9, 70, 71));
	EXPECT_EQ(0, ns_datagrams(nic, far, FAR_IP, 9, 70, 71));
	EXPECT_EQ(0, ns_datagrams(far, nic, NIC_IP, 9, MTU - IP_AND_UDP, 20));
	EXPECT_EQ(0, ns_datagrams(nic, far, FAR_IP, 9, MTU - IP_AND_UDP, 20));
	EXPECT_EQ(0, ns_datagrams(far, nic, NIC_IP6, 9, MTU - IP6_AND_UDP, 20));
	EXPECT_EQ(0, ns_datagrams(nic, far, FAR_IP6, 9, MTU - IP6_AND_UDP, 20));
	/* In fragments */
	EXPECT_EQ(0, ns_datagrams(far, nic, NIC_IP, 9, 30000, 4));
	EXPECT_EQ(0, ns_datagrams(nic, far, FAR_IP, 9, 30000, 4));
	EXPECT_EQ(0, ns_datagrams(far, nic, NIC_IP6, 9, 30000, 4));
}

static int set_mtu(struct ns *nic, struct ns *far, const char *far_name, unsigned int mtu)
{
	int err = 0;

	if (link_index(nic, "dev0"))
		err = link_mtu(nic, "dev0", mtu);
	return err ?: link_mtu(far, far_name, mtu) ?: link_mtu(nic, "nic0", mtu);
}

TEST_F(wire, jumbo)
{
	struct ns *nic = &self->nic, *far = &self->far;

	ASSERT_EQ(0, set_mtu(nic, far, self->far_name, JUMBO));
	ASSERT_EQ(0, ends_address(nic, "nic0", far, self->far_name, 0));
	EXPECT_EQ(0, ends_stream(nic, far, 0, STREAM_LEN));
	EXPECT_EQ(0, ns_datagrams(far, nic, NIC_IP, 9, JUMBO - IP_AND_UDP, 10));
	EXPECT_EQ(0, ns_datagrams(nic, far, FAR_IP, 9, JUMBO - IP_AND_UDP, 10));
}

/* With one tag, and with two */
TEST_F(wire, vlan)
{
	struct link_new vlan = { .kind = "vlan", .name = "vlan5", .vlan = 5 };
	struct ns *nic = &self->nic, *far = &self->far;

	vlan.link = link_index(nic, "nic0");
	ASSERT_EQ(0, link_add(nic, &vlan));
	vlan.link = link_index(far, self->far_name);
	ASSERT_EQ(0, link_add(far, &vlan));
	vlan.name = "vlan75";
	vlan.vlan = 7;
	vlan.link = link_index(nic, "vlan5");
	ASSERT_EQ(0, link_add(nic, &vlan));
	vlan.link = link_index(far, "vlan5");
	ASSERT_EQ(0, link_add(far, &vlan));
	/* Two tags have room as in other drivers. */
	ASSERT_EQ(0, link_mtu(nic, "vlan75", MTU - 4));
	ASSERT_EQ(0, link_mtu(far, "vlan75", MTU - 4));

	ASSERT_EQ(0, ends_address(nic, "nic0", far, self->far_name, 0));
	ASSERT_EQ(0, ends_address(nic, "vlan5", far, "vlan5", 1));
	ASSERT_EQ(0, ends_address(nic, "vlan75", far, "vlan75", 2));
	EXPECT_EQ(0, ends_stream(nic, far, 1, STREAM_LEN / 4));
	EXPECT_EQ(0, ends_stream(nic, far, 2, STREAM_LEN / 4));
	EXPECT_EQ(0, ns_datagrams(far, nic, "10.0.1.1", 9, MTU - IP_AND_UDP, 5));
	EXPECT_EQ(0, ns_datagrams(nic, far, "10.0.1.2", 9, MTU - IP_AND_UDP, 5));
	EXPECT_EQ(0, ns_datagrams(far, nic, "10.0.2.1", 9, MTU - 4 - IP_AND_UDP, 5));

	/* Past a program, which sees the tags in the frame */
	self->prog = prog_return(XDP_PASS, link_index(nic, "nic0"));
	ASSERT_LE(0, self->prog);
	ASSERT_EQ(0, link_xdp(nic, "nic0", self->prog, XDP_FLAGS_HW_MODE));
	EXPECT_EQ(0, ends_stream(nic, far, 1, STREAM_LEN / 4));
	EXPECT_EQ(0, ends_stream(nic, far, 2, STREAM_LEN / 4));
}

static int bring_up(struct ns *nic, struct ns *far, const char *far_name)
{
	return link_up(nic, "nic0", true) ?: link_up(far, far_name, true) ?:
	       link_wait_carrier(nic, "nic0", true) ?: link_wait_carrier(far, far_name, true);
}

/* Both ends are up, and listen. */
static void open_ends(struct __test_metadata *_metadata, FIXTURE_DATA(wire) *self)
{
	unsigned int nic = link_index(&self->nic, "nic0");
	unsigned int far = link_index(&self->far, self->far_name);

	ASSERT_EQ(0, bring_up(&self->nic, &self->far, self->far_name));
	self->b = ns_listen(&self->far, far, NIC_ETHERTYPE);
	self->a = ns_listen(&self->nic, nic, NIC_ETHERTYPE);
	ASSERT_LE(0, self->a);
	ASSERT_LE(0, self->b);
}

/* Send a frame; return how many time stamps of that its sender gets, or -errno. */
static int count_stamps(int fd)
{
	const int flags = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
	uint8_t frame[64], control[512];
	struct scm_timestamping stamp;
	struct pollfd p = { .fd = fd };
	struct cmsghdr *cmsg;
	struct msghdr msg;
	int err, count = 0;

	nic_frame(frame, sizeof(frame), 1);
	if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof(flags)))
		return -errno;
	err = nic_send(fd, frame, sizeof(frame));
	if (err)
		return err;
	while (poll(&p, 1, count ? QUIET_MS : MS) > 0) {
		msg = (struct msghdr){ .msg_control = control, .msg_controllen = sizeof(control) };
		if (recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			return -errno;
		for (cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg)) {
			if (cmsg->cmsg_level != SOL_SOCKET ||
			    cmsg->cmsg_type != SCM_TIMESTAMPING)
				continue;
			memcpy(&stamp, CMSG_DATA(cmsg), sizeof(stamp));
			count += stamp.ts[0].tv_sec != 0;
		}
	}
	return count;
}

/* What ethtool -T says of both ends: software tells when a frame has left. */
TEST_F(wire, time_stamps)
{
	open_ends(_metadata, self);
	EXPECT_EQ(1, count_stamps(self->a));
	EXPECT_EQ(1, count_stamps(self->b));
}

/* Frames of any length pass from one socket to the other as they are. */
static int frames(int from, int to, size_t first, size_t step, unsigned int *count)
{
	uint8_t frame[MAX_FRAME], got[MAX_FRAME + 4];
	size_t len;
	ssize_t n;
	int err;

	*count = 0;
	for (len = first; len <= MAX_FRAME; len += step) {
		nic_frame(frame, len, len);
		err = nic_send(from, frame, len);
		if (err)
			return err;
		n = nic_recv(to, got, sizeof(got), MS);
		if (n < 0)
			return n;
		if ((size_t)n != len || memcmp(frame, got, len)) {
			ksft_print_msg("%zd bytes came of %zu\n", n, len);
			return -EBADMSG;
		}
		++*count;
	}
	return 0;
}

TEST_F(wire, frames)
{
	unsigned int count;

	open_ends(_metadata, self);
	EXPECT_EQ(0, frames(self->b, self->a, ETH_HLEN + 1, 1, &count));
	EXPECT_EQ(MAX_FRAME - ETH_HLEN, count);
	EXPECT_EQ(0, frames(self->a, self->b, ETH_HLEN + 1, 7, &count));
}

/* To whom a frame is, by its destination */
TEST_F(wire, packet_types)
{
	static const uint8_t broadcast[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	static const uint8_t multicast[] = { 0x01, 0x00, 0x5e, 0x00, 0x00, 0x01 };
	static const uint8_t other[] = { 0x02, 0x01, 0x02, 0x03, 0x04, 0x05 };
	struct ns *nic = &self->nic;
	const uint8_t *to[] = { NULL, broadcast, multicast, other };
	static const int type[] = {
		PACKET_HOST, PACKET_BROADCAST, PACKET_MULTICAST, PACKET_OTHERHOST,
	};
	struct sockaddr_ll from;
	struct link_info info;
	uint8_t frame[100];
	socklen_t len;
	unsigned int i;

	open_ends(_metadata, self);
	ASSERT_EQ(0, link_info(nic, "nic0", &info));
	to[0] = info.mac;
	for (i = 0; i < ARRAY_SIZE(to); i++) {
		nic_frame(frame, sizeof(frame), i);
		memcpy(frame, to[i], ETH_ALEN);
		ASSERT_EQ(0, nic_send(self->b, frame, sizeof(frame)));
		len = sizeof(from);
		ASSERT_EQ(sizeof(frame), recvfrom(self->a, frame, sizeof(frame), 0, (void *)&from,
						  &len));
		EXPECT_EQ(type[i], from.sll_pkttype) {
			TH_LOG("frame %u", i);
		}
		EXPECT_EQ(NIC_ETHERTYPE, ntohs(from.sll_protocol));
	}
}

/* What is sent is counted thereafter. */
static bool all_sent(void *ctx)
{
	FIXTURE_DATA(wire) *self = ctx;
	struct link_info info;

	return !link_info(&self->nic, "nic0", &info) && info.stats.tx_packets >= COUNTED;
}

/* All is counted once. */
TEST_F(wire, counters)
{
	struct ns *nic = &self->nic;
	uint64_t sum = 0, rx = 0, rx_bytes = 0, tx = 0, tx_bytes = 0;
	unsigned int count = COUNTED, i;
	struct link_info info;
	uint8_t frame[MAX_FRAME];
	char name[32];

	open_ends(_metadata, self);
	for (i = 0; i < count; i++) {
		nic_frame(frame, 64 + i, i);
		sum += 64 + i;
		ASSERT_EQ(0, nic_send(self->b, frame, 64 + i));
		ASSERT_EQ(64 + i, nic_recv(self->a, frame, sizeof(frame), MS));
		ASSERT_EQ(0, nic_send(self->a, frame, 64 + i));
		ASSERT_EQ(64 + i, nic_recv(self->b, frame, sizeof(frame), MS));
	}
	ASSERT_EQ(0, nic_wait(all_sent, self, MS));
	ASSERT_EQ(0, ns_enter(nic));
	for (i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "rx%u_packets", i);
		rx += nic_stat("nic0", name);
		snprintf(name, sizeof(name), "rx%u_bytes", i);
		rx_bytes += nic_stat("nic0", name);
		snprintf(name, sizeof(name), "tx%u_packets", i);
		tx += nic_stat("nic0", name);
		snprintf(name, sizeof(name), "tx%u_bytes", i);
		tx_bytes += nic_stat("nic0", name);
	}
	EXPECT_EQ(count, rx);
	EXPECT_EQ(sum, rx_bytes);
	EXPECT_EQ(count, tx);
	EXPECT_EQ(sum, tx_bytes);
	ASSERT_EQ(0, link_info(nic, "nic0", &info));
	EXPECT_EQ(count, info.stats.rx_packets);
	EXPECT_EQ(sum, info.stats.rx_bytes);
	EXPECT_EQ(0, info.stats.rx_dropped);
	EXPECT_EQ(count, info.stats.tx_packets);
	EXPECT_EQ(sum, info.stats.tx_bytes);
	EXPECT_EQ(0, info.stats.tx_dropped);
}

/* An offloaded program has it all sent back, and the host sees nothing. */
TEST_F(wire, reflected)
{
	struct ns *nic = &self->nic;
	unsigned int count;
	uint8_t frame[64];

	open_ends(_metadata, self);
	self->prog = prog_return(XDP_TX, link_index(nic, "nic0"));
	ASSERT_LE(0, self->prog);
	ASSERT_EQ(0, link_xdp(nic, "nic0", self->prog, XDP_FLAGS_HW_MODE));

	EXPECT_EQ(0, frames(self->b, self->b, ETH_HLEN + 1, 11, &count));
	EXPECT_EQ(0, nic_wait_stat("nic0", "hw_xdp_tx", count, MS));
	EXPECT_EQ(count, nic_stat("nic0", "hw_xdp_tx"));
	EXPECT_EQ(0, nic_stat("nic0", "hw_xdp_tx_errors"));
	EXPECT_EQ(-EAGAIN, nic_recv(self->a, frame, sizeof(frame), QUIET_MS));

	/* The same by a native one */
	self->native = prog_return(XDP_TX, 0);
	ASSERT_LE(0, self->native);
	ASSERT_EQ(0, link_xdp(nic, "nic0", -1, XDP_FLAGS_HW_MODE));
	ASSERT_EQ(0, link_xdp(nic, "nic0", self->native, XDP_FLAGS_DRV_MODE));
	EXPECT_EQ(0, frames(self->b, self->b, ETH_HLEN + 1, 11, &count));
	EXPECT_EQ(0, nic_wait_stat("nic0", "xdp_tx", count, MS));
	EXPECT_EQ(count, nic_stat("nic0", "xdp_tx"));
	EXPECT_EQ(-EAGAIN, nic_recv(self->a, frame, sizeof(frame), QUIET_MS));
}

/* What the device does not give to the host is counted by verdict, and nowhere else. */
TEST_F(wire, dropped)
{
	struct ns *nic = &self->nic;
	static const int verdicts[] = { XDP_DROP, XDP_ABORTED, XDP_REDIRECT, 77 };
	struct link_info before, after;
	long long drops, aborted;
	unsigned int i, j;
	uint8_t frame[64];

	open_ends(_metadata, self);
	for (i = 0; i < ARRAY_SIZE(verdicts); i++) {
		self->prog = prog_return(verdicts[i], link_index(nic, "nic0"));
		ASSERT_LE(0, self->prog);
		ASSERT_EQ(0, link_xdp(nic, "nic0", self->prog, XDP_FLAGS_HW_MODE));
		ASSERT_EQ(0, link_info(nic, "nic0", &before));
		drops = nic_stat("nic0", "hw_xdp_drop");
		aborted = nic_stat("nic0", "hw_xdp_aborted");
		for (j = 0; j < 10; j++) {
			nic_frame(frame, sizeof(frame), j);
			ASSERT_EQ(0, nic_send(self->b, frame, sizeof(frame)));
		}
		EXPECT_EQ(-EAGAIN, nic_recv(self->a, frame, sizeof(frame), QUIET_MS));
		EXPECT_EQ(-EAGAIN, nic_recv(self->b, frame, sizeof(frame), 0));
		EXPECT_EQ(verdicts[i] == XDP_DROP ? 10 : 0,
			  nic_stat("nic0", "hw_xdp_drop") - drops);
		EXPECT_EQ(verdicts[i] == XDP_DROP ? 0 : 10,
			  nic_stat("nic0", "hw_xdp_aborted") - aborted) {
			TH_LOG("verdict %d", verdicts[i]);
		}
		ASSERT_EQ(0, link_info(nic, "nic0", &after));
		EXPECT_EQ(0, after.stats.rx_packets - before.stats.rx_packets);
		EXPECT_EQ(0, after.stats.rx_dropped - before.stats.rx_dropped);
		EXPECT_EQ(0, after.stats.rx_missed_errors - before.stats.rx_missed_errors);
		ASSERT_EQ(0, link_xdp(nic, "nic0", -1, XDP_FLAGS_HW_MODE));
		close(self->prog);
	}
	self->prog = -1;
}

/* What a native program drops, the host has received. */
TEST_F(wire, dropped_by_host)
{
	struct ns *nic = &self->nic;
	struct link_info before, after;
	uint8_t frame[64];
	unsigned int i;

	open_ends(_metadata, self);
	self->native = prog_return(XDP_DROP, 0);
	ASSERT_LE(0, self->native);
	ASSERT_EQ(0, link_xdp(nic, "nic0", self->native, XDP_FLAGS_DRV_MODE));
	ASSERT_EQ(0, link_info(nic, "nic0", &before));
	for (i = 0; i < 10; i++) {
		nic_frame(frame, sizeof(frame), i);
		ASSERT_EQ(0, nic_send(self->b, frame, sizeof(frame)));
	}
	EXPECT_EQ(0, nic_wait_stat("nic0", "xdp_drop", 10, MS));
	EXPECT_EQ(-EAGAIN, nic_recv(self->a, frame, sizeof(frame), 0));
	EXPECT_EQ(10, nic_stat("nic0", "xdp_drop"));
	ASSERT_EQ(0, link_info(nic, "nic0", &after));
	EXPECT_EQ(10, after.stats.rx_packets - before.stats.rx_packets);
	EXPECT_EQ(10 * sizeof(frame), after.stats.rx_bytes - before.stats.rx_bytes);
	EXPECT_EQ(0, after.stats.rx_dropped - before.stats.rx_dropped);
}

/* A frame that is longer than nic0's MTU is lost on the wire. */
TEST_F(wire, too_long)
{
	struct ns *nic = &self->nic;
	uint8_t frame[MAX_FRAME];
	struct link_info info;

	ASSERT_EQ(0, link_mtu(nic, "nic0", 1000));
	open_ends(_metadata, self);
	nic_frame(frame, sizeof(frame), 1);
	/* With two tags it may be. */
	ASSERT_EQ(0, nic_send(self->b, frame, 1000 + ETH_HLEN + 9));
	ASSERT_EQ(0, nic_send(self->b, frame, 1000 + ETH_HLEN + 8));
	EXPECT_EQ(1000 + ETH_HLEN + 8, nic_recv(self->a, frame, sizeof(frame), MS));
	ASSERT_EQ(0, ns_enter(nic));
	EXPECT_EQ(1, nic_stat("nic0", "wire_drops"));
	ASSERT_EQ(0, link_info(nic, "nic0", &info));
	EXPECT_EQ(1, info.stats.rx_missed_errors);
	EXPECT_EQ(1, info.stats.rx_packets);
	EXPECT_EQ(0, info.stats.rx_dropped);
}

/* The same the other way, where two tags may be on the module's own wire, and one on a
 * veth, which counts what it drops itself.
 */
TEST_F(wire, too_long_for_the_wire)
{
	const size_t longest = 1000 + ETH_HLEN + (variant->wire < VETH ? 8 : 4);
	struct ns *nic = &self->nic;
	uint8_t frame[MAX_FRAME];
	struct link_info info;

	ASSERT_EQ(0, link_mtu(&self->far, self->far_name, 1000));
	open_ends(_metadata, self);
	nic_frame(frame, sizeof(frame), 1);
	ASSERT_EQ(0, nic_send(self->a, frame, longest + 1));
	ASSERT_EQ(0, nic_send(self->a, frame, longest));
	EXPECT_EQ(longest, nic_recv(self->b, frame, sizeof(frame), MS));
	ASSERT_EQ(0, link_info(nic, variant->wire < VETH ? "nic0" : "dev0", &info));
	EXPECT_EQ(1, info.stats.tx_dropped);
}

/* A program that makes a frame longer and sends it back */
static int prog_grow(unsigned int len, unsigned int ifindex)
{
	const struct bpf_insn insns[] = {
		I_LOAD(BPF_W, 2, 1, offsetof(struct xdp_md, data)),
		I_LOAD(BPF_W, 3, 1, offsetof(struct xdp_md, data_end)),
		I_ALU_R(BPF_SUB, 3, 2),
		I_ALU(BPF_MOV, 2, len),
		I_ALU_R(BPF_SUB, 2, 3),
		I_CALL(BPF_FUNC_xdp_adjust_tail),
		I_ALU(BPF_MOV, 0, XDP_TX),
		I_EXIT,
	};

	return prog_load(insns, ARRAY_SIZE(insns), ifindex, NULL, 0);
}

static void expect_grown(struct __test_metadata *_metadata, struct ns *nic, unsigned int len,
			 bool native, int from, const void *frame, int to, int expected)
{
	struct pollfd p = { .fd = to, .events = POLLIN };
	uint8_t got[2 * MTU];
	int prog;

	prog = prog_grow(len, native ? 0 : link_index(nic, "nic0"));
	ASSERT_LE(0, prog);
	ASSERT_EQ(0, link_xdp(nic, "nic0", prog,
			      native ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_HW_MODE));
	ASSERT_EQ(100, write(from, frame, 100));
	EXPECT_EQ(!!expected, poll(&p, 1, expected ? MS : QUIET_MS));
	if (p.revents)
		EXPECT_EQ(expected, read(to, got, sizeof(got)));
	ASSERT_EQ(0, link_xdp(nic, "nic0", -1,
			      native ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_HW_MODE));
	close(prog);
}

/* What a program has grown leaves by the wire if that has room, or is an error. */
TEST_F(wire, grown)
{
	const unsigned int most = MTU + ETH_HLEN + (variant->wire < VETH ? 8 : 4);
	uint8_t frame[100];
	int native;

	open_ends(_metadata, self);
	nic_frame(frame, sizeof(frame), 1);
	for (native = 0; native < 2; native++) {
		const char *sent = native ? "xdp_tx" : "hw_xdp_tx";
		const char *lost = native ? "xdp_tx_errors" : "hw_xdp_tx_errors";

		expect_grown(_metadata, &self->nic, most, native, self->b, frame, self->b, most);
		EXPECT_EQ(0, nic_wait_stat("nic0", sent, 1, MS));
		EXPECT_EQ(0, nic_stat("nic0", lost));
		expect_grown(_metadata, &self->nic, MTU + ETH_HLEN + 9, native, self->b, frame,
			     self->b, 0);
		EXPECT_EQ(0, nic_wait_stat("nic0", lost, 1, MS));
		EXPECT_EQ(1, nic_stat("nic0", sent));
	}
}

/* A wire carries bytes, and not the hash by which their sender knows the flow. */
TEST_F(wire, no_hash_of_sender)
{
	struct sock_filter has_hash[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_RXHASH),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, 0xffff),
	};
	const struct sock_fprog filter = { ARRAY_SIZE(has_hash), has_hash };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(1009) };
	struct { const struct ns *from, *to; const char *name, *address; } ways[] = {
		{ &self->far, &self->nic, "nic0", NIC_IP },
		{ &self->nic, &self->far, self->far_name, FAR_IP },
	};
	uint8_t data[100] = {}, got[200];
	unsigned int i, j;
	int all, hashed, udp, sink;

	ASSERT_EQ(0, ends_address(&self->nic, "nic0", &self->far, self->far_name, 0));
	/* The addresses are known from here on. */
	ASSERT_EQ(0, ns_datagrams(&self->far, &self->nic, NIC_IP, 9, 10, 1));
	/* Another's wire does as it likes with what nic0 sends. */
	for (i = 0; i < (variant->wire < VETH ? 2 : 1); i++) {
		all = ns_listen(ways[i].to, link_index((struct ns *)ways[i].to, ways[i].name),
				ETH_P_IP);
		hashed = nic_socket(link_index((struct ns *)ways[i].to, ways[i].name), ETH_P_IP);
		ASSERT_LE(0, all);
		ASSERT_LE(0, hashed);
		ASSERT_EQ(0, setsockopt(hashed, SOL_SOCKET, SO_ATTACH_FILTER, &filter,
					sizeof(filter)));
		while (nic_recv(hashed, got, sizeof(got), 0) >= 0)
			;
		inet_pton(AF_INET, ways[i].address, &to.sin_addr);
		sink = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		ASSERT_LE(0, sink);
		ASSERT_EQ(0, bind(sink, (void *)&to, sizeof(to)));
		ASSERT_EQ(0, ns_enter(ways[i].from));
		udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		ASSERT_LE(0, udp);
		ASSERT_EQ(0, connect(udp, (void *)&to, sizeof(to)));
		for (j = 0; j < 10; j++)
			ASSERT_EQ(sizeof(data), send(udp, data, sizeof(data), 0));
		for (j = 0; j < 10; j++)
			ASSERT_EQ(sizeof(data) + IP_AND_UDP + ETH_HLEN,
				  nic_recv(all, got, sizeof(got), MS));
		EXPECT_EQ(-EAGAIN, nic_recv(hashed, got, sizeof(got), QUIET_MS));
		close(sink);
		close(udp);
		close(all);
		close(hashed);
	}
}

/* A socket that hears what leaves by a link, without its Ethernet header */
static int hear_payload(unsigned int ifindex)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = ifindex,
	};
	int fd;

	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return -errno;
	return fd;
}

static void expect_payload(struct __test_metadata *_metadata, int fd, const uint8_t *frame,
			   size_t len)
{
	uint8_t got[MAX_FRAME];
	ssize_t n;

	/* Others send, too. */
	do {
		n = nic_recv(fd, got, sizeof(got), MS);
		ASSERT_LE(0, n);
	} while (n != len - ETH_HLEN && n != len);
	ASSERT_EQ(len - ETH_HLEN, n);
	EXPECT_EQ(0, memcmp(got, frame + ETH_HLEN, n));
}

/* Native programs send on from nic0 to another one, and there it leaves by the wire. */
TEST_F(wire, redirected)
{
	struct ns *nic = &self->nic;
	unsigned int count;
	int to, cooked;
	uint8_t frame[64];

	ASSERT_EQ(0, link_add_kind(nic, "nic1", "bpfnic", 0));
	ASSERT_EQ(0, link_up(nic, "nic1", true));
	ASSERT_EQ(0, link_up(nic, "nic1_wire", true));
	ASSERT_EQ(0, link_wait_carrier(nic, "nic1_wire", true));
	open_ends(_metadata, self);
	to = nic_socket(link_index(nic, "nic1_wire"), NIC_ETHERTYPE);
	ASSERT_LE(0, to);
	self->native = prog_redirect(link_index(nic, "nic1"));
	ASSERT_LE(0, self->native);
	ASSERT_EQ(0, link_xdp(nic, "nic0", self->native, XDP_FLAGS_DRV_MODE));
	EXPECT_EQ(0, frames(self->b, to, ETH_HLEN + 1, 17, &count));
	EXPECT_EQ(count, nic_stat("nic0", "xdp_redirect"));
	EXPECT_EQ(0, nic_stat("nic0", "xdp_redirect_errors"));

	/* And the reverse, past an offloaded program */
	close(self->native);
	self->native = prog_redirect(link_index(nic, "nic0"));
	ASSERT_LE(0, self->native);
	self->prog = prog_return(XDP_PASS, link_index(nic, "nic1"));
	ASSERT_LE(0, self->prog);
	ASSERT_EQ(0, link_xdp(nic, "nic0", -1, XDP_FLAGS_DRV_MODE));
	ASSERT_EQ(0, link_xdp(nic, "nic1", self->native, XDP_FLAGS_DRV_MODE));
	ASSERT_EQ(0, link_xdp(nic, "nic1", self->prog, XDP_FLAGS_HW_MODE));
	EXPECT_EQ(0, frames(to, self->b, ETH_HLEN + 1, 17, &count));
	EXPECT_EQ(count, nic_stat("nic1", "xdp_redirect"));

	/* Who is on the wire knows where the header ends. */
	nic_frame(frame, sizeof(frame), 1);
	if (variant->wire >= VETH) {
		cooked = hear_payload(link_index(nic, "dev0"));
		ASSERT_LE(0, cooked);
		ASSERT_EQ(0, nic_send(to, frame, sizeof(frame)));
		count++;
		expect_payload(_metadata, cooked, frame, sizeof(frame));
		close(cooked);
		EXPECT_EQ(sizeof(frame), nic_recv(self->b, frame, sizeof(frame), MS));
	}

	/* Where nobody is up, it is lost, and counted. */
	ASSERT_EQ(0, link_up(nic, "nic0", false));
	ASSERT_EQ(0, nic_send(to, frame, sizeof(frame)));
	EXPECT_EQ(-EAGAIN, nic_recv(self->b, frame, sizeof(frame), QUIET_MS));
	EXPECT_EQ(1, nic_stat("nic1", "xdp_redirect_errors") +
		     nic_stat("nic1", "xdp_redirect") - count);
	link_del(nic, "nic1");
	close(to);
}

static void put16(uint8_t *p, uint16_t value)
{
	p[0] = value >> 8;
	p[1] = value;
}

/* --- checksums ---------------------------------------------------------------- */

static uint32_t add_up(const uint8_t *data, size_t len, uint32_t sum)
{
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		sum += data[i] << 8 | data[i + 1];
	if (len % 2)
		sum += data[len - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* The checksum of TCP or UDP in a whole IP packet holds. */
static bool checksum_holds(const uint8_t *ip, size_t len)
{
	size_t ip_len, at;
	uint32_t sum;

	if (ip[0] >> 4 == 4) {
		at = (ip[0] & 15) * 4;
		ip_len = ip[2] << 8 | ip[3];
		if (ip_len > len || add_up(ip, at, 0) != 0xffff)
			return false;
		sum = add_up(ip + 12, 8, ip[9]);
	} else {
		at = 40;
		ip_len = at + (ip[4] << 8 | ip[5]);
		if (ip_len > len)
			return false;
		sum = add_up(ip + 8, 32, ip[6]);
	}
	return add_up(ip + at, ip_len - at, sum + ip_len - at) == 0xffff;
}

struct heard {
	unsigned int count;	/* of packets of TCP and UDP */
	unsigned int partial;	/* with a checksum to be completed by somebody else */
	unsigned int wrong;
	unsigned int bad_ip;
	unsigned int too_long;
	size_t payload;		/* behind the IP header, in all */
};

/* Read what a socket has heard so far. */
static struct heard hear(int fd, int ms)
{
	union {
		struct cmsghdr cmsg;
		uint8_t buf[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	} control;
	static uint8_t frame[65600 + ETH_HLEN];
	struct iovec iov = { frame, sizeof(frame) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control };
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
	struct tpacket_auxdata *aux;
	struct heard heard = {};
	const uint8_t *ip = frame + ETH_HLEN;
	uint8_t protocol;
	size_t hlen;
	ssize_t n;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	for (;;) {
		msg.msg_controllen = sizeof(control);
		n = recvmsg(fd, &msg, 0);
		if (n < 0)
			return heard;
		if (n < ETH_HLEN + 40)
			continue;
		hlen = ip[0] >> 4 == 4 ? (ip[0] & 15) * 4 : 40;
		protocol = ip[0] >> 4 == 4 ? ip[9] : ip[6];
		if (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP)
			continue;
		heard.count++;
		heard.payload += n - ETH_HLEN - hlen;
		heard.too_long += n > MAX_FRAME;
		aux = (struct tpacket_auxdata *)CMSG_DATA(&control.cmsg);
		if (aux->tp_status & TP_STATUS_CSUMNOTREADY)
			heard.partial++;
		else if (!checksum_holds(ip, n - ETH_HLEN))
			heard.wrong++;
	}
}

static int hear_open(const struct ns *ns, unsigned int ifindex)
{
	int fd, one = 1;

	fd = ns_listen(ns, ifindex, ETH_P_ALL);
	if (fd >= 0)
		setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one));
	return fd;
}

static void expect_whole(struct __test_metadata *_metadata, const struct heard *heard,
			 unsigned int least)
{
	EXPECT_LE(least, heard->count);
	EXPECT_EQ(0, heard->partial);
	EXPECT_EQ(0, heard->wrong);
	EXPECT_EQ(0, heard->too_long);
}

/* Whatever the far end leaves to its device, nic0 gets packets as on a wire. */
TEST_F(wire, whole_packets)
{
	struct ns *nic = &self->nic, *far = &self->far;
	struct heard heard;
	int fd;

	ASSERT_EQ(0, link_offload(nic, "nic0", ETHTOOL_SGRO, false));
	ASSERT_EQ(0, ends_address(nic, "nic0", far, self->far_name, 0));
	fd = hear_open(nic, link_index(nic, "nic0"));
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ns_stream(far, nic, NIC_IP, 1001, STREAM_LEN / 4));
	ASSERT_EQ(0, ns_stream(far, nic, NIC_IP6, 1001, STREAM_LEN / 4));
	ASSERT_EQ(0, ns_datagrams(far, nic, NIC_IP, 9, 1000, 20));
	heard = hear(fd, QUIET_MS);
	expect_whole(_metadata, &heard, STREAM_LEN / 2 / MTU);
	close(fd);
}

/* Who listens at the far end keeps what is there, whatever nic0's host puts together. */
TEST_F(wire, heard_before_gro)
{
	struct ns *nic = &self->nic, *far = &self->far;
	struct heard heard;
	int fd;

	ASSERT_EQ(0, ends_address(nic, "nic0", far, self->far_name, 0));
	fd = hear_open(far, link_index(far, self->far_name));
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, nic_hear_outgoing(fd));
	ASSERT_EQ(0, ns_stream(far, nic, NIC_IP, 1001, STREAM_LEN / 4));
	ASSERT_EQ(0, ns_stream(far, nic, NIC_IP6, 1001, STREAM_LEN / 4));
	heard = hear(fd, QUIET_MS);
	TH_LOG("%u packets, %zu bytes", heard.count, heard.payload);
	EXPECT_LT(STREAM_LEN / 2, heard.payload);
	EXPECT_EQ(0, heard.wrong);
	close(fd);
}

/* And so does a program, whose reflections are as on a wire, too. */
TEST_F(wire, whole_reflections)
{
	struct ns *nic = &self->nic, *far = &self->far;
	struct heard heard;
	uint8_t data[1000] = {};
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	unsigned int i;
	int fd, udp;

	ASSERT_EQ(0, ends_address(nic, "nic0", far, self->far_name, 0));
	/* The addresses are known from here on. */
	ASSERT_EQ(0, ns_datagrams(far, nic, NIC_IP, 9, 10, 1));
	self->prog = prog_return(XDP_TX, link_index(nic, "nic0"));
	ASSERT_LE(0, self->prog);
	ASSERT_EQ(0, link_xdp(nic, "nic0", self->prog, XDP_FLAGS_HW_MODE));
	fd = hear_open(far, link_index(far, self->far_name));
	udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ASSERT_LE(0, fd);
	ASSERT_LE(0, udp);
	inet_pton(AF_INET, NIC_IP, &to.sin_addr);
	for (i = 0; i < 20; i++) {
		data[i] = i;
		ASSERT_EQ(sizeof(data), sendto(udp, data, sizeof(data), 0, (void *)&to,
					       sizeof(to)));
	}
	heard = hear(fd, QUIET_MS);
	EXPECT_EQ(20, heard.count);
	expect_whole(_metadata, &heard, 20);
	close(udp);
	close(fd);
}

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

/* A datagram that is to become ten */
TEST_F(wire, udp_segments)
{
	struct ns *nic = &self->nic, *far = &self->far;
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	uint8_t data[10 * 1000], got[2000];
	struct timeval tv = { .tv_sec = MS / 1000 };
	int udp, receiver, fd, size = 1000, i;
	struct heard heard;

	ASSERT_EQ(0, link_offload(nic, "nic0", ETHTOOL_SGRO, false));
	ASSERT_EQ(0, ends_address(nic, "nic0", far, self->far_name, 0));
	for (i = 0; i < sizeof(data); i++)
		data[i] = i + i / 251;
	inet_pton(AF_INET, NIC_IP, &to.sin_addr);
	ASSERT_EQ(0, ns_enter(nic));
	receiver = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ASSERT_EQ(0, bind(receiver, (void *)&to, sizeof(to)));
	setsockopt(receiver, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	fd = hear_open(nic, link_index(nic, "nic0"));
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ns_enter(far));
	udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ASSERT_EQ(0, setsockopt(udp, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof(size)));
	/* Without the checksum's offload there are no segments. */
	if (sendto(udp, data, sizeof(data), 0, (void *)&to, sizeof(to)) < 0) {
		EXPECT_EQ(VETH_PLAIN, variant->wire);
		EXPECT_EQ(EIO, errno);
	} else {
		for (i = 0; i < 10; i++) {
			ASSERT_EQ(size, recv(receiver, got, sizeof(got), 0));
			EXPECT_EQ(0, memcmp(got, data + i * size, size));
		}
		heard = hear(fd, QUIET_MS);
		expect_whole(_metadata, &heard, 10);
	}
	close(udp);
	close(fd);
	close(receiver);
}

/* --- a tap on the wire, whose frames come with a virtio_net header --------------- */

FIXTURE(tap)
{
	struct ns nic;
	int tap;
	int heard;
};

FIXTURE_VARIANT(tap)
{
	bool ipv6;
	uint8_t gso;
};

FIXTURE_VARIANT_ADD(tap, ipv4)
{
	.gso = VIRTIO_NET_HDR_GSO_NONE,
};

FIXTURE_VARIANT_ADD(tap, ipv6)
{
	.ipv6 = true, .gso = VIRTIO_NET_HDR_GSO_NONE,
};

FIXTURE_VARIANT_ADD(tap, tso4)
{
	.gso = VIRTIO_NET_HDR_GSO_TCPV4,
};

FIXTURE_VARIANT_ADD(tap, tso6)
{
	.ipv6 = true, .gso = VIRTIO_NET_HDR_GSO_TCPV6,
};

static int open_tun(const char *name, short type)
{
	struct ifreq ifr = { .ifr_flags = type | IFF_NO_PI | IFF_VNET_HDR };
	unsigned int offloads = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;
	int fd;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &ifr) || ioctl(fd, TUNSETOFFLOAD, offloads))
		return -errno;
	return fd;
}

#define FRAGMENTED	8000	/* more than a page: the rest comes in fragments */

/*
 * Have a packet without an Ethernet header, and with one byte of data that is not in
 * fragments, redirected to a link, and expect it at the other end.
 */
static void redirect_fragments(struct __test_metadata *_metadata, const struct ns *ns,
			       const char *name, int to)
{
	static uint8_t packet[FRAGMENTED], got[FRAGMENTED];
	struct virtio_net_hdr hdr = { .hdr_len = 1 };
	struct iovec iov[] = {
		{ &hdr, sizeof(hdr) },
		{ packet, sizeof(packet) },
	};
	int tun, i;

	ASSERT_EQ(0, ns_enter(ns));
	tun = open_tun("tun0", IFF_TUN);
	ASSERT_LE(0, tun);
	ASSERT_EQ(0, nic_run("ip link set tun0 up mtu %d", JUMBO));
	ASSERT_EQ(0, nic_run("tc qdisc add dev tun0 clsact"));
	ASSERT_EQ(0, nic_run("tc filter add dev tun0 ingress matchall action mirred egress redirect dev %s",
			     name));
	for (i = 0; i < FRAGMENTED; i++)
		packet[i] = i * 7 + (i >> 8);
	packet[0] = 0x45;	/* IPv4 for the tun, a group's address for Ethernet */
	put16(packet + 12, NIC_ETHERTYPE);
	ASSERT_EQ(sizeof(hdr) + FRAGMENTED, writev(tun, iov, 2));
	EXPECT_EQ(FRAGMENTED, nic_recv(to, got, sizeof(got), MS));
	EXPECT_EQ(0, memcmp(packet, got, FRAGMENTED));
	close(tun);
}

TEST_F(wire, header_in_fragments)
{
	ASSERT_EQ(0, set_mtu(&self->nic, &self->far, self->far_name, JUMBO));
	open_ends(_metadata, self);
	redirect_fragments(_metadata, &self->far, self->far_name, self->a);
	redirect_fragments(_metadata, &self->nic, "nic0", self->b);
}

FIXTURE_SETUP(tap)
{
	ASSERT_EQ(0, nic_wait_objects("ports", 0, MS));
	ASSERT_EQ(0, ns_new(&self->nic));
	ASSERT_EQ(0, ns_enter(&self->nic));
	self->tap = open_tun("tap0", IFF_TAP);
	ASSERT_LE(0, self->tap);
	ASSERT_EQ(0, link_add_kind(&self->nic, "nic0", "bpfnic",
				   link_index(&self->nic, "tap0")));
	ASSERT_EQ(0, link_offload(&self->nic, "nic0", ETHTOOL_SGRO, false));
	ASSERT_EQ(0, link_up(&self->nic, "tap0", true));
	ASSERT_EQ(0, link_up(&self->nic, "nic0", true));
	ASSERT_EQ(0, link_wait_carrier(&self->nic, "nic0", true));
	self->heard = hear_open(&self->nic, link_index(&self->nic, "nic0"));
	ASSERT_LE(0, self->heard);
}

FIXTURE_TEARDOWN(tap)
{
	close(self->tap);
	close(self->heard);
	EXPECT_EQ(0, link_index(&self->nic, "nic0"));
	ns_close(&self->nic);
	EXPECT_EQ(0, nic_wait_objects("ports", 0, MS));
}

#define TCP_HLEN	20
#define SEGMENT		1000
#define SEGMENTS	8

/* An IP packet of TCP in a frame, its checksum begun as a sender's; returns its length */
static size_t tcp_frame(uint8_t *frame, bool ipv6, size_t payload, size_t *tcp_at)
{
	uint8_t *ip = frame + ETH_HLEN, *tcp;
	size_t i, hlen = ipv6 ? 40 : 20;

	memset(frame, 0, ETH_HLEN + 40 + TCP_HLEN);
	memset(frame, 0xff, ETH_ALEN);
	frame[6] = 0x02;
	put16(frame + 12, ipv6 ? ETH_P_IPV6 : ETH_P_IP);
	tcp = ip + hlen;
	if (ipv6) {
		ip[0] = 0x60;
		put16(ip + 4, TCP_HLEN + payload);
		ip[6] = IPPROTO_TCP;
		ip[7] = 64;
		ip[8] = 0xfd;
		ip[23] = 2;
		ip[24] = 0xfd;
		ip[39] = 1;
		put16(tcp + 16, add_up(ip + 8, 32, IPPROTO_TCP + TCP_HLEN + payload));
	} else {
		ip[0] = 0x45;
		put16(ip + 2, hlen + TCP_HLEN + payload);
		ip[8] = 64;
		ip[9] = IPPROTO_TCP;
		ip[12] = 10;
		ip[15] = 2;
		ip[16] = 10;
		ip[19] = 1;
		put16(ip + 10, ~add_up(ip, hlen, 0));
		put16(tcp + 16, add_up(ip + 12, 8, IPPROTO_TCP + TCP_HLEN + payload));
	}
	put16(tcp, 1000);
	put16(tcp + 2, 2000);
	tcp[12] = TCP_HLEN / 4 << 4;
	tcp[13] = 0x10;		/* ACK */
	for (i = 0; i < payload; i++)
		tcp[TCP_HLEN + i] = i * 7 + (i >> 8);
	*tcp_at = ETH_HLEN + hlen;
	return ETH_HLEN + hlen + TCP_HLEN + payload;
}

/* What a guest leaves to its device, others see as from a wire. */
TEST_F(tap, whole_packets)
{
	size_t payload = SEGMENT, len, tcp_at;
	uint8_t frame[ETH_HLEN + 60 + SEGMENTS * SEGMENT];
	struct virtio_net_hdr hdr = {};
	struct iovec iov[2] = { { &hdr, sizeof(hdr) }, { frame, 0 } };
	unsigned int segments = 1;
	struct heard heard;
	int prog = -1, i;

	if (variant->gso != VIRTIO_NET_HDR_GSO_NONE)
		segments = SEGMENTS;
	payload *= segments;
	len = tcp_frame(frame, variant->ipv6, payload, &tcp_at);
	iov[1].iov_len = len;
	hdr.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	hdr.csum_start = tcp_at;
	hdr.csum_offset = 16;
	hdr.gso_type = variant->gso;
	if (segments > 1) {
		hdr.gso_size = SEGMENT;
		hdr.hdr_len = tcp_at + TCP_HLEN;
	}
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(sizeof(hdr) + len, writev(self->tap, iov, 2));
		heard = hear(self->heard, QUIET_MS);
		expect_whole(_metadata, &heard, segments);
		EXPECT_EQ(segments, heard.count);
		EXPECT_EQ(segments * TCP_HLEN + payload, heard.payload);
		if (i)
			break;
		/* The same past a program */
		prog = prog_return(XDP_PASS, link_index(&self->nic, "nic0"));
		ASSERT_LE(0, prog);
		ASSERT_EQ(0, link_xdp(&self->nic, "nic0", prog, XDP_FLAGS_HW_MODE));
	}
	EXPECT_EQ(segments, nic_stat("nic0", "hw_xdp_pass"));
	close(prog);
}

/* A reflection comes to whoever reads the tap. */
TEST_F(tap, reflected)
{
	uint8_t frame[ETH_HLEN + 60 + SEGMENTS * SEGMENT], got[2000];
	const uint8_t *ip = got + sizeof(struct virtio_net_hdr) + ETH_HLEN;
	struct virtio_net_hdr hdr = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM };
	struct iovec iov[2] = { { &hdr, sizeof(hdr) }, { frame, 0 } };
	struct virtio_net_hdr *back = (void *)got;
	unsigned int segments = 1, i;
	size_t tcp_at, len;
	int prog;

	if (variant->gso != VIRTIO_NET_HDR_GSO_NONE) {
		segments = SEGMENTS;
		hdr.gso_type = variant->gso;
		hdr.gso_size = SEGMENT;
	}
	iov[1].iov_len = tcp_frame(frame, variant->ipv6, segments * SEGMENT, &tcp_at);
	hdr.hdr_len = tcp_at + TCP_HLEN;
	hdr.csum_start = tcp_at;
	hdr.csum_offset = 16;
	len = sizeof(hdr) + tcp_at + TCP_HLEN + SEGMENT;
	prog = prog_return(XDP_TX, link_index(&self->nic, "nic0"));
	ASSERT_LE(0, prog);
	ASSERT_EQ(0, link_xdp(&self->nic, "nic0", prog, XDP_FLAGS_HW_MODE));
	ASSERT_EQ(sizeof(hdr) + iov[1].iov_len, writev(self->tap, iov, 2));
	for (i = 0; i < segments; i++) {
		ASSERT_EQ(len, read(self->tap, got, sizeof(got)));
		EXPECT_EQ(0, back->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM);
		EXPECT_EQ(VIRTIO_NET_HDR_GSO_NONE, back->gso_type);
		EXPECT_TRUE(checksum_holds(ip, len - sizeof(hdr) - ETH_HLEN));
		EXPECT_EQ(0, memcmp(got + len - SEGMENT,
				    frame + tcp_at + TCP_HLEN + i * SEGMENT, SEGMENT));
	}
	close(prog);
}

/* Nor does a netdev that takes frames of any length get one that it was not made for. */
TEST_F(tap, grown)
{
	const unsigned int hlen = sizeof(struct virtio_net_hdr), most = MTU + ETH_HLEN + 8;
	uint8_t frame[100] = {};
	int native;

	nic_frame(frame + hlen, sizeof(frame) - hlen, 1);
	for (native = 0; native < 2; native++) {
		expect_grown(_metadata, &self->nic, most, native, self->tap, frame, self->tap,
			     hlen + most);
		expect_grown(_metadata, &self->nic, most + 1, native, self->tap, frame,
			     self->tap, 0);
		EXPECT_EQ(0, nic_wait_stat("nic0", native ? "xdp_tx_errors" : "hw_xdp_tx_errors",
					   1, MS));
	}
}

/* --- queues ------------------------------------------------------------------- */

#define QUEUES	4

FIXTURE(queues)
{
	struct ns nic;
	struct ns far;
	int a;
	int b;
};

FIXTURE_SETUP(queues)
{
	ASSERT_EQ(0, nic_wait_objects("ports", 0, MS));
	ASSERT_EQ(0, ns_new(&self->nic));
	ASSERT_EQ(0, ns_new(&self->far));
	ASSERT_EQ(0, make_wire(&self->nic, &self->far, OWN, QUEUES));
	ASSERT_EQ(0, bring_up(&self->nic, &self->far, "nic0_wire"));
	self->a = ns_listen(&self->nic, link_index(&self->nic, "nic0"), NIC_ETHERTYPE);
	self->b = ns_listen(&self->far, link_index(&self->far, "nic0_wire"), 0);
	ASSERT_LE(0, self->a);
	ASSERT_LE(0, self->b);
	ASSERT_EQ(0, ns_enter(&self->nic));
}

FIXTURE_TEARDOWN(queues)
{
	close(self->a);
	close(self->b);
	link_del(&self->nic, "nic0");
	ns_close(&self->far);
	ns_close(&self->nic);
	EXPECT_EQ(0, nic_wait_objects("ports", 0, MS));
}

static void read_queues(long long *packets)
{
	struct nic_stats stats;
	char name[32];
	unsigned int i;

	nic_stats("nic0", &stats);
	for (i = 0; i < QUEUES; i++) {
		snprintf(name, sizeof(name), "rx%u_packets", i);
		packets[i] = nic_stat_of(&stats, name);
	}
}

/* How many frames came by which queue of the last @count; -1: not all came */
static int send_some(int from, int to, uint8_t first_byte, unsigned int count, long long *by)
{
	uint8_t frame[100];
	long long before[QUEUES];
	unsigned int i;

	read_queues(before);
	for (i = 0; i < count; i++) {
		nic_frame(frame, sizeof(frame), i);
		frame[ETH_HLEN] = first_byte;
		if (nic_send(from, frame, sizeof(frame)) ||
		    nic_recv(to, frame, sizeof(frame), MS) != sizeof(frame))
			return -1;
	}
	read_queues(by);
	for (i = 0; i < QUEUES; i++)
		by[i] -= before[i];
	return 0;
}

/* A frame comes by the queue that it was sent by. */
TEST_F(queues, of_the_wire)
{
	static const unsigned int channels[] = { 4, 3, 1 };
	struct nic nic = { .name = "nic0", .wire = "nic0_wire" };
	unsigned int i, queue;
	long long by[QUEUES];

	for (i = 0; i < ARRAY_SIZE(channels); i++) {
		ASSERT_EQ(0, ns_enter(&self->nic));
		ASSERT_EQ(0, link_set_channels(&self->nic, "nic0", channels[i]));
		ASSERT_EQ(0, link_wait_carrier(&self->nic, "nic0", true));
		for (queue = 0; queue < channels[i]; queue++) {
			ASSERT_EQ(0, ns_enter(&self->far));
			ASSERT_EQ(0, nic_steer(&nic, queue));
			ASSERT_EQ(0, ns_enter(&self->nic));
			ASSERT_EQ(0, send_some(self->b, self->a, 0, 8, by));
			EXPECT_EQ(8, by[queue]) {
				TH_LOG("queue %u of the wire, %u channels: %lld %lld %lld %lld",
				       queue, channels[i], by[0], by[1], by[2], by[3]);
			}
		}
	}
}

/* The program chooses, by the first byte; what is no queue changes nothing. */
TEST_F(queues, steered)
{
	const struct bpf_insn insns[] = {
		I_LOAD(BPF_W, 2, 1, offsetof(struct xdp_md, data)),
		I_LOAD(BPF_W, 3, 1, offsetof(struct xdp_md, data_end)),
		I_ALU_R(BPF_MOV, 4, 2),
		I_ALU(BPF_ADD, 4, ETH_HLEN + 1),
		I_JUMP_R(BPF_JGT, 4, 3, 2),
		I_LOAD(BPF_B, 4, 2, ETH_HLEN),
		I_STORE(BPF_W, 1, offsetof(struct xdp_md, rx_queue_index), 4),
		I_ALU(BPF_MOV, 0, XDP_PASS),
		I_EXIT,
	};
	long long by[QUEUES], steered = 0, sum;
	unsigned int i, queue;
	int prog;

	prog = prog_load(insns, ARRAY_SIZE(insns), link_index(&self->nic, "nic0"), NULL, 0);
	ASSERT_LE(0, prog);
	ASSERT_EQ(0, link_xdp(&self->nic, "nic0", prog, XDP_FLAGS_HW_MODE));
	for (queue = 0; queue < QUEUES; queue++) {
		ASSERT_EQ(0, send_some(self->b, self->a, queue, 5, by));
		EXPECT_EQ(5, by[queue]) {
			TH_LOG("queue %u: %lld %lld %lld %lld", queue, by[0], by[1], by[2],
			       by[3]);
		}
		steered += 5;
	}
	EXPECT_EQ(0, nic_stat("nic0", "hw_steer_invalid"));
	EXPECT_LT(0, nic_stat("nic0", "hw_steered"));
	EXPECT_GE(steered, nic_stat("nic0", "hw_steered"));
	ASSERT_EQ(0, send_some(self->b, self->a, QUEUES, 5, by));
	ASSERT_EQ(0, send_some(self->b, self->a, 255, 5, by));
	EXPECT_EQ(10, nic_stat("nic0", "hw_steer_invalid"));

	/* A queue less, and its number is no queue any more. */
	ASSERT_EQ(0, link_set_channels(&self->nic, "nic0", QUEUES - 1));
	ASSERT_EQ(0, link_wait_carrier(&self->nic, "nic0", true));
	ASSERT_EQ(0, send_some(self->b, self->a, QUEUES - 1, 5, by));
	EXPECT_EQ(15, nic_stat("nic0", "hw_steer_invalid"));
	for (i = 0, sum = 0; i < QUEUES; i++)
		sum += by[i];
	EXPECT_EQ(5, sum);
	EXPECT_EQ(0, by[QUEUES - 1]);
	close(prog);
}

/* From a link without such queues: flows spread, and each keeps its queue. */
TEST_F(queues, flows_from_a_link)
{
	long long before[QUEUES], after[QUEUES], all[QUEUES] = {};
	unsigned int flow, i, used, queues = 0;
	struct ns *nic = &self->nic, *far = &self->far;

	link_del(nic, "nic0");
	ASSERT_EQ(0, make_wire(nic, far, VETH, QUEUES));
	ASSERT_EQ(0, ends_address(nic, "nic0", far, "far0", 0));
	ASSERT_EQ(0, ns_datagrams(far, nic, NIC_IP, 9, 10, 1));
	for (flow = 0; flow < 32; flow++) {
		read_queues(before);
		/* One socket, so one flow */
		ASSERT_EQ(0, ns_datagrams(far, nic, NIC_IP, 1000 + flow, 100, 4));
		read_queues(after);
		for (i = 0, used = 0; i < QUEUES; i++) {
			if (after[i] - before[i] >= 4)
				used++;
			all[i] += after[i] - before[i];
		}
		EXPECT_EQ(1, used) {
			TH_LOG("flow %u: %lld %lld %lld %lld", flow, after[0] - before[0],
			       after[1] - before[1], after[2] - before[2],
			       after[3] - before[3]);
		}
	}
	for (i = 0; i < QUEUES; i++)
		queues += all[i] > 0;
	EXPECT_LE(QUEUES - 1, queues) {
		TH_LOG("%lld %lld %lld %lld", all[0], all[1], all[2], all[3]);
	}
	link_del(nic, "nic0");
	link_del(nic, "dev0");
}

TEST_F(queues, channels)
{
	struct ethtool_channels channels;

	ASSERT_EQ(0, link_channels(&self->nic, "nic0", &channels));
	EXPECT_EQ(QUEUES, channels.max_combined);
	EXPECT_EQ(QUEUES, channels.combined_count);
	EXPECT_EQ(0, channels.max_rx);
	EXPECT_EQ(0, channels.max_tx);
	EXPECT_EQ(-EINVAL, link_set_channels(&self->nic, "nic0", 0));
	EXPECT_EQ(-EINVAL, link_set_channels(&self->nic, "nic0", QUEUES + 1));
	EXPECT_EQ(0, link_set_channels(&self->nic, "nic0", 2));
	ASSERT_EQ(0, link_channels(&self->nic, "nic0", &channels));
	EXPECT_EQ(2, channels.combined_count);
	EXPECT_EQ(QUEUES, channels.max_combined);
	/* Down, and up again */
	EXPECT_EQ(0, link_up(&self->nic, "nic0", false));
	EXPECT_EQ(0, link_set_channels(&self->nic, "nic0", 3));
	EXPECT_EQ(0, link_up(&self->nic, "nic0", true));
	ASSERT_EQ(0, link_channels(&self->nic, "nic0", &channels));
	EXPECT_EQ(3, channels.combined_count);
}

/* --- carrier ------------------------------------------------------------------ */

FIXTURE(carrier)
{
	struct ns ns;
};

FIXTURE_SETUP(carrier)
{
	ASSERT_EQ(0, nic_wait_objects("ports", 0, MS));
	ASSERT_EQ(0, ns_new(&self->ns));
	ASSERT_EQ(0, ns_enter(&self->ns));
}

FIXTURE_TEARDOWN(carrier)
{
	link_del(&self->ns, "nic0");
	link_del(&self->ns, "dev0");
	ns_close(&self->ns);
	EXPECT_EQ(0, nic_wait_objects("ports", 0, MS));
}

TEST_F(carrier, own_wire)
{
	struct ns *ns = &self->ns;
	struct link_info info;
	unsigned int i;

	ASSERT_EQ(0, link_add_kind(ns, "nic0", "bpfnic", 0));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, link_up(ns, "nic0", true));
		ASSERT_EQ(0, link_info(ns, "nic0", &info));
		EXPECT_FALSE(info.carrier);
		ASSERT_EQ(0, link_up(ns, "nic0_wire", true));
		EXPECT_EQ(0, link_wait_carrier(ns, "nic0", true));
		EXPECT_EQ(0, link_wait_carrier(ns, "nic0_wire", true));
		ASSERT_EQ(0, link_up(ns, "nic0_wire", false));
		EXPECT_EQ(0, link_wait_carrier(ns, "nic0", false));
		ASSERT_EQ(0, link_up(ns, "nic0_wire", true));
		EXPECT_EQ(0, link_wait_carrier(ns, "nic0", true));
		ASSERT_EQ(0, link_up(ns, "nic0", false));
		EXPECT_EQ(0, link_wait_carrier(ns, "nic0_wire", false));
		ASSERT_EQ(0, link_up(ns, "nic0_wire", false));
	}
}

/* Two ports of one device have each its own. */
TEST_F(carrier, two_ports)
{
	struct ns *ns = &self->ns;
	struct link_info info;

	ASSERT_EQ(0, link_add_kind(ns, "nic0", "bpfnic", 0));
	ASSERT_EQ(0, link_add_kind(ns, "nic1", "bpfnic", link_index(ns, "nic0")));
	ASSERT_EQ(0, link_up(ns, "nic0", true));
	ASSERT_EQ(0, link_up(ns, "nic1", true));
	ASSERT_EQ(0, link_up(ns, "nic1_wire", true));
	EXPECT_EQ(0, link_wait_carrier(ns, "nic1", true));
	ASSERT_EQ(0, link_info(ns, "nic0", &info));
	EXPECT_FALSE(info.carrier);
	link_del(ns, "nic1");
}

/* On another link: when that is up */
TEST_F(carrier, of_a_link)
{
	struct ns *ns = &self->ns;

	ASSERT_EQ(0, link_add_veth(ns, "dev0", "far0"));
	ASSERT_EQ(0, link_add_kind(ns, "nic0", "bpfnic", link_index(ns, "dev0")));
	ASSERT_EQ(0, link_up(ns, "nic0", true));
	ASSERT_EQ(0, link_up(ns, "dev0", true));
	ASSERT_EQ(0, link_up(ns, "far0", true));
	EXPECT_EQ(0, link_wait_carrier(ns, "nic0", true));
	ASSERT_EQ(0, link_up(ns, "far0", false));
	EXPECT_EQ(0, link_wait_carrier(ns, "nic0", false));
	ASSERT_EQ(0, link_up(ns, "far0", true));
	EXPECT_EQ(0, link_wait_carrier(ns, "nic0", true));
	ASSERT_EQ(0, link_up(ns, "dev0", false));
	EXPECT_EQ(0, link_wait_carrier(ns, "nic0", false));
}

TEST_HARNESS_MAIN
