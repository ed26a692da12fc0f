/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Filters, link types and lists of interfaces, with a ring of the test. */
#include "exact.h"

#include <errno.h>
#include <linux/filter.h>
#include <net/if.h>
#include <stdio.h>

#include "host/log.h"
#include "interface/links.h"
#include "packet/parse.h"
#include "interface/ring.h"
#include "interface/source.h"

/* ---- the ring ---- */

static int ring; /* never looked into */
static struct ring_options opened;
static struct sock_filter code[BPF_MAXINSNS];
static int open_err, resume_err;
static unsigned index_now = 7;
static const uint8_t *bytes;
static uint32_t bytes_len;
static bool is_down;
static uint32_t drops;

unsigned __wrap_if_nametoindex(const char *name);
unsigned __wrap_if_nametoindex(const char *name)
{
	return !strcmp(name, "any") || !strcmp(name, "usbmon1") ? 0 : 7;
}

unsigned __wrap_links_index(int fd, const char *name);
unsigned __wrap_links_index(int fd, const char *name)
{
	(void)fd;
	return strcmp(name, "usbmon1") ? index_now : 0;
}

uint32_t __wrap_links_drops(int fd, const char *name, uint32_t unknown);
uint32_t __wrap_links_drops(int fd, const char *name, uint32_t unknown)
{
	(void)fd;
	(void)name;
	(void)unknown;
	return drops;
}

int __wrap_ring_open(struct ring **out, const struct ring_options *o);
int __wrap_ring_open(struct ring **out, const struct ring_options *o)
{
	opened = *o;
	memcpy(code, o->filter.filter, o->filter.len * sizeof(*code));
	*out = (struct ring *)(void *)&ring;
	return open_err;
}

void __wrap_ring_close(struct ring *r);
void __wrap_ring_close(struct ring *r)
{
	(void)r;
}

int __wrap_ring_resume(struct ring *r, unsigned ifindex);
int __wrap_ring_resume(struct ring *r, unsigned ifindex)
{
	(void)r;
	assert_int_equal(ifindex, 9);
	return resume_err;
}

void __wrap_ring_stats(struct ring *r, uint64_t *received, uint64_t *dropped);
void __wrap_ring_stats(struct ring *r, uint64_t *received, uint64_t *dropped)
{
	(void)r;
	*received = 5;
	*dropped = 2;
}

uint64_t __wrap_ring_give_up(struct ring *r);
uint64_t __wrap_ring_give_up(struct ring *r)
{
	(void)r;
	return 6;
}

int __wrap_ring_read(struct ring *r,
		     void (*fn)(void *ctx, const struct source_packet *p),
		     void *ctx);
int __wrap_ring_read(struct ring *r,
		     void (*fn)(void *ctx, const struct source_packet *p),
		     void *ctx)
{
	struct source_packet p = { .data = bytes,
				   .caplen = bytes_len,
				   .len = bytes_len };

	(void)r;
	if (!bytes)
		return -ENODEV;
	fn(ctx, &p);
	return 1;
}

bool __wrap_ring_is_down(const struct ring *r);
bool __wrap_ring_is_down(const struct ring *r)
{
	(void)r;
	return is_down;
}

/* ---- tests ---- */

static int open_on(struct source **s, const char *device, const char *filter)
{
	const struct source_options o = { .device = device,
					  .label = device,
					  .filter = filter,
					  .snaplen = 1000,
					  .promiscuous = true };

	log_set_level(LOG_ERROR);
	*s = NULL;
	return source_open(s, &o);
}

/* Where the first such instruction loads from; -1: there is none. */
static long loads_from(uint16_t wanted)
{
	for (unsigned i = 0; i < opened.filter.len; i++)
		if (code[i].code == wanted)
			return code[i].k;
	return -1;
}

static void on_packet(void *ctx, const struct source_packet *p)
{
	(void)p;
	++*(int *)ctx;
}

static void a_filter_goes_to_the_kernel_as_it_is(void **state)
{
	struct source *s;
	int count = 0;

	(void)state;
	assert_int_equal(open_on(&s, "lo", "udp port 53"), 0);
	assert_int_equal(source_linktype(s), LINKTYPE_ETHERNET);
	assert_int_equal(loads_from(BPF_LD | BPF_H | BPF_ABS), 12);
	assert_int_equal(opened.header, LINK_HEADER_ETHERNET);
	assert_true(opened.is_loopback);
	assert_true(opened.promiscuous);
	/* It has filtered already: what comes is handed on. */
	bytes = (const uint8_t *)"";
	bytes_len = 1;
	assert_int_equal(source_read(s, on_packet, &count), 1);
	assert_int_equal(count, 1);
	source_close(s);
}

/* Of all interfaces it filters before the cooked header is there. */
static void a_filter_of_all_interfaces_knows_no_header(void **state)
{
	const long beside = (long)(uint32_t)SKF_AD_OFF;
	struct source *s;

	(void)state;
	assert_int_equal(open_on(&s, "any", "ip[9] == 6"), 0);
	assert_int_equal(source_linktype(s), LINKTYPE_LINUX_SLL2);
	assert_int_equal(opened.header, LINK_HEADER_SLL2);
	assert_int_equal(opened.ifindex, 0);
	assert_false(opened.promiscuous);
	assert_int_equal(loads_from(BPF_LD | BPF_H | BPF_ABS),
			 beside + SKF_AD_PROTOCOL);
	assert_int_equal(loads_from(BPF_LD | BPF_B | BPF_ABS), 9);
	source_close(s);
	assert_int_equal(open_on(&s, "any", "link[10] == 4"), 0);
	assert_int_equal(loads_from(BPF_LD | BPF_B | BPF_ABS),
			 beside + SKF_AD_PKTTYPE);
	source_close(s);
	/* The loopback's packets come once: its outgoing ones are dropped. */
	assert_int_equal(code[0].k, beside + SKF_AD_PKTTYPE);
	assert_int_equal(code[4].code, BPF_RET | BPF_K);
	assert_int_equal(code[4].k, 0);
}

/* What the kernel does not know beside a packet, we filter ourselves. */
static void what_the_kernel_cannot_ask_is_asked_here(void **state)
{
	uint8_t cooked[40] = { [12] = 0xaa };
	struct source *s;
	int count = 0;

	(void)state;
	assert_int_equal(open_on(&s, "any", "link[12] == 0xaa"), 0);
	assert_int_equal(opened.filter.len, 6); /* it takes all */
	bytes = cooked;
	bytes_len = sizeof(cooked);
	assert_int_equal(source_read(s, on_packet, &count), 1);
	assert_int_equal(count, 1);
	cooked[12] = 0xab;
	source_read(s, on_packet, &count);
	/* Also where the packet ends before that. */
	bytes_len = 5;
	source_read(s, on_packet, &count);
	assert_int_equal(count, 1);
	source_close(s);
}

/* One that is too long for the kernel and asks what only it knows. */
static void a_filter_nobody_can_apply_is_refused(void **state)
{
	static char text[20000];
	size_t at = 0;
	struct source *s;

	(void)state;
	at += (size_t)sprintf(text, "outbound and (udp[8]");
	for (int i = 0; i < 1000; i++)
		at += (size_t)sprintf(text + at, " + udp[%d]", 8 + i % 64);
	strcpy(text + at, ") > 0");
	assert_int_equal(open_on(&s, "eth0", text), -EINVAL);
	assert_null(s);
	memset(text, ' ', strlen("outbound and "));
	assert_int_equal(open_on(&s, "eth0", text), 0);
	source_close(s);
}

static void a_bad_filter_says_why(void **state)
{
	char why[64] = "";
	struct source *s;

	(void)state;
	assert_int_equal(open_on(&s, "lo", "port http or"), -EINVAL);
	assert_int_equal(source_check_filter("lo", "tcp port 80", why,
					     sizeof(why)),
			 0);
	assert_string_equal(why, "");
	assert_int_equal(source_check_filter("lo", "tcp prt 80", why,
					     sizeof(why)),
			 -EINVAL);
	assert_true(*why != '\0');
	assert_int_equal(source_check_filter("lo", "(", why, 4), -EINVAL);
	assert_true(strlen(why) < 4);
	assert_int_equal(source_check_filter("any", "link[0] == 1", why,
					     sizeof(why)),
			 0);
}

static void what_is_no_interface_is_not_opened(void **state)
{
	struct source *s;

	(void)state;
	assert_int_equal(open_on(&s, "usbmon1", NULL), -ENODEV);
	open_err = -EPERM;
	assert_int_equal(open_on(&s, "lo", NULL), -EPERM);
	open_err = -EACCES;
	assert_int_equal(open_on(&s, "lo", NULL), -EACCES);
	open_err = 0;
	assert_int_equal(source_list_linktypes("usbmon1"), -ENODEV);
}

static void one_that_vanished_may_come_back(void **state)
{
	struct source_stats stats;
	struct source *s;
	int count = 0;

	(void)state;
	drops = 100;
	assert_int_equal(open_on(&s, "eth0", NULL), 0);
	drops = 130;
	source_stats(s, &stats);
	assert_int_equal(stats.received, 5);
	assert_int_equal(stats.dropped, 2);
	assert_int_equal(stats.if_dropped, 30);
	bytes = NULL;
	assert_int_equal(source_read(s, on_packet, &count), -ENODEV);
	index_now = 0;
	assert_int_equal(source_resume(s), -ENODEV);
	index_now = 9;
	resume_err = -EPROTOTYPE;
	assert_int_equal(source_resume(s), -EPROTOTYPE);
	resume_err = 0;
	drops = 7; /* it counts anew */
	assert_int_equal(source_resume(s), 0);
	source_stats(s, &stats);
	assert_int_equal(stats.if_dropped, 0);
	assert_int_equal(source_give_up(s), 6);
	source_close(s);
	source_close(NULL);
}

static int said_down, said_up;

static void hear(const char *line)
{
	said_down += strstr(line, "eth0: the interface is down") != NULL;
	said_up += strstr(line, "eth0: the interface is up again") != NULL;
}

static void of_one_that_is_down_is_told_once(void **state)
{
	struct source *s;
	int count = 0;

	(void)state;
	bytes = (const uint8_t *)"";
	bytes_len = 1;
	assert_int_equal(open_on(&s, "eth0", NULL), 0);
	log_set_sink(hear, LOG_INFO);
	for (int i = 0; i < 12; i++) {
		is_down = i / 3 % 2;
		assert_int_equal(source_read(s, on_packet, &count), 1);
	}
	log_set_sink(NULL, LOG_ERROR);
	assert_int_equal(said_down, 2);
	assert_int_equal(said_up, 1);
	is_down = false;
	source_close(s);
}

static void count_device(void *ctx, const struct source_device *d)
{
	assert_string_not_equal(d->name, "usbmon1");
	++*(int *)ctx;
}

/* Of "-D" the numbers, unless an interface is called so. */
static void a_number_is_an_interface_of_the_list(void **state)
{
	int count = 0;

	(void)state;
	assert_int_equal(source_each(count_device, &count), 0);
	assert_true(count > 0);
	assert_null(source_numbered(""));
	assert_null(source_numbered("eth0"));
	assert_null(source_numbered("1x"));
	assert_null(source_numbered("-1"));
	assert_null(source_numbered("1")); /* as there is one, see above */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_filter_goes_to_the_kernel_as_it_is),
		cmocka_unit_test(a_filter_of_all_interfaces_knows_no_header),
		cmocka_unit_test(what_the_kernel_cannot_ask_is_asked_here),
		cmocka_unit_test(a_filter_nobody_can_apply_is_refused),
		cmocka_unit_test(a_bad_filter_says_why),
		cmocka_unit_test(what_is_no_interface_is_not_opened),
		cmocka_unit_test(one_that_vanished_may_come_back),
		cmocka_unit_test(of_one_that_is_down_is_told_once),
		cmocka_unit_test(a_number_is_an_interface_of_the_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
