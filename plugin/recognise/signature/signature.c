/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "recognise/signature/signature.h"

#define LINE_MAX_LEN 512

bool signature_is_printable(const struct payload *p, size_t at, size_t len)
{
	for (size_t i = at; i < at + len; i++)
		if (i >= p->len || p->p[i] < ' ' || p->p[i] > '~')
			return false;
	return true;
}

bool signature_line_has(const struct payload *p, const char *what)
{
	size_t end = MIN(p->len, LINE_MAX_LEN), len = strlen(what);
	const uint8_t *newline = memchr(p->p, '\n', end);

	if (newline)
		end = newline - p->p;
	for (size_t i = 0; i + len <= end; i++)
		if (may_be_same(p->p[i], *what) &&
		    !g_ascii_strncasecmp((const char *)p->p + i, what, len))
			return true;
	return false;
}

const char *signature_may_begin(const struct payload *p)
{
	if (p->len < 6 && u8_at(p, 0) == 22 && u8_at(p, 1) <= 3)
		return "tls";
	/* A question's length, which some send by itself. */
	if (p->len == 2 && be16_at(p, 0) >= 17 && be16_at(p, 0) <= 512)
		return "dns";
	return request_may_begin(p);
}

#define TCP  OVER_TCP
#define UDP  OVER_UDP
#define BOTH (OVER_TCP | OVER_UDP)

/* The surest come first. */
static const struct signature signatures[] = {
	{ is_tls, "tls", NULL, TCP, false, false },
	{ is_http2, "http2", NULL, TCP, false, false },
	{ is_sip, "sip", NULL, BOTH, false, false },
	{ is_rtsp, "rtsp", NULL, TCP, false, false },
	{ is_connect, "http", NULL, TCP, true, false },
	{ is_websocket_yes, "websocket", "http", TCP, false, false },
	{ is_websocket_asked, "http", NULL, TCP, true, false },
	{ is_websocket_client, "websocket", NULL, TCP, false, true },
	{ is_http, "http", NULL, TCP, false, false },
	{ is_ssh, "ssh", NULL, TCP, false, false },
	{ is_hylafax, "hylafax", NULL, TCP, false, false },
	{ is_vmware, "vmware-authd", NULL, TCP, false, false },
	{ is_mupdate, "mupdate", NULL, TCP, false, false },
	{ is_smtp, "smtp", NULL, TCP, false, false },
	{ is_smtp_server, "smtp", NULL, TCP, false, false },
	{ is_ftp, "ftp", NULL, TCP, false, false },
	{ is_ftp_half, "ftp", NULL, TCP, false, false },
	{ is_pop, "pop", NULL, TCP, false, false },
	{ is_pop_client, "pop", NULL, TCP, false, false },
	{ is_imap, "imap", NULL, TCP, false, false },
	{ is_nntp, "nntp", NULL, TCP, false, false },
	{ is_xmpp, "xmpp", NULL, TCP, false, false },
	{ is_irc, "irc", NULL, TCP, false, false },
	{ is_vnc, "vnc", NULL, TCP, false, false },
	{ is_rsync, "rsync", NULL, TCP, false, false },
	{ is_git, "git", NULL, TCP, false, false },
	{ is_bittorrent, "bittorrent", NULL, TCP, false, false },
	{ is_amqp, "amqp", NULL, TCP, false, false },
	{ is_mqtt, "mqtt", NULL, TCP, false, false },
	{ is_smb2, "smb2", "nbss", TCP, false, false },
	{ is_smb1, "smb", "nbss", TCP, true, false },
	{ is_pgsql, "pgsql", NULL, TCP, false, false },
	{ is_mysql, "mysql", NULL, TCP, false, false },
	{ is_mongo, "mongo", NULL, TCP, false, false },
	{ is_tds, "tds", NULL, TCP, false, false },
	{ is_tns, "tns", NULL, TCP, false, false },
	{ is_cql, "cql", NULL, TCP, false, false },
	{ is_rdp, "rdp", "tpkt", TCP, false, false },
	{ is_elasticsearch, "elasticsearch", NULL, TCP, false, false },
	{ is_kerberos, "kerberos", NULL, BOTH, false, false },
	{ is_ldap, "ldap", NULL, TCP, false, false },
	{ is_snmp, "snmp", NULL, BOTH, false, false },
	{ is_nfs, "nfs", "rpc", BOTH, false, false },
	{ is_redis, "resp", NULL, TCP, false, false },
	{ is_memcached, "memcache", NULL, TCP, false, false },
	{ is_memcached_text, "memcache", NULL, TCP, false, false },
	{ is_memcached_datagram, "memcache", NULL, UDP, false, false },
	{ is_x11, "x11", NULL, TCP, false, false },
	{ is_ajp, "ajp13", NULL, TCP, false, false },
	{ is_zabbix, "zabbix", NULL, TCP, false, false },
	{ is_mysqlx, "mysqlx", NULL, TCP, false, false },
	{ is_nats, "nats", NULL, TCP, false, false },
	{ is_stratum, "stratum", NULL, TCP, false, false },
	{ is_rtmp, "rtmpt", NULL, TCP, false, false },
	{ is_dtls, "dtls", NULL, UDP, false, false },
	{ is_quic, "quic", NULL, UDP, false, false },
	{ is_quic_unknown, "quic", NULL, UDP, true, true },
	{ is_gquic, "gquic", NULL, UDP, false, true },
	{ is_stun, "stun", NULL, BOTH, true, true },
	{ is_dhcp, "dhcp", NULL, UDP, false, false },
	{ is_rdpudp, "rdpudp", NULL, UDP, false, false },
	{ is_isakmp, "isakmp", NULL, UDP, false, false },
	{ is_isakmp_in_udp, "isakmp", "udpencap", UDP, false, false },
	{ is_isakmp_in_tcp, "isakmp", NULL, TCP, false, true },
	{ is_wireguard, "wg", NULL, UDP, false, false },
	{ is_openvpn, "openvpn", NULL, BOTH, false, false },
	{ is_nbns, "nbns", NULL, UDP, false, false },
	{ is_mdns, "mdns", NULL, UDP, false, true },
	{ is_llmnr, "llmnr", NULL, BOTH, false, true },
	{ is_dns, "dns", NULL, BOTH, false, false },
	{ is_radius, "radius", NULL, UDP, false, false },
	{ is_ssdp, "ssdp", NULL, UDP, false, false },
	{ is_dht, "bt-dht", NULL, UDP, false, true },
	{ is_lsd, "lsd", NULL, UDP, false, true },
	{ is_tracker, "bt-tracker", NULL, UDP, false, true },
	{ is_utp, "bt-utp", NULL, UDP, false, true },
	{ is_rtcp, "rtcp", NULL, UDP, true, false },
	{ is_rtp, "rtp", NULL, UDP, false, false },
	{ is_ntp, "ntp", NULL, UDP, false, false },
	{ is_syslog, "syslog", NULL, BOTH, false, false },
	{ is_svn, "svn", NULL, TCP, false, false },
	{ is_jdwp, "jdwp", NULL, TCP, false, false },
	{ is_rmi, "rmi", NULL, TCP, false, false },
	{ is_nbd, "nbd", NULL, TCP, false, false },
	{ is_bgp, "bgp", NULL, TCP, false, false },
	{ is_pptp, "pptp", NULL, TCP, false, false },
	{ is_diameter, "diameter", NULL, TCP, false, false },
	{ is_enip, "enip", NULL, TCP, false, false },
	{ is_opcua, "opcua", NULL, TCP, false, false },
	{ is_iec104, "iec60870_104", NULL, TCP, false, false },
	{ is_telnet, "telnet", NULL, TCP, false, false },
	{ is_socks, "socks", NULL, TCP, true, false },
	{ is_dcerpc, "dcerpc", NULL, TCP, false, false },
	{ is_s7comm, "s7comm", "tpkt", TCP, false, false },
	{ is_s7comm_plus, "s7comm-plus", NULL, TCP, false, true },
	{ is_dicom, "dicom", NULL, TCP, false, false },
	{ is_hl7, "hl7", NULL, TCP, false, false },
	{ is_fix, "fix", NULL, TCP, false, false },
	{ is_dnp3, "dnp3", NULL, BOTH, false, false },
	{ is_knx, "kip", NULL, BOTH, false, false },
	{ is_bacnet, "bvlc", NULL, UDP, false, false },
	{ is_iscsi, "iscsi", NULL, TCP, false, false },
	{ is_ceph, "ceph", NULL, TCP, false, true },
	{ is_drda, "drda", NULL, TCP, false, false },
	{ is_giop, "giop", NULL, TCP, false, false },
	{ is_thrift, "thrift", NULL, TCP, false, false },
	{ is_openwire, "openwire", NULL, TCP, false, false },
	{ is_stomp, "stomp", NULL, TCP, false, false },
	{ is_beanstalk, "beanstalk", NULL, TCP, false, false },
	{ is_gearman, "gearman", NULL, TCP, false, false },
	{ is_fcgi, "fcgi", NULL, TCP, false, false },
	{ is_zmtp, "zmtp", NULL, TCP, false, false },
	{ is_bolt, "bolt", NULL, TCP, false, false },
	{ is_clickhouse, "clickhouse", NULL, TCP, false, false },
	{ is_zookeeper, "zookeeper", NULL, TCP, false, false },
	{ is_pulsar, "pulsar", NULL, TCP, false, false },
	{ is_hbase, "hbase", NULL, TCP, false, false },
	{ is_hadoop, "hadoop", NULL, TCP, false, false },
	{ is_dsi, "dsi", NULL, TCP, false, false },
	{ is_spice, "spice", NULL, TCP, false, false },
	{ is_ica, "ica", NULL, TCP, false, false },
	{ is_icap, "icap", NULL, TCP, false, false },
	{ is_cvs, "cvspserver", NULL, TCP, false, false },
	{ is_sieve, "sieve", NULL, TCP, false, false },
	{ is_redis_bus, "redis-bus", NULL, TCP, false, false },
	{ is_gnutella, "gnutella", NULL, TCP, false, false },
	{ is_edonkey, "edonkey", NULL, TCP, false, false },
	{ is_bitcoin, "bitcoin", NULL, TCP, false, false },
	{ is_lumberjack, "lumberjack", NULL, TCP, false, false },
	{ is_relp, "relp", NULL, TCP, false, false },
	{ is_munin, "munin", NULL, TCP, false, false },
	{ is_msrp, "msrp", NULL, TCP, false, false },
	{ is_skinny, "skinny", NULL, TCP, false, false },
	{ is_smpp, "smpp", NULL, TCP, false, false },
	{ is_tacacs, "tacplus", NULL, TCP, false, false },
	{ is_ldp, "ldp", NULL, BOTH, false, false },
	{ is_kpasswd, "kpasswd", NULL, BOTH, false, false },
	{ is_rlogin, "rlogin", NULL, TCP, false, false },
	{ is_openflow, "openflow", NULL, TCP, false, false },
	{ is_mgcp, "mgcp", NULL, BOTH, false, false },
	{ is_megaco, "megaco", NULL, BOTH, false, false },
	{ is_gelf, "gelf", NULL, BOTH, false, false },
	{ is_slp, "srvloc", NULL, BOTH, false, false },
	{ is_rpc, "rpc", NULL, BOTH, false, false },
	{ is_cldap, "cldap", NULL, UDP, false, false },
	{ is_iax2, "iax2", NULL, UDP, false, false },
	{ is_rmcp, "rmcp", NULL, UDP, false, false },
	{ is_tftp, "tftp", NULL, UDP, false, false },
	{ is_rip, "rip", NULL, UDP, false, false },
	{ is_l2tp, "l2tp", NULL, UDP, false, false },
	{ is_dhcpv6, "dhcpv6", NULL, UDP, false, false },
	{ is_nbdgm, "nbdgm", NULL, UDP, false, false },
	{ is_xdmcp, "xdmcp", NULL, UDP, false, false },
	{ is_netflow, "cflow", NULL, UDP, false, false },
	{ is_sflow, "sflow", NULL, UDP, false, false },
	{ is_collectd, "collectd", NULL, UDP, false, false },
	{ is_vxlan, "vxlan", NULL, UDP, false, false },
	{ is_geneve, "geneve", NULL, UDP, false, false },
	{ is_gtp, "gtp", NULL, UDP, false, false },
	{ is_mp2t, "mp2t", NULL, UDP, false, false },
	{ is_wsd, "wsd", NULL, UDP, false, false },
	{ is_dropbox, "db-lsp-disc", NULL, UDP, false, false },
	{ is_dnscrypt, "dnscrypt", NULL, UDP, false, false },
	{ is_statsd, "statsd", NULL, BOTH, false, false },
	{ is_coap, "coap", NULL, UDP, false, false },
	{ is_classicstun, "classicstun", NULL, UDP, true, true },
	{ is_ntp_control, "ntp", NULL, UDP, false, false },
	{ is_rpcap, "rpcap", NULL, TCP, false, false },
	{ is_modbus, "mbtcp", NULL, TCP, false, false },
	{ is_kafka, "kafka", NULL, TCP, false, false },
};

/* ... and where the beginning of a connection is missing. */
static const struct signature middles[] = {
	{ is_http2_middle, "http2", NULL, TCP, false, false },
	{ is_memcached_value, "memcache", NULL, TCP, false, false },
	{ is_memcached_answer_binary, "memcache", NULL, TCP, false, false },
	{ is_cql_middle, "cql", NULL, TCP, false, false },
	{ is_amqp_middle, "amqp", NULL, TCP, false, false },
	{ is_pgsql_middle, "pgsql", NULL, TCP, false, false },
	{ is_mysql_middle, "mysql", NULL, TCP, false, false },
	{ is_tds_middle, "tds", NULL, TCP, false, false },
	{ is_zookeeper_middle, "zookeeper", NULL, TCP, false, false },
	{ is_nbd_middle, "nbd", NULL, TCP, false, false },
	{ is_bittorrent_middle, "bittorrent", NULL, TCP, false, false },
	{ is_mqtt_middle, "mqtt", NULL, TCP, false, false },
	{ is_kafka_middle, "kafka", NULL, TCP, false, false },
	{ is_websocket, "websocket", NULL, TCP, false, true },
	{ is_xmpp_stanza, "xmpp", NULL, TCP, false, false },
};

static const struct signature *find_in(const struct signature *table,
				       size_t count, const struct payload *p)
{
	for (size_t i = 0; i < count; i++)
		if (table[i].over & p->over && table[i].is(p))
			return &table[i];
	return NULL;
}

/* Of a datagram: two of three signatures are of TCP alone. */
static const struct signature *find_of_datagrams(const struct payload *p)
{
	static uint8_t all[array_length(signatures)];
	static size_t count;

	_Static_assert(array_length(signatures) <= UINT8_MAX + 1,
		       "one byte for each signature");
	if (!count)
		for (size_t i = 0; i < array_length(signatures); i++)
			if (signatures[i].over & UDP)
				all[count++] = (uint8_t)i;
	for (size_t i = 0; i < count; i++)
		if (signatures[all[i]].is(p))
			return &signatures[all[i]];
	return NULL;
}

const struct signature *signature_find(const struct payload *p)
{
	const struct signature *s = p->over == UDP ?
					    find_of_datagrams(p) :
					    find_in(signatures,
						    array_length(signatures),
						    p);

	if (!s && p->is_middle)
		s = find_in(middles, array_length(middles), p);
	return s;
}
