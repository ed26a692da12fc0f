/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lookup process begins and ends. */
#include "lookup/lookup_channels.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "host/child.h"
#include "host/log.h"
#include "host/netns.h"

#define PATIENCE_MS 400	  /* packets wait, in the kernel's rings */
#define START_MS    20000 /* nothing waits yet; a machine may be busy */

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

/* The process has them now, or nobody. */
static void leave_answering(struct lookup *l)
{
	answerer_free(l->answerer);
	l->answerer = NULL;
	lookup_close_fd(&l->proc_fd);
	lookup_close_fd(&l->root_fd);
}

void lookup_close(struct lookup *l)
{
	if (!l)
		return;
	leave_answering(l);
	for (int i = 0; i < CHANNELS; i++)
		lookup_close_fd(&l->channels[i].fd);
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
	int there[CHANNELS + 1]; /* the last is for signals */
};

static void close_ends(int ends[CHANNELS + 1])
{
	for (int i = 0; i <= CHANNELS; i++)
		lookup_close_fd(&ends[i]);
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
	int kept[CHANNELS + 3 + NETNS_MAX];
	size_t tracked;

	memcpy(kept, e->there, sizeof(e->there));
	kept[CHANNELS + 1] = l->proc_fd;
	kept[CHANNELS + 2] = l->root_fd;
	tracked = answerer_descriptors(l->answerer, kept + CHANNELS + 3);
	close_all_but(kept, CHANNELS + 3 + tracked);
	answer_all(l->answerer, e->there, e->there[CHANNELS],
		   command ? command->pid : 0);
}

static void set_patience(int fd, int ms)
{
	const struct timeval patience = { .tv_sec = ms / 1000,
					  .tv_usec = ms % 1000 * 1000 };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
}

/* Of a process that has ended the first question will hear. */
static int await_start(int fd)
{
	char byte;
	ssize_t n;

	set_patience(fd, START_MS);
	do
		n = recv(fd, &byte, 1, 0);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

int lookup_start(struct lookup *l, struct child *command)
{
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
	err = await_start(e.here[CHANNEL_PROCESSES]);
	for (int i = 0; i <= CHANNELS; i++)
		set_patience(e.here[i], PATIENCE_MS);
	for (int i = 0; i < CHANNELS; i++)
		l->channels[i].fd = e.here[i];
	if (command)
		command->signal_fd = e.here[CHANNELS];
	leave_answering(l);
	return err;
}

void lookup_track(struct lookup *l)
{
	answerer_track(l->answerer);
}

static int track_all(struct lookup *l, const struct netns_list *namespaces)
{
	int err = 0;

	for (int i = 0; !err && i < namespaces->count; i++) {
		err = netns_enter(namespaces, i);
		lookup_track(l);
		netns_leave(namespaces);
	}
	return err;
}

int lookup_open(struct lookup **out, const struct netns_list *namespaces,
		struct child *command)
{
	int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int root_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct lookup *l = NULL;
	int err;

	if (proc_fd < 0 || root_fd < 0) {
		err = -errno;
	} else {
		l = lookup_new(proc_fd, root_fd);
		err = l ? track_all(l, namespaces) : -ENOMEM;
		err = err ? err : lookup_start(l, command);
	}
	lookup_close_fd(&proc_fd);
	lookup_close_fd(&root_fd);
	if (err) {
		log_error("cannot find packets' owners: %s", strerror(-err));
		lookup_close(l);
		return err;
	}
	*out = l;
	return 0;
}
