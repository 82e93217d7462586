// SPDX-License-Identifier: GPL-2.0
/*
 * TUNSETVNETHASH: virtio-net's receive hash and RSS in tun and tap
 *
 * See Documentation/networking/tun-vnet-hash.rst.
 */

#include <linux/atomic.h>
#include <linux/export.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/tun_vnet_hash.h>
#include <linux/uaccess.h>

#define TUN_VNET_HASH_FLAGS	(TUN_VNET_HASH_REPORT | TUN_VNET_HASH_RSS)

/* The ABI: no padding, the same on 32 and 64 bits. */
static_assert(sizeof(struct tun_vnet_hash_cap) == 32);
static_assert(sizeof(struct tun_vnet_hash) == 64);
static_assert(offsetof(struct tun_vnet_hash, indirection_table) == 16);

/*
 * Whoever may make a device, in a namespace of his own, may turn this on and off
 * as fast as he likes: let it not patch code each time.
 */
DEFINE_STATIC_KEY_DEFERRED_FALSE(tun_vnet_hash_used, HZ);
EXPORT_SYMBOL_GPL(tun_vnet_hash_used);

/**
 * tun_vnet_hash_new_owner - name a new device
 *
 * Context: any.
 * Return: a number that no other device has or had since boot, never 0.
 */
u64 tun_vnet_hash_new_owner(void)
{
	static atomic64_t last;

	return atomic64_inc_return(&last);
}
EXPORT_SYMBOL_GPL(tun_vnet_hash_new_owner);

/**
 * tun_vnet_hash_get_cap - TUNGETVNETHASHCAP
 * @argp: struct tun_vnet_hash_cap in user space, written
 *
 * Context: process context, may fault.
 * Return: 0 or -EFAULT.
 */
int tun_vnet_hash_get_cap(void __user *argp)
{
	static const struct tun_vnet_hash_cap cap = {
		.flags = TUN_VNET_HASH_FLAGS,
		.hash_types = VIRTIO_NET_HASH_TYPES_ALL,
		.max_indirection_table_length = TUN_VNET_HASH_MAX_TABLE,
		.max_key_size = VIRTIO_NET_HASH_MAX_KEY,
	};

	return copy_to_user(argp, &cap, sizeof(cap)) ? -EFAULT : 0;
}
EXPORT_SYMBOL_GPL(tun_vnet_hash_get_cap);

static bool tun_vnet_hash_reserved_clear(const struct tun_vnet_hash *arg)
{
	return !arg->reserved0 &&
	       !memchr_inv(arg->reserved, 0, sizeof(arg->reserved));
}

static int tun_vnet_hash_check(const struct tun_vnet_hash *arg,
			       unsigned int max_queues)
{
	if (arg->flags & TUN_VNET_HASH_RSS &&
	    (!is_power_of_2(arg->indirection_table_length) ||
	     arg->indirection_table_length > TUN_VNET_HASH_MAX_TABLE ||
	     arg->unclassified_queue >= max_queues))
		return -EINVAL;

	if (arg->key_size < virtio_net_hash_key_size(arg->hash_types) ||
	    arg->key_size > VIRTIO_NET_HASH_MAX_KEY)
		return -EINVAL;

	return 0;
}

static int tun_vnet_hash_copy(const struct tun_vnet_hash *arg,
			      unsigned int max_queues,
			      struct tun_vnet_hash_conf *conf)
{
	unsigned int i;

	if (copy_from_user(conf->table, u64_to_user_ptr(arg->indirection_table),
			   conf->table_length * sizeof(*conf->table)) ||
	    copy_from_user(conf->key, u64_to_user_ptr(arg->key), arg->key_size))
		return -EFAULT;

	for (i = 0; i < conf->table_length; i++)
		if (conf->table[i] >= max_queues)
			return -EINVAL;

	return 0;
}

/**
 * tun_vnet_hash_parse - read the argument of TUNSETVNETHASH
 * @argp: struct tun_vnet_hash in user space
 * @max_queues: queues that a device may have; none named may be beyond
 * @confp: where to put the configuration, to be passed to
 *	   tun_vnet_hash_replace() or kvfree(); NULL means off
 *
 * Context: process context, may fault and sleep.
 * Return: 0, -EFAULT for an unreadable argument, table or key, -ENOMEM, or
 *	   -EINVAL for an unknown flag or type, a reserved field that is not 0,
 *	   a table length that is no power of two or above the maximum, a queue
 *	   of @max_queues or more, a key too short for the types or too long.
 */
int tun_vnet_hash_parse(const void __user *argp, unsigned int max_queues,
			struct tun_vnet_hash_conf **confp)
{
	struct tun_vnet_hash_conf *conf;
	struct tun_vnet_hash arg;
	u16 table_length;
	int err;

	if (copy_from_user(&arg, argp, sizeof(arg)))
		return -EFAULT;

	if (arg.flags & ~TUN_VNET_HASH_FLAGS ||
	    arg.hash_types & ~VIRTIO_NET_HASH_TYPES_ALL ||
	    !tun_vnet_hash_reserved_clear(&arg))
		return -EINVAL;

	if (!arg.flags) {
		*confp = NULL;
		return 0;
	}

	err = tun_vnet_hash_check(&arg, max_queues);
	if (err)
		return err;

	table_length = arg.flags & TUN_VNET_HASH_RSS ?
		       arg.indirection_table_length : 0;
	conf = kvzalloc(struct_size(conf, table, table_length),
			GFP_KERNEL_ACCOUNT);
	if (!conf)
		return -ENOMEM;

	conf->flags = arg.flags;
	conf->types = arg.hash_types;
	conf->key_size = arg.key_size;
	conf->table_length = table_length;
	if (table_length)
		conf->unclassified_queue = arg.unclassified_queue;

	err = tun_vnet_hash_copy(&arg, max_queues, conf);
	if (err) {
		kvfree(conf);
		return err;
	}

	virtio_net_toeplitz_init(&conf->toeplitz, conf->key, conf->key_size);
	*confp = conf;
	return 0;
}
EXPORT_SYMBOL_GPL(tun_vnet_hash_parse);

/**
 * tun_vnet_hash_get_conf - TUNGETVNETHASH
 * @conf: configuration, NULL when off
 * @argp: struct tun_vnet_hash in user space.  Read: the pointers to table and
 *	  key, and by the two lengths how much may be written there.  Written:
 *	  the configuration, with its true lengths.
 *
 * Context: process context, may fault; @conf must stay, so under the lock of
 *	    its owner.
 * Return: 0, -EFAULT, or -EINVAL for a reserved field that is not 0.
 */
int tun_vnet_hash_get_conf(const struct tun_vnet_hash_conf *conf,
			   void __user *argp)
{
	u16 table_room, key_room;
	struct tun_vnet_hash arg;

	if (copy_from_user(&arg, argp, sizeof(arg)))
		return -EFAULT;

	if (!tun_vnet_hash_reserved_clear(&arg))
		return -EINVAL;

	table_room = arg.indirection_table_length;
	key_room = arg.key_size;

	arg.flags = conf ? conf->flags : 0;
	arg.hash_types = conf ? conf->types : 0;
	arg.indirection_table_length = conf ? conf->table_length : 0;
	arg.unclassified_queue = conf ? conf->unclassified_queue : 0;
	arg.key_size = conf ? conf->key_size : 0;

	if (conf &&
	    (copy_to_user(u64_to_user_ptr(arg.indirection_table), conf->table,
			  min(table_room, conf->table_length) *
			  sizeof(*conf->table)) ||
	     copy_to_user(u64_to_user_ptr(arg.key), conf->key,
			  min(key_room, conf->key_size))))
		return -EFAULT;

	return copy_to_user(argp, &arg, sizeof(arg)) ? -EFAULT : 0;
}
EXPORT_SYMBOL_GPL(tun_vnet_hash_get_conf);

/**
 * tun_vnet_hash_replace - put another configuration in place
 * @slot: the device's configuration
 * @conf: from tun_vnet_hash_parse(), or NULL to turn off; owned by @slot now
 *
 * Packets see the old configuration or the new one, never parts of both.
 *
 * Context: process context, may sleep; calls for one @slot are serialized by
 *	    the caller.
 */
void tun_vnet_hash_replace(struct tun_vnet_hash_conf __rcu **slot,
			   struct tun_vnet_hash_conf *conf)
{
	struct tun_vnet_hash_conf *old = rcu_dereference_protected(*slot, true);

	if (conf && !old)
		static_branch_deferred_inc(&tun_vnet_hash_used);

	rcu_assign_pointer(*slot, conf);

	if (!old)
		return;
	if (!conf)
		static_branch_slow_dec_deferred(&tun_vnet_hash_used);
	kvfree_rcu(old, rcu);
}
EXPORT_SYMBOL_GPL(tun_vnet_hash_replace);

static u16 tun_vnet_hash_queue(const struct tun_vnet_hash_conf *conf,
			       const struct virtio_net_hash *hash)
{
	if (hash->report == VIRTIO_NET_HASH_REPORT_NONE)
		return conf->unclassified_queue;

	/* The mask bounds the index under speculation, too. */
	return conf->table[hash->value & (conf->table_length - 1)];
}

static void tun_vnet_hash_set_ext(struct sk_buff *skb, u64 owner,
				  const struct virtio_net_hash *hash)
{
	struct tun_vnet_hash_ext *ext;

	ext = skb_ext_add(skb, SKB_EXT_TUN_VNET_HASH);
	if (ext) {
		ext->owner = owner;
		ext->hash = *hash;
	} else {
		/* One from before would be wrong, none is computed later. */
		skb_ext_del(skb, SKB_EXT_TUN_VNET_HASH);
	}
}

/**
 * tun_vnet_hash_select_queue - choose a packet's queue by its hash
 * @conf: configuration, with TUN_VNET_HASH_RSS
 * @skb: packet; gets an extension when @conf reports hashes, so that hash and
 *	 queue come from the same configuration
 * @owner: the device, see struct tun_vnet_hash_ext
 * @numqueues: queues attached; the table's entry is taken modulo that
 * @ethernet: @skb->data is at an Ethernet header, else at an IP header
 *
 * Specification: virtio 1.3, 5.1.6.5.7.1, RSS processing.
 *
 * Context: rcu_read_lock() held, for @conf.
 * Return: the queue, 0 when none is attached.
 */
u16 tun_vnet_hash_select_queue(const struct tun_vnet_hash_conf *conf,
			       struct sk_buff *skb, u64 owner,
			       unsigned int numqueues, bool ethernet)
{
	struct virtio_net_hash hash;
	u16 queue;

	hash = virtio_net_hash_skb(&conf->toeplitz, conf->types, skb, ethernet);
	if (conf->flags & TUN_VNET_HASH_REPORT)
		tun_vnet_hash_set_ext(skb, owner, &hash);

	queue = tun_vnet_hash_queue(conf, &hash);
	if (likely(queue < numqueues))
		return queue;

	return numqueues ? queue % numqueues : 0;
}
EXPORT_SYMBOL_GPL(tun_vnet_hash_select_queue);

/*
 * The part of tun_vnet_hash_xmit() for when the feature is in use.  A packet
 * has no extension of this device when its queue was not chosen by the table:
 * there is one queue only, the queue was preset, or RSS was off.
 */
void __tun_vnet_hash_xmit(const struct tun_vnet_hash_conf *conf,
			  struct sk_buff *skb, u64 owner, bool ethernet)
{
	const struct tun_vnet_hash_ext *ext;

	if (conf && conf->flags & TUN_VNET_HASH_REPORT) {
		ext = skb_ext_find(skb, SKB_EXT_TUN_VNET_HASH);
		if (ext && ext->owner == owner)
			*tun_vnet_hash_cb(skb) = ext->hash;
		else
			*tun_vnet_hash_cb(skb) =
				virtio_net_hash_skb(&conf->toeplitz,
						    conf->types, skb, ethernet);
	}
	skb_ext_del(skb, SKB_EXT_TUN_VNET_HASH);
}
EXPORT_SYMBOL_GPL(__tun_vnet_hash_xmit);

static void __exit tun_vnet_hash_exit(void)
{
	static_key_deferred_flush(&tun_vnet_hash_used);
}
module_exit(tun_vnet_hash_exit);

MODULE_DESCRIPTION("virtio-net receive hash of tun and tap");
MODULE_LICENSE("GPL");
