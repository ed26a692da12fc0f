/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reach.h"

#include <stdbool.h>
#include <string.h>

#define V4_PREFIX_BITS 96 /* ::ffff:0:0/96 holds the IPv4 addresses */

struct prefix {
	uint8_t addr[16];
	uint8_t bits;
	uint8_t reach; /* enum reach */
};

#define V4(a, b, c, d, bits, reach)                                       \
	{                                                                 \
		{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d }, \
			V4_PREFIX_BITS + (bits), REACH_##reach            \
	}

#define WORD(w) (w) >> 8, (w) % 256

/* The first 48 bits in three words, as one writes them. */
#define V6(a, b, c, bits, reach)                                   \
	{                                                          \
		{ WORD(a), WORD(b), WORD(c) }, bits, REACH_##reach \
	}

/*
 * The IANA IPv4 and IPv6 special-purpose address registries (RFC 6890, as
 * updated by RFC 8190), "globally reachable" column, and multicast.  The
 * first match counts, so exceptions stand before what they are cut from.
 */
static const struct prefix prefixes[] = {
	V4(0, 0, 0, 0, 8, SPECIAL),	     /* this network, RFC 791 */
	V4(10, 0, 0, 0, 8, SPECIAL),	     /* RFC 1918 */
	V4(100, 64, 0, 0, 10, SPECIAL),	     /* carrier NAT, RFC 6598 */
	V4(127, 0, 0, 0, 8, SPECIAL),	     /* loopback */
	V4(169, 254, 0, 0, 16, SPECIAL),     /* link local, RFC 3927 */
	V4(172, 16, 0, 0, 12, SPECIAL),	     /* RFC 1918 */
	V4(192, 0, 0, 9, 32, PUBLIC),	     /* PCP anycast, RFC 7723 */
	V4(192, 0, 0, 10, 32, PUBLIC),	     /* TURN anycast, RFC 8155 */
	V4(192, 0, 0, 0, 24, SPECIAL),	     /* IETF protocols */
	V4(192, 0, 2, 0, 24, DOCUMENTATION), /* RFC 5737 */
	V4(192, 88, 99, 2, 32, SPECIAL),     /* 6a44 relay, RFC 6751 */
	V4(192, 168, 0, 0, 16, SPECIAL),     /* RFC 1918 */
	V4(198, 18, 0, 0, 15, SPECIAL),	     /* benchmarks, RFC 2544 */
	V4(198, 51, 100, 0, 24, DOCUMENTATION),
	V4(203, 0, 113, 0, 24, DOCUMENTATION),
	V4(224, 0, 0, 0, 4, SPECIAL), /* multicast */
	V4(240, 0, 0, 0, 4, SPECIAL), /* reserved, broadcast */
	V4(0, 0, 0, 0, 0, PUBLIC),

	V6(0x2001, 0x0000, 0, 32, PUBLIC), /* Teredo, RFC 4380 */
	{ { 0x20, 1, 0, 1, [15] = 1 }, 128, REACH_PUBLIC }, /* PCP anycast */
	{ { 0x20, 1, 0, 1, [15] = 2 }, 128, REACH_PUBLIC }, /* TURN anycast */
	{ { 0x20, 1, 0, 1, [15] = 3 }, 128, REACH_PUBLIC }, /* DNS-SD */
	V6(0x2001, 0x0003, 0, 32, PUBLIC),		    /* AMT, RFC 7450 */
	V6(0x2001, 0x0004, 0x112, 48, PUBLIC),	  /* AS112, RFC 7535 */
	V6(0x2001, 0x0020, 0, 28, PUBLIC),	  /* ORCHIDv2, RFC 7343 */
	V6(0x2001, 0x0030, 0, 28, PUBLIC),	  /* drone tags, RFC 9374 */
	V6(0x2001, 0x0000, 0, 23, SPECIAL),	  /* IETF protocols */
	V6(0x2001, 0x0db8, 0, 32, DOCUMENTATION), /* RFC 3849 */
	V6(0x3fff, 0x0000, 0, 20, DOCUMENTATION), /* RFC 9637 */
	V6(0x2000, 0x0000, 0, 3, PUBLIC),	  /* global unicast, RFC 4291 */
	V6(0x0064, 0xff9b, 0, 96, PUBLIC),	  /* NAT64, RFC 6052 */
	/* Private, link local, multicast, and what nobody has been given. */
	V6(0, 0, 0, 0, SPECIAL),
};

static bool prefix_holds(const struct prefix *p, const uint8_t addr[16])
{
	size_t whole = p->bits / 8;
	uint8_t mask = (uint8_t)(0xff00 >> p->bits % 8);

	if (memcmp(p->addr, addr, whole))
		return false;
	return !mask || !((p->addr[whole] ^ addr[whole]) & mask);
}

enum reach reach_of(const uint8_t addr[16])
{
	const struct prefix *p = prefixes;

	while (!prefix_holds(p, addr)) /* the last one holds any */
		p++;
	return p->reach;
}
