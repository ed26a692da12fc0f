/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "remote/command.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "host/log.h"

struct text {
	char *buf;
	size_t size;
	size_t len;
	bool full;
};

static void add_format(struct text *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void add_format(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->buf + t->len, t->size - t->len, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= t->size - t->len)
		t->full = true;
	else
		t->len += (size_t)n;
}

/* A word as any shell takes it. */
static void add_quoted(struct text *t, const char *s)
{
	add_format(t, "'");
	for (; *s; s++)
		add_format(t, *s == '\'' ? "'\\''" : "%c", *s);
	add_format(t, "'");
}

static int add_option_word(void *text, const struct option_row *row,
			   const char *arg)
{
	if (row->place != OPTION_THERE)
		return 0;
	if (row->letter)
		add_format(text, " -%c", row->letter);
	else
		add_format(text, " --%s", row->name);
	if (arg) {
		add_format(text, " ");
		add_quoted(text, arg);
	}
	return 0;
}

/* The user's own words, but those for this side. */
static void add_arguments(struct text *t, const struct options *o)
{
	char **command;

	options_each(o->argc, o->argv, add_option_word, t, &command);
	add_format(t, " --log-level %s", log_level_name(o->log_level));
}

/* The shell there knows the connection, which sudo would take away. */
static void add_run(struct text *t, const struct options *o,
		    const char *program)
{
	add_format(t,
		   "%s%s -w - -a eof --exclude-connection \"$SSH_CONNECTION\"",
		   o->remote.sudo ? "sudo -n " : "", program);
	add_arguments(t, o);
}

/*
 * The program's bytes come first on the standard input.  What is in a place for
 * temporary files may not be executed on some machines.
 */
static void add_copy_and_run(struct text *t, const struct options *o,
			     off_t size)
{
	add_format(t,
		   "for d in \"${TMPDIR:-/tmp}\" ~; do "
		   "f=$(mktemp \"$d/tmp.XXXXXXXXXX\") && chmod 700 \"$f\" && "
		   "[ -x \"$f\" ] && break; rm -f \"$f\"; done; "
		   "head -c %jd >\"$f\" && chmod 700 \"$f\" && ",
		   (intmax_t)size);
	add_run(t, o, "\"$f\"");
	add_format(t, "; s=$?; rm -f \"$f\"; exit $s");
}

/* In a shell that we know, whatever the user's is. */
int remote_command(const struct options *o, off_t copy, char *out, size_t size)
{
	char script[REMOTE_COMMAND_MAX] = "";
	struct text inner = { .buf = script, .size = sizeof(script) };
	struct text outer = { .buf = out, .size = size };

	if (copy)
		add_copy_and_run(&inner, o, copy);
	else
		add_run(&inner, o,
			o->remote.command ? o->remote.command : "pktwho");
	add_format(&outer, "exec sh -c ");
	add_quoted(&outer, script);
	return inner.full || outer.full ? -ENOSPC : 0;
}
