# SPDX-License-Identifier: GPL-3.0-or-later
"""pktwho top -r: each screen as a person sees it, and what log -r writes.

  python3 tests/golden/test_screens.py build/capture/pktwho \
    build/plugin/pktwho.so --write

makes the screens anew, to be looked at before they are kept.
"""
import json
import os
import re
import subprocess
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "plugin")]

import terminal  # noqa: E402
from harness import TsharkTest  # noqa: E402
from terminal import Terminal  # noqa: E402

PKTWHO, PLUGIN = (Path(arg).resolve() for arg in sys.argv[1:3])
WRITE = "--write" in sys.argv[3:]
SAMPLES = HERE.parents[1] / "samples"

# Name: size, file, and keys, after which it is as kept; or keys, what they
# show, and more keys.
SCREENS = {
    "start": ((24, 80), "loopback-http", ""),
    "wide": ((60, 200), "countries", ""),
    "processes": ((24, 80), "dns-then-connect", "2"),
    "readme": ((24, 80), "countries", ""),
    "countries": ((24, 80), "countries", "5"),
    "filter": ((24, 80), "countries", "/proc:curl not port:443\n"),
    "typing": ((24, 80), "countries", "/port:8o"),
    "sorted": ((24, 80), "countries", "ssssr"),
    "details": ((30, 100), "loopback-http", "G\n"),
    "help": ((24, 80), "loopback-http", "?"),
    "small-help": ((10, 40), "loopback-http", "?\033[6~"),
    "small": ((10, 40), "countries", "G"),
    "by-name": ((24, 80), "dns-then-connect", "/host:www.example.com\n"),
    "by-app": ((24, 100), "countries", "/app:ntp\n"),
    "by-tls": ((24, 100), "tls", "/app:TLS\n"),
    "name": ((40, 100), "dns-then-connect", ("/app:http\n", "HTTP", "\n")),
    "hosts": ((24, 80), "countries", "4"),
    "export": ((24, 80), "countries", "Ge"),
    "wide-details": ((60, 200), "countries", "\n"),
    "escapes": ((24, 80), "escapes", ""),
    "wide-escapes": ((60, 200), "escapes", "G\n"),
}


class Screens(TsharkTest):
    plugin = PLUGIN

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        os.environ.update(cls.tshark.environment())
        # Clears the screen as often as it is named.
        sample = (SAMPLES / "loopback-http.pcapng").read_bytes()
        cls.tshark.write("escapes.pcapng", sample.replace(b"curl", b"\033[2J"))

    def setUp(self):
        if not terminal.pyte:
            self.skipTest("no python3-pyte")

    def top(self, size, sample):
        # Countries of the database that comes with it, wherever it is built.
        t = Terminal([PKTWHO, "top", "-r", sample, "--geo",
                      SAMPLES.parent / "share/country.mmdb"], *size,
                     env={"TZ": "UTC0"}, cwd=SAMPLES if (
                         SAMPLES / sample).exists() else self.tshark.dir)
        self.addCleanup(t.close)
        # Keys are for rows that are there.
        t.wait(lambda lines: lines[0].startswith("pktwho top") and lines[3])
        return t

    def check(self, name):
        size, sample, keys = SCREENS[name]
        t = self.top(size, f"{sample}.pcapng")
        if isinstance(keys, tuple):
            t.type(keys[0])
            t.shows(keys[1])
            keys = keys[2]
        t.type(keys)
        path = HERE / "screens" / f"{name}.txt"
        if WRITE:
            t.read(4)
            path.write_text("\n".join(t.lines) + "\n")
        expected = path.read_text().split("\n")[:-1]
        try:
            t.wait(lambda lines: lines == expected)
        except AssertionError:
            self.assertEqual("\n".join(t.lines), "\n".join(expected))
        status, said = t.end("\003")
        self.assertEqual((status, said), (0, ""))

    def test_the_readme_has_the_picture(self):
        screen = (HERE / "screens/readme.txt").read_text()
        shown = screen[screen.index("PROCESS "):].splitlines()
        readme = (SAMPLES.parent / "README.md").read_text()
        block = readme[readme.index("PROCESS "):].split("\n```")[0].splitlines()
        self.assertEqual(block, shown[:len(block)])

    def test_resize_and_back(self):
        size, sample, _ = SCREENS["start"]
        expected = (HERE / "screens/start.txt").read_text().split("\n")[:-1]
        t = self.top(size, f"{sample}.pcapng")
        t.wait(lambda lines: lines == expected)
        t.resize(10, 40)
        t.wait(lambda lines: len(lines) == 10 and
               lines[2].startswith("PROCESS"))
        t.resize(*size)
        t.wait(lambda lines: lines == expected)
        self.assertEqual(t.end()[0], 0)

    def test_keys_come_from_the_terminal_when_packets_do_not(self):
        with (SAMPLES / "loopback-http.pcapng").open("rb") as file:
            t = Terminal([PKTWHO, "top", "-r", "-"], stdin=file)
        self.addCleanup(t.close)
        t.shows("curl")
        self.assertEqual(t.end()[0], 0)

    def test_without_utf8(self):
        t = Terminal([PKTWHO, "top", "-r", SAMPLES / "loopback-http.pcapng"],
                     env={"TERM": "vt100", "LC_ALL": "C"}, columns=60)
        self.addCleanup(t.close)
        t.shows("curl > python3")
        t.resize(24, 30)
        t.wait(lambda lines: lines[1].endswith("+"))
        self.assertEqual(t.end()[0], 0)

    def test_the_terminal_is_left_to_others_until_packets_come(self):
        """As to an ssh that asks for a password, or says why it fails."""
        sample = (SAMPLES / "loopback-http.pcapng").read_bytes()
        for sent, keys, status, said in (
                (sample, "q", 0, ""),
                (b"", "", 1, "pktwho: cannot read -: nothing is in it\n"),
                (None, "\003", 0, "")):
            out, into = os.pipe()
            t = Terminal([PKTWHO, "top", "-r", "-"], stdin=out)
            self.addCleanup(t.close)
            os.close(out)
            # It waits for signals, and thus for packets.
            t.wait(lambda _: re.search(r"SigBlk:\s*0*[1-9a-f]", Path(
                f"/proc/{t.process.pid}/status").read_text()))
            self.assertEqual(t.raw, b"")
            if sent:
                os.write(into, sent)
                t.shows("curl")
            if sent is not None:
                os.close(into)
            self.assertEqual(t.end(keys), (status, said))
            self.assertEqual(b"\033[" in t.raw, bool(sent))
        os.close(into)

    def test_reports(self):
        def report(*argv):
            done = subprocess.run(
                [PKTWHO, "top", "--batch", "--json", "-r", *argv],
                cwd=SAMPLES, capture_output=True, text=True, check=True)
            self.assertEqual(done.stderr, "")
            return json.loads(done.stdout)
        by = report("loopback-http.pcapng", "--by", "processes")
        self.assertEqual(
            [(row["name"], row["pid"], row["packets"], row["connections"])
             for row in by["rows"]],
            [("curl", 28802, 12, 1), ("python3", 28790, 12, 1),
             ("(kernel: no-socket)", 0, 1, 1), ("(kernel: reset)", 0, 1, 1),
             ("curl", 28804, 2, 1)])
        self.assertEqual((by["packets"], by["bytes"]), (14, 1222))

    def test_reports_in_a_narrow_terminal(self):
        """What is cut is marked, and keeps its port, as on the screen."""
        t = Terminal([PKTWHO, "top", "--batch", "-r",
                      SAMPLES / "countries.pcapng"])
        self.addCleanup(t.close)
        t.shows("[2001:dc7:100\u2026]:50000")
        self.assertEqual(t.end("")[0], 0)

    def test_a_file_as_lines(self):
        done = subprocess.run([PKTWHO, "log", "-r", "loopback-http.pcapng"],
                              cwd=SAMPLES, capture_output=True, text=True,
                              check=True)
        ends = [line for line in map(json.loads, done.stdout.splitlines())
                if line["event"]["action"] == "end"]
        self.assertEqual(
            [(line["source"]["process"]["name"],
              line["destination"].get("process", {}).get("name"),
              line["event"]["reason"], line["network"]["packets"])
             for line in ends],
            [("curl", "python3", "closed", 12), ("curl", None, "reset", 2)])
        self.assertEqual(ends[0]["host"], {"hostname": "loopback-http"})

    def test_what_is_no_capture(self):
        for path, why in ((__file__, "it is no PCAPNG, or damaged"),
                          ("/nosuch", "No such file or directory"),
                          ("/", "Is a directory")):
            done = subprocess.run([PKTWHO, "log", "-r", path],
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, 1)
            self.assertEqual(done.stderr,
                             f"pktwho: cannot read {path}: {why}\n")


for key in SCREENS:
    setattr(Screens, f"test_{key}", lambda self, key=key: self.check(key))

if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *(a for a in sys.argv[3:]
                                       if a != "--write")])
