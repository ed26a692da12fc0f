#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `pktwho top` and `pktwho log` promise, under load.

  tests/bench/view.py [--build DIR] [--only REGEX]

Traffic goes from one namespace to another and is seen where it is sent.
Prints each figure beside its goal, and exits with 1 if one is missed.  Needs
root, python3-pyte, tshark and some minutes.
"""
import argparse
import collections
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "plugin"), str(TESTS / "bench")]

import pcapng  # noqa: E402
from capture import ELSEWHERE, FAR, Stage, resident_mb  # noqa: E402
from harness import Tshark  # noqa: E402
from terminal import Terminal  # noqa: E402

STARTS = 9
FAST = 100_000                      # packets in a second
FLOWS = 100_000
NAMED, NAMED_RATE = 2000, 200
LOGGED, LOGGED_RATE = 300_000, 5000
SUMMED, SUMMED_RATE = 20_000, 2000
# One connection after the other, each with a name of its own.
SPEAKER = """
import socket, sys, time
to, count, rate = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
begin = time.monotonic()
for i in range(count):
    time.sleep(max(0, begin + i / rate - time.monotonic()))
    with socket.create_connection((to, 80)) as s:
        s.sendall(b"GET /%d HTTP/1.1\\r\\nHost: host%d.example\\r\\n\\r\\n"
                  % (i, i))
        s.recv(100)
"""
HEARER = """
import socket
s = socket.create_server(("0.0.0.0", 80), backlog=512)
print(flush=True)
while True:
    c = s.accept()[0]
    c.recv(1000)
    c.sendall(b"HTTP/1.1 204 No Content\\r\\n\\r\\n")
    c.close()
"""
missed = []


def say(what, value, goal, unit="", least=False):
    good = value >= goal if least else value <= goal
    print(f"{what:52}{value:>12.6g} {unit:3} "
          f"({'at least' if least else 'at most'} {goal:g})"
          f"{'' if good else '  MISSED'}", flush=True)
    if not good:
        missed.append(what)


def is_in_sandbox(process):
    """It captures from then on."""
    assert process.poll() is None, process.args
    return re.search(r"Seccomp:\s*2", Path(
        f"/proc/{process.pid}/status").read_text())


def own_ns(process):
    """CPU of it and its threads, not of those it started."""
    return sum(int((task / "schedstat").read_text().split()[0])
               for task in Path(f"/proc/{process.pid}/task").iterdir())


class Bench:
    def __init__(self, build, where):
        self.pktwho = build / "capture/pktwho"
        self.load = build / "tests/bench/load"
        self.stage = Stage(self.load)
        # More connections than there are ports in a minute.
        subprocess.run(self.within(
            "sysctl", "-qw", "net.ipv4.tcp_tw_reuse=1",
            "net.ipv4.ip_local_port_range=1024 65535"), check=True)
        self.where = where
        self.tshark = Tshark(build / "plugin/pktwho.so")
        os.environ.update(self.tshark.environment())

    def close(self):
        self.stage.close()
        self.tshark.close()

    def within(self, *argv):
        return ["nsenter", f"--net=/run/netns/{self.stage.near}",
                *map(str, argv)]

    def send(self, *load):
        subprocess.run(self.within(self.load, *load), check=True)

    @contextlib.contextmanager
    def capture(self, *argv):
        """It has begun, and takes in what is on its way before it ends."""
        process = subprocess.Popen(
            self.within(self.pktwho, *argv), stdout=subprocess.PIPE
            if "-" in argv else subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True)
        while not is_in_sandbox(process):
            time.sleep(0.05)
        try:
            yield process
            time.sleep(1)
        finally:
            process.terminate()
            self.said = process.communicate()[1]

    @contextlib.contextmanager
    def screen(self, *argv):
        """`top` in a terminal of which somebody reads all that comes."""
        t = Terminal(self.within(self.pktwho, "top", "-i", "veth0", *argv),
                     rows=60, columns=200)
        t.shows("/ filter")
        stop = threading.Event()

        def read():
            while not stop.is_set():
                t.read(0.1)
        reader = threading.Thread(target=read)
        reader.start()
        try:
            yield t
        finally:
            stop.set()
            reader.join()
            t.close()

    def log(self, *argv, load):
        path = self.where / "log.json"
        path.unlink(missing_ok=True)
        with self.capture("log", "-i", "veth0", "--log-file", path, *argv):
            load()
            time.sleep(2)       # so long a closed connection is waited for
        with path.open() as file:
            return [json.loads(line) for line in file]

    # ---- what is promised ----

    def start(self):
        """To the first row, where something happens every few ms."""
        took = []
        with subprocess.Popen(self.within(self.load, "peers", FAR, 1, 10 ** 9,
                                          500, 18)) as sender:
            for _ in range(STARTS):
                begin = time.monotonic()
                t = Terminal(self.within(self.pktwho, "top", "-i", "veth0"))
                while f"{FAR}:9" not in "\n".join(t.lines):
                    t.read(0.005)
                took.append(time.monotonic() - begin)
                t.end()
                t.close()
            sender.kill()
        say("start to first row, median", median(took), 0.5, "s")

    def cost(self):
        def used(process):
            before = own_ns(process)
            self.send("peers", FAR, 1, 4 * FAST, FAST, 18)
            time.sleep(0.5)
            return own_ns(process) - before
        ratios = []
        for _ in range(3):
            with self.capture("-q", "-i", "veth0", "-w", "/dev/null",
                              "--force") as process:
                base = used(process)
            with self.screen() as t:
                top = used(t.process)
            with self.capture("log", "-i", "veth0") as process:
                log = used(process)
            ratios.append((top / base, log / base))
        say("CPU of top beside -w /dev/null", median(r[0] for r in ratios),
            1.5, "x")
        say("CPU of log beside -w /dev/null", median(r[1] for r in ratios),
            1.5, "x")

    def flows(self):
        with self.screen() as t:
            self.send("peers", ELSEWHERE, FLOWS, 3 * FLOWS, FAST, 18)
            time.sleep(3)
            shown = int(re.search(r"(\d+) open", t.lines[0])[1])
            memory = resident_mb(t.process.pid)
        say("flows in the table", shown, FLOWS, least=True)
        say("memory with them", memory, 150, "MB")

    def names(self):
        hearer = subprocess.Popen(
            ["ip", "netns", "exec", self.stage.far, "python3", "-c", HEARER],
            stdout=subprocess.PIPE)
        hearer.stdout.readline()
        try:
            # An end is told a second after the last packet.
            lines = self.log(load=lambda: subprocess.run(self.within(
                "python3", "-c", SPEAKER, FAR, NAMED, NAMED_RATE), check=True))
        finally:
            hearer.kill()
            hearer.wait()
        hosts = {line["pktwho"].get("host") for line in lines
                 if line["event"]["action"] == "end"
                 and line["event"]["reason"] == "closed"}
        named = sum(f"host{i}.example" in hosts for i in range(NAMED))
        say("names within 1 s at 200 flows/s", 100 * named / NAMED, 99, "%",
            least=True)

    def lines(self):
        lines = self.log(load=lambda: self.send("connect", FAR, LOGGED,
                                                LOGGED_RATE))
        count = collections.Counter(
            (line["pktwho"]["flow"], line["event"]["action"])
            for line in lines if line["destination"].get("port") == 7000)
        say("connections begun at 5,000/s",
            sum(a == "start" for _, a in count), LOGGED, least=True)
        say("connections ended", sum(a == "end" for _, a in count), LOGGED,
            least=True)
        say("more than once", sum(n > 1 for n in count.values()), 0)
        say("more than there were", len(count) - 2 * LOGGED, 0)
        say("not closed", sum(line["event"]["reason"] != "closed"
                              for line in lines
                              if line["event"]["action"] == "end"
                              and line["destination"].get("port") == 7000), 0)
        say("packets dropped", int(re.search(
            r"(\d+) dropped", self.said)[1]), 0)

    def sums(self):
        path = self.where / "sums.pcapng"
        lines = self.log("-w", path, "--force", load=lambda: self.send(
            "connect", FAR, SUMMED, SUMMED_RATE))
        sums = collections.Counter()        # both ends are here
        for line in lines:
            if line["event"]["action"] != "end":
                continue
            for share in line["pktwho"].get("shares", [line]):
                ends = share["source"], share["destination"]
                for name, _ in {(end["process"]["name"],
                                 end["process"]["entity_id"])
                                for end in ends
                                if "entity_id" in end.get("process", {})}:
                    sums[name] += sum(end["bytes"] for end in ends)
        table = collections.Counter()
        for block in pcapng.blocks(path.read_bytes()):
            if block.kind == pcapng.CB:
                for row in pcapng.read_table(block.data):
                    table[row["name"].decode()] += row["bytes"]
        shown = self.tshark.run(
            "tshark", "-q", "-r", self.tshark.write(
                "sums.pcapng", path.read_bytes()), "-z", "endpoints,proc")
        said = re.search(r"^load .*", shown.stdout, re.M)[0].split()
        say("bytes of load that log and table tell apart",
            abs(sums["load"] - table["load"]), 0)
        say("bytes that log and -z endpoints,proc tell apart",
            abs(sums["load"] - int(said[4]) - int(said[6])), 0)
        say("packets dropped", int(re.search(
            r"(\d+) dropped", self.said)[1]), 0)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--build", type=Path, default="build")
    options.add_argument("--only", default="")
    o = options.parse_args()
    with tempfile.TemporaryDirectory() as where:
        bench = Bench(o.build.resolve(), Path(where))
        try:
            for name in ("start", "cost", "flows", "names", "lines", "sums"):
                if re.search(o.only, name):
                    getattr(bench, name)()
        finally:
            bench.close()
    return len(missed) > 0


if __name__ == "__main__":
    sys.exit(main())
