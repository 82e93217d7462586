// SPDX-License-Identifier: GPL-2.0
/*
 * TUNSETVNETHASH: virtio-net's receive hash and RSS in tun and tap
 *
 * See Documentation/networking/tun-vnet-hash.rst.
 */

#include <linux/ethtool.h>
#include <linux/export.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/percpu.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/tun_vnet_hash.h>
#include <linux/uaccess.h>
#include <net/netlink.h>

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

/*
 * Entries that the link's dump shows at most.  Readers take a message of one page,
 * the C library's getifaddrs() among them, and a link has much to say.
 */
#define TUN_VNET_HASH_MAX_SHOWN	128

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
 *	   tun_vnet_hash_set() or kvfree(); NULL means off
 *
 * Context: process context, no locks: may fault and sleep for as long as user
 *	    space likes.
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

/* Is the table short enough to be part of a link's dump? */
static bool tun_vnet_hash_show_table(const struct tun_vnet_hash_conf *conf)
{
	return conf->table_length <= TUN_VNET_HASH_MAX_SHOWN;
}

/* Does a link's dump show the same for both?  Either may be NULL. */
static bool tun_vnet_hash_looks_same(const struct tun_vnet_hash_conf *a,
				     const struct tun_vnet_hash_conf *b)
{
	if (!a || !b)
		return a == b;
	if (a->flags != b->flags || a->types != b->types)
		return false;
	if (!(a->flags & TUN_VNET_HASH_RSS))
		return true;

	return a->unclassified_queue == b->unclassified_queue &&
	       a->table_length == b->table_length &&
	       (!tun_vnet_hash_show_table(a) ||
		!memcmp(a->table, b->table,
			a->table_length * sizeof(*a->table)));
}

/* The device's configuration becomes @conf, which may be NULL. */
static void tun_vnet_hash_replace(struct tun_vnet_hash_dev *dev,
				  struct tun_vnet_hash_conf *conf)
{
	struct tun_vnet_hash_conf *old;

	/* Under RTNL, or the device is going and nobody else knows of it. */
	old = rcu_replace_pointer(dev->conf, conf, true);
	if (conf && !old)
		static_branch_deferred_inc(&tun_vnet_hash_used);
	if (old && !conf)
		static_branch_slow_dec_deferred(&tun_vnet_hash_used);
	if (old)
		kvfree_rcu(old, rcu);
}

/**
 * tun_vnet_hash_set - put another configuration in place
 * @dev: the device's receive hash
 * @conf: from tun_vnet_hash_parse(), NULL to turn off; freed on error
 * @netdev: the device, whose link attributes may change
 * @steered: something else chooses the queue and does not give way
 *
 * Packets see the old configuration or the new one, never parts of both.  Who
 * listens is told only if the link's dump shows something else: a guest may set
 * the same again as fast as it can.
 *
 * Context: process context, RTNL held, may sleep.
 * Return: 0, -EBUSY for TUN_VNET_HASH_RSS when @steered, or -ENOMEM.
 */
int tun_vnet_hash_set(struct tun_vnet_hash_dev *dev,
		      struct tun_vnet_hash_conf *conf,
		      struct net_device *netdev, bool steered)
{
	bool same;
	int err;

	ASSERT_RTNL();

	if (!conf && !rtnl_dereference(dev->conf))
		return 0;

	if (conf) {
		err = -EBUSY;
		if (steered && conf->flags & TUN_VNET_HASH_RSS)
			goto free;

		err = -ENOMEM;
		if (!dev->stats)
			dev->stats = __netdev_alloc_pcpu_stats(struct tun_vnet_hash_stats,
							       GFP_KERNEL_ACCOUNT);
		if (!dev->stats)
			goto free;
		conf->stats = dev->stats;
	}

	same = tun_vnet_hash_looks_same(conf, rtnl_dereference(dev->conf));
	tun_vnet_hash_replace(dev, conf);
	if (!same)
		call_netdevice_notifiers(NETDEV_CHANGEINFODATA, netdev);
	return 0;

free:
	kvfree(conf);
	return err;
}
EXPORT_SYMBOL_GPL(tun_vnet_hash_set);

/**
 * tun_vnet_hash_free - let go of a device's receive hash
 * @dev: the device's receive hash; off afterwards
 *
 * Context: process context, may sleep; the device is going, no packet is on its
 *	    way through it and nobody calls another function for @dev.
 */
void tun_vnet_hash_free(struct tun_vnet_hash_dev *dev)
{
	tun_vnet_hash_replace(dev, NULL);
	free_percpu(dev->stats);
	dev->stats = NULL;
}
EXPORT_SYMBOL_GPL(tun_vnet_hash_free);

/* A configuration, as it is returned: without the tables made from the key */
struct tun_vnet_hash_copy {
	u32 flags;
	u32 types;
	u16 unclassified_queue;
	u16 table_length;
	u16 key_size;
	u8 key[VIRTIO_NET_HASH_MAX_KEY];
	u16 table[] __counted_by(table_length);
};

/**
 * tun_vnet_hash_get - copy a device's configuration
 * @dev: the device's receive hash
 * @copyp: where to put the copy, to be passed to tun_vnet_hash_copy_to_user();
 *	   NULL means off
 *
 * Context: process context, RTNL held, may sleep.
 * Return: 0 or -ENOMEM.
 */
int tun_vnet_hash_get(const struct tun_vnet_hash_dev *dev,
		      struct tun_vnet_hash_copy **copyp)
{
	const struct tun_vnet_hash_conf *conf = rtnl_dereference(dev->conf);
	struct tun_vnet_hash_copy *copy;

	*copyp = NULL;
	if (!conf)
		return 0;

	copy = kmalloc(struct_size(copy, table, conf->table_length),
		       GFP_KERNEL_ACCOUNT);
	if (!copy)
		return -ENOMEM;

	copy->flags = conf->flags;
	copy->types = conf->types;
	copy->unclassified_queue = conf->unclassified_queue;
	copy->table_length = conf->table_length;
	copy->key_size = conf->key_size;
	memcpy(copy->key, conf->key, sizeof(copy->key));
	memcpy(copy->table, conf->table,
	       conf->table_length * sizeof(*copy->table));
	*copyp = copy;
	return 0;
}
EXPORT_SYMBOL_GPL(tun_vnet_hash_get);

/**
 * tun_vnet_hash_copy_to_user - write what TUNGETVNETHASH returns
 * @copy: from tun_vnet_hash_get(); freed
 * @argp: struct tun_vnet_hash in user space.  Read: the pointers to table and
 *	  key, and by the two lengths how much may be written there.  Written:
 *	  the configuration, with its true lengths.
 *
 * Context: process context, no locks: may fault and sleep for as long as user
 *	    space likes.
 * Return: 0, -EFAULT, or -EINVAL for a reserved field that is not 0.
 */
int tun_vnet_hash_copy_to_user(struct tun_vnet_hash_copy *copy,
			       void __user *argp)
{
	u16 table_room, key_room;
	struct tun_vnet_hash arg;
	int err = -EFAULT;

	if (copy_from_user(&arg, argp, sizeof(arg)))
		goto free;

	if (!tun_vnet_hash_reserved_clear(&arg)) {
		err = -EINVAL;
		goto free;
	}

	table_room = arg.indirection_table_length;
	key_room = arg.key_size;

	arg.flags = copy ? copy->flags : 0;
	arg.hash_types = copy ? copy->types : 0;
	arg.indirection_table_length = copy ? copy->table_length : 0;
	arg.unclassified_queue = copy ? copy->unclassified_queue : 0;
	arg.key_size = copy ? copy->key_size : 0;

	if (copy &&
	    (copy_to_user(u64_to_user_ptr(arg.indirection_table), copy->table,
			  min(table_room, copy->table_length) *
			  sizeof(*copy->table)) ||
	     copy_to_user(u64_to_user_ptr(arg.key), copy->key,
			  min(key_room, copy->key_size))))
		goto free;

	if (!copy_to_user(argp, &arg, sizeof(arg)))
		err = 0;
free:
	kfree(copy);
	return err;
}
EXPORT_SYMBOL_GPL(tun_vnet_hash_copy_to_user);

/**
 * tun_vnet_hash_nla_size - room for a device's receive hash in a netlink message
 * @dev: the device's receive hash
 *
 * Context: rcu_read_lock() or RTNL held.
 * Return: bytes that tun_vnet_hash_nla_put() needs.
 */
size_t tun_vnet_hash_nla_size(const struct tun_vnet_hash_dev *dev)
{
	const struct tun_vnet_hash_conf *conf = rcu_dereference_rtnl(dev->conf);
	size_t size;

	if (!conf)
		return 0;

	size = nla_total_size(0) +		/* the nest */
	       nla_total_size(sizeof(u32)) +	/* IFLA_VNET_HASH_FLAGS */
	       nla_total_size(sizeof(u32));	/* IFLA_VNET_HASH_TYPES */
	if (!(conf->flags & TUN_VNET_HASH_RSS))
		return size;

	size += nla_total_size(sizeof(u16)) +	/* ..._UNCLASSIFIED_QUEUE */
		nla_total_size(sizeof(u16));	/* ..._INDIRECTION_TABLE_LENGTH */
	if (tun_vnet_hash_show_table(conf))	/* ..._INDIRECTION_TABLE */
		size += nla_total_size(conf->table_length *
				       sizeof(*conf->table));

	return size;
}
EXPORT_SYMBOL_GPL(tun_vnet_hash_nla_size);

/**
 * tun_vnet_hash_nla_put - show a device's receive hash in a netlink message
 * @skb: message
 * @attrtype: attribute that holds the IFLA_VNET_HASH_* ones
 * @dev: the device's receive hash; nothing is put while it is off
 *
 * The key is not shown: everybody may dump links.  Nor is a long table, only its
 * length.
 *
 * Context: RTNL held.
 * Return: 0 or -EMSGSIZE.
 */
int tun_vnet_hash_nla_put(struct sk_buff *skb, int attrtype,
			  const struct tun_vnet_hash_dev *dev)
{
	const struct tun_vnet_hash_conf *conf = rtnl_dereference(dev->conf);
	struct nlattr *nest;

	if (!conf)
		return 0;

	nest = nla_nest_start(skb, attrtype);
	if (!nest)
		return -EMSGSIZE;

	if (nla_put_u32(skb, IFLA_VNET_HASH_FLAGS, conf->flags) ||
	    nla_put_u32(skb, IFLA_VNET_HASH_TYPES, conf->types))
		goto cancel;

	if (conf->flags & TUN_VNET_HASH_RSS &&
	    (nla_put_u16(skb, IFLA_VNET_HASH_UNCLASSIFIED_QUEUE,
			 conf->unclassified_queue) ||
	     nla_put_u16(skb, IFLA_VNET_HASH_INDIRECTION_TABLE_LENGTH,
			 conf->table_length) ||
	     (tun_vnet_hash_show_table(conf) &&
	      nla_put(skb, IFLA_VNET_HASH_INDIRECTION_TABLE,
		      conf->table_length * sizeof(*conf->table),
		      conf->table))))
		goto cancel;

	nla_nest_end(skb, nest);
	return 0;

cancel:
	nla_nest_cancel(skb, nest);
	return -EMSGSIZE;
}
EXPORT_SYMBOL_GPL(tun_vnet_hash_nla_put);

static const char tun_vnet_hash_strings[][ETH_GSTRING_LEN] = {
	[VIRTIO_NET_HASH_REPORT_NONE] = "vnet_hash_report_none",
	[VIRTIO_NET_HASH_REPORT_IPv4] = "vnet_hash_report_ipv4",
	[VIRTIO_NET_HASH_REPORT_TCPv4] = "vnet_hash_report_tcpv4",
	[VIRTIO_NET_HASH_REPORT_UDPv4] = "vnet_hash_report_udpv4",
	[VIRTIO_NET_HASH_REPORT_IPv6] = "vnet_hash_report_ipv6",
	[VIRTIO_NET_HASH_REPORT_TCPv6] = "vnet_hash_report_tcpv6",
	[VIRTIO_NET_HASH_REPORT_UDPv6] = "vnet_hash_report_udpv6",
	[VIRTIO_NET_HASH_REPORT_IPv6_EX] = "vnet_hash_report_ipv6_ex",
	[VIRTIO_NET_HASH_REPORT_TCPv6_EX] = "vnet_hash_report_tcpv6_ex",
	[VIRTIO_NET_HASH_REPORT_UDPv6_EX] = "vnet_hash_report_udpv6_ex",
	[TUN_VNET_HASH_STAT_UNCLASSIFIED] = "vnet_hash_unclassified",
	[TUN_VNET_HASH_STAT_LATE] = "vnet_hash_late",
};

static_assert(ARRAY_SIZE(tun_vnet_hash_strings) == TUN_VNET_HASH_STATS);

/**
 * tun_vnet_hash_get_sset_count - number of the counters, for ethtool
 * @dev: the device's receive hash
 * @sset: ETH_SS_*
 *
 * Context: RTNL held.
 * Return: 0 for a device that never had a configuration, else
 *	   TUN_VNET_HASH_STATS; -EOPNOTSUPP if @sset is not ETH_SS_STATS.
 */
int tun_vnet_hash_get_sset_count(const struct tun_vnet_hash_dev *dev, int sset)
{
	if (sset != ETH_SS_STATS)
		return -EOPNOTSUPP;

	return dev->stats ? TUN_VNET_HASH_STATS : 0;
}
EXPORT_SYMBOL_GPL(tun_vnet_hash_get_sset_count);

/**
 * tun_vnet_hash_get_strings - names of the counters, for ethtool
 * @dev: the device's receive hash
 * @data: room for ETH_GSTRING_LEN bytes for each, written
 *
 * Context: RTNL held.
 */
void tun_vnet_hash_get_strings(const struct tun_vnet_hash_dev *dev, u8 *data)
{
	if (dev->stats)
		memcpy(data, tun_vnet_hash_strings,
		       sizeof(tun_vnet_hash_strings));
}
EXPORT_SYMBOL_GPL(tun_vnet_hash_get_strings);

/**
 * tun_vnet_hash_get_stats - values of the counters, for ethtool
 * @dev: the device's receive hash
 * @data: room for as many values, written
 *
 * Context: RTNL held.
 */
void tun_vnet_hash_get_stats(const struct tun_vnet_hash_dev *dev, u64 *data)
{
	const struct tun_vnet_hash_stats *stats;
	u64 count[TUN_VNET_HASH_STATS];
	unsigned int i, start;
	int cpu;

	if (!dev->stats)
		return;

	memset(data, 0, TUN_VNET_HASH_STATS * sizeof(*data));
	for_each_possible_cpu(cpu) {
		stats = per_cpu_ptr(dev->stats, cpu);
		do {
			start = u64_stats_fetch_begin(&stats->syncp);
			for (i = 0; i < TUN_VNET_HASH_STATS; i++)
				count[i] = u64_stats_read(&stats->count[i]);
		} while (u64_stats_fetch_retry(&stats->syncp, start));
		for (i = 0; i < TUN_VNET_HASH_STATS; i++)
			data[i] += count[i];
	}
}
EXPORT_SYMBOL_GPL(tun_vnet_hash_get_stats);

/* With preemption or softirqs off. */
static void tun_vnet_hash_count(const struct tun_vnet_hash_conf *conf,
				unsigned int stat)
{
	struct tun_vnet_hash_stats *stats = this_cpu_ptr(conf->stats);
	unsigned long flags;

	flags = u64_stats_update_begin_irqsave(&stats->syncp);
	u64_stats_inc(&stats->count[stat]);
	u64_stats_update_end_irqrestore(&stats->syncp, flags);
}

/*
 * The part of tun_vnet_hash_rss_queue() for packets without a hash.  A packet socket
 * chooses the queue in process context.
 */
void __tun_vnet_hash_unclassified(const struct tun_vnet_hash_conf *conf)
{
	preempt_disable();
	tun_vnet_hash_count(conf, TUN_VNET_HASH_STAT_UNCLASSIFIED);
	preempt_enable();
}
EXPORT_SYMBOL_GPL(__tun_vnet_hash_unclassified);

/* The part of tun_vnet_hash_report() for when @conf reports. */
void __tun_vnet_hash_report(const struct tun_vnet_hash_conf *conf,
			    struct sk_buff *skb,
			    const struct virtio_net_hash *hash)
{
	*tun_vnet_hash_cb(skb) = *hash;
	tun_vnet_hash_count(conf, hash->report);
}
EXPORT_SYMBOL_GPL(__tun_vnet_hash_report);

/**
 * tun_vnet_hash_xmit - compute and settle what is reported for a packet
 * @conf: configuration, with TUN_VNET_HASH_REPORT
 * @skb: packet, about to enter the ring; its cb is the driver's
 * @queue: queue that the packet goes to
 * @numqueues: queues attached
 * @ethernet: @skb->data is at an Ethernet header, else at an IP header
 *
 * Writes tun_vnet_hash_cb().
 *
 * The hash is computed again that ndo_select_queue may have computed.  A qdisc is in
 * between, which owns the control block and may hold the packet, or have a filter's
 * action change it.  An skb extension would carry the hash past that, but not know
 * of the change, and it costs more than to compute the hash of nearly every packet.
 *
 * Context: softirqs off, rcu_read_lock() held, for @conf.
 */
void tun_vnet_hash_xmit(const struct tun_vnet_hash_conf *conf,
			struct sk_buff *skb, u16 queue, unsigned int numqueues,
			bool ethernet)
{
	struct virtio_net_hash hash;

	hash = virtio_net_hash_skb(&conf->toeplitz, conf->types, skb, ethernet);
	if (conf->flags & TUN_VNET_HASH_RSS &&
	    tun_vnet_hash_table_queue(conf, &hash, numqueues) != queue)
		tun_vnet_hash_count(conf, TUN_VNET_HASH_STAT_LATE);
	__tun_vnet_hash_report(conf, skb, &hash);
}
EXPORT_SYMBOL_GPL(tun_vnet_hash_xmit);

/**
 * tun_vnet_hash_frame - compute what is reported for a frame without an skb
 * @dev: the device's receive hash
 * @data: Ethernet frame
 * @len: bytes at @data
 *
 * Context: softirqs off.
 * Return: value and report type, both 0 when there is nothing to report.
 */
struct virtio_net_hash
tun_vnet_hash_frame(const struct tun_vnet_hash_dev *dev, const void *data,
		    unsigned int len)
{
	const struct tun_vnet_hash_conf *conf;
	struct virtio_net_hash hash = {};

	rcu_read_lock();
	conf = rcu_dereference(dev->conf);
	if (conf && conf->flags & TUN_VNET_HASH_REPORT) {
		hash = virtio_net_hash_frame(&conf->toeplitz, conf->types, data,
					     len, true);
		tun_vnet_hash_count(conf, hash.report);
	}
	rcu_read_unlock();

	return hash;
}
EXPORT_SYMBOL_GPL(tun_vnet_hash_frame);

static void __exit tun_vnet_hash_exit(void)
{
	static_key_deferred_flush(&tun_vnet_hash_used);
}
module_exit(tun_vnet_hash_exit);

MODULE_DESCRIPTION("virtio-net receive hash of tun and tap");
MODULE_LICENSE("GPL");
