# SPDX-License-Identifier: GPL-3.0-or-later
"""Case 3: UDP."""
import os
import socket

from truth import fork, pause

from . import case
from .parts import udp_echo_server


def ask(me, family, addr, connected):
    """One datagram, its answer, and gone."""
    s = me.udp(family)
    if connected:
        s.connect(addr)
        s.send(b"one")
    else:
        s.sendto(b"one", addr)
    s.recv()
    s.close()


@case(3, "connected clients of one datagram")
def connected(s):
    """Each has its own owner; the server answers many peers."""
    addr = s.target, s.port()
    s.server(udp_echo_server, s.af, addr)
    for client in [s.client(ask, s.af, addr, True) for _ in range(20)]:
        client.wait()


@case(3, "unconnected clients of one datagram")
def unconnected(s):
    """The server is bound to no address, the clients to nothing."""
    port = s.port()
    s.server(udp_echo_server, s.af, ("::" if s.family == 6 else "", port))
    for client in [s.client(ask, s.af, (s.target, port), False)
                   for _ in range(20)]:
        client.wait()


@case(3, "clients that do not wait for an answer")
def oneway(s):
    """They are gone when their datagram is delivered."""
    addr = s.target, s.port()
    s.server(sink, s.af, addr)
    for _ in range(20):
        s.client(tell_and_go, s.af, addr).wait()
    pause(20)


def sink(me, family, addr):
    """Only ever receives, and asks for no address."""
    s = me.udp(family)
    s.bind(addr)
    me.tell()
    while True:
        s.recv()


def tell_and_go(me, family, addr):
    s = me.udp(family)
    s.sendto(b"bye", addr)
    s.close()


@case(3, "a server that never reads")
def never_read(s):
    """It owns what it is sent although it never looks."""
    addr = s.target, s.port()
    s.server(deaf, s.af, addr)
    for _ in range(5):
        s.client(tell_and_go, s.af, addr).wait()


def deaf(me, family, addr):
    me.udp(family).bind(addr)
    me.tell()
    pause(30000)


@case(3, "one client, many peers")
def many_peers(s):
    """One unconnected socket talks to three servers in turn."""
    addrs = [(s.target, s.port()) for _ in range(3)]
    for i, addr in enumerate(addrs):
        s.server(udp_echo_server, s.af, addr, name=f"peer{i}")
    s.client(ask_all, s.af, addrs).wait()


def ask_all(me, family, addrs):
    s = me.udp(family)
    for _ in range(4):
        for addr in addrs:
            s.sendto(b"all", addr)
            s.recvfrom()
    s.close()


@case(3, "one socket, two processes in turn")
def in_turn(s):
    """A forked pair: each datagram is of the one who sent it."""
    addr = s.target, s.port()
    s.server(udp_echo_server, s.af, addr)
    s.client(parent, s.af, addr).wait()


def parent(me, family, addr):
    s = me.udp(family)
    s.connect(addr)
    here, there = socket.socketpair()
    fork(me, "child", child, s, there)
    for _ in range(4):
        pause()
        s.send(b"parent")
        s.recv()
        pause()
        here.send(b"x")
        here.recv(1)
    here.send(b"q")
    os.wait()
    pause()
    s.close()


def child(me, inherited, there):
    s = inherited.for_(me)
    while there.recv(1) == b"x":
        pause()
        s.send(b"child")
        s.recv()
        pause()
        there.send(b"x")
    s.close()


@case(3, "multicast")
def multicast(s):
    """The sender, and the one member of the group on the same link."""
    group = "239.1.2.3" if s.family == 4 else "ff05::1:3"
    port = s.port()
    device = "lo" if s.loop else "va"
    member = s.spawn(s.next_hop, "member", join, s.family, group, port, device)
    member.ready()
    s.client(cast, s.family, group, port, "lo" if s.loop else "veth0").wait()
    member.wait()


def membership(family, group, device):
    index = socket.if_nametoindex(device)
    if family == 6:
        return (socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                socket.inet_pton(socket.AF_INET6, group)
                + index.to_bytes(4, "little"))
    return (socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
            socket.inet_aton(group) + bytes(4) + index.to_bytes(4, "little"))


def join(me, family, group, port, device):
    af = socket.AF_INET if family == 4 else socket.AF_INET6
    s = me.udp(af)
    s.bind(("" if family == 4 else "::", port))
    s.option(*membership(family, group, device))
    me.tell()
    for _ in range(3):
        s.recvfrom()
    s.close()


def cast(me, family, group, port, device):
    index = socket.if_nametoindex(device)
    if family == 4:
        s = me.udp(socket.AF_INET)
        s.option(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                 bytes(8) + index.to_bytes(4, "little"))
    else:
        s = me.udp(socket.AF_INET6)
        s.option(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
    for _ in range(3):
        s.sendto(b"all of you", (group, port))
        pause()
    s.close()


@case(3, "broadcast", families=(4,))
def broadcast(s):
    """The same with the link's broadcast address."""
    address = "127.255.255.255" if s.loop else "192.0.2.255"
    port = s.port()
    listener = s.spawn(s.next_hop, "listener", hear, port)
    listener.ready()
    s.client(shout, address, port).wait()
    listener.wait()


def hear(me, port):
    s = me.udp(socket.AF_INET)
    s.bind(("", port))
    me.tell()
    for _ in range(3):
        s.recvfrom()
    s.close()


def shout(me, address, port):
    s = me.udp(socket.AF_INET)
    s.option(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    for _ in range(3):
        s.sendto(b"anybody", (address, port))
        pause()
    s.close()
