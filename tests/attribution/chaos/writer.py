# SPDX-License-Identifier: GPL-3.0-or-later
"""A program in the making: who has which socket, and what is said on them."""
from dataclasses import dataclass, field

SENDS = {"tcp": ["send", "sendmsg", "sendmmsg", "write", "writev", "splice",
                 "sendfile", "uring", "sqpoll", "zerocopy"],
         "udp": ["send", "sendmsg", "sendmmsg", "write", "writev", "splice",
                 "uring", "sqpoll"],
         "far": ["sendto", "sendmsg", "sendmmsg"]}
RECVS = ["recv", "recvfrom", "recvmsg", "recvmmsg", "read", "readv", "uring"]


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
        self.ended = None           # whose pid is free

    def has(self, feature, chance=1.0):
        return feature in self.features and self.rng.random() < chance

    def one_of(self, *features):
        return self.rng.choice([f for f in features if f in self.features])

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
        multi = "mp" * (kind == "tcp" and self.has("mptcp", 0.3))
        self.say(actor, "socket", fd, f"{multi}{kind}{family}")
        return fd, sock

    def device_of(self, host, ip=None):
        devices = self.world.devices[host]
        return next((d for d, ips in devices.items() if ip in ips),
                    next(iter(devices)))

    def server(self, kind=None, local=None, actor=None, family=None,
               device=None):
        kind = kind or self.rng.choice(["tcp", "udp", "udp"])
        actor = actor or self.rng.choice(self.actors)
        family = family or self.rng.choice([4, 6])
        fd, sock = self.make(actor, kind, family)
        ip = local.rpartition("+")[0] if local else self.rng.choice(
            self.world.addresses(actor.host, family))
        sock.local = local or f"{ip}+{self.port()}"
        if kind == "tcp":
            self.say(actor, "opt", fd, "reuseaddr")
        if self.has("reuseport", 0.4) or local:
            self.say(actor, "opt", fd, "reuseport")
        if device or self.has("device", 0.15):
            self.say(actor, "opt", fd, "device",
                     device or self.device_of(actor.host, ip))
        if family == 6 and self.has("extend", 0.3):
            self.say(actor, "opt", fd, "extend")
        bound = sock.local
        if device or self.has("any-address", 0.3):
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
                _, fd, _ = self.server(found[2].kind, found[2].local, actor,
                                       found[2].family)
                if self.has("steer", 0.4):
                    self.say(actor, "opt", fd, "steer", self.rng.choice([0, 1]))

    def on_devices(self):
        """A server for each device of a host, on one port."""
        actor = self.rng.choice(self.actors)
        devices = self.world.devices[actor.host]
        if len(devices) < 2 or not self.has("devices"):
            return
        port, kind = self.port(), self.rng.choice(["tcp", "udp"])
        family = self.rng.choice([4, 6])
        for device, ips in devices.items():
            ip = next(i for i in ips if (":" in i) == (family == 6))
            actor = self.rng.choice([a for a in self.actors
                                     if a.host == actor.host])
            self.server(kind, f"{ip}+{port}", actor, family, device)

    def bind(self, actor, fd, sock):
        """To an address of its host."""
        ip = self.rng.choice(self.world.addresses(actor.host, sock.family))
        sock.local = f"{ip}+{self.port()}"
        self.say(actor, "bind", fd, sock.local)

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
        if self.has("fixed-port", 0.3):
            self.say(actor, "opt", fd, "reuseaddr")
            self.bind(actor, fd, sock)
        if target.kind == "tcp":
            self.say(actor, "connect", fd, target.local)
            sock.connected = target.local
            target.waiting.append(sock)
            if self.rng.random() < 0.7:
                self.accept(target)
        elif self.rng.random() < 0.5:
            self.say(actor, "connect", fd, target.local)
            sock.connected = target.local
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
                lambda s: s.local == sock.connected and
                self.world.reaches(sock.host, s.host))]
            return "", self.rng.choice(there) if there else None
        found = self.pick(lambda s: s.kind == "udp" and s.local
                          and s.family == sock.family and
                          self.world.reaches(sock.host, s.host))
        return (found[2].local, found[2]) if found else (None, None)

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
        if sock.kind == "udp" and sock.local and not sock.connected and \
                self.has("back", 0.4):
            to, there = "back", None
        calls = [c for c in SENDS["far" if to else sock.kind]
                 if c not in ("uring", "sqpoll") or "uring" in self.features]
        most = {"tcp": 60000, "ping": 1000}.get(sock.kind, 8000)
        length = self.rng.choice([16, 16, 64, 1024, most])
        self.say(actor, "send", fd, self.rng.choice(calls), length,
                 200 if length == 16 and self.rng.random() < 0.05 else
                 self.rng.choice([1, 1, 2, 5]), *[to] * bool(to))
        return there

    def recv(self, sock):
        """On each socket that may have got it, one of the holders reads."""
        if not sock:
            return
        alike = {id(s): s for _, _, s in self.all(
            lambda s: s is sock or s.kind == sock.kind == "udp"
            and s.local and s.local == sock.local)}
        for each in alike.values():
            actor, fd = self.rng.choice(self.holders(each) or [(None, "")])
            if actor:
                call = self.rng.choice(
                    RECVS[:7 - (not self.has("uring"))] +
                    ["splice"] * (sock.kind == "tcp"))
                self.say(actor, "recv", fd, call,
                         self.rng.choice([1, 5, 20]))

    def exchange(self):
        """Who reads waits for it already, or comes later."""
        start = len(self.lines)
        there = self.send()
        if not there or self.has("unread", 0.15):
            return
        sent = len(self.lines)
        self.recv(there)
        if self.has("waiting", 0.5):
            lines = self.lines[start:]
            self.lines[start:] = ["{", *lines[sent - start:],
                                  *lines[:sent - start], "}"]

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
        for _, _, sock in chosen[:3] * self.has("ask", 0.5):
            actor, fd = self.rng.choice(self.holders(sock))
            self.say(actor, "ask", fd)
        beside = self.rng.random() < 0.3
        for sock in readers * beside:
            self.recv(sock)
        if len(chosen) > 1 and self.has("together"):
            self.lines.insert(start, "{")
            self.lines.append("}")
        for sock in readers:
            self.recv(sock)
