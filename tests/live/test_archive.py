# SPDX-License-Identifier: GPL-3.0-or-later
"""pktwho cut and find: what is in many files, one of them still written."""
import hashlib
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import world
from world import NOBODY, PKTWHO, Capture, clients, run

import pcapng  # isort: skip

FIELDS = ("frame.time_epoch", "frame.len", "tcp.srcport", "tcp.seq_raw",
          "proc.src.name", "proc.src.pid", "proc.src.exepath",
          "proc.src.cmdline", "proc.dst.name", "proc.dst.exepath",
          "proc.dst.cmdline", "proc.dst.user", "proc.id", "proc.attr")


class Archive(world.LiveTest):
    wanted = {}             # by the filter

    @classmethod
    def setUpClass(cls):
        """A ring that goes on; wget's packets are in few of its files."""
        super().setUpClass()
        cls.ns = world.Namespace()
        cls.addClassCleanup(cls.ns.close)
        cls.ring = cls.dir / "ring"
        cls.ring.mkdir()
        cls.server = subprocess.Popen(
            cls.ns.argv("python3", "-u", "-c", world.TCP_SERVER, "127.0.0.1"),
            stdout=subprocess.PIPE, text=True)
        cls.addClassCleanup(cls.server.stdout.close)
        cls.addClassCleanup(cls.server.wait)
        cls.addClassCleanup(cls.server.kill)
        port = cls.server.stdout.readline().strip()
        cls.capture = subprocess.Popen(
            cls.ns.argv(PKTWHO, "-q", "-i", "lo", "-w",
                        cls.ring / "r.pcapng", "-b", "packets:40"))
        cls.addClassCleanup(cls.capture.wait)
        cls.addClassCleanup(cls.capture.send_signal, signal.SIGINT)
        world.wait_for_sandbox(cls.capture)
        url = f"http://127.0.0.1:{port}/"
        rare = (f"exec python3 -c 'import socket; open(\"/proc/self/"
                f"comm\", \"w\").write(\"rare\"); socket.create_connection("
                f"(\"127.0.0.1\", {port}), 9, (\"127.0.0.7\", 0))"
                f".sendall(b\"x\")'")
        last = ("exec python3 -c 'import socket; open(\"/proc/self/comm\", "
                "\"w\").write(\"last\"); socket.socket(socket.AF_INET, "
                "socket.SOCK_DGRAM).sendto(b\"x\", (\"127.0.0.1\", 9))'")
        for command in (clients(12, url), rare, clients(12, url)):
            cls.ns.run("bash", "-c", command, check=True)
        cls.wait_for_last(last)
        cls.whole = cls.dir / "whole.pcapng"
        cls.tshark.lines("mergecap", "-w", cls.whole, *cls.files())

    @classmethod
    def wait_for_last(cls, command, tries=8):
        """Once it is in a file all before it are; a busy machine may miss it."""
        cls.ns.run("bash", "-c", command, check=True)
        try:
            world.wait_for(lambda: run(PKTWHO, "find", "--proc", "last",
                                       cls.ring).stdout, "last packet", 8)
        except AssertionError:
            if not tries:
                raise
            cls.wait_for_last(command, tries - 1)

    @classmethod
    def files(cls):
        files = sorted(cls.ring.iterdir())
        for path in files:
            path.chmod(0o644)
        return files

    def cut(self, *argv):
        path = self.dir / f"{self.id()}.pcapng"
        done = run(PKTWHO, "cut", "-w", path, "--force", *argv)
        self.assertEqual(done.returncode, 0, done.stderr)
        path.chmod(0o644)
        return path

    def same(self, path, where):
        """The frames and their fields as a filter finds them."""
        if where not in self.wanted:
            self.wanted[where] = self.rows(self.whole, *FIELDS, where=where)
        want = self.wanted[where]
        self.assertTrue(want)
        self.assertEqual(self.rows(path, *FIELDS, where="!proc.table"), want)

    def test_by_process(self):
        self.same(self.cut("--proc", "rare", "--user", "root", self.ring),
                  'proc.name == "rare"')
        self.same(self.cut("--keep", "rare !user:nobody", self.ring),
                  'proc.name == "rare"')
        path = self.cut("--proc", "curl", *self.files())
        self.same(path, 'proc.name == "curl"')
        said = "\n".join(self.tshark.lines("capinfos", path))
        self.assertIn("Number of interfaces in file: 1", said)

    def test_by_time_and_host(self):
        self.same(self.cut("--last", "1h", "--host", "127.0.0.0/8", self.ring),
                  "ip.addr == 127.0.0.0/8")
        for words in (("--last", "1h", "--host", "192.0.2.1"),
                      ("--proc", "nobody")):
            path = self.dir / "none.pcapng"
            done = run(PKTWHO, "cut", "-w", path, *words, self.ring)
            self.assertEqual((done.returncode, done.stderr),
                             (1, "pktwho: nothing was found\n"))
            self.assertFalse(path.exists())

    def test_old_files_are_out(self):
        old = self.dir / "old.pcapng"
        old.write_bytes(self.whole.read_bytes())
        os.utime(old, (1, 1))
        done = run(PKTWHO, "find", "--proc", "curl", "--last", "7d", old)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(run(PKTWHO, "find", "--proc", "curl", old).returncode,
                         0)

    def test_no_other_file_is_read(self):
        """The packets of whoever is not looked for are no packets here."""
        directory = self.dir / "damaged"
        directory.mkdir()
        hit = {line.split("  ")[0] for line in run(
            PKTWHO, "find", "--proc", "rare", self.ring).stdout.splitlines()}
        self.assertIn(len(hit), (1, 2))
        for path in self.files()[:-1]:
            data = bytearray(path.read_bytes())
            if str(path) not in hit:        # the section stays, and the end
                data[3000:8000] = bytes(5000)
            (directory / path.name).write_bytes(data)
        self.same(self.cut("--proc", "rare", directory),
                  'proc.name == "rare"')
        for words in (("--host", "127.0.0.7"), ("--host", "127.0.0.7/32",
                                                "--user", "root")):
            self.same(self.cut(*words, directory), "ip.addr == 127.0.0.7")
            done = run(PKTWHO, "find", *words, directory)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual({line.split("  ")[0].split("/")[-1] for line in
                              done.stdout.splitlines()},
                             {path.split("/")[-1] for path in hit})

    def found(self, *words):
        """The packets that it says, of all files."""
        return sum(map(int, re.findall(r"  (\d+) packets?  ", run(
            PKTWHO, "find", *words).stdout)))

    def test_a_file_that_another_program_wrote(self):
        """Its last table is of one of those that it was made of."""
        files = self.files()[:-1]
        want = self.found("--proc", "curl", *files)
        self.assertGreater(want, 100)
        merged, joined = self.dir / "merged.pcapng", self.dir / "joined.pcapng"
        self.tshark.lines("mergecap", "-w", merged, *files)
        joined.write_bytes(b"".join(path.read_bytes() for path in files))
        for path in (merged, joined):
            self.assertEqual(self.found("--proc", "curl", path), want, path)
            self.assertEqual(self.found("--host", "127.0.0.7", path),
                             self.found("--host", "127.0.0.7", *files), path)
        stripped = self.dir / "stripped.pcapng"
        run(PKTWHO, "strip", "--what=keys", "-w", stripped, files[0])
        self.assertIn(b"PW\5\1", files[0].read_bytes())
        self.assertNotIn(b"PW\5\1", stripped.read_bytes())

    def test_by_an_earlier_name(self):
        """A process is found by each of its names, its packets by their own."""
        path = self.dir / "names.pcapng"
        ns = world.Namespace()
        self.addCleanup(ns.close)
        capture = Capture(path, "-i", "lo", "-f", "udp port 9", within=ns)
        ns.run("python3", "-c", """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for name in ("first", "second"):
    open("/proc/self/comm", "w").write(name)
    s.sendto(b"x", ("127.0.0.1", 9))
""", check=True)
        capture.stop()
        path.chmod(0o644)
        for name in ("first", "second"):
            self.assertEqual(self.found("--proc", name, path), 2)
            self.assertEqual(len(self.rows(self.cut("--proc", name, path),
                                           "frame.number",
                                           where=f'proc.name == "{name}"')), 1)
            self.assertEqual(len(self.rows(path, "frame.number",
                                           where=f'proc.name == "{name}"')), 1)

    def test_compressed(self):
        packed = self.dir / "packed"
        packed.mkdir()
        for suffix in ("gz", "zst"):
            path = packed / f"x.pcapng.{suffix}"
            done = run(PKTWHO, "cut", "-q", "-w", path, self.ring)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.same(self.cut("--proc", "curl", path), 'proc.name == "curl"')

    def test_a_flows_first_packet_has_a_comment(self):
        """Also where the file had it beside packets that are left out."""
        whole, late = self.dir / "ping.pcapng", self.dir / "late.pcapng"
        self.ping(whole)
        self.tshark.lines("editcap", "-r", whole, late, "21-40")
        comments = [bool(b.comments()) for b in pcapng.blocks(
            late.read_bytes()) if b.kind == pcapng.EPB]
        self.assertEqual(comments, [False] * 20)
        self.assertEqual({code for b in pcapng.blocks(late.read_bytes())
                          if b.kind == pcapng.EPB for code, _ in b.options},
                         {2989})
        for words, first, rest in (((), 8, 0), (("--comments=all",), 8, 12),
                                   (("--comments=none",), 0, 0)):
            blocks = [b for b in pcapng.blocks(self.cut(
                *words, late).read_bytes()) if b.kind == pcapng.EPB]
            said = [b.comments() for b in blocks]
            # What stands only beside the first of a flow is there again.
            for n, b in enumerate(blocks):
                codes = {code for code, _ in b.options}
                self.assertEqual({2, 8} <= codes, n < 8 or bool(words))
            self.assertEqual([len(c) for c in said[:8]],
                             [1] * first + [0] * (8 - first))
            self.assertEqual(sum(map(len, said[8:])), rest)
            for comment, in said[:first]:
                self.assertRegex(comment, r"(src|dst)=ping\[\d+\] ")

    def test_what_is_found(self):
        lines = run(PKTWHO, "find", "--proc", "rare", "--user", "root",
                    self.ring).stdout.splitlines()
        when = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
        packets = 0
        for line in lines:
            found = re.fullmatch(
                rf"{self.ring}/r_\d+_\d+\.pcapng  {when}  {when}  "
                r"rare\[\d+\]  root  (\d+) packets?  \d+ bytes  /\S+.*", line)
            self.assertTrue(found, line)
            packets += int(found[1])
        self.assertEqual(packets, len(self.rows(
            self.whole, "frame.number", where='proc.name == "rare"')))

    def test_as_somebody_else(self):
        """What the caller of sudo names is read and written as the caller."""
        directory = self.dir / "theirs"
        directory.mkdir()
        os.chown(directory, NOBODY, NOBODY)
        path = directory / "x.pcapng"
        mine, roots = directory / "mine.pcapng", directory / "roots.pcapng"
        for copy in (mine, roots):
            copy.write_bytes(self.whole.read_bytes())
            copy.chmod(0o600)
        os.chown(mine, NOBODY, NOBODY)
        link = directory / "link.pcapng"
        link.symlink_to(roots)
        env = os.environ | {"SUDO_UID": str(NOBODY), "SUDO_GID": str(NOBODY)}
        done = run(PKTWHO, "cut", "-w", path, mine, env=env)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(path.stat().st_uid, NOBODY)
        for argv in (("cut", "--force", "-w", path), ("strip", "--force", "-w",
                     path), ("find", "--proc", "curl")):
            for file in (roots, link, "/root/no-such"):
                done = run(PKTWHO, *argv, file, env=env)
                self.assertEqual(done.returncode, 1)
                self.assertIn(f"cannot read {file}: Permission denied",
                              done.stderr)
                self.assertEqual(done.stdout, "")

    def test_found_by_host(self):
        """As many packets of each process as tshark finds."""
        found = {}
        for line in run(PKTWHO, "find", "--host", "127.0.0.0/30",
                        self.ring).stdout.splitlines():
            _, _, _, name, *rest = line.split("  ")
            packets = next(int(w.split()[0]) for w in rest
                           if w.endswith((" packet", " packets")))
            name = name.split("[")[0]
            found[name] = found.get(name, 0) + packets
        for name in ("rare", "last"):
            self.assertEqual(found[name], len(self.rows(
                self.whole, "frame.number", where=f'proc.name == "{name}" && '
                "ip.addr == 127.0.0.0/30")))
        self.assertEqual(run(PKTWHO, "find", "--host", "192.0.2.1",
                             self.ring).returncode, 1)

    def test_found_by_hash(self):
        ns = self.namespace()
        path = self.dir / "hashes.pcapng"
        c = Capture(path, "--hash", "-i", "lo", within=ns)
        ns.run("ping", "-qc1", "127.0.0.1", check=True)
        self.assertEqual(c.stop()[0], 0)
        digits = hashlib.sha256(
            Path(shutil.which("ping")).read_bytes()).hexdigest()
        for term in (["--sha256", digits], ["--sha256", digits[:8]],
                     ["--keep", f"proc.sha256 == {digits}"]):
            self.assertIn("  ping[", run(PKTWHO, "find", *term, path).stdout)
        self.assertEqual(run(PKTWHO, "find", "--sha256", "0" * 64,
                             path).returncode, 1)

    def test_what_cannot_be_read_is_said(self):
        """And the others are read."""
        directory = self.dir / "unread"
        directory.mkdir()
        whole, cut = directory / "whole.pcapng", directory / "cut.pcapng"
        whole.write_bytes(self.whole.read_bytes())
        cut.write_bytes(self.whole.read_bytes()[:-1001])
        notes = directory / "notes"
        notes.write_text("no capture at all")
        short = (f"pktwho: warning: {cut} is cut short, or damaged: what is "
                 "before that was read\n")
        done = run(PKTWHO, "find", "--proc", "curl", directory)
        self.assertEqual((done.returncode, done.stderr), (0, short))
        self.assertIn(str(whole), done.stdout)
        self.assertIn(str(cut), done.stdout)
        done = run(PKTWHO, "find", "--proc", "curl", "/no/such", notes, whole)
        self.assertEqual((done.returncode, done.stderr), (
            1, "pktwho: cannot read /no/such: No such file or directory\n"
            f"pktwho: cannot read {notes}: it is no PCAPNG\n"))
        self.assertIn(str(whole), done.stdout)
        done = run(PKTWHO, "cut", "-q", "-w", self.dir / "o", cut, notes)
        self.assertEqual((done.returncode, done.stderr), (
            1, f"{short}pktwho: cannot read {notes}: it is no PCAPNG\n"))
        done = run(PKTWHO, "strip", "-w", self.dir / "s", cut)
        self.assertEqual((done.returncode, done.stderr), (0, short))

    def test_what_does_not_go_together(self):
        for words, said in (
                (("cut", "/"), "no file to cut them into, without \"-w\""),
                (("find", "/"), "whom or what to find, without --host and the "
                 "like, or \"--proc\""),
                (("--host", "::1"), "only for pktwho cut and find: "
                 "\"--host\""),
                (("--last", "1h"), "only for pktwho cut and find: \"--last\""),
                (("strip", "-w", "s"),
                 "a file to strip is needed, beside -w \"s\""),
                (("cut", "--last", "1y"), "bad last \"1y\"")):
            done = run(PKTWHO, *words)
            self.assertEqual((done.returncode, done.stderr),
                             (2, f"pktwho: {said}: see pktwho --help\n"))
        done = run(PKTWHO, "cut", "-w", "/x", "--host", "x", self.ring)
        self.assertEqual((done.returncode, done.stderr), (
            1, "pktwho: \"x\" is no address, and no network like 192.0.2.0/24\n"))


if __name__ == "__main__":
    world.need("mergecap", "bash")
    world.main()
