/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "archive/cut/cut_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "archive/list.h"
#include "host/log.h"
#include "output/files/opener.h"
#include "process/filter/filter.h"

static bool is_wanted(const struct cut *c, const struct archive_packet *p,
		      const struct named *named)
{
	if (p->ts_ns < c->options->from_ns || !peer_has(&c->peer, p))
		return false;
	if (filter_is_empty(c->options->filter))
		return true;
	for (unsigned i = 0; i < named->count; i++)
		if (people_want(c->people, named->of[i]))
			return true;
	return false;
}

static int cut_a_packet(struct cut *c, const uint8_t *block, size_t len)
{
	struct archive_packet p;
	struct named named;

	if (archive_packet_read(&p, &c->interfaces.in, block, len))
		return 0;
	people_learn_packet(c->people, &p);
	named.count = people_named(c->people, &p, named.of);
	return is_wanted(c, &p, &named) ?
		       cut_write_packet(c, &p, block, &named) :
		       0;
}

static int cut_block(void *ctx, const uint8_t *block, size_t len)
{
	struct cut *c = ctx;

	switch (get_le(block, 4)) {
	case PCAPNG_BLOCK_SHB:
		cut_interfaces_forget(&c->interfaces);
		if (!c->writer)
			cut_keep_section(c, block, len);
		return 0;
	case PCAPNG_BLOCK_IDB:
		return cut_interfaces_add(&c->interfaces, block, len);
	case PCAPNG_BLOCK_DSB:
		cut_keep_keys(c, block, len);
		return 0;
	case PCAPNG_BLOCK_NRB:
		addresses_learn(c->addresses, block, len);
		return 0;
	case PCAPNG_BLOCK_ISB:
		cut_interfaces_drops(&c->interfaces, block, len);
		return 0;
	case PCAPNG_BLOCK_EPB:
		return cut_a_packet(c, block, len);
	default:
		return 0;
	}
}

static void on_process(void *ctx, const struct process *p,
		       const uint8_t *record, size_t len)
{
	struct cut *c = ctx;
	const struct person *person = people_take(c->people, p, record, len,
						  true);

	c->file_wanted |= person && person->wanted;
}

/* One that cannot be read is told of, and left out: *@failed. */
static int cut_file(struct cut *c, struct archive_file *f, bool *failed)
{
	bool all = filter_is_empty(c->options->filter);
	int err;

	c->file_wanted = false;
	c->interfaces.in.count = 0;
	err = archive_file_load(f);
	err = err ? err : archive_file_end(f, on_process, c);
	if (err) {
		*failed |= !archive_file_tell(f, err);
		return 0;
	}
	if ((all || !archive_file_has_all(f) || c->file_wanted) &&
	    archive_file_may_have(f, &c->peer) &&
	    (!f->end_ns || f->end_ns >= c->options->from_ns))
		err = archive_file_blocks(f, cut_block, c);
	archive_file_tell(f, 0);
	return err;
}

static int cut_files(struct cut *c, struct archive_list *l)
{
	int err = 0;

	for (size_t i = 0; !err && i < l->count; i++) {
		err = cut_file(c, &l->files[i], &l->has_failed);
		if (err && err != -EPIPE)
			log_error("%s, into %s: %s", l->files[i].path,
				  c->options->path, opener_why(err));
		archive_file_close(&l->files[i]);
	}
	return err;
}

long archive_cut(struct archive_list *l, const struct cut_options *o)
{
	struct cut *c = calloc(1, sizeof(*c));
	long packets = 0;
	int err = c ? 0 : -ENOMEM, closed;

	if (err)
		return err;
	c->options = o;
	c->people = people_new(o->filter);
	c->comments = comments_new();
	c->addresses = addresses_new();
	if (!c->people || !c->comments || !c->addresses)
		err = -ENOMEM;
	else
		err = peer_parse(&c->peer, o->host, o->country);
	err = err ? err : cut_files(c, l);
	if (c->writer) {
		closed = cut_close_writer(c);
		if (closed && !err && closed != -EPIPE)
			log_error("cannot write %s: %s", o->path,
				  strerror(-closed));
		err = err ? err : closed;
	}
	packets = c->packets;
	cut_interfaces_fini(&c->interfaces);
	people_free(c->people);
	comments_free(c->comments);
	addresses_free(c->addresses);
	free(c);
	return err ? err : packets;
}
