/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Packets with addresses that are somebody else's:
 *   forge udp|tcp IP+N IP+N LENGTH [DEVICE]
 * The stamps in them are the forger's, whatever socket the ports belong to.
 * On a device it is a frame, written by a packet socket.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <netpacket/packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "play.h"

#define MOST_FORGED 1200

struct forged {
	unsigned char data[40 + 20 + MOST_FORGED];
	size_t head, len; /* of IP; in all */
	int protocol;
	struct sockaddr_storage from, to;
};

static uint16_t port_of(const struct sockaddr_storage *a)
{
	return ((const struct sockaddr_in *)a)->sin_port;
}

static void put_ip(struct forged *f)
{
	struct ip *ip = (void *)f->data;

	ip->ip_v = 4;
	ip->ip_hl = 5;
	ip->ip_ttl = 64;
	ip->ip_p = f->protocol;
	ip->ip_len = htons(f->len);
	ip->ip_src = ((struct sockaddr_in *)&f->from)->sin_addr;
	ip->ip_dst = ((struct sockaddr_in *)&f->to)->sin_addr;
}

static void put_ip6(struct forged *f)
{
	struct ip6_hdr *ip = (void *)f->data;

	ip->ip6_flow = htonl(6u << 28);
	ip->ip6_plen = htons(f->len - f->head);
	ip->ip6_nxt = f->protocol;
	ip->ip6_hlim = 64;
	ip->ip6_src = ((struct sockaddr_in6 *)&f->from)->sin6_addr;
	ip->ip6_dst = ((struct sockaddr_in6 *)&f->to)->sin6_addr;
}

static uint32_t sum(uint32_t sum, const unsigned char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += i & 1 ? data[i] : data[i] << 8;
	return sum;
}

/* Over the addresses too, which end where the header of IP does. */
static uint16_t checksum(const struct forged *f)
{
	size_t addresses = f->head == 20 ? 8 : 32;
	uint32_t s = f->protocol + f->len - f->head;

	s = sum(s, f->data + f->head - addresses, addresses);
	s = sum(s, f->data + f->head, f->len - f->head);
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return htons(~s);
}

static void put_transport(struct forged *f)
{
	struct tcphdr *tcp = (void *)(f->data + f->head);
	struct udphdr *udp = (void *)tcp;

	udp->source = port_of(&f->from);
	udp->dest = port_of(&f->to);
	if (f->protocol == IPPROTO_UDP) {
		udp->len = htons(f->len - f->head);
		udp->check = checksum(f);
		return;
	}
	tcp->seq = htonl(next_seq() * 7919u);
	tcp->doff = 5;
	tcp->psh = tcp->ack = 1;
	tcp->window = htons(1000);
	tcp->check = checksum(f);
}

static int put_out(struct forged *f)
{
	int family = f->to.ss_family, err = 0;
	int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);

	if (fd < 0)
		return -errno;
	((struct sockaddr_in *)&f->to)->sin_port = 0;
	if (sendto(fd, f->data, f->len, 0, (void *)&f->to,
		   family == AF_INET ? sizeof(struct sockaddr_in) :
				       sizeof(struct sockaddr_in6)) < 0)
		err = -errno;
	close(fd);
	return err;
}

static int put_frame(struct forged *f, const char *device)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_halen = 6,
		.sll_protocol = htons(f->head == 20 ? ETH_P_IP : ETH_P_IPV6),
		.sll_ifindex = if_nametoindex(device)
	};
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err = 0;

	if (fd < 0)
		return -errno;
	if (strcmp(device, "lo"))
		memset(to.sll_addr, 0xff, 6);
	if (sendto(fd, f->data, f->len, 0, (void *)&to, sizeof(to)) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* The kernel does it for a raw socket, not for a packet socket. */
static void finish_ip(struct forged *f)
{
	struct ip *ip = (void *)f->data;
	uint32_t s = sum(0, f->data, 20);

	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	ip->ip_sum = htons(~s);
}

int forge_op(const struct op *op)
{
	struct forged f = { .head = 20, .protocol = IPPROTO_UDP };
	struct stamp s;
	size_t head, len;

	if (op->words < 5 || parse_address(op->word[2], &f.from) < 0 ||
	    parse_address(op->word[3], &f.to) < 0 ||
	    f.from.ss_family != f.to.ss_family)
		return -EINVAL;
	len = strtoul(op->word[4], NULL, 10);
	if (len > MOST_FORGED)
		return -EINVAL;
	if (!strcmp(op->word[1], "tcp"))
		f.protocol = IPPROTO_TCP;
	if (f.to.ss_family == AF_INET6)
		f.head = 40;
	head = f.head + (f.protocol == IPPROTO_TCP ? 20 : 8);
	f.len = head + put_stamps(f.data + head, len);
	memcpy(&s, f.data + head, sizeof(s));
	tell("F %u %u %u\n", s.program, s.who, s.seq);
	if (f.head == 20)
		put_ip(&f);
	else
		put_ip6(&f);
	put_transport(&f);
	if (f.head == 20)
		finish_ip(&f);
	return op->words > 5 ? put_frame(&f, op->word[5]) : put_out(&f);
}
