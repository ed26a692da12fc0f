/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "events.h"

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
	assert_int_equal(proctab_scan(t, UINT64_MAX), 2);
	assert_int_equal(proctab_scan(t, UINT64_MAX), 2);
	p = known(t, owner(42, 3, "curl"));
	assert_ptr_equal(proctab_by_pid(t, 42), p);
	assert_int_equal(p->program->id, process_id(boot_id, 42, START, 3));
	assert_string_equal(record_of(p->program).exepath, "/usr/bin/curl");
	assert_null(p->program->older);
}

static bool has_exepath(const struct program *i)
{
	struct process r = record_of(i);

	return process_has(&r, FIELD_EXEPATH);
}

/* Thousands of processes: the capture begins before they have been read. */
static void a_holder_is_read_when_asked_for(void **state)
{
	struct probe_owner o = owner(42, 3, "curl");
	struct ancestor above[PROCESS_ANCESTORS];
	struct proctab *t = *state;
	struct process r;
	struct proc *p;

	tree_stat(1, "init", 0, 1);
	tree_stat(7, "bash", 1, 100);
	tree_stat(42, "curl", 7, TICKS);
	tree_link("7/exe", "/bin/bash");
	tree_link("42/exe", "/usr/bin/curl");
	tree_text("42/status", "Name:\tcurl\nUid:\t1\t99\t1\t1\n");
	assert_int_equal(proctab_scan(t, 0), 0);
	assert_true(proctab_scans(t));
	p = proctab_holder(t, &o);
	assert_false(has_exepath(p->program));
	proctab_complete(t, p);
	r = record_of(p->program);
	assert_string_equal(r.exepath, "/usr/bin/curl");
	assert_int_equal(r.uid, 12345); /* as the kernel told */
	assert_int_equal(p->program->id, process_id(boot_id, 42, START, 3));
	assert_int_equal(process_ancestors(&r, above), 2);
	assert_memory_equal(above[0].exe, "/bin/bash", above[0].exe_len);
	assert_true(proctab_scan_on(t, 0));
	assert_false(proctab_scan_on(t, UINT64_MAX));
	assert_int_equal(proctab_scan(t, UINT64_MAX), 3);
	assert_null(p->program->older);
}

/* What /proc tells by then is not what the kernel has told of. */
static void proc_is_asked_again_while_names_differ(void **state)
{
	struct probe_owner o = owner(42, 3, "sh");
	struct proctab *t = *state;
	struct proc *p;

	tree_stat(42, "curl", 7, TICKS);
	tree_link("42/exe", "/usr/bin/curl");
	p = known(t, o);
	assert_string_equal(record_of(p->program).name, "sh");
	assert_false(has_exepath(p->program));
	rename_at(t, T, owner(42, 3, "curl"));
	p = known(t, owner(42, 3, "curl"));
	assert_false(has_exepath(p->program)); /* not each time */
	p->asked_ns = 0;
	p = known(t, owner(42, 3, "curl"));
	assert_string_equal(record_of(p->program).exepath, "/usr/bin/curl");
	assert_string_equal(proc_program_at(p, T - 1)->name, "sh");
}

/* It was read after it had executed something else under the same name. */
static void what_was_read_too_late_is_the_next_programs(void **state)
{
	struct proctab *t = *state;
	struct program *old;
	struct proc *p;

	tree_stat(42, "curl", 7, TICKS);
	tree_link("42/exe", "/opt/curl");
	p = known(t, owner(42, 3, "curl"));
	old = p->program;
	assert_string_equal(record_of(old).exepath, "/opt/curl");
	exec_at(t, 1, owner(42, 5, "curl"), "/opt/curl");
	assert_ptr_equal(p->program->older, old);
	assert_false(has_exepath(old));
	assert_string_equal(record_of(p->program).exepath, "/opt/curl");
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

/* ---- options ---- */

/* CPUs tell out of order: an owner's event may overtake that of its exec. */
static void a_late_exec_tells_one_name(void **state)
{
	struct proctab *t = *state;
	const struct proc *p = proctab_owner(t,
					     &(struct probe_owner){
						     .tgid = 42,
						     .tid = 42,
						     .uid = 12345,
						     .exec_gen = 4,
						     .start_ns = START,
						     .comm = "later" },
					     T);
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
	assert_int_equal(proctab_scan(t, UINT64_MAX), 1);
	exec_at(t, T, owner(42, 4, "curl"), "/usr/bin/curl");
	fork_at(t, T, owner(43, 4, "curl"), 42);
	for (size_t i = 0; i < 3; i++) {
		const struct program *program = proctab_by_pid(t, pids[i])
							->program;
		struct process r = record_of(program);

		assert_false(process_has(&r, FIELD_CMDLINE));
		assert_true(r.flags & PROCESS_CMDLINE_WITHHELD);
		assert_false(record_says(program, "secret"));
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
	assert_int_equal(proctab_scan(t, UINT64_MAX), 1);
	program = proctab_by_pid(t, 41)->program;
	r = record_of(program);
	assert_string_equal(r.cmdline, "curl --password=***");
	assert_true(r.flags & PROCESS_CMDLINE_MASKED);
	assert_false(record_says(program, "hunter2"));
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
	assert_false(proctab_by_pid(t, 50)->followed); /* before that */
	assert_false(proctab_by_pid(t, 60)->followed);
	proctab_follow(t, 4711); /* nobody */
}

/* A scan may come between a fork and its event. */
static void a_child_found_in_proc_is_followed(void **state)
{
	struct proctab *t = *state;

	known(t, owner(42, 3, "make"));
	proctab_follow(t, 42);
	tree_stat(43, "make", 42, TICKS);
	proctab_scan(t, UINT64_MAX);
	fork_at(t, T, owner(43, 3, "make"), 42);
	assert_true(proctab_by_pid(t, 43)->followed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		proctab_test(an_event_alone_makes_a_process),
		proctab_test(proc_and_event_are_one_process),
		proctab_test(a_holder_is_read_when_asked_for),
		proctab_test(proc_is_asked_again_while_names_differ),
		proctab_test(what_was_read_too_late_is_the_next_programs),
		proctab_test(a_pid_is_not_a_process),
		proctab_test(a_pid_may_begin_anew_at_once),
		proctab_test(a_look_up_asks_proc_each_time),
		proctab_test(a_late_exec_tells_one_name),
		proctab_test(a_withheld_command_line_is_nowhere),
		proctab_test(a_secret_in_the_arguments_is_nowhere),
		proctab_test(descendants_are_followed),
		proctab_test(a_child_found_in_proc_is_followed),
	};

	return cmocka_run_group_tests_name("proctab", tests, NULL, NULL);
}
