/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The record of a process. */
#include "record_parts.h"

#include <errno.h>
#include <string.h>

#define PROCESS_HEAD_LEN (RECORD_HEADER_LEN + 4) /* with its own length */

/*
 * The process record's fields: where each lives in struct process and how it
 * travels.  Adding one to the format adds a row here and an enum field.
 */
enum how { UINT, STRING, LIST, BLOB };

struct field_row {
	enum how how;
	uint16_t offset;
	uint16_t size; /* of the member */
	uint16_t len;  /* LIST: where the member of its length is */
};

#define ROW(how, member)                                         \
	{                                                        \
		how, offsetof(struct process, member),           \
			sizeof(((struct process *)0)->member), 0 \
	}

#define LIST_ROW(member)                                       \
	{                                                      \
		LIST, offsetof(struct process, member),        \
			sizeof(((struct process *)0)->member), \
			offsetof(struct process, member##_len) \
	}

static const struct field_row fields[FIELD_COUNT] = {
	[FIELD_ID] = ROW(UINT, id),
	[FIELD_PID] = ROW(UINT, pid),
	[FIELD_PPID] = ROW(UINT, ppid),
	[FIELD_START] = ROW(UINT, start_ns),
	[FIELD_NAME] = ROW(STRING, name),
	[FIELD_EXEPATH] = ROW(STRING, exepath),
	[FIELD_CMDLINE] = LIST_ROW(cmdline),
	[FIELD_UID] = ROW(UINT, uid),
	[FIELD_GID] = ROW(UINT, gid),
	[FIELD_USER] = ROW(STRING, user),
	[FIELD_VPID] = ROW(UINT, vpid),
	[FIELD_LOGINUID] = ROW(UINT, loginuid),
	[FIELD_PNAME] = ROW(STRING, pname),
	[FIELD_CGROUP] = ROW(STRING, cgroup),
	[FIELD_CONTAINER_ID] = ROW(STRING, container_id),
	[FIELD_CONTAINER_NAME] = ROW(STRING, container_name),
	[FIELD_CONTAINER_RUNTIME] = ROW(STRING, container_runtime),
	[FIELD_POD_UID] = ROW(STRING, pod_uid),
	[FIELD_UNIT] = ROW(STRING, unit),
	[FIELD_NETNS] = ROW(UINT, netns),
	[FIELD_FLAGS] = ROW(UINT, flags),
	[FIELD_SHA256] = ROW(BLOB, sha256),
	[FIELD_PACKETS] = ROW(UINT, packets),
	[FIELD_BYTES] = ROW(UINT, bytes),
	[FIELD_FIRST_SEEN] = ROW(UINT, first_seen_ns),
	[FIELD_LAST_SEEN] = ROW(UINT, last_seen_ns),
	[FIELD_EXIT_STATUS] = ROW(UINT, exit_status),
	[FIELD_CONTAINER_IMAGE] = ROW(STRING, container_image),
	[FIELD_POD_NAME] = ROW(STRING, pod_name),
	[FIELD_POD_NAMESPACE] = ROW(STRING, pod_namespace),
	[FIELD_HOST] = ROW(STRING, host),
	[FIELD_APID] = LIST_ROW(apid),
	[FIELD_ANAME] = LIST_ROW(aname),
	[FIELD_AEXE] = LIST_ROW(aexe),
	[FIELD_SHA256_REASON] = ROW(UINT, sha256_reason),
	[FIELD_CWD] = ROW(STRING, cwd),
	[FIELD_SCRIPT] = ROW(STRING, script),
	[FIELD_TTY] = ROW(STRING, tty),
	[FIELD_SESSION_ID] = ROW(STRING, session_id),
	[FIELD_SESSION_ADDRESS] = ROW(STRING, session_address),
};

static uint64_t load_uint(const void *member, size_t size)
{
	uint32_t v32;
	uint64_t v64;

	if (size == sizeof(v32)) {
		memcpy(&v32, member, sizeof(v32));
		return v32;
	}
	memcpy(&v64, member, sizeof(v64));
	return v64;
}

static void store_uint(void *member, size_t size, uint64_t v)
{
	uint32_t v32 = (uint32_t)v;

	if (size == sizeof(v32))
		memcpy(member, &v32, sizeof(v32));
	else
		memcpy(member, &v, sizeof(v));
}

/* Cuts the list where the decoder would. */
static size_t list_len(const struct process *p, const struct field_row *row)
{
	uint16_t len;

	memcpy(&len, (const uint8_t *)p + row->len, sizeof(len));
	return len < row->size ? len : row->size - 1u;
}

static size_t field_len(const struct process *p, const struct field_row *row)
{
	const char *member = (const char *)p + row->offset;

	if (row->how == STRING)
		return strnlen(member, row->size - 1u);
	return row->how == LIST ? list_len(p, row) : row->size;
}

static void put_field(struct wbuf *w, const struct process *p, int type)
{
	const struct field_row *row = &fields[type];
	const uint8_t *member = (const uint8_t *)p + row->offset;
	size_t len = field_len(p, row);

	wbuf_u16(w, (uint16_t)type);
	wbuf_u16(w, (uint16_t)len);
	if (row->how == UINT)
		wbuf_uint(w, load_uint(member, len), len);
	else
		wbuf_put(w, member, len);
	wbuf_pad4(w);
}

/* The fields of the first version always do, at their longest. */
static bool has_room(const struct wbuf *w, const struct process *p, int type)
{
	size_t len = field_len(p, &fields[type]);

	return type <= FIELD_AEXE ||
	       w->len + 4 + (len + 3) / 4 * 4 <= PROCESS_MAX;
}

int process_encode(const struct process *p, void *buf, size_t size)
{
	struct wbuf w = wbuf_of(buf, size);
	uint8_t *length;

	record_put_header(&w, RECORD_PROCESS);
	length = wbuf_claim(&w, 4);
	for (int type = 1; type < FIELD_COUNT; type++)
		if (process_has(p, type) && has_room(&w, p, type))
			put_field(&w, p, type);
	if (w.failed)
		return -ENOSPC;
	put_le(length, w.len, 4);
	return (int)w.len;
}

/*
 * A repeated field leaves nothing of its last value behind.  Only what that
 * value filled is cleared: it was paid for in bytes of the record, the whole
 * member would cost 4 KiB for a field of four bytes.
 */
static void take_bytes(struct process *p, const struct field_row *row,
		       struct rbuf *value, size_t len)
{
	uint8_t *member = (uint8_t *)p + row->offset;
	size_t before = field_len(p, row);
	uint16_t list;

	if (len > (size_t)row->size - 1)
		len = row->size - 1;
	memcpy(member, value->p, len);
	if (before > len)
		memset(member + len, 0, before - len);
	list = (uint16_t)len;
	if (row->how == LIST)
		memcpy((uint8_t *)p + row->len, &list, sizeof(list));
}

/* False if @value cannot be a value of this field. */
static bool decode_field(struct process *p, uint16_t type, struct rbuf *value)
{
	const struct field_row *row;
	size_t len = value->left;
	uint8_t *member;

	if (type == 0 || type >= FIELD_COUNT)
		return true;
	row = &fields[type];
	member = (uint8_t *)p + row->offset;

	switch (row->how) {
	case UINT:
		if (len != row->size)
			return false;
		store_uint(member, len, rbuf_uint(value, len));
		break;
	case BLOB:
		if (len != row->size)
			return false;
		memcpy(member, value->p, len);
		break;
	case STRING:
		take_bytes(p, row, value, strnlen((const char *)value->p, len));
		break;
	case LIST:
		take_bytes(p, row, value, len);
		break;
	}
	process_set_field(p, (enum field)type);
	return true;
}

static int take_fields(struct process *p, struct rbuf *r)
{
	while (r->left) {
		uint16_t type = rbuf_u16(r);
		uint16_t len = rbuf_u16(r);
		struct rbuf value = rbuf_sub(r, len);

		rbuf_claim(r, -(size_t)len & 3); /* padding */
		if (r->failed || !decode_field(p, type, &value))
			return -EBADMSG;
	}
	return 0;
}

int process_decode(struct process *p, const void *buf, size_t size)
{
	struct rbuf r = rbuf_of(buf, size), body;
	uint32_t length;
	int err;

	memset(p, 0, sizeof(*p));
	err = record_expect_header(&r, RECORD_PROCESS);
	if (err)
		return err;
	length = rbuf_u32(&r);
	if (r.failed || length < PROCESS_HEAD_LEN || length > PROCESS_MAX ||
	    length % 4)
		return -EBADMSG;
	body = rbuf_sub(&r, length - PROCESS_HEAD_LEN);
	if (body.failed || take_fields(p, &body)) {
		memset(p, 0, sizeof(*p));
		return -EBADMSG;
	}
	return (int)length;
}

/* The next text of a NUL-separated list, and its length. */
static const char *next_text(const char **at, const char *end, size_t *len)
{
	const char *text = *at;

	*len = strnlen(text, (size_t)(end - text));
	*at += *len + (text + *len < end);
	return text;
}

unsigned process_ancestors(const struct process *p,
			   struct ancestor out[PROCESS_ANCESTORS])
{
	const char *name = p->aname, *exe = p->aexe;
	const char *names_end = name + list_len(p, &fields[FIELD_ANAME]);
	const char *exes_end = exe + list_len(p, &fields[FIELD_AEXE]);
	size_t count = list_len(p, &fields[FIELD_APID]) / 4;

	for (size_t i = 0; i < count; i++) {
		out[i].pid = (uint32_t)get_le(p->apid + 4 * i, 4);
		out[i].name = next_text(&name, names_end, &out[i].name_len);
		out[i].exe = next_text(&exe, exes_end, &out[i].exe_len);
	}
	return (unsigned)count;
}

/*
 * Leaves room for the separators of what follows: a text that does not fit is
 * left out whole, and the others keep their places.
 */
static void add_text(struct wbuf *w, unsigned number, const char *text,
		     size_t len)
{
	if (number)
		wbuf_u8(w, 0);
	if (w->len + len + PROCESS_ANCESTORS - number <= w->cap)
		wbuf_put(w, text, len);
}

void process_descend(struct process *p, const struct process *parent)
{
	struct ancestor all[PROCESS_ANCESTORS + 1] = { {
		.pid = parent->pid,
		.name = parent->name,
		.name_len = strnlen(parent->name, RECORD_NAME_LEN - 1),
		.exe = parent->exepath,
		.exe_len = strnlen(parent->exepath, sizeof(parent->exepath)),
	} };
	uint8_t pids[sizeof(p->apid)] = { 0 };
	char names[sizeof(p->aname)] = { 0 }, exes[sizeof(p->aexe)] = { 0 };
	struct wbuf pid = wbuf_of(pids, sizeof(pids));
	struct wbuf name = wbuf_of(names, sizeof(names));
	struct wbuf exe = wbuf_of(exes, sizeof(exes));
	unsigned count = 1 + process_ancestors(parent, all + 1);

	for (unsigned i = 0; i < count && i < PROCESS_ANCESTORS; i++) {
		wbuf_u32(&pid, all[i].pid);
		add_text(&name, i, all[i].name, all[i].name_len);
		add_text(&exe, i, all[i].exe, all[i].exe_len);
	}
	memcpy(p->apid, pids, sizeof(pids));
	memcpy(p->aname, names, sizeof(names));
	memcpy(p->aexe, exes, sizeof(exes));
	p->apid_len = (uint16_t)pid.len;
	p->aname_len = (uint16_t)name.len;
	p->aexe_len = (uint16_t)exe.len;
	p->has |= 1ull << FIELD_APID | 1ull << FIELD_ANAME | 1ull << FIELD_AEXE;
}
