// SPDX-License-Identifier: GPL-2.0
/* Frames to the wire: the host's, those that were redirected, those that a program returns. */
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/skbuff.h>
#include <net/gso.h>

#include "bpfnic.h"

/* Does the frame still have the field of the checksum that is to be computed? */
static bool has_checksum(const struct sk_buff *skb)
{
	int start = skb_checksum_start_offset(skb);

	return start >= 0 && start + skb->csum_offset + sizeof(__sum16) <= skb->len;
}

/**
 * bpfnic_complete() - make a frame what it is on a wire
 * @skb: the frame, from the Ethernet header on; consumed
 *
 * Its tag is put into it, it is cut into segments, their checksums are computed.  The
 * core does so for what it sends itself; what a generic XDP program redirects comes
 * without, and what a netdev received may have been left as its sender had it.
 *
 * Context: softirqs off.
 * Return: the frame, or a list of those that it was cut into; NULL if that failed.
 */
struct sk_buff *bpfnic_complete(struct sk_buff *skb)
{
	struct sk_buff *segs;

	if (skb_vlan_tag_present(skb)) {
		skb = __vlan_hwaccel_push_inside(skb);
		if (!skb)
			return NULL;
	}
	/* A program that moved the frame's ends may have cut off what it was about. */
	if (skb->ip_summed == CHECKSUM_PARTIAL && unlikely(!has_checksum(skb))) {
		if (skb_is_gso(skb))
			goto drop;
		skb->ip_summed = CHECKSUM_NONE;
	}
	if (skb_is_gso(skb)) {
		segs = __skb_gso_segment(skb, 0, false);
		if (IS_ERR(segs))
			goto drop;
		if (segs) {
			consume_skb(skb);
			return segs;
		}
	}
	if (skb->ip_summed == CHECKSUM_PARTIAL &&
	    (!pskb_may_pull(skb, skb_checksum_start_offset(skb) + skb->csum_offset +
				 sizeof(__sum16)) ||
	     skb_csum_hwoffload_help(skb, 0)))
		goto drop;
	return skb;

drop:
	kfree_skb(skb);
	return NULL;
}

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

static void count_tx(struct bpfnic_queue *q, unsigned int len)
{
	spin_lock(&q->tx_lock);
	u64_stats_update_begin(&q->tx.sync);
	u64_stats_inc(&q->tx.v[BPFNIC_TX_PACKETS]);
	u64_stats_add(&q->tx.v[BPFNIC_TX_BYTES], len);
	u64_stats_update_end(&q->tx.sync);
	spin_unlock(&q->tx_lock);
}

/**
 * bpfnic_xmit() - send a frame of the host's
 * @skb: the frame, from the Ethernet header on; consumed
 * @dev: the port's netdev
 *
 * Context: softirqs off.
 * Return: NETDEV_TX_OK.
 */
netdev_tx_t bpfnic_xmit(struct sk_buff *skb, struct net_device *dev)
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
			count_tx(&port->queues[queue], len);
		else
			dev_core_stats_tx_dropped_inc(dev);
	}
	rcu_read_unlock();
	return NETDEV_TX_OK;
}

/**
 * bpfnic_xdp_xmit() - send frames that were redirected here
 * @dev: the port's netdev
 * @n: how many
 * @frames: the frames
 * @flags: XDP_XMIT_ flags
 *
 * Context: softirqs off.
 * Return: how many, from the first one on, were taken over; -EINVAL for unknown
 *	@flags; -ENETDOWN if the port is down.
 */
int bpfnic_xdp_xmit(struct net_device *dev, int n, struct xdp_frame **frames, u32 flags)
{
	struct bpfnic_port *port = netdev_priv(dev);
	struct bpfnic_queue *q;
	struct sk_buff *skb;
	int i;

	if (unlikely(flags & ~XDP_XMIT_FLAGS_MASK))
		return -EINVAL;
	if (unlikely(!READ_ONCE(port->up)))
		return -ENETDOWN;
	q = &port->queues[smp_processor_id() % READ_ONCE(dev->real_num_tx_queues)];
	/* Not every driver's NAPI that flushes a redirection is a reader. */
	rcu_read_lock();
	for (i = 0; i < n; i++) {
		unsigned int len = frames[i]->len;

		skb = xdp_build_skb_from_frame(frames[i], dev);
		if (unlikely(!skb))
			break;
		skb_push(skb, ETH_HLEN);
		skb_set_network_header(skb, ETH_HLEN);
		if (likely(bpfnic_wire_send(port, skb)))
			count_tx(q, len);
		else
			dev_core_stats_tx_dropped_inc(dev);
	}
	rcu_read_unlock();
	return i;
}
