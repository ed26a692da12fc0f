/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `pktwho find`: which files have packets of a process, or of a peer, by what
 * their ends say.  Packets are read of a file that may have some of that peer,
 * that is still written, or that another program has written.
 */
#ifndef PKTWHO_ARCHIVE_FIND_H
#define PKTWHO_ARCHIVE_FIND_H

#include <stdint.h>

struct archive_list;
struct filter;
struct peer;

struct find_options {
	const struct filter *filter;
	const struct peer *peer;
	uint64_t from_ns; /* Unix time */
};

/*
 * Prints a line for each process in each file, with what is to be seen of it
 * from then on.  How many there were; a file that cannot be read is told of, and
 * left out.
 */
long archive_find(struct archive_list *l, const struct find_options *o);

#endif
