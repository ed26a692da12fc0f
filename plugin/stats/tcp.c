/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which program suffers: Wireshark's TCP analysis, added up by program.
 *
 * The analysis is taken from where Wireshark keeps it.  The fields that show
 * it exist only in a tree, which a statistic must not force upon every packet
 * and which is not there at all when Wireshark taps the packets again.
 */
#include "stats/stats.h"

#include <epan/conversation.h>
#include <epan/dissectors/packet-tcp.h>
#include <epan/tap.h>

/* packet-tcp.c: its own names, the same numbers from 4.0 to 4.6. */
#define TCP_A_RETRANSMISSION	      0x0001
#define TCP_A_DUPLICATE_ACK	      0x0010
#define TCP_A_FAST_RETRANSMISSION     0x0400
#define TCP_A_SPURIOUS_RETRANSMISSION 0x4000
#define ANY_RETRANSMISSION                                  \
	(TCP_A_RETRANSMISSION | TCP_A_FAST_RETRANSMISSION | \
	 TCP_A_SPURIOUS_RETRANSMISSION)
#define COMPLETENESS_SYNACK 0x02
#define FLAG_RST	    0x004

/* clang-format off */
enum column {
	PROGRAM, CONNECTIONS, RESET_OUT, RESET_IN, RETRANS_OUT, RETRANS_IN,
	DUPACK_OUT, DUPACK_IN, PACKETS, RTT_AVG, RTT_MIN, RTT_MAX, COLUMNS
};
/* clang-format on */

#define COUNT(title)                                          \
	{                                                     \
		TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, title, "%u" \
	}
#define MILLISECONDS(title)                                      \
	{                                                        \
		TABLE_ITEM_FLOAT, TAP_ALIGN_RIGHT, title, "%.3f" \
	}

static stat_tap_table_item columns[] = {
	[PROGRAM] = { TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Program", "%s" },
	[CONNECTIONS] = COUNT("Connections"),
	[PACKETS] = COUNT("Packets"),
	[RETRANS_OUT] = COUNT("Retrans. Out"),
	[RETRANS_IN] = COUNT("Retrans. In"),
	[DUPACK_OUT] = COUNT("Dup. ACKs Out"),
	[DUPACK_IN] = COUNT("Dup. ACKs In"),
	[RESET_OUT] = COUNT("Resets Out"),
	[RESET_IN] = COUNT("Resets In"),
	[RTT_MIN] = MILLISECONDS("Min RTT (ms)"),
	[RTT_AVG] = MILLISECONDS("Avg RTT (ms)"),
	[RTT_MAX] = MILLISECONDS("Max RTT (ms)"),
};

/* What a row must remember that it does not show. */
struct program {
	guint row; /* its place, see stats_row_rise() */
	char *name;
	GHashTable *streams; /* its connections; true once the RTT counts */
	double rtt_sum;
	guint rtts;
};

/*
 * Wireshark keeps one set of tables for a kind of statistic, so one index is
 * enough.  While it exists the statistic is in use.
 */
static GHashTable *programs; /* name -> struct program */
static GPtrArray *places;    /* row -> its struct program's row */

bool tcpstats_are_wanted(void)
{
	return programs != NULL;
}

static void free_streams(void *data)
{
	struct program *p = data;

	g_hash_table_destroy(p->streams);
	g_free(p->name);
	g_free(p);
}

static struct program *program_new(stat_tap_table *table, const char *name)
{
	struct program *p = g_new0(struct program, 1);
	stat_tap_table_item_type items[COLUMNS];

	p->row = table->num_elements;
	p->name = g_strdup(name);
	p->streams = g_hash_table_new(g_direct_hash, g_direct_equal);
	memset(items, 0, sizeof(items));
	/* Until there is one, no RTT is shown: not 0. */
	for (int i = 0; i < COLUMNS; i++)
		items[i].type = i < RTT_AVG ? columns[i].type : TABLE_ITEM_NONE;
	items[PROGRAM].value.string_value = p->name;
	stat_tap_init_table_row(table, p->row, COLUMNS, items);
	g_hash_table_insert(programs, p->name, p);
	g_ptr_array_add(places, &p->row);
	return p;
}

static stat_tap_table_item_type *
tcp_cell(stat_tap_table *table, const struct program *p, enum column column)
{
	return stat_tap_get_field_data(table, p->row, column);
}

static void increase(stat_tap_table *table, const struct program *p,
		     enum column column, bool by_one)
{
	tcp_cell(table, p, column)->value.uint_value += by_one;
}

static void add_rtt(stat_tap_table *table, struct program *p, double ms)
{
	stat_tap_table_item_type *min = tcp_cell(table, p, RTT_MIN);
	stat_tap_table_item_type *max = tcp_cell(table, p, RTT_MAX);

	for (int i = RTT_AVG; i <= RTT_MAX; i++)
		tcp_cell(table, p, i)->type = columns[i].type;
	if (!p->rtts || ms < min->value.float_value)
		min->value.float_value = ms;
	if (ms > max->value.float_value)
		max->value.float_value = ms;
	p->rtt_sum += ms;
	p->rtts++;
	tcp_cell(table, p, RTT_AVG)->value.float_value = p->rtt_sum / p->rtts;
}

/* One TCP packet, as far as we count it. */
struct segment {
	guint32 stream;
	bool reset;
	bool retransmission;
	bool duplicate_ack;
	bool has_rtt;
	double rtt_ms; /* of its connection's handshake */
};

/* Each connection counts once, and its handshake when it is complete. */
static void count_connection(stat_tap_table *table, struct program *p,
			     const struct segment *s)
{
	void *key = GUINT_TO_POINTER(s->stream), *counted = NULL;
	bool known = g_hash_table_lookup_extended(p->streams, key, NULL,
						  &counted);

	increase(table, p, CONNECTIONS, !known);
	if (s->has_rtt && !counted)
		add_rtt(table, p, s->rtt_ms);
	if (!known || (s->has_rtt && !counted))
		g_hash_table_insert(p->streams, key,
				    GINT_TO_POINTER(s->has_rtt));
}

static void count_segment(stat_tap_table *table, const char *name, bool sent,
			  const struct segment *s)
{
	struct program *p = g_hash_table_lookup(programs, name);

	if (!p)
		p = program_new(table, name);
	count_connection(table, p, s);
	increase(table, p, PACKETS, true);
	increase(table, p, sent ? RETRANS_OUT : RETRANS_IN, s->retransmission);
	increase(table, p, sent ? DUPACK_OUT : DUPACK_IN, s->duplicate_ack);
	increase(table, p, sent ? RESET_OUT : RESET_IN, s->reset);
	stats_row_rise(table, places, p->row, PACKETS);
}

/*
 * Without a conversation of its own to look at, Wireshark's function leaves
 * the analysis of the packet in place that was just dissected, and finds it by
 * the packet's addresses.  In a tunnel those may be another packet's.
 */
static void analyse(struct segment *s, packet_info *pinfo,
		    const tcp_info_t *tcp)
{
	const struct tcp_analysis *a;

	if (!addresses_equal(&pinfo->src, &tcp->ip_src) ||
	    !addresses_equal(&pinfo->dst, &tcp->ip_dst) ||
	    pinfo->srcport != tcp->th_sport || pinfo->destport != tcp->th_dport)
		return;
	a = get_tcp_conversation_data(NULL, pinfo);
	if (!a || a->stream != tcp->th_stream)
		return;
	if (a->ta) {
		s->retransmission = a->ta->flags & ANY_RETRANSMISSION;
		s->duplicate_ack = a->ta->flags & TCP_A_DUPLICATE_ACK;
	}
	/* A refusal is no handshake, though Wireshark times it as one. */
	s->has_rtt = !nstime_is_zero(&a->ts_first_rtt) &&
		     (a->conversation_completeness & COMPLETENESS_SYNACK);
	s->rtt_ms = nstime_to_msec(&a->ts_first_rtt);
}

static tap_packet_status tcp_packet(void *data, packet_info *pinfo,
				    epan_dissect_t *edt _U_, const void *tcp,
				    tap_flags_t flags _U_)
{
	stat_data_t *stat = data;
	stat_tap_table *table = g_array_index(stat->stat_tap_data->tables,
					      stat_tap_table *, 0);
	const struct stats_packet *owners = stats_packet_get(pinfo);
	const tcp_info_t *header = tcp;
	struct segment s = {
		.stream = header->th_stream,
		.reset = header->th_flags & FLAG_RST,
	};

	if (!owners || !programs)
		return TAP_PACKET_DONT_REDRAW;
	analyse(&s, pinfo, header);
	if (owners->src)
		count_segment(table, owners->src_line.name, true, &s);
	if (owners->dst &&
	    g_strcmp0(owners->src_line.name, owners->dst_line.name))
		count_segment(table, owners->dst_line.name, false, &s);
	return TAP_PACKET_REDRAW;
}

static void tcp_table_init(stat_tap_table_ui *ui)
{
	static const char title[] = "TCP by Program";
	stat_tap_table *table = stat_tap_find_table(ui, title);

	if (!programs) {
		programs = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
						 free_streams);
		places = g_ptr_array_new();
	}
	if (table) {
		ui->stat_tap_reset_table_cb(table);
		return;
	}
	table = stat_tap_init_table(title, COLUMNS, 0, NULL);
	stat_tap_add_table(ui, table);
}

static void tcp_table_reset(stat_tap_table *table)
{
	stats_clear_rows(table);
	if (!programs)
		return;
	g_ptr_array_set_size(places, 0);
	g_hash_table_remove_all(programs);
}

/* Called for every cell; the names go with the first. */
static void table_free_cell(stat_tap_table *table _U_, guint row, guint column,
			    stat_tap_table_item_type *cell _U_)
{
	if (row || column || !programs)
		return;
	g_ptr_array_free(places, true);
	g_hash_table_destroy(programs);
	programs = NULL;
}

void tcpstats_init(void)
{
	static stat_tap_table_ui ui = {
		.title = "TCP by Program",
		.tap_name = "tcp",
		.cli_string = "proc,tcp",
		.stat_tap_init_cb = tcp_table_init,
		.packet_func = tcp_packet,
		.stat_tap_reset_table_cb = tcp_table_reset,
		.stat_tap_free_table_item_cb = table_free_cell,
		.nfields = COLUMNS,
		.fields = columns,
	};

	lines_add_head(&columns[PROGRAM]);
	stats_register_window(&ui);
}
