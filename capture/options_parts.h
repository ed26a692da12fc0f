/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the parts of options.h share: options_table.c has a row for each
 * option, options_take.c and options_limits.c the functions that its rows name,
 * options_check.c knows what does not go together, and options.c parses.
 */
#ifndef PKTWHO_OPTIONS_PARTS_H
#define PKTWHO_OPTIONS_PARTS_H

#include "options.h"

#define OPTIONS_MAX_ROWS    80
#define OPTIONS_MAX_SNAPLEN 262144
#define OPTIONS_MAX_MIB	    2047 /* more is too much for an int, and dumpcap */

/* Says on stderr @what is wrong, and with which @value.  -EINVAL. */
int options_bad(const char *what, const char *value);

/* Says that @value is not what @row takes, and what it takes.  -EINVAL. */
int options_bad_value(const struct option_row *row, const char *value);

/* A whole number of at least @min and at most @max.  0 or -EINVAL. */
int options_parse_number(const char *s, uint64_t min, uint64_t max,
			 uint64_t *v);

/* A copy that is there as long as the program, or NULL. */
char *options_keep(const char *text);

/* 0, or -EINVAL after a line on stderr. */
int options_add_interface(struct options *o, const char *name);
int options_check(const struct options *o);

/* The .take of a row: 0, -ENOMEM, or -EINVAL after a line on stderr. */
int options_take_flag(struct options *o, const struct option_row *row,
		      const char *arg);
int options_take_action(struct options *o, const struct option_row *row,
			const char *arg);
int options_take_text(struct options *o, const struct option_row *row,
		      const char *arg);
int options_take_countries(struct options *o, const struct option_row *row,
			   const char *arg);
int options_take_number(struct options *o, const struct option_row *row,
			const char *arg);
int options_take_autostop(struct options *o, const struct option_row *row,
			  const char *arg);
int options_take_ring(struct options *o, const struct option_row *row,
		      const char *arg);
int options_take_log_rotate(struct options *o, const struct option_row *row,
			    const char *arg);
int options_take_duration(struct options *o, const struct option_row *row,
			  const char *arg);
int options_take_span(struct options *o, const struct option_row *row,
		      const char *arg);
int options_take_interface(struct options *o, const struct option_row *row,
			   const char *arg);
int options_take_filter(struct options *o, const struct option_row *row,
			const char *arg);
int options_take_terms(struct options *o, const struct option_row *row,
		       const char *arg);
int options_take_hashes(struct options *o, const struct option_row *row,
			const char *arg);
int options_take_how_number(struct options *o, const struct option_row *row,
			    const char *arg);
int options_take_no_promiscuous(struct options *o, const struct option_row *row,
				const char *arg);
int options_take_keep(struct options *o, const struct option_row *row,
		      const char *arg);
int options_take_file_comment(struct options *o, const struct option_row *row,
			      const char *arg);
int options_take_geo(struct options *o, const struct option_row *row,
		     const char *arg);
int options_take_log_level(struct options *o, const struct option_row *row,
			   const char *arg);
int options_take_sandbox(struct options *o, const struct option_row *row,
			 const char *arg);
int options_take_cmdline(struct options *o, const struct option_row *row,
			 const char *arg);
int options_take_strip(struct options *o, const struct option_row *row,
		       const char *arg);
int options_take_comments(struct options *o, const struct option_row *row,
			  const char *arg);
int options_take_compression(struct options *o, const struct option_row *row,
			     const char *arg);
int options_take_host(struct options *o, const struct option_row *row,
		      const char *arg);

#endif
