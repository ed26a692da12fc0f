/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lookup/lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/child.h"
#include "host/log.h"
#include "lookup/answer.h"
#include "lookup/translations.h"

#define PATIENCE_MS 400		/* packets wait, in the kernel's rings */

struct channel {
	int fd;			/* -1: nobody is at its other end */
	uint32_t asked;		/* the last question's number */
	uint32_t answered;
	struct question last;
};

struct lookup {
	struct answerer *answerer;	/* here; NULL: the process has it */
	int proc_fd;
	int root_fd;
	pid_t pid;
	struct channel channels[CHANNELS];
	uint64_t unanswered;
	uint32_t hashes;		/* that are still to come */
	bool said_slow;
	bool said_lost;
	struct part part;
};

/* ---- open and close ---- */

struct lookup *lookup_new(int proc_fd, int root_fd)
{
	struct lookup *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	for (int i = 0; i < CHANNELS; i++)
		l->channels[i].fd = -1;
	l->proc_fd = fcntl(proc_fd, F_DUPFD_CLOEXEC, 3);
	l->root_fd = fcntl(root_fd, F_DUPFD_CLOEXEC, 3);
	if (l->proc_fd >= 0 && l->root_fd >= 0)
		l->answerer = answerer_new(l->proc_fd, l->root_fd);
	if (l->answerer)
		return l;
	lookup_close(l);
	return NULL;
}

static void close_channel(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* The process has them now, or nobody. */
static void leave_answering(struct lookup *l)
{
	answerer_free(l->answerer);
	l->answerer = NULL;
	close_channel(&l->proc_fd);
	close_channel(&l->root_fd);
}

void lookup_close(struct lookup *l)
{
	if (!l)
		return;
	leave_answering(l);
	for (int i = 0; i < CHANNELS; i++)
		close_channel(&l->channels[i].fd);
	if (l->pid)
		waitpid(l->pid, NULL, WNOHANG);
	free(l);
}

static int ascending(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* No file, pipe or socket of the capture stays open over there. */
static void close_all_but(int *kept, size_t count)
{
	unsigned next = STDERR_FILENO + 1;
	int null = open("/dev/null", O_RDWR);

	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	qsort(kept, count, sizeof(*kept), ascending);
	for (size_t i = 0; i < count; i++) {
		unsigned fd = (unsigned)kept[i];

		if (kept[i] < 0)
			continue;
		if (fd > next)
			close_range(next, fd - 1, 0);
		next = fd + 1;
	}
	close_range(next, ~0u, 0);
}

struct ends {
	int here[CHANNELS + 1];
	int there[CHANNELS + 1];	/* the last is for signals */
};

static void close_ends(int ends[CHANNELS + 1])
{
	for (int i = 0; i <= CHANNELS; i++)
		close_channel(&ends[i]);
}

static int make_ends(struct ends *e, bool signals)
{
	int pair[2], err;

	for (int i = 0; i <= CHANNELS; i++)
		e->here[i] = e->there[i] = -1;
	for (int i = 0; i < CHANNELS + signals; i++) {
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
			       pair)) {
			err = -errno;
			close_ends(e->here);
			close_ends(e->there);
			return err;
		}
		e->here[i] = pair[0];
		e->there[i] = pair[1];
	}
	return 0;
}

static _Noreturn void be_the_process(struct lookup *l, struct ends *e,
				     const struct child *command)
{
	int kept[CHANNELS + 3];

	memcpy(kept, e->there, sizeof(e->there));
	kept[CHANNELS + 1] = l->proc_fd;
	kept[CHANNELS + 2] = l->root_fd;
	close_all_but(kept, CHANNELS + 3);
	answer_all(l->answerer, e->there, e->there[CHANNELS],
		   command ? command->pid : 0);
}

int lookup_start(struct lookup *l, struct child *command)
{
	const struct timeval patience = { .tv_usec = PATIENCE_MS * 1000 };
	struct ends e;
	int err = make_ends(&e, command);

	if (err)
		return err;
	l->pid = fork();
	if (!l->pid)
		be_the_process(l, &e, command);
	err = l->pid < 0 ? -errno : 0;
	close_ends(e.there);
	if (err) {
		l->pid = 0;
		close_ends(e.here);
		return err;
	}
	for (int i = 0; i <= CHANNELS; i++)
		setsockopt(e.here[i], SOL_SOCKET, SO_RCVTIMEO, &patience,
			   sizeof(patience));
	for (int i = 0; i < CHANNELS; i++)
		l->channels[i].fd = e.here[i];
	if (command)
		command->signal_fd = e.here[CHANNELS];
	leave_answering(l);
	return 0;
}

int lookup_open(struct lookup **out, struct child *command)
{
	int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int root_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err = proc_fd < 0 || root_fd < 0 ? -errno : 0;
	struct lookup *l = err ? NULL : lookup_new(proc_fd, root_fd);

	if (!err)
		err = l ? lookup_start(l, command) : -ENOMEM;
	close_channel(&proc_fd);
	close_channel(&root_fd);
	if (!err) {
		*out = l;
		return 0;
	}
	log_error("cannot find packets' owners: %s", strerror(-err));
	lookup_close(l);
	return err;
}

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
	close_channel(&c->fd);
	return -EPIPE;
}

/* The bytes of the next message, or -errno. */
static ssize_t receive(const struct channel *c, void *out, size_t size,
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
	       sizeof(*q) ? 0 : -errno;
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
		n = receive(c, a, sizeof(*a), MSG_DONTWAIT);
		if (n < 0)
			return give_up(l, c, (int)n);
		c->answered = c->asked;
		if (same)
			return a->err;
	}
	n = put(c, q);
	if (!n)
		n = receive(c, a, sizeof(*a), 0);
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
	n = c->fd < 0 ? -EPIPE :
			receive(c, &a, sizeof(a), waits ? 0 : MSG_DONTWAIT);
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

int lookup_user(struct lookup *l, uint32_t uid, char *name, size_t size)
{
	struct question q = question(QUESTION_USER, uid);
	struct answer a;
	int err = ask(l, &q, &a);

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
	if (!err)
		*out = a.container;
	return err;
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
	if (!err)
		snprintf(address, size, "%s", a.address);
	return err;
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
		n = receive(c, &l->part, sizeof(l->part), 0);
		if (n < (ssize_t)head)
			return give_up(l, c, n < 0 ? (int)n : -EPIPE);
		if (l->part.number != c->asked)
			continue;
		if (l->part.err != PART_MORE)
			return l->part.err;
		take(ctx, l->part.bytes, (size_t)n - head);
	}
}

int lookup_translations(struct lookup *l, uint32_t status,
			int (*take)(void *ctx, const void *bytes, size_t len),
			void *ctx)
{
	struct channel *c = &l->channels[CHANNEL_KERNEL];
	struct question q = question(QUESTION_TRANSLATIONS, status);
	int err;

	if (l->answerer)
		return translations_ask(status, take, ctx);
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
	n = receive(c, &got, sizeof(got), MSG_DONTWAIT);
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
