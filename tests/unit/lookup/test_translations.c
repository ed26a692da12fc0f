/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lookup/translations.h"

/* The kernel's end of the one socket there is. */
static int kernel, theirs;

int __wrap_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol)
{
	assert_int_equal(domain, AF_NETLINK);
	assert_true(type & SOCK_CLOEXEC);
	assert_int_equal(protocol, NETLINK_NETFILTER);
	if (theirs < 0)
		errno = EPROTONOSUPPORT;
	return theirs;
}

int __wrap_connect(int fd, const struct sockaddr *a, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *a, socklen_t len)
{
	(void)len;
	assert_int_equal(fd, theirs);
	assert_int_equal(a->sa_family, AF_NETLINK);
	return 0;
}

/* What the kernel says it says when it is asked. */
static struct {
	size_t len;
	uint8_t bytes[64];
} answers[4];
static int answer_count;

ssize_t __real_send(int fd, const void *buf, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *buf, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *buf, size_t len, int flags)
{
	if (fd == kernel) {
		assert_in_range(len, 1, sizeof(answers->bytes));
		answers[answer_count].len = len;
		memcpy(answers[answer_count++].bytes, buf, len);
		return (ssize_t)len;
	}
	for (int i = 0; i < answer_count; i++)
		__real_send(kernel, answers[i].bytes, answers[i].len, 0);
	answer_count = 0;
	return __real_send(fd, buf, len, flags);
}

static int open_pair(void **state)
{
	int fds[2];

	(void)state;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds))
		return -1;
	kernel = fds[0];
	theirs = fds[1];
	return 0;
}

static int close_pair(void **state)
{
	(void)state;
	return close(kernel);
}

static void say(uint16_t type, int error)
{
	struct {
		struct nlmsghdr header;
		struct nlmsgerr body;
	} m = { .header = { .nlmsg_len = sizeof(m), .nlmsg_type = type },
		.body = { .error = error } };

	assert_int_equal(send(kernel, &m, sizeof(m), 0), sizeof(m));
}

static int parts, fails_at;

static int take(void *ctx, const void *bytes, size_t len)
{
	const struct nlmsghdr *m = bytes;

	assert_ptr_equal(ctx, &parts);
	assert_true(NLMSG_OK(m, len));
	return ++parts == fails_at ? -EPIPE : 0;
}

static int ask(uint32_t status)
{
	int fd = translations_open();

	parts = 0;
	return fd < 0 ? fd : translations_ask(fd, status, take, &parts);
}

static void all_parts_are_handed_on(void **state)
{
	(void)state;
	fails_at = 0;
	say(NFNL_SUBSYS_CTNETLINK << 8, 0);
	say(NFNL_SUBSYS_CTNETLINK << 8, 0);
	say(NLMSG_DONE, 0);
	assert_int_equal(ask(0x10), 0);
	assert_int_equal(parts, 3);
}

static void only_the_translated_are_asked_for(void **state)
{
	struct {
		struct nlmsghdr header;
		struct nfgenmsg family;
		struct nlattr status_attr;
		uint32_t status;
		struct nlattr mask_attr;
		uint32_t mask;
	} q;

	(void)state;
	fails_at = 0;
	say(NLMSG_DONE, 0);
	assert_int_equal(ask(0x30), 0);
	assert_int_equal(recv(kernel, &q, sizeof(q), 0), sizeof(q));
	assert_int_equal(q.header.nlmsg_type,
			 NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET);
	assert_int_equal(q.header.nlmsg_flags, NLM_F_REQUEST | NLM_F_DUMP);
	assert_int_equal(q.status_attr.nla_type, CTA_STATUS);
	assert_int_equal(q.mask_attr.nla_type, CTA_STATUS_MASK);
	assert_int_equal(ntohl(q.status), 0x30);
	assert_int_equal(ntohl(q.mask), 0x30);
}

static void a_refusal_is_told(void **state)
{
	(void)state;
	fails_at = 0;
	say(NLMSG_ERROR, -EPERM);
	assert_int_equal(ask(0x10), -EPERM);
}

static void a_refusal_cut_short_is_no_success(void **state)
{
	const struct nlmsghdr m = { .nlmsg_len = NLMSG_HDRLEN,
				    .nlmsg_type = NLMSG_ERROR };

	(void)state;
	fails_at = 0;
	assert_int_equal(send(kernel, &m, sizeof(m), 0), sizeof(m));
	assert_int_equal(ask(0x10), -EPROTO);
}

static void who_takes_may_have_enough(void **state)
{
	(void)state;
	fails_at = 2;
	for (int i = 0; i < 3; i++)
		say(NFNL_SUBSYS_CTNETLINK << 8, 0);
	assert_int_equal(ask(0x10), -EPIPE);
	assert_int_equal(parts, 2);
}

static void a_kernel_that_is_silent_is_not_waited_for(void **state)
{
	(void)state;
	fails_at = 0;
	assert_int_equal(ask(0x10), -EAGAIN);
	assert_int_equal(parts, 0);
}

static void a_kernel_without_netfilter_is_told(void **state)
{
	(void)state;
	close(theirs);
	theirs = -1;
	assert_int_equal(ask(0x10), -EPROTONOSUPPORT);
}

#define test(f) cmocka_unit_test_setup_teardown(f, open_pair, close_pair)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(all_parts_are_handed_on),
		test(only_the_translated_are_asked_for),
		test(a_refusal_is_told),
		test(a_refusal_cut_short_is_no_success),
		test(who_takes_may_have_enough),
		test(a_kernel_that_is_silent_is_not_waited_for),
		test(a_kernel_without_netfilter_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
