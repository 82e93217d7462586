/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A program that was loaded once, under traffic, while ethtool changes whether there
 * is a hash, its key, its types and the table: what the tests on different devices
 * share.  Packets are of live_frame().
 */
#ifndef HINTS_LIVE_H
#define HINTS_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "fake_dev.h"
#include "xdp_hints.h"

#define LIVE_PAIRS	4
#define LIVE_FRAME_LEN	64
#define LIVE_CHANGES	32

struct bpf_object;
struct ring_buffer;
struct live_shared;

/**
 * struct live - such a test
 * @dev: the device, of which the name and what ethtool needs are used
 * @object: programs
 * @ring: of records
 * @records: of packets, @count of them
 * @count: how many
 * @shared: what the process that changes the configuration has done
 * @child: that process, or 0
 * @prog_id: of the program that is attached
 */
struct live {
	struct fake_dev *dev;
	struct bpf_object *object;
	struct ring_buffer *ring;
	struct hints_record *records;
	unsigned int count;
	struct live_shared *shared;
	pid_t child;
	uint32_t prog_id;
};

/**
 * struct live_result - whether the hints were right
 * @settled: packets 100 ms after a change, and before the next one
 * @other: the other ones
 * @wrong: packets with a hint that no configuration in question makes of them
 * @refused: changes that ethtool refused
 * @reloaded: another program is attached
 */
struct live_result {
	unsigned int settled;
	unsigned int other;
	unsigned int wrong;
	unsigned int refused;
	bool reloaded;
};

void live_frame(uint8_t *frame, uint32_t number);
int live_start(struct live *live, struct fake_dev *dev);
int live_change(struct live *live);
bool live_changing(const struct live *live);
void live_collect(struct live *live);
struct live_result live_judge(struct live *live, FILE *log);
void live_stop(struct live *live);

#endif /* HINTS_LIVE_H */
