// SPDX-License-Identifier: GPL-2.0
/*
 * What bpfnic costs, in instructions, beside what the host does itself.
 *
 *   vnet_bench_nic NAME...
 *
 * packets: a frame that a packet socket sends at the other end of a device, through a
 *          program, offloaded to bpfnic or native on veth, to its end: all of that is
 *          done when send() returns.  What send() itself takes is measured with a
 *          device that drops the frame at once.
 * maps:    system calls on a hash map of 8 + 8 bytes, bpfnic's or the host's.
 *
 * To be run as vnet_bench is.
 */
#include <err.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>

#include "vnet_bench_count.h"
#include "vnet_flow.h"
#include "vnet_tap.h"

#define ROUNDS		15	/* odd, for the median */
#define PER_ROUND	1000	/* packets or system calls */
#define FRAME_LEN	64

/* A device and its other end, which frames are sent from. */
static const struct device {
	const char *name;
	const char *add;	/* what makes them */
	const char *wire;
	__u32 attach;		/* XDP_FLAGS_*, 0: no program */
} devices[] = {
	{ "send", "ip link add nic0 type dummy", "nic0", 0 },
	{ "veth", "ip link add nic0 type veth peer name wire0", "wire0",
	  XDP_FLAGS_DRV_MODE },
	{ "hw", "ip link add nic0 numtxqueues 1 numrxqueues 1 type bpfnic", "nic0_wire",
	  XDP_FLAGS_HW_MODE },
	/* The same at the other side of the device: as any driver runs it. */
	{ "native", "ip link add nic0 numtxqueues 1 numrxqueues 1 type bpfnic",
	  "nic0_wire", XDP_FLAGS_DRV_MODE },
};

/* A program, and at which end its frame appears. */
static const struct verdict {
	const char *name;
	unsigned int host, wire;
} verdicts[] = {
	{ "drop", 0, 0 },
	{ "pass", 1, 0 },
	{ "tx", 0, 1 },
};

static unsigned char frame[FRAME_LEN];

static int listen_at(const char *name)
{
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = if_nametoindex(name),
	};
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)))
		err(1, "no packet socket");
	return fd;
}

/* How many frames the device received, and has not sent. */
static unsigned int heard(int fd)
{
	unsigned int n = 0;
	unsigned char buf[FRAME_LEN];
	struct sockaddr_ll from;
	socklen_t len = sizeof(from);

	while (recvfrom(fd, buf, sizeof(buf), MSG_DONTWAIT, (struct sockaddr *)&from,
			&len) > 0) {
		n += from.sll_pkttype != PACKET_OUTGOING;
		len = sizeof(from);
	}
	return n;
}

static __u64 runs_of(int prog)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(prog, &info, &len))
		err(1, "no information about the program");
	return info.run_cnt;
}

/* One frame takes the way that is to be measured. */
static void check_way(const struct device *device, const struct verdict *verdict,
		      int prog, int out)
{
	int stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
	int host = listen_at("nic0"), wire = listen_at(device->wire);
	unsigned int at_host, at_wire;
	__u64 runs = runs_of(prog);

	if (stats < 0)
		err(1, "no statistics of programs");
	if (send(out, frame, FRAME_LEN, 0) != FRAME_LEN)
		err(1, "cannot send");
	at_host = heard(host);
	at_wire = heard(wire);
	runs = runs_of(prog) - runs;
	if (runs != 1 || at_host != verdict->host || at_wire != verdict->wire)
		errx(1, "%s.%s: the program ran %llu times, %u frames came to the host and %u back",
		     verdict->name, device->name, runs, at_host, at_wire);
	close(host);
	close(wire);
	close(stats);
}

static int attach(const char *name, const char *program, __u32 how)
{
	int ifindex = if_nametoindex(name), fd;
	struct bpf_object *object;
	struct bpf_program *prog;

	object = bpf_object__open_file("vnet_bench_nic.bpf.o", NULL);
	if (!object)
		err(1, "vnet_bench_nic.bpf.o");
	bpf_object__for_each_program(prog, object) {
		bpf_program__set_autoload(prog, !strcmp(bpf_program__name(prog), program));
		if (how == XDP_FLAGS_HW_MODE)
			bpf_program__set_ifindex(prog, ifindex);
	}
	if (bpf_object__load(object))
		err(1, "cannot load %s", program);
	fd = bpf_program__fd(bpf_object__find_program_by_name(object, program));
	if (bpf_xdp_attach(ifindex, fd, how, NULL))
		err(1, "%s cannot be attached to %s", program, name);
	return fd;
}

/* A frame of a protocol that the host does not know, to the host's side of the device. */
static void build_frame(void)
{
	static const unsigned char mac[ETH_ALEN] = { 2, 0, 0, 0, 0, 1 };
	struct ethhdr *eth = (struct ethhdr *)frame;

	memcpy(eth->h_dest, mac, ETH_ALEN);
	memcpy(eth->h_source, mac, ETH_ALEN);
	eth->h_source[ETH_ALEN - 1] = 2;
	eth->h_proto = htons(ETH_P_802_EX1);
	if (vnet_run("ip link set nic0 address 02:00:00:00:00:01"))
		errx(1, "cannot set the device's address");
}

static void bench_packets(const struct device *device, const struct verdict *verdict)
{
	uint64_t taken[ROUNDS], before;
	int out, prog = -1;
	unsigned int r, i;

	if (vnet_new_netns())
		err(1, "no network namespace");
	if (vnet_run("%s", device->add))
		errx(1, "cannot make the device");
	build_frame();
	if (vnet_run("ip link set nic0 up") || vnet_run("ip link set %s up", device->wire))
		errx(1, "cannot bring the device up");
	if (verdict)
		prog = attach("nic0", verdict->name, device->attach);
	/* A veth sends frames of a program only to one that has a program. */
	if (verdict && verdict->wire && !strcmp(device->name, "veth"))
		attach(device->wire, "pass", XDP_FLAGS_DRV_MODE);
	out = vnet_packet_socket(device->wire);
	if (out < 0)
		err(1, "no packet socket");
	/* Until the kernel has noticed the link. */
	usleep(1500000);
	if (verdict)
		check_way(device, verdict, prog, out);
	/* What that has the kernel do later, it does now. */
	usleep(100000);

	for (r = 0; r < ROUNDS; r++) {
		before = __rdtsc();
		for (i = 0; i < PER_ROUND; i++)
			if (send(out, frame, FRAME_LEN, 0) != FRAME_LEN)
				err(1, "cannot send");
		taken[r] = __rdtsc() - before;
	}
	printf("bpfnic.%s%s%s - 1 0 %u %.1f\n", verdict ? verdict->name : "",
	       verdict ? "." : "", device->name, FRAME_LEN,
	       bench_median(taken, ROUNDS) / PER_ROUND);
}

/* Maps */

enum call { UPDATE, LOOKUP, NEXT, DELETE, INSERT, CALLS };

static const char *const calls[CALLS] = { "update", "lookup", "next", "delete", "insert" };

/* Key number @i: the numbers in no order that a hash could profit from. */
static __u64 key_of(__u64 i)
{
	i = (i ^ i >> 30) * 0xbf58476d1ce4e5b9;
	i = (i ^ i >> 27) * 0x94d049bb133111eb;
	return i ^ i >> 31;
}

static int make_map(bool device, unsigned int entries)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts);

	if (device)
		opts.map_ifindex = if_nametoindex("nic0");
	else
		opts.map_flags = BPF_F_ZERO_SEED;
	return bpf_map_create(BPF_MAP_TYPE_HASH, "bench", sizeof(__u64), sizeof(__u64),
			      entries, &opts);
}

static int do_call(enum call call, int map, const __u64 *key, __u64 *value)
{
	switch (call) {
	case UPDATE:
		return bpf_map_update_elem(map, key, value, BPF_EXIST);
	case LOOKUP:
		return bpf_map_lookup_elem(map, key, value);
	case NEXT:
		return bpf_map_get_next_key(map, key, value);
	case DELETE:
		return bpf_map_delete_elem(map, key);
	default:
		return bpf_map_update_elem(map, key, value, BPF_NOEXIST);
	}
}

/* Each round asks PER_ROUND keys from all over the map, which is full again at its end. */
static void bench_map(bool device, unsigned int entries)
{
	static uint64_t taken[CALLS][ROUNDS];
	static __u64 keys[PER_ROUND];
	uint64_t before;
	unsigned int r, i;
	enum call call;
	__u64 value;
	int map;

	if (vnet_new_netns())
		err(1, "no network namespace");
	if (device && vnet_run("ip link add nic0 type bpfnic"))
		errx(1, "cannot make the device");
	map = make_map(device, entries);
	if (map < 0)
		err(1, "no map of %u entries", entries);
	for (i = 0; i < entries; i++) {
		__u64 key = key_of(i);

		value = i;
		if (bpf_map_update_elem(map, &key, &value, BPF_NOEXIST))
			err(1, "no room for entry %u", i);
	}
	usleep(100000);

	for (r = 0; r < ROUNDS; r++) {
		for (i = 0; i < PER_ROUND; i++)
			keys[i] = key_of((i * (entries / PER_ROUND) + r) % entries);
		for (call = 0; call < CALLS; call++) {
			before = __rdtsc();
			for (i = 0; i < PER_ROUND; i++) {
				value = i;
				/* The last key has no next one. */
				if (do_call(call, map, &keys[i], &value) &&
				    (call != NEXT || errno != ENOENT))
					err(1, "%s of key %u", calls[call], i);
			}
			taken[call][r] = __rdtsc() - before;
			if (call == LOOKUP && value != PER_ROUND - 1)
				errx(1, "another value than that of the key came");
		}
	}
	for (call = 0; call < CALLS; call++)
		printf("bpfnic.%s.%s - 1 %u 8 %.1f\n", calls[call],
		       device ? "map" : "host", entries,
		       bench_median(taken[call], ROUNDS) / PER_ROUND);
}

static bool run_packets(const char *name)
{
	char buf[64];
	size_t d, v;

	for (d = 0; d < ARRAY_SIZE(devices); d++) {
		if (!devices[d].attach && !strcmp(name, devices[d].name)) {
			bench_packets(&devices[d], NULL);
			return true;
		}
		for (v = 0; devices[d].attach && v < ARRAY_SIZE(verdicts); v++) {
			snprintf(buf, sizeof(buf), "%s.%s", verdicts[v].name,
				 devices[d].name);
			if (!strcmp(name, buf)) {
				bench_packets(&devices[d], &verdicts[v]);
				return true;
			}
		}
	}
	return false;
}

static bool run_map(const char *name)
{
	unsigned int entries;
	char what[8];

	if (sscanf(name, "%7[a-z].%u", what, &entries) != 2 || entries < PER_ROUND)
		return false;
	if (strcmp(what, "map") && strcmp(what, "host"))
		return false;
	bench_map(!strcmp(what, "map"), entries);
	return true;
}

/* In a process of its own: its namespace goes with it. */
static int run(const char *name)
{
	int status;
	pid_t pid;

	pid = fork();
	if (pid < 0)
		err(1, "cannot fork");
	if (!pid) {
		if (!run_packets(name) && !run_map(name))
			errx(2, "there is no '%s' to measure", name);
		exit(0);
	}
	if (waitpid(pid, &status, 0) != pid)
		err(1, "waitpid");
	/* Let the kernel clean up. */
	usleep(100000);
	return status ? 1 : 0;
}

int main(int argc, char **argv)
{
	const struct sched_param first = { .sched_priority = 1 };
	int failed = 0;

	bench_check_clock();
	if (sched_setscheduler(0, SCHED_FIFO, &first))
		err(1, "sched_setscheduler");
	for (; argc > 1; argv++, argc--)
		failed |= run(argv[1]);
	return failed;
}
