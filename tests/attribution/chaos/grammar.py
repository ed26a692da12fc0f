# SPDX-License-Identifier: GPL-3.0-or-later
"""Random programs out of a grammar of socket calls.

A line is an actor, which is a process, and what it does; sN are sockets:

  A socket s1 udp4              tcp4 tcp6 udp4 udp6 ping4 ping6 raw4 raw6
  A opt s1 reuseport            reuseaddr, zerocopy, device DEV, join IP%DEV
  A bind s1 127.0.0.1+3         the port is the program's third
  A connect s1 IP+N, A listen s1, A accept s1 s2, A shutdown s1, A close s1
  A send s1 CALL LENGTH COUNT [IP+N]
  A recv s1 CALL COUNT
  A dup s1 s2, A give s1, B take s1       the latter two by SCM_RIGHTS
  A ask s1                      getsockname, getpeername, TCP_INFO
  A fork B, A exec, A rename, A exit, A kill B, A setuid UID, A netns HOST
  A leave                       its first thread ends, another goes on
  A thread send ...             in a thread of its own
  { ... }                       what stands between is done at the same time

One line begins when the one before is done.  A line that the kernel refuses
changes nothing; so every subset of a program's lines is a program.
"""
import random
from dataclasses import dataclass, field

SENDS = {"tcp": ["send", "sendmsg", "sendmmsg", "write", "writev", "splice",
                 "sendfile", "uring", "zerocopy"],
         "udp": ["send", "sendmsg", "sendmmsg", "write", "writev", "splice",
                 "uring"],
         "far": ["sendto", "sendmsg", "sendmmsg"]}
RECVS = ["recv", "recvfrom", "recvmsg", "recvmmsg", "read", "readv", "uring"]
# What a program may do beyond plain calls; each can be left out by name.
FEATURES = ["fork", "exec", "rename", "pass", "dup", "together", "restart",
            "reuseport", "device", "kill", "ask", "thread", "leave",
            "multicast", "ping", "raw", "setuid", "any-address", "unread"]
MOST_LINES = 40


@dataclass
class Sock:
    kind: str                   # tcp, udp, ping, raw
    family: int
    host: str
    local: str = ""             # "IP+N", where it is bound
    listens: bool = False
    peer: object = None         # of TCP: the other end's Sock
    connected: str = ""         # to which address
    waiting: list = field(default_factory=list)     # not accepted yet

    @property
    def reachable(self):
        """The address under which it is sent to."""
        return self.local


@dataclass
class Actor:
    name: str
    host: str
    fds: dict = field(default_factory=dict)     # "sN" -> Sock


class Writer:
    """One program in the making: what exists so far, and its lines."""

    def __init__(self, rng, world, features):
        self.rng, self.world, self.features = rng, world, features
        self.lines = []
        self.next_fd = self.next_port = 0
        self.first = Actor("A", world.hosts[0])
        self.actors = [self.first]
        self.names = list("BCDEFGH")

    def has(self, feature, chance=1.0):
        return feature in self.features and self.rng.random() < chance

    def say(self, actor, *words):
        threaded = words[0] in ("send", "recv", "connect", "accept") and \
            self.has("thread", 0.1)
        self.lines.append(" ".join(
            [actor.name, *["thread"] * threaded, *map(str, words)]))

    def fd(self):
        self.next_fd += 1
        return f"s{self.next_fd}"

    def port(self):
        self.next_port = self.next_port % 7 + 1
        return self.next_port

    def holders(self, sock):
        return [(a, fd) for a in self.actors
                for fd, s in a.fds.items() if s is sock]

    def all(self, wanted):
        """(actor, fd, sock) of every descriptor that is wanted."""
        return [(a, fd, s) for a in self.actors for fd, s in a.fds.items()
                if wanted(s)]

    def pick(self, wanted):
        found = self.all(wanted)
        return self.rng.choice(found) if found else None

    # Sockets.

    def make(self, actor, kind, family):
        fd = self.fd()
        sock = actor.fds[fd] = Sock(kind, family, actor.host)
        self.say(actor, "socket", fd, f"{kind}{family}")
        return fd, sock

    def server(self, kind=None, local=None, actor=None, family=None):
        kind = kind or self.rng.choice(["tcp", "udp", "udp"])
        actor = actor or self.rng.choice(self.actors)
        family = family or self.rng.choice([4, 6])
        fd, sock = self.make(actor, kind, family)
        ip = self.rng.choice(self.world.addresses(actor.host, family))
        sock.local = local or f"{ip}+{self.port()}"
        if kind == "tcp":
            self.say(actor, "opt", fd, "reuseaddr")
        if self.has("reuseport", 0.4) or local:
            self.say(actor, "opt", fd, "reuseport")
        if self.has("device", 0.15):
            self.say(actor, "opt", fd, "device",
                     self.world.device(actor.host))
        bound = sock.local
        if self.has("any-address", 0.3):
            bound = ("0.0.0.0+" if family == 4 else "::+") + \
                sock.local.rpartition("+")[2]
        self.say(actor, "bind", fd, bound)
        if kind == "tcp":
            self.say(actor, "listen", fd)
            sock.listens = True
        return actor, fd, sock

    def twin(self):
        """Another socket on a port that has one."""
        found = self.pick(lambda s: s.local and s.kind != "raw"
                          and not s.peer)
        if found and self.has("reuseport"):
            actor = self.rng.choice(self.actors)
            if actor.host == found[2].host:
                self.server(found[2].kind, found[2].local, actor,
                            found[2].family)

    def client(self):
        found = self.pick(lambda s: s.local and (s.kind == "udp"
                                                 or s.listens))
        if not found:
            return self.server()
        _, _, target = found
        near = [a for a in self.actors
                if self.world.reaches(a.host, target.host)]
        if not near:
            return None
        far = [a for a in near if a.host != target.host]
        actor = self.rng.choice(far or near)
        fd, sock = self.make(actor, target.kind, target.family)
        if target.kind == "tcp":
            self.say(actor, "connect", fd, target.reachable)
            sock.connected = target.reachable
            target.waiting.append(sock)
            if self.rng.random() < 0.7:
                self.accept(target)
        elif self.rng.random() < 0.5:
            self.say(actor, "connect", fd, target.reachable)
            sock.connected = target.reachable
        else:
            sock.connected = ""
        return None

    def accept(self, target=None):
        found = self.pick(lambda s: s.waiting and (not target or s is target))
        if found:
            actor, fd, listener = found
            peer, new = listener.waiting.pop(0), self.fd()
            sock = Sock("tcp", listener.family, listener.host)
            sock.connected, sock.peer, peer.peer = "-", peer, sock
            actor.fds[new] = sock
            self.say(actor, "accept", fd, new)

    # Data.

    def target_of(self, sock):
        """Whom a datagram goes to: (address or "", the Sock or None)."""
        if sock.kind in ("ping", "raw"):
            ips = self.world.addresses(sock.host, sock.family)
            return f"{self.rng.choice(ips)}+0", sock
        if sock.connected:
            there = [s for _, _, s in self.all(
                lambda s: s.local == sock.connected)]
            return "", self.rng.choice(there) if there else None
        found = self.pick(lambda s: s.kind == "udp" and s.local
                          and s.family == sock.family and
                          self.world.reaches(sock.host, s.host))
        return (found[2].reachable, found[2]) if found else (None, None)

    def can_send(self, sock):
        return sock.connected or (sock.kind != "tcp")

    def send(self, found=None):
        """One of the holders sends; returns who may read it."""
        found = found or self.pick(self.can_send)
        if not found:
            return None
        actor, fd, sock = found
        if sock.kind == "tcp":
            to, there = "", sock.peer
        else:
            to, there = self.target_of(sock)
        if to is None:
            return None
        calls = SENDS["far" if to else sock.kind]
        most = {"tcp": 60000, "ping": 1000}.get(sock.kind, 8000)
        length = self.rng.choice([16, 16, 64, 1024, most])
        self.say(actor, "send", fd, self.rng.choice(calls), length,
                 self.rng.choice([1, 1, 2, 5]), *[to] * bool(to))
        return there

    def recv(self, sock):
        found = self.holders(sock) if sock else []
        if found:
            actor, fd = self.rng.choice(found)
            call = self.rng.choice(RECVS + ["splice"] * (sock.kind == "tcp"))
            self.say(actor, "recv", fd, call, self.rng.choice([1, 5, 20]))

    def exchange(self):
        there = self.send()
        if there and not self.has("unread", 0.15):
            self.recv(there)

    def together(self):
        """Several processes at once, on what they share or on their own."""
        start = len(self.lines)
        found = self.all(self.can_send)
        self.rng.shuffle(found)
        chosen, seen = [], set()
        for each in found:
            if each[0].name not in seen:
                seen.add(each[0].name)
                chosen.append(each)
        readers = [self.send(each) for each in chosen[:3]]
        if len(chosen) > 1 and self.has("together"):
            self.lines.insert(start, "{")
            self.lines.append("}")
        for sock in readers:
            self.recv(sock)

    # Processes.

    def fork(self, host=None):
        if not self.names or not (host or self.has("fork")):
            return
        parent = self.rng.choice(self.actors)
        child = Actor(self.names.pop(0), parent.host, dict(parent.fds))
        self.say(parent, "fork", child.name)
        self.actors.append(child)
        host = host or self.rng.choice(self.world.hosts)
        if host != child.host:
            child.host = host
            self.say(child, "netns", host)

    def change(self):
        """It goes on as somebody else."""
        what = self.rng.choice(["exec", "rename", "leave", "setuid"])
        if self.has(what):
            actor = self.rng.choice(self.actors)
            self.say(actor, *{"setuid": ("setuid", 65534)}.get(what, (what,)))

    def share(self):
        found = self.pick(lambda s: True)
        if not found:
            return
        actor, fd, sock = found
        what = self.rng.choice(["pass", "dup", "ask"])
        if what == "dup" and self.has("dup"):
            new = self.fd()
            actor.fds[new] = sock
            self.say(actor, "dup", fd, new)
        elif what == "pass" and self.has("pass") and len(self.actors) > 1:
            other = self.rng.choice([a for a in self.actors
                                     if a is not actor])
            new = self.fd()
            other.fds[new] = sock
            self.say(actor, "give", fd)
            self.say(other, "take", new)
        elif self.has("ask"):
            self.say(actor, "ask", fd)

    def end(self):
        found = self.pick(lambda s: True)
        if found and self.rng.random() < 0.7:
            actor, fd, sock = found
            del actor.fds[fd]
            self.say(actor, "close", fd)
            if sock.local and self.has("restart", 0.6) and \
                    not self.holders(sock):
                self.server(sock.kind, sock.local, family=sock.family,
                            actor=next(a for a in self.actors
                                       if a.host == sock.host))
        elif len(self.actors) > 1 and self.has("kill"):
            actor = self.actors.pop(self.rng.randrange(1, len(self.actors)))
            self.say(self.first, "kill", actor.name)

    def special(self):
        family = self.rng.choice([4, 6])
        what = self.rng.choice(["ping", "raw", "multicast"])
        if not self.has(what):
            return
        actor = self.rng.choice(self.actors)
        if what != "multicast":
            self.make(actor, what, family)
            return
        group = self.world.group[family]
        local = f"{group}+{self.port()}"
        for _ in range(self.rng.choice([1, 2, 3])):
            fd, sock = self.make(actor, "udp", family)
            sock.local = local
            self.say(actor, "opt", fd, "reuseaddr")
            self.say(actor, "bind", fd, local)
            self.say(actor, "opt", fd, "join",
                     f"{group}%{self.world.device(actor.host)}")
            actor = self.rng.choice(self.actors)

    def step(self):
        self.rng.choices(
            [self.server, self.client, self.accept, self.exchange,
             self.together, self.fork, self.change, self.share, self.end,
             self.special, self.twin],
            [2, 4, 1, 8, 4, 3, 2, 2, 1, 1, 1])[0]()


def program(seed, world, features):
    """The lines of one program; the same for the same seed."""
    rng = random.Random(seed)
    # Some at a time: what interacts is found sooner than among all.
    some = {f for f in features if rng.random() < 0.5}
    writer = Writer(rng, world, some)
    for host in world.hosts[1:]:
        writer.fork(host)
    writer.server()
    writer.client()
    for _ in range(rng.randrange(4, 25)):
        if len(writer.lines) > MOST_LINES:
            break
        writer.step()
    return writer.lines
