/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A container's name, from the files its runtime keeps on this host: no
 * daemon is asked.
 */
#ifndef PKTWHO_LOOKUP_CONTAINER_NAME_H
#define PKTWHO_LOOKUP_CONTAINER_NAME_H

struct container_names;
struct lookup;
struct process;

/* @lookup is borrowed.  NULL without memory. */
struct container_names *container_names_new(struct lookup *lookup);
void container_names_free(struct container_names *c);

/*
 * Sets @p's container name if it has a container id and the runtime's files
 * tell.  Names are remembered, so that a container that is gone keeps its.
 */
void container_names_set(struct container_names *c, struct process *p);

#endif
