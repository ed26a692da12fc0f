# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares what a file says of each packet's ends with the truth."""
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import pcapng  # noqa: E402

ENDS = [f"proc.{end}.{name}" for end in ("src", "dst")
        for name in ("pid", "name", "attr", "reason", "id", "uid")]
FIELDS = ["frame.number", "frame.time_epoch", "frame.protocols",
          "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "ip.proto", "ipv6.nxt",
          "tcp.srcport", "tcp.dstport", "tcp.len", "udp.srcport",
          "udp.dstport", "icmp.type", "icmp.ident", "icmpv6.type",
          "icmpv6.echo.identifier", "ip.id", "ip.frag_offset", "ip.flags.mf",
          "ipv6.fraghdr.ident", "ipv6.fraghdr.offset", "ipv6.fraghdr.nxt",
          "ipv6.version", "tcp.flags", *ENDS]
AS_IT_IS = ("-n", "-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE",
            "-o", "tcp.desegment_tcp_streams:FALSE")
ASKS, ANSWERS = 1, 2
SYN, RST = 0x02, 0x04
# The kernel itself hands these out damaged: the inner tag without its type.
UNREADABLE = "10 QinQ on `any`, unreadable to tshark"
OWN = "9 ARP, neighbours, group membership"
ECHO = {"icmp": ("8", "0"), "icmpv6": ("128", "129")}
ICMP6_ERRORS = {"1", "2", "3", "4"}
ICMP_ERRORS = {"3", "4", "5", "11", "12"}


@dataclass
class End:
    pid: str
    name: str
    attr: str
    reason: str
    id: str
    uid: str

    def __str__(self):
        return (f"{self.name or '-'}[{self.pid or '-'}] {self.attr or 'none'}"
                f"{' ' + self.reason if self.reason else ''}")


@dataclass
class Packet:
    frame: int
    t: int
    what: str
    sent: tuple = None      # (proto, local ip, port, remote ip, port)
    payload: bool = False
    flags: int = 0          # of TCP
    unreadable: bool = False
    tunnel: bool = False
    kind: str = "flow"      # flow, part (a fragment), error, tunnel, other
    ends: tuple = ()

    def key(self, end):
        if end == 0:
            return self.sent
        proto, lip, lport, rip, rport = self.sent
        if proto in ECHO:
            rport = ANSWERS if rport == ASKS else ASKS if rport else 0
            return proto, rip, lport, lip, rport
        return proto, rip, rport, lip, lport


def is_tunnelled(layers):
    """VXLAN, or IP within IP (GRE, IPIP), also where an error quotes it."""
    at = [n for n, layer in enumerate(layers) if layer in ("ip", "ipv6")]
    quoted = {"icmp", "icmpv6"} & {*layers[at[0]:at[1]]} if at[1:] else ()
    return "vxlan" in layers or len(at) > 1 + bool(quoted)


def parse(row, firsts):
    """A packet of one row; *firsts* remembers the first fragments' keys."""
    f = dict(zip(FIELDS, row))

    def get(name, nth=0):
        values = f[name].split(",") if f[name] else []
        return values[nth] if nth < len(values) else ""

    seconds, _, fraction = f["frame.time_epoch"].partition(".")
    p = Packet(int(f["frame.number"]),
               int(seconds) * 10 ** 9 + int(fraction.ljust(9, "0")),
               f["frame.protocols"].partition("ethertype:")[2]
               or f["frame.protocols"])
    n = len(ENDS) // 2
    p.ends = End(*row[-2 * n:-n]), End(*row[-n:])
    layers = f["frame.protocols"].split(":")
    six = "ipv6" in layers and "ip" not in layers[:layers.index("ipv6")]
    src, dst = ("ipv6.src", "ipv6.dst") if six else ("ip.src", "ip.dst")
    p.tunnel = is_tunnelled(layers)
    p.unreadable = six and get("ipv6.version") not in ("", "6")
    if not f[src] or p.unreadable:
        p.kind = "other"
        p.unreadable |= "arp" not in layers
        return p
    icmp = "icmpv6" if "icmpv6" in layers else "icmp"
    kind = get(f"{icmp}.type")
    nth = 0
    if p.tunnel:
        p.kind, nth = "tunnel", 1
    elif kind in (ICMP6_ERRORS if icmp == "icmpv6" else ICMP_ERRORS):
        p.kind, nth = "error", 1
    # Of outer headers only VXLAN's has ports.
    at = int(p.kind == "tunnel" and "vxlan" in layers)
    lip, rip = get(src, nth), get(dst, nth)
    fragment = get("ip.id") + ":" + get("ipv6.fraghdr.ident"), lip, rip
    if get("tcp.srcport"):
        p.sent = ("tcp", lip, int(get("tcp.srcport")), rip,
                  int(get("tcp.dstport")))
        p.payload = get("tcp.len") not in ("", "0")
        p.flags = int(get("tcp.flags"), 0)
    elif get("udp.srcport", at):
        p.sent = ("udp", lip, int(get("udp.srcport", at)), rip,
                  int(get("udp.dstport", at)))
        p.payload = True
    elif kind in ECHO[icmp] and p.kind == "flow":
        ident = int(get("icmp.ident") if icmp == "icmp" else
                    get("icmpv6.echo.identifier"), 0)
        p.sent = (icmp, lip, ident, rip,
                  ASKS if kind == ECHO[icmp][0] else ANSWERS)
        p.payload = True
    elif get("ip.frag_offset") not in ("", "0") or \
            get("ipv6.fraghdr.offset") not in ("", "0"):
        p.kind, p.sent = "part", firsts.get(fragment)
        p.payload = True
    elif kind or "igmp" in layers:
        p.kind = "own"      # neighbour and group management
    elif not lip:
        p.kind = "own"      # ARP in a tunnel
    else:
        proto = get("ipv6.nxt") if six else get("ip.proto")
        p.sent, p.payload = (f"ip{proto}", lip, 0, rip, 0), True
    if get("ip.flags.mf") == "1" or get("ipv6.fraghdr.offset") == "0":
        firsts[fragment] = p.sent
    return p


@dataclass
class Score:
    packets: int = 0
    right: int = 0
    wrong: int = 0
    unknown: int = 0
    silent: int = 0         # of the unknown: no reason is given
    reasons: Counter = field(default_factory=Counter)
    faults: list = field(default_factory=list)

    @property
    def named(self):
        return self.right + self.wrong

    def add(self, other):
        for name in ("packets", "right", "wrong", "unknown", "silent"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.reasons.update(other.reasons)
        self.faults += other.faults


class Judge:
    def __init__(self, model, fallback=False):
        self.model = model
        self.fallback = fallback    # every owner is a `scan`, of this host
        self.ids = {}           # (token, generation) -> proc.id
        self.tokens = {}        # proc.id -> (token, generation)
        self.scores = defaultdict(Score)    # by (case, capture)
        self.threads = []       # (capture, frame, end, tids) to be compared

    def file(self, watch, tshark, thread_cases=()):
        """Judges one capture file."""
        firsts = {}
        for row in tshark.fields(watch.capture.path, *FIELDS, more=AS_IT_IS):
            if row[1]:      # the process table is a record without a time
                self.packet(parse(row, firsts), watch, thread_cases)
        self.compare_threads(watch)

    def packet(self, p, watch, thread_cases):
        sockets = [p.sent and self.model.find(watch.env, p.key(end), p.t)
                   for end in (0, 1)]
        case = next((s.case for s in sockets if s), None)
        if case is None and p.unreadable:
            case = UNREADABLE
        elif case is None and (p.kind in ("own", "other")):
            case = OWN
        elif case is None:
            case = "- not ours"
        score = self.scores[case, watch.name]
        score.packets += 1
        for s in sockets:
            if s and p.flags & RST:     # which ends both, whoever holds them
                s.end = min(s.end or p.t, p.t)
        verdicts = [self.checked(p, end, sockets, watch) for end in (0, 1)]
        worst = max(v for v, _ in verdicts)
        score.right += worst == 0
        score.unknown += worst == 1
        score.wrong += worst == 2
        silent = False
        for (verdict, why), said in zip(verdicts, p.ends):
            if said.attr in ("kernel", "unknown", "forwarded"):
                score.reasons[said.reason or said.attr] += 1
            silent |= verdict == 1 and not said.reason
            if verdict and len(score.faults) < 200:
                score.faults.append(self.fault(p, watch, sockets, why))
        score.silent += silent
        if case in thread_cases and not worst:
            self.threads += [(p, end, self.tids(p, end, sockets, watch))
                             for end in (0, 1) if p.ends[end].pid]

    def fault(self, p, watch, sockets, why):
        case = next((s.case for s in sockets if s), "-")
        return (f"{case} | {watch.name} frame {p.frame} t={p.t} {p.what} "
                f"{p.kind} {p.sent} {p.flags:#x}: {why}; file says "
                f"src {p.ends[0]}, dst {p.ends[1]}")

    def checked(self, p, end, sockets, watch):
        verdict, why = self.end(p, end, sockets, watch)
        said = p.ends[end]
        if not verdict and said.attr == "kernel" and \
                not self.reason_fits(p, end, said.reason, sockets[end]):
            return 2, f"{('src', 'dst')[end]} has another reason"
        return verdict, why

    @staticmethod
    def reason_fits(p, end, reason, socket):
        """Each reason says something that the packet itself can belie."""
        tcp = bool(p.sent) and p.sent[0] == "tcp"
        resets = end == 0 and bool(p.flags & RST)
        if reason == "reset":
            return resets
        if reason == "time-wait":
            return tcp and bool(socket) and not resets
        if reason == "icmp":
            return p.kind in ("own", "error") or \
                bool(p.sent) and p.sent[0] in ECHO
        if reason == "not-ip":
            return p.kind == "other"
        if reason == "kernel-socket":
            return p.tunnel
        return reason == "no-socket"

    def end(self, p, end, sockets, watch):
        """(0 right, 1 unknown, 2 wrong; why)."""
        said, s = p.ends[end], sockets[end]
        side = ("src", "dst")[end]
        if p.kind == "error":
            return self.error_end(p, end, sockets, watch)
        if not s:
            passing = p.tunnel and watch.elsewhere
            return self.nobody(said, side, {"kernel"} | (
                {"forwarded"} if passing else set()))
        if s.claimed:
            return self.claimed_end(said, side, s, p.t, watch)
        truth = self.model.truth(s, p.t, watch, end == 0, p.payload,
                                 p.flags & SYN)
        if not truth.owners:
            return self.nobody(said, side, truth.attrs)
        if p.kind == "part":
            truth.attrs |= {"flow"}
            truth.attrs -= {"socket", "scan", "listener"}
        elif p.kind == "tunnel":
            truth.attrs |= {"flow", "kernel"}
            if said.attr == "kernel" and not said.pid:
                return 1, f"{side}: the inner owner is known"
        return self.compare(said, side, truth, p.t, watch)

    def error_end(self, p, end, sockets, watch):
        """An ICMP error is the kernel's, to the sender of what it quotes."""
        said = p.ends[end]
        if end == 0:
            return self.nobody(said, "src", {"kernel"})
        s = sockets[0]
        if not s:
            return self.nobody(said, "dst", {"kernel"})
        truth = self.model.truth(s, p.t, watch, False, False)
        truth.attrs = {"flow"}
        return self.compare(said, "dst", truth, p.t, watch)

    @staticmethod
    def nobody(said, side, attrs):
        """No process has this end: the kernel's, or another host's."""
        if said.pid:
            return 2, f"{side} should name nobody"
        if said.attr == "unknown":
            return 1, f"{side} is the kernel's"
        if said.attr and said.attr not in attrs:
            return 2, f"{side} should be {'/'.join(sorted(attrs))}"
        return 0, ""

    def claimed_end(self, said, side, s, t, watch):
        """Of no socket here, though a process may be known for it."""
        if said.pid:
            return (0, "") if (said.pid, said.name) in [
                (str(i.pid), i.name)
                for i in self.model.identity(s.uses[0].token, t)] \
                else (2, f"{side} should name nobody else")
        # Forwarded it is where it passes, not where it was made.
        if said.attr == "forwarded" and not watch.elsewhere:
            return 2, f"{side} was made here"
        return self.nobody(said, side, {s.claimed})

    def compare(self, said, side, truth, t, watch):
        names = [(i, u) for u in truth.owners
                 for i in self.model.identities_of(u, t, truth.bare)]
        if self.fallback:
            truth.attrs |= {"scan"}
            if truth.socket.host != watch.host and not said.pid:
                return 0, ""
        if not said.pid:
            want = ", ".join(sorted({f"{i.name}[{i.pid}]" for i, _ in names}))
            return (1, f"{side} is {want}") if said.attr in ("", "unknown") \
                else (2, f"{side} is {want}")
        fits = [(i, u) for i, u in names
                if (str(i.pid), i.name) == (said.pid, said.name)
                and said.uid in ("", str(i.uid))]
        if not fits:
            want = ", ".join(sorted({f"{i.name}[{i.pid}] uid {i.uid}"
                                     for i, _ in names}))
            return 2, f"{side} is {want}"
        if said.attr not in truth.attrs:
            return 2, (f"{side} should be {'/'.join(sorted(truth.attrs))}, "
                       f"is {said.attr}")
        if not self.same_id(said.id, {(u.token, i.generation)
                                      for i, u in fits}):
            return 2, f"{side} has another process's proc.id {said.id}"
        return 0, ""

    def same_id(self, given, fits):
        """One proc.id for one program of one process, everywhere.

        It is learnt where only one program can be meant.
        """
        if given in self.tokens:
            return self.tokens[given] in fits
        fits = fits - self.ids.keys()
        if len(fits) == 1:
            who, = fits
            self.ids[who], self.tokens[given] = given, who
        return bool(fits)

    # Option 8, which tshark 4.0 does not show.

    def tids(self, p, end, sockets, watch):
        truth = self.model.truth(sockets[end], p.t, watch, end == 0,
                                 p.payload)
        return {u.tid for u in truth.owners}

    def compare_threads(self, watch):
        if not self.threads:
            return
        packets = [b for b in pcapng.blocks(watch.capture.path.read_bytes())
                   if b.kind == pcapng.EPB]
        wrong = set()
        for p, end, tids in self.threads:
            given = [int.from_bytes(v[4:8], "little")
                     for code, v in packets[p.frame - 1].options if code == 8]
            both = bool(p.ends[0].pid) and bool(p.ends[1].pid)
            tid = given[end if both else 0] if given else None
            if tid in tids or p.frame in wrong:
                continue
            wrong.add(p.frame)
            case = self.model.find(watch.env, p.key(end), p.t).case
            score = self.scores[case, watch.name]
            score.right -= 1
            score.wrong += 1
            score.faults.append(
                f"{case} | {watch.name} frame {p.frame} {p.sent}: "
                f"{('src', 'dst')[end]}'s thread is {tids}, not {tid}")
        self.threads.clear()
