/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `pktwho top`: what is shown, and what keys do to it. */
#ifndef PKTWHO_VIEW_SCREEN_TOP_H
#define PKTWHO_VIEW_SCREEN_TOP_H

#include <stdint.h>

#include "view/flows/losses.h"
#include "view/rows/table.h"

struct owners;
struct saved;
struct top;

struct top_options {
	const char *title;   /* of the first line; borrowed */
	const char *file;    /* where the packets are; NULL: nowhere */
	struct saved *saved; /* where they can go; borrowed, or NULL */
	enum table_group group;
	const char *countries;	      /* see table_spec */
	uint64_t interval_ns;	      /* between two pictures */
	struct flows *flows;	      /* borrowed */
	struct actors *actors;	      /* borrowed */
	const struct resolved *names; /* borrowed, or NULL */
};

/* 0 or -errno (logged). */
int top_open(struct top **out, const struct top_options *o);
void top_close(struct top *t); /* NULL is fine */

/* Who tells of sockets; borrowed. */
void top_set_owners(struct top *t, const struct owners *o);

/* Says that what comes from elsewhere has ended. */
void top_set_last(struct top *t);

/*
 * What is not there, in one line until the next key, and again where a filter
 * finds nothing.
 */
void top_tell(struct top *t, const char *what, const char *why);

/* Where keys come from. */
int top_fd(const struct top *t);

/*
 * Takes keys, and draws if it is time to.  0, or -EPIPE when the user has had
 * enough.
 */
int top_update(struct top *t, const struct view_losses *losses,
	       uint64_t now_mono_ns, uint64_t now_ns);

#endif
