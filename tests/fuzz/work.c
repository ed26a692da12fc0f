/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "work.h"

#include <string.h>

/* The linker's --wrap brings every call of NAME to __wrap_NAME. */
void *__real_memset(void *to, int c, size_t n);
void *__real_memcpy(void *to, const void *from, size_t n);
void *__real_memchr(const void *s, int c, size_t n);
size_t __real_strnlen(const char *s, size_t n);
void *__real_memmem(const void *s, size_t n, const void *word, size_t len);
void *__wrap_memset(void *to, int c, size_t n);
void *__wrap_memcpy(void *to, const void *from, size_t n);
void *__wrap_memchr(const void *s, int c, size_t n);
size_t __wrap_strnlen(const char *s, size_t n);
void *__wrap_memmem(const void *s, size_t n, const void *word, size_t len);

static size_t done;

void work_start(void)
{
	done = 0;
}

size_t work_done(void)
{
	return done;
}

void *__wrap_memset(void *to, int c, size_t n)
{
	done += n;
	return __real_memset(to, c, n);
}

void *__wrap_memcpy(void *to, const void *from, size_t n)
{
	done += n;
	return __real_memcpy(to, from, n);
}

void *__wrap_memchr(const void *s, int c, size_t n)
{
	void *found = __real_memchr(s, c, n);

	done += found ? (size_t)((char *)found - (const char *)s) : n;
	return found;
}

size_t __wrap_strnlen(const char *s, size_t n)
{
	n = __real_strnlen(s, n);
	done += n;
	return n;
}

void *__wrap_memmem(const void *s, size_t n, const void *word, size_t len)
{
	void *found = __real_memmem(s, n, word, len);

	done += found ? (size_t)((char *)found - (const char *)s) : n;
	return found;
}
