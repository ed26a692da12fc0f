/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tells whether somebody has likely meant a word by another.  Pure. */
#ifndef PKTWHO_HOST_NEAR_H
#define PKTWHO_HOST_NEAR_H

#include <stdbool.h>

/* One letter changed, inserted, left out, or two swapped; not the same. */
bool near_is(const char *a, const char *b);

#endif
