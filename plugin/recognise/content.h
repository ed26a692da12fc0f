/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the first bytes of a conversation of TCP or UDP say, in either
 * direction, by the signatures of signature.h.  It is decided when a file is
 * read for the first time, before Wireshark has a look at the payload, and
 * does not change after that.
 *
 * Where Wireshark would choose another dissector, by the port or none at all,
 * the conversation is handed to the right one, and with it come its details
 * and its reassembly.  Decode As comes before that, and so does the
 * preference dpi.hand_over.
 */
#ifndef PKTWHO_PLUGIN_RECOGNISE_CONTENT_H
#define PKTWHO_PLUGIN_RECOGNISE_CONTENT_H

#include "compat.h"
#include <epan/conversation.h>
#include <epan/prefs.h>

#include "recognise/protocols.h"
#include "recognise/signature/signature.h"

/* Once, while protocols register; @proto is "dpi". */
void dpi_content_init(int proto, module_t *prefs);

/* Once all have: from then on we see TCP and UDP first. */
void dpi_content_handoff(void);

/*
 * Before and after all that is asked of one packet when Wireshark is done with
 * it: its conversation is searched for once.  Wireshark's GTP leaves a packet
 * with its own ports and the addresses of what is inside: in between it has the
 * ports that belong to them.
 */
void dpi_content_enter(packet_info *pinfo);
void dpi_content_leave(packet_info *pinfo);

/* Do the bytes of the packet's conversation say what it is? */
bool dpi_content_is_known(packet_info *pinfo);

/* Was a proxy of HTTP asked to pass on what comes after it? */
bool dpi_content_is_connect(packet_info *pinfo);

/*
 * Is what is known that which a client sends through a proxy that is not heard?
 * Only for packets that are read for the first time.
 */
bool dpi_content_is_passed_on(const packet_info *pinfo);

/* Has the capture so little of this payload that a dissector can only guess? */
bool dpi_content_is_short(packet_info *pinfo);

/*
 * What Wireshark takes for QUIC, and no first packet was seen?  A client that
 * moves is believed on the ports of QUIC, unless there are long headers that
 * no version of it has.
 */
bool dpi_content_denies_quic(packet_info *pinfo);

/* Datagrams that nobody who speaks DNS, or what is like it, would send? */
bool dpi_content_denies_dns(packet_info *pinfo);

/* Is anything to be done at all?  It is, unless told otherwise. */
void dpi_content_enable(bool on);

/*
 * What the conversation of this packet is by its bytes, as far as they were
 * seen; NULL if nothing is known, or the packet has none.  Only for packets
 * that are read for the first time.
 */
const struct dpi_protocol *dpi_content_get(const packet_info *pinfo);

/* The payload of this packet that says so; NULL if another one did. */
const struct payload *dpi_content_told(const packet_info *pinfo);

/* The conversation of a packet with ports, made if need be. */
conversation_t *dpi_content_conversation(packet_info *pinfo);

/* Its server's port, as far as is known; else the receiver's. */
uint16_t dpi_content_port(const packet_info *pinfo);

#endif
