/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "packet/parse_marks.h"

#include <netinet/in.h>
#include <string.h>

#include "bytes.h"
#include "packet/flow_key.h"

#define TCP_MIN 20

/*
 * The next 8 bytes, or what is there of them, filled up with zeros.  If it is
 * less there are 8 before @p, which spares a copy in parts that is read whole.
 */
static __u64 word_at(const uint8_t *p, size_t left)
{
	uint64_t word;

	if (left >= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		return word;
	}
	if (!left)
		return 0;
	memcpy(&word, p + left - sizeof(word), sizeof(word));
	return htole64(le64toh(word) >> 8 * (sizeof(word) - left));
}

uint64_t parse_fingerprint(uint8_t proto, uint16_t ip_id, const struct rbuf *r,
			   size_t rest)
{
	__u64 payload[FLOW_PAYLOAD], head;
	size_t most = sizeof(head) + sizeof(payload);

	if (r->left < (rest < most ? rest : most))
		return 0;
	/* Before a frame's payload there may be nothing. */
	if (r->left < sizeof(head) && proto == FLOW_FRAME)
		return 0;
	head = word_at(r->p, r->left);
	for (size_t i = 0; i < FLOW_PAYLOAD; i++) {
		size_t at = sizeof(head) * (i + 1);

		payload[i] = word_at(r->p + at,
				     at < r->left ? r->left - at : 0);
	}
	return flow_fingerprint(proto, ip_id, head, payload);
}

/* All of TCP's header that tells a segment of IPv6 from another is to be there. */
static bool add_segment(__u64 *word, const struct rbuf *r, size_t rest)
{
	__u64 options = 0;

	if (rest < TCP_MIN)
		return true;
	if (r->left < (rest < FLOW_SEGMENT ? rest : FLOW_SEGMENT))
		return false;
	if (rest >= FLOW_SEGMENT)
		memcpy(&options, r->p + FLOW_SEGMENT - sizeof(options),
		       sizeof(options));
	*word = flow_segment(r->p[12], options, (uint32_t)rest);
	return true;
}

void parse_arrival(struct packet_traits *t, uint16_t ip_id,
		   const struct rbuf *r, size_t rest)
{
	uint8_t proto = t->key.proto;
	size_t at = proto == IPPROTO_TCP ? 4 : 8;
	__u64 words[FLOW_ARRIVAL] = { 0 };
	size_t len = sizeof(words[0]);

	if ((proto != IPPROTO_TCP && proto != IPPROTO_UDP) ||
	    t->fragment != t->first_fragment)
		return;
	if (proto == IPPROTO_UDP && rest >= at + sizeof(words))
		len = sizeof(words);
	if (rest < at + len)
		len = 0;
	if (r->left < at + len)
		return;
	memcpy(words, r->p + at, len);
	if (proto == IPPROTO_TCP && !address_is_ipv4(t->key.local) &&
	    !add_segment(&words[1], r, rest))
		return;
	t->arrival = flow_arrival(ip_id, words);
}
