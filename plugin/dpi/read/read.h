/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a packet tells of its flow, by the fields of other dissectors
 * (reader.h).
 */
#ifndef PKTWHO_PLUGIN_DPI_READ_READ_H
#define PKTWHO_PLUGIN_DPI_READ_READ_H

#include "compat.h"
#include "dpi/flow.h"
#include "dpi/layers.h"
#include "recognise/dns_message.h"
#include "recognise/signature/signature.h"
#include "record.h"

/* What there is to read. */
struct dpi_source {
	proto_tree *tree;    /* NULL: nothing */
	bool is_primed;	     /* Wireshark was asked to keep the fields at hand;
				   else they are searched for in the tree */
	bool is_for_experts; /* there are those alone that our items need */
	const struct dns_message *dns; /* NULL: it is in the tree, if it is */
};

/*
 * Takes what the packet says into @f, and what this host resolved into
 * dpi/names.h.
 */
void dpi_read(struct dpi_flow *f, const struct dpi_layers *l,
	      packet_info *pinfo, const struct dpi_source *from,
	      const struct attribution *owners);

/*
 * Takes what the first payload of a connection of HTTP asks for, as far as it
 * is in there: Wireshark shows no request before its body is complete, which
 * that of an upload may never be.
 */
void dpi_read_request(struct dpi_flow *f, wmem_allocator_t *pool,
		      const struct payload *p);

#endif
