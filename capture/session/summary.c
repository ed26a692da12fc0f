/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/summary.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/log.h"
#include "host/plural.h"
#include "output/files/opener.h"

/*
 * A reader that has gone needs no warning.  What had no room is one number, of
 * all interfaces: whose those are that were in the buffer is not known.
 */
static void tell_drops(const struct summary *s, bool reader_gone)
{
	for (int i = 0; i < s->interface_count; i++) {
		const struct output_interface_stats *st = &s->interfaces[i];
		uint64_t late = s->unwritten ? 0 : st->own_drops;
		char too_late[64] = "", text[512];

		if (!st->os_dropped && !st->if_dropped && !late)
			continue;
		if (late)
			snprintf(too_late, sizeof(too_late),
				 ", and %" PRIu64
				 " could not be written in time",
				 late);
		snprintf(text, sizeof(text),
			 "%s: of %" PRIu64 " packets the "
			 "kernel dropped %" PRIu64 ", the interface %" PRIu64
			 "%s",
			 s->names[i], st->received, st->os_dropped,
			 st->if_dropped, too_late);
		if (reader_gone)
			log_info("%s", text);
		else
			log_warn("%s", text);
	}
}

/* What the bounds of our memory have cost, in words; "" if nothing. */
static void describe_given_up(const struct summary *s, char *out, size_t size)
{
	const struct {
		uint64_t count;
		const char *one, *many;
	} all[] = {
		{ s->left_out_unnamed, " left out, owner not known",
		  " left out, owner not known" },
		{ s->flows_forgotten, " flow forgotten", " flows forgotten" },
		{ s->processes_forgotten, " process forgotten",
		  " processes forgotten" },
		{ s->arguments_cut, " program's arguments cut",
		  " programs' arguments cut" },
	};
	size_t at = 0;

	*out = '\0';
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (all[i].count)
			at += (size_t)snprintf(out + at, size - at,
					       ", %" PRIu64 "%s", all[i].count,
					       all[i].count == 1 ? all[i].one :
								   all[i].many);
}

/* That the capture went on is no success: a line and the status tell. */
static int tell_full_disk(const struct summary *s, const struct options *o)
{
	log_error("%" PRIu64 " packet%s had no room in %s: %s", s->unwritten,
		  plural_s(s->unwritten), o->write, opener_why(s->disk_full));
	return s->disk_full;
}

int summary_tell(const struct summary *s, const struct options *o, int err,
		 int shown)
{
	bool reader_gone = err == -EPIPE || err == -ETIMEDOUT;
	char given_up[256];

	if (reader_gone)
		err = 0; /* it has had enough */
	if (s->disk_full && s->unwritten)
		err = tell_full_disk(s, o);
	else if (err == -ESTALE)
		log_error("somebody has cut %s: it cannot be read", o->write);
	else if (err)
		log_error("cannot write %s: %s", o->write, strerror(-err));
	if (!o->quiet && (err || !shown)) {
		describe_given_up(s, given_up, sizeof(given_up));
		log_info("%" PRIu64 " packet%s, %" PRIu64 " dropped%s%s%s%s",
			 s->packets, plural_s(s->packets), s->dropped, given_up,
			 s->events_lost ? ", kernel events were lost" : "",
			 s->unanswered ? ", lookups had no answer" : "",
			 s->detached ? ", hooks were detached" : "");
		tell_drops(s, reader_gone);
	}
	err = err ? err : shown;
	return !err && s->incomplete ? -ESRCH : err;
}
