/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dpi/layers.h"

enum role {
	APP,			/* what is spoken */
	UPGRADE,		/* the same, also after HTTP */
	CARRIER,		/* something else is inside, if we can see it */
	TRANSPORT,		/* what is spoken comes after the last of these */
	LAST,			/* what follows is quoted, not spoken */
	NOISE,
};

struct kind {
	const char *filter;	/* Wireshark's name for it */
	const char *app;	/* ours; NULL: Wireshark's short name */
	const char *over_tls;	/* the same in TLS; NULL: "... over TLS" */
	enum role role;
	unsigned families;
	bool has_port;		/* of its own: on another it is worth a word */
};

/* What is not in here is an application of Wireshark's name. */
static struct kind known[] = {
	{ "tcp", "TCP", NULL, TRANSPORT, 0, false },
	{ "udp", "UDP", NULL, TRANSPORT, 0, false },
	{ "udplite", "UDP-Lite", NULL, TRANSPORT, 0, false },
	{ "sctp", "SCTP", NULL, TRANSPORT, 0, false },
	{ "dccp", "DCCP", NULL, TRANSPORT, 0, false },
	{ "icmp", "ICMP", NULL, LAST, 0, false },
	{ "icmpv6", "ICMPv6", NULL, LAST, 0, false },

	{ "tls", "TLS", "TLS", CARRIER, DPI_TLS, true },
	{ "dtls", "DTLS", "DTLS", CARRIER, 0, false },
	{ "quic", "QUIC", "QUIC", CARRIER, DPI_TLS, false },
	{ "nbss", "NetBIOS", NULL, CARRIER, 0, false },
	{ "rpc", "RPC", NULL, CARRIER, 0, false },
	{ "tpkt", "TPKT", NULL, CARRIER, 0, false },
	{ "cotp", "COTP", NULL, CARRIER, 0, false },

	{ "arp", "ARP", NULL, APP, 0, false },
	{ "http", "HTTP", "HTTPS", APP, DPI_HTTP, true },
	{ "http2", "HTTP/2", "HTTP/2", UPGRADE, DPI_HTTP2, false },
	{ "http3", "HTTP/3", "HTTP/3", UPGRADE, DPI_HTTP3, false },
	{ "websocket", "WebSocket", "WebSocket", UPGRADE, 0, false },
	{ "dns", "DNS", "DNS over TLS", APP, DPI_DNS, true },
	{ "mdns", "mDNS", NULL, APP, DPI_DNS, false },
	{ "llmnr", "LLMNR", NULL, APP, DPI_DNS, false },
	{ "ssh", "SSH", NULL, APP, DPI_SSH, true },
	{ "smtp", "SMTP", NULL, APP, 0, true },
	{ "imap", "IMAP", NULL, APP, 0, true },
	{ "pop", "POP3", NULL, APP, 0, true },
	{ "ftp", "FTP", NULL, APP, 0, true },
	{ "ftp-data", "FTP data", NULL, APP, 0, false },
	{ "telnet", "Telnet", NULL, APP, 0, true },
	{ "pgsql", "PostgreSQL", "PostgreSQL", APP, 0, true },
	{ "mysql", "MySQL", "MySQL", APP, 0, true },
	{ "resp", "Redis", NULL, APP, 0, true },
	{ "mongo", "MongoDB", NULL, APP, 0, false },

	{ "frame", NULL, NULL, NOISE, 0, false },
	{ "data", NULL, NULL, NOISE, 0, false },
	{ "data-text-lines", NULL, NULL, NOISE, 0, false },
	/* Certificates, of which Wireshark makes protocols. */
	{ "ber", NULL, NULL, NOISE, 0, false },
	{ "cms", NULL, NULL, NOISE, 0, false },
	{ "ns_cert_exts", NULL, NULL, NOISE, 0, false },
	{ "ocsp", NULL, NULL, NOISE, 0, false },
	{ "pkcs-1", NULL, NULL, NOISE, 0, false },
	{ "pkix1explicit", NULL, NULL, NOISE, 0, false },
	{ "pkix1implicit", NULL, NULL, NOISE, 0, false },
	{ "pkixproxy", NULL, NULL, NOISE, 0, false },
	{ "pkixqualified", NULL, NULL, NOISE, 0, false },
	{ "x509af", NULL, NULL, NOISE, 0, false },
	{ "x509ce", NULL, NULL, NOISE, 0, false },
	{ "x509if", NULL, NULL, NOISE, 0, false },
	{ "x509sat", NULL, NULL, NOISE, 0, false },
	{ "transum", NULL, NULL, NOISE, 0, false },
	{ "mate", NULL, NULL, NOISE, 0, false },
};

static GHashTable *kinds;		/* protocol -> struct kind */
static const struct kind *kind_tls, *kind_dns;

static const struct kind *remember(int proto, struct kind *k)
{
	if (!k->app)
		k->app = proto_get_protocol_short_name(
			find_protocol_by_id(proto));
	if (!k->over_tls)
		k->over_tls = wmem_strdup_printf(wmem_epan_scope(),
						 "%s over TLS", k->app);
	g_hash_table_insert(kinds, GINT_TO_POINTER(proto), k);
	return k;
}

void dpi_layers_init(void)
{
	kinds = g_hash_table_new(g_direct_hash, g_direct_equal);
	for (size_t i = 0; i < array_length(known); i++) {
		int proto = proto_get_id_by_filter_name(known[i].filter);

		if (proto != -1)
			remember(proto, &known[i]);
		if (!strcmp(known[i].filter, "tls"))
			kind_tls = &known[i];
		else if (!strcmp(known[i].filter, "dns"))
			kind_dns = &known[i];
	}
}

/* Wireshark's helpers, as "_ws.malformed", are nobody's protocol. */
static const struct kind *kind_of(int proto)
{
	struct kind *k = g_hash_table_lookup(kinds, GINT_TO_POINTER(proto));

	if (k)
		return k;
	k = wmem_new0(wmem_epan_scope(), struct kind);
	k->filter = proto_get_protocol_filter_name(proto);
	k->role = *k->filter == '_' ? NOISE : APP;
	return remember(proto, k);
}

/* What has been found on the way up. */
struct climb {
	const struct kind *top;		/* the app, if we are not past it */
	const struct kind *transport;
	bool stop;
};

static void start_over(struct dpi_layers *l, struct climb *c,
		       const struct kind *transport)
{
	memset(l, 0, sizeof(*l));
	c->transport = transport;
	c->top = NULL;
}

/* Without a transport, the highest is what is spoken: ARP, not Ethernet. */
static void take_app(struct dpi_layers *l, struct climb *c,
		     const struct kind *k)
{
	bool is_doh = k == kind_dns && c->top &&
		      (c->top->families & (DPI_HTTP | DPI_HTTP2 | DPI_HTTP3));

	l->families |= k->families;
	if (is_doh) {
		l->app = "DNS over HTTPS";
		l->rank = DPI_UPGRADED;
		return;
	}
	if (c->transport && c->top && k->role != UPGRADE)
		return;
	c->top = k;
	l->has_port = k->has_port;
	l->rank = k->role == UPGRADE ? DPI_UPGRADED : DPI_SEEN;
	l->app = l->in_tls ? k->over_tls : k->app;
	if (l->in_quic && k == kind_dns)
		l->app = "DNS over QUIC";
}

static void take_carrier(struct dpi_layers *l, struct climb *c,
			 const struct kind *k)
{
	l->families |= k->families;
	if (k == kind_tls && !l->in_quic)
		l->in_tls = true;
	else if (k->families & DPI_TLS)
		l->in_quic = true;
	if (c->top || (l->in_quic && k == kind_tls))
		return;
	l->has_port = k->has_port;
	l->app = k->app;
	l->rank = DPI_CARRIER;
}

static void take(struct dpi_layers *l, struct climb *c, const struct kind *k)
{
	switch (k->role) {
	case NOISE:
		break;
	case TRANSPORT:
		start_over(l, c, k);
		break;
	case CARRIER:
		take_carrier(l, c, k);
		break;
	case LAST:
		start_over(l, c, NULL);
		c->stop = true;
		l->app = k->app;
		l->rank = DPI_SEEN;
		break;
	case APP:
	case UPGRADE:
		take_app(l, c, k);
		break;
	}
}

/* RFC 7858 and RFC 9250: 853 is for this alone. */
static void look_at_port(struct dpi_layers *l, const packet_info *pinfo)
{
	if (l->rank != DPI_CARRIER ||
	    (pinfo->srcport != 853 && pinfo->destport != 853))
		return;
	if (l->in_tls)
		l->app = "DNS over TLS";
	else if (l->in_quic)
		l->app = "DNS over QUIC";
	else
		return;
	l->rank = DPI_AGREED;
}

void dpi_layers_read(struct dpi_layers *l, const packet_info *pinfo)
{
	struct climb c = { NULL, NULL, false };

	memset(l, 0, sizeof(*l));
	for (wmem_list_frame_t *f = wmem_list_head(pinfo->layers); f && !c.stop;
	     f = wmem_list_frame_next(f))
		take(l, &c, kind_of(GPOINTER_TO_INT(wmem_list_frame_data(f))));
	l->is_flow = c.transport && !c.stop &&
		     (pinfo->ptype == PT_TCP || pinfo->ptype == PT_UDP ||
		      pinfo->ptype == PT_SCTP || pinfo->ptype == PT_DCCP);
	l->transport = c.transport ? c.transport->app : NULL;
	if (l->is_flow)
		look_at_port(l, pinfo);
}
