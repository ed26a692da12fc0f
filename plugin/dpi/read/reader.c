/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dpi/read/reader.h"

#include "text.h"

#define SAME_NAME_MAX 4 /* fields that share a name */
#define TEXT_MAX      200

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
	[HTTP2_TYPE] = "http2.headers.content_type",
	[HTTP3_HOST] = "http3.headers.authority", /* since 4.2 */
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
	[TLS_JA4] = "tls.handshake.ja4", /* since 4.2 */
	[TLS_EXTENSION] = "tls.handshake.extension.type",
	[DTLS_MESSAGE] = "dtls.handshake.type",
	[DTLS_HOST] = "dtls.handshake.extensions_server_name",
	[DTLS_ALPN] = "dtls.handshake.extensions_alpn_str",
	[DTLS_VERSION] = "dtls.handshake.version",
	[DTLS_SUPPORTED_VERSION] = "dtls.handshake.extensions.supported_version",
	[DTLS_CIPHER] = "dtls.handshake.ciphersuite",
	[DTLS_JA4] = "dtls.handshake.ja4",
	[DTLS_EXTENSION] = "dtls.handshake.extension.type",
	[GQUIC_HOST] = "gquic.tag.sni",
	[CERTIFICATE_NAME] = "x509ce.dNSName",
	[CERTIFICATE_UTF8] = "x509sat.uTF8String",
	[CERTIFICATE_PRINTABLE] = "x509sat.printableString",
	[SSH_SOFTWARE] = "ssh.protocol",
	[DHCP_NAME] = "dhcp.option.hostname",
	[KAFKA_CLIENT] = "kafka.client_id",
	[KERBEROS_CLIENT] = "kerberos.CNameString",
	[KERBEROS_SERVICE] = "kerberos.SNameString",
	[LDAP_NAME] = "ldap.name",
	[MONGO_COLLECTION] = "mongo.full_collection_name",
	[MQTT_CLIENT] = "mqtt.clientid",
	[MQTT_TOPIC] = "mqtt.topic",
	[MYSQL_USER] = "mysql.user",
	[MYSQL_SCHEMA] = "mysql.schema",
	[NBNS_NAME] = "nbns.name",
	[NFS_NAME] = "nfs.name",
	[NTLM_USER] = "ntlmssp.auth.username",
	[RDP_COOKIE] = "rdp.rt_cookie",
	[RTSP_URL] = "rtsp.url",
	[SIP_HOST] = "sip.r-uri.host",
	[SIP_TO] = "sip.to.addr",
	[SMB_PATH] = "smb.path",
	[SMB2_TREE] = "smb2.tree",
	[SMB2_FILE] = "smb2.filename",
	[SOCKS_HOST] = "socks.remote_name",
	[TDS_USER] = "tds.7login.username",
	[HTTP_TIME] = "http.time",
	[HTTP2_TIME] = "http2.time", /* since 4.4 */
	[DNS_TIME] = "dns.time",
	[SMB_TIME] = "smb.time",
	[SMB2_TIME] = "smb2.time",
	[RPC_TIME] = "rpc.time",
	[LDAP_TIME] = "ldap.time",
	[CASSANDRA_TIME] = "cql.response_time",
	[IMAP_TIME] = "imap.time",
	[SNMP_TIME] = "snmp.time",
	[IP_FRAGMENT] = "ip.fragment",
	[IPV6_FRAGMENT] = "ipv6.fragment",
};

static int ids[WHATS][SAME_NAME_MAX]; /* ended by 0 */
static uint8_t *whats; /* by a field's id: its enum what + 1, or 0 */
static int last_id;
static GPtrArray *kept[WHATS]; /* for what is searched: none is in use twice */

/*
 * No names of protocols that register their fields when first asked for one,
 * as RADIUS does: Wireshark may be in the middle of asking all of them, us.
 */
static void find_ids(enum what what)
{
	const header_field_info *hf = proto_registrar_get_byname(names[what]);
	int n = 0;

	while (hf && hf->same_name_prev_id != -1)
		hf = proto_registrar_get_nth(hf->same_name_prev_id);
	for (; hf && n < SAME_NAME_MAX; hf = hf->same_name_next)
		ids[what][n++] = hf->id;
}

static void index_ids(void)
{
	for (int what = 0; what < WHATS; what++)
		for (int i = 0; i < SAME_NAME_MAX && ids[what][i]; i++)
			last_id = MAX(last_id, ids[what][i]);
	whats = wmem_alloc0(wmem_epan_scope(), (size_t)last_id + 1);
	for (int what = 0; what < WHATS; what++)
		for (int i = 0; i < SAME_NAME_MAX && ids[what][i]; i++)
			whats[ids[what][i]] = (uint8_t)(what + 1);
}

void reader_init(void)
{
	_Static_assert(WHATS < UINT8_MAX, "one byte for each field");
	for (int what = 0; what < WHATS; what++)
		find_ids(what);
	index_ids();
}

/* Names that are asked for, and answered. */
static bool is_of_names(enum what what)
{
	switch (what) {
	case DNS_NAME:
	case DNS_TYPE:
	case DNS_IS_RESPONSE:
	case DNS_RCODE:
	case DNS_ANSWERS:
	case DNS_RECORD_TYPE:
	case DNS_A:
	case DNS_AAAA:
		return true;
	default:
		return false;
	}
}

/* ... and then connected to. */
static bool is_of_hellos(enum what what)
{
	switch (what) {
	case TLS_MESSAGE:
	case TLS_HOST:
	case TLS_EXTENSION:
	case DTLS_MESSAGE:
	case DTLS_HOST:
	case DTLS_EXTENSION:
	case GQUIC_HOST:
		return true;
	default:
		return false;
	}
}

static bool is_time(enum what what)
{
	return what >= HTTP_TIME && what <= SNMP_TIME;
}

static bool is_for(enum reader_for whom, enum what what)
{
	return whom == READER_FOR_ALL ||
	       (whom == READER_FOR_FIELDS && !is_time(what)) ||
	       is_of_names(what) ||
	       (whom == READER_FOR_EXPERTS && is_of_hellos(what));
}

GArray *reader_wanted(enum reader_for whom)
{
	GArray *wanted = g_array_new(false, false, sizeof(int));

	for (int what = 0; what < WHATS; what++)
		for (int i = 0; i < SAME_NAME_MAX && ids[what][i]; i++)
			if (is_for(whom, (enum what)what))
				g_array_append_val(wanted, ids[what][i]);
	return wanted;
}

char *reader_filter(void)
{
	GString *filter = g_string_new(NULL);

	for (int what = 0; what < WHATS; what++)
		if (ids[what][0])
			g_string_append_printf(filter, "%s%s",
					       filter->len ? " || " : "",
					       names[what]);
	return g_string_free(filter, false);
}

static void take_field(struct reader *r, field_info *fi)
{
	int id = fi->hfinfo->id, what = id <= last_id ? whats[id] - 1 : -1;

	if (what < 0)
		return;
	if (!kept[what])
		kept[what] = g_ptr_array_new();
	if (!r->found[what])
		r->is[r->count++] = (uint8_t)what;
	r->found[what] = kept[what];
	g_ptr_array_add(kept[what], fi);
}

static void take_below(proto_node *node, void *data)
{
	struct reader *r = data;

	if (PNODE_FINFO(node))
		take_field(r, PNODE_FINFO(node));
	proto_tree_children_foreach(node, take_below, r);
}

/* Half of a tree is about the frame and what carried it. */
static bool is_lower(const proto_node *node)
{
	static const char *const lower[] = {
		"frame", "eth", "ip", "ipv6", "tcp", "udp",
	};
	static int lower_ids[array_length(lower)];
	const field_info *fi = PNODE_FINFO(node);

	for (size_t i = 0; fi && i < array_length(lower); i++) {
		if (!lower_ids[i])
			lower_ids[i] = proto_get_id_by_filter_name(lower[i]);
		if (fi->hfinfo->id == lower_ids[i])
			return true;
	}
	return false;
}

static void take_layer(proto_node *node, void *data)
{
	if (!is_lower(node))
		take_below(node, data);
}

/*
 * What nobody has asked Wireshark for is searched for in the tree: once for
 * all fields, since most of them are not there.
 */
static GPtrArray *search(struct reader *r, enum what what)
{
	if (!r->searched)
		proto_tree_children_foreach(r->tree, take_layer, r);
	r->searched = true;
	return r->found[what];
}

GPtrArray *reader_asked_for(proto_tree *tree, enum what what)
{
	for (int i = 0; i < SAME_NAME_MAX && ids[what][i]; i++) {
		GPtrArray *a = proto_get_finfo_ptr_array(tree, ids[what][i]);

		if (a && a->len)
			return a;
	}
	return NULL;
}

GPtrArray *reader_values(struct reader *r, enum what what)
{
	if (!r->tree)
		return NULL;
	return r->primed ? reader_asked_for(r->tree, what) : search(r, what);
}

const field_info *reader_value(struct reader *r, enum what what)
{
	GPtrArray *a = reader_values(r, what);

	return a ? g_ptr_array_index(a, 0) : NULL;
}

const char *reader_shorten_plain(wmem_allocator_t *pool, const char *s)
{
	return strlen(s) <= TEXT_MAX ? s : reader_shorten(pool, s);
}

const char *reader_shorten(wmem_allocator_t *pool, const char *s)
{
	size_t len = strlen(s);
	const char *end;

	if (len <= TEXT_MAX)
		return text_is_plain(s, len) ? s : text_escape(pool, s, len);
	end = g_utf8_find_prev_char(s, s + TEXT_MAX + 1);
	s = text_escape(pool, s, end ? (size_t)(end - s) : TEXT_MAX);
	return wmem_strdup_printf(pool, "%s...", s);
}

/* Does it end where the capture of its packet does, and not with a line? */
static bool is_cut(const field_info *fi)
{
	unsigned have = fi->ds_tvb ? tvb_captured_length(fi->ds_tvb) : 0;

	return have && have < tvb_reported_length(fi->ds_tvb) &&
	       (unsigned)(fi->start + fi->length) >= have &&
	       *tvb_get_ptr(fi->ds_tvb, (int)have - 1, 1) != '\n';
}

const char *reader_text_of(struct reader *r, const field_info *fi)
{
	const char *s = fi ? fvalue_get_string(finfo_value(fi)) : NULL;

	if (!s || !*s)
		return NULL;
	s = reader_shorten(r->pinfo->pool, s);
	if (is_cut(fi) && !g_str_has_suffix(s, "..."))
		s = wmem_strdup_printf(r->pinfo->pool, "%s...", s);
	return s;
}

const char *reader_text(struct reader *r, enum what what)
{
	return reader_text_of(r, reader_value(r, what));
}

static bool has_capital(const char *s)
{
	while (*s && (*s < 'A' || *s > 'Z'))
		s++;
	return *s;
}

const char *reader_as_host(wmem_allocator_t *pool, const char *s)
{
	size_t len = strlen(s);
	char *host;

	if (!has_capital(s) && (len < 2 || s[len - 1] != '.'))
		return s;
	if (len > 1 && s[len - 1] == '.')
		len--;
	host = wmem_strndup(pool, s, len);
	for (size_t i = 0; i < len; i++)
		host[i] = g_ascii_tolower(host[i]);
	return host;
}

/* Half of one is none. */
const char *reader_host(struct reader *r, enum what what)
{
	const field_info *fi = reader_value(r, what);
	const char *s = fi && is_cut(fi) ? NULL : reader_text_of(r, fi);

	return s ? reader_as_host(r->pinfo->pool, s) : NULL;
}

bool reader_number(struct reader *r, enum what what, uint32_t *out)
{
	const field_info *fi = reader_value(r, what);

	if (!fi)
		return false;
	*out = fvalue_get_uinteger(finfo_value(fi));
	return true;
}

bool reader_flag(struct reader *r, enum what what)
{
	const field_info *fi = reader_value(r, what);

	return fi && fvalue_get_uinteger64(finfo_value(fi));
}

static const char *word_of(struct reader *r, const header_field_info *hf,
			   uint32_t number)
{
	const char *s = NULL;

	if (hf->strings && hf->display & BASE_EXT_STRING)
		s = try_val_to_str_ext(number, bytes_unconst(hf->strings));
	else if (hf->strings && (hf->display & ~FIELD_DISPLAY_E_MASK) == 0 &&
		 hf->display != BASE_CUSTOM)
		s = try_val_to_str(number, hf->strings);
	return s ? s : wmem_strdup_printf(r->pinfo->pool, "%u", number);
}

const char *reader_word_of(struct reader *r, enum what what, uint32_t number)
{
	return ids[what][0] ?
		       word_of(r,
			       proto_registrar_get_nth((unsigned)ids[what][0]),
			       number) :
		       NULL;
}

const char *reader_word(struct reader *r, enum what what)
{
	const field_info *fi = reader_value(r, what);

	return fi ? word_of(r, fi->hfinfo,
			    fvalue_get_uinteger(finfo_value(fi))) :
		    NULL;
}

void reader_end(struct reader *r)
{
	for (unsigned i = 0; i < r->count; i++)
		g_ptr_array_set_size(r->found[r->is[i]], 0);
}
