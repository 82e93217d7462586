// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_ether.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>

#include "bpfnic_lib.h"
#include "bpfnic_net.h"

#define NL_BUFFER	32768
#define CARRIER_MS	(nic_slow() ? 60000 : 20000)
#define STREAM_MS	(nic_slow() ? 60000 : 20000)
#define CHUNK		16384

/* --- namespaces --------------------------------------------------------------- */

static int own_ns(void)
{
	return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

/** ns_enter() - have this thread be in a namespace; 0 or -errno */
int ns_enter(const struct ns *ns)
{
	return setns(ns->fd, CLONE_NEWNET) ? -errno : 0;
}

/** ns_here() - sockets in the namespace of this thread; 0 or -errno */
int ns_here(struct ns *ns)
{
	int one = 1;

	memset(ns, 0, sizeof(*ns));
	ns->fd = own_ns();
	ns->inet = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ns->nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (ns->fd < 0 || ns->inet < 0 || !ns->nl ||
	    mnl_socket_bind(ns->nl, 0, MNL_SOCKET_AUTOPID))
		return -errno;
	mnl_socket_setsockopt(ns->nl, NETLINK_EXT_ACK, &one, sizeof(one));
	mnl_socket_setsockopt(ns->nl, NETLINK_CAP_ACK, &one, sizeof(one));
	return 0;
}

/**
 * ns_new() - make a namespace, in which nobody sends by himself
 * @ns: to be filled
 *
 * The caller's thread stays where it was.
 *
 * Return: 0 or -errno.
 */
int ns_new(struct ns *ns)
{
	int old, err;

	old = own_ns();
	if (old < 0 || unshare(CLONE_NEWNET))
		return -errno;
	/* No neighbour discovery, no router solicitation */
	nic_write("/proc/sys/net/ipv6/conf/default/accept_ra", "0");
	nic_write("/proc/sys/net/ipv6/conf/default/router_solicitations", "0");
	nic_write("/proc/sys/net/ipv6/conf/default/accept_dad", "0");
	nic_write("/proc/sys/net/ipv6/conf/default/addr_gen_mode", "1");
	err = ns_here(ns);
	if (setns(old, CLONE_NEWNET))
		err = -errno;
	close(old);
	return err;
}

/** ns_close() - without a process in it, the namespace ends */
void ns_close(struct ns *ns)
{
	if (ns->nl)
		mnl_socket_close(ns->nl);
	if (ns->inet > 0)
		close(ns->inet);
	if (ns->fd > 0)
		close(ns->fd);
	memset(ns, 0, sizeof(*ns));
}

/* --- rtnetlink ---------------------------------------------------------------- */

struct request {
	struct nlmsghdr *nlh;
	char room[2048];
};

static struct ifinfomsg *start(struct request *r, int type, int flags)
{
	r->nlh = mnl_nlmsg_put_header(r->room);
	r->nlh->nlmsg_type = type;
	r->nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	r->nlh->nlmsg_seq = 1;
	return mnl_nlmsg_put_extra_header(r->nlh, sizeof(struct ifinfomsg));
}

static void keep_said(struct ns *ns, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;
	size_t hlen = sizeof(*err);

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		hlen += mnl_nlmsg_get_payload_len(&err->msg);
	mnl_attr_for_each(attr, nlh, hlen)
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
			snprintf(ns->said, sizeof(ns->said), "%s", mnl_attr_get_str(attr));
}

/* Send, and wait for an answer of RTM_NEWLINK, or if @reply is NULL for the ack. */
static int talk(struct ns *ns, struct request *r, void *reply, size_t room)
{
	static __thread char buf[NL_BUFFER];
	const struct nlmsghdr *nlh = reply ?: buf;
	const struct nlmsgerr *err;
	ssize_t n;

	ns->said[0] = '\0';
	if (mnl_socket_sendto(ns->nl, r->nlh, r->nlh->nlmsg_len) < 0)
		return -errno;
	n = mnl_socket_recvfrom(ns->nl, (void *)nlh, reply ? room : sizeof(buf));
	if (n < 0)
		return -errno;
	if (nlh->nlmsg_type != NLMSG_ERROR)
		return reply ? 0 : -EPROTO;
	err = mnl_nlmsg_get_payload(nlh);
	keep_said(ns, nlh);
	return err->error ?: (reply ? -EPROTO : 0);
}

/**
 * link_add() - make a link
 * @ns: whose socket asks, and where link_new.link is
 * @link: what to make
 *
 * Return: 0 or -errno; @ns->said has the reason.
 */
int link_add(struct ns *ns, const struct link_new *link)
{
	struct nlattr *info, *data, *peer;
	struct ifinfomsg *ifi;
	struct request r;

	start(&r, RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
	if (link->name)
		mnl_attr_put_strz(r.nlh, IFLA_IFNAME, link->name);
	if (link->link)
		mnl_attr_put_u32(r.nlh, IFLA_LINK, link->link);
	if (link->ns)
		mnl_attr_put_u32(r.nlh, IFLA_NET_NS_FD, link->ns->fd);
	if (link->queues) {
		mnl_attr_put_u32(r.nlh, IFLA_NUM_TX_QUEUES, link->queues);
		mnl_attr_put_u32(r.nlh, IFLA_NUM_RX_QUEUES, link->queues);
	}
	if (link->mtu)
		mnl_attr_put_u32(r.nlh, IFLA_MTU, link->mtu);
	if (link->mac)
		mnl_attr_put(r.nlh, IFLA_ADDRESS, ETH_ALEN, link->mac);
	info = mnl_attr_nest_start(r.nlh, IFLA_LINKINFO);
	mnl_attr_put_str(r.nlh, IFLA_INFO_KIND, link->kind);
	if (link->peer || link->vlan) {
		data = mnl_attr_nest_start(r.nlh, IFLA_INFO_DATA);
		if (link->vlan)
			mnl_attr_put_u16(r.nlh, IFLA_VLAN_ID, link->vlan);
		if (link->peer) {
			peer = mnl_attr_nest_start(r.nlh, VETH_INFO_PEER);
			ifi = mnl_nlmsg_put_extra_header(r.nlh, sizeof(*ifi));
			ifi->ifi_family = AF_UNSPEC;
			mnl_attr_put_strz(r.nlh, IFLA_IFNAME, link->peer);
			mnl_attr_nest_end(r.nlh, peer);
		}
		mnl_attr_nest_end(r.nlh, data);
	}
	mnl_attr_nest_end(r.nlh, info);
	return talk(ns, &r, NULL, 0);
}

/** link_add_kind() - make a link, on the one of index @on if that is not 0 */
int link_add_kind(struct ns *ns, const char *name, const char *kind, unsigned int on)
{
	struct link_new link = { .name = name, .kind = kind, .link = on };

	return link_add(ns, &link);
}

/** link_add_veth() - make a pair of veth */
int link_add_veth(struct ns *ns, const char *name, const char *peer)
{
	struct link_new link = { .name = name, .kind = "veth", .peer = peer };

	return link_add(ns, &link);
}

/** link_del() - delete a link; 0, or -errno: -ENODEV if there is none */
int link_del(struct ns *ns, const char *name)
{
	struct request r;

	start(&r, RTM_DELLINK, NLM_F_ACK);
	mnl_attr_put_strz(r.nlh, IFLA_IFNAME, name);
	return talk(ns, &r, NULL, 0);
}

/** link_index() - by its name, or 0 */
unsigned int link_index(struct ns *ns, const char *name)
{
	struct ifreq ifr = {};

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	return ioctl(ns->inet, SIOCGIFINDEX, &ifr) ? 0 : ifr.ifr_ifindex;
}

static void read_xdp(struct link_info *info, const struct nlattr *xdp)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, xdp) {
		switch (mnl_attr_get_type(attr)) {
		case IFLA_XDP_ATTACHED:
			info->xdp_mode = mnl_attr_get_u8(attr);
			break;
		case IFLA_XDP_PROG_ID:
			info->xdp_id = mnl_attr_get_u32(attr);
			break;
		case IFLA_XDP_DRV_PROG_ID:
			info->xdp_drv = mnl_attr_get_u32(attr);
			break;
		case IFLA_XDP_SKB_PROG_ID:
			info->xdp_skb = mnl_attr_get_u32(attr);
			break;
		case IFLA_XDP_HW_PROG_ID:
			info->xdp_hw = mnl_attr_get_u32(attr);
			break;
		}
	}
}

static void read_attr(struct link_info *info, const struct nlattr *attr)
{
	size_t len = mnl_attr_get_payload_len(attr);
	const struct nlattr *inner;

	switch (mnl_attr_get_type(attr)) {
	case IFLA_LINK:
		info->link = mnl_attr_get_u32(attr);
		break;
	case IFLA_CARRIER:
		info->carrier = mnl_attr_get_u8(attr);
		break;
	case IFLA_OPERSTATE:
		info->operstate = mnl_attr_get_u8(attr);
		break;
	case IFLA_PROMISCUITY:
		info->promiscuity = mnl_attr_get_u32(attr);
		break;
	case IFLA_MTU:
		info->mtu = mnl_attr_get_u32(attr);
		break;
	case IFLA_MIN_MTU:
		info->min_mtu = mnl_attr_get_u32(attr);
		break;
	case IFLA_MAX_MTU:
		info->max_mtu = mnl_attr_get_u32(attr);
		break;
	case IFLA_NUM_TX_QUEUES:
		info->tx_queues = mnl_attr_get_u32(attr);
		break;
	case IFLA_NUM_RX_QUEUES:
		info->rx_queues = mnl_attr_get_u32(attr);
		break;
	case IFLA_ADDRESS:
		if (len == sizeof(info->mac))
			memcpy(info->mac, mnl_attr_get_payload(attr), len);
		break;
	case IFLA_STATS64:
		if (len > sizeof(info->stats))
			len = sizeof(info->stats);
		memcpy(&info->stats, mnl_attr_get_payload(attr), len);
		break;
	case IFLA_LINKINFO:
		mnl_attr_for_each_nested(inner, attr)
			if (mnl_attr_get_type(inner) == IFLA_INFO_KIND)
				snprintf(info->kind, sizeof(info->kind), "%s",
					 mnl_attr_get_str(inner));
		break;
	case IFLA_XDP:
		read_xdp(info, attr);
		break;
	}
}

/**
 * link_info() - ask for a link
 * @ns: where it is
 * @name: of it
 * @info: to be filled
 *
 * Return: 0 or -errno.
 */
int link_info(struct ns *ns, const char *name, struct link_info *info)
{
	static __thread char buf[NL_BUFFER];
	const struct nlmsghdr *nlh = (void *)buf;
	const struct ifinfomsg *ifi;
	const struct nlattr *attr;
	struct request r;
	int err;

	memset(info, 0, sizeof(*info));
	start(&r, RTM_GETLINK, 0);
	mnl_attr_put_strz(r.nlh, IFLA_IFNAME, name);
	err = talk(ns, &r, buf, sizeof(buf));
	if (err)
		return err;
	ifi = mnl_nlmsg_get_payload(nlh);
	info->index = ifi->ifi_index;
	info->flags = ifi->ifi_flags;
	mnl_attr_for_each(attr, nlh, sizeof(*ifi))
		read_attr(info, attr);
	return 0;
}

static int set(struct ns *ns, const char *name, struct request *r)
{
	mnl_attr_put_strz(r->nlh, IFLA_IFNAME, name);
	return talk(ns, r, NULL, 0);
}

static int set_u32(struct ns *ns, const char *name, uint16_t type, uint32_t value)
{
	struct request r;

	start(&r, RTM_SETLINK, NLM_F_ACK);
	mnl_attr_put_u32(r.nlh, type, value);
	return set(ns, name, &r);
}

/** link_up() - or down; 0 or -errno */
int link_up(struct ns *ns, const char *name, bool up)
{
	struct ifinfomsg *ifi;
	struct request r;

	ifi = start(&r, RTM_SETLINK, NLM_F_ACK);
	ifi->ifi_change = IFF_UP;
	ifi->ifi_flags = up ? IFF_UP : 0;
	return set(ns, name, &r);
}

/** link_mtu() - set the MTU; 0 or -errno */
int link_mtu(struct ns *ns, const char *name, unsigned int mtu)
{
	return set_u32(ns, name, IFLA_MTU, mtu);
}

/** link_mac() - set the address; 0 or -errno */
int link_mac(struct ns *ns, const char *name, const uint8_t *mac)
{
	struct request r;

	start(&r, RTM_SETLINK, NLM_F_ACK);
	mnl_attr_put(r.nlh, IFLA_ADDRESS, ETH_ALEN, mac);
	return set(ns, name, &r);
}

/** link_master() - put a link into a bridge, or with NULL out of it; 0 or -errno */
int link_master(struct ns *ns, const char *name, const char *master)
{
	return set_u32(ns, name, IFLA_MASTER, master ? link_index(ns, master) : 0);
}

/** link_move() - to another namespace; 0 or -errno */
int link_move(struct ns *ns, const char *name, const struct ns *to)
{
	return set_u32(ns, name, IFLA_NET_NS_FD, to->fd);
}

/**
 * link_xdp() - attach an XDP program, or detach one
 * @ns: where the link is
 * @name: of the link
 * @fd: the program; -1: detach
 * @flags: XDP_FLAGS_*
 *
 * Return: 0 or -errno; @ns->said has the reason.
 */
int link_xdp(struct ns *ns, const char *name, int fd, uint32_t flags)
{
	struct nlattr *xdp;
	struct request r;

	start(&r, RTM_SETLINK, NLM_F_ACK);
	xdp = mnl_attr_nest_start(r.nlh, IFLA_XDP);
	mnl_attr_put_u32(r.nlh, IFLA_XDP_FD, fd);
	mnl_attr_put_u32(r.nlh, IFLA_XDP_FLAGS, flags);
	mnl_attr_nest_end(r.nlh, xdp);
	return set(ns, name, &r);
}

/**
 * link_address() - give a link an address, and bring it up
 * @ns: where it is
 * @name: of it
 * @address: of IPv4 or IPv6
 * @prefix: bits of the network
 *
 * Return: 0 or -errno.
 */
int link_address(struct ns *ns, const char *name, const char *address, unsigned int prefix)
{
	struct ifaddrmsg *ifa;
	uint8_t bytes[16];
	struct request r;
	size_t len = 16;
	int err;

	err = link_up(ns, name, true);
	if (err)
		return err;
	r.nlh = mnl_nlmsg_put_header(r.room);
	r.nlh->nlmsg_type = RTM_NEWADDR;
	r.nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE;
	ifa = mnl_nlmsg_put_extra_header(r.nlh, sizeof(*ifa));
	ifa->ifa_family = strchr(address, ':') ? AF_INET6 : AF_INET;
	ifa->ifa_prefixlen = prefix;
	ifa->ifa_flags = ifa->ifa_family == AF_INET6 ? IFA_F_NODAD : 0;
	ifa->ifa_index = link_index(ns, name);
	if (inet_pton(ifa->ifa_family, address, bytes) != 1)
		return -EINVAL;
	if (ifa->ifa_family == AF_INET)
		len = 4;
	mnl_attr_put(r.nlh, IFA_LOCAL, len, bytes);
	mnl_attr_put(r.nlh, IFA_ADDRESS, len, bytes);
	return talk(ns, &r, NULL, 0);
}

struct wanted {
	struct ns *ns;
	const char *name;
	bool carrier;
};

static bool has_carrier(void *ctx)
{
	const struct wanted *w = ctx;
	struct link_info info;

	if (link_info(w->ns, w->name, &info) || info.carrier != w->carrier)
		return false;
	/* Only then it has a queue to send by. */
	return !w->carrier || info.operstate == IF_OPER_UP;
}

/** link_wait_carrier() - wait until there is one and it can send, or none; 0 or -ETIMEDOUT */
int link_wait_carrier(struct ns *ns, const char *name, bool carrier)
{
	struct wanted w = { ns, name, carrier };

	return nic_wait(has_carrier, &w, CARRIER_MS);
}

static bool is_gone(void *ctx)
{
	const struct wanted *w = ctx;

	return !link_index(w->ns, w->name);
}

/** link_wait_gone() - wait until the kernel has removed a link; 0 or -ETIMEDOUT */
int link_wait_gone(struct ns *ns, const char *name)
{
	struct wanted w = { ns, name, false };

	return nic_wait(is_gone, &w, CARRIER_MS);
}

/* --- ethtool ------------------------------------------------------------------ */

/** ns_ethtool() - SIOCETHTOOL; 0 or -errno */
static int ns_ethtool(struct ns *ns, const char *name, void *arg)
{
	struct ifreq ifr = { .ifr_data = arg };

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	return ioctl(ns->inet, SIOCETHTOOL, &ifr) ? -errno : 0;
}

/** link_channels() - `ethtool -l`; 0 or -errno */
int link_channels(struct ns *ns, const char *name, struct ethtool_channels *channels)
{
	memset(channels, 0, sizeof(*channels));
	channels->cmd = ETHTOOL_GCHANNELS;
	return ns_ethtool(ns, name, channels);
}

/** link_set_channels() - `ethtool -L`; 0 or -errno */
int link_set_channels(struct ns *ns, const char *name, unsigned int combined)
{
	struct ethtool_channels channels;
	int err;

	err = link_channels(ns, name, &channels);
	if (err)
		return err;
	channels.cmd = ETHTOOL_SCHANNELS;
	channels.combined_count = combined;
	return ns_ethtool(ns, name, &channels);
}

/** link_offload() - change an offload: ETHTOOL_STXCSUM, ETHTOOL_SGRO, ...; 0 or -errno */
int link_offload(struct ns *ns, const char *name, uint32_t cmd, bool on)
{
	struct ethtool_value value = { .cmd = cmd, .data = on };

	return ns_ethtool(ns, name, &value);
}

/* --- traffic ------------------------------------------------------------------ */

static socklen_t fill_address(struct sockaddr_storage *addr, const char *text, uint16_t port)
{
	struct sockaddr_in6 *in6 = (void *)addr;
	struct sockaddr_in *in = (void *)addr;

	memset(addr, 0, sizeof(*addr));
	if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		return sizeof(*in);
	}
	inet_pton(AF_INET6, text, &in6->sin6_addr);
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	return sizeof(*in6);
}

/* A socket in a namespace; the thread comes back to where it was. */
static int socket_in(const struct ns *ns, int family, int type, int protocol)
{
	int old, fd, err;

	old = own_ns();
	if (old < 0)
		return -errno;
	err = ns_enter(ns);
	fd = err ?: socket(family, type | SOCK_CLOEXEC, protocol);
	if (fd < 0 && !err)
		fd = -errno;
	if (setns(old, CLONE_NEWNET))
		fd = -errno;
	close(old);
	return fd;
}

static void set_timeouts(int fd)
{
	struct timeval tv = { .tv_sec = STREAM_MS / 1000 };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
}

struct stream {
	int listener;
	size_t len;
	int err;
};

/* The stream's bytes are of a sequence that does not repeat. */
static void fill(uint8_t *data, size_t len, uint64_t *state)
{
	uint64_t z;
	size_t i;

	for (i = 0; i < len; i += sizeof(z)) {
		z = nic_random(state);
		memcpy(data + i, &z, sizeof(z));
	}
}

static int take(int fd, size_t len)
{
	uint8_t got[CHUNK], want[CHUNK];
	uint64_t state = len;
	size_t done, n;
	ssize_t part;

	for (; len; len -= n) {
		n = len < CHUNK ? len : CHUNK;
		for (done = 0; done < n; done += part) {
			part = recv(fd, got + done, n - done, 0);
			if (part <= 0)
				return part ? -errno : -EPIPE;
		}
		fill(want, CHUNK, &state);
		if (memcmp(got, want, n))
			return -EBADMSG;
	}
	return recv(fd, got, 1, 0) ? -EMSGSIZE : 0;
}

static void *receive_stream(void *arg)
{
	struct stream *stream = arg;
	int fd;

	fd = accept4(stream->listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0) {
		stream->err = -errno;
		return NULL;
	}
	set_timeouts(fd);
	stream->err = take(fd, stream->len);
	close(fd);
	return NULL;
}

static int give(int fd, size_t len)
{
	uint64_t state = len;
	uint8_t data[CHUNK];
	size_t n, done;
	ssize_t part;

	for (; len; len -= n) {
		n = len < CHUNK ? len : CHUNK;
		fill(data, CHUNK, &state);
		for (done = 0; done < n; done += part) {
			part = send(fd, data + done, n - done, MSG_NOSIGNAL);
			if (part < 0)
				return -errno;
		}
	}
	return 0;
}

/**
 * ns_stream() - send bytes by TCP, and compare what comes
 * @from: where they are sent
 * @to: where they are received
 * @address: of the receiver
 * @port: of it
 * @len: how many
 *
 * Return: 0; -EBADMSG: others came; another -errno.
 */
int ns_stream(const struct ns *from, const struct ns *to, const char *address,
	      uint16_t port, size_t len)
{
	struct stream stream = { .len = len };
	struct sockaddr_storage addr;
	socklen_t addr_len;
	pthread_t thread;
	int fd, err, one = 1;

	addr_len = fill_address(&addr, address, port);
	stream.listener = socket_in(to, addr.ss_family, SOCK_STREAM, 0);
	fd = socket_in(from, addr.ss_family, SOCK_STREAM, 0);
	if (stream.listener < 0 || fd < 0)
		return -EIO;
	set_timeouts(stream.listener);
	set_timeouts(fd);
	setsockopt(stream.listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	err = bind(stream.listener, (void *)&addr, addr_len) ||
	      listen(stream.listener, 1) ? -errno : 0;
	if (!err && pthread_create(&thread, NULL, receive_stream, &stream))
		err = -EAGAIN;
	if (!err) {
		err = connect(fd, (void *)&addr, addr_len) ? -errno : give(fd, len);
		shutdown(fd, SHUT_WR);
		if (err)
			shutdown(stream.listener, SHUT_RDWR);
		pthread_join(thread, NULL);
	}
	close(fd);
	close(stream.listener);
	return stream.err ?: err;
}

/**
 * ns_datagrams() - send datagrams by UDP one after the other, and compare what comes
 * @from: where they are sent
 * @to: where they are received
 * @address: of the receiver
 * @port: of it
 * @len: bytes of the first one; each other is one byte shorter
 * @count: how many
 *
 * Return: 0; -EBADMSG: others came; another -errno.
 */
int ns_datagrams(const struct ns *from, const struct ns *to, const char *address,
		 uint16_t port, size_t len, unsigned int count)
{
	static uint8_t got[65536 + 8], want[65536 + 8];
	struct sockaddr_storage addr;
	uint64_t state = port;
	socklen_t addr_len;
	int fd, receiver, err = 0;
	unsigned int i;
	ssize_t n;

	addr_len = fill_address(&addr, address, port);
	receiver = socket_in(to, addr.ss_family, SOCK_DGRAM, 0);
	fd = socket_in(from, addr.ss_family, SOCK_DGRAM, 0);
	if (receiver < 0 || fd < 0)
		return -EIO;
	set_timeouts(receiver);
	if (bind(receiver, (void *)&addr, addr_len))
		err = -errno;
	for (i = 0; !err && i < count; i++) {
		fill(want, len - i, &state);
		if (sendto(fd, want, len - i, 0, (void *)&addr, addr_len) < 0) {
			err = -errno;
			break;
		}
		n = recv(receiver, got, sizeof(got), 0);
		if (n < 0)
			err = -errno;
		else if ((size_t)n != len - i || memcmp(got, want, n))
			err = -EBADMSG;
	}
	close(fd);
	close(receiver);
	return err;
}

/* The checksum of the Internet over something that is of whole 16-bit words */
static uint16_t checksum(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i < len; i += 2)
		sum += p[i] << 8 | p[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/**
 * ns_ping() - have an address answer an echo request of IPv4
 * @from: where it is sent
 * @address: which
 * @len: bytes behind the ICMP header, an even number
 *
 * Return: 0; -EBADMSG: something else came back; another -errno.
 */
int ns_ping(const struct ns *from, const char *address, size_t len)
{
	static uint8_t request[65536], reply[65536];
	struct icmphdr *icmp = (void *)request;
	struct sockaddr_storage addr;
	uint64_t state = len;
	socklen_t addr_len;
	size_t hlen;
	ssize_t n;
	int fd, err = 0;

	addr_len = fill_address(&addr, address, 0);
	fd = socket_in(from, AF_INET, SOCK_RAW, IPPROTO_ICMP);
	if (fd < 0)
		return fd;
	set_timeouts(fd);
	len += sizeof(*icmp);
	fill(request, len + 8, &state);
	memset(icmp, 0, sizeof(*icmp));
	icmp->type = ICMP_ECHO;
	icmp->un.echo.id = htons(4711);
	icmp->checksum = htons(checksum(request, len));
	if (sendto(fd, request, len, 0, (void *)&addr, addr_len) < 0)
		err = -errno;
	while (!err) {
		n = recv(fd, reply, sizeof(reply), 0);
		if (n < 0) {
			err = -errno;
			break;
		}
		hlen = (reply[0] & 15) * 4;
		icmp = (void *)(reply + hlen);
		if (icmp->type != ICMP_ECHOREPLY || icmp->un.echo.id != htons(4711))
			continue;
		if (n - hlen != len || checksum(icmp, len) ||
		    memcmp(icmp + 1, request + sizeof(*icmp), len - sizeof(*icmp)))
			err = -EBADMSG;
		break;
	}
	close(fd);
	return err;
}

/* --- programs ----------------------------------------------------------------- */

/**
 * prog_load() - load an XDP program
 * @insns: the program
 * @count: of its instructions
 * @ifindex: where it is to run; 0: on the host
 * @log: room for what the verifier says, or NULL
 * @room: bytes at @log
 *
 * Return: its file, or -errno.
 */
int prog_load(const struct bpf_insn *insns, unsigned int count, unsigned int ifindex,
	      char *log, unsigned int room)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .prog_ifindex = ifindex, .log_buf = log,
		    .log_size = room, .log_level = log ? 1 : 0);
	int fd;

	fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "nic_test", "GPL", insns, count, &opts);
	return fd < 0 ? -errno : fd;
}

/**
 * ends_address() - give both ends of a way addresses, and wait until they have a carrier
 * @a: where one end is
 * @a_name: its name
 * @b: where the other end is
 * @b_name: its name
 * @number: of the nets: 10.0.@number.0/24 and fd0@number::/64, @a's host is 1, @b's 2
 *
 * Return: 0 or -errno.
 */
int ends_address(struct ns *a, const char *a_name, struct ns *b, const char *b_name,
		 unsigned int number)
{
	char text[4][32];

	snprintf(text[0], sizeof(text[0]), "10.0.%u.1", number);
	snprintf(text[1], sizeof(text[1]), "10.0.%u.2", number);
	snprintf(text[2], sizeof(text[2]), "fd0%u::1", number);
	snprintf(text[3], sizeof(text[3]), "fd0%u::2", number);
	return link_address(a, a_name, text[0], 24) ?: link_address(b, b_name, text[1], 24) ?:
	       link_address(a, a_name, text[2], 64) ?: link_address(b, b_name, text[3], 64) ?:
	       link_wait_carrier(a, a_name, true) ?: link_wait_carrier(b, b_name, true);
}

/** ends_stream() - @len bytes each way between such ends, by IPv4 and IPv6; 0 or -errno */
int ends_stream(struct ns *a, struct ns *b, unsigned int number, size_t len)
{
	char text[32];
	int err;

	snprintf(text, sizeof(text), "10.0.%u.1", number);
	err = ns_stream(b, a, text, 1001, len);
	snprintf(text, sizeof(text), "10.0.%u.2", number);
	err = err ?: ns_stream(a, b, text, 1002, len);
	snprintf(text, sizeof(text), "fd0%u::1", number);
	err = err ?: ns_stream(b, a, text, 1003, len);
	snprintf(text, sizeof(text), "fd0%u::2", number);
	return err ?: ns_stream(a, b, text, 1004, len);
}

/** ns_listen() - nic_socket() in a namespace, which this thread is in from then on */
int ns_listen(const struct ns *ns, unsigned int ifindex, unsigned int ethertype)
{
	int fd = ns_enter(ns);

	return fd ?: nic_socket(ifindex, ethertype);
}

/** prog_return() - a program that ends at once with a verdict; its file, or -errno */
int prog_return(int verdict, unsigned int ifindex)
{
	const struct bpf_insn insns[] = {
		I_ALU(BPF_MOV, 0, verdict),
		I_EXIT,
	};

	return prog_load(insns, ARRAY_SIZE(insns), ifindex, NULL, 0);
}

/** prog_redirect() - a program of the host that sends all on by a link; its file, or -errno */
int prog_redirect(unsigned int ifindex)
{
	const struct bpf_insn insns[] = {
		I_ALU(BPF_MOV, 1, ifindex),
		I_ALU(BPF_MOV, 2, 0),
		I_CALL(BPF_FUNC_redirect),
		I_EXIT,
	};

	return prog_load(insns, ARRAY_SIZE(insns), 0, NULL, 0);
}

/**
 * prog_count() - a program that counts frames
 * @verdict: what it returns
 * @map: file of a map; the value of key 0 is its counter, of 8 bytes
 * @ifindex: where it is to run; 0: on the host
 *
 * Return: its file, or -errno.
 */
int prog_count(int verdict, int map, unsigned int ifindex)
{
	const struct bpf_insn insns[] = {
		I_STORE_N(BPF_W, 10, -4, 0),
		I_ALU_R(BPF_MOV, 2, 10),
		I_ALU(BPF_ADD, 2, -4),
		I_MAP(1, map),
		I_CALL(BPF_FUNC_map_lookup_elem),
		I_JUMP(BPF_JEQ, 0, 0, 2),
		I_ALU(BPF_MOV, 1, 1),
		I_ADD_TO(BPF_DW, 0, 0, 1),
		I_ALU(BPF_MOV, 0, verdict),
		I_EXIT,
	};

	return prog_load(insns, ARRAY_SIZE(insns), ifindex, NULL, 0);
}

/** prog_id() - a program's number, or 0 */
uint32_t prog_id(int fd)
{
	struct bpf_prog_info info = {};
	uint32_t len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) ? 0 : info.id;
}

/** map_id() - a map's number, or 0 */
uint32_t map_id(int fd)
{
	struct bpf_map_info info = {};
	uint32_t len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) ? 0 : info.id;
}

/** bpf_objects() - how many programs and maps the kernel has, of anybody */
unsigned int bpf_objects(void)
{
	unsigned int count = 0;
	uint32_t id = 0;

	while (!bpf_prog_get_next_id(id, &id))
		count++;
	id = 0;
	while (!bpf_map_get_next_id(id, &id))
		count++;
	return count;
}

static bool has_objects(void *ctx)
{
	const unsigned int *count = ctx;

	return bpf_objects() <= *count;
}

/** bpf_wait_objects() - wait until there are no more than @count; 0 or -ETIMEDOUT */
int bpf_wait_objects(unsigned int count, int ms)
{
	return nic_wait(has_objects, &count, ms);
}
