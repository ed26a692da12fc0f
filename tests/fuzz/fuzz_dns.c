/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The laws of dns_message.h: what is taken of any bytes is plain, as little as
 * was promised, and already what it is when no more than the last answer was
 * read.  The work is bounded, however names point at each other.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "recognise/dns_message.h"
#include "work.h"

/* A name for the question, and two for each answer and what it says. */
#define WORK (129 * DNS_MESSAGE_NAME)

static void check_name(const char name[DNS_MESSAGE_NAME])
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789-_.";
	const char *end = memchr(name, 0, DNS_MESSAGE_NAME);

	LAW(end && strspn(name, plain) == (size_t)(end - name));
	LAW(*name != '.' && !strstr(name, "..") &&
	    (end == name || end[-1] != '.'));
}

static void check(const struct dns_message *m)
{
	check_name(m->name);
	check_name(m->alias);
	LAW(*m->name && m->count <= DNS_MESSAGE_ADDRESSES);
	LAW(m->is_answer || !m->code);
	LAW((m->is_answer && !m->code) || (!m->count && !*m->alias));
	for (unsigned i = 0; i < m->count; i++)
		LAW(m->addresses[i].len == 4 || m->addresses[i].len == 16);
}

static bool is_same(const struct dns_message *a, const struct dns_message *b)
{
	return a->is_answer == b->is_answer && a->code == b->code &&
	       a->type == b->type && a->count == b->count &&
	       !strcmp(a->name, b->name) && !strcmp(a->alias, b->alias);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns_message m, again;
	/* Of its own size, so that what is read beyond it is seen. */
	uint8_t *p = malloc(size ? size : 1);
	bool is_plain;

	LAW(p);
	memcpy(p, data, size);
	memset(&m, 0xee, sizeof(m));
	work_start();
	is_plain = dns_message_read(&m, p, size);
	LAW(work_done() <= WORK);
	if (is_plain)
		check(&m);
	for (size_t n = size; is_plain && n-- && n + 16 > size;)
		if (dns_message_read(&again, p, n))
			LAW(is_same(&m, &again));
	if (dns_message_read_name(&again, p, size)) {
		check(&again);
		LAW(!is_plain || is_same(&m, &again));
	}
	free(p);
	return 0;
}
