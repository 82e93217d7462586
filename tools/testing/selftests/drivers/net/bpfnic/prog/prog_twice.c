// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/if_ether.h>

#include "prog_twice.h"

#define JIT_ENABLE	"/proc/sys/net/core/bpf_jit_enable"
#define JIT_HARDEN	"/proc/sys/net/core/bpf_jit_harden"

static const char *differs(struct twice *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static const char *differs(struct twice *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(t->why, sizeof(t->why), fmt, ap);
	va_end(ap);
	return t->why;
}

/**
 * twice_jit() - how programs that are loaded from now on are to run
 * @jit: so
 *
 * To be called in the first network namespace; the setting is one for all.
 *
 * Return: 0, or -errno: this kernel cannot.
 */
int twice_jit(enum twice_jit jit)
{
	int err;

	err = nic_write(JIT_HARDEN, jit == TWICE_HARDENED ? "2" : "0");
	return nic_write(JIT_ENABLE, jit == TWICE_INTERPRETED ? "0" : "1") ?: err;
}

/**
 * twice_start() - make a device in a namespace of its own
 * @t: to be filled
 * @queues: of the device
 *
 * Return: 0 or -errno.  twice_stop() is to be called in either case.
 */
int twice_start(struct twice *t, unsigned int queues)
{
	int err;

	memset(t, 0, sizeof(*t));
	t->wire = -1;
	t->host = -1;
	t->device_prog = -1;
	t->host_prog = -1;
	err = nic_namespace() ?: nic_add(&t->nic, "nic0", queues);
	if (err)
		return err;
	t->wire = nic_socket(t->nic.wire_ifindex, ETH_P_ALL);
	if (t->wire < 0)
		return t->wire;
	t->host = nic_socket(t->nic.ifindex, ETH_P_ALL);
	return t->host < 0 ? t->host : 0;
}

/** twice_stop() - end; 0, or -errno if something stays on the device */
int twice_stop(struct twice *t)
{
	int err;

	twice_unload(t);
	close(t->wire);
	close(t->host);
	err = nic_wait_objects("programs", 0, TWICE_WAIT_MS) ?:
	      nic_wait_objects("maps", 0, TWICE_WAIT_MS);
	return nic_del(&t->nic) ?: err;
}

/* What libbpf said while an object was loaded; of interest only if it failed. */
static char said[16384];
static size_t said_len;

static int hear(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	int n;

	if (level == LIBBPF_DEBUG || said_len >= sizeof(said) - 1)
		return 0;
	n = vsnprintf(said + said_len, sizeof(said) - said_len, fmt, ap);
	if (n > 0)
		said_len += n;
	return n;
}

/**
 * twice_open() - load one program of the tests' object, or all that can be offloaded
 * @name: of the program; several are separated by blanks
 * @ifindex: of the device, or 0
 *
 * Return: the object, or NULL and errno.
 */
struct bpf_object *twice_open(const char *name, unsigned int ifindex)
{
	struct bpf_object *object;
	struct bpf_program *prog;
	struct bpf_map *map;
	char wanted[256], one[64];
	int err;

	said_len = 0;
	libbpf_set_print(hear);
	object = bpf_object__open_file(TWICE_OBJECT, NULL);
	if (!object)
		return NULL;
	snprintf(wanted, sizeof(wanted), " %s ", name);
	bpf_object__for_each_program(prog, object) {
		snprintf(one, sizeof(one), " %s ", bpf_program__name(prog));
		bpf_program__set_autoload(prog, strstr(wanted, one));
		bpf_program__set_ifindex(prog, ifindex);
	}
	bpf_object__for_each_map(map, object)
		if (bpf_map__type(map) != BPF_MAP_TYPE_PERF_EVENT_ARRAY)
			bpf_map__set_ifindex(map, ifindex);
	err = bpf_object__load(object);
	if (err) {
		fprintf(stderr, "# %s not loaded: %d\n# ... %s\n", name, err,
			said + (said_len > 1000 ? said_len - 1000 : 0));
		bpf_object__close(object);
		errno = -err;
		return NULL;
	}
	return object;
}

/** twice_prog() - the file of an object's program, or -errno */
int twice_prog(const struct bpf_object *object, const char *name)
{
	return bpf_program__fd(bpf_object__find_program_by_name(object, name));
}

/** twice_map() - the file of an object's map, or -errno */
int twice_map(const struct bpf_object *object, const char *name)
{
	return bpf_object__find_map_fd_by_name(object, name);
}

/**
 * twice_attach() - have the device run a program
 * @t: device
 * @prog: its file; -1: none
 * @flags: XDP_FLAGS_*_MODE
 *
 * Return: 0 or -errno.
 */
int twice_attach(struct twice *t, int prog, uint32_t flags)
{
	return bpf_xdp_attach(t->nic.ifindex, prog, flags, NULL);
}

static int begin(struct twice *t)
{
	t->sent = 0;
	memset(t->verdicts, 0, sizeof(t->verdicts));
	return twice_attach(t, t->device_prog, XDP_FLAGS_HW_MODE) ?:
	       nic_stats(t->nic.name, &t->before);
}

/**
 * twice_load() - load a program of the tests' object twice, and attach it to the device
 * @t: device
 * @name: of the program
 *
 * Return: 0 or -errno.
 */
int twice_load(struct twice *t, const char *name)
{
	t->host_object = twice_open(name, 0);
	if (!t->host_object)
		return -errno;
	t->device_object = twice_open(name, t->nic.ifindex);
	if (!t->device_object)
		return -errno;
	t->host_prog = twice_prog(t->host_object, name);
	t->device_prog = twice_prog(t->device_object, name);
	return begin(t);
}

/** twice_add_map() - make a map twice, for twice_load_insns(); 0 or -errno */
int twice_add_map(struct twice *t, int type, uint32_t key, uint32_t value, uint32_t entries)
{
	unsigned int i = t->maps++;

	t->device_map[i] = nic_map(type, key, value, entries, 0, t->nic.ifindex);
	t->host_map[i] = nic_map(type, key, value, entries, 0, 0);
	return t->device_map[i] < 0 ? t->device_map[i] : t->host_map[i] < 0 ? t->host_map[i] : 0;
}

static int load_insns(const struct bpf_insn *insns, size_t count, const int *maps,
		      unsigned int ifindex)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .prog_ifindex = ifindex);
	char log[4096] = "";
	struct bpf_insn *copy;
	size_t i;
	int fd;

	copy = malloc(count * sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	memcpy(copy, insns, count * sizeof(*copy));
	for (i = 0; i < count; i++)
		if (copy[i].code == (BPF_LD | BPF_DW | BPF_IMM) &&
		    copy[i].src_reg == BPF_PSEUDO_MAP_FD)
			copy[i].imm = maps[copy[i].imm];
	fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "insns", "GPL", copy, count, &opts);
	if (fd < 0) {
		opts.log_level = 1;
		opts.log_buf = log;
		opts.log_size = sizeof(log);
		bpf_prog_load(BPF_PROG_TYPE_XDP, "insns", "GPL", copy, count, &opts);
		fprintf(stderr, "# not loaded: %d:\n%s\n", fd, log);
	}
	free(copy);
	return fd;
}

/**
 * twice_load_insns() - the same for a program that is given as instructions
 * @t: device
 * @insns: the instructions; TWICE_LD_MAP() loads a map of twice_add_map()
 * @count: of them
 *
 * Return: 0 or -errno.
 */
int twice_load_insns(struct twice *t, const struct bpf_insn *insns, size_t count)
{
	t->host_prog = load_insns(insns, count, t->host_map, 0);
	if (t->host_prog < 0)
		return t->host_prog;
	t->device_prog = load_insns(insns, count, t->device_map, t->nic.ifindex);
	if (t->device_prog < 0)
		return t->device_prog;
	return begin(t);
}

/** twice_unload() - take the program off the device, and close all of it */
void twice_unload(struct twice *t)
{
	if (t->device_prog >= 0)
		twice_attach(t, -1, XDP_FLAGS_HW_MODE);
	if (t->device_object || t->host_object) {
		bpf_object__close(t->device_object);
		bpf_object__close(t->host_object);
		t->device_object = NULL;
		t->host_object = NULL;
	} else {
		if (t->device_prog >= 0)
			close(t->device_prog);
		if (t->host_prog >= 0)
			close(t->host_prog);
	}
	t->device_prog = -1;
	t->host_prog = -1;
	while (t->maps--) {
		close(t->device_map[t->maps]);
		close(t->host_map[t->maps]);
	}
	t->maps = 0;
}

static long long counted(const struct nic_stats *stats, const struct nic_stats *before,
			 const char *name)
{
	return nic_stat_of(stats, name) - nic_stat_of(before, name);
}

static bool all_counted(void *ctx)
{
	struct twice *t = ctx;
	struct nic_stats now;

	return !nic_stats(t->nic.name, &now) &&
	       counted(&now, &t->before, "hw_xdp_pass") +
	       counted(&now, &t->before, "hw_xdp_drop") +
	       counted(&now, &t->before, "hw_xdp_tx") +
	       counted(&now, &t->before, "hw_xdp_aborted") >= t->sent;
}

/**
 * twice_run() - give both the same frame, and compare what becomes of it
 * @t: device, with a program
 * @frame: @len bytes
 * @len: of @frame, at most TWICE_MAX_FRAME
 *
 * A frame that the host's program passes has to arrive at the host, one that it sends
 * back on the wire, with the same bytes.  That others do not arrive is seen when the
 * next one is to, or by twice_settled().
 *
 * Return: NULL, or what differs.
 */
const char *twice_run(struct twice *t, const void *frame, size_t len)
{
	static uint8_t want[TWICE_MAX_FRAME], got[TWICE_MAX_FRAME];
	struct xdp_md in = { .data_end = len }, out = {};
	size_t want_len, i;
	ssize_t got_len;
	uint8_t *bytes;
	int err;

	LIBBPF_OPTS(bpf_test_run_opts, opts,
		    .data_in = frame, .data_size_in = len,
		    .data_out = want, .data_size_out = sizeof(want),
		    .ctx_in = &in, .ctx_size_in = sizeof(in),
		    .ctx_out = &out, .ctx_size_out = sizeof(out));

	err = bpf_prog_test_run_opts(t->host_prog, &opts);
	if (err)
		return differs(t, "the host's run failed: %d", err);
	/* Before the frame comes what the program put there. */
	bytes = want + out.data;
	want_len = opts.data_size_out - out.data;

	err = nic_send(t->wire, frame, len);
	if (err)
		return differs(t, "frame of %zu bytes not sent: %d", len, err);
	t->sent++;
	t->verdicts[opts.retval <= XDP_TX ? opts.retval : XDP_ABORTED]++;
	if (opts.retval != XDP_PASS && opts.retval != XDP_TX) {
		if (nic_wait(all_counted, t, TWICE_WAIT_MS))
			return differs(t, "frame %lld, of verdict %u, is not counted", t->sent,
				       opts.retval);
		return NULL;
	}
	got_len = nic_recv(opts.retval == XDP_PASS ? t->host : t->wire, got, sizeof(got),
			   TWICE_WAIT_MS);
	if (got_len < 0)
		return differs(t, "frame %lld, of verdict %u, did not arrive: %zd", t->sent,
			       opts.retval, got_len);
	if ((size_t)got_len != want_len)
		return differs(t, "frame %lld has %zd bytes, not %zu", t->sent, got_len,
			       want_len);
	for (i = 0; i < want_len; i++)
		if (got[i] != bytes[i])
			return differs(t, "byte %zu of frame %lld is %02x, not %02x", i,
				       t->sent, got[i], bytes[i]);
	return NULL;
}

/**
 * twice_settled() - is each frame counted once, by its verdict, and has none arrived too
 * many?
 * @t: device, after some twice_run()
 *
 * Return: NULL, or what is wrong.
 */
const char *twice_settled(struct twice *t)
{
	static const char * const names[] = {
		[XDP_ABORTED] = "hw_xdp_aborted", [XDP_DROP] = "hw_xdp_drop",
		[XDP_PASS] = "hw_xdp_pass", [XDP_TX] = "hw_xdp_tx",
	};
	struct nic_stats now;
	char byte;
	size_t i;

	if (nic_wait(all_counted, t, TWICE_WAIT_MS))
		return "fewer frames counted than sent";
	if (nic_stats(t->nic.name, &now))
		return "no statistics";
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (counted(&now, &t->before, names[i]) != t->verdicts[i])
			return differs(t, "%s grew by %lld, not by %lld", names[i],
				       counted(&now, &t->before, names[i]), t->verdicts[i]);
	usleep(10000);
	if (nic_recv(t->host, &byte, 1, 0) != -EAGAIN)
		return "the host got one frame more";
	if (nic_recv(t->wire, &byte, 1, 0) != -EAGAIN)
		return "the wire got one frame more";
	return NULL;
}

static const char *same_map(struct twice *t, int device, int host, const char *name)
{
	struct bpf_map_info info = {};
	uint32_t len = sizeof(info), count[2] = {};
	uint8_t key[64], a[4096], b[4096];
	int err;

	if (bpf_obj_get_info_by_fd(host, &info, &len))
		return differs(t, "no information of %s", name);
	for (err = bpf_map_get_next_key(device, NULL, key); !err;
	     err = bpf_map_get_next_key(device, key, key), count[0]++) {
		if (bpf_map_lookup_elem(device, key, a))
			return differs(t, "%s: key %u has gone", name, *(uint32_t *)key);
		err = bpf_map_lookup_elem(host, key, b);
		if (err)
			return differs(t, "%s: the host has no key %u", name, *(uint32_t *)key);
		if (memcmp(a, b, info.value_size))
			return differs(t, "%s: key %u: %#llx %#llx, on the host %#llx %#llx",
				       name, *(uint32_t *)key, *(unsigned long long *)a,
				       ((unsigned long long *)a)[1], *(unsigned long long *)b,
				       ((unsigned long long *)b)[1]);
	}
	for (err = bpf_map_get_next_key(host, NULL, key); !err;
	     err = bpf_map_get_next_key(host, key, key))
		count[1]++;
	if (count[0] != count[1])
		return differs(t, "%s has %u keys, on the host %u", name, count[0], count[1]);
	return NULL;
}

/** twice_same_maps() - do all maps have the same contents?  NULL, or what differs */
const char *twice_same_maps(struct twice *t)
{
	const char *name, *why = NULL;
	struct bpf_map *map;
	unsigned int i;

	for (i = 0; i < t->maps && !why; i++)
		why = same_map(t, t->device_map[i], t->host_map[i], "map");
	if (!t->device_object)
		return why;
	bpf_object__for_each_map(map, t->device_object) {
		name = bpf_map__name(map);
		if (bpf_map__type(map) == BPF_MAP_TYPE_PERF_EVENT_ARRAY || why)
			continue;
		why = same_map(t, bpf_map__fd(map), twice_map(t->host_object, name), name);
	}
	return why;
}
