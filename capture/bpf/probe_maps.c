/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bpf/probe_parts.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bytes.h"

#define ARRIVALS_BYTES ((size_t)2 * PROBE_ARRIVALS)
#define PROGRESS_BYTES (PROBE_PROGRESS * sizeof(struct probe_progress))

/* Where the kernel writes and we read, which libbpf keeps to itself. */
static void map_positions(struct probe *p)
{
	void *map;

	p->page = (size_t)sysconf(_SC_PAGESIZE);
	map = mmap(NULL, 2 * p->page, PROT_READ, MAP_SHARED,
		   bpf_map__fd(p->skel->maps.events), 0);
	if (map != MAP_FAILED)
		p->positions = map;
}

static int map_table(const struct bpf_map *map, size_t size, void **table)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
			bpf_map__fd(map), 0);

	if (at == MAP_FAILED)
		return -errno;
	*table = at;
	return 0;
}

static int map_tables(struct probe *p)
{
	void *arrivals = NULL, *progress = NULL;
	int err = map_table(p->skel->maps.arrivals, ARRIVALS_BYTES, &arrivals);

	err = err ? err :
		    map_table(p->skel->maps.progress, PROGRESS_BYTES,
			      &progress);
	p->arrivals = arrivals;
	p->progress = progress;
	return err;
}

int probe_map(struct probe *p)
{
	map_positions(p);
	return map_tables(p);
}

void probe_unmap(struct probe *p)
{
	if (p->positions)
		munmap(bytes_unconst(p->positions), 2 * p->page);
	if (p->arrivals)
		munmap(p->arrivals, ARRIVALS_BYTES);
	if (p->progress)
		munmap(p->progress, PROGRESS_BYTES);
}

void probe_measure_ring(struct probe *p)
{
	uint64_t read, written;

	if (!p->positions)
		return;
	read = __atomic_load_n((const uint64_t *)p->positions,
			       __ATOMIC_ACQUIRE);
	written = __atomic_load_n((const uint64_t *)(p->positions + p->page),
				  __ATOMIC_ACQUIRE);
	if (written - read > p->most_bytes)
		p->most_bytes = written - read;
	p->begun = written;
}

bool probe_heard(const struct probe *p)
{
	return !p->positions || __atomic_load_n((const uint64_t *)p->positions,
						__ATOMIC_ACQUIRE) >= p->begun;
}

unsigned probe_fill(struct probe *p)
{
	uint64_t size = bpf_map__max_entries(p->skel->maps.events);
	uint64_t most = p->most_bytes;

	p->most_bytes = 0;
	return (unsigned)(most * 100 / size);
}

void probe_arrivals(struct probe *p, uint8_t *tables[2], uint32_t **now)
{
	tables[0] = p->arrivals;
	tables[1] = p->arrivals + PROBE_ARRIVALS;
	*now = &p->skel->bss->arrivals_now;
}

void probe_progress(struct probe *p, const struct probe_progress **progress,
		    const uint64_t **forked_ns)
{
	*progress = p->progress;
	*forked_ns = (const uint64_t *)p->skel->bss->forked_ns;
}
