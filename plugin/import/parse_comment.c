/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "import/parse_parts.h"

#include <string.h>

static void set_path(struct imported *i, struct span path)
{
	struct span base = parse_base_name(path);

	if (base.len < path.len)
		SET_TEXT(i, FIELD_EXEPATH, exepath, path);
	parse_set_name(i, base);
}

/* The first of the arguments, which are joined by blanks. */
static struct span first_word(struct span s)
{
	size_t n = 0;

	while (n < s.len && s.p[n] != ' ')
		n++;
	return (struct span){ s.p, n };
}

/* ---- text ---- */

static bool starts(struct span s, const char *word)
{
	size_t n = strlen(word);

	return s.len >= n && !memcmp(s.p, word, n);
}

static struct span skip(struct span s, size_t n)
{
	return (struct span){ s.p + n, s.len - n };
}

/* What comes before the first @stop, or all of it. */
static struct span before(struct span s, const char *stop)
{
	const char *found = memmem(s.p, s.len, stop, strlen(stop));

	return (struct span){ s.p, found ? (size_t)(found - s.p) : s.len };
}

/*
 * Takes "KEY value" off the front of @s, a value up to @stop (NULL: to the
 * end), and leaves what comes after @stop.
 */
static bool take(struct span *s, const char *key, const char *stop,
		 struct span *value)
{
	size_t n;

	if (!starts(*s, key))
		return false;
	*s = skip(*s, strlen(key));
	*value = stop ? before(*s, stop) : *s;
	n = value->len + (stop ? strlen(stop) : 0);
	*s = skip(*s, n < s->len ? n : s->len);
	return true;
}

/* A whole decimal number that fits; signs and blanks are none. */
static bool to_number(struct span s, uint32_t *out)
{
	uint64_t v = 0;

	if (!s.len || s.len > 10)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(s.p[i] - '0');
	}
	if (v > UINT32_MAX)
		return false;
	*out = (uint32_t)v;
	return true;
}

static void set_pid_text(struct imported *i, struct span s)
{
	uint32_t pid;

	if (to_number(s, &pid))
		import_set_pid(i, pid);
}

/* As with a pid, neither 0 nor -1 is one, and the first word counts. */
static void set_tid_text(struct imported *i, struct span s)
{
	uint32_t tid;

	if (!i->tid && to_number(s, &tid) && tid != NO_PID)
		i->tid = tid;
}

static void set_number_text(struct imported *i, enum field f, uint32_t *to,
			    struct span s)
{
	uint32_t v;

	if (to_number(s, &v))
		parse_set_number(i, f, to, v);
}

/* ---- ptcpdump: internal/writer/pcapng.go, one comment for each group ---- */

static bool ptcpdump_process(struct imported *i, struct span s)
{
	struct span pid, path, args;

	if (!take(&s, "PID: ", "\n", &pid) ||
	    !take(&s, "Cmd: ", "\nArgs: ", &path))
		return false;
	args = s;
	set_pid_text(i, pid);
	/* Its own rule: what runs from a descriptor is called as it says. */
	if (starts(path, "/dev/fd/") && args.len)
		parse_set_name(i, parse_base_name(first_word(args)));
	set_path(i, path);
	parse_set_arguments(i, args);
	return true;
}

static bool ptcpdump_thread(struct imported *i, struct span s)
{
	struct span tid;

	if (!take(&s, "ThreadId: ", "\n", &tid))
		return false;
	set_tid_text(i, tid);
	return true;
}

static bool ptcpdump_user(struct imported *i, struct span s)
{
	struct span uid, gid;

	if (!take(&s, "UserId: ", "\n", &uid))
		return false;
	set_number_text(i, FIELD_UID, &i->process.uid, uid);
	if (take(&s, "GroupId: ", "\n", &gid))
		set_number_text(i, FIELD_GID, &i->process.gid, gid);
	return true;
}

static bool ptcpdump_parent(struct imported *i, struct span s)
{
	struct span pid, path;

	if (!take(&s, "ParentPID: ", "\n", &pid) ||
	    !take(&s, "ParentCmd: ", "\nParentArgs: ", &path))
		return false;
	set_number_text(i, FIELD_PPID, &i->process.ppid, pid);
	SET_TEXT(i, FIELD_PNAME, pname, parse_base_name(path));
	return true;
}

static bool ptcpdump_container(struct imported *i, struct span s)
{
	struct span name, id;

	if (!take(&s, "ContainerName: ", "\nContainerId: ", &name))
		return false;
	id = before(s, "\n");
	SET_TEXT(i, FIELD_CONTAINER_NAME, container_name, name);
	SET_TEXT(i, FIELD_CONTAINER_ID, container_id, id);
	return true;
}

static bool ptcpdump_pod(struct imported *i, struct span s)
{
	struct span name, namespace, uid;

	if (!take(&s, "PodName: ", "\n", &name) ||
	    !take(&s, "PodNamespace: ", "\n", &namespace) ||
	    !take(&s, "PodUID: ", "\n", &uid))
		return false;
	SET_TEXT(i, FIELD_POD_NAME, pod_name, name);
	SET_TEXT(i, FIELD_POD_NAMESPACE, pod_namespace, namespace);
	SET_TEXT(i, FIELD_POD_UID, pod_uid, uid);
	return true;
}

/* ---- RustNet ---- */

static struct span next_word(struct span *s)
{
	struct span word = before(*s, " ");

	*s = skip(*s, word.len < s->len ? word.len + 1 : s->len);
	return word;
}

static void rustnet_word(struct imported *i, struct span word)
{
	struct process *p = &i->process;
	struct span value;

	if (take(&word, "process=", NULL, &value))
		parse_set_name(i, value);
	else if (take(&word, "pid=", NULL, &value))
		set_pid_text(i, value);
	else if (take(&word, "ppid=", NULL, &value))
		set_number_text(i, FIELD_PPID, &p->ppid, value);
	else if (take(&word, "uid=", NULL, &value))
		set_number_text(i, FIELD_UID, &p->uid, value);
	else if (take(&word, "pod=", NULL, &value))
		SET_TEXT(i, FIELD_POD_NAME, pod_name, value);
	else if (take(&word, "ns=", NULL, &value))
		SET_TEXT(i, FIELD_POD_NAMESPACE, pod_namespace, value);
	else if (take(&word, "pod_uid=", NULL, &value))
		SET_TEXT(i, FIELD_POD_UID, pod_uid, value);
	else if (take(&word, "container=", NULL, &value))
		SET_TEXT(i, FIELD_CONTAINER_NAME, container_name, value);
	else if (take(&word, "container_id=", NULL, &value))
		SET_TEXT(i, FIELD_CONTAINER_ID, container_id, value);
}

/*
 * src/app/pcapng_export.rs.  Its `direction` is the connection's, not the
 * packet's, and says nothing of the end; `attr` is its own vocabulary.
 */
static bool rustnet(struct imported *i, struct span s)
{
	static const char tag[] = "rustnet ";

	if (!starts(s, tag))
		return false;
	s = skip(s, strlen(tag));
	while (s.len)
		rustnet_word(i, next_word(&s));
	return true;
}

/* "AS15169", and not "AS I said". */
static bool is_asn(struct span s)
{
	return starts(s, "AS") && s.len > 2 && s.p[2] >= '0' && s.p[2] <= '9';
}

/*
 * scripts/pcap_enrich.py: "[Loc:CC ][City:... ][ZIP:... ][AS... ][PID:n ]
 * [Process:name]", the name last and with its blanks.
 */
static bool rustnet_script(struct imported *i, struct span s)
{
	struct span word, value;
	bool any = false;

	if (!starts(s, "Loc:") && !starts(s, "City:") && !starts(s, "ZIP:") &&
	    !is_asn(s) && !starts(s, "PID:") && !starts(s, "Process:"))
		return false;
	while (s.len) {
		if (take(&s, "Process:", NULL, &value)) {
			if (starts(value, " "))
				return any; /* a person's sentence */
			parse_set_name(i, value);
			return true;
		}
		word = next_word(&s);
		if (take(&word, "PID:", NULL, &value)) {
			set_pid_text(i, value);
			any = true;
		}
	}
	return any;
}

/* ---- etl2pcapng: "PID=%d TID=%d", then perhaps more ---- */

static bool etl2pcapng(struct imported *i, struct span s)
{
	struct span pid, tid;

	if (!take(&s, "PID=", " ", &pid) || !take(&s, "TID=", " ", &tid))
		return false;
	set_pid_text(i, pid);
	set_tid_text(i, tid);
	return true;
}

bool import_comment(struct imported *i, const char *text, size_t len)
{
	static bool (*const dialects[])(struct imported *, struct span) = {
		ptcpdump_process, ptcpdump_thread,    ptcpdump_user,
		ptcpdump_parent,  ptcpdump_container, ptcpdump_pod,
		rustnet,	  rustnet_script,     etl2pcapng,
	};
	struct span s = { text, len };

	for (size_t d = 0; d < sizeof(dialects) / sizeof(*dialects); d++)
		if (dialects[d](i, s))
			return true;
	return false;
}
