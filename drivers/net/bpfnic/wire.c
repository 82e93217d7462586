// SPDX-License-Identifier: GPL-2.0
/* The netdev of ours at the other end of a port, and the carrier between both. */
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>

#include "bpfnic.h"

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

/**
 * bpfnic_wire_peer() - the port at the other end of a wire
 * @dev: the wire's netdev
 *
 * Context: rtnl or RCU reader.
 * Return: its netdev; NULL while one of both is being removed.
 */
struct net_device *bpfnic_wire_peer(const struct net_device *dev)
{
	const struct bpfnic_wire *wire = netdev_priv(dev);
	struct bpfnic_port *port = rcu_dereference_rtnl(wire->port);

	return port ? port->dev : NULL;
}

/**
 * bpfnic_update_carrier() - there is a carrier when both ends are up
 * @port: the port at one end
 *
 * Context: rtnl.
 */
void bpfnic_update_carrier(struct bpfnic_port *port)
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
		bpfnic_update_carrier(port);
	return 0;
}

static int wire_get_iflink(const struct net_device *dev)
{
	struct net_device *peer;
	int iflink;

	rcu_read_lock();
	peer = bpfnic_wire_peer(dev);
	iflink = peer ? READ_ONCE(peer->ifindex) : 0;
	rcu_read_unlock();
	return iflink;
}

const struct net_device_ops bpfnic_wire_ops = {
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

const struct ethtool_ops bpfnic_wire_ethtool_ops = {
	.get_drvinfo	= wire_get_drvinfo,
	.get_link	= ethtool_op_get_link,
	.get_ts_info	= ethtool_op_get_ts_info,
};
