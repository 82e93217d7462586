/* SPDX-License-Identifier: GPL-2.0 */
/* TUNSETVNETHASH: virtio-net's receive hash and RSS in tun and tap */
#ifndef _LINUX_TUN_VNET_HASH_H
#define _LINUX_TUN_VNET_HASH_H

#include <linux/jump_label_ratelimit.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include <linux/virtio_net_hash.h>
#include <uapi/linux/if_tun.h>

#define TUN_VNET_HASH_MAX_TABLE	1024	/* entries of the indirection table */

/**
 * struct tun_vnet_hash_conf - a configuration, as set by TUNSETVNETHASH
 * @rcu: for freeing
 * @flags: TUN_VNET_HASH_*, never 0
 * @types: VIRTIO_NET_RSS_HASH_TYPE_* that are enabled
 * @key_size: bytes of @key that userspace gave
 * @key: as userspace gave it
 * @toeplitz: made from @key
 * @unclassified_queue: queue of packets without a hash
 * @table_length: entries of @table, a power of two; 0 without TUN_VNET_HASH_RSS
 * @table: queues
 *
 * Never changes once it is published.
 */
struct tun_vnet_hash_conf {
	struct rcu_head rcu;
	u32 flags;
	u32 types;
	u16 key_size;
	u8 key[VIRTIO_NET_HASH_MAX_KEY];
	struct virtio_net_toeplitz toeplitz;
	u16 unclassified_queue;
	u16 table_length;
	u16 table[] __counted_by(table_length);
};

/**
 * struct tun_vnet_hash_ext - what SKB_EXT_TUN_VNET_HASH holds
 * @owner: device whose configuration made the hash, tun_vnet_hash_new_owner()
 * @hash: what to report for the packet, "none" included
 *
 * Made in ndo_select_queue, dropped in ndo_start_xmit of the same device; a
 * packet that goes elsewhere in between may carry it further, unused.
 */
struct tun_vnet_hash_ext {
	u64 owner;
	struct virtio_net_hash hash;
};

/* True while any device has a configuration, and for a second after that. */
extern struct static_key_false_deferred tun_vnet_hash_used;

u64 tun_vnet_hash_new_owner(void);
int tun_vnet_hash_get_cap(void __user *argp);
int tun_vnet_hash_parse(const void __user *argp, unsigned int max_queues,
			struct tun_vnet_hash_conf **confp);
int tun_vnet_hash_get_conf(const struct tun_vnet_hash_conf *conf,
			   void __user *argp);
void tun_vnet_hash_replace(struct tun_vnet_hash_conf __rcu **slot,
			   struct tun_vnet_hash_conf *conf);
u16 tun_vnet_hash_select_queue(const struct tun_vnet_hash_conf *conf,
			       struct sk_buff *skb, u64 owner,
			       unsigned int numqueues, bool ethernet);
void __tun_vnet_hash_xmit(const struct tun_vnet_hash_conf *conf,
			  struct sk_buff *skb, u64 owner, bool ethernet);

/**
 * tun_vnet_hash_cb - the hash to report for a packet in the driver's ring
 * @skb: packet, between tun_vnet_hash_xmit() and the end of its life
 *
 * Return: the hash, in @skb->cb.
 */
static inline struct virtio_net_hash *tun_vnet_hash_cb(struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct virtio_net_hash) > sizeof(skb->cb));
	return (struct virtio_net_hash *)skb->cb;
}

/**
 * tun_vnet_hash_rss_conf - the configuration, if it chooses the queue
 * @slot: the device's configuration
 *
 * Context: rcu_read_lock() held.
 * Return: a configuration with TUN_VNET_HASH_RSS, or NULL.
 */
static inline const struct tun_vnet_hash_conf *
tun_vnet_hash_rss_conf(struct tun_vnet_hash_conf __rcu **slot)
{
	const struct tun_vnet_hash_conf *conf;

	if (!static_branch_unlikely(&tun_vnet_hash_used.key))
		return NULL;

	conf = rcu_dereference(*slot);
	return conf && conf->flags & TUN_VNET_HASH_RSS ? conf : NULL;
}

/**
 * tun_vnet_hash_rss - is the queue chosen by the indirection table?
 * @slot: the device's configuration
 *
 * Context: any.
 * Return: whether there is a configuration with TUN_VNET_HASH_RSS.
 */
static inline bool tun_vnet_hash_rss(struct tun_vnet_hash_conf __rcu **slot)
{
	bool rss;

	if (!static_branch_unlikely(&tun_vnet_hash_used.key))
		return false;

	rcu_read_lock();
	rss = tun_vnet_hash_rss_conf(slot);
	rcu_read_unlock();

	return rss;
}

/**
 * tun_vnet_hash_xmit - settle what is reported for a packet
 * @slot: the device's configuration
 * @skb: packet, about to enter the ring; its cb is the driver's
 * @owner: the device, see struct tun_vnet_hash_ext
 * @ethernet: @skb->data is at an Ethernet header, else at an IP header
 *
 * Writes tun_vnet_hash_cb(), always: a packet may be read after a configuration
 * is set that was queued before.
 *
 * Context: rcu_read_lock() held.
 */
static inline void tun_vnet_hash_xmit(struct tun_vnet_hash_conf __rcu **slot,
				      struct sk_buff *skb, u64 owner,
				      bool ethernet)
{
	const struct tun_vnet_hash_conf *conf;

	*tun_vnet_hash_cb(skb) = (struct virtio_net_hash) {};

	if (!static_branch_unlikely(&tun_vnet_hash_used.key))
		return;

	conf = rcu_dereference(*slot);
	if (conf || skb_ext_exist(skb, SKB_EXT_TUN_VNET_HASH))
		__tun_vnet_hash_xmit(conf, skb, owner, ethernet);
}

#endif /* _LINUX_TUN_VNET_HASH_H */
