/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "host/plural.h"
#include "view/saved/saved.h"
#include "view/screen/top_state.h"

void top_filter(struct top *t, char out[ROW_FILTER])
{
	table_tell_apart(t->table, t->options.flows);
	row_filter(table_row(t->table, (size_t)t->at), t->group, out);
}

/* It does not tell whether it has put it into a clipboard. */
static void send_to_terminal(struct top *t, const char *text)
{
	screen_copy(t->screen, text);
	snprintf(t->message, sizeof(t->message), "sent to the terminal: %.*s",
		 (int)sizeof(t->message) - 30, text);
}

void top_copy_filter(struct top *t)
{
	char filter[ROW_FILTER];

	if (!table_count(t->table))
		return;
	top_filter(t, filter);
	send_to_terminal(t, filter);
}

#define QUOTED_FILE (4 * PATH_MAX + 3) /* if it is nothing but quotes */

/* A file may be called as anybody likes; most names need no quotes. */
static void quote_file(char out[QUOTED_FILE], const char *name)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ_./+,@%:=-";
	char *at = out;

	if (*name && !name[strspn(name, plain)]) {
		snprintf(out, QUOTED_FILE, "%s", name);
		return;
	}
	*at++ = '\'';
	for (; *name && at < out + QUOTED_FILE - 6; name++)
		if (*name == '\'')
			at = stpcpy(at, "'\\''");
		else
			*at++ = *name;
	strcpy(at, "'");
}

/* All packets are in the file already, with their owners. */
static void copy_command(struct top *t)
{
	char filter[ROW_FILTER], file[QUOTED_FILE];
	char command[ROW_FILTER + QUOTED_FILE + 50];

	if (!table_count(t->table))
		return;
	top_filter(t, filter);
	quote_file(file, t->options.file);
	snprintf(command, sizeof(command),
		 "tshark -r %s -Y '%s' -w "
		 "part.pcapng",
		 file, filter);
	send_to_terminal(t, command);
}

static void begin_saving(struct top *t)
{
	struct saved *s = t->options.saved;
	int err = saved_begin(s, &t->query, &t->losses);

	if (err)
		snprintf(t->message, sizeof(t->message),
			 "cannot write a file here: %s", strerror(-err));
	else
		snprintf(t->message, sizeof(t->message),
			 "saving what is shown to %s until e", saved_name(s));
}

static void end_saving(struct top *t)
{
	struct saved *s = t->options.saved;
	int err = saved_end(s, &t->losses);
	char command[200];

	if (err)
		snprintf(t->message, sizeof(t->message), "%.100s: %s",
			 saved_name(s), strerror(-err));
	else
		snprintf(t->message, sizeof(t->message),
			 "tshark -r %.100s  (%" PRIu64 " packet%s)",
			 saved_name(s), saved_count(s),
			 plural_s(saved_count(s)));
	snprintf(command, sizeof(command), "tshark -r %s", saved_name(s));
	screen_copy(t->screen, command);
}

/* At once, not only when it is ended: what comes now is not in it. */
void top_watch_saved(struct top *t)
{
	const struct saved *s = t->options.saved;
	int err = s ? saved_error(s) : 0;

	if (err && !t->save_failed) {
		snprintf(t->message, sizeof(t->message),
			 "cannot write %.100s: "
			 "%s",
			 saved_name(s), strerror(-err));
		t->dirty = true;
	}
	t->save_failed = err;
}

/* What is no longer there was in no file: it begins now. */
void top_export(struct top *t)
{
	if (t->options.file)
		copy_command(t);
	else if (!t->options.saved)
		snprintf(t->message, sizeof(t->message),
			 "no file can be written here");
	else if (saved_goes_on(t->options.saved))
		end_saving(t);
	else
		begin_saving(t);
}
