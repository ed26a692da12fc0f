/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Memory of large tables, which are touched all over.  The first touch of each
 * 4 KiB costs more than the packet that asks, and one of a table read first and
 * then written costs twice: in huge pages both happen once in 2 MiB.
 */
#ifndef PKTWHO_HOST_PAGES_H
#define PKTWHO_HOST_PAGES_H

#include <stddef.h>

/*
 * Zeroed, in transparent huge pages if the kernel has them for who asks
 * (madvise(2), MADV_HUGEPAGE); NULL without memory.
 */
void *pages_new(size_t size);

/* What is in there is of no use any more; of any memory, all whole pages. */
void pages_give_back(void *bytes, size_t size);

/* @size: as pages_new() was told.  NULL is allowed. */
void pages_free(void *pages, size_t size);

/*
 * For a library that takes @size bytes by malloc() for a moment: the heap has
 * them at once, in huge pages.  pages_heap_trim() gives the kernel back what is
 * not used then.  Hints, to glibc's heap alone.
 */
void pages_heap_grow(size_t size);
void pages_heap_trim(void);

#endif
