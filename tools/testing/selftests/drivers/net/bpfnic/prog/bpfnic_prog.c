// SPDX-License-Identifier: GPL-2.0
/*
 * Programs offloaded to bpfnic do what they do on the host: each is run on the same
 * frames by both, compiled, interpreted and with blinded constants, and verdicts, frames
 * and maps are compared.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>

#include "harness.h"
#include "bpfnic_prog.h"
#include "prog_twice.h"

#define SEED	6120117
#define ROOM	(TWICE_MAX_FRAME - 256 - 320)	/* of a frame; the rest is for the kernel */

FIXTURE(twice)
{
	struct twice t;
	uint64_t seed;
	uint64_t state;
	uint8_t frame[TWICE_MAX_FRAME];
};

TWICE_VARIANTS(twice);

FIXTURE_SETUP(twice)
{
	if (twice_jit(variant->jit))
		SKIP(return, "this kernel's JIT cannot be set so");
	ASSERT_EQ(0, twice_start(&self->t, 1));
	self->seed = nic_seed(SEED);
	self->state = self->seed;
}

FIXTURE_TEARDOWN(twice)
{
	if (_metadata->exit_code == KSFT_FAIL)
		TH_LOG("VNET_SEED=%" PRIu64, self->seed);
	EXPECT_EQ(0, twice_stop(&self->t));
}

static uint32_t pick(FIXTURE_DATA(twice) *self, uint32_t below)
{
	return nic_random(&self->state) % below;
}

/* A frame of the program, told @what behind the Ethernet header */
static const char *run_told(FIXTURE_DATA(twice) *self, const void *what, size_t size, size_t len)
{
	nic_frame(self->frame, len, nic_random(&self->state));
	memcpy(self->frame + ETH_HLEN, what, size);
	return twice_run(&self->t, self->frame, len);
}

/* Run by the same mode as it was asked for? */
TEST_F(twice, mode)
{
	char line[256];

	ASSERT_EQ(0, twice_load(&self->t, "pass"));
	ASSERT_LE(0, nic_output(line, sizeof(line), "cat /sys/kernel/debug/bpfnic/*/programs"));
	EXPECT_EQ(variant->jit != TWICE_INTERPRETED, !!strstr(line, "jited")) {
		TH_LOG("%s", line);
	}
	EXPECT_EQ(1, nic_objects("programs"));
}

TEST_F(twice, verdicts)
{
	static const uint32_t verdicts[] = {
		XDP_ABORTED, XDP_DROP, XDP_PASS, XDP_TX, XDP_REDIRECT, XDP_REDIRECT + 1,
		XDP_PASS, 77, 1u << 31, UINT32_MAX, XDP_PASS, 256 + XDP_PASS, XDP_TX,
	};
	size_t i;

	ASSERT_EQ(0, twice_load(&self->t, "verdict"));
	for (i = 0; i < ARRAY_SIZE(verdicts); i++) {
		ASSERT_FINE(run_told(self, &verdicts[i], 4, 64 + i));
		nic_frame(self->frame, 60, i);
	}
	/* Too short to say anything */
	ASSERT_FINE(twice_run(&self->t, self->frame, ETH_HLEN + 3));
	ASSERT_FINE(twice_settled(&self->t));
}

/* From the shortest frame to the longest, the program gets at both ends. */
TEST_F(twice, ends)
{
	static const size_t lens[] = {
		14, 15, 16, 59, 60, 61, 64, 128, 255, 256, 257, 1513, 1514, 1515, 2048, 3000,
		3511, 3512,
	};
	size_t i;

	ASSERT_EQ(0, nic_mtu(&self->t.nic, 3498));
	ASSERT_EQ(0, twice_load(&self->t, "ends"));
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		nic_frame(self->frame, lens[i], i);
		ASSERT_FINE(twice_run(&self->t, self->frame, lens[i])) {
			TH_LOG("%zu bytes", lens[i]);
		}
	}
	ASSERT_FINE(twice_settled(&self->t));
}

/* A frame with tags, IP and UDP or so; its length */
static size_t packet(FIXTURE_DATA(twice) *self)
{
	static const uint8_t protocols[] = { 17, 6, 17, 1, 50 };
	uint8_t *p = self->frame + 2 * ETH_ALEN;
	struct ipv6hdr *ip6;
	struct iphdr *ip;
	uint32_t tags;

	nic_frame(self->frame, 1500, pick(self, 1000));
	for (tags = pick(self, 4) % 3; tags; tags--) {
		p[0] = tags == 2 ? 0x88 : 0x81;
		p[1] = tags == 2 ? 0xa8 : 0x00;
		p += 4;
	}
	switch (pick(self, 4)) {
	case 0:
	case 1:
		p[0] = 0x08;
		p[1] = 0x00;
		ip = (void *)(p + 2);
		memset(ip, 0, sizeof(*ip));
		ip->version = 4;
		ip->ihl = pick(self, 8) ? 5 : pick(self, 16);
		ip->ttl = 64;
		ip->protocol = protocols[pick(self, sizeof(protocols))];
		ip->saddr = htonl(0xc0000200 + pick(self, 4));
		ip->daddr = htonl(0xc0000201);
		break;
	case 2:
		p[0] = 0x86;
		p[1] = 0xdd;
		ip6 = (void *)(p + 2);
		ip6->nexthdr = protocols[pick(self, sizeof(protocols))];
		break;
	}
	/* Some end within a header. */
	return pick(self, 3) ? 60 + pick(self, 1000) : 14 + pick(self, 80);
}

TEST_F(twice, parser)
{
	int i, n = nic_slow() ? 60 : 300;

	ASSERT_EQ(0, twice_load(&self->t, "parse"));
	for (i = 0; i < n; i++)
		ASSERT_FINE(twice_run(&self->t, self->frame, packet(self)));
	ASSERT_FINE(twice_settled(&self->t));
	ASSERT_FINE(twice_same_maps(&self->t));
	/* All kinds of frames have come. */
	EXPECT_LT(0, self->t.verdicts[XDP_TX]);
	EXPECT_LT(0, self->t.verdicts[XDP_PASS]);
	EXPECT_LT(0, self->t.verdicts[XDP_DROP]);
}

/* More flows than the map holds */
TEST_F(twice, flows)
{
	struct iphdr *ip = (void *)(self->frame + ETH_HLEN);
	int i, n = nic_slow() ? 60 : 200;

	ASSERT_EQ(0, twice_load(&self->t, "flow_counter"));
	for (i = 0; i < n; i++) {
		nic_frame(self->frame, 200, 0);
		ip->saddr = htonl(0xc0000200 + pick(self, 20));
		ip->protocol = pick(self, 2) ? 6 : 17;
		ASSERT_FINE(twice_run(&self->t, self->frame, 60 + pick(self, 100)));
	}
	ASSERT_FINE(twice_settled(&self->t));
	ASSERT_FINE(twice_same_maps(&self->t));
}

/* What one map says, a program obeys. */
TEST_F(twice, blocklist)
{
	struct iphdr *ip = (void *)(self->frame + ETH_HLEN);
	uint64_t zero = 0;
	uint32_t addr;
	int i, fds[2];

	ASSERT_EQ(0, twice_load(&self->t, "blocklist"));
	fds[0] = twice_map(self->t.device_object, "blocked");
	fds[1] = twice_map(self->t.host_object, "blocked");
	for (i = 0; i < 150; i++) {
		addr = htonl(0x0a000000 + pick(self, 10));
		if (pick(self, 8) == 0) {
			bpf_map_update_elem(fds[0], &addr, &zero, BPF_ANY);
			bpf_map_update_elem(fds[1], &addr, &zero, BPF_ANY);
		} else if (pick(self, 8) == 0) {
			EXPECT_EQ(bpf_map_delete_elem(fds[1], &addr),
				  bpf_map_delete_elem(fds[0], &addr));
		}
		nic_frame(self->frame, 64, i);
		ip->saddr = htonl(0x0a000000 + pick(self, 10));
		ASSERT_FINE(twice_run(&self->t, self->frame, 64));
	}
	ASSERT_FINE(twice_settled(&self->t));
	ASSERT_FINE(twice_same_maps(&self->t));
	EXPECT_LT(0, self->t.verdicts[XDP_PASS]);
	EXPECT_LT(0, self->t.verdicts[XDP_DROP]);
}

/* Front, end and what is before the front are moved, or not where that goes too far. */
TEST_F(twice, adjust)
{
	static const struct prog_adjust edges[] = {
		{ .head = -216, .verdict = XDP_PASS }, { .head = -217, .verdict = XDP_PASS },
		{ .head = -256, .verdict = XDP_PASS }, { .head = 50, .verdict = XDP_TX },
		{ .head = 85, .verdict = XDP_PASS }, { .head = 86, .verdict = XDP_PASS },
		{ .head = 87, .verdict = XDP_TX }, { .head = INT16_MAX, .verdict = XDP_PASS },
		{ .head = INT16_MIN, .verdict = XDP_PASS },
		{ .tail = -86, .verdict = XDP_PASS }, { .tail = -87, .verdict = XDP_PASS },
		{ .tail = -1, .verdict = XDP_TX }, { .tail = 1, .verdict = XDP_PASS },
		{ .tail = 1400, .verdict = XDP_PASS }, { .tail = ROOM - 100, .verdict = XDP_PASS },
		{ .tail = ROOM - 99, .verdict = XDP_PASS },
		{ .tail = INT16_MAX, .verdict = XDP_PASS },
		{ .tail = INT16_MIN, .verdict = XDP_PASS },
		{ .meta = -4, .verdict = XDP_PASS }, { .meta = -32, .verdict = XDP_PASS },
		{ .meta = -36, .verdict = XDP_PASS }, { .meta = -216, .verdict = XDP_PASS },
		{ .meta = -220, .verdict = XDP_PASS }, { .meta = -252, .verdict = XDP_PASS },
		{ .meta = -256, .verdict = XDP_PASS }, { .meta = -3, .verdict = XDP_PASS },
		{ .meta = 4, .verdict = XDP_PASS }, { .meta = 1, .verdict = XDP_PASS },
		{ .meta = -8, .head = -208, .verdict = XDP_PASS },
		{ .meta = -8, .head = -209, .verdict = XDP_PASS },
		{ .meta = -16, .head = -8, .tail = 20, .again = 8, .verdict = XDP_PASS },
		{ .meta = -16, .head = 8, .tail = -20, .again = -8, .verdict = XDP_TX },
		{ .meta = -16, .head = 8, .again = 20, .verdict = XDP_PASS },
		{ .meta = -16, .head = -16, .again = 16, .verdict = XDP_TX },
	};
	int i, n = nic_slow() ? 50 : 250;
	struct prog_adjust p;
	size_t e;

	/* Not more than fits may be sent back. */
	ASSERT_EQ(0, nic_mtu(&self->t.nic, 3498));
	ASSERT_EQ(0, twice_load(&self->t, "adjust"));
	for (e = 0; e < ARRAY_SIZE(edges); e++) {
		ASSERT_FINE(run_told(self, &edges[e], sizeof(edges[e]), 100)) {
			TH_LOG("edge %zu", e);
		}
		ASSERT_FINE(twice_same_maps(&self->t)) {
			TH_LOG("edge %zu", e);
		}
	}
	for (i = 0; i < n; i++) {
		p = (struct prog_adjust) {
			.meta = -4 * (int)pick(self, 20) + (pick(self, 10) ? 0 : 1),
			.head = (int)pick(self, 300) - 240,
			.tail = (int)pick(self, 600) - 400,
			.again = 4 * ((int)pick(self, 20) - 10),
			.verdict = pick(self, 2) ? XDP_PASS : XDP_TX,
		};
		ASSERT_FINE(run_told(self, &p, sizeof(p), 60 + pick(self, 800))) {
			TH_LOG("meta %d head %d tail %d again %d", p.meta, p.head, p.tail,
			       p.again);
		}
		if (i % 8 == 0)
			ASSERT_FINE(twice_same_maps(&self->t));
	}
	ASSERT_FINE(twice_settled(&self->t));
}

/* Programs' own operations on maps, with all that they can be answered */
static void map_ops(struct __test_metadata *_metadata, FIXTURE_DATA(twice) *self,
		    const char *prog, uint32_t keys)
{
	static const uint64_t flags[] = {
		BPF_ANY, BPF_ANY, BPF_NOEXIST, BPF_EXIST, BPF_EXIST + 1, BPF_F_LOCK, 1ull << 40,
	};
	static const uint32_t ops[] = {
		PROG_LOOKUP, PROG_UPDATE, PROG_UPDATE, PROG_DELETE, PROG_ADD,
	};
	int i, n = nic_slow() ? 100 : 400;
	struct prog_map_op op;

	ASSERT_EQ(0, twice_load(&self->t, prog));
	for (i = 0; i < n; i++) {
		op = (struct prog_map_op) {
			.op = ops[pick(self, ARRAY_SIZE(ops))],
			.key = pick(self, keys),
			.value = nic_random(&self->state),
			.flags = flags[pick(self, pick(self, 4) ? 4 : ARRAY_SIZE(flags))],
		};
		/* Of the host's maps, only arrays answer to this one otherwise. */
		if (op.flags == BPF_F_LOCK)
			op.flags = BPF_ANY;
		ASSERT_FINE(run_told(self, &op, sizeof(op), 64));
		ASSERT_FINE(twice_same_maps(&self->t)) {
			TH_LOG("operation %u of key %u, flags %llu", op.op, op.key,
			       (unsigned long long)op.flags);
		}
		/* What programs free can be used again after a grace period. */
		if (i % 16 == 0)
			ASSERT_EQ(0, syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0));
	}
	ASSERT_FINE(twice_settled(&self->t));
}

TEST_F(twice, hash_map)
{
	map_ops(_metadata, self, "map_ops", PROG_OPS + 4);
}

TEST_F(twice, array_map)
{
	map_ops(_metadata, self, "array_ops", PROG_COUNTERS + 3);
}

TEST_F(twice, csum_diff)
{
	uint8_t bytes[PROG_SCRATCH];
	struct prog_csum csum;
	uint32_t zero = 0;
	int i;

	ASSERT_EQ(0, twice_load(&self->t, "csum"));
	for (i = 0; i < PROG_SCRATCH; i++)
		bytes[i] = i % 64 < 8 ? 0xff : nic_random(&self->state);
	ASSERT_EQ(0, bpf_map_update_elem(twice_map(self->t.device_object, "scratch"), &zero,
					 bytes, BPF_ANY));
	ASSERT_EQ(0, bpf_map_update_elem(twice_map(self->t.host_object, "scratch"), &zero,
					 bytes, BPF_ANY));
	for (i = 0; i < 120; i++) {
		csum = (struct prog_csum) {
			.from = 4 * pick(self, 65), .to = 4 * pick(self, 65),
			.seed = pick(self, 4) ? nic_random(&self->state) : UINT32_MAX,
		};
		/* Sizes that are not to be had */
		if (i % 8 == 1)
			csum.from += pick(self, 4);
		if (i % 8 == 2)
			csum.to += pick(self, 4);
		if (i % 8 == 3)
			csum.from = 512;
		if (i % 16 == 3)
			csum.to = 4 * pick(self, 2);
		if (i % 16 == 4) {
			csum.from = 0;
			csum.to = 0;
		}
		ASSERT_FINE(run_told(self, &csum, sizeof(csum), 64));
		ASSERT_FINE(twice_same_maps(&self->t)) {
			TH_LOG("%u bytes and %u bytes", csum.from, csum.to);
		}
	}
	ASSERT_FINE(twice_settled(&self->t));
}

TEST_F(twice, loop_and_stack)
{
	int i;

	ASSERT_EQ(0, twice_load(&self->t, "loop"));
	for (i = 0; i < 80; i++) {
		size_t len = 14 + pick(self, i % 2 ? 600 : 80);

		nic_frame(self->frame, len, i);
		ASSERT_FINE(twice_run(&self->t, self->frame, len));
	}
	ASSERT_FINE(twice_settled(&self->t));
}

TEST_HARNESS_MAIN
