// SPDX-License-Identifier: GPL-2.0
/*
 * Sends the demo's flows out of an interface: a frame of each flow, then the
 * next frame of each, and so on.
 */
#include <getopt.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include "vnet_flow.h"
#include "vnet_opt.h"
#include "vnet_tunnel.h"

struct config {
	const char *dev;
	unsigned long count;		/* frames of each flow */
	unsigned long gap;		/* microseconds between frames */
	long flow;			/* the only flow, or -1: all */
	bool tunnel;			/* within vnet_tunnels[0], over IPv4 */
};

static const struct option options[] = {
	{ "dev", required_argument, NULL, 'd' },
	{ "count", required_argument, NULL, 'c' },
	{ "flow", required_argument, NULL, 'f' },
	{ "gap", required_argument, NULL, 'g' },
	{ "tunnel", no_argument, NULL, 't' },
	{ "list", no_argument, NULL, 'l' },
	{ "help", no_argument, NULL, 'h' },
	{ }
};

static void print_usage(FILE *to)
{
	fputs("usage: vnet_send --dev IF [--count K] [--flow N] [--gap USEC] [--tunnel]\n"
	      "       vnet_send --list\n"
	      "Sends K (1) frames of each flow, or of flow N, USEC (2000) apart, within\n"
	      "VXLAN if told so.\n",
	      to);
}

static void list_flows(void)
{
	char text[128];
	size_t i;

	for (i = 0; i < vnet_flows_count; i++)
		printf("%zu %s\n", i,
		       vnet_flow_describe(&vnet_flows[i], text, sizeof(text)));
}

static void parse_args(int argc, char **argv, struct config *c)
{
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'd':
			c->dev = optarg;
			break;
		case 'c':
			c->count = vnet_opt_number("count", optarg, 1, 1000000);
			break;
		case 'f':
			c->flow = vnet_opt_number("flow", optarg, 0,
						  vnet_flows_count - 1);
			break;
		case 'g':
			c->gap = vnet_opt_number("gap", optarg, 0, 1000000);
			break;
		case 't':
			c->tunnel = true;
			break;
		case 'l':
			list_flows();
			exit(0);
		case 'h':
			print_usage(stdout);
			exit(0);
		default:
			print_usage(stderr);
			exit(VNET_EXIT_USAGE);
		}
	}
	if (!c->dev || optind != argc) {
		print_usage(stderr);
		exit(VNET_EXIT_USAGE);
	}
}

static int open_packet_socket(const char *dev)
{
	struct sockaddr_ll addr = { .sll_family = AF_PACKET };
	int fd;

	addr.sll_ifindex = if_nametoindex(dev);
	if (!addr.sll_ifindex)
		err(VNET_EXIT_FAIL, "%s", dev);
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd < 0)
		err(VNET_EXIT_FAIL, "packet socket (it needs CAP_NET_RAW)");
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		err(VNET_EXIT_FAIL, "bind to %s", dev);
	return fd;
}

static void send_flow(int fd, const struct config *c, size_t i)
{
	uint8_t frame[VNET_FLOW_MAX_FRAME], outer[VNET_TUNNEL_MAX_FRAME];
	size_t len = vnet_flow_build(&vnet_flows[i], frame, sizeof(frame));
	const uint8_t *sent = frame;
	ssize_t n;

	if (!len)
		errx(VNET_EXIT_FAIL, "flow %zu does not fit a frame", i);
	if (c->tunnel) {
		len = vnet_tunnel_wrap(&vnet_tunnels[0], false, frame, len,
				       outer);
		sent = outer;
	}
	n = send(fd, sent, len, 0);
	if (n < 0)
		err(VNET_EXIT_FAIL, "sending flow %zu out of %s", i, c->dev);
	if (c->gap)
		usleep(c->gap);
}

int main(int argc, char **argv)
{
	struct config c = { .count = 1, .gap = 2000, .flow = -1 };
	unsigned long round;
	size_t i;
	int fd;

	parse_args(argc, argv, &c);
	fd = open_packet_socket(c.dev);
	for (round = 0; round < c.count; round++)
		for (i = 0; i < vnet_flows_count; i++)
			if (c.flow < 0 || (size_t)c.flow == i)
				send_flow(fd, &c, i);
	close(fd);
	return 0;
}
