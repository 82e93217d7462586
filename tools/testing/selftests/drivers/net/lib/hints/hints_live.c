// SPDX-License-Identifier: GPL-2.0
#include <endian.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>

#include "hints_live.h"
#include "vnet_hash_ref.h"

#define PAUSE_MS	150
#define SETTLED_NS	100000000ull
#define MAX_RECORDS	1000000

#define TWO_TUPLE	(RXH_IP_SRC | RXH_IP_DST)
#define FOUR_TUPLE	(TWO_TUPLE | RXH_L4_B_0_1 | RXH_L4_B_2_3)

/* enum xdp_rss_hash_type */
#define TYPE_IPV4	0x1
#define TYPE_UDPV4	0x29

/**
 * struct conf - what ethtool sets
 * @rxhash: -K rxhash
 * @ports: -N rx-flow-hash udp4 sdfn, or else sd
 * @key: which, for -X hkey
 * @table: which, for -X weight
 */
struct conf {
	bool rxhash;
	bool ports;
	unsigned int key;
	unsigned int table;
};

/**
 * struct change - by one call of ethtool
 * @begin: ns, CLOCK_MONOTONIC
 * @end: when it returned
 * @conf: what holds then
 * @err: what it returned
 */
struct change {
	uint64_t begin;
	uint64_t end;
	struct conf conf;
	int err;
};

struct live_shared {
	struct change changes[LIVE_CHANGES + 1];
	bool done;
};

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static void make_key(uint8_t *key, unsigned int which)
{
	unsigned int i;

	for (i = 0; i < FAKE_KEY_SIZE; i++)
		key[i] = (i + 1) * (which ? 0x9d : 0x35) ^ i >> 1;
}

/**
 * live_frame() - make a packet
 * @frame: room for LIVE_FRAME_LEN bytes
 * @number: of the packet, by which its ports differ from others', too
 */
void live_frame(uint8_t *frame, uint32_t number)
{
	static const uint8_t start[] = {
		0x52, 0x54, 0, 0x12, 0x34, 0x56, 0x52, 0x54, 0, 0x12, 0x34, 0x01, 0x08, 0x00,
		0x45, 0, 0, LIVE_FRAME_LEN - 14, 0, 0, 0, 0, 64, 17, 0, 0,
		192, 0, 2, 1, 192, 0, 2, 2, 0, 0, 0, 9, 0, LIVE_FRAME_LEN - 34, 0, 0,
	};

	memset(frame, 0, LIVE_FRAME_LEN);
	memcpy(frame, start, sizeof(start));
	frame[34] = number >> 8;
	frame[35] = number;
	frame[36] = number >> 24;
	frame[37] = number >> 16;
	frame[HINTS_NUMBER_AT] = number >> 24;
	frame[HINTS_NUMBER_AT + 1] = number >> 16;
	frame[HINTS_NUMBER_AT + 2] = number >> 8;
	frame[HINTS_NUMBER_AT + 3] = number;
}

static int set(struct fake_dev *dev, const struct conf *old, const struct conf *new)
{
	uint32_t table[FAKE_TABLE];
	uint8_t key[FAKE_KEY_SIZE];
	unsigned int i;

	if (old->rxhash != new->rxhash)
		return fake_set_feature(dev, "rx-hashing", new->rxhash);
	if (old->ports != new->ports)
		return fake_set_flow(dev, UDP_V4_FLOW, new->ports ? FOUR_TUPLE : TWO_TUPLE);
	if (old->key != new->key) {
		make_key(key, new->key);
		return fake_set_key(dev, key, FAKE_KEY_SIZE);
	}
	for (i = 0; i < FAKE_TABLE; i++)
		table[i] = new->table ? i % LIVE_PAIRS : (FAKE_TABLE - i) % LIVE_PAIRS;
	return fake_set_table(dev, table, FAKE_TABLE);
}

/* The other process: one change after the other */
static void change_it(struct fake_dev *dev, struct live_shared *shared)
{
	struct conf conf = shared->changes[0].conf, next;
	struct change *change;
	unsigned int i;

	for (i = 1; i <= LIVE_CHANGES; i++) {
		next = conf;
		switch (i % 4) {
		case 0:
			next.key = !next.key;
			break;
		case 1:
			next.table = !next.table;
			break;
		case 2:
			next.ports = !next.ports;
			break;
		case 3:
			next.rxhash = !next.rxhash;
			break;
		}
		change = &shared->changes[i];
		change->conf = next;
		change->begin = now();
		change->err = set(dev, &conf, &next);
		change->end = now();
		conf = next;
		usleep(PAUSE_MS * 1000);
	}
	__atomic_store_n(&shared->done, true, __ATOMIC_RELEASE);
}

static int keep(void *ctx, void *data, size_t len)
{
	struct live *live = ctx;

	if (live->count < MAX_RECORDS)
		live->records[live->count++] = *(struct hints_record *)data;
	return 0;
}

/* Is the hint what @conf makes of the packet? */
static bool right(const struct hints_record *r, const struct conf *conf)
{
	struct vnet_hash_ref_result hash;
	uint8_t frame[LIVE_FRAME_LEN], key[FAKE_KEY_SIZE];
	uint32_t types = VIRTIO_NET_RSS_HASH_TYPE_IPv4;

	if (!conf->rxhash)
		return r->rc == -ENODATA;
	if (conf->ports)
		types |= VIRTIO_NET_RSS_HASH_TYPE_UDPv4;
	make_key(key, conf->key);
	live_frame(frame, r->number);
	hash = vnet_hash_ref(frame, LIVE_FRAME_LEN, 1, types, key, FAKE_KEY_SIZE);
	return !r->rc && r->hash == hash.value &&
	       r->type == (conf->ports ? TYPE_UDPV4 : TYPE_IPV4);
}

static int query(struct live *live, uint32_t *id)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, opts);
	int err;

	err = bpf_xdp_query(live->dev->ifindex, XDP_FLAGS_DRV_MODE, &opts);
	*id = opts.drv_prog_id;
	return err;
}

static int load(struct live *live)
{
	struct bpf_program *prog;

	live->object = bpf_object__open_file("xdp_hints.bpf.o", NULL);
	if (!live->object)
		return -errno;
	bpf_object__for_each_program(prog, live->object)
		bpf_program__set_autoload(prog, !strcmp(bpf_program__name(prog), "record"));
	prog = bpf_object__find_program_by_name(live->object, "record");
	bpf_program__set_ifindex(prog, live->dev->ifindex);
	bpf_program__set_flags(prog, BPF_F_XDP_DEV_BOUND_ONLY);
	return bpf_object__load(live->object) ?:
	       bpf_xdp_attach(live->dev->ifindex, bpf_program__fd(prog), XDP_FLAGS_DRV_MODE,
			      NULL) ?:
	       query(live, &live->prog_id);
}

/**
 * live_start() - attach the program, and set what is to be changed
 * @live: to be filled
 * @dev: a device with RSS, a hash report, and LIVE_PAIRS queue pairs, which is up
 *
 * Return: 0 or -errno.  live_stop() is to be called in either case.
 */
int live_start(struct live *live, struct fake_dev *dev)
{
	const struct conf other = { .rxhash = false, .ports = true, .key = 1, .table = 1 };
	const struct conf first = { .rxhash = true };
	struct conf step = other;
	int err;

	*live = (struct live) { .dev = dev };
	live->records = calloc(MAX_RECORDS, sizeof(*live->records));
	live->shared = mmap(NULL, sizeof(*live->shared), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!live->records || live->shared == MAP_FAILED)
		return -ENOMEM;
	err = fake_set_pairs(dev, LIVE_PAIRS) ?: load(live);
	if (err)
		return err;
	live->ring = ring_buffer__new(bpf_object__find_map_fd_by_name(live->object, "records"),
				      keep, live, NULL);
	if (!live->ring)
		return -errno;

	/* Each is set once, so that all are known. */
	step.rxhash = first.rxhash;
	err = set(dev, &other, &step);
	step = other;
	step.ports = first.ports;
	err = err ?: set(dev, &other, &step);
	step = other;
	step.key = first.key;
	err = err ?: set(dev, &other, &step);
	step = other;
	step.table = first.table;
	err = err ?: set(dev, &other, &step);
	live->shared->changes[0].conf = first;
	live->shared->changes[0].end = now();
	return err;
}

/**
 * live_change() - have another process change the configuration, LIVE_CHANGES times
 * @live: test
 *
 * Return: 0 or -errno.
 */
int live_change(struct live *live)
{
	live->child = fork();
	if (!live->child) {
		change_it(live->dev, live->shared);
		_exit(0);
	}
	return live->child < 0 ? -errno : 0;
}

/**
 * live_changing() - does it still do so?
 * @live: test
 */
bool live_changing(const struct live *live)
{
	return !__atomic_load_n(&live->shared->done, __ATOMIC_ACQUIRE);
}

/**
 * live_collect() - take what the program has recorded
 * @live: test
 */
void live_collect(struct live *live)
{
	ring_buffer__consume(live->ring);
}

/**
 * live_judge() - compare the hints with what the configurations make of the packets
 * @live: test, with the changes done
 * @log: for the first ones that are wrong
 */
struct live_result live_judge(struct live *live, FILE *log)
{
	const struct change *c = live->shared->changes;
	struct live_result result = {};
	const struct hints_record *r;
	unsigned int i, k = 0;
	uint32_t id;

	waitpid(live->child, NULL, 0);
	live->child = 0;
	live_collect(live);
	for (i = 1; i <= LIVE_CHANGES; i++)
		result.refused += !!c[i].err;
	for (i = 0; i < live->count; i++) {
		r = &live->records[i];
		while (k < LIVE_CHANGES && c[k + 1].begin <= r->time)
			k++;
		if (!k || r->time > c[k].end + SETTLED_NS) {
			result.settled++;
			if (right(r, &c[k].conf))
				continue;
		} else {
			result.other++;
			if (right(r, &c[k].conf) || right(r, &c[k - 1].conf))
				continue;
		}
		if (result.wrong++ < 5)
			fprintf(log, "# packet %u, %lld us after change %u: %d, %08x of %#x\n",
				r->number, (long long)(r->time - c[k].end) / 1000, k, r->rc,
				r->hash, r->type);
	}
	result.reloaded = query(live, &id) || id != live->prog_id;
	return result;
}

/**
 * live_stop() - end the test
 * @live: test
 */
void live_stop(struct live *live)
{
	if (live->child > 0) {
		kill(live->child, SIGKILL);
		waitpid(live->child, NULL, 0);
	}
	ring_buffer__free(live->ring);
	bpf_object__close(live->object);
	if (live->shared && live->shared != MAP_FAILED)
		munmap(live->shared, sizeof(*live->shared));
	free(live->records);
}
