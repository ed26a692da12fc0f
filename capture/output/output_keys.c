/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys of TLS, which stand before the packets that they open. */
#include "output/output_parts.h"

#include <string.h>

void output_forget_keys(struct output *o, size_t size)
{
	size_t at = o->keys_len > size ? o->keys_len - size : 0;

	while (at && at < o->keys_len && o->keys[at - 1] != '\n')
		at++;
	memmove(o->keys, o->keys + at, o->keys_len - at);
	o->keys_len -= at;
	o->keys_written -= at < o->keys_written ? at : o->keys_written;
}

void output_keys(struct output *o, const char *lines, size_t len)
{
	if (!o || len > OUTPUT_KEYS)
		return;
	if (o->keys_len + len > OUTPUT_KEYS)
		output_forget_keys(o, OUTPUT_KEYS - len);
	memcpy(o->keys + o->keys_len, lines, len);
	o->keys_len += len;
}

int output_write_keys(struct output *o)
{
	size_t len = o->keys_len - o->keys_written;
	int err = len ? pcapng_writer_keys(o->writer, o->keys + o->keys_written,
					   len) :
			0;

	if (err)
		return err;
	o->keys_written = o->keys_len;
	return 0;
}
