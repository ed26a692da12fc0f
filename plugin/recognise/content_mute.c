/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which payloads cannot have DNS in them, so that nobody need look for it. */
#include "recognise/content_parts.h"

#include "recognise/spoken.h"
#include "recognise/tree.h"

enum kind {
	ANYTHING, /* it may carry whatever there is */
	ITSELF,	  /* nothing else, or packets that come back to us */
	TYPED,	  /* it says in plain text what it carries */
};

static const struct {
	const char *filter;
	enum kind kind;
} kinds[] = {
	{ "bfd", ITSELF },    { "bvlc", ITSELF },   { "cflow", ITSELF },
	{ "dhcp", ITSELF },   { "dhcpv6", ITSELF }, { "ftp", ITSELF },
	{ "geneve", ITSELF }, { "gtp", ITSELF },    { "hsrp", ITSELF },
	{ "http", TYPED },    { "imap", TYPED },    { "memcache", ITSELF },
	{ "mysql", ITSELF },  { "nbdgm", ITSELF },  { "nbns", ITSELF },
	{ "ntp", ITSELF },    { "pgsql", ITSELF },  { "pop", TYPED },
	{ "radius", ITSELF }, { "resp", ITSELF },   { "rip", ITSELF },
	{ "rtcp", ITSELF },   { "rtp", ITSELF },    { "sip", TYPED },
	{ "smtp", TYPED },    { "snmp", ITSELF },   { "ssdp", TYPED },
	{ "ssh", ITSELF },    { "syslog", ITSELF }, { "telnet", ITSELF },
	{ "tftp", ITSELF },   { "vxlan", ITSELF },
};

static enum kind kind_of(int proto)
{
	static int ids[array_length(kinds)];

	if (!ids[0])
		for (size_t i = 0; i < array_length(kinds); i++)
			ids[i] = proto_get_id_by_filter_name(kinds[i].filter);
	for (size_t i = 0; i < array_length(kinds); i++)
		if (ids[i] == proto)
			return kinds[i].kind;
	return ANYTHING;
}

static bool is_text(uint8_t byte)
{
	return (byte >= ' ' && byte < 0x7f) || byte == '\r' || byte == '\n';
}

/* What is inside of text is of a type that has "dns" in its name. */
static bool is_typed_as_dns(const struct payload *p)
{
	return is_text(*p->p) && tree_mentions_dns(p);
}

/*
 * Nobody's by its ports: Wireshark may know it by its bytes, and then the rest of
 * the conversation is no longer nobody's.  What it knows so and has DNS in its
 * first packet is QUIC, HTTP, or what a balancer says before another's words.
 */
static bool may_begin_dns(const struct payload *p)
{
	return *p->p >= 0xc0 || STARTS(p, "PRI ") || STARTS(p, "PROXY ") ||
	       STARTS(p, "\r\n\r\n") || is_typed_as_dns(p);
}

/* From here on HTTP may be anything. */
static bool changes(const struct payload *p)
{
	return STARTS(p, "CONNECT ") || STARTS(p, "PRI ") ||
	       (STARTS(p, "HTTP/") && HAS_AT(p, 8, " 1"));
}

static bool is_said_by(int proto, const struct payload *p)
{
	enum kind kind = kind_of(proto);

	return kind == ITSELF ||
	       (kind == TYPED && !changes(p) && !tree_mentions_dns(p));
}

/* By whichever of those Wireshark may ask; -1: nobody. */
static bool is_without_dns(const struct payload *p, int chosen)
{
	bool tcp = p->over == OVER_TCP;
	int protos[] = { chosen, spoken_owner(tcp, p->sport),
			 spoken_owner(tcp, p->dport) };
	bool is_known = false;

	for (size_t i = 0; i < array_length(protos); i++) {
		if (protos[i] == -1)
			continue;
		if (!is_said_by(protos[i], p))
			return false;
		is_known = true;
	}
	return is_known || !p->len || !may_begin_dns(p);
}

/* A server's name is wanted, too: it is in a first message. */
static bool has_handshake(const struct content *k, const struct payload *p)
{
	static const unsigned families = DPI_TLS | DPI_DTLS | DPI_GQUIC |
					 DPI_DNS;

	return (p->len && *p->p >= 20 && *p->p <= 23) ||
	       (k->protocol && k->protocol->families & families);
}

bool content_is_mute(const packet_info *pinfo, const struct payload *p)
{
	conversation_t *c;
	struct content *k;

	if (pinfo->flags.in_error_pkt) /* nobody says what it quotes */
		return true;
	k = p->p ? content_so_far(pinfo, p, &c) : NULL;
	if (!k)
		return false;
	if (!k->speaks &&
	    (k->waits || has_handshake(k, p) ||
	     !is_without_dns(p, content_chosen(k, c, pinfo->num))))
		k->speaks = true;
	return !k->speaks;
}
