/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Declares what source.c and its parts share: filters and lists. */
#ifndef PKTWHO_INTERFACE_SOURCE_PARTS_H
#define PKTWHO_INTERFACE_SOURCE_PARTS_H

#include "interface/source.h"

struct bpf_program;
struct sock_fprog;

struct source_filter {
	const char *text; /* pcap-filter(7) */
	const char *device;
	int dlt; /* of the packets in the file */
	uint32_t snaplen;
};

/*
 * Appends the filter to @kernel, which has room for BPF_MAXINSNS instructions.
 * If the kernel cannot apply it, @kernel takes every packet and *@ours is the
 * filter, for pcap_freecode(); otherwise *@ours is untouched.  0 or -errno
 * (logged): then *@ours may be set, too.
 */
int source_filter_compile(const struct source_filter *f,
			  struct sock_fprog *kernel, struct bpf_program *ours);

/* Only outgoing packets of the loopback are dropped: `any` has both. */
void source_filter_put_loopback_once(struct sock_fprog *kernel);

/* Logs why @device, called @label, cannot be captured, and what to do.  -errno. */
int source_refuse(const char *label, const char *device, int err);

#endif
