#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The live path: what the reader of a pipe gets, and how soon.

  tests/bench/live.py [PKTWHO] [PLUGIN]

tests/bench/flood sends from one namespace to another and is captured on its
own side; who listens reads.  Read by tshark with our plugin nothing may be
lost; read by us, the time from a packet's timestamp until it has left the pipe
is taken, beside dumpcap's; then the reader is killed, or sleeps.  Prints each
goal and exits with 1 if one is missed.  Needs root and some minutes.
"""
import contextlib
import functools
import os
import re
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "live")]
sys.argv += ["build/capture/pktwho", "build/plugin/pktwho.so"][
    len(sys.argv) - 1:]

import pcapng  # noqa: E402
import world  # noqa: E402
from world import PKTWHO, PLUGIN  # noqa: E402
from harness import Tshark  # noqa: E402 (world knows where)

FLOOD = PKTWHO.resolve().parents[1] / "tests/bench/flood"
FAST = 20_000                       # packets per second
SMALL, LARGE = 18, 1400             # payloads
READ_SECONDS, KILLED_SECONDS, ASLEEP_SECONDS = 30, 5, 12
# What, and floods of (count, size, packets per second), a second apart.
LOADS = [
    ("10/s", [(200, SMALL, 10)]),
    ("1000/s", [(10_000, SMALL, 1000)]),
    (f"{FAST}/s", [(10 * FAST, SMALL, FAST)]),
    (f"{FAST}/s, large", [(10 * FAST, LARGE, FAST)]),
    ("1000 at once, large", [(1000, LARGE, 0)] * 5),
]
SLEEP = 5
GOAL_MS, GOAL_END_MS = 50, 1000
CAPTURE = ["-i", "veth0", "-f", "udp dst port 9"]
SINK = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)    # SO_RCVBUFFORCE
s.bind(("192.0.2.2", 9))
print(flush=True)
while True:
    s.recv(2000)
"""

missed = []


def row(what, value, goal="", met=True):
    print(f"  {what:42}{value:>12}{'  goal: ' + goal if goal else ''}"
          f"{'' if met else '   MISSED'}", flush=True)
    if not met:
        missed.append(what)


class Bench:
    """Two hosts with a wire, somebody who listens, and a reader's tools."""

    def __init__(self):
        self.tshark = Tshark(PLUGIN)
        self.fifo = self.tshark.dir / "fifo"
        os.mkfifo(self.fifo)
        self.fifo.chmod(0o666)
        self.started = []
        self.near, self.far = world.Namespace(), world.Namespace()
        world.link(self.near, self.far, ("192.0.2.1/24", "192.0.2.2/24"))
        self.near.run("ping", "-qc1", "192.0.2.2", check=True)
        self.sink = subprocess.Popen(
            self.far.argv("python3", "-c", SINK), stdout=subprocess.PIPE)
        self.sink.stdout.readline()

    def close(self):
        for process in [*self.started, self.sink]:
            process.kill()
            process.wait()
        self.near.close()
        self.far.close()
        self.tshark.close()

    def start(self, *argv):
        """A capture into the FIFO, once it has begun; it needs a reader."""
        capture = subprocess.Popen(
            self.near.argv(*argv, *CAPTURE, "-w", self.fifo), text=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.started.append(capture)
        world.wait_for(lambda: is_capturing(capture)
                       and str(self.fifo) in open_files(capture),
                       "capture", 60)
        return capture

    def flood(self, *load):
        flood = subprocess.Popen(self.near.argv(FLOOD, "192.0.2.2", *load))
        self.started.append(flood)
        return flood

    def flood_and_stop(self, capture, *loads):
        """Meanwhile somebody else has to read."""
        def work():
            for load in loads:
                time.sleep(0.5)
                if self.flood(*load).wait():
                    missed.append("the flood itself")
                time.sleep(0.5)
            capture.send_signal(signal.SIGINT)

        thread = threading.Thread(target=work)
        thread.start()
        return thread


def is_capturing(process):
    """There is a packet socket in its namespace."""
    if process.poll() is not None:
        raise AssertionError(process.stderr.read())
    sockets = Path(f"/proc/{process.pid}/net/packet").read_text()
    return len(sockets.splitlines()) > 1


def open_files(process):
    found, fds = set(), f"/proc/{process.pid}/fd"
    for fd in os.listdir(fds):
        with contextlib.suppress(FileNotFoundError):
            found.add(os.readlink(f"{fds}/{fd}"))
    return found


def told(capture):
    """(packets, dropped, the line) as pktwho counts them at its end."""
    said = capture.communicate(timeout=20)[1].strip()
    counts = re.search(r"(\d+) packets, (\d+) dropped", said)
    return (*(map(int, counts.groups()) if counts else (0, 0)), said)


# What came through the pipe.

def open_pipe(fifo):
    """Our end, while nobody has the other one yet."""
    return os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)


def read_pipe(fd, pause=None):
    """[(time in ns, bytes)]; *pause* is (when, how long), in seconds.

    Nothing is looked into before the end, so that we are not what is slow.
    """
    arrivals, begin = [], time.monotonic()
    os.set_blocking(fd, True)
    while chunk := os.read(fd, 1 << 20):
        arrivals.append((time.time_ns(), chunk))
        if pause and time.monotonic() > begin + pause[0]:
            time.sleep(pause[1])
            pause = None
    os.close(fd)
    return arrivals


@functools.cache
def names(options):
    """Of the sender and the receiver, by the options of a packet."""
    block = pcapng.Block(pcapng.EPB, b"", "<", 0,
                         pcapng.read_options(options, "<"))
    for payload in block.payloads():
        if payload[2] == pcapng.ATTRIBUTION:
            return [end.name for end in pcapng.read_attribution(payload)[1:]]
    return [b"", b""]


class Stream:
    """What a reader got: of each packet two times, and who is named."""

    def __init__(self, arrivals):
        self.arrived, self.stamped = [], []
        self.named, self.dropped = 0, 0
        data = b"".join(chunk for _, chunk in arrivals)
        at = end = 0
        arrivals = iter(arrivals)
        while at < len(data):
            kind, size = struct.unpack_from("<II", data, at)
            while end < at + size:
                when, chunk = next(arrivals)
                end += len(chunk)
            if kind == pcapng.EPB:
                self.packet(when, data, at, size)
            else:
                self.other(pcapng.blocks(data[at:at + size])[0])
            at += size

    def packet(self, when, data, at, size):
        high, low, caplen = struct.unpack_from("<III", data, at + 12)
        self.arrived.append(when)
        self.stamped.append(high << 32 | low)
        options = data[at + 28 + caplen + (-caplen % 4):at + size - 4]
        src, dst = names(options)
        self.named += src == b"flood" and dst.startswith(b"python3")

    def other(self, block):
        options = dict(block.options)
        if block.kind == pcapng.IDB:
            assert options[9] == b"\x09", "not in nanoseconds"
        if block.kind == pcapng.ISB:
            self.dropped += int.from_bytes(options.get(7, b""), "little")

    def latencies(self):
        """In ms, the least first."""
        return sorted((a - s) / 1e6
                      for a, s in zip(self.arrived, self.stamped))

    def backwards(self):
        return sum(b < a for a, b in zip(self.stamped, self.stamped[1:]))


# The measurements.

def lossless(bench):
    sent = FAST * READ_SECONDS
    print(f'tshark reads, -Y \'proc.name == "flood"\': {FAST} packets/s'
          f" for {READ_SECONDS} s")
    reader = bench.tshark.popen(
        "tshark", "-l", "-i", bench.fifo, "-Y", 'proc.name == "flood"',
        "-T", "fields", "-e", "frame.number", stdin=subprocess.DEVNULL)
    bench.started.append(reader)
    capture = bench.start(PKTWHO)
    thread = bench.flood_and_stop(capture, (sent, SMALL, FAST))
    out, _ = reader.communicate(timeout=READ_SECONDS + 120)
    thread.join()
    packets, dropped, _ = told(capture)
    lines = out.splitlines()
    row("sent", sent)
    row("packets that pktwho tells", packets, f"{sent}", packets == sent)
    row("drops that pktwho tells", dropped, "0", dropped == 0)
    row("packets that tshark saw", int(lines[-1] if lines else 0), f"{sent}",
        lines[-1:] == [str(sent)])
    row("packets that the filter matched", len(lines), f"{sent}",
        len(lines) == sent)


def timed(bench, loads, *argv):
    fd = open_pipe(bench.fifo)
    capture = bench.start(*argv)
    thread = bench.flood_and_stop(capture, *loads)
    stream = Stream(read_pipe(fd))
    thread.join()
    capture.communicate(timeout=20)
    return stream


def latency(bench):
    print(f"ms from a packet's timestamp until we have read it, payloads of"
          f" {SMALL} or {LARGE} bytes;\nthe goal is p99 < {GOAL_MS}, all"
          " packets, in order of time, sender and receiver named\n"
          f"  {'':22}{'median':>13}{'p99':>8}{'max':>8}{'sent':>9}{'got':>8}"
          f"{'backwards':>11}{'named':>8}")
    for what, loads in LOADS:
        p99, sent = {}, sum(count for count, *_ in loads)
        for name, argv in (("pktwho", [PKTWHO]),
                           ("dumpcap", ["dumpcap", "-q"])):
            s = timed(bench, loads, *argv)
            ms = s.latencies() or [float("inf")]
            p99[name] = ms[len(ms) * 99 // 100]
            label = what if name == "pktwho" else ""
            print(f"  {label:20}{name:8}{ms[len(ms) // 2]:7.1f}"
                  f"{p99[name]:8.1f}{ms[-1]:8.1f}{sent:9}{len(s.stamped):8}"
                  f"{s.backwards():11}", end="")
            if name == "dumpcap":
                print(f"{'':8}  p99 {p99['pktwho'] / p99[name]:.2f} of it",
                      flush=True)
                continue
            met = (p99[name] < GOAL_MS and s.backwards() == 0
                   and len(s.stamped) == s.named == sent)
            print(f"{s.named:8}{'' if met else '   MISSED'}", flush=True)
            if not met:
                missed.append(f"latency, {what}")


def killed(bench):
    print(f"the reader is killed: {FAST} packets/s")
    reader = subprocess.Popen(["cat", bench.fifo], stdout=subprocess.DEVNULL)
    bench.started.append(reader)
    capture = bench.start(PKTWHO)
    time.sleep(0.5)
    flood = bench.flood(FAST * KILLED_SECONDS, SMALL, FAST)
    time.sleep(2)
    watch = os.pidfd_open(capture.pid)
    begin = time.monotonic()
    reader.kill()
    ended = select.select([watch], [], [], 10)[0]
    ms = (time.monotonic() - begin) * 1e3
    os.close(watch)
    if not ended:
        capture.kill()
    *_, said = told(capture)
    flood.kill()
    row("ms until pktwho has ended", f"{ms:.1f}", f"< {GOAL_END_MS}",
        bool(ended) and ms < GOAL_END_MS)
    row("its exit status", capture.returncode, "0", capture.returncode == 0)
    print("  it said:", *said.splitlines(), sep="\n    ")


def asleep(bench):
    print(f"the reader sleeps for {SLEEP} s and goes on: {FAST} packets/s")
    sent = FAST * ASLEEP_SECONDS
    fd = open_pipe(bench.fifo)
    capture = bench.start(PKTWHO)
    thread = bench.flood_and_stop(capture, (sent, SMALL, FAST))
    s = Stream(read_pipe(fd, pause=(2, SLEEP)))
    thread.join()
    packets, dropped, said = told(capture)
    last = sum(t > s.stamped[-1] - 2e9 for t in s.stamped)
    row("sent", sent)
    row("packets that we read", len(s.stamped), f"{packets}",
        len(s.stamped) == packets)
    row("drops in the interface's statistics", s.dropped, "> 0, "
        f"{dropped}", 0 < s.dropped == dropped)
    row("both", packets + dropped, f"{sent}", packets + dropped == sent)
    row("in the last 2 s", last, f"> {FAST * 2 * 99 // 100}",
        last > FAST * 2 * 99 // 100)
    row("timestamps that go backwards", s.backwards(), "0",
        s.backwards() == 0)
    row("exit status", capture.returncode, "0", capture.returncode == 0)
    print("  it said:", *said.splitlines(), sep="\n    ")


def main():
    world.need_root()
    world.need("ip", "ping", "tshark", "dumpcap", "setpriv")
    bench = Bench()
    try:
        for measure in (lossless, latency, killed, asleep):
            measure(bench)
    finally:
        bench.close()
    print(f"missed: {'; '.join(missed)}" if missed else "all goals are met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
