/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/metrics/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "owner/owned_packet.h"
#include "printable.h"

#define SLOTS  512		/* a power of two, twice as many as programs */
#define OTHER  METRICS_PROGRAMS /* those that came later */
#define NOBODY (OTHER + 1)	/* no process of this host is named */

enum counter {
	SENT_PACKETS,
	SENT_BYTES,
	RECEIVED_PACKETS,
	RECEIVED_BYTES,
	COUNTERS
};

static const char *const counter_names[COUNTERS] = {
	[SENT_PACKETS] = "pktwho_program_sent_packets_total",
	[SENT_BYTES] = "pktwho_program_sent_bytes_total",
	[RECEIVED_PACKETS] = "pktwho_program_received_packets_total",
	[RECEIVED_BYTES] = "pktwho_program_received_bytes_total",
};

struct program_counts {
	char name[RECORD_NAME_LEN + 1]; /* printable, as the label is */
	uint64_t counts[COUNTERS];
};

struct metrics {
	struct program_counts programs[NOBODY + 1];
	uint32_t count;
	uint16_t slots[SLOTS]; /* number + 1, by name */
	char *text;
};

static uint32_t hash_name(const char *name)
{
	uint32_t h = 2166136261u;

	for (; *name; name++)
		h = (h ^ (uint8_t)*name) * 16777619u;
	return h;
}

/* Where its number is, or would be. */
static uint16_t *slot_of_name(struct metrics *m, const char *name)
{
	uint32_t at = hash_name(name) & (SLOTS - 1);

	while (m->slots[at] && strcmp(m->programs[m->slots[at] - 1].name, name))
		at = (at + 1) & (SLOTS - 1);
	return &m->slots[at];
}

static void name_program(struct metrics *m, uint32_t number, const char *name)
{
	strcpy(m->programs[number].name, name);
	*slot_of_name(m, name) = (uint16_t)(number + 1);
}

struct metrics *metrics_new(void)
{
	struct metrics *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	name_program(m, OTHER, "(other)");
	name_program(m, NOBODY, "(unnamed)");
	return m;
}

void metrics_free(struct metrics *m)
{
	if (m)
		free(m->text);
	free(m);
}

/*
 * By the name as it is told: of two series with the same label a scraper
 * takes none.
 */
static struct program_counts *counts_of(struct metrics *m,
					const struct program *program)
{
	char name[RECORD_NAME_LEN + 1];
	uint16_t *slot;

	if (!program)
		return &m->programs[NOBODY];
	snprintf(name, sizeof(name), "%.*s", RECORD_NAME_LEN, program->name);
	printable_replace(name);
	slot = slot_of_name(m, name);
	if (*slot)
		return &m->programs[*slot - 1];
	if (m->count == METRICS_PROGRAMS)
		return &m->programs[OTHER];
	name_program(m, m->count, name);
	return &m->programs[m->count++];
}

/* An end that is not on this host is nobody's to count. */
static void count_end_of_program(struct metrics *m,
				 const struct program *program, uint8_t attr,
				 enum counter packets, uint32_t len)
{
	struct program_counts *c;

	if (!program && attr == ATTR_NONE)
		return;
	c = counts_of(m, program);
	c->counts[packets]++;
	c->counts[packets + 1] += len;
}

void metrics_packet(struct metrics *m, const struct owned_packet *p)
{
	count_end_of_program(m, p->src, p->verdict->src.attr, SENT_PACKETS,
			     p->frame->len);
	count_end_of_program(m, p->dst, p->verdict->dst.attr, RECEIVED_PACKETS,
			     p->frame->len);
	for (unsigned i = 0; i < p->other_count; i++)
		if (!owned_packet_is_from(p, p->others[i].program))
			count_end_of_program(m, p->others[i].program,
					     p->others[i].end.attr,
					     RECEIVED_PACKETS, p->frame->len);
}

/* A label's value has three characters that must be escaped. */
static void put_label(FILE *f, const char *name)
{
	for (; *name; name++) {
		if (*name == '"' || *name == '\\')
			fputc('\\', f);
		fputc(*name, f);
	}
}

static void put_total(FILE *f, const char *name, const char *type, uint64_t n)
{
	fprintf(f, "# TYPE %s %s\n%s %" PRIu64 "\n", name, type, name, n);
}

static void put_programs(FILE *f, const struct metrics *m, enum counter c)
{
	fprintf(f, "# TYPE %s counter\n", counter_names[c]);
	for (uint32_t i = 0; i <= NOBODY; i++) {
		if (i >= m->count && i < OTHER)
			continue;
		fprintf(f, "%s{program=\"", counter_names[c]);
		put_label(f, m->programs[i].name);
		fprintf(f, "\"} %" PRIu64 "\n", m->programs[i].counts[c]);
	}
}

const char *metrics_text(struct metrics *m, const struct flows_stats *flows,
			 const struct view_losses *losses, uint64_t lines_lost,
			 size_t *len)
{
	FILE *f;

	free(m->text);
	m->text = NULL;
	f = open_memstream(&m->text, len);
	if (!f)
		return NULL;
	put_total(f, "pktwho_packets_total", "counter", flows->packets);
	put_total(f, "pktwho_bytes_total", "counter", flows->bytes);
	put_total(f, "pktwho_connections_total", "counter", flows->begun);
	put_total(f, "pktwho_connections", "gauge", flows->open);
	put_total(f, "pktwho_dropped_packets_total", "counter",
		  losses->dropped);
	put_total(f, "pktwho_lost_events_total", "counter", losses->events);
	put_total(f, "pktwho_undissected_connections_total", "counter",
		  losses->undissected);
	put_total(f, "pktwho_lost_lines_total", "counter", lines_lost);
	for (int c = 0; c < COUNTERS; c++)
		put_programs(f, m, (enum counter)c);
	return fclose(f) ? NULL : m->text;
}
