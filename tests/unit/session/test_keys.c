/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include <stdio.h>
#include <unistd.h>

#include "session/keys.h"

#define KEY    "CLIENT_RANDOM 00ff 12ab\n"
#define SECRET "SERVER_TRAFFIC_SECRET_0 00FF 12ab\n"

static void assert_filters(const char *text, const char *kept, size_t taken)
{
	size_t len = strlen(text), n, took;
	char *copy = exact_copy(text, len);

	n = keys_filter(copy, len, &took);
	assert_int_equal(n, strlen(kept));
	assert_memory_equal(copy, kept, n);
	assert_int_equal(took, taken);
	free(copy);
}

static void only_whole_lines_of_keys_are_kept(void **state)
{
	(void)state;
	assert_filters("", "", 0);
	assert_filters(KEY, KEY, strlen(KEY));
	assert_filters(KEY SECRET "CLIENT_RANDOM 00", KEY SECRET,
		       strlen(KEY SECRET));
	assert_filters("# a comment\n" KEY "\n", KEY,
		       strlen("# a comment\n" KEY "\n"));
	for (size_t i = 0; i < 6; i++) {
		static const char *const lines[] = {
			"password hunter2\n",
			"CLIENT_RANDOM 00\n",
			"CLIENT_RANDOM 00 11 22\n",
			"CLIENT_RANDOM 00 1g\n",
			" 00 11\n",
			"CLIENT_RANDOM 00 11 \n",
		};

		assert_filters(lines[i], "", strlen(lines[i]));
	}
}

/* A file without an end of line does not stop us from reading on. */
static void what_is_too_long_is_no_key(void **state)
{
	char text[2048];
	size_t taken;

	(void)state;
	memset(text, 'A', sizeof(text));
	assert_int_equal(keys_filter(text, 1000, &taken), 0);
	assert_int_equal(taken, 0);
	assert_int_equal(keys_filter(text, sizeof(text), &taken), 0);
	assert_int_equal(taken, sizeof(text));
}

static void a_file_is_read_as_it_grows(void **state)
{
	FILE *f = tmpfile();
	struct keys k = { .fd = fileno(f) }, none = { .fd = -1 };
	char out[64];

	(void)state;
	assert_int_equal(keys_read(&none, out, sizeof(out)), 0);
	assert_int_equal(keys_read(&k, out, sizeof(out)), 0);
	fputs(KEY "CLIENT_RAN", f);
	fflush(f);
	assert_int_equal(keys_read(&k, out, sizeof(out)), strlen(KEY));
	assert_int_equal(keys_read(&k, out, sizeof(out)), 0);
	fputs("DOM 01 02\n" SECRET, f);
	fflush(f);
	assert_int_equal(keys_read(&k, out, sizeof(out)),
			 strlen("CLIENT_RANDOM 01 02\n" SECRET));
	assert_memory_equal(out, "CLIENT_RANDOM 01 02\n", 20);
	assert_int_equal(keys_read(&k, out, sizeof(out)), 0);
	fclose(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_whole_lines_of_keys_are_kept),
		cmocka_unit_test(what_is_too_long_is_no_key),
		cmocka_unit_test(a_file_is_read_as_it_grows),
	};

	return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}
