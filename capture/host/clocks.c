/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "host/clocks.h"

#include <stdio.h>

#define READINGS 16	/* one of them is not interrupted */

bool clocks_are_the_kernels(void)
{
	FILE *f = fopen("/proc/self/timens_offsets", "re");
	long long seconds, nanoseconds;
	bool moved = false;

	while (f && fscanf(f, "%*s %lld %lld", &seconds, &nanoseconds) == 2)
		moved |= seconds || nanoseconds;
	if (f)
		fclose(f);
	return !moved;
}

uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

struct clock_reading clock_read(clockid_t other)
{
	struct clock_reading r;

	r.before = clock_ns(other);
	r.real = clock_ns(CLOCK_REALTIME);
	r.after = clock_ns(other);
	return r;
}

bool clock_reading_allows(const struct clock_reading *r, int64_t difference)
{
	return difference >= (int64_t)(r->real - r->after) &&
	       difference <= (int64_t)(r->real - r->before);
}

int64_t clock_difference(clockid_t other)
{
	struct clock_reading best = clock_read(other), r;

	for (int i = 1; i < READINGS; i++) {
		r = clock_read(other);
		if (r.after - r.before < best.after - best.before)
			best = r;
	}
	return (int64_t)(best.real - best.before -
			 (best.after - best.before) / 2);
}

int64_t clock_difference_still(clockid_t other, int64_t before)
{
	struct clock_reading r = clock_read(other);

	return clock_reading_allows(&r, before) ? before :
						  clock_difference(other);
}
