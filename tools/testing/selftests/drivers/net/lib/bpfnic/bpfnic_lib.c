// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>

#include "bpfnic_lib.h"

#define DEBUGFS		"/sys/kernel/debug"
#define PARAMETERS	"/sys/module/bpfnic/parameters"

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING	23
#endif

static int run(const char *redirect, const char *fmt, va_list ap)
{
	char command[1024];
	int n, status;

	n = vsnprintf(command, sizeof(command), fmt, ap);
	snprintf(command + n, sizeof(command) - n, "%s", redirect);
	status = system(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/** nic_run() - run a command of the shell; its exit status, or -1 */
int nic_run(const char *fmt, ...)
{
	va_list ap;
	int status;

	va_start(ap, fmt);
	status = run(" >/dev/null", fmt, ap);
	va_end(ap);
	return status;
}

/** nic_run_quiet() - the same for one that is to fail: what it says is dropped */
int nic_run_quiet(const char *fmt, ...)
{
	va_list ap;
	int status;

	va_start(ap, fmt);
	status = run(" >/dev/null 2>&1", fmt, ap);
	va_end(ap);
	return status;
}

/**
 * nic_output() - what a command of the shell says, on both of its outputs
 * @text: room for it, with a 0 behind
 * @room: bytes at @text
 * @fmt: the command
 *
 * Return: its length, or -1 if the command failed.
 */
ssize_t nic_output(char *text, size_t room, const char *fmt, ...)
{
	char command[1024];
	size_t len = 0;
	va_list ap;
	FILE *f;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	snprintf(command + n, sizeof(command) - n, " 2>&1");
	text[0] = '\0';
	f = popen(command, "r");
	if (!f)
		return -1;
	len = fread(text, 1, room - 1, f);
	text[len] = '\0';
	while (fgetc(f) != EOF)
		;
	return pclose(f) ? -1 : (ssize_t)len;
}

/** nic_read() - a small file's contents, without the last newline; 0 or -errno */
static int nic_read(const char *path, char *text, size_t room)
{
	ssize_t n;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, room - 1);
	close(fd);
	if (n < 0)
		return -errno;
	while (n && text[n - 1] == '\n')
		n--;
	text[n] = '\0';
	return 0;
}

/** nic_write() - write to a file that exists; 0 or -errno */
int nic_write(const char *path, const char *text)
{
	int fd, err = 0;

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* Settings of all namespaces, which a test program leaves as they were. */
static struct {
	const char *path;
	char value[32];
} settings[] = {
	{ "/proc/sys/net/core/message_cost" },
	{ "/proc/sys/net/core/bpf_jit_enable" },
	{ "/proc/sys/net/core/bpf_jit_harden" },
};

static void __attribute__((constructor)) save_settings(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings); i++)
		nic_read(settings[i].path, settings[i].value, sizeof(settings[i].value));
	/* All that the module says is to be seen. */
	nic_write(settings[0].path, "0");
}

/* Not when a test ends, for that ends by _exit(), but when all have. */
static void __attribute__((destructor)) restore_settings(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings); i++)
		if (settings[i].value[0])
			nic_write(settings[i].path, settings[i].value);
}

/** nic_now() - CLOCK_MONOTONIC in ns, as bpf_ktime_get_ns() */
uint64_t nic_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

/** nic_wait() - wait until @done, for @ms at most; 0 or -ETIMEDOUT */
int nic_wait(bool (*done)(void *ctx), void *ctx, int ms)
{
	uint64_t end = nic_now() + ms * 1000000ull;

	while (!done(ctx)) {
		if (nic_now() > end)
			return -ETIMEDOUT;
		usleep(500);
	}
	return 0;
}

/**
 * nic_namespace() - enter a network namespace of one's own, where nobody else sends
 *
 * Return: 0 or -errno.
 */
int nic_namespace(void)
{
	if (unshare(CLONE_NEWNET))
		return -errno;
	/* Neighbour discovery and the like would be frames that no test sent. */
	nic_write("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
	nic_write("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
	if (access(DEBUGFS "/bpfnic", F_OK) &&
	    mount("debugfs", DEBUGFS, "debugfs", 0, NULL) && errno != EBUSY)
		return -errno;
	return 0;
}

/* A request to rtnetlink, which grows by attributes */
struct request {
	struct nlmsghdr head;
	struct ifinfomsg info;
	char attributes[256];
};

static struct rtattr *put(struct request *request, int type, const void *data, size_t len)
{
	struct rtattr *attr = (void *)((char *)request + NLMSG_ALIGN(request->head.nlmsg_len));

	attr->rta_type = type;
	attr->rta_len = RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(attr), data, len);
	request->head.nlmsg_len = NLMSG_ALIGN(request->head.nlmsg_len) + RTA_ALIGN(attr->rta_len);
	return attr;
}

/* `ip link` takes a fifth of a second in an emulated machine, and each test makes links. */
static int ask(struct request *request)
{
	struct {
		struct nlmsghdr head;
		struct nlmsgerr error;
		char rest[4096];
	} answer;
	ssize_t n = -1;
	int fd;

	request->head.nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0)
		return -errno;
	if (send(fd, request, request->head.nlmsg_len, 0) >= 0)
		n = recv(fd, &answer, sizeof(answer), 0);
	close(fd);
	if (n < (ssize_t)NLMSG_LENGTH(sizeof(answer.error)) ||
	    answer.head.nlmsg_type != NLMSG_ERROR)
		return -EIO;
	return answer.error.error;
}

/* A request about a link, or of one that is to be */
static struct request about(int type, unsigned int ifindex)
{
	return (struct request) {
		.head = {
			.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
			.nlmsg_type = type,
		},
		.info = { .ifi_index = ifindex },
	};
}

/**
 * nic_link_add() - `ip link add [link LINK] name NAME ... type bpfnic`
 * @name: of the link
 * @queues: numtxqueues and numrxqueues; 0: not said
 * @link: index of LINK, or 0
 *
 * Return: 0 or -errno.
 */
static int nic_link_add(const char *name, uint32_t queues, uint32_t link)
{
	struct request request = about(RTM_NEWLINK, 0);
	struct rtattr *info;

	request.head.nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL;
	put(&request, IFLA_IFNAME, name, strlen(name) + 1);
	if (queues) {
		put(&request, IFLA_NUM_TX_QUEUES, &queues, sizeof(queues));
		put(&request, IFLA_NUM_RX_QUEUES, &queues, sizeof(queues));
	}
	if (link)
		put(&request, IFLA_LINK, &link, sizeof(link));
	info = put(&request, IFLA_LINKINFO, NULL, 0);
	put(&request, IFLA_INFO_KIND, "bpfnic", sizeof("bpfnic"));
	info->rta_len = (char *)&request + request.head.nlmsg_len - (char *)info;
	return ask(&request);
}

/** nic_link_del() - `ip link del`; 0 or -errno */
static int nic_link_del(unsigned int ifindex)
{
	struct request request = about(RTM_DELLINK, ifindex);

	return ask(&request);
}

/** nic_link_up() - `ip link set up`, or down; 0 or -errno */
static int nic_link_up(unsigned int ifindex, bool up)
{
	struct request request = about(RTM_NEWLINK, ifindex);

	request.info.ifi_flags = up ? IFF_UP : 0;
	request.info.ifi_change = IFF_UP;
	return ask(&request);
}

/** nic_link_mtu() - `ip link set mtu`; 0 or -errno */
static int nic_link_mtu(unsigned int ifindex, uint32_t mtu)
{
	struct request request = about(RTM_NEWLINK, ifindex);

	put(&request, IFLA_MTU, &mtu, sizeof(mtu));
	return ask(&request);
}

/** nic_up() - bring both ends up; 0 or -errno */
static int nic_up(const struct nic *nic)
{
	return nic_link_up(nic->ifindex, true) ?: nic_link_up(nic->wire_ifindex, true);
}

/** nic_mtu() - set the MTU of both ends; 0 or -errno */
int nic_mtu(const struct nic *nic, unsigned int mtu)
{
	return nic_link_mtu(nic->wire_ifindex, mtu) ?: nic_link_mtu(nic->ifindex, mtu);
}

/* What is there after it was added, and up */
static int find_both(struct nic *nic)
{
	nic->ifindex = if_nametoindex(nic->name);
	nic->wire_ifindex = if_nametoindex(nic->wire);
	if (!nic->ifindex || !nic->wire_ifindex)
		return -ENODEV;
	return nic_up(nic);
}

/**
 * nic_add() - make a link with a wire of its own, and bring both up
 * @nic: to be filled
 * @name: of it
 * @queues: how many; 0: as many as the module makes
 *
 * Return: 0 or -errno.
 */
int nic_add(struct nic *nic, const char *name, unsigned int queues)
{
	memset(nic, 0, sizeof(*nic));
	snprintf(nic->name, sizeof(nic->name), "%s", name);
	snprintf(nic->wire, sizeof(nic->wire), "%.10s_wire", name);
	return nic_link_add(name, queues, 0) ?: find_both(nic);
}

/**
 * nic_add_port() - make a link on another one, and bring both ends up
 * @nic: to be filled; @nic->wire is @name with "_wire" if there is such a link, else
 *	 @link
 * @name: of it
 * @link: a bpfnic whose device gets one more port, or what is to be on the wire
 *
 * Return: 0 or -errno.
 */
int nic_add_port(struct nic *nic, const char *name, const char *link)
{
	int err;

	memset(nic, 0, sizeof(*nic));
	snprintf(nic->name, sizeof(nic->name), "%s", name);
	snprintf(nic->wire, sizeof(nic->wire), "%.10s_wire", name);
	err = nic_link_add(name, 0, if_nametoindex(link));
	if (err)
		return err;
	if (!if_nametoindex(nic->wire))
		snprintf(nic->wire, sizeof(nic->wire), "%s", link);
	return find_both(nic);
}

/** nic_del() - delete the link if there is one; 0 or -errno */
int nic_del(struct nic *nic)
{
	unsigned int ifindex = nic->ifindex;

	nic->ifindex = 0;
	return ifindex ? nic_link_del(ifindex) : 0;
}

static int ethtool(const char *name, void *arg)
{
	struct ifreq ifr = { .ifr_data = arg };
	int fd, err;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	err = ioctl(fd, SIOCETHTOOL, &ifr) ? -errno : 0;
	close(fd);
	return err;
}

/**
 * nic_stats() - `ethtool -S`
 * @name: of the link
 * @stats: to be filled
 *
 * Return: 0 or -errno.
 */
int nic_stats(const char *name, struct nic_stats *stats)
{
	struct {
		struct ethtool_sset_info info;
		uint32_t len;
	} set = {
		.info = { .cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ULL << ETH_SS_STATS },
	};
	static union {
		struct ethtool_gstrings names;
		struct ethtool_stats values;
		char room[sizeof(struct ethtool_gstrings) + NIC_MAX_STATS * ETH_GSTRING_LEN];
	} arg;
	unsigned int i;
	int err;

	err = ethtool(name, &set);
	if (err)
		return err;
	if (set.len > NIC_MAX_STATS)
		return -E2BIG;
	arg.names = (struct ethtool_gstrings) {
		.cmd = ETHTOOL_GSTRINGS, .string_set = ETH_SS_STATS, .len = set.len,
	};
	err = ethtool(name, &arg);
	if (err)
		return err;
	stats->count = set.len;
	for (i = 0; i < set.len; i++)
		snprintf(stats->name[i], sizeof(stats->name[i]), "%.31s",
			 (char *)arg.names.data + i * ETH_GSTRING_LEN);
	arg.values = (struct ethtool_stats) { .cmd = ETHTOOL_GSTATS, .n_stats = set.len };
	err = ethtool(name, &arg);
	if (err)
		return err;
	for (i = 0; i < set.len; i++)
		stats->value[i] = arg.values.data[i];
	return 0;
}

/** nic_stat_of() - one of them by its name, or -ENOENT */
long long nic_stat_of(const struct nic_stats *stats, const char *name)
{
	unsigned int i;

	for (i = 0; i < stats->count; i++)
		if (!strcmp(stats->name[i], name))
			return stats->value[i];
	return -ENOENT;
}

/** nic_stat() - one value of `ethtool -S`, or -errno */
long long nic_stat(const char *name, const char *stat)
{
	struct nic_stats stats;
	int err;

	err = nic_stats(name, &stats);
	return err ?: nic_stat_of(&stats, stat);
}

struct wanted {
	const char *name;
	const char *what;
	long long value;
};

static bool stat_reached(void *ctx)
{
	const struct wanted *w = ctx;

	return nic_stat(w->name, w->what) >= w->value;
}

/** nic_wait_stat() - wait until a value has grown to @value; 0 or -ETIMEDOUT */
int nic_wait_stat(const char *name, const char *stat, long long value, int ms)
{
	struct wanted w = { name, stat, value };

	return nic_wait(stat_reached, &w, ms);
}

/**
 * nic_socket() - a packet socket that hears what comes in by a link, not what leaves
 * @ifindex: of the link
 * @ethertype: what to hear: NIC_ETHERTYPE, ETH_P_ALL, or 0 to send only
 *
 * Return: the socket, or -errno.
 */
int nic_socket(unsigned int ifindex, unsigned int ethertype)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ethertype),
		.sll_ifindex = ifindex,
	};
	int fd, err, one = 1, room = 8 << 20;

	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
	if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one)) ||
	    bind(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

/** nic_hear_outgoing() - have such a socket hear what leaves, too; 0 or -errno */
int nic_hear_outgoing(int fd)
{
	int zero = 0;

	return setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &zero, sizeof(zero)) ?
	       -errno : 0;
}

/** nic_send() - send a frame; 0 or -errno */
int nic_send(int fd, const void *frame, size_t len)
{
	ssize_t n;

	do {
		n = send(fd, frame, len, 0);
	} while (n < 0 && errno == ENOBUFS);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EMSGSIZE;
}

/* The kernel takes a VLAN tag out of a frame; put it back. */
static ssize_t put_tag(const struct tpacket_auxdata *aux, uint8_t *frame, size_t len,
		       size_t room)
{
	if (!(aux->tp_status & TP_STATUS_VLAN_VALID) || len < 2 * ETH_ALEN || len + 4 > room)
		return len;
	memmove(frame + 2 * ETH_ALEN + 4, frame + 2 * ETH_ALEN, len - 2 * ETH_ALEN);
	frame[12] = aux->tp_vlan_tpid >> 8;
	frame[13] = aux->tp_vlan_tpid;
	frame[14] = aux->tp_vlan_tci >> 8;
	frame[15] = aux->tp_vlan_tci;
	return len + 4;
}

/**
 * nic_recv() - receive a frame
 * @fd: socket
 * @frame: room for it
 * @room: bytes at @frame
 * @ms: how long to wait for it
 *
 * Return: its length, which may be more than @room; -EAGAIN if there is none.
 */
ssize_t nic_recv(int fd, void *frame, size_t room, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	struct iovec iov = { .iov_base = frame, .iov_len = room };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct tpacket_auxdata aux;
	struct cmsghdr *cmsg;
	ssize_t n;

	if (poll(&p, 1, ms) <= 0)
		return -EAGAIN;
	n = recvmsg(fd, &msg, MSG_TRUNC | MSG_DONTWAIT);
	if (n < 0)
		return -errno;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (cmsg && cmsg->cmsg_level == SOL_PACKET && cmsg->cmsg_type == PACKET_AUXDATA) {
		memcpy(&aux, CMSG_DATA(cmsg), sizeof(aux));
		n = put_tag(&aux, frame, n, room);
	}
	return n;
}

/**
 * nic_steer() - have what is sent out of the wire's side leave by one of its queues
 * @nic: link with a wire of its own
 * @queue: its number; < 0: as the kernel likes
 *
 * Return: 0, or the exit status of tc.
 */
int nic_steer(const struct nic *nic, int queue)
{
	nic_run_quiet("tc qdisc del dev %s clsact", nic->wire);
	if (queue < 0)
		return 0;
	return nic_run("tc qdisc add dev %s clsact", nic->wire) ?:
	       nic_run("tc filter add dev %s egress matchall action skbedit queue_mapping %d",
		       nic->wire, queue);
}

/**
 * nic_frame() - make a frame that no protocol takes
 * @frame: room for it
 * @len: its length, at least an Ethernet header
 * @number: by which its contents differ from others'
 */
void nic_frame(uint8_t *frame, size_t len, uint32_t number)
{
	static const uint8_t start[ETH_HLEN] = {
		0x52, 0x54, 0x00, 0x12, 0x34, 0x56, 0x52, 0x54, 0x00, 0x12, 0x34, 0x01,
		NIC_ETHERTYPE >> 8, NIC_ETHERTYPE & 0xff,
	};
	uint64_t state = number * 0x9e3779b97f4a7c15ull + 1;
	size_t i;

	memcpy(frame, start, sizeof(start));
	for (i = sizeof(start); i < len; i++)
		frame[i] = nic_random(&state);
}

/** nic_param() - a parameter of the module, or -errno */
long long nic_param(const char *name)
{
	char path[128], text[64];
	int err;

	snprintf(path, sizeof(path), PARAMETERS "/%s", name);
	err = nic_read(path, text, sizeof(text));
	return err ?: strtoll(text, NULL, 0);
}

/** nic_set_param() - change it; 0 or -errno */
int nic_set_param(const char *name, long long value)
{
	char path[128], text[64];

	snprintf(path, sizeof(path), PARAMETERS "/%s", name);
	snprintf(text, sizeof(text), "%lld", value);
	return nic_write(path, text);
}

/**
 * nic_objects() - lines of a file in the module's debugfs, over all devices
 * @file: "maps", "programs" or "ports"
 *
 * Return: how many, or -errno.
 */
int nic_objects(const char *file)
{
	char path[128];
	glob_t found;
	int c, count = 0;
	size_t i;
	FILE *f;

	if (access(DEBUGFS "/bpfnic", F_OK))
		return -errno;
	snprintf(path, sizeof(path), DEBUGFS "/bpfnic/*/%s", file);
	if (glob(path, 0, NULL, &found))
		return 0;
	for (i = 0; i < found.gl_pathc; i++) {
		f = fopen(found.gl_pathv[i], "r");
		if (!f)
			continue;	/* gone meanwhile */
		while ((c = fgetc(f)) != EOF)
			count += c == '\n';
		fclose(f);
	}
	globfree(&found);
	return count;
}

static bool objects_are(void *ctx)
{
	const struct wanted *w = ctx;

	return nic_objects(w->what) == w->value;
}

/**
 * nic_wait_objects() - the kernel frees maps and programs some time after their last file
 * was closed: wait until there are @count
 * @file: as of nic_objects()
 * @count: how many
 * @ms: how long
 *
 * Return: 0 or -ETIMEDOUT.
 */
int nic_wait_objects(const char *file, int count, int ms)
{
	struct wanted w = { NULL, file, count };

	return nic_wait(objects_are, &w, ms);
}

/** nic_log_open() - the kernel's log from now on, or -errno */
int nic_log_open(void)
{
	int fd;

	fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	lseek(fd, 0, SEEK_END);
	return fd;
}

/** nic_log_count() - in how many new messages @what is; none is counted twice */
int nic_log_count(int fd, const char *what)
{
	char record[8192];
	int count = 0;
	ssize_t n;

	while ((n = read(fd, record, sizeof(record) - 1)) > 0) {
		record[n] = '\0';
		count += !!strstr(record, what);
	}
	return count;
}

/**
 * nic_map() - make a map
 * @type: BPF_MAP_TYPE_*
 * @key: bytes
 * @value: bytes
 * @entries: how many
 * @flags: BPF_F_*
 * @ifindex: of a bpfnic; 0: a map of the host
 *
 * Return: its file, or -errno.
 */
int nic_map(int type, uint32_t key, uint32_t value, uint32_t entries, uint32_t flags,
	    unsigned int ifindex)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = flags, .map_ifindex = ifindex);

	return bpf_map_create(type, "nic_test", key, value, entries, &opts);
}

/**
 * nic_bytes() - a number by its bytes, as bpftool writes them: ["0x01","0x02",...]
 * @text: from there on
 * @count: how many bytes, at most 8
 */
uint64_t nic_bytes(const char *text, int count)
{
	uint64_t number = 0;
	int i;

	for (i = 0; i < count; i++) {
		text = strstr(text, "0x");
		if (!text)
			return UINT64_MAX;
		text += 2;
		number |= (uint64_t)strtoul(text, NULL, 16) << 8 * i;
	}
	return number;
}

/** nic_slow() - is this a kernel that checks itself? */
bool nic_slow(void)
{
	const char *slow = getenv("KSFT_MACHINE_SLOW");

	return slow && !strcmp(slow, "yes");
}

/**
 * nic_seed() - what random tests start with
 * @fallback: if the environment's VNET_SEED is not set
 *
 * Return: VNET_SEED: a number, or one from the clock if it is "random".
 */
uint64_t nic_seed(uint64_t fallback)
{
	const char *seed = getenv("VNET_SEED");

	if (!seed || !*seed)
		return fallback;
	if (!strcmp(seed, "random"))
		return nic_now();
	return strtoull(seed, NULL, 0);
}

/** nic_random() - the next of a sequence (splitmix64) */
uint64_t nic_random(uint64_t *state)
{
	uint64_t z;

	z = *state += 0x9e3779b97f4a7c15ull;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}
