/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "process/procfs_files.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "process/container.h"

#define FIRST_USER_NAMESPACE "user:[4026531837]" /* linux/proc_ns.h */
#define MAX_THREADS	     8 /* names in task/ looked at, for one that runs */
/* Major numbers, and a minor: Documentation/admin-guide/devices.txt. */
#define UNIX98_PTY   136 /* and seven more */
#define CONSOLES     4
#define FIRST_SERIAL 64

/* Decodes the kernel's number of a device; 0 is no terminal. */
static void take_tty(struct process *p, unsigned long device)
{
	unsigned major = device >> 8 & 0xfff;
	unsigned minor = (device & 0xff) | (device >> 12 & 0xfff00);

	if (major >= UNIX98_PTY && major < UNIX98_PTY + 8)
		snprintf(p->tty, sizeof(p->tty), "pts/%u",
			 (major - UNIX98_PTY) * 256 + minor);
	else if (major == CONSOLES && minor < FIRST_SERIAL)
		snprintf(p->tty, sizeof(p->tty), "tty%u", minor);
	else if (major == CONSOLES)
		snprintf(p->tty, sizeof(p->tty), "ttyS%u",
			 minor - FIRST_SERIAL);
	else
		return;
	process_set_field(p, FIELD_TTY);
}

/*
 * "pid (comm) state ppid ...": the name may hold anything, parentheses too,
 * so the fields are counted from the last one.
 */
static int read_stat(int dir, uint64_t boot_real_ns, struct process *p,
		     uint64_t *start_ns)
{
	char buf[1024], *open, *close, *s;
	int n = procfs_read_file(dir, "stat", buf, sizeof(buf));
	size_t len;

	if (n < 0)
		return n;
	open = strchr(buf, '(');
	close = strrchr(buf, ')');
	if (!open || !close || close < open)
		return -EBADMSG;
	len = (size_t)(close - open - 1);
	if (len > sizeof(p->name) - 1)
		len = sizeof(p->name) - 1;
	memcpy(p->name, open + 1, len);
	process_set_field(p, FIELD_NAME);

	s = close + 1;
	for (int field = 3; field <= 22; field++) {
		s += strspn(s, " ");
		if (field == 4)
			p->ppid = (uint32_t)strtoul(s, NULL, 10);
		if (field == 7)
			take_tty(p, strtoul(s, NULL, 10));
		if (field == 22)
			*start_ns = strtoull(s, NULL, 10) * PROCFS_TICK_NS;
		s += strcspn(s, " ");
	}
	p->start_ns = boot_real_ns + *start_ns;
	process_set_field(p, FIELD_PPID);
	process_set_field(p, FIELD_START);
	return 0;
}

/* The column of "Key:\ta\tb\tc..." that @index says; false if not there. */
static bool status_value(const char *status, const char *key, int index,
			 uint32_t *v)
{
	const char *s = strstr(status, key);
	char *end;

	if (!s)
		return false;
	s += strlen(key);
	for (int i = 0; i <= index; i++) {
		s += strspn(s, " \t");
		if (!isdigit((unsigned char)*s))
			return false;
		*v = (uint32_t)strtoul(s, &end, 10);
		s = end;
	}
	return true;
}

static uint32_t last_value(const char *status, const char *key, uint32_t dflt)
{
	uint32_t v = dflt;

	for (int i = 0; status_value(status, key, i, &v); i++)
		;
	return v;
}

static void read_status(int dir, struct process *p)
{
	char buf[4096];

	if (procfs_read_file(dir, "status", buf, sizeof(buf)) < 0)
		return;
	if (status_value(buf, "\nUid:", 1, &p->uid))
		process_set_field(p, FIELD_UID);
	if (status_value(buf, "\nGid:", 1, &p->gid))
		process_set_field(p, FIELD_GID);
	p->vpid = last_value(buf, "\nNSpid:", p->pid);
	process_set_field(p, FIELD_VPID);
}

static void read_cmdline(int dir, struct process *p)
{
	int n = procfs_read_file(dir, "cmdline", p->cmdline,
				 sizeof(p->cmdline));

	if (n <= 0)
		return; /* a kernel thread or a zombie has none */
	if (n == (int)sizeof(p->cmdline) - 1)
		p->flags |= PROCESS_CMDLINE_TRUNCATED;
	while (n > 0 && !p->cmdline[n - 1])
		n--;
	p->cmdline_len = (uint16_t)n;
	process_set_field(p, FIELD_CMDLINE);
}

/* The path is the process's: its root may be a container's. */
static void set_exe_flags(int dir, struct process *p)
{
	char parent[sizeof(p->exepath) + 8], *slash;
	struct stat st;

	if (procfs_cut_deleted(dir, p->exepath)) {
		p->flags |= PROCESS_EXE_DELETED;
		if (!strncmp(p->exepath, "/memfd:", 7))
			p->flags |= PROCESS_EXE_MEMFD;
		return;
	}
	snprintf(parent, sizeof(parent), "root%s", p->exepath);
	slash = strrchr(parent, '/');
	if (!slash)
		return;
	*slash = '\0';
	if ((!fstatat(dir, "exe", &st, 0) && st.st_mode & S_IWOTH) ||
	    (!fstatat(dir, parent, &st, 0) && st.st_mode & S_IWOTH))
		p->flags |= PROCESS_EXE_WORLD_WRITABLE;
}

/* Other mounts than ours, in a user namespace that is not the first. */
static bool has_user_mounts(int proc_fd, int dir)
{
	char user[64], mounts[64], own[64];

	return procfs_read_link(dir, "ns/user", user, sizeof(user)) > 0 &&
	       strcmp(user, FIRST_USER_NAMESPACE) &&
	       procfs_read_link(dir, "ns/mnt", mounts, sizeof(mounts)) > 0 &&
	       procfs_read_link(proc_fd, "self/ns/mnt", own, sizeof(own)) > 0 &&
	       strcmp(mounts, own);
}

static void read_exe(int proc_fd, int dir, struct process *p)
{
	int n = procfs_read_link(dir, "exe", p->exepath, sizeof(p->exepath));

	if (n < 0)
		return;
	if (n == (int)sizeof(p->exepath) - 1)
		p->flags |= PROCESS_EXEPATH_TRUNCATED;
	process_set_field(p, FIELD_EXEPATH);
	set_exe_flags(dir, p);
	if (has_user_mounts(proc_fd, dir))
		p->flags |= PROCESS_EXE_USER_MOUNT;
}

/*
 * "0::/path" is the unified hierarchy.  Where container runtimes still use
 * version 1 that is only "/", so the first longer path serves.
 */
static void read_cgroup(int dir, struct process *p)
{
	char buf[8192], *save = NULL;
	const char *best = NULL;

	if (procfs_read_file(dir, "cgroup", buf, sizeof(buf)) < 0)
		return;
	for (char *line = strtok_r(buf, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *path = strchr(line, ':');

		path = path ? strchr(path + 1, ':') : NULL;
		if (!path)
			continue;
		path++;
		if (!best || !strcmp(best, "/") ||
		    (!strncmp(line, "0::", 3) && path[1]))
			best = path;
	}
	if (!best)
		return;
	snprintf(p->cgroup, sizeof(p->cgroup), "%s", best);
	process_set_field(p, FIELD_CGROUP);
	container_identify(p);
}

static void read_parent_name(int proc_fd, struct process *p)
{
	char name[32], buf[64];
	int n;

	snprintf(name, sizeof(name), "%" PRIu32 "/comm", p->ppid);
	n = procfs_read_file(proc_fd, name, buf, sizeof(buf));
	if (n <= 0)
		return;
	buf[n - 1] = '\0'; /* the newline */
	snprintf(p->pname, sizeof(p->pname), "%.*s", (int)sizeof(p->pname) - 1,
		 buf);
	process_set_field(p, FIELD_PNAME);
}

/* One that is too long would be another's. */
static void read_cwd(int dir, struct process *p)
{
	int n = procfs_read_link(dir, "cwd", p->cwd, sizeof(p->cwd));

	if (n > 0 && n < (int)sizeof(p->cwd) - 1)
		process_set_field(p, FIELD_CWD);
}

static void read_login_session(int dir, struct process *p)
{
	char buf[64];

	if (procfs_read_file(dir, "sessionid", buf, sizeof(buf)) > 0)
		procfs_set_session(p, (uint32_t)strtoul(buf, NULL, 10));
}

static void read_rest(int dir, struct process *p)
{
	char buf[64];

	if (procfs_read_file(dir, "loginuid", buf, sizeof(buf)) > 0) {
		p->loginuid = (uint32_t)strtoul(buf, NULL, 10);
		if (p->loginuid != UINT32_MAX) /* never logged in */
			process_set_field(p, FIELD_LOGINUID);
	}
	if (procfs_read_link(dir, "ns/net", buf, sizeof(buf)) > 0 &&
	    sscanf(buf, "net:[%" SCNu64 "]", &p->netns) == 1)
		process_set_field(p, FIELD_NETNS);
}

/* The process's directory, @p begun and its stat read; or -ESRCH. */
static int open_process(int proc_fd, uint32_t pid, uint64_t boot_real_ns,
			struct process *p, uint64_t *start_ns)
{
	int dir = procfs_open_pid(proc_fd, pid);

	memset(p, 0, sizeof(*p));
	if (dir < 0)
		return -ESRCH;
	p->pid = pid;
	process_set_field(p, FIELD_PID);
	if (read_stat(dir, boot_real_ns, p, start_ns)) {
		close(dir);
		return -ESRCH;
	}
	return dir;
}

static bool has_executable(int dir)
{
	char link[1];

	return readlinkat(dir, "exe", link, sizeof(link)) >= 0;
}

/*
 * Where the first thread has ended while others go on, /proc/PID has no
 * executable, arguments or namespaces any more, but each of them has.  Its
 * directory, or -1.
 */
static int open_other_thread(int dir)
{
	int thread = -1;
	struct dirent *e;
	DIR *tasks;

	if (has_executable(dir) || errno != ENOENT)
		return -1;
	tasks = procfs_open_dir(dir, "task");
	if (!tasks)
		return -1;
	for (int n = 0; thread < 0 && n < MAX_THREADS && (e = readdir(tasks));
	     n++) {
		if (e->d_name[0] == '.')
			continue;
		thread = openat(dirfd(tasks), e->d_name,
				O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (thread >= 0 && !has_executable(thread)) {
			close(thread);
			thread = -1;
		}
	}
	closedir(tasks);
	return thread;
}

int procfs_read(int proc_fd, uint32_t pid, uint64_t boot_real_ns,
		struct process *p, uint64_t *start_ns)
{
	int dir = open_process(proc_fd, pid, boot_real_ns, p, start_ns);
	int thread;

	if (dir < 0)
		return dir;
	read_status(dir, p);
	thread = open_other_thread(dir);
	if (thread >= 0) {
		close(dir);
		dir = thread;
	}
	read_cmdline(dir, p);
	read_exe(proc_fd, dir, p);
	read_cgroup(dir, p);
	read_rest(dir, p);
	read_cwd(dir, p);
	read_login_session(dir, p);
	read_parent_name(proc_fd, p);
	process_set_field(p, FIELD_FLAGS);
	close(dir);
	return 0;
}

int procfs_read_brief(int proc_fd, uint32_t pid, struct process *p)
{
	uint64_t start_ns;
	int dir = open_process(proc_fd, pid, 0, p, &start_ns);

	if (dir < 0)
		return dir;
	process_clear_field(p, FIELD_START); /* boot's time is not known */
	read_cmdline(dir, p);
	if (p->cmdline_len) {
		read_status(dir, p);
		read_cgroup(dir, p);
	}
	close(dir);
	return 0;
}

uint64_t procfs_start(int proc_fd, uint32_t pid)
{
	uint64_t start_ns = 0;
	struct process p;
	int dir = open_process(proc_fd, pid, 0, &p, &start_ns);

	if (dir < 0)
		return 0;
	close(dir);
	return start_ns;
}

/* "session-c2.scope" is the login c2's. */
static bool take_scope(struct process *p)
{
	static const char before[] = "session-";
	size_t at = strlen(before), len = strlen(p->unit);

	if (strncmp(p->unit, before, at) || len < at + 7 ||
	    strcmp(p->unit + len - 6, ".scope"))
		return false;
	snprintf(p->session_id, sizeof(p->session_id), "%.*s",
		 (int)(len - at - 6), p->unit + at);
	return true;
}

void procfs_set_session(struct process *p, uint32_t sessionid)
{
	if (!take_scope(p)) {
		if (sessionid == UINT32_MAX)
			return;
		snprintf(p->session_id, sizeof(p->session_id), "%" PRIu32,
			 sessionid);
	}
	process_set_field(p, FIELD_SESSION_ID);
}
