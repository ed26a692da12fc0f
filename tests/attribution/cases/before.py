# SPDX-License-Identifier: GPL-3.0-or-later
"""Case 6: sockets from before the capture, `scan` until they prove it."""
import os

from truth import fork, pause

from . import case
from .parts import (answer, connection, echo_server, exchange, listener,
                    udp_echo_server)


class Cue:
    """What a workload waits for before it goes on; not a network socket."""

    def __init__(self):
        self.reader, self.writer = os.pipe()

    def wait(self):
        os.read(self.reader, 1)

    def give(self):
        os.write(self.writer, b"x")


@case(6, "established, idle, the client speaks first")
def idle(s):
    """Who sends proves itself; the other end is scanned until it reads."""
    port, cue = s.port(), Cue()
    s.server(late_reader, s.af, port)
    client = s.client(wait_and_ask, s.af, (s.target, port), cue)
    client.ready()
    yield
    cue.give()
    client.wait()


def late_reader(me, family, port):
    s = listener(me, family, port)
    me.tell()
    answer(s.accept())
    pause(30000)


def wait_and_ask(me, family, addr, cue):
    s = connection(me, family, addr)
    me.tell()
    cue.wait()
    for _ in range(3):
        s.send(b"still here")
        s.recv()
        pause()
    s.close()


@case(6, "established, busy")
def busy(s):
    """A connection that never rests while the capture starts."""
    port, cue = s.port(), Cue()
    s.server(late_reader, s.af, port)
    client = s.client(talk_until, s.af, (s.target, port), cue)
    client.ready()
    yield
    pause(20)
    cue.give()
    client.wait()


def talk_until(me, family, addr, cue):
    s = connection(me, family, addr)
    os.set_blocking(cue.reader, False)
    me.tell()
    while True:
        s.send(b"busy")
        s.recv()
        pause(3)
        try:
            os.read(cue.reader, 1)
            break
        except BlockingIOError:
            pass
    s.close()


@case(6, "listening")
def listening(s):
    """A new connection to a server from before is exact."""
    port = s.port()
    s.server(echo_server, s.af, port)
    yield
    for _ in range(3):
        s.client(exchange, s.af, (s.target, port)).wait()


@case(6, "UDP, bound")
def bound(s):
    """A bound socket that was never used."""
    yield from udp_before(s, False)


def udp_before(s, connected):
    addr, cue = (s.target, s.port()), Cue()
    s.server(udp_echo_server, s.af, addr)
    client = s.client(wait_and_send, s.af, addr, cue, connected)
    client.ready()
    yield
    cue.give()
    client.wait()


def wait_and_send(me, family, addr, cue, connected):
    s = me.udp(family)
    if connected:
        s.connect(addr)
        s.send(b"before")
        s.recv()
    me.tell()
    cue.wait()
    for _ in range(3):
        if connected:
            s.send(b"after")
        else:
            s.sendto(b"after", addr)
        s.recv()
        pause()
    s.close()


@case(6, "UDP, connected")
def connected(s):
    """A connected one that already had a flow."""
    yield from udp_before(s, True)


@case(6, "shared by two processes")
def shared(s):
    """Two processes hold it; the one that then uses it owns it."""
    addr, cue = (s.target, s.port()), Cue()
    s.server(udp_echo_server, s.af, addr)
    client = s.client(two_holders, s.af, addr, cue)
    client.ready()
    yield
    cue.give()
    client.wait()


def two_holders(me, family, addr, cue):
    s = me.udp(family)
    s.connect(addr)
    child = fork(me, "holder", second_holder, s, cue)
    me.tell()
    os.waitpid(child, 0)
    pause()
    s.send(b"the first")
    s.recv()
    s.close()


def second_holder(me, inherited, cue):
    s = inherited.for_(me)
    cue.wait()
    s.send(b"the second")
    s.recv()
    s.close()
