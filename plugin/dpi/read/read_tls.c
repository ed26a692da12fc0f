/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Server names, versions and ALPN of TLS, DTLS and QUIC. */
#include "dpi/read/reader.h"

/* DTLS has the same fields, under names of its own. */
struct names {
	enum what message, host, alpn, version, supported, cipher, ja4,
		extension;
};

static const struct names tls_names = {
	TLS_MESSAGE,	       TLS_HOST,   TLS_ALPN, TLS_VERSION,
	TLS_SUPPORTED_VERSION, TLS_CIPHER, TLS_JA4,  TLS_EXTENSION,
};

static const struct names dtls_names = {
	DTLS_MESSAGE,		DTLS_HOST,   DTLS_ALPN, DTLS_VERSION,
	DTLS_SUPPORTED_VERSION, DTLS_CIPHER, DTLS_JA4,	DTLS_EXTENSION,
};

enum {
	CLIENT_HELLO = 1,
	SERVER_HELLO = 2,
	ENCRYPTED_EXTENSIONS = 8,
	CERTIFICATE = 11,
};

#define ECH 0xfe0d /* RFC 9849, of which some are for show */

static bool has_number(struct reader *r, enum what what, uint32_t number)
{
	GPtrArray *a = reader_values(r, what);

	for (unsigned i = 0; a && i < a->len; i++) {
		const field_info *fi = g_ptr_array_index(a, i);

		if (fvalue_get_uinteger(finfo_value(fi)) == number)
			return true;
	}
	return false;
}

static bool is_http(const char *app)
{
	return app && !strncmp(app, "HTTP", 4);
}

static const char *app_of(struct reader *r, const field_info *fi)
{
	const char *alpn = reader_text_of(r, fi);

	return alpn ? dpi_protocol_of_alpn(alpn, r->layers->in_quic) : NULL;
}

static bool is_grpc(const char *app)
{
	return app && !strcmp(app, "gRPC");
}

/* Who offers HTTP/2 beside a name that gRPC has for it has nothing else to say. */
static const char *app_of_both(struct reader *r, const char *app,
			       const char *next)
{
	if (!app || !strcmp(app, next))
		return next;
	if ((is_grpc(app) && is_http(next)) || (is_http(app) && is_grpc(next)))
		return "gRPC";
	if (is_http(app) && is_http(next))
		return r->layers->in_quic ? "HTTP/3" : "HTTPS";
	return NULL;
}

/* What the server can choose from all the same, and nothing else. */
static const char *app_of_offers(struct reader *r, GPtrArray *offers)
{
	const char *app = NULL;

	for (unsigned i = 0; i < offers->len; i++) {
		const char *next = app_of(r, g_ptr_array_index(offers, i));

		if (next)
			next = app_of_both(r, app, next);
		if (!next)
			return NULL;
		app = next;
	}
	return app;
}

static void read_offers(struct reader *r, const struct names *n)
{
	GPtrArray *offers = reader_values(r, n->alpn);
	wmem_strbuf_t *all;

	if (!offers)
		return;
	dpi_flow_set_app(r->flow, app_of_offers(r, offers), DPI_OFFERED,
			 DPI_BY_ALPN);
	all = wmem_strbuf_new(r->pinfo->pool, "");
	for (unsigned i = 0; i < offers->len && i < 8; i++) {
		const char *alpn = reader_text_of(r,
						  g_ptr_array_index(offers, i));

		wmem_strbuf_append_printf(all, "%s ", alpn ? alpn : "?");
	}
	wmem_strbuf_append(all, "offered");
	dpi_flow_set(&r->flow->alpn,
		     reader_shorten(r->pinfo->pool, wmem_strbuf_get_str(all)));
}

/* In TLS 1.3 the server's choice is encrypted, unless there are keys. */
static void read_choice(struct reader *r, const struct names *n)
{
	const field_info *fi = reader_value(r, n->alpn);
	const char *alpn = reader_text_of(r, fi);

	if (!alpn)
		return;
	dpi_flow_set_app(r->flow, app_of(r, fi), DPI_AGREED, DPI_BY_ALPN);
	r->flow->alpn = NULL;
	dpi_flow_set(&r->flow->alpn, alpn);
}

static void read_server_hello(struct reader *r, const struct names *n)
{
	const char *version = reader_word(r, n->supported);

	if (!version)
		version = reader_word(r, n->version);
	dpi_flow_set(&r->flow->tls_version, version);
	dpi_flow_set(&r->flow->cipher, reader_word(r, n->cipher));
}

/* "www.", 8 to 20 of base 32's letters, and what it ends with. */
static bool is_made_up(const field_info *fi, const char *end)
{
	const char *s = fvalue_get_string(finfo_value(fi));
	size_t len;

	if (!s || !g_str_has_prefix(s, "www."))
		return false;
	len = strspn(s + 4, "abcdefghijklmnopqrstuvwxyz234567");
	return len >= 8 && len <= 20 && !strcmp(s + 4 + len, end);
}

/*
 * A relay of Tor says nothing in its certificate but two names that it made up,
 * its own and that of a signer who is nobody.  TLS 1.3 hides them.
 */
static bool is_tor(struct reader *r)
{
	GPtrArray *names = reader_values(r, CERTIFICATE_UTF8);

	if (!names)
		names = reader_values(r, CERTIFICATE_PRINTABLE);
	return names && names->len == 2 &&
	       is_made_up(g_ptr_array_index(names, 0), ".com") &&
	       is_made_up(g_ptr_array_index(names, 1), ".net");
}

static void read_certificate(struct reader *r)
{
	dpi_flow_set(&r->flow->certificate, reader_host(r, CERTIFICATE_NAME));
	if (is_tor(r))
		dpi_flow_set_app(r->flow, "Tor", DPI_WITHIN, DPI_BY_DISSECTOR);
}

static void read_hellos(struct reader *r, const struct names *n)
{
	if (has_number(r, n->message, CLIENT_HELLO)) {
		if (!r->flow->host)
			r->flow->host_frame = r->pinfo->num;
		dpi_flow_set(&r->flow->host, reader_host(r, n->host));
		dpi_flow_set(&r->flow->ja4, reader_text(r, n->ja4));
		r->flow->ech = r->flow->ech || has_number(r, n->extension, ECH);
		read_offers(r, n);
	}
	if (has_number(r, n->message, SERVER_HELLO))
		read_server_hello(r, n);
	if (has_number(r, n->message, CERTIFICATE))
		read_certificate(r);
	if (has_number(r, n->message, SERVER_HELLO) ||
	    has_number(r, n->message, ENCRYPTED_EXTENSIONS))
		read_choice(r, n);
}

void read_tls(struct reader *r)
{
	read_hellos(r, &tls_names);
}

void read_dtls(struct reader *r)
{
	read_hellos(r, &dtls_names);
}
