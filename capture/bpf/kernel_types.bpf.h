/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The few kernel structures the probe reads, and of them only the fields it
 * reads: CO-RE finds the offsets in the running kernel's BTF when the program
 * is loaded.  Names and types are the kernel's (Linux 6.18); what older or
 * newer kernels call differently is behind an accessor where it is read.
 */
#ifndef PKTWHO_BPF_KERNEL_TYPES_BPF_H
#define PKTWHO_BPF_KERNEL_TYPES_BPF_H

#pragma clang attribute push(__attribute__((preserve_access_index)), \
			     apply_to = record)

/* clang-format off */
typedef struct { __u32 val; } kuid_t;
typedef struct { __u32 val; } kgid_t;

struct ns_common { unsigned int inum; };
struct net { struct ns_common ns; __u64 net_cookie; };
struct pid_namespace { struct ns_common ns; };
struct nsproxy { struct net *net_ns; };
typedef struct { struct net *net; } possible_net_t;

struct in6_addr { union { __u8 u6_addr8[16]; __u32 u6_addr32[4]; } in6_u; };

typedef struct { __s64 counter; } atomic64_t;
typedef struct { int counter; } atomic_t;

struct sock_common {
	__u32 skc_daddr;
	__u32 skc_rcv_saddr;
	__u16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	atomic64_t skc_cookie;
};

typedef struct { int owned; } socket_lock_t;

struct sk_buff_head { struct sk_buff *next, *prev; __u32 qlen; };

struct sock {
	struct sock_common __sk_common;
	socket_lock_t sk_lock;
	struct sk_buff_head sk_receive_queue;
	struct { atomic_t rmem_alloc; int len; } sk_backlog;
	int sk_rcvbuf;
	__u16 sk_type;
	__u16 sk_protocol;
	struct sk_filter *sk_filter;
	struct socket *sk_socket;
};

struct udp_sock { int pending; struct sk_buff_head reader_queue; };
struct tcp_sock {
	__u32 copied_seq, rcv_nxt, write_seq, snd_nxt, snd_una;
	__u64 bytes_acked;
	struct { __u32 seq; } rcvq_space;
	bool is_mptcp;
	struct { struct rb_node *rb_node; } out_of_order_queue;
};
struct inet_connection_sock { void *icsk_ulp_data; };
struct mptcp_subflow_context { struct sock *conn; };

struct list_head { struct list_head *next; };
struct mptcp_sock {
	struct sock *first;
	__u64 write_seq, snd_nxt, ack_seq;
	struct list_head conn_list;
	__u32 backlog_len;	/* Linux 6.19 */
};
struct mptcp_skb_cb { __u64 end_seq; __u32 offset; };
struct mptcp_sock___before_6_15 { struct sk_buff_head receive_queue; };
struct packet_sock { __u16 num; };

struct socket { struct file *file; struct sock *sk; };

struct sk_buff {
	struct sock *sk;
	unsigned int len, data_len;
	__u16 protocol;
	__u16 network_header;
	__u32 tail;		/* an offset, where pointers have 64 bits */
	unsigned char *head;
	char cb[48];
};

struct nf_hook_state { __u8 hook; };
struct bpf_nf_ctx { const struct nf_hook_state *state; struct sk_buff *skb; };

struct qstr { __u32 len; const unsigned char *name; };
struct super_block { __u32 s_dev; unsigned long s_magic; };
struct inode {
	unsigned short i_mode;
	unsigned int i_nlink;
	__s64 i_ctime_sec;
	__u32 i_ctime_nsec;
	__u32 i_generation;
	unsigned long i_ino;
	struct super_block *i_sb;
};
struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
};
struct vfsmount { struct dentry *mnt_root; };
struct user_namespace { int level; };
struct mnt_namespace { struct user_namespace *user_ns; };
struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	struct mnt_namespace *mnt_ns;
};
struct path { struct vfsmount *mnt; struct dentry *dentry; };
typedef struct { atomic64_t refcnt; } file_ref_t;
struct file {
	struct path f_path;
	struct inode *f_inode;
	void *private_data;
	file_ref_t f_ref;
};
struct linux_binprm { struct file *file; };

struct fdtable { unsigned int max_fds; struct file **fd; };
struct files_struct { atomic_t count; struct fdtable *fdt; };

struct upid { int nr; };
struct pid { unsigned int level; struct upid numbers[]; };

struct kernfs_node {
	struct kernfs_node *__parent;
	const char *name;
};
struct cgroup { struct kernfs_node *kn; };
struct cgroup_subsys_state { struct cgroup *cgroup; };
struct css_set {
	struct cgroup_subsys_state *subsys[1];
	struct cgroup *dfl_cgrp;
};
enum cgroup_subsys_id { memory_cgrp_id = 1 };

struct cred { kuid_t euid; kgid_t egid; };
struct mm_struct { unsigned long arg_start, arg_end; struct file *exe_file; };
struct tty_struct { char name[64]; };
struct signal_struct {
	atomic_t live;
	int nr_threads, group_exit_code;
	struct tty_struct *tty;
};
struct fs_struct { struct path pwd; };

#ifdef __TARGET_ARCH_arm64
struct pt_regs { __u64 regs[31]; __u64 orig_x0; __s32 syscallno; };
struct thread_info { unsigned long flags; };
#else
struct pt_regs { unsigned long ax, dx, si, di, orig_ax; };
struct thread_info { unsigned long flags; __u32 status; };
#endif

struct task_struct {
	struct thread_info thread_info;
	void *stack;
	unsigned int flags;
	int exit_code;
	int pid;
	int tgid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	__u64 start_boottime;
	__u64 self_exec_id;
	struct io_uring_task *io_uring;
	unsigned int in_execve : 1;
	const struct cred *cred;
	char comm[16];
	struct mm_struct *mm;
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	struct css_set *cgroups;
	kuid_t loginuid;
	unsigned int sessionid;
	struct fs_struct *fs;
};

struct seq_file;
struct bpf_iter_meta { struct seq_file *seq; };
struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file *file;
};

/* The time of an inode's last change, until Linux 6.11 and 6.6. */
struct timespec64 { __s64 tv_sec; long tv_nsec; };
struct inode___before_6_11 { struct timespec64 __i_ctime; };
struct inode___before_6_6 { struct timespec64 i_ctime; };

/* A file's references were counted from 1 until Linux 6.13. */
struct file___before_6_13 { atomic64_t f_count; };

/* The kernfs parent was a plain pointer until Linux 6.15. */
struct kernfs_node___before_6_15 { struct kernfs_node *parent; };
/* clang-format on */

#pragma clang attribute pop

/* Numbers of the kernel and of protocols, as the headers of BPF lack them. */
#define SKB_OVERHEAD		     576 /* a buffer is larger by that, at least */
#define MSG_PEEK		     2
#define MSG_CONTROLLEN		     40 /* in a struct msghdr of 64 bits */
#define MSG_ERRQUEUE		     0x2000
#define SOCK_STREAM		     1
#define SOCK_RAW		     3
#define AF_UNIX			     1
#define AF_INET			     2
#define AF_INET6		     10
#define AF_PACKET		     17
#define LOOPBACK_IFINDEX	     1 /* in each network namespace */
#define PACKET_HOST		     0 /* for us alone */
#define ETH_P_ALL		     0x0003
#define ETH_P_IP		     0x0800
#define ETH_P_IPV6		     0x86dd
#define IPPROTO_HOPOPTS		     0
#define IPPROTO_ICMP		     1
#define IPPROTO_TCP		     6
#define IPPROTO_UDP		     17
#define IPPROTO_DCCP		     33
#define IPPROTO_ROUTING		     43
#define IPPROTO_FRAGMENT	     44
#define IPPROTO_ICMPV6		     58
#define IPPROTO_DSTOPTS		     60
#define IPPROTO_SCTP		     132
#define IPPROTO_UDPLITE		     136
#define IPPROTO_MPTCP		     262
#define ICMP_ECHOREPLY		     0
#define ICMP_ECHO		     8
#define ICMP_TIMESTAMP		     13
#define ICMP_ADDRESSREPLY	     18
#define ICMPV6_ECHO_REQUEST	     128
#define ICMPV6_ECHO_REPLY	     129
#define MLD_QUERY		     130
#define MLD_REDUCTION		     132
#define NDISC_NEIGHBOUR_SOLICITATION 135
#define NDISC_REDIRECT		     137
#define MLD2_REPORT		     143
#define IP_OFFSET		     0x1fff
#define IP6_OFFSET		     0xfff8
#define TCP_OFFSET		     12 /* of data, in the header; the flags follow */
#define TCP_SYN			     0x02
#define NF_ACCEPT		     1
#define NF_INET_LOCAL_OUT	     3
#define NF_INET_POST_ROUTING	     4
#define PF_EXITING		     0x00000004
#define PF_IO_WORKER		     0x00000010
#define PF_KTHREAD		     0x00200000
#define TS_COMPAT		     2
#define ENOSYS			     38
#define S_IWOTH			     2

#endif
