/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows of `pktwho top --batch`, whatever the texts in them are. */
#include <jansson.h>

#include "view/rows/columns.h"
#include "view/lines/report.h"
#include "view/talk.h"

static struct actors *actors;
static struct flows *flows;
static struct table *table;
static struct talker talkers[3];

static int make(void **state)
{
	struct flows_options o = { .max = 64, .keep = true };

	(void)state;
	o.actors = actors = actors_new(64);
	flows = flows_new(&o);
	table = table_new();
	return !actors || !flows || !table;
}

static int unmake(void **state)
{
	(void)state;
	table_free(table);
	flows_free(flows);
	actors_free(actors);
	return 0;
}

static void talk(int i, const char *name)
{
	talker_init(&talkers[i], 10 + (uint32_t)i, name);
	converse(flows, &talkers[i], NULL, (uint16_t)(40000 + i), S);
}

static struct report report_by(enum table_group group)
{
	struct query everything = { 0 };
	struct table_spec spec = { .group = group,
				   .sort = COLUMN_SENT,
				   .compare = column_compare,
				   .ended = true,
				   .query = &everything,
				   .now_mono_ns = 2 * S };
	struct report r = {
		.table = table,
		.group = group,
		.now_ns = EPOCH + 2 * S,
		.losses = { .dropped = 3, .events = 4, .undissected = 5 }
	};

	assert_int_equal(table_build(table, flows, actors, &spec), 0);
	flows_stats(flows, &r.flows);
	return r;
}

/* Each line of @text is at most so many characters wide; how many there are. */
static int check_lines(char *text, int width)
{
	int lines = 0;

	for (char *line; (line = strsep(&text, "\n")) && text; lines++) {
		int n = 0;

		for (const char *c = line; *c; c++)
			n += (*c & 0xc0) != 0x80;
		if (lines && n > width && line[0] != '1')
			fail_msg("%d: %s", n, line);
	}
	return lines;
}

static void a_line_for_each_row_and_one_for_all(void **state)
{
	struct report r;
	size_t len;
	char *text;

	(void)state;
	talk(0, "curl");
	talk(1, "nginx");
	r = report_by(GROUP_PROCESS);
	text = report_text(&r, 180, &len);
	assert_non_null(text);
	assert_int_equal(strlen(text), len);
	assert_non_null(strstr(text, "curl "));
	assert_non_null(strstr(text, "nginx "));
	assert_non_null(strstr(text, "2 processes, 20 packets, "));
	assert_non_null(strstr(text, " 3 dropped, 0 forgotten\n\n"));
	assert_int_equal(check_lines(text, 180), 5);
	free(text);
}

/* A cell that is too long is cut between characters, never within one. */
static void a_long_name_is_cut_between_characters(void **state)
{
	char name[RECORD_NAME_LEN] = "";
	struct report r;
	size_t len;
	char *text;

	(void)state;
	while (strlen(name) + 4 < sizeof(name))
		strcat(name, "\u20ac");
	talk(0, name);
	r = report_by(GROUP_PROCESS);
	for (int width = 1; width < 200; width++) {
		text = report_text(&r, width, &len);
		assert_non_null(text);
		for (const char *c = text; *c; c++)
			if ((*c & 0xf0) == 0xe0) {
				assert_int_equal(c[1] & 0xc0, 0x80);
				assert_int_equal(c[2] & 0xc0, 0x80);
			}
		free(text);
	}
}

/* As on the screen; what has room is not marked. */
static void what_was_cut_is_marked(void **state)
{
	struct report r;
	size_t len;
	char *text;

	(void)state;
	talker_init(&talkers[0], 10, "a-very-long-one");
	talker_init(&talkers[1], 11, "another-of-them");
	converse(flows, &talkers[0], &talkers[1], 40000, S);
	r = report_by(GROUP_CONNECTION);
	text = report_text(&r, 80, &len);
	assert_non_null(text);
	assert_non_null(strstr(text, "\na-very-long-one \u2026 "));
	assert_null(strstr(text, "another-of-them"));
	assert_int_equal(check_lines(text, 80), 4);
	free(text);
	text = report_text(&r, 250, &len);
	assert_non_null(text);
	assert_non_null(
		strstr(text, "\na-very-long-one \u2192 another-of-them "));
	assert_null(strstr(text, "\u2026"));
	free(text);
}

static json_t *read_json(const struct report *r)
{
	json_error_t error;
	size_t len;
	char *text = report_json(r, &len);
	json_t *json;

	assert_non_null(text);
	assert_int_equal(text[len - 1], '\n');
	assert_null(memchr(text, '\n', len - 1));
	json = json_loadb(text, len, 0, &error);
	if (!json)
		fail_msg("%s", error.text);
	free(text);
	return json;
}

static void json_has_numbers_and_words(void **state)
{
	const json_t *row;
	json_t *json;
	struct report r;

	(void)state;
	talk(0, "curl");
	r = report_by(GROUP_PROCESS);
	json = read_json(&r);
	assert_string_equal(json_string_value(json_object_get(json, "by")),
			    "processes");
	assert_int_equal(json_integer_value(json_object_get(json, "dropped")),
			 3);
	assert_int_equal(json_integer_value(
				 json_object_get(json, "undissected")),
			 5);
	assert_int_equal(json_array_size(json_object_get(json, "rows")), 1);
	row = json_array_get(json_object_get(json, "rows"), 0);
	assert_string_equal(json_string_value(json_object_get(row, "name")),
			    "curl");
	assert_int_equal(json_integer_value(json_object_get(row, "pid")), 10);
	assert_int_equal(json_integer_value(json_object_get(row, "sent")),
			 CONVERSE_SENT);
	assert_int_equal(json_integer_value(json_object_get(row, "packets")),
			 10);
	json_decref(json);
}

/* Each quote takes two bytes: not even that makes a report too long. */
static void quotes_in_all_texts_have_room(void **state)
{
	struct process p = { .pid = 10, .id = 1010 };
	char name[RECORD_NAME_LEN];
	json_t *json;
	struct report r;

	(void)state;
	memset(name, '"', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	talk(0, name);
	p.has = 1ull << FIELD_PID | 1ull << FIELD_ID | 1ull << FIELD_USER |
		1ull << FIELD_CONTAINER_ID | 1ull << FIELD_CONTAINER_NAME |
		1ull << FIELD_UNIT | 1ull << FIELD_EXEPATH;
	memset(p.user, '"', sizeof(p.user) - 1);
	memset(p.container_name, '\\', sizeof(p.container_name) - 1);
	memset(p.container_id, '"', sizeof(p.container_id) - 1);
	memset(p.unit, '"', sizeof(p.unit) - 1);
	talker_set(&talkers[0], &p);
	SAY(flows, .src = &talkers[0], .at_ns = 2 * S, .from = 40000, .to = 443,
	    .flags = ACK);
	for (int g = 0; g < GROUPS; g++) {
		r = report_by((enum table_group)g);
		json = read_json(&r);
		assert_true(json_array_size(json_object_get(json, "rows")) > 0);
		json_decref(json);
	}
}

static void without_rows_it_is_still_a_report(void **state)
{
	struct report r = report_by(GROUP_CONNECTION);
	json_t *json = read_json(&r);
	size_t len;
	char *text = report_text(&r, 80, &len);

	(void)state;
	assert_int_equal(json_array_size(json_object_get(json, "rows")), 0);
	assert_non_null(strstr(text, "0 connections, 0 packets, 0 bytes"));
	json_decref(json);
	free(text);
}

#define test(f) cmocka_unit_test_setup_teardown(f, make, unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_line_for_each_row_and_one_for_all),
		test(a_long_name_is_cut_between_characters),
		test(what_was_cut_is_marked),
		test(json_has_numbers_and_words),
		test(quotes_in_all_texts_have_room),
		test(without_rows_it_is_still_a_report),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
