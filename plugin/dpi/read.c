/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dpi/read.h"

#include "dpi/names.h"
#include "text.h"

#define SAME_NAME_MAX 4		/* fields that share a name */
#define TEXT_MAX 200
#define ANSWERS_SHOWN 4

enum what {
	HTTP_HOST, HTTP_METHOD, HTTP_URI, HTTP_STATUS, HTTP_REQUEST_IN,
	HTTP2_HOST, HTTP2_METHOD, HTTP2_URI, HTTP2_STATUS,
	HTTP3_HOST, HTTP3_METHOD, HTTP3_URI, HTTP3_STATUS,
	DNS_NAME, DNS_TYPE, DNS_IS_RESPONSE, DNS_RCODE, DNS_ANSWERS,
	DNS_RECORD_TYPE, DNS_A, DNS_AAAA, DNS_CNAME,
	TLS_MESSAGE, TLS_HOST, TLS_ALPN, TLS_VERSION, TLS_SUPPORTED_VERSION,
	TLS_CIPHER, TLS_JA4,
	SSH_SOFTWARE, WHATS
};

static const char *const names[WHATS] = {
	[HTTP_HOST] = "http.host",
	[HTTP_METHOD] = "http.request.method",
	[HTTP_URI] = "http.request.uri",
	[HTTP_STATUS] = "http.response.code",
	[HTTP_REQUEST_IN] = "http.request_in",
	[HTTP2_HOST] = "http2.headers.authority",
	[HTTP2_METHOD] = "http2.headers.method",
	[HTTP2_URI] = "http2.headers.path",
	[HTTP2_STATUS] = "http2.headers.status",
	[HTTP3_HOST] = "http3.headers.authority",	/* since 4.2 */
	[HTTP3_METHOD] = "http3.headers.method",
	[HTTP3_URI] = "http3.headers.path",
	[HTTP3_STATUS] = "http3.headers.status",
	[DNS_NAME] = "dns.qry.name",
	[DNS_TYPE] = "dns.qry.type",
	[DNS_IS_RESPONSE] = "dns.flags.response",
	[DNS_RCODE] = "dns.flags.rcode",
	[DNS_ANSWERS] = "dns.count.answers",
	[DNS_RECORD_TYPE] = "dns.resp.type",
	[DNS_A] = "dns.a",
	[DNS_AAAA] = "dns.aaaa",
	[DNS_CNAME] = "dns.cname",
	[TLS_MESSAGE] = "tls.handshake.type",
	[TLS_HOST] = "tls.handshake.extensions_server_name",
	[TLS_ALPN] = "tls.handshake.extensions_alpn_str",
	[TLS_VERSION] = "tls.handshake.version",
	[TLS_SUPPORTED_VERSION] = "tls.handshake.extensions.supported_version",
	[TLS_CIPHER] = "tls.handshake.ciphersuite",
	[TLS_JA4] = "tls.handshake.ja4",		/* since 4.2 */
	[SSH_SOFTWARE] = "ssh.protocol",
};

static int ids[WHATS][SAME_NAME_MAX];	/* ended by 0 */

static void find_ids(enum what what)
{
	const header_field_info *hf = proto_registrar_get_byname(names[what]);
	int n = 0;

	while (hf && hf->same_name_prev_id != -1)
		hf = proto_registrar_get_nth(hf->same_name_prev_id);
	for (; hf && n < SAME_NAME_MAX; hf = hf->same_name_next)
		ids[what][n++] = hf->id;
}

void dpi_read_init(void)
{
	for (int what = 0; what < WHATS; what++)
		find_ids(what);
}

GArray *dpi_read_wanted(void)
{
	GArray *wanted = g_array_new(false, false, sizeof(int));

	for (int what = 0; what < WHATS; what++)
		for (int i = 0; i < SAME_NAME_MAX && ids[what][i]; i++)
			g_array_append_val(wanted, ids[what][i]);
	return wanted;
}

char *dpi_read_filter(void)
{
	GString *filter = g_string_new(NULL);

	for (int what = 0; what < WHATS; what++)
		if (ids[what][0])
			g_string_append_printf(filter, "%s%s",
					       filter->len ? " || " : "",
					       names[what]);
	return g_string_free(filter, false);
}

struct reader {
	struct dpi_flow *flow;
	const struct dpi_layers *layers;
	packet_info *pinfo;
	proto_tree *tree;
	bool primed;
	GPtrArray *found[WHATS];	/* if not primed: ours */
};

static GPtrArray *search(struct reader *r, enum what what)
{
	if (r->found[what])
		return r->found[what];
	for (int i = 0; i < SAME_NAME_MAX && ids[what][i]; i++) {
		GPtrArray *a = proto_find_finfo(r->tree, ids[what][i]);

		if (a && a->len) {
			r->found[what] = a;
			return a;
		}
		if (a)
			g_ptr_array_free(a, true);
	}
	return NULL;
}

/* NULL if there are none. */
static GPtrArray *values(struct reader *r, enum what what)
{
	if (!r->primed)
		return search(r, what);
	for (int i = 0; i < SAME_NAME_MAX && ids[what][i]; i++) {
		GPtrArray *a = proto_get_finfo_ptr_array(r->tree, ids[what][i]);

		if (a && a->len)
			return a;
	}
	return NULL;
}

static const field_info *value(struct reader *r, enum what what)
{
	GPtrArray *a = values(r, what);

	return a ? g_ptr_array_index(a, 0) : NULL;
}

/* Long texts are for the packet's own details, not for a column. */
static const char *shorten(wmem_allocator_t *pool, const char *s)
{
	const char *end;

	if (strlen(s) <= TEXT_MAX)
		return text_escape(pool, s, strlen(s));
	end = g_utf8_find_prev_char(s, s + TEXT_MAX + 1);
	s = text_escape(pool, s, end ? (size_t)(end - s) : TEXT_MAX);
	return wmem_strdup_printf(pool, "%s...", s);
}

static const char *text_of(struct reader *r, const field_info *fi)
{
	const char *s = fi ? fvalue_get_string(finfo_value(fi)) : NULL;

	return s && *s ? shorten(r->pinfo->pool, s) : NULL;
}

static const char *text(struct reader *r, enum what what)
{
	return text_of(r, value(r, what));
}

static bool number(struct reader *r, enum what what, uint32_t *out)
{
	const field_info *fi = value(r, what);

	if (!fi)
		return false;
	*out = fvalue_get_uinteger(finfo_value(fi));
	return true;
}

static bool flag(struct reader *r, enum what what)
{
	const field_info *fi = value(r, what);

	return fi && fvalue_get_uinteger64(finfo_value(fi));
}

/* The dissector's own word for a number. */
static const char *word(struct reader *r, enum what what)
{
	const field_info *fi = value(r, what);
	const header_field_info *hf = fi ? fi->hfinfo : NULL;
	const char *s = NULL;
	uint32_t v;

	if (!fi)
		return NULL;
	v = fvalue_get_uinteger(finfo_value(fi));
	if (hf->strings && hf->display & BASE_EXT_STRING)
		s = try_val_to_str_ext(v, bytes_unconst(hf->strings));
	else if (hf->strings && (hf->display & ~FIELD_DISPLAY_E_MASK) == 0 &&
		 hf->display != BASE_CUSTOM)
		s = try_val_to_str(v, hf->strings);
	return s ? s : wmem_strdup_printf(r->pinfo->pool, "%u", v);
}

/* ---- HTTP ---- */


/* "example.com:8080", "[2001:db8::1]:8080": the port is the packet's. */
static const char *without_port(wmem_allocator_t *pool, const char *host)
{
	const char *end = host ? strrchr(host, ':') : NULL;

	if (host && *host == '[' && strchr(host, ']'))
		return wmem_strndup(pool, host + 1, strcspn(host, "]") - 1);
	if (!end || strchr(host, ':') != end)
		return host;
	return wmem_strndup(pool, host, end - host);
}

static void read_request(struct reader *r, enum what host, enum what method,
			 enum what uri)
{
	const char *h = without_port(r->pinfo->pool, text(r, host));
	const char *m = text(r, method), *u = text(r, uri), *detail = m;

	if (m && u)
		detail = wmem_strdup_printf(r->pinfo->pool, "%s %s", m, u);
	dpi_flow_turn(r->flow, r->pinfo->num, m != NULL, h, detail);
}

/* RFC 9110, section 15.2: another one follows, but for 101. */
static bool final_status(struct reader *r, enum what what, uint32_t *status)
{
	return number(r, what, status) && (*status >= 200 || *status == 101);
}

static void read_http(struct reader *r)
{
	uint32_t request = 0, status;

	read_request(r, HTTP_HOST, HTTP_METHOD, HTTP_URI);
	if (!final_status(r, HTTP_STATUS, &status))
		return;
	number(r, HTTP_REQUEST_IN, &request);
	dpi_flow_status(r->flow, request, r->pinfo->num, status);
}

/* Many requests may be under way at once: which one is answered? */
static void read_only_status(struct reader *r, enum what what)
{
	uint32_t status;

	if (r->flow->turns == 1 && final_status(r, what, &status))
		dpi_flow_status(r->flow, r->flow->first->frame, r->pinfo->num,
				status);
}

static void read_http2(struct reader *r)
{
	read_request(r, HTTP2_HOST, HTTP2_METHOD, HTTP2_URI);
	read_only_status(r, HTTP2_STATUS);
}

static void read_http3(struct reader *r)
{
	read_request(r, HTTP3_HOST, HTTP3_METHOD, HTTP3_URI);
	read_only_status(r, HTTP3_STATUS);
}

/* ---- DNS ---- */

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
	GPtrArray *types = values(r, DNS_RECORD_TYPE);
	const field_info *fi;
	uint32_t count = 0;

	number(r, DNS_ANSWERS, &count);
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

static void read_addresses(struct reader *r, struct answers *s, enum what what)
{
	GPtrArray *a = values(r, what);

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
 * resolved; nor is an answer that nobody here waits for.
 */
static bool is_for_us(const struct attribution *owners, bool is_answer)
{
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
	GPtrArray *messages = values(r, DNS_ANSWERS);
	struct answers s = {
		.name = name,
		.process = who_asked(r, owners),
		.end = answers_end(r),
		.keep = is_for_us(owners, true),
		.shown = wmem_strbuf_new(r->pinfo->pool, type),
	};
	uint32_t rcode = 0;

	/* Of several messages in one packet we cannot tell whose is which. */
	if (!messages || messages->len != 1)
		return type;
	number(r, DNS_RCODE, &rcode);
	if (rcode)
		return wmem_strdup_printf(r->pinfo->pool, "%s %s", type,
					  word(r, DNS_RCODE));
	read_addresses(r, &s, DNS_A);
	read_addresses(r, &s, DNS_AAAA);
	if (s.count > ANSWERS_SHOWN)
		wmem_strbuf_append(s.shown, ",...");
	if (!s.count && value(r, DNS_CNAME))
		wmem_strbuf_append_printf(s.shown, " %s", text(r, DNS_CNAME));
	return wmem_strbuf_get_str(s.shown);
}

/* Wireshark says "A (Host Address)". */
static const char *question_type(struct reader *r)
{
	const char *type = word(r, DNS_TYPE);

	return type ? wmem_strndup(r->pinfo->pool, type, strcspn(type, " "))
		    : NULL;
}

static void read_dns(struct reader *r, const struct attribution *owners)
{
	const char *name = text(r, DNS_NAME), *type = question_type(r);
	bool is_answer;

	if (!name || !type)
		return;
	is_answer = flag(r, DNS_IS_RESPONSE);
	if (is_for_us(owners, is_answer))
		dpi_names_ask(name);
	if (is_answer)
		type = read_answers(r, name, type, owners);
	dpi_flow_turn(r->flow, r->pinfo->num, false, name, type);
}

/* ---- TLS ---- */

enum { CLIENT_HELLO = 1, SERVER_HELLO = 2, ENCRYPTED_EXTENSIONS = 8 };

static bool has_message(struct reader *r, uint32_t type)
{
	GPtrArray *a = values(r, TLS_MESSAGE);

	for (unsigned i = 0; a && i < a->len; i++) {
		const field_info *fi = g_ptr_array_index(a, i);

		if (fvalue_get_uinteger(finfo_value(fi)) == type)
			return true;
	}
	return false;
}

/* IANA's "TLS ALPN Protocol IDs". */
static const char *app_of_alpn(const struct dpi_layers *l, const char *alpn)
{
	static const struct {
		const char *alpn;
		const char *app;
	} apps[] = {
		{ "http/1.1", "HTTPS" }, { "http/1.0", "HTTPS" },
		{ "h2", "HTTP/2" }, { "dot", "DNS over TLS" },
		{ "imap", "IMAP over TLS" }, { "pop3", "POP3 over TLS" },
		{ "ftp", "FTP over TLS" }, { "postgresql", "PostgreSQL" },
		{ "mqtt", "MQTT over TLS" }, { "irc", "IRC over TLS" },
		{ "xmpp-client", "XMPP over TLS" },
		{ "xmpp-server", "XMPP over TLS" },
	};

	if (l->in_quic && (!strcmp(alpn, "h3") || g_str_has_prefix(alpn, "h3-")))
		return "HTTP/3";
	if (l->in_quic && g_str_has_prefix(alpn, "doq"))
		return "DNS over QUIC";
	for (size_t i = 0; i < array_length(apps); i++)
		if (!strcmp(alpn, apps[i].alpn))
			return apps[i].app;
	return NULL;
}

static bool is_http(const char *app)
{
	return app && !strncmp(app, "HTTP", 4);
}

/* What the server can choose from all the same, and nothing else. */
static const char *app_of_offers(struct reader *r, GPtrArray *offers)
{
	const char *app = NULL;

	for (unsigned i = 0; i < offers->len; i++) {
		const char *alpn = text_of(r, g_ptr_array_index(offers, i));
		const char *next = alpn ? app_of_alpn(r->layers, alpn) : NULL;

		if (!next)
			return NULL;
		if (!app || !strcmp(app, next))
			app = next;
		else if (is_http(app) && is_http(next))
			app = r->layers->in_quic ? "HTTP/3" : "HTTPS";
		else
			return NULL;
	}
	return app;
}

static void read_offers(struct reader *r)
{
	GPtrArray *offers = values(r, TLS_ALPN);
	wmem_strbuf_t *all;

	if (!offers)
		return;
	dpi_flow_set_app(r->flow, app_of_offers(r, offers), DPI_OFFERED);
	all = wmem_strbuf_new(r->pinfo->pool, "");
	for (unsigned i = 0; i < offers->len && i < 8; i++) {
		const char *alpn = text_of(r, g_ptr_array_index(offers, i));

		wmem_strbuf_append_printf(all, "%s ", alpn ? alpn : "?");
	}
	wmem_strbuf_append(all, "offered");
	dpi_flow_set(&r->flow->alpn,
		     shorten(r->pinfo->pool, wmem_strbuf_get_str(all)));
}

/* In TLS 1.3 the server's choice is encrypted, unless there are keys. */
static void read_choice(struct reader *r)
{
	const char *alpn = text(r, TLS_ALPN);

	if (!alpn)
		return;
	dpi_flow_set_app(r->flow, app_of_alpn(r->layers, alpn), DPI_AGREED);
	r->flow->alpn = NULL;
	dpi_flow_set(&r->flow->alpn, alpn);
}

static void read_server_hello(struct reader *r)
{
	const char *version = word(r, TLS_SUPPORTED_VERSION);

	if (!version)
		version = word(r, TLS_VERSION);
	dpi_flow_set(&r->flow->tls_version, version);
	dpi_flow_set(&r->flow->cipher, word(r, TLS_CIPHER));
}

static void read_tls(struct reader *r)
{
	if (has_message(r, CLIENT_HELLO)) {
		if (!r->flow->host)
			r->flow->host_frame = r->pinfo->num;
		dpi_flow_set(&r->flow->host, text(r, TLS_HOST));
		dpi_flow_set(&r->flow->ja4, text(r, TLS_JA4));
		read_offers(r);
	}
	if (has_message(r, SERVER_HELLO))
		read_server_hello(r);
	if (has_message(r, SERVER_HELLO) ||
	    has_message(r, ENCRYPTED_EXTENSIONS))
		read_choice(r);
}

/* ---- SSH ---- */

static void read_ssh(struct reader *r)
{
	bool is_server = r->pinfo->srcport == r->flow->port;
	const char *software = text(r, SSH_SOFTWARE);

	if (software)
		dpi_flow_turn(r->flow, r->pinfo->num, false, NULL,
			      wmem_strdup_printf(r->pinfo->pool, "%s %s",
				is_server ? "server" : "client", software));
}

void dpi_read(struct dpi_flow *f, const struct dpi_layers *l,
	      packet_info *pinfo, proto_tree *tree, bool primed,
	      const struct attribution *owners)
{
	struct reader r = {
		.flow = f, .layers = l, .pinfo = pinfo, .tree = tree,
		.primed = primed,
	};

	if (l->families & DPI_TLS)
		read_tls(&r);
	if (l->families & DPI_HTTP)
		read_http(&r);
	if (l->families & DPI_HTTP2)
		read_http2(&r);
	if (l->families & DPI_HTTP3)
		read_http3(&r);
	if (l->families & DPI_DNS)
		read_dns(&r, owners);
	if (l->families & DPI_SSH)
		read_ssh(&r);
	for (int what = 0; what < WHATS; what++)
		if (r.found[what])
			g_ptr_array_free(r.found[what], true);
}
