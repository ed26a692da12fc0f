/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * proc,latency: who waits for whom, by what is spoken: the response times of
 * dpi/read/times.h, for the line that asked and for the one that answered.
 */
#ifndef PKTWHO_PLUGIN_STATS_LATENCY_H
#define PKTWHO_PLUGIN_STATS_LATENCY_H

/* Once, while protocols register. */
void latency_init(void);

#endif
