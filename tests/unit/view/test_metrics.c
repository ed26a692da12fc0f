/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/metrics/metrics.h"
#include "view/talk.h"

static const char *text;

static void send_from(struct metrics *m, const char *name, uint8_t attr)
{
	static struct talker t;
	struct frame f = { .len = 100 };
	struct verdict v = { .src.attr = attr };
	struct owned_packet p = { .frame = &f, .verdict = &v };

	if (name) {
		talker_init(&t, 10, name);
		p.src = &t.program;
	}
	metrics_packet(m, &p);
}

static void make_text(struct metrics *m)
{
	struct flows_stats flows = { .packets = 7, .open = 2 };
	struct view_losses losses = { .dropped = 3 };
	size_t len;

	text = metrics_text(m, &flows, &losses, 4, &len);
	assert_non_null(text);
	assert_int_equal(strlen(text), len);
}

static void what_is_counted_is_told(void **state)
{
	struct metrics *m = metrics_new();

	(void)state;
	send_from(m, "cu\"r\\l\n", ATTR_SOCKET);
	send_from(m, "cu\"r\\l\n", ATTR_SOCKET);
	send_from(m, NULL, ATTR_UNKNOWN);
	send_from(m, NULL, ATTR_NONE);
	make_text(m);
	assert_non_null(strstr(text, "pktwho_packets_total 7\n"));
	assert_non_null(strstr(text, "pktwho_connections 2\n"));
	assert_non_null(strstr(text, "pktwho_dropped_packets_total 3\n"));
	assert_non_null(strstr(text, "pktwho_lost_lines_total 4\n"));
	assert_non_null(strstr(text, "pktwho_program_sent_bytes_total"
				     "{program=\"cu\\\"r\\\\l?\"} 200\n"));
	assert_non_null(strstr(text, "pktwho_program_sent_packets_total"
				     "{program=\"(unnamed)\"} 1\n"));
	assert_non_null(strstr(text, "pktwho_program_received_packets_total"
				     "{program=\"(other)\"} 0\n"));
	metrics_free(m);
	metrics_free(NULL);
}

static unsigned times(const char *what)
{
	unsigned n = 0;

	for (const char *at = text; (at = strstr(at, what)); at++)
		n++;
	return n;
}

/* Whoever names a process must not have a series told twice. */
static void each_series_is_there_once(void **state)
{
	struct metrics *m = metrics_new();

	(void)state;
	send_from(m, "a?b", ATTR_SOCKET);
	send_from(m, "a\nb", ATTR_SOCKET);
	send_from(m, "a\377b", ATTR_SOCKET);
	send_from(m, "(other)", ATTR_SOCKET);
	send_from(m, "(unnamed)", ATTR_SOCKET);
	send_from(m, NULL, ATTR_UNKNOWN);
	make_text(m);
	assert_int_equal(times("sent_packets_total{program=\"a?b\"} 3\n"), 1);
	assert_int_equal(times("sent_packets_total{program=\"a?b\"}"), 1);
	assert_int_equal(times("sent_packets_total{program=\"(other)\"}"), 1);
	assert_int_equal(times("sent_packets_total{program=\"(unnamed)\"} 2\n"),
			 1);
	assert_int_equal(times("sent_packets_total{program=\"(unnamed)\"}"), 1);
	metrics_free(m);
}

static void programs_are_bounded(void **state)
{
	struct metrics *m = metrics_new();
	char name[RECORD_NAME_LEN], last[100];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		send_from(m, name, ATTR_SOCKET);
		send_from(m, "p0", ATTR_SOCKET);
	}
	make_text(m);
	assert_non_null(strstr(text, "sent_packets_total{program=\"p0\"} "
				     "1001\n"));
	snprintf(last, sizeof(last), "sent_packets_total{program=\"p%d\"} 1\n",
		 METRICS_PROGRAMS - 1);
	assert_non_null(strstr(text, last));
	snprintf(last, sizeof(last), "{program=\"p%d\"}", METRICS_PROGRAMS);
	assert_null(strstr(text, last));
	snprintf(last, sizeof(last),
		 "sent_packets_total{program=\"(other)\"} "
		 "%d\n",
		 1000 - METRICS_PROGRAMS);
	assert_non_null(strstr(text, last));
	assert_in_range(strlen(text), 1, 128 << 10);
	metrics_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_counted_is_told),
		cmocka_unit_test(each_series_is_there_once),
		cmocka_unit_test(programs_are_bounded),
	};

	return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
