/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "host/privilege/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/if_packet.h>
#include <linux/perf_event.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "host/privilege/landlock.h"
#include "host/log.h"

/* ---- helpers: what they never do ---- */

/* Newer ones may be unknown to this libseccomp, older ones to this machine. */
/* clang-format off */
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
/* clang-format on */

/* User names and interfaces are asked for by these two. */
static const unsigned families[] = { AF_UNIX, AF_NETLINK };

/* These act on what is already open. */
static const unsigned bpf_commands[] = {
	BPF_MAP_LOOKUP_ELEM,  BPF_MAP_UPDATE_ELEM,    BPF_MAP_DELETE_ELEM,
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
	return err ? err :
		     seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), call, 1,
				      SCMP_A0_32(SCMP_CMP_GE, next));
}

static int add_rules(scmp_filter_ctx filter)
{
	int err;

	for (size_t i = 0; i < sizeof(never) / sizeof(*never); i++) {
		int call = seccomp_syscall_resolve_name(never[i]);

		if (call == __NR_SCMP_ERROR)
			continue;
		err = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), call, 0);
		if (err)
			return err;
	}
	err = refuse_others(filter, SCMP_SYS(socket), families,
			    sizeof(families) / sizeof(*families));
	return err ? err :
		     refuse_others(filter, SCMP_SYS(bpf), bpf_commands,
				   sizeof(bpf_commands) /
					   sizeof(*bpf_commands));
}

/* ---- a capture: all that it does ---- */

/* clang-format off */
static const char *const always[] = {
	/* what is open */
	"read", "pread64", "write", "writev", "close", "lseek", "ftruncate",
	"dup3", "fstat", "poll", "ppoll", "recvfrom", "recvmsg",
	"sendto", "sendmsg", "getsockopt", "getsockname", "bind", "signalfd4",
	"epoll_wait", "epoll_pwait",
	/* memory and time */
	"munmap", "mremap", "madvise", "brk", "futex", "clock_gettime",
	"clock_nanosleep", "nanosleep", "gettimeofday", "sched_yield",
	"restart_syscall", "getrandom", "sysinfo", "uname",
	/* itself and its children */
	"rt_sigprocmask", "rt_sigaction", "rt_sigreturn", "getpid", "gettid",
	"wait4", "exit", "exit_group",
	/* whether a process is there; no path is open to it */
	"faccessat", "faccessat2", "access",
};
/* clang-format on */

struct rule {
	const char *call;
	unsigned count;
	struct scmp_arg_cmp args[2];
};

#define IS(n, value)	 SCMP_CMP64(n, SCMP_CMP_EQ, value)
#define HAS_NOT(n, bits) SCMP_CMP64(n, SCMP_CMP_MASKED_EQ, bits, 0)
#define HAS(n, bits)	 SCMP_CMP64(n, SCMP_CMP_MASKED_EQ, bits, bits)

static int allow(scmp_filter_ctx filter, const char *name, unsigned count,
		 const struct scmp_arg_cmp *args)
{
	int call = seccomp_syscall_resolve_name(name);

	return call == __NR_SCMP_ERROR ?
		       0 :
		       seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call,
					      count, args);
}

static int allow_some(scmp_filter_ctx filter)
{
	const struct rule rules[] = {
		{ "mmap", 1, { HAS_NOT(2, PROT_EXEC) } },
		{ "mprotect", 1, { HAS_NOT(2, PROT_EXEC) } },
		/* not F_SETOWN, by which the kernel sends others any signal */
		{ "fcntl", 1, { IS(1, F_GETFL) } },
		{ "fcntl", 1, { IS(1, F_SETFL) } },
		{ "fcntl", 1, { IS(1, F_SETPIPE_SZ) } },
		{ "ioctl", 1, { IS(1, PERF_EVENT_IOC_DISABLE) } },
		{ "ioctl", 1, { IS(1, TCGETS) } },
		{ "ioctl", 1, { IS(1, TCSETS) } },
		{ "ioctl", 1, { IS(1, TCSETSW) } },
		{ "ioctl", 1, { IS(1, TIOCGWINSZ) } },
		{ "ioctl", 1, { IS(1, TIOCGPGRP) } },
		/* ^Z of the view: curses stops us, and drops what was typed */
		{ "ioctl", 1, { IS(1, TCFLSH) } },
		{ "kill", 2, { IS(0, (scmp_datum_t)getpid()), IS(1, SIGTSTP) } },
		/* fstat(); stat() has a path */
		{ "newfstatat", 1, { HAS(3, AT_EMPTY_PATH) } },
		{ "setsockopt", 1, { IS(1, SOL_SOCKET) } },
		/* an interface that has come back is promiscuous again */
		{ "setsockopt",
		  2,
		  { IS(1, SOL_PACKET), IS(2, PACKET_ADD_MEMBERSHIP) } },
		/* abort() */
		{ "tgkill", 1, { IS(0, (scmp_datum_t)getpid()) } },
	};
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(always) / sizeof(*always); i++)
		err = allow(filter, always[i], 0, NULL);
	for (size_t i = 0; !err && i < sizeof(rules) / sizeof(*rules); i++)
		err = allow(filter, rules[i].call, rules[i].count,
			    rules[i].args);
	return err;
}

/*
 * What the library or a tool that watches it may ask for: where a descriptor of
 * its own leads.  A link says that, and opens nothing.
 */
static int allow_more(scmp_filter_ctx filter)
{
	int err = allow_some(filter);

	err = err ? err : allow(filter, "readlink", 0, NULL);
	return err ? err : allow(filter, "readlinkat", 0, NULL);
}

static volatile sig_atomic_t is_trying, was_said;

/* The call that was refused fails, as if the kernel itself had answered. */
static void on_refused(int number, siginfo_t *info, void *context)
{
	ucontext_t *c = context;
	char *name;

	(void)number;
#if defined(__x86_64__)
	c->uc_mcontext.gregs[REG_RAX] = -EPERM;
#elif defined(__aarch64__)
	c->uc_mcontext.regs[0] = (unsigned long long)-EPERM;
#else
	(void)c;
#endif
	if (is_trying || was_said)
		return;
	was_said = 1;
	name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE,
						info->si_syscall);
	log_warn("the sandbox has refused %s(): the capture goes on; please "
		 "report this, or try --sandbox=off",
		 name ? name : "?");
	free(name);
}

/* Where a handler cannot set a result, the kernel does, and nothing is said. */
static uint32_t refuse(void)
{
#if defined(__x86_64__) || defined(__aarch64__)
	struct sigaction a = { .sa_sigaction = on_refused,
			       .sa_flags = SA_SIGINFO | SA_NODEFER };

	if (!sigaction(SIGSYS, &a, NULL))
		return SCMP_ACT_TRAP;
#endif
	return SCMP_ACT_ERRNO(EPERM);
}

/* ---- both ---- */

static int fill_filter(scmp_filter_ctx filter,
		       int (*add)(scmp_filter_ctx filter))
{
	/* Calls of another architecture would not be in the list. */
	int err = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH,
				   SCMP_ACT_ERRNO(EPERM));

	if (err)
		return err;
	err = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	if (err)
		return err;
	err = add(filter);
	if (err)
		return err;
	/* A tree instead of a list: every call passes it. */
	return seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
}

static int load_filter(uint32_t others, int (*add)(scmp_filter_ctx filter))
{
	scmp_filter_ctx filter = seccomp_init(others);
	int err;

	if (!filter)
		return -ENOMEM;
	err = fill_filter(filter, add);
	err = err ? err : seccomp_load(filter);
	seccomp_release(filter);
	return err;
}

static int gain_nothing(void)
{
	static const struct rlimit none;

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) || setrlimit(RLIMIT_CORE, &none))
		log_warn("a core may hold packets: %s", strerror(errno));
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
}

void sandbox_enter(void)
{
	int err = gain_nothing();

	if (err)
		log_warn("no_new_privs: %s", strerror(-err));
	err = load_filter(SCMP_ACT_ALLOW, add_rules);
	if (err)
		log_warn("system calls are not filtered: %s", strerror(-err));
}

bool sandbox_lacks(char *out, size_t size)
{
	bool filter = prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;
	bool landlock = landlock_version() > 0;

	snprintf(out, size, "%s%s%s", filter ? "" : "seccomp",
		 filter || landlock ? "" : ", ", landlock ? "" : "Landlock");
	return !filter || !landlock;
}

static int confine_capture(enum sandbox_mode mode)
{
	int err = gain_nothing(), filter;

	tzset(); /* the last file that is read by its name */
	err = err ? err : landlock_enter(-1, 0);
	if (SANDBOX_SANITIZED)
		filter = 0;
	else if (mode == SANDBOX_STRICT)
		filter = load_filter(SCMP_ACT_KILL_PROCESS, allow_some);
	else
		filter = load_filter(refuse(), allow_more);
	return err ? err : filter;
}

int sandbox_enter_capture(enum sandbox_mode mode)
{
	char lacks[64];
	int err;

	if (mode == SANDBOX_OFF)
		return gain_nothing();
	if (sandbox_lacks(lacks, sizeof(lacks))) {
		if (mode == SANDBOX_STRICT) {
			log_error("no capture: this kernel has no %s, and "
				  "--sandbox=strict wants it",
				  lacks);
			return -ENOSYS;
		}
		log_info("this kernel has no %s: the sandbox goes without",
			 lacks);
	}
	err = confine_capture(mode);
	if (!err || mode == SANDBOX_BEST) {
		if (err)
			log_debug("the sandbox lacks a part: %s",
				  strerror(-err));
		return 0;
	}
	log_error("no capture: cannot enter the sandbox: %s", strerror(-err));
	return err;
}

/* ---- does it hold? ---- */

/* Each is harmless: without a sandbox it fails for another reason, or closes. */
static long try_execve(void)
{
	return syscall(SYS_execve, NULL, NULL, NULL);
}

static long try_socket(void)
{
	return syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
}

static long try_packet_socket(void)
{
	return syscall(SYS_socket, AF_PACKET, SOCK_RAW, 0);
}

static long try_open(void)
{
	return syscall(SYS_openat, AT_FDCWD, "/etc/passwd",
		       O_RDONLY | O_CLOEXEC);
}

static long try_ptrace(void)
{
	return syscall(SYS_ptrace, PTRACE_CONT, 1, 0, 0);
}

static long try_bpf(void)
{
	return syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, NULL, 0);
}

static long try_kill(void)
{
	return syscall(SYS_kill, getppid(), 0);
}

static long try_signal(void)
{
	return syscall(SYS_fcntl, STDERR_FILENO, F_SETOWN, 0);
}

int sandbox_try(void)
{
	static const struct {
		const char *what;
		long (*fn)(void);
	} tries[] = {
		{ "execve", try_execve },
		{ "socket", try_socket },
		{ "a packet socket", try_packet_socket },
		{ "open", try_open },
		{ "ptrace", try_ptrace },
		{ "bpf", try_bpf },
		{ "kill", try_kill },
		{ "a signal", try_signal },
	};
	int count = 0;

	is_trying = 1;
	for (size_t i = 0; i < sizeof(tries) / sizeof(*tries); i++) {
		long result = tries[i].fn();
		bool refused = result < 0 && errno == EPERM;

		if (result > STDERR_FILENO)
			close((int)result);
		count += !refused;
		log_debug("sandbox: %s is %srefused", tries[i].what,
			  refused ? "" : "not ");
	}
	is_trying = 0;
	return count;
}
