/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lookup/spent.h"

/* That user's, or else whose place it is to be. */
static int find_user(const struct spent *s, uid_t uid)
{
	int oldest = 0;

	for (int i = 0; i < SPENT_USERS; i++) {
		if (s->users[i].uid == uid)
			return i;
		if (s->users[i].since_ns < s->users[oldest].since_ns)
			oldest = i;
	}
	return oldest;
}

bool spent_all(const struct spent *s, uid_t uid, uint64_t now_ns)
{
	int i = find_user(s, uid);

	return s->users[i].uid == uid && s->users[i].ns >= SPENT_MAX_NS &&
	       now_ns - s->users[i].since_ns < SPENT_OF_NS;
}

void spent_add(struct spent *s, uid_t uid, uint64_t from_ns, uint64_t now_ns)
{
	int i = find_user(s, uid);

	if (s->users[i].uid != uid ||
	    now_ns - s->users[i].since_ns >= SPENT_OF_NS) {
		s->users[i].uid = uid;
		s->users[i].since_ns = from_ns;
		s->users[i].ns = 0;
	}
	s->users[i].ns += now_ns - from_ns;
}
