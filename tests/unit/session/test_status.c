/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a capture is doing, as the file of --stats has it. */
#include <errno.h>
#include <stdio.h>

#include "options.h"
#include "output/output.h"
#include "owner/owners.h"
#include "session/captures.h"
#include "session/ending.h"
#include "session/files/files.h"
#include "session/status.h"
#include "session/summary.h"
#include "tree.h"

#define SEC 1000000000ull
#define T   (1000 * SEC)

uint64_t __wrap_files_statistics(struct files *f,
				 struct output_interface_stats *interfaces,
				 struct output_stats *stats);
uint64_t __wrap_files_statistics(struct files *f,
				 struct output_interface_stats *interfaces,
				 struct output_stats *stats)
{
	(void)f;
	interfaces[0].received = 100;
	interfaces[0].os_dropped = 3;
	interfaces[0].own_drops = 4;
	stats->events_lost = 6;
	return 5;
}

const char *__wrap_files_path(const struct files *f);
const char *__wrap_files_path(const struct files *f)
{
	(void)f;
	return "a.pcapng";
}

int __wrap_captures_count(const struct captures *c);
int __wrap_captures_count(const struct captures *c)
{
	(void)c;
	return 1;
}

const char *const *__wrap_captures_names(const struct captures *c);
const char *const *__wrap_captures_names(const struct captures *c)
{
	static const char *const names[] = { "blue/eth0" };

	(void)c;
	return names;
}

void __wrap_captures_fill(struct captures *c, struct captures_fill *f);
void __wrap_captures_fill(struct captures *c, struct captures_fill *f)
{
	(void)c;
	f->queue = 42;
}

void __wrap_owners_fill(struct owners *o, struct owners_fill *f);
void __wrap_owners_fill(struct owners *o, struct owners_fill *f)
{
	(void)o;
	f->flows = 43;
}

static char path[64], text[8192];
static struct options options;
static struct ending ending;
static struct counts counts;

static int begin(struct status **s)
{
	const struct status_sources of = { .options = &options,
					   .ending = &ending,
					   .counts = &counts };

	snprintf(path, sizeof(path), "%s/stats", tree_path);
	options = (struct options){ .quiet = true, .stats = path };
	ending = (struct ending){ .started_ns = T, .packets = 7 };
	counts = (struct counts){ .bytes = 700,
				  .unnamed = 2,
				  .lag_ns = 9000000 };
	return status_open(s, &of);
}

static int read_lines(void)
{
	int fd = openat(tree_fd, "stats", O_RDONLY), lines = 0;
	ssize_t n = read(fd, text, sizeof(text) - 1);

	assert_true(n >= 0);
	close(fd);
	text[n] = '\0';
	for (const char *s = text; (s = strchr(s, '\n')); s++)
		lines++;
	return lines;
}

static void assert_said(const char *part)
{
	if (!strstr(text, part))
		fail_msg("no %s in %s", part, text);
}

static void a_line_has_all_that_is_known(void **state)
{
	struct status *s;

	(void)state;
	assert_int_equal(begin(&s), 0);
	status_update(s, T + SEC);
	assert_int_equal(read_lines(), 1);
	assert_said("\"file\":\"a.pcapng\"");
	assert_said("\"packets\":7,");
	assert_said("\"packets_per_second\":7,");
	assert_said("\"bytes_per_second\":700,");
	assert_said("\"unnamed\":2,");
	assert_said("\"lag_ms\":9,");
	assert_said("\"dropped\":7,");
	assert_said("\"dropped_disk_full\":5,");
	assert_said("\"events_lost\":6,");
	assert_said("\"queue_percent\":42,");
	assert_said("\"flows_percent\":43,");
	assert_said("\"name\":\"blue/eth0\",\"received\":100,"
		    "\"dropped_kernel\":3,");
	assert_int_equal(counts.lag_ns, 0);
	status_close(s);
}

static void a_second_has_one_line(void **state)
{
	struct status *s;

	(void)state;
	assert_int_equal(begin(&s), 0);
	for (uint64_t ns = 0; ns < 3 * SEC; ns += SEC / 10)
		status_update(s, T + SEC + ns);
	assert_int_equal(read_lines(), 3);
	status_close(s);
}

/* It is a rate of the time since the last line, however late this one is. */
static void a_late_line_tells_of_all_its_time(void **state)
{
	struct status *s;

	(void)state;
	assert_int_equal(begin(&s), 0);
	status_update(s, T + SEC);
	ending.packets += 30;
	status_update(s, T + 4 * SEC);
	assert_int_equal(read_lines(), 2);
	assert_said("\"packets_per_second\":10,");
	status_close(s);
}

static void the_last_line_is_of_what_is_in_the_file(void **state)
{
	const struct summary end = { .packets = 5,
				     .dropped = 9,
				     .unwritten = 2 };
	struct status *s;

	(void)state;
	assert_int_equal(begin(&s), 0);
	status_update(s, T + SEC);
	status_end(s, &end, T + SEC + SEC / 2);
	assert_int_equal(read_lines(), 2);
	assert_said("\"packets\":5,");
	assert_said("\"dropped\":9,\"dropped_disk_full\":2,");
	status_close(s);
}

static void another_file_is_not_overwritten(void **state)
{
	struct status *s;

	(void)state;
	tree_text("stats", "somebody's\n");
	assert_int_equal(begin(&s), -EEXIST);
	assert_int_equal(read_lines(), 1);
	assert_string_equal(text, "somebody's\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(a_line_has_all_that_is_known),
		tree_test(a_second_has_one_line),
		tree_test(a_late_line_tells_of_all_its_time),
		tree_test(the_last_line_is_of_what_is_in_the_file),
		tree_test(another_file_is_not_overwritten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
