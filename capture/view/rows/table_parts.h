/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What table.c and its parts share: table_describe.c has what any row says, and
 * table_connections.c, table_actors.c and table_places.c each make one sort of
 * rows.  Times are nanoseconds, rates bytes in a second.
 *
 * Without memory a row or a text is missing, and table.error says so.
 */
#ifndef PKTWHO_VIEW_ROWS_TABLE_PARTS_H
#define PKTWHO_VIEW_ROWS_TABLE_PARTS_H

#include "view/rows/table.h"
#include "view/rows/table_rows.h"
#include "view/rows/texts.h"

struct table {
	const struct table_spec *spec; /* while it is built */
	enum table_group group;
	bool apart; /* table_tell_apart() was called */
	bool mixed; /* some packet is of IPv4 and IPv6 */
	struct table_rows rows;
	struct row total;
	struct texts *texts; /* of the rows */
	int error;
};

/* ---- table_describe.c ---- */

/* The end that is not here; of two that are, who was asked. */
enum flow_side flow_remote_side(const struct flow *f);

/* Closed, it only waits for its last acknowledgments. */
bool flow_is_open(const struct flow *f);

/* What its executable stands out by, enum row_alert. */
uint8_t actor_alerts(const struct actor *a);

/* Whether what was last seen then is shown yet. */
bool table_lingers(const struct table_spec *spec, uint64_t last_mono_ns);

/* What is over has a row of its own for a while only. */
bool table_lists(const struct table *t, const struct flow *f);

/* The row of that key, maybe a new one; NULL without memory. */
struct row *table_get_row(struct table *t, const struct row_key *k);

/* A copy that lives as long as the rows; "" without memory. */
const char *table_keep(struct table *t, const char *text);

/* What a query is asked about; @side is an enum flow_side, or -1 for both. */
const struct query_subject *
table_subject(struct query_subject *s, const struct table *t,
	      const struct flow *f, struct actor *const actors[2], int side);

void table_describe_actor(struct table *t, struct row *r,
			  const struct actor *a);
void table_describe_domain(struct row *r, struct table *t, const struct flow *f,
			   enum flow_side remote);

/* @side is the end that this row calls its own; of two, after one another. */
void table_add_side(const struct table *t, struct row *r,
		    const struct flow_part *p, enum flow_side side);

/* What both sides of a part have in common is once in a row. */
void table_add_packets(struct row *r, const struct flow_part *p);

/* And what all its parts have, too. */
void table_add_whole(struct table *t, struct row *r, const struct flow *f);

/* ---- the parts: each adds a flow to the rows that it is in ---- */

void table_add_connection(struct table *t, const struct flow *f);
void table_add_actors(struct table *t, const struct flow *f);
void table_add_place(struct table *t, const struct flow *f);

/* For actors_each(): the flows that are forgotten.  @ctx is the table. */
void table_add_past(void *ctx, struct actor *a);

/* Once all have rows: which row's other end has one, too. */
void table_note_place(struct table *t, const struct flow *f);

#endif
