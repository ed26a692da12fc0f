# SPDX-License-Identifier: GPL-3.0-or-later
"""pktwho -P: a line for each packet."""
import os
import re
import subprocess

import world
from world import PKTWHO, SAMPLES, run

HTTP = SAMPLES / "loopback-http.pcapng"
LINE = (r"(?P<owners>.*?) +\d\d:\d\d:\d\d\.\d{6} IP 127\.0\.0\.1\.(\d+) > "
        r"127\.0\.0\.1\.(\d+): (?P<rest>.*)")


class Print(world.LiveTest):
    def test_a_file(self):
        """Without a privilege; tshark's words, in its order."""
        done = run(PKTWHO, "-r", HTTP, "-P")
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = done.stdout.splitlines()
        want = self.rows(HTTP, "_ws.col.Protocol", "_ws.col.Info",
                         where="!proc.table")
        self.assertEqual(len(lines), len(want))
        for line, (protocol, info) in zip(lines, want):
            self.assertTrue(line.endswith(f": {protocol} {info}"), line)
        self.assertTrue(lines[0].startswith("curl[28802] > python3[28790] "))

    def test_without_tshark(self):
        """It is not there, or not wanted."""
        said = {}
        for words, path in (((), "/nonexistent"),
                            (("--no-tshark",), os.environ["PATH"])):
            done = run(PKTWHO, "-r", HTTP, "-P", *words,
                       env=os.environ | {"PATH": path})
            self.assertEqual(done.returncode, 0, done.stderr)
            said[words] = done.stdout
        self.assertEqual(*said.values())
        lines = done.stdout.splitlines()
        self.assertEqual(len(lines), 14)
        self.assertRegex(lines[0], r"^curl\[28802\] > python3\[28790\] .*: "
                         r"Flags \[S\], seq \d+, ack 0, length 0$")

    def test_a_capture(self):
        """Also beside a file; each packet once."""
        ns = self.namespace()
        server = self.tcp_server(within=ns)
        path = self.dir / "printed.pcapng"
        c = self.start(ns.argv(PKTWHO, "-n", "-P", "-i", "lo", "-w", path,
                               "-c", "10", "tcp"), stdout=subprocess.PIPE,
                       stderr=subprocess.DEVNULL)
        world.wait_for_sandbox(c)
        ns.run("curl", "-gs", f"http://127.0.0.1:{server.told}/", check=True)
        ns.run("curl", "-gs", f"http://127.0.0.1:{server.told}/", check=True)
        lines = c.communicate(timeout=world.PATIENCE)[0].splitlines()
        self.assertEqual(c.returncode, 0)
        path.chmod(0o644)
        rows = self.rows(path, "tcp.srcport", "tcp.dstport", where="tcp")
        found = [re.fullmatch(LINE, line) for line in lines]
        self.assertNotIn(None, found, lines)
        self.assertEqual([m.group(2, 3) for m in found], rows)
        self.assertRegex(found[0]["owners"], r"^curl\[\d+\] > python3\[\d+\]$")

    def test_what_does_not_go_together(self):
        for words, said in (
                (("log", "-P"), "not for pktwho top and log: \"--print\""),
                (("-P", "-w", "-"), "what is shown goes to \"-\""),
                (("-r", HTTP),
                 "only with --print, top and log: \"-r\"")):
            done = run(PKTWHO, *words)
            self.assertEqual((done.returncode, done.stderr),
                             (2, f"pktwho: {said}: see pktwho --help\n"))


if __name__ == "__main__":
    world.main()
