// SPDX-License-Identifier: GPL-2.0
/*
 * A bpfnic that everybody uses at the same time, while it goes: maps are read and changed
 * by system calls and by programs, programs replaced, queues and links changed.
 */
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_ether.h>

#include "harness.h"
#include "bpfnic_lib.h"
#include "bpfnic_net.h"
#include "bpfnic_stress.h"

#define MS		(nic_slow() ? 60000 : 20000)
#define MAX_THREADS	12
#define FRAME_LEN	100
#define ENOUGH		1000	/* frames */
#define OBJECT		"bpfnic_stress.bpf.o"

/**
 * struct stress - what the threads share
 * @home: where the test is
 * @ns: where nic0 is
 * @far: where its wire is
 * @object: programs and maps
 * @hash: file of the map
 * @counters: file of the map
 * @first: file of the program
 * @second: file of the other one
 * @stop: the threads are to end
 * @leave: those that are in a namespace are
 * @going: links may be gone
 * @sent: frames
 * @calls: system calls on maps
 * @loaded: programs
 * @seed: what random numbers start with
 * @lock: of @wrong
 * @wrong: what went wrong first, or ""
 */
struct stress {
	struct ns home;
	struct ns ns;
	struct ns far;
	struct bpf_object *object;
	int hash;
	int counters;
	int first;
	int second;
	atomic_bool stop;
	atomic_bool leave;
	atomic_bool going;
	atomic_ullong sent;
	atomic_ullong calls;
	atomic_ullong loaded;
	uint64_t seed;
	pthread_mutex_t lock;
	char wrong[256];
};

struct worker {
	pthread_t thread;
	struct stress *s;
	uint64_t random;
};

static void complain(struct stress *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void complain(struct stress *s, const char *fmt, ...)
{
	va_list ap;

	pthread_mutex_lock(&s->lock);
	if (!s->wrong[0]) {
		va_start(ap, fmt);
		vsnprintf(s->wrong, sizeof(s->wrong), fmt, ap);
		va_end(ap);
	}
	pthread_mutex_unlock(&s->lock);
	s->stop = true;
	s->leave = true;
}

/* Be in a namespace, with sockets there. */
static bool be_in(struct stress *s, const struct ns *where, struct ns *ns)
{
	int err = ns_enter(where) ?: ns_here(ns);

	if (err)
		complain(s, "entering a namespace: %s", strerror(-err));
	return !err;
}

/* Is this what a call may return: 0, one of @a and @b, or -ENODEV when links go? */
static bool may(struct stress *s, const char *what, int err, int a, int b)
{
	s->calls++;
	if (!err || err == a || err == b || (err == -ENODEV && s->going))
		return true;
	complain(s, "%s: %s", what, strerror(-err));
	return false;
}

static bool is_whole(const struct stress_value *value)
{
	unsigned int i;

	for (i = 1; i < STRESS_WORDS; i++)
		if (value->word[i] != value->word[0])
			return false;
	return true;
}

static void look(struct stress *s, uint32_t key)
{
	struct stress_value value = {};
	int err;

	err = bpf_map_lookup_elem(s->hash, &key, &value);
	may(s, "lookup", err, -ENOENT, 0);
	if (!err && !is_whole(&value))
		complain(s, "a value is torn: %llx and %llx", value.word[0],
			 value.word[STRESS_WORDS - 1]);
}

/* Changes entries at random. */
static void *change(void *arg)
{
	struct worker *w = arg;
	struct stress *s = w->s;
	struct stress_value value;
	unsigned int i;
	uint64_t n;
	uint32_t key;

	while (!s->stop) {
		n = nic_random(&w->random);
		key = n % (2 * STRESS_KEYS);
		for (i = 0; i < STRESS_WORDS; i++)
			value.word[i] = n;
		switch (n >> 32 & 7) {
		case 0:
		case 1:
			may(s, "update", bpf_map_update_elem(s->hash, &key, &value, BPF_ANY),
			    -E2BIG, 0);
			break;
		case 2:
			may(s, "insertion",
			    bpf_map_update_elem(s->hash, &key, &value, BPF_NOEXIST), -EEXIST,
			    -E2BIG);
			break;
		case 3:
			may(s, "replacement",
			    bpf_map_update_elem(s->hash, &key, &value, BPF_EXIST), -ENOENT, 0);
			break;
		case 4:
			may(s, "deletion", bpf_map_delete_elem(s->hash, &key), -ENOENT, 0);
			break;
		default:
			look(s, key);
			break;
		}
	}
	return NULL;
}

/* Goes through all entries, which others change meanwhile. */
static void *dump(void *arg)
{
	struct worker *w = arg;
	struct stress *s = w->s;
	uint32_t key, next;
	unsigned int count;
	int err;

	while (!s->stop) {
		err = bpf_map_get_next_key(s->hash, NULL, &next);
		if (!may(s, "first key", err, -ENOENT, 0))
			break;
		for (count = 0; !err && !s->stop; count++) {
			key = next;
			if (key >= 2 * STRESS_KEYS) {
				complain(s, "key %u was never there", key);
				break;
			}
			look(s, key);
			err = bpf_map_get_next_key(s->hash, &key, &next);
			may(s, "next key", err, -ENOENT, 0);
		}
	}
	return NULL;
}

/* Sends frames for the program, out of the wire's side. */
static void *transmit(void *arg)
{
	struct worker *w = arg;
	struct stress *s = w->s;
	uint8_t frame[FRAME_LEN];
	uint32_t number;
	struct ns far;
	int fd;

	if (!be_in(s, &s->far, &far))
		return NULL;
	fd = nic_socket(link_index(&far, "nic0_wire"), 0);
	if (fd < 0) {
		complain(s, "no socket to send by: %s", strerror(-fd));
		return NULL;
	}
	nic_frame(frame, sizeof(frame), 1);
	while (!s->leave) {
		number = nic_random(&w->random);
		memcpy(frame + ETH_HLEN, &number, sizeof(number));
		if (send(fd, frame, sizeof(frame), 0) == sizeof(frame))
			s->sent++;
		/* What is down, or gone, does not send. */
	}
	close(fd);
	ns_close(&far);
	return NULL;
}

/* Replaces the program.  There is no native one beside it: attaching and detaching that
 * has the kernel patch code that another CPU executes, of which QEMU, emulating both at
 * the same time, makes an oops ("int3") now and then.
 */
static void *replace(void *arg)
{
	struct worker *w = arg;
	struct stress *s = w->s;
	unsigned int i;
	struct ns ns;

	if (!be_in(s, &s->ns, &ns))
		return NULL;
	for (i = 0; !s->leave; i++)
		may(s, "attaching",
		    link_xdp(&ns, "nic0", i & 1 ? s->first : s->second, XDP_FLAGS_HW_MODE),
		    0, 0);
	ns_close(&ns);
	return NULL;
}

/* The same, and sometimes there is none. */
static void *detach(void *arg)
{
	struct worker *w = arg;
	struct stress *s = w->s;
	struct ns ns;

	if (!be_in(s, &s->ns, &ns))
		return NULL;
	while (!s->leave) {
		may(s, "detaching", link_xdp(&ns, "nic0", -1, XDP_FLAGS_HW_MODE), 0, 0);
		usleep(2000);
	}
	ns_close(&ns);
	return NULL;
}

static void *set_queues(void *arg)
{
	struct worker *w = arg;
	struct stress *s = w->s;
	unsigned int i;
	struct ns ns;

	if (!be_in(s, &s->ns, &ns))
		return NULL;
	for (i = 0; !s->leave; i++) {
		may(s, "ethtool -L", link_set_channels(&ns, "nic0", 1 + i % STRESS_QUEUES),
		    0, 0);
		usleep(5000);
	}
	ns_close(&ns);
	return NULL;
}

/* One end goes down and up again, then the other. */
static void *down_and_up(void *arg)
{
	struct worker *w = arg;
	struct stress *s = w->s;
	struct ns ns, far;
	unsigned int i;

	if (!be_in(s, &s->ns, &ns) || !be_in(s, &s->far, &far))
		return NULL;
	for (i = 0; !s->leave; i++) {
		if (i % 4 < 2)
			may(s, "nic0 up or down", link_up(&ns, "nic0", i & 1), 0, 0);
		else
			may(s, "nic0_wire up or down", link_up(&far, "nic0_wire", i & 1), 0, 0);
		usleep(10000);
	}
	ns_close(&ns);
	ns_close(&far);
	return NULL;
}

/* Reads all that the kernel and the module show. */
static void *watch(void *arg)
{
	struct worker *w = arg;
	struct stress *s = w->s;
	struct nic_stats stats;
	struct bpf_prog_info info;
	struct link_info link;
	struct ns ns;
	uint32_t len;
	int err;

	if (!be_in(s, &s->ns, &ns))
		return NULL;
	while (!s->leave) {
		nic_objects("maps");
		nic_objects("programs");
		nic_objects("ports");
		nic_objects("limits");
		nic_stats("nic0", &stats);
		may(s, "ip link show", link_info(&ns, "nic0", &link), 0, 0);
		len = sizeof(info);
		memset(&info, 0, len);
		err = bpf_obj_get_info_by_fd(s->first, &info, &len);
		may(s, "bpftool prog show", err, 0, 0);
	}
	ns_close(&ns);
	return NULL;
}

static int load(struct stress *s, unsigned int ifindex)
{
	struct bpf_program *prog;
	struct bpf_map *map;
	int err;

	s->object = bpf_object__open_file(OBJECT, NULL);
	if (!s->object)
		return -errno;
	bpf_object__for_each_program(prog, s->object)
		bpf_program__set_ifindex(prog, ifindex);
	bpf_object__for_each_map(map, s->object)
		bpf_map__set_ifindex(map, ifindex);
	err = bpf_object__load(s->object);
	if (err)
		return err;
	s->hash = bpf_object__find_map_fd_by_name(s->object, "hash");
	s->counters = bpf_object__find_map_fd_by_name(s->object, "counters");
	s->first = bpf_program__fd(bpf_object__find_program_by_name(s->object, "first"));
	s->second = bpf_program__fd(bpf_object__find_program_by_name(s->object, "second"));
	return 0;
}

/* nic0, its wire elsewhere, and a second port of the same device */
static int make(struct stress *s)
{
	struct link_new new = {
		.name = "nic0", .kind = "bpfnic", .queues = STRESS_QUEUES,
	};

	s->stop = false;
	s->leave = false;
	s->going = false;
	s->wrong[0] = '\0';
	return ns_new(&s->ns) ?: ns_new(&s->far) ?: link_add(&s->ns, &new) ?:
	       link_move(&s->ns, "nic0_wire", &s->far) ?: link_up(&s->ns, "nic0", true) ?:
	       link_up(&s->far, "nic0_wire", true) ?:
	       link_add_kind(&s->ns, "nic1", "bpfnic", link_index(&s->ns, "nic0")) ?:
	       ns_enter(&s->ns) ?: load(s, link_index(&s->ns, "nic0")) ?: ns_enter(&s->home) ?:
	       link_xdp(&s->ns, "nic0", s->first, XDP_FLAGS_HW_MODE) ?:
	       link_xdp(&s->ns, "nic1", s->second, XDP_FLAGS_HW_MODE) ?:
	       link_wait_carrier(&s->far, "nic0_wire", true);
}

static int start(struct stress *s, struct worker *w, void *(*function)(void *))
{
	w->s = s;
	w->random = nic_random(&s->seed);
	return pthread_create(&w->thread, NULL, function, w);
}

FIXTURE(stress)
{
	struct stress s;
	struct worker workers[MAX_THREADS];
	unsigned int count;
	unsigned int objects;	/* of BPF, that there were before */
};

FIXTURE_SETUP(stress)
{
	self->objects = bpf_objects();
	ASSERT_EQ(0, nic_wait_objects("ports", 0, MS));
	/* It tries maps with BTF first, and says so. */
	libbpf_set_print(NULL);
	ASSERT_EQ(0, ns_here(&self->s.home));
	pthread_mutex_init(&self->s.lock, NULL);
	self->s.seed = nic_seed(7);
	TH_LOG("VNET_SEED=%llu", (unsigned long long)self->s.seed);
}

FIXTURE_TEARDOWN(stress)
{
	ns_enter(&self->s.home);
	ns_close(&self->s.home);
	EXPECT_EQ(0, nic_wait_objects("ports", 0, MS));
	EXPECT_EQ(0, nic_wait_objects("maps", 0, MS));
	EXPECT_EQ(0, nic_wait_objects("programs", 0, MS));
	EXPECT_EQ(0, bpf_wait_objects(self->objects, MS));
}

static void run_all(struct __test_metadata *_metadata, FIXTURE_DATA(stress) *self,
		    void *(*const *functions)(void *), unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		ASSERT_EQ(0, start(&self->s, &self->workers[i], functions[i]));
	self->count = count;
}

/* Wait for the threads from one on. */
static void join_from(FIXTURE_DATA(stress) *self, unsigned int first)
{
	unsigned int i;

	for (i = first; i < self->count; i++)
		pthread_join(self->workers[i].thread, NULL);
	self->count = first;
}

static void join_all(FIXTURE_DATA(stress) *self)
{
	self->s.stop = true;
	self->s.leave = true;
	join_from(self, 0);
}

#define BY_FILES	3	/* of the threads use files only, from no namespace: the first */

/* How the links go */
enum way {
	BY_LINKS,
	BY_WIRE,
	BY_NAMESPACE,	/* that of nic0 and nic1 */
	BY_FAR,		/* the namespace of nic0's wire, then nic1 */
	WAYS,
};

static void go(FIXTURE_DATA(stress) *self, enum way way)
{
	struct stress *s = &self->s;

	s->going = true;
	switch (way) {
	case BY_LINKS:
		link_del(&s->ns, "nic0");
		link_del(&s->ns, "nic1");
		break;
	case BY_WIRE:
		link_del(&s->ns, "nic1_wire");
		link_del(&s->far, "nic0_wire");
		break;
	default:
		link_del(&s->ns, "nic1");
		usleep(1000);
		/* Who is in a namespace keeps it. */
		s->leave = true;
		join_from(self, BY_FILES);
		if (way == BY_FAR)
			ns_close(&s->far);
		ns_close(&s->ns);
		nic_wait_objects("ports", 0, MS);
		break;
	}
}

/* All files say that there is no device any more. */
static void expect_no_device(struct __test_metadata *_metadata, struct stress *s)
{
	struct bpf_prog_info info = {};
	uint32_t key = 0, len = sizeof(info);
	struct stress_value value = {};

	EXPECT_EQ(-ENODEV, bpf_map_lookup_elem(s->hash, &key, &value));
	EXPECT_EQ(-ENODEV, bpf_map_update_elem(s->hash, &key, &value, BPF_ANY));
	EXPECT_EQ(-ENODEV, bpf_map_delete_elem(s->hash, &key));
	EXPECT_EQ(-ENODEV, bpf_map_get_next_key(s->hash, NULL, &key));
	EXPECT_EQ(-ENODEV, bpf_map_lookup_elem(s->counters, &key, &value));
	EXPECT_EQ(-ENODEV, bpf_obj_get_info_by_fd(s->first, &info, &len));
	EXPECT_EQ(-ENODEV, bpf_obj_get_info_by_fd(s->second, &info, &len));
}

static void *(*const everything[])(void *) = {
	change, change, dump, transmit, transmit, replace, detach, set_queues, down_and_up,
	watch,
};

static bool at_work(void *ctx)
{
	struct stress *s = ctx;

	return s->sent && s->calls;
}

TEST_F(stress, removed_in_the_middle)
{
	unsigned int round, rounds = nic_slow() ? 4 : 12;
	struct stress *s = &self->s;
	uint32_t hash, first;

	for (round = 0; round < rounds; round++) {
		ASSERT_EQ(0, make(s));
		hash = map_id(s->hash);
		first = prog_id(s->first);
		s->sent = 0;
		s->calls = 0;
		run_all(_metadata, self, everything, ARRAY_SIZE(everything));
		usleep(500000 + nic_random(&s->seed) % 500000);
		EXPECT_EQ(0, nic_wait(at_work, s, MS));
		go(self, round % WAYS);
		usleep(50000);
		join_all(self);
		ns_close(&s->ns);
		ASSERT_EQ(0, nic_wait_objects("ports", 0, MS));
		EXPECT_STREQ("", s->wrong);
		EXPECT_LT(0, s->sent);
		EXPECT_LT(0, s->calls);
		expect_no_device(_metadata, s);
		bpf_object__close(s->object);
		ns_close(&s->far);
		EXPECT_EQ(0, nic_wait_objects("maps", 0, MS));
		EXPECT_EQ(0, nic_wait_objects("programs", 0, MS));
		EXPECT_GT(0, bpf_map_get_fd_by_id(hash));
		EXPECT_GT(0, bpf_prog_get_fd_by_id(first));
	}
}

static long long counted(const struct stress *s)
{
	uint32_t key = STRESS_FRAMES;
	uint64_t value = 0;

	return bpf_map_lookup_elem(s->counters, &key, &value) ? -1 : (long long)value;
}

static bool all_counted(void *ctx)
{
	struct stress *s = ctx;

	return counted(s) + nic_stat("nic0", "wire_drops") >= (long long)s->sent;
}

static bool enough_counted(void *ctx)
{
	return counted(ctx) > ENOUGH;
}

/* With the program replaced and queues changed all the time, no frame passes it. */
TEST_F(stress, none_missed)
{
	static void *(*const functions[])(void *) = {
		change, dump, transmit, transmit, replace, set_queues, watch,
	};
	struct stress *s = &self->s;
	long long verdicts;

	ASSERT_EQ(0, make(s));
	ASSERT_EQ(0, ns_enter(&s->ns));
	s->sent = 0;
	run_all(_metadata, self, functions, ARRAY_SIZE(functions));
	usleep(nic_slow() ? 10000000 : 5000000);
	EXPECT_EQ(0, nic_wait(enough_counted, s, MS));
	join_all(self);
	EXPECT_STREQ("", s->wrong);
	EXPECT_EQ(0, nic_wait(all_counted, s, MS));
	TH_LOG("%llu frames, %lld counted, %lld dropped", (unsigned long long)s->sent,
	       counted(s), nic_stat("nic0", "wire_drops"));
	EXPECT_GE((long long)s->sent, counted(s));
	verdicts = nic_stat("nic0", "hw_xdp_pass") + nic_stat("nic0", "hw_xdp_drop") +
		   nic_stat("nic0", "hw_xdp_tx") + nic_stat("nic0", "hw_xdp_tx_errors");
	EXPECT_EQ(counted(s), verdicts);
	EXPECT_EQ(0, nic_stat("nic0", "hw_xdp_aborted"));
	link_del(&s->ns, "nic0");
	link_del(&s->ns, "nic1");
	bpf_object__close(s->object);
	ns_close(&s->ns);
	ns_close(&s->far);
}

/* Makes and deletes ports of one device, and devices. */
static void *make_links(void *arg)
{
	struct worker *w = arg;
	struct stress *s = w->s;
	unsigned int i, first;
	char name[IFNAMSIZ];
	struct ns ns;
	int err;

	if (!be_in(s, &s->ns, &ns))
		return NULL;
	snprintf(name, sizeof(name), "n%u", (unsigned int)(w->random % 10000));
	for (i = 0; !s->leave; i++) {
		first = i & 1 ? link_index(&ns, "nic1") : 0;
		err = link_add_kind(&ns, name, "bpfnic", first);
		if (err == -ENODEV && first)
			continue;
		if (!may(s, "ip link add", err, 0, 0))
			break;
		may(s, "nic up", link_up(&ns, name, true), 0, 0);
		/* Who comes first on it */
		err = link_xdp(&ns, name, s->second, XDP_FLAGS_HW_MODE);
		if (first)
			may(s, "attaching to a port", err, 0, 0);
		else if (err != -EINVAL)
			complain(s, "attaching to another device: %d", err);
		may(s, "ip link del", link_del(&ns, name), 0, 0);
	}
	ns_close(&ns);
	return NULL;
}

TEST_F(stress, ports_come_and_go)
{
	static void *(*const functions[])(void *) = {
		change, dump, transmit, replace, make_links, make_links, watch,
	};
	struct stress *s = &self->s;

	ASSERT_EQ(0, make(s));
	run_all(_metadata, self, functions, ARRAY_SIZE(functions));
	usleep(nic_slow() ? 8000000 : 4000000);
	join_all(self);
	EXPECT_STREQ("", s->wrong);
	link_del(&s->ns, "nic0");
	link_del(&s->ns, "nic1");
	expect_no_device(_metadata, s);
	bpf_object__close(s->object);
	ns_close(&s->ns);
	ns_close(&s->far);
}

/* Loads programs, and makes maps, all the time. */
static void *load_more(void *arg)
{
	struct worker *w = arg;
	struct stress *s = w->s;
	unsigned int index;
	struct ns ns;
	int fd;

	if (!be_in(s, &s->ns, &ns))
		return NULL;
	while (!s->leave) {
		index = link_index(&ns, "nic0");
		if (!index)
			continue;
		fd = nic_map(BPF_MAP_TYPE_HASH, 4, 8, 16, 0, index);
		if (fd >= 0)
			close(fd);
		else if (fd != -ENODEV && fd != -EINVAL)
			complain(s, "making a map: %s", strerror(-fd));
		fd = prog_return(XDP_PASS, index);
		if (fd >= 0)
			close(fd);
		else if (fd != -ENODEV && fd != -EINVAL)
			complain(s, "loading a program: %s", strerror(-fd));
		s->loaded += fd >= 0;
		s->calls++;
	}
	ns_close(&ns);
	return NULL;
}

/* The kernels before have bugs of their own there. */
TEST_F(stress, loading_while_removed)
{
	static void *(*const functions[])(void *) = { load_more, load_more, load_more };
	unsigned int i, rounds = nic_slow() ? 30 : 100;
	struct stress *s = &self->s;
	struct utsname name;

	uname(&name);
	if (!strstr(name.release, "-vnet"))
		SKIP(return, "needs a kernel with the fixes of BPF's offload");
	ASSERT_EQ(0, ns_new(&s->ns));
	s->going = true;
	run_all(_metadata, self, functions, ARRAY_SIZE(functions));
	/* On a busy machine, as many more as it takes the threads to begin */
	for (i = 0; i < rounds ||
	     ((s->calls <= rounds || !s->loaded) && i < 20 * rounds); i++) {
		ASSERT_EQ(0, link_add_kind(&s->ns, "nic0", "bpfnic", 0));
		usleep(nic_random(&s->seed) % 20000);
		ASSERT_EQ(0, link_del(&s->ns, "nic0"));
	}
	join_all(self);
	EXPECT_STREQ("", s->wrong);
	TH_LOG("%llu programs in %u rounds", (unsigned long long)s->loaded, rounds);
	EXPECT_LT(rounds, s->calls);
	EXPECT_LT(0, s->loaded);
	ns_close(&s->ns);
}

TEST_HARNESS_MAIN
