/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VNETCTL_HASH_H
#define VNETCTL_HASH_H

#include <argp.h>
#include <stdbool.h>
#include <stdio.h>

#include <linux/if_tun.h>
#include <linux/virtio_net.h>

#ifndef TUNSETVNETHASH
#error "no TUNSETVNETHASH in these headers: give KHDR=DIR, of the patched kernel's headers_install"
#endif

/* Most queues that a tun or tap device can have (the drivers' own limit). */
#define HASH_MAX_QUEUES		256

/* Length of a table whose length the user did not choose. */
#define HASH_DEFAULT_TABLE	128

/**
 * struct hash_config - a device's receive hashing (virtio 1.3, 5.1.6.4.3)
 * @flags: TUN_VNET_HASH_*; 0: hashing is off
 * @hash_types: VIRTIO_NET_RSS_HASH_TYPE_*
 * @table: indirection_table, queue numbers; allocated
 * @table_length: entries in @table
 * @unclassified_queue: queue of packets that no hash type covers
 * @key: Toeplitz key; allocated
 * @key_size: bytes in @key
 */
struct hash_config {
	__u32 flags;
	__u32 hash_types;
	__u16 *table;
	unsigned int table_length;
	__u16 unclassified_queue;
	__u8 *key;
	unsigned int key_size;
};

/* Most characters that a key may have as hex, and one more. */
#define HASH_KEY_TEXT		1024

/* struct hash_opts - the hash options of set and run, as the user wrote them */
struct hash_opts {
	char key_text[HASH_KEY_TEXT];	/* what was in key_file */
	const char *types;
	const char *key;
	const char *key_file;
	const char *table;
	const char *unclassified;
	bool report;
	bool rss;
};

/* The word for a key or types that stay as they are */
#define HASH_KEEP		"keep"

struct hash_counters;
struct link_info;

/* hash_opts.c; the input of the argp is a struct hash_opts */
extern const struct argp hash_opts_argp;
bool hash_opts_given(const struct hash_opts *opts);
int hash_opts_check(struct hash_opts *opts, unsigned int queues);
bool hash_opts_keep(const struct hash_opts *opts);

/* hash_config.c */
int hash_config_make(const struct hash_opts *opts,
		     const struct tun_vnet_hash_cap *cap, unsigned int queues,
		     const struct hash_config *current,
		     struct hash_config *config);
int hash_config_check_queues(const struct hash_config *config,
			     const char *dev, unsigned int queues);
bool hash_config_equal(const struct hash_config *a,
		       const struct hash_config *b);
void hash_config_free(struct hash_config *config);

/* hash_types.c */
const char *hash_type_name(unsigned int bit);
const char *hash_flag_name(unsigned int bit);
int hash_types_parse(const char *text, __u32 supported, __u32 *types);
unsigned int hash_types_min_key(__u32 types, const char **longest);

/* hash_key.c */
int hash_key_check(const char *text);
int hash_key_read(const char *file, char *text, size_t size);
int hash_key_make(const char *text, unsigned int random_size,
		  struct hash_config *config);

/* hash_table.c */
int hash_table_make(const char *text, unsigned int max_length,
		    struct hash_config *config);
unsigned int hash_table_equal(const struct hash_config *config);

/* hash_ioctl.c */
int hash_query_cap(int fd, struct tun_vnet_hash_cap *cap);
int hash_get_cap(int fd, struct tun_vnet_hash_cap *cap);
int hash_read(int fd, const char *dev, struct hash_config *config);
int hash_apply(int fd, const char *dev, const struct hash_config *config);

/* hash_print.c */
void hash_print_cap(FILE *out, const struct tun_vnet_hash_cap *cap, bool json);
void hash_print_config(FILE *out, const char *dev,
		       const struct hash_config *config, bool json);
void hash_print_link(FILE *out, const struct link_info *link,
		     const struct hash_counters *counters, int header,
		     bool json);

#endif
