/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The laws of record.h: what is accepted is written and read back the same,
 * in no more bytes than promised; what is refused leaves zeroes; nothing
 * makes a reader work for more than its bytes.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "bytes.h"
#include "fuzz.h"
#include "record.h"
#include "work.h"

static bool all_zero(const void *p, size_t size)
{
	const uint8_t *byte = p;

	while (size && !*byte) {
		byte++;
		size--;
	}
	return !size;
}

static void check_end(const struct packet_end *e)
{
	LAW(memchr(e->name, 0, sizeof(e->name)));
	LAW(!e->country[2] && !e->country[0] == !e->country[1]);
	LAW(e->present || (!e->pid && !e->id && !e->name[0]));
}

/* What is said to stand there does, in whole. */
static void check_place(const struct attribution *a, bool src,
			const uint8_t *data, size_t size)
{
	const struct packet_end *e = src ? &a->src : &a->dst;
	struct end_places at;

	LAW(!attribution_places(&at, data, size, src));
	LAW(at.attr.len == 1 && at.attr.at < size);
	LAW(!at.reason.len || at.reason.at < size);
	LAW(!at.pid.len == !e->present && !at.id.len == !e->present);
	if (!e->present)
		return;
	LAW(at.name.at + at.name.len <= size);
	LAW((data[at.pid.at] & 0x7f) == (e->pid & 0x7f) || at.pid.len == 4);
	LAW(get_le(data + at.id.at, 8) == e->id);
	LAW(!memcmp(data + at.name.at, e->name, strlen(e->name)));
}

static void attribution_laws(const uint8_t *data, size_t size)
{
	uint8_t buf[ATTRIBUTION_MAX];
	struct attribution a, b;
	int n;

	if (attribution_decode(&a, data, size)) {
		LAW(all_zero(&a, sizeof(a)));
		return;
	}
	LAW(record_kind(data, size) == RECORD_ATTRIBUTION);
	check_end(&a.src);
	check_end(&a.dst);
	check_place(&a, true, data, size);
	check_place(&a, false, data, size);
	n = attribution_encode(&a, buf, sizeof(buf));
	LAW(n > 0 && (size_t)n <= size);
	LAW(!attribution_decode(&b, buf, (size_t)n));
	LAW(!memcmp(&a, &b, sizeof(a)));
	LAW(attribution_encode(&a, buf, (size_t)n - 1) == -ENOSPC);
}

static void receiver_laws(const uint8_t *data, size_t size)
{
	struct receivers others = { .count = 0 };
	uint8_t buf[RECEIVER_MAX];
	struct packet_end e, again;
	int n;

	LAW((receivers_take(&others, data, size) == 0) == others.count);
	if (receiver_decode(&e, data, size)) {
		LAW(all_zero(&e, sizeof(e)));
		return;
	}
	LAW(record_kind(data, size) == RECORD_RECEIVER);
	check_end(&e);
	n = receiver_encode(&e, buf, sizeof(buf));
	LAW(n > 0 && (size_t)n <= size);
	LAW(!receiver_decode(&again, buf, (size_t)n));
	LAW(!memcmp(&e, &again, sizeof(e)));
}

static void check_process(const struct process *p)
{
	struct ancestor ancestors[PROCESS_ANCESTORS];
	static const struct process none;

	LAW(!(p->has & 1) && !(p->has >> FIELD_COUNT));
	LAW(p->cmdline_len < sizeof(p->cmdline));
	LAW(all_zero(p->cmdline + p->cmdline_len,
		     sizeof(p->cmdline) - p->cmdline_len));
	LAW(p->aname_len < sizeof(p->aname) && p->aexe_len < sizeof(p->aexe));
	LAW(process_ancestors(p, ancestors) <= PROCESS_ANCESTORS);
	LAW(memchr(p->name, 0, sizeof(p->name)));
	LAW(memchr(p->exepath, 0, sizeof(p->exepath)));
	LAW(memchr(p->pod_uid, 0, sizeof(p->pod_uid)));
	LAW(memchr(p->cwd, 0, sizeof(p->cwd)));
	LAW(memchr(p->session_address, 0, sizeof(p->session_address)));
	LAW(p->has || !memcmp(p, &none, sizeof(none)));
}

static int process_laws(const uint8_t *data, size_t size)
{
	uint8_t buf[PROCESS_MAX];
	struct process p, q;
	int length, n;

	/* Cleared before and after a failure; each byte found, copied, cut. */
	work_start();
	length = process_decode(&p, data, size);
	LAW(work_done() <=
	    2 * sizeof(p) + 4 * (size < PROCESS_MAX ? size : PROCESS_MAX));
	LAW(length <= PROCESS_MAX);
	if (length < 0) {
		LAW(all_zero(&p, sizeof(p)));
		return length;
	}
	LAW(length > 0 && (size_t)length <= size);
	LAW(record_kind(data, size) == RECORD_PROCESS);
	check_process(&p);
	n = process_encode(&p, buf, sizeof(buf));
	LAW(n > 0 && n <= length);
	LAW(process_decode(&q, buf, (size_t)n) == n);
	LAW(!memcmp(&p, &q, sizeof(p)));
	LAW(process_encode(&p, buf, (size_t)n - 1) == -ENOSPC);
	return length;
}

/* As a reader walks a table: each record says where the next one begins. */
static void table_laws(const uint8_t *data, size_t size)
{
	uint8_t buf[TABLE_HEADER_LEN];
	struct table_header t;
	int n = table_header_decode(&t, data, size);

	if (n < 0) {
		LAW(all_zero(&t, sizeof(t)));
		return;
	}
	LAW(n == TABLE_HEADER_LEN && t.length <= size - TABLE_HEADER_LEN);
	LAW(table_header_encode(&t, buf, sizeof(buf)) == TABLE_HEADER_LEN);
	LAW(!memcmp(buf, data, sizeof(buf)));
	for (data += n; t.count && t.length; t.count--) {
		n = process_laws(data, t.length);
		if (n < 0)
			return;
		data += n;
		t.length -= (uint32_t)n;
	}
}

static void contents_laws(const uint8_t *data, size_t size)
{
	uint8_t buf[1 << 16];
	struct contents c;
	int n;

	if (contents_decode(&c, data, size)) {
		LAW(all_zero(&c, sizeof(c)));
		return;
	}
	LAW(record_kind(data, size) == RECORD_CONTENTS);
	n = contents_encode(&c, buf, sizeof(buf));
	LAW(n == -ENOSPC || (n >= CONTENTS_LEN && (size_t)n <= size));
	LAW(n < 0 || !memcmp(buf + 14, data + 14, (size_t)n - 14));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	attribution_laws(data, size);
	receiver_laws(data, size);
	process_laws(data, size);
	table_laws(data, size);
	contents_laws(data, size);
	return 0;
}
