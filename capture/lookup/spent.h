/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What each user's own files have cost: they may be made so that reading them
 * takes long, and the capture waits meanwhile, with everybody's packets.
 */
#ifndef PKTWHO_LOOKUP_SPENT_H
#define PKTWHO_LOOKUP_SPENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define SPENT_USERS  32		  /* then the longest known is forgotten */
#define SPENT_MAX_NS 500000000ull /* of each 10 s */
#define SPENT_OF_NS  10000000000ull

struct spent {
	struct {
		uid_t uid; /* 0: nobody */
		uint64_t since_ns;
		uint64_t ns;
	} users[SPENT_USERS];
};

/* Whether no more is to be read of that user's, who is not root, for now. */
bool spent_all(const struct spent *s, uid_t uid, uint64_t now_ns);

/* From then until @now_ns a file of that user's was read. */
void spent_add(struct spent *s, uid_t uid, uint64_t from_ns, uint64_t now_ns);

#endif
