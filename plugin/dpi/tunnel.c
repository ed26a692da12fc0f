/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dpi/tunnel.h"

#include "text.h"

/*
 * What is asked for as often by honest programs is short (addresses in block
 * lists) or the same again (names of services).
 */
#define QUESTIONS   30	  /* different ones below one domain */
#define LONG	    32	  /* bytes before the domain, on average */
#define DOMAINS_MAX 20000 /* and what is beyond is not looked at */

struct key {
	uint64_t process;
	const char *domain;
	unsigned hash; /* of both: a map that grows asks again for all */
};

struct domain {
	struct key key;
	void *first;	   /* hash of the first name */
	wmem_map_t *asked; /* a set of such; NULL while there is one */
	unsigned count;	   /* of them */
	uint64_t bytes;	   /* of what is before the domain */
	bool told;
};

static wmem_map_t *domains; /* struct key -> struct domain */
static wmem_map_t *found;   /* frame -> text */

static unsigned hash_of_domain(const void *data)
{
	return ((const struct key *)data)->hash;
}

static gboolean is_same_domain(const void *a, const void *b)
{
	const struct key *one = a, *other = b;

	return one->hash == other->hash && one->process == other->process &&
	       !strcmp(one->domain, other->domain);
}

void dpi_tunnel_init(void)
{
	domains = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(),
					 hash_of_domain, is_same_domain);
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

static struct domain *domain_get(const char *domain,
				 const struct attribution *owners)
{
	struct key key = {
		.process = owners && owners->src.present ? owners->src.id : 0,
		.domain = domain,
	};
	struct domain *d;

	key.hash = g_str_hash(domain) ^ (unsigned)key.process;
	d = wmem_map_lookup(domains, &key);
	if (d || wmem_map_size(domains) >= DOMAINS_MAX)
		return d;
	d = wmem_new0(wmem_file_scope(), struct domain);
	d->key = key;
	d->key.domain = wmem_strdup(wmem_file_scope(), domain);
	wmem_map_insert(domains, &d->key, d);
	return d;
}

/* Most domains are asked for one name: it needs no map. */
static bool is_new_name(struct domain *d, void *name)
{
	if (!d->count) {
		d->first = name;
	} else if (name == d->first ||
		   (d->asked && wmem_map_contains(d->asked, name))) {
		return false;
	} else {
		if (!d->asked)
			d->asked = wmem_map_new(wmem_file_scope(),
						g_direct_hash, g_direct_equal);
		wmem_map_insert(d->asked, name, NULL);
	}
	d->count++;
	return true;
}

static void tell_tunnel(const packet_info *pinfo, const struct domain *d,
			const char *domain, const struct attribution *owners)
{
	const struct packet_end *e = owners ? &owners->src : NULL;
	const char *who = e && e->present ?
				  text_escape(pinfo->pool, e->name,
					      strnlen(e->name,
						      sizeof(e->name))) :
				  "This host";

	domain = text_escape(pinfo->pool, domain, strlen(domain));
	wmem_map_insert(
		found, GUINT_TO_POINTER(pinfo->num),
		wmem_strdup_printf(
			wmem_file_scope(),
			"%s asked for %u different names below %s, with %u"
			" bytes each on average before it",
			who, d->count, domain,
			(unsigned)(d->bytes / d->count)));
}

void dpi_tunnel_ask(packet_info *pinfo, const char *name,
		    const struct attribution *owners)
{
	const char *domain = domain_of(name);
	void *key;
	struct domain *d;

	if (domain == name || is_reverse(name))
		return;
	key = GUINT_TO_POINTER(g_str_hash(name));
	d = domain_get(domain, owners);
	if (!d || d->told || !is_new_name(d, key))
		return;
	d->bytes += (uint64_t)(domain - name);
	if (d->count < QUESTIONS || d->bytes < (uint64_t)LONG * d->count)
		return;
	d->told = true;
	tell_tunnel(pinfo, d, domain, owners);
}
