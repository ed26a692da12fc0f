// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* VLAN tags for a veth, in a kernel that has no VLAN devices. */
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define ETH_P_8021Q  0x8100
#define ETH_P_8021AD 0x88a8
#define TC_ACT_OK    0

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("tc/push")
int push(struct __sk_buff *skb)
{
	bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), 5);
	return TC_ACT_OK;
}

SEC("tc/push2")
int push2(struct __sk_buff *skb)
{
	bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), 5);
	bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021AD), 7);
	return TC_ACT_OK;
}

/* Popping what is not there changes nothing. */
SEC("tc/pop")
int pop(struct __sk_buff *skb)
{
	bpf_skb_vlan_pop(skb);
	bpf_skb_vlan_pop(skb);
	return TC_ACT_OK;
}
