/* SPDX-License-Identifier: GPL-3.0-or-later */
#define WS_LOG_DOMAIN "pktwho"
#include "dpi/dpi.h"

#include <epan/prefs.h>
#include <epan/tap.h>
#include <wsutil/wslog.h>

#include "dpi/expert.h"
#include "dpi/flow.h"
#include "dpi/fragments.h"
#include "dpi/layers.h"
#include "dpi/names.h"
#include "dpi/read/read.h"
#include "dpi/read/reader.h"
#include "dpi/read/times.h"
#include "dpi/show.h"
#include "proc/expert.h"
#include "program.h"
#include "recognise/content.h"
#include "recognise/spoken.h"
#include "recognise/tree.h"
#include "stats/stats.h"

static int proto_dpi = -1;
static dissector_handle_t postdissector;

enum when { WHEN_ASKED, ALWAYS, NEVER };
static int pref_when = WHEN_ASKED;
static bool has_fields; /* ours are registered */
/* Which of other dissectors' fields are asked for. */
enum fields { NONE, FOR_EXPERTS, ALL };
static enum fields collecting;
static bool primed;    /* ... and Wireshark keeps them at hand */
static bool is_for_us; /* ... and nobody else's, nor are there statistics */
static bool has_begun; /* a packet of this file was read */
static bool missed;    /* a packet of this file was read without them */
static bool tapping;   /* ... so they are asked for when it is read again */

/* What learn_app() found out of the packet that comes to dpi_add() next. */
static struct {
	uint32_t frame;
	struct dpi_layers layers;
	struct dpi_flow *flow; /* NULL for what has none */
} learnt;

/* ---- when to collect ---- */

static void register_fields(void)
{
	if (has_fields)
		return;
	has_fields = true;
	dpi_show_register(proto_dpi);
	dpi_expert_register(proto_dpi);
	reader_init();
}

/* Where a tree is whole, to search it costs less than to have them kept. */
static void prime(bool on)
{
	enum reader_for whom = collecting == FOR_EXPERTS ? READER_FOR_EXPERTS :
			       is_for_us		 ? READER_FOR_FIELDS :
							   READER_FOR_ALL;

	primed = on;
	set_postdissector_wanted_hfids(postdissector,
				       on ? reader_wanted(whom) : NULL);
}

/*
 * From the next file on.  Of all fields some are of layers below TCP and UDP:
 * then Wireshark gives us every packet's tree.
 */
static void collect(enum fields what)
{
	if (what == collecting || !postdissector)
		return;
	collecting = what;
	if (what)
		register_fields();
	prime(what == ALL && !program_reads_whole_trees());
	if (what == FOR_EXPERTS)
		tree_use(TREE_OF_OURS, reader_wanted(READER_FOR_EXPERTS),
			 reader_wanted(READER_FOR_NAMES));
	else
		tree_use(what ? TREE_SHARED : TREE_UNUSED, NULL, NULL);
}

/* Does nobody read the trees of a first pass but us? */
static void look_for_others(void)
{
	if (collecting != ALL || !primed || stats_are_wanted() ||
	    !program_filters_nothing_first())
		return;
	prime(false);
	is_for_us = !postdissectors_want_hfids();
	if (is_for_us)
		tree_use(TREE_FOR_US, NULL, NULL);
	prime(true);
}

/* Somebody names a field of ours, and Wireshark does not know it yet. */
static void on_first_name(const char *name _U_)
{
	register_fields();
	collect(pref_when == NEVER ? NONE : ALL);
}

static void on_preferences(void)
{
	dpi_content_enable(pref_when != NEVER);
	if (pref_when == ALWAYS)
		collect(ALL);
	else if (pref_when == NEVER)
		collect(NONE);
	else
		collect(has_fields ? ALL : NONE);
}

/*
 * A file that is on the screen is read again when a filter is set, and then
 * Wireshark does not ask postdissectors what they want.  It asks the filters
 * of taps: ours is for a tap that never hears of a packet.
 */
static void tap_missed(void)
{
	char *filter;
	GString *error;

	if (tapping)
		return;
	tapping = true;
	filter = reader_filter();
	error = register_tap_listener("dpi", &tapping, filter, 0, NULL, NULL,
				      NULL, NULL);
	g_free(filter);
	if (!error)
		return;
	ws_warning("dpi fields may be missing: %s", error->str);
	g_string_free(error, true);
}

static void on_file(void)
{
	missed = has_begun = is_for_us = false;
	learnt.frame = 0;
	if (collecting == ALL)
		tree_use(TREE_SHARED, NULL, NULL);
	if (tapping)
		remove_tap_listener(&tapping);
	tapping = false;
	if (pref_when != WHEN_ASKED)
		return;
	if (program_prints_details())
		collect(ALL);
	else if (!collecting && program_prints_experts())
		collect(program_counts_by_our_names() ? ALL : FOR_EXPERTS);
}

/*
 * Statistics want the names of hosts, and tshark starts them after the file
 * was opened: the first packet is the first to see them.  Other statistics
 * start when a file has long been read, and read it again.
 */
void dpi_collect(void)
{
	if (pref_when == WHEN_ASKED)
		collect(ALL);
}

/* STUN on a port for TLS says what it is; of TLS or QUIC the port says more. */
static bool is_refuted(const struct dpi_layers *l, const struct dpi_protocol *p)
{
	return l->rank == DPI_TLS_PORT && p && p->role != DPI_CARRIES;
}

static void take_content(struct dpi_flow *f, packet_info *pinfo,
			 const struct dpi_protocol *p)
{
	const char *owner = f->how == DPI_BY_PORT ? f->app : NULL;

	if (!p || !dpi_flow_set_app(f, p->app, dpi_layers_rank(p, DPI_SAID),
				    DPI_BY_CONTENT))
		return;
	f->port = dpi_content_port(pinfo);
	f->odd_port = p->has_port && !spoken_is_owner(pinfo, p->id);
	if (owner && strcmp(owner, p->app))
		dpi_flow_forget_turns(f);
	if (collecting == ALL && p->families & DPI_HTTP &&
	    dpi_content_told(pinfo))
		dpi_read_request(f, pinfo->pool, dpi_content_told(pinfo));
}

/* Our expert items do not say what is spoken, and a server's name once a flow. */
static struct dpi_flow *flow_of(const struct dpi_layers *l, packet_info *pinfo)
{
	static struct dpi_flow nobodys;

	if (collecting == FOR_EXPERTS &&
	    !(l->families & (DPI_TLS | DPI_DTLS | DPI_GQUIC)))
		return &nobodys;
	return dpi_flow_get(pinfo, proto_dpi);
}

/*
 * What is spoken is learnt when the file is read for the first time, whoever
 * asks for it and whenever: it needs no tree.
 */
static void learn_app(packet_info *pinfo)
{
	struct dpi_layers *l = &learnt.layers;
	const struct dpi_protocol *p;
	struct dpi_flow *f;

	if (!dpi_layers_are_dns(l, pinfo))
		dpi_layers_read(l, pinfo);
	learnt.frame = pinfo->num;
	learnt.flow = NULL;
	if (!l->is_flow)
		return;
	f = learnt.flow = flow_of(l, pinfo);
	if (collecting == FOR_EXPERTS)
		return;
	if (l->in_proxy && !f->in_proxy) {
		f->in_proxy = true;
		f->rank = DPI_NOTHING;
	}
	if (!f->passed_on && dpi_content_is_passed_on(pinfo)) {
		f->passed_on = true;
		f->rank = DPI_NOTHING;
	}
	p = f->in_proxy ? NULL : dpi_content_get(pinfo);
	take_content(f, pinfo, p);
	if (l->in_proxy == f->in_proxy && !is_refuted(l, p) &&
	    dpi_flow_set_app(f, l->app, l->rank, l->how))
		f->odd_port = l->has_port && !spoken_is_kept(pinfo);
}

/* Is it what we thought of this file? */
static void look_at_tree(const proto_tree *tree)
{
	bool is_enough = tree ? PTREE_DATA(tree)->visible :
				collecting == FOR_EXPERTS;

	missed = missed || !collecting || (!tree && !is_enough);
	if (collecting && !primed && !is_enough) {
		prime(true);
		tree_use(TREE_SHARED, NULL, NULL);
	}
	if (!has_begun)
		look_for_others();
	has_begun = true;
}

static bool is_asked_for(proto_tree *tree)
{
	return stats_are_wanted() ||
	       (collecting && proto_field_is_referenced(tree, proto_dpi));
}

/* Our expert items are about names alone. */
static bool has_nothing_to_read(const packet_info *pinfo, proto_tree *tree)
{
	return collecting == FOR_EXPERTS && !tree && !tree_of_ours(pinfo) &&
	       !tree_dns(pinfo);
}

bool dpi_is_wanted(packet_info *pinfo, proto_tree *tree)
{
	static const protocol_t *dpi;

	if (!dpi)
		dpi = find_protocol_by_id(proto_dpi);
	if (!proto_is_protocol_enabled(dpi))
		return false;
	dpi_protocols_init();
	dpi_layers_init();
	if (!PINFO_FD_VISITED(pinfo)) {
		if (!missed && collecting != ALL && is_asked_for(tree))
			dpi_collect();
		look_at_tree(tree);
		if (has_nothing_to_read(pinfo, tree))
			return false;
		if (pref_when != NEVER && (has_fields || stats_are_wanted() ||
					   program_asks_later())) {
			dpi_content_enter(pinfo);
			learn_app(pinfo);
			dpi_content_leave(pinfo);
		}
		if (collecting)
			return true;
	}
	return proto_field_is_referenced(tree, proto_dpi) ||
	       (has_fields && expert_items_have_a_tap()) ||
	       (missed && stats_are_wanted());
}

/* ---- a packet ---- */

static bool has_read_any(const struct dpi_flow *f)
{
	return f->host || f->first || f->alpn || f->tls_version;
}

static bool is_clicked(const struct dpi_view *v)
{
	return PINFO_FD_VISITED(v->pinfo) && v->tree &&
	       PTREE_DATA(v->tree)->visible;
}

static void learn(struct dpi_view *v, const struct dpi_layers *l,
		  const struct attribution *owners)
{
	bool again = PINFO_FD_VISITED(v->pinfo);
	bool is_click = is_clicked(v);
	struct dpi_source from = {
		.tree = v->tree ? v->tree : tree_of_ours(v->pinfo),
		.is_primed = !again && (primed || !v->tree),
		.is_for_experts = collecting == FOR_EXPERTS,
		.dns = !again && l->is_dns_alone ? tree_dns(v->pinfo) : NULL,
	};

	if (is_click && !v->flow->read_again)
		v->flow = dpi_flow_alone(v->flow, v->pinfo->pool);
	if ((!from.tree && !from.dns) || !l->families)
		return;
	dpi_read(v->flow, l, v->pinfo, &from, owners);
	if (again && !is_click && has_read_any(v->flow))
		v->flow->read_again = true;
}

static void look_up_names(struct dpi_view *v, const struct dpi_layers *l)
{
	const struct dpi_fragment *part = dpi_fragment_get(v->pinfo->num);
	const char *transport = part ? part->app : l->transport;

	v->app = part ? part->app : l->app ? l->app : l->transport;
	v->how = l->how;
	if (part)
		v->flow = part->flow;
	if (!v->flow)
		return;
	v->turn = dpi_flow_turn_at(v->flow, v->pinfo->num);
	v->host = v->flow->host;
	if (!v->host)
		v->host = v->turn ? v->turn->host : v->flow->asked_host;
	v->app = v->flow->app ? v->flow->app : transport;
	v->how = v->flow->how;
}

/* When a file is read again most flows are known. */
static void find_flow(struct dpi_view *v, struct dpi_layers *l)
{
	if (PINFO_FD_VISITED(v->pinfo) && !missed &&
	    dpi_layers_are_plain_dns(l, v->pinfo)) {
		v->flow = dpi_flow_get(v->pinfo, proto_dpi);
		if (v->flow->app)
			return;
	}
	dpi_layers_read(l, v->pinfo);
	v->flow = l->is_flow ? dpi_flow_get(v->pinfo, proto_dpi) : NULL;
}

static void show_app_of(packet_info *pinfo, proto_tree *tree, tvbuff_t *tvb,
			const struct attribution *owners)
{
	bool first = !PINFO_FD_VISITED(pinfo);
	struct dpi_view v = { .tree = tree, .tvb = tvb, .pinfo = pinfo };
	struct dpi_layers l;

	register_fields();
	if (first && learnt.frame == pinfo->num) {
		l = learnt.layers;
		v.flow = learnt.flow;
	} else {
		find_flow(&v, &l);
	}
	if (v.flow && pref_when != NEVER && (first || missed))
		learn(&v, &l, owners);
	if (pref_when != NEVER)
		dpi_fragments_learn(pinfo, tree, &l, v.flow);
	if (missed && !first && pref_when != NEVER)
		tap_missed();
	if (v.flow && v.flow->host_frame == pinfo->num && !v.flow->ech &&
	    dpi_expert_is_due(v.flow->host, owners))
		v.unresolved = v.flow->host;
	v.tunnel = dpi_expert_tunnel(pinfo->num);
	if (!proto_field_is_referenced(tree, proto_dpi) &&
	    !((v.unresolved || v.tunnel) && expert_items_are_wanted(tree)))
		return;
	look_up_names(&v, &l);
	if (v.app)
		dpi_show(&v, owners);
}

void dpi_add(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo,
	     const struct attribution *owners)
{
	dpi_content_enter(pinfo);
	show_app_of(pinfo, tree, tvb, owners);
	dpi_content_leave(pinfo);
}

void dpi_handoff(void)
{
	dpi_content_handoff();
}

void dpi_use_postdissector(dissector_handle_t handle)
{
	postdissector = handle;
}

void dpi_init(void)
{
	static const enum_val_t when[] = {
		{ "asked", "When a dpi field is asked for", WHEN_ASKED },
		{ "always", "Always", ALWAYS },
		{ "never", "Never", NEVER },
		{ NULL, NULL, 0 }
	};
	module_t *prefs;

	proto_dpi = proto_register_protocol("Application Spoken in a Packet",
					    "DPI", "dpi");
	dpi_show_init();
	proto_register_prefix("dpi", on_first_name);
	register_tap("dpi");
	register_init_routine(on_file);
	dpi_names_init();
	dpi_fragments_init();
	dpi_times_init();
	prefs = prefs_register_protocol(proto_dpi, on_preferences);
	dpi_expert_init(prefs);
	dpi_content_init(proto_dpi, prefs);
	prefs_register_enum_preference(
		prefs, "when", "Learn what is spoken",
		"Learning costs about a fifth of the time to read a file that"
		" is not filtered.  By default that is spent only if a dpi"
		" field is named: in a column, a filter or -e.",
		&pref_when, when, false);
}
