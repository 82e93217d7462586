// SPDX-License-Identifier: GPL-2.0
/*
 * Maps on the device: arrays and hashes.
 *
 * A hash's elements are allocated when the map is made, more of them than the map
 * may hold, so that an update takes a new one, replaces the old one with it and
 * leaves that to programs that may still look at it until a grace period has
 * passed.  All that changes a map, and all that reads it in system calls, holds
 * its lock; programs look up keys and use values as RCU readers.
 */
#include <linux/jhash.h>
#include <linux/moduleparam.h>
#include <linux/random.h>
#include <linux/rculist.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/unaligned.h>
#include <linux/vmalloc.h>

#include "bpfnic.h"

static unsigned int max_maps = 256;
module_param(max_maps, uint, 0644);
MODULE_PARM_DESC(max_maps, "maps that a device can hold (256); this and the other limits are those of maps made later");

static unsigned int max_entries = 4 << 20;
module_param(max_entries, uint, 0644);
MODULE_PARM_DESC(max_entries, "elements of one map (4194304)");

static unsigned int max_key_size = 64;
module_param(max_key_size, uint, 0644);
MODULE_PARM_DESC(max_key_size, "bytes of a key (64)");

static unsigned int max_value_size = 4096;
module_param(max_value_size, uint, 0644);
MODULE_PARM_DESC(max_value_size, "bytes of a value (4096)");

static ulong max_bytes = 1UL << 30;
module_param(max_bytes, ulong, 0644);
MODULE_PARM_DESC(max_bytes, "bytes that all maps of a device can take (1073741824)");

static unsigned int hash_seed;
module_param(hash_seed, uint, 0644);
MODULE_PARM_DESC(hash_seed, "seed of the hash function, to measure with; 0: random for each map (0)");

/* Elements of a hash beyond those that it may hold. */
#define BPFNIC_MIN_SPARES	64
#define BPFNIC_MAX_SPARES	1024

#define BPFNIC_MAP_FLAGS	(BPF_F_RDONLY | BPF_F_WRONLY | \
				 BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG)

/**
 * struct bpfnic_elem - an element of a hash
 * @node: in its bucket
 * @list: in bpfnic_map::order or bpfnic_map::free
 * @gp: when free: the grace period that must have passed before it is used
 * @key: the key; the value comes at bpfnic_map::value_off
 */
struct bpfnic_elem {
	struct hlist_node node;
	struct list_head list;
	unsigned long gp;
	u8 key[] __aligned(8);
};

static void *elem_value(const struct bpfnic_map *map, struct bpfnic_elem *elem)
{
	return (void *)elem + map->value_off;
}

static struct bpfnic_elem *elem_at(const struct bpfnic_map *map, u32 i)
{
	return map->elems + (u64)i * map->elem_size;
}

static struct hlist_head *bucket_of(const struct bpfnic_map *map, const void *key)
{
	u32 hash;

	/* A program's key may be a place in a frame. */
	if (map->key_size % sizeof(u32) == 0 &&
	    IS_ENABLED(CONFIG_HAVE_EFFICIENT_UNALIGNED_ACCESS))
		hash = jhash2(key, map->key_size / sizeof(u32), map->seed);
	else
		hash = jhash(key, map->key_size, map->seed);
	return &map->buckets[hash & map->mask];
}

/* Under the map's lock, or as an RCU reader. */
static struct bpfnic_elem *elem_find(const struct bpfnic_map *map,
				     const struct hlist_head *bucket, const void *key)
{
	struct bpfnic_elem *elem;

	hlist_for_each_entry_rcu(elem, bucket, node, lockdep_is_held(&map->lock))
		if (!memcmp(elem->key, key, map->key_size))
			return elem;
	return NULL;
}

/* The value of index *@key of an array, NULL if there is no such index. */
static void *array_at(const struct bpfnic_map *map, const void *key)
{
	u32 i = get_unaligned((const u32 *)key);

	if (unlikely(i >= map->max_entries))
		return NULL;
	return map->elems + (u64)i * map->elem_size;
}

/**
 * bpfnic_map_lookup() - find a key's value for a program
 * @map: the map
 * @key: bpfnic_map::key_size bytes
 *
 * Context: RCU reader, which the result is for.
 * Return: the value in the map, or NULL.
 */
void *bpfnic_map_lookup(struct bpfnic_map *map, const void *key)
{
	struct bpfnic_elem *elem;

	if (map->type == BPF_MAP_TYPE_ARRAY)
		return array_at(map, key);
	elem = elem_find(map, bucket_of(map, key), key);
	return elem ? elem_value(map, elem) : NULL;
}

/* Values are copied by words, each of which a program sees as a whole.  @from may be a
 * place in a frame.
 */
static void value_copy(const struct bpfnic_map *map, void *to, const void *from)
{
	u32 i, words = round_down(map->value_size, sizeof(long));

	for (i = 0; i < words; i += sizeof(long))
		WRITE_ONCE(*(long *)(to + i), get_unaligned((const long *)(from + i)));
	memcpy(to + words, from + words, map->value_size - words);
}

/* An element that nobody uses, nor looks at any more; NULL if there is none yet. */
static struct bpfnic_elem *elem_take(struct bpfnic_map *map)
{
	struct bpfnic_elem *elem;

	if (map->num_fresh)
		return elem_at(map, --map->num_fresh);
	/* There are more elements than can be in use: one is free. */
	elem = list_first_entry(&map->free, struct bpfnic_elem, list);
	if (unlikely(!poll_state_synchronize_rcu(elem->gp)))
		return NULL;
	list_del(&elem->list);
	return elem;
}

static void elem_free(struct bpfnic_map *map, struct bpfnic_elem *elem)
{
	elem->gp = get_state_synchronize_rcu();
	list_add_tail(&elem->list, &map->free);
}

static int array_update(struct bpfnic_map *map, const void *key, const void *value,
			u64 flags)
{
	void *to = array_at(map, key);

	if (!to)
		return -E2BIG;
	if (flags == BPF_NOEXIST)
		return -EEXIST;
	spin_lock_bh(&map->lock);
	value_copy(map, to, value);
	spin_unlock_bh(&map->lock);
	return 0;
}

static int hash_update(struct bpfnic_map *map, const void *key, const void *value,
		       u64 flags, bool may_sleep)
{
	struct hlist_head *bucket = bucket_of(map, key);
	struct bpfnic_elem *old, *new;
	unsigned long gp;
	int err = 0;

again:
	spin_lock_bh(&map->lock);
	old = elem_find(map, bucket, key);
	if (old && flags == BPF_NOEXIST)
		err = -EEXIST;
	else if (!old && flags == BPF_EXIST)
		err = -ENOENT;
	else if (!old && map->count == map->max_entries)
		err = -E2BIG;
	if (err)
		goto unlock;

	new = elem_take(map);
	if (unlikely(!new)) {
		if (may_sleep) {
			gp = list_first_entry(&map->free, struct bpfnic_elem, list)->gp;
			spin_unlock_bh(&map->lock);
			cond_synchronize_rcu_expedited(gp);
			goto again;
		}
		/* A program is faster than grace periods pass. */
		start_poll_synchronize_rcu();
		if (old)
			value_copy(map, elem_value(map, old), value);
		else
			err = -ENOMEM;
		goto unlock;
	}

	memcpy(new->key, key, map->key_size);
	memcpy(elem_value(map, new), value, map->value_size);
	if (old) {
		hlist_replace_rcu(&old->node, &new->node);
		list_replace(&old->list, &new->list);
		elem_free(map, old);
	} else {
		hlist_add_head_rcu(&new->node, bucket);
		list_add_tail(&new->list, &map->order);
		map->count++;
	}
unlock:
	spin_unlock_bh(&map->lock);
	return err;
}

/**
 * bpfnic_map_update() - set a key's value
 * @map: the map
 * @key: bpfnic_map::key_size bytes
 * @value: bpfnic_map::value_size bytes
 * @flags: BPF_ANY, BPF_NOEXIST or BPF_EXIST
 * @may_sleep: wait for a grace period if all free elements do.  Otherwise the value
 *	of a key that is there is then written over the old one, word by word
 *
 * Context: process if @may_sleep, otherwise RCU reader, also in softirqs.
 * Return: 0; -EINVAL for other @flags; -EEXIST, -ENOENT as @flags ask; -E2BIG if
 *	the map is full or has no such index; -ENOMEM for a new key without
 *	@may_sleep, when no element can be used yet.
 */
int bpfnic_map_update(struct bpfnic_map *map, const void *key, const void *value,
		      u64 flags, bool may_sleep)
{
	if (unlikely(flags > BPF_EXIST))
		return -EINVAL;
	if (map->type == BPF_MAP_TYPE_ARRAY)
		return array_update(map, key, value, flags);
	return hash_update(map, key, value, flags, may_sleep);
}

/**
 * bpfnic_map_delete() - remove a key
 * @map: the map
 * @key: bpfnic_map::key_size bytes
 *
 * Context: any but hard interrupts.
 * Return: 0; -ENOENT if it is not there; -EINVAL for an array.
 */
int bpfnic_map_delete(struct bpfnic_map *map, const void *key)
{
	struct bpfnic_elem *elem;

	if (map->type == BPF_MAP_TYPE_ARRAY)
		return -EINVAL;
	spin_lock_bh(&map->lock);
	elem = elem_find(map, bucket_of(map, key), key);
	if (elem) {
		hlist_del_rcu(&elem->node);
		list_del(&elem->list);
		elem_free(map, elem);
		map->count--;
	}
	spin_unlock_bh(&map->lock);
	return elem ? 0 : -ENOENT;
}

/* The hooks of system calls; the core holds bpf_devs_lock as a reader. */

static int bpfnic_dev_lookup(struct bpf_offloaded_map *offmap, void *key, void *value)
{
	struct bpfnic_map *map = offmap->dev_priv;
	void *from;

	spin_lock_bh(&map->lock);
	from = bpfnic_map_lookup(map, key);
	if (from)
		value_copy(map, value, from);
	spin_unlock_bh(&map->lock);
	return from ? 0 : -ENOENT;
}

static int bpfnic_dev_update(struct bpf_offloaded_map *offmap, void *key, void *value,
			     u64 flags)
{
	return bpfnic_map_update(offmap->dev_priv, key, value, flags, true);
}

static int bpfnic_dev_delete(struct bpf_offloaded_map *offmap, void *key)
{
	return bpfnic_map_delete(offmap->dev_priv, key);
}

static int array_next(const struct bpfnic_map *map, const void *key, void *next)
{
	u32 i = key ? *(u32 *)key : U32_MAX;

	if (i == map->max_entries - 1)
		return -ENOENT;
	*(u32 *)next = i >= map->max_entries ? 0 : i + 1;
	return 0;
}

static int hash_next(struct bpfnic_map *map, const void *key, void *next)
{
	struct bpfnic_elem *elem = NULL;
	struct list_head *pos;
	int err = 0;

	spin_lock_bh(&map->lock);
	if (key)
		elem = elem_find(map, bucket_of(map, key), key);
	pos = elem ? elem->list.next : map->order.next;
	if (pos == &map->order)
		err = -ENOENT;
	else
		memcpy(next, list_entry(pos, struct bpfnic_elem, list)->key,
		       map->key_size);
	spin_unlock_bh(&map->lock);
	return err;
}

static int bpfnic_dev_next(struct bpf_offloaded_map *offmap, void *key, void *next)
{
	struct bpfnic_map *map = offmap->dev_priv;

	if (map->type == BPF_MAP_TYPE_ARRAY)
		return array_next(map, key, next);
	return hash_next(map, key, next);
}

static const struct bpf_map_dev_ops bpfnic_map_ops = {
	.map_get_next_key	= bpfnic_dev_next,
	.map_lookup_elem	= bpfnic_dev_lookup,
	.map_update_elem	= bpfnic_dev_update,
	.map_delete_elem	= bpfnic_dev_delete,
};

/* MAP_ALLOC has no extack: the reason goes to the kernel's log. */
#define refuse(dev, err, fmt, ...)						\
({										\
	if (net_ratelimit())							\
		netdev_info(dev, "map refused: " fmt "\n", ##__VA_ARGS__);	\
	err;									\
})

static int refuse_flags(struct net_device *dev, u32 flags)
{
	static const struct {
		u32 flag;
		const char *name;
	} known[] = {
		{ BPF_F_MMAPABLE,	"BPF_F_MMAPABLE (which maps of global variables have)" },
		{ BPF_F_NO_PREALLOC,	"BPF_F_NO_PREALLOC" },
		{ BPF_F_NUMA_NODE,	"BPF_F_NUMA_NODE" },
		{ BPF_F_ZERO_SEED,	"BPF_F_ZERO_SEED" },
		{ BPF_F_INNER_MAP,	"BPF_F_INNER_MAP" },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (flags & known[i].flag)
			return refuse(dev, -EINVAL, "flag %s is not supported", known[i].name);
	return refuse(dev, -EINVAL, "flags %#x are not supported", flags);
}

/* The core has checked the sizes of keys and values by what the host's maps allow. */
static int map_check(const struct bpfnic_dev *bdev, struct net_device *dev,
		     const struct bpfnic_map *map, const struct bpf_map *core)
{
	if (core->map_flags & ~BPFNIC_MAP_FLAGS)
		return refuse_flags(dev, core->map_flags & ~BPFNIC_MAP_FLAGS);
	if (map->key_size > max_key_size)
		return refuse(dev, -E2BIG, "keys of %u bytes, max_key_size is %u",
			      map->key_size, max_key_size);
	if (map->value_size > max_value_size)
		return refuse(dev, -E2BIG, "values of %u bytes, max_value_size is %u",
			      map->value_size, max_value_size);
	if (map->max_entries > max_entries)
		return refuse(dev, -E2BIG, "%u entries, max_entries is %u",
			      map->max_entries, max_entries);
	if (bdev->num_maps >= max_maps)
		return refuse(dev, -ENOSPC, "the device has %u maps, max_maps is %u",
			      bdev->num_maps, max_maps);
	return 0;
}

/* Memory as for the host's maps: charged to who makes the map, and without the OOM
 * killer.
 */
static void *map_mem(u64 size)
{
	if (size > SIZE_MAX)
		return NULL;
	return kvmalloc(size, GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NOWARN |
			      __GFP_RETRY_MAYFAIL);
}

/**
 * bpfnic_map_alloc() - make a map on the device (BPF_OFFLOAD_MAP_ALLOC)
 * @bdev: the device
 * @dev: the port that it is made on, for messages
 * @offmap: what is asked for; gets its dev_ops and dev_priv
 *
 * Context: rtnl and bpf_devs_lock, as a writer.  May sleep.
 * Return: 0; -EINVAL for what is not supported; -E2BIG for a key, a value or a
 *	number of entries beyond the limits; -ENOSPC when the device has no room for
 *	one more; -ENOMEM.  The reason is in the kernel's log.
 */
int bpfnic_map_alloc(struct bpfnic_dev *bdev, struct net_device *dev,
		     struct bpf_offloaded_map *offmap)
{
	const struct bpf_map *core = &offmap->map;
	u64 num_elems, elems_size, num_buckets = 0;
	struct bpfnic_map *map;
	int err;

	map = kzalloc(sizeof(*map), GFP_KERNEL_ACCOUNT);
	if (!map)
		return -ENOMEM;
	refcount_set(&map->ref, 1);
	map->bdev = bdev;
	map->offmap = offmap;
	map->type = core->map_type;
	map->key_size = core->key_size;
	map->value_size = core->value_size;
	map->max_entries = core->max_entries;
	spin_lock_init(&map->lock);

	mutex_lock(&bdev->lock);
	err = map_check(bdev, dev, map, core);
	if (err)
		goto err_unlock;

	num_elems = map->max_entries;
	map->elem_size = round_up(map->value_size, 8);
	if (map->type == BPF_MAP_TYPE_HASH) {
		num_elems += clamp(map->max_entries, BPFNIC_MIN_SPARES,
				   BPFNIC_MAX_SPARES);
		map->value_off = offsetof(struct bpfnic_elem, key) +
				 round_up(map->key_size, 8);
		map->elem_size += map->value_off;
		num_buckets = roundup_pow_of_two((u64)map->max_entries);
		map->mask = num_buckets - 1;
	}
	elems_size = num_elems * map->elem_size;
	map->bytes = sizeof(*map) + elems_size + num_buckets * sizeof(*map->buckets);
	if (map->bytes > max_bytes || bdev->map_bytes > max_bytes - map->bytes) {
		err = refuse(dev, -ENOSPC,
			     "%llu bytes, %llu are taken and max_bytes is %lu",
			     map->bytes, bdev->map_bytes, max_bytes);
		goto err_unlock;
	}

	map->elems = map_mem(elems_size);
	if (num_buckets)
		map->buckets = map_mem(num_buckets * sizeof(*map->buckets));
	if (!map->elems || (num_buckets && !map->buckets)) {
		err = refuse(dev, -ENOMEM, "no memory for %llu bytes", map->bytes);
		goto err_unlock;
	}
	if (map->type == BPF_MAP_TYPE_HASH) {
		map->seed = hash_seed ?: get_random_u32();
		map->num_fresh = num_elems;
		INIT_LIST_HEAD(&map->order);
		INIT_LIST_HEAD(&map->free);
	}

	list_add_tail(&map->list, &bdev->maps);
	bdev->num_maps++;
	bdev->map_bytes += map->bytes;
	mutex_unlock(&bdev->lock);

	offmap->dev_ops = &bpfnic_map_ops;
	offmap->dev_priv = map;
	return 0;

err_unlock:
	mutex_unlock(&bdev->lock);
	bpfnic_map_put(map);
	return err;
}

/**
 * bpfnic_map_free() - the core gives a map up (BPF_OFFLOAD_MAP_FREE)
 * @offmap: the map; a program that the device still runs may use it for a while
 *
 * Context: rtnl and bpf_devs_lock, as a writer.
 */
void bpfnic_map_free(struct bpf_offloaded_map *offmap)
{
	struct bpfnic_map *map = offmap->dev_priv;
	struct bpfnic_dev *bdev = map->bdev;

	mutex_lock(&bdev->lock);
	list_del(&map->list);
	bdev->num_maps--;
	bdev->map_bytes -= map->bytes;
	mutex_unlock(&bdev->lock);
	offmap->dev_priv = NULL;
	bpfnic_map_put(map);
}

/**
 * bpfnic_map_get() - hold a map
 * @map: the map, which somebody else holds
 */
void bpfnic_map_get(struct bpfnic_map *map)
{
	refcount_inc(&map->ref);
}

/**
 * bpfnic_map_put() - let a map go; the last one frees it
 * @map: the map, which no RCU reader finds any more through what held it
 *
 * Context: any but hard interrupts.
 */
void bpfnic_map_put(struct bpfnic_map *map)
{
	if (!refcount_dec_and_test(&map->ref))
		return;
	kvfree(map->buckets);
	kvfree(map->elems);
	kfree(map);
}

/**
 * bpfnic_map_show_limits() - the limits of maps, and what of them is used
 * @s: where to
 * @bdev: the device, whose lock is held
 */
void bpfnic_map_show_limits(struct seq_file *s, struct bpfnic_dev *bdev)
{
	seq_printf(s, "maps %u of %u\n", bdev->num_maps, max_maps);
	seq_printf(s, "bytes %llu of %lu\n", bdev->map_bytes, max_bytes);
	seq_printf(s, "max_entries %u\n", max_entries);
	seq_printf(s, "max_key_size %u\n", max_key_size);
	seq_printf(s, "max_value_size %u\n", max_value_size);
}

/**
 * bpfnic_map_show() - the maps of a device, one a line
 * @s: where to
 * @bdev: the device, whose lock is held
 */
void bpfnic_map_show(struct seq_file *s, struct bpfnic_dev *bdev)
{
	const struct bpfnic_map *map;

	list_for_each_entry(map, &bdev->maps, list) {
		bool is_hash = map->type == BPF_MAP_TYPE_HASH;

		seq_printf(s, "id %u type %s key %u value %u max_entries %u used %u bytes %llu\n",
			   map->offmap->map.id, is_hash ? "hash" : "array", map->key_size,
			   map->value_size, map->max_entries,
			   is_hash ? READ_ONCE(map->count) : map->max_entries, map->bytes);
	}
}
