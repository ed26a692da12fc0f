/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of a capture are opened as, and what opens none. */
#include "tree.h"

#include <errno.h>

#include "options.h"
#include "session/ending.h"
#include "session/files/files.h"

static struct options options;
static struct ending ending;
static struct files *files;
static char path[64];

static int begin(void **state)
{
	if (tree_make(state))
		return -1;
	snprintf(path, sizeof(path), "%s/x.pcapng", tree_path);
	options = (struct options){ .write = path };
	ending = (struct ending){ 0 };
	files = NULL;
	return 0;
}

static long size_of(const char *name)
{
	struct stat st;

	return fstatat(tree_fd, name, &st, 0) ? -errno : (long)st.st_size;
}

/* A signal may come before: then there is no file either. */
static void a_file_is_made_when_all_else_is_open(void **state)
{
	(void)state;
	assert_int_equal(files_start(&files, &options, &ending), 0);
	assert_int_equal(size_of("x.pcapng"), -ENOENT);
	assert_int_equal(files_open(files), 0);
	assert_true(size_of("x.pcapng") > 0);
	assert_string_equal(files_path(files), path);
	assert_int_equal(files_open(files), 0); /* it is */
	assert_int_equal(files_section(files), 1);
	files_abandon(files);
}

static void a_pipe_is_opened_at_once(void **state)
{
	int reader;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK);
	assert_int_equal(files_start(&files, &options, &ending), 0);
	assert_true(files_pipe(files) >= 0);
	files_abandon(files);
	close(reader);
}

static void without_a_name_there_is_no_file(void **state)
{
	(void)state;
	options.write = NULL;
	assert_int_equal(files_start(&files, &options, &ending), 0);
	assert_int_equal(files_open(files), 0);
	assert_int_equal(files_pipe(files), -1);
	assert_false(files_wait(files));
	files_abandon(files);
	files_abandon(NULL);
}

static void what_cannot_be_opened_is_an_error(void **state)
{
	(void)state;
	options.write = "/nonexistent/x.pcapng";
	assert_int_equal(files_start(&files, &options, &ending), 0);
	assert_int_equal(files_open(files), -ENOENT);
	files_abandon(files);

	options.write = path;
	options.geo[options.geo_count++] = "/nonexistent.mmdb";
	assert_int_equal(files_start(&files, &options, &ending), 0);
	assert_int_equal(files_open(files), -ENOENT);
	assert_int_equal(size_of("x.pcapng"), -ENOENT);
	files_abandon(files);

	options.geo_count = 0;
	options.ring.print_names = "/nonexistent/names";
	assert_int_equal(files_start(&files, &options, &ending), 0);
	assert_int_equal(files_open(files), -ENOENT);
	files_abandon(files);
}

#define test(f) cmocka_unit_test_setup_teardown(f, begin, tree_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_file_is_made_when_all_else_is_open),
		test(a_pipe_is_opened_at_once),
		test(without_a_name_there_is_no_file),
		test(what_cannot_be_opened_is_an_error),
	};

	return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
