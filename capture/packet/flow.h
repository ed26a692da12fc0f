/* SPDX-License-Identifier: GPL-3.0-or-later OR BSD-2-Clause */
/*
 * The key of a flow as one of its ends sees it.  Shared by the kernel program
 * and user space; the including side provides __u8, __u16 (<linux/types.h>).
 */
#ifndef PKTWHO_PACKET_FLOW_H
#define PKTWHO_PACKET_FLOW_H

struct flow_key {
	__u8 local[16]; /* IPv6, or IPv4 as ::ffff:a.b.c.d (RFC 4291) */
	__u8 remote[16];
	__u16 local_port;  /* host order; an ICMP echo's identifier */
	__u16 remote_port; /* host order; an ICMP echo's FLOW_ECHO_* */
	__u8 proto;	   /* IP protocol number */
	__u8 reserved[3];  /* zero: keys are compared as memory */
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

/* Of IPv6, before the ports; one with more has no key. */
#define FLOW_EXTENSIONS 32

#define FLOW_PAYLOAD 4 /* words of a packet that its fingerprint reads */

/*
 * What tells one packet of a flow from the next, wherever it is seen: TTL and
 * checksums, which change on the way, are left out.  @head is the transport
 * header's first 8 bytes and @payload what follows, both filled up with zeros,
 * as they lie in memory; @ip_id is IPv4's identification, 0 for IPv6.  Never 0.
 */
static inline __u64 flow_fingerprint(__u8 proto, __u16 ip_id, __u64 head,
				     const __u64 payload[FLOW_PAYLOAD])
{
	const __u8 icmp = 1, tcp = 6, udp = 17, icmpv6 = 58;
	__u64 h = head >> 32;

	if (proto == udp) /* the length, not the checksum */
		h &= 0xffff;
	else if (proto == icmp || proto == icmpv6) /* an echo's number */
		h >>= 16;
	else if (proto != tcp) /* no header that we know */
		h = head;
	h ^= (__u64)ip_id << 32;
	for (int i = 0; i < FLOW_PAYLOAD; i++) {
		/* TCP's checksum is in the second word. */
		if (i && proto == tcp)
			break;
		/* Mixed before: a dialogue's two numbers often grow alike. */
		h *= 0x9e3779b97f4a7c15ull;
		h ^= h >> 29;
		h ^= payload[i];
	}
	h *= 0x9e3779b97f4a7c15ull;
	h ^= h >> 29;
	return h | 1;
}

#define FLOW_ARRIVAL 2 /* words of a packet that flow_arrival() reads */

/*
 * What a plain packet leaves behind when a socket gets it, whatever addresses
 * were translated on the way.  @words: TCP's two numbers and flow_segment(), or
 * of a datagram the first 16 bytes, or 8, or none, as many as it has; @ip_id as
 * above.  Never 0.
 */
static inline __u64 flow_arrival(__u16 ip_id, const __u64 words[FLOW_ARRIVAL])
{
	__u64 h = ip_id;

	for (int i = 0; i < FLOW_ARRIVAL; i++) {
		h = (h ^ words[i]) * 0x9e3779b97f4a7c15ull;
		h ^= h >> 32;
	}
	return h * 0x9e3779b97f4a7c15ull | 1;
}

#define FLOW_SEGMENT 28 /* bytes of a TCP header with its time */

/*
 * Of TCP over IPv6, which has no ip_id: what tells a segment from the ACK before
 * it, of the same numbers, and from itself sent again, since Linux has a time
 * before all other options (RFC 7323).  @offset: of its data, as its header has
 * it; @options: 8 bytes from its 20th on, or 0; it had @len bytes.
 */
static inline __u64 flow_segment(__u8 offset, __u64 options, __u32 len)
{
	__u32 header = (offset >> 4) * 4u;
	const __u8 *o = (const __u8 *)&options;
	int has_time = header >= FLOW_SEGMENT && o[0] == 1 && o[1] == 1 &&
		       o[2] == 8 && o[3] == 10;

	return (has_time ? options : 0) ^ (len > header);
}

_Static_assert(sizeof(struct flow_key) == 40, "flow_key is shared ABI");

#endif
