/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `pktwho strip`: a file without what it tells of processes, or of what they
 * can do without, to be handed on.
 */
#ifndef PKTWHO_ARCHIVE_STRIP_H
#define PKTWHO_ARCHIVE_STRIP_H

#include "options.h"

struct archive_list;

struct strip_options {
	unsigned what;			/* enum strip_what */
	const char *path;		/* of the new file; "-" is stdout */
	enum compression compression;
};

/* The first file of @l.  How many packets it has, or -errno (logged). */
long archive_strip(struct archive_list *l, const struct strip_options *o);

#endif
