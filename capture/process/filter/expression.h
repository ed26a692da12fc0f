/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * "a and not (b or c)", where "and" may be left out, and "!", "&&" and "||"
 * stand for the words: what pktwho top and --keep have in common.  What a term
 * is, and whether it holds, is the caller's business.  Pure.
 */
#ifndef PKTWHO_PROCESS_FILTER_EXPRESSION_H
#define PKTWHO_PROCESS_FILTER_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPRESSION_STEPS 64
#define EXPRESSION_WORD	 256

/* Terms in the order in which a machine with a stack takes them. */
struct expression {
	int8_t steps[EXPRESSION_STEPS];
	int step_count; /* 0: it is empty, and always holds */
};

struct expression_reader {
	struct expression *expression;
	const char *at;
	/*
	 * Takes the term that begins with @word, of which another word may be
	 * the last.  Its number, or what expression_explain() returns.
	 */
	int (*term)(struct expression_reader *r);
	void *ctx;
	int max_depth; /* of "not" and parentheses */
	char *why;     /* it is none, in a few words */
	size_t why_size;
	int depth;
	char word[EXPRESSION_WORD]; /* the next one; "" at the end */
	bool quoted;		    /* it is no "or", "not" or "(" */
};

/* 0, or -EINVAL: then there is @why, and the expression is empty. */
int expression_read(struct expression_reader *r);

/*
 * @term calls these: for another word, and to explain what is wrong with one,
 * which returns -EINVAL.
 */
void expression_next(struct expression_reader *r);
int expression_explain(struct expression_reader *r, const char *what,
		       const char *word);

bool expression_holds(const struct expression *e,
		      bool (*holds)(const void *ctx, int term),
		      const void *ctx);

#endif
