// SPDX-License-Identifier: GPL-2.0
/*
 * XDP programs that change packets: what comes out has right checksums, and the VLAN tag
 * that went in, whether the sender has left a checksum out or not.
 *
 * Checksums are computed here, over what has come out.  Who takes a packet with a
 * partial one is told so, and completes it; so does this.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/if_xdp.h>
#include <linux/virtio_net.h>

#include "harness.h"
#include "fake_dev.h"
#include "hints_net.h"
#include "xdp_change.h"

#ifndef AF_XDP
#define AF_XDP		44
#endif
#ifndef SOL_XDP
#define SOL_XDP		283
#endif

#define FRAME_LEN	150
#define L4		(CHANGE_ETH + CHANGE_IP)
#define CHECK		6	/* of UDP */
#define ROOM		512
#define HDR_LEN		sizeof(struct virtio_net_hdr_mrg_rxbuf)

struct packet {
	struct virtio_net_hdr hdr;
	uint8_t *data;
	size_t len;
	uint8_t buf[ROOM];
};

static void put16(uint8_t *at, uint16_t value)
{
	at[0] = value >> 8;
	at[1] = value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value);
}

/* The sum of UDP's pseudo header, not complemented */
static uint16_t pseudo_sum(const uint8_t *ip, size_t len)
{
	uint8_t pseudo[12] = {};

	memcpy(pseudo, ip + 12, 8);
	pseudo[9] = 17;
	put16(pseudo + 10, len);
	return ~fake_checksum(pseudo, sizeof(pseudo));
}

/* Does the packet of @len bytes from UDP's header on have the checksum that it should? */
static bool udp_right(const uint8_t *ip, const uint8_t *udp, size_t len)
{
	uint8_t all[ROOM];

	put16(all, pseudo_sum(ip, len));
	memcpy(all + 2, udp, len);
	return !fake_checksum(all, 2 + len);
}

/* IPv4 and UDP behind an Ethernet header of a type that the stack leaves alone */
static void make_frame(uint8_t *frame, size_t len, bool partial)
{
	uint8_t *ip = frame + CHANGE_ETH, *udp = ip + CHANGE_IP;
	size_t udp_len = len - L4;
	uint16_t sum;

	fake_frame(frame, len);
	memset(ip, 0, CHANGE_IP + CHANGE_UDP);
	ip[0] = 0x45;
	put16(ip + 2, len - CHANGE_ETH);
	ip[8] = 64;
	ip[9] = 17;
	put32(ip + 12, CHANGE_SADDR);
	put32(ip + 16, CHANGE_DADDR);
	put16(ip + 10, fake_checksum(ip, CHANGE_IP));
	put16(udp, 1000);
	put16(udp + 2, 2000);
	put16(udp + 4, udp_len);
	put16(udp + CHECK, pseudo_sum(ip, udp_len));
	if (!partial) {
		sum = fake_checksum(udp, udp_len);
		put16(udp + CHECK, sum ?: 0xffff);
	}
}

/* What comes, as who is told of a partial checksum sees it in the end: 0 or -1 */
static int take(int fd, size_t hdr_len, struct packet *packet)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	size_t start, at;
	uint16_t sum;
	ssize_t n;

	if (poll(&ready, 1, 5000) != 1)
		return -1;
	n = read(fd, packet->buf, ROOM);
	if (n < (ssize_t)hdr_len)
		return -1;
	memcpy(&packet->hdr, packet->buf, sizeof(packet->hdr));
	packet->data = packet->buf + hdr_len;
	packet->len = n - hdr_len;
	if (!(packet->hdr.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
		return 0;
	start = packet->hdr.csum_start;
	at = start + packet->hdr.csum_offset;
	if (start >= packet->len || at + 2 > packet->len)
		return -1;
	sum = fake_checksum(packet->data + start, packet->len - start);
	put16(packet->data + at, sum ?: 0xffff);
	return 0;
}

/* ---- A veth on whose one end a program runs ---- */

FIXTURE(change)
{
	struct bpf_object *object;
	int in;			/* to and from the other end */
	int out;		/* where it comes out */
	size_t hdr_len;		/* there */
};

FIXTURE_VARIANT(change)
{
	int mode;
	enum change_way way;
	unsigned int offload;	/* of the tap */
};

#define CHANGE_VARIANT(name, mode_, way_, offload_)	\
FIXTURE_VARIANT_ADD(change, name)			\
{							\
	.mode = XDP_FLAGS_##mode_##_MODE, .way = WAY_##way_, .offload = offload_,	\
}

CHANGE_VARIANT(native_pass, DRV, PASS, 0);
CHANGE_VARIANT(native_back, DRV, TX, 0);
CHANGE_VARIANT(native_tap, DRV, DEV, TUN_F_CSUM);
CHANGE_VARIANT(native_plain_tap, DRV, DEV, 0);
CHANGE_VARIANT(native_cpu, DRV, CPU, 0);
CHANGE_VARIANT(generic_pass, SKB, PASS, 0);
CHANGE_VARIANT(generic_back, SKB, TX, 0);
CHANGE_VARIANT(generic_tap, SKB, DEV, TUN_F_CSUM);
CHANGE_VARIANT(generic_plain_tap, SKB, DEV, 0);
CHANGE_VARIANT(generic_cpu, SKB, CPU, 0);

static int program_fd(struct bpf_object *object, const char *name)
{
	return bpf_program__fd(bpf_object__find_program_by_name(object, name));
}

static int set_map(struct bpf_object *object, const char *map, __u32 value)
{
	__u32 zero = 0;

	return bpf_map_update_elem(bpf_object__find_map_fd_by_name(object, map), &zero, &value,
				   0);
}

static int attach(struct bpf_object *object, const char *name, const char *device, int mode)
{
	return bpf_xdp_attach(if_nametoindex(device), program_fd(object, name), mode, NULL);
}

/* Of those that ask for hints, none is loaded. */
static struct bpf_object *open_programs(void)
{
	struct bpf_object *object = bpf_object__open_file("xdp_change.bpf.o", NULL);

	if (object)
		bpf_program__set_autoload(bpf_object__find_program_by_name(object, "vlan_asked"),
					  false);
	return object;
}

FIXTURE_SETUP(change)
{
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, system("echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6"));
	ASSERT_EQ(0, fake_run("ip link add in0 type veth peer name in1"));
	ASSERT_EQ(0, fake_run("ip link set in0 up && ip link set in1 up"));
	self->in = hints_hear("in1");
	ASSERT_LE(0, self->in);
	self->object = open_programs();
	ASSERT_NE(NULL, self->object);
}

FIXTURE_TEARDOWN(change)
{
	bpf_object__close(self->object);
	close(self->in);
	if (self->out > 0 && self->out != self->in)
		close(self->out);
}

/* Load, and have packets come out of where the variant says. */
static void start(struct __test_metadata *_metadata, FIXTURE_DATA(change) *self,
		  const FIXTURE_VARIANT(change) *variant, const char *program)
{
	ASSERT_EQ(0, bpf_object__load(self->object));
	ASSERT_EQ(0, set_map(self->object, "way", variant->way));
	self->hdr_len = sizeof(struct virtio_net_hdr);
	switch (variant->way) {
	case WAY_TX:
		/* The peer takes frames only if it has a program, too. */
		ASSERT_EQ(0, attach(self->object, "pass", "in1", variant->mode));
		self->out = self->in;
		break;
	case WAY_DEV:
		self->out = hints_open_tap("out0", variant->offload);
		ASSERT_LE(0, self->out);
		ASSERT_EQ(0, set_map(self->object, "devs", if_nametoindex("out0")));
		self->hdr_len = HDR_LEN;
		break;
	case WAY_CPU:
		ASSERT_EQ(0, set_map(self->object, "cpus", 64));
		self->out = hints_hear("in0");
		break;
	default:
		self->out = hints_hear("in0");
	}
	ASSERT_LE(0, self->out);
	ASSERT_EQ(0, attach(self->object, program, "in0", variant->mode));
}

static void give(struct __test_metadata *_metadata, int fd, const uint8_t *frame, size_t len,
		 size_t csum_start)
{
	struct virtio_net_hdr hdr = {};
	struct iovec iov[] = {
		{ &hdr, sizeof(hdr) },
		{ (void *)frame, len },
	};

	if (csum_start) {
		hdr.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		hdr.csum_start = csum_start;
		hdr.csum_offset = CHECK;
	}
	ASSERT_EQ((ssize_t)(sizeof(hdr) + len), writev(fd, iov, 2));
}

/* What comes out of the program */
static void take_out(struct __test_metadata *_metadata, FIXTURE_DATA(change) *self,
		     const FIXTURE_VARIANT(change) *variant, struct packet *packet)
{
	ASSERT_EQ(0, take(self->out, self->hdr_len, packet));
	/* virtio 1.3, 5.1.6.4.1: no flags for who has not asked for partial checksums */
	if (variant->way == WAY_DEV && !variant->offload)
		EXPECT_EQ(0, packet->hdr.flags);
}

/* One packet with a partial checksum, through the program */
static void run(struct __test_metadata *_metadata, FIXTURE_DATA(change) *self,
		const FIXTURE_VARIANT(change) *variant, const char *program,
		struct packet *packet)
{
	uint8_t frame[FRAME_LEN];

	make_frame(frame, FRAME_LEN, true);
	start(_metadata, self, variant, program);
	give(_metadata, self->in, frame, FRAME_LEN, L4);
	take_out(_metadata, self, variant, packet);
}

/* Nothing is changed. */
TEST_F(change, kept)
{
	struct packet p;

	run(_metadata, self, variant, "as_it_is", &p);
	ASSERT_EQ(FRAME_LEN, p.len);
	EXPECT_TRUE(udp_right(p.data + CHANGE_ETH, p.data + L4, FRAME_LEN - L4));
}

/* The checksum of an ICMP error is one of what it quotes. */
TEST_F(change, quoted)
{
	struct packet p;

	run(_metadata, self, variant, "icmp", &p);
	ASSERT_EQ(L4 + 8 + CHANGE_QUOTE, p.len);
	EXPECT_EQ(0, fake_checksum(p.data + L4, p.len - L4));
}

/* The checksums of a tunnel's packet, and of the one in it */
TEST_F(change, encapsulated)
{
	struct packet p;
	uint8_t *inner;

	run(_metadata, self, variant, "encap", &p);
	ASSERT_EQ(CHANGE_OUTER + FRAME_LEN, p.len);
	EXPECT_TRUE(udp_right(p.data + CHANGE_ETH, p.data + L4, p.len - L4));
	inner = p.data + CHANGE_OUTER;
	EXPECT_TRUE(udp_right(inner + CHANGE_ETH, inner + L4, FRAME_LEN - L4));
}

/* The address that is translated to is in the checksum. */
TEST_F(change, translated)
{
	struct packet p;

	run(_metadata, self, variant, "translate", &p);
	ASSERT_EQ(FRAME_LEN, p.len);
	EXPECT_EQ(CHANGE_TO & 0xff, p.data[L4 - 1]);
	EXPECT_EQ(0, fake_checksum(p.data + CHANGE_ETH, CHANGE_IP));
	EXPECT_TRUE(udp_right(p.data + CHANGE_ETH, p.data + L4, FRAME_LEN - L4));
}

static void run_decap(struct __test_metadata *_metadata, FIXTURE_DATA(change) *self,
		      const FIXTURE_VARIANT(change) *variant, bool inner, struct packet *packet)
{
	uint8_t frame[CHANGE_OUTER + FRAME_LEN];

	/* The partial checksum is that of the packet in the tunnel, or of the tunnel's. */
	make_frame(frame, sizeof(frame), !inner);
	make_frame(frame + CHANGE_OUTER, FRAME_LEN, inner);
	start(_metadata, self, variant, "decap");
	give(_metadata, self->in, frame, sizeof(frame), inner ? CHANGE_OUTER + L4 : L4);
	take_out(_metadata, self, variant, packet);
}

/* The checksum that was left open was within the tunnel. */
TEST_F(change, decapsulated)
{
	struct packet p;

	run_decap(_metadata, self, variant, true, &p);
	ASSERT_EQ(FRAME_LEN, p.len);
	EXPECT_TRUE(udp_right(p.data + CHANGE_ETH, p.data + L4, FRAME_LEN - L4));
}

/* It was the tunnel's, and is gone: nobody is told to complete it. */
TEST_F(change, cut_off)
{
	struct packet p;

	run_decap(_metadata, self, variant, false, &p);
	EXPECT_EQ(0, p.hdr.flags);
	ASSERT_EQ(FRAME_LEN, p.len);
	EXPECT_TRUE(udp_right(p.data + CHANGE_ETH, p.data + L4, FRAME_LEN - L4));
}

/* What a program has written goes on as without hints: behind XDP_PASS with the skb's
 * partial checksum, to a device as it is.
 */
TEST_F(change, written)
{
	bool pass = variant->way == WAY_PASS || variant->mode == XDP_FLAGS_SKB_MODE;
	uint8_t frame[FRAME_LEN];
	struct packet p;
	uint16_t sum;

	run(_metadata, self, variant, "write_and_move", &p);
	ASSERT_EQ(FRAME_LEN, p.len);
	make_frame(frame, FRAME_LEN, true);
	put16(frame + L4 + CHECK, 0x1234);
	if (pass) {
		sum = fake_checksum(frame + L4, FRAME_LEN - L4);
		put16(frame + L4 + CHECK, sum);
	}
	EXPECT_EQ(0, memcmp(frame, p.data, FRAME_LEN));
}

/* ---- VLAN tags beside the packet ---- */

FIXTURE(vlan)
{
	FIXTURE_DATA(change) change;
};

FIXTURE_VARIANT(vlan)
{
	FIXTURE_VARIANT(change) change;
	bool two;		/* tags */
};

FIXTURE_VARIANT_ADD(vlan, back)
{
	.change = { XDP_FLAGS_DRV_MODE, WAY_TX },
};

FIXTURE_VARIANT_ADD(vlan, tap)
{
	.change = { XDP_FLAGS_DRV_MODE, WAY_DEV, TUN_F_CSUM },
};

FIXTURE_VARIANT_ADD(vlan, two_tap)
{
	.change = { XDP_FLAGS_DRV_MODE, WAY_DEV, TUN_F_CSUM },
	.two = true,
};

FIXTURE_VARIANT_ADD(vlan, generic_tap)
{
	.change = { XDP_FLAGS_SKB_MODE, WAY_DEV, TUN_F_CSUM },
};

FIXTURE_SETUP(vlan)
{
	FIXTURE_DATA(change) *change = &self->change;

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, system("echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6"));
	ASSERT_EQ(0, fake_run("ip link add in0 type veth peer name in1"));
	ASSERT_EQ(0, fake_run("ip link set in0 up && ip link set in1 up"));
	ASSERT_EQ(0, fake_run("ip link add link in1 name tag type vlan proto %s id 5",
			      variant->two ? "802.1ad" : "802.1q"));
	ASSERT_EQ(0, fake_run("ip link set tag up"));
	change->in = hints_hear("tag");
	ASSERT_LE(0, change->in);
	change->object = open_programs();
	ASSERT_NE(NULL, change->object);
}

FIXTURE_TEARDOWN(vlan)
{
	bpf_object__close(self->change.object);
	close(self->change.in);
	if (self->change.out > 0 && self->change.out != self->change.in)
		close(self->change.out);
}

/* What is sent on the VLAN's device: @frame, and what it is on the wire: @want */
static size_t make_tagged(uint8_t *frame, uint8_t *want, bool two)
{
	size_t tags = two ? 8 : 4, given = two ? 4 : 0;
	uint8_t plain[FRAME_LEN], *at;

	make_frame(plain, FRAME_LEN, false);
	memcpy(frame, plain, 12);
	memcpy(want, plain, 12);
	at = want + 12;
	put16(at, two ? 0x88a8 : 0x8100);
	put16(at + 2, 5);
	if (two) {
		put16(at + 4, 0x8100);
		put16(at + 6, 6);
		memcpy(frame + 12, at + 4, 4);
	}
	memcpy(want + 12 + tags, plain + 12, FRAME_LEN - 12);
	memcpy(frame + 12 + given, plain + 12, FRAME_LEN - 12);
	return FRAME_LEN + given;
}

/* The packet comes as it would on a wire. */
TEST_F(vlan, kept)
{
	FIXTURE_DATA(change) *change = &self->change;
	uint8_t frame[ROOM], want[ROOM];
	struct packet p;
	size_t len;

	len = make_tagged(frame, want, variant->two);
	start(_metadata, change, &variant->change, "as_it_is");
	give(_metadata, change->in, frame, len, 0);
	ASSERT_EQ(0, take(change->out, change->hdr_len, &p));
	if (variant->change.way == WAY_TX) {
		/* The peer's VLAN device has taken the tag off again. */
		ASSERT_EQ(len, p.len);
		EXPECT_EQ(0, memcmp(frame, p.data, len));
		return;
	}
	ASSERT_EQ(len + 4, p.len);
	EXPECT_EQ(0, memcmp(want, p.data, len + 4));
}

/* A program that has asked for the tag has it, and the packet is as the program has left
 * it: it may have put the tag into it.
 */
TEST(vlan_asked)
{
	const FIXTURE_VARIANT(change) to_tap = { XDP_FLAGS_DRV_MODE, WAY_DEV, TUN_F_CSUM };
	FIXTURE_DATA(change) change = {};
	uint8_t frame[ROOM], want[ROOM];
	struct bpf_program *asking;
	struct packet p;
	size_t len;

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, system("echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6"));
	ASSERT_EQ(0, fake_run("ip link add in0 type veth peer name in1"));
	ASSERT_EQ(0, fake_run("ip link set in0 up && ip link set in1 up"));
	ASSERT_EQ(0, fake_run("ip link add link in1 name tag type vlan id 5"));
	ASSERT_EQ(0, fake_run("ip link set tag up"));
	change.in = hints_hear("tag");
	ASSERT_LE(0, change.in);
	change.object = open_programs();
	ASSERT_NE(NULL, change.object);
	asking = bpf_object__find_program_by_name(change.object, "vlan_asked");
	bpf_program__set_autoload(asking, true);
	bpf_program__set_ifindex(asking, if_nametoindex("in0"));
	bpf_program__set_flags(asking, BPF_F_XDP_DEV_BOUND_ONLY);

	len = make_tagged(frame, want, false);
	start(_metadata, &change, &to_tap, "vlan_asked");
	give(_metadata, change.in, frame, len, 0);
	ASSERT_EQ(0, take(change.out, change.hdr_len, &p));
	ASSERT_EQ(len, p.len);
	EXPECT_EQ(0, memcmp(frame, p.data, len));
	bpf_object__close(change.object);
	close(change.in);
	close(change.out);
}

/* ---- AF_XDP ---- */

#define CHUNK		2048
#define CHUNKS		64

FIXTURE(socket)
{
	FIXTURE_DATA(change) change;
	int fd;
	uint8_t *umem;
};

FIXTURE_VARIANT(socket)
{
	int mode;
};

FIXTURE_VARIANT_ADD(socket, native)
{
	.mode = XDP_FLAGS_DRV_MODE,
};

FIXTURE_VARIANT_ADD(socket, generic)
{
	.mode = XDP_FLAGS_SKB_MODE,
};

FIXTURE_SETUP(socket)
{
	FIXTURE_DATA(change) *change = &self->change;

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, system("echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6"));
	ASSERT_EQ(0, fake_run("ip link add in0 type veth peer name in1"));
	ASSERT_EQ(0, fake_run("ip link set in0 up && ip link set in1 up"));
	change->in = hints_hear("in1");
	ASSERT_LE(0, change->in);
	change->object = open_programs();
	ASSERT_NE(NULL, change->object);
	self->fd = -1;
}

FIXTURE_TEARDOWN(socket)
{
	bpf_object__close(self->change.object);
	close(self->change.in);
	if (self->fd >= 0)
		close(self->fd);
}

/* Bind a socket to @device, with buffers to receive into. */
static void open_socket(struct __test_metadata *_metadata, FIXTURE_DATA(socket) *self,
			const char *device)
{
	struct xdp_umem_reg reg = { .len = CHUNK * CHUNKS, .chunk_size = CHUNK };
	struct sockaddr_xdp addr = {
		.sxdp_family = AF_XDP,
		.sxdp_flags = XDP_COPY,
		.sxdp_ifindex = if_nametoindex(device),
	};
	struct xdp_mmap_offsets offsets;
	socklen_t len = sizeof(offsets);
	int entries = CHUNKS;
	uint8_t *ring;
	__u32 i;

	self->umem = mmap(NULL, reg.len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	ASSERT_NE(MAP_FAILED, self->umem);
	reg.addr = (unsigned long)self->umem;
	self->fd = socket(AF_XDP, SOCK_RAW, 0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, setsockopt(self->fd, SOL_XDP, XDP_UMEM_REG, &reg, sizeof(reg)));
	ASSERT_EQ(0, setsockopt(self->fd, SOL_XDP, XDP_UMEM_FILL_RING, &entries, 4));
	ASSERT_EQ(0, setsockopt(self->fd, SOL_XDP, XDP_UMEM_COMPLETION_RING, &entries, 4));
	ASSERT_EQ(0, setsockopt(self->fd, SOL_XDP, XDP_RX_RING, &entries, 4));
	ASSERT_EQ(0, getsockopt(self->fd, SOL_XDP, XDP_MMAP_OFFSETS, &offsets, &len));
	ring = mmap(NULL, offsets.fr.desc + entries * sizeof(__u64), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_POPULATE, self->fd, XDP_UMEM_PGOFF_FILL_RING);
	ASSERT_NE(MAP_FAILED, ring);
	for (i = 0; i < CHUNKS; i++)
		((__u64 *)(ring + offsets.fr.desc))[i] = i * CHUNK;
	__atomic_store_n((__u32 *)(ring + offsets.fr.producer), CHUNKS, __ATOMIC_RELEASE);
	ASSERT_EQ(0, bind(self->fd, (struct sockaddr *)&addr, sizeof(addr)));
	ASSERT_EQ(0, set_map(self->change.object, "sockets", self->fd));
}

/* The first packet that comes */
static void read_socket(struct __test_metadata *_metadata, FIXTURE_DATA(socket) *self,
			uint8_t **data, size_t *len)
{
	struct pollfd ready = { .fd = self->fd, .events = POLLIN };
	struct xdp_mmap_offsets offsets;
	socklen_t size = sizeof(offsets);
	struct xdp_desc *desc;
	uint8_t *ring;

	ASSERT_EQ(0, getsockopt(self->fd, SOL_XDP, XDP_MMAP_OFFSETS, &offsets, &size));
	ring = mmap(NULL, offsets.rx.desc + CHUNKS * sizeof(*desc), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_POPULATE, self->fd, XDP_PGOFF_RX_RING);
	ASSERT_NE(MAP_FAILED, ring);
	ASSERT_EQ(1, poll(&ready, 1, 5000));
	ASSERT_EQ(1, __atomic_load_n((__u32 *)(ring + offsets.rx.producer), __ATOMIC_ACQUIRE));
	desc = (struct xdp_desc *)(ring + offsets.rx.desc);
	*data = self->umem + desc->addr;
	*len = desc->len;
}

/* Who reads a socket knows of no partial checksums. */
TEST_F(socket, complete)
{
	FIXTURE_DATA(change) *change = &self->change;
	uint8_t frame[FRAME_LEN], *data;
	size_t len;

	ASSERT_EQ(0, bpf_object__load(change->object));
	open_socket(_metadata, self, "in0");
	ASSERT_EQ(0, attach(change->object, "to_socket", "in0", variant->mode));
	make_frame(frame, FRAME_LEN, true);
	give(_metadata, change->in, frame, FRAME_LEN, L4);
	read_socket(_metadata, self, &data, &len);
	ASSERT_EQ(FRAME_LEN, len);
	EXPECT_EQ(0, memcmp(frame, data, L4 + CHECK));
	EXPECT_TRUE(udp_right(data + CHANGE_ETH, data + L4, len - L4));
}

/* ---- Checksums that a device has verified ---- */

FIXTURE(verified)
{
	struct fake_dev fake;
	struct bpf_object *object;
	int out;
};

FIXTURE_VARIANT(verified)
{
	bool small;		/* buffers */
	bool veth;		/* the program runs on a veth that the packet is bridged to */
	int mode;
};

FIXTURE_VARIANT_ADD(verified, small)
{
	.small = true, .mode = XDP_FLAGS_DRV_MODE,
};

FIXTURE_VARIANT_ADD(verified, mergeable)
{
	.mode = XDP_FLAGS_DRV_MODE,
};

FIXTURE_VARIANT_ADD(verified, generic)
{
	.mode = XDP_FLAGS_SKB_MODE,
};

FIXTURE_VARIANT_ADD(verified, veth)
{
	.veth = true, .mode = XDP_FLAGS_DRV_MODE,
};

FIXTURE_SETUP(verified)
{
	ASSERT_EQ(0, system("echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6"));
	/* A pristine driver refuses programs with GUEST_CSUM, but knows the flag without. */
	ASSERT_EQ(0, fake_init(&self->fake, FAKE_VERSION_1 | FAKE_F(CTRL_VQ) |
			       (variant->small ? 0 : FAKE_F(MRG_RXBUF))));
	ASSERT_EQ(0, fake_add(&self->fake));
	ASSERT_EQ(0, fake_up(&self->fake, true));
	if (variant->veth) {
		fake_run("ip link del in0 2>/dev/null");
		ASSERT_EQ(0, fake_run("ip link add in0 type veth peer name in1"));
		fake_run("ip link del bridge 2>/dev/null");
		ASSERT_EQ(0, fake_run("ip link add bridge type bridge forward_delay 0"));
		ASSERT_EQ(0, fake_run("ip link set in1 master bridge"));
		ASSERT_EQ(0, fake_run("ip link set %s master bridge", self->fake.name));
		ASSERT_EQ(0, fake_run("ip link set in0 up && ip link set in1 up"));
		ASSERT_EQ(0, fake_run("ip link set bridge up"));
	}
	self->object = open_programs();
	ASSERT_NE(NULL, self->object);
	ASSERT_EQ(0, bpf_object__load(self->object));
	self->out = hints_hear(variant->veth ? "in0" : self->fake.name);
	ASSERT_LE(0, self->out);
}

FIXTURE_TEARDOWN(verified)
{
	bpf_object__close(self->object);
	close(self->out);
	if (variant->veth) {
		fake_run("ip link del in0");
		fake_run("ip link del bridge");
	}
	fake_destroy(&self->fake);
}

/* A packet whose checksum the device has found right, through the program to the stack */
static void pass_verified(struct __test_metadata *_metadata, FIXTURE_DATA(verified) *self,
			  const FIXTURE_VARIANT(verified) *variant, const char *program,
			  struct packet *packet)
{
	struct virtio_net_hdr_v1_hash hdr = { .hdr.flags = VIRTIO_NET_HDR_F_DATA_VALID };
	uint8_t frame[CHANGE_OUTER + FRAME_LEN];

	make_frame(frame, sizeof(frame), false);
	make_frame(frame + CHANGE_OUTER, FRAME_LEN, false);
	frame[CHANGE_OUTER + L4 + CHECK] ^= 1;
	frame[5] ^= 0xff;	/* not to this host: it is bridged */
	ASSERT_EQ(0, attach(self->object, program, variant->veth ? "in0" : self->fake.name,
			    variant->mode));
	ASSERT_EQ(0, fake_give(&self->fake, 0, &hdr, frame, sizeof(frame)));
	ASSERT_EQ(0, take(self->out, sizeof(struct virtio_net_hdr), packet));
}

/* A program that changes nothing leaves it verified. */
TEST_F(verified, kept)
{
	struct packet p;

	pass_verified(_metadata, self, variant, "as_it_is", &p);
	EXPECT_EQ(CHANGE_OUTER + FRAME_LEN, p.len);
	EXPECT_EQ(VIRTIO_NET_HDR_F_DATA_VALID, p.hdr.flags);
}

/* The checksum of the packet in a tunnel is not the one that was verified. */
TEST_F(verified, decapsulated)
{
	struct packet p;

	pass_verified(_metadata, self, variant, "decap", &p);
	EXPECT_EQ(FRAME_LEN, p.len);
	EXPECT_EQ(0, p.hdr.flags);
}

/* Nor is it one of what a program has cut. */
TEST_F(verified, quoted)
{
	struct packet p;

	pass_verified(_metadata, self, variant, "icmp", &p);
	EXPECT_EQ(L4 + 8 + CHANGE_QUOTE, p.len);
	EXPECT_EQ(0, p.hdr.flags);
}

/* ---- Readers of a tap ---- */

FIXTURE(reader)
{
	struct fake_dev fake;
	struct bpf_object *object;
	int out;
};

FIXTURE_VARIANT(reader)
{
	bool xdp;
	unsigned int offload;
	uint8_t flags;		/* that it is to get */
};

FIXTURE_VARIANT_ADD(reader, frame)
{
	.xdp = true, .offload = TUN_F_CSUM, .flags = VIRTIO_NET_HDR_F_DATA_VALID,
};

FIXTURE_VARIANT_ADD(reader, frame_plain)
{
	.xdp = true,
};

FIXTURE_VARIANT_ADD(reader, skb)
{
	.offload = TUN_F_CSUM, .flags = VIRTIO_NET_HDR_F_DATA_VALID,
};

FIXTURE_VARIANT_ADD(reader, skb_plain)
{
};

FIXTURE_SETUP(reader)
{
	ASSERT_EQ(0, system("echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6"));
	ASSERT_EQ(0, fake_init(&self->fake, FAKE_VERSION_1 | FAKE_F(CTRL_VQ) |
			       FAKE_F(MRG_RXBUF)));
	ASSERT_EQ(0, fake_add(&self->fake));
	ASSERT_EQ(0, fake_up(&self->fake, true));
	self->out = hints_open_tap("out0", variant->offload);
	ASSERT_LE(0, self->out);
	self->object = open_programs();
	ASSERT_NE(NULL, self->object);
	ASSERT_EQ(0, bpf_object__load(self->object));
	if (!variant->xdp) {
		fake_run("ip link del bridge 2>/dev/null");
		ASSERT_EQ(0, fake_run("ip link add bridge type bridge forward_delay 0"));
		ASSERT_EQ(0, fake_run("ip link set %s master bridge", self->fake.name));
		ASSERT_EQ(0, fake_run("ip link set out0 master bridge"));
		ASSERT_EQ(0, fake_run("ip link set bridge up"));
	}
}

FIXTURE_TEARDOWN(reader)
{
	bpf_object__close(self->object);
	close(self->out);
	if (!variant->xdp)
		fake_run("ip link del bridge");
	fake_destroy(&self->fake);
}

/* virtio 1.3, 5.1.6.4.1: without VIRTIO_NET_F_GUEST_CSUM, which is TUN_F_CSUM, the flags
 * are zero.
 */
TEST_F(reader, flags)
{
	struct virtio_net_hdr_v1_hash hdr = { .hdr.flags = VIRTIO_NET_HDR_F_DATA_VALID };
	uint8_t frame[FRAME_LEN];
	struct packet p;

	if (variant->xdp) {
		ASSERT_EQ(0, set_map(self->object, "way", WAY_DEV));
		ASSERT_EQ(0, set_map(self->object, "devs", if_nametoindex("out0")));
		ASSERT_EQ(0, attach(self->object, "as_it_is", self->fake.name,
				    XDP_FLAGS_DRV_MODE));
	}
	make_frame(frame, FRAME_LEN, false);
	frame[5] ^= 0xff;	/* not to this host: it is bridged */
	ASSERT_EQ(0, fake_give(&self->fake, 0, &hdr, frame, FRAME_LEN));
	/* The bridge may speak, too. */
	do {
		ASSERT_EQ(0, take(self->out, HDR_LEN, &p));
	} while (memcmp(p.data + 12, frame + 12, 2));
	EXPECT_EQ(FRAME_LEN, p.len);
	EXPECT_EQ(variant->flags, p.hdr.flags);
}

/* ---- Packets with GSO ---- */

/* Each segment has a checksum, and none is completed, whatever the program moves. */
TEST(gso_moved)
{
	struct virtio_net_hdr_mrg_rxbuf hdr = {
		.hdr.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.hdr.csum_start = L4,
		.hdr.csum_offset = CHECK,
		.hdr.gso_type = VIRTIO_NET_HDR_GSO_UDP_L4,
		.hdr.gso_size = 50,
		.hdr.hdr_len = L4 + CHANGE_UDP,
	};
	uint8_t frame[FRAME_LEN], buf[ROOM];
	struct virtio_net_hdr got;
	struct bpf_object *object;
	struct iovec iov[] = {
		{ &hdr, sizeof(hdr) },
		{ frame, FRAME_LEN },
	};
	int in, out;

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, system("echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6"));
	in = hints_open_tap("in0", TUN_F_CSUM);
	ASSERT_LE(0, in);
	object = open_programs();
	ASSERT_NE(NULL, object);
	ASSERT_EQ(0, bpf_object__load(object));
	ASSERT_EQ(0, attach(object, "move", "in0", XDP_FLAGS_DRV_MODE));
	out = hints_hear("in0");
	ASSERT_LE(0, out);

	make_frame(frame, FRAME_LEN, true);
	ASSERT_EQ((ssize_t)(sizeof(hdr) + FRAME_LEN), writev(in, iov, 2));
	ASSERT_EQ((ssize_t)(sizeof(got) + FRAME_LEN), read(out, buf, sizeof(buf)));
	memcpy(&got, buf, sizeof(got));
	EXPECT_EQ(VIRTIO_NET_HDR_F_NEEDS_CSUM, got.flags);
	EXPECT_EQ(L4, got.csum_start);
	EXPECT_EQ(0, memcmp(frame, buf + sizeof(got), FRAME_LEN));
	bpf_object__close(object);
	close(in);
	close(out);
}

TEST_HARNESS_MAIN
