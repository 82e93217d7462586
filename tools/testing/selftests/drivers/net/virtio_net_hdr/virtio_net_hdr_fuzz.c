// SPDX-License-Identifier: GPL-2.0
/*
 * Hostile headers and frames into a tap.  What is accepted goes through a bridge
 * and leaves by a tap whose reader takes no offload, so that checksums are
 * completed and packets cut on the way.
 *
 * VNET_SEED and VNET_COUNT: of the random numbers, of the frames.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>

#include "harness.h"
#include "virtio_net_hdr_vectors.h"

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(arr) (sizeof(arr) / sizeof((arr)[0]))
#endif

#define ROOM		4096
#define DEFAULT_COUNT	5000
#define COUNT_FACTOR	6	/* one device, where others share the count */

static int open_tap(const char *name, unsigned long offloads)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int fd, one = 1;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &ifr) || ioctl(fd, TUNSETVNETLE, &one) ||
	    ioctl(fd, TUNSETOFFLOAD, offloads))
		return -1;
	return fd;
}

static unsigned int below(unsigned int n)
{
	return random() % n;
}

/* Mostly what is almost right. */
static uint16_t near_to(uint16_t right, size_t len)
{
	switch (below(8)) {
	case 0:
		return random();
	case 1:
		return len - 4 + below(6);
	case 2:
		return right - 2 + below(5);
	case 3:
		return below(64);
	default:
		return right;
	}
}

static size_t make(struct virtio_net_hdr *hdr, uint8_t *frame)
{
	static const uint8_t types[] = {
		VIRTIO_NET_HDR_GSO_NONE, VIRTIO_NET_HDR_GSO_TCPV4, VIRTIO_NET_HDR_GSO_UDP,
		VIRTIO_NET_HDR_GSO_TCPV6, VIRTIO_NET_HDR_GSO_UDP_L4,
		VIRTIO_NET_HDR_GSO_TCPV4 | VIRTIO_NET_HDR_GSO_ECN,
	};
	const struct virtio_net_hdr_vector *v =
		&virtio_net_hdr_vectors[below(ARRAY_SIZE(virtio_net_hdr_vectors))];
	size_t len = v->len;
	unsigned int i;

	memcpy(frame, v->frame, len);
	for (i = below(8); i < 4; i++)
		frame[below(len < 80 ? len : 80)] = random();
	if (below(6) == 0)
		len = ETH_HLEN + below(len - ETH_HLEN);

	hdr->flags = v->flags;
	hdr->gso_type = v->gso_type;
	if (below(8) == 0)
		hdr->flags = random();
	if (below(8) == 0)
		hdr->gso_type = types[below(ARRAY_SIZE(types))];
	else if (below(16) == 0)
		hdr->gso_type = random();
	hdr->gso_size = htole16(below(4) ? v->gso_size : near_to(v->gso_size, len));
	hdr->csum_start = htole16(near_to(v->csum_start, len));
	hdr->csum_offset = htole16(near_to(v->csum_offset, len - v->csum_start));
	hdr->hdr_len = htole16(below(2) ? 0 : near_to(v->csum_start + 20, len));
	return len;
}

/* Does the header, behind the stack, stay within the packet? */
static bool within(const struct virtio_net_hdr *hdr, size_t len)
{
	uint32_t start = le16toh(hdr->csum_start), offset = le16toh(hdr->csum_offset);

	if (hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM && start + offset + 2 > len)
		return false;
	return hdr->gso_type == VIRTIO_NET_HDR_GSO_NONE || le16toh(hdr->gso_size);
}

/* Only for the longer time-out */
FIXTURE(fuzz)
{
};

FIXTURE_SETUP(fuzz)
{
}

FIXTURE_TEARDOWN(fuzz)
{
}

TEST_F(fuzz, hostile)
{
	unsigned int count = DEFAULT_COUNT, accepted = 0, seen = 0, left = 0, i;
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
	};
	struct {
		struct virtio_net_hdr hdr;
		uint8_t frame[ROOM];
	} in, out;
	const char *env = getenv("VNET_COUNT");
	unsigned int seed = 1;
	int tap, exit_tap, packet, one = 1;
	size_t len;
	ssize_t n;

	if (env && *env)
		count = COUNT_FACTOR * strtoul(env, NULL, 0);
	env = getenv("VNET_SEED");
	if (env && !strcmp(env, "random"))
		seed = time(NULL);
	else if (env && *env)
		seed = strtoul(env, NULL, 0);
	TH_LOG("VNET_SEED=%u, %u frames", seed, count);
	srandom(seed);

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	tap = open_tap("hdr0", TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6);
	exit_tap = open_tap("hdr1", 0);
	ASSERT_LE(0, tap);
	ASSERT_LE(0, exit_tap);
	ASSERT_EQ(0, system("echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6;"
			    "ip link add br0 type bridge mcast_snooping 0 &&"
			    "ip link set hdr0 master br0 && ip link set hdr1 master br0 &&"
			    "ip link set hdr0 up && ip link set hdr1 up && ip link set br0 up"));
	packet = socket(AF_PACKET, SOCK_RAW, 0);
	ASSERT_LE(0, packet);
	ASSERT_EQ(0, setsockopt(packet, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)));
	ASSERT_EQ(0, setsockopt(packet, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)));
	addr.sll_ifindex = if_nametoindex("hdr0");
	ASSERT_EQ(0, bind(packet, (struct sockaddr *)&addr, sizeof(addr)));

	for (i = 0; i < count; i++) {
		len = make(&in.hdr, in.frame);
		if (write(tap, &in, sizeof(in.hdr) + len) > 0)
			accepted++;
		while ((n = recv(packet, &out, sizeof(out), MSG_DONTWAIT)) > 0) {
			seen++;
			ASSERT_TRUE(within(&out.hdr, n - sizeof(out.hdr))) {
				TH_LOG("frame %u", i);
			}
		}
		while ((n = read(exit_tap, &out, sizeof(out))) > 0) {
			left++;
			/* Nothing is left to be done by its reader. */
			ASSERT_EQ(0, out.hdr.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
				TH_LOG("frame %u", i);
			}
			ASSERT_EQ(VIRTIO_NET_HDR_GSO_NONE, out.hdr.gso_type);
		}
	}
	TH_LOG("%u accepted, %u seen, %u left", accepted, seen, left);
	EXPECT_LE(count / 5, accepted);
	EXPECT_LT(accepted / 2, seen);
	EXPECT_LT(0, left);
	close(packet);
	close(exit_tap);
	close(tap);
}

TEST_HARNESS_MAIN
