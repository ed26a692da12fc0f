# SPDX-License-Identifier: GPL-3.0-or-later
"""Case 10: IPv4 by an IPv6 socket, MPTCP, TCP fast open."""
import os
import socket

from truth import fork, pause

from . import case
from .parts import (answer, connection, echo_server, listener, quiet,
                    slow_exchange)

MPTCP = 262
TCP_FASTOPEN = 23


@case(10, "IPv4-mapped IPv6, TCP", families=(4,))
def mapped_tcp(s):
    """IPv6 sockets at both ends of an IPv4 connection."""
    port = s.port()
    s.server(dual_server, port)
    for _ in range(5):
        s.client(slow_exchange, socket.AF_INET6,
                 (f"::ffff:{s.target}", port)).wait()


def dual_server(me, port):
    s = listener(me, socket.AF_INET6, port)
    me.tell()
    while True:
        answer(s.accept())


@case(10, "IPv4-mapped IPv6, UDP", families=(4,))
def mapped_udp(s):
    """The same for datagrams."""
    port = s.port()
    s.server(dual_udp_server, port)
    for connected in (True, False):
        s.client(mapped_ask, (f"::ffff:{s.target}", port), connected).wait()


def dual_udp_server(me, port):
    s = me.udp(socket.AF_INET6)
    s.bind(("::", port))
    me.tell()
    while True:
        data, peer = s.recvfrom()
        s.sendto(data, peer)


def mapped_ask(me, addr, connected):
    s = me.udp(socket.AF_INET6)
    if connected:
        s.connect(addr)
        s.send(b"mapped")
    else:
        s.sendto(b"mapped", addr)
    s.recv()
    s.close()


def has_mptcp(s):
    try:
        socket.socket(s.af, socket.SOCK_STREAM, MPTCP).close()
    except OSError:
        s.skip("no MPTCP in this kernel")
        return False
    return True


@case(10, "MPTCP")
def mptcp(s):
    """The packets are of subflows, sockets that the kernel made itself."""
    if not has_mptcp(s):
        return
    port = s.port()
    s.server(mptcp_server, s.af, port)
    for _ in range(5):
        s.client(mptcp_exchange, s.af, (s.target, port)).wait()


def mptcp_server(me, family, port):
    s = me.tcp(family, MPTCP)
    s.option(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("::" if family == socket.AF_INET6 else "", port))
    s.listen()
    me.tell()
    while True:
        answer(s.accept())


def mptcp_exchange(me, family, addr):
    s = me.tcp(family, MPTCP)
    s.connect(addr)
    for _ in range(3):
        s.send(b"multipath")
        s.recv()
        pause()
    s.close()


@case(10, "MPTCP, connection inherited")
def mptcp_inherited(s):
    """A child goes on with its parent's MPTCP connection."""
    if not has_mptcp(s):
        return
    port = s.port()
    s.server(mptcp_server, s.af, port)
    s.client(mptcp_share, s.af, (s.target, port)).wait()


def mptcp_share(me, family, addr):
    s = me.tcp(family, MPTCP)
    s.connect(addr)
    s.send(b"parent")
    s.recv()
    pause()
    os.waitpid(fork(me, "heir", go_on, s), 0)
    pause()
    s.close()


def go_on(me, parents):
    s = parents.for_(me)
    pause()
    s.send(b"child")
    s.recv()
    s.close()


@case(10, "TCP fast open")
def fast_open(s):
    """From the second connection on there is data in the SYN."""
    port = s.port()
    for host in {s.near.name: s.near, s.far.name: s.far}.values():
        host.sysctl("net/ipv4/tcp_fastopen", 3)
    s.server(fast_server, s.af, port)
    for _ in range(5):
        s.client(fast_exchange, s.af, (s.target, port)).wait()


def fast_server(me, family, port):
    s = me.tcp(family)
    s.option(socket.IPPROTO_TCP, TCP_FASTOPEN, 16)
    s.bind(("::" if family == socket.AF_INET6 else "", port))
    s.listen()
    me.tell()
    while True:
        answer(s.accept())


def fast_exchange(me, family, addr):
    s = me.tcp(family)
    s.fastopen(addr, b"in the SYN")
    s.recv()
    pause()
    quiet(s.send, b"and after")
    s.recv()
    s.close()


@case(10, "bulk data both ways")
def bulk(s):
    """Segmentation offload and ACKs in softirq change nobody's name."""
    port = s.port()
    s.server(echo_server, s.af, port)
    s.client(send_much, s.af, (s.target, port)).wait()


def send_much(me, family, addr):
    s = connection(me, family, addr)
    for _ in range(10):
        s.send(b"m" * 60_000)
        left = 60_000
        while left:
            left -= len(s.recv())
    s.close()
