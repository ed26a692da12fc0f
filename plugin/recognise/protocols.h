/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One table of what we know of protocols: Wireshark's name of each, ours,
 * what it is in TLS, and whether it is spoken or carries what is spoken.
 */
#ifndef PKTWHO_PLUGIN_RECOGNISE_PROTOCOLS_H
#define PKTWHO_PLUGIN_RECOGNISE_PROTOCOLS_H

#include "compat.h"

enum dpi_role {
	DPI_APP,       /* what is spoken */
	DPI_WEAK,      /* the same, and Wireshark mistakes others for it */
	DPI_UPGRADE,   /* the same, also after what came before */
	DPI_INSIDE,    /* ... and in it */
	DPI_CARRIES,   /* something else is inside, if we can see it */
	DPI_PROXY,     /* so it does, after it was told for whom */
	DPI_PATH,      /* finds a way for what comes after it */
	DPI_LINK,      /* carried by something else, not spoken in it */
	DPI_TRANSPORT, /* what is spoken comes after the last of these */
	DPI_QUOTES,    /* what follows is quoted, not spoken */
	DPI_NOISE,
};

/* Whose fields are worth a look: read.h. */
enum dpi_family {
	DPI_HTTP = 1 << 0,
	DPI_HTTP2 = 1 << 1,
	DPI_HTTP3 = 1 << 2,
	DPI_DNS = 1 << 3,
	DPI_TLS = 1 << 4, /* also inside QUIC */
	DPI_SSH = 1 << 5,
	DPI_DTLS = 1 << 6,
	DPI_GQUIC = 1 << 7,
	DPI_SAYS = 1 << 8,   /* who, or for what: read.c */
	DPI_TIMED = 1 << 9,  /* how long an answer took: times.c */
	DPI_TURNS = 1 << 10, /* each message waits for the other's */
};

struct dpi_protocol {
	const char *filter;   /* Wireshark's name for it */
	const char *app;      /* ours; NULL: Wireshark's short name */
	const char *over_tls; /* the same in TLS; NULL: "... over TLS" */
	enum dpi_role role;
	unsigned families; /* enum dpi_family */
	bool has_port;	   /* of its own: on another it is worth a word */
	bool is_called;	   /* some table of Wireshark's hands payload to it */
	bool is_listed;	   /* known to us by more than its name */
	int id;		   /* -1: this Wireshark does not know it */
};

/* Once, and not before all protocols have registered. */
void dpi_protocols_init(void);

/* That of Wireshark's number; it lives as long as Wireshark. */
const struct dpi_protocol *dpi_protocol_of(int id);

/*
 * Of Wireshark's name, a text that stays where it is; NULL if neither Wireshark
 * nor our table has it.
 */
const struct dpi_protocol *dpi_protocol_named(const char *filter);

/* What an ALPN stands for, or NULL. */
const char *dpi_protocol_of_alpn(const char *alpn, bool in_quic);

/* What TLS on this port carries, if the port is for that alone; or NULL. */
const char *dpi_protocol_of_tls_port(uint32_t port);

#endif
