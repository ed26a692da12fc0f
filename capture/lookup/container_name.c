/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lookup/container_name.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lookup/container_state.h"
#include "lookup/lookup.h"
#include "process/container.h"
#include "record.h"

#define KNOWN 64 /* containers remembered; then the oldest is forgotten */

struct known {
	uint32_t owner;
	char id[sizeof(((struct process *)0)->container_id)];
	struct container_state state;
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

/* An answer that has not come is asked for again. */
static const struct container_state *find(struct container_names *c,
					  const struct process *p)
{
	const char *id = p->container_id;
	struct known *k;

	for (int i = 0; i < KNOWN; i++)
		if (!strcmp(c->known[i].id, id) &&
		    c->known[i].owner == container_owner(p))
			return &c->known[i].state;
	k = &c->known[c->next++ % KNOWN];
	memset(k, 0, sizeof(*k));
	k->owner = container_owner(p);
	if (lookup_container(c->lookup, id, p->pod_uid, container_owner(p),
			     &k->state) == -EAGAIN)
		c->next--; /* others' names stay known meanwhile */
	else
		snprintf(k->id, sizeof(k->id), "%s", id);
	return &k->state;
}

/* These two name their containers themselves. */
static bool id_is_name(const struct process *p)
{
	return !strcmp(p->container_runtime, "lxc") ||
	       !strcmp(p->container_runtime, "systemd-nspawn");
}

static void set(struct process *p, enum field f, char *out, size_t size,
		const char *text)
{
	if (!*text)
		return;
	snprintf(out, size, "%s", text);
	process_set_field(p, f);
}

#define SET(p, field, member, text) \
	set(p, field, (p)->member, sizeof((p)->member), text)

void container_names_set(struct container_names *c, struct process *p)
{
	const struct container_state *s;

	/* An id that is no plain word must not become part of a path. */
	if (!process_has(p, FIELD_CONTAINER_ID) ||
	    process_has(p, FIELD_CONTAINER_NAME) ||
	    strchr(p->container_id, '/') || p->container_id[0] == '.')
		return;
	if (id_is_name(p)) {
		SET(p, FIELD_CONTAINER_NAME, container_name, p->container_id);
		return;
	}
	s = find(c, p);
	SET(p, FIELD_CONTAINER_NAME, container_name, s->name);
	SET(p, FIELD_CONTAINER_IMAGE, container_image, s->image);
	SET(p, FIELD_POD_NAME, pod_name, s->pod);
	SET(p, FIELD_POD_NAMESPACE, pod_namespace, s->space);
}
