/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "import/parse_parts.h"

#include <errno.h>
#include <string.h>

#include "bytes.h"

void import_clear(struct imported *i)
{
	i->process.has = 0;
	i->process.flags = 0;
	i->process.cmdline_len = 0;
	i->process.pid = 0;
	i->process.name[0] = '\0';
	i->end = IMPORT_EITHER;
	i->name[0] = '\0';
	i->tid = 0;
	i->effective_pid = 0;
	i->effective_name[0] = '\0';
}

bool import_is_named(const struct imported *i)
{
	return process_has(&i->process, FIELD_PID) ||
	       process_has(&i->process, FIELD_NAME);
}

bool import_is_placed(const struct imported *i)
{
	return import_is_named(i) ||
	       process_has(&i->process, FIELD_CONTAINER_ID) ||
	       process_has(&i->process, FIELD_CONTAINER_NAME) ||
	       process_has(&i->process, FIELD_POD_UID);
}

/* The first word on a field counts: later ones may be what a process forged. */
static bool claim(struct imported *i, enum field f)
{
	if (process_has(&i->process, f))
		return false;
	i->process.has |= 1ull << f;
	return true;
}

static void copy(char *to, size_t size, struct span s)
{
	if (s.len >= size)
		s.len = size - 1;
	memcpy(to, s.p, s.len);
	to[s.len] = '\0';
}

/* A text ends at a NUL, wherever its tool thought that it ends. */
static struct span text_of(struct span s)
{
	return (struct span){ s.p, strnlen(s.p, s.len) };
}

void parse_set_text(struct imported *i, enum field f, char *to, size_t size,
		    struct span s)
{
	s = text_of(s);
	if (s.len && claim(i, f))
		copy(to, size, s);
}

void parse_set_number(struct imported *i, enum field f, uint32_t *to,
		      uint32_t v)
{
	if (claim(i, f))
		*to = v;
}

void import_set_pid(struct imported *i, uint32_t pid)
{
	if (pid != NO_PID && pid)
		parse_set_number(i, FIELD_PID, &i->process.pid, pid);
}

void parse_set_name(struct imported *i, struct span s)
{
	s = text_of(s);
	if (!s.len || process_has(&i->process, FIELD_NAME))
		return;
	copy(i->name, sizeof(i->name), s);
	SET_TEXT(i, FIELD_NAME, name, s);
}

void import_set_name(struct imported *i, const char *name, size_t len)
{
	parse_set_name(i, (struct span){ name, len });
}

void parse_set_arguments(struct imported *i, struct span s)
{
	struct process *p = &i->process;

	if (!s.len || !claim(i, FIELD_CMDLINE))
		return;
	if (s.len >= sizeof(p->cmdline))
		s.len = sizeof(p->cmdline) - 1;
	memcpy(p->cmdline, s.p, s.len);
	p->cmdline[s.len] = '\0';
	p->cmdline_len = (uint16_t)s.len;
}

/* The last part of a path; Windows' do not begin with a slash. */
struct span parse_base_name(struct span path)
{
	char separator = path.len && path.p[0] == '/' ? '/' : '\\';
	size_t at = path.len;

	while (at && path.p[at - 1] != separator)
		at--;
	return (struct span){ path.p + at, path.len - at };
}

/* ---- Wireshark 5: a process block ---- */

#define ENTRY_PROCESS 3

enum {
	OPTION_END = 0,
	OPTION_NAME = 2,
	OPTION_PATH = 3,
	OPTION_CMDLINE = 4,
	OPTION_PPID = 5,
	OPTION_UID = 6,
	OPTION_USER = 7,
	OPTION_START = 9,
};

/* Its size is the option's, or the block is broken. */
static bool is_number(struct rbuf *value, size_t size)
{
	return value->left == size;
}

static void set_start(struct imported *i, uint64_t ns)
{
	if (claim(i, FIELD_START))
		i->process.start_ns = ns;
}

static bool block_option(struct imported *i, unsigned code, struct rbuf value)
{
	struct span s = { (const char *)value.p, value.left };
	struct process *p = &i->process;

	switch (code) {
	case OPTION_NAME:
		parse_set_name(i, s);
		return true;
	case OPTION_PATH:
		SET_TEXT(i, FIELD_EXEPATH, exepath, s);
		return true;
	case OPTION_CMDLINE:
		parse_set_arguments(i, s);
		return true;
	case OPTION_USER:
		SET_TEXT(i, FIELD_USER, user, s);
		return true;
	case OPTION_PPID:
		if (is_number(&value, 4))
			parse_set_number(i, FIELD_PPID, &p->ppid,
					 rbuf_u32(&value));
		return is_number(&value, 0);
	case OPTION_UID:
		if (is_number(&value, 4))
			parse_set_number(i, FIELD_UID, &p->uid,
					 rbuf_u32(&value));
		return is_number(&value, 0);
	case OPTION_START:
		if (is_number(&value, 8))
			set_start(i, rbuf_u64(&value));
		return is_number(&value, 0);
	default:
		return true;
	}
}

static bool block_options(struct imported *i, struct rbuf *r)
{
	while (r->left) {
		unsigned code = rbuf_u16(r);
		size_t len = rbuf_u16(r);
		struct rbuf value = rbuf_sub(r, len);

		rbuf_claim(r, -len & 3);
		if (r->failed)
			return false;
		if (code == OPTION_END)
			return true;
		if (!block_option(i, code, value))
			return false;
	}
	return true;
}

/* Always little-endian, and without options it ends after the pid. */
int import_block(struct imported *i, const uint8_t *p, size_t size)
{
	struct rbuf r = rbuf_of(p, size), entry;
	uint32_t type = rbuf_u32(&r);

	import_clear(i);
	if (!r.failed && type != ENTRY_PROCESS)
		return -ENOENT;
	entry = rbuf_sub(&r, rbuf_u32(&r));
	import_set_pid(i, rbuf_u32(&entry));
	if (entry.failed || !block_options(i, &entry)) {
		import_clear(i);
		return -EBADMSG;
	}
	if (process_has(&i->process, FIELD_EXEPATH))
		parse_set_name(i, parse_base_name((struct span){
					  i->process.exepath,
					  strlen(i->process.exepath) }));
	return 0;
}

/* ---- Apple: the header of LINKTYPE_PKTAP, bsd/net/pktap.h of XNU ---- */

#define PKTAP_MIN_LEN		108
#define PKTAP_FLAGS		36
#define PKTAP_PID		52
#define PKTAP_COMMAND		56
#define PKTAP_COMMAND_LEN	20
#define PKTAP_EFFECTIVE_PID	84
#define PKTAP_EFFECTIVE_COMMAND 88
#define PKTAP_FLAG_IN		1u
#define PKTAP_FLAG_OUT		2u

/* For whom it sends, if not for itself: a browser's helper for the browser. */
static void set_effective(struct imported *i, const uint8_t *p)
{
	uint32_t pid = (uint32_t)get_le(p + PKTAP_EFFECTIVE_PID, 4);
	struct span name = { (const char *)p + PKTAP_EFFECTIVE_COMMAND,
			     PKTAP_COMMAND_LEN };

	if (!pid || pid == NO_PID || pid == i->process.pid)
		return;
	i->effective_pid = pid;
	copy(i->effective_name, sizeof(i->effective_name), text_of(name));
}

/* Written in the host's order, and the hosts have long been little-endian. */
bool import_pktap(struct imported *i, const uint8_t *p, size_t size)
{
	struct span name;
	uint64_t flags;

	if (size < PKTAP_MIN_LEN || get_le(p, 4) < PKTAP_MIN_LEN)
		return false;
	name.p = (const char *)p + PKTAP_COMMAND;
	name.len = strnlen(name.p, PKTAP_COMMAND_LEN);
	import_set_pid(i, (uint32_t)get_le(p + PKTAP_PID, 4));
	parse_set_name(i, name);
	set_effective(i, p);

	flags = get_le(p + PKTAP_FLAGS, 4) & (PKTAP_FLAG_IN | PKTAP_FLAG_OUT);
	if (flags == PKTAP_FLAG_OUT)
		i->end = IMPORT_SRC;
	else if (flags == PKTAP_FLAG_IN)
		i->end = IMPORT_DST;
	return import_is_named(i);
}
