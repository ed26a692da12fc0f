/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Secrets within the bytes of arguments: what has its name beside it.  Pure. */
#ifndef PKTWHO_PROCESS_MASK_MASK_TEXT_H
#define PKTWHO_PROCESS_MASK_MASK_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct mask_text {
	char *s;
	size_t len;
	bool masked;
};

/* Puts stars from @from to @to; where what follows is now. */
size_t mask_secret(struct mask_text *t, size_t from, size_t to);

/* The password of a login with one of those marks between; the same. */
size_t mask_login(struct mask_text *t, size_t from, size_t to,
		  const char *marks);

/* All that has its name beside it; the new end. */
size_t mask_named(struct mask_text *t, size_t begin, size_t end);

/* The first of these bytes from @at on, or @end. */
size_t mask_find(const struct mask_text *t, size_t at, size_t end,
		 const char *bytes);

/* A name that says so, and one of an option that only asks for one. */
bool mask_is_secret(const char *name, size_t len);
bool mask_only_asks(const char *name, size_t len);

#endif
