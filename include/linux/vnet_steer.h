/* SPDX-License-Identifier: GPL-2.0 */
/* TUNSETSTEERINGEBPF: BPF programs that choose a packet's queue in tun and tap */
#ifndef _LINUX_VNET_STEER_H
#define _LINUX_VNET_STEER_H

#include <linux/jump_label_ratelimit.h>
#include <linux/skbuff.h>
#include <linux/tun_vnet_hash.h>
#include <net/vnet_hash_prog.h>

struct bpf_prog;

/**
 * struct vnet_steer_prog - a program attached to a device
 * @rcu: for freeing
 * @prog: program, of BPF_PROG_TYPE_SOCKET_FILTER or BPF_PROG_TYPE_VNET_HASH
 * @reports: whether it is of BPF_PROG_TYPE_VNET_HASH
 * @generation: of this attachment; no other has the same, nor had
 */
struct vnet_steer_prog {
	struct rcu_head rcu;
	struct bpf_prog *prog;
	bool reports;
	u64 generation;
};

/* True while a device has a program that reports, and for a second after that. */
extern struct static_key_false_deferred vnet_steer_used;

int vnet_steer_set(struct vnet_steer_prog __rcu **steerp, int fd, bool rss);
void vnet_steer_free(struct vnet_steer_prog __rcu **steerp);
u16 vnet_steer_run(const struct vnet_steer_prog *steer,
		   const struct tun_vnet_hash_conf *conf, struct sk_buff *skb,
		   bool ethernet, unsigned int numqueues,
		   struct vnet_hash_ext *ext);
u16 vnet_steer_select_queue(const struct vnet_steer_prog *steer,
			    const struct tun_vnet_hash_conf *conf,
			    struct sk_buff *skb, bool ethernet,
			    unsigned int numqueues);

/**
 * vnet_steer_reports - does a device's program report hashes?
 * @steer: the device's program
 *
 * Return: true if it is of BPF_PROG_TYPE_VNET_HASH.
 */
static inline bool vnet_steer_reports(const struct vnet_steer_prog *steer)
{
	return IS_ENABLED(CONFIG_VNET_HASH_PROG) && steer->reports;
}

/**
 * vnet_steer_on - is there a program that reports, on any device?
 *
 * Return: false if ndo_start_xmit has nothing to do about programs.
 */
static inline bool vnet_steer_on(void)
{
	return IS_ENABLED(CONFIG_VNET_HASH_PROG) &&
	       static_branch_unlikely(&vnet_steer_used.key);
}

/**
 * vnet_steer_ext - what a program has reported for a packet
 * @steer: the device's program
 * @skb: packet that ndo_start_xmit got
 *
 * Return: that, or NULL if the program did not run: with one queue, when the
 * queue was preset, when the program was attached in between.
 */
static inline const struct vnet_hash_ext *
vnet_steer_ext(const struct vnet_steer_prog *steer, const struct sk_buff *skb)
{
#ifdef CONFIG_VNET_HASH_PROG
	const struct vnet_hash_ext *ext = skb_ext_find(skb, SKB_EXT_VNET_HASH);

	if (ext && ext->generation == steer->generation)
		return ext;
#endif
	return NULL;
}

/**
 * vnet_steer_ext_del - let go of what a program has reported for a packet
 * @skb: packet that ndo_start_xmit got, about to enter the ring
 *
 * Whichever device's program it was.
 */
static inline void vnet_steer_ext_del(struct sk_buff *skb)
{
#ifdef CONFIG_VNET_HASH_PROG
	skb_ext_del(skb, SKB_EXT_VNET_HASH);
#endif
}

#endif /* _LINUX_VNET_STEER_H */
