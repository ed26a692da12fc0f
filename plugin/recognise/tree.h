/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which tree the layers above TCP and UDP fill, so that we can read fields of
 * theirs in it.  To make one costs a fourth of what it takes to dissect a
 * packet, and Wireshark, when asked for fields, makes one of every packet from
 * its first byte on.  Where nobody else wants it there is a cheaper way: a
 * datagram of DNS is read by its bytes, and if need be of all others there is a
 * tree of our own, which begins above IP.
 */
#ifndef PKTWHO_PLUGIN_RECOGNISE_TREE_H
#define PKTWHO_PLUGIN_RECOGNISE_TREE_H

#include "compat.h"

#include "recognise/dns_message.h"
#include "recognise/signature/signature.h"

enum tree_use {
	TREE_UNUSED,  /* nothing is read in it */
	TREE_SHARED,  /* it may be of use to others */
	TREE_FOR_US,  /* Wireshark makes it for us alone */
	TREE_OF_OURS, /* Wireshark makes none */
};

/* Once, while protocols register. */
void tree_init(void);

/*
 * From the next packet on.  @fields are those that are read in a tree of ours, of
 * which @names are all that matters while no packet of the file says whose it is.
 * They are ours from now on, or NULL.
 */
void tree_use(enum tree_use use, GArray *fields, GArray *names);

typedef bool tree_question(const packet_info *pinfo, const struct payload *p);

/*
 * What to hand to TCP or UDP instead of @tree, which may be NULL, of a packet
 * that is read for the first time.  @p: its payload.  @speaks: it may have
 * something to say.
 */
proto_tree *tree_to_fill(packet_info *pinfo, proto_tree *tree,
			 const struct payload *p, bool speaks,
			 tree_question *is_mute);

/* Is "dns" anywhere in it, in whatever case, or may begin at its end? */
bool tree_mentions_dns(const struct payload *p);

/* Our own of this packet, if there is one. */
proto_tree *tree_of_ours(const packet_info *pinfo);

/*
 * The packet's only datagram, if it is a plain message of DNS.  It lives as
 * long as the packet.
 */
const struct dns_message *tree_dns(const packet_info *pinfo);

#endif
