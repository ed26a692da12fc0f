/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Preloaded: says at the end on stderr how often memory was asked for. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static atomic_long count;

/* glibc's own names for what stands before it. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

void *malloc(size_t size)
{
	count++;
	return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	count++;
	return __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	count++;
	return __libc_realloc(p, size);
}

__attribute__((destructor)) static void tell(void)
{
	dprintf(STDERR_FILENO, "allocations: %ld\n", count);
}
