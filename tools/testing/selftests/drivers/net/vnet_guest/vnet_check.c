// SPDX-License-Identifier: GPL-2.0
/*
 * Compares what vnet_rx saw in a guest with what the reference hash and the
 * host's indirection table promise for each flow, and prints the table.
 *
 * DEMO_BREAK_KEY=1 in the environment changes the first byte of the key here
 * and nowhere else: the check must then fail.
 */
#include <getopt.h>
#include <stdbool.h>
#include <string.h>

#include <linux/virtio_net.h>

#include "vnet_flow.h"
#include "vnet_hash_ref.h"
#include "vnet_opt.h"
#include "vnet_tunnel.h"

enum {
	MAX_KEY		= 64,
	MAX_TABLE	= 1024,
	DEFAULT_TABLE	= 128,
	MAX_FLOWS	= 1024,
	ALL_TYPES	= 0x1ff,
};

struct config {
	const char *results;
	uint8_t key[MAX_KEY];
	size_t key_len;
	uint32_t types;
	uint16_t table[MAX_TABLE];
	size_t table_len;
	unsigned int unclassified;
	unsigned long mtu;		/* 0: not compared */
	unsigned long queues;		/* 0: not compared */
	unsigned long count;		/* frames sent of each flow */
	bool tunnel;			/* hashed by vnet_inner.bpf.c in a tunnel */
};

/* What the guest saw of a flow. */
struct seen {
	unsigned int packets;
	int queue;
	uint32_t hash;
	bool mixed;			/* not the same each time */
};

/* What the guest saw at all. */
struct guest {
	struct seen flow[MAX_FLOWS];
	unsigned long packets;
	unsigned long mtu;
	unsigned long channels;
	bool rx_hashing;
	bool ended;
};

static const struct option options[] = {
	{ "results", required_argument, NULL, 'r' },
	{ "key", required_argument, NULL, 'k' },
	{ "types", required_argument, NULL, 't' },
	{ "table", required_argument, NULL, 'i' },
	{ "unclassified", required_argument, NULL, 'u' },
	{ "mtu", required_argument, NULL, 'm' },
	{ "queues", required_argument, NULL, 'q' },
	{ "count", required_argument, NULL, 'c' },
	{ "tunnel", no_argument, NULL, 'T' },
	{ "help", no_argument, NULL, 'h' },
	{ }
};

static void print_usage(FILE *to)
{
	fputs("usage: vnet_check --results FILE [--key default|HEX] [--types all|MASK]\n"
	      "                  [--table equal:N[/LEN]|Q,Q,...] [--unclassified Q]\n"
	      "                  [--mtu BYTES] [--queues N] [--count K] [--tunnel]\n"
	      "Exits 0 if all flows arrived with the hash and on the queue they must.\n",
	      to);
}

/* Microsoft's verification key: what vnetctl's --key default means. */
static void default_key(struct config *c)
{
	static const uint8_t key[] = {
		0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2,
		0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0,
		0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4,
		0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30, 0xf2, 0x0c,
		0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
	};

	memcpy(c->key, key, sizeof(key));
	c->key_len = sizeof(key);
}

static void parse_key(struct config *c, const char *text)
{
	int used;

	if (!strcmp(text, "default"))
		return default_key(c);
	for (c->key_len = 0; *text; c->key_len++) {
		if (c->key_len == MAX_KEY ||
		    sscanf(text, "%2hhx%n", &c->key[c->key_len], &used) != 1 ||
		    used != 2)
			errx(VNET_EXIT_USAGE, "--key: default or 1 to %d bytes in hex are accepted",
			     MAX_KEY);
		text += used;
		text += *text == ':';
	}
}

static void equal_table(struct config *c, const char *text)
{
	unsigned int queues, len = DEFAULT_TABLE, i;
	int n = sscanf(text, "equal:%u/%u", &queues, &len);

	if (n < 1 || !queues || !len || len > MAX_TABLE || len & (len - 1))
		errx(VNET_EXIT_USAGE, "--table: equal:N/LEN wants a power of two up to %d for LEN",
		     MAX_TABLE);
	for (i = 0; i < len; i++)
		c->table[i] = i % queues;
	c->table_len = len;
}

static void listed_table(struct config *c, const char *text)
{
	size_t n = 0;
	char *end;

	while (n < MAX_TABLE) {
		c->table[n++] = strtoul(text, &end, 10);
		if (end == text || *end != ',')
			break;
		text = end + 1;
	}
	if (end == text || *end || n & (n - 1))
		errx(VNET_EXIT_USAGE, "--table: equal:N or 2^n queues with commas are accepted");
	c->table_len = n;
}

static void parse_table(struct config *c, const char *text)
{
	if (!strncmp(text, "equal:", 6))
		equal_table(c, text);
	else
		listed_table(c, text);
}

static void parse_option(struct config *c, int opt)
{
	switch (opt) {
	case 'r':
		c->results = optarg;
		break;
	case 'k':
		parse_key(c, optarg);
		break;
	case 't':
		c->types = !strcmp(optarg, "all") ? ALL_TYPES :
			vnet_opt_number("types", optarg, 0, ALL_TYPES);
		break;
	case 'i':
		parse_table(c, optarg);
		break;
	case 'u':
		c->unclassified = vnet_opt_number("unclassified", optarg, 0,
						  255);
		break;
	case 'm':
		c->mtu = vnet_opt_number("mtu", optarg, 1, 65535);
		break;
	case 'q':
		c->queues = vnet_opt_number("queues", optarg, 1, 256);
		break;
	case 'c':
		c->count = vnet_opt_number("count", optarg, 1, 1000000);
		break;
	case 'T':
		c->tunnel = true;
		break;
	case 'h':
		print_usage(stdout);
		exit(0);
	default:
		print_usage(stderr);
		exit(VNET_EXIT_USAGE);
	}
}

static void parse_args(int argc, char **argv, struct config *c)
{
	const char *broken = getenv("DEMO_BREAK_KEY");
	int opt;

	default_key(c);
	equal_table(c, "equal:4");
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1)
		parse_option(c, opt);
	if (!c->results || optind != argc) {
		print_usage(stderr);
		exit(VNET_EXIT_USAGE);
	}
	if (broken && !strcmp(broken, "1"))
		c->key[0] ^= 0xff;
}

static void note_packet(struct guest *g, unsigned int flow, int queue,
			uint32_t hash)
{
	struct seen *s;

	g->packets++;
	if (flow >= MAX_FLOWS)
		return;
	s = &g->flow[flow];
	if (s->packets++) {
		s->mixed |= s->queue != queue || s->hash != hash;
		return;
	}
	s->queue = queue;
	s->hash = hash;
}

static void read_line(struct guest *g, const char *line)
{
	unsigned int flow;
	uint32_t hash;
	int queue;

	if (sscanf(line, "flow=%u queue=%d hash=%x", &flow, &queue, &hash) == 3)
		note_packet(g, flow, queue, hash);
	else if (!strncmp(line, "features ", 9))
		g->rx_hashing = strstr(line, "rx-hashing=on");
	else if (!strncmp(line, "end ", 4))
		g->ended = true;
	else if (sscanf(line, "mtu=%lu", &g->mtu) != 1)
		sscanf(line, "channels=%lu", &g->channels);
}

static void read_results(struct guest *g, const char *path)
{
	FILE *f = fopen(path, "r");
	char line[256];

	if (!f)
		err(VNET_EXIT_FAIL, "%s", path);
	while (fgets(line, sizeof(line), f))
		read_line(g, line);
	fclose(f);
}

static struct vnet_hash_ref_result expect(const struct config *c,
					  const struct vnet_flow *f)
{
	uint8_t frame[VNET_FLOW_MAX_FRAME], outer[VNET_TUNNEL_MAX_FRAME];
	size_t len = vnet_flow_build(f, frame, sizeof(frame));
	uint32_t inner = c->tunnel ? vnet_tunnel_types(f) & c->types : c->types;

	if (c->tunnel && !inner) {
		len = vnet_tunnel_wrap(&vnet_tunnels[0], false, frame, len,
				       outer);
		return vnet_hash_ref(outer, len, 1, c->types, c->key, c->key_len);
	}
	return vnet_hash_ref(frame, len, 1, inner, c->key, c->key_len);
}

static int expect_queue(const struct config *c,
			const struct vnet_hash_ref_result *want)
{
	if (want->report == VIRTIO_NET_HASH_REPORT_NONE)
		return c->unclassified;
	return c->table[want->value & (c->table_len - 1)];
}

static const char *verdict(const struct seen *s, int queue, uint32_t hash)
{
	if (!s->packets)
		return "FAIL: never arrived";
	if (s->mixed)
		return "FAIL: not the same for each packet";
	if (s->queue != queue && s->hash != hash)
		return "FAIL: queue, hash";
	if (s->queue != queue)
		return "FAIL: queue";
	if (s->hash != hash)
		return "FAIL: hash";
	return "ok";
}

/* Print a flow's row; return true if all is as it must be. */
static bool check_flow(const struct config *c, const struct guest *g, size_t i)
{
	struct vnet_hash_ref_result want = expect(c, &vnet_flows[i]);
	const struct seen *s = &g->flow[i];
	int queue = expect_queue(c, &want);
	const char *word = verdict(s, queue, want.value);
	char text[128], got_queue[12] = "-", got_hash[12] = "-";

	if (s->packets) {
		snprintf(got_queue, sizeof(got_queue), "%d", s->queue);
		snprintf(got_hash, sizeof(got_hash), "%08x", s->hash);
	}
	printf("%-68s %5d %5s  %-8s  %-8s %08x  %s\n",
	       vnet_flow_describe(&vnet_flows[i], text, sizeof(text)), queue,
	       got_queue, vnet_hash_ref_report_name(want.report), got_hash,
	       want.value, word);
	return !strcmp(word, "ok");
}

static size_t check_flows(const struct config *c, const struct guest *g)
{
	size_t i, right = 0;

	printf("%-68s %11s  %-8s  %s\n", "", "---queue---", "hash",
	       "------hash-------");
	printf("%-68s %5s %5s  %-8s  %-8s %-8s  %s\n", "flow", "table",
	       "guest", "type", "guest", "here", "verdict");
	for (i = 0; i < vnet_flows_count; i++)
		right += check_flow(c, g, i);
	return right;
}

static bool check_number(const char *what, unsigned long got,
			 unsigned long want)
{
	bool ok = got == want;

	printf("%s: %lu in the guest, %lu on the host: %s\n", what, got, want,
	       ok ? "ok" : "FAIL");
	return ok;
}

static bool check_guest(const struct config *c, const struct guest *g)
{
	bool ok = true;

	if (c->mtu)
		ok &= check_number("MTU", g->mtu, c->mtu);
	if (c->queues)
		ok &= check_number("queues", g->channels, c->queues);
	if (!g->rx_hashing)
		puts("FAIL: receive hashing is off in the guest: its device reports no hash");
	if (!g->ended)
		puts("FAIL: the guest's report has no end: look at its console");
	return ok && g->rx_hashing && g->ended;
}

int main(int argc, char **argv)
{
	struct config c = { .types = ALL_TYPES, .count = 1 };
	static struct guest g;
	size_t right;
	bool ok;

	parse_args(argc, argv, &c);
	read_results(&g, c.results);
	right = check_flows(&c, &g);
	puts("");
	ok = check_guest(&c, &g);
	printf("%lu of %lu packets arrived\n", g.packets,
	       c.count * vnet_flows_count);
	printf("%zu flows, %zu right\n", vnet_flows_count, right);
	return ok && right == vnet_flows_count ? 0 : VNET_EXIT_FAIL;
}
