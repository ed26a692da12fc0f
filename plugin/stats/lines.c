/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stats/lines.h"

#include <epan/to_str.h>

#include "dpi/names.h"
#include "geo/geo_fields.h"
#include "proc/records.h"
#include "text.h"

#define PARENTS_MAX (LINES_DEPTH - 2)
#define HEADS	    2 /* of TCP by Program, and of Response Times */

static gint pref_key = LINES_PROGRAM;
static const enum_val_t keys[] = {
	{ "program", "Program", LINES_PROGRAM },
	{ "process", "Process", LINES_PROCESS },
	{ "user", "User", LINES_USER },
	{ "container", "Container", LINES_CONTAINER },
	{ "unit", "Systemd unit", LINES_UNIT },
	{ "host", "Remote host", LINES_HOST },
	{ "country", "Remote country", LINES_COUNTRY },
	{ "parents", "Process below its parents", LINES_PARENTS },
	{ NULL, NULL, 0 },
};

/* First columns, which the tables keep. */
static stat_tap_table_item *heads[HEADS];
static unsigned head_count;

void lines_add_head(stat_tap_table_item *head)
{
	g_assert(head_count < HEADS);
	heads[head_count++] = head;
}

void lines_name_heads(void)
{
	const enum_val_t *key = keys;

	while (key->name && key->value != pref_key)
		key++;
	for (unsigned i = 0; i < head_count; i++)
		heads[i]->column_name = key->description;
}

void lines_init(module_t *prefs)
{
	prefs_register_enum_preference(
		prefs, "stats_by", "Statistics: a line for each",
		"What the lines of Packets and Bytes, of TCP by Program and of"
		" Response Times are for.  A packet between two of them counts"
		" for both.",
		&pref_key, keys, false);
}

/* ---- the remote end ---- */

/* As this host resolved it, else as Wireshark does. */
static const char *host_of(packet_info *pinfo, const address *remote)
{
	const struct dpi_name *name;
	const char *text;

	if (remote->type == AT_NONE)
		return "(no address)";
	text = address_to_str(pinfo->pool, remote);
	name = dpi_names_get(remote, pinfo->num);
	if (name)
		return wmem_strdup_printf(pinfo->pool, "%s (%s)", name->name,
					  text);
	return address_with_resolution_to_str(pinfo->pool, remote);
}

static const char *country_of(packet_info *pinfo, const address *remote,
			      const char *recorded)
{
	char country[GEO_FIELDS_COUNTRY_LEN];

	if (geo_fields_country(country, remote, recorded))
		return wmem_strdup(pinfo->pool, country);
	return geo_fields_is_public(remote) ? "(no country)" :
					      "(no public address)";
}

/* ---- the process ---- */

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
	case LINES_USER:
		if (!process_has(p, FIELD_USER) && process_has(p, FIELD_UID))
			return wmem_strdup_printf(pool, "user %u", p->uid);
		return text_or(pool, process_has(p, FIELD_USER) ? p->user : "",
			       "(no user)");
	case LINES_CONTAINER:
		if (process_has(p, FIELD_CONTAINER_NAME))
			return text_or(pool, p->container_name,
				       "(no container)");
		return text_or(pool,
			       process_has(p, FIELD_CONTAINER_ID) ?
				       p->container_id :
				       "",
			       "(no container)");
	default:
		return text_or(pool, process_has(p, FIELD_UNIT) ? p->unit : "",
			       "(no unit)");
	}
}

static const char *with_pid(wmem_allocator_t *pool, const char *name,
			    uint32_t pid)
{
	return wmem_strdup_printf(pool, "%s (%u)", name, pid);
}

/*
 * Up from @p as far as the file knows: each record names its parent, and the
 * parent's own record, if it sent something itself, names the next.
 */
static const char **parents_of(packet_info *pinfo, struct process *p)
{
	const char *up[PARENTS_MAX + 1];
	const char **out;
	unsigned n = 0;

	while (n < PARENTS_MAX && process_has(p, FIELD_PPID) && p->ppid) {
		const char *name = text_or(pinfo->pool,
					   process_has(p, FIELD_PNAME) ?
						   p->pname :
						   "",
					   "(parent)");

		up[n++] = with_pid(pinfo->pool, name, p->ppid);
		if (!records_get_parent(p, pinfo->num))
			break;
	}
	out = wmem_alloc_array(pinfo->pool, const char *, n + 1);
	for (unsigned i = 0; i < n; i++)
		out[i] = up[n - 1 - i];
	out[n] = NULL;
	return out;
}

/* Of the process or of whom it talks to; NULL where the record tells. */
static const char *line_of_packet(packet_info *pinfo, const char *name,
				  bool has_pid, uint32_t pid,
				  const address *remote, const char *recorded)
{
	switch (pref_key) {
	case LINES_PROGRAM:
		return name;
	case LINES_PROCESS:
	case LINES_PARENTS:
		return has_pid ? with_pid(pinfo->pool, name, pid) : name;
	case LINES_HOST:
		return host_of(pinfo, remote);
	case LINES_COUNTRY:
		return country_of(pinfo, remote, recorded);
	default:
		return NULL;
	}
}

struct line lines_of_end(packet_info *pinfo, const struct packet_end *e,
			 bool sends, const char *name, const address *remote,
			 const char *recorded)
{
	struct line line = { NULL, NULL };
	struct process p;

	if (!e->present)
		return line;
	line.name = line_of_packet(pinfo, name, true, e->pid, remote, recorded);
	if (line.name && pref_key != LINES_PARENTS)
		return line;
	if (!records_get(&p, e->id, pinfo->num, sends))
		p.has = 0;
	if (line.name)
		line.parents = parents_of(pinfo, &p);
	else
		line.name = line_of_record(pinfo->pool, &p);
	return line;
}

struct line lines_of_import(packet_info *pinfo, const struct imported *i,
			    const char *name, const address *remote)
{
	struct line line = { NULL, NULL };

	if (!name)
		return line;
	line.name = line_of_packet(pinfo, name,
				   process_has(&i->process, FIELD_PID),
				   i->process.pid, remote, "");
	if (!line.name)
		line.name = line_of_record(pinfo->pool, &i->process);
	return line;
}

/* ---- paths ---- */

static void add_path_part(struct lines_path *p, const char *name)
{
	if (p->depth < LINES_DEPTH)
		p->names[p->depth++] = name;
}

void lines_path(struct lines_path *p, packet_info *pinfo,
		const struct line *line, const char *who, const address *remote,
		const char *recorded)
{
	const char *name = line->name ? line->name : who;

	p->depth = 0;
	switch (pref_key) {
	case LINES_PARENTS:
		for (const char **up = line->parents; up && *up; up++)
			add_path_part(p, *up);
		add_path_part(p, name);
		break;
	case LINES_COUNTRY:
		add_path_part(p, country_of(pinfo, remote, recorded));
		add_path_part(p, host_of(pinfo, remote));
		add_path_part(p, who);
		break;
	case LINES_HOST:
		add_path_part(p, host_of(pinfo, remote));
		add_path_part(p, who);
		break;
	default:
		add_path_part(p, name);
		add_path_part(p, country_of(pinfo, remote, recorded));
		add_path_part(p, host_of(pinfo, remote));
	}
}
