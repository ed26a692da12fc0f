/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A country database of any bytes: it is refused, or what it says is text of
 * two capitals and no control characters, for whatever address.
 */
#include <ctype.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "geo.h"
#include "printable.h"

#define NESTED 4096 /* libmaxminddb follows a value as deep as it goes */

__attribute__((visibility("default"))) const char *
__lsan_default_suppressions(void);

/* Up to 1.7.1 it forgets what it has of a file that it then refuses. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libmaxminddb";
}

static void place_laws(const struct geo_place *p)
{
	LAW(memchr(p->country, 0, sizeof(p->country)));
	LAW(!p->country[0] ||
	    (isupper(p->country[0]) && isupper(p->country[1])));
	LAW(memchr(p->country_name, 0, sizeof(p->country_name)));
	LAW(memchr(p->city, 0, sizeof(p->city)));
	LAW(memchr(p->org, 0, sizeof(p->org)));
	LAW(printable_all(p->country_name) && printable_all(p->city) &&
	    printable_all(p->org));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t addresses[][16] = {
		{ [10] = 0xff, 0xff, 192, 0, 2, 1 },
		{ [10] = 0xff, 0xff, 81, 2, 69, 142 },
		{ 0x20, 0x01, 0x0d, 0xb8, [15] = 1 },
		{ 0x26, 0x06, [15] = 7 },
	};
	struct geo *g = geo_new();
	struct geo_place place;
	char path[32];
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	LAW(g && fd >= 0);
	if (size > NESTED)
		size = NESTED;
	LAW(write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!geo_add(g, path))
		for (size_t i = 0; i < sizeof(addresses) / 16; i++) {
			memset(&place, 0xee, sizeof(place));
			geo_lookup(g, addresses[i], &place);
			place_laws(&place);
		}
	close(fd);
	geo_free(g);
	return 0;
}
