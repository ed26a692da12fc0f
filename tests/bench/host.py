#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What everybody else pays for a capture: how many sends, connections, execs a
second of CPU are left while pktwho captures another namespace's loopback, a
cable beside the loopback that the load uses, and that loopback.

    host.py PKTWHO HOST_LOAD [ROUNDS]

Each load runs without and with the capture by turns; the figures are medians
and their ratio.  Beside them is what cannot be less: what programs that do
nothing leave, at the same hooks (no system calls are traced for them), and
tcpdump on that loopback.  Below them is what each kernel program took.
"""
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

KINDS = ("udp-send", "udp-loop", "udp-socket", "tcp-connect", "tcp-requests",
         "fork-exec")
SECONDS = "0.6"
NS = f"pktwhobench{os.getpid()}"
PLACES = {              # what is captured: in the load's namespace?
    "alone": None,
    "hooks": (False, None),
    "elsewhere": (False, "lo"),
    "beside": (True, "beside0"),
    "tcpdump here": (True, "lo"),
    "here": (True, "lo"),
}


def run(*argv):
    return subprocess.run(argv, check=True, text=True,
                          capture_output=True).stdout


def within(*argv):
    return ["ip", "netns", "exec", NS, *argv]


class Beside:
    """What runs while the load does."""

    def __init__(self, argv, namespace):
        self.process = subprocess.Popen(within(*argv) if namespace else argv,
                                        stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        time.sleep(1)
        assert self.process.poll() is None, argv

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(20)


def begin(place, pktwho, hooks):
    namespace, device = PLACES[place]
    if place == "hooks":
        cgroup = run("findmnt", "-fnt", "cgroup2", "-o", "TARGET").strip()
        return Beside([hooks, cgroup], namespace)
    tool = ["tcpdump"] if place == "tcpdump here" else [pktwho, "-q"]
    return Beside([*tool, "-i", device, "-w", "/dev/null"], namespace)


def load(program, kind):
    return float(run(*within(program, kind, SECONDS)))


def programs():
    """Of each kernel program: its runs so far, and the ns they took."""
    return {p["name"]: (p.get("run_cnt", 0), p.get("run_time_ns", 0))
            for p in json.loads(run("bpftool", "-j", "prog", "show"))
            if p.get("name", "").startswith("on_")}


def print_programs():
    print(f"\n{'program':20s} {'runs':>12s} {'ns each':>8s}")
    for name, (runs, ns) in sorted(programs().items()):
        if runs:
            print(f"{name:20s} {runs:12d} {ns / runs:8.0f}")


def measure(pktwho, program, kind, rounds):
    """What each of the places leaves, medians."""
    got = {place: [] for place in PLACES}
    for _ in range(rounds):
        for place, where in PLACES.items():
            beside = where and begin(place, pktwho,
                                     Path(program).with_name("host_hooks"))
            got[place].append(load(program, kind))
            if beside:
                beside.stop()
    return {place: statistics.median(v) for place, v in got.items()}


def main(pktwho, program, rounds="5"):
    run("ip", "netns", "add", NS)
    try:
        run("ip", "-n", NS, "link", "set", "lo", "up")
        run("ip", "-n", NS, "link", "add", "beside0", "type", "veth", "peer",
            "name", "beside1")
        run("ip", "-n", NS, "link", "set", "beside0", "up")
        print(f"{'a CPU second':14s}" + "".join(f"{p:>18s}" for p in PLACES))
        for kind in KINDS:
            left = measure(pktwho, program, kind, int(rounds))
            print(f"{kind:14s}" + "".join(
                f"{v:12.0f} {v / left['alone']:4.2f}x"
                for v in left.values()), flush=True)
        run("sysctl", "-qw", "kernel.bpf_stats_enabled=1")
        c = begin("here", pktwho, None)
        for kind in KINDS:
            load(program, kind)
        print_programs()
        c.stop()
    finally:
        run("sysctl", "-qw", "kernel.bpf_stats_enabled=0")
        run("ip", "netns", "del", NS)


if __name__ == "__main__":
    main(*sys.argv[1:])
