/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Filters: for the kernel as far as it can apply them, for us the rest. */
#include "interface/source_parts.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/if_arp.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>

#include "host/log.h"

#define SLL2_BYTES 20
#define SLL_BYTES  16
#define BESIDE	   ((uint32_t)SKF_AD_OFF)

/*
 * The kernel filters before the cooked header is there.  What a filter asks of
 * it, the kernel knows beside the packet, or not at all.
 */
static bool without_header(struct sock_filter *f, bool sll2)
{
	uint32_t header = sll2 ? SLL2_BYTES : SLL_BYTES;
	uint32_t protocol = sll2 ? 0 : 14, type = sll2 ? 10 : 0;
	uint32_t mode = BPF_MODE(f->code);

	if ((BPF_CLASS(f->code) != BPF_LD && BPF_CLASS(f->code) != BPF_LDX) ||
	    (mode != BPF_ABS && mode != BPF_IND && mode != BPF_MSH) ||
	    f->k >= BESIDE)
		return true;
	if (f->k >= header)
		f->k -= header;
	else if (f->k == protocol)
		f->k = BESIDE + SKF_AD_PROTOCOL;
	else if (f->k == type)
		f->k = BESIDE + SKF_AD_PKTTYPE;
	else if (sll2 && f->k == 4)
		f->k = BESIDE + SKF_AD_IFINDEX;
	else if (sll2 && f->k == 8)
		f->k = BESIDE + SKF_AD_HATYPE;
	else
		return false;
	return true;
}

void source_filter_put_loopback_once(struct sock_fprog *kernel)
{
	static const struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, BESIDE + SKF_AD_PKTTYPE),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, BESIDE + SKF_AD_HATYPE),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARPHRD_LOOPBACK, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};

	memcpy(kernel->filter, code, sizeof(code));
	kernel->len = sizeof(code) / sizeof(*code);
}

/* Appends the program for the kernel; false if it cannot apply it. */
static bool append_for_kernel(int dlt, const struct bpf_program *program,
			      struct sock_fprog *kernel)
{
	bool cooked = dlt == DLT_LINUX_SLL || dlt == DLT_LINUX_SLL2;
	struct sock_filter *f = kernel->filter + kernel->len;

	if (program->bf_len + kernel->len > BPF_MAXINSNS)
		return false;
	memcpy(f, program->bf_insns, program->bf_len * sizeof(*f));
	for (unsigned i = 0; cooked && i < program->bf_len; i++)
		if (!without_header(&f[i], dlt == DLT_LINUX_SLL2))
			return false;
	kernel->len += (unsigned short)program->bf_len;
	return true;
}

/*
 * True if it asks for what stands beside a packet, which only the kernel knows.
 */
static bool asks_beside(const struct bpf_program *program)
{
	for (unsigned i = 0; i < program->bf_len; i++) {
		const struct bpf_insn *f = &program->bf_insns[i];

		if (BPF_CLASS(f->code) == BPF_LD && f->k >= BESIDE &&
		    BPF_MODE(f->code) == BPF_ABS)
			return true;
	}
	return false;
}

/*
 * A VLAN's tag stands beside its packet, too; libpcap knows that only of a
 * capture that runs.
 */
static pcap_t *open_compiler(const struct source_filter *f)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	pcap_t *pcap;

	if (!strstr(f->text, "vlan"))
		return pcap_open_dead(f->dlt, (int)f->snaplen);
	pcap = pcap_create(f->device, errbuf);
	if (!pcap)
		return NULL;
	if (!pcap_set_snaplen(pcap, (int)f->snaplen) &&
	    pcap_activate(pcap) >= 0 && !pcap_set_datalink(pcap, f->dlt))
		return pcap;
	pcap_close(pcap);
	return NULL;
}

int source_filter_compile(const struct source_filter *f,
			  struct sock_fprog *kernel, struct bpf_program *ours)
{
	pcap_t *pcap = open_compiler(f);
	struct bpf_program program;
	int err;

	if (!pcap) {
		log_error("cannot compile a filter for %s", f->device);
		return -ENOMEM;
	}
	err = pcap_compile(pcap, &program, f->text, 1, PCAP_NETMASK_UNKNOWN);
	if (err)
		log_error("bad filter \"%s\": %s: see pcap-filter(7)", f->text,
			  pcap_geterr(pcap));
	pcap_close(pcap);
	if (err)
		return -EINVAL;
	if (append_for_kernel(f->dlt, &program, kernel)) {
		pcap_freecode(&program);
		return 0;
	}
	*ours = program;
	kernel->filter[kernel->len++] = (struct sock_filter)
		BPF_STMT(BPF_RET | BPF_K, f->snaplen);
	if (!asks_beside(&program))
		return 0;
	log_error("the filter is too long for the kernel, which takes %d "
		  "instructions; without direction and VLAN any longer ones "
		  "work",
		  BPF_MAXINSNS);
	return -EINVAL;
}

static int compile_without_capture(const char *device, const char *filter,
				   struct bpf_program *program, char *why,
				   size_t size)
{
	struct source_dlt dlt;
	pcap_t *pcap;
	int err;

	source_guess_dlt(device, &dlt);
	pcap = pcap_open_dead(dlt.number, 262144);
	if (!pcap) {
		snprintf(why, size, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	err = pcap_compile(pcap, program, filter, 1, PCAP_NETMASK_UNKNOWN);
	if (err)
		snprintf(why, size, "%s", pcap_geterr(pcap));
	pcap_close(pcap);
	return err ? -EINVAL : 0;
}

int source_check_filter(const char *device, const char *filter, char *why,
			size_t size)
{
	struct bpf_program program;

	if (compile_without_capture(device, filter, &program, why, size))
		return -EINVAL;
	pcap_freecode(&program);
	return 0;
}

int source_print_filter(const char *device, const char *filter)
{
	char why[PCAP_ERRBUF_SIZE];
	struct bpf_program program;
	int err;

	if (!filter)
		filter = "";
	err = compile_without_capture(device, filter, &program, why,
				      sizeof(why));
	if (err) {
		log_error("bad filter \"%s\": %s: see pcap-filter(7)", filter,
			  why);
		return err;
	}
	bpf_dump(&program, 1);
	pcap_freecode(&program);
	return 0;
}
