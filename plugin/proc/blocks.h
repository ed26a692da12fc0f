/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Blocks of a file that are no packets: our table of processes, each a row of
 * its own, and processes as Wireshark 5 writes them.
 */
#ifndef PKTWHO_PLUGIN_PROC_BLOCKS_H
#define PKTWHO_PLUGIN_PROC_BLOCKS_H

#include "compat.h"

/* Once, while protocols register; both are "proc"'s. */
void blocks_init(int proto, int ett);

/* Once all have. */
void blocks_handoff(void);

/* A custom block, whose number is in @pinfo; others' stay what they are. */
void blocks_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree);

/*
 * Whether a block or an option with our number is ours.  The number is the
 * documentation's and anybody may use it: then there is no word of it.
 */
bool blocks_is_ours(const uint8_t *p, size_t len);

#endif
