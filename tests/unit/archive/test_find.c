/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines of `pktwho find`, of files that are closed and of one that is not. */
#include "tree.h"

#include <errno.h>

#include "archive/find.h"
#include "archive/list.h"
#include "archive/peer.h"
#include "host/log.h"
#include "process/filter/filter.h"

static bool has_failed;
static char text[1 << 16];
static uint8_t sample[1 << 16];
static size_t sample_len;
static struct peer peer;

static void read_sample(const char *path)
{
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	sample_len = fread(sample, 1, sizeof(sample), f);
	fclose(f);
}

static int make(void **state)
{
	log_set_level(LOG_ERROR);
	read_sample(SAMPLES "/loopback-http.pcapng");
	return peer_parse(&peer, NULL, NULL) || tree_make(state);
}

/* How many there were, or -errno; what is printed is in @text. */
static long find(const char *proc, uint64_t from_ns)
{
	char path[64];
	char *paths[2] = { path, NULL };
	int before = dup(STDOUT_FILENO), fd;
	struct filter filter = { 0 };
	struct find_options o = { .filter = &filter,
				  .peer = &peer,
				  .from_ns = from_ns };
	struct archive_list l;
	ssize_t n;
	long found;

	snprintf(path, sizeof(path), "%s", tree_path);
	if (proc)
		assert_true(filter_add(&filter, FILTER_PROC, proc));
	assert_int_equal(archive_list_open(&l, paths, 0), 0);
	fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	fflush(stdout);
	dup2(fd, STDOUT_FILENO);
	found = archive_find(&l, &o);
	fflush(stdout);
	dup2(before, STDOUT_FILENO);
	close(before);
	has_failed = l.has_failed;
	archive_list_close(&l);
	n = pread(fd, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	close(fd);
	return found;
}

static int lines(void)
{
	int n = 0;

	for (const char *c = text; *c; c++)
		n += *c == '\n';
	return n;
}

static void a_line_for_each_process_in_each_file(void **state)
{
	(void)state;
	tree_file("a", sample, sample_len);
	tree_file("b", sample, sample_len);
	assert_int_equal(find("curl", 0), 4);
	assert_int_equal(lines(), 4);
	assert_non_null(strstr(text, "/a  "));
	assert_non_null(strstr(text, "/b  "));
	assert_non_null(strstr(text, "curl[28802]"));
	assert_null(strstr(text, "python3["));
	assert_int_equal(find("nobody", 0), 0);
	assert_string_equal(text, "");
	assert_int_equal(find(NULL, 0), 6);
	assert_int_equal(find("curl", UINT64_MAX), 0);
}

/* The same is counted from its packets where the end is not there yet. */
static void a_file_that_is_still_written_is_counted(void **state)
{
	size_t len = sample_len;

	(void)state;
	tree_file("a", sample, sample_len);
	find("curl", 0);
	assert_non_null(strstr(text, "12 packets"));
	/* Without the table and the statistics: blocks from the end. */
	for (int i = 0; i < 8; i++) {
		uint32_t last, type;

		memcpy(&last, sample + len - 4, 4);
		memcpy(&type, sample + len - last, 4);
		if (type == 6)
			break;
		len -= last;
	}
	assert_true(len < sample_len);
	tree_file("a", sample, len);
	assert_int_equal(find("curl", 0), 2);
	assert_non_null(strstr(text, "12 packets"));
	/* Also in the middle of a packet. */
	tree_file("a", sample, len - 7);
	assert_true(find("curl", 0) > 0);
}

/* The table does not tell with whom: packets do. */
static void only_packets_of_a_peer_count(void **state)
{
	(void)state;
	tree_file("a", sample, sample_len);
	assert_int_equal(peer_parse(&peer, "127.0.0.0/8", NULL), 0);
	assert_int_equal(find(NULL, 0), 3);
	assert_non_null(strstr(text, "12 packets"));
	assert_int_equal(find("curl", 0), 2);
	assert_int_equal(find("nobody", 0), 0);
	assert_int_equal(find(NULL, UINT64_MAX), 0);
	assert_int_equal(peer_parse(&peer, "192.0.2.1", NULL), 0);
	assert_int_equal(find(NULL, 0), 0);
}

static void countries_are_the_files_word(void **state)
{
	(void)state;
	read_sample(SAMPLES "/countries.pcapng");
	tree_file("a", sample, sample_len);
	assert_int_equal(peer_parse(&peer, NULL, "gb"), 0);
	assert_int_equal(find(NULL, 0), 1);
	assert_non_null(strstr(text, "  curl[4242]  "));
	assert_int_equal(find("nginx", 0), 0);
	assert_int_equal(peer_parse(&peer, "81.2.69.142", "GB"), 0);
	assert_int_equal(find("curl", 0), 1);
	assert_int_equal(peer_parse(&peer, "81.2.69.142", "JP"), 0);
	assert_int_equal(find("curl", 0), 0);
	/* Nobody is named, of a socket from before the capture. */
	assert_int_equal(peer_parse(&peer, "9.9.9.9", "US"), 0);
	assert_int_equal(find(NULL, 0), 1);
	assert_non_null(strstr(text, "  -  "));
	assert_int_equal(find("curl", 0), 0);
}

static void what_is_no_country_is_refused(void **state)
{
	(void)state;
	assert_int_equal(peer_parse(&peer, NULL, "J"), -EINVAL);
	assert_int_equal(peer_parse(&peer, NULL, "JPN"), -EINVAL);
	assert_int_equal(peer_parse(&peer, NULL, "4x"), -EINVAL);
	assert_int_equal(peer_parse(&peer, "host", NULL), -EINVAL);
}

static void other_files_are_nobodys_failure(void **state)
{
	(void)state;
	tree_text("notes", "not a capture");
	tree_text("empty", "");
	tree_file("a", sample, sample_len);
	tree_file("b", sample, 11);
	assert_int_equal(find("curl", 0), 2);
	assert_false(has_failed);
}

static void a_big_endian_file_is_said(void **state)
{
	static const uint8_t big[12] = { 0x0a, 0x0d, 0x0d, 0x0a, 0,    0,
					 0,    28,   0x1a, 0x2b, 0x3c, 0x4d };

	(void)state;
	tree_file("a", big, sizeof(big));
	tree_file("b", sample, sample_len);
	assert_int_equal(find("curl", 0), 2);
	assert_true(has_failed);
}

#define test(f) cmocka_unit_test_setup_teardown(f, make, tree_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_line_for_each_process_in_each_file),
		test(a_file_that_is_still_written_is_counted),
		test(only_packets_of_a_peer_count),
		test(countries_are_the_files_word),
		test(what_is_no_country_is_refused),
		test(other_files_are_nobodys_failure),
		test(a_big_endian_file_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
