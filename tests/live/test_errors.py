# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad use and bad luck: one clear line, the right status, nothing lost."""
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import world
from world import (NOBODY, PKTWHO, WITHOUT_EBPF, Capture, clients,
                   read_beginning, run)

# Found by way of world.
import pcapng  # isort: skip

SENDER = """if True:
    import socket, sys
    a = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for _ in range(int(sys.argv[1])):
        a.sendto(bytes(int(sys.argv[2])), ("127.0.0.1", 9))
    """


# On a busy host a flood is too much for the kernel's events as well.
DROPPED = (r"^pktwho: \d+ packets, [1-9]\d* dropped"
           r"(, \d+ flows? forgotten)?(, kernel events were lost)?\n")


def is_whole(file):
    with contextlib.suppress(pcapng.Malformed):
        return pcapng.blocks(file.read_bytes())


class Errors(world.LiveTest):
    def fails(self, status, line, *argv, **options):
        done = run(PKTWHO, *argv, **options)
        self.assertEqual((done.returncode, done.stdout), (status, ""), done)
        self.assertRegex(done.stderr, f"^pktwho: {line}\n$")

    def test_what_nobody_could_be_told(self):
        with open("/dev/full", "wb") as full:
            for argv in (["-D"], ["--help"], ["-d", "tcp"],
                         ["find", "--host", "127.0.0.1", world.TESTS.parent / "samples"]):
                done = subprocess.run([PKTWHO, *argv], stdout=full,
                                      stderr=subprocess.PIPE, text=True)
                self.assertEqual((done.returncode, done.stderr), (
                    1, "pktwho: cannot write to the standard output: No "
                    "space left on device\n"))

    def test_bad_use_is_2(self):
        hint = ": see pktwho --help"
        for argv, line in (
                (["-R"], f'unknown option "-R"{hint}'),
                (["--wrong"], f'unknown option "--wrong"{hint}'),
                (["-i"], f'argument missing after "-i"{hint}'),
                (["-c", "0"], 'bad packet count "0": at least 1'),
                (["-s", "-1"], 'bad snapshot length "-1": 0 to 2147483647'),
                (["-a", "never"], 'bad autostop "never": there are duration: '
                 "packets: filesize: files: eof"),
                (["-w", "a", "-w", "b"], '-w is given twice: "a" and "b"'),
                (["-w", "x", "curl", "http://x/"], "this begins no filter, "
                 f'and a command takes "--" before it: "curl"{hint}'),
                (["x.pcapng"], "which option, -w or -r of tshark, for "
                 f'"x.pcapng"{hint}'),
                (["tpo"], 'unexpected argument "tpo": did you mean top\\?'),
                (["recird", "-i", "lo"],
                 'unexpected argument "recird": did you mean record\\?'),
                (["fnd", "/tmp"],
                 'unexpected argument "fnd": did you mean find\\?'),
                (["-w", "x", "cat", "y"], "this begins no filter, and a "
                 f'command takes "--" before it: "cat"{hint}'),
                (["--process", "curl"],
                 "there is no --process: use --proc NAME"),
                (["--interfce", "lo"], 'unknown option "--interfce": did you '
                 r"mean --interface\?"),
                (["-i", "lo", "-i", "any"], "any has each packet already, "
                 f'also those of "lo"{hint}'),
                (["-f", "tcp.port == 80"], "that is a display filter, .*"),
                (["-w", "x", "-f", "http"], "that is a display filter, .*"),
                (["-w", "x", "!arp", "&&", "!tls"], "that is a display "
                 'filter, .* not "!arp && !tls".*'),
                (["-i", "lo", "proc.name", "==", "curl"],
                 "that is a display filter, .*"),
                (["--remote", "web1", "-D"], "ssh runs pktwho -D as "
                 f'well: no list can be had from "web1"{hint}'),
                (["-w", "x", "tcp", "-i", "lo"],
                 f'options stand before the filter: "-i"{hint}'),
                (["-P", "-r", "x.pcapng", "tcp", "port", "80"], "tshark -Y finds "
                 f'packets of a file, not "tcp port 80"{hint}'),
                (["-G", "60"], "there is no -G: use -b duration:SECONDS")):
            self.fails(2, line, *argv)

    def test_a_terminal_gets_no_packets(self):
        master, slave = os.openpty()
        done = subprocess.run([PKTWHO, "-i", "lo", "-w", "-"], stdout=slave,
                              stderr=subprocess.PIPE, text=True, timeout=60,
                              check=False)
        os.close(slave)
        os.close(master)
        self.assertEqual((done.returncode, done.stderr),
                         (2, "pktwho: a terminal shows no packets: -P prints "
                          "lines, -w FILE writes them\n"))

    def test_what_cannot_name_anybody_is_said(self):
        done = run(PKTWHO, "-q", "-i", "lo", "-w", "/dev/null", "-a",
                   "duration:0.1", "--unit", "nosuch")
        self.assertEqual((done.returncode, done.stderr),
                         (0, "pktwho: warning: no process is in a unit called "
                          '"nosuch" at present\n'))

    def test_habits_of_tcpdump(self):
        path = self.dir / "habits.pcapng"
        ns = self.namespace()
        c = Capture(path, "-nn", "-tttt", "-le", "-i", "lo", "icmp", "and",
                    "host", "127.0.0.2", within=ns)
        for host in ("127.0.0.1", "127.0.0.2"):
            ns.run("ping", "-nqc1", host)
        self.assertEqual(c.stop()[0], 0)
        rows = self.rows(path, "ip.addr", where="icmp")
        self.assertEqual(len(rows), 2)
        self.assertTrue(all("127.0.0.2" in row[0] for row in rows), rows)
        done = run(PKTWHO, "-nnvi", "lo")
        self.assertRegex(done.stdout, r"^pktwho \d")
        self.assertIn("without it this captures", done.stderr)
        self.assertEqual(run(PKTWHO, "-v").stderr, "")
        self.fails(1, 'bad filter "tcp prot 80": .*error.*: see '
                   r"pcap-filter\(7\)", "-w", "/dev/null", "tcp", "prot", "80")

    def test_a_filter_as_instructions(self):
        done = run(PKTWHO, "-d", "-i", "lo", "-f", "tcp port 80")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stdout, run("tcpdump", "-d", "-s", "262144",
                                          "-i", "lo", "tcp port 80").stdout)

    def test_group_and_comment(self):
        path = self.dir / "group.pcapng"
        self.assertEqual(run(PKTWHO, "-q", "-g", "--capture-comment", "mine",
                             "-i", "lo", "-w", path, "-a",
                             "duration:0.1").returncode, 0)
        self.assertEqual(path.stat().st_mode & 0o777, 0o640)
        self.assertIn((1, b"mine"), pcapng.blocks(path.read_bytes())[0].options)
        self.namespace().run(
            PKTWHO, "-q", "-g", "-i", "lo", "-w", self.dir / "group", "-b",
            "packets:9", "-a", "duration:0.1")
        ring, = self.dir.glob("group_*")
        self.assertEqual(ring.stat().st_mode & 0o777, 0o640)
        done = run(PKTWHO, "-i", "lo", "--temp-dir", self.dir, "-a",
                   "duration:0.1")
        self.assertIn(f"writing {self.dir}/pktwho_lo_", done.stderr)

    def test_unknown_interface(self):
        self.fails(1, r"there is no interface nosuch0: pktwho -D lists them",
                   "-i", "nosuch0", "-w", "/dev/null")

    def test_an_interface_of_nearly_that_name(self):
        ns = self.namespace()
        ns.run("ip", "link", "add", "words0", "type", "veth", check=True)
        for asked, meant in (("wodrs0", "words0"), ("LO", "lo")):
            done = ns.run(PKTWHO, "-i", asked, "-w", "/dev/null")
            self.assertEqual((done.returncode, done.stderr), (
                1, f"pktwho: there is no interface {asked}: did you mean "
                f"{meant}?\n"))

    def test_what_is_no_network_interface(self):
        """libpcap would open them: here nobody may even try."""
        ran = self.dir / "ran"
        program = self.dir / "program"
        program.write_text(f"#!/bin/sh\ntouch {ran}\n")
        program.chmod(0o755)
        for device in ("usbmon0", "nflog", "nfqueue", "dbus-system",
                       "bluetooth0", "bluetooth-monitor",
                       f"dbus://unixexec:path={program}"):
            self.fails(1, f"there is no interface {device}: pktwho -D lists "
                       "them", "-i", device, "-w", self.dir / "device.pcapng")
        self.assertFalse(ran.exists())

    def test_bad_filter(self):
        for interface in ("lo", "any"):
            self.fails(1, 'bad filter "tcp prot 80": .*error.*: see '
                       r"pcap-filter\(7\)", "-i", interface, "-f",
                       "tcp prot 80", "-w", "/dev/null")
        self.fails(1, 'bad filter "tcp prot 80": .*', "-i", "lo", "-f",
                   "tcp prot 80")

    def test_no_permission(self):
        exe = self.dir / "pktwho"
        exe.write_bytes(PKTWHO.read_bytes())
        exe.chmod(0o755)
        done = run("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}",
                   "--clear-groups", exe, "-i", "lo", "-w", "/dev/null")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "^pktwho: no permission to capture: "
                         '(run it as root, or .*|only root and .* run "sudo '
                         'adduser nobody .*" .*)\n$')

    def test_unwritable_file(self):
        self.fails(1, "cannot write /no/such/dir/x.pcapng: No such file or "
                   "directory", "-i", "lo", "-w", "/no/such/dir/x.pcapng")
        self.fails(1, f"cannot write {self.dir}: Is a directory",
                   "-i", "lo", "-w", self.dir)
        self.fails(1, "cannot write /dev/full: No space left on device",
                   "-i", "lo", "-w", "/dev/full")

    def test_what_is_there_already_stays(self):
        path = self.dir / "there"
        path.write_text("precious")
        self.fails(1, f"{path} is there already: --force overwrites it",
                   "-i", "lo", "-w", path)
        self.fails(1, f"{path} is there already: --force overwrites it",
                   "--remote", "nosuch", "-w", path)
        self.fails(1, f"{path} is there already: --force overwrites it",
                   "-i", "lo", "-w", self.dir / "new", "-b", "packets:9",
                   "-b", f"printname:{path}")
        self.assertEqual(path.read_text(), "precious")
        self.assertEqual(list(self.dir.glob("new*")), [])
        self.assertEqual(run(PKTWHO, "-q", "--force", "-i", "lo", "-w", path,
                             "-a", "duration:0.1").returncode, 0)
        self.assertEqual(pcapng.blocks(path.read_bytes())[0].kind, pcapng.SHB)

    def test_nobody_and_nothing_of_that_name(self):
        for argv in (["--user", "nosuch"], ["--keep", "curl or user:nosuch"]):
            self.fails(2, "there is no user nosuch", *argv)
        directory = self.dir / self.id()
        directory.mkdir()
        done = run(PKTWHO, "-i", "nosuch0",
                   env=os.environ | {"TMPDIR": str(directory)})
        self.assertEqual(done.returncode, 1)
        self.assertIn("there is no interface nosuch0", done.stderr)
        self.assertEqual(os.listdir(directory), [])

    def test_an_interface_by_its_number(self):
        number, = [line.split(".")[0] for line in
                   run(PKTWHO, "-D").stdout.splitlines()
                   if line.split()[1] == "lo"]
        path = self.dir / "number.pcapng"
        self.assertEqual(run(PKTWHO, "-q", "-i", number, "-w", path, "-a",
                             "duration:0.1").returncode, 0)
        idb = pcapng.blocks(path.read_bytes())[1]
        self.assertIn((2, b"lo"), idb.options)

    def test_bad_database(self):
        broken = self.dir / "broken.mmdb"
        broken.write_bytes(b"not a database" * 100)
        self.fails(1, f"cannot use {broken}: not an mmdb database",
                   "-i", "lo", "--geo", broken, "-w", "/dev/null")
        self.fails(1, "cannot use /no.mmdb: No such file or directory",
                   "-i", "lo", "--geo", "/no.mmdb", "-w", "/dev/null")

    def test_a_disk_that_fills_up(self):
        """Nothing is lost of what fits into our buffer; the end is."""
        server = self.tcp_server()
        path = self.small_disk() / "x.pcapng"
        c = Capture(path, "-i", "lo", "-f", f"tcp port {server.told}")
        run("sh", "-c", clients(30, f"http://127.0.0.1:{server.told}/"))
        status, said = c.stop()
        self.assertEqual(status, 1)
        lines = said.splitlines()
        self.assertEqual(lines[0], f"pktwho: warning: cannot write {path}: No "
                         "space left on device; until there is room packets "
                         "are dropped and counted")
        self.assertRegex(lines[1], r"^pktwho: \d+ packets? had no room in .*: "
                         "No space left on device$")
        kinds = [b.kind for b in pcapng.blocks(path.read_bytes())]
        self.assertGreater(kinds.count(pcapng.EPB), 20)
        packets, dropped = self.summary(said)
        self.assertEqual(kinds.count(pcapng.EPB), packets)
        self.assertEqual(dropped, int(lines[1].split()[1]))

    def summary(self, said):
        """Packets and drops; what it says of them is said once."""
        self.assertEqual(said.count("until there is room"), 1, said)
        return map(int, re.findall(r"(\d+) packets?, (\d+) dropped",
                                   said)[-1])

    def ask(self, process, pattern):
        """Until a capture tells that; returns all that it said."""
        said = ""

        def tells():
            nonlocal said
            process.send_signal(signal.SIGUSR1)
            said += os.read(process.stderr.fileno(), 65536).decode()
            return re.search(pattern, said)

        world.wait_for(tells, pattern)
        return said

    def overfill(self, path, *argv):
        """A capture while its disk is full, and then no longer."""
        ns = self.namespace()
        filler = path.parent / "filler"
        whole = Capture(self.dir / "whole.pcapng", "-i", "lo", within=ns)
        c = self.start(ns.argv(PKTWHO, "-i", "lo", "-w", path, *argv),
                       stderr=subprocess.PIPE)
        self.addCleanup(c.stderr.close)
        world.wait_for_sandbox(c)
        filler.write_bytes(bytes(50 << 10))
        ns.run("python3", "-c", SENDER, "400", "5000", check=True)
        said = self.ask(c, r" [1-9]\d\d+ dropped, ")
        # But for the moment in which it looks for room.
        for file in path.parent.glob("x*"):
            world.wait_for(lambda: is_whole(file), "whole blocks")
        subprocess.run(["mount", "-o", "remount,size=8m", path.parent],
                       check=True)
        said += self.ask(c, "there is room for")
        ns.run("python3", "-c", SENDER, "7", "100", check=True)
        c.send_signal(signal.SIGINT)
        said += c.stderr.read()
        self.assertEqual(c.wait(world.PATIENCE), 1)
        self.assertEqual(whole.stop()[0], 0)
        sent = pcapng.blocks(whole.path.read_bytes())
        files = sorted(path.parent.glob("x*"))
        frames = [b for file in files
                  for b in pcapng.blocks(file.read_bytes())
                  if b.kind == pcapng.EPB]
        packets, dropped = self.summary(said)
        self.assertEqual(len(frames), packets)
        self.assertEqual(packets + dropped,
                         [b.kind for b in sent].count(pcapng.EPB))
        self.assertGreater(dropped, 100)
        self.assertIn("there is room for", said)
        self.assertEqual([b.kind for b in pcapng.blocks(
            files[-1].read_bytes())][-2:], [pcapng.ISB, pcapng.CB])
        return files

    def test_a_disk_that_has_room_again(self):
        files = self.overfill(self.small_disk() / "x.pcapng")
        self.assertEqual(len(files), 1)

    def test_a_ring_on_a_full_disk(self):
        files = self.overfill(self.small_disk() / "x.pcapng",
                              "-b", "filesize:200")
        self.assertGreater(len(files), 1)
        self.assertLessEqual(max(f.stat().st_size for f in files), 200000)

    def overgrow(self, *argv):
        """A capture whose files may have 40 kB; frames, packets, drops, files."""
        ns, where = self.namespace(), self.dir / self.id()
        where.mkdir()
        c = self.start(ns.argv("prlimit", "--fsize=40000", PKTWHO, "-i", "lo",
                               "-f", "udp port 9", "-w", where / "x.pcapng",
                               *argv), stderr=subprocess.PIPE)
        self.addCleanup(c.stderr.close)
        world.wait_for_sandbox(c)
        ns.run("python3", "-c", SENDER, "500", "100", check=True)
        said = world.hear(c, "until there is room")
        ns.run("python3", "-c", SENDER, "300", "100", check=True)
        c.send_signal(signal.SIGINT)
        said += c.stderr.read()
        self.assertEqual(c.wait(world.PATIENCE), 1)
        self.assertIn("had no room", said)
        files = sorted(where.iterdir())
        frames = sum(b.kind == pcapng.EPB for f in files
                     for b in pcapng.blocks(f.read_bytes()))
        return frames, *self.summary(said), files

    def test_a_file_as_large_as_it_may_be(self):
        """As of a full disk: the capture goes on, and counts."""
        frames, packets, dropped, files = self.overgrow()
        self.assertEqual((frames, frames + dropped, len(files)),
                         (packets, 800, 1))

    def test_a_file_of_a_ring_as_large_as_it_may_be(self):
        """There is room in the next one; what waited for this one is lost."""
        frames, packets, dropped, files = self.overgrow("-b", "filesize:90")
        self.assertEqual((frames, frames + dropped), (packets, 800))
        self.assertGreater(len(files), 1)
        self.assertLessEqual(max(f.stat().st_size for f in files), 40000)

    def test_a_file_that_is_removed(self):
        """What nobody can read any more is no success."""
        path = self.dir / "removed.pcapng"
        c = Capture(path, "-q", "-i", "lo")
        path.unlink()
        self.assertEqual(c.stop(), (1, f"pktwho: cannot write {path}: No such "
                                    "file or directory\n"))

    def test_a_file_that_is_cut(self):
        """It ends the capture, which went on writing behind a hole."""
        path, ns = self.dir / "cut.pcapng", self.namespace()
        c = Capture(path, "-q", "-i", "lo", within=ns)
        ns.run("python3", "-c", SENDER, "20", "10", check=True)
        world.wait_for(lambda: c.packets() >= 20, "packets")
        os.truncate(path, 0)
        ns.run("python3", "-c", SENDER, "20", "10", check=True)
        self.assertEqual(c.finish(), (1, f"pktwho: somebody has cut {path}: it "
                                      "cannot be read\n"))

    def test_a_file_that_is_cut_at_last(self):
        path, ns = self.dir / "cut.pcapng", self.namespace()
        c = Capture(path, "-q", "-i", "lo", within=ns)
        os.truncate(path, 20)
        status, said = c.stop()
        self.assertEqual(status, 1, said)

    def test_a_file_of_a_ring_that_is_cut(self):
        """The next begins, and the exit status tells."""
        folder, ns = self.dir / "ring", self.namespace()
        folder.mkdir()
        c = self.start(ns.argv(PKTWHO, "-q", "-i", "lo", "-b", "packets:500",
                               "-w", folder / "x"), stderr=subprocess.PIPE)
        self.addCleanup(c.stderr.close)
        world.wait_for(lambda: [f for f in folder.iterdir()
                                if f.stat().st_size], "file")
        first, = folder.iterdir()
        os.truncate(first, 0)
        ns.run("python3", "-c", SENDER, "20", "10", check=True)
        world.wait_for(lambda: len(list(folder.iterdir())) == 2, "the next")
        ns.run("python3", "-c", SENDER, "20", "10", check=True)
        c.send_signal(signal.SIGINT)
        self.assertEqual(c.wait(world.PATIENCE), 1)
        self.assertEqual(c.stderr.read(),
                         f"pktwho: warning: somebody has cut {first}: it "
                         "cannot be read, and the next begins\n")
        second = max(folder.iterdir())
        pcapng.blocks(second.read_bytes())

    def test_a_directory_that_is_removed(self):
        """No time brings it back, so a ring's capture ends."""
        ns = self.namespace()
        folder = self.dir / "gone"
        folder.mkdir()
        c = self.start(ns.argv(PKTWHO, "-i", "lo", "-b", "packets:5", "-w",
                               folder / "x"), stderr=subprocess.PIPE)
        self.addCleanup(c.stderr.close)
        world.wait_for(lambda: list(folder.iterdir()), "file")
        shutil.rmtree(folder)
        ns.run("python3", "-c", SENDER, "20", "10", check=True)
        self.assertEqual(c.wait(world.PATIENCE), 1)
        first, *counts = c.stderr.read().splitlines()
        self.assertEqual(first, f"pktwho: cannot write {folder}/x: No such "
                         "file or directory")
        self.assertRegex(counts[0], r"^pktwho: 5 packets, [1-9]\d* dropped$")

    def test_nobody_reads_what_is_said(self):
        """It is waited for once, and the capture goes on and ends."""
        path = self.dir / "unheard.pcapng"
        ns = self.namespace()
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(writer, bytes(4096))
        os.set_blocking(writer, True)
        c = self.start(ns.argv(PKTWHO, "--log-level", "debug", "-i", "lo",
                               "-f", "udp", "-w", path), stderr=writer)
        world.wait_for(lambda: path.exists() and path.stat().st_size,
                       "capture")
        ns.run("python3", "-c", SENDER, "20", "10", check=True)
        world.wait_for(lambda: pcapng.count_packets(path) == 20, "packets")
        c.send_signal(signal.SIGINT)
        self.assertEqual(c.wait(world.PATIENCE), 0)
        os.close(reader)
        os.close(writer)

    def test_what_a_reader_leaves_is_counted(self):
        """It reads a part; the rest of what was sent is said to be lost."""
        ns = self.namespace()
        c = self.start(ns.argv(PKTWHO, "-i", "lo", "-f", "udp", "-w", "-"),
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        read_beginning(c.stdout.fileno())
        world.wait_for_sandbox(c)
        c.send_signal(signal.SIGSTOP)
        ns.run("python3", "-c", SENDER, "500", "9000", check=True)
        c.stdout.close()
        c.send_signal(signal.SIGCONT)
        said = c.communicate(timeout=world.PATIENCE)[1]
        self.assertEqual(c.returncode, 0)
        packets, dropped = re.search(r"(\d+) packets?, (\d+) dropped",
                                     said).groups()
        self.assertEqual(int(packets) + int(dropped), 500, said)

    def read_only(self):
        """A directory whose disk is going to be read-only."""
        disk = self.dir / "disk"
        image = self.dir / "image"
        disk.mkdir()
        image.write_bytes(bytes(2 << 20))
        if (run("mkfs.ext4", "-q", image).returncode or
                run("mount", "-o", "loop,errors=remount-ro", image,
                    disk).returncode):
            self.skipTest("no ext4, or no loop devices")
        self.addCleanup(run, "umount", "-l", disk)
        device = run("findmnt", "-no", "SOURCE", disk).stdout.strip()
        trigger = Path(f"/sys/fs/ext4/{Path(device).name}/trigger_fs_error")
        if not trigger.exists():
            self.skipTest("no ext4 that can be told of an error")
        return disk, trigger

    def test_a_disk_that_becomes_read_only(self):
        """As after an error; what was written stays, the rest is counted."""
        disk, trigger = self.read_only()
        ns = self.namespace()
        path = disk / "x.pcapng"
        c = Capture(path, "-i", "lo", within=ns)
        ns.run("python3", "-c", SENDER, "20", "100", check=True)
        world.wait_for(lambda: c.packets() >= 20, "packets")
        trigger.write_text("1")
        ns.run("python3", "-c", SENDER, "100", "1000", check=True)
        c.hear("until there is room")
        c.process.send_signal(signal.SIGINT)
        said = c.said + c.process.communicate(timeout=world.PATIENCE)[1]
        self.assertEqual(c.process.returncode, 1)
        self.assertIn("had no room in", said)
        packets, dropped = self.summary(said)
        self.assertEqual(c.packets(), packets)
        self.assertGreaterEqual(packets + dropped, 120)

    def test_a_reader_that_goes_away(self):
        """With traffic, and without any that would tell of it."""
        for interface in ("lo", "any"):
            ns = self.namespace()
            reader, writer = os.pipe()
            process = self.start(
                ns.argv(PKTWHO, "-i", interface, "-w", "-"), stdout=writer,
                stderr=subprocess.PIPE)
            self.addCleanup(process.stderr.close)
            os.close(writer)
            read_beginning(reader)
            if interface == "lo":
                server = self.tcp_server(within=ns)
                self.start(ns.argv("sh", "-c", clients(
                    1000, f"http://127.0.0.1:{server.told}/")),
                    stdout=subprocess.DEVNULL)
                time.sleep(0.3)
            os.close(reader)
            self.assertEqual(process.wait(world.PATIENCE), 0)
            self.assertRegex(process.stderr.read(),
                             r"^pktwho: \d+ packets, \d+ dropped\n")

    def test_a_reader_that_sleeps_over_the_end(self):
        """It gets what its pipe and we can hold, and the end."""
        fifo = self.dir / "slow"
        os.mkfifo(fifo)
        ns = self.namespace()
        process = self.start(ns.argv(PKTWHO, "-i", "lo", "-w", fifo),
                             stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        reader = os.open(fifo, os.O_RDONLY)
        read = read_beginning(reader)
        world.flood(ns)
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        while more := os.read(reader, 1 << 20):
            read += more
        os.close(reader)
        self.assertEqual(process.wait(world.PATIENCE), 0)
        said = process.stderr.read()
        blocks = pcapng.blocks(read)
        self.assertEqual([b.kind for b in blocks].count(pcapng.ISB), 1)
        self.assertEqual(blocks[-1].kind, pcapng.CB)
        self.assertRegex(said, DROPPED)

    def stalled(self, out):
        """A capture into @out, which has more than its reader takes."""
        ns = self.namespace()
        process = self.start(ns.argv(PKTWHO, "-i", "lo", "-w", "-"),
                             stdout=out, stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        return ns, process

    def test_a_reader_of_a_socket_that_sleeps(self):
        near, far = socket.socketpair()
        with near, far:
            ns, process = self.stalled(far)
            read_beginning(near.fileno())
            world.flood(ns)
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(world.PATIENCE), 0)
        self.assertRegex(process.stderr.read(),
                         DROPPED)

    def test_a_second_signal_ends_the_wait_for_a_slow_reader(self):
        reader, writer = os.pipe()
        ns, process = self.stalled(writer)
        os.close(writer)
        read_beginning(reader)
        world.flood(ns)
        self.stop_twice(process, reader)
        os.close(reader)
        self.assertRegex(process.stderr.read(),
                         DROPPED)

    def test_closed_standard_error(self):
        """What is logged then goes nowhere, not into the capture."""
        fifo, path = self.dir / "closed", self.dir / "closed.pcapng"
        os.mkfifo(fifo)
        with path.open("wb") as file:
            reader = self.start(["cat", fifo], stdout=file)
        done = run("sh", "-c", 'exec "$@" 2>&-', "sh", *WITHOUT_EBPF, PKTWHO,
                   "-i", "lo", "-w", fifo, "-a", "duration:0.2")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(reader.wait(world.PATIENCE), 0)
        self.assertEqual(pcapng.blocks(path.read_bytes())[0].kind, pcapng.SHB)

    def test_without_the_kernels_types(self):
        done = run("unshare", "--mount", "sh", "-c",
                   'umount -l /sys; exec "$@"', "sh", PKTWHO, "-i", "lo",
                   "-w", "/dev/null", "-a", "duration:0.2")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, "^pktwho: warning: no eBPF .*polling.*"
                         "; pktwho doctor says what to do\n")

    def test_a_reader_that_never_comes(self):
        fifo = self.dir / "fifo"
        os.mkfifo(fifo)
        process = self.start([PKTWHO, "-i", "lo", "-w", fifo])
        time.sleep(0.2)
        self.assertIsNone(process.poll())
        process.terminate()
        self.assertEqual(process.wait(world.PATIENCE), -signal.SIGTERM)

    def test_an_interface_that_goes_away(self):
        near, far = self.namespace(), self.namespace()
        world.link(near, far, ("192.0.2.1/24", "192.0.2.2/24"))
        path = self.dir / "gone.pcapng"
        c = Capture(path, "-i", "veth0", within=near)
        near.run("ping", "-nqc1", "192.0.2.2")
        time.sleep(0.2)
        near.ip("link", "del", "veth0")
        status, said = c.finish()
        self.assertEqual(status, 1)
        self.assertRegex(said.splitlines()[0], "^pktwho: veth0: .*")
        kinds = [b.kind for b in pcapng.blocks(path.read_bytes())]
        self.assertGreaterEqual(kinds.count(pcapng.EPB), 2)
        self.assertEqual(kinds[-1], pcapng.CB)

    def test_one_of_two_interfaces_goes_away_and_comes_back(self):
        """The other goes on, without waiting for it; it is said once."""
        near, far = self.namespace(), self.namespace()
        world.link(near, far, ("192.0.2.1/24", "192.0.2.2/24"))
        path = self.dir / "back.pcapng"
        c = Capture(path, "-i", "veth0", "-i", "lo", within=near)
        near.run("ping", "-nqc1", "192.0.2.2")
        near.ip("link", "del", "veth0")
        c.hear("veth0: the interface is gone")
        near.run("ping", "-nqc2", "-i0.2", "127.0.0.1")
        world.link(near, far, ("192.0.2.1/24", "192.0.2.2/24"))
        c.hear("veth0: the interface is back")
        near.run("ping", "-nqc1", "192.0.2.2")
        status, said = c.stop()
        self.assertEqual(status, 0)
        self.assertEqual(said.count("veth0: the interface is gone"), 1)
        self.assertEqual(said.count("veth0: the interface is back"), 1)
        rows = self.rows(path, "frame.interface_id", "proc.src.name",
                         where="icmp.type == 8")
        self.assertEqual(rows, [("0", "ping"), ("1", "ping"), ("1", "ping"),
                                ("0", "ping")])

    def test_stopped_before_it_began(self):
        """^C at any moment leaves nothing or a valid file."""
        for delay in (0, 0.05, 0.1, 0.2, 0.3, 0.5):
            path = self.dir / f"early{delay}.pcapng"
            process = self.start([PKTWHO, "-i", "lo", "-q", "-w", path],
                                 stderr=subprocess.DEVNULL)
            time.sleep(delay)
            process.send_signal(signal.SIGINT)
            process.wait(world.PATIENCE)
            if path.exists():
                pcapng.blocks(path.read_bytes())


if __name__ == "__main__":
    world.main()
