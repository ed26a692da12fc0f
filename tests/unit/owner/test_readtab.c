/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"
#include "owner/packets/readtab.h"
#include "process/proctab.h"

#define MS 1000000ull
#define T  1000000000000ull

static struct proc alice, bob;

static void read_by(struct readtab *t, struct proc *owner, uint64_t mono_ns,
		    uint64_t position, bool stream)
{
	struct socket_read r = { .cookie = 9,
				 .position = position,
				 .mono_ns = mono_ns,
				 .owner = owner,
				 .stream = stream };

	readtab_add(t, &r);
}

static void the_first_to_read_past_a_segment(void **state)
{
	struct readtab *t = *state;

	assert_null(readtab_past(t, 9, T, 100));
	read_by(t, &bob, T - 3000 * MS, 200, true); /* of long ago */
	read_by(t, &alice, T + MS, 99, true);	    /* not as far */
	assert_null(readtab_past(t, 9, T, 100));
	read_by(t, &alice, T + 2 * MS, 100, true);
	read_by(t, &bob, T + 3 * MS, 300, true);
	assert_ptr_equal(readtab_past(t, 9, T, 100)->owner, &alice);
	assert_ptr_equal(readtab_past(t, 9, T, 101)->owner, &bob);
	assert_null(readtab_past(t, 8, T, 100));
	/* Sequence numbers begin again after the highest. */
	read_by(t, &alice, T + 4 * MS, 5, true);
	assert_ptr_equal(readtab_past(t, 9, T, 0xfffffff0)->owner, &alice);
}

static void what_was_read_may_be_sent_again(void **state)
{
	struct readtab *t = *state;

	read_by(t, &alice, T - 2 * MS, 100, true);
	read_by(t, &bob, T - MS, 200, true);
	read_by(t, &alice, T + MS, 300, true);
	assert_ptr_equal(readtab_past(t, 9, T, 100)->owner, &alice);
	assert_ptr_equal(readtab_past(t, 9, T, 101)->owner, &bob);
	assert_ptr_equal(readtab_past(t, 9, T, 201)->owner, &alice);
	assert_null(readtab_past(t, 9, T, 301));
}

static void a_datagram_has_its_place(void **state)
{
	struct readtab *t = *state;

	read_by(t, &alice, T, 1, false);
	read_by(t, &bob, T + MS, 2, false);
	read_by(t, &bob, T, 3, true);
	assert_ptr_equal(readtab_at(t, 9, 1)->owner, &alice);
	assert_ptr_equal(readtab_at(t, 9, 2)->owner, &bob);
	assert_null(readtab_at(t, 9, 3));
	assert_null(readtab_at(t, 8, 1));
}

/* Alice took the first, and was kept from telling it while bob read on. */
static void who_is_told_late_has_read_what_is_as_long(void **state)
{
	struct readtab *t = *state;
	const uint32_t lengths[] = { 16, 16, 1024 };

	for (unsigned i = 0; i < 3; i++)
		readtab_add(t, &(struct socket_read){ .cookie = 9,
						      .position = i + 1,
						      .mono_ns = T + i * MS,
						      .owner = i < 2 ? &bob :
								       &alice,
						      .length = lengths[i] });
	assert_true(readtab_is_anothers(t, readtab_at(t, 9, 1), 1024));
	assert_false(readtab_is_anothers(t, readtab_at(t, 9, 2), 16));
	assert_true(readtab_is_anothers(t, readtab_at(t, 9, 3), 16));
	/* It had no room for all of it, or its length is not known. */
	assert_false(readtab_is_anothers(t, readtab_at(t, 9, 1), 8000));
	assert_false(readtab_is_anothers(t, readtab_at(t, 9, 1), 0));
}

static void the_oldest_are_forgotten(void **state)
{
	struct readtab *t = *state;

	read_by(t, &alice, T, 1, false);
	assert_int_equal(alice.refs, 1);
	for (uint64_t i = 2; i < 8194; i++)
		read_by(t, &bob, T + i, i, false);
	assert_int_equal(alice.refs, 0);
	assert_null(readtab_at(t, 9, 1));
	assert_non_null(readtab_at(t, 9, 2));
}

static int fresh_table(void **state)
{
	alice = bob = (struct proc){ 0 };
	*state = readtab_new();
	return !*state;
}

static int free_table(void **state)
{
	readtab_free(*state);
	return alice.refs || bob.refs;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh_table, free_table)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_to_read_past_a_segment),
		TEST(what_was_read_may_be_sent_again),
		TEST(a_datagram_has_its_place),
		TEST(who_is_told_late_has_read_what_is_as_long),
		TEST(the_oldest_are_forgotten),
	};

	return cmocka_run_group_tests_name("readtab", tests, NULL, NULL);
}
