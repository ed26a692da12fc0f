/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rows, each found by its key, and in an order.  Pure, but allocates; a struct
 * of zeros is an empty set.  Pointers to rows hold until a row is added or some
 * are dropped.
 */
#ifndef PKTWHO_VIEW_ROWS_TABLE_ROWS_H
#define PKTWHO_VIEW_ROWS_TABLE_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "view/rows/table.h"

struct table_rows {
	struct row *rows; /* as they were added */
	size_t count;
	size_t room;
	uint32_t *index; /* row number + 1, by key */
	size_t mask;
	uint32_t *order; /* row numbers: rows are large to move */
	uint32_t *place; /* where each is in it */
};

/* Leaves an empty set. */
void table_rows_fini(struct table_rows *s);

/* Forgets the rows and keeps their memory. */
void table_rows_clear(struct table_rows *s);

/* The row of that key; a new one is empty.  NULL without memory. */
struct row *table_rows_get(struct table_rows *s, const struct row_key *k);

/* The same, or NULL if there is none. */
struct row *table_rows_find(const struct table_rows *s,
			    const struct row_key *k);

/* Drops the rows that are not wanted. */
void table_rows_keep(struct table_rows *s,
		     bool (*is_wanted)(const void *ctx, const struct row *r),
		     const void *ctx);

/* Rows that compare as equal are in the order of their keys. */
void table_rows_sort(struct table_rows *s,
		     int (*compare)(const void *ctx, const struct row *a,
				    const struct row *b),
		     const void *ctx);

/* As they were last sorted; @i is less than count. */
const struct row *table_rows_nth(const struct table_rows *s, size_t i);

/* Where the row of that key is then, or -1. */
long table_rows_place(const struct table_rows *s, const struct row_key *k);

#endif
