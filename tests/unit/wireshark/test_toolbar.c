/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What Wireshark's toolbar writes into its FIFO may be cut anywhere. */
#include "tree.h"

#include "wireshark/toolbar.h"

static struct toolbar *bar;
static int to_bar, from_bar;

static int open_bar(void **state)
{
	char in[64], out[64];

	if (tree_make(state))
		return -1;
	snprintf(in, sizeof(in), "%s/in", tree_path);
	snprintf(out, sizeof(out), "%s/out", tree_path);
	assert_int_equal(mkfifo(in, 0600) || mkfifo(out, 0600), 0);
	assert_int_equal(toolbar_open(&bar, in, out, LOG_INFO), 0);
	to_bar = open(in, O_WRONLY | O_NONBLOCK);
	from_bar = open(out, O_RDONLY | O_NONBLOCK);
	return to_bar < 0 || from_bar < 0;
}

static int close_bar(void **state)
{
	toolbar_close(bar);
	close(to_bar);
	close(from_bar);
	return tree_remove(state);
}

#define bar_test(f) cmocka_unit_test_setup_teardown(f, open_bar, close_bar)

static size_t message(uint8_t *out, int control, int command, const char *text)
{
	size_t len = strlen(text) + 2;

	out[0] = 'T';
	out[1] = (uint8_t)(len >> 16);
	out[2] = (uint8_t)(len >> 8);
	out[3] = (uint8_t)len;
	out[4] = (uint8_t)control;
	out[5] = (uint8_t)command;
	memcpy(out + 6, text, len - 2);
	return len + 4;
}

static void send(const void *bytes, size_t n)
{
	assert_int_equal(write(to_bar, bytes, n), n);
	assert_true(toolbar_read(bar));
}

static void type(const char *text)
{
	uint8_t buf[4096];

	send(buf, message(buf, 0, 1, text));
}

static int names(void)
{
	return toolbar_filter(bar)->counts[FILTER_PROC];
}

static const char *name(int i)
{
	return toolbar_filter(bar)->terms[FILTER_PROC][i];
}

static void the_last_that_was_typed_counts(void **state)
{
	(void)state;
	assert_int_equal(names(), 0);
	type("curl, ss*");
	assert_int_equal(names(), 2);
	assert_string_equal(name(0), "curl");
	assert_string_equal(name(1), "ss*");
	type("nginx");
	assert_int_equal(names(), 1);
	assert_string_equal(name(0), "nginx");
	type("");
	assert_int_equal(names(), 0);
}

static void a_message_may_come_in_pieces(void **state)
{
	uint8_t buf[128];
	size_t n = message(buf, 0, 1, "curl");

	(void)state;
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(names(), 0);
		send(buf + i, 1);
	}
	assert_int_equal(names(), 1);
	n = message(buf, 0, 1, "a");
	n += message(buf + n, 0, 1, "b,c");
	send(buf, n);
	assert_int_equal(names(), 2);
}

static void other_controls_and_commands_are_not_ours(void **state)
{
	uint8_t buf[64];

	(void)state;
	type("curl");
	send(buf, message(buf, 1, 1, "x"));
	send(buf, message(buf, 0, 2, "y"));
	send("T\0\0\0", 4);
	assert_string_equal(name(0), "curl");
}

static void what_is_too_long_or_no_message_is_skipped(void **state)
{
	uint8_t buf[4096];
	char text[2000];
	size_t n;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	n = message(buf, 0, 1, text);
	n += message(buf + n, 0, 1, "after");
	assert_int_equal(write(to_bar, buf, n), n);
	for (int i = 0; i < 8 && !names(); i++)
		assert_true(toolbar_read(bar));
	assert_int_equal(names(), 1);
	assert_string_equal(name(0), "after");
	send("junk", 4);
	type("in step");
	assert_string_equal(name(0), "in step");
}

static void what_is_logged_goes_there(void **state)
{
	char buf[512];
	ssize_t n;

	(void)state;
	while (read(from_bar, buf, sizeof(buf)) > 0)
		;
	log_set_level(LOG_ERROR);
	log_info("hello");
	n = read(from_bar, buf, sizeof(buf));
	log_set_level(LOG_INFO);
	assert_int_equal(n, 6 + 14);
	assert_memory_equal(buf, "T\0\0\x10\1\2pktwho: hello\n", 20);
}

static void wiresharks_end_is_noticed(void **state)
{
	(void)state;
	assert_true(toolbar_read(bar)); /* nothing yet */
	close(to_bar);
	assert_false(toolbar_read(bar));
	to_bar = -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		bar_test(the_last_that_was_typed_counts),
		bar_test(a_message_may_come_in_pieces),
		bar_test(other_controls_and_commands_are_not_ours),
		bar_test(what_is_too_long_or_no_message_is_skipped),
		bar_test(what_is_logged_goes_there),
		bar_test(wiresharks_end_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
