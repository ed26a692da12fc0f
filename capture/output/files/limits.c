/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "output/files/limits.h"

void limits_begin(const struct limits *l, struct limits_file *f,
		  const struct moment *at)
{
	uint64_t d = l->duration_ns, i = l->interval_ns;

	if (d && f->begin_ns && at->mono_ns >= f->begin_ns + d)
		f->begin_ns += (at->mono_ns - f->begin_ns) / d * d;
	else
		f->begin_ns = at->mono_ns;
	f->end_ns = i ? (at->unix_ns / i + 1) * i : 0;
}

bool limits_time_is_up(const struct limits *l, const struct limits_file *f,
		       const struct moment *at)
{
	if (l->duration_ns && at->mono_ns >= f->begin_ns + l->duration_ns)
		return true;
	/* Long before, the clock has been set back. */
	return l->interval_ns && (at->unix_ns >= f->end_ns ||
				  at->unix_ns + 2 * l->interval_ns < f->end_ns);
}
