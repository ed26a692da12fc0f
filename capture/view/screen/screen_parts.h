/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The screen from inside: screen.c draws, screen_keys.c hears. */
#ifndef PKTWHO_VIEW_SCREEN_SCREEN_PARTS_H
#define PKTWHO_VIEW_SCREEN_SCREEN_PARTS_H

#include <ncurses.h>
#include <stdbool.h>
#include <stdio.h>

#include "view/screen/keeper.h"
#include "view/screen/outlet.h"
#include "view/screen/screen.h"

struct screen {
	SCREEN *terminal;
	FILE *in;  /* ours, or NULL: the standard input */
	FILE *out; /* through the outlet */
	struct outlet outlet;
	WINDOW *keys;		       /* asked for them, it draws nothing */
	int cursor_row, cursor_column; /* less than 0: there is none */
	struct keeper keeper;
	bool utf8;
	bool colors;
	bool has_mouse; /* more of it may wait */
	int click_row;
	int click_column;
};

#endif
