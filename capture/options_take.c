/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "options_parts.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

int options_bad(const char *what, const char *value)
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

/* "bad snapshot length", from the name of the option, and what is a good one. */
static int bad_value(const struct option_row *row, const char *value)
{
	char what[64] = "bad ";
	char *name = what + strlen(what);

	strncpy(name, row->name ? row->name : "packet count",
		sizeof(what) - strlen(what) - 1);
	for (; *name; name++)
		if (*name == '-')
			*name = ' ';
	if (row->words)
		log_error("%s \"%s\": there are %s", what, value, row->words);
	else if (row->max == UINT64_MAX)
		log_error("%s \"%s\": at least %" PRIu64, what, value, row->min);
	else if (row->max)
		log_error("%s \"%s\": %" PRIu64 " to %" PRIu64, what, value,
			  row->min, row->max);
	else
		return options_bad(what, value);
	return -EINVAL;
}

int options_take_flag(struct options *o, const struct option_row *row,
		      const char *arg)
{
	(void)arg;
	*(bool *)((char *)o + row->at) = true;
	return 0;
}

int options_take_action(struct options *o, const struct option_row *row,
			const char *arg)
{
	(void)arg;
	o->action = (enum options_action)row->at;
	return 0;
}

int options_take_text(struct options *o, const struct option_row *row,
		      const char *arg)
{
	const char **member = (const char **)((char *)o + row->at);
	char letter[2] = { row->letter, '\0' };

	/* Two files, say, of which only one would be written. */
	if (*member) {
		log_error("-%s%s is given twice: \"%s\" and \"%s\"",
			  row->name ? "-" : "", row->name ? row->name : letter,
			  *member, arg);
		return -EINVAL;
	}
	*member = arg;
	return 0;
}

int options_take_number(struct options *o, const struct option_row *row,
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
		return options_bad("bad duration", s);
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
		return options_bad("bad size", s);
	errno = 0;
	n = strtoull(s, &end, 10);
	unit = *end ? strchr(units, *end == 'K' ? 'k' : *end) : units;
	for (const char *u = units; unit && u < unit; u++)
		factor *= 1000;
	if (errno || !n || !unit || (*end && end[1]) || n > INT64_MAX / factor)
		return options_bad("bad size", s);
	*bytes = n * factor;
	return 0;
}

static int parse_count(const char *s, uint64_t *n)
{
	return parse_number(s, 1, UINT64_MAX, n) ?
		       options_bad("bad packet count", s) : 0;
}

static int parse_files(const char *s, uint64_t *n)
{
	return parse_number(s, 1, UINT32_MAX, n) ?
		       options_bad("bad number of files", s) : 0;
}

static int parse_order(const char *s, uint64_t *n)
{
	return parse_number(s, 1, 2, n) ? options_bad("1 or 2, not", s) : 0;
}

/* "word:value", and the member that it sets. */
struct condition {
	const char *word;
	int (*parse)(const char *s, uint64_t *value);
	size_t at;
};

#define CONDITION(word, parse, m) \
	{ word ":", parse, offsetof(struct options, m) }

/* As in dumpcap, none ends the capture once it has begun. */
static int parse_end(const char *s, uint64_t *ns)
{
	if (strcmp(s, "0"))
		return parse_duration(s, ns);
	*ns = 1;
	return 0;
}

static const struct condition stops[] = {
	CONDITION("duration", parse_end, max_duration_ns),
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

static const struct condition turns[] = {
	CONDITION("duration", parse_duration, log_limits.duration_ns),
	CONDITION("interval", parse_duration, log_limits.interval_ns),
	CONDITION("filesize", parse_size, log_limits.bytes),
	CONDITION("files", parse_files, log_ring.files),
	CONDITION("total", parse_size, log_ring.total),
	CONDITION("free", parse_size, log_ring.free),
	CONDITION("nametimenum", parse_order, log_ring.name_order),
	{ NULL, NULL, 0 },
};

static int take_condition(struct options *o, const struct condition *c,
			  const struct option_row *row, const char *arg)
{
	for (; c->word; c++) {
		size_t len = strlen(c->word);

		if (!strncmp(arg, c->word, len))
			return c->parse(arg + len,
					(uint64_t *)((char *)o + c->at));
	}
	return bad_value(row, arg);
}

int options_take_autostop(struct options *o, const struct option_row *row,
			  const char *arg)
{
	if (!strcmp(arg, "eof")) {
		o->until_eof = true;
		return 0;
	}
	return take_condition(o, stops, row, arg);
}

int options_take_ring(struct options *o, const struct option_row *row,
		      const char *arg)
{
	static const char print[] = "printname:";

	o->ring.asked = true;
	if (!strncmp(arg, print, strlen(print)) && arg[strlen(print)]) {
		o->ring.print_names = arg + strlen(print);
		return 0;
	}
	return take_condition(o, switches, row, arg);
}

int options_take_log_rotate(struct options *o, const struct option_row *row,
			    const char *arg)
{
	o->log_ring.asked = true;
	return take_condition(o, turns, row, arg);
}

int options_take_duration(struct options *o, const struct option_row *row,
			  const char *arg)
{
	return parse_duration(arg, (uint64_t *)((char *)o + row->at));
}

int options_add_interface(struct options *o, const char *name)
{
	if (!strncmp(name, "rpcap://", 8) || !strncmp(name, "TCP@", 4))
		return options_bad("another machine is for --remote HOST, not",
				   name);
	if (o->interface_count == OPTIONS_MAX_INTERFACES)
		return options_bad("too many interfaces at", name);
	for (int i = 0; i < o->interface_count; i++)
		if (!strcmp(o->interfaces[i].name, name))
			return options_bad("twice the same interface", name);
	o->interfaces[o->interface_count++] =
		(struct options_interface){ name, o->first_filter, o->how };
	return 0;
}

/* As in dumpcap: of the -i before it, or first, of all that follow. */
static struct options_how *how_of(struct options *o)
{
	return o->interface_count ?
		       &o->interfaces[o->interface_count - 1].how : &o->how;
}

int options_take_how_number(struct options *o, const struct option_row *row,
			    const char *arg)
{
	uint64_t n;

	if (parse_number(arg, row->min, row->max, &n))
		return bad_value(row, arg);
	/* No buffer has 0 bytes, and a snapshot of 0 has all, as in tcpdump. */
	*(int *)((char *)how_of(o) + row->at) = n ? (int)n :
						    OPTIONS_MAX_SNAPLEN;
	return 0;
}

int options_take_no_promiscuous(struct options *o,
				const struct option_row *row, const char *arg)
{
	(void)row;
	(void)arg;
	how_of(o)->no_promiscuous = true;
	return 0;
}

/* "90s", "10m", "2h", "7d": seconds without a letter. */
int options_take_span(struct options *o, const struct option_row *row,
		      const char *arg)
{
	static const struct {
		char letter;
		uint64_t seconds;
	} units[] = { { '\0', 1 }, { 's', 1 }, { 'm', 60 }, { 'h', 3600 },
		      { 'd', 86400 } };
	size_t digits = strspn(arg, "0123456789");

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		uint64_t n = strtoull(arg, NULL, 10);

		if (arg[digits] != units[i].letter || !digits || !n ||
		    (arg[digits] && arg[digits + 1]) || digits > 6)
			continue;
		*(uint64_t *)((char *)o + row->at) =
			n * units[i].seconds * 1000000000;
		return 0;
	}
	return bad_value(row, arg);
}

int options_take_interface(struct options *o, const struct option_row *row,
			   const char *arg)
{
	(void)row;
	return options_add_interface(o, arg);
}

/* As in dumpcap, -f belongs to the -i before it; first, to all that follow. */
int options_take_filter(struct options *o, const struct option_row *row,
			const char *arg)
{
	(void)row;
	if (options_is_display_filter(arg))
		return options_bad("that is a display filter, for tshark -Y; here "
			   "pcap-filter(7), or --proc NAME, not", arg);
	if (o->interface_count)
		o->interfaces[o->interface_count - 1].filter = arg;
	else
		o->first_filter = arg;
	return 0;
}

char *options_keep(const char *text)
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
int options_take_terms(struct options *o, const struct option_row *row,
		       const char *arg)
{
	const enum filter_kind kind = (enum filter_kind)row->at;
	const int before = o->filter.counts[kind];
	char *list = options_keep(arg);
	int added = list ? filter_add_list(&o->filter, kind, list) : -ENOMEM;
	uint64_t n;

	if (added == -E2BIG)
		return options_bad("too many terms in", arg);
	if (!added)
		return options_bad("nothing to filter by in", arg);
	if (added < 0)
		return added;
	for (int i = before; row->max && i < o->filter.counts[kind]; i++)
		if (parse_number(o->filter.terms[kind][i], row->min, row->max,
				 &n))
			return bad_value(row, o->filter.terms[kind][i]);
	return 0;
}

int options_take_keep(struct options *o, const struct option_row *row,
		      const char *arg)
{
	struct keep *keep = (struct keep *)((char *)o + row->at);
	char why[128];

	if (keep->term_count)
		return options_bad("one expression has \"or\", instead of "
				   "another", arg);
	if (!keep_compile(keep, arg, why, sizeof(why)))
		return 0;
	log_error("bad --%s \"%s\": %s", row->name, arg, why);
	return -EINVAL;
}

int options_take_file_comment(struct options *o, const struct option_row *row,
			      const char *arg)
{
	int n = 0;

	while (o->file_comments[n])
		n++;
	if (n == OPTIONS_MAX_FILE_COMMENTS || strlen(arg) > 4096)
		return options_bad(n == OPTIONS_MAX_FILE_COMMENTS ?
				   "too many comments at" : "too long a",
				   row->name);
	o->file_comments[n] = arg;
	return 0;
}

int options_take_geo(struct options *o, const struct option_row *row,
		     const char *arg)
{
	(void)row;
	if (o->geo_count == OPTIONS_MAX_GEO)
		return options_bad("too many databases at", arg);
	o->geo[o->geo_count++] = arg;
	return 0;
}

int options_take_log_level(struct options *o, const struct option_row *row,
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

int options_take_sandbox(struct options *o, const struct option_row *row,
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

int options_take_cmdline(struct options *o, const struct option_row *row,
			 const char *arg)
{
	static const char *const modes[] = {
		[CMDLINE_MASKED] = "masked",
		[CMDLINE_FULL] = "full",
		[CMDLINE_NONE] = "none",
	};

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (!strcmp(arg, modes[i])) {
			o->cmdline = (enum cmdline_mode)i;
			return 0;
		}
	return bad_value(row, arg);
}

int options_take_no_cmdline(struct options *o, const struct option_row *row,
			    const char *arg)
{
	(void)row;
	(void)arg;
	o->cmdline = CMDLINE_NONE;
	return 0;
}

int options_take_strip(struct options *o, const struct option_row *row,
		       const char *arg)
{
	static const struct {
		const char *word;
		unsigned what;
	} words[] = {
		{ "all", STRIP_PROCESSES | STRIP_KEYS },
		{ "processes", STRIP_PROCESSES },
		{ "keys", STRIP_KEYS },
		{ "arguments", STRIP_ARGUMENTS },
		{ "users", STRIP_USERS },
	};

	for (const char *word = arg; *word;) {
		size_t len = strcspn(word, ","), i = 0;
		const size_t count = sizeof(words) / sizeof(*words);

		while (i < count && (strlen(words[i].word) != len ||
				     strncmp(word, words[i].word, len)))
			i++;
		if (i == count)
			return bad_value(row, arg);
		o->strip |= words[i].what;
		word += len + (word[len] == ',');
	}
	return o->strip ? 0 : bad_value(row, arg);
}

int options_take_comments(struct options *o, const struct option_row *row,
			  const char *arg)
{
	static const char *const words[] = {
		[COMMENTS_CHANGES] = "changes",
		[COMMENTS_ALL] = "all",
		[COMMENTS_NONE] = "none",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(arg, words[i])) {
			o->comments = (enum options_comments)i;
			return 0;
		}
	return bad_value(row, arg);
}

int options_take_compression(struct options *o, const struct option_row *row,
			     const char *arg)
{
	for (int c = COMPRESSION_NONE; c < COMPRESSIONS; c++)
		if (!strcmp(arg, compression_name((enum compression)c))) {
			o->compression = (enum compression)c;
			return 0;
		}
	return bad_value(row, arg);
}

/* ssh would take a host that begins with "-" for an option of its own. */
int options_take_host(struct options *o, const struct option_row *row,
		      const char *arg)
{
	(void)row;
	o->remote.host = arg;
	return *arg && *arg != '-' ? 0 : options_bad("bad host", arg);
}
