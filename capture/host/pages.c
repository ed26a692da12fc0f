/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "host/pages.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define HUGE_PAGE      ((size_t)2 << 20)
#define MALLOC_DEFAULT (128 * 1024) /* mallopt(3), of both thresholds */

static size_t whole_pages(size_t size)
{
	return (size + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
}

/* Before Linux 6.7 a mapping begins anywhere: cut one of more than enough. */
void *pages_new(size_t size)
{
	size_t need = whole_pages(size), skip;
	uint8_t *all;

	if (need < size || need + HUGE_PAGE < need)
		return NULL;
	all = mmap(NULL, need + HUGE_PAGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (all == MAP_FAILED)
		return NULL;
	skip = -(uintptr_t)all & (HUGE_PAGE - 1);
	if (skip)
		munmap(all, skip);
	if (skip < HUGE_PAGE)
		munmap(all + skip + need, HUGE_PAGE - skip);
	/* Small pages will do. */
	madvise(all + skip, need, MADV_HUGEPAGE);
	return all + skip;
}

/* Of any memory, the whole pages of that size. */
static void advise(void *bytes, size_t size, size_t page, int advice)
{
	uint8_t *all = bytes;
	size_t skip = -(uintptr_t)all & (page - 1);

	if (size > skip)
		madvise(all + skip, (size - skip) & ~(page - 1), advice);
}

void pages_give_back(void *bytes, size_t size)
{
	advise(bytes, size, (size_t)sysconf(_SC_PAGESIZE), MADV_DONTNEED);
}

void pages_free(void *pages, size_t size)
{
	if (pages)
		munmap(pages, whole_pages(size));
}

/* What is above a threshold would come, and go, by itself. */
static void set_thresholds(size_t size)
{
	mallopt(M_MMAP_THRESHOLD, (int)size);
	mallopt(M_TRIM_THRESHOLD, (int)size);
}

void pages_heap_grow(size_t size)
{
	void *top;

	set_thresholds(2 * size);
	top = malloc(size);
	if (top)
		advise(top, size, HUGE_PAGE, MADV_HUGEPAGE);
	free(top);
}

void pages_heap_trim(void)
{
	set_thresholds(MALLOC_DEFAULT);
	malloc_trim(0);
}
