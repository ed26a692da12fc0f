/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "options.h"

#include <string.h>

#define HELP_COLUMN 29

static const char head[] =
	"Usage: pktwho [-i INTERFACE]... [-f FILTER] [-w FILE] [OPTION]...\n"
	"              [-- COMMAND ARGUMENT...]\n";

static const char purpose[] =
	"Capture packets with the processes that send and receive them.\n"
	"\n";

static const char tail[] =
	"\n"
	"With COMMAND: only what it and its descendants send and receive, until it\n"
	"ends, as the user who called sudo; --keylog keeps its TLS keys.  Then:\n"
	"  tshark -r FILE -Y 'proc.name == \"curl\"'\n";

/* "  -i, --interface NAME"; the number of columns it takes. */
static int print_synopsis(FILE *out, const struct option_row *row)
{
	int n;

	n = row->letter ? fprintf(out, "  -%c", row->letter) :
			  fprintf(out, "    ");
	if (row->name)
		n += fprintf(out, "%s --%s", row->letter ? "," : " ",
			     row->name);
	if (row->argument)
		n += fprintf(out, " %s", row->argument);
	return n;
}

void options_print_help(FILE *out)
{
	fputs(head, out);
	for (const struct option_command *c = options_commands; c->word; c++)
		fprintf(out, "       pktwho %s %-*s %s\n", c->word,
			17 - (int)strlen(c->word), c->options ? c->options : "",
			c->help);
	fputs(purpose, out);
	for (int i = 0; i < options_count; i++) {
		const char *line = options_table[i].help;
		int column;

		if (!line)
			continue;
		column = print_synopsis(out, &options_table[i]);
		while (*line) {
			int len = (int)strcspn(line, "\n");

			fprintf(out, "%*s%.*s\n",
				column < HELP_COLUMN ? HELP_COLUMN - column : 1,
				"", len, line);
			line += len + (line[len] == '\n');
			column = 0;
		}
	}
	fputs(tail, out);
}
