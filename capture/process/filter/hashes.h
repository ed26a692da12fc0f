/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SHA-256 as somebody says it: 8 hexadecimal digits or more.  Pure. */
#ifndef PKTWHO_PROCESS_FILTER_HASHES_H
#define PKTWHO_PROCESS_FILTER_HASHES_H

#include <stdbool.h>
#include <stdint.h>

#define HASHES_DIGITS 64

bool hashes_are(const char *term);

/* True if the hash begins so. */
bool hashes_match(const char *term, const uint8_t hash[HASHES_DIGITS / 2]);

#endif
