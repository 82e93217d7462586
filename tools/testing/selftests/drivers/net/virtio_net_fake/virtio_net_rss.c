// SPDX-License-Identifier: GPL-2.0
/*
 * RSS and the hash report: what ethtool sets and shows, and what the device was
 * told.  Both must be the same, whatever was done before.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/ethtool.h>

#include "harness.h"
#include "fake_dev.h"

#define TWO_TUPLE	(RXH_IP_SRC | RXH_IP_DST)
#define FOUR_TUPLE	(TWO_TUPLE | RXH_L4_B_0_1 | RXH_L4_B_2_3)

#define BASE		(FAKE_VERSION_1 | FAKE_F(CTRL_VQ) | FAKE_F(MRG_RXBUF))
#define RSS		(BASE | FAKE_F(MQ) | FAKE_F(RSS) | FAKE_F(HASH_REPORT))
#define REPORT		(BASE | FAKE_F(MQ) | FAKE_F(HASH_REPORT))

/* What is the same in the device and in the answers of ethtool? */
static void expect_same(struct __test_metadata *_metadata, struct fake_dev *dev)
{
	static uint32_t table[FAKE_MAX_TABLE];
	uint8_t key[FAKE_MAX_KEY];
	unsigned int i, len, pairs;

	ASSERT_EQ(0, fake_sync(dev));
	EXPECT_FALSE(dev->state.malformed);
	ASSERT_EQ(0, fake_get_pairs(dev, &pairs, NULL));
	EXPECT_EQ(pairs, dev->state.pairs);
	if (dev->features & FAKE_F(RSS)) {
		EXPECT_EQ(FAKE_RSS, dev->state.steering);
		ASSERT_EQ(0, fake_get_table(dev, table, &len));
		ASSERT_EQ(len, dev->state.table_len);
		for (i = 0; i < len; i++)
			ASSERT_EQ(table[i], dev->state.table[i]);
	}
	if (dev->state.hashes) {
		ASSERT_EQ(0, fake_get_key(dev, key, &len));
		ASSERT_EQ(len, dev->state.key_len);
		EXPECT_EQ(0, memcmp(key, dev->state.key, len));
	}
}

/* Does ethtool say of each flow what the device's hash types amount to? */
static void expect_flows(struct __test_metadata *_metadata, struct fake_dev *dev,
			 uint32_t types)
{
	static const struct {
		uint32_t flow_type, l3, l4;
	} flows[] = {
		{ TCP_V4_FLOW, VIRTIO_NET_RSS_HASH_TYPE_IPv4, VIRTIO_NET_RSS_HASH_TYPE_TCPv4 },
		{ UDP_V4_FLOW, VIRTIO_NET_RSS_HASH_TYPE_IPv4, VIRTIO_NET_RSS_HASH_TYPE_UDPv4 },
		{ IPV4_FLOW, VIRTIO_NET_RSS_HASH_TYPE_IPv4, 0 },
		{ TCP_V6_FLOW, VIRTIO_NET_RSS_HASH_TYPE_IPv6, VIRTIO_NET_RSS_HASH_TYPE_TCPv6 },
		{ UDP_V6_FLOW, VIRTIO_NET_RSS_HASH_TYPE_IPv6, VIRTIO_NET_RSS_HASH_TYPE_UDPv6 },
		{ IPV6_FLOW, VIRTIO_NET_RSS_HASH_TYPE_IPv6, 0 },
	};
	uint64_t shown, want;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flows); i++) {
		want = 0;
		if (types & flows[i].l4)
			want = FOUR_TUPLE;
		else if (types & flows[i].l3)
			want = TWO_TUPLE;
		ASSERT_EQ(0, fake_get_flow(dev, flows[i].flow_type, &shown));
		ASSERT_EQ(want, shown) {
			TH_LOG("types %#x, flow %#x", types, flows[i].flow_type);
		}
	}
}

FIXTURE(rss)
{
	struct fake_dev dev;
};

FIXTURE_SETUP(rss)
{
	ASSERT_EQ(0, fake_init(&self->dev, RSS));
	ASSERT_EQ(0, fake_add(&self->dev));
	expect_same(_metadata, &self->dev);
	EXPECT_EQ(FAKE_TYPES, self->dev.state.types);
}

FIXTURE_TEARDOWN(rss)
{
	fake_destroy(&self->dev);
}

TEST_F(rss, exact_length)
{
	EXPECT_FALSE(self->dev.state.excess);
}

/* ---- Hash types ---- */

/* One flow's types do not replace those of the others. */
TEST_F(rss, ipv4_flow_keeps_others)
{
	ASSERT_EQ(0, fake_set_feature(&self->dev, "rx-hashing", true));
	ASSERT_EQ(0, fake_set_flow(&self->dev, IPV4_FLOW, TWO_TUPLE));
	ASSERT_EQ(0, fake_sync(&self->dev));
	EXPECT_EQ(FAKE_TYPES, self->dev.state.types);
	expect_flows(_metadata, &self->dev, FAKE_TYPES);
}

TEST_F(rss, ipv6_flow_keeps_others)
{
	ASSERT_EQ(0, fake_set_feature(&self->dev, "rx-hashing", true));
	ASSERT_EQ(0, fake_set_flow(&self->dev, IPV6_FLOW, TWO_TUPLE));
	ASSERT_EQ(0, fake_sync(&self->dev));
	EXPECT_EQ(FAKE_TYPES, self->dev.state.types);
	expect_flows(_metadata, &self->dev, FAKE_TYPES);
}

/* What steers is not only what is reported. */
TEST_F(rss, flow_without_report)
{
	ASSERT_EQ(0, fake_get_feature(&self->dev, "rx-hashing"));
	ASSERT_EQ(0, fake_set_flow(&self->dev, UDP_V4_FLOW, TWO_TUPLE));
	ASSERT_EQ(0, fake_sync(&self->dev));
	EXPECT_EQ(FAKE_TYPES & ~VIRTIO_NET_RSS_HASH_TYPE_UDPv4, self->dev.state.types);
	expect_flows(_metadata, &self->dev, self->dev.state.types);
}

TEST_F(rss, report_off_keeps_steering)
{
	ASSERT_EQ(0, fake_set_feature(&self->dev, "rx-hashing", true));
	ASSERT_EQ(0, fake_set_feature(&self->dev, "rx-hashing", false));
	expect_same(_metadata, &self->dev);
	EXPECT_EQ(FAKE_TYPES, self->dev.state.types);
}

TEST_F(rss, flow_refused)
{
	static const struct {
		uint32_t flow_type;
		uint64_t data;
	} bad[] = {
		{ TCP_V4_FLOW, RXH_IP_SRC },
		{ TCP_V4_FLOW, TWO_TUPLE | RXH_L4_B_0_1 },
		{ TCP_V4_FLOW, TWO_TUPLE | RXH_VLAN },
		{ IPV4_FLOW, FOUR_TUPLE },
		{ IPV6_FLOW, FOUR_TUPLE },
		{ SCTP_V4_FLOW, TWO_TUPLE },
		{ 0, TWO_TUPLE },
	};
	unsigned int before;
	size_t i;

	ASSERT_EQ(0, fake_set_feature(&self->dev, "rx-hashing", true));
	ASSERT_EQ(0, fake_sync(&self->dev));
	before = self->dev.state.commands;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, fake_set_flow(&self->dev, bad[i].flow_type, bad[i].data))
			TH_LOG("request %zu", i);
	}
	ASSERT_EQ(0, fake_sync(&self->dev));
	EXPECT_EQ(before, self->dev.state.commands);
	expect_flows(_metadata, &self->dev, FAKE_TYPES);
}

/* ---- Refused by the device ---- */

FIXTURE(refused)
{
	struct fake_dev dev;
	unsigned int commands;
};

FIXTURE_SETUP(refused)
{
	ASSERT_EQ(0, fake_init(&self->dev, RSS));
	ASSERT_EQ(0, fake_add(&self->dev));
	ASSERT_EQ(0, fake_set_feature(&self->dev, "rx-hashing", true));
	expect_same(_metadata, &self->dev);
	ASSERT_EQ(0, fake_answer(&self->dev, VIRTIO_NET_CTRL_MQ,
				 VIRTIO_NET_CTRL_MQ_RSS_CONFIG, VIRTIO_NET_ERR));
}

FIXTURE_TEARDOWN(refused)
{
	expect_same(_metadata, &self->dev);
	expect_flows(_metadata, &self->dev, FAKE_TYPES);
	EXPECT_LT(0, self->dev.state.refused);
	fake_destroy(&self->dev);
}

TEST_F(refused, table)
{
	uint32_t table[FAKE_TABLE] = { 1 };

	EXPECT_EQ(-EINVAL, fake_set_table(&self->dev, table, FAKE_TABLE));
}

TEST_F(refused, key)
{
	uint8_t key[FAKE_KEY_SIZE] = { 1 };

	EXPECT_EQ(-EINVAL, fake_set_key(&self->dev, key, FAKE_KEY_SIZE));
}

TEST_F(refused, flow)
{
	EXPECT_EQ(-EINVAL, fake_set_flow(&self->dev, UDP_V4_FLOW, TWO_TUPLE));
}

TEST_F(refused, channels)
{
	EXPECT_EQ(-EINVAL, fake_set_pairs(&self->dev, 1));
}

/* Then what it would not take can be had later. */
TEST_F(refused, later)
{
	uint32_t table[FAKE_TABLE] = { 1 };

	EXPECT_EQ(-EINVAL, fake_set_table(&self->dev, table, FAKE_TABLE));
	ASSERT_EQ(0, fake_answer(&self->dev, VIRTIO_NET_CTRL_MQ,
				 VIRTIO_NET_CTRL_MQ_RSS_CONFIG, VIRTIO_NET_OK));
	EXPECT_EQ(0, fake_set_flow(&self->dev, UDP_V4_FLOW, TWO_TUPLE));
	expect_same(_metadata, &self->dev);
	EXPECT_EQ(0, fake_set_flow(&self->dev, UDP_V4_FLOW, FOUR_TUPLE));
}

/* ---- The last command that steers counts ---- */

TEST_F(rss, channels_keep_table)
{
	uint32_t table[FAKE_TABLE];
	unsigned int i;

	for (i = 0; i < FAKE_TABLE; i++)
		table[i] = i % 2;
	ASSERT_EQ(0, fake_set_pairs(&self->dev, 4));
	ASSERT_EQ(0, fake_set_table(&self->dev, table, FAKE_TABLE));
	expect_same(_metadata, &self->dev);
	ASSERT_EQ(0, fake_set_pairs(&self->dev, 2));
	expect_same(_metadata, &self->dev);
	ASSERT_EQ(0, fake_set_pairs(&self->dev, 3));
	expect_same(_metadata, &self->dev);
}

/* A table that names a queue keeps it. */
TEST_F(rss, channels_in_use)
{
	uint32_t table[FAKE_TABLE] = { 3 };

	ASSERT_EQ(0, fake_set_pairs(&self->dev, 4));
	ASSERT_EQ(0, fake_set_table(&self->dev, table, FAKE_TABLE));
	EXPECT_EQ(-EINVAL, fake_set_pairs(&self->dev, 2));
	expect_same(_metadata, &self->dev);
}

TEST_F(rss, default_table_follows_channels)
{
	unsigned int i, pairs;

	for (pairs = 1; pairs <= 4; pairs++) {
		ASSERT_EQ(0, fake_set_pairs(&self->dev, pairs));
		expect_same(_metadata, &self->dev);
		for (i = 0; i < FAKE_TABLE; i++)
			ASSERT_EQ(i % pairs, self->dev.state.table[i]);
	}
}

TEST_F(rss, bad_channels)
{
	EXPECT_EQ(-EINVAL, fake_set_pairs(&self->dev, 0));
	EXPECT_EQ(-EINVAL, fake_set_pairs(&self->dev, 5));
	expect_same(_metadata, &self->dev);
}

TEST_F(rss, bad_table)
{
	uint32_t table[2 * FAKE_TABLE] = { };

	EXPECT_EQ(-EINVAL, fake_set_table(&self->dev, table, FAKE_TABLE / 2));
	EXPECT_EQ(-EINVAL, fake_set_table(&self->dev, table, 2 * FAKE_TABLE));
	table[0] = 4;
	EXPECT_EQ(-EINVAL, fake_set_table(&self->dev, table, FAKE_TABLE));
	expect_same(_metadata, &self->dev);
}

TEST_F(rss, bad_key)
{
	uint8_t key[FAKE_KEY_SIZE + 1] = { };

	EXPECT_EQ(-EINVAL, fake_set_key(&self->dev, key, FAKE_KEY_SIZE - 1));
	EXPECT_EQ(-EINVAL, fake_set_key(&self->dev, key, FAKE_KEY_SIZE + 1));
	expect_same(_metadata, &self->dev);
}

/* Without F_MQ the number of queue pairs goes with the RSS command. */
TEST(rss_without_mq)
{
	struct fake_dev dev;

	ASSERT_EQ(0, fake_init(&dev, RSS & ~FAKE_F(MQ)));
	ASSERT_EQ(0, fake_add(&dev));
	expect_same(_metadata, &dev);
	EXPECT_EQ(0, fake_set_pairs(&dev, 3));
	expect_same(_metadata, &dev);
	EXPECT_EQ(3, dev.state.pairs);
	fake_destroy(&dev);
}

/* ---- The report without RSS ---- */

FIXTURE(report)
{
	struct fake_dev dev;
};

FIXTURE_SETUP(report)
{
	ASSERT_EQ(0, fake_init(&self->dev, REPORT));
	ASSERT_EQ(0, fake_add(&self->dev));
	ASSERT_EQ(0, fake_sync(&self->dev));
}

FIXTURE_TEARDOWN(report)
{
	EXPECT_FALSE(self->dev.state.malformed);
	fake_destroy(&self->dev);
}

TEST_F(report, at_probe)
{
	EXPECT_TRUE(self->dev.state.hashes);
	EXPECT_EQ(FAKE_TYPES, self->dev.state.types);
	expect_same(_metadata, &self->dev);
}

TEST_F(report, reserved_fields)
{
	EXPECT_LT(0, self->dev.state.commands);
	EXPECT_FALSE(self->dev.state.reserved_set);
	ASSERT_EQ(0, fake_set_feature(&self->dev, "rx-hashing", true));
	ASSERT_EQ(0, fake_set_pairs(&self->dev, 3));
	ASSERT_EQ(0, fake_set_flow(&self->dev, UDP_V4_FLOW, TWO_TUPLE));
	ASSERT_EQ(0, fake_sync(&self->dev));
	EXPECT_FALSE(self->dev.state.reserved_set);
}

TEST_F(report, channels_keep_hash)
{
	ASSERT_EQ(0, fake_set_feature(&self->dev, "rx-hashing", true));
	ASSERT_EQ(0, fake_set_pairs(&self->dev, 3));
	expect_same(_metadata, &self->dev);
	EXPECT_EQ(FAKE_AUTOMATIC, self->dev.state.steering);
	EXPECT_TRUE(self->dev.state.hashes);
	EXPECT_EQ(FAKE_TYPES, self->dev.state.types);
}

/* A hash that nobody wants need not be computed. */
TEST_F(report, off)
{
	ASSERT_EQ(0, fake_set_feature(&self->dev, "rx-hashing", true));
	ASSERT_EQ(0, fake_sync(&self->dev));
	EXPECT_TRUE(self->dev.state.hashes);
	ASSERT_EQ(0, fake_set_feature(&self->dev, "rx-hashing", false));
	ASSERT_EQ(0, fake_sync(&self->dev));
	EXPECT_FALSE(self->dev.state.hashes);
}

TEST_F(report, refused)
{
	ASSERT_EQ(0, fake_answer(&self->dev, VIRTIO_NET_CTRL_MQ,
				 VIRTIO_NET_CTRL_MQ_HASH_CONFIG, VIRTIO_NET_ERR));
	EXPECT_NE(0, fake_set_feature(&self->dev, "rx-hashing", true));
	EXPECT_EQ(0, fake_get_feature(&self->dev, "rx-hashing"));
}

/* What hashes no more is not shown as if it did. */
TEST_F(report, refused_channels)
{
	unsigned int pairs;

	ASSERT_EQ(0, fake_set_feature(&self->dev, "rx-hashing", true));
	ASSERT_EQ(0, fake_set_pairs(&self->dev, 2));
	ASSERT_EQ(0, fake_answer(&self->dev, VIRTIO_NET_CTRL_MQ,
				 VIRTIO_NET_CTRL_MQ_HASH_CONFIG, VIRTIO_NET_ERR));
	EXPECT_EQ(-EINVAL, fake_set_pairs(&self->dev, 3));
	expect_same(_metadata, &self->dev);
	ASSERT_EQ(0, fake_get_pairs(&self->dev, &pairs, NULL));
	EXPECT_EQ(2, pairs);
	EXPECT_EQ(self->dev.state.hashes, fake_get_feature(&self->dev, "rx-hashing"));
	/* And may be had later. */
	ASSERT_EQ(0, fake_answer(&self->dev, VIRTIO_NET_CTRL_MQ,
				 VIRTIO_NET_CTRL_MQ_HASH_CONFIG, VIRTIO_NET_OK));
	EXPECT_EQ(0, fake_set_feature(&self->dev, "rx-hashing", true));
	expect_same(_metadata, &self->dev);
	EXPECT_EQ(FAKE_TYPES, self->dev.state.types);
}

/* Two requests in one: the device takes one of them. */
TEST(features_refused)
{
	struct fake_dev dev;
	bool gro_hw;

	ASSERT_EQ(0, fake_init(&dev, REPORT | FAKE_F(GUEST_CSUM) | FAKE_F(GUEST_TSO4) |
			       FAKE_F(CTRL_GUEST_OFFLOADS)));
	ASSERT_EQ(0, fake_add(&dev));
	ASSERT_EQ(1, fake_get_feature(&dev, "rx-gro-hw"));
	ASSERT_EQ(0, fake_answer(&dev, VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_HASH_CONFIG,
				 VIRTIO_NET_ERR));
	ASSERT_EQ(0, fake_swap_features(&dev, "rx-gro-hw", "rx-hashing"));
	ASSERT_EQ(0, fake_sync(&dev));
	gro_hw = dev.state.offloads & FAKE_F(GUEST_TSO4);
	EXPECT_EQ(gro_hw, fake_get_feature(&dev, "rx-gro-hw"));
	EXPECT_EQ(0, fake_get_feature(&dev, "rx-hashing"));
	fake_destroy(&dev);
}

/* ---- A suspension ---- */

/* Queue pairs, of the device, of `ethtool -l` and of the stack's transmission. */
static void expect_pairs(struct __test_metadata *_metadata, struct fake_dev *dev,
			 unsigned int want)
{
	unsigned int pairs;

	ASSERT_EQ(0, fake_sync(dev));
	EXPECT_FALSE(dev->state.malformed);
	EXPECT_EQ(want, dev->state.pairs);
	ASSERT_EQ(0, fake_get_pairs(dev, &pairs, NULL));
	EXPECT_EQ(want, pairs);
	EXPECT_EQ(0, fake_run("[ -d /sys/class/net/%s/queues/tx-%u ] &&"
			      "[ ! -d /sys/class/net/%s/queues/tx-%u ]",
			      dev->name, want - 1, dev->name, want));
}

/* The device comes back, and takes no more than one queue pair. */
TEST(resume_one_pair)
{
	struct fake_dev dev;

	ASSERT_EQ(0, fake_init(&dev, BASE | FAKE_F(MQ)));
	ASSERT_EQ(0, fake_add(&dev));
	ASSERT_EQ(0, fake_up(&dev, true));
	ASSERT_EQ(0, fake_set_pairs(&dev, 4));
	ASSERT_EQ(0, fake_suspend(&dev));
	ASSERT_EQ(0, fake_answer(&dev, VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET,
				 VIRTIO_NET_ERR));
	ASSERT_EQ(0, fake_resume(&dev));
	expect_pairs(_metadata, &dev, 1);
	/* More again, when it wants to. */
	ASSERT_EQ(0, fake_answer(&dev, VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET,
				 VIRTIO_NET_OK));
	EXPECT_EQ(0, fake_set_pairs(&dev, 4));
	expect_pairs(_metadata, &dev, 4);
	fake_destroy(&dev);
}

/* Without RSS it can still steer automatically. */
TEST_F(rss, resume_refused)
{
	unsigned int len;
	uint32_t table[FAKE_TABLE];

	ASSERT_EQ(0, fake_up(&self->dev, true));
	ASSERT_EQ(0, fake_set_pairs(&self->dev, 3));
	ASSERT_EQ(0, fake_set_feature(&self->dev, "rx-hashing", true));
	ASSERT_EQ(0, fake_suspend(&self->dev));
	ASSERT_EQ(0, fake_answer(&self->dev, VIRTIO_NET_CTRL_MQ,
				 VIRTIO_NET_CTRL_MQ_RSS_CONFIG, VIRTIO_NET_ERR));
	ASSERT_EQ(0, fake_resume(&self->dev));
	expect_pairs(_metadata, &self->dev, 3);
	EXPECT_EQ(FAKE_AUTOMATIC, self->dev.state.steering);
	EXPECT_EQ(0, fake_get_feature(&self->dev, "rx-hashing"));
	/* There is no table to be shown. */
	EXPECT_TRUE(fake_get_table(&self->dev, table, &len) || !len);
}

TEST_F(report, resume_refused)
{
	ASSERT_EQ(0, fake_set_feature(&self->dev, "rx-hashing", true));
	ASSERT_EQ(0, fake_suspend(&self->dev));
	ASSERT_EQ(0, fake_answer(&self->dev, VIRTIO_NET_CTRL_MQ,
				 VIRTIO_NET_CTRL_MQ_HASH_CONFIG, VIRTIO_NET_ERR));
	ASSERT_EQ(0, fake_resume(&self->dev));
	expect_same(_metadata, &self->dev);
	EXPECT_EQ(0, fake_get_feature(&self->dev, "rx-hashing"));
}

TEST_F(rss, resume_own_table)
{
	uint8_t key[FAKE_KEY_SIZE] = { 1, 2, 3 };
	uint32_t table[FAKE_TABLE] = { 1, 1, 0, 1 };

	ASSERT_EQ(0, fake_set_pairs(&self->dev, 3));
	ASSERT_EQ(0, fake_set_table(&self->dev, table, FAKE_TABLE));
	ASSERT_EQ(0, fake_set_key(&self->dev, key, FAKE_KEY_SIZE));
	ASSERT_EQ(0, fake_set_feature(&self->dev, "rx-hashing", true));
	ASSERT_EQ(0, fake_set_flow(&self->dev, UDP_V4_FLOW, TWO_TUPLE));
	ASSERT_EQ(0, fake_suspend(&self->dev));
	ASSERT_EQ(0, fake_resume(&self->dev));
	expect_same(_metadata, &self->dev);
	expect_flows(_metadata, &self->dev, self->dev.state.types);
	EXPECT_EQ(0, memcmp(key, self->dev.state.key, sizeof(key)));
}

TEST_F(rss, resume_default)
{
	ASSERT_EQ(0, fake_suspend(&self->dev));
	ASSERT_EQ(0, fake_resume(&self->dev));
	expect_same(_metadata, &self->dev);
	EXPECT_EQ(FAKE_TYPES, self->dev.state.types);
}

TEST_F(report, resume)
{
	ASSERT_EQ(0, fake_set_feature(&self->dev, "rx-hashing", true));
	ASSERT_EQ(0, fake_suspend(&self->dev));
	ASSERT_EQ(0, fake_resume(&self->dev));
	expect_same(_metadata, &self->dev);
	EXPECT_TRUE(self->dev.state.hashes);
	EXPECT_EQ(FAKE_TYPES, self->dev.state.types);
}

/* ---- Any sequence ---- */

static void random_step(struct __test_metadata *_metadata, struct fake_dev *dev)
{
	static const uint32_t flow_types[] = {
		TCP_V4_FLOW, UDP_V4_FLOW, IPV4_FLOW, TCP_V6_FLOW, UDP_V6_FLOW, IPV6_FLOW,
	};
	static const uint64_t data[] = { TWO_TUPLE, FOUR_TUPLE, RXH_DISCARD, RXH_VLAN };
	uint32_t table[FAKE_TABLE];
	uint8_t key[FAKE_KEY_SIZE];
	bool refuse = random() % 4 == 0;
	unsigned int i, n;

	ASSERT_EQ(0, fake_answer(dev, VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_RSS_CONFIG,
				 refuse ? VIRTIO_NET_ERR : VIRTIO_NET_OK));
	switch (random() % 7) {
	case 0:
		fake_set_pairs(dev, random() % 6);
		break;
	case 1:
		n = 1 + random() % 4;
		for (i = 0; i < FAKE_TABLE; i++)
			table[i] = random() % n;
		fake_set_table(dev, table, FAKE_TABLE);
		break;
	case 2:
		fake_set_table(dev, table, 0);
		break;
	case 3:
		for (i = 0; i < FAKE_KEY_SIZE; i++)
			key[i] = random();
		fake_set_key(dev, key, FAKE_KEY_SIZE);
		break;
	case 4:
		fake_set_feature(dev, "rx-hashing", random() % 2);
		break;
	case 5:
		fake_set_flow(dev, flow_types[random() % ARRAY_SIZE(flow_types)],
			      data[random() % ARRAY_SIZE(data)]);
		break;
	case 6:
		ASSERT_EQ(0, fake_answer(dev, VIRTIO_NET_CTRL_MQ,
					 VIRTIO_NET_CTRL_MQ_RSS_CONFIG, VIRTIO_NET_OK));
		ASSERT_EQ(0, fake_suspend(dev));
		ASSERT_EQ(0, fake_resume(dev));
		break;
	}
}

TEST_F(rss, sequences)
{
	int i;

	srandom(1);
	for (i = 0; i < 300; i++) {
		random_step(_metadata, &self->dev);
		expect_same(_metadata, &self->dev);
		expect_flows(_metadata, &self->dev, self->dev.state.types);
	}
}

/* ---- Odd sizes ---- */

FIXTURE(table_size)
{
	struct fake_dev dev;
};

FIXTURE_VARIANT(table_size)
{
	unsigned int offered, wanted;
};

#define TABLE_SIZE(offer, want)					\
	FIXTURE_VARIANT_ADD(table_size, of_##offer) {		\
		.offered = offer, .wanted = want,		\
	}

TABLE_SIZE(1, 1);
TABLE_SIZE(3, 2);
TABLE_SIZE(127, 64);
TABLE_SIZE(128, 128);
TABLE_SIZE(129, 128);
TABLE_SIZE(512, 512);
TABLE_SIZE(32768, 32768);
TABLE_SIZE(65535, 32768);

FIXTURE_SETUP(table_size)
{
	ASSERT_EQ(0, fake_init(&self->dev, RSS));
	self->dev.config.rss_max_indirection_table_length = variant->offered;
}

FIXTURE_TEARDOWN(table_size)
{
	fake_destroy(&self->dev);
}

TEST_F(table_size, used)
{
	ASSERT_EQ(0, fake_add(&self->dev));
	expect_same(_metadata, &self->dev);
	EXPECT_EQ(variant->wanted, self->dev.state.table_len);
}

FIXTURE(key_size)
{
	struct fake_dev dev;
};

FIXTURE_VARIANT(key_size)
{
	unsigned int offered, wanted;
};

#define KEY_SIZE(offer, want)					\
	FIXTURE_VARIANT_ADD(key_size, of_##offer) {		\
		.offered = offer, .wanted = want,		\
	}

KEY_SIZE(16, 16);
KEY_SIZE(40, 40);
KEY_SIZE(41, 40);
KEY_SIZE(52, 40);
KEY_SIZE(255, 40);

FIXTURE_SETUP(key_size)
{
	ASSERT_EQ(0, fake_init(&self->dev, RSS));
	self->dev.config.rss_max_key_size = variant->offered;
}

FIXTURE_TEARDOWN(key_size)
{
	fake_destroy(&self->dev);
}

TEST_F(key_size, used)
{
	ASSERT_EQ(0, fake_add(&self->dev));
	expect_same(_metadata, &self->dev);
	EXPECT_EQ(variant->wanted, self->dev.state.key_len);
}

/* ---- Nonsense: the network without the feature ---- */

FIXTURE(nonsense)
{
	struct fake_dev dev;
};

FIXTURE_SETUP(nonsense)
{
	ASSERT_EQ(0, fake_init(&self->dev, RSS));
}

FIXTURE_TEARDOWN(nonsense)
{
	fake_destroy(&self->dev);
}

static void expect_network(struct __test_metadata *_metadata, struct fake_dev *dev)
{
	unsigned int pairs, max;

	ASSERT_EQ(0, fake_add(dev));
	EXPECT_EQ(0, fake_up(dev, true));
	ASSERT_EQ(0, fake_sync(dev));
	EXPECT_FALSE(dev->state.malformed);
	EXPECT_EQ(0, dev->state.types & ~FAKE_TYPES);
	EXPECT_EQ(0, fake_get_pairs(dev, &pairs, &max));
	EXPECT_EQ(pairs, dev->state.pairs);
}

TEST_F(nonsense, no_table)
{
	self->dev.config.rss_max_indirection_table_length = 0;
	expect_network(_metadata, &self->dev);
	EXPECT_NE(FAKE_RSS, self->dev.state.steering);
	EXPECT_EQ(1, fake_log(&self->dev, "indirection table of no entry"));
}

TEST_F(nonsense, no_key)
{
	self->dev.config.rss_max_key_size = 0;
	expect_network(_metadata, &self->dev);
	EXPECT_NE(FAKE_RSS, self->dev.state.steering);
	EXPECT_EQ(1, fake_log(&self->dev, "without a key or a type"));
}

TEST_F(nonsense, unknown_types)
{
	self->dev.config.supported_hash_types = ~0U;
	expect_network(_metadata, &self->dev);
	EXPECT_EQ(FAKE_TYPES, self->dev.state.types);
}

TEST_F(nonsense, no_types)
{
	self->dev.config.supported_hash_types = 0;
	expect_network(_metadata, &self->dev);
	EXPECT_EQ(1, fake_log(&self->dev, "without a key or a type"));
}

TEST_F(nonsense, no_pairs)
{
	self->dev.config.max_virtqueue_pairs = 0;
	expect_network(_metadata, &self->dev);
	EXPECT_EQ(1, fake_log(&self->dev, "offers 0 queue pairs"));
}

TEST_F(nonsense, too_many_pairs)
{
	self->dev.config.max_virtqueue_pairs = VIRTIO_NET_CTRL_MQ_VQ_PAIRS_MAX + 1;
	expect_network(_metadata, &self->dev);
	EXPECT_EQ(1, fake_log(&self->dev, "offers 32769 queue pairs"));
}

/* Neither RSS nor more than one queue pair, then. */
TEST_F(nonsense, commands_refused)
{
	ASSERT_EQ(0, fake_answer(&self->dev, VIRTIO_NET_CTRL_MQ,
				 VIRTIO_NET_CTRL_MQ_RSS_CONFIG, VIRTIO_NET_ERR));
	ASSERT_EQ(0, fake_answer(&self->dev, VIRTIO_NET_CTRL_MQ,
				 VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET, 77));
	expect_network(_metadata, &self->dev);
}

/* RSS that cannot be configured, and no other way to name a number of pairs. */
TEST_F(nonsense, rss_refused_without_mq)
{
	unsigned int pairs, max;

	self->dev.features &= ~FAKE_F(MQ);
	ASSERT_EQ(0, fake_answer(&self->dev, VIRTIO_NET_CTRL_MQ,
				 VIRTIO_NET_CTRL_MQ_RSS_CONFIG, VIRTIO_NET_ERR));
	expect_network(_metadata, &self->dev);
	EXPECT_EQ(0, fake_get_pairs(&self->dev, &pairs, &max));
	EXPECT_EQ(1, pairs);
	EXPECT_EQ(1, max);
	EXPECT_EQ(-EINVAL, fake_set_pairs(&self->dev, 2));
}

TEST_HARNESS_MAIN
