// SPDX-License-Identifier: GPL-2.0
/*
 * Under traffic, each packet's hint is right for the configuration before or after a
 * change, and for the latter 100 ms after ethtool has returned.
 *
 * The device's side of virtio_net_fake.ko computes the hash, by the tests' own
 * implementation and what the driver has last told it.
 */
#include <endian.h>
#include <stdio.h>
#include <unistd.h>

#include "harness.h"
#include "fake_dev.h"
#include "hints_live.h"
#include "vnet_hash_ref.h"

/* The device: what it reports by what it was last told */
static int give(struct fake_dev *dev, uint32_t number)
{
	struct virtio_net_hdr_v1_hash hdr = {};
	struct vnet_hash_ref_result hash;
	uint8_t frame[LIVE_FRAME_LEN];
	unsigned int queue = 0;
	int err;

	err = fake_sync(dev);
	if (err)
		return err;
	live_frame(frame, number);
	if (dev->state.hashes) {
		hash = vnet_hash_ref(frame, sizeof(frame), 1, dev->state.types, dev->state.key,
				     dev->state.key_len);
		hdr.hash_value = htole32(hash.value);
		hdr.hash_report = htole16(hash.report);
		if (dev->state.table_len)
			queue = dev->state.table[hash.value & (dev->state.table_len - 1)];
	}
	return fake_give(dev, queue, &hdr, frame, sizeof(frame));
}

FIXTURE(live)
{
	struct fake_dev dev;
	struct live live;
};

FIXTURE_SETUP(live)
{
	ASSERT_EQ(0, fake_init(&self->dev, FAKE_VERSION_1 | FAKE_F(CTRL_VQ) |
			       FAKE_F(MRG_RXBUF) | FAKE_F(MQ) | FAKE_F(RSS) |
			       FAKE_F(HASH_REPORT)));
	ASSERT_EQ(0, fake_add(&self->dev));
	ASSERT_EQ(0, fake_up(&self->dev, true));
	ASSERT_EQ(0, live_start(&self->live, &self->dev));
}

FIXTURE_TEARDOWN(live)
{
	live_stop(&self->live);
	fake_destroy(&self->dev);
}

TEST_F(live, changes)
{
	struct live_result result;
	unsigned int given = 0;

	ASSERT_EQ(0, live_change(&self->live));
	while (live_changing(&self->live)) {
		ASSERT_EQ(0, give(&self->dev, given)) {
			TH_LOG("packet %u", given);
		}
		if (++given % 64 == 0)
			live_collect(&self->live);
	}
	usleep(100000);
	result = live_judge(&self->live, stderr);
	TH_LOG("%u packets, %u hints; %u when settled, %u within 100 ms; %u wrong", given,
	       self->live.count, result.settled, result.other, result.wrong);
	EXPECT_EQ(given, self->live.count);
	EXPECT_EQ(0, result.wrong);
	EXPECT_EQ(0, result.refused);
	EXPECT_FALSE(result.reloaded);
	EXPECT_LT(LIVE_CHANGES, result.settled);
	EXPECT_LT(LIVE_CHANGES, result.other);
}

TEST_HARNESS_MAIN
