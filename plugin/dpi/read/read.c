/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dpi/read/read.h"

#include "dpi/read/reader.h"
#include "dpi/read/times.h"

static void read_ssh(struct reader *r)
{
	bool is_server = r->pinfo->srcport == r->flow->port;
	const char *software = reader_text(r, SSH_SOFTWARE);

	const char *side = is_server ? "server" : "client";

	if (software)
		dpi_flow_turn(r->flow, r->pinfo->num, false, NULL,
			      wmem_strdup_printf(r->pinfo->pool, "%s %s", side,
						 software));
}

/*
 * Who speaks, or for what.  No passwords, nor what serves as one, as SNMP's
 * community: a column may be on a screen that others see.
 */
static const struct {
	enum what what;
	const char *word; /* NULL: it is the host */
	bool again;	  /* also if it was said before */
} sayings[] = {
	{ SOCKS_HOST, NULL, true },
	{ SIP_HOST, NULL, true },
	{ NBNS_NAME, NULL, true },
	{ SIP_TO, "to", false },
	{ MYSQL_USER, "user", false },
	{ MYSQL_SCHEMA, "database", false },
	{ TDS_USER, "user", false },
	{ MONGO_COLLECTION, "collection", true },
	{ SMB2_TREE, "share", true },
	{ SMB_PATH, "share", true },
	{ SMB2_FILE, "file", true },
	{ NTLM_USER, "user", false },
	{ NFS_NAME, "file", true },
	{ LDAP_NAME, "user", false },
	{ KERBEROS_CLIENT, "user", false },
	{ KERBEROS_SERVICE, "service", true },
	{ RDP_COOKIE, "cookie", false },
	{ DHCP_NAME, "name", false },
	{ MQTT_CLIENT, "client", false },
	{ MQTT_TOPIC, "topic", true },
	{ KAFKA_CLIENT, "client", false },
	{ RTSP_URL, "URL", false },
};

/* NetBIOS adds a number for the kind of service: "HOST<20>". */
static const char *host_said(struct reader *r, enum what what)
{
	const char *host = reader_host(r, what);

	return host ? wmem_strndup(r->pinfo->pool, host, strcspn(host, "<")) :
		      NULL;
}

static void read_saying(struct reader *r, size_t i)
{
	const char *text = reader_text(r, sayings[i].what), *detail;

	if (!text)
		return;
	if (!sayings[i].word) {
		dpi_flow_turn(r->flow, r->pinfo->num, false,
			      host_said(r, sayings[i].what), NULL);
		return;
	}
	if (r->flow->told & 1u << i && !sayings[i].again)
		return;
	r->flow->told |= 1u << i;
	detail = wmem_strdup_printf(r->pinfo->pool, "%s %s", sayings[i].word,
				    text);
	dpi_flow_turn(r->flow, r->pinfo->num, false, NULL, detail);
}

static void read_gquic(struct reader *r)
{
	const char *host = reader_host(r, GQUIC_HOST);

	if (host && !r->flow->host)
		r->flow->host_frame = r->pinfo->num;
	dpi_flow_set(&r->flow->host, host);
}

static void read_requests(struct reader *r, unsigned families)
{
	if (families & DPI_HTTP)
		read_http(r);
	if (families & DPI_HTTP2)
		read_http2(r);
	if (families & DPI_HTTP3)
		read_http3(r);
}

static void read_sayings(struct reader *r, unsigned families)
{
	for (size_t i = 0; families & DPI_SAYS && i < array_length(sayings);
	     i++)
		read_saying(r, i);
	if (families & DPI_SSH)
		read_ssh(r);
	dpi_times_read(r);
}

void dpi_read(struct dpi_flow *f, const struct dpi_layers *l,
	      packet_info *pinfo, const struct dpi_source *from,
	      const struct attribution *owners)
{
	struct reader r = {
		.flow = f,
		.layers = l,
		.pinfo = pinfo,
		.tree = from->tree,
		.dns = from->dns,
		.primed = from->is_primed,
		.is_for_experts = from->is_for_experts,
	};

	if (l->families & DPI_TLS)
		read_tls(&r);
	if (l->families & DPI_DTLS)
		read_dtls(&r);
	if (l->families & DPI_GQUIC)
		read_gquic(&r);
	if (!r.is_for_experts)
		read_requests(&r, l->families);
	if (l->families & DPI_DNS)
		read_dns(&r, owners);
	if (!r.is_for_experts)
		read_sayings(&r, l->families);
	reader_end(&r);
}
