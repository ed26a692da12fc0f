/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a container is called, and which pod has which address, as files on
 * this host have it.
 */
#ifndef PKTWHO_LOOKUP_CONTAINER_STATE_H
#define PKTWHO_LOOKUP_CONTAINER_STATE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "record.h"

/* A member that no file tells is "". */
struct container_state {
	char name[sizeof(((struct process *)0)->container_name)];
	char image[sizeof(((struct process *)0)->container_image)];
	char pod[sizeof(((struct process *)0)->pod_name)];
	char space[sizeof(((struct process *)0)->pod_namespace)];
};

struct container_question {
	const char *id;
	const char *pod_uid; /* or "" */
	uid_t uid;	     /* who runs it without being root, or 0 */
	const char *home;    /* that user's, or NULL */
};

/*
 * From the state of its runtime below @root_fd, an open "/"; what that does
 * not tell from the logs that Kubernetes keeps.  The id becomes part of a path:
 * one with a slash, or a dot in front, is nobody's.  Of a user's containers
 * only files of that user's tell.  0, or -ENOENT: nothing is known.
 */
int container_state_read(int root_fd, const struct container_question *q,
			 struct container_state *out);

/* Below "/": the network plugins' cache, on a node of Kubernetes. */
#define POD_ADDRESSES "var/lib/cni/results"

struct pod_address {
	uint8_t addr[16]; /* an IPv4 one mapped */
	char name[128];	  /* NAMESPACE/NAME, as --pod has it */
};

/*
 * Up to @max of them, from the number @from on.  How many; 0: there are no
 * more.
 */
size_t container_state_pods(int root_fd, size_t from, struct pod_address *out,
			    size_t max);

#endif
