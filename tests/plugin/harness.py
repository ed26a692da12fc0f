# SPDX-License-Identifier: GPL-3.0-or-later
"""tshark with our plugin and nothing of the user's, as an ordinary user.

Wireshark ignores WIRESHARK_PLUGIN_DIR and personal plugins when it runs as
root, and an ordinary user may not see the build tree; so everything is
copied to a directory of its own, and root steps down for each command.
"""
import functools
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
NOBODY = 65534
SKIP = 77

sys.path.insert(0, str(SOURCE / "tests"))


def skip(why):
    print("skipped:", why)
    sys.exit(SKIP)


# Most of what tshark does with a small file is to start.  Half of that time it
# gets memory page by page, and reads names that no test looks at.
QUICK = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1:glibc.malloc.arena_max=1:"
                           "glibc.malloc.top_pad=67108864"}
UNREAD = ("manuf", "enterprises.tsv", "*.html")


@functools.cache
def folders():
    """{name: path} of what Wireshark comes with."""
    told = subprocess.run(["tshark", "-G", "folders"], text=True, check=True,
                          capture_output=True, env=os.environ | QUICK).stdout
    return {name: Path(path) for name, path in
            re.findall(r"^(\w.*?):\s*(/.*)$", told, re.M)}


class Tshark:
    def __init__(self, plugin):
        for tool in ("tshark", "editcap", "mergecap"):
            if not shutil.which(tool):
                skip(f"no {tool}")
        if os.geteuid() == 0 and not shutil.which("setpriv"):
            skip("root without setpriv: Wireshark ignores test plugins")
        self.owned = tempfile.TemporaryDirectory(prefix="pktwho-plugin-")
        self.dir = Path(self.owned.name)
        # tshark's is the same, after it has made all its protocols.
        version = subprocess.run(["editcap", "--version"], text=True,
                                 capture_output=True, check=True).stdout
        minor = re.search(r"(\d+\.\d+)\.\d+", version).group(1)
        self.version = tuple(map(int, minor.split(".")))
        for name in ("home", "plugins"):
            (self.dir / name).mkdir()
        epan = self.dir / "plugins" / minor / "epan"
        epan.mkdir(parents=True)
        # Our directory replaces Wireshark's, whose plugins shall be there,
        # too: 4.6's falco-events has fields of the same names as ours.
        for own in (folders()["Global Plugins"] / "epan").glob("*.so"):
            shutil.copy(own, epan)
        shutil.copy(plugin, epan / "pktwho.so")
        shutil.copy(SOURCE / "share/country.mmdb", epan)
        # Copies: what is in our directory is opened up.
        shutil.copytree(folders()["Global configuration"], self.dir / "data",
                        ignore=shutil.ignore_patterns(*UNREAD))
        self.open_up()

    def open_up(self):
        """Lets the ordinary user read, and write in the directories."""
        for path in [self.dir, *self.dir.rglob("*")]:
            path.chmod(0o777 if path.is_dir() else 0o755)

    def close(self):
        self.owned.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def write(self, name, data):
        path = self.dir / name
        path.write_bytes(data)
        path.chmod(0o644)
        return path

    def environment(self):
        """For a program that starts tshark itself, and steps down for it."""
        if "PKTWHO_PRELOAD" in os.environ:
            skip("a plugin with sanitizers, of a tshark without them")
        return {"WIRESHARK_PLUGIN_DIR": str(self.dir / "plugins"),
                "HOME": str(self.dir / "home")}

    def popen(self, *argv, **options):
        """Started as the ordinary user, with nothing but our plugin."""
        env = {"PATH": os.environ["PATH"], "HOME": str(self.dir / "home"),
               "WIRESHARK_PLUGIN_DIR": str(self.dir / "plugins"),
               "WIRESHARK_DATA_DIR": str(self.dir / "data"),
               "TZ": "UTC", "LC_ALL": "C.UTF-8"} | QUICK
        if argv[0] in ("tshark", "sharkd") and "PKTWHO_PRELOAD" in os.environ:
            # A plugin with sanitizers in a tshark without them; Wireshark
            # frees little of what it keeps until it exits.  The others load
            # no plugin, and editcap 4.0 would hang in the runtime.
            env |= {"LD_PRELOAD": os.environ["PKTWHO_PRELOAD"],
                    "ASAN_OPTIONS": "detect_leaks=0"}
        step_down = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}",
                     "--clear-groups"] if os.geteuid() == 0 else []
        return subprocess.Popen(
            [*step_down, *map(str, argv)], env=env, cwd=self.dir, text=True,
            errors="backslashreplace", stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, **options)

    def run(self, *argv):
        """The finished process; a signal is the only failure here."""
        process = self.popen(*argv, stdin=subprocess.DEVNULL)
        try:
            out, err = process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        if process.returncode < 0 or process.returncode >= 128:
            raise AssertionError(
                f"{argv[0]} died: {process.returncode}\n{err}")
        return subprocess.CompletedProcess(argv, process.returncode, out, err)

    def lines(self, *argv):
        """What a command that must succeed in silence prints."""
        done = self.run(*argv)
        if done.returncode or done.stderr:
            raise AssertionError(
                f"{argv}: exit {done.returncode}\n{done.stderr}")
        return done.stdout.splitlines()

    def fields(self, path, *names, more=()):
        """Per frame a tuple of texts, several values joined by commas."""
        args = [arg for name in names for arg in ("-e", name)]
        if self.version >= (4, 6):
            args += ["-o", "protocols.display_abs_time_ascii:ALWAYS"]
        return [tuple(map(self.as_in_4_0, line.split("\t")))
                for line in self.lines("tshark", "-r", path, "-T", "fields",
                                       *args, *more)]

    def as_in_4_0(self, text):
        """Newer ones write True and False, and each backslash twice."""
        if self.version < (4, 4):
            return text
        return {"True": "1", "False": "0"}.get(
            text, text.replace("\\\\", "\\"))

    def frames(self, path, display_filter, more=()):
        """The frame numbers that a filter matches."""
        return [int(n) for (n,) in self.fields(
            path, "frame.number", more=("-Y", display_filter, *more))]


class TsharkTest(unittest.TestCase):
    """Tests of one class share a tshark with *plugin* and its directory."""

    maxDiff = None
    plugin = None               # each class names the file

    @classmethod
    def setUpClass(cls):
        cls.tshark = Tshark(cls.plugin)
        cls.addClassCleanup(cls.tshark.close)
        cls.dir = cls.tshark.dir


def udp(src, dst, payload=b"hi"):
    """An Ethernet frame; the addresses say whether it is IPv4 or IPv6."""
    # Ports that no dissector of Wireshark's claims.
    datagram = struct.pack(">HHHH", 40001, 40002, 8 + len(payload), 0) + payload
    if ":" in src:
        head = struct.pack(">IHBB", 6 << 28, len(datagram), 17, 64)
        head += socket.inet_pton(socket.AF_INET6, src)
        head += socket.inet_pton(socket.AF_INET6, dst)
        return bytes(12) + b"\x86\xdd" + head + datagram
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(datagram), 0, 0, 64,
                       17, 0)
    head += bytes(map(int, src.split("."))) + bytes(map(int, dst.split(".")))
    return bytes(12) + b"\x08\x00" + head + datagram


def documented_fields():
    """{name: type} of docs/fields.md: | `proc.pid` | FT_… | src dst | … |"""
    found = {}
    text = (SOURCE / "docs" / "fields.md").read_text()
    for name, kind, ends in re.findall(
            r"^\| `([\w.]+)` \| (FT_\w+) \| ([\w ]*)\|", text, re.M):
        root, word = name.split(".", 1)
        for end in ends.split():
            found[f"{root}.{end}.{word}"] = kind
        found[name] = kind
    return found
