/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dpi/tunnel.h"

#include "text.h"

/*
 * What is asked for as often by honest programs is short (addresses in block
 * lists) or the same again (names of services).
 */
#define QUESTIONS 30		/* different ones below one domain */
#define LONG 32			/* bytes before the domain, on average */
#define DOMAINS_MAX 20000	/* and what is beyond is not looked at */

struct domain {
	wmem_map_t *asked;	/* a set of hashes of names */
	uint64_t bytes;		/* of what is before the domain */
	bool told;
};

static wmem_map_t *domains;	/* process id, domain -> struct domain */
static wmem_map_t *found;	/* frame -> text */

void dpi_tunnel_init(void)
{
	domains = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(),
					 wmem_str_hash, g_str_equal);
	found = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(),
				       g_direct_hash, g_direct_equal);
}

const char *dpi_tunnel_get(uint32_t frame)
{
	return wmem_map_lookup(found, GUINT_TO_POINTER(frame));
}

static const char *label_before(const char *name, const char *at)
{
	while (at > name && at[-1] != '.')
		at--;
	return at;
}

/* The last two labels, three where the second is short: "example.co.uk". */
static const char *domain_of(const char *name)
{
	const char *end = name + strlen(name);
	const char *top = label_before(name, end);
	const char *second = top > name ? label_before(name, top - 1) : top;

	if (second > name && top - second <= 4)
		return label_before(name, second - 1);
	return second;
}

/* Reverse lookups are long, and all different. */
static bool is_reverse(const char *name)
{
	return g_str_has_suffix(name, ".arpa");
}

/* Asked for each question. */
static char *key_of(wmem_allocator_t *pool, uint64_t id, const char *domain)
{
	size_t len = strlen(domain) + 1;
	char *key = wmem_alloc(pool, 2 * sizeof(id) + len);

	for (unsigned i = 0; i < 2 * sizeof(id); i++)
		key[i] = (char)('a' + (id >> 4 * i & 15));
	memcpy(key + 2 * sizeof(id), domain, len);
	return key;
}

static struct domain *domain_get(packet_info *pinfo, const char *domain,
				 const struct attribution *owners)
{
	uint64_t id = owners && owners->src.present ? owners->src.id : 0;
	char *key = key_of(pinfo->pool, id, domain);
	struct domain *d = wmem_map_lookup(domains, key);

	if (d || wmem_map_size(domains) >= DOMAINS_MAX)
		return d;
	d = wmem_new0(wmem_file_scope(), struct domain);
	d->asked = wmem_map_new(wmem_file_scope(), g_direct_hash,
				g_direct_equal);
	wmem_map_insert(domains, wmem_strdup(wmem_file_scope(), key), d);
	return d;
}

static void tell_tunnel(const packet_info *pinfo, const struct domain *d,
			const char *domain, const struct attribution *owners)
{
	const struct packet_end *e = owners ? &owners->src : NULL;
	const char *who = e && e->present ?
		text_escape(pinfo->pool, e->name,
			    strnlen(e->name, sizeof(e->name))) : "This host";
	unsigned count = wmem_map_size(d->asked);

	domain = text_escape(pinfo->pool, domain, strlen(domain));
	wmem_map_insert(found, GUINT_TO_POINTER(pinfo->num),
		wmem_strdup_printf(wmem_file_scope(),
			"%s asked for %u different names below %s, with %u"
			" bytes each on average before it", who, count, domain,
			(unsigned)(d->bytes / count)));
}

void dpi_tunnel_ask(packet_info *pinfo, const char *name,
		    const struct attribution *owners)
{
	const char *domain = domain_of(name);
	void *key = GUINT_TO_POINTER(g_str_hash(name));
	struct domain *d;

	if (domain == name || is_reverse(name))
		return;
	d = domain_get(pinfo, domain, owners);
	if (!d || d->told || wmem_map_contains(d->asked, key))
		return;
	wmem_map_insert(d->asked, key, NULL);
	d->bytes += (uint64_t)(domain - name);
	if (wmem_map_size(d->asked) < QUESTIONS ||
	    d->bytes < (uint64_t)LONG * wmem_map_size(d->asked))
		return;
	d->told = true;
	tell_tunnel(pinfo, d, domain, owners);
}
