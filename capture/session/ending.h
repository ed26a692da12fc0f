/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When a capture ends, and which packets still belong to it.  All times are
 * of CLOCK_MONOTONIC and handed in: setting the clock must not move what was
 * asked for.
 */
#ifndef PKTWHO_SESSION_ENDING_H
#define PKTWHO_SESSION_ENDING_H

#include <stdbool.h>
#include <stdint.h>

#define ENDING_LINGER_NS 60000000ull /* packets from before the stop arrive */

struct ending {
	uint64_t max_packets;	  /* 0: no limit */
	uint64_t max_duration_ns; /* 0: no limit */
	uint64_t started_ns;
	uint64_t packets;	 /* handed on */
	uint64_t last_packet_ns; /* later ones are not ours; 0: no end yet */
	uint64_t stop_ns;	 /* when to leave; 0: no end yet */
	int error;		 /* of the output: no more is written */
	bool asked;		 /* by who looks, or by a signal */
};

/* Packets up to @at_ns count; those in the kernel's blocks are waited for. */
void ending_at(struct ending *e, uint64_t at_ns);

/* As that, because somebody asked for it. */
void ending_ask(struct ending *e, uint64_t at_ns);

/* Nothing is waited for. */
void ending_at_once(struct ending *e);

/* At once, because of the first such @err. */
void ending_fail(struct ending *e, int err);

/* Ends it once its time is over. */
void ending_check_time(struct ending *e, uint64_t now_ns);

/* True if its time is over within so much. */
bool ending_is_near(const struct ending *e, uint64_t now_ns,
		    uint64_t within_ns);

/*
 * @looked_ns is when the last look at what the kernel has for us began: on a
 * busy machine that may have been long ago.
 */
bool ending_is_over(const struct ending *e, uint64_t looked_ns);

/* True if a packet of that time still belongs to the capture. */
bool ending_takes(const struct ending *e, uint64_t packet_ns);

/* Such a packet was handed on; it may have been the last. */
void ending_count(struct ending *e);

#endif
