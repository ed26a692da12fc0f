/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dpi/read/times.h"

#include "program.h"
#include "stats/stats.h"

static wmem_map_t *times; /* frame -> struct dpi_time */

void dpi_times_init(void)
{
	times = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(),
				       g_direct_hash, g_direct_equal);
}

const struct dpi_time *dpi_times_get(uint32_t frame)
{
	return wmem_map_lookup(times, GUINT_TO_POINTER(frame));
}

/* What is first known of a frame stays: it is read again and again. */
static void put(const packet_info *pinfo, const char *app, double ms)
{
	void *key = GUINT_TO_POINTER(pinfo->num);
	struct dpi_time *t;

	if (!app || ms < 0 || wmem_map_size(times) >= DPI_TIMES_MAX ||
	    wmem_map_contains(times, key))
		return;
	t = wmem_new(wmem_file_scope(), struct dpi_time);
	t->app = app;
	t->ms = ms;
	wmem_map_insert(times, key, t);
}

static void read_time(struct reader *r, enum what what)
{
	const field_info *fi = reader_value(r, what);

	if (fi)
		put(r->pinfo, r->flow->app,
		    nstime_to_msec(fvalue_get_time(finfo_value(fi))));
}

static void read_fields(struct reader *r, unsigned families)
{
	if (families & DPI_HTTP)
		read_time(r, HTTP_TIME);
	if (families & DPI_HTTP2)
		read_time(r, HTTP2_TIME);
	if (families & DPI_DNS)
		read_time(r, DNS_TIME);
	for (int what = SMB_TIME; families & DPI_TIMED && what <= SNMP_TIME;
	     what++)
		read_time(r, (enum what)what);
}

static void ask(struct dpi_asked *a, const packet_info *pinfo)
{
	/* Read again from the start, the last of the file is the next. */
	if (a->frame && a->frame <= pinfo->num)
		return;
	a->frame = pinfo->num;
	a->at = pinfo->abs_ts;
}

static void answer(struct dpi_asked *a, const packet_info *pinfo,
		   const char *app)
{
	nstime_t waited;

	if (!a->frame || a->frame >= pinfo->num)
		return;
	nstime_delta(&waited, &pinfo->abs_ts, &a->at);
	put(pinfo, app, nstime_to_msec(&waited));
	a->frame = 0;
}

/* The first packet was not the client's, or who can tell? */
static bool has_server(const struct reader *r)
{
	return r->flow->port < r->pinfo->srcport ||
	       r->flow->port < r->pinfo->destport;
}

static void read_turns(struct reader *r)
{
	if (!has_server(r))
		return;
	if (r->pinfo->destport == r->flow->port)
		ask(&r->flow->asked, r->pinfo);
	else
		answer(&r->flow->asked, r->pinfo, r->flow->app);
}

/* From ClientHello to ServerHello. */
static void read_hello_times(struct reader *r)
{
	uint32_t type;

	if (!reader_number(r, TLS_MESSAGE, &type))
		return;
	if (type == 1)
		ask(&r->flow->hello, r->pinfo);
	else if (type == 2)
		answer(&r->flow->hello, r->pinfo, "TLS handshake");
}

void dpi_times_read(struct reader *r)
{
	/* Wireshark's statistics may start later, tshark's do not. */
	if (program_is("tshark") && !stats_are_wanted())
		return;
	read_fields(r, r->layers->families);
	if (r->layers->families & DPI_TURNS)
		read_turns(r);
	if (r->layers->families & DPI_TLS && !r->layers->in_quic)
		read_hello_times(r);
}
