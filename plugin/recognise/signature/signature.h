/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signatures of protocols in the first payload of a direction.  Each is of
 * bytes that hardly anything else begins with, on any port.  No allocation
 * and no state: what has to be remembered is passed in.
 */
#ifndef PKTWHO_PLUGIN_RECOGNISE_SIGNATURE_SIGNATURE_H
#define PKTWHO_PLUGIN_RECOGNISE_SIGNATURE_SIGNATURE_H

#include "compat.h"

#define SIGNATURE_KEPT 12 /* bytes of a payload that are remembered */

enum signature_over { OVER_TCP = 1, OVER_UDP = 2 };

struct payload {
	const uint8_t *p;
	size_t len;	       /* captured, not 0 */
	size_t full;	       /* as sent */
	const uint8_t *before; /* the last one that way, NULL: none */
	const uint8_t *other;  /* the last one the other way, NULL: none */
	uint16_t sport;
	uint16_t dport;
	enum signature_over over;
	bool is_middle; /* what either end said first was not seen */
};

struct signature {
	bool (*is)(const struct payload *p);
	const char *protocol; /* by Wireshark's name, in protocols.h */
	const char *hand_to;  /* its dissector, if not by the same name */
	unsigned over;	      /* enum signature_over */
	bool may_change;      /* what comes after it may be something else */
	bool keep;	      /* Wireshark finds its dissector by itself */
};

/* The first that fits, or NULL. */
const struct signature *signature_find(const struct payload *p);

/* ---- for those that match: nothing is read beyond the payload ---- */

static inline bool starts(const struct payload *p, size_t at, const void *what,
			  size_t len)
{
	return p->len >= at + len && !memcmp(p->p + at, what, len);
}

/* A letter is the same in either case; so are some others that are none. */
static inline bool may_be_same(uint8_t byte, char c)
{
	return (byte | 0x20) == (c | 0x20);
}

#define STARTS(p, text)	    starts(p, 0, text, sizeof(text) - 1)
#define HAS_AT(p, at, text) starts(p, at, text, sizeof(text) - 1)

/* 0 beyond the end. */
static inline unsigned u8_at(const struct payload *p, size_t at)
{
	return at < p->len ? p->p[at] : 0;
}

static inline unsigned be16_at(const struct payload *p, size_t at)
{
	return u8_at(p, at) << 8 | u8_at(p, at + 1);
}

static inline uint32_t be32_at(const struct payload *p, size_t at)
{
	return (uint32_t)be16_at(p, at) << 16 | be16_at(p, at + 2);
}

static inline uint32_t le32_at(const struct payload *p, size_t at)
{
	return GUINT32_SWAP_LE_BE(be32_at(p, at));
}

static inline bool has_port(const struct payload *p, unsigned port)
{
	return p->sport == port || p->dport == port;
}

/*
 * The protocol of which this may be the first part of a first message, if its
 * dissector would find more in the whole; or NULL.
 */
const char *signature_may_begin(const struct payload *p);

/*
 * Has a datagram the header that DNS, mDNS, LLMNR and NBNS share, and room for
 * as many records as it says?
 */
bool signature_may_be_dns(const struct payload *p);

/* Is @what in the first line, or in the first 512 bytes without one? */
bool signature_line_has(const struct payload *p, const char *what);

/* Are these bytes printable ASCII? */
bool signature_is_printable(const struct payload *p, size_t at, size_t len);

/*
 * How many bytes a server of SSH says before its version, in lines of text
 * (RFC 4253, 4.2); 0: none, or it is no such server.
 */
size_t signature_ssh_lines(const struct payload *p);

/* signature_text.c */
const char *request_may_begin(const struct payload *p);
bool is_http(const struct payload *p);
bool is_http2(const struct payload *p);
bool is_ssdp(const struct payload *p);
bool is_ssh(const struct payload *p);
bool is_smtp(const struct payload *p);
bool is_ftp(const struct payload *p);
bool is_pop(const struct payload *p);
bool is_imap(const struct payload *p);
bool is_nntp(const struct payload *p);
bool is_irc(const struct payload *p);
bool is_xmpp(const struct payload *p);
bool is_redis(const struct payload *p);
bool is_memcached_text(const struct payload *p);
bool is_sip(const struct payload *p);
bool is_rtsp(const struct payload *p);
bool is_vnc(const struct payload *p);
bool is_rsync(const struct payload *p);
bool is_syslog(const struct payload *p);
bool is_bittorrent(const struct payload *p);
bool is_dht(const struct payload *p);
bool is_nats(const struct payload *p);
bool is_stratum(const struct payload *p);
bool is_svn(const struct payload *p);
bool is_jdwp(const struct payload *p);
bool is_lsd(const struct payload *p);

/* signature_net.c */
bool is_tls(const struct payload *p);
bool is_dtls(const struct payload *p);
bool is_quic(const struct payload *p);
bool is_quic_unknown(const struct payload *p);
bool is_gquic(const struct payload *p);
bool is_dns(const struct payload *p);
bool is_nbns(const struct payload *p);
bool is_mdns(const struct payload *p);
bool is_llmnr(const struct payload *p);
bool is_stun(const struct payload *p);
bool is_rtp(const struct payload *p);
bool is_rtcp(const struct payload *p);
bool is_ntp(const struct payload *p);
bool is_dhcp(const struct payload *p);
bool is_radius(const struct payload *p);
bool is_telnet(const struct payload *p);
bool is_bgp(const struct payload *p);
bool is_pptp(const struct payload *p);
bool is_diameter(const struct payload *p);
bool is_iec104(const struct payload *p);
bool is_enip(const struct payload *p);
bool is_opcua(const struct payload *p);

/* signature_tunnel.c */
bool is_wireguard(const struct payload *p);
bool is_openvpn(const struct payload *p);
bool is_isakmp(const struct payload *p);
bool is_isakmp_in_udp(const struct payload *p);
bool is_isakmp_in_tcp(const struct payload *p);
bool is_socks(const struct payload *p);
bool is_utp(const struct payload *p);
bool is_tracker(const struct payload *p);

/* signature_data.c */
bool is_mysql(const struct payload *p);
bool is_pgsql(const struct payload *p);
bool is_tds(const struct payload *p);
bool is_tns(const struct payload *p);
bool is_mongo(const struct payload *p);
bool is_memcached(const struct payload *p);
bool is_memcached_datagram(const struct payload *p);
bool is_memcached_answer_binary(const struct payload *p);
bool is_cql(const struct payload *p);
bool is_kafka(const struct payload *p);
bool is_amqp(const struct payload *p);
bool is_mqtt(const struct payload *p);
bool is_elasticsearch(const struct payload *p);
bool is_smb1(const struct payload *p);
bool is_smb2(const struct payload *p);
bool is_nfs(const struct payload *p);
bool is_ldap(const struct payload *p);
bool is_cldap(const struct payload *p);
bool is_kerberos(const struct payload *p);
bool is_snmp(const struct payload *p);
bool is_rdp(const struct payload *p);
bool is_x11(const struct payload *p);
bool is_ajp(const struct payload *p);
bool is_mysqlx(const struct payload *p);
bool is_rtmp(const struct payload *p);
bool is_zabbix(const struct payload *p);
bool is_rmi(const struct payload *p);
bool is_nbd(const struct payload *p);

/* signature_route.c */
bool is_tftp(const struct payload *p);
bool is_rip(const struct payload *p);
bool is_ldp(const struct payload *p);
bool is_tacacs(const struct payload *p);
bool is_l2tp(const struct payload *p);
bool is_dhcpv6(const struct payload *p);
bool is_nbdgm(const struct payload *p);
bool is_kpasswd(const struct payload *p);
bool is_classicstun(const struct payload *p);
bool is_ntp_control(const struct payload *p);
bool is_vxlan(const struct payload *p);
bool is_geneve(const struct payload *p);
bool is_gtp(const struct payload *p);
bool is_mp2t(const struct payload *p);
bool is_slp(const struct payload *p);
bool is_wsd(const struct payload *p);
bool is_xdmcp(const struct payload *p);
bool is_rlogin(const struct payload *p);
bool is_rpcap(const struct payload *p);
bool is_dropbox(const struct payload *p);
bool is_dnscrypt(const struct payload *p);

/* signature_machine.c */
bool is_modbus(const struct payload *p);
bool is_s7comm(const struct payload *p);
bool is_s7comm_plus(const struct payload *p);
bool is_dnp3(const struct payload *p);
bool is_bacnet(const struct payload *p);
bool is_knx(const struct payload *p);
bool is_coap(const struct payload *p);
bool is_rmcp(const struct payload *p);
bool is_openflow(const struct payload *p);
bool is_hl7(const struct payload *p);
bool is_dicom(const struct payload *p);
bool is_fix(const struct payload *p);
bool is_collectd(const struct payload *p);
bool is_gelf(const struct payload *p);
bool is_statsd(const struct payload *p);
bool is_sflow(const struct payload *p);
bool is_netflow(const struct payload *p);
bool is_lumberjack(const struct payload *p);
bool is_relp(const struct payload *p);
bool is_hylafax(const struct payload *p);
bool is_vmware(const struct payload *p);
bool is_mupdate(const struct payload *p);
bool is_munin(const struct payload *p);
bool is_mgcp(const struct payload *p);
bool is_megaco(const struct payload *p);
bool is_msrp(const struct payload *p);
bool is_iax2(const struct payload *p);
bool is_skinny(const struct payload *p);
bool is_smpp(const struct payload *p);

/* signature_store.c */
bool is_iscsi(const struct payload *p);
bool is_ceph(const struct payload *p);
bool is_drda(const struct payload *p);
bool is_giop(const struct payload *p);
bool is_thrift(const struct payload *p);
bool is_dcerpc(const struct payload *p);
bool is_openwire(const struct payload *p);
bool is_stomp(const struct payload *p);
bool is_beanstalk(const struct payload *p);
bool is_gearman(const struct payload *p);
bool is_fcgi(const struct payload *p);
bool is_zmtp(const struct payload *p);
bool is_bolt(const struct payload *p);
bool is_clickhouse(const struct payload *p);
bool is_zookeeper(const struct payload *p);
bool is_pulsar(const struct payload *p);
bool is_hbase(const struct payload *p);
bool is_hadoop(const struct payload *p);
bool is_dsi(const struct payload *p);
bool is_spice(const struct payload *p);
bool is_ica(const struct payload *p);
bool is_icap(const struct payload *p);
bool is_cvs(const struct payload *p);
bool is_sieve(const struct payload *p);
bool is_redis_bus(const struct payload *p);
bool is_rpc(const struct payload *p);
bool is_gnutella(const struct payload *p);
bool is_edonkey(const struct payload *p);
bool is_bitcoin(const struct payload *p);

/* signature_middle.c */
bool is_memcached_value(const struct payload *p);
bool is_cql_middle(const struct payload *p);
bool is_kafka_middle(const struct payload *p);
bool is_amqp_middle(const struct payload *p);
bool is_mqtt_middle(const struct payload *p);
bool is_pgsql_middle(const struct payload *p);
bool is_mysql_middle(const struct payload *p);
bool is_tds_middle(const struct payload *p);
bool is_zookeeper_middle(const struct payload *p);
bool is_nbd_middle(const struct payload *p);
bool is_bittorrent_middle(const struct payload *p);

/* signature_half.c */
bool is_smtp_server(const struct payload *p);
bool is_ftp_half(const struct payload *p);
bool is_pop_client(const struct payload *p);
bool is_xmpp_stanza(const struct payload *p);
bool is_websocket_yes(const struct payload *p);
bool is_websocket_asked(const struct payload *p);
bool is_websocket_client(const struct payload *p);
bool is_connect(const struct payload *p);

/* Length of what a balancer says first of whom it stands for, or 0. */
size_t signature_preamble(const struct payload *p);
bool is_git(const struct payload *p);
bool is_rdpudp(const struct payload *p);

/* signature_frames.c */
bool is_http2_middle(const struct payload *p);
bool is_websocket(const struct payload *p);

#endif
