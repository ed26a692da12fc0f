/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the user types to see less: words that all must be found somewhere in
 * a row, "field:value", "not", "or", parentheses.  Fields: proc, pid, user,
 * container, unit, country, host (an address, a network as 192.0.2.0/24, or a
 * part of one, or of a name, with a port behind it or without), app (or what
 * a part of its detail begins with, as TLS), port (or a range), proto, state,
 * how (with its reason).  Case does not count; a value with "*" or "?" is a
 * pattern, any other may be a part.  Pure.
 */
#ifndef PKTWHO_VIEW_ROWS_QUERY_H
#define PKTWHO_VIEW_ROWS_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet/network.h"
#include "process/filter/expression.h"
#include "view/flows/flows.h"
#include "view/flows/resolved.h"

#define QUERY_TERMS 16
#define QUERY_TEXT  96

struct query_term {
	uint8_t field;
	bool pattern;
	uint32_t low, high;	/* numbers */
	struct network network; /* bits 0: none */
	char text[QUERY_TEXT];
};

struct query {
	struct query_term terms[QUERY_TERMS];
	int term_count;
	struct expression expression; /* empty: everything matches */
};

/*
 * 0, or -EINVAL: then @why has a few words for the user and *@q matches
 * everything.
 */
int query_compile(struct query *q, const char *text, char *why, size_t size);

/* Which fields there are, for the user; @text is terminated. */
void query_list_fields(char *text, size_t size);

/* What two owners exchange, or what of it is the row of one of them. */
struct query_subject {
	const struct flow *flow; /* NULL: nothing is known but the actor */
	const struct actor *actors[2];
	int side;		      /* enum flow_side; -1: of both */
	const struct resolved *names; /* of addresses, or NULL */
};

bool query_matches(const struct query *q, const struct query_subject *s);

/* Whether it asks for nothing that an actor alone does not tell. */
bool query_is_about_actors(const struct query *q);

#endif
