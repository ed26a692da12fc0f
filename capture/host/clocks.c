/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "host/clocks.h"

#include <stdio.h>

#define READINGS    16	       /* one of them is not interrupted */
#define SET_NS	    1000000    /* less is an error of measurement */
#define LATE_NS	    1000000000 /* between two measurements, at most */
#define LATE_SET_NS 100000000  /* the same while two clocks are possible */

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

/* ---- packets ---- */

void packet_clock_begin(struct packet_clock *c)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);

	*c = (struct packet_clock){
		.difference = clock_difference(CLOCK_MONOTONIC),
		.begin_ns = now,
		.since_ns = now,
		.read_ns = now,
	};
}

int64_t packet_clock_take(struct packet_clock *c, int64_t difference,
			  uint64_t now_ns)
{
	int64_t by = difference - c->difference;

	if (by > SET_NS || by < -SET_NS) {
		c->before = c->difference;
		c->since_ns = c->read_ns;
		c->was_set = true;
	} else {
		by = 0;
	}
	c->difference = difference;
	c->read_ns = now_ns;
	return by;
}

int64_t packet_clock_update(struct packet_clock *c)
{
	return packet_clock_take(c,
				 clock_difference_still(CLOCK_MONOTONIC,
							c->difference),
				 clock_ns(CLOCK_MONOTONIC));
}

static bool is_between(uint64_t ns, uint64_t from, uint64_t to)
{
	return ns >= from && ns <= to;
}

/*
 * A packet from before the clock was set would be from before we last saw the
 * old time, or from the future, by the new one.
 */
bool packet_clock_read(const struct packet_clock *c, uint64_t unix_ns,
		       uint64_t *mono_ns)
{
	uint64_t late = c->was_set ? LATE_SET_NS : LATE_NS;
	uint64_t before = unix_ns - (uint64_t)c->before;

	*mono_ns = unix_ns - (uint64_t)c->difference;
	if (is_between(*mono_ns, c->since_ns - LATE_SET_NS, c->read_ns + late))
		return true;
	if (!c->was_set ||
	    !is_between(before, c->begin_ns - LATE_SET_NS, c->read_ns + late))
		return false;
	*mono_ns = before;
	return true;
}
