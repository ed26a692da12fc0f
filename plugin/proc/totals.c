/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proc/totals.h"

static wmem_map_t *all_totals; /* process id -> struct totals */

/* Few processes have most of the packets, and Wireshark's hash is slow. */
static struct totals *recent[64];

static void forget_recent(void)
{
	memset(recent, 0, sizeof(recent));
}

struct totals *totals_of_process(uint64_t id)
{
	struct totals **slot = &recent[id % array_length(recent)];
	struct totals *t = *slot;

	if (t && t->id == id)
		return t;
	t = wmem_map_lookup(all_totals, &id);
	if (!t) {
		t = wmem_new0(wmem_file_scope(), struct totals);
		t->id = id;
		wmem_map_insert(all_totals, &t->id, t);
	}
	*slot = t;
	return t;
}

static void count_totals(const struct packet_end *e, uint32_t len)
{
	struct totals *t;

	if (!e->present)
		return;
	t = totals_of_process(e->id);
	t->packets++;
	t->bytes += len;
}

/* As the capture counts: a process that talks to itself once. */
void totals_count(const packet_info *pinfo, const struct attribution *a,
		  const struct receivers *others)
{
	uint32_t len = pinfo->fd->pkt_len;

	count_totals(&a->src, len);
	if (!a->src.present || a->dst.id != a->src.id)
		count_totals(&a->dst, len);
	for (unsigned i = 0; i < others->count; i++)
		if (!a->src.present || others->of[i].id != a->src.id)
			count_totals(&others->of[i], len);
}

bool totals_are_told(const struct process *p)
{
	return process_has(p, FIELD_ID) && process_has(p, FIELD_PACKETS) &&
	       process_has(p, FIELD_BYTES);
}

void totals_count_row(const struct process *p)
{
	struct totals *t;

	if (!totals_are_told(p))
		return;
	t = totals_of_process(p->id);
	t->table_packets += p->packets;
	t->table_bytes += p->bytes;
}

void totals_init(void)
{
	all_totals = wmem_map_new_autoreset(wmem_epan_scope(),
					    wmem_file_scope(), wmem_int64_hash,
					    g_int64_equal);
	register_cleanup_routine(forget_recent);
}
