/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "program.h"

#include "compat.h"
#include <wsutil/filesystem.h>
#include <wsutil/report_message.h>

#define PROFILE "pktwho"

bool program_is(const char *name)
{
	const char *program = get_friendly_program_name();

	return program && !g_ascii_strcasecmp(program, name);
}

/* An option of tshark, and what stands after it. */
static bool is_for_details(char option, const char *value)
{
	static const char *const formats[] = { "ek", "json", "pdml", NULL };

	if (option == 'V' || option == 'O')
		return true;
	if (option == 'z')
		return g_str_has_prefix(value, "expert");
	for (int i = 0; option == 'T' && formats[i]; i++)
		if (g_str_has_prefix(value, formats[i]))
			return true;
	return false;
}

/* What takes a value, which is in the same word or is the next. */
static bool takes_value(char option)
{
	return strchr("aAbBcCdeEfFGHijJkKMNoOrRstTuUwWXyYz", option);
}

/* Is there an option of which @is says yes? */
static bool has_option(char **words, bool (*is)(char option, const char *value))
{
	for (char **w = words; *w; w++) {
		const char *s = **w == '-' && (*w)[1] != '-' ? *w + 1 : "";

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

/* What we were started with; of tshark alone, for others it is empty. */
static char **read_words(void)
{
	GPtrArray *words = g_ptr_array_new();
	char *line;
	gsize len;

	if (program_is("tshark") &&
	    g_file_get_contents("/proc/self/cmdline", &line, &len, NULL))
		for (char *s = line; s < line + len; s += strlen(s) + 1)
			g_ptr_array_add(words, s);
	g_ptr_array_add(words, NULL);
	return (char **)g_ptr_array_free(words, false);
}

static char **own_words(void)
{
	static char **words;

	if (!words)
		words = read_words();
	return words;
}

bool program_prints_details(void)
{
	return has_option(own_words(), is_for_details);
}

static bool is_json(char option, const char *value)
{
	return option == 'T' && g_str_has_prefix(value, "json");
}

bool program_repeats_keys(void)
{
	static int repeats = -1;

	if (repeats < 0)
		repeats = has_option(own_words(), is_json) &&
			  !g_strv_contains((const char *const *)own_words(),
					   "--no-duplicate-keys");
	return repeats;
}

bool program_could_have_our_profile(void)
{
	return program_is("wireshark") &&
	       g_strcmp0(get_profile_name(), PROFILE) &&
	       (profile_exists(PROFILE, true) || profile_exists(PROFILE, false));
}
