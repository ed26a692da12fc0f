/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proc/fields.h"

#include <epan/to_str.h>
#include <sys/wait.h>

#include "proc/records.h"
#include "text.h"

/* For whom a field exists. */
enum scope { EITHER, SRC, DST, TABLE, SCOPES };

#define PACKET (1u << EITHER | 1u << SRC | 1u << DST)
#define ROW (1u << TABLE)
#define BOTH (PACKET | ROW)

/* Where a value lives and how it travels from there into the tree. */
enum how { U32, U64, TIME, EXIT, TEXT, ARGUMENTS, BYTES, FLAG, ATTR, REASON };

struct row {
	const char *word;	/* the last part of the name */
	const char *title;
	enum ftenum type;
	int display;
	unsigned scopes;
	enum how how;
	uint8_t field;		/* enum field, of which it is there or not */
	uint16_t offset;	/* in struct process */
	uint16_t size;
	uint32_t mask;		/* FLAG: the bit */
};

#define AT(id, member)                                                     \
	.field = (id), .offset = offsetof(struct process, member),         \
	.size = sizeof(((struct process *)0)->member)
#define INT32 FT_INT64, BASE_DEC	/* Falco's type for a pid */
#define UINT32 FT_UINT32, BASE_DEC
#define UINT64 FT_UINT64, BASE_DEC
#define STRING FT_STRINGZ, BASE_NONE
#define WHEN FT_ABSOLUTE_TIME, ABSOLUTE_TIME_LOCAL
#define FLAG_ROW(word, title, scopes, bit)                                 \
	{ word, title, FT_BOOLEAN, BASE_NONE, scopes, FLAG,                \
	  AT(FIELD_FLAGS, flags), .mask = (bit) }

static const struct row rows[] = {
	{ "pid", "PID", INT32, BOTH, U32, AT(FIELD_PID, pid) },
	{ "name", "Process", STRING, BOTH, TEXT, AT(FIELD_NAME, name) },
	{ "id", "Process ID", FT_UINT64, BASE_HEX, BOTH, U64,
	  AT(FIELD_ID, id) },
	{ "attr", "Attribution", STRING, PACKET, .how = ATTR },
	{ "reason", "Reason", STRING, PACKET, .how = REASON },
	{ "exepath", "Executable", STRING, BOTH, TEXT,
	  AT(FIELD_EXEPATH, exepath) },
	{ "cmdline", "Command Line", STRING, BOTH, ARGUMENTS,
	  AT(FIELD_CMDLINE, cmdline) },
	{ "ppid", "Parent PID", INT32, BOTH, U32, AT(FIELD_PPID, ppid) },
	{ "pname", "Parent Process", STRING, BOTH, TEXT,
	  AT(FIELD_PNAME, pname) },
	{ "start", "Start Time", WHEN, BOTH, TIME, AT(FIELD_START, start_ns) },
	{ "uid", "User ID", UINT32, BOTH, U32, AT(FIELD_UID, uid) },
	{ "gid", "Group ID", UINT32, BOTH, U32, AT(FIELD_GID, gid) },
	{ "user", "User", STRING, BOTH, TEXT, AT(FIELD_USER, user) },
	{ "loginuid", "Login User ID", UINT32, BOTH, U32,
	  AT(FIELD_LOGINUID, loginuid) },
	{ "vpid", "PID in Namespace", INT32, BOTH, U32, AT(FIELD_VPID, vpid) },
	{ "netns", "Network Namespace", UINT64, BOTH, U64,
	  AT(FIELD_NETNS, netns) },
	{ "cgroup", "Control Group", STRING, BOTH, TEXT,
	  AT(FIELD_CGROUP, cgroup) },
	{ "unit", "Systemd Unit", STRING, BOTH, TEXT, AT(FIELD_UNIT, unit) },
	{ "container.id", "Container ID", STRING, BOTH, TEXT,
	  AT(FIELD_CONTAINER_ID, container_id) },
	{ "container.name", "Container", STRING, BOTH, TEXT,
	  AT(FIELD_CONTAINER_NAME, container_name) },
	{ "container.runtime", "Container Runtime", STRING, BOTH, TEXT,
	  AT(FIELD_CONTAINER_RUNTIME, container_runtime) },
	{ "pod.uid", "Pod UID", STRING, BOTH, TEXT,
	  AT(FIELD_POD_UID, pod_uid) },
	{ "sha256", "Executable SHA-256", FT_BYTES, BASE_NONE, BOTH, BYTES,
	  AT(FIELD_SHA256, sha256) },
	{ "flags", "Flags", FT_UINT32, BASE_HEX, BOTH, U32,
	  AT(FIELD_FLAGS, flags) },
	FLAG_ROW("exe_deleted", "Executable Deleted", BOTH,
		 PROCESS_EXE_DELETED),
	FLAG_ROW("exe_memfd", "Executable in Memory Only", BOTH,
		 PROCESS_EXE_MEMFD),
	FLAG_ROW("exe_world_writable", "Executable in World-Writable Directory",
		 BOTH, PROCESS_EXE_WORLD_WRITABLE),
	FLAG_ROW("forked", "Forked Without Exec", BOTH, PROCESS_FORKED),
	FLAG_ROW("exepath_truncated", "Executable Path Truncated", BOTH,
		 PROCESS_EXEPATH_TRUNCATED),
	FLAG_ROW("cmdline_truncated", "Command Line Truncated", BOTH,
		 PROCESS_CMDLINE_TRUNCATED),
	FLAG_ROW("cmdline_withheld", "Command Line Withheld", BOTH,
		 PROCESS_CMDLINE_WITHHELD),
	FLAG_ROW("exited", "Exited", ROW, PROCESS_EXITED),
	{ "exit_status", "Exit Status", UINT32, ROW, EXIT,
	  AT(FIELD_EXIT_STATUS, exit_status) },
	{ "packets", "Packets", UINT64, ROW, U64, AT(FIELD_PACKETS, packets) },
	{ "bytes", "Bytes", UINT64, ROW, U64, AT(FIELD_BYTES, bytes) },
	{ "first_seen", "First Packet", WHEN, ROW, TIME,
	  AT(FIELD_FIRST_SEEN, first_seen_ns) },
	{ "last_seen", "Last Packet", WHEN, ROW, TIME,
	  AT(FIELD_LAST_SEEN, last_seen_ns) },
};

#define ROWS array_length(rows)

static const struct {
	const char *prefix;
	const char *title;
} scopes[SCOPES] = {
	[EITHER] = { "proc", "" },
	[SRC] = { "proc.src", "Source " },
	[DST] = { "proc.dst", "Destination " },
	[TABLE] = { "proc.table", "" },
};

static int hf[ROWS][SCOPES];
static const header_field_info *info[ROWS][SCOPES];
static int hf_scope[SCOPES];	/* the subtree of an end, or of a table row */
static int hf_party[TABLE];
static int hf_direction;
static int ett_scope[SCOPES];

void fields_init(void)
{
	static int *ett[SCOPES];

	for (int s = 0; s < SCOPES; s++) {
		ett_scope[s] = -1;
		ett[s] = &ett_scope[s];
	}
	proto_register_subtree_array(ett, SCOPES);
}

static hf_register_info describe(int *id, const char *title, const char *name,
				 enum ftenum type, int display)
{
	return (hf_register_info){
		id, { title, name, type, display, NULL, 0, NULL, HFILL }
	};
}

void fields_register(int proto)
{
	/* Wireshark keeps pointers into it. */
	static hf_register_info all[ROWS * SCOPES + SCOPES + TABLE];
	wmem_allocator_t *pool = wmem_epan_scope();
	int n = 0;

	for (size_t r = 0; r < ROWS; r++)
		for (int s = 0; s < SCOPES; s++)
			if (rows[r].scopes >> s & 1)
				all[n++] = describe(&hf[r][s],
					wmem_strdup_printf(pool, "%s%s",
						scopes[s].title, rows[r].title),
					wmem_strdup_printf(pool, "%s.%s",
						scopes[s].prefix, rows[r].word),
					rows[r].type, rows[r].display);

	all[n++] = describe(&hf_party[EITHER], "Party", "proc.party",
			    FT_STRINGZ, BASE_NONE);
	all[n++] = describe(&hf_party[SRC], "Source Party", "proc.src.party",
			    FT_STRINGZ, BASE_NONE);
	all[n++] = describe(&hf_party[DST], "Destination Party",
			    "proc.dst.party", FT_STRINGZ, BASE_NONE);
	all[n++] = describe(&hf_scope[SRC], "Source", "proc.src",
			    FT_NONE, BASE_NONE);
	all[n++] = describe(&hf_scope[DST], "Destination", "proc.dst",
			    FT_NONE, BASE_NONE);
	all[n++] = describe(&hf_scope[TABLE], "Process", "proc.table",
			    FT_NONE, BASE_NONE);
	all[n++] = describe(&hf_direction, "Direction", "proc.direction",
			    FT_STRINGZ, BASE_NONE);
	proto_register_field_array(proto, all, n);

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
};

static const void *member(const struct source *s, const struct row *row)
{
	return (const uint8_t *)s->p + row->offset;
}

static uint64_t number(const struct source *s, const struct row *row)
{
	uint32_t v32;
	uint64_t v64;

	if (row->size == sizeof(v32)) {
		memcpy(&v32, member(s, row), sizeof(v32));
		return v32;
	}
	memcpy(&v64, member(s, row), sizeof(v64));
	return v64;
}

static proto_item *add_string(const struct source *s, int id, const char *text)
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

/* A flag that is not set can be filtered for, but need not be looked at. */
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

static const char *text_of(const struct source *s, const struct row *row)
{
	const char *text = member(s, row);
	size_t len = strnlen(text, row->size);

	if (row->field == FIELD_NAME && s->name) {
		text = s->name;
		len = strlen(text);
	}
	return text_escape(s->pool, text, len);
}

static proto_item *add_value(const struct source *s, const struct row *row,
			     int id)
{
	switch (row->how) {
	case ATTR:
		return add_string(s, id, attr_name(s->e->attr));
	case REASON:
		return add_string(s, id, reason_name(s->e->reason));
	case TEXT:
		return add_string(s, id, text_of(s, row));
	case ARGUMENTS:
		return add_string(s, id, text_arguments(s->pool,
							member(s, row),
							s->p->cmdline_len));
	case TIME:
		return add_time(s, id, number(s, row));
	case EXIT:
		return add_exit(s, row, id);
	case BYTES:
		return proto_tree_add_bytes_with_length(s->tree, id, s->tvb,
							s->offset, s->len,
							member(s, row),
							row->size);
	case FLAG:
		return add_flag(s, row, id);
	case U32:
	case U64:
		break;
	}
	return add_number(s, row, id);
}

static bool is_known(const struct source *s, const struct row *row)
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

/* As proto_field_is_referenced(), which we could not call this often. */
static bool is_wanted(proto_tree *tree, const header_field_info *field)
{
	return PTREE_DATA(tree)->visible ||
	       field->ref_type != HF_REF_TYPE_NONE;
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
		proto_item *item;

		if (!info[r][scope] || !is_known(s, &rows[r]))
			continue;
		if (scope != TABLE && scope != EITHER &&
		    is_wanted(s->tree, info[r][EITHER])) {
			item = add_value(s, &rows[r], hf[r][EITHER]);
			proto_item_set_generated(item);
			proto_item_set_hidden(item);
		}
		if (is_wanted(s->tree, info[r][scope])) {
			item = add_value(s, &rows[r], hf[r][scope]);
			if (scope != TABLE)
				proto_item_set_generated(item);
		}
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
		if (is_wanted(tree, info[r][EITHER]) ||
		    is_wanted(tree, info[r][scope]))
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

static const char *party(wmem_allocator_t *pool, const struct packet_end *e,
			 const char *imported, const address *a)
{
	if (e->present)
		return text_escape(pool, e->name,
				   strnlen(e->name, sizeof(e->name)));
	if (imported && *imported)
		return text_escape(pool, imported, strlen(imported));
	return address_to_str(pool, a);
}

void fields_add_parties(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo,
			const struct attribution *a, const struct imported *i)
{
	const char *src = i && i->end == IMPORT_SRC ? i->name : NULL;
	const char *dst = i && i->end == IMPORT_DST ? i->name : NULL;

	if (!proto_field_is_referenced(tree, hf_party[EITHER]) &&
	    !proto_field_is_referenced(tree, hf_party[SRC]) &&
	    !proto_field_is_referenced(tree, hf_party[DST]))
		return;
	src = party(pinfo->pool, &a->src, src, &pinfo->net_src);
	dst = party(pinfo->pool, &a->dst, dst, &pinfo->net_dst);
	add_party(tree, tvb, EITHER, src);
	add_party(tree, tvb, EITHER, dst);
	add_party(tree, tvb, SRC, src);
	add_party(tree, tvb, DST, dst);
}

/* "curl (4242)", or how it is that nobody is named. */
static const char *end_label(wmem_allocator_t *pool, const struct packet_end *e)
{
	const char *why = reason_name(e->reason);

	if (e->present)
		return wmem_strdup_printf(pool, "%s (%u)",
			text_escape(pool, e->name, strnlen(e->name, sizeof(e->name))),
			e->pid);
	if (*why)
		return wmem_strdup_printf(pool, "%s: %s", attr_name(e->attr), why);
	return attr_name(e->attr);
}

/* The item of an end; @tree is that of the protocol, which names it too. */
static proto_tree *add_end_tree(proto_tree *tree, tvbuff_t *tvb,
				enum scope scope, const char *label)
{
	proto_item *item = proto_tree_add_item(tree, hf_scope[scope], tvb, 0, 0,
					       ENC_NA);

	proto_item_set_generated(item);
	if (label) {
		proto_item_append_text(item, ": %s", label);
		proto_item_append_text(proto_tree_get_parent(tree), ", %s: %s",
				       scope == SRC ? "Src" : "Dst", label);
	}
	return proto_item_add_subtree(item, ett_scope[scope]);
}

void fields_add_end(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo,
		    const struct packet_end *e, bool src)
{
	enum scope scope = src ? SRC : DST;
	const char *label = NULL;
	struct process p;
	struct source s = {
		.tvb = tvb, .pool = pinfo->pool, .p = &p, .e = e,
	};

	if (!e->present && e->attr == ATTR_NONE)
		return;
	if (proto_field_is_referenced(tree, hf_scope[scope]))
		label = end_label(pinfo->pool, e);
	s.tree = add_end_tree(tree, tvb, scope, label);
	gather(&p, e, pinfo->num, record_is_wanted(s.tree, scope));
	add_rows(&s, scope);
}

/* "curl (4242)", of which either half may be missing. */
static const char *process_label(wmem_allocator_t *pool,
				 const struct process *p, const char *name)
{
	name = text_escape(pool, name, strlen(name));
	if (!process_has(p, FIELD_PID))
		return name;
	return wmem_strdup_printf(pool, "%s (%u)", *name ? name : "?", p->pid);
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
}

proto_item *fields_add_table_row(proto_tree *tree, tvbuff_t *tvb,
				 packet_info *pinfo, int offset, int len,
				 const struct process *p, const char *name)
{
	struct source s = {
		.tvb = tvb, .offset = offset, .len = len,
		.pool = pinfo->pool, .p = p, .name = name,
	};
	proto_item *item = proto_tree_add_item(tree, hf_scope[TABLE], tvb,
					       offset, len, ENC_NA);

	if (proto_field_is_referenced(tree, hf_scope[TABLE]))
		proto_item_append_text(item, ": %s",
				       process_label(pinfo->pool, p, name));
	s.tree = proto_item_add_subtree(item, ett_scope[TABLE]);
	add_rows(&s, TABLE);
	return item;
}
