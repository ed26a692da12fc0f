/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lookup/answer.h"

#include <errno.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/child.h"
#include "host/clocks.h"
#include "host/privilege/privilege.h"
#include "host/privilege/sandbox.h"
#include "lookup/holders.h"
#include "lookup/login.h"
#include "lookup/spent.h"
#include "lookup/translations.h"

struct answerer {
	int proc_fd;
	int root_fd;
	struct holders *holders;
	struct hasher *hasher;
	struct spent spent;
	int tracked[NETNS_MAX]; /* translations_open() of each namespace */
	size_t tracked_count;
};

struct answerer *answerer_new(int proc_fd, int root_fd)
{
	struct answerer *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->proc_fd = proc_fd;
	w->root_fd = root_fd;
	w->holders = holders_new(proc_fd);
	w->hasher = hasher_new(proc_fd);
	if (w->holders && w->hasher)
		return w;
	answerer_free(w);
	return NULL;
}

void answerer_free(struct answerer *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < w->tracked_count; i++)
		if (w->tracked[i] >= 0)
			close(w->tracked[i]);
	holders_free(w->holders);
	hasher_free(w->hasher);
	free(w);
}

/* ---- translations ---- */

void answerer_track(struct answerer *w)
{
	if (w->tracked_count < NETNS_MAX)
		w->tracked[w->tracked_count++] = translations_open();
}

size_t answerer_descriptors(const struct answerer *w, int fds[NETNS_MAX])
{
	memcpy(fds, w->tracked, w->tracked_count * sizeof(*fds));
	return w->tracked_count;
}

int answerer_translations(const struct answerer *w, const struct question *q,
			  int (*take)(void *ctx, const void *bytes, size_t len),
			  void *ctx)
{
	int fd = q->value < w->tracked_count ? w->tracked[q->value] : -ENOENT;

	return fd < 0 ? fd : translations_ask(fd, q->id, take, ctx);
}

/* ---- one answer ---- */

static size_t answer_process(const struct answerer *w, const struct question *q,
			     struct answer *a)
{
	a->err = procfs_read(w->proc_fd, q->id, q->value, &a->process,
			     &a->start_ns);
	a->exe = (struct file_id){ 0 };
	if (!a->err && q->with_exe)
		a->exe = procfs_exe(w->proc_fd, q->id);
	return offsetof(struct answer, exe) + sizeof(a->exe);
}

static size_t answer_user(const struct question *q, struct answer *a)
{
	const struct passwd *pw = getpwuid(q->id);

	a->err = pw ? 0 : -ENOENT;
	snprintf(a->name, sizeof(a->name), "%s", pw ? pw->pw_name : "");
	return offsetof(struct answer, name) + sizeof(a->name);
}

static int read_container(struct answerer *w, const struct question *q,
			  struct container_state *out)
{
	const struct passwd *pw = q->id ? getpwuid(q->id) : NULL;
	const struct container_question asked = {
		q->container,
		q->pod_uid,
		q->id,
		pw ? pw->pw_dir : NULL,
	};
	uint64_t from_ns = clock_ns(CLOCK_MONOTONIC);
	int err;

	if (q->id && spent_all(&w->spent, q->id, from_ns))
		return -EAGAIN;
	err = container_state_read(w->root_fd, &asked, out);
	if (q->id)
		spent_add(&w->spent, q->id, from_ns, clock_ns(CLOCK_MONOTONIC));
	return err;
}

static size_t answer_container(struct answerer *w, const struct question *q,
			       struct answer *a)
{
	memset(&a->container, 0, sizeof(a->container));
	a->err = read_container(w, q, &a->container);
	return offsetof(struct answer, container) + sizeof(a->container);
}

/* A question is as many bytes, whatever is in them. */
static bool is_text(const char *bytes, size_t size)
{
	return memchr(bytes, '\0', size);
}

size_t answer(struct answerer *w, const struct question *q, struct answer *a)
{
	a->number = q->number;
	a->err = 0;
	switch ((enum question_kind)q->kind) {
	case QUESTION_PROCESS:
		return answer_process(w, q, a);
	case QUESTION_EXE_DELETED:
		a->deleted = procfs_exe_deleted(w->proc_fd, q->id);
		return offsetof(struct answer, deleted) + sizeof(a->deleted);
	case QUESTION_HOLDER:
		a->pid = holders_find(w->holders, q->value);
		a->err = a->pid ? 0 : -ENOENT;
		return offsetof(struct answer, pid) + sizeof(a->pid);
	case QUESTION_USER:
		return answer_user(q, a);
	case QUESTION_CONTAINER:
		if (!is_text(q->container, sizeof(q->container)) ||
		    !is_text(q->pod_uid, sizeof(q->pod_uid)))
			break;
		return answer_container(w, q, a);
	case QUESTION_PODS:
		a->pod_count = (uint32_t)container_state_pods(w->root_fd, q->id,
							      a->pods,
							      PODS_IN_ANSWER);
		return offsetof(struct answer, pods) + sizeof(a->pods);
	case QUESTION_LOGIN:
		if (!is_text(q->session, sizeof(q->session)) ||
		    !is_text(q->tty, sizeof(q->tty)))
			break;
		a->err = login_address(w->root_fd, q->session, q->tty,
				       a->address, sizeof(a->address));
		return offsetof(struct answer, address) + sizeof(a->address);
	case QUESTION_HASH:
		if (!is_text(q->hash.path, sizeof(q->hash.path)))
			break;
		hasher_hash(w->hasher, &q->hash, &a->hash);
		return offsetof(struct answer, hash) + sizeof(a->hash);
	case QUESTION_TRANSLATIONS:
		break;
	}
	a->err = -EINVAL;
	return offsetof(struct answer, process);
}

/* ---- the process ---- */

struct server {
	struct answerer *answerer;
	enum channel_kind kind;
	int fd;
	bool signals; /* the process has a command to signal */
	pthread_barrier_t *begin;
	struct part part;
};

/* False when nobody waits for it any more. */
static bool send_back(const struct server *s, const void *bytes, size_t len)
{
	return send(s->fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static int say_part(void *ctx, const void *bytes, size_t len)
{
	struct server *s = ctx;

	memcpy(s->part.bytes, bytes, len);
	return send_back(s, &s->part, offsetof(struct part, bytes) + len) ?
		       0 :
		       -EPIPE;
}

static bool say_translations(struct server *s, const struct question *q)
{
	s->part.number = q->number;
	s->part.err = PART_MORE;
	s->part.err = answerer_translations(s->answerer, q, say_part, s);
	/* Where the kernel tracks nothing, there is nothing to ask it for. */
	if (s->part.err < 0 && s->part.err != -EAGAIN &&
	    s->part.err != -EINTR && s->answerer->tracked_count == 1)
		privilege_keep(PRIVILEGE_FOR_NOTHING);
	return send_back(s, &s->part, offsetof(struct part, bytes));
}

static void *serve(void *ctx)
{
	static const enum privilege_use uses[CHANNELS] = {
		[CHANNEL_PROCESSES] = PRIVILEGE_FOR_PROCESSES,
		[CHANNEL_NAMES] = PRIVILEGE_FOR_FILES,
		[CHANNEL_FILES] = PRIVILEGE_FOR_PROCESSES,
		[CHANNEL_KERNEL] = PRIVILEGE_FOR_TRANSLATIONS,
	};
	struct server *s = ctx;
	struct question q;
	struct answer a;
	bool go_on = true;

	privilege_look_up(s->signals);
	privilege_keep(uses[s->kind]);
	pthread_barrier_wait(s->begin);
	while (go_on && recv(s->fd, &q, sizeof(q), 0) == sizeof(q)) {
		if (q.kind == QUESTION_TRANSLATIONS)
			go_on = say_translations(s, &q);
		else
			go_on = send_back(s, &a, answer(s->answerer, &q, &a));
	}
	return NULL;
}

/* What ends the capture, ends this with it: also if this is stopped. */
static void live_with_parent(void)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

	for (size_t i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
		signal(ignored[i], SIG_IGN);
	child_ends_with_parent();
	prctl(PR_SET_NAME, "pktwho-lookup");
}

/*
 * All threads are there before one becomes nobody, who may have no room for
 * more (RLIMIT_NPROC); and none serves before all are confined.
 */
void answer_all(struct answerer *w, const int fds[CHANNELS], int signals,
		int command)
{
	static struct server servers[CHANNELS];
	pthread_t threads[CHANNELS];
	pthread_barrier_t begin;

	pthread_barrier_init(&begin, NULL, CHANNELS + 1);
	for (int i = 0; i < CHANNELS; i++) {
		servers[i] = (struct server){ .answerer = w,
					      .fd = fds[i],
					      .kind = (enum channel_kind)i,
					      .signals = signals >= 0,
					      .begin = &begin };
		if (pthread_create(&threads[i], NULL, serve, &servers[i]))
			_exit(1);
	}
	privilege_look_up(signals >= 0);
	sandbox_enter();
	/* Whoever becomes another user does not die with its parent any more. */
	live_with_parent();
	pthread_barrier_wait(&begin);
	send(fds[CHANNEL_PROCESSES], "", 1, MSG_NOSIGNAL);
	privilege_keep(signals >= 0 ? PRIVILEGE_FOR_SIGNALS :
				      PRIVILEGE_FOR_NOTHING);
	if (signals >= 0)
		child_pass_signals(signals, command);
	for (int i = 0; i < CHANNELS; i++)
		pthread_join(threads[i], NULL);
	_exit(0);
}
