/* SPDX-License-Identifier: GPL-2.0 */
/* The virtio-net header that tun and tap put in front of a packet. */
#ifndef TUN_VNET_H
#define TUN_VNET_H

#include <linux/uio.h>
#include <uapi/linux/virtio_net.h>

/* The part of tun_vnet_hdr_put() for all sizes. */
static inline int __tun_vnet_hdr_put(struct iov_iter *iter,
				     const struct virtio_net_hdr_v1_hash *hdr,
				     size_t hdr_sz)
{
	size_t len = sizeof(struct virtio_net_hdr);

	if (hdr_sz >= sizeof(*hdr))
		len = sizeof(*hdr);
	else if (hdr_sz >= sizeof(hdr->hdr))
		len = sizeof(hdr->hdr);

	if (unlikely(copy_to_iter(hdr, len, iter) != len))
		return -EFAULT;

	if (hdr_sz > len && iov_iter_zero(hdr_sz - len, iter) != hdr_sz - len)
		return -EFAULT;

	return 0;
}

/**
 * tun_vnet_hdr_put - write a virtio-net header of the reader's size
 * @iter: where to; advanced by @hdr_sz on success
 * @hdr: the header, every field set (0 where the kernel has nothing to say)
 * @hdr_sz: bytes of header that the reader asked for (TUNSETVNETHDRSZ), at
 *	    least sizeof(struct virtio_net_hdr)
 *
 * The longest of struct virtio_net_hdr, virtio_net_hdr_v1 and
 * virtio_net_hdr_v1_hash that fits @hdr_sz is written, then zeroes: a field is
 * there wholly or not at all.
 *
 * Context: process context, may fault.
 * Return: 0, -EINVAL when the reader's buffer cannot hold @hdr_sz bytes,
 *	   -EFAULT when it cannot be written.
 */
static inline int tun_vnet_hdr_put(struct iov_iter *iter,
				   const struct virtio_net_hdr_v1_hash *hdr,
				   int hdr_sz)
{
	if (unlikely(iov_iter_count(iter) < hdr_sz))
		return -EINVAL;

	/* Most readers; a constant is cheaper. */
	if (likely(hdr_sz == sizeof(hdr->hdr)))
		return __tun_vnet_hdr_put(iter, hdr, sizeof(hdr->hdr));

	return __tun_vnet_hdr_put(iter, hdr, hdr_sz);
}

#endif /* TUN_VNET_H */
