/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "process/filter/hashes.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define DIGITS_MIN 8

bool hashes_are(const char *term)
{
	size_t len = strlen(term);

	return len >= DIGITS_MIN && len <= HASHES_DIGITS &&
	       strspn(term, "0123456789abcdefABCDEF") == len;
}

bool hashes_match(const char *term, const uint8_t hash[HASHES_DIGITS / 2])
{
	char text[HASHES_DIGITS + 1];

	for (size_t i = 0; i < HASHES_DIGITS / 2; i++)
		snprintf(text + 2 * i, 3, "%02x", hash[i]);
	return !strncasecmp(term, text, strlen(term));
}
