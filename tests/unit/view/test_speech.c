/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * With a tshark of ours, which answers what each test wants to hear.  It can
 * open nothing to write, so what it reads goes to its standard error.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "view/dissect/speech.h"
#include "view/talk.h"

#define WHEN_ASKED "dd bs=1 count=1 >&2; "
#define UNTIL_END  "; cat >&2; :"

static char dir[32];
static char path[64];
static char *old_path;
static struct actors *actors;
static struct flows *flows;
static struct resolved *names;
static struct speech *speech;
static struct talker curl;
static const struct flow *flow;

static void heard(void *ctx, struct flow *f, const struct owned_packet *p)
{
	(void)ctx;
	speech_heard(speech, f, p);
}

static void remember(void *ctx, const struct flow *f)
{
	(void)ctx;
	flow = f;
}

/* Found before the one that is installed, if that is. */
static void make(const char *script, bool patient)
{
	struct flows_options o = { .max = 4, .keep = true, .heard = heard };
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f, "#!/bin/sh\n%s\n", script);
	fclose(f);
	assert_int_equal(chmod(path, 0755), 0);
	o.actors = actors = actors_new(4);
	flows = flows_new(&o);
	names = resolved_new(4);
	speech = speech_new(names, patient);
	assert_non_null(speech);
	talker_init(&curl, 10, "curl");
}

static void unmake(void)
{
	speech_free(speech);
	flows_free(flows);
	resolved_free(names);
	actors_free(actors);
}

static void ask_dns(uint16_t from)
{
	SAY(flows, .src = &curl, .at_ns = S, .from = from, .to = 53,
	    .proto = UDP);
	flows_each(flows, remember, NULL);
}

static void answers_go_to_their_connection(void **state)
{
	uint8_t addr[16];

	(void)state;
	make(WHEN_ASKED
	     "printf '0\\t198.51.100.8,192.0.2.8\\t2001:db8::8\\t"
	     "www.example.com\\t\\t\\tDNS\\tcontent\\twww.example.com\\tA\\n'" UNTIL_END,
	     true);
	ask_dns(4000);
	assert_null(flow->speech);
	assert_int_equal(flow->waits, 1);
	speech_finish(speech);
	assert_int_equal(flow->waits, 0);
	assert_string_equal(flow->speech->app, "DNS");
	assert_string_equal(flow->speech->host, "www.example.com");
	assert_string_equal(flow->speech->detail, "A");
	assert_false(flow->speech->guessed);
	address_from_ipv4(addr, (const uint8_t[]){ 192, 0, 2, 8 });
	assert_string_equal(resolved_get(names, addr, UINT64_MAX)->name,
			    "www.example.com");
	assert_string_equal(resolved_get(names, addr, UINT64_MAX)->who, "curl");
	assert_int_equal(resolved_get(names, addr, UINT64_MAX)->pid, 10);
	assert_null(speech_why(speech));
	unmake();
}

/* A hostile packet has taken it over; and a line that never ends. */
static void nonsense_is_no_answer(void **state)
{
	(void)state;
	make(WHEN_ASKED
	     "printf '7\\t\\t\\t\\t\\t\\tX\\t\\t\\t\\n\\n0\\t\\n-1\\t\\t"
	     "\\t\\t\\t\\tX\\t\\t\\t\\n'; head -c 200000 /dev/zero; "
	     "printf '\\n0\\tx,\\t,\\tn\\ty\\t\\tA\\033[2J\\tport\\t\\t\\n'" UNTIL_END,
	     true);
	ask_dns(4000);
	speech_finish(speech);
	assert_int_equal(flow->waits, 0);
	assert_string_equal(flow->speech->app, "A?[2J");
	assert_true(flow->speech->guessed);
	assert_true(flow->foreign_port);
	assert_false(flow->unresolved);
	unmake();
}

static void why_there_is_none_is_said(void **state)
{
	static const char *const ends[][2] = {
		{ "exit 1", "tshark has not got pktwho's plugin" },
		{ "exit 127", "there is no tshark" },
		{ "kill -9 $$", "tshark has ended" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		make(ends[i][0], true);
		ask_dns(4000);
		speech_finish(speech);
		assert_string_equal(speech_why(speech), ends[i][1]);
		ask_dns(4001);
		assert_true(flow->missed);
		assert_true(speech_missed(speech) > 0);
		unmake();
	}
}

/* Each packet is 60 bytes of nothing, so questions run out before room. */
static void what_it_cannot_take_is_counted(void **state)
{
	(void)state;
	make("exec sleep 5", false);
	for (int i = 0; i < 40000; i++) {
		ask_dns((uint16_t)(1024 + i));
		speech_work(speech);
	}
	assert_in_range(speech_missed(speech), 1, 39999);
	assert_true(flow->missed);
	unmake();
}

static void it_hears_only_the_beginning(void **state)
{
	(void)state;
	make("cat >&2; :", true);
	SAY(flows, .src = &curl, .at_ns = S, .from = 4000, .to = 443,
	    .flags = SYN);
	flows_each(flows, remember, NULL);
	assert_int_equal(flow->asked, 0);
	for (int i = 0; i < 20; i++)
		SAY(flows, .src = &curl, .at_ns = S, .from = 4000, .to = 443,
		    .flags = ACK, .payload = 10, .seq = (uint32_t)i * 10);
	assert_int_equal(flow->waits, FLOW_ASKS);
	unmake();
}

static int begin(void **state)
{
	char search[4096];

	(void)state;
	strcpy(dir, "/tmp/pktwho-speech-XXXXXX");
	if (!mkdtemp(dir) || chmod(dir, 0755))
		return -1;
	snprintf(path, sizeof(path), "%s/tshark", dir);
	old_path = getenv("PATH");
	snprintf(search, sizeof(search), "%s:%s", dir, old_path);
	return setenv("PATH", search, 1);
}

static int end(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_go_to_their_connection),
		cmocka_unit_test(nonsense_is_no_answer),
		cmocka_unit_test(why_there_is_none_is_said),
		cmocka_unit_test(what_it_cannot_take_is_counted),
		cmocka_unit_test(it_hears_only_the_beginning),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("speech", tests, begin, end);
}
