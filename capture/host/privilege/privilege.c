/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "host/privilege/privilege.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/log.h"
#include "host/privilege/sudo_user.h"

static const char privilege_program[] = PKTWHO_LIBEXECDIR "/pktwho";

/* As in share/setup-group, which says what each is for. */
/* clang-format off */
static const cap_value_t needed[] = {
	CAP_NET_RAW, CAP_NET_ADMIN, CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE,
	CAP_DAC_READ_SEARCH,
};

/* Packet sockets, eBPF programs and perf events, once open, need nothing. */
static const cap_value_t needed_to_open[] = {
	CAP_NET_RAW, CAP_BPF, CAP_PERFMON,
};
/* clang-format on */

#define BIT(cap) (1ull << (cap))

/* What looking up takes. */
static const uint64_t uses[] = {
	[PRIVILEGE_FOR_NOTHING] = 0,
	[PRIVILEGE_FOR_FILES] = BIT(CAP_DAC_READ_SEARCH),
	[PRIVILEGE_FOR_PROCESSES] = BIT(CAP_SYS_PTRACE) |
				    BIT(CAP_DAC_READ_SEARCH),
	[PRIVILEGE_FOR_TRANSLATIONS] = BIT(CAP_NET_ADMIN),
	[PRIVILEGE_FOR_SIGNALS] = BIT(CAP_KILL),
};

#define NOBODY 65534 /* the kernel's overflow uid and gid */

enum privilege privilege_now(char *missing, size_t size)
{
	cap_t caps = cap_get_proc();
	enum privilege has = PRIVILEGE_ALL;
	size_t at = 0;

	if (missing && size)
		*missing = '\0';
	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
		cap_flag_value_t set = CAP_CLEAR;
		char *name;

		if (caps)
			cap_get_flag(caps, needed[i], CAP_EFFECTIVE, &set);
		if (set == CAP_SET)
			continue;
		if (has == PRIVILEGE_ALL)
			has = PRIVILEGE_SOME;
		if (needed[i] == CAP_NET_RAW)
			has = PRIVILEGE_NONE;
		name = cap_to_name(needed[i]);
		if (missing && name && at + strlen(name) + 2 < size)
			at += (size_t)snprintf(missing + at, size - at, "%s%s",
					       at ? " " : "", name);
		cap_free(name);
	}
	cap_free(caps);
	return has;
}

static bool is_us(const struct stat *other)
{
	struct stat st;

	return !stat("/proc/self/exe", &st) && st.st_dev == other->st_dev &&
	       st.st_ino == other->st_ino;
}

/* glibc's unsecvars.h; "LD_" stands for all that begin so. */
/* clang-format off */
static const char *const unsafe[] = {
	"GCONV_PATH", "GETCONF_DIR", "GLIBC_TUNABLES", "HOSTALIASES", "LD_",
	"LOCALDOMAIN", "LOCPATH", "MALLOC_", "NIS_PATH", "NLSPATH",
	"RESOLV_HOST_CONF", "RES_OPTIONS", "TMPDIR", "TZDIR",
};
/* clang-format on */

#define KEPT "PKTWHO_KEPT_"

static bool is_unsafe(const char *variable)
{
	for (size_t i = 0; i < sizeof(unsafe) / sizeof(*unsafe); i++)
		if (!strncmp(variable, unsafe[i], strlen(unsafe[i])))
			return true;
	return false;
}

/* Calls @fn with the name and value of each variable; it may change any. */
static void each_variable(void (*fn)(const char *name, const char *value))
{
	size_t count = 0;
	char **all;

	while (environ && environ[count])
		count++;
	all = calloc(count + 1, sizeof(*all));
	for (size_t i = 0; all && i < count; i++)
		all[i] = environ[i];
	for (size_t i = 0; all && i < count; i++) {
		size_t len = strcspn(all[i], "=");
		char *name = all[i][len] ? strndup(all[i], len) : NULL;

		if (name)
			fn(name, all[i] + len + 1);
		free(name);
	}
	free(all);
}

static void keep_variable(const char *name, const char *value)
{
	char kept[128];

	if (is_unsafe(name) && strlen(name) < sizeof(kept) - sizeof(KEPT)) {
		snprintf(kept, sizeof(kept), KEPT "%s", name);
		setenv(kept, value, 1);
	}
}

/* ld.so took them from us; what root's environment holds is not its own. */
static bool were_kept(void)
{
	return getauxval(AT_SECURE) && geteuid();
}

static void restore(const char *name, const char *value)
{
	if (strncmp(name, KEPT, strlen(KEPT)))
		return;
	setenv(name + strlen(KEPT), value, 1);
	unsetenv(name);
}

const char *privilege_getenv(const char *name)
{
	const char *value = getenv(name);
	char kept[128];

	if (value || !were_kept())
		return value;
	snprintf(kept, sizeof(kept), KEPT "%s", name);
	return getenv(kept);
}

void privilege_restore_environment(void)
{
	if (were_kept())
		each_variable(restore);
}

int privilege_get(char **argv)
{
	struct stat st;

	if (privilege_now(NULL, 0) != PRIVILEGE_NONE)
		return 0;
	if (stat(privilege_program, &st) || is_us(&st))
		return -ENOENT;
	each_variable(keep_variable);
	execv(privilege_program, argv);
	return errno == EACCES || errno == EPERM ? -errno : -ENOENT;
}

static void set_caps(cap_t caps)
{
	if (caps && cap_set_proc(caps))
		log_debug("capabilities stay as they were: %s",
			  strerror(errno));
	cap_free(caps);
}

void privilege_drop(void)
{
	if (geteuid())
		set_caps(cap_init());
}

int privilege_become_user(void)
{
	int err = sudo_user_become();

	if (err)
		log_error("cannot become the caller of sudo: %s",
			  strerror(-err));
	privilege_drop();
	return err;
}

static bool is_permitted(cap_t caps, cap_value_t cap)
{
	cap_flag_value_t set = CAP_CLEAR;

	return caps && !cap_get_flag(caps, cap, CAP_PERMITTED, &set) &&
	       set == CAP_SET;
}

void privilege_as_user(bool as_user)
{
	/* By sys_ptrace a link in /proc leads where its caller may not go. */
	static const cap_value_t reads[] = { CAP_DAC_READ_SEARCH,
					     CAP_SYS_PTRACE };
	cap_t caps = cap_get_proc();

	for (size_t i = 0; i < sizeof(reads) / sizeof(*reads); i++)
		if (is_permitted(caps, reads[i]))
			cap_set_flag(caps, CAP_EFFECTIVE, 1, &reads[i],
				     as_user ? CAP_CLEAR : CAP_SET);
	set_caps(caps);
}

/*
 * Without these root sees what uid 0 may see, and only as long as it has the
 * capabilities that those it looks at have (ptrace(2), access mode checking).
 */
static bool sees_others(cap_t caps)
{
	return is_permitted(caps, CAP_SYS_PTRACE) &&
	       is_permitted(caps, CAP_DAC_READ_SEARCH);
}

static void give_up_opening(cap_t caps)
{
	int count = sizeof(needed_to_open) / sizeof(*needed_to_open);

	if (caps) {
		cap_set_flag(caps, CAP_EFFECTIVE, count, needed_to_open,
			     CAP_CLEAR);
		cap_set_flag(caps, CAP_PERMITTED, count, needed_to_open,
			     CAP_CLEAR);
	}
	set_caps(caps);
}

static cap_t kept_capabilities(cap_t caps, uint64_t wanted)
{
	cap_t kept = cap_init();

	for (cap_value_t cap = 0; kept && cap < 64; cap++)
		if (wanted & BIT(cap) && is_permitted(caps, cap)) {
			cap_set_flag(kept, CAP_PERMITTED, 1, &cap, CAP_SET);
			cap_set_flag(kept, CAP_EFFECTIVE, 1, &cap, CAP_SET);
		}
	return kept;
}

/* Whatever we execute, it is not to have them. */
static void drop_from_bounding_set(cap_t kept)
{
	cap_t caps = cap_get_proc();
	bool may = is_permitted(caps, CAP_SETPCAP);

	cap_free(caps);
	for (cap_value_t cap = 0; may && cap_get_bound(cap) >= 0; cap++)
		if (!is_permitted(kept, cap) && cap_drop_bound(cap))
			log_debug("bounding set: %s", strerror(errno));
}

int privilege_become_reader(void)
{
	cap_t none = cap_init();

	if (none)
		drop_from_bounding_set(none);
	cap_free(none);
	return privilege_become_user();
}

/*
 * The C library's functions would do it in all threads, of which there is only
 * this one, and there with signals.
 */
static void stop_being_root(void)
{
	uid_t uid = NOBODY;
	gid_t gid = NOBODY;

	if (!sudo_user_get(&uid, &gid) || !uid)
		uid = gid = NOBODY;
	prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	if (syscall(SYS_setgroups, 0, NULL) ||
	    syscall(SYS_setresgid, gid, gid, gid) ||
	    syscall(SYS_setresuid, uid, uid, uid))
		log_debug("the user stays %d: %s", geteuid(), strerror(errno));
}

/* From now on only @kept, which is freed; root is somebody else then. */
static void become(cap_t kept)
{
	drop_from_bounding_set(kept);
	if (!geteuid())
		stop_being_root();
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	set_caps(kept);
}

static void keep_of_roots(const cap_value_t *files, int count)
{
	cap_t caps = cap_get_proc(), kept = cap_init();

	for (int i = 0; kept && !geteuid() && i < count; i++) {
		if (!is_permitted(caps, files[i]))
			continue;
		cap_set_flag(kept, CAP_PERMITTED, 1, &files[i], CAP_SET);
		cap_set_flag(kept, CAP_EFFECTIVE, 1, &files[i], CAP_SET);
	}
	if (kept && !geteuid())
		drop_from_bounding_set(kept);
	cap_free(caps);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	set_caps(kept);
}

void privilege_keep_nothing(void)
{
	keep_of_roots(NULL, 0);
}

void privilege_keep_files(void)
{
	keep_of_roots((const cap_value_t[]){ CAP_DAC_OVERRIDE }, 1);
}

void privilege_keep_output(void)
{
	keep_of_roots((const cap_value_t[]){ CAP_DAC_OVERRIDE, CAP_FOWNER }, 2);
}

static uint64_t needed_to_look_up(bool may_signal)
{
	return uses[PRIVILEGE_FOR_PROCESSES] |
	       uses[PRIVILEGE_FOR_TRANSLATIONS] |
	       (may_signal ? uses[PRIVILEGE_FOR_SIGNALS] : 0);
}

void privilege_look_up(bool may_signal)
{
	cap_t caps = cap_get_proc();

	if (!sees_others(caps)) {
		give_up_opening(caps);
		return;
	}
	become(kept_capabilities(caps,
				 needed_to_look_up(may_signal && !geteuid())));
	cap_free(caps);
}

void privilege_keep(enum privilege_use use)
{
	cap_t caps = cap_get_proc();

	/* Root that has given up nothing sees others only as root. */
	if (geteuid())
		set_caps(kept_capabilities(caps, uses[use]));
	cap_free(caps);
}

void privilege_give_up(void)
{
	become(cap_init());
}

void privilege_describe_kept(char *out, size_t size)
{
	cap_t caps = cap_get_proc();
	cap_t kept = sees_others(caps) ?
			     kept_capabilities(caps, needed_to_look_up(false)) :
			     NULL;
	char *text = kept ? cap_to_text(kept, NULL) : NULL;
	uid_t uid = geteuid();
	gid_t gid;

	if (!uid && (!sudo_user_get(&uid, &gid) || !uid))
		uid = NOBODY;
	snprintf(out, size,
		 "uid %d without any capability; another process "
		 "looks up with %s",
		 uid, text ? text : "what root has here");
	cap_free(text);
	cap_free(kept);
	cap_free(caps);
}

static const char *name_of_user(void)
{
	const struct passwd *pw = getpwuid(getuid());

	return pw ? pw->pw_name : "USER";
}

void privilege_advise(int err, char *out, size_t size)
{
	const struct group *gr = NULL;
	char missing[160];
	struct stat st;

	privilege_now(missing, sizeof(missing));
	if (err == -EACCES && !stat(privilege_program, &st))
		gr = getgrgid(st.st_gid);
	if (!geteuid())
		snprintf(out, size,
			 "root lacks %s here: add that where its "
			 "container is started",
			 missing);
	else if (err == -EPERM)
		snprintf(out, size,
			 "a capability of " PKTWHO_LIBEXECDIR
			 "/pktwho is not to be had in this container: add it "
			 "where that is started");
	else if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		snprintf(out, size,
			 "programs gain no capabilities here "
			 "(no_new_privs): run it outside of this sandbox, or "
			 "as root");
	else if (gr)
		snprintf(out, size,
			 "only root and the group %s may capture: "
			 "run \"sudo adduser %s %s\" and log in again",
			 gr->gr_name, name_of_user(), gr->gr_name);
	else if (access(PKTWHO_LIBEXECDIR "/setup-group", X_OK))
		snprintf(out, size,
			 "run it as root, or install it (\"" PKTWHO_INSTALL
			 "\")");
	else
		snprintf(out, size,
			 "run it as root, or run \"" PKTWHO_GIVE_TO_GROUP
			 "\" to let a group capture");
}
