/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The dpi.* fields in the tree: one line for what is spoken, and the rest below
 * it.
 */
#ifndef PKTWHO_PLUGIN_DPI_SHOW_H
#define PKTWHO_PLUGIN_DPI_SHOW_H

#include "compat.h"
#include "dpi/flow.h"
#include "record.h"

struct dpi_view {
	proto_tree *tree;
	tvbuff_t *tvb;
	packet_info *pinfo;
	const char *app;
	enum dpi_how how;
	const char *host;
	struct dpi_flow *flow; /* NULL for what has none */
	const struct dpi_turn *turn;
	const char *unresolved; /* the expert items', or NULL */
	const char *tunnel;
};

/* Once, with the protocol; its fields when somebody first names one. */
void dpi_show_init(void);
void dpi_show_register(int proto);

/* Adds the fields that are wanted.  @owners are the packet's, or NULL. */
void dpi_show(struct dpi_view *v, const struct attribution *owners);

#endif
