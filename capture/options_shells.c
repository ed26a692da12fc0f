/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of options for the completion of shells. */
#include "options.h"

#include <string.h>

/* The commands, or only those that take files, with @between two of them. */
static void print_commands(FILE *out, bool takes_files, const char *between)
{
	const char *before = "";

	for (const struct option_command *c = options_commands; c->word; c++) {
		if (takes_files && !c->takes_files)
			continue;
		fprintf(out, "%s%s", before, c->word);
		before = between;
	}
}

/* What prints the values, in words that all three shells read alike. */
#define LIST_CONTAINERS                        \
	"command grep -hosE \"[0-9a-f]{64}\" " \
	"/proc/*/cgroup | cut -c 1-12 | sort -u"
#define LIST_PODS                                 \
	"command ls /var/log/pods 2>/dev/null | " \
	"sed \"s,_[^_]*\\$,,; s,_,/,\""
#define LIST_UNITS            \
	"command grep -hosE " \
	"\"[^/]*[.](service|scope|socket)\\$\" /proc/*/cgroup | sort -u"

/* ---- bash ---- */

/* What the script looks up itself has one word, the words are themselves. */
static const char *bash_value(const struct option_row *row)
{
	static const char *const names[VALUES] = {
		[VALUE_FILE] = "FILE",	     [VALUE_INTERFACE] = "INTERFACE",
		[VALUE_PROCESS] = "PROCESS", [VALUE_PID] = "PID",
		[VALUE_USER] = "USER",	     [VALUE_CONTAINER] = "CONTAINER",
		[VALUE_POD] = "POD",	     [VALUE_UNIT] = "UNIT",
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
	print_commands(out, false, " ");
	fputs("'\n_pktwho_of_files='", out);
	print_commands(out, true, " ");
	fputs("'\n\n# What the argument of an option is.\n"
	      "_pktwho_value() {\n\tcase $1 in\n",
	      out);
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
	fputs("\tesac\n}\n\n"
	      "_pktwho_list() {\n\tcase $1 in\n"
	      "\tCONTAINER) " LIST_CONTAINERS " ;;\n"
	      "\tPOD) " LIST_PODS " ;;\n"
	      "\tUNIT) " LIST_UNITS " ;;\n"
	      "\tesac\n}\n\n",
	      out);
}

/* ---- zsh and fish, which show what an option is for ---- */

/*
 * The help, in single quotes and one line; @special is what the shell would
 * take for the end of it.
 */
static void print_description(FILE *out, const char *help, const char *special)
{
	for (; *help; help++) {
		if (*help == '\n')
			fputc(' ', out);
		else if (*help == '\'')
			fputs("'\\''", out);
		else if (strchr(special, *help))
			fprintf(out, "\\%c", *help);
		else
			fputc(*help, out);
	}
}

/* What a shell runs to list the values. */
static const char *zsh_value(const struct option_row *row)
{
	static const char *const actions[VALUES] = {
		[VALUE_TEXT] = "",
		[VALUE_FILE] = "_files",
		[VALUE_INTERFACE] = "{compadd any /sys/class/net/*(:t)}",
		[VALUE_PROCESS] = ("{compadd ${(uf)\"$(cat /proc/<->/comm "
				   "2>/dev/null)\"}}"),
		[VALUE_PID] = "_pids",
		[VALUE_USER] = "_users",
		[VALUE_CONTAINER] = "{compadd $(" LIST_CONTAINERS ")}",
		[VALUE_POD] = "{compadd $(" LIST_PODS ")}",
		[VALUE_UNIT] = "{compadd $(" LIST_UNITS ")}",
		[VALUE_HOST] = "_hosts",
	};

	return actions[row->value];
}

static void print_zsh_option(FILE *out, const struct option_row *row)
{
	const char *letter = row->argument ? "+" : "";
	const char *name = row->argument ? "=" : "";

	if (row->letter && row->name)
		fprintf(out, "\t'*'{-%c%s,--%s%s}'[", row->letter, letter,
			row->name, name);
	else if (row->name)
		fprintf(out, "\t'*--%s%s[", row->name, name);
	else
		fprintf(out, "\t'*-%c%s[", row->letter, letter);
	print_description(out, row->help ? row->help : row->name, "[]:");
	fputc(']', out);
	if (row->argument && row->value == VALUE_WORD)
		fprintf(out, ":%s:(%s)", row->argument, row->words);
	else if (row->argument)
		fprintf(out, ":%s:%s", row->argument, zsh_value(row));
	fputs("' \\\n", out);
}

void options_print_zsh(FILE *out)
{
	fputs("#compdef pktwho\n"
	      "# SPDX-License-Identifier: GPL-3.0-or-later\n\n"
	      "_pktwho_first() {\n\tlocal -a commands=(\n",
	      out);
	for (const struct option_command *c = options_commands; c->word; c++) {
		fprintf(out, "\t\t'%s:", c->word);
		print_description(out, c->help, ":");
		fputs("'\n", out);
	}
	fputs("\t)\n\t_describe -t commands 'pktwho command' commands\n"
	      "\t_command_names -e\n}\n\n"
	      "_pktwho_rest() {\n\tcase $command in\n\t",
	      out);
	print_commands(out, true, " | ");
	fputs(") _files ;;\n\t*) _normal ;;\n\tesac\n}\n\n"
	      "local command=$words[2]\n_arguments -s -S \\\n",
	      out);
	for (int i = 0; i < options_count; i++)
		print_zsh_option(out, &options_table[i]);
	fputs("\t'1::command:_pktwho_first' '*::argument:_pktwho_rest'\n", out);
}

static const char *fish_value(const struct option_row *row)
{
	static const char *const lists[VALUES] = {
		[VALUE_INTERFACE] = "(echo any; command ls /sys/class/net)",
		[VALUE_PROCESS] = "(command cat /proc/*/comm 2>/dev/null "
				  "| sort -u)",
		[VALUE_PID] = "(__fish_complete_pids)",
		[VALUE_USER] = "(__fish_complete_users)",
		[VALUE_CONTAINER] = "(" LIST_CONTAINERS ")",
		[VALUE_POD] = "(" LIST_PODS ")",
		[VALUE_UNIT] = "(" LIST_UNITS ")",
		[VALUE_HOST] = "(__fish_print_hostnames)",
	};

	return row->value == VALUE_WORD ? row->words : lists[row->value];
}

static void print_fish_option(FILE *out, const struct option_row *row)
{
	fputs("complete -c pktwho", out);
	if (row->letter)
		fprintf(out, " -s %c", row->letter);
	if (row->name)
		fprintf(out, " -l %s", row->name);
	if (row->value == VALUE_FILE)
		fputs(" -rF", out);
	else if (row->argument)
		fprintf(out, " -x");
	if (row->argument && fish_value(row))
		fprintf(out, " -a '%s'", fish_value(row));
	fputs(" -d '", out);
	print_description(out, row->help ? row->help : row->name, "\\");
	fputs("'\n", out);
}

void options_print_fish(FILE *out)
{
	fputs("# SPDX-License-Identifier: GPL-3.0-or-later\n"
	      "# fish completion for pktwho(1)\n\n"
	      "complete -c pktwho -f\n"
	      "complete -c pktwho -n '__fish_seen_subcommand_from ",
	      out);
	print_commands(out, true, " ");
	fputs("' -F\n", out);
	for (const struct option_command *c = options_commands; c->word; c++) {
		fprintf(out,
			"complete -c pktwho -n __fish_use_subcommand "
			"-a %s -d '",
			c->word);
		print_description(out, c->help, "\\");
		fputs("'\n", out);
	}
	for (int i = 0; i < options_count; i++)
		print_fish_option(out, &options_table[i]);
}
