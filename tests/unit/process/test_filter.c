/* SPDX-License-Identifier: GPL-3.0-or-later */
/* --proc and its kin: alternatives of one kind, all kinds for one process. */
#include "exact.h"

#include <errno.h>
#include <stdio.h>

#include "process/filter/filter.h"
#include "record.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct process curl(void)
{
	struct process p = { .pid = 42, .uid = 33 };

	strcpy(p.name, "curl");
	strcpy(p.user, "www-data");
	strcpy(p.unit, "web.service");
	strcpy(p.container_id, ID);
	strcpy(p.container_name, "shop");
	strcpy(p.pod_name, "shop-7d4b9");
	strcpy(p.pod_namespace, "fruit");
	strcpy(p.exepath, "/usr/bin/curl");
	p.has = 1ull << FIELD_PID | 1ull << FIELD_NAME | 1ull << FIELD_UID |
		1ull << FIELD_EXEPATH | 1ull << FIELD_POD_NAME |
		1ull << FIELD_POD_NAMESPACE | 1ull << FIELD_USER |
		1ull << FIELD_UNIT | 1ull << FIELD_CONTAINER_ID |
		1ull << FIELD_CONTAINER_NAME;
	return p;
}

/* The kernel knows 15 bytes of systemd-resolved. */
static void a_long_name_is_compared_as_far_as_it_goes(void **state)
{
	struct process p = curl();
	struct filter f = { 0 };

	(void)state;
	filter_add(&f, FILTER_PROC, "systemd-resolved");
	assert_false(filter_matches(&f, &p));
	strcpy(p.name, "systemd-resolve");
	assert_true(filter_matches(&f, &p));
	strcpy(p.name, "systemd-resolv");
	assert_false(filter_matches(&f, &p));
}

static void each_kind_has_its_words(void **state)
{
	static const struct {
		enum filter_kind kind;
		const char *term;
		bool matches;
	} rows[] = {
		{ FILTER_PROC, "curl", true },
		{ FILTER_PROC, "c*l", true },
		{ FILTER_PROC, "[a-d]url", true },
		{ FILTER_PROC, "cur", false },
		{ FILTER_PID, "42", true },
		{ FILTER_PID, "4", false },
		{ FILTER_USER, "www-data", true },
		{ FILTER_USER, "33", true },
		{ FILTER_USER, "3", false },
		{ FILTER_CONTAINER, "0123456789ab", true },
		{ FILTER_CONTAINER, "0123456789a", false },
		{ FILTER_CONTAINER, ID, true },
		{ FILTER_CONTAINER, ID "0", false },
		{ FILTER_CONTAINER, "sh?p", true },
		{ FILTER_POD, "fruit/shop-7d4b9", true },
		{ FILTER_POD, "fruit/shop-*", true },
		{ FILTER_POD, "*/shop-7d4b9", true },
		{ FILTER_POD, "shop-*", true },
		{ FILTER_POD, "fruit", false },
		{ FILTER_POD, "f*", false },
		{ FILTER_POD, "fish/shop-7d4b9", false },
		{ FILTER_POD, "fruit/shop", false },
		{ FILTER_UNIT, "web.service", true },
		{ FILTER_UNIT, "web", true },
		{ FILTER_UNIT, "we", false },
		{ FILTER_UNIT, "w*", true },
		{ FILTER_EXE, "/usr/bin/curl", true },
		{ FILTER_EXE, "*/curl", true },
		{ FILTER_EXE, "curl", false },
	};
	struct process p = curl();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct filter f = { 0 };

		assert_true(filter_add(&f, rows[i].kind, rows[i].term));
		if (filter_matches(&f, &p) != rows[i].matches)
			fail_msg("%s", rows[i].term);
	}
}

static void one_of_a_kind_and_all_kinds(void **state)
{
	struct process p = curl();
	struct filter f = { 0 };

	(void)state;
	filter_add(&f, FILTER_PROC, "wget");
	assert_false(filter_matches(&f, &p));
	filter_add(&f, FILTER_PROC, "curl");
	assert_true(filter_matches(&f, &p));
	filter_add(&f, FILTER_USER, "root");
	assert_false(filter_matches(&f, &p));
	filter_add(&f, FILTER_USER, "33");
	assert_true(filter_matches(&f, &p));
}

/* An empty name is not a missing one: "*" wants a container. */
static void what_is_not_known_matches_nothing(void **state)
{
	struct process p = { .pid = 42, .has = 1ull << FIELD_PID };

	(void)state;
	for (int kind = 0; kind < FILTER_KINDS; kind++) {
		struct filter f = { 0 };

		if (kind == FILTER_PID)
			continue;
		filter_add(&f, (enum filter_kind)kind, "*");
		assert_false(filter_matches(&f, &p));
	}
}

static void a_quoted_name_is_that_name(void **state)
{
	static const char *const names[] = {
		"curl", "x,y[z]", "[kworker]", "a*b?c\\", " blanks ",
	};
	char term[64];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct filter f = { 0 };

		filter_quote(term, sizeof(term), names[i]);
		assert_int_equal(filter_add_list(&f, FILTER_PROC, term), 1);
		if (!filter_matches_name(&f, names[i]))
			fail_msg("%s is not %s", term, names[i]);
		assert_false(filter_matches_name(&f, "a.b.c."));
		assert_false(filter_matches_name(&f, "x"));
	}
	filter_quote(term, 4, "a*b");
	assert_string_equal(term, "a\\*");
}

static void there_is_an_end_to_terms(void **state)
{
	struct filter f = { 0 };
	char list[] = "x, y";

	(void)state;
	assert_true(filter_is_empty(&f));
	for (int i = 0; i < FILTER_MAX_TERMS; i++)
		assert_true(filter_add(&f, FILTER_UNIT, "x"));
	assert_false(filter_add(&f, FILTER_UNIT, "x"));
	assert_int_equal(filter_add_list(&f, FILTER_UNIT, list), -E2BIG);
	assert_true(filter_add(&f, FILTER_PROC, "x"));
	assert_false(filter_is_empty(&f));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_has_its_words),
		cmocka_unit_test(a_long_name_is_compared_as_far_as_it_goes),
		cmocka_unit_test(one_of_a_kind_and_all_kinds),
		cmocka_unit_test(what_is_not_known_matches_nothing),
		cmocka_unit_test(a_quoted_name_is_that_name),
		cmocka_unit_test(there_is_an_end_to_terms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
