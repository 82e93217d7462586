// SPDX-License-Identifier: GPL-2.0
/*
 * A tun or tap device under test, and configurations to give it.
 */

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include "vnet_hash_ref.h"
#include "vnet_tap.h"

/**
 * vnet_new_netns - leave for a network namespace of one's own, without IPv6
 *
 * IPv6 would send packets on its own account on each device that comes up.
 *
 * Return: 0, or -1 with errno.
 */
int vnet_new_netns(void)
{
	static const char off[] = "1";
	int fd, err;

	if (unshare(CLONE_NEWNET))
		return -1;

	fd = open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY);
	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	err = write(fd, off, 1) == 1 ? 0 : -1;
	close(fd);
	return err;
}

/**
 * vnet_run - run a shell command
 * @fmt: the command, as for printf()
 *
 * Return: its exit status, -1 when it could not be run.
 */
int vnet_run(const char *fmt, ...)
{
	char command[512];
	va_list args;
	int status;

	va_start(args, fmt);
	vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);

	status = system(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/**
 * vnet_tap_attach - open a queue of a device
 * @name: device, made if it does not exist
 * @flags: as for TUNSETIFF
 *
 * Return: descriptor, or -1 with errno.
 */
int vnet_tap_attach(const char *name, short flags)
{
	struct ifreq ifr = { .ifr_flags = flags };
	int fd, err;

	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -1;

	snprintf(ifr.ifr_name, IFNAMSIZ, "%s", name);
	if (ioctl(fd, TUNSETIFF, &ifr)) {
		err = errno;
		close(fd);
		errno = err;
		return -1;
	}

	return fd;
}

/**
 * vnet_tap_create - make a device
 * @tap: to be filled
 * @name: its name
 * @flags: IFF_TUN or IFF_TAP, IFF_VNET_HDR, ...; IFF_NO_PI comes by itself, and
 *	   IFF_MULTI_QUEUE for more than one queue
 * @queues: how many to open
 *
 * Return: 0, or -1 with errno.
 */
int vnet_tap_create(struct vnet_tap *tap, const char *name, short flags,
		    unsigned int queues)
{
	int fd;

	memset(tap, 0, sizeof(*tap));
	tap->packet = -1;
	snprintf(tap->name, sizeof(tap->name), "%s", name);
	tap->flags = flags | IFF_NO_PI;
	if (queues > 1)
		tap->flags |= IFF_MULTI_QUEUE;
	if (flags & IFF_VNET_HDR)
		tap->hdr_size = sizeof(struct virtio_net_hdr);

	while (tap->queues < queues) {
		fd = vnet_tap_attach(name, tap->flags);
		if (fd < 0)
			return -1;
		tap->fds[tap->queues++] = fd;
	}

	return 0;
}

/**
 * vnet_tap_hdr_size - ask for another size of the virtio-net header
 * @tap: device
 * @size: bytes
 *
 * Return: 0, or -1 with errno.
 */
int vnet_tap_hdr_size(struct vnet_tap *tap, int size)
{
	if (ioctl(tap->fds[0], TUNSETVNETHDRSZ, &size))
		return -1;
	tap->hdr_size = size;
	return 0;
}

/**
 * vnet_packet_socket - a socket to send whole frames on a device
 * @name: device
 *
 * Return: descriptor, or -1 with errno.
 */
int vnet_packet_socket(const char *name)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_ifindex = if_nametoindex(name),
	};
	int fd;

	if (!addr.sll_ifindex)
		return -1;

	/* Protocol 0: it hears nothing. */
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		close(fd);
		return -1;
	}

	return fd;
}

/**
 * vnet_tap_up - bring a device up, ready for vnet_tap_send()
 * @tap: device
 *
 * Return: 0, or -1.
 */
int vnet_tap_up(struct vnet_tap *tap)
{
	if (vnet_run("ip link set dev %s mtu 4000 up", tap->name))
		return -1;
	tap->packet = vnet_packet_socket(tap->name);
	return tap->packet < 0 ? -1 : 0;
}

/**
 * vnet_tap_send - send a frame through the device's transmit path
 * @tap: device, up
 * @frame: with its link layer header, if the device has one
 * @len: bytes
 *
 * Return: 0, or -1 with errno.
 */
int vnet_tap_send(const struct vnet_tap *tap, const void *frame, size_t len)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_ifindex = if_nametoindex(tap->name),
		.sll_protocol = htons(ETH_P_IP),
	};
	ssize_t sent;

	/* Without a link layer header the protocol must be said. */
	if (tap->flags & IFF_TUN) {
		if (*(const unsigned char *)frame >> 4 == 6)
			addr.sll_protocol = htons(ETH_P_IPV6);
		sent = sendto(tap->packet, frame, len, 0,
			      (struct sockaddr *)&addr, sizeof(addr));
	} else {
		sent = send(tap->packet, frame, len, 0);
	}

	return sent == (ssize_t)len ? 0 : -1;
}

/**
 * vnet_tap_recv - read the next packet from whichever queue has one
 * @tap: device
 * @pkt: to be filled; its header is a pattern before, so that bytes that the
 *	 kernel leaves alone show
 * @timeout: milliseconds to wait
 *
 * Return: 1, 0 when none came, -1 with errno.
 */
int vnet_tap_recv(const struct vnet_tap *tap, struct vnet_packet *pkt,
		  int timeout)
{
	unsigned char buf[VNET_MAX_HDR + VNET_MAX_DATA];
	struct pollfd pfd[VNET_MAX_QUEUES];
	unsigned int i;
	ssize_t len;
	int n;

	for (i = 0; i < tap->queues; i++)
		pfd[i] = (struct pollfd) { .fd = tap->fds[i], .events = POLLIN };

	n = poll(pfd, tap->queues, timeout);
	if (n <= 0)
		return n;

	for (i = 0; i < tap->queues; i++) {
		if (!(pfd[i].revents & POLLIN))
			continue;
		memset(buf, 0xa5, VNET_MAX_HDR);
		len = read(tap->fds[i], buf, sizeof(buf));
		if (len < tap->hdr_size)
			return -1;
		pkt->queue = i;
		memcpy(pkt->hdr, buf, tap->hdr_size);
		pkt->len = len - tap->hdr_size;
		memcpy(pkt->data, buf + tap->hdr_size, pkt->len);
		return 1;
	}

	errno = EIO;
	return -1;
}

/**
 * vnet_tap_close - close the queues and the socket
 * @tap: device
 */
void vnet_tap_close(struct vnet_tap *tap)
{
	while (tap->queues)
		close(tap->fds[--tap->queues]);
	if (tap->packet >= 0)
		close(tap->packet);
	tap->packet = -1;
}

/* The key of Microsoft's RSS verification suite */
static const __u8 vnet_key[VNET_KEY_SIZE] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2,
	0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0,
	0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4,
	0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30, 0xf2, 0x0c,
	0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

/**
 * vnet_conf_point - let the argument point to this copy's table and key
 * @conf: configuration
 */
void vnet_conf_point(struct vnet_conf *conf)
{
	conf->arg.indirection_table = (uintptr_t)conf->table;
	conf->arg.key = (uintptr_t)conf->key;
}

/**
 * vnet_conf_init - a configuration that the kernel accepts
 * @conf: to be filled: all types, Microsoft's key, with TUN_VNET_HASH_RSS a
 *	  table of 128 entries that takes the queues in turn
 * @flags: TUN_VNET_HASH_*
 * @queues: how many the table names; the last is that of unclassified packets
 */
void vnet_conf_init(struct vnet_conf *conf, __u32 flags, unsigned int queues)
{
	unsigned int i;

	memset(conf, 0, sizeof(*conf));
	conf->arg.flags = flags;
	conf->arg.hash_types = VNET_ALL_TYPES;
	conf->arg.key_size = VNET_KEY_SIZE;
	memcpy(conf->key, vnet_key, sizeof(vnet_key));
	if (flags & TUN_VNET_HASH_RSS) {
		conf->arg.indirection_table_length = 128;
		conf->arg.unclassified_queue = queues - 1;
		for (i = 0; i < 128; i++)
			conf->table[i] = i % queues;
	}
	vnet_conf_point(conf);
}

/**
 * vnet_conf_equal - do two configurations say the same?
 * @a: one
 * @b: the other
 */
bool vnet_conf_equal(const struct vnet_conf *a, const struct vnet_conf *b)
{
	return a->arg.flags == b->arg.flags &&
	       a->arg.hash_types == b->arg.hash_types &&
	       a->arg.indirection_table_length ==
	       b->arg.indirection_table_length &&
	       a->arg.unclassified_queue == b->arg.unclassified_queue &&
	       a->arg.key_size == b->arg.key_size &&
	       !memcmp(a->table, b->table,
		       a->arg.indirection_table_length * sizeof(*a->table)) &&
	       !memcmp(a->key, b->key, a->arg.key_size);
}

/**
 * vnet_conf_get - TUNGETVNETHASH with room for everything
 * @fd: queue
 * @conf: to be filled
 *
 * Return: 0, or -1 with errno.
 */
int vnet_conf_get(int fd, struct vnet_conf *conf)
{
	memset(conf, 0, sizeof(*conf));
	vnet_conf_point(conf);
	conf->arg.indirection_table_length = VNET_MAX_TABLE;
	conf->arg.key_size = VNET_KEY_SIZE;
	return ioctl(fd, TUNGETVNETHASH, &conf->arg);
}

/**
 * vnet_conf_expect - what a device owes to a packet
 * @conf: its configuration
 * @frame: packet
 * @len: bytes
 * @ethernet: it has an Ethernet header
 *
 * By the reference, whatever flags @conf has.
 */
struct vnet_expect vnet_conf_expect(const struct vnet_conf *conf,
				    const void *frame, size_t len,
				    bool ethernet)
{
	struct vnet_hash_ref_result ref;
	struct vnet_expect e;

	ref = vnet_hash_ref(frame, len, ethernet, conf->arg.hash_types,
			    conf->key, conf->arg.key_size);
	e.value = ref.value;
	e.report = ref.report;
	e.queue = conf->arg.unclassified_queue;
	if (ref.report != VIRTIO_NET_HASH_REPORT_NONE &&
	    conf->arg.indirection_table_length)
		e.queue = conf->table[ref.value %
				      conf->arg.indirection_table_length];
	return e;
}

/* virtio_net_hdr_v1_hash is always little-endian. */
static uint32_t vnet_hdr_le(const struct vnet_packet *pkt, size_t off,
			    size_t size)
{
	uint32_t v = 0;

	while (size--)
		v = v << 8 | pkt->hdr[off + size];
	return v;
}

/**
 * vnet_hdr_value - the hash_value of a packet's header
 * @pkt: packet, with a header of 20 bytes or more
 */
uint32_t vnet_hdr_value(const struct vnet_packet *pkt)
{
	return vnet_hdr_le(pkt, offsetof(struct virtio_net_hdr_v1_hash,
					 hash_value), 4);
}

/**
 * vnet_hdr_report - the hash_report of a packet's header
 * @pkt: packet, with a header of 20 bytes or more
 */
uint16_t vnet_hdr_report(const struct vnet_packet *pkt)
{
	return vnet_hdr_le(pkt, offsetof(struct virtio_net_hdr_v1_hash,
					 hash_report), 2);
}

/**
 * vnet_hdr_num_buffers - the num_buffers of a packet's header
 * @pkt: packet, with a header of 12 bytes or more, from a device that is
 *	 little-endian
 */
uint16_t vnet_hdr_num_buffers(const struct vnet_packet *pkt)
{
	return vnet_hdr_le(pkt, offsetof(struct virtio_net_hdr_v1,
					 num_buffers), 2);
}

/**
 * vnet_steering_prog - load a steering program
 * @queue: what it returns for each packet
 *
 * Return: descriptor, or -1 with errno.
 */
int vnet_steering_prog(int queue)
{
	struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = queue },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insns = (uintptr_t)insns,
		.insn_cnt = 2,
		.license = (uintptr_t)"GPL",
	};

	return syscall(__NR_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
}
