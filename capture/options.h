/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The command line.  Reads argv, which stays as it is, and nothing else;
 * strings are borrowed from it, or are there as long as the program.  One line
 * on stderr names a bad argument.
 */
#ifndef PKTWHO_OPTIONS_H
#define PKTWHO_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "process/filter.h"
#include "host/log.h"

#define OPTIONS_MAX_INTERFACES 16
#define OPTIONS_MAX_GEO	       8

enum options_action {
	ACTION_CAPTURE,
	ACTION_LOG,			/* a capture that writes lines */
	ACTION_TOP,			/* one that draws a table */
	ACTION_LIST_INTERFACES,
	ACTION_LIST_LINKTYPES,
	ACTION_DOCTOR,
	ACTION_HELP,
	ACTION_VERSION,
};

struct options_interface {
	const char *name;
	const char *filter;		/* the -f after it, or the one before all */
};

/* Capture on another machine: remote.h. */
struct options_remote {
	const char *host;		/* as ssh takes it; NULL: here */
	int port;			/* 0: as ssh would */
	const char *command;		/* NULL: pktwho */
	bool sudo;
	bool copy;
};

struct options {
	enum options_action action;
	struct options_interface interfaces[OPTIONS_MAX_INTERFACES];
	int interface_count;
	const char *first_filter;	/* the -f before all -i, or NULL */
	const char *write;		/* file, "-", or NULL: a temporary one */
	int write_fd;			/* of a temporary one; 0: not open */
	const char *geo[OPTIONS_MAX_GEO];
	int geo_count;
	int snaplen;			/* bytes */
	int buffer_mib;			/* 0: the default */
	uint64_t max_packets;		/* 0: no limit */
	uint64_t max_duration_ns;	/* 0: no limit */
	uint64_t interval_ns;		/* of what is shown; 0: not given */
	uint64_t max_reports;		/* 0: no limit */
	const char *by;			/* enum table_group, or NULL */
	bool batch;			/* no terminal */
	bool json;
	bool until_eof;			/* of the standard input */
	bool no_promiscuous;
	bool no_comments;
	bool no_process_table;
	bool no_cmdline;
	bool quiet;
	bool hash;
	enum log_level log_level;
	struct filter filter;
	const char *exclude;		/* a connection, as SSH_CONNECTION has it */
	struct options_remote remote;
	const char *control_in;		/* Wireshark's toolbar, or NULL */
	const char *control_out;
	char **command;			/* NULL-terminated, or NULL */
	int argc;			/* all of it, to be said again elsewhere */
	char **argv;
};

/* 0, or -EINVAL after a line on stderr. */
int options_parse(struct options *o, int argc, char **argv);

/* Whether a capture shows something beside its file: view.h. */
bool options_show(const struct options *o);

#endif
