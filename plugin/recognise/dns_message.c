/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "recognise/dns_message.h"

#include "bytes.h"

enum { A = 1, CNAME = 5, AAAA = 28 };

#define IN	  1
#define IS_ANSWER 0x80 /* in the first byte of the flags */
#define OPCODE	  0x78 /* 0 is a question */
#define CODE	  0x0f /* in the second: 0 is no error */
#define POINTER	  0xc0
#define HEADER	  12
#define HOPS	  8 /* from pointer to pointer */
#define ANSWERS	  64

struct message {
	const uint8_t *p;
	size_t len;
};

/* Indexed by a byte: may it be in a name?  Asked of each of each name. */
static const bool in_names[256] = {
	['-'] = true,	 ['_'] = true,	  ['0'] = true,	   ['1'] = true,
	['2'] = true,	 ['3'] = true,	  ['4'] = true,	   ['5'] = true,
	['6'] = true,	 ['7'] = true,	  ['8'] = true,	   ['9'] = true,
#define BOTH_CASES(lower) [lower] = true, [lower - 'a' + 'A'] = true
	BOTH_CASES('a'), BOTH_CASES('b'), BOTH_CASES('c'), BOTH_CASES('d'),
	BOTH_CASES('e'), BOTH_CASES('f'), BOTH_CASES('g'), BOTH_CASES('h'),
	BOTH_CASES('i'), BOTH_CASES('j'), BOTH_CASES('k'), BOTH_CASES('l'),
	BOTH_CASES('m'), BOTH_CASES('n'), BOTH_CASES('o'), BOTH_CASES('p'),
	BOTH_CASES('q'), BOTH_CASES('r'), BOTH_CASES('s'), BOTH_CASES('t'),
	BOTH_CASES('u'), BOTH_CASES('v'), BOTH_CASES('w'), BOTH_CASES('x'),
	BOTH_CASES('y'), BOTH_CASES('z'),
};

static bool is_label(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!in_names[p[i]])
			return false;
	return true;
}

static bool add_label(char name[DNS_MESSAGE_NAME], size_t *at, const uint8_t *p,
		      size_t len)
{
	if (!is_label(p, len) || *at + len + 2 > DNS_MESSAGE_NAME)
		return false;
	if (*at)
		name[(*at)++] = '.';
	memcpy(name + *at, p, len);
	*at += len;
	return true;
}

/* Follows a pointer at @*offset, which leads to before @*bound: there is an end. */
static bool follow(const struct message *m, size_t *offset, size_t *bound)
{
	if (m->len - *offset < 2)
		return false;
	*offset = (size_t)(m->p[*offset] & ~POINTER) << 8 | m->p[*offset + 1];
	if (*offset < HEADER || *offset >= *bound)
		return false;
	*bound = *offset;
	return true;
}

/* The name at @offset; @end: where what follows it is. */
static bool read_name(const struct message *m, size_t offset,
		      char name[DNS_MESSAGE_NAME], size_t *end)
{
	size_t at = 0, bound = offset, len;
	unsigned hops = 0;

	*end = 0;
	while (offset < m->len && (len = m->p[offset])) {
		if ((len & POINTER) == POINTER) {
			if (!hops)
				*end = offset + 2;
			if (hops++ == HOPS || !follow(m, &offset, &bound))
				return false;
			continue;
		}
		offset++;
		if (len & POINTER || len > m->len - offset ||
		    !add_label(name, &at, m->p + offset, len))
			return false;
		offset += len;
	}
	if (offset >= m->len)
		return false;
	if (!hops)
		*end = offset + 1;
	name[at] = '\0';
	return at;
}

static bool add_ip_address(struct dns_message *m, const struct rbuf *data,
			   size_t len)
{
	struct dns_message_address *a = &m->addresses[m->count];

	if (data->left != len || m->count == DNS_MESSAGE_ADDRESSES)
		return false;
	memcpy(a->bytes, data->p, len);
	a->len = (uint8_t)len;
	m->count++;
	return true;
}

static bool read_canonical(struct dns_message *m, const struct message *all,
			   const struct rbuf *data)
{
	size_t at = (size_t)(data->p - all->p), end;
	char name[DNS_MESSAGE_NAME];

	if (!read_name(all, at, name, &end) || end != at + data->left)
		return false;
	if (!*m->alias)
		memcpy(m->alias, name, strlen(name) + 1);
	return true;
}

/* Mostly a pointer to what was asked for. */
static bool skip_owner(const struct message *all, size_t *at)
{
	char name[DNS_MESSAGE_NAME];

	if (all->len - *at < 2 || all->p[*at] != POINTER ||
	    all->p[*at + 1] != HEADER)
		return read_name(all, *at, name, at);
	*at += 2;
	return true;
}

static bool read_resource(struct dns_message *m, const struct message *all,
			  size_t *at)
{
	struct rbuf r, data;
	uint16_t type, class;

	if (!skip_owner(all, at))
		return false;
	r = rbuf_of(all->p + *at, all->len - *at);
	type = rbuf_be16(&r);
	class = rbuf_be16(&r);
	rbuf_claim(&r, 4);
	data = rbuf_sub(&r, rbuf_be16(&r));
	if (r.failed || class != IN)
		return false;
	*at = all->len - r.left;
	switch (type) {
	case A:
		return add_ip_address(m, &data, 4);
	case AAAA:
		return add_ip_address(m, &data, 16);
	case CNAME:
		return read_canonical(m, all, &data);
	default:
		return false;
	}
}

bool dns_message_read_name(struct dns_message *m, const uint8_t *p, size_t len)
{
	const struct message all = { p, len };
	size_t at;

	if (len < HEADER || p[2] & (IS_ANSWER | OPCODE) || !(p[4] | p[5]) ||
	    !read_name(&all, HEADER, m->name, &at) || len - at < 4)
		return false;
	m->is_answer = false;
	m->code = 0;
	m->type = (uint16_t)(p[at] << 8 | p[at + 1]);
	m->count = 0;
	*m->alias = '\0';
	return true;
}

bool dns_message_read(struct dns_message *m, const uint8_t *p, size_t len)
{
	const struct message all = { p, len };
	unsigned answers;
	size_t at;

	if (len < HEADER || p[2] & OPCODE || p[4] || p[5] != 1 ||
	    !read_name(&all, HEADER, m->name, &at) || len - at < 4)
		return false;
	m->is_answer = p[2] & IS_ANSWER;
	m->code = m->is_answer ? p[3] & CODE : 0;
	m->type = (uint16_t)(p[at] << 8 | p[at + 1]);
	m->count = 0;
	*m->alias = '\0';
	at += 4;
	if (!m->is_answer || m->code)
		return true;
	answers = (unsigned)(p[6] << 8 | p[7]);
	if (answers > ANSWERS)
		return false;
	while (answers--)
		if (!read_resource(m, &all, &at))
			return false;
	return true;
}
