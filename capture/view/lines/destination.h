/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the lines of `pktwho log` go. */
#ifndef PKTWHO_VIEW_LINES_DESTINATION_H
#define PKTWHO_VIEW_LINES_DESTINATION_H

struct opener;
struct options;

/*
 * A descriptor to write them to: the standard output, a file, the first file
 * of *@opener, which is NULL where there are no more, or the journal's socket.
 * 0 or -errno (logged).
 */
int destination_open(const struct options *o, struct opener **opener, int *fd);

#endif
