/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/packets/unread.h"

#include <linux/types.h>

#include "packet/flow.h"
#include "bpf/event.h"

static const struct probe_progress *progress_of(const struct unread *u,
						uint64_t cookie)
{
	return &u->progress[cookie % PROBE_PROGRESS];
}

uint64_t unread_from(const struct unread *u, uint64_t cookie)
{
	return __atomic_load_n(&progress_of(u, cookie)->read_ns,
			       __ATOMIC_ACQUIRE);
}

enum unread_state unread_find(const struct unread *u, uint64_t cookie,
			      uint64_t ts_ns, uint64_t told_until_ns)
{
	uint64_t from_ns = unread_from(u, cookie);

	if (!from_ns)
		return UNREAD_NOT;
	if (from_ns < ts_ns)
		return UNREAD_WAITS;
	return __atomic_load_n(&progress_of(u, cookie)->taken_ns,
			       __ATOMIC_RELAXED) > told_until_ns ?
		       UNREAD_TELLING : UNREAD_NOT;
}

bool unread_has_forked(const struct unread *u, uint32_t pid, uint64_t since_ns)
{
	return __atomic_load_n(&u->forked_ns[pid % PROBE_FORKERS],
			       __ATOMIC_RELAXED) > since_ns;
}
