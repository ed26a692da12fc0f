/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Warns of terms of a filter that nobody fits at present and that are likely
 * meant otherwise: a path for a name, a process that is not there, a name or
 * unit that is a letter off from one that is there.
 */
#ifndef PKTWHO_PROCESS_FILTER_DOUBTS_H
#define PKTWHO_PROCESS_FILTER_DOUBTS_H

struct filter;

/*
 * A line of the log for each doubt; reads what is below @root: "/", of which
 * only root may see all that names containers.
 */
void doubts_tell(const struct filter *f, const char *root);

#endif
