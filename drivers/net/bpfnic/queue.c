// SPDX-License-Identifier: GPL-2.0
/* A port's pairs of queues: made, started, stopped, counted. */
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>

#include "bpfnic.h"

/**
 * bpfnic_queues_free() - free what bpfnic_queues_alloc() made
 * @port: the port, whose queues take no frames
 *
 * Context: may sleep.
 */
void bpfnic_queues_free(struct bpfnic_port *port)
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

/**
 * bpfnic_queues_alloc() - make a port's pairs of queues
 * @port: the port
 *
 * Context: rtnl, may sleep.
 * Return: 0 or a negative errno.
 */
int bpfnic_queues_alloc(struct bpfnic_port *port)
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
	bpfnic_queues_free(port);
	return err;
}

/* Drop all that waits in the ring of a queue whose NAPI is disabled. */
static void ring_drain(struct bpfnic_queue *q)
{
	void *ptr;

	while ((ptr = ptr_ring_consume_bh(&q->ring))) {
		atomic_long_inc(&q->wire_drops);
		bpfnic_ring_free(ptr);
	}
}

/**
 * bpfnic_queues_up() - have the queues in use take frames
 * @port: the port
 *
 * Context: rtnl.
 */
void bpfnic_queues_up(struct bpfnic_port *port)
{
	u32 i;

	for (i = 0; i < port->dev->real_num_rx_queues; i++)
		napi_enable(&port->queues[i].napi);
	WRITE_ONCE(port->up, true);
}

/**
 * bpfnic_queues_down() - have no queue take frames
 * @port: the port
 *
 * None is left in a ring, and none is on its way there.
 *
 * Context: rtnl.
 */
void bpfnic_queues_down(struct bpfnic_port *port)
{
	u32 i;

	WRITE_ONCE(port->up, false);
	for (i = 0; i < port->dev->real_num_rx_queues; i++)
		napi_disable(&port->queues[i].napi);
	synchronize_net();
	for (i = 0; i < port->num_queues; i++)
		ring_drain(&port->queues[i]);
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
		bpfnic_queues_down(port);
	err = netif_set_real_num_queues(dev, count, count);
	if (!err && wire && !port->lower) {
		err = netif_set_real_num_tx_queues(wire, count);
		if (err)
			netif_set_real_num_queues(dev, old, old);
	}
	if (running)
		bpfnic_queues_up(port);
	return err;
}

static void add_stats(struct bpfnic_stats *stats, u64 *sums)
{
	u64 v[BPFNIC_NUM_STATS];
	unsigned int start, i;

	do {
		start = u64_stats_fetch_begin(&stats->sync);
		for (i = 0; i < BPFNIC_NUM_STATS; i++)
			v[i] = u64_stats_read(&stats->v[i]);
	} while (u64_stats_fetch_retry(&stats->sync, start));
	for (i = 0; i < BPFNIC_NUM_STATS; i++)
		sums[i] += v[i];
}

/**
 * bpfnic_sum_stats() - add a queue's counters to sums
 * @port: the port
 * @queue: the queue's number
 * @sums: BPFNIC_NUM_STATS numbers
 */
void bpfnic_sum_stats(struct bpfnic_port *port, u32 queue, u64 *sums)
{
	struct bpfnic_queue *q = &port->queues[queue];

	add_stats(&q->rx, sums);
	add_stats(&q->tx, sums);
	sums[BPFNIC_WIRE_DROPS] += atomic_long_read(&q->wire_drops);
}
