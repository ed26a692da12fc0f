/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where a command leaves the keys of its TLS connections (SSLKEYLOGFILE): a
 * file of the caller's of sudo.  Another process removes it once we have
 * ended, however that is: what is in it opens everything.
 */
#ifndef PKTWHO_HOST_FILES_KEY_FILE_H
#define PKTWHO_HOST_FILES_KEY_FILE_H

#include <sys/types.h>

struct key_file {
	char path[4096];
	int fd;	    /* to read it with */
	int end_fd; /* closed: it is removed */
	pid_t remover;
};

/*
 * Makes it in @directory, and the variable that is handed down to whom we
 * start from then on.  0 or -errno (logged).
 */
int key_file_open(struct key_file *k, const char *directory);

/* After the last child that has the variable; waits until it is removed. */
void key_file_close(struct key_file *k);

#endif
