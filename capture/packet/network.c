/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "packet/network.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "packet/parse.h"

static int read_bits(const char *s, unsigned long most, unsigned long *bits)
{
	char *end;

	if (!isdigit((unsigned char)*s))
		return -EINVAL;
	*bits = strtoul(s, &end, 10);
	return *end || *bits > most ? -EINVAL : 0;
}

int network_parse(struct network *n, const char *text)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	char addr[INET6_ADDRSTRLEN];
	unsigned long most = 128, bits;
	uint8_t v4[4];

	if (len >= sizeof(addr))
		return -EINVAL;
	memcpy(addr, text, len);
	addr[len] = '\0';
	if (inet_pton(AF_INET, addr, v4) == 1) {
		address_from_ipv4(n->addr, v4);
		most = 32;
	} else if (inet_pton(AF_INET6, addr, n->addr) != 1) {
		return -EINVAL;
	}
	bits = most;
	if (slash && read_bits(slash + 1, most, &bits))
		return -EINVAL;
	n->bits = (uint8_t)(128 - most + bits);
	return 0;
}

bool network_has(const struct network *n, const uint8_t addr[16])
{
	unsigned whole = n->bits / 8, rest = n->bits % 8;

	if (memcmp(n->addr, addr, whole))
		return false;
	return !rest || !((n->addr[whole] ^ addr[whole]) >> (8 - rest));
}
