/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Hears what comes while a capture runs: packets and events of the kernel, for
 * which it only wakes up, and signals, the end of the command, of the standard
 * input or of a reader, and what the user does in Wireshark's toolbar.
 */
#ifndef PKTWHO_SESSION_EVENTS_H
#define PKTWHO_SESSION_EVENTS_H

#include "host/watch.h"

struct parts;

struct events {
	struct parts *parts;
	struct watch watches[WATCH_MAX];
	unsigned count;
	unsigned captures; /* the first of theirs */
};

/* @p is open, and borrowed; @e must stay where it is. */
void events_init(struct events *e, struct parts *p);

/* Waits for no longer than that, and does what has to be done about it. */
void events_wait(struct events *e, int timeout_ms);

#endif
