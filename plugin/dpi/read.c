/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dpi/read.h"

#include "dpi/reader.h"

static void read_ssh(struct reader *r)
{
	bool is_server = r->pinfo->srcport == r->flow->port;
	const char *software = reader_text(r, SSH_SOFTWARE);

	if (software)
		dpi_flow_turn(r->flow, r->pinfo->num, false, NULL,
			      wmem_strdup_printf(r->pinfo->pool, "%s %s",
				is_server ? "server" : "client", software));
}

static void read_gquic(struct reader *r)
{
	const char *host = reader_text(r, GQUIC_HOST);

	if (host && !r->flow->host)
		r->flow->host_frame = r->pinfo->num;
	dpi_flow_set(&r->flow->host, host);
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
	if (l->families & DPI_DTLS)
		read_dtls(&r);
	if (l->families & DPI_GQUIC)
		read_gquic(&r);
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
	reader_end(&r);
}
