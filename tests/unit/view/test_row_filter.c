/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/rows/row_filter.h"
#include "view/talk.h"

static void assert_filter(const struct row *r, enum table_group group,
			  const char *wanted)
{
	char text[ROW_FILTER];

	row_filter(r, group, text);
	assert_string_equal(text, wanted);
}

/* What is own says something to everybody, in their rows. */
static void a_place_is_one_end_of_two(void **state)
{
	static const struct {
		enum table_group group;
		const char *name;
		uint8_t places;
		const char *filter;
	} cases[] = {
		{ GROUP_HOST, "::1", PLACE_ITSELF, "ipv6.addr#1 == ::1" },
		{ GROUP_HOST, "192.0.2.1", PLACE_ITSELF | PLACE_ELSEWHERE,
		  "ip.src#1 == 192.0.2.1 && ip.dst#1 == 192.0.2.1" },
		{ GROUP_HOST, "192.0.2.1", PLACE_HERE | PLACE_ELSEWHERE,
		  "ip.addr#1 == 192.0.2.1 && proc.src.attr && proc.dst.attr" },
		{ GROUP_HOST, "192.0.2.1", PLACE_REMOTE | PLACE_ELSEWHERE,
		  "(ip.src#1 == 192.0.2.1 && !proc.src.attr) || "
		  "(ip.dst#1 == 192.0.2.1 && !proc.dst.attr)" },
		{ GROUP_COUNTRY, "NL", PLACE_REMOTE, "geo.country == \"NL\"" },
		{ GROUP_COUNTRY, "NL", PLACE_REMOTE | PLACE_ELSEWHERE,
		  "(geo.src.country == \"NL\" && !proc.src.attr) || "
		  "(geo.dst.country == \"NL\" && !proc.dst.attr)" },
		{ GROUP_COUNTRY, "(none)", PLACE_REMOTE,
		  "!geo.country && !proc.table.pid" },
		{ GROUP_COUNTRY, "(none)", PLACE_REMOTE | PLACE_ELSEWHERE,
		  "(proc.src.attr && !geo.dst.country) || "
		  "(proc.dst.attr && !geo.src.country)" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_filter(&(struct row){ .name = cases[i].name,
					     .places = cases[i].places },
			      cases[i].group, cases[i].filter);
}

static void one_address_or_port_is_that_of_both_ends(void **state)
{
	struct row r = { .name = "mdns" };

	(void)state;
	r.flow_key.proto = UDP;
	r.flow_key.local_port = r.flow_key.remote_port = 5353;
	address_from_ipv4(r.flow_key.local, (const uint8_t[4]){ 127, 0, 0, 1 });
	memcpy(r.flow_key.remote, r.flow_key.local, sizeof(r.flow_key.remote));
	assert_filter(&r, GROUP_CONNECTION,
		      "ip.src#1 == 127.0.0.1 && ip.dst#1 == 127.0.0.1 && "
		      "udp.srcport == 5353 && udp.dstport == 5353 && !icmp");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_place_is_one_end_of_two),
		cmocka_unit_test(one_address_or_port_is_that_of_both_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
