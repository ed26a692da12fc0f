/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Packets carry Unix time (CLOCK_REALTIME), the kernel's events
 * CLOCK_MONOTONIC.  An owner changes a microsecond before its packet leaves,
 * so the difference must be known better than that.
 */
#ifndef PKTWHO_HOST_CLOCKS_H
#define PKTWHO_HOST_CLOCKS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/*
 * Whether our clocks are those of kernel events: time_namespaces(7) may have
 * moved them.
 */
bool clocks_are_the_kernels(void);

/* Nanoseconds; see clock_gettime(2). */
uint64_t clock_ns(clockid_t clock);

/* CLOCK_REALTIME read between two readings of another clock. */
struct clock_reading {
	uint64_t before;
	uint64_t real;
	uint64_t after;
};

struct clock_reading clock_read(clockid_t other);

/*
 * Whether the clocks can differ by that much: a reading tells no more if its
 * task was interrupted meanwhile.
 */
bool clock_reading_allows(const struct clock_reading *r, int64_t difference);

/* Nanoseconds of CLOCK_REALTIME minus @other, by the tightest of a few. */
int64_t clock_difference(clockid_t other);

/*
 * The same with the difference that was measured before, which holds until
 * somebody sets the clock or the machine sleeps.  Cheap.
 */
int64_t clock_difference_still(clockid_t other, int64_t before);

/* When packets were seen, on CLOCK_MONOTONIC, whoever sets the clock. */
struct packet_clock {
	int64_t difference; /* CLOCK_REALTIME minus CLOCK_MONOTONIC */
	int64_t before;	    /* the same, before the clock was last set */
	uint64_t begin_ns;  /* CLOCK_MONOTONIC from here on */
	uint64_t since_ns;  /* @difference did not hold before that */
	uint64_t read_ns;   /* when it was last measured */
	bool was_set;
};

void packet_clock_begin(struct packet_clock *c);

/* Measures again: by how much somebody has set the clock meanwhile, or 0. */
int64_t packet_clock_update(struct packet_clock *c);

/* The same for readings that were made already. */
int64_t packet_clock_take(struct packet_clock *c, int64_t difference,
			  uint64_t now_ns);

/*
 * False if no clock that we know of can have given that time to a packet from
 * between the beginning and now; *@mono_ns is a guess then.
 */
bool packet_clock_read(const struct packet_clock *c, uint64_t unix_ns,
		       uint64_t *mono_ns);

#endif
