// SPDX-License-Identifier: GPL-2.0
/*
 * Frames from the wire: through the ring of a queue to its NAPI, there into a buffer
 * of the device for the offloaded program, and on to the host's native program and
 * stack.  Without a program a frame stays in the skb that it came in.
 */
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/skbuff.h>
#include <trace/events/xdp.h>

#include "bpfnic.h"

/* What a ring holds is an skb, or a frame that was steered if bit 0 is set. */
#define RING_FRAME	BIT(0)

static bool ring_is_frame(void *ptr)
{
	return (unsigned long)ptr & RING_FRAME;
}

static struct xdp_frame *ring_to_frame(void *ptr)
{
	return (void *)((unsigned long)ptr & ~RING_FRAME);
}

static void *frame_to_ring(struct xdp_frame *frame)
{
	return (void *)((unsigned long)frame | RING_FRAME);
}

/**
 * bpfnic_ring_free() - drop what waits in a ring
 * @ptr: an entry of the ring
 */
void bpfnic_ring_free(void *ptr)
{
	if (ring_is_frame(ptr))
		xdp_return_frame(ring_to_frame(ptr));
	else
		kfree_skb(ptr);
}

static void rx_enqueue(struct bpfnic_port *port, struct sk_buff *skb, u32 queue)
{
	struct bpfnic_queue *q = &port->queues[queue];

	if (likely(READ_ONCE(port->up)) &&
	    likely(skb->len <= READ_ONCE(port->dev->mtu) + BPFNIC_HLEN) &&
	    likely(!ptr_ring_produce(&q->ring, skb))) {
		napi_schedule(&q->napi);
		return;
	}
	atomic_long_inc(&q->wire_drops);
	kfree_skb(skb);
}

/**
 * bpfnic_rx() - a frame has come from the wire
 * @port: the port
 * @skb: the frame, from the Ethernet header on; consumed
 * @queue: the queue that it is for, one of those in use
 *
 * Context: softirqs off, RCU reader.
 */
void bpfnic_rx(struct bpfnic_port *port, struct sk_buff *skb, u32 queue)
{
	struct sk_buff *next;

	skb = bpfnic_complete(skb);
	if (unlikely(!skb))
		atomic_long_inc(&port->queues[queue].wire_drops);
	skb_list_walk_safe(skb, skb, next) {
		skb_mark_not_on_list(skb);
		rx_enqueue(port, skb, queue);
	}
}

/**
 * bpfnic_rx_handler() - somebody's netdev that is our wire has received a frame
 * @pskb: the frame
 *
 * Context: softirqs off, RCU reader.
 * Return: RX_HANDLER_CONSUMED, but RX_HANDLER_PASS for what the stack loops back.
 */
rx_handler_result_t bpfnic_rx_handler(struct sk_buff **pskb)
{
	struct sk_buff *skb = *pskb;
	struct bpfnic_port *port;
	u32 queue;

	if (unlikely(skb->pkt_type == PACKET_LOOPBACK))
		return RX_HANDLER_PASS;
	port = rcu_dereference(skb->dev->rx_handler_data);
	skb = skb_share_check(skb, GFP_ATOMIC);
	if (!skb)
		return RX_HANDLER_CONSUMED;

	queue = reciprocal_scale(skb_get_hash(skb),
				 READ_ONCE(port->dev->real_num_rx_queues));
	skb_push(skb, ETH_HLEN);
	bpfnic_rx(port, skb, queue);
	return RX_HANDLER_CONSUMED;
}

/* The host gets a frame, whatever becomes of it there. */
static void count_rx(struct bpfnic_queue *q, unsigned int len)
{
	u64_stats_update_begin(&q->rx.sync);
	u64_stats_inc(&q->rx.v[BPFNIC_RX_PACKETS]);
	u64_stats_add(&q->rx.v[BPFNIC_RX_BYTES], len);
	u64_stats_update_end(&q->rx.sync);
}

static void host_receive(struct bpfnic_queue *q, struct sk_buff *skb)
{
	skb->protocol = eth_type_trans(skb, q->port->dev);
	skb_record_rx_queue(skb, q->index);
	/* GRO takes data out of a packet; what the sender, or who listens, holds is theirs. */
	if (unlikely(skb_unclone(skb, GFP_ATOMIC)))
		netif_receive_skb(skb);
	else
		napi_gro_receive(&q->napi, skb);
}

/* To the host as it came: there is no program. */
static void host_receive_skb(struct bpfnic_queue *q, struct sk_buff *skb)
{
	count_rx(q, skb->len);
	if (unlikely(skb_orphan_frags_rx(skb, GFP_ATOMIC))) {
		bpfnic_count(&q->rx, BPFNIC_RX_DROPS);
		kfree_skb(skb);
		return;
	}
	skb_orphan(skb);
	skb_scrub_packet(skb, true);
	bpfnic_forget(skb);
	skb->priority = 0;
	skb->ip_summed = CHECKSUM_NONE;
	host_receive(q, skb);
}

static struct sk_buff *buff_to_skb(struct xdp_buff *xdp)
{
	u32 metalen = xdp->data - xdp->data_meta;
	struct sk_buff *skb;

	skb = napi_build_skb(xdp->data_hard_start, xdp->frame_sz);
	if (unlikely(!skb)) {
		skb_free_frag(xdp->data_hard_start);
		return NULL;
	}
	skb_reserve(skb, xdp->data - xdp->data_hard_start);
	__skb_put(skb, xdp->data_end - xdp->data);
	if (metalen)
		skb_metadata_set(skb, metalen);
	return skb;
}

/* Back out of the wire; counts it as @sent or @failed. */
static void buff_send(struct bpfnic_queue *q, struct xdp_buff *xdp,
		      enum bpfnic_stat sent, enum bpfnic_stat failed)
{
	struct sk_buff *skb;

	xdp->data_meta = xdp->data;
	skb = buff_to_skb(xdp);
	if (skb) {
		skb->dev = q->port->dev;
		skb->protocol = ((struct ethhdr *)skb->data)->h_proto;
		skb_reset_mac_header(skb);
		skb_set_network_header(skb, ETH_HLEN);
	}
	bpfnic_count(&q->rx, skb && bpfnic_wire_send(q->port, skb) ? sent : failed);
}

/* The host's native program, and the stack.
 *
 * Return: whether a redirection is to be flushed.
 */
static bool host_receive_buff(struct bpfnic_queue *q, struct xdp_buff *xdp)
{
	struct bpf_prog *prog = rcu_dereference(q->port->xdp_prog);
	struct net_device *dev = q->port->dev;
	struct sk_buff *skb;
	u32 act;

	count_rx(q, xdp->data_end - xdp->data);
	if (prog) {
		act = bpf_prog_run_xdp(prog, xdp);
		switch (act) {
		case XDP_PASS:
			bpfnic_count(&q->rx, BPFNIC_XDP_PASS);
			break;
		case XDP_TX:
			buff_send(q, xdp, BPFNIC_XDP_TX, BPFNIC_XDP_TX_ERRORS);
			return false;
		case XDP_REDIRECT:
			if (!xdp_do_redirect(dev, xdp, prog)) {
				bpfnic_count(&q->rx, BPFNIC_XDP_REDIRECT);
				return true;
			}
			bpfnic_count(&q->rx, BPFNIC_XDP_REDIRECT_ERRORS);
			trace_xdp_exception(dev, prog, act);
			skb_free_frag(xdp->data_hard_start);
			return false;
		default:
			bpf_warn_invalid_xdp_action(dev, prog, act);
			fallthrough;
		case XDP_ABORTED:
			trace_xdp_exception(dev, prog, act);
			bpfnic_count(&q->rx, BPFNIC_XDP_ABORTED);
			skb_free_frag(xdp->data_hard_start);
			return false;
		case XDP_DROP:
			bpfnic_count(&q->rx, BPFNIC_XDP_DROP);
			skb_free_frag(xdp->data_hard_start);
			return false;
		}
	}

	skb = buff_to_skb(xdp);
	if (skb)
		host_receive(q, skb);
	else
		bpfnic_count(&q->rx, BPFNIC_RX_DROPS);
	return false;
}

/* To the queue that the program chose. */
static void steer(struct bpfnic_queue *q, struct xdp_buff *xdp, u32 queue)
{
	struct bpfnic_queue *to = &q->port->queues[queue];
	struct xdp_frame *frame = xdp_convert_buff_to_frame(xdp);

	if (likely(frame) && likely(!ptr_ring_produce(&to->ring, frame_to_ring(frame)))) {
		bpfnic_count(&q->rx, BPFNIC_HW_STEERED);
		napi_schedule(&to->napi);
		return;
	}
	atomic_long_inc(&to->wire_drops);
	skb_free_frag(xdp->data_hard_start);
}

/* Return: whether the frame goes on to the host, on this queue. */
static bool hw_run(struct bpfnic_queue *q, struct bpfnic_prog *hw, struct bpfnic_ctx *ctx)
{
	switch (bpfnic_prog_run(hw, ctx)) {
	case XDP_PASS:
		bpfnic_count(&q->rx, BPFNIC_HW_XDP_PASS);
		if (likely(ctx->rx_queue == q->index))
			return true;
		if (ctx->rx_queue >= q->port->dev->real_num_rx_queues) {
			bpfnic_count(&q->rx, BPFNIC_HW_STEER_INVALID);
			return true;
		}
		steer(q, &ctx->xdp, ctx->rx_queue);
		return false;
	case XDP_TX:
		buff_send(q, &ctx->xdp, BPFNIC_HW_XDP_TX, BPFNIC_HW_XDP_TX_ERRORS);
		return false;
	case XDP_DROP:
		bpfnic_count(&q->rx, BPFNIC_HW_XDP_DROP);
		break;
	default:
		bpfnic_count(&q->rx, BPFNIC_HW_XDP_ABORTED);
		break;
	}
	skb_free_frag(ctx->xdp.data_hard_start);
	return false;
}

/* A frame from the wire.  Return: whether a redirection is to be flushed. */
static bool receive_skb(struct bpfnic_queue *q, struct sk_buff *skb, int budget)
{
	struct bpfnic_prog *hw = rcu_dereference(q->port->hw_prog);
	struct bpfnic_ctx ctx;
	void *buf;

	if (!hw && !rcu_access_pointer(q->port->xdp_prog)) {
		host_receive_skb(q, skb);
		return false;
	}

	/* The MTU was checked; a frame that came before it changed was not. */
	buf = likely(skb->len <= BPFNIC_XDP_MAX_LEN) ? napi_alloc_frag(BPFNIC_BUF_SIZE) : NULL;
	if (unlikely(!buf))
		goto drop;
	xdp_init_buff(&ctx.xdp, BPFNIC_BUF_SIZE, &q->rxq);
	xdp_prepare_buff(&ctx.xdp, buf, XDP_PACKET_HEADROOM, skb->len, true);
	if (unlikely(skb_copy_bits(skb, 0, ctx.xdp.data, skb->len))) {
		skb_free_frag(buf);
		goto drop;
	}
	napi_consume_skb(skb, budget);

	if (hw) {
		ctx.ingress_ifindex = q->port->dev->ifindex;
		ctx.rx_queue = q->index;
		if (!hw_run(q, hw, &ctx))
			return false;
	}
	return host_receive_buff(q, &ctx.xdp);

drop:
	bpfnic_count(&q->rx, BPFNIC_RX_DROPS);
	kfree_skb(skb);
	return false;
}

/* A frame that a program sent to this queue.  Return: as above. */
static bool receive_steered(struct bpfnic_queue *q, struct xdp_frame *frame)
{
	struct xdp_buff xdp;

	xdp_convert_frame_to_buff(frame, &xdp);
	xdp.rxq = &q->rxq;
	return host_receive_buff(q, &xdp);
}

/**
 * bpfnic_poll() - take frames from a queue's ring
 * @napi: the queue's NAPI
 * @budget: how many at most
 *
 * Return: how many it took.
 */
int bpfnic_poll(struct napi_struct *napi, int budget)
{
	struct bpfnic_queue *q = container_of(napi, struct bpfnic_queue, napi);
	bool flush = false;
	int done = 0;
	void *ptr;

	rcu_read_lock();
	while (done < budget) {
		ptr = __ptr_ring_consume(&q->ring);
		if (!ptr)
			break;
		if (ring_is_frame(ptr))
			flush |= receive_steered(q, ring_to_frame(ptr));
		else
			flush |= receive_skb(q, ptr, budget);
		done++;
	}
	if (flush)
		xdp_do_flush();
	rcu_read_unlock();

	/* Who puts a frame onto the ring from now on schedules the NAPI again. */
	if (done < budget)
		napi_complete_done(napi, done);
	return done;
}
