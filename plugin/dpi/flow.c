/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dpi/flow.h"

#include "recognise/content.h"

struct dpi_flow *dpi_flow_get(packet_info *pinfo, int proto)
{
	conversation_t *c = dpi_content_conversation(pinfo);
	struct dpi_flow *f = conversation_get_proto_data(c, proto);

	if (f)
		return f;
	f = wmem_new0(wmem_file_scope(), struct dpi_flow);
	f->port = (uint16_t)pinfo->destport;
	conversation_add_proto_data(c, proto, f);
	return f;
}

struct dpi_flow *dpi_flow_alone(const struct dpi_flow *f,
				wmem_allocator_t *pool)
{
	struct dpi_flow *a = wmem_new0(pool, struct dpi_flow);

	a->app = f->app;
	a->rank = f->rank;
	a->how = f->how;
	a->odd_port = f->odd_port;
	a->port = f->port;
	a->is_alone = true;
	return a;
}

bool dpi_flow_set_app(struct dpi_flow *f, const char *app, enum dpi_rank rank,
		      enum dpi_how how)
{
	if (!app || rank <= f->rank)
		return false;
	f->app = app;
	f->rank = rank;
	f->how = how;
	return true;
}

void dpi_flow_set(const char **member, const char *value)
{
	if (value && !*member)
		*member = wmem_strdup(wmem_file_scope(), value);
}

static bool is_same_host(const struct dpi_turn *t, const char *host)
{
	return !host || (t->host && !strcmp(t->host, host));
}

/*
 * A new one after @before, NULL: before all others.  Where there are too many,
 * the last one is empty and stays so.
 */
static struct dpi_turn *add_turn(struct dpi_flow *f, struct dpi_turn *before,
				 uint32_t frame)
{
	struct dpi_turn **at = before ? &before->next : &f->first, *t;

	t = wmem_new0(wmem_file_scope(), struct dpi_turn);
	t->frame = frame;
	t->before = before;
	t->next = *at;
	if (t->next)
		t->next->before = t;
	*at = t;
	return ++f->turns > DPI_FLOW_TURNS ? NULL : t;
}

/* Is @longer the same words as @shorter, and perhaps more? */
static bool extends(const char *longer, const char *shorter)
{
	size_t len = strlen(shorter);

	return !strncmp(longer, shorter, len) &&
	       (longer[len] == '\0' || longer[len] == ' ');
}

/* An answer repeats its question and adds to it: it takes its place. */
static char *with_detail(const char *old, const char *detail)
{
	wmem_strbuf_t *out;
	bool there = false;
	char **items;

	if (extends(detail, old) && !strstr(old, "; "))
		return wmem_strdup(wmem_file_scope(), detail);
	items = g_strsplit(old, "; ", -1);
	out = wmem_strbuf_new(wmem_file_scope(), "");
	for (char **i = items; *i; i++) {
		bool is_it = extends(detail, *i);

		if (i != items)
			wmem_strbuf_append(out, "; ");
		wmem_strbuf_append(out, is_it ? detail : *i);
		there = there || is_it || extends(*i, detail);
	}
	g_strfreev(items);
	if (!there) {
		wmem_strbuf_append(out, "; ");
		wmem_strbuf_append(out, detail);
	}
	return wmem_strbuf_finalize(out);
}

static void add_detail(struct dpi_turn *t, const char *detail)
{
	char *old = t->detail, *new;

	if (!old) {
		t->detail = wmem_strdup(wmem_file_scope(), detail);
		return;
	}
	new = with_detail(old, detail);
	if (strlen(new) > DPI_FLOW_DETAIL_MAX) {
		wmem_free(wmem_file_scope(), new);
		return;
	}
	t->detail = new;
	wmem_free(wmem_file_scope(), old);
}

/*
 * The last one that began at or before @frame, or NULL.  Packets come mostly in
 * order: it is mostly near that of the one before.
 */
static struct dpi_turn *turn_before(struct dpi_flow *f, uint32_t frame)
{
	struct dpi_turn *t = f->cursor ? f->cursor : f->first;

	while (t && t->frame > frame)
		t = t->before;
	while (t && t->next && t->next->frame <= frame)
		t = t->next;
	if (t)
		f->cursor = t;
	return t;
}

/* A packet that is dissected again begins no turn again: the first there is. */
static struct dpi_turn *turn_begun_in(struct dpi_flow *f, uint32_t frame,
				      const char *host)
{
	struct dpi_turn *t = turn_before(f, frame), *found = NULL;

	for (; t && t->frame == frame; t = t->before)
		if (is_same_host(t, host))
			found = t;
	return found;
}

void dpi_flow_turn(struct dpi_flow *f, uint32_t frame, bool request,
		   const char *host, const char *detail)
{
	struct dpi_turn *before, *t;

	if (f->turns > DPI_FLOW_TURNS || (!host && !detail))
		return;
	before = t = turn_before(f, frame);
	if (!t || request || !is_same_host(t, host))
		t = turn_begun_in(f, frame, host);
	if (!t)
		t = add_turn(f, before, frame);
	if (!t)
		return;
	dpi_flow_set(&t->host, host);
	if (detail)
		add_detail(t, detail);
}

void dpi_flow_forget_turns(struct dpi_flow *f)
{
	f->first = f->cursor = NULL;
	f->turns = 0;
	f->told = 0;
}

void dpi_flow_status(struct dpi_flow *f, uint32_t request, uint32_t frame,
		     uint32_t status)
{
	struct dpi_turn *t = request ? turn_begun_in(f, request, NULL) :
				       turn_before(f, frame);

	if (!t || (t->status_frame && t->status_frame < frame))
		return;
	t->status = status;
	t->status_frame = frame;
}

const struct dpi_turn *dpi_flow_turn_at(struct dpi_flow *f, uint32_t frame)
{
	const struct dpi_turn *t = turn_before(f, frame);

	return t ? t : f->first;
}

static void append(wmem_strbuf_t *out, const char *prefix, const char *s)
{
	if (!s)
		return;
	if (wmem_strbuf_get_len(out))
		wmem_strbuf_append(out, "; ");
	wmem_strbuf_append(out, prefix);
	wmem_strbuf_append(out, s);
}

static bool has_own_status(const struct dpi_turn *t)
{
	return t && t->status_frame && (!t->before || t->before->status_frame);
}

/* The request comes first, and its status belongs to it. */
static void append_turn(wmem_strbuf_t *out, const struct dpi_flow *f,
			const struct dpi_turn *t)
{
	const char *asked = !t && f->asked_for ? f->asked_for : "";
	const char *detail = t && t->detail ? t->detail : asked;
	const char *rest = strstr(detail, "; ");

	if (!rest)
		rest = detail + strlen(detail);
	wmem_strbuf_append_len(out, detail, rest - detail);
	if (has_own_status(t))
		wmem_strbuf_append_printf(out, " %u", t->status);
	wmem_strbuf_append(out, rest);
}

const char *dpi_flow_detail(wmem_allocator_t *pool, const struct dpi_flow *f,
			    const struct dpi_turn *t)
{
	wmem_strbuf_t *out = wmem_strbuf_new(pool, "");

	append_turn(out, f, t);
	append(out, "", f->tls_version);
	append(out, "", f->cipher);
	append(out, "ALPN ", f->alpn);
	append(out, "JA4 ", f->ja4);
	append(out, "certificate ", f->host ? NULL : f->certificate);
	append(out, "", f->ech ? "ECH, the host may be its outer name" : NULL);
	return wmem_strbuf_get_str(out);
}
