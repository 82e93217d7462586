// SPDX-License-Identifier: GPL-2.0
/*
 * Programs offloaded to bpfnic, and what is around them: queues, the host's own programs,
 * clocks, perf buffers, statistics, other ports, and user space that reads and writes
 * their maps under traffic.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>

#include "../../../../../../include/linux/filter.h"
#include "harness.h"
#include "bpfnic_prog.h"
#include "prog_twice.h"

#define QUEUES	4
#define FRAME	100	/* bytes */
#define SLACK	1000000	/* ns between the kernel's clocks and user space's */

/* The kernel's own, which has no place in the headers of user space. */
#ifndef ENOTSUPP
#define ENOTSUPP	524
#endif

FIXTURE(host)
{
	struct twice t;
	struct bpf_object *native;	/* that runs on the host, if any does */
	uint8_t frame[FRAME];
	uint64_t words[PROG_WORDS];
	struct nic second;
};

FIXTURE_SETUP(host)
{
	ASSERT_EQ(0, twice_jit(TWICE_JIT));
	ASSERT_EQ(0, twice_start(&self->t, QUEUES));
	nic_frame(self->frame, FRAME, 1);
}

FIXTURE_TEARDOWN(host)
{
	nic_del(&self->second);
	bpf_object__close(self->native);
	EXPECT_EQ(0, twice_stop(&self->t));
}

/* Load programs of the tests' object for the device, without a twin on the host. */
static int offload(FIXTURE_DATA(host) *self, const char *names)
{
	self->t.device_object = twice_open(names, self->t.nic.ifindex);
	return self->t.device_object ? 0 : -errno;
}

static int attach(FIXTURE_DATA(host) *self, const char *name)
{
	self->t.device_prog = twice_prog(self->t.device_object, name);
	return twice_attach(&self->t, self->t.device_prog, XDP_FLAGS_HW_MODE);
}

static uint64_t *result(FIXTURE_DATA(host) *self, const struct bpf_object *object, uint32_t i)
{
	memset(self->words, 0xa5, sizeof(self->words));
	bpf_map_lookup_elem(twice_map(object, "results"), &i, self->words);
	return self->words;
}

static uint64_t counter(const struct bpf_object *object, uint32_t which)
{
	uint64_t value = UINT64_MAX;

	bpf_map_lookup_elem(twice_map(object, "counters"), &which, &value);
	return value;
}

/* Send frames that the device's program drops, and wait until all are counted. */
static int send_dropped(FIXTURE_DATA(host) *self, int count)
{
	long long before = nic_stat(self->t.nic.name, "hw_xdp_drop");
	int i, err;

	for (i = 0; i < count; i++) {
		err = nic_send(self->t.wire, self->frame, FRAME);
		if (err)
			return err;
		/* As much as the ring takes */
		if (i % 64 == 63 || i == count - 1)
			err = nic_wait_stat(self->t.nic.name, "hw_xdp_drop", before + i + 1,
					    TWICE_WAIT_MS);
		if (err)
			return err;
	}
	return 0;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

/* Clocks go on and agree with the host's; random numbers differ. */
TEST_F(host, helpers)
{
	uint64_t before, boot, last = 0, seen[2] = {}, *r;
	int i, same = 0, cpus = sysconf(_SC_NPROCESSORS_ONLN);
	cpu_set_t cpu;

	ASSERT_EQ(0, offload(self, "around"));
	ASSERT_EQ(0, attach(self, "around"));
	for (i = 0; i < 50; i++) {
		/* The queue's softirq is on the CPU that sends. */
		CPU_ZERO(&cpu);
		CPU_SET(i % cpus, &cpu);
		ASSERT_EQ(0, sched_setaffinity(0, sizeof(cpu), &cpu));
		before = clock_ns(CLOCK_MONOTONIC) - SLACK;
		boot = clock_ns(CLOCK_BOOTTIME) - SLACK;
		ASSERT_EQ(0, send_dropped(self, 1));
		r = result(self, self->t.device_object, 0);
		ASSERT_LE(before, r[0]);
		ASSERT_LE(last, r[0]);
		ASSERT_LE(r[0], r[1]);
		ASSERT_GE(clock_ns(CLOCK_MONOTONIC) + SLACK, r[1]);
		ASSERT_LE(boot, r[2]);
		ASSERT_GE(clock_ns(CLOCK_BOOTTIME) + SLACK, r[2]);
		last = r[1];
		EXPECT_EQ(i % cpus, r[3]);
		EXPECT_EQ(0, r[4] >> 32);
		same += r[4] == r[5] || r[4] == seen[0] || r[5] == seen[1];
		seen[0] = r[4];
		seen[1] = r[5];
		EXPECT_EQ(self->t.nic.ifindex, r[6]);
		EXPECT_GT(QUEUES, r[7]);
	}
	EXPECT_GT(2, same);
}

/* The queue that a frame came by, and that it leaves by */
TEST_F(host, queues)
{
	static const uint32_t targets[] = {
		0, 1, 2, 3, QUEUES, QUEUES + 1, 77, 0x10000, 1u << 31, UINT32_MAX,
	};
	long long invalid = 0, steered = 0;
	uint64_t native[QUEUES] = {}, hw[QUEUES] = {};
	struct nic_stats stats;
	unsigned int from, i, to;
	uint8_t got[FRAME];
	char name[32];

	ASSERT_EQ(0, offload(self, "steer"));
	ASSERT_EQ(0, attach(self, "steer"));
	self->native = twice_open("native", 0);
	ASSERT_NE(NULL, self->native);
	ASSERT_EQ(0, twice_attach(&self->t, twice_prog(self->native, "native"),
				  XDP_FLAGS_DRV_MODE));
	for (from = 0; from < QUEUES; from++) {
		ASSERT_EQ(0, nic_steer(&self->t.nic, from));
		for (i = 0; i < ARRAY_SIZE(targets); i++) {
			memcpy(self->frame + ETH_HLEN, &targets[i], 4);
			ASSERT_EQ(0, nic_send(self->t.wire, self->frame, FRAME));
			ASSERT_EQ(FRAME, nic_recv(self->t.host, got, sizeof(got),
						  TWICE_WAIT_MS));
			EXPECT_EQ(0, memcmp(got, self->frame, FRAME));

			to = targets[i] < QUEUES ? targets[i] : from;
			invalid += targets[i] >= QUEUES;
			steered += to != from;
			hw[from]++;
			native[to]++;
			EXPECT_EQ(hw[from], result(self, self->t.device_object, from)[0]);
			EXPECT_EQ(targets[i], self->words[1]);
			EXPECT_EQ(native[to], result(self, self->native, to)[0]) {
				TH_LOG("from queue %u by %u", from, targets[i]);
			}
			EXPECT_EQ(self->t.nic.ifindex, self->words[1]);
		}
	}
	ASSERT_EQ(0, nic_stats(self->t.nic.name, &stats));
	for (i = 0; i < QUEUES; i++) {
		snprintf(name, sizeof(name), "rx%u_packets", i);
		EXPECT_EQ(native[i], nic_stat_of(&stats, name));
	}
	EXPECT_EQ(invalid, nic_stat_of(&stats, "hw_steer_invalid"));
	EXPECT_EQ(steered, nic_stat_of(&stats, "hw_steered"));
	EXPECT_EQ(QUEUES * ARRAY_SIZE(targets), nic_stat_of(&stats, "hw_xdp_pass"));
	EXPECT_EQ(QUEUES * ARRAY_SIZE(targets), nic_stat_of(&stats, "xdp_pass"));
}

/* A frame whose front was moved arrives whole on another queue, where there is no program. */
TEST_F(host, queue_without_native)
{
	uint8_t got[FRAME];
	uint32_t to;

	ASSERT_EQ(0, offload(self, "steer"));
	ASSERT_EQ(0, attach(self, "steer"));
	for (to = 0; to < QUEUES; to++) {
		memcpy(self->frame + ETH_HLEN, &to, 4);
		ASSERT_EQ(0, nic_send(self->t.wire, self->frame, FRAME));
		ASSERT_EQ(FRAME, nic_recv(self->t.host, got, sizeof(got), TWICE_WAIT_MS));
		EXPECT_EQ(0, memcmp(got, self->frame, FRAME));
	}
}

/* By a constant in the instruction that writes it, and with a map that is not known by its
 * file, but by its number in a list of files: what compilers and loaders of others make.
 */
TEST_F(host, instructions)
{
	int map = nic_map(BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0, self->t.nic.ifindex);
	const int list[] = { -1, map };
	const struct bpf_insn insns[] = {
		BPF_ST_MEM(BPF_W, BPF_REG_1, 16, 2),
		BPF_ST_MEM(BPF_W, BPF_REG_10, -4, 0),
		BPF_MOV64_REG(BPF_REG_2, BPF_REG_10),
		BPF_ALU64_IMM(BPF_ADD, BPF_REG_2, -4),
		BPF_LD_IMM64_RAW(BPF_REG_1, BPF_PSEUDO_MAP_IDX, 1),
		BPF_EMIT_CALL(BPF_FUNC_map_lookup_elem),
		BPF_JMP_IMM(BPF_JEQ, BPF_REG_0, 0, 2),
		BPF_MOV64_IMM(BPF_REG_1, 1),
		BPF_ATOMIC_OP(BPF_DW, BPF_ADD, BPF_REG_0, BPF_REG_1, 0),
		BPF_MOV64_IMM(BPF_REG_0, XDP_PASS),
		BPF_EXIT_INSN(),
	};
	uint8_t got[FRAME];
	uint64_t value;
	uint32_t zero = 0;
	int i;

	LIBBPF_OPTS(bpf_prog_load_opts, opts, .prog_ifindex = self->t.nic.ifindex,
		    .fd_array = list);

	ASSERT_LE(0, map);
	self->t.device_prog = bpf_prog_load(BPF_PROG_TYPE_XDP, "constant", "GPL", insns,
					    ARRAY_SIZE(insns), &opts);
	ASSERT_LE(0, self->t.device_prog);
	ASSERT_EQ(0, twice_attach(&self->t, self->t.device_prog, XDP_FLAGS_HW_MODE));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, nic_send(self->t.wire, self->frame, FRAME));
		ASSERT_EQ(FRAME, nic_recv(self->t.host, got, sizeof(got), TWICE_WAIT_MS));
	}
	EXPECT_EQ(4, nic_stat(self->t.nic.name, "rx2_packets"));
	ASSERT_EQ(0, bpf_map_lookup_elem(map, &zero, &value));
	EXPECT_EQ(4, value);
	close(map);
}

/* One of the host's programs beside it, which gets what the offloaded one made */
static void beside(struct __test_metadata *_metadata, FIXTURE_DATA(host) *self, uint32_t mode)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	uint64_t frames = 0;
	uint8_t got[2 * FRAME];
	int i;

	ASSERT_EQ(0, offload(self, "mark"));
	self->native = twice_open("native", 0);
	ASSERT_NE(NULL, self->native);
	ASSERT_EQ(0, twice_attach(&self->t, twice_prog(self->native, "native"), mode));
	ASSERT_EQ(0, attach(self, "mark"));
	ASSERT_EQ(0, bpf_xdp_query(self->t.nic.ifindex, 0, &query));
	EXPECT_NE(0, query.hw_prog_id);
	EXPECT_NE(0, mode == XDP_FLAGS_DRV_MODE ? query.drv_prog_id : query.skb_prog_id);
	EXPECT_EQ(XDP_ATTACHED_MULTI, query.attach_mode);

	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, nic_send(self->t.wire, self->frame, FRAME));
		ASSERT_EQ(FRAME + 8, nic_recv(self->t.host, got, sizeof(got), TWICE_WAIT_MS));
		EXPECT_EQ(0, memcmp(got + 8 + ETH_HLEN, self->frame + ETH_HLEN,
				    FRAME - ETH_HLEN));
		EXPECT_EQ(0xee, got[ETH_HLEN - 1]);
	}
	for (i = 0; i < QUEUES; i++) {
		if (!result(self, self->native, i)[0])
			continue;
		frames += self->words[0];
		EXPECT_EQ(FRAME + 8, self->words[2]);
		EXPECT_EQ(0x12345678, self->words[3]);
	}
	EXPECT_EQ(10, frames);

	/* Without the offloaded one, the host's goes on. */
	ASSERT_EQ(0, twice_attach(&self->t, -1, XDP_FLAGS_HW_MODE));
	ASSERT_EQ(0, nic_send(self->t.wire, self->frame, FRAME));
	ASSERT_EQ(FRAME, nic_recv(self->t.host, got, sizeof(got), TWICE_WAIT_MS));
	ASSERT_EQ(0, twice_attach(&self->t, -1, mode));
}

TEST_F(host, native_beside)
{
	beside(_metadata, self, XDP_FLAGS_DRV_MODE);
}

TEST_F(host, generic_beside)
{
	beside(_metadata, self, XDP_FLAGS_SKB_MODE);
}

/* What a program put before the frame, the host's traffic control and native one can read. */
TEST_F(host, metadata)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = self->t.nic.ifindex,
		    .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, tc);
	const struct prog_adjust p = { .meta = -20, .verdict = XDP_PASS };
	uint8_t got[FRAME];
	uint64_t *r;
	int i;

	ASSERT_EQ(0, offload(self, "adjust"));
	ASSERT_EQ(0, attach(self, "adjust"));
	self->native = twice_open("see_meta", 0);
	ASSERT_NE(NULL, self->native);
	ASSERT_EQ(0, bpf_tc_hook_create(&hook));
	tc.prog_fd = twice_prog(self->native, "see_meta");
	ASSERT_EQ(0, bpf_tc_attach(&hook, &tc));
	memcpy(self->frame + ETH_HLEN, &p, sizeof(p));
	ASSERT_EQ(0, nic_send(self->t.wire, self->frame, FRAME));
	ASSERT_EQ(FRAME, nic_recv(self->t.host, got, sizeof(got), TWICE_WAIT_MS));
	EXPECT_EQ(0, memcmp(got, self->frame, FRAME - 1));
	r = result(self, self->native, 0);
	EXPECT_EQ(20, r[PROG_WORDS - 1]);
	for (i = 0; i < 20; i++)
		EXPECT_EQ(i ^ 0xaa, ((uint8_t *)r)[i]);

	bpf_object__close(self->native);
	self->native = twice_open("native", 0);
	ASSERT_NE(NULL, self->native);
	ASSERT_EQ(0, twice_attach(&self->t, twice_prog(self->native, "native"),
				  XDP_FLAGS_DRV_MODE));
	ASSERT_EQ(0, nic_steer(&self->t.nic, 1));
	ASSERT_EQ(0, nic_send(self->t.wire, self->frame, FRAME));
	ASSERT_EQ(FRAME, nic_recv(self->t.host, got, sizeof(got), TWICE_WAIT_MS));
	EXPECT_EQ(20, result(self, self->native, 1)[4]);
	EXPECT_EQ(FRAME, self->words[2]);
}

/* What came out of the perf buffer */
struct events {
	unsigned int count;
	unsigned int wrong;
	const uint8_t *frame;
};

static void event(void *ctx, int cpu, void *data, uint32_t size)
{
	const struct prog_event *e = data;
	struct events *events = ctx;

	events->count++;
	/* The kernel pads what it outputs. */
	if (size < sizeof(*e) + FRAME || size > sizeof(*e) + FRAME + 8 ||
	    e->number != events->count || e->len != FRAME ||
	    memcmp(e + 1, events->frame, FRAME))
		events->wrong++;
}

TEST_F(host, perf_event)
{
	struct events events = { .frame = self->frame };
	struct perf_buffer *buffer;
	uint64_t want[PROG_WORDS];
	int i;

	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = self->frame, .data_size_in = FRAME);

	self->native = twice_open("event", 0);
	ASSERT_NE(NULL, self->native);
	ASSERT_EQ(0, offload(self, "event"));

	/* What the host's program gets, with nobody listening */
	ASSERT_EQ(0, bpf_prog_test_run_opts(twice_prog(self->native, "event"), &opts));
	memcpy(want, result(self, self->native, 0), sizeof(want));
	if (want[1] == (uint64_t)-ENOTSUPP)
		SKIP(return, "this kernel has no CONFIG_BPF_EVENTS");
	ASSERT_EQ(0, attach(self, "event"));
	ASSERT_EQ(0, send_dropped(self, 1));
	for (i = 0; i < PROG_WORDS; i++)
		EXPECT_EQ(want[i], result(self, self->t.device_object, 0)[i]) {
			TH_LOG("result %d of the helper", i);
		}

	events.count = 1;
	buffer = perf_buffer__new(twice_map(self->t.device_object, "events"), 64, event, NULL,
				  &events, NULL);
	ASSERT_NE(NULL, buffer);
	ASSERT_EQ(0, nic_steer(&self->t.nic, 0));
	ASSERT_EQ(0, send_dropped(self, 20));
	EXPECT_EQ(0, result(self, self->t.device_object, 0)[1]);
	perf_buffer__poll(buffer, 100);
	EXPECT_EQ(21, events.count);
	EXPECT_EQ(0, events.wrong);
	perf_buffer__free(buffer);
}

/* Two programs use one map, one after the other. */
TEST_F(host, shared_map)
{
	ASSERT_EQ(0, offload(self, "first second"));
	ASSERT_EQ(0, attach(self, "first"));
	ASSERT_EQ(0, send_dropped(self, 5));
	ASSERT_EQ(0, attach(self, "second"));
	ASSERT_EQ(0, send_dropped(self, 3));
	EXPECT_EQ(5, counter(self->t.device_object, PROG_FIRST));
	EXPECT_EQ(3, counter(self->t.device_object, PROG_SECOND));
}

/* Two ports run two programs, that use one map, at once. */
TEST_F(host, two_ports)
{
	int wire, i;

	ASSERT_EQ(0, offload(self, "first second"));
	ASSERT_EQ(0, nic_add_port(&self->second, "nic1", "nic0"));
	wire = nic_socket(self->second.wire_ifindex, 0);
	ASSERT_LE(0, wire);
	ASSERT_EQ(0, attach(self, "first"));
	ASSERT_EQ(0, bpf_xdp_attach(self->second.ifindex,
				    twice_prog(self->t.device_object, "second"),
				    XDP_FLAGS_HW_MODE, NULL));
	for (i = 0; i < 7; i++) {
		ASSERT_EQ(0, nic_send(wire, self->frame, FRAME));
		ASSERT_EQ(0, send_dropped(self, 1));
	}
	ASSERT_EQ(0, nic_wait_stat("nic1", "hw_xdp_drop", 7, TWICE_WAIT_MS));
	EXPECT_EQ(7, counter(self->t.device_object, PROG_FIRST));
	EXPECT_EQ(7, counter(self->t.device_object, PROG_SECOND));
	close(wire);
}

/* A program and its maps stay while a port runs it, whoever has closed them. */
TEST_F(host, closed)
{
	int i;

	ASSERT_EQ(0, offload(self, "flow_counter"));
	ASSERT_EQ(0, attach(self, "flow_counter"));
	bpf_object__close(self->t.device_object);
	self->t.device_object = NULL;
	self->t.device_prog = -1;
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, send_dropped(self, 20));
		EXPECT_EQ(1, nic_objects("programs"));
		usleep(50000);
	}
	/* Only those maps stay that it uses. */
	EXPECT_EQ(0, nic_wait_objects("maps", 2, TWICE_WAIT_MS));
	ASSERT_EQ(0, twice_attach(&self->t, -1, XDP_FLAGS_HW_MODE));
}

TEST_F(host, run_statistics)
{
	struct bpf_prog_info info = {};
	uint32_t len = sizeof(info);
	int stats;

	ASSERT_EQ(0, offload(self, "first"));
	ASSERT_EQ(0, attach(self, "first"));
	ASSERT_EQ(0, send_dropped(self, 10));
	ASSERT_EQ(0, bpf_obj_get_info_by_fd(self->t.device_prog, &info, &len));
	EXPECT_EQ(0, info.run_cnt);
	stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
	ASSERT_LE(0, stats);
	ASSERT_EQ(0, send_dropped(self, 100));
	memset(&info, 0, sizeof(info));
	ASSERT_EQ(0, bpf_obj_get_info_by_fd(self->t.device_prog, &info, &len));
	EXPECT_EQ(100, info.run_cnt);
	EXPECT_LT(0, info.run_time_ns);
	EXPECT_GT(10000000000, info.run_time_ns);
	close(stats);
	ASSERT_EQ(0, send_dropped(self, 10));
	memset(&info, 0, sizeof(info));
	ASSERT_EQ(0, bpf_obj_get_info_by_fd(self->t.device_prog, &info, &len));
	EXPECT_EQ(100, info.run_cnt);
}

/* Traffic by another thread, until it is to end */
struct traffic {
	pthread_t thread;
	int fd;
	bool end;
	bool ip;		/* IPv4, from 10.0.0.0 to 10.0.0.7 */
	uint64_t sent;
	int err;
};

static void *send_traffic(void *arg)
{
	struct traffic *t = arg;
	uint8_t frame[FRAME];

	nic_frame(frame, FRAME, 5);
	while (!__atomic_load_n(&t->end, __ATOMIC_ACQUIRE) && !t->err) {
		if (t->ip)
			((struct iphdr *)(frame + ETH_HLEN))->saddr =
				htonl(0x0a000000 + t->sent % 8);
		t->err = nic_send(t->fd, frame, FRAME);
		t->sent += !t->err;
	}
	return NULL;
}

static int start_traffic(FIXTURE_DATA(host) *self, struct traffic *t, bool ip)
{
	*t = (struct traffic) { .fd = self->t.wire, .ip = ip };
	return pthread_create(&t->thread, NULL, send_traffic, t);
}

static int end_traffic(struct traffic *t)
{
	__atomic_store_n(&t->end, true, __ATOMIC_RELEASE);
	pthread_join(t->thread, NULL);
	return t->err;
}

struct counter_wait {
	const struct bpf_object *object;
	uint32_t which;
	uint64_t above;
};

static bool counted_more(void *ctx)
{
	struct counter_wait *w = ctx;

	return counter(w->object, w->which) > w->above;
}

/*
 * Each frame meets one of both programs.  Most of the time the next one comes at once; but
 * where both threads share a CPU, frames would then meet only the one that happens to be
 * attached in the sender's turns, so that now and then it is waited for.
 */
TEST_F(host, replaced_under_traffic)
{
	struct counter_wait w = {};
	int i, n = nic_slow() ? 60 : 300;
	struct traffic traffic;
	uint64_t dropped;
	long long lost;

	ASSERT_EQ(0, offload(self, "first second"));
	ASSERT_EQ(0, attach(self, "first"));
	ASSERT_EQ(0, start_traffic(self, &traffic, false));
	w.object = self->t.device_object;
	for (i = 0; i < n; i++) {
		ASSERT_EQ(0, attach(self, i % 2 ? "first" : "second"));
		if (i % 16 > 1)
			continue;
		w.which = i % 2 ? PROG_FIRST : PROG_SECOND;
		w.above = counter(w.object, w.which);
		ASSERT_EQ(0, nic_wait(counted_more, &w, TWICE_WAIT_MS));
	}
	ASSERT_EQ(0, end_traffic(&traffic));
	lost = nic_stat(self->t.nic.name, "wire_drops");
	ASSERT_LE(0, lost);
	EXPECT_EQ(0, nic_wait_stat(self->t.nic.name, "hw_xdp_drop", traffic.sent - lost,
				   TWICE_WAIT_MS));
	dropped = nic_stat(self->t.nic.name, "hw_xdp_drop");
	EXPECT_EQ(traffic.sent, dropped + lost);
	EXPECT_EQ(dropped, counter(self->t.device_object, PROG_FIRST) +
			   counter(self->t.device_object, PROG_SECOND));
	TH_LOG("%" PRIu64 " frames, %lld for which the ring was full", traffic.sent, lost);
}

/* A value that a program looks at is not changed under it, nor given to another key. */
TEST_F(host, held_value)
{
	uint64_t value[PROG_HELD], n = 0, end;
	uint32_t zero = 0;
	struct traffic traffic;
	int fd, i;

	ASSERT_EQ(0, offload(self, "hold"));
	fd = twice_map(self->t.device_object, "held");
	memset(value, 0, sizeof(value));
	ASSERT_EQ(0, bpf_map_update_elem(fd, &zero, value, BPF_ANY));
	ASSERT_EQ(0, attach(self, "hold"));
	ASSERT_EQ(0, start_traffic(self, &traffic, false));
	end = nic_now() + 3000000000ull;
	while (nic_now() < end) {
		n++;
		for (i = 0; i < PROG_HELD; i++)
			value[i] = n;
		ASSERT_EQ(0, bpf_map_update_elem(fd, &zero, value, BPF_ANY));
		if (n % 16 == 0)
			ASSERT_EQ(0, bpf_map_delete_elem(fd, &zero));
	}
	ASSERT_EQ(0, end_traffic(&traffic));
	TH_LOG("%" PRIu64 " updates, %" PRIu64 " programs", n,
	       counter(self->t.device_object, PROG_FRAMES));
	EXPECT_EQ(0, counter(self->t.device_object, PROG_TORN));
	EXPECT_LT(50, counter(self->t.device_object, PROG_FRAMES));
	EXPECT_LT(50, n);
}

/* Have the device's program do one operation on the map `table`. */
static int table_op(FIXTURE_DATA(host) *self, uint32_t what, uint32_t key, uint64_t value)
{
	const struct prog_map_op op = { .op = what, .key = key, .value = value };

	memcpy(self->frame + ETH_HLEN, &op, sizeof(op));
	return nic_send(self->t.wire, self->frame, FRAME);
}

/*
 * A program that replaces and removes values faster than grace periods pass: what it wrote
 * last is there, and in the end no place of the map is lost.
 */
TEST_F(host, faster_than_grace_periods)
{
	long long sent = 0;
	uint64_t value;
	uint32_t key;
	int i, fd;

	ASSERT_EQ(0, offload(self, "map_ops"));
	ASSERT_EQ(0, attach(self, "map_ops"));
	fd = twice_map(self->t.device_object, "table");
	for (i = 1; i <= 2000; i++) {
		ASSERT_EQ(0, table_op(self, PROG_UPDATE, 1, i));
		if (++sent % 128 == 0)
			ASSERT_EQ(0, nic_wait_stat("nic0", "hw_xdp_drop", sent, TWICE_WAIT_MS));
	}
	ASSERT_EQ(0, nic_wait_stat("nic0", "hw_xdp_drop", sent, TWICE_WAIT_MS));
	key = 1;
	ASSERT_EQ(0, bpf_map_lookup_elem(fd, &key, &value));
	EXPECT_EQ(2000, value);

	for (i = 1; i <= 1000; i++) {
		ASSERT_EQ(0, table_op(self, PROG_UPDATE, 2 + i % 3, i));
		ASSERT_EQ(0, table_op(self, PROG_DELETE, 2 + i % 3, 0));
		sent += 2;
		if (sent % 128 == 0)
			ASSERT_EQ(0, nic_wait_stat("nic0", "hw_xdp_drop", sent, TWICE_WAIT_MS));
	}
	ASSERT_EQ(0, nic_wait_stat("nic0", "hw_xdp_drop", sent, TWICE_WAIT_MS));
	/* One that could not be added because all had to wait cannot be removed either. */
	ASSERT_EQ(0, bpf_map_get_next_key(fd, NULL, &key));
	EXPECT_EQ(1, key);
	EXPECT_EQ(-ENOENT, bpf_map_get_next_key(fd, &key, &key));
	usleep(2000000);
	for (i = 1; i <= PROG_OPS; i++) {
		ASSERT_EQ(0, table_op(self, PROG_UPDATE, 100 + i, i));
		ASSERT_EQ(0, nic_wait_stat("nic0", "hw_xdp_drop", ++sent, TWICE_WAIT_MS));
		EXPECT_EQ(i < PROG_OPS ? 0 : (uint64_t)-E2BIG,
			  result(self, self->t.device_object, 0)[0]);
	}
}

static uint32_t map_id(int fd)
{
	struct bpf_map_info info = {};
	uint32_t len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) ? 0 : info.id;
}

/* Receive frames of 10.0.0.0 to 10.0.0.7 for a while: how many of each? */
static void hear(FIXTURE_DATA(host) *self, unsigned int *from)
{
	const struct iphdr *ip = (void *)(self->frame + ETH_HLEN);
	int i;

	for (i = 0; i < 2000; i++)
		if (nic_recv(self->t.host, self->frame, FRAME, 200) == FRAME)
			from[ntohl(ip->saddr) % 8]++;
}

/* Throw away what waits on a socket. */
static void flush(int fd)
{
	uint8_t byte;
	int i;

	for (i = 0; i < 1000000 && nic_recv(fd, &byte, 1, 0) >= 0; i++)
		;
}

/* An address that bpftool puts onto the list is heard no more. */
TEST_F(host, blocklist_by_bpftool)
{
	unsigned int from[8] = {}, id, i;
	struct traffic traffic;
	uint32_t addr;
	uint64_t hits;

	if (nic_run_quiet("command -v bpftool"))
		SKIP(return, "no bpftool");
	ASSERT_EQ(0, offload(self, "blocklist"));
	ASSERT_EQ(0, attach(self, "blocklist"));
	id = map_id(twice_map(self->t.device_object, "blocked"));
	ASSERT_EQ(0, start_traffic(self, &traffic, true));
	hear(self, from);
	for (i = 0; i < 8; i++)
		EXPECT_LT(0, from[i]);

	ASSERT_EQ(0, nic_run("bpftool map update id %u key 10 0 0 3 value 0 0 0 0 0 0 0 0", id));
	ASSERT_EQ(0, nic_run("bpftool map update id %u key 10 0 0 6 value 0 0 0 0 0 0 0 0", id));
	/* What the ring and the socket held then has been seen after a while. */
	usleep(2000000);
	flush(self->t.host);
	memset(from, 0, sizeof(from));
	hear(self, from);
	for (i = 0; i < 8; i++)
		EXPECT_EQ(i != 3 && i != 6, from[i] > 0);
	ASSERT_EQ(0, nic_run("bpftool map delete id %u key 10 0 0 6", id));
	usleep(2000000);
	flush(self->t.host);
	memset(from, 0, sizeof(from));
	hear(self, from);
	for (i = 0; i < 8; i++)
		EXPECT_EQ(i != 3, from[i] > 0);
	ASSERT_EQ(0, end_traffic(&traffic));

	addr = htonl(0x0a000003);
	ASSERT_EQ(0, bpf_map_lookup_elem(twice_map(self->t.device_object, "blocked"), &addr,
					 &hits));
	EXPECT_LT(0, hits);
	EXPECT_GE(nic_stat(self->t.nic.name, "hw_xdp_drop"), hits);
}

/* Flows that the program counts are read by bpftool. */
TEST_F(host, flows_by_bpftool)
{
	struct iphdr *ip = (void *)(self->frame + ETH_HLEN);
	char text[16384], *at = text;
	uint64_t packets, bytes;
	unsigned int i, flows;
	uint32_t saddr;

	if (nic_run_quiet("command -v bpftool"))
		SKIP(return, "no bpftool");
	ASSERT_EQ(0, offload(self, "flow_counter"));
	ASSERT_EQ(0, attach(self, "flow_counter"));
	for (i = 0; i < 6; i++) {
		ip->saddr = htonl(0x0a000000 + i);
		ASSERT_EQ(0, send_dropped(self, 10 * (i + 1)));
	}
	ASSERT_LT(0, nic_output(text, sizeof(text), "bpftool -j map dump id %u",
				map_id(twice_map(self->t.device_object, "flows"))));
	for (flows = 0; (at = strstr(at, "\"key\"")); flows++) {
		saddr = ntohl(nic_bytes(at, 4));
		/* In the order in which they came */
		EXPECT_EQ(0x0a000000 + flows, saddr);
		at = strstr(at, "\"value\"");
		ASSERT_NE(NULL, at);
		packets = nic_bytes(at, 8);
		EXPECT_EQ(10 * (flows + 1), packets);
		for (i = 0; i < 8; i++)
			at = strstr(at, "0x") + 2;
		bytes = nic_bytes(at, 8);
		EXPECT_EQ(10 * (flows + 1) * FRAME, bytes);
	}
	EXPECT_EQ(6, flows);
}

/* And what bpftool shows of the program itself */
TEST_F(host, shown_by_bpftool)
{
	char text[4096];

	if (nic_run_quiet("command -v bpftool"))
		SKIP(return, "no bpftool");
	ASSERT_EQ(0, offload(self, "first"));
	ASSERT_EQ(0, attach(self, "first"));
	ASSERT_LT(0, nic_output(text, sizeof(text), "bpftool prog show name first"));
	EXPECT_NE(NULL, strstr(text, "offloaded_to nic0")) {
		TH_LOG("%s", text);
	}
	ASSERT_LT(0, nic_output(text, sizeof(text), "bpftool map show name counters"));
	EXPECT_NE(NULL, strstr(text, "offloaded_to nic0")) {
		TH_LOG("%s", text);
	}
	ASSERT_LT(0, nic_output(text, sizeof(text), "bpftool net show dev nic0"));
	EXPECT_NE(NULL, strstr(text, "offload id")) {
		TH_LOG("%s", text);
	}
}

TEST_HARNESS_MAIN
