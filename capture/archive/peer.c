/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "archive/peer.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "archive/packet.h"
#include "host/log.h"
#include "packet/parse.h"

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
			  "192.0.2.0/24", host);
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

static bool end_matches(const struct peer *p, const struct packet_end *end,
			const uint8_t *addr)
{
	if (*p->country && strcmp(p->country, end->country))
		return false;
	return !p->network.bits || (addr && network_has(&p->network, addr));
}

bool peer_has(const struct peer *p, const struct archive_packet *packet)
{
	struct packet k = { .kind = PACKET_IP };
	const struct flow_key *sent = &k.outer.key;
	bool ip = true;

	if (peer_is_any(p))
		return true;
	if (p->network.bits) {
		parse_packet(&k, packet->linktype, packet->data,
			     packet->caplen);
		ip = k.kind == PACKET_IP;
	}
	return end_matches(p, &packet->owners.src, ip ? sent->local : NULL) ||
	       end_matches(p, &packet->owners.dst, ip ? sent->remote : NULL);
}
