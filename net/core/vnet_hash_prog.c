// SPDX-License-Identifier: GPL-2.0
/*
 * What programs of BPF_PROG_TYPE_VNET_HASH can call.
 *
 * None of these writes through a pointer: the verifier would let a program give
 * one into the packet, which it may only read.  For the same reason they have no
 * bpf_dynptr_from_skb(): bpf_dynptr_slice() fills a buffer.
 */
#include <linux/btf.h>
#include <linux/btf_ids.h>
#include <linux/filter.h>
#include <net/vnet_hash_prog.h>

__bpf_kfunc_start_defs();

/**
 * bpf_vnet_hash_set - report a hash for the packet
 * @skb_ctx: packet
 * @value: hash
 * @report: VIRTIO_NET_HASH_REPORT_*; for VIRTIO_NET_HASH_REPORT_NONE the value
 *	    is not reported
 *
 * The last call counts.  Where a program calls this not at all, the kernel's
 * hash is reported, if the device is told to compute it.
 *
 * Return: 0, -EINVAL for an unknown @report, -ENODEV if no device runs the
 * program (BPF_PROG_TEST_RUN).
 */
__bpf_kfunc int bpf_vnet_hash_set(struct __sk_buff *skb_ctx, u32 value,
				  u32 report)
{
	const struct vnet_hash_run *run;
	struct vnet_hash_ext *ext;

	run = *vnet_hash_run_slot((struct sk_buff *)skb_ctx);
	if (!run)
		return -ENODEV;
	if (report > VIRTIO_NET_HASH_REPORT_UDPv6_EX)
		return -EINVAL;

	ext = run->ext;
	ext->hash.value = report == VIRTIO_NET_HASH_REPORT_NONE ? 0 : value;
	ext->hash.report = report;
	ext->reported = true;

	return 0;
}

/**
 * bpf_vnet_hash_compute - the kernel's hash of the packet, with the device's key
 * @skb_ctx: packet
 * @types: VIRTIO_NET_RSS_HASH_TYPE_* to choose among; what the device was told
 *	   does not matter
 *
 * Specification: virtio 1.3, 5.1.6.4.3.
 *
 * Return: the hash, and its VIRTIO_NET_HASH_REPORT_* in the upper 32 bits; 0
 * for a packet of none of @types, for a type that there is not, for a key too
 * short for @types, without a key, and if no device runs the program.
 */
__bpf_kfunc u64 bpf_vnet_hash_compute(struct __sk_buff *skb_ctx, u32 types)
{
	const struct sk_buff *skb = (struct sk_buff *)skb_ctx;
	const struct vnet_hash_run *run = *vnet_hash_run_slot(skb);
	struct virtio_net_hash hash;

	if (!run || !types || types & ~run->types)
		return 0;

	hash = virtio_net_hash_skb(run->toeplitz, types, skb, run->ethernet);

	return hash.value | (u64)hash.report << 32;
}

/**
 * bpf_vnet_hash_toeplitz - Toeplitz hash of any bytes, with the device's key
 * @skb_ctx: packet
 * @data: bytes to hash; on the stack, in the packet or in a map that the program
 *	  may write (the verifier takes none that are constant)
 * @data__sz: how many, 36 at most
 *
 * Return: the hash; 0 without a key, with one shorter than @data__sz + 4, and
 * if no device runs the program.
 */
__bpf_kfunc u32 bpf_vnet_hash_toeplitz(struct __sk_buff *skb_ctx,
				       const void *data, u32 data__sz)
{
	const struct vnet_hash_run *run;
	const u8 *byte = data;
	u32 hash = 0;
	u32 i;

	run = *vnet_hash_run_slot((struct sk_buff *)skb_ctx);
	if (!run || !run->toeplitz || data__sz > VIRTIO_NET_HASH_MAX_INPUT ||
	    run->key_size < data__sz + 4)
		return 0;

	for (i = 0; i < data__sz; i++)
		hash ^= run->toeplitz->byte[i][byte[i]];

	return hash;
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(vnet_hash_kfunc_ids)
BTF_ID_FLAGS(func, bpf_vnet_hash_set)
BTF_ID_FLAGS(func, bpf_vnet_hash_compute)
BTF_ID_FLAGS(func, bpf_vnet_hash_toeplitz)
BTF_KFUNCS_END(vnet_hash_kfunc_ids)

static const struct btf_kfunc_id_set vnet_hash_kfunc_set = {
	.owner = THIS_MODULE,
	.set = &vnet_hash_kfunc_ids,
};

static int __init vnet_hash_prog_init(void)
{
	return register_btf_kfunc_id_set(BPF_PROG_TYPE_VNET_HASH,
					 &vnet_hash_kfunc_set);
}
late_initcall(vnet_hash_prog_init);
