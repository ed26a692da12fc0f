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

static bool words_ask_for_details(char **words)
{
	for (char **w = words; *w; w++) {
		const char *s = **w == '-' && (*w)[1] != '-' ? *w + 1 : "";

		while (*s && !takes_value(*s))
			if (is_for_details(*s++, ""))
				return true;
		if (!*s)
			continue;
		if (is_for_details(*s, s[1] ? s + 1 : w[1] ? w[1] : ""))
			return true;
		if (!s[1] && w[1])
			w++;
	}
	return false;
}

bool program_prints_details(void)
{
	GPtrArray *words;
	char *line;
	gsize len;
	bool does;

	if (!program_is("tshark") ||
	    !g_file_get_contents("/proc/self/cmdline", &line, &len, NULL))
		return false;
	words = g_ptr_array_new();
	for (char *s = line; s < line + len; s += strlen(s) + 1)
		g_ptr_array_add(words, s);
	g_ptr_array_add(words, NULL);
	does = words_ask_for_details((char **)words->pdata);
	g_ptr_array_free(words, true);
	g_free(line);
	return does;
}

bool program_could_have_our_profile(void)
{
	return program_is("wireshark") &&
	       g_strcmp0(get_profile_name(), PROFILE) &&
	       (profile_exists(PROFILE, true) || profile_exists(PROFILE, false));
}
