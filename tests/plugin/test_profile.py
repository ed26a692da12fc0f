#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The profile: Wireshark reads every file of it without a word of complaint.

Usage: test_profile.py PLUGIN.so [unittest arguments]
"""
import re
import shutil
import sys
import unittest

from harness import SOURCE, Tshark, documented_fields, udp
from pcapng import epb, idb, shb

PROFILE = SOURCE / "plugin" / "profile" / "pktwho"

tshark = None


def plain(text):
    """A string of a Wireshark table, where \\xNN is a byte."""
    return re.sub(r"\\x(..)", lambda m: chr(int(m[1], 16)), text)


def rules():
    """(name, filter) of the colour rules."""
    return [line.split("@")[1:3] for line in
            (PROFILE / "colorfilters").read_text().splitlines()
            if line.startswith("@")]


def luminance(colour):
    """Of sixteen-bit channels, as WCAG 2 defines it."""
    red, green, blue = [
        c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4
        for c in (int(text) / 65535 for text in colour.split(","))]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrasts():
    """(name, contrast) of the colour rules."""
    for line in (PROFILE / "colorfilters").read_text().splitlines():
        if line.startswith("@"):
            colours = re.search(r"@\[(.*?)\]\[(.*?)\]$", line).groups()
            dark, light = sorted(map(luminance, colours))
            yield line.split("@")[1], (light + 0.05) / (dark + 0.05)


def buttons():
    """(label, filter) of the filter buttons."""
    return [[plain(text) for text in re.findall(r'"(.*?)"', line)[1:3]]
            for line in (PROFILE / "dfilter_buttons").read_text().splitlines()
            if line.startswith('"')]


class Profile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """As a user who copied it; installed, -C finds it by itself."""
        home = tshark.dir / "home" / ".config" / "wireshark" / "profiles"
        home.mkdir(parents=True)
        shutil.copytree(PROFILE, home / "pktwho")
        tshark.open_up()
        sample = SOURCE / "samples" / "loopback-http.pcapng"
        cls.file = tshark.write("sample", sample.read_bytes())

    def test_columns(self):
        lines = tshark.lines("tshark", "-C", "pktwho", "-r", self.file, "-T",
                             "tabs")
        # tshark puts an arrow between source and destination.
        number, _, process, pid, source, _, destination, country, app, host, \
            info = [cell.strip() for cell in lines[0].split("\t")]
        self.assertEqual(number, "1")
        self.assertEqual(process, "curl → python3")
        self.assertRegex(pid, r"^\d+ → \d+$")
        self.assertEqual((source, destination), ("127.0.0.1",) * 2)
        self.assertEqual(country, "")
        self.assertIn("[SYN]", info)
        self.assertIsNotNone(app + host)

    def test_a_cell_makes_a_filter(self):
        """Wireshark 4.0 puts quotes around what is FT_STRING, nothing else."""
        text = (PROFILE / "preferences").read_text()
        columns = re.findall(r"%Cus:([\w.]+):", text)
        self.assertGreater(len(columns), 4)
        types = {line.split("\t")[2]: line.split("\t")[3] for line in
                 tshark.lines("tshark", "-G", "fields")
                 if line.startswith("F\t")}
        self.assertEqual({types[name] for name in columns}, {"FT_STRING"})

    def test_every_filter_means_something(self):
        for name, text in rules() + buttons():
            with self.subTest(name):
                tshark.frames(self.file, text)

    def test_nothing_to_look_at_is_forgotten(self):
        """The button finds all that has an item, the colour what is worse."""
        text = (SOURCE / "docs" / "fields.md").read_text()
        named = dict(rules()) | dict(buttons())
        for name in documented_fields():
            if not re.match(r"proc\.expert\.|dpi\.tunnel", name):
                continue
            # On all packets of such a process, not on those with its record.
            field = re.sub(r"expert\.(deleted|memfd|world)", r"exe_\1", name)
            self.assertIn(field, named["Suspects"])
            if f"`{name}` | FT_NONE | | Warning" in text:
                self.assertIn(field, named["Process: look here"])

    def test_columns_leave_room(self):
        """For what Wireshark has to say, in a window of 1,000 pixels."""
        recent = (PROFILE / "recent").read_text()
        widths = re.search(r"^column\.width: (.*)$", recent, re.M)[1].split(", ")
        self.assertEqual(widths[-2], "%i")
        self.assertLess(sum(map(int, widths[1:-2:2])), 940)
        widths = dict(zip(widths[::2], map(int, widths[1::2])))
        # As measured in windows of 4.0, whose margins are the widest: a number
        # of five digits, two pids, and a host of 16 letters.
        self.assertGreaterEqual(widths["%m"], 77)
        self.assertGreaterEqual(widths["%Cus:proc.pids"], 110)
        self.assertGreaterEqual(widths["%Cus:dpi.host"], 133)

    def test_chosen_by_itself(self):
        """Wireshark 4.4 and newer ask this of a file that is opened."""
        text = (PROFILE / "profile_settings").read_text()
        filter_ = re.search(r"^auto_switch_filter: (.*)$", text, re.M)[1]
        self.assertEqual(tshark.frames(self.file, filter_)[0], 1)
        plain_file = tshark.write("plain", b"".join(
            [shb(), idb(), epb(udp("192.0.2.1", "192.0.2.2"), 0)]))
        self.assertEqual(tshark.frames(plain_file, filter_), [])

    def test_conversations_open_on_processes(self):
        """Wireshark orders the tabs by itself: none is before Process."""
        recent = (PROFILE / "recent").read_text()
        for window in ("conversation", "endpoint"):
            tabs = re.search(rf"^gui.{window}_tabs: (.*)$", recent, re.M)[1]
            self.assertIn('"Process"', tabs)
            self.assertNotIn("IP", tabs)

    def test_colours(self):
        """A rule that Wireshark cannot read is a line on stderr."""
        lines = tshark.lines("tshark", "-C", "pktwho", "-r", self.file,
                             "-T", "fields", "-e", "frame.coloring_rule.name",
                             "--color")
        self.assertIn("TCP RST", "\n".join(lines))
        self.assertGreaterEqual(len(rules()), 8)
        for name, contrast in contrasts():
            self.assertGreaterEqual(contrast, 4.5, name)

    def test_grey_is_for_packets_without_a_process(self):
        """A refused SYN has one, its reset is the kernel's; so is an ACK."""
        rows = tshark.fields(self.file, "frame.coloring_rule.name",
                             "proc.name", more=["-C", "pktwho", "--color"])
        self.assertGreater(len(rows), 10)
        for rule, name in rows:
            if "kernel" in rule or "forwarded" in rule:
                self.assertEqual(name, "", rule)
        self.assertGreaterEqual(len(buttons()), 5)


if __name__ == "__main__":
    with Tshark(sys.argv.pop(1)) as tshark:
        unittest.main()
