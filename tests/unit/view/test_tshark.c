/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A tshark of the test, which says whatever it likes. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tree.h"
#include "view/dissect/tshark.h"

#define TURNS 500 /* of 20 ms: then it will never come */

static struct tshark *tshark;
static int answers;
static struct tshark_answer last;
static char protocol[64], info[64], app[64], host[64], detail[64];
static uint64_t ids[16];

static void take(void *ctx, const struct tshark_answer *a)
{
	(void)ctx;
	last = *a;
	ids[answers++ % 16] = a->id;
	snprintf(protocol, sizeof(protocol), "%s",
		 a->protocol ? a->protocol : "");
	snprintf(info, sizeof(info), "%s", a->info ? a->info : "");
	snprintf(app, sizeof(app), "%s", a->app ? a->app : "");
	snprintf(host, sizeof(host), "%s", a->host ? a->host : "");
	snprintf(detail, sizeof(detail), "%s", a->detail ? a->detail : "");
}

/* Whoever we become must be able to read it. */
static void start(const char *script, enum tshark_task task)
{
	char text[1024];

	snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", script);
	tree_text("tshark", text);
	assert_int_equal(fchmodat(tree_fd, "tshark", 0755, 0), 0);
	assert_int_equal(fchmod(tree_fd, 0755), 0);
	snprintf(text, sizeof(text), "%s:/usr/bin:/bin", tree_path);
	setenv("PATH", text, 1);
	answers = 0;
	assert_int_equal(tshark_start(&tshark, task), 0);
}

/* Until it has answered so often, or has ended. */
static int work_until(int count)
{
	int err = 0;

	for (int i = 0; !err && answers < count && i < TURNS; i++)
		err = tshark_work(tshark, 20, take, NULL);
	return err;
}

static int ask_of(uint16_t linktype, uint32_t caplen)
{
	static const uint8_t data[70000];
	struct tshark_packet p = { .id = 7,
				   .ts_ns = 1,
				   .linktype = linktype,
				   .data = data,
				   .caplen = caplen,
				   .len = caplen };

	return tshark_ask(tshark, &p);
}

static void a_summary_has_two_columns(void **state)
{
	(void)state;
	start("printf '7\\tDNS\\tquery\\n8\\t\\t\\n'; cat >&2", TSHARK_SUMMARY);
	assert_int_equal(work_until(2), 0);
	assert_int_equal(ids[0], 7);
	assert_int_equal(ids[1], 8);
	assert_string_equal(protocol, "");
	tshark_stop(tshark);
}

static void speech_has_its_fields_in_order(void **state)
{
	(void)state;
	start("printf '9\\t192.0.2.1\\t2001:db8::1\\texample.org\\t1\\t\\tTLS"
	      "\\tport\\twww.example.org\\th2\\n'; cat >&2",
	      TSHARK_SPEECH);
	assert_int_equal(work_until(1), 0);
	assert_int_equal(last.id, 9);
	assert_string_equal(app, "TLS");
	assert_string_equal(host, "www.example.org");
	assert_string_equal(detail, "h2");
	assert_true(last.foreign_port);
	assert_false(last.unresolved);
	tshark_stop(tshark);
}

/* Too few columns, no number, characters that a terminal obeys. */
static void lines_of_another_shape_do_no_harm(void **state)
{
	(void)state;
	start("printf '\\n7\\n7\\tDNS\\nxyz\\tA\\tB\\n"
	      "-1\\tC\\tD\\n5\\tQ\\033[2J\\tF\\tG\\n'; cat >&2",
	      TSHARK_SUMMARY);
	assert_int_equal(work_until(3), 0);
	assert_int_equal(ids[0], 0);
	assert_int_equal(ids[2], 5);
	assert_string_equal(protocol, "Q?[2J");
	assert_string_equal(info, "F");
	tshark_stop(tshark);
}

static void a_line_without_end_is_dropped(void **state)
{
	(void)state;
	start("head -c 200000 /dev/zero | tr '\\0' x; printf '\\n6\\tA\\tB\\n'"
	      "; cat >&2",
	      TSHARK_SUMMARY);
	assert_int_equal(work_until(1), 0);
	assert_int_equal(answers, 1);
	assert_int_equal(last.id, 6);
	tshark_stop(tshark);
}

/* What it reads is a file of ours, with its packets whole. */
static void it_is_told_a_capture_file(void **state)
{
	(void)state;
	start("printf '1\\t%s\\t%s\\n' $(head -c 68 | od -An -v -tx1 |"
	      " tr -d ' \\n' | sed 's/\\(.\\{8\\}\\).*\\(.\\{16\\}\\)$/"
	      "\\1 \\2/'); cat >&2",
	      TSHARK_SUMMARY);
	assert_int_equal(ask_of(113, 20), 0);
	assert_int_equal(work_until(1), 0);
	assert_string_equal(protocol, "0a0d0d0a");
	/* A section of 28 bytes, an interface of 32, then a packet. */
	assert_string_equal(info, "0600000054000000");
	tshark_stop(tshark);
}

static void why_it_ended_is_told(void **state)
{
	(void)state;
	start("exit 2", TSHARK_SPEECH);
	assert_null(tshark_why(tshark));
	assert_int_equal(work_until(1), -EPIPE);
	assert_string_equal(tshark_why(tshark),
			    "tshark has not got pktwho's plugin");
	assert_int_equal(ask_of(1, 20), -EPIPE);
	assert_int_equal(tshark_work(tshark, 0, take, NULL), -EPIPE);
	tshark_stop(tshark);

	start("printf '7\\tA\\tB\\n'; exit 2", TSHARK_SUMMARY);
	assert_int_equal(work_until(2), -EPIPE);
	assert_int_equal(answers, 1);
	assert_string_equal(tshark_why(tshark), "tshark has ended");
	tshark_stop(tshark);

	setenv("PATH", "/nonexistent", 1);
	assert_int_equal(tshark_start(&tshark, TSHARK_SUMMARY), 0);
	assert_int_equal(work_until(3), -EPIPE);
	assert_string_equal(tshark_why(tshark), "there is no tshark");
	tshark_stop(tshark);
	tshark_stop(NULL);
}

/* Nobody reads what waits for it any more, which is told first. */
static void what_it_said_before_it_ended_counts(void **state)
{
	siginfo_t end;

	(void)state;
	while (waitpid(-1, NULL, 0) > 0) /* those of other tests */
		;
	start("printf '7\\tA\\tB\\n8\\tC\\tD\\n'", TSHARK_SUMMARY);
	assert_int_equal(waitid(P_ALL, 0, &end, WEXITED | WNOWAIT), 0);
	assert_int_equal(tshark_work(tshark, 20, take, NULL), -EPIPE);
	assert_int_equal(answers, 2);
	assert_string_equal(info, "D");
	tshark_stop(tshark);
}

static void what_has_no_room_is_refused(void **state)
{
	int err = 0;

	(void)state;
	start("exec sleep 20", TSHARK_SUMMARY);
	for (uint16_t i = 0; i < 16; i++)
		assert_int_equal(ask_of(i, 20), 0);
	assert_int_equal(ask_of(16, 20), -EAGAIN);
	assert_int_equal(ask_of(15, 20), 0);
	/* Packets beyond what is needed of each, until the buffer is full. */
	for (int i = 0; !err && i < 1000; i++)
		err = ask_of(0, 70000);
	assert_int_equal(err, -EAGAIN);
	assert_int_equal(ask_of(0, 20), -EAGAIN);
	tshark_stop(tshark);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(a_summary_has_two_columns),
		tree_test(speech_has_its_fields_in_order),
		tree_test(lines_of_another_shape_do_no_harm),
		tree_test(a_line_without_end_is_dropped),
		tree_test(it_is_told_a_capture_file),
		tree_test(why_it_ended_is_told),
		tree_test(what_it_said_before_it_ended_counts),
		tree_test(what_has_no_room_is_refused),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
