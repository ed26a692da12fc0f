/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "exact.h"
#include "view/rows/texts.h"

#define MANY 20000

static void each_stays_until_all_go(void **state)
{
	static const char *kept[MANY];
	struct texts *t = texts_new();
	char text[64];

	(void)state;
	assert_non_null(t);
	for (int again = 0; again < 3; again++) {
		texts_begin(t);
		for (int i = 0; i < MANY; i++) {
			snprintf(text, sizeof(text), "text %d of %d", i, again);
			kept[i] = texts_keep(t, text);
			assert_non_null(kept[i]);
		}
		for (int i = 0; i < MANY; i++) {
			snprintf(text, sizeof(text), "text %d of %d", i, again);
			assert_string_equal(kept[i], text);
		}
	}
	texts_free(t);
	texts_free(NULL);
}

static void what_is_alike_is_kept_once(void **state)
{
	struct texts *t = texts_new();
	const char *a = texts_keep(t, "root");

	(void)state;
	assert_ptr_equal(texts_keep(t, "root"), a);
	assert_string_equal(texts_keep(t, ""), "");
	texts_begin(t);
	assert_string_equal(texts_keep(t, "www-data"), "www-data");
	texts_free(t);
}

static void what_is_too_long_is_not_kept(void **state)
{
	static char text[TEXTS_MAX + 1];
	struct texts *t = texts_new();

	(void)state;
	memset(text, 'a', TEXTS_MAX);
	assert_null(texts_keep(t, text));
	text[TEXTS_MAX - 1] = '\0';
	assert_string_equal(texts_keep(t, text), text);
	texts_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_stays_until_all_go),
		cmocka_unit_test(what_is_alike_is_kept_once),
		cmocka_unit_test(what_is_too_long_is_not_kept),
	};

	return cmocka_run_group_tests_name("texts", tests, NULL, NULL);
}
