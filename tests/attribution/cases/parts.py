# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers and clients that several cases share."""
import socket

from truth import pause


def listener(me, family, port, backlog=512, reuseport=False):
    s = me.tcp(family)
    s.option(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if reuseport:
        s.option(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    s.bind(("::" if family == socket.AF_INET6 else "0.0.0.0", port))
    s.listen(backlog)
    return s


def answer(c):
    """Echoes until the peer has nothing more to say."""
    while data := c.recv():
        c.send(data)
    c.close()


def echo_server(me, family, port):
    s = listener(me, family, port)
    me.tell()
    while True:
        answer(s.accept())


def connection(me, family, addr):
    s = me.tcp(family)
    s.connect(addr)
    return s


def exchange(me, family, addr, times=1, size=200):
    """Connects, sends and receives, and closes first."""
    s = connection(me, family, addr)
    for _ in range(times):
        s.send(f"{s.local[1]} ".encode().ljust(size, b"."))
        s.recv()
    s.close()


def slow_exchange(me, family, addr, times=2):
    """Gives the server's processes time to change between two messages."""
    s = connection(me, family, addr)
    for _ in range(times):
        pause()
        s.send(f"{s.local[1]} ".encode().ljust(200, b"."))
        s.recv()
    pause()
    s.close()


def quiet(function, *args):
    """What the kernel refuses is a part of the case, not a failure."""
    try:
        return function(*args)
    except OSError:
        return None


def udp_echo_server(me, family, addr):
    s = me.udp(family)
    s.bind(addr)
    me.tell()
    while True:
        data, peer = s.recvfrom()
        s.sendto(data, peer)
