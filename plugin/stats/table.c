/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One row for each process that sent or received one of the packets, with
 * what the file's records say of it: Statistics -> Process Table, and tshark
 * -z proc,table[,csv|,json][,FILTER], where the busiest comes first.
 */
#include "stats/table.h"

#include <epan/tap.h>
#include <wsutil/report_message.h>

#include "proc/records.h"
#include "text.h"

/* ---- counting ---- */

static guint entry_hash(gconstpointer key)
{
	const struct entry *e = key;

	return e->id ? wmem_int64_hash(&e->id) : g_str_hash(e->name) ^ e->pid;
}

/* An import has no id; a pid and a name are what there is. */
static gboolean entry_equal(gconstpointer left, gconstpointer right)
{
	const struct entry *a = left, *b = right;

	if (a->id || b->id)
		return a->id == b->id;
	return a->pid == b->pid && a->has_pid == b->has_pid &&
	       !strcmp(a->name, b->name);
}

static void entry_free(gpointer data)
{
	struct entry *e = data;

	g_free(e->record);
	g_free(e->owned);
	g_free(e);
}

static struct entry *count_entry(struct table *t, const struct entry *key,
				 const packet_info *pinfo)
{
	uint64_t now = (uint64_t)pinfo->abs_ts.secs * 1000000000u +
		       (uint64_t)pinfo->abs_ts.nsecs;
	struct entry *e = g_hash_table_lookup(t->entries, key);

	if (!e) {
		e = g_new0(struct entry, 1);
		*e = *key;
		e->name = e->owned = g_strdup(key->name);
		e->first_ns = e->last_ns = now;
		g_hash_table_add(t->entries, e);
	}
	e->packets++;
	e->bytes += pinfo->fd->pkt_len;
	e->first_ns = MIN(e->first_ns, now);
	e->last_ns = MAX(e->last_ns, now);
	return e;
}

static struct entry *count_entry_end(struct table *t,
				     const struct packet_end *end,
				     const char *name, const packet_info *pinfo)
{
	struct entry key = {
		.id = end->id,
		.pid = end->pid,
		.has_pid = true,
		.name = name,
	};

	return end->present ? count_entry(t, &key, pinfo) : NULL;
}

static void keep_record(struct entry *e, const struct process *p)
{
	uint8_t bytes[PROCESS_MAX];

	if (e->packets > 1)
		return;
	e->record_len = process_encode(p, bytes, sizeof(bytes));
	if (e->record_len > 0)
		e->record = g_memdup2(bytes, (gsize)e->record_len);
}

static struct entry *count_imported(struct table *t,
				    const struct stats_packet *s,
				    const packet_info *pinfo)
{
	const char *name = s->src ? s->src : s->dst ? s->dst : s->other;
	struct entry key = {
		.pid = s->imported->pid,
		.has_pid = process_has(s->imported, FIELD_PID),
		.name = name ? name : "",
	};
	struct entry *e = count_entry(t, &key, pinfo);

	keep_record(e, s->imported);
	return e;
}

void table_count(struct table *t, const packet_info *pinfo,
		 const struct stats_packet *s, struct entry *of[2])
{
	const struct packet_end *src = &s->owners.src, *dst = &s->owners.dst;

	of[0] = of[1] = NULL;
	if (s->imported) {
		of[0] = count_imported(t, s, pinfo);
		return;
	}
	of[0] = count_entry_end(t, src, s->src, pinfo);
	if (!src->present || src->id != dst->id)
		of[1] = count_entry_end(t, dst, s->dst, pinfo);
	for (unsigned i = 0; i < s->other_count; i++) {
		const struct packet_end *e = &s->others[i];

		if (!src->present || src->id != e->id)
			count_entry_end(t, e, stats_name_of(pinfo->pool, e),
					pinfo);
	}
}

static tap_packet_status table_packet(void *data, packet_info *pinfo,
				      epan_dissect_t *edt _U_,
				      const void *stats, tap_flags_t flags _U_)
{
	struct entry *of[2];

	table_count(data, pinfo, stats, of);
	return TAP_PACKET_REDRAW;
}

GHashTable *table_entries_new(void)
{
	return g_hash_table_new_full(entry_hash, entry_equal, entry_free, NULL);
}

static void reset_table(void *data)
{
	struct table *t = data;

	g_hash_table_remove_all(t->entries);
}

/* ---- rows ---- */

void table_describe(struct process *p, const struct entry *e)
{
	if (e->record)
		process_decode(p, e->record, (size_t)e->record_len);
	else if (!e->id || !records_get(p, e->id, UINT32_MAX, false))
		memset(p, 0, sizeof(*p));
	p->id = e->id;
	p->pid = e->pid;
	p->packets = e->packets;
	p->bytes = e->bytes;
	p->first_seen_ns = e->first_ns;
	p->last_seen_ns = e->last_ns;
	p->has |= 1ull << FIELD_PACKETS | 1ull << FIELD_BYTES |
		  1ull << FIELD_FIRST_SEEN | 1ull << FIELD_LAST_SEEN |
		  (uint64_t)(e->id != 0) << FIELD_ID |
		  (uint64_t)e->has_pid << FIELD_PID |
		  (uint64_t)(*e->name != 0) << FIELD_NAME;
}

/* ISO 8601 in UTC, which sorts and which everybody reads. */
static const char *utc_text(wmem_allocator_t *pool, uint64_t ns)
{
	time_t secs = (time_t)(ns / 1000000000u);
	char day[32];
	struct tm tm;

	if (!gmtime_r(&secs, &tm) ||
	    !strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm))
		return "";
	return wmem_strdup_printf(pool, "%s.%09uZ", day,
				  (unsigned)(ns % 1000000000u));
}

static const char *hex_text(wmem_allocator_t *pool, const struct row *row,
			    const struct process *p)
{
	const uint8_t *byte = (const uint8_t *)p + row->offset;
	wmem_strbuf_t *out = wmem_strbuf_new(pool, "");

	for (size_t i = 0; i < row->size; i++)
		wmem_strbuf_append_printf(out, "%02x", byte[i]);
	return wmem_strbuf_get_str(out);
}

bool table_is_column(const struct row *row)
{
	return row->scopes >> TABLE & 1;
}

bool table_is_numeric(const struct row *row)
{
	return row->how == EXIT || row->how == FLAG || row->how == U32 ||
	       (row->how == U64 && row->field != FIELD_ID);
}

const char *table_cell(wmem_allocator_t *pool, const struct row *row,
		       const struct process *p, const struct entry *e)
{
	if (!process_has(p, row->field))
		return "";
	if (row->field == FIELD_NAME)
		return e->name;
	switch (row->how) {
	case TEXT:
	case ARGUMENTS:
	case ANCESTORS:
		return row_text(row, p, pool);
	case TIME:
		return utc_text(pool, row_number(row, p));
	case BYTES:
		return hex_text(pool, row, p);
	case FLAG:
		return row_number(row, p) & row->mask ? "true" : "false";
	default:
		break;
	}
	if (!table_is_numeric(row))
		return wmem_strdup_printf(pool, "0x%016" PRIx64,
					  row_number(row, p));
	return wmem_strdup_printf(pool, "%" PRIu64, row_number(row, p));
}

/* Of which in text those without a value are left out. */
static const char *const words[TABLE_COLUMNS] = {
	"packets", "bytes",	     "pid",  "name",	"user",
	"pname",   "container.name", "unit", "exepath", "cmdline",
};

const struct row *table_column(int column)
{
	const struct row *row = rows;

	while (strcmp(row->word, words[column]))
		row++;
	return row;
}

/* The busiest first, and then in an order that is the same every time. */
static gint by_packets(gconstpointer left, gconstpointer right)
{
	const struct entry *a = *(const struct entry *const *)left;
	const struct entry *b = *(const struct entry *const *)right;

	if (a->packets != b->packets)
		return a->packets > b->packets ? -1 : 1;
	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	return strcmp(a->name, b->name);
}

static GPtrArray *sorted(const struct table *t)
{
	GPtrArray *all = g_ptr_array_new();
	GHashTableIter i;
	gpointer e;

	g_hash_table_iter_init(&i, t->entries);
	while (g_hash_table_iter_next(&i, &e, NULL))
		g_ptr_array_add(all, e);
	g_ptr_array_sort(all, by_packets);
	return all;
}

static void draw_table(void *data)
{
	static void (*const print[])(const GPtrArray *) = {
		[FORMAT_TEXT] = table_print_text,
		[FORMAT_CSV] = table_print_csv,
		[FORMAT_JSON] = table_print_json,
	};
	const struct table *t = data;
	GPtrArray *all = sorted(t);

	print[t->format](all);
	g_ptr_array_free(all, TRUE);
}

static void finish_table(void *data)
{
	struct table *t = data;

	g_hash_table_destroy(t->entries);
	g_free(t);
}

/* ---- the option ---- */

/* Takes ",WORD" off the front of @s, if that is all up to the next comma. */
static bool take_word(const char **s, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(*s, word, n) || ((*s)[n] && (*s)[n] != ','))
		return false;
	*s += n;
	return true;
}

static STAT_START start_table(const char *argument, void *data _U_)
{
	const char *rest = argument + strlen(TABLE_COMMAND);
	struct table *t = g_new0(struct table, 1);
	GString *error;

	if (take_word(&rest, ",csv"))
		t->format = FORMAT_CSV;
	else if (take_word(&rest, ",json"))
		t->format = FORMAT_JSON;
	t->entries = table_entries_new();
	error = register_tap_listener("proc", t, *rest == ',' ? rest + 1 : NULL,
				      0, reset_table, table_packet, draw_table,
				      finish_table);
	/* To end, as Wireshark's own do: nothing is better than all. */
	if (error)
		report_failure("Couldn't register " TABLE_COMMAND " tap: %s",
			       error->str);
	STAT_STARTED(!error);
}

void table_init(void)
{
	static stat_tap_ui ui = {
		.group = REGISTER_STAT_GROUP_GENERIC,
		.title = "Process Table",
		.cli_string = TABLE_COMMAND,
		.tap_init_cb = start_table,
	};

	register_stat_tap_ui(&ui, NULL);
	table_window_register();
}
