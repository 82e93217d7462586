/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of bpfnic share: links, frames, statistics, and what the module says
 * of itself.
 */
#ifndef BPFNIC_LIB_H
#define BPFNIC_LIB_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(arr) (sizeof(arr) / sizeof((arr)[0]))
#endif

#define NIC_ETHERTYPE	0x88b5	/* for experiments: nobody else sends it */
#define NIC_MAX_STATS	512

/**
 * struct nic - a link, and what is on its wire
 * @name: of the host's side
 * @wire: of the wire's side: @name with "_wire", or the link that was given
 * @ifindex: of @name
 * @wire_ifindex: of @wire, or 0
 */
struct nic {
	char name[IFNAMSIZ];
	char wire[IFNAMSIZ];
	unsigned int ifindex;
	unsigned int wire_ifindex;
};

/**
 * struct nic_stats - all that `ethtool -S` shows
 * @count: of the others
 * @name: of each
 * @value: of each
 */
struct nic_stats {
	unsigned int count;
	char name[NIC_MAX_STATS][32];
	uint64_t value[NIC_MAX_STATS];
};

int nic_run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int nic_run_quiet(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
ssize_t nic_output(char *text, size_t room, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int nic_write(const char *path, const char *text);
int nic_wait(bool (*done)(void *ctx), void *ctx, int ms);

int nic_namespace(void);
int nic_add(struct nic *nic, const char *name, unsigned int queues);
int nic_add_port(struct nic *nic, const char *name, const char *link);
int nic_mtu(const struct nic *nic, unsigned int mtu);
int nic_del(struct nic *nic);

int nic_stats(const char *name, struct nic_stats *stats);
long long nic_stat_of(const struct nic_stats *stats, const char *name);
long long nic_stat(const char *name, const char *stat);
int nic_wait_stat(const char *name, const char *stat, long long value, int ms);

int nic_socket(unsigned int ifindex, unsigned int ethertype);
int nic_hear_outgoing(int fd);
int nic_send(int fd, const void *frame, size_t len);
ssize_t nic_recv(int fd, void *frame, size_t room, int ms);
int nic_steer(const struct nic *nic, int queue);
void nic_frame(uint8_t *frame, size_t len, uint32_t number);

long long nic_param(const char *name);
int nic_set_param(const char *name, long long value);
int nic_objects(const char *file);
int nic_wait_objects(const char *file, int count, int ms);
int nic_log_open(void);
int nic_log_count(int fd, const char *what);

int nic_map(int type, uint32_t key, uint32_t value, uint32_t entries, uint32_t flags,
	    unsigned int ifindex);

uint64_t nic_bytes(const char *text, int count);
uint64_t nic_now(void);
bool nic_slow(void);
uint64_t nic_seed(uint64_t fallback);
uint64_t nic_random(uint64_t *state);

#endif /* BPFNIC_LIB_H */
