/* SPDX-License-Identifier: GPL-2.0 */
/* Receive hash of virtio-net: virtio 1.3, 5.1.6.4.3 */
#ifndef _LINUX_VIRTIO_NET_HASH_H
#define _LINUX_VIRTIO_NET_HASH_H

#include <linux/types.h>
#include <uapi/linux/virtio_net.h>

struct sk_buff;

/* Every hash type that virtio_net_hash_skb() computes. */
#define VIRTIO_NET_HASH_TYPES_ALL	(VIRTIO_NET_RSS_HASH_TYPE_IPv4 | \
					 VIRTIO_NET_RSS_HASH_TYPE_TCPv4 | \
					 VIRTIO_NET_RSS_HASH_TYPE_UDPv4 | \
					 VIRTIO_NET_RSS_HASH_TYPE_IPv6 | \
					 VIRTIO_NET_RSS_HASH_TYPE_TCPv6 | \
					 VIRTIO_NET_RSS_HASH_TYPE_UDPv6 | \
					 VIRTIO_NET_RSS_HASH_TYPE_IP_EX | \
					 VIRTIO_NET_RSS_HASH_TYPE_TCP_EX | \
					 VIRTIO_NET_RSS_HASH_TYPE_UDP_EX)

/* Longest input in bytes: two IPv6 addresses and two ports. */
#define VIRTIO_NET_HASH_MAX_INPUT	36

/* Longest key in bytes: the hash looks at 32 bits of key from each input bit */
#define VIRTIO_NET_HASH_MAX_KEY		(VIRTIO_NET_HASH_MAX_INPUT + 4)

/**
 * struct virtio_net_hash - a packet's hash, as virtio-net reports it
 * @value: the Toeplitz hash; 0 when there is none
 * @report: VIRTIO_NET_HASH_REPORT_*, VIRTIO_NET_HASH_REPORT_NONE when there is
 *	    none
 */
struct virtio_net_hash {
	u32 value;
	u32 report;
};

/**
 * struct virtio_net_toeplitz - a hash key, made ready for use
 * @byte: what input byte i with value v adds to the hash
 *
 * 36 KiB.  Tables by nibble would be an eighth of that, at twice the
 * instructions and, for a packet that finds the cache cold, twice the lines.
 */
struct virtio_net_toeplitz {
	u32 byte[VIRTIO_NET_HASH_MAX_INPUT][256];
};

size_t virtio_net_hash_key_size(u32 types);
void virtio_net_toeplitz_init(struct virtio_net_toeplitz *toeplitz,
			      const u8 *key, size_t key_size);
struct virtio_net_hash
virtio_net_hash_skb(const struct virtio_net_toeplitz *toeplitz, u32 types,
		    const struct sk_buff *skb, bool ethernet);
struct virtio_net_hash
virtio_net_hash_frame(const struct virtio_net_toeplitz *toeplitz, u32 types,
		      const void *data, unsigned int len, bool ethernet);

#endif /* _LINUX_VIRTIO_NET_HASH_H */
