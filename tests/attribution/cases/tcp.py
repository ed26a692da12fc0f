# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases 1 and 2: TCP clients and TCP servers."""
import os
import socket
import threading

from truth import fork, pause

from . import case
from .parts import (answer, echo_server, exchange, listener, quiet,
                    slow_exchange)


def connects(s, port, times, function=exchange):
    for _ in range(times):
        s.client(function, s.af, (s.target, port)).wait()


@case(1, "clients, one after another")
def sequential(s):
    """A client that lives a few ms is named on every packet."""
    port = s.port()
    s.server(echo_server, s.af, port)
    connects(s, port, 20)


@case(1, "clients that execute and end")
def executed(s):
    """So is one that was executed, lived 1 ms, and is gone."""
    port = s.port()
    s.server(echo_server, s.af, port)
    for _ in range(20):
        s.client(run_tool, s.tool, s.target, str(port)).wait()


def run_tool(me, tool, *args):
    os.set_inheritable(me.log.fd, True)
    os.execv(tool, [tool, "client", str(me.log.fd), me.env, me.case, me.host,
                    me.token, str(me.generation + 1), *args])


@case(1, "clients, 50 at once")
def at_once(s):
    """Fifty clients at once are not taken for one another."""
    port = s.port()
    s.server(echo_server, s.af, port)
    for client in [s.client(exchange, s.af, (s.target, port))
                   for _ in range(50)]:
        client.wait()


@case(1, "clients killed with data in flight")
def killed(s):
    """What the kernel sends of a killed process is still that process's."""
    port = s.port()
    s.server(slow_reader, s.af, port)
    for _ in range(5):
        client = s.client(flood, s.af, (s.target, port))
        client.ready()
        client.kill()
        pause(20)


def slow_reader(me, family, port):
    s = listener(me, family, port)
    me.tell()
    while True:
        c = s.accept()
        pause(10)
        while quiet(c.recv):
            pass
        c.close()


def flood(me, family, addr):
    s = me.tcp(family)
    s.option(socket.SOL_SOCKET, socket.SO_SNDBUF, 400000)
    s.connect(addr)
    s.raw.setblocking(False)
    quiet(s.send, b"x" * 300000)
    me.tell()
    pause(10000)


@case(2, "server, single process")
def single(s):
    """Several messages on one connection, the server closes nothing early."""
    port = s.port()
    s.server(echo_server, s.af, port)
    connects(s, port, 10, slow_exchange)


@case(2, "thread per connection", threads=True)
def threads(s):
    """The process owns the connection; option 8 says which thread."""
    port = s.port()
    s.server(threaded_server, s.af, port)
    for client in [s.client(slow_exchange, s.af, (s.target, port))
                   for _ in range(8)]:
        client.wait()


def threaded_server(me, family, port):
    s = listener(me, family, port)
    me.tell()
    while True:
        threading.Thread(target=answer, args=(s.accept(),)).start()


@case(2, "pre-forked workers, accept(addr)")
def preforked(s):
    """Of workers that share a listener, the one that accepted."""
    port = s.port()
    s.server(prefork, s.af, port, "accept", s.source)
    for client in [s.client(slow_exchange, s.af, (s.target, port))
                   for _ in range(20)]:
        client.wait()


@case(2, "pre-forked workers, accept4(NULL)")
def preforked_null(s):
    """So too when nobody asks for the peer's address."""
    port = s.port()
    s.server(prefork, s.af, port, "accept_null", s.source)
    for client in [s.client(slow_exchange, s.af, (s.target, port))
                   for _ in range(20)]:
        client.wait()


def prefork(me, family, port, accept, peer):
    shared = listener(me, family, port)
    for i in range(4):
        fork(me, f"worker{i}", accept_loop, shared, accept, peer)
    pause(20)
    me.tell()
    pause(30000)


def accept_loop(me, shared, accept, peer):
    s = shared.for_(me)
    while True:
        c = getattr(s, accept)()
        data = c.recv()
        c.remote = peer, int(data.split()[0])
        c.send(data)
        answer(c)


@case(2, "SO_REUSEPORT workers")
def reuseport(s):
    """Each worker listens by itself on the same port."""
    port = s.port()
    for i in range(3):
        s.server(reuseport_worker, s.af, port, name=f"reuse{i}")
    connects(s, port, 20, slow_exchange)


def reuseport_worker(me, family, port):
    s = listener(me, family, port, reuseport=True)
    me.tell()
    while True:
        answer(s.accept())


@case(2, "fork after accept")
def fork_after(s):
    """The parent accepts, its child serves: the connection changes hands."""
    port = s.port()
    s.server(forking_server, s.af, port)
    connects(s, port, 10, slow_exchange)


def forking_server(me, family, port):
    s = listener(me, family, port)
    me.tell()
    while True:
        c = s.accept()
        fork(me, "forked", serve_inherited, c)
        c.close()


def serve_inherited(me, c):
    answer(c.for_(me))


@case(2, "fork before accept, inetd")
def fork_before(s):
    """A child is forked first, accepts one connection, and executes."""
    port = s.port()
    s.server(inetd, s.af, port)
    connects(s, port, 6, slow_exchange)


def inetd(me, family, port):
    s = listener(me, family, port)
    fork(me, "inetd", accept_and_execute, s)
    pause()
    me.tell()
    for _ in range(5):
        os.wait()
        fork(me, "inetd", accept_and_execute, s)
    os.wait()


def accept_and_execute(me, shared):
    c = shared.for_(me).accept()
    me.exec("serve_one", c.raw.fileno(), c.sid, keep=(c.raw.fileno(),))


@case(2, "socket activation")
def activation(s):
    """The listener was made by another process, and came by exec."""
    port = s.port()
    s.server(activator, s.af, port)
    connects(s, port, 6, slow_exchange)


def activator(me, family, port):
    s = listener(me, family, port)
    fork(me, "activated", activated, s)
    pause(100)
    me.tell()
    os.wait()


def activated(me, s):
    fd = s.raw.fileno()
    me.exec("serve", fd, s.sid, 6, keep=(fd,))
