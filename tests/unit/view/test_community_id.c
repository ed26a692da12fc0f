/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>

#include "exact.h"
#include "packet/parse.h"
#include "view/flows/community_id.h"

static struct flow_key key(uint8_t proto, const char *local, uint16_t from,
			   const char *remote, uint16_t to)
{
	struct flow_key k = { .proto = proto,
			      .local_port = from,
			      .remote_port = to };
	uint8_t v4[2][4];

	if (strchr(local, ':')) {
		assert_int_equal(inet_pton(AF_INET6, local, k.local), 1);
		assert_int_equal(inet_pton(AF_INET6, remote, k.remote), 1);
		return k;
	}
	assert_int_equal(inet_pton(AF_INET, local, v4[0]), 1);
	assert_int_equal(inet_pton(AF_INET, remote, v4[1]), 1);
	address_from_ipv4(k.local, v4[0]);
	address_from_ipv4(k.remote, v4[1]);
	return k;
}

/* From the baseline of github.com/corelight/community-id-spec. */
static void it_is_what_others_compute(void **state)
{
	static const struct {
		uint8_t proto;
		const char *local, *remote;
		uint16_t from, to;
		const char *id;
	} known[] = {
		{ 6, "128.232.110.120", "66.35.250.204", 34855, 80,
		  "1:LQU9qZlK+B5F3KDmev6m5PMibrg=" },
		{ 17, "192.168.1.52", "8.8.8.8", 54585, 53,
		  "1:d/FP5EW3wiY1vCndhwleRRKHowQ=" },
	};
	char out[COMMUNITY_ID_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		struct flow_key k = key(known[i].proto, known[i].local,
					known[i].from, known[i].remote,
					known[i].to);

		assert_true(community_id(&k, out));
		assert_string_equal(out, known[i].id);
		k = flow_reversed(&k);
		assert_true(community_id(&k, out));
		assert_string_equal(out, known[i].id);
	}
}

static void what_has_no_ports_has_none(void **state)
{
	struct flow_key k = key(1, "192.0.2.1", 7, "192.0.2.2", FLOW_ECHO_ASKS);
	char out[COMMUNITY_ID_SIZE];

	(void)state;
	assert_false(community_id(&k, out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_what_others_compute),
		cmocka_unit_test(what_has_no_ports_has_none),
	};

	return cmocka_run_group_tests_name("community_id", tests, NULL, NULL);
}
