# SPDX-License-Identifier: GPL-3.0-or-later
"""Case 8: processes that change their identity, and pids that are reused."""
from truth import pause

from . import case
from .handover import from_client, talk
from .parts import connection, echo_server, listener

NOBODY = 65534


@case(8, "exec during a connection")
def exec_client(s):
    """Name and proc.id change, the pid stays."""
    from_client(s, become)


def become(me, family, addr):
    s = connection(me, family, addr)
    talk(s)
    pause()
    fd = s.raw.fileno()
    me.exec("client", fd, s.sid, keep=(fd,))


@case(8, "exec, then only sent to")
def exec_silent(s):
    """What arrives after the exec is the new program's before it reads."""
    port = s.port()
    s.server(speak_later, s.af, port)
    s.client(become_silent, s.af, (s.target, port)).wait()


def speak_later(me, family, port):
    s = listener(me, family, port)
    me.tell()
    c = s.accept()
    c.recv()
    pause(60)
    c.send(b"late")
    c.recv()
    c.close()


def become_silent(me, family, addr):
    s = connection(me, family, addr)
    s.send(b"hello")
    fd = s.raw.fileno()
    me.exec("idle_then_close", fd, s.sid, keep=(fd,))


@case(8, "setuid")
def setuid(s):
    """The user is the one at the packet's time."""
    from_client(s, drop)


def drop(me, family, addr):
    s = connection(me, family, addr)
    talk(s)
    pause()
    me.setuid(NOBODY)
    pause()
    talk(s)
    pause()
    s.close()


@case(8, "setuid before connecting")
def setuid_first(s):
    """A server's way: root prepares, an ordinary user talks."""
    from_client(s, drop_first)


def drop_first(me, family, addr):
    s = me.tcp(family)
    me.setuid(NOBODY)
    pause()
    s.connect(addr)
    talk(s)
    pause()
    s.close()


@case(8, "prctl rename")
def rename(s):
    """The name is the one at the packet's time."""
    from_client(s, rename_twice)


def rename_twice(me, family, addr):
    s = connection(me, family, addr)
    for name in ("first", "second name", "x" * 15):
        talk(s)
        pause()
        me.rename(name)
        pause()
    talk(s)
    pause()
    s.close()


@case(8, "pid reused within the capture")
def reuse(s):
    """The second of that pid is another process, the first stays itself."""
    port = s.port()
    s.server(echo_server, s.af, port)
    first = s.client(once, s.af, (s.target, port), name="older")
    first.wait()
    for i in range(3):
        s.client(once, s.af, (s.target, port), name=f"newer{i}",
                 pid=first.pid).wait()


def once(me, family, addr):
    s = connection(me, family, addr)
    talk(s, 1)
    pause(2)
    s.close()
