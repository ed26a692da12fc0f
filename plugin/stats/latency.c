/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stats/latency.h"

#include "compat.h"

#include <epan/tap.h>

#include "dpi/dpi.h"
#include "dpi/read/times.h"
#include "stats/stats.h"

enum column { PROGRAM, ROLE, APP, ANSWERS, AVG, MIN_MS, MAX_MS, COLUMNS };

#define TEXT(title)                                            \
	{                                                      \
		TABLE_ITEM_STRING, TAP_ALIGN_LEFT, title, "%s" \
	}
#define MILLISECONDS(title)                                      \
	{                                                        \
		TABLE_ITEM_FLOAT, TAP_ALIGN_RIGHT, title, "%.3f" \
	}

static stat_tap_table_item columns[] = {
	[PROGRAM] = TEXT("Program"),
	[ROLE] = TEXT("Role"),
	[APP] = TEXT("Application"),
	[ANSWERS] = { TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Answers", "%u" },
	[AVG] = MILLISECONDS("Avg (ms)"),
	[MIN_MS] = MILLISECONDS("Min (ms)"),
	[MAX_MS] = MILLISECONDS("Max (ms)"),
};

struct waiting {
	guint row; /* its place, see stats_row_rise() */
	char *key; /* program, role, application */
	char *program;
	double sum;
};

/* As in tcp.c: one set of tables, so one index. */
static GHashTable *all; /* key -> struct waiting */
static GPtrArray *rows; /* row -> its struct waiting's row */

static void waiting_free(void *data)
{
	struct waiting *w = data;

	g_free(w->key);
	g_free(w->program);
	g_free(w);
}

static stat_tap_table_item_type *
latency_cell(stat_tap_table *table, const struct waiting *w, enum column column)
{
	return stat_tap_get_field_data(table, w->row, column);
}

static struct waiting *waiting_new(stat_tap_table *table, char *key,
				   const char *program, const char *role,
				   const struct dpi_time *t)
{
	struct waiting *w = g_new0(struct waiting, 1);
	stat_tap_table_item_type items[COLUMNS];

	w->row = table->num_elements;
	w->key = key;
	w->program = g_strdup(program);
	memset(items, 0, sizeof(items));
	for (int i = 0; i < COLUMNS; i++)
		items[i].type = columns[i].type;
	items[PROGRAM].value.string_value = w->program;
	items[ROLE].value.string_value = role;
	/* A constant, unlike the flow's that it may be of. */
	items[APP].value.string_value = g_intern_string(t->app);
	items[MIN_MS].value.float_value = t->ms;
	stat_tap_init_table_row(table, w->row, COLUMNS, items);
	g_hash_table_insert(all, w->key, w);
	g_ptr_array_add(rows, &w->row);
	return w;
}

static void count_time(stat_tap_table *table, const char *program,
		       const char *role, const struct dpi_time *t)
{
	char *key = g_strdup_printf("%s\n%s\n%s", program, role, t->app);
	struct waiting *w = g_hash_table_lookup(all, key);
	stat_tap_table_item_type *min, *max;
	guint answers;

	if (w)
		g_free(key);
	else
		w = waiting_new(table, key, program, role, t);
	answers = ++latency_cell(table, w, ANSWERS)->value.uint_value;
	w->sum += t->ms;
	latency_cell(table, w, AVG)->value.float_value = w->sum / answers;
	min = latency_cell(table, w, MIN_MS);
	min->value.float_value = MIN(min->value.float_value, t->ms);
	max = latency_cell(table, w, MAX_MS);
	max->value.float_value = MAX(max->value.float_value, t->ms);
	stats_row_rise(table, rows, w->row, ANSWERS);
}

static tap_packet_status latency_packet(void *data, packet_info *pinfo,
					epan_dissect_t *edt _U_,
					const void *stats,
					tap_flags_t flags _U_)
{
	stat_data_t *stat = data;
	stat_tap_table *table = g_array_index(stat->stat_tap_data->tables,
					      stat_tap_table *, 0);
	const struct dpi_time *t = dpi_times_get(pinfo->num);
	const struct stats_packet *s = stats;

	if (!t || !all)
		return TAP_PACKET_DONT_REDRAW;
	if (s->dst)
		count_time(table, s->dst_line.name, "asks", t);
	if (s->src)
		count_time(table, s->src_line.name, "answers", t);
	return TAP_PACKET_REDRAW;
}

static void reset_latency(stat_tap_table *table)
{
	stats_clear_rows(table);
	if (!all)
		return;
	g_ptr_array_set_size(rows, 0);
	g_hash_table_remove_all(all);
}

static void init(stat_tap_table_ui *ui)
{
	stat_tap_table *table = stat_tap_find_table(ui, ui->title);

	dpi_collect();
	if (!all) {
		all = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
					    waiting_free);
		rows = g_ptr_array_new();
	}
	if (table) {
		ui->stat_tap_reset_table_cb(table);
		return;
	}
	stat_tap_add_table(ui,
			   stat_tap_init_table(ui->title, COLUMNS, 0, NULL));
}

/* Called for every cell; the names go with the first. */
static void free_cell(stat_tap_table *table _U_, guint row, guint column,
		      stat_tap_table_item_type *item _U_)
{
	if (row || column || !all)
		return;
	g_ptr_array_free(rows, true);
	g_hash_table_destroy(all);
	all = NULL;
}

void latency_init(void)
{
	static stat_tap_table_ui ui = {
		.title = "Response Times by Program",
		.tap_name = "proc",
		.cli_string = "proc,latency",
		.stat_tap_init_cb = init,
		.packet_func = latency_packet,
		.stat_tap_reset_table_cb = reset_latency,
		.stat_tap_free_table_item_cb = free_cell,
		.nfields = COLUMNS,
		.fields = columns,
	};

	lines_add_head(&columns[PROGRAM]);
	stats_register_window(&ui);
}
