/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "archive/people.h"

#include <stdlib.h>
#include <string.h>

#include "archive/packet.h"
#include "packet/flow_hash.h"
#include "process/filter/filter.h"

#define BUCKETS 4096

struct people {
	const struct filter *filter;
	struct flow_hash hash; /* of process ids */
	struct person *heads[BUCKETS];
	uint64_t packet; /* their number, so far */
};

struct people *people_new(const struct filter *filter)
{
	struct people *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->filter = filter;
	flow_hash_init(&t->hash);
	return t;
}

void people_free(struct people *t)
{
	for (int b = 0; t && b < BUCKETS; b++) {
		struct person *p = t->heads[b], *next;

		for (; p; p = next) {
			next = p->next;
			free(p->record);
			free(p->closing);
			free(p);
		}
	}
	free(t);
}

struct person *people_with(struct people *t, uint64_t id)
{
	size_t bucket = flow_hash_number(&t->hash, id) % BUCKETS;
	struct person **head = &t->heads[bucket];
	struct person *p = *head;

	while (p && p->id != id)
		p = p->next;
	if (p)
		return p;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->id = id;
	p->wanted = p->wanted_now = filter_is_empty(t->filter);
	p->next = *head;
	*head = p;
	return p;
}

/* Whether it is another than before, which is replaced. */
static bool replace(uint8_t **old, size_t *old_len, const uint8_t *bytes,
		    size_t len)
{
	uint8_t *copy;

	if (*old && *old_len == len && !memcmp(*old, bytes, len))
		return false;
	copy = malloc(len);
	if (!copy)
		return false;
	memcpy(copy, bytes, len);
	free(*old);
	*old = copy;
	*old_len = len;
	return true;
}

/* It may become somebody else; a table does not say when. */
static void take_wanted(const struct people *t, struct person *person,
			const struct process *p, bool closing)
{
	bool matches = filter_is_empty(t->filter) ||
		       filter_matches(t->filter, p);

	person->wanted |= matches;
	if (closing) {
		person->wanted_now |= matches && !person->record;
		return;
	}
	if (person->told_in == t->packet && person->wanted_now)
		person->wanted_in = t->packet;
	person->told_in = t->packet;
	person->wanted_now = matches;
}

struct person *people_take(struct people *t, const struct process *p,
			   const uint8_t *record, size_t len, bool closing)
{
	struct person *person = people_with(t, p->id);

	if (!person)
		return NULL;
	take_wanted(t, person, p, closing);
	if (closing)
		replace(&person->closing, &person->closing_len, record, len);
	else if (replace(&person->record, &person->record_len, record, len))
		person->told = false;
	return person;
}

struct person *people_learn(struct people *t, const uint8_t *record,
			    size_t size, bool closing)
{
	struct process p;
	int len = process_decode(&p, record, size);

	if (len <= 0 || !process_has(&p, FIELD_ID))
		return NULL;
	return people_take(t, &p, record, (size_t)len, closing);
}

void people_learn_packet(struct people *t, const struct archive_packet *p)
{
	t->packet++;
	for (int i = 0; i < p->record_count; i++)
		people_learn(t, p->records[i].p, p->records[i].len, false);
}

bool people_want(const struct people *t, const struct person *person)
{
	return person->wanted_now ||
	       (t->packet && person->wanted_in == t->packet);
}

struct person *people_of(struct people *t, const struct packet_end *end)
{
	return end->present ? people_with(t, end->id) : NULL;
}

static unsigned add_once(struct person *out[PEOPLE_NAMED], unsigned count,
			 struct person *person)
{
	for (unsigned i = 0; i < count; i++)
		if (out[i] == person)
			return count;
	if (person)
		out[count++] = person;
	return count;
}

unsigned people_named(struct people *t, const struct archive_packet *p,
		      struct person *out[PEOPLE_NAMED])
{
	unsigned count = add_once(out, 0, people_of(t, &p->owners.src));

	count = add_once(out, count, people_of(t, &p->owners.dst));
	for (unsigned i = 0; i < p->others.count; i++)
		count = add_once(out, count, people_of(t, &p->others.of[i]));
	return count;
}

void person_count(struct person *p, uint64_t ts_ns, uint32_t len)
{
	if (!p->packets++)
		p->first_ns = ts_ns;
	p->bytes += len;
	p->last_ns = ts_ns;
}

size_t person_describe(const struct person *p, struct process *out,
		       uint8_t bytes[PROCESS_MAX])
{
	const uint64_t counts = 1ull << FIELD_PACKETS | 1ull << FIELD_BYTES |
				1ull << FIELD_FIRST_SEEN |
				1ull << FIELD_LAST_SEEN;
	const uint8_t *record = p->closing ? p->closing : p->record;
	int len;

	if (!record ||
	    process_decode(out, record,
			   p->closing ? p->closing_len : p->record_len) <= 0)
		return 0;
	out->packets = p->packets;
	out->bytes = p->bytes;
	out->first_seen_ns = p->first_ns;
	out->last_seen_ns = p->last_ns;
	out->has |= counts;
	len = process_encode(out, bytes, PROCESS_MAX);
	return len > 0 ? (size_t)len : 0;
}

void people_each(struct people *t, void (*fn)(void *ctx, struct person *p),
		 void *ctx)
{
	for (int b = 0; b < BUCKETS; b++)
		for (struct person *p = t->heads[b]; p; p = p->next)
			fn(ctx, p);
}
