/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/log.h"

#define MAX_SNAPLEN 262144

static int bad(const char *what, const char *value)
{
	log_error("%s \"%s\": see pktwho --help", what, value);
	return -EINVAL;
}

/* A whole number of at least @min and at most @max. */
static int parse_number(const char *s, uint64_t min, uint64_t max, uint64_t *v)
{
	char *end;

	/* strtoull() takes " -1" for a very large number. */
	if (!isdigit((unsigned char)*s))
		return -EINVAL;
	errno = 0;
	*v = strtoull(s, &end, 10);
	return errno || *end || *v < min || *v > max ? -EINVAL : 0;
}

/* "bad snapshot length", from the name of the option. */
static int bad_value(const struct option_row *row, const char *value)
{
	char what[64] = "bad ";
	char *name = what + strlen(what);

	strncpy(name, row->name ? row->name : "packet count",
		sizeof(what) - strlen(what) - 1);
	for (; *name; name++)
		if (*name == '-')
			*name = ' ';
	return bad(what, value);
}

/* ---- what takes an argument: each row names one ---- */

static int take_flag(struct options *o, const struct option_row *row,
		     const char *arg)
{
	(void)arg;
	*(bool *)((char *)o + row->at) = true;
	return 0;
}

static int take_action(struct options *o, const struct option_row *row,
		       const char *arg)
{
	(void)arg;
	o->action = (enum options_action)row->at;
	return 0;
}

static int take_text(struct options *o, const struct option_row *row,
		     const char *arg)
{
	*(const char **)((char *)o + row->at) = arg;
	return 0;
}

static int take_number(struct options *o, const struct option_row *row,
		       const char *arg)
{
	void *member = (char *)o + row->at;
	uint64_t n;

	if (parse_number(arg, row->min, row->max, &n))
		return bad_value(row, arg);
	if (row->size == sizeof(int))
		*(int *)member = (int)n;
	else
		*(uint64_t *)member = n;
	return 0;
}

/* Seconds, with a fraction, as dumpcap takes them. */
static int parse_duration(const char *s, uint64_t *ns)
{
	char *end;
	double seconds = strtod(s, &end);

	/* Less than a nanosecond would be 0: no limit. */
	if (end == s || *end || !(seconds >= 1e-9) || seconds > 1e9)
		return bad("bad duration", s);
	*ns = (uint64_t)(seconds * 1e9);
	return 0;
}

/* "kB", as dumpcap's, if no other unit is given; a thousand is 1000. */
static int parse_size(const char *s, uint64_t *bytes)
{
	static const char units[] = "kMGT";
	const char *unit;
	uint64_t n, factor = 1000;
	char *end;

	if (!isdigit((unsigned char)*s))
		return bad("bad size", s);
	errno = 0;
	n = strtoull(s, &end, 10);
	unit = *end ? strchr(units, *end == 'K' ? 'k' : *end) : units;
	for (const char *u = units; unit && u < unit; u++)
		factor *= 1000;
	if (errno || !n || !unit || (*end && end[1]) || n > INT64_MAX / factor)
		return bad("bad size", s);
	*bytes = n * factor;
	return 0;
}

static int parse_count(const char *s, uint64_t *n)
{
	return parse_number(s, 1, UINT64_MAX, n) ? bad("bad packet count", s) :
						   0;
}

static int parse_files(const char *s, uint64_t *n)
{
	return parse_number(s, 1, UINT32_MAX, n) ? bad("bad number of files", s) :
						   0;
}

static int parse_order(const char *s, uint64_t *n)
{
	return parse_number(s, 1, 2, n) ? bad("1 or 2, not", s) : 0;
}

/* "word:value", and the member that it sets. */
struct condition {
	const char *word;
	int (*parse)(const char *s, uint64_t *value);
	size_t at;
};

#define CONDITION(word, parse, m) { word ":", parse, offsetof(struct options, m) }

static const struct condition stops[] = {
	CONDITION("duration", parse_duration, max_duration_ns),
	CONDITION("packets", parse_count, max_packets),
	CONDITION("filesize", parse_size, file.bytes),
	CONDITION("files", parse_files, ring.stop_files),
	{ NULL, NULL, 0 },
};

static const struct condition switches[] = {
	CONDITION("duration", parse_duration, file.duration_ns),
	CONDITION("interval", parse_duration, file.interval_ns),
	CONDITION("filesize", parse_size, file.bytes),
	CONDITION("packets", parse_count, file.packets),
	CONDITION("files", parse_files, ring.files),
	CONDITION("total", parse_size, ring.total),
	CONDITION("free", parse_size, ring.free),
	CONDITION("nametimenum", parse_order, ring.name_order),
	{ NULL, NULL, 0 },
};

static int take_condition(struct options *o, const struct condition *c,
			  const char *arg, const char *unknown)
{
	for (; c->word; c++) {
		size_t len = strlen(c->word);

		if (!strncmp(arg, c->word, len))
			return c->parse(arg + len,
					(uint64_t *)((char *)o + c->at));
	}
	return bad(unknown, arg);
}

static int take_autostop(struct options *o, const struct option_row *row,
			 const char *arg)
{
	(void)row;
	if (!strcmp(arg, "eof")) {
		o->until_eof = true;
		return 0;
	}
	return take_condition(o, stops, arg, "bad autostop condition");
}

static int take_ring(struct options *o, const struct option_row *row,
		     const char *arg)
{
	static const char print[] = "printname:";

	(void)row;
	o->ring.asked = true;
	if (!strncmp(arg, print, strlen(print)) && arg[strlen(print)]) {
		o->ring.print_names = arg + strlen(print);
		return 0;
	}
	return take_condition(o, switches, arg, "bad ring condition");
}

static int take_duration(struct options *o, const struct option_row *row,
			 const char *arg)
{
	return parse_duration(arg, (uint64_t *)((char *)o + row->at));
}

static int add_interface(struct options *o, const char *name)
{
	if (o->interface_count == OPTIONS_MAX_INTERFACES)
		return bad("too many interfaces at", name);
	for (int i = 0; i < o->interface_count; i++)
		if (!strcmp(o->interfaces[i].name, name))
			return bad("twice the same interface", name);
	o->interfaces[o->interface_count++] =
		(struct options_interface){ name, o->first_filter };
	return 0;
}

static int take_interface(struct options *o, const struct option_row *row,
			  const char *arg)
{
	(void)row;
	return add_interface(o, arg);
}

/* As in dumpcap, -f belongs to the -i before it; first, to all that follow. */
static int take_filter(struct options *o, const struct option_row *row,
		       const char *arg)
{
	(void)row;
	if (options_is_display_filter(arg))
		return bad("that is a display filter, for tshark -Y; here "
			   "pcap-filter(7), or --proc NAME, not", arg);
	if (o->interface_count)
		o->interfaces[o->interface_count - 1].filter = arg;
	else
		o->first_filter = arg;
	return 0;
}

/* A copy that is there as long as the program, or NULL. */
static char *keep(const char *text)
{
	static struct kept {
		struct kept *next;
		char text[];
	} *kept;
	struct kept *k = malloc(sizeof(*k) + strlen(text) + 1);

	if (!k)
		return NULL;
	k->next = kept;
	kept = k;
	return strcpy(k->text, text);
}

/* Takes a copy apart: argv may have to be said again, to another us. */
static int take_terms(struct options *o, const struct option_row *row,
		      const char *arg)
{
	const enum filter_kind kind = (enum filter_kind)row->at;
	const int before = o->filter.counts[kind];
	char *list = keep(arg);
	int added = list ? filter_add_list(&o->filter, kind, list) : -ENOMEM;
	uint64_t n;

	if (added == -E2BIG)
		return bad("too many terms in", arg);
	if (!added)
		return bad("nothing to filter by in", arg);
	if (added < 0)
		return added;
	for (int i = before; row->max && i < o->filter.counts[kind]; i++)
		if (parse_number(o->filter.terms[kind][i], row->min, row->max,
				 &n))
			return bad_value(row, o->filter.terms[kind][i]);
	return 0;
}

static int take_geo(struct options *o, const struct option_row *row,
		    const char *arg)
{
	(void)row;
	if (o->geo_count == OPTIONS_MAX_GEO)
		return bad("too many databases at", arg);
	o->geo[o->geo_count++] = arg;
	return 0;
}

static int take_log_level(struct options *o, const struct option_row *row,
			  const char *arg)
{
	for (enum log_level l = LOG_ERROR; l <= LOG_DEBUG; l++) {
		if (strcmp(arg, log_level_name(l)))
			continue;
		o->log_level = l;
		return 0;
	}
	return bad_value(row, arg);
}

static int take_sandbox(struct options *o, const struct option_row *row,
			const char *arg)
{
	static const char *const modes[] = {
		[SANDBOX_BEST] = "best",
		[SANDBOX_STRICT] = "strict",
		[SANDBOX_OFF] = "off",
	};

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (!strcmp(arg, modes[i])) {
			o->sandbox = (enum sandbox_mode)i;
			return 0;
		}
	return bad_value(row, arg);
}

/* ssh would take a host that begins with "-" for an option of its own. */
static int take_host(struct options *o, const struct option_row *row,
		     const char *arg)
{
	(void)row;
	o->remote.host = arg;
	return *arg && *arg != '-' ? 0 : bad("bad host", arg);
}

/* ---- the table ---- */

#define MEMBER(m) .at = offsetof(struct options, m)
#define FLAG(m) .take = take_flag, MEMBER(m)
#define TEXT(m) .take = take_text, MEMBER(m)
#define NUMBER(m, lowest, highest)                                          \
	.take = take_number, MEMBER(m), .min = lowest, .max = highest,      \
	.size = sizeof(((struct options *)NULL)->m)
#define DURATION(m) .take = take_duration, MEMBER(m)
#define TERMS(kind) .take = take_terms, .at = kind
#define ACTION(action) .take = take_action, .at = action

/* In the order of --help; { letter, "name", "ARGUMENT", "help", ... }. */
const struct option_row options_table[] = {
	{ 'i', "interface", "NAME", "capture here; may be repeated (any)",
	  OPTION_THERE, VALUE_INTERFACE, .take = take_interface,
	  .dialog = { DIALOG_REMOTE, PAGE_THERE, "Interface there",
		      "As pktwho -D lists them there", "any" } },
	{ 'f', NULL, "FILTER",
	  "capture filter, see pcap-filter(7): of the -i\n"
	  "before it, or of all if it comes first",
	  OPTION_THERE, .take = take_filter },
	{ 'w', NULL, "FILE", "write here; - is stdout (a temporary file, in\n"
	  "--temp-dir DIR)",
	  OPTION_HERE, VALUE_FILE, TEXT(write) },
	{ 'g', NULL, NULL, "the group may read the file, too",
	  OPTION_HERE, FLAG(group_read) },
	{ 0, "force", NULL, "overwrite a file that is there already",
	  OPTION_HERE, FLAG(force) },
	{ 0, "capture-comment", "TEXT", "a comment for the whole file",
	  OPTION_THERE, TEXT(comment) },
	{ 0, "temp-dir", "DIR", NULL,
	  OPTION_HERE, VALUE_FILE, TEXT(temp_dir) },
	{ 'c', NULL, "COUNT", "stop after so many packets",
	  OPTION_THERE, NUMBER(max_packets, 1, UINT64_MAX) },
	{ 'a', "autostop", "COND",
	  "duration:S, packets:N, filesize:KB, files:N or eof",
	  OPTION_THERE, VALUE_WORD, "duration: packets: filesize: files: eof",
	  .take = take_autostop },
	{ 'b', "ring-buffer", "COND",
	  "next file after filesize:KB or packets:COUNT, keep\n"
	  "files:COUNT or total:SIZE, ...: see the man page",
	  OPTION_HERE, VALUE_WORD, "duration: filesize: packets: interval: "
	  "files: total: free: nametimenum: printname:", .take = take_ring },
	{ 's', "snapshot-length", "N",
	  "bytes to keep of each packet (262144)",
	  OPTION_THERE, NUMBER(snaplen, 0, MAX_SNAPLEN),
	  .dialog = { DIALOG_BOTH, PAGE_CAPTURE, "Snapshot length",
		      "Bytes to keep of each packet", "262144" } },
	{ 'B', "buffer-size", "MIB", "kernel buffer of each interface (16)",
	  OPTION_THERE, NUMBER(buffer_mib, 1, 1024) },
	{ 'p', "no-promiscuous-mode", NULL, "only what is meant for this host",
	  OPTION_THERE, FLAG(no_promiscuous) },
	{ 'q', NULL, NULL, "no summary at the end",
	  OPTION_THERE, FLAG(quiet) },
	{ 'D', "list-interfaces", NULL, "list the interfaces",
	  OPTION_HERE, ACTION(ACTION_LIST_INTERFACES) },
	{ 'L', "list-data-link-types", NULL,
	  "list the link types of the interface",
	  OPTION_HERE, ACTION(ACTION_LIST_LINKTYPES) },
	{ 'd', NULL, NULL, "show how the kernel applies the filter",
	  OPTION_HERE, ACTION(ACTION_PRINT_FILTER) },
	{ 0, "proc", "NAME",
	  "only packets of processes of these names or\n"
	  "patterns, at either end: a,b or repeated",
	  OPTION_THERE, VALUE_PROCESS, TERMS(FILTER_PROC),
	  .dialog = { DIALOG_BOTH, PAGE_PROCESSES, "Processes",
		      "Names or patterns, separated by commas. Empty: all" } },
	{ 0, "pid", "N", "... of this process",
	  OPTION_THERE, VALUE_PID, TERMS(FILTER_PID), .min = 1,
	  .max = UINT32_MAX,
	  .dialog = { DIALOG_BOTH, PAGE_PROCESSES, "Process id",
		      "Numbers, separated by commas. Empty: all" } },
	{ 0, "user", "NAME", "... of this user",
	  OPTION_THERE, VALUE_USER, TERMS(FILTER_USER),
	  .dialog = { DIALOG_BOTH, PAGE_PROCESSES, "User",
		      "Names or numbers, separated by commas. Empty: all" } },
	{ 0, "container", "ID", "... in this container (id or name)",
	  OPTION_THERE, VALUE_CONTAINER, TERMS(FILTER_CONTAINER),
	  .dialog = { DIALOG_BOTH, PAGE_PROCESSES, "Container",
		      "Ids or names, separated by commas. Empty: all" } },
	{ 0, "unit", "NAME", "... of this systemd unit",
	  OPTION_THERE, TERMS(FILTER_UNIT) },
	{ 0, "follow", NULL, "... and what they start from now on",
	  OPTION_THERE, FLAG(filter.follow),
	  .dialog = { DIALOG_BOTH, PAGE_PROCESSES, "And what they start" } },
	{ 0, "hash", NULL, "SHA-256 of each executable",
	  OPTION_THERE, FLAG(hash) },
	{ 0, "geo", "FILE", "country database (mmdb); may be repeated",
	  OPTION_HERE, VALUE_FILE, .take = take_geo,
	  .dialog = { DIALOG_LOCAL, PAGE_CAPTURE, "Country database",
		      "MaxMind's format; without one, those that are "
		      "installed" } },
	{ 0, "no-comments", NULL, "no readable line beside each packet",
	  OPTION_THERE, FLAG(no_comments),
	  .dialog = { DIALOG_BOTH, PAGE_CAPTURE, "No comments",
		      "The readable line that other programs show" } },
	{ 0, "no-process-table", NULL, "no table of processes at the end",
	  OPTION_THERE, FLAG(no_process_table) },
	{ 0, "no-cmdline", NULL,
	  "no arguments of processes: they can be secrets",
	  OPTION_THERE, FLAG(no_cmdline),
	  .dialog = { DIALOG_BOTH, PAGE_PROCESSES,
		      "Leave out arguments of processes",
		      "They can be secrets" } },
	{ 0, "sandbox", "MODE", "best, strict or off (best)",
	  OPTION_THERE, VALUE_WORD, "best strict off", .take = take_sandbox },
	/* The remote host is told the level that holds here, given or not. */
	{ 0, "log-level", "LEVEL", "error, warning, info or debug (info)",
	  OPTION_HERE, VALUE_WORD, "error warning info debug",
	  .take = take_log_level,
	  .dialog = { DIALOG_BOTH, PAGE_LOG, "Log",
		      "See View > Interface Toolbars > pktwho", "info" } },
	{ 0, "remote", "HOST",
	  "capture there, through ssh; see the man page for\n"
	  "--remote-port PORT, --remote-command COMMAND,\n"
	  "--remote-sudo and --remote-copy",
	  OPTION_HERE, VALUE_HOST, .take = take_host,
	  .dialog = { DIALOG_REMOTE, PAGE_HOST, "Host",
		      "As ssh takes it: a name of ~/.ssh/config, or user@host",
		      .required = true } },
	{ 0, "remote-port", "PORT", NULL,
	  OPTION_HERE, NUMBER(remote.port, 1, 65535),
	  .dialog = { DIALOG_REMOTE, PAGE_HOST, "Port",
		      "If it is not the one ssh would take" } },
	{ 0, "remote-command", "COMMAND", NULL,
	  OPTION_HERE, TEXT(remote.command),
	  .dialog = { DIALOG_REMOTE, PAGE_THERE, "pktwho there",
		      "The command that captures, as the shell there takes it",
		      "pktwho" } },
	{ 0, "remote-sudo", NULL, NULL,
	  OPTION_HERE, FLAG(remote.sudo),
	  .dialog = { DIALOG_REMOTE, PAGE_THERE, "Run it by sudo",
		      "Without a password: nobody could enter one" } },
	{ 0, "remote-copy", NULL, NULL,
	  OPTION_HERE, FLAG(remote.copy),
	  .dialog = { DIALOG_REMOTE, PAGE_THERE, "Copy pktwho there",
		      "This very program, for as long as it runs" } },
	{ 0, "interval", "SECONDS",
	  "log: lines of what goes on, too; top: to wait (1)",
	  OPTION_HERE, DURATION(interval_ns) },
	{ 'r', "read-file", "FILE",
	  "top, log: of this file instead; - is stdin",
	  OPTION_HERE, VALUE_FILE, TEXT(read) },
	{ 0, "by", "WHAT",
	  "top: a row for each of the connections, processes,\n"
	  "programs, hosts, countries, users or containers",
	  OPTION_HERE, VALUE_WORD, "connections processes programs hosts "
	  "countries users containers", TEXT(by) },
	{ 0, "countries", "LIST", "top: mark what goes to others than AT,DE,...",
	  OPTION_HERE, TEXT(countries) },
	{ 0, "batch", NULL, "top: reports, no screen",
	  OPTION_HERE, FLAG(batch) },
	{ 'n', NULL, "COUNT", "... so many (one at the end)",
	  OPTION_HERE, NUMBER(max_reports, 1, UINT64_MAX) },
	{ 0, "json", NULL, "... as a line of JSON each",
	  OPTION_HERE, FLAG(json) },
	{ 0, "no-tshark", NULL,
	  "top, log: without applications and names",
	  OPTION_HERE, FLAG(no_tshark) },
	{ 0, "exclude-connection", "C",
	  "not this one, as SSH_CONNECTION has it",
	  OPTION_HERE, TEXT(exclude) },
	{ 'h', "help", NULL, "this text", OPTION_HERE, ACTION(ACTION_HELP) },
	{ 'v', "version", NULL, "the version",
	  OPTION_HERE, ACTION(ACTION_VERSION) },
};

#define COUNT ((int)(sizeof(options_table) / sizeof(*options_table)))

const int options_count = COUNT;

#define RECORD_DIR "/var/lib/pktwho"

const struct option_command options_commands[] = {
	{ "top", "[OPTION]...", "a live table in the terminal", ACTION_TOP },
	{ "log", "[OPTION]...", "a line of JSON for each connection",
	  ACTION_LOG },
	{ "record", "[OPTION]...", "a ring of 2 GB in " RECORD_DIR,
	  ACTION_RECORD },
	{ "doctor", NULL, "what this machine and user can do", ACTION_DOCTOR },
	{ NULL, NULL, NULL, 0 },
};

/* ---- getopt ---- */

#define LONG_ONLY 256		/* + row: what no letter can be */
#define HARMLESS "lnteAUXx"
#define LETTERS (2 * COUNT + 3 + sizeof(HARMLESS))

/*
 * "+": stop at the first word, ":": tell what is missing.  top counts by -n,
 * which to tcpdump means no names.
 */
static void make_getopt(char letters[LETTERS], struct option longs[COUNT + 1],
			bool top)
{
	struct option *l = longs;
	char *s = letters;

	*s++ = '+';
	*s++ = ':';
	for (int i = 0; i < COUNT; i++) {
		const struct option_row *row = &options_table[i];
		const int argument = row->argument ? required_argument :
						     no_argument;

		if (row->letter && (top || row->letter != 'n')) {
			*s++ = row->letter;
			if (row->argument)
				*s++ = ':';
		}
		if (row->name)
			*l++ = (struct option){ row->name, argument, NULL,
						LONG_ONLY + i };
	}
	strcpy(s, HARMLESS);	/* the first of two alike is taken */
	*l = (struct option){ NULL, 0, NULL, 0 };
}

static const struct option_row *find_row(int c)
{
	const struct option_row *row = options_table;

	if (c >= LONG_ONLY)
		return row + (c - LONG_ONLY);
	while (row->letter != c)
		row++;
	return row;
}

/* What getopt could not make sense of, in our words. */
static int unknown(int c, char **argv, int before)
{
	char shown[3] = { '-', (char)optopt, '\0' };
	const char *arg = optopt && optopt < LONG_ONLY ? shown : argv[before];
	const char *instead = c == ':' ? NULL : options_instead(arg);
	const char *meant = c == ':' ? NULL : options_nearest(arg);

	if (instead)
		log_error("there is no %s: %s", arg, instead);
	else if (meant)
		log_error("unknown option \"%s\": did you mean --%s?", arg,
			  meant);
	else
		bad(c == ':' ? "argument missing after" : "unknown option",
		    arg);
	return -EINVAL;
}

/* Words that are neither option nor command: tcpdump's way to say -f. */
static int take_words(int count, char **words, int interfaces,
		      int (*fn)(void *ctx, const struct option_row *row,
				const char *arg), void *ctx)
{
	const char *meant = options_nearest(words[0]);
	char text[4096] = "";
	size_t at = 0;
	char *kept;

	if (meant && !strcmp(meant, words[0]))
		return bad("a command comes first, and has options of its own:",
			   meant);
	if (meant && count == 1) {
		log_error("unexpected argument \"%s\": did you mean %s?",
			  words[0], meant);
		return -EINVAL;
	}
	if (interfaces > 1)
		return bad("say -f after each -i, instead of", words[0]);
	for (int i = 0; i < count; i++) {
		if (words[i][0] == '-' && words[i][1])
			return bad("options stand before the filter:",
				   words[i]);
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s",
				       i ? " " : "", words[i]);
		if (at >= sizeof(text))
			return bad("too long a filter at", words[i]);
	}
	if (count == 1 && strstr(text, ".pcap"))
		return bad("which option, -w or -r of tshark, for", text);
	kept = keep(text);
	return kept ? fn(ctx, find_row('f'), kept) : -ENOMEM;
}

/* Of a letter that says only how tcpdump prints, or that dumpcap does as we. */
static bool is_harmless(int c)
{
	return c && c < LONG_ONLY && strchr(HARMLESS, c);
}

bool options_show(const struct options *o)
{
	return o->action == ACTION_LOG || o->action == ACTION_TOP;
}

static bool asks_to_capture(const struct options *o)
{
	return o->interface_count || o->first_filter || o->write ||
	       o->command || !filter_is_empty(&o->filter) || o->max_packets ||
	       o->max_duration_ns || o->until_eof || o->hash;
}

static int check_show(const struct options *o)
{
	bool screen = o->action == ACTION_TOP && !o->batch;

	if (o->interval_ns && !options_show(o))
		return bad("only for pktwho top and log:", "--interval");
	if (o->action != ACTION_TOP && o->countries)
		return bad("only for pktwho top:", "--countries");
	if (o->action != ACTION_TOP && (o->batch || o->by))
		return bad("only for pktwho top:", o->by ? "--by" : "--batch");
	if ((o->json || o->max_reports) && !o->batch)
		return bad("only with --batch:", o->json ? "--json" : "-n");
	if (o->no_tshark && !options_show(o))
		return bad("only for pktwho top and log:", "--no-tshark");
	if (o->read && !options_show(o))
		return bad("only for pktwho top and log:", "-r");
	if (o->read && asks_to_capture(o))
		return bad("no capture is made beside", o->read);
	if (!options_show(o))
		return 0;
	if (o->remote.host)
		return bad("nothing can be shown of", o->remote.host);
	if (o->write && !strcmp(o->write, "-"))
		return bad("what is shown goes to", "-");
	if (screen && o->until_eof)
		return bad("the keyboard is needed, not", "eof");
	return 0;
}

static int check_ring(const struct options *o)
{
	const struct options_file *f = &o->file;

	if (!o->ring.asked)
		return o->ring.stop_files ? bad("only with -b:", "-a files") : 0;
	if (!o->write || !strcmp(o->write, "-"))
		return bad("-b needs a file to name others after, not",
			   o->write ? o->write : "a temporary one");
	if (!f->bytes && !f->packets && !f->duration_ns && !f->interval_ns)
		return bad("when does a file end, without", "-b filesize:KB");
	if ((o->ring.total || o->ring.free) && !f->bytes)
		return bad("how large is a file, without", "-b filesize:KB");
	if (o->ring.total && o->ring.total < 2 * f->bytes)
		return bad("no room for two files in", "-b total");
	if (o->remote.host)
		return bad("no ring of files is written of", o->remote.host);
	return 0;
}

/* What does not go together. */
static int check(const struct options *o)
{
	const struct options_remote *r = &o->remote;
	int err = check_show(o);

	if (!err)
		err = check_ring(o);
	if (!err && o->comment && strlen(o->comment) > 4096)
		err = bad("too long a", "--capture-comment");
	if (err)
		return err;
	if (o->filter.follow && filter_is_empty(&o->filter))
		return bad("nobody to follow:", "--follow");
	if (o->command && o->until_eof)
		return bad("the standard input belongs to", o->command[0]);
	if (!r->host)
		return r->port || r->command || r->sudo || r->copy ?
			       bad("which host, without", "--remote") : 0;
	if (o->command)
		return bad("no command can be started on", r->host);
	if (o->geo_count)
		return bad("no countries are looked up on", r->host);
	if (o->action == ACTION_LIST_INTERFACES ||
	    o->action == ACTION_LIST_LINKTYPES)
		return bad("no list can be had from", r->host);
	return 0;
}

int options_each(int argc, char **argv,
		 int (*fn)(void *ctx, const struct option_row *row,
			   const char *arg),
		 void *ctx, char ***command)
{
	struct option longs[COUNT + 1];
	const bool top = argc && !strcmp(argv[0], "top");
	char letters[LETTERS];
	int c, err, before, interfaces = 0;

	make_getopt(letters, longs, top);
	*command = NULL;
	optind = 0;		/* start afresh, GNU's way: tests parse often */
	opterr = 0;
	for (;;) {
		before = optind ? optind : 1;
		c = getopt_long(argc, argv, letters, longs, NULL);
		if (c == -1)
			break;
		if (is_harmless(c) && !(top && c == 'n'))
			continue;
		err = c == '?' || c == ':' ? unknown(c, argv, before) :
					     fn(ctx, find_row(c), optarg);
		if (err)
			return err;
		interfaces += find_row(c)->letter == 'i';
	}
	/* Only a "--" of its own moved optind: not one that is a file's name. */
	if (optind < argc && optind == before)
		return take_words(argc - optind, argv + optind, interfaces, fn,
				  ctx);
	if (optind < argc)
		*command = argv + optind;
	else if (optind > before)
		return bad("no command after", "--");
	return 0;
}

/* The command of that name, which may have to stand alone, or NULL. */
static const struct option_command *find_command(int argc, char **argv)
{
	const struct option_command *command = options_commands;

	if (argc < 2)
		return NULL;
	while (command->word && strcmp(command->word, argv[1]))
		command++;
	return command->word && (command->options || argc == 2) ? command :
								  NULL;
}

static int take(void *options, const struct option_row *row, const char *arg)
{
	return row->take(options, row, arg);
}

/* What runs for months; each can be said otherwise. */
static void set_record(struct options *o)
{
	o->action = ACTION_CAPTURE;
	o->write = RECORD_DIR "/record.pcapng";
	o->ring.asked = true;
	o->ring.total = 2000000000;
	o->ring.free = 1000000000;
	o->file.bytes = 20000000;
}

int options_parse(struct options *o, int argc, char **argv)
{
	const struct option_command *command = find_command(argc, argv);
	int err;

	memset(o, 0, sizeof(*o));
	o->snaplen = MAX_SNAPLEN;
	o->log_level = LOG_INFO;
	if (command) {
		o->action = command->action;
		argc--;
		argv++;
	}
	o->argc = argc;
	o->argv = argv;
	if (o->action == ACTION_RECORD)
		set_record(o);
	err = options_each(argc, argv, take, o, &o->command);
	if (!err)
		err = check(o);
	if (err)
		return err;
	if (!o->snaplen)
		o->snaplen = MAX_SNAPLEN;	/* 0 means all, as in tcpdump */
	return o->interface_count ? 0 : add_interface(o, "any");
}
