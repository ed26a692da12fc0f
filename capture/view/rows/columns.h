/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What stands in which column of a table, and how wide it is.  Pure. */
#ifndef PKTWHO_VIEW_ROWS_COLUMNS_H
#define PKTWHO_VIEW_ROWS_COLUMNS_H

#include <stdbool.h>

#include "view/rows/table.h"

#define COLUMN_TEXT 128 /* bytes that hold any cell */

/* As the head of the table has it, and as JSON does. */
const char *column_title(enum column c, enum table_group group);
const char *column_word(enum column c);

/* Whether it is a number, which stands at the right. */
bool column_is_number(enum column c);

/* Whether a table of this kind has it. */
bool column_is_of(enum column c, enum table_group group);

/* @now_ns: Unix epoch. */
void column_cell(enum column c, const struct row *r, uint64_t now_ns,
		 char out[COLUMN_TEXT]);

/*
 * Of an address that is longer than @width its port stays:
 * "[2001:dc7:10…]:443".
 */
void column_keep_port(enum column c, int width, char cell[COLUMN_TEXT]);

/* Less, equal or greater than 0, as by strcmp(3). */
int column_compare(enum column c, const struct row *a, const struct row *b);

struct column_place {
	enum column column;
	int width;
};

/*
 * The columns for which there is room, from left to right, one blank between
 * them; after the first @wanted is the one that has it before all others.
 * Returns how many.
 */
int columns_place(enum table_group group, enum column wanted, int width,
		  struct column_place places[COLUMNS]);

/* "0", "999", "1.2K", "34M": at most five characters; by 1024. */
void column_bytes(uint64_t n, char out[COLUMN_TEXT]);

/* "0s", "59s", "12m", "3h": how long that is. */
void column_duration(uint64_t ns, char out[COLUMN_TEXT]);

/* "192.0.2.1:443", "[2001:db8::1]:53", "192.0.2.1", or "". */
void column_address(const struct flow_key *k, enum flow_side side,
		    char out[COLUMN_TEXT]);

/* Why it stands out: "executable deleted, ...", or "". */
#define COLUMN_ALERTS 320
void column_alerts(uint8_t alerts, char out[COLUMN_ALERTS]);

#endif
