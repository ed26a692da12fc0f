/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include "process/filter/filter.h"
#include "process/filter/hashes.h"
#include "record.h"

static const uint8_t hash[32] = { 0xde, 0xad, 0xbe, 0xef, 0x01, [31] = 0x7f };

static void a_beginning_is_enough(void **state)
{
	(void)state;
	assert_true(hashes_match("deadbeef", hash));
	assert_true(hashes_match("DEADBEEF01", hash));
	assert_true(hashes_match("deadbeef010000000000000000000000"
				 "0000000000000000000000000000007f",
				 hash));
	assert_false(hashes_match("deadbeef02", hash));
	assert_false(hashes_match("adbeef01", hash));
}

static void what_is_none(void **state)
{
	char long_one[66] = "";

	(void)state;
	memset(long_one, 'a', 65);
	assert_true(hashes_are("0123abCD"));
	assert_true(hashes_are(long_one + 1));
	assert_false(hashes_are(long_one));
	assert_false(hashes_are("0123abc"));
	assert_false(hashes_are("0123abcg"));
	assert_false(hashes_are(""));
}

static void a_process_without_one_does_not_match(void **state)
{
	struct process p = { .pid = 1 };
	struct filter f = { 0 };

	(void)state;
	memcpy(p.sha256, hash, sizeof(hash));
	assert_true(filter_add(&f, FILTER_SHA256, "deadbeef"));
	assert_false(filter_matches(&f, &p));
	process_set_field(&p, FIELD_SHA256);
	assert_true(filter_matches(&f, &p));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_beginning_is_enough),
		cmocka_unit_test(what_is_none),
		cmocka_unit_test(a_process_without_one_does_not_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
