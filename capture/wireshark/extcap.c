/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wireshark/extcap.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bytes.h"
#include "host/log.h"
#include "options.h"
#include "printable.h"
#include "wireshark/choices.h"
#include "interface/source.h"
#include "wireshark/toolbar.h"

#define PREFIX	"pktwho:"
#define PATTERN "--proc-pattern" /* --proc, where that is a list */

/* Wireshark 4.0 has no lists that can be typed into, and refuses them. */
#ifdef EXTCAP_PLAIN_LISTS
#define LIST_TYPE "selector"
#else
#define LIST_TYPE "editselector"
#endif

bool extcap_is_called(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strncmp(argv[i], "--extcap-", 9) ||
		    !strcmp(argv[i], "--capture"))
			return true;
	return false;
}

/* ---- the interfaces ---- */

static void print_interface(void *ctx, const struct source_device *d)
{
	(void)ctx;
	/* A name may hold anything, and braces end a value. */
	if (strpbrk(d->name, "{}") || !printable_all(d->name))
		return;
	/* Without its addresses: the title of a window is made of it. */
	printf("interface {value=" PREFIX "%s}{display=Process capture: %s}\n",
	       d->name, d->name);
}

static int print_interfaces(void)
{
	int err;

	puts("extcap {version=" PKTWHO_VERSION "}{display=pktwho}");
	err = source_each(print_interface, NULL);
	puts("interface {value=" EXTCAP_REMOTE
	     "}{display=Process capture: remote over SSH}");
	toolbar_print();
	return err;
}

/* NULL for a remote one. */
static const char *device_of(const char *interface)
{
	if (!interface || strncmp(interface, PREFIX, sizeof(PREFIX) - 1))
		return NULL;
	return interface + sizeof(PREFIX) - 1;
}

static bool is_remote(const char *interface)
{
	return interface && !strcmp(interface, EXTCAP_REMOTE);
}

static int check_extcap_interface(const char *interface)
{
	if (device_of(interface) || is_remote(interface))
		return 0;
	log_error("there is no interface \"%s\" to be captured: Capture > "
		  "Refresh Interfaces lists them anew",
		  interface ? interface : "");
	return -EINVAL;
}

/* What a remote interface has shows when packets come. */
static const char *likely_device(const char *interface)
{
	const char *device = device_of(interface);

	return device ? device : "any";
}

static int print_dlts(const char *interface)
{
	struct source_dlt dlt;

	source_guess_dlt(likely_device(interface), &dlt);
	printf("dlt {number=%d}{name=%s}{display=%s}\n", dlt.number, dlt.name,
	       dlt.description);
	return 0;
}

/* Anything on stdout is why the filter is no good. */
static int check_filter(const char *interface, const char *filter)
{
	char why[256];

	if (source_check_filter(likely_device(interface), filter, why,
				sizeof(why)))
		puts(why);
	return 0;
}

/* ---- the dialog ---- */

/* The lists to choose from. */
static enum choices_kind choices_of(const struct option_row *row)
{
	static const enum choices_kind kinds[VALUES] = {
		[VALUE_PROCESS] = CHOICES_NAMES,
		[VALUE_PID] = CHOICES_PIDS,
		[VALUE_USER] = CHOICES_USERS,
		[VALUE_CONTAINER] = CHOICES_CONTAINERS,
#ifndef EXTCAP_PLAIN_LISTS /* in which no pattern could be typed */
		[VALUE_POD] = CHOICES_PODS,
		[VALUE_UNIT] = CHOICES_UNITS,
#endif
	};

	return kinds[row->value];
}

/* Wireshark puts the pages into the order of their first arguments' numbers. */
static int number_of(const struct option_row *row)
{
	return (int)row->dialog.page * options_count +
	       (int)(row - options_table);
}

static void print_value(void *argument, const char *value, const char *display)
{
	if (!strpbrk(value, "{}") && !strpbrk(display, "{}"))
		printf("value {arg=%d}{value=%s}{display=%s}\n",
		       *(const int *)argument, value, display);
}

static void print_words(const struct option_row *row)
{
	const char *initial = row->dialog.initial ? row->dialog.initial : "";

	for (const char *w = row->words; *w; w += strspn(w, " ")) {
		int len = (int)strcspn(w, " ");

		printf("value {arg=%d}{value=%.*s}{display=%.*s}{default=%s}\n",
		       number_of(row), len, w, len, w,
		       (size_t)len == strlen(initial) &&
				       !strncmp(w, initial, (size_t)len) ?
			       "true" :
			       "false");
		w += len;
	}
}

static void print_values(const struct option_row *row)
{
	int number = number_of(row);

	if (row->value == VALUE_WORD)
		print_words(row);
	if (choices_of(row) == CHOICES_NONE)
		return;
	printf("value {arg=%d}{value=}{display=}{default=true}\n", number);
	choices_each(choices_of(row), print_value, &number);
}

/* The lists of another machine's processes are not to be had. */
static void print_type(const struct option_row *row, bool is_local)
{
	if (!row->argument)
		printf("{type=boolflag}");
	else if (row->value == VALUE_WORD)
		printf("{type=selector}");
	else if (row->value == VALUE_FILE)
		printf("{type=fileselect}{mustexist=true}");
	else if (choices_of(row) != CHOICES_NONE && is_local)
		printf("{type=" LIST_TYPE "}{reload=true}"
		       "{placeholder=Running now}");
	else if (choices_of(row) == CHOICES_NONE && row->max)
		printf("{type=unsigned}{range=%" PRIu64 ",%" PRIu64 "}",
		       row->min, row->max);
	else
		printf("{type=string}");
}

static void print_argument(const struct option_row *row, bool is_local)
{
	static const char *const pages[PAGES] = {
		[PAGE_HOST] = "Remote",
		[PAGE_THERE] = "Remote",
		[PAGE_PROCESSES] = "Processes",
		[PAGE_CAPTURE] = "Capture",
		[PAGE_LOG] = "Log",
	};
	const struct option_dialog *d = &row->dialog;

	printf("arg {number=%d}{call=--%s}{display=%s}", number_of(row),
	       row->name, d->display);
	print_type(row, is_local);
	if (d->required)
		printf("{required=true}");
	if (d->initial && row->value != VALUE_WORD)
		printf("{default=%s}", d->initial);
	if (d->tooltip)
		printf("{tooltip=%s}", d->tooltip);
	printf("{group=%s}\n", pages[d->page]);
	if (is_local || choices_of(row) == CHOICES_NONE)
		print_values(row);
#ifdef EXTCAP_PLAIN_LISTS
	if (row->value == VALUE_PROCESS && is_local)
		printf("arg {number=%d}{call=" PATTERN "}"
		       "{display=... or by name}{type=string}"
		       "{tooltip=Names or patterns, separated by commas}"
		       "{group=%s}\n",
		       PAGES * options_count, pages[d->page]);
#endif
}

/* All of the dialog, or with @reload the values of one list anew. */
static int print_config(const char *interface, const char *reload)
{
	const bool is_local = device_of(interface) != NULL;

	for (int page = 0; page < PAGES; page++) {
		for (int i = 0; i < options_count; i++) {
			const struct option_row *row = &options_table[i];

			if ((int)row->dialog.page != page ||
			    !(row->dialog.offered &
			      (is_local ? DIALOG_LOCAL : DIALOG_REMOTE)))
				continue;
			if (!reload)
				print_argument(row, is_local);
			else if (!strcmp(row->name,
					 reload + strspn(reload, "-")))
				print_values(row);
		}
	}
	return 0;
}

/* ---- the call ---- */

enum word {
	INTERFACES,
	DLTS,
	CONFIG,
	CAPTURE, /* alone */
	VERSION,
	INTERFACE,
	FILTER,
	FIFO,
	CONTROL_IN,
	CONTROL_OUT,
	RELOAD,
	WORDS
};

static const char *const words[WORDS] = {
	[INTERFACES] = "--extcap-interfaces",
	[DLTS] = "--extcap-dlts",
	[CONFIG] = "--extcap-config",
	[CAPTURE] = "--capture",
	[VERSION] = "--extcap-version",
	[INTERFACE] = "--extcap-interface",
	[FILTER] = "--extcap-capture-filter",
	[FIFO] = "--fifo",
	[CONTROL_IN] = "--extcap-control-in",
	[CONTROL_OUT] = "--extcap-control-out",
	[RELOAD] = "--extcap-reload-option",
};

/* The value of "--word VALUE" or "--word=VALUE", or NULL; moves *@i. */
static const char *value_of(enum word word, int argc, char **argv, int *i)
{
	size_t len = strlen(words[word]);

	if (strncmp(argv[*i], words[word], len))
		return NULL;
	if (argv[*i][len] == '=')
		return argv[*i] + len + 1;
	if (argv[*i][len])
		return NULL;
	if (word < VERSION)
		return "";
	return *i + 1 < argc ? argv[++*i] : "";
}

static int add_argument(struct extcap *e, const char *word)
{
	if (e->argc == EXTCAP_MAX_WORDS) {
		log_error("too many arguments at \"%s\"", word);
		return -EINVAL;
	}
	e->argv[e->argc++] = bytes_unconst(word);
	e->argv[e->argc] = NULL;
	return 0;
}

/* Of the dialog: what was left empty there is not meant to be anything. */
static int add_own(struct extcap *e, int argc, char **argv, int *i)
{
	int err;

	if (*i + 1 >= argc || !strncmp(argv[*i + 1], "--", 2))
		return add_argument(e, argv[*i]);
	(*i)++;
	if (!*argv[*i])
		return 0;
	err = add_argument(e, strcmp(argv[*i - 1], PATTERN) ? argv[*i - 1] :
							      "--proc");
	return err ? err : add_argument(e, argv[*i]);
}

static bool has_host(const struct extcap *e)
{
	for (int i = 1; i < e->argc; i++)
		if (!strcmp(e->argv[i], "--remote") ||
		    !strncmp(e->argv[i], "--remote=", 9))
			return true;
	return false;
}

static int start_capture(struct extcap *e, const char *const *v)
{
	const char *device = device_of(v[INTERFACE]);

	if (!device && !has_host(e)) {
		log_error("no host is given: set it in the options of the "
			  "interface \"%s\"",
			  v[INTERFACE]);
		return -EINVAL;
	}
	if (!v[FIFO]) {
		log_error("argument missing: \"--fifo\"");
		return -EINVAL;
	}
	e->capture = true;
	e->control_in = v[CONTROL_IN];
	e->control_out = v[CONTROL_OUT];
	if (device &&
	    (add_argument(e, "--interface") || add_argument(e, device)))
		return -EINVAL;
	if (v[FILTER] && *v[FILTER] &&
	    (add_argument(e, "-f") || add_argument(e, v[FILTER])))
		return -EINVAL;
	return add_argument(e, "-w") || add_argument(e, v[FIFO]) ? -EINVAL : 0;
}

int extcap_take(struct extcap *e, int argc, char **argv)
{
	const char *v[WORDS] = { NULL };
	int err = 0;

	memset(e, 0, sizeof(*e));
	e->argv[e->argc++] = argv[0];
	for (int i = 1; !err && i < argc; i++) {
		enum word word = 0;
		const char *value = NULL;

		while (word < WORDS &&
		       !(value = value_of(word, argc, argv, &i)))
			word++;
		if (word < WORDS)
			v[word] = value;
		else
			err = add_own(e, argc, argv, &i);
	}
	if (err)
		return err;
	if (v[INTERFACES])
		return print_interfaces();
	if (v[CAPTURE] || v[DLTS] || v[CONFIG] || v[FILTER])
		err = check_extcap_interface(v[INTERFACE]);
	if (err)
		return err;
	if (v[CAPTURE])
		return start_capture(e, v);
	if (v[DLTS])
		return print_dlts(v[INTERFACE]);
	if (v[CONFIG])
		return print_config(v[INTERFACE], v[RELOAD]);
	return v[FILTER] ? check_filter(v[INTERFACE], v[FILTER]) : 0;
}
