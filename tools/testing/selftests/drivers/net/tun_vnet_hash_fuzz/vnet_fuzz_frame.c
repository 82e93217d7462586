// SPDX-License-Identifier: GPL-2.0
/*
 * Frames at random, right ones and hostile ones.
 */

#include <stdio.h>
#include <string.h>

#include "vnet_flow.h"
#include "vnet_fuzz.h"
#include "vnet_fuzz_frame.h"
#include "vnet_hash_ref.h"

#define ETH_LEN		14
#define TAG_LEN		4
#define IP6_LEN		40

static void set16(unsigned char *p, unsigned int v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static unsigned int get16(const unsigned char *p)
{
	return p[0] << 8 | p[1];
}

static const uint16_t ether_types[] = {
	0x0800, 0x86dd, 0x8100, 0x88a8, 0x0806, 0x8847, 0x9100, 0x05dc,
};

static const uint8_t protocols[] = {
	0, 4, 6, 17, 41, 43, 44, 47, 50, 51, 58, 59, 60, 132, 135, 139, 140,
	255,
};

#define PICK(state, array) ((array)[fuzz_draw(state, ARRAY_SIZE(array))])

/*
 * Changes.  Each gets a frame, where its IP header was once, and which bytes at
 * its start must stay as they are: addresses by which it is delivered.
 */

struct change {
	uint64_t *state;
	struct fuzz_frame *frame;
	size_t l3;
	size_t fixed;
	bool ethernet;
};

/* A place that is worth changing: mostly in the headers. */
static size_t place(const struct change *c, size_t width)
{
	size_t end = c->frame->len;

	if (end < c->fixed + width)
		return 0;
	if (end > c->l3 + 120 && fuzz_chance(c->state, 90))
		end = c->l3 + 120;
	return c->fixed + fuzz_draw(c->state, end - c->fixed - width + 1);
}

static unsigned char *insert(const struct change *c, size_t at, size_t n)
{
	struct fuzz_frame *frame = c->frame;

	if (at > frame->len || frame->len + n > sizeof(frame->data))
		return NULL;
	memmove(frame->data + at + n, frame->data + at, frame->len - at);
	frame->len += n;
	return frame->data + at;
}

/* Anywhere, or where a header ends, or nearly */
static void cut(const struct change *c)
{
	size_t most = c->frame->len, at;

	if (most <= c->fixed)
		return;
	if (fuzz_chance(c->state, 40))
		at = c->l3 + 20 + 4 * fuzz_draw(c->state, 12) +
		     fuzz_draw(c->state, 3) - 1;
	else if (most > c->l3 + 100 && fuzz_chance(c->state, 80))
		at = c->fixed + 1 + fuzz_draw(c->state, c->l3 + 100 - c->fixed);
	else
		at = c->fixed + 1 + fuzz_draw(c->state, most - c->fixed);
	if (at < most)
		c->frame->len = at;
}

/* Long ones are in pages, only the first bytes are not. */
static void extend(const struct change *c)
{
	size_t room = sizeof(c->frame->data) - c->frame->len;
	size_t n = fuzz_chance(c->state, 50) ? 64 : 8000;

	n = fuzz_draw(c->state, (n < room ? n : room) + 1);
	fuzz_bytes(c->state, c->frame->data + c->frame->len, n);
	c->frame->len += n;
}

static void flip(const struct change *c)
{
	unsigned int n = 1 + fuzz_draw(c->state, 4);
	size_t at;

	while (n--) {
		at = place(c, 1);
		if (at)
			c->frame->data[at] ^= 1 << fuzz_draw(c->state, 8);
	}
}

static void byte(const struct change *c)
{
	static const uint8_t values[] = {
		0, 1, 2, 0x40, 0x60, 0x7f, 0x80, 255,
	};
	size_t at = place(c, 1);

	if (at)
		c->frame->data[at] = PICK(c->state, values);
}

static void word(const struct change *c)
{
	size_t at = place(c, 2);
	const uint16_t values[] = {
		0, 1, 0x2000, 0x1fff, 0x7fff, 0x8000, 0xffff,
		c->frame->len, c->frame->len - at, c->frame->len - at + 1,
	};

	if (at)
		set16(c->frame->data + at, PICK(c->state, values));
}

static void protocol(const struct change *c)
{
	static const uint8_t lengths[] = { 0, 1, 4, 4, 5, 6, 7, 15 };
	unsigned char *ip = c->frame->data + c->l3;

	if (c->frame->len < c->l3 + 20)
		return;
	ip[*ip >> 4 == 4 ? 9 : 6] = PICK(c->state, protocols);
	if (*ip >> 4 == 4 && fuzz_chance(c->state, 50))
		*ip = 0x40 | PICK(c->state, lengths);
}

static void type(const struct change *c)
{
	unsigned char *data = c->frame->data;

	if (!c->ethernet)
		data[0] = (data[0] & 0xf) | fuzz_draw(c->state, 16) << 4;
	else if (c->frame->len >= c->l3 && c->l3 >= ETH_LEN)
		set16(data + c->l3 - 2, PICK(c->state, ether_types));
}

static void tag(const struct change *c)
{
	unsigned int n = 1 + fuzz_draw(c->state, 3);
	unsigned char *p;

	while (c->ethernet && n--) {
		p = insert(c, 12, TAG_LEN);
		if (!p)
			return;
		set16(p, fuzz_chance(c->state, 50) ? 0x8100 : 0x88a8);
		set16(p + 2, fuzz_u64(c->state));
	}
}

/* Few options or nearly too many, then a home address, or nearly one */
static unsigned int options(const struct change *c, unsigned char *p)
{
	unsigned int n = 2 + fuzz_draw(c->state, 14), len;

	if (fuzz_chance(c->state, 50))
		n = 2 + 13 + fuzz_draw(c->state, 5);
	memset(p, 0, n);			/* Pad1 */
	p[n] = 0xc9;
	p[n + 1] = fuzz_chance(c->state, 60) ? 16 :
		   15 + fuzz_draw(c->state, 3);
	len = n + 2 + p[n + 1];
	if (fuzz_chance(c->state, 20))
		len -= fuzz_draw(c->state, 18);	/* of which the end lacks */
	return (len + 7) / 8 * 8;
}

/* A type 2 routing header, or nearly one */
static unsigned int routing(const struct change *c, unsigned char *p)
{
	p[2] = fuzz_chance(c->state, 80) ? 2 : fuzz_draw(c->state, 5);
	p[3] = fuzz_chance(c->state, 60) ? 1 : fuzz_draw(c->state, 3);
	return 8 * (fuzz_chance(c->state, 80) ? 3 :
		    1 + fuzz_draw(c->state, 5));
}

/* An extension header, with a length that is right, mostly */
static void extension(const struct change *c)
{
	static const uint8_t types[] = { 0, 43, 43, 44, 51, 60, 60, 60, 135 };
	unsigned int type = PICK(c->state, types), len;
	unsigned char *ip = c->frame->data + c->l3, *p;
	unsigned char hdr[64];

	if (c->frame->len < c->l3 + IP6_LEN || *ip >> 4 != 6)
		return;

	fuzz_bytes(c->state, hdr, sizeof(hdr));
	len = 8 * (1 + fuzz_draw(c->state, 4));
	if (type == 43)
		len = routing(c, hdr);
	else if (type == 60 && fuzz_chance(c->state, 80))
		len = options(c, hdr);
	hdr[0] = ip[6];
	if (fuzz_chance(c->state, 85))
		hdr[1] = type == 51 ? len / 4 - 2 : len / 8 - 1;

	p = insert(c, c->l3 + IP6_LEN, len);
	if (!p)
		return;
	memcpy(p, hdr, len);
	ip[6] = type;
}

static void change(const struct change *c)
{
	static void (* const changes[])(const struct change *c) = {
		cut, extend, flip, flip, byte, word, protocol, type, tag,
		extension, extension,
	};

	PICK(c->state, changes)(c);
}

/* Frames */

static size_t from_flow(const struct vnet_flow *flow, struct fuzz_frame *frame,
			bool ethernet)
{
	size_t l3 = vnet_flow_l3_offset(flow);

	frame->len = vnet_flow_build(flow, frame->data, VNET_FLOW_MAX_FRAME);
	if (ethernet)
		return l3;
	frame->len -= l3;
	memmove(frame->data, frame->data + l3, frame->len);
	return 0;
}

static void garbage(uint64_t *state, struct fuzz_frame *frame, bool ethernet)
{
	static const unsigned char macs[12] = {
		0x52, 0x54, 0x00, 0x12, 0x34, 0x56,
		0x52, 0x54, 0x00, 0x12, 0x34, 0x01,
	};

	frame->len = 1 + fuzz_draw(state, fuzz_chance(state, 90) ? 200 : 8000);
	fuzz_bytes(state, frame->data, frame->len);
	if (!ethernet) {
		if (fuzz_chance(state, 80))
			frame->data[0] = fuzz_chance(state, 50) ? 0x45 : 0x60;
		return;
	}
	memcpy(frame->data, macs, sizeof(macs));
	if (frame->len > ETH_LEN && fuzz_chance(state, 80)) {
		set16(frame->data + 12, PICK(state, ether_types));
		frame->data[14] = fuzz_chance(state, 50) ? 0x45 : 0x60;
	}
}

/* A TCP or UDP packet with room for segments, and the header to ask for them */
static void right_gso(uint64_t *state, struct fuzz_frame *frame, bool ethernet)
{
	struct vnet_flow flow;
	size_t l4;
	bool tcp;

	vnet_flow_random(state, &flow);
	flow.l3 = fuzz_chance(state, 50) ? VNET_L3_IPV4 : VNET_L3_IPV6;
	flow.l4 = fuzz_chance(state, 50) ? VNET_L4_TCP : VNET_L4_UDP;
	flow.frag_offset = 0;
	flow.more_frags = false;
	flow.ext[0] = VNET_EXT_END;
	if (flow.l3 == VNET_L3_IPV6)
		flow.ip_options = 0;
	flow.payload = 32 + fuzz_draw(state, fuzz_chance(state, 20) ? 32 : 1368);
	tcp = flow.l4 == VNET_L4_TCP;

	l4 = from_flow(&flow, frame, ethernet) +
	     (flow.l3 == VNET_L3_IPV6 ? IP6_LEN : 20 + 4 * flow.ip_options);
	frame->hdr = (struct virtio_net_hdr) {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.csum_start = l4,
		.csum_offset = tcp ? 16 : 6,
		.hdr_len = l4 + (tcp ? 20 : 8),
		/* Two segments or more, but not more than UDP may have */
		.gso_size = 16 + 8 * fuzz_draw(state, flow.payload / 8 - 1),
	};
	if (fuzz_chance(state, 20)) {
		frame->hdr.gso_type = VIRTIO_NET_HDR_GSO_NONE;
		frame->hdr.gso_size = 0;
	} else if (tcp) {
		frame->hdr.gso_type = flow.l3 == VNET_L3_IPV4 ?
				      VIRTIO_NET_HDR_GSO_TCPV4 :
				      VIRTIO_NET_HDR_GSO_TCPV6;
	} else {
		frame->hdr.gso_type = fuzz_chance(state, 50) ?
				      VIRTIO_NET_HDR_GSO_UDP_L4 :
				      VIRTIO_NET_HDR_GSO_UDP;
	}
}

static uint16_t any_offset(uint64_t *state, const struct fuzz_frame *frame)
{
	unsigned int n = fuzz_draw(state, 10);

	if (n < 7)
		return fuzz_draw(state, 128);
	if (n < 9)
		return fuzz_draw(state, frame->len + 2);
	return fuzz_u64(state);
}

/* Change the header of a frame, or make one up. */
static void hostile_hdr(uint64_t *state, struct fuzz_frame *frame)
{
	static const uint8_t types[] = {
		VIRTIO_NET_HDR_GSO_NONE, VIRTIO_NET_HDR_GSO_TCPV4,
		VIRTIO_NET_HDR_GSO_UDP, VIRTIO_NET_HDR_GSO_TCPV6,
		VIRTIO_NET_HDR_GSO_UDP_L4, VIRTIO_NET_HDR_GSO_TCPV4 | 0x80,
		VIRTIO_NET_HDR_GSO_UDP | 0x80, 2, 0xff,
	};
	static const uint16_t sizes[] = {
		0, 1, 7, 8, 9, 64, 536, 0xfffe, 0xffff,
	};
	struct virtio_net_hdr *hdr = &frame->hdr;

	if (fuzz_chance(state, 10)) {
		fuzz_bytes(state, hdr, sizeof(*hdr));
		return;
	}
	if (fuzz_chance(state, 20))
		hdr->flags = fuzz_draw(state, 8);
	if (fuzz_chance(state, 30))
		hdr->gso_type = PICK(state, types);
	if (fuzz_chance(state, 40))
		hdr->gso_size = PICK(state, sizes);
	if (fuzz_chance(state, 20))
		hdr->hdr_len = any_offset(state, frame);
	if (fuzz_chance(state, 20))
		hdr->csum_start = any_offset(state, frame);
	if (fuzz_chance(state, 20))
		hdr->csum_offset = any_offset(state, frame);
}

/**
 * fuzz_frame_draw - draw an input
 * @state: of the generator
 * @frame: to be filled
 * @ethernet: frames have an Ethernet header
 * @other_mac: they arrive whatever addresses are in it
 */
void fuzz_frame_draw(uint64_t *state, struct fuzz_frame *frame, bool ethernet,
		     bool other_mac)
{
	struct change c = {
		.state = state, .frame = frame, .ethernet = ethernet,
		.fixed = !ethernet || other_mac ? 0 : 12,
	};
	unsigned int n = fuzz_draw(state, 100), changes = 0;
	struct vnet_flow flow;

	memset(&frame->hdr, 0, sizeof(frame->hdr));
	frame->way = n < 75 ? FUZZ_PLAIN : n < 80 ? FUZZ_GSO :
		     n < 90 ? FUZZ_GSO_HOSTILE : FUZZ_WRITE;
	c.l3 = ethernet ? ETH_LEN : 0;

	if (frame->way != FUZZ_PLAIN) {
		right_gso(state, frame, ethernet);
		if (frame->way == FUZZ_GSO)
			return;
		hostile_hdr(state, frame);
		if (frame->way == FUZZ_WRITE && fuzz_chance(state, 50))
			memset(&frame->hdr, 0, sizeof(frame->hdr));
		changes = fuzz_draw(state, 3);
	} else if (fuzz_chance(state, 6)) {
		garbage(state, frame, ethernet);
	} else {
		vnet_flow_random(state, &flow);
		c.l3 = from_flow(&flow, frame, ethernet);
		if (fuzz_chance(state, 60))
			changes = 1 + fuzz_draw(state, 4);
	}
	while (changes--)
		change(&c);
}

/* Shapes */

static unsigned int count_tags(const struct fuzz_frame *frame, size_t *l3)
{
	unsigned int n = 0;

	for (*l3 = ETH_LEN; *l3 <= frame->len; *l3 += TAG_LEN, n++) {
		unsigned int t = get16(frame->data + *l3 - 2);

		if (t != 0x8100 && t != 0x88a8)
			break;
	}
	return n;
}

/* The first protocol of an IP packet, if it is one that hashing looks at */
static const char *shape_protocol(unsigned int version, unsigned int protocol)
{
	static const char * const ip4[256] = { [6] = "tcp", [17] = "udp" };
	static const char * const ip6[256] = {
		[0] = "hop", [6] = "tcp", [17] = "udp", [43] = "routing",
		[44] = "fragment", [51] = "auth", [60] = "options",
		[135] = "mobility",
	};
	const char *name = (version == 4 ? ip4 : ip6)[protocol];

	return name ? name : "other";
}

/* What is asked for: kind of segments, checksum */
static void shape_gso(const struct fuzz_frame *frame, const char *ip,
		      char *shape, size_t size)
{
	unsigned int type = frame->hdr.gso_type;

	if (type & VIRTIO_NET_HDR_GSO_ECN || frame->way == FUZZ_WRITE)
		ip = "ip";
	snprintf(shape, size, "type%u%s/%s", type,
		 frame->hdr.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM ? "+csum" : "",
		 ip);
}

/**
 * fuzz_frame_shape - what kind of frame is it?
 * @frame: frame
 * @ethernet: it has an Ethernet header
 * @shape: where to write words without blanks
 * @size: bytes there; 64 is enough
 *
 * Of a plain frame: tags, or IP version and first protocol, then the report,
 * and "+" if another address is hashed than those in the IP header.
 */
void fuzz_frame_shape(const struct fuzz_frame *frame, bool ethernet,
		      char *shape, size_t size)
{
	const uint32_t ex = VIRTIO_NET_RSS_HASH_TYPE_IP_EX |
			    VIRTIO_NET_RSS_HASH_TYPE_TCP_EX |
			    VIRTIO_NET_RSS_HASH_TYPE_UDP_EX;
	unsigned int tags, version = 0, protocol;
	struct vnet_hash_ref_result all, plain;
	struct vnet_conf conf;
	const char *report;
	size_t l3 = 0;

	tags = ethernet ? count_tags(frame, &l3) : 0;
	vnet_conf_init(&conf, TUN_VNET_HASH_REPORT, 1);
	all = vnet_hash_ref(frame->data, frame->len, ethernet, VNET_ALL_TYPES,
			    conf.key, sizeof(conf.key));
	plain = vnet_hash_ref(frame->data, frame->len, ethernet,
			      VNET_ALL_TYPES & ~ex, conf.key, sizeof(conf.key));
	report = vnet_hash_ref_report_name(all.report);
	if (all.report)
		version = frame->data[l3] >> 4;

	if (frame->way != FUZZ_PLAIN) {
		shape_gso(frame, version == 4 ? "ip4" : version ? "ip6" : "no",
			  shape, size);
	} else if (tags > 1) {
		snprintf(shape, size, "tags%u/%s", tags > 2 ? 3 : 2,
			 all.report ? "hash" : "NONE");
	} else if (tags || !version) {
		snprintf(shape, size, "tags%u/%s", tags, report);
	} else {
		protocol = frame->data[l3 + (version == 4 ? 9 : 6)];
		snprintf(shape, size, "ip%u.%s/%s%s", version,
			 shape_protocol(version, protocol), report,
			 all.value != plain.value ? "+" : "");
	}
}

/**
 * fuzz_frame_to_ethernet - a frame for the corpus
 * @frame: frame
 * @ethernet: it has an Ethernet header
 * @to: where to write it with one, with the addresses that all have
 * @size: bytes there
 *
 * Return: its length, 0 if it does not fit.
 */
size_t fuzz_frame_to_ethernet(const struct fuzz_frame *frame, bool ethernet,
			      unsigned char *to, size_t size)
{
	static const unsigned char dst[6] = VNET_FLOW_DST_MAC;
	static const unsigned char src[6] = VNET_FLOW_SRC_MAC;
	size_t skip = ethernet ? 0 : ETH_LEN;

	if (frame->len + skip > size || frame->len + skip < ETH_LEN)
		return 0;
	if (!ethernet)
		set16(to + 12, frame->data[0] >> 4 == 6 ? 0x86dd : 0x0800);
	memcpy(to + skip, frame->data, frame->len);
	memcpy(to, dst, 6);
	memcpy(to + 6, src, 6);
	return frame->len + skip;
}

/**
 * fuzz_frame_from_ethernet - a frame out of the corpus
 * @frame: frame with Ethernet header, loses it if need be
 * @ethernet: the device wants it
 *
 * Return: whether the device can have such a frame.
 */
bool fuzz_frame_from_ethernet(struct fuzz_frame *frame, bool ethernet)
{
	unsigned int t, version;

	if (ethernet)
		return true;
	if (frame->len <= ETH_LEN)
		return false;
	t = get16(frame->data + 12);
	version = frame->data[ETH_LEN] >> 4;
	if (!(t == 0x0800 && version == 4) && !(t == 0x86dd && version == 6))
		return false;
	frame->len -= ETH_LEN;
	memmove(frame->data, frame->data + ETH_LEN, frame->len);
	if (frame->way != FUZZ_PLAIN) {
		frame->hdr.hdr_len -= ETH_LEN;
		frame->hdr.csum_start -= ETH_LEN;
	}
	return true;
}
