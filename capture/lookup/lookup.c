/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lookup/lookup_channels.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "host/clocks.h"
#include "host/log.h"

#define USERS_MAX_NS 1000000000ull
#define USERS_OF_NS  10000000000ull

pid_t lookup_pid(const struct lookup *l)
{
	return l->pid;
}

uint64_t lookup_unanswered(const struct lookup *l)
{
	return l->unanswered;
}

/* ---- questions ---- */

static enum channel_kind channel_of(uint32_t kind)
{
	switch ((enum question_kind)kind) {
	case QUESTION_PROCESS:
	case QUESTION_EXE_DELETED:
	case QUESTION_HOLDER:
		break;
	case QUESTION_USER:
	case QUESTION_CONTAINER:
	case QUESTION_PODS:
	case QUESTION_LOGIN:
		return CHANNEL_NAMES;
	case QUESTION_HASH:
		return CHANNEL_FILES;
	case QUESTION_TRANSLATIONS:
		return CHANNEL_KERNEL;
	}
	return CHANNEL_PROCESSES;
}

static bool is_late(int err)
{
	return err == -EAGAIN || err == -EINTR;
}

static void say_once(struct lookup *l, int err)
{
	bool *said = is_late(err) ? &l->said_slow : &l->said_lost;

	if (!*said)
		log_warn("the lookup process %s: details of some processes "
			 "will be missing",
			 is_late(err) ? "does not answer" : "has ended");
	*said = true;
}

/* Nobody answers, for now or for good; says so once. */
static int give_up(struct lookup *l, struct channel *c, int err)
{
	l->unanswered++;
	say_once(l, err);
	if (is_late(err))
		return -EAGAIN;
	lookup_close_fd(&c->fd);
	return -EPIPE;
}

/* The bytes of the next message, or -errno. */
static ssize_t receive_from(const struct channel *c, void *out, size_t size,
			    int flags)
{
	ssize_t n = recv(c->fd, out, size, flags);

	return n > 0 ? n : n ? -errno : -EPIPE;
}

static int put(struct channel *c, struct question *q)
{
	c->last = *q;
	q->number = ++c->asked;
	return send(c->fd, q, sizeof(*q), MSG_DONTWAIT | MSG_NOSIGNAL) ==
			       sizeof(*q) ?
		       0 :
		       -errno;
}

static bool is_last(const struct channel *c, const struct question *q)
{
	return !memcmp(&c->last, q, sizeof(*q));
}

/* While one question waits for its answer no other is asked. */
static int ask(struct lookup *l, struct question *q, struct answer *a)
{
	struct channel *c = &l->channels[channel_of(q->kind)];
	bool waits = c->asked != c->answered;
	bool same = waits && is_last(c, q);
	ssize_t n;

	if (l->answerer) {
		answer(l->answerer, q, a);
		return a->err;
	}
	if (c->fd < 0) {
		l->unanswered++;
		return -EPIPE;
	}
	if (waits) {
		n = receive_from(c, a, sizeof(*a), MSG_DONTWAIT);
		if (n < 0)
			return give_up(l, c, (int)n);
		c->answered = c->asked;
		if (same)
			return a->err;
	}
	n = put(c, q);
	if (!n)
		n = receive_from(c, a, sizeof(*a), 0);
	if (n < 0)
		return give_up(l, c, (int)n);
	c->answered = c->asked;
	return a->err;
}

bool lookup_is_gone(struct lookup *l)
{
	struct channel *c = &l->channels[CHANNEL_PROCESSES];
	bool waits = c->asked != c->answered;
	struct answer a;
	ssize_t n;

	if (l->answerer)
		return false;
	n = c->fd < 0 ?
		    -EPIPE :
		    receive_from(c, &a, sizeof(a), waits ? 0 : MSG_DONTWAIT);
	if (n > 0)
		c->answered = c->asked;
	if (n > 0 || (is_late((int)n) && !waits))
		return false;
	say_once(l, (int)n);
	return true;
}

/* All of it, as two questions are compared byte by byte. */
static struct question question(enum question_kind kind, uint32_t id)
{
	struct question q;

	memset(&q, 0, sizeof(q));
	q.kind = kind;
	q.id = id;
	return q;
}

int lookup_process(struct lookup *l, uint32_t pid, uint64_t boot_real_ns,
		   struct process *p, uint64_t *start_ns, struct file_id *exe)
{
	struct question q = question(QUESTION_PROCESS, pid);
	struct answer a;
	int err;

	q.value = boot_real_ns;
	q.with_exe = exe != NULL;
	err = ask(l, &q, &a);
	if (err)
		return err;
	*p = a.process;
	*start_ns = a.start_ns;
	if (exe)
		*exe = a.exe;
	return 0;
}

bool lookup_exe_deleted(struct lookup *l, uint32_t pid)
{
	struct question q = question(QUESTION_EXE_DELETED, pid);
	struct answer a;

	return !ask(l, &q, &a) && a.deleted;
}

/*
 * Who has a range of user ids takes another one for each packet, which is soon
 * asked of the network: packets wait meanwhile in the kernel's ring, which
 * outlasts a second.
 */
static bool may_ask_for_users(struct lookup *l, uint64_t now_ns)
{
	if (now_ns - l->users_since_ns >= USERS_OF_NS) {
		l->users_since_ns = now_ns;
		l->users_ns = 0;
	}
	return l->users_ns < USERS_MAX_NS;
}

int lookup_user(struct lookup *l, uint32_t uid, char *name, size_t size)
{
	struct question q = question(QUESTION_USER, uid);
	uint64_t from_ns = clock_ns(CLOCK_MONOTONIC);
	struct answer a;
	int err;

	if (!may_ask_for_users(l, from_ns)) {
		l->unanswered++;
		return -EAGAIN;
	}
	err = ask(l, &q, &a);
	l->users_ns += clock_ns(CLOCK_MONOTONIC) - from_ns;
	if (err)
		return err;
	snprintf(name, size, "%s", a.name);
	return 0;
}

int lookup_container(struct lookup *l, const char *id, const char *pod_uid,
		     uint32_t owner, struct container_state *out)
{
	struct question q = question(QUESTION_CONTAINER, owner);
	struct answer a;
	int err;

	snprintf(q.container, sizeof(q.container), "%s", id);
	snprintf(q.pod_uid, sizeof(q.pod_uid), "%s", pod_uid);
	err = ask(l, &q, &a);
	if (err)
		return err;
	*out = a.container;
	return 0;
}

int lookup_login(struct lookup *l, const char *session, const char *tty,
		 char *address, size_t size)
{
	struct question q = question(QUESTION_LOGIN, 0);
	struct answer a;
	int err;

	snprintf(q.session, sizeof(q.session), "%s", session);
	snprintf(q.tty, sizeof(q.tty), "%s", tty);
	err = ask(l, &q, &a);
	if (err)
		return err;
	snprintf(address, size, "%s", a.address);
	return 0;
}

int lookup_pods(struct lookup *l, struct pod_address *out, size_t max)
{
	size_t count = 0;
	struct answer a;

	do {
		struct question q = question(QUESTION_PODS, (uint32_t)count);
		int err = ask(l, &q, &a);

		if (err)
			return err;
		for (uint32_t i = 0; i < a.pod_count && count < max; i++)
			out[count++] = a.pods[i];
	} while (a.pod_count == PODS_IN_ANSWER && count < max);
	return (int)count;
}

int lookup_holder(struct lookup *l, uint64_t inode, uint32_t *pid)
{
	struct question q = question(QUESTION_HOLDER, 0);
	struct answer a;
	int err;

	q.value = inode;
	err = ask(l, &q, &a);
	if (err)
		return err;
	*pid = a.pid;
	return 0;
}

/* The parts of an earlier question, that nobody waited for, come first. */
static int take_parts(struct lookup *l, struct channel *c,
		      int (*take)(void *ctx, const void *bytes, size_t len),
		      void *ctx)
{
	const size_t head = offsetof(struct part, bytes);
	ssize_t n;

	for (;;) {
		n = receive_from(c, &l->part, sizeof(l->part), 0);
		if (n < (ssize_t)head)
			return give_up(l, c, n < 0 ? (int)n : -EPIPE);
		if (l->part.number != c->asked)
			continue;
		if (l->part.err != PART_MORE)
			return l->part.err;
		take(ctx, l->part.bytes, (size_t)n - head);
	}
}

int lookup_translations(struct lookup *l, unsigned namespace, uint32_t status,
			int (*take)(void *ctx, const void *bytes, size_t len),
			void *ctx)
{
	struct channel *c = &l->channels[CHANNEL_KERNEL];
	struct question q = question(QUESTION_TRANSLATIONS, status);
	int err;

	q.value = namespace;
	if (l->answerer)
		return answerer_translations(l->answerer, &q, take, ctx);
	if (c->fd < 0)
		return -EPIPE;
	err = put(c, &q);
	return err ? give_up(l, c, err) : take_parts(l, c, take, ctx);
}

/* ---- hashes ---- */

bool lookup_hash(struct lookup *l, const struct hasher_question *question_)
{
	struct channel *c = &l->channels[CHANNEL_FILES];
	struct question q = question(QUESTION_HASH, 0);

	if (c->fd < 0 || l->hashes == HASHER_QUEUE)
		return false;
	q.hash = *question_;
	if (put(c, &q))
		return false;
	l->hashes++;
	return true;
}

bool lookup_hashed(struct lookup *l, struct hasher_answer *a)
{
	struct channel *c = &l->channels[CHANNEL_FILES];
	struct answer got;
	ssize_t n;

	if (!l->hashes || c->fd < 0)
		return false;
	n = receive_from(c, &got, sizeof(got), MSG_DONTWAIT);
	if (n == -EAGAIN)
		return false;
	if (n < 0) {
		give_up(l, c, (int)n);
		return false;
	}
	l->hashes--;
	*a = got.hash;
	return true;
}

bool lookup_hashing(const struct lookup *l)
{
	return l->hashes && l->channels[CHANNEL_FILES].fd >= 0;
}
