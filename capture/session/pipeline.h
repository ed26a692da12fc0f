/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The way of a packet: from its capture, through a queue in which it waits for
 * its owner, to the file and what is shown.
 */
#ifndef PKTWHO_SESSION_PIPELINE_H
#define PKTWHO_SESSION_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "owner/owned_packet.h"
#include "session/captures.h"
#include "session/keys.h"
#include "session/wanted.h"

struct parts;
struct view_losses;

#define PIPELINE_UNREAD 4096

struct pipeline {
	struct parts *parts;
	struct owners *owners; /* these four are the parts' */
	struct captures *captures;
	struct files *files;
	struct view *view;
	struct wanted wanted;
	struct captures_room room;
	struct keys keys; /* of the command's TLS connections */
	bool hash;
	/* When a reader was last waited for in vain, by its socket's cookie. */
	uint64_t unread_ns[PIPELINE_UNREAD];
	uint64_t pruned_ns;	  /* CLOCK_MONOTONIC */
	uint64_t popped_ns;	  /* of the last packet in this step; 0: none */
	struct flow_key prepared; /* whose memory was fetched last */
	struct owned_other others[VERDICT_OTHERS]; /* of the packet at hand */
};

/* @p is open, and borrowed. */
void pipeline_init(struct pipeline *l, struct parts *p);

/*
 * Takes in what has come, and lets go what need not wait.  0, or -errno when
 * the last interface is gone.
 */
int pipeline_step(struct pipeline *l);

/* As captures_may_rest(). */
bool pipeline_may_rest(const struct pipeline *l);

/* True if packets wait, or processes to be read. */
bool pipeline_waits(const struct pipeline *l);

/* The last packets are waited for. */
void pipeline_end(struct pipeline *l);

/*
 * Lets all go, or if nothing can be written any more drops and counts them.
 * Hashes that were asked for are waited for, but not for long.
 */
void pipeline_finish(struct pipeline *l);

/* Counts the packets and events that were lost so far. */
void pipeline_losses(const struct pipeline *l, struct view_losses *losses);

#endif
