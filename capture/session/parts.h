/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of a capture, opened in the order in which rights are left. */
#ifndef PKTWHO_SESSION_PARTS_H
#define PKTWHO_SESSION_PARTS_H

#include "session/ending.h"
#include "session/status.h"

struct captures;
struct child;
struct files;
struct lookup;
struct options;
struct owners;
struct program;
struct toolbar;
struct view;

struct parts {
	const struct options *options; /* borrowed */
	struct child *command;	       /* borrowed; NULL: none */
	struct toolbar *toolbar;       /* NULL: none */
	struct lookup *lookup;
	struct owners *owners;
	struct captures *captures;
	struct files *files;
	struct view *view; /* NULL: nothing is shown */
	struct status *status;
	struct ending ending;
	struct counts counts;
	bool to_file;  /* nobody looks on meanwhile */
	bool frozen;   /* by --freeze or --freeze-on */
	int signal_fd; /* signals_open() */
};

/*
 * Opens all; after that we may open nothing more.  Nothing is left behind on
 * failure.  0, -EPIPE when a pipe's reader has gone already, or -errno
 * (logged).
 */
int parts_open(struct parts *p, const struct options *o, struct child *command);

/* A packet of what --freeze-on says is in the file. */
void parts_alarm(struct parts *p, const struct program *who);

/* Lets the command run; from now on the capture's time counts. */
void parts_begin(struct parts *p);

/* All but the file and the view, which have more to say when they close. */
void parts_close(struct parts *p);

#endif
