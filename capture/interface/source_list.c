/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The interfaces there are, and their link types. */
#include "interface/source_parts.h"

#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/log.h"
#include "printable.h"

/*
 * libpcap also captures USB, Bluetooth, D-Bus and the like, whose privilege to
 * read is not given with that to capture.
 */
static bool is_network(const char *name)
{
	return !strcmp(name, "any") || if_nametoindex(name);
}

int source_each(void (*fn)(void *ctx, const struct source_device *d), void *ctx)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	pcap_if_t *all;

	if (pcap_findalldevs(&all, errbuf)) {
		log_error("cannot list interfaces: %s", errbuf);
		return -EIO;
	}
	for (const pcap_if_t *i = all; i; i = i->next) {
		struct source_device d = {
			.name = i->name,
			.description = i->description ? i->description : "",
		};

		if (is_network(d.name))
			fn(ctx, &d);
	}
	pcap_freealldevs(all);
	return 0;
}

struct nth {
	unsigned left;
	char *name;
};

static void take_nth(void *ctx, const struct source_device *d)
{
	struct nth *n = ctx;

	if (!--n->left)
		n->name = strdup(d->name);
}

char *source_numbered(const char *number)
{
	struct nth n = { .left = (unsigned)strtoul(number, NULL, 10) };

	if (!*number || number[strspn(number, "0123456789")] ||
	    if_nametoindex(number))
		return NULL;
	source_each(take_nth, &n);
	return n.name;
}

static void print_device(void *ctx, const struct source_device *d)
{
	int *n = ctx;

	char line[512];

	/* Whoever may make an interface may give it any name. */
	snprintf(line, sizeof(line), *d->description ? "%d. %s (%s)" : "%d. %s",
		 ++*n, d->name, d->description);
	printable_replace(line);
	puts(line);
}

int source_list(void)
{
	int n = 0;

	return source_each(print_device, &n);
}

/* ---- link types ---- */

/*
 * Maps the kernel's types as libpcap 1.10 does, which makes SLL of most others.
 */
static int dlt_of_type(int type)
{
	switch (type) {
	case ARPHRD_ETHER:
	case ARPHRD_LOOPBACK:
		return DLT_EN10MB;
	case ARPHRD_TUNNEL:
	case ARPHRD_TUNNEL6:
	case ARPHRD_SIT:
	case ARPHRD_NONE:
	case ARPHRD_RAWIP:
		return DLT_RAW;
	case ARPHRD_IEEE80211:
		return DLT_IEEE802_11;
	case ARPHRD_IEEE80211_PRISM:
		return DLT_PRISM_HEADER;
	case ARPHRD_IEEE80211_RADIOTAP:
		return DLT_IEEE802_11_RADIO;
	default:
		return DLT_LINUX_SLL;
	}
}

const char *source_hardware(unsigned type)
{
	int dlt = dlt_of_type((int)type);

	if (type == ARPHRD_LOOPBACK)
		return "Loopback";
	return dlt == DLT_LINUX_SLL ? NULL :
				      pcap_datalink_val_to_description(dlt);
}

static int guess_dlt(const char *device)
{
	struct ifreq request = { 0 };
	int fd, err;

	if (!strcmp(device, "any"))
		return DLT_LINUX_SLL2;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return DLT_EN10MB;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", device);
	err = ioctl(fd, SIOCGIFHWADDR, &request);
	close(fd);
	return err ? DLT_EN10MB : dlt_of_type(request.ifr_hwaddr.sa_family);
}

void source_guess_dlt(const char *device, struct source_dlt *dlt)
{
	dlt->number = guess_dlt(device);
	dlt->name = pcap_datalink_val_to_name(dlt->number);
	dlt->description = pcap_datalink_val_to_description(dlt->number);
}

int source_list_linktypes(const char *device)
{
	struct source_dlt dlt;

	if (!is_network(device))
		return source_refuse(device, device, -ENODEV);
	source_guess_dlt(device, &dlt);
	printf("%s (%s)\n", dlt.name, dlt.description);
	return 0;
}
