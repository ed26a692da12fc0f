/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "detect/baseline.h"

#include "compat.h"
#include <epan/stat_tap_ui.h>
#include <epan/tap.h>
#include <wsutil/report_message.h>

#include "detect/found.h"
#include "stats/stats.h"

#define COMMAND "proc,baseline"

/* Sorted, and each once: two of them can be joined by sort -u. */
static gint compare_lines(gconstpointer a, gconstpointer b, gpointer user _U_)
{
	return strcmp(a, b);
}

static tap_packet_status add_packet_line(void *lines, packet_info *pinfo,
					 epan_dissect_t *edt _U_,
					 const void *stats,
					 tap_flags_t flags _U_)
{
	const struct stats_packet *s = stats;
	const char *place;

	if (!s->src || s->owners.direction != DIRECTION_OUT)
		return TAP_PACKET_DONT_REDRAW;
	place = lists_place(pinfo->pool, &pinfo->net_dst,
			    s->owners.dst.country);
	g_tree_insert(lines, g_strdup_printf("%s\t%s", s->src, place), NULL);
	return TAP_PACKET_REDRAW;
}

static gboolean print_one_line(gpointer line, gpointer value _U_,
			       gpointer user _U_)
{
	puts(line);
	return false;
}

static void print_lines(void *lines)
{
	g_tree_foreach(lines, print_one_line, NULL);
}

static void free_lines(void *lines)
{
	g_tree_destroy(lines);
}

static STAT_START start_baseline(const char *argument, void *data _U_)
{
	const char *rest = argument + strlen(COMMAND);
	GTree *lines = g_tree_new_full(compare_lines, NULL, g_free, NULL);
	GString *error = register_tap_listener("proc", lines,
					       *rest == ',' ? rest + 1 : NULL,
					       0, NULL, add_packet_line,
					       print_lines, free_lines);

	if (error)
		report_failure("Couldn't register " COMMAND " tap: %s",
			       error->str);
	STAT_STARTED(!error);
}

void baseline_init(void)
{
	static stat_tap_ui ui = {
		.group = REGISTER_STAT_GROUP_GENERIC,
		.title = "Baseline of Programs",
		.cli_string = COMMAND,
		.tap_init_cb = start_baseline,
	};

	register_stat_tap_ui(&ui, NULL);
}
