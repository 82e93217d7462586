// SPDX-License-Identifier: GPL-2.0
/*
 * Echo, and a client that looks at the replies on the way.
 *
 *   vnet_echo serve
 *   vnet_echo ask DEV tcp|udp LEN ADDRESS...
 *
 * ask sends LEN bytes to each address, compares what comes back, and prints how many
 * of the guest's packets came through DEV with a partial checksum, how many with a
 * whole one, and how long the longest was.  It waits a minute for an answer, or as many
 * seconds as VNET_ECHO_SECONDS says.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>

#define PORT	"7"
#define MAX_LEN	65536
#define SECONDS	60	/* for an answer: the guest may have a small part of a CPU */

static int fail(const char *what)
{
	fprintf(stderr, "vnet_echo: %s: %s\n", what, strerror(errno));
	return 1;
}

static int serve(void)
{
	struct sockaddr_in6 addr = {
		.sin6_family = AF_INET6, .sin6_port = htons(atoi(PORT)),
	};
	int tcp, udp, conn, one = 1;
	struct sockaddr_storage peer;
	static char buf[MAX_LEN];
	struct pollfd fds[2];
	socklen_t len;
	ssize_t n;

	signal(SIGCHLD, SIG_IGN);
	tcp = socket(AF_INET6, SOCK_STREAM, 0);
	udp = socket(AF_INET6, SOCK_DGRAM, 0);
	setsockopt(tcp, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(tcp, (struct sockaddr *)&addr, sizeof(addr)) || listen(tcp, 64) ||
	    bind(udp, (struct sockaddr *)&addr, sizeof(addr)))
		return fail("bind");
	fds[0] = (struct pollfd) { .fd = tcp, .events = POLLIN };
	fds[1] = (struct pollfd) { .fd = udp, .events = POLLIN };
	while (poll(fds, 2, -1) > 0) {
		if (fds[1].revents) {
			len = sizeof(peer);
			n = recvfrom(udp, buf, sizeof(buf), 0,
				     (struct sockaddr *)&peer, &len);
			if (n >= 0)
				sendto(udp, buf, n, 0, (struct sockaddr *)&peer, len);
		}
		if (fds[0].revents) {
			conn = accept(tcp, NULL, NULL);
			if (conn < 0)
				continue;
			if (!fork()) {
				while ((n = read(conn, buf, sizeof(buf))) > 0)
					if (write(conn, buf, n) != n)
						break;
				_exit(0);
			}
			close(conn);
		}
	}
	return fail("poll");
}

/* What DEV has received from the guest */
struct seen {
	unsigned int partial, whole;	/* packets, by their checksum */
	size_t longest;
};

static struct seen look(int fd)
{
	union {
		struct cmsghdr cmsg;
		uint8_t buf[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	} control;
	struct msghdr msg = {};
	struct tpacket_auxdata *aux;
	struct seen seen = {};
	struct cmsghdr *cmsg;

	for (;;) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		if (recvmsg(fd, &msg, MSG_DONTWAIT) < 0)
			return seen;
		cmsg = CMSG_FIRSTHDR(&msg);
		if (!cmsg)
			continue;
		aux = (struct tpacket_auxdata *)CMSG_DATA(cmsg);
		if (aux->tp_status & TP_STATUS_CSUMNOTREADY)
			seen.partial++;
		else
			seen.whole++;
		if (aux->tp_len > seen.longest)
			seen.longest = aux->tp_len;
	}
}

static int open_packet(const char *dev)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = if_nametoindex(dev),
	};
	int fd, one = 1;

	fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) ||
	    bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return -1;
	return fd;
}

static int open_inet(const char *address, bool tcp)
{
	const char *seconds = getenv("VNET_ECHO_SECONDS");
	struct timeval patience = { .tv_sec = seconds ? atoi(seconds) : SECONDS };
	struct addrinfo *to, hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
		.ai_socktype = tcp ? SOCK_STREAM : SOCK_DGRAM,
	};
	int fd, err;

	if (getaddrinfo(address, PORT, &hints, &to)) {
		errno = EADDRNOTAVAIL;
		return -1;
	}
	fd = socket(to->ai_family, to->ai_socktype, 0);
	err = fd < 0 ||
	      setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) ||
	      setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) ||
	      connect(fd, to->ai_addr, to->ai_addrlen);
	freeaddrinfo(to);
	if (err && fd >= 0) {
		err = errno;
		close(fd);
		errno = err;
		fd = -1;
	}
	return fd;
}

static int ask(int packet, const char *address, bool tcp, size_t len)
{
	static char out[MAX_LEN], in[MAX_LEN];
	struct seen seen;
	size_t got = 0;
	ssize_t n;
	int fd, i;

	for (i = 0; i < (int)len; i++)
		out[i] = i * 7 + i / 251;
	look(packet);
	fd = open_inet(address, tcp);
	if (fd < 0)
		return fail(address);
	if (send(fd, out, len, 0) != (ssize_t)len)
		goto failed;
	while (got < len) {
		n = recv(fd, in + got, sizeof(in) - got, 0);
		if (n <= 0)
			goto failed;
		got += n;
	}
	close(fd);
	if (got != len || memcmp(in, out, len)) {
		fprintf(stderr, "vnet_echo: %s: %zu bytes came back, which differ\n",
			address, got);
		return 1;
	}
	seen = look(packet);
	printf("%s partial=%u whole=%u longest=%zu\n", address, seen.partial, seen.whole,
	       seen.longest);
	return 0;

failed:
	fail(address);
	close(fd);
	return 1;
}

int main(int argc, char **argv)
{
	size_t len;
	int packet, i, bad = 0;

	if (argc == 2 && !strcmp(argv[1], "serve"))
		return serve();
	len = argc < 6 ? 0 : strtoul(argv[4], NULL, 0);
	if (!len || len > MAX_LEN || strcmp(argv[1], "ask")) {
		fputs("usage: vnet_echo serve\n"
		      "       vnet_echo ask DEV tcp|udp LEN ADDRESS...\n", stderr);
		return 2;
	}
	packet = open_packet(argv[2]);
	if (packet < 0)
		return fail(argv[2]);
	for (i = 5; i < argc; i++)
		bad |= ask(packet, argv[i], !strcmp(argv[3], "tcp"), len);
	return bad;
}
