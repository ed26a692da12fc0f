/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dpi/spoken.h"

bool spoken_is(const packet_info *pinfo, int proto)
{
	return wmem_list_find(pinfo->layers, GINT_TO_POINTER(proto)) != NULL;
}

/* What Wireshark would hand this port's packets to. */
static bool is_kept(const packet_info *pinfo, uint32_t port)
{
	const char *table = pinfo->ptype == PT_TCP ? "tcp.port" : "udp.port";
	dissector_handle_t handle = dissector_get_uint_handle(
		find_dissector_table(table), port);
	int proto = handle ? dissector_handle_get_protocol_index(handle) : -1;

	return proto != -1 && spoken_is(pinfo, proto);
}

bool spoken_is_kept(const packet_info *pinfo)
{
	return is_kept(pinfo, pinfo->srcport) ||
	       is_kept(pinfo, pinfo->destport);
}
