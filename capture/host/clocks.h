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

#endif
