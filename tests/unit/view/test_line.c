/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/lines/json.h"
#include "view/lines/line.h"
#include "view/talk.h"

static struct actors *actors;
static struct flows *flows;
static struct talker curl, nginx;
static const struct flow *flow;

static void remember(void *ctx, const struct flow *f)
{
	(void)ctx;
	flow = f;
}

static int make(void **state)
{
	struct flows_options o = { .max = 4, .keep = true };
	struct process p = { .pid = 20, .id = 1020, .cmdline_len = 6 };

	(void)state;
	o.actors = actors = actors_new(4);
	flows = flows_new(&o);
	talker_init(&curl, 10, "c\"u\\l");
	talker_init(&nginx, 20, "nginx");
	p.has = 1ull << FIELD_CMDLINE | 1ull << FIELD_UNIT |
		1ull << FIELD_FLAGS | 1ull << FIELD_HOST;
	strcpy(p.host, "web2");
	p.flags = PROCESS_EXE_MEMFD | PROCESS_FORKED;
	strcpy(p.unit, "nginx.service");
	memcpy(p.cmdline, "a\0\0\"b", 6);
	talker_set(&nginx, &p);
	converse(flows, &curl, &nginx, 40000, S);
	flows_stop(flows);
	flows_each(flows, remember, NULL);
	return 0;
}

static int unmake(void **state)
{
	(void)state;
	flows_free(flows);
	actors_free(actors);
	return 0;
}

static size_t format(char *buf, size_t size)
{
	static const char *const interfaces[] = { "lo" };
	const struct line l = {
		.action = "end",
		.ts_ns = EPOCH + 1,
		.sequence = 7,
		.lost = 3,
		.host = "web1",
		.interfaces = interfaces,
	};

	return line_format(&l, flow, buf, size);
}

static const char expected[] =
	"{\"@timestamp\":\"2023-11-14T22:13:20.000000001Z\","
	"\"ecs\":{\"version\":\"8.11.0\"},\"schema_version\":1,"
	"\"host\":{\"hostname\":\"web1\"},"
	"\"event\":{\"kind\":\"event\",\"category\":[\"network\"],"
	"\"type\":[\"connection\",\"end\"],\"action\":\"end\","
	"\"reason\":\"closed\",\"start\":\"2023-11-14T22:13:21.000000000Z\","
	"\"end\":\"2023-11-14T22:13:21.009000000Z\",\"duration\":9000000,"
	"\"sequence\":7},"
	"\"network\":{\"type\":\"ipv4\",\"iana_number\":\"6\","
	"\"transport\":\"tcp\","
	"\"community_id\":\"1:NbXPA3TEXRmHZI919Uo5iaoB4Q0=\","
	"\"direction\":\"egress\",\"packets\":10,\"bytes\":1520},"
	"\"source\":{\"address\":\"192.0.2.1\",\"ip\":\"192.0.2.1\","
	"\"port\":40000,\"packets\":5,\"bytes\":350,"
	"\"process\":{\"entity_id\":\"00000000000003f2\",\"pid\":10,"
	"\"name\":\"c\\\"u\\\\l\",\"user\":{\"id\":\"33\","
	"\"name\":\"www-data\"},\"pktwho\":{}},"
	"\"pktwho\":{\"attr\":\"socket\"}},"
	"\"destination\":{\"address\":\"198.51.100.2\","
	"\"ip\":\"198.51.100.2\",\"port\":443,\"packets\":5,"
	"\"bytes\":1170,\"process\":{\"entity_id\":\"00000000000003fc\","
	"\"pid\":20,\"name\":\"nginx\",\"args\":[\"a\",\"\",\"\\\"b\"],"
	"\"pktwho\":{\"unit\":\"nginx.service\","
	"\"flags\":[\"exe_memfd\",\"forked\"]}},"
	"\"pktwho\":{\"attr\":\"socket\"}},"
	"\"pktwho\":{\"flow\":1,\"lost\":3,\"interface\":\"lo\","
	"\"state\":\"closed\",\"retransmissions\":0,\"rtt\":2000000}}\n";

static void a_line_says_it_all(void **state)
{
	static char buf[LINE_MAX_SIZE];
	size_t len;

	(void)state;
	/* The second time it is what was kept from the first. */
	for (int again = 0; again < 2; again++) {
		len = format(buf, sizeof(buf));
		buf[len] = '\0';
		assert_string_equal(buf, expected);
	}
}

static void what_does_not_fit_is_no_line(void **state)
{
	(void)state;
	for (size_t size = 0; size <= sizeof(expected) - 1; size++) {
		char *buf = malloc(size ? size : 1);

		assert_non_null(buf);
		assert_int_equal(format(buf, size),
				 size == sizeof(expected) - 1 ? size : 0);
		free(buf);
	}
}

/* The newest record is told, not the one that was kept. */
static void a_process_that_changes_is_told_anew(void **state)
{
	static char buf[LINE_MAX_SIZE];
	struct process p = { .pid = 20, .id = 1020, .uid = 7 };

	(void)state;
	format(buf, sizeof(buf));
	p.has = 1ull << FIELD_UID;
	talker_set(&nginx, &p);
	actors_get(actors, &nginx.program);
	buf[format(buf, sizeof(buf))] = '\0';
	assert_non_null(strstr(buf, "\"user\":{\"id\":\"7\"}"));
	assert_null(strstr(buf, "nginx.service"));
}

static void a_pod_is_told_as_others_tell_it(void **state)
{
	static char buf[LINE_MAX_SIZE];
	struct process p = { .pid = 20, .id = 1020 };

	(void)state;
	strcpy(p.container_id, "f00d");
	strcpy(p.container_image, "nginx:1");
	strcpy(p.pod_uid, "u-1");
	p.has = 1ull << FIELD_CONTAINER_ID | 1ull << FIELD_CONTAINER_IMAGE |
		1ull << FIELD_POD_UID;
	talker_set(&nginx, &p);
	actors_get(actors, &nginx.program);
	buf[format(buf, sizeof(buf))] = '\0';
	assert_non_null(strstr(buf, "\"container\":{\"id\":\"f00d\","
				    "\"image\":{\"name\":\"nginx:1\"}}"));
	assert_null(strstr(buf, "orchestrator"));
	strcpy(p.pod_name, "shop-\u202e0");
	strcpy(p.pod_namespace, "fruit");
	p.has |= 1ull << FIELD_POD_NAME | 1ull << FIELD_POD_NAMESPACE;
	talker_set(&nginx, &p);
	actors_get(actors, &nginx.program);
	buf[format(buf, sizeof(buf))] = '\0';
	assert_non_null(
		strstr(buf,
		       "\"orchestrator\":{\"type\":\"kubernetes\","
		       "\"namespace\":\"fruit\",\"resource\":{\"type\":\"pod\","
		       "\"name\":\"shop-???0\",\"id\":\"u-1\"}}"));
}

/* Of a capture that was made elsewhere, or before. */
static void a_file_says_its_host(void **state)
{
	static char buf[LINE_MAX_SIZE];
	static const char *const interfaces[] = { "lo" };
	const struct line l = { .action = "end",
				.host = "",
				.interfaces = interfaces };

	(void)state;
	buf[line_format(&l, flow, buf, sizeof(buf))] = '\0';
	assert_non_null(strstr(buf, ",\"host\":{\"hostname\":\"web2\"},"));
}

static void what_is_spoken_is_told_with_who_asked(void **state)
{
	static char buf[LINE_MAX_SIZE];
	static const char *const interfaces[] = { "lo" };
	struct resolved *names = resolved_new(1);
	struct line l = { .action = "end",
			  .host = "",
			  .names = names,
			  .interfaces = interfaces };
	struct flow spoken = *flow;

	(void)state;
	resolved_put(names, flow->key.remote, "www.example.com", "curl", 10, 0);
	spoken.speech = NULL;
	flow_set_speech(&spoken, "TLS", false, "example.com", "");
	buf[line_format(&l, &spoken, buf, sizeof(buf))] = '\0';
	assert_non_null(strstr(buf, "\"protocol\":\"tls\""));
	assert_non_null(strstr(buf, "\"app\":\"TLS\",\"host\":"
				    "\"example.com\"}"));
	assert_non_null(strstr(buf, "\"domain\":\"www.example.com\""));
	assert_non_null(strstr(buf, "\"resolved_by\":{\"pid\":10,"
				    "\"name\":\"curl\"}"));
	free(spoken.speech);
	spoken.speech = NULL;
	flow_set_speech(&spoken, "NTP", true, "", "");
	buf[line_format(&l, &spoken, buf, sizeof(buf))] = '\0';
	assert_null(strstr(buf, "\"protocol\""));
	assert_non_null(strstr(buf, "\"app_of_port\":\"NTP\""));
	free(spoken.speech);
	resolved_free(names);
}

static void numbers_are_whole(void **state)
{
	char buf[64];
	struct json j = json_of(buf, sizeof(buf));

	(void)state;
	json_open(&j, NULL, '[');
	json_number(&j, NULL, 0);
	json_number(&j, NULL, 10);
	json_number(&j, NULL, UINT64_MAX);
	json_close(&j, ']');
	assert_false(j.failed);
	*j.at = '\0';
	assert_string_equal(buf, "[0,10,18446744073709551615]");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make, unmake)
	const struct CMUnitTest tests[] = {
		TEST(a_line_says_it_all),
		TEST(what_does_not_fit_is_no_line),
		TEST(a_process_that_changes_is_told_anew),
		TEST(a_pod_is_told_as_others_tell_it),
		TEST(a_file_says_its_host),
		TEST(what_is_spoken_is_told_with_who_asked),
		TEST(numbers_are_whole),
	};

	return cmocka_run_group_tests_name("line", tests, NULL, NULL);
}
