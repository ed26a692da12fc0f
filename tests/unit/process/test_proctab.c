/* SPDX-License-Identifier: GPL-3.0-or-later */
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
#define T     (1000 * SEC)	/* when the tests begin */
#define TICK  10000000ull
#define TICKS 50000ull		/* start of the tests' processes */
#define START (TICKS * TICK + 1234567)

static const uint8_t boot_id[16] = {
	0x0f, 0x1e, 0x2d, 0x3c, 0x4b, 0x5a, 0x69, 0x78,
	0x87, 0x96, 0xa5, 0xb4, 0xc3, 0xd2, 0xe1, 0xf0,
};

static struct lookup *lookup;

static struct proctab *make(enum cmdline_mode cmdline)
{
	struct proctab_options o = { .cmdline = cmdline,
				     .proc_fd = tree_fd,
				     .lookup = lookup };
	struct proctab *t = proctab_new(&o);

	assert_non_null(t);
	return t;
}

static int begin(void **state)
{
	if (tree_make(state))
		return -1;
	tree_text("sys/kernel/random/boot_id",
		  "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0\n");
	lookup = lookup_new(tree_fd, tree_fd);
	*state = make(CMDLINE_FULL);
	return 0;
}

static int end(void **state)
{
	proctab_free(*state);
	lookup_close(lookup);
	return tree_remove(state);
}

/* ---- events ---- */

static struct probe_owner owner(uint32_t pid, uint64_t exec_gen,
				const char *name)
{
	struct probe_owner o = { .tgid = pid, .tid = pid, .uid = 12345,
				 .gid = 12346, .exec_gen = exec_gen,
				 .start_ns = START };

	snprintf(o.comm, sizeof(o.comm), "%s", name);
	return o;
}

static struct probe_event event(uint64_t ts_ns, struct probe_owner o)
{
	return (struct probe_event){ .ts_ns = ts_ns, .owner = o };
}

static void rename_at(struct proctab *t, uint64_t ts_ns, struct probe_owner o)
{
	struct probe_event e = event(ts_ns, o);

	proctab_rename(t, &e);
}

static void fork_at(struct proctab *t, uint64_t ts_ns, struct probe_owner o,
		    uint32_t parent)
{
	struct probe_event e = event(ts_ns, o);

	e.parent_tgid = parent;
	proctab_fork(t, &e);
}

static void exit_at(struct proctab *t, uint64_t ts_ns, struct probe_owner o,
		    uint32_t status)
{
	struct probe_event e = event(ts_ns, o);

	e.exit_status = status;
	proctab_exit(t, &e);
}

static void exec_at(struct proctab *t, uint64_t ts_ns, struct probe_owner o,
		    const char *path)
{
	static struct probe_exec x;

	memset(&x, 0, sizeof(x));
	x.event = event(ts_ns, o);
	x.ppid = 7;
	x.vpid = 3;
	x.netns_ino = 4026531840;
	x.loginuid = UINT32_MAX;
	strcpy(x.pcomm, "bash");
	x.path_at = 100;
	strcpy(x.path + 100, path);
	x.cgroup_at = 200;
	strcpy(x.cgroup + 200, "/system.slice/x.service");
	memcpy(x.args, "x\0--secret\0", 11);
	x.args_len = 11;
	x.exe_flags = PROBE_EXE_MEMFD | PROBE_ARGS_CUT;
	proctab_exec(t, &x);
}

static struct process record_of(const struct program *i)
{
	struct process p;

	assert_int_equal(process_decode(&p, i->record, i->record_len),
			 i->record_len);
	assert_int_equal(p.id, i->id);
	return p;
}

static struct proc *known(struct proctab *t, struct probe_owner o)
{
	struct proc *p = proctab_owner(t, &o, 0);

	assert_non_null(p);
	assert_int_equal(p->pid, o.tgid);
	assert_ptr_equal(proctab_owner(t, &o, 0), p);
	return p;
}

static void assert_name_at(const struct proc *p, uint64_t ts_ns,
			   const char *name)
{
	const struct program *i = proc_program_at(p, ts_ns);

	assert_string_equal(i->name, name);
}

/* ---- who ---- */

static void an_event_alone_makes_a_process(void **state)
{
	struct proctab *t = *state;
	struct proc *p = known(t, owner(42, 3, "curl"));
	struct process r = record_of(p->program);

	assert_int_equal(p->program->id, process_id(boot_id, 42, START, 3));
	assert_string_equal(r.name, "curl");
	assert_int_equal(r.pid, 42);
	assert_int_equal(r.uid, 12345);
	assert_int_equal(r.gid, 12346);
	assert_false(process_has(&r, FIELD_EXEPATH));
	assert_false(process_has(&r, FIELD_PPID));
	assert_null(proctab_owner(t, &(struct probe_owner){ 0 }, 0));
	assert_null(proctab_by_pid(t, 43));
	assert_ptr_equal(proctab_by_pid(t, 42), p);
}

/* /proc knows no exec generation: the first event tells it. */
static void proc_and_event_are_one_process(void **state)
{
	struct proctab *t = *state;
	struct proc *p;

	tree_stat(42, "curl", 7, TICKS);
	tree_stat(7, "bash", 1, 100);
	tree_text("42/status", "Name:\tcurl\nUid:\t1\t12345\t1\t1\n");
	tree_link("42/exe", "/usr/bin/curl");
	assert_int_equal(proctab_scan(t), 2);
	assert_int_equal(proctab_scan(t), 2);
	p = known(t, owner(42, 3, "curl"));
	assert_ptr_equal(proctab_by_pid(t, 42), p);
	assert_int_equal(p->program->id, process_id(boot_id, 42, START, 3));
	assert_string_equal(record_of(p->program).exepath, "/usr/bin/curl");
	assert_null(p->program->older);
}

/* The pid is somebody else's by now: nothing of that counts. */
static void a_pid_is_not_a_process(void **state)
{
	struct proctab *t = *state;
	struct probe_owner later = owner(42, 3, "later");
	struct process r;
	struct proc *p, *q;

	tree_stat(42, "later", 7, TICKS + 1);
	tree_link("42/exe", "/usr/bin/later");
	p = known(t, owner(42, 3, "curl"));
	r = record_of(p->program);
	assert_string_equal(r.name, "curl");
	assert_false(process_has(&r, FIELD_EXEPATH));

	later.start_ns += TICK;
	q = known(t, later);
	assert_ptr_not_equal(p, q);
	assert_int_not_equal(p->program->id, q->program->id);
	assert_string_equal(record_of(q->program).exepath, "/usr/bin/later");
	assert_ptr_equal(known(t, owner(42, 3, "curl")), p);

	exit_at(t, T, owner(42, 3, "curl"), 0);
	assert_int_equal(p->exited_mono_ns, T);
	assert_int_equal(q->exited_mono_ns, 0);
	assert_ptr_equal(proctab_by_pid(t, 42), q);
}

/* A fast machine, or who chooses pids: not even the tick is another. */
static void a_pid_may_begin_anew_at_once(void **state)
{
	struct proctab *t = *state;
	struct probe_owner later = owner(42, 3, "later");
	struct proc *p = known(t, owner(42, 3, "curl")), *q;

	later.start_ns++;
	q = known(t, later);
	assert_ptr_not_equal(p, q);
	assert_int_not_equal(p->program->id, q->program->id);
	assert_ptr_equal(known(t, owner(42, 3, "curl")), p);
}

/* Without events: an exec, a pid that begins anew, and who is whose child. */
static void a_look_up_asks_proc_each_time(void **state)
{
	struct proctab *t = *state;
	struct proc *p, *again;

	tree_stat(40, "pktwho", 1, TICKS);
	proctab_follow(t, 40);
	tree_stat(41, "sh", 40, TICKS);
	tree_stat(42, "sh", 41, TICKS);
	tree_link("42/exe", "/bin/dash");
	p = proctab_look_up(t, 42, T);
	assert_string_equal(p->program->name, "sh");
	assert_true(p->followed);
	assert_true(proctab_by_pid(t, 41)->followed);
	assert_ptr_equal(proctab_look_up(t, 42, T + 1), p);
	assert_null(p->program->older);

	tree_stat(42, "curl", 41, TICKS);
	assert_ptr_equal(proctab_look_up(t, 42, T + 2), p);
	assert_string_equal(p->program->name, "curl");
	assert_string_equal(proc_program_at(p, T + 1)->name, "sh");
	assert_int_not_equal(p->program->id, p->program->older->id);

	tree_stat(42, "other", 1, TICKS + 1);
	again = proctab_look_up(t, 42, T + 3);
	assert_ptr_not_equal(again, p);
	assert_string_equal(again->program->name, "other");
	assert_false(again->followed);
	assert_null(proctab_look_up(t, 43, T));
}

/* ---- exec, fork, rename ---- */

static void exec_makes_a_new_image(void **state)
{
	struct proctab *t = *state;
	struct proc *p = known(t, owner(42, 3, "bash"));
	uint64_t old = p->program->id;
	struct process r;

	exec_at(t, T, owner(42, 4, "curl"), "/usr/bin/curl");
	assert_int_not_equal(p->program->id, old);
	assert_int_equal(p->program->id, process_id(boot_id, 42, START, 4));
	assert_int_equal(proc_program_at(p, T - 1)->id, old);
	assert_ptr_equal(proc_program_at(p, T), p->program);
	assert_name_at(p, T - 1, "bash");
	assert_name_at(p, T, "curl");

	r = record_of(p->program);
	assert_string_equal(r.name, "curl");
	assert_string_equal(r.exepath, "/usr/bin/curl");
	assert_string_equal(r.pname, "bash");
	assert_string_equal(r.unit, "x.service");
	assert_int_equal(r.cmdline_len, 10);
	assert_memory_equal(r.cmdline, "x\0--secret", 10);
	assert_int_equal(r.ppid, 7);
	assert_int_equal(r.vpid, 3);
	assert_int_equal(r.netns, 4026531840);
	assert_int_equal(r.flags,
			 PROCESS_EXE_MEMFD | PROCESS_CMDLINE_TRUNCATED);
	assert_false(process_has(&r, FIELD_LOGINUID));

	/* Told twice, it is still one. */
	exec_at(t, T, owner(42, 4, "curl"), "/usr/bin/curl");
	assert_int_equal(p->program->older->id, old);
	assert_null(p->program->older->older);
}

static void what_runs_no_more_is_said(void **state)
{
	struct proctab *t = *state;

	exec_at(t, T, owner(42, 4, "a"), "/a");
	assert_true(proctab_runs(t, 42, START, 4));
	assert_false(proctab_runs(t, 42, START + 1, 4));
	exec_at(t, T + MS, owner(42, 5, "b"), "/b");
	assert_false(proctab_runs(t, 42, START, 4));
	assert_true(proctab_runs(t, 42, START, 5));
	exit_at(t, T + SEC, owner(42, 5, "b"), 0);
	assert_false(proctab_runs(t, 42, START, 5));
}

static void exec_of_an_unknown_process_makes_it(void **state)
{
	struct proctab *t = *state;
	struct proc *p;

	exec_at(t, T, owner(42, 4, "curl"), "/usr/bin/curl");
	p = known(t, owner(42, 4, "curl"));
	assert_string_equal(record_of(p->program).exepath, "/usr/bin/curl");
	assert_null(p->program->older);
}

static void a_child_is_its_parent_until_it_says_otherwise(void **state)
{
	struct proctab *t = *state;
	struct proc *parent, *child;
	struct process r;

	exec_at(t, T, owner(42, 4, "nginx"), "/usr/sbin/nginx");
	fork_at(t, T + SEC, owner(43, 4, "nginx"), 42);
	parent = known(t, owner(42, 4, "nginx"));
	child = known(t, owner(43, 4, "nginx"));
	assert_int_not_equal(child->program->id, parent->program->id);
	assert_int_equal(child->program->from_mono_ns, T + SEC);
	r = record_of(child->program);
	assert_int_equal(r.pid, 43);
	assert_int_equal(r.ppid, 42);
	assert_string_equal(r.pname, "nginx");
	assert_string_equal(r.exepath, "/usr/sbin/nginx");
	assert_string_equal(r.unit, "x.service");
	assert_true(r.flags & PROCESS_FORKED);
	assert_false(process_has(&r, FIELD_VPID));
	assert_false(record_of(parent->program).flags & PROCESS_FORKED);

	exec_at(t, T + 2 * SEC, owner(43, 5, "sh"), "/bin/sh");
	assert_false(record_of(child->program).flags & PROCESS_FORKED);
}

static void assert_ancestor(const struct program *i, unsigned n, uint32_t pid,
			    const char *name, const char *exe)
{
	struct process p = record_of(i);
	struct ancestor all[PROCESS_ANCESTORS];

	assert_true(n < process_ancestors(&p, all));
	assert_int_equal(all[n].pid, pid);
	assert_int_equal(all[n].name_len, strlen(name));
	assert_memory_equal(all[n].name, name, strlen(name));
	assert_int_equal(all[n].exe_len, strlen(exe));
	assert_memory_equal(all[n].exe, exe, strlen(exe));
}

static void ancestors_are_known(void **state)
{
	struct proctab *t = *state;

	exec_at(t, T, owner(70, 3, "bash"), "/usr/bin/bash");
	fork_at(t, T + 1, owner(71, 3, "bash"), 70);
	assert_ancestor(known(t, owner(71, 3, "bash"))->program, 0, 70, "bash",
			"/usr/bin/bash");
	fork_at(t, T + 2, owner(72, 3, "bash"), 71);
	assert_ancestor(known(t, owner(72, 3, "bash"))->program, 0, 71, "bash",
			"/usr/bin/bash");
	assert_ancestor(known(t, owner(72, 3, "bash"))->program, 1, 70, "bash",
			"/usr/bin/bash");
	/* exec says whose child it is: of a parent that nobody else named. */
	exec_at(t, T + 3, owner(72, 4, "curl"), "/usr/bin/curl");
	assert_ancestor(known(t, owner(72, 4, "curl"))->program, 0, 7, "bash",
			"");
	exec_at(t, T + 4, owner(7, 9, "sshd"), "/usr/sbin/sshd");
	exec_at(t, T + 5, owner(72, 5, "wget"), "/usr/bin/wget");
	assert_ancestor(known(t, owner(72, 5, "wget"))->program, 0, 7, "sshd",
			"/usr/sbin/sshd");
	fork_at(t, T + 6, owner(73, 1, "x"), 99);
	assert_ancestor(known(t, owner(73, 1, "x"))->program, 0, 99, "", "");
}

static void a_child_of_nobody_known_is_itself(void **state)
{
	struct proctab *t = *state;
	struct process r;

	fork_at(t, T, owner(43, 4, "x"), 42);
	r = record_of(known(t, owner(43, 4, "x"))->program);
	assert_int_equal(r.ppid, 42);
	assert_string_equal(r.name, "x");
	assert_int_equal(r.gid, 12346);
	assert_true(process_has(&r, FIELD_GID));
	assert_true(r.flags & PROCESS_FORKED);
}

static void a_name_counts_from_its_time(void **state)
{
	struct proctab *t = *state;
	struct proc *p = known(t, owner(42, 3, "python3"));
	uint64_t id = p->program->id;
	uint32_t version = p->program->version;

	rename_at(t, T, owner(42, 3, "worker"));
	assert_name_at(p, T - 1, "python3");
	assert_name_at(p, T, "worker");
	assert_string_equal(record_of(p->program).name, "worker");
	assert_int_equal(p->program->id, id);
	assert_true(p->program->version > version);

	version = p->program->version;
	rename_at(t, T + SEC, owner(42, 3, "worker"));	/* to the same */
	assert_name_at(p, T + MS, "worker");
	assert_int_equal(p->program->version, version);
	rename_at(t, T, owner(99, 3, "nobody"));
}

static void constant_renaming_does_not_pile_up(void **state)
{
	struct proctab *t = *state;
	struct proc *p = known(t, owner(42, 3, "first"));
	int programs = 0;

	for (uint64_t n = 0; n < 10000; n++)
		rename_at(t, T + n * 1000, owner(42, 3, n % 2 ? "b" : "a"));
	for (const struct program *i = p->program; i; i = i->older)
		programs++;
	assert_in_range(programs, 10, 100);
	assert_name_at(p, T + 9998 * 1000, "a");
	assert_name_at(p, T + 9999 * 1000, "b");
}

/* However much is forgotten, no packet is given to what ran before an exec. */
static void renaming_does_not_bring_back_an_older_program(void **state)
{
	struct proctab *t = *state;
	struct proc *p = known(t, owner(42, 3, "env"));
	char name[16];

	exec_at(t, T, owner(42, 4, "evil"), "/tmp/evil");
	for (uint32_t n = 0; n < 200; n++) {
		snprintf(name, sizeof(name), "evil%u", n);
		rename_at(t, T + MS + n, owner(42, 4, name));
	}
	for (uint64_t at = T; at < T + 2 * MS; at += 50) {
		assert_int_equal(proc_program_at(p, at)->exec_gen, 4);
		assert_false(proc_forgot(p, at));
	}
	assert_int_equal(proc_program_at(p, T - 1)->exec_gen, 3);
	assert_false(proc_forgot(p, T - 1));
}

/* Nor to another user of the same program: it is nobody's. */
static void a_forgotten_user_is_nobody(void **state)
{
	struct proctab *t = *state;
	struct probe_owner o = owner(42, 3, "sudo");
	struct proc *p = known(t, o);

	for (uint32_t n = 0; n < 200; n++) {
		o.uid = n;
		assert_ptr_equal(proctab_owner(t, &o, T + n), p);
	}
	assert_true(proc_forgot(p, T + 5));
	assert_false(proc_forgot(p, T + 199));
	assert_false(proc_forgot(p, T + 180));
	assert_int_equal(proc_program_at(p, T + 180)->uid, 180);
}

static void a_lost_exec_leaves_its_time_to_nobody(void **state)
{
	struct proctab *t = *state;
	struct probe_owner o = owner(42, 5, "curl");
	struct proc *p;

	exec_at(t, T, owner(42, 4, "sh"), "/bin/sh");
	p = known(t, owner(42, 4, "sh"));
	assert_ptr_equal(proctab_owner(t, &o, T + SEC), p);
	assert_true(proc_forgot(p, T + MS));
	assert_false(proc_forgot(p, T + SEC));
	assert_string_equal(proc_program_at(p, T + SEC)->name, "curl");
}

/* What was not in the file goes after a minute, what was before it stays. */
static void a_pruned_program_leaves_its_time_to_nobody(void **state)
{
	struct proctab *t = *state;
	struct proc *p = known(t, owner(42, 3, "sh"));

	p->program->section = 8;
	exec_at(t, T, owner(42, 4, "env"), "/usr/bin/env");
	exec_at(t, T + SEC, owner(42, 5, "curl"), "/usr/bin/curl");
	proctab_prune(t, T + 100 * SEC, 8);
	assert_int_equal(p->program->older->exec_gen, 3);
	assert_true(proc_forgot(p, T));
	assert_false(proc_forgot(p, T - 1));
	assert_false(proc_forgot(p, T + SEC));
}

/* Found in /proc, its exec generation not yet told. */
static void a_scanned_process_may_be_renamed(void **state)
{
	struct proctab *t = *state;
	struct proc *p;

	tree_stat(42, "python3", 7, TICKS);
	proctab_scan(t);
	rename_at(t, T, owner(42, 3, "worker"));
	p = known(t, owner(42, 3, "worker"));
	assert_string_equal(p->program->name, "worker");
	assert_name_at(p, T - 1, "python3");
	assert_string_equal(record_of(p->program).name, "worker");
}

/* What it does with its sockets afterwards need not be told. */
static void a_rename_tells_the_place(void **state)
{
	struct probe_owner o = owner(42, 3, "python3");
	struct proctab *t = *state;
	struct proc *p;

	o.netns_ino = 4026531840;
	p = known(t, o);
	snprintf(o.comm, sizeof(o.comm), "worker");
	o.netns_ino = 4026532000;
	o.uid = 33;
	rename_at(t, T, o);
	assert_int_equal(record_of(p->program).netns, 4026532000);
	assert_int_equal(record_of(p->program).uid, 33);
	o.netns_ino = 4026531840;
	assert_ptr_equal(proctab_owner(t, &o, T - 1), p);
	assert_int_equal(record_of(p->program).netns, 4026532000);
}

/* exec names the task a moment before it counts as the new program. */
static void execs_own_rename_is_undone(void **state)
{
	struct proctab *t = *state;
	struct proc *p = known(t, owner(42, 3, "bash"));

	rename_at(t, T, owner(42, 3, "curl"));
	exec_at(t, T + MS, owner(42, 4, "curl"), "/usr/bin/curl");
	assert_string_equal(p->program->older->name, "bash");
	assert_string_equal(record_of(p->program->older).name, "bash");
	assert_name_at(p, T + MS / 2, "bash");
	assert_name_at(p, T + MS, "curl");
}

/* An old rename is not exec's, nor is one that never was. */
static void a_name_of_its_own_is_kept(void **state)
{
	struct proctab *t = *state;
	struct proc *p = known(t, owner(42, 3, "bash"));
	struct proc *q = known(t, owner(43, 3, "curl"));

	rename_at(t, T, owner(42, 3, "curl"));
	exec_at(t, T + 5 * SEC, owner(42, 4, "curl"), "/usr/bin/curl");
	assert_string_equal(p->program->older->name, "curl");

	exec_at(t, MS, owner(43, 4, "curl"), "/usr/bin/curl");
	assert_string_equal(q->program->older->name, "curl");
	assert_string_equal(record_of(q->program->older).name, "curl");
}

static void setuid_is_learnt_from_the_next_event(void **state)
{
	struct proctab *t = *state;
	struct probe_owner root = owner(42, 3, "sshd"), user = root;
	struct proc *p;
	struct process r;

	root.uid = root.gid = 0;
	user.uid = user.gid = 1000;
	p = known(t, root);
	r = record_of(p->program);
	assert_int_equal(r.uid, 0);
	assert_string_equal(r.user, "root");
	known(t, user);
	r = record_of(p->program);
	assert_int_equal(r.uid, 1000);
	assert_int_equal(r.gid, 1000);
	assert_true(!process_has(&r, FIELD_USER) || strcmp(r.user, "root"));
	/* An older program's word is not the newer one's. */
	exec_at(t, T, owner(42, 4, "sh"), "/bin/sh");
	known(t, root);
	assert_int_equal(record_of(p->program).uid, 12345);
}

static void an_older_socket_does_not_undo_a_setuid(void **state)
{
	struct proctab *t = *state;
	struct probe_owner root = owner(42, 3, "sshd"), user = root;
	struct proc *p;

	root.uid = 0;
	exec_at(t, T, root, "/usr/sbin/sshd");
	p = proctab_owner(t, &root, T + MS);
	proctab_owner(t, &user, T + SEC);
	assert_int_equal(record_of(p->program).uid, user.uid);
	proctab_owner(t, &root, T + MS);
	assert_int_equal(record_of(p->program).uid, user.uid);
	proctab_owner(t, &root, T + 2 * SEC);
	assert_int_equal(record_of(p->program).uid, 0);
}

static void another_namespace_is_learnt_from_the_next_event(void **state)
{
	struct proctab *t = *state;
	struct probe_owner o = owner(42, 4, "nsenter");
	struct proc *p;

	exec_at(t, T, o, "/usr/bin/nsenter");
	o.netns_ino = 4026531840;
	p = proctab_owner(t, &o, T + MS);
	assert_null(p->program->older);
	o.netns_ino = 4026532000;
	assert_ptr_equal(proctab_owner(t, &o, T + SEC), p);
	assert_int_equal(record_of(p->program).netns, 4026532000);
	assert_int_equal(record_of(proc_program_at(p, T + MS)).netns,
			 4026531840);
	assert_int_equal(p->program->id, p->program->older->id);
	o.netns_ino = 0;		/* its first thread has ended */
	assert_ptr_equal(proctab_owner(t, &o, T + 2 * SEC), p);
	assert_int_equal(record_of(p->program).netns, 4026532000);

	o = owner(43, 4, "nsenter");
	o.netns_ino = 4026533000;	/* clone(CLONE_NEWNET) */
	fork_at(t, T + 2 * SEC, o, 42);
	assert_int_equal(record_of(known(t, o)->program).netns, 4026533000);
}

/* ---- options ---- */

/* CPUs tell out of order: an owner's event may overtake that of its exec. */
static void a_late_exec_tells_one_name(void **state)
{
	struct proctab *t = *state;
	const struct proc *p = proctab_owner(t, &(struct probe_owner){
		.tgid = 42, .tid = 42, .uid = 12345, .exec_gen = 4,
		.start_ns = START, .comm = "later" }, T);
	struct process r;

	exec_at(t, T, owner(42, 4, "first"), "/usr/bin/first");
	r = record_of(p->program);
	assert_string_equal(r.exepath, "/usr/bin/first");
	assert_string_equal(p->program->name, r.name);
	rename_at(t, T + 1, owner(42, 4, "later"));
	assert_string_equal(p->program->name, "later");
}

static void a_withheld_command_line_is_nowhere(void **state)
{
	struct proctab *t = make(CMDLINE_NONE);
	static const uint32_t pids[] = { 41, 42, 43 };

	(void)state;
	tree_stat(41, "curl", 7, TICKS);
	tree_text("41/cmdline", "curl --secret");
	assert_int_equal(proctab_scan(t), 1);
	exec_at(t, T, owner(42, 4, "curl"), "/usr/bin/curl");
	fork_at(t, T, owner(43, 4, "curl"), 42);
	for (size_t i = 0; i < 3; i++) {
		const struct program *program = proctab_by_pid(t, pids[i])->program;
		struct process r = record_of(program);

		assert_false(process_has(&r, FIELD_CMDLINE));
		assert_true(r.flags & PROCESS_CMDLINE_WITHHELD);
		assert_null(memmem(program->record, program->record_len, "secret",
				   6));
	}
	proctab_free(t);
}

static void a_secret_in_the_arguments_is_nowhere(void **state)
{
	struct proctab *t = make(CMDLINE_MASKED);
	const struct program *program;
	struct process r;

	(void)state;
	tree_stat(41, "curl", 7, TICKS);
	tree_text("41/cmdline", "curl --password=hunter2");
	assert_int_equal(proctab_scan(t), 1);
	program = proctab_by_pid(t, 41)->program;
	r = record_of(program);
	assert_string_equal(r.cmdline, "curl --password=***");
	assert_true(r.flags & PROCESS_CMDLINE_MASKED);
	assert_null(memmem(program->record, program->record_len, "hunter2",
			   7));
	proctab_free(t);
}

static void descendants_are_followed(void **state)
{
	struct proctab *t = *state;

	known(t, owner(42, 3, "make"));
	fork_at(t, T, owner(50, 3, "make"), 42);
	proctab_follow(t, 42);
	fork_at(t, T, owner(43, 3, "make"), 42);
	exec_at(t, T, owner(43, 4, "cc"), "/usr/bin/cc");
	fork_at(t, T, owner(44, 4, "cc"), 43);
	fork_at(t, T, owner(60, 4, "x"), 59);
	assert_true(proctab_by_pid(t, 42)->followed);
	assert_true(proctab_by_pid(t, 43)->followed);
	assert_true(proctab_by_pid(t, 44)->followed);
	assert_false(proctab_by_pid(t, 50)->followed);	/* before that */
	assert_false(proctab_by_pid(t, 60)->followed);
	proctab_follow(t, 4711);			/* nobody */
}

/* A scan may come between a fork and its event. */
static void a_child_found_in_proc_is_followed(void **state)
{
	struct proctab *t = *state;

	known(t, owner(42, 3, "make"));
	proctab_follow(t, 42);
	tree_stat(43, "make", 42, TICKS);
	proctab_scan(t);
	fork_at(t, T, owner(43, 3, "make"), 42);
	assert_true(proctab_by_pid(t, 43)->followed);
}

/* ---- the table ---- */

struct rows {
	int count;
	int stop_at;
	struct process last;
};

static int take_row(void *ctx, const struct process *p)
{
	struct rows *r = ctx;

	r->last = *p;
	return ++r->count == r->stop_at ? -5 : 0;
}

static void the_table_has_totals_of_what_was_written(void **state)
{
	struct proctab *t = *state;
	struct proc *p = known(t, owner(42, 3, "bash"));
	struct rows r = { 0 };

	known(t, owner(43, 3, "other"));
	exec_at(t, T, owner(42, 4, "curl"), "/usr/bin/curl");
	exit_at(t, T + SEC, owner(42, 4, "curl"), 256);
	assert_int_equal(proctab_each(t, 1, take_row, &r), 0);
	assert_int_equal(r.count, 0);

	p->program->section = 1;
	p->program->packets = 10;
	p->program->bytes = 1000;
	p->program->first_ns = 5;
	p->program->last_ns = 6;
	assert_int_equal(proctab_each(t, 1, take_row, &r), 0);
	assert_int_equal(r.count, 1);
	assert_string_equal(r.last.name, "curl");
	assert_int_equal(r.last.packets, 10);
	assert_int_equal(r.last.bytes, 1000);
	assert_int_equal(r.last.first_seen_ns, 5);
	assert_int_equal(r.last.last_seen_ns, 6);
	assert_int_equal(r.last.exit_status, 256);
	assert_true(r.last.flags & PROCESS_EXITED);

	/* The program before exec did not exit. */
	p->program->section = 2;
	p->program->older->section = 1;
	assert_int_equal(proctab_each(t, 1, take_row, &r), 0);
	assert_int_equal(r.count, 2);
	assert_string_equal(r.last.name, "bash");
	assert_false(process_has(&r.last, FIELD_EXIT_STATUS));
	assert_false(r.last.flags & PROCESS_EXITED);

	p->program->section = 1;
	r.stop_at = 3;
	assert_int_equal(proctab_each(t, 1, take_row, &r), -5);
	assert_int_equal(r.count, 3);
}

static void only_what_nobody_needs_is_forgotten(void **state)
{
	struct proctab *t = *state;
	struct proc *held = known(t, owner(1, 3, "held"));
	struct proc *written = known(t, owner(2, 3, "written"));

	known(t, owner(3, 3, "running"));
	known(t, owner(4, 3, "recent"));
	known(t, owner(5, 3, "forgotten"));
	held->refs = 1;
	written->program->section = 8;
	for (uint32_t pid = 1; pid <= 5; pid++)
		if (pid != 3)
			exit_at(t, pid == 4 ? T + 100 * SEC : T,
				owner(pid, 3, "x"), 0);
	assert_int_equal(proctab_scan(t), 5);
	proctab_prune(t, T + 110 * SEC, 8);
	assert_int_equal(proctab_scan(t), 4);
	assert_ptr_equal(known(t, owner(1, 3, "held")), held);
	assert_ptr_equal(known(t, owner(2, 3, "written")), written);

	proctab_prune(t, T + 110 * SEC, 9);	/* another file */
	assert_int_equal(proctab_scan(t), 3);
	held->refs = 0;
	proctab_prune(t, T + 300 * SEC, 9);
	assert_int_equal(proctab_scan(t), 1);
}

/* Short programs of which nothing is written: the last few thousand. */
static void not_all_that_ended_are_kept(void **state)
{
	struct proctab *t = *state;
	struct proc *held = known(t, owner(1, 3, "held"));
	struct proc *written = known(t, owner(2, 3, "written"));
	struct proc *runs = known(t, owner(3, 3, "runs"));
	int count;

	held->refs = 1;
	written->program->section = 8;
	for (uint32_t pid = 1; pid < 20000; pid++) {
		struct probe_owner o = owner(pid, 3, "short");

		if (pid == 3)
			continue;
		fork_at(t, T, o, 3);
		exit_at(t, T + pid, o, 0);
	}
	count = proctab_scan(t);
	assert_in_range(count, 1000, 10000);
	assert_ptr_equal(known(t, owner(1, 3, "held")), held);
	assert_ptr_equal(known(t, owner(2, 3, "written")), written);
	assert_ptr_equal(proctab_by_pid(t, 3), runs);
	assert_int_equal(known(t, owner(19999, 3, "short"))->exited_mono_ns,
			 T + 19999);
	assert_int_equal(known(t, owner(19000, 3, "short"))->exited_mono_ns,
			 T + 19000);
	assert_int_equal(proctab_scan(t), count);
}

/* A socket's last packets still have the name, though not the arguments. */
static void what_only_a_socket_holds_is_short(void **state)
{
	struct proctab *t = *state;
	struct proc *held[2];
	struct process r;

	for (uint32_t n = 0; n < 2; n++) {
		exec_at(t, T, owner(n + 1, 4, "held"), "/usr/bin/held");
		held[n] = known(t, owner(n + 1, 4, "held"));
		held[n]->refs = 1;
		exit_at(t, T, owner(n + 1, 4, "held"), 0);
	}
	held[1]->program->section = 8;
	for (uint32_t pid = 10; pid < 10000; pid++) {
		fork_at(t, T, owner(pid, 3, "short"), 3);
		exit_at(t, T, owner(pid, 3, "short"), 0);
	}
	r = record_of(held[0]->program);
	assert_string_equal(r.name, "held");
	assert_int_equal(r.uid, 12345);
	assert_false(process_has(&r, FIELD_EXEPATH));
	assert_false(process_has(&r, FIELD_CMDLINE));
	assert_true(held[0]->program->matched);
	r = record_of(held[1]->program);
	assert_string_equal(r.exepath, "/usr/bin/held");
	assert_true(process_has(&r, FIELD_CMDLINE));
}

/* Nor those whose end was lost; /proc tells of it. */
static void an_end_that_was_lost_is_found(void **state)
{
	struct proctab *t = *state;

	tree_stat(7, "runs", 1, TICKS);
	for (uint32_t pid = 7; pid < 20000; pid++)
		fork_at(t, T, owner(pid, 3, "short"), 1);
	known(t, owner(8, 3, "held"))->refs = 1;
	proctab_prune(t, T + SEC, 8);
	assert_in_range(proctab_scan(t), 2, 10000);
	assert_int_equal(known(t, owner(7, 3, "runs"))->program->from_mono_ns,
			 T);
	assert_int_equal(known(t, owner(8, 3, "held"))->program->from_mono_ns,
			 T);
}

/* A process that execs without end is many programs, all of them in the file. */
static void too_many_execs_are_forgotten(void **state)
{
	struct proctab *t = *state;
	struct proc *p = NULL;
	uint32_t left = 0;

	for (uint32_t gen = 3; gen < 70003; gen++) {
		p = known(t, owner(7, gen, "x"));
		p->program->section = 8;
	}
	assert_int_equal(p->program->exec_gen, 70002);
	proctab_prune(t, T + 110 * SEC, 8);
	for (const struct program *i = p->program; i; i = i->older)
		left++;
	assert_int_equal(left, 1);
	assert_int_equal(proctab_forgotten(t), 69999);
}

#define proctab_test(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		proctab_test(an_event_alone_makes_a_process),
		proctab_test(proc_and_event_are_one_process),
		proctab_test(a_pid_is_not_a_process),
		proctab_test(a_pid_may_begin_anew_at_once),
		proctab_test(a_look_up_asks_proc_each_time),
		proctab_test(exec_makes_a_new_image),
		proctab_test(what_runs_no_more_is_said),
		proctab_test(exec_of_an_unknown_process_makes_it),
		proctab_test(a_child_is_its_parent_until_it_says_otherwise),
		proctab_test(ancestors_are_known),
		proctab_test(a_child_of_nobody_known_is_itself),
		proctab_test(a_name_counts_from_its_time),
		proctab_test(constant_renaming_does_not_pile_up),
		proctab_test(renaming_does_not_bring_back_an_older_program),
		proctab_test(a_forgotten_user_is_nobody),
		proctab_test(a_lost_exec_leaves_its_time_to_nobody),
		proctab_test(a_pruned_program_leaves_its_time_to_nobody),
		proctab_test(a_scanned_process_may_be_renamed),
		proctab_test(a_rename_tells_the_place),
		proctab_test(execs_own_rename_is_undone),
		proctab_test(a_name_of_its_own_is_kept),
		proctab_test(setuid_is_learnt_from_the_next_event),
		proctab_test(an_older_socket_does_not_undo_a_setuid),
		proctab_test(another_namespace_is_learnt_from_the_next_event),
		proctab_test(a_late_exec_tells_one_name),
		proctab_test(a_withheld_command_line_is_nowhere),
		proctab_test(a_secret_in_the_arguments_is_nowhere),
		proctab_test(descendants_are_followed),
		proctab_test(a_child_found_in_proc_is_followed),
		proctab_test(the_table_has_totals_of_what_was_written),
		proctab_test(only_what_nobody_needs_is_forgotten),
		proctab_test(not_all_that_ended_are_kept),
		proctab_test(what_only_a_socket_holds_is_short),
		proctab_test(an_end_that_was_lost_is_found),
		proctab_test(too_many_execs_are_forgotten),
	};

	return cmocka_run_group_tests_name("proctab", tests, NULL, NULL);
}
