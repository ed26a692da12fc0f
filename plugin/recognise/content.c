/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "recognise/content_parts.h"

#include "recognise/spoken.h"
#include "recognise/tree.h"

#define SHORT 12 /* bytes, of which Wireshark can only guess */

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_ACK = 16 };

static int proto_tcp = -1, proto_udp = -1; /* ours */
static const protocol_t *dpi;
static dissector_handle_t tcp, udp; /* Wireshark's */
static bool enabled = true;
static struct {
	uint32_t frame;
	conversation_t *conversation;
	struct content *content;
	struct payload told; /* it said what the content is; len 0: none did */
	address src;	     /* borrowed from the packet, as are its ports */
	address dst;
	uint32_t sport;
	uint32_t dport;
} last; /* that was looked at */
static struct {
	uint32_t frame;
	port_type type;
	uint32_t sport;
	uint32_t dport;
} inner; /* the last TCP or UDP of a packet */

static struct {
	bool is_on;
	conversation_t *conversation; /* NULL: not found so far */
} once; /* what all who ask of one packet shall have */

unsigned content_side(const packet_info *pinfo, uint32_t sport, uint32_t dport)
{
	if (sport != dport)
		return sport > dport;
	return cmp_address(&pinfo->src, &pinfo->dst) > 0;
}

static conversation_type type_of(const struct payload *p)
{
	return p->over == OVER_TCP ? CONVERSATION_TCP : CONVERSATION_UDP;
}

/* NULL: none has begun, and none shall. */
static conversation_t *conversation_of(const packet_info *pinfo,
				       const struct payload *p, bool make)
{
	return spoken_between(pinfo, type_of(p), p->sport, p->dport, make);
}

/* Who answers, if nobody was seen to begin, is mostly at the lower port. */
static struct content *content_of(conversation_t *c, const struct payload *p)
{
	int proto = p->over == OVER_TCP ? proto_tcp : proto_udp;
	struct content *content = conversation_get_proto_data(c, proto);

	if (content)
		return content;
	content = wmem_new0(wmem_file_scope(), struct content);
	content->port = p->over == OVER_TCP ?
				MIN(p->sport, p->dport) :
				(uint16_t)conversation_key_port2(c->key_ptr);
	conversation_add_proto_data(c, proto, content);
	return content;
}

/* A connection begins: SYN, or the answer to one, tells who is who. */
static void see_syn(packet_info *pinfo, const struct segment *s, bool is_answer)
{
	const struct payload *p = &s->p;
	struct content *k = content_of(conversation_of(pinfo, p, true), p);
	unsigned way = content_side(pinfo, p->sport, p->dport);

	k->port = is_answer ? p->sport : p->dport;
	stream_begin(&k->stream, way, s->seq);
	if (is_answer)
		stream_begin(&k->stream, !way, s->ack);
}

/* Then there is no need to search.  A packet of TCP may begin another one. */
static bool is_of_last(const packet_info *pinfo)
{
	return !PINFO_FD_VISITED(pinfo) && last.frame == pinfo->num &&
	       last.content && pinfo->ptype == PT_UDP &&
	       last.sport == pinfo->srcport && last.dport == pinfo->destport &&
	       addresses_equal(&last.src, &pinfo->src) &&
	       addresses_equal(&last.dst, &pinfo->dst);
}

static conversation_t *find_once(packet_info *pinfo, bool make)
{
	conversation_t *c = once.is_on ? once.conversation : NULL;

	once.conversation = c ? c : spoken_conversation(pinfo, make);
	return once.conversation;
}

struct content *content_at(packet_info *pinfo)
{
	bool is_tcp = pinfo->ptype == PT_TCP;
	conversation_t *c;

	if (is_of_last(pinfo))
		return last.content;
	c = find_once(pinfo, false);
	if (!c || (!is_tcp && pinfo->ptype != PT_UDP))
		return NULL;
	return conversation_get_proto_data(c, is_tcp ? proto_tcp : proto_udp);
}

/* A dissector may have begun another one since, which is the newest then. */
conversation_t *dpi_content_conversation(packet_info *pinfo)
{
	const conversation_t *c = is_of_last(pinfo) ? last.conversation : NULL;

	if (c && spoken_is_newest(c))
		return last.conversation;
	return find_once(pinfo, true);
}

static bool is_proxy(const struct content *k)
{
	return k->is && (k->is_connect ||
			 (k->protocol && k->protocol->role == DPI_PROXY));
}

/*
 * What may become something else is looked at again; not if a proxy is heard
 * to answer, since its own dissector passes on the rest.
 */
static bool is_decided(const struct content *k)
{
	return k->is && (!k->is->may_change || (k->heard == 3 && is_proxy(k)));
}

static void forget(void)
{
	memset(&last, 0, sizeof(last));
	memset(&inner, 0, sizeof(inner));
}

static void try(conversation_t *c, struct content *k, packet_info *pinfo,
		const struct segment *taken, bool is_now)
{
	const struct signature *s = stream_find(&k->stream, taken);

	if (!s && is_now && taken->p.over == OVER_TCP && !k->handle)
		content_wait(c, k, pinfo, taken);
	if (s || !k->stream.sides[taken->way].begun)
		k->waits = 0;
	if (!s || s == k->is)
		return;
	k->is_passed_on = k->is_passed_on || is_proxy(k);
	k->is = s;
	if (is_now && !k->preamble) {
		k->preamble = (unsigned)signature_ssh_lines(&taken->p);
		k->preamble_in = pinfo->num;
	}
	k->is_connect = STARTS(&taken->p, "CONNECT ");
	dpi_protocols_init();
	k->protocol = dpi_protocol_named(s->protocol);
	if (is_now)
		last.told = taken->p;
	content_hand(c, k, s, pinfo, &taken->p);
}

/* @now: NULL, there is nothing new. */
static void look_at_all(conversation_t *c, struct content *k,
			packet_info *pinfo, const struct segment *now)
{
	const struct segment *taken;

	while (!is_decided(k) && (taken = stream_take(&k->stream)))
		try(c, k, pinfo, taken, taken == now);
	if (is_decided(k))
		stream_end(&k->stream);
}

static void take_last(const packet_info *pinfo, const struct payload *p,
		      conversation_t *c, struct content *k)
{
	last.content = k;
	last.conversation = c;
	last.frame = pinfo->num;
	last.told.len = 0;
	last.src = pinfo->src;
	last.dst = pinfo->dst;
	last.sport = p->sport;
	last.dport = p->dport;
}

struct content *content_so_far(const packet_info *pinfo,
			       const struct payload *p, conversation_t **c)
{
	*c = conversation_of(pinfo, p, false);
	return *c ? content_of(*c, p) : NULL;
}

static struct content *look(packet_info *pinfo, struct segment *now)
{
	const struct payload *p = &now->p;
	bool is_tcp = p->over == OVER_TCP;
	conversation_t *c = conversation_of(pinfo, p, true);
	struct content *k = content_of(c, p);

	take_last(pinfo, p, c, k);
	k->is_short = p->len < SHORT && p->len < p->full;
	k->is_no_dns = k->is_no_dns || (!is_tcp && !signature_may_be_dns(p));
	/* Wireshark takes a version of 0 for one, whatever the header. */
	k->has_long = k->has_long ||
		      (!is_tcp && (*p->p & 0x80 || !be32_at(p, 1)));
	now->way = content_side(pinfo, p->sport, p->dport);
	k->heard |= 1 << now->way;
	if (is_tcp && !k->has_begun)
		k->is_expected = conversation_get_dissector(c, pinfo->num);
	k->has_begun = true;
	if (k->is_expected || is_decided(k))
		return k;
	stream_put(&k->stream, now);
	look_at_all(c, k, pinfo, now);
	return k;
}

/* What follows a preamble in the same segment is what is spoken. */
static void look_beyond(packet_info *pinfo, struct segment *s)
{
	size_t len = signature_preamble(&s->p);
	struct segment first = *s;
	struct content *k;

	if (len && len < s->p.len && !content_passes_on(&s->p)) {
		first.p.len = first.p.full = len;
		k = look(pinfo, &first);
		k->preamble = (unsigned)len;
		k->preamble_in = pinfo->num;
		s->seq += (uint32_t)len;
		s->p.p += len;
		s->p.len -= len;
		s->p.full -= len;
	}
	look(pinfo, s);
}

/* Nothing comes after it: what is still missing is lost. */
static void see_end(packet_info *pinfo, const struct payload *p, bool is_reset)
{
	conversation_t *c = conversation_of(pinfo, p, false);
	struct content *k = c ? content_of(c, p) : NULL;

	if (!k || k->is_expected || is_decided(k))
		return;
	take_last(pinfo, p, c, k);
	stream_give_up(&k->stream);
	look_at_all(c, k, pinfo, NULL);
	k->shut |= is_reset ? 3 : 1 << content_side(pinfo, p->sport, p->dport);
	if (k->shut == 3)
		stream_end(&k->stream);
}

static bool is_new(const packet_info *pinfo)
{
	return enabled && proto_is_protocol_enabled(dpi) &&
	       !PINFO_FD_VISITED(pinfo);
}

static bool is_to_be_seen(const packet_info *pinfo)
{
	return is_new(pinfo) && !pinfo->fragmented &&
	       !pinfo->flags.in_error_pkt;
}

static void see_ports(tvbuff_t *tvb, const packet_info *pinfo, port_type type)
{
	last.content = NULL; /* of a tunnel, it is not what is inside */
	if (pinfo->flags.in_error_pkt || tvb_captured_length(tvb) < 4)
		return;
	inner.frame = pinfo->num;
	inner.type = type;
	inner.sport = tvb_get_ntohs(tvb, 0);
	inner.dport = tvb_get_ntohs(tvb, 2);
}

static int see_tcp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
		   void *data)
{
	unsigned have = tvb_captured_length(tvb), head = 0, flags = 0;
	struct segment s = { .p.over = OVER_TCP };
	struct payload *p = &s.p;
	int done;

	see_ports(tvb, pinfo, PT_TCP);
	if (is_to_be_seen(pinfo) && have >= 20) {
		const uint8_t *raw = tvb_get_ptr(tvb, 0, (int)have);

		head = (raw[12] >> 4) * 4u;
		flags = raw[13];
		p->sport = (uint16_t)(raw[0] << 8 | raw[1]);
		p->dport = (uint16_t)(raw[2] << 8 | raw[3]);
		p->p = raw + head;
		p->len = have > head ? have - head : 0;
		p->full = p->len + tvb_reported_length(tvb) - have;
		s.seq = tvb_get_ntohl(tvb, 4) + !!(flags & TCP_SYN);
		s.ack = tvb_get_ntohl(tvb, 8);
		if (head >= 20 && p->len)
			look_beyond(pinfo, &s);
		if (flags & (TCP_FIN | TCP_RST))
			see_end(pinfo, p, flags & TCP_RST);
	}
	if (is_new(pinfo))
		tree = tree_to_fill(pinfo, tree, p,
				    have > head || flags & TCP_FIN,
				    content_is_mute);
	done = call_dissector_only(tcp, tvb, pinfo, tree, data);
	/* TCP begins the conversation: from ours it would not learn of SYN. */
	if (flags & TCP_SYN)
		see_syn(pinfo, &s, flags & TCP_ACK);
	return done;
}

static int see_udp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
		   void *data)
{
	unsigned have = tvb_captured_length(tvb);
	struct segment s = { .p.over = OVER_UDP };
	struct payload *p = &s.p;

	see_ports(tvb, pinfo, PT_UDP);
	if (is_to_be_seen(pinfo) && have > 8) {
		const uint8_t *raw = tvb_get_ptr(tvb, 0, (int)have);
		unsigned size = (unsigned)(raw[4] << 8 | raw[5]);

		p->sport = (uint16_t)(raw[0] << 8 | raw[1]);
		p->dport = (uint16_t)(raw[2] << 8 | raw[3]);
		p->p = raw + 8;
		p->len = (size > 8 && size < have ? size : have) - 8;
		p->full = size > 8 ? size - 8 : p->len;
		look(pinfo, &s);
	}
	if (is_new(pinfo))
		tree = tree_to_fill(pinfo, tree, p, have > 8, content_is_mute);
	return call_dissector_only(udp, tvb, pinfo, tree, data);
}

static bool has_last(const packet_info *pinfo)
{
	return last.frame == pinfo->num && last.content;
}

const struct dpi_protocol *dpi_content_get(const packet_info *pinfo)
{
	return has_last(pinfo) ? last.content->protocol : NULL;
}

const struct payload *dpi_content_told(const packet_info *pinfo)
{
	return last.frame == pinfo->num && last.told.len ? &last.told : NULL;
}

static void exchange_ports(packet_info *pinfo)
{
	static int gtp;
	port_type type = pinfo->ptype;
	uint32_t sport = pinfo->srcport, dport = pinfo->destport;
	bool same = inner.type == type && inner.sport == sport &&
		    inner.dport == dport;

	if (!gtp)
		gtp = proto_get_id_by_filter_name("gtp");
	/* Mostly they are the same: then there is nothing to search for. */
	if (inner.frame != pinfo->num || same || !spoken_is(pinfo, gtp))
		return;
	pinfo->ptype = inner.type;
	pinfo->srcport = inner.sport;
	pinfo->destport = inner.dport;
	inner.type = type;
	inner.sport = sport;
	inner.dport = dport;
}

void dpi_content_enter(packet_info *pinfo)
{
	exchange_ports(pinfo);
	once.is_on = true;
	once.conversation = NULL;
}

void dpi_content_leave(packet_info *pinfo)
{
	exchange_ports(pinfo);
	once.is_on = false;
}

bool dpi_content_is_passed_on(const packet_info *pinfo)
{
	return has_last(pinfo) && last.content->is_passed_on;
}

uint16_t dpi_content_port(const packet_info *pinfo)
{
	return has_last(pinfo) ? last.content->port : (uint16_t)pinfo->destport;
}

void dpi_content_enable(bool on)
{
	enabled = on;
}

static dissector_handle_t take_place(uint32_t number, int proto,
				     dissector_t see)
{
	dissector_handle_t theirs = dissector_get_default_uint_handle(
		"ip.proto", number);

	if (theirs)
		dissector_add_uint("ip.proto", number,
				   create_dissector_handle(see, proto));
	return theirs;
}

void dpi_content_handoff(void)
{
	content_hand_handoff();
	tcp = take_place(6, proto_tcp, see_tcp);
	udp = take_place(17, proto_udp, see_udp);
}

void dpi_content_init(int proto, module_t *prefs)
{
	dpi = find_protocol_by_id(proto);
	/*
	 * Not the packet's layers: those are TCP and UDP themselves.  Who switches
	 * DPI off still wants these.
	 */
	proto_tcp = proto_register_protocol_in_name_only(
		"TCP, its bytes first", "TCP content", "dpi_tcp",
		proto_get_id_by_filter_name("tcp"), FT_BYTES);
	proto_udp = proto_register_protocol_in_name_only(
		"UDP, its bytes first", "UDP content", "dpi_udp",
		proto_get_id_by_filter_name("udp"), FT_BYTES);
	register_init_routine(forget);
	spoken_init();
	tree_init();
	content_hand_init(proto, prefs);
}
