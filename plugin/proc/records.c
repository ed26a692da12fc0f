/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proc/records.h"

struct stored {
	/* The one before it in its frame, or NULL. */
	const struct stored *senders;
	uint32_t frame;
	size_t len;
	uint8_t raw[];
};

struct history {
	uint64_t id;
	uint32_t first_frame;
	struct stored *first;
	struct stored *last; /* that was told, in this frame */
	uint32_t last_frame;
	wmem_tree_t *by_frame;
	bool has_sha256;    /* one of them has */
	uint32_t no_sha256; /* else why: enum hash_reason */
	uint8_t sha256[32];
};

/* Of one pid; those that came first, if there are many. */
struct namesakes {
	uint64_t ids[16];
	unsigned count;
};

static wmem_map_t *histories; /* process id -> struct history */
static wmem_map_t *pids;      /* pid -> struct namesakes */

void records_init(void)
{
	histories = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(),
					   wmem_int64_hash, g_int64_equal);
	pids = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(),
				      g_direct_hash, g_direct_equal);
}

static void remember_pid(const struct process *p)
{
	void *key = GUINT_TO_POINTER(p->pid);
	struct namesakes *n = wmem_map_lookup(pids, key);

	if (!process_has(p, FIELD_PID))
		return;
	if (!n) {
		n = wmem_new0(wmem_file_scope(), struct namesakes);
		wmem_map_insert(pids, key, n);
	}
	if (n->count < array_length(n->ids))
		n->ids[n->count++] = p->id;
}

static struct history *history_of(uint64_t id)
{
	struct history *h = wmem_map_lookup(histories, &id);

	if (h)
		return h;
	h = wmem_new0(wmem_file_scope(), struct history);
	h->id = id;
	h->by_frame = wmem_tree_new(wmem_file_scope());
	wmem_map_insert(histories, &h->id, h);
	return h;
}

void records_put(const struct process *p, const uint8_t *raw, size_t len,
		 uint32_t frame)
{
	struct history *h;
	struct stored *s, *before;

	if (!process_has(p, FIELD_ID))
		return;
	if (!wmem_map_contains(histories, &p->id))
		remember_pid(p);
	h = history_of(p->id);
	if (process_has(p, FIELD_SHA256)) {
		h->has_sha256 = true;
		memcpy(h->sha256, p->sha256, sizeof(h->sha256));
	}
	if (process_has(p, FIELD_SHA256_REASON))
		h->no_sha256 = p->sha256_reason;
	before = h->last_frame == frame ? h->last : NULL;
	s = wmem_tree_lookup32_le(h->by_frame, frame);
	h->last = s;
	h->last_frame = frame;
	if (s && s->len == len && !memcmp(s->raw, raw, len))
		return;

	s = wmem_alloc(wmem_file_scope(), sizeof(*s) + len);
	s->senders = before;
	s->frame = frame;
	s->len = len;
	memcpy(s->raw, raw, len);
	h->last = s;
	wmem_tree_insert32(h->by_frame, frame, s);
	if (!h->first || frame < h->first_frame) {
		h->first = s;
		h->first_frame = frame;
	}
}

/* It takes time: who had none yet, or no reason, has it all the same. */
static void add_hash(struct process *p, const struct history *h)
{
	if (process_has(p, FIELD_SHA256))
		return;
	if (h->has_sha256) {
		p->has |= 1ull << FIELD_SHA256;
		p->has &= ~(1ull << FIELD_SHA256_REASON);
		memcpy(p->sha256, h->sha256, sizeof(p->sha256));
	} else if (h->no_sha256) {
		p->has |= 1ull << FIELD_SHA256_REASON;
		p->sha256_reason = h->no_sha256;
	}
}

bool records_get(struct process *p, uint64_t id, uint32_t frame, bool sends)
{
	struct history *h = wmem_map_lookup(histories, &id);
	const struct stored *s;

	if (!h)
		return false;
	s = wmem_tree_lookup32_le(h->by_frame, frame);
	if (!s)
		s = h->first;
	if (sends && s->senders && s->frame == frame)
		s = s->senders;
	if (process_decode(p, s->raw, s->len) < 0)
		return false;
	add_hash(p, h);
	return true;
}

/* The files of two hosts may be in one: a name has to agree as well. */
static bool is_parent(const struct process *p, const struct process *parent)
{
	return process_has(parent, FIELD_NAME) && process_has(p, FIELD_PNAME) &&
	       !strcmp(parent->name, p->pname) &&
	       (!process_has(p, FIELD_START) ||
		!process_has(parent, FIELD_START) ||
		parent->start_ns <= p->start_ns);
}

bool records_get_parent(struct process *p, uint32_t frame)
{
	const struct namesakes *n = wmem_map_lookup(pids,
						    GUINT_TO_POINTER(p->ppid));
	struct process found, best;
	bool have = false;

	for (unsigned i = 0; n && i < n->count; i++) {
		if (!records_get(&found, n->ids[i], frame, false) ||
		    !is_parent(p, &found) ||
		    (have && found.start_ns < best.start_ns))
			continue;
		best = found;
		have = true;
	}
	if (have)
		*p = best;
	return have;
}
