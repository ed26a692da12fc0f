/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "detect/detect.h"

#include <epan/conversation.h>
#include <epan/expert.h>
#include <epan/to_str.h>

#include "detect/found.h"
#include "recognise/spoken.h"
#include "text.h"

struct finding {
	struct finding *next;
	enum detect_item item;
	const char *text;
};

static wmem_map_t *findings; /* frame -> struct finding */
static int proto_ours = -1;
static expert_field ei[DETECT_ITEMS] = { EI_INIT, EI_INIT, EI_INIT, EI_INIT };
static ws_bool enabled[DETECT_ITEMS] = { true, true, true, true };

static const struct {
	const char *name;
	const char *pref;
	const char *title;
	const char *description;
} about[DETECT_ITEMS] = {
	[BEACON] = { "proc.expert.beacon", "expert_beacon",
		     "A program connects at regular intervals",
		     "An expert item where a program opens connections to the same"
		     " remote end again and again, always after the same time." },
	[SCAN] = { "proc.expert.scan", "expert_scan",
		   "A process tries many destinations in vain",
		   "An expert item where a process tries to connect to many"
		   " addresses or ports that do not answer, or refuse." },
	[FIRST_CONTACT] = { "proc.expert.first_contact", "expert_first_contact",
			    "A program is where the baseline never saw it",
			    "An expert item where a program connects to a country or"
			    " network that it is not seen in by the baseline." },
	[BLOCKED] = { "proc.expert.blocked", "expert_blocked",
		      "A connection to what is on the block list",
		      "An expert item where a connection goes to an address, network"
		      " or name of the block list." },
};

void detect_found(const struct opening *o, enum detect_item item,
		  const char *text)
{
	void *key = GUINT_TO_POINTER(o->pinfo->num);
	struct finding *f = wmem_new(wmem_file_scope(), struct finding);

	f->next = wmem_map_lookup(findings, key);
	f->item = item;
	f->text = wmem_strdup(wmem_file_scope(), text);
	wmem_map_insert(findings, key, f);
}

/* Others' probes of this host, and what passes through, are not its doing. */
static bool opens(packet_info *pinfo, const struct attribution *a)
{
	return a->src.present &&
	       (a->direction == DIRECTION_OUT ||
		a->direction == DIRECTION_LOCAL) &&
	       (pinfo->ptype == PT_TCP || pinfo->ptype == PT_UDP);
}

/* Mostly it was found when the packet was read. */
static conversation_t *flow_of_opening(packet_info *pinfo)
{
	if (pinfo->conv_elements || pinfo->use_conv_addr_port_endpoints)
		return find_conversation_pinfo(pinfo, 0);
	return spoken_between(pinfo,
			      pinfo->ptype == PT_TCP ? CONVERSATION_TCP :
						       CONVERSATION_UDP,
			      pinfo->srcport, pinfo->destport, false);
}

void detect_count(packet_info *pinfo, const struct attribution *a)
{
	struct opening o = {
		.pinfo = pinfo,
		.owner = &a->src,
		.country = a->dst.country,
		.is_local = a->direction == DIRECTION_LOCAL,
	};

	if (!opens(pinfo, a))
		return;
	o.flow = flow_of_opening(pinfo);
	if (!o.flow || o.flow->setup_frame != pinfo->num)
		return;
	o.program = text_escape(pinfo->pool, a->src.name,
				strnlen(a->src.name, sizeof(a->src.name)));
	o.remote = address_to_str(pinfo->pool, &pinfo->net_dst);
	o.at = nstime_to_sec(&pinfo->abs_ts);
	pattern_beacon(&o);
	pattern_scan(&o);
	if (lists_have_baseline())
		lists_contact(&o);
	if (lists_have_blocked())
		lists_blocked(&o);
}

void detect_show(proto_item *item, packet_info *pinfo)
{
	const struct finding *f = wmem_map_lookup(findings,
						  GUINT_TO_POINTER(pinfo->num));

	for (; f; f = f->next)
		if (enabled[f->item])
			expert_add_info_format(pinfo, item, &ei[f->item], "%s",
					       f->text);
}

bool detect_is_wanted(proto_tree *tree)
{
	if (!proto_field_is_referenced(tree, proto_ours))
		return false;
	for (int i = 0; i < DETECT_ITEMS; i++)
		if (proto_field_is_referenced(tree, ei[i].hf))
			return true;
	return false;
}

void detect_reset(void)
{
	lists_reset();
}

void detect_init(int proto, module_t *prefs)
{
	static ei_register_info all[DETECT_ITEMS];

	proto_ours = proto;
	for (int i = 0; i < DETECT_ITEMS; i++) {
		ei_register_info info = { &ei[i],
					  { about[i].name, PI_SECURITY,
					    i == BLOCKED ? PI_WARN : PI_NOTE,
					    about[i].title, EXPFILL } };

		all[i] = info;
		all[i].eiinfo.hf_info.hfinfo.blurb = about[i].description;
		prefs_register_bool_preference(prefs, about[i].pref,
					       about[i].title,
					       about[i].description,
					       &enabled[i]);
	}
	expert_register_field_array(expert_register_protocol(proto), all,
				    array_length(all));
	findings = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(),
					  g_direct_hash, g_direct_equal);
	pattern_init();
	lists_init(prefs);
}
