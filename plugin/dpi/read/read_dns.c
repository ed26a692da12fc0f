/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names that are asked for, and what they were resolved to. */
#include "dpi/read/reader.h"

#include <arpa/inet.h>
#include <epan/to_str.h>

#include "dpi/names.h"
#include "dpi/tunnel.h"
#include "text.h"

#define ANSWERS_SHOWN 4

/* What is asked for, and by whom. */
struct question {
	const char *all;  /* of the name */
	const char *name; /* as much of it as is shown */
	const char *host;
	const char *type;
	const char *process;
	bool is_answer;
	bool is_ours;
};

struct answers {
	const struct question *to;
	wmem_strbuf_t *shown; /* NULL: they are not */
	unsigned count;
};

/*
 * Where the answers end: what comes after them are addresses of name servers
 * and the like, which have other names.
 */
static int answers_end(struct reader *r)
{
	GPtrArray *types = reader_values(r, DNS_RECORD_TYPE);
	const field_info *fi;
	uint32_t count = 0;

	reader_number(r, DNS_ANSWERS, &count);
	if (!types || types->len <= count)
		return G_MAXINT;
	fi = g_ptr_array_index(types, count);
	return fi->start;
}

static void take_address(struct reader *r, struct answers *s,
			 const struct dns_message_address *a)
{
	address address;

	if (s->to->is_ours)
		dpi_names_put(a, r->pinfo->num, s->to->name, s->to->process);
	if (s->count++ >= ANSWERS_SHOWN || !s->shown)
		return;
	set_address(&address, a->len == 4 ? AT_IPv4 : AT_IPv6, a->len,
		    a->bytes);
	wmem_strbuf_append_c(s->shown, s->count > 1 ? ',' : ' ');
	wmem_strbuf_append(s->shown, address_to_str(r->pinfo->pool, &address));
}

static void read_addresses_of(struct reader *r, struct answers *s,
			      enum what what, int end)
{
	GPtrArray *a = reader_values(r, what);

	for (unsigned i = 0; a && i < a->len; i++) {
		const field_info *fi = g_ptr_array_index(a, i);
		struct dns_message_address address = { .len = what == DNS_A ?
								      4 :
								      16 };
		const char *text;

		if (fi->start >= end)
			continue;
		text = fvalue_to_string_repr(r->pinfo->pool, finfo_value(fi),
					     FTREPR_DISPLAY, BASE_NONE);
		if (inet_pton(what == DNS_A ? AF_INET : AF_INET6, text,
			      address.bytes) == 1)
			take_address(r, s, &address);
	}
}

static void take_addresses_of(struct reader *r, struct answers *s, uint8_t len)
{
	for (unsigned i = 0; i < r->dns->count; i++) {
		const struct dns_message_address *a = &r->dns->addresses[i];

		if (a->len == len)
			take_address(r, s, a);
	}
}

/* In the order of Wireshark's fields: all of one kind, then of the other. */
static void read_addresses(struct reader *r, struct answers *s)
{
	int end;

	if (r->dns) {
		take_addresses_of(r, s, 4);
		take_addresses_of(r, s, 16);
		return;
	}
	end = answers_end(r);
	read_addresses_of(r, s, DNS_A, end);
	read_addresses_of(r, s, DNS_AAAA, end);
}

/*
 * What others ask this host, and what it answers or passes on, is not what it
 * resolved; nor is an answer that nobody here waits for.  Of a packet that is
 * clicked on nothing is kept.
 */
static bool is_for_us(const struct reader *r, const struct attribution *owners,
		      bool is_answer)
{
	if (r->flow->is_alone)
		return false;
	if (!owners)
		return true;
	if (owners->direction == DIRECTION_FORWARDED)
		return false;
	if (!is_answer)
		return owners->direction != DIRECTION_IN;
	return owners->direction != DIRECTION_OUT &&
	       owners->dst.attr != ATTR_KERNEL;
}

static const char *who_asked(struct reader *r, const struct attribution *owners)
{
	const struct packet_end *e = owners ? &owners->dst : NULL;

	if (!e || !e->present)
		return NULL;
	return text_escape(r->pinfo->pool, e->name,
			   strnlen(e->name, sizeof(e->name)));
}

/* Of several messages in one packet we cannot tell whose is which. */
static bool has_one_message(struct reader *r)
{
	GPtrArray *messages = r->dns ? NULL : reader_values(r, DNS_ANSWERS);

	return r->dns || (messages && messages->len == 1);
}

/* NULL: there is none. */
static const char *read_error(struct reader *r)
{
	uint32_t code = 0;

	if (r->dns)
		return r->dns->code ?
			       reader_word_of(r, DNS_RCODE, r->dns->code) :
			       NULL;
	reader_number(r, DNS_RCODE, &code);
	return code ? reader_word(r, DNS_RCODE) : NULL;
}

static const char *read_alias(struct reader *r)
{
	if (!r->dns)
		return reader_text(r, DNS_CNAME);
	return *r->dns->alias ? reader_shorten(r->pinfo->pool, r->dns->alias) :
				NULL;
}

/* "A 192.0.2.1,192.0.2.2", "AAAA No such name", "MX". */
static const char *read_answers(struct reader *r, const struct question *q)
{
	struct answers s = { .to = q };
	const char *error, *alias;

	if (!has_one_message(r))
		return q->type;
	error = read_error(r);
	if (error)
		return wmem_strdup_printf(r->pinfo->pool, "%s %s", q->type,
					  error);
	if (!r->is_for_experts)
		s.shown = wmem_strbuf_new(r->pinfo->pool, q->type);
	read_addresses(r, &s);
	if (!s.shown)
		return q->type;
	if (s.count > ANSWERS_SHOWN)
		wmem_strbuf_append(s.shown, ",...");
	alias = s.count ? NULL : read_alias(r);
	if (alias)
		wmem_strbuf_append_printf(s.shown, " %s", alias);
	return wmem_strbuf_get_str(s.shown);
}

/*
 * Over HTTP or TLS the host is who is asked, on all packets of the request;
 * for what is a detail.
 */
static void tell(struct reader *r, const char *host, const char *type)
{
	bool has_host = r->flow->host ||
			r->layers->families &
				(DPI_HTTP | DPI_HTTP2 | DPI_HTTP3);

	if (has_host && host)
		type = wmem_strdup_printf(r->pinfo->pool, "%s %s", host, type);
	dpi_flow_turn(r->flow, r->pinfo->num, false, has_host ? NULL : host,
		      type);
}

/* Wireshark says "A (Host Address)". */
static const char *first_word(struct reader *r, const char *type)
{
	return type ? wmem_strndup(r->pinfo->pool, type, strcspn(type, " ")) :
		      NULL;
}

static void read_bytes(struct reader *r, struct question *q)
{
	const struct dns_message *m = r->dns;

	q->all = m->name;
	q->name = reader_shorten_plain(r->pinfo->pool, m->name);
	q->host = reader_as_host(r->pinfo->pool, q->name);
	q->type = r->is_for_experts ?
			  "" :
			  first_word(r, reader_word_of(r, DNS_TYPE, m->type));
	q->is_answer = m->is_answer;
}

static void read_question(struct reader *r, struct question *q)
{
	q->name = reader_text(r, DNS_NAME);
	if (!q->name)
		return;
	q->all = fvalue_get_string(finfo_value(reader_value(r, DNS_NAME)));
	q->host = reader_host(r, DNS_NAME);
	q->type = first_word(r, reader_word(r, DNS_TYPE));
	q->is_answer = reader_flag(r, DNS_IS_RESPONSE);
}

void read_dns(struct reader *r, const struct attribution *owners)
{
	struct question q = { .process = who_asked(r, owners) };

	if (r->dns)
		read_bytes(r, &q);
	else
		read_question(r, &q);
	if (!q.name || !q.type)
		return;
	q.is_ours = is_for_us(r, owners, q.is_answer);
	if (q.is_ours && q.host)
		dpi_names_ask(q.host);
	if (q.is_ours && !q.is_answer)
		dpi_tunnel_ask(r->pinfo, q.all, owners);
	if (q.is_answer)
		q.type = read_answers(r, &q);
	if (!r->is_for_experts)
		tell(r, q.host, q.type);
}
