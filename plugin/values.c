/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "values.h"

#include "compat.h"
#include <epan/prefs.h>
#include <epan/prefs-int.h>
#include <wsutil/filesystem.h>
#include <wsutil/report_message.h>

static const char *const modules[] = { "proc", "dpi" };

/* @name is the preference's, and where it is set. */
static void check_switch(const char *name, const char *value)
{
	if (g_ascii_strcasecmp(value, "TRUE") &&
	    g_ascii_strcasecmp(value, "FALSE"))
		report_warning("%s: \"%s\" is neither TRUE nor FALSE, and"
			       " taken for FALSE",
			       name, value);
}

/* Wireshark takes a choice by its name, or as the dialog begins to say it. */
static void check_choice(const char *name, const char *value,
			 const enum_val_t *choices)
{
	GString *all = g_string_new(NULL);

	for (const enum_val_t *c = choices; c->name; c++) {
		if (!g_ascii_strcasecmp(value, c->name) ||
		    !g_ascii_strncasecmp(value, c->description,
					 strlen(value))) {
			g_string_free(all, TRUE);
			return;
		}
		g_string_append_printf(all, "%s%s", all->len ? ", " : "",
				       c->name);
	}
	report_warning("%s: \"%s\" is none of %s, and not used", name, value,
		       all->str);
	g_string_free(all, TRUE);
}

/* @name is PREFERENCE:VALUE of that module, perhaps; @where it is set. */
static void check(const char *where, const char *module, const char *name)
{
	size_t len = strcspn(name, ":");
	char *pref_name = g_strndup(name, len), *full;
	pref_t *pref = name[len] == ':' ?
			       prefs_find_preference(prefs_find_module(module),
						     pref_name) :
			       NULL;

	if (pref) {
		const char *value = name + len + 1;
		const enum_val_t *choices = NULL;
		int type = prefs_get_type(pref);

		value += strspn(value, " \t");
		full = g_strdup_printf("%s%s.%s", where, module, pref_name);
		if (type == PREF_BOOL)
			check_switch(full, value);
		else if (type == PREF_ENUM)
			choices = prefs_get_enumvals(pref);
		if (choices)
			check_choice(full, value, choices);
		g_free(full);
	}
	g_free(pref_name);
}

/* "-o" and its value may be one word or two, and after other letters. */
static const char *value_of(const char *word)
{
	const char *o = *word == '-' ? strchr(word, 'o') : NULL;

	return o ? o + 1 : word;
}

static void check_setting(const char *where, const char *value)
{
	for (size_t i = 0; i < array_length(modules); i++) {
		size_t len = strlen(modules[i]);

		if (!strncmp(value, modules[i], len) && value[len] == '.')
			check(where, modules[i], value + len + 1);
	}
}

static void check_command_line(void)
{
	gsize size;
	char *all;

	if (!g_file_get_contents("/proc/self/cmdline", &all, &size, NULL))
		return;
	for (const char *word = all; word < all + size;
	     word += strlen(word) + 1)
		check_setting("-o ", value_of(word));
	g_free(all);
}

/* The user's of this profile: a line each. */
static void check_file(void)
{
	char *path = get_persconffile_path("preferences", true), *all, *where;

	if (g_file_get_contents(path, &all, NULL, NULL)) {
		char **lines = g_strsplit(all, "\n", -1);

		where = g_strdup_printf("%s: ", path);
		for (char **line = lines; *line; line++)
			check_setting(where, g_strchomp(*line));
		g_strfreev(lines);
		g_free(where);
		g_free(all);
	}
	g_free(path);
}

void values_check(void)
{
	check_file();
	check_command_line();
}
