/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "import/owner_option.h"

#include "pcapng.h"

static void add(struct owner_options *o, uint32_t pid, uint32_t tid)
{
	if (o->count == OWNER_OPTIONS)
		return;
	o->of[o->count].pid = pid;
	o->of[o->count++].tid = tid;
}

#if WS_VERSION >= 406

/* Two u32 as one u64: in a little-endian file the pid is low. */
static ws_bool take(wtap_block_t block _U_, unsigned id, wtap_opttype_e type,
		    wtap_optval_t *value, void *options)
{
	if (id == PCAPNG_EPB_PROCESSID_THREADID && type == WTAP_OPTTYPE_UINT64)
		add(options, (uint32_t)value->uint64val,
		    (uint32_t)(value->uint64val >> 32));
	return true;
}

void owner_option_init(void)
{
}

void owner_option_see(const packet_info *pinfo _U_)
{
}

void owner_option_get(struct owner_options *o, const packet_info *pinfo _U_,
		      wtap_block_t block)
{
	o->count = 0;
	if (block)
		wtap_block_foreach_option(block, take, o);
}

#else

#include <wiretap/pcapng_module.h>

/* What was read, and not dissected yet. */
static struct {
	wtap_block_t block;
	struct owner_options options;
} last;
static wmem_map_t *seen;		/* frame -> struct owner_options */

/* Wireshark writes the option no more than without us. */
static ws_bool parse(wtap_block_t block, ws_bool swapped, unsigned len,
		     const uint8_t *content, int *err _U_,
		     char **err_info _U_)
{
	uint32_t pid, tid;

	if (len != 8)
		return true;
	memcpy(&pid, content, 4);
	memcpy(&tid, content + 4, 4);
	if (last.block != block)
		last.options.count = 0;
	last.block = block;
	if (swapped)
		add(&last.options, GUINT32_SWAP_LE_BE(pid),
		    GUINT32_SWAP_LE_BE(tid));
	else
		add(&last.options, pid, tid);
	return true;
}

static guint32 size_of(guint id _U_, wtap_optval_t *value _U_)
{
	return 0;
}

static ws_bool write_nothing(wtap_dumper *dumper _U_, guint id _U_,
			     wtap_optval_t *value _U_, int *err _U_)
{
	return true;
}

void owner_option_init(void)
{
	seen = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(),
				      g_direct_hash, g_direct_equal);
	register_pcapng_option_handler(BLOCK_TYPE_EPB,
				       PCAPNG_EPB_PROCESSID_THREADID, parse,
				       size_of, write_nothing);
}

void owner_option_see(const packet_info *pinfo)
{
	if (last.options.count && last.block == pinfo->rec->block)
		wmem_map_insert(seen, GUINT_TO_POINTER(pinfo->num),
			wmem_memdup(wmem_file_scope(), &last.options,
				    sizeof(last.options)));
	last.block = NULL;
	last.options.count = 0;
}

void owner_option_get(struct owner_options *o, const packet_info *pinfo,
		      wtap_block_t block _U_)
{
	const struct owner_options *found = wmem_map_lookup(seen,
		GUINT_TO_POINTER(pinfo->num));

	o->count = 0;
	if (found)
		*o = *found;
}

#endif
