/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/packets/packettab_table.h"

#define STEPS	   16u	    /* places to either side */
#define TELLING_NS 20000ull /* from taking a datagram to telling of it */

/* Whether the datagram at its place had come; also if that is not known. */
static bool was_there(struct packettab *t, const struct socket_read *r,
		      uint64_t mono_ns)
{
	const struct entry *e = packettab_last_at(t, r->cookie, r->position);

	return !e || e->packet.mono_ns < mono_ns;
}

/* Whether it may have taken its datagram by then: it has told the one before. */
static bool may_have_taken(const struct packettab *t,
			   const struct socket_read *r, uint64_t mono_ns)
{
	const struct socket_read *before;

	/* Two processors may tell of it the other way round. */
	if (r->mono_ns > mono_ns && r->mono_ns - mono_ns >= TELLING_NS)
		return false;
	for (uint64_t i = 1; i <= STEPS; i++) {
		before = readtab_at(t->reads, r->cookie, r->position - i);
		if (!before)
			break;
		if (before->tid == r->tid)
			return before->mono_ns < mono_ns;
	}
	return true;
}

/* Whether @late may have taken its datagram before @early has. */
static bool are_at_once(struct packettab *t, const struct socket_read *early,
			const struct socket_read *late)
{
	return early->owner != late->owner &&
	       was_there(t, late, early->mono_ns) &&
	       may_have_taken(t, late, early->mono_ns);
}

bool packettab_is_swapped(struct packettab *t, const struct socket_read *r)
{
	const struct socket_read *other;

	for (uint64_t i = 1; i <= STEPS; i++) {
		other = readtab_at(t->reads, r->cookie, r->position - i);
		if (!other || other->tid == r->tid)
			break;
		if (are_at_once(t, other, r))
			return true;
	}
	for (uint64_t i = 1; i <= STEPS; i++) {
		other = readtab_at(t->reads, r->cookie, r->position + i);
		if (!other ||
		    time_distance(other->mono_ns, r->mono_ns) > TELLING_NS)
			break;
		if (are_at_once(t, r, other))
			return true;
	}
	return false;
}
