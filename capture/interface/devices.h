/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The network devices of this namespace, with what a file says of them, kept
 * up to date: containers' come and go.  Needs no privilege once it is open.
 */
#ifndef PKTWHO_INTERFACE_DEVICES_H
#define PKTWHO_INTERFACE_DEVICES_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Members that are not known are all zero. */
struct device {
	unsigned index;
	char name[IF_NAMESIZE];
	bool up;
	uint16_t type; /* ARPHRD_... */
	uint8_t mac[6];
	uint8_t ipv4[8];  /* the first address, and its mask */
	uint8_t ipv6[17]; /* the first address, and its prefix's length */
};

struct devices;

/* 0 or -errno. */
int devices_open(struct devices **out);
void devices_close(struct devices *d); /* NULL is fine */

/*
 * Hears of changes, if there were any.  Returns a number that is another one
 * after each, when all that the others have returned is gone.  Of very many
 * devices they are heard of later, unless it is @urgent.
 */
unsigned devices_refresh(struct devices *d, bool urgent);

/* Or NULL; devices_named() has none of none. */
const struct device *devices_find(const struct devices *d, unsigned index);
const struct device *devices_named(const struct devices *d, const char *name);

/* One that may be gone by now, of those that were told of last; or NULL. */
const struct device *devices_passed(struct devices *d, unsigned index);

/* As it is called beside others': "blue/eth0" where @any is "blue/any". */
void device_name(char *out, size_t size, const char *any,
		 const struct device *d);

/* They are in the order of their numbers; NULL after the last. */
const struct device *devices_at(const struct devices *d, unsigned n);

#endif
