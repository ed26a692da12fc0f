/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "recognise/spoken.h"

conversation_t *spoken_conversation(packet_info *pinfo, bool make)
{
	struct conversation_element *elements = pinfo->conv_elements;
	ws_bool is_other = pinfo->use_conv_addr_port_endpoints;
	conversation_t *c;

	pinfo->use_conv_addr_port_endpoints = false;
	pinfo->conv_elements = NULL;
	c = make ? find_or_create_conversation(pinfo) :
		   find_conversation_pinfo(pinfo, 0);
	pinfo->use_conv_addr_port_endpoints = is_other;
	pinfo->conv_elements = elements;
	return c;
}

/* ---- by ports ---- */

/*
 * A packet's conversation is mostly that of one a few before.  To find it here
 * costs a tenth of a search in Wireshark's tables.
 */
static struct recent {
	conversation_t *conversation; /* NULL: none */
	conversation_type type;
	uint32_t sport;
	uint32_t dport;
	int len; /* of an address */
	uint8_t src[16];
	uint8_t dst[16];
} recent[1024];

/* All that is asked of a packet's ports is asked of the same two. */
static struct owner {
	uint32_t port;
	int proto;
	bool is_known;
} owners[2][64];

/* Whoever chooses other owners has the file read again. */
static void forget(void)
{
	memset(recent, 0, sizeof(recent));
	memset(owners, 0, sizeof(owners));
}

void spoken_init(void)
{
	register_init_routine(forget);
}

bool spoken_is_newest(const conversation_t *c)
{
	return !c->options && !c->next;
}

static bool has_ends(const struct recent *r, const address *a, const address *b,
		     uint32_t a_port, uint32_t b_port)
{
	return r->sport == a_port && r->dport == b_port && r->len == a->len &&
	       r->len == b->len && !memcmp(r->src, a->data, (size_t)r->len) &&
	       !memcmp(r->dst, b->data, (size_t)r->len);
}

static bool is_conversation_of(const struct recent *r, const packet_info *pinfo,
			       conversation_type type, uint32_t sport,
			       uint32_t dport)
{
	return r->conversation && r->type == type &&
	       (has_ends(r, &pinfo->src, &pinfo->dst, sport, dport) ||
		has_ends(r, &pinfo->dst, &pinfo->src, dport, sport)) &&
	       spoken_is_newest(r->conversation);
}

static void keep_conversation(struct recent *r, conversation_t *c,
			      const packet_info *pinfo, uint32_t sport,
			      uint32_t dport)
{
	r->conversation = c;
	r->sport = sport;
	r->dport = dport;
	r->len = pinfo->src.len;
	memcpy(r->src, pinfo->src.data, (size_t)r->len);
	memcpy(r->dst, pinfo->dst.data, (size_t)r->len);
}

static bool has_ip_address(const address *a)
{
	return (a->type == AT_IPv4 && a->len == 4) ||
	       (a->type == AT_IPv6 && a->len == 16);
}

conversation_t *spoken_between(const packet_info *pinfo, conversation_type type,
			       uint32_t sport, uint32_t dport, bool make)
{
	const address *src = &pinfo->src, *dst = &pinfo->dst;
	struct recent *r = &recent[(sport ^ dport) % array_length(recent)];
	conversation_t *c;

	if (is_conversation_of(r, pinfo, type, sport, dport))
		return r->conversation;
	c = find_conversation(pinfo->num, src, dst, type, sport, dport, 0);
	if (!c && make)
		c = conversation_new(pinfo->num, src, dst, type, sport, dport,
				     0);
	r->conversation = NULL;
	if (!c || !has_ip_address(src) || src->type != dst->type)
		return c;
	r->type = type;
	keep_conversation(r, c, pinfo, sport, dport);
	return c;
}

/* ---- what is spoken ---- */

bool spoken_is(const packet_info *pinfo, int proto)
{
	return wmem_list_find(pinfo->layers, GINT_TO_POINTER(proto)) != NULL;
}

static dissector_table_t table_of(bool tcp)
{
	static dissector_table_t tables[2];

	if (!tables[tcp])
		tables[tcp] = find_dissector_table(tcp ? "tcp.port" :
							 "udp.port");
	return tables[tcp];
}

static int find_owner(bool tcp, uint32_t port)
{
	dissector_handle_t handle = dissector_get_uint_handle(table_of(tcp),
							      port);

	return handle ? dissector_handle_get_protocol_index(handle) : -1;
}

int spoken_owner(bool tcp, uint32_t port)
{
	struct owner *o = &owners[tcp][port % array_length(owners[0])];

	if (!o->is_known || o->port != port)
		*o = (struct owner){ port, find_owner(tcp, port), true };
	return o->proto;
}

/* What Wireshark would hand this port's packets to. */
static bool is_kept(const packet_info *pinfo, uint32_t port)
{
	int proto = spoken_owner(pinfo->ptype == PT_TCP, port);

	return proto != -1 && spoken_is(pinfo, proto);
}

bool spoken_is_kept(const packet_info *pinfo)
{
	return is_kept(pinfo, pinfo->srcport) ||
	       is_kept(pinfo, pinfo->destport);
}

bool spoken_is_owner(const packet_info *pinfo, int proto)
{
	bool tcp = pinfo->ptype == PT_TCP;

	return proto != -1 && (spoken_owner(tcp, pinfo->srcport) == proto ||
			       spoken_owner(tcp, pinfo->destport) == proto);
}

bool spoken_is_owned(bool tcp, uint32_t a, uint32_t b)
{
	return spoken_owner(tcp, a) != -1 || spoken_owner(tcp, b) != -1;
}

bool spoken_has_owner(const packet_info *pinfo)
{
	return spoken_is_owned(pinfo->ptype == PT_TCP, pinfo->srcport,
			       pinfo->destport);
}

static bool is_decoded_as(bool tcp, uint32_t port)
{
	const char *table = tcp ? "tcp.port" : "udp.port";

	return dissector_get_uint_handle(table_of(tcp), port) !=
	       dissector_get_default_uint_handle(table, port);
}

bool spoken_is_mistaken(bool tcp, uint32_t a, uint32_t b, int proto)
{
	int first = spoken_owner(tcp, a), second = spoken_owner(tcp, b);

	if ((first == proto || first == -1) &&
	    (second == proto || second == -1) && first != second)
		return false;
	return !is_decoded_as(tcp, a) && !is_decoded_as(tcp, b);
}
