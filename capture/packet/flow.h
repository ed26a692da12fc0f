/* SPDX-License-Identifier: GPL-3.0-or-later OR BSD-2-Clause */
/*
 * The key of a flow as one of its ends sees it.  Shared by the kernel program
 * and user space; the including side provides __u8, __u16 (<linux/types.h>).
 */
#ifndef PKTWHO_PACKET_FLOW_H
#define PKTWHO_PACKET_FLOW_H

struct flow_key {
	__u8 local[16];		/* IPv6, or IPv4 as ::ffff:a.b.c.d (RFC 4291) */
	__u8 remote[16];
	__u16 local_port;	/* host order; an ICMP echo's identifier */
	__u16 remote_port;	/* host order; an ICMP echo's FLOW_ECHO_* */
	__u8 proto;		/* IP protocol number */
	__u8 reserved[3];	/* zero: keys are compared as memory */
};

/*
 * On loopback an echo request and its reply have the same addresses and
 * identifier, so the role of the local end keeps `ping` and the kernel that
 * answers it apart.
 */
#define FLOW_ECHO_ASKS	  1
#define FLOW_ECHO_ANSWERS 2

/*
 * "Protocol" of a frame that is not IP: no addresses, local_port is its
 * EtherType.  255 is reserved by IANA.
 */
#define FLOW_FRAME 255

_Static_assert(sizeof(struct flow_key) == 40, "flow_key is shared ABI");

#endif
