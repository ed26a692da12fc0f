/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Plays programs of grammar.py's language, one after another, and logs who
 * was who, who used which socket, and whose bytes were read by whom.
 *
 *   play FILE LOG DIRECTORY
 *
 * The conductor is no actor: it tells the actors which phase has come, and
 * kills those that are stuck.  Lines of the log, separated by blanks:
 *
 *   I WHO PROGRAM PID NAME BEFORE UID NETNS  a process under one name, and
 *                                            who it was, or forked it
 *   U PROGRAM WHO KIND COOKIE PROTO LIP LPORT RIP RPORT   used a socket
 *   R PROGRAM WHO SEQ READER                 READER has read WHO's bytes
 *   F PROGRAM WHO SEQ                        WHO sent them without a socket
 *   E PROGRAM OP ERRNO                       the kernel refused a line
 *   P PROGRAM ENDED                          1, or 0 where it was stuck
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <linux/sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "play.h"

#define PHASE_NS 600000000ll
#define THE_END	 1000000

struct shared {
	atomic_int phase;
	atomic_int done; /* what the conductor waits on */
	atomic_uint who, seq;
	atomic_int pid[ACTORS], last_pid[ACTORS];
	atomic_bool op_done[MAX_OPS];
};

struct me me;
static struct shared *shared;
static struct program program;
static char *text, *file, *directory;

uint32_t next_seq(void)
{
	return atomic_fetch_add(&shared->seq, 1);
}

void tell(const char *format, ...)
{
	char line[400];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (write(LOG_FD, line, n) != n)
		_exit(3);
}

static void wait_on(atomic_int *at, int value, long ns)
{
	struct timespec limit = { 0, ns };

	syscall(SYS_futex, at, FUTEX_WAIT, value, &limit, NULL, 0);
}

static void wake(atomic_int *at)
{
	syscall(SYS_futex, at, FUTEX_WAKE, 1000, NULL, NULL, 0);
}

static void name_of(char name[16])
{
	snprintf(name, 16, "%u%c%u", me.program, 'A' + me.actor, me.generation);
}

/* From here on this process is somebody else to the judge. */
static void become(bool renamed)
{
	unsigned int before = me.who;
	char name[16];
	struct stat netns = { 0 };

	me.who = atomic_fetch_add(&shared->who, 1) + 1;
	name_of(name);
	if (renamed)
		prctl(PR_SET_NAME, name);
	stat("/proc/self/ns/net", &netns);
	tell("I %u %u %d %s %u %u %ju\n", me.who, me.program, getpid(), name,
	     before, geteuid(), (uintmax_t)netns.st_ino);
}

static void play_from(int first);

/* fork(), or the same with a pid that is free again. */
static int fork_as(int wanted)
{
	pid_t tid = wanted;
	struct clone_args args = { .exit_signal = SIGCHLD,
				   .set_tid = (uintptr_t)&tid,
				   .set_tid_size = 1 };

	return wanted ? syscall(SYS_clone3, &args, sizeof(args)) : fork();
}

static int start(int actor, int next, int wanted)
{
	int pid = fork_as(wanted);

	if (pid) {
		if (pid > 0)
			shared->pid[actor] = shared->last_pid[actor] = pid;
		return pid < 0 ? -errno : 0;
	}
	shared->pid[actor] = getpid();
	alarm(20);
	me.actor = actor;
	me.generation = 0;
	become(true);
	play_from(next);
	_exit(0);
}

static int end_of(int actor)
{
	int pid = shared->pid[actor];

	if (pid <= 0 || kill(pid, SIGKILL))
		return -ESRCH;
	for (int i = 0; i < 2000 && !kill(pid, 0); i++)
		usleep(50);
	shared->pid[actor] = 0;
	return 0;
}

/* Its program goes on under another name, in another program's image. */
static int execute(int next)
{
	char path[256], name[16], number[2][16];
	char *argv[] = { path,	    "resume",  file, directory,
			 number[0], number[1], NULL };

	me.generation++;
	name_of(name);
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	snprintf(number[0], 16, "%u", me.program);
	snprintf(number[1], 16, "%d", next);
	if (symlink("play", path))
		return -errno;
	setenv("CHAOS_ACTOR", (char[]){ 'A' + me.actor, 0 }, 1);
	snprintf(name, sizeof(name), "%u", me.generation);
	setenv("CHAOS_GENERATION", name, 1);
	snprintf(name, sizeof(name), "%u", me.who);
	setenv("CHAOS_WHO", name, 1);
	execv(path, argv);
	return -errno;
}

static void *go_on(void *next)
{
	play_from((intptr_t)next);
	_exit(0);
}

/* The rest is done by another thread; the first one of the process ends. */
static int leave(int next)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, go_on, (void *)(intptr_t)next))
		return -EAGAIN;
	pthread_exit(NULL);
}

static void done(int i)
{
	shared->op_done[i] = true;
	atomic_fetch_add(&shared->done, 1);
	wake(&shared->done);
}

/* It has another user or namespace, and the name that it had. */
static int changed(int err)
{
	if (!err)
		become(false);
	return err;
}

static int process_op(const struct op *op, int i)
{
	const char *name = op->word[0];
	const char *what = op->words > 1 ? op->word[1] : "";

	if (!strcmp(name, "fork") && *what >= 'A' && *what <= 'Z')
		return start(
			*what - 'A', i + 1,
			op->words < 3 ?
				0 :
				shared->last_pid[(*op->word[2] - 'A') % ACTORS]);
	if (!strcmp(name, "kill") && *what >= 'A' && *what <= 'Z')
		return end_of(*what - 'A');
	if (!strcmp(name, "rename")) {
		/* A later thread's name is not the process's. */
		if (gettid() != getpid())
			return -EPERM;
		me.generation++;
		become(true);
		return 0;
	}
	if (!strcmp(name, "netns"))
		return changed(enter(what));
	if (!strcmp(name, "setuid"))
		return changed(setresuid(atoi(what), atoi(what), 0) ? -errno :
								      0);
	if (!strcmp(name, "sleep"))
		return usleep(atoi(what) * 1000);
	if (!strcmp(name, "ss"))
		return system("ss -tinup > /dev/null 2>&1") ? -ENOENT : 0;
	if (!strcmp(name, "forge"))
		return forge_op(op);
	return -ENOSYS;
}

/* What does not come back is done before it is begun. */
static int leaving_op(const struct op *op, int i)
{
	const char *name = op->word[0];

	if (!strcmp(name, "exit")) {
		shared->pid[me.actor] = 0;
		done(i);
		_exit(0);
	}
	if (!strcmp(name, "exec"))
		return execute(i);
	if (!strcmp(name, "leave")) {
		done(i);
		return leave(i + 1);
	}
	return -ENOSYS;
}

static void *in_thread(void *op)
{
	return (void *)(intptr_t)socket_op(op);
}

static int socket_op_somewhere(struct op *op)
{
	pthread_t thread;
	void *result;

	if (!op->threaded || pthread_create(&thread, NULL, in_thread, op))
		return socket_op(op);
	pthread_join(thread, &result);
	return (intptr_t)result;
}

static void play_from(int first)
{
	int actor = me.actor, phase, err;

	for (int i = first; i < program.ops; i++) {
		struct op *op = &program.op[i];

		if (op->actor != actor)
			continue;
		while ((phase = shared->phase) < op->phase)
			wait_on(&shared->phase, phase, 100000000);
		if (phase == THE_END)
			break;
		err = leaving_op(op, i);
		if (err == -ENOSYS)
			err = process_op(op, i);
		if (err == -ENOSYS)
			err = socket_op_somewhere(op);
		if (err < 0)
			tell("E %u %d %d\n", me.program, i, -err);
		done(i);
	}
	while ((phase = shared->phase) != THE_END)
		wait_on(&shared->phase, phase, 100000000);
}

/* It has been reaped for us: SIGCHLD is ignored. */
static bool lives(int actor)
{
	int pid = shared->pid[actor];

	return pid > 0 && !kill(pid, 0);
}

static bool under_way(int phase)
{
	for (int i = 0; i < program.ops; i++)
		if (program.op[i].phase == phase && !shared->op_done[i] &&
		    lives(program.op[i].actor))
			return true;
	return false;
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static bool conduct(void)
{
	for (int phase = 0; phase < program.phases; phase++) {
		int64_t limit = now_ns() + PHASE_NS;
		int seen;

		shared->phase = phase;
		wake(&shared->phase);
		while (seen = shared->done, under_way(phase)) {
			if (now_ns() > limit)
				return false;
			wait_on(&shared->done, seen, 1000000);
		}
	}
	return true;
}

static void play(void)
{
	int pair[2];
	bool ended;

	shared->phase = -1;
	for (int i = 0; i < ACTORS; i++)
		shared->pid[i] = shared->last_pid[i] = 0;
	for (int i = 0; i < MAX_OPS; i++)
		shared->op_done[i] = false;
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair))
		exit(3);
	dup2(pair[0], GIVE_FD);
	dup2(pair[1], TAKE_FD);
	close(pair[0]);
	close(pair[1]);
	ended = start(0, 0, 0) == 0 && conduct();
	shared->phase = THE_END;
	wake(&shared->phase);
	for (int i = 0; i < 40 && ended; i++) {
		bool any = false;

		for (int actor = 0; actor < ACTORS; actor++)
			any |= lives(actor);
		if (!any)
			break;
		usleep(500);
	}
	for (int actor = 0; actor < ACTORS; actor++)
		end_of(actor);
	tell("P %u %d\n", me.program, ended);
}

static void read_file(void)
{
	FILE *in = fopen(file, "r");
	size_t size = 0;

	if (!in || getdelim(&text, &size, '\0', in) < 0) {
		perror(file);
		exit(2);
	}
	fclose(in);
}

static void map_shared(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED,
		      SHARED_FD, 0);
	if (shared == MAP_FAILED) {
		perror("shared memory");
		exit(3);
	}
}

/* play resume FILE DIRECTORY PROGRAM OP: what an actor becomes by exec */
static int resume(char **argv)
{
	char *at;
	int i = atoi(argv[5]);

	file = argv[2];
	directory = argv[3];
	map_shared();
	read_file();
	for (at = text; at && *at && program.number != (unsigned)atoi(argv[4]);)
		at = parse_program(&program, at);
	me.program = program.number;
	me.actor = *getenv("CHAOS_ACTOR") - 'A';
	me.generation = atoi(getenv("CHAOS_GENERATION"));
	me.who = atoi(getenv("CHAOS_WHO"));
	become(true);
	done(i);
	play_from(i + 1);
	return 0;
}

int main(int argc, char **argv)
{
	int fd;

	signal(SIGPIPE, SIG_IGN);
	if (argc == 6 && !strcmp(argv[1], "resume"))
		return resume(argv);
	if (argc != 4)
		return 2;
	file = argv[1];
	directory = argv[3];
	signal(SIGCHLD, SIG_IGN);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	fd = open(argv[2], O_WRONLY | O_APPEND | O_CREAT, 0666);
	if (fd < 0 || dup2(fd, LOG_FD) < 0)
		return 3;
	close(fd);
	fd = memfd_create("chaos", 0);
	if (fd < 0 || ftruncate(fd, sizeof(*shared)) || dup2(fd, SHARED_FD) < 0)
		return 3;
	close(fd);
	map_shared();
	read_file();
	for (char *at = text; at && *at;) {
		at = parse_program(&program, at);
		me = (struct me){ .program = program.number };
		if (program.ops)
			play();
	}
	return 0;
}
