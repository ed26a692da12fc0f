/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who had a socket, and from when on. */
#include "owner/flowtab/flowtab_table.h"

#include "process/proctab.h"

#define PRUNE_NS 300000000ull /* between two looks for what is older */

static void owner_free(struct flowtab *t, struct owner *o)
{
	if (o->proc)
		o->proc->refs--;
	o->older = t->free_owners;
	t->free_owners = o;
}

static void owners_free(struct flowtab *t, struct owner *o)
{
	while (o) {
		struct owner *older = o->older;

		owner_free(t, o);
		o = older;
	}
}

/* Forgets who was before @o. */
static void owners_cut(struct flowtab *t, struct owner *o)
{
	o->cut |= o->older != NULL;
	owners_free(t, o->older);
	o->older = NULL;
}

/*
 * Drops what no packet should be old enough to ask for; @pruned_ns is when it
 * last did.  A socket may change hands with each packet.
 */
static void owners_prune(struct flowtab *t, struct owner *newest, uint64_t now,
			 uint64_t *pruned_ns)
{
	struct owner *o = newest;

	if (*pruned_ns + PRUNE_NS > now)
		return;
	*pruned_ns = now;
	while (o && o->ts_ns + KEEP_OWNER_NS > now)
		o = o->older;
	if (o)
		owners_cut(t, o);
}

/* @past: the list that it is for. */
static struct owner *owner_alloc(struct flowtab *t, struct owner *past)
{
	struct owner *o = t->free_owners;

	if (o) {
		t->free_owners = o->older;
		return o;
	}
	if (t->fresh_owners < t->max * OWNERS_PER_SOCK)
		return &t->owners[t->fresh_owners++];
	/* Out of history: this socket's own past goes first. */
	if (!past)
		return NULL;
	owners_cut(t, past);
	o = t->free_owners;
	if (o)
		t->free_owners = o->older;
	return o;
}

static bool owner_same(const struct owner *o, const struct flowtab_event *e)
{
	return !e->renamed && !e->disputed && o->proc == e->owner &&
	       o->tid == e->tid && o->attr == e->attr &&
	       o->writes == e->writes && o->reads == e->reads &&
	       o->sequence == e->sequence;
}

/* Events of several CPUs may be slightly out of order: keep the list sorted. */
static void list_set_owner(struct flowtab *t, struct sock *s, int role,
			   const struct flowtab_event *e)
{
	struct owner **list = &s->owners[role], **at = list, *o;
	bool cut = false;

	while (*at && (*at)->ts_ns > e->ts_ns)
		at = &(*at)->older;
	if (*at && owner_same(*at, e)) {
		if (e->read_ns && !(*at)->read_ns) {
			(*at)->read_ns = e->read_ns;
			(*at)->emptied_ns = e->emptied_ns;
			(*at)->read_before = e->read_before;
		}
		return;
	}
	o = owner_alloc(t, *list);
	if (!o && *list && at == list) {
		/* No room for a past: the newest owner is what counts. */
		o = *list;
		*list = NULL;
		o->proc->refs--;
		cut = true;
	}
	if (!o) {
		t->stats.evicted_open++;
		return;
	}
	/* owner_alloc may have cut the list behind the newest. */
	if (at != list && !(*list)->older)
		at = &(*list)->older;
	*o = (struct owner){ .older = *at,
			     .proc = e->owner,
			     .ts_ns = e->ts_ns,
			     .read_ns = e->read_ns,
			     .emptied_ns = e->emptied_ns,
			     .read_before = e->read_before,
			     .tid = e->tid,
			     .sequence = e->sequence,
			     .attr = e->attr,
			     .writes = e->writes,
			     .disputed = e->disputed &&
					 e->sequence == e->disputed_from,
			     .reads = e->reads,
			     .renamed = e->renamed && e->read_ns,
			     .cut = cut };
	o->proc->refs++;
	*at = o;
	owners_prune(t, *list, e->ts_ns, &s->pruned_ns[role]);
}

void sock_set_owner(struct flowtab *t, struct sock *s,
		    const struct flowtab_event *e)
{
	struct flowtab_event before = *e;

	if (!e->owner)
		return;
	if (e->disputed) {
		before.sequence = e->disputed_from;
		list_set_owner(t, s, 0, &before);
	}
	for (int role = 0; role < ROLES; role++)
		if (!e->roles || e->roles & 1u << role || !s->owners[role])
			list_set_owner(t, s, role, e);
}

void sock_forget_owners(struct flowtab *t, struct sock *s)
{
	for (int role = 0; role < ROLES; role++)
		owners_free(t, s->owners[role]);
}
