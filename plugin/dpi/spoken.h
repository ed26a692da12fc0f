/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which protocol a port belongs to, by Wireshark's tables; Decode As counts. */
#ifndef PKTWHO_PLUGIN_DPI_SPOKEN_H
#define PKTWHO_PLUGIN_DPI_SPOKEN_H

#include "compat.h"

/* Does Wireshark find this protocol in the packet? */
bool spoken_is(const packet_info *pinfo, int proto);

/* Is the protocol that either port of TCP or UDP belongs to spoken here? */
bool spoken_is_kept(const packet_info *pinfo);

#endif
