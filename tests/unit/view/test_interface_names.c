/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the devices behind `any` are called. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "exact.h"
#include "interface/devices.h"
#include "owner/owned_packet.h"
#include "view/flows/interface_names.h"

#define SLL2 276

static struct device device; /* the one there is, if it has a number */
static unsigned urgent;	     /* looks */

unsigned __wrap_devices_refresh(struct devices *d, bool is_urgent);
unsigned __wrap_devices_refresh(struct devices *d, bool is_urgent)
{
	(void)d;
	urgent += is_urgent;
	return 0;
}

const struct device *__wrap_devices_find(const struct devices *d,
					 unsigned index);
const struct device *__wrap_devices_find(const struct devices *d,
					 unsigned index)
{
	(void)d;
	return index == device.index ? &device : NULL;
}

static const char *const captured[] = { "any", "blue/any", "eth7" };
static struct devices *const devices[] = { (struct devices *)&device,
					   (struct devices *)&device, NULL };

static const char *name_of(struct interface_names *n, uint32_t capture,
			   uint16_t linktype, uint8_t index)
{
	const uint8_t data[20] = { 8, 0, 0, 0, 0, 0, 0, index };
	struct frame f = { .interface = capture, .caplen = sizeof(data) };
	const struct owned_packet p = { .frame = &f,
					.data = data,
					.linktype = linktype };

	return interface_names_all(n)[interface_names_number(n, &p)];
}

static void a_device_has_its_name(void **state)
{
	struct interface_names *n = interface_names_new(captured, 3, devices);

	(void)state;
	device = (struct device){ .index = 2, .name = "eth0" };
	assert_string_equal(name_of(n, 0, SLL2, 2), "eth0");
	assert_string_equal(name_of(n, 1, SLL2, 2), "blue/eth0");
	assert_string_equal(name_of(n, 0, SLL2, 2), "eth0");
	assert_string_equal(name_of(n, 2, SLL2, 2), "eth7");
	assert_string_equal(name_of(n, 0, 1, 2), "any"); /* Ethernet */
	assert_int_equal(urgent, 0);
	assert_string_equal(name_of(n, 0, SLL2, 3), "any"); /* gone */
	assert_int_equal(urgent, 1);
	interface_names_free(n);
}

static void a_number_may_be_anothers(void **state)
{
	struct interface_names *n = interface_names_new(captured, 3, devices);
	const char *before;

	(void)state;
	device = (struct device){ .index = 2, .name = "eth0" };
	before = name_of(n, 0, SLL2, 2);
	strcpy(device.name, "wg0");
	assert_string_equal(name_of(n, 0, SLL2, 2), "wg0");
	assert_string_equal(before, "eth0");
	interface_names_free(n);
}

static void of_very_many_the_last_are_any(void **state)
{
	struct interface_names *n = interface_names_new(captured, 3, devices);

	(void)state;
	device = (struct device){ .index = 2 };
	for (int i = 0; i < 1024; i++) {
		snprintf(device.name, sizeof(device.name), "veth%d", i);
		assert_string_equal(name_of(n, 0, SLL2, 2), device.name);
	}
	strcpy(device.name, "eth0");
	assert_string_equal(name_of(n, 0, SLL2, 2), "any");
	strcpy(device.name, "veth1023");
	assert_string_equal(name_of(n, 0, SLL2, 2), "veth1023");
	interface_names_free(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_has_its_name),
		cmocka_unit_test(a_number_may_be_anothers),
		cmocka_unit_test(of_very_many_the_last_are_any),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
