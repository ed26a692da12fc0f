/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Packets in, from a ring that the kernel fills (ring.h).  The only module that
 * knows pcap.h: filters, link types and the list of interfaces are libpcap's.
 */
#ifndef PKTWHO_INTERFACE_SOURCE_H
#define PKTWHO_INTERFACE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet/raw_packet.h"

struct source;

struct source_options {
	const char *device;
	const char *label;  /* what it is called when something is said of it */
	const char *filter; /* pcap-filter(7), or NULL */
	int snaplen;	    /* bytes kept of a packet */
	int buffer_mib;	    /* of the ring; 0: 16 MiB */
	bool promiscuous;
	bool prompt; /* packets in blocks of 1 ms, not 10: costs more */
};

struct source_stats {
	uint64_t received;   /* passed the filter */
	uint64_t dropped;    /* by the kernel, for want of room */
	uint64_t if_dropped; /* by the interface */
};

/*
 * 0 or -errno, in which case one line about @o->label has been logged.
 * Strings are borrowed for the call.
 */
int source_open(struct source **out, const struct source_options *o);
void source_close(struct source *s); /* NULL is fine */

uint32_t source_linktype(const struct source *s);
uint32_t source_snaplen(const struct source *s);

/* Readable when there are packets; borrowed. */
int source_fd(const struct source *s);

/*
 * Calls @fn for the packets that are ready, or the first some thousand of
 * them.  Returns their number, 0 if none, or -errno (logged) when the
 * interface is gone.
 */
int source_read(struct source *s,
		void (*fn)(void *ctx, const struct source_packet *p),
		void *ctx);

/*
 * After that: 0 once an interface of that name and kind is there and up again,
 * and packets come; needs no permission.  Or -errno.
 */
int source_resume(struct source *s);

/* Answers what ring_has_room() does. */
bool source_has_room(const struct source *s);

/* Answers what ring_fill() does. */
unsigned source_fill(struct source *s);

void source_stats(struct source *s, struct source_stats *stats);

/* Answers what ring_give_up() does, also of packets that a filter of ours drops. */
uint64_t source_give_up(struct source *s);

/* An interface there is; borrowed for the call. */
struct source_device {
	const char *name;
	const char *description; /* "" if none */
};

/* Network interfaces that can be captured.  0 or -errno (logged). */
int source_each(void (*fn)(void *ctx, const struct source_device *d),
		void *ctx);

struct source_dlt {
	int number;
	const char *name;
	const char *description;
};

/* The link type that a capture has: needs no permission. */
void source_guess_dlt(const char *device, struct source_dlt *dlt);

/* Names the link type of that hardware (ARPHRD_...), or NULL. */
const char *source_hardware(unsigned type);

/* Is the filter good for that interface?  0, or -EINVAL and why. */
int source_check_filter(const char *device, const char *filter, char *why,
			size_t size);

/* "-d": the filter (NULL: none) as instructions of BPF, on stdout. */
int source_print_filter(const char *device, const char *filter);

/* "-D": the interfaces on stdout.  "-L": the link type of one. */
int source_list(void);
int source_list_linktypes(const char *device);

/*
 * The name of the one with this number in the list of "-D", for the caller to
 * free; NULL if it is no number, or the name of an interface.
 */
char *source_numbered(const char *number);

#endif
