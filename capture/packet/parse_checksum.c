/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "packet/parse.h"

#include <endian.h>
#include <netinet/in.h>
#include <string.h>

/* RFC 1071: in any byte order, of 32 bits at a time. */
static uint64_t sum_of(const uint8_t *p, size_t len)
{
	uint64_t sum = 0;
	uint32_t word;

	for (; len >= sizeof(word); p += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		sum += word;
	}
	word = 0;
	memcpy(&word, p, len);
	return sum + word;
}

/* What an IPv4 address has before it in a key adds nothing: RFC 1071. */
void parse_checksum(struct packet *p, const uint8_t *data, size_t caplen)
{
	const struct flow_key *key = &p->outer.key;
	const uint8_t *udp = data + caplen - p->above_ip;
	uint64_t sum;
	size_t len;

	/* Of a plain packet alone is the address above the last one. */
	if (!p->outer.arrival || key->proto != IPPROTO_UDP || p->above_ip < 8)
		return;
	len = (size_t)(udp[4] << 8 | udp[5]);
	if (len < 8 || len > p->above_ip || !(udp[6] | udp[7]))
		return;
	sum = htobe16(IPPROTO_UDP) + htobe16((uint16_t)len) +
	      sum_of(key->local, sizeof(key->local)) +
	      sum_of(key->remote, sizeof(key->remote)) + sum_of(udp, len);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	p->wrong_checksum = sum != 0xffff;
}
