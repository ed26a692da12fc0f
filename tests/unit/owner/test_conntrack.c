/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/clocks.h"
#include "lookup/lookup.h"
#include "owner/nat/conntrack.h"
#include "owner/nat/nat.h"
#include "packet/parse.h"

#define SEC 1000000000ull

static uint64_t now;
static int kernel;	    /* its end of the events */
static bool overrun;	    /* the next read finds events lost */
static uint8_t answer[512]; /* of who is asked for all */
static size_t answer_len;
static int answer_err;
static int asked;

uint64_t __wrap_clock_ns(clockid_t clock);
uint64_t __wrap_clock_ns(clockid_t clock)
{
	(void)clock;
	return now;
}

/* What the sysctls say: how many there are, and whether events are told. */
static char count = '1';
static int count_fd;

int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	int fd = dup(STDERR_FILENO);

	(void)flags;
	if (strstr(path, "count"))
		count_fd = fd;
	return fd;
}

ssize_t __wrap_pread(int fd, void *buf, size_t size, off_t at);
ssize_t __wrap_pread(int fd, void *buf, size_t size, off_t at)
{
	assert_int_equal(size, 1);
	assert_int_equal(at, 0);
	*(char *)buf = fd == count_fd ? count : '1';
	return 1;
}

/* The filter that it gets runs here, too. */
int __wrap_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol)
{
	int fds[2];

	(void)type;
	assert_int_equal(domain, AF_NETLINK);
	assert_int_equal(protocol, NETLINK_NETFILTER);
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0,
				    fds),
			 0);
	kernel = fds[0];
	return fds[1];
}

int __wrap_bind(int fd, const struct sockaddr *a, socklen_t len);
int __wrap_bind(int fd, const struct sockaddr *a, socklen_t len)
{
	(void)fd;
	(void)len;
	assert_int_equal(a->sa_family, AF_NETLINK);
	return 0;
}

int __wrap_connect(int fd, const struct sockaddr *a, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *a, socklen_t len)
{
	return __wrap_bind(fd, a, len);
}

ssize_t __real_recv(int fd, void *buf, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags)
{
	if (!overrun)
		return __real_recv(fd, buf, len, flags);
	overrun = false;
	errno = ENOBUFS;
	return -1;
}

int __wrap_lookup_translations(
	struct lookup *l, unsigned namespace, uint32_t status,
	int (*take)(void *ctx, const void *bytes, size_t len), void *ctx);
int __wrap_lookup_translations(
	struct lookup *l, unsigned namespace, uint32_t status,
	int (*take)(void *ctx, const void *bytes, size_t len), void *ctx)
{
	(void)l;
	assert_int_equal(namespace, 3);
	asked++;
	if (answer_err)
		return answer_err;
	return status == IPS_SRC_NAT && answer_len ?
		       take(ctx, answer, answer_len) :
		       0;
}

/* ---- messages as ctnetlink makes them ---- */

struct message {
	size_t len;
	_Alignas(8) uint8_t bytes[512];
};

static void put(struct message *m, uint16_t type, const void *value, size_t len)
{
	struct nlattr a = { (uint16_t)(NLA_HDRLEN + len), type };

	memcpy(m->bytes + m->len, &a, sizeof(a));
	if (len)
		memcpy(m->bytes + m->len + NLA_HDRLEN, value, len);
	m->len += NLA_ALIGN(a.nla_len);
}

static size_t begin(struct message *m, uint16_t type)
{
	size_t at = m->len;

	put(m, type | NLA_F_NESTED, NULL, 0);
	return at;
}

static void end(struct message *m, size_t at)
{
	uint16_t len = (uint16_t)(m->len - at);

	memcpy(m->bytes + at, &len, sizeof(len));
}

static void put_port(struct message *m, uint16_t type, uint16_t port)
{
	uint16_t value = htons(port);

	put(m, type, &value, sizeof(value));
}

/* Of 10.0.0.@from to 10.0.0.@to. */
static void put_tuple(struct message *m, uint16_t kind, uint8_t from,
		      uint16_t port, uint8_t to, uint16_t remote)
{
	size_t tuple = begin(m, kind), part = begin(m, CTA_TUPLE_IP);
	uint8_t proto = IPPROTO_UDP;

	put(m, CTA_IP_V4_SRC, (const uint8_t[4]){ 10, 0, 0, from }, 4);
	put(m, CTA_IP_V4_DST, (const uint8_t[4]){ 10, 0, 0, to }, 4);
	end(m, part);
	part = begin(m, CTA_TUPLE_PROTO);
	put(m, CTA_PROTO_NUM, &proto, 1);
	put_port(m, CTA_PROTO_SRC_PORT, port);
	put_port(m, CTA_PROTO_DST_PORT, remote);
	end(m, part);
	end(m, tuple);
}

/* 1 asks 2 for @port as 9; status last, as the kernel's filter must find it. */
static struct message entry(uint16_t kind, uint16_t port, uint32_t status)
{
	struct message m = { .len = NLMSG_HDRLEN + sizeof(struct nfgenmsg) };
	struct nlmsghdr header = { .nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 |
						 kind };
	uint32_t value = htonl(status);

	put_tuple(&m, CTA_TUPLE_ORIG, 1, port, 2, 53);
	put_tuple(&m, CTA_TUPLE_REPLY, 2, 53, status ? 9 : 1, port);
	put(&m, CTA_STATUS, &value, sizeof(value));
	header.nlmsg_len = (uint32_t)m.len;
	memcpy(m.bytes, &header, sizeof(header));
	return m;
}

static void tell(uint16_t kind, uint16_t port, uint32_t status)
{
	struct message m = entry(kind, port, status);

	/* What the filter drops is sent, as far as the sender knows. */
	assert_int_equal(send(kernel, m.bytes, m.len, 0), m.len);
}

static void answers(uint16_t port)
{
	struct message m = entry(IPCTNL_MSG_CT_NEW, port, IPS_SRC_NAT);

	memcpy(answer, m.bytes, m.len);
	answer_len = m.len;
}

/* ---- tests ---- */

struct both {
	struct nat *nat;
	struct conntrack *conntrack;
};

static int open_both(void **state)
{
	static struct both b;

	now = 1000 * SEC;
	asked = answer_err = 0;
	overrun = false;
	b.nat = nat_new(16);
	*state = &b;
	return !b.nat || conntrack_open(&b.conntrack, b.nat, NULL, 3);
}

static int open_with_one(void **state)
{
	answers(7);
	return open_both(state);
}

static int open_empty(void **state)
{
	answer_len = 0;
	return open_both(state);
}

static int close_both(void **state)
{
	struct both *b = *state;

	conntrack_close(b->conntrack);
	nat_free(b->nat);
	close(kernel);
	return 0;
}

/* A question takes long where there are very many namespaces. */
static void where_there_are_none_nobody_asks(void **state)
{
	struct both *b;

	count = '0';
	assert_int_equal(open_both((void **)&b), 0);
	count = '1';
	assert_int_equal(asked, 0);
	assert_false(conntrack_is_incomplete(b->conntrack));
	close_both((void **)&b);
	(void)state;
}

static bool is_translated(const struct both *b, uint16_t port)
{
	struct flow_key sent = { .local_port = port,
				 .remote_port = 53,
				 .proto = IPPROTO_UDP };
	struct nat_ends ends;

	address_from_ipv4(sent.local, (const __u8[4]){ 10, 0, 0, 1 });
	address_from_ipv4(sent.remote, (const __u8[4]){ 10, 0, 0, 2 });
	return nat_find(b->nat, &sent, now, &ends) && ends.receiver_sure;
}

static void those_that_were_there_are_asked_for(void **state)
{
	struct both *b = *state;

	assert_int_equal(asked, 2);
	assert_true(is_translated(b, 7));
	assert_false(is_translated(b, 8));
	assert_false(conntrack_is_incomplete(b->conntrack));
}

static void the_kernel_tells_when_one_begins_and_ends(void **state)
{
	struct both *b = *state;

	tell(IPCTNL_MSG_CT_NEW, 8, IPS_SRC_NAT | IPS_CONFIRMED);
	conntrack_refresh(b->conntrack, true);
	assert_true(is_translated(b, 8));
	now += SEC;
	tell(IPCTNL_MSG_CT_DELETE, 8, IPS_SRC_NAT | IPS_CONFIRMED);
	conntrack_refresh(b->conntrack, true);
	assert_false(is_translated(b, 8));
	/* Nothing is asked for what is told. */
	assert_int_equal(asked, 2);
}

static void what_is_not_translated_does_not_wake_us(void **state)
{
	struct both *b = *state;
	char byte;

	tell(IPCTNL_MSG_CT_NEW, 8, 0);
	tell(IPCTNL_MSG_CT_NEW, 9, IPS_CONFIRMED);
	/* It would read what the filter let through; there is nothing. */
	tell(IPCTNL_MSG_CT_NEW, 10, IPS_DST_NAT);
	conntrack_refresh(b->conntrack, true);
	assert_false(is_translated(b, 9));
	assert_true(is_translated(b, 10));
	assert_int_equal(recv(kernel, &byte, 1, 0), -1);
}

static void its_status_says_whether_it_is_translated(void **state)
{
	struct both *b = *state;
	struct message m = entry(IPCTNL_MSG_CT_NEW, 8, IPS_CONFIRMED);

	memcpy(answer, m.bytes, m.len);
	answer_len = m.len;
	overrun = true;
	conntrack_refresh(b->conntrack, true);
	assert_int_equal(asked, 4);
	assert_false(is_translated(b, 8));
}

static void an_entry_cut_anywhere_is_no_translation(void **state)
{
	struct both *b = *state;
	struct message m = entry(IPCTNL_MSG_CT_NEW, 11, IPS_SRC_NAT);

	for (size_t len = NLMSG_HDRLEN; len < m.len; len++) {
		uint32_t said = (uint32_t)len;
		uint8_t *exact = exact_copy(m.bytes, len);

		memcpy(exact, &said, sizeof(said));
		memcpy(answer, exact, len);
		answer_len = len;
		now += 2 * SEC;
		overrun = true;
		conntrack_refresh(b->conntrack, true);
		free(exact);
		assert_false(is_translated(b, 11));
	}
}

static void after_a_loss_all_are_asked_for_anew(void **state)
{
	struct both *b = *state;

	assert_true(is_translated(b, 7));
	now += SEC;
	answers(12); /* 7 has ended, unheard */
	overrun = true;
	conntrack_refresh(b->conntrack, true);
	assert_int_equal(asked, 4);
	assert_true(is_translated(b, 12));
	assert_false(is_translated(b, 7));
}

static void who_had_no_answer_asks_again(void **state)
{
	struct both *b = *state;

	answer_err = -EAGAIN;
	overrun = true;
	conntrack_refresh(b->conntrack, true);
	assert_true(conntrack_is_incomplete(b->conntrack));
	answer_err = 0;
	answers(13);
	now += 2 * SEC;
	conntrack_refresh(b->conntrack, true);
	assert_false(conntrack_is_incomplete(b->conntrack));
	assert_true(is_translated(b, 13));
}

#define test(f, open) cmocka_unit_test_setup_teardown(f, open, close_both)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_there_are_none_nobody_asks),
		test(those_that_were_there_are_asked_for, open_with_one),
		test(the_kernel_tells_when_one_begins_and_ends, open_empty),
		test(what_is_not_translated_does_not_wake_us, open_empty),
		test(its_status_says_whether_it_is_translated, open_empty),
		test(an_entry_cut_anywhere_is_no_translation, open_empty),
		test(after_a_loss_all_are_asked_for_anew, open_with_one),
		test(who_had_no_answer_asks_again, open_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
