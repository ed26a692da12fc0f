/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "geo.h"

#include <errno.h>
#include <limits.h>
#include <maxminddb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "geo_file.h"
#include "printable.h"
#include "reach.h"

#define MAX_DATABASES 8

struct geo {
	size_t count;
	char *path[MAX_DATABASES]; /* NULL: there was no memory */
	MMDB_s db[MAX_DATABASES];
};

bool geo_is_public(const uint8_t addr[16])
{
	return reach_of(addr) == REACH_PUBLIC;
}

struct geo *geo_new(void)
{
	return calloc(1, sizeof(struct geo));
}

void geo_free(struct geo *g)
{
	if (!g)
		return;
	while (g->count) {
		MMDB_close(&g->db[--g->count]);
		free(g->path[g->count]);
	}
	free(g);
}

static int error_of(int status)
{
	switch (status) {
	case MMDB_SUCCESS:
		return 0;
	case MMDB_FILE_OPEN_ERROR:
	case MMDB_IO_ERROR:
		return errno ? -errno : -EIO;
	case MMDB_OUT_OF_MEMORY_ERROR:
		return -ENOMEM;
	default:
		return -EBADMSG;
	}
}

int geo_add(struct geo *g, const char *path)
{
	char copy[32];
	int fd, err;

	if (g->count == MAX_DATABASES)
		return -ENOSPC;
	fd = geo_file_open(path);
	if (fd < 0)
		return fd;
	snprintf(copy, sizeof(copy), "/proc/self/fd/%d", fd);
	errno = 0;
	err = error_of(MMDB_open(copy, MMDB_MODE_MMAP, &g->db[g->count]));
	close(fd); /* what is mapped stays */
	if (!err)
		g->path[g->count++] = strdup(path);
	return err;
}

bool geo_describe(const struct geo *g, size_t which, char *out, size_t size)
{
	char day[16] = "";
	time_t made;
	struct tm tm;

	if (which >= g->count)
		return false;
	made = (time_t)g->db[which].metadata.build_epoch;
	if (gmtime_r(&made, &tm))
		strftime(day, sizeof(day), "%Y-%m-%d", &tm);
	snprintf(out, size, "%s of %s", g->path[which] ? g->path[which] : "?",
		 day);
	return true;
}

/* The best database of one kind: the paid one, else the free one. */
static int add_kind(struct geo *g, const char *kind)
{
	static const char *const names[] = {
		"/usr/share/GeoIP/GeoIP2",
		"/var/lib/GeoIP/GeoIP2",
		"/usr/share/GeoIP/GeoLite2",
		"/var/lib/GeoIP/GeoLite2",
	};
	char path[64];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "%s-%s.mmdb", names[i], kind);
		if (!geo_add(g, path))
			return 1;
	}
	return 0;
}

/*
 * Trusts that directory: whoever may write there may also replace the program.
 */
static int add_beside(struct geo *g, const char *program)
{
	char *real = realpath(program, NULL), path[PATH_MAX];
	int err = -ENOENT;

	if (real && (size_t)snprintf(path, sizeof(path), "%.*s/country.mmdb",
				     (int)(strrchr(real, '/') - real),
				     real) < sizeof(path))
		err = geo_add(g, path);
	free(real);
	return err;
}

static int add_default(struct geo *g, const char *program)
{
	int err = geo_add(g, PKTWHO_DATADIR "/country.mmdb");

	if (err == -ENOENT) /* not installed: run from the build tree */
		err = add_beside(g, program);
	return !err;
}

int geo_add_installed(struct geo *g, const char *program)
{
	return add_kind(g, "City") + add_kind(g, "Country") +
	       add_kind(g, "ASN") + add_default(g, program);
}

/*
 * Copies what fits and is printable UTF-8, in whole characters: a database
 * is somebody's file, and its text ends in a packet list.
 */
static void copy_utf8(char *to, size_t size, const char *from, size_t len)
{
	size_t done = 0, n;

	while (done < len) {
		n = printable_length(from + done, len - done);
		if (!n || done + n >= size)
			break;
		done += n;
	}
	memcpy(to, from, done);
	to[done] = '\0';
}

/*
 * The variants that take the path as arguments, or return the whole record,
 * allocate; this one reads where the record lies in the map.
 */
static bool get_value(MMDB_entry_s *e, const char *const *path,
		      MMDB_entry_data_s *value)
{
	return !MMDB_aget_value(e, value, path) && value->has_data;
}

static bool get_text(MMDB_entry_s *e, const char *const *path, char *to,
		     size_t size)
{
	MMDB_entry_data_s v;

	if (!get_value(e, path, &v) || v.type != MMDB_DATA_TYPE_UTF8_STRING)
		return false;
	copy_utf8(to, size, v.utf8_string, v.data_size);
	return to[0] != '\0';
}

static bool get_code(MMDB_entry_s *e, const char *const *path, char to[3])
{
	MMDB_entry_data_s v;
	const char *s;

	if (!get_value(e, path, &v) || v.type != MMDB_DATA_TYPE_UTF8_STRING ||
	    v.data_size != 2)
		return false;
	s = v.utf8_string;
	if (s[0] < 'A' || s[0] > 'Z' || s[1] < 'A' || s[1] > 'Z')
		return false;
	memcpy(to, s, 2);
	return true;
}

static uint32_t get_number(MMDB_entry_s *e, const char *const *path)
{
	MMDB_entry_data_s v;

	if (!get_value(e, path, &v))
		return 0;
	switch (v.type) {
	case MMDB_DATA_TYPE_UINT16:
		return v.uint16;
	case MMDB_DATA_TYPE_UINT32:
		return v.uint32;
	default:
		return 0;
	}
}

/*
 * Where a country stands, the best first: where MaxMind says the address is,
 * the flat schema, and for an address that is nowhere in particular (anycast,
 * satellites) the country it is registered in.
 */
static const struct {
	const char *code[4];
	const char *name[4];
} countries[] = {
	{ { "country", "iso_code" }, { "country", "names", "en" } },
	{ { "country_code" }, { "country_name" } },
	{ { "registered_country", "iso_code" },
	  { "registered_country", "names", "en" } },
};

static void read_country(MMDB_entry_s *e, struct geo_place *p)
{
	for (size_t i = 0; i < sizeof(countries) / sizeof(*countries); i++) {
		if (!get_code(e, countries[i].code, p->country))
			continue;
		get_text(e, countries[i].name, p->country_name,
			 sizeof(p->country_name));
		return;
	}
}

static void read_city(MMDB_entry_s *e, struct geo_place *p)
{
	static const char *const nested[] = { "city", "names", "en", NULL };
	static const char *const flat[] = { "city", NULL };

	if (!get_text(e, nested, p->city, sizeof(p->city)))
		get_text(e, flat, p->city, sizeof(p->city));
}

static void read_autonomous_system(MMDB_entry_s *e, struct geo_place *p)
{
	static const char *const asn[] = { "autonomous_system_number", NULL };
	static const char *const org[] = { "autonomous_system_organization",
					   NULL };

	p->asn = get_number(e, asn);
	get_text(e, org, p->org, sizeof(p->org));
}

/* IPv4 as such, because a database may hold nothing else. */
static bool find_in_database(const MMDB_s *db, const uint8_t addr[16],
			     MMDB_entry_s *e)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in in = { .sin_family = AF_INET };
	const struct sockaddr *sa = (const struct sockaddr *)&in6;
	MMDB_lookup_result_s found;
	int err = 0;

	memcpy(&in6.sin6_addr, addr, 16);
	memcpy(&in.sin_addr, addr + 12, 4);
	if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr))
		sa = (const struct sockaddr *)&in;
	found = MMDB_lookup_sockaddr(db, sa, &err);
	*e = found.entry;
	return !err && found.found_entry;
}

/*
 * Adds to @to what only @from has.  A name goes with its code, an organization with
 * its number: half an answer of one database beside half of another would
 * be wrong even where both are right.
 */
static void merge(struct geo_place *to, const struct geo_place *from)
{
	if (!to->country[0])
		memcpy(to->country, from->country, sizeof(to->country));
	if (!strcmp(to->country, from->country)) {
		if (!to->country_name[0])
			memcpy(to->country_name, from->country_name,
			       sizeof(to->country_name));
		if (!to->city[0])
			memcpy(to->city, from->city, sizeof(to->city));
	}
	if (!to->asn)
		to->asn = from->asn;
	if (to->asn == from->asn && !to->org[0])
		memcpy(to->org, from->org, sizeof(to->org));
}

/* RFC 6052, 2.1: who has IPv6 alone sees all of IPv4 behind this prefix. */
static const uint8_t nat64[12] = { 0, 0x64, 0xff, 0x9b };
/* RFC 3056, 2 and RFC 4380, 4: who has IPv4 alone, through a tunnel. */
static const uint8_t six_to_four[2] = { 0x20, 0x02 };
static const uint8_t teredo[4] = { 0x20, 0x01 };

/* The address of IPv4 that one of IPv6 stands for, if it does. */
static bool take_ipv4(uint8_t v4[4], const uint8_t addr[16])
{
	if (!memcmp(addr, nat64, sizeof(nat64))) {
		memcpy(v4, addr + 12, 4);
	} else if (!memcmp(addr, six_to_four, sizeof(six_to_four))) {
		memcpy(v4, addr + 2, 4);
	} else if (!memcmp(addr, teredo, sizeof(teredo))) {
		for (size_t i = 0; i < 4; i++)
			v4[i] = addr[12 + i] ^ 0xff;
	} else {
		return false;
	}
	return true;
}

bool geo_lookup(const struct geo *g, const uint8_t addr[16],
		struct geo_place *place)
{
	uint8_t mapped[16] = { [10] = 0xff, [11] = 0xff };

	memset(place, 0, sizeof(*place));
	if (take_ipv4(mapped + 12, addr))
		addr = mapped;
	if (reach_of(addr) == REACH_SPECIAL)
		return false;

	for (size_t i = 0; i < g->count; i++) {
		struct geo_place here = { 0 };
		MMDB_entry_s entry;

		if (!find_in_database(&g->db[i], addr, &entry))
			continue;
		read_country(&entry, &here);
		read_city(&entry, &here);
		read_autonomous_system(&entry, &here);
		merge(place, &here);
	}
	return place->country[0] || place->city[0] || place->asn ||
	       place->org[0];
}
