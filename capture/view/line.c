/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/line.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <jansson.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "packet/parse.h"
#include "view/community_id.h"
#include "view/names.h"

#define ECS_VERSION "8.11.0"

/* Without memory a member is left out: the line goes on. */
static void set_text(json_t *o, const char *name, const char *text)
{
	if (*text)
		json_object_set_new(o, name, json_string(text));
}

static void set_number(json_t *o, const char *name, uint64_t n)
{
	json_object_set_new(o, name, json_integer((json_int_t)n));
}

static void set_object(json_t *o, const char *name, json_t *member)
{
	if (json_object_size(member))
		json_object_set_new(o, name, member);
	else
		json_decref(member);
}

static void set_time(json_t *o, const char *name, uint64_t ns)
{
	time_t seconds = (time_t)(ns / 1000000000);
	char text[64], whole[32];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(whole, sizeof(whole), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof(text), "%s.%09" PRIu64 "Z", whole,
		 ns % 1000000000);
	set_text(o, name, text);
}

/* Numbers of 64 bits would lose digits in JavaScript and jq. */
static void set_id(json_t *o, const char *name, uint64_t id)
{
	char text[20];

	snprintf(text, sizeof(text), "%016" PRIx64, id);
	set_text(o, name, text);
}

/* ---- a process ---- */

static void set_arguments(json_t *o, const struct process *p)
{
	json_t *args = json_array();
	size_t at = 0;

	while (at < p->cmdline_len) {
		json_array_append_new(args, json_string(p->cmdline + at));
		at += strlen(p->cmdline + at) + 1;
	}
	if (json_array_size(args))
		json_object_set_new(o, "args", args);
	else
		json_decref(args);
}

static void set_hash(json_t *o, const struct process *p)
{
	json_t *hash = json_object();
	char text[65];

	if (process_has(p, FIELD_SHA256)) {
		for (int i = 0; i < 32; i++)
			snprintf(text + 2 * i, 3, "%02x", p->sha256[i]);
		set_text(hash, "sha256", text);
	}
	set_object(o, "hash", hash);
}

static void set_user(json_t *o, const struct process *p)
{
	json_t *user = json_object(), *group = json_object();
	char id[16];

	if (process_has(p, FIELD_UID)) {
		snprintf(id, sizeof(id), "%u", p->uid);
		set_text(user, "id", id);
	}
	set_text(user, "name", p->user);
	set_object(o, "user", user);
	if (process_has(p, FIELD_GID)) {
		snprintf(id, sizeof(id), "%u", p->gid);
		set_text(group, "id", id);
	}
	set_object(o, "group", group);
}

static json_t *process_object(const struct actor *a, const struct process *p)
{
	json_t *o = json_object(), *parent = json_object();

	set_id(o, "entity_id", a->id);
	set_number(o, "pid", a->pid);
	set_text(o, "name", a->name);
	set_text(o, "executable", p->exepath);
	set_arguments(o, p);
	if (process_has(p, FIELD_START))
		set_time(o, "start", p->start_ns);
	if (process_has(p, FIELD_PPID))
		set_number(parent, "pid", p->ppid);
	set_text(parent, "name", p->pname);
	set_object(o, "parent", parent);
	set_hash(o, p);
	set_user(o, p);
	return o;
}

static json_t *container_object(const struct process *p)
{
	json_t *o = json_object();

	set_text(o, "id", p->container_id);
	set_text(o, "name", p->container_name);
	set_text(o, "runtime", p->container_runtime);
	return o;
}

static void set_flags(json_t *o, const struct process *p)
{
	static const struct {
		uint32_t flag;
		const char *name;
	} flags[] = {
		{ PROCESS_EXE_DELETED, "exe_deleted" },
		{ PROCESS_EXE_MEMFD, "exe_memfd" },
		{ PROCESS_EXE_WORLD_WRITABLE, "exe_world_writable" },
		{ PROCESS_CMDLINE_TRUNCATED, "cmdline_truncated" },
		{ PROCESS_CMDLINE_WITHHELD, "cmdline_withheld" },
		{ PROCESS_FORKED, "forked" },
	};
	json_t *list = json_array();

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (p->flags & flags[i].flag)
			json_array_append_new(list,
					      json_string(flags[i].name));
	if (json_array_size(list))
		json_object_set_new(o, "flags", list);
	else
		json_decref(list);
}

/* What ECS has no name for. */
static json_t *own_object(const struct flow_end *e, const struct process *p)
{
	json_t *o = json_object();

	set_text(o, "attr", attr_name(e->attr));
	set_text(o, "reason", reason_name(e->reason));
	set_text(o, "unit", p->unit);
	set_text(o, "pod_uid", p->pod_uid);
	set_text(o, "cgroup", p->cgroup);
	if (process_has(p, FIELD_NETNS))
		set_number(o, "netns", p->netns);
	if (process_has(p, FIELD_LOGINUID))
		set_number(o, "loginuid", p->loginuid);
	set_flags(o, p);
	return o;
}

/* ---- a connection ---- */

static json_t *end_object(const struct flow *f, enum flow_side side,
			  uint64_t packets, uint64_t bytes)
{
	const struct flow_end *e = &f->ends[side];
	json_t *o = json_object(), *geo = json_object();
	char ip[INET6_ADDRSTRLEN];
	struct process p;

	actor_process(e->actor, &p);
	if (f->key.proto != FLOW_FRAME) {
		name_address(side ? f->key.remote : f->key.local, ip,
			     sizeof(ip));
		set_text(o, "address", ip);
		set_text(o, "ip", ip);
	}
	if (name_has_ports(f->key.proto))
		set_number(o, "port", side ? f->key.remote_port :
					     f->key.local_port);
	set_number(o, "packets", packets);
	set_number(o, "bytes", bytes);
	set_text(geo, "country_iso_code", e->country);
	set_object(o, "geo", geo);
	if (e->actor->id) {
		json_object_set_new(o, "process",
				    process_object(e->actor, &p));
		set_object(o, "container", container_object(&p));
	}
	set_object(o, "pktwho", own_object(e, &p));
	return o;
}

static json_t *event_object(const struct line *l, const struct flow *f)
{
	const char *type = !strcmp(l->action, "interval") ? "info" : l->action;
	json_t *o = json_object();

	set_text(o, "kind", "event");
	json_object_set_new(o, "category", json_pack("[s]", "network"));
	json_object_set_new(o, "type", json_pack("[ss]", "connection", type));
	set_text(o, "action", l->action);
	set_text(o, "reason", name_over(f));
	set_time(o, "start", f->first_ns);
	set_time(o, "end", f->last_ns);
	set_number(o, "duration", f->last_ns - f->first_ns);
	set_number(o, "sequence", l->sequence);
	return o;
}

static const char *const ecs_directions[] = {
	[DIRECTION_UNKNOWN] = "unknown", [DIRECTION_IN] = "ingress",
	[DIRECTION_OUT] = "egress", [DIRECTION_LOCAL] = "internal",
	[DIRECTION_FORWARDED] = "external",
};

static json_t *network_object(const struct flow *f, uint64_t packets,
			      uint64_t bytes)
{
	json_t *o = json_object();
	char id[COMMUNITY_ID_SIZE], number[8];

	if (f->key.proto != FLOW_FRAME) {
		set_text(o, "type", address_is_ipv4(f->key.local) ? "ipv4" :
								     "ipv6");
		snprintf(number, sizeof(number), "%u", f->key.proto);
		set_text(o, "iana_number", number);
	}
	set_text(o, "transport", name_protocol(&f->key));
	if (community_id(&f->key, id))
		set_text(o, "community_id", id);
	if (f->direction <= DIRECTION_FORWARDED)
		set_text(o, "direction", ecs_directions[f->direction]);
	set_number(o, "packets", packets);
	set_number(o, "bytes", bytes);
	return o;
}

static json_t *share_end(const struct flow_part *part, enum flow_side side)
{
	const struct actor *a = part->actors[side];
	json_t *o = json_object(), *process = json_object();

	set_number(o, "packets", part->packets[side]);
	set_number(o, "bytes", part->bytes[side]);
	if (a->id) {
		set_id(process, "entity_id", a->id);
		set_number(process, "pid", a->pid);
	}
	set_text(process, "name", a->name);
	set_object(o, "process", process);
	return o;
}

/* Only where the owners changed: whose how much of it was. */
static void set_shares(json_t *o, const struct flow *f)
{
	json_t *list;

	if (!f->part.next)
		return;
	list = json_array();
	for (const struct flow_part *p = &f->part; p; p = p->next)
		json_array_append_new(list, json_pack("{so so}",
			"source", share_end(p, FLOW_CLIENT),
			"destination", share_end(p, FLOW_SERVER)));
	json_object_set_new(o, "shares", list);
}

static json_t *pktwho_object(const struct line *l, const struct flow *f)
{
	json_t *o = json_object();

	set_number(o, "flow", f->number);
	set_number(o, "lost", l->lost);
	set_text(o, "interface", l->interfaces[f->interface]);
	if (f->key.proto == IPPROTO_TCP) {
		set_text(o, "state", name_state(f));
		set_number(o, "retransmissions",
			   f->ends[0].retransmissions +
				   f->ends[1].retransmissions);
		if (f->rtt_ns)
			set_number(o, "rtt", f->rtt_ns);
	}
	set_shares(o, f);
	return o;
}

char *line_format(const struct line *l, const struct flow *f, size_t *len)
{
	uint64_t packets[2], bytes[2];
	json_t *o = json_object(), *ecs = json_object(), *host = json_object();
	char *text = NULL;

	flow_sums(f, packets, bytes);
	set_time(o, "@timestamp", l->ts_ns);
	set_text(ecs, "version", ECS_VERSION);
	set_object(o, "ecs", ecs);
	set_number(o, "schema_version", LINE_SCHEMA_VERSION);
	set_text(host, "hostname", l->host);
	set_object(o, "host", host);
	set_object(o, "event", event_object(l, f));
	set_object(o, "network", network_object(f, packets[0] + packets[1],
						bytes[0] + bytes[1]));
	set_object(o, "source", end_object(f, FLOW_CLIENT, packets[0],
					   bytes[0]));
	set_object(o, "destination", end_object(f, FLOW_SERVER, packets[1],
						bytes[1]));
	set_object(o, "pktwho", pktwho_object(l, f));
	*len = json_dumpb(o, NULL, 0, JSON_COMPACT);
	if (*len)
		text = malloc(*len + 1);
	if (text) {
		json_dumpb(o, text, *len, JSON_COMPACT);
		text[(*len)++] = '\n';
	}
	json_decref(o);
	return text;
}
