/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files to be searched, the oldest first. */
#ifndef PKTWHO_ARCHIVE_LIST_H
#define PKTWHO_ARCHIVE_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "archive/file.h"

struct archive_list {
	struct archive_file *files;
	size_t count;
	bool has_failed; /* one was not read, and that is said */
};

/*
 * Opens all that are named, and all in what is a directory; @paths end with
 * NULL.  Those that have not changed since @from_ns are left out, and those
 * that cannot be read, under sudo by the caller: only the ring of record is
 * opened as root.  0 or -errno (logged).
 */
int archive_list_open(struct archive_list *l, char *const *paths,
		      uint64_t from_ns);
void archive_list_close(struct archive_list *l);

#endif
