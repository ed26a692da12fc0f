/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "packet/dns.h"

#include <ctype.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

#include "bytes.h"

#define PORT	    53
#define IS_ANSWER   0x80 /* in the first byte of the flags */
#define CODE	    0x0f /* in the second: 0 is no error */
#define POINTER	    0xc0
#define A	    1
#define AAAA	    28
#define IN	    1
#define MAX_ANSWERS 64
#define SEARCHED    256 /* bytes, for the addresses of the packet */

/* False if it is one that we do not take. */
static bool read_label(struct rbuf *r, size_t len, char name[DNS_NAME],
		       size_t *at)
{
	const uint8_t *p = rbuf_claim(r, len);

	if (!p || *at + len + 1 >= DNS_NAME)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum(p[i]) && p[i] != '-' && p[i] != '_')
			return false;
	if (*at)
		name[(*at)++] = '.';
	memcpy(name + *at, p, len);
	*at += len;
	return true;
}

/* Of the question, which comes first: there is nothing it could point to. */
static bool read_question(struct rbuf *r, char name[DNS_NAME])
{
	size_t at = 0;
	uint8_t len;

	while ((len = rbuf_u8(r)))
		if (len & POINTER || !read_label(r, len, name, &at))
			return false;
	name[at] = '\0';
	rbuf_claim(r, 4);
	return at && !r->failed;
}

static void skip_name(struct rbuf *r)
{
	uint8_t len;

	while ((len = rbuf_u8(r)) && !(len & POINTER))
		rbuf_claim(r, len);
	if (len)
		rbuf_claim(r, 1);
}

/* False at the end. */
static bool read_answer(struct rbuf *r, uint8_t addr[16], bool *has_address)
{
	struct rbuf data;
	uint16_t type, class;

	skip_name(r);
	type = rbuf_be16(r);
	class = rbuf_be16(r);
	rbuf_claim(r, 4);
	data = rbuf_sub(r, rbuf_be16(r));
	if (r->failed)
		return false;
	*has_address = class == IN && ((type == A && data.left == 4) ||
				       (type == AAAA && data.left == 16));
	if (*has_address && type == A)
		address_from_ipv4(addr, data.p);
	else if (*has_address)
		memcpy(addr, data.p, 16);
	return true;
}

void dns_read_message(const uint8_t *message, size_t len,
		      void (*found)(void *ctx, const char *name,
				    const uint8_t addr[16]),
		      void *ctx)
{
	struct rbuf r = rbuf_of(message, len);
	char name[DNS_NAME];
	bool has_address;
	uint8_t addr[16];
	unsigned count;
	const uint8_t *flags;

	rbuf_claim(&r, 2);
	flags = rbuf_claim(&r, 2);
	if (!flags || !(flags[0] & IS_ANSWER) || flags[1] & CODE ||
	    rbuf_be16(&r) != 1)
		return;
	count = rbuf_be16(&r);
	rbuf_claim(&r, 4);
	if (!read_question(&r, name))
		return;
	if (count > MAX_ANSWERS)
		count = MAX_ANSWERS;
	while (count-- && read_answer(&r, addr, &has_address))
		if (has_address)
			found(ctx, name, addr);
}

/*
 * Where the message begins, or NULL.  Whatever stands before IP: its header is
 * where the addresses are.
 */
static const uint8_t *find_message(const struct flow_key *k,
				   const uint8_t *data, size_t caplen)
{
	bool v4 = address_is_ipv4(k->local);
	size_t each = v4 ? 4 : 16, before = v4 ? 12 : 8, header;
	uint8_t both[32];
	const uint8_t *p;

	memcpy(both, k->local + 16 - each, each);
	memcpy(both + each, k->remote + 16 - each, each);
	p = memmem(data, caplen < SEARCHED ? caplen : SEARCHED, both, 2 * each);
	if (!p || (size_t)(p - data) < before)
		return NULL;
	p -= before;
	header = v4 ? (size_t)(*p & 15) * 4 : 40;
	if ((!v4 && p[6] != IPPROTO_UDP) ||
	    (size_t)(p - data) + header + 8 > caplen)
		return NULL;
	return p + header + 8;
}

void dns_read(const struct packet *p, const uint8_t *data, size_t caplen,
	      void (*found)(void *ctx, const char *name,
			    const uint8_t addr[16]),
	      void *ctx)
{
	const uint8_t *message;

	if (p->kind != PACKET_IP || p->outer.key.proto != IPPROTO_UDP ||
	    p->outer.key.local_port != PORT || p->outer.fragment)
		return;
	message = find_message(&p->outer.key, data, caplen);
	if (message)
		dns_read_message(message, caplen - (size_t)(message - data),
				 found, ctx);
}
