/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who may capture, as dumpcap does it: a second copy of the program, that
 * only a group may execute, has the capabilities.  Run without them, we become
 * that one.  share/setup-group makes it so.
 */
#ifndef PKTWHO_HOST_PRIVILEGE_PRIVILEGE_H
#define PKTWHO_HOST_PRIVILEGE_PRIVILEGE_H

#include <stdbool.h>
#include <stddef.h>

enum privilege {
	PRIVILEGE_ALL,	/* root, or all capabilities that we need */
	PRIVILEGE_SOME, /* packets, but owners by polling or not at all */
	PRIVILEGE_NONE,
};

/* What this process may do.  @missing, if not NULL: the names of what not. */
enum privilege privilege_now(char *missing, size_t size);

/*
 * Becomes the privileged copy if that helps and is allowed; returns only if
 * not.  -EACCES: it is there, but not for this user.  -EPERM: a capability of
 * it is outside our bounding set.  -ENOENT: it is not there, or not better
 * than we are.  0: nothing is missing.
 */
int privilege_get(char **argv);

/*
 * While @as_user, what is opened is opened with the user's own rights: a
 * capability of ours must not read for them a file that they may not.
 */
void privilege_as_user(bool as_user);

/* Gives up all, for a program that we start; not root's. */
void privilege_drop(void);

/*
 * The same, and becomes the caller of sudo: nothing that follows needs a
 * privilege, and what it reads is another's.  0 or -errno (logged).
 */
int privilege_become_user(void);

/* The same, for what executes nothing that is more than its caller. */
int privilege_become_reader(void);

/*
 * A program with capabilities gets an environment without some variables, as
 * TMPDIR or LD_LIBRARY_PATH (ld.so(8), secure execution).  The user's own, or
 * NULL; and all of them again, for a program that we start.  Only in such a
 * program: elsewhere somebody else could have said what they were.
 */
const char *privilege_getenv(const char *name);
void privilege_restore_environment(void);

/*
 * For good gives up all, in this thread.  Root becomes who called sudo, or
 * nobody.  What is open stays open.
 */
void privilege_give_up(void);

/*
 * The same, but for what looking up others' processes, files and translations
 * takes (lookup.h), and with @may_signal ending a command that runs as root.
 * Root that has not got that stays root: it sees others only so.
 */
void privilege_look_up(bool may_signal);

enum privilege_use {
	PRIVILEGE_FOR_NOTHING,
	PRIVILEGE_FOR_FILES,
	PRIVILEGE_FOR_PROCESSES, /* and their executables */
	PRIVILEGE_FOR_TRANSLATIONS,
	PRIVILEGE_FOR_SIGNALS,
};

/* After that, of what this thread has only what it has a use for. */
void privilege_keep(enum privilege_use use);

/* What a child keeps that may do no more than any other of its user's. */
void privilege_keep_nothing(void);

/*
 * What a child keeps that only makes files: root's right to make them in a
 * directory of another's.
 */
void privilege_keep_files(void);

/*
 * The same for what may find one of another's there: also the right to close
 * that to the rest.
 */
void privilege_keep_output(void);

/* Who and with what we shall be then, for the doctor. */
void privilege_describe_kept(char *out, size_t size);

/* The sentence for those: what to run. */
void privilege_advise(int err, char *out, size_t size);

#endif
