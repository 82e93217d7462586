// SPDX-License-Identifier: GPL-2.0
/*
 * Making links of bpfnic, on nothing, on links of other drivers, and on each other; what
 * is refused; and that what they were on is as before when they are gone.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_tun.h>

#include "harness.h"
#include "bpfnic_lib.h"
#include "bpfnic_net.h"

#define MS	(nic_slow() ? 60000 : 20000)
#define VLAN	5

/* A tap or a tun that stays when its file is closed */
static int add_tun(const char *name, short flags)
{
	struct ifreq ifr = { .ifr_flags = flags | IFF_NO_PI };
	int fd, err = 0;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, TUNSETIFF, &ifr) || ioctl(fd, TUNSETPERSIST, 1))
		err = -errno;
	close(fd);
	return err;
}

static int add_vlan(struct ns *ns, const char *name, const char *on)
{
	struct link_new link = {
		.name = name, .kind = "vlan", .vlan = VLAN, .link = link_index(ns, on),
	};

	return link_add(ns, &link);
}

static int add_on(struct ns *ns, const char *name, const char *on)
{
	return link_add_kind(ns, name, "bpfnic", link_index(ns, on));
}

/* --- on links of other drivers -------------------------------------------------- */

enum kind {
	DUMMY,
	VETH,
	TAP,
	MACVLAN,
	ON_VLAN,
	BRIDGE,
	NIC_VLAN,	/* a VLAN of another bpfnic */
};

FIXTURE(lower)
{
	struct ns ns;
};

FIXTURE_VARIANT(lower)
{
	enum kind kind;
};

#define KIND(name, of)				\
	FIXTURE_VARIANT_ADD(lower, name)	\
	{					\
		.kind = of,			\
	}

KIND(dummy, DUMMY);
KIND(veth, VETH);
KIND(tap, TAP);
KIND(macvlan, MACVLAN);
KIND(vlan, ON_VLAN);
KIND(bridge, BRIDGE);
KIND(nic_vlan, NIC_VLAN);

/* dev0 is what nic0 will be on, far0 where one sends to it. */
static int add_lower(struct ns *ns, enum kind kind)
{
	switch (kind) {
	case DUMMY:
		return link_add_kind(ns, "dev0", "dummy", 0);
	case VETH:
		return link_add_veth(ns, "dev0", "far0");
	case TAP:
		return add_tun("dev0", IFF_TAP);
	case MACVLAN:
		return link_add_veth(ns, "below", "far0") ?: link_up(ns, "below", true) ?:
		       link_add_kind(ns, "dev0", "macvlan", link_index(ns, "below"));
	case ON_VLAN:
		return link_add_veth(ns, "below", "far0") ?: link_up(ns, "below", true) ?:
		       add_vlan(ns, "dev0", "below");
	case BRIDGE:
		return link_add_veth(ns, "below", "far0") ?: link_up(ns, "below", true) ?:
		       link_add_kind(ns, "dev0", "bridge", 0) ?:
		       link_master(ns, "below", "dev0");
	case NIC_VLAN:
		return link_add_kind(ns, "below", "bpfnic", 0) ?: link_up(ns, "below", true) ?:
		       add_vlan(ns, "dev0", "below");
	}
	return -EINVAL;
}

FIXTURE_SETUP(lower)
{
	ASSERT_EQ(0, nic_wait_objects("ports", 0, MS));
	ASSERT_EQ(0, ns_new(&self->ns));
	ASSERT_EQ(0, ns_enter(&self->ns));
	ASSERT_EQ(0, add_lower(&self->ns, variant->kind));
}

FIXTURE_TEARDOWN(lower)
{
	link_del(&self->ns, "nic0");
	link_del(&self->ns, "nic1");
	link_del(&self->ns, "dev0");
	link_del(&self->ns, "below");
	ns_close(&self->ns);
	EXPECT_EQ(0, nic_wait_objects("ports", 0, MS));
}

TEST_F(lower, taken_and_freed)
{
	struct ns *ns = &self->ns;
	struct link_info dev, nic;
	unsigned int promiscuity;

	ASSERT_EQ(0, link_info(ns, "dev0", &dev));
	promiscuity = dev.promiscuity;
	ASSERT_EQ(0, add_on(ns, "nic0", "dev0"));
	EXPECT_EQ(0, link_index(ns, "nic0_wire"));
	ASSERT_EQ(0, link_info(ns, "nic0", &nic));
	EXPECT_STREQ("bpfnic", nic.kind);
	EXPECT_EQ(dev.index, nic.link);
	ASSERT_EQ(0, link_info(ns, "dev0", &dev));
	EXPECT_EQ(promiscuity + 1, dev.promiscuity);
	EXPECT_EQ(-EBUSY, add_on(ns, "nic1", "dev0"));
	EXPECT_EQ(0, link_index(ns, "nic1"));

	/* It is free when nic0 is gone, for another one. */
	ASSERT_EQ(0, link_del(ns, "nic0"));
	ASSERT_EQ(0, link_info(ns, "dev0", &dev));
	EXPECT_EQ(promiscuity, dev.promiscuity);
	ASSERT_EQ(0, add_on(ns, "nic1", "dev0"));
	EXPECT_EQ(0, link_up(ns, "dev0", true));
	EXPECT_EQ(0, link_up(ns, "nic1", true));
	/* And with it, that goes. */
	ASSERT_EQ(0, link_del(ns, "dev0"));
	EXPECT_EQ(0, link_index(ns, "nic1"));
}

/* With what dev0 is on itself, all goes. */
TEST_F(lower, gone_with_all)
{
	struct ns *ns = &self->ns;

	ASSERT_EQ(0, add_on(ns, "nic0", "dev0"));
	if (!link_index(ns, "below") || variant->kind == BRIDGE) {
		ASSERT_EQ(0, link_del(ns, link_index(ns, "far0") ? "far0" : "dev0"));
		/* A bridge is not on its ports. */
		EXPECT_EQ(variant->kind == BRIDGE, !!link_index(ns, "nic0"));
		return;
	}
	ASSERT_EQ(0, link_del(ns, variant->kind == NIC_VLAN ? "below_wire" : "far0"));
	EXPECT_EQ(0, link_index(ns, "below"));
	EXPECT_EQ(0, link_index(ns, "dev0"));
	EXPECT_EQ(0, link_index(ns, "nic0"));
}

/* What dev0 receives comes to nic0, as dev0 would have it; what nic0 sends, dev0 sends. */
TEST_F(lower, passes)
{
	const char *far = variant->kind == NIC_VLAN ? "below_wire" : "far0";
	bool tagged = variant->kind == ON_VLAN || variant->kind == NIC_VLAN;
	uint8_t frame[100], want[104], got[200];
	const uint8_t *shown;
	struct ns *ns = &self->ns;
	struct link_info info;
	int a, b, c;
	unsigned int i;
	ssize_t n;

	ASSERT_EQ(0, add_on(ns, "nic0", "dev0"));
	ASSERT_EQ(0, link_up(ns, "dev0", true));
	ASSERT_EQ(0, link_up(ns, "nic0", true));
	if (!link_index(ns, far)) {
		/* Nobody sends there; what nic0 sends is seen leaving dev0, but not by a tap
		 * that nobody has open.
		 */
		if (variant->kind == TAP) {
			ASSERT_EQ(0, link_info(ns, "nic0", &info));
			EXPECT_FALSE(info.carrier);
			return;
		}
		EXPECT_EQ(DUMMY, variant->kind);
		ASSERT_EQ(0, link_wait_carrier(ns, "nic0", true));
		a = nic_socket(link_index(ns, "nic0"), NIC_ETHERTYPE);
		c = nic_socket(link_index(ns, "dev0"), ETH_P_ALL);
		ASSERT_LE(0, a);
		ASSERT_LE(0, c);
		ASSERT_EQ(0, nic_hear_outgoing(c));
		nic_frame(frame, sizeof(frame), 1);
		ASSERT_EQ(0, nic_send(a, frame, sizeof(frame)));
		do {
			n = nic_recv(c, got, sizeof(got), MS);
			ASSERT_LE(0, n);
		} while (memcmp(got + ETH_ALEN, frame + ETH_ALEN, ETH_ALEN));
		ASSERT_EQ(sizeof(frame), n);
		EXPECT_EQ(0, memcmp(frame, got, sizeof(frame)));
		close(a);
		close(c);
		return;
	}
	ASSERT_EQ(0, link_up(ns, far, true));
	ASSERT_EQ(0, link_wait_carrier(ns, far, true));
	ASSERT_EQ(0, link_wait_carrier(ns, "nic0", true));
	a = nic_socket(link_index(ns, "nic0"), NIC_ETHERTYPE);
	b = nic_socket(link_index(ns, far), ETH_P_ALL);
	c = nic_socket(link_index(ns, "dev0"), NIC_ETHERTYPE);
	ASSERT_LE(0, a);
	ASSERT_LE(0, b);
	ASSERT_LE(0, c);
	nic_frame(frame, sizeof(frame), 1);
	memset(frame, 0xff, ETH_ALEN);
	memcpy(want, frame, sizeof(frame));
	if (tagged) {
		memcpy(want + 16, frame + 12, sizeof(frame) - 12);
		memcpy(want + 12, "\x81\x00\x00\x05", 4);
	}
	/* A bridge does not forward at once. */
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, nic_send(b, want, sizeof(frame) + tagged * 4));
		n = nic_recv(a, got, sizeof(got), 50);
		if (n >= 0)
			break;
	}
	ASSERT_EQ(sizeof(frame), n);
	EXPECT_EQ(0, memcmp(frame, got, sizeof(frame)));
	/* The stack does not get it by dev0. */
	EXPECT_EQ(-EAGAIN, nic_recv(c, got, sizeof(got), 20));

	/* The kernel may show a tag beside the frame. */
	ASSERT_EQ(0, nic_send(a, frame, sizeof(frame)));
	do {
		ASSERT_LE(0, nic_recv(b, got, sizeof(got), MS));
	} while (memcmp(got + ETH_ALEN, frame + ETH_ALEN, ETH_ALEN));
	shown = got[12] == 0x81 ? want : frame;
	EXPECT_EQ(0, memcmp(got, shown, sizeof(frame)));
	close(a);
	close(b);
	close(c);
}

/* --- all other rules ------------------------------------------------------------- */

FIXTURE(links)
{
	struct ns ns;
	struct link_info info;
};

FIXTURE_SETUP(links)
{
	ASSERT_EQ(0, nic_wait_objects("ports", 0, MS));
	ASSERT_EQ(0, ns_new(&self->ns));
	ASSERT_EQ(0, ns_enter(&self->ns));
}

FIXTURE_TEARDOWN(links)
{
	static const char * const names[] = {
		"nic0", "nic1", "nic2", "dev0", "dev1", "br0", "bpfnic0", "bpfnic1",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		link_del(&self->ns, names[i]);
	ns_close(&self->ns);
	EXPECT_EQ(0, nic_wait_objects("ports", 0, MS));
}

/* Neither end stays without the other. */
TEST_F(links, both_ends)
{
	struct ns *ns = &self->ns;

	ASSERT_EQ(0, link_add_kind(ns, "nic0", "bpfnic", 0));
	ASSERT_EQ(0, add_on(ns, "nic1", "nic0"));
	EXPECT_EQ(0, link_del(ns, "nic0"));
	EXPECT_EQ(0, link_index(ns, "nic0_wire"));
	EXPECT_NE(0, link_index(ns, "nic1"));
	EXPECT_EQ(0, link_del(ns, "nic1_wire"));
	EXPECT_EQ(0, link_index(ns, "nic1"));
	EXPECT_EQ(0, nic_objects("ports"));
}

TEST_F(links, without_name)
{
	struct ns *ns = &self->ns;

	ASSERT_EQ(0, link_add_kind(ns, NULL, "bpfnic", 0));
	EXPECT_NE(0, link_index(ns, "bpfnic0"));
	EXPECT_NE(0, link_index(ns, "bpfnic0_wire"));
	ASSERT_EQ(0, link_add_kind(ns, NULL, "bpfnic", 0));
	EXPECT_NE(0, link_index(ns, "bpfnic1"));
	EXPECT_NE(0, link_index(ns, "bpfnic1_wire"));
}

TEST_F(links, address)
{
	static const uint8_t macs[][ETH_ALEN] = {
		{ 2, 0, 0, 0, 0, 1 }, { 2, 0, 0, 0, 0, 2 }, { 2, 0, 0, 0, 0, 3 },
	};
	static const uint8_t multicast[ETH_ALEN] = { 1, 0, 0, 0, 0, 1 };
	struct link_new new = { .name = "nic0", .kind = "bpfnic", .mac = macs[0] };
	struct link_info wire, other;
	struct ns *ns = &self->ns;

	ASSERT_EQ(0, link_add(ns, &new));
	ASSERT_EQ(0, link_info(ns, "nic0", &self->info));
	EXPECT_EQ(0, memcmp(macs[0], self->info.mac, ETH_ALEN));
	EXPECT_EQ(0, link_mac(ns, "nic0", macs[1]));
	EXPECT_EQ(0, link_mac(ns, "nic0_wire", macs[2]));
	EXPECT_EQ(-EADDRNOTAVAIL, link_mac(ns, "nic0", multicast));
	ASSERT_EQ(0, link_up(ns, "nic0", true));
	EXPECT_EQ(0, link_mac(ns, "nic0", macs[0]));
	ASSERT_EQ(0, link_info(ns, "nic0", &self->info));
	EXPECT_EQ(0, memcmp(macs[0], self->info.mac, ETH_ALEN));
	ASSERT_EQ(0, link_info(ns, "nic0_wire", &wire));
	EXPECT_EQ(0, memcmp(macs[2], wire.mac, ETH_ALEN));
	/* Otherwise they are at random, of one station, administered locally. */
	ASSERT_EQ(0, link_add_kind(ns, "nic1", "bpfnic", 0));
	ASSERT_EQ(0, link_info(ns, "nic1", &self->info));
	ASSERT_EQ(0, link_info(ns, "nic1_wire", &other));
	EXPECT_NE(0, memcmp(self->info.mac, other.mac, ETH_ALEN));
	EXPECT_EQ(2, self->info.mac[0] & 3);
	EXPECT_EQ(2, other.mac[0] & 3);
}

TEST_F(links, mtu)
{
	struct link_new new = { .name = "nic0", .kind = "bpfnic", .mtu = 4000 };
	struct ns *ns = &self->ns;

	ASSERT_EQ(0, link_add(ns, &new));
	ASSERT_EQ(0, link_info(ns, "nic0", &self->info));
	EXPECT_EQ(4000, self->info.mtu);
	EXPECT_EQ(68, self->info.min_mtu);
	EXPECT_EQ(9000, self->info.max_mtu);
	EXPECT_EQ(0, link_mtu(ns, "nic0", 68));
	EXPECT_EQ(0, link_mtu(ns, "nic0", 9000));
	EXPECT_EQ(-EINVAL, link_mtu(ns, "nic0", 67));
	EXPECT_EQ(-EINVAL, link_mtu(ns, "nic0", 9001));
	new.name = "nic1";
	new.mtu = 9001;
	EXPECT_EQ(-EINVAL, link_add(ns, &new));
	EXPECT_EQ(0, link_index(ns, "nic1"));
	EXPECT_EQ(0, link_index(ns, "nic1_wire"));
}

/* nic0's MTU is never more than that of what it is on. */
TEST_F(links, mtu_of_a_link)
{
	struct link_new new = { .name = "nic1", .kind = "bpfnic", .mtu = 1500 };
	struct ns *ns = &self->ns;

	ASSERT_EQ(0, link_add_kind(ns, "dev0", "dummy", 0));
	ASSERT_EQ(0, link_mtu(ns, "dev0", 2000));
	ASSERT_EQ(0, add_on(ns, "nic0", "dev0"));
	ASSERT_EQ(0, link_info(ns, "nic0", &self->info));
	EXPECT_EQ(2000, self->info.mtu);
	EXPECT_EQ(-EINVAL, link_mtu(ns, "nic0", 2001));
	EXPECT_EQ(0, link_mtu(ns, "dev0", 3000));
	EXPECT_EQ(0, link_mtu(ns, "nic0", 3000));
	EXPECT_EQ(0, link_mtu(ns, "dev0", 1400));
	ASSERT_EQ(0, link_info(ns, "nic0", &self->info));
	EXPECT_EQ(1400, self->info.mtu);
	/* More than bpfnic can is no more. */
	EXPECT_EQ(0, link_mtu(ns, "dev0", 20000));
	EXPECT_EQ(0, link_mtu(ns, "nic0", 9000));
	EXPECT_EQ(-EINVAL, link_mtu(ns, "nic0", 9001));
	/* And less than bpfnic can is less than what it is on can. */
	EXPECT_EQ(0, link_mtu(ns, "dev0", 68));
	EXPECT_EQ(-EINVAL, link_mtu(ns, "dev0", 67));
	ASSERT_EQ(0, link_info(ns, "dev0", &self->info));
	EXPECT_EQ(68, self->info.mtu);
	ASSERT_EQ(0, link_info(ns, "nic0", &self->info));
	EXPECT_EQ(68, self->info.mtu);

	ASSERT_EQ(0, link_add_kind(ns, "dev1", "dummy", 0));
	ASSERT_EQ(0, link_mtu(ns, "dev1", 1400));
	new.link = link_index(ns, "dev1");
	EXPECT_EQ(-EINVAL, link_add(ns, &new));
	EXPECT_STREQ("bpfnic: the MTU of dev1 is 1400", ns->said);
	EXPECT_EQ(0, link_index(ns, "nic1"));
}

/* Whoever is first has it. */
TEST_F(links, busy)
{
	struct ns *ns = &self->ns;

	ASSERT_EQ(0, link_add_kind(ns, "br0", "bridge", 0));
	ASSERT_EQ(0, link_add_kind(ns, "dev0", "dummy", 0));
	ASSERT_EQ(0, link_master(ns, "dev0", "br0"));
	EXPECT_EQ(-EBUSY, add_on(ns, "nic0", "dev0"));
	EXPECT_NE(NULL, strstr(ns->said, "bpfnic: dev0 is in use"));
	EXPECT_EQ(0, link_index(ns, "nic0"));
	EXPECT_EQ(0, nic_objects("ports"));
	ASSERT_EQ(0, link_master(ns, "dev0", NULL));

	ASSERT_EQ(0, add_on(ns, "nic0", "dev0"));
	EXPECT_EQ(-EBUSY, link_master(ns, "dev0", "br0"));
	EXPECT_EQ(-EBUSY, link_add_kind(ns, "dev1", "macvlan", link_index(ns, "dev0")));
	ASSERT_EQ(0, link_del(ns, "nic0"));
	ASSERT_EQ(0, link_add_kind(ns, "dev1", "macvlan", link_index(ns, "dev0")));
	EXPECT_EQ(-EBUSY, add_on(ns, "nic0", "dev0"));
	ASSERT_EQ(0, link_del(ns, "dev1"));
	EXPECT_EQ(0, link_master(ns, "dev0", "br0"));
}

TEST_F(links, no_wire)
{
	struct ns *ns = &self->ns;
	char text[64];

	EXPECT_EQ(-EINVAL, add_on(ns, "nic0", "lo"));
	EXPECT_STREQ("bpfnic: lo is no Ethernet device", ns->said);
	ASSERT_EQ(0, add_tun("dev0", IFF_TUN));
	EXPECT_EQ(-EINVAL, add_on(ns, "nic0", "dev0"));
	EXPECT_STREQ("bpfnic: dev0 is no Ethernet device", ns->said);
	ASSERT_EQ(0, link_add_kind(ns, "nic1", "bpfnic", 0));
	EXPECT_EQ(-EINVAL, add_on(ns, "nic0", "nic1_wire"));
	snprintf(text, sizeof(text), "bpfnic: nic1_wire is the wire of a port already");
	EXPECT_STREQ(text, ns->said);
	EXPECT_EQ(-ENODEV, link_add_kind(ns, "nic0", "bpfnic", 12345));
	EXPECT_EQ(0, link_index(ns, "nic0"));
	EXPECT_EQ(1, nic_objects("ports"));
	/* A wire is nothing to make by itself. */
	EXPECT_EQ(-EOPNOTSUPP, link_add_kind(ns, "nic0", "bpfnic_wire", 0));
}

/* nic0 as a bridge's port, like any other link */
TEST_F(links, in_a_bridge)
{
	struct ns *ns = &self->ns;

	ASSERT_EQ(0, link_add_kind(ns, "br0", "bridge", 0));
	ASSERT_EQ(0, link_add_kind(ns, "nic0", "bpfnic", 0));
	ASSERT_EQ(0, add_on(ns, "nic1", "nic0"));
	EXPECT_EQ(0, link_master(ns, "nic0", "br0"));
	EXPECT_EQ(0, link_master(ns, "nic1_wire", "br0"));
	EXPECT_EQ(0, link_del(ns, "nic0"));
	EXPECT_EQ(0, link_del(ns, "nic1"));
}

/* A second port of one that is on a link has a wire of its own. */
TEST_F(links, port_of_a_link)
{
	struct ns *ns = &self->ns;

	ASSERT_EQ(0, link_add_kind(ns, "dev0", "dummy", 0));
	ASSERT_EQ(0, add_on(ns, "nic0", "dev0"));
	ASSERT_EQ(0, add_on(ns, "nic1", "nic0"));
	EXPECT_NE(0, link_index(ns, "nic1_wire"));
	ASSERT_EQ(0, link_del(ns, "dev0"));
	EXPECT_EQ(0, link_index(ns, "nic0"));
	EXPECT_NE(0, link_index(ns, "nic1"));
	EXPECT_EQ(1, nic_objects("ports"));
	/* And one more of that */
	ASSERT_EQ(0, add_on(ns, "nic2", "nic1"));
	EXPECT_EQ(2, nic_objects("ports"));
}

/* What cannot be made leaves the device that it was to be a port of as it was. */
TEST_F(links, failed_port)
{
	struct ns *ns = &self->ns;
	int map;

	ASSERT_EQ(0, link_add_kind(ns, "nic0", "bpfnic", 0));
	map = nic_map(BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0, link_index(ns, "nic0"));
	ASSERT_LE(0, map);
	ASSERT_EQ(0, link_add_kind(ns, "nic1_wire", "dummy", 0));
	EXPECT_EQ(-EEXIST, add_on(ns, "nic1", "nic0"));
	EXPECT_EQ(-EINVAL, add_on(ns, "abcdefghijk", "nic0"));
	EXPECT_EQ(-EEXIST, add_on(ns, "nic0", "nic0"));
	EXPECT_EQ(1, nic_objects("ports"));
	EXPECT_EQ(1, nic_objects("maps"));
	EXPECT_EQ(0, bpf_map_update_elem(map, &(uint32_t){ 0 }, &(uint64_t){ 1 }, BPF_ANY));
	link_del(ns, "nic1_wire");
	EXPECT_EQ(0, add_on(ns, "nic1", "nic0"));
	close(map);
}

TEST_HARNESS_MAIN
