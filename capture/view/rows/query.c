/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/rows/query.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "view/flows/names.h"

#define MAX_DEPTH 8
#define PORT_TEXT 8 /* ":65535" */

/* clang-format off */
enum query_field {
	ANY, PROC, PID, USER, CONTAINER, UNIT, ACTOR_FIELDS,
	COUNTRY = ACTOR_FIELDS, HOST, APP, PORT, PROTO, STATE, HOW, FIELDS
};

static const char *const field_names[FIELDS] = {
	[ANY] = "", [PROC] = "proc", [PID] = "pid", [USER] = "user",
	[CONTAINER] = "container", [UNIT] = "unit", [COUNTRY] = "country",
	[HOST] = "host", [APP] = "app", [PORT] = "port", [PROTO] = "proto",
	[STATE] = "state", [HOW] = "how",
};
/* clang-format on */

void query_list_fields(char *text, size_t size)
{
	size_t len = (size_t)snprintf(text, size, "fields:");

	for (int f = PROC; f < FIELDS && len < size; f++)
		len += (size_t)snprintf(text + len, size - len, " %s",
					field_names[f]);
}

/* ---- from text ---- */

static bool read_number(const char *s, uint32_t max, uint32_t *out,
			const char **end)
{
	unsigned long n;
	char *stop;

	if (!isdigit((unsigned char)*s))
		return false;
	n = strtoul(s, &stop, 10);
	*out = (uint32_t)n;
	*end = stop;
	return n <= max;
}

static bool read_range(struct query_term *t, const char *s, uint32_t max)
{
	if (!read_number(s, max, &t->low, &s))
		return false;
	t->high = t->low;
	if (*s == '-' && !read_number(s + 1, max, &t->high, &s))
		return false;
	return !*s && t->low <= t->high;
}

static enum query_field field_of(const char *word, size_t len)
{
	for (int f = PROC; f < FIELDS; f++)
		if (len && !strncasecmp(word, field_names[f], len) &&
		    !field_names[f][len])
			return (enum query_field)f;
	return ANY;
}

static int read_term(struct expression_reader *r)
{
	struct query *q = r->ctx;
	struct query_term *t = &q->terms[q->term_count];
	const char *colon = strchr(r->word, ':'), *value = r->word;

	if (q->term_count == QUERY_TERMS)
		return expression_explain(r, "too many words", "");
	memset(t, 0, sizeof(*t));
	if (colon)
		t->field = (uint8_t)field_of(r->word,
					     (size_t)(colon - r->word));
	if (t->field != ANY)
		value = colon + 1;
	snprintf(t->text, sizeof(t->text), "%.*s", QUERY_TEXT - 1, value);
	t->pattern = strpbrk(value, "*?") != NULL;
	if (t->field == PID && *value && !read_range(t, value, UINT32_MAX))
		return expression_explain(r, "no number: ", value);
	if (t->field == PORT && *value && !read_range(t, value, UINT16_MAX))
		return expression_explain(r, "no port: ", value);
	if (t->field != HOST && t->field != ANY)
		return q->term_count++;
	/* If it is none it is looked for as a part of an address. */
	if (!network_parse(&t->network, value))
		return q->term_count++;
	t->network.bits = 0;
	/* No name has a slash in it; behind it there may be more to come. */
	if (t->field == HOST && strchr(value, '/') && strchr(value, '/')[1])
		return expression_explain(r, "no network: ", value);
	return q->term_count++;
}

int query_compile(struct query *q, const char *text, char *why, size_t size)
{
	struct expression_reader r = {
		.expression = &q->expression,
		.at = text,
		.term = read_term,
		.ctx = q,
		.max_depth = MAX_DEPTH,
		.why = why,
		.why_size = size,
	};
	int err;

	q->term_count = 0;
	err = expression_read(&r);
	if (err)
		q->term_count = 0;
	return err;
}

/* ---- to an answer ---- */

static bool term_is_in(const struct query_term *t, const char *text)
{
	if (t->pattern)
		return !fnmatch(t->text, text, FNM_CASEFOLD);
	return strcasestr(text, t->text) != NULL;
}

/* A port behind it is compared where one is asked for, as in a cell. */
static bool row_has_host(const struct query_term *t, const char *host,
			 const struct flow_key *k, enum flow_side side)
{
	char text[RESOLVED_NAME + PORT_TEXT];

	if (term_is_in(t, host))
		return true;
	if (!strchr(t->text, ':') || !name_has_ports(k->proto))
		return false;
	snprintf(text, sizeof(text), strchr(host, ':') ? "[%s]:%u" : "%s:%u",
		 host, side ? k->remote_port : k->local_port);
	return term_is_in(t, text);
}

static bool has_end(const struct query_term *t, const struct query_subject *s,
		    enum flow_side side)
{
	const struct flow_key *k = &s->flow->key;
	const uint8_t *addr = side ? k->remote : k->local;
	const struct resolved_name *n = resolved_get(s->names, addr,
						     s->flow->first_ns);
	char text[INET6_ADDRSTRLEN];

	if (k->proto == FLOW_FRAME)
		return false;
	if (n && row_has_host(t, n->name, k, side))
		return true;
	if (t->network.bits)
		return network_has(&t->network, addr);
	name_address(addr, text, sizeof(text));
	return row_has_host(t, text, k, side);
}

/*
 * What is said of it has parts as "TLS 1.3" and "ALPN h2", of which each may
 * begin so: what is in TLS is found by that, too.
 */
static bool has_app(const struct query_term *t, const struct flow_speech *s)
{
	const char *part = s->detail;
	char text[QUERY_TEXT * 2];

	if (term_is_in(t, s->app))
		return true;
	while (*part) {
		int len = (int)strcspn(part, ";");

		snprintf(text, sizeof(text), "%.*s", len, part);
		if (t->pattern ? term_is_in(t, text) :
				 !strncasecmp(text, t->text, strlen(t->text)))
			return true;
		part += len;
		part += strspn(part, "; ");
	}
	return false;
}

/* As "kernel:reset" stands in a cell. */
static bool has_way(const struct query_term *t, const struct flow_end *e)
{
	char text[64];

	snprintf(text, sizeof(text), "%s%s%s", attr_name(e->attr),
		 e->reason ? ":" : "", reason_name(e->reason));
	return *text && term_is_in(t, text);
}

static bool has_country(const struct query_term *t, const struct flow_end *e)
{
	return *e->country && !fnmatch(t->text, e->country, FNM_CASEFOLD);
}

static bool has_port(const struct query_term *t, const struct flow_key *k)
{
	if (!name_has_ports(k->proto))
		return false;
	return (k->local_port >= t->low && k->local_port <= t->high) ||
	       (k->remote_port >= t->low && k->remote_port <= t->high);
}

static bool actor_has(const struct query_term *t, enum query_field field,
		      const struct actor *a)
{
	switch (field) {
	case PROC:
		return term_is_in(t, a->name);
	case PID:
		return a->id && a->pid >= t->low && a->pid <= t->high;
	case USER:
		return *a->user && term_is_in(t, a->user);
	case CONTAINER:
		return *a->container && term_is_in(t, a->container);
	case UNIT:
		return *a->unit && term_is_in(t, a->unit);
	default:
		return false;
	}
}

static bool flow_has(const struct query_term *t, enum query_field field,
		     const struct query_subject *s)
{
	const struct flow *f = s->flow;

	switch (field) {
	case COUNTRY:
		return has_country(t, &f->ends[0]) ||
		       has_country(t, &f->ends[1]);
	case HOST:
		return (f->speech && term_is_in(t, f->speech->host)) ||
		       has_end(t, s, FLOW_CLIENT) || has_end(t, s, FLOW_SERVER);
	case APP:
		return f->speech && has_app(t, f->speech);
	case PORT:
		return has_port(t, &f->key);
	case PROTO:
		return term_is_in(t, name_protocol(&f->key));
	case STATE:
		return term_is_in(t, f->over ? name_over(f) : name_state(f));
	case HOW:
		return has_way(t, &f->ends[0]) || has_way(t, &f->ends[1]);
	default:
		return false;
	}
}

/* Those who got copies of what the first receiver got. */
static bool receivers_have(const struct query_term *t, enum query_field field,
			   const struct flow *f)
{
	for (const struct flow_part *p = f->copies; p; p = p->next)
		for (int i = 0; i < 2; i++)
			if (p->actors[i]->id &&
			    actor_has(t, field, p->actors[i]))
				return true;
	return false;
}

static bool field_matches(const struct query_term *t, enum query_field field,
			  const struct query_subject *s)
{
	if (field >= ACTOR_FIELDS)
		return s->flow && flow_has(t, field, s);
	for (int i = 0; i < 2; i++)
		if ((s->side < 0 || s->side == i) &&
		    actor_has(t, field, s->actors[i]))
			return true;
	return s->side < 0 && s->flow && receivers_have(t, field, s->flow);
}

/* A word without a field: each is asked as if it were meant. */
static bool matches_anywhere(const struct query_term *t,
			     const struct query_subject *s)
{
	struct query_term number = *t;
	bool is_number = read_range(&number, t->text, UINT32_MAX);

	for (enum query_field f = PROC; f < FIELDS; f++) {
		bool asks_number = f == PID || f == PORT;

		if ((!asks_number || is_number) &&
		    field_matches(asks_number ? &number : t, f, s))
			return true;
	}
	return false;
}

static bool term_matches(const struct query_term *t,
			 const struct query_subject *s)
{
	if (!*t->text)
		return true; /* "port:" is still being typed */
	if (t->field == ANY)
		return matches_anywhere(t, s);
	return field_matches(t, (enum query_field)t->field, s);
}

/* A query, and of what it is asked. */
struct question {
	const struct query *query;
	const struct query_subject *subject;
};

static bool holds(const void *ctx, int term)
{
	const struct question *q = ctx;

	return term_matches(&q->query->terms[term], q->subject);
}

bool query_matches(const struct query *q, const struct query_subject *s)
{
	const struct question question = { q, s };

	return expression_holds(&q->expression, holds, &question);
}

bool query_is_about_actors(const struct query *q)
{
	for (int i = 0; i < q->term_count; i++)
		if (q->terms[i].field == ANY ||
		    q->terms[i].field >= ACTOR_FIELDS)
			return false;
	return true;
}
