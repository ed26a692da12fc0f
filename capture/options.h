/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The command line, and the table of its options.  One row is all that is said
 * of an option: getopt, --help, the words for a remote host, Wireshark's dialog
 * and the completion of shells are made from it.  docs/development.md shows how
 * to add a row.
 *
 * Parsing reads argv, which stays as it is, and nothing else;
 * strings are borrowed from it, or are there as long as the program.  One line
 * on stderr names a bad argument.
 */
#ifndef PKTWHO_OPTIONS_H
#define PKTWHO_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "process/filter/filter.h"
#include "process/mask/mask.h"
#include "host/files/compressor.h"
#include "host/log.h"
#include "host/privilege/sandbox.h"

#define OPTIONS_MAX_INTERFACES	  16
#define OPTIONS_MAX_GEO		  8
#define OPTIONS_MAX_FILE_COMMENTS 16
#define OPTIONS_RECORD_DIR	  "/var/lib/pktwho" /* the ring's, which is root's */

struct netns_list;

enum options_action {
	ACTION_CAPTURE,
	ACTION_RECORD, /* a capture of many files */
	ACTION_LOG,    /* a capture that writes lines */
	ACTION_TOP,    /* one that draws a table */
	ACTION_LIST_INTERFACES,
	ACTION_LIST_LINKTYPES,
	ACTION_PRINT_FILTER,
	ACTION_DOCTOR,
	ACTION_CUT, /* of files, as all that is below */
	ACTION_FIND,
	ACTION_STRIP,
	ACTION_HELP,
	ACTION_VERSION,
};

/* What `pktwho strip` leaves out. */
enum strip_what {
	STRIP_PROCESSES = 1, /* all that is ours */
	STRIP_KEYS = 2,	     /* of TLS */
	STRIP_ARGUMENTS = 4,
	STRIP_USERS = 8,
};

/* How an interface is captured: what is said before all, or after it. */
struct options_how {
	int snaplen;	/* bytes */
	int buffer_mib; /* 0: the default */
	bool no_promiscuous;
};

struct options_interface {
	const char *name;
	const char *filter; /* the -f after it, or the one before all */
	struct options_how how;
};

/* Capture on another machine: remote.h. */
struct options_remote {
	const char *host;    /* as ssh takes it; NULL: here */
	int port;	     /* 0: as ssh would */
	const char *command; /* NULL: pktwho */
	bool sudo;
	bool copy;
};

/* Where a file ends; 0: not there. */
struct options_file {
	uint64_t bytes;
	uint64_t packets;
	uint64_t duration_ns;
	uint64_t interval_ns; /* at its multiples */
};

/* Several files, one after another: opener.h. */
struct options_ring {
	bool asked;
	bool of_host;		 /* of record, where nobody said a file */
	uint64_t files;		 /* that stay; 0: all */
	uint64_t stop_files;	 /* that are written; 0: no limit */
	uint64_t total;		 /* bytes of all; 0: no limit */
	uint64_t free;		 /* bytes left on the disk */
	uint64_t name_order;	 /* 1: number and time, 2: time first */
	const char *print_names; /* to that file, or NULL */
};

/* Which packets carry a line for people. */
enum options_comments {
	COMMENTS_CHANGES, /* the first of a flow, and where it changes */
	COMMENTS_ALL,
	COMMENTS_NONE,
};

struct options {
	enum options_action action;
	struct options_interface interfaces[OPTIONS_MAX_INTERFACES];
	int interface_count;
	const char *netns;	       /* where they are; NULL: here */
	struct netns_list *namespaces; /* the same, open */
	const char *first_filter;      /* the -f before all -i, or NULL */
	const char *temp_dir;	       /* of a temporary one; NULL: TMPDIR */
	const char *file_comments[OPTIONS_MAX_FILE_COMMENTS + 1];
	bool group_read;
	enum compression compression; /* of what is written */
	bool force;		      /* overwrite what is there */
	const char *write;	      /* file, "-", or NULL: a temporary one */
	bool temporary;		      /* @write is made up: a template */
	int write_fd;		      /* of that, made already; 0: not open */
	bool keylog;		      /* the command's keys go into the file */
	int keys_fd;		      /* where they come from; 0: nowhere */
	const char *geo[OPTIONS_MAX_GEO];
	int geo_count;
	struct options_how how;	  /* before all -i */
	uint64_t max_packets;	  /* 0: no limit */
	uint64_t max_duration_ns; /* 0: no limit */
	struct options_file file;
	struct options_ring ring;
	const char *freeze;	 /* a process whose failure keeps the ring */
	struct filter freeze_on; /* ... one whose packet does; empty: none */
	uint64_t interval_ns;	 /* of what is shown; 0: not given */
	uint64_t max_reports;	 /* 0: no limit */
	const char *by;		 /* enum table_group, or NULL */
	const char *countries;	 /* "AT,DE": others stand out; or NULL */
	const char *read;	 /* shown instead of a capture; or NULL */
	bool batch;		 /* no terminal */
	bool json;
	bool no_tshark;
	bool print;	      /* a line for each packet */
	const char *log_file; /* of lines; NULL: the standard output */
	struct options_ring log_ring;
	struct options_file log_limits;
	bool journal;			/* lines go there */
	const char *metrics;		/* a file or an address; or NULL */
	const char *stats;		/* a file, or NULL */
	bool until_eof;			/* of the standard input */
	enum options_comments comments; /* of packets */
	bool no_process_table;
	bool names;	     /* of addresses, by DNS answers */
	bool process_blocks; /* for Wireshark 5 */
	enum cmdline_mode cmdline;
	bool quiet;
	bool hash;
	enum log_level log_level;
	enum sandbox_mode sandbox;
	struct filter filter;
	const char *host;    /* whose packets are looked for, or NULL */
	const char *country; /* ... or of which they are */
	uint64_t last_ns;    /* ... of so long a time; 0: all */
	unsigned strip;	     /* enum strip_what; 0: not given */
	char **paths;	     /* to be searched; NULL-terminated */
	const char *exclude; /* a connection, as SSH_CONNECTION has it */
	struct options_remote remote;
	const char *control_in; /* Wireshark's toolbar, or NULL */
	const char *control_out;
	char **command; /* NULL-terminated, or NULL */
	int argc;	/* all of it, to be said again elsewhere */
	char **argv;
};

/* 0, or -EINVAL after a line on stderr. */
int options_parse(struct options *o, int argc, char **argv);

/* Whether a capture shows something beside its file: view.h. */
bool options_show(const struct options *o);

/* On a screen, which a terminal then is. */
bool options_draw(const struct options *o);

/* ---- the table ---- */

/* Whose business the option is when another machine captures: remote.h. */
enum option_place { OPTION_HERE, OPTION_THERE };

/* What the argument names, for completion and for lists to choose from. */
enum option_value {
	VALUE_TEXT,
	VALUE_FILE,
	VALUE_INTERFACE,
	VALUE_PROCESS,
	VALUE_PID,
	VALUE_USER,
	VALUE_CONTAINER,
	VALUE_POD,
	VALUE_UNIT,
	VALUE_HOST,
	VALUE_WORD, /* one of the words */
	VALUES
};

/* The pages of Wireshark's dialog, in order; two may have the same title. */
enum option_page {
	PAGE_HOST,
	PAGE_THERE,
	PAGE_PROCESSES,
	PAGE_CAPTURE,
	PAGE_LOG,
	PAGES
};

enum { DIALOG_LOCAL = 1, DIALOG_REMOTE = 2, DIALOG_BOTH = 3 };

struct option_dialog {
	int offered; /* DIALOG_...; 0: not in the dialog */
	enum option_page page;
	const char *display;
	const char *tooltip; /* or NULL */
	const char *initial; /* value, or NULL */
	bool required;
};

struct option_row {
	char letter;	      /* or 0 */
	const char *name;     /* "long-one", or NULL */
	const char *argument; /* as the help shows it; NULL: none */
	const char *help;     /* lines; NULL: another row's help has it */
	enum option_place place;
	enum option_value value;
	const char *words; /* of VALUE_WORD, with blanks between */
	char top_letter;   /* after pktwho top; or 0 */
	struct option_dialog dialog;
	uint64_t min, max; /* of a number; max 0: it is none */
	/* 0, or -EINVAL after a line on stderr. */
	int (*take)(struct options *o, const struct option_row *row,
		    const char *arg);
	size_t at, size; /* the member that take() sets */
};

/* A first word that is no option, as in "pktwho doctor". */
struct option_command {
	const char *word;
	const char *options; /* as the help shows them; NULL: none */
	const char *help;
	enum options_action action;
	bool takes_files;
};

extern const struct option_command options_commands[]; /* word NULL: end */
extern const struct option_row options_table[];
extern const int options_count;

/*
 * Calls @fn with each option on the command line and its argument (or NULL),
 * until it returns other than 0.  *@command is what follows "--", or NULL.
 * Returns what @fn did, or -EINVAL after a line on stderr.
 */
int options_each(int argc, char **argv,
		 int (*fn)(void *ctx, const struct option_row *row,
			   const char *arg),
		 void *ctx, char ***command);

/* What to do instead of an option of dumpcap or tcpdump, or NULL. */
const char *options_instead(const char *option);

/* The command, or the name of the option "--...", that was meant, or NULL. */
const char *options_nearest(const char *word);

/* Is that one of Wireshark's filters, and not pcap-filter(7)'s? */
bool options_is_display_filter(const char *filter);

/*
 * "http && !tls": is it one, unless there are hosts that are called so, which
 * only libpcap can tell?
 */
bool options_names_protocols(const char *filter);

/* Says where such a filter belongs.  -EINVAL. */
int options_refuse_display_filter(const char *filter);

/* Is its first word one of pcap-filter(7)'s, or none? */
bool options_begins_filter(const char *words);

/* The text of --help. */
void options_print_help(FILE *out);
/* What share/completions/pktwho.bash must know, in bash's words. */
void options_print_bash(FILE *out);
/* All that the completion of these shells needs. */
void options_print_zsh(FILE *out);
void options_print_fish(FILE *out);

#endif
