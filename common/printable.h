/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tells which of somebody else's bytes may reach a screen: UTF-8 that draws
 * something may.  Characters that a terminal obeys (C0, DEL, and C1, which are
 * two bytes in UTF-8), that break a line, and that reorder or hide others may
 * not.
 */
#ifndef PKTWHO_COMMON_PRINTABLE_H
#define PKTWHO_COMMON_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The bytes, 1 to 4, of the character that begins at @s; 0 if its first byte
 * is not to be shown.  No byte at or after @s + @len is read.
 */
size_t printable_length(const char *s, size_t len);

/* True if all of the string may be shown. */
bool printable_all(const char *s);

/* Puts "?" for each byte of the string that may not. */
void printable_replace(char *s);

#endif
