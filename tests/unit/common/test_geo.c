/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "geo.h"

#define CITY	TEST_DATA "/geo/GeoLite2-City-Test.mmdb"
#define COUNTRY TEST_DATA "/geo/GeoLite2-Country-Test.mmdb"
#define GEOIP2	TEST_DATA "/geo/GeoIP2-Country-Test.mmdb"
#define ASN	TEST_DATA "/geo/GeoLite2-ASN-Test.mmdb"
#define DEFAULT SHARE "/country.mmdb"

/* The address @text, IPv4 in its mapped form. */
static const uint8_t *address(const char *text)
{
	static uint8_t addr[16];

	memset(addr, 0, 10);
	memset(addr + 10, 0xff, 2);
	if (inet_pton(AF_INET, text, addr + 12) != 1)
		assert_int_equal(inet_pton(AF_INET6, text, addr), 1);
	return addr;
}

static struct geo *open_files(const char *first, const char *second)
{
	struct geo *g = geo_new();

	assert_non_null(g);
	assert_int_equal(geo_add(g, first), 0);
	if (second)
		assert_int_equal(geo_add(g, second), 0);
	return g;
}

static struct geo_place look_up(const struct geo *g, const char *text)
{
	struct geo_place place;

	memset(&place, 0xee, sizeof(place));
	geo_lookup(g, address(text), &place);
	return place;
}

static void assert_nowhere(const struct geo *g, const char *text)
{
	static const struct geo_place nowhere;
	struct geo_place place;

	memset(&place, 0xee, sizeof(place));
	assert_false(geo_lookup(g, address(text), &place));
	assert_memory_equal(&place, &nowhere, sizeof(place));
}

/* NAT64, 6to4 and Teredo, but not of what is private. */
static void ipv4_in_ipv6(void **state)
{
	struct geo *g = open_files(COUNTRY, NULL);

	(void)state;
	assert_string_equal(look_up(g, "64:ff9b::81.2.69.142").country, "GB");
	assert_nowhere(g, "64:ff9b::10.0.0.1");
	assert_nowhere(g, "64:ff9b:1::81.2.69.142");
	assert_string_equal(look_up(g, "2002:5102:458e::1").country, "GB");
	assert_nowhere(g, "2002:a00:1::1");
	/* The client's, of which all bits are turned; not the server's. */
	assert_string_equal(look_up(g, "2001:0:808:808:0:0:aefd:ba71").country,
			    "GB");
	assert_nowhere(g, "2001:0:5102:458e:0:0:f5ff:fffe");
	geo_free(g);
}

static void maxmind_countries(void **state)
{
	static const char *const files[] = { COUNTRY, GEOIP2, CITY };

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		struct geo *g = open_files(files[i], NULL);
		struct geo_place gb = look_up(g, "81.2.69.142");
		struct geo_place jp = look_up(g, "2001:218::1");

		assert_string_equal(gb.country, "GB");
		assert_string_equal(gb.country_name, "United Kingdom");
		assert_string_equal(jp.country, "JP");
		assert_string_equal(jp.country_name, "Japan");
		assert_nowhere(g, "1.0.0.0");
		geo_free(g);
	}
}

static void maxmind_city_and_network(void **state)
{
	struct geo *g = open_files(CITY, ASN);
	struct geo_place london = look_up(g, "81.2.69.142");
	struct geo_place telstra = look_up(g, "1.128.0.0");

	(void)state;
	assert_string_equal(london.city, "London");
	assert_int_equal(london.asn, 0);
	assert_int_equal(telstra.asn, 1221);
	assert_string_equal(telstra.org, "Telstra Pty Ltd");
	assert_string_equal(telstra.country, "");
	geo_free(g);
}

/* Countries that have not moved, in a database that changes monthly. */
static void the_default_database(void **state)
{
	struct geo *g = open_files(DEFAULT, NULL);

	(void)state;
	assert_string_equal(look_up(g, "81.2.69.142").country, "GB");
	assert_string_equal(look_up(g, "8.8.8.8").country, "US");
	assert_string_equal(look_up(g, "193.0.6.139").country, "NL");
	assert_string_equal(look_up(g, "200.160.2.3").country, "BR");
	assert_string_equal(look_up(g, "2001:200:dff::1").country, "JP");
	assert_string_equal(look_up(g, "8.8.8.8").country_name, "");
	assert_nowhere(g, "192.0.2.1");
	geo_free(g);
}

static void installed_databases_end_with_the_default(void **state)
{
	struct geo *g = geo_new();

	(void)state;
	assert_non_null(g);
	assert_in_range(geo_add_installed(g, SHARE "/README.md"), 1, 4);
	assert_string_equal(look_up(g, "81.2.69.142").country, "GB");
	geo_free(g);
}

static void a_database_is_described(void **state)
{
	struct geo *g = open_files(COUNTRY, DEFAULT);
	char text[4096];

	(void)state;
	assert_true(geo_describe(g, 0, text, sizeof(text)));
	assert_int_equal(strncmp(text, COUNTRY " of 20", strlen(COUNTRY) + 6),
			 0);
	assert_int_equal(strlen(text), strlen(COUNTRY " of 2026-11-01"));
	assert_true(geo_describe(g, 1, text, sizeof(text)));
	assert_non_null(strstr(text, "/country.mmdb of 20"));
	assert_false(geo_describe(g, 2, text, sizeof(text)));
	geo_free(g);
}

/* Nothing of a folder that the program is not in. */
static void no_other_folder_is_looked_into(void **state)
{
	struct geo *with = geo_new(), *without = geo_new();
	int beside = geo_add_installed(with, SHARE "/README.md");

	(void)state;
	assert_in_range(beside - geo_add_installed(without, "/bin/sh"), 0, 1);
	assert_int_equal(geo_add_installed(without, "/nonexistent"),
			 geo_add_installed(without, "/bin/sh"));
	geo_free(with);
	geo_free(without);
}

static void not_a_database(void **state)
{
	struct geo *g = geo_new();
	char fifo[] = "/tmp/pktwho-geo-XXXXXX";

	(void)state;
	assert_non_null(g);
	assert_int_equal(geo_add(g, "/nonexistent.mmdb"), -ENOENT);
	assert_int_equal(geo_add(g, "/etc/passwd/x"), -ENOTDIR);
	assert_int_equal(geo_add(g, TEST_DATA), -EISDIR);
	assert_int_equal(geo_add(g, "/dev/null"), -EBADMSG);
	assert_int_equal(geo_add(g, "/etc/passwd"), -EBADMSG);
	assert_int_equal(geo_add(g, __FILE__), -EBADMSG);

	/* Opened, it would wait for a writer. */
	assert_non_null(mkdtemp(fifo));
	assert_int_equal(rmdir(fifo), 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(geo_add(g, fifo), -EBADMSG);
	unlink(fifo);

	assert_nowhere(g, "8.8.8.8");
	geo_free(g);
	geo_free(NULL);
}

static void eight_databases(void **state)
{
	struct geo *g = geo_new();

	(void)state;
	assert_non_null(g);
	for (int i = 0; i < 8; i++)
		assert_int_equal(geo_add(g, ASN), 0);
	assert_int_equal(geo_add(g, ASN), -ENOSPC);
	assert_int_equal(geo_add_installed(g, SHARE "/README.md"), 0);
	assert_int_equal(look_up(g, "1.128.0.0").asn, 1221);
	geo_free(g);
}

/*
 * A whole database in a temporary file: a tree of one node, both sides of
 * which lead to the same record, so every address has it.
 * MaxMind DB format specification, version 2.0.
 */
struct tiny {
	char path[32];
	int fd;
};

/* The control byte of a map with @n pairs, and a short string. */
#define MAP(n) (char)(0xe0 | (n))
static size_t put_string(char *to, const char *s, size_t len)
{
	size_t n = 0;

	assert_in_range(len, 0, 29 + 255);
	to[n++] = (char)(0x40 | (len < 29 ? len : 29));
	if (len >= 29)
		to[n++] = (char)(len - 29);
	memcpy(to + n, s, len);
	return n + len;
}

static size_t put_key_value(char *to, const char *key, const char *s)
{
	size_t n = put_string(to, key, strlen(key));

	return n + put_string(to + n, s, strlen(s));
}

static struct tiny tiny_write(const char *record, size_t len)
{
	/* 1 node + the 16 zeroes between tree and data, minus those. */
	static const char node[] = "\0\0\x11\0\0\x11"
				   "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
	static const char metadata[] = "\xab\xcd\xefMaxMind.com\xe9"
				       "\x5b"
				       "binary_format_major_version"
				       "\xa1\x02"
				       "\x5b"
				       "binary_format_minor_version"
				       "\xa0"
				       "\x4b"
				       "build_epoch"
				       "\x04\x02\x65\0\0\0"
				       "\x4d"
				       "database_type"
				       "\x44"
				       "Tiny"
				       "\x4b"
				       "description"
				       "\xe0"
				       "\x4a"
				       "ip_version"
				       "\xa1\x06"
				       "\x49"
				       "languages"
				       "\x00\x04"
				       "\x4a"
				       "node_count"
				       "\xc1\x01"
				       "\x4b"
				       "record_size"
				       "\xa1\x18";
	struct tiny t = { .path = "/tmp/pktwho-geo-XXXXXX" };

	t.fd = mkstemp(t.path);
	assert_int_not_equal(t.fd, -1);
	assert_int_equal(write(t.fd, node, 22), 22);
	assert_int_equal(write(t.fd, record, len), len);
	assert_int_equal(write(t.fd, metadata, sizeof(metadata) - 1),
			 sizeof(metadata) - 1);
	return t;
}

static void tiny_remove(const struct tiny *t)
{
	close(t->fd);
	unlink(t->path);
}

/* Opens a tiny database; the file is gone when this returns. */
static void tiny_add(struct geo *g, const char *record, size_t len)
{
	struct tiny t = tiny_write(record, len);

	assert_int_equal(geo_add(g, t.path), 0);
	tiny_remove(&t);
}

static void add_flat(struct geo *g, const char *key1, const char *value1,
		     const char *key2, const char *value2)
{
	char record[600];
	size_t n = 0;

	record[n++] = MAP(2);
	n += put_key_value(record + n, key1, value1);
	n += put_key_value(record + n, key2, value2);
	tiny_add(g, record, n);
}

static void flat_country_and_city(void **state)
{
	struct geo *g = geo_new();

	(void)state;
	add_flat(g, "country_code", "FR", "city", "Lyon");
	assert_string_equal(look_up(g, "8.8.8.8").country, "FR");
	assert_string_equal(look_up(g, "2a00::1").city, "Lyon");
	geo_free(g);
}

static void flat_network(void **state)
{
	static const char number[] = "\xe2\x58"
				     "autonomous_system_number"
				     "\xa2\xfd\xe8";
	struct geo *g = geo_new();
	char record[200];
	size_t n = sizeof(number) - 1;

	(void)state;
	memcpy(record, number, n);
	n += put_key_value(record + n, "autonomous_system_organization",
			   "Example Net");
	tiny_add(g, record, n);
	assert_int_equal(look_up(g, "8.8.8.8").asn, 65000);
	assert_string_equal(look_up(g, "8.8.8.8").org, "Example Net");
	geo_free(g);
}

static void the_registered_country_comes_last(void **state)
{
	static const char record[] = "\xe1\x52"
				     "registered_country"
				     "\xe2\x48"
				     "iso_code"
				     "\x42"
				     "AU"
				     "\x45"
				     "names"
				     "\xe1\x42"
				     "en"
				     "\x49"
				     "Australia";
	struct geo *g = geo_new();

	(void)state;
	tiny_add(g, record, sizeof(record) - 1);
	assert_string_equal(look_up(g, "1.1.1.1").country, "AU");
	assert_string_equal(look_up(g, "1.1.1.1").country_name, "Australia");
	geo_free(g);
}

static void an_earlier_database_wins(void **state)
{
	struct geo *g = geo_new();

	(void)state;
	add_flat(g, "country_code", "GB", "nothing", "");
	assert_int_equal(geo_add(g, CITY), 0);
	add_flat(g, "country_code", "FR", "city", "Lyon");

	/* Both say GB, so the name and the city are of that country. */
	assert_string_equal(look_up(g, "81.2.69.142").country, "GB");
	assert_string_equal(look_up(g, "81.2.69.142").country_name,
			    "United Kingdom");
	assert_string_equal(look_up(g, "81.2.69.142").city, "London");

	/* Here they differ, and no mixture is made. */
	assert_string_equal(look_up(g, "2001:218::1").country, "GB");
	assert_string_equal(look_up(g, "2001:218::1").country_name, "");
	assert_string_equal(look_up(g, "2001:218::1").city, "");
	geo_free(g);
}

static void text_is_cut_between_characters(void **state)
{
	struct geo *g = geo_new();
	char name[160];

	(void)state;
	memset(name, 'x', sizeof(name));
	memcpy(name + 62, "\xe6\xb1\x9f", 4); /* 62 + 3 do not fit in 63 */
	add_flat(g, "city", name, "autonomous_system_organization", name);
	assert_int_equal(strlen(look_up(g, "8.8.8.8").city), 62);
	assert_int_equal(strlen(look_up(g, "8.8.8.8").org), 65);
	geo_free(g);
}

static void text_that_is_none_ends(void **state)
{
	/* clang-format off */
	static const char *const ends[] = {
		"\n", "\x1b[2J", "\x7f", "\x80", "\xc0\xaf", "\xc2\x9b",
		"\xc3", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf0\x80\x80\xaf",
		"\xf4\x90\x80\x80", "\xe6\xb1", "\xe6\xb1x", "\xff",
	};
	/* clang-format on */
	char name[16];

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		struct geo *g = geo_new();

		snprintf(name, sizeof(name),
			 "\xc3\x85"
			 "bo%s",
			 ends[i]);
		add_flat(g, "country_code", "FI", "city", name);
		assert_string_equal(look_up(g, "8.8.8.8").city, "\xc3\x85"
								"bo");
		geo_free(g);
	}
}

static void other_text_is_no_country(void **state)
{
	static const char *const bad[] = { "", "D", "de", "DEU", "D1", "None" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct geo *g = geo_new();

		add_flat(g, "country_code", bad[i], "country_name", "x");
		assert_nowhere(g, "8.8.8.8");
		geo_free(g);
	}
}

static void reach_of_addresses(void **state)
{
	/* clang-format off */
	static const char *const is_public[] = {
		"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0",
		"100.63.255.255", "100.128.0.0", "126.255.255.255",
		"128.0.0.0", "169.253.255.255", "172.15.255.255",
		"172.32.0.0", "192.0.0.9", "192.0.0.10", "192.0.1.0",
		"192.31.196.1", "192.88.99.1", "192.167.255.255",
		"198.17.255.255", "198.20.0.0", "223.255.255.255",
		"2001::1", "2001:1::1", "2001:1::3", "2001:3::1",
		"2001:4:112::1", "2001:20::1", "2001:2f::1", "2001:30::1",
		"2001:200::1", "2001:db7::1", "2001:db9::1", "2002::1",
		"2620:4f:8000::1", "3ffe::1", "3fff:1000::1",
		"64:ff9b::8.8.8.8",
	};
	static const char *const is_not[] = {
		"0.0.0.0", "0.1.2.3", "10.0.0.0", "10.255.255.255",
		"100.64.0.0", "100.127.255.255", "127.0.0.1",
		"169.254.0.1", "172.16.0.0", "172.31.255.255", "192.0.0.0",
		"192.0.0.8", "192.0.0.255", "192.0.2.1", "192.88.99.2",
		"192.168.1.1", "198.18.0.0", "198.19.255.255",
		"198.51.100.1", "203.0.113.1", "224.0.0.1",
		"239.255.255.255", "240.0.0.0", "255.255.255.255",
		"::", "::1", "::8.8.8.8", "64:ff9b:1::1", "64:ff9b::1:0:0",
		"100::1", "2001:1::4", "2001:2::1", "2001:4:113::1",
		"2001:10::1", "2001:1ff::1", "2001:db8::1",
		"2001:db8:ffff::1", "3fff::1", "3fff:fff::1", "4000::1",
		"5f00::1", "fc00::1", "fdff::1", "fe80::1", "febf::1",
		"fec0::1", "ff02::1",
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < sizeof(is_public) / sizeof(*is_public); i++)
		if (!geo_is_public(address(is_public[i])))
			fail_msg("%s is public", is_public[i]);
	for (size_t i = 0; i < sizeof(is_not) / sizeof(*is_not); i++)
		if (geo_is_public(address(is_not[i])))
			fail_msg("%s is not public", is_not[i]);
}

/* A database that has every address is not asked about these. */
static void private_addresses_have_no_place(void **state)
{
	struct geo *g = geo_new();

	(void)state;
	add_flat(g, "country_code", "FR", "city", "Lyon");
	assert_nowhere(g, "10.1.2.3");
	assert_nowhere(g, "100.64.0.1");
	assert_nowhere(g, "127.0.0.1");
	assert_nowhere(g, "169.254.1.1");
	assert_nowhere(g, "192.168.0.1");
	assert_nowhere(g, "255.255.255.255");
	assert_nowhere(g, "::1");
	assert_nowhere(g, "fe80::1");
	assert_nowhere(g, "fd00::1");
	assert_nowhere(g, "ff02::fb");
	geo_free(g);
}

static void documentation_addresses_may_have_one(void **state)
{
	struct geo *g = geo_new();

	(void)state;
	add_flat(g, "country_code", "FR", "city", "Lyon");
	assert_string_equal(look_up(g, "192.0.2.1").country, "FR");
	assert_string_equal(look_up(g, "198.51.100.1").country, "FR");
	assert_string_equal(look_up(g, "203.0.113.1").country, "FR");
	assert_string_equal(look_up(g, "2001:db8::1").country, "FR");
	assert_string_equal(look_up(g, "3fff::1").country, "FR");
	geo_free(g);
}

/* LeakSanitizer's, where the build has it (sanitizer/lsan_interface.h). */
__attribute__((weak)) void __lsan_disable(void);
__attribute__((weak)) void __lsan_enable(void);

/* libmaxminddb 1.7.1 keeps a list when the metadata it opens is damaged. */
static int add_damaged(struct geo *g, const char *path)
{
	int err;

	if (__lsan_disable)
		__lsan_disable();
	err = geo_add(g, path);
	if (__lsan_enable)
		__lsan_enable();
	return err;
}

/* Whatever is in @path: an error, no answer or a wrong one. */
static void survive(const char *path)
{
	static const char *const addresses[] = {
		"1.128.0.0",   "81.2.69.142",  "216.160.83.56",
		"2001:218::1", "2001:1700::1", "8.8.8.8",
	};
	struct geo *g = geo_new();
	struct geo_place place;

	assert_non_null(g);
	if (add_damaged(g, path)) {
		geo_free(g);
		return;
	}
	for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
		geo_lookup(g, address(addresses[i]), &place);
		assert_non_null(memchr(place.city, 0, sizeof(place.city)));
		assert_non_null(memchr(place.org, 0, sizeof(place.org)));
	}
	geo_free(g);
}

/* The database @path in a temporary file that a test may damage. */
static struct tiny copy_of(const char *path, uint8_t *bytes, size_t cap,
			   size_t *len)
{
	struct tiny t = { .path = "/tmp/pktwho-geo-XXXXXX" };
	int fd = open(path, O_RDONLY);
	ssize_t n;

	assert_int_not_equal(fd, -1);
	n = read(fd, bytes, cap);
	assert_in_range(n, 1, cap - 1);
	close(fd);
	t.fd = mkstemp(t.path);
	assert_int_not_equal(t.fd, -1);
	assert_int_equal(write(t.fd, bytes, (size_t)n), n);
	*len = (size_t)n;
	return t;
}

static void truncated_databases(void **state)
{
	uint8_t bytes[32768];
	size_t len;
	struct tiny t = copy_of(ASN, bytes, sizeof(bytes), &len);
	struct geo *g = geo_new();

	(void)state;
	assert_non_null(g);
	while (len > 0) {
		len -= len > 13 ? 13 : len;
		assert_int_equal(ftruncate(t.fd, (off_t)len), 0);
		survive(t.path);
	}
	assert_int_equal(geo_add(g, t.path), -EBADMSG);
	geo_free(g);
	tiny_remove(&t);
}

/* As a nightly download does it that writes over the old file in place. */
static void a_database_cut_while_in_use(void **state)
{
	uint8_t bytes[32768];
	size_t len;
	struct tiny t = copy_of(ASN, bytes, sizeof(bytes), &len);
	struct geo *g = open_files(t.path, NULL);

	(void)state;
	assert_int_equal(ftruncate(t.fd, 0), 0);
	assert_int_equal(look_up(g, "1.128.0.0").asn, 1221);
	memset(bytes, 0xff, len);
	assert_int_equal(pwrite(t.fd, bytes, len, 0), len);
	assert_int_equal(look_up(g, "1.128.0.0").asn, 1221);
	geo_free(g);
	tiny_remove(&t);
}

/* One of a terabyte: refused, not read to its end. */
static void an_endless_database(void **state)
{
	struct tiny t = { .path = "/tmp/pktwho-geo-XXXXXX" };
	struct geo *g = geo_new();

	(void)state;
	assert_non_null(g);
	t.fd = mkstemp(t.path);
	assert_int_not_equal(t.fd, -1);
	assert_int_equal(ftruncate(t.fd, 1ll << 40), 0);
	assert_int_equal(geo_add(g, t.path), -EFBIG);
	geo_free(g);
	tiny_remove(&t);
}

/* One byte at a time, every @step: one bit of it, or all of them. */
static void damage(const char *path, size_t step)
{
	uint8_t bytes[32768], bad;
	size_t len;
	struct tiny t = copy_of(path, bytes, sizeof(bytes), &len);

	for (size_t i = 0; i < len; i += step) {
		bad = bytes[i] ^ (uint8_t)(i % 9 ? 1 << i % 9 >> 1 : 0xff);
		assert_int_equal(pwrite(t.fd, &bad, 1, (off_t)i), 1);
		survive(t.path);
		assert_int_equal(pwrite(t.fd, &bytes[i], 1, (off_t)i), 1);
	}
	tiny_remove(&t);
}

static void damaged_databases(void **state)
{
	(void)state;
	damage(ASN, 1);
	damage(CITY, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4_in_ipv6),
		cmocka_unit_test(maxmind_countries),
		cmocka_unit_test(maxmind_city_and_network),
		cmocka_unit_test(the_default_database),
		cmocka_unit_test(installed_databases_end_with_the_default),
		cmocka_unit_test(a_database_is_described),
		cmocka_unit_test(no_other_folder_is_looked_into),
		cmocka_unit_test(not_a_database),
		cmocka_unit_test(eight_databases),
		cmocka_unit_test(flat_country_and_city),
		cmocka_unit_test(flat_network),
		cmocka_unit_test(the_registered_country_comes_last),
		cmocka_unit_test(an_earlier_database_wins),
		cmocka_unit_test(text_is_cut_between_characters),
		cmocka_unit_test(text_that_is_none_ends),
		cmocka_unit_test(other_text_is_no_country),
		cmocka_unit_test(reach_of_addresses),
		cmocka_unit_test(private_addresses_have_no_place),
		cmocka_unit_test(documentation_addresses_may_have_one),
		cmocka_unit_test(truncated_databases),
		cmocka_unit_test(a_database_cut_while_in_use),
		cmocka_unit_test(an_endless_database),
		cmocka_unit_test(damaged_databases),
	};

	return cmocka_run_group_tests_name("geo", tests, NULL, NULL);
}
