/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/polling/polling.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lookup/lookup.h"
#include "packet/flow_hash.h"
#include "packet/parse.h"
#include "process/proctab.h"
#include "record.h"
#include "owner/polling/sockdiag.h"

#define ASKED	     4096 /* keys remembered, a power of two */
#define ASK_AGAIN_NS 1000000000ull

struct asked {
	struct flow_key key;
	uint64_t ts_ns;
	uint64_t cookie; /* what it was, while it is; 0: nothing */
};

struct polling {
	struct flow_hash hash;
	struct flowtab *flows;
	struct proctab *processes;
	struct lookup *lookup;
	int diag; /* a descriptor to ask through */
	uint64_t netns;
	struct asked asked[ASKED];
};

struct polling *polling_new(struct flowtab *flows, struct proctab *processes,
			    struct lookup *lookup, int diag, uint64_t netns)
{
	struct polling *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	flow_hash_init(&f->hash);
	f->flows = flows;
	f->processes = processes;
	f->lookup = lookup;
	f->diag = diag;
	f->netns = netns;
	return f;
}

void polling_free(struct polling *f)
{
	free(f);
}

/*
 * The flow's socket, or if it is gone already or not accepted yet, the one
 * that listens there.
 */
static bool find_socket(struct polling *f, const struct flow_key *key,
			struct sockdiag_socket *s)
{
	struct flow_key listener = *key;

	if (!sockdiag_find(f->diag, key, s) && s->inode)
		return true;
	memset(listener.remote, 0, sizeof(listener.remote));
	memcpy(listener.remote, key->remote, 12); /* IPv4 stays IPv4 */
	listener.remote_port = 0;
	return !sockdiag_find(f->diag, &listener, s) && s->inode;
}

static struct asked *asked_slot(struct polling *f, const struct flow_key *key)
{
	return &f->asked[flow_hash_one_way(&f->hash, key) & (ASKED - 1)];
}

static bool asked_lately(struct asked *a, const struct flow_key *key,
			 uint64_t ts_ns, bool begins)
{
	bool same = flow_key_equal(&a->key, key);

	if (!begins && same && a->ts_ns + ASK_AGAIN_NS > ts_ns)
		return true;
	if (!same)
		*a = (struct asked){ .key = *key };
	a->ts_ns = ts_ns;
	return false;
}

/* It was there when we asked before. */
static void ended(struct polling *f, struct asked *a, uint64_t ts_ns)
{
	if (a->cookie)
		flowtab_close(f->flows, a->cookie, ts_ns);
	a->cookie = 0;
}

void polling_learn(struct polling *f, const struct flow_key *key,
		   uint64_t ts_ns, bool begins)
{
	struct flowtab_event e = { .netns = f->netns };
	struct asked *a = asked_slot(f, key);
	struct sockdiag_socket s;
	uint32_t pid;

	if (asked_lately(a, key, ts_ns, begins))
		return;
	if (!find_socket(f, key, &s)) {
		ended(f, a, ts_ns);
		return;
	}
	if (lookup_holder(f->lookup, s.inode, &pid)) {
		/* It may only be that no scan was due. */
		a->ts_ns = 0;
		return;
	}
	e.ts_ns = ts_ns;
	e.cookie = s.cookie;
	e.owner = proctab_look_up(f->processes, pid, ts_ns);
	e.tid = pid;
	e.attr = s.listening ? ATTR_LISTENER : ATTR_SCAN;
	flowtab_flow(f->flows, &e, key);
	a->cookie = s.cookie;
}
