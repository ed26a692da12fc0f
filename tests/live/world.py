# SPDX-License-Identifier: GPL-3.0-or-later
"""What every live test needs: namespaces, a capture, and a judge.

Everything happens on loopback or between network namespaces that the test
made itself, with addresses of RFC 5737 and RFC 3849.  The judge is tshark
with our plugin.
"""
import atexit
import ctypes
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
SAMPLES = TESTS.parent / "samples"
sys.path[:0] = [str(TESTS), str(TESTS / "plugin")]

import pcapng  # noqa: E402
from harness import TsharkTest, skip  # noqa: E402

PKTWHO, PLUGIN = map(Path, sys.argv[1:3])
NOBODY = 65534
WITHOUT_EBPF = ("setpriv", "--bounding-set", "-bpf,-sys_admin,-perfmon",
                "--inh-caps", "-bpf,-sys_admin,-perfmon")
GROUP, GID = "games", 60        # Debian always has it, and nobody in it
# Seconds: far more than anything takes on a busy machine.
PATIENCE = int(os.environ.get("PATIENCE", 60))


def has_landlock():
    create_ruleset, get_version = 444, 1
    return ctypes.CDLL(None).syscall(create_ruleset, None, 0, get_version) > 0


# A call that the sandbox does not know ends a capture.
STRICT = ("--sandbox=strict",) if has_landlock() else ()


def need(*tools):
    for tool in tools:
        if not shutil.which(tool):
            skip(f"no {tool}")


def need_root():
    if os.geteuid() != 0:
        skip("live tests make network namespaces and load eBPF: run as root")


def run(*argv, **options):
    return subprocess.run([str(a) for a in argv], text=True,
                          capture_output=True, **options)


def wait_for(condition, what, seconds=PATIENCE):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"no {what} after {seconds} s")
        time.sleep(0.01)


def cgroup_root():
    for line in Path("/proc/mounts").read_text().splitlines():
        _, where, kind, *_ = line.split()
        if kind == "cgroup2":
            return Path(where)
    skip("no cgroup2 is mounted")


def remove_cgroup(path):
    """Once the last process in it is gone."""
    wait_for(lambda: not (path / "cgroup.procs").read_text(), "empty cgroup")
    path.rmdir()


def has_begun(data):
    """Is this capture running?  Into a pipe its first block comes earlier."""
    return len(data) > 8 and len(data) > int.from_bytes(data[4:8], "little")


def wait_for_sandbox(process):
    """From then on it captures, wherever it writes to."""
    status = Path(f"/proc/{process.pid}/status")

    def has_entered():
        assert process.poll() is None, "the capture has ended"
        return re.search(r"Seccomp:\s*2", status.read_text())

    wait_for(has_entered, "sandbox")


def hear(process, words, said=""):
    """What a process has said on its stderr, once it has said that."""
    fd = process.stderr.fileno()
    while words not in said:
        ready, _, _ = select.select([fd], [], [], PATIENCE)
        more = os.read(fd, 4096).decode() if ready else ""
        assert more, f"not {words!r} but {said!r}"
        said += more
    return said


def counted(said):
    """The packets and drops of a summary; a busy machine may drop some."""
    found = re.search(r"(?m)(\d+) packets?, (\d+) dropped\b", said)
    assert found, said
    return int(found[1]), int(found[2])


def read_beginning(fd):
    """What a pipe holds so far, once the capture into it runs."""
    read = b""
    while not has_begun(read):
        more = os.read(fd, 4096)
        assert more, "the capture has ended"
        read += more
    return read


def flood(ns):
    """20 MB on its loopback: more than a pipe and our queues take."""
    ns.run("python3", "-c", """if True:
        import socket
        a = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for _ in range(2000):
            a.sendto(bytes(10000), ("127.0.0.1", 9))
        """, check=True)
    time.sleep(0.3)


def install_for_group(directory):
    """A copy there that GROUP may capture with; the finished process."""
    for path in (PKTWHO, TESTS.parent / "share/setup-group"):
        shutil.copy(path, directory)
    return run(directory / "setup-group", GROUP)


def enter(network):
    if ctypes.CDLL(None, use_errno=True).setns(network.fileno(), 0):
        raise OSError(ctypes.get_errno(), "setns")


# Before sshd within a namespace, whose mounts are its own: it wants that.
RUN_SSHD = ("/bin/sh", "-c", "mount -t tmpfs tmpfs /run && "
            'mkdir -m 755 /run/sshd && exec "$@"', "sh")


class Namespace:
    """A host of our own; its loopback is up."""

    count = 0

    def __init__(self):
        Namespace.count += 1
        self.name = f"pktwho{os.getpid()}n{Namespace.count}"
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        self.ip("link", "set", "lo", "up")

    def argv(self, *argv):
        return ["ip", "netns", "exec", self.name, *map(str, argv)]

    def run(self, *argv, **options):
        return run(*self.argv(*argv), **options)

    def ip(self, *argv):
        subprocess.run(["ip", "-n", self.name, *argv], check=True)

    def socket(self, *kind):
        """A socket of this process in it, where no port is anybody's."""
        with open("/proc/thread-self/ns/net") as home, \
                open(f"/run/netns/{self.name}") as there:
            enter(there)
            try:
                return socket.socket(*kind)
            finally:
                enter(home)

    def processes(self):
        return run("ip", "netns", "pids", self.name).stdout.split()

    def close(self):
        subprocess.run(["ip", "netns", "del", self.name], check=False)


def link(a, b, *addresses):
    """A veth pair, "veth0" in each; pairs of addresses with prefix length."""
    peer = ["type", "veth", "peer", "name", "veth0", "netns", b.name]
    subprocess.run(["ip", "-n", a.name, "link", "add", "veth0", *peer],
                   check=True)
    for host, index in ((a, 0), (b, 1)):
        for pair in addresses:
            host.ip("addr", "add", pair[index], "dev", "veth0",
                    *(["nodad"] if ":" in pair[index] else []))
        host.ip("link", "set", "veth0", "up")


class Capture:
    """pktwho in the background; it captures once its file has a beginning."""

    def __init__(self, path, *argv, within=None, wrap=(), env=None):
        self.path = Path(path)
        self.said = ""                      # that was heard before its end
        self.path.unlink(missing_ok=True)   # an old file is no beginning
        command = [*map(str, wrap), str(PKTWHO), *STRICT, "-w", str(path),
                   *map(str, argv)]
        if within:
            command = within.argv(*command)
        self.process = subprocess.Popen(
            command, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=env)
        atexit.register(self.process.kill)  # if the test gives up before
        wait_for(self.ready, "capture")

    def ready(self):
        if self.process.poll() is not None:
            raise AssertionError(self.process.stderr.read())
        return self.path.exists() and self.path.stat().st_size > 0

    def packets(self):
        """How many are in its file so far."""
        return pcapng.count_packets(self.path)

    def wait_to_grow(self, size):
        """Until more is in its file than there was."""
        wait_for(lambda: self.path.stat().st_size > size, "packets")

    def hear(self, words):
        """Waits until it has said that."""
        self.said = hear(self.process, words, self.said)

    def stop(self, sig=signal.SIGINT, settle=0.1):
        """Its exit status and what it said."""
        time.sleep(settle)
        self.process.send_signal(sig)
        return self.finish()

    def finish(self):
        _, said = self.process.communicate(timeout=PATIENCE)
        if self.path.exists():
            self.path.chmod(0o644)
        return self.process.returncode, self.said + said


class LiveTest(TsharkTest):
    """A test with a directory, a tshark, and namespaces that go away."""

    plugin = PLUGIN

    def namespace(self):
        ns = Namespace()
        self.addCleanup(ns.close)
        return ns

    def small_disk(self):
        """A directory with room for 64 KiB."""
        small = self.dir / self.id()
        small.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs",
                        small], check=True)
        self.addCleanup(subprocess.run, ["umount", small], check=True)
        return small

    def start(self, argv, **options):
        process = subprocess.Popen([str(a) for a in argv], text=True,
                                   **options)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def stop_twice(self, process, fd):
        """Now and 2 s later, while what it writes is read at 160 kB/s."""
        signals = [time.monotonic() + after for after in (0, 2)]
        while signals and process.poll() is None:
            os.read(fd, 1 << 14)
            time.sleep(0.1)
            if time.monotonic() > signals[0]:
                process.send_signal(signal.SIGINT)
                signals.pop(0)
        self.assertEqual(signals, [], "it ended before the second")
        self.assertEqual(process.wait(PATIENCE), 0)

    def server(self, source, *argv, within=None, stdin=None):
        """A Python program that prints a line when it is ready to serve."""
        command = ["python3", "-u", "-c", source, *argv]
        if within:
            command = within.argv(*command)
        process = self.start(command, stdin=stdin, stdout=subprocess.PIPE)
        process.told = process.stdout.readline().strip()
        self.addCleanup(process.stdout.close)
        return process

    def tcp_server(self, address="127.0.0.1", within=None):
        """A server that reads and answers once; .told is its port."""
        return self.server(TCP_SERVER, address, within=within)

    def rows(self, path, *fields, where=None, more=()):
        more = (*more, "-Y", where) if where else more
        return self.tshark.fields(path, *fields, more=more)

    def ping(self, path, *options):
        """20 echoes and replies; tried again if a busy machine let ping wait
        for too long, as not all of them have an owner then."""
        def is_known():
            run(PKTWHO, "--force", "-i", "lo", "-q", "-w", path, *options,
                "--", "ping", "-q", "-c", "20", "-i", "0.002", "-s", "18",
                "127.0.0.1", check=True)
            path.chmod(0o644)
            return self.rows(path, "proc.name",
                             where="icmp") == [("ping",)] * 40
        wait_for(is_known, "capture in which all packets have an owner")

    def assert_same_packets(self, some, others, known, least=0.9):
        """Rows of two captures whose first *known* fields need no owner.

        What one could not tell, as a busy machine let a process wait for too
        long, the other may have told; of @least all is told.
        """
        self.assertEqual([row[:known] for row in some],
                         [row[:known] for row in others])
        for one, other in zip(some, others):
            for a, b in zip(one[known:], other[known:]):
                self.assertTrue(a == b or not a or not b, (one, other))
        for rows in some, others:
            told = sum(all(row[known:]) for row in rows)
            self.assertGreater(told, least * len(rows))


TCP_SERVER = """
import socket, sys
s = socket.create_server((sys.argv[1], 0), backlog=512,
    family=socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET)
print(s.getsockname()[1])
while True:
    c, _ = s.accept()
    c.recv(65536)
    c.sendall(b'HTTP/1.0 200 OK\\r\\nContent-Length: 3\\r\\n\\r\\nhi\\n')
    c.close()
"""


# Asks for www.example.com at a server of its own, and gets a page from it.
NAMED_CLIENT = """
import os, socket, struct, threading
open("/proc/self/comm", "w").write("named")
dns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
dns.bind(("127.0.0.1", 53))
web = socket.create_server(("127.0.0.9", 80))
def serve():
    q, asker = dns.recvfrom(512)
    dns.sendto(q[:2] + struct.pack("!HHHHH", 0x8180, 1, 1, 0, 0) + q[12:] +
               struct.pack("!HHHIH4B", 0xc00c, 1, 1, 60, 4, 127, 0, 0, 9),
               asker)
    c, _ = web.accept()
    c.recv(4096)
    c.sendall(b"HTTP/1.0 200 OK\\r\\nContent-Length: 3\\r\\n\\r\\nhi\\n")
    c.close()
threading.Thread(target=serve, daemon=True).start()
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(struct.pack("!HHHHHH", 7, 0x100, 1, 0, 0, 0) +
         b"\\3www\\7example\\3com\\0" + struct.pack("!HH", 1, 1),
         ("127.0.0.1", 53))
s.recv(512)
c = socket.create_connection(("127.0.0.9", 80))
c.sendall(b"GET / HTTP/1.0\\r\\nHost: www.example.com\\r\\n\\r\\n")
while c.recv(4096):
    pass
print(os.getpid())
"""


def clients(count, url):
    """A shell script: curls one after another, each one's pid printed."""
    return (f"for i in $(seq {count}); do curl -gs -o /dev/null {url} & "
            "p=$!; wait $p; echo $p; done")


def main(**options):
    need_root()
    need("ip", "curl", "tshark", "setpriv")
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], **options)
