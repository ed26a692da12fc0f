/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/screen/screen_parts.h"

/* curses says once that the mouse did something, however much it did. */
static long mouse_key(struct screen *s)
{
	MEVENT event;

	s->has_mouse = getmouse(&event) == OK;
	if (!s->has_mouse)
		return SCREEN_RESIZED;
	if (event.bstate & BUTTON4_PRESSED)
		return SCREEN_UP;
	if (event.bstate & BUTTON5_PRESSED)
		return SCREEN_DOWN;
	s->click_row = event.y;
	s->click_column = event.x;
	return SCREEN_CLICK;
}

static long special_key(struct screen *s, wint_t key)
{
	/* clang-format off */
	static const struct {
		wint_t curses;
		long key;
	} keys[] = {
		{ KEY_UP, SCREEN_UP }, { KEY_DOWN, SCREEN_DOWN },
		{ KEY_PPAGE, SCREEN_PAGE_UP }, { KEY_NPAGE, SCREEN_PAGE_DOWN },
		{ KEY_HOME, SCREEN_HOME }, { KEY_END, SCREEN_END },
		{ KEY_BTAB, SCREEN_TAB_BACK }, { KEY_ENTER, SCREEN_ENTER },
		{ KEY_BACKSPACE, SCREEN_BACKSPACE }, { KEY_F(1), SCREEN_HELP },
		{ KEY_RESIZE, SCREEN_RESIZED },
	};
	/* clang-format on */

	if (key == KEY_MOUSE)
		return mouse_key(s);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (keys[i].curses == key)
			return keys[i].key;
	return SCREEN_RESIZED; /* nothing happens but a new picture */
}

long screen_key(struct screen *s)
{
	wint_t key;
	int got;

	if (s->has_mouse)
		return mouse_key(s);
	got = wget_wch(s->keys, &key);
	if (got == ERR)
		return SCREEN_NONE;
	if (got == KEY_CODE_YES)
		return special_key(s, key);
	if (key == '\r')
		return SCREEN_ENTER;
	if (key == 127 || key == '\b')
		return SCREEN_BACKSPACE;
	return key ? (long)key : SCREEN_RESIZED;
}

void screen_click(const struct screen *s, int *row, int *column)
{
	*row = s->click_row;
	*column = s->click_column;
}
