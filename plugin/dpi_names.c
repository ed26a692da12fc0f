/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dpi_names.h"

struct names {
	struct dpi_name *first;
	struct dpi_name *last;
	unsigned count;
};

static wmem_map_t *addresses;		/* text -> struct names */
static wmem_map_t *asked;		/* name in lower case -> itself */

void dpi_names_init(void)
{
	addresses = wmem_map_new_autoreset(wmem_epan_scope(),
					   wmem_file_scope(), wmem_str_hash,
					   g_str_equal);
	asked = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(),
				       wmem_str_hash, g_str_equal);
}

static struct names *names_of(const char *address)
{
	struct names *n = wmem_map_lookup(addresses, address);

	if (n || wmem_map_size(addresses) >= DPI_NAMES_ADDRESSES)
		return n;
	n = wmem_new0(wmem_file_scope(), struct names);
	wmem_map_insert(addresses, wmem_strdup(wmem_file_scope(), address), n);
	return n;
}

static bool is_news(const struct dpi_name *last, uint32_t frame,
		    const char *name, const char *process)
{
	return !last || (frame > last->frame &&
			 (strcmp(last->name, name) ||
			  g_strcmp0(last->process, process)));
}

void dpi_names_put(const char *address, uint32_t frame, const char *name,
		   const char *process)
{
	struct names *n = names_of(address);
	struct dpi_name *new;

	if (!n || n->count == DPI_NAMES_EACH ||
	    !is_news(n->last, frame, name, process))
		return;
	new = wmem_new0(wmem_file_scope(), struct dpi_name);
	new->frame = frame;
	new->name = wmem_strdup(wmem_file_scope(), name);
	if (process)
		new->process = wmem_strdup(wmem_file_scope(), process);
	if (n->last)
		n->last->next = new;
	else
		n->first = new;
	n->last = new;
	n->count++;
}

const struct dpi_name *dpi_names_get(const char *address, uint32_t frame)
{
	const struct names *n = wmem_map_lookup(addresses, address);
	const struct dpi_name *name = n ? n->first : NULL;

	while (name && name->next && name->next->frame <= frame)
		name = name->next;
	return name;
}

void dpi_names_ask(const char *name)
{
	char *lower = g_ascii_strdown(name, -1);
	char *key;

	if (wmem_map_size(asked) < DPI_NAMES_ASKED &&
	    !wmem_map_contains(asked, lower)) {
		key = wmem_strdup(wmem_file_scope(), lower);
		wmem_map_insert(asked, key, key);
	}
	g_free(lower);
}

bool dpi_names_knows(const char *name)
{
	unsigned count = wmem_map_size(asked);
	char *lower;
	bool there;

	if (!count || count == DPI_NAMES_ASKED)
		return true;
	lower = g_ascii_strdown(name, -1);
	there = wmem_map_contains(asked, lower);
	g_free(lower);
	return there;
}
