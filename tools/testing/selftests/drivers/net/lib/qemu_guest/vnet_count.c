// SPDX-License-Identifier: GPL-2.0
/*
 * Count the packets of vnet_spread by receive queue.
 *
 *   vnet_count DEV PACKETS
 *
 * Says "ready", and once so many have come, or none for a minute, how many each of
 * four queues had.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

#define QUEUES	4

int main(int argc, char **argv)
{
	/* So many bytes of the packet as the number of its queue, from 1 on */
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_QUEUE)),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	struct sock_fprog prog = { .len = 2, .filter = filter };
	struct timeval patience = { .tv_sec = 60 };
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP),
	};
	unsigned int counts[QUEUES + 1] = {}, wanted, seen = 0, i;
	int room = 4 << 20;	/* for a burst of them all */
	char buf[64];
	ssize_t n;
	int fd;

	if (argc != 3) {
		fputs("usage: vnet_count DEV PACKETS\n", stderr);
		return 2;
	}
	wanted = strtoul(argv[2], NULL, 0);
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	addr.sll_ifindex = if_nametoindex(argv[1]);
	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) ||
	    bind(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		perror("vnet_count");
		return 1;
	}
	puts("ready");
	fflush(stdout);
	while (seen < wanted && (n = recv(fd, buf, sizeof(buf), 0)) > 0) {
		if (n <= QUEUES)
			counts[n]++;
		seen++;
	}
	for (i = 1; i <= QUEUES; i++)
		printf("%u%s", counts[i], i < QUEUES ? " " : "\n");
	return 0;
}
