/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the user knows: where each program has been before (proc.baseline) and
 * who is not to be talked to (proc.block_list).
 */
#include "detect/found.h"

#include <arpa/inet.h>
#include <epan/prefs.h>
#include <epan/to_str.h>
#include <wsutil/report_message.h>
#include <wsutil/strtoi.h>

#include "dpi/dpi.h"
#include "dpi/names.h"
#include "geo/geo_fields.h"

#define LIST_MAX     (64 << 20) /* bytes of a file */
#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyz0123456789-_."

static const char *pref_baseline = "";
static const char *pref_block_list = "";

/* Sets of their lines; NULL: no file. */
static GHashTable *baseline, *programs, *blocked;
static wmem_map_t *contacts; /* a set: what was told of */

/* ---- networks ---- */

/* The network of @bits that the address is in, as "10.0.0.0/8". */
static const char *network_of(wmem_allocator_t *pool, const address *a,
			      unsigned bits)
{
	uint8_t bytes[16] = { 0 };
	address network;

	memcpy(bytes, a->data, (size_t)a->len);
	for (unsigned i = 0; i < (unsigned)a->len; i++) {
		if (bits >= 8 * (i + 1))
			continue;
		bytes[i] &= bits <= 8 * i ? 0 : 0xff << (8 - (bits - 8 * i));
	}
	set_address(&network, a->type, a->len, bytes);
	return wmem_strdup_printf(pool, "%s/%u", address_to_str(pool, &network),
				  bits);
}

/* ---- reading ---- */

static char *read_list_file(const char *pref, const char *path)
{
	GError *error = NULL;
	char *text = NULL;
	gsize size;

	if (!path || !*path)
		return NULL;
	if (!g_file_get_contents(path, &text, &size, &error)) {
		report_warning("%s: %s: not used", pref, error->message);
		g_error_free(error);
		return NULL;
	}
	if (size <= LIST_MAX)
		return text;
	report_warning("%s: %s is longer than %d bytes: not used", pref, path,
		       LIST_MAX);
	g_free(text);
	return NULL;
}

/* Lines without blanks around them, and what follows a # or is empty not. */
static GHashTable *read_lines(const char *pref, const char *path)
{
	char *text = read_list_file(pref, path), **lines;
	GHashTable *set;

	if (!text)
		return NULL;
	set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line; line++) {
		(*line)[strcspn(*line, "#\r")] = '\0';
		if (*g_strstrip(*line))
			g_hash_table_add(set, g_strdup(*line));
	}
	g_strfreev(lines);
	g_free(text);
	return set;
}

/*
 * An address or a network as Wireshark writes it, whatever is set behind the
 * network's bits; NULL if it is neither.
 */
static const char *written_address(wmem_allocator_t *pool, const char *word)
{
	char *text = wmem_strdup(pool, word), *slash = strchr(text, '/');
	uint8_t bytes[16];
	uint32_t bits;
	address a;

	if (slash)
		*slash++ = '\0';
	if (inet_pton(AF_INET, text, bytes) == 1)
		set_address(&a, AT_IPv4, 4, bytes);
	else if (inet_pton(AF_INET6, text, bytes) == 1)
		set_address(&a, AT_IPv6, 16, bytes);
	else
		return NULL;
	if (!slash)
		return address_to_str(pool, &a);
	if (!ws_strtou32(slash, NULL, &bits) || bits > 8 * (uint32_t)a.len)
		return NULL;
	return network_of(pool, &a, bits);
}

static char *lower_case(wmem_allocator_t *pool, const char *text)
{
	char *lower = wmem_strdup(pool, text);

	for (char *c = lower; *c; c++)
		*c = g_ascii_tolower(*c);
	return lower;
}

/* In lower case, "*.example.com" and "example.com." too; or NULL. */
static const char *written_name(wmem_allocator_t *pool, const char *word)
{
	char *text, *dot;

	word += *word == '*';
	word += *word == '.';
	text = lower_case(pool, word);
	dot = strrchr(text, '.');
	if (dot && !dot[1])
		*dot = '\0';
	return *text && !text[strspn(text, NAME_LETTERS)] ? text : NULL;
}

static bool add_entry(GHashTable *set, const char *line)
{
	wmem_allocator_t *pool = wmem_allocator_new(WMEM_ALLOCATOR_SIMPLE);
	const char *entry = written_address(pool, line);

	if (!entry)
		entry = written_name(pool, line);
	if (entry)
		g_hash_table_add(set, g_strdup(entry));
	wmem_destroy_allocator(pool);
	return entry;
}

/* What is looked for is written as Wireshark does, and so are the entries. */
static GHashTable *read_block_list(void)
{
	GHashTable *lines = read_lines("proc.block_list", pref_block_list);
	GHashTable *set;
	const char *wrong = NULL;
	unsigned count = 0;
	GHashTableIter i;
	gpointer line;

	if (!lines)
		return NULL;
	set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_hash_table_iter_init(&i, lines);
	while (g_hash_table_iter_next(&i, &line, NULL)) {
		if (add_entry(set, line))
			continue;
		count++;
		wrong = line;
	}
	if (count)
		report_warning("proc.block_list: \"%s\"%s no address, network"
			       " or name: not used",
			       wrong, count > 1 ? " and others are" : " is");
	g_hash_table_destroy(lines);
	return set;
}

static void read_baseline(void)
{
	GHashTableIter i;
	gpointer line;

	baseline = read_lines("proc.baseline", pref_baseline);
	if (!baseline)
		return;
	programs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_hash_table_iter_init(&i, baseline);
	while (g_hash_table_iter_next(&i, &line, NULL)) {
		const char *tab = strchr(line, '\t');

		if (tab) {
			gsize len = (gsize)(tab - (const char *)line);

			g_hash_table_add(programs, g_strndup(line, len));
		}
	}
}

static void free_set(GHashTable **set)
{
	if (*set)
		g_hash_table_destroy(*set);
	*set = NULL;
}

/* At once: Wireshark shows what is wrong while it has a window for that. */
void lists_reset(void)
{
	free_set(&baseline);
	free_set(&programs);
	free_set(&blocked);
	read_baseline();
	blocked = read_block_list();
	/* Names are those that DNS answers gave. */
	if (blocked)
		dpi_collect();
}

bool lists_have_baseline(void)
{
	return baseline != NULL;
}

bool lists_have_blocked(void)
{
	return blocked != NULL;
}

/* ---- places ---- */

static bool is_ip(const address *a)
{
	return (a->type == AT_IPv4 && a->len == 4) ||
	       (a->type == AT_IPv6 && a->len == 16);
}

const char *lists_place(wmem_allocator_t *pool, const address *a,
			const char *recorded)
{
	char country[GEO_FIELDS_COUNTRY_LEN];

	if (geo_fields_country(country, a, recorded))
		return wmem_strdup(pool, country);
	if (!is_ip(a))
		return "(no address)";
	return network_of(pool, a, a->type == AT_IPv4 ? 24 : 48);
}

/* ---- the baseline ---- */

void lists_contact(const struct opening *o)
{
	wmem_allocator_t *pool = o->pinfo->pool;
	const char *place, *line, *news;

	if (o->is_local || !is_ip(&o->pinfo->net_dst))
		return;
	place = lists_place(pool, &o->pinfo->net_dst, o->country);
	line = wmem_strdup_printf(pool, "%s\t%s", o->program, place);
	if (g_hash_table_contains(baseline, line) ||
	    wmem_map_contains(contacts, line))
		return;
	line = wmem_strdup(wmem_file_scope(), line);
	wmem_map_insert(contacts, line, NULL);
	news = g_hash_table_contains(programs, o->program) ?
		       "where the baseline never saw it" :
		       "and the baseline never saw this program";
	line = wmem_strdup_printf(pool, "%s connects to %s (%s), %s",
				  o->program, o->remote, place, news);
	detect_found(o, FIRST_CONTACT, line);
}

/* ---- the block list ---- */

static const char *blocked_network(const struct opening *o)
{
	const address *a = &o->pinfo->net_dst;

	if (g_hash_table_contains(blocked, o->remote))
		return o->remote;
	for (unsigned bits = 0; bits <= 8 * (unsigned)a->len; bits++) {
		const char *network = network_of(o->pinfo->pool, a, bits);

		if (g_hash_table_contains(blocked, network))
			return network;
	}
	return NULL;
}

/* The name, or one that it is below. */
static const char *blocked_name(const struct opening *o)
{
	const struct dpi_name *resolved = dpi_names_get(&o->pinfo->net_dst,
							o->pinfo->num);
	char *name;

	if (!resolved)
		return NULL;
	name = lower_case(o->pinfo->pool, resolved->name);
	for (const char *s = name; s; s = strchr(s, '.')) {
		s += *s == '.';
		if (g_hash_table_contains(blocked, s))
			return s;
	}
	return NULL;
}

void lists_blocked(const struct opening *o)
{
	const char *entry;

	if (!is_ip(&o->pinfo->net_dst))
		return;
	entry = blocked_network(o);
	if (!entry)
		entry = blocked_name(o);
	if (entry)
		detect_found(
			o, BLOCKED,
			wmem_strdup_printf(
				o->pinfo->pool,
				"%s connects to %s port %u, which is on the block list"
				" as %s",
				o->program, o->remote, o->pinfo->destport,
				entry));
}

void lists_init(module_t *prefs)
{
	prefs_register_filename_preference(
		prefs, "baseline", "Baseline",
		"A file of lines PROGRAM, tab, PLACE, as tshark -z"
		" proc,baseline prints them: where each program has been.",
		&pref_baseline, false);
	prefs_register_filename_preference(
		prefs, "block_list", "Block list",
		"A file of addresses, networks (192.0.2.0/24) and names, one"
		" a line; # begins a comment.",
		&pref_block_list, false);
	contacts = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(),
					  wmem_str_hash, g_str_equal);
}
