/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A process table that is told made-up events, over a made-up /proc. */
#ifndef PKTWHO_TEST_EVENTS_H
#define PKTWHO_TEST_EVENTS_H

#include <linux/types.h>
#include <stdbool.h>
#include <time.h>

#include "packet/flow.h"
#include "bpf/event.h"
#include "lookup/lookup.h"
#include "process/proctab.h"
#include "tree.h"

#define MS    1000000ull
#define SEC   1000000000ull
#define T     (1000 * SEC) /* when the tests begin */
#define TICK  10000000ull
#define TICKS 50000ull /* start of the tests' processes */
#define START (TICKS * TICK + 1234567)

static const uint8_t boot_id[16] = {
	0x0f, 0x1e, 0x2d, 0x3c, 0x4b, 0x5a, 0x69, 0x78,
	0x87, 0x96, 0xa5, 0xb4, 0xc3, 0xd2, 0xe1, 0xf0,
};

static struct lookup *lookup;

static inline struct proctab *make(enum cmdline_mode cmdline)
{
	struct proctab_options o = { .cmdline = cmdline,
				     .proc_fd = tree_fd,
				     .lookup = lookup };
	struct proctab *t = proctab_new(&o);

	assert_non_null(t);
	return t;
}

static inline int begin(void **state)
{
	if (tree_make(state))
		return -1;
	tree_text("sys/kernel/random/boot_id",
		  "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0\n");
	lookup = lookup_new(tree_fd, tree_fd);
	*state = make(CMDLINE_FULL);
	return 0;
}

static inline int end(void **state)
{
	proctab_free(*state);
	lookup_close(lookup);
	return tree_remove(state);
}

static inline struct probe_owner owner(uint32_t pid, uint64_t exec_gen,
				       const char *name)
{
	struct probe_owner o = { .tgid = pid,
				 .tid = pid,
				 .uid = 12345,
				 .gid = 12346,
				 .exec_gen = exec_gen,
				 .start_ns = START };

	snprintf(o.comm, sizeof(o.comm), "%s", name);
	return o;
}

static inline struct probe_event event(uint64_t ts_ns, struct probe_owner o)
{
	return (struct probe_event){ .ts_ns = ts_ns, .owner = o };
}

static inline void rename_at(struct proctab *t, uint64_t ts_ns,
			     struct probe_owner o)
{
	struct probe_event e = event(ts_ns, o);

	proctab_rename(t, &e);
}

static inline void fork_at(struct proctab *t, uint64_t ts_ns,
			   struct probe_owner o, uint32_t parent)
{
	struct probe_event e = event(ts_ns, o);

	e.parent_tgid = parent;
	proctab_fork(t, &e);
}

static inline void exit_at(struct proctab *t, uint64_t ts_ns,
			   struct probe_owner o, uint32_t status)
{
	struct probe_event e = event(ts_ns, o);

	e.exit_status = status;
	proctab_exit(t, &e);
}

static inline void exec_with(struct proctab *t, uint64_t ts_ns,
			     struct probe_owner o, const char *path,
			     const char *args, size_t args_len)
{
	static struct probe_exec x;

	memset(&x, 0, sizeof(x));
	x.event = event(ts_ns, o);
	x.ppid = 7;
	x.vpid = 3;
	x.netns_ino = 4026531840;
	x.loginuid = UINT32_MAX;
	x.sessionid = UINT32_MAX;
	strcpy(x.pcomm, "bash");
	x.path_at = 100;
	strcpy(x.path + 100, path);
	x.cgroup_at = 200;
	strcpy(x.cgroup + 200, "/system.slice/x.service");
	memcpy(x.args, args, args_len);
	x.args_len = (uint32_t)args_len;
	x.exe_flags = PROBE_EXE_MEMFD | PROBE_ARGS_CUT;
	proctab_exec(t, &x);
}

static inline void exec_at(struct proctab *t, uint64_t ts_ns,
			   struct probe_owner o, const char *path)
{
	exec_with(t, ts_ns, o, path, "x\0--secret\0", 11);
}

static inline struct process record_of(const struct program *i)
{
	struct process p;

	assert_true(program_read(i, &p));
	assert_int_equal(p.id, i->id);
	return p;
}

/* Anywhere in its bytes. */
static inline bool record_says(const struct program *i, const char *text)
{
	uint8_t record[PROCESS_MAX];
	size_t len = kept_record_copy(&i->record, record);

	return memmem(record, len, text, strlen(text));
}

static inline struct proc *known(struct proctab *t, struct probe_owner o)
{
	struct proc *p = proctab_owner(t, &o, 0);

	assert_non_null(p);
	assert_int_equal(p->pid, o.tgid);
	assert_ptr_equal(proctab_owner(t, &o, 0), p);
	return p;
}

static inline void assert_name_at(const struct proc *p, uint64_t ts_ns,
				  const char *name)
{
	const struct program *i = proc_program_at(p, ts_ns);

	assert_string_equal(i->name, name);
}

#define proctab_test(f) cmocka_unit_test_setup_teardown(f, begin, end)

#endif
