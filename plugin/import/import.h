/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Other people's captures in our fields: what import_parse.h can read, found
 * where this version of Wireshark keeps it.  Each such process has
 * proc.attr == "import".  What a version does not hand to plugins is listed
 * in docs/fields.md.
 */
#ifndef PKTWHO_PLUGIN_IMPORT_IMPORT_H
#define PKTWHO_PLUGIN_IMPORT_IMPORT_H

#include "compat.h"
#include "import/parse.h"

/* Wireshark's own Private Enterprise Number. */
#define IMPORT_WIRESHARK_PEN 32622u

/* Once, while protocols register. */
void import_init(void);

/*
 * What other tools say of this packet; @block has its options and may be
 * NULL.  False, with *@i undefined, if they say nothing of a process.
 */
bool import_packet(struct imported *i, packet_info *pinfo, tvbuff_t *tvb,
		   wtap_block_t block);

/*
 * Reads a custom block of Wireshark's number, and on the first pass remembers
 * it for the packets of its process.  Result and *@i as of import_block().
 */
int import_custom_block(struct imported *i, packet_info *pinfo, tvbuff_t *tvb);

#endif
