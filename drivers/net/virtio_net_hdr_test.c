// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of struct virtio_net_hdr's translation to an skb and back
 */

#include <kunit/test.h>
#include <linux/etherdevice.h>
#include <linux/skbuff.h>
#include <linux/virtio_net.h>

#include "virtio_net_hdr_vectors.h"

static void to_desc(const struct virtio_net_hdr_vector *v, char *desc)
{
	strscpy(desc, v->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(vector, virtio_net_hdr_vectors, to_desc);

static struct virtio_net_hdr make_hdr(const struct virtio_net_hdr_vector *v, bool le)
{
	return (struct virtio_net_hdr) {
		.flags = v->flags,
		.gso_type = v->gso_type,
		.gso_size = __cpu_to_virtio16(le, v->gso_size),
		.csum_start = __cpu_to_virtio16(le, v->csum_start),
		.csum_offset = __cpu_to_virtio16(le, v->csum_offset),
	};
}

/* The frame, of which at least an Ethernet header is linear. */
static struct sk_buff *make_skb(struct kunit *test,
				const struct virtio_net_hdr_vector *v,
				unsigned int linear)
{
	unsigned int rest;
	struct sk_buff *skb;
	struct page *page;

	linear = min(linear, v->len);
	rest = v->len - linear;
	skb = alloc_skb(NET_SKB_PAD + 4096, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_reserve(skb, NET_SKB_PAD);
	skb_put_data(skb, v->frame, linear);
	if (rest) {
		page = alloc_page(GFP_KERNEL);
		if (!page) {
			kfree_skb(skb);
			KUNIT_ASSERT_NOT_NULL(test, page);
		}
		memcpy(page_address(page), v->frame + linear, rest);
		skb_add_rx_frag(skb, 0, page, 0, rest, PAGE_SIZE);
	}
	return skb;
}

static void check(struct kunit *test, bool le, unsigned int linear)
{
	const struct virtio_net_hdr_vector *v = test->param_value;
	struct virtio_net_hdr hdr = make_hdr(v, le), back, want = hdr;
	struct sk_buff *skb = make_skb(test, v, linear);
	int err;

	virtio_net_hdr_set_eth(skb, test->priv);
	err = virtio_net_hdr_to_skb(skb, &hdr, le);
	KUNIT_EXPECT_EQ(test, v->refused ? -EINVAL : 0, err);
	KUNIT_EXPECT_EQ(test, v->len, skb->len);
	if (err || v->refused)
		goto out;

	if (v->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
		KUNIT_EXPECT_EQ(test, CHECKSUM_PARTIAL, (int)skb->ip_summed);
		KUNIT_EXPECT_EQ(test, v->csum_start, skb_checksum_start_offset(skb));
		KUNIT_EXPECT_EQ(test, v->csum_offset, skb->csum_offset);
		/* Whoever completes it may write there. */
		KUNIT_EXPECT_LE(test, v->csum_start + v->csum_offset + sizeof(__sum16),
				skb_headlen(skb));
	} else {
		KUNIT_EXPECT_NE(test, CHECKSUM_PARTIAL, (int)skb->ip_summed);
	}
	KUNIT_EXPECT_EQ(test, !!v->still_gso, skb_is_gso(skb));
	if (v->still_gso) {
		KUNIT_EXPECT_EQ(test, v->gso_size, skb_shinfo(skb)->gso_size);
		KUNIT_EXPECT_TRUE(test, skb_shinfo(skb)->gso_type & SKB_GSO_DODGY);
	}

	/* DATA_VALID is for who has received. */
	want.flags &= ~VIRTIO_NET_HDR_F_DATA_VALID;
	if (!v->still_gso) {
		want.gso_type = VIRTIO_NET_HDR_GSO_NONE;
		want.gso_size = 0;
	}
	memset(&back, 0xff, sizeof(back));
	KUNIT_EXPECT_EQ(test, 0, virtio_net_hdr_from_skb(skb, &back, le, false, 0));
	/* A hint */
	if (v->still_gso)
		KUNIT_EXPECT_EQ(test, skb_headlen(skb), __virtio16_to_cpu(le, back.hdr_len));
	else
		KUNIT_EXPECT_EQ(test, 0, (__force u16)back.hdr_len);
	want.hdr_len = back.hdr_len;
	KUNIT_EXPECT_MEMEQ(test, &want, &back, sizeof(want));
out:
	kfree_skb(skb);
}

static void little_endian_test(struct kunit *test)
{
	check(test, true, 4096);
}

static void big_endian_test(struct kunit *test)
{
	check(test, false, 4096);
}

static void fragments_test(struct kunit *test)
{
	check(test, true, ETH_HLEN);
}

/* The tag that is not in the frame is in the offset. */
static void vlan_hlen_test(struct kunit *test)
{
	struct virtio_net_hdr hdr = {}, back;
	const struct virtio_net_hdr_vector *v = test->param_value;
	struct sk_buff *skb;

	if (v->refused || !(v->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
		return;
	hdr = make_hdr(v, true);
	skb = make_skb(test, v, 4096);
	virtio_net_hdr_set_eth(skb, test->priv);
	KUNIT_EXPECT_EQ(test, 0, virtio_net_hdr_to_skb(skb, &hdr, true));
	KUNIT_EXPECT_EQ(test, 0, virtio_net_hdr_from_skb(skb, &back, true, false, 4));
	KUNIT_EXPECT_EQ(test, v->csum_start + 4, __virtio16_to_cpu(true, back.csum_start));
	kfree_skb(skb);
}

static struct kunit_case virtio_net_hdr_cases[] = {
	KUNIT_CASE_PARAM(little_endian_test, vector_gen_params),
	KUNIT_CASE_PARAM(big_endian_test, vector_gen_params),
	KUNIT_CASE_PARAM(fragments_test, vector_gen_params),
	KUNIT_CASE_PARAM(vlan_hlen_test, vector_gen_params),
	{}
};

/* A device that is never registered: whose protocols are Ethernet's. */
static int make_dev(struct kunit *test)
{
	test->priv = alloc_etherdev(0);
	return test->priv ? 0 : -ENOMEM;
}

static void free_dev(struct kunit *test)
{
	free_netdev(test->priv);
}

static struct kunit_suite virtio_net_hdr_suite = {
	.name = "virtio_net_hdr",
	.init = make_dev,
	.exit = free_dev,
	.test_cases = virtio_net_hdr_cases,
};

kunit_test_suite(virtio_net_hdr_suite);

MODULE_DESCRIPTION("KUnit tests of struct virtio_net_hdr");
MODULE_LICENSE("GPL");
