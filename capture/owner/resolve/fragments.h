/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The ports of a datagram are in its first fragment.  They are remembered for
 * the later ones, as many as have room and as long as the kernel would wait for
 * them to put the datagram together.
 *
 * Fixed memory, no clock, no I/O.  Times are CLOCK_MONOTONIC nanoseconds.
 */
#ifndef PKTWHO_OWNER_RESOLVE_FRAGMENTS_H
#define PKTWHO_OWNER_RESOLVE_FRAGMENTS_H

#include "packet/parse.h"

struct fragments;

/* NULL without memory. */
struct fragments *fragments_new(void);
void fragments_free(struct fragments *f); /* NULL is fine */

/*
 * What tells the whole datagram apart: @t itself, or of a later fragment the
 * key and the fingerprint that the first one had.  NULL if the first one was not
 * seen.  Borrowed until the next call.
 */
const struct packet_traits *fragments_whole(struct fragments *f,
					    const struct packet_traits *t,
					    uint64_t ts_ns);

#endif
