/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "printable.h"

static void assert_becomes(const char *bytes, const char *want)
{
	char *s = strdup(bytes); /* the sanitizer watches its end */

	assert_non_null(s);
	assert_int_equal(printable_all(s), !strcmp(bytes, want));
	printable_replace(s);
	assert_string_equal(s, want);
	free(s);
}

static void text_stands_for_itself(void **state)
{
	(void)state;
	assert_becomes("", "");
	assert_becomes("a name (1) ~\\", "a name (1) ~\\");
	assert_becomes("\xc2\xa0\xc3\xa9\xd0\x96", "\xc2\xa0\xc3\xa9\xd0\x96");
	assert_becomes("\xe6\x97\xa5\xf0\x9f\x90\xa7",
		       "\xe6\x97\xa5\xf0\x9f\x90\xa7");
	assert_becomes("\xee\x80\x80", "\xee\x80\x80"); /* private use */
}

static void what_a_terminal_obeys_does_not(void **state)
{
	(void)state;
	assert_becomes("\x1b[31m\x07\t\n\x7f", "?[31m????");
	assert_becomes("\x9b"
		       "31m",
		       "?31m");
	assert_becomes("\xc2\x80\xc2\x9b"
		       "2J\xc2\x9f",
		       "????2J??");
}

static void what_reorders_hides_or_breaks_does_not(void **state)
{
	(void)state;
	assert_becomes("a\xe2\x80\xae"
		       "b",
		       "a???b"); /* U+202E */
	assert_becomes("a\xe2\x80\xa8"
		       "b",
		       "a???b"); /* U+2028 */
	assert_becomes("a\xe2\x80\x8b"
		       "b",
		       "a???b");		    /* U+200B */
	assert_becomes("\xef\xbb\xbf", "???");	    /* U+FEFF */
	assert_becomes("\xf3\xa0\x80\x81", "????"); /* U+E0001 */
	assert_becomes("\xef\xbf\xbf", "???");	    /* U+FFFF */
}

static void what_is_not_utf8_does_not(void **state)
{
	(void)state;
	assert_becomes("\xff\xfe\x80", "???");
	assert_becomes("\xc1\x9b", "??"); /* overlong */
	assert_becomes("\xe0\x82\x9b", "???");
	assert_becomes("\xed\xa0\x80", "???");	    /* a surrogate */
	assert_becomes("\xf4\x90\x80\x80", "????"); /* U+110000 */
	assert_becomes("\xe6\x97", "??");	    /* cut short */
	assert_becomes("\xe6"
		       "a\x97",
		       "?a?");
}

/* Against the table of RFC 3629, for every lead byte and cut. */
static void no_byte_behind_the_end_is_read(void **state)
{
	(void)state;
	for (int lead = 0; lead < 256; lead++)
		for (size_t len = 0; len <= 4; len++) {
			char *s = malloc(len ? len : 1);
			size_t n;

			assert_non_null(s);
			memset(s, 0xa5, len);
			if (len)
				s[0] = (char)lead;
			n = printable_length(s, len);
			assert_true(n <= len);
			if (len && lead >= ' ' && lead < 0x7f)
				assert_int_equal(n, 1);
			if (lead >= 0x80 && lead < 0xc2)
				assert_int_equal(n, 0);
			if (lead >= 0xc3 && lead < 0xe0)
				assert_int_equal(n, len < 2 ? 0 : 2);
			free(s);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_stands_for_itself),
		cmocka_unit_test(what_a_terminal_obeys_does_not),
		cmocka_unit_test(what_reorders_hides_or_breaks_does_not),
		cmocka_unit_test(what_is_not_utf8_does_not),
		cmocka_unit_test(no_byte_behind_the_end_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
