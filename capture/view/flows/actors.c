/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/flows/actors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packet/flow_hash.h"
#include "printable.h"
#include "process/proctab.h"

#define BUCKETS	    4096
#define REASONS	    32	       /* more than there are */
#define RECORDS_MAX (8u << 20) /* bytes; then idle ones go, or arguments */
#define FORMER	    16 /* names and users of a process, the newest first */

struct actors {
	struct flow_hash hash; /* of process ids */
	struct actor *heads[BUCKETS];
	TAILQ_HEAD(, actor) idle; /* without a flow, the oldest first */
	struct rests *rests;	  /* of their records */
	uint32_t count;
	uint32_t max;
	uint64_t lost;
	struct actor nobody[ATTR_COUNT][REASONS];
	struct actor forgotten;
	struct process scratch; /* 8 KB: not on anyone's stack */
};

static void name_nobody(struct actor *a, uint8_t attr, uint8_t reason)
{
	a->attr = attr;
	a->reason = reason;
	if (attr == ATTR_NONE)
		snprintf(a->name, sizeof(a->name), "(remote)");
	else if (reason)
		snprintf(a->name, sizeof(a->name), "(%s: %s)", attr_name(attr),
			 reason_name(reason));
	else
		snprintf(a->name, sizeof(a->name), "(%s)", attr_name(attr));
}

struct actors *actors_new(uint32_t max)
{
	struct actors *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->rests = rests_new();
	if (!t->rests) {
		free(t);
		return NULL;
	}
	t->max = max;
	flow_hash_init(&t->hash);
	TAILQ_INIT(&t->idle);
	for (uint8_t a = 0; a < ATTR_COUNT; a++)
		for (uint8_t r = 0; r < REASONS; r++)
			name_nobody(&t->nobody[a][r], a, r);
	snprintf(t->forgotten.name, sizeof(t->forgotten.name), "(forgotten)");
	t->forgotten.attr = ATTR_UNKNOWN;
	return t;
}

static void free_actor(struct actor *a)
{
	for (int k = 0; k < ACTOR_KINDS; k++)
		free(a->exact[k]);
	kept_record_drop(&a->record);
	free(a->said);
	free(a);
}

void actors_free(struct actors *t)
{
	if (!t)
		return;
	for (int b = 0; b < BUCKETS; b++)
		for (struct actor *a = t->heads[b], *next; a; a = next) {
			next = a->next;
			free_actor(a);
		}
	rests_free(t->rests);
	free(t);
}

static struct actor **head_of(struct actors *t, uint64_t id)
{
	return &t->heads[flow_hash_number(&t->hash, id) % BUCKETS];
}

void actor_sums_add(struct actor_sums *to, const struct actor_sums *more)
{
	to->sent_packets += more->sent_packets;
	to->sent_bytes += more->sent_bytes;
	to->received_packets += more->received_packets;
	to->received_bytes += more->received_bytes;
	to->own_packets += more->own_packets;
	to->flows += more->flows;
}

const char *actor_text(const struct actor *a, enum actor_kind kind)
{
	switch (kind) {
	case ACTOR_USER:
		return *a->user ? a->user : "(none)";
	case ACTOR_CONTAINER:
		return *a->container ? a->container : "(host)";
	default:
		return a->name;
	}
}

const char *actor_exact(const struct actor *a, enum actor_kind kind)
{
	return a->exact[kind] ? a->exact[kind] : actor_text(a, kind);
}

bool actor_is_here(const struct actor *a)
{
	return a->id || a->attr != ATTR_NONE;
}

static void forget(struct actors *t, struct actor *a)
{
	struct actor **at = head_of(t, a->id);

	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
	TAILQ_REMOVE(&t->idle, a, idle);
	actor_sums_add(&t->forgotten.past, &a->past);
	free_actor(a);
	t->count--;
	t->lost++;
}

static void copy_text(char *out, size_t size, const char *text)
{
	size_t len = strnlen(text, size - 1);

	memcpy(out, text, len);
	out[len] = '\0';
	printable_replace(out);
}

/* Most are as they are shown.  Without memory all are. */
static void keep_exact(struct actor *a, enum actor_kind kind, const char *text,
		       size_t max)
{
	const char *shown = actor_text(a, kind);
	size_t len = strnlen(text, max);

	free(a->exact[kind]);
	a->exact[kind] = NULL;
	if (len && (strlen(shown) != len || memcmp(shown, text, len)))
		a->exact[kind] = strndup(text, len);
}

/*
 * A copy: were it shared with the table of processes, what is shown long after
 * would leave no room there.  Without memory the old one stays.
 */
static void keep_record(struct actors *t, struct actor *a,
			const struct program *i)
{
	struct process *p = &t->scratch;
	uint8_t record[PROCESS_MAX];
	int len = (int)kept_record_copy(&i->record, record);

	if (rests_bytes(t->rests) > RECORDS_MAX && kept_record_shorten(p))
		len = process_encode(p, record, sizeof(record));
	if (len > 0)
		kept_record_set(t->rests, &a->record, record, (size_t)len);
}

static void refresh(struct actors *t, struct actor *a, const struct program *i)
{
	struct process *p = &t->scratch;
	const char *container;

	free(a->said);
	a->said = NULL;
	a->learned = true;
	a->version = i->version;
	a->pid = i->proc->pid;
	copy_text(a->name, RECORD_NAME_LEN, i->name);
	keep_exact(a, ACTOR_PROGRAM, i->name, RECORD_NAME_LEN);
	program_read(i, p);
	keep_record(t, a, i);
	a->flags = p->flags;
	a->has_uid = process_has(p, FIELD_UID);
	a->uid = p->uid;
	copy_text(a->user, sizeof(a->user), p->user);
	keep_exact(a, ACTOR_USER, p->user, sizeof(p->user));
	if (a->has_uid && !*a->user)
		snprintf(a->user, sizeof(a->user), "%u", p->uid);
	container = *p->container_name ? p->container_name : p->container_id;
	copy_text(a->container, sizeof(a->container), container);
	keep_exact(a, ACTOR_CONTAINER, container, sizeof(p->container_name));
	copy_text(a->unit, sizeof(a->unit), p->unit);
}

static struct actor *add(struct actors *t, uint64_t id)
{
	struct actor **head = head_of(t, id), *a;

	while ((t->count >= t->max || rests_bytes(t->rests) > RECORDS_MAX) &&
	       !TAILQ_EMPTY(&t->idle))
		forget(t, TAILQ_FIRST(&t->idle));
	a = t->count < t->max ? calloc(1, sizeof(*a)) : NULL;
	if (!a) {
		t->lost++;
		return NULL;
	}
	a->id = id;
	a->next = *head;
	*head = a;
	TAILQ_INSERT_TAIL(&t->idle, a, idle);
	t->count++;
	return a;
}

/*
 * What it sent by then stays that of its former name and user.  Who reads that
 * itself has both in one packet.
 */
static bool is_renamed(struct actors *t, const struct actor *a,
		       const struct program *i)
{
	struct process *p = &t->scratch;

	if (!a->learned || i->version == a->version)
		return false;
	if (strncmp(actor_exact(a, ACTOR_PROGRAM), i->name, RECORD_NAME_LEN))
		return true;
	return program_read(i, p) && a->has_uid && process_has(p, FIELD_UID) &&
	       p->uid != a->uid;
}

struct actor *actors_get(struct actors *t, const struct program *program)
{
	struct actor *a = *head_of(t, program->id);
	int former = 0;

	/* Who takes a name for each packet would have thousands looked at. */
	while (a && former < FORMER &&
	       (a->id != program->id || is_renamed(t, a, program))) {
		former += a->id == program->id;
		a = a->next;
	}
	if (!a || former == FORMER)
		a = add(t, program->id);
	if (!a)
		return &t->forgotten;
	if (!a->learned || program->version > a->version)
		refresh(t, a, program);
	return a;
}

struct actor *actors_nobody(struct actors *t, uint8_t attr, uint8_t reason)
{
	if (attr >= ATTR_COUNT || reason >= REASONS)
		return &t->forgotten;
	return &t->nobody[attr][reason];
}

struct actor *actors_forgotten(struct actors *t)
{
	return &t->forgotten;
}

void actors_ref(struct actors *t, struct actor *a)
{
	if (!a->refs++ && a->id)
		TAILQ_REMOVE(&t->idle, a, idle);
}

void actors_unref(struct actors *t, struct actor *a)
{
	if (!--a->refs && a->id)
		TAILQ_INSERT_TAIL(&t->idle, a, idle);
}

void actors_each(struct actors *t, void (*fn)(void *ctx, struct actor *a),
		 void *ctx)
{
	for (int b = 0; b < BUCKETS; b++)
		for (struct actor *a = t->heads[b]; a; a = a->next)
			fn(ctx, a);
	for (int a = 0; a < ATTR_COUNT; a++)
		for (int r = 0; r < REASONS; r++)
			fn(ctx, &t->nobody[a][r]);
	fn(ctx, &t->forgotten);
}

uint64_t actors_lost(const struct actors *t)
{
	return t->lost;
}

/* The arguments are many strings. */
static void show_arguments(struct process *p)
{
	char *s = p->cmdline, *end = s + p->cmdline_len;

	p->cmdline[sizeof(p->cmdline) - 1] = '\0';
	while (s < end) {
		size_t len = strlen(s);

		printable_replace(s);
		s += len + 1;
	}
}

void actor_process(const struct actor *a, struct process *p)
{
	/* clang-format off */
	char *const strings[] = {
		p->name, p->pname, p->user, p->container_runtime,
		p->container_id, p->container_name, p->container_image,
		p->pod_uid, p->pod_name, p->pod_namespace, p->unit,
		p->exepath, p->cgroup,
	};
	/* clang-format on */

	if (!kept_record_read(&a->record, p))
		return;
	for (size_t i = 0; i < sizeof(strings) / sizeof(*strings); i++)
		printable_replace(strings[i]);
	show_arguments(p);
}
