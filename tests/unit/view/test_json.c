/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include "view/lines/json.h"

static char text[512];

static const char *done(const struct json *j)
{
	assert_false(j->failed);
	*j->at = '\0';
	return text;
}

static struct json begin(void)
{
	return json_of(text, sizeof(text) - 1);
}

static void commas_stand_between_values(void **state)
{
	struct json j = begin();

	(void)state;
	json_open(&j, NULL, '{');
	json_text(&j, "a", "x");
	json_number(&j, "b", 0);
	json_open(&j, "c", '[');
	json_number(&j, NULL, 1);
	json_number(&j, NULL, UINT64_MAX);
	json_open(&j, NULL, '{');
	json_close(&j, '}');
	json_close(&j, ']');
	json_members(&j, "\"d\":2,\"e\":3", 11);
	json_members(&j, NULL, 0);
	json_text(&j, "f", "y");
	json_close(&j, '}');
	json_newline(&j);
	json_open(&j, NULL, '{');
	json_close(&j, '}');
	assert_string_equal(
		done(&j),
		"{\"a\":\"x\",\"b\":0,\"c\":[1,18446744073709551615,{}],"
		"\"d\":2,\"e\":3,\"f\":\"y\"}\n{}");
}

static void quotes_do_not_end_a_text(void **state)
{
	struct json j = begin();

	(void)state;
	json_open(&j, NULL, '[');
	json_text(&j, NULL, "\"a\\\"");
	json_text(&j, NULL, "");
	json_close(&j, ']');
	assert_string_equal(done(&j), "[\"\\\"a\\\\\\\"\",\"\"]");
}

static void a_member_without_text_is_left_out(void **state)
{
	struct json j = begin();

	(void)state;
	json_open(&j, NULL, '{');
	json_text(&j, "empty", "");
	json_number(&j, "n", 7);
	json_close(&j, '}');
	assert_string_equal(done(&j), "{\"n\":7}");
}

/* Nothing is written past the end, and the whole is refused. */
static void too_little_room_is_told(void **state)
{
	(void)state;
	for (size_t size = 0; size < 13; size++) {
		char *buf = exact_copy("0123456789abcdef", size);
		struct json j = json_of(buf, size);

		json_open(&j, NULL, '{');
		json_text(&j, "a", "x\"y");
		json_close(&j, '}');
		assert_int_equal(j.failed, size < 12);
		free(buf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commas_stand_between_values),
		cmocka_unit_test(quotes_do_not_end_a_text),
		cmocka_unit_test(a_member_without_text_is_left_out),
		cmocka_unit_test(too_little_room_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
