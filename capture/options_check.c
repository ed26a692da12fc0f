/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "options_parts.h"

#include <string.h>

static bool asks_to_capture(const struct options *o)
{
	return o->interface_count || o->first_filter || o->write ||
	       o->command || !filter_is_empty(&o->filter) || o->max_packets ||
	       o->max_duration_ns || o->until_eof || o->hash;
}

static int check_show(const struct options *o)
{
	if (o->interval_ns && o->action == ACTION_CAPTURE)
		return options_bad("only for pktwho top and log:",
				   "--interval");
	if (o->action != ACTION_TOP && o->countries)
		return options_bad("only for pktwho top:", "--countries");
	if (o->action != ACTION_TOP && (o->batch || o->by))
		return options_bad("only for pktwho top:",
				   o->by ? "--by" : "--batch");
	if ((o->json || o->max_reports) && !o->batch)
		return options_bad("only with --batch:",
				   o->json ? "--json" : "-n");
	if (o->print && (o->action == ACTION_TOP || o->action == ACTION_LOG))
		return options_bad("not for pktwho top and log:", "--print");
	if (o->no_tshark && !options_show(o))
		return options_bad("only with --print, top and log:",
				   "--no-tshark");
	if (o->read && !options_show(o))
		return options_bad("only with --print, top and log:", "-r");
	if (o->read && o->first_filter)
		return options_bad("tshark -Y finds packets of a file, not",
				   o->first_filter);
	if (o->read && asks_to_capture(o))
		return options_bad("no capture is made beside", o->read);
	if (!options_show(o))
		return 0;
	if (o->remote.host && o->read)
		return options_bad("of a file or of a host, not also of",
				   o->read);
	if (o->remote.host && o->write)
		return options_bad("no file is written beside what is shown "
				   "of",
				   o->remote.host);
	if (o->write && !strcmp(o->write, "-"))
		return options_bad("what is shown goes to", "-");
	if (options_draw(o) && o->until_eof)
		return options_bad("the keyboard is needed, not", "eof");
	return 0;
}

static int check_log(const struct options *o)
{
	const struct options_file *f = &o->log_limits;
	bool ends = f->bytes || f->duration_ns || f->interval_ns;

	if (o->action != ACTION_LOG && (o->log_file || o->journal))
		return options_bad("only for pktwho log:",
				   o->journal ? "--journal" : "--log-file");
	if (o->metrics && !options_show(o))
		return options_bad("only for pktwho top and log:", "--metrics");
	if (o->log_file && o->journal)
		return options_bad("lines go to one place, not also to",
				   o->log_file);
	if (!o->log_ring.asked)
		return 0;
	if (!o->log_file)
		return options_bad("--log-rotate needs a file to name others "
				   "after:",
				   "--log-file");
	if (!ends)
		return options_bad("when does a file end, without",
				   "--log-rotate filesize:KB");
	if ((o->log_ring.total || o->log_ring.free) && !f->bytes)
		return options_bad("how large is a file, without",
				   "--log-rotate filesize:KB");
	if (o->log_ring.total && o->log_ring.total < 2 * f->bytes)
		return options_bad("no room for two files in",
				   "--log-rotate total");
	return 0;
}

/* Wireshark looks at its first bytes, but people at its name. */
static int check_name(const struct options *o, const char *path)
{
	enum compression named = compression_of(COMPRESSION_BY_NAME, path);

	if (o->compression == COMPRESSION_BY_NAME ||
	    named == COMPRESSION_NONE || named == o->compression)
		return 0;
	return options_bad("--compress-type says otherwise than", path);
}

static int check_compression(const struct options *o)
{
	int err = check_name(o, o->write);

	return err ? err : check_name(o, o->log_file);
}

static int check_stats(const struct options *o)
{
	if (!o->stats)
		return 0;
	if (o->remote.host)
		return options_bad("no statistics are had of", o->remote.host);
	if (o->read)
		return options_bad("no capture is made beside", o->read);
	if (!strcmp(o->stats, "-") &&
	    (options_show(o) || (o->write && !strcmp(o->write, "-"))))
		return options_bad("something else goes to", "-");
	return 0;
}

static int check_strip(const struct options *o)
{
	if (!o->write)
		return options_bad("no file for what is left, without", "-w");
	if (o->last_ns || !filter_is_empty(&o->filter))
		return options_bad("all packets stay, so --proc and the like "
				   "are for cut, not",
				   "strip");
	if (!o->paths[0])
		return options_bad("a file to strip is needed, beside -w",
				   o->write);
	if (o->paths[1])
		return options_bad("one file it is, for", "strip");
	return 0;
}

/* What would be said in vain of files that are there already. */
static bool says_how_to_capture(const struct options *o)
{
	return o->interface_count || o->first_filter || o->max_packets ||
	       o->max_duration_ns || o->until_eof || o->hash || o->print ||
	       o->ring.asked || o->read || o->remote.host || o->filter.follow ||
	       o->file.bytes || o->exclude || o->stats || o->keylog ||
	       o->names || o->no_process_table || *o->file_comments ||
	       o->group_read || o->temp_dir || o->how.buffer_mib ||
	       o->how.no_promiscuous || o->how.snaplen != OPTIONS_MAX_SNAPLEN ||
	       o->cmdline != CMDLINE_MASKED ||
	       (o->process_blocks && o->action != ACTION_CUT);
}

/* It is known of files; of a process it may come after its packets. */
static bool asks_for_hash(const struct filter *f)
{
	bool asks = f->counts[FILTER_SHA256];

	for (int i = 0; i < f->keep.term_count; i++)
		asks |= f->keep.terms[i].kind == FILTER_SHA256;
	return asks;
}

static int check_search(const struct options *o)
{
	bool cut = o->action == ACTION_CUT, find = o->action == ACTION_FIND;
	bool strip = o->action == ACTION_STRIP;

	if (!cut && !find && (o->host || o->country))
		return options_bad("only for pktwho cut and find:",
				   o->host ? "--host" : "--country");
	if ((!cut && !find && asks_for_hash(&o->filter)) ||
	    asks_for_hash(&o->freeze_on))
		return options_bad("only for pktwho cut and find:", "sha256");
	if (!strip && o->strip)
		return options_bad("only for pktwho strip:", "--what");
	if (!cut && !find && !strip)
		return o->last_ns ? options_bad("only for pktwho cut and find:",
						"--last") :
				    0;
	if (o->hash && !strip)
		return options_bad("a hash is looked for by --sha256, not",
				   "--hash");
	if (says_how_to_capture(o))
		return options_bad("nothing is captured, so --proc and the "
				   "like, -w, --last and no others are for",
				   strip ? "strip" :
				   cut	 ? "cut" :
					   "find");
	if (strip)
		return check_strip(o);
	if (cut && !o->write)
		return options_bad("no file to cut them into, without", "-w");
	if (find && o->write)
		return options_bad("what is found is printed, without", "-w");
	if (find && filter_is_empty(&o->filter) && !o->host && !o->country)
		return options_bad(
			"whom or what to find, without --host and the like, "
			"or",
			"--proc");
	return 0;
}

static int check_ring(const struct options *o)
{
	const struct options_file *f = &o->file;

	bool freezes = o->freeze || !filter_is_empty(&o->freeze_on);

	if (!o->ring.asked && freezes)
		return options_bad("only with -b:",
				   o->freeze ? "--freeze" : "--freeze-on");
	if (!o->ring.asked)
		return 0;
	if (!o->write || !strcmp(o->write, "-"))
		return options_bad(
			o->ring.stop_files ?
				"-a files needs a file to name others after, not" :
				"-b needs a file to name others after, not",
			o->write ? o->write : "a temporary one");
	if ((o->ring.total || o->ring.free) && !f->bytes)
		return options_bad("how large is a file, without",
				   "-b filesize:KB");
	if (o->ring.total && o->ring.total < 2 * f->bytes)
		return options_bad("no room for two files in", "-b total");
	if (o->remote.host)
		return options_bad("no ring of files is written of",
				   o->remote.host);
	return 0;
}

/* What does not go together. */
int options_check(const struct options *o)
{
	static int (*const checks[])(const struct options *o) = {
		check_show,   check_log,  check_stats,
		check_search, check_ring, check_compression,
	};
	const struct options_remote *r = &o->remote;

	for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++) {
		int err = checks[i](o);

		if (err)
			return err;
	}
	if (o->netns && (o->read || o->action == ACTION_CUT ||
			 o->action == ACTION_FIND || o->action == ACTION_STRIP))
		return options_bad("nothing is captured in", o->netns);
	if (o->keylog && !o->command)
		return options_bad("whose keys, without a command after", "--");
	if (o->keylog && !o->write && options_show(o))
		return options_bad("no file for keys to be in, without", "-w");
	if (o->filter.follow && filter_is_empty(&o->filter))
		return options_bad("nobody to follow:", "--follow");
	if (o->command && o->until_eof)
		return options_bad("the standard input belongs to",
				   o->command[0]);
	if (!r->host)
		return r->port || r->command || r->sudo || r->copy ?
			       options_bad("which host, without", "--remote") :
			       0;
	if (o->command)
		return options_bad("no command can be started on", r->host);
	if (o->geo_count && !options_show(o))
		return options_bad("no countries are looked up on", r->host);
	if (o->action == ACTION_LIST_INTERFACES ||
	    o->action == ACTION_LIST_LINKTYPES)
		return options_bad("ssh runs pktwho -D as well: no list can be "
				   "had from",
				   r->host);
	return 0;
}
