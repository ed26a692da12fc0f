/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/packets/arrivals.h"

#include <linux/types.h>
#include <string.h>

#include "packet/flow.h"
#include "bpf/event.h"

bool arrivals_turn(struct arrivals *a, uint64_t now_ns)
{
	uint32_t next = !*a->now;

	if (now_ns < a->turned_ns + ARRIVALS_TURN_NS)
		return false;
	memset(a->tables[next], 0, PROBE_ARRIVALS);
	__atomic_store_n(a->now, next, __ATOMIC_RELEASE);
	a->since_ns = a->turned_ns;
	return true;
}

/* Most likely in the table that is marked now.  0: it is not. */
static uint8_t arrival_mark(const struct arrivals *a, uint32_t at)
{
	uint32_t now = *a->now & 1;
	uint8_t mark = __atomic_load_n(&a->tables[now][at], __ATOMIC_RELAXED);

	return mark ? mark :
		      __atomic_load_n(&a->tables[!now][at], __ATOMIC_RELAXED);
}

void arrivals_prepare(const struct arrivals *a, uint64_t arrival, uint16_t port)
{
	const uint8_t *table = a->tables[*a->now & 1];

	if (!arrival)
		return;
	__builtin_prefetch(&table[arrival_place(arrival)]);
	__builtin_prefetch(&table[arrival_port_place(arrival, port)]);
}

enum arrived arrivals_find(const struct arrivals *a, uint64_t arrival,
			   uint16_t port, uint64_t ts_ns)
{
	if (!arrival || ts_ns < a->since_ns)
		return ARRIVED;
	if (!arrival_mark(a, arrival_place(arrival)))
		return ARRIVED_NOWHERE;
	return arrival_mark(a, arrival_port_place(arrival, port)) ?
		       ARRIVED :
		       ARRIVED_ELSEWHERE;
}

bool arrivals_is_after(const struct arrivals *a, uint64_t arrival,
		       uint8_t reads, uint8_t more)
{
	uint8_t mark = arrival ? arrival_mark(a, arrival_place(arrival)) : 0;

	return mark && ((mark - reads) & PROBE_READS_MASK) <= more;
}

bool arrivals_is_again(const struct arrivals *a, uint64_t arrival)
{
	return arrival && arrival_mark(a, arrival_place(arrival)) & PROBE_AGAIN;
}
