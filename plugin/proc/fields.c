/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proc/fields_parts.h"

#include "proc/records.h"
#include "program.h"
#include "text.h"

static int proto_ours = -1;
static int hf_scope[SCOPES]; /* the subtree of an end, or of a table row */
static int hf_direction;
static int hf_tid;
static int hf_effective_pid;
static int hf_effective_name;
static int ett_scope[SCOPES];

void fields_init(int proto)
{
	static int *ett[SCOPES];

	proto_ours = proto;
	for (int s = 0; s < SCOPES; s++) {
		ett_scope[s] = -1;
		ett[s] = &ett_scope[s];
	}
	proto_register_subtree_array(ett, SCOPES);
	/*
	 * Protocols by name only: -T ek makes an object of each of them.  What
	 * is below a field it puts beside it, and proc.pid would be twice in
	 * one object, of which most readers keep the last.
	 */
	hf_scope[SRC] = proto_register_protocol_in_name_only(
		"Process that sent the packet", "Source", "proc.src", proto,
		FT_PROTOCOL);
	hf_scope[DST] = proto_register_protocol_in_name_only(
		"Process that receives the packet", "Destination", "proc.dst",
		proto, FT_PROTOCOL);
	hf_scope[TABLE] = proto_register_protocol_in_name_only(
		"Process of the process table", "Process", "proc.table", proto,
		FT_PROTOCOL);
}

void fields_register(int proto)
{
	/* Wireshark keeps pointers into it. */
	static hf_register_info packet_fields[] = {
		{ &hf_direction,
		  { "Direction", "proc.direction", FT_STRING, BASE_NONE, NULL,
		    0,
		    "As the capturing host sees it: in, out,"
		    " local (both ends are on it), forwarded, unknown",
		    HFILL } },
		{ &hf_tid,
		  { "Thread ID", "proc.tid", FT_INT64, BASE_DEC, NULL, 0,
		    "Thread of the process, where another tool says it",
		    HFILL } },
		{ &hf_effective_pid,
		  { "Effective PID", "proc.effective.pid", FT_INT64, BASE_DEC,
		    NULL, 0,
		    "Process id of whom the process"
		    " works for, as Apple's PKTAP has it",
		    HFILL } },
		{ &hf_effective_name,
		  { "Effective Process", "proc.effective.name", FT_STRING,
		    BASE_NONE, NULL, 0,
		    "Name"
		    " of whom the process works for, as Apple's PKTAP has it",
		    HFILL } },
	};

	fields_register_columns(proto);
	proto_register_field_array(proto, packet_fields,
				   (int)array_length(packet_fields));
	fields_register_rows(proto);
}

/*
 * What is known of the process at this end.  The attribution is of this very
 * packet and has the last word.  Without the record only `has` and three
 * members of @p are set: enough, and much cheaper than clearing all of it.
 */
static void gather(struct process *p, const struct packet_end *e,
		   uint32_t frame, bool sends, bool want_record)
{
	if (!e->present) {
		p->has = 0;
		return;
	}
	if (!want_record || !records_get(p, e->id, frame, sends))
		p->has = 0;
	p->has |= 1ull << FIELD_ID | 1ull << FIELD_PID | 1ull << FIELD_NAME;
	p->id = e->id;
	p->pid = e->pid;
	memcpy(p->name, e->name, sizeof(p->name));
}

/* The ends are protocols by name: whoever names one does not name ours. */
bool fields_are_wanted(proto_tree *tree)
{
	return proto_field_is_referenced(tree, proto_ours) ||
	       proto_field_is_referenced(tree, hf_scope[SRC]) ||
	       proto_field_is_referenced(tree, hf_scope[DST]);
}

void fields_add_direction(proto_tree *tree, tvbuff_t *tvb, unsigned direction)
{
	proto_item *item = proto_tree_add_string(tree, hf_direction, tvb, 0, 0,
						 direction_name(direction));

	proto_item_set_generated(item);
}

const char *fields_why_nobody(wmem_allocator_t *pool,
			      const struct packet_end *e)
{
	const char *why = reason_name(e->reason);

	if (*why)
		return wmem_strdup_printf(pool, "%s: %s", attr_name(e->attr),
					  why);
	return attr_name(e->attr);
}

static void append_text(wmem_allocator_t *pool, wmem_strbuf_t *out,
			const char *before, const char *text)
{
	wmem_strbuf_append_printf(out, "%s%s", before,
				  text_escape(pool, text, strlen(text)));
}

/*
 * "curl (4242), user alice, container web, parent bash (4000)": what one opens
 * a process for, of which any part may be missing.
 */
static const char *process_label(wmem_allocator_t *pool,
				 const struct process *p, const char *name)
{
	wmem_strbuf_t *out = wmem_strbuf_new(pool, "");

	append_text(pool, out, "", name);
	if (process_has(p, FIELD_PID))
		wmem_strbuf_append_printf(out, *name ? " (%u)" : "? (%u)",
					  p->pid);
	if (process_has(p, FIELD_USER))
		append_text(pool, out, ", user ", p->user);
	if (process_has(p, FIELD_CONTAINER_NAME))
		append_text(pool, out, ", container ", p->container_name);
	if (process_has(p, FIELD_PNAME))
		append_text(pool, out, ", parent ", p->pname);
	if (process_has(p, FIELD_PNAME) && process_has(p, FIELD_PPID))
		wmem_strbuf_append_printf(out, " (%u)", p->ppid);
	return wmem_strbuf_get_str(out);
}

proto_tree *fields_apart(proto_tree *tree, tvbuff_t *tvb, const char *name,
			 unsigned n)
{
	if (!n || !tree || !program_repeats_keys())
		return tree;
	return proto_tree_add_subtree_format(tree, tvb, 0, 0, ett_scope[EITHER],
					     NULL, "%s %u", name, n + 1);
}

/* The item of an end; @tree is that of the protocol, which names it too. */
static proto_tree *add_end_tree(proto_tree *tree, tvbuff_t *tvb,
				enum scope scope, const char *label, unsigned n)
{
	proto_tree *at = fields_apart(tree, tvb,
				      scope == SRC ? "proc.src" : "proc.dst",
				      n);
	proto_item *item = proto_tree_add_protocol_format(
		at, hf_scope[scope], tvb, 0, 0, "%s",
		scope == SRC ? "Source" : "Destination");

	proto_item_set_generated(item);
	if (label) {
		proto_item_append_text(item, ": %s", label);
		proto_item_append_text(proto_tree_get_parent(tree), ", %s: %s",
				       scope == SRC ? "Src" : "Dst", label);
	}
	return proto_item_add_subtree(item, ett_scope[scope]);
}

/* @bytes: of the attribution, or NULL. */
static void add_end(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo,
		    const struct packet_end *e, enum scope scope,
		    tvbuff_t *bytes, unsigned n)
{
	const char *label = NULL;
	struct process p;
	struct source s = {
		.tvb = tvb,
		.pool = pinfo->pool,
		.p = &p,
		.e = e,
		.bytes = bytes,
	};

	if (!e->present && e->attr == ATTR_NONE)
		return;
	if (bytes)
		attribution_places(&s.places, tvb_get_ptr(bytes, 0, -1),
				   tvb_captured_length(bytes), scope == SRC);
	gather(&p, e, pinfo->num, scope == SRC,
	       fields_want_record(tree, scope));
	if (proto_field_is_referenced(tree, hf_scope[scope]))
		label = e->present ? process_label(pinfo->pool, &p, p.name) :
				     fields_why_nobody(pinfo->pool, e);
	s.tree = add_end_tree(tree, tvb, scope, label, n);
	fields_add_rows(&s, scope);
}

void fields_add_end(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo,
		    const struct attribution *a, bool src, tvbuff_t *bytes)
{
	add_end(tree, tvb, pinfo, src ? &a->src : &a->dst, src ? SRC : DST,
		bytes, 0);
}

void fields_add_receiver(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo,
			 const struct packet_end *e, unsigned n)
{
	add_end(tree, tvb, pinfo, e, DST, NULL, n);
}

/* What only others say, of their one process. */
static void add_imported_only(const struct source *s, const struct imported *i)
{
	if (i->tid)
		fields_mark(proto_tree_add_int64(s->tree, hf_tid, s->tvb, 0, 0,
						 i->tid),
			    true, false);
	if (!i->effective_pid)
		return;
	fields_mark(proto_tree_add_int64(s->tree, hf_effective_pid, s->tvb, 0,
					 0, i->effective_pid),
		    true, false);
	if (*i->effective_name)
		fields_mark(fields_add_string(
				    s, hf_effective_name,
				    text_escape(s->pool, i->effective_name,
						strlen(i->effective_name))),
			    true, false);
}

void fields_add_imported(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo,
			 const struct imported *i, unsigned n)
{
	static const struct packet_end import = { .attr = ATTR_IMPORT };
	static const enum scope scope_of[] = {
		[IMPORT_EITHER] = EITHER,
		[IMPORT_SRC] = SRC,
		[IMPORT_DST] = DST,
	};
	enum scope scope = scope_of[i->end];
	const char *label = process_label(pinfo->pool, &i->process, i->name);
	struct source s = {
		.tvb = tvb,
		.pool = pinfo->pool,
		.p = &i->process,
		.e = &import,
		.name = i->name,
	};

	if (scope == EITHER) {
		proto_item_append_text(proto_tree_get_parent(tree), ", %s",
				       label);
		s.tree = fields_apart(tree, tvb, "proc", n);
	} else {
		s.tree = add_end_tree(tree, tvb, scope, label, n);
	}
	fields_add_rows(&s, scope);
	add_imported_only(&s, i);
}

proto_item *fields_add_table_row(proto_tree *tree, tvbuff_t *tvb,
				 packet_info *pinfo, int offset, int len,
				 const struct process *p, const char *name,
				 unsigned n)
{
	struct source s = {
		.tvb = tvb,
		.offset = offset,
		.len = len,
		.pool = pinfo->pool,
		.p = p,
		.name = name,
	};
	proto_item *item = proto_tree_add_protocol_format(
		fields_apart(tree, tvb, "proc.table", n), hf_scope[TABLE], tvb,
		offset, len, "Process");

	if (proto_field_is_referenced(tree, hf_scope[TABLE]))
		proto_item_append_text(item, ": %s",
				       process_label(pinfo->pool, p, name));
	s.tree = proto_item_add_subtree(item, ett_scope[TABLE]);
	fields_add_rows(&s, TABLE);
	return item;
}
