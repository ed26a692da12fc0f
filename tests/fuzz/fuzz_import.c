/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The laws of import_parse.h.  The first byte chooses what the rest is: a
 * packet's comments, each ended by a NUL, a block, or a PKTAP header.  The
 * work for each is bounded by its bytes.
 */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "import/parse.h"
#include "work.h"

/* Each byte is looked for what it may begin and end, found, and copied. */
static void check_work(size_t size)
{
	LAW(work_done() <= 8 * (size + 64));
}

static void check_text(const char *text, size_t size, bool has)
{
	const char *end = memchr(text, 0, size);

	LAW(!has || (end && end > text));
}

static void laws(const struct imported *i)
{
	const struct process *p = &i->process;

	LAW(!process_has(p, FIELD_ID) && !(p->has & 1));
	LAW(!(p->has >> FIELD_COUNT));
	LAW(i->end <= IMPORT_DST);
	LAW(memchr(i->name, 0, sizeof(i->name)));
	LAW(process_has(p, FIELD_NAME) == (i->name[0] != '\0'));
	check_text(p->name, sizeof(p->name), process_has(p, FIELD_NAME));
	LAW(!process_has(p, FIELD_EXEPATH) ||
	    memchr(p->exepath, 0, sizeof(p->exepath)));
	LAW(!process_has(p, FIELD_CMDLINE) ||
	    (p->cmdline_len && p->cmdline_len < sizeof(p->cmdline) &&
	     !p->cmdline[p->cmdline_len]));
	LAW(!process_has(p, FIELD_PID) || p->pid != UINT32_MAX);
}

/* What is known stays known, and an unknown comment changes nothing. */
static void comments(const uint8_t *data, size_t size)
{
	struct imported i, before;

	memset(&i, 0xee, sizeof(i));
	import_clear(&i);
	while (size) {
		size_t n = strnlen((const char *)data, size);
		bool known;

		before = i;
		work_start();
		known = import_comment(&i, (const char *)data, n);
		check_work(n);
		if (!known)
			LAW(!memcmp(&i, &before, sizeof(i)));
		LAW((i.process.has & before.process.has) == before.process.has);
		LAW(!process_has(&before.process, FIELD_PID) ||
		    i.process.pid == before.process.pid);
		laws(&i);
		n += n < size;
		data += n;
		size -= n;
	}
}

static void block(const uint8_t *data, size_t size)
{
	struct imported i;
	int err;

	work_start();
	err = import_block(&i, data, size);
	check_work(size);
	LAW(err == 0 || err == -ENOENT || err == -EBADMSG);
	LAW(!err || !i.process.has);
	laws(&i);
}

static void pktap(const uint8_t *data, size_t size)
{
	struct imported i;

	bool known;

	import_clear(&i);
	work_start();
	known = import_pktap(&i, data, size);
	check_work(size);
	LAW(known == import_is_named(&i));
	laws(&i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const kinds[])(const uint8_t *, size_t) = {
		comments,
		block,
		pktap,
	};

	if (size)
		kinds[data[0] % 3](data + 1, size - 1);
	return 0;
}
