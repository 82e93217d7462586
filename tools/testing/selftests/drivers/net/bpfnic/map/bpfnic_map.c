// SPDX-License-Identifier: GPL-2.0
/*
 * Maps of bpfnic, one rule at a time: what an operation returns, in what order keys come,
 * what is refused, and that nothing is left of it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "harness.h"
#include "bpfnic_lib.h"

#define ENTRIES		16
#define MAX_MAPS	64
#define PATIENCE_MS	5000

/* The kernel's own, which has no place in the headers of user space. */
#ifndef ENOTSUPP
#define ENOTSUPP	524
#endif

/* Parameters of the module, and what they are unless somebody sets them */
static const struct {
	const char *name;
	long long value;
} limits[] = {
	{ "max_maps", 256 }, { "max_bytes", 1 << 30 }, { "max_entries", 4194304 },
	{ "max_key_size", 64 }, { "max_value_size", 4096 }, { "hash_seed", 0 },
};

/* What each test starts with and leaves. */
struct test {
	struct nic nic;
	long long limits[ARRAY_SIZE(limits)];
	int maps[MAX_MAPS];
	int count;
	int log;
};

static void start(struct __test_metadata *_metadata, struct test *t)
{
	size_t i;

	ASSERT_EQ(0, nic_namespace());
	ASSERT_EQ(0, nic_add(&t->nic, "nic0", 0));
	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		t->limits[i] = nic_param(limits[i].name);
		ASSERT_LE(0, t->limits[i]);
	}
	t->log = nic_log_open();
	ASSERT_LE(0, t->log);
	ASSERT_EQ(0, nic_objects("maps"));
}

static void stop(struct __test_metadata *_metadata, struct test *t)
{
	size_t i;

	while (t->count)
		close(t->maps[--t->count]);
	for (i = 0; i < ARRAY_SIZE(limits); i++)
		EXPECT_EQ(0, nic_set_param(limits[i].name, t->limits[i]));
	EXPECT_EQ(0, nic_wait_objects("maps", 0, PATIENCE_MS));
	EXPECT_EQ(0, nic_del(&t->nic));
	close(t->log);
}

/* A map on the device, closed when the test ends; its file or -errno */
static int make(struct test *t, int type, uint32_t key, uint32_t value, uint32_t entries,
		uint32_t flags)
{
	int fd;

	if (t->count == MAX_MAPS)
		return -EMFILE;
	fd = nic_map(type, key, value, entries, flags, t->nic.ifindex);
	if (fd >= 0)
		t->maps[t->count++] = fd;
	return fd;
}

/* Close the map made last, and wait until it is gone. */
static int drop(struct test *t)
{
	int left = nic_objects("maps") - 1;

	close(t->maps[--t->count]);
	return nic_wait_objects("maps", left, PATIENCE_MS);
}

static int put(int fd, uint32_t key, uint64_t value, uint64_t flags)
{
	return bpf_map_update_elem(fd, &key, &value, flags);
}

static int erase(int fd, uint32_t key)
{
	return bpf_map_delete_elem(fd, &key);
}

/* A value, or -errno */
static long long get(int fd, uint32_t key)
{
	uint64_t value = 0;

	return bpf_map_lookup_elem(fd, &key, &value) ?: (long long)value;
}

/* The key behind @key, or -errno */
static long long next(int fd, uint32_t key)
{
	uint32_t found = 0;

	return bpf_map_get_next_key(fd, &key, &found) ?: (long long)found;
}

static long long first(int fd)
{
	uint32_t found = 0;

	return bpf_map_get_next_key(fd, NULL, &found) ?: (long long)found;
}

/* Are these all of the keys, in this order? */
static bool keys_are(struct __test_metadata *_metadata, int fd, const uint32_t *keys,
		     size_t count)
{
	long long key = first(fd);
	size_t i;

	for (i = 0; i < count; i++) {
		if (key != keys[i]) {
			TH_LOG("key %zu is %lld, not %u", i, key, keys[i]);
			return false;
		}
		key = next(fd, keys[i]);
	}
	return key == -ENOENT;
}

/* Rules that hold for both types */
FIXTURE(map)
{
	struct test t;
	int fd;
};

FIXTURE_VARIANT(map)
{
	int type;
};

FIXTURE_VARIANT_ADD(map, array)
{
	.type = BPF_MAP_TYPE_ARRAY,
};

FIXTURE_VARIANT_ADD(map, hash)
{
	.type = BPF_MAP_TYPE_HASH,
};

FIXTURE_SETUP(map)
{
	start(_metadata, &self->t);
	self->fd = make(&self->t, variant->type, 4, 8, ENTRIES, 0);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(map)
{
	stop(_metadata, &self->t);
}

TEST_F(map, lookup_update)
{
	uint32_t i;

	for (i = 0; i < ENTRIES; i++)
		EXPECT_EQ(0, put(self->fd, i, i + 100, BPF_ANY));
	for (i = 0; i < ENTRIES; i++)
		EXPECT_EQ(i + 100, get(self->fd, i));
	EXPECT_EQ(-ENOENT, get(self->fd, ENTRIES));
	EXPECT_EQ(-ENOENT, get(self->fd, UINT32_MAX));
	EXPECT_EQ(0, put(self->fd, 7, 5, BPF_EXIST));
	EXPECT_EQ(5, get(self->fd, 7));
	EXPECT_EQ(106, get(self->fd, 6));
	EXPECT_EQ(108, get(self->fd, 8));
	EXPECT_EQ(-EEXIST, put(self->fd, 7, 6, BPF_NOEXIST));
	EXPECT_EQ(5, get(self->fd, 7));
}

TEST_F(map, update_flags)
{
	static const uint64_t bad[] = {
		BPF_EXIST + 1, BPF_F_LOCK, BPF_F_LOCK | BPF_EXIST, 8, 1ull << 32, ~0ull,
	};
	uint64_t value;
	uint32_t key = 3;
	size_t i;

	ASSERT_EQ(0, put(self->fd, key, 1, BPF_ANY));
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EINVAL, put(self->fd, key, 2, bad[i])) {
			TH_LOG("flags %#llx", (unsigned long long)bad[i]);
		}
	EXPECT_EQ(1, get(self->fd, key));
	EXPECT_EQ(-EINVAL, bpf_map_lookup_elem_flags(self->fd, &key, &value, BPF_F_LOCK));
	EXPECT_EQ(-EINVAL, bpf_map_lookup_elem_flags(self->fd, &key, &value, BPF_EXIST));
}

/* What the map says of itself */
TEST_F(map, info)
{
	struct bpf_map_info info = {};
	uint32_t len = sizeof(info);
	struct stat ns;

	ASSERT_EQ(0, bpf_obj_get_info_by_fd(self->fd, &info, &len));
	ASSERT_EQ(0, stat("/proc/self/ns/net", &ns));
	EXPECT_EQ((uint32_t)variant->type, info.type);
	EXPECT_EQ(4, info.key_size);
	EXPECT_EQ(8, info.value_size);
	EXPECT_EQ(ENTRIES, info.max_entries);
	EXPECT_EQ(self->t.nic.ifindex, info.ifindex);
	EXPECT_EQ(ns.st_ino, info.netns_ino);
	EXPECT_EQ(1, nic_objects("maps"));
}

/* What a map's file may be used for */
TEST_F(map, access)
{
	int fd;

	fd = make(&self->t, variant->type, 4, 8, ENTRIES, BPF_F_RDONLY);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EPERM, put(fd, 1, 1, BPF_ANY));
	EXPECT_EQ(-EPERM, erase(fd, 1));
	EXPECT_EQ(variant->type == BPF_MAP_TYPE_ARRAY ? 0 : -ENOENT, get(fd, 1));

	fd = make(&self->t, variant->type, 4, 8, ENTRIES, BPF_F_WRONLY);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, put(fd, 1, 1, BPF_ANY));
	EXPECT_EQ(-EPERM, get(fd, 1));
	EXPECT_EQ(-EPERM, first(fd));

	/* For programs only */
	fd = make(&self->t, variant->type, 4, 8, ENTRIES, BPF_F_RDONLY_PROG);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, put(fd, 1, 9, BPF_ANY));
	EXPECT_EQ(9, get(fd, 1));
	fd = make(&self->t, variant->type, 4, 8, ENTRIES, BPF_F_WRONLY_PROG);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, put(fd, 1, 9, BPF_ANY));
	EXPECT_EQ(9, get(fd, 1));
}

TEST_F(map, frozen)
{
	ASSERT_EQ(0, put(self->fd, 1, 1, BPF_ANY));
	ASSERT_EQ(0, bpf_map_freeze(self->fd));
	EXPECT_EQ(-EPERM, put(self->fd, 1, 2, BPF_ANY));
	EXPECT_EQ(-EPERM, erase(self->fd, 1));
	EXPECT_EQ(1, get(self->fd, 1));
}

/* Commands that no device is asked for */
TEST_F(map, no_commands)
{
	uint64_t values[ENTRIES];
	uint32_t keys[ENTRIES], key = 1, count = ENTRIES;

	ASSERT_EQ(0, put(self->fd, key, 1, BPF_ANY));
	EXPECT_EQ(-ENOTSUPP, bpf_map_lookup_and_delete_elem(self->fd, &key, values));
	EXPECT_EQ(-ENOTSUPP, bpf_map_lookup_batch(self->fd, NULL, &key, keys, values, &count,
						  NULL));
	count = 1;
	EXPECT_EQ(-ENOTSUPP, bpf_map_update_batch(self->fd, keys, values, &count, NULL));
	EXPECT_EQ(-ENOTSUPP, bpf_map_delete_batch(self->fd, keys, &count, NULL));
	EXPECT_EQ(1, get(self->fd, 1));
}

/* All of a value is kept, and nothing behind it is touched, by the device or the kernel. */
TEST_F(map, value_sizes)
{
	static const uint32_t sizes[] = {
		1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 100, 255, 1000, 4095, 4096,
	};
	uint8_t in[4096], out[4096 + 64];
	uint64_t state;
	uint32_t key, i;
	size_t s;
	int fd;

	for (s = 0; s < ARRAY_SIZE(sizes); s++) {
		fd = make(&self->t, variant->type, 4, sizes[s], 5, 0);
		ASSERT_LE(0, fd) {
			TH_LOG("value of %u bytes", sizes[s]);
		}
		for (key = 0; key < 5; key++) {
			state = key;
			for (i = 0; i < sizes[s]; i++)
				in[i] = nic_random(&state);
			ASSERT_EQ(0, bpf_map_update_elem(fd, &key, in, BPF_ANY));
		}
		for (key = 0; key < 5; key++) {
			memset(out, 0xa5, sizeof(out));
			ASSERT_EQ(0, bpf_map_lookup_elem(fd, &key, out));
			state = key;
			for (i = 0; i < sizes[s]; i++)
				if (out[i] != (uint8_t)nic_random(&state))
					break;
			EXPECT_EQ(sizes[s], i) {
				TH_LOG("byte %u of key %u's", i, key);
			}
			for (i = sizes[s]; i < sizeof(out); i++)
				if (out[i] != 0xa5)
					break;
			EXPECT_EQ(sizeof(out), i);
		}
		ASSERT_EQ(0, drop(&self->t));
	}
}

/* Flags that the device knows nothing of are refused, and it says so where it is asked. */
TEST_F(map, refused_flags)
{
	/* The core refuses what the type does not have. */
	const struct {
		uint32_t flags;
		int asked;	/* by this type's host side, the device is asked */
		const char *name;
	} bad[] = {
		{ BPF_F_NO_PREALLOC, BPF_MAP_TYPE_HASH, "BPF_F_NO_PREALLOC" },
		{ BPF_F_NO_PREALLOC | BPF_F_RDONLY, BPF_MAP_TYPE_HASH, "BPF_F_NO_PREALLOC" },
		{ BPF_F_NO_COMMON_LRU, 0 },
		{ BPF_F_NUMA_NODE, variant->type, "BPF_F_NUMA_NODE" },
		{ BPF_F_STACK_BUILD_ID, 0 },
		{ BPF_F_ZERO_SEED, BPF_MAP_TYPE_HASH, "BPF_F_ZERO_SEED" },
		{ BPF_F_CLONE, 0 },
		{ BPF_F_MMAPABLE, BPF_MAP_TYPE_ARRAY, "BPF_F_MMAPABLE" },
		{ BPF_F_PRESERVE_ELEMS, 0 },
		{ BPF_F_INNER_MAP, BPF_MAP_TYPE_ARRAY, "BPF_F_INNER_MAP" },
		{ BPF_F_LINK, 0 },
		{ BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG, 0 },
		{ BPF_F_RDONLY | BPF_F_WRONLY, 0 },
		{ 1u << 31, 0 },
	};
	char said[100];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, make(&self->t, variant->type, 4, 8, ENTRIES, bad[i].flags)) {
			TH_LOG("flags %#x", bad[i].flags);
		}
		snprintf(said, sizeof(said), "map refused: flag %s ", bad[i].name ?: "");
		EXPECT_EQ(bad[i].asked == variant->type, nic_log_count(self->t.log, said)) {
			TH_LOG("log of flags %#x", bad[i].flags);
		}
	}
	EXPECT_EQ(1, nic_objects("maps"));
}

/* At the limit, and one beyond, which the log tells; maps made before stay. */
TEST_F(map, limit_entries)
{
	int fd;

	ASSERT_EQ(0, nic_set_param("max_entries", 100));
	fd = make(&self->t, variant->type, 4, 8, 100, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, put(fd, 99, 1, BPF_ANY));
	EXPECT_EQ(-E2BIG, make(&self->t, variant->type, 4, 8, 101, 0));
	EXPECT_EQ(1, nic_log_count(self->t.log, "map refused"));
	EXPECT_EQ(-E2BIG, make(&self->t, variant->type, 4, 8, UINT32_MAX, 0));
	ASSERT_EQ(0, nic_set_param("max_entries", 10));
	EXPECT_EQ(-E2BIG, make(&self->t, variant->type, 4, 8, 11, 0));
	EXPECT_EQ(0, put(fd, 98, 1, BPF_ANY));
	EXPECT_EQ(1, get(fd, 99));
	EXPECT_EQ(2, nic_objects("maps"));
}

TEST_F(map, limit_value_size)
{
	ASSERT_EQ(0, nic_set_param("max_value_size", 16));
	EXPECT_LE(0, make(&self->t, variant->type, 4, 16, ENTRIES, 0));
	EXPECT_EQ(0, nic_log_count(self->t.log, "map refused"));
	EXPECT_EQ(-E2BIG, make(&self->t, variant->type, 4, 17, ENTRIES, 0));
	EXPECT_EQ(1, nic_log_count(self->t.log, "map refused"));
	ASSERT_EQ(0, nic_set_param("max_value_size", 4096));
	EXPECT_LE(0, make(&self->t, variant->type, 4, 4096, ENTRIES, 0));
	EXPECT_EQ(-E2BIG, make(&self->t, variant->type, 4, 4097, ENTRIES, 0));
	EXPECT_EQ(-E2BIG, make(&self->t, variant->type, 4, INT32_MAX, ENTRIES, 0));
	EXPECT_EQ(3, nic_objects("maps"));
}

TEST_F(map, limit_maps)
{
	int i;

	ASSERT_EQ(0, nic_set_param("max_maps", 4));
	for (i = 0; i < 3; i++)
		ASSERT_LE(0, make(&self->t, variant->type, 4, 8, ENTRIES, 0));
	for (i = 0; i < 100; i++)
		EXPECT_EQ(-ENOSPC, make(&self->t, variant->type, 4, 8, ENTRIES, 0));
	EXPECT_LE(1, nic_log_count(self->t.log, "map refused"));
	EXPECT_EQ(4, nic_objects("maps"));

	/* One goes, one comes. */
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, drop(&self->t));
		EXPECT_LE(0, make(&self->t, variant->type, 4, 8, ENTRIES, 0));
		EXPECT_EQ(-ENOSPC, make(&self->t, variant->type, 4, 8, ENTRIES, 0));
	}
}

/* Memory: a map that is larger than all of it, or than what others left */
TEST_F(map, limit_bytes)
{
	int i;

	/* A hash has some elements more than it may hold. */
	ASSERT_EQ(0, nic_set_param("max_bytes", 4 << 20));
	EXPECT_EQ(-ENOSPC, make(&self->t, variant->type, 4, 1024, 4097, 0));
	EXPECT_EQ(1, nic_log_count(self->t.log, "map refused"));
	ASSERT_LE(0, make(&self->t, variant->type, 4, 1024, 2500, 0));
	for (i = 0; i < 100; i++)
		EXPECT_EQ(-ENOSPC, make(&self->t, variant->type, 4, 1024, 2500, 0));
	EXPECT_EQ(2, nic_objects("maps"));
	EXPECT_LE(0, make(&self->t, variant->type, 4, 8, ENTRIES, 0));
	ASSERT_EQ(0, drop(&self->t));
	ASSERT_EQ(0, drop(&self->t));

	/* What was refused, or is gone, counts for nothing. */
	ASSERT_LE(0, make(&self->t, variant->type, 4, 1024, 2500, 0));
	ASSERT_EQ(0, drop(&self->t));
	ASSERT_LE(0, make(&self->t, variant->type, 4, 1024, 2500, 0));
}

/* More memory than there is: refused, and not at others' expense */
TEST_F(map, no_memory)
{
	ASSERT_EQ(0, nic_set_param("max_bytes", 1ll << 44));
	ASSERT_EQ(0, nic_set_param("max_value_size", 1 << 20));
	EXPECT_EQ(-ENOMEM, make(&self->t, variant->type, 4, 4096, 4194304, 0));
	EXPECT_EQ(-ENOMEM, make(&self->t, variant->type, 4, 1 << 20, 4194304, 0));
	EXPECT_EQ(1, nic_objects("maps"));
	EXPECT_EQ(0, put(self->fd, 1, 1, BPF_ANY));
}

/* Without the privilege to make devices' maps */
TEST_F(map, not_permitted)
{
	int status = -1;
	pid_t child;

	child = fork();
	if (!child) {
		if (setuid(65534))
			_exit(1);
		_exit(make(&self->t, variant->type, 4, 8, ENTRIES, 0) == -EPERM ? 0 : 2);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
}

/* On no device, or on one that has no maps */
TEST_F(map, other_devices)
{
	EXPECT_EQ(-EINVAL, nic_map(variant->type, 4, 8, ENTRIES, 0, 12345));
	EXPECT_GT(0, nic_map(variant->type, 4, 8, ENTRIES, 0, if_nametoindex("lo")));
	EXPECT_GT(0, nic_map(variant->type, 4, 8, ENTRIES, 0, self->t.nic.wire_ifindex));
	EXPECT_EQ(1, nic_objects("maps"));
}

/* The device goes while files are open: all say so, and can be closed. */
TEST_F(map, device_gone)
{
	struct bpf_map_info info = {};
	uint32_t len = sizeof(info), key = 1;
	int fd, i;

	for (i = 0; i < 8; i++) {
		fd = make(&self->t, variant->type, 4, 8, ENTRIES, 0);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, put(fd, key, 1, BPF_ANY));
	}
	ASSERT_EQ(0, nic_del(&self->t.nic));
	EXPECT_EQ(0, nic_objects("maps"));
	for (i = 0; i < self->t.count; i++) {
		fd = self->t.maps[i];
		EXPECT_EQ(-ENODEV, get(fd, key));
		EXPECT_EQ(-ENODEV, get(fd, 99));
		EXPECT_EQ(-ENODEV, put(fd, key, 2, BPF_ANY));
		EXPECT_EQ(-ENODEV, put(fd, key, 2, BPF_NOEXIST));
		EXPECT_EQ(-ENODEV, erase(fd, key));
		EXPECT_EQ(-ENODEV, next(fd, key));
		EXPECT_EQ(-ENODEV, first(fd));
		EXPECT_EQ(-ENODEV, bpf_obj_get_info_by_fd(fd, &info, &len));
	}
}

/* Maps are made, filled and closed again and again; each starts empty. */
TEST_F(map, again)
{
	int fd, i, n = nic_slow() ? 50 : 250;

	for (i = 0; i < n; i++) {
		fd = nic_map(variant->type, 4, 8, ENTRIES, 0, self->t.nic.ifindex);
		while (fd == -ENOSPC && !nic_wait_objects("maps", 1, PATIENCE_MS))
			fd = nic_map(variant->type, 4, 8, ENTRIES, 0, self->t.nic.ifindex);
		ASSERT_LE(0, fd);
		ASSERT_EQ(variant->type == BPF_MAP_TYPE_ARRAY ? 0 : -ENOENT, get(fd, i % ENTRIES));
		ASSERT_EQ(0, put(fd, i % ENTRIES, 12345, BPF_ANY));
		close(fd);
	}
}

TEST(default_limits)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(limits); i++)
		EXPECT_EQ(limits[i].value, nic_param(limits[i].name)) {
			TH_LOG("limit %zu", i);
		}
}

/* Rules of hash maps */
FIXTURE(hash)
{
	struct test t;
	int fd;
};

FIXTURE_SETUP(hash)
{
	start(_metadata, &self->t);
	self->fd = make(&self->t, BPF_MAP_TYPE_HASH, 4, 8, ENTRIES, 0);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(hash)
{
	stop(_metadata, &self->t);
}

TEST_F(hash, empty)
{
	EXPECT_EQ(-ENOENT, get(self->fd, 0));
	EXPECT_EQ(-ENOENT, first(self->fd));
	EXPECT_EQ(-ENOENT, next(self->fd, 0));
	EXPECT_EQ(-ENOENT, erase(self->fd, 0));
	EXPECT_EQ(-ENOENT, put(self->fd, 0, 1, BPF_EXIST));
	EXPECT_EQ(-ENOENT, first(self->fd));
}

TEST_F(hash, flags)
{
	EXPECT_EQ(0, put(self->fd, 1, 1, BPF_NOEXIST));
	EXPECT_EQ(-EEXIST, put(self->fd, 1, 2, BPF_NOEXIST));
	EXPECT_EQ(1, get(self->fd, 1));
	EXPECT_EQ(0, put(self->fd, 1, 3, BPF_EXIST));
	EXPECT_EQ(3, get(self->fd, 1));
	EXPECT_EQ(-ENOENT, put(self->fd, 2, 4, BPF_EXIST));
	EXPECT_EQ(-ENOENT, get(self->fd, 2));
	EXPECT_EQ(0, erase(self->fd, 1));
	EXPECT_EQ(-ENOENT, erase(self->fd, 1));
	EXPECT_EQ(-ENOENT, put(self->fd, 1, 5, BPF_EXIST));
	EXPECT_EQ(0, put(self->fd, 1, 6, BPF_NOEXIST));
	EXPECT_EQ(6, get(self->fd, 1));
}

/* Full: nothing comes in, what is there can be replaced, and room can be made. */
TEST_F(hash, full)
{
	uint32_t i;

	for (i = 0; i < ENTRIES; i++)
		ASSERT_EQ(0, put(self->fd, i, i, BPF_NOEXIST));
	EXPECT_EQ(-E2BIG, put(self->fd, ENTRIES, 1, BPF_ANY));
	EXPECT_EQ(-E2BIG, put(self->fd, ENTRIES, 1, BPF_NOEXIST));
	EXPECT_EQ(-ENOENT, put(self->fd, ENTRIES, 1, BPF_EXIST));
	EXPECT_EQ(-EEXIST, put(self->fd, 0, 1, BPF_NOEXIST));
	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(0, put(self->fd, i % ENTRIES, i, i & 1 ? BPF_ANY : BPF_EXIST));
		ASSERT_EQ(i, get(self->fd, i % ENTRIES));
	}
	EXPECT_EQ(-E2BIG, put(self->fd, ENTRIES, 1, BPF_ANY));
	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(0, erase(self->fd, i));
		ASSERT_EQ(0, put(self->fd, i + ENTRIES, i, BPF_ANY));
		ASSERT_EQ(-E2BIG, put(self->fd, i, i, BPF_ANY));
	}
}

/* Emptied and filled at once: elements that were freed are there again. */
TEST_F(hash, refill)
{
	uint32_t round, i;

	for (round = 0; round < 50; round++) {
		for (i = 0; i < ENTRIES; i++)
			ASSERT_EQ(0, put(self->fd, round * ENTRIES + i, i, BPF_NOEXIST));
		for (i = 0; i < ENTRIES; i++)
			ASSERT_EQ(0, erase(self->fd, round * ENTRIES + (i * 7) % ENTRIES));
		ASSERT_EQ(-ENOENT, first(self->fd));
	}
}

/* One entry is the smallest map. */
TEST_F(hash, one_entry)
{
	int fd = make(&self->t, BPF_MAP_TYPE_HASH, 4, 8, 1, 0);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, put(fd, 5, 1, BPF_ANY));
	EXPECT_EQ(-E2BIG, put(fd, 6, 1, BPF_ANY));
	EXPECT_EQ(0, put(fd, 5, 2, BPF_ANY));
	EXPECT_EQ(5, first(fd));
	EXPECT_EQ(-ENOENT, next(fd, 5));
	EXPECT_EQ(5, next(fd, 6));
	EXPECT_EQ(0, erase(fd, 5));
	EXPECT_EQ(0, put(fd, 6, 1, BPF_ANY));
}

/* Keys come in the order in which they came in. */
TEST_F(hash, order)
{
	static const uint32_t in[] = { 900, 3, 77, 0, UINT32_MAX, 12 };
	static const uint32_t moved[] = { 900, 77, 0, UINT32_MAX, 12, 3 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(in); i++)
		ASSERT_EQ(0, put(self->fd, in[i], i, BPF_ANY));
	EXPECT_TRUE(keys_are(_metadata, self->fd, in, ARRAY_SIZE(in)));

	/* An update leaves a key where it is, whatever its flag, */
	EXPECT_EQ(0, put(self->fd, 900, 50, BPF_ANY));
	EXPECT_EQ(0, put(self->fd, 77, 51, BPF_EXIST));
	EXPECT_EQ(0, put(self->fd, 12, 52, BPF_ANY));
	EXPECT_EQ(-EEXIST, put(self->fd, 3, 53, BPF_NOEXIST));
	EXPECT_TRUE(keys_are(_metadata, self->fd, in, ARRAY_SIZE(in)));

	/* and one that was gone comes last. */
	EXPECT_EQ(0, erase(self->fd, 3));
	EXPECT_EQ(0, put(self->fd, 3, 54, BPF_ANY));
	EXPECT_TRUE(keys_are(_metadata, self->fd, moved, ARRAY_SIZE(moved)));
}

TEST_F(hash, next_of_unknown)
{
	ASSERT_EQ(0, put(self->fd, 10, 1, BPF_ANY));
	ASSERT_EQ(0, put(self->fd, 20, 1, BPF_ANY));
	EXPECT_EQ(10, first(self->fd));
	EXPECT_EQ(10, next(self->fd, 11));
	EXPECT_EQ(20, next(self->fd, 10));
	EXPECT_EQ(-ENOENT, next(self->fd, 20));
	ASSERT_EQ(0, erase(self->fd, 20));
	EXPECT_EQ(10, next(self->fd, 20));
	EXPECT_EQ(-ENOENT, next(self->fd, 10));
}

/* Keys go while one walks over them. */
TEST_F(hash, delete_while_walking)
{
	static const uint32_t left[] = { 0, 2, 4, 6, 7 };
	long long key, behind;
	uint32_t i, seen = 0;

	for (i = 0; i < 8; i++)
		ASSERT_EQ(0, put(self->fd, i, i, BPF_ANY));
	/* What is to come goes: it does not come. */
	for (key = first(self->fd); key >= 0; key = next(self->fd, key)) {
		ASSERT_EQ(0, key % 2);
		if (key < 6)
			ASSERT_EQ(0, erase(self->fd, key + 1));
		seen |= 1 << key;
		if (key == 6)
			break;
	}
	EXPECT_EQ(0x55, seen);
	EXPECT_TRUE(keys_are(_metadata, self->fd, left, ARRAY_SIZE(left)));

	/* The one just visited goes, after the next is known: all are visited. */
	for (i = 0, key = first(self->fd); key >= 0; key = behind, i++) {
		ASSERT_GT(ARRAY_SIZE(left), i);
		EXPECT_EQ(left[i], key);
		behind = next(self->fd, key);
		ASSERT_EQ(0, erase(self->fd, key));
	}
	EXPECT_EQ(-ENOENT, key);
	EXPECT_EQ(ARRAY_SIZE(left), i);
	EXPECT_EQ(-ENOENT, first(self->fd));
}

TEST_F(hash, insert_while_walking)
{
	long long key;
	uint32_t i = 0;

	ASSERT_EQ(0, put(self->fd, 0, 0, BPF_ANY));
	for (key = first(self->fd); key >= 0; key = next(self->fd, key)) {
		ASSERT_EQ(i, key);
		if (++i < ENTRIES)
			ASSERT_EQ(0, put(self->fd, i, 0, BPF_ANY));
		/* Where one is does not change by an update. */
		ASSERT_EQ(0, put(self->fd, key, 1, BPF_EXIST));
	}
	EXPECT_EQ(ENTRIES, i);
}

/* Each byte of a key counts. */
TEST_F(hash, key_bytes)
{
	uint8_t key[64 + 8], found[64 + 8];
	uint32_t size, i;
	uint64_t value;
	int fd;

	for (size = 1; size <= 64; size++) {
		fd = make(&self->t, BPF_MAP_TYPE_HASH, size, 8, size + 1, 0);
		ASSERT_LE(0, fd);
		/* One key with 0x5a in all bytes, and for each byte one that differs there */
		for (i = 0; i <= size; i++) {
			memset(key, 0x5a, sizeof(key));
			if (i < size)
				key[i] ^= 0x80 >> i % 8;
			value = i;
			ASSERT_EQ(0, bpf_map_update_elem(fd, key, &value, BPF_NOEXIST)) {
				TH_LOG("key %u of %u bytes", i, size);
			}
		}
		memset(found, 0xa5, sizeof(found));
		for (i = 0; i <= size; i++) {
			/* What lies behind is no part of it. */
			memset(key, 0x5a, size);
			memset(key + size, i, sizeof(key) - size);
			if (i < size)
				key[i] ^= 0x80 >> i % 8;
			ASSERT_EQ(0, bpf_map_lookup_elem(fd, key, &value));
			EXPECT_EQ(i, value);
			ASSERT_EQ(0, bpf_map_get_next_key(fd, i ? found : NULL, found));
			EXPECT_EQ(0, memcmp(key, found, size));
			EXPECT_EQ(0xa5, found[size]);
		}
		EXPECT_EQ(-ENOENT, bpf_map_get_next_key(fd, found, found));
		ASSERT_EQ(0, drop(&self->t));
	}
}

TEST_F(hash, limit_key_size)
{
	EXPECT_LE(0, make(&self->t, BPF_MAP_TYPE_HASH, 64, 8, ENTRIES, 0));
	EXPECT_EQ(0, nic_log_count(self->t.log, "map refused"));
	EXPECT_EQ(-E2BIG, make(&self->t, BPF_MAP_TYPE_HASH, 65, 8, ENTRIES, 0));
	EXPECT_EQ(1, nic_log_count(self->t.log, "map refused"));
	ASSERT_EQ(0, nic_set_param("max_key_size", 8));
	EXPECT_LE(0, make(&self->t, BPF_MAP_TYPE_HASH, 8, 8, ENTRIES, 0));
	EXPECT_EQ(-E2BIG, make(&self->t, BPF_MAP_TYPE_HASH, 9, 8, ENTRIES, 0));
	EXPECT_EQ(3, nic_objects("maps"));
}

/* What the core refuses for the type, no device sees. */
TEST_F(hash, refused_sizes)
{
	EXPECT_EQ(-EINVAL, make(&self->t, BPF_MAP_TYPE_HASH, 0, 8, ENTRIES, 0));
	EXPECT_EQ(-EINVAL, make(&self->t, BPF_MAP_TYPE_HASH, 4, 0, ENTRIES, 0));
	EXPECT_EQ(-EINVAL, make(&self->t, BPF_MAP_TYPE_HASH, 4, 8, 0, 0));
	EXPECT_EQ(-E2BIG, make(&self->t, BPF_MAP_TYPE_HASH, 4, UINT32_MAX, ENTRIES, 0));
	EXPECT_EQ(-E2BIG, make(&self->t, BPF_MAP_TYPE_HASH, UINT32_MAX, 8, ENTRIES, 0));
	EXPECT_EQ(1, nic_objects("maps"));
}

TEST_F(hash, refused_types)
{
	static const int types[] = {
		BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_PERCPU_ARRAY, BPF_MAP_TYPE_LRU_HASH,
		BPF_MAP_TYPE_LRU_PERCPU_HASH, BPF_MAP_TYPE_PROG_ARRAY,
		BPF_MAP_TYPE_PERF_EVENT_ARRAY, BPF_MAP_TYPE_CGROUP_ARRAY,
		BPF_MAP_TYPE_DEVMAP, BPF_MAP_TYPE_CPUMAP,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		EXPECT_EQ(-EINVAL, make(&self->t, types[i], 4, 4, ENTRIES, 0)) {
			TH_LOG("type %d", types[i]);
		}
	EXPECT_EQ(1, nic_objects("maps"));
}

/* The seed decides where a key lies, not what is found, nor in what order. */
TEST_F(hash, seed)
{
	static const long long seeds[] = { 0, 1, 1, 0x7fffffff };
	uint32_t keys[200], i;
	size_t s;
	int fd;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		keys[i] = i * 2654435761u;
	for (s = 0; s < ARRAY_SIZE(seeds); s++) {
		ASSERT_EQ(0, nic_set_param("hash_seed", seeds[s]));
		fd = make(&self->t, BPF_MAP_TYPE_HASH, 4, 8, ARRAY_SIZE(keys), 0);
		ASSERT_LE(0, fd);
		for (i = 0; i < ARRAY_SIZE(keys); i++)
			ASSERT_EQ(0, put(fd, keys[i], i, BPF_NOEXIST));
		for (i = 0; i < ARRAY_SIZE(keys); i++)
			ASSERT_EQ(i, get(fd, keys[i]));
		EXPECT_TRUE(keys_are(_metadata, fd, keys, ARRAY_SIZE(keys)));
	}
}

/* Rules of arrays */
FIXTURE(array)
{
	struct test t;
	int fd;
};

FIXTURE_SETUP(array)
{
	start(_metadata, &self->t);
	self->fd = make(&self->t, BPF_MAP_TYPE_ARRAY, 4, 8, ENTRIES, 0);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(array)
{
	stop(_metadata, &self->t);
}

TEST_F(array, zeroed)
{
	uint32_t i;

	for (i = 0; i < ENTRIES; i++)
		EXPECT_EQ(0, get(self->fd, i));
}

TEST_F(array, bounds)
{
	static const uint32_t out[] = { ENTRIES, ENTRIES + 1, 1u << 31, UINT32_MAX };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(out); i++) {
		EXPECT_EQ(-ENOENT, get(self->fd, out[i]));
		EXPECT_EQ(-E2BIG, put(self->fd, out[i], 1, BPF_ANY));
		EXPECT_EQ(-E2BIG, put(self->fd, out[i], 1, BPF_EXIST));
		EXPECT_EQ(0, next(self->fd, out[i]));
	}
	EXPECT_EQ(0, put(self->fd, ENTRIES - 1, 1, BPF_EXIST));
	EXPECT_EQ(-EEXIST, put(self->fd, 0, 1, BPF_NOEXIST));
}

TEST_F(array, delete)
{
	ASSERT_EQ(0, put(self->fd, 1, 5, BPF_ANY));
	EXPECT_EQ(-EINVAL, erase(self->fd, 1));
	EXPECT_EQ(-EINVAL, erase(self->fd, ENTRIES));
	EXPECT_EQ(5, get(self->fd, 1));
}

TEST_F(array, order)
{
	uint32_t keys[ENTRIES], i;

	ASSERT_EQ(0, put(self->fd, 9, 1, BPF_ANY));
	ASSERT_EQ(0, put(self->fd, 2, 1, BPF_ANY));
	for (i = 0; i < ENTRIES; i++)
		keys[i] = i;
	EXPECT_TRUE(keys_are(_metadata, self->fd, keys, ENTRIES));
}

TEST_F(array, refused_sizes)
{
	EXPECT_EQ(-EINVAL, make(&self->t, BPF_MAP_TYPE_ARRAY, 3, 8, ENTRIES, 0));
	EXPECT_EQ(-EINVAL, make(&self->t, BPF_MAP_TYPE_ARRAY, 8, 8, ENTRIES, 0));
	EXPECT_EQ(-EINVAL, make(&self->t, BPF_MAP_TYPE_ARRAY, 4, 0, ENTRIES, 0));
	EXPECT_EQ(-EINVAL, make(&self->t, BPF_MAP_TYPE_ARRAY, 4, 8, 0, 0));
	EXPECT_EQ(-E2BIG, make(&self->t, BPF_MAP_TYPE_ARRAY, 4, UINT32_MAX, ENTRIES, 0));
	EXPECT_EQ(1, nic_objects("maps"));
}

TEST_HARNESS_MAIN
