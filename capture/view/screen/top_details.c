/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "host/plural.h"
#include "printable.h"
#include "view/flows/names.h"
#include "view/screen/top_state.h"

struct pen {
	struct top *top;
	int y;
	bool more; /* than there was room for */
};

/* Bytes of @text that there was room for. */
static size_t put_detail(const struct pen *pen, const char *name,
			 const char *text)
{
	bool is_seen = pen->y >= TOP_FIRST_ROW;
	/* Where it cannot be seen it is no longer there before the next. */
	int y = is_seen ? pen->y : TOP_FIRST_ROW;
	int width = top_width(pen->top);
	size_t n;

	screen_put(pen->top->screen, y, 1, 15, STYLE_BOLD, false, name);
	n = screen_put_part(pen->top->screen, y, 17, width - 17, text);
	if (!is_seen)
		screen_put(pen->top->screen, y, 0, width, STYLE_PLAIN, false,
			   "");
	return n;
}

/*
 * What is too long for one line goes on in the next.  Lines that were scrolled
 * away stand above the first row.
 */
static void line(struct pen *pen, const char *name, const char *text)
{
	int end = TOP_FIRST_ROW + top_page(pen->top);

	while (*text && pen->y < end) {
		size_t n = put_detail(pen, name, text);

		pen->y++;
		if (!n)
			return;
		text += n;
		name = "";
	}
	pen->more |= *text;
}

static void time_text(uint64_t ns, char *out, size_t size)
{
	time_t seconds = (time_t)(ns / 1000000000);
	struct tm tm;

	*out = '\0';
	if (ns && localtime_r(&seconds, &tm))
		strftime(out, size, "%Y-%m-%d %H:%M:%S", &tm);
}

/* The arguments behind one another; blanks within them are not told apart. */
static void join_arguments(const struct process *p, char *out, size_t size)
{
	size_t n = p->cmdline_len < size ? p->cmdline_len : size - 1;

	memcpy(out, p->cmdline, n);
	out[n] = '\0';
	for (size_t i = 0; i + 1 < n; i++)
		if (!out[i])
			out[i] = ' ';
}

/* Those before the parent, the nearest first. */
static void ancestors_text(const struct process *p, char *out, size_t size)
{
	struct ancestor a[PROCESS_ANCESTORS];
	unsigned count = process_ancestors(p, a);
	size_t at = 0;

	*out = '\0';
	for (unsigned i = 1; i < count && at < size; i++)
		at += (size_t)snprintf(out + at, size - at, "%s%.*s (%u)",
				       i > 1 ? ", " : "", (int)a[i].name_len,
				       a[i].name, a[i].pid);
	printable_replace(out);
}

/* ", of sh (4711)", or as much of that as is known. */
static void parent_text(const struct process *p, char *out, size_t size)
{
	*out = '\0';
	if (*p->pname)
		snprintf(out, size, ", of %s (%u)", p->pname, p->ppid);
	else if (p->ppid)
		snprintf(out, size, ", of pid %u", p->ppid);
}

static void draw_process(struct pen *pen, const char *title,
			 const struct actor *a)
{
	struct process p;
	char text[sizeof(p.cmdline)], parent[64], when[32];

	if (!a->id) {
		line(pen, title, a->name);
		return;
	}
	actor_process(a, &p);
	parent_text(&p, parent, sizeof(parent));
	snprintf(text, sizeof(text), "%s, pid %u%s", a->name, a->pid, parent);
	line(pen, title, text);
	ancestors_text(&p, text, sizeof(text));
	line(pen, "  ancestors", text);
	line(pen, "  executable", p.exepath);
	join_arguments(&p, text, sizeof(text));
	line(pen, "  arguments", text);
	line(pen, "  user", a->user);
	time_text(p.start_ns, when, sizeof(when));
	line(pen, "  started", when);
	line(pen, "  container", a->container);
	line(pen, "  image", p.container_image);
	snprintf(text, sizeof(text), "%s/%s", p.pod_namespace, p.pod_name);
	line(pen, "  pod", *p.pod_name ? text : "");
	line(pen, "  unit", a->unit);
}

struct search {
	uint64_t number;
	const struct flow *flow;
};

static void search_flow(void *ctx, const struct flow *f)
{
	struct search *s = ctx;

	if (f->number == s->number)
		s->flow = f;
}

static void draw_name(struct pen *pen, const struct flow *f,
		      enum flow_side side)
{
	const struct resolved_name *n = resolved_get(pen->top->options.names,
						     side ? f->key.remote :
							    f->key.local,
						     f->first_ns);
	char text[RESOLVED_NAME + 100];

	if (!n)
		return;
	snprintf(text, sizeof(text), "%s, asked for by %s", n->name, n->who);
	if (n->pid)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 " (%u)", n->pid);
	line(pen, "  name", text);
}

static void draw_speech(struct pen *pen, const struct flow *f)
{
	const struct flow_speech *s = f->speech;
	char text[640];

	if (f->missed && !s)
		line(pen, "application", "not dissected: there was no time");
	if (!s)
		return;
	snprintf(text, sizeof(text), "%s%s%s%s", s->app, *s->host ? " " : "",
		 s->host, s->guessed ? ", by its port alone" : "");
	line(pen, "application", text);
	line(pen, "  detail", s->detail);
}

static void draw_end(struct pen *pen, const struct flow *f, enum flow_side side)
{
	const struct flow_end *e = &f->ends[side];
	char text[300], addr[COLUMN_TEXT], sent[COLUMN_TEXT];
	uint64_t packets[2], bytes[2];

	flow_sums(f, packets, bytes);
	column_address(&f->key, side, addr);
	column_bytes(bytes[side], sent);
	snprintf(text, sizeof(text),
		 "%s %s  sent %" PRIu64 " packet%s, %s"
		 "B, %u again",
		 addr, e->country, packets[side], plural_s(packets[side]), sent,
		 e->retransmissions);
	line(pen, side ? "server" : "client", text);
	draw_name(pen, f, side);
	draw_process(pen, "  process", e->actor);
	snprintf(text, sizeof(text), "%s %s", attr_name(e->attr),
		 reason_name(e->reason));
	line(pen, "  known by", e->attr ? text : "");
}

static void draw_flow(struct pen *pen, const struct row *r)
{
	struct search s = { .number = r->key.id };

	flows_each(pen->top->options.flows, search_flow, &s);
	if (!s.flow) {
		line(pen, r->name, "is forgotten, for want of room");
		return;
	}
	draw_speech(pen, s.flow);
	draw_end(pen, s.flow, FLOW_CLIENT);
	draw_end(pen, s.flow, FLOW_SERVER);
}

static void search_actor(void *ctx, struct actor *a)
{
	struct {
		uint64_t id;
		struct actor *actor;
	} *s = ctx;

	if (a->id && a->id == s->id &&
	    (!s->actor || a->version > s->actor->version))
		s->actor = a;
}

static void draw_totals(struct pen *pen, const struct row *r)
{
	char text[COLUMN_ALERTS], sent[COLUMN_TEXT], received[COLUMN_TEXT],
		rtt[COLUMN_TEXT];

	column_alerts(r->alerts, text);
	line(pen, "stands out", text);
	column_bytes(r->sent, sent);
	column_bytes(r->received, received);
	snprintf(text, sizeof(text),
		 "%" PRIu64 " packet%s, %sB sent, %sB "
		 "received, %" PRIu64 " sent again",
		 r->packets, plural_s(r->packets), sent, received,
		 r->retransmissions);
	line(pen, "traffic", text);
	snprintf(text, sizeof(text), "%" PRIu64 ", %" PRIu64 " open",
		 r->connections, r->open);
	line(pen, "connections", pen->top->group ? text : "");
	snprintf(text, sizeof(text), "%s %s", name_protocol(&r->flow_key),
		 r->state);
	line(pen, "protocol", pen->top->group ? "" : text);
	column_cell(COLUMN_RTT, r, 0, rtt);
	line(pen, "round trip", rtt);
	time_text(r->first_ns, text, sizeof(text));
	line(pen, "first packet", text);
	time_text(r->last_ns, text, sizeof(text));
	line(pen, "last packet", text);
}

static void draw_all_details(struct pen *pen, const struct row *r)
{
	struct {
		uint64_t id;
		struct actor *actor;
	} s = { r->key.id, NULL };
	struct top *t = pen->top;
	char filter[ROW_FILTER];

	draw_totals(pen, r);
	top_filter(t, filter);
	line(pen, "Wireshark", filter);
	if (t->group == GROUP_CONNECTION)
		draw_flow(pen, r);
	if (t->group == GROUP_PROCESS)
		actors_each(t->options.actors, search_actor, &s);
	if (s.actor)
		draw_process(pen, "process", s.actor);
}

/* Not beyond the last line, as what is shown may have become less. */
static void limit_scrolling(struct top *t, const struct row *r)
{
	/* Far above the page, nothing of them is seen. */
	struct pen pen = { .top = t, .y = INT_MIN / 2 };
	int hidden;

	if (!t->scrolled)
		return;
	draw_all_details(&pen, r);
	hidden = pen.y - INT_MIN / 2 - top_page(t);
	if (t->scrolled > hidden)
		t->scrolled = hidden > 0 ? hidden : 0;
}

void top_draw_details(struct top *t)
{
	static const char more[] = " Page Down: more";
	const struct row *r = table_row(t->table, (size_t)t->at);
	const int width = top_width(t), room = (int)sizeof(more) - 1;
	struct pen pen = { .top = t };

	limit_scrolling(t, r);
	pen.y = TOP_FIRST_ROW - t->scrolled;
	draw_all_details(&pen, r);
	screen_put(t->screen, 2, 0, width, STYLE_BAR, false, r->name);
	if (pen.more && width > 2 * room)
		screen_put(t->screen, 2, width - room, room, STYLE_BAR, false,
			   more);
}
