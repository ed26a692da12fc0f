/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/screen/screen_parts.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "host/log.h"
#include "printable.h"

#define ESCAPE_MS   50 /* an arrow key's bytes are there by then */
#define MAX_COLUMNS 512
#define SHOW_MS	    20	 /* then a picture goes on with the next turn */
#define PATIENCE_MS 1000 /* of the last one */
#define CUT_MARK    "\u2026"

enum { PAIR_BAR = 1, PAIR_ALERT };

/* Where a user wants no colors there are none: no-color.org. */
static bool want_colors(void)
{
	const char *no = getenv("NO_COLOR");

	return !(no && *no) && has_colors();
}

static void open_colors(struct screen *s)
{
	s->colors = want_colors() && start_color() == OK;
	if (!s->colors)
		return;
	/* On the terminal's own background, light or dark. */
	use_default_colors();
	init_pair(PAIR_BAR, COLOR_BLUE, -1);
	init_pair(PAIR_ALERT, COLOR_RED, -1);
}

/* Without it, as with TERM=dumb, curses draws what nobody can read. */
static bool can_place_text(void)
{
	const char *cup = tigetstr("cup");

	return cup && cup != (const char *)-1;
}

static void free_screen(struct screen *s)
{
	if (s->in)
		fclose(s->in);
	if (s->out) {
		fclose(s->out);
		s->outlet.curses = -1;
		outlet_close(&s->outlet);
	}
	free(s);
}

static bool open_outlet(struct screen *s)
{
	if (outlet_open(&s->outlet, STDOUT_FILENO))
		return false;
	s->out = fdopen(s->outlet.curses, "w");
	if (!s->out)
		outlet_close(&s->outlet);
	return s->out;
}

/* ^S is no key of ours, and would stop the pictures until somebody knows why. */
static void leave_no_flow_control(const struct screen *s)
{
	struct termios t;

	if (tcgetattr(s->outlet.curses, &t))
		return;
	t.c_iflag &= ~(tcflag_t)IXON;
	tcsetattr(s->outlet.curses, TCSANOW, &t);
	def_prog_mode();
}

/* Pads are never drawn by asking them for a key, as the screen may be. */
static bool open_keys(struct screen *s)
{
	s->keys = newpad(1, 1);
	if (!s->keys)
		return false;
	nodelay(s->keys, TRUE);
	keypad(s->keys, TRUE);
	return true;
}

int screen_open(struct screen **out)
{
	struct screen *s = calloc(1, sizeof(*s));
	struct termios before;

	if (!s)
		return -ENOMEM;
	/* What is read may be the packets. */
	if (!isatty(STDIN_FILENO))
		s->in = fopen("/dev/tty", "r+e");
	if (!isatty(STDOUT_FILENO) || (!isatty(STDIN_FILENO) && !s->in)) {
		log_error("no terminal to draw on: use --batch");
		free_screen(s);
		return -ENOTTY;
	}
	s->cursor_row = -1;
	setlocale(LC_CTYPE, "");
	s->utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	tcgetattr(STDOUT_FILENO, &before);
	if (!open_outlet(s)) {
		free_screen(s);
		return -ENOMEM;
	}
	s->terminal = newterm(NULL, s->out, s->in ? s->in : stdin);
	if (!s->terminal) {
		const char *term = getenv("TERM");

		log_error("terminal \"%s\" is not known: set TERM, or use "
			  "--batch",
			  term ? term : "");
		free_screen(s);
		return -ENOTTY;
	}
	if (!can_place_text()) {
		log_error("terminal \"%s\" has no way to place text: use "
			  "--batch",
			  getenv("TERM"));
		delscreen(s->terminal);
		free_screen(s);
		return -ENOTTY;
	}
	if (!open_keys(s)) {
		delscreen(s->terminal);
		free_screen(s);
		return -ENOMEM;
	}
	keeper_start(&s->keeper, STDOUT_FILENO, &before);
	cbreak();
	noecho();
	leave_no_flow_control(s);
	set_escdelay(ESCAPE_MS);
	mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
	mouseinterval(0);
	curs_set(0);
	open_colors(s);
	log_hold();
	*out = s;
	return 0;
}

void screen_close(struct screen *s)
{
	if (!s)
		return;
	if (!outlet_flush(&s->outlet, PATIENCE_MS))
		outlet_drop(&s->outlet);
	endwin();
	keeper_stop(&s->keeper);
	delwin(s->keys);
	delscreen(s->terminal);
	log_release();
	free_screen(s);
}

int screen_fd(const struct screen *s)
{
	return s->in ? fileno(s->in) : STDIN_FILENO;
}

void screen_size(const struct screen *s, int *rows, int *columns)
{
	(void)s;
	getmaxyx(stdscr, *rows, *columns);
}

/* ---- the picture ---- */

void screen_erase(struct screen *s)
{
	(void)s;
	erase();
}

/* Where there is no UTF-8; of our own characters one is alike. */
static wchar_t ascii_char(const char *text, size_t len)
{
	static const struct {
		const char *text;
		wchar_t ascii;
	} alike[] = { { "\u2192", L'>' }, { CUT_MARK, L'+' } };

	for (size_t i = 0; i < sizeof(alike) / sizeof(*alike); i++)
		if (len == strlen(alike[i].text) &&
		    !memcmp(text, alike[i].text, len))
			return alike[i].ascii;
	return len == 1 ? (wchar_t)*text : L'?';
}

/*
 * The next character as it is drawn, and how wide.  What draws nothing by
 * itself would put marks on its neighbour; "?" stands for it.
 */
static size_t next_char(const struct screen *s, const char *text, wchar_t *c,
			int *width)
{
	size_t len = strlen(text), n = printable_length(text, len);
	mbstate_t state = { 0 };

	*c = ascii_char(text, n);
	*width = 1;
	if (n > 1 && s->utf8 && mbrtowc(c, text, n, &state) == n) {
		*width = wcwidth(*c);
		if (*width < 1) {
			*c = L'?';
			*width = 1;
		}
	}
	return n ? n : 1;
}

static int style_attributes(const struct screen *s, int style)
{
	int attributes = style & STYLE_SELECTED ? A_REVERSE : 0;

	switch (style & ~STYLE_SELECTED) {
	case STYLE_BAR:
		attributes |= A_REVERSE |
			      (s->colors ? COLOR_PAIR(PAIR_BAR) : 0);
		break;
	case STYLE_BOLD:
		attributes |= A_BOLD;
		break;
	case STYLE_DIM:
		attributes |= A_DIM;
		break;
	case STYLE_ALERT:
		attributes |= A_BOLD | (s->colors ? COLOR_PAIR(PAIR_ALERT) : 0);
		break;
	}
	return attributes;
}

/* Characters of one line, as wide as they are drawn. */
struct cells {
	wchar_t chars[MAX_COLUMNS + 1];
	int widths[MAX_COLUMNS + 1];
	int count;
	int width;
};

/* Returns the bytes of @text that there was room for. */
static size_t fill_cells(const struct screen *s, struct cells *l, int room,
			 const char *text)
{
	const char *begin = text;

	l->count = l->width = 0;
	while (*text) {
		int *wide = &l->widths[l->count];
		size_t n = next_char(s, text, &l->chars[l->count], wide);

		if (l->width + *wide > room)
			break;
		l->width += *wide;
		l->count++;
		text += n;
	}
	return (size_t)(text - begin);
}

/* That it was cut is seen; of a letter or two nothing would be left. */
static void mark_cut(const struct screen *s, struct cells *l, int room)
{
	if (room < 4 || !l->count)
		return;
	l->width -= l->widths[--l->count];
	next_char(s, CUT_MARK, &l->chars[l->count], &l->widths[l->count]);
	l->width += l->widths[l->count++];
}

static void draw_cells(const struct screen *s, int row, int column, int room,
		       int style, bool right, const struct cells *l)
{
	attrset(style_attributes(s, style));
	mvhline(row, column, ' ' | (chtype)style_attributes(s, style), room);
	mvaddnwstr(row, column + (right ? room - l->width : 0), l->chars,
		   l->count);
	attrset(A_NORMAL);
}

/* The columns that the terminal has, of those; less than 1 if none. */
static int columns_left(int row, int column, int width)
{
	int rows, columns;

	getmaxyx(stdscr, rows, columns);
	if (row < 0 || row >= rows)
		return 0;
	if (width > columns - column)
		width = columns - column;
	return width < MAX_COLUMNS ? width : MAX_COLUMNS;
}

void screen_put(struct screen *s, int row, int column, int width, int style,
		bool right, const char *text)
{
	int room = columns_left(row, column, width);
	struct cells line;

	if (room < 1)
		return;
	if (text[fill_cells(s, &line, room, text)])
		mark_cut(s, &line, room);
	draw_cells(s, row, column, room, style, right, &line);
}

size_t screen_put_part(struct screen *s, int row, int column, int width,
		       const char *text)
{
	int room = columns_left(row, column, width);
	struct cells line;
	size_t n;

	if (room < 1)
		return 0;
	n = fill_cells(s, &line, room, text);
	draw_cells(s, row, column, room, STYLE_PLAIN, false, &line);
	return n;
}

void screen_cursor(struct screen *s, int row, int column)
{
	s->cursor_row = row;
	s->cursor_column = column;
}

bool screen_is_ready(struct screen *s)
{
	return outlet_flush(&s->outlet, 0);
}

void screen_show(struct screen *s)
{
	outlet_catch(&s->outlet);
	curs_set(s->cursor_row >= 0);
	if (s->cursor_row >= 0)
		move(s->cursor_row, s->cursor_column);
	refresh();
	outlet_release(&s->outlet);
	outlet_flush(&s->outlet, SHOW_MS);
}

void screen_copy(struct screen *s, const char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	static const char begin[] = "\033]52;c;", end[] = "\033\\";
	size_t len = strlen(text);

	outlet_add(&s->outlet, begin, sizeof(begin) - 1);
	for (size_t i = 0; i < len; i += 3) {
		unsigned bits = 0;
		int have = len - i < 3 ? (int)(len - i) : 3;
		char four[4];

		for (int k = 0; k < 3; k++)
			bits = bits << 8 |
			       (k < have ? (unsigned char)text[i + (size_t)k] :
					   0);
		for (int k = 0; k < 4; k++)
			four[k] = k <= have ?
					  digits[bits >> (18 - 6 * k) & 63] :
					  '=';
		outlet_add(&s->outlet, four, sizeof(four));
	}
	outlet_add(&s->outlet, end, sizeof(end) - 1);
	outlet_flush(&s->outlet, SHOW_MS);
}
