/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The network namespaces that are captured.  A socket stays in that in which it
 * was made: whoever knows of networks makes its own in each, once, and needs to
 * enter none of them again.
 */
#ifndef PKTWHO_HOST_NETNS_H
#define PKTWHO_HOST_NETNS_H

#include <stdbool.h>
#include <stddef.h>

#define NETNS_MAX  128 /* at once: a node of Kubernetes has 110 pods */
#define NETNS_NAME 256

struct netns {
	char name[NETNS_NAME]; /* before the names of its interfaces; "": none */
	int fd;		       /* -1: where we are */
};

struct netns_list {
	int count; /* at least 1 */
	bool all;  /* what there is in one may be missing in others */
	int home;  /* where we are, to come back; -1 if none is left */
	struct netns one[NETNS_MAX];
};

/*
 * @words: names of ip-netns(8), process ids or paths, with commas between, or
 * "all" there are, our own first.  NULL: our own alone.  Takes root's rights,
 * and of several as many descriptors as this process may have.  0 or -errno
 * (logged).
 */
int netns_open(struct netns_list *l, const char *words);
void netns_close(struct netns_list *l);

/* This thread goes there, and comes back.  0 or -errno (logged). */
int netns_enter(const struct netns_list *l, int which);
void netns_leave(const struct netns_list *l);

#endif
