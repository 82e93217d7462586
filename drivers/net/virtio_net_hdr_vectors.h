/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Test vectors for struct virtio_net_hdr: a frame, the header in front of it, and
 * what becomes of both.
 *
 * For KUnit (virtio_net_hdr_test.c) and for user space (tools/testing/selftests/
 * drivers/net/virtio_net_hdr).  What is expected is by virtio 1.3, "Processing of
 * Incoming Packets" and "Packet Transmission", and where a frame is refused, by
 * the reason that stands beside it.
 */
#ifndef VIRTIO_NET_HDR_VECTORS_H
#define VIRTIO_NET_HDR_VECTORS_H

/* Headers, by what matters here; types, lengths and protocols are bytes, too. */
#define V_ETH(proto)	"\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01" proto
#define V_TAG(vid, proto)	"\x00" vid proto
#define V_IPV4(len, proto)						\
	"\x45\x00" len "\x00\x01\x00\x00\x40" proto "\x00\x00"		\
	"\xc0\x00\x02\x01\xc0\x00\x02\x02"
/* With four bytes of options: NOP */
#define V_IPV4_OPT(len, proto)						\
	"\x46\x00" len "\x00\x01\x00\x00\x40" proto "\x00\x00"		\
	"\xc0\x00\x02\x01\xc0\x00\x02\x02\x01\x01\x01\x01"
#define V_IPV6(len, next)						\
	"\x60\x00\x00\x00" len next "\x40"				\
	"\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"	\
	"\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02"
/* Destination options: padding */
#define V_DEST(next)	next "\x00\x01\x04\x00\x00\x00\x00"
#define V_TCP		"\x00\x01\x00\x02\x00\x00\x00\x01\x00\x00\x00\x02"	\
			"\x50\x10\x01\x00\x00\x00\x00\x00"
#define V_UDP(len)	"\x00\x01\x00\x02" len "\x00\x00"
#define V_64	"sixty-four bytes of payload, whose own sum is nothing to anybody"

#define V_ICMP		"\x08\x00\x00\x00\x00\x01\x00\x01"
/* Label 20, the last one */
#define V_MPLS		"\x00\x01\x41\x40"
/* A later fragment: at 1480 bytes */
#define V_FRAG4(len, proto)						\
	"\x45\x00" len "\x00\x01\x00\xb9\x40" proto "\x00\x00"		\
	"\xc0\x00\x02\x01\xc0\x00\x02\x02"
#define V_FRAG6(next)	next "\x00\x05\xc8\x00\x00\x00\x01"

#define V_T_IPV4	"\x08\x00"
#define V_T_ARP		"\x08\x06"
#define V_T_VLAN	"\x81\x00"
#define V_T_IPV6	"\x86\xdd"
#define V_T_MPLS	"\x88\x47"
#define V_T_QINQ	"\x88\xa8"
#define V_P_ICMP	"\x01"
#define V_P_TCP		"\x06"
#define V_P_UDP		"\x11"
#define V_P_FRAG	"\x2c"
#define V_P_DEST	"\x3c"

/**
 * struct virtio_net_hdr_vector - a frame with its header
 * @name: unique
 * @frame: an Ethernet frame, @len bytes
 * @len: of @frame
 * @flags: VIRTIO_NET_HDR_F_*
 * @gso_type: VIRTIO_NET_HDR_GSO_*
 * @gso_size: bytes
 * @csum_start: offset in @frame
 * @csum_offset: from there
 * @refused: the header and the frame contradict each other
 * @still_gso: the packet has more than one segment, and goes on as GSO
 *
 * What is not refused, is passed on with the same header; but DATA_VALID is for
 * who receives, and a packet of one segment is no GSO packet.
 */
struct virtio_net_hdr_vector {
	const char *name;
	const char *frame;
	unsigned int len;
	unsigned char flags;
	unsigned char gso_type;
	unsigned short gso_size;
	unsigned short csum_start;
	unsigned short csum_offset;
	unsigned char refused;
	unsigned char still_gso;
};

/* One byte longer than the frames: strings.  The large ones end in zeroes. */
static const char v_tcp4[] =
	V_ETH(V_T_IPV4) V_IPV4("\x00\x68", V_P_TCP) V_TCP V_64;
static const char v_tcp4_opt[] =
	V_ETH(V_T_IPV4) V_IPV4_OPT("\x00\x6c", V_P_TCP) V_TCP V_64;
static const char v_tcp4_vlan[] =
	V_ETH(V_T_VLAN) V_TAG("\x05", V_T_IPV4) V_IPV4("\x00\x68", V_P_TCP) V_TCP V_64;
static const char v_tcp4_qinq[] =
	V_ETH(V_T_QINQ) V_TAG("\x07", V_T_VLAN) V_TAG("\x05", V_T_IPV4)
	V_IPV4("\x00\x68", V_P_TCP) V_TCP V_64;
static const char v_tcp6[] =
	V_ETH(V_T_IPV6) V_IPV6("\x00\x54", V_P_TCP) V_TCP V_64;
static const char v_tcp6_ext[] =
	V_ETH(V_T_IPV6) V_IPV6("\x00\x5c", V_P_DEST) V_DEST(V_P_TCP) V_TCP V_64;
static const char v_tcp6_vlan[] =
	V_ETH(V_T_VLAN) V_TAG("\x05", V_T_IPV6) V_IPV6("\x00\x54", V_P_TCP) V_TCP V_64;
static const char v_udp4[] =
	V_ETH(V_T_IPV4) V_IPV4("\x00\x5c", V_P_UDP) V_UDP("\x00\x48") V_64;
static const char v_udp6[] =
	V_ETH(V_T_IPV6) V_IPV6("\x00\x48", V_P_UDP) V_UDP("\x00\x48") V_64;
static const char v_gso4[2102 + 1] =
	V_ETH(V_T_IPV4) V_IPV4("\x08\x28", V_P_TCP) V_TCP V_64;
static const char v_gso4_type_0[2102 + 1] =
	V_ETH("\x00\x00") V_IPV4("\x08\x28", V_P_TCP) V_TCP V_64;
static const char v_gso4_vlan[2106 + 1] =
	V_ETH(V_T_VLAN) V_TAG("\x05", V_T_IPV4) V_IPV4("\x08\x28", V_P_TCP) V_TCP V_64;
static const char v_gso6[2122 + 1] =
	V_ETH(V_T_IPV6) V_IPV6("\x08\x14", V_P_TCP) V_TCP V_64;
static const char v_uso4[2090 + 1] =
	V_ETH(V_T_IPV4) V_IPV4("\x08\x1c", V_P_UDP) V_UDP("\x08\x08") V_64;
static const char v_uso6[2110 + 1] =
	V_ETH(V_T_IPV6) V_IPV6("\x08\x08", V_P_UDP) V_UDP("\x08\x08") V_64;
static const char v_icmp4[] =
	V_ETH(V_T_IPV4) V_IPV4("\x00\x5c", V_P_ICMP) V_ICMP V_64;
static const char v_frag4[] =
	V_ETH(V_T_IPV4) V_FRAG4("\x00\x54", V_P_TCP) V_64;
static const char v_frag6[] =
	V_ETH(V_T_IPV6) V_IPV6("\x00\x48", V_P_FRAG) V_FRAG6(V_P_TCP) V_64;
static const char v_mpls[] =
	V_ETH(V_T_MPLS) V_MPLS V_IPV4("\x00\x68", V_P_TCP) V_TCP V_64;
static const char v_arp[] =
	V_ETH(V_T_ARP) V_64;

#define V(n, f, ...)	\
	{ .name = n, .frame = v_##f, .len = sizeof(v_##f) - 1, ##__VA_ARGS__ }
#define V_CSUM(start, offset)	.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,	\
				.csum_start = (start), .csum_offset = (offset)
#define V_GSO(type, size)	.gso_type = VIRTIO_NET_HDR_GSO_##type, .gso_size = (size)

static const struct virtio_net_hdr_vector virtio_net_hdr_vectors[] = {
	/* No offload at all; 0 in a UDP header is a checksum like any other. */
	V("none_tcp4", tcp4),
	V("none_tcp6", tcp6),
	V("none_vlan", tcp4_vlan),
	V("none_udp_zero", udp4),
	V("none_arp", arp),
	V("valid_tcp4", tcp4, .flags = VIRTIO_NET_HDR_F_DATA_VALID),

	/* A partial checksum: where the transport header is, and its field. */
	V("csum_tcp4", tcp4, V_CSUM(34, 16)),
	V("csum_tcp4_options", tcp4_opt, V_CSUM(38, 16)),
	V("csum_tcp4_vlan", tcp4_vlan, V_CSUM(38, 16)),
	V("csum_tcp4_qinq", tcp4_qinq, V_CSUM(42, 16)),
	V("csum_tcp6", tcp6, V_CSUM(54, 16)),
	V("csum_tcp6_ext", tcp6_ext, V_CSUM(62, 16)),
	V("csum_tcp6_vlan", tcp6_vlan, V_CSUM(58, 16)),
	V("csum_udp4", udp4, V_CSUM(34, 6)),
	V("csum_udp6", udp6, V_CSUM(54, 6)),
	V("csum_icmp4", icmp4, V_CSUM(34, 2)),
	/* Whatever it is the checksum of: only its place is checked. */
	V("csum_mpls", mpls, V_CSUM(38, 16)),
	V("csum_fragment", frag4, V_CSUM(34, 2)),
	V("csum_fragment6", frag6, V_CSUM(62, 2)),
	V("csum_behind_udp", udp4, V_CSUM(42, 0)),
	V("csum_last_bytes", tcp4, V_CSUM(34, 118 - 34 - 2)),

	/* Its field behind the end, wholly and by half */
	V("csum_behind_end", tcp4, V_CSUM(34, 118 - 34), .refused = 1),
	V("csum_half_behind_end", tcp4, V_CSUM(34, 118 - 34 - 1), .refused = 1),
	V("csum_start_behind_end", tcp4, V_CSUM(118, 0), .refused = 1),
	V("csum_wraps", tcp4, V_CSUM(0xffff, 0xffff), .refused = 1),
	/* In the Ethernet header, in the IP header */
	V("csum_in_ethernet", tcp4, V_CSUM(0, 16), .refused = 1),
	V("csum_in_ip", tcp4, V_CSUM(20, 4), .refused = 1),
	V("csum_at_end_of_ip", tcp4, V_CSUM(33, 0), .refused = 1),
	/* In a tag, and in the header behind the tags */
	V("csum_in_tag", tcp4_vlan, V_CSUM(14, 0), .refused = 1),
	V("csum_in_type_behind_tag", tcp4_vlan, V_CSUM(16, 0), .refused = 1),
	V("csum_in_second_tag", tcp4_qinq, V_CSUM(18, 0), .refused = 1),
	V("csum_in_ip_vlan", tcp4_vlan, V_CSUM(34, 0), .refused = 1),
	V("csum_in_ip_qinq", tcp4_qinq, V_CSUM(38, 0), .refused = 1),
	/* IPv6: its addresses are where IPv4 has ended. */
	V("csum_in_ip6", tcp6, V_CSUM(38, 0), .refused = 1),
	V("csum_at_end_of_ip6", tcp6, V_CSUM(53, 1), .refused = 1),
	V("csum_from_ip6", tcp6, V_CSUM(50, 20), .refused = 1),
	V("csum_in_ip6_vlan", tcp6_vlan, V_CSUM(54, 0), .refused = 1),
	/* In options, in an extension header */
	V("csum_in_ip_options", tcp4_opt, V_CSUM(34, 0), .refused = 1),
	V("csum_in_ip6_ext", tcp6_ext, V_CSUM(54, 2), .refused = 1),
	V("csum_in_fragment_header", frag6, V_CSUM(54, 2), .refused = 1),
	/* In the ports and the like, which have their place in front of it */
	V("csum_in_tcp_ports", tcp4, V_CSUM(34, 2), .refused = 1),
	V("csum_in_tcp_flags", tcp6, V_CSUM(54, 12), .refused = 1),
	V("csum_in_udp_ports", udp4, V_CSUM(36, 0), .refused = 1),
	V("csum_in_udp_length", udp6, V_CSUM(54, 4), .refused = 1),
	V("csum_in_icmp_type", icmp4, V_CSUM(34, 0), .refused = 1),
	/* ARP has no checksum: these are addresses. */
	V("csum_arp", arp, V_CSUM(40, 2), .refused = 1),

	/* GSO, whose headers have to be there */
	V("gso_tcp4", gso4, V_CSUM(34, 16), V_GSO(TCPV4, 1000), .still_gso = 1),
	V("gso_tcp4_vlan", gso4_vlan, V_CSUM(38, 16), V_GSO(TCPV4, 1000), .still_gso = 1),
	V("gso_tcp6", gso6, V_CSUM(54, 16), V_GSO(TCPV6, 1000), .still_gso = 1),
	V("gso_udp4", uso4, V_CSUM(34, 6), V_GSO(UDP_L4, 1000), .still_gso = 1),
	V("gso_udp6", uso6, V_CSUM(54, 6), V_GSO(UDP_L4, 1000), .still_gso = 1),
	V("gso_one_segment", tcp4, V_CSUM(34, 16), V_GSO(TCPV4, 1000)),
	V("gso_csum_in_ip_vlan", gso4_vlan, V_CSUM(34, 16), V_GSO(TCPV4, 1000), .refused = 1),
	V("gso_csum_in_ip6", gso6, V_CSUM(50, 16), V_GSO(TCPV6, 1000), .refused = 1),
	V("gso_csum_in_ip6_as_udp", uso6, V_CSUM(48, 6), V_GSO(UDP_L4, 1000), .refused = 1),
	V("gso_size_0", gso4, V_CSUM(34, 16), V_GSO(TCPV4, 0), .refused = 1),
	V("gso_size_by_frags", gso4, V_CSUM(34, 16), V_GSO(TCPV4, 0xffff), .refused = 1),
	/* Any other offset would be another protocol's. */
	V("gso_other_csum_offset", gso4, V_CSUM(34, 6), V_GSO(TCPV4, 1000), .refused = 1),
	V("gso_udp_other_offset", uso4, V_CSUM(34, 16), V_GSO(UDP_L4, 1000), .refused = 1),
	/* UDP has no segments without a checksum. */
	V("gso_udp_no_csum", uso4, V_GSO(UDP_L4, 1000), .refused = 1),
	/* Of TCP with its checksum in place, the headers tell what it is. */
	V("gso_no_csum", gso4, V_GSO(TCPV4, 1000), .still_gso = 1),
	V("gso_no_csum_vlan", gso4_vlan, V_GSO(TCPV4, 1000), .still_gso = 1),
	V("gso_no_csum_other_ip", gso6, V_GSO(TCPV4, 1000), .refused = 1),
	V("gso_no_csum_other_protocol", uso4, V_GSO(TCPV4, 1000), .refused = 1),
	V("gso_no_csum_arp", arp, V_GSO(TCPV4, 10), .refused = 1),
	/* A length, and no type: what follows is taken for what the header says. */
	V("gso_no_csum_type_0", gso4_type_0, V_GSO(TCPV4, 1000), .still_gso = 1),
	V("gso_unknown_type", gso4, V_CSUM(34, 16), .gso_type = 2, .gso_size = 1000,
	  .refused = 1),
};

#endif /* VIRTIO_NET_HDR_VECTORS_H */
