/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "exact.h"
#include "interface/netlink.h"
#include "owner/local/tunnels.h"

/* From ..:9 to ..:1, as the receiver sees it. */
static struct flow_key outer(uint8_t proto)
{
	struct flow_key k = { .proto = proto };

	k.local[15] = 1;
	k.remote[15] = 9;
	return k;
}

static void a_tunnel_takes_what_its_ends_say(void **state)
{
	struct tunnels t = { .count = 1 };
	struct flow_key ipip = outer(IPPROTO_IPIP), gre = outer(IPPROTO_GRE);

	(void)state;
	assert_true(tunnels_take(&t, &ipip)); /* from anybody to any address */
	assert_false(tunnels_take(&t, &gre));
	t.tunnel[0].gre = true;
	assert_true(tunnels_take(&t, &gre));
	t.tunnel[0].local[15] = 2;
	assert_false(tunnels_take(&t, &gre));
	t.tunnel[0].local[15] = 1;
	t.tunnel[0].remote[15] = 8;
	assert_false(tunnels_take(&t, &gre));
	t.tunnel[0].remote[15] = 9;
	assert_true(tunnels_take(&t, &gre));
}

static void no_tunnel_takes_anything(void **state)
{
	struct tunnels t = { 0 };
	struct flow_key gre = outer(IPPROTO_GRE);
	int fd = netlink_open(NETLINK_ROUTE);

	(void)state;
	assert_false(tunnels_take(&t, &gre));
	assert_int_equal(tunnels_read(&t, fd), 0);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tunnel_takes_what_its_ends_say),
		cmocka_unit_test(no_tunnel_takes_anything),
	};

	return cmocka_run_group_tests_name("tunnels", tests, NULL, NULL);
}
