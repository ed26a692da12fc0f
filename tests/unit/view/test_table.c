/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/rows/columns.h"
#include "view/rows/row_filter.h"
#include "view/talk.h"

static struct actors *actors;
static struct flows *flows;
static struct table *table;
static struct talker curl, other_curl, nginx, ssh;

/*
 * curl asks nginx here once and two remote servers, another curl one, ssh
 * talks, a stranger is refused.
 */
static int make(void **state)
{
	struct flows_options o = { .max = 64,
				   .keep = true,
				   .country = country_of_talk };

	(void)state;
	o.actors = actors = actors_new(64);
	flows = flows_new(&o);
	table = table_new();
	assert_non_null(table);
	talker_init(&curl, 10, "curl");
	talker_init(&other_curl, 11, "curl");
	talker_init(&nginx, 20, "nginx");
	talker_init(&ssh, 30, "ssh");
	converse(flows, &curl, &nginx, 40000, S);
	converse(flows, &curl, NULL, 40001, S);
	converse(flows, &curl, NULL, 40002, S);
	converse(flows, &other_curl, NULL, 40003, S);
	for (int i = 0; i < 8; i++)
		SAY(flows, .src = &ssh, .at_ns = 2 * S + (uint64_t)i,
		    .from = 50000, .to = 22, .flags = ACK, .len = 5000);
	SAY(flows, .at_ns = 2 * S, .back = true, .from = 81, .to = 51111,
	    .flags = SYN);
	return 0;
}

static int unmake(void **state)
{
	(void)state;
	table_free(table);
	flows_free(flows);
	actors_free(actors);
	return 0;
}

static size_t build(enum table_group group, enum column sort, const char *text,
		    bool ended, uint64_t now)
{
	struct table_spec spec = { .group = group,
				   .sort = sort,
				   .compare = column_compare,
				   .ended = ended,
				   .now_mono_ns = now };
	struct query q;
	char why[64];

	assert_int_equal(query_compile(&q, text, why, sizeof(why)), 0);
	spec.query = &q;
	assert_int_equal(table_build(table, flows, actors, &spec), 0);
	return table_count(table);
}

static const struct row *row_named(const char *name)
{
	for (size_t i = 0; i < table_count(table); i++)
		if (!strcmp(table_row(table, i)->name, name))
			return table_row(table, i);
	fail_msg("no row %s", name);
	return NULL;
}

static void each_connection_is_a_row(void **state)
{
	const struct row *r;
	char cell[COLUMN_TEXT];

	(void)state;
	assert_int_equal(build(GROUP_CONNECTION, COLUMN_SENT, "", false, 2 * S),
			 6);
	r = table_row(table, 0);
	assert_string_equal(r->name, "ssh");
	assert_int_equal(r->sent, 40000);
	assert_int_equal(r->up, 40000);
	column_cell(COLUMN_REMOTE, r, 0, cell);
	assert_string_equal(cell, "198.51.100.2:22");
	column_cell(COLUMN_LOCAL, r, 0, cell);
	assert_string_equal(cell, "192.0.2.1:50000");
	assert_string_equal(r->country, "NL");
	r = row_named("curl \u2192 nginx");
	assert_int_equal(r->sent, CONVERSE_SENT);
	assert_int_equal(r->received, CONVERSE_RECEIVED);
	assert_int_equal(r->pid, 10);
	assert_string_equal(r->state, "closed");
	assert_int_equal(table_total(table)->open, 2);
}

static void what_is_over_goes_after_a_while(void **state)
{
	(void)state;
	flows_expire(flows, 12 * S);
	assert_int_equal(build(GROUP_CONNECTION, COLUMN_SENT, "", false,
			       20 * S),
			 2);
	assert_int_equal(build(GROUP_CONNECTION, COLUMN_SENT, "", true, 20 * S),
			 6);
	assert_int_equal(build(GROUP_PROCESS, COLUMN_SENT, "curl", false,
			       20 * S),
			 0);
	assert_int_equal(build(GROUP_PROCESS, COLUMN_SENT, "curl", true,
			       20 * S),
			 2);
}

static void processes_and_programs_are_summed(void **state)
{
	(void)state;
	/* Nobody owns the stranger's packet, and (remote) is no process. */
	assert_int_equal(build(GROUP_PROCESS, COLUMN_SENT, "", false, 2 * S),
			 4);
	assert_int_equal(build(GROUP_PROGRAM, COLUMN_SENT, "", false, 2 * S),
			 3);
	assert_int_equal(row_named("curl")->connections, 4);
	assert_int_equal(row_named("curl")->sent, 4 * CONVERSE_SENT);
	assert_int_equal(row_named("nginx")->sent, CONVERSE_RECEIVED);
	assert_int_equal(row_named("nginx")->received, CONVERSE_SENT);
	assert_int_equal(row_named("nginx")->packets, 10);
	/* The peer's row is not of what was asked for. */
	assert_int_equal(build(GROUP_PROGRAM, COLUMN_SENT, "proc:curl", false,
			       2 * S),
			 1);
	assert_int_equal(build(GROUP_PROGRAM, COLUMN_SENT, "port:22", false,
			       2 * S),
			 1);
	assert_string_equal(table_row(table, 0)->name, "ssh");
}

static void places_are_summed(void **state)
{
	(void)state;
	/* Of what passes through, who was asked. */
	assert_int_equal(build(GROUP_HOST, COLUMN_SENT, "", false, 2 * S), 2);
	assert_string_equal(table_row(table, 1)->name, "192.0.2.1");
	assert_string_equal(table_row(table, 0)->name, "198.51.100.2");
	assert_string_equal(table_row(table, 0)->country, "NL");
	assert_int_equal(build(GROUP_COUNTRY, COLUMN_SENT, "not ssh", false,
			       2 * S),
			 2);
	assert_string_equal(table_row(table, 0)->name, "NL");
	assert_int_equal(table_row(table, 0)->sent, 4 * CONVERSE_SENT);
	assert_string_equal(table_row(table, 1)->name, "(none)");
	assert_int_equal(build(GROUP_USER, COLUMN_NAME, "", false, 2 * S), 1);
	assert_string_equal(table_row(table, 0)->name, "www-data");
	assert_int_equal(build(GROUP_CONTAINER, COLUMN_NAME, "", false, 2 * S),
			 1);
	assert_string_equal(table_row(table, 0)->name, "(host)");
}

/* A picture does not go over all flows again for a filter nobody asked for. */
static void places_are_told_apart_when_asked(void **state)
{
	(void)state;
	build(GROUP_HOST, COLUMN_SENT, "", false, 2 * S);
	assert_int_equal(row_named("192.0.2.1")->places & PLACE_ELSEWHERE, 0);
	table_tell_apart(table, flows);
	table_tell_apart(table, flows);
	assert_int_not_equal(row_named("192.0.2.1")->places & PLACE_ELSEWHERE,
			     0);
	build(GROUP_HOST, COLUMN_SENT, "", false, 2 * S);
	assert_int_equal(row_named("192.0.2.1")->places & PLACE_ELSEWHERE, 0);
}

/* Multicast: each receiver's, and once the connection's. */
static void copies_are_their_receivers(void **state)
{
	static struct talker mdns, avahi;
	const struct row *r;

	(void)state;
	talker_init(&mdns, 50, "mdns");
	talker_init(&avahi, 51, "avahi");
	for (int i = 0; i < 3; i++)
		SAY(flows, .src = &mdns, .dst = &nginx, .at_ns = 2 * S,
		    .from = 5353, .to = 5353, .proto = UDP, .len = 100,
		    .others = { &avahi, &mdns });
	for (int late = 0; late < 2; late++) {
		build(GROUP_PROGRAM, COLUMN_SENT, "", true, 2 * S);
		r = row_named("avahi");
		assert_int_equal(r->received, 300);
		assert_int_equal(r->sent, 0);
		assert_int_equal(r->packets, 3);
		assert_int_equal(r->connections, 1);
		assert_int_equal(row_named("mdns")->sent, 300);
		assert_int_equal(row_named("mdns")->received, 0);
		assert_int_equal(build(GROUP_CONNECTION, COLUMN_SENT,
				       "proc:avahi", true, 2 * S),
				 !late);
		if (late)
			break;
		assert_int_equal(table_row(table, 0)->sent, 300);
		assert_int_equal(table_row(table, 0)->packets, 3);
		/* So many others that no row of these is left. */
		for (uint16_t i = 0; i < 64; i++)
			SAY(flows, .src = &nginx, .at_ns = 3 * S,
			    .from = (uint16_t)(1000 + i), .to = 53,
			    .proto = UDP);
	}
}

static void assert_row(const char *name, uint64_t sent, uint64_t received,
		       uint64_t packets, uint64_t connections)
{
	const struct row *r = row_named(name);

	assert_int_equal(r->sent, sent);
	assert_int_equal(r->received, received);
	assert_int_equal(r->packets, packets);
	assert_int_equal(r->connections, connections);
}

/*
 * What both ends of are in one row is sent and received there, but is no more
 * packets, connections or retransmissions than there are.  Also of an owner
 * that the connection had before, and when all that is forgotten.
 */
static void what_a_row_exchanges_with_itself_is_once(void **state)
{
	static struct talker parent, child, asker;
	const uint64_t both = CONVERSE_SENT + CONVERSE_RECEIVED;
	const struct said late = { .src = &child,
				   .dst = &asker,
				   .at_ns = S,
				   .from = 41000,
				   .to = 443,
				   .len = 54,
				   .back = true,
				   .flags = ACK,
				   .seq = 1402,
				   .ack = 182 };

	(void)state;
	talker_init(&parent, 60, "w");
	talker_init(&child, 61, "w");
	talker_init(&asker, 62, "w");
	converse(flows, &asker, &parent, 41000, S);
	say(flows, &late);
	for (int past = 0; past < 2; past++) {
		build(GROUP_PROGRAM, COLUMN_SENT, "", true, S);
		assert_row("w", both + 54, both + 54, 11, 1);
		build(GROUP_USER, COLUMN_SENT, "proc:w", true, S);
		assert_row("www-data", both + 54, both + 54, 11, 1);
		assert_int_equal(table_total(table)->open, 0);
		build(GROUP_CONTAINER, COLUMN_SENT, "proc:w", true, S);
		assert_row("(host)", both + 54, both + 54, 11, 1);
		build(GROUP_PROCESS, COLUMN_SENT, "pid:60", true, S);
		assert_row("w", CONVERSE_RECEIVED, CONVERSE_SENT, 10, 1);
		build(GROUP_PROCESS, COLUMN_SENT, "pid:61", true, S);
		assert_row("w", 54, 0, 1, 1);
		if (past)
			break;
		/* So many others that no row of these is left. */
		for (uint16_t i = 0; i < 64; i++)
			SAY(flows, .src = &nginx, .at_ns = 3 * S,
			    .from = (uint16_t)(1000 + i), .to = 53,
			    .proto = UDP);
	}
	for (int i = 0; i < 3; i++)
		SAY(flows, .src = &asker, .dst = &parent,
		    .at_ns = 4 * S + i * S, .from = 41001, .to = 443,
		    .flags = ACK, .payload = 9);
	build(GROUP_USER, COLUMN_SENT, "proc:w", false, 6 * S);
	assert_int_equal(row_named("www-data")->retransmissions, 2);
	assert_int_equal(row_named("www-data")->open, 1);
	assert_int_equal(table_total(table)->open, 1);
}

static void sums_outlive_their_flows(void **state)
{
	uint64_t bytes;

	(void)state;
	build(GROUP_PROGRAM, COLUMN_SENT, "", true, 2 * S);
	bytes = row_named("curl")->sent;
	flows_expire(flows, 3 * S);
	/* So many others that no row of these is left. */
	for (uint16_t i = 0; i < 64; i++)
		SAY(flows, .src = &nginx, .at_ns = 3 * S,
		    .from = (uint16_t)(1000 + i), .to = 53, .proto = UDP);
	build(GROUP_CONNECTION, COLUMN_SENT, "curl", true, 3 * S);
	assert_int_equal(table_count(table), 0);
	build(GROUP_PROGRAM, COLUMN_SENT, "", true, 3 * S);
	assert_int_equal(row_named("curl")->sent, bytes);
	assert_int_equal(row_named("curl")->connections, 4);
	build(GROUP_PROGRAM, COLUMN_SENT, "proc:curl", true, 3 * S);
	assert_int_equal(row_named("curl")->sent, bytes);
}

static void every_column_sorts_both_ways(void **state)
{
	struct row_key first[2];

	(void)state;
	for (int g = 0; g < GROUPS; g++)
		for (int c = 0; c < COLUMNS; c++) {
			size_t n = build((enum table_group)g, (enum column)c,
					 "", true, 2 * S);

			for (size_t i = 1; i < n; i++)
				assert_true(
					column_compare((enum column)c,
						       table_row(table, i - 1),
						       table_row(table, i)) >=
					0);
			for (size_t i = 0; i < n; i++)
				assert_int_equal(
					table_find(table,
						   &table_row(table, i)->key),
					(long)i);
			/* The same again is in the same order. */
			if (!n)
				continue;
			first[0] = table_row(table, 0)->key;
			build((enum table_group)g, (enum column)c, "", true,
			      2 * S);
			first[1] = table_row(table, 0)->key;
			assert_memory_equal(&first[0], &first[1],
					    sizeof(first[0]));
		}
	build(GROUP_CONNECTION, COLUMN_SENT, "wget", true, 2 * S);
	assert_int_equal(table_find(table, &first[0]), -1);
}

static void columns_fit_any_width(void **state)
{
	struct column_place p[COLUMNS];

	(void)state;
	for (int g = 0; g < GROUPS; g++)
		for (int width = 1; width < 300; width++) {
			int n = columns_place((enum table_group)g, COLUMN_NAME,
					      width, p);
			int used = n - 1;

			for (int i = 0; i < n; i++) {
				used += p[i].width;
				assert_true(!i ||
					    p[i - 1].column < p[i].column);
			}
			assert_true(used <= width);
			/* At the usual width, all of it is used. */
			if (width >= 80)
				assert_int_equal(used, width);
		}
	assert_int_equal(columns_place(GROUP_CONNECTION, COLUMN_DOWN, 80, p),
			 7);
	assert_int_equal(p[0].column, COLUMN_NAME);
	assert_int_equal(columns_place(GROUP_CONNECTION, COLUMN_DOWN, 250, p),
			 18);
}

static bool is_placed(const struct column_place *p, int n, enum column c)
{
	while (n && p[n - 1].column != c)
		n--;
	return n;
}

/* On any screen that is wide enough for it and the names. */
static void what_is_wanted_is_among_them(void **state)
{
	struct column_place p[COLUMNS];

	(void)state;
	for (int g = 0; g < GROUPS; g++)
		for (int c = 0; c < COLUMNS; c++)
			for (int width = 40; width < 120; width++) {
				int n;

				if (!column_is_of((enum column)c,
						  (enum table_group)g))
					continue;
				n = columns_place((enum table_group)g,
						  (enum column)c, width, p);
				assert_true(is_placed(p, n, (enum column)c));
				assert_true(is_placed(p, n, COLUMN_NAME));
			}
	assert_false(
		is_placed(p,
			  columns_place(GROUP_CONNECTION, COLUMN_NAME, 80, p),
			  COLUMN_SENT));
}

static void numbers_are_short(void **state)
{
	static const struct {
		uint64_t n;
		const char *text;
	} bytes[] = {
		{ 0, "0" }, { 999, "999" }, { 1000, "1.0K" },
		{ 10189, "10K" }, { 1022000, "998K" }, { 1023000, "999K" },
		{ 1023500, "1.0M" }, { UINT64_MAX, "16E" },
	}, durations[] = {
		{ 0, "0s" }, { 99 * S, "99s" }, { 100 * S, "1m" },
		{ 5999 * S, "99m" }, { 7200 * S, "2h" }, { UINT64_MAX, "213503d" },
	};
	char out[COLUMN_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes) / sizeof(*bytes); i++) {
		column_bytes(bytes[i].n, out);
		assert_string_equal(out, bytes[i].text);
	}
	for (size_t i = 0; i < sizeof(durations) / sizeof(*durations); i++) {
		column_duration(durations[i].n, out);
		assert_string_equal(out, durations[i].text);
	}
}

static void alerts_say_why(void **state)
{
	struct process p = { .pid = 30, .id = 1030 };
	char out[COLUMN_TEXT], all[COLUMN_ALERTS];

	(void)state;
	p.has = 1ull << FIELD_FLAGS;
	p.flags = PROCESS_EXE_DELETED | PROCESS_EXE_WORLD_WRITABLE;
	talker_set(&ssh, &p);
	/* The eight before, and what is sent again. */
	for (int i = 0; i < 20; i++)
		SAY(flows, .src = &ssh, .at_ns = 3 * S + (uint64_t)i * S,
		    .from = 50000, .to = 22, .flags = ACK, .seq = 9,
		    .payload = 10);
	build(GROUP_CONNECTION, COLUMN_SENT, "proc:ssh", true, 4 * S);
	column_alerts(table_row(table, 0)->alerts, all);
	assert_string_equal(all, "executable deleted, executable that anyone "
				 "may write, many retransmissions");
	column_cell(COLUMN_NAME, table_row(table, 0), 0, out);
	assert_string_equal(out, "! ssh");
}

/* They look alike, and no filter finds both. */
static void names_are_told_apart_by_all_their_bytes(void **state)
{
	(void)state;
	strcpy(curl.program.name, "a\nb");
	strcpy(nginx.program.name, "a?b");
	curl.program.version++;
	nginx.program.version++;
	SAY(flows, .src = &curl, .at_ns = 3 * S, .from = 51000, .to = 22,
	    .flags = ACK);
	SAY(flows, .src = &nginx, .at_ns = 3 * S, .from = 51001, .to = 22,
	    .flags = ACK);
	assert_int_equal(build(GROUP_PROGRAM, COLUMN_NAME, "proc:a", true,
			       4 * S),
			 2);
	for (size_t i = 0; i < 2; i++)
		assert_string_equal(table_row(table, i)->name, "a?b");
	assert_string_equal(table_row(table, 0)->exact, "a\nb");
	assert_string_equal(table_row(table, 1)->exact, "a?b");
}

/* What "docker ps -q --no-trunc" prints, and what a row's filter needs. */
static void a_container_has_its_whole_id(void **state)
{
	static const char digits[] = "0123456789abcdef0123456789abcdef"
				     "0123456789abcdef0123456789abcde";
	struct process p = { .has = 1ull << FIELD_CONTAINER_ID };
	char ids[2][80], query[100], filter[ROW_FILTER], wanted[300];
	struct talker *const talkers[] = { &ssh, &curl };

	(void)state;
	for (int i = 0; i < 2; i++) {
		snprintf(ids[i], sizeof(ids[i]), "%s%d", digits, i);
		strcpy(p.container_id, ids[i]);
		talker_set(talkers[i], &p);
		SAY(flows, .src = talkers[i], .at_ns = 3 * S, .to = 22,
		    .from = (uint16_t)(50000 + i), .flags = ACK);
	}
	assert_int_equal(build(GROUP_CONTAINER, COLUMN_NAME, "", true, 4 * S),
			 3);
	row_named(ids[1]);
	row_filter(row_named(ids[0]), GROUP_CONTAINER, filter);
	snprintf(wanted, sizeof(wanted),
		 "proc.container.name == \"%s\" || "
		 "proc.container.id == \"%s\"",
		 ids[0], ids[0]);
	assert_string_equal(filter, wanted);
	snprintf(query, sizeof(query), "container:%s", ids[0]);
	assert_int_equal(build(GROUP_CONTAINER, COLUMN_NAME, query, true,
			       4 * S),
			 1);
}

/* In rows of many, too, as long as the connection has a row. */
static void what_stands_out_does_in_its_groups(void **state)
{
	static const enum table_group groups[] = { GROUP_PROCESS, GROUP_PROGRAM,
						   GROUP_USER };

	(void)state;
	for (int i = 0; i < 70; i++)
		SAY(flows, .src = &ssh, .at_ns = 3 * S + (uint64_t)i * S / 50,
		    .from = 50001, .to = 22, .flags = ACK, .payload = 10,
		    .seq = i % 20 ? 10 * (uint32_t)i : 0);
	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
		build(groups[i], COLUMN_SENT, "port:22", false, 5 * S);
		assert_int_equal(table_row(table, 0)->alerts, 0);
	}
	SAY(flows, .src = &ssh, .at_ns = 6 * S, .from = 50001, .to = 22,
	    .flags = ACK | RST, .seq = 30, .payload = 10);
	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
		build(groups[i], COLUMN_SENT, "port:22", false, 7 * S);
		assert_int_equal(table_row(table, 0)->alerts,
				 ALERT_RETRANSMISSIONS);
	}
	flows_expire(flows, 8 * S);
	build(GROUP_PROCESS, COLUMN_SENT, "port:22", false, 20 * S);
	assert_int_equal(table_row(table, 0)->alerts, 0);
	build(GROUP_PROCESS, COLUMN_SENT, "port:22", true, 20 * S);
	assert_int_equal(table_row(table, 0)->alerts, ALERT_RETRANSMISSIONS);
}

static uint8_t alerts_with(const char *countries)
{
	struct query q = { 0 };
	struct table_spec spec = { .group = GROUP_COUNTRY,
				   .sort = COLUMN_SENT,
				   .compare = column_compare,
				   .query = &q,
				   .countries = countries,
				   .now_mono_ns = 2 * S };

	assert_int_equal(table_build(table, flows, actors, &spec), 0);
	assert_int_equal(row_named("(none)")->alerts, 0);
	return row_named("NL")->alerts;
}

static void other_countries_stand_out(void **state)
{
	static const char *const among[] = { "NL", "nl", "DE,NL", "NL,DE",
					     " DE , NL ,AT" };
	static const char *const not [] = { "", "DE", "N", "NLX", "XNL", "L,N" };

	(void)state;
	assert_int_equal(alerts_with(NULL), 0);
	for (size_t i = 0; i < sizeof(among) / sizeof(*among); i++)
		assert_int_equal(alerts_with(among[i]), 0);
	for (size_t i = 0; i < sizeof(not ) / sizeof(*not ); i++)
		assert_int_equal(alerts_with(not [i]), ALERT_ABROAD);
}

static const char *by_port(void *ctx, const uint8_t addr[16])
{
	int *calls = ctx;

	(void)addr;
	/* Of each flow the client is asked for first. */
	return (*calls)++ % 2 ? *calls > 2 ? "DE" : "NL" : "";
}

static void a_country_that_is_new_stands_out(void **state)
{
	int calls = 0;
	struct flows *own = flows_new(
		&(struct flows_options){ .max = 8,
					 .keep = true,
					 .actors = actors,
					 .ctx = &calls,
					 .country = by_port });
	struct flows *kept = flows;

	(void)state;
	flows = own;
	for (uint16_t i = 0; i < 3; i++)
		converse(flows, &curl, NULL, (uint16_t)(41000 + i), S);
	build(GROUP_CONNECTION, COLUMN_LOCAL, "", true, 2 * S);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(table_row(table, 2 - i)->alerts,
				 i == 1 ? ALERT_COUNTRY : 0);
	flows_free(own);
	flows = kept;
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make, unmake)
	const struct CMUnitTest tests[] = {
		TEST(each_connection_is_a_row),
		TEST(what_is_over_goes_after_a_while),
		TEST(processes_and_programs_are_summed),
		TEST(places_are_summed),
		TEST(places_are_told_apart_when_asked),
		TEST(copies_are_their_receivers),
		TEST(what_a_row_exchanges_with_itself_is_once),
		TEST(sums_outlive_their_flows),
		TEST(every_column_sorts_both_ways),
		TEST(columns_fit_any_width),
		TEST(what_is_wanted_is_among_them),
		TEST(numbers_are_short),
		TEST(alerts_say_why),
		TEST(names_are_told_apart_by_all_their_bytes),
		TEST(a_container_has_its_whole_id),
		TEST(what_stands_out_does_in_its_groups),
		TEST(a_country_that_is_new_stands_out),
		TEST(other_countries_stand_out),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
