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
"ends.  Under sudo it runs as the user who called.  Then, for example:\n"
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
			14 - (int)strlen(c->word),
			c->options ? c->options : "", c->help);
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

/* What the script looks up itself has one word, the words are themselves. */
static const char *bash_value(const struct option_row *row)
{
	static const char *const names[VALUES] = {
		[VALUE_FILE] = "FILE",
		[VALUE_INTERFACE] = "INTERFACE",
		[VALUE_PROCESS] = "PROCESS",
		[VALUE_PID] = "PID",
		[VALUE_USER] = "USER",
		[VALUE_HOST] = "HOST",
	};

	return row->value == VALUE_WORD ? row->words : names[row->value];
}

static void print_bash_option(FILE *out, const struct option_row *row)
{
	if (row->name)
		fprintf(out, "--%s", row->name);
	else
		fprintf(out, "-%c", row->letter);
}

void options_print_bash(FILE *out)
{
	fprintf(out, "# bash completion for pktwho(1)\n\n_pktwho_options='");
	for (int i = 0; i < options_count; i++) {
		if (i)
			fputs("\n\t", out);
		print_bash_option(out, &options_table[i]);
	}
	fputs("'\n_pktwho_commands='", out);
	for (const struct option_command *c = options_commands; c->word; c++)
		fprintf(out, "%s%s", c == options_commands ? "" : " ", c->word);
	fputs("'\n\n# What the argument of an option is.\n"
	      "_pktwho_value() {\n\tcase $1 in\n", out);
	for (int i = 0; i < options_count; i++) {
		const struct option_row *row = &options_table[i];
		const char *value = bash_value(row);

		if (!value)
			continue;
		fputc('\t', out);
		if (row->letter && row->name)
			fprintf(out, "-%c | ", row->letter);
		print_bash_option(out, row);
		fprintf(out, ") echo '%s' ;;\n", value);
	}
	fputs("\tesac\n}\n\n", out);
}
