# SPDX-License-Identifier: GPL-3.0-or-later
"""Captures of many files: each is one that could stand alone."""
import os
import re
import shutil
import signal
import subprocess
import time

import world
from world import NOBODY, PKTWHO, Capture, clients, run

# Found by way of world.
import pcapng  # isort: skip

NUMBERED = r"ring_(\d{5})_\d{14}\.pcapng"
SEEN = ("frame.len", "tcp.srcport", "tcp.dstport", "tcp.seq_raw", "tcp.flags")
FIELDS = (*SEEN, "proc.src.name", "proc.src.pid", "proc.src.exepath",
          "proc.src.cmdline", "proc.src.user", "proc.dst.name",
          "proc.dst.exepath", "proc.src.id", "proc.dst.id")


class Ring:
    """pktwho -b in the background, in a directory of its own."""

    def __init__(self, directory, *argv, within, name="ring.pcapng"):
        self.dir = directory
        self.dir.mkdir(exist_ok=True)
        before = set(self.files())
        self.process = subprocess.Popen(
            within.argv(PKTWHO, "-w", self.dir / name, *argv), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        world.wait_for(lambda: self.ready(before), "capture")

    def ready(self, before):
        if self.process.poll() is not None:
            raise AssertionError(self.process.stderr.read())
        return any(path.stat().st_size for path in
                   set(self.files()) - before)

    def files(self):
        return sorted(path for path in self.dir.glob("ring*")
                      if not path.is_symlink())

    def stop(self):
        """What it printed and said; its files, for everybody to read."""
        time.sleep(0.2)
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        out, said = self.process.communicate(timeout=world.PATIENCE)
        for path in self.files():
            path.chmod(0o644)
        return self.process.returncode, out, said


def blocks(path):
    return pcapng.blocks(path.read_bytes())


def packets(path):
    return [b.kind for b in blocks(path)].count(pcapng.EPB)


class Rings(world.LiveTest):
    def setUp(self):
        self.ns = self.namespace()
        self.server = self.tcp_server(within=self.ns)
        self.url = f"http://127.0.0.1:{self.server.told}/"

    def ring(self, *argv, **options):
        return Ring(self.dir / self.id(), "-i", "lo", *argv, within=self.ns,
                    **options)

    def talk(self, count=5):
        self.ns.run("sh", "-c", clients(count, self.url), check=True)

    def is_whole(self, path):
        """Its own interfaces, counters and table; other readers agree."""
        kinds = [b.kind for b in blocks(path)]
        self.assertEqual(kinds[:2], [pcapng.SHB, pcapng.IDB], path)
        count = kinds.count(pcapng.EPB)
        tail = [pcapng.ISB] + ([pcapng.CB] if count else [])
        self.assertEqual(kinds[2 + count:], tail, path)
        said = "\n".join(self.tshark.lines("capinfos", path))
        self.assertRegex(said, r"Number of packets: *%d\n" % count)
        return count

    def test_every_file_stands_alone(self):
        """Same frames and fields as in one large file, also merged.

        Which of two captures still holds a packet when its connection is
        accepted is chance: proc.attr is not among the fields.
        """
        whole = self.dir / "whole.pcapng"
        one = Capture(whole, "-i", "lo", within=self.ns)
        r = self.ring("-b", "packets:7")
        self.talk()
        self.assertEqual(r.stop()[0], 0)
        self.assertEqual(one.stop()[0], 0)
        counts = [self.is_whole(path) for path in r.files()]
        self.assertGreater(len(counts), 5)
        self.assertEqual(set(counts[:-1]), {7})
        want = self.rows(whole, *FIELDS, where="tcp")
        alone = [row for path in r.files()
                 for row in self.rows(path, *FIELDS, where="tcp")]
        self.assert_same_packets(alone, want, len(SEEN))
        merged = self.dir / "merged.pcapng"
        self.tshark.lines("mergecap", "-w", merged, *r.files())
        self.assertEqual(self.rows(merged, *FIELDS, where="tcp"), alone)

    def test_each_file_counts_for_itself(self):
        r = self.ring("-b", "packets:10")
        self.talk()
        self.assertEqual(r.stop()[0], 0)
        received = 0
        for path in r.files():
            isb, = [b for b in blocks(path) if b.kind == pcapng.ISB]
            options = {code: value for code, value in isb.options if code > 1}
            delivered = int.from_bytes(options[8], "little")
            self.assertEqual(delivered, packets(path))
            received += int.from_bytes(options[4], "little")
            # A process's packets in the table are those of this file.
            rows = self.rows(path, "proc.table.packets", where="proc.table")
            for row in rows:
                self.assertLessEqual(max(map(int, row[0].split(","))), 10)
        self.assertEqual(received, sum(map(packets, r.files())))

    def test_no_file_is_larger(self):
        r = self.ring("-b", "filesize:8", "--user", "root")
        self.talk(20)
        status, _, said = r.stop()
        self.assertEqual(status, 0)
        sizes = [path.stat().st_size for path in r.files()]
        self.assertGreater(len(sizes), 3)
        self.assertLessEqual(max(sizes), 8000, sizes)
        # Room is kept for each process's record, here and in the table.
        self.assertGreater(min(sizes[:-1]), 3000, sizes)
        self.assertEqual(sum(map(packets, r.files())), world.counted(said)[0])

    def test_the_oldest_go(self):
        r = self.ring("-b", "packets:5", "-b", "files:3", "-b",
                      "printname:-")
        self.talk()
        status, out, said = r.stop()
        self.assertEqual(status, 0, said)
        numbers = [int(re.fullmatch(NUMBERED, path.name)[1])
                   for path in r.files()]
        printed = out.splitlines()
        self.assertEqual(numbers, [len(printed) - 2, len(printed) - 1,
                                   len(printed)])
        self.assertEqual(printed[-3:], list(map(str, r.files())))
        self.assertEqual({path.stat().st_mode & 0o777 for path in r.files()},
                         {0o644})       # ours, just now: see Ring.stop()

    def test_a_budget_of_bytes(self):
        r = self.ring("-b", "filesize:6", "-b", "total:20k")
        largest = 0
        talk = self.start(self.ns.argv("sh", "-c", clients(30, self.url)),
                          stdout=subprocess.DEVNULL)
        while talk.poll() is None:
            files = r.files()
            try:
                size = sum(path.stat().st_size for path in files)
            except FileNotFoundError:
                continue
            if r.files() == files:      # all were there at the same time
                largest = max(largest, size)
        self.assertEqual(r.stop()[0], 0)
        self.assertLessEqual(largest, 20000)
        self.assertGreater(largest, 10000)
        self.assertGreater(int(re.fullmatch(NUMBERED, r.files()[-1].name)[1]),
                           len(r.files()))

    def test_a_budget_holds_over_a_restart(self):
        """Of files of such names that are the caller's; of no others."""
        limits = ("-b", "filesize:6", "-b", "total:20k")
        r = self.ring(*limits)
        self.talk(10)
        self.assertEqual(r.stop()[0], 0)
        first = r.files()
        others = [r.dir / name for name in (
            "ring_00001_20200101000000.txt", "ring.pcapng", "ringer.pcapng")]
        for path in others:
            path.write_bytes(bytes(9000))
        link = r.dir / "ring_00001_20200101000000.pcapng"
        link.symlink_to(others[0])
        r = self.ring(*limits)
        self.talk(3)
        self.assertEqual(r.stop()[0], 0)
        ours = set(r.files()) - set(others)
        self.assertLessEqual(sum(p.stat().st_size for p in ours), 20000)
        self.assertTrue(ours - set(first))
        self.assertNotIn(first[0], ours)
        self.assertTrue(all(path.exists() for path in others))
        self.assertTrue(link.is_symlink())

    def test_a_record(self):
        """The command's own directory is another here."""
        directory = self.dir / self.id()
        directory.mkdir()
        run_it = self.ns.argv(PKTWHO, "record", "-q", "-i", "lo", "-w",
                              directory / "ring.pcapng", "-b", "free:1k",
                              "-a", "duration:0.3")
        self.assertEqual(run(*run_it).returncode, 0)
        self.assertEqual(len(list(directory.glob("ring_*"))), 1)

    def test_the_hosts_own_record(self):
        """The first one makes its folder, which the caller of sudo may not."""
        done = self.ns.run(
            "unshare", "--mount", "sh", "-ec", """
            mount -t tmpfs -o mode=755 tmpfs /var/lib
            "$0" record -q -i lo -a duration:0.3
            "$0" record -q -i lo -a duration:0.3
            cd /var/lib/pktwho
            stat -c '%U %a' . *""", PKTWHO, env=os.environ | {
                "SUDO_UID": str(NOBODY), "SUDO_GID": str(NOBODY)})
        self.assertEqual((done.stdout, done.stderr),
                         ("root 750\n" + 2 * "root 600\n", ""))

    def test_two_records_of_the_host(self):
        """Each would take the other's files for its own, and away."""
        done = self.ns.run(
            "unshare", "--mount", "sh", "-c", """
            mount -t tmpfs -o mode=755 tmpfs /var/lib
            "$0" record -q -i lo &
            until ls /var/lib/pktwho/record_* >/dev/null 2>&1; do
                sleep 0.1
            done
            "$0" record -q -i lo
            echo $?
            kill $!
            wait""", PKTWHO, timeout=world.PATIENCE)
        self.assertEqual((done.stdout, done.stderr), (
            "1\n", "pktwho: another pktwho record writes "
            "/var/lib/pktwho/record.pcapng\n"))

    def test_by_time(self):
        r = self.ring("-b", "duration:0.4", "-b", "nametimenum:2")

        def has_three():
            self.talk(2)
            return len(r.files()) >= 3
        world.wait_for(has_three, "third file")
        self.assertEqual(r.stop()[0], 0)
        for path in r.files():
            self.is_whole(path)
            self.assertRegex(path.name, r"ring_\d{14}_\d{5}\.pcapng")
            times = [float(row[0]) for row in
                     self.rows(path, "frame.time_epoch", where="tcp")]
            if times:
                self.assertLess(max(times) - min(times), 0.4)

    def test_at_a_full_second(self):
        r = self.ring("-b", "interval:1")

        def has_three():
            self.talk(1)
            return len(r.files()) >= 3
        world.wait_for(has_three, "third file")
        self.assertEqual(r.stop()[0], 0)
        seconds = [{int(float(row[0])) for row in
                    self.rows(path, "frame.time_epoch", where="tcp")}
                   for path in r.files()]
        self.assertTrue(all(len(s) <= 1 for s in seconds), seconds)
        self.assertGreaterEqual(len(set().union(*seconds)), 2)

    def test_asked_while_it_runs(self):
        r = self.ring("-b", "packets:1000")
        self.talk(1)
        first, = r.files()
        world.wait_for(lambda: pcapng.count_packets(first), "packets")
        r.process.send_signal(signal.SIGUSR1)
        told = world.hear(r.process, "; full: ring ")
        r.process.send_signal(signal.SIGUSR2)
        world.wait_for(lambda: len(r.files()) == 2, "second file")
        self.talk(1)
        status, _, said = r.stop()
        self.assertEqual(status, 0)
        counts = [self.is_whole(path) for path in r.files()]
        self.assertTrue(all(counts), counts)
        found = re.match(rf"pktwho: (\d+) packets?, \d+ dropped, \S+ (% )?"
                         rf"named, {first}\n", told)
        self.assertTrue(found, told)
        self.assertIn(int(found[1]), range(1, counts[0] + 1))
        self.assertRegex(told, r"dropped by the kernel \d+, the interface 0, "
                         r"here \d+; events lost \d+; full: ring ")
        self.assertEqual(sum(counts), world.counted(said)[0])

    def fill(self, r):
        """Until as many files as there may be are there, none of them new."""
        self.talk(3)
        world.wait_for(lambda: int(re.fullmatch(
            NUMBERED, r.files()[-1].name)[1]) > 4, "files")

    def frozen(self, r):
        return sorted(r.dir.glob("frozen_ring_*.pcapng"))

    def test_a_failure_freezes_the_ring(self):
        failing = shutil.copy("/bin/sh", self.dir / "failing")
        r = self.ring("-b", "packets:5", "-b", "files:3", "--freeze", "fail*")
        self.fill(r)
        self.ns.run(failing, "-c", "exit 0", check=True)
        self.ns.run(failing, "-c", "exit 3")
        world.wait_for(lambda: len(self.frozen(r)) == 3, "frozen files")
        kept = self.frozen(r)
        self.ns.run(failing, "-c", "exit 3")
        self.talk(5)
        status, _, said = r.stop()
        self.assertEqual(status, 0, said)
        self.assertEqual(said.count("failing has ended with status 3"), 1)
        self.assertIn("kept 3 files as frozen_ring", said)
        self.assertEqual(self.frozen(r), kept)
        self.assertEqual(len(r.files()), 3)
        for path in kept:
            path.chmod(0o644)
            self.is_whole(path)

    def test_a_process_freezes_the_ring(self):
        """Its first packet does: a program that anybody could have put there."""
        odd = self.dir / self.id() / "odd"
        odd.parent.mkdir(mode=0o777)
        odd.parent.chmod(0o777)
        shutil.copy("/bin/ping", odd)
        r = self.ring("-b", "packets:5", "-b", "files:3", "--freeze-on",
                      "expert:world_writable or name:nobody")
        self.talk(3)
        self.assertEqual(self.frozen(r), [])
        self.ns.run(odd, "-qc1", "127.0.0.1", check=True)
        world.wait_for(lambda: self.frozen(r), "frozen files")
        kept = self.frozen(r)
        self.ns.run(odd, "-qc1", "127.0.0.1", check=True)
        self.talk(5)
        status, _, said = r.stop()
        self.assertEqual(status, 0, said)
        self.assertRegex(said, r"odd\[\d+\] is what --freeze-on says\n")
        self.assertEqual(said.count("--freeze-on"), 1)
        self.assertEqual(self.frozen(r), kept)
        kept[-1].chmod(0o644)
        self.assertIn(("odd",), self.rows(kept[-1], "proc.src.name",
                                          where="icmp.type == 8"))

    def test_a_fast_ring_is_frozen_before_it_is_new(self):
        odd = shutil.copy("/bin/ping", self.dir / "odd")
        r = self.ring("-b", "packets:5", "-b", "files:2", "--freeze-on",
                      "name:odd")
        self.ns.run("sh", "-c", f"{odd} -qc1 127.0.0.1; "
                    "exec ping -qc40 -i 0.002 127.0.0.1", check=True)
        world.wait_for(lambda: self.frozen(r), "frozen files")
        self.assertEqual(r.stop()[0], 0)
        for path in self.frozen(r):
            path.chmod(0o644)
        self.assertIn([("odd",)], [
            self.rows(path, "proc.src.name", where="icmp.type == 8")[:1]
            for path in self.frozen(r)])

    def test_the_commands_failure_freezes_the_ring(self):
        """Which also ends it: what is there then is kept all the same."""
        for end, told in (("exit 3", "has ended with status 3"),
                          ("kill $$", "was ended by signal 15")):
            directory = self.dir / f"{self.id()} {end}"
            directory.mkdir()
            done = self.ns.run(
                PKTWHO, "-i", "lo", "-w", directory / "ring.pcapng", "-b",
                "packets:1", "-b", "files:2", "--freeze", "sh", "--",
                "/bin/sh", "-c", f"ping -qc1 127.0.0.1; {end}")
            self.assertIn(f"sh {told}\n", done.stderr)
            kept = re.findall(r"kept (\d) files? as frozen_ring", done.stderr)
            self.assertEqual(sum(map(int, kept)), 2)
            self.assertEqual(len(list(directory.glob("frozen_ring_*"))), 2)
            self.assertEqual(len(list(directory.iterdir())), 2)

    def test_a_signal_freezes_the_ring(self):
        r = self.ring("-b", "packets:5", "-b", "files:3")
        self.fill(r)
        for count in (3, 4):
            r.process.send_signal(signal.SIGRTMIN)
            world.wait_for(lambda: len(self.frozen(r)) == count,
                           f"{count} frozen files")
        self.talk(3)
        self.assertEqual(r.stop()[0], 0)
        self.assertEqual(len(self.frozen(r)), 4)

    def test_one_file_is_no_ring(self):
        path = self.dir / "single.pcapng"
        c = world.Capture(path, "-i", "lo", within=self.ns)
        c.process.send_signal(signal.SIGRTMIN)
        self.talk()
        status, said = c.stop()
        self.assertEqual(status, 0, said)
        self.assertIn("there is one file only, without -b", said)
        self.assertGreater(packets(path), 0)

    def test_so_many_files(self):
        r = self.ring("-b", "packets:5", "-a", "files:2")
        self.talk()
        self.assertEqual(r.process.wait(world.PATIENCE), 0)
        self.assertEqual(world.counted(r.stop()[2])[0], 10)
        self.assertEqual([packets(path) for path in r.files()], [5, 5])

    def test_one_file_of_a_size(self):
        path = self.dir / "one.pcapng"
        c = Capture(path, "-i", "lo", "-a", "filesize:20", within=self.ns)
        self.talk(20)
        status, said = c.finish()
        self.assertEqual(status, 0, said)
        self.assertLessEqual(path.stat().st_size, 20000)
        self.assertGreater(path.stat().st_size, 14000)
        self.is_whole(path)

    def test_as_the_caller_of_sudo(self):
        """Files are the caller's, also those after privileges are gone."""
        directory = self.dir / self.id()
        directory.mkdir()
        os.chown(directory, NOBODY, NOBODY)
        directory.chmod(0o700)
        r = Ring(directory, "-i", "lo", "-b", "packets:5", within=self.ns)
        self.talk(2)
        self.assertEqual(r.stop()[0], 0)
        root = r.files()
        self.assertEqual({path.stat().st_uid for path in root}, {0})
        os.environ.update(SUDO_UID=str(NOBODY), SUDO_GID=str(NOBODY))
        try:
            r = Ring(directory, "-i", "lo", "-b", "packets:5", "-b",
                     "nametimenum:2", within=self.ns)
            self.talk(2)
            self.assertEqual(r.stop()[0], 0)
        finally:
            del os.environ["SUDO_UID"], os.environ["SUDO_GID"]
        ours = set(r.files()) - set(root)
        self.assertGreater(len(ours), 3)
        self.assertEqual({path.stat().st_uid for path in ours}, {NOBODY})

    def test_no_link_is_followed(self):
        """Whoever guesses the next name gets none of it."""
        directory = self.dir / self.id()
        directory.mkdir()
        target = self.dir / "target"
        target.write_text("mine")
        now = time.time()
        for second in range(-1, world.PATIENCE):
            stamp = time.strftime("%Y%m%d%H%M%S", time.localtime(now + second))
            (directory / f"ring_00002_{stamp}.pcapng").symlink_to(target)
        r = Ring(directory, "-i", "lo", "-b", "packets:5", within=self.ns)
        self.talk(1)
        self.assertEqual(r.stop()[0], 0)
        self.assertEqual(target.read_text(), "mine")
        numbers = {int(re.fullmatch(NUMBERED, path.name)[1])
                   for path in r.files()}
        self.assertEqual(sorted(numbers)[:2], [1, 3])

    def test_a_directory_that_must_exist(self):
        done = run(PKTWHO, "-i", "lo", "-w", "/no/such/x.pcapng", "-b",
                   "packets:5")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr, "pktwho: cannot write files like "
                         "/no/such/x.pcapng: No such file or directory\n")

    def test_dumpcap_makes_whole_files_of_our_pipe(self):
        """Wireshark's own ring: each file has the records it needs."""
        directory = self.dir / self.id()
        directory.mkdir()
        ours = self.start(self.ns.argv(PKTWHO, "-i", "lo", "-q", "-w", "-"),
                          stdout=subprocess.PIPE)
        theirs = self.start(["dumpcap", "-q", "-i", "-", "-b", "packets:40",
                             "-w", directory / "ring.pcapng"],
                            stdin=ours.stdout, stderr=subprocess.DEVNULL)
        ours.stdout.close()
        world.wait_for_sandbox(ours)
        # One connection of 60 messages, of two processes.
        self.ns.run("python3", "-c", """if True:
            import socket, threading
            a = socket.create_server(("127.0.0.1", 0))
            b = socket.create_connection(a.getsockname())
            c, _ = a.accept()
            for n in range(60):
                b.send(b"x"); c.recv(1); c.send(b"y"); b.recv(1)
            """, check=True)
        time.sleep(0.3)
        ours.send_signal(signal.SIGINT)
        self.assertEqual(ours.wait(world.PATIENCE), 0)
        self.assertEqual(theirs.wait(world.PATIENCE), 0)
        files = sorted(directory.glob("ring*"))
        self.assertGreater(len(files), 3)
        for path in files:
            path.chmod(0o644)
            rows = self.tshark.fields(path, "proc.src.user",
                                      "proc.src.exepath", more=(
                                          "-2", "-Y", "tcp && proc.src.pid"))
            self.assertTrue(rows and all(all(row) for row in rows), (path, rows))


if __name__ == "__main__":
    world.need("dumpcap", "mergecap")
    world.main()
