# SPDX-License-Identifier: GPL-3.0-or-later
"""--remote: the processes of another host, through a real ssh and sshd."""
import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import time
from pathlib import Path

import world
from world import (clients, has_begun, need, read_beginning, run, skip,
                   wait_for)

# Found by way of world.
import pcapng  # isort: skip

NEAR, FAR = "192.0.2.1", "192.0.2.2"
PKTWHO = world.PKTWHO.resolve()
SSHD = "/usr/sbin/sshd"

DATAGRAM = ("import socket; socket.socket(socket.AF_INET, "
            "socket.SOCK_DGRAM).sendto(b'', ('127.0.0.1', 77))")

# Wireshark 4.6 logs a line for each handshake with a post-quantum algorithm.
SSHD_CONFIG = """
KexAlgorithms curve25519-sha256
ListenAddress {far}:22
HostKey {dir}/host_key
AuthorizedKeysFile {dir}/key.pub
PidFile none
StrictModes no
UsePAM no
PermitRootLogin yes
Banner {dir}/banner
"""

SSH_CONFIG = """
Host server
  LogLevel ERROR
Host server greeting
  HostName {far}
  User root
Host *
  IdentityFile {dir}/key
  IdentitiesOnly yes
  BatchMode yes
  StrictHostKeyChecking no
  UserKnownHostsFile {dir}/known_hosts
  ConnectTimeout 60
"""


class Remote(world.LiveTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not Path(SSHD).exists():
            skip("no package openssh-server")
        need("ssh", "ssh-keygen")
        cls.keys = cls.dir / "ssh"
        cls.keys.mkdir()
        for name in ("key", "host_key"):
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                cls.keys / name, check=True)
        for name, text in (("sshd", SSHD_CONFIG), ("config", SSH_CONFIG),
                           ("banner", "Authorized users only\n")):
            (cls.keys / name).write_text(text.format(dir=cls.keys, far=FAR))
        # ssh reads the account's own configuration, which is not ours.
        ssh = cls.keys / "ssh"
        ssh.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F '
                       f'{cls.keys}/config "$@"\n')
        ssh.chmod(0o755)
        cls.env = os.environ | {"PATH": f"{cls.keys}:{os.environ['PATH']}"}

    def setUp(self):
        self.near, self.far = self.namespace(), self.namespace()
        world.link(self.near, self.far, (f"{NEAR}/24", f"{FAR}/24"))
        self.start(self.far.argv(*world.RUN_SSHD, SSHD, "-D", "-f",
                                 self.keys / "sshd"),
                   stderr=subprocess.DEVNULL)
        wait_for(lambda: f"{FAR}:22" in self.far.run("ss", "-Hlnt").stdout,
                 "sshd")
        done = self.ssh("true")
        if done.returncode:
            self.skipTest(f"root cannot log in here: {done.stderr.strip()}")
        self.path = self.dir / f"{self.id()}.pcapng"

    def ssh(self, *argv):
        return self.near.run("ssh", "server", *argv, env=self.env)

    def remote(self, *argv):
        process = self.start(self.near.argv(PKTWHO, *argv), env=self.env,
                             stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        return process

    def capture(self, *argv, to=None, quiet=True):
        process = self.remote("-w", to or self.path, "--remote", "server",
                              *argv, *(["-q"] if quiet else []))
        if not to:
            wait_for(lambda: process.poll() is not None or
                     self.path.exists() and
                     has_begun(self.path.read_bytes()), "capture")
        return process

    def test_connections_there_as_lines(self):
        process = self.start(
            self.near.argv(PKTWHO, "log", "--remote", "server", "-i", "lo",
                           "--remote-command", PKTWHO, "--no-tshark",
                           "-c", "2", "--geo",
                           world.TESTS.parent / "share/country.mmdb"),
            env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)

        def ended():
            self.far.run("python3", "-c", DATAGRAM, check=True)
            return process.poll() is not None
        wait_for(ended, "end")
        said = process.stderr.read()
        self.assertEqual(process.returncode, 0, said)
        self.assertRegex(
            said, r"^pktwho: server: pktwho: 2 packets, \d+ dropped\n")
        lines = [json.loads(line) for line in process.stdout]
        line = next(line for line in lines if line["destination"].get("port")
                    == 77)
        self.assertEqual(line["source"]["process"]["name"], "python3")
        self.assertEqual(line["host"]["hostname"], os.uname().nodename)

    def test_a_view_of_which_somebody_has_had_enough(self):
        for argv, enough in ((["top", "--batch", "-n", "1"], lambda p: None),
                             (["log"], lambda p: p.terminate()),
                             (["log"], lambda p: p.stdout.close())):
            process = self.start(
                self.near.argv(PKTWHO, *argv, "--remote", "server", "-i", "lo",
                               "--remote-command", PKTWHO, "--no-tshark"),
                env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.addCleanup(process.stdout.close)
            self.addCleanup(process.stderr.close)

            def says():
                self.far.run("python3", "-c", DATAGRAM, check=True)
                return select.select([process.stdout], [], [], 0)[0]
            wait_for(says, "output")
            enough(process)
            self.assertEqual(process.wait(world.PATIENCE), 0, argv)
            wait_for(lambda: str(PKTWHO) not in self.programs(),
                     "end of the other side")

    def test_a_host_that_is_not_there_is_no_screen(self):
        done = self.near.run(PKTWHO, "top", "--batch", "--remote",
                             "nosuch.invalid", env=self.env)
        self.assertEqual(done.returncode, 1)
        self.assertIn("nosuch.invalid", done.stderr)

    def stop(self, process, sig=signal.SIGINT):
        time.sleep(0.3)
        process.send_signal(sig)
        said = process.communicate(timeout=world.PATIENCE)[1]
        if self.path.exists():
            self.path.chmod(0o644)
        return process.returncode, said

    def programs(self):
        """What runs on the other host."""
        for pid in self.far.processes():
            with contextlib.suppress(FileNotFoundError):
                yield os.readlink(f"/proc/{pid}/exe")

    def visit(self, server):
        return self.far.run("sh", "-c", clients(
            3, f"http://127.0.0.1:{server.told}/")).stdout.split()

    def check_file(self, server, pids):
        rows = self.rows(self.path, "proc.pid", where=f"tcp.port == "
                         f"{server.told} && tcp.flags.syn == 1")
        self.assertEqual({p for (both,) in rows for p in both.split(",")},
                         {*pids, str(server.pid)})
        table, = self.rows(self.path, "proc.table.name", where="proc.table")
        self.assertIn("curl", table[0].split(","))

    def test_its_own_connection_and_no_other(self):
        server = self.tcp_server(within=self.far)
        process = self.capture("-i", "any", "--remote-command", PKTWHO)
        pids = self.visit(server)
        # Another one, to the same port, is not ours to hide.
        self.assertEqual(self.ssh("echo", "hello").stdout, "hello\n")
        self.assertEqual(self.stop(process), (0, ""))
        self.check_file(server, pids)
        ssh = self.rows(self.path, "tcp.stream", "proc.name",
                        where="tcp.port == 22")
        self.assertEqual(len({stream for stream, _ in ssh}), 1)
        self.assertIn("sshd", {name.split(",")[0] for _, name in ssh})

    def test_filters_go_along(self):
        server = self.tcp_server(within=self.far)
        process = self.capture(
            "-i", "lo", "-f", f"tcp port {server.told} and tcp[13] & 2 != 0",
            "--proc", "it's,cu?l", "-s", "100",
            "--remote-command", PKTWHO)
        self.visit(server)
        self.assertEqual(self.stop(process, signal.SIGTERM), (0, ""))
        rows = self.rows(self.path, "tcp.flags.syn", where="tcp")
        self.assertEqual(rows, [("1",)] * 6)

    def test_it_ends_there(self):
        server = self.tcp_server(within=self.far)
        process = self.capture("-i", "lo", "-c", "5", "--remote-command",
                               PKTWHO, quiet=False)
        self.visit(server)
        self.assertEqual(process.wait(world.PATIENCE), 0)
        self.assertRegex(process.stderr.read(), r"\Apktwho: server: pktwho: "
                         r"5 packets, \d+ dropped\n\Z")
        self.path.chmod(0o644)
        self.assertEqual(len(self.rows(self.path, "frame.number",
                                       where="tcp")), 5)

    def test_a_copy_of_the_program(self):
        server = self.tcp_server(within=self.far)
        process = self.capture("-i", "lo", "--remote-copy")
        pids = self.visit(server)
        copy, = {Path(exe) for exe in self.programs()
                 if exe.startswith("/tmp/tmp.")}
        self.assertEqual(self.stop(process), (0, ""))
        self.check_file(server, pids)
        wait_for(lambda: not copy.exists(), "cleaning up")

    def test_by_sudo(self):
        if not shutil.which("sudo"):
            self.skipTest("no package sudo")
        server = self.tcp_server(within=self.far)
        process = self.capture("-i", "any", "--remote-command", PKTWHO,
                               "--remote-sudo")
        pids = self.visit(server)
        wait_for(lambda: any(Path(exe).name == "sudo"
                             for exe in self.programs()), "sudo")
        self.assertEqual(self.stop(process)[0], 0)
        self.check_file(server, pids)
        self.assertEqual(len(set(self.rows(self.path, "tcp.stream",
                                           where="tcp.port == 22"))), 0)

    def test_a_reader_that_goes_away(self):
        server = self.tcp_server(within=self.far)
        fifo = self.dir / "fifo"
        os.mkfifo(fifo)
        process = self.capture("-i", "lo", "--remote-command", PKTWHO,
                               to=fifo)
        with open(fifo, "rb") as reader:
            read_beginning(reader.fileno())
            self.visit(server)
        self.assertEqual(process.wait(world.PATIENCE), 0)
        self.assertEqual(process.stderr.read(), "")

        wait_for(lambda: str(PKTWHO) not in self.programs(),
                 "end of the other side")

    def test_a_disk_that_fills_up(self):
        server = self.tcp_server(within=self.far)
        self.path = self.small_disk() / "x.pcapng"
        process = self.capture("-i", "lo", "--remote-command", PKTWHO)
        self.far.run("sh", "-c", clients(
            30, f"http://127.0.0.1:{server.told}/"))
        said = process.communicate(timeout=world.PATIENCE)[1]
        self.assertEqual((process.returncode, said), (
            1, f"pktwho: cannot write {self.path}: No space left on "
            "device\n"))
        kinds = [b.kind for b in pcapng.blocks(self.path.read_bytes())]
        self.assertGreater(kinds.count(pcapng.EPB), 20)

    def test_what_a_shell_prints_is_no_capture(self):
        self.path.write_bytes(b"precious")
        process = self.remote("-w", self.path, "--force", "--remote", "server",
                              "--remote-command", f"echo welcome; {PKTWHO}")
        said = process.communicate(timeout=world.PATIENCE)[1]
        self.assertEqual(process.returncode, 1)
        self.assertIn("server sent no capture: does a shell print", said)
        self.assertEqual(self.path.read_bytes(), b"precious")

    def test_what_is_not_whole(self):
        sample = world.SAMPLES / "loopback-http.pcapng"
        for command in ("true", f"head -c 30 {sample}; true",
                        f"head -c 3000 {sample}; true"):
            process = self.remote("-w", self.path, "--remote", "server",
                                  "--remote-command", command)
            said = process.communicate(timeout=world.PATIENCE)[1]
            self.assertEqual((process.returncode, said), (
                1, "pktwho: the capture on server is not whole\n"))

    def test_no_empty_file_is_left(self):
        tmp = self.dir / "tmp"
        tmp.mkdir()
        process = self.start(self.near.argv(
            PKTWHO, "--remote", "server", "--remote-command",
            "printf 'last words' >&2; exit 3;"),
            env=self.env | {"TMPDIR": str(tmp)}, stderr=subprocess.PIPE)
        said = process.communicate(timeout=world.PATIENCE)[1]
        self.assertEqual(process.returncode, 1)
        self.assertIn("pktwho: server: last words\n", said)
        self.assertEqual(os.listdir(tmp), [])

    def test_a_second_signal_ends_the_wait_for_a_slow_reader(self):
        fifo = self.dir / "slow"
        os.mkfifo(fifo)
        process = self.capture("-i", "lo", "--remote-command", PKTWHO,
                               to=fifo)
        with open(fifo, "rb", buffering=0) as reader:
            read_beginning(reader.fileno())
            world.flood(self.far)
            self.stop_twice(process, reader.fileno())
        self.assertIn("its end was not waited for", process.stderr.read())

    def test_as_an_extcap(self):
        server = self.tcp_server(within=self.far)
        fifo = self.dir / "extcap"
        os.mkfifo(fifo)
        (self.keys / "known_hosts").unlink()    # all that ssh could say
        process = self.remote(
            "--capture", "--extcap-interface", "pktwho_ssh", "--fifo", fifo,
            "--remote", "greeting", "--interface", "lo", "--remote-command",
            PKTWHO, "--remote-port", "", "--proc", "",
            "--extcap-capture-filter", f"port {server.told}")
        with self.path.open("wb") as file:
            reader = self.start(["cat", fifo], stdout=file)
        wait_for(lambda: has_begun(self.path.read_bytes()), "capture")
        pids = self.visit(server)
        self.assertEqual(self.stop(process, signal.SIGTERM), (0, ""))
        self.assertEqual(reader.wait(world.PATIENCE), 0)
        self.check_file(server, pids)

    def test_what_goes_wrong_is_said_by_ssh(self):
        for argv, words in (
                (["--remote", "192.0.2.99"], "192.0.2.99: ssh: connect"),
                (["--remote-command", "/no/pktwho"], "server: .*not found"),
                (["--remote-command", PKTWHO, "-i", "nosuch0"],
                 "server: pktwho: there is no interface nosuch0"),
                (["--remote-command", PKTWHO, "-f", "tcp prot"],
                 "server: pktwho: bad filter")):
            self.path.write_bytes(b"precious")
            process = self.capture("-i", "lo", "--force", *argv)
            said = process.communicate(timeout=world.PATIENCE)[1]
            self.assertEqual(process.returncode, 1)
            self.assertEqual(self.path.read_bytes(), b"precious")
            self.assertRegex(said, words)
            self.assertIn("failed: ssh ended with", said)


if __name__ == "__main__":
    world.main()
