/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stats/tree.h"

#include <epan/stats_tree_priv.h>

#include "dpi/dpi.h"
#include "stats/stats.h"

#define PACKETS	   "Packets"
#define BYTES	   "Bytes"
#define MAX_LINES  1000 /* of one parent; then "(others)" */
#define MOST_FIRST (ST_SORT_COL_COUNT << ST_FLG_SRTCOL_SHIFT | ST_FLG_SORT_DESC)

/* Names of hosts are learnt from the first packet on. */
static void tree_init(stats_tree *st)
{
	dpi_collect();
	stats_tree_create_node(st, PACKETS, 0, STAT_DT_INT, true);
	stats_tree_create_node(st, BYTES, 0, STAT_DT_INT, true);
}

static int count_packet(stats_tree *st, const char *name, int parent, int len)
{
	return avg_stat_node_add_value_int(st, name, parent, true, len);
}

/*
 * The counter is of bytes, and the columns beside it are of the packets, as
 * Wireshark would have counted them: it divides the total by the counter.
 * The counters are ints: better to stop at 2 GiB than to turn negative.
 */
static int count_bytes(stats_tree *st, const char *name, int parent,
		       const stat_node *packets, int len)
{
	int id = increase_stat_node(st, name, parent, true, 0);
	stat_node *node = g_ptr_array_index(st->parents, (guint)id);
	int room = G_MAXINT - node->counter;

	increase_stat_node(st, name, parent, true, MIN(len, room));
	node->st_flags |= ST_FLG_AVERAGE;
	node->total.int_total = (gint64)((double)packets->total.int_total /
					 packets->counter * node->counter);
	node->minvalue = packets->minvalue;
	node->maxvalue = packets->maxvalue;
	return id;
}

/* Wireshark finds the two roots by name, among all that have lines below. */
static const char *line_name(wmem_allocator_t *pool, const char *name)
{
	if (strcmp(name, PACKETS) && strcmp(name, BYTES))
		return name;
	return wmem_strdup_printf(pool, "%s (program)", name);
}

/* It finds a new line's place by a walk over all of its parent's. */
static const char *line_of(const stats_tree *st, int parent, const char *name)
{
	const stat_node *node = g_ptr_array_index(st->parents, (guint)parent);

	if (g_hash_table_size(node->hash) < MAX_LINES ||
	    g_hash_table_contains(node->hash, name))
		return name;
	return "(others)";
}

static const stat_node *node_of(const stats_tree *st, int id)
{
	return g_ptr_array_index(st->parents, (guint)id);
}

/* The first @counted names have been: the packet's other end is below them. */
static void count_path(stats_tree *st, packet_info *pinfo,
		       const struct lines_path *p, unsigned counted)
{
	int len = stats_length(pinfo);
	int packets = stats_tree_parent_id_by_name(st, PACKETS);
	int bytes = stats_tree_parent_id_by_name(st, BYTES);

	for (unsigned i = 0; i < p->depth; i++) {
		const char *name = line_of(st, packets,
					   line_name(pinfo->pool, p->names[i]));

		if (i < counted) {
			packets = increase_stat_node(st, name, packets, true,
						     0);
			bytes = increase_stat_node(st, name, bytes, true, 0);
			continue;
		}
		packets = count_packet(st, name, packets, len);
		bytes = count_bytes(st, name, bytes, node_of(st, packets), len);
	}
}

/* Nobody's packets are worth a line too: they are why numbers do not add up. */
static const char *nobody_line(wmem_allocator_t *pool,
			       const struct attribution *a)
{
	const struct packet_end *e = a->src.attr ? &a->src : &a->dst;
	const char *reason = reason_name(e->reason);

	if (!e->attr)
		return "(no process)";
	return wmem_strdup_printf(pool, *reason ? "(%s: %s)" : "(%s)",
				  attr_name(e->attr), reason);
}

static unsigned common(const struct lines_path *a, const struct lines_path *b)
{
	unsigned n = 0;

	while (n < a->depth && n < b->depth &&
	       !strcmp(a->names[n], b->names[n]))
		n++;
	return n;
}

static void count_nobody(stats_tree *st, packet_info *pinfo,
			 const struct attribution *a)
{
	static const struct line none = { NULL, NULL };
	const char *who = nobody_line(pinfo->pool, a);
	struct lines_path path;

	if (a->direction == DIRECTION_IN)
		lines_path(&path, pinfo, &none, who, &pinfo->net_src,
			   a->src.country);
	else
		lines_path(&path, pinfo, &none, who, &pinfo->net_dst,
			   a->dst.country);
	count_path(st, pinfo, &path, 0);
}

/* A name that is a line of the packet's already counts it once. */
static void count_others(stats_tree *st, packet_info *pinfo,
			 const struct stats_packet *s,
			 const struct lines_path *path,
			 const struct lines_path *back)
{
	const char *country = s->owners.src.country;
	const address *src = &pinfo->net_src;

	for (unsigned i = 0; i < s->other_count; i++) {
		const struct packet_end *e = &s->others[i];
		const char *name = stats_name_of(pinfo->pool, e);
		struct line line = lines_of_end(pinfo, e, false, name, src,
						country);
		struct lines_path other;

		lines_path(&other, pinfo, &line, name, src, country);
		count_path(st, pinfo, &other,
			   MAX(common(path, &other), common(back, &other)));
	}
}

static tap_packet_status tree_packet(stats_tree *st, packet_info *pinfo,
				     epan_dissect_t *edt _U_, const void *data,
				     tap_flags_t flags _U_)
{
	const struct stats_packet *s = data;
	const struct attribution *a = &s->owners;
	const address *src = &pinfo->net_src, *dst = &pinfo->net_dst;
	struct lines_path path = { .depth = 0 }, back = { .depth = 0 };
	int len = stats_length(pinfo), packets;

	/* Once, whether or not both ends have a line of their own. */
	packets = count_packet(st, PACKETS, 0, len);
	count_bytes(st, BYTES, 0, node_of(st, packets), len);
	if (s->src) {
		lines_path(&path, pinfo, &s->src_line, s->src, dst,
			   a->dst.country);
		count_path(st, pinfo, &path, 0);
	}
	if (s->dst) {
		lines_path(&back, pinfo, &s->dst_line, s->dst, src,
			   a->src.country);
		count_path(st, pinfo, &back, common(&path, &back));
	}
	count_others(st, pinfo, s, &path, &back);
	if (s->other) {
		lines_path(&path, pinfo, &s->other_line, s->other, dst,
			   a->dst.country);
		count_path(st, pinfo, &path, 0);
	} else if (!s->src && !s->dst) {
		count_nobody(st, pinfo, a);
	}
	return TAP_PACKET_REDRAW;
}

void tree_init_statistic(void)
{
	/* The packets' trees are for the names of hosts: dpi/names.h. */
	stats_tree_register_plugin("proc", "proc",
				   "Processes" STATS_TREE_SEP
				   "Packets and Bytes",
				   MOST_FIRST | TL_REQUIRES_PROTO_TREE,
				   tree_packet, tree_init, NULL);
}
