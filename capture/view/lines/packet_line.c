/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/lines/packet_line.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "printable.h"
#include "record.h"
#include "view/flows/names.h"

#define OWNERS_WIDTH 30

struct text {
	char *out;
	size_t len;
};

static void __attribute__((format(printf, 2, 3)))
put(struct text *t, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(t->out + t->len, PACKET_LINE_MAX - t->len, format, args);
	va_end(args);
	if (n > 0)
		t->len += (size_t)n < PACKET_LINE_MAX - t->len ?
				  (size_t)n :
				  PACKET_LINE_MAX - 1 - t->len;
}

/* "curl[4535]", "(kernel: reset)"; "" for an end that is elsewhere. */
static void put_line_owner(struct text *t, const struct verdict_end *end,
			   const struct program *program)
{
	const char *reason = end->reason ? reason_name(end->reason) : NULL;
	char name[RECORD_NAME_LEN];

	if (end->attr == ATTR_NONE || end->attr == ATTR_FORWARDED)
		return;
	if (!program) {
		put(t, "(%s%s%s)", attr_name(end->attr), reason ? ": " : "",
		    reason ? reason : "");
		return;
	}
	memcpy(name, program->name, sizeof(name));
	name[sizeof(name) - 1] = '\0';
	printable_replace(name);
	put(t, "%s[%u]", name, program->proc->pid);
}

static void put_owners(struct text *t, const struct owned_packet *p)
{
	size_t begin = t->len;

	put_line_owner(t, &p->verdict->src, p->src);
	if (t->len > begin)
		put(t, " ");
	put(t, ">");
	begin = t->len;
	put(t, " ");
	put_line_owner(t, &p->verdict->dst, p->dst);
	if (t->len == begin + 1)
		t->len = begin;
	put(t, "%*s", t->len < OWNERS_WIDTH ? (int)(OWNERS_WIDTH - t->len) : 1,
	    "");
}

static void put_clock_time(struct text *t, uint64_t ts_ns)
{
	time_t seconds = (time_t)(ts_ns / 1000000000);
	char clock[16];
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	put(t, "%s.%06u ", clock, (unsigned)(ts_ns % 1000000000 / 1000));
}

static void put_address(struct text *t, const uint8_t addr[16], bool ports,
			uint16_t port)
{
	char name[INET6_ADDRSTRLEN];

	name_address(addr, name, sizeof(name));
	put(t, "%s", name);
	if (ports)
		put(t, ".%u", port);
}

static void put_ends(struct text *t, const struct packet_traits *p)
{
	const struct flow_key *k = &p->key;
	bool ports = name_has_ports(k->proto) && !p->no_ports;

	put(t, address_is_ipv4(k->local) ? "IP " : "IP6 ");
	put_address(t, k->local, ports, k->local_port);
	put(t, " > ");
	put_address(t, k->remote, ports, k->remote_port);
	put(t, ": ");
}

size_t packet_line_begin(const struct owned_packet *p,
			 char out[PACKET_LINE_MAX])
{
	struct text t = { .out = out };

	put_owners(&t, p);
	put_clock_time(&t, p->frame->ts_ns);
	if (p->frame->packet.kind == PACKET_IP)
		put_ends(&t, &p->frame->packet.outer);
	return t.len;
}

/* tcpdump's letters. */
static void put_tcp_flags(struct text *t, uint8_t flags)
{
	static const char letters[] = "FSRP.UEW";
	char set[sizeof(letters)];
	size_t n = 0;

	for (size_t i = 0; letters[i]; i++)
		if (flags & 1u << i)
			set[n++] = letters[i];
	set[n] = '\0';
	put(t, "Flags [%s]", n ? set : "none");
}

static void put_party_name(struct text *t, const struct flow_key *k)
{
	for (const char *s = name_protocol(k); *s; s++)
		put(t, "%c", toupper((unsigned char)*s));
}

size_t packet_line_rest(const struct owned_packet *p, char out[PACKET_LINE_MAX])
{
	const struct packet_traits *k = &p->frame->packet.outer;
	uint8_t kind = p->frame->packet.kind;
	struct text t = { .out = out };

	if (kind == PACKET_MALFORMED) {
		put(&t, "malformed, length %u", p->frame->len);
	} else if (kind == PACKET_IP && k->key.proto == IPPROTO_TCP &&
		   !k->no_ports && (!k->fragment || k->first_fragment)) {
		put_tcp_flags(&t, k->tcp_flags);
		put(&t, ", seq %u, ack %u, length %u", k->tcp_seq, k->tcp_ack,
		    k->tcp_payload);
	} else {
		put_party_name(&t, &k->key);
		put(&t, "%s, length %u", k->fragment ? " fragment" : "",
		    p->frame->len);
	}
	return t.len;
}
