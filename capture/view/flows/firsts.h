/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which countries each program has talked to since the start.  Its first one
 * is nothing new: all begin somewhere.  Pure; of fixed size: of programs that
 * there is no room for nothing is new.
 */
#ifndef PKTWHO_VIEW_FLOWS_FIRSTS_H
#define PKTWHO_VIEW_FLOWS_FIRSTS_H

#include <stdbool.h>
#include <stdint.h>

struct firsts;

/* NULL without memory. */
struct firsts *firsts_new(void);
void firsts_free(struct firsts *f); /* NULL is fine */

/*
 * Whether it is the first time that this program talks to this country, two
 * capitals, and has talked to another before.
 */
bool firsts_see(struct firsts *f, const char *program, const char *country);

#endif
