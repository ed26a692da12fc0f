/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Packets that who looks at `pktwho top` wants to have: from a key to the next
 * one, those of what is shown go into a file of their own, with their owners.
 * Another process opens it, which stays what the caller was.
 */
#ifndef PKTWHO_VIEW_SAVED_SAVED_H
#define PKTWHO_VIEW_SAVED_SAVED_H

#include <stdbool.h>
#include <stdint.h>

#include "options.h"
#include "view/flows/losses.h"
#include "view/rows/query.h"

struct country_cache;
struct owned_packet;
struct saved;

struct saved_options {
	const char *const *interfaces;	 /* their names; borrowed */
	struct country_cache *countries; /* borrowed */
	const struct resolved *names;	 /* borrowed, or NULL */
	enum options_comments comments;
};

/* Forks, so it must come before any sandbox.  0 or -errno (logged). */
int saved_open(struct saved **out, const struct saved_options *o);

/* Ends the file that is open, too.  NULL is fine. */
void saved_close(struct saved *s);

/*
 * A new file in the directory where it was started, for what @q matches, which
 * is copied.  0 or -errno.
 */
int saved_begin(struct saved *s, const struct query *q,
		const struct view_losses *losses);

/* 0, or the first error there was, as -errno. */
int saved_end(struct saved *s, const struct view_losses *losses);

/*
 * Why nothing is written to the file that is open, as -errno, perhaps only
 * until its disk has room again; or 0.
 */
int saved_error(const struct saved *s);

/* Whether a file is open. */
bool saved_goes_on(const struct saved *s);

/* The last file's name, "" before the first, and the packets in it. */
const char *saved_name(const struct saved *s);
uint64_t saved_count(const struct saved *s);

/* A packet of @f; it is written if that is what is wanted. */
void saved_packet(struct saved *s, const struct flow *f,
		  const struct owned_packet *p);

/* What waits is written.  To be called now and then. */
void saved_update(struct saved *s);

#endif
