// SPDX-License-Identifier: GPL-2.0
/*
 * Calls at random of the ioctls of the receive hash, right, nearly right and
 * wrong, and of those that they depend on.  Each answer is compared with a
 * model made from Documentation/networking/tun-vnet-hash.rst.
 */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness.h"
#include "vnet_flow.h"
#include "vnet_fuzz.h"

#define BOTH		(TUN_VNET_HASH_REPORT | TUN_VNET_HASH_RSS)
#define HASH_HDR	((int)sizeof(struct virtio_net_hdr_v1_hash))
#define COUNT		5000	/* calls, unless VNET_COUNT says otherwise */
#define EPISODE		32	/* calls after which all starts anew */
#define MAX_BAD		5	/* failures that are told */
#define PATTERN		0xee

/* Memory for arguments: what is beyond it, or is not to be written, faults */

enum { MEM_ARG, MEM_TABLE, MEM_KEY, MEM_SLOTS };

struct mem {
	char *start, *end;	/* read and write */
	char *ro, *ro_end;	/* the same bytes, to be read only */
};

static struct mem mems[MEM_SLOTS];

static int mem_init(struct mem *mem)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *p;
	int fd;

	fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, page))
		return -1;
	/* Before and behind each there is never anything. */
	p = mmap(NULL, 5 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return -1;
	mem->start = mmap(p + page, page, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_FIXED, fd, 0);
	mem->ro = mmap(p + 3 * page, page, PROT_READ, MAP_SHARED | MAP_FIXED,
		       fd, 0);
	close(fd);
	if (mem->start == MAP_FAILED || mem->ro == MAP_FAILED)
		return -1;
	mem->end = mem->start + page;
	mem->ro_end = mem->ro + page;
	return 0;
}

static bool within(uint64_t p, size_t len, const char *start, const char *end)
{
	return p >= (uintptr_t)start && p <= (uintptr_t)end &&
	       len <= (uintptr_t)end - p;
}

/* May the kernel read, or write, all of it? */
static bool mem_ok(uint64_t p, size_t len, bool write)
{
	unsigned int i;

	if (!len)
		return true;
	for (i = 0; i < MEM_SLOTS; i++)
		if (within(p, len, mems[i].start, mems[i].end) ||
		    (!write && within(p, len, mems[i].ro, mems[i].ro_end)))
			return true;
	return false;
}

/* The byte at an address that mem_ok() likes, to be written whatever it says */
static char *mem_alias(unsigned int slot, uint64_t p)
{
	const struct mem *mem = &mems[slot];

	if (within(p, 1, mem->ro, mem->ro_end))
		return mem->start + (p - (uintptr_t)mem->ro);
	return (char *)(uintptr_t)p;
}

/* A pointer to where nothing, or not enough, or not for that purpose, is */
static uint64_t bad_pointer(uint64_t *state, unsigned int slot, size_t len)
{
	const struct mem *mem = &mems[slot];

	switch (fuzz_draw(state, 10)) {
	case 0:
		return 0;
	case 1:
		return 1 + fuzz_draw(state, 4095);
	case 2:
		return (uintptr_t)mem->end;
	case 3:
		return 0xffff888000000000ull + fuzz_draw(state, 1 << 28);
	case 4:
		return 0x0000800000000000ull + fuzz_draw(state, 1 << 28);
	case 5:
		return -(uint64_t)(1 + fuzz_draw(state, 8192));
	case 6:
		return 0x00007fffffffffffull - fuzz_draw(state, 2 * len + 1);
	case 7:
		return (uintptr_t)mem->ro;
	case 8:
		/* Only the last byte is not there, */
		return (uintptr_t)mem->end + 1 - len;
	default:
		/* or more of them. */
		return (uintptr_t)mem->end - (len ? fuzz_draw(state, len) : 0);
	}
}

/*
 * Put something in memory, and say where.  What does not fit there is not put;
 * @bad asks for a place that is wrong, mostly.
 */
static uint64_t mem_put(uint64_t *state, unsigned int slot, const void *bytes,
			size_t len, bool bad)
{
	const struct mem *mem = &mems[slot];
	size_t size = mem->end - mem->start;
	uint64_t p;
	size_t i;

	if (bad)
		p = bad_pointer(state, slot, len);
	else if (len > size)
		p = (uintptr_t)mem->start;
	else if (fuzz_chance(state, 50))
		p = (uintptr_t)(mem->end - len);
	else
		p = (uintptr_t)mem->start + fuzz_draw(state, size - len + 1);

	for (i = 0; i < len && mem_ok(p + i, 1, false); i++)
		*mem_alias(slot, p + i) = ((const char *)bytes)[i];
	return p;
}

/* The model */

/* What a call may answer: these errors; without one, it must succeed. */
struct answer {
	unsigned int count;
	int errors[6];
};

static void may_fail(struct answer *answer, int error)
{
	unsigned int i;

	for (i = 0; i < answer->count; i++)
		if (answer->errors[i] == error)
			return;
	answer->errors[answer->count++] = error;
}

static bool answer_right(const struct answer *answer, int ret, int error)
{
	unsigned int i;

	if (!answer->count)
		return !ret;
	for (i = 0; i < answer->count; i++)
		if (ret == -1 && error == answer->errors[i])
			return true;
	return false;
}

static bool reserved_clear(const struct tun_vnet_hash *arg)
{
	return !arg->reserved0 && !arg->reserved[0] && !arg->reserved[1] &&
	       !arg->reserved[2] && !arg->reserved[3];
}

static bool power_of_two(unsigned int v)
{
	unsigned int p;

	for (p = 1; p <= VNET_MAX_TABLE; p *= 2)
		if (v == p)
			return true;
	return false;
}

/* What TUNSETVNETHASH says to an argument that it could read */
static void model_set(struct answer *answer, const struct tun_vnet_hash *arg,
		      bool steering)
{
	const uint16_t *table = (void *)(uintptr_t)arg->indirection_table;
	unsigned int i;
	uint16_t entry;

	if (arg->flags & ~BOTH || arg->hash_types & ~VNET_ALL_TYPES ||
	    !reserved_clear(arg))
		may_fail(answer, EINVAL);
	if (!arg->flags)
		return;

	if (arg->key_size > VNET_KEY_SIZE ||
	    arg->key_size < fuzz_key_size(arg->hash_types))
		may_fail(answer, EINVAL);
	if (!mem_ok(arg->key, arg->key_size, false))
		may_fail(answer, EFAULT);

	if (!(arg->flags & TUN_VNET_HASH_RSS))
		return;
	if (steering)
		may_fail(answer, EBUSY);
	if (!power_of_two(arg->indirection_table_length) ||
	    arg->unclassified_queue >= VNET_MAX_QUEUES)
		may_fail(answer, EINVAL);
	if (!mem_ok(arg->indirection_table, 2 * arg->indirection_table_length,
		    false)) {
		may_fail(answer, EFAULT);
		return;
	}
	for (i = 0; i < arg->indirection_table_length; i++) {
		memcpy(&entry, table + i, sizeof(entry));
		if (entry >= VNET_MAX_QUEUES)
			may_fail(answer, EINVAL);
	}
}

/* What is kept of an argument that was accepted */
static void model_keep(struct vnet_conf *conf, const struct tun_vnet_hash *arg)
{
	memset(conf, 0, sizeof(*conf));
	if (!arg->flags)
		return;
	conf->arg.flags = arg->flags;
	conf->arg.hash_types = arg->hash_types;
	conf->arg.key_size = arg->key_size;
	memcpy(conf->key, (void *)(uintptr_t)arg->key, arg->key_size);
	if (!(arg->flags & TUN_VNET_HASH_RSS))
		return;
	conf->arg.indirection_table_length = arg->indirection_table_length;
	conf->arg.unclassified_queue = arg->unclassified_queue;
	memcpy(conf->table, (void *)(uintptr_t)arg->indirection_table,
	       2 * arg->indirection_table_length);
}

static size_t lesser(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* One device */

enum call {
	CALL_SET,
	CALL_GET,
	CALL_CAP,
	CALL_STEER,
	CALL_QUEUE,
	CALL_HDR_SIZE,
	CALL_OTHER,
	CALLS
};

static const char * const call_names[CALLS] = {
	[CALL_SET] = "TUNSETVNETHASH",
	[CALL_GET] = "TUNGETVNETHASH",
	[CALL_CAP] = "TUNGETVNETHASHCAP",
	[CALL_STEER] = "TUNSETSTEERINGEBPF",
	[CALL_QUEUE] = "TUNSETQUEUE",
	[CALL_HDR_SIZE] = "TUNSETVNETHDRSZ",
	[CALL_OTHER] = "another number",
};

FIXTURE(ioctls)
{
	struct fuzz_dev dev;
	struct fuzz_run run;
	struct fuzz_corpus corpus;
	bool record;
	int unattached;
	int prog;

	/* The model's idea of the device */
	struct vnet_conf conf;
	bool steering;
	bool has_steering;

	/* The call at hand */
	enum call call;
	int fd;
	struct tun_vnet_hash arg;
	struct vnet_conf drawn;
	struct answer answer;
	unsigned long episode;
	unsigned int step;

	unsigned long calls[CALLS], accepted[CALLS];
	unsigned int bad;
};

FIXTURE_VARIANT(ioctls)
{
	enum fuzz_kind kind;
};

FIXTURE_VARIANT_ADD(ioctls, tun) { .kind = FUZZ_TUN };
FIXTURE_VARIANT_ADD(ioctls, tap) { .kind = FUZZ_TAP };
FIXTURE_VARIANT_ADD(ioctls, macvtap) { .kind = FUZZ_MACVTAP };

FIXTURE_SETUP(ioctls)
{
	struct tun_vnet_hash_cap cap;
	const int no_prog = -1;
	unsigned int i;

	self->run = fuzz_run_init(COUNT);
	self->record = getenv("VNET_CORPUS");
	for (i = 0; i < MEM_SLOTS; i++)
		ASSERT_EQ(0, mem_init(&mems[i]));
	ASSERT_EQ(0, fuzz_corpus_load(&self->corpus));
	ASSERT_EQ(0, fuzz_dev_create(&self->dev, variant->kind));
	ASSERT_EQ(0, ioctl(self->dev.tap.fds[0], TUNGETVNETHASHCAP, &cap));
	self->unattached = fuzz_dev_unattached(variant->kind);
	ASSERT_LE(0, self->unattached);
	self->prog = vnet_steering_prog(1);
	ASSERT_LE(0, self->prog);
	/* macvtap need not have it. */
	self->has_steering = !ioctl(self->dev.tap.fds[0], TUNSETSTEERINGEBPF,
				    &no_prog);
	ASSERT_TRUE(self->has_steering || variant->kind == FUZZ_MACVTAP);
}

FIXTURE_TEARDOWN(ioctls)
{
	close(self->unattached);
	close(self->prog);
	fuzz_dev_destroy(&self->dev);
	fuzz_corpus_free(&self->corpus);
}

static void complain(struct __test_metadata *_metadata,
		     FIXTURE_DATA(ioctls) *self, const char *what)
{
	const struct tun_vnet_hash *arg = &self->arg;
	char hex[2 * sizeof(*arg) + 1];

	if (self->bad++ >= MAX_BAD)
		return;
	TH_LOG("%s; VNET_SEED=%llu VNET_ONLY=%lu, call %u of the episode", what,
	       (unsigned long long)self->run.seed, self->episode, self->step);
	TH_LOG("%s on %s, while flags are %x, %s a steering program",
	       call_names[self->call],
	       self->fd == self->unattached ? "no device" : "a queue",
	       self->conf.arg.flags, self->steering ? "with" : "without");
	fuzz_hex(hex, arg, sizeof(*arg));
	TH_LOG("flags %x, types %x, table of %u at %llx, unclassified %u, key of %u at %llx; %s",
	       arg->flags, arg->hash_types, arg->indirection_table_length,
	       (unsigned long long)arg->indirection_table,
	       arg->unclassified_queue, arg->key_size,
	       (unsigned long long)arg->key, hex);
}

/* Call, and compare the answer. */
static bool answered(struct __test_metadata *_metadata,
		     FIXTURE_DATA(ioctls) *self, unsigned long cmd, uint64_t p)
{
	struct answer *answer = &self->answer;
	char what[160];
	int ret, error;

	/* Whatever else is wrong may be found first. */
	if (self->fd == self->unattached && self->call != CALL_CAP)
		may_fail(answer, self->dev.kind == FUZZ_MACVTAP ? ENOLINK :
							       EBADFD);

	self->calls[self->call]++;
	errno = 0;
	ret = ioctl(self->fd, cmd, p);
	error = errno;
	self->accepted[self->call] += !ret;
	if (!answer_right(answer, ret, error)) {
		snprintf(what, sizeof(what),
			 "answer %d, %s, at %llx; expected %s%s%s", ret,
			 strerror(error), (unsigned long long)p,
			 answer->count ? strerror(answer->errors[0]) :
					 "success",
			 answer->count > 1 ? " or " : "",
			 answer->count > 1 ? strerror(answer->errors[1]) : "");
		complain(_metadata, self, what);
	}
	return !ret;
}

/* Arguments of TUNSETVNETHASH */

static uint16_t near(uint64_t *state, uint16_t v)
{
	switch (fuzz_draw(state, 4)) {
	case 0:
		return v + 1;
	case 1:
		return v - 1;
	case 2:
		return v ^ 1 << fuzz_draw(state, 16);
	default:
		return fuzz_u64(state);
	}
}

/* One thing is changed.  That may be no mistake: the model decides. */
static void spoil(uint64_t *state, struct vnet_conf *conf)
{
	struct tun_vnet_hash *arg = &conf->arg;
	unsigned int n = fuzz_draw(state, 9);

	switch (n) {
	case 0:
		arg->flags ^= 1u << fuzz_draw(state, 32);
		break;
	case 1:
		arg->hash_types ^= 1u << fuzz_draw(state, 32);
		break;
	case 2:
		arg->indirection_table_length =
			near(state, arg->indirection_table_length);
		break;
	case 3:
		arg->unclassified_queue = near(state, VNET_MAX_QUEUES - 1);
		break;
	case 4:
		arg->key_size = near(state, arg->key_size);
		break;
	case 5:
		arg->key_size = near(state, fuzz_key_size(arg->hash_types));
		break;
	case 6:
		arg->reserved0 ^= 1 << fuzz_draw(state, 16);
		break;
	case 7:
		arg->reserved[fuzz_draw(state, 4)] ^=
			1ull << fuzz_draw(state, 64);
		break;
	default:
		n = arg->indirection_table_length;
		if (n && n <= VNET_MAX_TABLE)
			conf->table[fuzz_draw(state, n)] =
				near(state, VNET_MAX_QUEUES - 1);
	}
}

/*
 * An argument in memory: right, nearly right, or anything.  @self->arg is what
 * was put there.
 */
static uint64_t draw_arg(uint64_t *state, FIXTURE_DATA(ioctls) *self)
{
	struct vnet_conf *conf = &self->drawn;
	struct tun_vnet_hash *arg = &conf->arg;
	unsigned int n = fuzz_draw(state, 100);
	unsigned int bad = MEM_SLOTS;

	fuzz_conf(state, conf, n < 10 ? 0 : 1 + fuzz_draw(state, 3));
	if (n >= 45 && n < 75)
		spoil(state, conf);
	else if (n >= 75 && n < 90)
		bad = fuzz_draw(state, MEM_SLOTS);
	else if (n >= 90)
		fuzz_bytes(state, arg, sizeof(*arg));
	if (n < 95) {
		arg->indirection_table =
			mem_put(state, MEM_TABLE, conf->table,
				lesser(2 * arg->indirection_table_length,
				       sizeof(conf->table)), bad == MEM_TABLE);
		arg->key = mem_put(state, MEM_KEY, conf->key,
				   lesser(arg->key_size, sizeof(conf->key)),
				   bad == MEM_KEY);
	}
	self->arg = *arg;
	return mem_put(state, MEM_ARG, arg, sizeof(*arg), bad == MEM_ARG);
}

/* The shape of an argument that was accepted */
static void record(FIXTURE_DATA(ioctls) *self, const struct tun_vnet_hash *arg)
{
	unsigned int least = fuzz_key_size(arg->hash_types);
	unsigned int length = arg->flags & TUN_VNET_HASH_RSS ?
			      arg->indirection_table_length : 0;
	char line[128];

	snprintf(line, sizeof(line), "set flags%u/key%u/table%s %x %x %u %u %u",
		 arg->flags, least,
		 length <= 1 ? length ? "1" : "0" :
		 length == VNET_MAX_TABLE ? "max" : "n",
		 arg->flags, arg->hash_types, length,
		 length ? arg->unclassified_queue : 0, arg->key_size);
	if (arg->flags && !fuzz_corpus_has(&self->corpus, line, strlen(line)))
		fuzz_corpus_add(&self->corpus, line);
}

static void call_set(struct __test_metadata *_metadata,
		     FIXTURE_DATA(ioctls) *self, uint64_t *state)
{
	uint64_t p = draw_arg(state, self);

	if (!mem_ok(p, sizeof(self->arg), false))
		may_fail(&self->answer, EFAULT);
	else
		model_set(&self->answer, &self->arg, self->steering);
	if (!answered(_metadata, self, TUNSETVNETHASH, p))
		return;
	/* Wrongly accepted is told already, and nothing to go by. */
	if (self->answer.count)
		return;
	model_keep(&self->conf, &self->arg);
	if (self->record)
		record(self, &self->arg);
}

/* Is there what is owed, and beyond it what was there before? */
static bool copied(unsigned int slot, uint64_t p, const void *owed, size_t n)
{
	const char *at = (char *)(uintptr_t)p;
	size_t room = mems[slot].end - at, i;

	if (n && memcmp(at, owed, n))
		return false;
	for (i = n; p && i < room && i < n + 64; i++)
		if (at[i] != (char)PATTERN)
			return false;
	return true;
}

static void call_get(struct __test_metadata *_metadata,
		     FIXTURE_DATA(ioctls) *self, uint64_t *state)
{
	const struct tun_vnet_hash *is = &self->conf.arg;
	unsigned int n = fuzz_draw(state, 100), bad = MEM_SLOTS;
	struct tun_vnet_hash arg = {}, got;
	size_t table, key;
	uint64_t p;

	fuzz_bytes(state, &arg, offsetof(struct tun_vnet_hash, reserved));
	arg.reserved0 = 0;
	arg.indirection_table_length = n < 20 ? 0 : n < 40 ? 0xffff :
				       fuzz_draw(state, 2 * VNET_MAX_TABLE);
	arg.key_size = n < 20 ? 0 : n < 40 ? 0xffff : fuzz_draw(state, 60);
	if (n >= 40 && n < 50)
		arg.reserved[fuzz_draw(state, 4)] =
			1ull << fuzz_draw(state, 64);
	else if (n >= 50 && n < 55)
		arg.reserved0 = 1 << fuzz_draw(state, 16);
	else if (n >= 55 && n < 75)
		bad = fuzz_draw(state, MEM_SLOTS);

	table = lesser(arg.indirection_table_length,
		       is->indirection_table_length) * 2;
	key = lesser(arg.key_size, is->key_size);
	memset(mems[MEM_TABLE].start, PATTERN,
	       mems[MEM_TABLE].end - mems[MEM_TABLE].start);
	memset(mems[MEM_KEY].start, PATTERN,
	       mems[MEM_KEY].end - mems[MEM_KEY].start);
	arg.indirection_table = mem_put(state, MEM_TABLE, NULL, 0, false);
	arg.indirection_table -= table;
	if (bad == MEM_TABLE)
		arg.indirection_table = bad_pointer(state, MEM_TABLE, table);
	arg.key = mem_put(state, MEM_KEY, NULL, 0, false) - key;
	if (bad == MEM_KEY)
		arg.key = bad_pointer(state, MEM_KEY, key);
	self->arg = arg;
	p = mem_put(state, MEM_ARG, &arg, sizeof(arg), bad == MEM_ARG);

	if (!mem_ok(p, sizeof(arg), true))
		may_fail(&self->answer, EFAULT);
	if (mem_ok(p, sizeof(arg), false) && !reserved_clear(&arg))
		may_fail(&self->answer, EINVAL);
	if (!mem_ok(arg.indirection_table, table, true) ||
	    !mem_ok(arg.key, key, true))
		may_fail(&self->answer, EFAULT);
	if (!answered(_metadata, self, TUNGETVNETHASH, p) ||
	    self->answer.count)
		return;

	memcpy(&got, (void *)(uintptr_t)p, sizeof(got));
	if (got.flags != is->flags || got.hash_types != is->hash_types ||
	    got.indirection_table_length != is->indirection_table_length ||
	    got.unclassified_queue != is->unclassified_queue ||
	    got.key_size != is->key_size || !reserved_clear(&got) ||
	    got.indirection_table != arg.indirection_table ||
	    got.key != arg.key)
		complain(_metadata, self, "not what was set");
	if ((bad != MEM_TABLE && !copied(MEM_TABLE, arg.indirection_table,
					 self->conf.table, table)) ||
	    (bad != MEM_KEY && !copied(MEM_KEY, arg.key, self->conf.key, key)))
		complain(_metadata, self,
			 "not the table or key that was set, or too much");
}

static void call_cap(struct __test_metadata *_metadata,
		     FIXTURE_DATA(ioctls) *self, uint64_t *state)
{
	static const struct tun_vnet_hash_cap right = {
		.flags = BOTH,
		.hash_types = VNET_ALL_TYPES,
		.max_indirection_table_length = VNET_MAX_TABLE,
		.max_key_size = VNET_KEY_SIZE,
	};
	struct tun_vnet_hash_cap cap;
	uint64_t p;

	fuzz_bytes(state, &cap, sizeof(cap));
	p = mem_put(state, MEM_ARG, &cap, sizeof(cap), fuzz_chance(state, 40));
	if (!mem_ok(p, sizeof(cap), true))
		may_fail(&self->answer, EFAULT);
	if (answered(_metadata, self, TUNGETVNETHASHCAP, p) &&
	    !self->answer.count &&
	    memcmp((void *)(uintptr_t)p, &right, sizeof(right)))
		complain(_metadata, self, "other capabilities");
}

/* A program excludes RSS; -1 takes it away, always. */
static void call_steer(struct __test_metadata *_metadata,
		       FIXTURE_DATA(ioctls) *self, uint64_t *state)
{
	const int fds[] = { self->prog, self->prog, -1, -1, -2, 1 << 20,
			    self->fd, fuzz_u64(state) };
	int prog = fds[fuzz_draw(state, sizeof(fds) / sizeof(*fds))];
	uint64_t p;

	p = mem_put(state, MEM_ARG, &prog, sizeof(prog),
		    fuzz_chance(state, 10));
	if (!mem_ok(p, sizeof(prog), false))
		may_fail(&self->answer, EFAULT);
	else if (prog != -1 && self->conf.arg.flags & TUN_VNET_HASH_RSS)
		may_fail(&self->answer, EBUSY);
	if (prog != -1 && prog != self->prog) {
		may_fail(&self->answer, EBADF);
		may_fail(&self->answer, EINVAL);
	}
	if (!self->has_steering) {
		self->answer.count = 0;
		may_fail(&self->answer, EINVAL);
	}
	if (answered(_metadata, self, TUNSETSTEERINGEBPF, p))
		self->steering = prog != -1;
}

static void call_queue(struct __test_metadata *_metadata,
		       FIXTURE_DATA(ioctls) *self, uint64_t *state)
{
	unsigned int q = fuzz_draw(state, FUZZ_QUEUES);
	bool attached = fuzz_dev_is_attached(&self->dev, q);
	bool attach = fuzz_chance(state, 60);
	int ret;

	/* Through fuzz_dev, which keeps the order. */
	self->fd = self->dev.tap.fds[q];
	if (attach == attached)
		may_fail(&self->answer, EINVAL);
	self->calls[CALL_QUEUE]++;
	errno = 0;
	ret = fuzz_dev_set_queue(&self->dev, q, attach ? IFF_ATTACH_QUEUE :
							 IFF_DETACH_QUEUE);
	self->accepted[CALL_QUEUE] += !ret;
	if (!answer_right(&self->answer, ret, errno))
		complain(_metadata, self, attach ? "attach" : "detach");
}

static void call_hdr_size(struct __test_metadata *_metadata,
			  FIXTURE_DATA(ioctls) *self, uint64_t *state)
{
	const int sizes[] = { 10, 11, 12, 16, 20, 64, 9, 0, -1, 1 << 20,
			      INT32_MAX, INT32_MIN, fuzz_u64(state) };
	int size = sizes[fuzz_draw(state, sizeof(sizes) / sizeof(*sizes))];
	uint64_t p;

	p = mem_put(state, MEM_ARG, &size, sizeof(size),
		    fuzz_chance(state, 10));
	if (!mem_ok(p, sizeof(size), false))
		may_fail(&self->answer, EFAULT);
	else if (size < (int)sizeof(struct virtio_net_hdr))
		may_fail(&self->answer, EINVAL);
	/* On a tap it works without a device. */
	if (self->fd == self->unattached && self->dev.kind == FUZZ_MACVTAP)
		self->fd = self->dev.tap.fds[0];
	answered(_metadata, self, TUNSETVNETHDRSZ, p);
}

/* A number that is not quite one of ours is none. */
static void call_other(struct __test_metadata *_metadata,
		       FIXTURE_DATA(ioctls) *self, uint64_t *state)
{
	const unsigned long cmds[] = {
		_IOR('T', 228, char[31]), _IOR('T', 228, char[33]),
		_IOW('T', 228, struct tun_vnet_hash_cap),
		_IOW('T', 229, char[63]), _IOW('T', 229, char[65]),
		_IOR('T', 229, struct tun_vnet_hash), _IO('T', 229),
		_IOWR('T', 230, char[63]), _IOWR('T', 230, char[72]),
		_IOW('T', 230, struct tun_vnet_hash), _IO('T', 230),
		_IOWR('T', 231, struct tun_vnet_hash),
	};
	uint64_t p = draw_arg(state, self);

	may_fail(&self->answer, EINVAL);
	answered(_metadata, self,
		 cmds[fuzz_draw(state, sizeof(cmds) / sizeof(*cmds))], p);
}

/* After each call, by any queue */
static void check_conf(struct __test_metadata *_metadata,
		       FIXTURE_DATA(ioctls) *self, uint64_t *state)
{
	struct vnet_conf got;

	self->fd = self->dev.tap.fds[fuzz_draw(state, FUZZ_QUEUES)];
	if (vnet_conf_get(self->fd, &got))
		complain(_metadata, self, "cannot get the configuration");
	else if (!vnet_conf_equal(&self->conf, &got))
		complain(_metadata, self,
			 "another configuration than before or than was set");
}

static void one_call(struct __test_metadata *_metadata,
		     FIXTURE_DATA(ioctls) *self, uint64_t *state)
{
	static void (* const calls[])(struct __test_metadata *_metadata,
				      FIXTURE_DATA(ioctls) *self,
				      uint64_t *state) = {
		[CALL_SET] = call_set,
		[CALL_GET] = call_get,
		[CALL_CAP] = call_cap,
		[CALL_STEER] = call_steer,
		[CALL_QUEUE] = call_queue,
		[CALL_HDR_SIZE] = call_hdr_size,
		[CALL_OTHER] = call_other,
	};
	unsigned int n = fuzz_draw(state, 100);

	self->call = n < 55 ? CALL_SET : n < 75 ? CALL_GET : n < 79 ? CALL_CAP :
		     n < 91 ? CALL_STEER : n < 92 ? CALL_QUEUE :
		     n < 96 ? CALL_HDR_SIZE : CALL_OTHER;
	self->fd = fuzz_chance(state, 5) ? self->unattached :
		   self->dev.tap.fds[fuzz_draw(state, FUZZ_QUEUES)];
	self->answer.count = 0;
	memset(&self->arg, 0, sizeof(self->arg));
	calls[self->call](_metadata, self, state);
}

/* Each episode starts with the same device. */
static bool reset(FIXTURE_DATA(ioctls) *self)
{
	static const struct tun_vnet_hash off;
	int none = -1;

	memset(&self->conf, 0, sizeof(self->conf));
	self->steering = false;
	return !ioctl(self->dev.tap.fds[0], TUNSETVNETHASH, &off) &&
	       (!self->has_steering ||
		!ioctl(self->dev.tap.fds[0], TUNSETSTEERINGEBPF, &none)) &&
	       !fuzz_dev_reset_queues(&self->dev) &&
	       !vnet_tap_hdr_size(&self->dev.tap, HASH_HDR);
}

TEST_F_TIMEOUT(ioctls, fuzz, 7200)
{
	unsigned long i, calls = 0, accepted = 0;
	uint64_t state = 0;

	TH_LOG("VNET_SEED=%llu VNET_COUNT=%lu",
	       (unsigned long long)self->run.seed, self->run.count);
	for (i = 0; i < self->run.count && self->bad < MAX_BAD; i++) {
		self->episode = i / EPISODE;
		self->step = i % EPISODE;
		if (!fuzz_run_wants(&self->run, self->episode))
			continue;
		if (!self->step) {
			state = fuzz_state(self->run.seed, self->episode);
			ASSERT_TRUE(reset(self));
		}
		one_call(_metadata, self, &state);
		check_conf(_metadata, self, &state);
	}

	for (i = 0; i < CALLS; i++) {
		TH_LOG("%s: %lu calls, %lu accepted", call_names[i],
		       self->calls[i], self->accepted[i]);
		calls += self->calls[i];
		accepted += self->accepted[i];
	}
	TH_LOG("%lu calls, %lu accepted (%lu%%)", calls, accepted,
	       calls ? 100 * accepted / calls : 0);
	EXPECT_EQ(0, self->bad);
	EXPECT_EQ(0, fuzz_corpus_save(&self->corpus));
	if (self->run.only >= 0)
		return;
	EXPECT_LE(calls, 5 * accepted);
	for (i = 0; i < CALLS; i++) {
		/* A tap has no steering program, and other numbers nobody. */
		if (i == CALL_OTHER ||
		    (i == CALL_STEER && !self->has_steering))
			continue;
		EXPECT_LE(self->calls[i], 5 * self->accepted[i]);
	}
}

/* What was accepted once is. */
TEST_F(ioctls, corpus)
{
	struct vnet_conf conf, got;
	unsigned int i, j, sets = 0;
	uint64_t state = 1;
	int n;

	for (i = 0; i < self->corpus.count; i++) {
		const char *line = self->corpus.lines[i];

		if (strncmp(line, "set ", 4))
			continue;
		memset(&conf, 0, sizeof(conf));
		vnet_conf_point(&conf);
		n = sscanf(line, "set %*s %x %x %hu %hu %hu", &conf.arg.flags,
			   &conf.arg.hash_types,
			   &conf.arg.indirection_table_length,
			   &conf.arg.unclassified_queue, &conf.arg.key_size);
		ASSERT_EQ(5, n) {
			TH_LOG("cannot make sense of: %s", line);
		}
		fuzz_bytes(&state, conf.key, sizeof(conf.key));
		for (j = 0; j < VNET_MAX_TABLE; j++)
			conf.table[j] = fuzz_draw(&state, VNET_MAX_QUEUES);
		EXPECT_EQ(0, ioctl(self->dev.tap.fds[i % FUZZ_QUEUES],
				   TUNSETVNETHASH, &conf.arg)) {
			TH_LOG("not accepted any more: %s", line);
		}
		EXPECT_EQ(0, vnet_conf_get(self->dev.tap.fds[0], &got));
		EXPECT_TRUE(vnet_conf_equal(&conf, &got)) {
			TH_LOG("otherwise than set: %s", line);
		}
		sets++;
	}
	EXPECT_LT(10, sets);
	TH_LOG("%u configurations", sets);
}

/* Many at once */

#define CONFS	16	/* that are set in turn, each told by its key */
#define FLOWS	16	/* packets that are sent in turn */
#define THREADS	FUZZ_QUEUES

struct crowd {
	struct vnet_conf confs[CONFS];
	struct vnet_expect expect[CONFS][FLOWS];
	unsigned char frames[FLOWS][VNET_FLOW_MAX_FRAME];
	size_t lens[FLOWS];
	const struct fuzz_dev *dev;
	int prog;
	uint64_t seed;
	unsigned long calls_each;

	atomic_bool stop;
	atomic_ulong calls, accepted, sent, received, hashed, bad;
	char what[256];		/* the first that was bad */
};

struct member {
	struct crowd *crowd;
	unsigned int n;
	pthread_t thread;
};

static void crowd_complain(struct crowd *crowd, const char *what,
			   unsigned long index, int error)
{
	if (!atomic_fetch_add(&crowd->bad, 1))
		snprintf(crowd->what, sizeof(crowd->what), "%s: input %lu, %s",
			 what, index, strerror(error));
}

static void crowd_conf(struct crowd *crowd, unsigned int n)
{
	struct vnet_conf *conf = &crowd->confs[n];
	uint64_t state = fuzz_state(crowd->seed, n);

	memset(conf, 0, sizeof(*conf));
	fuzz_conf(&state, conf, n % 4 == 3 ? TUN_VNET_HASH_REPORT : BOTH);
	if (conf->arg.key_size < 4) {
		conf->arg.hash_types = VNET_ALL_TYPES;
		conf->arg.key_size = VNET_KEY_SIZE;
	}
	conf->key[0] = n;
}

/* A frame of a flow as the device wants it, told by its last bytes */
static void crowd_flow(struct crowd *crowd, unsigned int n)
{
	struct vnet_flow flow = {
		.id = n, .l3 = n % 2 ? VNET_L3_IPV4 : VNET_L3_IPV6,
		.l4 = n % 3 ? VNET_L4_TCP : VNET_L4_UDP,
		.src = { 192, 0, 2, n, n, 7 }, .dst = { 198, 51, 100, 7 * n },
		.sport = 1000 + n, .dport = 80, .payload = 40,
	};
	unsigned char *frame = crowd->frames[n];
	size_t l3 = crowd->dev->ethernet ? 0 : vnet_flow_l3_offset(&flow);
	unsigned int i;

	crowd->lens[n] = vnet_flow_build(&flow, frame, VNET_FLOW_MAX_FRAME);
	crowd->lens[n] -= l3;
	memmove(frame, frame + l3, crowd->lens[n]);
	for (i = 0; i < CONFS; i++)
		crowd->expect[i][n] = vnet_conf_expect(&crowd->confs[i], frame,
						       crowd->lens[n],
						       crowd->dev->ethernet);
}

/* Not a mixture: all of one, or nothing */
static bool crowd_got_right(const struct crowd *crowd,
			    const struct vnet_conf *got)
{
	static const struct vnet_conf off;

	if (!got->arg.flags)
		return vnet_conf_equal(&off, got);
	return got->key[0] < CONFS &&
	       vnet_conf_equal(&crowd->confs[got->key[0]], got);
}

static void crowd_call(struct crowd *crowd, unsigned int fd,
		       unsigned long index, uint64_t *state)
{
	struct ifreq detach = { .ifr_flags = IFF_DETACH_QUEUE };
	struct ifreq attach = { .ifr_flags = IFF_ATTACH_QUEUE };
	unsigned int n = fuzz_draw(state, 100), i = fuzz_draw(state, CONFS);
	bool steers = crowd->dev->kind != FUZZ_MACVTAP;
	struct tun_vnet_hash arg = crowd->confs[i].arg;
	bool rss = arg.flags & TUN_VNET_HASH_RSS;
	struct vnet_conf got;
	int prog = -1, ret;

	if (n < 45) {
		ret = ioctl(fd, TUNSETVNETHASH, &arg);
		if (ret && !(errno == EBUSY && rss && steers))
			crowd_complain(crowd, "set", index, errno);
	} else if (n < 50) {
		memset(&arg, 0, sizeof(arg));
		ret = ioctl(fd, TUNSETVNETHASH, &arg);
		if (ret)
			crowd_complain(crowd, "off", index, errno);
	} else if (n < 60) {
		arg.key = n % 2 ? 1 : arg.key;
		arg.reserved0 = !(n % 2);
		ret = ioctl(fd, TUNSETVNETHASH, &arg);
		if (!ret || !(errno == (n % 2 ? EFAULT : EINVAL) ||
			      (errno == EBUSY && rss && steers)))
			crowd_complain(crowd, "wrong set", index, errno);
	} else if (n < 90) {
		ret = vnet_conf_get(fd, &got);
		if (ret)
			crowd_complain(crowd, "get", index, errno);
		else if (!crowd_got_right(crowd, &got))
			crowd_complain(crowd, "a mixture", index, 0);
	} else if (n < 99 && steers) {
		prog = n < 93 ? crowd->prog : -1;
		ret = ioctl(fd, TUNSETSTEERINGEBPF, &prog);
		if (ret && !(errno == EBUSY && prog != -1))
			crowd_complain(crowd, "steer", index, errno);
	} else if (n < 99) {
		ret = ioctl(fd, TUNGETVNETHASHCAP, &got);
		if (ret)
			crowd_complain(crowd, "cap", index, errno);
	} else {
		/* Each thread has a queue of its own. */
		ret = ioctl(fd, TUNSETQUEUE, &detach) ||
		      ioctl(fd, TUNSETQUEUE, &attach);
		if (ret)
			crowd_complain(crowd, "queue", index, errno);
	}
	atomic_fetch_add(&crowd->calls, 1);
	atomic_fetch_add(&crowd->accepted, !ret);
}

static void *crowd_member(void *arg)
{
	struct member *member = arg;
	struct crowd *crowd = member->crowd;
	int fd = crowd->dev->tap.fds[member->n];
	unsigned long i, index;
	uint64_t state;

	for (i = 0; i < crowd->calls_each; i++) {
		index = i * THREADS + member->n;
		state = fuzz_state(crowd->seed, CONFS + index);
		crowd_call(crowd, fd, index, &state);
	}
	return NULL;
}

static void *crowd_sender(void *arg)
{
	struct crowd *crowd = arg;
	unsigned int n = 0;

	while (!atomic_load(&crowd->stop)) {
		/* A queue that is full or detached is no error. */
		if (!vnet_tap_send(&crowd->dev->tap, crowd->frames[n],
				   crowd->lens[n]))
			atomic_fetch_add(&crowd->sent, 1);
		n = (n + 1) % FLOWS;
	}
	return NULL;
}

/* Value and report are of one configuration, or there are none. */
static bool crowd_hash_right(struct crowd *crowd, const struct vnet_packet *pkt)
{
	uint32_t value = vnet_hdr_value(pkt), id;
	uint16_t report = vnet_hdr_report(pkt);
	unsigned int i;

	if (!vnet_flow_trailer(pkt->data, pkt->len, &id) || id >= FLOWS)
		return false;
	if (!value && !report)
		return true;
	for (i = 0; i < CONFS; i++)
		if (value == crowd->expect[i][id].value &&
		    report == crowd->expect[i][id].report) {
			atomic_fetch_add(&crowd->hashed, 1);
			return true;
		}
	return false;
}

static void *crowd_reader(void *arg)
{
	struct crowd *crowd = arg;
	struct vnet_packet pkt;

	while (!atomic_load(&crowd->stop)) {
		if (vnet_tap_recv(&crowd->dev->tap, &pkt, 10) != 1)
			continue;
		if (!crowd_hash_right(crowd, &pkt))
			crowd_complain(crowd, "a packet's hash is of no set",
				       crowd->received, 0);
		atomic_fetch_add(&crowd->received, 1);
	}
	return NULL;
}

TEST_F_TIMEOUT(ioctls, crowd, 7200)
{
	struct member members[THREADS];
	pthread_t sender, reader;
	struct crowd *crowd;
	unsigned int i;

	TH_LOG("VNET_SEED=%llu VNET_COUNT=%lu",
	       (unsigned long long)self->run.seed, self->run.count);
	ASSERT_TRUE(reset(self));
	crowd = calloc(1, sizeof(*crowd));
	ASSERT_NE(NULL, crowd);
	crowd->dev = &self->dev;
	crowd->prog = self->prog;
	crowd->seed = self->run.seed;
	crowd->calls_each = self->run.count / THREADS + 1;
	for (i = 0; i < CONFS; i++)
		crowd_conf(crowd, i);
	for (i = 0; i < FLOWS; i++)
		crowd_flow(crowd, i);

	ASSERT_EQ(0, pthread_create(&sender, NULL, crowd_sender, crowd));
	ASSERT_EQ(0, pthread_create(&reader, NULL, crowd_reader, crowd));
	for (i = 0; i < THREADS; i++) {
		members[i] = (struct member) { .crowd = crowd, .n = i };
		ASSERT_EQ(0, pthread_create(&members[i].thread, NULL,
					    crowd_member, &members[i]));
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(members[i].thread, NULL);
	crowd->stop = true;
	pthread_join(sender, NULL);
	pthread_join(reader, NULL);

	TH_LOG("%lu calls, %lu accepted; %lu packets sent, %lu received, %lu with a hash",
	       crowd->calls, crowd->accepted, crowd->sent, crowd->received,
	       crowd->hashed);
	EXPECT_EQ(0, crowd->bad) {
		TH_LOG("first: %s", crowd->what);
	}
	EXPECT_LE(crowd->calls, 5 * crowd->accepted);
	EXPECT_LT(0, crowd->hashed);
	free(crowd);
}

TEST_HARNESS_MAIN
