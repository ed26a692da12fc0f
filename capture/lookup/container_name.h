/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A container's name and image, and its pod's name and namespace, from files
 * on this host: no daemon is asked.
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
 * Sets what the files tell of it in @p if that has a container id and no
 * container name yet.  All is remembered, so that a container that is gone
 * keeps its names.
 */
void container_names_set(struct container_names *c, struct process *p);

#endif
