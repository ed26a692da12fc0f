/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "output/files/file_name.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host/files/compressor.h"

#define NUMBERS 100000u /* dumpcap's five digits */

/* ".pcapng.zst" is one suffix; else the last, or the end of the string. */
static const char *suffix_of(const char *name)
{
	const char *slash = strrchr(name, '/'), *base = slash ? slash : name;
	const char *end = compression_suffix(name);
	const char *dot = memrchr(base, '.', (size_t)(end - base));

	return dot ? dot : end;
}

int file_name_make(char *out, size_t size, const char *name, uint32_t number,
		   const struct tm *time, bool time_first)
{
	const char *suffix = suffix_of(name);
	char digits[8], when[32];
	int n;

	snprintf(digits, sizeof(digits), "%05u", number % NUMBERS);
	strftime(when, sizeof(when), "%Y%m%d%H%M%S", time);
	n = snprintf(out, size, "%.*s_%s_%s%s", (int)(suffix - name), name,
		     time_first ? when : digits, time_first ? digits : when,
		     suffix);
	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

/* "_" and so many digits; what is behind them, or NULL. */
static const char *after_digits(const char *s, int count)
{
	if (!s || *s++ != '_')
		return NULL;
	while (count--)
		if (!isdigit((unsigned char)*s++))
			return NULL;
	return s;
}

bool file_name_is(const char *made, const char *name)
{
	const char *suffix = suffix_of(name), *rest, *end;
	size_t stem = (size_t)(suffix - name);

	if (strncmp(made, name, stem))
		return false;
	rest = made + stem;
	end = after_digits(after_digits(rest, 5), 14);
	if (!end)
		end = after_digits(after_digits(rest, 14), 5);
	return end && !strcmp(end, suffix);
}
