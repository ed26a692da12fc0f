/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "import/import.h"

#include <errno.h>
#include <epan/epan.h>

#include "import/owner_option.h"
#include "pcapng.h"
#include "recognise/spoken.h"

/*
 * A process block as it is in the file.  A pid has few lives in a capture; a
 * file that says otherwise must not make every packet look at thousands.
 */
#define MAX_BLOCKS 256

struct block {
	uint32_t frame;
	uint32_t size;
	bool has_start;
	uint64_t start_ns;
	const uint8_t *raw;
};

static wmem_map_t *blocks; /* pid -> wmem_array_t of struct block */

void import_init(void)
{
	blocks = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(),
					g_direct_hash, g_direct_equal);
	owner_option_init();
}

/* ---- process blocks ---- */

static wmem_array_t *blocks_of(uint32_t pid)
{
	return wmem_map_lookup(blocks, GUINT_TO_POINTER(pid));
}

static void remember_block(const struct process *p, struct block b)
{
	wmem_array_t *all = blocks_of(p->pid);

	if (!process_has(p, FIELD_PID))
		return;
	if (!all) {
		all = wmem_array_new(wmem_file_scope(), sizeof(b));
		wmem_map_insert(blocks, GUINT_TO_POINTER(p->pid), all);
	}
	if (wmem_array_get_count(all) == MAX_BLOCKS)
		return;
	b.raw = wmem_memdup(wmem_file_scope(), b.raw, b.size);
	wmem_array_append_one(all, b);
}

int import_custom_block(struct imported *i, packet_info *pinfo, tvbuff_t *tvb)
{
	unsigned size = tvb_captured_length(tvb);
	const uint8_t *raw = tvb_get_ptr(tvb, 0, (int)size);
	int err = import_block(i, raw, size);
	struct block b = { .frame = pinfo->num, .size = size, .raw = raw };

	if (err || PINFO_FD_VISITED(pinfo))
		return err;
	b.has_start = process_has(&i->process, FIELD_START);
	b.start_ns = b.has_start ? i->process.start_ns : 0;
	remember_block(&i->process, b);
	return 0;
}

/*
 * Wireshark 5's rule: the one that started last, but not after the packet;
 * else the last one before the packet in the file; else the only one.
 */
static const struct block *choose(wmem_array_t *all, const packet_info *pinfo)
{
	uint64_t ts_ns = (uint64_t)pinfo->abs_ts.secs * 1000000000u +
			 (uint64_t)pinfo->abs_ts.nsecs;
	const struct block *started = NULL, *earlier = NULL, *b;
	unsigned count = wmem_array_get_count(all);

	for (unsigned n = 0; n < count; n++) {
		b = wmem_array_index(all, n);
		if (b->has_start && b->start_ns <= ts_ns &&
		    (!started || b->start_ns >= started->start_ns))
			started = b;
		if (b->frame < pinfo->num)
			earlier = b;
	}
	if (started)
		return started;
	if (earlier)
		return earlier;
	return count == 1 ? wmem_array_index(all, 0) : NULL;
}

/* All that the packet has is a pid; a block may know more. */
static void add_block(struct imported *i, const packet_info *pinfo)
{
	wmem_array_t *all = blocks_of(i->process.pid);
	const struct block *b = all ? choose(all, pinfo) : NULL;
	enum import_end end = i->end;
	uint32_t tid = i->tid;

	if (!b)
		return;
	import_block(i, b->raw, b->size);
	i->end = end;
	i->tid = tid;
}

/* ---- options ---- */

static void add_apple(struct imported *i, const packet_info *pinfo,
		      const struct owner_options *o)
{
	uint32_t pid;
	const char *name;

	if (o->apple == NO_BLOCK)
		return;
	name = owner_option_process(pinfo, o->apple, &pid);
	import_set_pid(i, pid);
	if (name)
		import_set_name(i, name, strlen(name));
	if (o->effective == NO_BLOCK || o->effective == o->apple)
		return;
	name = owner_option_process(pinfo, o->effective, &i->effective_pid);
	if (name)
		g_strlcpy(i->effective_name, name, sizeof(i->effective_name));
}

static ws_bool read_import_option(wtap_block_t block _U_, unsigned id,
				  wtap_opttype_e type, wtap_optval_t *value,
				  void *data)
{
	if (id == PCAPNG_OPT_COMMENT && type == WTAP_OPTTYPE_STRING)
		import_comment(data, value->stringval,
			       strlen(value->stringval));
	return true;
}

/* The flags are of this very packet. */
static void add_direction(struct imported *i, wtap_block_t block)
{
	uint32_t flags;

	if (wtap_block_get_uint32_option_value(block, OPT_PKT_FLAGS, &flags) !=
	    WTAP_OPTTYPE_SUCCESS)
		return;
	flags &= PCAPNG_EPB_FLAG_INBOUND | PCAPNG_EPB_FLAG_OUTBOUND;
	if (flags == PCAPNG_EPB_FLAG_OUTBOUND)
		i->end = IMPORT_SRC;
	else if (flags == PCAPNG_EPB_FLAG_INBOUND)
		i->end = IMPORT_DST;
}

/* Of a process that only a number is known of. */
static void add_rest(struct imported *i, const packet_info *pinfo,
		     wtap_block_t block)
{
	if (process_has(&i->process, FIELD_PID) &&
	    !process_has(&i->process, FIELD_NAME))
		add_block(i, pinfo);
	if (i->end == IMPORT_EITHER && block)
		add_direction(i, block);
}

static bool has_pid(const struct imported *all, unsigned count, uint32_t pid)
{
	for (unsigned n = 0; n < count; n++)
		if (process_has(&all[n].process, FIELD_PID) &&
		    all[n].process.pid == pid)
			return true;
	return false;
}

/* Of a packet that several have, the first is the one that comments are of. */
static unsigned add_owner_options(struct imported all[IMPORT_MAX],
				  const struct owner_options *o)
{
	unsigned count = import_is_placed(&all[0]);
	bool is_numbered = process_has(&all[0].process, FIELD_PID);

	for (unsigned n = 0; n < o->count; n++) {
		struct imported *i = &all[is_numbered ? count : 0];

		if (has_pid(all, count, o->of[n].pid) || count == IMPORT_MAX)
			continue;
		if (is_numbered)
			import_clear(i);
		import_set_pid(i, o->of[n].pid);
		if (!process_has(&i->process, FIELD_PID))
			continue;
		if (!i->tid && o->of[n].tid != UINT32_MAX)
			i->tid = o->of[n].tid;
		count += is_numbered || !count;
		is_numbered = true;
	}
	return count;
}

/*
 * The record's own link type is no help: Wireshark replaces it by that of the
 * frame behind the header.
 */
static void add_pktap(struct imported *i, const packet_info *pinfo,
		      tvbuff_t *tvb)
{
	static int pktap = -1;
	unsigned size = tvb_captured_length(tvb);

	if (pktap == -1)
		pktap = proto_get_id_by_filter_name("pktap");
	if (spoken_is(pinfo, pktap))
		import_pktap(i, tvb_get_ptr(tvb, 0, (int)size), size);
}

unsigned import_packet(struct imported all[IMPORT_MAX], packet_info *pinfo,
		       tvbuff_t *tvb, wtap_block_t block)
{
	struct owner_options o;
	unsigned count;

	import_clear(&all[0]);
	add_pktap(&all[0], pinfo, tvb);
	if (block)
		wtap_block_foreach_option(block, read_import_option, &all[0]);
	owner_option_get(&o, pinfo, block);
	add_apple(&all[0], pinfo, &o);
	count = add_owner_options(all, &o);
	for (unsigned n = 0; n < count; n++)
		add_rest(&all[n], pinfo, block);
	return count;
}

void import_see(const packet_info *pinfo)
{
	owner_option_see(pinfo);
}
