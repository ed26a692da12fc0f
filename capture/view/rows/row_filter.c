/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/rows/row_filter.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "printable.h"
#include "record.h"
#include "view/flows/names.h"
#include "view/rows/flow_filter.h"

#define SECOND ((uint64_t)1000000000)

#define QUOTED_MAX 8 /* bytes that become of one */

/* fish(1) halves two backslashes between single quotes, but not this. */
#define BACKSLASH "\\x5c"

/* The character at @s behind @out; returns its length. */
static size_t quote_char(char out[QUOTED_MAX + 1], const char *s)
{
	size_t len = printable_length(s, strlen(s));

	if (!len)
		snprintf(out, QUOTED_MAX + 1, BACKSLASH "x%02x", (uint8_t)*s);
	else if (*s == '\\')
		snprintf(out, QUOTED_MAX + 1, BACKSLASH BACKSLASH);
	else if (*s == '"' || *s == '\'')
		snprintf(out, QUOTED_MAX + 1, "\\x%02x", (uint8_t)*s);
	else
		snprintf(out, QUOTED_MAX + 1, "%.*s", (int)len, s);
	return len ? len : 1;
}

/*
 * A name as the plugin's fields have it, for between quotes, Wireshark's and
 * then a shell's: whoever names a process must not end either.
 */
static void quote(char *out, size_t size, const char *name)
{
	size_t n = 0;

	*out = '\0';
	while (*name && n + QUOTED_MAX < size) {
		name += quote_char(out + n, name);
		n += strlen(out + n);
	}
}

/*
 * Rows are of the addresses outside of a tunnel, "#1".  That is the first of its
 * version, and the other version may be outside of it.
 */
static const char *outermost(const struct row *r, bool v4)
{
	if (!r->mixed)
		return "";
	return v4 ? " && !(frame.protocols matches \":ipv6.*:ip(:|$)\")" :
		    " && !(frame.protocols matches \":ip:.*ipv6\")";
}

/* Of several with the same addresses and ports: when this one was. */
static void time_filter(const struct row *r, char *out, size_t size)
{
	size_t n = 0;

	*out = '\0';
	if (r->follows)
		n = (size_t)snprintf(out, size,
				     " && frame.time_epoch >= "
				     "%" PRIu64 ".%09" PRIu64,
				     r->first_ns / SECOND,
				     r->first_ns % SECOND);
	if (r->followed)
		snprintf(out + n, size - n,
			 " && frame.time_epoch <= %" PRIu64 ".%09" PRIu64,
			 r->last_ns / SECOND, r->last_ns % SECOND);
}

static void connection_filter(const struct row *r, char out[ROW_FILTER])
{
	const struct flow_key *k = &r->flow_key;
	char ends[FLOW_FILTER], when[100];

	flow_filter(k, ends);
	time_filter(r, when, sizeof(when));
	snprintf(out, ROW_FILTER, "%s%s%s", ends,
		 k->proto == FLOW_FRAME ?
			 "" :
			 outermost(r, address_is_ipv4(k->local)),
		 when);
}

/* Packets of which an end is known in that way, and of no process. */
static void nobody_filter(const struct row *r, char *out, size_t size)
{
	const char *attr = attr_name(r->attr), *reason = reason_name(r->reason);

	if (r->reason)
		snprintf(out, size,
			 "(proc.src.attr == \"%s\" && "
			 "proc.src.reason == \"%s\") || (proc.dst.attr == "
			 "\"%s\" && proc.dst.reason == \"%s\")",
			 attr, reason, attr, reason);
	else
		snprintf(out, size,
			 "(proc.src.attr == \"%s\" && "
			 "!proc.src.reason) || (proc.dst.attr == \"%s\" && "
			 "!proc.dst.reason)",
			 attr, attr);
}

static bool is_nobody(const struct row *r)
{
	return !r->pid && *r->name == '(' &&
	       (r->attr == ATTR_KERNEL || r->attr == ATTR_FORWARDED ||
		r->attr == ATTR_UNKNOWN);
}

/*
 * What stands in the row of all that have none of it.  The other end may have
 * one, and so may the process table, which Wireshark counts as a packet.
 */
static const char *filter_of_none(enum table_group group, const char *name)
{
	if (group == GROUP_HOST && !strcmp(name, "(no address)"))
		return "!ip && !ipv6";
	if (group == GROUP_USER && !strcmp(name, "(none)"))
		return "(proc.src.attr && !proc.src.user) || "
		       "(proc.dst.attr && !proc.dst.user)";
	if (group == GROUP_CONTAINER && !strcmp(name, "(host)"))
		return "(proc.src.attr && !proc.src.container.id) || "
		       "(proc.dst.attr && !proc.dst.container.id)";
	return NULL;
}

static size_t add_alternative(char *out, size_t at, size_t size,
			      const char *more, ...)
	__attribute__((format(printf, 4, 5)));

static size_t add_alternative(char *out, size_t at, size_t size,
			      const char *more, ...)
{
	va_list args;

	if (at)
		at += (size_t)snprintf(out + at, size - at, " || ");
	va_start(args, more);
	at += (size_t)vsnprintf(out + at, size - at, more, args);
	va_end(args);
	return at < size ? at : size - 1;
}

/*
 * A row of a place has what is said with it, but not what it says as the other
 * end of a row: of this host's own addresses, that is all it says to others.
 */
static void host_filter(const struct row *r, char *out, size_t size)
{
	bool v4 = !strchr(r->name, ':');
	const char *ip = v4 ? "ip" : "ipv6", *x = r->name;
	const char *more = outermost(r, v4);
	char alternatives[ROW_FILTER - 100];
	const size_t room = sizeof(alternatives);
	size_t n = 0;

	if (!(r->places & PLACE_ELSEWHERE)) {
		snprintf(out, size, "%s.addr#1 == %s%s", ip, x, more);
		return;
	}
	if (r->places & PLACE_REMOTE)
		n = add_alternative(alternatives, n, room,
				    "(%s.src#1 == %s && "
				    "!proc.src.attr) || (%s.dst#1 == %s && "
				    "!proc.dst.attr)",
				    ip, x, ip, x);
	if (r->places & PLACE_ITSELF)
		n = add_alternative(alternatives, n, room,
				    "(%s.src#1 == %s && "
				    "%s.dst#1 == %s)",
				    ip, x, ip, x);
	if (r->places & PLACE_HERE)
		add_alternative(alternatives, n, room,
				"(%s.addr#1 == %s && "
				"proc.src.attr && proc.dst.attr%s)",
				ip, x, r->excluded);
	snprintf(out, size, *more ? "(%s)%s" : "%s%s", alternatives, more);
}

static void country_filter(const struct row *r, char *out, size_t size)
{
	const char *c = r->name;

	if (!strcmp(c, "(none)"))
		snprintf(out, size,
			 r->places & PLACE_ELSEWHERE ?
				 "(proc.src.attr && !geo.dst.country) || "
				 "(proc.dst.attr && !geo.src.country)" :
				 "!geo.country && !proc.table.pid");
	else if (r->places == (PLACE_REMOTE | PLACE_ELSEWHERE))
		snprintf(out, size,
			 "(geo.src.country == \"%s\" && "
			 "!proc.src.attr) || (geo.dst.country == \"%s\" && "
			 "!proc.dst.attr)",
			 c, c);
	else
		snprintf(out, size, "geo.country == \"%s\"", c);
}

static void text_filter(const struct row *r, enum table_group group, char *out,
			size_t size)
{
	char name[QUOTED_MAX * 128];

	quote(name, sizeof(name), *r->exact ? r->exact : r->name);
	switch (group) {
	case GROUP_USER:
		/* Who has no name is shown by number. */
		snprintf(out, size,
			 name[strspn(name, "0123456789")] ?
				 "proc.user == \"%s\"" :
				 "proc.uid == %s",
			 name);
		break;
	case GROUP_CONTAINER:
		/* The row is of its name, and of its id where it has none. */
		snprintf(out, size,
			 "proc.container.name == \"%s\" || "
			 "proc.container.id == \"%s\"",
			 name, name);
		break;
	default:
		snprintf(out, size, "proc.name == \"%s\"", name);
	}
}

void row_filter(const struct row *r, enum table_group group,
		char out[ROW_FILTER])
{
	const size_t size = ROW_FILTER;
	const char *none = filter_of_none(group, r->name);

	if (none)
		snprintf(out, size, "%s", none);
	else if (group == GROUP_CONNECTION)
		connection_filter(r, out);
	else if (group == GROUP_PROCESS && r->pid)
		snprintf(out, size, "proc.id == 0x%016" PRIx64, r->key.id);
	else if (group == GROUP_HOST)
		host_filter(r, out, size);
	else if (group == GROUP_COUNTRY)
		country_filter(r, out, size);
	else if (is_nobody(r) && group <= GROUP_PROGRAM)
		nobody_filter(r, out, size);
	else
		text_filter(r, group, out, size);
}
