# SPDX-License-Identifier: GPL-3.0-or-later
"""Random programs out of a grammar of socket calls.

A line is an actor, which is a process, and what it does; sN are sockets:

  A socket s1 udp4              tcp, mptcp, udp, ping, raw; 4 and 6
  A opt s1 reuseport            reuseaddr, zerocopy, device DEV, join IP%DEV,
                                broadcast, steer N, extend (IPv6 headers)
  A bind s1 127.0.0.1+3         the port is the program's third
  A connect s1 IP+N, A listen s1, A accept s1 s2, A shutdown s1, A close s1
  A send s1 CALL LENGTH COUNT [IP+N]      or "back" to whom recvfrom heard
  A recv s1 CALL COUNT
  A dup s1 s2, A give s1, B take s1       the latter two by SCM_RIGHTS
  A ask s1                      getsockname, getpeername, TCP_INFO
  A forge udp IP+N IP+N LENGTH  or tcp: with addresses of somebody else's;
                                and a DEVICE: as a frame of its own
  A ss                          asks the kernel of every socket
  A fork B [C]                  with the pid that C had
  A exec, A rename, A exit, A kill B, A setuid UID, A netns HOST
  A leave                       its first thread ends, another goes on
  A thread send ...             in a thread of its own
  { ... }                       what stands between is done at the same time

One line begins when the one before is done.  A line that the kernel refuses
changes nothing; so every subset of a program's lines is a program.
"""
import random

from writer import Actor, Writer

# What a program may do beyond plain calls; each can be left out by name.
FEATURES = ["fork", "exec", "rename", "pass", "dup", "together", "restart",
            "reuseport", "device", "kill", "ask", "thread", "leave",
            "multicast", "ping", "raw", "setuid", "any-address", "unread",
            "steer", "extend", "forge", "frame",
            "ss", "pid", "back", "mptcp", "uring",
            "devices", "fixed-port", "waiting"]
MOST_LINES = 40


class Program(Writer):
    """What processes do beyond talking, and what comes next."""

    def begin(self):
        self.server()
        self.client()

    def child(self, parent, *again):
        child = Actor(self.names.pop(0), parent.host, dict(parent.fds))
        self.say(parent, "fork", child.name, *again)
        self.actors.append(child)
        return child

    def close(self, actor, fd):
        del actor.fds[fd]
        self.say(actor, "close", fd)

    def fork(self, host=None):
        if not self.names or not (host or self.has("fork")):
            return
        parent = self.rng.choice(self.actors)
        again = [self.ended] * bool(self.ended and self.has("pid"))
        child = self.child(parent, *again)
        self.ended = None if again else self.ended
        host = host or self.rng.choice(self.world.hosts)
        if host != child.host:
            child.host = host
            self.say(child, "netns", host)

    def change(self):
        """It goes on as somebody else."""
        what = self.one_of("exec", "rename", "leave", "setuid")
        actor = self.rng.choice(self.actors)
        self.say(actor, *{"setuid": ("setuid", 65534)}.get(what, (what,)))

    def share(self):
        found = self.pick(lambda s: True)
        if not found:
            return
        actor, fd, sock = found
        what = self.one_of("pass", "dup", "ask")
        if what == "dup":
            new = self.fd()
            actor.fds[new] = sock
            self.say(actor, "dup", fd, new)
        elif what == "pass" and len(self.actors) > 1:
            other = self.rng.choice([a for a in self.actors
                                     if a is not actor])
            new = self.fd()
            other.fds[new] = sock
            self.say(actor, "give", fd)
            self.say(other, "take", new)
        elif what == "ask":
            self.say(actor, "ask", fd)

    def end(self):
        found = self.pick(lambda s: True)
        if found and self.rng.random() < 0.7:
            actor, fd, sock = found
            self.close(actor, fd)
            if sock.local and self.has("restart", 0.6) and \
                    not self.holders(sock):
                self.server(sock.kind, sock.local, family=sock.family,
                            actor=self.rng.choice([
                                a for a in self.actors
                                if a.host == sock.host] or [actor]))
        elif len(self.actors) > 1 and self.has("kill"):
            actor = self.actors.pop(self.rng.randrange(1, len(self.actors)))
            self.say(self.first, "kill", actor.name)
            self.ended = actor.name

    def forge(self):
        """As if one of the sockets there are had sent it to another."""
        found = [s for _, _, s in self.all(lambda s: s.local and s.kind in
                                           ("udp", "tcp"))]
        if not found:
            return
        target, victim = self.rng.choice(found), self.rng.choice(found)
        if target.family == victim.family and target.kind == victim.kind:
            device = [self.device_of(self.first.host)] * self.has("frame")
            self.say(self.first, "forge", target.kind, victim.local,
                     target.local, 64, *device)
            self.recv(target if target.kind == "udp" else None)

    def broadcast(self):
        """As DHCP: on each device the same addresses, and others that talk."""
        host = self.rng.choice(self.world.hosts)
        devices = self.world.devices[host]
        if len(devices) < 2 or len(self.world.hosts) < 2:
            return
        other = next(h for h in self.world.hosts if h != host)
        ends = [(near, device, port) for near, port in
                ((host, self.port()), (other, self.port()))
                for device in devices]
        made = []
        for near, device, port in ends:
            there = [a for a in self.actors if a.host == near]
            if not there:
                return
            actor = there[len(made) % len(there)]
            fd, sock = self.make(actor, "udp", 4)
            for words in (("reuseaddr",), ("broadcast",), ("device", device)):
                self.say(actor, "opt", fd, *words)
            self.say(actor, "bind", fd, f"0.0.0.0+{port}")
            sock.local = f"255.255.255.255+{port}"
            made.append((actor, fd, sock))
        for (actor, fd, _), (_, _, to) in zip(made[len(devices):], made):
            self.say(actor, "send", fd, "sendto", 64, 1, to.local)
            self.recv(to)

    def look(self):
        if self.has("ss"):
            self.say(self.rng.choice(self.actors), "ss")

    def special(self):
        family = self.rng.choice([4, 6])
        what = self.one_of("ping", "raw", "multicast")
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
                     f"{group}%{self.device_of(actor.host)}")
            actor = self.rng.choice(self.actors)

    def step(self):
        """What the program is about is done more often than the rest."""
        ways = {self.server: (2, ""), self.client: (4, ""),
                self.accept: (1, ""), self.exchange: (8, ""),
                self.together: (3, "together"),
                self.fork: (1, "fork"),
                self.change: (0, "exec rename leave setuid"),
                self.share: (0, "pass dup ask"),
                self.end: (1, "restart kill"),
                self.special: (0, "ping raw multicast"),
                self.twin: (0, "reuseport"), self.on_devices: (0, "devices"),
                self.broadcast: (0, "devices"),
                self.forge: (0, "forge frame"), self.look: (0, "ss")}
        weights = [least + 2 * len(self.features.intersection(about.split()))
                   for least, about in ways.values()]
        self.rng.choices(list(ways), weights)[0]()


class Hands(Program):
    """One socket goes through many hands, and little else happens."""

    def begin(self):
        self.features = self.features | {"pass", "exec"}
        kind = self.rng.choice(["tcp", "udp"])
        _, fd, self.ours = self.server(kind, actor=self.first)
        peer = self.rng.choice(self.actors)
        there, self.theirs = self.make(peer, kind, self.ours.family)
        self.bind(peer, there, self.theirs)
        self.say(peer, "connect", there, self.ours.local)
        self.theirs.connected = self.ours.local
        if kind == "tcp":
            self.ours.waiting.append(self.theirs)
            self.accept()
            self.ours = self.theirs.peer or self.ours
        elif self.rng.random() < 0.3:
            self.say(self.first, "connect", fd, self.theirs.local)
            self.ours.connected = self.theirs.local

    def held(self):
        return self.rng.choice(self.holders(self.ours))

    def hear(self):
        """Somebody has it who reads, or nobody for now."""
        self.send((*self.rng.choice(self.holders(self.theirs)), self.theirs))
        if not self.has("unread", 0.3):
            self.recv(self.ours)

    def speak(self):
        self.send((*self.held(), self.ours))
        self.recv(self.theirs)

    def hand_on(self):
        parent, _ = self.held()
        if self.rng.random() < 0.5 and self.names:
            self.child(parent)
        else:
            self.share()

    def let_go(self):
        actor, fd = self.held()
        if len(self.holders(self.ours)) > 1:
            self.close(actor, fd)

    def step(self):
        ways = {self.hear: 6, self.speak: 4, self.hand_on: 2, self.let_go: 3,
                self.change: 1, self.together: 1}
        if not self.holders(self.theirs) or not self.holders(self.ours):
            return
        self.rng.choices(list(ways), list(ways.values()))[0]()


def program(seed, world, features):
    """The lines of one program; the same for the same seed."""
    rng = random.Random(seed)
    # Some at a time: what interacts is found sooner than among all.
    some = {f for f in features if rng.random() < 0.4} or set(features)
    hands = rng.random() < 0.2
    writer = (Hands if hands else Program)(rng, world, some)
    # Those that share nothing yet; the feature is to inherit.
    for host in world.hosts[1:] + rng.choices(world.hosts,
                                              k=rng.randrange(3)):
        writer.fork(host)
    writer.begin()
    for _ in range(rng.randrange(4, 25)):
        if len(writer.lines) > MOST_LINES:
            break
        writer.step()
    return writer.lines
