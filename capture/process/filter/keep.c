/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "process/filter/keep.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "process/filter/experts.h"
#include "process/filter/hashes.h"
#include "process/filter/kinds.h"

#define MAX_DEPTH 8

/* The names that options, top's filters and Wireshark's fields have. */
/* clang-format off */
static const struct {
	const char *name;
	enum filter_kind kind;
} fields[] = {
	{ "proc", FILTER_PROC }, { "name", FILTER_PROC },
	{ "pid", FILTER_PID }, { "user", FILTER_USER },
	{ "uid", FILTER_USER }, { "container", FILTER_CONTAINER },
	{ "container_id", FILTER_CONTAINER },
	{ "container_name", FILTER_CONTAINER }, { "pod", FILTER_POD },
	{ "pod_name", FILTER_POD }, { "unit", FILTER_UNIT },
	{ "exe", FILTER_EXE }, { "exepath", FILTER_EXE },
	{ "expert", FILTER_EXPERT }, { "sha256", FILTER_SHA256 },
};
/* clang-format on */

static bool find_field(const char *word, size_t len, uint8_t *kind)
{
	if (len > 5 && !strncasecmp(word, "proc.", 5)) {
		word += 5;
		len -= 5;
	}
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (strlen(fields[i].name) == len &&
		    !strncasecmp(word, fields[i].name, len)) {
			*kind = (uint8_t)fields[i].kind;
			return true;
		}
	return false;
}

/* ---- what is Wireshark's, or tcpdump's, and not ours ---- */

/* As advice names them. */
/* clang-format off */
static const char *const names[FILTER_KINDS] = {
	[FILTER_PROC] = "name", [FILTER_PID] = "pid", [FILTER_USER] = "user",
	[FILTER_CONTAINER] = "container", [FILTER_POD] = "pod",
	[FILTER_UNIT] = "unit", [FILTER_EXE] = "exe",
	[FILTER_EXPERT] = "expert", [FILTER_SHA256] = "sha256",
};
/* clang-format on */

/* "a,b" of the options is "a or b" of an expression. */
static int refuse_list(struct expression_reader *r, enum filter_kind kind,
		       const char *list)
{
	size_t at = (size_t)snprintf(r->why, r->why_size, "one at a time: ");

	while (*list && at < r->why_size) {
		int len = (int)strcspn(list, ",");

		at += (size_t)snprintf(r->why + at, r->why_size - at,
				       "%s == %.*s%s", names[kind], len, list,
				       list[len] ? " or " : "");
		list += len + (list[len] == ',');
	}
	return -EINVAL;
}

static int check_order(struct expression_reader *r, const char *word)
{
	return !r->quoted && strpbrk(word, "<>") ?
		       expression_explain(r, "only == and != compare, and no ",
					  word) :
		       0;
}

/* A word that somebody means who has not looked; quotes make a name of it. */
static int check_word(struct expression_reader *r, enum filter_kind kind,
		      const char *word)
{
	if (r->quoted)
		return 0;
	if (check_order(r, word))
		return -EINVAL;
	if (strstr(word, "&&") || strstr(word, "||"))
		return expression_explain(r,
					  "blanks belong around \"&&\" and "
					  "\"||\": ",
					  word);
	return strchr(word, ',') ? refuse_list(r, kind, word) : 0;
}

/* "contains", "in {1 2}": what stands between a field and its value. */
static int check_operator(struct expression_reader *r, enum filter_kind kind)
{
	static const struct {
		const char *word;
		const char *before;
		const char *after;
	} operators[] = {
		{ "contains", "== \"*", "*\"" },
		{ "matches", "== \"*", "*\", a pattern of glob(7)" },
		{ "~", "== \"*", "*\", a pattern of glob(7)" },
		{ "eq", "== ", "" },
		{ "ne", "!= ", "" },
		{ "in", "== ", " or ..." },
	};
	struct expression_reader next = *r;
	const char *value = next.word;

	expression_next(&next);
	for (size_t i = 0;
	     !next.quoted && i < sizeof(operators) / sizeof(*operators); i++) {
		if (strcasecmp(next.word, operators[i].word))
			continue;
		expression_next(&next);
		value += strspn(value, "{");
		snprintf(r->why, r->why_size,
			 "there is no \"%s\": type %s %s%.*s%s",
			 operators[i].word, names[kind], operators[i].before,
			 (int)strcspn(value, ",}"), value, operators[i].after);
		return -EINVAL;
	}
	return 0;
}

/* ---- terms ---- */

/* The length of an operator there: 0 if it is none.  "=" is meant as "==". */
static size_t operator_length(const char *s)
{
	if (!strncmp(s, "==", 2) || !strncmp(s, "!=", 2))
		return 2;
	return *s == ':' || *s == '=';
}

/* The value may stand apart, or at once behind the operator. */
static int take_value(struct expression_reader *r, struct keep_term *t,
		      const char *value)
{
	if (!*value) {
		expression_next(r);
		value = r->word;
	}
	if (!*value)
		return expression_explain(r, "something is missing", "");
	if (check_word(r, t->kind, value))
		return -EINVAL;
	memmove(t->text, value, strlen(value) + 1);
	if (t->kind == FILTER_PID && t->text[strspn(t->text, "0123456789")])
		return expression_explain(r, "no number: ", t->text);
	if (t->kind == FILTER_EXPERT && !experts_match(t->text, UINT32_MAX))
		return expression_explain(r, "no expert item of records: ",
					  t->text);
	if (t->kind == FILTER_SHA256 && !hashes_are(t->text))
		return expression_explain(r, "no hash: ", t->text);
	return 0;
}

static int take_comparison(struct expression_reader *r, struct keep_term *t,
			   size_t field_len)
{
	size_t len = operator_length(r->word + field_len);
	const char *rest = r->word + field_len;

	if (check_order(r, r->word))
		return -EINVAL;
	if (!find_field(r->word, field_len, &t->kind))
		return expression_explain(r, "no field: ", r->word);
	if (!*rest) {
		expression_next(r);
		rest = r->word;
		len = operator_length(rest);
	}
	t->negated = len && *rest == '!';
	return take_value(r, t, rest + len);
}

/* True if the next word, which stays, is one that compares. */
static bool is_compared(const struct expression_reader *r)
{
	const char *s = r->at;

	while (isspace((unsigned char)*s))
		s++;
	return *s != ':' && operator_length(s);
}

/* A word by itself is a name. */
static int take_term(struct expression_reader *r)
{
	struct keep *k = r->ctx;
	struct keep_term *t = &k->terms[k->term_count];
	size_t field_len = strcspn(r->word, ":=!");
	uint8_t kind;
	int err;

	if (k->term_count == KEEP_TERMS)
		return expression_explain(r, "too many words", "");
	if (!r->quoted && find_field(r->word, strlen(r->word), &kind) &&
	    check_operator(r, kind))
		return -EINVAL;
	*t = (struct keep_term){ .kind = FILTER_PROC };
	err = operator_length(r->word + field_len) ||
			      (!r->quoted && is_compared(r)) ?
		      take_comparison(r, t, field_len) :
		      take_value(r, t, r->word);
	return err ? err : k->term_count++;
}

static bool has_open_quote(const char *text)
{
	bool open = false;

	while ((text = strchr(text, '"'))) {
		open = !open;
		text++;
	}
	return open;
}

int keep_compile(struct keep *k, const char *text, char *why, size_t size)
{
	struct expression_reader r = {
		.expression = &k->expression,
		.at = text,
		.term = take_term,
		.ctx = k,
		.max_depth = MAX_DEPTH,
		.why = why,
		.why_size = size,
	};
	int err;

	k->term_count = 0;
	err = has_open_quote(text) ?
		      expression_explain(&r, "a \" is missing", "") :
		      expression_read(&r);
	if (!err && !k->term_count)
		err = expression_explain(&r, "nothing to filter by", "");
	return err;
}
