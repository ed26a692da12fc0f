/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "recognise/protocols.h"

/* clang-format off */
#define OF(filter, app, over_tls, role, families, has_port) \
	{ filter, app, over_tls, role, families, has_port, true, true, -1 }
/* clang-format on */

/* What is not in here is an application of Wireshark's name. */
static struct dpi_protocol known[] = {
	OF("tcp", "TCP", NULL, DPI_TRANSPORT, 0, false),
	OF("udp", "UDP", NULL, DPI_TRANSPORT, 0, false),
	OF("udplite", "UDP-Lite", NULL, DPI_TRANSPORT, 0, false),
	OF("sctp", "SCTP", NULL, DPI_TRANSPORT, 0, false),
	OF("dccp", "DCCP", NULL, DPI_TRANSPORT, 0, false),
	OF("icmp", "ICMP", NULL, DPI_QUOTES, 0, false),
	OF("icmpv6", "ICMPv6", NULL, DPI_QUOTES, 0, false),

	OF("eth", "Ethernet", NULL, DPI_LINK, 0, false),
	OF("ip", "IPv4", NULL, DPI_LINK, 0, false),
	OF("ipv6", "IPv6", NULL, DPI_LINK, 0, false),

	OF("tls", "TLS", "TLS", DPI_CARRIES, DPI_TLS, true),
	OF("dtls", "DTLS", "DTLS", DPI_CARRIES, DPI_DTLS, false),
	OF("quic", "QUIC", "QUIC", DPI_CARRIES, DPI_TLS, false),
	OF("gquic", "GQUIC", NULL, DPI_CARRIES, DPI_GQUIC, false),
	OF("nbss", "NetBIOS", NULL, DPI_CARRIES, 0, false),
	OF("rpc", "RPC", NULL, DPI_CARRIES, DPI_TIMED, false),
	OF("tpkt", "TPKT", NULL, DPI_CARRIES, 0, false),
	OF("cotp", "COTP", NULL, DPI_CARRIES, 0, false),
	OF("ses", "SES", NULL, DPI_CARRIES, 0, false),
	OF("udpencap", "UDPENCAP", NULL, DPI_CARRIES, 0, false),
	OF("gtp", "GTP", NULL, DPI_CARRIES, 0, false),
	OF("geneve", "Geneve", NULL, DPI_CARRIES, 0, false),
	OF("vxlan", "VXLAN", NULL, DPI_CARRIES, 0, false),
	OF("proxy", "PROXY", NULL, DPI_CARRIES, 0, false),
	OF("socks", "SOCKS", NULL, DPI_PROXY, DPI_SAYS, true),
	OF("stun", "STUN", NULL, DPI_PATH, 0, false),
	OF("classicstun", "STUN", NULL, DPI_PATH, 0, false),

	OF("arp", "ARP", NULL, DPI_APP, 0, false),
	OF("http", "HTTP", "HTTPS", DPI_APP, DPI_HTTP, true),
	OF("http2", "HTTP/2", "HTTP/2", DPI_UPGRADE, DPI_HTTP2, false),
	OF("http3", "HTTP/3", "HTTP/3", DPI_UPGRADE, DPI_HTTP3, false),
	OF("websocket", "WebSocket", "WebSocket", DPI_INSIDE, 0, false),
	OF("grpc", "gRPC", "gRPC", DPI_INSIDE, 0, false),
	OF("dns", "DNS", "DNS over TLS", DPI_APP, DPI_DNS, true),
	OF("mdns", "mDNS", NULL, DPI_APP, DPI_DNS, false),
	OF("llmnr", "LLMNR", NULL, DPI_APP, DPI_DNS, false),
	OF("nbns", "NBNS", NULL, DPI_APP, DPI_SAYS, false),
	OF("ssh", "SSH", NULL, DPI_APP, DPI_SSH, true),
	OF("smtp", "SMTP", NULL, DPI_APP, 0, true),
	OF("imap", "IMAP", NULL, DPI_APP, DPI_TIMED, true),
	OF("pop", "POP3", NULL, DPI_APP, 0, true),
	OF("ftp", "FTP", NULL, DPI_APP, 0, true),
	OF("ftp-data", "FTP data", NULL, DPI_APP, 0, false),
	OF("telnet", "Telnet", NULL, DPI_APP, 0, true),
	OF("pgsql", "PostgreSQL", "PostgreSQL", DPI_APP, DPI_TURNS, true),
	OF("mysql", "MySQL", "MySQL", DPI_APP, DPI_SAYS | DPI_TURNS, true),
	OF("tds", "MSSQL", "MSSQL", DPI_APP, DPI_SAYS | DPI_TURNS, false),
	OF("tns", "Oracle", NULL, DPI_APP, DPI_TURNS, false),
	OF("resp", "Redis", NULL, DPI_APP, DPI_TURNS, true),
	OF("mongo", "MongoDB", NULL, DPI_APP, DPI_SAYS | DPI_TURNS, false),
	OF("memcache", "Memcached", NULL, DPI_APP, DPI_TURNS, true),
	OF("cql", "Cassandra", NULL, DPI_APP, DPI_TIMED, true),
	OF("kafka", "Kafka", NULL, DPI_APP, DPI_SAYS, true),
	OF("mqtt", "MQTT", NULL, DPI_APP, DPI_SAYS, true),
	OF("amqp", "AMQP", NULL, DPI_APP, 0, true),
	OF("elasticsearch", "Elasticsearch", NULL, DPI_APP, 0, true),
	OF("smb", "SMB", NULL, DPI_APP, DPI_SAYS | DPI_TIMED, false),
	OF("smb2", "SMB2", NULL, DPI_UPGRADE, DPI_SAYS | DPI_TIMED, false),
	OF("mms", "MMS", NULL, DPI_UPGRADE, 0, false),
	OF("ldap", "LDAP", NULL, DPI_APP, DPI_SAYS | DPI_TIMED, true),
	OF("kerberos", "Kerberos", NULL, DPI_APP, DPI_SAYS, true),
	OF("radius", "RADIUS", NULL, DPI_APP, 0, true),
	OF("ntp", "NTP", NULL, DPI_APP, 0, true),
	OF("snmp", "SNMP", NULL, DPI_APP, DPI_TIMED, true),
	OF("syslog", "Syslog", NULL, DPI_APP, 0, false),
	OF("dhcp", "DHCP", NULL, DPI_APP, DPI_SAYS, false),
	OF("rdp", "RDP", NULL, DPI_APP, DPI_SAYS, false),
	OF("rdpudp", "RDP", NULL, DPI_APP, 0, false),
	OF("vnc", "VNC", NULL, DPI_APP, 0, true),
	OF("nfs", "NFS", NULL, DPI_APP, DPI_SAYS, false),
	OF("sip", "SIP", NULL, DPI_APP, DPI_SAYS, true),
	OF("rtsp", "RTSP", NULL, DPI_APP, DPI_SAYS, true),
	OF("irc", "IRC", NULL, DPI_APP, 0, true),
	OF("xmpp", "XMPP", NULL, DPI_APP, 0, false),
	OF("nntp", "NNTP", NULL, DPI_APP, 0, false),
	OF("bittorrent", "BitTorrent", NULL, DPI_APP, 0, false),
	OF("bt-dht", "BitTorrent DHT", NULL, DPI_APP, 0, false),
	OF("bt-utp", "BitTorrent", NULL, DPI_APP, 0, false),
	OF("bt-tracker", "BitTorrent", NULL, DPI_APP, 0, false),
	OF("lsd", "BitTorrent", NULL, DPI_APP, 0, false),
	OF("smpp", "SMPP", NULL, DPI_WEAK, 0, false),
	OF("rpcap", "RPCAP", NULL, DPI_WEAK, 0, false),
	OF("dicom", "DICOM", NULL, DPI_WEAK, 0, false),
	OF("fmtp", NULL, NULL, DPI_WEAK, 0, false),
	OF("e100", NULL, NULL, DPI_WEAK, 0, false),
	OF("lanforge", NULL, NULL, DPI_WEAK, 0, false),
	OF("wg", "WireGuard", NULL, DPI_WEAK, 0, false),
	OF("cigi", NULL, NULL, DPI_WEAK, 0, false),
	OF("q931", NULL, NULL, DPI_WEAK, 0, false),
	OF("esp", NULL, NULL, DPI_WEAK, 0, false),
	OF("gtpv2", NULL, NULL, DPI_WEAK, 0, false),
	OF("jxta", NULL, NULL, DPI_WEAK, 0, false),
	OF("tcpencap", NULL, NULL, DPI_WEAK, 0, false),
	OF("rtcp", NULL, NULL, DPI_WEAK, 0, false),
	OF("openvpn", "OpenVPN", NULL, DPI_APP, 0, true),
	OF("isakmp", "ISAKMP", NULL, DPI_APP, 0, false),
	OF("zabbix", "Zabbix", NULL, DPI_APP, 0, false),
	OF("rtmpt", "RTMP", NULL, DPI_APP, 0, false),
	OF("cflow", "NetFlow", NULL, DPI_APP, 0, false),
	OF("bvlc", "BACnet", NULL, DPI_APP, 0, false),
	OF("opcua", "OPC UA", NULL, DPI_APP, 0, false),
	OF("svn", "Subversion", NULL, DPI_APP, 0, false),
	OF("bgp", "BGP", NULL, DPI_APP, 0, false),
	OF("pptp", "PPTP", NULL, DPI_APP, 0, false),
	OF("diameter", "Diameter", NULL, DPI_APP, 0, false),
	OF("enip", "EtherNet/IP", NULL, DPI_APP, 0, false),
	OF("iec60870_104", "IEC 104", NULL, DPI_APP, 0, false),

	OF("mbtcp", "Modbus", NULL, DPI_APP, 0, true),
	OF("s7comm", "S7comm", NULL, DPI_UPGRADE, 0, false),
	OF("dnp3", "DNP3", NULL, DPI_APP, 0, false),
	OF("kip", "KNXnet/IP", NULL, DPI_APP, 0, false),
	OF("rmcp", "IPMI", NULL, DPI_APP, 0, false),
	OF("coap", "CoAP", NULL, DPI_APP, 0, false),
	OF("tacplus", "TACACS+", NULL, DPI_APP, 0, false),
	OF("srvloc", "SLP", NULL, DPI_APP, 0, false),
	OF("dsi", "AFP", NULL, DPI_APP, 0, false),
	OF("cvspserver", "CVS", NULL, DPI_APP, 0, false),
	OF("spice", "SPICE", NULL, DPI_APP, 0, false),
	OF("skinny", "SCCP", NULL, DPI_APP, 0, false),
	OF("gnutella", "Gnutella", NULL, DPI_APP, 0, false),
	OF("edonkey", "eDonkey", NULL, DPI_APP, 0, false),
	OF("drda", "DB2", NULL, DPI_APP, 0, false),
	OF("fcgi", "FastCGI", NULL, DPI_APP, 0, false),
	OF("mp2t", "MPEG-TS", NULL, DPI_WEAK, 0, false),
	OF("db-lsp-disc", "Dropbox", NULL, DPI_APP, 0, false),

	/* Of which Wireshark knows nothing, or not in every version. */
	OF("s7comm-plus", "S7comm-plus", NULL, DPI_APP, 0, false),
	OF("stomp", "STOMP", NULL, DPI_APP, 0, false),
	OF("beanstalk", "Beanstalk", NULL, DPI_APP, 0, false),
	OF("zmtp", "ZeroMQ", NULL, DPI_APP, 0, false),
	OF("bolt", "Neo4j", NULL, DPI_APP, 0, false),
	OF("clickhouse", "ClickHouse", NULL, DPI_APP, 0, false),
	OF("zookeeper", "ZooKeeper", NULL, DPI_APP, 0, false),
	OF("pulsar", "Pulsar", NULL, DPI_APP, 0, false),
	OF("hbase", "HBase", NULL, DPI_APP, 0, false),
	OF("hadoop", "Hadoop", NULL, DPI_APP, 0, false),
	OF("ica", "ICA", NULL, DPI_APP, 0, false),
	OF("sieve", "ManageSieve", NULL, DPI_APP, 0, false),
	OF("redis-bus", "Redis", NULL, DPI_APP, 0, false),
	OF("lumberjack", "Lumberjack", NULL, DPI_APP, 0, false),
	OF("relp", "RELP", NULL, DPI_APP, 0, false),
	OF("munin", "Munin", NULL, DPI_APP, 0, false),
	OF("hylafax", "HylaFAX", NULL, DPI_APP, 0, false),
	OF("vmware-authd", "VMware", NULL, DPI_APP, 0, false),
	OF("mupdate", "MUPDATE", NULL, DPI_APP, 0, false),
	OF("wsd", "WS-Discovery", NULL, DPI_APP, 0, false),
	OF("dnscrypt", "DNSCrypt", NULL, DPI_APP, 0, false),
	OF("statsd", "StatsD", NULL, DPI_APP, 0, false),
	OF("mysqlx", "MySQL X", NULL, DPI_APP, 0, false),
	OF("nats", "NATS", NULL, DPI_APP, 0, false),
	OF("stratum", "Stratum", NULL, DPI_APP, 0, false),

	OF("frame", NULL, NULL, DPI_NOISE, 0, false),
	OF("data", NULL, NULL, DPI_NOISE, 0, false),
	OF("data-text-lines", NULL, NULL, DPI_NOISE, 0, false),
	OF("mptcp", NULL, NULL, DPI_NOISE, 0, false),
	OF("f5ethtrailer", NULL, NULL, DPI_NOISE, 0, false),
	OF("transum", NULL, NULL, DPI_NOISE, 0, false),
	OF("mate", NULL, NULL, DPI_NOISE, 0, false),
};

/* IANA's "TLS ALPN Protocol IDs". */
/* clang-format off */
static const struct {
	const char *alpn;
	const char *app;
} alpns[] = {
	{ "http/1.1", "HTTPS" }, { "http/1.0", "HTTPS" },
	{ "h2", "HTTP/2" }, { "dot", "DNS over TLS" },
	{ "imap", "IMAP over TLS" }, { "pop3", "POP3 over TLS" },
	{ "ftp", "FTP over TLS" }, { "postgresql", "PostgreSQL" },
	{ "mqtt", "MQTT over TLS" }, { "irc", "IRC over TLS" },
	{ "xmpp-client", "XMPP over TLS" },
	{ "xmpp-server", "XMPP over TLS" },
	{ "webrtc", "WebRTC" }, { "c-webrtc", "WebRTC" },
	{ "nntp", "NNTP over TLS" }, { "nnsp", "NNTP over TLS" },
	{ "managesieve", "ManageSieve over TLS" },
	{ "sip/2", "SIP over TLS" }, { "tds/8.0", "MSSQL" },
	{ "radius/1.0", "RADIUS over TLS" },
	{ "radius/1.1", "RADIUS over TLS" },
	{ "dicom", "DICOM over TLS" }, { "coap", "CoAP over TLS" },
	{ "co", "CoAP over DTLS" }, { "sunrpc", "RPC over TLS" },
	{ "stun.turn", "STUN over TLS" }, { "smb", "SMB2" },
	{ "ntske/1", "NTS" }, { "acme-tls/1", "ACME" },
	{ "grpc-exp", "gRPC" },	/* not IANA's; of gRPC alone */
};
/* clang-format on */

/* IANA's service names that say "over TLS"; RFC 7858 and RFC 9250 for 853. */
static const struct {
	uint16_t port;
	const char *app;
} tls_ports[] = {
	{ 465, "SMTP over TLS" },  { 563, "NNTP over TLS" },
	{ 636, "LDAP over TLS" },  { 853, "DNS over TLS" },
	{ 990, "FTP over TLS" },   { 992, "Telnet over TLS" },
	{ 993, "IMAP over TLS" },  { 995, "POP3 over TLS" },
	{ 3269, "LDAP over TLS" }, { 5061, "SIP over TLS" },
	{ 5671, "AMQP over TLS" }, { 6514, "Syslog over TLS" },
	{ 6697, "IRC over TLS" },  { 8883, "MQTT over TLS" },
};

static GHashTable *by_id;  /* Wireshark's number -> struct dpi_protocol */
static GHashTable *called; /* a set of Wireshark's numbers */

static void remember(int id, struct dpi_protocol *p)
{
	p->id = id;
	if (!p->app)
		p->app = proto_get_protocol_short_name(find_protocol_by_id(id));
	if (!p->over_tls)
		p->over_tls = wmem_strdup_printf(wmem_epan_scope(),
						 "%s over TLS", p->app);
	g_hash_table_insert(by_id, GINT_TO_POINTER(id), p);
}

static void add_called(const char *table _U_, void *handle, void *user _U_)
{
	int id = dissector_handle_get_protocol_index(handle);

	if (id != -1)
		g_hash_table_add(called, GINT_TO_POINTER(id));
}

static void add_heuristic(const char *table _U_, struct heur_dtbl_entry *entry,
			  void *user _U_)
{
	int id = proto_get_id(entry->protocol);

	g_hash_table_add(called, GINT_TO_POINTER(id));
}

static void find_called(void)
{
	static const char *const tables[] = {
		"tcp.port",  "udp.port", "tls.port",
		"dtls.port", "tls.alpn", "dtls.alpn",
	};
	static const char *const heuristics[] = {
		"tcp", "udp", "tls", "dtls", "quic",
	};

	called = g_hash_table_new(g_direct_hash, g_direct_equal);
	for (size_t i = 0; i < array_length(tables); i++)
		if (find_dissector_table(tables[i]))
			dissector_table_foreach_handle(tables[i], add_called,
						       NULL);
	for (size_t i = 0; i < array_length(heuristics); i++)
		if (has_heur_dissector_list(heuristics[i]))
			heur_dissector_table_foreach(heuristics[i],
						     add_heuristic, NULL);
}

void dpi_protocols_init(void)
{
	if (by_id)
		return;
	by_id = g_hash_table_new(g_direct_hash, g_direct_equal);
	find_called();
	for (size_t i = 0; i < array_length(known); i++) {
		int id = proto_get_id_by_filter_name(known[i].filter);

		if (id != -1)
			remember(id, &known[i]);
	}
}

/* Wireshark's helpers, as "_ws.malformed", are nobody's protocol. */
static const struct dpi_protocol *find(int id)
{
	struct dpi_protocol *p = g_hash_table_lookup(by_id,
						     GINT_TO_POINTER(id));

	if (p)
		return p;
	p = wmem_new0(wmem_epan_scope(), struct dpi_protocol);
	p->filter = proto_get_protocol_filter_name(id);
	p->role = *p->filter == '_' ? DPI_NOISE : DPI_APP;
	p->is_called = g_hash_table_contains(called, GINT_TO_POINTER(id));
	remember(id, p);
	return p;
}

/* Asked of each layer of each packet, and mostly of the same few. */
const struct dpi_protocol *dpi_protocol_of(int id)
{
	static const struct dpi_protocol *few[2048];
	const struct dpi_protocol **at = &few[(unsigned)id % array_length(few)];

	if (!*at || (*at)->id != id)
		*at = find(id);
	return *at;
}

static const struct dpi_protocol *find_named(const char *filter)
{
	int id = proto_get_id_by_filter_name(filter);

	if (id != -1)
		return dpi_protocol_of(id);
	for (size_t i = 0; i < array_length(known); i++)
		if (!strcmp(known[i].filter, filter))
			return &known[i];
	return NULL;
}

/* Asked of each flow, by the same few texts. */
const struct dpi_protocol *dpi_protocol_named(const char *filter)
{
	static struct {
		const char *filter;
		const struct dpi_protocol *p;
	} few[64], *at;

	at = &few[(uintptr_t)filter % array_length(few)];
	if (at->filter != filter) {
		at->filter = filter;
		at->p = find_named(filter);
	}
	return at->p;
}

const char *dpi_protocol_of_alpn(const char *alpn, bool in_quic)
{
	if (in_quic && (!strcmp(alpn, "h3") || g_str_has_prefix(alpn, "h3-")))
		return "HTTP/3";
	if (in_quic && g_str_has_prefix(alpn, "doq"))
		return "DNS over QUIC";
	for (size_t i = 0; i < array_length(alpns); i++)
		if (!strcmp(alpn, alpns[i].alpn))
			return alpns[i].app;
	return NULL;
}

const char *dpi_protocol_of_tls_port(uint32_t port)
{
	static uint64_t some; /* bits of the ports that there are */

	if (!some)
		for (size_t i = 0; i < array_length(tls_ports); i++)
			some |= 1ull << tls_ports[i].port % 64;
	if (!(some >> port % 64 & 1))
		return NULL;
	for (size_t i = 0; i < array_length(tls_ports); i++)
		if (tls_ports[i].port == port)
			return tls_ports[i].app;
	return NULL;
}
