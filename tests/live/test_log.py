# SPDX-License-Identifier: GPL-3.0-or-later
"""pktwho log: every connection, told once, with the sums of the file."""
import collections
import gzip
import json
import os
import pathlib
import select
import signal
import socket
import subprocess
import sys
import time

import world
from world import PKTWHO, clients, wait_for

# Debian's modules, whichever python3 this is.
sys.path.append("/usr/lib/python3/dist-packages")

import pcapng  # noqa: E402, isort: skip

SCHEMA = world.TESTS.parent / "docs/log.schema.json"


def name_of(end):
    return end.get("process", {}).get("name")


MANY_FLOWS = """
import socket
for _ in range(50):
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(
        b"", ("127.0.0.1", 1))
"""


def unpack(path):
    """Of a file that is written still; "" while a piece is half there."""
    try:
        return gzip.decompress(path.read_bytes()).decode()
    except EOFError:
        return ""


class Log(world.LiveTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        os.environ.update(cls.tshark.environment())

    def begin(self, *argv, within, **options):
        """A log that captures: a packet of ours has been told."""
        out = self.dir / f"{self.id()}.json"
        with out.open("wb") as file:
            process = self.start(
                within.argv(PKTWHO, "log", "-i", "lo", *argv), stdout=file,
                stderr=subprocess.PIPE, **options)
        self.addCleanup(process.stderr.close)

        def told():
            self.poke(within)
            return out.stat().st_size
        wait_for(told, "line")
        return process, out

    def poke(self, within):
        within.run("python3", "-c", "import socket; socket.socket("
                   "socket.AF_INET, socket.SOCK_DGRAM).sendto("
                   "b'', ('127.0.0.1', 1))")

    def begin_into_pipe(self, ns):
        """The same with a pipe, of which the first lines have been read."""
        reader, writer = os.pipe()
        process = self.start(ns.argv(PKTWHO, "log", "-i", "lo"),
                             stdout=writer, stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        os.close(writer)

        def told():
            self.poke(ns)
            return select.select([reader], [], [], 0)[0]
        wait_for(told, "line")
        return process, reader

    def end(self, process, out):
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
        self.assertEqual(process.wait(world.PATIENCE), 0, said)
        return said, [
            json.loads(line) for line in out.read_text().splitlines()]

    def check(self, lines):
        """What holds for every log."""
        self.assertEqual([line["event"]["sequence"] for line in lines],
                         list(range(1, len(lines) + 1)))
        for action in ("start", "end"):
            told = [line["pktwho"]["flow"] for line in lines
                    if line["event"]["action"] == action]
            self.assertEqual(sorted(told), list(range(1, len(told) + 1)))
        try:
            import jsonschema
        except ImportError:
            self.skipTest("no python3-jsonschema")
        validator = jsonschema.Draft202012Validator(
            json.loads(SCHEMA.read_text()))
        for line in lines:
            validator.validate(line)

    def test_short_lived_clients(self):
        """All of them, and their sums are those of the process table."""
        ns = self.namespace()
        path = self.dir / "short.pcapng"
        process, out = self.begin("-w", path, within=ns)
        server = self.tcp_server(within=ns)
        pids = ns.run("sh", "-c", clients(
            20, f"http://127.0.0.1:{server.told}/")).stdout.split()
        ns.run("curl", "-s", "http://127.0.0.1:2/")
        wait_for(lambda: out.read_text().count('"closed"') >= 20
                 and '"reset"' in out.read_text(), "ends")
        _, lines = self.end(process, out)
        self.check(lines)
        ends = [line for line in lines if line["event"]["action"] == "end"
                and line["destination"].get("port") == int(server.told)]
        self.assertEqual(sorted(pids), sorted(
            str(line["source"]["process"]["pid"]) for line in ends))
        for line in ends:
            self.assertEqual(line["event"]["reason"], "closed")
            self.assertEqual(name_of(line["source"]), "curl")
            self.assertEqual(name_of(line["destination"]), "python3")
            self.assertEqual(line["network"]["direction"], "internal")
            self.assertGreater(line["pktwho"]["rtt"], 0)
        refused, = [line for line in lines if line["event"]["action"] == "end"
                    and line["destination"].get("port") == 2]
        self.assertEqual(refused["event"]["reason"], "reset")
        self.assertEqual(self.sums(lines), self.table(path))

    def sums(self, lines):
        """Packets and bytes by process, from the ends and their shares."""
        sums = collections.defaultdict(lambda: [0, 0])
        for line in lines:
            if line["event"]["action"] != "end":
                continue
            for share in line["pktwho"].get("shares", [line]):
                ends = share["source"], share["destination"]
                ids = {end["process"]["entity_id"] for end in ends
                       if "entity_id" in end.get("process", {})}
                for key in ids:
                    sums[key][0] += sum(end["packets"] for end in ends)
                    sums[key][1] += sum(end["bytes"] for end in ends)
            for end in line["pktwho"].get("receivers", ()):
                sums[end["process"]["entity_id"]][0] += end["packets"]
                sums[end["process"]["entity_id"]][1] += end["bytes"]
        return dict(sums)

    def table(self, path):
        blocks = list(pcapng.blocks(path.read_bytes()))
        sums = collections.defaultdict(lambda: [0, 0])
        for row in pcapng.read_table(blocks[-1].data):
            sums[f"{row['id']:016x}"][0] += row["packets"]
            sums[f"{row['id']:016x}"][1] += row["bytes"]
        return dict(sums)

    def test_what_several_receive(self):
        """Each of them in the lines, in top and in the file's table."""
        ns = self.namespace()
        path = self.dir / "several.pcapng"
        process, out = self.begin("-w", path, within=ns)
        done = ns.run("python3", "-c", """if True:
            import os, socket, struct, time
            GROUP, PORT = "239.1.2.3", 7777
            def reader():
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                s.bind((GROUP, PORT))
                s.setsockopt(0, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(
                    GROUP) + socket.inet_aton("127.0.0.1"))
                return s
            pids = []
            bound, told = os.pipe()
            for _ in range(3):
                if pid := os.fork():
                    pids.append(pid)
                    continue
                s = reader()
                os.write(told, b"x")
                for _ in range(5):
                    s.recv(100)
                os._exit(0)
            for _ in pids:
                os.read(bound, 1)
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.setsockopt(0, socket.IP_MULTICAST_IF,
                         socket.inet_aton("127.0.0.1"))
            for _ in range(5):
                s.sendto(b"all", (GROUP, PORT))
                time.sleep(0.02)
            for pid in pids:
                os.waitpid(pid, 0)
            print(*pids)
            """, check=True)
        wait_for(lambda: path.read_bytes().count(b"all") >= 5, "packets")
        _, lines = self.end(process, out)
        self.check(lines)
        end, = [line for line in lines if line["event"]["action"] == "end"
                and line["destination"].get("port") == 7777]
        self.assertEqual(end["network"]["packets"], 5)
        table = self.table(path)
        self.assertEqual(self.sums(lines), table)
        report = world.run(PKTWHO, "top", "-r", path, "--batch", "--json",
                           "--no-tshark", "--by", "processes")
        rows = {row["pid"]: row for row in
                json.loads(report.stdout.splitlines()[-1])["rows"]}
        for pid in map(int, done.stdout.split()):
            # Whom a busy machine let read one too late did not receive it.
            self.assertIn(rows[pid]["received"], [
                n * (14 + 20 + 8 + 3) for n in range(1, 6)])

    def test_what_goes_on_is_told_at_intervals(self):
        ns = self.namespace()
        process, out = self.begin("--interval", "0.2", within=ns)
        wait_for(lambda: out.read_text().count('"interval"') >= 2, "lines")
        _, lines = self.end(process, out)
        self.check(lines)
        count = sum(line["event"]["action"] == "interval" for line in lines)
        self.assertGreaterEqual(count, 2)
        self.assertEqual({(line["event"]["reason"],
                           line["network"]["transport"])
                          for line in lines
                          if line["event"]["action"] == "end"},
                         {("stopped", "udp"), ("stopped", "icmp")})

    def test_what_is_spoken_and_who_asked_for_the_name(self):
        ns = self.namespace()
        process, out = self.begin("--interval", "0.2", within=ns)
        pid = int(ns.run("python3", "-c", world.NAMED_CLIENT,
                         check=True).stdout)
        wait_for(lambda: '"detail":"GET / 200"' in out.read_text(), "answer")
        _, lines = self.end(process, out)
        self.check(lines)
        ends = {line["network"]["protocol"]: line for line in lines
                if line["event"]["action"] == "end"
                and "protocol" in line["network"]}
        self.assertEqual(set(ends), {"dns", "http"})
        self.assertEqual(ends["dns"]["pktwho"]["detail"], "A 127.0.0.9")
        http = ends["http"]
        self.assertEqual(http["pktwho"]["app"], "HTTP")
        self.assertEqual(http["pktwho"]["host"], "www.example.com")
        self.assertEqual(http["pktwho"]["detail"], "GET / 200")
        self.assertEqual(http["destination"]["domain"], "www.example.com")
        self.assertEqual(http["destination"]["pktwho"]["resolved_by"],
                         {"pid": pid, "name": "named"})

    def test_what_stands_out(self):
        """HTTP on a port that is not its own."""
        ns = self.namespace()
        process, out = self.begin("--interval", "0.2", within=ns)
        script = """if True:
            import socket
            for port in (70, 80):
                s = socket.create_server(("127.0.0.9", port))
                c = socket.create_connection(("127.0.0.9", port))
                c.sendall(b"GET / HTTP/1.1\\r\\n\\r\\n")
                s.accept()[0].recv(4096)
            """

        def is_told():      # a busy machine may be too slow to start tshark
            ns.run("python3", "-c", script, check=True)
            return "foreign_port" in out.read_text()
        wait_for(is_told, "alert")
        _, lines = self.end(process, out)
        self.check(lines)
        self.assertEqual({line["destination"]["port"]:
                          line["pktwho"]["alerts"] for line in lines
                          if line["event"]["action"] == "end"
                          and "alerts" in line["pktwho"]},
                         {70: ["foreign_port"]})

    def begin_elsewhere(self, *argv, told, within):
        """A log that is not written to the standard output."""
        process = self.start(within.argv(PKTWHO, "log", "-i", "lo", *argv),
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)

        def is_told():
            self.poke(within)
            return told()
        wait_for(is_told, "line")
        return process

    def stop_quietly(self, process):
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
        self.assertEqual((process.wait(world.PATIENCE), process.stdout.read()), (0, ""),
                         said)
        return said

    def test_into_files(self):
        ns = self.namespace()
        folder = self.dir / "files"
        folder.mkdir()

        def files():
            return sorted(folder.iterdir())

        def size():
            return sum(path.stat().st_size for path in files())
        process = self.begin_elsewhere(
            "--log-file", folder / "l.json", "--log-rotate", "filesize:5",
            told=size, within=ns)
        wait_for(lambda: self.poke(ns) or len(files()) > 3, "files")
        self.stop_quietly(process)
        lines = []
        for path in files():
            self.assertRegex(path.name, r"^l_\d{5}_\d{14}\.json$")
            self.assertEqual(path.stat().st_mode & 0o777, 0o600)
            self.assertLessEqual(path.stat().st_size, 5000)
            lines += map(json.loads, path.read_text().splitlines())
        self.check(lines)

    def test_a_ring_of_files(self):
        ns = self.namespace()
        folder = self.dir / "ring"
        folder.mkdir()
        process = self.begin_elsewhere(
            "--log-file", folder / "l.json", "--log-rotate", "filesize:5",
            "--log-rotate", "files:2",
            told=lambda: list(folder.iterdir()), within=ns)
        wait_for(lambda: self.poke(ns) or list(folder.glob("l_00005_*")),
                 "files")
        self.stop_quietly(process)
        self.assertLessEqual(len(list(folder.iterdir())), 2)

    def test_a_disk_that_has_room_again(self):
        """No half of a line stays, and all of them are there at the end."""
        self.endure("l.json", 50, pathlib.Path.read_text)

    def test_a_disk_that_has_room_for_pieces_again(self):
        self.endure("l.json.gz", 58, unpack)

    def endure(self, name, filler, read):
        ns = self.namespace()
        path = self.small_disk() / name
        process = self.begin_elsewhere(
            "--log-file", path,
            told=lambda: path.exists() and path.stat().st_size, within=ns)
        (path.parent / "filler").write_bytes(bytes(filler << 10))
        ns.run("python3", "-c", MANY_FLOWS, check=True)
        heard = world.hear(process, "no room for lines: No space left on "
                           "device; some wait", "")
        # Each time it looks for room, part of one is there for a moment.
        wait_for(lambda: read(path).endswith("\n"), "whole lines")
        subprocess.run(["mount", "-o", "remount,size=8m", path.parent],
                       check=True)
        process.send_signal(signal.SIGINT)
        self.assertNotIn("were lost", heard + process.stderr.read())
        self.assertEqual(process.wait(world.PATIENCE), 0)
        self.check([json.loads(line) for line in read(path).splitlines()])

    def test_into_compressed_files(self):
        ns = self.namespace()
        folder = self.dir / "packed"
        folder.mkdir()

        def files():
            return sorted(folder.iterdir())
        process = self.begin_elsewhere(
            "--log-file", folder / "l.json.gz", "--log-rotate",
            "filesize:2", told=lambda: [f for f in files()
                                        if f.stat().st_size], within=ns)
        wait_for(lambda: self.poke(ns) or len(files()) > 2, "files", 60)
        self.stop_quietly(process)
        lines = []
        for path in files():
            self.assertRegex(path.name, r"^l_\d{5}_\d{14}\.json\.gz$")
            self.assertLessEqual(path.stat().st_size, 2000)
            lines += map(json.loads, gzip.open(path))
        self.check(lines)

    def test_into_a_file_that_is_new(self):
        ns = self.namespace()
        path = self.dir / "lines.json"
        process = self.begin_elsewhere(
            "--log-file", path, told=lambda: path.exists()
            and path.stat().st_size, within=ns)
        self.stop_quietly(process)
        self.check([json.loads(line) for line in
                    path.read_text().splitlines()])
        done = world.run(PKTWHO, "log", "-i", "lo", "--log-file", path)
        self.assertEqual(done.returncode, 1)
        self.assertIn("--force overwrites it", done.stderr)

    def test_into_the_journal(self):
        """By its native protocol; a reader of ours stands in its place."""
        ns = self.namespace()
        path = self.dir / "journal"
        journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(journal.close)
        journal.bind(str(path))
        process = self.start(
            ns.argv("unshare", "--mount", "sh", "-c", "mount -t tmpfs run /run "
                    "&& mkdir -p /run/systemd/journal && touch "
                    "/run/systemd/journal/socket && mount --bind \"$0\" "
                    "/run/systemd/journal/socket && exec \"$@\"", path,
                    PKTWHO, "log", "-i", "lo", "--journal"),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        wait_for(lambda: self.poke(ns) or select.select([journal], [], [], 0)[0],
                 "entry")
        # More than its socket has room for, of which some wait.
        ns.run("python3", "-c", MANY_FLOWS, check=True)
        process.send_signal(signal.SIGINT)
        entries = []
        while process.poll() is None or select.select([journal], [], [], 0)[0]:
            if select.select([journal], [], [], 0.1)[0]:
                entries.append(journal.recv(1 << 16))
        self.assertEqual((process.returncode, process.stdout.read()), (0, ""),
                         process.stderr.read())
        self.assertGreater(len(entries), 50)
        for entry in entries:
            self.assertRegex(entry, rb"\ASYSLOG_IDENTIFIER=pktwho\n"
                             rb"PRIORITY=6\nMESSAGE=[^\n]+\n\Z")
        self.check([json.loads(entry.partition(b"MESSAGE=")[2])
                    for entry in entries])

    def test_metrics_are_those_of_the_file(self):
        """By HTTP and in a file; the sums are those of its process table."""
        ns = self.namespace()
        path = self.dir / "metrics.pcapng"
        text = self.dir / "metrics.prom"
        process, out = self.begin("-w", path, "--metrics", text, within=ns)
        server = self.tcp_server(within=ns)
        ns.run("sh", "-c", clients(
            5, f"http://127.0.0.1:{server.told}/"), check=True)
        wait_for(lambda: out.read_text().count('"closed"') >= 5, "end")
        self.end(process, out)
        wait_for(lambda: 'program="curl"' in text.read_text(), "text")
        told = dict(line.rsplit(" ", 1) for line in
                    text.read_text().splitlines() if line[0] != "#")
        table = collections.Counter()
        for row in pcapng.read_table(
                list(pcapng.blocks(path.read_bytes()))[-1].data):
            table[row["name"]] += row["bytes"]
        curl = [int(told[f'pktwho_program_{way}_bytes_total{{program="curl"}}'])
                for way in ("sent", "received")]
        self.assertEqual(sum(curl), table[b"curl"])
        self.assertEqual(told["pktwho_lost_lines_total"], "0")

    def test_metrics_by_http(self):
        ns = self.namespace()
        self.begin("--metrics", "9464", within=ns)

        def get(path):
            return ns.run("curl", "-s", "-o", "-", "-w", "%{http_code}",
                          f"http://127.0.0.1:9464{path}").stdout
        wait_for(lambda: "pktwho_packets_total " in get("/metrics"), "text")
        self.assertTrue(get("/metrics").endswith("200"))
        self.assertEqual(get("/other"), "404")

    def test_into_the_journal(self):
        """Who listens there is ours: in mounts of its own."""
        script = """if True:
            import json, os, signal, socket, subprocess, sys
            os.makedirs("/run/systemd/journal")
            s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            s.bind("/run/systemd/journal/socket")
            os.chmod("/run/systemd/journal/socket", 0o666)
            s.settimeout(0.1)
            p = subprocess.Popen(sys.argv[1:])
            while True:
                u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                u.sendto(b"", ("127.0.0.1", 1))
                try:
                    print(s.recv(1 << 20).decode(), end="")
                    break
                except TimeoutError:
                    pass
            p.send_signal(signal.SIGINT)
            sys.exit(p.wait())
            """
        ns = self.namespace()
        done = ns.run("unshare", "-m", "sh", "-c", "mount -t tmpfs tmpfs /run"
                      ' && exec timeout 120 "$@"', "sh", "python3", "-c",
                      script, PKTWHO, "log", "-i", "lo", "--journal")
        self.assertEqual(done.returncode, 0, done.stderr)
        head, _, line = done.stdout.partition("MESSAGE=")
        self.assertEqual(head, "SYSLOG_IDENTIFIER=pktwho\nPRIORITY=6\n")
        self.check([json.loads(line)])

    def test_without_tshark(self):
        ns = self.namespace()
        process, out = self.begin(
            within=ns, env={**os.environ, "PATH": "/sbin:/nonexistent"})
        said, lines = self.end(process, out)
        self.assertIn("no applications and names: there is no tshark\n", said)
        self.check(lines)

    def test_a_hostile_name(self):
        ns = self.namespace()
        process, out = self.begin(within=ns)
        ns.run("python3", "-c", """if True:
            import socket, time
            open("/proc/self/comm", "wb").write(b"\\033[2J\\xff\\n\\"")
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            for _ in range(5):      # a busy machine may miss who sent one
                s.sendto(b"", ("127.0.0.1", 77))
                time.sleep(0.1)
            """, check=True)
        time.sleep(0.2)
        _, lines = self.end(process, out)
        self.check(lines)
        line, = [line for line in lines if line["event"]["action"] == "end"
                 and line["destination"].get("port") == 77]
        self.assertEqual(name_of(line["source"]), '?[2J??"')

    def test_a_command_does_not_write_between_the_lines(self):
        done = world.run(PKTWHO, "log", "-q", "-i", "lo", "--", "sh", "-c",
                         "echo hello; curl -s http://127.0.0.1:2/")
        self.assertEqual(done.stderr, "hello\n")
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.check(lines)
        self.assertEqual({name_of(line["source"]) for line in lines},
                         {"curl"})

    def test_the_device_behind_any(self):
        done = self.namespace().run(
            PKTWHO, "log", "-q", "--no-tshark", "--", "curl", "-s",
            "http://127.0.0.1:2/")
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.check(lines)
        self.assertEqual({line["pktwho"]["interface"] for line in lines},
                         {"lo"})

    def test_a_reader_that_goes_away(self):
        process, reader = self.begin_into_pipe(self.namespace())
        os.close(reader)
        self.assertEqual(process.wait(world.PATIENCE), 0)
        self.assertNotIn("cannot", process.stderr.read())

    def test_a_full_disk_is_said_once(self):
        ns = self.namespace()
        with open("/dev/full", "w") as full:
            process = self.start(ns.argv(PKTWHO, "log", "-q", "-i", "lo"),
                                 stdout=full, stderr=-1)
        while process.poll() is None:
            self.poke(ns)
            time.sleep(0.2)
        said = process.stderr.read()
        process.stderr.close()
        self.assertEqual(process.returncode, 1)
        self.assertEqual(said.count("No space left on device"), 1, said)

    def test_a_reader_that_is_too_slow(self):
        """It loses lines, is told how many, and holds nothing up."""
        ns = self.namespace()
        process, reader = self.begin_into_pipe(ns)
        ns.run("python3", "-c", """if True:
            import socket
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            for port in range(1024, 9024):
                s.sendto(b"", ("127.0.0.1", port))
            """, check=True)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        data = b""
        while more := os.read(reader, 1 << 20):
            data += more
        os.close(reader)
        said = process.stderr.read()
        self.assertEqual(process.wait(world.PATIENCE), 0)
        self.assertRegex(said, r"warning: \d+ lines were lost: the reader")
        lines = [json.loads(line) for line in data.splitlines()]
        told = lines[-1]["event"]["sequence"]
        self.assertEqual(told - lines[-1]["pktwho"]["lost"], len(lines))


if __name__ == "__main__":
    world.main()
