/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/wanted.h"

#include <stddef.h>

#include "owner/owned_packet.h"
#include "process/filter/filter.h"

static bool has_names(const struct wanted *w)
{
	return w->names && !filter_is_empty(w->names);
}

static bool wanted_end(const struct wanted *w, const struct program *program)
{
	if (!program || (w->command && !program->proc->followed))
		return false;
	if (has_names(w) && !filter_matches_name(w->names, program->name))
		return false;
	return filter_is_empty(w->filter) || program_wanted(program);
}

bool wanted_packet(const struct wanted *w, const struct owned_packet *p)
{
	if (!w->command && filter_is_empty(w->filter) && !has_names(w))
		return true;
	if (wanted_end(w, p->src) || wanted_end(w, p->dst))
		return true;
	for (unsigned i = 0; i < p->other_count; i++)
		if (wanted_end(w, p->others[i].program))
			return true;
	return false;
}
