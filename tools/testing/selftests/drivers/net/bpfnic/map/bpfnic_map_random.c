// SPDX-License-Identifier: GPL-2.0
/*
 * Random operations, each on a map of bpfnic and on the same map of the host: what they
 * return has to be the same.  In what order a hash map's keys come, which is the device's
 * own affair, a model in the test says.
 *
 * 1,000,000 operations in all; VNET_SEED=NUMBER, or =random, gives others.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "harness.h"
#include "bpfnic_lib.h"

#define SEED		20180111
#define PHASES		10
#define MAX_KEY		64
#define MAX_VALUE	4096
#define NOBODY		UINT32_MAX

/**
 * struct entry - of the model: what is known of one key
 * @present: it is in the map
 * @value: what its value was made of
 * @before: number of the key that came in before it, or NOBODY
 * @behind: number of the key that came in after it, or NOBODY
 */
struct entry {
	bool present;
	uint64_t value;
	uint32_t before;
	uint32_t behind;
};

FIXTURE(random)
{
	struct nic nic;
	struct entry *entries;
	uint32_t head;
	uint32_t tail;
	uint32_t count;
	uint64_t seed;
	uint64_t state;
	int device;
	int host;
};

/*
 * @type: BPF_MAP_TYPE_*
 * @key: bytes
 * @value: bytes
 * @capacity: max_entries
 * @keys: how many different keys are used
 * @at: where in a key its number is, at the start (0) or the end (1); all other bytes
 *	are the same, so that few of a key's bytes tell it from its neighbours
 * @operations: thousands
 */
FIXTURE_VARIANT(random)
{
	int type;
	uint32_t key;
	uint32_t value;
	uint32_t capacity;
	uint32_t keys;
	int at;
	uint32_t operations;
};

#define SHAPE(name, t, k, v, c, n, a, ops)						\
	FIXTURE_VARIANT_ADD(random, name)						\
	{										\
		.type = BPF_MAP_TYPE_##t, .key = k, .value = v, .capacity = c,		\
		.keys = n, .at = a, .operations = ops,					\
	}

SHAPE(hash_1_1,		HASH, 1, 1, 16, 24, 0, 60);
SHAPE(hash_1_7,		HASH, 1, 7, 150, 256, 0, 60);
SHAPE(hash_2_16,	HASH, 2, 16, 400, 600, 1, 60);
SHAPE(hash_3_5,		HASH, 3, 5, 100, 150, 1, 60);
SHAPE(hash_4_4,		HASH, 4, 4, 1000, 1500, 0, 80);
SHAPE(hash_5_8,		HASH, 5, 8, 1, 3, 1, 30);
SHAPE(hash_8_8,		HASH, 8, 8, 2500, 6500, 1, 150);
SHAPE(hash_8_8_roomy,	HASH, 8, 8, 4096, 1000, 0, 60);
SHAPE(hash_13_100,	HASH, 13, 100, 420, 700, 1, 80);
SHAPE(hash_16_4096,	HASH, 16, 4096, 40, 60, 0, 30);
SHAPE(hash_31_33,	HASH, 31, 33, 240, 400, 1, 80);
SHAPE(hash_64_64,	HASH, 64, 64, 1000, 2600, 1, 80);
SHAPE(hash_64_4096,	HASH, 64, 4096, 7, 12, 0, 30);
SHAPE(array_1,		ARRAY, 4, 1, 1, 3, 0, 20);
SHAPE(array_4,		ARRAY, 4, 4, 100, 110, 0, 40);
SHAPE(array_33,		ARRAY, 4, 33, 1000, 1020, 0, 50);
SHAPE(array_4096,	ARRAY, 4, 4096, 50, 60, 0, 30);

static void make_key(const FIXTURE_VARIANT(random) *v, uint32_t number, uint8_t *key)
{
	uint32_t i, bytes = v->key < 4 ? v->key : 4;

	memset(key, 0x6b, v->key);
	for (i = 0; i < bytes; i++)
		key[v->at ? v->key - 1 - i : i] = number >> 8 * i;
}

static void make_value(const FIXTURE_VARIANT(random) *v, uint64_t from, uint8_t *value)
{
	uint64_t word;
	uint32_t i;

	for (i = 0; i < v->value; i += 8) {
		word = nic_random(&from);
		memcpy(value + i, &word, v->value - i < 8 ? v->value - i : 8);
	}
}

FIXTURE_SETUP(random)
{
	ASSERT_EQ(0, nic_namespace());
	ASSERT_EQ(0, nic_add(&self->nic, "nic0", 0));
	self->device = nic_map(variant->type, variant->key, variant->value,
			       variant->capacity, 0, self->nic.ifindex);
	ASSERT_LE(0, self->device);
	self->host = nic_map(variant->type, variant->key, variant->value, variant->capacity,
			     0, 0);
	ASSERT_LE(0, self->host);
	self->entries = calloc(variant->keys, sizeof(*self->entries));
	ASSERT_NE(NULL, self->entries);
	self->head = NOBODY;
	self->tail = NOBODY;
	if (variant->type == BPF_MAP_TYPE_ARRAY)
		self->count = variant->capacity;
	self->seed = nic_seed(SEED);
	/* No two shapes use the same sequence. */
	self->state = self->seed ^ variant->key << 16 ^ variant->value ^
		      (uint64_t)variant->capacity << 32;
}

FIXTURE_TEARDOWN(random)
{
	close(self->device);
	close(self->host);
	EXPECT_EQ(0, nic_wait_objects("maps", 0, 5000));
	EXPECT_EQ(0, nic_del(&self->nic));
	free(self->entries);
}

/* The model of a hash map: a list by when keys came in */
static void model_put(FIXTURE_DATA(random) *self, uint32_t key, uint64_t value)
{
	struct entry *e = &self->entries[key];

	e->value = value;
	if (e->present)
		return;
	e->present = true;
	e->before = self->tail;
	e->behind = NOBODY;
	if (self->tail == NOBODY)
		self->head = key;
	else
		self->entries[self->tail].behind = key;
	self->tail = key;
	self->count++;
}

static void model_erase(FIXTURE_DATA(random) *self, uint32_t key)
{
	struct entry *e = &self->entries[key];

	if (e->before == NOBODY)
		self->head = e->behind;
	else
		self->entries[e->before].behind = e->behind;
	if (e->behind == NOBODY)
		self->tail = e->before;
	else
		self->entries[e->behind].before = e->before;
	e->present = false;
	self->count--;
}

/* Which key is to come behind @key, which may be NOBODY? */
static uint32_t model_next(const FIXTURE_DATA(random) *self, uint32_t key)
{
	if (key == NOBODY || !self->entries[key].present)
		return self->head;
	return self->entries[key].behind;
}

/* One operation on both; what is wrong with it, or NULL */
static const char *operate(FIXTURE_DATA(random) *self, const FIXTURE_VARIANT(random) *v,
			   unsigned int phase)
{
	static const uint64_t flags[] = { BPF_ANY, BPF_ANY, BPF_NOEXIST, BPF_EXIST };
	uint8_t key[MAX_KEY], value[MAX_VALUE], device[MAX_VALUE], host[MAX_VALUE];
	bool array = v->type == BPF_MAP_TYPE_ARRAY;
	uint64_t from, flag;
	uint32_t number, other, dice, deletes;
	int got, want;

	dice = nic_random(&self->state) % 100;
	number = nic_random(&self->state) % v->keys;
	make_key(v, number, key);
	/* Some phases fill the map, some empty it. */
	deletes = phase % 3 == 2 ? 45 : 12;

	if (dice < deletes) {
		got = bpf_map_delete_elem(self->device, key);
		want = bpf_map_delete_elem(self->host, key);
		if (got != want)
			return "delete";
		if (!want)
			model_erase(self, number);
		return NULL;
	}
	if (dice < 58) {
		from = nic_random(&self->state);
		flag = flags[from % 4];
		if (from % 64 == 63)
			flag = from >> 6 & 1 ? BPF_EXIST + 1 : 1ull << (from >> 7) % 61 << 3;
		make_value(v, from, value);
		got = bpf_map_update_elem(self->device, key, value, flag);
		/* Of unknown flags, the host's types do not know all. */
		want = flag > BPF_EXIST ? -EINVAL :
		       bpf_map_update_elem(self->host, key, value, flag);
		if (got != want)
			return "update";
		if (!want && !array)
			model_put(self, number, from);
		return NULL;
	}
	if (dice < 80) {
		memset(device, 0xa5, v->value);
		memset(host, 0xa5, v->value);
		got = bpf_map_lookup_elem(self->device, key, device);
		want = bpf_map_lookup_elem(self->host, key, host);
		if (got != want)
			return "lookup";
		if (memcmp(device, host, v->value))
			return "lookup's value";
		return NULL;
	}
	if (dice == 99)
		number = NOBODY;
	memset(device, 0xa5, v->key);
	memset(host, 0xa5, v->key);
	got = bpf_map_get_next_key(self->device, number == NOBODY ? NULL : key, device);
	if (array) {
		want = bpf_map_get_next_key(self->host, number == NOBODY ? NULL : key, host);
	} else {
		other = model_next(self, number);
		want = other == NOBODY ? -ENOENT : 0;
		if (!want)
			make_key(v, other, host);
	}
	if (got != want)
		return "next key's result";
	return memcmp(device, host, v->key) ? "next key" : NULL;
}

/* All of both maps: are they the same, and in the model's order? */
static const char *compare(FIXTURE_DATA(random) *self, const FIXTURE_VARIANT(random) *v)
{
	uint8_t key[MAX_KEY], want[MAX_KEY], device[MAX_VALUE], host[MAX_VALUE];
	bool array = v->type == BPF_MAP_TYPE_ARRAY;
	uint32_t number = array ? 0 : self->head, count = 0;
	int err;

	for (err = bpf_map_get_next_key(self->device, NULL, key); !err;
	     err = bpf_map_get_next_key(self->device, key, key), count++) {
		if (count >= self->count)
			return "more keys than went in";
		make_key(v, number, want);
		if (memcmp(key, want, v->key))
			return "order of keys";
		if (bpf_map_lookup_elem(self->device, key, device) ||
		    bpf_map_lookup_elem(self->host, key, host) ||
		    memcmp(device, host, v->value))
			return "value in the dump";
		if (!array) {
			make_value(v, self->entries[number].value, host);
			if (memcmp(device, host, v->value))
				return "value by the model";
		}
		number = array ? number + 1 : self->entries[number].behind;
	}
	if (err != -ENOENT)
		return "end of the dump";
	if (count != self->count)
		return "fewer keys than went in";

	/* What the host has, the device has: as many, so they are the same set. */
	count = 0;
	for (err = bpf_map_get_next_key(self->host, NULL, key); !err;
	     err = bpf_map_get_next_key(self->host, key, key))
		count++;
	return count == self->count ? NULL : "number of the host's keys";
}

TEST_F(random, operations)
{
	uint32_t i, n = variant->operations * 1000 / (nic_slow() ? 10 : 1);
	unsigned int phase, full = 0;
	const char *wrong;

	for (phase = 0; phase < PHASES; phase++) {
		for (i = 0; i < n / PHASES; i++) {
			wrong = operate(self, variant, phase);
			ASSERT_EQ(NULL, wrong) {
				TH_LOG("%s differs in operation %u of phase %u, seed %" PRIu64,
				       wrong, i, phase, self->seed);
			}
			full += self->count == variant->capacity;
		}
		wrong = compare(self, variant);
		ASSERT_EQ(NULL, wrong) {
			TH_LOG("%s differs after phase %u, seed %" PRIu64, wrong, phase,
			       self->seed);
		}
	}
	TH_LOG("seed %" PRIu64 ": %u operations, before %u of them it was full", self->seed,
	       n, full);
	/* A map that has fewer places than keys has been full, if there was time. */
	if (variant->keys > variant->capacity && !nic_slow())
		EXPECT_LT(0, full);
}

TEST_HARNESS_MAIN
