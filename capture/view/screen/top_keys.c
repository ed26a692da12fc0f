/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the keys do. */
#include "view/screen/top_state.h"

#include <stdio.h>
#include <string.h>

static void move_to(struct top *t, long at)
{
	long last = (long)table_count(t->table) - 1;

	t->at = at > last ? last : at;
	if (t->at < 0)
		t->at = 0;
	if (last >= 0)
		t->cursor = table_row(t->table, (size_t)t->at)->key;
}

void top_follow(struct top *t)
{
	long at = table_find(t->table, &t->cursor);
	int page = top_page(t);

	move_to(t, at >= 0 ? at : t->at);
	if (t->first > t->at)
		t->first = t->at;
	if (t->first < t->at - page + 1)
		t->first = t->at - page + 1;
	if (t->first < 0)
		t->first = 0;
}

static void set_group(struct top *t, int group)
{
	t->group = (enum table_group)((group + GROUPS) % GROUPS);
	t->mode = TOP_LIST;
	t->at = t->first = 0;
	memset(&t->cursor, 0, sizeof(t->cursor));
	t->stale = true;
}

/* The next column in that direction, which need not be on the screen yet. */
static void set_sort(struct top *t, int step)
{
	int c = (int)t->sort[t->group];

	do
		c = (c + step + COLUMNS) % COLUMNS;
	while (!column_is_of((enum column)c, t->group));
	t->sort[t->group] = (enum column)c;
	t->stale = true;
}

static void sort_by(struct top *t, int column)
{
	struct column_place places[COLUMNS];
	int count = top_columns(t, places), x = 0;

	for (int i = 0; i < count; x += places[i++].width + 1) {
		if (column < x || column > x + places[i].width)
			continue;
		if (t->sort[t->group] == places[i].column)
			t->ascending[t->group] = !t->ascending[t->group];
		t->sort[t->group] = places[i].column;
	}
	t->stale = true;
}

static void show_details(struct top *t)
{
	t->mode = table_count(t->table) ? TOP_DETAILS : TOP_LIST;
	t->scrolled = 0;
}

static void click(struct top *t)
{
	int row, column;
	long at;

	screen_click(t->screen, &row, &column);
	at = t->first + row - TOP_FIRST_ROW;
	if (row == TOP_FIRST_ROW - 1)
		sort_by(t, column);
	else if (row >= TOP_FIRST_ROW && at == t->at)
		show_details(t);
	else if (row >= TOP_FIRST_ROW && row < TOP_FIRST_ROW + top_page(t))
		move_to(t, at);
}

static void show_sockets(struct top *t)
{
	if (!t->owners) {
		snprintf(t->message, sizeof(t->message),
			 "what is captured elsewhere does not tell of sockets");
		return;
	}
	t->mode = TOP_SOCKETS;
	t->first_socket = 0;
}

static void scroll_sockets(struct top *t, long rows)
{
	long last = (long)sockets_count(t->sockets) - top_page(t);

	t->first_socket += rows;
	if (t->first_socket > last)
		t->first_socket = last;
	if (t->first_socket < 0)
		t->first_socket = 0;
}

static void sockets_key(struct top *t, long key)
{
	switch (key) {
	case SCREEN_UP:
	case 'k':
		scroll_sockets(t, -1);
		break;
	case SCREEN_DOWN:
	case 'j':
		scroll_sockets(t, 1);
		break;
	case SCREEN_PAGE_UP:
		scroll_sockets(t, -top_page(t));
		break;
	case SCREEN_PAGE_DOWN:
		scroll_sockets(t, top_page(t));
		break;
	case SCREEN_HOME:
	case 'g':
		t->first_socket = 0;
		break;
	case SCREEN_END:
	case 'G':
		scroll_sockets(t, SOCKETS_MAX);
		break;
	case 'q':
	case 'l':
	case SCREEN_ESCAPE:
		t->mode = TOP_LIST;
		break;
	}
}

static bool move_key(struct top *t, long key)
{
	switch (key) {
	case SCREEN_UP:
	case 'k':
		move_to(t, t->at - 1);
		return true;
	case SCREEN_DOWN:
	case 'j':
		move_to(t, t->at + 1);
		return true;
	case SCREEN_PAGE_UP:
		move_to(t, t->at - top_page(t));
		return true;
	case SCREEN_PAGE_DOWN:
		move_to(t, t->at + top_page(t));
		return true;
	case SCREEN_HOME:
	case 'g':
		move_to(t, 0);
		return true;
	case SCREEN_END:
	case 'G':
		move_to(t, (long)table_count(t->table) - 1);
		return true;
	default:
		return false;
	}
}

/* To what is below the screen, and back. */
static bool scroll_key(struct top *t, long key)
{
	int step = top_page(t) / 2 + 1;

	if (key == SCREEN_PAGE_DOWN)
		t->scrolled += step;
	else if (key == SCREEN_PAGE_UP)
		t->scrolled = t->scrolled > step ? t->scrolled - step : 0;
	return key == SCREEN_PAGE_DOWN || key == SCREEN_PAGE_UP;
}

/* What does not scroll goes back.  Drawing knows where the end is. */
static void help_key(struct top *t, long key)
{
	if (key == SCREEN_DOWN)
		t->scrolled++;
	else if (key == SCREEN_PAGE_DOWN)
		t->scrolled += top_page(t);
	else if (key == SCREEN_UP)
		t->scrolled--;
	else if (key == SCREEN_PAGE_UP)
		t->scrolled -= top_page(t);
	else if (key != SCREEN_RESIZED)
		t->mode = TOP_LIST;
	if (t->scrolled < 0)
		t->scrolled = 0;
}

static void toggle(struct top *t, bool *what)
{
	*what = !*what;
	t->stale = true;
}

static void list_key(struct top *t, long key)
{
	if (key >= '1' && key < '1' + GROUPS) {
		set_group(t, (int)(key - '1'));
		return;
	}
	switch (key) {
	case '\t':
		set_group(t, (int)t->group + 1);
		break;
	case SCREEN_TAB_BACK:
		set_group(t, (int)t->group - 1);
		break;
	case '/':
		top_begin_typing(t, "");
		break;
	case 'p':
		top_begin_typing(t, "proc:");
		break;
	case SCREEN_ESCAPE:
		top_set_text(t, "");
		break;
	case 's':
	case '>':
		set_sort(t, 1);
		break;
	case '<':
		set_sort(t, -1);
		break;
	case 'r':
		toggle(t, &t->ascending[t->group]);
		break;
	case 't':
		toggle(t, &t->ended);
		break;
	case ' ':
		/* It stands still as it is, and goes on with what is new. */
		t->paused = !t->paused;
		t->stale |= !t->paused;
		break;
	case 'l':
		show_sockets(t);
		break;
	case 'y':
		top_copy_filter(t);
		break;
	case 'e':
		top_export(t);
		break;
	case SCREEN_ENTER:
		show_details(t);
		break;
	case SCREEN_CLICK:
		click(t);
		break;
	case '?':
	case 'h':
	case SCREEN_HELP:
		t->mode = TOP_HELP;
		t->scrolled = 0;
		break;
	default:
		move_key(t, key);
	}
}

bool top_key(struct top *t, long key)
{
	bool leaves = key == 'q' || key == SCREEN_ESCAPE || key == SCREEN_ENTER;

	t->dirty = true;
	*t->message = '\0';
	if (t->typing) {
		top_typing_key(t, key);
	} else if (t->mode == TOP_LIST && key == 'q') {
		return false;
	} else if (t->mode == TOP_SOCKETS) {
		sockets_key(t, key);
	} else if (t->mode == TOP_HELP) {
		help_key(t, key);
	} else if (t->mode == TOP_DETAILS && leaves) {
		t->mode = TOP_LIST;
	} else if (t->mode == TOP_DETAILS && scroll_key(t, key)) {
		/* The rest of it. */
	} else if (t->mode == TOP_DETAILS && move_key(t, key)) {
		t->scrolled = 0; /* the details of the next one */
	} else {
		list_key(t, key);
	}
	return true;
}
