/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "recognise/spoken.h"

conversation_t *spoken_conversation(packet_info *pinfo, bool make)
{
	struct conversation_element *elements = pinfo->conv_elements;
	ws_bool is_other = pinfo->use_conv_addr_port_endpoints;
	conversation_t *c;

	pinfo->use_conv_addr_port_endpoints = false;
	pinfo->conv_elements = NULL;
	c = make ? find_or_create_conversation(pinfo) :
		   find_conversation_pinfo(pinfo, 0);
	pinfo->use_conv_addr_port_endpoints = is_other;
	pinfo->conv_elements = elements;
	return c;
}

bool spoken_is(const packet_info *pinfo, int proto)
{
	return wmem_list_find(pinfo->layers, GINT_TO_POINTER(proto)) != NULL;
}

static dissector_table_t table_of(bool tcp)
{
	static dissector_table_t tables[2];

	if (!tables[tcp])
		tables[tcp] = find_dissector_table(tcp ? "tcp.port" :
							 "udp.port");
	return tables[tcp];
}

static int owner_of(bool tcp, uint32_t port)
{
	dissector_handle_t handle = dissector_get_uint_handle(table_of(tcp),
							      port);

	return handle ? dissector_handle_get_protocol_index(handle) : -1;
}

/* What Wireshark would hand this port's packets to. */
static bool is_kept(const packet_info *pinfo, uint32_t port)
{
	int proto = owner_of(pinfo->ptype == PT_TCP, port);

	return proto != -1 && spoken_is(pinfo, proto);
}

bool spoken_is_kept(const packet_info *pinfo)
{
	return is_kept(pinfo, pinfo->srcport) ||
	       is_kept(pinfo, pinfo->destport);
}

bool spoken_is_owner(const packet_info *pinfo, int proto)
{
	bool tcp = pinfo->ptype == PT_TCP;

	return proto != -1 && (owner_of(tcp, pinfo->srcport) == proto ||
			       owner_of(tcp, pinfo->destport) == proto);
}

bool spoken_is_owned(bool tcp, uint32_t a, uint32_t b)
{
	return owner_of(tcp, a) != -1 || owner_of(tcp, b) != -1;
}

bool spoken_has_owner(const packet_info *pinfo)
{
	return spoken_is_owned(pinfo->ptype == PT_TCP, pinfo->srcport,
			       pinfo->destport);
}

static bool is_decoded_as(bool tcp, uint32_t port)
{
	const char *table = tcp ? "tcp.port" : "udp.port";

	return dissector_get_uint_handle(table_of(tcp), port) !=
	       dissector_get_default_uint_handle(table, port);
}

bool spoken_is_mistaken(bool tcp, uint32_t a, uint32_t b, int proto)
{
	int first = owner_of(tcp, a), second = owner_of(tcp, b);

	if ((first == proto || first == -1) &&
	    (second == proto || second == -1) && first != second)
		return false;
	return !is_decoded_as(tcp, a) && !is_decoded_as(tcp, b);
}
