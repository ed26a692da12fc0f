/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "archive/cut/cut_interfaces.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "output/pcapng/pcapng_option.h"
#include "pcapng.h"

/* Where that description is in the new file; the count if it is nowhere. */
static uint32_t find_same(const struct cut_interfaces *c, const uint8_t *block,
			  size_t len)
{
	uint32_t i = 0;

	while (i < c->count &&
	       (c->out[i].len != len || memcmp(c->out[i].block, block, len)))
		i++;
	return i;
}

int cut_interfaces_add(struct cut_interfaces *c, const uint8_t *block,
		       size_t len)
{
	uint32_t number = c->in.count, i = find_same(c, block, len);

	if (number == ARCHIVE_INTERFACES || i == ARCHIVE_INTERFACES)
		return -EMFILE;
	if (i == c->count) {
		c->out[i] = (struct cut_interface){ .len = len };
		c->out[i].block = malloc(len);
		if (!c->out[i].block)
			return -ENOMEM;
		memcpy(c->out[i].block, block, len);
		c->count++;
	}
	c->numbers[number] = i;
	archive_interface_add(&c->in, block, len);
	return 0;
}

void cut_interfaces_forget(struct cut_interfaces *c)
{
	c->in.count = 0;
	while (c->count && !c->out[c->count - 1].packets)
		free(c->out[--c->count].block);
}

void cut_interfaces_fini(struct cut_interfaces *c)
{
	for (uint32_t i = 0; i < c->count; i++)
		free(c->out[i].block);
	c->count = c->in.count = 0;
}

static void swap_interfaces(struct cut_interfaces *c, uint32_t a, uint32_t b)
{
	struct cut_interface swap = c->out[a];

	c->out[a] = c->out[b];
	c->out[b] = swap;
	for (uint32_t i = 0; i < c->in.count; i++)
		if (c->numbers[i] == a)
			c->numbers[i] = b;
		else if (c->numbers[i] == b)
			c->numbers[i] = a;
}

struct cut_interface *cut_interfaces_of(struct cut_interfaces *c, uint32_t in,
					uint32_t *number)
{
	uint32_t n = c->numbers[in], described = 0;

	while (described < c->count && c->out[described].packets)
		described++;
	if (!c->out[n].packets && n != described) {
		swap_interfaces(c, n, described);
		n = described;
	}
	*number = n;
	return &c->out[n];
}

void cut_interfaces_drops(struct cut_interfaces *c, const uint8_t *block,
			  size_t len)
{
	struct rbuf b = rbuf_of(block + 8, len - 12), value;
	uint32_t number = rbuf_u32(&b);
	struct cut_interface *out;
	uint16_t code;

	if (b.failed || number >= c->in.count)
		return;
	out = &c->out[c->numbers[number]];
	rbuf_claim(&b, 8);
	while (!b.failed && take_option(&b, &code, &value))
		if (code == PCAPNG_ISB_IFDROP)
			out->if_dropped += rbuf_u64(&value);
		else if (code == PCAPNG_ISB_OSDROP)
			out->os_dropped += rbuf_u64(&value);
}
