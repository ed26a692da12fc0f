/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "process/script.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Letters of options: after some there is no script, some take a value. */
struct interpreter {
	const char *name; /* without a version */
	const char *none;
	const char *value;
};

static const struct interpreter interpreters[] = {
	{ "bash", "cs", "oO" },	  { "sh", "cs", "oO" },
	{ "dash", "cs", "o" },	  { "zsh", "cs", "o" },
	{ "ksh", "cs", "o" },	  { "fish", "c", "" },
	{ "python", "cm", "WX" }, { "pypy", "cm", "WX" },
	{ "perl", "eE", "" },	  { "ruby", "e", "rIC" },
	{ "node", "ep", "r" },	  { "nodejs", "ep", "r" },
	{ "php", "rBRE", "cdz" }, { "lua", "", "el" },
	{ "tclsh", "", "" },	  { "Rscript", "e", "" },
	{ "guile", "c", "LlCx" },
};

static const struct interpreter *find_interpreter(const char *exepath)
{
	const char *slash = strrchr(exepath, '/');
	const char *name = slash ? slash + 1 : exepath;
	size_t len = strlen(name);

	while (len && (isdigit((unsigned char)name[len - 1]) ||
		       name[len - 1] == '.' || name[len - 1] == '-'))
		len--;
	for (size_t i = 0; i < sizeof(interpreters) / sizeof(*interpreters);
	     i++)
		if (strlen(interpreters[i].name) == len &&
		    !strncmp(interpreters[i].name, name, len))
			return &interpreters[i];
	return NULL;
}

/* One word of options tells this of those that follow. */
enum word { IS_OPTIONS, IS_OPTIONS_AND_VALUE, IS_SCRIPT, IS_END, IS_NO_SCRIPT };

static enum word read_word(const struct interpreter *i, const char *word)
{
	if (*word == '+')
		return IS_OPTIONS;
	if (*word != '-')
		return IS_SCRIPT;
	if (!word[1])
		return IS_NO_SCRIPT; /* the standard input */
	if (word[1] == '-')
		return word[2] ? IS_OPTIONS : IS_END;
	for (const char *s = word + 1; *s; s++) {
		if (strchr(i->none, *s))
			return IS_NO_SCRIPT;
		if (strchr(i->value, *s))
			return s[1] ? IS_OPTIONS : IS_OPTIONS_AND_VALUE;
	}
	return IS_OPTIONS;
}

/* The argument after that one, or NULL. */
static const char *next_argument(const struct process *p, const char *arg)
{
	const char *end = p->cmdline + p->cmdline_len;
	const char *next = arg + strnlen(arg, (size_t)(end - arg)) + 1;

	return next < end ? next : NULL;
}

static const char *find_script(const struct process *p,
			       const struct interpreter *i)
{
	const char *arg = next_argument(p, p->cmdline);

	while (arg) {
		switch (read_word(i, arg)) {
		case IS_SCRIPT:
			return arg;
		case IS_END:
			return next_argument(p, arg);
		case IS_NO_SCRIPT:
			return NULL;
		case IS_OPTIONS_AND_VALUE:
			arg = next_argument(p, arg);
			if (!arg)
				return NULL;
			break;
		case IS_OPTIONS:
			break;
		}
		arg = next_argument(p, arg);
	}
	return NULL;
}

void script_set(struct process *p)
{
	const struct interpreter *i = find_interpreter(p->exepath);
	const char *script = i && p->cmdline_len ? find_script(p, i) : NULL;
	bool absolute = script && *script == '/';
	int n;

	if (!script || !*script || p->cmdline_len >= sizeof(p->cmdline))
		return;
	if (!absolute && !strncmp(script, "./", 2))
		script += 2;
	n = absolute || !process_has(p, FIELD_CWD) ?
		    snprintf(p->script, sizeof(p->script), "%s", script) :
		    snprintf(p->script, sizeof(p->script), "%s/%s",
			     p->cwd[1] ? p->cwd : "", script);
	/* One that is cut would be another's. */
	if (n > 0 && n < (int)sizeof(p->script))
		process_set_field(p, FIELD_SCRIPT);
}
