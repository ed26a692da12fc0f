/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>

#include "view/rows/query.h"
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
	struct process p = { .pid = 20, .id = 1020 };

	(void)state;
	o.actors = actors = actors_new(4);
	flows = flows_new(&o);
	talker_init(&curl, 10, "curl");
	talker_init(&nginx, 20, "nginx");
	p.has = 1ull << FIELD_USER | 1ull << FIELD_CONTAINER_NAME |
		1ull << FIELD_UNIT;
	strcpy(p.user, "alice");
	strcpy(p.container_name, "shop-1");
	strcpy(p.unit, "nginx.service");
	talker_set(&nginx, &p);
	/* curl at 192.0.2.1:40000, nginx at 198.51.100.2:443 */
	converse(flows, &curl, &nginx, 40000, S);
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

static bool matches_side(const char *text, int side)
{
	struct query_subject s = { .flow = flow, .side = side };
	struct query q;
	char why[64];

	for (int i = 0; i < 2; i++)
		s.actors[i] = flow->part.actors[i];
	if (query_compile(&q, text, why, sizeof(why)))
		fail_msg("%s: %s", text, why);
	return query_matches(&q, &s);
}

static void assert_all(const char *const *texts, bool expected)
{
	for (; *texts; texts++)
		if (matches_side(*texts, -1) != expected)
			fail_msg("\"%s\" is not %d", *texts, expected);
}

static void what_it_finds(void **state)
{
	/* clang-format off */
	static const char *const yes[] = {
		"", "  ", "curl", "CUR", "nginx", "proc:curl", "proc:ngi*",
		"Proc:?url", "pid:10", "pid:10-19", "user:ali", "user:www",
		"container:shop", "unit:nginx", "port:443", "port:440-450",
		"port:40000", "host:198.51.100.2", "host:192.0.2.0/24",
		"host:198.51", "192.0.2.0/31", "198.51.100.2", "443", "tcp",
		"proto:tcp", "state:closed", "how:socket", "curl 443",
		"curl and 443", "wget or 443", "wget or nope or curl",
		"not wget", "!wget", "! wget", "not not curl",
		"(curl or wget) port:443", "\"curl\"", "proc:\"curl\"",
		"port:", "curl port:", "((curl))", "not (wget or ssh)",
		"198.51.100.2:443", "host:192.0.2.1:40000", "198.51.*:443",
		"curl wget or nginx", "host:", NULL
	};
	static const char *const no[] = {
		"wget", "proc:443", "pid:11", "port:80", "443 80",
		"host:203.0.113.0/24", "192.0.2.2/31", "host:192.0.2.0/32",
		"not curl", "!curl", "curl wget", "wget or ssh", "proto:udp",
		"state:reset", "how:scan", "country:NL", "user:bob",
		"proc:curl?", "(curl or wget) not 443", "\"curl 443\"",
		"\"or\"", "host:2001:db8::/32", "198.51.100.2:80",
		"host:192.0.2.1:443", "host::443x",
		"host:192.0.2.0/", NULL
	};
	/* clang-format on */

	(void)state;
	assert_all(yes, true);
	assert_all(no, false);
}

/* The row of one process does not answer for its peer. */
static void a_side_answers_for_itself(void **state)
{
	(void)state;
	assert_true(matches_side("proc:curl", FLOW_CLIENT));
	assert_false(matches_side("proc:curl", FLOW_SERVER));
	assert_false(matches_side("curl", FLOW_SERVER));
	assert_true(matches_side("proc:nginx port:443", FLOW_SERVER));
	assert_false(matches_side("user:alice", FLOW_CLIENT));
}

static void what_is_no_query_says_why(void **state)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "port:x", "no port: x" },
		{ "port:70000", "no port: 70000" },
		{ "port:80-70", "no port: 80-70" },
		{ "pid:x", "no number: x" },
		{ "host:192.0.2.1/33", "no network: 192.0.2.1/33" },
		{ "host:2001:db8::/x", "no network: 2001:db8::/x" },
		{ "(curl", "a ) is missing" },
		{ "curl)", "what is this: )" },
		{ "or curl", "nothing before or" },
		{ "curl or", "something is missing" },
		{ "not", "something is missing" },
		{ "()", "nothing before )" },
		{ "((((((((((((a))))))))))))", "too deep" },
		{ "a a a a a a a a a a a a a a a a a", "too many words" },
	};
	struct query_subject s = { .flow = flow, .side = -1 };
	struct query q;
	char why[64];

	(void)state;
	s.actors[0] = s.actors[1] = flow->part.actors[0];
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(query_compile(&q, bad[i].text, why,
					       sizeof(why)),
				 -EINVAL);
		assert_string_equal(why, bad[i].why);
		assert_true(query_matches(&q, &s));
	}
}

static void names_are_hosts_too(void **state)
{
	struct resolved *names = resolved_new(1);
	struct flow spoken = *flow;
	struct query_subject s = { .flow = &spoken,
				   .side = -1,
				   .names = names };
	/* clang-format off */
	static const struct {
		const char *text;
		bool matches;
	} cases[] = {
		{ "host:www.example", true }, { "example", true },
		{ "host:shop", true }, { "app:tls", true }, { "TLS", true },
		{ "host:other", false }, { "app:http", false },
		{ "www.example.com:443", true }, { "example.com:80", false },
		/* Of a detail's parts it is the beginning that counts. */
		{ "app:\"tls 1.3\"", true }, { "app:alpn", true },
		{ "app:h2", false }, { "app:*h2", true }, { "app:1.3", false },
		{ "country:nl", true }, { "country:N*", true },
		{ "country:N", false }, { "country:", true },
		{ "how:kernel:reset", true }, { "kernel:reset", true },
		{ "how:reset", true }, { "how:time-wait", false },
	};
	/* clang-format on */
	struct query q;
	char why[64];

	(void)state;
	for (int i = 0; i < 2; i++)
		s.actors[i] = flow->part.actors[i];
	resolved_put(names, flow->key.remote, "www.example.com", "", 0, 0);
	spoken.speech = NULL;
	flow_set_speech(&spoken, "TLS", false, "shop.test", "TLS 1.3; ALPN h2");
	snprintf(spoken.ends[1].country, 3, "NL");
	spoken.ends[1].attr = ATTR_KERNEL;
	spoken.ends[1].reason = REASON_RESET;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(query_compile(&q, cases[i].text, why,
					       sizeof(why)),
				 0);
		assert_int_equal(query_matches(&q, &s), cases[i].matches);
	}
	free(spoken.speech);
	resolved_free(names);
}

static void actors_are_asked_without_a_flow(void **state)
{
	struct query_subject s = { .side = FLOW_CLIENT };
	struct query q;
	char why[64];

	(void)state;
	s.actors[0] = s.actors[1] = flow->part.actors[0];
	assert_int_equal(query_compile(&q, "proc:curl not user:bob", why,
				       sizeof(why)),
			 0);
	assert_true(query_is_about_actors(&q));
	assert_true(query_matches(&q, &s));
	assert_int_equal(query_compile(&q, "proc:curl port:443", why,
				       sizeof(why)),
			 0);
	assert_false(query_is_about_actors(&q));
	assert_false(query_matches(&q, &s));
}

static void its_fields_are_listed(void **state)
{
	char text[128];

	(void)state;
	query_list_fields(text, sizeof(text));
	assert_string_equal(text,
			    "fields: proc pid user container unit country "
			    "host app port proto state how");
	query_list_fields(text, 16);
	assert_string_equal(text, "fields: proc pi");
}

/* Every beginning of a query is typed at some time; all bytes are. */
static void anything_can_be_typed(void **state)
{
	static const char text[] =
		"not (proc:\"a b\" or port:1-2) !host:10.0.0.0/8 \xff\033 x:y:";
	struct query q;
	char why[16];

	(void)state;
	for (size_t n = 0; n < sizeof(text); n++) {
		char *cut = exact_copy(text, n + 1);

		cut[n] = '\0';
		query_compile(&q, cut, why, sizeof(why));
		assert_in_range(q.expression.step_count, 0, EXPRESSION_STEPS);
		free(cut);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_it_finds),
		cmocka_unit_test(a_side_answers_for_itself),
		cmocka_unit_test(what_is_no_query_says_why),
		cmocka_unit_test(names_are_hosts_too),
		cmocka_unit_test(actors_are_asked_without_a_flow),
		cmocka_unit_test(its_fields_are_listed),
		cmocka_unit_test(anything_can_be_typed),
	};

	return cmocka_run_group_tests_name("query", tests, make, unmake);
}
