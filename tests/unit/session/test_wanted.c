/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include "owner/owned_packet.h"
#include "process/filter/filter.h"
#include "session/wanted.h"

/* A process and what it runs. */
struct one {
	struct proc proc;
	struct program program;
};

static struct one *one(struct one *o, const char *name, bool matched,
		       bool followed)
{
	memset(o, 0, sizeof(*o));
	strcpy(o->program.name, name);
	o->program.proc = &o->proc;
	o->program.matched = matched;
	o->proc.followed = followed;
	return o;
}

static bool keeps(const struct wanted *w, struct one *src, struct one *dst)
{
	struct owned_packet p = { .src = src ? &src->program : NULL,
				  .dst = dst ? &dst->program : NULL };

	return wanted_packet(w, &p);
}

static void without_a_wish_all_are_kept(void **state)
{
	struct filter none = { 0 };
	struct wanted w = { .filter = &none };
	struct one curl;

	(void)state;
	assert_true(keeps(&w, NULL, NULL));
	assert_true(keeps(&w, one(&curl, "curl", false, false), NULL));
	w.names = &none;
	assert_true(keeps(&w, NULL, NULL));
}

static void a_filter_takes_either_end(void **state)
{
	struct filter f = { 0 };
	struct wanted w = { .filter = &f };
	struct one yes, no;

	(void)state;
	filter_add(&f, FILTER_USER, "root");
	one(&yes, "curl", true, false);
	one(&no, "ssh", false, false);
	assert_true(keeps(&w, &yes, &no));
	assert_true(keeps(&w, &no, &yes));
	assert_false(keeps(&w, &no, &no));
	assert_false(keeps(&w, NULL, NULL));
	no.proc.inherited = true;
	assert_true(keeps(&w, NULL, &no));
}

static void a_command_hides_what_is_not_of_it(void **state)
{
	struct filter none = { 0 };
	struct wanted w = { .command = true, .filter = &none };
	struct one child, other;

	(void)state;
	one(&child, "curl", false, true);
	one(&other, "curl", true, false);
	assert_true(keeps(&w, &other, &child));
	assert_false(keeps(&w, &other, &other));
	assert_false(keeps(&w, NULL, NULL));
}

/* Each end must pass all that is asked, not one end one of them. */
static void the_toolbar_narrows_the_filter(void **state)
{
	struct filter f = { 0 }, names = { 0 };
	struct wanted w = { .filter = &f, .names = &names };
	struct one curl, ssh;

	(void)state;
	filter_add(&f, FILTER_USER, "root");
	filter_add(&names, FILTER_PROC, "cur*");
	one(&curl, "curl", false, false);
	one(&ssh, "ssh", true, false);
	assert_false(keeps(&w, &curl, &ssh));
	curl.program.matched = true;
	assert_true(keeps(&w, &curl, &ssh));
}

static void any_receiver_will_do(void **state)
{
	struct filter f = { 0 };
	struct wanted w = { .filter = &f };
	struct one yes, no;
	struct owned_other others[2];
	struct owned_packet p = { .others = others, .other_count = 2 };

	(void)state;
	filter_add(&f, FILTER_USER, "root");
	p.dst = &one(&no, "ssh", false, false)->program;
	others[0].program = &no.program;
	others[1].program = &no.program;
	assert_false(wanted_packet(&w, &p));
	others[1].program = &one(&yes, "avahi", true, false)->program;
	assert_true(wanted_packet(&w, &p));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_wish_all_are_kept),
		cmocka_unit_test(a_filter_takes_either_end),
		cmocka_unit_test(a_command_hides_what_is_not_of_it),
		cmocka_unit_test(the_toolbar_narrows_the_filter),
		cmocka_unit_test(any_receiver_will_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
