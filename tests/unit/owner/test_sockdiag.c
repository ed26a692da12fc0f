/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "owner/polling/sockdiag.h"
#include "packet/parse.h"

#define STALE 0xffffffff /* the number of an answer that is late */

/* The kernel's end, and ours. */
static int kernel, ours;

/* The number of the last question, which an answer to it has. */
static uint32_t number;

ssize_t __real_send(int fd, const void *buf, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *buf, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *buf, size_t len, int flags)
{
	number = ((const struct nlmsghdr *)buf)->nlmsg_seq;
	return __real_send(fd, buf, len, flags);
}

ssize_t __real_recv(int fd, void *buf, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags)
{
	ssize_t n = __real_recv(fd, buf, len, flags);
	struct nlmsghdr *m = buf;

	if (fd == ours && n >= NLMSG_HDRLEN && m->nlmsg_seq != STALE)
		m->nlmsg_seq = number;
	return n;
}

struct request {
	struct nlmsghdr header;
	struct inet_diag_req_v2 body;
};

struct answer {
	struct nlmsghdr header;
	struct inet_diag_msg body;
};

static int open_pair(void **state)
{
	int fds[2];

	(void)state;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds))
		return -1;
	kernel = fds[0];
	ours = fds[1];
	return 0;
}

static int close_pair(void **state)
{
	(void)state;
	return close(kernel) || close(ours);
}

static struct answer socket_of(uint32_t inode, uint8_t tcp_state)
{
	return (struct answer){
		.header = { .nlmsg_len = sizeof(struct answer),
			    .nlmsg_type = SOCK_DIAG_BY_FAMILY },
		.body = { .idiag_family = AF_INET,
			  .idiag_state = tcp_state,
			  .idiag_inode = inode,
			  .id = { .idiag_cookie = { 7, 1 } } },
	};
}

static void say(const void *bytes, size_t len)
{
	assert_int_equal(__real_send(kernel, bytes, len, 0), len);
}

static void say_none(void)
{
	struct {
		struct nlmsghdr header;
		struct nlmsgerr body;
	} m = { .header = { .nlmsg_len = sizeof(m), .nlmsg_type = NLMSG_ERROR },
		.body = { .error = -ENOENT } };

	say(&m, sizeof(m));
}

static struct request heard(void)
{
	struct request q;

	assert_int_equal(recv(kernel, &q, sizeof(q), 0), sizeof(q));
	return q;
}

static struct flow_key key(uint8_t proto)
{
	struct flow_key k = { .proto = proto,
			      .local_port = 4000,
			      .remote_port = 53 };

	address_from_ipv4(k.local, (const __u8[4]){ 192, 0, 2, 1 });
	address_from_ipv4(k.remote, (const __u8[4]){ 192, 0, 2, 2 });
	return k;
}

static void tcp_is_asked_for_as_its_socket_sees_it(void **state)
{
	struct answer a = socket_of(99, TCP_ESTABLISHED);
	struct flow_key k = key(IPPROTO_TCP);
	struct sockdiag_socket s;
	struct request q;

	(void)state;
	say(&a, sizeof(a));
	assert_int_equal(sockdiag_find(ours, &k, &s), 0);
	assert_int_equal(s.inode, 99);
	assert_int_equal(s.cookie, 0x100000007);
	assert_false(s.listening);
	q = heard();
	assert_int_equal(q.body.sdiag_family, AF_INET);
	assert_int_equal(q.body.sdiag_protocol, IPPROTO_TCP);
	assert_int_equal(q.body.id.idiag_src[0], inet_addr("192.0.2.1"));
	assert_int_equal(q.body.id.idiag_dst[0], inet_addr("192.0.2.2"));
	assert_int_equal(ntohs(q.body.id.idiag_sport), 4000);
	assert_int_equal(ntohs(q.body.id.idiag_dport), 53);
}

static void udp_is_asked_for_as_a_packet_finds_it(void **state)
{
	struct answer a = socket_of(99, TCP_CLOSE);
	struct flow_key k = key(IPPROTO_UDP);
	struct sockdiag_socket s;
	struct request q;

	(void)state;
	say(&a, sizeof(a));
	assert_int_equal(sockdiag_find(ours, &k, &s), 0);
	q = heard();
	assert_int_equal(q.body.id.idiag_src[0], inet_addr("192.0.2.2"));
	assert_int_equal(ntohs(q.body.id.idiag_sport), 53);
	assert_int_equal(ntohs(q.body.id.idiag_dport), 4000);
}

static void one_that_listens_is_told(void **state)
{
	struct answer a = socket_of(99, TCP_LISTEN);
	struct flow_key k = key(IPPROTO_TCP);
	struct sockdiag_socket s;

	(void)state;
	say(&a, sizeof(a));
	assert_int_equal(sockdiag_find(ours, &k, &s), 0);
	assert_true(s.listening);
}

static void ipv4_may_be_spoken_by_a_socket_of_ipv6(void **state)
{
	struct answer a = socket_of(99, TCP_ESTABLISHED);
	struct flow_key k = key(IPPROTO_TCP);
	struct sockdiag_socket s;
	struct request q;

	(void)state;
	say_none();
	say(&a, sizeof(a));
	assert_int_equal(sockdiag_find(ours, &k, &s), 0);
	assert_int_equal(heard().body.sdiag_family, AF_INET);
	q = heard();
	assert_int_equal(q.body.sdiag_family, AF_INET6);
	assert_memory_equal(q.body.id.idiag_src, k.local, 16);
}

static void what_is_not_there_is_not_found(void **state)
{
	struct flow_key k = key(IPPROTO_TCP), icmp = key(IPPROTO_ICMP);
	struct sockdiag_socket s;

	(void)state;
	say_none();
	say_none();
	assert_int_equal(sockdiag_find(ours, &k, &s), -ENOENT);
	/* Nobody is asked for what has no ports. */
	heard();
	heard();
	assert_int_equal(sockdiag_find(ours, &icmp, &s), -ENOENT);
	assert_int_equal(recv(kernel, &k, 1, 0), -1);
}

static void an_answer_cut_short_is_none(void **state)
{
	struct answer a = socket_of(99, TCP_ESTABLISHED);
	struct flow_key k = key(IPPROTO_TCP);
	struct sockdiag_socket s;

	(void)state;
	k.local[0] = 0x20; /* of IPv6, which is asked for once */
	a.header.nlmsg_len--;
	say(&a, sizeof(a));
	assert_int_equal(sockdiag_find(ours, &k, &s), -ENOENT);
	a.header.nlmsg_len = NLMSG_HDRLEN;
	say(&a, NLMSG_HDRLEN);
	assert_int_equal(sockdiag_find(ours, &k, &s), -ENOENT);
}

static void an_answer_to_an_older_question_is_passed_over(void **state)
{
	struct answer late = socket_of(1, TCP_ESTABLISHED);
	struct answer a = socket_of(99, TCP_ESTABLISHED);
	struct flow_key k = key(IPPROTO_TCP);
	struct sockdiag_socket s;

	(void)state;
	late.header.nlmsg_seq = STALE;
	say(&late, sizeof(late));
	say(&a, sizeof(a));
	assert_int_equal(sockdiag_find(ours, &k, &s), 0);
	assert_int_equal(s.inode, 99);
}

static struct flow_key found[4];
static int count;

static void take(void *ctx, uint64_t cookie, const struct flow_key *k)
{
	assert_null(ctx);
	assert_int_equal(cookie, 0x100000007);
	assert_true(count < 4);
	found[count++] = *k;
}

static const struct nlmsghdr done = { .nlmsg_len = NLMSG_HDRLEN,
				      .nlmsg_type = NLMSG_DONE };

static void all_of_both_families_are_told(void **state)
{
	struct answer four = socket_of(1, TCP_CLOSE), six = four;
	struct answer two[2];

	(void)state;
	four.body.id.idiag_src[0] = inet_addr("192.0.2.1");
	four.body.id.idiag_sport = htons(4000);
	six.body.idiag_family = AF_INET6;
	six.body.id.idiag_dst[3] = htonl(9);
	two[0] = two[1] = four;
	say(two, sizeof(two));
	say(&done, sizeof(done));
	say(&six, sizeof(six));
	say(&done, sizeof(done));
	count = 0;
	assert_int_equal(sockdiag_each_udp(ours, take, NULL), 0);
	assert_int_equal(count, 3);
	assert_true(address_is_ipv4(found[1].local));
	assert_int_equal(found[1].local[15], 1);
	assert_int_equal(found[1].local_port, 4000);
	assert_int_equal(found[2].remote[15], 9);
	assert_false(address_is_ipv4(found[2].remote));
}

static void a_dump_that_fails_is_told(void **state)
{
	(void)state;
	count = 0;
	say_none();
	assert_int_equal(sockdiag_each_udp(ours, take, NULL), -EPROTO);
	assert_int_equal(sockdiag_each_udp(ours, take, NULL), -EAGAIN);
	assert_int_equal(count, 0);
}

#define test(f) cmocka_unit_test_setup_teardown(f, open_pair, close_pair)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(tcp_is_asked_for_as_its_socket_sees_it),
		test(udp_is_asked_for_as_a_packet_finds_it),
		test(one_that_listens_is_told),
		test(ipv4_may_be_spoken_by_a_socket_of_ipv6),
		test(what_is_not_there_is_not_found),
		test(an_answer_cut_short_is_none),
		test(an_answer_to_an_older_question_is_passed_over),
		test(all_of_both_families_are_told),
		test(a_dump_that_fails_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
