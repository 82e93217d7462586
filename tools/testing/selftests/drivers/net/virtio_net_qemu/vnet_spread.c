// SPDX-License-Identifier: GPL-2.0
/*
 * Send flows, and say how many packets RSS has to put on each queue.
 *
 *   vnet_spread DEV MAC KEY TABLE FLOWS VLAN
 *
 * KEY is of hexadecimal bytes with colons, TABLE of queues with commas, VLAN 0 for
 * none.  The hash is by the tests' own implementation of the specification.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>

#include "vnet_hash_ref.h"

#define VLAN_HLEN	4
#define MAX_TABLE	32768
#define MAX_QUEUES	16

static size_t parse(const char *arg, const char *separators, int base,
		    uint16_t *out, size_t room)
{
	size_t n = 0;
	char *end;

	while (*arg && n < room) {
		out[n++] = strtoul(arg, &end, base);
		if (end == arg)
			return 0;
		arg = end + (*end && strchr(separators, *end));
	}
	return n;
}

int main(int argc, char **argv)
{
	/* UDP over IPv4, from 192.0.2.1 to 192.0.2.2, in a VLAN */
	uint8_t tagged[64] = {
		[6] = 0x52, 0x54, 0, 0x12, 0x34, 0x01, 0x81, 0x00, 0, 0, 0x08, 0x00,
		0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2,
		0, 0, 0, 9, 0, 26,
	};
	uint8_t *frame = tagged, *port = tagged + 38;
	size_t len = sizeof(tagged);
	unsigned int counts[MAX_QUEUES] = {}, flows, i, queue;
	static uint16_t table[MAX_TABLE];
	struct vnet_hash_ref_result hash;
	struct sockaddr_ll addr = { .sll_family = AF_PACKET };
	uint16_t mac[ETH_ALEN], key16[64];
	size_t table_len, key_len;
	uint8_t key[64];
	int fd;

	if (argc != 7) {
		fputs("usage: vnet_spread DEV MAC KEY TABLE FLOWS VLAN\n", stderr);
		return 2;
	}
	key_len = parse(argv[3], ":", 16, key16, 64);
	table_len = parse(argv[4], ",", 10, table, MAX_TABLE);
	flows = strtoul(argv[5], NULL, 0);
	if (parse(argv[2], ":", 16, mac, ETH_ALEN) != ETH_ALEN || key_len < 36 || !table_len ||
	    table_len & (table_len - 1)) {
		fputs("vnet_spread: no MAC, no key of 36 bytes, or no table\n", stderr);
		return 2;
	}
	tagged[15] = strtoul(argv[6], NULL, 0);
	if (!tagged[15]) {
		frame += VLAN_HLEN;
		len -= VLAN_HLEN;
		memmove(frame + ETH_ALEN, tagged + ETH_ALEN, ETH_ALEN);
	}
	for (i = 0; i < ETH_ALEN; i++)
		frame[i] = mac[i];
	for (i = 0; i < key_len; i++)
		key[i] = key16[i];

	fd = socket(AF_PACKET, SOCK_RAW, 0);
	addr.sll_ifindex = if_nametoindex(argv[1]);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		perror("vnet_spread");
		return 1;
	}
	for (i = 0; i < flows; i++) {
		port[0] = (40000 + i) >> 8;
		port[1] = 40000 + i;
		hash = vnet_hash_ref(frame, len, 1,
				     VIRTIO_NET_RSS_HASH_TYPE_IPv4 |
				     VIRTIO_NET_RSS_HASH_TYPE_UDPv4, key, key_len);
		queue = table[hash.value & (table_len - 1)];
		if (queue < MAX_QUEUES)
			counts[queue]++;
		if (send(fd, frame, len, 0) != (ssize_t)len) {
			perror("vnet_spread");
			return 1;
		}
	}
	for (i = 0; i < 4; i++)
		printf("%u%s", counts[i], i < 3 ? " " : "\n");
	return 0;
}
