/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include <errno.h>

#include "archive/packet.h"
#include "archive/peer.h"
#include "host/log.h"
#include "packet/parse.h"

static int lines;

static void hear(const char *line)
{
	(void)line;
	lines++;
}

/* From 192.0.2.1 in Japan to 198.51.100.2 in Brazil. */
static struct archive_packet packet(void)
{
	static const uint8_t data[] = {
		0x45, 0, 0,   28, 0,   1, 0,	0,    64, 17, 0, 0, 192, 0,
		2,    1, 198, 51, 100, 2, 0x30, 0x39, 0,  53, 0, 8, 0,	 0,
	};

	return (struct archive_packet){
		.linktype = LINKTYPE_RAW,
		.data = data,
		.caplen = sizeof(data),
		.len = sizeof(data),
		.owners.src.country = "JP",
		.owners.dst.country = "BR",
	};
}

static bool has(const char *host, const char *country)
{
	struct archive_packet a = packet();
	struct peer p;

	assert_int_equal(peer_parse(&p, host, country), 0);
	return peer_has(&p, &a);
}

static void nothing_asked_for_is_any(void **state)
{
	struct peer p;

	(void)state;
	assert_int_equal(peer_parse(&p, NULL, NULL), 0);
	assert_true(peer_is_any(&p));
	assert_true(has(NULL, NULL));
	assert_int_equal(peer_parse(&p, "192.0.2.1", NULL), 0);
	assert_false(peer_is_any(&p));
	assert_int_equal(peer_parse(&p, NULL, "JP"), 0);
	assert_false(peer_is_any(&p));
}

static void either_end_will_do(void **state)
{
	(void)state;
	assert_true(has("192.0.2.1", NULL));
	assert_true(has("198.51.100.2", NULL));
	assert_true(has("198.51.100.0/24", NULL));
	assert_false(has("192.0.2.2", NULL));
	assert_false(has("2001:db8::/32", NULL));
	assert_true(has(NULL, "JP"));
	assert_true(has(NULL, "br"));
	assert_false(has(NULL, "GB"));
}

static bool tunnel_has(uint8_t proto, uint8_t type, const char *host,
		       const char *country)
{
	uint8_t data[] = {
		0x45, 0, 0,   56, 0,   1, 0,	0,    64, proto, 0, 0, 192, 0,
		2,    1, 198, 51, 100, 2, type, 3,    0,  0,	 0, 0, 0,   0,
		0x45, 0, 0,   28, 0,   1, 0,	0,    64, 17,	 0, 0, 10,  0,
		0,    1, 10,  0,  0,   2, 0x30, 0x39, 0,  53,	 0, 8, 0,   0,
	};
	struct archive_packet a = packet();
	struct peer p;

	if (proto == 4) /* no ICMP before the inner packet */
		memmove(data + 20, data + 28, sizeof(data) - 28);
	a.data = data;
	a.len = a.caplen = sizeof(data);
	assert_int_equal(peer_parse(&p, host, country), 0);
	return peer_has(&p, &a);
}

static void what_is_inside_has_a_host_too(void **state)
{
	(void)state;
	assert_true(tunnel_has(4, 0, "192.0.2.1", NULL));
	assert_true(tunnel_has(4, 0, "10.0.0.1", "JP"));
	assert_true(tunnel_has(4, 0, "10.0.0.2", "BR"));
	assert_false(tunnel_has(4, 0, "10.0.0.1", "BR"));
	assert_false(tunnel_has(4, 0, "10.0.0.3", NULL));
	/* The quoted packet went the other way. */
	assert_true(tunnel_has(1, 3, "10.0.0.1", "BR"));
	assert_true(tunnel_has(1, 3, "10.0.0.2", "JP"));
	assert_false(tunnel_has(1, 3, "10.0.0.2", "BR"));
	assert_false(tunnel_has(1, 8, "10.0.0.2", NULL));
}

/* The host of one end is not in the country of the other. */
static void both_are_asked_of_the_same_end(void **state)
{
	(void)state;
	assert_true(has("192.0.2.0/24", "JP"));
	assert_false(has("192.0.2.0/24", "BR"));
}

static void what_is_not_ip_has_no_host(void **state)
{
	struct archive_packet a = packet();
	struct peer p;

	(void)state;
	a.caplen = 10;
	assert_int_equal(peer_parse(&p, "192.0.2.1", NULL), 0);
	assert_false(peer_has(&p, &a));
	assert_int_equal(peer_parse(&p, NULL, "JP"), 0);
	assert_true(peer_has(&p, &a));
}

static void what_is_neither_is_refused(void **state)
{
	static const char *const hosts[] = { "", "example.org", "192.0.2",
					     "192.0.2.1/33", "0.0.0.0/0" };
	static const char *const countries[] = { "", "J", "JPN", "4P", "J-" };
	struct peer p;

	(void)state;
	lines = 0;
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(peer_parse(&p, hosts[i], NULL), -EINVAL);
		assert_int_equal(peer_parse(&p, NULL, countries[i]), -EINVAL);
	}
	assert_int_equal(lines, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_asked_for_is_any),
		cmocka_unit_test(either_end_will_do),
		cmocka_unit_test(what_is_inside_has_a_host_too),
		cmocka_unit_test(both_are_asked_of_the_same_end),
		cmocka_unit_test(what_is_not_ip_has_no_host),
		cmocka_unit_test(what_is_neither_is_refused),
	};

	log_set_sink(hear, LOG_INFO);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
