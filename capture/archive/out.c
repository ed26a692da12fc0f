/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "archive/out.h"

#include <errno.h>

#include "host/watch.h"
#include "output/files/opener.h"
#include "output/pcapng/pcapng_writer.h"

int archive_out_open(struct pcapng_writer **out, struct opener *to,
		     enum compression compression)
{
	const char *name;
	int fd = opener_next(to, &name), err;

	if (fd < 0)
		return fd;
	err = pcapng_writer_take(out, fd);
	return err ? err : pcapng_writer_compress(*out, compression);
}

/* A reader that is slow; a file takes all at once. */
static int wait_and_flush(struct pcapng_writer *w)
{
	struct watch pipe = { .fd = pcapng_writer_pipe(w), .events = POLLOUT };

	if (pipe.fd >= 0)
		watch_wait(&pipe, 1, -1);
	return pcapng_writer_flush(w);
}

/* Whether there was no room, and is now; @err is what came of it. */
static bool must_retry(struct pcapng_writer *w, int *err)
{
	if (*err != -EAGAIN)
		return false;
	*err = wait_and_flush(w);
	return !*err;
}

int archive_out_block(struct pcapng_writer *w, const uint8_t *block, size_t len)
{
	int err;

	do
		err = pcapng_writer_block(w, block, len);
	while (must_retry(w, &err));
	return err;
}

int archive_out_name(struct pcapng_writer *w, const uint8_t addr[16],
		     const char *name)
{
	int err;

	do
		err = pcapng_writer_name(w, addr, name);
	while (must_retry(w, &err));
	return err;
}

int archive_out_custom(struct pcapng_writer *w, uint32_t pen,
		       const void *payload, size_t len)
{
	int err;

	do
		err = pcapng_writer_custom_of(w, pen, payload, len);
	while (must_retry(w, &err));
	return err;
}

int archive_out_close(struct pcapng_writer *w, int err)
{
	int closed;

	while (!err && pcapng_writer_waits(w))
		err = wait_and_flush(w);
	closed = pcapng_writer_close(w);
	return err ? err : closed;
}
