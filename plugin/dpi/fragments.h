/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a fragment of IP is part of.  Wireshark puts datagrams together in the
 * packet that completes them, and only there is something above IP.
 */
#ifndef PKTWHO_PLUGIN_DPI_FRAGMENTS_H
#define PKTWHO_PLUGIN_DPI_FRAGMENTS_H

#include "compat.h"
#include "dpi/flow.h"
#include "dpi/layers.h"

struct dpi_fragment {
	struct dpi_flow *flow; /* NULL for what has none */
	const char *app;       /* of what has none, or says nothing */
};

void dpi_fragments_init(void);

/*
 * A packet that may complete a datagram, of which @flow is, or NULL.  Its
 * fragments have to be wanted (reader.h), else nothing is learnt.
 */
void dpi_fragments_learn(const packet_info *pinfo, proto_tree *tree,
			 const struct dpi_layers *l, struct dpi_flow *flow);

/* NULL if that frame is no fragment, or not one of a datagram that we know. */
const struct dpi_fragment *dpi_fragment_get(uint32_t frame);

#endif
