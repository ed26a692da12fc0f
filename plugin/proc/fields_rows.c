/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proc/fields_parts.h"

#include <sys/wait.h>

#include "program.h"
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

static int hf[ROWS][SCOPES];
static const header_field_info *info[ROWS][SCOPES];

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
			  wmem_strdup_printf(pool, "%s%s", scopes[s].title,
					     rows[r].title),
			  wmem_strdup_printf(pool, "%s.%s", scopes[s].prefix,
					     rows[r].word),
			  rows[r].type, rows[r].display,
			  wmem_strdup_printf(pool, "%s (%s)", rows[r].blurb,
					     scopes[s].whose));
}

void fields_register_rows(int proto)
{
	/* Wireshark keeps pointers into it. */
	static hf_register_info all[ROWS * SCOPES];
	size_t n = 0;

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

proto_item *fields_add_string(const struct source *s, int id, const char *text)
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

/* So can a flag of the table that is not set. */
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
		return fields_add_string(s, id, attr_name(s->e->attr));
	case REASON:
		return fields_add_string(s, id, reason_name(s->e->reason));
	case TEXT:
	case ARGUMENTS:
		return fields_add_string(s, id, text_of_row(s, row));
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
	/*
	 * A filter that is the flag's name alone shall find where it is set.
	 * Rows of the table are read side by side, and have them all.
	 */
	case FLAG:
		return process_has(s->p, row->field) &&
		       (!s->e || number(s, row) & row->mask);
	default:
		return process_has(s->p, row->field);
	}
}

static proto_item *add_ancestor(const struct source *s, const struct row *row,
				int id, const struct ancestor *a)
{
	if (row->field == FIELD_APID)
		return proto_tree_add_int64(s->tree, id, s->tvb, s->offset,
					    s->len, a->pid);
	return fields_add_string(s, id, row_ancestor(row, a, s->pool));
}

/* @a is one of the row's ancestors, or NULL where it is of none. */
static void add_row(const struct source *s, size_t r, enum scope of,
		    const struct ancestor *a, bool generated, bool hidden)
{
	int id = hf[r][of];

	if (hidden ? program_wants_hidden(s->tree, info[r][of]) :
		     field_is_wanted(s->tree, info[r][of]))
		fields_mark(a ? add_ancestor(s, &rows[r], id, a) :
				add_value(s, &rows[r], id),
			    generated, hidden);
}

static void add_in_scope(const struct source *s, size_t r, enum scope scope,
			 const struct ancestor *a)
{
	if (!info[r][scope] || !is_row_known(s, &rows[r]))
		return;
	if (scope != TABLE && scope != EITHER)
		add_row(s, r, EITHER, a, true, true);
	add_row(s, r, scope, a, scope != TABLE, false);
}

/* Their rows begin with @first.  One ancestor stands together. */
static void add_ancestors(const struct source *s, size_t first,
			  enum scope scope)
{
	struct ancestor all[PROCESS_ANCESTORS];
	unsigned count = process_ancestors(s->p, all);
	struct source one = *s;

	for (unsigned i = 0; i < count; i++) {
		one.tree = fields_apart(s->tree, s->tvb, "proc.ancestor", i);
		for (size_t r = first; rows[r].how == ANCESTORS; r++)
			add_in_scope(&one, r, scope, &all[i]);
	}
}

static inline bool is_row_wanted(proto_tree *tree, size_t r, enum scope scope)
{
	return field_is_wanted(tree, info[r][scope]) ||
	       (info[r][EITHER] && field_is_wanted(tree, info[r][EITHER]));
}

/* Asked for each end of each packet: what nobody wants goes first. */
void fields_add_rows(const struct source *s, enum scope scope)
{
	bool has_ancestors = false;

	if (!s->tree)
		return;
	for (size_t r = 0; r < ROWS; r++) {
		if (!info[r][scope] || !is_row_wanted(s->tree, r, scope))
			continue;
		if (rows[r].how != ANCESTORS)
			add_in_scope(s, r, scope, NULL);
		else if (!has_ancestors)
			add_ancestors(s, r, scope);
		has_ancestors = has_ancestors || rows[r].how == ANCESTORS;
	}
}

bool fields_want_record(proto_tree *tree, enum scope scope)
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
		if (is_row_wanted(tree, r, scope))
			return true;
	}
	return false;
}
