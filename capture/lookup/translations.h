/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks the kernel for the connections it tracks in one network namespace. */
#ifndef PKTWHO_LOOKUP_TRANSLATIONS_H
#define PKTWHO_LOOKUP_TRANSLATIONS_H

#include <stddef.h>
#include <stdint.h>

/* A descriptor to ask through, of the one that this thread is in; or -errno. */
int translations_open(void);

/*
 * Calls @take with each netlink datagram of the answer, the last one included,
 * until it fails.  Those with one of the @status bits; a kernel that knows no
 * mask sends all.  0 or -errno, -EPERM without CAP_NET_ADMIN.
 */
int translations_ask(int fd, uint32_t status,
		     int (*take)(void *ctx, const void *bytes, size_t len),
		     void *ctx);

#endif
