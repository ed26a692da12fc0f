/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words for the shell on another machine: run pktwho there. */
#ifndef PKTWHO_REMOTE_COMMAND_H
#define PKTWHO_REMOTE_COMMAND_H

#include <stddef.h>
#include <sys/types.h>

#include "options.h"

#define REMOTE_COMMAND_MAX 8192

/*
 * @copy: bytes of a program of ours that its standard input begins with; 0: it
 * has one.  0 or -ENOSPC.
 */
int remote_command(const struct options *o, off_t copy, char *out, size_t size);

#endif
