/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plugin's expert items that the flags of a record decide.  Pure. */
#ifndef PKTWHO_PROCESS_FILTER_EXPERTS_H
#define PKTWHO_PROCESS_FILTER_EXPERTS_H

#include <stdbool.h>
#include <stdint.h>

/* Whether one of them, as "memfd", has this name or pattern. */
bool experts_match(const char *term, uint32_t flags);

#endif
