/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `pktwho strip`: a file without what it tells of processes, or of what they
 * can do without, to be handed on.
 */
#ifndef PKTWHO_ARCHIVE_STRIP_H
#define PKTWHO_ARCHIVE_STRIP_H

#include "options.h"

struct archive_list;
struct opener;

struct strip_options {
	unsigned what;	   /* enum strip_what */
	struct opener *to; /* who makes the new file */
	const char *path;  /* what that is called */
	enum compression compression;
};

/* The first file of @l.  How many packets it has, or -errno (logged). */
long archive_strip(struct archive_list *l, const struct strip_options *o);

#endif
