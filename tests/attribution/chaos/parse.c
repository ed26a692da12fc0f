/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text of a program; what is wrong in it ends the interpreter. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "play.h"

char *parse_program(struct program *p, char *at)
{
	bool together = false;
	int phase = -1;
	char *line, *save;

	memset(p, 0, sizeof(*p));
	while ((line = at) && *line) {
		struct op *op = &p->op[p->ops];
		char *word;

		at = strchr(line, '\n');
		if (at)
			*at++ = '\0';
		word = strtok_r(line, " ", &save);
		if (!word || *word == '#')
			continue;
		if (!strcmp(word, "end"))
			break;
		if (!strcmp(word, "program")) {
			p->number = atoi(strtok_r(NULL, " ", &save));
			continue;
		}
		if (*word == '{' || *word == '}') {
			together = *word == '{';
			phase += together;
			continue;
		}
		if (p->ops == MAX_OPS || *word < 'A' || *word > 'Z') {
			fprintf(stderr, "not a line: %s\n", word);
			exit(2);
		}
		op->actor = *word - 'A';
		op->phase = together ? phase : ++phase;
		while (op->words < MAX_WORDS &&
		       (word = strtok_r(NULL, " ", &save))) {
			if (!op->words && !strcmp(word, "thread"))
				op->threaded = true;
			else
				op->word[op->words++] = word;
		}
		p->ops += op->words > 0;
	}
	p->phases = phase + 1;
	return at;
}
