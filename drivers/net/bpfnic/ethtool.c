// SPDX-License-Identifier: GPL-2.0
/* What ethtool shows of a port, and the number of its queues. */
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>

#include "bpfnic.h"

/* In the order of enum bpfnic_stat. */
static const char * const queue_names[] = {
	"rx%u_packets", "rx%u_bytes", "rx%u_drops", "tx%u_packets", "tx%u_bytes",
};

static const char * const port_names[] = {
	"hw_xdp_pass", "hw_xdp_drop", "hw_xdp_tx", "hw_xdp_tx_errors", "hw_xdp_aborted",
	"hw_steered", "hw_steer_invalid",
	"xdp_pass", "xdp_drop", "xdp_tx", "xdp_tx_errors", "xdp_redirect",
	"xdp_redirect_errors", "xdp_aborted", "wire_drops",
};

static_assert(ARRAY_SIZE(queue_names) == BPFNIC_QUEUE_STATS);
static_assert(ARRAY_SIZE(port_names) == BPFNIC_NUM_STATS - BPFNIC_QUEUE_STATS);

static void get_drvinfo(struct net_device *dev, struct ethtool_drvinfo *info)
{
	strscpy(info->driver, BPFNIC_NAME, sizeof(info->driver));
}

static int get_sset_count(struct net_device *dev, int set)
{
	struct bpfnic_port *port = netdev_priv(dev);

	if (set != ETH_SS_STATS)
		return -EOPNOTSUPP;
	return port->num_queues * BPFNIC_QUEUE_STATS + ARRAY_SIZE(port_names);
}

static void get_strings(struct net_device *dev, u32 set, u8 *data)
{
	struct bpfnic_port *port = netdev_priv(dev);
	u32 i, j;

	if (set != ETH_SS_STATS)
		return;
	for (i = 0; i < port->num_queues; i++)
		for (j = 0; j < BPFNIC_QUEUE_STATS; j++)
			ethtool_sprintf(&data, queue_names[j], i);
	for (j = 0; j < ARRAY_SIZE(port_names); j++)
		ethtool_puts(&data, port_names[j]);
}

static void get_stats(struct net_device *dev, struct ethtool_stats *stats, u64 *data)
{
	struct bpfnic_port *port = netdev_priv(dev);
	u64 sums[BPFNIC_NUM_STATS] = {};
	u32 i;

	for (i = 0; i < port->num_queues; i++) {
		/* Those that are shown by queue start anew with each. */
		memset(sums, 0, BPFNIC_QUEUE_STATS * sizeof(*sums));
		bpfnic_sum_stats(port, i, sums);
		memcpy(data + i * BPFNIC_QUEUE_STATS, sums,
		       BPFNIC_QUEUE_STATS * sizeof(*sums));
	}
	memcpy(data + i * BPFNIC_QUEUE_STATS, sums + BPFNIC_QUEUE_STATS,
	       ARRAY_SIZE(port_names) * sizeof(*sums));
}

static void get_channels(struct net_device *dev, struct ethtool_channels *ch)
{
	struct bpfnic_port *port = netdev_priv(dev);

	ch->max_combined = port->num_queues;
	ch->combined_count = dev->real_num_rx_queues;
}

static int set_channels(struct net_device *dev, struct ethtool_channels *ch)
{
	return bpfnic_set_queues(netdev_priv(dev), ch->combined_count);
}

static void get_ringparam(struct net_device *dev, struct ethtool_ringparam *ring,
			  struct kernel_ethtool_ringparam *kernel_ring,
			  struct netlink_ext_ack *extack)
{
	ring->rx_max_pending = BPFNIC_RING_SIZE;
	ring->rx_pending = BPFNIC_RING_SIZE;
}

static int get_link_ksettings(struct net_device *dev, struct ethtool_link_ksettings *cmd)
{
	cmd->base.speed = SPEED_10000;
	cmd->base.duplex = DUPLEX_FULL;
	cmd->base.port = PORT_TP;
	cmd->base.autoneg = AUTONEG_DISABLE;
	return 0;
}

const struct ethtool_ops bpfnic_ethtool_ops = {
	.get_drvinfo		= get_drvinfo,
	.get_link		= ethtool_op_get_link,
	.get_link_ksettings	= get_link_ksettings,
	.get_ts_info		= ethtool_op_get_ts_info,
	.get_sset_count		= get_sset_count,
	.get_strings		= get_strings,
	.get_ethtool_stats	= get_stats,
	.get_channels		= get_channels,
	.set_channels		= set_channels,
	.get_ringparam		= get_ringparam,
};
