/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A message of DNS by its bytes (RFC 1035), as plain as nearly all are: one
 * question, and answers that are addresses and aliases.  Needs no Wireshark,
 * no allocation and no state.
 */
#ifndef PKTWHO_PLUGIN_RECOGNISE_DNS_MESSAGE_H
#define PKTWHO_PLUGIN_RECOGNISE_DNS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DNS_MESSAGE_NAME      240 /* with its end: a longer one may be too long */
#define DNS_MESSAGE_ADDRESSES 32

struct dns_message {
	bool is_answer;
	uint8_t code;  /* of an answer; what follows is then left out */
	uint16_t type; /* that is asked for */
	char name[DNS_MESSAGE_NAME];  /* as it is written, without a last dot */
	char alias[DNS_MESSAGE_NAME]; /* the first one, or "" */
	unsigned count;
	struct dns_message_address {
		uint8_t bytes[16];
		uint8_t len; /* 4 or 16 */
	} addresses[DNS_MESSAGE_ADDRESSES];
};

/*
 * Any bytes are safe.  False of what a dissector might say more or less about
 * than is in @m: another kind of message, names of other than letters, digits,
 * "-" and "_", what is not whole up to the last answer.
 */
bool dns_message_read(struct dns_message *m, const uint8_t *p, size_t len);

/* Of a question that asks for several names, the first. */
bool dns_message_read_name(struct dns_message *m, const uint8_t *p, size_t len);

#endif
