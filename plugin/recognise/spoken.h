/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which protocol a port belongs to, by Wireshark's tables; Decode As counts. */
#ifndef PKTWHO_PLUGIN_RECOGNISE_SPOKEN_H
#define PKTWHO_PLUGIN_RECOGNISE_SPOKEN_H

#include "compat.h"

#include <epan/conversation.h>

/*
 * The conversation that this packet is sent in.  A dissector may have said that
 * what it passes on is another one, as PROXY and QUIC do from 4.4 on: that is not
 * meant.  Where there is none yet it is NULL, or made if @make.
 */
conversation_t *spoken_conversation(packet_info *pinfo, bool make);

/* Once, while protocols register. */
void spoken_init(void);

/*
 * The same by ports, of a file that is read for the first time: of the packet's
 * addresses, before Wireshark has seen more of it than these.
 */
conversation_t *spoken_between(const packet_info *pinfo, conversation_type type,
			       uint32_t sport, uint32_t dport, bool make);

/* Is this what was found, still, now that dissectors may have made others? */
bool spoken_is_newest(const conversation_t *c);

/* Does Wireshark find this protocol in the packet? */
bool spoken_is(const packet_info *pinfo, int proto);

/* Is the protocol that either port of TCP or UDP belongs to spoken here? */
bool spoken_is_kept(const packet_info *pinfo);

/* Is it the owner of either port, whatever was found in the packet? */
bool spoken_is_owner(const packet_info *pinfo, int proto);

/* Whose a port of TCP or UDP is, or -1. */
int spoken_owner(bool tcp, uint32_t port);

/* Has either port an owner? */
bool spoken_has_owner(const packet_info *pinfo);
bool spoken_is_owned(bool tcp, uint32_t a, uint32_t b);

/*
 * Would Wireshark take a packet between these ports of TCP or UDP for something
 * else than @proto, or for nothing, and is that nobody's choice?
 */
bool spoken_is_mistaken(bool tcp, uint32_t a, uint32_t b, int proto);

#endif
