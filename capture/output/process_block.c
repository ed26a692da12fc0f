/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "output/process_block.h"

#include <string.h>

#include "bytes.h"

static void put(struct wbuf *w, uint16_t code, const void *value, size_t len)
{
	wbuf_u16(w, code);
	wbuf_u16(w, (uint16_t)len);
	wbuf_put(w, value, len);
	wbuf_pad4(w);
}

static void put_text(struct wbuf *w, uint16_t code, const char *text)
{
	if (*text)
		put(w, code, text, strlen(text));
}

static void put_number(struct wbuf *w, uint16_t code, uint64_t n, size_t len)
{
	uint8_t value[8];

	put_le(value, n, len);
	put(w, code, value, len);
}

/* An absent text is empty. */
static void put_program(struct wbuf *w, const struct process *p)
{
	put_text(w, PROCESS_BLOCK_NAME, p->name);
	put_text(w, PROCESS_BLOCK_PATH, p->exepath);
	if (p->cmdline_len)
		put(w, PROCESS_BLOCK_CMDLINE, p->cmdline, p->cmdline_len);
	if (process_has(p, FIELD_PPID))
		put_number(w, PROCESS_BLOCK_PPID, p->ppid, 4);
	if (process_has(p, FIELD_UID))
		put_number(w, PROCESS_BLOCK_UID, p->uid, 4);
	put_text(w, PROCESS_BLOCK_USER, p->user);
}

size_t process_block(const struct process *p, uint64_t from_ns,
		     uint8_t out[PROCESS_BLOCK_MAX])
{
	struct wbuf w = wbuf_of(out, PROCESS_BLOCK_MAX);
	uint8_t *length;
	size_t at;

	if (!process_has(p, FIELD_PID))
		return 0;
	wbuf_u32(&w, PROCESS_BLOCK_ENTRY);
	length = wbuf_claim(&w, 4);
	at = w.len;
	wbuf_u32(&w, p->pid);
	put_program(&w, p);
	put_number(&w, PROCESS_BLOCK_START,
		   from_ns > p->start_ns ? from_ns : p->start_ns, 8);
	wbuf_u32(&w, PROCESS_BLOCK_END);
	if (w.failed)
		return 0;
	put_le(length, w.len - at, 4);
	return w.len;
}
