/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/saved/saved.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output/files/opener.h"
#include "output/output.h"
#include "owner/owned_packet.h"

#define FILES_LIKE "pktwho.pcapng" /* pktwho_00001_20261128100000.pcapng */
#define INTERFACES 64		   /* of a file */
#define SNAPLEN	   262144

struct saved {
	struct saved_options options;
	struct opener *opener;
	struct output *output; /* NULL: none is open */
	struct query query;
	struct view_losses before; /* when the file began */
	uint32_t section;	   /* its number */
	uint64_t count;
	uint64_t refused; /* for want of room on the disk */
	int error;
	/* Of the view, by number in the file. */
	uint32_t interfaces[INTERFACES];
	struct output_interface_stats stats[INTERFACES];
	uint32_t interface_count;
	char name[PATH_MAX];
};

int saved_open(struct saved **out, const struct saved_options *o)
{
	const struct opener_options oo = { .path = FILES_LIKE };
	struct saved *s = calloc(1, sizeof(*s));
	int err = s ? opener_start(&s->opener, &oo) : -ENOMEM;

	if (err) {
		free(s);
		return err;
	}
	s->options = *o;
	*out = s;
	return 0;
}

void saved_close(struct saved *s)
{
	if (!s)
		return;
	if (s->output)
		saved_end(s, &s->before);
	opener_stop(s->opener);
	free(s);
}

int saved_error(const struct saved *s)
{
	if (!s->output)
		return 0;
	return s->error ? s->error : output_full(s->output);
}

bool saved_goes_on(const struct saved *s)
{
	return s->output != NULL;
}

const char *saved_name(const struct saved *s)
{
	return s->name;
}

uint64_t saved_count(const struct saved *s)
{
	return s->count;
}

/* ---- a file ---- */

/*
 * Each has a number, by which programs know that it has not got their record.
 * There is no other output that would number them: with one, nothing need be
 * saved.
 */
int saved_begin(struct saved *s, const struct query *q,
		const struct view_losses *losses)
{
	struct output_options oo = {
		.path = s->name,
		.compression = COMPRESSION_NONE,
		.comments = s->options.comments,
		.shared_countries = s->options.countries,
		.section = s->section + 1,
	};
	const char *name;
	int err;

	oo.fd = opener_next(s->opener, &name);
	if (oo.fd < 0)
		return oo.fd;
	snprintf(s->name, sizeof(s->name), "%s", name);
	err = output_open(&s->output, &oo);
	if (err)
		return err;
	err = output_begin(s->output, NULL, 0, NULL);
	if (err) {
		output_abandon(s->output);
		s->output = NULL;
		return err;
	}
	s->section++;
	s->query = *q;
	s->before = *losses;
	s->count = s->refused = 0;
	s->error = 0;
	s->interface_count = 0;
	memset(s->stats, 0, sizeof(s->stats));
	return 0;
}

int saved_end(struct saved *s, const struct view_losses *losses)
{
	const struct output_stats stats = {
		.events_lost = losses->events - s->before.events,
	};
	uint64_t unwritten;
	int err;

	/* Of a capture's interfaces it is only known what all have lost. */
	s->stats[0].os_dropped = losses->dropped - s->before.dropped;
	s->stats[0].own_drops = s->refused;
	err = output_close(s->output, s->stats, &stats, &unwritten);
	s->output = NULL;
	s->count -= unwritten;
	return s->error ? s->error : err;
}

/* ---- packets ---- */

/* The interface's number in the file, or -errno. */
static int interface_of(struct saved *s, const struct owned_packet *p)
{
	const uint32_t number = p->frame->interface;
	const struct pcapng_interface new = {
		.name = s->options.interfaces[number],
		.linktype = p->linktype,
		.snaplen = SNAPLEN,
	};
	int err;

	for (uint32_t i = 0; i < s->interface_count; i++)
		if (s->interfaces[i] == number)
			return (int)i;
	if (s->interface_count == INTERFACES)
		return -ENOSPC;
	err = output_add_interface(s->output, &new);
	if (err)
		return err;
	s->interfaces[s->interface_count] = number;
	return (int)s->interface_count++;
}

static int save_packet(struct saved *s, const struct owned_packet *p)
{
	int interface = interface_of(s, p), err;
	struct frame frame = *p->frame; /* all but its bytes */
	struct owned_packet copy = *p;

	if (interface < 0)
		return interface;
	frame.interface = (uint32_t)interface;
	copy.frame = &frame;
	s->stats[interface].received++;
	err = output_packet(s->output, &copy);
	s->count += !err;
	return err;
}

void saved_packet(struct saved *s, const struct flow *f,
		  const struct owned_packet *p)
{
	const struct query_subject subject = {
		.flow = f,
		.actors = { f->ends[0].actor, f->ends[1].actor },
		.side = -1,
		.names = s->options.names,
	};
	int err;

	if (!s->output || s->error || !query_matches(&s->query, &subject))
		return;
	err = save_packet(s, p);
	if (err == -EAGAIN)
		s->refused++;
	else
		s->error = err;
}

void saved_update(struct saved *s)
{
	if (s->output && !s->error)
		s->error = output_flush(s->output);
}
