/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines in the order of their packets, whenever tshark says what is in them. */
#include "exact.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "host/clocks.h"
#include "host/log.h"
#include "owner/owned_packet.h"
#include "view/lines/printer.h"
#include "view/lines/stream.h"
#include "view/dissect/tshark.h"

/* A tshark that answers what the test wants it to. */
static int pretended, start_err, work_err, ask_err;
static uint64_t asked[5000], ask_count;
static uint64_t answers[5000], answer_count;
static uint64_t now_ns;

int __wrap_tshark_start(struct tshark **out, enum tshark_task task);
int __wrap_tshark_start(struct tshark **out, enum tshark_task task)
{
	assert_int_equal(task, TSHARK_SUMMARY);
	*out = (struct tshark *)(void *)&pretended;
	return start_err;
}

void __wrap_tshark_stop(struct tshark *t);
void __wrap_tshark_stop(struct tshark *t)
{
	(void)t;
}

const char *__wrap_tshark_why(const struct tshark *t);
const char *__wrap_tshark_why(const struct tshark *t)
{
	(void)t;
	return "it is a test";
}

int __wrap_tshark_ask(struct tshark *t, const struct tshark_packet *p);
int __wrap_tshark_ask(struct tshark *t, const struct tshark_packet *p)
{
	(void)t;
	if (!ask_err)
		asked[ask_count++] = p->id;
	return ask_err;
}

int __wrap_tshark_work(struct tshark *t, int timeout_ms,
		       void (*fn)(void *ctx, const struct tshark_answer *a),
		       void *ctx);
int __wrap_tshark_work(struct tshark *t, int timeout_ms,
		       void (*fn)(void *ctx, const struct tshark_answer *a),
		       void *ctx)
{
	char info[20], protocol[] = "DNS";

	(void)t;
	now_ns += (uint64_t)timeout_ms * 1000000;
	for (uint64_t i = 0; i < answer_count; i++) {
		struct tshark_answer a = { .id = answers[i],
					   .protocol = protocol,
					   .info = info };

		snprintf(info, sizeof(info), "says %llu",
			 (unsigned long long)answers[i]);
		fn(ctx, &a);
	}
	answer_count = 0;
	return work_err;
}

uint64_t __wrap_clock_ns(clockid_t clock);
uint64_t __wrap_clock_ns(clockid_t clock)
{
	(void)clock;
	return now_ns;
}

static int reader;

static struct printer *open_printer(bool dissect, bool patient)
{
	int fds[2];

	start_err = work_err = ask_err = 0;
	ask_count = answer_count = 0;
	now_ns = 1;
	assert_int_equal(pipe(fds), 0);
	fcntl(fds[1], F_SETPIPE_SZ, 1 << 20);
	reader = fds[0];
	fcntl(reader, F_SETFL, O_NONBLOCK);
	return printer_new(stream_new(fds[1], NULL, 4 << 20, false), dissect,
			   patient);
}

static void close_printer(struct printer *p)
{
	printer_free(p);
	close(reader);
}

static void packet(struct printer *p, uint16_t port)
{
	struct frame f = { .ts_ns = 1, .caplen = 20, .len = 20 };
	struct verdict v = { .direction = 1 };
	uint8_t data[20] = { 0 };
	struct owned_packet o = {
		.frame = &f, .verdict = &v, .data = data, .linktype = 1
	};

	f.packet.outer.key.proto = 17;
	f.packet.outer.key.local_port = port;
	address_from_ipv4(f.packet.outer.key.local, data);
	address_from_ipv4(f.packet.outer.key.remote, data);
	printer_packet(p, &o);
}

static char text[1 << 20];

/* What was printed since the last time, and how many lines that is. */
static int read_lines(void)
{
	ssize_t n = read(reader, text, sizeof(text) - 1);
	int lines = 0;

	text[n > 0 ? n : 0] = '\0';
	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	return lines;
}

static void without_tshark_the_headers_say_it_at_once(void **state)
{
	struct printer *p = open_printer(false, false);

	(void)state;
	packet(p, 53);
	assert_int_equal(printer_update(p), 0);
	assert_int_equal(read_lines(), 1);
	assert_non_null(strstr(text, "0.0.0.0.53 > 0.0.0.0.0: UDP, length 20"));
	assert_int_equal(printer_finish(p), 0);
	assert_int_equal(read_lines(), 0);
	close_printer(p);
}

static void lines_wait_for_those_before_them(void **state)
{
	struct printer *p = open_printer(true, false);

	(void)state;
	for (uint16_t i = 0; i < 3; i++)
		packet(p, i);
	assert_int_equal(ask_count, 3);
	answers[0] = 2;
	answers[1] = 1;
	answer_count = 2;
	assert_int_equal(printer_update(p), 0);
	assert_int_equal(read_lines(), 0);
	answers[0] = 0;
	answer_count = 1;
	assert_int_equal(printer_update(p), 0);
	assert_int_equal(read_lines(), 3);
	assert_true(strstr(text, "DNS says 0") < strstr(text, "DNS says 1"));
	assert_true(strstr(text, "DNS says 1") < strstr(text, "DNS says 2"));
	close_printer(p);
}

/* Before the first, after the last, and one that is printed already. */
static void answers_that_nobody_asked_for_change_nothing(void **state)
{
	struct printer *p = open_printer(true, false);

	(void)state;
	packet(p, 1);
	answers[0] = 1;
	answers[1] = UINT64_MAX;
	answers[2] = 4096;
	answer_count = 3;
	printer_update(p);
	assert_int_equal(read_lines(), 0);
	answers[0] = 0;
	answer_count = 1;
	printer_update(p);
	assert_int_equal(read_lines(), 1);
	packet(p, 2);
	answers[0] = 0;
	answer_count = 1;
	printer_update(p);
	assert_int_equal(read_lines(), 0);
	close_printer(p);
}

static void a_packet_that_could_not_be_asked_for_does_not_wait(void **state)
{
	struct printer *p = open_printer(true, false);

	(void)state;
	ask_err = -EAGAIN;
	packet(p, 1);
	printer_update(p);
	assert_int_equal(read_lines(), 1);
	assert_non_null(strstr(text, "UDP, length 20"));
	close_printer(p);
}

static void when_tshark_ends_all_lines_come(void **state)
{
	struct printer *p = open_printer(true, false);

	(void)state;
	log_set_level(LOG_ERROR);
	packet(p, 1);
	packet(p, 2);
	work_err = -EPIPE;
	printer_update(p);
	assert_int_equal(read_lines(), 2);
	packet(p, 3);
	assert_int_equal(ask_count, 2);
	printer_update(p);
	assert_int_equal(read_lines(), 1);
	close_printer(p);
}

/* A live capture goes on: the oldest line has no more than its headers. */
static void too_many_that_wait_are_printed_as_they_are(void **state)
{
	struct printer *p = open_printer(true, false);

	(void)state;
	for (int i = 0; i < 4098; i++)
		packet(p, (uint16_t)i);
	printer_update(p);
	assert_int_equal(read_lines(), 2);
	assert_non_null(strstr(text, "0.0.0.0.1 >"));
	close_printer(p);
}

/* A file waits, but not for ever; after that it waits no more. */
static void a_file_waits_once_for_a_tshark_that_hangs(void **state)
{
	struct printer *p = open_printer(true, true);
	uint64_t waited;

	(void)state;
	for (int i = 0; i < 4097; i++)
		packet(p, (uint16_t)i);
	waited = now_ns;
	assert_in_range(waited, 20000000000, 21000000000);
	packet(p, 1);
	assert_int_equal(now_ns, waited);
	assert_int_equal(printer_finish(p), 0);
	assert_in_range(now_ns - waited, 3000000000, 4000000000);
	assert_int_equal(read_lines(), 4098);
	close_printer(p);
}

static void a_reader_that_has_gone_is_told(void **state)
{
	struct printer *p = open_printer(false, false);

	(void)state;
	close(reader);
	reader = dup(STDERR_FILENO);
	packet(p, 1);
	assert_int_equal(printer_update(p), -EPIPE);
	close_printer(p);
	printer_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_tshark_the_headers_say_it_at_once),
		cmocka_unit_test(lines_wait_for_those_before_them),
		cmocka_unit_test(answers_that_nobody_asked_for_change_nothing),
		cmocka_unit_test(
			a_packet_that_could_not_be_asked_for_does_not_wait),
		cmocka_unit_test(when_tshark_ends_all_lines_come),
		cmocka_unit_test(too_many_that_wait_are_printed_as_they_are),
		cmocka_unit_test(a_file_waits_once_for_a_tshark_that_hangs),
		cmocka_unit_test(a_reader_that_has_gone_is_told),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
