// SPDX-License-Identifier: GPL-2.0
/*
 * The receive hash's counters, as ethtool -S shows them.
 */

#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/ethtool.h>
#include <linux/sockios.h>

#include "harness.h"
#include "vnet_flow.h"
#include "vnet_tap.h"

#define BOTH	(TUN_VNET_HASH_REPORT | TUN_VNET_HASH_RSS)
#define HASH_HDR	((int)sizeof(struct virtio_net_hdr_v1_hash))
#define TIMEOUT	10000	/* milliseconds, for a packet that must come */

static const struct tun_vnet_hash zero_arg;

enum {
	/* By VIRTIO_NET_HASH_REPORT_*, then */
	UNCLASSIFIED = VIRTIO_NET_HASH_REPORT_UDPv6_EX + 1,
	LATE,
	COUNTERS
};

static const char * const names[COUNTERS] = {
	[VIRTIO_NET_HASH_REPORT_NONE] = "vnet_hash_report_none",
	[VIRTIO_NET_HASH_REPORT_IPv4] = "vnet_hash_report_ipv4",
	[VIRTIO_NET_HASH_REPORT_TCPv4] = "vnet_hash_report_tcpv4",
	[VIRTIO_NET_HASH_REPORT_UDPv4] = "vnet_hash_report_udpv4",
	[VIRTIO_NET_HASH_REPORT_IPv6] = "vnet_hash_report_ipv6",
	[VIRTIO_NET_HASH_REPORT_TCPv6] = "vnet_hash_report_tcpv6",
	[VIRTIO_NET_HASH_REPORT_UDPv6] = "vnet_hash_report_udpv6",
	[VIRTIO_NET_HASH_REPORT_IPv6_EX] = "vnet_hash_report_ipv6_ex",
	[VIRTIO_NET_HASH_REPORT_TCPv6_EX] = "vnet_hash_report_tcpv6_ex",
	[VIRTIO_NET_HASH_REPORT_UDPv6_EX] = "vnet_hash_report_udpv6_ex",
	[UNCLASSIFIED] = "vnet_hash_unclassified",
	[LATE] = "vnet_hash_late",
};

static int ethtool(void *data)
{
	struct ifreq ifr = { .ifr_name = "tap0", .ifr_data = data };
	int fd, err;

	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0)
		return -1;
	err = ioctl(fd, SIOCETHTOOL, &ifr);
	close(fd);
	return err;
}

/* How many there are; -1 where that cannot be asked */
static int counters_shown(void)
{
	struct {
		struct ethtool_sset_info head;
		__u32 count;
	} info = {
		.head.cmd = ETHTOOL_GSSET_INFO,
		.head.sset_mask = 1ULL << ETH_SS_STATS,
	};

	if (ethtool(&info))
		return -1;
	return info.head.sset_mask ? (int)info.count : -1;
}

/* Read all counters; each must be there once. */
static int read_counters(__u64 *counters)
{
	struct {
		struct ethtool_sset_info head;
		__u32 count;
	} info = {
		.head.cmd = ETHTOOL_GSSET_INFO,
		.head.sset_mask = 1ULL << ETH_SS_STATS,
	};
	unsigned int i, n, found = 0, missing = COUNTERS;
	struct ethtool_gstrings *strings;
	struct ethtool_stats *stats;

	if (ethtool(&info) || !info.head.sset_mask)
		return -1;
	strings = calloc(1, sizeof(*strings) + info.count * ETH_GSTRING_LEN);
	stats = calloc(1, sizeof(*stats) + info.count * sizeof(__u64));
	if (!strings || !stats)
		return -1;
	strings->cmd = ETHTOOL_GSTRINGS;
	strings->string_set = ETH_SS_STATS;
	strings->len = info.count;
	stats->cmd = ETHTOOL_GSTATS;
	stats->n_stats = info.count;
	if (ethtool(strings) || ethtool(stats))
		return -1;

	for (n = 0; n < info.count; n++) {
		for (i = 0; i < COUNTERS; i++) {
			if (strcmp((char *)strings->data + n * ETH_GSTRING_LEN,
				   names[i]))
				continue;
			missing -= !(found & 1U << i);
			found |= 1U << i;
			counters[i] = stats->data[n];
		}
	}
	free(strings);
	free(stats);
	return missing ? -1 : 0;
}

FIXTURE(count)
{
	struct vnet_tap tap;
	struct vnet_conf conf;
	struct vnet_packet pkt;
	__u64 owed[COUNTERS];	/* since the device is there */
};

FIXTURE_VARIANT(count)
{
	enum vnet_kind kind;
};

FIXTURE_VARIANT_ADD(count, tun) { .kind = VNET_TUN };
FIXTURE_VARIANT_ADD(count, macvtap) { .kind = VNET_MACVTAP };
FIXTURE_VARIANT_ADD(count, ipvtap) { .kind = VNET_IPVTAP };

FIXTURE_SETUP(count)
{
	ASSERT_EQ(0, vnet_new_netns());
	ASSERT_EQ(0, vnet_tap_create_kind(&self->tap, variant->kind, "tap0",
					  IFF_TAP | IFF_VNET_HDR, 4));
	ASSERT_EQ(0, vnet_tap_hdr_size(&self->tap, HASH_HDR));
	ASSERT_EQ(0, vnet_tap_up(&self->tap));
	vnet_conf_init(&self->conf, BOTH, 4);
}

FIXTURE_TEARDOWN(count)
{
	vnet_tap_close(&self->tap);
}

static void set_conf(struct __test_metadata *_metadata,
		     FIXTURE_DATA(count) *self)
{
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->conf.arg));
}

/* Send and receive each flow of the demo, and note what that adds. */
static void pass_flows(struct __test_metadata *_metadata,
		       FIXTURE_DATA(count) *self)
{
	unsigned char frame[VNET_FLOW_MAX_FRAME];
	struct vnet_expect e;
	size_t i, len;

	for (i = 0; i < vnet_flows_count; i++) {
		/* ipvlan looks for an address behind no second tag. */
		if (self->tap.kind == VNET_IPVTAP && vnet_flows[i].vlan[1])
			continue;
		len = vnet_flow_build(&vnet_flows[i], frame, sizeof(frame));
		ASSERT_EQ(0, vnet_tap_send(&self->tap, frame, len));
		ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
		ASSERT_EQ(len, self->pkt.len);

		e = vnet_conf_expect(&self->conf, frame, len, true);
		if (self->conf.arg.flags & TUN_VNET_HASH_REPORT)
			self->owed[e.report]++;
		if (self->conf.arg.flags & TUN_VNET_HASH_RSS &&
		    e.report == VIRTIO_NET_HASH_REPORT_NONE)
			self->owed[UNCLASSIFIED]++;
	}
}

static void expect_counters(struct __test_metadata *_metadata,
			    FIXTURE_DATA(count) *self)
{
	__u64 counters[COUNTERS];
	unsigned int i;

	ASSERT_EQ(0, read_counters(counters));
	for (i = 0; i < COUNTERS; i++) {
		EXPECT_EQ(self->owed[i], counters[i]) {
			TH_LOG("%s", names[i]);
		}
	}
}

/* A device that never was told to hash shows none. */
TEST_F(count, off)
{
	struct vnet_conf conf = self->conf;

	EXPECT_EQ(0, counters_shown());
	self->conf.arg.flags = 0;
	pass_flows(_metadata, self);
	EXPECT_EQ(0, counters_shown());

	/* From the first time on they are there, and begin with 0. */
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &conf.arg));
	EXPECT_EQ(COUNTERS, counters_shown());
	expect_counters(_metadata, self);
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &zero_arg));
	pass_flows(_metadata, self);
	expect_counters(_metadata, self);
}

TEST_F(count, each_type)
{
	unsigned int i;

	set_conf(_metadata, self);
	pass_flows(_metadata, self);
	for (i = 0; i <= UNCLASSIFIED; i++)
		ASSERT_NE(0, self->owed[i]);
	expect_counters(_metadata, self);
	pass_flows(_metadata, self);
	expect_counters(_metadata, self);
}

/* RSS alone reports nothing; a report alone sends nothing to a queue. */
TEST_F(count, rss_only)
{
	self->conf.arg.flags = TUN_VNET_HASH_RSS;
	set_conf(_metadata, self);
	pass_flows(_metadata, self);
	ASSERT_NE(0, self->owed[UNCLASSIFIED]);
	expect_counters(_metadata, self);
}

TEST_F(count, report_only)
{
	self->conf.arg.flags = TUN_VNET_HASH_REPORT;
	set_conf(_metadata, self);
	pass_flows(_metadata, self);
	ASSERT_EQ(0, self->owed[UNCLASSIFIED]);
	expect_counters(_metadata, self);
}

TEST_F(count, no_types)
{
	self->conf.arg.hash_types = 0;
	set_conf(_metadata, self);
	pass_flows(_metadata, self);
	ASSERT_EQ(self->owed[VIRTIO_NET_HASH_REPORT_NONE],
		  self->owed[UNCLASSIFIED]);
	expect_counters(_metadata, self);
}

/* They are the device's, not the configuration's. */
TEST_F(count, goes_on_when_replaced)
{
	set_conf(_metadata, self);
	pass_flows(_metadata, self);

	self->conf.arg.hash_types = VIRTIO_NET_RSS_HASH_TYPE_IPv4;
	set_conf(_metadata, self);
	pass_flows(_metadata, self);
	expect_counters(_metadata, self);

	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &zero_arg));
	expect_counters(_metadata, self);

	self->conf.arg.hash_types = VNET_ALL_TYPES;
	set_conf(_metadata, self);
	pass_flows(_metadata, self);
	expect_counters(_metadata, self);
}

/* Another device counts for itself. */
TEST_F(count, not_of_another_device)
{
	struct vnet_tap other;

	ASSERT_EQ(0, vnet_tap_create_kind(&other, variant->kind, "tap1",
					  IFF_TAP | IFF_VNET_HDR, 1));
	ASSERT_EQ(0, ioctl(other.fds[0], TUNSETVNETHASH, &self->conf.arg));
	set_conf(_metadata, self);
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &zero_arg));
	self->conf.arg.flags = 0;
	pass_flows(_metadata, self);
	expect_counters(_metadata, self);
	vnet_tap_close(&other);
}

/* On a tun device something else may choose the queue. */

FIXTURE(late)
{
	FIXTURE_DATA(count) count;
	unsigned char frame[VNET_FLOW_MAX_FRAME];
	struct vnet_expect e;
	size_t len;
};

FIXTURE_SETUP(late)
{
	FIXTURE_DATA(count) *count = &self->count;

	ASSERT_EQ(0, vnet_new_netns());
	ASSERT_EQ(0, vnet_tap_create(&count->tap, "tap0",
				     IFF_TAP | IFF_VNET_HDR, 4));
	ASSERT_EQ(0, vnet_tap_hdr_size(&count->tap, HASH_HDR));
	ASSERT_EQ(0, vnet_tap_up(&count->tap));
	vnet_conf_init(&count->conf, BOTH, 4);
	ASSERT_EQ(0, ioctl(count->tap.fds[0], TUNSETVNETHASH,
			   &count->conf.arg));
	self->len = vnet_flow_build(&vnet_flows[0], self->frame,
				    sizeof(self->frame));
	self->e = vnet_conf_expect(&count->conf, self->frame, self->len, true);
}

FIXTURE_TEARDOWN(late)
{
	vnet_tap_close(&self->count.tap);
}

static void pass_one(struct __test_metadata *_metadata,
		     FIXTURE_DATA(late) *self)
{
	FIXTURE_DATA(count) *count = &self->count;

	ASSERT_EQ(0, vnet_tap_send(&count->tap, self->frame, self->len));
	ASSERT_EQ(1, vnet_tap_recv(&count->tap, &count->pkt, TIMEOUT));
	count->owed[self->e.report]++;
}

/* tc chooses the queue: that of the table, and each other one. */
TEST_F(late, preset_queue)
{
	FIXTURE_DATA(count) *count = &self->count;
	unsigned int q;

	ASSERT_EQ(0, vnet_run("tc qdisc add dev tap0 clsact"));
	for (q = 0; q < 4; q++) {
		ASSERT_EQ(0, vnet_run("tc filter add dev tap0 egress prio 1 matchall action skbedit queue_mapping %u",
				      q));
		pass_one(_metadata, self);
		ASSERT_EQ(q, count->pkt.queue);
		count->owed[LATE] += q != self->e.queue;
		expect_counters(_metadata, count);
		ASSERT_EQ(0, vnet_run("tc filter del dev tap0 egress prio 1"));
	}
	ASSERT_EQ(3, count->owed[LATE]);
}

/* With one queue there is nothing to choose, and nothing is late. */
TEST_F(late, one_queue)
{
	FIXTURE_DATA(count) *count = &self->count;

	while (count->tap.queues > 1)
		close(count->tap.fds[--count->tap.queues]);
	pass_one(_metadata, self);
	expect_counters(_metadata, count);
}

TEST_HARNESS_MAIN
