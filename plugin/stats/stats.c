/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stats/stats.h"

#include <epan/conversation_table.h>
#include <epan/proto_data.h>
#include <epan/stats_tree_priv.h>
#include <epan/tap.h>
#include <epan/to_str.h>

#include "dpi/names.h"
#include "geo/geo_fields.h"
#include "proc/records.h"
#include "text.h"

static int proto_proc = -1;
static int tap = -1;

bool stats_are_wanted(void)
{
	return have_tap_listener(tap) || tcpstats_are_wanted();
}

enum key { PROGRAM, PROCESS, USER, CONTAINER, UNIT };

static gint pref_key = PROGRAM;

static void init_prefs(module_t *prefs)
{
	static const enum_val_t keys[] = {
		{ "program", "Program", PROGRAM },
		{ "process", "Process", PROCESS },
		{ "user", "User", USER },
		{ "container", "Container", CONTAINER },
		{ "unit", "Systemd unit", UNIT },
		{ NULL, NULL, 0 },
	};

	prefs_register_enum_preference(prefs, "stats_by",
		"Statistics: a line for each",
		"What the lines of Packets and Bytes and of TCP by Program are"
		" for.  A packet between two of them counts for both.",
		&pref_key, keys, false);
}

static const char *text_or(wmem_allocator_t *pool, const char *text,
			   const char *none)
{
	return *text ? text_escape(pool, text, strlen(text)) : none;
}

/* What the record says; a process without one is nobody's. */
static const char *line_of_record(wmem_allocator_t *pool,
				  const struct process *p)
{
	switch (pref_key) {
	case USER:
		if (!process_has(p, FIELD_USER) && process_has(p, FIELD_UID))
			return wmem_strdup_printf(pool, "user %u", p->uid);
		return text_or(pool, process_has(p, FIELD_USER) ? p->user : "",
			       "(no user)");
	case CONTAINER:
		if (process_has(p, FIELD_CONTAINER_NAME))
			return text_or(pool, p->container_name,
				       "(no container)");
		return text_or(pool, process_has(p, FIELD_CONTAINER_ID) ?
			       p->container_id : "", "(no container)");
	default:
		return text_or(pool, process_has(p, FIELD_UNIT) ? p->unit : "",
			       "(no unit)");
	}
}

/* Of an end called @name. */
static const char *line_of_end(packet_info *pinfo, const struct packet_end *e,
			       const char *name)
{
	struct process p;

	if (!e->present || pref_key == PROGRAM)
		return name;
	if (pref_key == PROCESS)
		return wmem_strdup_printf(pinfo->pool, "%s (%u)", name, e->pid);
	if (!records_get(&p, e->id, pinfo->num))
		p.has = 0;
	return line_of_record(pinfo->pool, &p);
}

/* Of another tool's process called @name, if there is one. */
static const char *line_of_import(packet_info *pinfo,
				  const struct imported *i, const char *name)
{
	if (!name || pref_key == PROGRAM)
		return name;
	if (pref_key != PROCESS)
		return line_of_record(pinfo->pool, &i->process);
	if (!process_has(&i->process, FIELD_PID))
		return name;
	return wmem_strdup_printf(pinfo->pool, "%s (%u)", name,
				  i->process.pid);
}

static const char *name_of(wmem_allocator_t *pool, const struct packet_end *e)
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
		return;		/* a number alone is no program */
	if (i->end == IMPORT_SRC)
		s->src = name;
	else if (i->end == IMPORT_DST)
		s->dst = name;
	else
		s->other = name;
}

void stats_packet(packet_info *pinfo, const struct attribution *owners,
		  const struct imported *imported)
{
	struct stats_packet *s = wmem_new0(pinfo->pool, struct stats_packet);

	s->owners = *owners;
	s->src = name_of(pinfo->pool, &owners->src);
	s->dst = name_of(pinfo->pool, &owners->dst);
	s->src_line = line_of_end(pinfo, &owners->src, s->src);
	s->dst_line = line_of_end(pinfo, &owners->dst, s->dst);
	if (imported) {
		s->is_imported = true;
		s->has_pid = process_has(&imported->process, FIELD_PID);
		s->pid = imported->process.pid;
		add_imported(pinfo->pool, s, imported);
		s->src_line = line_of_import(pinfo, imported, s->src);
		s->dst_line = line_of_import(pinfo, imported, s->dst);
		s->other_line = line_of_import(pinfo, imported, s->other);
	}
	p_add_proto_data(pinfo->pool, pinfo, proto_proc, 0, s);
	tap_queue_packet(tap, pinfo, s);
}

const struct stats_packet *stats_packet_get(packet_info *pinfo)
{
	return p_get_proto_data(pinfo->pool, pinfo, proto_proc, 0);
}

/* ---- proc,tree ---- */

#define PACKETS "Packets"
#define BYTES "Bytes"
#define MAX_LINES 1000		/* of one parent; then "(others)" */
#define MOST_FIRST                                                         \
	(ST_SORT_COL_COUNT << ST_FLG_SRTCOL_SHIFT | ST_FLG_SORT_DESC)

static void tree_init(stats_tree *st)
{
	stats_tree_create_node(st, PACKETS, 0, STAT_DT_INT, true);
	stats_tree_create_node(st, BYTES, 0, STAT_DT_INT, true);
}

static int count_packet(stats_tree *st, const char *name, int parent, int len)
{
	return avg_stat_node_add_value_int(st, name, parent, true, len);
}

/* The counters are ints: better to stop at 2 GiB than to turn negative. */
static int count_bytes(stats_tree *st, const char *name, int parent, int len)
{
	int id = increase_stat_node(st, name, parent, true, 0);
	const stat_node *node = g_ptr_array_index(st->parents, (guint)id);

	if (len > G_MAXINT - node->counter)
		len = G_MAXINT - node->counter;
	return increase_stat_node(st, name, parent, true, len);
}

/* One line of the tree and those above it, in both halves. */
struct path {
	int packets;		/* the halves' first lines */
	int bytes;
	const char *program;
	const char *country;
	const char *host;
};

/* Wireshark finds the two roots by name, among all that have lines below. */
static const char *program_name(wmem_allocator_t *pool, const char *name)
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

static void count_path(stats_tree *st, const struct path *p, int len)
{
	int packets = p->packets, bytes = p->bytes;
	const char *names[] = { p->program, p->country, p->host };

	for (size_t i = 0; i < array_length(names); i++) {
		const char *name = line_of(st, packets, names[i]);

		packets = count_packet(st, name, packets, len);
		bytes = count_bytes(st, name, bytes, len);
	}
}

/* Nobody's packets are worth a line too: they are why numbers do not add up. */
static const char *nobody(wmem_allocator_t *pool, const struct attribution *a)
{
	const struct packet_end *e = a->src.attr ? &a->src : &a->dst;
	const char *reason = reason_name(e->reason);

	if (!e->attr)
		return "(no process)";
	return wmem_strdup_printf(pool, *reason ? "(%s: %s)" : "(%s)",
				  attr_name(e->attr), reason);
}

/* As this host resolved it, else as Wireshark does. */
static const char *host_of(packet_info *pinfo, const address *remote)
{
	const struct dpi_name *name;
	const char *text;

	if (remote->type == AT_NONE)
		return "(no address)";
	text = address_to_str(pinfo->pool, remote);
	name = dpi_names_get(text, pinfo->num);
	if (name)
		return wmem_strdup_printf(pinfo->pool, "%s (%s)", name->name,
					  text);
	return address_with_resolution_to_str(pinfo->pool, remote);
}

static void count_end(stats_tree *st, packet_info *pinfo, struct path p,
		      const char *program, const address *remote,
		      const char *recorded)
{
	char country[GEO_FIELDS_COUNTRY_LEN];

	p.program = program_name(pinfo->pool, program);
	p.host = host_of(pinfo, remote);
	p.country = geo_fields_country(country, remote, recorded) ? country
							     : "(no country)";
	count_path(st, &p, (int)pinfo->fd->pkt_len);
}

static void count_nobody(stats_tree *st, packet_info *pinfo, struct path p,
			 const struct attribution *a)
{
	const char *who = nobody(pinfo->pool, a);

	if (a->direction == DIRECTION_IN)
		count_end(st, pinfo, p, who, &pinfo->net_src, a->src.country);
	else
		count_end(st, pinfo, p, who, &pinfo->net_dst, a->dst.country);
}

static tap_packet_status tree_packet(stats_tree *st, packet_info *pinfo,
				     epan_dissect_t *edt _U_, const void *data,
				     tap_flags_t flags _U_)
{
	const struct stats_packet *s = data;
	const struct attribution *a = &s->owners;
	const address *src = &pinfo->net_src, *dst = &pinfo->net_dst;
	int len = (int)pinfo->fd->pkt_len;
	struct path top;

	/* Once, whether or not both ends have a line of their own. */
	top.packets = count_packet(st, PACKETS, 0, len);
	top.bytes = count_bytes(st, BYTES, 0, len);
	if (s->src)
		count_end(st, pinfo, top, s->src_line, dst, a->dst.country);
	if (s->dst && (!s->src || strcmp(s->src_line, s->dst_line)))
		count_end(st, pinfo, top, s->dst_line, src, a->src.country);
	if (s->other)
		count_end(st, pinfo, top, s->other_line, dst, a->dst.country);
	else if (!s->src && !s->dst)
		count_nobody(st, pinfo, top, a);
	return TAP_PACKET_REDRAW;
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
static address party(wmem_allocator_t *pool, const char *program,
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
	src = party(pinfo->pool, s->src, &pinfo->net_src);
	dst = party(pinfo->pool, s->dst, &pinfo->net_dst);
	add_conversation_table_data(hash, &src, &dst, 0, 0, 1,
				    (int)pinfo->fd->pkt_len, &pinfo->rel_ts,
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
	add_endpoint_table_data(hash, &a, 0, sender, 1,
				(int)pinfo->fd->pkt_len, &info, ENDPOINT_NONE);
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
	return TAP_PACKET_REDRAW;
}

void stats_init(int proto, module_t *prefs)
{
	proto_proc = proto;
	init_prefs(prefs);
	/* Both tables find their tap by the protocol's filter name. */
	tap = register_tap("proc");
	/* The packets' trees are for the names of hosts: dpi_names.h. */
	stats_tree_register_plugin("proc", "proc", "Processes" STATS_TREE_SEP
				   "Packets and Bytes",
				   MOST_FIRST | TL_REQUIRES_PROTO_TREE,
				   tree_packet, tree_init, NULL);
	register_conversation_table(proto, true, conversation_packet,
				    endpoint_packet);
	tcpstats_init();
	table_init();
}
