/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proc/fields.h"

#include <epan/to_str.h>
#include <sys/wait.h>

#include "proc/records.h"
#include "proc/rows.h"
#include "text.h"

static const struct {
	const char *prefix;
	const char *title;
	const char *whose;
} scopes[SCOPES] = {
	[EITHER] = { "proc", "", "either end" },
	[SRC] = { "proc.src", "Source ", "the sender" },
	[DST] = { "proc.dst", "Destination ", "the receiver" },
	[TABLE] = { "proc.table", "", "a row of the process table" },
};

static int proto_ours = -1;
static int hf[ROWS][SCOPES];
static const header_field_info *info[ROWS][SCOPES];
static int hf_scope[SCOPES];	/* the subtree of an end, or of a table row */
static int hf_party[TABLE];
static int hf_summary;
static int hf_pids;
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

static hf_register_info make_field(int *id, const char *title, const char *name,
				   enum ftenum type, int display,
				   const char *blurb)
{
	return (hf_register_info){
		id, { title, name, type, display, NULL, 0, blurb, HFILL }
	};
}

static hf_register_info describe_row(size_t r, enum scope s)
{
	wmem_allocator_t *pool = wmem_epan_scope();

	return make_field(&hf[r][s],
		wmem_strdup_printf(pool, "%s%s", scopes[s].title, rows[r].title),
		wmem_strdup_printf(pool, "%s.%s", scopes[s].prefix, rows[r].word),
		rows[r].type, rows[r].display,
		wmem_strdup_printf(pool, "%s (%s)", rows[r].blurb,
				   scopes[s].whose));
}

/* Once for a packet, or for each end. */
static const hf_register_info packet_fields[] = {
	{ &hf_summary, { "Processes", "proc.summary", FT_STRINGZ, BASE_NONE,
	  NULL, 0, "Who sent and who receives, in one line for a column",
	  HFILL } },
	{ &hf_pids, { "PIDs", "proc.pids", FT_STRINGZ, BASE_NONE, NULL, 0,
	  "Process ids of sender and receiver, in one line for a column",
	  HFILL } },
	{ &hf_direction, { "Direction", "proc.direction", FT_STRINGZ,
	  BASE_NONE, NULL, 0, "As the capturing host sees it: in, out, local"
	  " (both ends are on it), forwarded, unknown", HFILL } },
	{ &hf_tid, { "Thread ID", "proc.tid", FT_INT64, BASE_DEC, NULL, 0,
	  "Thread of the process, where another tool says it", HFILL } },
	{ &hf_effective_pid, { "Effective PID", "proc.effective.pid", FT_INT64,
	  BASE_DEC, NULL, 0, "Process id of whom the process works for, as"
	  " Apple's PKTAP has it", HFILL } },
	{ &hf_effective_name, { "Effective Process", "proc.effective.name",
	  FT_STRINGZ, BASE_NONE, NULL, 0, "Name of whom the process works for,"
	  " as Apple's PKTAP has it", HFILL } },
	{ &hf_party[EITHER], { "Party", "proc.party", FT_STRINGZ, BASE_NONE,
	  NULL, 0, "Program, or address where there is none, of either end",
	  HFILL } },
	{ &hf_party[SRC], { "Source Party", "proc.src.party", FT_STRINGZ,
	  BASE_NONE, NULL, 0, "Program of the sender, or its address",
	  HFILL } },
	{ &hf_party[DST], { "Destination Party", "proc.dst.party", FT_STRINGZ,
	  BASE_NONE, NULL, 0, "Program of the receiver, or its address",
	  HFILL } },
};

void fields_register(int proto)
{
	/* Wireshark keeps pointers into it. */
	static hf_register_info all[ROWS * SCOPES +
				    array_length(packet_fields)];
	size_t n = array_length(packet_fields);

	memcpy(all, packet_fields, sizeof(packet_fields));
	for (size_t r = 0; r < ROWS; r++)
		for (int s = 0; s < SCOPES; s++)
			if (rows[r].scopes >> s & 1)
				all[n++] = describe_row(r, s);
	proto_register_field_array(proto, all, (int)n);

	for (size_t r = 0; r < ROWS; r++)
		for (int s = 0; s < SCOPES; s++)
			if (hf[r][s])
				info[r][s] = proto_registrar_get_nth(
					(unsigned)hf[r][s]);
}

/* What the fields of one end or one table row are made from. */
struct source {
	proto_tree *tree;
	tvbuff_t *tvb;
	int offset;
	int len;
	wmem_allocator_t *pool;
	const struct process *p;
	const struct packet_end *e;	/* NULL for a table row */
	const char *name;	/* for p->name where that is too short, or NULL */
	tvbuff_t *bytes;	/* the attribution's, or NULL */
	struct end_places places;	/* in these bytes */
};

/* Where the value stands in the attribution: docs/file-format.md. */
static void find_bytes(struct source *s, const struct row *row)
{
	const struct end_places *all = &s->places;
	struct byte_range at = { 0 };

	if (row->how == ATTR)
		at = all->attr;
	else if (row->how == REASON)
		at = all->reason;
	else if (row->field == FIELD_PID)
		at = all->pid;
	else if (row->field == FIELD_ID)
		at = all->id;
	else if (row->field == FIELD_NAME)
		at = all->name;
	if (!at.len)
		return;
	s->offset = at.at;
	s->len = at.len;
	s->tvb = s->bytes;
}

static uint64_t number(const struct source *s, const struct row *row)
{
	return row_number(row, s->p);
}

static proto_item *add_proc_string(const struct source *s, int id,
				   const char *text)
{
	return proto_tree_add_string(s->tree, id, s->tvb, s->offset, s->len,
				     text);
}

static proto_item *add_time(const struct source *s, int id, uint64_t ns)
{
	nstime_t t = {
		.secs = (time_t)(ns / 1000000000u),
		.nsecs = (int)(ns % 1000000000u),
	};

	return proto_tree_add_time(s->tree, id, s->tvb, s->offset, s->len, &t);
}

static proto_item *add_number(const struct source *s, const struct row *row,
			      int id)
{
	uint64_t v = number(s, row);

	switch (row->type) {
	case FT_INT64:
		return proto_tree_add_int64(s->tree, id, s->tvb, s->offset,
					    s->len, (int64_t)v);
	case FT_UINT64:
		return proto_tree_add_uint64(s->tree, id, s->tvb, s->offset,
					     s->len, v);
	default:
		return proto_tree_add_uint(s->tree, id, s->tvb, s->offset,
					   s->len, (uint32_t)v);
	}
}

/* wait(2)'s number, and beside it what it means. */
static proto_item *add_exit(const struct source *s, const struct row *row,
			    int id)
{
	proto_item *item = add_number(s, row, id);
	int status = (int)number(s, row);

	if (WIFEXITED(status))
		proto_item_append_text(item, " (exit code %d)",
				       WEXITSTATUS(status));
	else if (WIFSIGNALED(status))
		proto_item_append_text(item, " (signal %d)", WTERMSIG(status));
	return item;
}

/* Flags of which none is set can be filtered for, and need not be looked at. */
static proto_item *add_plain(const struct source *s, const struct row *row,
			     int id)
{
	proto_item *item = add_number(s, row, id);

	if (row->field == FIELD_FLAGS && !number(s, row))
		proto_item_set_hidden(item);
	return item;
}

/* So can a flag that is not set. */
static proto_item *add_flag(const struct source *s, const struct row *row,
			    int id)
{
	bool set = number(s, row) & row->mask;
	proto_item *item = proto_tree_add_boolean(s->tree, id, s->tvb,
						  s->offset, s->len, set);

	if (!set)
		proto_item_set_hidden(item);
	return item;
}

static const char *text_of_row(const struct source *s, const struct row *row)
{
	if (row->field == FIELD_NAME && s->name)
		return text_escape(s->pool, s->name, strlen(s->name));
	return row_text(row, s->p, s->pool);
}

static proto_item *add_value(const struct source *from, const struct row *row,
			     int id)
{
	struct source here = *from;
	const struct source *s = &here;

	if (here.bytes)
		find_bytes(&here, row);
	switch (row->how) {
	case ATTR:
		return add_proc_string(s, id, attr_name(s->e->attr));
	case REASON:
		return add_proc_string(s, id, reason_name(s->e->reason));
	case TEXT:
	case ARGUMENTS:
		return add_proc_string(s, id, text_of_row(s, row));
	case TIME:
		return add_time(s, id, number(s, row));
	case EXIT:
		return add_exit(s, row, id);
	case BYTES:
		return proto_tree_add_bytes_with_length(s->tree, id, s->tvb,
							s->offset, s->len,
							(const uint8_t *)s->p +
							row->offset,
							row->size);
	case FLAG:
		return add_flag(s, row, id);
	case U32:
	case U64:
	case ANCESTORS:
		break;
	}
	return add_plain(s, row, id);
}

static bool is_row_known(const struct source *s, const struct row *row)
{
	switch (row->how) {
	case ATTR:
		return s->e->attr != ATTR_NONE;
	case REASON:
		return s->e->reason != REASON_NONE;
	default:
		return process_has(s->p, row->field);
	}
}

/* Does a filter, a column or the like name it? */
static bool is_referenced(const header_field_info *field)
{
	return field->ref_type != HF_REF_TYPE_NONE;
}

static bool field_is_named(int id)
{
	return is_referenced(proto_registrar_get_nth((unsigned)id));
}

/* As proto_field_is_referenced(), which we could not call this often. */
static bool is_field_wanted(proto_tree *tree, const header_field_info *field)
{
	return PTREE_DATA(tree)->visible || is_referenced(field);
}

static void mark(proto_item *item, bool generated, bool hidden)
{
	if (generated)
		proto_item_set_generated(item);
	if (hidden)
		proto_item_set_hidden(item);
}

static void add_ancestors(const struct source *s, const struct row *row, int id,
			  bool generated, bool hidden)
{
	struct ancestor all[PROCESS_ANCESTORS];
	unsigned count = process_ancestors(s->p, all);

	for (unsigned i = 0; i < count; i++) {
		proto_item *item = row->field == FIELD_APID ?
			proto_tree_add_int64(s->tree, id, s->tvb, s->offset,
					     s->len, all[i].pid) :
			proto_tree_add_string(s->tree, id, s->tvb, s->offset,
					      s->len, row_ancestor(row, &all[i],
								   s->pool));

		mark(item, generated, hidden);
	}
}

static void add_row(const struct source *s, const struct row *row, int id,
		    bool generated, bool hidden)
{
	if (row->how == ANCESTORS)
		add_ancestors(s, row, id, generated, hidden);
	else
		mark(add_value(s, row, id), generated, hidden);
}

/*
 * Values nobody asked for are not even made: Wireshark would throw them away,
 * but only after we paid for the text.
 */
static void add_rows(const struct source *s, enum scope scope)
{
	if (!s->tree)
		return;
	for (size_t r = 0; r < ROWS; r++) {
		if (!info[r][scope] || !is_row_known(s, &rows[r]))
			continue;
		if (scope != TABLE && scope != EITHER &&
		    is_field_wanted(s->tree, info[r][EITHER]))
			add_row(s, &rows[r], hf[r][EITHER], true, true);
		if (is_field_wanted(s->tree, info[r][scope]))
			add_row(s, &rows[r], hf[r][scope], scope != TABLE,
				false);
	}
}

/* Does anybody ask for more than the attribution itself says? */
static bool record_is_wanted(proto_tree *tree, enum scope scope)
{
	if (!tree)
		return false;
	for (size_t r = 0; r < ROWS; r++) {
		switch (rows[r].field) {
		case FIELD_ID:
		case FIELD_PID:
		case FIELD_NAME:
			continue;
		}
		if (rows[r].how == ATTR || rows[r].how == REASON ||
		    !(rows[r].scopes >> scope & 1))
			continue;
		if (is_field_wanted(tree, info[r][EITHER]) ||
		    is_field_wanted(tree, info[r][scope]))
			return true;
	}
	return false;
}

/*
 * What is known of the process at this end.  The attribution is of this very
 * packet and has the last word.  Without the record only `has` and three
 * members of @p are set: enough, and much cheaper than clearing all of it.
 */
static void gather(struct process *p, const struct packet_end *e,
		   uint32_t frame, bool want_record)
{
	if (!e->present) {
		p->has = 0;
		return;
	}
	if (!want_record || !records_get(p, e->id, frame))
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

	if (!tree || !(field_is_named(hf_party[EITHER]) ||
		       field_is_named(hf_party[SRC]) ||
		       field_is_named(hf_party[DST])))
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

/* How it is that nobody is named: "kernel: reset". */
static const char *why_nobody(wmem_allocator_t *pool,
			      const struct packet_end *e)
{
	const char *why = reason_name(e->reason);

	if (*why)
		return wmem_strdup_printf(pool, "%s: %s", attr_name(e->attr),
					  why);
	return attr_name(e->attr);
}

/* "curl → nginx", and "→ nginx" where the sender is on another host. */
static const char *arrow(wmem_allocator_t *pool, const char *src,
			 const char *dst)
{
	if (!*src && !*dst)
		return "";
	return wmem_strdup_printf(pool, "%s%s→%s%s", src,
				  *src ? " " : "", *dst ? " " : "", dst);
}

/* One end of the summary: a name, "(kernel: reset)" or nothing. */
static const char *who(wmem_allocator_t *pool, const struct packet_end *e)
{
	if (e->present)
		return text_escape(pool, e->name,
				   strnlen(e->name, sizeof(e->name)));
	if (e->attr == ATTR_NONE)
		return "";
	return wmem_strdup_printf(pool, "(%s)", why_nobody(pool, e));
}

static const char *pid_text(wmem_allocator_t *pool, bool has, uint32_t pid)
{
	return has ? wmem_strdup_printf(pool, "%u", pid) : "";
}

/* The two columns repeat what the tree shows. */
static void add_column(proto_tree *tree, tvbuff_t *tvb, int id,
		       const char *text)
{
	proto_item *item;

	if (!*text || !is_field_wanted(tree, proto_registrar_get_nth((unsigned)id)))
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
		   arrow(pool, pid_text(pool, src->present, src->pid),
			 to_pid));
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
	if (!tree || !(PTREE_DATA(tree)->visible ||
		       field_is_named(hf_summary) || field_is_named(hf_pids)))
		return;
	if (i)
		add_imported_columns(tree, tvb, pinfo->pool, i);
	else
		add_owner_columns(tree, tvb, pinfo->pool, a, others);
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
		append_text(pool, out, ", container ",
			    p->container_name);
	if (process_has(p, FIELD_PNAME))
		append_text(pool, out, ", parent ", p->pname);
	if (process_has(p, FIELD_PNAME) && process_has(p, FIELD_PPID))
		wmem_strbuf_append_printf(out, " (%u)", p->ppid);
	return wmem_strbuf_get_str(out);
}

/* The item of an end; @tree is that of the protocol, which names it too. */
static proto_tree *add_end_tree(proto_tree *tree, tvbuff_t *tvb,
				enum scope scope, const char *label)
{
	proto_item *item = proto_tree_add_protocol_format(tree,
		hf_scope[scope], tvb, 0, 0, "%s",
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
		    tvbuff_t *bytes)
{
	const char *label = NULL;
	struct process p;
	struct source s = {
		.tvb = tvb, .pool = pinfo->pool, .p = &p, .e = e,
		.bytes = bytes,
	};

	if (!e->present && e->attr == ATTR_NONE)
		return;
	if (bytes)
		attribution_places(&s.places, tvb_get_ptr(bytes, 0, -1),
				   tvb_captured_length(bytes), scope == SRC);
	gather(&p, e, pinfo->num, record_is_wanted(tree, scope));
	if (proto_field_is_referenced(tree, hf_scope[scope]))
		label = e->present ? process_label(pinfo->pool, &p, p.name) :
				     why_nobody(pinfo->pool, e);
	s.tree = add_end_tree(tree, tvb, scope, label);
	add_rows(&s, scope);
}

void fields_add_end(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo,
		    const struct attribution *a, bool src, tvbuff_t *bytes)
{
	add_end(tree, tvb, pinfo, src ? &a->src : &a->dst, src ? SRC : DST,
		bytes);
}

void fields_add_receiver(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo,
			 const struct packet_end *e)
{
	add_end(tree, tvb, pinfo, e, DST, NULL);
}

/* What only others say, of their one process. */
static void add_imported_only(const struct source *s, const struct imported *i)
{
	if (i->tid)
		mark(proto_tree_add_int64(s->tree, hf_tid, s->tvb, 0, 0,
					  i->tid), true, false);
	if (!i->effective_pid)
		return;
	mark(proto_tree_add_int64(s->tree, hf_effective_pid, s->tvb, 0, 0,
				  i->effective_pid), true, false);
	if (*i->effective_name)
		mark(add_proc_string(s, hf_effective_name,
			text_escape(s->pool, i->effective_name,
				    strlen(i->effective_name))),
		     true, false);
}

void fields_add_imported(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo,
			 const struct imported *i)
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
		.tree = tree, .tvb = tvb, .pool = pinfo->pool,
		.p = &i->process, .e = &import, .name = i->name,
	};

	if (scope == EITHER)
		proto_item_append_text(proto_tree_get_parent(tree), ", %s",
				       label);
	else
		s.tree = add_end_tree(tree, tvb, scope, label);
	add_rows(&s, scope);
	add_imported_only(&s, i);
}

proto_item *fields_add_table_row(proto_tree *tree, tvbuff_t *tvb,
				 packet_info *pinfo, int offset, int len,
				 const struct process *p, const char *name)
{
	struct source s = {
		.tvb = tvb, .offset = offset, .len = len,
		.pool = pinfo->pool, .p = p, .name = name,
	};
	proto_item *item = proto_tree_add_protocol_format(tree,
		hf_scope[TABLE], tvb, offset, len, "Process");

	if (proto_field_is_referenced(tree, hf_scope[TABLE]))
		proto_item_append_text(item, ": %s",
				       process_label(pinfo->pool, p, name));
	s.tree = proto_item_add_subtree(item, ett_scope[TABLE]);
	add_rows(&s, TABLE);
	return item;
}
