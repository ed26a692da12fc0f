/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "recognise/tree.h"

#include <epan/epan_dissect.h>

#include "pcapng.h"

static enum tree_use use;
static GArray *fields, *names;
static bool has_owners;	     /* some packet of this file says whose it is */
static epan_dissect_t *ours; /* for its tree alone, of the current packet */

static struct {
	uint32_t frame;
	bool is_one; /* it has no other datagram */
	struct dns_message message;
} dns;

static void take_fields(GArray **now, GArray *which)
{
	if (*now)
		g_array_free(*now, true);
	*now = which;
}

void tree_use(enum tree_use how, GArray *which, GArray *few)
{
	use = how;
	take_fields(&fields, which);
	take_fields(&names, few);
}

static void free_ours(void)
{
	static wtap_rec none; /* of which the packet is made */

	if (!ours)
		return;
	ours->pi.rec = &none;
	epan_dissect_free(ours);
	ours = NULL;
}

/* What is in our tree is in the packet's memory: it goes before that does. */
static ws_bool forget_packet(wmem_allocator_t *pool _U_,
			     wmem_cb_event_t event _U_, void *data _U_)
{
	free_ours();
	return false;
}

static ws_bool look_for_owners(wtap_block_t block _U_, unsigned id,
			       wtap_opttype_e type _U_, wtap_optval_t *value,
			       void *data _U_)
{
	has_owners = has_owners || (id == PCAPNG_OPT_CUSTOM_BIN &&
				    option_pen(value) == PKTWHO_PEN);
	return true;
}

/* This packet, or one before. */
static bool says_owners(const packet_info *pinfo)
{
	if (!has_owners && pinfo->rec->block)
		wtap_block_foreach_option(pinfo->rec->block, look_for_owners,
					  NULL);
	return has_owners;
}

/* Whichever tree is filled keeps what it gets of our fields from now on. */
static void prime_tree(packet_info *pinfo)
{
	ours = epan_dissect_new(pinfo->epan, true, false);
	epan_dissect_prime_with_hfid_array(ours,
					   says_owners(pinfo) ? fields : names);
}

static proto_tree *fill_ours(packet_info *pinfo)
{
	if (ours)
		return ours->tree;
	prime_tree(pinfo);
	PTREE_DATA(ours->tree)->pinfo = pinfo;
	wmem_register_callback(pinfo->pool, forget_packet, NULL);
	return ours->tree;
}

/* Somebody else wants a tree after all: what we want is asked for too late. */
static proto_tree *fill_theirs(packet_info *pinfo, proto_tree *tree)
{
	prime_tree(pinfo);
	free_ours();
	return tree;
}

/* Records of TLS, all with a head in this segment, and none of data. */
static bool is_handshake(const struct payload *p)
{
	size_t at = 0;

	while (at < p->len) {
		if (u8_at(p, at) < 20 || u8_at(p, at) > 22 ||
		    u8_at(p, at + 1) != 3)
			return false;
		at += 5 + be16_at(p, at + 3);
	}
	return at;
}

/* By where it would end: of three bytes without its letters one is looked at. */
bool tree_mentions_dns(const struct payload *p)
{
	const uint8_t *s = p->p;

	for (size_t i = 2; i < p->len;) {
		if (may_be_same(s[i], 's') && may_be_same(s[i - 1], 'n') &&
		    may_be_same(s[i - 2], 'd'))
			return true;
		i += may_be_same(s[i], 'n') ? 1 :
		     may_be_same(s[i], 'd') ? 2 :
					      3;
	}
	return (p->len && may_be_same(s[p->len - 1], 'd')) ||
	       (p->len > 1 && may_be_same(s[p->len - 1], 'n') &&
		may_be_same(s[p->len - 2], 'd'));
}

/* The head of a message of HTTP, which has no DNS in it and changes to nothing. */
static bool is_plain_http(const struct payload *p)
{
	return is_http(p) && !STARTS(p, "CONNECT") && !HAS_AT(p, 8, " 1") &&
	       !tree_mentions_dns(p);
}

/*
 * What our expert items say of files of others is of DNS alone: this is a segment
 * that has none, nor the end of what has.
 */
static bool has_no_names(const packet_info *pinfo, const struct payload *p)
{
	return p->over == OVER_TCP && p->len == p->full &&
	       !says_owners(pinfo) && (is_handshake(p) || is_plain_http(p));
}

/* mDNS and LLMNR: they answer with more than DNS does. */
static bool is_multicast_dns(const struct payload *p)
{
	return has_port(p, 5353) || has_port(p, 5355);
}

/* Of two in one packet nobody can tell whose words are whose. */
static bool take_dns(const packet_info *pinfo, const struct payload *p)
{
	if (p->over != OVER_UDP || p->len != p->full ||
	    pinfo->fd->cap_len != pinfo->fd->pkt_len || has_port(p, 137))
		return false;
	if (is_multicast_dns(p))
		return use == TREE_OF_OURS &&
		       dns_message_read_name(&dns.message, p->p, p->len);
	return dns_message_read(&dns.message, p->p, p->len);
}

proto_tree *tree_to_fill(packet_info *pinfo, proto_tree *tree,
			 const struct payload *p, bool speaks,
			 tree_question *is_mute)
{
	bool has_dns;

	if (use == TREE_UNUSED)
		return tree;
	has_dns = dns.frame != pinfo->num && !ours && take_dns(pinfo, p);
	dns.is_one = has_dns;
	dns.frame = pinfo->num;
	if (use == TREE_SHARED)
		return tree;
	if (use == TREE_OF_OURS && tree && !ours)
		return fill_theirs(pinfo, tree);
	if (has_dns || !speaks)
		return NULL;
	if (!tree && (has_no_names(pinfo, p) || is_mute(pinfo, p)))
		return NULL;
	return tree ? tree : fill_ours(pinfo);
}

proto_tree *tree_of_ours(const packet_info *pinfo)
{
	return ours && PTREE_DATA(ours->tree)->pinfo == pinfo ? ours->tree :
								NULL;
}

const struct dns_message *tree_dns(const packet_info *pinfo)
{
	return dns.frame == pinfo->num && dns.is_one ? &dns.message : NULL;
}

static void forget(void)
{
	dns.frame = 0;
	has_owners = false;
}

void tree_init(void)
{
	register_init_routine(forget);
}
