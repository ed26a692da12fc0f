/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/flows/resolved.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct resolved {
	uint32_t max;
	uint32_t count;
	uint32_t next; /* the oldest, once all are used */
	uint32_t mask;
	uint32_t *heads; /* number + 1, by address */
	uint32_t *links; /* the next one of its bucket, + 1 */
	struct resolved_name *names;
};

struct resolved *resolved_new(uint32_t max)
{
	struct resolved *t = calloc(1, sizeof(*t));
	uint32_t heads = 1;

	if (!t)
		return NULL;
	while (heads < max)
		heads *= 2;
	t->max = max;
	t->mask = heads - 1;
	t->heads = calloc(heads, sizeof(*t->heads));
	t->links = calloc(max, sizeof(*t->links));
	t->names = calloc(max, sizeof(*t->names));
	if (!t->heads || !t->links || !t->names) {
		resolved_free(t);
		return NULL;
	}
	return t;
}

void resolved_free(struct resolved *t)
{
	if (!t)
		return;
	free(t->heads);
	free(t->links);
	free(t->names);
	free(t);
}

/*
 * FNV-1a.  Who chooses addresses can make buckets long, but not longer than
 * there is room for.
 */
static uint32_t *head_of(const struct resolved *t, const uint8_t addr[16])
{
	uint32_t h = 2166136261u;

	for (int i = 0; i < 16; i++)
		h = (h ^ addr[i]) * 16777619u;
	return &t->heads[h & t->mask];
}

static void forget(struct resolved *t, uint32_t n)
{
	uint32_t *at = head_of(t, t->names[n].addr);

	while (*at != n + 1)
		at = &t->links[*at - 1];
	*at = t->links[n];
}

static struct resolved_name *add(struct resolved *t, const uint8_t addr[16])
{
	uint32_t n = t->next, *head;

	if (t->count == t->max)
		forget(t, n);
	else
		t->count++;
	t->next = (n + 1) % t->max;
	head = head_of(t, addr);
	t->links[n] = *head;
	*head = n + 1;
	memcpy(t->names[n].addr, addr, 16);
	return &t->names[n];
}

/* From the one put last on; @before: or NULL, to begin. */
static struct resolved_name *next_name(const struct resolved *t,
				       const uint8_t addr[16],
				       const struct resolved_name *before)
{
	uint32_t at = before ? t->links[before - t->names] : *head_of(t, addr);

	while (at && memcmp(t->names[at - 1].addr, addr, 16))
		at = t->links[at - 1];
	return at ? &t->names[at - 1] : NULL;
}

const struct resolved_name *resolved_get(const struct resolved *t,
					 const __u8 addr[16], uint64_t ts_ns)
{
	const struct resolved_name *n = t ? next_name(t, addr, NULL) : NULL;
	const struct resolved_name *found = n;

	for (; n; n = next_name(t, addr, n)) {
		found = n;
		if (n->at_ns <= ts_ns)
			break;
	}
	return found;
}

bool resolved_has(const struct resolved *t, const __u8 addr[16],
		  const char *name)
{
	const struct resolved_name *n = next_name(t, addr, NULL);

	while (n && strcasecmp(n->name, name))
		n = next_name(t, addr, n);
	return n;
}

/* Asking again tells nothing new. */
static bool is_still(const struct resolved_name *n, const char *name,
		     uint32_t pid)
{
	return n && n->pid == pid && !strncmp(n->name, name, RESOLVED_NAME - 1);
}

void resolved_put(struct resolved *t, const uint8_t addr[16], const char *name,
		  const char *who, uint32_t pid, uint64_t at_ns)
{
	struct resolved_name *n = next_name(t, addr, NULL), *older = n;
	unsigned count = 0;

	if (is_still(n, name, pid))
		return;
	for (; older; older = next_name(t, addr, older))
		count++;
	if (count < RESOLVED_NAMES_MAX)
		n = add(t, addr);
	n->at_ns = at_ns;
	n->pid = pid;
	snprintf(n->who, sizeof(n->who), "%s", who);
	snprintf(n->name, sizeof(n->name), "%s", name);
}
