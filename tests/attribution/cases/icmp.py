# SPDX-License-Identifier: GPL-3.0-or-later
"""Case 4: ICMP, raw sockets, fragments."""
import os
import socket
import struct

from truth import ICMP, ICMPV6, pause

from . import case
from .parts import quiet


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def echo(family, ident, sequence):
    """A request; of ICMPv6 the kernel makes the checksum."""
    kind = 8 if family == 4 else 128
    head = struct.pack(">BBHHH", kind, 0, 0, ident, sequence)
    body = b"pktwhoab"
    if family == 4:
        head = struct.pack(">BBHHH", kind, 0, checksum(head + body), ident,
                           sequence)
    return head + body


def ping_socket(me, family, kind):
    af = socket.AF_INET if family == 4 else socket.AF_INET6
    return me.socket(af, kind, ICMP if family == 4 else ICMPV6,
                     "icmp" if family == 4 else "icmpv6")


def ping_raw(me, family, source, target):
    s = ping_socket(me, family, socket.SOCK_RAW)
    ident = os.getpid() & 0x7FFF | 0x8000   # no ping socket's
    s.local, s.remote = (source, ident), (target, 1)
    for i in range(4):
        s.sendto(echo(family, ident, i), (target, 0))
        while True:     # a raw socket also gets what is not for it
            data = s.recv()[20 if family == 4 else 0:]
            if data[0] in (0, 129) and data[4:6] == ident.to_bytes(2, "big"):
                break
    s.close()


def ping_datagram(me, family, source, target):
    s = ping_socket(me, family, socket.SOCK_DGRAM)
    ident = os.getpid() & 0x7FFF
    s.bind((source, ident))
    s.local, s.remote = (source, ident), (target, 1)
    for i in range(4):
        s.sendto(echo(family, 0, i), (target, 0))
        s.recv()
    s.close()


@case(4, "ping by raw socket")
def raw_ping(s):
    """Requests and replies are the asker's, the other end the kernel's."""
    for _ in range(3):
        s.client(ping_raw, s.family, s.source, s.target).wait()


@case(4, "two pings at once")
def two_pings(s):
    """A raw socket hears every reply; each belongs to who asked."""
    for client in [s.client(ping_raw, s.family, s.source, s.target,
                            name=f"ping{i}") for i in range(2)]:
        client.wait()


@case(4, "ping by ping socket")
def datagram_ping(s):
    """The same for SOCK_DGRAM, which needs no privilege."""
    s.near.sysctl("net/ipv4/ping_group_range", "'0 2147483647'")
    for _ in range(3):
        s.client(ping_datagram, s.family, s.source, s.target).wait()


@case(4, "port unreachable about a UDP flow")
def unreachable(s):
    """The error is the kernel's, for the owner of the flow it is about."""
    for _ in range(3):
        s.client(refused, s.af, (s.target, s.port())).wait()


def refused(me, family, addr):
    s = me.udp(family)
    s.connect(addr)
    s.send(b"anybody there")
    pause(10)
    quiet(s.recv)
    s.close()


@case(4, "TTL exceeded on the way")
def exceeded(s):
    """The router's error names whose datagram it was."""
    if s.loop:
        return
    s.client(short_lived, s.family, s.af, (s.target, s.port())).wait()


def short_lived(me, family, af, addr):
    s = me.udp(af)
    if family == 4:
        s.option(socket.IPPROTO_IP, socket.IP_TTL, 1)
    else:
        s.option(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 1)
    s.connect(addr)
    for _ in range(3):
        quiet(s.send, b"not far")
        pause(10)
    s.close()


@case(4, "raw sockets of protocol 253")
def raw(s):
    """A protocol without ports: sender and receiver by address."""
    source, target = s.source, s.target
    if s.loop:
        target = "127.0.0.2" if s.family == 4 else "2001:db8::2"
    s.server(raw_server, s.af, source, target)
    s.client(raw_client, s.af, source, target).wait()


def raw_socket(me, af, local, remote):
    s = me.socket(af, socket.SOCK_RAW, 253, "ip253")
    s.bind((local, 0))
    s.local, s.remote = (local, 0), (remote, 0)
    return s


def raw_server(me, af, source, target):
    s = raw_socket(me, af, target, source)
    me.tell()
    for _ in range(3):
        s.recv()
        s.sendto(b"253 too", (source, 0))
    pause(30000)


def raw_client(me, af, source, target):
    s = raw_socket(me, af, source, target)
    for _ in range(3):
        s.sendto(b"253", (target, 0))
        s.recv()
    s.close()


@case(4, "fragments of a UDP datagram")
def fragments(s):
    """Those after the first have no ports and are `flow`."""
    addr = s.target, s.port()
    s.server(big_echo, s.af, addr)
    if s.loop:
        s.near.ns.ip("link", "set", "lo", "mtu", "1500")
    s.client(big_ask, s.af, addr).wait()
    if s.loop:
        s.near.ns.ip("link", "set", "lo", "mtu", "65536")


def big_echo(me, af, addr):
    s = me.udp(af)
    s.bind(addr)
    me.tell()
    while True:
        data, peer = s.recvfrom()
        s.sendto(data, peer)


def big_ask(me, af, addr):
    s = me.udp(af)
    for size in (4000, 9000):
        s.sendto(b"f" * size, addr)
        s.recv()
        pause()
    s.close()
