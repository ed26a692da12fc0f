/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads the fields of other dissectors that we know the meaning of.  They are
 * looked up by name when first needed, since every version of Wireshark has
 * others; what this one has not is never there.
 */
#ifndef PKTWHO_PLUGIN_DPI_READ_H
#define PKTWHO_PLUGIN_DPI_READ_H

#include "compat.h"
#include "dpi/flow.h"
#include "dpi/layers.h"
#include "record.h"

/* Once, and not before all protocols have registered. */
void dpi_read_init(void);

/* All fields that we read, as set_postdissector_wanted_hfids() wants them. */
GArray *dpi_read_wanted(void);

/* A display filter that refers to them all; to be freed with g_free(). */
char *dpi_read_filter(void);

/*
 * Takes what the packet says into @f, and what this host resolved into
 * dpi_names.h.  @primed: Wireshark was asked to keep the fields at hand;
 * else they are searched for in the tree.
 */
void dpi_read(struct dpi_flow *f, const struct dpi_layers *l,
	      packet_info *pinfo, proto_tree *tree, bool primed,
	      const struct attribution *owners);

#endif
