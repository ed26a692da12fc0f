/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Nothing, at each hook that a packet passes while pktwho captures. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("cgroup_skb/egress")
int on_egress(struct __sk_buff *skb)
{
	return 1;
}

SEC("cgroup_skb/ingress")
int on_ingress(struct __sk_buff *skb)
{
	return 1;
}

SEC("tp_btf/sock_send_length")
int on_send_length(const void *arguments)
{
	return 0;
}

SEC("tp_btf/sock_recv_length")
int on_recv_length(const void *arguments)
{
	return 0;
}

SEC("tp_btf/net_dev_queue")
int on_dev_queue(const void *arguments)
{
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
