#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/dumpcap.md: every option of dumpcap, and the same frames beside it.

  test_dumpcap.py PKTWHO PLUGIN
"""
import re
import signal
import subprocess
from pathlib import Path

import world
from world import PKTWHO, Capture, run

# Found by way of world.
import pcapng  # isort: skip

TABLE = Path(__file__).parents[2] / "docs/dumpcap.md"
ARGUMENTS = {"-i": "lo", "-f": "tcp", "-s": "96", "-B": "4", "-c": "1",
             "-a": "duration:1", "-w": "x", "-b": "packets:9",
             "--capture-comment": "x", "--temp-dir": "/tmp",
             "--log-level": "debug", "--interface": "lo",
             "--snapshot-length": "96", "--buffer-size": "4",
             "--autostop": "duration:1", "--ring-buffer": "packets:9"}
# What can end or change a capture, and what changes nothing.
ALIKE = {
    "plain": ["-q", "-n", "-t", "-p"],
    "filter": ["-f", "udp dst port 9 or udp dst port 11", "-B", "4"],
    "short": ["-s", "40", "--capture-comment", "mine", "-g",
              "--capture-comment", "and more"],
    "count": ["-c", "5"],
    "autostop": ["-a", "packets:7", "-a", "duration:60"],
    "ring": ["-b", "packets:5", "-b", "files:9"],
}
FIELDS = ("frame.len", "frame.cap_len", "ip.id", "udp.dstport", "udp.checksum",
          "data.data")
SENDER = """
import socket
s, *readers = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
               for _ in range(4))
for n, reader in enumerate(readers):
    reader.bind(("127.0.0.1", 9 + n))
for n in range(24):
    s.sendto(bytes([n]) * (10 + n), ("127.0.0.1", 9 + n % 3))
"""


def documented():
    """{option: what it does here}"""
    found = {}
    for line in TABLE.read_text().splitlines():
        row = re.match(r"\| (`-.*?) \| (.*) \|$", line)
        if row:
            for option in re.findall("`(.*?)`", row[1]):
                found[option] = row[2]
    return found


class Dumpcap(world.LiveTest):
    def test_every_option(self):
        """It is taken, or a line says what to do."""
        known = re.findall(r"(?m)^  (-[^ ,\n]+)[^,\n]*(?:, (--[^ \n]+))?",
                           run("dumpcap", "--help").stdout)
        known = {option for pair in known for option in pair if option}
        self.assertGreater(len(known), 40)
        table = documented()
        self.assertLessEqual(known, set(table))
        # Of later dumpcaps, too.
        for option in set(table) - {"-v", "-h", "--version", "--help", "-L", "-d",
                               "--list-data-link-types"}:
            argument = [ARGUMENTS[option]] if option in ARGUMENTS else []
            name = [] if option == "-w" else ["-w", "x"]
            done = run(PKTWHO, *name, option, *argument, "-D")
            if table[option].startswith("same"):
                self.assertEqual(done.returncode, 0, done)
                continue
            self.assertEqual(done.returncode, 2, option)
            self.assertIn(table[option], done.stderr)
            self.assertIn(option, done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1)

    def start_dumpcap(self, name, options, within):
        path = self.dir / f"dumpcap-{name}.pcapng"
        process = self.start(
            within.argv("dumpcap", "-i", "lo", *options, "-w", path),
            stderr=subprocess.PIPE)
        world.hear(process, "File: ")
        return process

    def captured(self, who, name):
        rows = []
        for path in sorted(self.dir.glob(f"{who}-{name}*")):
            path.chmod(0o644)
            rows += self.rows(path, *FIELDS)
        return rows

    def test_comments_and_no_time(self):
        """Each comment is in the file of a capture that ends at once."""
        ns = self.namespace()       # where nobody else sends
        for program in "dumpcap", PKTWHO:
            path = self.dir / "at-once.pcapng"
            path.unlink(missing_ok=True)
            done = ns.run(program, "-q", "-i", "lo", "-w", path,
                          "-a", "duration:0", "--capture-comment", "one",
                          "--capture-comment", "two")
            self.assertEqual(done.returncode, 0, done)
            first, *rest = pcapng.blocks(path.read_bytes())
            self.assertEqual([text for code, text in first.options
                              if code == 1], [b"one", b"two"])
            self.assertNotIn(pcapng.EPB, [b.kind for b in rest])

    def test_values_at_the_edge(self):
        """One file, or several, of the same interface and length."""
        for options, least, most in (
                (["-s", "500000000"], 1, 1), (["-s", "0"], 1, 1),
                (["-b", "files:3"], 1, 1), (["-a", "files:3"], 1, 1),
                (["-b", "duration:0"], 2, 5)):
            length = "1.2" if most > 1 else "0"
            names = []
            for program in "dumpcap", PKTWHO:
                folder = self.dir / f"{Path(program).name}{len(options)}"
                folder.mkdir(exist_ok=True)
                done = run(program, "-q", "-i", "lo", "-w",
                           folder / "edge.pcapng", "-a", f"duration:{length}",
                           *options)
                self.assertEqual(done.returncode, 0, done)
                paths = sorted(folder.iterdir())
                self.assertIn(len(paths), range(least, most + 1), done)
                names.append([re.sub(r"_\d{14}", "_TIME", path.name)
                              for path in paths][:least])
                interface = next(b for b in pcapng.blocks(
                    paths[0].read_bytes()) if b.kind == pcapng.IDB)
                self.assertEqual(interface.body[4:8], b"\0\0\4\0", options)
                for path in paths:
                    path.unlink()
            self.assertEqual(names[0], names[1], options)

    def test_the_same_frames_beside_it(self):
        ns = self.namespace()
        theirs = {name: self.start_dumpcap(name, options, ns)
                  for name, options in ALIKE.items() if name != "ring"}
        theirs["ring"] = self.start_dumpcap("ring", ALIKE["ring"], ns)
        ours = {name: Capture(self.dir / f"pktwho-{name}.pcapng", "-i", "lo",
                              "--no-process-table", *options, within=ns)
                for name, options in ALIKE.items() if name != "ring"}
        ring = self.start(ns.argv(PKTWHO, "-i", "lo", "--no-process-table", "-w",
                                  self.dir / "pktwho-ring.pcapng",
                                  *ALIKE["ring"]), stderr=subprocess.PIPE)
        world.wait_for(lambda: list(self.dir.glob("pktwho-ring_*")), "ring")
        ns.run("python3", "-c", SENDER, check=True)
        for name, c in ours.items():
            if name not in ("count", "autostop"):
                world.wait_for(lambda c=c: c.packets() >= (
                    16 if c is ours["filter"] else 24), name)
                c.process.send_signal(signal.SIGINT)
            self.assertEqual(c.finish()[0], 0, name)
        ring.send_signal(signal.SIGINT)
        self.assertEqual(ring.wait(world.PATIENCE), 0)
        for name, process in theirs.items():
            if name not in ("count", "autostop"):
                process.send_signal(signal.SIGINT)
            process.communicate(timeout=world.PATIENCE)
        counts = {}
        for name in ALIKE:
            rows = self.captured("pktwho", name)
            counts[name] = len(rows)
            self.assertEqual(rows, self.captured("dumpcap", name), name)
        self.assertEqual(counts, {"plain": 24, "filter": 16, "short": 24,
                                  "count": 5, "autostop": 7, "ring": 24})


if __name__ == "__main__":
    world.need("dumpcap")
    world.main()
