// SPDX-License-Identifier: GPL-2.0
/*
 * A tun, tap, macvtap or ipvtap device under test, and configurations to give it.
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
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

#include "vnet_flow.h"
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

/* A request to rtnetlink about a link; attributes are added at its end. */
struct link_request {
	struct nlmsghdr nlh;
	struct ifinfomsg ifi;
	char attrs[512];
};

static void link_init(struct link_request *req, int flags)
{
	memset(req, 0, sizeof(*req));
	req->nlh.nlmsg_len = NLMSG_LENGTH(sizeof(req->ifi));
	req->nlh.nlmsg_type = RTM_NEWLINK;
	req->nlh.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
}

static struct rtattr *link_attr(struct link_request *req, int type,
				const void *data, size_t len)
{
	struct rtattr *attr = (void *)req + NLMSG_ALIGN(req->nlh.nlmsg_len);

	attr->rta_type = type;
	attr->rta_len = RTA_LENGTH(len);
	memcpy(RTA_DATA(attr), data, len);
	req->nlh.nlmsg_len = NLMSG_ALIGN(req->nlh.nlmsg_len) +
			     RTA_ALIGN(attr->rta_len);
	return attr;
}

static void link_string(struct link_request *req, int type, const char *text)
{
	link_attr(req, type, text, strlen(text) + 1);
}

/* What was added since @nest was is inside of it. */
static void link_nest_end(struct link_request *req, struct rtattr *nest)
{
	nest->rta_len = (void *)req + req->nlh.nlmsg_len - (void *)nest;
}

static int link_send(struct link_request *req)
{
	struct {
		struct nlmsghdr nlh;
		struct nlmsgerr err;
		char copy[sizeof(*req)];
	} answer;
	int fd, err = -1;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0)
		return -1;
	if (send(fd, req, req->nlh.nlmsg_len, 0) == (ssize_t)req->nlh.nlmsg_len &&
	    recv(fd, &answer, sizeof(answer), 0) > 0) {
		errno = -answer.err.error;
		err = errno ? -1 : 0;
	}
	close(fd);
	return err;
}

static int link_add_veth(const char *name, const char *peer)
{
	static const struct ifinfomsg ifi;
	struct rtattr *info, *data, *nest;
	struct link_request req;

	link_init(&req, NLM_F_CREATE | NLM_F_EXCL);
	link_string(&req, IFLA_IFNAME, name);
	info = link_attr(&req, IFLA_LINKINFO, NULL, 0);
	link_string(&req, IFLA_INFO_KIND, "veth");
	data = link_attr(&req, IFLA_INFO_DATA, NULL, 0);
	nest = link_attr(&req, VETH_INFO_PEER, &ifi, sizeof(ifi));
	link_string(&req, IFLA_IFNAME, peer);
	link_nest_end(&req, nest);
	link_nest_end(&req, data);
	link_nest_end(&req, info);
	return link_send(&req);
}

static int link_add_tap(const char *name, const char *lower, enum vnet_kind kind)
{
	uint32_t macvlan_mode = MACVLAN_MODE_PASSTHRU;
	uint32_t index = if_nametoindex(lower);
	uint16_t ipvlan_mode = IPVLAN_MODE_L2;
	struct rtattr *info, *data;
	struct link_request req;

	link_init(&req, NLM_F_CREATE | NLM_F_EXCL);
	link_string(&req, IFLA_IFNAME, name);
	link_attr(&req, IFLA_LINK, &index, sizeof(index));
	info = link_attr(&req, IFLA_LINKINFO, NULL, 0);
	link_string(&req, IFLA_INFO_KIND,
		    kind == VNET_MACVTAP ? "macvtap" : "ipvtap");
	data = link_attr(&req, IFLA_INFO_DATA, NULL, 0);
	if (kind == VNET_MACVTAP)
		link_attr(&req, IFLA_MACVLAN_MODE, &macvlan_mode,
			  sizeof(macvlan_mode));
	else
		link_attr(&req, IFLA_IPVLAN_MODE, &ipvlan_mode,
			  sizeof(ipvlan_mode));
	link_nest_end(&req, data);
	link_nest_end(&req, info);
	return link_send(&req);
}

static int link_up(const char *name, uint32_t mtu)
{
	struct link_request req;

	link_init(&req, 0);
	req.ifi.ifi_index = if_nametoindex(name);
	req.ifi.ifi_flags = IFF_UP;
	req.ifi.ifi_change = IFF_UP;
	link_attr(&req, IFLA_MTU, &mtu, sizeof(mtu));
	return link_send(&req);
}

/* The veth pair of a macvtap or ipvtap: its lower device and the other end */
static void lower_names(const char *name, char *lower, char *peer)
{
	snprintf(lower, IFNAMSIZ, "%.10s-low", name);
	snprintf(peer, IFNAMSIZ, "%.10s-peer", name);
}

/* Where sysfs shows the network namespace that we are in. */
static int see_own_sysfs(void)
{
	if (unshare(CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return -1;
	return mount("sysfs", "/sys", "sysfs", 0, NULL);
}

/* The number of the character device of macvtap or ipvtap @name */
static int tap_dev_number(const char *name, dev_t *number)
{
	unsigned int index = if_nametoindex(name), major, minor;
	char path[64];
	FILE *file;
	int n;

	snprintf(path, sizeof(path), "/sys/class/net/%s/tap%u/dev", name, index);
	file = fopen(path, "re");
	if (!file) {
		if (see_own_sysfs())
			return -1;
		file = fopen(path, "re");
	}
	if (!file)
		return -1;

	n = fscanf(file, "%u:%u", &major, &minor);
	fclose(file);
	if (n != 2)
		return -1;
	*number = makedev(major, minor);
	return 0;
}

/**
 * vnet_tap_open - open a queue of a macvtap or ipvtap
 * @name: device
 * @flags: as for TUNSETIFF
 *
 * By a node of its own: the one that the kernel makes is named by interface
 * index alone, which two network namespaces may both have.
 *
 * Return: descriptor, or -1 with errno.
 */
int vnet_tap_open(const char *name, short flags)
{
	struct ifreq ifr = { .ifr_flags = flags };
	char path[64];
	dev_t number;
	int fd;

	if (tap_dev_number(name, &number))
		return -1;

	snprintf(path, sizeof(path), "/dev/vnet-%s-%d", name, getpid());
	if (mknod(path, S_IFCHR | 0600, number))
		return -1;
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	unlink(path);
	if (fd < 0)
		return -1;

	if (ioctl(fd, TUNSETIFF, &ifr)) {
		close(fd);
		return -1;
	}
	return fd;
}

/**
 * vnet_tap_create - make a tun or tap device
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
	return vnet_tap_create_kind(tap, VNET_TUN, name, flags, queues);
}

/**
 * vnet_tap_create_kind - make a device
 * @tap: to be filled
 * @kind: of which driver; a macvtap or ipvtap "X" comes with a veth pair, its
 *	  lower device "X-low" and the other end "X-peer"
 * @name: its name
 * @flags: as for vnet_tap_create(), without IFF_TUN for a macvtap or ipvtap
 * @queues: how many to open
 *
 * Return: 0, or -1 with errno.
 */
int vnet_tap_create_kind(struct vnet_tap *tap, enum vnet_kind kind,
			 const char *name, short flags, unsigned int queues)
{
	char lower[IFNAMSIZ], peer[IFNAMSIZ];
	int fd;

	memset(tap, 0, sizeof(*tap));
	tap->kind = kind;
	tap->packet = -1;
	snprintf(tap->name, sizeof(tap->name), "%s", name);
	tap->flags = flags | IFF_NO_PI;
	if (queues > 1)
		tap->flags |= IFF_MULTI_QUEUE;
	if (flags & IFF_VNET_HDR)
		tap->hdr_size = sizeof(struct virtio_net_hdr);

	lower_names(name, lower, peer);
	if (kind != VNET_TUN && (link_add_veth(lower, peer) ||
				 link_add_tap(name, lower, kind)))
		return -1;

	while (tap->queues < queues) {
		fd = kind == VNET_TUN ? vnet_tap_attach(name, tap->flags) :
					vnet_tap_open(name, tap->flags);
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
	unsigned int i;

	/* A macvtap has a size for each queue. */
	for (i = 0; i < tap->queues; i++)
		if (ioctl(tap->fds[i], TUNSETVNETHDRSZ, &size))
			return -1;
	tap->hdr_size = size;
	return 0;
}

/**
 * vnet_packet_socket - a socket to send whole frames on a device
 * @name: device
 *
 * What waits in the queues of a macvtap is charged to the socket.  When that is full and
 * nobody reads, because a test is over, say, sending fails after a second (EAGAIN).
 *
 * Return: descriptor, or -1 with errno.
 */
int vnet_packet_socket(const char *name)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_ifindex = if_nametoindex(name),
	};
	struct timeval wait = { .tv_sec = 10 };
	int fd;

	if (!addr.sll_ifindex)
		return -1;

	/* Protocol 0: it hears nothing. */
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) ||
	    bind(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		close(fd);
		return -1;
	}

	return fd;
}

/* An ipvtap gets the packets of its addresses. */
static int ipvtap_addresses(const struct vnet_tap *tap)
{
	static const unsigned char dst4[4] = VNET_FLOW_DST4;
	static const unsigned char dst6[16] = VNET_FLOW_DST6;
	char text4[INET6_ADDRSTRLEN], text6[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET, dst4, text4, sizeof(text4));
	inet_ntop(AF_INET6, dst6, text6, sizeof(text6));
	return vnet_run("echo 0 >/proc/sys/net/ipv6/conf/%s/disable_ipv6 &&"
			"ip -batch - <<END\n"
			"addr add %s/32 dev %s\n"
			"addr add %s/128 dev %s nodad\n"
			"END\n", tap->name, text4, tap->name, text6, tap->name);
}

/**
 * vnet_tap_up - bring a device up, ready for vnet_tap_send()
 * @tap: device
 *
 * Return: 0, or -1.
 */
int vnet_tap_up(struct vnet_tap *tap)
{
	char lower[IFNAMSIZ], peer[IFNAMSIZ];

	if (vnet_tap_mtu(tap, VNET_MTU))
		return -1;
	if (tap->kind == VNET_IPVTAP && ipvtap_addresses(tap))
		return -1;
	lower_names(tap->name, lower, peer);
	tap->packet = vnet_packet_socket(tap->kind == VNET_TUN ? tap->name :
								 peer);
	return tap->packet < 0 ? -1 : 0;
}

/**
 * vnet_tap_mtu - bring a device up with another MTU
 * @tap: device
 * @mtu: bytes
 *
 * Return: 0, or -1 with errno.
 */
int vnet_tap_mtu(const struct vnet_tap *tap, unsigned int mtu)
{
	char lower[IFNAMSIZ], peer[IFNAMSIZ];

	/* The end that sends comes last: it has a carrier from the start. */
	lower_names(tap->name, lower, peer);
	if (tap->kind != VNET_TUN && (link_up(lower, mtu) || link_up(peer, mtu)))
		return -1;
	return link_up(tap->name, mtu);
}

/**
 * vnet_tap_send - send a frame to whoever reads from the device
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

/* As vnet_tap_wait(), and say which queues have one. */
static int tap_poll(const struct vnet_tap *tap, struct pollfd *pfd, int timeout)
{
	unsigned int i;
	int n;

	for (i = 0; i < tap->queues; i++)
		pfd[i] = (struct pollfd) { .fd = tap->fds[i], .events = POLLIN };

	n = poll(pfd, tap->queues, timeout);
	return n > 0 ? 1 : n;
}

/**
 * vnet_tap_wait - wait until some queue has a packet
 * @tap: device
 * @timeout: milliseconds to wait
 *
 * Return: 1, 0 when none came, -1 with errno.
 */
int vnet_tap_wait(const struct vnet_tap *tap, int timeout)
{
	struct pollfd pfd[VNET_MAX_QUEUES];

	return tap_poll(tap, pfd, timeout);
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
	static __thread unsigned char buf[VNET_MAX_HDR + VNET_MAX_DATA];
	struct pollfd pfd[VNET_MAX_QUEUES];
	unsigned int i;
	ssize_t len;
	int n;

	n = tap_poll(tap, pfd, timeout);
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
 * vnet_conf_init_other - a second configuration, to be told from the first
 * @conf: to be filled: as @of, with another key and another table
 * @of: from vnet_conf_init() for four queues, with TUN_VNET_HASH_RSS
 */
void vnet_conf_init_other(struct vnet_conf *conf, const struct vnet_conf *of)
{
	unsigned int i;

	*conf = *of;
	vnet_conf_point(conf);
	for (i = 0; i < VNET_KEY_SIZE; i++)
		conf->key[i] ^= 0x5a + i;
	for (i = 0; i < conf->arg.indirection_table_length; i++)
		conf->table[i] = (i / 3 + 1) % 4;
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
