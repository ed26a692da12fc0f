#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the start of a capture to its first packet on Wireshark's screen.

  tests/bench/screen.py [PKTWHO] [PLUGIN]

Wireshark, as an ordinary user who may capture, in a screen of its own; ^E
starts the capture of a loopback on which something happens every 10 ms.
Beside ours its own udpdump is measured, which only has to open a socket.
Prints the goal and exits with 1 if it is missed.  Needs root, Xvfb, xdotool
and Wireshark, and a quiet machine.
"""
import mmap
import os
import re
import shutil
import struct
import subprocess
import sys
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "live")]
sys.argv += ["build/capture/pktwho", "build/plugin/pktwho.so"][
    len(sys.argv) - 1:]

import world  # noqa: E402
from world import GID, NOBODY, PLUGIN, run, wait_for  # noqa: E402
from harness import Tshark  # noqa: E402 (world knows where)

ROUNDS = 5
GOAL = 1.0
DISPLAY = ":97"
WIDTH, HEIGHT = 1280, 800
STILL, WATCHED = 1.5, 4.0       # seconds
SENDER = """
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
    try:
        s.sendto(b"screen", ("127.0.0.1", 5555))
    except ConnectionRefusedError:
        pass
    time.sleep(0.01)
"""


class Screen:
    """Xvfb, which keeps what it shows in a file: an XWD (XWDFile.h)."""

    def __init__(self, directory):
        self.xvfb = subprocess.Popen(
            ["Xvfb", DISPLAY, "-ac", "-screen", "0", f"{WIDTH}x{HEIGHT}x24",
             "-fbdir", directory], stderr=subprocess.DEVNULL)
        path = directory / "Xvfb_screen0"
        wait_for(lambda: path.exists() and path.stat().st_size
                 > WIDTH * HEIGHT * 4 and not self.tool("getmouselocation"),
                 "screen")
        with path.open("rb") as file:
            self.map = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        header, = struct.unpack_from(">I", self.map)
        colours, = struct.unpack_from(">I", self.map, 76)
        self.at = header + 12 * colours

    def close(self):
        self.xvfb.kill()
        self.xvfb.wait()

    def tool(self, *argv):
        return run("xdotool", *argv, env=os.environ | {
            "DISPLAY": DISPLAY}).returncode

    def rows(self):
        """The upper half of what is seen, line by line."""
        row = WIDTH * 4
        seen = self.map[self.at:self.at + HEIGHT // 2 * row]
        return [seen[i:i + row] for i in range(0, len(seen), row)]

    def wait_until_still(self):
        since, last = time.monotonic(), self.rows()
        while time.monotonic() < since + STILL:
            time.sleep(0.05)
            if (rows := self.rows()) != last:
                since, last = time.monotonic(), rows


def shades(rows):
    """How many colours there are below the toolbars."""
    return len({row[i:i + 4] for row in rows[HEIGHT // 8:]
                for i in range(0, len(row), 4)})


def first_packet(begin, frames):
    """Seconds after *begin*.

    First there is something else, then an empty list of packets, then text,
    whose letters have many shades.
    """
    counts = [shades(rows) for _, rows in frames]
    empty = counts.index(min(counts))
    many = (counts[empty] + counts[-1]) / 2
    for (when, _), count in zip(frames[empty:], counts[empty:]):
        if count > many:
            return when - begin
    raise AssertionError(f"no packet came to the screen: {counts}")


def start(screen, ns, tshark, interface):
    env = {"PATH": os.environ["PATH"], "HOME": str(tshark.dir / "home"),
           "XDG_RUNTIME_DIR": str(tshark.dir / "home"), "DISPLAY": DISPLAY,
           "WIRESHARK_PLUGIN_DIR": str(tshark.dir / "plugins"),
           "WIRESHARK_EXTCAP_DIR": str(tshark.dir / "extcap"),
           "LC_ALL": "C.UTF-8"}
    wireshark = subprocess.Popen(
        ["nsenter", f"--net=/run/netns/{ns.name}", "setpriv",
         f"--reuid={NOBODY}", f"--regid={NOBODY}", f"--groups={GID}",
         "wireshark", "-i", interface], env=env, cwd=tshark.dir,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        screen.tool("search", "--sync", "--onlyvisible", "--name",
                    "Wireshark Network Analyzer", "windowmove", "0", "0",
                    "windowsize", WIDTH, HEIGHT, "windowfocus")
        screen.wait_until_still()
        begin = time.monotonic()
        screen.tool("key", "ctrl+e")
        frames = [(begin, screen.rows())]
        while time.monotonic() < begin + WATCHED:
            if (rows := screen.rows()) != frames[-1][1]:
                frames.append((time.monotonic(), rows))
            time.sleep(0.005)
    finally:
        wireshark.kill()
        wireshark.wait()
    return first_packet(begin, frames)


def install(tshark):
    """Our extcap, that members of the group may capture with, and another."""
    extcap = tshark.dir / "extcap"
    extcap.mkdir()
    folders = run("tshark", "-G", "folders").stdout
    theirs = re.findall(r"Extcap path:\s+(.*)$", folders, re.M)[-1]
    shutil.copy(Path(theirs, "udpdump"), extcap)
    tshark.open_up()
    world.install_for_group(extcap).check_returncode()
    (extcap / "setup-group").unlink()


def main():
    world.need_root()
    world.need("ip", "nsenter", "setpriv", "wireshark", "Xvfb", "xdotool")
    taken = {"pktwho:lo": [], "udpdump": []}
    with Tshark(PLUGIN) as tshark:
        install(tshark)
        ns = world.Namespace()
        screen = Screen(tshark.dir)
        sender = subprocess.Popen(ns.argv("python3", "-c", SENDER))
        try:
            for _ in range(ROUNDS):
                for interface, seconds in taken.items():
                    seconds.append(start(screen, ns, tshark, interface))
        finally:
            sender.kill()
            sender.wait()
            screen.close()
            ns.close()
    print(f"seconds from ^E to the first packet on screen, {ROUNDS} starts:")
    for interface, seconds in taken.items():
        seconds.sort()
        print(f"  {interface:12}median {seconds[ROUNDS // 2]:.2f}  "
              f"max {seconds[-1]:.2f}")
    ours, theirs = (s[ROUNDS // 2] for s in taken.values())
    worst = taken["pktwho:lo"][-1]
    print(f"  {ours / theirs:.2f} of udpdump's; the goal is less than "
          f"{GOAL} at each start{'' if worst < GOAL else ': MISSED'}")
    return worst >= GOAL


if __name__ == "__main__":
    sys.exit(main())
