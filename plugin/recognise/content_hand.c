/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hands a conversation to the dissector of what its first bytes are. */
#include "recognise/content_parts.h"

#include <epan/exceptions.h>

#include "recognise/spoken.h"

static int proto_handed = -1;
static dissector_handle_t handed;
static ws_bool hand_over = true;

#define NOBODY -2 /* no protocol's number, nor -1, that of none */

struct wanted {
	int proto;
	dissector_handle_t handle;
};

static void is_wanted(const char *table _U_, void *handle, void *user)
{
	struct wanted *w = user;

	if (dissector_handle_get_protocol_index(handle) == w->proto &&
	    !w->handle)
		w->handle = handle;
}

static dissector_handle_t find_handle(const char *filter, bool over_tcp)
{
	struct wanted w = { proto_get_id_by_filter_name(filter), NULL };

	const char *table = over_tcp ? "tcp.port" : "udp.port";

	if (w.proto != -1)
		dissector_table_foreach_handle(table, is_wanted, &w);
	return w.handle ? w.handle : find_dissector(filter);
}

static struct {
	const char *filter;
	dissector_handle_t handle;
} handles[2][64]; /* by where the name is: it is one of few */

/* The dissector that Decode As would offer by that name. */
static dissector_handle_t handle_of(const char *filter, bool over_tcp)
{
	size_t at = (uintptr_t)filter / 4 % array_length(handles[0]);

	if (handles[over_tcp][at].filter != filter) {
		handles[over_tcp][at].filter = filter;
		handles[over_tcp][at].handle = find_handle(filter, over_tcp);
	}
	return handles[over_tcp][at].handle;
}

/* Of another file: a script may have brought dissectors since. */
static void forget_handles(void)
{
	memset(handles, 0, sizeof(handles));
}

static dissector_handle_t handle_at(const struct content *k, uint32_t frame)
{
	return k->inner && frame >= k->inner_since ? k->inner : k->handle;
}

int content_chosen(const struct content *k, conversation_t *c, uint32_t frame)
{
	dissector_handle_t handle = conversation_get_dissector(c, frame);

	if (handle == handed)
		handle = handle_at(k, frame);
	return handle ? dissector_handle_get_protocol_index(handle) : -1;
}

/* A dissector that takes the conversation for itself shall have it from us. */
static void keep_handed(packet_info *pinfo, const struct content *k)
{
	conversation_t *c = spoken_conversation(pinfo, false);

	if (c && conversation_get_dissector(c, pinfo->num) ==
			 handle_at(k, pinfo->num))
		conversation_set_dissector(c, handed);
}

/*
 * What is passed on within, by SOCKS or HTTP, looks like the conversation's
 * own to Wireshark, which would come back here.
 */
static int dissect_by(struct content *k, tvbuff_t *tvb, packet_info *pinfo,
		      proto_tree *tree, void *data)
{
	uint32_t matched = pinfo->match_uint;
	uint32_t sport = pinfo->srcport, dport = pinfo->destport;
	volatile int done = 0;

	/* Many tell a request from an answer by the port that they were found by. */
	pinfo->match_uint = k->port;
	/* For TCP we are on top of it, and who is on top of us cannot ask it. */
	pinfo->can_desegment = pinfo->saved_can_desegment;
	k->is_busy = true;
	TRY
	{
		done = call_dissector_only(handle_at(k, pinfo->num), tvb, pinfo,
					   tree, data);
	}
	FINALLY
	{
		k->is_busy = false;
		pinfo->match_uint = matched;
		pinfo->srcport = sport;
		pinfo->destport = dport;
		keep_handed(pinfo, k);
	}
	ENDTRY;
	return done;
}

/* What a balancer says first is no part of it. */
static int dissect_beyond(struct content *k, tvbuff_t *tvb, packet_info *pinfo,
			  proto_tree *tree, void *data)
{
	int len = (int)k->preamble, done;

	if (!len || k->preamble_in != pinfo->num ||
	    tvb_reported_length_remaining(tvb, len) <= 0)
		return dissect_by(k, tvb, pinfo, tree, data);
	done = dissect_by(k, tvb_new_subset_remaining(tvb, len), pinfo, tree,
			  data);
	if (pinfo->desegment_len)
		pinfo->desegment_offset += len;
	return done > 0 ? done + len : done;
}

/* The conversation's dissector, in our name. */
static int dissect_handed(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
			  void *data)
{
	struct content *k = content_at(pinfo);

	if (!k || k->is_busy || pinfo->num < k->since)
		return 0;
	if (k->handle) {
		int done = dissect_beyond(k, tvb, pinfo, tree, data);

		/* What it does not know is no word of the port's owner. */
		return done || !spoken_has_owner(pinfo) ?
			       done :
			       call_data_dissector(tvb, pinfo, tree);
	}
	if (k->waits != 1 + (int)content_side(pinfo, pinfo->srcport,
					      pinfo->destport) ||
	    !pinfo->can_desegment)
		return 0;
	pinfo->desegment_offset = 0;
	pinfo->desegment_len = DESEGMENT_ONE_MORE_SEGMENT;
	return (int)tvb_captured_length(tvb);
}

/* Would Wireshark choose another dissector, and may we? */
static bool is_ours_to_hand(conversation_t *c, const struct content *k,
			    const char *to, const packet_info *pinfo,
			    const struct payload *p)
{
	const struct dpi_protocol *protocol;
	int proto;

	if (!hand_over)
		return false;
	dpi_protocols_init();
	protocol = dpi_protocol_named(to);
	proto = protocol ? protocol->id : -1;
	if (proto == -1)
		return false;
	if (k->since)
		return true;
	/* The owner of the port would have to begin with the preamble. */
	return !conversation_get_dissector(c, pinfo->num) &&
	       spoken_is_mistaken(p->over == OVER_TCP, p->sport, p->dport,
				  k->preamble ? NOBODY : proto);
}

/* Not from this frame on: STARTTLS, which says for all, shall come after us. */
static void set_handed(conversation_t *c, struct content *k, uint32_t frame)
{
	if (k->since)
		return;
	k->since = frame;
	conversation_set_dissector(c, handed);
}

void content_hand(conversation_t *c, struct content *k,
		  const struct signature *s, const packet_info *pinfo,
		  const struct payload *p)
{
	const char *to = s->hand_to ? s->hand_to : s->protocol;
	dissector_handle_t handle;

	if (s->keep || !is_ours_to_hand(c, k, to, pinfo, p))
		return;
	handle = handle_of(to, p->over == OVER_TCP);
	if (!handle)
		return;
	if (k->handle && k->is_passed_on) {
		k->inner = handle;
		k->inner_since = pinfo->num;
	} else {
		k->handle = handle;
	}
	set_handed(c, k, pinfo->num);
}

void content_wait(conversation_t *c, struct content *k,
		  const packet_info *pinfo, const struct segment *s)
{
	const char *to = signature_may_begin(&s->p);

	if (!to || !k->stream.sides[s->way].begun ||
	    !is_ours_to_hand(c, k, to, pinfo, &s->p))
		return;
	k->waits = 1 + (int)s->way;
	set_handed(c, k, pinfo->num);
}

void content_hand_handoff(void)
{
	handed = create_dissector_handle(dissect_handed, proto_handed);
}

void content_hand_init(int proto, module_t *prefs)
{
	proto_handed = proto_register_protocol_in_name_only(
		"What the first bytes say", "By content", "dpi_handed", proto,
		FT_BYTES);
	register_init_routine(forget_handles);
	prefs_register_bool_preference(
		prefs, "hand_over",
		"Dissect what the first bytes say, whatever the port",
		"Where the first bytes of a conversation are one protocol's for"
		" certain, and Wireshark would choose another by the port, it is"
		" dissected as what it is.  Decode As comes before this.",
		&hand_over);
}

bool content_passes_on(const struct payload *p)
{
	return (STARTS(p, "PROXY") ||
		(WS_VERSION >= 404 && u8_at(p, 12) == 0x21)) &&
	       !spoken_is_owned(true, p->sport, p->dport);
}
