/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dpi/signature.h"

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
		if (!g_ascii_strncasecmp((const char *)p->p + i, what, len))
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

#define TCP OVER_TCP
#define UDP OVER_UDP
#define BOTH (OVER_TCP | OVER_UDP)

/* The surest come first. */
static const struct signature signatures[] = {
	{ is_tls, "tls", NULL, TCP, false, false },
	{ is_http2, "http2", NULL, TCP, false, false },
	{ is_sip, "sip", NULL, BOTH, false, false },
	{ is_rtsp, "rtsp", NULL, TCP, false, false },
	{ is_http, "http", NULL, TCP, false, false },
	{ is_ssh, "ssh", NULL, TCP, false, false },
	{ is_smtp, "smtp", NULL, TCP, false, false },
	{ is_ftp, "ftp", NULL, TCP, false, false },
	{ is_pop, "pop", NULL, TCP, false, false },
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
	{ is_snmp, "snmp", NULL, UDP, false, false },
	{ is_nfs, "nfs", "rpc", BOTH, false, false },
	{ is_redis, "resp", NULL, TCP, false, false },
	{ is_memcached, "memcache", NULL, TCP, false, false },
	{ is_memcached_text, "memcache", NULL, TCP, false, false },
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
	{ is_isakmp, "isakmp", NULL, UDP, false, false },
	{ is_isakmp_in_udp, "isakmp", "udpencap", UDP, false, false },
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
	{ is_socks, "socks", NULL, TCP, false, false },
	{ is_kafka, "kafka", NULL, TCP, false, false },
};

const struct signature *signature_find(const struct payload *p)
{
	for (size_t i = 0; i < array_length(signatures); i++)
		if (signatures[i].over & p->over && signatures[i].is(p))
			return &signatures[i];
	return NULL;
}
