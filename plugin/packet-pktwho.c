/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "packet-pktwho.h"

#include <errno.h>

#include "compat.h"
#include <epan/epan.h>
#include <epan/prefs.h>

#include "detect/baseline.h"
#include "detect/detect.h"
#include "dpi/dpi.h"
#include "proc/blocks.h"
#include "proc/complaints.h"
#include "proc/expert.h"
#include "proc/fields.h"
#include "import/import.h"
#include "pcapng.h"
#include "geo/geo_fields.h"
#include "proc/records.h"
#include "proc/totals.h"
#include "program.h"
#include "stats/latency.h"
#include "stats/lines.h"
#include "stats/stats.h"
#include "stats/tree.h"
#include "values.h"

#define SHORT_NAME "Process" /* whose expert items ours are listed as */

static int proto_proc = -1;
static int ett_proc = -1;

/* What the options of one packet say. */
struct found {
	packet_info *pinfo;
	bool want_owners;
	bool has_owners;
	struct attribution owners;
	struct receivers *others;  /* who received it, too */
	const uint8_t *owners_raw; /* the option's, not for long */
	size_t owners_len;
	const struct imported *imported; /* where there are no owners */
	unsigned imports;
	struct complaints wrong;
};

static void take_owners(struct found *f, const uint8_t *p, size_t len)
{
	if (!f->want_owners)
		return;
	if (f->has_owners)
		f->wrong.malformed = "second packet attribution";
	else if (attribution_decode(&f->owners, p, len))
		f->wrong.malformed = "packet attribution";
	else
		f->has_owners = true;
	if (f->has_owners && !f->owners_raw) {
		f->owners_raw = p;
		f->owners_len = len;
	}
}

static void take_process(struct found *f, const uint8_t *p, size_t len)
{
	struct process process;
	int n = process_decode(&process, p, len);

	if (n < 0)
		f->wrong.malformed = "process record";
	else if (!PINFO_FD_VISITED(f->pinfo))
		records_put(&process, p, n, f->pinfo->num);
}

static void take_custom_payload(struct found *f, const uint8_t *p, size_t len)
{
	int kind = record_kind(p, len);

	if (kind == RECORD_ATTRIBUTION)
		take_owners(f, p, len);
	else if (kind == RECORD_PROCESS)
		take_process(f, p, len);
	else if (kind == RECORD_RECEIVER && receivers_take(f->others, p, len))
		f->wrong.malformed = "receiver";
	else if (kind == -EPROTONOSUPPORT)
		f->wrong.newer = true;
	else if (kind < 0)
		f->wrong.malformed = "header";
}

static ws_bool take_option(wtap_block_t block _U_, unsigned id,
			   wtap_opttype_e type _U_, wtap_optval_t *value,
			   void *found)
{
	if (id == PCAPNG_OPT_CUSTOM_BIN && option_pen(value) == PKTWHO_PEN &&
	    blocks_is_ours(option_data(value), option_len(value)))
		take_custom_payload(found, option_data(value),
				    option_len(value));
	return true;
}

/* The packet's options, also when the user has edited its comment. */
static wtap_block_t options_of(packet_info *pinfo)
{
	if (pinfo->fd->has_modified_block)
		return epan_get_modified_block(pinfo->epan, pinfo->fd);
	return pinfo->rec->block;
}

/*
 * Who sent it is the first that is asked of a packet, and a postdissector's
 * tree is the last.  Wireshark moves an item behind another one only.
 */
static void move_to_top(proto_tree *tree, proto_item *item)
{
	proto_item *first = tree ? tree->first_child : NULL;

	if (!first || first == item || !PTREE_DATA(tree)->visible)
		return;
	proto_tree_move_item(tree, first, item);
	proto_tree_move_item(tree, item, first);
}

/*
 * The option is no part of the packet.  Its bytes get a page of their own
 * beside the packet's, on which a value that is clicked is marked.
 */
static tvbuff_t *show_bytes(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo,
			    const struct found *f)
{
	tvbuff_t *bytes;

	if (!tree || !PTREE_DATA(tree)->visible)
		return NULL;
	bytes = tvb_new_child_real_data(
		tvb, wmem_memdup(pinfo->pool, f->owners_raw, f->owners_len),
		(unsigned)f->owners_len, (int)f->owners_len);
	add_new_data_source(pinfo, bytes, "Process Attribution");
	return bytes;
}

/* Its columns and buttons are worth a word where they are not seen. */
static void point_to_profile(proto_tree *tree, tvbuff_t *tvb)
{
	proto_item *item;

	if (!tree || !PTREE_DATA(tree)->visible ||
	    !program_could_have_our_profile())
		return;
	proto_tree_add_subtree(tree, tvb, 0, 0, ett_proc, &item,
			       "Profile pktwho has columns and buttons for "
			       "this: Edit, Configuration Profiles");
	proto_item_set_generated(item);
}

/* Returns the item of all of it. */
static proto_item *add_owners(proto_tree *tree, tvbuff_t *tvb,
			      packet_info *pinfo, const struct found *f)
{
	proto_item *item = proto_tree_add_protocol_format(
		tree, proto_proc, tvb, 0, 0, "Process Attribution");

	proto_item_set_generated(item);
	move_to_top(tree, item);
	tree = proto_item_add_subtree(item, ett_proc);
	if (f->has_owners) {
		tvbuff_t *bytes = show_bytes(tree, tvb, pinfo, f);

		fields_add_direction(tree, tvb, f->owners.direction);
		fields_add_end(tree, tvb, pinfo, &f->owners, true, bytes);
		fields_add_end(tree, tvb, pinfo, &f->owners, false, bytes);
		for (unsigned i = 0; i < f->others->count; i++)
			fields_add_receiver(tree, tvb, pinfo, &f->others->of[i],
					    i + 1);
	}
	if (f->imported) {
		if (f->imported->end != IMPORT_EITHER)
			fields_add_direction(tree, tvb, f->owners.direction);
		for (unsigned n = 0; n < f->imports; n++)
			fields_add_imported(tree, tvb, pinfo, &f->imported[n],
					    n);
	}
	fields_add_columns(tree, tvb, pinfo, &f->owners, f->others,
			   f->imported);
	fields_add_parties(tree, tvb, pinfo, &f->owners, f->others,
			   f->imported);
	complaints_add(item, pinfo, &f->wrong);
	point_to_profile(tree, tvb);
	return item;
}

/* Where we have no word of our own, another tool may. */
static void look_for_import(struct found *f, struct imported i[IMPORT_MAX],
			    tvbuff_t *tvb, wtap_block_t block)
{
	if (!f->want_owners || f->has_owners)
		return;
	f->imports = import_packet(i, f->pinfo, tvb, block);
	if (!f->imports)
		return;
	f->imported = i;
	if (i->end != IMPORT_EITHER)
		f->owners.direction = i->end == IMPORT_SRC ? DIRECTION_OUT :
							     DIRECTION_IN;
}

static void forget_outer_countries(struct found *f)
{
	char *src = f->owners.src.country, *dst = f->owners.dst.country;

	if ((*src || *dst) && geo_fields_is_inside(f->pinfo))
		*src = *dst = '\0';
}

/*
 * Process records are taken on the first pass whether or not a field is
 * wanted by then: a packet that is clicked on later stands alone, and its
 * process was described many packets before.
 */
static void dissect_packet(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
	bool want_places = geo_fields_is_wanted(tree);
	bool want_proc = fields_are_wanted(tree);
	bool want_stats = stats_are_wanted();
	bool want_experts = expert_items_are_wanted(tree) ||
			    detect_is_wanted(tree);
	bool want_dpi = dpi_is_wanted(pinfo, tree);
	bool wanted = want_proc || want_places || want_stats || want_experts;
	struct receivers others;
	struct found f = {
		.pinfo = pinfo,
		.others = &others,
		.want_owners = wanted || want_dpi || !PINFO_FD_VISITED(pinfo),
	};
	struct imported imported[IMPORT_MAX];
	proto_item *item = NULL;
	wtap_block_t block;

	if (!f.want_owners)
		return;
	others.count = 0;
	if (!PINFO_FD_VISITED(pinfo))
		import_see(pinfo);
	block = options_of(pinfo);
	if (block)
		wtap_block_foreach_option(block, take_option, &f);
	if (f.has_owners && !PINFO_FD_VISITED(pinfo)) {
		totals_count(pinfo, &f.owners, &others);
		detect_count(pinfo, &f.owners);
	}
	if (want_dpi)
		dpi_add(tree, tvb, pinfo, f.has_owners ? &f.owners : NULL);
	if (!wanted)
		return;
	forget_outer_countries(&f);
	look_for_import(&f, imported, tvb, block);
	if (f.has_owners || f.imported || f.wrong.malformed || f.wrong.newer)
		item = add_owners(tree, tvb, pinfo, &f);
	if (want_experts) {
		expert_items_packet(item, tree, tvb, pinfo, &f.owners, block);
		detect_show(item, pinfo);
	}
	if (want_places)
		geo_fields_add(tree, tvb, pinfo, f.owners.src.country,
			       f.owners.dst.country);
	else if (want_experts && pinfo->num == 1)
		geo_fields_add_unread(tree, tvb, pinfo);
	if (want_stats && (f.has_owners || f.imported))
		stats_packet(pinfo, &f.owners, &others, f.imported);
}

static int dissect_proc(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
			void *data _U_)
{
	pinfo->current_proto = SHORT_NAME;
	if (pinfo->rec->rec_type == REC_TYPE_PACKET)
		dissect_packet(tvb, pinfo, tree);
	else if (pinfo->rec->rec_type == REC_TYPE_CUSTOM_BLOCK)
		blocks_dissect(tvb, pinfo, tree);
	return 0;
}

/*
 * Wireshark 4.6 comes with falco-events, which registers proc.pid and others
 * as well.  Where several fields share a name the last one registered is
 * found, so ours wait until everybody else's are there.
 */
static void register_fields_late(void)
{
	fields_register(proto_proc);
	geo_fields_register_fields();
}

static void on_preferences(void)
{
	expert_items_check_countries();
	geo_fields_reset();
	detect_reset();
	lines_name_heads();
}

void pktwho_register(void)
{
	static int *ett[] = { &ett_proc };
	dissector_handle_t handle;
	module_t *prefs;

	proto_proc = proto_register_protocol("Process Attribution (pktwho)",
					     SHORT_NAME, "proc");
	proto_register_subtree_array(ett, array_length(ett));
	fields_init(proto_proc);
	records_init();
	complaints_register(proto_proc);
	blocks_init(proto_proc, ett_proc);
	prefs = prefs_register_protocol(proto_proc, on_preferences);
	geo_fields_init(prefs);
	dpi_init();
	expert_items_init(proto_proc, prefs);
	detect_init(proto_proc, prefs);
	baseline_init();
	import_init();
	stats_init(proto_proc, prefs);
	tree_init_statistic();
	latency_init();
	register_final_registration_routine(register_fields_late);
	/*
	 * Not one of the packet's layers: Wireshark's lists of them cost more
	 * than we do, and frame.protocols shall be what it was.
	 */
	handle = register_dissector("proc", dissect_proc,
				    proto_register_protocol_in_name_only(
					    "Process Attribution of a packet",
					    "PROC of a packet", "proc_packet",
					    proto_proc, FT_BYTES));
	register_postdissector(handle);
	dpi_use_postdissector(handle);
}

void pktwho_handoff(void)
{
	dpi_handoff();
	values_check();
	blocks_handoff();
}
