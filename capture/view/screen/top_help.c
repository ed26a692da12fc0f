/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <limits.h>
#include <string.h>

#include "view/screen/top_state.h"

#define TEXT_AT	   17 /* column; keys stand before it */
#define TEXT_LEAST 12 /* columns of it */

static const struct {
	const char *keys; /* NULL: the text has the whole line */
	const char *text;
} help[] = {
	{ "1-7, Tab", "connections, processes, programs, hosts, countries, "
		      "..." },
	{ "Up, Down, wheel", "another row; also j k, Page Up, Page Down, "
			     "Home, End" },
	{ "Enter", "details of the row; Page Down and Page Up scroll them" },
	{ "/", "filter: words, or field:value with the fields proc pid user "
	       "container unit country host app port proto state how, and "
	       "\"not\", \"or\", ( ), host:192.0.2.0/24" },
	{ "p", "filter by the name of a process" },
	{ "Esc", "no filter" },
	{ "s > <", "sort by the next column, or the one before" },
	{ "r", "reverse the order; a click on a title does both" },
	{ "t", "also what ended more than ten seconds ago" },
	{ "l", "sockets that listen, with their process; l goes back" },
	{ "Space", "pause: the picture stands still, counting goes on" },
	{ "y", "copy a Wireshark display filter for the row" },
	{ "e", "save what is shown to a file until e (-w, -r: copy a "
	       "command)" },
	{ "q, ^C", "quit" },
	{ NULL, "" },
	{ NULL, "UP is what this host's end sent.  ! marks what stands out; "
		"the details say why.  (remote) and the like: no process of "
		"this host." },
};

#define ENTRIES (sizeof(help) / sizeof(*help))

/* Bytes of @text for a line of @width: whole words, if there is one. */
static int words_for(const char *text, int width)
{
	int end = width;

	if ((int)strlen(text) <= width)
		return (int)strlen(text);
	while (end && text[end] != ' ')
		end--;
	return end ? end : width;
}

/* The first of its lines is @y of the page.  Returns how many it has. */
static int draw_entry(struct top *t, size_t i, int y)
{
	const char *text = help[i].text;
	int at = help[i].keys ? TEXT_AT : 1, width = top_width(t) - at;
	int lines = 0, n;

	if (width < TEXT_LEAST)
		width = TEXT_LEAST;
	do {
		int row = TOP_FIRST_ROW + y + lines;
		bool is_seen = y + lines >= 0 && y + lines < top_page(t);

		n = words_for(text, width);
		if (is_seen && !lines && help[i].keys)
			screen_put(t->screen, row, 1, TEXT_AT - 1, STYLE_PLAIN,
				   false, help[i].keys);
		if (is_seen)
			screen_put_part(t->screen, row, at, n, text);
		lines++;
		text += n;
		text += strspn(text, " ");
	} while (*text);
	return lines;
}

static int draw_entries(struct top *t, int y)
{
	int lines = 0;

	for (size_t i = 0; i < ENTRIES; i++)
		lines += draw_entry(t, i, y + lines);
	return lines;
}

void top_draw_help(struct top *t)
{
	/* Far above the page, nothing of them is seen. */
	int hidden = draw_entries(t, INT_MIN / 2) - top_page(t);

	if (t->scrolled > hidden)
		t->scrolled = hidden > 0 ? hidden : 0;
	draw_entries(t, -t->scrolled);
	screen_put(t->screen, 2, 0, top_width(t), STYLE_BAR, false,
		   hidden > 0 ? "Keys; Page Down: more, Esc: back" :
				"Keys; any key goes back");
}
