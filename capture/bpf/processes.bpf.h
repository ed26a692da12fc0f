/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Processes as they start, change and end. */
#ifndef PKTWHO_BPF_PROCESSES_BPF_H
#define PKTWHO_BPF_PROCESSES_BPF_H

#include "bpf/user.bpf.h"

/*
 * Paths are written from their end.  The offset lives in the map's memory
 * (volatile), so each turn of the loop reads it back as an unknown number
 * and the verifier sees one state, not forty.
 */
static __always_inline void put_component(char *buf, __u32 mask, __u32 room,
					  volatile __u32 *at, const void *name,
					  __u32 len)
{
	__u32 off = *at;

	if (off < room)
		return;
	off = (off - (len & 255)) & mask;
	bpf_probe_read_kernel(buf + off, len & 255, name);
	off = (off - 1) & mask;
	buf[off] = '/';
	*at = off;
}

static __always_inline struct mount *mount_of(struct vfsmount *vfs)
{
	return (void *)vfs - bpf_core_field_offset(struct mount, mnt);
}

/*
 * Into @buf of @size bytes and room for one name more; *@at becomes where it
 * begins.  False if it is cut.
 */
static __always_inline bool put_path(char *buf, __u32 size, volatile __u32 *at,
				     struct dentry *d, struct vfsmount *vfs)
{
	struct mount *m = mount_of(vfs);
	struct dentry *parent;

	*at = size - 1;
	buf[size - 1] = '\0';
	for (int i = 0; i < 40; i++) {
		if (d == BPF_CORE_READ(m, mnt.mnt_root)) {
			struct mount *up = BPF_CORE_READ(m, mnt_parent);

			if (up == m)
				return true;
			d = BPF_CORE_READ(m, mnt_mountpoint);
			m = up;
			continue;
		}
		parent = BPF_CORE_READ(d, d_parent);
		if (*at < PROBE_NAME_MAX + 1)
			break;
		put_component(buf, size - 1, PROBE_NAME_MAX + 1, at,
			      BPF_CORE_READ(d, d_name.name),
			      BPF_CORE_READ(d, d_name.len));
		if (parent == d)
			return true; /* no file system: a memfd */
		d = parent;
	}
	return false;
}

static __always_inline void exec_path(struct probe_exec *x, struct file *file)
{
	if (!put_path(x->path, PROBE_PATH_LEN, &x->path_at,
		      BPF_CORE_READ(file, f_path.dentry),
		      BPF_CORE_READ(file, f_path.mnt)))
		x->exe_flags |= PROBE_PATH_CUT;
}

static __always_inline void exec_cwd(struct probe_exec *x,
				     struct task_struct *t)
{
	if (!put_path(x->cwd, PROBE_CWD_LEN, &x->cwd_at,
		      BPF_CORE_READ(t, fs, pwd.dentry),
		      BPF_CORE_READ(t, fs, pwd.mnt)))
		x->exe_flags |= PROBE_CWD_CUT;
}

/* The terminal and the login that it belongs to, if there are any. */
static __always_inline void exec_session(struct probe_exec *x,
					 struct task_struct *t)
{
	struct tty_struct *tty = BPF_CORE_READ(t, signal, tty);

	x->tty[0] = '\0';
	if (tty)
		BPF_CORE_READ_STR_INTO(&x->tty, tty, name);
	x->sessionid = ~0u;
	if (bpf_core_field_exists(t->sessionid))
		x->sessionid = BPF_CORE_READ(t, sessionid);
}

#define CTIME_NSEC 0x7fffffff /* without I_CTIME_QUERIED, Linux 6.13 */

static __always_inline __u64 inode_changed_ns(struct inode *inode)
{
	struct inode___before_6_11 *old = (void *)inode;
	struct inode___before_6_6 *older = (void *)inode;

	if (bpf_core_field_exists(inode->i_ctime_sec))
		return BPF_CORE_READ(inode, i_ctime_sec) * 1000000000 +
		       (BPF_CORE_READ(inode, i_ctime_nsec) & CTIME_NSEC);
	if (bpf_core_field_exists(old->__i_ctime))
		return BPF_CORE_READ(old, __i_ctime.tv_sec) * 1000000000 +
		       (BPF_CORE_READ(old, __i_ctime.tv_nsec) & CTIME_NSEC);
	return BPF_CORE_READ(older, i_ctime.tv_sec) * 1000000000 +
	       BPF_CORE_READ(older, i_ctime.tv_nsec);
}

static __always_inline void exec_exe_flags(struct probe_exec *x,
					   struct file *file)
{
	struct dentry *d = BPF_CORE_READ(file, f_path.dentry);
	struct mount *m = mount_of(BPF_CORE_READ(file, f_path.mnt));
	struct dentry *parent = BPF_CORE_READ(d, d_parent);
	struct inode *inode = BPF_CORE_READ(file, f_inode);

	x->exe_inode = BPF_CORE_READ(inode, i_ino);
	x->exe_dev = BPF_CORE_READ(inode, i_sb, s_dev);
	x->exe_generation = BPF_CORE_READ(inode, i_generation);
	x->exe_changed_ns = inode_changed_ns(inode);
	/* Of a file system that nobody has mounted it is 0. */
	if (BPF_CORE_READ(m, mnt_ns, user_ns, level))
		x->exe_flags |= PROBE_EXE_USER_MOUNT;
	if (BPF_CORE_READ(inode, i_nlink) == 0) {
		x->exe_flags |= PROBE_EXE_DELETED;
		if (parent == d)
			x->exe_flags |= PROBE_EXE_MEMFD;
	} else if ((BPF_CORE_READ(parent, d_inode, i_mode) |
		    BPF_CORE_READ(inode, i_mode)) &
		   S_IWOTH) {
		x->exe_flags |= PROBE_EXE_WORLD_WRITABLE;
	}
}

static __always_inline struct kernfs_node *kernfs_parent(struct kernfs_node *kn)
{
	struct kernfs_node___before_6_15 *old = (void *)kn;

	if (bpf_core_field_exists(kn->__parent))
		return BPF_CORE_READ(kn, __parent);
	return BPF_CORE_READ(old, parent);
}

/*
 * The unified hierarchy's cgroup, or where that is the root the one of
 * version 1's memory controller, under which container runtimes put theirs.
 */
static __always_inline struct kernfs_node *cgroup_of(struct task_struct *t)
{
	struct kernfs_node *kn = BPF_CORE_READ(t, cgroups, dfl_cgrp, kn);
	struct cgroup_subsys_state *css = NULL;
	struct css_set *set;
	int i;

	if (kernfs_parent(kn) ||
	    !bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id))
		return kn;
	i = bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);
	set = BPF_CORE_READ(t, cgroups);
	bpf_core_read(&css, sizeof(css), &set->subsys[i]);
	return css ? BPF_CORE_READ(css, cgroup, kn) : kn;
}

static __always_inline void exec_cgroup(struct probe_exec *x,
					struct task_struct *t)
{
	struct kernfs_node *kn = cgroup_of(t);
	volatile __u32 *at = &x->cgroup_at;
	struct kernfs_node *parent;
	const char *from;
	long n;

	*at = PROBE_CGROUP_LEN - 1;
	x->cgroup[PROBE_CGROUP_LEN - 1] = '\0';
	for (int i = 0; i < 32; i++) {
		parent = kernfs_parent(kn);
		if (!parent)
			return;
		from = BPF_CORE_READ(kn, name);
		/* Only to know its length: what args are for comes later. */
		n = bpf_probe_read_kernel_str(x->args, PROBE_NAME_MAX, from);
		if (n <= 1)
			return;
		put_component(x->cgroup, PROBE_CGROUP_LEN - 1,
			      PROBE_NAME_MAX + 1, at, from, n - 1);
		kn = parent;
	}
}

static __always_inline void exec_args(struct probe_exec *x,
				      struct task_struct *t)
{
	unsigned long start = BPF_CORE_READ(t, mm, arg_start);
	unsigned long len = BPF_CORE_READ(t, mm, arg_end) - start;

	if (len > PROBE_ARGS_LEN - 1) {
		len = PROBE_ARGS_LEN - 1;
		x->exe_flags |= PROBE_ARGS_CUT;
	}
	len &= PROBE_ARGS_LEN - 1;
	if (bpf_probe_read_user(x->args, len, (void *)start))
		len = 0;
	x->args_len = len;
}

static __always_inline void exec_namespaces(struct probe_exec *x,
					    struct task_struct *t)
{
	struct pid *pid = BPF_CORE_READ(t, thread_pid);
	unsigned int level = BPF_CORE_READ(pid, level);
	/* An element is the kernel's size, which ours is not. */
	struct upid *upid = (void *)pid->numbers +
			    level * bpf_core_type_size(struct upid);

	x->vpid = BPF_CORE_READ(upid, nr);
	x->netns_ino = BPF_CORE_READ(t, nsproxy, net_ns, ns.inum);
	x->loginuid = ~0u;
	if (bpf_core_field_exists(t->loginuid))
		x->loginuid = BPF_CORE_READ(t, loginuid.val);
}

/* NULL never, but the verifier does not know. */
static __always_inline struct probe_exec *exec_begin(__u8 kind,
						     struct task_struct *t)
{
	struct probe_exec *x;
	__u32 zero = 0;

	x = bpf_map_lookup_elem(&exec_scratch, &zero);
	if (!x)
		return NULL;
	__builtin_memset(&x->event, 0, sizeof(x->event));
	x->event.kind = kind;
	x->event.ts_ns = bpf_ktime_get_ns();
	fill_owner(&x->event.owner, t);
	note_told(&x->event.owner);
	return x;
}

static __always_inline void exec_submit(struct probe_exec *x, __u32 args_len,
					__u64 wake)
{
	__u32 size = __builtin_offsetof(struct probe_exec, args) +
		     (args_len & (PROBE_ARGS_LEN - 1));

	if (bpf_ringbuf_output(&events, x, size, wake))
		__sync_fetch_and_add(&lost, 1);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *t, int old_pid,
	     struct linux_binprm *bprm)
{
	struct file *file = BPF_CORE_READ(bprm, file);
	struct task_struct *parent = BPF_CORE_READ(t, real_parent);
	struct probe_exec *x = exec_begin(PROBE_EXEC, t);

	if (!x)
		return 0;
	renamed_ns[(__u32)t->tgid % PROBE_FORKERS] = x->event.ts_ns;
	x->ppid = BPF_CORE_READ(parent, tgid);
	BPF_CORE_READ_STR_INTO(&x->pcomm, parent, group_leader, comm);
	x->exe_flags = 0;
	exec_namespaces(x, t);
	exec_exe_flags(x, file);
	exec_path(x, file);
	exec_cwd(x, t);
	exec_session(x, t);
	exec_cgroup(x, t);
	exec_args(x, t);
	exec_submit(x, x->args_len,
		    wake_at_exec ? BPF_RB_FORCE_WAKEUP : wakeup());
	return 0;
}

/*
 * A service's or container's process goes there before it executes; a session's
 * may go at any time.
 */
SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(on_move, struct cgroup *to, const char *path,
	     struct task_struct *t)
{
	struct probe_exec *x;

	/* A thread alone, or by a controller whose cgroups nobody is told of. */
	if (t->tgid != t->pid || BPF_CORE_READ(to, kn) != cgroup_of(t))
		return 0;
	x = exec_begin(PROBE_MOVED, t);
	if (!x)
		return 0;
	x->cgroup_at = 0;
	bpf_probe_read_kernel_str(x->cgroup, PROBE_CGROUP_LEN, path);
	exec_submit(x, 0, wakeup());
	return 0;
}

static __always_inline int tell_task(__u8 kind, struct task_struct *t,
				     __u32 parent_tgid, __u32 exit_status)
{
	struct probe_event *e = event_begin(kind);

	if (!e)
		return 0;
	fill_owner(&e->owner, t);
	if (kind == PROBE_FORK)
		note_told(&e->owner);
	e->parent_tgid = parent_tgid;
	e->exit_status = exit_status;
	bpf_ringbuf_submit(e, wakeup());
	return 0;
}

static __always_inline void share_table(__u32 parent, __u32 child)
{
	const __u8 yes = 1;

	bpf_map_update_elem(&table_sharers, &parent, &yes, BPF_ANY);
	bpf_map_update_elem(&table_sharers, &child, &yes, BPF_ANY);
	tables_shared = bpf_jiffies64();
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	if (child->tgid != child->pid)
		return 0; /* a thread */
	note_fork(parent);
	if (child->files == parent->files && !(child->flags & PF_KTHREAD))
		share_table(parent->tgid, child->tgid);
	return tell_task(PROBE_FORK, child, parent->tgid, 0);
}

/* The process ends with its last thread, whichever that is. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *t)
{
	int status = t->exit_code, group;

	if (BPF_CORE_READ(t, signal, live.counter) != 0)
		return 0;
	group = BPF_CORE_READ(t, signal, group_exit_code);
	if (group)
		status = group;
	return tell_task(PROBE_EXIT, t, 0, status);
}

/*
 * exec names the task after the file some time before it is told of, and what
 * is sent meanwhile would be of the old program under the new name.
 */
static __always_inline bool executes(struct task_struct *t)
{
	return bpf_core_field_exists(t->in_execve) &&
	       BPF_CORE_READ_BITFIELD_PROBED(t, in_execve);
}

/* prctl(PR_SET_NAME) of the group leader; the thread names itself. */
SEC("tp_btf/task_rename")
int BPF_PROG(on_rename, struct task_struct *t, const char *comm)
{
	struct probe_event *e;

	if (t->tgid != t->pid || executes(t))
		return 0;
	e = event_begin(PROBE_RENAME);
	if (!e)
		return 0;
	fill_owner(&e->owner, t);
	note_told(&e->owner);
	renamed_ns[(__u32)t->tgid % PROBE_FORKERS] = e->ts_ns;
	bpf_probe_read_kernel_str(e->owner.comm, sizeof(e->owner.comm), comm);
	bpf_ringbuf_submit(e, wakeup());
	return 0;
}

#endif
