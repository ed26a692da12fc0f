/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "host/near.h"

#include <stddef.h>
#include <string.h>

static size_t same_begin(const char *a, const char *b)
{
	size_t n = 0;

	while (a[n] && a[n] == b[n])
		n++;
	return n;
}

bool near_is(const char *a, const char *b)
{
	size_t n = same_begin(a, b);

	a += n;
	b += n;
	if (!*a && !*b)
		return false;
	if (*a && *b && a[1] == b[0] && b[1] == a[0] && !strcmp(a + 2, b + 2))
		return true;
	return (*a && *b && !strcmp(a + 1, b + 1)) ||
	       (*a && !strcmp(a + 1, b)) || (*b && !strcmp(a, b + 1));
}
