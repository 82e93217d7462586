/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A virtio network device that the test program is the device of, and what the
 * driver has made it do.
 */
#ifndef FAKE_DEV_H
#define FAKE_DEV_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/virtio_config.h>
#include <linux/virtio_net.h>

#include "test_modules/virtio_net_fake.h"

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(arr) (sizeof(arr) / sizeof((arr)[0]))
#endif

#define FAKE_F(name)		((uint64_t)1 << VIRTIO_NET_F_##name)
#define FAKE_VERSION_1		((uint64_t)1 << VIRTIO_F_VERSION_1)
#define FAKE_ETHERTYPE		0x88b5	/* for experiments: nobody else sends it */
#define FAKE_MAX_PAIRS		8
#define FAKE_MAX_TABLE		32768
#define FAKE_MAX_KEY		256
#define FAKE_KEY_SIZE		40	/* bytes; virtio 1.3, 5.1.4.1: at least */
#define FAKE_TABLE		128	/* entries; likewise */

/* Offloads of what is received, all of which are on after a reset. */
#define FAKE_OFFLOADS		(FAKE_F(GUEST_CSUM) | FAKE_F(GUEST_TSO4) | \
				 FAKE_F(GUEST_TSO6) | FAKE_F(GUEST_ECN) | \
				 FAKE_F(GUEST_UFO) | FAKE_F(GUEST_USO4) | \
				 FAKE_F(GUEST_USO6))

/* The hash types that the driver knows. */
#define FAKE_TYPES		(VIRTIO_NET_RSS_HASH_TYPE_IPv4 | \
				 VIRTIO_NET_RSS_HASH_TYPE_TCPv4 | \
				 VIRTIO_NET_RSS_HASH_TYPE_UDPv4 | \
				 VIRTIO_NET_RSS_HASH_TYPE_IPv6 | \
				 VIRTIO_NET_RSS_HASH_TYPE_TCPv6 | \
				 VIRTIO_NET_RSS_HASH_TYPE_UDPv6)

/**
 * enum fake_steering - what chooses a receive queue
 * @FAKE_ONE: nothing, there is one
 * @FAKE_AUTOMATIC: virtio 1.3, 5.1.6.5.6
 * @FAKE_RSS: virtio 1.3, 5.1.6.5.7
 */
enum fake_steering {
	FAKE_ONE,
	FAKE_AUTOMATIC,
	FAKE_RSS,
};

/**
 * struct fake_state - what the control commands have made of the device
 * @steering: by the last command that says so
 * @pairs: queue pairs in use
 * @hashes: whether a hash is computed and, if negotiated, reported
 * @types: VIRTIO_NET_RSS_HASH_TYPE_*
 * @table: numbers of queue pairs, @table_len of them
 * @table_len: 0 without RSS
 * @unclassified: the queue pair of what has no hash
 * @key: of @key_len bytes
 * @key_len: 0 if there is none
 * @reserved_set: a HASH_CONFIG came whose reserved fields were not 0
 * @excess: there were bytes behind the key of an RSS_CONFIG or HASH_CONFIG
 * @malformed: a command came whose length or contents make no sense
 * @unasked: a command came whose feature was not negotiated
 * @offloads: bits of FAKE_OFFLOADS, of which only negotiated ones mean something
 * @promisc: all is received
 * @mac: of VIRTIO_NET_CTRL_MAC_ADDR_SET, if @mac_set
 * @mac_set: there was one
 * @vlans: a bit for each VLAN that passes the filter
 * @commands: how many there were
 * @refused: of these
 */
struct fake_state {
	enum fake_steering steering;
	unsigned int pairs;
	bool hashes;
	uint32_t types;
	uint16_t table[FAKE_MAX_TABLE];
	unsigned int table_len;
	unsigned int unclassified;
	uint8_t key[FAKE_MAX_KEY];
	unsigned int key_len;
	bool reserved_set;
	bool excess;
	bool malformed;
	bool unasked;
	uint64_t offloads;
	bool promisc;
	uint8_t mac[6];
	bool mac_set;
	uint8_t vlans[4096 / 8];
	unsigned int commands;
	unsigned int refused;
};

/**
 * struct fake_dev - the device
 * @fd: its file
 * @inet: a socket for the ioctls of network devices
 * @log: the kernel's, from before the device was added
 * @device: as given to the kernel
 * @config: what will be its config space, little endian
 * @features: what it will offer
 * @hdr_len: bytes of the header before each frame, by what was negotiated
 * @written: what fake_give() says to have written into the last buffer; 0: the
 *	     truth
 * @name: of the network device, or ""
 * @ifindex: of it, or 0
 * @master: of its failover device, or ""
 * @state: by the commands that fake_sync() has seen
 */
struct fake_dev {
	int fd;
	int inet;
	int log;
	struct virtio_net_fake_device device;
	struct virtio_net_config config;
	uint64_t features;
	size_t hdr_len;
	uint32_t written;
	char name[IFNAMSIZ];
	unsigned int ifindex;
	char master[IFNAMSIZ];
	struct fake_state state;
};

int fake_init(struct fake_dev *dev, uint64_t features);
int fake_add(struct fake_dev *dev);
int fake_change(struct fake_dev *dev);
void fake_destroy(struct fake_dev *dev);
uint64_t fake_negotiated(struct fake_dev *dev);
int fake_answer(struct fake_dev *dev, uint8_t class, uint8_t cmd, uint8_t ack);
int fake_suspend(struct fake_dev *dev);
int fake_resume(struct fake_dev *dev);
int fake_no_queues(struct fake_dev *dev);
int fake_sync(struct fake_dev *dev);
int fake_log(struct fake_dev *dev, const char *what);

int fake_give(struct fake_dev *dev, unsigned int queue, const void *hdr,
	      const void *frame, size_t len);
ssize_t fake_take(struct fake_dev *dev, unsigned int *queue, void *data, size_t room);

void fake_frame(uint8_t *frame, size_t len);
uint16_t fake_checksum(const uint8_t *data, size_t len);
int fake_run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int fake_listen(const char *name);

int fake_up(struct fake_dev *dev, bool up);
int fake_set_mtu(struct fake_dev *dev, int mtu);
int fake_get_mtu(struct fake_dev *dev);
int fake_set_mac(struct fake_dev *dev, const uint8_t *mac);
int fake_get_mac(struct fake_dev *dev, uint8_t *mac);

int fake_set_pairs(struct fake_dev *dev, unsigned int pairs);
int fake_get_pairs(struct fake_dev *dev, unsigned int *pairs, unsigned int *max);
int fake_set_table(struct fake_dev *dev, const uint32_t *table, unsigned int len);
int fake_get_table(struct fake_dev *dev, uint32_t *table, unsigned int *len);
int fake_set_key(struct fake_dev *dev, const uint8_t *key, unsigned int len);
int fake_get_key(struct fake_dev *dev, uint8_t *key, unsigned int *len);
int fake_set_flow(struct fake_dev *dev, uint32_t flow_type, uint64_t data);
int fake_get_flow(struct fake_dev *dev, uint32_t flow_type, uint64_t *data);
int fake_set_feature(struct fake_dev *dev, const char *feature, bool on);
int fake_swap_features(struct fake_dev *dev, const char *off, const char *on);
int fake_get_feature(struct fake_dev *dev, const char *feature);
long long fake_stat(struct fake_dev *dev, const char *name);
long long fake_link_stat(struct fake_dev *dev, const char *name);

#endif /* FAKE_DEV_H */
