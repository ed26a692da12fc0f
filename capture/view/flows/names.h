/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words for what a flow is, the same on the screen and in the log. */
#ifndef PKTWHO_VIEW_FLOWS_NAMES_H
#define PKTWHO_VIEW_FLOWS_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "view/flows/flows.h"

/* "192.0.2.1", "2001:db8::1"; @size is INET6_ADDRSTRLEN or more. */
void name_address(const uint8_t addr[16], char *out, size_t size);

bool name_has_ports(uint8_t proto);

/* "tcp", "arp", or a number; borrowed until the next call. */
const char *name_protocol(const struct flow_key *k);

/* TCP's: "open", "closing"; for the rest "". */
const char *name_state(const struct flow *f);

/* Why it is over: "closed", "idle"; "" while it is not. */
const char *name_over(const struct flow *f);

#endif
