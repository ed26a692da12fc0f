/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is spoken in a packet, by the protocols that Wireshark found in it.
 * Needs no tree.
 */
#ifndef PKTWHO_PLUGIN_DPI_LAYERS_H
#define PKTWHO_PLUGIN_DPI_LAYERS_H

#include "compat.h"
#include "dpi/flow.h"
#include "recognise/protocols.h"

struct dpi_layers {
	const char *app;       /* NULL: nothing above the transport */
	const char *transport; /* NULL: none */
	enum dpi_rank rank;
	enum dpi_how how;
	unsigned families; /* enum dpi_family */
	bool is_flow; /* of TCP, UDP, SCTP or DCCP, and no error about one */
	bool in_tls;
	bool in_quic;
	bool in_proxy;	   /* a proxy passes it on */
	bool is_dns_alone; /* nothing is between it and the transport */
	bool has_port;	   /* app has ports of its own */
};

/* After dpi_protocols_init(). */
void dpi_layers_init(void);

/* Of a protocol by its role, or @plain. */
enum dpi_rank dpi_layers_rank(const struct dpi_protocol *p,
			      enum dpi_rank plain);

/* Its texts live as long as Wireshark. */
void dpi_layers_read(struct dpi_layers *l, packet_info *pinfo);

/*
 * The same, sooner, of a packet that is a message of DNS over UDP, in nothing
 * else.  False if it is not, to Wireshark, or something is to be said against it.
 */
bool dpi_layers_are_dns(struct dpi_layers *l, packet_info *pinfo);

/* The same of a flow that is known: how far that is true is not asked. */
bool dpi_layers_are_plain_dns(struct dpi_layers *l, const packet_info *pinfo);

#endif
