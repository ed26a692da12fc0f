/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "output/interfaces.h"

#include <string.h>
#include <time.h>

#include "host/clocks.h"
#include "interface/devices.h"
#include "interface/source.h"

#define AT_ONCE	 64	      /* described before they have packets */
#define WATCH_NS 100000000ull /* between two looks at all */
#define GONE	 "the interface is gone"

static struct devices *devices_of(const struct interfaces *s, uint32_t capture)
{
	return s->devices ? s->devices[capture] : NULL;
}

void interfaces_begin(struct interfaces *s, uint32_t captured)
{
	s->first = captured;
	s->count = 0;
	s->last = 0;
}

void interface_describe(struct pcapng_interface *i, const struct device *d)
{
	i->hardware = source_hardware(d->type);
	memcpy(i->mac, d->mac, sizeof(i->mac));
	memcpy(i->ipv4, d->ipv4, sizeof(i->ipv4));
	memcpy(i->ipv6, d->ipv6, sizeof(i->ipv6));
}

static bool is_of(const struct interface_of_device *one, uint32_t capture,
		  unsigned index)
{
	return one->index == index && one->capture == capture && !one->gone;
}

static struct interface_of_device *find(struct interfaces *s, uint32_t capture,
					unsigned index)
{
	if (s->last < s->count && is_of(&s->one[s->last], capture, index))
		return &s->one[s->last];
	for (s->last = 0; s->last < s->count; s->last++)
		if (is_of(&s->one[s->last], capture, index))
			return &s->one[s->last];
	return NULL;
}

/* One that was there until a moment ago has packets that waited. */
static struct interface_of_device *find_gone(struct interfaces *s,
					     uint32_t capture, unsigned index)
{
	for (unsigned i = s->count; i--;)
		if (s->one[i].index == index && s->one[i].capture == capture)
			return &s->one[i];
	return NULL;
}

static struct interface_of_device *describe(struct interfaces *s,
					    struct pcapng_writer *w,
					    const struct pcapng_interface *any,
					    uint32_t capture,
					    const struct device *d, int *err)
{
	struct interface_of_device *one = &s->one[s->count];
	struct pcapng_interface i = *any;
	char name[300];

	if (s->count == INTERFACES_MAX)
		return NULL;
	device_name(name, sizeof(name), any->name, d);
	i.name = name;
	interface_describe(&i, d);
	*err = pcapng_writer_interface(w, &i);
	if (*err)
		return NULL;
	*one = (struct interface_of_device){ .index = d->index,
					     .capture = capture };
	memcpy(one->name, d->name, sizeof(one->name));
	s->last = s->count++;
	return one;
}

struct interface_of_device *interfaces_take(struct interfaces *s,
					    struct pcapng_writer *w,
					    const struct pcapng_interface *any,
					    uint32_t capture, unsigned index,
					    int *err)
{
	struct interface_of_device *one;
	struct devices *devices = devices_of(s, capture);
	const struct device *d;

	*err = 0;
	if (!devices || !index)
		return NULL;
	one = find(s, capture, index);
	if (one)
		return one;
	devices_refresh(devices, true);
	d = devices_find(devices, index);
	one = d ? NULL : find_gone(s, capture, index);
	if (one)
		return one;
	if (!d) {
		d = devices_passed(devices, index);
		s->changes -= d != NULL; /* that it is gone is told, too */
	}
	return d ? describe(s, w, any, capture, d, err) : NULL;
}

bool interfaces_have(struct interfaces *s, uint32_t capture, unsigned index)
{
	return !devices_of(s, capture) || !index || find(s, capture, index);
}

int interfaces_take_all(struct interfaces *s, struct pcapng_writer *w,
			const struct pcapng_interface *any, uint32_t capture)
{
	struct devices *devices = devices_of(s, capture);
	const struct device *d;
	int err = 0;

	if (!devices)
		return 0;
	devices_refresh(devices, true);
	for (unsigned n = 0;
	     !err && s->count < AT_ONCE && (d = devices_at(devices, n)); n++)
		if (d->up)
			describe(s, w, any, capture, d, &err);
	return err;
}

uint32_t interfaces_number(const struct interfaces *s,
			   const struct interface_of_device *one)
{
	return s->first + (uint32_t)(one - s->one);
}

static int tell(struct pcapng_writer *w, uint32_t number, uint64_t start_ns,
		uint64_t packets, bool gone)
{
	const struct pcapng_statistics s = {
		.interface = number,
		.start_ns = start_ns,
		.end_ns = clock_ns(CLOCK_REALTIME),
		.delivered = packets,
		.delivered_only = true,
		.comment = gone ? GONE : NULL,
	};

	return pcapng_writer_statistics(w, &s);
}

static bool is_there(const struct interfaces *s,
		     const struct interface_of_device *one)
{
	const struct device *d = devices_find(s->devices[one->capture],
					      one->index);

	return d && !strcmp(d->name, one->name);
}

/* Another number after each. */
static unsigned changes_of(const struct interfaces *s)
{
	unsigned changes = 0;

	for (uint32_t i = 0; i < s->first; i++)
		if (devices_of(s, i))
			changes += devices_refresh(s->devices[i], false);
	return changes;
}

/* Where there is no room for it now, later. */
void interfaces_watch(struct interfaces *s, struct pcapng_writer *w,
		      uint64_t start_ns)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	unsigned changes;

	if (!s->devices || now < s->watched_ns + WATCH_NS)
		return;
	s->watched_ns = now;
	changes = changes_of(s);
	if (changes == s->changes)
		return;
	s->changes = changes;
	for (unsigned i = 0; i < s->count; i++) {
		struct interface_of_device *one = &s->one[i];

		if (one->gone || is_there(s, one))
			continue;
		if (tell(w, s->first + i, start_ns, one->packets, true))
			s->changes--;
		else
			one->gone = true;
	}
}

int interfaces_end(struct interfaces *s, struct pcapng_writer *w,
		   uint64_t start_ns)
{
	int err = 0;

	for (unsigned i = 0; !err && i < s->count; i++)
		err = tell(w, s->first + i, start_ns, s->one[i].packets,
			   s->one[i].gone);
	return err;
}

int interfaces_tell_gone(struct pcapng_writer *w, uint32_t number,
			 uint64_t start_ns, uint64_t packets)
{
	return tell(w, number, start_ns, packets, true);
}
