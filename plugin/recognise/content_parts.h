/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is known of a conversation by its bytes: content.c finds it out,
 * content_hand.c gives the conversation to the right dissector, and content_said.c
 * tells of it.
 */
#ifndef PKTWHO_PLUGIN_RECOGNISE_CONTENT_PARTS_H
#define PKTWHO_PLUGIN_RECOGNISE_CONTENT_PARTS_H

#include "recognise/content.h"

#include <epan/conversation.h>

#include "recognise/stream.h"

struct content {
	const struct signature *is;	     /* NULL: nothing is known */
	const struct dpi_protocol *protocol; /* that it is of, or NULL */
	dissector_handle_t handle; /* that the conversation was handed to */
	dissector_handle_t inner;  /* ... of what a proxy passes on */
	uint32_t inner_since;	   /* the frame in which that begins */
	unsigned preamble;	   /* bytes that are not its, ... */
	uint32_t preamble_in;	   /* ... in this frame */
	uint32_t since;	   /* the frame in which it was; 0: it was not */
	int waits;	   /* the side whose first message is not whole */
	bool is_busy;	   /* its dissector is at work */
	uint16_t port;	   /* the server's, as far as we know */
	bool is_connect;   /* HTTP, to a proxy that is to pass on the rest */
	bool is_passed_on; /* it has, of a client that alone was heard */
	uint8_t heard;	   /* sides that said something: 1, 2 */
	bool is_no_dns;	   /* some datagram cannot be */
	bool has_long;	   /* a long header, if it were QUIC's */
	bool speaks;	   /* some payload may have had DNS in it */
	bool is_short;	   /* the capture has hardly any of the last one */
	bool has_begun;	   /* a payload was seen */
	bool is_expected;  /* announced elsewhere, as FTP's files are */
	uint8_t shut;	   /* sides that sent FIN: 1, 2; RST: both */
	struct stream stream;
};

/* The lower port's is the first; of equal ports the lower address's. */
unsigned content_side(const packet_info *pinfo, uint32_t sport, uint32_t dport);

/* Of a packet that TCP or UDP has dissected; NULL if nothing is known. */
struct content *content_at(packet_info *pinfo);

/* Of a payload that is being looked at, and its conversation; NULL: none. */
struct content *content_so_far(const packet_info *pinfo,
			       const struct payload *p, conversation_t **c);

/* ---- content_hand.c ---- */

void content_hand_init(int proto, module_t *prefs);
void content_hand_handoff(void);

/* Whose protocol the conversation was given to, by us or Wireshark, or -1. */
int content_chosen(const struct content *k, conversation_t *c, uint32_t frame);

/* From this frame on, where Wireshark would choose another. */
void content_hand(conversation_t *c, struct content *k,
		  const struct signature *s, const packet_info *pinfo,
		  const struct payload *p);

/*
 * Wireshark passes on what follows this preamble, unless the port has an owner; of
 * version 2 since 4.4, if it says for whom.
 */
bool content_passes_on(const struct payload *p);

/*
 * Of a first message that comes in several segments Wireshark shall see the
 * whole, where that says more than what it is.
 */
void content_wait(conversation_t *c, struct content *k,
		  const packet_info *pinfo, const struct segment *s);

/* ---- content_mute.c ---- */

/*
 * Can nothing be in this payload, nor in any of its conversation before it, that
 * asks DNS or answers?  It is about to be dissected for the first time.
 */
bool content_is_mute(const packet_info *pinfo, const struct payload *p);

#endif
