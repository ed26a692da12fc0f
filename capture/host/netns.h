/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Another network namespace, with all that is in it, for the whole process. */
#ifndef PKTWHO_HOST_NETNS_H
#define PKTWHO_HOST_NETNS_H

/*
 * @which: a name of ip-netns(8), a process id or a path.  Takes root's rights,
 * and must come before anything is opened that knows of networks.  0 or -errno
 * (logged).
 */
int netns_enter(const char *which);

#endif
