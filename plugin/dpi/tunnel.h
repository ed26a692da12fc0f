/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A process that asks DNS for many long names below one domain, none of them
 * twice, carries something in them: dpi.tunnel.
 */
#ifndef PKTWHO_PLUGIN_DPI_TUNNEL_H
#define PKTWHO_PLUGIN_DPI_TUNNEL_H

#include "compat.h"
#include "record.h"

/* Once, while protocols register. */
void dpi_tunnel_init(void);

/* A question of this host's, with all of @name; @owners may be NULL. */
void dpi_tunnel_ask(packet_info *pinfo, const char *name,
		    const struct attribution *owners);

/* What was found in @frame, or NULL. */
const char *dpi_tunnel_get(uint32_t frame);

#endif
