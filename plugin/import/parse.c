/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "import/parse.h"

#include <errno.h>
#include <string.h>

#include "bytes.h"

/* Bytes that are somebody else's, and not terminated. */
struct span {
	const char *p;
	size_t len;
};

#define NO_PID UINT32_MAX	/* -1: macOS, Windows; 0 is nobody's either */

void import_clear(struct imported *i)
{
	i->process.has = 0;
	i->process.flags = 0;
	i->process.cmdline_len = 0;
	i->process.pid = 0;
	i->process.name[0] = '\0';
	i->end = IMPORT_EITHER;
	i->name[0] = '\0';
	i->tid = 0;
	i->effective_pid = 0;
	i->effective_name[0] = '\0';
}

bool import_is_named(const struct imported *i)
{
	return process_has(&i->process, FIELD_PID) ||
	       process_has(&i->process, FIELD_NAME);
}

bool import_is_placed(const struct imported *i)
{
	return import_is_named(i) ||
	       process_has(&i->process, FIELD_CONTAINER_ID) ||
	       process_has(&i->process, FIELD_CONTAINER_NAME) ||
	       process_has(&i->process, FIELD_POD_UID);
}

/* The first word on a field counts: later ones may be what a process forged. */
static bool claim(struct imported *i, enum field f)
{
	if (process_has(&i->process, f))
		return false;
	i->process.has |= 1ull << f;
	return true;
}

static void copy(char *to, size_t size, struct span s)
{
	if (s.len >= size)
		s.len = size - 1;
	memcpy(to, s.p, s.len);
	to[s.len] = '\0';
}

/* A text ends at a NUL, wherever its tool thought that it ends. */
static struct span text_of(struct span s)
{
	return (struct span){ s.p, strnlen(s.p, s.len) };
}

static void set_imported_text(struct imported *i, enum field f, char *to,
			      size_t size, struct span s)
{
	s = text_of(s);
	if (s.len && claim(i, f))
		copy(to, size, s);
}

#define SET_TEXT(i, field, member, s)                                      \
	set_imported_text(i, field, (i)->process.member,                   \
			  sizeof((i)->process.member), s)

static void set_number(struct imported *i, enum field f, uint32_t *to,
		       uint32_t v)
{
	if (claim(i, f))
		*to = v;
}

void import_set_pid(struct imported *i, uint32_t pid)
{
	if (pid != NO_PID && pid)
		set_number(i, FIELD_PID, &i->process.pid, pid);
}

static void set_name(struct imported *i, struct span s)
{
	s = text_of(s);
	if (!s.len || process_has(&i->process, FIELD_NAME))
		return;
	copy(i->name, sizeof(i->name), s);
	SET_TEXT(i, FIELD_NAME, name, s);
}

void import_set_name(struct imported *i, const char *name, size_t len)
{
	set_name(i, (struct span){ name, len });
}

static void set_arguments(struct imported *i, struct span s)
{
	struct process *p = &i->process;

	if (!s.len || !claim(i, FIELD_CMDLINE))
		return;
	if (s.len >= sizeof(p->cmdline))
		s.len = sizeof(p->cmdline) - 1;
	memcpy(p->cmdline, s.p, s.len);
	p->cmdline[s.len] = '\0';
	p->cmdline_len = (uint16_t)s.len;
}

/* The last part of a path; Windows' do not begin with a slash. */
static struct span base_name(struct span path)
{
	char separator = path.len && path.p[0] == '/' ? '/' : '\\';
	size_t at = path.len;

	while (at && path.p[at - 1] != separator)
		at--;
	return (struct span){ path.p + at, path.len - at };
}

static void set_path(struct imported *i, struct span path)
{
	struct span base = base_name(path);

	if (base.len < path.len)
		SET_TEXT(i, FIELD_EXEPATH, exepath, path);
	set_name(i, base);
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
		set_number(i, f, to, v);
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
		set_name(i, base_name(first_word(args)));
	set_path(i, path);
	set_arguments(i, args);
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
	SET_TEXT(i, FIELD_PNAME, pname, base_name(path));
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
		set_name(i, value);
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
				return any;	/* a person's sentence */
			set_name(i, value);
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
		ptcpdump_process, ptcpdump_thread, ptcpdump_user,
		ptcpdump_parent, ptcpdump_container, ptcpdump_pod,
		rustnet, rustnet_script, etl2pcapng,
	};
	struct span s = { text, len };

	for (size_t d = 0; d < sizeof(dialects) / sizeof(*dialects); d++)
		if (dialects[d](i, s))
			return true;
	return false;
}

/* ---- Wireshark 5: a process block ---- */

#define ENTRY_PROCESS 3

enum {
	OPTION_END = 0, OPTION_NAME = 2, OPTION_PATH = 3, OPTION_CMDLINE = 4,
	OPTION_PPID = 5, OPTION_UID = 6, OPTION_USER = 7, OPTION_START = 9,
};

/* Its size is the option's, or the block is broken. */
static bool is_number(struct rbuf *value, size_t size)
{
	return value->left == size;
}

static void set_start(struct imported *i, uint64_t ns)
{
	if (claim(i, FIELD_START))
		i->process.start_ns = ns;
}

static bool block_option(struct imported *i, unsigned code, struct rbuf value)
{
	struct span s = { (const char *)value.p, value.left };
	struct process *p = &i->process;

	switch (code) {
	case OPTION_NAME:
		set_name(i, s);
		return true;
	case OPTION_PATH:
		SET_TEXT(i, FIELD_EXEPATH, exepath, s);
		return true;
	case OPTION_CMDLINE:
		set_arguments(i, s);
		return true;
	case OPTION_USER:
		SET_TEXT(i, FIELD_USER, user, s);
		return true;
	case OPTION_PPID:
		if (is_number(&value, 4))
			set_number(i, FIELD_PPID, &p->ppid, rbuf_u32(&value));
		return is_number(&value, 0);
	case OPTION_UID:
		if (is_number(&value, 4))
			set_number(i, FIELD_UID, &p->uid, rbuf_u32(&value));
		return is_number(&value, 0);
	case OPTION_START:
		if (is_number(&value, 8))
			set_start(i, rbuf_u64(&value));
		return is_number(&value, 0);
	default:
		return true;
	}
}

static bool block_options(struct imported *i, struct rbuf *r)
{
	while (r->left) {
		unsigned code = rbuf_u16(r);
		size_t len = rbuf_u16(r);
		struct rbuf value = rbuf_sub(r, len);

		rbuf_claim(r, -len & 3);
		if (r->failed)
			return false;
		if (code == OPTION_END)
			return true;
		if (!block_option(i, code, value))
			return false;
	}
	return true;
}

/* Always little-endian, and without options it ends after the pid. */
int import_block(struct imported *i, const uint8_t *p, size_t size)
{
	struct rbuf r = rbuf_of(p, size), entry;
	uint32_t type = rbuf_u32(&r);

	import_clear(i);
	if (!r.failed && type != ENTRY_PROCESS)
		return -ENOENT;
	entry = rbuf_sub(&r, rbuf_u32(&r));
	import_set_pid(i, rbuf_u32(&entry));
	if (entry.failed || !block_options(i, &entry)) {
		import_clear(i);
		return -EBADMSG;
	}
	if (process_has(&i->process, FIELD_EXEPATH))
		set_name(i, base_name((struct span){ i->process.exepath,
					strlen(i->process.exepath) }));
	return 0;
}

/* ---- Apple: the header of LINKTYPE_PKTAP, bsd/net/pktap.h of XNU ---- */

#define PKTAP_MIN_LEN	108
#define PKTAP_FLAGS	36
#define PKTAP_PID	52
#define PKTAP_COMMAND	56
#define PKTAP_COMMAND_LEN 20
#define PKTAP_EFFECTIVE_PID 84
#define PKTAP_EFFECTIVE_COMMAND 88
#define PKTAP_FLAG_IN	1u
#define PKTAP_FLAG_OUT	2u

/* For whom it sends, if not for itself: a browser's helper for the browser. */
static void set_effective(struct imported *i, const uint8_t *p)
{
	uint32_t pid = (uint32_t)get_le(p + PKTAP_EFFECTIVE_PID, 4);
	struct span name = { (const char *)p + PKTAP_EFFECTIVE_COMMAND,
			     PKTAP_COMMAND_LEN };

	if (!pid || pid == NO_PID || pid == i->process.pid)
		return;
	i->effective_pid = pid;
	copy(i->effective_name, sizeof(i->effective_name), text_of(name));
}

/* Written in the host's order, and the hosts have long been little-endian. */
bool import_pktap(struct imported *i, const uint8_t *p, size_t size)
{
	struct span name;
	uint64_t flags;

	if (size < PKTAP_MIN_LEN || get_le(p, 4) < PKTAP_MIN_LEN)
		return false;
	name.p = (const char *)p + PKTAP_COMMAND;
	name.len = strnlen(name.p, PKTAP_COMMAND_LEN);
	import_set_pid(i, (uint32_t)get_le(p + PKTAP_PID, 4));
	set_name(i, name);
	set_effective(i, p);

	flags = get_le(p + PKTAP_FLAGS, 4) & (PKTAP_FLAG_IN | PKTAP_FLAG_OUT);
	if (flags == PKTAP_FLAG_OUT)
		i->end = IMPORT_SRC;
	else if (flags == PKTAP_FLAG_IN)
		i->end = IMPORT_DST;
	return import_is_named(i);
}
