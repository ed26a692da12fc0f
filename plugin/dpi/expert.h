/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The expert items dpi.unresolved, a TLS server name that this host never
 * asked DNS for, and dpi.tunnel (tunnel.h).  Their preferences are
 * dpi.expert_unresolved and dpi.expert_tunnel.
 */
#ifndef PKTWHO_PLUGIN_DPI_EXPERT_H
#define PKTWHO_PLUGIN_DPI_EXPERT_H

#include "compat.h"
#include <epan/prefs.h>

#include "record.h"

/* Once, while protocols register. */
void dpi_expert_init(module_t *prefs);

/* With the fields of @proto, "dpi". */
void dpi_expert_register(int proto);

/*
 * Was @host asked for in a packet that this host sent, and never resolved?
 * Not where no DNS is to be seen at all: it may be encrypted, or elsewhere.
 */
bool dpi_expert_is_due(const char *host, const struct attribution *owners);

/* Adds the item to @item for a packet of which it is due. */
void dpi_expert_add(proto_item *item, packet_info *pinfo, const char *host);

/* What there is to tell of a tunnel in @frame, or NULL; and tells it. */
const char *dpi_expert_tunnel(uint32_t frame);
void dpi_expert_add_tunnel(proto_item *item, packet_info *pinfo,
			   const char *text);

#endif
