/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/rows/flow_filter.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "view/flows/names.h"

static const char *port_field(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_SCTP:
		return "sctp";
	case IPPROTO_DCCP:
		return "dccp";
	default:
		return "udp"; /* and UDP-Lite */
	}
}

/*
 * What no address is: an ICMP error has the headers of what it is about as well,
 * a tunnel those of what is in it, and neither is a packet of that.
 */
static void protocol_filter(const struct flow_key *k, bool v4, char *out,
			    size_t size)
{
	const char *ident = v4 ? "icmp.ident#1" : "icmpv6.echo.identifier#1";

	if (k->proto == (v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6)) {
		if (k->remote_port)
			snprintf(out, size, " && %s == %u", ident,
				 k->local_port);
		else
			snprintf(out, size, " && %s && !%s",
				 v4 ? "icmp" : "icmpv6", ident);
	} else if (v4) {
		snprintf(out, size, " && ip.proto#1 == %u", k->proto);
	} else if (name_has_ports(k->proto)) {
		snprintf(out, size, " && !icmpv6");
	} else {
		/* Linux puts an option before what is in a tunnel. */
		snprintf(out, size,
			 " && (ipv6.nxt#1 == %u || ipv6.dstopts.nxt"
			 " == %u)",
			 k->proto, k->proto);
	}
}

static void transport_filter(const struct flow_key *k, bool v4, char *out,
			     size_t size)
{
	const char *field = port_field(k->proto);
	bool same = k->local_port == k->remote_port;
	size_t n = 0;

	*out = '\0';
	if (name_has_ports(k->proto))
		n = (size_t)snprintf(out, size,
				     " && %s.%s == %u && %s.%s == "
				     "%u",
				     field, same ? "srcport" : "port",
				     k->local_port, field,
				     same ? "dstport" : "port", k->remote_port);
	protocol_filter(k, v4, out + n, size - n);
}

void flow_filter(const struct flow_key *k, char out[FLOW_FILTER])
{
	char local[INET6_ADDRSTRLEN], remote[INET6_ADDRSTRLEN], more[160];
	bool v4 = address_is_ipv4(k->local);
	const char *ip = v4 ? "ip" : "ipv6";
	bool same = !memcmp(k->local, k->remote, sizeof(k->local));

	if (k->proto == FLOW_FRAME) {
		snprintf(out, FLOW_FILTER, "eth.type == 0x%04x",
			 k->local_port ? k->local_port : k->remote_port);
		return;
	}
	name_address(k->local, local, sizeof(local));
	name_address(k->remote, remote, sizeof(remote));
	transport_filter(k, v4, more, sizeof(more));
	snprintf(out, FLOW_FILTER, "%s.%s#1 == %s && %s.%s#1 == %s%s", ip,
		 same ? "src" : "addr", local, ip, same ? "dst" : "addr",
		 remote, more);
}

void flow_filter_server(const struct flow_key *k, char out[FLOW_FILTER])
{
	char server[INET6_ADDRSTRLEN], more[160];
	bool v4 = address_is_ipv4(k->remote);
	const char *field = port_field(k->proto), *ip = v4 ? "ip" : "ipv6";

	name_address(k->remote, server, sizeof(server));
	if (name_has_ports(k->proto)) {
		snprintf(out, FLOW_FILTER,
			 "(%s.src#1 == %s && %s.srcport == "
			 "%u) || (%s.dst#1 == %s && %s.dstport == %u)",
			 ip, server, field, k->remote_port, ip, server, field,
			 k->remote_port);
		return;
	}
	protocol_filter(k, v4, more, sizeof(more));
	snprintf(out, FLOW_FILTER, "%s.addr#1 == %s%s", ip, server, more);
}
