/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A packet as a line for people: its owners, and then as tcpdump prints it. */
#ifndef PKTWHO_VIEW_LINES_PACKET_LINE_H
#define PKTWHO_VIEW_LINES_PACKET_LINE_H

#include <stddef.h>

#include "owner/owned_packet.h"

#define PACKET_LINE_MAX 512

/*
 * "curl[4535] > nginx[12]  10:44:03.123456 IP 192.0.2.1.52728 > 192.0.2.2.80: "
 * without a newline.  Its length.
 */
size_t packet_line_begin(const struct owned_packet *p,
			 char out[PACKET_LINE_MAX]);

/* What follows, from the headers alone: "Flags [S], seq 1, length 0". */
size_t packet_line_rest(const struct owned_packet *p,
			char out[PACKET_LINE_MAX]);

#endif
