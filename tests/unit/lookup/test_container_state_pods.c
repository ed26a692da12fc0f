/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The cache that libcni keeps for whoever sets a pod's network up. */
#include "tree.h"

#include "lookup/container_state.h"

#define CACHE(name) POD_ADDRESSES "/" name
#define ARGS(space, name)                         \
	"\"cniArgs\":[[\"IgnoreUnknown\",\"1\"]," \
	"[\"K8S_POD_NAMESPACE\",\"" space "\"],"  \
	"[\"K8S_POD_NAME\",\"" name "\"]]"
#define IPS(ips) "\"result\":{\"cniVersion\":\"1.0.0\",\"ips\":[" ips "]}"

static struct pod_address found[8];

static size_t read_all(void)
{
	memset(found, 'x', sizeof(found));
	return container_state_pods(tree_fd, 0, found, 8);
}

static void a_pod_may_have_two_addresses(void **state)
{
	static const uint8_t v4[16] = { [10] = 0xff, 0xff, 10, 244, 0, 5 };
	static const uint8_t v6[16] = { 0x20, 1, 0xd, 0xb8, [15] = 5 };

	(void)state;
	assert_int_equal(read_all(), 0);
	tree_text(CACHE("cbr0-aa-eth0"),
		  "{\"kind\":\"cniCacheV1\"," ARGS("fruit", "shop-0") "," IPS(
			  "{\"address\":\"10.244.0.5/24\"},"
			  "{\"address\":\"2001:db8::5/64\"}") "}");
	assert_int_equal(read_all(), 2);
	assert_memory_equal(found[0].addr, v4, 16);
	assert_memory_equal(found[1].addr, v6, 16);
	assert_string_equal(found[0].name, "fruit/shop-0");
	assert_string_equal(found[1].name, "fruit/shop-0");
	assert_int_equal(container_state_pods(tree_fd, 1, found, 8), 1);
	assert_memory_equal(found[0].addr, v6, 16);
	assert_int_equal(container_state_pods(tree_fd, 2, found, 8), 0);
	assert_int_equal(container_state_pods(tree_fd, 0, found, 1), 1);
}

/* podman's networks are there, too, and whatever else. */
static void what_is_no_pods_is_left_out(void **state)
{
	static const char *const files[] = {
		"",
		"[",
		"[]",
		"7",
		"{}",
		"{" ARGS("a", "b") "}",
		"{" IPS("{\"address\":\"10.0.0.1/8\"}") "}",
		"{\"cniArgs\":7," IPS("{\"address\":\"10.0.0.1/8\"}") "}",
		"{\"cniArgs\":[7,[],[1,2]]," IPS(
			"{\"address\":\"10.0.0.1\"}") "}",
		"{" ARGS("a", "") "," IPS("{\"address\":\"10.0.0.1/8\"}") "}",
		"{" ARGS("a",
			 "b/c") "," IPS("{\"address\":\"10.0.0.1/8\"}") "}",
		"{" ARGS("a", "\\u001b[31m") "," IPS(
			"{\"address\":\"10.0.0.1/8\"}") "}",
		"{" ARGS("a", "b") "," IPS("7,{},{\"address\":7}") "}",
		"{" ARGS("a", "b") "," IPS("{\"address\":\"10.0.0/8\"},"
					   "{\"address\":\"\"}") "}",
		"{" ARGS("a", "b") ",\"result\":{\"ips\":{}}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		tree_text(CACHE("x"), files[i]);
		if (read_all())
			fail_msg("%s", files[i]);
	}
	unlinkat(tree_fd, CACHE("x"), 0);
	assert_int_equal(mkfifoat(tree_fd, CACHE("x"), 0600), 0);
	assert_int_equal(read_all(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(a_pod_may_have_two_addresses),
		tree_test(what_is_no_pods_is_left_out),
	};

	return cmocka_run_group_tests_name("container_state_pods", tests, NULL,
					   NULL);
}
