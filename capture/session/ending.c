/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/ending.h"

void ending_at(struct ending *e, uint64_t at_ns)
{
	if (e->stop_ns)
		return;
	e->last_packet_ns = at_ns;
	e->stop_ns = at_ns + ENDING_LINGER_NS;
}

void ending_ask(struct ending *e, uint64_t at_ns)
{
	e->asked = true;
	ending_at(e, at_ns);
}

void ending_at_once(struct ending *e)
{
	e->stop_ns = 1;
}

void ending_fail(struct ending *e, int err)
{
	if (!e->error)
		e->error = err;
	ending_at_once(e);
}

void ending_check_time(struct ending *e, uint64_t now_ns)
{
	uint64_t end_ns = e->started_ns + e->max_duration_ns;

	if (e->max_duration_ns && now_ns >= end_ns)
		ending_at(e, end_ns);
}

bool ending_is_near(const struct ending *e, uint64_t now_ns, uint64_t within_ns)
{
	return e->max_duration_ns &&
	       e->started_ns + e->max_duration_ns < now_ns + within_ns;
}

bool ending_is_over(const struct ending *e, uint64_t looked_ns)
{
	return e->stop_ns && looked_ns >= e->stop_ns;
}

bool ending_takes(const struct ending *e, uint64_t packet_ns)
{
	if (e->last_packet_ns && packet_ns > e->last_packet_ns)
		return false;
	return !e->max_packets || e->packets < e->max_packets;
}

void ending_count(struct ending *e)
{
	if (++e->packets == e->max_packets)
		ending_at_once(e);
}
