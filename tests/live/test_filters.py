# SPDX-License-Identifier: GPL-3.0-or-later
"""--proc and its kin, --hash, and what is known of each process."""
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import world
from world import Capture

# Found by way of world.
import pcapng  # isort: skip


class Filters(world.LiveTest):
    def setUp(self):
        self.ns = self.namespace()

    def capture(self, argv, *work):
        path = self.dir / f"{self.id()}.pcapng"
        c = Capture(path, "-i", "lo", *argv, within=self.ns)
        for one in work:
            done = self.ns.run(*one)
            self.assertEqual(done.returncode, 0, done)
        status, said = c.stop(settle=0.3)
        self.assertEqual(status, 0, said)
        return path

    def clients_named(self, path):
        return {n for row in self.rows(path, "proc.name", where="tcp")
                for n in row[0].split(",")} - {"python3"}

    def test_each_filter(self):
        server = self.tcp_server(within=self.ns)
        url = f"http://127.0.0.1:{server.told}/"
        # Not python3, which is the server: the other end counts too.
        fetch = shutil.copy(shutil.which("curl"), self.dir / "fetch")
        Path(fetch).chmod(0o755)
        as_nobody = ["setpriv", "--reuid=65534", "--regid=65534",
                     "--clear-groups"]
        for argv, expected in (
                (["--proc", "curl"], {"curl"}),
                (["--proc", "fet*"], {"fetch"}),
                (["--exe", fetch], {"fetch"}),
                (["--proc", "fetch", "--proc", "curl"], {"fetch", "curl"}),
                (["--user", "nobody"], {"fetch"}),
                (["--user", "65534", "--proc", "curl"], set()),
                (["--pid", str(server.pid)], {"fetch", "curl"}),
                (["--keep", 'proc.name == "curl" and not user == nobody'],
                 {"curl"}),
                (["--keep", "fetch or (curl and not user:root)"], {"fetch"}),
                (["--pid", "1"], set())):
            path = self.capture(argv, ["curl", "-s", url],
                                [*as_nobody, fetch, "-s", url])
            self.assertEqual(self.clients_named(path), expected, argv)

    def test_follow(self):
        server = self.tcp_server(within=self.ns)
        url = f"http://127.0.0.1:{server.told}/"
        shell = shutil.copy(shutil.which("dash") or "/bin/sh",
                            self.dir / "parent")
        Path(shell).chmod(0o755)
        work = [shell, "-c", f"curl -s {url}; true"]
        self.assertEqual(self.clients_named(
            self.capture(["--proc", "parent"], work)), set())
        self.assertEqual(self.clients_named(self.capture(
            ["--proc", "parent", "--follow"], work, ["curl", "-s", url])),
            {"curl"})
        # The second curl is not a descendant: one connection was kept.
        path = self.dir / f"{self.id()}.pcapng"
        self.assertEqual(len(self.rows(path, "frame.number",
                                       where="tcp.flags.syn == 1")), 2)

    def test_hash(self):
        server = self.tcp_server(within=self.ns)
        exe = shutil.copy(shutil.which("curl"), self.dir / "hashed")
        Path(exe).chmod(0o755)
        path = self.capture(["--hash", "--proc", "hashed"],
                            [exe, "-s", f"http://127.0.0.1:{server.told}/"])
        rows = pcapng.read_table(pcapng.blocks(path.read_bytes())[-1].data)
        hashes = {row["name"]: row["sha256"].hex() for row in rows}
        expected = hashlib.sha256(Path(exe).read_bytes()).hexdigest()
        self.assertEqual(hashes[b"hashed"], expected)
        # It is in the packets' record too, once it is known.
        self.assertIn(server.pid, [row["pid"] for row in rows])

    def hashes(self, path):
        rows = pcapng.read_table(pcapng.blocks(path.read_bytes())[-1].data)
        return {row["name"]: row["sha256"].hex() for row in rows
                if "sha256" in row}

    def test_no_hash_of_what_never_ran(self):
        """Other bytes in the file of a program that has ended."""
        server = self.tcp_server(within=self.ns)
        connect = f"exec 3<>/dev/tcp/127.0.0.1/{server.told}"
        path = self.dir / "replaced.pcapng"
        c = Capture(path, "-i", "lo", "--hash", within=self.ns)
        expected = hashlib.sha256(Path("/bin/bash").read_bytes()).hexdigest()
        for n in range(20):
            exe = Path(shutil.copy("/bin/bash", self.dir / f"gone{n}"))
            self.ns.run(exe, "-c", connect, check=True)
            exe.write_bytes(b"harmless")
        self.assertEqual(c.stop(settle=0.5)[0], 0)
        gone = {sha256 for name, sha256 in self.hashes(path).items()
                if name.startswith(b"gone")}
        self.assertLessEqual(gone, {expected})

    def test_the_hash_of_a_program_that_deleted_itself(self):
        server = self.tcp_server(within=self.ns)
        exe = Path(shutil.copy("/bin/bash", self.dir / "deleted"))
        expected = hashlib.sha256(exe.read_bytes()).hexdigest()
        path = self.capture(
            ["--hash"], [exe, "-c", f'rm "{exe}"; read -t 2 < /dev/tcp/'
                         f"127.0.0.1/{server.told}; read -t 1 <> <(:); true"])
        self.assertEqual(self.hashes(path)[b"deleted"], expected)

    def test_programs_that_delete_themselves_and_end(self):
        """Each has its hash or the reason; the hash whoever lives a while."""
        path = self.dir / "selfless.pcapng"
        expected = hashlib.sha256(Path("/bin/bash").read_bytes()).hexdigest()
        c = Capture(path, "-i", "lo", "--hash", within=self.ns)
        for n in range(20):
            exe = Path(shutil.copy("/bin/bash", self.dir / f"selfless{n}"))
            lives = 0.01 if n % 10 else 0.7
            self.ns.run(exe, "-c", f'read -t {lives} <> <(rm "{exe}"); '
                        "echo > /dev/udp/127.0.0.1/9", check=True)
        self.assertEqual(c.stop(settle=0.5)[0], 0)
        rows = set(self.rows(path, "proc.src.name", "proc.src.sha256",
                             "proc.src.sha256_reason", more=["-2"],
                             where='proc.src.name contains "selfless" && udp'))
        self.assertEqual(len(rows), 20, rows)
        hashed = 0
        for _, sha256, reason in rows:
            self.assertIn((sha256, reason),
                          {(expected, ""), ("", "gone"), ("", "late")})
            hashed += sha256 == expected
        self.assertGreater(hashed, 0, rows)

    def test_from_where_a_process_was_started(self):
        server = self.tcp_server(within=self.ns)
        script = self.dir / "get it.py"
        script.write_text("import urllib.request as r\n"
                          f"r.urlopen('http://127.0.0.1:{server.told}/')\n"
                          "print(open('/proc/self/sessionid').read())\n")
        path = self.dir / "started.pcapng"
        c = Capture(path, "-i", "lo", within=self.ns)
        main, terminal = os.openpty()
        self.addCleanup(os.close, main)
        done = subprocess.run(
            self.ns.argv("setsid", "-c", "python3", "-B", "./get it.py"),
            cwd=self.dir, stdin=terminal, capture_output=True, text=True,
            timeout=world.PATIENCE, check=True)
        tty = os.ttyname(terminal).removeprefix("/dev/")
        os.close(terminal)
        self.assertEqual(c.stop()[0], 0)
        row, = set(self.rows(path, "proc.src.script", "proc.src.cwd",
                             "proc.src.tty", "proc.src.session.id",
                             where="http.request"))
        # In a chroot the kernel's path is longer than ours.
        self.assertTrue(row[0].endswith(str(script)), row)
        self.assertTrue(row[1].endswith(str(self.dir)), row)
        self.assertEqual(row[2], tty)
        session = done.stdout.strip()
        if "session-" not in Path("/proc/self/cgroup").read_text():
            self.assertEqual(row[3],
                             "" if session == str(2**32 - 1) else session)

    def test_what_is_known_of_a_process_that_is_gone(self):
        server = self.tcp_server(within=self.ns)
        exe = shutil.copy(shutil.which("curl"), self.dir / "gone")
        Path(exe).chmod(0o755)
        url = f"http://127.0.0.1:{server.told}/"
        path = self.capture(
            ["-f", f"tcp port {server.told}"],
            ["sh", "-c", f"exec setpriv --reuid=65534 --regid=65534 "
             f"--clear-groups {exe} -s {url}"])
        rows = pcapng.read_table(pcapng.blocks(path.read_bytes())[-1].data)
        row = next(r for r in rows if r["name"] == b"gone")
        # In a chroot the kernel's path is longer than ours.
        self.assertTrue(row["exepath"].endswith(str(exe).encode()))
        self.assertEqual(row["cmdline"].split(b"\0"),
                         [str(exe).encode(), b"-s", url.encode()])
        self.assertEqual((row["uid"], row["gid"], row["user"]),
                         (65534, 65534, b"nobody"))
        self.assertEqual(row["ppid"], os.getpid())
        self.assertEqual(row["vpid"], row["pid"])
        self.assertEqual(row["netns"],
                         os.stat(f"/run/netns/{self.ns.name}").st_ino)
        self.assertEqual(row["exit_status"], 0)
        self.assertLess(abs(row["start"] - row["first_seen"]), 10**10)
        self.assertTrue(row["cgroup"].startswith(b"/"))
        # The test's directory is open to all.
        self.assertTrue(row["flags"] & 1 << pcapng.FLAGS.index(
            "exe_world_writable"))

    def test_an_executable_that_is_only_in_memory(self):
        server = self.tcp_server(within=self.ns)
        memfd = ("import os, sys\n"
                 "fd = os.memfd_create('evil')\n"
                 "os.write(fd, open('/usr/bin/curl', 'rb').read())\n"
                 "os.execve(fd, ['evil', '-s', sys.argv[1]], os.environ)")
        path = self.capture(
            ["-f", f"tcp port {server.told}"],
            ["python3", "-c", memfd, f"http://127.0.0.1:{server.told}/"])
        rows = self.rows(path, "proc.src.exepath",
                         where="proc.src.exe_memfd")
        self.assertEqual({r for (r,) in rows}, {"/memfd:evil"})
        rows = self.rows(path, "proc.src.exe_deleted",
                         where="proc.src.exepath == \"/memfd:evil\"")
        self.assertEqual({r for (r,) in rows}, {"1"})


if __name__ == "__main__":
    world.main()
