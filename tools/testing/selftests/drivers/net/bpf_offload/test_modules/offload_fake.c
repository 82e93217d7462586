// SPDX-License-Identifier: GPL-2.0
/*
 * Network devices that take any BPF program and map, and do nothing with them.
 *
 * For tests of what is before the driver: kernel/bpf/offload.c and the ways to it.
 * Devices of the type offload_fake ("ip link add fake0 type offload_fake") are ports
 * of one offload device.  A native XDP program sees the frames that are sent.
 */

#include <linux/bpf.h>
#include <linux/bpf_verifier.h>
#include <linux/etherdevice.h>
#include <linux/filter.h>
#include <linux/module.h>
#include <net/rtnetlink.h>
#include <net/xdp.h>

struct fake_port {
	struct bpf_prog __rcu *native;
	struct bpf_prog __rcu *offloaded;
};

static struct bpf_offload_dev *fake_dev;

/* What is asked of a device about a program: yes */

static int fake_prepare(struct bpf_prog *prog)
{
	return 0;
}

static int fake_insn_hook(struct bpf_verifier_env *env, int insn_idx, int prev_insn_idx)
{
	return 0;
}

static int fake_finalize(struct bpf_verifier_env *env)
{
	return 0;
}

static int fake_translate(struct bpf_prog *prog)
{
	return 0;
}

static void fake_destroy(struct bpf_prog *prog)
{
}

static const struct bpf_prog_offload_ops fake_prog_ops = {
	.prepare = fake_prepare,
	.insn_hook = fake_insn_hook,
	.finalize = fake_finalize,
	.translate = fake_translate,
	.destroy = fake_destroy,
};

/* Maps: always empty */

static int fake_map_next(struct bpf_offloaded_map *map, void *key, void *next_key)
{
	return -ENOENT;
}

static int fake_map_lookup(struct bpf_offloaded_map *map, void *key, void *value)
{
	return -ENOENT;
}

static int fake_map_update(struct bpf_offloaded_map *map, void *key, void *value, u64 flags)
{
	return -E2BIG;
}

static int fake_map_delete(struct bpf_offloaded_map *map, void *key)
{
	return -ENOENT;
}

static const struct bpf_map_dev_ops fake_map_ops = {
	.map_get_next_key = fake_map_next,
	.map_lookup_elem = fake_map_lookup,
	.map_update_elem = fake_map_update,
	.map_delete_elem = fake_map_delete,
};

/* The network device */

static int fake_set_prog(struct bpf_prog __rcu **slot, struct bpf_prog *prog)
{
	struct bpf_prog *old = rtnl_dereference(*slot);

	rcu_assign_pointer(*slot, prog);
	if (old)
		bpf_prog_put(old);
	return 0;
}

static int fake_bpf(struct net_device *dev, struct netdev_bpf *bpf)
{
	struct fake_port *port = netdev_priv(dev);

	switch (bpf->command) {
	case XDP_SETUP_PROG:
		return fake_set_prog(&port->native, bpf->prog);
	case XDP_SETUP_PROG_HW:
		return fake_set_prog(&port->offloaded, bpf->prog);
	case BPF_OFFLOAD_MAP_ALLOC:
		bpf->offmap->dev_ops = &fake_map_ops;
		return 0;
	case BPF_OFFLOAD_MAP_FREE:
		return 0;
	default:
		return -EINVAL;
	}
}

static netdev_tx_t fake_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct fake_port *port = netdev_priv(dev);
	struct bpf_net_context net_ctx, *old_ctx;
	struct xdp_rxq_info rxq = { .dev = dev };
	struct bpf_prog *prog;
	struct xdp_buff xdp;
	void *data;

	data = kmalloc(PAGE_SIZE, GFP_ATOMIC);
	if (data && skb->len <= PAGE_SIZE - XDP_PACKET_HEADROOM &&
	    !skb_copy_bits(skb, 0, data + XDP_PACKET_HEADROOM, skb->len)) {
		xdp_init_buff(&xdp, PAGE_SIZE, &rxq);
		xdp_prepare_buff(&xdp, data, XDP_PACKET_HEADROOM, skb->len, false);
		old_ctx = bpf_net_ctx_set(&net_ctx);
		rcu_read_lock();
		prog = rcu_dereference(port->native);
		if (prog)
			bpf_prog_run_xdp(prog, &xdp);
		rcu_read_unlock();
		bpf_net_ctx_clear(old_ctx);
	}
	kfree(data);
	dev_kfree_skb(skb);
	return NETDEV_TX_OK;
}

static int fake_init(struct net_device *dev)
{
	return bpf_offload_dev_netdev_register(fake_dev, dev);
}

static void fake_uninit(struct net_device *dev)
{
	bpf_offload_dev_netdev_unregister(fake_dev, dev);
}

static const struct net_device_ops fake_netdev_ops = {
	.ndo_init = fake_init,
	.ndo_uninit = fake_uninit,
	.ndo_start_xmit = fake_xmit,
	.ndo_bpf = fake_bpf,
};

static void fake_setup(struct net_device *dev)
{
	ether_setup(dev);
	dev->netdev_ops = &fake_netdev_ops;
	dev->needs_free_netdev = true;
	dev->xdp_features = NETDEV_XDP_ACT_BASIC | NETDEV_XDP_ACT_HW_OFFLOAD;
	eth_hw_addr_random(dev);
}

static struct rtnl_link_ops fake_link_ops = {
	.kind = "offload_fake",
	.priv_size = sizeof(struct fake_port),
	.setup = fake_setup,
};

static int __init fake_load(void)
{
	int err;

	fake_dev = bpf_offload_dev_create(&fake_prog_ops, NULL);
	if (IS_ERR(fake_dev))
		return PTR_ERR(fake_dev);
	err = rtnl_link_register(&fake_link_ops);
	if (err)
		bpf_offload_dev_destroy(fake_dev);
	return err;
}

static void __exit fake_unload(void)
{
	rtnl_link_unregister(&fake_link_ops);
	bpf_offload_dev_destroy(fake_dev);
}

module_init(fake_load);
module_exit(fake_unload);
MODULE_ALIAS_RTNL_LINK("offload_fake");
MODULE_DESCRIPTION("BPF offload device for tests");
MODULE_LICENSE("GPL");
