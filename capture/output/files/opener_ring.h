/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The files of a ring: which are there, which go when the next one is made, and
 * which stay for ever.  It works in one directory, with no path but names in it.
 */
#ifndef PKTWHO_OUTPUT_FILES_OPENER_RING_H
#define PKTWHO_OUTPUT_FILES_OPENER_RING_H

#include <limits.h>

#include "output/files/opener.h"

/* Begins with the options, the base name and the directory; the rest is 0. */
struct opener_ring {
	struct opener_options options;
	char base[NAME_MAX + 1];
	int dir_fd;		      /* the caller closes it */
	uint32_t number;	      /* of the last name */
	struct made *oldest, *newest; /* of those that may be removed */
	uint64_t count, bytes;	      /* of those in the list */
};

/* Takes over what an earlier run left: a budget holds over a restart, too. */
void opener_ring_find_earlier(struct opener_ring *r);

/* Removes files that are too many; returns a new one, or -errno. */
int opener_ring_next(struct opener_ring *r, char name[NAME_MAX + 1]);

/*
 * Renames the files so that no ring takes them for its own, in this run or a
 * later one, and forgets them.
 */
void opener_ring_freeze(struct opener_ring *r);

#endif
