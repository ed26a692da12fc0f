/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/rows/row_filter.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "record.h"
#include "view/flows/names.h"
#include "view/rows/columns.h"

/*
 * A name for between quotes, Wireshark's and then a shell's: whoever names a
 * process must not end either.
 */
static void quote(char *out, size_t size, const char *name)
{
	size_t n = 0;

	for (; *name && n + 5 <= size; name++)
		if (strchr("\"'\\", *name))
			n += (size_t)snprintf(out + n, size - n, "\\x%02x",
					      (unsigned)*name);
		else
			out[n++] = *name;
	out[n] = '\0';
}

static const char *port_field(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_SCTP:
		return "sctp";
	case IPPROTO_DCCP:
		return "dccp";
	default:
		return "udp";		/* and UDP-Lite */
	}
}

/*
 * An ICMP error has the headers of what it is about as well, and is no packet
 * of that.
 */
static void transport_filter(const struct flow_key *k, bool v4, char *out,
			     size_t size)
{
	const char *icmp = v4 ? "icmp" : "icmpv6";
	const char *ident = v4 ? "icmp.ident#1" : "icmpv6.echo.identifier#1";
	const char *field = port_field(k->proto);
	bool same = k->local_port == k->remote_port;

	*out = '\0';
	if (name_has_ports(k->proto))
		snprintf(out, size, " && %s.%s == %u && %s.%s == %u && !%s",
			 field, same ? "srcport" : "port", k->local_port,
			 field, same ? "dstport" : "port", k->remote_port,
			 icmp);
	else if (k->proto != (v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6))
		snprintf(out, size, v4 ? " && ip.proto == %u" : "", k->proto);
	else if (k->remote_port)
		snprintf(out, size, " && %s == %u", ident, k->local_port);
	else
		snprintf(out, size, " && %s && !%s", icmp, ident);
}

/* Rows are of the addresses outside of a tunnel, if there is one: "#1". */
static void connection_filter(const struct flow_key *k, char *out, size_t size)
{
	char local[INET6_ADDRSTRLEN], remote[INET6_ADDRSTRLEN], more[100];
	const char *ip;
	bool same;

	if (k->proto == FLOW_FRAME) {
		snprintf(out, size, "eth.type == 0x%04x",
			 k->local_port ? k->local_port : k->remote_port);
		return;
	}
	name_address(k->local, local, sizeof(local));
	name_address(k->remote, remote, sizeof(remote));
	ip = strchr(local, ':') ? "ipv6" : "ip";
	same = !strcmp(local, remote);
	transport_filter(k, !strcmp(ip, "ip"), more, sizeof(more));
	snprintf(out, size, "%s.%s#1 == %s && %s.%s#1 == %s%s", ip,
		 same ? "src" : "addr", local, ip, same ? "dst" : "addr",
		 remote, more);
}

/* Packets of which an end is known in that way, and of no process. */
static void nobody_filter(const struct row *r, char *out, size_t size)
{
	const char *attr = attr_name(r->attr), *reason = reason_name(r->reason);

	if (r->reason)
		snprintf(out, size, "(proc.src.attr == \"%s\" && "
			 "proc.src.reason == \"%s\") || (proc.dst.attr == "
			 "\"%s\" && proc.dst.reason == \"%s\")", attr, reason,
			 attr, reason);
	else
		snprintf(out, size, "(proc.src.attr == \"%s\" && "
			 "!proc.src.reason) || (proc.dst.attr == \"%s\" && "
			 "!proc.dst.reason)", attr, attr);
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

/*
 * A row of a place has what is said with it, but not what it says as the other
 * end of a row: of this host's own addresses, that is all it says to others.
 */
static void host_filter(const struct row *r, char *out, size_t size)
{
	const char *ip = strchr(r->name, ':') ? "ipv6" : "ip", *x = r->name;

	if (r->places == (PLACE_REMOTE | PLACE_ELSEWHERE))
		snprintf(out, size, "(%s.src#1 == %s && !proc.src.attr) || "
			 "(%s.dst#1 == %s && !proc.dst.attr)", ip, x, ip, x);
	else if (r->places == (PLACE_ITSELF | PLACE_ELSEWHERE))
		snprintf(out, size, "%s.src#1 == %s && %s.dst#1 == %s", ip, x,
			 ip, x);
	else if (r->places == (PLACE_HERE | PLACE_ELSEWHERE))
		snprintf(out, size, "%s.addr#1 == %s && proc.src.attr && "
			 "proc.dst.attr", ip, x);
	else
		snprintf(out, size, "%s.addr#1 == %s", ip, x);
}

static void country_filter(const struct row *r, char *out, size_t size)
{
	const char *c = r->name;

	if (!strcmp(c, "(none)"))
		snprintf(out, size, r->places & PLACE_ELSEWHERE ?
			 "(proc.src.attr && !geo.dst.country) || "
			 "(proc.dst.attr && !geo.src.country)" :
			 "!geo.country && !proc.table.pid");
	else if (r->places == (PLACE_REMOTE | PLACE_ELSEWHERE))
		snprintf(out, size, "(geo.src.country == \"%s\" && "
			 "!proc.src.attr) || (geo.dst.country == \"%s\" && "
			 "!proc.dst.attr)", c, c);
	else
		snprintf(out, size, "geo.country == \"%s\"", c);
}

static void text_filter(const char *name, enum table_group group, char *out,
			size_t size)
{
	switch (group) {
	case GROUP_USER:
		/* Who has no name is shown by number. */
		snprintf(out, size, name[strspn(name, "0123456789")] ?
				    "proc.user == \"%s\"" :
				    "proc.uid == %s", name);
		break;
	case GROUP_CONTAINER:
		/* The row is of its name, and of its id where it has none. */
		snprintf(out, size, "proc.container.name == \"%s\" || "
			 "proc.container.id == \"%s\"", name, name);
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
	char name[100];

	quote(name, sizeof(name), r->name);
	if (none)
		snprintf(out, size, "%s", none);
	else if (group == GROUP_CONNECTION)
		connection_filter(&r->flow_key, out, size);
	else if (group == GROUP_PROCESS && r->pid)
		snprintf(out, size, "proc.id == 0x%016" PRIx64, r->key.id);
	else if (group == GROUP_HOST)
		host_filter(r, out, size);
	else if (group == GROUP_COUNTRY)
		country_filter(r, out, size);
	else if (is_nobody(r) && group <= GROUP_PROGRAM)
		nobody_filter(r, out, size);
	else
		text_filter(name, group, out, size);
}
