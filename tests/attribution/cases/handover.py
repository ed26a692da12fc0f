# SPDX-License-Identifier: GPL-3.0-or-later
"""Case 7: sockets that change hands."""
import os
import socket

from truth import fork, pause

from . import case
from .parts import connection, echo_server


def from_client(s, function):
    port = s.port()
    s.server(echo_server, s.af, port)
    s.client(function, s.af, (s.target, port)).wait()


def talk(sock, times=2):
    for _ in range(times):
        sock.send(b"t" * 100)
        sock.recv()


@case(7, "passed over SCM_RIGHTS")
def passed(s):
    """Who was given the descriptor owns what it sends, not who gave it."""
    from_client(s, give)


def give(me, family, addr):
    here, there = socket.socketpair()
    fork(me, "taker", take, there, here)
    s = connection(me, family, addr)
    talk(s)
    pause()
    socket.send_fds(here, [s.sid.encode()], [s.raw.fileno()])
    here.recv(1)
    s.close()
    os.wait()


def take(me, there, here):
    here.close()
    sid, fds, _, _ = socket.recv_fds(there, 100, 1)
    s = me.adopt(fds[0], sid.decode())
    there.send(b"x")
    pause()
    talk(s)
    pause()
    s.close()


@case(7, "inherited through fork")
def inherited(s):
    """The child goes on with its parent's connection, then the parent."""
    from_client(s, share)


def share(me, family, addr):
    s = connection(me, family, addr)
    talk(s)
    pause()
    os.waitpid(fork(me, "heir", go_on, s), 0)
    pause()
    talk(s)
    pause()
    s.close()


def go_on(me, parents):
    s = parents.for_(me)
    pause()
    talk(s)
    s.close()


@case(7, "used by a child of the same name")
def namesake(s):
    """fork without exec: a process of its own, whatever it is called."""
    from_client(s, share_unnamed)


def share_unnamed(me, family, addr):
    s = connection(me, family, addr)
    talk(s)
    pause()
    os.waitpid(fork(me, None, go_on, s), 0)
    pause()
    s.close()


@case(7, "kept through exec of a child")
def executed(s):
    """A connection that a forked child takes along into another program."""
    from_client(s, hand_down)


def hand_down(me, family, addr):
    s = connection(me, family, addr)
    talk(s)
    pause()
    os.waitpid(fork(me, "execer", become, s), 0)
    pause()
    s.close()


def become(me, parents):
    fd = parents.raw.fileno()
    me.exec("client", fd, parents.sid, keep=(fd,))


@case(7, "the parent is gone")
def orphan(s):
    """The child goes on after who made the connection has ended."""
    port = s.port()
    s.server(echo_server, s.af, port)
    client = s.client(leave_behind, s.af, (s.target, port))
    client.ready()
    client.ready()
    client.wait()


def leave_behind(me, family, addr):
    s = connection(me, family, addr)
    talk(s)
    pause()
    fork(me, "left", outlive, s, me.tell, os.getpid())
    me.tell()


def outlive(me, parents, tell, parent):
    s = parents.for_(me)
    while os.getppid() == parent:   # busy, it takes its time to end
        pause()
    talk(s)
    pause()
    s.close()
    tell()
