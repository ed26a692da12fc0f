/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What connections speak: the first packets of each that carry something go to
 * tshark, and its answers to the connections.  Those of DNS go there all, and
 * are remembered as names of addresses.  What it could not take is counted.
 */
#ifndef PKTWHO_VIEW_DISSECT_SPEECH_H
#define PKTWHO_VIEW_DISSECT_SPEECH_H

#include <stdbool.h>
#include <stdint.h>

#include "view/flows/flows.h"
#include "view/flows/resolved.h"

struct speech;
struct owned_packet;

/*
 * NULL without memory.  @names is borrowed.  @patient: packets come from a
 * file, and wait for tshark rather than go without.
 */
struct speech *speech_new(struct resolved *names, bool patient);
void speech_free(struct speech *s); /* NULL is fine */

/* flows_options.heard */
void speech_heard(struct speech *s, struct flow *f,
		  const struct owned_packet *p);

/* To be called often: takes what was answered. */
void speech_work(struct speech *s);

/* Waits, if patient, for what has been asked of @f. */
void speech_await(struct speech *s, const struct flow *f);

/* Waits for all that was asked, but not for long. */
void speech_finish(struct speech *s);

/* Why it does not work, for the user, or NULL. */
const char *speech_why(const struct speech *s);

/* Connections that it could not take. */
uint64_t speech_missed(const struct speech *s);

#endif
