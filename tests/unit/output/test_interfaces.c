/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The devices behind `any`, as they come and go. */
#include "exact.h"

#include <errno.h>
#include <net/if_arp.h>
#include <time.h>

#include "output/interfaces.h"
#include "interface/devices.h"

static struct device there[3]; /* index 0: no more of them */
static struct devices *const devices[] = { (void *)&there, (void *)&there };
static unsigned changes = 5;
static uint64_t now_ns = 1000000000;
static char described[4][64];
static uint8_t described_mac[6];
static unsigned descriptions;
static struct pcapng_statistics told[8];
static unsigned tellings;
static int refusal;

unsigned __wrap_devices_refresh(struct devices *d, bool urgent);
unsigned __wrap_devices_refresh(struct devices *d, bool urgent)
{
	(void)d;
	(void)urgent;
	return changes;
}

const struct device *__wrap_devices_find(const struct devices *d,
					 unsigned index);
const struct device *__wrap_devices_find(const struct devices *d,
					 unsigned index)
{
	(void)d;
	for (int i = 0; i < 3; i++)
		if (there[i].index == index)
			return &there[i];
	return NULL;
}

static const struct device *passed;

const struct device *__wrap_devices_passed(struct devices *d, unsigned index);
const struct device *__wrap_devices_passed(struct devices *d, unsigned index)
{
	(void)d;
	return passed && passed->index == index ? passed : NULL;
}

const struct device *__wrap_devices_at(const struct devices *d, unsigned n);
const struct device *__wrap_devices_at(const struct devices *d, unsigned n)
{
	(void)d;
	return n < 3 && there[n].index ? &there[n] : NULL;
}

int __wrap_pcapng_writer_interface(struct pcapng_writer *w,
				   const struct pcapng_interface *i);
int __wrap_pcapng_writer_interface(struct pcapng_writer *w,
				   const struct pcapng_interface *i)
{
	(void)w;
	if (refusal)
		return refusal;
	assert_string_equal(i->filter, "tcp");
	strcpy(described[descriptions++], i->name);
	memcpy(described_mac, i->mac, 6);
	return 0;
}

int __wrap_pcapng_writer_statistics(struct pcapng_writer *w,
				    const struct pcapng_statistics *s);
int __wrap_pcapng_writer_statistics(struct pcapng_writer *w,
				    const struct pcapng_statistics *s)
{
	(void)w;
	if (refusal)
		return refusal;
	told[tellings++] = *s;
	return 0;
}

uint64_t __wrap_clock_ns(int clock);
uint64_t __wrap_clock_ns(int clock)
{
	return clock == CLOCK_REALTIME ? 77 : now_ns;
}

static struct pcapng_interface any = { .name = "any", .filter = "tcp" };
static struct interfaces s;

static int begin(void **state)
{
	(void)state;
	memset(&s, 0, sizeof(s));
	memset(there, 0, sizeof(there));
	descriptions = tellings = 0;
	refusal = 0;
	any.name = "any";
	there[0] = (struct device){ 1,	   "lo",  true, ARPHRD_LOOPBACK,
				    { 0 }, { 0 }, { 0 } };
	there[1] = (struct device){ 7,	      "eth0", true, ARPHRD_ETHER,
				    { 2, 7 }, { 0 },  { 0 } };
	there[2] = (struct device){ 8,	   "down0", false, ARPHRD_ETHER,
				    { 0 }, { 0 },   { 0 } };
	s.devices = devices;
	interfaces_begin(&s, 2);
	return 0;
}

static uint32_t number_of(unsigned index)
{
	int err = -EIO;
	struct interface_of_device *one = interfaces_take(&s, NULL, &any, 0,
							  index, &err);

	assert_int_equal(err, 0);
	if (!one)
		return 0;
	one->packets++;
	return interfaces_number(&s, one);
}

static void each_has_a_number(void **state)
{
	(void)state;
	assert_int_equal(interfaces_take_all(&s, NULL, &any, 0), 0);
	assert_int_equal(descriptions, 2);
	assert_string_equal(described[0], "lo");
	assert_string_equal(described[1], "eth0");
	assert_int_equal(described_mac[1], 7);
	assert_int_equal(number_of(7), 3);
	assert_int_equal(number_of(1), 2);
	assert_int_equal(number_of(7), 3);
	assert_int_equal(descriptions, 2);
	/* One that comes up later, one that nobody knows, and none. */
	assert_false(interfaces_have(&s, 0, 8));
	assert_int_equal(number_of(8), 4);
	assert_true(interfaces_have(&s, 0, 8));
	assert_string_equal(described[2], "down0");
	assert_int_equal(number_of(9), 0);
	assert_int_equal(number_of(0), 0);
	/* In the next file all begins anew. */
	interfaces_begin(&s, 1);
	assert_int_equal(number_of(7), 1);
}

static void names_are_of_their_namespace(void **state)
{
	(void)state;
	any.name = "blue/any";
	number_of(7);
	assert_string_equal(described[0], "blue/eth0");
}

static void watch(void)
{
	now_ns += 100000000;
	interfaces_watch(&s, NULL, 5);
}

static void one_that_goes_is_told_of_once(void **state)
{
	(void)state;
	interfaces_take_all(&s, NULL, &any, 0);
	number_of(7);
	watch();
	there[1].index = 0;
	watch();
	assert_int_equal(tellings, 0); /* nobody has said so yet */
	changes++;
	refusal = -EAGAIN;
	watch();
	refusal = 0;
	watch();
	watch();
	assert_int_equal(tellings, 1);
	assert_int_equal(told[0].interface, 3);
	assert_int_equal(told[0].delivered, 1);
	assert_int_equal(told[0].start_ns, 5);
	assert_int_equal(told[0].end_ns, 77);
	assert_true(told[0].delivered_only);
	assert_string_equal(told[0].comment, "the interface is gone");
	/* What had waited is still its own; another of that name is not it. */
	assert_int_equal(number_of(7), 3);
	there[1].index = 9;
	assert_int_equal(number_of(9), 4);
	assert_int_equal(interfaces_end(&s, NULL, 5), 0);
	assert_int_equal(tellings, 4);
	assert_int_equal(told[2].delivered, 2);
	assert_string_equal(told[2].comment, "the interface is gone");
	assert_null(told[1].comment);
	assert_null(told[3].comment);
}

static void one_that_has_gone_already_has_its_name(void **state)
{
	static const struct device veth = { .index = 20, .name = "veth20" };

	(void)state;
	changes++;
	watch();
	passed = &veth;
	assert_int_equal(number_of(20), 2);
	passed = NULL;
	assert_string_equal(described[0], "veth20");
	watch();
	assert_int_equal(tellings, 1);
	assert_string_equal(told[0].comment, "the interface is gone");
	assert_int_equal(number_of(20), 2);
}

static void another_name_is_another_interface(void **state)
{
	(void)state;
	interfaces_take_all(&s, NULL, &any, 0);
	strcpy(there[1].name, "wan0");
	changes++;
	watch();
	assert_int_equal(tellings, 1);
	assert_int_equal(number_of(7), 4);
	assert_string_equal(described[2], "wan0");
}

static void what_cannot_be_written_is_said(void **state)
{
	int err = 0;

	(void)state;
	refusal = -EAGAIN;
	assert_null(interfaces_take(&s, NULL, &any, 0, 7, &err));
	assert_int_equal(err, -EAGAIN);
	assert_int_equal(interfaces_take_all(&s, NULL, &any, 0), -EAGAIN);
	refusal = 0;
	assert_int_equal(number_of(7), 2);
	refusal = -EIO;
	assert_int_equal(interfaces_end(&s, NULL, 5), -EIO);
}

static void without_devices_all_are_any(void **state)
{
	(void)state;
	s.devices = NULL;
	assert_int_equal(interfaces_take_all(&s, NULL, &any, 0), 0);
	assert_int_equal(number_of(7), 0);
	assert_true(interfaces_have(&s, 0, 7));
	watch();
	assert_int_equal(interfaces_end(&s, NULL, 5), 0);
	assert_int_equal(tellings + descriptions, 0);
}

#define interfaces_test(f) cmocka_unit_test_setup(f, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		interfaces_test(each_has_a_number),
		interfaces_test(names_are_of_their_namespace),
		interfaces_test(one_that_goes_is_told_of_once),
		interfaces_test(another_name_is_another_interface),
		interfaces_test(what_cannot_be_written_is_said),
		interfaces_test(without_devices_all_are_any),
		interfaces_test(one_that_has_gone_already_has_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
