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
static const struct net_device_ops port_ops;
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
	dev->netdev_ops = &bpfnic_wire_ops;
	dev->ethtool_ops = &bpfnic_wire_ethtool_ops;
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

static int port_open(struct net_device *dev)
{
	struct bpfnic_port *port = netdev_priv(dev);

	bpfnic_queues_up(port);
	bpfnic_update_carrier(port);
	return 0;
}

static int port_stop(struct net_device *dev)
{
	struct bpfnic_port *port = netdev_priv(dev);

	bpfnic_update_carrier(port);
	bpfnic_queues_down(port);
	return 0;
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

static int port_init(struct net_device *dev)
{
	struct bpfnic_port *port = netdev_priv(dev);
	struct bpfnic_dev *bdev = port->bdev;
	int err;

	err = bpfnic_queues_alloc(port);
	if (err)
		return err;
	err = netif_set_real_num_queues(dev, port->num_queues, port->num_queues) ?:
	      bpf_offload_dev_netdev_register(bdev->bpf_dev, dev);
	if (err) {
		bpfnic_queues_free(port);
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
	bpfnic_queues_free(netdev_priv(dev));
}

static const struct net_device_ops port_ops = {
	.ndo_init		= port_init,
	.ndo_uninit		= port_uninit,
	.ndo_open		= port_open,
	.ndo_stop		= port_stop,
	.ndo_start_xmit		= bpfnic_xmit,
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
	struct net_device *port = bpfnic_wire_peer(dev);

	if (port)
		port_dellink(port, head);
	else
		unregister_netdevice_queue(dev, head);
}

/* What can be at the other end of a port? */
static int check_lower(const struct net_device *dev, struct netlink_ext_ack *extack)
{
	if (dev->netdev_ops == &bpfnic_wire_ops) {
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
	return dev_net(bpfnic_wire_peer(dev) ?: dev);
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
		bpfnic_update_carrier(port);
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
