// SPDX-License-Identifier: GPL-2.0
/* Steering programs on tun */

#include <sys/resource.h>

#include "vnet_tap.h"

static const enum vnet_kind device = VNET_TUN;

#include "steering_tests.h"

FIXTURE_VARIANT_ADD(steering, tap_1)
{
	.type = IFF_TAP, .queues = 1, .random_packets = 1000,
};

FIXTURE_VARIANT_ADD(steering, tap_4)
{
	.type = IFF_TAP, .queues = 4, .random_packets = 20000,
};

FIXTURE_VARIANT_ADD(steering, tun_4)
{
	.type = IFF_TUN, .queues = 4, .random_packets = 5000,
};

/* A program from before chooses the queue where there is one to choose. */
TEST_F(steering, socket_filter_queue)
{
	int stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
	unsigned int q;
	int prog;

	ASSERT_LE(0, stats);
	for (q = 0; q < 2 * variant->queues; q++) {
		prog = vnet_steering_prog(q);
		ASSERT_LE(0, prog);
		ASSERT_EQ(0, attach(&self->tap, prog));
		ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
		ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
		EXPECT_EQ(q % variant->queues, self->pkt.queue);
		EXPECT_EQ(variant->queues > 1, steering_runs(prog));
		close(prog);
	}
	close(stats);
}

/* tc sets the queue: the program runs all the same, and once. */
TEST_F(program, preset_queue)
{
	int stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
	struct vnet_expect e;
	unsigned int q;

	ASSERT_LE(0, stats);
	self->report.arg.hash_types = 0;
	ASSERT_START("vnet_rss.bpf.o");
	e = vnet_conf_expect(&self->conf, self->frame, self->len, true);
	ASSERT_EQ(0, vnet_run("tc qdisc add dev tap0 clsact"));
	for (q = 0; q < 4; q++) {
		ASSERT_EQ(0, vnet_run("tc filter add dev tap0 egress prio 1 matchall action skbedit queue_mapping %u",
				      q));
		ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
		ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
		EXPECT_EQ(q, self->pkt.queue);
		EXPECT_HASH(e, &self->pkt);
		EXPECT_EQ(q + 1, steering_runs(self->prog.prog));
		ASSERT_EQ(0, vnet_run("tc filter del dev tap0 egress prio 1"));
	}
	close(stats);
}

/*
 * Behind the choice of a queue, tc redirects the packet to a device with one
 * queue.  Nobody chooses a queue there, and what the first device's program said
 * is still with the packet; the other device's program is to run all the same.
 */
TEST_F(program, redirected)
{
	int stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
	struct vnet_conf other_conf = self->conf;
	struct vnet_tap *other = &self->other;
	struct steering other_prog = {};
	struct vnet_expect e;

	ASSERT_LE(0, stats);
	self->report.arg.hash_types = 0;
	ASSERT_START("vnet_rss.bpf.o");
	ASSERT_EQ(0, create(other, "tap1", IFF_TAP, 1, HASH_HDR));
	other_conf.key[0] ^= 0xff;
	vnet_conf_point(&other_conf);
	ASSERT_EQ(0, start(&other_prog, "vnet_rss.bpf.o", other, &other_conf,
			   &self->report));
	ASSERT_EQ(0, vnet_run("tc qdisc add dev tap0 root handle 1: prio"));
	ASSERT_EQ(0, vnet_run("tc filter add dev tap0 parent 1: matchall "
			      "action mirred egress redirect dev tap1"));

	e = vnet_conf_expect(&other_conf, self->frame, self->len, true);
	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(1, vnet_tap_recv(other, &self->pkt, TIMEOUT));
	EXPECT_HASH(e, &self->pkt);
	EXPECT_EQ(1, steering_runs(self->prog.prog));
	EXPECT_EQ(1, steering_runs(other_prog.prog));

	/* To a device without a program, that hashes nothing */
	ASSERT_EQ(0, attach(other, -1));
	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(1, vnet_tap_recv(other, &self->pkt, TIMEOUT));
	EXPECT_TRUE(zeroes(self->pkt.hdr + 12, 8));

	steering_unload(&other_prog);
	close(stats);
}

/* The example in Documentation/bpf/prog_vnet_hash.rst */
TEST_F(program, document)
{
	struct vnet_conf conf = self->report;
	struct vnet_expect e;
	unsigned int i;

	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &self->report.arg));
	ASSERT_EQ(0, steering_load(&self->prog, "vnet_doc.bpf.o"));
	ASSERT_EQ(0, attach(&self->tap, self->prog.prog));
	conf.arg.hash_types = VIRTIO_NET_RSS_HASH_TYPE_IPv4 |
			      VIRTIO_NET_RSS_HASH_TYPE_TCPv4 |
			      VIRTIO_NET_RSS_HASH_TYPE_UDPv4 |
			      VIRTIO_NET_RSS_HASH_TYPE_IPv6 |
			      VIRTIO_NET_RSS_HASH_TYPE_TCPv6 |
			      VIRTIO_NET_RSS_HASH_TYPE_UDPv6;
	for (i = 0; i < vnet_flows_count; i++) {
		self->len = vnet_flow_build(&vnet_flows[i], self->frame,
					    sizeof(self->frame));
		e = vnet_conf_expect(&conf, self->frame, self->len, true);
		ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
		ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
		EXPECT_HASH(e, &self->pkt);
		EXPECT_EQ(e.value % 4, self->pkt.queue) {
			TH_LOG("flow %s", vnet_flows[i].kind);
		}
	}
}

#define SLOWLY	"tc qdisc add dev tap0 root tbf rate 1kbit burst 200 latency 20s"

/* The packet waits while the device is told another key: it was hashed. */
TEST_F(program, configured_while_waiting)
{
	int stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
	struct vnet_conf conf2 = self->report;
	struct vnet_expect e;

	ASSERT_LE(0, stats);
	ASSERT_START("vnet_kfunc.bpf.o");
	conf2.key[0] ^= 0xff;
	vnet_conf_point(&conf2);
	e = vnet_conf_expect(&self->conf, self->frame, self->len, true);

	ASSERT_EQ(0, vnet_run(SLOWLY));
	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	EXPECT_HASH(e, &self->pkt);
	ASSERT_EQ(0, ioctl(self->tap.fds[0], TUNSETVNETHASH, &conf2.arg));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	EXPECT_HASH(e, &self->pkt);
	EXPECT_EQ(2, steering_runs(self->prog.prog));
	close(stats);
}

/* The packet waits while the program is replaced: the new one reports. */
TEST_F(program, replaced_while_waiting)
{
	int stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
	struct vnet_conf conf2 = self->conf;
	struct steering prog2 = {};
	struct vnet_expect e2;

	ASSERT_LE(0, stats);
	self->report.arg.hash_types = 0;
	ASSERT_START("vnet_rss.bpf.o");
	conf2.key[0] ^= 0xff;
	vnet_conf_point(&conf2);
	e2 = vnet_conf_expect(&conf2, self->frame, self->len, true);
	ASSERT_EQ(0, steering_load(&prog2, "vnet_rss.bpf.o"));
	ASSERT_EQ(0, steering_conf(&prog2, &conf2, &self->tap));

	ASSERT_EQ(0, vnet_run(SLOWLY));
	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	ASSERT_EQ(0, attach(&self->tap, prog2.prog));
	ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
	EXPECT_HASH(e2, &self->pkt);
	EXPECT_EQ(2, steering_runs(self->prog.prog));
	EXPECT_EQ(1, steering_runs(prog2.prog));
	steering_unload(&prog2);
	close(stats);
}

#define CSUM_SWITCHES	300	/* between the two senders */

/*
 * Send on CPU 0 without a qdisc, where the program runs in the system call, until
 * this process lost the CPU often enough.
 */
static void csum_send(const FIXTURE_DATA(program) *self, unsigned int which)
{
	unsigned char frame[64] = { 2, [11] = which, 0x88, 0xb5 };
	struct rusage usage;
	cpu_set_t cpus;
	int on = 1, fd;

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	fd = vnet_packet_socket("tap0");
	if (fd < 0 || sched_setaffinity(0, sizeof(cpus), &cpus) ||
	    setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)))
		_exit(1);
	do {
		/* The ring is full before long, and that is no matter. */
		send(fd, frame, sizeof(frame), 0);
		getrusage(RUSAGE_SELF, &usage);
	} while (usage.ru_nivcsw < CSUM_SWITCHES);
	_exit(0);
}

/* Helpers may keep what they work on with the CPU: no other run comes in between. */
TEST_F(program, runs_do_not_mix)
{
	struct vnet_csum pattern;
	int map, status, which;
	unsigned int i;
	__u64 sum;
	pid_t pid[VNET_CSUM_PATTERNS];

	ASSERT_EQ(0, steering_load(&self->prog, "vnet_csum.bpf.o"));
	map = steering_map(&self->prog, "patterns");
	for (which = 0; which < VNET_CSUM_PATTERNS; which++) {
		memset(&pattern, 0, sizeof(pattern));
		for (i = sum = 0; i < ARRAY_SIZE(pattern.words); i++) {
			pattern.words[i] = which ? 0x01010101u * (i + 3) : 0x00fe1200u + i;
			sum += (pattern.words[i] & 0xffff) + (pattern.words[i] >> 16);
		}
		while (sum >> 16)
			sum = (sum & 0xffff) + (sum >> 16);
		pattern.sum = sum;
		ASSERT_EQ(0, bpf_map_update_elem(map, &which, &pattern, 0));
	}
	ASSERT_EQ(0, attach(&self->tap, self->prog.prog));

	for (which = 0; which < VNET_CSUM_PATTERNS; which++) {
		pid[which] = fork();
		ASSERT_LE(0, pid[which]);
		if (!pid[which])
			csum_send(self, which);
	}
	/* When one is done it no longer disturbs the other, which may never be done. */
	ASSERT_LT(0, wait(&status));
	EXPECT_EQ(0, status);
	for (which = 0; which < VNET_CSUM_PATTERNS; which++)
		kill(pid[which], SIGKILL);
	wait(NULL);

	for (which = 0; which < VNET_CSUM_PATTERNS; which++) {
		ASSERT_EQ(0, bpf_map_lookup_elem(map, &which, &pattern));
		TH_LOG("pattern %d: %llu sums, %llu wrong", which, pattern.sums,
		       pattern.wrong);
		EXPECT_LT(0, pattern.sums);
		EXPECT_EQ(0, pattern.wrong);
	}
}

static bool write_text(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY);
	bool done;

	if (fd < 0)
		return false;
	done = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return done;
}

/*
 * Without memory to carry what the program would say, it runs when the packet is
 * transmitted: once all the same, and what it reports is reported.
 */
TEST_F(program, no_memory)
{
	int stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
	unsigned int n, injected = 0, queue0 = 0, i;
	char nth[16];
	struct vnet_expect e;
	int fail;

	ASSERT_LE(0, stats);
	self->report.arg.hash_types = 0;
	for (i = 0; i < self->conf.arg.indirection_table_length; i++)
		self->conf.table[i] = 2;
	ASSERT_START("vnet_rss.bpf.o");
	e = vnet_conf_expect(&self->conf, self->frame, self->len, true);
	ASSERT_EQ(2, e.queue);

	fail = open("/proc/self/fail-nth", O_RDWR);
	if (fail < 0 || !write_text("/sys/kernel/debug/failslab/verbose", "0"))
		SKIP(return, "no FAILSLAB, or no debugfs");
	for (n = 1; n < 20; n++) {
		snprintf(nth, sizeof(nth), "%u", n);
		ASSERT_LT(0, pwrite(fail, nth, strlen(nth), 0));
		ASSERT_EQ(0, vnet_tap_send(&self->tap, self->frame, self->len));
		memset(nth, 0, sizeof(nth));
		ASSERT_LT(0, pread(fail, nth, sizeof(nth) - 1, 0));
		ASSERT_EQ(1, pwrite(fail, "0", 1, 0));
		ASSERT_EQ(1, vnet_tap_recv(&self->tap, &self->pkt, TIMEOUT));
		EXPECT_HASH(e, &self->pkt);
		EXPECT_EQ(n, steering_runs(self->prog.prog));
		if (atoi(nth))	/* there were fewer allocations */
			break;
		injected++;
		queue0 += self->pkt.queue == 0;
	}
	EXPECT_EQ(2, self->pkt.queue);
	EXPECT_LT(0, queue0);
	EXPECT_LT(injected, 19);
	close(fail);
	close(stats);
}

TEST_HARNESS_MAIN
