/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The process table in a window of Wireshark. */
#include "stats/table.h"

#include <epan/tap.h>

/* Wireshark keeps one set of tables for a kind of statistic. */
static struct table window;
static GStringChunk *window_texts;

/* Its columns: those of the text, in another order. */
static stat_tap_table_item window_columns[TABLE_COLUMNS];

enum { WINDOW_PACKETS = 2, WINDOW_BYTES };

/*
 * Wireshark opens it sorted by the first column, the least at the top: of
 * packets that would be those who hardly spoke.
 */
static const struct row *window_row(int column)
{
	static const int first[] = { 3, 2, 0, 1 };

	return table_column(column < (int)array_length(first) ? first[column] :
								column);
}

static stat_tap_table_item_type window_cell(const struct row *row,
					    const struct process *p,
					    const struct entry *e)
{
	stat_tap_table_item_type item = { .type = TABLE_ITEM_STRING };
	wmem_allocator_t *pool;
	const char *text;

	if (table_is_numeric(row)) {
		item.type = TABLE_ITEM_UINT;
		item.value.uint_value = (guint)row_number(row, p);
		return item;
	}
	pool = wmem_allocator_new(WMEM_ALLOCATOR_SIMPLE);
	text = table_cell(pool, row, p, e);
	item.value.string_value = g_string_chunk_insert(window_texts, text);
	wmem_destroy_allocator(pool);
	return item;
}

static void window_add_line(stat_tap_table *table, struct entry *e)
{
	stat_tap_table_item_type items[TABLE_COLUMNS];
	struct process p;

	table_describe(&p, e);
	memset(items, 0, sizeof(items));
	for (int c = 0; c < TABLE_COLUMNS; c++)
		items[c] = window_cell(window_row(c), &p, e);
	e->line = table->num_elements;
	stat_tap_init_table_row(table, e->line, TABLE_COLUMNS, items);
}

static void window_update(stat_tap_table *table, struct entry *e)
{
	if (!e)
		return;
	if (e->packets == 1)
		window_add_line(table, e);
	stat_tap_get_field_data(table, e->line, WINDOW_PACKETS)
		->value.uint_value = (guint)e->packets;
	stat_tap_get_field_data(table, e->line, WINDOW_BYTES)
		->value.uint_value = (guint)MIN(e->bytes, G_MAXUINT);
}

static tap_packet_status window_packet(void *data, packet_info *pinfo,
				       epan_dissect_t *edt _U_,
				       const void *stats, tap_flags_t flags _U_)
{
	stat_data_t *stat = data;
	stat_tap_table *table = g_array_index(stat->stat_tap_data->tables,
					      stat_tap_table *, 0);
	struct entry *of[2];

	if (!window.entries)
		return TAP_PACKET_DONT_REDRAW;
	table_count(&window, pinfo, stats, of);
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
		window.entries = table_entries_new();
		window_texts = g_string_chunk_new(4096);
	}
	if (table) {
		ui->stat_tap_reset_table_cb(table);
		return;
	}
	table = stat_tap_init_table(ui->title, TABLE_COLUMNS, 0, NULL);
	stat_tap_add_table(ui, table);
}

/* Called for every cell; all goes with the first. */
static void window_free_cell(stat_tap_table *table _U_, guint line,
			     guint column, stat_tap_table_item_type *item _U_)
{
	if (line || column || !window.entries)
		return;
	g_hash_table_destroy(window.entries);
	g_string_chunk_free(window_texts);
	window.entries = NULL;
}

void table_window_register(void)
{
	static stat_tap_table_ui ui = {
		.title = "Process Table",
		.tap_name = "proc",
		.cli_string = TABLE_COMMAND ",window",
		.stat_tap_init_cb = window_init,
		.packet_func = window_packet,
		.stat_tap_reset_table_cb = window_reset,
		.stat_tap_free_table_item_cb = window_free_cell,
		.nfields = TABLE_COLUMNS,
		.fields = window_columns,
	};

	for (int c = 0; c < TABLE_COLUMNS; c++) {
		const struct row *row = window_row(c);

		window_columns[c] = (stat_tap_table_item){
			table_is_numeric(row) ? TABLE_ITEM_UINT :
						TABLE_ITEM_STRING,
			table_is_numeric(row) ? TAP_ALIGN_RIGHT :
						TAP_ALIGN_LEFT,
			row->title,
			table_is_numeric(row) ? "%u" : "%s",
		};
	}
	stats_register_window(&ui);
}
