/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/nat.h"

#include <errno.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "packet/flow_hash.h"
#include "packet/parse.h"

#define SLOTS	4096		/* a power of two */
#define KEEP_NS 1000000000ull

struct slot {
	struct flow_key sent;
	struct flow_key sender;
	struct flow_key receiver;
	uint64_t asked_ns;
	bool translated;
};

struct nat {
	struct flow_hash hash;
	struct nfct_handle *handle;
	struct nf_conntrack *answer;	/* of the query under way */
	struct slot slots[SLOTS];
};

static int on_answer(enum nf_conntrack_msg_type type, struct nf_conntrack *ct,
		     void *ctx)
{
	struct nat *c = ctx;

	(void)type;
	nfct_copy(c->answer, ct, NFCT_CP_ALL);
	return NFCT_CB_CONTINUE;
}

int nat_open(struct nat **out)
{
	struct nat *c = calloc(1, sizeof(*c));
	int err = -ENOMEM;

	if (!c)
		return err;
	flow_hash_init(&c->hash);
	c->answer = nfct_new();
	if (c->answer) {
		c->handle = nfct_open(CONNTRACK, 0);
		err = -errno;
	}
	if (!c->handle) {
		nat_close(c);
		return err;
	}
	nfct_callback_register(c->handle, NFCT_T_ALL, on_answer, c);
	*out = c;
	return 0;
}

void nat_close(struct nat *c)
{
	if (!c)
		return;
	if (c->handle)
		nfct_close(c->handle);
	if (c->answer)
		nfct_destroy(c->answer);
	free(c);
}

/* The attributes of one direction of an entry. */
struct tuple_attrs {
	enum nf_conntrack_attr ipv4_src, ipv4_dst, ipv6_src, ipv6_dst;
	enum nf_conntrack_attr port_src, port_dst;
};

static const struct tuple_attrs orig = {
	ATTR_ORIG_IPV4_SRC, ATTR_ORIG_IPV4_DST, ATTR_ORIG_IPV6_SRC,
	ATTR_ORIG_IPV6_DST, ATTR_ORIG_PORT_SRC, ATTR_ORIG_PORT_DST,
};

static const struct tuple_attrs reply = {
	ATTR_REPL_IPV4_SRC, ATTR_REPL_IPV4_DST, ATTR_REPL_IPV6_SRC,
	ATTR_REPL_IPV6_DST, ATTR_REPL_PORT_SRC, ATTR_REPL_PORT_DST,
};

static struct nf_conntrack *question(const struct flow_key *k)
{
	struct nf_conntrack *ct = nfct_new();

	if (!ct)
		return NULL;
	if (address_is_ipv4(k->local)) {
		nfct_set_attr_u8(ct, ATTR_L3PROTO, AF_INET);
		nfct_set_attr(ct, orig.ipv4_src, k->local + 12);
		nfct_set_attr(ct, orig.ipv4_dst, k->remote + 12);
	} else {
		nfct_set_attr_u8(ct, ATTR_L3PROTO, AF_INET6);
		nfct_set_attr(ct, orig.ipv6_src, k->local);
		nfct_set_attr(ct, orig.ipv6_dst, k->remote);
	}
	nfct_set_attr_u8(ct, ATTR_L4PROTO, k->proto);
	nfct_set_attr_u16(ct, orig.port_src, htons(k->local_port));
	nfct_set_attr_u16(ct, orig.port_dst, htons(k->remote_port));
	return ct;
}

static void take_address(__u8 out[16], const struct nf_conntrack *ct,
			 enum nf_conntrack_attr ipv4,
			 enum nf_conntrack_attr ipv6, bool is_v4)
{
	const void *addr = nfct_get_attr(ct, is_v4 ? ipv4 : ipv6);

	if (!addr)
		return;
	if (is_v4)
		address_from_ipv4(out, addr);
	else
		memcpy(out, addr, 16);
}

/* The socket's view of the end that one direction starts from. */
static struct flow_key key_of(const struct nf_conntrack *ct,
			      const struct tuple_attrs *t,
			      const struct flow_key *like)
{
	struct flow_key k = { .proto = like->proto };
	bool is_v4 = address_is_ipv4(like->local);

	take_address(k.local, ct, t->ipv4_src, t->ipv6_src, is_v4);
	take_address(k.remote, ct, t->ipv4_dst, t->ipv6_dst, is_v4);
	k.local_port = ntohs(nfct_get_attr_u16(ct, t->port_src));
	k.remote_port = ntohs(nfct_get_attr_u16(ct, t->port_dst));
	return k;
}

/* The entry that has this key in either direction, left in c->answer. */
static bool look_up(struct nat *c, const struct flow_key *key)
{
	struct nf_conntrack *ct = question(key);
	int err;

	if (!ct)
		return false;
	err = nfct_query(c->handle, NFCT_Q_GET, ct);
	nfct_destroy(ct);
	return !err;
}

static bool same(const struct flow_key *a, const struct flow_key *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/*
 * An entry has two keys: what the first packet had as it came in, and what its
 * answers have as they come in.  A packet that goes out has the reverse of one
 * of them.
 */
static void ask(struct nat *c, struct slot *s)
{
	struct flow_key reversed = flow_reversed(&s->sent);
	struct flow_key o, r;
	bool forward;

	if (!look_up(c, &s->sent) && !look_up(c, &reversed))
		return;
	o = key_of(c->answer, &orig, &s->sent);
	r = key_of(c->answer, &reply, &s->sent);
	forward = same(&s->sent, &o) || same(&reversed, &r);
	s->sender = forward ? o : r;
	s->receiver = forward ? r : o;
	reversed = flow_reversed(&o);
	s->translated = !same(&reversed, &r);
}

static struct slot *slot_of(struct nat *c, const struct flow_key *sent)
{
	return &c->slots[flow_hash(&c->hash, sent) & (SLOTS - 1)];
}

bool nat_find(struct nat *c, const struct flow_key *sent,
		    uint64_t now_ns, struct flow_key *sender,
		    struct flow_key *receiver)
{
	struct slot *s = slot_of(c, sent);

	if (sent->proto != IPPROTO_TCP && sent->proto != IPPROTO_UDP)
		return false;
	if (!same(&s->sent, sent) || s->asked_ns + KEEP_NS < now_ns) {
		memset(s, 0, sizeof(*s));
		s->sent = *sent;
		s->asked_ns = now_ns;
		ask(c, s);
	}
	*sender = s->sender;
	*receiver = s->receiver;
	return s->translated;
}
