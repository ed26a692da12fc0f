/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The dpi.* fields: what is spoken on a packet's flow, and with whom, in
 * words of Wireshark's own dissectors (their fields, read/reader.h).  What the
 * first packets of a flow tell is kept with its conversation (flow.h) and
 * shown on every packet of it.
 *
 * Reading other dissectors' fields makes Wireshark build a tree for every
 * packet, which costs a fifth of a run that would not have built any.  So our
 * fields come into being when somebody first names one: a filter, a column,
 * -e.  Wireshark then asks for them by their prefix, before it reads the
 * file, and only then do we ask for the others'.  Names for expert items alone
 * are had without (recognise/tree.h).
 */
#ifndef PKTWHO_PLUGIN_DPI_DPI_H
#define PKTWHO_PLUGIN_DPI_DPI_H

#include "compat.h"
#include "record.h"

/* Registers the protocol "dpi", its fields' prefix and its preferences. */
void dpi_init(void);

/* Once all protocols have registered. */
void dpi_handoff(void);

/* What is spoken is wanted, for a statistic: from now on, if not before. */
void dpi_collect(void);

/* The postdissector that calls dpi_add(), once it is registered. */
void dpi_use_postdissector(dissector_handle_t handle);

/*
 * Is there anything to do for this packet?  To be asked of every packet: it
 * also notes those of which nothing was kept.
 */
bool dpi_is_wanted(packet_info *pinfo, proto_tree *tree);

/*
 * Learns what the packet tells, and adds what is known of its flow.  @owners
 * are the packet's own, NULL if it has none.
 */
void dpi_add(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo,
	     const struct attribution *owners);

#endif
