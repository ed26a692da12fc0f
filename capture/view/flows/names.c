/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/flows/names.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdio.h>

#include "packet/parse.h"

void name_address(const uint8_t addr[16], char *out, size_t size)
{
	if (address_is_ipv4(addr))
		inet_ntop(AF_INET, addr + 12, out, (socklen_t)size);
	else
		inet_ntop(AF_INET6, addr, out, (socklen_t)size);
}

bool name_has_ports(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP ||
	       proto == IPPROTO_UDPLITE || proto == IPPROTO_SCTP ||
	       proto == IPPROTO_DCCP;
}

static const char *frame_name(uint16_t ethertype)
{
	switch (ethertype) {
	case ETH_P_ARP:
		return "arp";
	case ETH_P_PAE:
		return "eapol";
	case 0x88cc:
		return "lldp";
	default:
		return NULL;
	}
}

static const char *ip_name(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_ICMP:
		return "icmp";
	case IPPROTO_IGMP:
		return "igmp";
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_IPV6:
		return "6in4";
	case IPPROTO_GRE:
		return "gre";
	case IPPROTO_ESP:
		return "esp";
	case IPPROTO_ICMPV6:
		return "ipv6-icmp";
	case IPPROTO_SCTP:
		return "sctp";
	case IPPROTO_UDPLITE:
		return "udplite";
	default:
		return NULL;
	}
}

const char *name_protocol(const struct flow_key *k)
{
	bool frame = k->proto == FLOW_FRAME;
	uint16_t type = k->local_port ? k->local_port : k->remote_port;
	const char *name = frame ? frame_name(type) : ip_name(k->proto);
	static char number[16];

	if (name)
		return name;
	snprintf(number, sizeof(number), frame ? "0x%04x" : "%u",
		 frame ? type : k->proto);
	return number;
}

const char *name_state(const struct flow *f)
{
	static const char *const names[] = {
		[FLOW_OPEN] = "open",	    [FLOW_NEW] = "new",
		[FLOW_CLOSING] = "closing", [FLOW_CLOSED] = "closed",
		[FLOW_RESET] = "reset",
	};

	return f->key.proto == IPPROTO_TCP ? names[f->state] : "";
}

const char *name_over(const struct flow *f)
{
	static const char *const names[] = {
		[FLOW_GOES_ON] = "",	      [FLOW_IDLE] = "idle",
		[FLOW_REPLACED] = "replaced", [FLOW_FORGOTTEN] = "forgotten",
		[FLOW_STOPPED] = "stopped",
	};

	return f->over == FLOW_ENDED ? name_state(f) : names[f->over];
}
