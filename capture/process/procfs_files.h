/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How /proc is read: what the parts of procfs share. */
#ifndef PKTWHO_PROCESS_PROCFS_FILES_H
#define PKTWHO_PROCESS_PROCFS_FILES_H

#include <dirent.h>

#include "process/procfs.h"

/* Up to @size - 1 bytes of a file, NUL-terminated; the count, or -errno. */
int procfs_read_file(int dir, const char *name, char *buf, size_t size);

/* The same of what a link says. */
int procfs_read_link(int dir, const char *name, char *buf, size_t size);

/* The directory of a process; as open(2). */
int procfs_open_pid(int proc_fd, uint32_t pid);

/* A DIR over a path below a borrowed descriptor, or NULL. */
DIR *procfs_open_dir(int at, const char *path);

/*
 * Cuts off what the kernel adds to the path of a file that has no name any
 * more, and says so; unless the file is really called so.
 */
bool procfs_cut_deleted(int dir, char *exepath);

#endif
