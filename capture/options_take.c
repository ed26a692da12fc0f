/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "options_parts.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "process/filter/hashes.h"

int options_bad(const char *what, const char *value)
{
	log_error("%s \"%s\": see pktwho --help", what, value);
	return -EINVAL;
}

int options_bad_value(const struct option_row *row, const char *value)
{
	char what[64] = "bad ";
	char *name = what + strlen(what);

	strncpy(name, row->name ? row->name : "packet count",
		sizeof(what) - strlen(what) - 1);
	for (; *name; name++)
		if (*name == '-')
			*name = ' ';
	if (row->words)
		log_error("%s \"%s\": there are %s", what, value, row->words);
	else if (row->max == UINT64_MAX)
		log_error("%s \"%s\": at least %" PRIu64, what, value,
			  row->min);
	else if (row->max)
		log_error("%s \"%s\": %" PRIu64 " to %" PRIu64, what, value,
			  row->min, row->max);
	else
		return options_bad(what, value);
	return -EINVAL;
}

int options_take_flag(struct options *o, const struct option_row *row,
		      const char *arg)
{
	(void)arg;
	*(bool *)((char *)o + row->at) = true;
	return 0;
}

int options_take_action(struct options *o, const struct option_row *row,
			const char *arg)
{
	(void)arg;
	o->action = (enum options_action)row->at;
	return 0;
}

int options_take_text(struct options *o, const struct option_row *row,
		      const char *arg)
{
	const char **member = (const char **)((char *)o + row->at);
	char letter[2] = { row->letter, '\0' };

	/* Two files, say, of which only one would be written. */
	if (*member) {
		log_error("-%s%s is given twice: \"%s\" and \"%s\"",
			  row->name ? "-" : "", row->name ? row->name : letter,
			  *member, arg);
		return -EINVAL;
	}
	*member = arg;
	return 0;
}

/* "AT,DE" */
int options_take_countries(struct options *o, const struct option_row *row,
			   const char *arg)
{
	static const char between[] = ", ";
	const char *at = arg + strspn(arg, between);

	do {
		int n = (int)strcspn(at, between);

		if (n != 2 || !isalpha((unsigned char)at[0]) ||
		    !isalpha((unsigned char)at[1])) {
			log_error("\"%.*s\" is no country: two letters like JP",
				  n, at);
			return -EINVAL;
		}
		at += n;
		at += strspn(at, between);
	} while (*at);
	return options_take_text(o, row, arg);
}

int options_take_number(struct options *o, const struct option_row *row,
			const char *arg)
{
	void *member = (char *)o + row->at;
	uint64_t n;

	if (options_parse_number(arg, row->min, row->max, &n))
		return options_bad_value(row, arg);
	if (row->size == sizeof(int))
		*(int *)member = (int)n;
	else
		*(uint64_t *)member = n;
	return 0;
}

int options_add_interface(struct options *o, const char *name)
{
	if (!strncmp(name, "rpcap://", 8) || !strncmp(name, "TCP@", 4))
		return options_bad("another machine is for --remote HOST, not",
				   name);
	if (o->interface_count == OPTIONS_MAX_INTERFACES)
		return options_bad("too many interfaces at", name);
	for (int i = 0; i < o->interface_count; i++) {
		const char *other = o->interfaces[i].name;

		if (!strcmp(other, name))
			return options_bad("twice the same interface", name);
		if (!strcmp(other, "any") || !strcmp(name, "any"))
			return options_bad("any has each packet already, also "
					   "those of",
					   strcmp(name, "any") ? name : other);
	}
	o->interfaces[o->interface_count++] = (struct options_interface){
		name, o->first_filter, o->how
	};
	return 0;
}

/* As in dumpcap: of the -i before it, or first, of all that follow. */
static struct options_how *how_of(struct options *o)
{
	return o->interface_count ? &o->interfaces[o->interface_count - 1].how :
				    &o->how;
}

int options_take_how_number(struct options *o, const struct option_row *row,
			    const char *arg)
{
	uint64_t n;

	if (options_parse_number(arg, row->min, row->max, &n))
		return options_bad_value(row, arg);
	/* No buffer is as large, and a snapshot of 0 has all, as in tcpdump. */
	if (!n || n > OPTIONS_MAX_SNAPLEN)
		n = OPTIONS_MAX_SNAPLEN;
	*(int *)((char *)how_of(o) + row->at) = (int)n;
	return 0;
}

int options_take_no_promiscuous(struct options *o, const struct option_row *row,
				const char *arg)
{
	(void)row;
	(void)arg;
	how_of(o)->no_promiscuous = true;
	return 0;
}

int options_take_interface(struct options *o, const struct option_row *row,
			   const char *arg)
{
	(void)row;
	return options_add_interface(o, arg);
}

int options_refuse_display_filter(const char *filter)
{
	return options_bad("that is a display filter, for tshark -Y; here "
			   "pcap-filter(7), or --proc NAME, not",
			   filter);
}

/* As in dumpcap, -f belongs to the -i before it; first, to all that follow. */
int options_take_filter(struct options *o, const struct option_row *row,
			const char *arg)
{
	(void)row;
	if (options_is_display_filter(arg))
		return options_refuse_display_filter(arg);
	if (o->interface_count)
		o->interfaces[o->interface_count - 1].filter = arg;
	else
		o->first_filter = arg;
	return 0;
}

char *options_keep(const char *text)
{
	struct kept {
		struct kept *next;
		char text[];
	};
	static struct kept *kept;
	struct kept *k = malloc(sizeof(*k) + strlen(text) + 1);

	if (!k)
		return NULL;
	k->next = kept;
	kept = k;
	return strcpy(k->text, text);
}

/* Takes a copy apart: argv may have to be said again, to another us. */
int options_take_terms(struct options *o, const struct option_row *row,
		       const char *arg)
{
	const enum filter_kind kind = (enum filter_kind)row->at;
	const int before = o->filter.counts[kind];
	char *list = options_keep(arg);
	int added = list ? filter_add_list(&o->filter, kind, list) : -ENOMEM;
	uint64_t n;

	if (added == -E2BIG)
		return options_bad("too many terms in", arg);
	if (!added)
		return options_bad("nothing to filter by in", arg);
	if (added < 0)
		return added;
	for (int i = before; row->max && i < o->filter.counts[kind]; i++)
		if (options_parse_number(o->filter.terms[kind][i], row->min,
					 row->max, &n))
			return options_bad_value(row, o->filter.terms[kind][i]);
	return 0;
}

int options_take_hashes(struct options *o, const struct option_row *row,
			const char *arg)
{
	const int before = o->filter.counts[FILTER_SHA256];
	int err = options_take_terms(o, row, arg);

	for (int i = before; !err && i < o->filter.counts[FILTER_SHA256]; i++)
		if (!hashes_are(o->filter.terms[FILTER_SHA256][i]))
			err = options_bad("8 to 64 hexadecimal digits, not",
					  o->filter.terms[FILTER_SHA256][i]);
	return err;
}

int options_take_keep(struct options *o, const struct option_row *row,
		      const char *arg)
{
	struct keep *keep = (struct keep *)((char *)o + row->at);
	char why[128];

	if (keep->term_count)
		return options_bad("one expression has \"or\", instead of "
				   "another",
				   arg);
	if (!keep_compile(keep, arg, why, sizeof(why)))
		return 0;
	log_error("bad --%s \"%s\": %s", row->name, arg, why);
	return -EINVAL;
}

int options_take_file_comment(struct options *o, const struct option_row *row,
			      const char *arg)
{
	int n = 0;

	while (o->file_comments[n])
		n++;
	if (n == OPTIONS_MAX_FILE_COMMENTS || strlen(arg) > 4096)
		return options_bad(n == OPTIONS_MAX_FILE_COMMENTS ?
					   "too many comments at" :
					   "too long a",
				   row->name);
	o->file_comments[n] = arg;
	return 0;
}

int options_take_geo(struct options *o, const struct option_row *row,
		     const char *arg)
{
	(void)row;
	if (o->geo_count == OPTIONS_MAX_GEO)
		return options_bad("too many databases at", arg);
	o->geo[o->geo_count++] = arg;
	return 0;
}

/* The place of @arg among these words; @count: it is none of them. */
static size_t word_at(const char *const *words, size_t count, const char *arg)
{
	size_t i = 0;

	while (i < count && strcmp(words[i], arg))
		i++;
	return i;
}

int options_take_log_level(struct options *o, const struct option_row *row,
			   const char *arg)
{
	for (enum log_level l = LOG_ERROR; l <= LOG_DEBUG; l++) {
		if (strcmp(arg, log_level_name(l)))
			continue;
		o->log_level = l;
		return 0;
	}
	return options_bad_value(row, arg);
}

int options_take_sandbox(struct options *o, const struct option_row *row,
			 const char *arg)
{
	static const char *const modes[] = {
		[SANDBOX_BEST] = "best",
		[SANDBOX_STRICT] = "strict",
		[SANDBOX_OFF] = "off",
	};
	const size_t count = sizeof(modes) / sizeof(*modes);
	size_t i = word_at(modes, count, arg);

	if (i == count)
		return options_bad_value(row, arg);
	o->sandbox = (enum sandbox_mode)i;
	return 0;
}

int options_take_cmdline(struct options *o, const struct option_row *row,
			 const char *arg)
{
	static const char *const modes[] = {
		[CMDLINE_MASKED] = "masked",
		[CMDLINE_FULL] = "full",
		[CMDLINE_NONE] = "none",
	};
	const size_t count = sizeof(modes) / sizeof(*modes);
	/* --no-cmdline has no argument. */
	size_t i = arg ? word_at(modes, count, arg) : CMDLINE_NONE;

	if (i == count)
		return options_bad_value(row, arg);
	o->cmdline = (enum cmdline_mode)i;
	return 0;
}

int options_take_strip(struct options *o, const struct option_row *row,
		       const char *arg)
{
	static const struct {
		const char *word;
		unsigned what;
	} words[] = {
		{ "all", STRIP_PROCESSES | STRIP_KEYS },
		{ "processes", STRIP_PROCESSES },
		{ "keys", STRIP_KEYS },
		{ "arguments", STRIP_ARGUMENTS },
		{ "users", STRIP_USERS },
	};

	for (const char *word = arg; *word;) {
		size_t len = strcspn(word, ","), i = 0;
		const size_t count = sizeof(words) / sizeof(*words);

		while (i < count && (strlen(words[i].word) != len ||
				     strncmp(word, words[i].word, len)))
			i++;
		if (i == count)
			return options_bad_value(row, arg);
		o->strip |= words[i].what;
		word += len + (word[len] == ',');
	}
	return o->strip ? 0 : options_bad_value(row, arg);
}

int options_take_comments(struct options *o, const struct option_row *row,
			  const char *arg)
{
	static const char *const words[] = {
		[COMMENTS_CHANGES] = "changes",
		[COMMENTS_ALL] = "all",
		[COMMENTS_NONE] = "none",
	};
	const size_t count = sizeof(words) / sizeof(*words);
	/* --no-comments has no argument. */
	size_t i = arg ? word_at(words, count, arg) : COMMENTS_NONE;

	if (i == count)
		return options_bad_value(row, arg);
	o->comments = (enum options_comments)i;
	return 0;
}

int options_take_compression(struct options *o, const struct option_row *row,
			     const char *arg)
{
	for (int c = COMPRESSION_NONE; c < COMPRESSIONS; c++)
		if (!strcmp(arg, compression_name((enum compression)c))) {
			o->compression = (enum compression)c;
			return 0;
		}
	return options_bad_value(row, arg);
}

/* ssh would take a host that begins with "-" for an option of its own. */
int options_take_host(struct options *o, const struct option_row *row,
		      const char *arg)
{
	(void)row;
	o->remote.host = arg;
	return *arg && *arg != '-' ? 0 : options_bad("bad host", arg);
}
