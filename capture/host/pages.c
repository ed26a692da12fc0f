/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "host/pages.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define HUGE_PAGE ((size_t)2 << 20)

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

void pages_give_back(void *bytes, size_t size)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *all = bytes;
	size_t skip = -(uintptr_t)all & (page - 1);

	if (size > skip)
		madvise(all + skip, (size - skip) & ~(page - 1),
			MADV_DONTNEED);
}

void pages_free(void *pages, size_t size)
{
	if (pages)
		munmap(pages, whole_pages(size));
}
