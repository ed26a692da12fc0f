/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is counted for Prometheus: totals, and each program's packets and bytes.
 * Of no more than METRICS_PROGRAMS programs, the first ones; those that come
 * later count together, so that no counter ever falls.  Pure.
 */
#ifndef PKTWHO_VIEW_METRICS_METRICS_H
#define PKTWHO_VIEW_METRICS_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "view/flows/flows.h"
#include "view/flows/losses.h"

#define METRICS_PROGRAMS 200

struct metrics;
struct owned_packet;

struct metrics *metrics_new(void);    /* NULL without memory */
void metrics_free(struct metrics *m); /* NULL is fine */

void metrics_packet(struct metrics *m, const struct owned_packet *p);

/*
 * Prometheus' text format 0.0.4.  Borrowed until the next call; NULL without
 * memory.
 */
const char *metrics_text(struct metrics *m, const struct flows_stats *flows,
			 const struct view_losses *losses, uint64_t lines_lost,
			 size_t *len);

#endif
