/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stats/stats.h"

#include <epan/conversation_table.h>
#include <epan/proto_data.h>
#include <epan/tap.h>
#include <epan/to_str.h>

#include "text.h"

static int proto_proc = -1;
static int tap = -1;

bool stats_are_wanted(void)
{
	return have_tap_listener(tap) || tcpstats_are_wanted();
}

int stats_length(const packet_info *pinfo)
{
	return (int)MIN(pinfo->fd->pkt_len, (guint32)G_MAXINT);
}

const char *stats_name_of(wmem_allocator_t *pool, const struct packet_end *e)
{
	if (!e->present)
		return NULL;
	return text_escape(pool, e->name, strnlen(e->name, sizeof(e->name)));
}

static void add_imported(wmem_allocator_t *pool, struct stats_packet *s,
			 const struct imported *i)
{
	const char *name = text_escape(pool, i->name, strlen(i->name));

	if (!*name)
		return; /* a number alone is no program */
	if (i->end == IMPORT_SRC)
		s->src = name;
	else if (i->end == IMPORT_DST)
		s->dst = name;
	else
		s->other = name;
}

void stats_register_window(stat_tap_table_ui *ui)
{
	static tap_param params[] = {
		{ PARAM_FILTER, "filter", "Filter", NULL, true },
	};

	ui->group = REGISTER_PACKET_STAT_GROUP_UNSORTED;
	ui->params = params;
	ui->nparams = array_length(params);
	register_stat_tap_table_ui(ui);
}

void stats_clear_rows(stat_tap_table *table)
{
	for (guint i = 0; i < table->num_elements; i++)
		g_free(table->elements[i]);
	g_free(table->elements);
	table->elements = NULL;
	table->num_elements = 0;
}

static guint row_count(stat_tap_table *table, guint row, guint column)
{
	return stat_tap_get_field_data(table, row, column)->value.uint_value;
}

static void swap_rows(stat_tap_table *table, GPtrArray *places, guint a,
		      guint b)
{
	void *place = places->pdata[a];

	for (guint i = 0; i < table->num_fields; i++) {
		stat_tap_table_item_type *x = &table->elements[a][i];
		stat_tap_table_item_type *y = &table->elements[b][i], old = *x;

		*x = *y;
		*y = old;
	}
	places->pdata[a] = places->pdata[b];
	places->pdata[b] = place;
	*(guint *)places->pdata[a] = a;
	*(guint *)places->pdata[b] = b;
}

void stats_row_rise(stat_tap_table *table, GPtrArray *places, guint row,
		    guint column)
{
	for (; row && row_count(table, row, column) >
			      row_count(table, row - 1, column);
	     row--)
		swap_rows(table, places, row, row - 1);
}

void stats_packet(packet_info *pinfo, const struct attribution *owners,
		  const struct receivers *others,
		  const struct imported *imported)
{
	struct stats_packet *s = wmem_new0(pinfo->pool, struct stats_packet);
	const address *src = &pinfo->net_src, *dst = &pinfo->net_dst;

	s->owners = *owners;
	s->other_count = others->count;
	s->others = wmem_memdup(pinfo->pool, others->of,
				others->count * sizeof(*others->of));
	s->src = stats_name_of(pinfo->pool, &owners->src);
	s->dst = stats_name_of(pinfo->pool, &owners->dst);
	s->src_line = lines_of_end(pinfo, &owners->src, true, s->src, dst,
				   owners->dst.country);
	s->dst_line = lines_of_end(pinfo, &owners->dst, false, s->dst, src,
				   owners->src.country);
	if (imported) {
		s->imported = wmem_memdup(pinfo->pool, &imported->process,
					  sizeof(imported->process));
		add_imported(pinfo->pool, s, imported);
		s->src_line = lines_of_import(pinfo, imported, s->src, dst);
		s->dst_line = lines_of_import(pinfo, imported, s->dst, src);
		s->other_line = lines_of_import(pinfo, imported, s->other, dst);
	}
	p_add_proto_data(pinfo->pool, pinfo, proto_proc, 0, s);
	tap_queue_packet(tap, pinfo, s);
}

const struct stats_packet *stats_packet_get(packet_info *pinfo)
{
	return p_get_proto_data(pinfo->pool, pinfo, proto_proc, 0);
}

/* ---- conv,proc and endpoints,proc ---- */

/*
 * Wireshark puts quotes around a name and does not escape what is inside: a
 * filter for such a name would be another filter, and none is better.
 */
static bool can_be_filtered(const address *a)
{
	return !strpbrk((const char *)a->data, "\"\\");
}

/*
 * Wireshark does not say which of the two addresses a filter is for, so one
 * field must do for programs and for addresses.
 */
static const char *conversation_filter(conv_item_t *c, conv_filter_type_e type)
{
	if (!can_be_filtered(&c->src_address) ||
	    !can_be_filtered(&c->dst_address))
		return CONV_FILTER_INVALID;
	switch (type) {
	case CONV_FT_SRC_ADDRESS:
		return "proc.src.party";
	case CONV_FT_DST_ADDRESS:
		return "proc.dst.party";
	case CONV_FT_ANY_ADDRESS:
		return "proc.party";
	default:
		return CONV_FILTER_INVALID;
	}
}

static const char *endpoint_filter(endpoint_item_t *e, conv_filter_type_e type)
{
	if (!can_be_filtered(&e->myaddress))
		return CONV_FILTER_INVALID;
	switch (type) {
	case CONV_FT_SRC_ADDRESS:
		return "proc.src.name";
	case CONV_FT_DST_ADDRESS:
		return "proc.dst.name";
	case CONV_FT_ANY_ADDRESS:
		return "proc.name";
	default:
		return CONV_FILTER_INVALID;
	}
}

/* As fields_add_parties() has it. */
static address party_address(wmem_allocator_t *pool, const char *program,
			     const address *network)
{
	address a = ADDRESS_INIT_NONE;

	if (!program)
		program = address_to_str(pool, network);
	set_address(&a, AT_STRINGZ, (int)strlen(program) + 1, program);
	return a;
}

static tap_packet_status conversation_packet(void *table, packet_info *pinfo,
					     epan_dissect_t *edt _U_,
					     const void *data,
					     tap_flags_t flags)
{
	static ct_dissector_info_t info = { conversation_filter };
	const struct stats_packet *s = data;
	conv_hash_t *hash = table;
	address src, dst;

	hash->flags = flags;
	if (!s->src && !s->dst)
		return TAP_PACKET_DONT_REDRAW;
	src = party_address(pinfo->pool, s->src, &pinfo->net_src);
	dst = party_address(pinfo->pool, s->dst, &pinfo->net_dst);
	add_conversation_table_data(hash, &src, &dst, 0, 0, 1,
				    stats_length(pinfo), &pinfo->rel_ts,
				    &pinfo->abs_ts, &info, CONVERSATION_NONE);
	return TAP_PACKET_REDRAW;
}

static void add_endpoint(conv_hash_t *hash, packet_info *pinfo,
			 const char *program, bool sender)
{
	static et_dissector_info_t info = { endpoint_filter };
	address a;

	if (!program)
		return;
	set_address(&a, AT_STRINGZ, (int)strlen(program) + 1, program);
	add_endpoint_table_data(hash, &a, 0, sender, 1, stats_length(pinfo),
				&info, ENDPOINT_NONE);
}

static tap_packet_status endpoint_packet(void *table, packet_info *pinfo,
					 epan_dissect_t *edt _U_,
					 const void *data, tap_flags_t flags)
{
	const struct stats_packet *s = data;
	conv_hash_t *hash = table;

	hash->flags = flags;
	add_endpoint(hash, pinfo, s->src, true);
	add_endpoint(hash, pinfo, s->dst, false);
	for (unsigned i = 0; i < s->other_count; i++)
		add_endpoint(hash, pinfo,
			     stats_name_of(pinfo->pool, &s->others[i]), false);
	return TAP_PACKET_REDRAW;
}

void stats_init(int proto, module_t *prefs)
{
	proto_proc = proto;
	lines_init(prefs);
	/* Both tables find their tap by the protocol's filter name. */
	tap = register_tap("proc");
	register_conversation_table(proto, true, conversation_packet,
				    endpoint_packet);
	tcpstats_init();
	table_init();
}
