/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/lines/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/plural.h"
#include "printable.h"
#include "view/rows/columns.h"
#include "view/rows/row_filter.h"
#include "view/lines/json.h"
#include "view/flows/names.h"

#define ROW_MAX 4096 /* bytes of a row as JSON, quotes escaped */

/* ---- text ---- */

/* Characters, of which each is taken to be one column wide. */
static int length_of(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += (*text & 0xc0) != 0x80;
	return n;
}

/*
 * What is too long is cut, but not the last column of a line; as on a screen it
 * is seen, where more than a letter or two is left.
 */
static void put_cell(FILE *f, const char *text, int width, bool right,
		     bool last)
{
	int pad = width - length_of(text);
	bool marked = pad < 0 && width >= 4 && !last;
	int room = marked ? width - 1 : width;

	for (int i = 0; right && i < pad; i++)
		fputc(' ', f);
	for (int n = 0; *text && (last || n < room); n++) {
		size_t len = printable_length(text, strlen(text));

		fwrite(text, 1, len ? len : 1, f);
		text += len ? len : 1;
	}
	if (marked)
		fputs("\u2026", f);
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
		if (i < count - 1)
			column_keep_port(c, places[i].width, cell);
		put_cell(f, cell, places[i].width, column_is_number(c),
			 i == count - 1);
	}
}

char *report_text(const struct report *r, int width, size_t *len)
{
	struct column_place places[COLUMNS];
	int count = columns_place(r->group, COLUMN_NAME, width, places);
	char *text = NULL;
	FILE *f = open_memstream(&text, len);

	if (!f)
		return NULL;
	put_row(f, r, NULL, places, count);
	for (size_t i = 0; i < table_count(r->table); i++)
		put_row(f, r, table_row(r->table, i), places, count);
	fprintf(f,
		"%zu %s, %" PRIu64 " packet%s, %" PRIu64 " bytes, %" PRIu64
		" dropped, %" PRIu64 " forgotten\n\n",
		table_count(r->table), table_group_names[r->group],
		r->flows.packets, plural_s(r->flows.packets), r->flows.bytes,
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

static void put_object(struct json *j, const struct report *r,
		       const struct row *row)
{
	char cell[COLUMN_TEXT], alerts[COLUMN_ALERTS], filter[ROW_FILTER];

	json_open(j, NULL, '{');
	for (int i = 0; i < COLUMNS; i++) {
		enum column c = (enum column)i;

		if (!column_is_of(c, r->group) || c == COLUMN_AGE)
			continue;
		if (column_is_number(c)) {
			json_number(j, column_word(c), number_of(c, row));
			continue;
		}
		column_cell(c, row, r->now_ns, cell);
		if (c == COLUMN_REMOTE)
			column_address(&row->flow_key, !row->local_side, cell);
		json_text(j, column_word(c),
			  c == COLUMN_NAME ? row->name : cell);
	}
	if (r->group == GROUP_CONNECTION)
		json_text(j, "domain", row->domain);
	json_number(j, "packets", row->packets);
	json_number(j, "open", row->open);
	json_number(j, "first", row->first_ns);
	json_number(j, "last", row->last_ns);
	column_alerts(row->alerts, alerts);
	json_text(j, "alerts", alerts);
	row_filter(row, r->group, filter);
	json_text(j, "filter", filter);
	json_close(j, '}');
}

char *report_json(const struct report *r, size_t *len)
{
	size_t size = (table_count(r->table) + 1) * ROW_MAX;
	char *text = malloc(size);
	struct json j = json_of(text, text ? size : 0);

	json_open(&j, NULL, '{');
	json_number(&j, "time", r->now_ns);
	json_text(&j, "by", table_group_names[r->group]);
	json_open(&j, "rows", '[');
	for (size_t i = 0; i < table_count(r->table); i++)
		put_object(&j, r, table_row(r->table, i));
	json_close(&j, ']');
	json_number(&j, "packets", r->flows.packets);
	json_number(&j, "bytes", r->flows.bytes);
	json_number(&j, "dropped", r->losses.dropped);
	json_number(&j, "events_lost", r->losses.events);
	json_number(&j, "forgotten", r->flows.forgotten);
	json_number(&j, "undissected", r->losses.undissected);
	json_close(&j, '}');
	json_newline(&j);
	if (!j.failed) {
		*len = (size_t)(j.at - text);
		return text;
	}
	free(text);
	return NULL;
}
