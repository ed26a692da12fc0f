/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proc/blocks.h"

#include <errno.h>

#include "import/import.h"
#include "pcapng.h"
#include "proc/complaints.h"
#include "proc/expert.h"
#include "proc/fields.h"
#include "proc/records.h"
#include "proc/totals.h"

static int proto_proc = -1;
static int ett_proc = -1;
static bool has_table; /* Wireshark hands us our blocks */

bool blocks_is_ours(const uint8_t *p, size_t len)
{
	return len >= 2 && p[0] == 'P' && p[1] == 'W';
}

/* Returns how many records there are; stops at what it cannot read. */
static unsigned dissect_rows(tvbuff_t *tvb, packet_info *pinfo,
			     proto_tree *tree, size_t end,
			     struct complaints *wrong)
{
	const uint8_t *base = tvb_get_ptr(tvb, 0, (int)end);
	bool want_experts = expert_items_are_wanted(tree);
	size_t offset = TABLE_HEADER_LEN;
	unsigned rows = 0;
	struct process p;
	proto_item *item;

	while (offset < end) {
		const uint8_t *raw = base + offset;
		int len = process_decode(&p, raw, end - offset);

		if (len == -EPROTONOSUPPORT)
			wrong->newer = true;
		else if (len < 0)
			wrong->malformed = "process record";
		if (len < 0)
			break;
		if (!PINFO_FD_VISITED(pinfo)) {
			records_put(&p, raw, len, pinfo->num);
			totals_count_row(&p);
		}
		item = fields_add_table_row(tree, tvb, pinfo, (int)offset, len,
					    &p, p.name, rows);
		if (want_experts)
			expert_items_row(item, pinfo, &p);
		offset += len;
		rows++;
	}
	return rows;
}

/*
 * A process table block.  After it @tvb has padding, and perhaps options.
 * A kind of block that we do not know stays what it is to Wireshark.
 */
static int dissect_table(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
			 void *data _U_)
{
	size_t size = tvb_captured_length(tvb), end = size;
	const uint8_t *p = tvb_get_ptr(tvb, 0, (int)size);
	struct complaints wrong = { 0 };
	struct table_header header;
	const char *plural;
	proto_item *item;
	unsigned rows = 0;
	int err;

	if (!blocks_is_ours(p, size) || record_kind(p, size) > RECORD_TABLE)
		return 0;
	pinfo->current_proto = proto_get_protocol_short_name(
		find_protocol_by_id(proto_proc));
	err = table_header_decode(&header, p, size);
	if (err == -EPROTONOSUPPORT)
		wrong.newer = true;
	else if (err < 0)
		wrong.malformed = "process table";
	else
		end = TABLE_HEADER_LEN + header.length;

	item = proto_tree_add_protocol_format(tree, proto_proc, tvb, 0,
					      (int)end, "Process table");
	tree = proto_item_add_subtree(item, ett_proc);
	if (err >= 0)
		rows = dissect_rows(tvb, pinfo, tree, end, &wrong);
	if (rows != header.count && !wrong.malformed && !wrong.newer)
		wrong.malformed = "process table: its count is wrong";
	complaints_add(item, pinfo, &wrong);

	plural = rows == 1 ? "process" : "processes";
	proto_item_append_text(item, ": %u %s", rows, plural);
	col_set_str(pinfo->cinfo, COL_PROTOCOL, "PKTWHO");
	col_add_fstr(pinfo->cinfo, COL_INFO, "Process table: %u %s", rows,
		     plural);
	return (int)size;
}

/* A process as Wireshark 5 writes it, shown as a row of a table. */
static void dissect_wireshark_block(tvbuff_t *tvb, packet_info *pinfo,
				    proto_tree *tree)
{
	struct complaints wrong = { 0 };
	struct imported i;
	proto_item *item;
	int err = import_custom_block(&i, pinfo, tvb);

	if (err == -ENOENT)
		return;
	if (err)
		wrong.malformed = "process block of Wireshark's";
	item = proto_tree_add_protocol_format(tree, proto_proc, tvb, 0, -1,
					      "Process of Wireshark's");
	tree = proto_item_add_subtree(item, ett_proc);
	if (!err)
		fields_add_table_row(tree, tvb, pinfo, 0,
				     (int)tvb_captured_length(tvb), &i.process,
				     i.name, 0);
	complaints_add(item, pinfo, &wrong);
}

void blocks_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
	uint32_t pen = pinfo->rec->rec_header.custom_block_header.pen;

	if (pen == PKTWHO_PEN && !has_table)
		dissect_table(tvb, pinfo, tree, NULL);
	else if (pen == IMPORT_WIRESHARK_PEN)
		dissect_wireshark_block(tvb, pinfo, tree);
}

void blocks_init(int proto, int ett)
{
	proto_proc = proto;
	ett_proc = ett;
}

void blocks_handoff(void)
{
	has_table = find_dissector_table("pcapng_custom_block") != NULL;
	if (has_table)
		dissector_add_uint("pcapng_custom_block", PKTWHO_PEN,
				   create_dissector_handle(dissect_table,
							   proto_proc));
}
