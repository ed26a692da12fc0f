/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "exact.h"
#include "view/flows/resolved.h"

#define NOW 9000

static uint8_t addr[16];

static const uint8_t *address(unsigned n)
{
	memset(addr, 0, sizeof(addr));
	addr[14] = (uint8_t)(n >> 8);
	addr[15] = (uint8_t)n;
	return addr;
}

static void a_name_is_found_by_its_address(void **state)
{
	struct resolved *t = resolved_new(4);
	const struct resolved_name *n;

	(void)state;
	assert_non_null(t);
	assert_null(resolved_get(t, address(1), NOW));
	resolved_put(t, address(1), "www.example.com", "curl", 7, 1000);
	resolved_put(t, address(2), "www.example.org", "wget", 8, 1000);
	n = resolved_get(t, address(1), NOW);
	assert_non_null(n);
	assert_string_equal(n->name, "www.example.com");
	assert_string_equal(n->who, "curl");
	assert_int_equal(n->pid, 7);
	resolved_put(t, address(1), "example.com", "ftp", 9, 2000);
	n = resolved_get(t, address(1), NOW);
	assert_string_equal(n->name, "example.com");
	assert_string_equal(n->who, "ftp");
	/* One that began before has the name of then. */
	assert_string_equal(resolved_get(t, address(1), 1999)->name,
			    "www.example.com");
	assert_string_equal(resolved_get(t, address(1), 999)->name,
			    "www.example.com");
	assert_true(resolved_has(t, address(1), "WWW.example.com"));
	assert_true(resolved_has(t, address(1), "example.com"));
	assert_false(resolved_has(t, address(1), "www.example.org"));
	assert_null(resolved_get(NULL, address(1), NOW));
	resolved_free(t);
	resolved_free(NULL);
}

/* Nobody can fill a bucket with names of one address. */
static void an_address_has_few_names(void **state)
{
	struct resolved *t = resolved_new(100);
	char name[RESOLVED_NAME];

	(void)state;
	resolved_put(t, address(2), "other", "", 0, 0);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "host%u", i);
		resolved_put(t, address(1), name, "", 0, i);
		resolved_put(t, address(1), name, "", 0, i + 1);
	}
	assert_string_equal(resolved_get(t, address(1), NOW)->name, "host999");
	assert_string_equal(resolved_get(t, address(1), 900)->name, "host6");
	assert_string_equal(resolved_get(t, address(1), 5)->name, "host5");
	assert_string_equal(resolved_get(t, address(1), 0)->name, "host0");
	assert_string_equal(resolved_get(t, address(2), NOW)->name, "other");
	resolved_free(t);
}

static void the_oldest_makes_room(void **state)
{
	struct resolved *t = resolved_new(100);
	char name[RESOLVED_NAME];

	(void)state;
	assert_non_null(t);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "host%u", i);
		resolved_put(t, address(i), name, "", 0, i);
		if (i >= 100)
			assert_null(resolved_get(t, address(i - 100), NOW));
		for (unsigned j = i < 100 ? 0 : i - 99; j <= i; j++) {
			snprintf(name, sizeof(name), "host%u", j);
			assert_string_equal(
				resolved_get(t, address(j), NOW)->name, name);
		}
	}
	resolved_free(t);
}

static void a_long_name_is_cut(void **state)
{
	struct resolved *t = resolved_new(1);
	char name[400];

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	resolved_put(t, address(1), name, name, 0, 0);
	assert_int_equal(strlen(resolved_get(t, address(1), NOW)->name),
			 RESOLVED_NAME - 1);
	resolved_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_found_by_its_address),
		cmocka_unit_test(an_address_has_few_names),
		cmocka_unit_test(the_oldest_makes_room),
		cmocka_unit_test(a_long_name_is_cut),
	};

	return cmocka_run_group_tests_name("resolved", tests, NULL, NULL);
}
