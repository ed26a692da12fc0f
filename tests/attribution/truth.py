# SPDX-License-Identifier: GPL-3.0-or-later
"""Workloads that print their own truth.

A workload process is an Actor; its sockets are Socks.  Each use of a socket
is one line in the log: who, when it began, when it was done.  Nothing here
knows how pktwho works.  Lines are tab-separated, times CLOCK_REALTIME ns:

  use ENV CASE SOCKET PARENT HOST KIND T0 T1 TOKEN PID TID PROTO
        LIP LPORT RIP RPORT
  id TOKEN PID T0 T1 GENERATION UID NAME      the process is this from then on
  end TOKEN T0 T1                             the process ended
  claim ENV CASE T0 ATTR TOKEN PROTO LIP LPORT RIP RPORT
        an end of which ATTR is true; TOKEN, if any, may be named for it
"""
import ctypes
import os
import signal
import socket
import struct
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
PR_SET_NAME = 15
LIMIT = 300         # seconds that a workload may last, also on a slow kernel
PROTOCOLS = {socket.SOCK_STREAM: "tcp", socket.SOCK_DGRAM: "udp"}
ICMP, ICMPV6 = socket.IPPROTO_ICMP, socket.IPPROTO_ICMPV6

now = time.time_ns


def pause(ms=5):
    """What keeps two changes of owner apart, so that the answer is unique."""
    time.sleep(ms / 1000)


def enter(netns):
    fd = os.open(f"/run/netns/{netns}", os.O_RDONLY)
    if LIBC.setns(fd, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")
    os.close(fd)


class Log:
    """Appended to by all processes; a line is one write and never mixed."""

    def __init__(self, path):
        self.path = str(path)
        self.fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)

    def write(self, *fields):
        os.write(self.fd, ("\t".join(map(str, fields)) + "\n").encode())


class Actor:
    """This process, in a role: its log, environment, case and identity."""

    def __init__(self, log, env, case, host, token, generation=0):
        self.log, self.env, self.case, self.host = log, env, case, host
        self.token, self.generation = token, generation
        self.kept = []       # or a socket would be closed in silence

    def identity(self, since, name):
        self.log.write("id", self.token, os.getpid(), since, now(),
                       self.generation, os.geteuid(), name)

    def rename(self, name):
        since = now()
        LIBC.prctl(PR_SET_NAME, name.encode(), 0, 0, 0)
        self.name = name
        self.identity(since, name)

    def setuid(self, uid):
        since = now()
        os.seteuid(uid)
        self.identity(since, self.name)

    def claim(self, attr, proto, local, remote, token="-", since=None):
        t = now() if since is None else since
        self.log.write("claim", self.env, self.case, t, attr, token, proto,
                       *local, *remote)

    def end(self):
        """Gone without a word to its sockets: the kernel closes them."""
        t = now()
        self.log.write("end", self.token, t, t + 100_000_000)
        os._exit(0)

    def socket(self, family, kind, proto=0, name=None):
        sock = Sock(self, name or PROTOCOLS[kind])
        sock.use("create", socket.socket, family, kind, proto,
                 takes_socket=True)
        return sock

    def tcp(self, family, proto=0):
        return self.socket(family, socket.SOCK_STREAM, proto, "tcp")

    def udp(self, family):
        return self.socket(family, socket.SOCK_DGRAM)

    def adopt(self, fd, sid, proto="tcp"):
        """A descriptor that came from another process."""
        sock = Sock(self, proto, sid)
        sock.raw = socket.socket(fileno=fd)
        sock.learn()
        return sock

    def exec(self, role, *args, keep=()):
        """Becomes a fresh interpreter running agent.py's *role*."""
        for fd in keep:
            os.set_inheritable(fd, True)
        os.set_inheritable(self.log.fd, True)
        state = [self.log.path, self.env, self.case, self.host, self.token,
                 self.generation + 1, now()]
        os.execv(sys.executable, [sys.executable, str(HERE / "agent.py"),
                                  *map(str, state), role, *map(str, args)])


def address(sockaddr):
    """(ip, port) as tshark writes it; mapped IPv4 is IPv4."""
    ip, port = sockaddr[0].split("%")[0], sockaddr[1]
    if ip.startswith("::ffff:") and "." in ip:
        ip = ip[7:]
    return ip, port


class Sock:
    """A socket that logs each use."""

    def __init__(self, actor, proto, sid=None, parent="-"):
        actor.kept.append(self)
        self.actor, self.proto, self.parent = actor, proto, parent
        self.sid = sid or f"{actor.token}.{len(actor.kept)}"
        self.raw = None
        self.local, self.remote = ("-", 0), ("-", 0)

    def __getstate__(self):
        raise TypeError("a socket is passed by descriptor")

    def learn(self):
        """Its own address; to ask for the peer's would be a use."""
        if self.proto in ("tcp", "udp") and self.raw and \
                self.raw.fileno() >= 0:
            self.local = address(self.raw.getsockname())

    def use(self, kind, function, *args, takes_socket=False):
        t0 = now()
        try:
            result = function(*args)
        except OSError:
            self.log(kind, t0, now())
            raise
        t1 = now()
        if takes_socket:
            self.raw = result
        self.learn()
        self.log(kind, t0, t1)
        return result

    def log(self, kind, t0, t1):
        a = self.actor
        a.log.write("use", a.env, a.case, self.sid, self.parent, a.host, kind,
                    t0, t1, a.token, os.getpid(), threading.get_native_id(),
                    self.proto, *self.local, *self.remote)

    def for_(self, actor):
        """The same socket in a child that inherited it."""
        copy = Sock(actor, self.proto, self.sid, self.parent)
        copy.raw, copy.local, copy.remote = self.raw, self.local, self.remote
        return copy

    def option(self, level, name, value):
        self.raw.setsockopt(level, name, value)

    def bind(self, addr):
        return self.use("bind", self.raw.bind, addr)

    def listen(self, backlog=128):
        return self.use("listen", self.raw.listen, backlog)

    def connect(self, addr):
        self.remote = address(addr)
        return self.use("connect", self.raw.connect, addr)

    def fastopen(self, addr, data):
        self.remote = address(addr)
        return self.use("send", self.raw.sendto, data, socket.MSG_FASTOPEN,
                        addr)

    def accept(self):
        """accept(fd, &addr)."""
        t0 = now()
        raw, peer = self.raw.accept()
        return self.accepted(t0, now(), raw, address(peer))

    def accept_null(self):
        """accept4(fd, NULL): the peer is only learnt from what it sends."""
        t0 = now()
        fd = LIBC.accept4(self.raw.fileno(), None, None, 0)
        t1 = now()
        if fd < 0:
            raise OSError(ctypes.get_errno(), "accept4")
        return self.accepted(t0, t1, socket.socket(fileno=fd), ("-", 0))

    def accepted(self, t0, t1, raw, peer):
        child = Sock(self.actor, self.proto, parent=self.sid)
        child.raw, child.remote = raw, peer
        child.learn()
        child.log("accept", t0, t1)
        self.log("accept", t0, t1)
        return child

    def send(self, data):
        return self.use("send", self.raw.sendall, data)

    def sendto(self, data, addr):
        return self.use("send", self.raw.sendto, data, addr)

    def recv(self, size=65536):
        return self.use("recv", self.raw.recv, size)

    def recvfrom(self, size=65536):
        return self.use("recv", self.raw.recvfrom, size)

    def shutdown(self):
        return self.use("send", self.raw.shutdown, socket.SHUT_WR)

    def close(self):
        return self.use("close", self.raw.close)


# What the runner holds of a workload process.

class Handle:
    def __init__(self, stage, pid, token, pipe):
        self.stage, self.pid, self.token, self.pipe = stage, pid, token, pipe
        self.status = None

    def ready(self):
        """Waits for its line, and returns it."""
        said = b""
        while not said.endswith(b"\n"):
            more = os.read(self.pipe, 1)
            if not more:
                raise RuntimeError(f"{self.stage.case}: a workload died")
            said += more
        return said.decode().strip()

    def wait(self, check=True):
        if self.status is None:
            _, self.status = os.waitpid(self.pid, 0)
            os.close(self.pipe)
            if check and self.status:
                raise RuntimeError(
                    f"{self.stage.case}: workload ended {self.status}")
        return self.status

    def kill(self):
        if self.status is not None:
            return
        t0 = now()
        os.killpg(self.pid, signal.SIGKILL)
        self.wait(check=False)
        self.stage.log.write("end", self.token, t0, now())


def quietly(function, *args):
    try:
        function(*args)
    except OSError:
        pass


def fork_with_pid(pid):
    """fork(), the child's pid chosen: clone3(2) with set_tid."""
    tid = ctypes.c_int32(pid)
    args = struct.pack("11Q", 0, 0, 0, 0, signal.SIGCHLD, 0, 0, 0,
                       ctypes.addressof(tid), 1, 0)
    child = LIBC.syscall(435, args, len(args))
    if child < 0:
        raise OSError(ctypes.get_errno(), "clone3")
    return child


def spawn(stage, host, name, function, *args, pid=None):
    """A process in a host, running function(actor, *args)."""
    reader, writer = os.pipe()
    born = now()
    child = fork_with_pid(pid) if pid else os.fork()
    if child:
        os.close(writer)
        quietly(os.setpgid, child, child)
        return Handle(stage, child, f"{child}.{born}", reader)
    try:
        os.setpgid(0, 0)
        os.close(reader)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.alarm(LIMIT)
        enter(host.netns)
        actor = Actor(stage.log, stage.env, stage.case, host.name,
                      f"{os.getpid()}.{born}")
        actor.rename(name)
        actor.tell = lambda text="ready": os.write(
            writer, f"{text}\n".encode())
        function(actor, *args)
        actor.end()
    except BaseException as error:
        os.write(2, f"{stage.env} {stage.case} {name}: {error!r}\n".encode())
    os._exit(1)


def fork(actor, name, function, *args):
    """A child of a workload; returns (pid, token).  It inherits all."""
    born = now()
    child = os.fork()
    if child:
        return child
    try:
        me = Actor(actor.log, actor.env, actor.case, actor.host,
                   f"{os.getpid()}.{born}")
        if name:
            me.rename(name)
        else:
            me.name = actor.name
            me.identity(born, actor.name)
        function(me, *args)
        me.end()
    except BaseException as error:
        os.write(2, f"{actor.env} {actor.case} {name}: {error!r}\n".encode())
    os._exit(1)
