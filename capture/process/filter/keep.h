/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * --keep: what --proc, --user and the others say of a process, in one
 * expression, as 'proc.name == "curl" and not user == "root"' or
 * 'curl !user:root'.  Pure.
 */
#ifndef PKTWHO_PROCESS_FILTER_KEEP_H
#define PKTWHO_PROCESS_FILTER_KEEP_H

#include <stddef.h>
#include <stdint.h>

#include "process/filter/expression.h"

#define KEEP_TERMS 16

struct keep_term {
	uint8_t kind; /* enum filter_kind */
	bool negated;
	char text[EXPRESSION_WORD];
};

struct keep {
	struct expression expression; /* empty: everybody */
	struct keep_term terms[KEEP_TERMS];
	int term_count;
};

/* 0, or -EINVAL: then @why has a few words for the user. */
int keep_compile(struct keep *k, const char *text, char *why, size_t size);

#endif
