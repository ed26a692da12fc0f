/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Finds the script that an interpreter runs: python3.11 is no answer to who
 * sent a packet.  The interpreter's file name and its arguments tell; a program
 * that is typed after -c, read from the standard input or loaded by its
 * module's name is no file.
 *
 * Pure; any bytes are safe.
 */
#ifndef PKTWHO_PROCESS_SCRIPT_H
#define PKTWHO_PROCESS_SCRIPT_H

#include "record.h"

/*
 * Sets @p's script from its path, arguments and working directory, with which
 * a relative one becomes absolute.
 */
void script_set(struct process *p);

#endif
