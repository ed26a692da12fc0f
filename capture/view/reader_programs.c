/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/reader_programs.h"

#include <stdlib.h>
#include <string.h>

#include "packet/flow_hash.h"

#define BUCKETS	     4096
#define MAX_PROGRAMS 16384		/* then they are learned anew */

struct known {
	struct known *next;		/* of its hash bucket */
	struct program program;
	struct proc proc;
};

struct reader_programs {
	struct flow_hash hash;		/* of process ids */
	struct known *heads[BUCKETS];
	uint32_t count;
};

struct reader_programs *reader_programs_new(void)
{
	struct reader_programs *t = calloc(1, sizeof(*t));

	if (t)
		flow_hash_init(&t->hash);
	return t;
}

static void forget_programs(struct reader_programs *t)
{
	for (int b = 0; b < BUCKETS; b++) {
		struct known *k = t->heads[b], *next;

		for (; k; k = next) {
			next = k->next;
			free(k->program.record);
			free(k);
		}
		t->heads[b] = NULL;
	}
	t->count = 0;
}

void reader_programs_free(struct reader_programs *t)
{
	if (t)
		forget_programs(t);
	free(t);
}

void reader_programs_begin(struct reader_programs *t)
{
	if (t->count >= MAX_PROGRAMS)
		forget_programs(t);
}

static struct known **head_known(struct reader_programs *t, uint64_t id)
{
	return &t->heads[flow_hash_number(&t->hash, id) % BUCKETS];
}

static struct known *find(struct reader_programs *t, uint64_t id)
{
	struct known *k = *head_known(t, id);

	while (k && k->program.id != id)
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
	k->program.id = id;
	k->program.proc = &k->proc;
	k->proc.program = &k->program;
	t->count++;
	return k;
}

/* Its record, unless it is the one that is known. */
void reader_programs_learn(struct reader_programs *t, const uint8_t *record,
			   size_t size)
{
	struct process p;
	int len = process_decode(&p, record, size);
	struct program *i;
	struct known *k;
	uint8_t *copy;

	if (len <= 0 || !process_has(&p, FIELD_ID))
		return;
	k = get(t, p.id);
	if (!k)
		return;
	i = &k->program;
	if (i->record && i->record_len == (uint32_t)len &&
	    !memcmp(i->record, record, (size_t)len))
		return;
	copy = malloc((size_t)len);
	if (!copy)
		return;
	memcpy(copy, record, (size_t)len);
	free(i->record);
	i->record = copy;
	i->record_len = (uint32_t)len;
	i->version++;
	k->proc.pid = p.pid;
}

struct program *reader_programs_of(struct reader_programs *t,
				   const struct packet_end *e)
{
	struct known *k = e->present ? get(t, e->id) : NULL;

	if (!k)
		return NULL;
	k->proc.pid = e->pid;
	memcpy(k->program.name, e->name, sizeof(k->program.name));
	return &k->program;
}
