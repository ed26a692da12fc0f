/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "and", "or", "not" and parentheses, whatever a term is: here a letter. */
#include "exact.h"

#include <errno.h>

#include "process/filter/expression.h"

static int take_letter(struct expression_reader *r)
{
	return strlen(r->word) == 1 ?
		       r->word[0] - 'a' :
		       expression_explain(r, "no letter: ", r->word);
}

/* One of the letters that are true. */
static bool is_true(const void *ctx, int term)
{
	return strchr(ctx, 'a' + term) != NULL;
}

static int read_text(struct expression *e, const char *text, char why[64])
{
	struct expression_reader r = {
		.expression = e,
		.at = text,
		.term = take_letter,
		.max_depth = 4,
		.why = why,
		.why_size = 64,
	};

	return expression_read(&r);
}

static void words_bind_as_usual(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text, *letters;
		bool holds;
	} rows[] = {
		{ "", "", true }, { "a", "a", true }, { "a", "b", false },
		{ "a b", "a", false }, { "a b", "ab", true },
		{ "a and b", "ab", true }, { "a && b", "b", false },
		{ "a or b", "b", true }, { "a || b", "", false },
		{ "a b or c", "c", true }, { "a (b or c)", "c", false },
		{ "a or b c", "a", true }, { "(a or b) c", "a", false },
		{ "not a", "", true }, { "!a b", "b", true },
		{ "not (a b)", "a", true }, { "not not a", "a", true },
		{ "not a or b", "ab", true }, { "not (a or b)", "b", false },
	};
	/* clang-format on */
	struct expression e;
	char why[64];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(read_text(&e, rows[i].text, why), 0);
		if (expression_holds(&e, is_true, rows[i].letters) !=
		    rows[i].holds)
			fail_msg("%s: %s", rows[i].text, rows[i].letters);
	}
}

static void what_is_none_says_why(void **state)
{
	static const char *const rows[][2] = {
		{ "ab", "no letter: ab" },
		{ "not", "something is missing" },
		{ "a or", "something is missing" },
		{ "or a", "nothing before or" },
		{ "(a", "a ) is missing" },
		{ "a )", "what is this: )" },
		{ "\"or\"", "no letter: or" },
		{ "((((a))))", "too deep" },
		{ "a !=", "no letter: !=" },
	};
	struct expression e;
	char why[64], many[4 * EXPRESSION_STEPS] = "";

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(read_text(&e, rows[i][0], why), -EINVAL);
		assert_string_equal(why, rows[i][1]);
		assert_int_equal(e.step_count, 0);
	}
	for (int i = 0; i < EXPRESSION_STEPS; i++)
		strcat(many, "a ");
	assert_int_equal(read_text(&e, many, why), -EINVAL);
	assert_string_equal(why, "too long");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_bind_as_usual),
		cmocka_unit_test(what_is_none_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
