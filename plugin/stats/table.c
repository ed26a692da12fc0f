/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One row for each process that sent or received one of the packets, with
 * what the file's records say of it: Statistics -> Process Table, and tshark
 * -z proc,table[,csv|,json][,FILTER], where the busiest comes first.
 */
#include "stats/stats.h"

#include <epan/tap.h>
#include <wsutil/report_message.h>

#include "proc/records.h"
#include "proc/rows.h"
#include "text.h"

#define COMMAND "proc,table"

enum format { FORMAT_TEXT, FORMAT_CSV, FORMAT_JSON };

/* Of a process, as few bytes as there may be many of them. */
struct entry {
	uint64_t id;		/* 0: an import's */
	uint64_t packets;
	uint64_t bytes;
	uint64_t first_ns;
	uint64_t last_ns;
	uint32_t pid;
	bool has_pid;
	guint line;		/* in the window's table */
	const char *name;	/* as text_escape() has it */
	char *owned;		/* the same, to be freed; not in a key */
};

struct table {
	enum format format;
	GHashTable *entries;	/* of struct entry, which is its own key */
};

/* ---- counting ---- */

static guint entry_hash(gconstpointer key)
{
	const struct entry *e = key;

	return e->id ? g_int64_hash(&e->id) : g_str_hash(e->name) ^ e->pid;
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
		.id = end->id, .pid = end->pid, .has_pid = true,
		.name = name,
	};

	return end->present ? count_entry(t, &key, pinfo) : NULL;
}

static struct entry *count_imported(struct table *t,
				    const struct stats_packet *s,
				    const packet_info *pinfo)
{
	const char *name = s->src ? s->src : s->dst ? s->dst : s->other;
	struct entry key = {
		.pid = s->pid, .has_pid = s->has_pid,
		.name = name ? name : "",
	};

	return count_entry(t, &key, pinfo);
}

/* Counts a packet; @of become whose it is, NULL where nobody's. */
static void count_both_ends(struct table *t, const packet_info *pinfo,
			    const struct stats_packet *s, struct entry *of[2])
{
	const struct packet_end *src = &s->owners.src, *dst = &s->owners.dst;

	of[0] = of[1] = NULL;
	if (s->is_imported) {
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

	count_both_ends(data, pinfo, stats, of);
	return TAP_PACKET_REDRAW;
}

static GHashTable *entries_new(void)
{
	return g_hash_table_new_full(entry_hash, entry_equal, entry_free,
				     NULL);
}

static void reset_table(void *data)
{
	struct table *t = data;

	g_hash_table_remove_all(t->entries);
}

/* ---- rows ---- */

/* The latest record, and what was counted: a filter may have left some out. */
static void describe_entry(struct process *p, const struct entry *e)
{
	if (!e->id || !records_get(p, e->id, UINT32_MAX))
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

static bool is_column(const struct row *row)
{
	return row->scopes >> TABLE & 1;
}

static bool is_numeric_row(const struct row *row)
{
	return row->how == EXIT || row->how == FLAG || row->how == U32 ||
	       (row->how == U64 && row->field != FIELD_ID);
}

/* A cell as text; "" where nothing is known. */
static const char *cell_text(wmem_allocator_t *pool, const struct row *row,
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
	if (!is_numeric_row(row))
		return wmem_strdup_printf(pool, "0x%016" PRIx64,
					  row_number(row, p));
	return wmem_strdup_printf(pool, "%" PRIu64, row_number(row, p));
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

/* ---- as CSV, RFC 4180 ---- */

static void print_quoted(const char *s)
{
	if (!strpbrk(s, ",\"\r\n")) {
		fputs(s, stdout);
		return;
	}
	putchar('"');
	for (; *s; s++)
		printf(*s == '"' ? "\"\"" : "%c", *s);
	putchar('"');
}

static void print_csv_row(const struct entry *e)
{
	wmem_allocator_t *pool = wmem_allocator_new(WMEM_ALLOCATOR_SIMPLE);
	const char *comma = "";
	struct process p;

	describe_entry(&p, e);
	for (size_t r = 0; r < ROWS; r++) {
		if (!is_column(&rows[r]))
			continue;
		fputs(comma, stdout);
		print_quoted(cell_text(pool, &rows[r], &p, e));
		comma = ",";
	}
	putchar('\n');
	wmem_destroy_allocator(pool);
}

static void print_csv(const GPtrArray *all)
{
	const char *comma = "";

	for (size_t r = 0; r < ROWS; r++) {
		if (!is_column(&rows[r]))
			continue;
		printf("%s%s", comma, rows[r].word);
		comma = ",";
	}
	putchar('\n');
	for (guint i = 0; i < all->len; i++)
		print_csv_row(g_ptr_array_index(all, i));
}

/* ---- as JSON ---- */

/* text_escape() has left no control character. */
static void print_json_text(const char *s)
{
	putchar('"');
	for (; *s; s++)
		printf(*s == '"' || *s == '\\' ? "\\%c" : "%c", *s);
	putchar('"');
}

/* One object; what is not known has no key. */
static void print_json_row(const struct entry *e)
{
	wmem_allocator_t *pool = wmem_allocator_new(WMEM_ALLOCATOR_SIMPLE);
	const char *comma = "";
	struct process p;

	describe_entry(&p, e);
	for (size_t r = 0; r < ROWS; r++) {
		const char *text;

		if (!is_column(&rows[r]) || !process_has(&p, rows[r].field))
			continue;
		text = cell_text(pool, &rows[r], &p, e);
		printf("%s\"%s\":", comma, rows[r].word);
		if (is_numeric_row(&rows[r]))
			fputs(text, stdout);
		else
			print_json_text(text);
		comma = ",";
	}
	wmem_destroy_allocator(pool);
}

static void print_json(const GPtrArray *all)
{
	fputs("[", stdout);
	for (guint i = 0; i < all->len; i++) {
		fputs(i ? "},\n{" : "{", stdout);
		print_json_row(g_ptr_array_index(all, i));
	}
	puts(all->len ? "}]" : "]");
}

/* ---- as text ---- */

#define COLUMNS 10

/* The columns of the text, of which those without a value are left out. */
static const char *const words[COLUMNS] = {
	"packets", "bytes", "pid", "name", "user", "pname", "container.name",
	"unit", "exepath", "cmdline",
};

static const struct row *row_of(const char *word)
{
	const struct row *row = rows;

	while (strcmp(row->word, word))
		row++;
	return row;
}

static int width_of_text(const char *text)
{
	return (int)g_utf8_strlen(text, -1);
}

/* Numbers to the right, the last column without blanks behind it. */
static void print_cell(const struct row *row, const char *text, int width,
		       bool last)
{
	int blanks = last ? 0 : width - width_of_text(text);

	if (is_numeric_row(row))
		printf("%*s%s", width - width_of_text(text), "", text);
	else
		printf("%s%*s", text, blanks, "");
}

/* A line: the titles where there is no @e. */
static void print_line(const struct entry *e, const int widths[COLUMNS],
		       int last)
{
	wmem_allocator_t *pool = wmem_allocator_new(WMEM_ALLOCATOR_SIMPLE);
	struct process p;

	if (e)
		describe_entry(&p, e);
	for (int c = 0; c <= last; c++) {
		const struct row *row = row_of(words[c]);

		if (!widths[c])
			continue;
		print_cell(row, e ? cell_text(pool, row, &p, e) : row->title,
			   widths[c], c == last);
		fputs(c == last ? "\n" : "  ", stdout);
	}
	wmem_destroy_allocator(pool);
}

static void widen_columns(int widths[COLUMNS], const struct entry *e)
{
	wmem_allocator_t *pool = wmem_allocator_new(WMEM_ALLOCATOR_SIMPLE);
	struct process p;

	describe_entry(&p, e);
	for (int c = 0; c < COLUMNS; c++) {
		const struct row *row = row_of(words[c]);
		const char *text = cell_text(pool, row, &p, e);

		if (!*text)
			continue;
		widths[c] = MAX(widths[c], width_of_text(text));
		widths[c] = MAX(widths[c], width_of_text(row->title));
	}
	wmem_destroy_allocator(pool);
}

static void print_as_text(const GPtrArray *all)
{
	int widths[COLUMNS] = { 0 }, last = 0;

	for (guint i = 0; i < all->len; i++)
		widen_columns(widths, g_ptr_array_index(all, i));
	for (int c = 0; c < COLUMNS; c++)
		if (widths[c])
			last = c;
	if (all->len)
		print_line(NULL, widths, last);
	for (guint i = 0; i < all->len; i++)
		print_line(g_ptr_array_index(all, i), widths, last);
}

static void draw_table(void *data)
{
	static void (*const print[])(const GPtrArray *) = {
		[FORMAT_TEXT] = print_as_text,
		[FORMAT_CSV] = print_csv,
		[FORMAT_JSON] = print_json,
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

/* ---- as a window ---- */

/* Wireshark keeps one set of tables for a kind of statistic. */
static struct table window;
static GStringChunk *window_texts;

/* Its columns, as those of the text. */
static stat_tap_table_item window_columns[COLUMNS];

static stat_tap_table_item_type window_cell(const struct row *row,
					    const struct process *p,
					    const struct entry *e)
{
	stat_tap_table_item_type item = { .type = TABLE_ITEM_STRING };
	wmem_allocator_t *pool;

	if (is_numeric_row(row)) {
		item.type = TABLE_ITEM_UINT;
		item.value.uint_value = (guint)row_number(row, p);
		return item;
	}
	pool = wmem_allocator_new(WMEM_ALLOCATOR_SIMPLE);
	item.value.string_value = g_string_chunk_insert(window_texts,
		cell_text(pool, row, p, e));
	wmem_destroy_allocator(pool);
	return item;
}

static void window_add_line(stat_tap_table *table, struct entry *e)
{
	stat_tap_table_item_type items[COLUMNS];
	struct process p;

	describe_entry(&p, e);
	memset(items, 0, sizeof(items));
	for (int c = 0; c < COLUMNS; c++)
		items[c] = window_cell(row_of(words[c]), &p, e);
	e->line = table->num_elements;
	stat_tap_init_table_row(table, e->line, COLUMNS, items);
}

static void window_update(stat_tap_table *table, struct entry *e)
{
	if (!e)
		return;
	if (e->packets == 1)
		window_add_line(table, e);
	/* The first two columns are what changes. */
	stat_tap_get_field_data(table, e->line, 0)->value.uint_value =
		(guint)e->packets;
	stat_tap_get_field_data(table, e->line, 1)->value.uint_value =
		(guint)MIN(e->bytes, G_MAXUINT);
}

static tap_packet_status window_packet(void *data, packet_info *pinfo,
				       epan_dissect_t *edt _U_,
				       const void *stats,
				       tap_flags_t flags _U_)
{
	stat_data_t *stat = data;
	stat_tap_table *table = g_array_index(stat->stat_tap_data->tables,
					      stat_tap_table *, 0);
	struct entry *of[2];

	if (!window.entries)
		return TAP_PACKET_DONT_REDRAW;
	count_both_ends(&window, pinfo, stats, of);
	window_update(table, of[0]);
	window_update(table, of[1]);
	return TAP_PACKET_REDRAW;
}

static void window_reset(stat_tap_table *table)
{
	stats_clear_rows(table);
	if (!window.entries)
		return;
	g_hash_table_remove_all(window.entries);
	g_string_chunk_clear(window_texts);
}

static void window_init(stat_tap_table_ui *ui)
{
	stat_tap_table *table = stat_tap_find_table(ui, ui->title);

	if (!window.entries) {
		window.entries = entries_new();
		window_texts = g_string_chunk_new(4096);
	}
	if (table) {
		ui->stat_tap_reset_table_cb(table);
		return;
	}
	table = stat_tap_init_table(ui->title, COLUMNS, 0, NULL);
	stat_tap_add_table(ui, table);
}

/* Called for every cell; all goes with the first. */
static void window_free_cell(stat_tap_table *table _U_, guint line,
			     guint column,
			     stat_tap_table_item_type *item _U_)
{
	if (line || column || !window.entries)
		return;
	g_hash_table_destroy(window.entries);
	g_string_chunk_free(window_texts);
	window.entries = NULL;
}

static void window_register(void)
{
	static tap_param params[] = {
		{ PARAM_FILTER, "filter", "Filter", NULL, true },
	};
	static stat_tap_table_ui ui = {
		.group = REGISTER_PACKET_STAT_GROUP_UNSORTED,
		.title = "Process Table",
		.tap_name = "proc",
		.cli_string = COMMAND ",window",
		.stat_tap_init_cb = window_init,
		.packet_func = window_packet,
		.stat_tap_reset_table_cb = window_reset,
		.stat_tap_free_table_item_cb = window_free_cell,
		.nfields = COLUMNS,
		.fields = window_columns,
		.nparams = array_length(params),
		.params = params,
	};

	for (int c = 0; c < COLUMNS; c++) {
		const struct row *row = row_of(words[c]);

		window_columns[c] = (stat_tap_table_item){
			is_numeric_row(row) ? TABLE_ITEM_UINT :
					      TABLE_ITEM_STRING,
			is_numeric_row(row) ? TAP_ALIGN_RIGHT : TAP_ALIGN_LEFT,
			row->title,
			is_numeric_row(row) ? "%u" : "%s",
		};
	}
	register_stat_tap_table_ui(&ui);
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
	const char *rest = argument + strlen(COMMAND);
	struct table *t = g_new0(struct table, 1);
	GString *error;

	if (take_word(&rest, ",csv"))
		t->format = FORMAT_CSV;
	else if (take_word(&rest, ",json"))
		t->format = FORMAT_JSON;
	t->entries = entries_new();
	error = register_tap_listener("proc", t, *rest == ',' ? rest + 1 : NULL,
				      0, reset_table, table_packet, draw_table, finish_table);
	/* To end, as Wireshark's own do: nothing is better than all. */
	if (error)
		report_failure("Couldn't register " COMMAND " tap: %s",
			       error->str);
	STAT_STARTED(!error);
}

void table_init(void)
{
	static stat_tap_ui ui = {
		.group = REGISTER_STAT_GROUP_GENERIC,
		.title = "Process Table",
		.cli_string = COMMAND,
		.tap_init_cb = start_table,
	};

	register_stat_tap_ui(&ui, NULL);
	window_register();
}
