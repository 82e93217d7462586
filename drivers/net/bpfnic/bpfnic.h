/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bpfnic: a software NIC that runs offloaded BPF programs on maps of its own.
 *
 * Locks, outermost first:
 *   rtnl                 links, ports, attaching programs, making and freeing maps
 *   bpf_devs_lock        the core's; written under rtnl while maps are made and
 *                        maps and programs freed, read in every other hook
 *   bpfnic_dev::lock     the device's lists and sums, which debugfs reads
 *   bpfnic_map::lock     a map's elements
 * The receive path takes none but the last, and is an RCU reader.
 */
#ifndef _BPFNIC_H
#define _BPFNIC_H

#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/if_vlan.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/ptr_ring.h>
#include <linux/refcount.h>
#include <linux/u64_stats_sync.h>
#include <net/xdp.h>

#define BPFNIC_NAME		"bpfnic"
#define BPFNIC_WIRE_SUFFIX	"_wire"

/* What a queue holds of frames that wait for its NAPI. */
#define BPFNIC_RING_SIZE	512

/* What a frame may have in front of as many bytes as the MTU: a header and two tags. */
#define BPFNIC_HLEN		(VLAN_ETH_HLEN + VLAN_HLEN)

/* A frame that a program sees lies in one buffer of this size, as netdevs with
 * one page per frame have it.
 */
#define BPFNIC_BUF_SIZE		4096
#define BPFNIC_XDP_MAX_LEN	(SKB_WITH_OVERHEAD(BPFNIC_BUF_SIZE) - XDP_PACKET_HEADROOM)
#define BPFNIC_XDP_MAX_MTU	(BPFNIC_XDP_MAX_LEN - BPFNIC_HLEN)
#define BPFNIC_MAX_MTU		9000
#define BPFNIC_MAX_QUEUES	64

/**
 * struct bpfnic_dev - what the ports of one NIC share: maps and programs
 * @bpf_dev: the core's handle of it
 * @id: its number, which debugfs shows
 * @num_ports: ports that are registered; under rtnl
 * @debugfs: its folder
 * @lock: of all that follows
 * @ports: list of struct bpfnic_port
 * @maps: list of struct bpfnic_map
 * @progs: list of struct bpfnic_prog
 * @num_maps: how many are on @maps
 * @map_bytes: what they take
 */
struct bpfnic_dev {
	struct bpf_offload_dev *bpf_dev;
	int id;
	unsigned int num_ports;
	struct dentry *debugfs;

	/* Of all that follows; debugfs takes it alone. */
	struct mutex lock;
	struct list_head ports;
	struct list_head maps;
	struct list_head progs;
	unsigned int num_maps;
	u64 map_bytes;
};

/* What each queue counts.  The order is that of ethtool -S: first what is shown of
 * each queue, then what is added up over all queues.
 */
enum bpfnic_stat {
	BPFNIC_RX_PACKETS,
	BPFNIC_RX_BYTES,
	BPFNIC_RX_DROPS,
	BPFNIC_TX_PACKETS,
	BPFNIC_TX_BYTES,
	BPFNIC_QUEUE_STATS,

	BPFNIC_HW_XDP_PASS = BPFNIC_QUEUE_STATS,
	BPFNIC_HW_XDP_DROP,
	BPFNIC_HW_XDP_TX,
	BPFNIC_HW_XDP_TX_ERRORS,
	BPFNIC_HW_XDP_ABORTED,
	BPFNIC_HW_STEERED,
	BPFNIC_HW_STEER_INVALID,
	BPFNIC_XDP_PASS,
	BPFNIC_XDP_DROP,
	BPFNIC_XDP_TX,
	BPFNIC_XDP_TX_ERRORS,
	BPFNIC_XDP_REDIRECT,
	BPFNIC_XDP_REDIRECT_ERRORS,
	BPFNIC_XDP_ABORTED,
	BPFNIC_WIRE_DROPS,
	BPFNIC_NUM_STATS,
};

/**
 * struct bpfnic_stats - counters with one writer at a time
 * @sync: for readers on 32-bit machines
 * @v: the counters
 */
struct bpfnic_stats {
	struct u64_stats_sync sync;
	u64_stats_t v[BPFNIC_NUM_STATS];
};

/**
 * struct bpfnic_queue - a pair of queues
 * @port: whose it is
 * @ring: frames from the wire (struct sk_buff, data at the Ethernet header), and
 *        those that a program steered here (struct xdp_frame, bit 0 set)
 * @napi: takes them from there
 * @index: its number
 * @rxq: what native programs and redirections know it by
 * @rx: counted by @napi
 * @tx: counted under @tx_lock
 * @tx_lock: of @tx
 * @wire_drops: frames for which @ring had no room; any CPU
 */
struct bpfnic_queue {
	struct bpfnic_port *port;
	struct ptr_ring ring;
	struct napi_struct napi;
	u32 index;
	struct xdp_rxq_info rxq;
	struct bpfnic_stats rx;

	spinlock_t tx_lock ____cacheline_aligned_in_smp;
	struct bpfnic_stats tx;
	atomic_long_t wire_drops;
};

/**
 * struct bpfnic_port - a netdev of the NIC, the host's side
 * @dev: the netdev
 * @bdev: the NIC
 * @list: in bpfnic_dev::ports
 * @wire: what is at the other end: a netdev of ours, or somebody's
 * @lower: @wire is somebody's; constant
 * @up: frames may be put onto the rings
 * @wire_tracker: of the reference to a @lower wire
 * @hw_prog: the offloaded program that runs
 * @xdp_prog: the native program
 * @xdp_hw: the attachment of the former, under rtnl
 * @xdp: the attachment of the latter, under rtnl
 * @num_queues: pairs of queues that it has, in use or not; constant
 * @queues: the pairs
 */
struct bpfnic_port {
	struct net_device *dev;
	struct bpfnic_dev *bdev;
	struct list_head list;

	struct net_device __rcu *wire;
	bool lower;
	bool up;
	netdevice_tracker wire_tracker;

	struct bpfnic_prog __rcu *hw_prog;
	struct bpf_prog __rcu *xdp_prog;
	struct xdp_attachment_info xdp_hw;
	struct xdp_attachment_info xdp;

	u32 num_queues;
	struct bpfnic_queue *queues;
};

/**
 * struct bpfnic_wire - the private part of a wire netdev of ours
 * @port: the port at the other end
 */
struct bpfnic_wire {
	struct bpfnic_port __rcu *port;
};

/**
 * struct bpfnic_ctx - what an offloaded program's context is on the device
 * @xdp: the frame
 * @ingress_ifindex: of the port
 * @rx_queue: what the program reads and writes as rx_queue_index
 */
struct bpfnic_ctx {
	struct xdp_buff xdp;
	u32 ingress_ifindex;
	u32 rx_queue;
};

/**
 * struct bpfnic_map - a map on the device
 * @ref: the core's, and one for each program
 * @bdev: the NIC
 * @list: in bpfnic_dev::maps
 * @offmap: the core's map, while that is there
 * @type: BPF_MAP_TYPE_ARRAY or BPF_MAP_TYPE_HASH
 * @key_size: in bytes
 * @value_size: in bytes
 * @max_entries: how many it takes
 * @elem_size: from one element to the next, in bytes
 * @value_off: from an element to its value, in bytes
 * @bytes: what it takes in all
 * @elems: the elements: values of an array, struct bpfnic_elem of a hash
 * @lock: of the elements, but for RCU readers
 * @count: elements of a hash that are in use
 * @seed: of jhash
 * @mask: number of @buckets - 1
 * @buckets: of a hash
 * @order: the elements in use, in the order in which their keys came
 * @free: those that were used; the one that waits longest for its grace period first
 * @num_fresh: how many never were; they are the first of @elems
 */
struct bpfnic_map {
	refcount_t ref;
	struct bpfnic_dev *bdev;
	struct list_head list;
	struct bpf_offloaded_map *offmap;

	u32 type;
	u32 key_size;
	u32 value_size;
	u32 max_entries;
	u32 elem_size;
	u32 value_off;
	u64 bytes;
	void *elems;

	/* Of the elements, but for RCU readers. */
	spinlock_t lock ____cacheline_aligned_in_smp;
	u32 count;
	u32 seed;
	u32 mask;
	struct hlist_head *buckets;
	struct list_head order;
	struct list_head free;
	u32 num_fresh;
};

/*
 * Who owns what; a file calls only those above it:
 *   map.c, prog.c         maps and programs on the device
 *   tx.c                  frames to the wire
 *   rx.c                  frames from the wire, through a ring, the programs, to the host
 *   queue.c               rings, NAPIs and counters
 *   wire.c                the netdev at the other end, the carrier
 *   ethtool.c, debugfs.c  what is shown, and the number of queues
 *   main.c                links: ports and wires that come and go
 */

/* map.c */
int bpfnic_map_alloc(struct bpfnic_dev *bdev, struct net_device *dev,
		     struct bpf_offloaded_map *offmap);
void bpfnic_map_free(struct bpf_offloaded_map *offmap);
void bpfnic_map_get(struct bpfnic_map *map);
void bpfnic_map_put(struct bpfnic_map *map);
void *bpfnic_map_lookup(struct bpfnic_map *map, const void *key);
int bpfnic_map_update(struct bpfnic_map *map, const void *key, const void *value,
		      u64 flags, bool may_sleep);
int bpfnic_map_delete(struct bpfnic_map *map, const void *key);
void bpfnic_map_show_limits(struct seq_file *s, struct bpfnic_dev *bdev);
void bpfnic_map_show(struct seq_file *s, struct bpfnic_dev *bdev);

/* prog.c */
extern const struct bpf_prog_offload_ops bpfnic_prog_ops;
int bpfnic_prog_attach(struct bpfnic_port *port, struct netdev_bpf *bpf);
int bpfnic_xdp_attach(struct bpfnic_port *port, struct netdev_bpf *bpf);
int bpfnic_prog_init(void);
void bpfnic_prog_exit(void);
u32 bpfnic_prog_run(struct bpfnic_prog *p, struct bpfnic_ctx *ctx);
void bpfnic_prog_show(struct seq_file *s, struct bpfnic_dev *bdev);

/* tx.c */
struct sk_buff *bpfnic_complete(struct sk_buff *skb);
bool bpfnic_wire_send(struct bpfnic_port *port, struct sk_buff *skb);
netdev_tx_t bpfnic_xmit(struct sk_buff *skb, struct net_device *dev);
int bpfnic_xdp_xmit(struct net_device *dev, int n, struct xdp_frame **frames,
		    u32 flags);

/* rx.c */
void bpfnic_rx(struct bpfnic_port *port, struct sk_buff *skb, u32 queue);
rx_handler_result_t bpfnic_rx_handler(struct sk_buff **pskb);
int bpfnic_poll(struct napi_struct *napi, int budget);
void bpfnic_ring_free(void *ptr);

/* queue.c */
int bpfnic_queues_alloc(struct bpfnic_port *port);
void bpfnic_queues_free(struct bpfnic_port *port);
void bpfnic_queues_up(struct bpfnic_port *port);
void bpfnic_queues_down(struct bpfnic_port *port);
int bpfnic_set_queues(struct bpfnic_port *port, unsigned int count);
void bpfnic_sum_stats(struct bpfnic_port *port, u32 queue, u64 *sums);

/* wire.c */
extern const struct net_device_ops bpfnic_wire_ops;
extern const struct ethtool_ops bpfnic_wire_ethtool_ops;
struct net_device *bpfnic_wire_peer(const struct net_device *dev);
void bpfnic_update_carrier(struct bpfnic_port *port);

/* A wire carries bytes, not what their sender's kernel knows of them. */
static inline void bpfnic_forget(struct sk_buff *skb)
{
	skb_clear_hash(skb);
	skb_metadata_clear(skb);
	skb->encapsulation = 0;
}

static inline void bpfnic_count(struct bpfnic_stats *stats, enum bpfnic_stat what)
{
	u64_stats_update_begin(&stats->sync);
	u64_stats_inc(&stats->v[what]);
	u64_stats_update_end(&stats->sync);
}

/* ethtool.c */
extern const struct ethtool_ops bpfnic_ethtool_ops;

/* debugfs.c */
void bpfnic_debugfs_init(void);
void bpfnic_debugfs_exit(void);
void bpfnic_debugfs_add(struct bpfnic_dev *bdev);
void bpfnic_debugfs_remove(struct bpfnic_dev *bdev);

#endif /* _BPFNIC_H */
