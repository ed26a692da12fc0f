/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/report.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "printable.h"
#include "view/columns.h"
#include "view/names.h"

/* ---- text ---- */

/* Characters, of which each is taken to be one column wide. */
static int length_of(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += (*text & 0xc0) != 0x80;
	return n;
}

/* What is too long is cut, but not the last column of a line. */
static void put_cell(FILE *f, const char *text, int width, bool right,
		     bool last)
{
	int pad = width - length_of(text);

	for (int i = 0; right && i < pad; i++)
		fputc(' ', f);
	for (int n = 0; *text && (last || n < width); n++) {
		size_t len = printable_length(text, strlen(text));

		fwrite(text, 1, len ? len : 1, f);
		text += len ? len : 1;
	}
	for (int i = 0; !right && !last && i < pad; i++)
		fputc(' ', f);
	fputc(last ? '\n' : ' ', f);
}

static void put_row(FILE *f, const struct report *r, const struct row *row,
		    const struct column_place *places, int count)
{
	char cell[COLUMN_TEXT];

	for (int i = 0; i < count; i++) {
		enum column c = places[i].column;

		if (row)
			column_cell(c, row, r->now_ns, cell);
		else
			snprintf(cell, sizeof(cell), "%s",
				 column_title(c, r->group));
		put_cell(f, cell, places[i].width, column_is_number(c),
			 i == count - 1);
	}
}

char *report_text(const struct report *r, int width, size_t *len)
{
	struct column_place places[COLUMNS];
	int count = columns_place(r->group, width, places);
	char *text = NULL;
	FILE *f = open_memstream(&text, len);

	if (!f)
		return NULL;
	put_row(f, r, NULL, places, count);
	for (size_t i = 0; i < table_count(r->table); i++)
		put_row(f, r, table_row(r->table, i), places, count);
	fprintf(f, "%zu %s, %" PRIu64 " packets, %" PRIu64 " bytes, %" PRIu64
		" dropped, %" PRIu64 " forgotten\n\n", table_count(r->table),
		table_group_names[r->group], r->flows.packets, r->flows.bytes,
		r->losses.dropped, r->flows.forgotten);
	if (!fclose(f))
		return text;
	free(text);
	return NULL;
}

/* ---- JSON ---- */

static uint64_t number_of(enum column c, const struct row *r)
{
	switch (c) {
	case COLUMN_PID:
		return r->pid;
	case COLUMN_UP:
		return r->up;
	case COLUMN_DOWN:
		return r->down;
	case COLUMN_SENT:
		return r->sent;
	case COLUMN_RECEIVED:
		return r->received;
	case COLUMN_CONNECTIONS:
		return r->connections;
	case COLUMN_RETRANSMISSIONS:
		return r->retransmissions;
	case COLUMN_RTT:
		return r->rtt_ns;
	default:
		return 0;
	}
}

static void set_number(json_t *o, const char *name, uint64_t n)
{
	json_object_set_new(o, name, json_integer((json_int_t)n));
}

static json_t *row_object(const struct report *r, const struct row *row)
{
	json_t *o = json_object();
	char cell[COLUMN_TEXT];

	for (int i = 0; i < COLUMNS; i++) {
		enum column c = (enum column)i;

		if (!column_is_of(c, r->group) || c == COLUMN_AGE)
			continue;
		if (column_is_number(c)) {
			set_number(o, column_word(c), number_of(c, row));
			continue;
		}
		column_cell(c, row, r->now_ns, cell);
		json_object_set_new(o, column_word(c),
				    json_string(c == COLUMN_NAME ? row->name :
								   cell));
	}
	set_number(o, "packets", row->packets);
	set_number(o, "open", row->open);
	set_number(o, "first", row->first_ns);
	set_number(o, "last", row->last_ns);
	column_alerts(row->alerts, cell);
	json_object_set_new(o, "alerts", json_string(cell));
	return o;
}

char *report_json(const struct report *r, size_t *len)
{
	json_t *o = json_object(), *rows = json_array();
	char *text;

	set_number(o, "time", r->now_ns);
	json_object_set_new(o, "by", json_string(table_group_names[r->group]));
	for (size_t i = 0; i < table_count(r->table); i++)
		json_array_append_new(rows,
				      row_object(r, table_row(r->table, i)));
	json_object_set_new(o, "rows", rows);
	set_number(o, "packets", r->flows.packets);
	set_number(o, "bytes", r->flows.bytes);
	set_number(o, "dropped", r->losses.dropped);
	set_number(o, "events_lost", r->losses.events);
	set_number(o, "forgotten", r->flows.forgotten);
	text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	if (!text)
		return NULL;
	*len = strlen(text);
	text[(*len)++] = '\n';		/* in place of the NUL */
	return text;
}
