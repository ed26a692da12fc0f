/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lookup/login.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utmp.h>

#define MAX_LOGINS 4096 /* looked at: the file is as long as it likes */
#define ALPHANUMERIC \
	"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* systemd-logind's own state: KEY=value, a line each. */
static int read_session(int root_fd, const char *id, char *out, size_t size)
{
	static const char key[] = "\nREMOTE_HOST=";
	char path[128], text[4096] = "\n";
	const char *value;
	ssize_t n;
	int fd;

	if (!*id || id[strspn(id, ALPHANUMERIC)] || strlen(id) > 32)
		return -ENOENT;
	snprintf(path, sizeof(path), "run/systemd/sessions/%s", id);
	fd = openat(root_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -ENOENT;
	n = read(fd, text + 1, sizeof(text) - 2);
	close(fd);
	text[n > 0 ? n + 1 : 1] = '\0';
	value = strstr(text, key);
	if (!value)
		return -ENOENT;
	value += strlen(key);
	snprintf(out, size, "%.*s", (int)strcspn(value, "\n"), value);
	return *out ? 0 : -ENOENT;
}

/* The address, or where there is none the name that login(1) was told. */
static int take_entry(const struct utmp *u, char *out, size_t size)
{
	static const int32_t none[4];
	bool v4 = !memcmp(&u->ut_addr_v6[1], none, 12);
	char address[INET6_ADDRSTRLEN];

	if (memcmp(u->ut_addr_v6, none, sizeof(none)) &&
	    inet_ntop(v4 ? AF_INET : AF_INET6, u->ut_addr_v6, address,
		      sizeof(address)))
		snprintf(out, size, "%s", address);
	else
		snprintf(out, size, "%.*s",
			 (int)strnlen(u->ut_host, sizeof(u->ut_host)),
			 u->ut_host);
	return *out ? 0 : -ENOENT;
}

static bool is_login_on(const struct utmp *u, const char *tty)
{
	return u->ut_type == USER_PROCESS &&
	       !strncmp(u->ut_line, tty, sizeof(u->ut_line));
}

static int read_utmp(int root_fd, const char *tty, char *out, size_t size)
{
	int fd = *tty ? openat(root_fd, "run/utmp", O_RDONLY | O_CLOEXEC) : -1;
	int err = -ENOENT;
	struct utmp u;

	if (fd < 0)
		return -ENOENT;
	for (int i = 0; i < MAX_LOGINS && read(fd, &u, sizeof(u)) == sizeof(u);
	     i++)
		if (is_login_on(&u, tty)) {
			err = take_entry(&u, out, size);
			break;
		}
	close(fd);
	return err;
}

int login_address(int root_fd, const char *id, const char *tty, char *out,
		  size_t size)
{
	if (!read_session(root_fd, id, out, size))
		return 0;
	return read_utmp(root_fd, tty, out, size);
}
