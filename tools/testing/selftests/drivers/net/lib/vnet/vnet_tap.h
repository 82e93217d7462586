/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A tun, tap, macvtap or ipvtap device under test, and configurations to give it.
 */
#ifndef VNET_TAP_H
#define VNET_TAP_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/if_tun.h>
#include <linux/virtio_net.h>

#define VNET_MAX_QUEUES	256
#define VNET_MAX_TABLE	1024
#define VNET_KEY_SIZE	40
#define VNET_MAX_HDR	256
#define VNET_MAX_DATA	65600
#define VNET_MTU	4000	/* bytes, by vnet_tap_up() */

#define VNET_ALL_TYPES	(VIRTIO_NET_RSS_HASH_TYPE_IPv4 | \
			 VIRTIO_NET_RSS_HASH_TYPE_TCPv4 | \
			 VIRTIO_NET_RSS_HASH_TYPE_UDPv4 | \
			 VIRTIO_NET_RSS_HASH_TYPE_IPv6 | \
			 VIRTIO_NET_RSS_HASH_TYPE_TCPv6 | \
			 VIRTIO_NET_RSS_HASH_TYPE_UDPv6 | \
			 VIRTIO_NET_RSS_HASH_TYPE_IP_EX | \
			 VIRTIO_NET_RSS_HASH_TYPE_TCP_EX | \
			 VIRTIO_NET_RSS_HASH_TYPE_UDP_EX)

enum vnet_kind {
	VNET_TUN,	/* made by /dev/net/tun; IFF_TUN or IFF_TAP */
	VNET_MACVTAP,	/* passthru, on one end of a veth pair */
	VNET_IPVTAP,	/* mode l2, likewise, with the addresses of our flows */
};

/* A device, its queues in the order of the kernel, and a socket to send to it */
struct vnet_tap {
	enum vnet_kind kind;
	char name[IFNAMSIZ];
	short flags;		/* IFF_TUN or IFF_TAP, IFF_VNET_HDR, ... */
	int hdr_size;
	unsigned int queues;
	int fds[VNET_MAX_QUEUES];
	int packet;
};

/* What a read returned: where, the header, the packet. */
struct vnet_packet {
	unsigned int queue;
	unsigned char hdr[VNET_MAX_HDR];
	unsigned char data[VNET_MAX_DATA];
	size_t len;
};

/* An argument of TUNSETVNETHASH with the memory that it points to. */
struct vnet_conf {
	struct tun_vnet_hash arg;
	__u16 table[VNET_MAX_TABLE];
	__u8 key[VNET_KEY_SIZE];
};

/* What is owed to a packet. */
struct vnet_expect {
	uint32_t value;
	uint16_t report;
	unsigned int queue;	/* by the table, before the modulo */
};

int vnet_new_netns(void);
int vnet_run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

int vnet_tap_attach(const char *name, short flags);
int vnet_tap_open(const char *name, short flags);
int vnet_tap_create(struct vnet_tap *tap, const char *name, short flags,
		    unsigned int queues);
int vnet_tap_create_kind(struct vnet_tap *tap, enum vnet_kind kind,
			 const char *name, short flags, unsigned int queues);
int vnet_tap_hdr_size(struct vnet_tap *tap, int size);
int vnet_tap_up(struct vnet_tap *tap);
int vnet_tap_mtu(const struct vnet_tap *tap, unsigned int mtu);
int vnet_packet_socket(const char *name);
int vnet_tap_send(const struct vnet_tap *tap, const void *frame, size_t len);
int vnet_tap_wait(const struct vnet_tap *tap, int timeout);
int vnet_tap_recv(const struct vnet_tap *tap, struct vnet_packet *pkt,
		  int timeout);
void vnet_tap_close(struct vnet_tap *tap);

void vnet_conf_init(struct vnet_conf *conf, __u32 flags, unsigned int queues);
void vnet_conf_init_other(struct vnet_conf *conf, const struct vnet_conf *of);
void vnet_conf_point(struct vnet_conf *conf);
bool vnet_conf_equal(const struct vnet_conf *a, const struct vnet_conf *b);
int vnet_conf_get(int fd, struct vnet_conf *conf);
struct vnet_expect vnet_conf_expect(const struct vnet_conf *conf,
				    const void *frame, size_t len,
				    bool ethernet);

uint32_t vnet_hdr_value(const struct vnet_packet *pkt);
uint16_t vnet_hdr_report(const struct vnet_packet *pkt);
uint16_t vnet_hdr_num_buffers(const struct vnet_packet *pkt);

int vnet_steering_prog(int queue);

#endif /* VNET_TAP_H */
