/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What fields.c and its parts share.  fields_rows.c has the fields that rows.h
 * lists, fields_columns.c those that repeat a packet's owners in one line, and
 * fields.c the trees that they stand in.
 *
 * A pool's strings live as long as the packet.
 */
#ifndef PKTWHO_PLUGIN_PROC_FIELDS_PARTS_H
#define PKTWHO_PLUGIN_PROC_FIELDS_PARTS_H

#include "proc/fields.h"
#include "proc/rows.h"

/* What the fields of one end or one table row are made from. */
struct source {
	proto_tree *tree;
	tvbuff_t *tvb;
	int offset;
	int len;
	wmem_allocator_t *pool;
	const struct process *p;
	const struct packet_end *e; /* NULL for a table row */
	const char *name; /* for p->name where that is too short, or NULL */
	tvbuff_t *bytes;  /* the attribution's, or NULL */
	struct end_places places; /* in these bytes */
};

/* Does a filter, a column or the like name it? */
static inline bool field_is_referenced(const header_field_info *field)
{
	return field->ref_type != HF_REF_TYPE_NONE;
}

static inline bool field_is_named(int id)
{
	return field_is_referenced(proto_registrar_get_nth((unsigned)id));
}

/* As proto_field_is_referenced(), which we could not call this often. */
static inline bool field_is_wanted(proto_tree *tree,
				   const header_field_info *field)
{
	return PTREE_DATA(tree)->visible || field_is_referenced(field);
}

static inline void fields_mark(proto_item *item, bool generated, bool hidden)
{
	if (generated)
		proto_item_set_generated(item);
	if (hidden)
		proto_item_set_hidden(item);
}

/*
 * Where the @n-th, from 0, of several fields of that name goes: into @tree,
 * unless each needs a key of its own.
 */
proto_tree *fields_apart(proto_tree *tree, tvbuff_t *tvb, const char *name,
			 unsigned n);

/* ---- fields_rows.c ---- */

void fields_register_rows(int proto);

proto_item *fields_add_string(const struct source *s, int id, const char *text);

/*
 * Values nobody asked for are not even made: Wireshark would throw them away,
 * but only after we paid for the text.
 */
void fields_add_rows(const struct source *s, enum scope scope);

/* Does anybody ask for more than the attribution itself says? */
bool fields_want_record(proto_tree *tree, enum scope scope);

/* ---- fields_columns.c, which also has some of fields.h ---- */

void fields_register_columns(int proto);

/* ---- fields.c ---- */

/* How it is that nobody is named: "kernel: reset". */
const char *fields_why_nobody(wmem_allocator_t *pool,
			      const struct packet_end *e);

#endif
