/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The probe from inside: probe.c loads and hears the kernel program,
 * probe_attach.c puts it to its hooks, probe_maps.c has the memory that both
 * write and read.
 */
#ifndef PKTWHO_BPF_PROBE_PARTS_H
#define PKTWHO_BPF_PROBE_PARTS_H

#include <stdbool.h>

#include "bpf/probe.h"
#include "probe.skel.h"

#define PROBE_LINKS   40
#define PROBE_SLOW    2
#define PROBE_FILTERS (2 * 128) /* of IPv4 and IPv6, in each namespace */

/* Linux 6.4; the headers of Debian 12 lack it. */
#define PROBE_TYPE_NETFILTER   32
#define PROBE_ATTACH_NETFILTER 45

struct probe {
	struct probe_handler handler;
	struct probe_bpf *skel;
	struct ring_buffer *ring;
	struct bpf_link *links[PROBE_LINKS];
	int infos[PROBE_LINKS]; /* what /proc tells of cgroups' links */
	int link_count;
	struct bpf_link *slow[PROBE_SLOW]; /* to detach: tracepoints' */
	int slow_count;
	int info_count;
	bool partial;
	bool traces;  /* programs may be put to functions, */
	bool filters; /* else, if need be, to netfilter's hooks */
	int filter_fds[PROBE_FILTERS]; /* links */
	int filter_count;
	int missing;
	int taken; /* of one probe_consume() */
	size_t page;
	const uint8_t *positions; /* the ring's: two pages, or NULL */
	uint64_t most_bytes;	  /* in it, since somebody asked */
	uint64_t begun;		  /* written when it was last consumed */
	uint8_t *arrivals;	  /* both tables, or NULL */
	struct probe_progress *progress;
};

/* Whether a program of that section is put to a function of the kernel. */
bool probe_is_traced(const char *section);

/* Once it is loaded.  0 or -errno; what is attached is detached at the end. */
int probe_attach(struct probe *p);
void probe_detach(struct probe *p);

/* Once it is loaded.  0 or -errno; what was mapped is unmapped at the end. */
int probe_map(struct probe *p);
void probe_unmap(struct probe *p);

/* For probe_fill() and probe_heard(), before what is in the ring is taken. */
void probe_measure_ring(struct probe *p);

#endif
