/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/flows/interface_names.h"

#include <stdlib.h>
#include <string.h>

#include "interface/devices.h"
#include "owner/owned_packet.h"
#include "packet/parse.h"

/* A packet of one more is `any`'s. */
#define NAMED_MAX  1024
#define NAMED_SIZE 272 /* "NAMESPACE/DEVICE" */

struct named_device {
	unsigned index; /* the kernel's */
	char name[NAMED_SIZE];
};

struct interface_names {
	struct devices *const *devices;
	uint32_t captured;
	uint32_t count; /* of devices */
	struct named_device one[NAMED_MAX];
	const char *names[]; /* captured ones, then those */
};

struct interface_names *interface_names_new(const char *const *captured,
					    uint32_t count,
					    struct devices *const *devices)
{
	const size_t all = count + NAMED_MAX;
	struct interface_names *n = calloc(1, sizeof(*n) +
						      all * sizeof(*n->names));

	if (!n)
		return NULL;
	n->devices = devices;
	n->captured = count;
	memcpy(n->names, captured, count * sizeof(*captured));
	return n;
}

void interface_names_free(struct interface_names *n)
{
	free(n);
}

const char *const *interface_names_all(const struct interface_names *n)
{
	return n->names;
}

/* A number that another device has by now is another one. */
static uint32_t number_of_device(struct interface_names *n, uint32_t capture,
				 const struct device *d)
{
	struct named_device *one = n->one;
	char name[NAMED_SIZE];

	device_name(name, sizeof(name), n->names[capture], d);
	for (uint32_t i = 0; i < n->count; i++, one++)
		if (one->index == d->index && !strcmp(one->name, name))
			return n->captured + i;
	if (n->count == NAMED_MAX)
		return capture;
	one->index = d->index;
	memcpy(one->name, name, sizeof(name));
	n->names[n->captured + n->count] = one->name;
	return n->captured + n->count++;
}

uint32_t interface_names_number(struct interface_names *n,
				const struct owned_packet *p)
{
	const uint32_t capture = p->frame->interface;
	struct devices *devices = n->devices[capture];
	unsigned index = parse_device(p->linktype, p->data, p->frame->caplen);
	const struct device *d;

	if (!devices || !index)
		return capture;
	devices_refresh(devices, false);
	d = devices_find(devices, index);
	if (!d) {
		devices_refresh(devices, true);
		d = devices_find(devices, index);
	}
	return d ? number_of_device(n, capture, d) : capture;
}
