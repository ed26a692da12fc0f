/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Without memory, and with a kernel that takes little or refuses: what is
 * opened fails whole, and leaves neither memory nor a descriptor behind.
 * The linker puts our functions before those of the C library (--wrap).
 */
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "options.h"
#include "output/country_cache.h"
#include "output/packet_options.h"
#include "output/pcapng/pcapng_writer.h"
#include "owner/flowtab/flowtab.h"
#include "owner/local/local.h"
#include "owner/nat/nat.h"
#include "owner/packets/packettab.h"
#include "owner/resolve/resolve.h"
#include "packet/queue.h"
#include "process/hasher.h"
#include "process/proctab.h"
#include "process/records/kept_record.h"
#include "view/flows/actors.h"
#include "view/flows/flows.h"
#include "view/rows/table.h"
#include "wireshark/toolbar.h"

/* ---- memory ---- */

static long until_failure = -1; /* allocations; -1: none fails */
static long held;		/* allocations that are not freed */
static bool is_counted;

static bool fails(void)
{
	return until_failure >= 0 && !until_failure--;
}

static void *count(void *p)
{
	held += is_counted && p;
	return p;
}

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
char *__real_strdup(const char *s);
void __real_free(void *p);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *s);
void __wrap_free(void *p);

void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : count(__real_malloc(n));
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : count(__real_calloc(n, size));
}

void *__wrap_realloc(void *p, size_t n)
{
	if (fails())
		return NULL;
	return p ? __real_realloc(p, n) : count(__real_realloc(p, n));
}

char *__wrap_strdup(const char *s)
{
	return fails() ? NULL : count(__real_strdup(s));
}

void __wrap_free(void *p)
{
	held -= is_counted && p;
	__real_free(p);
}

static int open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/*
 * @make opens and closes; it says whether it could.  Each allocation in it
 * fails once, until none does.
 */
static void fail_each(const char *what, bool (*make)(void))
{
	int files = open_files();

	for (long n = 0; n < 10000; n++) {
		bool done;

		held = 0;
		is_counted = true;
		until_failure = n;
		done = make();
		is_counted = false;
		if (open_files() != files)
			fail_msg("%s leaves a descriptor, %ld", what, n);
		if (held)
			fail_msg("%s leaves memory, %ld", what, n);
		if (until_failure >= 0) { /* there were fewer */
			until_failure = -1;
			assert_true(done);
			assert_true(n > 0);
			return;
		}
		until_failure = -1;
		if (done)
			fail_msg("%s does without, %ld", what, n);
	}
	fail_msg("%s never succeeds", what);
}

#define MAKE(name, type, new, free)    \
	static bool make_##name(void)  \
	{                              \
		type *t = new;         \
		bool done = t != NULL; \
                                       \
		free(t);               \
		return done;           \
	}

MAKE(actors, struct actors, actors_new(16), actors_free)
MAKE(flowtab, struct flowtab, flowtab_new(16), flowtab_free)
MAKE(nat, struct nat, nat_new(16), nat_free)
MAKE(options, struct packet_options, packet_options_new(true, false),
     packet_options_free)
MAKE(packettab, struct packettab, packettab_new(), packettab_free)
MAKE(proctab, struct proctab,
     proctab_new(&(struct proctab_options){ .proc_fd = -1 }), proctab_free)
MAKE(resolver, struct resolver, resolver_new(NULL, NULL, NULL, NULL, 1),
     resolver_free)
MAKE(table, struct table, table_new(), table_free)

static size_t encode_user(uint8_t out[PROCESS_MAX], const char *user)
{
	struct process p = { .pid = 7,
			     .has = 1ull << FIELD_PID | 1ull << FIELD_USER };
	int len;

	strcpy(p.user, user);
	len = process_encode(&p, out, PROCESS_MAX);
	assert_true(len > 0);
	return (size_t)len;
}

/* Without memory for another it keeps the one that it has. */
static bool make_kept_record(void)
{
	uint8_t record[PROCESS_MAX], kept[PROCESS_MAX];
	size_t len = encode_user(record, "first");
	struct rests *t = rests_new();
	struct kept_record r = { 0 };
	bool has_one = t && kept_record_set(t, &r, record, len), done = false;

	if (has_one) {
		size_t other = encode_user(kept, "second");

		done = kept_record_set(t, &r, kept, other);
		if (!done) {
			assert_int_equal(kept_record_copy(&r, kept), len);
			assert_memory_equal(kept, record, len);
		}
	}
	kept_record_drop(&r);
	rests_free(t);
	return done;
}

static bool make_local(void)
{
	struct local *l = NULL;
	int err = local_open(&l);

	local_close(l);
	return !err;
}

static bool make_toolbar(void)
{
	struct toolbar *t = NULL;
	int err = toolbar_open(&t, "/dev/null", "/dev/null", LOG_ERROR);

	toolbar_close(t);
	return !err;
}

static bool make_writer(void)
{
	struct pcapng_writer *w = NULL;
	int err = pcapng_writer_take(&w, open("/dev/null", O_WRONLY));

	pcapng_writer_close(w);
	return !err;
}

static void nothing_is_left_without_memory(void **state)
{
	(void)state;
	fail_each("actors", make_actors);
	fail_each("flowtab", make_flowtab);
	fail_each("nat", make_nat);
	fail_each("packet_options", make_options);
	fail_each("packettab", make_packettab);
	fail_each("proctab", make_proctab);
	fail_each("resolver", make_resolver);
	fail_each("table", make_table);
	fail_each("kept_record", make_kept_record);
	fail_each("local", make_local);
	fail_each("toolbar", make_toolbar);
	fail_each("pcapng_writer", make_writer);
}

static void a_list_of_options_says_that_memory_is_short(void **state)
{
	char *argv[] = { "pktwho", "--proc", "a,b", NULL };
	struct options o;

	(void)state;
	until_failure = 0;
	assert_int_equal(options_parse(&o, 3, argv), -ENOMEM);
	until_failure = -1;
	assert_int_equal(options_parse(&o, 3, argv), 0);
}

/* ---- write() ---- */

static size_t write_at_most;	    /* bytes a call; 0: as many as asked */
static int write_interrupts;	    /* calls that a signal interrupts */
static long write_fails_after = -1; /* calls; -1: never */
static int write_error = EIO;

ssize_t __real_write(int fd, const void *buf, size_t n);
ssize_t __wrap_write(int fd, const void *buf, size_t n);

ssize_t __wrap_write(int fd, const void *buf, size_t n)
{
	if (write_interrupts && write_interrupts--) {
		errno = EINTR;
		return -1;
	}
	if (write_fails_after >= 0 && !write_fails_after--) {
		errno = write_error;
		write_fails_after = 0;
		return -1;
	}
	return __real_write(fd, buf,
			    write_at_most && n > write_at_most ? write_at_most :
								 n);
}

static bool truncate_fails;

int __real_ftruncate(int fd, off_t size);
int __wrap_ftruncate(int fd, off_t size);

int __wrap_ftruncate(int fd, off_t size)
{
	if (!truncate_fails)
		return __real_ftruncate(fd, size);
	errno = EDQUOT;
	return -1;
}

/* A section and ten packets; @endures: there is room again at the end. */
static int write_packets(const char *name, bool endures)
{
	const uint8_t data[61] = { 1, 2, 3 };
	struct pcapng_interface lo = { .name = "lo", .linktype = 1 };
	struct pcapng_packet p = { .caplen = 61, .len = 61, .data = data };
	struct pcapng_writer *w;
	char path[64];

	snprintf(path, sizeof(path), "%s/%s", tree_path, name);
	assert_int_equal(pcapng_writer_take(&w, pcapng_output_open(path)), 0);
	if (endures)
		pcapng_writer_endure(w);
	pcapng_writer_section(w, "hw", "os", "app", NULL);
	pcapng_writer_interface(w, &lo);
	for (int i = 0; i < 10; i++) {
		p.ts_ns = (uint64_t)i;
		pcapng_writer_packet(w, &p);
		pcapng_writer_flush(w);
	}
	if (endures) {
		assert_int_equal(pcapng_writer_full(w), -EDQUOT);
		write_fails_after = -1;
	}
	return pcapng_writer_close(w);
}

/* What it says when it is closed. */
static int write_file(const char *name)
{
	return write_packets(name, false);
}

static size_t read_file(const char *name, uint8_t *buf, size_t size)
{
	int fd = openat(tree_fd, name, O_RDONLY);
	ssize_t n = read(fd, buf, size);

	assert_true(n >= 0);
	close(fd);
	return (size_t)n;
}

static void little_by_little_is_the_same_file(void **state)
{
	static uint8_t whole[4096], parts[4096];
	size_t size;

	(void)state;
	assert_int_equal(write_file("whole"), 0);
	size = read_file("whole", whole, sizeof(whole));
	assert_in_range(size, 1000, sizeof(whole) - 1);
	for (write_at_most = 1; write_at_most < 130; write_at_most += 7) {
		write_interrupts = 3;
		assert_int_equal(write_file("parts"), 0);
		assert_int_equal(read_file("parts", parts, sizeof(parts)),
				 size);
		assert_memory_equal(parts, whole, size);
	}
	write_at_most = 0;
}

static void a_failure_ends_the_file_at_a_block(void **state)
{
	static uint8_t buf[4096];

	(void)state;
	write_at_most = 50;
	for (long n = 0; n < 20; n++) {
		size_t size, at = 0;

		write_fails_after = n;
		assert_int_equal(write_file("cut"), -EIO);
		write_fails_after = -1;
		size = read_file("cut", buf, sizeof(buf));
		while (at < size) {
			assert_true(size - at >= 12);
			at += buf[at + 4] | (size_t)buf[at + 5] << 8;
		}
		assert_int_equal(at, size);
	}
	write_at_most = 0;
}

/* btrfs, once a quota is reached: half a block stays until there is room. */
static void what_cannot_be_cut_off_is_written_over(void **state)
{
	static uint8_t whole[4096], parts[4096];
	size_t size;

	(void)state;
	assert_int_equal(write_file("whole"), 0);
	size = read_file("whole", whole, sizeof(whole));
	write_at_most = 50;
	write_error = EDQUOT;
	for (long n = 0; n < 20; n++) {
		unlinkat(tree_fd, "parts", 0);
		truncate_fails = n % 2;
		write_fails_after = n;
		assert_int_equal(write_packets("parts", true), 0);
		truncate_fails = false;
		assert_int_equal(read_file("parts", parts, sizeof(parts)),
				 size);
		assert_memory_equal(parts, whole, size);
	}
	write_at_most = 0;
	write_error = EIO;
}

/* ---- netlink ---- */

static int recv_error; /* of the next one; 0: none */

ssize_t __real_recv(int fd, void *buf, size_t n, int flags);
ssize_t __wrap_recv(int fd, void *buf, size_t n, int flags);

ssize_t __wrap_recv(int fd, void *buf, size_t n, int flags)
{
	if (!recv_error || flags & MSG_DONTWAIT)
		return __real_recv(fd, buf, n, flags);
	errno = recv_error;
	recv_error = 0;
	return -1;
}

/* An address of this host that is not known without asking; false: none. */
static bool find_address(uint8_t out[16])
{
	struct ifaddrs *all, *a;
	bool found = false;

	assert_int_equal(getifaddrs(&all), 0);
	for (a = all; a && !found; a = a->ifa_next) {
		found = a->ifa_addr && a->ifa_addr->sa_family == AF_INET6;
		if (found)
			memcpy(out,
			       &((struct sockaddr_in6 *)(void *)a->ifa_addr)
					->sin6_addr,
			       16);
	}
	freeifaddrs(all);
	return found;
}

static void addresses_are_known_where_tunnels_are_not(void **state)
{
	uint8_t own[16];
	struct local *l;

	(void)state;
	if (!find_address(own))
		skip();
	for (int i = 0; i < 2; i++) {
		recv_error = i ? ENOMEM : EAGAIN; /* of the tunnels */
		assert_int_equal(local_open(&l), 0);
		local_refresh(l);
		local_catch_up(l);
		assert_true(local_has(l, own));
		local_close(l);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_left_without_memory),
		cmocka_unit_test(a_list_of_options_says_that_memory_is_short),
		tree_test(little_by_little_is_the_same_file),
		tree_test(a_failure_ends_the_file_at_a_block),
		tree_test(what_cannot_be_cut_off_is_written_over),
		cmocka_unit_test(addresses_are_known_where_tunnels_are_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
