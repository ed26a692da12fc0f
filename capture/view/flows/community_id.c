/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/flows/community_id.h"

#include <netinet/in.h>
#include <sha1.h>
#include <string.h>

#include "packet/parse.h"

static void base64(const uint8_t in[SHA1_DIGEST_LENGTH], char *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = 0;
	int have = 0;

	for (int i = 0; i < SHA1_DIGEST_LENGTH; i++) {
		bits = bits << 8 | in[i];
		for (have += 8; have >= 6; have -= 6)
			*out++ = digits[bits >> (have - 6) & 63];
	}
	*out++ = digits[bits << (6 - have) & 63]; /* 160 = 26 * 6 + 4 */
	*out++ = '=';
	*out = '\0';
}

static bool has_ports(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP ||
	       proto == IPPROTO_SCTP;
}

static int compare_ends(const struct flow_key *k)
{
	int order = memcmp(k->local, k->remote, sizeof(k->local));

	return order ? order : (int)k->local_port - (int)k->remote_port;
}

bool community_id(const struct flow_key *k, char out[COMMUNITY_ID_SIZE])
{
	size_t skip = address_is_ipv4(k->local) ? 12 : 0;
	struct flow_key o = compare_ends(k) <= 0 ? *k : flow_reversed(k);
	uint8_t seed[2] = { 0 }, digest[SHA1_DIGEST_LENGTH];
	uint8_t tail[] = { o.proto,
			   0,
			   o.local_port >> 8,
			   o.local_port & 0xff,
			   o.remote_port >> 8,
			   o.remote_port & 0xff };
	SHA1_CTX sha;

	if (!has_ports(k->proto))
		return false;
	SHA1Init(&sha);
	SHA1Update(&sha, seed, sizeof(seed));
	SHA1Update(&sha, o.local + skip, sizeof(o.local) - skip);
	SHA1Update(&sha, o.remote + skip, sizeof(o.remote) - skip);
	SHA1Update(&sha, tail, sizeof(tail));
	SHA1Final(digest, &sha);
	memcpy(out, "1:", 2);
	base64(digest, out + 2);
	return true;
}
