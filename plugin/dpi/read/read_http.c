/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hosts, paths and answers of HTTP. */
#include "dpi/read/read.h"
#include "dpi/read/reader.h"

/* "example.com:8080", "[2001:db8::1]:8080": the port is the packet's. */
static const char *without_port(wmem_allocator_t *pool, const char *host)
{
	const char *end = host ? strrchr(host, ':') : NULL;

	if (host && *host == '[' && strchr(host, ']'))
		return wmem_strndup(pool, host + 1, strcspn(host, "]") - 1);
	if (!end || strchr(host, ':') != end)
		return host;
	if (end > host + 1 && end[-1] == '.')
		end--;
	return wmem_strndup(pool, host, end - host);
}

static void read_request(struct reader *r, enum what host, enum what method,
			 enum what uri)
{
	const char *h = without_port(r->pinfo->pool, reader_host(r, host));
	const char *m = reader_text(r, method);
	const char *u = reader_text(r, uri);
	const char *detail = m;

	if (m && u)
		detail = wmem_strdup_printf(r->pinfo->pool, "%s %s", m, u);
	dpi_flow_turn(r->flow, r->pinfo->num, m != NULL, h, detail);
}

/* RFC 9110, section 15.2: another one follows, but for 101. */
static bool final_status(struct reader *r, enum what what, uint32_t *status)
{
	return reader_number(r, what, status) &&
	       (*status >= 200 || *status == 101);
}

void read_http(struct reader *r)
{
	uint32_t request = 0, status;

	read_request(r, HTTP_HOST, HTTP_METHOD, HTTP_URI);
	if (!final_status(r, HTTP_STATUS, &status))
		return;
	reader_number(r, HTTP_REQUEST_IN, &request);
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

/* gRPC is known by its headers as well, where nothing else was captured. */
void read_http2(struct reader *r)
{
	const char *type = reader_text(r, HTTP2_TYPE);

	if (type && g_str_has_prefix(type, "application/grpc"))
		dpi_flow_set_app(r->flow, "gRPC", DPI_WITHIN, DPI_BY_DISSECTOR);
	read_request(r, HTTP2_HOST, HTTP2_METHOD, HTTP2_URI);
	read_only_status(r, HTTP2_STATUS);
}

void read_http3(struct reader *r)
{
	read_request(r, HTTP3_HOST, HTTP3_METHOD, HTTP3_URI);
	read_only_status(r, HTTP3_STATUS);
}

#define HEADERS 64 /* lines of a request that are looked at */

/* What stands behind "Host:", of lines that are whole but for the last. */
static const char *host_among(wmem_allocator_t *pool, char **lines)
{
	for (char **l = lines; l[0] && l[1] && **l; l++) {
		const char *host;

		if (g_ascii_strncasecmp(*l, "Host:", 5))
			continue;
		host = reader_shorten(pool, g_strstrip(*l + 5));
		return without_port(pool, reader_as_host(pool, host));
	}
	return NULL;
}

void dpi_read_request(struct dpi_flow *f, wmem_allocator_t *pool,
		      const struct payload *p)
{
	char *text = wmem_strndup(pool, (const char *)p->p, p->len);
	char **lines = g_strsplit(text, "\r\n", HEADERS);
	char *version = lines[0] ? strstr(lines[0], " HTTP/1.") : NULL;

	if (version && version != lines[0]) {
		*version = '\0';
		dpi_flow_set(&f->asked_for, reader_shorten(pool, lines[0]));
		dpi_flow_set(&f->asked_host, host_among(pool, lines + 1));
	}
	g_strfreev(lines);
}
