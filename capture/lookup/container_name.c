/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lookup/container_name.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lookup/lookup.h"
#include "record.h"

#define KNOWN 64	/* containers remembered; then the oldest is forgotten */

struct known {
	char id[sizeof(((struct process *)0)->container_id)];
	char name[sizeof(((struct process *)0)->container_name)];
};

struct container_names {
	struct lookup *lookup;
	unsigned next;
	struct known known[KNOWN];
};

struct container_names *container_names_new(struct lookup *lookup)
{
	struct container_names *c = calloc(1, sizeof(*c));

	if (c)
		c->lookup = lookup;
	return c;
}

void container_names_free(struct container_names *c)
{
	free(c);
}

/* "" if there is none; an answer that has not come is asked for again. */
static const char *find(struct container_names *c, const char *id)
{
	struct known *k;

	for (int i = 0; i < KNOWN; i++)
		if (!strcmp(c->known[i].id, id))
			return c->known[i].name;
	k = &c->known[c->next++ % KNOWN];
	memset(k, 0, sizeof(*k));
	if (lookup_container(c->lookup, id, k->name, sizeof(k->name)) !=
	    -EAGAIN)
		snprintf(k->id, sizeof(k->id), "%s", id);
	return k->name;
}

/* These two name their containers themselves. */
static bool id_is_name(const struct process *p)
{
	return !strcmp(p->container_runtime, "lxc") ||
	       !strcmp(p->container_runtime, "systemd-nspawn");
}

void container_names_set(struct container_names *c, struct process *p)
{
	const char *name;

	/* An id that is no plain word must not become part of a path. */
	if (!process_has(p, FIELD_CONTAINER_ID) ||
	    process_has(p, FIELD_CONTAINER_NAME) ||
	    strchr(p->container_id, '/') || p->container_id[0] == '.')
		return;
	name = id_is_name(p) ? p->container_id : find(c, p->container_id);
	if (!*name)
		return;
	snprintf(p->container_name, sizeof(p->container_name), "%s", name);
	p->has |= 1ull << FIELD_CONTAINER_NAME;
}
