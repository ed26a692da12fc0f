/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "process/filter/filter.h"

#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "process/filter/experts.h"
#include "process/filter/hashes.h"
#include "record.h"

#define BLANKS	" \t\r\n"
#define SPECIAL "*?[\\" /* glob(7) */

bool filter_add(struct filter *f, enum filter_kind kind, const char *term)
{
	if (f->counts[kind] == FILTER_MAX_TERMS)
		return false;
	f->terms[kind][f->counts[kind]++] = term;
	return true;
}

/* Without the blanks around it, or NULL if there is nothing else. */
static const char *trim(char *term)
{
	size_t len;

	term += strspn(term, BLANKS);
	for (len = strlen(term); len && strchr(BLANKS, term[len - 1]); len--)
		;
	term[len] = '\0';
	return len ? term : NULL;
}

int filter_add_list(struct filter *f, enum filter_kind kind, char *list)
{
	int added = 0;

	while (list) {
		const char *term = trim(strsep(&list, ","));

		if (!term)
			continue;
		if (!filter_add(f, kind, term))
			return -E2BIG;
		added++;
	}
	return added;
}

bool filter_is_empty(const struct filter *f)
{
	for (int kind = 0; kind < FILTER_KINDS; kind++)
		if (f->counts[kind])
			return false;
	return !f->keep.term_count;
}

static bool matches_number(const char *term, uint32_t n)
{
	char text[16];

	snprintf(text, sizeof(text), "%" PRIu32, n);
	return !strcmp(term, text);
}

static bool matches_string(const char *term, const struct process *p,
			   enum field field, const char *value)
{
	return process_has(p, field) && !fnmatch(term, value, 0);
}

bool filter_is_pattern(const char *term)
{
	return term[strcspn(term, SPECIAL)];
}

void filter_quote(char *out, size_t size, const char *name)
{
	size_t at = 0;

	for (const char *s = name; *s && at + 3 <= size; s++) {
		bool outer = s == name || !s[1];

		if (strchr(SPECIAL, *s))
			out[at++] = '\\';
		out[at++] = *s == ',' || (outer && strchr(BLANKS, *s)) ? '?' :
									 *s;
	}
	out[at] = '\0';
}

/* The kernel keeps 15 bytes of a name, whatever the user knows of it. */
static bool matches_name(const char *term, const char *name)
{
	if (strlen(term) < RECORD_NAME_LEN || filter_is_pattern(term))
		return !fnmatch(term, name, 0);
	return !strncmp(term, name, RECORD_NAME_LEN - 1);
}

bool filter_matches_name(const struct filter *f, const char *name)
{
	for (int i = 0; i < f->counts[FILTER_PROC]; i++)
		if (matches_name(f->terms[FILTER_PROC][i], name))
			return true;
	return !f->counts[FILTER_PROC];
}

static bool matches_user(const char *term, const struct process *p)
{
	return matches_string(term, p, FIELD_USER, p->user) ||
	       (process_has(p, FIELD_UID) && matches_number(term, p->uid));
}

static bool matches_container(const char *term, const struct process *p)
{
	size_t len = strlen(term);

	if (process_has(p, FIELD_CONTAINER_ID) && len >= FILTER_SHORT_ID &&
	    !strncmp(p->container_id, term, len))
		return true;
	return matches_string(term, p, FIELD_CONTAINER_ID, p->container_id) ||
	       matches_string(term, p, FIELD_CONTAINER_NAME, p->container_name);
}

/* A pattern's asterisk ends at the slash. */
static bool matches_pod(const char *term, const struct process *p)
{
	char text[sizeof(p->pod_namespace) + sizeof(p->pod_name)];

	if (!strchr(term, '/'))
		return matches_string(term, p, FIELD_POD_NAME, p->pod_name);
	snprintf(text, sizeof(text), "%s/%s", p->pod_namespace, p->pod_name);
	return process_has(p, FIELD_POD_NAME) &&
	       process_has(p, FIELD_POD_NAMESPACE) &&
	       !fnmatch(term, text, FNM_PATHNAME);
}

static bool matches_unit(const char *term, const struct process *p)
{
	size_t len = strlen(term);

	return matches_string(term, p, FIELD_UNIT, p->unit) ||
	       (process_has(p, FIELD_UNIT) && !strncmp(p->unit, term, len) &&
		!strcmp(p->unit + len, ".service"));
}

static bool matches_term(enum filter_kind kind, const char *term,
			 const struct process *p)
{
	switch (kind) {
	case FILTER_PROC:
		return process_has(p, FIELD_NAME) &&
		       matches_name(term, p->name);
	case FILTER_PID:
		return matches_number(term, p->pid);
	case FILTER_USER:
		return matches_user(term, p);
	case FILTER_CONTAINER:
		return matches_container(term, p);
	case FILTER_POD:
		return matches_pod(term, p);
	case FILTER_UNIT:
		return matches_unit(term, p);
	case FILTER_EXE:
		return matches_string(term, p, FIELD_EXEPATH, p->exepath);
	case FILTER_EXPERT:
		return experts_match(term, p->flags);
	case FILTER_SHA256:
		return process_has(p, FIELD_SHA256) &&
		       hashes_match(term, p->sha256);
	case FILTER_KINDS:
		break;
	}
	return false;
}

static bool matches_kind(const struct filter *f, enum filter_kind kind,
			 const struct process *p)
{
	for (int i = 0; i < f->counts[kind]; i++)
		if (matches_term(kind, f->terms[kind][i], p))
			return true;
	return !f->counts[kind];
}

/* An expression, and of whom it is asked. */
struct question {
	const struct keep *keep;
	const struct process *process;
};

static bool holds(const void *ctx, int term)
{
	const struct question *q = ctx;
	const struct keep_term *t = &q->keep->terms[term];

	return matches_term(t->kind, t->text, q->process) != t->negated;
}

bool filter_matches(const struct filter *f, const struct process *p)
{
	const struct question q = { &f->keep, p };

	for (int kind = 0; kind < FILTER_KINDS; kind++)
		if (!matches_kind(f, kind, p))
			return false;
	return expression_holds(&f->keep.expression, holds, &q);
}
