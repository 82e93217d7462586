// SPDX-License-Identifier: GPL-2.0
/*
 * A map of 1,000,000 entries, filled, read and emptied; and values of many words that are
 * read while they are written.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "harness.h"
#include "bpfnic_lib.h"

#define MILLION		1000000u
#define WORDS		64
#define TORN_KEYS	4
#define TORN_MS		4000
#define READERS		2

FIXTURE(large)
{
	struct nic nic;
	int map;
};

FIXTURE_SETUP(large)
{
	ASSERT_EQ(0, nic_namespace());
	ASSERT_EQ(0, nic_add(&self->nic, "nic0", 0));
	self->map = -1;
}

FIXTURE_TEARDOWN(large)
{
	close(self->map);
	EXPECT_EQ(0, nic_wait_objects("maps", 0, 20000));
	EXPECT_EQ(0, nic_del(&self->nic));
}

/* A key that tells nothing of its place, and back: odd numbers have an inverse. */
static uint64_t key_of(uint64_t number)
{
	return number * 0x9e3779b97f4a7c15ull;
}

static uint64_t number_of(uint64_t key)
{
	return key * 0xf1de83e19937733dull;
}

static uint64_t value_of(uint64_t number)
{
	return nic_random(&number);
}

static int fill(int map, uint64_t count)
{
	uint64_t i, key, value;
	int err;

	for (i = 0; i < count; i++) {
		key = key_of(i);
		value = value_of(i);
		err = bpf_map_update_elem(map, &key, &value, BPF_NOEXIST);
		if (err)
			return err;
	}
	return 0;
}

/* On a busy machine it takes long: the time-outs are far off, and progress is shown. */
TEST_F_TIMEOUT(large, million, 1800)
{
	uint64_t i, key, value, count = nic_slow() ? MILLION / 40 : MILLION, begin = nic_now();
	int err;

	ASSERT_EQ(1, number_of(key_of(1)));
	self->map = nic_map(BPF_MAP_TYPE_HASH, 8, 8, count, 0, self->nic.ifindex);
	ASSERT_LE(0, self->map);
	ASSERT_EQ(0, fill(self->map, count));
	key = key_of(count);
	EXPECT_EQ(-E2BIG, bpf_map_update_elem(self->map, &key, &key, BPF_ANY));
	TH_LOG("filled: %" PRIu64 " ms", (nic_now() - begin) / 1000000);

	begin = nic_now();
	i = 0;
	for (err = bpf_map_get_next_key(self->map, NULL, &key); !err;
	     err = bpf_map_get_next_key(self->map, &key, &key), i++) {
		ASSERT_EQ(i, number_of(key));
		ASSERT_EQ(0, bpf_map_lookup_elem(self->map, &key, &value));
		ASSERT_EQ(value_of(i), value);
	}
	EXPECT_EQ(-ENOENT, err);
	EXPECT_EQ(count, i);
	TH_LOG("read: %" PRIu64 " ms", (nic_now() - begin) / 1000000);

	/* Not in the order in which they came */
	begin = nic_now();
	for (i = 0; i < count; i++) {
		key = key_of(i * 7919 % count);
		ASSERT_EQ(0, bpf_map_delete_elem(self->map, &key)) {
			TH_LOG("delete %" PRIu64, i);
		}
	}
	EXPECT_EQ(-ENOENT, bpf_map_get_next_key(self->map, NULL, &key));
	TH_LOG("emptied: %" PRIu64 " ms", (nic_now() - begin) / 1000000);

	/* And all places are there again. */
	ASSERT_EQ(0, fill(self->map, count / 10));
}

TEST_F_TIMEOUT(large, bpftool_dump, 1800)
{
	uint64_t i = 0, begin, key, value, count = nic_slow() ? MILLION / 40 : MILLION;
	struct bpf_map_info info = {};
	uint32_t len = sizeof(info);
	char command[128], *line = NULL, *at;
	size_t room = 0;
	FILE *f;

	if (nic_run_quiet("command -v bpftool"))
		SKIP(return, "no bpftool");
	self->map = nic_map(BPF_MAP_TYPE_HASH, 8, 8, count, 0, self->nic.ifindex);
	ASSERT_LE(0, self->map);
	ASSERT_EQ(0, fill(self->map, count));
	begin = nic_now();
	ASSERT_EQ(0, bpf_obj_get_info_by_fd(self->map, &info, &len));
	snprintf(command, sizeof(command), "bpftool -j map dump id %u | tr '{' '\\n'", info.id);
	f = popen(command, "r");
	ASSERT_NE(NULL, f);
	while (getline(&line, &room, f) > 0) {
		at = strstr(line, "\"key\":");
		if (!at)
			continue;
		key = nic_bytes(at, 8);
		at = strstr(line, "\"value\":");
		ASSERT_NE(NULL, at);
		value = nic_bytes(at, 8);
		ASSERT_EQ(i, number_of(key));
		ASSERT_EQ(value_of(i), value);
		if (++i % (count / 10) == 0)
			TH_LOG("%" PRIu64 " dumped", i);
	}
	EXPECT_EQ(0, pclose(f));
	EXPECT_EQ(count, i);
	TH_LOG("dumped: %" PRIu64 " ms", (nic_now() - begin) / 1000000);
	free(line);
}

/* Values of many words, all of which are the same: no reader may see two kinds. */
FIXTURE(torn)
{
	struct nic nic;
	int map;
};

FIXTURE_VARIANT(torn)
{
	int type;
};

FIXTURE_VARIANT_ADD(torn, array)
{
	.type = BPF_MAP_TYPE_ARRAY,
};

FIXTURE_VARIANT_ADD(torn, hash)
{
	.type = BPF_MAP_TYPE_HASH,
};

FIXTURE_SETUP(torn)
{
	ASSERT_EQ(0, nic_namespace());
	ASSERT_EQ(0, nic_add(&self->nic, "nic0", 0));
	self->map = nic_map(variant->type, 4, WORDS * 8, TORN_KEYS, 0, self->nic.ifindex);
	ASSERT_LE(0, self->map);
}

FIXTURE_TEARDOWN(torn)
{
	close(self->map);
	EXPECT_EQ(0, nic_wait_objects("maps", 0, 5000));
	EXPECT_EQ(0, nic_del(&self->nic));
}

struct worker {
	pthread_t thread;
	int map;
	bool removes;		/* keys, too */
	uint64_t end;
	uint64_t done;		/* operations */
	uint64_t changes;	/* that a reader saw */
	uint64_t torn;
	int err;
};

static void *write_values(void *arg)
{
	uint64_t value[WORDS], n = 0;
	struct worker *w = arg;
	uint32_t key, i;
	int err;

	while (nic_now() < w->end) {
		n++;
		for (i = 0; i < WORDS; i++)
			value[i] = n;
		key = n % TORN_KEYS;
		err = w->removes && n % 3 == 0 ? bpf_map_delete_elem(w->map, &key) : 0;
		err = err ?: bpf_map_update_elem(w->map, &key, value, BPF_ANY);
		if (err)
			w->err = err;
		w->done++;
	}
	return NULL;
}

static void *read_values(void *arg)
{
	uint64_t value[WORDS], last = 0;
	struct worker *w = arg;
	uint32_t key, i;
	int err;

	while (nic_now() < w->end) {
		key = w->done % TORN_KEYS;
		err = bpf_map_lookup_elem(w->map, &key, value);
		w->done++;
		if (err == -ENOENT && w->removes)
			continue;
		if (err)
			w->err = err;
		for (i = 1; i < WORDS; i++)
			if (value[i] != value[0]) {
				w->torn++;
				break;
			}
		w->changes += value[0] != last;
		last = value[0];
	}
	return NULL;
}

TEST_F(torn, values)
{
	struct worker w[1 + READERS] = {};
	uint64_t zero[WORDS] = {};
	uint32_t key, i;

	for (key = 0; key < TORN_KEYS; key++)
		ASSERT_EQ(0, bpf_map_update_elem(self->map, &key, zero, BPF_ANY));
	for (i = 0; i < ARRAY_SIZE(w); i++) {
		w[i].map = self->map;
		w[i].removes = variant->type == BPF_MAP_TYPE_HASH;
		w[i].end = nic_now() + TORN_MS * 1000000ull;
		ASSERT_EQ(0, pthread_create(&w[i].thread, NULL,
					    i ? read_values : write_values, &w[i]));
	}
	for (i = 0; i < ARRAY_SIZE(w); i++) {
		ASSERT_EQ(0, pthread_join(w[i].thread, NULL));
		EXPECT_EQ(0, w[i].err);
		EXPECT_EQ(0, w[i].torn);
		EXPECT_LT(nic_slow() ? 100 : 1000, w[i].done);
		if (i)
			EXPECT_LT(10, w[i].changes);
		TH_LOG("%s: %" PRIu64 " operations, %" PRIu64 " changes", i ? "reader" : "writer",
		       w[i].done, w[i].changes);
	}
}

TEST_HARNESS_MAIN
