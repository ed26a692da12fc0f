/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads what /proc says of processes.  Works under any directory descriptor, so it
 * is tested on made-up trees.  A process that vanishes midway is not an error
 * of ours: what was read until then counts.
 */
#ifndef PKTWHO_PROCESS_PROCFS_H
#define PKTWHO_PROCESS_PROCFS_H

#include <stdbool.h>
#include <stdint.h>

#include "record.h"

#define PROCFS_TICK_NS 10000000ull /* USER_HZ is 100 on every Linux */

/*
 * Fills what is known of @pid except its process id; the start time too, from
 * @boot_real_ns, the Unix time of boot.  *@start_ns is nanoseconds since boot,
 * in whole ticks: no more is told.  0, or -ESRCH when there is no such process.
 */
int procfs_read(int proc_fd, uint32_t pid, uint64_t boot_real_ns,
		struct process *p, uint64_t *start_ns);

/*
 * Reads less than procfs_read(), at half its cost: name and parent's id.  A
 * process with a command line (a thread of the kernel has none) has that, too,
 * its ids, and its cgroup with what follows from it.
 */
int procfs_read_brief(int proc_fd, uint32_t pid, struct process *p);

/*
 * The login: systemd's name of it, where its scope is @p's unit, or else the
 * kernel's number, which is the same on most hosts; ~0: nobody logged in.
 */
void procfs_set_session(struct process *p, uint32_t sessionid);

/* A file, wherever it is found; inode 0: not known. */
struct file_id {
	uint64_t dev; /* its file system's, makedev(3); 0: not known */
	uint64_t inode;
	uint64_t changed_ns; /* its ctime, which nobody can set */
	uint32_t generation; /* of the inode number; 0: not known */
};

/* When @pid started, since boot, in whole ticks; 0: there is no such process. */
uint64_t procfs_start(int proc_fd, uint32_t pid);

/* Finds the file that @pid runs, without device and generation. */
struct file_id procfs_exe(int proc_fd, uint32_t pid);

/*
 * The device of an open file's file system as the kernel has it, from
 * mountinfo: overlayfs and btrfs tell stat() others.  0 if it is not known.
 */
uint64_t procfs_device(int fd);

/* True if there is no such process; false also if that cannot be known. */
bool procfs_has_ended(int proc_fd, uint32_t pid);

/*
 * True if the file that @pid runs has no name any more; false if @pid has
 * ended.
 */
bool procfs_exe_deleted(int proc_fd, uint32_t pid);

/* A thread of the kernel, which neither has sockets nor executes anything. */
bool procfs_is_kernel_thread(int proc_fd, uint32_t pid);

/* Calls @fn with each pid there is.  0 or -errno. */
int procfs_each(int proc_fd, void (*fn)(void *ctx, uint32_t pid), void *ctx);

/*
 * Calls @fn for each socket @pid has open, with its inode.  0, -ESRCH or
 * -EACCES.
 */
int procfs_each_socket(int proc_fd, uint32_t pid,
		       void (*fn)(void *ctx, uint64_t inode), void *ctx);

/*
 * Is that process, "self" or "1", in the initial pid namespace?  Else its pids
 * are not those that kernel events have.  True also if it cannot be known.
 */
bool procfs_is_initial(int proc_fd, const char *process);

/* sys/kernel/random/boot_id, as 16 bytes.  0 or -errno. */
int procfs_boot_id(int proc_fd, uint8_t id[16]);

#endif
