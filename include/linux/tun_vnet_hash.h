/* SPDX-License-Identifier: GPL-2.0 */
/* TUNSETVNETHASH: virtio-net's receive hash and RSS in tun and tap */
#ifndef _LINUX_TUN_VNET_HASH_H
#define _LINUX_TUN_VNET_HASH_H

#include <linux/jump_label_ratelimit.h>
#include <linux/rtnetlink.h>
#include <linux/skbuff.h>
#include <linux/u64_stats_sync.h>
#include <linux/virtio_net_hash.h>
#include <uapi/linux/if_tun.h>

#define TUN_VNET_HASH_MAX_TABLE	1024	/* entries of the indirection table */

/* Counters: one for each VIRTIO_NET_HASH_REPORT_*, and then */
enum {
	/* RSS found no hash and took unclassified_queue. */
	TUN_VNET_HASH_STAT_UNCLASSIFIED = VIRTIO_NET_HASH_REPORT_UDPv6_EX + 1,
	/* RSS is on, and the packet is in another queue than the table names. */
	TUN_VNET_HASH_STAT_LATE,

	TUN_VNET_HASH_STATS
};

/**
 * struct tun_vnet_hash_stats - what a device counts, for each CPU
 * @count: packets
 * @syncp: for 32 bits, where @count is not read at once
 */
struct tun_vnet_hash_stats {
	u64_stats_t count[TUN_VNET_HASH_STATS];
	struct u64_stats_sync syncp;
};

/**
 * struct tun_vnet_hash_conf - a configuration, as set by TUNSETVNETHASH
 * @stats: counters of the device
 * @flags: TUN_VNET_HASH_*, never 0
 * @types: VIRTIO_NET_RSS_HASH_TYPE_* that are enabled
 * @unclassified_queue: queue of packets without a hash
 * @table_length: entries of @table, a power of two; 0 without TUN_VNET_HASH_RSS
 * @rcu: for freeing
 * @toeplitz: made from @key
 * @key_size: bytes of @key that userspace gave
 * @key: as userspace gave it
 * @table: queues
 *
 * Never changes once it is published.  It is so long that it begins on a page: what
 * each packet looks at shares the first cache line.
 */
struct tun_vnet_hash_conf {
	struct tun_vnet_hash_stats __percpu *stats;
	u32 flags;
	u32 types;
	u16 unclassified_queue;
	u16 table_length;
	struct rcu_head rcu;	/* kvfree_rcu() wants it near */
	struct virtio_net_toeplitz toeplitz;
	u16 key_size;
	u8 key[VIRTIO_NET_HASH_MAX_KEY];
	u16 table[] __counted_by(table_length);
};

/**
 * struct tun_vnet_hash_dev - a device's receive hash; all zero: off
 * @conf: configuration, or NULL; changes under RTNL
 * @stats: counters, from the first configuration to the end of the device
 *
 * Empty without CONFIG_TUN_VNET_HASH.
 */
struct tun_vnet_hash_dev {
#ifdef CONFIG_TUN_VNET_HASH
	struct tun_vnet_hash_conf __rcu *conf;
	struct tun_vnet_hash_stats __percpu *stats;
#endif
};

/**
 * struct tuntap_skb_cb - control block of a packet in a ring of tun or tap
 * @hash: to report
 */
struct tuntap_skb_cb {
	struct virtio_net_hash hash;
};

/**
 * tun_vnet_hash_cb - the hash to report for a packet in the driver's ring
 * @skb: packet, between tun_vnet_hash_xmit() or tun_vnet_hash_report() and the
 *	 end of its life
 *
 * Return: the hash, in @skb->cb.
 */
static inline struct virtio_net_hash *tun_vnet_hash_cb(const struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct tuntap_skb_cb) > sizeof(skb->cb));
	return &((struct tuntap_skb_cb *)skb->cb)->hash;
}

struct tun_vnet_hash_copy;

/* The ioctls, which are unknown ones without CONFIG_TUN_VNET_HASH */
int tun_vnet_hash_get_cap(void __user *argp);
int tun_vnet_hash_parse(const void __user *argp, unsigned int max_queues,
			struct tun_vnet_hash_conf **confp);
int tun_vnet_hash_set(struct tun_vnet_hash_dev *dev,
		      struct tun_vnet_hash_conf *conf,
		      struct net_device *netdev, bool steered);
int tun_vnet_hash_get(const struct tun_vnet_hash_dev *dev,
		      struct tun_vnet_hash_copy **copyp);
int tun_vnet_hash_copy_to_user(struct tun_vnet_hash_copy *copy,
			       void __user *argp);

#ifdef CONFIG_TUN_VNET_HASH

/* True while any device has a configuration, and for a second after that. */
extern struct static_key_false_deferred tun_vnet_hash_used;

void tun_vnet_hash_free(struct tun_vnet_hash_dev *dev);

size_t tun_vnet_hash_nla_size(const struct tun_vnet_hash_dev *dev);
int tun_vnet_hash_nla_put(struct sk_buff *skb, int attrtype,
			  const struct tun_vnet_hash_dev *dev);
int tun_vnet_hash_get_sset_count(const struct tun_vnet_hash_dev *dev, int sset);
void tun_vnet_hash_get_strings(const struct tun_vnet_hash_dev *dev, u8 *data);
void tun_vnet_hash_get_stats(const struct tun_vnet_hash_dev *dev, u64 *data);

void __tun_vnet_hash_unclassified(const struct tun_vnet_hash_conf *conf);
void __tun_vnet_hash_report(const struct tun_vnet_hash_conf *conf,
			    struct sk_buff *skb,
			    const struct virtio_net_hash *hash);
void tun_vnet_hash_xmit(const struct tun_vnet_hash_conf *conf,
			struct sk_buff *skb, u16 queue, unsigned int numqueues,
			bool ethernet);
struct virtio_net_hash
tun_vnet_hash_frame(const struct tun_vnet_hash_dev *dev, const void *data,
		    unsigned int len);

/**
 * tun_vnet_hash_on - may any device have a configuration?
 *
 * Context: any.
 * Return: false if none has, nor had for a second.
 */
static inline bool tun_vnet_hash_on(void)
{
	return static_branch_unlikely(&tun_vnet_hash_used.key);
}

/**
 * tun_vnet_hash_conf - the device's configuration
 * @dev: the device's receive hash
 *
 * Context: rcu_read_lock() or RTNL held.
 * Return: the configuration, or NULL.
 */
static inline const struct tun_vnet_hash_conf *
tun_vnet_hash_conf(const struct tun_vnet_hash_dev *dev)
{
	if (!tun_vnet_hash_on())
		return NULL;

	return rcu_dereference_rtnl(dev->conf);
}

/**
 * tun_vnet_hash_rss_conf - the configuration, if it chooses the queue
 * @dev: the device's receive hash
 *
 * Context: rcu_read_lock() or RTNL held.
 * Return: a configuration with TUN_VNET_HASH_RSS, or NULL.
 */
static inline const struct tun_vnet_hash_conf *
tun_vnet_hash_rss_conf(const struct tun_vnet_hash_dev *dev)
{
	const struct tun_vnet_hash_conf *conf = tun_vnet_hash_conf(dev);

	return conf && conf->flags & TUN_VNET_HASH_RSS ? conf : NULL;
}

/* The queue that the table names, of those attached */
static inline u16 tun_vnet_hash_table_queue(const struct tun_vnet_hash_conf *conf,
					    const struct virtio_net_hash *hash,
					    unsigned int numqueues)
{
	u16 queue = conf->unclassified_queue;

	/* The mask bounds the index under speculation, too. */
	if (likely(hash->report != VIRTIO_NET_HASH_REPORT_NONE))
		queue = conf->table[hash->value & (conf->table_length - 1)];

	if (likely(queue < numqueues))
		return queue;

	return numqueues ? queue % numqueues : 0;
}

/**
 * tun_vnet_hash_rss_queue - choose a packet's queue by its hash
 * @conf: configuration, with TUN_VNET_HASH_RSS
 * @hash: the packet's hash, made by @conf
 * @numqueues: queues attached; the table's entry is taken modulo that
 *
 * Specification: virtio 1.3, 5.1.6.5.7.1, RSS processing.
 *
 * Context: rcu_read_lock() held, for @conf.
 * Return: the queue, 0 when none is attached.
 */
static inline u16 tun_vnet_hash_rss_queue(const struct tun_vnet_hash_conf *conf,
					  const struct virtio_net_hash *hash,
					  unsigned int numqueues)
{
	if (unlikely(hash->report == VIRTIO_NET_HASH_REPORT_NONE))
		__tun_vnet_hash_unclassified(conf);

	return tun_vnet_hash_table_queue(conf, hash, numqueues);
}

/**
 * tun_vnet_hash_report - settle what is reported for a packet
 * @conf: configuration, or NULL
 * @skb: packet, about to enter the ring; its cb is the driver's
 * @hash: the packet's hash, made by @conf
 *
 * Writes tun_vnet_hash_cb(), always: a packet may be read after a configuration
 * is set that was queued before.
 *
 * Context: softirqs off, rcu_read_lock() held, for @conf.
 */
static inline void tun_vnet_hash_report(const struct tun_vnet_hash_conf *conf,
					struct sk_buff *skb,
					const struct virtio_net_hash *hash)
{
	*tun_vnet_hash_cb(skb) = (struct virtio_net_hash) {};

	if (conf && conf->flags & TUN_VNET_HASH_REPORT)
		__tun_vnet_hash_report(conf, skb, hash);
}

#else /* CONFIG_TUN_VNET_HASH */

static inline bool tun_vnet_hash_on(void)
{
	return false;
}

static inline const struct tun_vnet_hash_conf *
tun_vnet_hash_conf(const struct tun_vnet_hash_dev *dev)
{
	return NULL;
}

static inline const struct tun_vnet_hash_conf *
tun_vnet_hash_rss_conf(const struct tun_vnet_hash_dev *dev)
{
	return NULL;
}

static inline u16 tun_vnet_hash_rss_queue(const struct tun_vnet_hash_conf *conf,
					  const struct virtio_net_hash *hash,
					  unsigned int numqueues)
{
	return 0;
}

static inline void tun_vnet_hash_report(const struct tun_vnet_hash_conf *conf,
					struct sk_buff *skb,
					const struct virtio_net_hash *hash)
{
}

static inline void tun_vnet_hash_xmit(const struct tun_vnet_hash_conf *conf,
				      struct sk_buff *skb, u16 queue,
				      unsigned int numqueues, bool ethernet)
{
}

static inline struct virtio_net_hash
tun_vnet_hash_frame(const struct tun_vnet_hash_dev *dev, const void *data,
		    unsigned int len)
{
	return (struct virtio_net_hash) {};
}

static inline void tun_vnet_hash_free(struct tun_vnet_hash_dev *dev)
{
}

static inline size_t
tun_vnet_hash_nla_size(const struct tun_vnet_hash_dev *dev)
{
	return 0;
}

static inline int tun_vnet_hash_nla_put(struct sk_buff *skb, int attrtype,
					const struct tun_vnet_hash_dev *dev)
{
	return 0;
}

static inline int
tun_vnet_hash_get_sset_count(const struct tun_vnet_hash_dev *dev, int sset)
{
	return -EOPNOTSUPP;
}

static inline void
tun_vnet_hash_get_strings(const struct tun_vnet_hash_dev *dev, u8 *data)
{
}

static inline void
tun_vnet_hash_get_stats(const struct tun_vnet_hash_dev *dev, u64 *data)
{
}

#endif /* CONFIG_TUN_VNET_HASH */

#endif /* _LINUX_TUN_VNET_HASH_H */
