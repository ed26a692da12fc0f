/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "archive/peer.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "archive/packet.h"
#include "host/log.h"
#include "packet/parse.h"
#include "record.h"

/* A network of all addresses is no choice. */
static int read_host(struct network *n, const char *text)
{
	const char *slash = strchr(text, '/');

	if (slash && !strtoul(slash + 1, NULL, 10))
		return -EINVAL;
	return network_parse(n, text);
}

int peer_parse(struct peer *p, const char *host, const char *country)
{
	*p = (struct peer){ .country = "" };
	if (host && read_host(&p->network, host)) {
		log_error("\"%s\" is no address, and no network like "
			  "192.0.2.0/24",
			  host);
		return -EINVAL;
	}
	if (!country)
		return 0;
	if (strlen(country) != 2 || !isalpha((unsigned char)country[0]) ||
	    !isalpha((unsigned char)country[1])) {
		log_error("\"%s\" is no country: two letters like JP", country);
		return -EINVAL;
	}
	for (int i = 0; i < 2; i++)
		p->country[i] = (char)toupper((unsigned char)country[i]);
	return 0;
}

bool peer_is_any(const struct peer *p)
{
	return !p->network.bits && !*p->country;
}

/* Where an end is: in a tunnel, or in what an ICMP error quotes, once more. */
struct whereabouts {
	const uint8_t *outer; /* NULL: unknown */
	const uint8_t *inner; /* NULL: there is no other */
};

static bool lies_in(const struct network *n, const uint8_t *addr)
{
	return addr && network_has(n, addr);
}

static bool end_matches(const struct peer *p, const struct packet_end *end,
			const struct whereabouts *at)
{
	if (*p->country && strcmp(p->country, end->country))
		return false;
	return !p->network.bits || lies_in(&p->network, at->outer) ||
	       lies_in(&p->network, at->inner);
}

static void find_ends(const struct packet *k, struct whereabouts *src,
		      struct whereabouts *dst)
{
	const struct flow_key *inner = &k->inner.key;

	if (k->kind != PACKET_IP)
		return;
	src->outer = k->outer.key.local;
	dst->outer = k->outer.key.remote;
	if (!k->is_error && !k->is_tunnel)
		return;
	/* An error goes back to who has sent what it quotes. */
	src->inner = k->is_error ? inner->remote : inner->local;
	dst->inner = k->is_error ? inner->local : inner->remote;
}

bool peer_has(const struct peer *p, const struct archive_packet *packet)
{
	struct whereabouts src = { 0 }, dst = { 0 };
	struct packet k;

	if (peer_is_any(p))
		return true;
	if (p->network.bits) {
		parse_packet(&k, packet->linktype, packet->data,
			     packet->caplen);
		find_ends(&k, &src, &dst);
	}
	return end_matches(p, &packet->owners.src, &src) ||
	       end_matches(p, &packet->owners.dst, &dst);
}

static bool tells_country(const struct contents *c, const char country[3])
{
	for (size_t i = 0; i < c->country_count; i++)
		if (!memcmp(c->countries + 2 * i, country, 2))
			return true;
	return false;
}

/* What both of them have in common may be all that is kept of an address. */
static bool tells_network(const struct contents *c, int family,
			  const struct network *wanted)
{
	static const uint8_t none[4], mapped_bits[2] = { 96, 0 };
	size_t from = mapped_bits[family] / 8, len = c->bits[family] / 8u;
	struct network n = *wanted;
	uint8_t addr[16] = { 0 };

	if (n.bits > mapped_bits[family] + c->bits[family])
		n.bits = (uint8_t)(mapped_bits[family] + c->bits[family]);
	if (from)
		address_from_ipv4(addr, none);
	for (size_t i = 0; i < c->network_count[family]; i++) {
		memcpy(addr + from, c->networks[family] + i * len, len);
		if (network_has(&n, addr))
			return true;
	}
	return false;
}

bool peer_may_be_in(const struct peer *p, const struct contents *c)
{
	if (*p->country && !tells_country(c, p->country))
		return false;
	return !p->network.bits || tells_network(c, 0, &p->network) ||
	       tells_network(c, 1, &p->network);
}
