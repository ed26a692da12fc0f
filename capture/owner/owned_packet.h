/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A packet with its owners, as everybody takes it who does something with
 * packets: the file (output.h) and the view (view.h).  All of it is borrowed
 * for the call.
 */
#ifndef PKTWHO_OWNER_OWNED_PACKET_H
#define PKTWHO_OWNER_OWNED_PACKET_H

#include "owner/resolve/resolve.h"
#include "packet/queue.h"
#include "process/proctab.h"

/* Who got the packet besides the first receiver. */
struct owned_other {
	struct verdict_end end;
	struct program *program; /* what it was running; never NULL */
};

struct owned_packet {
	const struct frame *frame;
	const struct verdict *verdict;
	struct program *src; /* what that end's owner was running then; */
	struct program *dst; /* NULL: nobody is named */
	const struct owned_other *others;
	unsigned other_count;
	uint64_t mono_ns; /* the packet's time on their clock */
	unsigned namespace; /* where it was captured: another may have its addresses */
	const uint8_t *data; /* frame->caplen bytes */
	uint16_t linktype;
};

/*
 * Whether that is who sent it, whatever it is called by now: who reads what it
 * has sent itself may have taken another name or user meanwhile.
 */
static inline bool owned_packet_is_from(const struct owned_packet *p,
					const struct program *program)
{
	return p->src && p->src->id == program->id;
}

#endif
