/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A database's file, which may be anybody's, as libmaxminddb can trust it. */
#ifndef PKTWHO_GEO_FILE_H
#define PKTWHO_GEO_FILE_H

/*
 * A descriptor with what the file holds now, sealed, which is the caller's to
 * close; or -errno.  libmaxminddb can only open a file and map it, and if
 * somebody cuts that one short the next lookup ends the process by SIGBUS.
 */
int geo_file_open(const char *path);

#endif
