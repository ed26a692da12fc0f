/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Numbers from the PCAPNG specification (draft-ietf-opsawg-pcapng), with the
 * section that defines each.  Constants only.
 */
#ifndef PKTWHO_PCAPNG_H
#define PKTWHO_PCAPNG_H

/* Block types, section 4. */
#define PCAPNG_BLOCK_SHB 0x0A0D0D0Au /* 4.1 Section Header */
#define PCAPNG_BLOCK_IDB 0x00000001u /* 4.2 Interface Description */
#define PCAPNG_BLOCK_NRB 0x00000004u /* 4.5 Name Resolution */
#define PCAPNG_BLOCK_EPB 0x00000006u /* 4.3 Enhanced Packet */
#define PCAPNG_BLOCK_ISB 0x00000005u /* 4.6 Interface Statistics */
#define PCAPNG_BLOCK_DSB 0x0000000Au /* 4.7 Decryption Secrets */
#define PCAPNG_BLOCK_CB	 0x00000BADu /* 4.9 Custom, may be copied */

#define PCAPNG_BYTE_ORDER_MAGIC 0x1A2B3C4Du /* 4.1 */
#define PCAPNG_VERSION_MAJOR	1
#define PCAPNG_VERSION_MINOR	0

/* Options of every block, section 3.5. */
#define PCAPNG_OPT_END	      0
#define PCAPNG_OPT_COMMENT    1
#define PCAPNG_OPT_CUSTOM_BIN 2989 /* 3.5.1, may be copied */

/* Section Header options, 4.1. */
#define PCAPNG_SHB_HARDWARE 2
#define PCAPNG_SHB_OS	    3
#define PCAPNG_SHB_USERAPPL 4

/* Interface Description options, 4.2. */
#define PCAPNG_IF_NAME	   2
#define PCAPNG_IF_IPV4ADDR 4 /* and mask */
#define PCAPNG_IF_IPV6ADDR 5 /* and prefix's length */
#define PCAPNG_IF_MACADDR  6
#define PCAPNG_IF_TSRESOL  9
#define PCAPNG_IF_FILTER   11
#define PCAPNG_IF_OS	   12
#define PCAPNG_IF_HARDWARE 15

#define PCAPNG_TSRESOL_NS    9 /* if_tsresol: 10^-9 s */
#define PCAPNG_FILTER_STRING 0 /* if_filter: libpcap filter text */

/* Enhanced Packet options, 4.3. */
#define PCAPNG_EPB_FLAGS	      2 /* 4.3.1 */
#define PCAPNG_EPB_PACKETID	      5 /* u64 */
#define PCAPNG_EPB_PROCESSID_THREADID 8 /* u32 pid, u32 tid */

#define PCAPNG_EPB_FLAG_INBOUND	 1u
#define PCAPNG_EPB_FLAG_OUTBOUND 2u

#define PCAPNG_DSB_TLS_KEYS 0x544c534bu /* 4.7: NSS's key log */

/* Records of names, 4.5. */
#define PCAPNG_NRB_IPV4 1
#define PCAPNG_NRB_IPV6 2

/* Interface Statistics options, 4.6. */
#define PCAPNG_ISB_STARTTIME 2
#define PCAPNG_ISB_ENDTIME   3
#define PCAPNG_ISB_IFRECV    4
#define PCAPNG_ISB_IFDROP    5
#define PCAPNG_ISB_OSDROP    7
#define PCAPNG_ISB_USRDELIV  8

/* Wireshark neither writes nor passes on a larger block (wiretap/pcapng.c). */
#define PCAPNG_MAX_BLOCK 262144u

/*
 * Our Private Enterprise Number, the owner of custom options and blocks.
 * 32473 is reserved for documentation (RFC 5612) and stands in until IANA
 * assigns one; our payloads begin with a signature of their own (record.h).
 */
#define PKTWHO_PEN 32473u

#endif
