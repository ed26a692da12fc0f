/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How many bytes a decoder sets, copies and searches, so that "bounded work
 * for each byte of input" can be a law: time would not be the same twice.
 * Counted are the calls of the C library's functions; what the compiler makes
 * of a known, small size is not.
 */
#ifndef PKTWHO_FUZZ_WORK_H
#define PKTWHO_FUZZ_WORK_H

#include <stddef.h>

void work_start(void);
size_t work_done(void); /* bytes since work_start() */

#endif
