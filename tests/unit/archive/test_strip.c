/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "archive/list.h"
#include "archive/strip.h"
#include "tree.h"

#define ARGUMENT "http://127.0.0.1:8000/"	/* of curl */

static char bytes[1 << 20];
static size_t len;

static void take_file(const char *path)
{
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	len = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	assert_in_range(len, 1, sizeof(bytes) - 1);
}

static bool is_there(const char *text)
{
	return memmem(bytes, len, text, strlen(text));
}

static void strip(unsigned what)
{
	char in[] = SAMPLES "/two-services.pcapng", *paths[] = { in, NULL };
	struct archive_list files;
	struct strip_options o = { .what = what,
				   .compression = COMPRESSION_NONE };
	char path[64];

	snprintf(path, sizeof(path), "%s/out", tree_path);
	o.path = path;
	unlink(path);
	assert_int_equal(archive_list_open(&files, paths, 0), 0);
	assert_true(archive_strip(&files, &o) > 0);
	archive_list_close(&files);
	take_file(path);
}

static void only_what_is_asked_for_goes(void **state)
{
	(void)state;
	take_file(SAMPLES "/two-services.pcapng");
	assert_true(is_there(ARGUMENT));
	assert_true(is_there("www-data"));
	strip(STRIP_ARGUMENTS);
	assert_false(is_there(ARGUMENT));
	assert_true(is_there("www-data"));
	strip(STRIP_USERS);
	assert_true(is_there(ARGUMENT));
	assert_false(is_there("www-data"));
	strip(STRIP_ARGUMENTS | STRIP_USERS);
	assert_false(is_there(ARGUMENT));
	assert_false(is_there("www-data"));
	assert_true(is_there("/usr/bin/curl"));
}

static void without_processes_packets_are_left(void **state)
{
	(void)state;
	strip(STRIP_PROCESSES);
	assert_false(is_there(ARGUMENT));
	assert_false(is_there("/usr/bin/curl"));
	assert_true(is_there("GET / HTTP/1.1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(only_what_is_asked_for_goes),
		tree_test(without_processes_packets_are_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
