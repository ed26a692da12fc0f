/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "view/flows/names.h"
#include "view/saved/saved.h"
#include "view/screen/top_state.h"

static const char *const keys =
	"/ filter  p process  s sort  r reverse  Enter details  ? help  q quit";

int top_page(const struct top *t)
{
	int rows, columns;

	screen_size(t->screen, &rows, &columns);
	rows -= TOP_FIRST_ROW + 1;
	return rows > 1 ? rows : 1;
}

int top_width(const struct top *t)
{
	int rows, columns;

	screen_size(t->screen, &rows, &columns);
	return columns;
}

/* A narrow screen has no room for what nobody asked to have it sorted by. */
int top_columns(const struct top *t, struct column_place places[COLUMNS])
{
	enum column by = t->sort[t->group];

	return columns_place(t->group, by == TOP_SORT ? COLUMN_NAME : by,
			     top_width(t), places);
}

/* ---- bars ---- */

static size_t add_count(char *out, size_t at, size_t size, uint64_t n,
			const char *of)
{
	if (!n || at >= size)
		return at;
	return at +
	       (size_t)snprintf(out + at, size - at, "  %" PRIu64 " %s", n, of);
}

/* What is missing is said as long as it is. */
static void losses_text(const struct top *t, char *out, size_t size)
{
	struct flows_stats s;
	size_t at = 0;

	flows_stats(t->options.flows, &s);
	*out = '\0';
	at = add_count(out, at, size, t->losses.dropped, "dropped");
	at = add_count(out, at, size, t->losses.events, "events lost");
	at = add_count(out, at, size, s.forgotten, "forgotten");
	at = add_count(out, at, size, t->losses.undissected, "not dissected");
	add_count(out, at, size, actors_lost(t->options.actors),
		  "processes forgotten");
}

static void saved_text(const struct top *t, char *out, size_t size)
{
	const struct saved *s = t->options.saved;

	*out = '\0';
	if (s && saved_error(s))
		snprintf(out, size, "  SAVING FAILS");
	else if (s && saved_goes_on(s))
		snprintf(out, size, "  SAVING %" PRIu64, saved_count(s));
}

static void draw_status(struct top *t)
{
	const struct row *total = table_total(t->table);
	char text[512], up[COLUMN_TEXT], down[COLUMN_TEXT], lost[160];
	char saved[40];
	int width = top_width(t), lost_width;

	column_bytes(total->up, up);
	column_bytes(total->down, down);
	saved_text(t, saved, sizeof(saved));
	losses_text(t, lost, sizeof(lost));
	lost_width = (int)strlen(lost);
	snprintf(text, sizeof(text),
		 "pktwho top  %s  %zu %s, %" PRIu64
		 " open  up %s/s  down %s/s%s%s%s",
		 t->options.title, table_count(t->table),
		 table_group_names[t->group], total->open, up, down,
		 t->paused ? "  PAUSED" : "", t->is_last ? "  ENDED" : "",
		 saved);
	screen_put(t->screen, 0, 0, width, STYLE_BAR, false, text);
	if (lost_width)
		screen_put(t->screen, 0, width - lost_width, lost_width,
			   STYLE_ALERT | STYLE_SELECTED, false, lost);
}

static void draw_groups(struct top *t)
{
	int x = 0;

	for (int g = 0; g < GROUPS; g++) {
		char text[32];
		int n = snprintf(text, sizeof(text), "%d %s", g + 1,
				 table_group_names[g]);

		screen_put(t->screen, 1, x, n,
			   g == (int)t->group ? STYLE_BOLD | STYLE_SELECTED :
						STYLE_PLAIN,
			   false, text);
		x += n + 1;
	}
}

static void draw_last(struct top *t)
{
	int rows, width, n = (int)strlen(t->text);
	char text[sizeof(t->message)];

	screen_size(t->screen, &rows, &width);
	screen_cursor(t->screen, -1, 0);
	if (t->typing) {
		snprintf(text, sizeof(text), "/%s  %s", t->text, t->why);
		screen_put(t->screen, rows - 1, 0, width,
			   *t->why ? STYLE_ALERT : STYLE_BOLD, false, text);
		if (n + 1 < width)
			screen_cursor(t->screen, rows - 1, n + 1);
		return;
	}
	if (*t->message)
		snprintf(text, sizeof(text), "%s", t->message);
	else if (*t->text)
		snprintf(text, sizeof(text), "/%s  (Esc: all)  %s", t->text,
			 keys);
	else
		snprintf(text, sizeof(text), "%s", keys);
	screen_put(t->screen, rows - 1, 0, width,
		   *t->message ? STYLE_BOLD : STYLE_BAR, false, text);
}

/* ---- the list ---- */

static void draw_titles(struct top *t, const struct column_place *places,
			int count)
{
	int x = 0;

	screen_put(t->screen, 2, 0, top_width(t), STYLE_BAR, false, "");
	for (int i = 0; i < count; x += places[i++].width + 1) {
		enum column c = places[i].column;
		bool sorts = c == t->sort[t->group];

		screen_put(t->screen, 2, x, places[i].width,
			   sorts ? STYLE_BOLD : STYLE_BAR, column_is_number(c),
			   column_title(c, t->group));
	}
}

static int style_of(const struct row *r)
{
	if (r->alerts)
		return STYLE_ALERT;
	return r->over ? STYLE_DIM : STYLE_PLAIN;
}

static void draw_row(struct top *t, int y, const struct row *r, bool selected,
		     const struct column_place *places, int count)
{
	int style = style_of(r) | (selected ? STYLE_SELECTED : 0), x = 0;
	char cell[COLUMN_TEXT];

	screen_put(t->screen, y, 0, top_width(t), style, false, "");
	for (int i = 0; i < count; x += places[i++].width + 1) {
		column_cell(places[i].column, r, t->now_ns, cell);
		column_keep_port(places[i].column, places[i].width, cell);
		screen_put(t->screen, y, x, places[i].width, style,
			   column_is_number(places[i].column), cell);
	}
}

/* A filter that finds nothing may have asked for what is not known. */
static void draw_nothing(struct top *t)
{
	char fields[128];
	const char *const lines[] = {
		*t->text ? "nothing matches the filter" : "no traffic yet",
		*t->text ? fields : "",
		*t->text ? t->missing : "",
	};

	query_list_fields(fields, sizeof(fields));
	for (int i = 0; i < 3; i++)
		screen_put(t->screen, TOP_FIRST_ROW + i, 0, top_width(t),
			   STYLE_DIM, false, lines[i]);
}

static void draw_list(struct top *t)
{
	struct column_place places[COLUMNS];
	int count = top_columns(t, places);
	long rows = (long)table_count(t->table);

	draw_titles(t, places, count);
	if (!rows)
		draw_nothing(t);
	for (int i = 0; i < top_page(t) && t->first + i < rows; i++)
		draw_row(t, TOP_FIRST_ROW + i,
			 table_row(t->table, (size_t)(t->first + i)),
			 t->first + i == t->at, places, count);
}

/* ---- sockets ---- */

/* As ss(8) writes it. */
static void socket_address(const struct socket_row *r, char out[COLUMN_TEXT])
{
	static const uint8_t everywhere[16];
	struct flow_key k = { .proto = r->proto, .local_port = r->port };

	memcpy(k.local, r->address, sizeof(k.local));
	if (memcmp(r->address, everywhere, sizeof(everywhere)))
		column_address(&k, FLOW_CLIENT, out);
	else
		snprintf(out, COLUMN_TEXT, "*:%u", r->port);
}

static void draw_socket(struct top *t, int y, const struct socket_row *r)
{
	bool stands_out = r->flags & (PROCESS_EXE_DELETED | PROCESS_EXE_MEMFD |
				      PROCESS_EXE_WORLD_WRITABLE);
	char text[512], address[COLUMN_TEXT], pid[16] = "";

	socket_address(r, address);
	if (r->pid)
		snprintf(pid, sizeof(pid), "%u", r->pid);
	snprintf(text, sizeof(text), "%-5s %-27s %7s %s%-16s %-9s %-8s %s",
		 r->proto == 6 ? "tcp" : "udp", address, pid,
		 stands_out ? "! " : "", r->name, r->user, attr_name(r->attr),
		 r->unit);
	screen_put(t->screen, y, 0, top_width(t),
		   stands_out ? STYLE_ALERT : STYLE_PLAIN, false, text);
}

static void draw_sockets(struct top *t)
{
	long count = (long)sockets_count(t->sockets);
	char text[200], left[60] = "";

	if (sockets_left(t->sockets))
		snprintf(left, sizeof(left), "  and %zu more",
			 sockets_left(t->sockets));
	snprintf(text, sizeof(text), "PROTO %-27s %7s %-16s %-9s %-8s %s%s",
		 "LISTENS AT", "PID", "PROCESS", "USER", "HOW", "UNIT", left);
	screen_put(t->screen, 2, 0, top_width(t), STYLE_BAR, false, text);
	if (!count)
		screen_put(t->screen, TOP_FIRST_ROW, 0, top_width(t), STYLE_DIM,
			   false, "no socket is known to wait");
	for (int i = 0; i < top_page(t) && t->first_socket + i < count; i++)
		draw_socket(t, TOP_FIRST_ROW + i,
			    sockets_row(t->sockets,
					(size_t)(t->first_socket + i)));
}

void top_draw(struct top *t)
{
	screen_erase(t->screen);
	if (t->mode == TOP_DETAILS && !table_count(t->table))
		t->mode = TOP_LIST;
	draw_status(t);
	draw_groups(t);
	if (t->mode == TOP_HELP)
		top_draw_help(t);
	else if (t->mode == TOP_DETAILS)
		top_draw_details(t);
	else if (t->mode == TOP_SOCKETS)
		draw_sockets(t);
	else
		draw_list(t);
	draw_last(t);
	screen_show(t->screen);
}
