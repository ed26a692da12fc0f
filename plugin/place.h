/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The geo.* fields: where the addresses of a packet are.  The country that
 * was recorded with the packet comes first; the rest, and the country of
 * packets that carry none, is looked up in the databases of the preference.
 */
#ifndef PKTWHO_PLACE_H
#define PKTWHO_PLACE_H

#include "compat.h"
#include <epan/prefs.h>

/* Registers the protocol "geo"; @prefs gets our preferences. */
void place_init(module_t *prefs);
void place_register_fields(void);

/* The preferences have changed: forget the open databases. */
void place_reset(void);

#define PLACE_COUNTRY_LEN 3

/*
 * The country of @a: the one recorded with the packet, else the databases'.
 * False, and "", if it has none.
 */
bool place_country(char out[PLACE_COUNTRY_LEN], const address *a,
		   const char *recorded);

/* Does anybody ask for a place? */
bool place_is_wanted(proto_tree *tree);

/*
 * Are the addresses Wireshark has of a packet inside another?  The recorded
 * countries are of the outer one's.
 */
bool place_is_inside(const packet_info *pinfo);

/*
 * Adds what is known of the packet's two addresses, sender first.  The
 * countries are those recorded with the packet, "" for none.
 */
void place_add(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo,
	       const char *src_country, const char *dst_country);

#endif
