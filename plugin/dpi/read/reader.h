/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The fields of other dissectors that we know the meaning of, in the packet
 * that is looked at.  They are looked up by name when first needed, since
 * every version of Wireshark has others; what this one has not is never there.
 */
#ifndef PKTWHO_PLUGIN_DPI_READ_READER_H
#define PKTWHO_PLUGIN_DPI_READ_READER_H

#include "compat.h"
#include "dpi/flow.h"
#include "dpi/layers.h"
#include "recognise/dns_message.h"
#include "record.h"

/* clang-format off */
enum what {
	HTTP_HOST, HTTP_METHOD, HTTP_URI, HTTP_STATUS, HTTP_REQUEST_IN,
	HTTP2_HOST, HTTP2_METHOD, HTTP2_URI, HTTP2_STATUS, HTTP2_TYPE,
	HTTP3_HOST, HTTP3_METHOD, HTTP3_URI, HTTP3_STATUS,
	DNS_NAME, DNS_TYPE, DNS_IS_RESPONSE, DNS_RCODE, DNS_ANSWERS,
	DNS_RECORD_TYPE, DNS_A, DNS_AAAA, DNS_CNAME,
	TLS_MESSAGE, TLS_HOST, TLS_ALPN, TLS_VERSION, TLS_SUPPORTED_VERSION,
	TLS_CIPHER, TLS_JA4, TLS_EXTENSION,
	DTLS_MESSAGE, DTLS_HOST, DTLS_ALPN, DTLS_VERSION,
	DTLS_SUPPORTED_VERSION, DTLS_CIPHER, DTLS_JA4, DTLS_EXTENSION,
	GQUIC_HOST,
	CERTIFICATE_NAME, CERTIFICATE_UTF8, CERTIFICATE_PRINTABLE,
	SSH_SOFTWARE,
	DHCP_NAME, KAFKA_CLIENT, KERBEROS_CLIENT, KERBEROS_SERVICE, LDAP_NAME,
	MONGO_COLLECTION, MQTT_CLIENT, MQTT_TOPIC, MYSQL_USER, MYSQL_SCHEMA,
	NBNS_NAME, NFS_NAME, NTLM_USER, RDP_COOKIE, RTSP_URL,
	SIP_HOST, SIP_TO, SMB_PATH, SMB2_TREE, SMB2_FILE, SOCKS_HOST, TDS_USER,
	/* How long an answer took: times.c. */
	HTTP_TIME, HTTP2_TIME, DNS_TIME, SMB_TIME, SMB2_TIME, RPC_TIME,
	LDAP_TIME, CASSANDRA_TIME, IMAP_TIME, SNMP_TIME,
	IP_FRAGMENT, IPV6_FRAGMENT,		/* fragments.c */
	WHATS
};
/* clang-format on */

struct reader {
	struct dpi_flow *flow;
	const struct dpi_layers *layers;
	packet_info *pinfo;
	proto_tree *tree;	       /* NULL: there is nothing in it */
	const struct dns_message *dns; /* NULL: it is in the tree, if it is */
	bool is_for_experts;
	bool primed;
	bool searched;		 /* if not primed */
	GPtrArray *found[WHATS]; /* then: ours, until reader_end() */
	unsigned count;		 /* of them, and which they are */
	uint8_t is[WHATS];
};

/* Once, and not before all protocols have registered. */
void reader_init(void);

enum reader_for {
	READER_FOR_ALL,
	READER_FOR_FIELDS,  /* what our fields need: no times */
	READER_FOR_EXPERTS, /* what our expert items need */
	READER_FOR_NAMES,   /* of that, what DNS alone says */
};

/* Fields that we read, as set_postdissector_wanted_hfids() wants them. */
GArray *reader_wanted(enum reader_for whom);

/* A display filter that refers to them all; to be freed with g_free(). */
char *reader_filter(void);

/* All of them in a tree that was asked for them, or NULL. */
GPtrArray *reader_asked_for(proto_tree *tree, enum what what);

/* All of them in the packet, or NULL; the first; what it says, and as a host. */
GPtrArray *reader_values(struct reader *r, enum what what);
const field_info *reader_value(struct reader *r, enum what what);
const char *reader_text_of(struct reader *r, const field_info *fi);
const char *reader_text(struct reader *r, enum what what);
const char *reader_host(struct reader *r, enum what what);
bool reader_number(struct reader *r, enum what what, uint32_t *out);
bool reader_flag(struct reader *r, enum what what);

/* The dissector's own word for a number, and for the one in the packet. */
const char *reader_word_of(struct reader *r, enum what what, uint32_t number);
const char *reader_word(struct reader *r, enum what what);

/* A host as everybody writes it, so that it can be filtered for; mostly @s. */
const char *reader_as_host(wmem_allocator_t *pool, const char *s);

/* Long texts are for the packet's own details, not for a column.  Mostly @s. */
const char *reader_shorten(wmem_allocator_t *pool, const char *s);

/* The same of bytes that stand for themselves, see text.h. */
const char *reader_shorten_plain(wmem_allocator_t *pool, const char *s);

/* What was searched for is given back. */
void reader_end(struct reader *r);

/* read_http.c, read_dns.c, read_tls.c: into the reader's flow. */
void read_http(struct reader *r);
void read_http2(struct reader *r);
void read_http3(struct reader *r);
void read_dns(struct reader *r, const struct attribution *owners);
void read_tls(struct reader *r);
void read_dtls(struct reader *r);

#endif
