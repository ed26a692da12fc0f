/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/flows/flows.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "owner/owned_packet.h"
#include "packet/flow_hash.h"
#include "view/flows/firsts.h"
#include "view/flows/flows_parts.h"

#define LOW_PORT 1024
#define DNS_PORT 53

enum list { LIST_OVER, LIST_OTHER, LIST_NEW, LIST_CLOSED, LIST_OPEN, LISTS };

/*
 * How long each may be silent.  A connection that is closed takes its last
 * acknowledgments in.  TCP sends its first packet again after up to 64 s, and
 * asks whether the other side still lives after two hours.
 */
static const uint64_t patience_ns[LISTS] = {
	[LIST_OTHER] = 30 * SECOND,
	[LIST_NEW] = 130 * SECOND,
	[LIST_CLOSED] = SECOND,
	[LIST_OPEN] = 7500 * SECOND,
};

TAILQ_HEAD(flow_list, flow);

struct flows {
	struct flows_options options;
	struct flow_hash hash;
	struct firsts *firsts;
	struct flow *pool;
	uint32_t used; /* of it, so far */
	struct flow_pool parts;
	struct flow *free; /* linked by next */
	struct flow **heads;
	uint32_t mask;
	struct flow_list lists[LISTS]; /* the longest silent first */
	struct flows_stats stats;
	uint64_t packet_ns; /* of the last packet, on its clock */
	uint64_t taken_ns;  /* when that was taken */
	bool is_new;	    /* one was, since flows_time() */
};

struct flows *flows_new(const struct flows_options *o)
{
	struct flows *t = calloc(1, sizeof(*t));
	uint32_t heads = 1;

	if (!t)
		return NULL;
	t->options = *o;
	flow_hash_init(&t->hash);
	while (heads < o->max)
		heads *= 2;
	t->mask = heads - 1;
	/* Not touched before it is used: the kernel gives no memory for it. */
	t->pool = calloc(o->max, sizeof(*t->pool));
	t->heads = calloc(heads, sizeof(*t->heads));
	t->firsts = firsts_new();
	if (!flow_pool_init(&t->parts, o->actors, o->max / 4 + 1) || !t->pool ||
	    !t->heads || !t->firsts) {
		flows_free(t);
		return NULL;
	}
	for (int i = 0; i < LISTS; i++)
		TAILQ_INIT(&t->lists[i]);
	return t;
}

static void free_besides(struct flow *f)
{
	for (int i = 0; i < 2; i++) {
		free(f->ends[i].holes);
		f->ends[i].holes = NULL;
	}
	free(f->speech);
	f->speech = NULL;
}

void flows_free(struct flows *t)
{
	if (!t)
		return;
	for (uint32_t i = 0; t->pool && i < t->used; i++)
		free_besides(&t->pool[i]);
	free(t->pool);
	flow_pool_fini(&t->parts);
	free(t->heads);
	firsts_free(t->firsts);
	free(t);
}

/* ---- the life of a flow ---- */

static void list_move(struct flows *t, struct flow *f, enum list to)
{
	TAILQ_REMOVE(&t->lists[f->list_index], f, list);
	f->list_index = (uint8_t)to;
	TAILQ_INSERT_TAIL(&t->lists[to], f, list);
}

static struct flow **head_of(struct flows *t, const struct flow_key *k,
			     unsigned namespace)
{
	return &t->heads[(flow_hash(&t->hash, k) + namespace) & t->mask];
}

/* The last of that key: those before it are no longer in its bucket. */
static struct flow *find(struct flows *t, const struct flow_key *k,
			 unsigned namespace)
{
	struct flow_key r = flow_reversed(k);
	struct flow *f = *head_of(t, k, namespace);

	while (f &&
	       (f->namespace != namespace ||
		(!flow_key_equal(&f->key, k) && !flow_key_equal(&f->key, &r))))
		f = f->next;
	return f;
}

static void leave_bucket(struct flows *t, struct flow *f)
{
	struct flow **at = head_of(t, &f->key, f->namespace);

	while (*at && *at != f)
		at = &(*at)->next;
	if (*at)
		*at = f->next;
}

static void forget(struct flows *t, struct flow *f)
{
	leave_bucket(t, f);
	TAILQ_REMOVE(&t->lists[f->list_index], f, list);
	flows_to_past(f);
	flow_pool_clear(&t->parts, f);
	for (int i = 0; i < 2; i++)
		actors_unref(t->options.actors, f->ends[i].actor);
	free_besides(f);
	f->number = 0;
	f->next = t->free;
	t->free = f;
	t->stats.here--;
}

/* It is told, and what comes for its key begins another. */
static void end(struct flows *t, struct flow *f, enum flow_over how)
{
	f->over = (uint8_t)how;
	t->stats.open--;
	if (t->options.ended)
		t->options.ended(t->options.ctx, f);
	list_move(t, f, LIST_OVER);
	if (!t->options.keep)
		forget(t, f);
}

static struct flow *make_room(struct flows *t)
{
	for (int i = 0; i < LISTS && !t->free; i++) {
		struct flow *f = TAILQ_FIRST(&t->lists[i]);

		if (!f)
			continue;
		t->stats.forgotten++;
		if (!f->over) {
			t->stats.forgotten_open++;
			end(t, f, FLOW_FORGOTTEN);
		}
		if (!t->free)
			forget(t, f);
	}
	return t->free;
}

static struct flow *take_room(struct flows *t)
{
	struct flow *f = t->free;

	if (!f && t->used < t->options.max) {
		t->stats.here++;
		return &t->pool[t->used++];
	}
	if (!f)
		f = make_room(t);
	t->free = f->next;
	t->stats.here++;
	memset(f, 0, sizeof(*f));
	return f;
}

/*
 * Whether the sender of a flow's first packet is the server: it may have begun
 * before the capture did.
 */
static bool sent_by_server(const struct packet_traits *p)
{
	const struct flow_key *k = &p->key;

	if (k->proto == IPPROTO_ICMP || k->proto == IPPROTO_ICMPV6)
		return k->remote_port == FLOW_ECHO_ANSWERS;
	if (k->proto == IPPROTO_TCP && p->tcp_flags & PACKET_TCP_SYN)
		return p->tcp_flags & ACK;
	if (k->proto == IPPROTO_TCP)
		return k->local_port < k->remote_port;
	return k->local_port < LOW_PORT && k->remote_port >= LOW_PORT;
}

static struct actor *actor_of(struct flows *t, const struct verdict_end *v,
			      const struct program *program)
{
	struct actors *a = t->options.actors;

	return program ? actors_get(a, program) :
			 actors_nobody(a, v->attr, v->reason);
}

static enum list list_for(const struct flow *f)
{
	if (f->key.proto != IPPROTO_TCP)
		return LIST_OTHER;
	switch (f->state) {
	case FLOW_NEW:
		return LIST_NEW;
	case FLOW_CLOSED:
	case FLOW_RESET:
		return LIST_CLOSED;
	default:
		return LIST_OPEN;
	}
}

static void set_country(struct flows *t, char out[3], const uint8_t addr[16])
{
	if (t->options.country)
		snprintf(out, 3, "%s",
			 t->options.country(t->options.ctx, addr));
}

static void set_countries(struct flows *t, struct flow *f)
{
	struct flow_end *e = f->ends;

	set_country(t, e[FLOW_CLIENT].country, f->key.local);
	set_country(t, e[FLOW_SERVER].country, f->key.remote);
	for (int i = 0; i < 2; i++)
		if (e[i].actor->id &&
		    firsts_see(t->firsts, e[i].actor->name, e[!i].country))
			f->new_country = true;
}

static bool is_dns(const struct flow_key *k)
{
	return (k->proto == IPPROTO_TCP || k->proto == IPPROTO_UDP) &&
	       k->remote_port == DNS_PORT;
}

static struct flow *begin_flow(struct flows *t, const struct owned_packet *p,
			       struct actor *const actors[2], bool by_server)
{
	const struct frame *h = p->frame;
	struct flow *f = take_room(t);
	struct flow **head;

	f->number = ++t->stats.begun;
	t->stats.open++;
	f->key = by_server ? flow_reversed(&h->packet.outer.key) :
			     h->packet.outer.key;
	f->namespace = p->namespace;
	f->direction = p->verdict->direction;
	f->interface = t->options.interface ?
			       t->options.interface(t->options.ctx, p) :
			       h->interface;
	f->first_ns = h->ts_ns;
	f->names = is_dns(&f->key);
	for (int i = 0; i < 2; i++) {
		f->part.actors[i] = f->ends[i].actor = actors[i];
		actors_ref(t->options.actors, actors[i]);
		actors_ref(t->options.actors, actors[i]);
	}
	if (h->packet.kind == PACKET_IP)
		set_countries(t, f);
	head = head_of(t, &f->key, f->namespace);
	f->next = *head;
	*head = f;
	f->list_index = (uint8_t)list_for(f);
	TAILQ_INSERT_TAIL(&t->lists[f->list_index], f, list);
	return f;
}

/* ---- what a packet does to its flow ---- */

/* Somebody once named is not replaced by nobody. */
static void set_end(struct flows *t, struct flow_end *e, struct actor *a,
		    const struct verdict_end *v)
{
	if (!a->id && e->actor->id)
		return;
	if (e->actor != a) {
		actors_ref(t->options.actors, a);
		actors_unref(t->options.actors, e->actor);
		e->actor = a;
	}
	/* Nor how it is known, when the kernel finishes the flow for it. */
	if (v->attr == ATTR_KERNEL && e->attr && a->id)
		return;
	e->attr = v->attr;
	e->reason = v->reason;
}

/* A fragment has no ports, and is no beginning. */
static bool says_something(const struct packet_traits *p)
{
	switch (p->key.proto) {
	case IPPROTO_TCP:
		return p->tcp_payload && !p->fragment;
	case IPPROTO_UDP:
	case IPPROTO_SCTP:
		return !p->fragment || p->first_fragment;
	default:
		return false;
	}
}

/* The flow that goes on with it, or NULL; *@follows if there has been one. */
static struct flow *present(struct flows *t, const struct packet_traits *p,
			    unsigned namespace, bool *follows)
{
	struct flow *f = find(t, &p->key, namespace);

	*follows = f;
	if (f && !f->over && flows_begins_another(f, p)) {
		end(t, f, flows_how_replaced(f));
		f = find(t, &p->key, namespace);
	}
	if (!f || !f->over)
		return f;
	f->followed = true;
	leave_bucket(t, f);
	return NULL;
}

static bool has_other(const struct packet *p)
{
	return p->is_tunnel && address_is_ipv4(p->outer.key.local) !=
				       address_is_ipv4(p->inner.key.local);
}

const struct flow *flows_packet(struct flows *t, const struct owned_packet *p)
{
	const struct packet_traits *packet = &p->frame->packet.outer;
	bool follows, is_new;
	struct flow *f = present(t, packet, p->namespace, &follows);
	struct actor *actors[2];
	int side;

	t->packet_ns = p->mono_ns;
	t->is_new = true;
	is_new = !f;
	side = is_new ? sent_by_server(packet) :
			!flow_key_equal(&f->key, &packet->key);
	actors[side] = actor_of(t, &p->verdict->src, p->src);
	actors_ref(t->options.actors, actors[side]);
	actors[!side] = actor_of(t, &p->verdict->dst, p->dst);
	actors_ref(t->options.actors, actors[!side]);
	if (is_new) {
		f = begin_flow(t, p, actors, side == FLOW_SERVER);
		f->follows = follows;
	}
	f->has_other |= has_other(&p->frame->packet);
	set_end(t, &f->ends[side], actors[side], &p->verdict->src);
	set_end(t, &f->ends[!side], actors[!side], &p->verdict->dst);
	flow_pool_count(&t->parts, f, (enum flow_side)side, actors, p);
	t->stats.packets++;
	t->stats.bytes += p->frame->len;
	actors_unref(t->options.actors, actors[0]);
	actors_unref(t->options.actors, actors[1]);
	if (f->key.proto == IPPROTO_TCP)
		flows_follow_tcp(f, (enum flow_side)side, p->frame);
	f->last_ns = p->frame->ts_ns;
	f->last_mono_ns = p->mono_ns;
	list_move(t, f, list_for(f));
	if (is_new && t->options.begun)
		t->options.begun(t->options.ctx, f);
	if (t->options.heard && (f->asked < FLOW_ASKS || f->names) &&
	    says_something(packet))
		t->options.heard(t->options.ctx, f, p);
	return f;
}

uint64_t flows_time(struct flows *t, uint64_t mono_ns)
{
	if (t->is_new)
		t->taken_ns = mono_ns;
	t->is_new = false;
	return t->packet_ns + (mono_ns - t->taken_ns);
}

void flows_expire(struct flows *t, uint64_t mono_ns)
{
	for (int i = LIST_OVER + 1; i < LISTS; i++) {
		struct flow *f;

		while ((f = TAILQ_FIRST(&t->lists[i])) &&
		       f->last_mono_ns + patience_ns[i] <= mono_ns)
			end(t, f, i == LIST_CLOSED ? FLOW_ENDED : FLOW_IDLE);
	}
}

void flows_stop(struct flows *t)
{
	for (int i = LIST_OVER + 1; i < LISTS; i++) {
		struct flow *f;

		while ((f = TAILQ_FIRST(&t->lists[i])))
			end(t, f, i == LIST_CLOSED ? FLOW_ENDED : FLOW_STOPPED);
	}
}

void flows_each(struct flows *t, void (*fn)(void *ctx, const struct flow *f),
		void *ctx)
{
	const struct flow *f;

	for (int i = 0; i < LISTS; i++)
		TAILQ_FOREACH(f, &t->lists[i], list)
	fn(ctx, f);
}

void flows_stats(const struct flows *t, struct flows_stats *s)
{
	*s = t->stats;
	s->mixed = t->parts.mixed;
}
