/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "process/filter/expression.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { STEP_AND = -1, STEP_OR = -2, STEP_NOT = -3 };

int expression_explain(struct expression_reader *r, const char *what,
		       const char *word)
{
	snprintf(r->why, r->why_size, "%s%s", what, word);
	return -EINVAL;
}

/* Parentheses are words of their own; quotes keep blanks together. */
void expression_next(struct expression_reader *r)
{
	size_t n = 0;
	bool in_quotes = false;

	r->quoted = false;
	while (isspace((unsigned char)*r->at))
		r->at++;
	if (*r->at == '(' || *r->at == ')' ||
	    (*r->at == '!' && r->at[1] != '='))
		r->word[n++] = *r->at++;
	else
		for (; *r->at; r->at++) {
			if (*r->at == '"') {
				in_quotes = !in_quotes;
				r->quoted = true;
				continue;
			}
			if (!in_quotes && (isspace((unsigned char)*r->at) ||
					   strchr("()", *r->at)))
				break;
			if (n < sizeof(r->word) - 1)
				r->word[n++] = *r->at;
		}
	r->word[n] = '\0';
}

static bool is_word(const struct expression_reader *r, const char *a,
		    const char *b)
{
	return !r->quoted &&
	       (!strcasecmp(r->word, a) || !strcasecmp(r->word, b));
}

static bool at_end(const struct expression_reader *r)
{
	return !*r->word && !r->quoted;
}

static int add_step(struct expression_reader *r, int step)
{
	if (r->expression->step_count == EXPRESSION_STEPS)
		return expression_explain(r, "too long", "");
	r->expression->steps[r->expression->step_count++] = (int8_t)step;
	return 0;
}

static int read_or(struct expression_reader *r);

static int read_not(struct expression_reader *r)
{
	int err;

	if (++r->depth > r->max_depth)
		return expression_explain(r, "too deep", "");
	if (at_end(r))
		return expression_explain(r, "something is missing", "");
	if (is_word(r, "not", "!")) {
		expression_next(r);
		err = read_not(r);
		err = err ? err : add_step(r, STEP_NOT);
	} else if (is_word(r, "(", "(")) {
		expression_next(r);
		err = read_or(r);
		if (!err && !is_word(r, ")", ")"))
			err = expression_explain(r, "a ) is missing", "");
		expression_next(r);
	} else if (is_word(r, ")", ")") || is_word(r, "or", "||") ||
		   is_word(r, "and", "&&")) {
		err = expression_explain(r, "nothing before ", r->word);
	} else {
		err = r->term(r);
		err = err < 0 ? err : add_step(r, err);
		expression_next(r);
	}
	r->depth--;
	return err;
}

static int read_and(struct expression_reader *r)
{
	int err = read_not(r);

	while (!err && !at_end(r) && !is_word(r, "or", "||") &&
	       !is_word(r, ")", ")")) {
		if (is_word(r, "and", "&&"))
			expression_next(r);
		err = read_not(r);
		err = err ? err : add_step(r, STEP_AND);
	}
	return err;
}

static int read_or(struct expression_reader *r)
{
	int err = read_and(r);

	while (!err && is_word(r, "or", "||")) {
		expression_next(r);
		err = read_and(r);
		err = err ? err : add_step(r, STEP_OR);
	}
	return err;
}

int expression_read(struct expression_reader *r)
{
	int err = 0;

	r->depth = r->expression->step_count = 0;
	if (r->why_size)
		*r->why = '\0';
	expression_next(r);
	if (!at_end(r))
		err = read_or(r);
	if (!err && !at_end(r))
		err = expression_explain(r, "what is this: ", r->word);
	if (err)
		r->expression->step_count = 0;
	return err;
}

bool expression_holds(const struct expression *e,
		      bool (*holds)(const void *ctx, int term), const void *ctx)
{
	bool stack[EXPRESSION_STEPS + 1] = { true };
	int top = 0;

	for (int i = 0; i < e->step_count; i++) {
		int step = e->steps[i];

		if (step >= 0) {
			stack[++top] = holds(ctx, step);
		} else if (step == STEP_NOT) {
			stack[top] = !stack[top];
		} else {
			top--;
			stack[top] = step == STEP_AND ?
					     stack[top] && stack[top + 1] :
					     stack[top] || stack[top + 1];
		}
	}
	return stack[top];
}
