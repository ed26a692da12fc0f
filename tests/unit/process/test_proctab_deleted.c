/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An executable that goes while it runs, of which no event tells. */
#include "events.h"

static struct proc *with_socket(struct proctab *t, uint32_t pid)
{
	struct proc *p = known(t, owner(pid, 3, "server"));
	char name[32];

	snprintf(name, sizeof(name), "%u/exe", pid);
	tree_link(name, "/usr/bin/server");
	p->refs = 1;
	return p;
}

static void remove_exe(uint32_t pid)
{
	char name[32];

	snprintf(name, sizeof(name), "%u/exe", pid);
	tree_link(name, "/usr/bin/server (deleted)");
}

static bool is_deleted(const struct proc *p)
{
	struct process s = record_of(p->program);

	assert_int_equal(p->program->exe_deleted,
			 !!(s.flags & PROCESS_EXE_DELETED));
	return p->program->exe_deleted;
}

static void it_is_found_with_the_next_turn(void **state)
{
	struct proctab *t = *state;
	struct proc *procs[5];

	for (uint32_t i = 0; i < 5; i++)
		procs[i] = with_socket(t, 42 + i);
	procs[4]->refs = 0;
	for (int i = 0; i < 10; i++)
		proctab_ask_deleted(t);
	for (int i = 0; i < 4; i++)
		assert_false(is_deleted(procs[i]));
	remove_exe(44);
	remove_exe(46);
	for (int i = 0; i < 5; i++)
		proctab_ask_deleted(t);
	for (int i = 0; i < 5; i++)
		assert_int_equal(is_deleted(procs[i]), i == 2);
	/* Those without a socket are nobody's who sends. */
	procs[4]->refs = 1;
	for (int i = 0; i < 5; i++)
		proctab_ask_deleted(t);
	assert_true(is_deleted(procs[4]));
}

static void whoever_shares_a_bucket_is_asked_too(void **state)
{
	static const uint32_t pids[] = { 1000, 29657, 40603 };
	struct proctab *t = *state;
	struct proc *procs[3];

	for (int i = 0; i < 3; i++)
		procs[i] = with_socket(t, pids[i]);
	assert_ptr_equal(procs[2]->next, procs[1]);
	for (int i = 0; i < 3; i++)
		remove_exe(pids[i]);
	for (int i = 0; i < 8; i++)
		proctab_ask_deleted(t);
	for (int i = 0; i < 3; i++)
		assert_true(is_deleted(procs[i]));
}

static void what_runs_by_now_has_not_lost_its_file(void **state)
{
	struct proctab *t = *state;
	struct proc *p = with_socket(t, 42);

	remove_exe(42);
	proctab_ask_deleted(t);
	exec_at(t, T, owner(42, 4, "curl"), "/usr/bin/curl");
	tree_link("42/exe", "/usr/bin/curl");
	for (int i = 0; i < 3; i++)
		proctab_ask_deleted(t);
	assert_false(is_deleted(p));
	/* Who has ended is not asked about, nor is where /proc is another's. */
	tree_link("42/exe", "/usr/bin/curl (deleted)");
	exit_at(t, T + SEC, owner(42, 4, "curl"), 0);
	for (int i = 0; i < 3; i++)
		proctab_ask_deleted(t);
	assert_false(is_deleted(p));
	p->exited_mono_ns = 0;
	proctab_leave_proc(t);
	for (int i = 0; i < 3; i++)
		proctab_ask_deleted(t);
	assert_false(is_deleted(p));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		proctab_test(it_is_found_with_the_next_turn),
		proctab_test(whoever_shares_a_bucket_is_asked_too),
		proctab_test(what_runs_by_now_has_not_lost_its_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
