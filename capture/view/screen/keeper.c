/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/screen/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <term.h>
#include <unistd.h>

#include "host/child.h"
#include "host/privilege/landlock.h"
#include "host/privilege/privilege.h"
#include "host/privilege/sandbox.h"

#define NOBODY 65534
#define END_MS 2000

static char words[256]; /* what the terminal is told */
static size_t words_len;

static int add_byte(int c)
{
	if (words_len < sizeof(words))
		words[words_len++] = (char)c;
	return c;
}

static void add_words(const char *capability)
{
	const char *text = tigetstr(capability);

	if (text && text != (const char *)-1)
		tputs(text, 1, add_byte);
}

/* Where terminfo does not say how, as for tmux, curses knows xterm's way. */
static void add_mouse_words(void)
{
	const char *mouse = tigetstr("XM"), *key = tigetstr("kmous");

	if (mouse && mouse != (const char *)-1)
		tputs(tparm(mouse, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L), 1,
		      add_byte);
	else if (key && key != (const char *)-1)
		tputs(strcmp(key, "\033[<") ? "\033[?1000l" :
					      "\033[?1006;1000l",
		      1, add_byte);
}

/* No mouse, keys as they were, no colors, a cursor, the first screen. */
static void find_words(void)
{
	words_len = 0;
	add_mouse_words();
	add_words("rmkx");
	add_words("sgr0");
	add_words("cnorm");
	add_words("rmcup");
}

/* It holds none of our files, and is nobody. */
static void give_up_all(int fd, int terminal)
{
	dup2(fd, STDIN_FILENO);
	dup2(terminal, STDOUT_FILENO);
	close_range(STDERR_FILENO, ~0u, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	privilege_drop();
	if (!geteuid() &&
	    (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	     setresuid(NOBODY, NOBODY, NOBODY)))
		_exit(1);
	sandbox_enter();
	landlock_write_in(-1);
}

/* A session of its own: no ^C ends it, and no job control stops it. */
static void keep_watch(int fd, int terminal, const struct termios *before)
{
	ssize_t n;
	char c;

	setsid();
	give_up_all(fd, terminal);
	do
		n = read(STDIN_FILENO, &c, 1);
	while (n < 0 && errno == EINTR);
	if (n)
		_exit(0);
	n = write(STDOUT_FILENO, words, words_len);
	tcsetattr(STDOUT_FILENO, TCSANOW, before);
	_exit(n < 0);
}

void keeper_start(struct keeper *k, int terminal, const struct termios *before)
{
	int fds[2];

	k->pid = 0;
	if (pipe2(fds, O_CLOEXEC))
		return;
	find_words();
	k->pid = fork();
	if (!k->pid) {
		/* Only its own end, or it would never see ours go. */
		close(fds[1]);
		keep_watch(fds[0], terminal, before);
	}
	close(fds[0]);
	k->fd = fds[1];
	if (k->pid < 0) {
		close(fds[1]);
		k->pid = 0;
	}
}

void keeper_stop(struct keeper *k)
{
	if (!k->pid)
		return;
	/* Else somebody has ended it. */
	child_reap(k->pid, NULL, write(k->fd, "", 1) == 1 ? END_MS : 0);
	close(k->fd);
	k->pid = 0;
}
