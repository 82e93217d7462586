/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the two fuzz programs share: numbers at random, what the environment
 * asks for, devices, configurations, and the corpus.
 *
 * VNET_SEED=N
 *	the seed; "random" for another one each time
 * VNET_COUNT=N
 *	inputs per test case
 * VNET_ONLY=I
 *	only the input with that index (of the ioctls: the episode)
 * VNET_CORPUS=FILE
 *	append accepted inputs of a shape that neither FILE nor "corpus" has
 */
#ifndef VNET_FUZZ_H
#define VNET_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vnet_tap.h"

#define FUZZ_QUEUES	4

/* Numbers */

uint64_t fuzz_u64(uint64_t *state);
uint32_t fuzz_draw(uint64_t *state, uint32_t below);
bool fuzz_chance(uint64_t *state, unsigned int percent);
void fuzz_bytes(uint64_t *state, void *buf, size_t n);
uint64_t fuzz_state(uint64_t seed, uint64_t index);

/**
 * struct fuzz_run - what a test case was asked to do
 * @seed: all inputs derive from it
 * @count: inputs
 * @only: index of the one input to try, or -1
 */
struct fuzz_run {
	uint64_t seed;
	unsigned long count;
	long only;
};

struct fuzz_run fuzz_run_init(unsigned long count);
bool fuzz_run_wants(const struct fuzz_run *run, unsigned long index);

/* Devices */

enum fuzz_kind {
	FUZZ_TUN,
	FUZZ_TAP,
	FUZZ_MACVTAP,
};

/**
 * struct fuzz_dev - a device with FUZZ_QUEUES queues, up
 * @tap: the device
 * @kind: what it is
 * @ethernet: its frames have an Ethernet header
 * @gso: the same as @tap.packet, with a struct virtio_net_hdr before each frame
 * @order: which of @tap.fds is at each position of the device
 * @attached: how many positions there are
 */
struct fuzz_dev {
	struct vnet_tap tap;
	enum fuzz_kind kind;
	bool ethernet;
	int gso;
	unsigned int order[FUZZ_QUEUES];
	unsigned int attached;
};

int fuzz_dev_create(struct fuzz_dev *dev, enum fuzz_kind kind);
void fuzz_dev_destroy(struct fuzz_dev *dev);
int fuzz_dev_unattached(enum fuzz_kind kind);
bool fuzz_dev_is_attached(const struct fuzz_dev *dev, unsigned int q);
int fuzz_dev_set_queue(struct fuzz_dev *dev, unsigned int q, short flags);
int fuzz_dev_reset_queues(struct fuzz_dev *dev);

/* Configurations that must be accepted */

unsigned int fuzz_key_size(uint32_t types);
uint32_t fuzz_types(uint64_t *state);
void fuzz_conf(uint64_t *state, struct vnet_conf *conf, uint32_t flags);

/* The corpus: a line for every shape that was accepted */

#define FUZZ_MAX_SHAPES	512
#define FUZZ_MAX_LINE	16384

/**
 * struct fuzz_corpus - lines by shape
 * @lines: "KIND SHAPE REST", without comments
 * @count: how many
 * @known: that many of them were in the files
 */
struct fuzz_corpus {
	char *lines[FUZZ_MAX_SHAPES];
	unsigned int count;
	unsigned int known;
};

int fuzz_corpus_load(struct fuzz_corpus *corpus);
void fuzz_corpus_add(struct fuzz_corpus *corpus, const char *line);
bool fuzz_corpus_has(const struct fuzz_corpus *corpus, const char *shape,
		     size_t shorter_than);
int fuzz_corpus_save(const struct fuzz_corpus *corpus);
void fuzz_corpus_free(struct fuzz_corpus *corpus);

void fuzz_hex(char *to, const void *bytes, size_t n);
size_t fuzz_unhex(void *to, size_t size, const char *hex);

#endif /* VNET_FUZZ_H */
