// SPDX-License-Identifier: GPL-2.0
/*
 * What the two fuzz programs share: numbers at random, what the environment
 * asks for, devices, configurations, and the corpus.
 */

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_packet.h>

#include "vnet_fuzz.h"

/* Numbers */

/**
 * fuzz_u64 - the next number
 * @state: of the generator, any value; moves on
 */
uint64_t fuzz_u64(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;	/* splitmix64 */

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

/**
 * fuzz_draw - the next number below a limit
 * @state: of the generator
 * @below: the limit, not 0
 */
uint32_t fuzz_draw(uint64_t *state, uint32_t below)
{
	return (fuzz_u64(state) >> 32) * below >> 32;
}

/**
 * fuzz_chance - true in so many of 100 cases
 * @state: of the generator
 * @percent: so many
 */
bool fuzz_chance(uint64_t *state, unsigned int percent)
{
	return fuzz_draw(state, 100) < percent;
}

/**
 * fuzz_bytes - fill memory
 * @state: of the generator
 * @buf: where
 * @n: bytes
 */
void fuzz_bytes(uint64_t *state, void *buf, size_t n)
{
	unsigned char *p = buf;
	uint64_t v;
	size_t i;

	for (i = 0; i < n; i += sizeof(v)) {
		v = fuzz_u64(state);
		memcpy(p + i, &v, n - i < sizeof(v) ? n - i : sizeof(v));
	}
}

/**
 * fuzz_state - the generator for one input, whatever came before
 * @seed: of the run
 * @index: of the input
 */
uint64_t fuzz_state(uint64_t seed, uint64_t index)
{
	uint64_t state = seed;

	state = fuzz_u64(&state) ^ index;
	return fuzz_u64(&state);
}

static unsigned long long fuzz_env(const char *name, unsigned long long def)
{
	const char *text = getenv(name);
	unsigned long long v;
	char *end;

	if (!text || !*text)
		return def;
	errno = 0;
	v = strtoull(text, &end, 0);
	if (errno || *end) {
		fprintf(stderr, "# %s=%s is no number\n", name, text);
		exit(1);
	}
	return v;
}

/**
 * fuzz_run_init - what the environment asks for
 * @count: inputs, unless the environment says otherwise
 */
struct fuzz_run fuzz_run_init(unsigned long count)
{
	const char *seed = getenv("VNET_SEED");
	struct fuzz_run run = {};

	if (seed && !strcmp(seed, "random")) {
		if (getrandom(&run.seed, sizeof(run.seed), 0) < 0) {
			perror("# getrandom");
			exit(1);
		}
		run.seed >>= 16;
	} else {
		run.seed = fuzz_env("VNET_SEED", 1);
	}
	run.count = fuzz_env("VNET_COUNT", count);
	run.only = fuzz_env("VNET_ONLY", -1);
	return run;
}

/**
 * fuzz_run_wants - is an input to be tried?
 * @run: what was asked for
 * @index: of the input
 */
bool fuzz_run_wants(const struct fuzz_run *run, unsigned long index)
{
	return run->only < 0 || run->only == (long)index;
}

/* Devices */

#define FUZZ_MTU	9000	/* longer frames than that lie in pages */

/* Another socket on the device that one is bound to */
static int fuzz_gso_socket(int packet)
{
	struct sockaddr_ll addr;
	socklen_t len = sizeof(addr);
	char name[IFNAMSIZ];
	int fd, on = 1;

	if (getsockname(packet, (struct sockaddr *)&addr, &len) ||
	    !if_indextoname(addr.sll_ifindex, name))
		return -1;
	fd = vnet_packet_socket(name);
	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on))) {
		close(fd);
		return -1;
	}
	return fd;
}

static int fuzz_create(struct vnet_tap *tap, enum fuzz_kind kind,
		       const char *name, unsigned int queues)
{
	short flags = (kind == FUZZ_TUN ? IFF_TUN : IFF_TAP) | IFF_VNET_HDR;

	return vnet_tap_create_kind(tap, kind == FUZZ_MACVTAP ? VNET_MACVTAP :
				    VNET_TUN, name, flags, queues);
}

/**
 * fuzz_dev_create - make a device, in a network namespace of its own
 * @dev: to be filled
 * @kind: of device
 *
 * Return: 0, or -1 with errno.
 */
int fuzz_dev_create(struct fuzz_dev *dev, enum fuzz_kind kind)
{
	unsigned int i;

	memset(dev, 0, sizeof(*dev));
	dev->gso = -1;
	dev->kind = kind;
	dev->ethernet = kind != FUZZ_TUN;
	if (vnet_new_netns() ||
	    fuzz_create(&dev->tap, kind, "tap0", FUZZ_QUEUES) ||
	    vnet_tap_up(&dev->tap) || vnet_tap_mtu(&dev->tap, FUZZ_MTU))
		return -1;

	for (i = 0; i < FUZZ_QUEUES; i++)
		dev->order[i] = i;
	dev->attached = FUZZ_QUEUES;
	dev->gso = fuzz_gso_socket(dev->tap.packet);
	return dev->gso < 0 ? -1 : 0;
}

/**
 * fuzz_dev_destroy - take the device away
 * @dev: device
 */
void fuzz_dev_destroy(struct fuzz_dev *dev)
{
	vnet_tap_close(&dev->tap);
	if (dev->gso >= 0)
		close(dev->gso);
}

/**
 * fuzz_dev_unattached - a descriptor without a device
 * @kind: of device; a macvtap is made and deleted
 *
 * Return: descriptor, or -1.
 */
int fuzz_dev_unattached(enum fuzz_kind kind)
{
	struct vnet_tap gone;

	if (kind != FUZZ_MACVTAP)
		return open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (fuzz_create(&gone, kind, "gone", 1) || vnet_run("ip link del gone"))
		return -1;
	return gone.fds[0];
}

/**
 * fuzz_dev_is_attached - is a queue attached?
 * @dev: device
 * @q: index of the descriptor
 */
bool fuzz_dev_is_attached(const struct fuzz_dev *dev, unsigned int q)
{
	unsigned int i;

	for (i = 0; i < dev->attached; i++)
		if (dev->order[i] == q)
			return true;
	return false;
}

/**
 * fuzz_dev_set_queue - TUNSETQUEUE, and what follows from it
 * @dev: device
 * @q: index of the descriptor
 * @flags: IFF_ATTACH_QUEUE or IFF_DETACH_QUEUE
 *
 * A queue that goes makes room for the last one, one that comes is the last.
 *
 * Return: as the ioctl does.
 */
int fuzz_dev_set_queue(struct fuzz_dev *dev, unsigned int q, short flags)
{
	struct ifreq ifr = { .ifr_flags = flags };
	unsigned int i;

	if (ioctl(dev->tap.fds[q], TUNSETQUEUE, &ifr))
		return -1;

	if (flags == IFF_ATTACH_QUEUE) {
		dev->order[dev->attached++] = q;
		return 0;
	}
	for (i = 0; i < dev->attached; i++)
		if (dev->order[i] == q)
			dev->order[i] = dev->order[--dev->attached];
	return 0;
}

/**
 * fuzz_dev_reset_queues - attach all queues, in their first order
 * @dev: device
 *
 * Return: 0, or -1 with errno.
 */
int fuzz_dev_reset_queues(struct fuzz_dev *dev)
{
	unsigned int i;

	for (i = 0; i < dev->attached; i++)
		if (dev->order[i] != i)
			break;
	if (i == FUZZ_QUEUES)
		return 0;

	while (dev->attached > i)
		if (fuzz_dev_set_queue(dev, dev->order[dev->attached - 1],
				       IFF_DETACH_QUEUE))
			return -1;
	for (; i < FUZZ_QUEUES; i++)
		if (fuzz_dev_set_queue(dev, i, IFF_ATTACH_QUEUE))
			return -1;
	return 0;
}

/* Configurations */

/**
 * fuzz_key_size - the shortest key that a set of types is accepted with
 * @types: VIRTIO_NET_RSS_HASH_TYPE_*
 *
 * By the documentation: 4 bytes longer than the longest input.
 */
unsigned int fuzz_key_size(uint32_t types)
{
	static const struct {
		uint32_t type;
		unsigned int input;
	} inputs[] = {
		{ VIRTIO_NET_RSS_HASH_TYPE_IPv4, 4 + 4 },
		{ VIRTIO_NET_RSS_HASH_TYPE_TCPv4, 4 + 4 + 4 },
		{ VIRTIO_NET_RSS_HASH_TYPE_UDPv4, 4 + 4 + 4 },
		{ VIRTIO_NET_RSS_HASH_TYPE_IPv6, 16 + 16 },
		{ VIRTIO_NET_RSS_HASH_TYPE_TCPv6, 16 + 16 + 4 },
		{ VIRTIO_NET_RSS_HASH_TYPE_UDPv6, 16 + 16 + 4 },
		{ VIRTIO_NET_RSS_HASH_TYPE_IP_EX, 16 + 16 },
		{ VIRTIO_NET_RSS_HASH_TYPE_TCP_EX, 16 + 16 + 4 },
		{ VIRTIO_NET_RSS_HASH_TYPE_UDP_EX, 16 + 16 + 4 },
	};
	unsigned int i, size = 0;

	for (i = 0; i < sizeof(inputs) / sizeof(*inputs); i++)
		if (types & inputs[i].type && inputs[i].input + 4 > size)
			size = inputs[i].input + 4;
	return size;
}

/**
 * fuzz_types - draw a set of hash types
 * @state: of the generator
 *
 * All, any, or such as go with a short key.
 */
uint32_t fuzz_types(uint64_t *state)
{
	static const uint32_t masks[] = {
		VIRTIO_NET_RSS_HASH_TYPE_IPv4,
		VIRTIO_NET_RSS_HASH_TYPE_IPv4 | VIRTIO_NET_RSS_HASH_TYPE_TCPv4 |
		VIRTIO_NET_RSS_HASH_TYPE_UDPv4,
		VIRTIO_NET_RSS_HASH_TYPE_IPv4 | VIRTIO_NET_RSS_HASH_TYPE_IPv6 |
		VIRTIO_NET_RSS_HASH_TYPE_IP_EX,
	};
	unsigned int n = fuzz_draw(state, 10);

	if (n < 4)
		return VNET_ALL_TYPES;
	if (n < 7)
		return fuzz_draw(state, VNET_ALL_TYPES + 1);
	return fuzz_draw(state, VNET_ALL_TYPES + 1) & masks[n - 7];
}

/**
 * fuzz_conf - draw a configuration that is to be accepted
 * @state: of the generator
 * @conf: to be filled
 * @flags: TUN_VNET_HASH_*
 */
void fuzz_conf(uint64_t *state, struct vnet_conf *conf, uint32_t flags)
{
	unsigned int least;

	memset(&conf->arg, 0, sizeof(conf->arg));
	vnet_conf_point(conf);
	conf->arg.flags = flags;
	conf->arg.hash_types = fuzz_types(state);
	least = fuzz_key_size(conf->arg.hash_types);
	conf->arg.key_size = VNET_KEY_SIZE;
	if (fuzz_chance(state, 50))
		conf->arg.key_size -= fuzz_draw(state,
						VNET_KEY_SIZE + 1 - least);
	fuzz_bytes(state, conf->key, sizeof(conf->key));

	if (flags & TUN_VNET_HASH_RSS) {
		conf->arg.indirection_table_length =
			1 << fuzz_draw(state, 11);
		conf->arg.unclassified_queue =
			fuzz_draw(state, VNET_MAX_QUEUES);
		fuzz_bytes(state, conf->table,
			   conf->arg.indirection_table_length * 2);
		for (least = 0; least < conf->arg.indirection_table_length;
		     least++)
			conf->table[least] %= VNET_MAX_QUEUES;
	}
}

/* The corpus */

static int fuzz_corpus_read(struct fuzz_corpus *corpus, const char *path)
{
	char *line = NULL;
	size_t size = 0;
	FILE *file;

	file = fopen(path, "r");
	if (!file)
		return -1;
	while (getline(&line, &size, file) > 0) {
		line[strcspn(line, "#\n")] = 0;
		if (*line)
			fuzz_corpus_add(corpus, line);
	}
	free(line);
	fclose(file);
	return 0;
}

/**
 * fuzz_corpus_load - read the file "corpus" beside the program
 * @corpus: to be filled; with what is in $VNET_CORPUS, too
 *
 * Return: 0, or -1 with errno.
 */
int fuzz_corpus_load(struct fuzz_corpus *corpus)
{
	char self[PATH_MAX], path[PATH_MAX + 16];
	const char *more = getenv("VNET_CORPUS");
	ssize_t n;

	memset(corpus, 0, sizeof(*corpus));
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n < 0)
		return -1;
	self[n] = 0;
	snprintf(path, sizeof(path), "%s/corpus", dirname(self));
	if (fuzz_corpus_read(corpus, path))
		return -1;
	if (more)
		fuzz_corpus_read(corpus, more);	/* need not be there yet */
	corpus->known = corpus->count;
	return 0;
}

/* Kind and shape: up to the second blank. */
static size_t fuzz_shape_len(const char *line)
{
	size_t n = strcspn(line, " ");

	return line[n] ? n + 1 + strcspn(line + n + 1, " ") : n;
}

static int fuzz_corpus_find(const struct fuzz_corpus *corpus, const char *line)
{
	size_t n = fuzz_shape_len(line);
	unsigned int i;

	for (i = 0; i < corpus->count; i++)
		if (fuzz_shape_len(corpus->lines[i]) == n &&
		    !memcmp(corpus->lines[i], line, n))
			return i;
	return -1;
}

/**
 * fuzz_corpus_has - is there need for a line of that shape?
 * @corpus: corpus
 * @shape: "KIND SHAPE"
 * @shorter_than: a new line counts only if it is longer than this
 *
 * Return: whether the files have it, or else this run has as short a line.
 */
bool fuzz_corpus_has(const struct fuzz_corpus *corpus, const char *shape,
		     size_t shorter_than)
{
	int i = fuzz_corpus_find(corpus, shape);

	return i >= 0 && (i < (int)corpus->known ||
			  strlen(corpus->lines[i]) <= shorter_than);
}

/**
 * fuzz_corpus_add - keep a line, in place of one of the same shape
 * @corpus: corpus
 * @line: "KIND SHAPE REST"
 */
void fuzz_corpus_add(struct fuzz_corpus *corpus, const char *line)
{
	int i = fuzz_corpus_find(corpus, line);

	if (i < 0) {
		if (corpus->count == FUZZ_MAX_SHAPES)
			return;
		i = corpus->count++;
	} else {
		free(corpus->lines[i]);
	}
	corpus->lines[i] = strdup(line);
	if (!corpus->lines[i])
		abort();
}

/**
 * fuzz_corpus_save - append what is new to $VNET_CORPUS, if that is set
 * @corpus: corpus
 *
 * Return: 0, or -1 with errno.
 */
int fuzz_corpus_save(const struct fuzz_corpus *corpus)
{
	const char *path = getenv("VNET_CORPUS");
	unsigned int i;
	FILE *file;

	if (!path || corpus->known == corpus->count)
		return 0;
	file = fopen(path, "a");
	if (!file)
		return -1;
	for (i = corpus->known; i < corpus->count; i++)
		fprintf(file, "%s\n", corpus->lines[i]);
	return fclose(file);
}

/**
 * fuzz_corpus_free - free the lines
 * @corpus: corpus
 */
void fuzz_corpus_free(struct fuzz_corpus *corpus)
{
	while (corpus->count)
		free(corpus->lines[--corpus->count]);
}

/**
 * fuzz_hex - bytes as text
 * @to: where to, 2 * @n + 1 bytes
 * @bytes: these
 * @n: how many
 */
void fuzz_hex(char *to, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;

	*to = 0;
	while (n--)
		to += sprintf(to, "%02x", *p++);
}

/**
 * fuzz_unhex - text as bytes
 * @to: where to
 * @size: bytes there
 * @hex: text, up to the first character that is no hexadecimal digit
 *
 * Return: bytes written.
 */
size_t fuzz_unhex(void *to, size_t size, const char *hex)
{
	unsigned char *p = to;
	size_t n;

	for (n = 0; n < size && isxdigit(hex[2 * n]); n++)
		if (sscanf(hex + 2 * n, "%2hhx", p + n) != 1)
			break;
	return n;
}
