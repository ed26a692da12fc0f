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

/* Its texts live as long as Wireshark. */
void dpi_layers_read(struct dpi_layers *l, packet_info *pinfo);

/*
 * The same, sooner, of a packet whose only datagram is a message of DNS.  False
 * if it is not, to Wireshark, or something is to be said against it.
 */
bool dpi_layers_are_dns(struct dpi_layers *l, packet_info *pinfo);

#endif
