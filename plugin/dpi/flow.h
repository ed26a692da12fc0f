/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is known of a flow.  One structure for each conversation of TCP, UDP
 * or SCTP, until the file is closed: about 150 bytes and the texts in it,
 * plus about 60 and its texts for every turn.
 *
 * A turn is a request and what belongs to it, or a DNS question: on a
 * connection that is used again the host may change.  A packet belongs to the
 * last turn that began at or before it, or to the first.  After
 * DPI_FLOW_TURNS of them no more is kept, and later packets show none rather
 * than a wrong one.
 */
#ifndef PKTWHO_PLUGIN_DPI_FLOW_H
#define PKTWHO_PLUGIN_DPI_FLOW_H

#include "compat.h"

#define DPI_FLOW_TURNS	    256
#define DPI_FLOW_DETAIL_MAX 240 /* bytes of one turn's detail */

/* How sure we are of the protocol: a better source replaces a lesser one. */
enum dpi_rank {
	DPI_NOTHING,
	DPI_PORT,	/* the port's owner was called, whatever the bytes */
	DPI_PATHFINDER, /* STUN, and not what it is for */
	DPI_CARRIER,	/* TLS or QUIC, and not what is inside */
	DPI_TLS_PORT,	/* TLS, on a port that is for one thing alone */
	DPI_OFFERED,	/* the client's ALPN leaves no other choice */
	DPI_AGREED,	/* the server's ALPN */
	DPI_SEEN,	/* dissected */
	DPI_SAID,	/* the first bytes cannot be anything else */
	DPI_UPGRADED,	/* it became something else */
	DPI_WITHIN,	/* it is for that alone, as gRPC in HTTP/2 */
};

/* By what the protocol is known: dpi.how. */
enum dpi_how {
	DPI_BY_NOTHING,
	DPI_BY_CONTENT,
	DPI_BY_ALPN,
	DPI_BY_DISSECTOR,
	DPI_BY_PORT,
};

struct dpi_turn {
	struct dpi_turn *next;
	struct dpi_turn *before;
	uint32_t frame;	       /* where it began */
	const char *host;      /* NULL if not known */
	char *detail;	       /* NULL if none */
	uint32_t status;       /* of HTTP, that it was answered with */
	uint32_t status_frame; /* 0: none yet */
};

/* A message that was not answered yet. */
struct dpi_asked {
	uint32_t frame; /* 0: none */
	nstime_t at;
};

struct dpi_flow {
	const char *app; /* NULL while nothing but the transport is known */
	enum dpi_rank rank;
	enum dpi_how how;
	bool in_proxy;	 /* what a proxy passes on is what is spoken */
	bool passed_on;	 /* ... by a proxy that is not heard */
	bool read_again; /* for a filter, when it was too late to learn */
	bool is_alone;	 /* of one packet, and nobody keeps it */
	bool ech;	 /* the server name may be for show */
	bool odd_port;	 /* the protocol's own port is another one */
	uint16_t port;	 /* the server's, or the first packet's receiver's */
	unsigned turns;
	const char *host;    /* TLS server name */
	uint32_t host_frame; /* where it was first seen */
	const char *tls_version;
	const char *cipher;
	const char *alpn;
	const char *ja4;
	const char *certificate; /* its first name, if the client said none */
	const char *asked_host; /* of HTTP's first request, by its first bytes */
	const char *asked_for;	/* its method and path */
	struct dpi_asked asked; /* what is told in turns: times.c */
	struct dpi_asked hello;
	uint32_t told;		 /* what is read once: bits of read.c's table */
	struct dpi_turn *first;	 /* in the order of their frames */
	struct dpi_turn *cursor; /* where the last packet was */
};

/* The flow of this packet, made if need be; @proto is "dpi". */
struct dpi_flow *dpi_flow_get(packet_info *pinfo, int proto);

/*
 * A packet that somebody clicks on, of a file that was read without our fields,
 * says what it says itself: what is shown must not depend on what was clicked
 * before.  When the file is read again, for a filter, all is learnt.
 */
struct dpi_flow *dpi_flow_alone(const struct dpi_flow *f,
				wmem_allocator_t *pool);

/* @app must live as long as the file.  True if it is news. */
bool dpi_flow_set_app(struct dpi_flow *f, const char *app, enum dpi_rank rank,
		      enum dpi_how how);

/* Keeps a copy of @value, unless *@member is known already. */
void dpi_flow_set(const char **member, const char *value);

/*
 * A host or a detail was seen in @frame; either may be NULL.  With @request
 * it begins a turn; so does another host than the current turn's.  Frames come
 * in any order, and again.
 */
void dpi_flow_turn(struct dpi_flow *f, uint32_t frame, bool request,
		   const char *host, const char *detail);

/* What the port's owner has read was nobody's words. */
void dpi_flow_forget_turns(struct dpi_flow *f);

/*
 * In @frame the turn that began in @request, or if nobody knows (0) the last
 * one before it, was answered with that status.  Shown only if the turn before
 * it was answered as well: with several under way Wireshark mixes them up.
 */
void dpi_flow_status(struct dpi_flow *f, uint32_t request, uint32_t frame,
		     uint32_t status);

/* The turn that @frame belongs to, or NULL if there is none at all. */
const struct dpi_turn *dpi_flow_turn_at(struct dpi_flow *f, uint32_t frame);

/* All details as one text, "" if there are none. */
const char *dpi_flow_detail(wmem_allocator_t *pool, const struct dpi_flow *f,
			    const struct dpi_turn *t);

#endif
