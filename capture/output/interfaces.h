/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The devices behind `any` in one file: each is an interface of its own, with
 * its name and addresses, from its first packet on, until it is gone.  Their
 * numbers follow those of the interfaces that are captured.
 */
#ifndef PKTWHO_OUTPUT_INTERFACES_H
#define PKTWHO_OUTPUT_INTERFACES_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "output/pcapng/pcapng_writer.h"

/* Of more than that a packet is `any`'s. */
#define INTERFACES_MAX 1024

struct device;
struct devices;

struct interface_of_device {
	unsigned index;	  /* the kernel's */
	uint32_t capture; /* number of its `any` */
	char name[IF_NAMESIZE];
	uint64_t packets;
	bool gone; /* and that is in the file */
};

struct interfaces {
	/* Borrowed: of each that is captured.  NULL: all packets are `any`'s. */
	struct devices *const *devices;
	unsigned changes;    /* that were seen, of the devices */
	uint64_t watched_ns; /* when they were last looked at */
	uint32_t first;	     /* number of the first of these */
	unsigned count;
	unsigned last; /* asked for */
	struct interface_of_device one[INTERFACES_MAX];
};

/* A file begins, which has @captured others. */
void interfaces_begin(struct interfaces *s, uint32_t captured);

/* What a description says of a device: name, kind and addresses. */
void interface_describe(struct pcapng_interface *i, const struct device *d);

/*
 * The one that a packet of `any`, captured as @capture, came by; described if
 * it was not.  NULL: it is not known.  *@err is what the writer says.
 */
struct interface_of_device *interfaces_take(struct interfaces *s,
					    struct pcapng_writer *w,
					    const struct pcapng_interface *any,
					    uint32_t capture, unsigned index,
					    int *err);

/* Whether that need not be described first. */
bool interfaces_have(struct interfaces *s, uint32_t capture, unsigned index);

/* Those that are up, all of them.  0 or what the writer says. */
int interfaces_take_all(struct interfaces *s, struct pcapng_writer *w,
			const struct pcapng_interface *any, uint32_t capture);

uint32_t interfaces_number(const struct interfaces *s,
			   const struct interface_of_device *one);

/* Writes of each that has vanished that it is gone, and counts to there. */
void interfaces_watch(struct interfaces *s, struct pcapng_writer *w,
		      uint64_t start_ns);

/* Counters of all of them.  0 or what the writer says. */
int interfaces_end(struct interfaces *s, struct pcapng_writer *w,
		   uint64_t start_ns);

/* The counters of a captured one that has vanished, as far as it goes. */
int interfaces_tell_gone(struct pcapng_writer *w, uint32_t number,
			 uint64_t start_ns, uint64_t packets);

#endif
