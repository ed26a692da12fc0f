/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Numbers of the kernel and of protocols, as the headers of BPF lack them. */
#ifndef PKTWHO_BPF_NUMBERS_BPF_H
#define PKTWHO_BPF_NUMBERS_BPF_H

#define SKB_OVERHEAD	576	/* a buffer is larger by that, at least */
#define MSG_PEEK	2
#define MSG_CONTROLLEN	40	/* in a struct msghdr of 64 bits */
#define MSG_ERRQUEUE 0x2000
#define SOCK_STREAM	1
#define SOCK_RAW	3
#define AF_UNIX		1
#define AF_INET		2
#define AF_INET6	10
#define AF_PACKET	17
#define LOOPBACK_IFINDEX 1	/* in each network namespace */
#define PACKET_HOST	0	/* for us alone */
#define ETH_P_ALL	0x0003
#define ETH_P_IP	0x0800
#define ETH_P_IPV6	0x86dd
#define IPPROTO_HOPOPTS	0
#define IPPROTO_ICMP	1
#define IPPROTO_TCP	6
#define IPPROTO_UDP	17
#define IPPROTO_DCCP	33
#define IPPROTO_ROUTING	43
#define IPPROTO_FRAGMENT 44
#define IPPROTO_ICMPV6	58
#define IPPROTO_DSTOPTS	60
#define IPPROTO_SCTP	132
#define IPPROTO_UDPLITE	136
#define IPPROTO_MPTCP	262
#define ICMP_ECHOREPLY	0
#define ICMP_ECHO	8
#define ICMP_TIMESTAMP	13
#define ICMP_ADDRESSREPLY 18
#define ICMPV6_ECHO_REQUEST 128
#define ICMPV6_ECHO_REPLY   129
#define MLD_QUERY	130
#define MLD_REDUCTION	132
#define NDISC_NEIGHBOUR_SOLICITATION 135
#define NDISC_REDIRECT	137
#define MLD2_REPORT	143
#define IP_OFFSET	0x1fff
#define IP6_OFFSET	0xfff8
#define TCP_OFFSET	12	/* of data, in the header; the flags follow */
#define TCP_SYN		0x02
#define NF_ACCEPT	1
#define NF_INET_LOCAL_OUT 3
#define NF_INET_POST_ROUTING 4
#define PF_EXITING	0x00000004
#define PF_IO_WORKER	0x00000010
#define PF_KTHREAD	0x00200000
#define TS_COMPAT	2
#define ENOSYS		38
#define S_IWOTH		2

#endif
