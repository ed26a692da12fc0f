#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""CPU per captured packet, and what is dropped: pktwho beside other tools.

  tests/bench/capture.py [--build DIR] [--only REGEX] [--rounds N] [--keep]

Traffic goes from one namespace to another and is captured where it is sent,
by one tool after another, in several rounds; the medians are printed.  The
time is the process's own, from before the traffic until it has been taken in;
neither start nor end.  Times mean nothing on a shared machine, ratios little:
those of the last run that was worth keeping (--keep) are in capture.ratios,
and what is worse by a fifth is said.  Needs root and some minutes.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
KEPT = HERE / "capture.ratios"

NEAR, FAR, ELSEWHERE = "192.0.2.1", "192.0.2.2", "10.0.0.1"
ROWS = {                # what `load` is told
    "18 bytes, 100,000/s": ("peers", FAR, 1, 300_000, 100_000, 18),
    "18 bytes, as fast as it goes": ("peers", FAR, 1, 800_000, 0, 18),
    "1400 bytes, as fast as it goes": ("peers", FAR, 1, 200_000, 0, 1400),
    "TCP bulk with GSO": ("bulk", FAR, 2000),
    "2,000 connections/s": ("connect", FAR, 6000, 2000),
    "10,000 peers in turn, 100,000/s":
        ("peers", ELSEWHERE, 10_000, 400_000, 100_000, 18),
    "100,000 peers in turn, 100,000/s":
        ("peers", ELSEWHERE, 100_000, 500_000, 100_000, 18),
    "1,000,000 peers once, 100,000/s":
        ("peers", ELSEWHERE, 1_000_000, 1_000_000, 100_000, 18),
    "100,000 sockets in turn, 100,000/s":
        ("sockets", FAR, 100_000, 400_000, 100_000),
    "one socket of 4 processes": ("shared", FAR, 4, 400_000, 100_000),
    "one socket of 64 processes": ("shared", FAR, 64, 400_000, 100_000),
}
TOOLS = {
    "tcpdump": ["tcpdump", "-q", "-Z", "root", "-i", "veth0", "-w"],
    "dumpcap": ["dumpcap", "-q", "-i", "veth0", "-w"],
    "netsniff-ng": ["netsniff-ng", "-s", "-i", "veth0", "-o"],
    "pktwho": None,
}


def sh(*argv, **options):
    subprocess.run(list(map(str, argv)), check=True, **options)


class Stage:
    """A sender, a receiver, and routes for any number of peers."""

    def __init__(self, load):
        self.near, self.far = (f"bench{os.getpid()}{x}" for x in "ab")
        self.load = load
        for ns in (self.near, self.far):
            sh("ip", "netns", "add", ns)
        sh("ip", "-n", self.near, "link", "add", "veth0", "type", "veth",
           "peer", "name", "veth0", "netns", self.far)
        for ns, addresses in ((self.near, (NEAR, "192.0.2.3", "192.0.2.4")),
                              (self.far, (FAR,))):
            for address in addresses:
                sh("ip", "-n", ns, "addr", "add", f"{address}/24", "dev",
                   "veth0")
            for dev in ("lo", "veth0"):
                sh("ip", "-n", ns, "link", "set", dev, "up")
        # Closed ports and strangers answer nothing: what is sent counts.
        sh("ip", "-n", self.near, "route", "add", "10.0.0.0/8", "via", FAR)
        sh("ip", "-n", self.far, "route", "add", "blackhole", "10.0.0.0/8")
        sh(*self.within(self.far, "sysctl", "-qw",
                        "net.ipv4.icmp_ratemask=8", "net.ipv4.icmp_ratelimit"
                        "=100000000"))
        # Connections of the last rounds still wait for their end.
        sh(*self.within(self.near, "sysctl", "-qw", "net.ipv4.tcp_tw_reuse=1",
                        "net.ipv4.ip_local_port_range=1024 65535"))
        sh(*self.within(self.near, "ping", "-qc1", FAR),
           stdout=subprocess.DEVNULL)
        self.server = subprocess.Popen(self.within(self.far, load, "serve"),
                                       stdout=subprocess.PIPE)
        self.server.stdout.readline()

    @staticmethod
    def within(ns, *argv):
        return ["ip", "netns", "exec", ns, *map(str, argv)]

    def close(self):
        self.server.kill()
        self.server.wait()
        for ns in (self.near, self.far):
            subprocess.run(["ip", "netns", "del", ns], check=False)

    def passed(self):
        out = subprocess.run(["ip", "-n", self.near, "-s", "-j", "link",
                              "show", "veth0"], capture_output=True,
                             check=True).stdout
        stats = json.loads(out)[0]["stats64"]
        return stats["tx"]["packets"] + stats["rx"]["packets"]

    def measure(self, argv, path, load):
        """(ns per captured packet, share that is missing, MB resident)."""
        return self.measure_together([(argv, path)], load)[0]

    def measure_together(self, captures, load):
        """The same of each (argv, path): they capture the same packets."""
        tools = []
        for argv, path in captures:
            tools.append(subprocess.Popen(self.within(self.near, *argv, path),
                                          stdout=subprocess.DEVNULL,
                                          stderr=subprocess.DEVNULL))
            while not is_capturing(tools[-1], len(tools)):
                time.sleep(0.05)
        time.sleep(0.5)
        packets, before = self.passed(), [cpu_ns(t.pid) for t in tools]
        sh(*self.within(self.near, self.load, *load))
        time.sleep(0.5)
        packets = self.passed() - packets
        used = [cpu_ns(t.pid) - b for t, b in zip(tools, before)]
        memory = [resident_mb(t.pid) for t in tools]
        for tool in tools:
            tool.terminate()
            tool.wait()
        counts = [packets_in(path) for _, path in captures]
        return [(u / max(count, 1), max(0, 1 - count / max(packets, 1)), mb)
                for u, count, mb in zip(used, counts, memory)]


def packets_in(path):
    """A file's, which is removed."""
    out = subprocess.run(["capinfos", "-Mc", path], text=True,
                         capture_output=True, check=False).stdout
    Path(path).unlink()
    return int(re.search(r"Number of packets: *(\d+)", out).group(1))


def is_capturing(tool, count=1):
    """There are so many packet sockets in its namespace."""
    assert tool.poll() is None, tool.args
    sockets = Path(f"/proc/{tool.pid}/net/packet").read_text()
    return len(sockets.splitlines()) > count


def cpu_ns(pid):
    """Of its threads, and of the processes it has started."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
        for child in (task / "children").read_text().split():
            total += cpu_ns(child)
    return total


def resident_mb(pid):
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) / 1024


def print_row(name, results):
    print(f"{name}\n  {'':14}{'ns/packet':>10}{'/tcpdump':>10}"
          f"{'/dumpcap':>10}{'dropped':>9}{'RSS MB':>8}")
    for tool, (ns, lost, memory) in results.items():
        ratios = "".join(f"{ns / results[base][0]:10.2f}" if base in results
                         else f"{'':10}" for base in ("tcpdump", "dumpcap"))
        print(f"  {tool:14}{ns:10.0f}{ratios}{lost:9.2%}{memory:8.0f}",
              flush=True)


def compare(found, keep):
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    for row, ratio in found.items():
        if row in kept and ratio > kept[row] * 1.2:
            print(f"worse: {row}: {ratio} times dumpcap, was {kept[row]}")
    if keep:
        KEPT.write_text(json.dumps(kept | found, indent=1) + "\n")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--build", type=Path, default="build")
    options.add_argument("--only", default="")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--keep", action="store_true")
    o = options.parse_args()
    build = o.build.resolve()
    TOOLS["pktwho"] = [build / "capture/pktwho", "-q", "-i", "veth0", "-w"]
    tools = {n: a for n, a in TOOLS.items() if shutil.which(a[0])}
    stage, found = Stage(build / "tests/bench/load"), {}
    try:
        with tempfile.TemporaryDirectory() as where:
            for row, load in ROWS.items():
                if not re.search(o.only, row):
                    continue
                rounds = {tool: [] for tool in tools}
                for _ in range(o.rounds):
                    for tool, argv in tools.items():
                        rounds[tool].append(
                            stage.measure(argv, f"{where}/x", load))
                results = {t: tuple(map(median, zip(*r)))
                           for t, r in rounds.items()}
                print_row(row, results)
                if "dumpcap" in results:
                    found[row] = round(results["pktwho"][0] /
                                       results["dumpcap"][0], 2)
    finally:
        stage.close()
    compare(found, o.keep)


if __name__ == "__main__":
    main()
