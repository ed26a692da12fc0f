/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names that are asked for, and what they were resolved to. */
#include "dpi/read/reader.h"
#include "dpi/tunnel.h"

#include "dpi/names.h"
#include "text.h"

#define ANSWERS_SHOWN 4

static char *address_of(struct reader *r, const field_info *fi)
{
	return fvalue_to_string_repr(r->pinfo->pool, finfo_value(fi),
				     FTREPR_DISPLAY, BASE_NONE);
}

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

struct answers {
	const char *name;
	const char *process;
	int end;
	bool keep;		/* they are this host's own */
	wmem_strbuf_t *shown;
	unsigned count;
};

static void read_addresses_of(struct reader *r, struct answers *s,
			      enum what what)
{
	GPtrArray *a = reader_values(r, what);

	for (unsigned i = 0; a && i < a->len; i++) {
		const field_info *fi = g_ptr_array_index(a, i);
		const char *address;

		if (fi->start >= s->end)
			continue;
		address = address_of(r, fi);
		if (s->keep)
			dpi_names_put(address, r->pinfo->num, s->name,
				      s->process);
		if (s->count++ < ANSWERS_SHOWN)
			wmem_strbuf_append_printf(s->shown, "%c%s",
						  s->count > 1 ? ',' : ' ',
						  address);
	}
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

/* "A 192.0.2.1,192.0.2.2", "AAAA No such name", "MX". */
static const char *read_answers(struct reader *r, const char *name,
				const char *type,
				const struct attribution *owners)
{
	GPtrArray *messages = reader_values(r, DNS_ANSWERS);
	struct answers s = {
		.name = name,
		.process = who_asked(r, owners),
		.end = answers_end(r),
		.keep = is_for_us(r, owners, true),
		.shown = wmem_strbuf_new(r->pinfo->pool, type),
	};
	uint32_t rcode = 0;

	/* Of several messages in one packet we cannot tell whose is which. */
	if (!messages || messages->len != 1)
		return type;
	reader_number(r, DNS_RCODE, &rcode);
	if (rcode)
		return wmem_strdup_printf(r->pinfo->pool, "%s %s", type,
					  reader_word(r, DNS_RCODE));
	read_addresses_of(r, &s, DNS_A);
	read_addresses_of(r, &s, DNS_AAAA);
	if (s.count > ANSWERS_SHOWN)
		wmem_strbuf_append(s.shown, ",...");
	if (!s.count && reader_value(r, DNS_CNAME))
		wmem_strbuf_append_printf(s.shown, " %s", reader_text(r, DNS_CNAME));
	return wmem_strbuf_get_str(s.shown);
}

/* Wireshark says "A (Host Address)". */
static const char *question_type(struct reader *r)
{
	const char *type = reader_word(r, DNS_TYPE);

	return type ? wmem_strndup(r->pinfo->pool, type, strcspn(type, " "))
		    : NULL;
}

/*
 * Over HTTP or TLS the host is who is asked, on all packets of the request;
 * for what is a detail.
 */
static void tell(struct reader *r, const char *host, const char *type)
{
	bool has_host = r->flow->host ||
		r->layers->families & (DPI_HTTP | DPI_HTTP2 | DPI_HTTP3);

	if (has_host && host)
		type = wmem_strdup_printf(r->pinfo->pool, "%s %s", host, type);
	dpi_flow_turn(r->flow, r->pinfo->num, false, has_host ? NULL : host,
		      type);
}

void read_dns(struct reader *r, const struct attribution *owners)
{
	const char *name = reader_text(r, DNS_NAME), *type = question_type(r);
	const char *host = reader_host(r, DNS_NAME);
	bool is_answer, is_ours;

	if (!name || !type)
		return;
	is_answer = reader_flag(r, DNS_IS_RESPONSE);
	is_ours = is_for_us(r, owners, is_answer);
	if (is_ours && host)
		dpi_names_ask(host);
	if (is_ours && !is_answer)
		dpi_tunnel_ask(r->pinfo, fvalue_get_string(finfo_value(
			reader_value(r, DNS_NAME))), owners);
	if (is_answer)
		type = read_answers(r, name, type, owners);
	tell(r, host, type);
}
