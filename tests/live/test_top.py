# SPDX-License-Identifier: GPL-3.0-or-later
"""pktwho top, as a person sees it and as a script reads it."""
import collections
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import world
from world import PKTWHO, clients, run, wait_for

# Found by way of world.
import pcapng  # isort: skip
import terminal  # isort: skip
from terminal import Terminal  # isort: skip

# Talks to a port of the loopback interface until it is killed.
TALKER = """
import socket, sys, time
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
if len(sys.argv) > 2:
    open("/proc/self/comm", "wb").write(eval(sys.argv[2]))
print("talks", flush=True)
while True:
    s.sendall(bytes(100))
    s.recv(65536)
    time.sleep(0.05)
"""
CALLER = """
import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
s.sendall(bytes(100))
s.recv(65536)
"""
RENAMED = r"""
import socket, sys
for name in (b"first", b"second", b"a\nb", b"a?b", b"\033]0;evil\007", b"\\\"'\xff"):
    open("/proc/self/comm", "wb").write(name)
    if name == b"first":
        s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    for _ in range(5):
        s.sendall(bytes(100))
        s.recv(65536)
"""
ECHO = """
import socket, sys, threading
s = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=512)
print(s.getsockname()[1])
def serve(c):
    while data := c.recv(65536):
        c.sendall(data * 10)
while True:
    threading.Thread(target=serve, args=s.accept()[:1], daemon=True).start()
"""


class Top(world.LiveTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        os.environ.update(cls.tshark.environment())

    def setUp(self):
        if not terminal.pyte:
            self.skipTest("no python3-pyte")
        self.ns = self.namespace()
        # The lower port is the server's, of what began before the capture.
        self.echo = self.server(ECHO, "7000", within=self.ns)

    def talker(self, *name):
        return self.server(TALKER, self.echo.told, *name, within=self.ns)

    def top(self, *argv, **options):
        t = Terminal(self.ns.argv(PKTWHO, "top", "-i", "lo", "--interval",
                                  "0.25", *argv), **options)
        self.addCleanup(t.close)
        return t

    def rows(self, lines):
        """What stands between the titles and the last line."""
        return [line for line in lines[3:-1] if line]

    def test_the_first_picture(self):
        talker = self.talker()
        t = self.top()
        t.shows("python3 \u2192 pyth")
        lines = t.shows("/ filter")
        self.assertRegex(lines[0], r"^pktwho top  lo  1 connections, 1 open  "
                         r"up \S+/s  down \S+/s")
        self.assertEqual(lines[1], "1 connections 2 processes 3 programs "
                         "4 hosts 5 countries 6 users 7 containers")
        self.assertRegex(lines[2], "^PROCESS +PID REMOTE +APPLICATION +"
                         "CC +UP/s DOWN/s$")
        row, = self.rows(lines)
        self.assertRegex(row, rf"^python3 → pyth\S* +{talker.pid} "
                         rf"127\.0\.0\.1:{self.echo.told} ")
        self.assertIn("/ filter", lines[-1])
        status, said = t.end()
        self.assertEqual(status, 0)
        self.assertRegex(said, r"(?m)^pktwho: \d+ packets, 0 dropped")
        # As it was: the main screen, the cursor, and the line discipline.
        self.assertIn(b"\033[?1049l", t.raw)
        self.assertEqual(termios.tcgetattr(t.slave), t.before)

    def test_filter_as_you_type(self):
        self.talker()
        other = self.server(ECHO, "7001", within=self.ns)
        self.server(TALKER, other.told, within=self.ns)
        t = self.top()
        t.wait(lambda lines: len(self.rows(lines)) == 2)
        t.type(f"/port:{other.told}")
        t.wait(lambda lines: len(self.rows(lines)) == 1 and
               f"127.0.0.1:{other.told}" in lines[3])
        t.type(" (")
        t.shows("something is missing")     # and the last one holds
        t.wait(lambda lines: len(self.rows(lines)) == 1)
        t.type("\033")
        t.wait(lambda lines: len(self.rows(lines)) == 2)
        t.type("pnosuch\n")
        t.shows("nothing matches the filter")
        t.wait(lambda lines: lines[-1].startswith("/proc:nosuch"))
        t.type("\033")
        t.wait(lambda lines: len(self.rows(lines)) == 2)
        self.assertEqual(t.end()[0], 0)

    def test_rows_of_many_kinds(self):
        self.talker()
        self.talker()
        t = self.top()
        for key, title, count in (("2", "PROCESS", 3), ("3", "PROGRAM", 1),
                                  ("4", "HOST", 1), ("5", "COUNTRY", 1),
                                  ("6", "USER", 1), ("7", "CONTAINER", 1)):
            t.type(key)
            lines = t.wait(lambda lines: lines[2].startswith(title + " ") and
                           len(self.rows(lines)) == count)
        self.assertTrue(lines[3].startswith("(host)"))
        t.type("\t")
        t.wait(lambda lines: lines[2].startswith("PROCESS ") and
               "APPLICATION" in lines[2])
        self.assertEqual(t.end()[0], 0)

    def test_order_and_cursor(self):
        first, second = sorted(self.talker().pid for _ in range(2))
        t = self.top()
        t.wait(lambda lines: len(self.rows(lines)) == 2)

        def pids(lines):
            return [int(row.split()[3]) for row in self.rows(lines)]
        # A click on the title sorts by it, a second one the other way.
        x = t.lines[2].index("PID") + 2
        for order in ([second, first], [first, second]):
            t.type(f"\033[<0;{x};3M\033[<0;{x};3m")
            t.wait(lambda lines: pids(lines) == order)
        # Two that come at once are two.
        t.type(2 * f"\033[<0;{x};3M\033[<0;{x};3m")
        # The cursor stays on its row when the order changes.
        t.type("j")
        t.wait(lambda _: t.screen.buffer[4][0].reverse)
        t.type("r")
        t.wait(lambda lines: pids(lines) == [second, first] and
               t.screen.buffer[3][0].reverse)
        self.assertEqual(t.end()[0], 0)

    def test_wheel_and_click(self):
        """They choose a row; a click on the one that is chosen opens it."""
        self.talker()
        self.talker()
        t = self.top()
        t.wait(lambda lines: len(self.rows(lines)) == 2)
        t.type(" g")    # else rows of equal rates change places
        t.shows("PAUSED")
        t.wait(lambda _: t.screen.buffer[3][0].reverse)
        for keys, row in (("\033[<65;5;9M", 4), ("\033[<64;5;9M", 3),
                          ("\033[<0;5;5M\033[<0;5;5m", 4)):
            t.type(keys)
            t.wait(lambda _: t.screen.buffer[row][0].reverse)
        t.type("\033[<0;5;5M\033[<0;5;5m")
        t.shows("known by")
        self.assertEqual(t.end("qq")[0], 0)

    def test_details(self):
        talker = self.talker()
        t = self.top(rows=30)
        t.shows("python3")
        t.type("\n")
        for shown in (rf"process +python3, pid {talker.pid}, of ",
                      rf"process +python3, pid {self.echo.pid}, of ",
                      r"executable +/\S+python3", r"known by +socket",
                      r"user +root", rf"tcp\.port == {self.echo.told}"):
            t.matches(shown)
        t.type("q")
        t.shows("PROCESS")
        self.assertEqual(t.end()[0], 0)

    def test_other_sizes(self):
        self.talker()
        t = self.top()
        t.shows("python3")
        for rows, columns in ((10, 40), (3, 10), (60, 200), (24, 80)):
            t.resize(rows, columns)
            t.type("2")
            t.type("1")
            t.read(0.5)
            if rows < 10:
                continue
            t.wait(lambda lines: lines[3].startswith("python3") and
                   len(lines) == rows)
            self.assertLessEqual(max(map(len, t.lines)), columns)
        t.resize(60, 200)
        t.shows("CONTAINER")
        self.assertEqual(t.end()[0], 0)

    def test_a_hostile_name(self):
        self.talker(r"b'\033[2J\033[Hx\xff'")
        t = self.top(columns=140)
        t.shows("?[2J?[Hx?")
        self.assertTrue(t.lines[0].startswith("pktwho top"))
        t.type("\n")
        t.shows("?[2J?[Hx?, pid")
        self.assertEqual(t.end("qq")[0], 0)

    def copied_talker(self, name):
        """Runs as that executable, which is a copy; returns its path."""
        python = self.dir / name
        shutil.copy(shutil.which("python3.11") or sys.executable, python)
        process = self.start(self.ns.argv(
            python, "-c", TALKER, self.echo.told),
            stdout=-1, env={"PYTHONHOME": sys.base_prefix})
        self.addCleanup(process.stdout.close)
        self.assertEqual(process.stdout.readline(), "talks\n")
        return python

    def test_what_stands_out(self):
        python = self.copied_talker("python")
        python.unlink()
        for env, colored in (({}, True), ({"NO_COLOR": "1"}, False)):
            t = self.top(env=env)
            t.shows("! python")
            t.wait(lambda _: colored == any(
                t.screen.buffer[row][0].fg == "red" for row in range(3, 6)))
            self.assertEqual(b"\033[31m" in t.raw or b";31m" in t.raw,
                             colored)
            t.type("\n")
            t.shows("executable deleted")
            self.assertEqual(t.end("qq")[0], 0)

    def test_an_executable_that_goes_meanwhile(self):
        """Its connection is there, and nothing but /proc tells of it."""
        python = self.copied_talker("goes")
        t = self.top()
        t.shows("goes \u2192")
        t.type("\n")
        t.shows("executable")
        t.hides("executable deleted")
        python.unlink()
        t.shows("executable deleted")
        self.assertEqual(t.end("qq")[0], 0)

    def test_what_is_said_beside_it(self):
        """In the last line, and again once the screen has gone."""
        self.ns.ip("link", "add", "gone", "type", "veth", "peer", "other")
        self.ns.ip("link", "set", "gone", "up")
        self.talker()
        t = self.top("-i", "gone", stderr=subprocess.STDOUT)
        before = t.shows("python3")[:3]
        self.ns.ip("link", "del", "gone")
        lines = t.shows("pktwho: gone: the interface is gone")
        self.assertIn("the interface is gone", lines[-1])
        self.assertEqual(lines[1:3], before[1:3])   # nothing was moved
        self.assertEqual(t.end()[0], 1)
        self.assertEqual(t.raw.split(b"\033[?1049l")[1].count(
            b"pktwho: gone: the interface is gone\r\n"), 1)

    def test_a_command(self):
        """Its words are nobody's; what it did stays to be looked at."""
        t = self.top("--", "sh", "-c", "echo words; echo words >&2; "
                     f"{sys.executable} -c '{CALLER}' {self.echo.told}; exit 3",
                     stderr=subprocess.STDOUT)
        t.shows("python3")
        t.shows("ENDED")
        t.type("t")
        t.shows(f"127.0.0.1:{self.echo.told}")
        self.assertEqual(t.end()[0], 3)
        self.assertNotIn(b"words", t.raw)
        self.assertIn(b"pktwho: warning: sh ended with exit status 3", t.raw)

    def test_a_command_that_goes_on(self):
        t = self.top("--", sys.executable, "-c", TALKER, self.echo.told)
        t.shows("python3")
        t.type("q")
        line = t.process.stderr.readline
        said = line() + line()
        self.assertIn(b"goes on; Ctrl-C ends it", said)
        t.type("\003")
        self.assertEqual(t.process.wait(world.PATIENCE), 128 + signal.SIGINT)

    def test_pause_and_ended(self):
        talker = self.talker()
        t = self.top()
        t.shows("python3")
        t.type(" ")
        t.shows("PAUSED")
        t.read(0.5)         # the rest of it
        still = t.lines
        talker.kill()
        t.read(1.5)
        self.assertEqual(t.lines, still)
        t.type(" ")
        t.hides("PAUSED")
        t.hides("python3")
        t.type("t")
        t.shows("python3")
        self.assertEqual(t.end()[0], 0)

    def test_a_file_beside_it(self):
        path = self.dir / "beside.pcapng"
        self.talker()
        t = self.top("-w", path)
        t.shows("python3")
        wait_for(lambda: t.read(0.1) or pcapng.count_packets(path) > 10,
                 "packets")
        self.assertEqual(t.end("\003")[0], 0)
        kinds = [b.kind for b in pcapng.blocks(path.read_bytes())]
        self.assertGreater(kinds.count(pcapng.EPB), 10)
        self.assertEqual(kinds[-1], pcapng.CB)

    def test_a_ring_beside_it(self):
        """No file has that name, so what is shown from then on is saved."""
        where = self.dir / "ring"
        where.mkdir(exist_ok=True)
        self.talker()
        t = self.top("-w", where / "ring.pcapng", "-b", "files:2", "-b",
                     "filesize:1000", cwd=where)
        t.shows("python3")
        t.type("e")
        t.shows("saving what is shown to pktwho_00001_")
        self.assertEqual(t.end("q")[0], 0)

    def test_what_is_shown_is_saved(self):
        """Those of the filter, from the key on, with their owners."""
        where = self.dir / "saved"
        where.mkdir(exist_ok=True)
        self.talker()
        other = self.server(ECHO, "7001", within=self.ns)
        self.server(TALKER, other.told, within=self.ns)
        t = self.top(cwd=where, columns=120)
        t.wait(lambda lines: len(self.rows(lines)) == 2)
        t.type(f"/port:{other.told}\n")
        t.wait(lambda lines: len(self.rows(lines)) == 1)
        t.type("e")
        t.shows("saving what is shown to pktwho_00001_")
        t.wait(lambda lines: re.search(r"SAVING \d\d", lines[0]))
        t.type("e")
        lines = t.shows("tshark -r pktwho_00001_")
        path, = where.iterdir()
        count = int(re.search(r"tshark -r (\S+)  \((\d+) packets\)$",
                              lines[-1])[2])
        self.assertIn(path.name, lines[-1])
        told = self.tshark.fields(
            self.tshark.write("saved.pcapng", path.read_bytes()), "tcp.port",
            "proc.src.name", "proc.src.exepath")
        self.assertEqual(len(told), count)
        for ports, name, exe in told:
            self.assertIn(other.told, ports.split(","))
            self.assertEqual(name, "python3")
            self.assertTrue(exe)
        # What is still open when it ends is whole, too.
        t.type("e")
        t.wait(lambda lines: re.search(r"SAVING \d", lines[0]))
        status, said = t.end()
        self.assertEqual(status, 0)
        self.assertRegex(said, r"(?m)^pktwho: tshark -r pktwho_00002_\S+  "
                         r"\(\d+ packets\)$")
        blocks = [list(pcapng.blocks(p.read_bytes())) for p in
                  sorted(where.iterdir())]
        self.assertEqual([b[-1].kind for b in blocks], 2 * [pcapng.ISB])

    def test_what_is_saved_fills_the_disk(self):
        self.talker()
        t = self.top(cwd=self.small_disk())
        t.shows("python3")
        t.type("e")
        t.shows("cannot write pktwho_00001_")
        t.shows("SAVING FAILS")
        status, said = t.end()
        self.assertEqual(status, 1)
        self.assertRegex(said, r"(?m)^pktwho: cannot write pktwho_00001_\S+: "
                         "No space left on device$")

    def test_sockets_that_listen(self):
        """Those from before, and one that comes and goes, of this namespace."""
        elsewhere = self.server(ECHO, "7002", within=self.namespace())
        t = self.top()
        t.shows("no traffic yet")
        t.type("l")
        t.shows("LISTENS AT")

        def row(server):
            start = rf"tcp   127\.0\.0\.1:{server.told} +{server.pid} "
            return next(filter(re.compile(start).match, t.lines), None)
        t.wait(lambda _: row(self.echo))
        self.assertRegex(row(self.echo), r" python3 +root +\S+")
        other = self.server(ECHO, "7001", within=self.ns)
        t.wait(lambda _: row(other))
        self.assertIsNone(row(elsewhere))
        other.kill()
        other.wait()
        t.wait(lambda _: not row(other))
        t.type("l")
        lines = t.shows("APPLICATION")
        self.assertTrue(lines[2].startswith("PROCESS"))
        self.assertEqual(t.end()[0], 0)

    def test_applications_and_names(self):
        t = self.top(columns=200)
        t.shows("no traffic yet")
        self.ns.run("python3", "-c", world.NAMED_CLIENT, check=True)
        t.shows("HTTP www.example.com")
        t.shows("www.example.com:80")
        t.shows("DNS www.example.com")
        self.assertEqual(t.end()[0], 0)

    def test_without_tshark(self):
        self.talker()
        t = self.top(env={"PATH": "/sbin:/nonexistent"})
        t.shows("no applications and names: there is no tshark")
        t.shows("python3")
        self.assertEqual(t.end()[0], 0)

    def test_who_dissects_has_no_privilege(self):
        t = self.top()
        t.shows("no traffic yet")

        def status():
            for pid in run("pgrep", "-x", "tshark", "-P",
                           t.process.pid).stdout.split():
                return Path(f"/proc/{pid}/status").read_text()
        wait_for(status, "tshark")
        self.assertRegex(status(), r"(?m)^Uid:(\s+65534){4}$")
        for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            self.assertRegex(status(), rf"(?m)^{kind}:\s+0+$")
        self.assertRegex(status(), r"(?m)^NoNewPrivs:\s+1$")
        self.assertEqual(t.end()[0], 0)

    def test_who_dissects_is_killed(self):
        """A line says so, and all else goes on."""
        self.talker()
        t = self.top()
        t.shows("python3")

        def pids():
            return run("pgrep", "-x", "tshark", "-P", t.process.pid).stdout
        wait_for(pids, "tshark")
        os.kill(int(pids()), signal.SIGKILL)
        t.shows("no applications and names: tshark has ended")
        t.type("j")
        t.shows("/ filter")
        self.assertEqual(t.end()[0], 0)

    def test_stopped_and_continued(self):
        """^Z gives the shell its terminal, fg takes it again."""
        self.talker()
        t = Terminal(self.ns.argv(      # which prompts on its stderr
            "sh", "-c", "exec bash --norc --noprofile -i 2>&1"))
        self.addCleanup(t.close)
        t.type(f"{PKTWHO} top --sandbox=best -i lo --interval 0.25\n")
        t.shows("python3 \u2192 pyth")
        t.type("\032")
        t.shows("Stopped")
        t.type("echo $((6 * 7))\n")
        t.shows("42")
        t.type("fg\n")
        t.shows("/ filter")
        t.hides("Stopped")
        t.wait(lambda lines: self.rows(lines))
        other = self.server(ECHO, "7001", within=self.ns)
        self.server(TALKER, other.told, within=self.ns)
        t.shows(f"127.0.0.1:{other.told}")
        t.type("q")
        t.shows("packets, ")
        self.assertNotIn("refused", "\n".join(t.lines))
        self.assertEqual(t.end("exit\n")[0], 0)

    def test_killed_outright(self):
        """Somebody else puts the terminal back."""
        self.talker()
        t = self.top()
        t.shows("python3")
        self.assertNotEqual(termios.tcgetattr(t.slave), t.before)
        children = run("pgrep", "-P", t.process.pid).stdout.split()
        t.process.kill()
        t.process.wait()
        wait_for(lambda: termios.tcgetattr(t.slave) == t.before, "echo")
        t.wait(lambda _: b"\033[?1049l" in t.raw)
        wait_for(lambda: not any(os.path.exists(f"/proc/{pid}")
                                 for pid in children), "end of all")

    def test_a_terminal_that_takes_nothing(self):
        """The capture goes on, and ends when it is told to."""
        path = self.dir / "stalled.pcapng"
        for _ in range(20):
            self.talker()
        t = self.top("--interval", "0.1", "-w", path, rows=60, columns=200)
        t.shows("python3")
        before = pcapng.count_packets(path)
        # Nobody reads for as long as some hundred pictures take.
        wait_for(lambda: pcapng.count_packets(path) > before + 8000, "packets")
        # Then all of it comes.
        t.type("7")
        t.shows("(host)")
        t.type("1")
        t.shows("python3 \u2192 pyth")
        before = pcapng.count_packets(path)
        wait_for(lambda: pcapng.count_packets(path) > before + 8000, "packets")
        t.process.terminate()
        wait_for(lambda: t.process.poll() is not None, "end")
        self.assertIn(" 0 dropped", t.end("")[1])
        self.assertEqual(termios.tcgetattr(t.slave), t.before)

    def test_control_s_is_no_end_of_pictures(self):
        self.talker()
        t = self.top()
        t.shows("python3")
        t.type("\0232")
        t.hides("REMOTE")
        self.assertEqual(t.end()[0], 0)

    def test_the_terminal_goes_away(self):
        t = self.top()
        t.shows("no traffic yet")

        os.close(t.slave)
        os.close(t.fd)
        t.fd, t.slave = os.pipe()
        self.assertEqual(t.process.wait(world.PATIENCE), 0)

    def test_short_lived_clients_in_a_report(self):
        """All twenty, and the sums of the file's process table."""
        path = self.dir / "batch.pcapng"
        process = self.start(self.ns.argv(
            PKTWHO, "top", "-i", "lo", "--batch", "--json", "--by",
            "processes", "--interval", "1000", "-w", path), stdout=-1)
        self.addCleanup(process.stdout.close)
        wait_for(lambda: path.exists() and path.stat().st_size, "capture")
        server = self.tcp_server(within=self.ns)
        pids = self.ns.run("sh", "-c", clients(
            20, f"http://127.0.0.1:{server.told}/")).stdout.split()
        time.sleep(0.3)
        process.terminate()
        report = json.loads(process.stdout.read())
        self.assertEqual(process.wait(world.PATIENCE), 0)
        rows = [row for row in report["rows"] if row["pid"]]
        self.assertEqual(sorted(map(int, pids)), sorted(
            row["pid"] for row in rows if row["name"] == "curl"))
        table = collections.defaultdict(lambda: [0, 0])
        last = list(pcapng.blocks(path.read_bytes()))[-1]
        for row in pcapng.read_table(last.data):
            table[row["pid"]][0] += row["packets"]
            table[row["pid"]][1] += row["bytes"]
        self.assertEqual(
            {row["pid"]: [row["packets"], row["sent"] + row["received"]]
             for row in rows}, dict(table))

    def test_two_of_one_program(self):
        """What they exchange is once in their row, as tshark counts it."""
        path = self.dir / "one_program.pcapng"
        process = self.start(self.ns.argv(PKTWHO, "-i", "lo", "-w", path),
                             stderr=-1)
        self.addCleanup(process.stderr.close)
        wait_for(lambda: path.exists() and path.stat().st_size, "capture")
        self.talker()
        wait_for(lambda: pcapng.count_packets(path) > 20, "packets")
        process.terminate()
        self.assertEqual(process.wait(world.PATIENCE), 0)
        path.chmod(0o644)
        for by in ("program", "user", "container"):
            done = run(PKTWHO, "top", "-q", "-r", path, "--batch", "--json",
                       "--by", f"{by}s")
            row, = json.loads(done.stdout.splitlines()[-1])["rows"]
            self.assertEqual(row["connections"], 1)
            tree = self.tshark.lines(
                "tshark", "-q", "-r", path, "-z", "proc,tree", "-o",
                f"proc.stats_by:{by}")
            counts = [int(line.split()[1]) for line in tree
                      if line.startswith(("Packets ", "Bytes "))]
            # All of it is sent by the row, and received by it.
            self.assertEqual([row["packets"], row["sent"]], counts)
            self.assertEqual(row["received"], row["sent"])
        ends = self.tshark.lines("tshark", "-q", "-r", path, "-z",
                                 "endpoints,proc")
        _, _, _, sent, _, received = map(
            int, next(line for line in ends
                      if line.startswith("python3")).split()[1:])
        self.assertEqual((row["sent"], row["received"]), (sent, received))

    def test_another_name_is_another_program(self):
        """From then on, and y finds the packets of each."""
        path = self.dir / "renamed.pcapng"
        process = self.start(self.ns.argv(PKTWHO, "-i", "lo", "-w", path),
                             stderr=-1)
        self.addCleanup(process.stderr.close)
        wait_for(lambda: path.exists() and path.stat().st_size, "capture")
        self.ns.run(sys.executable, "-c", RENAMED, self.echo.told, check=True)
        time.sleep(0.3)
        process.terminate()
        self.assertEqual(process.wait(world.PATIENCE), 0)
        path.chmod(0o644)
        report = run(PKTWHO, "top", "-q", "-r", path, "--batch", "--json", "--by",
                     "programs").stdout
        rows = json.loads(report.splitlines()[-1])["rows"]
        self.assertGreaterEqual({row["name"] for row in rows},
                                {"first", "second", "?]0;evil?"})
        for row in rows:
            self.assertEqual(row["packets"], len(self.tshark.fields(
                path, "frame.number", more=("-Y", row["filter"]))), row)

    def test_either_side_of_a_pipe_is_killed(self):
        for killed in range(2):
            out, into = os.pipe()
            capture = self.start(self.ns.argv(PKTWHO, "-q", "-i", "lo", "-w",
                                              "-"), stdout=into)
            os.close(into)
            t = Terminal([PKTWHO, "top", "-r", "-"], stdin=out)
            self.addCleanup(t.close)
            os.close(out)
            self.talker()
            t.shows("python3")
            if killed:
                t.process.kill()
                t.process.wait()
                capture.wait(world.PATIENCE)
                wait_for(lambda: termios.tcgetattr(t.slave) == t.before,
                         "echo")
                continue
            capture.kill()
            lines = t.shows("ENDED")
            self.assertIn("python3", lines[3])
            self.assertEqual(t.end()[0], 0)

    def test_who_reads_a_file_has_no_privilege(self):
        path = self.dir / "read.pcapng"
        capture = world.Capture(path, "-i", "lo", within=self.ns)
        self.ns.run("ping", "-qc2", "-i0.1", "127.0.0.1", check=True)
        capture.stop()
        sudo = {"SUDO_UID": "4242", "SUDO_GID": "4242"}
        for owner, uid, env in (0, 65534, {}), (4242, 4242, sudo):
            os.chown(path, owner, 0)
            path.chmod(0o600)           # that one's alone: it is open by then
            t = Terminal([PKTWHO, "top", "-r", str(path)], env=env)
            self.addCleanup(t.close)
            t.shows("ping")
            status = Path(f"/proc/{t.process.pid}/status").read_text()
            self.assertRegex(status, rf"(?m)^Uid:(\s+{uid}){{4}}$")
            for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
                self.assertRegex(status, rf"(?m)^{kind}:\s+0+$")
            self.assertRegex(status, r"(?m)^Seccomp:\s+2$")
            self.assertEqual(t.end()[0], 0)

    def test_a_terminal_that_cannot_place_text(self):
        t = self.top(env={"TERM": "dumb"})
        status, said = t.end()
        self.assertEqual(status, 1)
        self.assertIn('"dumb" has no way to place text: use --batch', said)

    def test_reports_as_text(self):
        self.talker()
        done = self.ns.run(PKTWHO, "top", "-q", "-i", "lo", "--batch", "-n",
                           "5", "--interval", "0.3")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        reports = done.stdout.split("\n\n")[:-1]
        self.assertEqual(len(reports), 5)
        for report in reports[-2:]:     # what came before may be empty
            self.assertRegex(report, r"^PROCESS +PID.* HOW\n"
                             r"python3 → python3 .* socket\n1 connections, ")

    def test_bad_use(self):
        for argv, status, line in (
                (["top", "-i", "lo"], 1, "no terminal to draw on"),
                (["top", "--json"], 2, "only with --batch"),
                (["top", "--batch", "--by", "x"], 1, "there are no rows by"),
                (["--batch"], 2, "only for pktwho top"),
                (["top", "-w", "-"], 2, "what is shown goes to")):
            done = run(PKTWHO, *argv)
            self.assertEqual(done.returncode, status, argv)
            self.assertIn(line, done.stderr)


if __name__ == "__main__":
    world.main()
