# SPDX-License-Identifier: GPL-3.0-or-later
"""Packets made by hand, and a socket that puts them on the wire unseen."""
import socket
import struct

PACKET_QDISC_BYPASS = 20
SOL_PACKET = 263


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ipv4(src, dst, proto, payload, options=b""):
    head = struct.pack(">BBHHHBBH4s4s", 0x45 + len(options) // 4, 0,
                       20 + len(options) + len(payload), 7, 0, 64, proto, 0,
                       socket.inet_aton(src), socket.inet_aton(dst)) + options
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def ipv6(src, dst, proto, payload):
    return struct.pack(">IHBB16s16s", 6 << 28, len(payload), proto, 64,
                       socket.inet_pton(socket.AF_INET6, src),
                       socket.inet_pton(socket.AF_INET6, dst)) + payload


def udp(sport, dport, payload, summed=0):
    """Without a checksum, as IPv4 allows, or any."""
    return struct.pack(">HHHH", sport, dport, 8 + len(payload),
                       summed) + payload


def udp_checksum(src, dst, datagram):
    """Of one of either family."""
    family = socket.AF_INET6 if ":" in src else socket.AF_INET
    return checksum(socket.inet_pton(family, src) +
                    socket.inet_pton(family, dst) +
                    struct.pack(">HH", 17, len(datagram)) + datagram +
                    bytes(len(datagram) % 2))


def tcp(sport, dport, payload):
    return struct.pack(">HHIIBBHHH", sport, dport, 1, 1, 0x50, 0x18, 1000, 0,
                       0) + payload


def ethernet(dst, src, ethertype, payload):
    return dst + src + struct.pack(">H", ethertype) + payload


def mac_of(namespace, device="veth0"):
    address = namespace.run("cat", f"/sys/class/net/{device}/address").stdout
    return bytes.fromhex(address.strip().replace(":", ""))


# Sends each line of its input, in hex, as if another machine had.
INJECTOR = f"""
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
s.bind(("veth0", 0))
s.setsockopt({SOL_PACKET}, {PACKET_QDISC_BYPASS}, 1)
for line in sys.stdin:
    s.send(bytes.fromhex(line))
"""


def inject(namespace, frames):
    namespace.run("python3", "-c", INJECTOR, check=True,
                  input="".join(f.hex() + "\n" for f in frames))
