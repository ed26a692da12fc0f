/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a key or the mouse is to us; the test is the terminal. */
#include "exact.h"

#include "view/screen/screen_parts.h"

static struct {
	int got;
	wint_t key;
} typed;
static int clicks;
static MEVENT mouse;

int __wrap_wget_wch(WINDOW *w, wint_t *key);
int __wrap_wget_wch(WINDOW *w, wint_t *key)
{
	(void)w;
	*key = typed.key;
	return typed.got;
}

int __wrap_getmouse(MEVENT *event);
int __wrap_getmouse(MEVENT *event)
{
	if (!clicks)
		return ERR;
	clicks--;
	*event = mouse;
	return OK;
}

static struct screen screen;

static long type(int got, wint_t key)
{
	typed.got = got;
	typed.key = key;
	return screen_key(&screen);
}

static int begin(void **state)
{
	(void)state;
	screen = (struct screen){ 0 };
	clicks = 0;
	return 0;
}

static void characters_are_themselves(void **state)
{
	(void)state;
	assert_int_equal(type(OK, 'q'), 'q');
	assert_int_equal(type(OK, 0xe4), 0xe4);
	assert_int_equal(type(OK, 27), SCREEN_ESCAPE);
	assert_int_equal(type(ERR, 'q'), SCREEN_NONE);
}

/* Terminals differ in what they send for these. */
static void keys_of_all_terminals_are_one(void **state)
{
	(void)state;
	assert_int_equal(type(OK, '\r'), SCREEN_ENTER);
	assert_int_equal(type(OK, '\n'), SCREEN_ENTER);
	assert_int_equal(type(KEY_CODE_YES, KEY_ENTER), SCREEN_ENTER);
	assert_int_equal(type(OK, 127), SCREEN_BACKSPACE);
	assert_int_equal(type(OK, '\b'), SCREEN_BACKSPACE);
	assert_int_equal(type(KEY_CODE_YES, KEY_BACKSPACE), SCREEN_BACKSPACE);
}

static void special_keys_have_names(void **state)
{
	(void)state;
	assert_int_equal(type(KEY_CODE_YES, KEY_UP), SCREEN_UP);
	assert_int_equal(type(KEY_CODE_YES, KEY_NPAGE), SCREEN_PAGE_DOWN);
	assert_int_equal(type(KEY_CODE_YES, KEY_BTAB), SCREEN_TAB_BACK);
	assert_int_equal(type(KEY_CODE_YES, KEY_F(1)), SCREEN_HELP);
	assert_int_equal(type(KEY_CODE_YES, KEY_RESIZE), SCREEN_RESIZED);
	/* What is no key of ours, and a NUL, do nothing. */
	assert_int_equal(type(KEY_CODE_YES, KEY_F(9)), SCREEN_RESIZED);
	assert_int_equal(type(OK, 0), SCREEN_RESIZED);
}

static void all_that_the_mouse_did_is_told(void **state)
{
	int row, column;

	(void)state;
	mouse = (MEVENT){ .y = 3, .x = 14, .bstate = BUTTON1_CLICKED };
	clicks = 2;
	assert_int_equal(type(KEY_CODE_YES, KEY_MOUSE), SCREEN_CLICK);
	screen_click(&screen, &row, &column);
	assert_int_equal(row, 3);
	assert_int_equal(column, 14);
	/* curses said so once. */
	mouse.bstate = BUTTON4_PRESSED;
	assert_int_equal(type(ERR, 0), SCREEN_UP);
	assert_int_equal(type(ERR, 0), SCREEN_RESIZED);
	assert_int_equal(type(ERR, 0), SCREEN_NONE);
	mouse.bstate = BUTTON5_PRESSED;
	clicks = 1;
	assert_int_equal(type(KEY_CODE_YES, KEY_MOUSE), SCREEN_DOWN);
}

#define test(f) cmocka_unit_test_setup(f, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(characters_are_themselves),
		test(keys_of_all_terminals_are_one),
		test(special_keys_have_names),
		test(all_that_the_mouse_did_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
