# SPDX-License-Identifier: GPL-3.0-or-later
"""The truth as the log tells it: who owned an end of a packet at its time.

The owner is the last process that used the socket before that moment; a use
in progress may or may not have happened yet, so both answers are right.  A
packet with data that leaves during one process's send is that process's, and
one that comes in may be named after who reads it next.
"""
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field

ACCEPTING = 50_000_000      # ns that a packet waits to be accepted
SLACK = 200_000             # ns between a packet's time and its system call
ANY = ("0.0.0.0", "::", "-")
LISTENS = ("create", "bind", "listen", "accept")
TAKES_PORTS = {"tcp": ("connect", "send"), "udp": ("bind", "connect", "send")}


@dataclass
class Use:
    kind: str
    t0: int
    t1: int
    token: str
    tid: int

    def around(self, t):
        return self.t0 - SLACK <= t <= self.t1 + SLACK


@dataclass
class Identity:
    t0: int
    t1: int
    pid: int
    generation: int
    uid: int
    name: str


@dataclass
class Socket:
    sid: str
    env: str
    case: str
    host: str
    proto: str
    parent: str
    local: tuple = ("-", 0)
    remote: tuple = ("-", 0)
    uses: list = field(default_factory=list)
    claimed: str = ""       # the attr of an end without a process
    born: int = 0
    end: int = None         # when its last holder let go of it
    listens: bool = False
    listeners: list = field(default_factory=list)   # each one's first use



@dataclass
class Truth:
    """What may be said of one end."""
    owners: list            # of Use; empty: no process
    attrs: set
    socket: Socket = None
    bare: bool = False      # without data: the kernel sends it when it likes


class Model:
    def __init__(self, path, addresses):
        self.addresses = addresses          # (env, ip) -> host
        self.sockets = {}
        self.identities = defaultdict(list)
        self.ends = {}
        self.exact = defaultdict(list)
        self.loose = defaultdict(list)
        with open(path, encoding="utf-8", errors="surrogateescape") as log:
            for line in log:
                kind, *rest = line.rstrip("\n").split("\t")
                getattr(self, f"on_{kind}")(*rest)
        for timeline in self.identities.values():
            timeline.sort(key=lambda i: i.t0)
        for s in self.sockets.values():
            self.settle(s)
        for s in self.sockets.values():
            if s.parent in self.sockets:
                s.born = self.connected(s)
        for index in (self.exact, self.loose):
            for found in index.values():
                found.sort(key=lambda s: s.born)

    # The log's lines.

    def on_use(self, env, case, sid, parent, host, kind, t0, t1, token, _pid,
               tid, proto, lip, lport, rip, rport):
        s = self.sockets.get(sid)
        if not s:
            s = self.sockets[sid] = Socket(sid, env, case, host, proto, parent)
        if parent != "-":
            s.parent = parent
        if lport != "0" or proto.startswith("ip"):
            s.local = (lip, int(lport))
        if rip != "-":
            s.remote = (rip, int(rport))
        s.uses.append(Use(kind, int(t0), int(t1), token, int(tid)))

    def on_id(self, token, pid, t0, t1, generation, uid, name):
        self.identities[token].append(Identity(
            int(t0), int(t1), int(pid), int(generation), int(uid), name))

    def on_end(self, token, t0, t1):
        self.ends[token] = (int(t0), int(t1))

    def on_claim(self, env, case, t0, attr, token, proto, lip, lport, rip,
                 rport):
        s = Socket(f"claim{len(self.sockets)}", env, case, "-", proto, "-",
                   (lip, int(lport)), (rip, int(rport)), claimed=attr)
        s.uses.append(Use("claim", int(t0), int(t0), token, 0))
        self.sockets[s.sid] = s

    def settle(self, s):
        """Its end, and under which keys its packets come."""
        s.uses.sort(key=lambda u: (u.t1, u.t0))
        s.born = self.begun(s)
        s.listens = any(u.kind == "listen" for u in s.uses)
        if s.listens:
            first = {}
            for use in s.uses:
                if use.kind in LISTENS:
                    first.setdefault(use.token, use)
            s.listeners = list(first.values())
        closed = {u.token: u for u in s.uses if u.kind == "close"}
        users = {u.token for u in s.uses}
        gone = [Use("close", *self.ends[t], t, 0)
                for t in users - closed.keys() if t in self.ends]
        if not s.claimed and len(closed) + len(gone) == len(users):
            last = max([*closed.values(), *gone], key=lambda u: u.t0)
            s.end = last.t0
            if last in gone:
                s.uses.append(last)
        # Letting go of a copy that others still hold is not a use.
        s.uses = [u for u in s.uses
                  if u.kind != "close" or u.t0 == s.end]
        s.uses.sort(key=lambda u: (u.t1, u.t0))
        if s.remote[0] != "-" and s.local[0] not in ANY:
            self.exact[s.env, s.proto, *s.local, *s.remote].append(s)
        else:
            self.loose[s.env, s.proto, s.local[1]].append(s)

    @staticmethod
    def begun(s):
        """When its packets may begin.  A busy client may have its socket long
        before it has its ports, which are another's until then."""
        kinds = TAKES_PORTS.get(s.proto, ())
        return next((u.t0 for u in s.uses if u.kind in kinds), s.uses[0].t0)

    def peers(self, s):
        """Who may have made an accepted connection."""
        return [p for p in self.exact.get(
                    (s.env, s.proto, *s.remote, *s.local), ())
                if not p.claimed and p.born <= s.uses[0].t1]

    def connected(self, s):
        """An accepted connection begins with its peer's: ports come again.

        Of a peer behind a NAT only the accept is known.
        """
        return max((p.born for p in self.peers(s)),
                   default=s.born - ACCEPTING)

    def accepted(self, s):
        """From when accept() may have had it: during the call if the peer
        has opened it fast, by data."""
        fast = any(not any(u.kind == "connect" for u in p.uses)
                   for p in self.peers(s))
        return s.uses[0].t0 if fast else s.uses[0].t1

    # Questions.

    def find(self, env, key, t):
        """The socket that an end's key belonged to at a time, or None."""
        proto, lip, lport, rip, rport = key
        found = self.latest(self.exact.get((env, *key), ()), t)
        if found:
            return found
        host = self.addresses.get((env, lip))
        fits = [s for s in self.loose.get((env, proto, lport), ())
                if s.local[0] in (*ANY, lip)
                and (s.local[0] not in ANY or not host or s.claimed
                     or s.host == host)
                and s.remote[1] in (0, rport)]
        return self.latest(fits, t)

    @staticmethod
    def latest(sockets, t):
        """The last whose life had begun."""
        begun = [s for s in sockets if s.born - SLACK <= t]
        return begun[-1] if begun else None

    def truth(self, s, t, watch, sends, payload, syn=False):
        parent = self.sockets.get(s.parent)
        if parent and syn:      # whatever accept() is waiting for it
            owners, attrs = self.listeners(parent, t), {"listener"}
            if t >= self.accepted(s) - SLACK:
                owners += self.users(s, t, sends, payload)
                attrs.add("socket")
        elif s.listens:
            owners, attrs = self.listeners(s, t), {"listener"}
        else:
            owners, attrs = self.users(s, t, sends, payload), {"socket"}
            if parent:
                first = s.uses[0]
                if t < first.t0 - SLACK:
                    owners, attrs = self.reader(s, t, sends, payload), set()
                if t <= first.t1 + SLACK:
                    owners += [*self.listeners(parent, t), first]
                    attrs |= {"listener", "accepted"}
        if payload and not sends:       # if it waits for long to be read
            attrs.add("holder")
        if s.end and t >= s.end - SLACK:
            attrs.add("kernel")
            if parent:      # which refuses what is late
                attrs.add("listener")
        return Truth(owners, self.scanned(s, t, watch, attrs), s, not payload)

    @staticmethod
    def users(s, t, sends, payload):
        if sends and payload:
            sending = [u for u in s.uses
                       if u.kind == "send" and u.t0 <= t <= u.t1]
            if len({u.token for u in sending}) == 1:
                return sending
        done = bisect_right([u.t1 for u in s.uses], t)
        return [*s.uses[max(done - 1, 0):done],
                *[u for u in s.uses if u.around(t)],
                *Model.reader(s, t, sends, payload)]

    @staticmethod
    def reader(s, t, sends, payload):
        """Who read next, if there was something to read."""
        return [u for u in s.uses if payload and not sends
                and u.kind == "recv" and u.t1 >= t][:1]

    def listeners(self, s, t):
        """Who listens: has called listen() or accept() on it and is there."""
        uses = [u for u in s.listeners if u.t0 - SLACK <= t]
        there = [u for u in uses if self.ends.get(u.token, (t, t))[1] >= t]
        return there or uses[-1:]

    def scanned(self, s, t, watch, attrs):
        """A socket from before the capture is `scan` until its first use."""
        if s.born > watch.ready_ns:
            return attrs
        since = [u for u in s.uses if u.t1 >= watch.asked_ns and
                 u.t0 <= t + SLACK]
        if not any(u.t0 >= watch.ready_ns and u.t1 + SLACK < t
                   for u in since):
            attrs = attrs | {"scan"}
        if not since:
            attrs = attrs - {"socket"}
        return attrs

    def identities_of(self, use, t, bare):
        """An acknowledgment that was put off is of who used the socket, as
        they were then or, if the kernel asked, are now.  Who reads late may
        have become another program meanwhile."""
        times = [t]
        if bare and use.t1 < t:
            times.append(use.t1)
        if use.kind == "recv" and use.t1 > t:
            times.append(use.t1)
        return [i for at in times for i in self.identity(use.token, at)]

    def identity(self, token, t):
        """What the process may be called at a time: one, or two in between."""
        timeline = self.identities[token]
        settled = [i for i in timeline if i.t1 <= t]
        between = [i for i in timeline
                   if i.t0 - SLACK <= t <= i.t1 + SLACK]
        return [*settled[-1:], *between] or timeline[:1]
