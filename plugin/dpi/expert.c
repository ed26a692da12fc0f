/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dpi/expert.h"

#include <epan/expert.h>
#include <epan/to_str.h>

#include "dpi/names.h"
#include "dpi/tunnel.h"

static expert_field ei_unresolved = EI_INIT;
static expert_field ei_tunnel = EI_INIT;
static ws_bool enabled = true, tunnels_enabled = true;

bool dpi_expert_is_due(const char *host, const struct attribution *owners)
{
	/* "db" may have been asked for as "db.example.com". */
	return enabled && host && strchr(host, '.') && owners &&
	       owners->direction == DIRECTION_OUT && !dpi_names_knows(host);
}

void dpi_expert_add(proto_item *item, packet_info *pinfo, const char *host)
{
	const char *to = address_to_str(pinfo->pool, &pinfo->net_dst);
	const struct dpi_name *other = dpi_names_get(&pinfo->net_dst,
						     pinfo->num);

	if (other)
		expert_add_info_format(
			pinfo, item, &ei_unresolved,
			"%s was never resolved by this host, and %s was"
			" resolved as %s",
			host, to, other->name);
	else
		expert_add_info_format(pinfo, item, &ei_unresolved,
				       "%s was never resolved by this host",
				       host);
}

const char *dpi_expert_tunnel(uint32_t frame)
{
	return tunnels_enabled ? dpi_tunnel_get(frame) : NULL;
}

void dpi_expert_add_tunnel(proto_item *item, packet_info *pinfo,
			   const char *text)
{
	expert_add_info_format(pinfo, item, &ei_tunnel, "%s", text);
}

void dpi_expert_register(int proto)
{
	static ei_register_info all[] = {
		{ &ei_unresolved,
		  { "dpi.unresolved", PI_SECURITY, PI_NOTE,
		    "TLS server name that was never resolved", EXPFILL } },
		{ &ei_tunnel,
		  { "dpi.tunnel", PI_SECURITY, PI_WARN,
		    "Many long names below one domain", EXPFILL } },
	};

	all[0].eiinfo.hf_info.hfinfo.blurb =
		"This host names a TLS server that it did not ask DNS for";
	all[1].eiinfo.hf_info.hfinfo.blurb =
		"A process puts data into the names that it asks DNS for";
	expert_register_field_array(expert_register_protocol(proto), all,
				    array_length(all));
}

void dpi_expert_init(module_t *prefs)
{
	prefs_register_bool_preference(
		prefs, "expert_unresolved",
		"Report TLS server names that were never resolved",
		"An expert item where this host names a TLS server that it did"
		" not ask DNS for, though it asked for others.",
		&enabled);
	prefs_register_bool_preference(
		prefs, "expert_tunnel",
		"Report data in the names that DNS is asked for",
		"An expert item where a process asks for many different long"
		" names below one domain.",
		&tunnels_enabled);
	dpi_tunnel_init();
}
