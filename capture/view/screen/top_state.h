/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What top.c and its parts share. */
#ifndef PKTWHO_VIEW_SCREEN_TOP_STATE_H
#define PKTWHO_VIEW_SCREEN_TOP_STATE_H

#include "view/rows/columns.h"
#include "view/rows/row_filter.h"
#include "view/screen/screen.h"
#include "view/rows/sockets.h"
#include "view/screen/top.h"

#define TOP_FIRST_ROW 3 /* of the screen; above: bars and titles */
#define TOP_TEXT      128
#define TOP_SORT      COLUMN_DOWN /* before anybody chooses */

enum top_mode { TOP_LIST, TOP_DETAILS, TOP_HELP, TOP_SOCKETS };

struct top {
	struct top_options options;
	struct screen *screen;
	struct table *table;
	const struct owners *owners; /* NULL: nobody tells of sockets */
	struct sockets *sockets;
	int scrolled;	   /* lines of the details or the help */
	long first_socket; /* at the top of the screen */
	struct view_losses losses;
	enum top_mode mode;
	enum table_group group;
	enum column sort[GROUPS];
	bool ascending[GROUPS];
	bool ended;
	bool paused;
	bool is_last;			/* nothing more comes */
	bool typing;			/* the query */
	char text[TOP_TEXT];		/* of it, as typed */
	char before[TOP_TEXT];		/* what Escape goes back to */
	char why[TOP_TEXT];		/* it is no query */
	struct query query;		/* the last that was one */
	char message[ROW_FILTER + 100]; /* one line, until the next key */
	unsigned told;			/* lines of the log */
	char missing[512];		/* what no filter can find, and why */
	struct row_key cursor;		/* the row, wherever it goes */
	long at;			/* where it was */
	long first;			/* row at the top of the screen */
	uint64_t built_ns;		/* the rows; CLOCK_MONOTONIC */
	uint64_t build_took_ns;
	uint64_t drawn_ns;
	uint64_t now_ns;  /* Unix epoch, of what is drawn */
	bool has_seen;	  /* a connection; the first is shown at once */
	bool stale;	  /* the rows are no longer what is asked */
	bool save_failed; /* which was said */
	bool dirty;	  /* nor is the picture what it should be */
};

/* Rows of the table that the screen has room for. */
int top_page(const struct top *t);

int top_width(const struct top *t);

/* As columns_place() has them: what they are sorted by is among them. */
int top_columns(const struct top *t, struct column_place places[COLUMNS]);

/* False when it is enough. */
bool top_key(struct top *t, long key);

/* The cursor stays on its row; where that has gone, it stays in its place. */
void top_follow(struct top *t);

void top_draw(struct top *t);
void top_draw_details(struct top *t); /* of the row; there is one */
void top_draw_help(struct top *t);

/* What is typed filters at once; it begins with @with. */
void top_begin_typing(struct top *t, const char *with);
void top_typing_key(struct top *t, long key);
void top_set_text(struct top *t, const char *text);

/* Of the row; there is one. */
void top_filter(struct top *t, char out[ROW_FILTER]);

/* For the clipboard, or into a file. */
void top_copy_filter(struct top *t);
void top_export(struct top *t);

/* Says it when the file cannot be written. */
void top_watch_saved(struct top *t);

#endif
