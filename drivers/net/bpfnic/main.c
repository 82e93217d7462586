// SPDX-License-Identifier: GPL-2.0
/* Links: a port is one end of a wire; the other is a netdev of ours or somebody's. */
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/idr.h>
#include <linux/if_arp.h>
#include <linux/if_vlan.h>
#include <linux/module.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <net/rtnetlink.h>

#include "bpfnic.h"

static DEFINE_IDA(dev_ids);
static const struct net_device_ops port_ops, wire_ops;
static struct rtnl_link_ops port_link_ops, wire_link_ops;

/* The NIC behind ports */

static struct bpfnic_dev *bdev_create(void)
{
	struct bpfnic_dev *bdev;
	int err;

	bdev = kzalloc(sizeof(*bdev), GFP_KERNEL);
	if (!bdev)
		return ERR_PTR(-ENOMEM);
	mutex_init(&bdev->lock);
	INIT_LIST_HEAD(&bdev->ports);
	INIT_LIST_HEAD(&bdev->maps);
	INIT_LIST_HEAD(&bdev->progs);
	bdev->id = ida_alloc(&dev_ids, GFP_KERNEL);
	if (bdev->id < 0) {
		err = bdev->id;
		goto err_free;
	}
	bdev->bpf_dev = bpf_offload_dev_create(&bpfnic_prog_ops, bdev);
	if (IS_ERR(bdev->bpf_dev)) {
		err = PTR_ERR(bdev->bpf_dev);
		goto err_id;
	}
	bpfnic_debugfs_add(bdev);
	return bdev;

err_id:
	ida_free(&dev_ids, bdev->id);
err_free:
	kfree(bdev);
	return ERR_PTR(err);
}

static void bdev_destroy(struct bpfnic_dev *bdev)
{
	bpfnic_debugfs_remove(bdev);
	bpf_offload_dev_destroy(bdev->bpf_dev);
	ida_free(&dev_ids, bdev->id);
	kfree(bdev);
}

/* The wire */

/**
 * bpfnic_wire_send() - send a frame out of the wire
 * @port: the port
 * @skb: the frame, complete, from the Ethernet header on; consumed
 *
 * Context: softirqs off, RCU reader.
 * Return: whether it was sent.  It is not if it is longer than the wire's MTU allows.
 */
bool bpfnic_wire_send(struct bpfnic_port *port, struct sk_buff *skb)
{
	struct net_device *wire = rcu_dereference(port->wire);
	unsigned int len = skb->len;
	bool xnet;
	int err;

	/* A program's frames may have grown. */
	if (unlikely(!wire) || unlikely(len > READ_ONCE(wire->mtu) + BPFNIC_HLEN)) {
		kfree_skb(skb);
		return false;
	}
	if (!port->lower) {
		/* It may have been redirected here, with all of it in fragments. */
		if (unlikely(!pskb_may_pull(skb, ETH_HLEN))) {
			kfree_skb(skb);
			return false;
		}
		skb_tx_timestamp(skb);
		/* As dev_forward_skb() does, but with room for two tags. */
		if (____dev_forward_skb(wire, skb, false))
			return false;
		bpfnic_forget(skb);
		skb->protocol = eth_type_trans(skb, wire);
		if (__netif_rx(skb) != NET_RX_SUCCESS)
			return false;
		dev_sw_netstats_rx_add(wire, len);
		return true;
	}
	xnet = !net_eq(dev_net(port->dev), dev_net(wire));
	skb_scrub_packet(skb, xnet);
	if (xnet) {
		/* Or else the wire's driver does. */
		skb_tx_timestamp(skb);
		skb_orphan(skb);
	}
	skb->dev = wire;
	err = dev_queue_xmit(skb);
	return !net_xmit_eval(err);
}

static netdev_tx_t wire_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct bpfnic_wire *wire = netdev_priv(dev);
	struct bpfnic_port *port;
	unsigned int len = skb->len;

	rcu_read_lock();
	port = rcu_dereference(wire->port);
	/* The frame may have been redirected here, with all of it in fragments. */
	if (likely(port) && likely(pskb_may_pull(skb, ETH_HLEN))) {
		u32 queues = READ_ONCE(port->dev->real_num_rx_queues);

		skb_tx_timestamp(skb);
		dev_sw_netstats_tx_add(dev, 1, len);
		bpfnic_rx(port, skb, skb_get_queue_mapping(skb) % queues);
	} else {
		dev_core_stats_tx_dropped_inc(dev);
		kfree_skb(skb);
	}
	rcu_read_unlock();
	return NETDEV_TX_OK;
}

/* The wire's end for ours; NULL while one of both is being removed. */
static struct net_device *wire_peer(const struct net_device *dev)
{
	const struct bpfnic_wire *wire = netdev_priv(dev);
	struct bpfnic_port *port = rcu_dereference_rtnl(wire->port);

	return port ? port->dev : NULL;
}

/* There is a carrier when both ends are up. */
static void port_update_carrier(struct bpfnic_port *port)
{
	struct net_device *wire = rtnl_dereference(port->wire);
	bool on;

	if (!wire)
		return;
	on = netif_running(port->dev) && netif_running(wire) &&
	     (!port->lower || netif_carrier_ok(wire));
	if (on)
		netif_carrier_on(port->dev);
	else
		netif_carrier_off(port->dev);
	if (port->lower)
		return;
	if (on)
		netif_carrier_on(wire);
	else
		netif_carrier_off(wire);
}

static int wire_open_stop(struct net_device *dev)
{
	struct bpfnic_wire *wire = netdev_priv(dev);
	struct bpfnic_port *port = rtnl_dereference(wire->port);

	if (port)
		port_update_carrier(port);
	return 0;
}

static int wire_get_iflink(const struct net_device *dev)
{
	struct net_device *peer;
	int iflink;

	rcu_read_lock();
	peer = wire_peer(dev);
	iflink = peer ? READ_ONCE(peer->ifindex) : 0;
	rcu_read_unlock();
	return iflink;
}

static const struct net_device_ops wire_ops = {
	.ndo_open		= wire_open_stop,
	.ndo_stop		= wire_open_stop,
	.ndo_start_xmit		= wire_xmit,
	.ndo_get_iflink		= wire_get_iflink,
	.ndo_set_mac_address	= eth_mac_addr,
	.ndo_validate_addr	= eth_validate_addr,
	.ndo_features_check	= passthru_features_check,
};

static void wire_get_drvinfo(struct net_device *dev, struct ethtool_drvinfo *info)
{
	strscpy(info->driver, BPFNIC_NAME BPFNIC_WIRE_SUFFIX, sizeof(info->driver));
}

static const struct ethtool_ops wire_ethtool_ops = {
	.get_drvinfo	= wire_get_drvinfo,
	.get_link	= ethtool_op_get_link,
	.get_ts_info	= ethtool_op_get_ts_info,
};

static void common_setup(struct net_device *dev)
{
	ether_setup(dev);
	dev->priv_flags &= ~IFF_TX_SKB_SHARING;
	/* Netpoll would send from an interrupt, which may have found a lock of ours taken. */
	dev->priv_flags |= IFF_LIVE_ADDR_CHANGE | IFF_NO_QUEUE | IFF_DISABLE_NETPOLL;
	dev->lltx = true;
	dev->max_mtu = BPFNIC_MAX_MTU;
	/* Frames are taken in pieces, but complete as on a wire. */
	dev->hw_features = NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_HIGHDMA;
	dev->features |= dev->hw_features;
	dev->vlan_features = dev->hw_features;
	dev->needs_free_netdev = true;
}

static void wire_setup(struct net_device *dev)
{
	common_setup(dev);
	dev->netdev_ops = &wire_ops;
	dev->ethtool_ops = &wire_ethtool_ops;
	dev->rtnl_link_ops = &wire_link_ops;
	dev->pcpu_stat_type = NETDEV_PCPU_STAT_TSTATS;
}

/* The port */

static void port_update_max_mtu(struct bpfnic_port *port)
{
	struct net_device *wire = rtnl_dereference(port->wire);
	unsigned int max = BPFNIC_MAX_MTU;

	if (port->lower && wire)
		max = min(max, wire->mtu);
	if (port->xdp_hw.prog || port->xdp.prog)
		max = min(max, (unsigned int)BPFNIC_XDP_MAX_MTU);
	port->dev->max_mtu = max;
}

/* The queues in use take frames. */
static void port_up(struct bpfnic_port *port)
{
	u32 i;

	for (i = 0; i < port->dev->real_num_rx_queues; i++)
		napi_enable(&port->queues[i].napi);
	WRITE_ONCE(port->up, true);
}

/* No queue takes frames, none is left in a ring, and none is on its way there. */
static void port_down(struct bpfnic_port *port)
{
	u32 i;

	WRITE_ONCE(port->up, false);
	for (i = 0; i < port->dev->real_num_rx_queues; i++)
		napi_disable(&port->queues[i].napi);
	synchronize_net();
	for (i = 0; i < port->num_queues; i++)
		bpfnic_ring_drain(&port->queues[i]);
}

/**
 * bpfnic_set_queues() - set how many pairs of queues are in use
 * @port: the port
 * @count: the number, at least 1 and at most bpfnic_port::num_queues
 *
 * Context: rtnl.
 * Return: 0 or a negative errno, with the number as it was.
 */
int bpfnic_set_queues(struct bpfnic_port *port, unsigned int count)
{
	struct net_device *wire = rtnl_dereference(port->wire), *dev = port->dev;
	unsigned int old = dev->real_num_rx_queues;
	bool running = port->up;
	int err;

	if (running)
		port_down(port);
	err = netif_set_real_num_queues(dev, count, count);
	if (!err && wire && !port->lower) {
		err = netif_set_real_num_tx_queues(wire, count);
		if (err)
			netif_set_real_num_queues(dev, old, old);
	}
	if (running)
		port_up(port);
	return err;
}

static int port_open(struct net_device *dev)
{
	struct bpfnic_port *port = netdev_priv(dev);

	port_up(port);
	port_update_carrier(port);
	return 0;
}

static int port_stop(struct net_device *dev)
{
	struct bpfnic_port *port = netdev_priv(dev);

	port_update_carrier(port);
	port_down(port);
	return 0;
}

static netdev_tx_t port_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct bpfnic_port *port = netdev_priv(dev);
	/* Not every core checks what a program of tc put there. */
	u32 queue = skb_get_queue_mapping(skb) % port->num_queues;
	struct sk_buff *next;

	skb = bpfnic_complete(skb);
	if (unlikely(!skb))
		dev_core_stats_tx_dropped_inc(dev);
	rcu_read_lock();
	skb_list_walk_safe(skb, skb, next) {
		unsigned int len = skb->len;

		skb_mark_not_on_list(skb);
		if (likely(bpfnic_wire_send(port, skb)))
			bpfnic_count_tx(&port->queues[queue], len);
		else
			dev_core_stats_tx_dropped_inc(dev);
	}
	rcu_read_unlock();
	return NETDEV_TX_OK;
}

static void port_get_stats64(struct net_device *dev, struct rtnl_link_stats64 *stats)
{
	struct bpfnic_port *port = netdev_priv(dev);
	u64 sums[BPFNIC_NUM_STATS] = {};
	u32 i;

	for (i = 0; i < port->num_queues; i++)
		bpfnic_sum_stats(port, i, sums);
	stats->rx_packets = sums[BPFNIC_RX_PACKETS];
	stats->rx_bytes = sums[BPFNIC_RX_BYTES];
	stats->rx_dropped = sums[BPFNIC_RX_DROPS];
	stats->rx_missed_errors = sums[BPFNIC_WIRE_DROPS];
	stats->tx_packets = sums[BPFNIC_TX_PACKETS];
	stats->tx_bytes = sums[BPFNIC_TX_BYTES];
}

static int port_get_iflink(const struct net_device *dev)
{
	struct bpfnic_port *port = netdev_priv(dev);
	struct net_device *wire;
	int iflink;

	rcu_read_lock();
	wire = rcu_dereference(port->wire);
	iflink = wire ? READ_ONCE(wire->ifindex) : 0;
	rcu_read_unlock();
	return iflink;
}

static int port_setup_xdp(struct bpfnic_port *port, struct netdev_bpf *bpf)
{
	int err;

	if (bpf->prog && port->dev->mtu > BPFNIC_XDP_MAX_MTU) {
		NL_SET_ERR_MSG_FMT_MOD(bpf->extack, "MTU too large for XDP: at most %u",
				       (unsigned int)BPFNIC_XDP_MAX_MTU);
		return -EINVAL;
	}
	if (bpf->command == XDP_SETUP_PROG_HW)
		err = bpfnic_prog_attach(port, bpf);
	else
		err = bpfnic_xdp_attach(port, bpf);
	if (!err)
		port_update_max_mtu(port);
	return err;
}

static int port_bpf(struct net_device *dev, struct netdev_bpf *bpf)
{
	struct bpfnic_port *port = netdev_priv(dev);

	switch (bpf->command) {
	case XDP_SETUP_PROG:
	case XDP_SETUP_PROG_HW:
		return port_setup_xdp(port, bpf);
	case BPF_OFFLOAD_MAP_ALLOC:
		return bpfnic_map_alloc(port->bdev, dev, bpf->offmap);
	case BPF_OFFLOAD_MAP_FREE:
		bpfnic_map_free(bpf->offmap);
		return 0;
	default:
		return -EINVAL;
	}
}

static void queues_free(struct bpfnic_port *port)
{
	u32 i;

	for (i = 0; i < port->num_queues; i++) {
		struct bpfnic_queue *q = &port->queues[i];

		if (xdp_rxq_info_is_reg(&q->rxq))
			xdp_rxq_info_unreg(&q->rxq);
		__netif_napi_del(&q->napi);
	}
	/* For all NAPIs at once. */
	synchronize_net();
	for (i = 0; i < port->num_queues; i++)
		ptr_ring_cleanup(&port->queues[i].ring, bpfnic_ring_free);
	kvfree(port->queues);
	port->queues = NULL;
}

static int queues_alloc(struct bpfnic_port *port)
{
	struct net_device *dev = port->dev;
	u32 num, i;
	int err;

	num = min(dev->num_rx_queues, dev->num_tx_queues);
	port->queues = kvcalloc(num, sizeof(*port->queues), GFP_KERNEL_ACCOUNT);
	if (!port->queues)
		return -ENOMEM;
	for (i = 0; i < num; i++) {
		struct bpfnic_queue *q = &port->queues[i];

		q->port = port;
		q->index = i;
		spin_lock_init(&q->tx_lock);
		u64_stats_init(&q->rx.sync);
		u64_stats_init(&q->tx.sync);
		err = ptr_ring_init(&q->ring, BPFNIC_RING_SIZE, GFP_KERNEL_ACCOUNT);
		if (err)
			goto err_free;
		netif_napi_add(dev, &q->napi, bpfnic_poll);
		port->num_queues = i + 1;
		err = xdp_rxq_info_reg(&q->rxq, dev, i, q->napi.napi_id) ?:
		      xdp_rxq_info_reg_mem_model(&q->rxq, MEM_TYPE_PAGE_SHARED, NULL);
		if (err)
			goto err_free;
	}
	return 0;

err_free:
	queues_free(port);
	return err;
}

static int port_init(struct net_device *dev)
{
	struct bpfnic_port *port = netdev_priv(dev);
	struct bpfnic_dev *bdev = port->bdev;
	int err;

	err = queues_alloc(port);
	if (err)
		return err;
	err = netif_set_real_num_queues(dev, port->num_queues, port->num_queues) ?:
	      bpf_offload_dev_netdev_register(bdev->bpf_dev, dev);
	if (err) {
		queues_free(port);
		return err;
	}
	mutex_lock(&bdev->lock);
	list_add_tail(&port->list, &bdev->ports);
	mutex_unlock(&bdev->lock);
	bdev->num_ports++;
	return 0;
}

static void port_uninit(struct net_device *dev)
{
	struct bpfnic_port *port = netdev_priv(dev);
	struct bpfnic_dev *bdev = port->bdev;

	bpf_offload_dev_netdev_unregister(bdev->bpf_dev, dev);
	mutex_lock(&bdev->lock);
	list_del(&port->list);
	mutex_unlock(&bdev->lock);
	port->bdev = NULL;
	if (!--bdev->num_ports)
		bdev_destroy(bdev);
}

/* Who still holds the netdev can read its counters until then. */
static void port_destructor(struct net_device *dev)
{
	queues_free(netdev_priv(dev));
}

static const struct net_device_ops port_ops = {
	.ndo_init		= port_init,
	.ndo_uninit		= port_uninit,
	.ndo_open		= port_open,
	.ndo_stop		= port_stop,
	.ndo_start_xmit		= port_xmit,
	.ndo_get_stats64	= port_get_stats64,
	.ndo_get_iflink		= port_get_iflink,
	.ndo_set_mac_address	= eth_mac_addr,
	.ndo_validate_addr	= eth_validate_addr,
	.ndo_features_check	= passthru_features_check,
	.ndo_bpf		= port_bpf,
	.ndo_xdp_xmit		= bpfnic_xdp_xmit,
};

static void port_setup(struct net_device *dev)
{
	common_setup(dev);
	dev->netdev_ops = &port_ops;
	dev->ethtool_ops = &bpfnic_ethtool_ops;
	dev->priv_destructor = port_destructor;
	dev->xdp_features = NETDEV_XDP_ACT_BASIC | NETDEV_XDP_ACT_REDIRECT |
			    NETDEV_XDP_ACT_NDO_XMIT | NETDEV_XDP_ACT_HW_OFFLOAD;
}

/* Links */

/* port_create_wire() - make the netdev at the other end of a port, which is registered */
static int port_create_wire(struct bpfnic_port *port, struct netlink_ext_ack *extack)
{
	struct bpfnic_wire *priv;
	struct net_device *wire;
	char name[IFNAMSIZ];
	int err;

	if (snprintf(name, sizeof(name), "%s" BPFNIC_WIRE_SUFFIX, port->dev->name) >=
	    sizeof(name)) {
		NL_SET_ERR_MSG_FMT_MOD(extack, "a name has at most %zu characters: %s is added",
				       IFNAMSIZ - sizeof(BPFNIC_WIRE_SUFFIX),
				       BPFNIC_WIRE_SUFFIX);
		return -EINVAL;
	}
	wire = alloc_netdev_mqs(sizeof(*priv), name, NET_NAME_USER, wire_setup,
				port->num_queues, 1);
	if (!wire)
		return -ENOMEM;
	dev_net_set(wire, dev_net(port->dev));
	eth_hw_addr_random(wire);
	wire->mtu = port->dev->mtu;
	err = register_netdevice(wire);
	if (err) {
		if (err == -EEXIST)
			NL_SET_ERR_MSG_FMT_MOD(extack, "there is a %s already", name);
		free_netdev(wire);
		return err;
	}
	netif_carrier_off(wire);
	priv = netdev_priv(wire);
	rcu_assign_pointer(priv->port, port);
	rcu_assign_pointer(port->wire, wire);
	return 0;
}

/* port_take_wire() - put somebody's netdev at the other end of a port */
static int port_take_wire(struct bpfnic_port *port, struct net_device *wire,
			  struct netlink_ext_ack *extack)
{
	int err;

	err = netdev_rx_handler_register(wire, bpfnic_rx_handler, port);
	if (err) {
		NL_SET_ERR_MSG_FMT_MOD(extack, "%s is in use: a bridge's, a bond's, ...",
				       wire->name);
		return err;
	}
	err = netdev_upper_dev_link(wire, port->dev, extack);
	if (err)
		goto err_handler;
	err = dev_set_promiscuity(wire, 1);
	if (err)
		goto err_unlink;
	dev_disable_lro(wire);
	netdev_hold(wire, &port->wire_tracker, GFP_KERNEL);
	rcu_assign_pointer(port->wire, wire);
	port_update_max_mtu(port);
	return 0;

err_unlink:
	netdev_upper_dev_unlink(wire, port->dev);
err_handler:
	netdev_rx_handler_unregister(wire);
	return err;
}

static void port_dellink(struct net_device *dev, struct list_head *head)
{
	struct bpfnic_port *port = netdev_priv(dev);
	struct net_device *wire = rtnl_dereference(port->wire);
	struct bpfnic_wire *priv;

	RCU_INIT_POINTER(port->wire, NULL);
	unregister_netdevice_queue(dev, head);
	if (!wire)
		return;
	if (!port->lower) {
		priv = netdev_priv(wire);
		RCU_INIT_POINTER(priv->port, NULL);
		unregister_netdevice_queue(wire, head);
		return;
	}
	netdev_rx_handler_unregister(wire);
	netdev_upper_dev_unlink(wire, dev);
	dev_set_promiscuity(wire, -1);
	netdev_put(wire, &port->wire_tracker);
}

static void wire_dellink(struct net_device *dev, struct list_head *head)
{
	struct net_device *port = wire_peer(dev);

	if (port)
		port_dellink(port, head);
	else
		unregister_netdevice_queue(dev, head);
}

/* What can be at the other end of a port? */
static int check_lower(const struct net_device *dev, struct netlink_ext_ack *extack)
{
	if (dev->netdev_ops == &wire_ops) {
		NL_SET_ERR_MSG_FMT_MOD(extack, "%s is the wire of a port already", dev->name);
		return -EINVAL;
	}
	if (dev->flags & IFF_LOOPBACK || dev->type != ARPHRD_ETHER) {
		NL_SET_ERR_MSG_FMT_MOD(extack, "%s is no Ethernet device", dev->name);
		return -EINVAL;
	}
	return 0;
}

static int port_create(struct net *link_net, struct net_device *dev, struct nlattr *tb[],
		       struct netlink_ext_ack *extack)
{
	struct bpfnic_port *port = netdev_priv(dev);
	struct net_device *link = NULL;
	struct bpfnic_dev *bdev = NULL;
	int err;

	if (min(dev->num_rx_queues, dev->num_tx_queues) > BPFNIC_MAX_QUEUES) {
		NL_SET_ERR_MSG_FMT_MOD(extack, "at most %d queues", BPFNIC_MAX_QUEUES);
		return -EINVAL;
	}
	if (tb[IFLA_LINK]) {
		link = __dev_get_by_index(link_net, nla_get_u32(tb[IFLA_LINK]));
		if (!link) {
			NL_SET_ERR_MSG_MOD(extack, "there is no such link");
			return -ENODEV;
		}
		if (link->netdev_ops == &port_ops) {
			bdev = ((struct bpfnic_port *)netdev_priv(link))->bdev;
			link = NULL;
		} else {
			err = check_lower(link, extack);
			if (err)
				return err;
			port->lower = true;
			if (!tb[IFLA_MTU])
				dev->mtu = min_t(unsigned int, link->mtu, BPFNIC_MAX_MTU);
			if (dev->mtu > link->mtu) {
				NL_SET_ERR_MSG_FMT_MOD(extack, "the MTU of %s is %u",
						       link->name, link->mtu);
				return -EINVAL;
			}
		}
	}
	if (!tb[IFLA_ADDRESS])
		eth_hw_addr_random(dev);

	if (!bdev) {
		bdev = bdev_create();
		if (IS_ERR(bdev))
			return PTR_ERR(bdev);
	}
	port->dev = dev;
	port->bdev = bdev;
	err = register_netdevice(dev);
	if (err) {
		/* If port_uninit() was here, it has done that. */
		if (port->bdev && !bdev->num_ports)
			bdev_destroy(bdev);
		return err;
	}
	netif_carrier_off(dev);
	if (link)
		err = port_take_wire(port, link, extack);
	else
		err = port_create_wire(port, extack);
	if (err)
		unregister_netdevice(dev);
	return err;
}

#ifdef HAVE_RTNL_NEWLINK_PARAMS		/* Linux 6.15 and later; see Makefile */
static int port_newlink(struct net_device *dev, struct rtnl_newlink_params *params,
			struct netlink_ext_ack *extack)
{
	return port_create(rtnl_newlink_link_net(params), dev, params->tb, extack);
}
#else
static int port_newlink(struct net *link_net, struct net_device *dev, struct nlattr *tb[],
			struct nlattr *data[], struct netlink_ext_ack *extack)
{
	return port_create(link_net, dev, tb, extack);
}
#endif

static unsigned int port_num_queues(void)
{
	return min(num_online_cpus(), 16U);
}

static struct net *port_get_link_net(const struct net_device *dev)
{
	struct bpfnic_port *port = netdev_priv(dev);
	struct net_device *wire = rcu_dereference_rtnl(port->wire);

	return dev_net(wire ?: dev);
}

static struct net *wire_get_link_net(const struct net_device *dev)
{
	return dev_net(wire_peer(dev) ?: dev);
}

static struct rtnl_link_ops port_link_ops = {
	.kind			= BPFNIC_NAME,
	.priv_size		= sizeof(struct bpfnic_port),
	.setup			= port_setup,
	.newlink		= port_newlink,
	.dellink		= port_dellink,
	.get_num_tx_queues	= port_num_queues,
	.get_num_rx_queues	= port_num_queues,
	.get_link_net		= port_get_link_net,
};

/* Without setup: a wire comes with its port only. */
static struct rtnl_link_ops wire_link_ops = {
	.kind			= BPFNIC_NAME BPFNIC_WIRE_SUFFIX,
	.dellink		= wire_dellink,
	.get_link_net		= wire_get_link_net,
};

/* Somebody's netdev that is a wire */
static int lower_event(struct notifier_block *nb, unsigned long event, void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct bpfnic_port *port;
	LIST_HEAD(list);
	int err = 0;

	if (rtnl_dereference(dev->rx_handler) != bpfnic_rx_handler)
		return NOTIFY_DONE;
	port = rtnl_dereference(dev->rx_handler_data);

	switch (event) {
	case NETDEV_UP:
	case NETDEV_DOWN:
	case NETDEV_CHANGE:
		port_update_carrier(port);
		break;
	case NETDEV_CHANGEMTU:
		/* If it cannot follow, the core sets the old one again, and says so here. */
		if (port->dev->mtu > dev->mtu)
			err = dev_set_mtu(port->dev, dev->mtu);
		port_update_max_mtu(port);
		return notifier_from_errno(err);
	case NETDEV_PRE_TYPE_CHANGE:
		return NOTIFY_BAD;
	case NETDEV_UNREGISTER:
		/* Not when it moves to another namespace. */
		if (dev->reg_state != NETREG_UNREGISTERING)
			break;
		port_dellink(port->dev, &list);
		unregister_netdevice_many(&list);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block lower_notifier = {
	.notifier_call = lower_event,
};

static int __init bpfnic_init(void)
{
	int err;

	err = bpfnic_prog_init();
	if (err)
		return err;
	bpfnic_debugfs_init();
	err = register_netdevice_notifier(&lower_notifier);
	if (err)
		goto err_prog;
	err = rtnl_link_register(&wire_link_ops);
	if (err)
		goto err_notifier;
	err = rtnl_link_register(&port_link_ops);
	if (err)
		goto err_wire;
	return 0;

err_wire:
	rtnl_link_unregister(&wire_link_ops);
err_notifier:
	unregister_netdevice_notifier(&lower_notifier);
err_prog:
	bpfnic_debugfs_exit();
	bpfnic_prog_exit();
	return err;
}
module_init(bpfnic_init);

static void __exit bpfnic_exit(void)
{
	/* Removes all links. */
	rtnl_link_unregister(&port_link_ops);
	rtnl_link_unregister(&wire_link_ops);
	unregister_netdevice_notifier(&lower_notifier);
	bpfnic_prog_exit();
	bpfnic_debugfs_exit();
	ida_destroy(&dev_ids);
}
module_exit(bpfnic_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("NIC in software that runs offloaded BPF programs on maps of its own\n"
		   "\tip link add NAME type bpfnic: a port, and NAME_wire at its other end\n"
		   "\tip link add link DEV name NAME type bpfnic: a port on DEV\n"
		   "\tip link add link NAME name NAME2 type bpfnic: another port of NAME's NIC\n"
		   "\tip link set NAME up xdpoffload object FILE section xdp: its program\n"
		   "\tbpftool map show, dump, update: its maps\n"
		   "\tethtool -S, -L, -l NAME; /sys/kernel/debug/bpfnic: what it does and has");
MODULE_ALIAS_RTNL_LINK(BPFNIC_NAME);
