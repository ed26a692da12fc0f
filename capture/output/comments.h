/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which packets carry the comment that a person reads: the first of each flow,
 * either way, and from then on those of which it says something else.
 *
 * Fixed memory: flows that have the place of another one begin anew, so at
 * most a packet has a comment that need not have it.
 */
#ifndef PKTWHO_OUTPUT_COMMENTS_H
#define PKTWHO_OUTPUT_COMMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "packet/parse.h"

/* So many of a flow, each way: what a filter keeps begins with one of them. */
#define COMMENTS_FIRST 4

struct comments;

/* One packet's, for both calls. */
struct comment_place {
	uint32_t slot;
	uint32_t flow;
	uint32_t file;
	uint32_t text; /* a hash of the comment */
	bool begins;   /* a connection, of addresses used before */
};

/* NULL without memory. */
struct comments *comments_new(void);
void comments_free(struct comments *c);

/* The place is about to be asked for: its memory is fetched. */
void comments_prepare(const struct comments *c, const struct flow_key *flow);

/* @file: each begins anew.  @text: a hash of the comment. */
struct comment_place comments_find(const struct comments *c,
				   const struct packet *packet,
				   uint32_t interface, uint32_t file,
				   uint32_t text);

/* Whether the packet has to have its comment. */
bool comments_due(const struct comments *c, const struct comment_place *p);

/* It has, and is written. */
void comments_told(struct comments *c, const struct comment_place *p);

#endif
