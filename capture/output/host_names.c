/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "output/host_names.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "packet/dns.h"
#include "packet/queue.h"

#define SLOTS 4096

struct name {
	uint8_t addr[16];
	uint32_t section;    /* that was told */
	char text[DNS_NAME]; /* "": nothing is known */
};

struct host_names {
	struct name slots[SLOTS];
};

struct host_names *host_names_new(void)
{
	return calloc(1, sizeof(struct host_names));
}

void host_names_free(struct host_names *n)
{
	free(n);
}

static unsigned name_slot(const uint8_t addr[16])
{
	uint64_t high, low;

	memcpy(&high, addr, 8);
	memcpy(&low, addr + 8, 8);
	return (unsigned)((high * 31 ^ low) * 0x9e3779b97f4a7c15u >> 52) %
	       SLOTS;
}

static void take(void *ctx, const char *text, const uint8_t addr[16])
{
	struct host_names *n = ctx;
	struct name *name = &n->slots[name_slot(addr)];
	uint8_t number[16];

	/* It would be shown as another address than the packet has. */
	if (inet_pton(AF_INET, text, number) == 1)
		return;
	if (!memcmp(name->addr, addr, 16) && !strcmp(name->text, text))
		return;
	memset(name, 0, sizeof(*name));
	memcpy(name->addr, addr, 16);
	memcpy(name->text, text, strlen(text));
}

void host_names_learn(struct host_names *n, const struct frame *f,
		      const uint8_t *data)
{
	dns_read(&f->packet, data, f->caplen, take, n);
}

const char *host_names_due(const struct host_names *n, const uint8_t addr[16],
			   uint32_t section)
{
	const struct name *name = &n->slots[name_slot(addr)];

	return *name->text && name->section != section &&
			       !memcmp(name->addr, addr, 16) ?
		       name->text :
		       NULL;
}

void host_names_told(struct host_names *n, const uint8_t addr[16],
		     uint32_t section)
{
	n->slots[name_slot(addr)].section = section;
}
