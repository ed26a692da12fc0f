#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin as its user meets it: files in, tshark's words out.

Usage: test_plugin.py PLUGIN.so [unittest arguments]
"""
import json
import re
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor

from frames import ip4
from harness import SOURCE, Tshark, documented_fields, udp
from pcapng import (End, PEN, attribution, custom_block, custom_option, epb,
                    idb, option, process, process_field, receiver, shb, table,
                    varint)

T0 = 1_700_000_000 * 10**9      # 2023-11-14 22:13:20 UTC
GEO = SOURCE / "tests" / "data" / "geo"

CURL = End(4242, 0xC0FFEE, b"curl", "socket")
NGINX = End(812, 0x1234, b"nginx", "scan")
REMOTE = End(country="GB")
CURL_RECORD = process(
    id=0xC0FFEE, pid=4242, ppid=4000, start=T0 - 5 * 10**9, name=b"curl",
    exepath=b"/usr/bin/curl", cmdline=b"curl\0-v\0http://example.com/\0",
    uid=33, gid=34, user=b"www-data", vpid=7, loginuid=1000, pname=b"bash",
    cgroup=b"/system.slice/web.service", container_id=b"f00d",
    container_name=b"web", container_runtime=b"docker",
    container_image=b"nginx:1.25", pod_uid=b"u-1", pod_name=b"web-0", pod_namespace=b"shop", unit=b"web.service",
    netns=4026531840, flags=0b1000001, sha256=bytes(range(32)))
NGINX_RECORD = process(
    id=0x1234, pid=812, name=b"nginx", exepath=b"/usr/sbin/nginx", uid=0,
    user=b"root", flags=0, packets=3, bytes=132, first_seen=T0,
    last_seen=T0 + 10**9, exit_status=256)

tshark = None


def packet(n, *payloads, src="10.0.0.1", dst="81.2.69.142"):
    """Frame @n of a file, a millisecond after the one before it."""
    return epb(udp(src, dst), T0 + n * 10**6,
               *[custom_option(p) for p in payloads])


def main_file():
    """Both ends known, one end, the kernel, nothing at all, a table."""
    local = {"src": "127.0.0.1", "dst": "127.0.0.1"}
    back = {"src": "81.2.69.142", "dst": "10.0.0.1"}
    return b"".join([
        shb(), idb(),
        # 1-2 on loopback; the record comes before the attribution once
        packet(1, CURL_RECORD, attribution("local", CURL, NGINX), **local),
        packet(2, attribution("local", NGINX, CURL), **local),
        # 3-4 with a remote peer
        packet(3, attribution("out", CURL, REMOTE)),
        packet(4, attribution("in", REMOTE, CURL), **back),
        # 5-7 nobody's
        packet(5, attribution("in", End(), End(attr="kernel",
                                               reason="time-wait")), **back),
        packet(6, attribution("forwarded", End(attr="forwarded"),
                              End(attr="forwarded"))),
        packet(7),
        # 8 the record of nginx is known from here on
        packet(8, NGINX_RECORD),
        # 9 is the table
        custom_block(table(CURL_RECORD, NGINX_RECORD)),
    ])


class Documentation(unittest.TestCase):
    def test_documented_fields_are_the_registered_ones(self):
        documented, registered = documented_fields(), {}
        # Falco's in 4.6 are others: a number, and a part of its tree.
        falco = {"proc.tty": "FT_UINT32", "proc.aname": "FT_PROTOCOL"}
        for line in tshark.lines("tshark", "-G", "fields"):
            kind, *rest = line.split("\t")
            if kind == "P" and rest[1] in documented:
                registered[rest[1]] = "FT_PROTOCOL"
            # 4.6 has some names too, and lists its own: else the types agree,
            # but for the two kinds of text, which filters take for one.
            if kind == "F" and (rest[3] in ("proc", "geo", "dpi")
                                or rest[1] in documented):
                self.assertNotIn(rest[1], registered, "registered twice")
                registered[rest[1]] = rest[2] if rest[3] != "falcoevents" \
                    else rest[2].replace("FT_STRINGZ", "FT_STRING")
        for name, kind in falco.items():
            if registered[name] == kind:
                registered[name] = documented[name]
        self.assertEqual(documented, registered)

    def test_every_field_is_described(self):
        for line in tshark.lines("tshark", "-G", "fields"):
            kind, *rest = line.split("\t")
            if kind == "F" and rest[3] in ("proc", "geo", "dpi"):
                self.assertTrue(rest[6].strip(), rest[1])

    def test_the_description_has_every_value(self):
        text = (SOURCE / "docs" / "fields.md").read_text()
        values = {
            "proc.attr": re.findall(r"^- `(\w+)`: ", re.search(
                r"`proc.attr` is one of\n(.*?)\n\n`", text, re.S)[1], re.M),
            "proc.reason": re.findall(r"`([\w-]+)`", re.search(
                r"`proc.reason` is one of (.*?);", text, re.S)[1])}
        descriptions = {line.split("\t")[2]: line.split("\t")[7] for line in
                        tshark.lines("tshark", "-G", "fields")
                        if line.startswith("F\t")}
        for name, words in values.items():
            self.assertGreater(len(words), 9)
            for word in words:
                self.assertIn(word, descriptions[name])


SAMPLES = sorted(path for folder in ("samples", "samples/imports",
                                     "tests/data/dpi")
                 for path in (SOURCE / folder).glob("*.pcapng"))


def no_key_twice(pairs):
    """A JSON object, whose keys of ours are there once."""
    keys = [key for key, _ in pairs if key.startswith(("proc", "geo", "dpi"))]
    if len(keys) != len(set(keys)):
        raise AssertionError(f"twice among {keys}")
    return dict(pairs)


class Fields(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.file = tshark.write("main.pcapng", main_file())

    def test_values(self):
        rows = tshark.fields(self.file, "proc.pid", "proc.name",
                             "proc.src.name", "proc.dst.name", "proc.attr",
                             "proc.reason", "proc.direction", "proc.dst.id")
        curl, nginx = "0x0000000000c0ffee", "0x0000000000001234"
        self.assertEqual(rows, [
            ("4242,812", "curl,nginx", "curl", "nginx", "socket,scan", "",
             "local", nginx),
            ("812,4242", "nginx,curl", "nginx", "curl", "scan,socket", "",
             "local", curl),
            ("4242", "curl", "curl", "", "socket", "", "out", ""),
            ("4242", "curl", "", "curl", "socket", "", "in", curl),
            ("", "", "", "", "kernel", "time-wait", "in", ""),
            ("", "", "", "", "forwarded,forwarded", "", "forwarded", ""),
            ("",) * 8, ("",) * 8, ("",) * 8])

    def test_record_values(self):
        words = {
            "ppid": "4000", "pname": "bash", "exepath": "/usr/bin/curl",
            "cmdline": "curl -v http://example.com/", "uid": "33",
            "gid": "34", "user": "www-data", "vpid": "7", "loginuid": "1000",
            "start": "Nov 14, 2023 22:13:15.000000000 UTC",
            "container.id": "f00d", "container.name": "web",
            "container.runtime": "docker", "container.image": "nginx:1.25",
            "pod.uid": "u-1", "pod.name": "web-0", "pod.namespace": "shop",
            "cgroup": "/system.slice/web.service", "unit": "web.service",
            "netns": "4026531840", "flags": "0x00000041",
            "exe_deleted": "1", "exe_memfd": "", "forked": "1",
            "exe_world_writable": "", "exe_user_mount": "",
            "exepath_truncated": "",
            "cmdline_truncated": "", "cmdline_withheld": "",
            "cmdline_masked": "",
            "sha256": bytes(range(32)).hex()}
        rows = tshark.fields(self.file, *[f"proc.{w}" for w in words],
                             *[f"proc.dst.{w}" for w in words])
        expected = tuple(words.values())
        # Frame 3 has curl as the sender, frame 4 as the receiver.
        self.assertEqual(rows[2], expected + ("",) * len(words))
        self.assertEqual(rows[3], expected + expected)

    def test_filters(self):
        cases = {
            'proc.name == "curl"': [1, 2, 3, 4],
            'proc.src.name == "curl"': [1, 3],
            'proc.dst.name == "curl"': [2, 4],
            'proc.src.pid == 4242 && proc.dst.pid == 812': [1],
            'proc.name matches "^ng" and proc.pid > 800': [1, 2],
            'proc.id == 0xc0ffee': [1, 2, 3, 4],
            'proc.attr == "kernel"': [5],
            'proc.reason == "time-wait"': [5],
            'proc.direction in {"in", "forwarded"}': [4, 5, 6],
            'proc.exe_deleted == 1': [1, 2, 3, 4],
            'proc.exe_deleted': [1, 2, 3, 4],
            'proc.exe_memfd': [],
            'proc.cmdline contains "example.com"': [1, 2, 3, 4],
            # In one pass nginx is described too late for 1 and 2.
            'proc.exepath == "/usr/sbin/nginx"': [],
            'proc.start < "2023-11-14 22:13:16"': [1, 2, 3, 4],
            'proc.src': [1, 2, 3, 6],
            'proc': [1, 2, 3, 4, 5, 6, 9],
            'proc.table': [9],
            'proc.table.exit_status == 256': [9],
            'proc.malformed or proc.version': []}
        with ThreadPoolExecutor(2) as pool:
            matched = pool.map(lambda text: tshark.frames(self.file, text),
                               cases)
            for (text, frames), got in zip(cases.items(), matched):
                with self.subTest(text):
                    self.assertEqual(got, frames)

    def test_a_later_record_serves_when_the_file_is_read_twice(self):
        self.assertEqual(tshark.frames(
            self.file, 'proc.exepath == "/usr/sbin/nginx"', ["-2"]), [1, 2])

    def test_the_table_serves_a_file_that_lost_the_records(self):
        path = tshark.write("cut", b"".join([
            shb(), idb(), packet(1, attribution("out", CURL)),
            packet(2, attribution("out", NGINX)),
            custom_block(table(CURL_RECORD, NGINX_RECORD))]))
        self.assertEqual(
            tshark.fields(path, "proc.exepath", more=["-2", "-Y", "udp"]),
            [("/usr/bin/curl",), ("/usr/sbin/nginx",)])

    def test_records_are_known_to_a_packet_looked_at_alone(self):
        """As in the GUI: a first pass without any field of ours."""
        lines = tshark.lines("tshark", "-2", "-r", self.file, "-O", "proc",
                             "-c", "4")
        self.assertEqual(
            sum("Source Executable: /usr/bin/curl" in s for s in lines), 2)

    def test_column(self):
        lines = tshark.lines(
            "tshark", "-r", self.file, "-o",
            'gui.column.format:"No.","%m","Who","%Cus:proc.name:0:R",'
            '"PID","%Cus:proc.src.pid:0:R","I","%i"')
        self.assertEqual(lines[0].split()[:3], ["1", "curl,nginx", "4242"])
        self.assertEqual(lines[1].split()[:3], ["2", "nginx,curl", "812"])
        self.assertIn("Process table: 2 processes", lines[8])

    def test_statistics_that_look_a_name_up(self):
        """They must find ours: 4.6 has proc.pid and proc.name, too."""
        lines = tshark.lines(
            "tshark", "-q", "-r", self.file, "-z",
            "io,stat,0,COUNT(proc.pid)proc.pid")
        self.assertRegex("\n".join(lines), r"<> \d+\.\d+ \| +6 \|")
        lines = tshark.lines("tshark", "-r", self.file, "-z",
                             "proto,colinfo,proc.name,proc.name", "-c", "1")
        self.assertIn('proc.name == "curl"', lines[0])

    def test_table_row(self):
        rows = tshark.fields(
            self.file, "_ws.col.Protocol", "proc.table.name",
            "proc.table.packets", "proc.table.bytes",
            "proc.table.exit_status", "proc.table.user",
            "proc.table.last_seen", more=["-Y", "proc.table"])
        self.assertEqual(rows, [
            ("PKTWHO", "curl,nginx", "3", "132", "256", "www-data,root",
             "Nov 14, 2023 22:13:21.000000000 UTC")])

    def test_ancestors(self):
        path = tshark.write("ancestors", b"".join([
            shb(), idb(), packet(1, attribution("out", CURL), process(
                id=CURL.id, pid=CURL.pid, name=b"curl",
                apid=b"".join(pid.to_bytes(4, "little")
                              for pid in (4000, 3999, 1)),
                aname=b"bash\0sshd\0systemd",
                aexe=b"/bin/bash\0\0/sbin/init")),
            packet(2, attribution("in", REMOTE, CURL)),
            packet(3, attribution("out", NGINX))]))
        self.assertEqual(tshark.fields(
            path, "proc.apid", "proc.src.aname", "proc.dst.aname",
            "proc.aexe"), [
            ("4000,3999,1", "bash,sshd,systemd", "",
             "/bin/bash,,/sbin/init"),
            ("4000,3999,1", "", "bash,sshd,systemd",
             "/bin/bash,,/sbin/init"), ("", "", "", "")])
        for text, frames in (('proc.aname == "sshd"', [1, 2]),
                             ("proc.src.apid == 1", [1]),
                             ('proc.aexe == "/sbin/init"', [1, 2]),
                             ('proc.aname == "curl"', [])):
            self.assertEqual(tshark.frames(path, text), frames, text)
        shown = tshark.lines("tshark", "-r", path, "-O", "proc", "-c", "1")
        self.assertIn("        [Source Ancestor: sshd]", shown)

    def test_json(self):
        layers = [p["_source"]["layers"] for p in json.loads("\n".join(
            tshark.lines("tshark", "-r", self.file, "-T", "json", "-J",
                         "proc", "-c", "4", "--no-duplicate-keys")))]
        source = layers[0]["proc"]["proc.src"]
        self.assertEqual(source["proc.src.name"], "curl")
        self.assertEqual(source["proc.name"], "curl")
        self.assertEqual(source["proc.src.pid"], "4242")
        self.assertEqual(
            layers[0]["proc"]["proc.dst"]["proc.dst.name"], "nginx")

    def test_ek(self):
        lines = tshark.lines("tshark", "-r", self.file, "-T", "ek")
        packets = [json.loads(line, object_pairs_hook=no_key_twice)["layers"]
                   for line in lines[1::2]]
        proc = packets[0]["proc"]
        self.assertEqual(proc["proc_src"]["proc_proc_src_pid"], "4242")
        self.assertEqual(proc["proc_src"]["proc_proc_name"], "curl")
        self.assertEqual(proc["proc_dst"]["proc_proc_name"], "nginx")
        self.assertEqual(proc["proc_src"]["proc_proc_src_exepath"],
                         "/usr/bin/curl")
        self.assertEqual(
            [row["proc_proc_table_name"]
             for row in packets[8]["proc"]["proc_table"]], ["curl", "nginx"])

    def parsed(self, path, *more):
        """Its packets, by a reader that refuses what most readers drop."""
        packets = json.loads("\n".join(tshark.lines(
            "tshark", "-r", path, "-T", "json", *more)),
            object_pairs_hook=no_key_twice)
        for line in tshark.run("tshark", "-r", path, "-T", "ek",
                               *more).stdout.splitlines():
            json.loads(line, object_pairs_hook=no_key_twice)
        return [packet["_source"]["layers"] for packet in packets]

    def test_no_key_of_ours_is_there_twice(self):
        rows = self.parsed(self.file)[8]["proc"]
        self.assertEqual(
            [rows["proc.table"]["proc.table.name"],
             rows["proc.table 2"]["proc.table"]["proc.table.name"]],
            ["curl", "nginx"])
        self.parsed(self.file, "-Y", "proc.name && geo.country")
        for path in SAMPLES:
            self.assertTrue(self.parsed(tshark.write(path.name,
                                                     path.read_bytes())))

    def test_nor_where_there_are_several(self):
        apid = b"".join(pid.to_bytes(4, "little")
                        for pid in (4000, 3999))
        others = [End(100 + n, n, b"reader%d" % n, "socket") for n in (1, 2)]
        path = tshark.write("several", shb() + idb() + epb(
            udp("127.0.0.1", "224.0.0.251"), 10**18,
            custom_option(attribution("local", CURL, NGINX)),
            custom_option(process(id=CURL.id, pid=CURL.pid, name=b"curl",
                                  apid=apid, aname=b"bash\0sshd",
                                  aexe=b"/bin/bash\0/sshd")),
            *(custom_option(receiver(end)) for end in others)))
        proc = self.parsed(path)[0]["proc"]
        self.assertEqual(proc["proc.dst 3"]["proc.dst"]["proc.name"],
                         "reader2")
        self.assertEqual(proc["proc.src"]["proc.src.apid"], "4000")
        self.assertEqual(proc["proc.src"]["proc.ancestor 2"], {
            "proc.apid": "3999", "proc.src.apid": "3999",
            "proc.aname": "sshd", "proc.src.aname": "sshd",
            "proc.aexe": "/sshd", "proc.src.aexe": "/sshd"})
        listed = self.parsed(path, "--no-duplicate-keys")[0]["proc"]
        self.assertEqual(listed["proc.src"]["proc.aname"], ["bash", "sshd"])
        shown = tshark.lines("tshark", "-r", path, "-O", "proc")
        first = shown.index("        [Source Ancestor PID: 4000]")
        self.assertEqual(shown[first + 1:first + 4], [
            "        [Source Ancestor: bash]",
            "        [Source Ancestor Executable: /bin/bash]",
            "        [Source Ancestor PID: 3999]"])
        self.assertEqual(tshark.frames(path, "proc.src.apid == 3999"), [1])

    def test_columns_of_both_ends(self):
        rows = tshark.fields(self.file, "proc.summary", "proc.pids")
        self.assertEqual(rows, [
            ("curl → nginx", "4242 → 812"), ("nginx → curl", "812 → 4242"),
            ("curl →", "4242 →"), ("→ curl", "→ 4242"),
            ("→ (kernel: time-wait)", ""), ("(forwarded)", ""),
            ("", ""), ("", ""), ("", "")])
        self.assertEqual(tshark.frames(
            self.file, 'proc.summary contains "nginx"'), [1, 2])

    def test_the_process_comes_first(self):
        shown = tshark.lines("tshark", "-r", self.file, "-V", "-c", "3")
        heads = [line for line in shown if line[:1] not in (" ", "")]
        curl = "curl (4242), user www-data, container web, parent bash (4000)"
        self.assertEqual(heads[0], f"[Process Attribution, Src: {curl}"
                                   ", Dst: nginx (812)]")
        self.assertTrue(heads[1].startswith("Frame 1:"), heads[1])
        self.assertIn(f"    [Source: {curl}]", shown)
        self.assertIn("        [Source Flags: 0x00000041]", shown)

    def test_values_are_marked_in_the_bytes_of_the_option(self):
        def shown(path, more):
            text = "\n".join(tshark.lines("tshark", "-r", path, "-T", "pdml",
                                          "-c", "1", *more))
            return {name: (int(pos), value) for name, pos, value in re.findall(
                r'<field name="([\w.]+)" [^>]*? pos="(\d+)"'
                r' show="[^"]*" value="(\w+)"', text)}

        both = attribution("local", CURL, NGINX)
        alone = attribution("in", REMOTE, CURL)
        old = attribution("local", CURL, NGINX, version=1)
        for raw, end in [(both, "src"), (both, "dst"), (alone, "dst"),
                         (old, "src"), (old, "dst")]:
            who = NGINX if end == "dst" and raw is not alone else CURL
            pid, name = varint(who.pid), who.name
            attr = (5, raw[5:6].hex())
            if raw is old:
                pid, name = who.pid.to_bytes(4, "little"), name.ljust(16, b"\0")
                attr = (10, "03") if end == "dst" else (8, "01")
            path = tshark.write("marked", shb() + idb() + packet(1, raw))
            found = shown(path, [])
            for field, value in [
                    ("pid", pid), ("id", who.id.to_bytes(8, "little")), ("name", name)]:
                at, text = found[f"proc.{end}.{field}"]
                self.assertEqual(bytes.fromhex(text), value)
                self.assertEqual(raw[at:at + len(value)], value)
            self.assertEqual(found[f"proc.{end}.attr"], attr)

    def test_flags_of_which_none_is_set_are_not_shown(self):
        shown = tshark.lines("tshark", "-r", self.file, "-O", "proc", "-Y",
                             "proc.table")
        flags = [line for line in shown if line.strip().startswith("Flags")]
        self.assertEqual(flags, ["        Flags: 0x00000041"])
        self.assertEqual(tshark.frames(self.file, "proc.table.flags == 0"),
                         [9])

    def test_what_is_there_to_be_found_is_not_in_the_details(self):
        """It is where somebody names it, or shows what is hidden."""
        hidden = "protocols.display_hidden_proto_items:TRUE"
        either = "[Process: curl]"

        def details(*more):
            return [line.strip() for line in tshark.lines(
                "tshark", "-r", self.file, "-V", "-c", "1", *more)]
        self.assertNotIn(either, details())
        self.assertNotIn(either, details("-2", "-T", "text"))
        self.assertIn(either, details("-o", hidden))
        self.assertTrue(details("-Y", 'proc.name == "curl"'))
        self.assertTrue(details("-2", "-R", 'proc.summary contains "curl"'))
        self.assertIn('show="curl"', "".join(details("-T", "pdml")))
        self.assertEqual(details("-T", "fields", "-e", "proc.summary"),
                         [row[0] for row in tshark.fields(
                             self.file, "proc.summary", more=["-c", "1"])])

    def test_a_hash_that_comes_late_is_on_all_packets(self):
        known = process(id=0xC0FFEE, pid=4242, name=b"curl",
                        sha256=bytes(range(32)))
        unknown = process(id=0xC0FFEE, pid=4242, name=b"curl")
        sent = attribution("out", CURL, REMOTE)
        path = tshark.write("late-hash", shb() + idb() + b"".join(
            packet(n, *more, sent) for n, more in enumerate(
                ([unknown], [], [known], [unknown], []))))
        text = "proc.sha256 == " + bytes(range(32)).hex(":")
        self.assertEqual(tshark.frames(path, text), [3, 4, 5])
        self.assertEqual(tshark.frames(path, text, more=["-2"]),
                         [1, 2, 3, 4, 5])

    def test_why_there_is_no_hash(self):
        """On all packets of the process, unless there is one after all."""
        known, plain, gone = (process(id=0xC0FFEE, pid=4242, name=b"curl",
                                      **more) for more in (
            {"sha256": bytes(range(32))}, {}, {"sha256_reason": 1}))
        sent = attribution("out", CURL, REMOTE)
        for name, records, reasons in (
                ("gone", ([plain], [gone], [plain], []), ["gone"] * 4),
                ("after-all", ([gone], [], [known], []), [""] * 4)):
            path = tshark.write(name, shb() + idb() + b"".join(
                packet(n, *more, sent) for n, more in enumerate(records)))
            rows = tshark.fields(path, "proc.src.sha256_reason", more=["-2"])
            self.assertEqual([row[0] for row in rows], reasons, name)

    def test_from_where_it_was_started(self):
        path = tshark.write("login", shb() + idb() + packet(
            1, attribution("out", CURL, REMOTE), process(
                id=CURL.id, pid=CURL.pid, name=b"curl", cwd=b"/home/alice",
                script=b"/home/alice/get.py", tty=b"pts/3", session_id=b"17",
                session_address=b"192.0.2.9")))
        self.assertEqual(tshark.fields(
            path, "proc.cwd", "proc.src.script", "proc.tty",
            "proc.session.id", "proc.src.session.address"), [
            ("/home/alice", "/home/alice/get.py", "pts/3", "17",
             "192.0.2.9")])
        self.assertEqual(tshark.frames(
            path, 'proc.session.address == "192.0.2.9"'), [1])
        self.assertEqual(tshark.frames(path, 'proc.tty == "pts/3"'), [1])
        self.assertEqual(tshark.frames(path, 'proc.tty contains "tty"'), [])

    def test_fields_survive_editcap_and_mergecap(self):
        names = ("proc.src.name", "proc.dst.name", "proc.src.exepath",
                 "proc.dst.attr")
        packets = tshark.fields(self.file, *names)[:8]
        edited, merged = tshark.dir / "edited", tshark.dir / "merged"
        tshark.lines("editcap", "-t", "10", self.file, edited)
        tshark.lines("mergecap", "-w", merged, edited)
        self.assertEqual(tshark.fields(edited, *names)[:8], packets)
        # mergecap moves the table to the front; it then knows nginx early.
        moved = tshark.fields(merged, *names, more=["-Y", "udp"])
        self.assertEqual(len(moved), 8)
        for before, after in zip(packets, moved):
            self.assertEqual(before[0], after[0])
            self.assertEqual(before[3], after[3])
            self.assertTrue(before[2] in ("", after[2]))

    def test_two_hosts_with_the_same_pid(self):
        files = []
        for host, (ident, path) in enumerate(
                [(0xAAAA, b"/opt/a"), (0xBBBB, b"/opt/b")]):
            end = End(100, ident, b"worker", "socket")
            files.append(tshark.write(f"host{host}", b"".join([
                shb(), idb(),
                packet(host, attribution("out", end), process(
                    id=ident, pid=100, name=b"worker", exepath=path)),
                packet(10 + host, attribution("out", end))])))
        merged = tshark.dir / "hosts"
        tshark.lines("mergecap", "-w", merged, *files)
        self.assertEqual(
            tshark.fields(merged, "proc.pid", "proc.exepath"),
            [("100", "/opt/a"), ("100", "/opt/b")] * 2)

    def test_the_latest_record_counts(self):
        """A record holds from its own packet on, whatever comes later."""
        end = End(1, 0x77, b"x", "socket")
        records = [process(id=0x77, user=user) for user in (b"old", b"new")]
        path = tshark.write("latest", b"".join([
            shb(), idb(), packet(1, attribution("out", end)),
            packet(2, attribution("out", end), records[0]),
            packet(3, attribution("out", end)),
            packet(4, records[1], attribution("out", end)),
            packet(5, attribution("out", end))]))
        self.assertEqual(
            tshark.fields(path, "proc.src.user", more=["-2"]),
            [("old",), ("old",), ("old",), ("new",), ("new",)])


class Escaping(unittest.TestCase):
    CASES = [
        (b"plain", "plain"),
        ("grün".encode(), "grün"),
        (b"a\nb\tc\x7f", r"a\x0ab\x09c\x7f"),
        (b"\x1b[31m", r"\x1b[31m"),
        (b"\xff\xc3(", r"\xff\xc3("),
        (b"back\\slash", r"back\\slash"),
        (br"\x0a", r"\\x0a"),
        ("\u202egnp".encode(), r"\xe2\x80\xaegnp"),
        ("\u2028".encode(), r"\xe2\x80\xa8"),
        ("\u0085".encode(), r"\xc2\x85"),
        (b'"quo,ted"', '"quo,ted"'),
        (b"cut\xe2\x82", r"cut\xe2\x82"),
    ]
    ARGUMENTS = [
        (b"a\0b c\0", "a b c"),
        (b"a\0\0b\0", "a  b"),
        (b"no end", "no end"),
        (b"", ""),
        (b"\0", ""),
        (b"sh\0-c\0echo\nx\0", r"sh -c echo\x0ax"),
    ]

    @classmethod
    def setUpClass(cls):
        packets = [packet(0, attribution("out", End(1, 1, name, "socket")))
                   for name, _ in cls.CASES]
        packets += [packet(0, process(id=n, cmdline=cmdline),
                           attribution("out", End(1, n, b"x", "socket")))
                    for n, (cmdline, _) in enumerate(cls.ARGUMENTS, 100)]
        cls.file = tshark.write("escaping",
                                shb() + idb() + b"".join(packets))

    def test_every_way_out_of_tshark_shows_the_same(self):
        wanted = ([text for _, text in self.CASES]
                  + [text for _, text in self.ARGUMENTS])
        names = ["proc.src.name"] * len(self.CASES)
        names += ["proc.src.cmdline"] * len(self.ARGUMENTS)

        rows = tshark.fields(self.file, "proc.src.name", "proc.src.cmdline")
        self.assertEqual([row[name.endswith("cmdline")] for row, name
                          in zip(rows, names)], wanted)

        packets = json.loads("\n".join(tshark.lines(
            "tshark", "-r", self.file, "-T", "json", "-J", "proc")))
        trees = [p["_source"]["layers"]["proc"]["proc.src"]
                 for p in packets]
        self.assertEqual([tree[name] for tree, name in zip(trees, names)],
                         wanted)

        shown = tshark.lines("tshark", "-r", self.file, "-O", "proc")
        for text in wanted[:len(self.CASES)]:
            self.assertIn(f"        [Source Process: {text}]", shown)

    def test_filter_for_an_escaped_name(self):
        self.assertEqual(tshark.frames(
            self.file, r'proc.name == "a\\x0ab\\x09c\\x7f"'), [3])


class Geo(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        for path in GEO.glob("*.mmdb"):
            tshark.write(path.name, path.read_bytes())
        # Recorded: FR for an address that the databases put into GB.
        france = End(1, 1, b"x", "socket", country="FR")
        cls.file = tshark.write("geo", b"".join([
            shb(), idb(),
            packet(1, attribution("out", CURL, REMOTE)),
            packet(2),
            packet(3, attribution("in", france, CURL), src="81.2.69.142",
                   dst="10.0.0.1"),
            packet(4, src="2001:218::1", dst="fd00::1"),
            packet(5, src="192.168.1.1", dst="10.0.0.1"),
            packet(6, src="1.128.0.0", dst="81.2.69.142")]))

    def databases(self, *names):
        return ("-o", "proc.geo_databases:"
                + ":".join(str(tshark.dir / name) for name in names))

    def test_places(self):
        rows = tshark.fields(
            self.file, "geo.country", "geo.src.country", "geo.dst.country",
            "geo.country_name", "geo.city", "geo.asn", "geo.src.org",
            more=self.databases("GeoLite2-City-Test.mmdb",
                                "GeoLite2-ASN-Test.mmdb"))
        britain = ("GB", "", "GB", "United Kingdom", "London", "", "")
        self.assertEqual(rows[0], britain)
        self.assertEqual(rows[1], britain)
        # The record says FR; a British city would contradict it.
        self.assertEqual(rows[2], ("FR", "FR", "", "", "", "", ""))
        self.assertEqual(rows[3][:4], ("JP", "JP", "", "Japan"))
        self.assertEqual(rows[4], ("",) * 7)
        self.assertEqual(rows[5][5:], ("1221", "Telstra Pty Ltd"))

    def test_countries_of_free_databases_have_names(self):
        """Of the one that comes with us, which has only codes."""
        rows = tshark.fields(self.file, "geo.country", "geo.country_name",
                             "geo.city", more=(
                                 "-Y", "frame.number in {2, 3, 4, 5}"))
        self.assertEqual(rows, [("GB", "United Kingdom", ""), ("FR", "", ""),
                                ("US", "United States", ""), ("", "", "")])

    def test_without_lookups_the_record_remains(self):
        off = ("-o", "proc.geo:FALSE")
        self.assertEqual(tshark.frames(self.file, "geo.country", off), [1, 3])
        self.assertEqual(tshark.frames(self.file, "geo", off), [1, 3])

    def test_the_record_is_of_the_outer_packet(self):
        """Where Wireshark's addresses are of the one inside."""
        inside = udp("10.1.0.1", "2.125.160.216")[14:]
        recorded = custom_option(attribution("out", CURL, End(country="FR")))
        quoted = bytes([3, 3, 0, 0]) + bytes(4) + inside
        path = tshark.write("inside", b"".join([shb(), idb(), *[
            epb(ip4("10.0.0.1", "81.2.69.142", protocol, payload), T0,
                recorded) for protocol, payload in ((4, inside),
                                                    (1, quoted))]]))
        self.assertEqual(tshark.fields(
            path, "geo.dst.country",
            more=self.databases("GeoLite2-City-Test.mmdb")),
            [("GB",), ("FR",)])

    def test_a_disabled_protocol_is_silent(self):
        for protocol, field in (("geo", "geo.country"), ("dpi", "dpi.app")):
            self.assertEqual(tshark.frames(self.file, field, (
                "--disable-protocol", protocol)), [])
            # What carries it is Wireshark's, and stays.
            self.assertEqual(*[tshark.frames(self.file, "udp or tcp", more)
                               for more in ([], ("--disable-protocol",
                                                 protocol))])

    def test_a_bad_database_costs_one_line(self):
        tshark.write("bad.mmdb", b"no database" * 1000)
        done = tshark.run(
            "tshark", "-r", self.file, "-Y", 'geo.country == "JP"', "-T",
            "fields", "-e", "frame.number", *self.databases(
                "bad.mmdb", "gone.mmdb", "GeoLite2-City-Test.mmdb"))
        self.assertEqual(done.stdout.split(), ["4"])
        warnings = done.stderr.splitlines()
        self.assertEqual(len(warnings), 2, done.stderr)
        self.assertIn("bad.mmdb", warnings[0])
        self.assertIn("gone.mmdb", warnings[1])

    def test_a_bad_database_is_seen_in_the_window(self):
        """On the first packet, however one gets there; nowhere else."""
        bad = self.databases("gone.mmdb", "GeoLite2-City-Test.mmdb")
        for more in ([], ["-2"]):
            rows = [row.split("\t") for row in tshark.run(
                "tshark", "-r", self.file, *more, *bad, "-Y", "geo.unread",
                "-T", "fields", "-e", "frame.number", "-e",
                "_ws.expert.message").stdout.splitlines()]
            self.assertEqual([number for number, _ in rows], ["1"])
            self.assertIn("gone.mmdb: No such file", rows[0][1])
        out = tshark.run("tshark", "-q", "-r", self.file, "-z", "expert",
                         *bad).stdout
        self.assertEqual(out.count("gone.mmdb"), 1)
        for none in (["-o", "proc.geo:FALSE"], ["--disable-protocol", "geo"]):
            out = tshark.run("tshark", "-q", "-r", self.file, "-z", "expert",
                             *bad, *none).stdout
            self.assertNotIn("gone.mmdb", out)


class Hostile(unittest.TestCase):
    """Every cut and many changes; dissection always goes on."""

    def check(self, name, blocks, malformed):
        """@malformed: for each frame True, False, or None for either."""
        path = tshark.write(name, shb() + idb() + b"".join(blocks))
        rows = tshark.fields(path, "frame.number", "proc.malformed",
                             "proc.src.name", "proc.src.exepath",
                             "proc.table.name", more=["-2"])
        self.assertEqual(len(rows), len(blocks))
        for row, bad in zip(rows, malformed):
            if bad is not None:
                self.assertEqual(row[1] != "", bad, f"{name} {row}")
        # The whole tree, and the summary, of everything.
        self.assertTrue(tshark.lines("tshark", "-r", path, "-V"))
        self.assertEqual(len(tshark.lines("tshark", "-r", path)), len(blocks))

    def test_truncated_options(self):
        whole = attribution("local", CURL, NGINX)
        old = attribution("local", CURL, NGINX, version=1)
        # Fewer than two bytes are not known to be ours; four are a header.
        # The last name ends where the option does.
        cuts = [(whole[:n], 2 <= n < len(whole) - len(NGINX.name))
                for n in range(len(whole))]
        cuts += [(old[:n], n >= 2) for n in range(len(old))]
        cuts += [(CURL_RECORD[:n], n >= 2) for n in range(len(CURL_RECORD))]
        cuts += [(whole, False), (old, False), (CURL_RECORD, False)]
        self.check("truncated", [packet(n, p) for n, (p, _)
                                 in enumerate(cuts)], [bad for _, bad in cuts])

    def test_truncated_tables(self):
        whole = table(CURL_RECORD, NGINX_RECORD)
        # A block is padded to four bytes, so only these cuts exist.
        cuts = range(4, len(whole), 4)
        self.check("tables", [packet(0)] + [custom_block(whole[:n])
                                            for n in cuts],
                   [False] + [True] * len(cuts))

    def test_changed_bytes(self):
        option_bytes = attribution("local", CURL, NGINX, version=1)
        block_bytes = table(CURL_RECORD, NGINX_RECORD)
        blocks = []
        for raw in (option_bytes, attribution("local", CURL, NGINX)):
            for n in range(len(raw)):
                for value in (0, 1, 0x7F, 0xFF):
                    changed = bytearray(raw)
                    changed[n] = value
                    blocks.append(packet(len(blocks), bytes(changed)))
        for n in range(len(CURL_RECORD)):
            changed = bytearray(CURL_RECORD)
            changed[n] ^= 0xFF
            blocks.append(packet(len(blocks), bytes(changed), option_bytes))
        for n in range(len(block_bytes)):
            changed = bytearray(block_bytes)
            changed[n] ^= 0xFF
            blocks.append(custom_block(bytes(changed)))
        self.check("changed", blocks, [None] * len(blocks))

    def test_contradictions(self):
        own = attribution("out", CURL, version=1)
        cases = [
            (packet(0, own, attribution("out", NGINX)), True),
            (packet(0, process(id=1, pid=2, extra=process_field(2, b"abc"))),
             True),
            (packet(0, process(id=1, extra=process_field(999, b"new"))),
             False),
            (packet(0, own + b"later versions may say more"), False),
            (custom_block(table(CURL_RECORD, count=2)), True),
            (custom_block(table(CURL_RECORD, length=12)), True),
            (custom_block(table(CURL_RECORD, length=2**32 - 1)), True),
            (custom_block(table(CURL_RECORD) + b"\xee" * 400), False),
            (custom_block(table(CURL_RECORD), PEN, option(1, b"a comment")),
             False),
            (custom_block(table()), False),
            # Not ours: another company's, and another user of this number.
            (epb(udp("10.0.0.1", "10.0.0.2"), T0,
                 custom_option(b"PW\x01\x01", pen=1234)), False),
            (packet(0, b"", b"P", b"hello"), False),
            (custom_block(b"hello"), False),
            (custom_block(b""), False),
            (custom_block(table(CURL_RECORD, count=9), 1234), False),
        ]
        self.check("contradictions", [b for b, _ in cases],
                   [bad for _, bad in cases])

    def test_newer_versions_are_noted(self):
        path = tshark.write("newer", b"".join([
            shb(), idb(),
            packet(1, attribution("out", CURL, version=3)),
            packet(2, attribution("out", CURL), process(version=9, id=1)),
            packet(3, attribution("out", CURL), b"PW\x63\x01 a new kind"),
            custom_block(table(CURL_RECORD, version=2)),
            custom_block(table(CURL_RECORD, process(version=2, id=1))),
            custom_block(b"PW\x63\x01 a new kind")]))
        self.assertEqual(tshark.frames(path, "proc.version"), [1, 2, 4, 5])
        self.assertEqual(tshark.frames(path, "proc.malformed"), [])
        self.assertEqual(tshark.frames(path, "proc.name"), [2, 3])
        self.assertEqual(tshark.frames(path, 'proc.table.name == "curl"'),
                         [5])


if __name__ == "__main__":
    with Tshark(sys.argv.pop(1)) as tshark:
        unittest.main()
