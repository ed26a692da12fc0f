/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a capture shows while it runs, instead of a file or beside one:
 * `pktwho log` writes lines, `pktwho top` draws a table, `-P` prints packets.
 */
#ifndef PKTWHO_VIEW_VIEW_H
#define PKTWHO_VIEW_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "view/flows/losses.h"

struct devices;
struct view;
struct geo;
struct options;
struct owners;
struct owned_packet;

/* What a packet may be of; all borrowed. */
struct view_interfaces {
	const char *const *names;	/* by number */
	uint32_t count;			/* where there are devices */
	struct devices *const *devices; /* of each, behind an `any`; or NULL */
};

/*
 * As @o->action and @o->print say.  @o is borrowed; @geo, which may be NULL, is
 * taken over.  0 or -errno (logged).
 */
int view_open(struct view **out, const struct options *o, struct geo *geo,
	      const struct view_interfaces *interfaces);

/* What to poll, and for which events; -1: nothing. */
int view_fd(const struct view *v, short *events);

/* Who tells of sockets; borrowed. */
void view_set_owners(struct view *v, const struct owners *o);

/* Whoever captures has ended, and nothing more comes. */
void view_set_last(struct view *v);

void view_packet(struct view *v, const struct owned_packet *p);

/* Whether it is there until the user has had enough. */
bool view_waits(const struct view *v);

/*
 * To be called at least every 100 ms; @now_ns is on the packets' monotonic
 * clock.  0, -EPIPE when whoever looks has had
 * enough, or -errno (logged).
 */
int view_update(struct view *v, const struct view_losses *losses,
		uint64_t now_ns);

/* Says what is still to be said.  0 or -errno (logged).  NULL is fine. */
int view_close(struct view *v);

#endif
