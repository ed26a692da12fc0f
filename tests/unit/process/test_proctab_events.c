/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "events.h"

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
	assert_true(proctab_ran_last(t, 42, START, 4));
	assert_false(proctab_ran_last(t, 42, START + 1, 4));
	exec_at(t, T + MS, owner(42, 5, "b"), "/b");
	assert_false(proctab_ran_last(t, 42, START, 4));
	assert_true(proctab_ran_last(t, 42, START, 5));
	/* It has ended, and cannot have executed anything. */
	exit_at(t, T + SEC, owner(42, 5, "b"), 0);
	assert_true(proctab_ran_last(t, 42, START, 5));
}

static void exec_in(struct proctab *t, uint32_t pid, uint32_t sessionid,
		    const char *tty, const char *cwd, bool cut)
{
	static struct probe_exec x;

	memset(&x, 0, sizeof(x));
	x.event = event(T, owner(pid, 1, "python3.11"));
	x.sessionid = sessionid;
	x.loginuid = UINT32_MAX;
	strcpy(x.path, "/usr/bin/python3.11");
	strcpy(x.tty, tty);
	x.cwd_at = 300;
	strcpy(x.cwd + 300, cwd);
	memcpy(x.args, "python3\0-u\0./fetch.py\0--password=x", 35);
	x.args_len = 35;
	x.exe_flags = cut ? PROBE_CWD_CUT : 0;
	proctab_exec(t, &x);
}

/* From where a script was started, and by whom. */
static void exec_tells_of_its_surroundings(void **state)
{
	struct proctab *t = make(CMDLINE_NONE);
	struct process p;

	(void)state;
	tree_text("run/systemd/sessions/17",
		  "UID=1000\nREMOTE=1\nREMOTE_HOST=192.0.2.9\n");
	exec_in(t, 42, 17, "pts3", "/home/alice", false);
	p = record_of(known(t, owner(42, 1, "python3.11"))->program);
	assert_string_equal(p.cwd, "/home/alice");
	assert_string_equal(p.script, "/home/alice/fetch.py");
	assert_string_equal(p.tty, "pts/3");
	assert_string_equal(p.session_id, "17");
	assert_string_equal(p.session_address, "192.0.2.9");
	assert_false(process_has(&p, FIELD_CMDLINE));

	/* A child's are its parent's, also when the login is over. */
	tree_text("run/systemd/sessions/17", "");
	fork_at(t, T + MS, owner(43, 1, "python3.11"), 42);
	p = record_of(known(t, owner(43, 1, "python3.11"))->program);
	assert_string_equal(p.script, "/home/alice/fetch.py");
	assert_string_equal(p.session_address, "192.0.2.9");

	exec_in(t, 44, UINT32_MAX, "", "/home/al", true);
	p = record_of(known(t, owner(44, 1, "python3.11"))->program);
	assert_false(process_has(&p, FIELD_CWD));
	assert_string_equal(p.script, "fetch.py");
	assert_false(process_has(&p, FIELD_TTY));
	assert_false(process_has(&p, FIELD_SESSION_ID));
	assert_false(process_has(&p, FIELD_SESSION_ADDRESS));

	exec_in(t, 45, UINT32_MAX, "tty1", "", false);
	p = record_of(known(t, owner(45, 1, "python3.11"))->program);
	assert_string_equal(p.cwd, "/");
	assert_string_equal(p.script, "/fetch.py");
	assert_string_equal(p.tty, "tty1");
	proctab_free(t);
}

static void why_there_is_no_hash(void **state)
{
	static const uint8_t sha256[32] = { 1 };
	struct proctab *t = *state;
	struct program *i;
	struct process p;

	exec_at(t, T, owner(42, 4, "a"), "/a");
	i = known(t, owner(42, 4, "a"))->program;
	proctab_set_no_sha256(t, 42, START, 3, HASH_REASON_GONE);
	p = record_of(i);
	assert_false(process_has(&p, FIELD_SHA256_REASON));
	proctab_set_no_sha256(t, 42, START, 4, HASH_REASON_GONE);
	p = record_of(i);
	assert_int_equal(p.sha256_reason, HASH_REASON_GONE);
	proctab_set_sha256(t, 42, START, 4, sha256);
	p = record_of(i);
	assert_true(process_has(&p, FIELD_SHA256));
	assert_false(process_has(&p, FIELD_SHA256_REASON));
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
	rename_at(t, T + SEC, owner(42, 3, "worker")); /* to the same */
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
	assert_in_range(programs, 100, 300);
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
	for (uint32_t n = 0; n < 600; n++) {
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

	for (uint32_t n = 0; n < 600; n++) {
		o.uid = n;
		assert_ptr_equal(proctab_owner(t, &o, T + n), p);
	}
	assert_true(proc_forgot(p, T + 5));
	assert_false(proc_forgot(p, T + 599));
	assert_false(proc_forgot(p, T + 580));
	assert_int_equal(proc_program_at(p, T + 580)->uid, 580);
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
	proctab_scan(t, UINT64_MAX);
	rename_at(t, T, owner(42, 3, "worker"));
	p = known(t, owner(42, 3, "worker"));
	assert_string_equal(p->program->name, "worker");
	assert_name_at(p, T - 1, "python3");
	assert_string_equal(record_of(p->program).name, "worker");
}

static void move_to(struct proctab *t, uint64_t ts_ns, struct probe_owner o,
		    const char *cgroup)
{
	static struct probe_exec x;

	x.event = event(ts_ns, o);
	snprintf(x.cgroup, sizeof(x.cgroup), "%s", cgroup);
	proctab_move(t, &x);
}

/* Its packets until then stay where it was. */
static void it_may_move_to_another_cgroup(void **state)
{
	static const char id[] = "0123456789abcdef0123456789abcdef"
				 "0123456789abcdef0123456789abcdef";
	struct probe_owner o = owner(42, 1, "x");
	struct proctab *t = *state;
	char path[128];
	struct process p;

	exec_at(t, T, o, "/usr/bin/x");
	p = record_of(known(t, o)->program);
	assert_string_equal(p.unit, "x.service");
	snprintf(path, sizeof(path), "/docker/%s", id);
	move_to(t, T + MS, o, path);
	p = record_of(known(t, o)->program);
	assert_string_equal(p.cgroup, path);
	assert_string_equal(p.container_id, id);
	assert_false(process_has(&p, FIELD_UNIT));
	assert_string_equal(p.exepath, "/usr/bin/x");
	move_to(t, T + 2 * MS, o, "/user.slice/y.scope");
	p = record_of(known(t, o)->program);
	assert_string_equal(p.unit, "y.scope");
	assert_false(process_has(&p, FIELD_CONTAINER_ID));
	assert_string_equal(record_of(proc_program_at(known(t, o), T)).unit,
			    "x.service");
	move_to(t, T + 3 * MS, o, "/");
	p = record_of(known(t, o)->program);
	assert_string_equal(p.cgroup, "/");
	assert_false(process_has(&p, FIELD_UNIT));
	move_to(t, T, owner(43, 1, "nobody"), "/"); /* known to nobody */
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

/* As of what a firewall held up. */
static void what_is_told_late_may_begin_a_user(void **state)
{
	struct proctab *t = *state;
	struct probe_owner root = owner(42, 3, "sshd"), user = root,
			   named = root;
	struct proc *p;

	root.uid = 0;
	strcpy(named.comm, "former");
	exec_at(t, T, root, "/usr/sbin/sshd");
	p = proctab_owner(t, &root, T + MS);
	proctab_owner(t, &user, T + SEC);
	proctab_owner(t, &root, T + 30 * MS);
	proctab_owner(t, &named, T + 10 * MS);
	assert_int_equal(proc_program_at(p, T + 30 * MS)->uid, 0);
	proctab_owner(t, &user, T + 20 * MS);
	assert_int_equal(proc_program_at(p, T + 10 * MS)->uid, 0);
	assert_int_equal(proc_program_at(p, T + 20 * MS)->uid, user.uid);
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
	o.netns_ino = 0; /* its first thread has ended */
	assert_ptr_equal(proctab_owner(t, &o, T + 2 * SEC), p);
	assert_int_equal(record_of(p->program).netns, 4026532000);

	o = owner(43, 4, "nsenter");
	o.netns_ino = 4026533000; /* clone(CLONE_NEWNET) */
	fork_at(t, T + 2 * SEC, o, 42);
	assert_int_equal(record_of(known(t, o)->program).netns, 4026533000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		proctab_test(exec_makes_a_new_image),
		proctab_test(what_runs_no_more_is_said),
		proctab_test(exec_tells_of_its_surroundings),
		proctab_test(why_there_is_no_hash),
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
		proctab_test(it_may_move_to_another_cgroup),
		proctab_test(a_rename_tells_the_place),
		proctab_test(setuid_is_learnt_from_the_next_event),
		proctab_test(an_older_socket_does_not_undo_a_setuid),
		proctab_test(what_is_told_late_may_begin_a_user),
		proctab_test(another_namespace_is_learnt_from_the_next_event),
	};

	return cmocka_run_group_tests_name("proctab_events", tests, NULL, NULL);
}
