/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/rows/columns.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "view/flows/names.h"

#define OF(group)     (1u << (group))
#define OF_ALL	      ((1u << GROUPS) - 1)
#define OF_CONNECTION OF(GROUP_CONNECTION)
#define OF_MANY	      (OF_ALL & ~OF_CONNECTION)
#define OF_PROCESSES  (OF_CONNECTION | OF(GROUP_PROCESS))

/*
 * @rank: who gets room first.  What is @wide grows into the room that is left,
 * so many times its share.
 */
/* clang-format off */
static const struct {
	const char *title;
	const char *word;
	uint8_t width;
	uint8_t rank;
	uint8_t wide;
	bool number;
	unsigned groups;
} columns[COLUMNS] = {
	[COLUMN_NAME] = { "PROCESS", "name", 17, 0, 2, false, OF_ALL },
	[COLUMN_PID] = { "PID", "pid", 7, 6, 0, true, OF_PROCESSES },
	[COLUMN_USER] = { "USER", "user", 9, 14, 0, false, OF_PROCESSES },
	[COLUMN_CONTAINER] = { "CONTAINER", "container", 14, 17, 0, false,
			       OF_PROCESSES },
	[COLUMN_PROTO] = { "PROTO", "proto", 5, 10, 0, false, OF_CONNECTION },
	[COLUMN_LOCAL] = { "LOCAL", "local", 21, 13, 1, false,
			   OF_CONNECTION },
	[COLUMN_REMOTE] = { "REMOTE", "remote", 21, 1, 2, false,
			    OF_CONNECTION },
	[COLUMN_DOMAIN] = { "NAME", "domain", 21, 4, 1, false,
			    OF(GROUP_HOST) },
	[COLUMN_APP] = { "APPLICATION", "app", 14, 4, 3, false, OF_CONNECTION },
	[COLUMN_COUNTRY] = { "CC", "country", 2, 5, 0, false,
			     OF_CONNECTION | OF(GROUP_HOST) },
	[COLUMN_STATE] = { "STATE", "state", 7, 7, 0, false, OF_CONNECTION },
	[COLUMN_UP] = { "UP/s", "up", 6, 2, 0, true, OF_ALL },
	[COLUMN_DOWN] = { "DOWN/s", "down", 6, 3, 0, true, OF_ALL },
	[COLUMN_SENT] = { "SENT", "sent", 6, 8, 0, true, OF_ALL },
	[COLUMN_RECEIVED] = { "RECV", "received", 6, 9, 0, true, OF_ALL },
	[COLUMN_CONNECTIONS] = { "CONNS", "connections", 6, 7, 0, true,
				 OF_MANY },
	[COLUMN_RETRANSMISSIONS] = { "RETR", "retransmissions", 5, 12, 0,
				     true, OF_ALL },
	[COLUMN_RTT] = { "RTT", "rtt", 6, 15, 0, true, OF_CONNECTION },
	[COLUMN_AGE] = { "AGE", "age", 4, 11, 0, true, OF_ALL },
	[COLUMN_HOW] = { "HOW", "how", 10, 16, 0, false, OF_PROCESSES },
};
/* clang-format on */

static const char *const first_titles[GROUPS] = {
	[GROUP_PROGRAM] = "PROGRAM",	 [GROUP_HOST] = "HOST",
	[GROUP_COUNTRY] = "COUNTRY",	 [GROUP_USER] = "USER",
	[GROUP_CONTAINER] = "CONTAINER",
};

const char *column_title(enum column c, enum table_group group)
{
	return c == COLUMN_NAME && first_titles[group] ? first_titles[group] :
							 columns[c].title;
}

const char *column_word(enum column c)
{
	return columns[c].word;
}

bool column_is_number(enum column c)
{
	return columns[c].number;
}

bool column_is_of(enum column c, enum table_group group)
{
	return columns[c].groups & OF(group);
}

/* ---- cells ---- */

void column_bytes(uint64_t n, char out[COLUMN_TEXT])
{
	static const char units[] = "KMGTPE";
	double v = (double)n;
	int unit = -1;

	while (v >= 999.5) {
		v /= 1024;
		unit++;
	}
	if (unit < 0)
		snprintf(out, COLUMN_TEXT, "%" PRIu64, n);
	else
		snprintf(out, COLUMN_TEXT, v < 9.95 ? "%.1f%c" : "%.0f%c", v,
			 units[unit]);
}

void column_duration(uint64_t ns, char out[COLUMN_TEXT])
{
	uint64_t s = ns / 1000000000;

	if (s < 100)
		snprintf(out, COLUMN_TEXT, "%" PRIu64 "s", s);
	else if (s < 100 * 60)
		snprintf(out, COLUMN_TEXT, "%" PRIu64 "m", s / 60);
	else if (s < 100 * 3600)
		snprintf(out, COLUMN_TEXT, "%" PRIu64 "h", s / 3600);
	else
		snprintf(out, COLUMN_TEXT, "%" PRIu64 "d", s / 86400);
}

static void format_rtt(uint64_t ns, char out[COLUMN_TEXT])
{
	if (!ns)
		*out = '\0';
	else if (ns < 1000000)
		snprintf(out, COLUMN_TEXT, "%.0fus", (double)ns / 1e3);
	else if (ns < 10000000)
		snprintf(out, COLUMN_TEXT, "%.1fms", (double)ns / 1e6);
	else
		snprintf(out, COLUMN_TEXT, "%.0fms", (double)ns / 1e6);
}

void column_address(const struct flow_key *k, enum flow_side side,
		    char out[COLUMN_TEXT])
{
	char addr[INET6_ADDRSTRLEN];

	*out = '\0';
	if (k->proto == FLOW_FRAME)
		return;
	name_address(side ? k->remote : k->local, addr, sizeof(addr));
	if (!name_has_ports(k->proto))
		snprintf(out, COLUMN_TEXT, "%s", addr);
	else
		snprintf(out, COLUMN_TEXT,
			 strchr(addr, ':') ? "[%s]:%u" : "%s:%u", addr,
			 side ? k->remote_port : k->local_port);
}

void column_alerts(uint8_t alerts, char out[COLUMN_ALERTS])
{
	static const struct {
		uint8_t alert;
		const char *text;
	} texts[] = {
		{ ALERT_DELETED, "executable deleted" },
		{ ALERT_MEMFD, "runs from memory" },
		{ ALERT_WRITABLE, "executable that anyone may write" },
		{ ALERT_RETRANSMISSIONS, "many retransmissions" },
		{ ALERT_COUNTRY, "country new to this program" },
		{ ALERT_ABROAD, "another country" },
		{ ALERT_PORT, "a protocol on a port not its own" },
		{ ALERT_UNRESOLVED, "a server name nobody asked DNS for" },
	};
	size_t at = 0;

	*out = '\0';
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (alerts & texts[i].alert)
			at += (size_t)snprintf(out + at, COLUMN_ALERTS - at,
					       "%s%s", at ? ", " : "",
					       texts[i].text);
}

/* The name that was asked for, rather than the address it was found at. */
static void format_remote(const struct row *r, char out[COLUMN_TEXT])
{
	const struct flow_key *k = &r->flow_key;

	if (!*r->domain || !name_has_ports(k->proto))
		column_address(k, !r->local_side, out);
	else
		snprintf(out, COLUMN_TEXT, "%s:%u", r->domain,
			 r->local_side ? k->local_port : k->remote_port);
}

static void format_how(const struct row *r, char out[COLUMN_TEXT])
{
	snprintf(out, COLUMN_TEXT, "%s%s%s", attr_name(r->attr),
		 r->reason ? ":" : "", reason_name(r->reason));
}

static void format_number(uint64_t n, char out[COLUMN_TEXT])
{
	if (n)
		snprintf(out, COLUMN_TEXT, "%" PRIu64, n);
	else
		*out = '\0';
}

/* ":443" or "]:443", or NULL: an IPv6 address without a port has colons, too. */
static char *port_of_cell(char *cell)
{
	char *colon = strrchr(cell, ':');

	if (*cell == '[')
		return colon - 1;
	return colon && colon == strchr(cell, ':') ? colon : NULL;
}

void column_keep_port(enum column c, int width, char cell[COLUMN_TEXT])
{
	static const char mark[] = "\u2026";
	char *port = c == COLUMN_LOCAL || c == COLUMN_REMOTE ?
			     port_of_cell(cell) :
			     NULL;
	size_t room = (size_t)width, tail = port ? strlen(port) : 0;

	if (!port || strlen(cell) <= room || tail + 4 > room)
		return;
	memmove(cell + room - 1 - tail + strlen(mark), port, tail + 1);
	memcpy(cell + room - 1 - tail, mark, strlen(mark));
}

void column_cell(enum column c, const struct row *r, uint64_t now_ns,
		 char out[COLUMN_TEXT])
{
	*out = '\0';
	switch (c) {
	case COLUMN_NAME:
		snprintf(out, COLUMN_TEXT, "%s%s", r->alerts ? "! " : "",
			 r->name);
		break;
	case COLUMN_PID:
		format_number(r->pid, out);
		break;
	case COLUMN_USER:
		snprintf(out, COLUMN_TEXT, "%s", r->user);
		break;
	case COLUMN_CONTAINER:
		snprintf(out, COLUMN_TEXT, "%s", r->container);
		break;
	case COLUMN_PROTO:
		snprintf(out, COLUMN_TEXT, "%s", name_protocol(&r->flow_key));
		break;
	case COLUMN_LOCAL:
		column_address(&r->flow_key, (enum flow_side)r->local_side,
			       out);
		break;
	case COLUMN_REMOTE:
		format_remote(r, out);
		break;
	case COLUMN_DOMAIN:
		snprintf(out, COLUMN_TEXT, "%s", r->domain);
		break;
	case COLUMN_APP:
		snprintf(out, COLUMN_TEXT, "%s", r->app);
		break;
	case COLUMN_COUNTRY:
		snprintf(out, COLUMN_TEXT, "%s", r->country);
		break;
	case COLUMN_STATE:
		snprintf(out, COLUMN_TEXT, "%s", r->state);
		break;
	case COLUMN_UP:
		column_bytes(r->up, out);
		break;
	case COLUMN_DOWN:
		column_bytes(r->down, out);
		break;
	case COLUMN_SENT:
		column_bytes(r->sent, out);
		break;
	case COLUMN_RECEIVED:
		column_bytes(r->received, out);
		break;
	case COLUMN_CONNECTIONS:
		format_number(r->connections, out);
		break;
	case COLUMN_RETRANSMISSIONS:
		format_number(r->retransmissions, out);
		break;
	case COLUMN_RTT:
		format_rtt(r->rtt_ns, out);
		break;
	case COLUMN_AGE:
		column_duration(now_ns > r->first_ns && r->first_ns ?
					now_ns - r->first_ns :
					0,
				out);
		break;
	case COLUMN_HOW:
		format_how(r, out);
		break;
	case COLUMNS:
		break;
	}
}

/* ---- order ---- */

static int order(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_address(const struct row *a, const struct row *b,
			   bool remote)
{
	bool sides[2] = { a->local_side != remote, b->local_side != remote };
	const struct flow_key *k = &a->flow_key, *l = &b->flow_key;
	int n = memcmp(sides[0] ? k->remote : k->local,
		       sides[1] ? l->remote : l->local, 16);

	return n ? n :
		   order(sides[0] ? k->remote_port : k->local_port,
			 sides[1] ? l->remote_port : l->local_port);
}

int column_compare(enum column c, const struct row *a, const struct row *b)
{
	switch (c) {
	case COLUMN_NAME:
		return strcasecmp(a->name, b->name);
	case COLUMN_PID:
		return order(a->pid, b->pid);
	case COLUMN_USER:
		return strcmp(a->user, b->user);
	case COLUMN_CONTAINER:
		return strcmp(a->container, b->container);
	case COLUMN_PROTO:
		return order(a->flow_key.proto, b->flow_key.proto);
	case COLUMN_LOCAL:
		return compare_address(a, b, false);
	case COLUMN_REMOTE:
		return compare_address(a, b, true);
	case COLUMN_DOMAIN:
		return strcmp(a->domain, b->domain);
	case COLUMN_APP:
		return strcasecmp(a->app, b->app);
	case COLUMN_COUNTRY:
		return strcmp(a->country, b->country);
	case COLUMN_STATE:
		return strcmp(a->state, b->state);
	case COLUMN_UP:
		return order(a->up, b->up);
	case COLUMN_DOWN:
		return order(a->down, b->down);
	case COLUMN_SENT:
		return order(a->sent, b->sent);
	case COLUMN_RECEIVED:
		return order(a->received, b->received);
	case COLUMN_CONNECTIONS:
		return order(a->connections, b->connections);
	case COLUMN_RETRANSMISSIONS:
		return order(a->retransmissions, b->retransmissions);
	case COLUMN_RTT:
		return order(a->rtt_ns, b->rtt_ns);
	case COLUMN_AGE:
		return order(b->first_ns, a->first_ns);
	case COLUMN_HOW:
		return order(a->attr, b->attr);
	case COLUMNS:
		break;
	}
	return 0;
}

/* ---- places ---- */

static int by_rank(enum table_group group, int rank)
{
	for (int c = 0; c < COLUMNS; c++)
		if (columns[c].rank == rank &&
		    column_is_of((enum column)c, group))
			return c;
	return -1;
}

static void widen(struct column_place *places, int count, int room)
{
	int shares = 0;

	for (int i = 0; i < count; i++)
		shares += columns[places[i].column].wide;
	for (int i = 0; i < count && shares; i++) {
		int wide = columns[places[i].column].wide;
		int more = room * wide / shares;

		places[i].width += more;
		room -= more;
		shares -= wide;
	}
}

/* False where it has no room. */
static bool choose_column(bool chosen[COLUMNS], int c, int width, int *room)
{
	int need = columns[c].width + (*room < width);

	if (need > *room)
		return false;
	chosen[c] = true;
	*room -= need;
	return true;
}

int columns_place(enum table_group group, enum column wanted, int width,
		  struct column_place places[COLUMNS])
{
	bool chosen[COLUMNS] = { false };
	int room = width, count = 0;

	for (int rank = 0; rank < COLUMNS; rank++) {
		int c = by_rank(group, rank);

		if (c < 0 || chosen[c])
			continue;
		if (!choose_column(chosen, c, width, &room))
			break;
		if (!rank && !chosen[wanted])
			choose_column(chosen, (int)wanted, width, &room);
	}
	for (int c = 0; c < COLUMNS; c++)
		if (chosen[c])
			places[count++] = (struct column_place){
				(enum column)c, columns[c].width
			};
	widen(places, count, room);
	return count;
}
