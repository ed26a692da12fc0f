/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files, links and folders of /proc. */
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

#define INITIAL_PID_NS 0xEFFFFFFCu /* PROC_PID_INIT_INO, linux/proc_ns.h */
#define KERNEL_THREAD  0x00200000u /* PF_KTHREAD, include/linux/sched.h */

int procfs_read_file(int dir, const char *name, char *buf, size_t size)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC), err;
	size_t len = 0;
	ssize_t n = 0;

	if (fd < 0)
		return -errno;
	while (len < size - 1) {
		n = read(fd, buf + len, size - 1 - len);
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	err = n < 0 ? -errno : (int)len;
	close(fd);
	buf[len] = '\0';
	return err;
}

int procfs_read_link(int dir, const char *name, char *buf, size_t size)
{
	ssize_t n = readlinkat(dir, name, buf, size - 1);

	if (n < 0)
		return -errno;
	buf[n] = '\0';
	return (int)n;
}

/* True if the process runs the file that it sees under this name. */
static bool is_exe_named(int dir, const char *exepath)
{
	char path[4096 + 32];
	struct stat exe, file;

	snprintf(path, sizeof(path), "root%s", exepath);
	return !fstatat(dir, "exe", &exe, 0) && !fstatat(dir, path, &file, 0) &&
	       exe.st_dev == file.st_dev && exe.st_ino == file.st_ino;
}

bool procfs_cut_deleted(int dir, char *exepath)
{
	static const char deleted[] = " (deleted)";
	size_t len = strlen(exepath), cut = sizeof(deleted) - 1;

	if (len <= cut || strcmp(exepath + len - cut, deleted) ||
	    is_exe_named(dir, exepath))
		return false;
	exepath[len - cut] = '\0';
	return true;
}

int procfs_open_pid(int proc_fd, uint32_t pid)
{
	char name[16];

	snprintf(name, sizeof(name), "%" PRIu32, pid);
	return openat(proc_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

DIR *procfs_open_dir(int at, const char *path)
{
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d && fd >= 0)
		close(fd);
	return d;
}

struct file_id procfs_exe(int proc_fd, uint32_t pid)
{
	struct stat st;
	char name[32];

	snprintf(name, sizeof(name), "%" PRIu32 "/exe", pid);
	if (fstatat(proc_fd, name, &st, 0))
		return (struct file_id){ 0 };
	return (struct file_id){
		.inode = st.st_ino,
		.changed_ns = (uint64_t)st.st_ctim.tv_sec * 1000000000 +
			      (uint64_t)st.st_ctim.tv_nsec,
	};
}

uint64_t procfs_device(int fd)
{
	unsigned long long mount;
	unsigned int high, low;
	uint64_t device = 0;
	struct statx st;
	char line[4096];
	FILE *f;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) ||
	    !(st.stx_mask & STATX_MNT_ID))
		return 0;
	f = fopen("/proc/self/mountinfo", "re");
	while (f && !device && fgets(line, sizeof(line), f))
		if (sscanf(line, "%llu %*u %u:%u", &mount, &high, &low) == 3 &&
		    mount == st.stx_mnt_id)
			device = makedev(high, low);
	if (f)
		fclose(f);
	return device;
}

bool procfs_is_initial(int proc_fd, const char *process)
{
	char name[32];
	struct stat st;

	snprintf(name, sizeof(name), "%s/ns/pid", process);
	return fstatat(proc_fd, name, &st, 0) || st.st_ino == INITIAL_PID_NS;
}

bool procfs_has_ended(int proc_fd, uint32_t pid)
{
	char name[16];

	snprintf(name, sizeof(name), "%" PRIu32, pid);
	return faccessat(proc_fd, name, F_OK, 0) && errno == ENOENT;
}

bool procfs_exe_deleted(int proc_fd, uint32_t pid)
{
	int dir = procfs_open_pid(proc_fd, pid);
	char path[4096 + 16];
	bool deleted;

	deleted = dir >= 0 &&
		  procfs_read_link(dir, "exe", path, sizeof(path)) > 0 &&
		  procfs_cut_deleted(dir, path);
	if (dir >= 0)
		close(dir);
	return deleted;
}

bool procfs_is_kernel_thread(int proc_fd, uint32_t pid)
{
	char name[32], stat[1024];
	const char *fields;
	unsigned flags = 0;

	snprintf(name, sizeof(name), "%" PRIu32 "/stat", pid);
	if (procfs_read_file(proc_fd, name, stat, sizeof(stat)) < 0)
		return false;
	fields = strrchr(stat, ')');
	return fields &&
	       sscanf(fields, ") %*c %*d %*d %*d %*d %*d %u", &flags) == 1 &&
	       flags & KERNEL_THREAD;
}

int procfs_each(int proc_fd, void (*fn)(void *ctx, uint32_t pid), void *ctx)
{
	DIR *d = procfs_open_dir(proc_fd, ".");
	struct dirent *e;

	if (!d)
		return -errno;
	while ((e = readdir(d)))
		if (isdigit((unsigned char)e->d_name[0]))
			fn(ctx, (uint32_t)strtoul(e->d_name, NULL, 10));
	closedir(d);
	return 0;
}

int procfs_each_socket(int proc_fd, uint32_t pid,
		       void (*fn)(void *ctx, uint64_t inode), void *ctx)
{
	char name[64], link[64];
	struct dirent *e;
	uint64_t inode;
	DIR *d;

	snprintf(name, sizeof(name), "%" PRIu32 "/fd", pid);
	d = procfs_open_dir(proc_fd, name);
	if (!d)
		return errno == EACCES || errno == EPERM ? -EACCES : -ESRCH;
	while ((e = readdir(d)))
		if (procfs_read_link(dirfd(d), e->d_name, link, sizeof(link)) >
			    0 &&
		    sscanf(link, "socket:[%" SCNu64 "]", &inode) == 1)
			fn(ctx, inode);
	closedir(d);
	return 0;
}

int procfs_boot_id(int proc_fd, uint8_t id[16])
{
	char buf[64];
	int n = procfs_read_file(proc_fd, "sys/kernel/random/boot_id", buf,
				 sizeof(buf));
	size_t at = 0;

	if (n < 0)
		return n;
	for (const char *s = buf; *s && at < 16;) {
		unsigned int byte;

		if (*s == '-') {
			s++;
			continue;
		}
		if (sscanf(s, "%2x", &byte) != 1)
			return -EBADMSG;
		id[at++] = (uint8_t)byte;
		s += 2;
	}
	return at == 16 ? 0 : -EBADMSG;
}
