// SPDX-License-Identifier: GPL-2.0
/*
 * The hints of XDP programs under changes of the configuration, on any device.
 *
 *   vnet_hints watch DEV
 *   vnet_hints send DEV MAC
 *
 * watch changes DEV's RSS and prints "ready", then what the hints of the packets were
 * like; its status says whether they were right.  send sends such packets, until it
 * is killed.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include "hints_live.h"

#define PAUSE_US	500	/* between packets */

static int watch(const char *name)
{
	struct fake_dev dev = { .fd = -1, .log = -1 };
	struct live_result result;
	struct live live;
	int err;

	snprintf(dev.name, sizeof(dev.name), "%s", name);
	dev.ifindex = if_nametoindex(name);
	dev.inet = socket(AF_INET, SOCK_DGRAM, 0);
	err = live_start(&live, &dev);
	if (!err) {
		puts("ready");
		fflush(stdout);
		err = live_change(&live);
	}
	if (err) {
		fprintf(stderr, "vnet_hints: %s: %s\n", name, strerror(-err));
		live_stop(&live);
		return 1;
	}
	while (live_changing(&live)) {
		usleep(PAUSE_US);
		live_collect(&live);
	}
	result = live_judge(&live, stdout);
	printf("%u hints when settled, %u within 100 ms, %u wrong; %u changes refused%s\n",
	       result.settled, result.other, result.wrong, result.refused,
	       result.reloaded ? "; another program is attached" : "");
	live_stop(&live);
	return result.wrong || result.refused || result.reloaded ||
	       result.settled < LIVE_CHANGES || result.other < LIVE_CHANGES;
}

static int send_to(const char *name, const char *mac)
{
	struct sockaddr_ll addr = { .sll_family = AF_PACKET };
	uint8_t frame[LIVE_FRAME_LEN], to[ETH_ALEN];
	uint32_t number;
	int fd;

	addr.sll_ifindex = if_nametoindex(name);
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		perror("vnet_hints");
		return 1;
	}
	if (sscanf(mac, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &to[0], &to[1], &to[2], &to[3],
		   &to[4], &to[5]) != ETH_ALEN)
		return 2;
	for (number = 0;; number++) {
		live_frame(frame, number);
		memcpy(frame, to, ETH_ALEN);
		send(fd, frame, sizeof(frame), 0);
		usleep(PAUSE_US);
	}
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "watch"))
		return watch(argv[2]);
	if (argc == 4 && !strcmp(argv[1], "send"))
		return send_to(argv[2], argv[3]);
	fputs("usage: vnet_hints watch DEV | vnet_hints send DEV MAC\n", stderr);
	return 2;
}
