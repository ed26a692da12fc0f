/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "host/files/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/child.h"
#include "host/log.h"
#include "host/privilege/privilege.h"
#include "host/privilege/sandbox.h"
#include "host/privilege/sudo_user.h"

#define VARIABLE "SSLKEYLOGFILE"
#define END_MS	 2000

/* Whose file it is; a session of its own, as no ^C may end it before us. */
static _Noreturn void wait_and_remove(const char *path, int fd)
{
	ssize_t n;
	char c;

	setsid();
	dup2(fd, STDIN_FILENO);
	close(STDOUT_FILENO); /* who reads it sees its end */
	close_range(STDERR_FILENO + 1, ~0u, 0);
	privilege_drop();
	if (sudo_user_become())
		_exit(1);
	privilege_keep_files();
	sandbox_enter();
	do
		n = read(STDIN_FILENO, &c, 1);
	while (n < 0 && errno == EINTR);
	if (unlink(path) && errno != ENOENT)
		log_warn("cannot remove %s, which has keys: %s", path,
			 strerror(errno));
	_exit(0);
}

static int start_remover(struct key_file *k)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	k->remover = fork();
	if (!k->remover) {
		/* Only its own end, or it would never see ours go. */
		close(fds[1]);
		wait_and_remove(k->path, fds[0]);
	}
	close(fds[0]);
	k->end_fd = fds[1];
	if (k->remover < 0) {
		close(fds[1]);
		return -errno;
	}
	return 0;
}

static int make_key_file(struct key_file *k, const char *directory)
{
	struct sudo_user_rights root;
	int err = sudo_user_enter(&root);

	if (err)
		return err;
	snprintf(k->path, sizeof(k->path), "%s/pktwho_keys_XXXXXX", directory);
	k->fd = mkostemp(k->path, O_CLOEXEC);
	err = k->fd < 0 ? -errno : 0;
	sudo_user_leave(&root);
	return err;
}

static int open_watched(struct key_file *k, const char *directory)
{
	int err = make_key_file(k, directory);

	if (err)
		return err;
	err = start_remover(k);
	if (err) {
		unlink(k->path);
		close(k->fd);
		return err;
	}
	if (setenv(VARIABLE, k->path, 1)) {
		key_file_close(k);
		return -ENOMEM;
	}
	return 0;
}

int key_file_open(struct key_file *k, const char *directory)
{
	int err = open_watched(k, directory);

	if (err)
		log_error("no file for keys in %s: %s", directory,
			  strerror(-err));
	return err;
}

void key_file_close(struct key_file *k)
{
	unsetenv(VARIABLE);
	close(k->fd);
	close(k->end_fd);
	if (!child_reap(k->remover, NULL, END_MS))
		log_warn("%s is still there, and has keys", k->path);
}
