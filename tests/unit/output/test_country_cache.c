/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "exact.h"
#include "geo.h"
#include "output/country_cache.h"

#define PEERS 100000u

/* ::ffff:a.b.c.d of the number a.b.c.d. */
static void set_ipv4(uint8_t addr[16], uint32_t number)
{
	memset(addr, 0, 16);
	addr[10] = addr[11] = 0xff;
	for (int i = 0; i < 4; i++)
		addr[12 + i] = (uint8_t)(number >> (24 - 8 * i));
}

/* Asks for each of @count addresses, this many apart, in turn. */
static void ask_all(struct country_cache *c, uint32_t first, uint32_t step,
		    uint32_t count)
{
	uint8_t addr[16];

	for (uint32_t i = 0; i < count; i++) {
		set_ipv4(addr, first + i * step);
		country_cache_get(c, addr);
	}
}

/* How many of @count have to be looked up a second time. */
static uint64_t forgotten(uint32_t first, uint32_t step, uint32_t count)
{
	struct country_cache *c = country_cache_new(NULL);
	uint64_t before;

	assert_non_null(c);
	ask_all(c, first, step, count);
	before = country_cache_lookups(c);
	assert_int_equal(before, count);
	ask_all(c, first, step, count);
	before = country_cache_lookups(c) - before;
	country_cache_free(c);
	return before;
}

static void neighbours_are_all_kept(void **state)
{
	(void)state;
	assert_int_equal(forgotten(0xc0000200, 1, 256), 0);
}

static void most_of_many_peers_are_kept(void **state)
{
	/* In a row, in networks in a row, and all over them. */
	static const uint32_t steps[] = { 1, 256, 40009 };

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		assert_in_range(forgotten(0x0a000000, steps[i], PEERS), 0,
				PEERS / 8);
}

static void ipv6_peers_are_kept_by_either_half(void **state)
{
	struct country_cache *c = country_cache_new(NULL);
	uint8_t addr[16] = { 0x20, 0x01, 0x0d, 0xb8 };

	(void)state;
	assert_non_null(c);
	for (int again = 0; again < 2; again++) {
		for (unsigned i = 0; i < 4096; i++) {
			addr[6] = (uint8_t)(i >> 8);
			addr[15] = (uint8_t)i;
			country_cache_get(c, addr);
		}
	}
	assert_int_equal(country_cache_lookups(c), 4096);
	country_cache_free(c);
}

static void an_address_has_its_country(void **state)
{
	struct geo *geo = geo_new();
	struct country_cache *c;
	uint8_t briton[16], american[16];

	(void)state;
	assert_int_equal(geo_add(geo, SHARE "/country.mmdb"), 0);
	c = country_cache_new(geo);
	set_ipv4(briton, 0x5102458e); /* 81.2.69.142 */
	set_ipv4(american, 0x08080808);
	assert_string_equal(country_cache_get(c, briton), "GB");
	assert_string_equal(country_cache_get(c, american), "US");
	assert_string_equal(country_cache_get(c, briton), "GB");
	assert_int_equal(country_cache_lookups(c), 2);
	country_cache_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(neighbours_are_all_kept),
		cmocka_unit_test(most_of_many_peers_are_kept),
		cmocka_unit_test(ipv6_peers_are_kept_by_either_half),
		cmocka_unit_test(an_address_has_its_country),
	};

	return cmocka_run_group_tests_name("country_cache", tests, NULL, NULL);
}
