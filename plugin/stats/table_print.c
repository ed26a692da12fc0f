/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The process table on stdout: for people, and for programs. */
#include "stats/table.h"

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

	table_describe(&p, e);
	for (size_t r = 0; r < ROWS; r++) {
		if (!table_is_column(&rows[r]))
			continue;
		fputs(comma, stdout);
		print_quoted(table_cell(pool, &rows[r], &p, e));
		comma = ",";
	}
	putchar('\n');
	wmem_destroy_allocator(pool);
}

void table_print_csv(const GPtrArray *all)
{
	const char *comma = "";

	for (size_t r = 0; r < ROWS; r++) {
		if (!table_is_column(&rows[r]))
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

	table_describe(&p, e);
	for (size_t r = 0; r < ROWS; r++) {
		const char *text;

		if (!table_is_column(&rows[r]) ||
		    !process_has(&p, rows[r].field))
			continue;
		text = table_cell(pool, &rows[r], &p, e);
		printf("%s\"%s\":", comma, rows[r].word);
		if (table_is_numeric(&rows[r]))
			fputs(text, stdout);
		else
			print_json_text(text);
		comma = ",";
	}
	wmem_destroy_allocator(pool);
}

void table_print_json(const GPtrArray *all)
{
	fputs("[", stdout);
	for (guint i = 0; i < all->len; i++) {
		fputs(i ? "},\n{" : "{", stdout);
		print_json_row(g_ptr_array_index(all, i));
	}
	puts(all->len ? "}]" : "]");
}

/* ---- as text ---- */

static int width_of_text(const char *text)
{
	return (int)g_utf8_strlen(text, -1);
}

/* Numbers to the right, the last column without blanks behind it. */
static void print_cell(const struct row *row, const char *text, int width,
		       bool last)
{
	int blanks = last ? 0 : width - width_of_text(text);

	if (table_is_numeric(row))
		printf("%*s%s", width - width_of_text(text), "", text);
	else
		printf("%s%*s", text, blanks, "");
}

/* A line: the titles where there is no @e. */
static void print_line(const struct entry *e, const int widths[TABLE_COLUMNS],
		       int last)
{
	wmem_allocator_t *pool = wmem_allocator_new(WMEM_ALLOCATOR_SIMPLE);
	struct process p;

	if (e)
		table_describe(&p, e);
	for (int c = 0; c <= last; c++) {
		const struct row *row = table_column(c);

		if (!widths[c])
			continue;
		print_cell(row, e ? table_cell(pool, row, &p, e) : row->title,
			   widths[c], c == last);
		fputs(c == last ? "\n" : "  ", stdout);
	}
	wmem_destroy_allocator(pool);
}

static void widen_columns(int widths[TABLE_COLUMNS], const struct entry *e)
{
	wmem_allocator_t *pool = wmem_allocator_new(WMEM_ALLOCATOR_SIMPLE);
	struct process p;

	table_describe(&p, e);
	for (int c = 0; c < TABLE_COLUMNS; c++) {
		const struct row *row = table_column(c);
		const char *text = table_cell(pool, row, &p, e);

		if (!*text)
			continue;
		widths[c] = MAX(widths[c], width_of_text(text));
		widths[c] = MAX(widths[c], width_of_text(row->title));
	}
	wmem_destroy_allocator(pool);
}

void table_print_text(const GPtrArray *all)
{
	int widths[TABLE_COLUMNS] = { 0 }, last = 0;

	for (guint i = 0; i < all->len; i++)
		widen_columns(widths, g_ptr_array_index(all, i));
	for (int c = 0; c < TABLE_COLUMNS; c++)
		if (widths[c])
			last = c;
	if (all->len)
		print_line(NULL, widths, last);
	for (guint i = 0; i < all->len; i++)
		print_line(g_ptr_array_index(all, i), widths, last);
}
