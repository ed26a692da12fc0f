/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A flow as a display filter of Wireshark, by its addresses and ports: of a
 * packet in a tunnel, those outside.  Pure.
 */
#ifndef PKTWHO_VIEW_ROWS_FLOW_FILTER_H
#define PKTWHO_VIEW_ROWS_FLOW_FILTER_H

#include "packet/flow_key.h"

#define FLOW_FILTER 320 /* bytes of it */

void flow_filter(const struct flow_key *k, char out[FLOW_FILTER]);

/* All that flows of that protocol and server have in common. */
void flow_filter_server(const struct flow_key *k, char out[FLOW_FILTER]);

#endif
