# SPDX-License-Identifier: GPL-3.0-or-later
"""Captures that are compressed while they are written."""
import re
import signal
import subprocess
import time

import world
from world import PKTWHO, Capture, clients, run

SEEN = ("frame.len", "tcp.srcport", "tcp.dstport", "tcp.seq_raw")
FIELDS = (*SEEN, "proc.src.name", "proc.src.pid", "proc.src.cmdline",
          "proc.dst.name", "proc.src.id", "proc.dst.id")
MAGIC = {"gz": b"\x1f\x8b", "zst": b"\x28\xb5\x2f\xfd"}
NAMES = {"gz": "gzip", "zst": "zstd"}
SENDER = """
import os, socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(%d):
    s.sendto(os.urandom(1000), ("127.0.0.1", 9))
"""


class Compressed(world.LiveTest):
    def setUp(self):
        self.ns = self.namespace()
        self.server = self.tcp_server(within=self.ns)
        self.url = f"http://127.0.0.1:{self.server.told}/"

    def talk(self, count=5):
        self.ns.run("sh", "-c", clients(count, self.url), check=True)

    def packets(self, *paths):
        """As Wireshark's own tool counts them; it must have no complaint."""
        for path in paths:
            path.chmod(0o644)
        said = "\n".join(self.tshark.lines("capinfos", "-Mc", *paths))
        counts = re.findall(r"Number of packets: *(\d+)", said)
        self.assertEqual(len(counts), len(paths))
        return sum(map(int, counts))

    def test_the_same_as_a_plain_one(self):
        plain = Capture(self.dir / "plain.pcapng", "-i", "lo", within=self.ns)
        others = [Capture(self.dir / f"x.pcapng.{s}", "-i", "lo",
                          within=self.ns) for s in MAGIC]
        self.talk(20)
        self.assertEqual(plain.stop()[0], 0)
        want = self.rows(plain.path, *FIELDS, where="tcp")
        self.assertGreater(len(want), 100)
        for c in others:
            self.assertEqual(c.stop()[0], 0)
            self.assertEqual(c.path.read_bytes()[:len(MAGIC["gz"])],
                             MAGIC[c.path.suffix[1:]][:2])
            self.assert_same_packets(
                self.rows(c.path, *FIELDS, where="tcp"), want, len(SEEN))
            self.assertLess(c.path.stat().st_size,
                            plain.path.stat().st_size / 2)

    def test_whole_when_it_is_killed(self):
        for suffix, name in NAMES.items():
            path = self.dir / f"killed.{suffix}.pcapng"
            c = Capture(path, "-i", "lo", "--compress-type", name,
                        within=self.ns)
            begun = path.stat().st_size
            self.talk(3)
            world.wait_for(lambda: path.stat().st_size > begun, "packets")
            c.process.kill()
            c.process.wait()
            self.assertTrue(path.read_bytes().startswith(MAGIC[suffix]))
            self.assertGreater(self.packets(path), 0)

    def test_a_ring(self):
        """A file's size is what is written; until then it is guessed."""
        for suffix in MAGIC:
            directory = self.dir / f"ring.{suffix}"
            directory.mkdir()
            process = self.start(
                self.ns.argv(PKTWHO, "-i", "lo", "-w",
                             directory / f"r.pcapng.{suffix}", "-b",
                             "filesize:60", "-b", "printname:-"),
                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            world.wait_for_sandbox(process)
            self.ns.run("python3", "-c", SENDER % 100, check=True)
            self.talk(60)
            time.sleep(0.2)
            process.send_signal(signal.SIGINT)
            names, said = process.communicate(timeout=world.PATIENCE)
            self.assertEqual(process.returncode, 0, said)
            files = sorted(directory.iterdir())
            self.assertEqual(names.splitlines(), list(map(str, files)))
            for path in files:
                self.assertRegex(
                    path.name, r"r_\d{5}_\d{14}\.pcapng\." + suffix)
            sizes = [path.stat().st_size for path in files]
            self.assertGreater(len(sizes), 2)
            self.assertLessEqual(max(sizes), 60000)
            self.assertGreater(max(sizes[:-1]), 30000)
            self.assertEqual(self.packets(*files), world.counted(said)[0])

    def test_a_full_disk(self):
        path = self.small_disk() / "x.pcapng.zst"
        subprocess.run(["mount", "-o", "remount,size=256k", path.parent],
                       check=True)
        c = Capture(path, "-i", "lo", within=self.ns)
        self.ns.run("python3", "-c", SENDER % 400, check=True)
        world.wait_for(lambda: path.stat().st_size > 30000, "packets")
        status, said = c.stop()
        self.assertEqual(status, 1)
        self.assertEqual(said.count("until there is room"), 1, said)
        written, dropped = map(int, re.search(
            r"(\d+) packets, (\d+) dropped", said).groups())
        self.assertEqual(self.packets(path), written)
        self.assertGreaterEqual(written + dropped, 400)

    def test_a_disk_that_has_room_again(self):
        """What comes then is written behind what there was room for."""
        path = self.small_disk() / "x.pcapng.gz"
        c = Capture(path, "-i", "lo", within=self.ns)
        self.ns.run("python3", "-c", SENDER % 400, check=True)
        heard = world.hear(c.process, "until there is room", "")
        subprocess.run(["mount", "-o", "remount,size=8m", path.parent],
                       check=True)
        heard += world.hear(c.process, "there is room for", "")
        before = path.stat().st_size
        world.wait_for(lambda: self.ns.run(
            "python3", "-c", SENDER % 100, check=True)
            and path.stat().st_size > before + 50000, "packets")
        _, said = c.stop()
        written, dropped = map(int, re.search(
            r"(\d+) packets, (\d+) dropped", said).groups())
        self.assertEqual(self.packets(path), written)
        self.assertGreaterEqual(written + dropped, 500)

    def test_through_a_pipe(self):
        ours = self.start(self.ns.argv(PKTWHO, "-q", "-i", "lo", "-w", "-",
                                       "--compress", "zstd", "-c", "20"),
                          stdout=subprocess.PIPE)
        world.wait_for_sandbox(ours)
        self.talk(5)
        path = self.dir / "piped.pcapng"
        path.write_bytes(ours.stdout.buffer.read())
        ours.stdout.close()
        self.assertEqual(ours.wait(world.PATIENCE), 0)
        self.assertEqual(self.packets(path), 20)

    def test_what_does_not_go_together(self):
        for words, said in (
                (("--compress-type", "lz4"), 'bad compress type "lz4": there '
                 "are gzip zstd none"),
                (("--compress-type", "gzip", "-w", "x.zst"),
                 '--compress-type says otherwise than "x.zst": see pktwho '
                 "--help")):
            done = run(PKTWHO, "-i", "lo", *words)
            self.assertEqual(done.returncode, 2)
            self.assertEqual(done.stderr, f"pktwho: {said}\n")


if __name__ == "__main__":
    world.main()
