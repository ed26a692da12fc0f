/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The processes that files tell of, over all of them: a process has the same
 * id in each.  Whether they are looked for, what the files say of them, and
 * what was counted.
 */
#ifndef PKTWHO_ARCHIVE_PEOPLE_H
#define PKTWHO_ARCHIVE_PEOPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"

struct archive_packet;
struct filter;
struct people;

struct person {
	struct person *next; /* of its hash bucket */
	uint64_t id;	     /* process_id() */
	bool wanted;	     /* by one of its records */
	bool wanted_now;     /* by the latest, which its packets go by */
	uint64_t told_in;    /* the last packet with a record of it */
	uint64_t wanted_in;  /* ... with two, wanted by the first */
	bool told;	     /* the record is in the new file */
	uint8_t *record;     /* the latest beside a packet; or NULL */
	size_t record_len;
	uint8_t *closing; /* the latest of a table; or NULL */
	size_t closing_len;
	uint64_t packets; /* these are for whoever counts */
	uint64_t bytes;
	uint64_t first_ns;
	uint64_t last_ns;
};

/* @filter is borrowed; an empty one wants everybody.  NULL without memory. */
struct people *people_new(const struct filter *filter);
void people_free(struct people *t); /* NULL is fine */

/* A record, of a packet or of a table.  NULL: malformed, or no memory. */
struct person *people_learn(struct people *t, const uint8_t *record, size_t len,
			    bool closing);

/*
 * All records of the next packet.  It may have two of a process that reads what
 * it has sent under another name or user.
 */
void people_learn_packet(struct people *t, const struct archive_packet *p);

/* Whether it is wanted by its latest record, or the first of two of this packet. */
bool people_want(const struct people *t, const struct person *person);

/* The same of one that is decoded already, and has an id. */
struct person *people_take(struct people *t, const struct process *p,
			   const uint8_t *record, size_t len, bool closing);

/* Who has that id, perhaps not known before; NULL: no memory. */
struct person *people_with(struct people *t, uint64_t id);

/* Who an end is; NULL: nobody, or no memory. */
struct person *people_of(struct people *t, const struct packet_end *end);

#define PEOPLE_NAMED (1 + RECEIVERS_MAX)

/* All that a packet names, each once.  Returns how many they are. */
unsigned people_named(struct people *t, const struct archive_packet *p,
		      struct person *out[PEOPLE_NAMED]);

void person_count(struct person *p, uint64_t ts_ns, uint32_t len);

/*
 * All there is to tell of it, with what was counted; its record's bytes, or
 * 0.
 */
size_t person_describe(const struct person *p, struct process *out,
		       uint8_t bytes[PROCESS_MAX]);

void people_each(struct people *t, void (*fn)(void *ctx, struct person *p),
		 void *ctx);

#endif
