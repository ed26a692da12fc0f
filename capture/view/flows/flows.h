/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Packets with owners to connections: who talks with whom, how much and how
 * well.  Each packet is counted in exactly one flow, and in one part of it:
 * that of the two who were its owners then.
 *
 * Fixed memory, no clock and no I/O.  When full it forgets what is over first,
 * the longest unused of it; what was forgotten is in its actors' past, and
 * flows_stats() counts it.
 */
#ifndef PKTWHO_VIEW_FLOWS_FLOWS_H
#define PKTWHO_VIEW_FLOWS_FLOWS_H

#include <linux/types.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "packet/flow.h"
#include "view/flows/actors.h"

struct flows;
struct owned_packet;

enum flow_side { FLOW_CLIENT, FLOW_SERVER };

/* As far as TCP tells; everything else is open until it is over. */
enum flow_state {
	FLOW_OPEN,
	FLOW_NEW,     /* asked for, and not answered yet */
	FLOW_CLOSING, /* one side has ended */
	FLOW_CLOSED,
	FLOW_RESET,
};

enum flow_over {
	FLOW_GOES_ON,
	FLOW_ENDED,	/* as its state says */
	FLOW_IDLE,	/* nothing came for long */
	FLOW_REPLACED,	/* a new one has its addresses and ports */
	FLOW_FORGOTTEN, /* while open, for want of room */
	FLOW_STOPPED,	/* the capture ended */
};

/* Bytes of this second and the one before, from each side. */
struct flow_rate {
	uint32_t second;
	uint32_t now[2];
	uint32_t before[2];
};

/* What two owners exchanged; arrays are by who sent. */
struct flow_part {
	struct flow_part *next;
	struct actor *actors[2];
	uint64_t packets[2];
	uint64_t bytes[2]; /* original lengths */
	struct flow_rate rate;
	/*
	 * Not packets of the flow's own but copies, which one actor received
	 * beside the first receiver; the other side is nobody.
	 */
	bool copy;
	uint8_t attr; /* of a copy: how that is known */
};

/* What tshark made of it; texts are "" where nothing is known. */
struct flow_speech {
	const char *app;  /* "TLS" */
	bool guessed;	  /* by its port alone */
	const char *host; /* "www.example.com" */
	const char *detail;
	char text[];
};

#define FLOW_HOLES 4  /* of what a side sent, at a time */
#define FLOW_ASKS  4  /* packets of each that are given to tshark */
#define FLOW_PARTS 16 /* of one flow; then the last counts the rest */

/* What must have been sent, and has not been seen; begin is end: none. */
struct flow_hole {
	uint32_t begin, end; /* sequence numbers */
	uint64_t since_ns;
};

struct flow_end {
	struct actor *actor; /* the last that was named, if any was */
	uint8_t attr;	     /* and how it is known */
	uint8_t reason;
	char country[3];
	bool fin; /* TCP: it has sent all */
	bool seq_known;
	uint32_t fin_seq; /* what acknowledges that */
	uint32_t next_seq;
	uint32_t last_seq;
	uint32_t retransmissions;
	uint64_t last_ns;	 /* its last packet */
	struct flow_hole *holes; /* FLOW_HOLES; NULL: there was none */
};

struct flow {
	struct flow *next; /* of its hash bucket */
	TAILQ_ENTRY(flow) list;
	uint8_t list_index;
	uint8_t state;	   /* enum flow_state */
	uint8_t over;	   /* enum flow_over */
	uint8_t direction; /* enum direction, of its first packet */
	bool new_country;  /* firsts_see() of one of its ends */
	bool names;	   /* it is DNS: all of it is heard */
	bool missed;	   /* tshark could not take it */
	bool foreign_port; /* neither is that of its protocol */
	bool unresolved;   /* nobody asked for its server's name */
	bool follows;	   /* one with its addresses and ports */
	bool followed;	   /* by such a one */
	bool has_other;	   /* IPv6 in its IPv4 packets, or IPv4 in IPv6 */
	uint8_t waits;	   /* questions without an answer */
	uint32_t asked;	   /* packets that were heard */
	uint32_t interface;
	struct flow_speech *speech; /* or NULL */
	uint64_t number;	    /* 1 is the first; never used again */
	struct flow_key key;	    /* as its client sees it, */
	unsigned namespace;	    /* in owned_packet's */
	uint32_t isn;		    /* the client's first number, if syn_ns */
	struct flow_end ends[2];
	struct flow_part part;	  /* of the present owners; others follow */
	struct flow_part *copies; /* one for each further receiver */
	uint64_t first_ns;	  /* Unix epoch */
	uint64_t last_ns;
	uint64_t last_mono_ns;
	uint64_t syn_ns; /* when it was asked for; 0: not seen */
	uint64_t rtt_ns; /* of the handshake; 0: not known */
};

/* The memory is for @max flows.  Callbacks may be NULL. */
struct flows_options {
	uint32_t max;
	bool keep;	       /* what is over, while there is room */
	struct actors *actors; /* borrowed */
	void *ctx;
	/* The number in flow.interface; or the packet's own. */
	uint32_t (*interface)(void *ctx, const struct owned_packet *p);
	/* ISO 3166-1 alpha-2 or "". */
	const char *(*country)(void *ctx, const uint8_t addr[16]);
	void (*begun)(void *ctx, const struct flow *f); /* with one packet */
	void (*ended)(void *ctx, const struct flow *f);
	/* One of its first packets with something in it, or of DNS. */
	void (*heard)(void *ctx, struct flow *f, const struct owned_packet *p);
};

struct flows_stats {
	uint64_t packets;
	uint64_t bytes;
	uint64_t begun;
	uint32_t here;	    /* in the table */
	uint32_t open;	    /* of these not over */
	uint64_t forgotten; /* there is no row of them any more */
	uint64_t forgotten_open;
	uint64_t mixed; /* counted for owners before them, or copies for none */
};

/* NULL without memory. */
struct flows *flows_new(const struct flows_options *o);
void flows_free(struct flows *t); /* NULL is fine */

/* The flow that it is of; borrowed until the next call of anything. */
const struct flow *flows_packet(struct flows *t, const struct owned_packet *p);

/*
 * What time it is for flows_expire(), when it is @mono_ns: as long as packets
 * come, that of the last one, since after a stall many may still be on their
 * way.  To be called once for each flows_expire().
 */
uint64_t flows_time(struct flows *t, uint64_t mono_ns);

/* Ends what has been silent too long.  Call it now and then. */
void flows_expire(struct flows *t, uint64_t mono_ns);

/* Ends everything. */
void flows_stop(struct flows *t);

void flows_each(struct flows *t, void (*fn)(void *ctx, const struct flow *f),
		void *ctx);

void flows_stats(const struct flows *t, struct flows_stats *s);

/*
 * What is not empty takes the place of what was known; a guess, that of a guess
 * alone.
 */
void flow_set_speech(struct flow *f, const char *app, bool guessed,
		     const char *host, const char *detail);

/* Both of the flow, of all its parts. */
void flow_sums(const struct flow *f, uint64_t packets[2], uint64_t bytes[2]);

/* Bytes in a second, sent by that side, about now. */
uint64_t flow_rate(const struct flow_rate *r, enum flow_side side,
		   uint64_t mono_ns);

/* What @part adds to what its actor on that side sent and received. */
void flow_part_sums(const struct flow_part *part, enum flow_side side,
		    struct actor_sums *s);

/* The part of @f after @p, copies last; NULL behind the last. */
const struct flow_part *flow_next_part(const struct flow *f,
				       const struct flow_part *p);

#endif
