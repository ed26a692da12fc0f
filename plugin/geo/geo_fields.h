/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The geo.* fields: where the addresses of a packet are.  The country that
 * was recorded with the packet comes first; the rest, and the country of
 * packets that carry none, is looked up in the databases of the preference.
 */
#ifndef PKTWHO_PLUGIN_GEO_GEO_FIELDS_H
#define PKTWHO_PLUGIN_GEO_GEO_FIELDS_H

#include "compat.h"
#include <epan/prefs.h>

/* Registers the protocol "geo"; @prefs gets our preferences. */
void geo_fields_init(module_t *prefs);
void geo_fields_register_fields(void);

/* The preferences have changed: forget the open databases. */
void geo_fields_reset(void);

#define GEO_FIELDS_COUNTRY_LEN 3

/*
 * The country of @a: the one recorded with the packet, else the databases'.
 * False, and "", if it has none.
 */
bool geo_fields_country(char out[GEO_FIELDS_COUNTRY_LEN], const address *a,
			const char *recorded);

/* Is @a one that can have a country?  False for what is no IP address. */
bool geo_fields_is_public(const address *a);

/* Does anybody ask for a place? */
bool geo_fields_is_wanted(proto_tree *tree);

/*
 * Are the addresses Wireshark has of a packet inside another?  The recorded
 * countries are of the outer one's.
 */
bool geo_fields_is_inside(const packet_info *pinfo);

/*
 * Adds what is known of the packet's two addresses, sender first.  The
 * countries are those recorded with the packet, "" for none.  The first packet
 * also has an expert item for each database that cannot be read.
 */
void geo_fields_add(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo,
		    const char *src_country, const char *dst_country);

/* Those items alone, of the first packet. */
void geo_fields_add_unread(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo);

#endif
