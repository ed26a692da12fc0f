/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "host/sandbox.h"

#include <errno.h>
#include <linux/bpf.h>
#include <seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "host/log.h"

/* Newer ones may be unknown to this libseccomp, older ones to this machine. */
static const char *const never[] = {
	/* other programs, and the memory and files of other processes */
	"execve", "execveat", "ptrace", "process_vm_readv",
	"process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp",
	"userfaultfd", "perf_event_open", "personality",
	/* what goes around this filter, or around paths */
	"io_uring_setup", "io_uring_enter", "io_uring_register",
	"open_by_handle_at", "name_to_handle_at", "fanotify_init",
	/* the system's files and namespaces */
	"mount", "umount", "umount2", "move_mount", "mount_setattr", "fsopen",
	"fsconfig", "fsmount", "fspick", "open_tree", "pivot_root", "chroot",
	"setns", "unshare", "mknod", "mknodat", "swapon", "swapoff",
	"quotactl", "quotactl_fd", "acct",
	/* the kernel itself */
	"init_module", "finit_module", "delete_module", "kexec_load",
	"kexec_file_load", "reboot", "iopl", "ioperm", "syslog",
	"settimeofday", "clock_settime", "sethostname", "setdomainname",
	"vhangup", "lookup_dcookie",
	/* keys */
	"add_key", "request_key", "keyctl",
};

/* User names and interfaces are asked for by these two. */
static const unsigned families[] = { AF_UNIX, AF_NETLINK };

/* These act on what is already open. */
static const unsigned bpf_commands[] = {
	BPF_MAP_LOOKUP_ELEM, BPF_MAP_UPDATE_ELEM, BPF_MAP_DELETE_ELEM,
	BPF_MAP_GET_NEXT_KEY, BPF_OBJ_GET_INFO_BY_FD, BPF_ITER_CREATE,
};

/* Refuses the call unless its first argument is one of these, in order. */
static int refuse_others(scmp_filter_ctx filter, int call,
			 const unsigned *allowed, size_t count)
{
	unsigned next = 0;
	int err = 0;

	for (size_t i = 0; !err && i < count; i++) {
		for (; !err && next < allowed[i]; next++)
			err = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM),
					       call, 1,
					       SCMP_A0_32(SCMP_CMP_EQ, next));
		next = allowed[i] + 1;
	}
	return err ? err : seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM),
					    call, 1,
					    SCMP_A0_32(SCMP_CMP_GE, next));
}

static int add_rules(scmp_filter_ctx filter)
{
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(never) / sizeof(*never); i++) {
		int call = seccomp_syscall_resolve_name(never[i]);

		if (call != __NR_SCMP_ERROR)
			err = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM),
					       call, 0);
	}
	if (!err)
		err = refuse_others(filter, SCMP_SYS(socket), families,
				    sizeof(families) / sizeof(*families));
	return err ? err : refuse_others(filter, SCMP_SYS(bpf), bpf_commands,
					 sizeof(bpf_commands) /
						 sizeof(*bpf_commands));
}

static int load_filter(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int err;

	if (!filter)
		return -ENOMEM;
	/* Calls of another architecture would not be in the list. */
	err = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH,
			       SCMP_ACT_ERRNO(EPERM));
	if (!err)
		err = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	if (!err)
		err = add_rules(filter);
	/* A tree instead of a list: every call passes it. */
	if (!err)
		err = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (!err)
		err = seccomp_load(filter);
	seccomp_release(filter);
	return err;
}

bool sandbox_can_filter(void)
{
	return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;
}

void sandbox_enter(void)
{
	static const struct rlimit none;
	int err;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		log_warn("no_new_privs: %s", strerror(errno));
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) || setrlimit(RLIMIT_CORE, &none))
		log_warn("a core may hold packets: %s", strerror(errno));
	err = load_filter();
	if (err)
		log_warn("system calls are not filtered: %s", strerror(-err));
}
