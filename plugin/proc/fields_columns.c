/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proc/fields_parts.h"

#include <epan/to_str.h>

#include "program.h"
#include "text.h"

static int hf_summary;
static int hf_pids;
static int hf_party[TABLE]; /* of either end, sender, receiver */

void fields_register_columns(int proto)
{
	/* Wireshark keeps pointers into it. */
	static hf_register_info columns[] = {
		{ &hf_summary,
		  { "Processes", "proc.summary", FT_STRING, BASE_NONE, NULL, 0,
		    "Who sent and who receives, in one line"
		    " for a column",
		    HFILL } },
		{ &hf_pids,
		  { "PIDs", "proc.pids", FT_STRING, BASE_NONE, NULL, 0,
		    "Process ids of sender and receiver, in one line for a"
		    " column",
		    HFILL } },
		{ &hf_party[EITHER],
		  { "Party", "proc.party", FT_STRING, BASE_NONE, NULL, 0,
		    "Program, or address where there is none,"
		    " of either end",
		    HFILL } },
		{ &hf_party[SRC],
		  { "Source Party", "proc.src.party", FT_STRING, BASE_NONE,
		    NULL, 0,
		    "Program of the sender, or"
		    " its address",
		    HFILL } },
		{ &hf_party[DST],
		  { "Destination Party", "proc.dst.party", FT_STRING, BASE_NONE,
		    NULL, 0,
		    "Program of the receiver, or"
		    " its address",
		    HFILL } },
	};

	proto_register_field_array(proto, columns, (int)array_length(columns));
}

/* They repeat what the tree shows: there to be found, not to be looked at. */
static void add_party(proto_tree *tree, tvbuff_t *tvb, enum scope scope,
		      const char *party)
{
	proto_item *item = proto_tree_add_string(tree, hf_party[scope], tvb, 0,
						 0, party);

	proto_item_set_generated(item);
	proto_item_set_hidden(item);
}

static const char *party_name(wmem_allocator_t *pool,
			      const struct packet_end *e, const char *imported,
			      const address *a)
{
	if (e->present)
		return text_escape(pool, e->name,
				   strnlen(e->name, sizeof(e->name)));
	if (imported && *imported)
		return text_escape(pool, imported, strlen(imported));
	return address_to_str(pool, a);
}

void fields_add_parties(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo,
			const struct attribution *a,
			const struct receivers *others,
			const struct imported *i)
{
	const char *src = i && i->end == IMPORT_SRC ? i->name : NULL;
	const char *dst = i && i->end == IMPORT_DST ? i->name : NULL;

	if (!tree ||
	    !(field_is_named(hf_party[EITHER]) ||
	      field_is_named(hf_party[SRC]) || field_is_named(hf_party[DST])))
		return;
	src = party_name(pinfo->pool, &a->src, src, &pinfo->net_src);
	dst = party_name(pinfo->pool, &a->dst, dst, &pinfo->net_dst);
	add_party(tree, tvb, EITHER, src);
	add_party(tree, tvb, EITHER, dst);
	add_party(tree, tvb, SRC, src);
	add_party(tree, tvb, DST, dst);
	for (unsigned n = 0; n < others->count; n++) {
		dst = party_name(pinfo->pool, &others->of[n], NULL,
				 &pinfo->net_dst);
		add_party(tree, tvb, EITHER, dst);
		add_party(tree, tvb, DST, dst);
	}
}

/* "curl → nginx", and "→ nginx" where the sender is on another host. */
static const char *arrow(wmem_allocator_t *pool, const char *src,
			 const char *dst)
{
	if (!*src && !*dst)
		return "";
	return wmem_strdup_printf(pool, "%s%s→%s%s", src, *src ? " " : "",
				  *dst ? " " : "", dst);
}

/* One end of the summary: a name, "(kernel: reset)" or nothing. */
static const char *who(wmem_allocator_t *pool, const struct packet_end *e)
{
	if (e->present)
		return text_escape(pool, e->name,
				   strnlen(e->name, sizeof(e->name)));
	if (e->attr == ATTR_NONE)
		return "";
	return wmem_strdup_printf(pool, "(%s)", fields_why_nobody(pool, e));
}

static const char *pid_text(wmem_allocator_t *pool, bool has, uint32_t pid)
{
	return has ? wmem_strdup_printf(pool, "%u", pid) : "";
}

static bool is_column_wanted(proto_tree *tree, int id)
{
	return tree && program_wants_hidden(tree, proto_registrar_get_nth(
							  (unsigned)id));
}

/* The two columns repeat what the tree shows. */
static void add_column(proto_tree *tree, tvbuff_t *tvb, int id,
		       const char *text)
{
	proto_item *item;

	if (!*text || !is_column_wanted(tree, id))
		return;
	item = proto_tree_add_string(tree, id, tvb, 0, 0, text);
	proto_item_set_generated(item);
	proto_item_set_hidden(item);
}

/* "avahi-daemon, chrome" */
static const char *listed(wmem_allocator_t *pool, const char *list,
			  const char *next)
{
	return *next ? wmem_strdup_printf(pool, "%s, %s", list, next) : list;
}

static void add_owner_columns(proto_tree *tree, tvbuff_t *tvb,
			      wmem_allocator_t *pool,
			      const struct attribution *a,
			      const struct receivers *others)
{
	const struct packet_end *src = &a->src, *dst = &a->dst;
	const char *from = who(pool, src);
	const char *to = who(pool, dst);
	const char *to_pid = pid_text(pool, dst->present, dst->pid);

	for (unsigned i = 0; i < others->count; i++) {
		const struct packet_end *e = &others->of[i];

		to = listed(pool, to, who(pool, e));
		to_pid = listed(pool, to_pid, pid_text(pool, true, e->pid));
	}
	if (src->attr == ATTR_FORWARDED && dst->attr == ATTR_FORWARDED)
		add_column(tree, tvb, hf_summary, from);
	else
		add_column(tree, tvb, hf_summary, arrow(pool, from, to));
	add_column(tree, tvb, hf_pids,
		   arrow(pool, pid_text(pool, src->present, src->pid), to_pid));
}

/* Without an arrow where nobody says which end it is. */
static void add_imported_columns(proto_tree *tree, tvbuff_t *tvb,
				 wmem_allocator_t *pool,
				 const struct imported *i)
{
	const char *name = text_escape(pool, i->name, strlen(i->name));
	const char *pid = pid_text(pool, process_has(&i->process, FIELD_PID),
				   i->process.pid);

	if (i->end == IMPORT_SRC) {
		name = *name ? arrow(pool, name, "") : name;
		pid = *pid ? arrow(pool, pid, "") : pid;
	} else if (i->end == IMPORT_DST) {
		name = *name ? arrow(pool, "", name) : name;
		pid = *pid ? arrow(pool, "", pid) : pid;
	}
	add_column(tree, tvb, hf_summary, name);
	add_column(tree, tvb, hf_pids, pid);
}

void fields_add_columns(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo,
			const struct attribution *a,
			const struct receivers *others,
			const struct imported *i)
{
	if (!is_column_wanted(tree, hf_summary) &&
	    !is_column_wanted(tree, hf_pids))
		return;
	if (i)
		add_imported_columns(tree, tvb, pinfo->pool, i);
	else
		add_owner_columns(tree, tvb, pinfo->pool, a, others);
}
