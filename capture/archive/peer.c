/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "archive/peer.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/packet.h"
#include "host/log.h"
#include "packet/parse.h"

static int read_peer_network(struct peer *n, const char *text)
{
	const char *slash = strchr(text, '/');
	char addr[INET6_ADDRSTRLEN], *end = NULL;
	unsigned long bits, most = 128;
	uint8_t v4[4];

	snprintf(addr, sizeof(addr), "%.*s",
		 (int)(slash ? slash - text : (long)strlen(text)), text);
	if (inet_pton(AF_INET, addr, v4) == 1) {
		address_from_ipv4(n->addr, v4);
		most = 32;
	} else if (inet_pton(AF_INET6, addr, n->addr) != 1) {
		return -EINVAL;
	}
	bits = slash ? strtoul(slash + 1, &end, 10) : most;
	if ((slash && (end == slash + 1 || *end)) || !bits || bits > most)
		return -EINVAL;
	n->bits = (unsigned)(128 - most + bits);
	return 0;
}

int peer_parse(struct peer *p, const char *host, const char *country)
{
	*p = (struct peer){ .bits = 0 };
	if (host && read_peer_network(p, host)) {
		log_error("\"%s\" is no address, nor a network as 192.0.2.0/24",
			  host);
		return -EINVAL;
	}
	if (!country)
		return 0;
	if (strlen(country) != 2 || !isalpha((unsigned char)country[0]) ||
	    !isalpha((unsigned char)country[1])) {
		log_error("\"%s\" is no country, as JP is one", country);
		return -EINVAL;
	}
	for (int i = 0; i < 2; i++)
		p->country[i] = (char)toupper((unsigned char)country[i]);
	return 0;
}

bool peer_is_any(const struct peer *p)
{
	return !p->bits && !*p->country;
}

static bool is_of_network(const struct peer *n, const uint8_t addr[16])
{
	unsigned whole = n->bits / 8, rest = n->bits % 8;

	if (memcmp(n->addr, addr, whole))
		return false;
	return !rest || !((n->addr[whole] ^ addr[whole]) >> (8 - rest));
}

static bool end_matches(const struct peer *p, const struct packet_end *end,
			const uint8_t *addr)
{
	if (*p->country && strcmp(p->country, end->country))
		return false;
	return !p->bits || (addr && is_of_network(p, addr));
}

bool peer_has(const struct peer *p, const struct archive_packet *packet)
{
	struct packet k = { .kind = PACKET_IP };
	bool ip = true;

	if (peer_is_any(p))
		return true;
	if (p->bits) {
		parse_packet(&k, packet->linktype, packet->data,
			     packet->caplen);
		ip = k.kind == PACKET_IP;
	}
	return end_matches(p, &packet->owners.src, ip ? k.sent.local : NULL) ||
	       end_matches(p, &packet->owners.dst, ip ? k.sent.remote : NULL);
}
