// SPDX-License-Identifier: GPL-2.0
/*
 * The header in front of a frame, both ways through a tap: what a VMM writes
 * comes out at a packet socket, and what a packet socket sends at the VMM.
 *
 * The vectors are those of KUnit's virtio_net_hdr_test, which also does the other
 * byte order; few kernels have taps that do.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
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

#define ROOM	4096
#define VLAN	4	/* bytes of a tag */

/* Offloads that the tap's reader can take: all */
#define OFFLOADS	(TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_USO4 | TUN_F_USO6)

FIXTURE(tap)
{
	int fd;
	int packet;
};

FIXTURE_VARIANT(tap)
{
	int hdr_size;
};

FIXTURE_VARIANT_ADD(tap, header_10)
{
	.hdr_size = sizeof(struct virtio_net_hdr),
};

FIXTURE_VARIANT_ADD(tap, header_12)
{
	.hdr_size = sizeof(struct virtio_net_hdr_mrg_rxbuf),
};

FIXTURE_VARIANT_ADD(tap, header_20)
{
	.hdr_size = sizeof(struct virtio_net_hdr_v1_hash),
};

FIXTURE_VARIANT_ADD(tap, header_64)
{
	.hdr_size = 64,
};

FIXTURE_SETUP(tap)
{
	struct ifreq ifr = {
		.ifr_name = "hdr0", .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR,
	};
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
	};
	struct timeval patience = { .tv_sec = 10 };
	int one = 1, size = variant->hdr_size;

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	/* Nobody else speaks. */
	ASSERT_EQ(0, system("echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6"));
	self->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ioctl(self->fd, TUNSETIFF, &ifr));
	ASSERT_EQ(0, ioctl(self->fd, TUNSETVNETHDRSZ, &size));
	ASSERT_EQ(0, ioctl(self->fd, TUNSETOFFLOAD, OFFLOADS));
	ASSERT_EQ(0, ioctl(self->fd, TUNSETVNETLE, &one));

	self->packet = socket(AF_PACKET, SOCK_RAW, 0);
	ASSERT_LE(0, self->packet);
	ASSERT_EQ(0, ioctl(self->packet, SIOCGIFFLAGS, &ifr));
	ifr.ifr_flags |= IFF_UP;
	ASSERT_EQ(0, ioctl(self->packet, SIOCSIFFLAGS, &ifr));
	addr.sll_ifindex = if_nametoindex("hdr0");
	ASSERT_EQ(0, setsockopt(self->packet, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)));
	ASSERT_EQ(0, setsockopt(self->packet, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one)));
	ASSERT_EQ(0, setsockopt(self->packet, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one,
				sizeof(one)));
	ASSERT_EQ(0, setsockopt(self->packet, SOL_SOCKET, SO_RCVTIMEO, &patience,
				sizeof(patience)));
	ASSERT_EQ(0, bind(self->packet, (struct sockaddr *)&addr, sizeof(addr)));
}

FIXTURE_TEARDOWN(tap)
{
	close(self->packet);
	close(self->fd);
}

static struct virtio_net_hdr make_hdr(const struct virtio_net_hdr_vector *v)
{
	return (struct virtio_net_hdr) {
		.flags = v->flags,
		.gso_type = v->gso_type,
		.gso_size = htole16(v->gso_size),
		.csum_start = htole16(v->csum_start),
		.csum_offset = htole16(v->csum_offset),
	};
}

/* What the header must be behind the stack: hdr_len is a hint, and left out. */
static struct virtio_net_hdr want_hdr(const struct virtio_net_hdr_vector *v)
{
	struct virtio_net_hdr hdr = make_hdr(v);

	hdr.flags &= ~VIRTIO_NET_HDR_F_DATA_VALID;
	if (!v->still_gso) {
		hdr.gso_type = VIRTIO_NET_HDR_GSO_NONE;
		hdr.gso_size = 0;
	}
	return hdr;
}

/* Receive by the packet socket, and put back the tag that the stack took off. */
static ssize_t receive(int fd, struct virtio_net_hdr *hdr, uint8_t *frame)
{
	union {
		struct cmsghdr cmsg;
		uint8_t buf[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	} control;
	struct iovec iov[] = {
		{ hdr, sizeof(*hdr) }, { frame, ROOM - VLAN },
	};
	struct msghdr msg = {
		.msg_iov = iov, .msg_iovlen = ARRAY_SIZE(iov),
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	struct tpacket_auxdata *aux;
	struct cmsghdr *cmsg;
	uint16_t tag[2];
	ssize_t n;

	n = recvmsg(fd, &msg, 0);
	if (n < (ssize_t)sizeof(*hdr))
		return n < 0 ? -errno : -EIO;
	n -= sizeof(*hdr);
	cmsg = CMSG_FIRSTHDR(&msg);
	if (!cmsg)
		return -EIO;
	aux = (struct tpacket_auxdata *)CMSG_DATA(cmsg);
	if (aux->tp_status & TP_STATUS_VLAN_VALID) {
		tag[0] = htons(aux->tp_vlan_tpid);
		tag[1] = htons(aux->tp_vlan_tci);
		memmove(frame + 12 + VLAN, frame + 12, n - 12);
		memcpy(frame + 12, tag, VLAN);
		n += VLAN;
		if (hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
			hdr->csum_start = htole16(le16toh(hdr->csum_start) + VLAN);
	}
	return n;
}

/* Written by the VMM */
TEST_F(tap, write)
{
	uint8_t data[64 + ROOM], frame[ROOM];
	struct virtio_net_hdr hdr, want;
	const struct virtio_net_hdr_vector *v;
	ssize_t n;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(virtio_net_hdr_vectors); i++) {
		v = &virtio_net_hdr_vectors[i];
		hdr = make_hdr(v);
		memset(data, 0, variant->hdr_size);
		memcpy(data, &hdr, sizeof(hdr));
		memcpy(data + variant->hdr_size, v->frame, v->len);
		n = write(self->fd, data, variant->hdr_size + v->len);
		if (v->refused) {
			EXPECT_EQ(-1, n) TH_LOG("%s", v->name);
			EXPECT_EQ(EINVAL, errno) TH_LOG("%s", v->name);
			if (n >= 0)
				receive(self->packet, &hdr, frame);
			continue;
		}
		EXPECT_EQ(variant->hdr_size + (ssize_t)v->len, n) TH_LOG("%s", v->name);
		if (n < 0)
			continue;
		EXPECT_EQ((ssize_t)v->len, receive(self->packet, &hdr, frame))
			TH_LOG("%s", v->name);
		want = want_hdr(v);
		hdr.hdr_len = 0;
		EXPECT_EQ(0, memcmp(&want, &hdr, sizeof(hdr))) TH_LOG("%s", v->name);
		EXPECT_EQ(0, memcmp(v->frame, frame, v->len)) TH_LOG("%s", v->name);
	}
}

/* Read by the VMM */
TEST_F(tap, read)
{
	uint8_t data[64 + ROOM];
	struct virtio_net_hdr hdr, want;
	struct iovec iov[2];
	const struct virtio_net_hdr_vector *v;
	ssize_t n;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(virtio_net_hdr_vectors); i++) {
		v = &virtio_net_hdr_vectors[i];
		/* Without a partial checksum, segments are all that a device takes. */
		if (v->still_gso && !(v->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
			continue;
		hdr = make_hdr(v);
		iov[0] = (struct iovec) { &hdr, sizeof(hdr) };
		iov[1] = (struct iovec) { (void *)v->frame, v->len };
		n = writev(self->packet, iov, 2);
		if (v->refused) {
			EXPECT_EQ(-1, n) TH_LOG("%s", v->name);
			EXPECT_EQ(EINVAL, errno) TH_LOG("%s", v->name);
			if (n >= 0)
				n = read(self->fd, data, sizeof(data));
			continue;
		}
		EXPECT_EQ((ssize_t)(sizeof(hdr) + v->len), n) TH_LOG("%s", v->name);
		n = read(self->fd, data, sizeof(data));
		EXPECT_EQ(variant->hdr_size + (ssize_t)v->len, n) TH_LOG("%s", v->name);
		want = want_hdr(v);
		memcpy(&hdr, data, sizeof(hdr));
		hdr.hdr_len = 0;
		EXPECT_EQ(0, memcmp(&want, &hdr, sizeof(hdr))) TH_LOG("%s", v->name);
		EXPECT_EQ(0, memcmp(v->frame, data + variant->hdr_size, v->len))
			TH_LOG("%s", v->name);
	}
}

/* ---- Without an Ethernet header ---- */

FIXTURE(tun)
{
	int fd;
};

FIXTURE_SETUP(tun)
{
	struct ifreq ifr = {
		.ifr_name = "hdr0", .ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR,
	};
	int one = 1;

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	self->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ioctl(self->fd, TUNSETIFF, &ifr));
	ASSERT_EQ(0, ioctl(self->fd, TUNSETOFFLOAD, OFFLOADS));
	ASSERT_EQ(0, ioctl(self->fd, TUNSETVNETLE, &one));
	ASSERT_EQ(0, system("ip link set hdr0 up"));
}

FIXTURE_TEARDOWN(tun)
{
	close(self->fd);
}

/* The same packets, the same verdicts */
TEST_F(tun, write)
{
	const struct virtio_net_hdr_vector *v;
	struct virtio_net_hdr hdr;
	struct iovec iov[2];
	unsigned int type;
	ssize_t n;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(virtio_net_hdr_vectors); i++) {
		v = &virtio_net_hdr_vectors[i];
		type = (v->frame[12] & 0xff) << 8 | (v->frame[13] & 0xff);
		if (type != ETH_P_IP && type != ETH_P_IPV6)
			continue;
		hdr = make_hdr(v);
		if (v->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
			if (v->csum_start < ETH_HLEN)
				continue;
			hdr.csum_start = htole16(v->csum_start - ETH_HLEN);
		}
		iov[0] = (struct iovec) { &hdr, sizeof(hdr) };
		iov[1] = (struct iovec) { (void *)(v->frame + ETH_HLEN), v->len - ETH_HLEN };
		n = writev(self->fd, iov, 2);
		if (v->refused) {
			EXPECT_EQ(-1, n) {
				TH_LOG("%s is taken", v->name);
			}
			EXPECT_EQ(EINVAL, errno);
		} else {
			EXPECT_EQ((ssize_t)(sizeof(hdr) + v->len - ETH_HLEN), n) {
				TH_LOG("%s: %s", v->name, strerror(errno));
			}
		}
	}
}

/* ---- Behind a bridge, to who takes whole checksums only ---- */

FIXTURE(bridge)
{
	int in;
	int out;
};

FIXTURE_VARIANT(bridge)
{
	bool packet;
};

FIXTURE_VARIANT_ADD(bridge, from_tap)
{
	.packet = false,
};

FIXTURE_VARIANT_ADD(bridge, from_packet_socket)
{
	.packet = true,
};

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

FIXTURE_SETUP(bridge)
{
	/* What the caller says of the frame is not what is in it. */
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET, .sll_protocol = htons(0x88b5),
	};
	int one = 1;

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, system("echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6"));
	self->out = open_tap("hdr1", 0);
	ASSERT_LE(0, self->out);
	ASSERT_EQ(0, system("ip link add hdr_br type bridge mcast_snooping 0 &&"
			    "ip link set hdr1 master hdr_br up && ip link set hdr_br up"));
	if (variant->packet) {
		ASSERT_EQ(0, system("ip link add hdr2 up type veth peer hdr0 &&"
				    "ip link set hdr0 master hdr_br up"));
		self->in = socket(AF_PACKET, SOCK_RAW, 0);
		ASSERT_LE(0, self->in);
		addr.sll_ifindex = if_nametoindex("hdr2");
		ASSERT_EQ(0, setsockopt(self->in, SOL_PACKET, PACKET_VNET_HDR, &one,
					sizeof(one)));
		ASSERT_EQ(0, bind(self->in, (struct sockaddr *)&addr, sizeof(addr)));
	} else {
		self->in = open_tap("hdr0", TUN_F_CSUM);
		ASSERT_LE(0, self->in);
		ASSERT_EQ(0, system("ip link set hdr0 master hdr_br up"));
	}
}

FIXTURE_TEARDOWN(bridge)
{
	close(self->in);
	close(self->out);
}

/* What comes out of a tap, of that length; or -1 */
static ssize_t take(int fd, void *data, size_t room, size_t len)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	ssize_t n;

	while (poll(&poll_fd, 1, 2000) > 0) {
		n = read(fd, data, room);
		if (n == (ssize_t)len)
			return n;
	}
	return -1;
}

/* Whatever the header asks for: nothing changes that a filter could have judged. */
TEST_F(bridge, judged_stays)
{
	static const struct {
		const char *frame;
		size_t len;
		unsigned int l4;	/* the transport header */
		unsigned int judged;	/* bytes of it */
	} frames[] = {
#define F(f, l4, judged)	{ v_##f, sizeof(v_##f) - 1, l4, judged }
		F(tcp4, 34, 16), F(tcp4_opt, 38, 16), F(tcp4_vlan, 38, 16),
		F(tcp4_qinq, 42, 16), F(tcp6, 54, 16), F(tcp6_ext, 62, 16),
		F(tcp6_vlan, 58, 16), F(udp4, 34, 6), F(udp6, 54, 6), F(icmp4, 34, 2),
		F(frag4, 34, 0), F(frag6, 62, 0), F(arp, 14, 64),
	};
	struct {
		struct virtio_net_hdr hdr;
		uint8_t frame[ROOM];
	} out;
	struct virtio_net_hdr hdr = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM };
	unsigned int start, offset, taken = 0;
	struct iovec iov[2];
	size_t i, len;

	for (i = 0; i < ARRAY_SIZE(frames); i++) {
		len = frames[i].len;
		for (start = 0; start < frames[i].l4 + frames[i].judged + 4; start++) {
			for (offset = 0; offset <= 20; offset++) {
				hdr.csum_start = htole16(start);
				hdr.csum_offset = htole16(offset);
				iov[0] = (struct iovec) { &hdr, sizeof(hdr) };
				iov[1] = (struct iovec) { (void *)frames[i].frame, len };
				if (writev(self->in, iov, 2) < 0)
					continue;
				taken++;
				ASSERT_LT(0, take(self->out, &out, sizeof(out),
						  sizeof(hdr) + len));
				ASSERT_EQ(0, memcmp(frames[i].frame, out.frame,
						    frames[i].l4 + frames[i].judged)) {
					TH_LOG("frame %zu: csum_start %u, csum_offset %u",
					       i, start, offset);
				}
			}
		}
	}
	TH_LOG("%u were taken", taken);
	EXPECT_LT(0, taken);
}

TEST_HARNESS_MAIN
