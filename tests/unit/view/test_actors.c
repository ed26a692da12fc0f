/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/talk.h"

#include "view/flows/actors.h"

#define MANY 5000
#define LONG 4000 /* bytes of arguments */

static struct talker talkers[6];

static struct actors *make(uint32_t max)
{
	struct actors *t = actors_new(max);

	assert_non_null(t);
	for (uint32_t i = 0; i < 6; i++)
		talker_init(&talkers[i], 10 + i, "curl");
	return t;
}

static struct actor *get(struct actors *t, int i)
{
	return actors_get(t, &talkers[i].program);
}

static void a_process_is_one_actor(void **state)
{
	struct actors *t = make(4);
	struct actor *a = get(t, 0);

	(void)state;
	assert_string_equal(a->name, "curl");
	assert_string_equal(a->user, "www-data");
	assert_int_equal(a->pid, 10);
	assert_ptr_equal(get(t, 0), a);
	assert_ptr_not_equal(get(t, 1), a);
	actors_free(t);
	actors_free(NULL);
}

static void what_is_shown_is_the_newest_and_printable(void **state)
{
	struct process p = { .pid = 10,
			     .id = 1010,
			     .has = 1ull << FIELD_PID | 1ull << FIELD_ID |
				    1ull << FIELD_UNIT };
	struct actors *t = make(4);
	struct actor *a = get(t, 0);
	struct process seen;

	(void)state;
	strcpy(p.unit, "x\n.service");
	talker_set(&talkers[0], &p);
	assert_ptr_equal(get(t, 0), a);
	assert_string_equal(a->unit, "x?.service");
	actor_process(a, &seen);
	assert_string_equal(seen.unit, "x?.service");
	actor_process(actors_nobody(t, ATTR_KERNEL, REASON_RESET), &seen);
	assert_int_equal(seen.pid, 0);
	actors_free(t);
}

/* What it did under the former one stays that one's. */
static void another_name_or_user_is_another_actor(void **state)
{
	struct process p = { .pid = 10,
			     .id = 1010,
			     .uid = 33,
			     .has = 1ull << FIELD_PID | 1ull << FIELD_ID |
				    1ull << FIELD_UID };
	struct actors *t = make(4);
	struct actor *a = get(t, 0), *b, *c;

	(void)state;
	/* That a user has a name is learned later, and nothing new. */
	talker_set(&talkers[0], &p);
	assert_ptr_equal(get(t, 0), a);
	strcpy(talkers[0].program.name, "a\033[2J");
	assert_ptr_equal(get(t, 0), a);
	talker_set(&talkers[0], &p);
	b = get(t, 0);
	assert_ptr_not_equal(a, b);
	assert_string_equal(b->name, "a?[2J");
	assert_int_equal(a->id, b->id);
	p.uid = 34;
	talker_set(&talkers[0], &p);
	c = get(t, 0);
	assert_ptr_not_equal(c, b);
	assert_string_equal(c->user, "34");
	assert_string_equal(b->user, "33");
	assert_ptr_equal(get(t, 0), c);
	/* What it sent as the one before may come later. */
	p.uid = 33;
	talker_set(&talkers[0], &p);
	talkers[0].program.version -= 2;
	assert_ptr_equal(get(t, 0), b);
	actors_free(t);
}

static struct actor *get_as_user(struct actors *t, uint32_t uid)
{
	struct process p = { .pid = 10,
			     .id = 1010,
			     .uid = uid,
			     .has = 1ull << FIELD_PID | 1ull << FIELD_ID |
				    1ull << FIELD_UID };

	talker_set(&talkers[0], &p);
	return get(t, 0);
}

/* Who has had thousands costs no more. */
static void of_a_process_the_last_sixteen_are_looked_at(void **state)
{
	struct actors *t = make(100);
	struct actor *first = get_as_user(t, 1), *second = get_as_user(t, 2);

	(void)state;
	for (uint32_t uid = 3; uid <= 16; uid++)
		get_as_user(t, uid);
	assert_ptr_equal(get_as_user(t, 1), first);
	get_as_user(t, 17);
	assert_ptr_equal(get_as_user(t, 2), second);
	assert_ptr_not_equal(get_as_user(t, 1), first);
	actors_free(t);
}

static void who_is_idle_for_longest_goes_first(void **state)
{
	struct actors *t = make(2);
	struct actor *kept = get(t, 0);

	(void)state;
	actors_ref(t, kept);
	get(t, 1)->past.sent_bytes = 7;
	get(t, 2);
	assert_int_equal(actors_lost(t), 1);
	assert_int_equal(actors_forgotten(t)->past.sent_bytes, 7);
	assert_ptr_equal(get(t, 0), kept);

	/* With all in use there is no room. */
	actors_ref(t, get(t, 2));
	assert_ptr_equal(get(t, 3), actors_forgotten(t));
	actors_unref(t, kept);
	assert_ptr_not_equal(get(t, 3), actors_forgotten(t));
	actors_unref(t, get(t, 2));
	actors_free(t);
}

/* Those that are in use have their names at least. */
static void long_arguments_of_many_have_an_end(void **state)
{
	static struct talker many[MANY];
	static struct process p, seen;
	struct actors *t = actors_new(8192);

	(void)state;
	for (uint32_t i = 0; i < MANY; i++) {
		p = (struct process){ .pid = i,
				      .id = 100000 + i,
				      .cmdline_len = LONG };
		p.has = 1ull << FIELD_PID | 1ull << FIELD_ID |
			1ull << FIELD_CMDLINE;
		memset(p.cmdline, 'x', p.cmdline_len);
		snprintf(p.cmdline, 32, "java %u", i);
		talker_init(&many[i], i, "java");
		many[i].program.id = p.id;
		talker_set(&many[i], &p);
		actors_ref(t, actors_get(t, &many[i].program));
	}
	assert_int_equal(actors_lost(t), 0);
	actor_process(actors_get(t, &many[0].program), &seen);
	assert_int_equal(seen.cmdline_len, LONG);
	actor_process(actors_get(t, &many[MANY - 1].program), &seen);
	assert_int_equal(seen.cmdline_len, 128);
	assert_true(seen.flags & PROCESS_CMDLINE_TRUNCATED);
	assert_string_equal(seen.cmdline, "java 4999");

	/* Whoever comes once these are idle has room. */
	for (uint32_t i = 0; i < MANY; i++)
		actors_unref(t, actors_get(t, &many[i].program));
	talker_set(&talkers[0], &p);
	actor_process(get(t, 0), &seen);
	assert_int_equal(seen.cmdline_len, LONG);
	assert_in_range(actors_lost(t), 1, MANY);
	actors_free(t);
}

static void nobody_has_a_name_for_each_reason(void **state)
{
	struct actors *t = make(1);
	struct actor *a = actors_nobody(t, ATTR_KERNEL, REASON_RESET);

	(void)state;
	assert_ptr_equal(actors_nobody(t, ATTR_KERNEL, REASON_RESET), a);
	assert_string_equal(a->name, "(kernel: reset)");
	assert_ptr_not_equal(actors_nobody(t, ATTR_UNKNOWN, REASON_LOST), a);
	assert_ptr_equal(actors_nobody(t, 200, 200), actors_forgotten(t));
	actors_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_is_one_actor),
		cmocka_unit_test(what_is_shown_is_the_newest_and_printable),
		cmocka_unit_test(another_name_or_user_is_another_actor),
		cmocka_unit_test(of_a_process_the_last_sixteen_are_looked_at),
		cmocka_unit_test(who_is_idle_for_longest_goes_first),
		cmocka_unit_test(long_arguments_of_many_have_an_end),
		cmocka_unit_test(nobody_has_a_name_for_each_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
