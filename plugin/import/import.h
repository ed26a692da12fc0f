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

#define IMPORT_MAX 4 /* processes of one packet */

/* To be called of every packet on the first pass. */
void import_see(const packet_info *pinfo);

/*
 * How many processes other tools say this packet has; @block has its options
 * and may be NULL.  Those of @all beyond that are undefined.
 */
unsigned import_packet(struct imported all[IMPORT_MAX], packet_info *pinfo,
		       tvbuff_t *tvb, wtap_block_t block);

/*
 * Reads a custom block of Wireshark's number, and on the first pass remembers
 * it for the packets of its process.  Result and *@i as of import_block().
 */
int import_custom_block(struct imported *i, packet_info *pinfo, tvbuff_t *tvb);

#endif
