// SPDX-License-Identifier: GPL-2.0
/*
 * Hash and checksum of a packet: what an XDP program is told of them, and what the
 * stack, a second program, and the reader of a tap know after a redirection.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <libmnl/libmnl.h>
#include <linux/bpf.h>
#include <linux/genetlink.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/netdev.h>
#include <linux/virtio_net.h>

#include "harness.h"
#include "fake_dev.h"
#include "hints_net.h"
#include "xdp_hints.h"

#define HASH		0xf2821f11u
#define HASH_TYPE	0x19	/* XDP_RSS_TYPE_L4_IPV4_TCP */
#define FRAME_LEN	200
#define CSUM_START	34	/* as of a transport header behind IPv4 */
#define CSUM_OFFSET	16	/* as in TCP */

#define VIRTIO		(FAKE_VERSION_1 | FAKE_F(CTRL_VQ) | FAKE_F(HASH_REPORT))

/* What receives the packet that the test is about, and runs the first program */
enum kind {
	TAP,
	VIRTIO_SMALL,
	VIRTIO_MERGEABLE,
	VETH,
};

FIXTURE(hints)
{
	struct fake_dev fake;
	struct bpf_object *object;
	char name[IFNAMSIZ];	/* of that */
	int ifindex;
	int in;			/* where to write it to: tap or packet socket */
	int out;		/* where it comes out in the end */
	size_t csum_start;	/* where it is that the checksum is to start */
	uint8_t frame[FRAME_LEN];
	struct virtio_net_hdr_v1_hash hdr;
};

FIXTURE_VARIANT(hints)
{
	enum kind kind;
	uint8_t flags;		/* of the header */
};

FIXTURE_VARIANT_ADD(hints, tap_none)
{
	.kind = TAP,
};

FIXTURE_VARIANT_ADD(hints, tap_partial)
{
	.kind = TAP, .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
};

FIXTURE_VARIANT_ADD(hints, small_none)
{
	.kind = VIRTIO_SMALL,
};

FIXTURE_VARIANT_ADD(hints, small_partial)
{
	.kind = VIRTIO_SMALL, .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
};

FIXTURE_VARIANT_ADD(hints, mergeable_none)
{
	.kind = VIRTIO_MERGEABLE,
};

FIXTURE_VARIANT_ADD(hints, mergeable_partial)
{
	.kind = VIRTIO_MERGEABLE, .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
};

FIXTURE_VARIANT_ADD(hints, veth_none)
{
	.kind = VETH,
};

FIXTURE_VARIANT_ADD(hints, veth_partial)
{
	.kind = VETH, .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
};

FIXTURE_VARIANT_ADD(hints, tap_valid)
{
	.kind = TAP, .flags = VIRTIO_NET_HDR_F_DATA_VALID,
};

FIXTURE_VARIANT_ADD(hints, small_valid)
{
	.kind = VIRTIO_SMALL, .flags = VIRTIO_NET_HDR_F_DATA_VALID,
};

FIXTURE_VARIANT_ADD(hints, mergeable_valid)
{
	.kind = VIRTIO_MERGEABLE, .flags = VIRTIO_NET_HDR_F_DATA_VALID,
};

/* A pair, @name with 0 and 1 behind it */
static int make_veth(const char *name)
{
	return fake_run("ip link add %s0 type veth peer name %s1", name, name) ||
	       fake_run("ip link set %s0 up", name) || fake_run("ip link set %s1 up", name);
}

static bool is_virtio(enum kind kind)
{
	return kind == VIRTIO_SMALL || kind == VIRTIO_MERGEABLE;
}

static void set_up(struct __test_metadata *_metadata, FIXTURE_DATA(hints) *self,
		   const FIXTURE_VARIANT(hints) *variant)
{
	static const char *const asking[] = { "hint", "hint_moved", "hint_own", "record" };
	size_t i;

	fake_frame(self->frame, FRAME_LEN);
	self->csum_start = CSUM_START;
	self->hdr = (struct virtio_net_hdr_v1_hash) {
		.hdr.flags = variant->flags,
		.hash_value = HASH,
		.hash_report = VIRTIO_NET_HASH_REPORT_TCPv4,
	};
	if (variant->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
		self->hdr.hdr.csum_start = CSUM_START;
		self->hdr.hdr.csum_offset = CSUM_OFFSET;
	}

	/* A virtio device comes to the first network namespace. */
	if (!is_virtio(variant->kind))
		ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, system("echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6"));
	self->in = -1;
	self->out = -1;
	switch (variant->kind) {
	case TAP:
		snprintf(self->name, sizeof(self->name), "in0");
		self->in = hints_open_tap(self->name, TUN_F_CSUM);
		ASSERT_LE(0, self->in);
		break;
	case VIRTIO_SMALL:
	case VIRTIO_MERGEABLE:
		ASSERT_EQ(0, fake_init(&self->fake, VIRTIO |
				       (variant->kind == VIRTIO_SMALL ? 0 : FAKE_F(MRG_RXBUF)) |
				       (variant->flags ? FAKE_F(GUEST_CSUM) : 0)));
		ASSERT_EQ(0, fake_add(&self->fake));
		ASSERT_EQ(0, fake_up(&self->fake, true));
		ASSERT_EQ(0, fake_set_feature(&self->fake, "rx-hashing", true));
		snprintf(self->name, sizeof(self->name), "%s", self->fake.name);
		break;
	case VETH:
		snprintf(self->name, sizeof(self->name), "in0");
		ASSERT_EQ(0, make_veth("in"));
		self->in = hints_hear("in1");
		ASSERT_LE(0, self->in);
		break;
	}
	self->ifindex = if_nametoindex(self->name);
	ASSERT_NE(0, self->ifindex);

	self->object = bpf_object__open_file("xdp_hints.bpf.o", NULL);
	ASSERT_NE(NULL, self->object);
	/* These ask, which only programs that are bound to a device may. */
	for (i = 0; i < ARRAY_SIZE(asking); i++)
		bpf_program__set_autoload(bpf_object__find_program_by_name(self->object,
									   asking[i]), false);
}

static void tear_down(FIXTURE_DATA(hints) *self, const FIXTURE_VARIANT(hints) *variant)
{
	bpf_object__close(self->object);
	if (is_virtio(variant->kind)) {
		fake_destroy(&self->fake);
		if (if_nametoindex("out0"))
			fake_run("ip link del out0");
	}
	if (self->in >= 0)
		close(self->in);
	if (self->out >= 0)
		close(self->out);
}

FIXTURE_SETUP(hints)
{
	set_up(_metadata, self, variant);
}

FIXTURE_TEARDOWN(hints)
{
	tear_down(self, variant);
}

/* Have a program bound to the device, to be loaded. */
static void bind_to(FIXTURE_DATA(hints) *self, const char *program, int ifindex)
{
	struct bpf_program *prog = bpf_object__find_program_by_name(self->object, program);

	bpf_program__set_autoload(prog, true);
	bpf_program__set_ifindex(prog, ifindex);
	bpf_program__set_flags(prog, BPF_F_XDP_DEV_BOUND_ONLY);
}

static int attach(FIXTURE_DATA(hints) *self, const char *program, int ifindex)
{
	int fd = bpf_program__fd(bpf_object__find_program_by_name(self->object, program));

	return bpf_xdp_attach(ifindex, fd, XDP_FLAGS_DRV_MODE, NULL);
}

static int set_map(FIXTURE_DATA(hints) *self, const char *map, __u32 key, __u32 value)
{
	return bpf_map_update_elem(bpf_object__find_map_fd_by_name(self->object, map), &key,
				   &value, 0);
}

static struct hints_seen get_seen(FIXTURE_DATA(hints) *self)
{
	struct hints_seen seen = {};
	__u32 zero = 0;

	bpf_map_lookup_elem(bpf_object__find_map_fd_by_name(self->object, "seen"), &zero, &seen);
	return seen;
}

static struct hints_seen wait_for_xdp(FIXTURE_DATA(hints) *self)
{
	struct hints_seen seen = {};
	int i;

	for (i = 0; i < 1000 && !seen.xdp; i++) {
		usleep(10000);
		seen = get_seen(self);
	}
	return seen;
}

/* Load, and have the first program run on what comes. */
static void start(struct __test_metadata *_metadata, FIXTURE_DATA(hints) *self,
		  const char *program)
{
	ASSERT_EQ(0, bpf_object__load(self->object));
	ASSERT_EQ(0, attach(self, program, self->ifindex));
}

static void look(struct __test_metadata *_metadata, FIXTURE_DATA(hints) *self, const char *name)
{
	int fd = bpf_program__fd(bpf_object__find_program_by_name(self->object, "look"));

	self->out = hints_hear(name);
	ASSERT_LE(0, self->out);
	ASSERT_EQ(0, setsockopt(self->out, SOL_SOCKET, SO_ATTACH_BPF, &fd, sizeof(fd)));
}

static void give(struct __test_metadata *_metadata, FIXTURE_DATA(hints) *self,
		 const FIXTURE_VARIANT(hints) *variant)
{
	size_t hdr_len = sizeof(struct virtio_net_hdr);
	struct iovec iov[2];

	if (is_virtio(variant->kind)) {
		ASSERT_EQ(0, fake_give(&self->fake, 0, &self->hdr, self->frame, FRAME_LEN));
		return;
	}
	if (variant->kind == TAP)
		hdr_len = sizeof(struct virtio_net_hdr_mrg_rxbuf);
	iov[0] = (struct iovec) { &self->hdr, hdr_len };
	iov[1] = (struct iovec) { self->frame, FRAME_LEN };
	ASSERT_EQ((ssize_t)(hdr_len + FRAME_LEN), writev(self->in, iov, 2));
}

/* The frame comes out of a socket or tap: with a checksum completed by somebody, or as
 * it was sent.
 */
static void expect_part(struct __test_metadata *_metadata, FIXTURE_DATA(hints) *self, int fd,
			size_t hdr_len, uint8_t flags, bool completed, size_t cut)
{
	uint8_t want[FRAME_LEN], out[64 + FRAME_LEN];
	size_t start = self->csum_start;
	struct virtio_net_hdr hdr;
	uint16_t sum;
	ssize_t n = -1;
	int i;

	memcpy(want, self->frame, FRAME_LEN);
	if (completed) {
		sum = fake_checksum(want + start, FRAME_LEN - start) ?: 0xffff;
		want[start + CSUM_OFFSET] = sum >> 8;
		want[start + CSUM_OFFSET + 1] = sum;
	}
	for (i = 0; i < 1000 && n < 0; i++) {
		n = read(fd, out, sizeof(out));
		if (n < 0)
			usleep(10000);
	}
	ASSERT_EQ((ssize_t)(hdr_len + FRAME_LEN - cut), n);
	memcpy(&hdr, out, sizeof(hdr));
	EXPECT_EQ(flags, hdr.flags);
	if (flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
		EXPECT_EQ(start, hdr.csum_start);
		EXPECT_EQ(CSUM_OFFSET, hdr.csum_offset);
	}
	EXPECT_EQ(0, memcmp(want + cut, out + hdr_len, FRAME_LEN - cut));
}

static void expect_frame(struct __test_metadata *_metadata, FIXTURE_DATA(hints) *self, int fd,
			 size_t hdr_len, uint8_t flags, bool completed)
{
	expect_part(_metadata, self, fd, hdr_len, flags, completed, 0);
}

/* What the first program is told, in its four questions */
static void expect_csum(struct __test_metadata *_metadata, const struct hints_answer *answer,
			__u32 status, __u32 start)
{
	EXPECT_EQ(0, answer->csum_rc);
	EXPECT_EQ(status, answer->csum.status);
	EXPECT_EQ(0, answer->csum.level);
	EXPECT_EQ(start, answer->csum.start);
	EXPECT_EQ(status == CSUM_PARTIAL ? CSUM_OFFSET : 0, answer->csum.offset);
}

static void expect_hash(struct __test_metadata *_metadata, const struct hints_answer *answer)
{
	EXPECT_EQ(0, answer->hash_rc);
	EXPECT_EQ(HASH, answer->hash);
	EXPECT_EQ(HASH_TYPE, answer->hash_type);
}

/* What the header's flags count for: a sender's word that its checksum is right, nothing */
static uint8_t taken(const FIXTURE_VARIANT(hints) *variant)
{
	if (variant->kind == TAP)
		return variant->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM;
	return variant->flags;
}

/* Is the checksum still to be completed when the program sees the packet? */
static bool left_open(const FIXTURE_VARIANT(hints) *variant)
{
	return variant->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM && variant->kind == VETH;
}

/* How it is passed on where it need not be completed */
static uint8_t known_as(const FIXTURE_VARIANT(hints) *variant)
{
	if (left_open(variant))
		return VIRTIO_NET_HDR_F_NEEDS_CSUM;
	return taken(variant) ? VIRTIO_NET_HDR_F_DATA_VALID : 0;
}

TEST_F(hints, asked)
{
	struct hints_seen seen;

	bind_to(self, "hint_moved", self->ifindex);
	start(_metadata, self, "hint_moved");
	give(_metadata, self, variant);
	seen = wait_for_xdp(self);
	ASSERT_EQ(1, seen.xdp);

	if (left_open(variant)) {
		expect_csum(_metadata, &seen.first, CSUM_PARTIAL, CSUM_START);
	} else {
		expect_csum(_metadata, &seen.first,
			    taken(variant) ? CSUM_UNNECESSARY : CSUM_NONE, 0);
	}
	/* One that was partial has been completed, and nobody says of what. */
	expect_csum(_metadata, &seen.moved, CSUM_NONE, 0);
	expect_csum(_metadata, &seen.back, CSUM_NONE, 0);
	expect_csum(_metadata, &seen.cut, CSUM_NONE, 0);
	if (is_virtio(variant->kind)) {
		expect_hash(_metadata, &seen.first);
		expect_hash(_metadata, &seen.moved);
		expect_hash(_metadata, &seen.back);
		expect_hash(_metadata, &seen.cut);
	} else if (variant->kind == TAP) {
		EXPECT_EQ(-EOPNOTSUPP, seen.first.hash_rc);
	}
}

TEST_F(hints, passed)
{
	bool completed = variant->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM && !left_open(variant);

	start(_metadata, self, "pass");
	look(_metadata, self, self->name);
	give(_metadata, self, variant);
	expect_frame(_metadata, self, self->out, sizeof(struct virtio_net_hdr),
		     known_as(variant), completed);
	if (is_virtio(variant->kind))
		EXPECT_EQ(HASH, get_seen(self).skb_hash);
}

static void to_cpu(struct __test_metadata *_metadata, FIXTURE_DATA(hints) *self,
		   const FIXTURE_VARIANT(hints) *variant, const char *program, uint8_t flags)
{
	bool completed = variant->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM &&
			 !(flags & VIRTIO_NET_HDR_F_NEEDS_CSUM);

	start(_metadata, self, program);
	ASSERT_EQ(0, set_map(self, "cpus", 0, 64));
	look(_metadata, self, self->name);
	give(_metadata, self, variant);
	expect_frame(_metadata, self, self->out, sizeof(struct virtio_net_hdr), flags,
		     completed);
	if (is_virtio(variant->kind))
		EXPECT_EQ(HASH, get_seen(self).skb_hash);
}

TEST_F(hints, to_cpu)
{
	to_cpu(_metadata, self, variant, "to_cpu", known_as(variant));
}

/* A program that has moved the start: what was verified may be something else. */
TEST_F(hints, to_cpu_moved)
{
	to_cpu(_metadata, self, variant, "to_cpu_moved", 0);
}

/* To a veth, where a second program asks, and the stack of its peer looks. */
TEST_F(hints, to_veth)
{
	struct hints_seen seen;

	ASSERT_EQ(0, make_veth("out"));
	bind_to(self, "hint", if_nametoindex("out1"));
	start(_metadata, self, "to_dev");
	ASSERT_EQ(0, attach(self, "hint", if_nametoindex("out1")));
	ASSERT_EQ(0, set_map(self, "devs", 0, if_nametoindex("out0")));
	look(_metadata, self, "out1");
	give(_metadata, self, variant);
	expect_frame(_metadata, self, self->out, sizeof(struct virtio_net_hdr),
		     taken(variant) ? VIRTIO_NET_HDR_F_DATA_VALID : 0,
		     variant->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM);
	seen = get_seen(self);
	expect_csum(_metadata, &seen.first, taken(variant) ? CSUM_UNNECESSARY : CSUM_NONE, 0);
	if (is_virtio(variant->kind)) {
		expect_hash(_metadata, &seen.first);
		EXPECT_EQ(HASH, seen.skb_hash);
	}
}

/* To taps, one or two, whose readers are told by the header. */
TEST_F(hints, to_tap)
{
	size_t hdr_len = sizeof(struct virtio_net_hdr_mrg_rxbuf);
	uint8_t flags = taken(variant) ? VIRTIO_NET_HDR_F_DATA_VALID : 0;
	bool completed = variant->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM;
	int other;

	self->out = hints_open_tap("out0", TUN_F_CSUM);
	ASSERT_LE(0, self->out);
	other = hints_open_tap("out1", TUN_F_CSUM);
	ASSERT_LE(0, other);
	start(_metadata, self, "to_dev");
	ASSERT_EQ(0, set_map(self, "devs", 0, if_nametoindex("out0")));
	give(_metadata, self, variant);
	expect_frame(_metadata, self, self->out, hdr_len, flags, completed);

	ASSERT_EQ(0, set_map(self, "devs", 1, if_nametoindex("out1")));
	ASSERT_EQ(0, bpf_xdp_detach(self->ifindex, XDP_FLAGS_DRV_MODE, NULL));
	ASSERT_EQ(0, attach(self, "to_both", self->ifindex));
	give(_metadata, self, variant);
	expect_frame(_metadata, self, self->out, hdr_len, flags, completed);
	expect_frame(_metadata, self, other, hdr_len, flags, completed);
	close(other);
}

/* Headers that a program has cut off are not written to, nor what is there instead. */
TEST_F(hints, cut)
{
	size_t hdr_len = sizeof(struct virtio_net_hdr_mrg_rxbuf);
	bool completed = variant->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM && !left_open(variant);

	self->out = hints_open_tap("out0", TUN_F_CSUM);
	ASSERT_LE(0, self->out);
	start(_metadata, self, "cut_to_dev");
	ASSERT_EQ(0, set_map(self, "devs", 0, if_nametoindex("out0")));
	give(_metadata, self, variant);
	expect_part(_metadata, self, self->out, hdr_len, 0, completed, HINTS_CUT);
}

/* But the checksum of a packet that was within another one is completed. */
TEST_F(hints, decapsulated)
{
	size_t hdr_len = sizeof(struct virtio_net_hdr_mrg_rxbuf);

	self->out = hints_open_tap("out0", TUN_F_CSUM);
	ASSERT_LE(0, self->out);
	start(_metadata, self, "cut_to_dev");
	ASSERT_EQ(0, set_map(self, "devs", 0, if_nametoindex("out0")));
	self->csum_start = CSUM_START + HINTS_CUT;
	self->hdr.hdr.csum_start = self->hdr.hdr.flags ? self->csum_start : 0;
	give(_metadata, self, variant);
	expect_part(_metadata, self, self->out, hdr_len, 0,
		    variant->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM, HINTS_CUT);
}

static void expect_own(struct __test_metadata *_metadata, FIXTURE_DATA(hints) *self,
		       size_t hdr_len, uint8_t flags)
{
	uint8_t sent[2], *at = self->frame + HINTS_CSUM_AT;

	memcpy(sent, at, 2);
	memcpy(at, "\x12\x34", 2);
	expect_frame(_metadata, self, self->out, hdr_len, flags, false);
	memcpy(at, sent, 2);
}

/* A program that has completed the checksum itself is not overruled. */
TEST_F(hints, own)
{
	size_t hdr_len = sizeof(struct virtio_net_hdr_mrg_rxbuf);
	uint8_t flags = left_open(variant) || !taken(variant) ? 0 : VIRTIO_NET_HDR_F_DATA_VALID;
	struct hints_seen seen;

	bind_to(self, "hint_own", self->ifindex);
	self->out = hints_open_tap("out0", TUN_F_CSUM);
	ASSERT_LE(0, self->out);
	start(_metadata, self, "hint_own");
	give(_metadata, self, variant);
	seen = wait_for_xdp(self);
	ASSERT_EQ(1, seen.xdp);
	expect_csum(_metadata, &seen.first, flags ? CSUM_UNNECESSARY : CSUM_NONE, 0);

	ASSERT_EQ(0, bpf_xdp_detach(self->ifindex, XDP_FLAGS_DRV_MODE, NULL));
	ASSERT_EQ(0, attach(self, "own_to_dev", self->ifindex));
	ASSERT_EQ(0, set_map(self, "devs", 0, if_nametoindex("out0")));
	give(_metadata, self, variant);
	expect_own(_metadata, self, hdr_len, flags);
	close(self->out);

	ASSERT_EQ(0, bpf_xdp_detach(self->ifindex, XDP_FLAGS_DRV_MODE, NULL));
	ASSERT_EQ(0, attach(self, "own_to_cpu", self->ifindex));
	ASSERT_EQ(0, set_map(self, "cpus", 0, 64));
	look(_metadata, self, self->name);
	give(_metadata, self, variant);
	expect_own(_metadata, self, sizeof(struct virtio_net_hdr), flags);
}

FIXTURE(report)
{
	FIXTURE_DATA(hints) hints;
};

FIXTURE_VARIANT(report)
{
	FIXTURE_VARIANT(hints) hints;
};

FIXTURE_VARIANT_ADD(report, small)
{
	.hints.kind = VIRTIO_SMALL,
};

FIXTURE_VARIANT_ADD(report, mergeable)
{
	.hints.kind = VIRTIO_MERGEABLE,
};

FIXTURE_SETUP(report)
{
	set_up(_metadata, &self->hints, &variant->hints);
}

FIXTURE_TEARDOWN(report)
{
	tear_down(&self->hints, &variant->hints);
}

/* Neither report nor rxhash: nothing is made up. */
static void no_hash(struct __test_metadata *_metadata, FIXTURE_DATA(hints) *self,
		    const FIXTURE_VARIANT(hints) *variant)
{
	struct hints_seen seen;

	self->hdr.hash_report = VIRTIO_NET_HASH_REPORT_NONE;
	bind_to(self, "hint", self->ifindex);
	start(_metadata, self, "hint");
	look(_metadata, self, self->name);
	give(_metadata, self, variant);
	expect_frame(_metadata, self, self->out, sizeof(struct virtio_net_hdr), 0, false);
	seen = get_seen(self);
	EXPECT_EQ(-ENODATA, seen.first.hash_rc);
	EXPECT_EQ(0, seen.skb_hash);

	self->hdr.hash_report = VIRTIO_NET_HASH_REPORT_TCPv4;
	ASSERT_EQ(0, fake_set_feature(&self->fake, "rx-hashing", false));
	give(_metadata, self, variant);
	expect_frame(_metadata, self, self->out, sizeof(struct virtio_net_hdr), 0, false);
	seen = get_seen(self);
	EXPECT_EQ(2, seen.xdp);
	EXPECT_EQ(-ENODATA, seen.first.hash_rc);
	EXPECT_EQ(0, seen.skb_hash);
}

TEST_F(report, no_hash)
{
	no_hash(_metadata, &self->hints, &variant->hints);
}

FIXTURE(back)
{
	FIXTURE_DATA(hints) hints;
};

FIXTURE_VARIANT(back)
{
	FIXTURE_VARIANT(hints) hints;
};

FIXTURE_VARIANT_ADD(back, tap_none)
{
	.hints = { TAP },
};

FIXTURE_VARIANT_ADD(back, tap_partial)
{
	.hints = { TAP, VIRTIO_NET_HDR_F_NEEDS_CSUM },
};

FIXTURE_VARIANT_ADD(back, tap_valid)
{
	.hints = { TAP, VIRTIO_NET_HDR_F_DATA_VALID },
};

FIXTURE_VARIANT_ADD(back, veth_none)
{
	.hints = { VETH },
};

FIXTURE_VARIANT_ADD(back, veth_partial)
{
	.hints = { VETH, VIRTIO_NET_HDR_F_NEEDS_CSUM },
};

FIXTURE_SETUP(back)
{
	set_up(_metadata, &self->hints, &variant->hints);
}

FIXTURE_TEARDOWN(back)
{
	tear_down(&self->hints, &variant->hints);
}

/* Back to where it came from.  A virtio device is told nothing of checksums. */
static void send_back(struct __test_metadata *_metadata, FIXTURE_DATA(hints) *self,
		      const FIXTURE_VARIANT(hints) *variant)
{
	uint8_t flags = taken(variant) ? VIRTIO_NET_HDR_F_DATA_VALID : 0;
	bool completed = variant->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM;
	size_t hdr_len;

	start(_metadata, self, "back");
	if (variant->kind == VETH) {
		/* The peer has to have a program, too, and gets the packet as it is. */
		ASSERT_EQ(0, attach(self, "pass", if_nametoindex("in1")));
		hdr_len = sizeof(struct virtio_net_hdr);
		flags = known_as(variant);
		completed = false;
	} else {
		hdr_len = sizeof(struct virtio_net_hdr_mrg_rxbuf);
	}
	give(_metadata, self, variant);
	expect_frame(_metadata, self, self->in, hdr_len, flags, completed);
}

TEST_F(back, sent)
{
	send_back(_metadata, &self->hints, &variant->hints);
}

FIXTURE(tap)
{
	FIXTURE_DATA(hints) hints;
};

FIXTURE_SETUP(tap)
{
	static const FIXTURE_VARIANT(hints) of = { TAP, VIRTIO_NET_HDR_F_NEEDS_CSUM };

	set_up(_metadata, &self->hints, &of);
}

FIXTURE_TEARDOWN(tap)
{
	static const FIXTURE_VARIANT(hints) of = { TAP };

	tear_down(&self->hints, &of);
}

static ssize_t write_frame(FIXTURE_DATA(hints) *self)
{
	struct iovec iov[] = {
		{ &self->hdr, sizeof(struct virtio_net_hdr_mrg_rxbuf) },
		{ self->frame, FRAME_LEN },
	};

	return writev(self->in, iov, 2);
}

static unsigned int dropped(const char *name)
{
	struct ifaddrs *all, *it;
	unsigned int n = 0;

	if (getifaddrs(&all))
		return 0;
	for (it = all; it; it = it->ifa_next) {
		if (it->ifa_addr && it->ifa_addr->sa_family == AF_PACKET &&
		    !strcmp(it->ifa_name, name))
			n = ((struct rtnl_link_stats *)it->ifa_data)->rx_dropped;
	}
	freeifaddrs(all);
	return n;
}

/* A sender whose checksum is nowhere in the packet, or in its first headers */
TEST_F(tap, outside)
{
	static const struct {
		uint16_t start, offset;
		bool length;	/* of headers, up to the field: refused, and not counted */
	} bad[] = {
		{ 0, 40 }, { 13, 16 }, { 33, 16 }, { 33, 0 }, { 34, 0xffff },
		{ 0xffff, 0xffff },
		{ 0, 0, true }, { 0xffff, 0, true }, { FRAME_LEN - 1, 0, true },
		{ FRAME_LEN, 0, true }, { 34, FRAME_LEN - 35, true },
	};
	FIXTURE_DATA(hints) *hints = &self->hints;
	unsigned int wrong = 0;
	size_t i;

	bind_to(hints, "hint", hints->ifindex);
	start(_metadata, hints, "hint");
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		hints->hdr.hdr.csum_start = bad[i].start;
		hints->hdr.hdr.csum_offset = bad[i].offset;
		EXPECT_EQ(-1, write_frame(hints));
		EXPECT_EQ(EINVAL, errno);
		wrong += !bad[i].length;
	}
	EXPECT_EQ(0, get_seen(hints).xdp);
	EXPECT_EQ(wrong, dropped(hints->name));

	/* The field may be the last of the packet. */
	hints->hdr.hdr.csum_start = CSUM_START;
	hints->hdr.hdr.csum_offset = FRAME_LEN - CSUM_START - 2;
	EXPECT_LT(0, write_frame(hints));
	EXPECT_EQ(1, get_seen(hints).xdp);
}

/* What the program judges is what goes on: the checksum is there before. */
TEST_F(tap, judged)
{
	FIXTURE_DATA(hints) *hints = &self->hints;
	uint16_t sum;

	start(_metadata, hints, "note_csum");
	EXPECT_LT(0, write_frame(hints));
	sum = fake_checksum(hints->frame + CSUM_START, FRAME_LEN - CSUM_START);
	EXPECT_EQ(sum, get_seen(hints).csum);
}

/* The header's place is one of the packet as it was. */
TEST_F(tap, passed_moved)
{
	FIXTURE_DATA(hints) *hints = &self->hints;

	memmove(hints->frame + HINTS_CUT, hints->frame, ETH_HLEN);
	start(_metadata, hints, "cut_pass");
	look(_metadata, hints, hints->name);
	EXPECT_LT(0, write_frame(hints));
	expect_part(_metadata, hints, hints->out, sizeof(struct virtio_net_hdr), 0, true,
		    HINTS_CUT);
}

/* With GSO it is an skb that is left open. */
TEST_F(tap, gso)
{
	FIXTURE_DATA(hints) *hints = &self->hints;
	struct hints_seen seen;

	bind_to(hints, "hint", hints->ifindex);
	start(_metadata, hints, "hint");
	hints->hdr.hdr.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
	hints->hdr.hdr.gso_size = 40;
	hints->hdr.hdr.hdr_len = CSUM_START + 20;
	EXPECT_LT(0, write_frame(hints));
	seen = get_seen(hints);
	EXPECT_EQ(1, seen.xdp);
	expect_csum(_metadata, &seen.first, CSUM_PARTIAL, CSUM_START);
}

static int note_family(const struct nlattr *attr, void *id)
{
	if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
		*(uint16_t *)id = mnl_attr_get_u16(attr);
	return MNL_CB_OK;
}

static int note_features(const struct nlattr *attr, void *features)
{
	if (mnl_attr_get_type(attr) == NETDEV_A_DEV_XDP_RX_METADATA_FEATURES)
		*(uint64_t *)features = mnl_attr_get_u64(attr);
	return MNL_CB_OK;
}

struct ask_genl {
	mnl_attr_cb_t note;
	void *to;
};

static int parse(const struct nlmsghdr *nlh, void *data)
{
	struct ask_genl *ask = data;

	return mnl_attr_parse(nlh, sizeof(struct genlmsghdr), ask->note, ask->to);
}

/* Ask a generic netlink family, and note an attribute of its answer: 0 or -1. */
static int ask_genl(struct mnl_socket *nl, struct nlmsghdr *nlh, mnl_attr_cb_t note, void *to)
{
	struct ask_genl ask = { note, to };
	char buf[MNL_SOCKET_BUFFER_SIZE];
	ssize_t n;

	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return -1;
	n = mnl_socket_recvfrom(nl, buf, sizeof(buf));
	return n < 0 || mnl_cb_run(buf, n, 0, 0, parse, &ask) < 0 ? -1 : 0;
}

static struct nlmsghdr *prepare(char *buf, uint16_t type, uint8_t command)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = command;
	genl->version = 1;
	return nlh;
}

/* What netdev netlink says: those that can tell; a tap's sender has no hash. */
TEST_F(hints, netlink)
{
	uint64_t both = NETDEV_XDP_RX_METADATA_HASH | NETDEV_XDP_RX_METADATA_CSUM;
	uint64_t want = variant->kind == TAP ? NETDEV_XDP_RX_METADATA_CSUM : both;
	char buf[MNL_SOCKET_BUFFER_SIZE];
	uint64_t features = 0;
	struct mnl_socket *nl;
	uint16_t family = 0;
	struct nlmsghdr *nlh;

	nl = mnl_socket_open(NETLINK_GENERIC);
	ASSERT_NE(NULL, nl);
	nlh = prepare(buf, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, NETDEV_FAMILY_NAME);
	ASSERT_EQ(0, ask_genl(nl, nlh, note_family, &family));
	ASSERT_NE(0, family);
	nlh = prepare(buf, family, NETDEV_CMD_DEV_GET);
	mnl_attr_put_u32(nlh, NETDEV_A_DEV_IFINDEX, self->ifindex);
	ASSERT_EQ(0, ask_genl(nl, nlh, note_features, &features));
	EXPECT_EQ(want, features & both);
	mnl_socket_close(nl);
}

TEST_HARNESS_MAIN
