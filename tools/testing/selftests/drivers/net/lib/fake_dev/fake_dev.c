// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if_arp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>

#include "fake_dev.h"

#define FAKE_QUEUE_SIZE	256

/**
 * fake_init() - prepare a device, with a sound configuration
 * @dev: to be filled in
 * @features: what it offers; VIRTIO_NET_F_MAC comes on top
 *
 * @dev's config may be changed until fake_add().
 *
 * Return: 0, or -errno; no device has been made, but fake_destroy() is due.
 */
int fake_init(struct fake_dev *dev, uint64_t features)
{
	static const uint8_t mac[6] = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 };

	memset(dev, 0, sizeof(*dev));
	dev->inet = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	dev->fd = open("/dev/virtio_net_fake", O_RDWR | O_CLOEXEC);
	dev->log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (dev->fd < 0 || dev->inet < 0 || dev->log < 0 ||
	    lseek(dev->log, 0, SEEK_END) < 0)
		return -errno;
	dev->features = features | FAKE_F(MAC);
	dev->device.queue_size = FAKE_QUEUE_SIZE;

	memcpy(dev->config.mac, mac, sizeof(mac));
	dev->config.status = VIRTIO_NET_S_LINK_UP;
	dev->config.max_virtqueue_pairs = 1;
	if (features & (FAKE_F(MQ) | FAKE_F(RSS)))
		dev->config.max_virtqueue_pairs = 4;
	dev->config.mtu = 1500;
	dev->config.rss_max_key_size = FAKE_KEY_SIZE;
	dev->config.rss_max_indirection_table_length = FAKE_TABLE;
	dev->config.supported_hash_types = FAKE_TYPES;
	return 0;
}

/* After a reset. */
static void reset_state(struct fake_dev *dev)
{
	memset(&dev->state, 0, sizeof(dev->state));
	dev->state.pairs = 1;
	dev->state.offloads = FAKE_OFFLOADS;
}

static void prepare(struct fake_dev *dev)
{
	struct virtio_net_config config = dev->config;

	config.status = htole16(config.status);
	config.max_virtqueue_pairs = htole16(config.max_virtqueue_pairs);
	config.mtu = htole16(config.mtu);
	config.rss_max_indirection_table_length =
		htole16(config.rss_max_indirection_table_length);
	config.supported_hash_types = htole32(config.supported_hash_types);
	memcpy(dev->device.config, &config, sizeof(config));
	dev->device.config_len = sizeof(config);
	dev->device.features = dev->features;
}

static bool has_master(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/class/net/%.15s/master", name);
	return access(path, F_OK) == 0;
}

/**
 * fake_find_name() - find the network device, and its failover device
 * @dev: device, added; its name, ifindex and master are set
 *
 * Return: 0, or -ENODEV if the driver has made none.
 */
static int fake_find_name(struct fake_dev *dev)
{
	char path[64];
	struct dirent *entry;
	DIR *dir;

	dev->name[0] = '\0';
	dev->master[0] = '\0';
	dev->ifindex = 0;
	snprintf(path, sizeof(path), "/sys/bus/virtio/devices/virtio%u/net",
		 dev->device.index);
	dir = opendir(path);
	if (!dir)
		return -ENODEV;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		/* Only one of the two has a master. */
		if (dev->name[0] && !has_master(entry->d_name)) {
			snprintf(dev->master, sizeof(dev->master), "%.15s", entry->d_name);
			continue;
		}
		memcpy(dev->master, dev->name, sizeof(dev->master));
		snprintf(dev->name, sizeof(dev->name), "%.15s", entry->d_name);
	}
	closedir(dir);
	dev->ifindex = if_nametoindex(dev->name);
	return dev->ifindex ? 0 : -ENODEV;
}

/**
 * fake_add() - add the device, so that the driver finds it
 * @dev: device by fake_init()
 *
 * Return: 0; -ENODEV if the driver did not want it; another -errno.
 */
int fake_add(struct fake_dev *dev)
{
	uint64_t features;

	prepare(dev);
	reset_state(dev);
	if (ioctl(dev->fd, VIRTIO_NET_FAKE_ADD, &dev->device))
		return -errno;
	features = fake_negotiated(dev);
	dev->hdr_len = sizeof(struct virtio_net_hdr);
	if (features & (FAKE_F(MRG_RXBUF) | FAKE_VERSION_1))
		dev->hdr_len = sizeof(struct virtio_net_hdr_mrg_rxbuf);
	if (features & FAKE_F(HASH_REPORT))
		dev->hdr_len = sizeof(struct virtio_net_hdr_v1_hash);
	return fake_find_name(dev);
}

/**
 * fake_change() - change the config space, and tell the driver
 * @dev: device, added
 *
 * Return: 0 or -errno.
 */
int fake_change(struct fake_dev *dev)
{
	prepare(dev);
	return ioctl(dev->fd, VIRTIO_NET_FAKE_CHANGE, &dev->device) ? -errno : 0;
}

/** fake_destroy() - remove the device, if there is one, and close all files */
void fake_destroy(struct fake_dev *dev)
{
	if (dev->fd >= 0)
		close(dev->fd);
	if (dev->inet >= 0)
		close(dev->inet);
	if (dev->log >= 0)
		close(dev->log);
	dev->fd = -1;
	dev->inet = -1;
	dev->log = -1;
}

/** fake_negotiated() - the features that both sides agreed on */
uint64_t fake_negotiated(struct fake_dev *dev)
{
	uint64_t features = 0;

	ioctl(dev->fd, VIRTIO_NET_FAKE_FEATURES, &features);
	return features;
}

/**
 * fake_answer() - answer a command from now on with @ack
 * @dev: device, also before fake_add()
 * @class: VIRTIO_NET_CTRL_*
 * @cmd: its command
 * @ack: VIRTIO_NET_OK or VIRTIO_NET_ERR
 *
 * Return: 0 or -errno.
 */
int fake_answer(struct fake_dev *dev, uint8_t class, uint8_t cmd, uint8_t ack)
{
	struct virtio_net_fake_answer answer = {
		.class = class, .cmd = cmd, .ack = ack,
	};

	return ioctl(dev->fd, VIRTIO_NET_FAKE_ANSWER, &answer) ? -errno : 0;
}

/**
 * fake_suspend() - what happens to the device when the system suspends
 * @dev: device, added
 *
 * Return: 0 or -errno.
 */
int fake_suspend(struct fake_dev *dev)
{
	return ioctl(dev->fd, VIRTIO_NET_FAKE_FREEZE) ? -errno : 0;
}

/**
 * fake_resume() - what happens to the device when the system resumes
 * @dev: device after fake_suspend(), which has forgotten all commands.  A config
 *       changed meanwhile is what the driver finds.
 *
 * Return: 0 or -errno.
 */
int fake_resume(struct fake_dev *dev)
{
	int err;

	err = fake_sync(dev);
	if (err)
		return err;
	reset_state(dev);
	return ioctl(dev->fd, VIRTIO_NET_FAKE_RESTORE) ? -errno : 0;
}

/** fake_no_queues() - the driver will get no virtqueues, once; 0 or -errno */
int fake_no_queues(struct fake_dev *dev)
{
	return ioctl(dev->fd, VIRTIO_NET_FAKE_NO_QUEUES) ? -errno : 0;
}

/* ---- What a device does with a command: virtio 1.3, 5.1.6.5 ---- */

static uint16_t get16(const uint8_t *p)
{
	return p[0] | p[1] << 8;
}

static uint32_t get32(const uint8_t *p)
{
	return get16(p) | (uint32_t)get16(p + 2) << 16;
}

/* 5.1.6.5.7.1 and, for the same format with reserved fields, 5.1.6.5.6.4 */
static bool do_rss(struct fake_state *state, const uint8_t *data, size_t len, bool rss)
{
	unsigned int entries, key_len, i;
	const uint8_t *trailer;

	if (len < 8 + 2 + 2 + 1)
		return false;
	entries = rss ? get16(data + 4) + 1 : 1;
	if (entries & (entries - 1) || len < 8 + 2 * entries + 3)
		return false;
	trailer = data + 8 + 2 * entries;
	key_len = trailer[2];
	if (len < 8 + 2 * entries + 3 + key_len)
		return false;
	if (len > 8 + 2 * entries + 3 + key_len)
		state->excess = true;
	state->types = get32(data);
	state->hashes = state->types;
	state->key_len = key_len;
	memcpy(state->key, trailer + 3, key_len);
	if (!rss) {
		for (i = 4; i < 12; i++)
			if (data[i])
				state->reserved_set = true;
		return true;
	}
	state->steering = FAKE_RSS;
	state->table_len = entries;
	state->unclassified = get16(data + 6);
	for (i = 0; i < entries; i++)
		state->table[i] = get16(data + 8 + 2 * i);
	state->pairs = get16(trailer);
	return state->pairs != 0;
}

/* The feature that a command takes: virtio 1.3, 5.1.6.5; by class, or -1 */
static int feature_of(uint8_t class, uint8_t cmd)
{
	switch (class) {
	case VIRTIO_NET_CTRL_RX:
		return cmd > VIRTIO_NET_CTRL_RX_ALLMULTI ? VIRTIO_NET_F_CTRL_RX_EXTRA :
							   VIRTIO_NET_F_CTRL_RX;
	case VIRTIO_NET_CTRL_MAC:
		return cmd == VIRTIO_NET_CTRL_MAC_ADDR_SET ? VIRTIO_NET_F_CTRL_MAC_ADDR :
							     VIRTIO_NET_F_CTRL_RX;
	case VIRTIO_NET_CTRL_VLAN:
		return VIRTIO_NET_F_CTRL_VLAN;
	case VIRTIO_NET_CTRL_ANNOUNCE:
		return VIRTIO_NET_F_GUEST_ANNOUNCE;
	case VIRTIO_NET_CTRL_MQ:
		switch (cmd) {
		case VIRTIO_NET_CTRL_MQ_RSS_CONFIG:
			return VIRTIO_NET_F_RSS;
		case VIRTIO_NET_CTRL_MQ_HASH_CONFIG:
			return VIRTIO_NET_F_HASH_REPORT;
		default:
			return VIRTIO_NET_F_MQ;
		}
	case VIRTIO_NET_CTRL_GUEST_OFFLOADS:
		return VIRTIO_NET_F_CTRL_GUEST_OFFLOADS;
	case VIRTIO_NET_CTRL_NOTF_COAL:
		return cmd < VIRTIO_NET_CTRL_NOTF_COAL_VQ_SET ? VIRTIO_NET_F_NOTF_COAL :
								VIRTIO_NET_F_VQ_NOTF_COAL;
	case VIRTIO_NET_CTRL_STATS:
		return VIRTIO_NET_F_DEVICE_STATS;
	default:
		return -1;
	}
}

static bool do_command(struct fake_state *state, uint8_t class, uint8_t cmd,
		       const uint8_t *data, size_t len)
{
	unsigned int vid;

	switch (class << 8 | cmd) {
	case VIRTIO_NET_CTRL_MQ << 8 | VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET:
		if (len != 2 || !get16(data))
			return false;
		/* Of all commands that steer, the last one counts. */
		state->pairs = get16(data);
		state->steering = state->pairs > 1 ? FAKE_AUTOMATIC : FAKE_ONE;
		state->table_len = 0;
		/* QEMU's device stops hashing, too. */
		state->hashes = false;
		return true;
	case VIRTIO_NET_CTRL_MQ << 8 | VIRTIO_NET_CTRL_MQ_RSS_CONFIG:
		return do_rss(state, data, len, true);
	case VIRTIO_NET_CTRL_MQ << 8 | VIRTIO_NET_CTRL_MQ_HASH_CONFIG:
		return do_rss(state, data, len, false);
	case VIRTIO_NET_CTRL_GUEST_OFFLOADS << 8 | VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET:
		if (len != 8)
			return false;
		state->offloads = get32(data) | (uint64_t)get32(data + 4) << 32;
		return !(state->offloads & ~FAKE_OFFLOADS);
	case VIRTIO_NET_CTRL_RX << 8 | VIRTIO_NET_CTRL_RX_PROMISC:
		if (len != 1)
			return false;
		state->promisc = data[0];
		return true;
	case VIRTIO_NET_CTRL_MAC << 8 | VIRTIO_NET_CTRL_MAC_ADDR_SET:
		if (len != 6)
			return false;
		memcpy(state->mac, data, 6);
		state->mac_set = true;
		return true;
	case VIRTIO_NET_CTRL_VLAN << 8 | VIRTIO_NET_CTRL_VLAN_ADD:
	case VIRTIO_NET_CTRL_VLAN << 8 | VIRTIO_NET_CTRL_VLAN_DEL:
		if (len != 2)
			return false;
		vid = get16(data) % 4096;
		if (cmd == VIRTIO_NET_CTRL_VLAN_ADD)
			state->vlans[vid / 8] |= 1 << vid % 8;
		else
			state->vlans[vid / 8] &= ~(1 << vid % 8);
		return true;
	default:
		return true;
	}
}

/**
 * fake_sync() - do what the driver's commands say
 * @dev: device; its state is as after the last command.  A command that was
 *       refused has no effect.
 *
 * Return: 0 or -errno.
 */
int fake_sync(struct fake_dev *dev)
{
	static uint8_t data[VIRTIO_NET_FAKE_MAX_COMMAND];
	struct virtio_net_fake_command command;
	uint64_t features = fake_negotiated(dev);
	int feature;

	for (;;) {
		memset(&command, 0, sizeof(command));
		command.data = (uintptr_t)data;
		command.len = sizeof(data);
		if (ioctl(dev->fd, VIRTIO_NET_FAKE_COMMAND, &command))
			return errno == EAGAIN ? 0 : -errno;
		dev->state.commands++;
		feature = feature_of(command.class, command.cmd);
		if (feature < 0 || !(features & 1ULL << feature))
			dev->state.unasked = true;
		if (command.ack != VIRTIO_NET_OK)
			dev->state.refused++;
		else if (!do_command(&dev->state, command.class, command.cmd, data,
				     command.len))
			dev->state.malformed = true;
	}
}

/**
 * fake_log() - what the kernel has said since the device was added
 * @dev: device
 * @what: a part of it
 *
 * Return: in how many messages it was; they are not counted again.
 */
int fake_log(struct fake_dev *dev, const char *what)
{
	char record[8192];
	int count = 0;
	ssize_t n;

	while ((n = read(dev->log, record, sizeof(record) - 1)) > 0) {
		record[n] = '\0';
		count += !!strstr(record, what);
	}
	return count;
}

/**
 * fake_give() - have the driver receive a frame
 * @dev: device whose network device is up
 * @queue: number of the queue pair
 * @hdr: header, dev->hdr_len bytes; num_buffers is filled in
 * @frame: @len bytes
 * @len: of @frame
 *
 * Return: 0; -ENOBUFS if the driver has too few buffers; another -errno.
 */
int fake_give(struct fake_dev *dev, unsigned int queue, const void *hdr,
	      const void *frame, size_t len)
{
	struct virtio_net_fake_frame arg = { .queue = queue, .written = dev->written };
	uint8_t *data;
	int err = 0;

	data = malloc(dev->hdr_len + len);
	if (!data)
		return -ENOMEM;
	memcpy(data, hdr, dev->hdr_len);
	memcpy(data + dev->hdr_len, frame, len);
	arg.data = (uintptr_t)data;
	arg.len = dev->hdr_len + len;
	if (ioctl(dev->fd, VIRTIO_NET_FAKE_GIVE, &arg))
		err = -errno;
	free(data);
	return err;
}

/**
 * fake_take() - the next header and frame that the driver sent
 * @dev: device
 * @queue: number of the queue pair, or NULL
 * @data: room for them
 * @room: bytes at @data
 *
 * Return: bytes, of which @room fitted; or -errno, -EAGAIN if there is none.
 */
ssize_t fake_take(struct fake_dev *dev, unsigned int *queue, void *data, size_t room)
{
	struct virtio_net_fake_frame arg = {
		.data = (uintptr_t)data, .len = room,
	};

	if (ioctl(dev->fd, VIRTIO_NET_FAKE_TAKE, &arg))
		return -errno;
	if (queue)
		*queue = arg.queue;
	return arg.len;
}

/**
 * fake_frame() - make a frame that no protocol takes
 * @frame: room for it
 * @len: its length, at least an Ethernet header
 */
void fake_frame(uint8_t *frame, size_t len)
{
	static const uint8_t start[ETH_HLEN] = {
		0x52, 0x54, 0x00, 0x12, 0x34, 0x56, 0x52, 0x54, 0x00, 0x12, 0x34, 0x01,
		FAKE_ETHERTYPE >> 8, FAKE_ETHERTYPE & 0xff,
	};
	size_t i;

	memcpy(frame, start, sizeof(start));
	for (i = sizeof(start); i < len; i++)
		frame[i] = i * 7 + i / 251;
}

/** fake_checksum() - the Internet checksum of @len bytes, RFC 1071 */
uint16_t fake_checksum(const uint8_t *data, size_t len)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i < len; i++)
		sum += i % 2 ? data[i] : data[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/** fake_run() - run a command of the shell; as system() */
int fake_run(const char *fmt, ...)
{
	char command[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	return system(command);
}

/**
 * fake_listen() - a packet socket that hears such frames
 * @name: of a network device
 *
 * Return: the socket, whose recv() waits for ten seconds, or -1 and errno.
 */
int fake_listen(const char *name)
{
	struct timeval patience = { .tv_sec = 10 };
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(FAKE_ETHERTYPE),
		.sll_ifindex = if_nametoindex(name),
	};
	int fd;

	fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) ||
	    bind(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* ---- The network device ---- */

static struct ifreq request(struct fake_dev *dev)
{
	struct ifreq ifr = {};

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", dev->name);
	return ifr;
}

/**
 * fake_up() - bring the network device up or down
 * @dev: device
 * @up: up
 *
 * Return: 0 or -errno.
 */
int fake_up(struct fake_dev *dev, bool up)
{
	struct ifreq ifr = request(dev);

	if (ioctl(dev->inet, SIOCGIFFLAGS, &ifr))
		return -errno;
	ifr.ifr_flags &= ~IFF_UP;
	if (up)
		ifr.ifr_flags |= IFF_UP;
	return ioctl(dev->inet, SIOCSIFFLAGS, &ifr) ? -errno : 0;
}

/** fake_set_mtu() - `ip link set mtu`; 0 or -errno */
int fake_set_mtu(struct fake_dev *dev, int mtu)
{
	struct ifreq ifr = request(dev);

	ifr.ifr_mtu = mtu;
	return ioctl(dev->inet, SIOCSIFMTU, &ifr) ? -errno : 0;
}

/** fake_get_mtu() - the network device's MTU or -errno */
int fake_get_mtu(struct fake_dev *dev)
{
	struct ifreq ifr = request(dev);

	return ioctl(dev->inet, SIOCGIFMTU, &ifr) ? -errno : ifr.ifr_mtu;
}

/** fake_set_mac() - `ip link set address`; 0 or -errno */
int fake_set_mac(struct fake_dev *dev, const uint8_t *mac)
{
	struct ifreq ifr = request(dev);

	ifr.ifr_hwaddr.sa_family = ARPHRD_ETHER;
	memcpy(ifr.ifr_hwaddr.sa_data, mac, 6);
	return ioctl(dev->inet, SIOCSIFHWADDR, &ifr) ? -errno : 0;
}

/** fake_get_mac() - the network device's address to @mac; 0 or -errno */
int fake_get_mac(struct fake_dev *dev, uint8_t *mac)
{
	struct ifreq ifr = request(dev);

	if (ioctl(dev->inet, SIOCGIFHWADDR, &ifr))
		return -errno;
	memcpy(mac, ifr.ifr_hwaddr.sa_data, 6);
	return 0;
}

static int ethtool(struct fake_dev *dev, void *arg)
{
	struct ifreq ifr = request(dev);

	ifr.ifr_data = arg;
	return ioctl(dev->inet, SIOCETHTOOL, &ifr) ? -errno : 0;
}

/** fake_set_pairs() - `ethtool -L combined`; 0 or -errno */
int fake_set_pairs(struct fake_dev *dev, unsigned int pairs)
{
	struct ethtool_channels channels = { .cmd = ETHTOOL_GCHANNELS };
	int err;

	err = ethtool(dev, &channels);
	if (err)
		return err;
	channels.cmd = ETHTOOL_SCHANNELS;
	channels.combined_count = pairs;
	return ethtool(dev, &channels);
}

/** fake_get_pairs() - `ethtool -l`; 0 or -errno */
int fake_get_pairs(struct fake_dev *dev, unsigned int *pairs, unsigned int *max)
{
	struct ethtool_channels channels = { .cmd = ETHTOOL_GCHANNELS };
	int err;

	err = ethtool(dev, &channels);
	if (err)
		return err;
	*pairs = channels.combined_count;
	if (max)
		*max = channels.max_combined;
	return 0;
}

/* A request for the sizes of key and table, or with both of the sizes given. */
static struct ethtool_rxfh *rxfh_request(uint32_t cmd, unsigned int table_len,
					 unsigned int key_len)
{
	struct ethtool_rxfh *rxfh;

	rxfh = calloc(1, sizeof(*rxfh) + 4 * FAKE_MAX_TABLE + FAKE_MAX_KEY);
	if (!rxfh)
		return NULL;
	rxfh->cmd = cmd;
	rxfh->indir_size = table_len;
	rxfh->key_size = key_len;
	return rxfh;
}

/**
 * fake_set_table() - `ethtool -X weight`, and the like
 * @dev: device
 * @table: numbers of queues, @len of them
 * @len: 0 brings the default back
 *
 * Return: 0 or -errno.
 */
int fake_set_table(struct fake_dev *dev, const uint32_t *table, unsigned int len)
{
	struct ethtool_rxfh *rxfh;
	int err;

	rxfh = rxfh_request(ETHTOOL_SRSSH, len, 0);
	if (!rxfh)
		return -ENOMEM;
	if (len)
		memcpy(rxfh->rss_config, table, 4 * len);
	err = ethtool(dev, rxfh);
	free(rxfh);
	return err;
}

/* Key and table as the driver knows them. */
static int get_rxfh(struct fake_dev *dev, struct ethtool_rxfh **rxfhp)
{
	struct ethtool_rxfh *rxfh;
	int err;

	rxfh = rxfh_request(ETHTOOL_GRSSH, 0, 0);
	if (!rxfh)
		return -ENOMEM;
	err = ethtool(dev, rxfh);
	if (!err && (rxfh->indir_size > FAKE_MAX_TABLE || rxfh->key_size > FAKE_MAX_KEY))
		err = -E2BIG;
	if (!err)
		err = ethtool(dev, rxfh);
	if (err) {
		free(rxfh);
		return err;
	}
	*rxfhp = rxfh;
	return 0;
}

/** fake_get_table() - `ethtool -x`; up to FAKE_MAX_TABLE entries; 0 or -errno */
int fake_get_table(struct fake_dev *dev, uint32_t *table, unsigned int *len)
{
	struct ethtool_rxfh *rxfh;
	int err;

	err = get_rxfh(dev, &rxfh);
	if (err)
		return err;
	*len = rxfh->indir_size;
	memcpy(table, rxfh->rss_config, 4 * rxfh->indir_size);
	free(rxfh);
	return 0;
}

/** fake_set_key() - `ethtool -X hkey`; 0 or -errno */
int fake_set_key(struct fake_dev *dev, const uint8_t *key, unsigned int len)
{
	struct ethtool_rxfh *rxfh;
	int err;

	rxfh = rxfh_request(ETHTOOL_SRSSH, ETH_RXFH_INDIR_NO_CHANGE, len);
	if (!rxfh)
		return -ENOMEM;
	memcpy(rxfh->rss_config, key, len);
	err = ethtool(dev, rxfh);
	free(rxfh);
	return err;
}

/** fake_get_key() - `ethtool -x`; up to FAKE_MAX_KEY bytes; 0 or -errno */
int fake_get_key(struct fake_dev *dev, uint8_t *key, unsigned int *len)
{
	struct ethtool_rxfh *rxfh;
	int err;

	err = get_rxfh(dev, &rxfh);
	if (err)
		return err;
	*len = rxfh->key_size;
	memcpy(key, &rxfh->rss_config[rxfh->indir_size], rxfh->key_size);
	free(rxfh);
	return 0;
}

/**
 * fake_set_flow() - `ethtool -N rx-flow-hash`
 * @dev: device
 * @flow_type: TCP_V4_FLOW, ...
 * @data: RXH_*
 *
 * Return: 0 or -errno.
 */
int fake_set_flow(struct fake_dev *dev, uint32_t flow_type, uint64_t data)
{
	struct ethtool_rxnfc nfc = {
		.cmd = ETHTOOL_SRXFH, .flow_type = flow_type, .data = data,
	};

	return ethtool(dev, &nfc);
}

/** fake_get_flow() - `ethtool -n rx-flow-hash`: RXH_* to @data; 0 or -errno */
int fake_get_flow(struct fake_dev *dev, uint32_t flow_type, uint64_t *data)
{
	struct ethtool_rxnfc nfc = { .cmd = ETHTOOL_GRXFH, .flow_type = flow_type };
	int err;

	err = ethtool(dev, &nfc);
	*data = nfc.data;
	return err;
}

/* A string set's names, and how many they are. */
static int strings(struct fake_dev *dev, uint32_t set, struct ethtool_gstrings **names)
{
	struct {
		struct ethtool_sset_info info;
		uint32_t len;
	} arg = {
		.info = { .cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ULL << set },
	};
	int err;

	err = ethtool(dev, &arg);
	if (err)
		return err;
	*names = calloc(1, sizeof(**names) + arg.len * ETH_GSTRING_LEN);
	if (!*names)
		return -ENOMEM;
	(*names)->cmd = ETHTOOL_GSTRINGS;
	(*names)->string_set = set;
	(*names)->len = arg.len;
	err = ethtool(dev, *names);
	if (err)
		free(*names);
	return err;
}

static int string_index(struct fake_dev *dev, uint32_t set, const char *name)
{
	struct ethtool_gstrings *names;
	int err, i;

	err = strings(dev, set, &names);
	if (err)
		return err;
	err = -ENOENT;
	for (i = 0; i < (int)names->len && err < 0; i++)
		if (!strncmp((char *)names->data + i * ETH_GSTRING_LEN, name,
			     ETH_GSTRING_LEN))
			err = i;
	free(names);
	return err;
}

/**
 * fake_set_feature() - `ethtool -K`
 * @dev: device
 * @feature: its name, such as "rx-hashing"
 * @on: on
 *
 * Return: 0; -EINVAL if it did not become so; another -errno.
 */
int fake_set_feature(struct fake_dev *dev, const char *feature, bool on)
{
	struct {
		struct ethtool_sfeatures arg;
		struct ethtool_set_features_block blocks[4];
	} set = {
		.arg = { .cmd = ETHTOOL_SFEATURES, .size = 2 },
	};
	int i, err;

	i = string_index(dev, ETH_SS_FEATURES, feature);
	if (i < 0)
		return i;
	set.arg.features[i / 32].valid = 1U << i % 32;
	set.arg.features[i / 32].requested = on ? 1U << i % 32 : 0;
	err = ethtool(dev, &set);
	if (err)
		return err;
	return fake_get_feature(dev, feature) == on ? 0 : -EINVAL;
}

/**
 * fake_swap_features() - `ethtool -K`, of two features in one request
 * @dev: device
 * @off: one to turn off
 * @on: one to turn on
 *
 * Return: 0, whatever became of it, or -errno.
 */
int fake_swap_features(struct fake_dev *dev, const char *off, const char *on)
{
	struct {
		struct ethtool_sfeatures arg;
		struct ethtool_set_features_block blocks[4];
	} set = {
		.arg = { .cmd = ETHTOOL_SFEATURES, .size = 2 },
	};
	int i_off, i_on;

	i_off = string_index(dev, ETH_SS_FEATURES, off);
	i_on = string_index(dev, ETH_SS_FEATURES, on);
	if (i_off < 0 || i_on < 0)
		return -ENOENT;
	set.arg.features[i_off / 32].valid |= 1U << i_off % 32;
	set.arg.features[i_on / 32].valid |= 1U << i_on % 32;
	set.arg.features[i_on / 32].requested |= 1U << i_on % 32;
	return ethtool(dev, &set);
}

/** fake_get_feature() - `ethtool -k`: 0, 1 or -errno */
int fake_get_feature(struct fake_dev *dev, const char *feature)
{
	struct {
		struct ethtool_gfeatures arg;
		struct ethtool_get_features_block blocks[4];
	} get = {
		.arg = { .cmd = ETHTOOL_GFEATURES, .size = 2 },
	};
	int i, err;

	i = string_index(dev, ETH_SS_FEATURES, feature);
	if (i < 0)
		return i;
	err = ethtool(dev, &get);
	if (err)
		return err;
	return !!(get.arg.features[i / 32].active & 1U << i % 32);
}

/** fake_stat() - a counter of `ethtool -S`, or -errno */
long long fake_stat(struct fake_dev *dev, const char *name)
{
	struct ethtool_gstrings *names;
	struct ethtool_stats *stats;
	long long value = -ENOENT;
	unsigned int i;
	int err;

	err = strings(dev, ETH_SS_STATS, &names);
	if (err)
		return err;
	stats = calloc(1, sizeof(*stats) + 8 * names->len);
	if (!stats) {
		free(names);
		return -ENOMEM;
	}
	stats->cmd = ETHTOOL_GSTATS;
	stats->n_stats = names->len;
	err = ethtool(dev, stats);
	for (i = 0; i < names->len && !err; i++)
		if (!strncmp((char *)names->data + i * ETH_GSTRING_LEN, name,
			     ETH_GSTRING_LEN))
			value = stats->data[i];
	free(stats);
	free(names);
	return err ?: value;
}

/** fake_link_stat() - a counter of `ip -s link`, by its name in sysfs, or -errno */
long long fake_link_stat(struct fake_dev *dev, const char *name)
{
	char path[128];
	long long value;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/class/net/%s/statistics/%s", dev->name, name);
	file = fopen(path, "r");
	if (!file)
		return -errno;
	if (fscanf(file, "%lld", &value) != 1)
		value = -EIO;
	fclose(file);
	return value;
}
