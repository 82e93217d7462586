// SPDX-License-Identifier: GPL-2.0
/*
 * Builds Ethernet frames from descriptions of flows.
 *
 * Lengths and checksums are right, so that nothing on the way has a reason to
 * drop a frame. Over a Home Address option or a type 2 routing header the
 * pseudo header has the addresses of the packet's true end points, RFC 6275,
 * 6.1.4 and 6.3, RFC 8200, 8.1. The checksum of a first fragment covers that
 * fragment alone: there are no others.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "vnet_flow.h"

enum {
	ETH_TYPE_IPV4	= 0x0800,
	ETH_TYPE_ARP	= 0x0806,
	ETH_TYPE_CTAG	= 0x8100,
	ETH_TYPE_IPV6	= 0x86dd,
	ETH_TYPE_STAG	= 0x88a8,
};

/* A frame that is being written; a write past the end sets @full. */
struct frame {
	uint8_t *data;
	size_t size;
	size_t len;
	bool full;
};

static uint8_t *put(struct frame *fr, size_t n)
{
	uint8_t *p = fr->data + fr->len;

	if (fr->full || fr->size - fr->len < n) {
		fr->full = true;
		return NULL;
	}
	fr->len += n;
	memset(p, 0, n);
	return p;
}

static void put_bytes(struct frame *fr, const void *src, size_t n)
{
	uint8_t *p = put(fr, n);

	if (p)
		memcpy(p, src, n);
}

static void put8(struct frame *fr, unsigned int v)
{
	uint8_t b = v;

	put_bytes(fr, &b, 1);
}

static void put16(struct frame *fr, unsigned int v)
{
	put8(fr, v >> 8);
	put8(fr, v & 0xff);
}

static void put32(struct frame *fr, uint32_t v)
{
	put16(fr, v >> 16);
	put16(fr, v & 0xffff);
}

static void set16(uint8_t *p, unsigned int v)
{
	p[0] = v >> 8;
	p[1] = v & 0xff;
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

static uint32_t sum16(uint32_t sum, const uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		sum += i & 1 ? p[i] : p[i] << 8;
	return sum;
}

static unsigned int fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

static bool has_ext(const struct vnet_flow *f, enum vnet_ext which)
{
	size_t i;

	for (i = 0; f->ext[i] != VNET_EXT_END; i++)
		if (f->ext[i] == which)
			return true;
	return false;
}

static bool has_transport(const struct vnet_flow *f)
{
	if (!f->frag_offset)
		return true;
	return f->l3 == VNET_L3_IPV6 && !has_ext(f, VNET_EXT_FRAGMENT);
}

static unsigned int protocol(const struct vnet_flow *f)
{
	switch (f->l4) {
	case VNET_L4_TCP:
		return IPPROTO_TCP;
	case VNET_L4_UDP:
		return IPPROTO_UDP;
	case VNET_L4_ICMP:
		return f->l3 == VNET_L3_IPV6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	case VNET_L4_SCTP:
		return IPPROTO_SCTP;
	case VNET_L4_ESP:
		return IPPROTO_ESP;
	default:
		return IPPROTO_NONE;
	}
}

/* Ethernet */

static unsigned int ether_type(const struct vnet_flow *f)
{
	switch (f->l3) {
	case VNET_L3_IPV4:
		return ETH_TYPE_IPV4;
	case VNET_L3_IPV6:
		return ETH_TYPE_IPV6;
	default:
		return ETH_TYPE_ARP;
	}
}

static void put_ethernet(struct frame *fr, const struct vnet_flow *f)
{
	static const uint8_t dst[6] = VNET_FLOW_DST_MAC;
	static const uint8_t src[6] = VNET_FLOW_SRC_MAC;

	put_bytes(fr, dst, 6);
	put_bytes(fr, src, 6);
	if (f->vlan[0]) {
		put16(fr, f->vlan[1] ? ETH_TYPE_STAG : ETH_TYPE_CTAG);
		put16(fr, f->vlan[0]);
	}
	if (f->vlan[1]) {
		put16(fr, ETH_TYPE_CTAG);
		put16(fr, f->vlan[1]);
	}
	put16(fr, ether_type(f));
}

static void put_arp(struct frame *fr, const struct vnet_flow *f)
{
	static const uint8_t src[6] = VNET_FLOW_SRC_MAC;

	put16(fr, 1);			/* Ethernet */
	put16(fr, ETH_TYPE_IPV4);
	put8(fr, 6);
	put8(fr, 4);
	put16(fr, 2);			/* reply: nobody answers it */
	put_bytes(fr, src, 6);
	put_bytes(fr, f->src, 4);
	put(fr, 6);
	put_bytes(fr, f->dst, 4);
}

/* IP headers */

static void put_ipv4(struct frame *fr, const struct vnet_flow *f)
{
	unsigned int i;

	put8(fr, 0x40 | (5 + f->ip_options));
	put8(fr, 0);
	put16(fr, 0);			/* total length: finish_ipv4() */
	put16(fr, f->id & 0xffff);
	put16(fr, (f->more_frags ? 0x2000 : 0) | f->frag_offset);
	put8(fr, 64);
	put8(fr, protocol(f));
	put16(fr, 0);			/* checksum: finish_ipv4() */
	put_bytes(fr, f->src, 4);
	put_bytes(fr, f->dst, 4);
	for (i = 0; i < f->ip_options; i++)
		put32(fr, 0x01010101);	/* no operation */
}

static void finish_ipv4(struct frame *fr, size_t ip)
{
	uint8_t *p = fr->data + ip;

	set16(p + 2, fr->len - ip);
	set16(p + 10, fold(sum16(0, p, (p[0] & 15) * 4)));
}

static unsigned int ext_protocol(enum vnet_ext ext)
{
	switch (ext) {
	case VNET_EXT_HOP_BY_HOP:
		return IPPROTO_HOPOPTS;
	case VNET_EXT_ROUTING:
	case VNET_EXT_RH2:
		return IPPROTO_ROUTING;
	case VNET_EXT_FRAGMENT:
		return IPPROTO_FRAGMENT;
	case VNET_EXT_AUTH:
		return IPPROTO_AH;
	case VNET_EXT_MOBILITY:
		return IPPROTO_MH;
	default:
		return IPPROTO_DSTOPTS;
	}
}

static unsigned int next_header(const struct vnet_flow *f, size_t i)
{
	if (f->ext[i] == VNET_EXT_END)
		return protocol(f);
	return ext_protocol(f->ext[i]);
}

static void put_ipv6(struct frame *fr, const struct vnet_flow *f)
{
	put32(fr, 0x60000000);
	put16(fr, 0);			/* payload length: finish_ipv6() */
	put8(fr, next_header(f, 0));
	put8(fr, 64);
	put_bytes(fr, f->src, 16);
	put_bytes(fr, f->dst, 16);
}

static void finish_ipv6(struct frame *fr, size_t ip)
{
	set16(fr->data + ip + 4, fr->len - ip - 40);
}

/* IPv6 extension headers; the caller has put the next header's number */

static void put_padding_options(struct frame *fr)
{
	put8(fr, 0);			/* 8 bytes */
	put8(fr, 1);			/* PadN */
	put8(fr, 4);
	put32(fr, 0);
}

static void put_home(struct frame *fr, const struct vnet_flow *f)
{
	put8(fr, 2);			/* 24 bytes */
	put8(fr, 1);			/* PadN: the option starts at 8n + 6 */
	put8(fr, 2);
	put16(fr, 0);
	put8(fr, 0xc9);
	put8(fr, 16);
	put_bytes(fr, f->home, 16);
}

static void put_segment_routing(struct frame *fr, const struct vnet_flow *f)
{
	put8(fr, 2);			/* 24 bytes */
	put8(fr, 4);			/* type */
	put8(fr, 0);			/* segments left: arrived */
	put32(fr, 0);
	put_bytes(fr, f->dst, 16);
}

static void put_rh2(struct frame *fr, const struct vnet_flow *f)
{
	put8(fr, 2);			/* 24 bytes */
	put8(fr, 2);			/* type */
	put8(fr, 1);			/* segments left */
	put32(fr, 0);
	put_bytes(fr, f->rh2, 16);
}

static void put_fragment(struct frame *fr, const struct vnet_flow *f)
{
	put8(fr, 0);
	put16(fr, f->frag_offset << 3 | f->more_frags);
	put32(fr, f->id);
}

static void put_auth(struct frame *fr, const struct vnet_flow *f)
{
	put8(fr, 4);			/* (4 + 2) * 4 bytes */
	put16(fr, 0);
	put32(fr, f->id);		/* security parameters index */
	put32(fr, 1);			/* sequence number */
	put(fr, 12);			/* integrity check value */
}

static void put_mobility(struct frame *fr)
{
	put8(fr, 0);			/* 8 bytes */
	put16(fr, 0);			/* binding refresh request */
	put16(fr, 0);
	put16(fr, 0);
}

static void put_ext(struct frame *fr, const struct vnet_flow *f, size_t i)
{
	put8(fr, next_header(f, i + 1));
	switch (f->ext[i]) {
	case VNET_EXT_HOME:
		return put_home(fr, f);
	case VNET_EXT_ROUTING:
		return put_segment_routing(fr, f);
	case VNET_EXT_RH2:
		return put_rh2(fr, f);
	case VNET_EXT_FRAGMENT:
		return put_fragment(fr, f);
	case VNET_EXT_AUTH:
		return put_auth(fr, f);
	case VNET_EXT_MOBILITY:
		return put_mobility(fr);
	default:
		return put_padding_options(fr);
	}
}

/* Transport headers, checksums still 0 */

static void put_tcp(struct frame *fr, const struct vnet_flow *f)
{
	put16(fr, f->sport);
	put16(fr, f->dport);
	put32(fr, f->id);		/* sequence number */
	put32(fr, 0);
	put16(fr, 5 << 12 | 0x10);	/* 20 bytes, ACK */
	put16(fr, 1024);
	put32(fr, 0);
}

static void put_udp(struct frame *fr, const struct vnet_flow *f)
{
	put16(fr, f->sport);
	put16(fr, f->dport);
	put16(fr, 8 + f->payload + VNET_FLOW_TRAILER);
	put16(fr, 0);
}

static void put_icmp(struct frame *fr, const struct vnet_flow *f)
{
	put8(fr, f->l3 == VNET_L3_IPV6 ? 129 : 0);	/* echo reply */
	put8(fr, 0);
	put16(fr, 0);
	put16(fr, f->id & 0xffff);
	put16(fr, 1);
}

static void put_sctp(struct frame *fr, const struct vnet_flow *f)
{
	put16(fr, f->sport);
	put16(fr, f->dport);
	put32(fr, f->id);		/* verification tag */
	put32(fr, 0);			/* CRC32c: finish_sctp() */
}

static void put_esp(struct frame *fr, const struct vnet_flow *f)
{
	put32(fr, f->id);		/* security parameters index */
	put32(fr, 1);			/* sequence number */
}

static void put_transport(struct frame *fr, const struct vnet_flow *f)
{
	switch (f->l4) {
	case VNET_L4_TCP:
		return put_tcp(fr, f);
	case VNET_L4_UDP:
		return put_udp(fr, f);
	case VNET_L4_ICMP:
		return put_icmp(fr, f);
	case VNET_L4_SCTP:
		return put_sctp(fr, f);
	case VNET_L4_ESP:
		return put_esp(fr, f);
	default:
		return;
	}
}

/* Transport checksums */

static uint32_t pseudo_sum(const struct vnet_flow *f, size_t len)
{
	size_t n = f->l3 == VNET_L3_IPV6 ? 16 : 4;
	const uint8_t *src = has_ext(f, VNET_EXT_HOME) ? f->home : f->src;
	const uint8_t *dst = has_ext(f, VNET_EXT_RH2) ? f->rh2 : f->dst;
	uint32_t sum = protocol(f) + len;

	sum = sum16(sum, src, n);
	return sum16(sum, dst, n);
}

static void finish_sum(struct frame *fr, const struct vnet_flow *f, size_t l4,
		       size_t field, bool pseudo)
{
	size_t len = fr->len - l4;
	uint32_t sum = pseudo ? pseudo_sum(f, len) : 0;
	unsigned int csum = fold(sum16(sum, fr->data + l4, len));

	if (f->l4 == VNET_L4_UDP && !csum)
		csum = 0xffff;
	set16(fr->data + l4 + field, csum);
}

static void finish_sctp(struct frame *fr, size_t l4)
{
	uint8_t *p = fr->data + l4;
	uint32_t crc = ~0u;
	unsigned int bit;
	size_t i;

	for (i = 0; i < fr->len - l4; i++) {
		crc ^= p[i];
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	crc = ~crc;
	for (i = 0; i < 4; i++)
		p[8 + i] = crc >> (8 * i);
}

static void finish_transport(struct frame *fr, const struct vnet_flow *f,
			     size_t l4)
{
	switch (f->l4) {
	case VNET_L4_TCP:
		return finish_sum(fr, f, l4, 16, true);
	case VNET_L4_UDP:
		return finish_sum(fr, f, l4, 6, true);
	case VNET_L4_ICMP:
		return finish_sum(fr, f, l4, 2, f->l3 == VNET_L3_IPV6);
	case VNET_L4_SCTP:
		return finish_sctp(fr, l4);
	default:
		return;
	}
}

static void put_payload(struct frame *fr, const struct vnet_flow *f)
{
	uint8_t *p = put(fr, f->payload);
	size_t i;

	for (i = 0; p && i < f->payload; i++)
		p[i] = i;
	put32(fr, VNET_FLOW_MAGIC);
	put32(fr, f->id);
}

static void put_l3(struct frame *fr, const struct vnet_flow *f)
{
	size_t i;

	if (f->l3 == VNET_L3_ARP)
		return put_arp(fr, f);
	if (f->l3 == VNET_L3_IPV4)
		return put_ipv4(fr, f);
	put_ipv6(fr, f);
	for (i = 0; f->ext[i] != VNET_EXT_END; i++)
		put_ext(fr, f, i);
}

/**
 * vnet_flow_build - write a frame of a flow
 * @f: the flow
 * @buf: where to
 * @size: bytes there; VNET_FLOW_MAX_FRAME is enough for payload up to 1400
 *
 * Return: length of the frame, or 0 if it does not fit.
 */
size_t vnet_flow_build(const struct vnet_flow *f, void *buf, size_t size)
{
	struct frame fr = { .data = buf, .size = size };
	bool transport = f->l3 != VNET_L3_ARP && has_transport(f);
	size_t l3, l4;

	put_ethernet(&fr, f);
	l3 = fr.len;
	put_l3(&fr, f);
	l4 = fr.len;
	if (transport)
		put_transport(&fr, f);
	put_payload(&fr, f);
	if (fr.full)
		return 0;

	if (transport)
		finish_transport(&fr, f, l4);
	if (f->l3 == VNET_L3_IPV4)
		finish_ipv4(&fr, l3);
	else if (f->l3 == VNET_L3_IPV6)
		finish_ipv6(&fr, l3);
	return fr.len;
}

/**
 * vnet_flow_l3_offset - bytes of a flow's frames before the IP header
 * @f: the flow
 *
 * Return: length of the Ethernet header and the tags.
 */
size_t vnet_flow_l3_offset(const struct vnet_flow *f)
{
	return 14 + (f->vlan[0] ? 4 : 0) + (f->vlan[1] ? 4 : 0);
}

/**
 * vnet_flow_trailer - tell the flow of a frame
 * @frame: the frame
 * @len: its length in bytes
 * @id: set to the flow's number
 *
 * Return: true if the frame ends with a trailer of ours.
 */
bool vnet_flow_trailer(const void *frame, size_t len, uint32_t *id)
{
	const uint8_t *p = (const uint8_t *)frame + len - VNET_FLOW_TRAILER;

	if (len < VNET_FLOW_TRAILER || get32(p) != VNET_FLOW_MAGIC)
		return false;
	*id = get32(p + 4);
	return true;
}

/* Text */

static const char *address(const struct vnet_flow *f, const uint8_t *a,
			   char *buf)
{
	int family = f->l3 == VNET_L3_IPV6 ? AF_INET6 : AF_INET;

	return inet_ntop(family, a, buf, INET6_ADDRSTRLEN);
}

static bool has_ports(const struct vnet_flow *f)
{
	if (f->l3 == VNET_L3_ARP || !has_transport(f))
		return false;
	return f->l4 == VNET_L4_TCP || f->l4 == VNET_L4_UDP ||
	       f->l4 == VNET_L4_SCTP;
}

/**
 * vnet_flow_describe - one line about a flow, for people
 * @f: the flow
 * @buf: where to
 * @size: bytes there; 128 is enough
 *
 * Return: @buf.
 */
const char *vnet_flow_describe(const struct vnet_flow *f, char *buf,
			       size_t size)
{
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];

	address(f, f->src, src);
	address(f, f->dst, dst);
	if (has_ports(f) && f->l3 == VNET_L3_IPV6)
		snprintf(buf, size, "%s [%s]:%u > [%s]:%u", f->kind, src,
			 f->sport, dst, f->dport);
	else if (has_ports(f))
		snprintf(buf, size, "%s %s:%u > %s:%u", f->kind, src,
			 f->sport, dst, f->dport);
	else
		snprintf(buf, size, "%s %s > %s", f->kind, src, dst);
	return buf;
}

/* Flows at random */

static uint32_t draw(uint64_t *seed, uint32_t below)
{
	uint64_t z = *seed += 0x9e3779b97f4a7c15ull;	/* splitmix64 */

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	z ^= z >> 31;
	return (z >> 32) * below >> 32;
}

static bool chance(uint64_t *seed, unsigned int percent)
{
	return draw(seed, 100) < percent;
}

static void draw_bytes(uint64_t *seed, uint8_t *p, size_t n)
{
	while (n--)
		*p++ = draw(seed, 256);
}

static void draw_tags(uint64_t *seed, struct vnet_flow *f)
{
	if (chance(seed, 70))
		return;
	f->vlan[0] = 1 + draw(seed, 4094);
	if (chance(seed, 50))
		f->vlan[1] = 1 + draw(seed, 4094);
}

static void draw_addresses(uint64_t *seed, struct vnet_flow *f)
{
	size_t n = f->l3 == VNET_L3_IPV6 ? 16 : 4;

	draw_bytes(seed, f->src, n);
	draw_bytes(seed, f->dst, n);
	if (f->l3 != VNET_L3_IPV6)
		return;
	draw_bytes(seed, f->home, n);
	draw_bytes(seed, f->rh2, n);
}

static void draw_fragment(uint64_t *seed, struct vnet_flow *f)
{
	if (f->l3 == VNET_L3_IPV4 && chance(seed, 80))
		return;
	f->more_frags = chance(seed, 50);
	if (chance(seed, 50))
		f->frag_offset = draw(seed, 0x1000);
}

/* Mostly short chains, now and then one that a device gives up on. */
static void draw_chain(uint64_t *seed, struct vnet_flow *f)
{
	unsigned int i, n;

	if (chance(seed, 40))
		return;
	n = 1 + draw(seed, chance(seed, 80) ? 3 : VNET_FLOW_MAX_EXT);
	for (i = 0; i < n; i++)
		f->ext[i] = 1 + draw(seed, VNET_EXT_KINDS - 1);
}

static void draw_l3(uint64_t *seed, struct vnet_flow *f)
{
	unsigned int n = draw(seed, 100);

	if (n < 5)
		f->l3 = VNET_L3_ARP;
	else if (n < 40)
		f->l3 = VNET_L3_IPV4;
	else
		f->l3 = VNET_L3_IPV6;
}

static void draw_l4(uint64_t *seed, struct vnet_flow *f)
{
	if (chance(seed, 70))
		f->l4 = chance(seed, 50) ? VNET_L4_TCP : VNET_L4_UDP;
	else
		f->l4 = draw(seed, VNET_L4_KINDS);
	f->sport = draw(seed, 0x10000);
	f->dport = draw(seed, 0x10000);
	f->payload = draw(seed, 128);
}

/**
 * vnet_flow_random - draw a flow
 * @seed: state of the generator, any value; moves on with every call
 * @f: set to the flow; its id is left 0
 *
 * The same seed gives the same flows everywhere.
 */
void vnet_flow_random(uint64_t *seed, struct vnet_flow *f)
{
	memset(f, 0, sizeof(*f));
	f->kind = "random";
	draw_l3(seed, f);
	draw_tags(seed, f);
	draw_addresses(seed, f);
	draw_l4(seed, f);
	if (f->l3 == VNET_L3_IPV4 && chance(seed, 20))
		f->ip_options = 1 + draw(seed, 10);
	if (f->l3 != VNET_L3_ARP)
		draw_fragment(seed, f);
	if (f->l3 == VNET_L3_IPV6)
		draw_chain(seed, f);
}
