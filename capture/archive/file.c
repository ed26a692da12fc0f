/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "archive/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/peer.h"
#include "bytes.h"
#include "host/log.h"
#include "host/files/unpacker.h"
#include "output/pcapng/pcapng_option.h"
#include "pcapng.h"
#include "record.h"

#define BUFFER_SIZE  (1u << 20)
#define UNPACKED_MAX (1u << 30)

_Static_assert(BUFFER_SIZE > 2 * PCAPNG_MAX_BLOCK, "a block fits");

/* How many bytes were there, or -errno. */
static ssize_t read_file_at(const struct archive_file *f, uint64_t at,
			    uint8_t *out, size_t len)
{
	size_t done = 0;

	if (at > f->size)
		return 0;
	if (len > f->size - at)
		len = (size_t)(f->size - at);
	if (f->unpacked) {
		memcpy(out, f->unpacked + at, len);
		return (ssize_t)len;
	}
	while (done < len) {
		ssize_t n = pread(f->fd, out + done, len - done,
				  (off_t)(at + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

/* ---- from the beginning ---- */

/* The block there; 0: it is none, or not all of it is there. */
static size_t whole_block_length(const uint8_t *p, size_t left)
{
	uint64_t len = left < 12 ? 0 : get_le(p + 4, 4);

	if (len < 12 || len % 4 || len > left || len > PCAPNG_MAX_BLOCK ||
	    get_le(p + len - 4, 4) != len)
		return 0;
	return (size_t)len;
}

int archive_file_blocks(struct archive_file *f, archive_block_fn *fn, void *ctx)
{
	uint8_t *buf = malloc(BUFFER_SIZE);
	uint64_t at = 0;
	ssize_t n = 0;
	int err = buf ? 0 : -ENOMEM;

	while (!err && (n = read_file_at(f, at, buf, BUFFER_SIZE)) > 0) {
		size_t done = 0, len;

		while (!err && (len = whole_block_length(buf + done,
							 (size_t)n - done))) {
			err = fn(ctx, buf + done, len);
			done += len;
		}
		f->is_cut |= !done && !err;
		if (!done)
			break;
		at += done;
	}
	free(buf);
	return err ? err : n < 0 ? (int)n : 0;
}

static int check_beginning(struct archive_file *f)
{
	uint8_t head[12];
	ssize_t n = read_file_at(f, 0, head, sizeof(head));

	if (n < 0)
		return (int)n;
	if (n < (ssize_t)sizeof(head) || get_le(head, 4) != PCAPNG_BLOCK_SHB)
		return -EBADMSG;
	if (get_le(head + 8, 4) != PCAPNG_BYTE_ORDER_MAGIC)
		return -EPROTONOSUPPORT;
	return 0;
}

static uint64_t change_time(const struct stat *st)
{
	return (uint64_t)st->st_mtim.tv_sec * 1000000000 +
	       (uint64_t)st->st_mtim.tv_nsec;
}

int archive_file_open(struct archive_file *f, int fd, const char *path)
{
	struct stat st;
	int err;

	*f = (struct archive_file){ .fd = fd, .path = strdup(path) };
	err = !f->path ? -ENOMEM : fstat(fd, &st) ? -errno : 0;
	if (err) {
		archive_file_close(f);
		return err;
	}
	f->size = (uint64_t)st.st_size;
	f->changed_ns = change_time(&st);
	return 0;
}

int archive_file_load(struct archive_file *f)
{
	size_t len;
	int err = unpacker_all(f->fd, UNPACKED_MAX, &f->unpacked, &len);

	if (!err && f->unpacked)
		f->size = len;
	return err ? err : check_beginning(f);
}

void archive_file_close(struct archive_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	free(f->unpacked);
	free(f->contents_bytes);
	free(f->path);
	*f = (struct archive_file){ .fd = -1 };
}

static bool is_growing(const struct archive_file *f)
{
	struct stat st;

	return !fstat(f->fd, &st) && change_time(&st) != f->changed_ns;
}

bool archive_file_tell(const struct archive_file *f, int err)
{
	if (!err && f->is_cut && !is_growing(f))
		log_warn("%s is cut short, or damaged: what is before that was "
			 "read",
			 f->path);
	/* What else lies in a directory is nobody's failure. */
	if (!err || (err == -EBADMSG && !f->is_named))
		return true;
	log_error("cannot read %s: %s", f->path,
		  err == -EPROTONOSUPPORT ? "it is big-endian" :
		  err == -EBADMSG	  ? "it is no PCAPNG" :
					    strerror(-err));
	return false;
}

/* ---- from the end ---- */

static void read_table(struct archive_file *f, struct rbuf b,
		       archive_process_fn *fn, void *ctx)
{
	struct table_header t;
	struct process p;

	if (rbuf_u32(&b) != PKTWHO_PEN ||
	    record_kind(b.p, b.left) != RECORD_TABLE ||
	    table_header_decode(&t, b.p, b.left) < 0)
		return;
	rbuf_claim(&b, TABLE_HEADER_LEN);
	b = rbuf_sub(&b, t.length);
	for (uint32_t i = 0; i < t.count && !b.failed; i++) {
		int len = process_decode(&p, b.p, b.left);

		if (len <= 0)
			return;
		f->processes++;
		if (process_has(&p, FIELD_ID))
			fn(ctx, &p, b.p, (size_t)len);
		rbuf_claim(&b, (size_t)len);
	}
}

static void read_end_time(struct archive_file *f, struct rbuf b)
{
	rbuf_claim(&b, 4);
	f->end_ns = (uint64_t)rbuf_u32(&b) << 32;
	f->end_ns |= rbuf_u32(&b);
}

/* It holds for the file as it was written: another program moves the block. */
static void keep_contents(struct archive_file *f, struct rbuf payload,
			  uint64_t position)
{
	struct contents c;
	uint8_t *bytes;

	if (f->contents_bytes || contents_decode(&c, payload.p, payload.left) ||
	    c.position != position)
		return;
	bytes = malloc(payload.left);
	if (!bytes)
		return;
	memcpy(bytes, payload.p, payload.left);
	f->contents_bytes = bytes;
	contents_decode(&f->contents, bytes, payload.left);
}

static void read_contents(struct archive_file *f, struct rbuf b,
			  uint64_t position)
{
	struct rbuf value;
	uint16_t code;

	rbuf_claim(&b, 12);
	while (take_option(&b, &code, &value))
		if (code == PCAPNG_OPT_CUSTOM_BIN &&
		    rbuf_u32(&value) == PKTWHO_PEN)
			keep_contents(f, value, position);
}

/* False where packets end: then nothing before it is looked at. */
static bool read_closing(struct archive_file *f, const uint8_t *block,
			 size_t len, uint64_t position, archive_process_fn *fn,
			 void *ctx)
{
	struct rbuf body = rbuf_of(block + 8, len - 12);

	switch (get_le(block, 4)) {
	case PCAPNG_BLOCK_CB:
		read_table(f, body, fn, ctx);
		return true;
	case PCAPNG_BLOCK_ISB:
		read_end_time(f, body);
		read_contents(f, body, position);
		return true;
	default:
		return false;
	}
}

int archive_file_end(struct archive_file *f, archive_process_fn *fn, void *ctx)
{
	uint8_t *buf = malloc(PCAPNG_MAX_BLOCK);
	uint64_t at = f->size;
	bool more = buf != NULL;

	f->processes = 0;
	while (more && at >= 12) {
		uint8_t trailer[4];
		uint64_t len;

		if (read_file_at(f, at - 4, trailer, 4) != 4)
			break;
		len = get_le(trailer, 4);
		if (len < 12 || len > at || len > PCAPNG_MAX_BLOCK ||
		    read_file_at(f, at - len, buf, (size_t)len) !=
			    (ssize_t)len ||
		    whole_block_length(buf, (size_t)len) != len) {
			f->is_cut |= at == f->size;
			break;
		}
		at -= len;
		more = read_closing(f, buf, (size_t)len, at, fn, ctx);
	}
	free(buf);
	return buf ? 0 : -ENOMEM;
}

/* Of a large table the last blocks may not have found room on a full disk. */
bool archive_file_has_all(const struct archive_file *f)
{
	return f->processes && f->contents.has_all &&
	       f->processes == f->contents.processes;
}

bool archive_file_may_have(const struct archive_file *f, const struct peer *p)
{
	return !f->contents_bytes || peer_may_be_in(p, &f->contents);
}
