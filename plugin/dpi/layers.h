/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is spoken in a packet, by the protocols that Wireshark found in it.
 * Needs no tree.
 */
#ifndef PKTWHO_PLUGIN_DPI_LAYERS_H
#define PKTWHO_PLUGIN_DPI_LAYERS_H

#include "compat.h"
#include "dpi/flow.h"

/* Whose fields are worth a look: dpi_read.h. */
enum dpi_family {
	DPI_HTTP = 1 << 0,
	DPI_HTTP2 = 1 << 1,
	DPI_HTTP3 = 1 << 2,
	DPI_DNS = 1 << 3,
	DPI_TLS = 1 << 4,	/* also inside QUIC */
	DPI_SSH = 1 << 5,
};

struct dpi_layers {
	const char *app;	/* NULL: nothing above the transport */
	const char *transport;	/* NULL: none */
	enum dpi_rank rank;
	unsigned families;	/* enum dpi_family */
	bool is_flow;		/* of TCP, UDP, SCTP or DCCP, and no error about one */
	bool in_tls;
	bool in_quic;
	bool has_port;		/* app has ports of its own */
};

/* Once, and not before all protocols have registered. */
void dpi_layers_init(void);

/* Its texts live as long as Wireshark. */
void dpi_layers_read(struct dpi_layers *l, const packet_info *pinfo);

#endif
