/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Links by rtnetlink, network namespaces, and streams between them, without a process
 * for each step.
 */
#ifndef BPFNIC_NET_H
#define BPFNIC_NET_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include <linux/bpf.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>

struct mnl_socket;

/* Instructions of programs */
#define I_ALU(op, dst, n)	{ .code = BPF_ALU64 | (op) | BPF_K, .dst_reg = (dst), .imm = (n) }
#define I_ALU_R(op, dst, src) \
	{ .code = BPF_ALU64 | (op) | BPF_X, .dst_reg = (dst), .src_reg = (src) }
#define I_LOAD(size, dst, src, at) \
	{ .code = BPF_LDX | BPF_MEM | (size), .dst_reg = (dst), .src_reg = (src), .off = (at) }
#define I_STORE(size, dst, at, src) \
	{ .code = BPF_STX | BPF_MEM | (size), .dst_reg = (dst), .src_reg = (src), .off = (at) }
#define I_STORE_N(size, dst, at, n) \
	{ .code = BPF_ST | BPF_MEM | (size), .dst_reg = (dst), .off = (at), .imm = (n) }
#define I_ADD_TO(size, dst, at, src) \
	{ .code = BPF_STX | BPF_ATOMIC | (size), .dst_reg = (dst), .src_reg = (src), \
	  .off = (at), .imm = BPF_ADD }
#define I_JUMP(op, dst, n, by) \
	{ .code = BPF_JMP | (op) | BPF_K, .dst_reg = (dst), .imm = (n), .off = (by) }
#define I_JUMP_R(op, dst, src, by) \
	{ .code = BPF_JMP | (op) | BPF_X, .dst_reg = (dst), .src_reg = (src), .off = (by) }
#define I_MAP(dst, fd) \
	{ .code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = (dst), .src_reg = BPF_PSEUDO_MAP_FD, \
	  .imm = (fd) }, {}
#define I_CALL(func)		{ .code = BPF_JMP | BPF_CALL, .imm = (func) }
#define I_EXIT			{ .code = BPF_JMP | BPF_EXIT }

/**
 * struct ns - a network namespace, and sockets in it
 * @fd: the namespace's file
 * @inet: for the ioctls of network devices
 * @nl: for rtnetlink
 * @said: what the kernel last said beside an error number (extack), or ""
 */
struct ns {
	int fd;
	int inet;
	struct mnl_socket *nl;
	char said[256];
};

/**
 * struct link_new - a link to make
 * @name: of it
 * @kind: of it
 * @link: index of the link that it is made on, or 0
 * @ns: where the new link is to be, if elsewhere
 * @peer: name of the other end of a veth
 * @queues: each way; 0: as many as the driver makes
 * @mtu: 0: the driver's
 * @mac: address, or NULL
 * @vlan: its number, of a link of kind vlan
 */
struct link_new {
	const char *name;
	const char *kind;
	unsigned int link;
	const struct ns *ns;
	const char *peer;
	unsigned int queues;
	unsigned int mtu;
	const uint8_t *mac;
	uint16_t vlan;
};

/**
 * struct link_info - what the kernel says of a link
 * @index: of it
 * @link: what it is made on, or the other end; 0: nothing
 * @flags: IFF_*
 * @carrier: whether there is one
 * @operstate: IF_OPER_*
 * @promiscuity: how often it was made promiscuous
 * @mtu: bytes
 * @min_mtu: bytes
 * @max_mtu: bytes
 * @tx_queues: made
 * @rx_queues: made
 * @mac: address
 * @kind: of it
 * @xdp_mode: XDP_ATTACHED_*
 * @xdp_id: IFLA_XDP_PROG_ID, or 0
 * @xdp_drv: number of the native program, or 0
 * @xdp_skb: number of the generic program, or 0
 * @xdp_hw: number of the offloaded program, or 0
 * @stats: of it
 */
struct link_info {
	unsigned int index;
	unsigned int link;
	unsigned int flags;
	bool carrier;
	uint8_t operstate;
	uint32_t promiscuity;
	uint32_t mtu;
	uint32_t min_mtu;
	uint32_t max_mtu;
	uint32_t tx_queues;
	uint32_t rx_queues;
	uint8_t mac[6];
	char kind[32];
	uint8_t xdp_mode;
	uint32_t xdp_id;
	uint32_t xdp_drv;
	uint32_t xdp_skb;
	uint32_t xdp_hw;
	struct rtnl_link_stats64 stats;
};

int ns_new(struct ns *ns);
int ns_here(struct ns *ns);
void ns_close(struct ns *ns);
int ns_enter(const struct ns *ns);

int link_add(struct ns *ns, const struct link_new *link);
int link_add_kind(struct ns *ns, const char *name, const char *kind, unsigned int on);
int link_add_veth(struct ns *ns, const char *name, const char *peer);
int link_del(struct ns *ns, const char *name);
unsigned int link_index(struct ns *ns, const char *name);
int link_info(struct ns *ns, const char *name, struct link_info *info);
int link_up(struct ns *ns, const char *name, bool up);
int link_mtu(struct ns *ns, const char *name, unsigned int mtu);
int link_mac(struct ns *ns, const char *name, const uint8_t *mac);
int link_master(struct ns *ns, const char *name, const char *master);
int link_move(struct ns *ns, const char *name, const struct ns *to);
int link_xdp(struct ns *ns, const char *name, int fd, uint32_t flags);
int link_address(struct ns *ns, const char *name, const char *address, unsigned int prefix);
int link_wait_carrier(struct ns *ns, const char *name, bool carrier);
int link_wait_gone(struct ns *ns, const char *name);

int link_channels(struct ns *ns, const char *name, struct ethtool_channels *channels);
int link_set_channels(struct ns *ns, const char *name, unsigned int combined);
int link_offload(struct ns *ns, const char *name, uint32_t cmd, bool on);

int ns_stream(const struct ns *from, const struct ns *to, const char *address,
	      uint16_t port, size_t len);
int ns_datagrams(const struct ns *from, const struct ns *to, const char *address,
		 uint16_t port, size_t len, unsigned int count);
int ns_ping(const struct ns *from, const char *address, size_t len);
int ns_listen(const struct ns *ns, unsigned int ifindex, unsigned int ethertype);

int ends_address(struct ns *a, const char *a_name, struct ns *b, const char *b_name,
		 unsigned int number);
int ends_stream(struct ns *a, struct ns *b, unsigned int number, size_t len);

int prog_return(int verdict, unsigned int ifindex);
int prog_redirect(unsigned int ifindex);
int prog_count(int verdict, int map, unsigned int ifindex);
int prog_load(const struct bpf_insn *insns, unsigned int count, unsigned int ifindex,
	      char *log, unsigned int room);
uint32_t prog_id(int fd);
uint32_t map_id(int fd);
unsigned int bpf_objects(void);
int bpf_wait_objects(unsigned int count, int ms);

#endif /* BPFNIC_NET_H */
