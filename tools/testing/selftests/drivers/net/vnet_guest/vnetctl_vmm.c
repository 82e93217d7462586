// SPDX-License-Identifier: GPL-2.0
/*
 * What vnetctl.sh needs around the tool: who holds a device as a VMM does, and
 * counts what arrives, who sends, and a command that would rather do without its
 * steering program.
 *
 *   vnetctl_vmm hold DEV QUEUES [single] [detach] [novnet]
 *                              [hdr=N] [offload]
 *   vnetctl_vmm hold /dev/tapN QUEUES [hdr=N]
 *   vnetctl_vmm send ADDRESS
 *   vnetctl_vmm state FD
 *   vnetctl_vmm peek FD DEV
 *   vnetctl_vmm escape FD
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/ethtool.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>

#define MAX_QUEUES	16
#define MAX_SENT	1048576
#define PORT		7777
#define FLOWS		16

/* Each frame that send makes has its number behind this word. */
#define WORD		"vnetctl"

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int has(char **args, const char *word)
{
	for (; *args; args++)
		if (!strcmp(*args, word))
			return 1;
	return 0;
}

static int number(char **args, const char *prefix)
{
	for (; *args; args++)
		if (!strncmp(*args, prefix, strlen(prefix)))
			return atoi(*args + strlen(prefix));
	return 0;
}

static void open_queue(struct pollfd *queue, const char *dev, char **args)
{
	const char *node = *dev == '/' ? dev : "/dev/net/tun";
	struct ifreq ifr = {
		.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE |
			     (has(args, "novnet") ? 0 : IFF_VNET_HDR),
	};
	int size = number(args, "hdr=");

	if (has(args, "single"))
		ifr.ifr_flags &= ~IFF_MULTI_QUEUE;
	queue->fd = open(node, O_RDWR | O_NONBLOCK);
	queue->events = POLLIN;
	if (queue->fd < 0)
		die(node);
	if (*dev != '/') {
		snprintf(ifr.ifr_name, IFNAMSIZ, "%s", dev);
		if (ioctl(queue->fd, TUNSETIFF, &ifr))
			die("TUNSETIFF");
	}
	if (size && ioctl(queue->fd, TUNSETVNETHDRSZ, &size))
		die("TUNSETVNETHDRSZ");
	if (has(args, "offload") &&
	    ioctl(queue->fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4))
		die("TUNSETOFFLOAD");
	if (has(args, "detach")) {
		ifr.ifr_flags = IFF_DETACH_QUEUE;
		if (ioctl(queue->fd, TUNSETQUEUE, &ifr))
			die("TUNSETQUEUE");
	}
}

/* Returns how many numbers were new. */
static unsigned int read_all(int fd, unsigned char *seen)
{
	unsigned int count = 0, n;
	char frame[4096];
	ssize_t size;

	while ((size = read(fd, frame, sizeof(frame) - 1)) > 0) {
		char *word = memmem(frame, size, WORD, strlen(WORD));

		frame[size] = '\0';
		n = word ? strtoul(word + strlen(WORD), NULL, 10) : MAX_SENT;
		if (n >= MAX_SENT || seen[n])
			continue;
		seen[n] = 1;
		count++;
	}
	return count;
}

/* Until a line comes on the standard input */
static int hold(const char *dev, unsigned int queues, char **args)
{
	static unsigned char seen[MAX_SENT];
	struct pollfd polled[MAX_QUEUES + 1];
	unsigned int count = 0;

	if (queues > MAX_QUEUES)
		return 2;
	polled[queues] = (struct pollfd){ STDIN_FILENO, POLLIN, 0 };
	for (unsigned int i = 0; i < queues; i++)
		open_queue(&polled[i], dev, args);
	puts("holding");
	fflush(stdout);
	do {
		poll(polled, queues + 1, -1);
		for (unsigned int i = 0; i < queues; i++)
			count += read_all(polled[i].fd, seen);
	} while (!polled[queues].revents);
	for (unsigned int i = 0; i < queues; i++)
		count += read_all(polled[i].fd, seen);
	printf("%u\n", count);
	return 0;
}

/* A frame each millisecond, until a line comes on the standard input */
static int send_frames(const char *address)
{
	struct pollfd in = { STDIN_FILENO, POLLIN, 0 };
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(PORT),
	};
	unsigned int count = 0;
	int flows[FLOWS];
	char text[32];

	inet_pton(AF_INET, address, &to.sin_addr);
	for (int i = 0; i < FLOWS; i++) {
		flows[i] = socket(AF_INET, SOCK_DGRAM, 0);
		if (connect(flows[i], (void *)&to, sizeof(to)))
			die(address);
	}
	puts("sending");
	fflush(stdout);
	while (!poll(&in, 1, 1) && count < MAX_SENT) {
		snprintf(text, sizeof(text), WORD "%u", count);
		if (send(flows[count % FLOWS], text, strlen(text), 0) < 0)
			die("send");
		count++;
	}
	printf("%u\n", count);
	return 0;
}

/* What a VMM finds that sets nothing */
static int state(int fd)
{
	struct ethtool_value csum = { .cmd = ETHTOOL_GTXCSUM };
	int sock = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct ifreq ifr;
	int size;

	if (ioctl(fd, TUNGETVNETHDRSZ, &size) || ioctl(fd, TUNGETIFF, &ifr))
		die("TUNGETIFF");
	ifr.ifr_data = (void *)&csum;
	if (ioctl(sock, SIOCETHTOOL, &ifr))
		die("ETHTOOL_GTXCSUM");
	printf("header %d, partial checksums %u\n", size, csum.data);
	return 0;
}

/* The same by a queue of its own */
static int peek(int fd, const char *dev)
{
	struct ifreq ifr = {
		.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE | IFF_VNET_HDR,
	};

	snprintf(ifr.ifr_name, IFNAMSIZ, "%s", dev);
	if (ioctl(fd, TUNSETIFF, &ifr))
		die("TUNSETIFF");
	return state(fd);
}

static sigjmp_buf no_such_call;

static void on_signal(int signal)
{
	(void)signal;
	siglongjmp(no_such_call, 1);
}

#ifdef __x86_64__
static long ioctl_32(int fd, unsigned int request, void *arg)
{
	long ret;

	asm volatile("int $0x80" : "=a"(ret)
		     : "a"(54L), "b"((long)fd), "c"((long)request), "d"(arg)
		     : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

static long ioctl_x32(int fd, unsigned int request, void *arg)
{
	return syscall(0x40000000 + 514, fd, request, arg) ? -errno : 0;
}
#endif

static long ioctl_64(int fd, unsigned int request, void *arg)
{
	return syscall(SYS_ioctl, fd, request, arg) ? -errno : 0;
}

struct way {
	const char *name;
	long (*call)(int fd, unsigned int request, void *arg);
};

static void try_way(const struct way *way, int fd, int *none,
		    struct tun_vnet_hash *off)
{
	if (sigsetjmp(no_such_call, 1)) {
		printf("%s: signal\n", way->name);
		return;
	}
	printf("%s: %ld", way->name, way->call(fd, TUNSETSTEERINGEBPF, none));
	printf(" %ld\n", way->call(fd, TUNSETVNETHASH, off));
}

/* Detaches the steering program of a device in each way that there is. */
static int escape(int fd)
{
	static const struct way ways[] = {
		{ "native", ioctl_64 },
#ifdef __x86_64__
		{ "32 bits", ioctl_32 },
		{ "x32", ioctl_x32 },
#endif
	};
	int *none = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS
#ifdef MAP_32BIT
			 | MAP_32BIT
#endif
			 , -1, 0);
	struct tun_vnet_hash *off = (void *)(none + 16);

	signal(SIGSEGV, on_signal);
	signal(SIGSYS, on_signal);
	*none = -1;
	for (unsigned int i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		try_way(&ways[i], fd, none, off);
	puts("holding");
	fflush(stdout);
	getchar();
	return 0;
}

int main(int argc, char **argv)
{
	if (argc >= 4 && !strcmp(argv[1], "hold"))
		return hold(argv[2], atoi(argv[3]), argv + 4);
	if (argc == 3 && !strcmp(argv[1], "send"))
		return send_frames(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "state"))
		return state(atoi(argv[2]));
	if (argc == 4 && !strcmp(argv[1], "peek"))
		return peek(atoi(argv[2]), argv[3]);
	if (argc == 3 && !strcmp(argv[1], "escape"))
		return escape(atoi(argv[2]));
	fprintf(stderr, "usage: %s hold|send|state|peek|escape ...\n", argv[0]);
	return 2;
}
