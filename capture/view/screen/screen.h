/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The terminal, through ncursesw; the only module that knows curses.h.  What
 * is drawn is seen with screen_show(), and only what differs is sent.  No text
 * can do more than fill its place.
 */
#ifndef PKTWHO_VIEW_SCREEN_SCREEN_H
#define PKTWHO_VIEW_SCREEN_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

struct screen;

enum screen_style {
	STYLE_PLAIN,
	STYLE_BAR, /* what the rows are not */
	STYLE_BOLD,
	STYLE_DIM,
	STYLE_ALERT,
	STYLE_SELECTED = 8, /* with one of those */
};

/* Above any character. */
enum screen_key {
	SCREEN_NONE = 0,
	SCREEN_ENTER = '\n',
	SCREEN_ESCAPE = 27,
	SCREEN_UP = 0x200000,
	SCREEN_DOWN,
	SCREEN_PAGE_UP,
	SCREEN_PAGE_DOWN,
	SCREEN_HOME,
	SCREEN_END,
	SCREEN_TAB_BACK,
	SCREEN_BACKSPACE,
	SCREEN_HELP,
	SCREEN_CLICK, /* screen_click() says where */
	SCREEN_RESIZED,
};

/*
 * Takes over the standard output, and the standard input or, if that is no
 * terminal, the one that controls us.  0 or -errno (logged).
 */
int screen_open(struct screen **out);
/* The terminal as it was.  NULL is fine. */
void screen_close(struct screen *s);

/* Where keys come from. */
int screen_fd(const struct screen *s);

void screen_size(const struct screen *s, int *rows, int *columns);

/* A character, an enum screen_key, or SCREEN_NONE: no key was hit. */
long screen_key(struct screen *s);
void screen_click(const struct screen *s, int *row, int *column);

void screen_erase(struct screen *s);

/*
 * @text, which is UTF-8, and blanks, @width columns of them; what is too long
 * is cut, and seen to be.  With @right it stands at the right.
 */
void screen_put(struct screen *s, int row, int column, int width, int style,
		bool right, const char *text);

/* As much of it as there is room for, at the left; returns how many bytes. */
size_t screen_put_part(struct screen *s, int row, int column, int width,
		       const char *text);

/* Puts the cursor there, or hides it where @row is less than 0. */
void screen_cursor(struct screen *s, int row, int column);

/* Whether the terminal has taken the last picture; until then none is drawn. */
bool screen_is_ready(struct screen *s);
void screen_show(struct screen *s);

/* To the terminal's clipboard, where it has one (OSC 52). */
void screen_copy(struct screen *s, const char *text);

#endif
