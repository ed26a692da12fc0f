# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes whose names and arguments try to be something else."""
import re
import subprocess

import world
from world import PKTWHO, run

# Found by way of world.
import pcapng  # isort: skip

NAMES = [b"a\nb", b"\x1b[31mred", b'"quo\'te', b"\xff\xfe\x80", b"x] dst=y[1",
         b"tab\tx", b"src=fake[1]", b"back\\x41", b"\xc3\xa9\xe2\x82\xac",
         b"\x7f\x01\x02"]

# Renames itself, runs a child under a hostile argv, connects.
PROGRAM = r"""
import ctypes, os, socket, sys
name = bytes.fromhex(sys.argv[2])
ctypes.CDLL(None).prctl(15, name, 0, 0, 0)
s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
s.sendall(b'hi')
s.recv(10)
"""


def unescape(text):
    return re.sub(rb"\\x([0-9a-f]{2})",
                  lambda m: bytes([int(m.group(1), 16)]), text.encode())


class Hostile(world.LiveTest):
    def capture(self, command):
        path = self.dir / f"{self.id()}.pcapng"
        path.unlink(missing_ok=True)
        done = subprocess.run(
            [PKTWHO, "-i", "lo", "-q", "--comments=all", "-w", path, "--",
             *command],
            stderr=subprocess.PIPE)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        path.chmod(0o644)
        return path, pcapng.blocks(path.read_bytes())

    def test_names(self):
        server = self.tcp_server()
        for name in NAMES:
            path, blocks = self.capture(
                ["python3", "-c", PROGRAM, server.told, name.hex()])
            packets = [b for b in blocks if b.kind == pcapng.EPB]
            self.assertGreater(len(packets), 6)
            named = 0
            for b in packets:
                (comment,) = b.comments()
                self.assertRegex(comment, r"\A[\x20-\x7e]{1,255}\Z")
                keys = [item.split("=", 1)[0] for item in comment.split(" ")]
                self.assertEqual(len(keys), len(set(keys)), comment)
                shown = {unescape(s) for s in re.findall(
                    r"(?:^| )(?:src|dst)=(\S*)\[\d+\]", comment)}
                self.assertLessEqual(shown, {name, b"python3"}, comment)
                named += name in shown
            # A busy machine may let it read some too late.
            self.assertGreater(named, len(packets) / 2)
            # tshark prints one line each, without a control character.
            rows = self.rows(path, "proc.name", where="tcp")
            self.assertEqual(len(rows), len(packets))
            for (text,) in rows:
                self.assertNotRegex(text, r"[\x00-\x1f\x7f]")

    def test_arguments(self):
        server = self.tcp_server()
        evil = ["a\nb", "\x1b]0;title\x07", "two words", "--x=\"'", ""]
        argv = [a.encode() for a in ("python3", "-c", PROGRAM, server.told,
                                     "6576696c", *evil)] + [b"\xff\xfe"]
        path, blocks = self.capture(argv)
        rows = pcapng.read_table(blocks[-1].data)
        row = next(r for r in rows if r["name"] == b"evil")
        self.assertEqual(row["cmdline"].split(b"\0"), argv)
        for (text,) in self.rows(path, "proc.src.cmdline", where="tcp"):
            self.assertNotRegex(text, r"[\x00-\x1f\x7f]")

    def test_a_very_long_command_line_says_it_was_cut(self):
        server = self.tcp_server()
        path, blocks = self.capture(
            ["python3", "-c", PROGRAM, server.told, "6c6f6e67", "x" * 100000])
        self.assertIn(("1",), self.rows(
            path, "proc.src.cmdline_truncated", where="proc.src.name == \"long\""))


if __name__ == "__main__":
    world.main()
