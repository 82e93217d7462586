// SPDX-License-Identifier: GPL-2.0
/*
 * MTU, the header of what is sent, and what is left after a suspension.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "harness.h"
#include "fake_dev.h"

#define MAX_FRAME	(65535 + ETH_HLEN + 8)
#define HASH		0xf2821f11u

#define BASE		(FAKE_VERSION_1 | FAKE_F(CTRL_VQ))
#define BIG		(FAKE_F(GUEST_CSUM) | FAKE_F(GUEST_TSO4))
#define MRG		FAKE_F(MRG_RXBUF)

/* Is a frame of @len bytes received, and intact, within @seconds? */
static bool received(struct fake_dev *dev, int fd, size_t len, int seconds)
{
	static uint8_t frame[MAX_FRAME], out[MAX_FRAME];
	struct timeval patience = { .tv_sec = seconds, .tv_usec = seconds ? 0 : 100000 };
	struct virtio_net_hdr_v1_hash hdr = {};

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	fake_frame(frame, len);
	return !fake_give(dev, 0, &hdr, frame, len) &&
	       recv(fd, out, sizeof(out), MSG_TRUNC) == (ssize_t)len &&
	       !memcmp(frame, out, len);
}

/* ---- MTU: what the device advises, by buffers and failover ---- */

FIXTURE(mtu)
{
	struct fake_dev dev;
};

FIXTURE_VARIANT(mtu)
{
	unsigned int advised, wanted;
	uint64_t features;
};

#define FEATURES_small		0
#define FEATURES_big		BIG
#define FEATURES_mergeable	MRG
#define FEATURES_alone		0
#define FEATURES_standby	FAKE_F(STANDBY)

#define MTU(buffers, failover, advise, want)					\
	FIXTURE_VARIANT_ADD(mtu, buffers##_##failover##_##advise) {		\
		.advised = advise, .wanted = want,			\
		.features = FEATURES_##buffers | FEATURES_##failover,	\
	}

/* virtio 1.3, 5.1.4.1: at least 68.  Less is no advice. */
MTU(small, alone, 67, 1500);
MTU(small, alone, 68, 68);
MTU(small, alone, 1280, 1280);
MTU(small, alone, 1400, 1400);
MTU(small, alone, 1500, 1500);
MTU(small, alone, 9000, 9000);
MTU(small, alone, 65535, 65535);
MTU(big, alone, 67, 1500);
MTU(big, alone, 68, 68);
MTU(big, alone, 1280, 1280);
MTU(big, alone, 1400, 1400);
MTU(big, alone, 1500, 1500);
MTU(big, alone, 9000, 9000);
MTU(big, alone, 65535, 65535);
MTU(mergeable, alone, 67, 1500);
MTU(mergeable, alone, 68, 68);
MTU(mergeable, alone, 1280, 1280);
MTU(mergeable, alone, 1400, 1400);
MTU(mergeable, alone, 1500, 1500);
MTU(mergeable, alone, 9000, 9000);
MTU(mergeable, alone, 65535, 65535);
MTU(small, standby, 67, 1500);
MTU(small, standby, 68, 68);
MTU(small, standby, 1280, 1280);
MTU(small, standby, 1400, 1400);
MTU(small, standby, 1500, 1500);
MTU(small, standby, 9000, 9000);
MTU(small, standby, 65535, 65535);
MTU(big, standby, 67, 1500);
MTU(big, standby, 68, 68);
MTU(big, standby, 1280, 1280);
MTU(big, standby, 1400, 1400);
MTU(big, standby, 1500, 1500);
MTU(big, standby, 9000, 9000);
MTU(big, standby, 65535, 65535);
MTU(mergeable, standby, 67, 1500);
MTU(mergeable, standby, 68, 68);
MTU(mergeable, standby, 1280, 1280);
MTU(mergeable, standby, 1400, 1400);
MTU(mergeable, standby, 1500, 1500);
MTU(mergeable, standby, 9000, 9000);
MTU(mergeable, standby, 65535, 65535);

FIXTURE_SETUP(mtu)
{
	ASSERT_EQ(0, fake_init(&self->dev, BASE | FAKE_F(MTU) | variant->features));
	self->dev.config.mtu = variant->advised;
	ASSERT_EQ(0, fake_add(&self->dev));
}

FIXTURE_TEARDOWN(mtu)
{
	fake_destroy(&self->dev);
}

TEST_F(mtu, advised)
{
	const char *top = self->dev.name;
	struct fake_dev master;
	int fd;

	EXPECT_EQ((int)variant->wanted, fake_get_mtu(&self->dev));
	if (variant->features & FAKE_F(STANDBY)) {
		top = self->dev.master;
		ASSERT_NE('\0', top[0]);
		master = self->dev;
		memcpy(master.name, top, sizeof(master.name));
		EXPECT_EQ((int)variant->wanted, fake_get_mtu(&master));
		/* Both come up. */
		ASSERT_EQ(0, fake_up(&master, true));
	} else {
		ASSERT_EQ(0, fake_up(&self->dev, true));
	}
	fd = fake_listen(top);
	ASSERT_LE(0, fd);
	EXPECT_TRUE(received(&self->dev, fd, ETH_HLEN + variant->wanted, 10));
	close(fd);
}

TEST(mtu_of_no_sense)
{
	struct fake_dev dev;

	ASSERT_EQ(0, fake_init(&dev, BASE | FAKE_F(MTU)));
	dev.config.mtu = 67;
	ASSERT_EQ(0, fake_add(&dev));
	EXPECT_EQ(1500, fake_get_mtu(&dev));
	EXPECT_EQ(1, fake_log(&dev, "advises an MTU of 67"));
	fake_destroy(&dev);
}

/* The administrator knows better, downwards. */
TEST_F(mtu, lowered)
{
	unsigned int lower = variant->wanted > 1000 ? 1000 : 68;

	EXPECT_EQ(0, fake_set_mtu(&self->dev, lower));
	EXPECT_EQ((int)lower, fake_get_mtu(&self->dev));
	EXPECT_EQ(-EINVAL, fake_set_mtu(&self->dev, 67));
	EXPECT_EQ((int)lower, fake_get_mtu(&self->dev));
	EXPECT_EQ(0, fake_set_mtu(&self->dev, variant->wanted));
}

/* Without advice, by the buffers. */
TEST(mtu_of_small_buffers)
{
	struct fake_dev dev;

	ASSERT_EQ(0, fake_init(&dev, BASE));
	ASSERT_EQ(0, fake_add(&dev));
	EXPECT_EQ(-EINVAL, fake_set_mtu(&dev, 1501));
	EXPECT_EQ(-EINVAL, fake_set_mtu(&dev, 9000));
	EXPECT_EQ(1500, fake_get_mtu(&dev));
	EXPECT_EQ(0, fake_set_mtu(&dev, 576));
	EXPECT_EQ(0, fake_set_mtu(&dev, 1500));
	fake_destroy(&dev);
}

FIXTURE(buffers)
{
	struct fake_dev dev;
	int fd;
};

FIXTURE_VARIANT(buffers)
{
	uint64_t features;
};

FIXTURE_VARIANT_ADD(buffers, small)
{
	.features = 0,
};

FIXTURE_VARIANT_ADD(buffers, big)
{
	.features = BIG,
};

FIXTURE_VARIANT_ADD(buffers, mergeable)
{
	.features = MRG,
};

FIXTURE_SETUP(buffers)
{
	ASSERT_EQ(0, fake_init(&self->dev, BASE | variant->features));
	ASSERT_EQ(0, fake_add(&self->dev));
	ASSERT_EQ(0, fake_up(&self->dev, true));
	self->fd = fake_listen(self->dev.name);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(buffers)
{
	close(self->fd);
	fake_destroy(&self->dev);
}

TEST_F(buffers, whole_frame)
{
	EXPECT_TRUE(received(&self->dev, self->fd, ETH_HLEN + 1500, 10));
	EXPECT_TRUE(received(&self->dev, self->fd, ETH_HLEN + 4 + 1500, 10));
}

/* 802.1ad: the VLAN on the VLAN has an MTU of 1500, too. */
TEST_F(buffers, two_tags)
{
	EXPECT_TRUE(received(&self->dev, self->fd, ETH_HLEN + 8 + 1500, 10));
}

/* Two buffers' worth, and none. */
TEST_F(buffers, length_errors)
{
	uint32_t room = variant->features & BIG ? 20 * 4096 : 8192;

	self->dev.written = room;
	EXPECT_FALSE(received(&self->dev, self->fd, 100, 0));
	self->dev.written = 5;
	EXPECT_FALSE(received(&self->dev, self->fd, 100, 0));
	self->dev.written = 0;
	EXPECT_EQ(2, fake_link_stat(&self->dev, "rx_length_errors"));
	EXPECT_TRUE(received(&self->dev, self->fd, 100, 10));
}

/* ---- The header of what is sent ---- */

FIXTURE(forward)
{
	struct fake_dev in, out;
};

FIXTURE_VARIANT(forward)
{
	uint64_t features;
};

FIXTURE_VARIANT_ADD(forward, plain)
{
	.features = 0,
};

FIXTURE_VARIANT_ADD(forward, mergeable)
{
	.features = MRG,
};

FIXTURE_VARIANT_ADD(forward, report)
{
	.features = FAKE_F(HASH_REPORT),
};

FIXTURE_VARIANT_ADD(forward, report_mergeable)
{
	.features = FAKE_F(HASH_REPORT) | MRG,
};

FIXTURE_SETUP(forward)
{
	ASSERT_EQ(0, fake_init(&self->in, BASE | variant->features));
	ASSERT_EQ(0, fake_init(&self->out, BASE | variant->features));
	self->out.config.mac[5]++;
	ASSERT_EQ(0, fake_add(&self->in));
	ASSERT_EQ(0, fake_add(&self->out));
	/* What a driver of another kind receives with is in its header. */
	ASSERT_EQ(0, fake_run("ip link add fake_br type bridge mcast_snooping 0 &&"
			      "ip link set %s master fake_br && ip link set %s master fake_br &&"
			      "ip link set %s up && ip link set %s up &&"
			      "ip link set fake_br addrgenmode none up",
			      self->in.name, self->out.name, self->in.name, self->out.name));
}

FIXTURE_TEARDOWN(forward)
{
	fake_run("ip link del fake_br");
	fake_destroy(&self->in);
	fake_destroy(&self->out);
}

TEST_F(forward, header_end)
{
	struct virtio_net_hdr_v1_hash hdr = {
		.hash_value = HASH, .hash_report = VIRTIO_NET_HASH_REPORT_TCPv4,
		.padding = 0xabcd,
		.hdr.num_buffers = 1,
	};
	uint8_t frame[300], out[400], zero[20] = {};
	int i, found = 0;
	ssize_t n;

	fake_frame(frame, sizeof(frame));
	/* To someone whom the bridge does not know: no copy is made. */
	frame[5] = 0xee;
	for (i = 0; i < 200 && !found; i++) {
		ASSERT_EQ(0, fake_give(&self->in, 0, &hdr, frame, sizeof(frame)));
		usleep(50000);
		while ((n = fake_take(&self->out, NULL, out, sizeof(out))) >= 0) {
			if (n != (ssize_t)(self->out.hdr_len + sizeof(frame)) ||
			    memcmp(out + self->out.hdr_len, frame, sizeof(frame)))
				continue;
			found++;
			EXPECT_EQ(0, memcmp(out, zero, self->out.hdr_len));
		}
	}
	EXPECT_LT(0, found);
}

/* A GSO packet of TCP over IPv4 by a packet socket, whose linear part is longer
 * than its headers: the first one that the device gets, or -errno.
 */
static ssize_t send_gso(struct fake_dev *dev, void *out, size_t room)
{
	struct {
		struct virtio_net_hdr vnet;
		uint8_t frame[4000];
	} __attribute__((packed)) pkt = {
		.vnet = {
			.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
			.gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
			.hdr_len = 300,
			.gso_size = 1000,
			.csum_start = 34,
			.csum_offset = 16,
		},
	};
	int fd, one = 1, i;
	ssize_t n = -EAGAIN;

	fake_frame(pkt.frame, sizeof(pkt.frame));
	pkt.frame[12] = 0x08;
	pkt.frame[13] = 0x00;
	memcpy(pkt.frame + 14, "\x45\0\x0f\x92\0\0\0\0\x40\x06\0\0\xc0\0\x02\1\xc0\0\x02\2", 20);
	memcpy(pkt.frame + 34, "\0\1\0\2\0\0\0\0\0\0\0\0\x50\x10\0\0\0\0\0\0", 20);
	fd = fake_listen(dev->name);
	if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)) ||
	    send(fd, &pkt, sizeof(pkt), 0) != sizeof(pkt)) {
		n = -errno;
		close(fd);
		return n;
	}
	close(fd);
	for (i = 0; i < 1000; i++) {
		n = fake_take(dev, NULL, out, room);
		if (n == -EAGAIN)
			usleep(10000);
		else if (n == (ssize_t)(dev->hdr_len + sizeof(pkt.frame)))
			break;
	}
	return n;
}

TEST(gso_hdrlen)
{
	static uint8_t out[5000];
	struct virtio_net_hdr *hdr = (void *)out;
	struct fake_dev dev;

	ASSERT_EQ(0, fake_init(&dev, BASE | FAKE_F(CSUM) | FAKE_F(HOST_TSO4) |
			       FAKE_F(GUEST_HDRLEN)));
	ASSERT_EQ(0, fake_add(&dev));
	ASSERT_EQ(0, fake_up(&dev, true));
	ASSERT_LT(4000, send_gso(&dev, out, sizeof(out)));
	EXPECT_EQ(VIRTIO_NET_HDR_GSO_TCPV4, hdr->gso_type);
	EXPECT_EQ(14 + 20 + 20, hdr->hdr_len);
	fake_destroy(&dev);
}

TEST(gso_hdrlen_hint)
{
	static uint8_t out[5000];
	struct virtio_net_hdr *hdr = (void *)out;
	struct fake_dev dev;

	ASSERT_EQ(0, fake_init(&dev, BASE | FAKE_F(CSUM) | FAKE_F(HOST_TSO4)));
	ASSERT_EQ(0, fake_add(&dev));
	ASSERT_EQ(0, fake_up(&dev, true));
	ASSERT_LT(4000, send_gso(&dev, out, sizeof(out)));
	EXPECT_EQ(VIRTIO_NET_HDR_GSO_TCPV4, hdr->gso_type);
	EXPECT_LE(14 + 20 + 20, hdr->hdr_len);
	fake_destroy(&dev);
}

/* ---- Guest offloads ---- */

#define OFFLOADS	(BASE | MRG | BIG | FAKE_F(CTRL_GUEST_OFFLOADS))

FIXTURE(offloads)
{
	struct fake_dev dev;
};

FIXTURE_VARIANT(offloads)
{
	uint64_t features;
};

FIXTURE_VARIANT_ADD(offloads, plain)
{
	.features = OFFLOADS,
};

/* A feature of what is sent, and no offload. */
FIXTURE_VARIANT_ADD(offloads, hdrlen)
{
	.features = OFFLOADS | FAKE_F(GUEST_HDRLEN),
};

FIXTURE_SETUP(offloads)
{
	ASSERT_EQ(0, fake_init(&self->dev, variant->features));
	ASSERT_EQ(0, fake_add(&self->dev));
	ASSERT_EQ(0, fake_up(&self->dev, true));
}

FIXTURE_TEARDOWN(offloads)
{
	fake_destroy(&self->dev);
}

TEST_F(offloads, off_and_on)
{
	ASSERT_EQ(0, fake_set_feature(&self->dev, "rx-gro-hw", false));
	ASSERT_EQ(0, fake_sync(&self->dev));
	EXPECT_EQ(FAKE_F(GUEST_CSUM), self->dev.state.offloads);
	ASSERT_EQ(0, fake_set_feature(&self->dev, "rx-gro-hw", true));
	ASSERT_EQ(0, fake_sync(&self->dev));
	EXPECT_EQ(BIG, self->dev.state.offloads);
	EXPECT_FALSE(self->dev.state.malformed);
}

TEST_F(offloads, refused)
{
	ASSERT_EQ(0, fake_answer(&self->dev, VIRTIO_NET_CTRL_GUEST_OFFLOADS,
				 VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET, VIRTIO_NET_ERR));
	EXPECT_NE(0, fake_set_feature(&self->dev, "rx-gro-hw", false));
	EXPECT_EQ(1, fake_get_feature(&self->dev, "rx-gro-hw"));
}

TEST_F(offloads, resume)
{
	ASSERT_EQ(0, fake_set_feature(&self->dev, "rx-gro-hw", false));
	ASSERT_EQ(0, fake_suspend(&self->dev));
	ASSERT_EQ(0, fake_resume(&self->dev));
	ASSERT_EQ(0, fake_sync(&self->dev));
	EXPECT_EQ(FAKE_F(GUEST_CSUM), self->dev.state.offloads & variant->features);
	EXPECT_FALSE(self->dev.state.malformed);
	ASSERT_EQ(0, fake_set_feature(&self->dev, "rx-gro-hw", true));
	ASSERT_EQ(0, fake_sync(&self->dev));
	EXPECT_EQ(BIG, self->dev.state.offloads & variant->features & ~FAKE_F(GUEST_HDRLEN));
}

/* ---- A suspension ---- */

#define RESUME	(BASE | MRG | FAKE_F(CTRL_RX) | FAKE_F(CTRL_VLAN) | \
		 FAKE_F(CTRL_MAC_ADDR) | FAKE_F(MTU))

FIXTURE(resume)
{
	struct fake_dev dev;
};

FIXTURE_SETUP(resume)
{
	ASSERT_EQ(0, fake_init(&self->dev, RESUME));
	ASSERT_EQ(0, fake_add(&self->dev));
	ASSERT_EQ(0, fake_up(&self->dev, true));
}

FIXTURE_TEARDOWN(resume)
{
	fake_destroy(&self->dev);
}

static void suspend_and_resume(struct __test_metadata *_metadata, struct fake_dev *dev)
{
	ASSERT_EQ(0, fake_suspend(dev));
	ASSERT_EQ(0, fake_resume(dev));
	ASSERT_EQ(0, fake_sync(dev));
	EXPECT_FALSE(dev->state.malformed);
}

TEST_F(resume, traffic)
{
	int fd;

	fd = fake_listen(self->dev.name);
	ASSERT_LE(0, fd);
	EXPECT_TRUE(received(&self->dev, fd, 1000, 10));
	suspend_and_resume(_metadata, &self->dev);
	EXPECT_TRUE(received(&self->dev, fd, 1000, 10));
	close(fd);
}

TEST_F(resume, vlans)
{
	uint8_t before[sizeof(self->dev.state.vlans)];

	ASSERT_EQ(0, fake_run("ip link add link %s name fake.5 type vlan id 5 &&"
			      "ip link add link %s name fake.4094 type vlan id 4094 &&"
			      "ip link add link %s name fake.ad type vlan proto 802.1ad id 7",
			      self->dev.name, self->dev.name, self->dev.name));
	ASSERT_EQ(0, fake_sync(&self->dev));
	memcpy(before, self->dev.state.vlans, sizeof(before));
	EXPECT_EQ(1 << 5, before[0] & 1 << 5);
	EXPECT_EQ(1 << 6, before[4094 / 8]);
	EXPECT_EQ(0, before[0] & 1 << 7);
	suspend_and_resume(_metadata, &self->dev);
	EXPECT_EQ(0, memcmp(before, self->dev.state.vlans, sizeof(before)));
	ASSERT_EQ(0, fake_run("ip link del fake.5"));
	ASSERT_EQ(0, fake_sync(&self->dev));
	EXPECT_EQ(0, self->dev.state.vlans[0] & 1 << 5);
}

TEST_F(resume, mac)
{
	static const uint8_t mac[6] = { 0x52, 0x54, 0, 1, 2, 3 };

	ASSERT_EQ(0, fake_set_mac(&self->dev, mac));
	ASSERT_EQ(0, fake_sync(&self->dev));
	EXPECT_EQ(0, memcmp(mac, self->dev.state.mac, sizeof(mac)));
	suspend_and_resume(_metadata, &self->dev);
	EXPECT_TRUE(self->dev.state.mac_set);
	EXPECT_EQ(0, memcmp(mac, self->dev.state.mac, sizeof(mac)));
}

/* Its own address a device still knows. */
TEST_F(resume, own_mac)
{
	suspend_and_resume(_metadata, &self->dev);
	EXPECT_FALSE(self->dev.state.mac_set);
}

TEST_F(resume, promisc)
{
	int i;

	ASSERT_EQ(0, fake_run("ip link set %s promisc on", self->dev.name));
	suspend_and_resume(_metadata, &self->dev);
	/* It comes by a work. */
	for (i = 0; i < 1000 && !self->dev.state.promisc; i++) {
		usleep(10000);
		ASSERT_EQ(0, fake_sync(&self->dev));
	}
	EXPECT_TRUE(self->dev.state.promisc);
}

static void other_mtu(struct __test_metadata *_metadata, struct fake_dev *dev,
		      unsigned int mtu)
{
	ASSERT_EQ(0, fake_suspend(dev));
	dev->config.mtu = mtu;
	ASSERT_EQ(0, fake_change(dev));
	ASSERT_EQ(0, fake_resume(dev));
}

TEST_F(resume, lower_mtu)
{
	other_mtu(_metadata, &self->dev, 1300);
	EXPECT_EQ(1300, fake_get_mtu(&self->dev));
	EXPECT_EQ(-EINVAL, fake_set_mtu(&self->dev, 1500));
}

TEST_F(resume, lower_mtu_than_allowed)
{
	ASSERT_EQ(0, fake_set_mtu(&self->dev, 1000));
	other_mtu(_metadata, &self->dev, 1300);
	EXPECT_EQ(1000, fake_get_mtu(&self->dev));
	EXPECT_EQ(-EINVAL, fake_set_mtu(&self->dev, 1500));
	EXPECT_EQ(0, fake_set_mtu(&self->dev, 1300));
}

TEST_F(resume, higher_mtu)
{
	other_mtu(_metadata, &self->dev, 9000);
	EXPECT_EQ(1500, fake_get_mtu(&self->dev));
}

TEST_F(resume, nonsense_mtu)
{
	other_mtu(_metadata, &self->dev, 67);
	EXPECT_EQ(1500, fake_get_mtu(&self->dev));
}

/* Less was for a while. */
TEST_F(resume, mtu_back)
{
	other_mtu(_metadata, &self->dev, 1400);
	EXPECT_EQ(1400, fake_get_mtu(&self->dev));
	other_mtu(_metadata, &self->dev, 1500);
	EXPECT_EQ(1400, fake_get_mtu(&self->dev));
	EXPECT_EQ(0, fake_set_mtu(&self->dev, 1500));
	/* But no more than at first: the buffers are for that. */
	other_mtu(_metadata, &self->dev, 9000);
	EXPECT_EQ(1500, fake_get_mtu(&self->dev));
	EXPECT_EQ(-EINVAL, fake_set_mtu(&self->dev, 1501));
}

/* Both devices have one MTU. */
TEST(standby_lower_mtu)
{
	struct fake_dev dev, master;

	ASSERT_EQ(0, fake_init(&dev, RESUME | FAKE_F(STANDBY)));
	ASSERT_EQ(0, fake_add(&dev));
	ASSERT_NE('\0', dev.master[0]);
	master = dev;
	memcpy(master.name, dev.master, sizeof(master.name));
	ASSERT_EQ(0, fake_up(&master, true));
	other_mtu(_metadata, &dev, 1300);
	EXPECT_EQ(1300, fake_get_mtu(&dev));
	EXPECT_EQ(1300, fake_get_mtu(&master));
	EXPECT_EQ(-EINVAL, fake_set_mtu(&master, 1301));
	EXPECT_EQ(1300, fake_get_mtu(&master));
	other_mtu(_metadata, &dev, 1500);
	EXPECT_EQ(0, fake_set_mtu(&master, 1500));
	EXPECT_EQ(1500, fake_get_mtu(&dev));
	fake_destroy(&dev);
}

/* ---- A device with another address after the suspension ---- */

static const uint8_t other_mac[6] = { 0x52, 0x54, 0x00, 0x65, 0x43, 0x21 };

static void replace(struct __test_metadata *_metadata, struct fake_dev *dev)
{
	ASSERT_EQ(0, fake_suspend(dev));
	memcpy(dev->config.mac, other_mac, sizeof(other_mac));
	ASSERT_EQ(0, fake_change(dev));
	ASSERT_EQ(0, fake_resume(dev));
	ASSERT_EQ(0, fake_sync(dev));
}

/* It is told the address that the guest is known by. */
TEST_F(resume, replaced_mac)
{
	uint8_t before[6], after[6];

	ASSERT_EQ(0, fake_get_mac(&self->dev, before));
	replace(_metadata, &self->dev);
	ASSERT_EQ(0, fake_get_mac(&self->dev, after));
	EXPECT_EQ(0, memcmp(before, after, sizeof(after)));
	EXPECT_TRUE(self->dev.state.mac_set);
	EXPECT_EQ(0, memcmp(after, self->dev.state.mac, sizeof(after)));
}

/* How many messages say that a network device has @mac? */
static int told(int fd, const uint8_t *mac)
{
	char buf[16384];
	ssize_t n;
	int count = 0;

	while ((n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		count += !!memmem(buf, n, mac, 6);
	return count;
}

/* It cannot be told: then the address is the device's, and everybody hears of it,
 * each time.
 */
TEST(resume_replaced_mac_taken)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	struct fake_dev dev;
	uint8_t mac[6];
	int fd;

	ASSERT_EQ(0, fake_init(&dev, RESUME & ~FAKE_F(CTRL_MAC_ADDR)));
	ASSERT_EQ(0, fake_add(&dev));
	ASSERT_EQ(0, fake_up(&dev, true));
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, bind(fd, (struct sockaddr *)&addr, sizeof(addr)));
	replace(_metadata, &dev);
	ASSERT_EQ(0, fake_get_mac(&dev, mac));
	EXPECT_EQ(0, memcmp(other_mac, mac, sizeof(mac)));
	EXPECT_LT(0, told(fd, other_mac));

	ASSERT_EQ(0, fake_suspend(&dev));
	dev.config.mac[5] ^= 1;
	ASSERT_EQ(0, fake_change(&dev));
	ASSERT_EQ(0, fake_resume(&dev));
	ASSERT_EQ(0, fake_get_mac(&dev, mac));
	EXPECT_EQ(0, memcmp(dev.config.mac, mac, sizeof(mac)));
	close(fd);
	fake_destroy(&dev);
}

/* The administrator's address stays, in any case. */
TEST(resume_replaced_mac_own)
{
	static const uint8_t own[6] = { 0x52, 0x54, 0, 1, 2, 3 };
	struct fake_dev dev;
	uint8_t mac[6];

	ASSERT_EQ(0, fake_init(&dev, RESUME & ~FAKE_F(CTRL_MAC_ADDR)));
	ASSERT_EQ(0, fake_add(&dev));
	ASSERT_EQ(0, fake_set_mac(&dev, own));
	replace(_metadata, &dev);
	ASSERT_EQ(0, fake_get_mac(&dev, mac));
	EXPECT_EQ(0, memcmp(own, mac, sizeof(mac)));
	fake_destroy(&dev);
}

/* ---- Others ---- */

/* What was counted stays counted. */
TEST_F(resume, counters)
{
	long long before;
	int fd;

	fd = fake_listen(self->dev.name);
	ASSERT_LE(0, fd);
	EXPECT_TRUE(received(&self->dev, fd, 1000, 2));
	close(fd);
	before = fake_link_stat(&self->dev, "rx_bytes");
	EXPECT_LE(1000, before);
	suspend_and_resume(_metadata, &self->dev);
	EXPECT_LE(before, fake_link_stat(&self->dev, "rx_bytes"));
}

/* A VLAN whose frames the device will not let pass is none. */
TEST_F(resume, vlan_refused)
{
	ASSERT_EQ(0, fake_answer(&self->dev, VIRTIO_NET_CTRL_VLAN,
				 VIRTIO_NET_CTRL_VLAN_ADD, VIRTIO_NET_ERR));
	EXPECT_NE(0, fake_run("ip link add link %s name fake.5 type vlan id 5 2>&1",
			      self->dev.name));
	ASSERT_EQ(0, fake_answer(&self->dev, VIRTIO_NET_CTRL_VLAN,
				 VIRTIO_NET_CTRL_VLAN_ADD, VIRTIO_NET_OK));
	EXPECT_EQ(0, fake_run("ip link add link %s name fake.5 type vlan id 5",
			      self->dev.name));
}

/* Kilobytes that the system has left, as far as it says. */
static long available(void)
{
	char line[128];
	long kb = -1;
	FILE *file;

	file = fopen("/proc/meminfo", "r");
	if (!file)
		return -1;
	while (kb < 0 && fgets(line, sizeof(line), file))
		if (sscanf(line, "MemAvailable: %ld kB", &kb) != 1)
			kb = -1;
	fclose(file);
	return kb;
}

FIXTURE(probe)
{
	long before;
};

FIXTURE_SETUP(probe)
{
}

FIXTURE_TEARDOWN(probe)
{
}

/* The device does not take its address, so the probe fails: a table of 64 KB and a
 * header, for which 128 KB are allocated each time, which are given back.
 */
TEST_F(probe, failed)
{
	const int warm = 20, times = 250;
	struct fake_dev dev;
	int i;

	for (i = 0; i < warm + times; i++) {
		/* Without what was cached at first. */
		if (i == warm)
			self->before = available();
		ASSERT_EQ(0, fake_init(&dev, BASE | FAKE_F(CTRL_MAC_ADDR) | FAKE_F(RSS)));
		dev.features &= ~FAKE_F(MAC);
		dev.config.rss_max_indirection_table_length = FAKE_MAX_TABLE;
		ASSERT_EQ(0, fake_answer(&dev, VIRTIO_NET_CTRL_MAC,
					 VIRTIO_NET_CTRL_MAC_ADDR_SET, VIRTIO_NET_ERR));
		ASSERT_EQ(-ENODEV, fake_add(&dev));
		fake_destroy(&dev);
	}
	ASSERT_LT(0, self->before);
	EXPECT_GT(times * 128 / 2, self->before - available());
}

TEST_HARNESS_MAIN
