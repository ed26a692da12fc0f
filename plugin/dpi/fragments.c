/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dpi/fragments.h"

#include "dpi/read/reader.h"

static wmem_map_t *known; /* frame -> struct dpi_fragment */

void dpi_fragments_init(void)
{
	known = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(),
				       g_direct_hash, g_direct_equal);
}

const struct dpi_fragment *dpi_fragment_get(uint32_t frame)
{
	return wmem_map_lookup(known, GUINT_TO_POINTER(frame));
}

void dpi_fragments_learn(const packet_info *pinfo, proto_tree *tree,
			 const struct dpi_layers *l, struct dpi_flow *flow)
{
	static const enum what fields[] = { IP_FRAGMENT, IPV6_FRAGMENT };
	struct dpi_fragment *f = NULL;

	for (size_t i = 0; tree && i < array_length(fields); i++) {
		GPtrArray *a = reader_asked_for(tree, fields[i]);

		if (!a)
			continue;
		if (!f)
			f = wmem_new(wmem_file_scope(), struct dpi_fragment);
		f->flow = flow;
		f->app = flow ? l->transport : l->app;
		for (unsigned n = 0; n < a->len; n++) {
			const field_info *fi = g_ptr_array_index(a, n);
			uint32_t frame = fvalue_get_uinteger(finfo_value(fi));

			if (frame != pinfo->num)
				wmem_map_insert(known, GUINT_TO_POINTER(frame),
						f);
		}
	}
}
