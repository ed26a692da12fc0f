/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "archive/addresses.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "packet/flow_hash.h"
#include "packet/parse.h"
#include "pcapng.h"

#define BUCKETS	 4096 /* a power of two */
#define NAME_LEN 255  /* RFC 1035, section 2.3.4 */

struct name {
	struct name *next; /* of its hash bucket */
	uint8_t addr[16];
	bool wanted;		 /* the new file has the address */
	bool told;		 /* ... and what it is called */
	char text[NAME_LEN + 1]; /* "": not known */
};

struct addresses {
	struct flow_hash hash; /* a file may be made to meet itself */
	struct name *heads[BUCKETS];
};

struct addresses *addresses_new(void)
{
	struct addresses *a = calloc(1, sizeof(*a));

	if (a)
		flow_hash_init(&a->hash);
	return a;
}

void addresses_free(struct addresses *a)
{
	for (int b = 0; a && b < BUCKETS; b++) {
		struct name *e = a->heads[b], *next;

		for (; e; e = next) {
			next = e->next;
			free(e);
		}
	}
	free(a);
}

static struct name *find_or_add(struct addresses *a, const uint8_t addr[16])
{
	struct name **head, *e;

	head = &a->heads[flow_hash_address(&a->hash, addr) % BUCKETS];
	for (e = *head; e; e = e->next)
		if (!memcmp(e->addr, addr, 16))
			return e;
	e = calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	memcpy(e->addr, addr, 16);
	e->next = *head;
	*head = e;
	return e;
}

/* The first of those that a record has, each with a zero byte behind it. */
static void learn(struct addresses *a, const uint8_t addr[16], struct rbuf text)
{
	size_t len = strnlen((const char *)text.p, text.left);
	struct name *e;

	if (!len || len == text.left || len > NAME_LEN)
		return;
	e = find_or_add(a, addr);
	if (!e || !strcmp(e->text, (const char *)text.p))
		return;
	memcpy(e->text, text.p, len + 1);
	e->told = false;
}

void addresses_learn(struct addresses *a, const uint8_t *block, size_t len)
{
	struct rbuf b = rbuf_of(block + 8, len - 12), value;
	const uint8_t *addr;
	uint8_t mapped[16];
	uint16_t type, size;

	while (b.left >= 4) {
		type = rbuf_u16(&b);
		size = rbuf_u16(&b);
		value = rbuf_sub(&b, size);
		rbuf_claim(&b, -(size_t)size & 3);
		if (b.failed || !type)
			return;
		if (type != PCAPNG_NRB_IPV4 && type != PCAPNG_NRB_IPV6)
			continue;
		addr = rbuf_claim(&value, type == PCAPNG_NRB_IPV4 ? 4 : 16);
		if (addr && type == PCAPNG_NRB_IPV4) {
			address_from_ipv4(mapped, addr);
			addr = mapped;
		}
		if (addr)
			learn(a, addr, value);
	}
}

static const char *tell(struct name *e)
{
	if (!*e->text || e->told)
		return NULL;
	e->told = true;
	return e->text;
}

const char *addresses_due(struct addresses *a, const uint8_t addr[16])
{
	struct name *e = find_or_add(a, addr);

	if (!e)
		return NULL;
	e->wanted = true;
	return tell(e);
}

int addresses_rest(struct addresses *a,
		   int (*fn)(void *ctx, const uint8_t addr[16],
			     const char *name),
		   void *ctx)
{
	int err = 0;

	for (int b = 0; b < BUCKETS; b++)
		for (struct name *e = a->heads[b]; !err && e; e = e->next) {
			const char *text = e->wanted ? tell(e) : NULL;

			err = text ? fn(ctx, e->addr, text) : 0;
		}
	return err;
}
