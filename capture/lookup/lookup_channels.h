/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lookup process from inside: what its opening and its asking share. */
#ifndef PKTWHO_LOOKUP_LOOKUP_CHANNELS_H
#define PKTWHO_LOOKUP_LOOKUP_CHANNELS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>

#include "lookup/answer.h"
#include "lookup/lookup.h"

struct channel {
	int fd;		/* -1: nobody is at its other end */
	uint32_t asked; /* the last question's number */
	uint32_t answered;
	struct question last;
};

struct lookup {
	struct answerer *answerer; /* here; NULL: the process has it */
	int proc_fd;
	int root_fd;
	pid_t pid;
	struct channel channels[CHANNELS];
	uint64_t unanswered;
	uint64_t users_since_ns; /* since then names of users cost ... */
	uint64_t users_ns;	 /* ... so much */
	uint32_t hashes;	 /* that are still to come */
	bool said_slow;
	bool said_lost;
	struct part part;
};

/* Closes it, if it is open, and remembers that. */
static inline void lookup_close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

#endif
