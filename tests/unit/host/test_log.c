/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "host/clocks.h"
#include "host/log.h"

static char heard[4096];

static void hear(const char *line)
{
	strcat(heard, line);
}

/* What @say prints on stderr. */
static const char *said(void (*say)(void))
{
	static char text[4096];
	int old = dup(STDERR_FILENO);
	FILE *f = tmpfile();

	assert_non_null(f);
	assert_true(dup2(fileno(f), STDERR_FILENO) >= 0);
	say();
	dup2(old, STDERR_FILENO);
	close(old);
	rewind(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	return text;
}

static void one_of_each(void)
{
	log_error("e %d", 1);
	log_warn("w");
	log_info("i");
	log_debug("d");
}

static void a_status(void)
{
	log_status("caf\303\251 \033[2J and more", 20);
	log_status("short", 20);
	log_info("said");
	log_status(NULL, 0);
}

static void a_status_is_written_over(void **state)
{
	const char *s;

	(void)state;
	s = said(a_status);
	/* Cut before the last column, and nothing that a terminal obeys. */
	assert_string_equal(s, "pktwho: caf\303\251 ?[2J a"
			       "\r                   \r"
			       "pktwho: short"
			       "\r                   \r"
			       "pktwho: said\n");
}

static void each_level_has_those_above(void **state)
{
	(void)state;
	log_set_level(LOG_INFO);
	assert_string_equal(said(one_of_each),
			    "pktwho: e 1\npktwho: warning: w\npktwho: i\n");
	log_set_level(LOG_ERROR);
	assert_string_equal(said(one_of_each), "pktwho: e 1\n");
	log_set_level(LOG_DEBUG);
	assert_string_equal(said(one_of_each),
			    "pktwho: e 1\n"
			    "pktwho: warning: w\npktwho: i\npktwho: d\n");
}

static void another_place_has_a_level_of_its_own(void **state)
{
	(void)state;
	log_set_level(LOG_ERROR);
	log_set_sink(hear, LOG_WARN);
	assert_string_equal(said(one_of_each), "pktwho: e 1\n");
	assert_string_equal(heard, "pktwho: e 1\npktwho: warning: w\n");
	log_set_sink(NULL, LOG_ERROR);
	said(one_of_each);
	assert_string_equal(heard, "pktwho: e 1\npktwho: warning: w\n");
}

/* Nobody reads it, and it is full. */
static void who_reads_nothing_is_waited_for_once(void **state)
{
	uint64_t begin = clock_ns(CLOCK_MONOTONIC);
	int old = dup(STDERR_FILENO), fds[2];
	char text[16384];
	ssize_t n;

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(pipe(fds), 0);
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	while (write(fds[1], text, sizeof(text)) > 0)
		;
	fcntl(fds[1], F_SETFL, 0);
	assert_true(dup2(fds[1], STDERR_FILENO) >= 0);
	log_set_level(LOG_DEBUG);
	one_of_each();
	a_status();
	for (int i = 0; i < 4; i++)
		n = read(fds[0], text, sizeof(text));
	log_error("again");
	dup2(old, STDERR_FILENO);
	close(old);
	close(fds[1]);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	assert_in_range(clock_ns(CLOCK_MONOTONIC) - begin, 900000000u,
			20000000000u);
	n = read(fds[0], text, sizeof(text) - 1);
	close(fds[0]);
	assert_in_range(n, 1, sizeof(text) - 1);
	text[n] = '\0';
	assert_string_equal(text, "pktwho: again\n");
}

static void hostile(void)
{
	char text[3000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_error("a\nb\033[2J%s", "\r");
	log_error("%s", text);
}

static void a_line_stays_one_line(void **state)
{
	const char *text;

	(void)state;
	log_set_level(LOG_ERROR);
	text = said(hostile);
	assert_int_equal(strncmp(text, "pktwho: a?b?[2J?\npktwho: xxx", 28), 0);
	assert_int_equal(strcspn(text + 17, "\n"), strlen(text) - 18);
}

static void levels_have_the_names_that_are_typed(void **state)
{
	(void)state;
	assert_string_equal(log_level_name(LOG_ERROR), "error");
	assert_string_equal(log_level_name(LOG_WARN), "warning");
	assert_string_equal(log_level_name(LOG_INFO), "info");
	assert_string_equal(log_level_name(LOG_DEBUG), "debug");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_status_is_written_over),
		cmocka_unit_test(each_level_has_those_above),
		cmocka_unit_test(another_place_has_a_level_of_its_own),
		cmocka_unit_test(who_reads_nothing_is_waited_for_once),
		cmocka_unit_test(a_line_stays_one_line),
		cmocka_unit_test(levels_have_the_names_that_are_typed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
