# SPDX-License-Identifier: GPL-3.0-or-later
"""What a capture tells of itself while it runs."""
import json
import os
import re
import signal
import subprocess
import time

import world
from world import PKTWHO, Capture, clients, wait_for

# Found by way of world.
import pcapng  # isort: skip
import terminal  # isort: skip
from terminal import Terminal  # isort: skip


class Status(world.LiveTest):
    def setUp(self):
        self.ns = self.namespace()
        self.server = self.tcp_server(within=self.ns)

    def talk(self, count=3):
        self.ns.run("sh", "-c", clients(
            count, f"http://127.0.0.1:{self.server.told}/"), check=True)

    def terminal(self, *argv):
        """pktwho whose standard error is a terminal, too."""
        if not terminal.pyte:
            self.skipTest("no python3-pyte")
        t = Terminal(["sh", "-c", 'exec "$@" 2>&1', "sh",
                      *self.ns.argv(PKTWHO, *world.STRICT, "-i", "lo", *argv)],
                     columns=200)
        self.addCleanup(t.close)
        return t

    def test_the_last_line_of_a_terminal(self):
        path = self.dir / "shown.pcapng"
        t = self.terminal("-w", path)
        t.shows(f"pktwho: 0 packets, 0 dropped, {path}")
        self.assertIn("pktwho: capturing on lo", t.lines)
        self.talk()
        t.wait(lambda lines: any("named" in line for line in lines))
        t.process.send_signal(signal.SIGINT)
        t.wait(lambda lines: any(re.search(r" packets, \d+ dropped$", line)
                                 for line in lines))
        # The summary has taken its place.
        self.assertEqual([line for line in t.lines if "named" in line], [])
        self.assertEqual(t.process.wait(world.PATIENCE), 0)

    def test_none_where_it_would_disturb(self):
        for argv in (["-q"], ["--", "sleep", "1.2"]):
            path = self.dir / "quiet.pcapng"
            path.unlink(missing_ok=True)
            t = self.terminal("-w", path, *argv)
            wait_for(path.exists, "file")
            t.read(1.3)
            self.assertNotIn("packets", "".join(t.lines))
            t.process.send_signal(signal.SIGTERM)
            t.process.wait(world.PATIENCE)
        c = Capture(self.dir / "pipe.pcapng", "-i", "lo", within=self.ns)
        self.talk(1)
        time.sleep(1.2)         # longer than a line of the status takes
        self.assertRegex(c.stop()[1],
                         r"\Apktwho: \d+ packets, \d+ dropped\b.*\n\Z")

    def lines(self, path):
        return [json.loads(line) for line in
                path.read_text().splitlines(keepends=True)
                if line.endswith("\n")]

    def test_lines_of_json(self):
        stats = self.dir / "stats.json"
        c = Capture(self.dir / "a.pcapng", "-i", "lo", "--stats", stats,
                    within=self.ns)
        self.talk()
        packets = lambda: (self.lines(stats) or [{"packets": 0}])[-1]["packets"]
        wait_for(lambda: packets() > 20, "line")
        c.process.send_signal(signal.SIGUSR1)
        status, said = c.stop()
        self.assertEqual(status, 0, said)
        lines = self.lines(stats)
        counts = [line["packets"] for line in lines]
        self.assertEqual(counts, sorted(counts))
        blocks = list(pcapng.blocks(c.path.read_bytes()))
        self.assertEqual(counts[-1],
                         [b.kind for b in blocks].count(pcapng.EPB))
        last = lines[-1]
        self.assertEqual(last["file"], str(c.path))
        self.assertGreater(max(x["packets_per_second"] for x in lines), 0)
        self.assertGreater(max(x["lag_ms"] for x in lines), 0)
        self.assertGreater(last["bytes"], 60 * last["packets"])
        self.assertEqual(last["dropped_disk_full"], 0)
        self.assertEqual(last["dropped"], world.counted(said)[1])
        for what in ("ring", "queue", "events", "flows"):
            self.assertLessEqual(last[what + "_percent"], 100)
        interface, = last["interfaces"]
        self.assertEqual(interface["name"], "lo")
        self.assertGreaterEqual(interface["received"], last["packets"])
        self.assertEqual(os.stat(stats).st_mode & 0o777, 0o600)

    def test_a_file_that_is_there_stays(self):
        stats = self.dir / "there.json"
        stats.write_text("mine")
        done = self.ns.run(PKTWHO, "-i", "lo", "-w", self.dir / "no.pcapng",
                           "--stats", stats)
        self.assertEqual(done.returncode, 1)
        self.assertIn("there.json is there already", done.stderr)
        self.assertEqual(stats.read_text(), "mine")

    def test_a_reader_that_does_not_read_is_not_waited_for(self):
        """What it did not take is left out; the capture loses nothing."""
        reader, writer = os.pipe()
        path = self.dir / "slow.pcapng"
        path.unlink(missing_ok=True)
        os.set_blocking(writer, False)
        while True:
            try:
                os.write(writer, bytes(4096))
            except BlockingIOError:
                break
        os.set_blocking(writer, True)
        process = self.start(self.ns.argv(
            PKTWHO, *world.STRICT, "-i", "lo", "-w", path, "--stats", "-"),
            stdout=writer, stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        os.close(writer)
        wait_for(lambda: path.exists() and path.stat().st_size, "capture")
        self.talk()
        time.sleep(1.2)         # longer than a line of the status takes
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(world.PATIENCE), 0)
        packets, dropped = world.counted(process.stderr.read())
        self.assertEqual(pcapng.count_packets(path), packets)
        self.assertGreater(packets + dropped, 9)
        os.close(reader)


if __name__ == "__main__":
    world.main()
