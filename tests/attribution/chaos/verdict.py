# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares a capture with what the programs say of themselves.

The stamps in a packet's payload say who sent it, and the log says who read
those stamps.  What carries none, as an acknowledgement, may only name who
used a socket of that port, or inherited one.
"""
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from wire import ICMP, ICMP6, TCP, UDP, packets

FIRST_PORT, PORTS = 10000, 8
MPTCP = "262"


@dataclass
class Who:
    number: int
    program: int
    pid: int
    name: str
    before: int                 # who it was, or who forked it
    uid: int
    netns: int


@dataclass
class Finding:
    kind: str
    program: int
    text: str
    shape: tuple                # alike findings have it in common

    def __str__(self):
        return f"{self.kind}: {self.text}"


@dataclass
class Result:
    findings: list = field(default_factory=list)
    packets: int = 0
    ends: int = 0               # whose process is known by stamps
    named: int = 0              # of those
    reasons: Counter = field(default_factory=Counter)  # of the others
    stuck: list = field(default_factory=list)       # programs
    refused: Counter = field(default_factory=Counter)

    @property
    def share(self):
        return 100 * self.named / self.ends if self.ends else 100

    def __str__(self):
        return (f"{self.packets} packets; {self.named} of {self.ends} ends "
                f"named ({self.share:.2f} %), "
                f"others {dict(self.reasons)}; {len(self.stuck)} programs "
                f"stuck; refused {dict(self.refused.most_common(6))}")

    def add(self, other):
        for name in ("packets", "ends", "named"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.reasons.update(other.reasons)
        self.refused.update(other.refused)
        self.findings += other.findings
        self.stuck += other.stuck


class Truth:
    """The log of play.c."""

    def __init__(self, path):
        self.who = {}
        self.programs = set()
        self.by_name = defaultdict(list)    # (pid, name) -> of Who
        self.readers = defaultdict(set)     # stamp -> numbers of Who, who
        self.parts = Counter()              # ... have read so many of it
        self.forged = set()             # stamps
        self.users = defaultdict(set)   # (program, protocol, port) -> same
        self.program_of = {}            # (protocol, port) -> program
        self.result = Result()
        with open(path, encoding="ascii") as log:
            for line in log:
                kind, *rest = line.split()
                getattr(self, f"on_{kind}")(*rest)

    def on_I(self, who, program, pid, name, *more):
        w = Who(int(who), int(program), int(pid), name, *map(int, more))
        self.who[w.number] = w
        self.programs.add(w.program)
        self.by_name[w.pid, name].append(w)

    def on_U(self, program, who, _kind, _cookie, protocol, _lip, lport,
             _rip, _rport):
        key = TCP if protocol == MPTCP else int(protocol), int(lport)
        self.users[int(program), *key].add(int(who))
        self.program_of.setdefault(key, int(program))

    def on_R(self, program, who, seq, reader, part):
        stamp = int(program), int(who), int(seq)
        self.readers[stamp].add(int(reader))
        self.parts[stamp] = max(self.parts[stamp], int(part) + 1)

    def on_F(self, *stamp):
        self.forged.add(tuple(map(int, stamp)))

    def on_E(self, _program, _op, errno):
        self.result.refused[int(errno)] += 1

    def on_P(self, program, ended):
        if ended == "0":
            self.result.stuck.append(int(program))

    def lineage(self, number):
        """The process, what it was before, and whom it was forked from."""
        while number in self.who:
            yield number
            number = self.who[number].before

    def pids(self, numbers):
        return {self.who[n].pid for n in numbers}

    def whole(self, stamps):
        """A write that was cut short leaves a piece of one before the next."""
        return {(program, who, seq): part
                for (program, who, seq), part in stamps.items()
                if who in self.who and self.who[who].program == program}

    def readers_of(self, stamps):
        """Who has read any of these, from where they begin."""
        return set().union(*(self.readers[stamp]
                             for stamp, part in stamps.items()
                             if part < self.parts[stamp]))

    def program(self, p):
        for program, *_ in p.stamps:
            return program
        for port in p.ports:            # one that was translated is anybody's
            program = (port - FIRST_PORT) // PORTS
            if program in self.programs:
                return program
        return next((self.program_of[p.proto, port] for port in p.ports
                     if (p.proto, port) in self.program_of), None)


class Judge:
    def __init__(self, truth, place, unknown=False):
        self.unknown = unknown          # is it a finding, too?
        self.truth = truth
        self.place = place              # its World
        self.result = truth.result
        self.carried = Counter()        # by stamp: packets of the file

    def file(self, path):
        seen = list(packets(path))
        for p in seen:
            p.stamps = self.truth.whole(p.stamps)
        self.carried = Counter(stamp for p in seen for stamp in p.stamps)
        for p in seen:
            program = p.proto and self.truth.program(p)
            if program is not None and p.proto:
                self.packet(p, program)

    def find(self, kind, p, program, text):
        said = [f"{e.attr or '-'} {e.reason}".strip()
                for e in p.owners[1:]] if p.owners else []
        self.result.findings.append(Finding(
            kind, program, f"{text}; {p}",
            (kind, p.protocol, p.icmp or "data" * bool(p.stamps), *said)))

    def packet(self, p, program):
        self.result.packets += 1
        if p.owners is None:
            self.find("absent", p, program, "no attribution")
            return
        senders = {who for _, who, _ in p.stamps if who in self.truth.who}
        readers = self.truth.readers_of(p.stamps)
        for said in p.others:
            self.other(p, program, said, readers)
        if p.icmp == "error":           # quotes whom it is about
            self.whoever(p, 1, program, senders, "error")
        elif p.icmp == "asks":
            self.exact(p, 0, program, senders, "sender")
        elif p.icmp == "answers":
            self.either(p, 1, program, readers, senders)
        elif p.stamps.keys() & self.truth.forged:      # may well be anybody's
            self.either(p, 1, program, readers, set())
            if p.owners[1].pid is not None:
                self.exact(p, 0, program, senders, "sender")
        elif senders:
            self.exact(p, 0, program, senders, "sender")
            self.either(p, 1, program, readers, set())
        else:
            for end in (0, 1):
                self.whoever(p, end, program, set(), "flow")

    def other(self, p, program, said, readers):
        """Each of several receivers has read it."""
        if not any(w.number in readers for w in self.named(said)):
            self.find(self.name_kind("other", said, readers), p, program,
                      f"{said.name} {said.pid} is not {self.names(readers)}")

    def either(self, p, end, program, readers, senders):
        if readers:
            self.exact(p, end, program, readers, "reader")
        else:
            self.whoever(p, end, program, senders, "unread")

    def was_carried_again(self, p):
        """What somebody read of its writes may have come by others."""
        return p.proto == TCP and all(self.carried[stamp] > 1
                                      for stamp in p.stamps
                                      if stamp in self.truth.readers)

    def is_sent_again(self, p, said):
        """A firewall has dropped it, and what was read came by another."""
        return said.reason == "not-delivered" and self.was_carried_again(p)

    def exact(self, p, end, program, wanted, kind):
        """Named with one of these, or unknown with a reason."""
        said, here = p.owners[1 + end], self.place.must_name(p.ips[end])
        here = here and not self.is_sent_again(p, said)
        if self.reasoned(p, end, program) and here:
            self.result.ends += 1
            self.result.named += said.pid is not None
        if said.pid is None:
            if here and said.attr != "unknown":
                self.find("denied", p, program,
                          f"{kind} {self.names(wanted)}")
            elif here:
                self.result.reasons[said.reason] += 1
                if self.unknown:
                    self.find("unknown", p, program,
                              f"{kind} {self.names(wanted)}")
            return
        fits = [w for w in self.named(said) if w.number in wanted]
        if fits:
            if kind == "sender" and p.proto == UDP:
                self.described(p, program, said.id, fits)
            return
        # It says who listens or has the socket, not who will read; or whose
        # connection it was, of what came again after its end.
        if kind == "reader" and (said.attr in ("listener", "holder") or
                                 said.attr == "kernel" and
                                 self.was_carried_again(p)):
            self.whoever(p, end, program, set(), "listener")
            return
        self.find(self.name_kind(kind, said, wanted), p, program,
                  f"is {self.names(wanted)}")

    def name_kind(self, kind, said, wanted):
        """Whether only the name is wrong."""
        right = said.pid in self.truth.pids(wanted)
        return f"{kind}-name" if right else kind

    def whoever(self, p, end, program, more, kind):
        """Who is named has something to do with the socket."""
        said = p.owners[1 + end]
        self.reasoned(p, end, program)
        if said.pid is None:
            return
        named = self.named(said)
        users = more | self.users(program, p.proto, p.ports[end])
        if p.proto not in (TCP, UDP) and kind != "error":
            users |= {w.number for w in self.truth.who.values()
                      if w.program == program}
        if not named or said.pid not in self.truth.pids(users) and \
                not any(users.intersection(self.truth.lineage(w.number))
                        for w in named):
            self.find(kind, p, program, f"users are {self.names(users)}")

    def users(self, program, proto, port):
        users = self.truth.users
        if self.place.translates and (program, proto, port) not in users:
            return set().union(*(who for key, who in users.items()
                                 if key[:2] == (program, proto)))
        return users.get((program, proto, port), set())

    def reasoned(self, p, end, program):
        said = p.owners[1 + end]
        if said.attr == "unknown" and not said.reason:
            self.find("reason", p, program, "unknown, and no reason")
        return True

    def named(self, said):
        return self.truth.by_name.get(
            (said.pid, said.name.decode(errors="replace")), [])

    def described(self, p, program, number, fits):
        """Its record tells the user and the namespace of when it sent."""
        record = p.records.get(number, {})
        for field in ("uid", "netns"):
            true = {getattr(w, field) for w in fits}
            # A user without rights is not shown its namespace.
            if field in record and record[field] not in true and \
                    (field, true) != ("netns", {0}):
                self.find(f"sender-{field}", p, program,
                          f"{record[field]} is {true}")

    def names(self, numbers):
        return " ".join(f"{w.name}[{w.pid}]" for w in
                        (self.truth.who[n] for n in sorted(numbers))) or "-"
