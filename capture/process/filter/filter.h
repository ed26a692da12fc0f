/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Decides which processes' packets to keep.  Terms of one kind are
 * alternatives; those of different kinds must all hold for the same process.
 * Pure.
 */
#ifndef PKTWHO_PROCESS_FILTER_FILTER_H
#define PKTWHO_PROCESS_FILTER_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "process/filter/kinds.h"
#include "process/filter/keep.h"

struct process;

#define FILTER_MAX_TERMS 16 /* of one kind */
#define FILTER_SHORT_ID	 12 /* hexadecimal digits that container tools show */

/* The strings are borrowed. */
struct filter {
	const char *terms[FILTER_KINDS][FILTER_MAX_TERMS];
	int counts[FILTER_KINDS];
	struct keep keep; /* which must hold, too */
	bool follow;	  /* descendants of what matches match too */
};

/* False when there are too many of that kind. */
bool filter_add(struct filter *f, enum filter_kind kind, const char *term);
/*
 * "a, b": cut apart where it stands; blanks around a term and empty ones do
 * not count.  How many there were, or -E2BIG: too many of that kind.
 */
int filter_add_list(struct filter *f, enum filter_kind kind, char *list);
/* Without terms it is empty, and nothing should be asked of it. */
bool filter_is_empty(const struct filter *f);
/* True if a term stands for more than one name: glob(7). */
bool filter_is_pattern(const char *term);
bool filter_matches(const struct filter *f, const struct process *p);
/*
 * The term, in a list, for that name and no other, or for very few: a comma
 * cannot be said but as "any character".
 */
void filter_quote(char *out, size_t size, const char *name);

/* Asks only the terms that the name decides: FILTER_PROC. */
bool filter_matches_name(const struct filter *f, const char *name);

#endif
