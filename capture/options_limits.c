/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values of options that are numbers, times and sizes: limits, for the most. */
#include "options_parts.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int options_parse_number(const char *s, uint64_t min, uint64_t max, uint64_t *v)
{
	char *end;

	/* strtoull() takes " -1" for a very large number. */
	if (!isdigit((unsigned char)*s))
		return -EINVAL;
	errno = 0;
	*v = strtoull(s, &end, 10);
	return errno || *end || *v < min || *v > max ? -EINVAL : 0;
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
	return options_parse_number(s, 1, UINT64_MAX, n) ?
		       options_bad("bad packet count", s) :
		       0;
}

static int parse_files(const char *s, uint64_t *n)
{
	return options_parse_number(s, 1, UINT32_MAX, n) ?
		       options_bad("bad number of files", s) :
		       0;
}

static int parse_order(const char *s, uint64_t *n)
{
	return options_parse_number(s, 1, 2, n) ?
		       options_bad("1 or 2, not", s) :
		       0;
}

/* "word:value", and the member that it sets. */
struct condition {
	const char *word;
	int (*parse)(const char *s, uint64_t *value);
	size_t at;
};

#define CONDITION(word, parse, m)                            \
	{                                                    \
		word ":", parse, offsetof(struct options, m) \
	}

/* As dumpcap, which looks twice a second, makes of no time. */
static int parse_turn(const char *s, uint64_t *ns)
{
	return parse_duration(strcmp(s, "0") ? s : "0.5", ns);
}

/* As in dumpcap, none ends the capture once it has begun. */
static int parse_stop(const char *s, uint64_t *ns)
{
	if (strcmp(s, "0"))
		return parse_duration(s, ns);
	*ns = 1;
	return 0;
}

static const struct condition stops[] = {
	CONDITION("duration", parse_stop, max_duration_ns),
	CONDITION("packets", parse_count, max_packets),
	CONDITION("filesize", parse_size, file.bytes),
	CONDITION("files", parse_files, ring.stop_files),
	{ NULL, NULL, 0 },
};

/* When the next file of a ring begins, and which of them stay. */
#define RING_CONDITIONS(limits, ring)                                      \
	CONDITION("duration", parse_turn, limits.duration_ns),             \
		CONDITION("interval", parse_duration, limits.interval_ns), \
		CONDITION("filesize", parse_size, limits.bytes),           \
		CONDITION("files", parse_files, ring.files),               \
		CONDITION("total", parse_size, ring.total),                \
		CONDITION("free", parse_size, ring.free),                  \
		CONDITION("nametimenum", parse_order, ring.name_order)

static const struct condition switches[] = {
	RING_CONDITIONS(file, ring),
	CONDITION("packets", parse_count, file.packets),
	{ NULL, NULL, 0 },
};

static const struct condition turns[] = {
	RING_CONDITIONS(log_limits, log_ring),
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
	return options_bad_value(row, arg);
}

int options_take_autostop(struct options *o, const struct option_row *row,
			  const char *arg)
{
	if (!strcmp(arg, "eof")) {
		o->until_eof = true;
		return 0;
	}
	/* As in dumpcap: these, and only these, are several. */
	o->ring.asked |= !strncmp(arg, "files:", 6);
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

/* "90s", "10m", "2h", "7d": seconds without a letter. */
int options_take_span(struct options *o, const struct option_row *row,
		      const char *arg)
{
	static const struct {
		char letter;
		uint64_t seconds;
	} units[] = { { '\0', 1 },
		      { 's', 1 },
		      { 'm', 60 },
		      { 'h', 3600 },
		      { 'd', 86400 } };
	size_t digits = strspn(arg, "0123456789");

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		uint64_t n = strtoull(arg, NULL, 10);

		if (arg[digits] != units[i].letter || !digits || !n ||
		    (arg[digits] && arg[digits + 1]) || digits > 6)
			continue;
		*(uint64_t *)((char *)o + row->at) = n * units[i].seconds *
						     1000000000;
		return 0;
	}
	return options_bad_value(row, arg);
}
