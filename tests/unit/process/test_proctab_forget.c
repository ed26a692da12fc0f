/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "events.h"
#include "process/filter/filter.h"
#include "process/proctab_table.h"

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

struct names {
	int count;
	char name[4][RECORD_NAME_LEN];
	bool has_totals[4];
};

static int take_name(void *ctx, const struct process *p)
{
	struct names *n = ctx;

	memcpy(n->name[n->count], p->name, sizeof(p->name));
	n->has_totals[n->count++] = process_has(p, FIELD_PACKETS);
	return 0;
}

/* Who looks for it by any of its names finds it in the file. */
static void the_table_has_each_name_the_last_one_last(void **state)
{
	struct proctab *t = *state;
	struct proc *p = known(t, owner(42, 3, "curl"));
	struct names n = { 0 };

	rename_at(t, T, owner(42, 3, "sh"));
	rename_at(t, T + 1, owner(42, 3, "worker"));
	for (struct program *i = p->program; i; i = i->older) {
		i->section = 1;
		i->packets = 5;
	}
	p->program->older->section = 0;
	assert_int_equal(proctab_each(t, 1, take_name, &n), 0);
	assert_int_equal(n.count, 2);
	assert_string_equal(n.name[0], "curl");
	assert_string_equal(n.name[1], "worker");
	assert_false(n.has_totals[0]);
	assert_true(n.has_totals[1]);
	assert_int_equal(proctab_folded(t), 0);
	/* Of many only some are kept; that is told. */
	for (int i = 0; i < 600; i++) {
		p->program->section = 1;
		rename_at(t, T + 2 + (uint64_t)i,
			  owner(42, 3, i % 2 ? "a" : "b"));
	}
	assert_in_range(proctab_folded(t), 300, 600);
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
	assert_int_equal(proctab_scan(t, UINT64_MAX), 5);
	written->refs = 1;
	proctab_prune(t, T + 110 * SEC, 8);
	assert_int_equal(proctab_scan(t, UINT64_MAX), 4);
	assert_ptr_equal(known(t, owner(1, 3, "held")), held);
	assert_ptr_equal(known(t, owner(2, 3, "written")), written);

	written->refs = 0;
	proctab_prune(t, T + 120 * SEC, 9); /* another file */
	assert_int_equal(proctab_scan(t, UINT64_MAX), 3);
	held->refs = 0;
	proctab_prune(t, T + 300 * SEC, 9);
	assert_int_equal(proctab_scan(t, UINT64_MAX), 1);
}

/* The file's table has them with all that is known, and no process twice. */
static void what_the_file_has_is_put_away(void **state)
{
	struct proctab *t = *state;
	struct names n = { 0 };
	struct rows r = { 0 };
	struct proc *p = known(t, owner(2, 3, "sh"));

	p->program->section = 8;
	rename_at(t, T + SEC, owner(2, 3, "worker"));
	p->program->section = 8;
	p->program->packets = 7;
	exit_at(t, T + 2 * SEC, owner(2, 3, "worker"), 256);
	known(t, owner(4, 3, "runs"))->program->section = 8;

	proctab_prune(t, T + 51 * SEC, 8);
	assert_int_equal(proctab_scan(t, UINT64_MAX), 2);
	proctab_prune(t, T + 63 * SEC, 8);
	assert_int_equal(proctab_scan(t, UINT64_MAX), 1);
	assert_int_equal(proctab_forgotten(t), 0);
	assert_int_equal(proctab_each(t, 8, take_name, &n), 0);
	assert_int_equal(n.count, 3);
	assert_string_equal(n.name[0], "sh");
	assert_string_equal(n.name[1], "worker");
	assert_string_equal(n.name[2], "runs");
	r.stop_at = 2;
	assert_int_equal(proctab_each(t, 8, take_row, &r), -5);
	assert_int_equal(r.last.packets, 7);
	assert_int_equal(r.last.exit_status, 256);

	/* Another file has only its own. */
	p = known(t, owner(5, 3, "next"));
	p->program->section = 9;
	exit_at(t, T + 63 * SEC, owner(5, 3, "next"), 0);
	proctab_prune(t, T + 200 * SEC, 9);
	r.stop_at = r.count = 0;
	assert_int_equal(proctab_each(t, 9, take_row, &r), 0);
	assert_int_equal(r.count, 1);
	assert_string_equal(r.last.name, "next");
	r.count = 0;
	assert_int_equal(proctab_each(t, 8, take_row, &r), 0);
	assert_int_equal(r.count, 1);
	assert_string_equal(r.last.name, "runs");
}

/* Of many that send, what ended is not kept for a minute. */
static void many_are_put_away_soon(void **state)
{
	struct proctab *t = *state;
	struct rows r = { 0 };

	for (uint32_t pid = 10; pid < 20010; pid++) {
		struct probe_owner o = owner(pid, 3, "sends");

		fork_at(t, T, o, 3);
		known(t, o)->program->section = 8;
		exit_at(t, T, o, 0);
	}
	known(t, owner(10, 3, "sends"))->program->hash_asked = true;
	proctab_prune(t, T + SEC, 8);
	assert_int_equal(proctab_scan(t, UINT64_MAX), 20000);
	proctab_prune(t, T + 3 * SEC, 8);
	/* Until they are not many. */
	assert_int_equal(proctab_scan(t, UINT64_MAX), 16384);
	/* Its hash is still to come. */
	assert_true(known(t, owner(10, 3, "sends"))->program->hash_asked);
	assert_int_equal(proctab_each(t, 8, take_row, &r), 0);
	assert_int_equal(r.count, 20000);
	assert_int_equal(proctab_forgotten(t), 0);
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
	count = proctab_scan(t, UINT64_MAX);
	assert_in_range(count, 1000, 10000);
	assert_ptr_equal(known(t, owner(1, 3, "held")), held);
	assert_ptr_equal(known(t, owner(2, 3, "written")), written);
	assert_ptr_equal(proctab_by_pid(t, 3), runs);
	assert_int_equal(known(t, owner(19999, 3, "short"))->exited_mono_ns,
			 T + 19999);
	assert_int_equal(known(t, owner(19000, 3, "short"))->exited_mono_ns,
			 T + 19000);
	assert_int_equal(proctab_scan(t, UINT64_MAX), count);
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

/* Who was chosen by what its record has no more stays so, whatever comes late. */
static void who_is_shortened_stays_chosen(void **state)
{
	struct filter by_path = { 0 };
	const uint8_t sha256[32] = { 1 };
	struct proctab *t = *state;
	struct proc *held;
	struct process r;

	assert_true(filter_add(&by_path, FILTER_EXE, "/usr/bin/held"));
	t->options.filter = t->options.alarm = &by_path;
	exec_at(t, T, owner(1, 4, "held"), "/usr/bin/held");
	held = known(t, owner(1, 4, "held"));
	held->refs = 1;
	exit_at(t, T, owner(1, 4, "held"), 0);
	for (uint32_t pid = 10; pid < 10000; pid++) {
		fork_at(t, T, owner(pid, 3, "short"), 3);
		exit_at(t, T, owner(pid, 3, "short"), 0);
	}
	proctab_set_sha256(t, 1, START, 4, sha256);
	r = record_of(held->program);
	assert_true(process_has(&r, FIELD_SHA256));
	assert_false(process_has(&r, FIELD_EXEPATH));
	assert_true(held->program->matched);
	assert_true(held->program->alarming);
}

/* Nor those whose end was lost; /proc tells of it. */
static void an_end_that_was_lost_is_found(void **state)
{
	struct proctab *t = *state;
	struct rows r = { 0 };

	tree_stat(7, "runs", 1, TICKS);
	for (uint32_t pid = 7; pid < 20000; pid++)
		fork_at(t, T, owner(pid, 3, "short"), 1);
	known(t, owner(8, 3, "held"))->refs = 1;
	known(t, owner(9, 3, "written"))->program->section = 8;
	/* Not of all at once. */
	for (uint32_t look = 1; look < 12; look++)
		proctab_prune(t, T + look * SEC, 8);
	assert_in_range(proctab_scan(t, UINT64_MAX), 2, 16384);
	assert_int_equal(known(t, owner(7, 3, "runs"))->program->from_mono_ns,
			 T);
	assert_int_equal(known(t, owner(8, 3, "held"))->program->from_mono_ns,
			 T);
	/* The table has it, and does not know how it ended. */
	assert_int_equal(proctab_each(t, 8, take_row, &r), 0);
	assert_int_equal(r.count, 1);
	assert_int_equal(r.last.pid, 9);
	assert_false(process_has(&r.last, FIELD_EXIT_STATUS));
	assert_int_equal(known(t, owner(9, 3, "written"))->program->section, 0);
}

/* /proc is ahead of the events: it may have sent before its end. */
static void what_proc_has_no_more_may_still_be_told_of(void **state)
{
	struct proctab *t = *state;
	struct proc *p;

	tree_stat(7, "runs", 1, TICKS);
	for (uint32_t pid = 8; pid < 20000; pid++)
		fork_at(t, T, owner(pid, 3, "short"), 7);
	for (int look = 0; look < 12; look++)
		proctab_prune(t, T + SEC, 8);
	p = known(t, owner(8, 3, "short"));
	assert_int_equal(p->program->from_mono_ns, T);
	assert_int_equal(record_of(p->program).ppid, 7);
}

/* Too many for there to be time to forget them. */
static void a_flood_of_forks_is_left_to_proc(void **state)
{
	struct proctab *t = *state;
	struct proc *p;

	tree_stat(69999, "late", 1, TICKS);
	known(t, owner(3, 3, "command"))->followed = true;
	for (uint32_t pid = 7; pid < 70000; pid++)
		fork_at(t, T, owner(pid, 3, "runs"), 1);
	assert_in_range(t->programs, 65536, 65540);
	p = known(t, owner(69999, 3, "late"));
	assert_string_equal(record_of(p->program).name, "late");
	fork_at(t, T, owner(70001, 3, "child"), 3);
	assert_true(proctab_find_running(t, 70001)->followed);
}

/* Those that run and are of no use; /proc has them if they ever are. */
static void silent_ones_of_very_many_are_forgotten(void **state)
{
	struct proctab *t = *state;
	struct proc *held, *p;
	struct rows r = { 0 };

	tree_stat(7, "parent", 1, TICKS);
	tree_stat(8, "runs", 7, TICKS);
	for (uint32_t pid = 7; pid < 40007; pid++)
		fork_at(t, T, owner(pid, 3, "runs"), 1);
	known(t, owner(9, 3, "runs"))->program->section = 8;
	known(t, owner(10, 3, "runs"))->followed = true;
	held = known(t, owner(11, 3, "runs"));
	held->refs = 1;
	proctab_prune(t, T + 2 * SEC, 8);
	assert_int_equal(t->programs, 40000);
	proctab_prune(t, T + 3 * SEC, 8);
	assert_int_equal(t->programs, 32768);
	assert_int_equal(proctab_each(t, 8, take_row, &r), 0);
	assert_int_equal(r.count, 1);
	assert_ptr_equal(proctab_find_running(t, 11), held);
	assert_true(proctab_find_running(t, 10)->followed);
	assert_int_equal(proctab_forgotten(t), 0);

	/* A child's parent is read again. */
	proctab_remove(t, proctab_find_running(t, 7));
	fork_at(t, T + 4 * SEC, owner(50000, 3, "child"), 7);
	p = proctab_find_running(t, 50000);
	assert_string_equal(record_of(p->program).pname, "parent");
}

static void long_arguments_of_many_are_cut(void **state)
{
	struct proctab *t = *state;
	char args[2000];
	struct process r;

	memset(args, 'x', sizeof(args));
	for (uint32_t pid = 10; pid < 5010; pid++) {
		struct probe_owner o = owner(pid, 4, "java");

		snprintf(args, sizeof(args), "java %u", pid);
		exec_with(t, T, o, "/usr/bin/java", args, sizeof(args));
	}
	r = record_of(known(t, owner(10, 4, "java"))->program);
	assert_int_equal(r.cmdline_len, sizeof(args));
	r = record_of(known(t, owner(5009, 4, "java"))->program);
	assert_int_equal(r.cmdline_len, 128);
	assert_string_equal(r.cmdline, "java 5009");
	assert_true(r.flags & PROCESS_CMDLINE_TRUNCATED);
	assert_string_equal(r.exepath, "/usr/bin/java");
	assert_in_range(rests_bytes(t->rests), PROCTAB_BYTES,
			PROCTAB_BYTES * 5 / 4);
	assert_in_range(proctab_cut(t), 100, 1500);

	/* Those that end are forgotten soon, until there is room. */
	for (uint32_t pid = 10; pid < 5010; pid++)
		exit_at(t, T, owner(pid, 4, "java"), 0);
	proctab_prune(t, T + 2 * SEC, 8);
	assert_in_range(rests_bytes(t->rests), 1, PROCTAB_BYTES / 4 * 3);
}

/* A process that execs without end is many programs, all in the file. */
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

/* Nor does it help that each has packets under some of its names. */
static void many_that_are_renamed_are_few(void **state)
{
	struct proctab *t = *state;
	char name[RECORD_NAME_LEN];

	for (uint32_t pid = 10; pid < 1510; pid++) {
		known(t, owner(pid, 3, "a"));
		for (uint32_t n = 0; n < 300; n++) {
			snprintf(name, sizeof(name), "name%u", n);
			rename_at(t, T + pid * 300 + n, owner(pid, 3, name));
			if (n % 30 == 29)
				known(t, owner(pid, 3, name))
					->program->section = 1;
		}
	}
	assert_in_range(t->programs, 1500, 65536 + 1500);
	assert_string_equal(known(t, owner(1509, 3, name))->program->name,
			    "name299");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		proctab_test(the_table_has_totals_of_what_was_written),
		proctab_test(the_table_has_each_name_the_last_one_last),
		proctab_test(only_what_nobody_needs_is_forgotten),
		proctab_test(what_the_file_has_is_put_away),
		proctab_test(many_are_put_away_soon),
		proctab_test(not_all_that_ended_are_kept),
		proctab_test(what_only_a_socket_holds_is_short),
		proctab_test(who_is_shortened_stays_chosen),
		proctab_test(an_end_that_was_lost_is_found),
		proctab_test(what_proc_has_no_more_may_still_be_told_of),
		proctab_test(a_flood_of_forks_is_left_to_proc),
		proctab_test(silent_ones_of_very_many_are_forgotten),
		proctab_test(long_arguments_of_many_are_cut),
		proctab_test(too_many_execs_are_forgotten),
		proctab_test(many_that_are_renamed_are_few),
	};

	return cmocka_run_group_tests_name("proctab_forget", tests, NULL, NULL);
}
