/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "program.h"

#include "compat.h"
#include <epan/prefs.h>
#include <wsutil/filesystem.h>
#include <wsutil/report_message.h>

#define PROFILE "pktwho"

bool program_is(const char *name)
{
	const char *program = get_friendly_program_name();

	return program && !g_ascii_strcasecmp(program, name);
}

/* An option of tshark, and what stands after it. */
static bool is_for_trees(char option, const char *value)
{
	static const char *const formats[] = { "ek", "json", "pdml", NULL };

	if (option == 'V' || option == 'O')
		return true;
	for (int i = 0; option == 'T' && formats[i]; i++)
		if (g_str_has_prefix(value, formats[i]))
			return true;
	return false;
}

static bool is_for_experts(char option, const char *value)
{
	return option == 'z' && g_str_has_prefix(value, "expert");
}

/* A script, and formats but text, may ask for what is hidden. */
static bool is_for_hidden(char option, const char *value)
{
	return option == 'X' || option == 'e' ||
	       (option == 'T' && strcmp(value, "text"));
}

/* A filter of what is counted, which tshark may compile after we have begun. */
static bool is_for_names(char option, const char *value)
{
	return option == 'z' && strstr(value, "dpi");
}

/* Two passes print in the second; a file that is written, or -q, may not print. */
static bool is_against_trees(char option, const char *value _U_)
{
	return option && strchr("2qQw", option);
}

static bool is_twice(char option, const char *value _U_)
{
	return option == '2';
}

/* A word without an option is one, too; what colours is an option that is one. */
static bool is_filter(char option, const char *value _U_)
{
	return option == 'R' || option == 'Y' || !option;
}

/* What takes a value, which is in the same word or is the next. */
static bool takes_value(char option)
{
	return strchr("aAbBcCdeEfFGHijJkKMNoOrRstTuUwWXyYz", option);
}

static char *no_words[] = { NULL };
static char **words = no_words; /* of our command line */

/*
 * The GNU C library tells constructors, and nobody else tells a plugin, what
 * the program was started with.
 */
#ifdef __GLIBC__
__attribute__((constructor)) static void keep_words(int argc _U_, char **argv)
{
	if (argv)
		words = argv;
}
#endif

/* Those of tshark; of another program they mean something else. */
static char **own_words(void)
{
	return program_is("tshark") ? words : no_words;
}

/*
 * Is there an option of tshark's of which @is says yes?  0 is whatever is none of
 * a letter.
 */
static bool has_option(bool (*is)(char option, const char *value))
{
	char **w = own_words();

	for (w += *w != NULL; *w; w++) {
		const char *s = **w == '-' && (*w)[1] != '-' ? *w + 1 : "";

		if (!*s && is('\0', *w))
			return true;
		while (*s && !takes_value(*s))
			if (is(*s++, ""))
				return true;
		if (!*s)
			continue;
		if (is(*s, s[1] ? s + 1 : w[1] ? w[1] : ""))
			return true;
		if (!s[1] && w[1])
			w++;
	}
	return false;
}

bool program_prints_details(void)
{
	return has_option(is_for_trees);
}

bool program_prints_experts(void)
{
	return has_option(is_for_experts);
}

bool program_counts_by_our_names(void)
{
	return has_option(is_for_names);
}

bool program_reads_whole_trees(void)
{
	return has_option(is_for_trees) && !has_option(is_against_trees);
}

bool program_filters_nothing_first(void)
{
	return has_option(is_twice) && !has_option(is_filter);
}

bool program_wants_hidden(proto_tree *tree, const header_field_info *field)
{
	static int is_text = -1;

	if (field->ref_type != HF_REF_TYPE_NONE)
		return true;
	if (!tree || !PTREE_DATA(tree)->visible)
		return false;
	if (is_text < 0)
		is_text = program_is("tshark") && !has_option(is_for_hidden);
	return !is_text || prefs.display_hidden_proto_items;
}

static bool has_word(const char *word)
{
	for (char **w = own_words(); *w; w++)
		if (!strcmp(*w, word))
			return true;
	return false;
}

static bool is_json(char option, const char *value)
{
	return option == 'T' && g_str_has_prefix(value, "json");
}

bool program_asks_later(void)
{
	static int asks = -1;

	if (asks < 0)
		asks = !program_is("tshark");
	return asks;
}

bool program_repeats_keys(void)
{
	static int repeats = -1;

	if (repeats < 0)
		repeats = has_option(is_json) &&
			  !has_word("--no-duplicate-keys");
	return repeats;
}

bool program_could_have_our_profile(void)
{
	return program_is("wireshark") &&
	       g_strcmp0(get_profile_name(), PROFILE) &&
	       (profile_exists(PROFILE, true) ||
		profile_exists(PROFILE, false));
}
