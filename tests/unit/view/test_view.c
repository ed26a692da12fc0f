/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines of a log from packets of the test: what is shown, and when. */
#include "tree.h"

#include <errno.h>
#include <stdlib.h>

#include "host/clocks.h"
#include "host/log.h"
#include "options.h"
#include "view/talk.h"
#include "view/view.h"

static char path[64], text[1 << 16];
static struct talker curl;

static int make(void **state)
{
	log_set_level(LOG_ERROR);
	if (tree_make(state))
		return -1;
	snprintf(path, sizeof(path), "%s/lines", tree_path);
	talker_init(&curl, 10, "curl");
	return 0;
}

static const char *const names[] = { "eth0" };
static const struct view_interfaces interfaces = { .names = names };

static int open_view(struct view **v, struct options *o)
{
	o->log_file = path;
	o->no_tshark = true;
	o->read = "file";
	return view_open(v, o, NULL, &interfaces);
}

static void packet(struct view *v, uint64_t at_ns, uint8_t flags, bool back)
{
	static const uint8_t near[4] = { 192, 0, 2, 1 };
	static const uint8_t far[4] = { 198, 51, 100, 2 };
	struct frame f = { .ts_ns = EPOCH + at_ns, .len = 60 };
	struct verdict verdict = { .direction = DIRECTION_OUT };
	struct owned_packet p = { .frame = &f,
				  .verdict = &verdict,
				  .mono_ns = at_ns,
				  .linktype = LINKTYPE_ETHERNET };
	struct flow_key *k = &f.packet.outer.key;

	address_from_ipv4(k->local, back ? far : near);
	address_from_ipv4(k->remote, back ? near : far);
	k->local_port = back ? 443 : 40000;
	k->remote_port = back ? 40000 : 443;
	k->proto = TCP;
	f.packet.outer.tcp_flags = flags;
	*(back ? &verdict.dst :
		 &verdict.src) = (struct verdict_end){ .attr = ATTR_SOCKET };
	*(back ? &p.dst : &p.src) = &curl.program;
	view_packet(v, &p);
}

/* How often @word stands in what was written. */
static int count_of(const char *word)
{
	int fd = openat(tree_fd, "lines", O_RDONLY), n = 0;
	ssize_t len = read(fd, text, sizeof(text) - 1);

	close(fd);
	text[len > 0 ? len : 0] = '\0';
	for (const char *at = text; (at = strstr(at, word)); at++)
		n++;
	return n;
}

static void a_log_has_a_line_for_each_begin_and_end(void **state)
{
	struct options o = { .action = ACTION_LOG };
	struct view_losses losses = { 0 };
	struct view *v;
	short events;

	(void)state;
	assert_int_equal(open_view(&v, &o), 0);
	assert_int_equal(view_fd(v, &events), -1);
	assert_false(view_waits(v));
	packet(v, S, SYN, false);
	assert_int_equal(view_update(v, &losses, S), 0);
	assert_int_equal(count_of("\n"), 1);
	assert_int_equal(count_of("curl"), 1);
	packet(v, S + MS, RST, true);
	assert_int_equal(view_close(v), 0);
	assert_int_equal(count_of("\n"), 2);
	assert_int_equal(view_close(NULL), 0);
}

/* An interval tells of what goes on; the time is the packets'. */
static void intervals_come_by_the_packets_clock(void **state)
{
	struct options o = { .action = ACTION_LOG, .interval_ns = 10 * S };
	struct view_losses losses = { 0 };
	struct view *v;

	(void)state;
	assert_int_equal(open_view(&v, &o), 0);
	packet(v, S, SYN, false);
	view_update(v, &losses, S);
	packet(v, 2 * S, ACK, false);
	view_update(v, &losses, 10 * S);
	assert_int_equal(count_of("\n"), 1);
	view_update(v, &losses, 11 * S);
	assert_int_equal(count_of("\n"), 2);
	view_update(v, &losses, 12 * S);
	assert_int_equal(count_of("\n"), 2);
	view_close(v);
	assert_int_equal(count_of("\n"), 3);
}

static void so_many_reports_and_no_more(void **state)
{
	struct options o = { .action = ACTION_TOP,
			     .batch = true,
			     .json = true,
			     .max_reports = 2,
			     .by = "programs" };
	struct view_losses losses = { .dropped = 6 };
	struct view *v;
	int err = 0;

	(void)state;
	assert_int_equal(open_view(&v, &o), 0);
	packet(v, S, SYN, false);
	for (uint64_t i = 1; !err && i < 20; i++)
		err = view_update(v, &losses, i * S);
	assert_int_equal(err, -EPIPE);
	assert_int_equal(view_close(v), 0);
	assert_int_equal(count_of("\n"), 2);
	assert_int_equal(count_of("\"by\":\"programs\""), 2);
	assert_int_equal(count_of("\"dropped\":6"), 2);
}

static void a_report_has_the_time_before_any_packet(void **state)
{
	struct options o = { .action = ACTION_TOP,
			     .batch = true,
			     .json = true,
			     .log_file = path,
			     .no_tshark = true };
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	struct view_losses losses = { 0 };
	struct view *v;
	const char *at;

	(void)state;
	assert_int_equal(view_open(&v, &o, NULL, &interfaces), 0);
	view_update(v, &losses, now);
	assert_int_equal(view_close(v), 0);
	assert_int_equal(count_of("\"time\":"), 1);
	at = strstr(text, "\"time\":") + 7;
	assert_in_range(strtoull(at, NULL, 10),
			clock_ns(CLOCK_REALTIME) - 60 * S,
			clock_ns(CLOCK_REALTIME) + 60 * S);
}

static void what_is_no_group_is_refused(void **state)
{
	struct options o = { .action = ACTION_TOP,
			     .batch = true,
			     .by = "colours" };
	struct view *v;

	(void)state;
	assert_int_equal(open_view(&v, &o), -EINVAL);
	o.by = "";
	assert_int_equal(open_view(&v, &o), -EINVAL);
}

static void a_file_that_is_there_is_left_alone(void **state)
{
	struct options o = { .action = ACTION_LOG };
	struct view *v;

	(void)state;
	tree_text("lines", "kept\n");
	assert_int_equal(open_view(&v, &o), -EEXIST);
	assert_int_equal(count_of("kept"), 1);
}

#define test(f) cmocka_unit_test_setup_teardown(f, make, tree_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_log_has_a_line_for_each_begin_and_end),
		test(intervals_come_by_the_packets_clock),
		test(so_many_reports_and_no_more),
		test(a_report_has_the_time_before_any_packet),
		test(what_is_no_group_is_refused),
		test(a_file_that_is_there_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
