/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A packet with its owners, as everybody takes it who does something with
 * packets: the file (output.h) and the view (view.h).  All of it is borrowed
 * for the call.
 */
#ifndef PKTWHO_OWNER_OWNED_PACKET_H
#define PKTWHO_OWNER_OWNED_PACKET_H

#include "owner/resolve.h"
#include "packet/queue.h"
#include "process/proctab.h"

struct owned_packet {
	const struct frame *frame;
	const struct verdict *verdict;
	struct program *src;	/* what that end's owner was running then; */
	struct program *dst;	/* NULL: nobody is named */
	uint64_t mono_ns;	/* the packet's time on their clock */
	const uint8_t *data;	/* frame->caplen bytes */
	uint16_t linktype;
};

#endif
