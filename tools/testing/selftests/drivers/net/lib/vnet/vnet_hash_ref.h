/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Second opinion on the virtio-net receive hash, for tests and the demo.
 *
 * Written from virtio 1.3, 5.1.6.4.3, in user space, without
 * tables or tricks, so that a fault shared with the kernel is unlikely.
 */
#ifndef VNET_HASH_REF_H
#define VNET_HASH_REF_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct vnet_hash_ref_result - what a device owes its driver for a packet
 * @value: hash value, host byte order; 0 with VIRTIO_NET_HASH_REPORT_NONE
 * @report: VIRTIO_NET_HASH_REPORT_*
 */
struct vnet_hash_ref_result {
	uint32_t value;
	uint16_t report;
};

struct vnet_hash_ref_result vnet_hash_ref(const void *frame, size_t len, int l2,
					  uint32_t types, const uint8_t *key,
					  size_t key_len);
uint32_t vnet_hash_ref_toeplitz(const uint8_t *data, size_t len,
				const uint8_t *key, size_t key_len);
const char *vnet_hash_ref_report_name(uint16_t report);

#endif /* VNET_HASH_REF_H */
