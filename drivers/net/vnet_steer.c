// SPDX-License-Identifier: GPL-2.0
/*
 * TUNSETSTEERINGEBPF: the programs that choose a packet's queue, for tun and for
 * the users of tap.
 *
 * A program of BPF_PROG_TYPE_SOCKET_FILTER runs where a queue is to be chosen.
 * One of BPF_PROG_TYPE_VNET_HASH runs once for each packet, for it may report a
 * hash, too.
 */
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/jump_label_ratelimit.h>
#include <linux/module.h>
#include <linux/rtnetlink.h>
#include <linux/vnet_steer.h>
#include <net/vnet_hash_prog.h>

static atomic64_t vnet_steer_generation = ATOMIC64_INIT(0);

/* A VMM attaches and detaches as it likes: let it not patch code each time. */
DEFINE_STATIC_KEY_DEFERRED_FALSE(vnet_steer_used, HZ);
EXPORT_SYMBOL_GPL(vnet_steer_used);

static struct vnet_hash_ext *vnet_steer_ext_add(struct sk_buff *skb)
{
#ifdef CONFIG_VNET_HASH_PROG
	return skb_ext_add(skb, SKB_EXT_VNET_HASH);
#else
	return NULL;
#endif
}

static void vnet_steer_free_rcu(struct rcu_head *rcu)
{
	struct vnet_steer_prog *steer = container_of(rcu, typeof(*steer), rcu);

	bpf_prog_put(steer->prog);
	kfree(steer);
}

static void vnet_steer_replace(struct vnet_steer_prog __rcu **steerp,
			       struct vnet_steer_prog *steer)
{
	struct vnet_steer_prog *old;

	if (steer && vnet_steer_reports(steer))
		static_branch_deferred_inc(&vnet_steer_used);
	old = rcu_replace_pointer(*steerp, steer, true);
	if (!old)
		return;
	if (vnet_steer_reports(old))
		static_branch_slow_dec_deferred(&vnet_steer_used);
	call_rcu(&old->rcu, vnet_steer_free_rcu);
}

static struct bpf_prog *vnet_steer_get(int fd)
{
	struct bpf_prog *prog;

	prog = bpf_prog_get_type(fd, BPF_PROG_TYPE_SOCKET_FILTER);
	if (IS_ENABLED(CONFIG_VNET_HASH_PROG) && prog == ERR_PTR(-EINVAL))
		prog = bpf_prog_get_type(fd, BPF_PROG_TYPE_VNET_HASH);
	return prog;
}

/**
 * vnet_steer_set - attach, replace or detach a device's program
 * @steerp: where the device has it
 * @fd: file descriptor of the program, or -1 to detach
 * @rss: whether the device's RSS is on
 *
 * Context: RTNL held, may sleep.
 * Return: 0, or -EBUSY for a program beside RSS, -EBADF for no program, -EINVAL
 * for one of another type, -ENOMEM; then nothing has changed. Detaching
 * succeeds.
 */
int vnet_steer_set(struct vnet_steer_prog __rcu **steerp, int fd, bool rss)
{
	struct vnet_steer_prog *steer;

	ASSERT_RTNL();

	if (fd == -1) {
		vnet_steer_replace(steerp, NULL);
		return 0;
	}

	/* Both choose the queue; neither switches the other off. */
	if (rss)
		return -EBUSY;

	steer = kzalloc(sizeof(*steer), GFP_KERNEL_ACCOUNT);
	if (!steer)
		return -ENOMEM;

	steer->prog = vnet_steer_get(fd);
	if (IS_ERR(steer->prog)) {
		int err = PTR_ERR(steer->prog);

		kfree(steer);
		return err;
	}

	steer->reports = steer->prog->type == BPF_PROG_TYPE_VNET_HASH;
	steer->generation = atomic64_inc_return(&vnet_steer_generation);
	vnet_steer_replace(steerp, steer);

	return 0;
}
EXPORT_SYMBOL_GPL(vnet_steer_set);

/**
 * vnet_steer_free - detach the program of a device that goes away
 * @steerp: where the device has it
 *
 * Context: nobody attaches any more.
 */
void vnet_steer_free(struct vnet_steer_prog __rcu **steerp)
{
	vnet_steer_replace(steerp, NULL);
}
EXPORT_SYMBOL_GPL(vnet_steer_free);

/* The hash types that a key is long enough for */
static noinline u32 vnet_steer_types(u16 key_size)
{
	u32 types = 0, type;

	for (type = 1; type & VIRTIO_NET_HASH_TYPES_ALL; type <<= 1)
		if (virtio_net_hash_key_size(type) <= key_size)
			types |= type;
	return types;
}

static __always_inline u32
vnet_steer_run_reporting(const struct vnet_steer_prog *steer,
			 const struct tun_vnet_hash_conf *conf,
			 struct sk_buff *skb, bool ethernet,
			 struct vnet_hash_ext *ext)
{
	struct vnet_hash_run run = { .ext = ext, .ethernet = ethernet };

	if (conf) {
		run.toeplitz = &conf->toeplitz;
		run.key_size = conf->key_size;
		run.types = VIRTIO_NET_HASH_TYPES_ALL;
		if (run.key_size < VIRTIO_NET_HASH_MAX_INPUT + 4)
			run.types = vnet_steer_types(run.key_size);
	}
	ext->reported = false;
	return vnet_hash_prog_run(steer->prog, skb, &run);
}

/**
 * vnet_steer_run - run a device's program on a packet
 * @steer: program
 * @conf: configuration of the device's receive hash, or NULL
 * @skb: packet, data at its first header; its cb is ours
 * @ethernet: whether that is an Ethernet header
 * @numqueues: queues attached
 * @ext: receives what the program reports, if it can; else it is not written
 *
 * Context: rcu_read_lock() held, for @steer and @conf.
 * Return: the queue, less than @numqueues, 0 when none is attached.
 */
u16 vnet_steer_run(const struct vnet_steer_prog *steer,
		   const struct tun_vnet_hash_conf *conf, struct sk_buff *skb,
		   bool ethernet, unsigned int numqueues,
		   struct vnet_hash_ext *ext)
{
	u32 queue;

	if (vnet_steer_reports(steer))
		queue = vnet_steer_run_reporting(steer, conf, skb, ethernet,
						 ext);
	else
		queue = bpf_prog_run_clear_cb(steer->prog, skb);

	return numqueues ? queue % numqueues : 0;
}
EXPORT_SYMBOL_GPL(vnet_steer_run);

/**
 * vnet_steer_select_queue - choose a packet's queue in ndo_select_queue
 * @steer: program
 * @conf: configuration of the device's receive hash, or NULL
 * @skb: packet
 * @ethernet: whether it begins with an Ethernet header
 * @numqueues: queues attached
 *
 * What a program of BPF_PROG_TYPE_VNET_HASH reports goes along with the packet,
 * for vnet_steer_ext() to find, so that it runs once.  Where there is no memory
 * for that the packet goes to queue 0, and the program has not run.
 *
 * Context: rcu_read_lock() held, for @steer and @conf.
 * Return: the queue, less than @numqueues, 0 when none is attached.
 */
u16 vnet_steer_select_queue(const struct vnet_steer_prog *steer,
			    const struct tun_vnet_hash_conf *conf,
			    struct sk_buff *skb, bool ethernet,
			    unsigned int numqueues)
{
	struct vnet_hash_ext *ext;

	if (!numqueues)
		return 0;

	if (!vnet_steer_reports(steer))
		return bpf_prog_run_clear_cb(steer->prog, skb) % numqueues;

	ext = vnet_steer_ext_add(skb);
	if (unlikely(!ext))
		return 0;
	ext->generation = steer->generation;

	return vnet_steer_run_reporting(steer, conf, skb, ethernet, ext) %
	       numqueues;
}
EXPORT_SYMBOL_GPL(vnet_steer_select_queue);

static void __exit vnet_steer_exit(void)
{
	static_key_deferred_flush(&vnet_steer_used);
	/* vnet_steer_free_rcu() is ours. */
	rcu_barrier();
}
module_exit(vnet_steer_exit);

MODULE_DESCRIPTION("Steering programs of tun and tap");
MODULE_LICENSE("GPL");
