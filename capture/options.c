/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "options_parts.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- getopt ---- */

#define LONG_ONLY  256	/* + row: what no letter can be */
#define WORD	   1	/* that is no option: getopt(3) */
#define DISK_BLOCK 4096 /* of the common file systems */
#define HARMLESS   "lnteAUXx"
#define LETTERS	   (2 * OPTIONS_MAX_ROWS + 3 + sizeof(HARMLESS))

static char *add_letter(char *s, char letter, const char *argument)
{
	*s++ = letter;
	if (argument)
		*s++ = ':';
	return s;
}

/*
 * "+": stop at the first word; "-": hand it over; ":": tell what is missing.
 * top counts by -n, which to tcpdump means no names, and waits by -d, which to
 * dumpcap prints a filter.
 */
static void make_getopt(char letters[LETTERS],
			struct option longs[OPTIONS_MAX_ROWS + 1], bool top,
			bool paths)
{
	struct option *l = longs;
	char *s = letters;

	*s++ = paths ? '-' : '+';
	*s++ = ':';
	/* The first of two alike is taken. */
	for (int i = 0; top && i < options_count; i++)
		if (options_table[i].top_letter)
			s = add_letter(s, options_table[i].top_letter,
				       options_table[i].argument);
	for (int i = 0; i < options_count; i++) {
		const struct option_row *row = &options_table[i];
		const int argument = row->argument ? required_argument :
						     no_argument;

		if (row->letter && (top || row->letter != 'n'))
			s = add_letter(s, row->letter, row->argument);
		if (row->name)
			*l++ = (struct option){ row->name, argument, NULL,
						LONG_ONLY + i };
	}
	strcpy(s, HARMLESS);
	*l = (struct option){ NULL, 0, NULL, 0 };
}

static const struct option_row *find_row(int c, bool top)
{
	const struct option_row *row = options_table;

	if (c >= LONG_ONLY)
		return row + (c - LONG_ONLY);
	for (int i = 0; top && i < options_count; i++)
		if (row[i].top_letter == c)
			return &row[i];
	while (row->letter != c)
		row++;
	return row;
}

static bool is_option(const char *name, size_t len)
{
	for (int i = 0; i < options_count; i++)
		if (options_table[i].name &&
		    strlen(options_table[i].name) == len &&
		    !strncmp(options_table[i].name, name, len))
			return true;
	return false;
}

/* getopt would take "--process" for the one that begins so. */
static int refuse_habit(const char *arg)
{
	const char *instead;

	if (!arg || strncmp(arg, "--", 2) ||
	    is_option(arg + 2, strcspn(arg + 2, "=")))
		return 0;
	instead = options_instead(arg);
	if (instead)
		log_error("there is no %s: %s", arg, instead);
	return instead ? -EINVAL : 0;
}

/* What getopt could not make sense of, in our words. */
static int unknown(int c, char **argv, int before)
{
	char shown[3] = { '-', (char)optopt, '\0' };
	const char *arg = optopt && optopt < LONG_ONLY ? shown : argv[before];
	const char *instead = c == ':' ? NULL : options_instead(arg);
	const char *meant = c == ':' ? NULL : options_nearest(arg);

	if (instead)
		log_error("there is no %s: %s", arg, instead);
	else if (meant)
		log_error("unknown option \"%s\": did you mean --%s?", arg,
			  meant);
	else
		options_bad(c == ':' ? "argument missing after" :
				       "unknown option",
			    arg);
	return -EINVAL;
}

/* With blanks between; where there is no room for more, or NULL. */
static const char *join_words(int count, char **words, char *text, size_t size)
{
	size_t at = 0;

	for (int i = 0; i < count; i++) {
		at += (size_t)snprintf(text + at, size - at, "%s%s",
				       i ? " " : "", words[i]);
		if (at >= size)
			return words[i];
	}
	return NULL;
}

/* It may be Wireshark's, which is refused as such. */
static bool may_be_filter(const char *words)
{
	return options_begins_filter(words) ||
	       options_is_display_filter(words) ||
	       options_names_protocols(words);
}

/* Words that are neither option nor command: tcpdump's way to say -f. */
static int take_words(int count, char **words, bool first, int interfaces,
		      int (*fn)(void *ctx, const struct option_row *row,
				const char *arg),
		      void *ctx)
{
	const char *meant = options_nearest(words[0]);
	char text[4096] = "";
	const char *over = join_words(count, words, text, sizeof(text));
	char *kept;

	if (meant && !strcmp(meant, words[0]))
		return options_bad(
			"a command comes first, and has options of its own:",
			meant);
	/*
	 * The most usual filter of all is near to "top".  Behind an option, what
	 * has words of its own is a command to be started, as "cat".
	 */
	if (meant && (count == 1 || first) && strcmp(words[0], "tcp")) {
		log_error("unexpected argument \"%s\": did you mean %s?",
			  words[0], meant);
		return -EINVAL;
	}
	if (count == 1 && strstr(words[0], ".pcap"))
		return options_bad("which option, -w or -r of tshark, for",
				   words[0]);
	if (!may_be_filter(text))
		return options_bad("this begins no filter, and a command "
				   "takes \"--\" before it:",
				   words[0]);
	if (interfaces > 1)
		return options_bad("say -f after each -i, instead of",
				   words[0]);
	for (int i = 0; i < count; i++)
		if (words[i][0] == '-' && words[i][1])
			return options_bad("options stand before the filter:",
					   words[i]);
	if (over)
		return options_bad("too long a filter at", over);
	kept = options_keep(text);
	return kept ? fn(ctx, find_row('f', false), kept) : -ENOMEM;
}

/* Room for all words, there until the next call; NULL ends them. */
static char **make_paths(int argc)
{
	static char **paths;

	free(paths);
	paths = calloc((size_t)argc + 1, sizeof(*paths));
	return paths;
}

/* Of a letter that says only how tcpdump prints, or that dumpcap does as we. */
static bool is_harmless(int c)
{
	return c && c < LONG_ONLY && strchr(HARMLESS, c);
}

bool options_show(const struct options *o)
{
	return o->print || o->action == ACTION_LOG || o->action == ACTION_TOP;
}

bool options_draw(const struct options *o)
{
	return o->action == ACTION_TOP && !o->batch;
}

int options_each(int argc, char **argv,
		 int (*fn)(void *ctx, const struct option_row *row,
			   const char *arg),
		 void *ctx, char ***command)
{
	struct option longs[OPTIONS_MAX_ROWS + 1];
	const bool top = argc && !strcmp(argv[0], "top");
	const bool paths = argc && (!strcmp(argv[0], "cut") ||
				    !strcmp(argv[0], "find") ||
				    !strcmp(argv[0], "strip"));
	char letters[LETTERS], **path = paths ? make_paths(argc) : NULL;
	int c, err, before, interfaces = 0;

	if (paths && !path)
		return -ENOMEM;
	make_getopt(letters, longs, top, paths);
	*command = path;
	optind = 0; /* start afresh, GNU's way: tests parse often */
	opterr = 0;
	for (;;) {
		before = optind ? optind : 1;
		if (before < argc && refuse_habit(argv[before]))
			return -EINVAL;
		c = getopt_long(argc, argv, letters, longs, NULL);
		if (c == -1)
			break;
		if (is_harmless(c) && !(top && c == 'n'))
			continue;
		if (c == WORD) {
			*path++ = optarg;
			continue;
		}
		err = c == '?' || c == ':' ? unknown(c, argv, before) :
					     fn(ctx, find_row(c, top), optarg);
		if (err)
			return err;
		interfaces += find_row(c, top)->letter == 'i';
	}
	while (paths && optind < argc)
		*path++ = argv[optind++];
	if (paths)
		return 0;
	/* Only a "--" of its own moved optind: not one that is a file's name. */
	if (optind < argc && optind == before)
		return take_words(argc - optind, argv + optind, optind == 1,
				  interfaces, fn, ctx);
	if (optind < argc)
		*command = argv + optind;
	else if (optind > before)
		return options_bad("no command after", "--");
	return 0;
}

/* The command of that name, which may have to stand alone, or NULL. */
static const struct option_command *find_command(int argc, char **argv)
{
	const struct option_command *command = options_commands;

	if (argc < 2)
		return NULL;
	while (command->word && strcmp(command->word, argv[1]))
		command++;
	return command->word && (command->options || argc == 2) ? command :
								  NULL;
}

static int take(void *options, const struct option_row *row, const char *arg)
{
	return row->take(options, row, arg);
}

/* What runs for months; each can be said otherwise. */
static void set_record(struct options *o)
{
	o->action = ACTION_CAPTURE;
	o->ring.asked = true;
	o->ring.total = 2000000000;
	o->ring.free = 1000000000;
	o->file.bytes = 20000000;
}

/* A ring's directory, as far as nothing else is said. */
static void set_paths(struct options *o)
{
	static char directory[] = OPTIONS_RECORD_DIR;
	static char *usual[] = { directory, NULL };

	if (o->command && (*o->command || o->action == ACTION_STRIP))
		o->paths = o->command;
	else
		o->paths = usual;
	o->command = NULL;
}

/* A budget is of the disk, where each file takes whole blocks. */
static void fit_into_blocks(uint64_t *file_bytes, uint64_t total)
{
	if (total && *file_bytes > DISK_BLOCK)
		*file_bytes -= *file_bytes % DISK_BLOCK;
}

int options_parse(struct options *o, int argc, char **argv)
{
	const struct option_command *command = find_command(argc, argv);
	bool record;
	int err;

	memset(o, 0, sizeof(*o));
	o->how.snaplen = OPTIONS_MAX_SNAPLEN;
	o->log_level = LOG_INFO;
	if (command) {
		o->action = command->action;
		argc--;
		argv++;
	}
	o->argc = argc;
	o->argv = argv;
	record = o->action == ACTION_RECORD;
	if (record)
		set_record(o);
	err = options_each(argc, argv, take, o, &o->command);
	if (record && !o->write) {
		o->write = OPTIONS_RECORD_DIR "/record.pcapng";
		o->ring.of_host = true;
	}
	if (o->action == ACTION_CUT || o->action == ACTION_FIND ||
	    o->action == ACTION_STRIP)
		set_paths(o);
	err = err ? err : options_check(o);
	if (err)
		return err;
	fit_into_blocks(&o->file.bytes, o->ring.total);
	fit_into_blocks(&o->log_limits.bytes, o->log_ring.total);
	return o->interface_count ? 0 : options_add_interface(o, "any");
}
