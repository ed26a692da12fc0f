# SPDX-License-Identifier: GPL-3.0-or-later
"""What a workload becomes by exec: agent.py STATE... ROLE ARGUMENT..."""
import os
import signal
import sys

from truth import LIMIT, Actor, Log, pause


def client(me, fd, sid):
    """Goes on with a connection that its former self made."""
    s = me.adopt(int(fd), sid)
    for _ in range(3):
        s.send(b"x" * 100)
        s.recv()
    pause()
    s.close()


def idle_then_close(me, fd, sid):
    """Executes, says nothing for a while, and is sent to meanwhile."""
    s = me.adopt(int(fd), sid)
    pause(80)
    s.recv()
    pause()
    s.close()


def serve(me, fd, sid, count):
    """A socket-activated service: its listener came from elsewhere."""
    listener = me.adopt(int(fd), sid)
    for _ in range(int(count)):
        c = listener.accept()
        while data := c.recv():
            c.send(data)
        c.close()


def serve_one(me, fd, sid):
    """inetd's way: the connection itself came from elsewhere."""
    c = me.adopt(int(fd), sid)
    while data := c.recv():
        c.send(data)
    c.close()


def main():
    path, env, case, host, token, generation, since, role, *args = sys.argv[1:]
    signal.alarm(LIMIT)
    me = Actor(Log(path), env, case, host, token, int(generation))
    with open("/proc/self/comm", encoding="ascii") as f:
        me.name = f.read().strip()
    me.identity(int(since), me.name)
    globals()[role](me, *args)
    me.end()
    os._exit(0)


main()
