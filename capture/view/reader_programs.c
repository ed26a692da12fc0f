/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/reader_programs.h"

#include <stdlib.h>
#include <string.h>

#include "packet/flow_hash.h"

#define BUCKETS	     4096
#define MAX_PROGRAMS 16384	 /* then they are learned anew, ... */
#define MAX_BYTES    (32u << 20) /* ... or with so many of their records */

/*
 * A process.  One that reads what it has sent under another name or user has two
 * records in that packet: the first is the sender's.
 */
struct known {
	struct known *next;	    /* of its hash bucket */
	struct program programs[2]; /* as it is, and as it was before */
	unsigned now;		    /* which of them is as it is */
	uint64_t told_in;  /* the last packet that had a record of it, */
	uint64_t twice_in; /* ... and that had two */
	uint32_t version;
	struct proc proc;
};

struct reader_programs {
	struct flow_hash hash; /* of process ids */
	struct rests *rests;   /* of their records */
	struct known *heads[BUCKETS];
	uint32_t count;
	uint64_t packet; /* their number, so far */
};

struct reader_programs *reader_programs_new(void)
{
	struct reader_programs *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->rests = rests_new();
	if (!t->rests) {
		free(t);
		return NULL;
	}
	flow_hash_init(&t->hash);
	return t;
}

static void forget_programs(struct reader_programs *t)
{
	for (int b = 0; b < BUCKETS; b++) {
		struct known *k = t->heads[b], *next;

		for (; k; k = next) {
			next = k->next;
			kept_record_drop(&k->programs[0].record);
			kept_record_drop(&k->programs[1].record);
			free(k);
		}
		t->heads[b] = NULL;
	}
	t->count = 0;
}

void reader_programs_free(struct reader_programs *t)
{
	if (!t)
		return;
	forget_programs(t);
	rests_free(t->rests);
	free(t);
}

void reader_programs_begin(struct reader_programs *t)
{
	if (t->count >= MAX_PROGRAMS || rests_bytes(t->rests) >= MAX_BYTES)
		forget_programs(t);
	t->packet++;
}

static struct known **head_known(struct reader_programs *t, uint64_t id)
{
	return &t->heads[flow_hash_number(&t->hash, id) % BUCKETS];
}

static struct known *find(struct reader_programs *t, uint64_t id)
{
	struct known *k = *head_known(t, id);

	while (k && k->programs->id != id)
		k = k->next;
	return k;
}

static struct known *get(struct reader_programs *t, uint64_t id)
{
	struct known *k = find(t, id), **head;

	if (k)
		return k;
	if (t->count == 2 * MAX_PROGRAMS)
		return NULL;
	k = calloc(1, sizeof(*k));
	if (!k)
		return NULL;
	head = head_known(t, id);
	k->next = *head;
	*head = k;
	for (int i = 0; i < 2; i++) {
		k->programs[i].id = id;
		k->programs[i].proc = &k->proc;
	}
	k->proc.program = k->programs;
	t->count++;
	return k;
}

static bool has_record(const struct program *i, const uint8_t *record,
		       size_t len)
{
	uint8_t kept[PROCESS_MAX];

	return kept_record_copy(&i->record, kept) == len &&
	       !memcmp(kept, record, len);
}

/* Which of both has that record, or may have it from now on. */
static unsigned place_for(const struct known *k, const uint8_t *record,
			  size_t len)
{
	const struct program *now = &k->programs[k->now];

	return !kept_record_len(&now->record) || has_record(now, record, len) ?
		       k->now :
		       !k->now;
}

void reader_programs_learn(struct reader_programs *t, const uint8_t *record,
			   size_t size)
{
	struct process p;
	int len = process_decode(&p, record, size);
	struct program *i;
	struct known *k;
	unsigned place;

	if (len <= 0 || !process_has(&p, FIELD_ID))
		return;
	k = get(t, p.id);
	if (!k)
		return;
	place = place_for(k, record, (size_t)len);
	i = &k->programs[place];
	/* Without memory the old one stays. */
	if (!has_record(i, record, (size_t)len) &&
	    kept_record_set(t->rests, &i->record, record, (size_t)len))
		i->version = ++k->version;
	if (place != k->now && k->told_in == t->packet)
		k->twice_in = t->packet;
	k->told_in = t->packet;
	k->now = place;
	k->proc.pid = p.pid;
}

struct program *reader_programs_of(struct reader_programs *t,
				   const struct packet_end *e, bool sends)
{
	struct known *k = e->present ? get(t, e->id) : NULL;
	struct program *i;

	if (!k)
		return NULL;
	i = &k->programs[sends && k->twice_in == t->packet ? !k->now : k->now];
	k->proc.pid = e->pid;
	memcpy(i->name, e->name, sizeof(i->name));
	return i;
}
