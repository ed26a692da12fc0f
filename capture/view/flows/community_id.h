/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The name that other tools, too, give a connection: Community ID 1, seed 0
 * (https://github.com/corelight/community-id-spec).  Pure.
 */
#ifndef PKTWHO_VIEW_FLOWS_COMMUNITY_ID_H
#define PKTWHO_VIEW_FLOWS_COMMUNITY_ID_H

#include <linux/types.h>
#include <stdbool.h>

#include "packet/flow.h"

#define COMMUNITY_ID_SIZE 31 /* "1:", 28 characters, NUL */

/* False for what has no ports: of ICMP we know too little. */
bool community_id(const struct flow_key *k, char out[COMMUNITY_ID_SIZE]);

#endif
