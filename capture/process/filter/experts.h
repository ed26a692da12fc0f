/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plugin's expert items that the flags of a record decide.  Pure. */
#ifndef PKTWHO_PROCESS_FILTER_EXPERTS_H
#define PKTWHO_PROCESS_FILTER_EXPERTS_H

#include <stdbool.h>
#include <stdint.h>

/* True if one of them, as "memfd", has this name or fits this pattern. */
bool experts_match(const char *term, uint32_t flags);

#endif
