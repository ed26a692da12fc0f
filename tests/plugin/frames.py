# SPDX-License-Identifier: GPL-3.0-or-later
"""Ethernet frames for the tests that need more than harness.udp()."""
import socket
import struct

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def ip4(src, dst, protocol, payload):
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0, 64,
                       protocol, 0)
    return (bytes(12) + b"\x08\x00" + head + socket.inet_aton(src)
            + socket.inet_aton(dst) + payload)


def ip6(src, dst, protocol, payload):
    head = struct.pack(">IHBB", 6 << 28, len(payload), protocol, 64)
    return (bytes(12) + b"\x86\xdd" + head
            + socket.inet_pton(socket.AF_INET6, src)
            + socket.inet_pton(socket.AF_INET6, dst) + payload)


def ip(src, dst, protocol, payload):
    """Of the version that the addresses are of."""
    return (ip6 if ":" in src else ip4)(src, dst, protocol, payload)


def tcp(src, dst, flags, seq=0, ack=0, payload=b"", sport=40000, dport=40001):
    """A segment; its checksum is not checked by default."""
    head = struct.pack(">HHIIBBHHH", sport, dport, seq, ack, 5 << 4, flags,
                       65535, 0, 0)
    return ip(src, dst, 6, head + payload)


class Flow:
    """A connection as its two ends see it; sequence numbers are absolute."""

    def __init__(self, client, server, sport=40000, dport=40001):
        self.client, self.server = (client, sport), (server, dport)

    def out(self, flags, seq=0, ack=0, payload=b""):
        (src, sport), (dst, dport) = self.client, self.server
        return tcp(src, dst, flags, seq, ack, payload, sport, dport)

    def back(self, flags, seq=0, ack=0, payload=b""):
        (src, sport), (dst, dport) = self.server, self.client
        return tcp(src, dst, flags, seq, ack, payload, sport, dport)
