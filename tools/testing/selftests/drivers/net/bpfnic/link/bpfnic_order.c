// SPDX-License-Identifier: GPL-2.0
/*
 * A device of two ports, a map and a program that both ports run: all goes, in every
 * order.  At each step, what is left works, and nothing else.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "harness.h"
#include "bpfnic_lib.h"
#include "bpfnic_net.h"

#define MS	(nic_slow() ? 60000 : 20000)
#define WORKERS	4	/* most of the time is waiting for grace periods */

/* What goes */
enum step {
	PORT_A,		/* nic0, on dev0 */
	PORT_B,		/* nic1, on nic0, with a wire of its own */
	MAP_FD,
	PROG_FD,
	ATTACHMENT,	/* the program's, where there is still a port */
	STEPS,
};

static const char * const step_names[] = { "a", "b", "map", "prog", "detach" };

/* How the ports go: by themselves, or with what they are on */
static const struct {
	const char *a;
	const char *b;
} ways[] = {
	{ "nic0", "nic1" },
	{ "dev0", "nic1" },
	{ "nic0", "nic1_wire" },
	{ "dev0", "nic1_wire" },
};

/**
 * struct round - what there is
 * @ns: where
 * @map: file, or -1
 * @prog: file, or -1
 * @map_id: its number
 * @prog_id: its number
 * @index_a: of nic0
 * @index_b: of nic1
 * @to_a: socket that sends to port a
 * @to_b: socket that sends to port b
 * @a: there is port a
 * @b: there is port b
 * @attached: the ports that there are run the program
 * @counted: frames that the program has seen
 */
struct round {
	struct ns ns;
	int map;
	int prog;
	uint32_t map_id;
	uint32_t prog_id;
	unsigned int index_a;
	unsigned int index_b;
	int to_a;
	int to_b;
	bool a;
	bool b;
	bool attached;
	uint64_t counted;
};

static int make(struct round *r)
{
	struct ns *ns = &r->ns;
	int err = 0;

	if (!link_index(ns, "dev0"))
		err = link_add_veth(ns, "dev0", "far0") ?: link_up(ns, "dev0", true) ?:
		      link_up(ns, "far0", true);
	err = err ?: link_add_kind(ns, "nic0", "bpfnic", link_index(ns, "dev0")) ?:
	      link_add_kind(ns, "nic1", "bpfnic", link_index(ns, "nic0")) ?:
	      link_up(ns, "nic0", true) ?: link_up(ns, "nic1", true) ?:
	      link_up(ns, "nic1_wire", true);
	if (err)
		return err;
	r->index_a = link_index(ns, "nic0");
	r->index_b = link_index(ns, "nic1");
	r->map = nic_map(BPF_MAP_TYPE_HASH, 4, 8, 2, 0, r->index_a);
	if (r->map < 0)
		return r->map;
	r->prog = prog_count(XDP_DROP, r->map, r->index_a);
	if (r->prog < 0)
		return r->prog;
	r->map_id = map_id(r->map);
	r->prog_id = prog_id(r->prog);
	r->to_a = nic_socket(link_index(ns, "far0"), 0);
	r->to_b = nic_socket(link_index(ns, "nic1_wire"), 0);
	r->a = true;
	r->b = true;
	r->attached = true;
	r->counted = 0;
	return bpf_map_update_elem(r->map, &(uint32_t){ 0 }, &r->counted, BPF_ANY) ?:
	       link_xdp(ns, "nic0", r->prog, XDP_FLAGS_HW_MODE) ?:
	       link_xdp(ns, "nic1", r->prog, XDP_FLAGS_HW_MODE) ?:
	       link_wait_carrier(ns, "far0", true) ?: link_wait_carrier(ns, "nic1_wire", true);
}

static int step(struct round *r, unsigned int way, enum step what)
{
	int err = 0;

	switch (what) {
	case PORT_A:
		r->a = false;
		err = link_del(&r->ns, ways[way].a);
		break;
	case PORT_B:
		r->b = false;
		err = link_del(&r->ns, ways[way].b);
		break;
	case MAP_FD:
		close(r->map);
		r->map = -1;
		break;
	case PROG_FD:
		close(r->prog);
		r->prog = -1;
		break;
	case ATTACHMENT:
		if (r->a)
			err = link_xdp(&r->ns, "nic0", -1, XDP_FLAGS_HW_MODE);
		if (r->b && !err)
			err = link_xdp(&r->ns, "nic1", -1, XDP_FLAGS_HW_MODE);
		r->attached = false;
		break;
	default:
		break;
	}
	return err;
}

static bool counts(void *ctx)
{
	struct round *r = ctx;
	uint64_t value = 0;

	return !bpf_map_lookup_elem(r->map, &(uint32_t){ 0 }, &value) && value == r->counted;
}

static bool shows_right(struct round *r, const char *name)
{
	struct link_info link;

	return !link_info(&r->ns, name, &link) &&
	       link.xdp_hw == (r->attached ? r->prog_id : 0);
}

/* What is wrong, or NULL */
static const char *judge(struct round *r)
{
	struct bpf_prog_info info = {};
	uint32_t len = sizeof(info), key = 0;
	bool alive = r->a || r->b;
	uint8_t frame[64];
	uint64_t value;
	int fd, err;

	/* Sent to either port, a frame is counted, if it runs the program. */
	nic_frame(frame, sizeof(frame), 0);
	if (r->a && nic_send(r->to_a, frame, sizeof(frame)))
		return "cannot send to port a";
	if (r->b && nic_send(r->to_b, frame, sizeof(frame)))
		return "cannot send to port b";
	if (r->attached)
		r->counted += r->a + r->b;

	if (r->map >= 0 && alive && nic_wait(counts, r, MS))
		return "the map does not count right";
	if (r->map >= 0 && !alive && bpf_map_lookup_elem(r->map, &key, &value) != -ENODEV)
		return "the map is there without a port";
	if (r->prog >= 0) {
		err = bpf_obj_get_info_by_fd(r->prog, &info, &len);
		if (err != (alive ? 0 : -ENODEV))
			return "the program is there without a port, or the reverse";
		if (alive && info.ifindex != (r->a ? r->index_a : r->index_b))
			return "the program is not where it should be";
	}
	if (r->a && !shows_right(r, "nic0"))
		return "port a does not show the program right";
	if (r->b && !shows_right(r, "nic1"))
		return "port b does not show the program right";
	if (alive && (r->prog >= 0 || r->attached || r->map >= 0)) {
		fd = bpf_map_get_fd_by_id(r->map_id);
		if (fd < 0)
			return "the map's number is not known";
		close(fd);
	}
	if (!r->a && link_index(&r->ns, "nic0"))
		return "port a is there";
	if (!r->b && (link_index(&r->ns, "nic1") || link_index(&r->ns, "nic1_wire")))
		return "port b is there";
	return NULL;
}

static bool all_gone(void *ctx)
{
	struct round *r = ctx;
	int prog, map;

	prog = bpf_prog_get_fd_by_id(r->prog_id);
	map = bpf_map_get_fd_by_id(r->map_id);
	if (prog >= 0)
		close(prog);
	if (map >= 0)
		close(map);
	return prog < 0 && map < 0;
}

static int run(struct round *r, const unsigned int *order, unsigned int way)
{
	const char *wrong;
	unsigned int i;
	int err;

	err = make(r);
	wrong = err ? "cannot be made" : judge(r);
	for (i = 0; !wrong && i < STEPS; i++) {
		err = step(r, way, order[i]);
		wrong = err ? "fails" : judge(r);
	}
	close(r->to_a);
	close(r->to_b);
	if (!wrong && nic_wait(all_gone, r, MS))
		wrong = "something is left";
	if (!wrong)
		return 0;
	printf("# step %u of %s %s %s %s %s, of %s and %s: %s (%d, %s)\n", i,
	       step_names[order[0]], step_names[order[1]], step_names[order[2]],
	       step_names[order[3]], step_names[order[4]], ways[way].a, ways[way].b, wrong,
	       err, r->ns.said);
	return 1;
}

static bool next_order(unsigned int *order)
{
	unsigned int i, j, t;

	for (i = STEPS - 1; i && order[i - 1] > order[i]; i--)
		;
	if (!i)
		return false;
	for (j = STEPS - 1; order[j] < order[i - 1]; j--)
		;
	t = order[i - 1];
	order[i - 1] = order[j];
	order[j] = t;
	for (j = STEPS - 1; i < j; i++, j--) {
		t = order[i];
		order[i] = order[j];
		order[j] = t;
	}
	return true;
}

/* A worker's share of the orders, each by one of the ways, or by all */
static int work(unsigned int worker, bool all_ways)
{
	unsigned int order[STEPS], number = 0, way, i;
	struct round r = {};

	if (ns_new(&r.ns) || ns_enter(&r.ns))
		return 1;
	for (i = 0; i < STEPS; i++)
		order[i] = i;
	do {
		if (number % WORKERS == worker)
			for (way = 0; way < ARRAY_SIZE(ways); way++)
				if ((all_ways || number / WORKERS % ARRAY_SIZE(ways) == way) &&
				    run(&r, order, way))
					return 1;
		number++;
	} while (next_order(order));
	link_del(&r.ns, "dev0");
	ns_close(&r.ns);
	return number == 120 ? 0 : 1;
}

FIXTURE(orders)
{
	bool all_ways;
};

FIXTURE_SETUP(orders)
{
	self->all_ways = getenv("BPFNIC_ALL_WAYS");

	EXPECT_EQ(0, nic_objects("ports"));
	EXPECT_EQ(0, nic_objects("maps"));
	EXPECT_EQ(0, nic_objects("programs"));
}

FIXTURE_TEARDOWN(orders)
{
	EXPECT_EQ(0, nic_wait_objects("ports", 0, MS));
	EXPECT_EQ(0, nic_wait_objects("maps", 0, MS));
	EXPECT_EQ(0, nic_wait_objects("programs", 0, MS));
}

TEST_F(orders, every)
{
	unsigned int i;
	int status;

	for (i = 0; i < WORKERS; i++) {
		fflush(stdout);
		switch (fork()) {
		case -1:
			ASSERT_TRUE(false);
			break;
		case 0:
			status = work(i, self->all_ways);
			fflush(stdout);
			_exit(status);
		}
	}
	for (i = 0; i < WORKERS; i++) {
		ASSERT_LT(0, wait(&status));
		EXPECT_EQ(0, status);
	}
}

TEST_HARNESS_MAIN
