/* SPDX-License-Identifier: GPL-3.0-or-later */
/* File systems of the kernel's, wherever the host has mounted them. */
#ifndef PKTWHO_HOST_FILES_FILE_SYSTEM_H
#define PKTWHO_HOST_FILES_FILE_SYSTEM_H

/*
 * The mount point of the first file system of that type, or a detached one: a
 * descriptor, which is the caller's to close, or -errno.
 */
int file_system_open(const char *type);

#endif
