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

static void clear(struct owner_options *o)
{
	o->apple = o->effective = NO_BLOCK;
	o->count = 0;
}

#if WS_VERSION >= 406

#include <sys/stat.h>
#include <unistd.h>

#define DESCRIPTORS 256 /* of this program that are looked at */

enum { NOT_SEEN = 0, LITTLE = 1, BIG = 2 };

static int order = -1; /* of the file that is open; -1: not looked at */

static void expect_another_order(void)
{
	order = -1;
}

/* NOT_SEEN: this is no file of PCAPNG. */
static int order_of(int fd)
{
	static const uint8_t magic[] = { 0x0a, 0x0d, 0x0d, 0x0a };
	uint8_t head[12];
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) ||
	    pread(fd, head, sizeof(head), 0) != sizeof(head) ||
	    memcmp(head, magic, sizeof(magic)))
		return NOT_SEEN;
	return head[8] == 0x1a ? BIG : LITTLE;
}

/*
 * Two u32 as one u64: the pid is low in a little-endian file.  Wireshark tells
 * nobody which that is, so we look at the files that it has open.  Of others,
 * as pipes, we take what nearly all are.
 */
static int order_of_file(void)
{
	if (order != -1)
		return order;
	order = NOT_SEEN;
	for (int fd = 0; fd < DESCRIPTORS; fd++)
		order |= order_of(fd);
	if (order == NOT_SEEN)
		order = LITTLE;
	return order;
}

static void add_both(struct owner_options *o, uint64_t both)
{
	uint32_t low = (uint32_t)both, high = (uint32_t)(both >> 32);

	switch (order_of_file()) {
	case LITTLE:
		add(o, low, high);
		break;
	case BIG:
		add(o, high, low);
		break;
	default: /* two files: rather nothing than a wrong pid */
		break;
	}
}

static ws_bool take(wtap_block_t block _U_, unsigned id, wtap_opttype_e type,
		    wtap_optval_t *value, void *options)
{
	struct owner_options *o = options;

	if (id == PCAPNG_EPB_PROCESSID_THREADID && type == WTAP_OPTTYPE_UINT64)
		add_both(o, value->uint64val);
	else if (id == OPTION_APPLE_PROCESS && type == WTAP_OPTTYPE_UINT32)
		o->apple = value->uint32val;
	else if (id == OPTION_APPLE_EFFECTIVE && type == WTAP_OPTTYPE_UINT32)
		o->effective = value->uint32val;
	return true;
}

void owner_option_init(void)
{
	register_init_routine(expect_another_order);
}

void owner_option_see(const packet_info *pinfo _U_)
{
}

void owner_option_get(struct owner_options *o, const packet_info *pinfo _U_,
		      wtap_block_t block)
{
	clear(o);
	if (block)
		wtap_block_foreach_option(block, take, o);
}

const char *owner_option_process(const packet_info *pinfo, uint32_t number,
				 uint32_t *pid)
{
	unsigned section = pinfo->rec->section_number;

	*pid = (uint32_t)epan_get_process_id(pinfo->epan, number, section);
	return epan_get_process_name(pinfo->epan, number, section);
}

#else

#include <wiretap/pcapng_module.h>

/* Exported, but its header needs one that is not installed. */
extern int file_read(void *to, unsigned count, FILE_T file);

#define APPLE_BLOCK	0x80000001u
#define APPLE_BLOCK_MAX 4096 /* bytes of it; longer ones have no pid */
#define APPLE_NAME	2    /* option */

/* What was read, and not dissected yet. */
static struct {
	wtap_block_t block;
	struct owner_options options;
} last;
static wmem_map_t *seen; /* frame -> struct owner_options */

/* Apple's blocks, by their numbers in the file; of more nothing is kept. */
static struct {
	unsigned count;
	bool is_old; /* another file may have been opened */
	struct {
		uint32_t pid;
		char name[64];
	} of[256];
} blocks;

static struct owner_options *options_of_block(wtap_block_t block)
{
	if (last.block != block)
		clear(&last.options);
	last.block = block;
	return &last.options;
}

static uint32_t number_at(const uint8_t *p, bool swapped)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return swapped ? GUINT32_SWAP_LE_BE(v) : v;
}

static ws_bool parse_owner(wtap_block_t block, ws_bool swapped, unsigned len,
			   const uint8_t *content, int *err _U_,
			   char **err_info _U_)
{
	if (len == 8)
		add(options_of_block(block), number_at(content, swapped),
		    number_at(content + 4, swapped));
	return true;
}

static ws_bool parse_apple(wtap_block_t block, ws_bool swapped, unsigned len,
			   const uint8_t *content, int *err _U_,
			   char **err_info _U_)
{
	if (len == 4)
		options_of_block(block)->apple = number_at(content, swapped);
	return true;
}

static ws_bool parse_effective(wtap_block_t block, ws_bool swapped,
			       unsigned len, const uint8_t *content,
			       int *err _U_, char **err_info _U_)
{
	if (len == 4)
		options_of_block(block)->effective = number_at(content,
							       swapped);
	return true;
}

/* Wireshark writes the options no more than without us. */
static guint32 size_of(guint id _U_, wtap_optval_t *value _U_)
{
	return 0;
}

static ws_bool write_nothing(wtap_dumper *dumper _U_, guint id _U_,
			     wtap_optval_t *value _U_, int *err _U_)
{
	return true;
}

static ws_bool write_no_block(wtap_dumper *dumper _U_, const wtap_rec *rec _U_,
			      const uint8_t *p _U_, int *err _U_)
{
	return true;
}

/* Where the name is, of *@len bytes, or NULL. */
static const uint8_t *find_name(const uint8_t *p, size_t size, bool swapped,
				size_t *len)
{
	for (size_t at = 4; at + 4 <= size; at += 4 + ((*len + 3) & ~3u)) {
		uint32_t both = number_at(p + at, false);
		uint16_t head[2];

		memcpy(head, &both, sizeof(head));
		*len = swapped ? GUINT16_SWAP_LE_BE(head[1]) : head[1];
		if (swapped)
			head[0] = GUINT16_SWAP_LE_BE(head[0]);
		if (!head[0] || at + 4 + *len > size)
			return NULL;
		if (head[0] == APPLE_NAME)
			return p + at + 4;
	}
	return NULL;
}

static void remember_apple(const uint8_t *p, size_t size, bool swapped)
{
	const uint8_t *name;
	size_t len = 0;

	if (blocks.is_old)
		memset(&blocks, 0, sizeof(blocks));
	if (blocks.count == array_length(blocks.of))
		return;
	if (size >= 4) {
		blocks.of[blocks.count].pid = number_at(p, swapped);
		name = find_name(p, size, swapped, &len);
		len = MIN(len, sizeof(blocks.of[0].name) - 1);
		if (name)
			memcpy(blocks.of[blocks.count].name, name, len);
	}
	blocks.count++;
}

/* All of the block has to be read, whatever is in it. */
static ws_bool read_apple(FILE_T file, uint32_t size, ws_bool swapped,
			  wtapng_block_t *block, int *err, char **err_info _U_)
{
	uint8_t *p = g_malloc(size + 1);
	int got = file_read(p, size, file);

	block->internal = true;
	block->block = NULL;
	if (got == (int)size)
		remember_apple(p, size <= APPLE_BLOCK_MAX ? size : 0, swapped);
	else
		*err = WTAP_ERR_SHORT_READ;
	g_free(p);
	return got == (int)size;
}

/* Packets may be dissected anew, and then no block is read again. */
static void expect_a_file(void)
{
	blocks.is_old = true;
}

void owner_option_init(void)
{
	static const struct {
		unsigned id;
		option_parser parse;
	} ours[] = {
		{ PCAPNG_EPB_PROCESSID_THREADID, parse_owner },
		{ OPTION_APPLE_PROCESS, parse_apple },
		{ OPTION_APPLE_EFFECTIVE, parse_effective },
	};

	seen = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(),
				      g_direct_hash, g_direct_equal);
	for (size_t i = 0; i < array_length(ours); i++)
		register_pcapng_option_handler(BLOCK_TYPE_EPB, ours[i].id,
					       ours[i].parse, size_of,
					       write_nothing);
	register_pcapng_block_type_handler(APPLE_BLOCK, read_apple,
					   write_no_block);
	register_init_routine(expect_a_file);
}

void owner_option_see(const packet_info *pinfo)
{
	if (last.block && last.block == pinfo->rec->block)
		wmem_map_insert(seen, GUINT_TO_POINTER(pinfo->num),
				wmem_memdup(wmem_file_scope(), &last.options,
					    sizeof(last.options)));
	last.block = NULL;
}

void owner_option_get(struct owner_options *o, const packet_info *pinfo,
		      wtap_block_t block _U_)
{
	const struct owner_options *found = wmem_map_lookup(
		seen, GUINT_TO_POINTER(pinfo->num));

	clear(o);
	if (found)
		*o = *found;
}

/* Of which section a block was is not known, so of several it is nobody's. */
const char *owner_option_process(const packet_info *pinfo, uint32_t number,
				 uint32_t *pid)
{
	*pid = 0;
	if (number >= blocks.count || pinfo->rec->section_number)
		return NULL;
	*pid = blocks.of[number].pid;
	return blocks.of[number].name;
}

#endif
