#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What everybody else pays for a capture: how many sends, connections, execs a
second of CPU are left while pktwho captures another interface, and this one.

    host.py PKTWHO HOST_LOAD [ROUNDS]

Each load runs without and with the capture by turns; the figures are medians
and their ratio.  Below them is what each kernel program took.
"""
import json
import os
import signal
import statistics
import subprocess
import sys
import time

KINDS = ("udp-send", "udp-loop", "udp-socket", "tcp-connect", "tcp-requests",
         "fork-exec")
SECONDS = "0.6"
NS = f"pktwhobench{os.getpid()}"


def run(*argv):
    return subprocess.run(argv, check=True, text=True,
                          capture_output=True).stdout


def within(*argv):
    return ["ip", "netns", "exec", NS, *argv]


class Capture:
    """pktwho on a loopback of its own, or on that of the load."""

    def __init__(self, pktwho, here):
        argv = [pktwho, "-q", "-i", "lo", "-w", "/dev/null"]
        if here:
            argv = within(*argv)
        self.process = subprocess.Popen(argv, stderr=subprocess.DEVNULL)
        time.sleep(1)

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(20)


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


def main(pktwho, program, rounds="5"):
    run("ip", "netns", "add", NS)
    try:
        run("ip", "-n", NS, "link", "set", "lo", "up")
        print(f"{'a CPU second':14s} {'alone':>10s} {'elsewhere':>10s} {'':6s} "
              f"{'here':>10s}")
        for kind in KINDS:
            got = {None: [], False: [], True: []}
            for _ in range(int(rounds)):
                for where in got:
                    c = None if where is None else Capture(pktwho, where)
                    got[where].append(load(program, kind))
                    if c:
                        c.stop()
            alone, other, here = (statistics.median(v) for v in got.values())
            print(f"{kind:14s} {alone:10.0f} {other:10.0f} {other / alone:.2f}x"
                  f" {here:10.0f} {here / alone:.2f}x", flush=True)
        run("sysctl", "-qw", "kernel.bpf_stats_enabled=1")
        c = Capture(pktwho, False)
        for kind in KINDS:
            load(program, kind)
        print_programs()
        c.stop()
    finally:
        run("sysctl", "-qw", "kernel.bpf_stats_enabled=0")
        run("ip", "netns", "del", NS)


if __name__ == "__main__":
    main(*sys.argv[1:])
