/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proc/rows.h"

#include "text.h"

#define PACKET (1u << EITHER | 1u << SRC | 1u << DST)
#define ROW    (1u << TABLE)
#define BOTH   (PACKET | ROW)

#define AT(id, member)                                             \
	.field = (id), .offset = offsetof(struct process, member), \
	.size = sizeof(((struct process *)0)->member)
#define INT32  FT_INT64, BASE_DEC /* Falco's type for a pid */
#define UINT32 FT_UINT32, BASE_DEC
#define UINT64 FT_UINT64, BASE_DEC
/* A cell of FT_STRINGZ, as Falco's, has no quotes in 4.0's Apply as Filter. */
#define STRING FT_STRING, BASE_NONE
#define WHEN   FT_ABSOLUTE_TIME, ABSOLUTE_TIME_LOCAL
#define FLAG_ROW(word, title, blurb, scopes, bit)                        \
	{                                                                \
		word, title, blurb, FT_BOOLEAN, BASE_NONE, scopes, FLAG, \
			AT(FIELD_FLAGS, flags), .mask = (bit)            \
	}

/* clang-format off */
const struct row rows[ROWS] = {
	{ "pid", "PID",
	  "Process id, as the host's initial pid namespace counts",
	  INT32, BOTH, U32, AT(FIELD_PID, pid) },
	{ "name", "Process",
	  "The kernel's name of the process, at most 15 bytes",
	  STRING, BOTH, TEXT, AT(FIELD_NAME, name) },
	{ "id", "Unique Process ID",
	  "Names this one process and program: another after exec, "
	  "or when the pid is used again",
	  FT_UINT64, BASE_HEX, BOTH, U64, AT(FIELD_ID, id) },
	{ "attr", "Attribution",
	  "How the owner is known: socket (the kernel said), accepted "
	  "(whoever accepted or read it right after), holder (nobody "
	  "has read it yet), listener (not accepted yet), scan (a "
	  "socket from before the capture), flow (another packet "
	  "told), kernel, forwarded, unknown, import (another tool's "
	  "word)",
	  STRING, PACKET, .how = ATTR },
	{ "reason", "Reason",
	  "Why the owner is kernel or unknown: reset, time-wait, "
	  "icmp, no-socket, not-ip, lost, malformed, before, "
	  "fragment, ambiguous, not-delivered, kernel-socket",
	  STRING, PACKET, .how = REASON },
	{ "exepath", "Executable",
	  "Path of the executable",
	  STRING, BOTH, TEXT, AT(FIELD_EXEPATH, exepath) },
	{ "cmdline", "Command Line",
	  "Arguments, joined by spaces",
	  STRING, BOTH, ARGUMENTS, AT(FIELD_CMDLINE, cmdline) },
	{ "ppid", "Parent PID",
	  "Process id of the parent",
	  INT32, BOTH, U32, AT(FIELD_PPID, ppid) },
	{ "pname", "Parent Process",
	  "Name of the parent",
	  STRING, BOTH, TEXT, AT(FIELD_PNAME, pname) },
	{ "apid", "Ancestor PID",
	  "Process ids of its parent, that one's parent and so on, up to eight",
	  INT32, BOTH, ANCESTORS, AT(FIELD_APID, apid) },
	{ "aname", "Ancestor",
	  "Names of its parent, that one's parent and so on",
	  STRING, BOTH, ANCESTORS, AT(FIELD_ANAME, aname) },
	{ "aexe", "Ancestor Executable",
	  "Executables of its parent, that one's parent and so on",
	  STRING, BOTH, ANCESTORS, AT(FIELD_AEXE, aexe) },
	{ "script", "Script",
	  "File that the interpreter runs, as its arguments have it",
	  STRING, BOTH, TEXT, AT(FIELD_SCRIPT, script) },
	{ "cwd", "Working Directory",
	  "Where it was when it executed, or was first seen",
	  STRING, BOTH, TEXT, AT(FIELD_CWD, cwd) },
	{ "start", "Start Time",
	  "When the process started",
	  WHEN, BOTH, TIME, AT(FIELD_START, start_ns) },
	{ "uid", "User ID",
	  "Effective user, as a number",
	  UINT32, BOTH, U32, AT(FIELD_UID, uid) },
	{ "gid", "Group ID",
	  "Effective group, as a number",
	  UINT32, BOTH, U32, AT(FIELD_GID, gid) },
	{ "user", "User",
	  "Name of the effective user",
	  STRING, BOTH, TEXT, AT(FIELD_USER, user) },
	{ "loginuid", "Login User ID",
	  "Who logged in, whatever the user is now",
	  UINT32, BOTH, U32, AT(FIELD_LOGINUID, loginuid) },
	{ "tty", "Terminal",
	  "The process's terminal",
	  STRING, BOTH, TEXT, AT(FIELD_TTY, tty) },
	{ "session.id", "Login Session",
	  "Login that it comes of, as systemd or the kernel numbers them",
	  STRING, BOTH, TEXT, AT(FIELD_SESSION_ID, session_id) },
	{ "session.address", "Login From",
	  "Address or host that this login came from",
	  STRING, BOTH, TEXT, AT(FIELD_SESSION_ADDRESS, session_address) },
	{ "vpid", "PID in Namespace",
	  "Process id in its own pid namespace, as in its container",
	  INT32, BOTH, U32, AT(FIELD_VPID, vpid) },
	{ "netns", "Network Namespace",
	  "Network namespace, by its inode",
	  UINT64, BOTH, U64, AT(FIELD_NETNS, netns) },
	{ "host", "Host",
	  "Name of the host that captured, on which it runs",
	  STRING, BOTH, TEXT, AT(FIELD_HOST, host) },
	{ "cgroup", "Control Group",
	  "Control group",
	  STRING, BOTH, TEXT, AT(FIELD_CGROUP, cgroup) },
	{ "unit", "Systemd Unit",
	  "Systemd unit",
	  STRING, BOTH, TEXT, AT(FIELD_UNIT, unit) },
	{ "container.id", "Container ID",
	  "Id of the container",
	  STRING, BOTH, TEXT, AT(FIELD_CONTAINER_ID, container_id) },
	{ "container.name", "Container",
	  "Name of the container",
	  STRING, BOTH, TEXT, AT(FIELD_CONTAINER_NAME, container_name) },
	{ "container.runtime", "Container Runtime",
	  "What runs the container: docker, podman and so on",
	  STRING, BOTH, TEXT, AT(FIELD_CONTAINER_RUNTIME, container_runtime) },
	{ "container.image", "Container Image",
	  "Image that the container was made of, as its runtime was asked",
	  STRING, BOTH, TEXT, AT(FIELD_CONTAINER_IMAGE, container_image) },
	{ "pod.name", "Pod",
	  "Name of the Kubernetes pod",
	  STRING, BOTH, TEXT, AT(FIELD_POD_NAME, pod_name) },
	{ "pod.namespace", "Pod Namespace",
	  "Kubernetes namespace of the pod",
	  STRING, BOTH, TEXT, AT(FIELD_POD_NAMESPACE, pod_namespace) },
	{ "pod.uid", "Pod UID",
	  "Kubernetes pod",
	  STRING, BOTH, TEXT, AT(FIELD_POD_UID, pod_uid) },
	{ "sha256", "Executable SHA-256",
	  "Hash of the executable, if the capture was asked for it",
	  FT_BYTES, BASE_NONE, BOTH, BYTES, AT(FIELD_SHA256, sha256) },
	{ "sha256_reason", "No SHA-256",
	  "Why there is no hash: gone, changed, large, unreadable, late, "
	  "no-file",
	  STRING, BOTH, TEXT, AT(FIELD_SHA256_REASON, sha256_reason) },
	{ "flags", "Flags",
	  "The following flags in one number",
	  FT_UINT32, BASE_HEX, BOTH, U32, AT(FIELD_FLAGS, flags) },
	FLAG_ROW("exe_deleted", "Executable Deleted",
		 "Its executable is no longer on disk",
		 BOTH, PROCESS_EXE_DELETED),
	FLAG_ROW("exe_memfd", "Executable in Memory Only",
		 "It runs from memory and never had a file",
		 BOTH, PROCESS_EXE_MEMFD),
	FLAG_ROW("exe_world_writable", "Executable World-Writable",
		 "Anyone may write to its executable or the directory of that",
		 BOTH, PROCESS_EXE_WORLD_WRITABLE),
	FLAG_ROW("exe_user_mount", "Executable in a User's Mount",
		 "Its path leads through mounts that a user has made: on the "
		 "host another file may have it",
		 BOTH, PROCESS_EXE_USER_MOUNT),
	FLAG_ROW("forked", "Forked Without Exec",
		 "Forked and never executed anything",
		 BOTH, PROCESS_FORKED),
	FLAG_ROW("exepath_truncated", "Executable Path Truncated",
		 "The path was longer than what is recorded",
		 BOTH, PROCESS_EXEPATH_TRUNCATED),
	FLAG_ROW("cmdline_truncated", "Command Line Truncated",
		 "The arguments were longer than what is recorded",
		 BOTH, PROCESS_CMDLINE_TRUNCATED),
	FLAG_ROW("cmdline_withheld", "Command Line Withheld",
		 "The arguments were not recorded, on request",
		 BOTH, PROCESS_CMDLINE_WITHHELD),
	FLAG_ROW("cmdline_masked", "Command Line Masked",
		 "What looked like a secret in the arguments was not recorded",
		 BOTH, PROCESS_CMDLINE_MASKED),
	FLAG_ROW("exited", "Exited",
		 "It ended during the capture",
		 ROW, PROCESS_EXITED),
	{ "exit_status", "Exit Status",
	  "How it ended, as wait(2) reports it",
	  UINT32, ROW, EXIT, AT(FIELD_EXIT_STATUS, exit_status) },
	{ "packets", "Packets",
	  "Packets it sent or received",
	  UINT64, ROW, U64, AT(FIELD_PACKETS, packets) },
	{ "bytes", "Bytes",
	  "Original lengths of its packets",
	  UINT64, ROW, U64, AT(FIELD_BYTES, bytes) },
	{ "first_seen", "First Packet",
	  "Time of its first packet",
	  WHEN, ROW, TIME, AT(FIELD_FIRST_SEEN, first_seen_ns) },
	{ "last_seen", "Last Packet",
	  "Time of its last packet",
	  WHEN, ROW, TIME, AT(FIELD_LAST_SEEN, last_seen_ns) },
};
/* clang-format on */

uint64_t row_number(const struct row *row, const struct process *p)
{
	const uint8_t *member = (const uint8_t *)p + row->offset;
	uint32_t v32;
	uint64_t v64;

	if (row->size == sizeof(v32)) {
		memcpy(&v32, member, sizeof(v32));
		return v32;
	}
	memcpy(&v64, member, sizeof(v64));
	return v64;
}

const char *row_ancestor(const struct row *row, const struct ancestor *a,
			 wmem_allocator_t *pool)
{
	if (row->field == FIELD_APID)
		return wmem_strdup_printf(pool, "%u", a->pid);
	if (row->field == FIELD_ANAME)
		return text_escape(pool, a->name, a->name_len);
	return text_escape(pool, a->exe, a->exe_len);
}

/* Joined, for one cell. */
static const char *ancestors(const struct row *row, const struct process *p,
			     wmem_allocator_t *pool)
{
	struct ancestor all[PROCESS_ANCESTORS];
	unsigned count = process_ancestors(p, all);
	const char *text = "";

	for (unsigned i = 0; i < count; i++)
		text = wmem_strdup_printf(pool, "%s%s%s", text, i ? ", " : "",
					  row_ancestor(row, &all[i], pool));
	return text;
}

const char *row_text(const struct row *row, const struct process *p,
		     wmem_allocator_t *pool)
{
	const char *text = (const char *)p + row->offset;

	if (row->how == ANCESTORS)
		return ancestors(row, p, pool);
	if (row->field == FIELD_SHA256_REASON)
		return hash_reason_name(p->sha256_reason);
	if (row->how == ARGUMENTS)
		return text_arguments(pool, text, p->cmdline_len);
	return text_escape(pool, text, strnlen(text, row->size));
}
