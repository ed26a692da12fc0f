/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "archive/list.h"
#include "archive/strip.h"
#include "bytes.h"
#include "output/pcapng/pcapng_writer.h"
#include "output/process_block.h"
#include "single.h"
#include "tree.h"

#define ARGUMENT "http://127.0.0.1:8000/" /* of curl */

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

static void strip_file(char *in, unsigned what)
{
	char *paths[] = { in, NULL };
	struct archive_list files;
	struct strip_options o = { .what = what,
				   .compression = COMPRESSION_NONE };
	char path[64];

	snprintf(path, sizeof(path), "%s/out", tree_path);
	o.path = path;
	unlink(path);
	o.to = single(path);
	assert_int_equal(archive_list_open(&files, paths, 0), 0);
	assert_true(archive_strip(&files, &o) >= 0);
	archive_list_close(&files);
	opener_stop(o.to);
	take_file(path);
}

static void strip(unsigned what)
{
	char in[] = SAMPLES "/two-services.pcapng";

	strip_file(in, what);
}

/* With processes in Wireshark's words only: nothing of ours is left. */
static void make_process_block(char *path, size_t size)
{
	struct process p = { .pid = 7,
			     .uid = 99,
			     .name = "curl",
			     .user = "www-data",
			     .cmdline = ARGUMENT,
			     .cmdline_len = sizeof(ARGUMENT) - 1 };
	uint8_t payload[PROCESS_BLOCK_MAX];
	struct pcapng_writer *w;

	p.has = 1ull << FIELD_PID | 1ull << FIELD_UID | 1ull << FIELD_NAME |
		1ull << FIELD_USER | 1ull << FIELD_CMDLINE;
	snprintf(path, size, "%s/blocks", tree_path);
	assert_int_equal(pcapng_writer_take(&w, pcapng_output_open(path)), 0);
	assert_int_equal(pcapng_writer_section(w, "", "", "", NULL), 0);
	assert_int_equal(pcapng_writer_custom_of(w, PROCESS_BLOCK_PEN, payload,
						 process_block(&p, 0, payload)),
			 0);
	assert_int_equal(pcapng_writer_close(w), 0);
}

/* The lengths of what is left are right: they end where the file does. */
static void is_whole(void)
{
	const uint8_t *file = (const uint8_t *)bytes;
	size_t at = (size_t)get_le(file + 4, 4);
	size_t block = (size_t)get_le(file + at + 4, 4);

	assert_int_equal(at + block, len);
	assert_int_equal(get_le(file + at + 16, 4), block - 24);
}

static void processes_in_other_words_go_too(void **state)
{
	char path[64];

	(void)state;
	make_process_block(path, sizeof(path));
	strip_file(path, STRIP_ARGUMENTS);
	assert_false(is_there(ARGUMENT));
	assert_true(is_there("www-data"));
	is_whole();
	strip_file(path, STRIP_USERS);
	assert_true(is_there(ARGUMENT));
	assert_false(is_there("www-data"));
	assert_true(is_there("curl"));
	is_whole();
	strip_file(path, STRIP_PROCESSES);
	assert_false(is_there("curl"));
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
		tree_test(processes_in_other_words_go_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
