/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "host/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/watch.h"
#include "printable.h"

#define PATIENCE_MS 1000

static enum log_level max_level = LOG_INFO;
static enum log_level sink_level;
static void (*log_sink)(const char *line);

const char *log_level_name(enum log_level level)
{
	static const char *const names[] = {
		[LOG_ERROR] = "error",
		[LOG_WARN] = "warning",
		[LOG_INFO] = "info",
		[LOG_DEBUG] = "debug",
	};

	return names[level];
}

void log_set_level(enum log_level level)
{
	max_level = level;
}

void log_set_sink(void (*sink)(const char *line), enum log_level level)
{
	log_sink = sink;
	sink_level = level;
}

/* Who does not read what we say keeps us waiting once. */
static bool can_say(void)
{
	static int patience_ms = PATIENCE_MS;
	bool can = watch_has_room(STDERR_FILENO, patience_ms);

	patience_ms = can ? PATIENCE_MS : 0;
	return can;
}

static int status_columns; /* that are drawn upon */

static void erase_status(void)
{
	if (status_columns)
		fprintf(stderr, "\r%*s\r", status_columns, "");
	status_columns = 0;
}

/* The bytes of so many columns; a wide character would take another line. */
static size_t fitting(const char *s, unsigned columns)
{
	size_t at = 0, n;

	for (unsigned i = 0; i < columns && s[at]; i++) {
		n = printable_length(s + at, strlen(s + at));
		at += n ? n : 1;
	}
	return at;
}

void log_status(const char *text, unsigned columns)
{
	char line[1024];

	if (!can_say())
		return;
	erase_status();
	if (!text || columns < 2)
		return;
	snprintf(line, sizeof(line), "pktwho: %s", text);
	printable_replace(line);
	/* In the last column some terminals begin the next line. */
	line[fitting(line, columns - 1)] = '\0';
	fputs(line, stderr);
	status_columns = (int)columns - 1;
}

static void write_log_line(enum log_level level, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

/* ---- beside a screen ---- */

#define LINE_SIZE  1100
#define HELD_LINES 16

static struct {
	bool holds;
	bool on_terminal;
	unsigned count;
	char lines[HELD_LINES][LINE_SIZE]; /* a ring */
} held;

void log_hold(void)
{
	held.holds = true;
	held.on_terminal = isatty(STDERR_FILENO);
	held.count = 0;
}

void log_release(void)
{
	unsigned at = held.count > HELD_LINES ? held.count - HELD_LINES : 0;

	if (held.holds && held.on_terminal)
		for (; at < held.count; at++)
			fputs(held.lines[at % HELD_LINES], stderr);
	held.holds = false;
}

unsigned log_held(const char **last)
{
	*last = held.count ? held.lines[(held.count - 1) % HELD_LINES] : NULL;
	return held.count;
}

static void hold_line(const char *line)
{
	if (held.holds)
		snprintf(held.lines[held.count++ % HELD_LINES], LINE_SIZE, "%s",
			 line);
}

static void say(const char *line)
{
	hold_line(line);
	if ((held.holds && held.on_terminal) || !can_say())
		return;
	erase_status();
	fputs(line, stderr);
}

void log_pass_on(const char *lines)
{
	char line[LINE_SIZE];

	for (size_t n; *lines; lines += n) {
		n = strcspn(lines, "\n");
		n += lines[n] == '\n';
		snprintf(line, sizeof(line), "%.*s", (int)n, lines);
		say(line);
	}
}

/* ---- lines ---- */

/* One write per line, so that lines of several processes do not mix. */
static void write_log_line(enum log_level level, const char *fmt, va_list ap)
{
	char text[1024], line[LINE_SIZE];

	if (level > max_level && (!log_sink || level > sink_level))
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	printable_replace(text);
	snprintf(line, sizeof(line), "pktwho: %s%s\n",
		 level == LOG_WARN ? "warning: " : "", text);
	if (level <= max_level)
		say(line);
	if (log_sink && level <= sink_level)
		log_sink(line);
}

#define LEVEL(name, level)                      \
	void name(const char *fmt, ...)         \
	{                                       \
		va_list ap;                     \
		va_start(ap, fmt);              \
		write_log_line(level, fmt, ap); \
		va_end(ap);                     \
	}

LEVEL(log_error, LOG_ERROR)
LEVEL(log_warn, LOG_WARN)
LEVEL(log_info, LOG_INFO)
LEVEL(log_debug, LOG_DEBUG)
