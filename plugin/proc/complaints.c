/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proc/complaints.h"

#include <epan/expert.h>

static expert_field ei_malformed = EI_INIT;
static expert_field ei_version = EI_INIT;

void complaints_add(proto_item *item, packet_info *pinfo,
		    const struct complaints *c)
{
	if (c->malformed)
		expert_add_info_format(pinfo, item, &ei_malformed,
				       "Malformed %s", c->malformed);
	if (c->newer)
		expert_add_info(pinfo, item, &ei_version);
}

void complaints_register(int proto)
{
	static ei_register_info ei[] = {
		{ &ei_malformed,
		  { "proc.malformed", PI_MALFORMED, PI_ERROR,
		    "Malformed process information", EXPFILL } },
		{ &ei_version,
		  { "proc.version", PI_UNDECODED, PI_NOTE,
		    "Process information of a newer version:"
		    " a newer plugin can read it",
		    EXPFILL } },
	};

	ei[0].eiinfo.hf_info.hfinfo.blurb =
		"Information of ours is damaged or contradicts itself";
	ei[1].eiinfo.hf_info.hfinfo.blurb =
		"Information of ours that a newer plugin can read";
	expert_register_field_array(expert_register_protocol(proto), ei,
				    array_length(ei));
}
